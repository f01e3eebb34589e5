/* SPDX-License-Identifier: Apache-2.0 */
/* Order statistics against values worked out by hand and against the binomial
 * distribution in whole numbers. */
#include "config.h"

#include <math.h>

#include "hcbench.h"
#include "suite.h"

/* The sorted samples are their own ranks: 1, 2, 3 ...; given in another order. */
static struct hcb_summary summary_of_ranks(size_t n)
{
    double *samples = malloc(n * sizeof *samples);
    ck_assert_ptr_nonnull(samples);
    for (size_t i = 0; i < n; i++)
        samples[i] = (double)(i % 2 == 0 ? n - i / 2 : i / 2 + 1);
    struct hcb_summary summary = hcb_summarize(samples, n);
    free(samples);
    return summary;
}

START_TEST(nothing)
{
    struct hcb_summary s = hcb_summarize(NULL, 0);
    ck_assert_uint_eq(s.n, 0);
    ck_assert(isnan(s.median) && isnan(s.q1) && isnan(s.q3) && isnan(s.min));
    ck_assert(isnan(s.ci95_low) && isnan(s.ci95_high));
}
END_TEST

/* Type 7 of Hyndman and Fan: position (n - 1) p, counted from 0. */
START_TEST(quantiles)
{
    static const struct {
        size_t n;
        double q1, median, q3;
    } rows[] = {{1, 1, 1, 1},      {2, 1.25, 1.5, 1.75}, {3, 1.5, 2, 2.5},  {4, 1.75, 2.5, 3.25},
                {5, 2, 3, 4},      {6, 2.25, 3.5, 4.75}, {9, 3, 5, 7},      {10, 3.25, 5.5, 7.75},
                {101, 26, 51, 76}, {1000, 250.75, 500.5, 750.25}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hcb_summary s = summary_of_ranks(rows[i].n);
        ck_assert_uint_eq(s.n, rows[i].n);
        ck_assert_double_eq(s.min, 1);
        ck_assert_double_eq_tol(s.q1, rows[i].q1, 1e-12);
        ck_assert_double_eq_tol(s.median, rows[i].median, 1e-12);
        ck_assert_double_eq_tol(s.q3, rows[i].q3, 1e-12);
    }
}
END_TEST

/* Ranks of the median's interval as tables of the sign test list them. */
START_TEST(interval_ranks)
{
    static const struct {
        size_t n, low;
    } rows[] = {{6, 1},  {7, 1},  {8, 1},   {9, 2},   {10, 2},   {11, 2},    {12, 3},    {15, 4},
                {20, 6}, {25, 8}, {30, 10}, {50, 18}, {100, 40}, {1000, 469}, {2000, 956}, {5000, 2431}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct hcb_summary s = summary_of_ranks(rows[i].n);
        ck_assert_double_eq(s.ci95_low, (double)rows[i].low);
        ck_assert_double_eq(s.ci95_high, (double)(rows[i].n - rows[i].low + 1));
    }
    for (size_t n = 1; n < 6; n++) {
        struct hcb_summary s = summary_of_ranks(n);
        ck_assert(isnan(s.ci95_low) && isnan(s.ci95_high));
    }
}
END_TEST

/* The same from binomial coefficients: the largest k with P(X < k) <= 1/40. */
START_TEST(interval_is_binomial)
{
    enum { LAST = 57 }; /* 40 * 2^57 still fits */
    uint64_t row[LAST + 1] = {1};
    for (unsigned n = 1; n <= LAST; n++) {
        for (unsigned i = n; i > 0; i--)
            row[i] += row[i - 1];
        uint64_t tail = 0;
        unsigned k = 0;
        while (40 * (tail + row[k]) <= UINT64_C(1) << n)
            tail += row[k++];
        struct hcb_summary s = summary_of_ranks(n);
        if (k == 0)
            ck_assert(isnan(s.ci95_low));
        else
            ck_assert_double_eq(s.ci95_low, k);
    }
}
END_TEST

/* `count` rounds with medians of 10, 20, 30 ..., in another order. */
static struct hcb_summary summary_of_rounds(uint32_t count, unsigned per_round)
{
    struct hcb_clock_result clock = {0};
    for (uint32_t r = 0; r < count; r++) {
        const double middle = 10 * ((7 * r) % count + 1), samples[] = {middle, middle + 1, middle - 1};
        ck_assert(hcb_clock_add(&clock, 5 * r, samples, per_round));
    }
    const struct hcb_summary summary = clock.summary;
    hcb_clock_clear(&clock);
    return summary;
}

START_TEST(a_round_counts_once)
{
    for (unsigned per_round = 1; per_round <= 3; per_round += 2) {
        struct hcb_summary s = summary_of_rounds(6, per_round);
        ck_assert_uint_eq(s.n, 6 * per_round);
        ck_assert(s.ci95_low == 10 && s.ci95_high == 60);
        s = summary_of_rounds(9, per_round);
        ck_assert(s.ci95_low == 20 && s.ci95_high == 80 && s.median == 50);
        s = summary_of_rounds(5, per_round);
        ck_assert(s.n == 5 * per_round && isnan(s.ci95_low) && isnan(s.ci95_high));
    }
}
END_TEST

/* Rounds 0, 2 ... give their upper sample: 11, 31 of rounds 0 and 2. */
START_TEST(pairs_take_turns)
{
    const double samples[] = {10, 11, 20, 21, 30, 31, 40, 41, 50, 51, 61, 60};
    const uint32_t rounds[] = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5};
    struct hcb_summary s = hcb_summarize_rounds(samples, rounds, 12);
    ck_assert(s.ci95_low == 11 && s.ci95_high == 60);
}
END_TEST

/* Most samples may be of one round. */
START_TEST(the_median_is_in_its_interval)
{
    double samples[30];
    uint32_t rounds[30];
    for (uint32_t i = 0; i < 30; i++) {
        rounds[i] = i < 8 ? i : 8;
        samples[i] = i < 8 ? i + 1 : 20;
    }
    struct hcb_summary s = hcb_summarize_rounds(samples, rounds, 30);
    ck_assert(s.median == 20 && s.ci95_low == 2 && s.ci95_high == 20);
}
END_TEST

START_TEST(samples_stay_as_they_are)
{
    const double samples[] = {3, 1, 2, 1};
    double copy[] = {3, 1, 2, 1};
    struct hcb_summary s = hcb_summarize(copy, 4);
    ck_assert_mem_eq(samples, copy, sizeof copy);
    ck_assert_double_eq(s.min, 1);
    ck_assert_double_eq(s.median, 1.5);
}
END_TEST

/* `per_round` samples of base * (1 + wave * sin) in each of `rounds` rounds; `shift`
 * moves all samples of round r by shift[r % 8]. */
static struct hcb_clock_result made_clock(uint32_t rounds, unsigned per_round, double base, unsigned salt,
                                          const double *shift)
{
    struct hcb_clock_result clock = {0};
    for (uint32_t r = 0; r < rounds; r++)
        for (unsigned i = 0; i < per_round; i++) {
            const double wiggle = 0.01 * sin(1.7 * (r * per_round + i) + salt);
            const double sample = base * (1 + wiggle) * (shift != NULL ? shift[r % 8] : 1);
            ck_assert(hcb_clock_add(&clock, r, &sample, 1));
        }
    return clock;
}

START_TEST(ratio_of_medians)
{
    struct hcb_clock_result a = made_clock(8, 5, 6, 0, NULL), b = made_clock(8, 5, 2, 3, NULL);
    const struct hcb_ratio ratio = hcb_clock_ratio(&a, &b, true, 1), again = hcb_clock_ratio(&a, &b, true, 1);
    ck_assert_double_eq(ratio.ratio, a.summary.median / b.summary.median);
    ck_assert(ratio.ci95_low <= ratio.ratio && ratio.ratio <= ratio.ci95_high);
    ck_assert(ratio.ci95_low > 2.9 && ratio.ci95_high < 3.1 && ratio.ci95_low < ratio.ci95_high);
    ck_assert_mem_eq(&ratio, &again, sizeof ratio);
    hcb_clock_clear(&a);
    hcb_clock_clear(&b);
    ck_assert(a.samples == NULL && a.rounds == NULL && a.summary.n == 0);
}
END_TEST

/* What slows a whole round down on both sides cancels when rounds are paired. */
START_TEST(paired_rounds_cancel_drift)
{
    static const double drift[8] = {1, 1.3, 0.8, 1.1, 1.5, 0.9, 1.2, 0.7};
    struct hcb_clock_result a = made_clock(16, 3, 1, 0, drift), b = made_clock(16, 3, 1, 5, drift);
    const struct hcb_ratio paired = hcb_clock_ratio(&a, &b, true, 1), apart = hcb_clock_ratio(&a, &b, false, 1);
    const double narrow = paired.ci95_high - paired.ci95_low, wide = apart.ci95_high - apart.ci95_low;
    ck_assert(narrow < wide / 4);
    ck_assert(paired.ci95_low <= 1 && 1 <= paired.ci95_high);
    hcb_clock_clear(&a);
    hcb_clock_clear(&b);
}
END_TEST

/* Rounds, not samples, are drawn: many samples of few rounds make no narrow interval. */
START_TEST(rounds_are_drawn_whole)
{
    static const double drift[8] = {1, 1.3, 0.8, 1.1, 1.5, 0.9, 1.2, 0.7};
    struct hcb_clock_result few = made_clock(8, 2, 1, 0, drift), many = made_clock(8, 200, 1, 0, drift),
                            one = made_clock(8, 2, 1, 9, NULL);
    const struct hcb_ratio a = hcb_clock_ratio(&few, &one, false, 1), b = hcb_clock_ratio(&many, &one, false, 1);
    ck_assert(b.ci95_high - b.ci95_low > 0.7 * (a.ci95_high - a.ci95_low));
    hcb_clock_clear(&few);
    hcb_clock_clear(&many);
    hcb_clock_clear(&one);
}
END_TEST

/* What one side did while the other was no longer measured does not count. */
START_TEST(only_common_rounds_count)
{
    struct hcb_clock_result row = made_clock(6, 5, 1, 0, NULL), longer = made_clock(6, 5, 2, 3, NULL),
                            few = made_clock(5, 5, 1, 0, NULL);
    const double slow = 2.5;
    for (uint32_t round = 6; round < 40; round++)
        for (int i = 0; i < 5; i++)
            ck_assert(hcb_clock_add(&longer, round, &slow, 1));
    const struct hcb_ratio ratio = hcb_clock_ratio(&longer, &row, true, 1), turned = hcb_clock_ratio(&row, &longer, true, 1);
    ck_assert(fabs(ratio.ratio - 2) < 0.03 && ratio.ci95_low > 1.9 && ratio.ci95_high < 2.1);
    ck_assert(fabs(turned.ratio - 0.5) < 0.01 && turned.ci95_high < 0.53);
    ck_assert_double_eq(hcb_clock_ratio_only(&longer, &row, true), ratio.ratio);
    ck_assert_double_eq(hcb_clock_ratio_only(&longer, &row, false), slow / row.summary.median);
    ck_assert_double_eq(hcb_clock_ratio_only(&longer, &few, true), slow / few.summary.median); /* too few */
    ck_assert_uint_eq(hcb_clock_common_rounds(&longer, &row), 6);
    ck_assert_uint_eq(hcb_clock_common_rounds(&row, &longer), 6);
    ck_assert_uint_eq(hcb_clock_common_rounds(&few, &longer), 5);
    hcb_clock_clear(&row);
    hcb_clock_clear(&longer);
    hcb_clock_clear(&few);
}
END_TEST

START_TEST(too_few_rounds_for_an_interval)
{
    struct hcb_clock_result a = made_clock(3, 50, 1, 0, NULL), b = made_clock(8, 5, 1, 5, NULL), none = {0};
    struct hcb_ratio ratio = hcb_clock_ratio(&a, &b, false, 1);
    ck_assert(isfinite(ratio.ratio) && isnan(ratio.ci95_low) && isnan(ratio.ci95_high));
    ratio = hcb_clock_ratio(&none, &b, false, 1);
    ck_assert(isnan(ratio.ratio) && isnan(ratio.ci95_low));
    ratio = hcb_clock_ratio(&b, &none, true, 1);
    ck_assert(isnan(ratio.ratio) && isnan(ratio.ci95_low));
    hcb_clock_clear(&a);
    hcb_clock_clear(&b);
}
END_TEST

/* Uniform in (0, 1). */
static double uniform(uint64_t seed, uint32_t index)
{
    const uint32_t counter[4] = {index}, key[2] = {(uint32_t)seed, 7};
    uint32_t out[4];
    hcb_philox4x32(counter, key, out);
    return (out[0] + 0.5) * 0x1p-32;
}

/* Two clocks of one speed with common drift, their own noise and a slow sample now
 * and then. */
static struct hcb_clock_result noisy_clock(uint64_t seed, uint32_t side, uint32_t windows)
{
    struct hcb_clock_result clock = {0};
    double drift = 0;
    for (uint32_t r = 0; r < HCB_RATIO_ROUNDS_MIN; r++) {
        drift += 0.05 * (uniform(seed, r) - 0.5);
        const double own = 0.04 * (uniform(seed, 100 + 50 * side + r) - 0.5);
        for (uint32_t i = 0; i < windows; i++) {
            const double u = uniform(seed, 1000 + 1000 * side + 10 * r + i);
            const double sample = exp(drift + own + 0.03 * u) * (u > 0.9 ? 1.3 : 1);
            ck_assert(hcb_clock_add(&clock, r, &sample, 1));
        }
    }
    return clock;
}

/* 95 % of intervals should contain the truth; the fewest rounds, of five windows and of
 * one, are few. */
START_TEST(intervals_contain_the_truth)
{
    enum { TRIALS = 400 };
    const uint32_t windows = _i == 0 ? 5 : 1;
    unsigned inside = 0, telling = 0;
    for (uint64_t seed = 1; seed <= TRIALS; seed++) {
        struct hcb_clock_result a = noisy_clock(seed, 0, windows),
                                b = noisy_clock(seed, 1, windows);
        const struct hcb_ratio ratio = hcb_clock_ratio(&a, &b, true, seed);
        inside += ratio.ci95_low <= 1 && 1 <= ratio.ci95_high;
        telling += ratio.ci95_high - ratio.ci95_low < 0.15;
        hcb_clock_clear(&a);
        hcb_clock_clear(&b);
    }
    ck_assert_msg(inside >= 0.93 * TRIALS, "only %u of %d intervals contain 1", inside, TRIALS);
    ck_assert_msg(windows == 1 || telling >= 0.9 * TRIALS, "only %u of %d intervals are narrow", telling, TRIALS);
}
END_TEST

/* A standard normal number (Box and Muller). */
static double normal(uint64_t seed, uint32_t index)
{
    return sqrt(-2 * log(uniform(seed, 2 * index))) * cos(6.283185307179586 * uniform(seed, 2 * index + 1));
}

static const struct {
    uint32_t rounds, windows;
    double of_round, of_window; /* standard deviations */
    bool skewed;
} series[] = {
    {6, 5, 0.02, 0.01, false},  {10, 5, 0.02, 0.01, false}, {20, 5, 0.02, 0.01, false},
    {6, 5, 0, 0.01, false},     {10, 5, 0, 0.01, false},    {20, 5, 0, 0.01, false},
    {6, 2, 0.02, 0.01, false},  {20, 4, 0.02, 0.01, false}, {40, 1, 0, 0.01, false},
    {50, 2, 0, 0.01, true},     {50, 4, 0, 0.01, true},
};

/* Windows of a round are alike, or not, or seldom slow: the interval holds the median. */
START_TEST(intervals_contain_the_median)
{
    enum { TRIALS = 1000 };
    double samples[200], width = 0, plain_width = 0;
    uint32_t rounds[200];
    unsigned inside = 0;
    for (uint64_t seed = 1; seed <= TRIALS; seed++) {
        uint32_t n = 0;
        for (uint32_t r = 0; r < series[_i].rounds; r++)
            for (uint32_t i = 0; i < series[_i].windows; i++, n++) {
                const double window = series[_i].skewed ? log(0.5 / uniform(seed, 2 * n)) : normal(seed, n);
                rounds[n] = r;
                samples[n] = 1 + series[_i].of_round * normal(seed, 1000 + r) + series[_i].of_window * window;
            }
        const struct hcb_summary s = hcb_summarize_rounds(samples, rounds, n),
                                 plain = hcb_summarize(samples, n);
        inside += s.ci95_low <= 1 && 1 <= s.ci95_high;
        width += s.ci95_high - s.ci95_low;
        plain_width += plain.ci95_high - plain.ci95_low;
    }
    ck_assert_msg(inside >= 0.93 * TRIALS, "only %u of %d intervals contain the median", inside, TRIALS);
    /* Where windows are independent, little is lost. */
    ck_assert_msg(series[_i].of_round > 0 || width < 1.5 * plain_width, "%.2f times as wide",
                  width / plain_width);
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("statistics");
    tcase_add_test(tests, ratio_of_medians);
    tcase_add_test(tests, paired_rounds_cancel_drift);
    tcase_add_test(tests, rounds_are_drawn_whole);
    tcase_add_test(tests, only_common_rounds_count);
    tcase_add_test(tests, too_few_rounds_for_an_interval);
    tcase_add_loop_test(tests, intervals_contain_the_truth, 0, 2);
    tcase_add_test(tests, nothing);
    tcase_add_test(tests, quantiles);
    tcase_add_test(tests, interval_ranks);
    tcase_add_test(tests, interval_is_binomial);
    tcase_add_test(tests, a_round_counts_once);
    tcase_add_test(tests, pairs_take_turns);
    tcase_add_test(tests, the_median_is_in_its_interval);
    tcase_add_loop_test(tests, intervals_contain_the_median, 0, (int)(sizeof series / sizeof *series));
    tcase_add_test(tests, samples_stay_as_they_are);
    return suite_run("statistics", tests);
}
