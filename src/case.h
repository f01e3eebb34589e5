/* SPDX-License-Identifier: Apache-2.0 */
/* What an op is, as data.  Internal to src/. */
#ifndef HCB_CASE_H
#define HCB_CASE_H

#include "hcbench.h"

enum hcbi_dim { DIM_ONE, DIM_M, DIM_N, DIM_K };

/* Every op is out[i][j] = sum over l of a[i][l] b[l][j], where an op with one
 * input has b = 1.  Row-major: extents are rows, columns. */
struct hcbi_op {
    unsigned rank;     /* extents that the user gives */
    unsigned operands; /* inputs and one output, the last */
    enum hcbi_dim terms;
    double flops_per_point;
    enum hcbi_dim extents[HCB_OPERANDS_MAX][2];
};

extern const struct hcbi_op hcbi_ops[HCB_OP_COUNT];

uint64_t hcbi_extent(const struct hcb_case *c, enum hcbi_dim dim);

#endif
