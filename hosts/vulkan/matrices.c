/* SPDX-License-Identifier: Apache-2.0 */
/* The cooperative matrices that a driver lists, and which of them is used. */
#include "config.h"

#include <stdlib.h>

#include "vulkan.h"

/* Component types of the inputs and of the accumulator, by precision. */
static const struct matrix_types {
    enum hcb_precision precision;
    uint32_t input, accumulator;
} types[] = {
    {HCB_PRECISION_F16F32, COMPAT_COMPONENT_FLOAT16, COMPAT_COMPONENT_FLOAT32},
    {HCB_PRECISION_BF16F32, COMPAT_COMPONENT_BFLOAT16, COMPAT_COMPONENT_FLOAT32},
    {HCB_PRECISION_I8I32, COMPAT_COMPONENT_SINT8, COMPAT_COMPONENT_SINT32},
    {HCB_PRECISION_F32X2, COMPAT_COMPONENT_FLOAT16, COMPAT_COMPONENT_FLOAT32},
};

static bool fits(const struct compat_cooperative_matrix *matrix, const struct matrix_types *wanted)
{
    return matrix->scope == COMPAT_SCOPE_SUBGROUP && matrix->saturatingAccumulation == VK_FALSE &&
           matrix->AType == wanted->input && matrix->BType == wanted->input &&
           matrix->CType == wanted->accumulator && matrix->ResultType == wanted->accumulator &&
           /* what the kernel's tiles are made for */
           64 % matrix->MSize == 0 && 64 % matrix->NSize == 0 && 64 % matrix->KSize == 0 &&
           matrix->NSize % 8 == 0 && matrix->KSize % 8 == 0;
}

/* The largest matrix wins; of equally large ones the squarest. */
static bool is_better(const struct compat_cooperative_matrix *matrix,
                      const struct vulkan_matrix_shape *than)
{
    const uint32_t elements = matrix->MSize * matrix->NSize, other = than->m * than->n;
    if (elements != other)
        return elements > other;
    return matrix->MSize + matrix->NSize + matrix->KSize < than->m + than->n + than->k;
}

static void choose_shapes(const struct compat_cooperative_matrix *list, uint32_t count,
                          struct vulkan_matrix_shape *shapes)
{
    for (size_t t = 0; t < sizeof types / sizeof *types; t++)
        for (uint32_t i = 0; i < count; i++) {
            struct vulkan_matrix_shape *shape = &shapes[types[t].precision];
            if (fits(&list[i], &types[t]) && is_better(&list[i], shape))
                *shape = (struct vulkan_matrix_shape){list[i].MSize, list[i].NSize, list[i].KSize};
        }
}

void hcbi_vulkan_read_shapes(const struct vulkan_platform *platform, struct vulkan_device *device)
{
    uint32_t count = 0;
    if (!device->features.cooperative_matrix)
        return;
    compat_list_cooperative_matrices list_matrices =
        (compat_list_cooperative_matrices)vkGetInstanceProcAddr(
            platform->instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
    if (list_matrices == NULL || list_matrices(device->physical, &count, NULL) != VK_SUCCESS ||
        count == 0)
        return;
    struct compat_cooperative_matrix *list = calloc(count, sizeof *list);
    if (list == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        list[i].sType = (VkStructureType)COMPAT_STYPE_COOPERATIVE_MATRIX_PROPERTIES;
    const VkResult result = list_matrices(device->physical, &count, list);
    if (result == VK_SUCCESS || result == VK_INCOMPLETE)
        choose_shapes(list, count, device->shapes);
    free(list);
}
