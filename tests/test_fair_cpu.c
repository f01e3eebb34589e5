/* SPDX-License-Identifier: Apache-2.0 */
/* The fair baseline: which core type is chosen, how many threads a worker has, and
 * that workers which wait use no processor time.  Started as `test_fair_cpu worker`
 * this program is a real worker: link_open starts /proc/self/exe. */
#include "config.h"

#include <dirent.h>
#include <math.h>
#ifdef HAVE_SCHED_GETAFFINITY
#include <sched.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fair_cpu.h"
#include "link.h"
#include "protocol.h"
#include "suite.h"
#include "worker.h"

/* ------------------------------------------------------------------ the choice */

START_TEST(the_fastest_unless_the_detected_is_as_good)
{
    static const struct {
        double seconds[4];
        size_t count, choice;
    } rows[] = {
        {{1, 2, 3, 4}, 4, 0},           {{5, 1, 2, 3}, 4, 1},       {{5, 3, 2, 1}, 4, 3},
        {{1, 0.96, 2, 3}, 4, 0},        {{1, 0.95, 2, 3}, 4, 1},    {{1, 0.99, 0.9, 3}, 4, 2},
        {{NAN, 3, 2, 4}, 4, 2},         {{1, NAN, NAN, NAN}, 4, 0}, {{1, NAN, 0.5, NAN}, 4, 2},
        {{NAN, NAN, NAN, NAN}, 4, 0},   {{NAN, NAN, NAN, 1}, 4, 3}, {{1}, 1, 0},
        {{NAN}, 1, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_msg(fair_choice(rows[i].seconds, rows[i].count) == rows[i].choice, "row %zu", i);
}
END_TEST

/* Every candidate may be named, in either case; what no processor has may not. */
START_TEST(names_of_core_types)
{
    const char *name;
    for (unsigned i = 0; (name = hcb_blas_core_candidate(i)) != NULL; i++) {
        char lower[32];
        snprintf(lower, sizeof lower, "%s", name);
        for (char *c = lower; *c != '\0'; c++)
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
        ck_assert_ptr_null(hcb_blas_core_obstacle(name));
        ck_assert_ptr_null(hcb_blas_core_obstacle(lower));
    }
    if (hcb_blas_core_candidate(0) != NULL)
        ck_assert_ptr_nonnull(strstr(hcb_blas_core_obstacle("ABACUS"), "no core type"));
#ifdef __x86_64__
    ck_assert_ptr_null(hcb_blas_core_obstacle("PRESCOTT"));
    if (!__builtin_cpu_supports("avx512f"))
        ck_assert_ptr_nonnull(strstr(hcb_blas_core_obstacle("SKYLAKEX"), "lacks"));
    if (!__builtin_cpu_supports("fma4"))
        ck_assert_ptr_nonnull(strstr(hcb_blas_core_obstacle("BULLDOZER"), "lacks"));
#endif
}
END_TEST

/* --------------------------------------------------------------------- workers */

/* A worker with a plan, ready to sample. */
struct bench {
    const char *device, *impl;
    struct link *link;
};

static bool ready(struct bench *bench)
{
    char reason[HCB_REASON_SIZE];
    json_t *reply;
    const struct link_options how = {.isolate = true, .timeout_s = 60};
    ck_assert_int_eq(link_open(&how, &bench->link, reason), HCB_OK);
    json_t *inputs = json_pack("{s:s, s:s, s:[i,i,i], s:s, s:i}", "op", "matmul", "precision", "f32",
                               "shape", 512, 512, 512, "fill", "uniform", "seed", 1);
    if (link_tell(bench->link, "open", json_pack("{s:s}", "device", bench->device), reason) != HCB_OK) {
        printf("left out: %s: %s\n", bench->device, reason);
        json_decref(inputs);
        link_close(bench->link);
        bench->link = NULL;
        return false;
    }
    ck_assert_msg(link_tell(bench->link, "inputs", inputs, reason) == HCB_OK, "%s", reason);
    const enum hcb_status status =
        link_call(bench->link, "prepare", json_pack("{s:s}", "impl", bench->impl), &reply, reason);
    ck_assert_msg(status == HCB_OK, "%s: %s", bench->device, reason);
    json_decref(reply);
    return true;
}

static void compute(struct bench *bench, int windows)
{
    char reason[HCB_REASON_SIZE];
    json_t *reply;
    ck_assert_int_eq(link_call(bench->link, "sample",
                               json_pack("{s:s, s:i, s:i}", "impl", bench->impl, "launches", 10,
                                         "count", windows),
                               &reply, reason),
                     HCB_OK);
    json_decref(reply);
}

static bool with_blas(void)
{
#ifdef HAVE_CBLAS
    return true;
#else
    return false;
#endif
}

/* After a worker has settled it uses no processor time while another computes.  The
 * limit is on the time that it uses, not on how long anything takes. */
START_TEST(who_waits_uses_no_processor)
{
    struct bench benches[] = {{"cpu:0", with_blas() ? "openblas" : "ref", NULL},
                              {"opencl:0", "tile", NULL},
                              {"vulkan:0", "tile", NULL},
                              {"null:0", "tile", NULL}};
    enum { COUNT = sizeof benches / sizeof *benches };
    double before[COUNT];
    setenv("HCBENCH_NULL", "ok", 1);
    setenv("OPENBLAS_THREAD_TIMEOUT", "20", 1);
    for (size_t i = 0; i < COUNT; i++)
        ready(&benches[i]);
    for (size_t i = 0; i < COUNT; i++)
        ck_assert(benches[i].link == NULL || link_settle(benches[i].link));
    for (size_t round = 0; round < 2 * COUNT; round++) {
        struct bench *busy = &benches[round % COUNT];
        if (busy->link == NULL)
            continue;
        for (size_t i = 0; i < COUNT; i++)
            before[i] = benches[i].link != NULL ? link_cpu_s(benches[i].link) : 0;
        /* The null device and the reference are slow. */
        compute(busy, strcmp(busy->device, "null:0") == 0 || strcmp(busy->impl, "ref") == 0 ? 1 : 5);
        for (size_t i = 0; i < COUNT; i++)
            if (&benches[i] != busy && benches[i].link != NULL) {
                const double used = link_cpu_s(benches[i].link) - before[i];
                ck_assert_msg(!(used > 0.002), "%s used %.4f s while %s computed",
                              benches[i].device, used, busy->device);
            }
        ck_assert_msg(link_settle(busy->link), "%s does not settle", busy->device);
    }
    for (size_t i = 0; i < COUNT; i++)
        link_close(benches[i].link);
}
END_TEST

#ifdef HAVE_SCHED_GETAFFINITY

/* Threads of our child that was started last; 0 when they cannot be seen. */
static unsigned threads_of_child(void)
{
    char path[64];
    unsigned count = 0;
    long child = 0;
    snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    for (long one; fscanf(file, "%ld", &one) == 1;)
        child = one;
    fclose(file);
    snprintf(path, sizeof path, "/proc/%ld/task", child);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    if (folder != NULL)
        closedir(folder);
    return count;
}

static unsigned threads_that_compute(const char *impl)
{
    struct bench bench = {"cpu:0", impl, NULL};
    ck_assert(ready(&bench));
    compute(&bench, 1);
    const unsigned threads = threads_of_child();
    link_close(bench.link);
    return threads;
}

/* One processor, one thread: of ours and of the BLAS. */
START_TEST(one_processor_one_thread)
{
    const char *impl = with_blas() ? "openblas" : "ref";
    cpu_set_t all, one;
    ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (size_t cpu = 0; CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    const unsigned many = threads_that_compute(impl);
    if (many == 0)
        return; /* no list of children in this kernel */
    if (CPU_COUNT(&all) > 1)
        ck_assert_uint_gt(many, 1);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    ck_assert_uint_eq(threads_that_compute(impl), 1);
    ck_assert_int_eq(sched_setaffinity(0, sizeof all, &all), 0);
    setenv("HCBENCH_CPU_THREADS", "1", 1); /* as --cpu-threads does */
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    ck_assert_uint_eq(threads_that_compute(impl), 1);
}
END_TEST
#endif

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return worker_main();
    TCase *tests = suite_case("fair_cpu");
    tcase_add_test(tests, the_fastest_unless_the_detected_is_as_good);
    tcase_add_test(tests, names_of_core_types);
    tcase_add_test(tests, who_waits_uses_no_processor);
#ifdef HAVE_SCHED_GETAFFINITY
    tcase_add_test(tests, one_processor_one_thread);
#endif
    return suite_run("fair_cpu", tests);
}
