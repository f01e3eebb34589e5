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

#include "measure/fair_choice.h"
#include "measure/link.h"
#include "measure/protocol.h"
#include "measure/worker.h"
#include "suite.h"

/* ------------------------------------------------------------------ the choice */

/* Core types without noise, from their seconds (0: it does not run); `rounds` is how
 * many each took part in. */
static size_t choose(const double *seconds, size_t count, size_t *rounds)
{
    struct hcb_clock_result clocks[FAIR_TYPES_MAX] = {{.samples = NULL}};
    struct fair_choice choice = {.used = 0, .wanted = (1u << count) - 1};
    for (uint32_t round = 0; round < FAIR_ROUNDS_MAX && choice.wanted != 0; round++) {
        for (size_t i = 0; i < count; i++)
            if ((choice.wanted >> i & 1) != 0 && seconds[i] > 0) {
                const double launches[] = {2 * seconds[i], seconds[i], 3 * seconds[i]};
                ck_assert(fair_add(&clocks[i], round, launches, 3));
            }
        choice = fair_choose(clocks, count);
    }
    for (size_t i = 0; i < count; i++) {
        rounds[i] = clocks[i].summary.n;
        ck_assert(rounds[i] == 0 || clocks[i].summary.median == seconds[i]);
        hcb_clock_clear(&clocks[i]);
    }
    return choice.used;
}

/* The detected one unless another is more than 5 % faster; then the first of those,
 * unless a later one is more than 5 % faster than that. */
START_TEST(the_first_that_is_proven)
{
    static const struct {
        double seconds[FAIR_TYPES_MAX];
        size_t count, choice;
    } rows[] = {
        {{1, 2, 3, 4}, 4, 0},    {{5, 1, 2, 3}, 4, 1},    {{5, 3, 2, 1}, 4, 3},
        {{1, 0.96, 2, 3}, 4, 0}, {{1, 0.95, 2, 3}, 4, 1}, {{1, 0.99, 0.9, 3}, 4, 2},
        {{3, 1, 0.96, 1}, 4, 1}, {{3, 1, 0.95, 1}, 4, 2}, {{3, 2.99, 1, 0.99}, 4, 2},
        {{0, 3, 2, 4}, 4, 2},    {{0, 2, 1.99, 4}, 4, 1}, {{1, 0, 0, 0}, 4, 0},
        {{1, 0, 0.5, 0}, 4, 2},  {{0, 0, 0, 0}, 4, 0},    {{0, 0, 0, 1}, 4, 3},
        {{1}, 1, 0},             {{0}, 1, 0},
    };
    size_t rounds[FAIR_TYPES_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_msg(choose(rows[i].seconds, rows[i].count, rounds) == rows[i].choice, "row %zu",
                      i);
}
END_TEST

/* Whoever is several times slower computes in the first rounds only, detected or not. */
START_TEST(the_hopeless_leave_early)
{
    size_t rounds[FAIR_TYPES_MAX];
    ck_assert_uint_eq(choose((const double[]){1, 5, 1, 1}, 4, rounds), 0);
    ck_assert_uint_eq(rounds[1], HCB_RATIO_ROUNDS_MIN);
    ck_assert_uint_gt(rounds[0], HCB_RATIO_ROUNDS_MIN);
    ck_assert_uint_gt(rounds[3], HCB_RATIO_ROUNDS_MIN);
    ck_assert_uint_lt(rounds[0], FAIR_ROUNDS_MAX);
    ck_assert_uint_eq(choose((const double[]){5, 1, 1, 5}, 4, rounds), 1);
    ck_assert_uint_eq(rounds[0], HCB_RATIO_ROUNDS_MIN);
    ck_assert_uint_eq(rounds[3], HCB_RATIO_ROUNDS_MIN);
    ck_assert_uint_eq(rounds[1], rounds[2]);
    ck_assert_uint_lt(rounds[1], FAIR_ROUNDS_MAX);
}
END_TEST

/* ------------------------------------------------------------- simulated rounds */

/* What a machine does to launches.  Bursts last for 1 to `burst_rounds` rounds, in
 * which launches, or all launches of a turn, take three times as long. */
struct noise {
    const char *name;
    double burst_starts; /* chance in a round */
    unsigned burst_rounds;
    double slow_launch, slow_turn; /* chances in a burst */
};
static const struct noise mild = {"mild noise", 0, 0, 0, 0},
                          launches_slow = {"bursts in launches", 0.3, 6, 0.6, 0},
                          turns_slow = {"bursts in turns", 0.3, 6, 0, 0.5},
                          mostly_slow = {"bursts most of the time", 0.9, 8, 0, 0.7};

struct dice {
    uint32_t seed, thrown;
};

/* Uniform in (0, 1). */
static double throw_dice(struct dice *dice)
{
    const uint32_t key[2] = {dice->seed, 0x66616972}, counter[4] = {dice->thrown++};
    uint32_t words[4];
    hcb_philox4x32(counter, key, words);
    return (words[0] + 0.5) * 0x1p-32;
}

/* Two turns of two launches: 3 % of noise, and each twentieth launch half as long
 * again. */
static bool simulate_turns(struct hcb_clock_result *clock, uint32_t round, double seconds,
                           const struct noise *noise, bool burst, struct dice *dice)
{
    double launches[4];
    for (size_t i = 0; i < 4; i += 2) {
        const bool slow_turn = burst && throw_dice(dice) < noise->slow_turn;
        for (size_t j = i; j < i + 2; j++) {
            const bool slow = slow_turn || (burst && throw_dice(dice) < noise->slow_launch);
            launches[j] = seconds * (1 - 0.03 * log(throw_dice(dice))) * (slow ? 3 : 1) *
                          (throw_dice(dice) < 0.05 ? 1.5 : 1);
        }
    }
    return fair_add(clock, round, launches, 4);
}

static size_t simulate(uint32_t seed, double detected, size_t count, const struct noise *noise)
{
    struct dice dice = {seed, 0};
    struct hcb_clock_result clocks[FAIR_TYPES_MAX] = {{.samples = NULL}};
    struct fair_choice choice = {.used = 0, .wanted = (1u << count) - 1};
    unsigned burst = 0;
    for (uint32_t round = 0; round < FAIR_ROUNDS_MAX && choice.wanted != 0; round++) {
        if (burst > 0)
            burst--;
        else if (throw_dice(&dice) < noise->burst_starts)
            burst = 1 + (unsigned)(throw_dice(&dice) * noise->burst_rounds);
        for (size_t i = 0; i < count; i++)
            if ((choice.wanted >> i & 1) != 0)
                ck_assert(simulate_turns(&clocks[i], round, i == 0 ? 1 / detected : 1, noise,
                                         burst > 0, &dice));
        choice = fair_choose(clocks, count);
    }
    for (size_t i = 0; i < count; i++)
        hcb_clock_clear(&clocks[i]);
    return choice.used;
}

/* How often of 100 seeds the detected core type, of a speed relative to all others, is
 * replaced.  These figures are in doc/measurement.md. */
static const struct simulation {
    const struct noise *noise;
    size_t count;
    double detected;
    unsigned least, most, first_least; /* replaced, and by the first candidate */
} simulations[] = {
    {&launches_slow, 2, 1, 0, 1, 0},
    {&turns_slow, 2, 1, 0, 1, 0},
    {&mostly_slow, 4, 1, 0, 1, 0},
    {&mild, 4, 0.97, 0, 0, 0},        {&mild, 2, 0.94, 0, 100, 0},
    {&mild, 2, 0.93, 0, 100, 0},      {&mild, 2, 0.92, 50, 100, 50},
    {&mild, 2, 0.9, 80, 100, 80},
    {&mild, 2, 0.8, 100, 100, 100},   {&mild, 2, 0.5, 100, 100, 100},
    {&mild, 4, 0.19, 100, 100, 99},   {&turns_slow, 2, 0.5, 90, 100, 90},
};

START_TEST(switches_of_100_seeds)
{
    const struct simulation *s = &simulations[_i];
    unsigned used[FAIR_TYPES_MAX] = {0};
    for (uint32_t seed = 1; seed <= 100; seed++)
        used[simulate(seed, s->detected, s->count, s->noise)]++;
    printf("%s, %zu core types, detected at %g: replaced in %u of 100, by the first in %u\n",
           s->noise->name, s->count, s->detected, 100 - used[0], used[1]);
    ck_assert_uint_ge(100 - used[0], s->least);
    ck_assert_uint_le(100 - used[0], s->most);
    ck_assert_uint_ge(used[1], s->first_least);
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
    tcase_add_test(tests, the_first_that_is_proven);
    tcase_add_test(tests, the_hopeless_leave_early);
    tcase_add_loop_test(tests, switches_of_100_seeds, 0, sizeof simulations / sizeof *simulations);
    tcase_add_test(tests, names_of_core_types);
    tcase_add_test(tests, who_waits_uses_no_processor);
#ifdef HAVE_SCHED_GETAFFINITY
    tcase_add_test(tests, one_processor_one_thread);
#endif
    return suite_run("fair_cpu", tests);
}
