/* SPDX-License-Identifier: Apache-2.0 */
/* What 16-bit inputs, and f32 in 16-bit halves, gain and cost beside f32 on the same device. */
#ifndef BENCH_PAIRS_H
#define BENCH_PAIRS_H

#include "record.h"

/* What both views have for a title and say below it. */
#define MIXED_TITLE "16 bits beside f32"
#define MIXED_LEGEND                                                                               \
    "The fastest impl of each on the device. The two were not measured in turns: the interval "    \
    "does not cancel what changed in between. saved: bytes that the operands in f32 have more; "   \
    "err/bound: largest error of an element over its rounding error bound; error: relative, in "   \
    "the Frobenius norm; both against f64 on the same inputs, which are those of f32 for f32x2, "  \
    "rounded ones for the others; rounding: error of the first operand when it is rounded to 16 "  \
    "bits, which the errors of f16f32 and bf16f32 leave out and f32x2 is spared."

/* A row with 16-bit inputs and 32-bit sums or of f32x2, and the one in f32 of the same device, op,
 * shape and sum; of each the fastest impl. */
struct mixed {
    const struct hcb_result *row, *f32;
    struct hcb_ratio speed; /* the time of f32 over that of the row */
    double saved_bytes;     /* that the operands in f32 have more */
    double rounding; /* relative error of the first operand in 16 bits, from its first elements; NaN
                      * for integers and zeros */
};

/* All pairs among the record's rows that are ok and were timed by the same clock, in the
 * order of the rows.  The ratios are unpaired: rows of two precisions are measured one
 * after the other.  `*list` is malloc'ed; false when memory is short. */
bool mixed_find(const struct record *record, struct mixed **list, size_t *count);

#endif
