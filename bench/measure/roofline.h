/* SPDX-License-Identifier: Apache-2.0 */
/* Roofs of the devices (Williams, Waterman, Patterson: "Roofline: an insightful
 * visual performance model for multicore architectures", CACM 52(4), 2009): what
 * multiply-adds and memory reach at most, and which share of the nearer roof a row
 * reaches. */
#ifndef BENCH_ROOFLINE_H
#define BENCH_ROOFLINE_H

#include "record.h"

/* Makes the rows that measure the roofs, when the options want them: `peak` for the
 * accumulators of the precisions that are run, `triad` and `copy` in f32.  False after
 * one line on stderr when memory is short. */
bool roofline_make_rows(struct record *record);

/* No peak was measured for that row's device, and one should be: the row is faster than
 * the host's clock confirms, or faster than nearly all devices. */
bool roofline_needs_look(const struct record *record, const struct hcb_result *result);
/* Makes rows for a short look: the peak of its accumulator on its device, and on the same
 * hardware behind other drivers.  False as above. */
bool roofline_add_looks(struct record *looks, const struct hcb_result *result);

/* Elements of the vectors of `triad` and `copy`: 2^23, on hardware GPUs 2^25, or as many
 * more as make two together four times as large as `cache_bytes` (0: unknown).  The
 * additional ones are bounded by an eighth of the device's memory for three, and by the
 * largest buffer for one. */
uint64_t roofline_vector_elements(const struct hcb_device_info *info, uint64_t cache_bytes);

/* The options for those rows: short samples, uniform numbers. */
struct options roofline_options(const struct options *options);

/* Takes the roofs from the finished rows into the devices, in place of any others; the
 * highest where several drivers are for one hardware (same_as). */
void roofline_gather(struct record *record);

/* GFLOP/s that a row's multiply-adds can reach at most, NaN when that was not
 * measured: for integers, and for matrix units, which `peak` does not use. */
double roofline_peak_gflops(const struct record *record, const struct hcb_result *result);

/* GB/s of the device's memory, for vectors that no cache holds a part of worth
 * mentioning: 1 GiB or more, and four times the last-level cache.  Else NaN. */
double roofline_memory_gbps(const struct record *record, const struct hcb_result *result);

/* The row that measured that roof best, to be measured again; NULL: there is none. */
struct hcb_result *roofline_row(const struct record *record, const struct hcb_result *result,
                                bool of_memory);

/* Takes over what `again` reached when that is more; `again` is cleared. */
void roofline_improve(struct hcb_result *row, struct hcb_result *again);

/* Fills in the row's share of the nearer roof, and which one that is.  A row whose
 * operands fit together into the device's last-level cache is not held against memory:
 * a matmul has the roof of compute alone; sums and dot products have no share, and
 * "cache" for the bound.  Where no roof is known both are taken away. */
void roofline_rate(const struct record *record, struct hcb_result *result);
/* Gathers the roofs and rates all rows: a roof may have risen since a row was
 * measured. */
void roofline_rate_all(struct record *record);

#endif
