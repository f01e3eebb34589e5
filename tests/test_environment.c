/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about the machine and the build, as far as every machine has them. */
#include "config.h"

#ifdef HAVE_SCHED_GETAFFINITY
#include <sched.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform.h"
#include "suite.h"

START_TEST(machine)
{
    struct hcb_environment e;
    memset(&e, 0x7f, sizeof e);
    hcb_environment_read(&e);
    ck_assert_uint_gt(strlen(e.host), 0);
    ck_assert_uint_gt(strlen(e.kernel), 0);
    ck_assert_uint_lt(strlen(e.os), sizeof e.os);
    ck_assert_uint_lt(strlen(e.cpu_model), sizeof e.cpu_model);
    ck_assert_uint_lt(strlen(e.cpu_isa), sizeof e.cpu_isa);
    ck_assert_uint_ge(e.cpu_cores, 1);
    ck_assert_uint_ge(e.cpu_threads, 1);
    ck_assert_uint_le(e.cpu_threads, (uint32_t)sysconf(_SC_NPROCESSORS_CONF));
}
END_TEST

START_TEST(compiler)
{
    struct hcb_environment e;
    hcb_environment_read(&e);
#if defined __clang__
    ck_assert_int_eq(strncmp(e.compiler, "clang ", 6), 0);
#elif defined __GNUC__
    ck_assert_int_eq(strncmp(e.compiler, "gcc ", 4), 0);
#endif
}
END_TEST

/* Words of the list only, each once, one blank between them. */
START_TEST(vector_extensions)
{
    struct hcb_environment e;
    hcb_environment_read(&e);
#ifdef __x86_64__
    if (access("/proc/cpuinfo", R_OK) == 0)
        ck_assert_ptr_nonnull(strstr(e.cpu_isa, "sse4_2"));
#endif
    ck_assert_ptr_null(strstr(e.cpu_isa, "  "));
    char *rest = e.cpu_isa;
    for (char *word = strtok_r(rest, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        ck_assert_msg(rest == NULL || strstr(rest, word) == NULL ||
                          strlen(word) < strcspn(strstr(rest, word), " "),
                      "%s stands twice", word);
}
END_TEST

#ifdef HAVE_SCHED_GETAFFINITY
START_TEST(threads_follow_the_affinity_mask)
{
    cpu_set_t all, one;
    ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (size_t cpu = 0; CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    ck_assert_uint_eq(hcbi_host_threads(), 1);
    ck_assert_int_eq(sched_setaffinity(0, sizeof all, &all), 0);
}
END_TEST
#endif

/* Writes a file of a fake root, folders included. */
static void write_file(const char *root, const char *path, const char *text)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s/%s", root, path);
    for (char *slash = strchr(whole + strlen(root) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(whole, 0777);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    ck_assert_msg(file != NULL, "%s", whole);
    fputs(text, file);
    fclose(file);
}

#define CGROUP "sys/fs/cgroup/"

/* The least quota on the way up counts, in either version. */
START_TEST(cgroup_limits)
{
    static const struct {
        const char *what, *groups;
        const char *files[4][2];
        double cpus, memory;
    } rows[] = {
        {"no cgroups", "", {{NULL}}, 0, 0},
        {"version 2, the group's own", "0::/a/b\n",
         {{CGROUP "a/b/cpu.max", "150000 100000\n"}, {CGROUP "a/b/memory.max", "1048576\n"}}, 1.5,
         1048576},
        {"version 2, one above is less", "0::/a/b\n",
         {{CGROUP "a/b/cpu.max", "400000 100000\n"}, {CGROUP "a/cpu.max", "200000 100000\n"},
          {CGROUP "a/memory.max", "4096\n"}}, 2, 4096},
        {"version 2, none", "0::/a\n",
         {{CGROUP "a/cpu.max", "max 100000\n"}, {CGROUP "a/memory.max", "max\n"}}, 0, 0},
        {"version 2, a container's own view", "0::/\n",
         {{CGROUP "cpu.max", "50000 100000\n"}, {CGROUP "memory.max", "8192\n"}}, 0.5, 8192},
        {"version 1, a group", "4:cpu,cpuacct:/a\n3:memory:/m\n0::/\n",
         {{CGROUP "cpu/a/cpu.cfs_quota_us", "300000\n"}, {CGROUP "cpu/a/cpu.cfs_period_us", "100000\n"},
          {CGROUP "memory/m/memory.limit_in_bytes", "65536\n"}}, 3, 65536},
        {"version 1, none", "4:cpu:/a\n",
         {{CGROUP "cpu/a/cpu.cfs_quota_us", "-1\n"}, {CGROUP "cpu/a/cpu.cfs_period_us", "100000\n"}}, 0,
         0},
        {"version 1, a group whose folder is not seen", "4:cpu:/docker/123\n",
         {{CGROUP "cpu/cpu.cfs_quota_us", "100000\n"}, {CGROUP "cpu/cpu.cfs_period_us", "50000\n"}}, 2,
         0},
        {"another group's quota is not ours", "4:cpuset:/a\n3:cpu:/\n",
         {{CGROUP "cpu/a/cpu.cfs_quota_us", "100000\n"}, {CGROUP "cpu/a/cpu.cfs_period_us", "100000\n"}},
         0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char root[] = "/tmp/hcbench-root.XXXXXX", command[64];
        ck_assert_ptr_nonnull(mkdtemp(root));
        write_file(root, "proc/self/cgroup", rows[i].groups);
        for (size_t j = 0; j < 4 && rows[i].files[j][0] != NULL; j++)
            write_file(root, rows[i].files[j][0], rows[i].files[j][1]);
        ck_assert_msg(hcbi_cgroup_cpus(root) == rows[i].cpus, "%s: %g processors", rows[i].what,
                      hcbi_cgroup_cpus(root));
        ck_assert_msg(hcbi_cgroup_memory(root) == rows[i].memory, "%s: %g bytes", rows[i].what,
                      hcbi_cgroup_memory(root));
        snprintf(command, sizeof command, "rm -r %s", root);
        ck_assert_int_eq(system(command), 0);
    }
}
END_TEST

/* A wish for more threads than are allowed is none. */
START_TEST(threads_that_were_asked_for)
{
    char many[16];
    const uint32_t allowed = hcbi_host_threads();
    static const char *const none[] = {"", "0", "-3", "many"};
    struct hcb_environment e;
    setenv("HCBENCH_CPU_THREADS", "1", 1);
    ck_assert_uint_eq(hcbi_cpu_threads(), 1);
    hcb_environment_read(&e);
    ck_assert_uint_eq(e.cpu_threads, 1);
    ck_assert_uint_eq(hcbi_host_threads(), allowed);
    snprintf(many, sizeof many, "%u", (unsigned)allowed + 1);
    setenv("HCBENCH_CPU_THREADS", many, 1);
    ck_assert_uint_eq(hcbi_cpu_threads(), allowed);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        setenv("HCBENCH_CPU_THREADS", none[i], 1);
        ck_assert_uint_eq(hcbi_cpu_threads(), allowed);
    }
    unsetenv("HCBENCH_CPU_THREADS");
}
END_TEST

START_TEST(names_of_software)
{
    ck_assert(hcbi_is_software_name("llvmpipe (LLVM 15.0.6, 256 bits)"));
    ck_assert(hcbi_is_software_name("Virtio-GPU Venus (llvmpipe)"));
    ck_assert(hcbi_is_software_name("SwiftShader Device (LLVM 10.0.0)"));
    ck_assert(!hcbi_is_software_name("NVIDIA H200") && !hcbi_is_software_name(""));
}
END_TEST

START_TEST(memory)
{
    const uint64_t physical = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    ck_assert_uint_gt(hcbi_host_memory(), 1 << 20);
    ck_assert_uint_le(hcbi_host_memory(), physical);
}
END_TEST

#ifdef HAVE_HWLOC
/* A made-up machine: 2 x 4 third-level caches of 32 MiB, or second-level ones only. */
START_TEST(last_level_caches)
{
    setenv("HWLOC_SYNTHETIC", "pack:2 l3:4(size=33554432) l2:2(size=1048576) core:1 pu:2", 1);
    ck_assert_uint_eq(hcbi_host_cache(), 256 << 20);
    setenv("HWLOC_SYNTHETIC", "pack:1 l2:4(size=1048576) l1:1(size=32768) pu:1", 1);
    ck_assert_uint_eq(hcbi_host_cache(), 4 << 20);
    setenv("HWLOC_SYNTHETIC", "pack:1 core:4 pu:1", 1);
    ck_assert_uint_eq(hcbi_host_cache(), 0);
    unsetenv("HWLOC_SYNTHETIC");
}
END_TEST
#endif

START_TEST(clock_goes_forward)
{
    uint64_t last = hcbi_now_ns();
    for (int i = 0; i < 1000; i++) {
        const uint64_t now = hcbi_now_ns();
        ck_assert_uint_ge(now, last);
        last = now;
    }
}
END_TEST

START_TEST(bytes_in_words)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {{0, "0 bytes"},
                {512, "512 bytes"},
                {1023, "1023 bytes"},
                {1024, "1 KiB"},
                {1536, "1.5 KiB"},
                {UINT64_C(96) << 30, "96 GiB"},
                {UINT64_C(15) << 29, "7.5 GiB"},
                {UINT64_MAX, "16 EiB"}};
    char text[32], small[4];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_str_eq(hcbi_bytes_text(rows[i].bytes, text, sizeof text), rows[i].text);
    ck_assert_str_eq(hcbi_bytes_text(512, small, sizeof small), "512");
}
END_TEST

/* The device decides, unless the environment does. */
START_TEST(kernel_class)
{
    const struct hcb_device_info processor = {.type = HCB_DEVICE_CPU}, card = {.type = HCB_DEVICE_GPU},
                                 software = {.type = HCB_DEVICE_GPU, .software = true};
    ck_assert(hcbi_wants_cpu_kernels(&processor) && hcbi_wants_cpu_kernels(&software));
    ck_assert(!hcbi_wants_cpu_kernels(&card));
    setenv("HCBENCH_KERNEL_CLASS", "gpu", 1);
    ck_assert(!hcbi_wants_cpu_kernels(&processor) && !hcbi_wants_cpu_kernels(&card));
    setenv("HCBENCH_KERNEL_CLASS", "cpu", 1);
    ck_assert(hcbi_wants_cpu_kernels(&processor) && hcbi_wants_cpu_kernels(&card));
    setenv("HCBENCH_KERNEL_CLASS", "other", 1);
    ck_assert(hcbi_wants_cpu_kernels(&processor) && !hcbi_wants_cpu_kernels(&card));
    unsetenv("HCBENCH_KERNEL_CLASS");
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("environment");
    tcase_add_test(tests, machine);
    tcase_add_test(tests, compiler);
    tcase_add_test(tests, vector_extensions);
#ifdef HAVE_SCHED_GETAFFINITY
    tcase_add_test(tests, threads_follow_the_affinity_mask);
#endif
    tcase_add_test(tests, cgroup_limits);
    tcase_add_test(tests, threads_that_were_asked_for);
#ifdef HAVE_HWLOC
    tcase_add_test(tests, last_level_caches);
#endif
    tcase_add_test(tests, names_of_software);
    tcase_add_test(tests, memory);
    tcase_add_test(tests, clock_goes_forward);
    tcase_add_test(tests, bytes_in_words);
    tcase_add_test(tests, kernel_class);
    return suite_run("environment", tests);
}
