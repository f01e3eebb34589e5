/* SPDX-License-Identifier: Apache-2.0 */
/* The reference computation, a block of output elements at a time.  Internal to
 * src/. */
#ifndef HCB_REFERENCE_H
#define HCB_REFERENCE_H

#include "hcbench.h"

/* Output elements that a block aims at, and holds at most. */
enum { REFERENCE_SAMPLE = 4096, REFERENCE_BLOCK = REFERENCE_SAMPLE + 64 };

/* The elements rows[i], columns[j] of the output; row_count * column_count is at
 * most REFERENCE_BLOCK. */
struct reference_block {
    uint64_t rows[REFERENCE_BLOCK], columns[REFERENCE_BLOCK];
    size_t row_count, column_count;
    /* Results, row by row: the value is sum + low, magnitude is (|A||B|)_ij; of f32x2 with
     * each |a| and |b| at least 2^-13, see hcb_verify. */
    double sum[REFERENCE_BLOCK], low[REFERENCE_BLOCK], magnitude[REFERENCE_BLOCK];
    double *gathered; /* REFERENCE_GATHERED numbers */
};

/* NULL when memory is short. */
struct reference_block *hcbi_reference_new(void);
void hcbi_reference_free(struct reference_block *block);

/* Computes sum, low and magnitude of the block. */
void hcbi_reference_compute(const struct hcb_case *c, const void *const inputs[],
                            struct reference_block *block);

/* Splits `extent` into the rows or columns that start at `first`, `limit` at
 * most; returns how many. */
size_t hcbi_reference_span(uint64_t first, uint64_t extent, size_t limit, uint64_t *indices);

/* The block's shape for whole outputs: fills *rows and *columns with limits
 * whose product is REFERENCE_SAMPLE, or the next multiple of the shorter side. */
void hcbi_reference_tile(uint64_t m, uint64_t n, size_t *rows, size_t *columns);

#endif
