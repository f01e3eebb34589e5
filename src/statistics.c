/* SPDX-License-Identifier: Apache-2.0 */
/* Order statistics of samples, and ratios of medians with their intervals.
 * Definitions are in hcbench.h. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hcbench.h"

static int compare_numbers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double p)
{
    const double position = (double)(n - 1) * p;
    const size_t below = (size_t)position;
    const double fraction = position - (double)below;
    if (below + 1 >= n)
        return sorted[n - 1];
    return sorted[below] + fraction * (sorted[below + 1] - sorted[below]);
}

/* The number of the k smallest samples that a 95 % interval of the median may
 * leave out: the largest k with P(Binomial(n, 1/2) < k) <= 0.025. */
static size_t tail_count(size_t n)
{
    double log_term = -(double)n * log(2), below = 0;
    for (size_t k = 0; k < n / 2; k++) {
        below += exp(log_term); /* P(X <= k) */
        if (below > 0.025)
            return k;
        log_term += log((double)(n - k) / (double)(k + 1));
    }
    return n / 2;
}

struct hcb_summary hcb_summarize(const double *samples, size_t n)
{
    struct hcb_summary summary = {.median = NAN,
                                  .q1 = NAN,
                                  .q3 = NAN,
                                  .min = NAN,
                                  .ci95_low = NAN,
                                  .ci95_high = NAN,
                                  .n = 0};
    double *sorted = n > 0 ? malloc(n * sizeof *sorted) : NULL;
    if (sorted == NULL)
        return summary;
    memcpy(sorted, samples, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_numbers);
    summary.n = n;
    summary.median = quantile(sorted, n, 0.5);
    summary.q1 = quantile(sorted, n, 0.25);
    summary.q3 = quantile(sorted, n, 0.75);
    summary.min = sorted[0];
    const size_t tail = tail_count(n);
    if (tail >= 1) {
        summary.ci95_low = sorted[tail - 1];
        summary.ci95_high = sorted[n - tail];
    }
    free(sorted);
    return summary;
}

void hcb_clock_clear(struct hcb_clock_result *clock)
{
    free(clock->samples);
    free(clock->rounds);
    *clock = (struct hcb_clock_result){0};
}

bool hcb_clock_add(struct hcb_clock_result *clock, uint32_t round, const double *samples, size_t count)
{
    if (count == 0)
        return true;
    const size_t n = clock->summary.n;
    double *larger = realloc(clock->samples, (n + count) * sizeof *larger);
    if (larger != NULL)
        clock->samples = larger;
    uint32_t *rounds = realloc(clock->rounds, (n + count) * sizeof *rounds);
    if (rounds != NULL)
        clock->rounds = rounds;
    if (larger == NULL || rounds == NULL)
        return false;
    memcpy(larger + n, samples, count * sizeof *larger);
    for (size_t i = 0; i < count; i++)
        rounds[n + i] = round;
    clock->summary = hcb_summarize(larger, n + count);
    return clock->summary.n == n + count;
}

/* ------------------------------------------------------------------- ratios */

enum { RESAMPLES = 2000 };

/* Rounds of a clock as runs of samples. */
struct blocks {
    const double *samples;
    size_t *first, *end; /* of each round */
    uint32_t *number;
    size_t count;
    double *drawn; /* room for the samples of a resample */
    size_t drawn_count;
};

static void free_blocks(struct blocks *blocks)
{
    free(blocks->first);
    free(blocks->end);
    free(blocks->number);
    free(blocks->drawn);
}

static bool make_blocks(const struct hcb_clock_result *clock, struct blocks *blocks)
{
    const size_t n = clock->summary.n;
    *blocks = (struct blocks){.samples = clock->samples,
                              .first = malloc((n + 1) * sizeof *blocks->first),
                              .end = malloc((n + 1) * sizeof *blocks->end),
                              .number = malloc((n + 1) * sizeof *blocks->number)};
    if (blocks->first == NULL || blocks->end == NULL || blocks->number == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || clock->rounds[i] != clock->rounds[i - 1]) {
            blocks->first[blocks->count] = i;
            blocks->number[blocks->count++] = clock->rounds[i];
        }
        blocks->end[blocks->count - 1] = i + 1;
    }
    return true;
}

static bool make_room(struct blocks *blocks)
{
    size_t longest = 1;
    for (size_t i = 0; i < blocks->count; i++)
        if (blocks->end[i] - blocks->first[i] > longest)
            longest = blocks->end[i] - blocks->first[i];
    blocks->drawn = malloc((blocks->count * longest + 1) * sizeof *blocks->drawn);
    return blocks->drawn != NULL;
}

static void draw_block(struct blocks *blocks, size_t index)
{
    const size_t first = blocks->first[index], count = blocks->end[index] - first;
    memcpy(blocks->drawn + blocks->drawn_count, blocks->samples + first, count * sizeof *blocks->drawn);
    blocks->drawn_count += count;
}

/* Uniform numbers below `bound`, one after the other. */
struct dice {
    uint32_t key[2], counter[4], words[4];
    unsigned left;
};

static size_t throw_dice(struct dice *dice, size_t bound)
{
    if (dice->left == 0) {
        hcb_philox4x32(dice->counter, dice->key, dice->words);
        dice->counter[0]++;
        dice->left = 4;
    }
    return (size_t)(((uint64_t)dice->words[--dice->left] * bound) >> 32);
}

static void swap(double *a, double *b)
{
    const double kept = *a;
    *a = *b;
    *b = kept;
}

/* The k-th smallest of n numbers, which are rearranged so that none before it is
 * larger (Hoare's "Find", Comm. ACM 4(7), 1961). */
static double select_kth(double *x, size_t n, size_t k)
{
    size_t low = 0, high = n - 1;
    while (low < high) {
        const double pivot = x[low + (high - low) / 2];
        size_t i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot)
                i++;
            while (x[j] > pivot)
                j--;
            if (i > j)
                break;
            swap(&x[i++], &x[j]);
            if (j == 0)
                break;
            j--;
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            return x[k];
    }
    return x[k];
}

static double median_of(double *x, size_t n)
{
    const double upper = select_kth(x, n, n / 2);
    double lower = upper;
    if (n % 2 == 0) {
        lower = x[0];
        for (size_t i = 1; i < n / 2; i++)
            lower = fmax(lower, x[i]);
    }
    return (lower + upper) / 2;
}

/* The 0.975 quantile of Student's t with `degrees` of freedom: Cornish-Fisher
 * expansion (Abramowitz and Stegun, 26.7.5), exact enough from three on. */
static double t_quantile(double degrees)
{
    const double z = 1.959963984540054, z2 = z * z, v = degrees;
    const double g1 = (z2 + 1) * z / 4, g2 = ((5 * z2 + 16) * z2 + 3) * z / 96,
                 g3 = (((3 * z2 + 19) * z2 + 17) * z2 - 15) * z / 384,
                 g4 = ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) * z / 92160;
    return z + g1 / v + g2 / (v * v) + g3 / (v * v * v) + g4 / (v * v * v * v);
}

/* The share of resamples that each end of the interval leaves out. */
static double tail_share(size_t rounds)
{
    const double b = (double)rounds;
    return erfc(sqrt(b / (b - 1)) * t_quantile(b - 1) / sqrt(2)) / 2;
}

/* One resample: fills both sides' `drawn`.  Paired sides have the same rounds. */
static void resample(struct blocks *a, struct blocks *b, bool paired, struct dice *dice)
{
    a->drawn_count = b->drawn_count = 0;
    for (size_t i = 0; i < a->count; i++) {
        const size_t index = throw_dice(dice, a->count);
        draw_block(a, index);
        if (paired)
            draw_block(b, index);
    }
    for (size_t i = 0; i < b->count && !paired; i++)
        draw_block(b, throw_dice(dice, b->count));
}

/* Median of all samples that are left; uses `drawn`. */
static double median_of_all(struct blocks *blocks)
{
    blocks->drawn_count = 0;
    for (size_t i = 0; i < blocks->count; i++)
        draw_block(blocks, i);
    return median_of(blocks->drawn, blocks->drawn_count);
}

/* Keeps the rounds of `a` that `b` has too; returns how many. */
static size_t keep_common(struct blocks *a, const struct blocks *b)
{
    size_t kept = 0;
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++)
            if (a->number[i] == b->number[j]) {
                a->first[kept] = a->first[i];
                a->end[kept] = a->end[i];
                a->number[kept++] = a->number[i];
                break;
            }
    return kept;
}

/* Only common rounds are left: what one
 * side did while the other was not measured says nothing about the two. */
static void pair_up(struct blocks *a, struct blocks *b)
{
    a->count = keep_common(a, b);
    b->count = keep_common(b, a);
}

static void bootstrap(struct blocks *a, struct blocks *b, bool paired, uint64_t seed, double *ratios,
                      struct hcb_ratio *result)
{
    struct dice dice = {.key = {(uint32_t)seed, (uint32_t)(seed >> 32)}};
    const size_t fewer = a->count < b->count ? a->count : b->count;
    const double tail = tail_share(fewer);
    for (size_t i = 0; i < RESAMPLES; i++) {
        resample(a, b, paired, &dice);
        ratios[i] = median_of(a->drawn, a->drawn_count) / median_of(b->drawn, b->drawn_count);
    }
    qsort(ratios, RESAMPLES, sizeof *ratios, compare_numbers);
    result->ci95_low = fmin(quantile(ratios, RESAMPLES, tail), result->ratio);
    result->ci95_high = fmax(quantile(ratios, RESAMPLES, 1 - tail), result->ratio);
}

/* With `seed` NULL the ratio alone. */
static struct hcb_ratio ratio_of(const struct hcb_clock_result *numerator,
                                 const struct hcb_clock_result *denominator, bool paired,
                                 const uint64_t *seed)
{
    struct hcb_ratio result = {NAN, NAN, NAN};
    struct blocks a, b;
    if (numerator->summary.n == 0 || denominator->summary.n == 0 || !(denominator->summary.median > 0))
        return result;
    result.ratio = numerator->summary.median / denominator->summary.median;
    double *ratios = malloc(RESAMPLES * sizeof *ratios);
    const bool good_a = make_blocks(numerator, &a), good_b = make_blocks(denominator, &b);
    if (ratios != NULL && good_a && good_b) {
        const bool pairs =
            paired && hcb_clock_common_rounds(numerator, denominator) >= HCB_RATIO_ROUNDS_MIN;
        if (pairs)
            pair_up(&a, &b);
        if (make_room(&a) && make_room(&b)) {
            result.ratio = median_of_all(&a) / median_of_all(&b);
            if (seed != NULL && a.count >= HCB_RATIO_ROUNDS_MIN && b.count >= HCB_RATIO_ROUNDS_MIN)
                bootstrap(&a, &b, pairs, *seed, ratios, &result);
        }
    }
    free_blocks(&a);
    free_blocks(&b);
    free(ratios);
    return result;
}

struct hcb_ratio hcb_clock_ratio(const struct hcb_clock_result *numerator,
                                 const struct hcb_clock_result *denominator, bool paired, uint64_t seed)
{
    return ratio_of(numerator, denominator, paired, &seed);
}

double hcb_clock_ratio_only(const struct hcb_clock_result *numerator,
                            const struct hcb_clock_result *denominator, bool paired)
{
    return ratio_of(numerator, denominator, paired, NULL).ratio;
}

size_t hcb_clock_common_rounds(const struct hcb_clock_result *a, const struct hcb_clock_result *b)
{
    size_t common = 0;
    for (size_t i = 0, j = 0; i < a->summary.n; i++) {
        if (i > 0 && a->rounds[i] == a->rounds[i - 1])
            continue;
        while (j < b->summary.n && b->rounds[j] < a->rounds[i])
            j++;
        common += j < b->summary.n && b->rounds[j] == a->rounds[i];
    }
    return common;
}
