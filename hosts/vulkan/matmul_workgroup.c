/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel for cooperative matrices of a whole workgroup: whether a case can have it,
 * and with which tile. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "matmul.h"

enum { UNIT_BYTES = 16 }; /* at which operands begin */

static bool is_whole(uint64_t extent, uint32_t step, uint64_t all)
{
    return extent == all || extent % step == 0;
}

/* Windows of whole tiles begin at units; those that are smaller need not. */
static bool has_whole_windows(const struct tile_kernel *kernel, const struct hcb_shape *s)
{
    return is_whole(kernel->extents.rows, kernel->rows, s->m) &&
           is_whole(kernel->extents.columns, kernel->columns, s->n) &&
           is_whole(kernel->extents.terms, kernel->step, s->k);
}

bool hcbi_vulkan_workgroup_kernel(const struct vulkan_device *device, const struct hcb_case *c,
                                  struct tile_kernel *kernel)
{
    const struct vulkan_workgroup_matrices *listed = &device->workgroup_matrices[c->precision];
    const size_t size = hcb_type_size(hcb_operand_type(c, MATRIX_A));
    struct workgroup_tile tile;
    char module[64];
    snprintf(module, sizeof module, "matmul_workgroup.%s.spv", hcb_precision_name(c->precision));
    if (!hcbi_vulkan_workgroup_tile(listed->list, listed->count, device->max_matrix_extent, size,
                                    &c->shape, hcbi_vulkan_units(device), &tile) ||
        !hcbi_vulkan_has_module(device, module))
        return false;
    *kernel = (struct tile_kernel){.family = "matmul_workgroup",
                                   .specialization = {.count = 5},
                                   .aligned_constant = 4,
                                   .alignment = UNIT_BYTES / (uint32_t)size,
                                   .rows = tile.rows,
                                   .columns = tile.columns,
                                   .step = tile.step,
                                   .most_terms = VULKAN_TURNS_MAX * tile.step};
    memcpy(kernel->specialization.values, &tile, sizeof tile);
    return hcbi_vulkan_check_tiles(device, c, kernel) == HCB_OK &&
           has_whole_windows(kernel, &c->shape);
}
