/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of a matrix product; see matmul.h. */
#include "config.h"

#include "matmul.h"

enum hcb_status hcbi_vulkan_windows(struct vulkan_plan *plan, const struct matmul_extents *extents,
                                    matmul_visit *visit, const void *data)
{
    const struct hcb_shape *s = &plan->base.task.shape;
    for (uint64_t j = 0; j < s->n; j += extents->columns)
        for (uint64_t l = 0; l < s->k; l += extents->terms)
            for (uint64_t i = 0; i < s->m; i += extents->rows) {
                const struct matmul_window window = {
                    .first_row = i,
                    .rows = vulkan_min(s->m - i, extents->rows),
                    .first_column = j,
                    .columns = vulkan_min(s->n - j, extents->columns),
                    .first_term = l,
                    .terms = vulkan_min(s->k - l, extents->terms),
                };
                enum hcb_status status = visit(plan, &window, i == 0, data);
                if (status != HCB_OK)
                    return status;
            }
    return HCB_OK;
}

uint64_t hcbi_vulkan_bindable(const struct vulkan_device *device, const struct hcb_case *c,
                              unsigned operand)
{
    return device->window_bytes / hcb_type_size(hcb_operand_type(c, operand));
}

uint64_t hcbi_vulkan_rows_within(uint64_t elements, uint64_t columns, uint64_t stride)
{
    return (elements - columns) / stride + 1;
}

uint64_t hcbi_vulkan_tidy(uint64_t value, uint64_t step, uint64_t whole)
{
    return value >= whole || value < step ? vulkan_min(value, whole) : value / step * step;
}

uint64_t hcbi_vulkan_matmul_depth(const struct hcb_case *c, const struct matmul_extents *extents)
{
    return extents->terms + vulkan_divide_up(c->shape.k, extents->terms) - 1;
}
