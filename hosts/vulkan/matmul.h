/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of a matrix product: parts that are small enough to be bound, counted in
 * 32 bits, and dispatched at once.  Internal to hosts/vulkan. */
#ifndef HCB_VULKAN_MATMUL_H
#define HCB_VULKAN_MATMUL_H

#include "vulkan.h"

enum { MATRIX_A, MATRIX_B, MATRIX_C };

/* One dispatch on a processor does at most this many multiply-adds, so that it stays under
 * a second. */
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

/* A kernel for GPUs whose workgroups compute tiles of C; the members from `extents` on
 * follow from the others. */
struct tile_kernel {
    const char *family;
    struct vulkan_specialization specialization;
    uint32_t aligned_constant; /* its number among the specialisation constants */
    uint32_t alignment;        /* elements of which all is a multiple where it is set */
    uint32_t rows, columns;    /* of a tile */
    uint32_t step;             /* terms */
    uint64_t most_terms;       /* of a workgroup, so that its loops take few turns */
    uint64_t splits; /* workgroups that share the terms of a tile, at most; 0: as it seems best */
    struct matmul_extents extents;
    uint64_t split_terms;      /* of a workgroup */
    uint64_t part_bytes;       /* of scratch memory for sums of parts of the terms, or 0 */
    const struct vulkan_memory *parts;
};

/* Fills in a plan's steps and depth. */
enum hcb_status hcbi_vulkan_prepare_tiles(struct vulkan_plan *plan, struct tile_kernel *kernel);
/* HCB_UNSUPPORTED when scratch memory does not fit. */
enum hcb_status hcbi_vulkan_check_tiles(const struct vulkan_device *device,
                                        const struct hcb_case *c, struct tile_kernel *kernel);
/* The kernels that choices of a case's parameters may use: the hash of their files, and a note of
 * them in a plan, whose hash is the same then. */
enum hcb_status hcbi_vulkan_families_hash(const struct vulkan_device *device,
                                          const struct hcb_case *c, const char *const *families,
                                          size_t count, char hash[65]);
enum hcb_status hcbi_vulkan_families_note(struct vulkan_plan *plan, const char *const *families,
                                          size_t count);
/* The numeric self-test of a kernel for the plan's precision, once per device and kernel.
 * HCB_WRONG when a product is, which is the error text then. */
enum hcb_status hcbi_vulkan_test_kernel(struct vulkan_plan *plan, const struct tile_kernel *kernel);
/* That of the tiles in shared memory, which every device can run, as the table has it. */
struct tile_kernel hcbi_vulkan_tile_kernel(const struct vulkan_device *device,
                                           const struct hcb_case *c);
/* That of cooperative matrices of a whole workgroup.  False when the driver lists none
 * for the case, the build lacks the kernel, or it cannot have the case's windows. */
bool hcbi_vulkan_workgroup_kernel(const struct vulkan_device *device, const struct hcb_case *c,
                                  struct tile_kernel *kernel);
/* Compute units to be kept busy. */
uint64_t hcbi_vulkan_units(const struct vulkan_device *device);
uint64_t hcbi_vulkan_tiles(const struct hcb_shape *s, uint32_t rows, uint32_t columns);

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
