/* SPDX-License-Identifier: Apache-2.0 */
/* The statistics of two runs.  doc/measurement.md explains them. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare/change.h"

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

/* What makes Qn right on average for small n (Croux and Rousseeuw, "Time-efficient
 * algorithms for two highly robust estimators of scale", COMPSTAT 1992). */
static double scale_correction(size_t n)
{
    static const double small[] = {[6] = 0.612, [7] = 0.857, [8] = 0.669, [9] = 0.872};
    if (n < 6)
        return 1;
    if (n < sizeof small / sizeof *small)
        return small[n];
    return (double)n / ((double)n + (n % 2 == 1 ? 1.4 : 3.8));
}

/* The share of the distances between n numbers that Qn takes the largest of: a
 * quarter, and more for small n. */
static double scale_share(size_t n)
{
    const double half = (double)(n / 2 + 1), all = (double)n;
    return half * (half - 1) / (all * (all - 1));
}

double change_scale_error(size_t n)
{
    return 1 / sqrt(2 * 0.82 * (double)n);
}

double change_scale(const double *numbers, const unsigned *groups, size_t n)
{
    enum { MOST = 400 };
    const size_t step = n > MOST ? (n + MOST - 1) / MOST : 1;
    double *distances = malloc(MOST * MOST / 2 * sizeof *distances), scale = (double)NAN;
    size_t count = 0, taken = 0;
    if (distances == NULL)
        return scale;
    for (size_t i = 0; i < n; i += step, taken++)
        for (size_t j = 0; j < i; j += step)
            if (groups == NULL || groups[i] == groups[j])
                distances[count++] = fabs(numbers[i] - numbers[j]);
    if (count >= CHANGE_SCALE_LEAST) {
        qsort(distances, count, sizeof *distances, compare_numbers);
        const size_t rank = (size_t)ceil(scale_share(taken) * (double)count);
        scale = 2.2219 * scale_correction(taken) * distances[rank - 1];
        scale *= 1 + change_scale_error(taken);
    }
    free(distances);
    return scale;
}

/* P(|T| > t) of Student's distribution with `degrees` of freedom (Abramowitz and
 * Stegun, 26.7.3 and 26.7.4); of the normal distribution for 0. */
static double outside_of(double t, unsigned degrees)
{
    if (degrees == 0)
        return erfc(t / sqrt(2));
    const double angle = atan(t / sqrt(degrees)), square = cos(angle) * cos(angle);
    double term = degrees % 2 == 1 ? cos(angle) : 1, sum = degrees > 1 ? term : 0;
    for (unsigned k = degrees % 2 == 1 ? 3 : 2; k < degrees; k += 2) {
        term *= square * (k - 1) / k;
        sum += term;
    }
    sum *= sin(angle);
    return 1 - (degrees % 2 == 1 ? (angle + sum) / acos(0) : sum);
}

double change_quantile(double outside, unsigned degrees)
{
    enum { MOST = 300 }; /* as so many, within half a percent of any more: the time grows with them */
    double low = 0, high = 1e9;
    for (int i = 0; i < 90; i++) {
        const double middle = (low + high) / 2;
        if (outside_of(middle, degrees < MOST ? degrees : MOST) > outside)
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

static unsigned count_rounds(const struct hcb_clock_result *clock)
{
    unsigned count = 1;
    for (size_t i = 1; i < clock->summary.n; i++)
        count += clock->rounds[i] != clock->rounds[i - 1];
    return count;
}

static void find_interval(const struct hcb_clock_result *base, const struct hcb_clock_result *now,
                          struct change *change)
{
    if (!has_samples(base) || !has_samples(now) || base->rounds == NULL || now->rounds == NULL)
        return;
    const struct hcb_ratio ratio = hcb_clock_ratio(base, now, false, SEED);
    if (!(ratio.ci95_low > 0) || !isfinite(ratio.ci95_high))
        return;
    change->below = log(ratio.ratio / ratio.ci95_low);
    change->above = log(ratio.ci95_high / ratio.ratio);
    change->degrees = count_rounds(base) + count_rounds(now) - 2;
}

/* Were the samples of a clock independent, the medians of the quarters of a run would
 * have four times the variance of the whole's median.  What they have more; NaN for
 * fewer than two samples in a quarter.  The summary's own interval is of rounds, which
 * contain drift. */
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
    const struct hcb_summary all = hcb_summarize(clock->samples, n);
    const double whole = log(all.ci95_high / all.ci95_low) / 2 / z95;
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

double change_noise_reach(const struct run_noise *noise)
{
    return isnan(noise->sd) ? (double)NAN : change_quantile(0.05, noise->degrees) * noise->sd;
}

static void set_intervals(struct change *change, const struct judgement *judgement)
{
    const double outside = fmax(0.05 / (double)judgement->changes, 1e-9);
    const double stretch = change_quantile(outside, change->degrees) / change_quantile(0.05, change->degrees);
    const struct run_noise *noise = &judgement->run;
    const double run = change_noise_reach(noise),
                 all_run = change_quantile(outside, noise->degrees) * noise->sd;
    const double least = change->log_speed - fmax(0, judgement->machine),
                 most = change->log_speed - fmin(0, judgement->machine);
    change->speed.ci95_low = exp(least - hypot(change->below, run));
    change->speed.ci95_high = exp(most + hypot(change->above, run));
    change->all_low = exp(least - hypot(stretch * change->below, all_run));
    change->all_high = exp(most + hypot(stretch * change->above, all_run));
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
        change->reason = "too few rounds for an interval";
        return;
    }
    set_intervals(change, judgement);
    change->verdict = find_verdict(change, judgement->threshold);
    if (change->verdict == VERDICT_UNCLEAR && is_beyond(change, judgement->threshold))
        change->reason = "may be chance among so many rows";
}
