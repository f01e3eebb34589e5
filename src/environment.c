/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about this machine and this build. */
#include "config.h"

#ifdef HAVE_SCHED_GETAFFINITY
#include <sched.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifdef HAVE_HWLOC
#include <hwloc.h>
#endif

#include "platform.h"

/* Copies what follows `key` and blanks, ':' or '=' in the first line of the file
 * that starts with it; surrounding quotes go. */
static bool read_key(const char *path, const char *key, char *value, size_t size)
{
    FILE *file = fopen(path, "r");
    char line[8192];
    bool found = false;
    if (file == NULL)
        return false;
    while (!found && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        const char *text = line + strlen(key);
        text += strspn(text, " \t:=\"");
        snprintf(value, size, "%.*s", (int)strcspn(text, "\"\n"), text);
        found = true;
    }
    fclose(file);
    return found;
}

/* First number of a file; 0 when it is not there or holds a word ("max"). */
static unsigned long long read_number(const char *path)
{
    FILE *file = fopen(path, "r");
    unsigned long long number = 0;
    if (file == NULL)
        return 0;
    if (fscanf(file, "%llu", &number) != 1)
        number = 0;
    fclose(file);
    return number;
}

/* The folder of this process in cgroup version 2, below /sys/fs/cgroup. */
static bool cgroup_folder(char *path, size_t size)
{
    char group[512];
    if (!read_key("/proc/self/cgroup", "0:", group, sizeof group))
        return false;
    return snprintf(path, size, "/sys/fs/cgroup%s", group) < (int)size;
}

/* The least limit in `file` of this cgroup and those above it; 0 for none.
 * `scale` turns the file's text into a number. */
static double least_cgroup_limit(const char *file, double (*scale)(const char *path))
{
    char folder[600], path[700];
    double least = 0;
    if (!cgroup_folder(folder, sizeof folder))
        return 0;
    while (strlen(folder) >= strlen("/sys/fs/cgroup")) {
        snprintf(path, sizeof path, "%s/%s", folder, file);
        const double limit = scale(path);
        if (limit > 0 && (least == 0 || limit < least))
            least = limit;
        char *slash = strrchr(folder, '/');
        if (slash == NULL)
            break;
        *slash = '\0';
    }
    return least;
}

static double memory_limit(const char *path)
{
    return (double)read_number(path);
}

/* "QUOTA PERIOD" in microseconds, or "max PERIOD". */
static double cpu_limit(const char *path)
{
    FILE *file = fopen(path, "r");
    double quota = 0, period = 0;
    if (file == NULL)
        return 0;
    if (fscanf(file, "%lf %lf", &quota, &period) != 2)
        quota = 0;
    fclose(file);
    return period > 0 ? quota / period : 0;
}

uint64_t hcbi_host_memory(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    double bytes = pages > 0 && page > 0 ? (double)pages * (double)page : 0;
    const double limits[] = {least_cgroup_limit("memory.max", memory_limit),
                             memory_limit("/sys/fs/cgroup/memory/memory.limit_in_bytes")};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (limits[i] > 0 && (bytes == 0 || limits[i] < bytes))
            bytes = limits[i];
    return (uint64_t)bytes;
}

uint32_t hcbi_host_threads(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
#ifdef HAVE_SCHED_GETAFFINITY
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        count = CPU_COUNT(&set);
#endif
    double quota = least_cgroup_limit("cpu.max", cpu_limit);
    if (quota <= 0) {
        const double period = (double)read_number("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
        quota = (double)read_number("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
        quota = period > 0 ? quota / period : 0;
    }
    if (quota > 0 && quota < (double)count)
        count = quota < 1 ? 1 : (long)(quota + 0.999);
    return count > 0 ? (uint32_t)count : 1;
}

static uint32_t physical_cores(void)
{
    uint32_t cores = 0;
#ifdef HAVE_HWLOC
    hwloc_topology_t topology;
    if (hwloc_topology_init(&topology) != 0)
        return 0;
    if (hwloc_topology_load(topology) == 0) {
        const int count = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);
        cores = count > 0 ? (uint32_t)count : 0;
    }
    hwloc_topology_destroy(topology);
#endif
    if (cores == 0) {
        const long online = sysconf(_SC_NPROCESSORS_ONLN);
        cores = online > 0 ? (uint32_t)online : 0;
    }
    return cores;
}

/* Vector extensions among the flags that Linux lists. */
static void vector_extensions(char *isa, size_t size)
{
    static const char *const words[] = {"sse4_2", "avx",         "avx2",        "fma",
                                        "f16c",   "avx512f",     "avx512_vnni", "avx512_bf16",
                                        "avx512_fp16", "amx_tile", "asimd",     "asimdhp",
                                        "sve",    "sve2",        "rvv"};
    char flags[8192], word[64];
    isa[0] = '\0';
    if (!read_key("/proc/cpuinfo", "flags", flags, sizeof flags) &&
        !read_key("/proc/cpuinfo", "Features", flags, sizeof flags))
        return;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t length = strlen(words[i]);
        for (const char *at = strstr(flags, words[i]); at != NULL; at = strstr(at + 1, words[i]))
            if ((at == flags || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) {
                snprintf(word, sizeof word, "%s%s", isa[0] != '\0' ? " " : "", words[i]);
                strncat(isa, word, size - strlen(isa) - 1);
                break;
            }
    }
}

void hcb_environment_read(struct hcb_environment *environment)
{
    struct hcb_environment *e = environment;
    struct utsname names;
    memset(e, 0, sizeof *e);
    if (uname(&names) == 0) {
        snprintf(e->host, sizeof e->host, "%.120s", names.nodename);
        snprintf(e->kernel, sizeof e->kernel, "%.64s %.64s", names.sysname, names.release);
    }
    if (!read_key("/etc/os-release", "PRETTY_NAME", e->os, sizeof e->os))
        read_key("/usr/lib/os-release", "PRETTY_NAME", e->os, sizeof e->os);
    if (!read_key("/proc/cpuinfo", "model name", e->cpu_model, sizeof e->cpu_model))
        read_key("/proc/cpuinfo", "cpu\t", e->cpu_model, sizeof e->cpu_model);
    vector_extensions(e->cpu_isa, sizeof e->cpu_isa);
#if defined __clang__
    snprintf(e->compiler, sizeof e->compiler, "clang %s", __clang_version__);
#elif defined __GNUC__
    snprintf(e->compiler, sizeof e->compiler, "gcc %s", __VERSION__);
#endif
    e->cpu_cores = physical_cores();
    e->cpu_threads = hcbi_host_threads();
    e->memory_bytes = hcbi_host_memory();
}
