/* SPDX-License-Identifier: Apache-2.0 */
/* What an op is, as data.  Internal to src/. */
#ifndef HCB_CASE_H
#define HCB_CASE_H

#include "hcbench.h"

enum hcbi_dim { DIM_ONE, DIM_M, DIM_N, DIM_K };

/* An op is one of two forms.  Row-major: extents are rows, columns.
 * - Sum of products: out[i][j] = sum over l of a[i][l] b[l][j], where an op with one
 *   input has b = 1.
 * - Elementwise: out[i] = sum over the inputs j of factors[j] in_j[i]. */
struct hcbi_op {
    unsigned rank;     /* extents that the user gives */
    unsigned operands; /* inputs and one output, the last */
    bool is_extra;     /* see hcb_op_is_extra */
    double factors[HCB_INPUTS_MAX]; /* 0 for sums of products */
    enum hcbi_dim terms;            /* of sums of products */
    double flops_per_point;
    unsigned traffic; /* operands whose bytes are counted, as bits */
    enum hcbi_dim extents[HCB_OPERANDS_MAX][2];
};

extern const struct hcbi_op hcbi_ops[HCB_OP_COUNT];

bool hcbi_is_elementwise(enum hcb_op op);
/* out = in: exact in every format, for any input. */
bool hcbi_is_identity(enum hcb_op op);

uint64_t hcbi_extent(const struct hcb_case *c, enum hcbi_dim dim);

#endif
