/* SPDX-License-Identifier: Apache-2.0 */
/* Which parameters to try next.  Knows neither devices nor clocks: whoever asks for a
 * search holds the contests. */
#ifndef BENCH_TUNE_SEARCH_H
#define BENCH_TUNE_SEARCH_H

#include <hcbench.h>

/* Values of the parameters, in their order. */
struct tune_point {
    uint64_t values[HCB_PARAMETERS_MAX];
};

enum { TUNE_CONTENDERS_MAX = 4 };

/* Measures `count` points side by side, the best so far and one to three others, and
 * writes by how much each is faster than the first; NaN for what is of no use.  False
 * ends the search: there is no time left, or the first itself failed. */
typedef bool tune_hold(void *context, const struct tune_point *points, size_t count,
                          double *speedups);

/* Goes from the table's values to the best of those that differ in one parameter, and
 * on from there, until none is better or a contest ends it.  Near values are tried
 * before far ones, and no point twice.  `first` is tried before all others; NULL: none.
 * Writes the best to *best: a guess, as the luckiest of many contests looks better than
 * it is.  Returns how many points were tried besides the table, or -1 when memory is short. */
long tune_search(const struct hcb_parameters *parameters, const struct tune_point *first,
                 tune_hold *hold, void *context, struct tune_point *best);

#endif
