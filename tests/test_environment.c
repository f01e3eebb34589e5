/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about the machine and the build, as far as every machine has them. */
#include "config.h"

#ifdef HAVE_SCHED_GETAFFINITY
#include <sched.h>
#endif
#include <string.h>
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

START_TEST(memory)
{
    const uint64_t physical = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    ck_assert_uint_gt(hcbi_host_memory(), 1 << 20);
    ck_assert_uint_le(hcbi_host_memory(), physical);
}
END_TEST

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
    tcase_add_test(tests, memory);
    tcase_add_test(tests, clock_goes_forward);
    tcase_add_test(tests, bytes_in_words);
    tcase_add_test(tests, kernel_class);
    return suite_run("environment", tests);
}
