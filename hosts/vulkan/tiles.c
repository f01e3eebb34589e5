/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles of matmul_workgroup.comp, and the work of a dispatch; see tiles.h. */
#include "config.h"

#include "tiles.h"

/* Best first, from large to small: at most 128 sums in the registers of an invocation. */
static const struct {
    uint32_t invocations, rows, columns;
} sizes[] = {{256, 128, 256}, {256, 128, 128}, {128, 128, 128}, {128, 64, 64}, {256, 64, 64}};

enum { STEP_BYTES = 128 }; /* of a row of A: a cache line */

static bool is_listed(const struct workgroup_matrices *m, const struct workgroup_tile *tile,
                      uint32_t most)
{
    return m->invocations == tile->invocations && m->m > 0 && m->n > 0 && m->k > 0 &&
           tile->rows % m->m == 0 && tile->columns % m->n == 0 && tile->step % m->k == 0 &&
           (most == 0 || (tile->rows <= most && tile->columns <= most && tile->step <= most));
}

/* 64 lanes at 1 GHz do four times as many in a second.  Small dispatches leave units
 * without work at their ends. */
static const uint64_t unit_work = UINT64_C(1) << 34, least_work = UINT64_C(1) << 37;

uint64_t hcbi_vulkan_dispatch_work(uint64_t units)
{
    return units < least_work / unit_work ? least_work : units * unit_work;
}

static uint64_t tiles_of(const struct hcb_shape *s, const struct workgroup_tile *tile)
{
    return ((s->m - 1) / tile->rows + 1) * ((s->n - 1) / tile->columns + 1);
}

bool hcbi_vulkan_workgroup_tile(const struct workgroup_matrices *listed, size_t count, uint32_t most,
                                size_t size, const struct hcb_shape *shape, uint64_t units,
                                struct workgroup_tile *tile)
{
    bool found = false;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const struct workgroup_tile candidate = {sizes[i].invocations, sizes[i].rows,
                                                 sizes[i].columns, STEP_BYTES / (uint32_t)size};
        size_t j = 0;
        while (j < count && !is_listed(&listed[j], &candidate, most))
            j++;
        if (j == count || (found && candidate.rows * candidate.columns == tile->rows * tile->columns))
            continue;
        *tile = candidate;
        found = true;
        if (tiles_of(shape, tile) >= units)
            break;
    }
    return found;
}
