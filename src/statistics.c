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

/* The place of the interval's ends from either side: the largest k with
 * P(Binomial(n, 1/2) < k) <= 0.025, which is 0 below six. */
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

/* Replaces the samples by the medians of their rounds and sorts them; returns how many
 * they are.  Of an even number of samples, the upper and the lower one in the middle
 * take turns: their mean lies above the median where large samples are rare. */
static size_t sort_medians(double *samples, const uint32_t *rounds, size_t n)
{
    size_t count = 0;
    for (size_t first = 0, end; first < n; first = end, count++) {
        for (end = first + 1; rounds != NULL && end < n && rounds[end] == rounds[first]; end++)
            continue;
        qsort(samples + first, end - first, sizeof *samples, compare_numbers);
        samples[count] = samples[first + (end - first - count % 2) / 2];
    }
    qsort(samples, count, sizeof *samples, compare_numbers);
    return count;
}

struct hcb_summary hcb_summarize(const double *samples, size_t n)
{
    return hcb_summarize_rounds(samples, NULL, n);
}

struct hcb_summary hcb_summarize_rounds(const double *samples, const uint32_t *rounds, size_t n)
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
    memcpy(sorted, samples, n * sizeof *sorted);
    const size_t count = sort_medians(sorted, rounds, n), tail = tail_count(count);
    if (tail >= 1) {
        summary.ci95_low = fmin(sorted[tail - 1], summary.median);
        summary.ci95_high = fmax(sorted[count - tail], summary.median);
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
    clock->summary = hcb_summarize_rounds(larger, rounds, n + count);
    return clock->summary.n == n + count;
}

/* ------------------------------------------------------------------- ratios */

enum { RESAMPLES = 2000 };

/* A sample, and the place of its round in the list of rounds. */
struct member {
    double sample;
    size_t round;
};

/* A clock by its rounds. */
struct blocks {
    size_t *first, *end; /* of each round, in the clock's samples */
    uint32_t *number;
    size_t count;
    struct member *sorted; /* by sample */
    size_t size;
    uint32_t *drawn; /* how often each round is in the resample */
};

static void free_blocks(struct blocks *blocks)
{
    free(blocks->first);
    free(blocks->end);
    free(blocks->number);
    free(blocks->sorted);
    free(blocks->drawn);
}

static bool make_blocks(const struct hcb_clock_result *clock, struct blocks *blocks)
{
    const size_t n = clock->summary.n;
    *blocks = (struct blocks){.first = malloc((n + 1) * sizeof *blocks->first),
                              .end = malloc((n + 1) * sizeof *blocks->end),
                              .number = malloc((n + 1) * sizeof *blocks->number),
                              .sorted = malloc((n + 1) * sizeof *blocks->sorted),
                              .drawn = malloc((n + 1) * sizeof *blocks->drawn)};
    if (blocks->first == NULL || blocks->end == NULL || blocks->number == NULL ||
        blocks->sorted == NULL || blocks->drawn == NULL)
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

static int compare_members(const void *a, const void *b)
{
    return compare_numbers(&((const struct member *)a)->sample, &((const struct member *)b)->sample);
}

/* Sorts the samples of the rounds that are left, once for all resamples. */
static void sort_samples(struct blocks *blocks, const double *samples)
{
    for (size_t round = 0; round < blocks->count; round++)
        for (size_t i = blocks->first[round]; i < blocks->end[round]; i++)
            blocks->sorted[blocks->size++] = (struct member){samples[i], round};
    qsort(blocks->sorted, blocks->size, sizeof *blocks->sorted, compare_members);
}

/* The median of the samples, each as often as its round was drawn. */
static double median_of_drawn(const struct blocks *blocks)
{
    uint64_t total = 0, seen = 0;
    size_t at = 0;
    for (size_t round = 0; round < blocks->count; round++)
        total += blocks->drawn[round] * (uint64_t)(blocks->end[round] - blocks->first[round]);
    /* The place of the lower of two in the middle, then of the upper. */
    while ((seen += blocks->drawn[blocks->sorted[at].round]) <= (total - 1) / 2)
        at++;
    const double lower = blocks->sorted[at].sample;
    while (seen <= total / 2)
        seen += blocks->drawn[blocks->sorted[++at].round];
    return (lower + blocks->sorted[at].sample) / 2;
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
    memset(a->drawn, 0, a->count * sizeof *a->drawn);
    memset(b->drawn, 0, b->count * sizeof *b->drawn);
    for (size_t i = 0; i < a->count; i++) {
        const size_t index = throw_dice(dice, a->count);
        a->drawn[index]++;
        if (paired)
            b->drawn[index]++;
    }
    for (size_t i = 0; i < b->count && !paired; i++)
        b->drawn[throw_dice(dice, b->count)]++;
}

/* Median of all samples that are left. */
static double median_of_all(struct blocks *blocks)
{
    for (size_t i = 0; i < blocks->count; i++)
        blocks->drawn[i] = 1;
    return median_of_drawn(blocks);
}

/* Keeps the rounds of `a` that `b` has too; returns how many. */
static size_t keep_common(struct blocks *a, const struct blocks *b)
{
    size_t kept = 0;
    for (size_t i = 0, j = 0; i < a->count; i++) {
        while (j < b->count && b->number[j] < a->number[i])
            j++;
        if (j == b->count || b->number[j] != a->number[i])
            continue;
        a->first[kept] = a->first[i];
        a->end[kept] = a->end[i];
        a->number[kept++] = a->number[i];
    }
    return kept;
}

/* Only common rounds are left: what one side did while the other was not measured
 * says nothing about the two. */
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
        ratios[i] = median_of_drawn(a) / median_of_drawn(b);
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
        sort_samples(&a, numerator->samples);
        sort_samples(&b, denominator->samples);
        result.ratio = median_of_all(&a) / median_of_all(&b);
        if (seed != NULL && a.count >= HCB_RATIO_ROUNDS_MIN && b.count >= HCB_RATIO_ROUNDS_MIN)
            bootstrap(&a, &b, pairs, *seed, ratios, &result);
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
