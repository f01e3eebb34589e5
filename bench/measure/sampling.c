/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "measure/sampling.h"
#include "numbers.h"

/* ------------------------------------------------------------------- how much */

double sampling_window_s(const struct options *options, const struct hcb_device_info *device)
{
    static const double on_cpu[] = {[PRESET_DEFAULT] = 0.02, [PRESET_QUICK] = 0.01, [PRESET_FULL] = 0.2},
                        on_gpu[] = {[PRESET_DEFAULT] = 0.02, [PRESET_QUICK] = 0.01, [PRESET_FULL] = 0.05};
    const bool is_cpu = device->software || device->type == HCB_DEVICE_CPU;
    return (is_cpu ? on_cpu : on_gpu)[options->preset];
}

uint32_t sampling_launches(double window_s, double launch_s)
{
    return (uint32_t)fmin(fmax(1, ceil(window_s / launch_s)), 1e6);
}

/* End-to-end passes take a third of the time. */
static double passes_s(const struct options *options)
{
    return options->max_time_s / 3;
}

/* As many rounds as an interval of the speedup needs fit into the time. */
static unsigned block_of(double time_s, double window_s)
{
    const double block_s = fmin(0.1, time_s / HCB_RATIO_ROUNDS_MIN);
    return (unsigned)fmin(fmax(1, floor(block_s / fmax(window_s, 1e-6) + 1e-9)), 5);
}

unsigned sampling_block(const struct options *options, double window_s)
{
    return block_of(options->max_time_s, window_s);
}

unsigned sampling_passes_block(const struct options *options, double pass_s)
{
    return block_of(passes_s(options), pass_s);
}

bool sampling_has_settled(const double *launch_s, size_t count)
{
    double low = HUGE_VAL, high = 0;
    for (size_t i = count < 3 ? 0 : count - 3; i < count; i++) {
        low = fmin(low, launch_s[i]);
        high = fmax(high, launch_s[i]);
    }
    return count >= 3 && high <= 1.05 * low;
}

static double half_width(const struct hcb_summary *clock)
{
    return (clock->ci95_high - clock->ci95_low) / 2;
}

/* Never, when 0 % is asked for. */
static bool is_narrow(const struct options *options, const struct hcb_summary *clock)
{
    return options->ci_percent > 0 && half_width(clock) <= clock->median * options->ci_percent / 100;
}

enum sampling_end sampling_end(const struct options *options, const struct hcb_clock_result *clock,
                               const struct sampling *sampling)
{
    const struct hcb_summary *summary = &clock->summary;
    if (sampling->rounds < HCB_RATIO_ROUNDS_MIN)
        return SAMPLING_GOES_ON;
    if (summary->n >= options->min_runs && sampling->spent_s >= options->min_time_s &&
        is_narrow(options, summary))
        return SAMPLING_DONE;
    return summary->n >= options->max_runs || sampling->spent_s >= options->max_time_s ? SAMPLING_LIMIT
                                                                                      : SAMPLING_GOES_ON;
}

bool sampling_passes_end(const struct options *options, const struct hcb_clock_result *clock,
                         const struct sampling *sampling)
{
    const struct hcb_summary *summary = &clock->summary;
    return sampling->rounds >= HCB_RATIO_ROUNDS_MIN &&
           ((summary->n >= options->min_runs && is_narrow(options, summary)) ||
            summary->n >= options->max_runs || sampling->spent_s >= passes_s(options));
}

void sampling_order(uint64_t seed, uint32_t round, size_t *order, size_t count)
{
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    for (size_t i = 0; i < count; i++) {
        const uint32_t counter[4] = {(uint32_t)i, round, 0x6f726472};
        uint32_t words[4];
        hcb_philox4x32(counter, key, words);
        /* Fisher and Yates, inside out. */
        const size_t place = (size_t)(((uint64_t)words[0] * (i + 1)) >> 32);
        order[i] = order[place];
        order[place] = i;
    }
}

/* ------------------------------------------------------------------- warnings */

/* `what` names the samples, here and below: "" or "end to end: ". */
static void warn_of_limit(const struct options *options, struct hcb_result *result, const char *what,
                          const struct hcb_summary *clock, double limit_s)
{
    if (clock->n < options->min_runs)
        hcb_result_warn(result, "%s%zu samples only: stopped at the time limit of %.3g s", what, clock->n,
                        limit_s);
    else if (isnan(half_width(clock)))
        hcb_result_warn(result, "%s%zu samples are too few for an interval of the median", what, clock->n);
    else if (options->ci_percent > 0 && !is_narrow(options, clock))
        hcb_result_warn(result, "%sthe 95 %% interval of the median is +-%.1f %% after %zu samples", what,
                        half_width(clock) / clock->median * 100, clock->n);
}

static void warn_of_noise(struct hcb_result *result, const char *what, const struct hcb_summary *clock)
{
    const double spread = (clock->q3 - clock->q1) / clock->median;
    if (spread > 0.1)
        hcb_result_warn(result, "%snoise: the middle half of the samples spans %.0f %% of the median", what,
                        spread * 100);
}

/* Medians of the first and the last third, when they are apart by more than 5 %
 * and by more than the samples of a third scatter. */
static void warn_of_drift(struct hcb_result *result, const char *what, const struct hcb_clock_result *clock)
{
    const size_t third = clock->summary.n / 3;
    if (third < 3)
        return;
    const struct hcb_summary first = hcb_summarize(clock->samples, third),
                             last = hcb_summarize(clock->samples + clock->summary.n - third, third);
    const double change = last.median / first.median - 1;
    const double scatter = fmax(first.q3 - first.q1, last.q3 - last.q1) / first.median;
    if (fabs(change) > 0.05 && fabs(change) > scatter)
        hcb_result_warn(result, "%sdrift: the last third of the samples is %.0f %% %s than the first", what,
                        fabs(change) * 100, change > 0 ? "slower" : "faster");
}

static void warn_of_start(struct hcb_result *result, const struct hcb_clock_result *clock)
{
    const struct hcb_summary *s = &clock->summary;
    const double slow = clock->samples[0] / s->median;
    if (s->n >= 5 && slow > 1.25 && clock->samples[0] > s->q3 + 3 * (s->q3 - s->q1))
        hcb_result_warn(result, "the first sample is %.1f times the median: not warm yet", slow);
}

/* The device's time of a window lies within the host's, and the rest is what
 * submitting and waiting cost. */
static void warn_of_clocks(struct hcb_result *result, const struct sampling *sampling)
{
    const double usual_s = 1e-3 / sampling->launches; /* 1 ms a window */
    const double device = result->kernel.summary.median, host = result->wall.summary.median;
    if (result->kernel.summary.n == 0 || result->wall.summary.n == 0)
        return;
    if (device > 1.05 * host)
        hcb_result_warn(result, "the clocks disagree: the device's time is %.2f times the host's",
                        device / host);
    else if (result->task.op != HCB_OP_LAUNCH && host - device > fmax(usual_s, 0.25 * host))
        hcb_result_warn(result, "the clocks disagree: the host's time is %.2f times the device's",
                        host / device);
}

static void warn_of_window(struct hcb_result *result, const struct sampling *sampling, double window_s)
{
    /* Most of a launch that is waited for by itself is not the device's time. */
    const struct hcb_clock_result *clock =
        result->task.op == HCB_OP_LAUNCH ? &result->wall : hcb_result_clock(result);
    const double window = clock->summary.median * sampling->launches;
    char is[NUMBER_SIZE], wanted[NUMBER_SIZE];
    if (window < window_s / 2)
        hcb_result_warn(result, "a window lasts %s instead of %s: times are less exact",
                        number_seconds(window, is), number_seconds(window_s, wanted));
}

/* Uploading and downloading besides cannot make it shorter. */
static void warn_of_passes(struct hcb_result *result)
{
    const double whole = result->end_to_end.summary.median, part = hcb_result_clock(result)->summary.median;
    if (result->end_to_end.summary.n > 0 && whole < 0.8 * part)
        hcb_result_warn(result, "end to end takes %.2f times the launch alone: the speed has changed",
                        whole / part);
}

void sampling_warn(const struct options *options, struct hcb_result *result,
                   const struct sampling *sampling, double window_s)
{
    const struct hcb_clock_result *clock = hcb_result_clock(result);
    if (clock->summary.n == 0)
        return;
    warn_of_limit(options, result, "", &clock->summary, options->max_time_s);
    warn_of_noise(result, "", &clock->summary);
    warn_of_drift(result, "", clock);
    warn_of_start(result, clock);
    warn_of_clocks(result, sampling);
    warn_of_window(result, sampling, window_s);
    warn_of_passes(result);
    if (result->end_to_end.summary.n > 0) {
        warn_of_limit(options, result, "end to end: ", &result->end_to_end.summary, passes_s(options));
        warn_of_noise(result, "end to end: ", &result->end_to_end.summary);
        warn_of_drift(result, "end to end: ", &result->end_to_end);
    }
}
