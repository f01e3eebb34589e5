/* SPDX-License-Identifier: Apache-2.0 */
/* How much is sampled, and what is wrong with the samples: decisions on numbers
 * alone.  Takes no time and asks no clock, so that it can be tested. */
#ifndef BENCH_SAMPLING_H
#define BENCH_SAMPLING_H

#include <hcbench.h>

#include "options.h"

/* What the sampling of a row has come to.  The times are sums of samples, not of
 * a clock of the conductor's. */
struct sampling {
    uint32_t launches; /* in a window */
    double launch_s;   /* of one launch, roughly */
    double spent_s;    /* in windows that count */
    uint32_t rounds;   /* that the row took part in */
};

/* Length of a window: what a clock's resolution and the cost of a submission call
 * for. */
double sampling_window_s(const struct options *options, const struct hcb_device_info *device);
/* Launches that fill a window, 1 to 10^6. */
uint32_t sampling_launches(double window_s, double launch_s);
/* Windows of one row in one round: as many as fit into the block, 1 to 5. */
unsigned sampling_block(const struct options *options, double window_s);
/* The same for end-to-end passes. */
unsigned sampling_passes_block(const struct options *options, double pass_s);

/* True when warming up can end: the last three windows lie within 5 % of each
 * other.  `launch_s` are the times per launch in order. */
bool sampling_has_settled(const double *launch_s, size_t count);

enum sampling_end {
    SAMPLING_GOES_ON,
    SAMPLING_DONE,   /* the interval is narrow enough, and there are enough samples */
    SAMPLING_LIMIT   /* the largest number of samples or the longest time */
};
/* Has a row enough samples of `clock`?  Never before HCB_RATIO_ROUNDS_MIN rounds,
 * without which a speedup has no interval. */
enum sampling_end sampling_end(const struct options *options, const struct hcb_clock_result *clock,
                               const struct sampling *sampling);
/* Likewise for end-to-end passes. */
bool sampling_passes_end(const struct options *options, const struct hcb_clock_result *clock,
                         const struct sampling *sampling);

/* The order of `count` rows in a round: a permutation that depends on seed and
 * round alone.  Writes it to `order`. */
void sampling_order(uint64_t seed, uint32_t round, size_t *order, size_t count);

/* Warns of what makes the samples of a finished row doubtful: a limit that ended
 * the sampling, noise, drift, a slow start, clocks that disagree, windows that are
 * too short.  `window_s` is the length that was wanted. */
void sampling_warn(const struct options *options, struct hcb_result *result,
                   const struct sampling *sampling, double window_s);

#endif
