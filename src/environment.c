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

/* ------------------------------------------------------------- cgroup limits */

enum { CGROUP_PATH = 1200 };

/* Is `word` one of the words between commas? */
static bool in_list(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = list;; at++) {
        const size_t end = strcspn(at, ",");
        if (end == length && strncmp(at, word, length) == 0)
            return true;
        at += end;
        if (*at == '\0')
            return false;
    }
}

/* The group of this process that a controller of version 1 belongs to, or with ""
 * that of version 2: "/user.slice" from "4:cpu,cpuacct:/user.slice" or "0::/...". */
static bool cgroup_of(const char *root, const char *controller, char *group, size_t size)
{
    char path[CGROUP_PATH], line[CGROUP_PATH];
    bool found = false;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    while (!found && fgets(line, sizeof line, file) != NULL) {
        char *controllers = strchr(line, ':');
        char *name = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (name == NULL)
            continue;
        *name++ = '\0';
        name[strcspn(name, "\n")] = '\0';
        found = in_list(controllers + 1, controller) && snprintf(group, size, "%s", name) < (int)size;
    }
    fclose(file);
    return found;
}

/* The least limit of the group and those above it; 0 for none.  A container that
 * does not see its group's folder sees its own limits in the topmost one.
 * `limit` reads it from a folder. */
static double least_limit(const char *root, const char *mount, const char *controller,
                          double (*limit)(const char *folder))
{
    char folder[2 * CGROUP_PATH], group[CGROUP_PATH] = "";
    double least = 0;
    cgroup_of(root, controller, group, sizeof group);
    const int top = snprintf(folder, sizeof folder, "%s/sys/fs/cgroup%s", root, mount);
    snprintf(folder + top, sizeof folder - (size_t)top, "%s", strcmp(group, "/") == 0 ? "" : group);
    for (;;) {
        const double one = limit(folder);
        if (one > 0 && (least <= 0 || one < least))
            least = one;
        char *slash = strrchr(folder + top, '/');
        if (slash == NULL)
            return least;
        *slash = '\0';
    }
}

static unsigned long long number_in(const char *folder, const char *file)
{
    char path[2 * CGROUP_PATH + 64];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    return read_number(path);
}

static double memory_limit_2(const char *folder)
{
    return (double)number_in(folder, "memory.max");
}

static double memory_limit_1(const char *folder)
{
    return (double)number_in(folder, "memory.limit_in_bytes");
}

/* "QUOTA PERIOD" in microseconds, or "max PERIOD". */
static double cpu_limit_2(const char *folder)
{
    char path[2 * CGROUP_PATH + 64];
    double quota = 0, period = 0;
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%lf %lf", &quota, &period) != 2)
        quota = 0;
    fclose(file);
    return period > 0 ? quota / period : 0;
}

/* Both in microseconds; a quota of -1 is none. */
static double cpu_limit_1(const char *folder)
{
    const double quota = (double)(long long)number_in(folder, "cpu.cfs_quota_us"),
                 period = (double)number_in(folder, "cpu.cfs_period_us");
    return period > 0 && quota > 0 ? quota / period : 0;
}

static double lesser_limit(double a, double b)
{
    return a > 0 && (b <= 0 || a < b) ? a : b;
}

double hcbi_cgroup_cpus(const char *root)
{
    return lesser_limit(least_limit(root, "", "", cpu_limit_2),
                        least_limit(root, "/cpu", "cpu", cpu_limit_1));
}

double hcbi_cgroup_memory(const char *root)
{
    return lesser_limit(least_limit(root, "", "", memory_limit_2),
                        least_limit(root, "/memory", "memory", memory_limit_1));
}

uint64_t hcbi_host_memory(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    const double bytes = pages > 0 && page > 0 ? (double)pages * (double)page : 0;
    return (uint64_t)lesser_limit(hcbi_cgroup_memory(""), bytes);
}

uint32_t hcbi_host_threads(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
#ifdef HAVE_SCHED_GETAFFINITY
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        count = CPU_COUNT(&set);
#endif
    const double quota = hcbi_cgroup_cpus("");
    if (quota > 0 && quota < (double)count)
        count = quota < 1 ? 1 : (long)(quota + 0.999);
    return count > 0 ? (uint32_t)count : 1;
}

uint32_t hcbi_cpu_threads(void)
{
    const uint32_t allowed = hcbi_host_threads();
    const char *asked = getenv("HCBENCH_CPU_THREADS");
    const unsigned long wanted = asked != NULL ? strtoul(asked, NULL, 10) : 0;
    return wanted > 0 && wanted < allowed ? (uint32_t)wanted : allowed;
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

uint64_t hcbi_host_cache(void)
{
    uint64_t bytes = 0;
#if defined HAVE_HWLOC && HWLOC_API_VERSION >= 0x20000
    static const hwloc_obj_type_t levels[] = {HWLOC_OBJ_L5CACHE, HWLOC_OBJ_L4CACHE,
                                              HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L2CACHE,
                                              HWLOC_OBJ_L1CACHE};
    hwloc_topology_t topology;
    if (hwloc_topology_init(&topology) != 0)
        return 0;
    hwloc_bitmap_t ours = hwloc_bitmap_alloc();
    if (ours != NULL && hwloc_topology_load(topology) == 0) {
        if (hwloc_get_cpubind(topology, ours, HWLOC_CPUBIND_PROCESS) != 0)
            hwloc_bitmap_fill(ours);
        for (size_t i = 0; i < sizeof levels / sizeof *levels && bytes == 0; i++)
            for (hwloc_obj_t cache = NULL;
                 (cache = hwloc_get_next_obj_by_type(topology, levels[i], cache)) != NULL;)
                if (hwloc_bitmap_intersects(cache->cpuset, ours))
                    bytes += cache->attr->cache.size;
    }
    hwloc_bitmap_free(ours);
    hwloc_topology_destroy(topology);
#endif
    return bytes;
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
    e->cpu_threads = hcbi_cpu_threads();
    e->memory_bytes = hcbi_host_memory();
}
