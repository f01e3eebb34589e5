/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of a matrix product: parts that are small enough to be bound, counted in
 * 32 bits, and dispatched at once.  Internal to hosts/vulkan. */
#ifndef HCB_VULKAN_MATMUL_H
#define HCB_VULKAN_MATMUL_H

#include "vulkan.h"

enum { MATRIX_A, MATRIX_B, MATRIX_C };

/* One dispatch does at most this many multiply-adds, so that it stays under a
 * second on slow GPUs too. */
#define MATMUL_WORK_MAX (UINT64_C(1) << 37)
/* Columns in one dispatch. */
#define MATMUL_COLUMNS_MAX (UINT64_C(1) << 20)

/* A part of a product: rows and columns of C, and terms of the sums. */
struct matmul_window {
    uint64_t first_row, rows;
    uint64_t first_column, columns;
    uint64_t first_term, terms;
};

/* The largest extents of a window. */
struct matmul_extents {
    uint64_t rows, columns, terms;
};

/* Calls `visit` for each window of a plan, all terms of some rows and columns one
 * after the other.  *is_new_b tells that terms or columns differ from the last. */
typedef enum hcb_status matmul_visit(struct vulkan_plan *plan, const struct matmul_window *window,
                                     bool is_new_b, const void *data);
enum hcb_status hcbi_vulkan_windows(struct vulkan_plan *plan, const struct matmul_extents *extents,
                                    matmul_visit *visit, const void *data);

/* Elements of one operand that can be bound at once. */
uint64_t hcbi_vulkan_bindable(const struct vulkan_device *device, const struct hcb_case *c,
                              unsigned operand);
/* How many rows of `columns` elements, `stride` apart, `elements` hold; at least
 * 1, for columns <= elements. */
uint64_t hcbi_vulkan_rows_within(uint64_t elements, uint64_t columns, uint64_t stride);
/* `value`, a multiple of `step` when it is that large and less than `whole`. */
uint64_t hcbi_vulkan_tidy(uint64_t value, uint64_t step, uint64_t whole);
/* The longest chain of additions behind an element: those of the terms of one
 * window, then one for each window. */
uint64_t hcbi_vulkan_matmul_depth(const struct hcb_case *c, const struct matmul_extents *extents);

#endif
