/* SPDX-License-Identifier: Apache-2.0 */
/* When sampling ends, in what order rows take turns, and what is warned of: on
 * made-up samples, so that no test depends on the time that anything takes. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "measure/sampling.h"
#include "suite.h"

static const struct options usual = {.preset = PRESET_DEFAULT,
                                     .min_runs = 10,
                                     .max_runs = 40,
                                     .min_time_s = 0.2,
                                     .max_time_s = 0.6,
                                     .ci_percent = 2};

static struct hcb_result result;

static void begin(void)
{
    const struct hcb_case task = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {64, 64, 64}};
    hcb_result_init(&result, "opencl:0", &task);
}

static void end(void)
{
    hcb_result_clear(&result);
}

static void begin_again(void)
{
    end();
    begin();
}

/* `count` samples around `median` that differ by up to +-`noise` of it, each of another
 * round. */
static void add(struct hcb_clock_result *clock, size_t count, double median, double noise)
{
    for (size_t i = 0; i < count; i++) {
        const double sample = median * (1 + noise * sin(2.4 * (double)(i + clock->summary.n)));
        ck_assert(hcb_clock_add(clock, (uint32_t)clock->summary.n, &sample, 1));
    }
}

static bool warned_of(const char *words)
{
    for (size_t i = 0; result.warnings[i] != NULL; i++)
        if (strstr(result.warnings[i], words) != NULL)
            return true;
    return false;
}

static size_t warnings(void)
{
    size_t count = 0;
    while (result.warnings[count] != NULL)
        count++;
    return count;
}

static void warn(uint32_t launches)
{
    const struct sampling sampling = {.launches = launches, .rounds = 6, .spent_s = 0.6};
    sampling_warn(&usual, &result, &sampling, 0.02);
}

/* --------------------------------------------------------------------- windows */

START_TEST(launches_fill_a_window)
{
    ck_assert_uint_eq(sampling_launches(0.02, 0.001), 20);
    ck_assert_uint_eq(sampling_launches(0.02, 0.0011), 19);
    ck_assert_uint_eq(sampling_launches(0.02, 5), 1);
    ck_assert_uint_eq(sampling_launches(0.02, 1e-12), 1000000);
    ck_assert_uint_eq(sampling_launches(0.02, 0), 1000000);
}
END_TEST

START_TEST(blocks_are_short)
{
    struct options quick = usual;
    quick.max_time_s = 0.3;
    ck_assert_uint_eq(sampling_block(&usual, 0.02), 5);
    ck_assert_uint_eq(sampling_block(&usual, 0.001), 5);
    ck_assert_uint_eq(sampling_block(&usual, 0.04), 2);
    ck_assert_uint_eq(sampling_block(&usual, 3), 1);
    ck_assert_uint_eq(sampling_block(&quick, 0.01), 5);
    ck_assert_uint_eq(sampling_block(&quick, 0.02), 2);
    ck_assert_uint_eq(sampling_passes_block(&usual, 0.01), 3); /* a third of 0.6 s, for six rounds */
    ck_assert_uint_eq(sampling_passes_block(&usual, 0.5), 1);
}
END_TEST

START_TEST(cpu_drivers_get_the_longer_window)
{
    struct options full = usual;
    struct hcb_device_info cpu = {.type = HCB_DEVICE_CPU}, gpu = {.type = HCB_DEVICE_GPU},
                           software = {.type = HCB_DEVICE_GPU, .software = true};
    full.preset = PRESET_FULL;
    ck_assert_double_eq(sampling_window_s(&full, &cpu), 0.2);
    ck_assert_double_eq(sampling_window_s(&full, &software), 0.2);
    ck_assert_double_eq(sampling_window_s(&full, &gpu), 0.05);
    ck_assert_double_ge(sampling_window_s(&usual, &gpu), 0.01);
}
END_TEST

START_TEST(warm_is_when_three_agree)
{
    const double falling[] = {9, 3, 2, 1.5, 1.02, 1, 1.01};
    for (size_t count = 0; count < 7; count++)
        ck_assert(!sampling_has_settled(falling, count));
    ck_assert(sampling_has_settled(falling, 7));
}
END_TEST

/* ------------------------------------------------------------------ enough yet? */

static enum sampling_end end_of(double noise, size_t samples, double spent_s, uint32_t rounds)
{
    const struct sampling sampling = {.spent_s = spent_s, .rounds = rounds};
    struct hcb_clock_result clock = {0};
    add(&clock, samples, 1e-3, noise);
    const enum sampling_end answer = sampling_end(&usual, &clock, &sampling);
    hcb_clock_clear(&clock);
    return answer;
}

START_TEST(sampling_ends)
{
    ck_assert_int_eq(end_of(0.001, 20, 0.3, 6), SAMPLING_DONE);
    ck_assert_int_eq(end_of(0.001, 20, 0.3, 5), SAMPLING_GOES_ON);  /* no interval of the speedup */
    ck_assert_int_eq(end_of(0.001, 9, 0.3, 6), SAMPLING_GOES_ON);   /* too few */
    ck_assert_int_eq(end_of(0.001, 20, 0.1, 6), SAMPLING_GOES_ON);  /* too short */
    ck_assert_int_eq(end_of(0.3, 20, 0.3, 6), SAMPLING_GOES_ON);    /* too wide */
    ck_assert_int_eq(end_of(0.3, 40, 0.3, 8), SAMPLING_LIMIT);
    ck_assert_int_eq(end_of(0.3, 20, 0.7, 6), SAMPLING_LIMIT);
    ck_assert_int_eq(end_of(0.3, 40, 9, 5), SAMPLING_GOES_ON);
}
END_TEST

/* However many samples a round has: rounds that are 6 % apart are no narrow interval. */
START_TEST(rounds_must_agree)
{
    static const double rounds[] = {1, 0.97, 1.03, 0.99, 1.01, 1};
    const struct sampling sampling = {.spent_s = 0.3, .rounds = 6};
    struct hcb_clock_result clock = {0};
    for (uint32_t round = 0; round < 6; round++) {
        const double s = rounds[round];
        ck_assert(hcb_clock_add(&clock, round, (double[]){s, s, s, s, s}, 5));
    }
    ck_assert_int_eq(sampling_end(&usual, &clock, &sampling), SAMPLING_GOES_ON);
    ck_assert(!sampling_passes_end(&usual, &clock, &(struct sampling){.spent_s = 0.1, .rounds = 6}));
    hcb_clock_clear(&clock);
}
END_TEST

START_TEST(zero_percent_means_a_limit)
{
    struct options never = usual;
    struct sampling sampling = {.spent_s = 0.3, .rounds = 6};
    struct hcb_clock_result clock = {0};
    never.ci_percent = 0;
    add(&clock, 20, 1e-3, 0);
    ck_assert_int_eq(sampling_end(&usual, &clock, &sampling), SAMPLING_DONE);
    ck_assert_int_eq(sampling_end(&never, &clock, &sampling), SAMPLING_GOES_ON);
    sampling.spent_s = 0.6;
    ck_assert_int_eq(sampling_end(&never, &clock, &sampling), SAMPLING_LIMIT);
    sampling.spent_s = 0.1; /* of 0.2 s for passes */
    ck_assert(!sampling_passes_end(&never, &clock, &sampling));
    hcb_clock_clear(&clock);
    add(&result.wall, 30, 0.02, 0.05); /* nor is such a limit warned of */
    sampling_warn(&never, &result, &(struct sampling){.launches = 1, .rounds = 6, .spent_s = 0.6}, 0.02);
    ck_assert(!warned_of("interval"));
}
END_TEST

START_TEST(passes_end)
{
    struct sampling sampling = {.spent_s = 0.1, .rounds = 6};
    struct hcb_clock_result clock = {0};
    add(&clock, 9, 1e-3, 0.002);
    ck_assert(!sampling_passes_end(&usual, &clock, &sampling));
    sampling.spent_s = 0.2;
    ck_assert(sampling_passes_end(&usual, &clock, &sampling));
    sampling.rounds = 5;
    ck_assert(!sampling_passes_end(&usual, &clock, &sampling));
    add(&clock, 1, 1e-3, 0.002);
    sampling = (struct sampling){.spent_s = 0, .rounds = 6};
    ck_assert(sampling_passes_end(&usual, &clock, &sampling));
    hcb_clock_clear(&clock);
    add(&clock, 39, 1e-3, 0.2);
    ck_assert(!sampling_passes_end(&usual, &clock, &sampling)); /* too wide */
    add(&clock, 1, 1e-3, 0.2);
    ck_assert(sampling_passes_end(&usual, &clock, &sampling)); /* too many */
    hcb_clock_clear(&clock);
}
END_TEST

/* -------------------------------------------------------------------- the order */

START_TEST(order_is_a_permutation)
{
    enum { ROWS = 5, ROUNDS = 600 };
    unsigned seen[ROWS][ROWS] = {{0}}, changes = 0;
    size_t last[ROWS] = {0};
    for (uint32_t round = 0; round < ROUNDS; round++) {
        size_t order[ROWS], again[ROWS];
        unsigned found = 0;
        sampling_order(7, round, order, ROWS);
        sampling_order(7, round, again, ROWS);
        ck_assert_mem_eq(order, again, sizeof order);
        for (size_t i = 0; i < ROWS; i++) {
            found |= 1u << order[i];
            seen[i][order[i]]++;
        }
        ck_assert_uint_eq(found, (1u << ROWS) - 1);
        changes += memcmp(order, last, sizeof order) != 0;
        memcpy(last, order, sizeof order);
    }
    ck_assert_uint_gt(changes, ROUNDS * 9 / 10);
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < ROWS; j++)
            ck_assert_msg(seen[i][j] > ROUNDS / ROWS / 2 && seen[i][j] < ROUNDS / ROWS * 2,
                          "row %zu took turn %zu %u times", j, i, seen[i][j]);
}
END_TEST

START_TEST(seeds_give_other_orders)
{
    size_t a[8], b[8];
    sampling_order(1, 0, a, 8);
    sampling_order(2, 0, b, 8);
    ck_assert_mem_ne(a, b, sizeof a);
}
END_TEST

/* ----------------------------------------------------------------- the warnings */

START_TEST(good_samples_are_not_warned_of)
{
    add(&result.kernel, 30, 1e-3, 0.005);
    add(&result.wall, 30, 1.02e-3, 0.005);
    add(&result.end_to_end, 10, 2e-3, 0.01);
    warn(20);
    ck_assert_uint_eq(warnings(), 0);
}
END_TEST

START_TEST(nothing_measured_nothing_warned_of)
{
    warn(20);
    ck_assert_uint_eq(warnings(), 0);
}
END_TEST

START_TEST(limits_are_told)
{
    add(&result.wall, 5, 0.02, 0.001);
    warn(1);
    ck_assert(warned_of("5 samples only: stopped at the time limit of 0.6 s"));
    begin_again();
    add(&result.wall, 30, 0.02, 0.2);
    warn(1);
    ck_assert(warned_of("the 95 % interval of the median is +-"));
    begin_again();
    add(&result.wall, 30, 0.02, 0.001);
    add(&result.end_to_end, 5, 0.03, 0.001);
    warn(1);
    ck_assert(warned_of("end to end: 5 samples only: stopped at the time limit of 0.2 s"));
    begin_again();
    add(&result.wall, 30, 0.02, 0.001);
    add(&result.end_to_end, 30, 0.03, 0.2);
    warn(1);
    ck_assert(warned_of("end to end: the 95 % interval of the median is +-"));
}
END_TEST

START_TEST(noise_is_told)
{
    add(&result.wall, 30, 0.02, 0.05);
    warn(1);
    ck_assert(!warned_of("noise"));
    begin_again();
    add(&result.wall, 30, 0.02, 0.15);
    warn(1);
    ck_assert(warned_of("noise: the middle half of the samples spans"));
}
END_TEST

START_TEST(drift_is_told)
{
    for (int i = 0; i < 30; i++)
        add(&result.wall, 1, 0.02 * (1 + 0.01 * i), 0.002);
    warn(1);
    ck_assert(warned_of("drift: the last third of the samples is 19 % slower"));
    begin_again();
    add(&result.wall, 30, 0.02, 0.04); /* noise is no drift */
    warn(1);
    ck_assert(!warned_of("drift"));
}
END_TEST

START_TEST(slow_start_is_told)
{
    add(&result.wall, 1, 0.05, 0);
    add(&result.wall, 20, 0.02, 0.01);
    warn(1);
    ck_assert(warned_of("the first sample is 2.5 times the median"));
}
END_TEST

START_TEST(clocks_that_disagree_are_told)
{
    add(&result.kernel, 20, 0.03, 0.001);
    add(&result.wall, 20, 0.02, 0.001);
    warn(1);
    ck_assert(warned_of("the device's time is 1.50 times the host's"));
    begin_again();
    add(&result.kernel, 20, 0.01, 0.001);
    add(&result.wall, 20, 0.02, 0.001);
    warn(2);
    ck_assert(warned_of("the host's time is 2.00 times the device's"));
    begin_again();
    add(&result.kernel, 20, 9.6e-6, 0.001); /* 0.8 ms of a window are what submitting costs */
    add(&result.wall, 20, 1e-5, 0.001);
    warn(2000);
    ck_assert(!warned_of("disagree"));
    begin_again();
    add(&result.kernel, 20, 1e-5, 0.001); /* a tenth of the launch */
    add(&result.wall, 20, 1e-4, 0.001);
    warn(200);
    ck_assert(warned_of("the host's time is 10.00 times the device's"));
}
END_TEST

START_TEST(short_windows_are_told)
{
    add(&result.wall, 20, 1e-3, 0.001);
    warn(9);
    ck_assert(warned_of("a window lasts 9.00 ms instead of 20.0 ms"));
    begin_again();
    add(&result.wall, 20, 1e-3, 0.001);
    warn(12);
    ck_assert(!warned_of("a window lasts"));
}
END_TEST

START_TEST(passes_shorter_than_a_launch_are_told)
{
    add(&result.wall, 20, 0.02, 0.001);
    add(&result.end_to_end, 10, 0.01, 0.001);
    warn(1);
    ck_assert(warned_of("end to end takes 0.50 times the launch alone"));
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("sampling");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, launches_fill_a_window);
    tcase_add_test(tests, blocks_are_short);
    tcase_add_test(tests, cpu_drivers_get_the_longer_window);
    tcase_add_test(tests, warm_is_when_three_agree);
    tcase_add_test(tests, sampling_ends);
    tcase_add_test(tests, rounds_must_agree);
    tcase_add_test(tests, zero_percent_means_a_limit);
    tcase_add_test(tests, passes_end);
    tcase_add_test(tests, order_is_a_permutation);
    tcase_add_test(tests, seeds_give_other_orders);
    tcase_add_test(tests, good_samples_are_not_warned_of);
    tcase_add_test(tests, nothing_measured_nothing_warned_of);
    tcase_add_test(tests, limits_are_told);
    tcase_add_test(tests, noise_is_told);
    tcase_add_test(tests, drift_is_told);
    tcase_add_test(tests, slow_start_is_told);
    tcase_add_test(tests, clocks_that_disagree_are_told);
    tcase_add_test(tests, short_windows_are_told);
    tcase_add_test(tests, passes_shorter_than_a_launch_are_told);
    return suite_run("sampling", tests);
}
