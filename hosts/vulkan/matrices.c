/* SPDX-License-Identifier: Apache-2.0 */
/* The cooperative matrices that a driver lists, and which of them is used. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void read_shapes(const struct vulkan_platform *platform, struct vulkan_device *device)
{
    uint32_t count = 0;
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

/* ------------------------------------------------------ of a whole workgroup */

static void keep(struct vulkan_workgroup_matrices *kept, const struct workgroup_matrices *matrices)
{
    if (kept->count < VULKAN_WORKGROUP_MATRICES_MAX)
        kept->list[kept->count++] = *matrices;
}

static void choose_flexible(const struct compat_flexible_matrix *list, uint32_t count,
                            uint64_t most_invocations, struct vulkan_workgroup_matrices *kept)
{
    for (size_t t = 0; t < sizeof types / sizeof *types; t++)
        for (uint32_t i = 0; i < count; i++) {
            const struct compat_flexible_matrix *m = &list[i];
            const struct workgroup_matrices matrices = {m->MGranularity, m->NGranularity,
                                                        m->KGranularity, m->workgroupInvocations};
            if (m->scope == COMPAT_SCOPE_WORKGROUP && m->saturatingAccumulation == VK_FALSE &&
                m->AType == types[t].input && m->BType == types[t].input &&
                m->CType == types[t].accumulator && m->ResultType == types[t].accumulator &&
                m->workgroupInvocations <= most_invocations)
                keep(&kept[types[t].precision], &matrices);
        }
}

/* Invocations of a workgroup that may have such matrices. */
static uint64_t read_limits(struct vulkan_device *device)
{
    struct compat_cooperative_matrix2_properties limits = {
        .sType = (VkStructureType)COMPAT_STYPE_COOPERATIVE_MATRIX2_PROPERTIES};
    VkPhysicalDeviceProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &limits};
    vkGetPhysicalDeviceProperties2(device->physical, &properties);
    device->max_matrix_extent = limits.cooperativeMatrixFlexibleDimensionsMaxDimension;
    return vulkan_min(limits.cooperativeMatrixWorkgroupScopeMaxWorkgroupSize,
                      device->limits.maxComputeWorkGroupInvocations);
}

static void read_flexible(const struct vulkan_platform *platform, struct vulkan_device *device)
{
    uint32_t count = 0;
    compat_list_flexible_matrices list_matrices =
        (compat_list_flexible_matrices)vkGetInstanceProcAddr(
            platform->instance,
            "vkGetPhysicalDeviceCooperativeMatrixFlexibleDimensionsPropertiesNV");
    if (list_matrices == NULL || list_matrices(device->physical, &count, NULL) != VK_SUCCESS ||
        count == 0)
        return;
    struct compat_flexible_matrix *list = calloc(count, sizeof *list);
    if (list == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        list[i].sType = (VkStructureType)COMPAT_STYPE_FLEXIBLE_MATRIX_PROPERTIES;
    const VkResult result = list_matrices(device->physical, &count, list);
    if (result == VK_SUCCESS || result == VK_INCOMPLETE)
        choose_flexible(list, count, read_limits(device), device->workgroup_matrices);
    free(list);
}

/* ------------------------------------------------------ that are not there
 * For tests, with a kernel folder whose files do without. */

static void pretend_features(struct vulkan_features *features)
{
    features->cooperative_matrix = features->bfloat16_matrix = features->memory_model = true;
}

/* HCBENCH_VULKAN_SUBGROUP_MATRICES=16x8x16 makes the device one that lists matrices of
 * subgroups of this shape and no other, and does all that they need. */
static bool pretend_shapes(struct vulkan_device *device)
{
    enum { COUNT = sizeof types / sizeof *types };
    const char *text = getenv("HCBENCH_VULKAN_SUBGROUP_MATRICES");
    struct compat_cooperative_matrix list[COUNT];
    uint32_t m, n, k;
    if (text == NULL || sscanf(text, "%" SCNu32 "x%" SCNu32 "x%" SCNu32, &m, &n, &k) != 3 ||
        m == 0 || n == 0 || k == 0)
        return false;
    for (size_t t = 0; t < COUNT; t++)
        list[t] = (struct compat_cooperative_matrix){.MSize = m,
                                                     .NSize = n,
                                                     .KSize = k,
                                                     .AType = types[t].input,
                                                     .BType = types[t].input,
                                                     .CType = types[t].accumulator,
                                                     .ResultType = types[t].accumulator,
                                                     .scope = COMPAT_SCOPE_SUBGROUP};
    choose_shapes(list, COUNT, device->shapes);
    pretend_features(&device->features);
    return true;
}

/* HCBENCH_VULKAN_WORKGROUP_MATRICES=1 does the same for matrices of a whole workgroup; with 0
 * the device is one without. */
static bool pretend_flexible(struct vulkan_device *device)
{
    static const struct workgroup_matrices listed[] = {{32, 16, 32, 128}, {32, 32, 32, 256}};
    const char *text = getenv("HCBENCH_VULKAN_WORKGROUP_MATRICES");
    if (text == NULL || strcmp(text, "1") != 0)
        return text != NULL && strcmp(text, "0") == 0;
    for (size_t t = 0; t < sizeof types / sizeof *types; t++)
        for (size_t i = 0; i < sizeof listed / sizeof *listed; i++)
            keep(&device->workgroup_matrices[types[t].precision], &listed[i]);
    pretend_features(&device->features);
    return true;
}

void hcbi_vulkan_read_matrices(const struct vulkan_platform *platform, struct vulkan_device *device)
{
    if (!pretend_shapes(device) && device->features.cooperative_matrix)
        read_shapes(platform, device);
    if (!pretend_flexible(device) && device->features.workgroup_matrix)
        read_flexible(platform, device);
}
