/* SPDX-License-Identifier: Apache-2.0 */
/* How much of a matrix product a workgroup and a dispatch do.  Knows no API. */
#ifndef HCB_VULKAN_TILES_H
#define HCB_VULKAN_TILES_H

#include "hcbench.h"

/* What a driver lists for the types of a precision: workgroups of `invocations` multiply
 * matrices whose extents are multiples of these. */
struct workgroup_matrices {
    uint32_t m, n, k, invocations;
};

/* What matmul_workgroup.comp is specialised for, in the order of its constants. */
struct workgroup_tile {
    uint32_t invocations, rows, columns, step;
};

/* The largest tile that the driver lists, or the next smaller one where it gives some of
 * `units` compute units none.  `size`: bytes of an element of the inputs; `most`: extent
 * of a matrix, 0 where the driver does not say.  False, with *tile untouched, when none
 * is listed. */
bool hcbi_vulkan_workgroup_tile(const struct workgroup_matrices *listed, size_t count, uint32_t most,
                                size_t size, const struct hcb_shape *shape, uint64_t units,
                                struct workgroup_tile *tile);

/* Multiply-adds that one dispatch may do on a device with so many compute units. */
uint64_t hcbi_vulkan_dispatch_work(uint64_t units);

#endif
