/* SPDX-License-Identifier: Apache-2.0 */
/* What rounding does to scaled operands, counted once for all rows that have the same. */
#ifndef BENCH_ROUNDINGS_H
#define BENCH_ROUNDINGS_H

#include <hcbench.h>

/* Empty when it is all 0. */
struct roundings {
    struct counted_operand *list; /* malloc'ed */
    size_t count;
};

void roundings_clear(struct roundings *roundings);

/* hcb_fill_rounding of a case, which is counted unless one with the same first operand
 * was.  False when a signal ended it (link_interrupted). */
bool roundings_find(struct roundings *roundings, const struct hcb_case *task, enum hcb_fill fill,
                    uint64_t seed, struct hcb_rounding *rounding);

#endif
