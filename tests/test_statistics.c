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

int main(void)
{
    TCase *tests = suite_case("statistics");
    tcase_add_test(tests, nothing);
    tcase_add_test(tests, quantiles);
    tcase_add_test(tests, interval_ranks);
    tcase_add_test(tests, interval_is_binomial);
    tcase_add_test(tests, samples_stay_as_they_are);
    return suite_run("statistics", tests);
}
