/* SPDX-License-Identifier: Apache-2.0 */
/* The statistics of two runs.  doc/measurement.md explains them. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"

enum { SEED = 1, QUARTERS = 4 };
static const double z95 = 1.959963984540054;

const char *verdict_name(unsigned verdict)
{
    static const char *const names[] = {
        [VERDICT_SAME] = "same", [VERDICT_FASTER] = "faster", [VERDICT_SLOWER] = "slower",
        [VERDICT_UNCLEAR] = "unclear", [VERDICT_NEW] = "new", [VERDICT_GONE] = "gone",
        [VERDICT_BROKEN] = "broken", [VERDICT_FIXED] = "fixed"};
    return verdict < VERDICT_COUNT ? names[verdict] : NULL;
}

/* ------------------------------------------------------------------ small tools */

static int compare_numbers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double change_median(double *numbers, size_t n)
{
    if (n == 0)
        return (double)NAN;
    qsort(numbers, n, sizeof *numbers, compare_numbers);
    return (numbers[(n - 1) / 2] + numbers[n / 2]) / 2;
}

double change_deviation(double *numbers, size_t n)
{
    const double middle = change_median(numbers, n);
    for (size_t i = 0; i < n; i++)
        numbers[i] = fabs(numbers[i] - middle);
    return 1.4826 * change_median(numbers, n);
}

/* The normal quantile z with P(|Z| > z) = `outside`, by bisection. */
static double normal_quantile(double outside)
{
    double low = 0, high = 40;
    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2;
        if (erfc(middle / sqrt(2)) > outside)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* -------------------------------------------------------------------- measuring */

static bool has_samples(const struct hcb_clock_result *clock)
{
    return clock->summary.n > 0 && clock->samples != NULL;
}

static bool has_median(const struct hcb_clock_result *clock)
{
    return clock->summary.n > 0 && clock->summary.median > 0 && isfinite(clock->summary.median);
}

static bool are_identical(const struct hcb_clock_result *a, const struct hcb_clock_result *b)
{
    return a->summary.n == b->summary.n && has_samples(a) && has_samples(b) &&
           memcmp(a->samples, b->samples, a->summary.n * sizeof *a->samples) == 0;
}

/* Logarithmic distances of the median to the ends of its interval. */
static double below_median(const struct hcb_summary *summary)
{
    return log(summary->median / summary->ci95_low);
}

static double above_median(const struct hcb_summary *summary)
{
    return log(summary->ci95_high / summary->median);
}

/* The interval of a ratio of two independent medians from theirs: squared distances
 * to the ends add up (Zou and Donner, "Construction of confidence limits about effect
 * measures: a general approach", Statistics in Medicine 27(10), 2008). */
static void join_intervals(const struct hcb_summary *base, const struct hcb_summary *now,
                           struct change *change)
{
    change->below = hypot(below_median(base), above_median(now));
    change->above = hypot(above_median(base), below_median(now));
}

static void find_interval(const struct hcb_clock_result *base, const struct hcb_clock_result *now,
                          struct change *change)
{
    struct hcb_ratio ratio = {(double)NAN, (double)NAN, (double)NAN};
    if (has_samples(base) && has_samples(now) && base->rounds != NULL && now->rounds != NULL)
        ratio = hcb_clock_ratio(base, now, false, SEED);
    if (ratio.ci95_low > 0 && isfinite(ratio.ci95_high)) {
        change->below = log(ratio.ratio / ratio.ci95_low);
        change->above = log(ratio.ci95_high / ratio.ratio);
    } else {
        join_intervals(&base->summary, &now->summary, change);
    }
    if (!isfinite(change->below) || !isfinite(change->above))
        change->below = change->above = (double)NAN;
}

/* Were the samples of a clock independent, the medians of the quarters of a run would
 * have four times the variance of the whole's median.  What they have more; NaN for
 * fewer than two samples in a quarter. */
static double drift_of(const struct hcb_clock_result *clock)
{
    const size_t n = clock->summary.n;
    double medians[QUARTERS], mean = 0, variance = 0;
    if (!has_samples(clock) || n < 2 * QUARTERS)
        return (double)NAN;
    for (size_t i = 0; i < QUARTERS; i++) {
        const size_t first = n * i / QUARTERS, end = n * (i + 1) / QUARTERS;
        medians[i] = log(hcb_summarize(clock->samples + first, end - first).median);
        mean += medians[i] / QUARTERS;
    }
    for (size_t i = 0; i < QUARTERS; i++)
        variance += (medians[i] - mean) * (medians[i] - mean) / (QUARTERS - 1);
    const double whole = (below_median(&clock->summary) + above_median(&clock->summary)) / 2 / z95;
    return variance - QUARTERS * whole * whole;
}

struct change change_measure(const struct hcb_clock_result *base, const struct hcb_clock_result *now)
{
    struct change change = {
        .exists = has_median(base) || has_median(now),
        .base_s = has_median(base) ? base->summary.median : (double)NAN,
        .new_s = has_median(now) ? now->summary.median : (double)NAN,
        .speed = {(double)NAN, (double)NAN, (double)NAN},
        .all_low = (double)NAN, .all_high = (double)NAN,
        .verdict = VERDICT_UNCLEAR, .reason = "",
        .log_speed = (double)NAN, .below = (double)NAN, .above = (double)NAN, .drift = (double)NAN};
    if (!has_median(base) || !has_median(now))
        return change;
    change.speed.ratio = change.base_s / change.new_s;
    change.log_speed = log(change.speed.ratio);
    change.identical = are_identical(base, now);
    change.drift = (drift_of(base) + drift_of(now)) / 2;
    find_interval(base, now, &change);
    return change;
}

/* ---------------------------------------------------------------------- judging */

static void set_intervals(struct change *change, const struct judgement *judgement)
{
    const double scale = normal_quantile(0.05 / (double)judgement->changes) / z95;
    const double between = z95 * judgement->run_sd;
    const double below = hypot(change->below, between), above = hypot(change->above, between);
    const double least = change->log_speed - fmax(0, judgement->machine),
                 most = change->log_speed - fmin(0, judgement->machine);
    change->speed.ci95_low = exp(least - below);
    change->speed.ci95_high = exp(most + above);
    change->all_low = exp(least - scale * below);
    change->all_high = exp(most + scale * above);
}

static enum verdict find_verdict(const struct change *change, double threshold)
{
    const double limit = 1 + threshold / 100;
    if (change->speed.ci95_high < 1 / limit && change->all_high < 1)
        return VERDICT_SLOWER;
    if (change->speed.ci95_low > limit && change->all_low > 1)
        return VERDICT_FASTER;
    if (change->speed.ci95_low >= 1 / limit && change->speed.ci95_high <= limit)
        return VERDICT_SAME;
    return VERDICT_UNCLEAR;
}

static bool is_beyond(const struct change *change, double threshold)
{
    const double limit = 1 + threshold / 100;
    return change->speed.ci95_high < 1 / limit || change->speed.ci95_low > limit;
}

void change_judge(struct change *change, const struct judgement *judgement)
{
    if (change->identical) {
        change->speed.ci95_low = change->speed.ci95_high = change->all_low = change->all_high = 1;
        change->verdict = VERDICT_SAME;
        return;
    }
    if (isnan(change->base_s) || isnan(change->new_s)) {
        change->reason = isnan(change->base_s) ? "BASE has no time" : "NEW has no time";
        return;
    }
    if (isnan(change->below)) {
        change->reason = "too few samples for an interval";
        return;
    }
    set_intervals(change, judgement);
    change->verdict = find_verdict(change, judgement->threshold);
    if (change->verdict == VERDICT_UNCLEAR && is_beyond(change, judgement->threshold))
        change->reason = "may be chance among so many rows";
}
