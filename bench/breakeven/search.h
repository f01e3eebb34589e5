/* SPDX-License-Identifier: Apache-2.0 */
/* Which sizes are measured to find the break-evens of several contenders against
 * one baseline: a coarse sweep, then towards each crossing.  Measures through a
 * callback and knows neither devices nor processes. */
#ifndef BENCH_SEARCH_H
#define BENCH_SEARCH_H

#include "breakeven/crossing.h"

/* Both come out of one measurement. */
enum search_clock { CLOCK_KERNEL, CLOCK_END_TO_END, CLOCK_COUNT };
/* "kernel", "end_to_end"; NULL past the end. */
const char *search_clock_name(unsigned clock);

/* What a measurement at one size says of a contender. */
struct search_outcome {
    bool measured;
    bool goes_on; /* not measured, but smaller sizes may be */
    struct hcb_ratio ratios[CLOCK_COUNT]; /* NaN where there is none */
    double seconds; /* of one launch, end to end where that was measured */
};

/* Measures the contenders that are `wanted` at size n.  *baseline_s: seconds of one
 * launch of the baseline, NaN when it failed.  False ends the search. */
typedef bool search_measure(void *context, uint64_t n, const bool *wanted,
                            struct search_outcome *outcomes, double *baseline_s);

struct search_rules {
    struct size_grid grid;
    double coarse;     /* factor from one coarse size to the next */
    double exponent;   /* a launch takes size^exponent times as long */
    double longest_s;  /* sizes that take longer than this for one launch are left out */
    unsigned sizes;    /* measured at most, besides the coarse ones */
    struct crossing_rules crossing;
};

/* What is known of a contender. */
struct search_result {
    struct curve curves[CLOCK_COUNT];
    struct finding findings[CLOCK_COUNT];
    bool too_slow; /* larger sizes were left out for their time */
};

/* Fills in `results` of `count` contenders, which must be zeroed; free their curves
 * afterwards.  False when memory was short. */
bool search_run(const struct search_rules *rules, size_t count, search_measure *measure,
                void *context, struct search_result *results);

#endif
