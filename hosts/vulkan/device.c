/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a Vulkan device with the features that kernels may need. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vulkan.h"

enum { EXTENSIONS_MAX = 12 };

/* An extension is asked for where the version that made it core is not reached. */
static const struct extension {
    const char *name;
    uint32_t core;
} extensions[] = {
    {VK_KHR_STORAGE_BUFFER_STORAGE_CLASS_EXTENSION_NAME, VK_API_VERSION_1_1},
    {VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME, VK_API_VERSION_1_2},
    {VK_KHR_8BIT_STORAGE_EXTENSION_NAME, VK_API_VERSION_1_2},
    {VK_KHR_VULKAN_MEMORY_MODEL_EXTENSION_NAME, VK_API_VERSION_1_2},
    {VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME, VK_API_VERSION_1_3},
    {VK_KHR_MAINTENANCE_4_EXTENSION_NAME, VK_API_VERSION_1_3},
    {COMPAT_COOPERATIVE_MATRIX_EXTENSION, UINT32_MAX},
    {COMPAT_COOPERATIVE_MATRIX2_EXTENSION, UINT32_MAX},
    {COMPAT_BFLOAT16_EXTENSION, UINT32_MAX},
    {"VK_KHR_portability_subset", UINT32_MAX},
};

/* Feature structures as one chain, used to ask and then to enable. */
struct feature_chain {
    VkPhysicalDeviceFeatures2 core;
    VkPhysicalDevice16BitStorageFeatures storage16;
    VkPhysicalDevice8BitStorageFeatures storage8;
    VkPhysicalDeviceShaderFloat16Int8Features small;
    VkPhysicalDeviceVulkanMemoryModelFeatures memory_model;
    VkPhysicalDeviceSubgroupSizeControlFeatures subgroups;
    VkPhysicalDeviceMaintenance4Features local_size_id; /* SPIR-V 1.6 asks for it */
    struct compat_cooperative_matrix_features matrix;
    struct compat_cooperative_matrix2_features matrix2;
    struct compat_bfloat16_features bfloat16;
};

static void ask_features(VkPhysicalDevice physical, uint32_t api, struct feature_chain *f)
{
    *f = (struct feature_chain){
        .core.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
        .storage16.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES,
        .storage8.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES,
        .small.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES,
        .memory_model.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES,
        .subgroups.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES,
        .local_size_id.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_FEATURES,
        .matrix.sType = (VkStructureType)COMPAT_STYPE_COOPERATIVE_MATRIX_FEATURES,
        .matrix2.sType = (VkStructureType)COMPAT_STYPE_COOPERATIVE_MATRIX2_FEATURES,
        .bfloat16.sType = (VkStructureType)COMPAT_STYPE_BFLOAT16_FEATURES,
    };
    const struct {
        void *link;
        uint32_t core;
        const char *extension;
    } links[] = {
        {&f->storage16, VK_API_VERSION_1_1, NULL},
        {&f->storage8, VK_API_VERSION_1_2, VK_KHR_8BIT_STORAGE_EXTENSION_NAME},
        {&f->small, VK_API_VERSION_1_2, VK_KHR_SHADER_FLOAT16_INT8_EXTENSION_NAME},
        {&f->memory_model, VK_API_VERSION_1_2, VK_KHR_VULKAN_MEMORY_MODEL_EXTENSION_NAME},
        {&f->subgroups, VK_API_VERSION_1_3, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME},
        {&f->local_size_id, VK_API_VERSION_1_3, VK_KHR_MAINTENANCE_4_EXTENSION_NAME},
        {&f->matrix, UINT32_MAX, COMPAT_COOPERATIVE_MATRIX_EXTENSION},
        {&f->matrix2, UINT32_MAX, COMPAT_COOPERATIVE_MATRIX2_EXTENSION},
        {&f->bfloat16, UINT32_MAX, COMPAT_BFLOAT16_EXTENSION},
    };
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (api >= links[i].core || hcbi_vulkan_has_extension(physical, links[i].extension)) {
            VkBaseOutStructure *link = links[i].link;
            link->pNext = f->core.pNext;
            f->core.pNext = link;
        }
    vkGetPhysicalDeviceFeatures2(physical, &f->core);
}

/* Keeps of the core features only what kernels use. */
static void choose_features(struct feature_chain *f, struct vulkan_features *features)
{
    *features = (struct vulkan_features){
        .float64 = f->core.features.shaderFloat64,
        .float16 = f->small.shaderFloat16,
        .storage16 = f->storage16.storageBuffer16BitAccess,
        .int8 = f->small.shaderInt8,
        .storage8 = f->storage8.storageBuffer8BitAccess,
        .memory_model = f->memory_model.vulkanMemoryModel,
        .subgroup_size_control = f->subgroups.subgroupSizeControl,
        .full_subgroups = f->subgroups.computeFullSubgroups,
        .cooperative_matrix = f->matrix.cooperativeMatrix,
        .bfloat16_matrix = f->bfloat16.shaderBFloat16CooperativeMatrix,
        .workgroup_matrix = f->matrix2.cooperativeMatrixWorkgroupScope &&
                            f->matrix2.cooperativeMatrixFlexibleDimensions &&
                            f->matrix2.cooperativeMatrixTensorAddressing,
    };
    f->core.features = (VkPhysicalDeviceFeatures){.shaderFloat64 = f->core.features.shaderFloat64};
    f->storage16.uniformAndStorageBuffer16BitAccess = VK_FALSE;
    f->storage16.storagePushConstant16 = f->storage16.storageInputOutput16 = VK_FALSE;
    f->storage8.uniformAndStorageBuffer8BitAccess = f->storage8.storagePushConstant8 = VK_FALSE;
    f->matrix.cooperativeMatrixRobustBufferAccess = VK_FALSE;
    f->matrix2.cooperativeMatrixReductions = f->matrix2.cooperativeMatrixConversions = VK_FALSE;
    f->matrix2.cooperativeMatrixPerElementOperations = VK_FALSE;
    f->matrix2.cooperativeMatrixBlockLoads = VK_FALSE;
}

static enum hcb_status make_device(struct vulkan_device *device)
{
    struct feature_chain f;
    const char *names[EXTENSIONS_MAX];
    const float priority = 1;
    uint32_t bits;
    ask_features(device->physical, device->api, &f);
    choose_features(&f, &device->features);
    device->family = hcbi_vulkan_queue_family(device->physical, &bits);
    device->timestamp_mask = bits == 0 ? 0 : UINT64_MAX >> (64 - bits);
    const VkDeviceQueueCreateInfo queue = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                           .queueFamilyIndex = device->family,
                                           .queueCount = 1,
                                           .pQueuePriorities = &priority};
    VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                               .pNext = &f.core,
                               .queueCreateInfoCount = 1,
                               .pQueueCreateInfos = &queue,
                               .ppEnabledExtensionNames = names};
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
        if (device->api < extensions[i].core &&
            hcbi_vulkan_has_extension(device->physical, extensions[i].name))
            names[info.enabledExtensionCount++] = extensions[i].name;
    enum hcb_status status = hcbi_vulkan_check(
        device->base.ctx, vkCreateDevice(device->physical, &info, NULL, &device->handle),
        "vkCreateDevice");
    if (status == HCB_OK)
        vkGetDeviceQueue(device->handle, device->family, 0, &device->queue);
    return status;
}

static void read_properties(struct vulkan_device *device)
{
    VkPhysicalDeviceSubgroupSizeControlProperties control = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES};
    VkPhysicalDeviceSubgroupProperties subgroup = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES,
        .pNext = device->features.subgroup_size_control ? &control : NULL};
    VkPhysicalDeviceShaderIntegerDotProductProperties products = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_PROPERTIES,
        .pNext = &subgroup};
    VkPhysicalDeviceDriverProperties driver = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES, .pNext = &products};
    /* What decides about matrix units, which need Vulkan 1.3. */
    void *const chain =
        device->api >= VK_API_VERSION_1_3 ? (void *)&driver : (void *)&subgroup;
    VkPhysicalDeviceProperties2 properties = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = chain};
    vkGetPhysicalDeviceProperties2(device->physical, &properties);
    device->limits = properties.properties.limits;
    device->driver = driver.driverID;
    device->mixed_dot_product =
        products.integerDotProduct4x8BitPackedMixedSignednessAccelerated == VK_TRUE;
    device->subgroup_size = subgroup.subgroupSize;
    device->features.shuffle = (subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0 &&
                               (subgroup.supportedOperations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT) != 0;
    device->min_subgroup_size = control.minSubgroupSize;
    device->max_subgroup_size = control.maxSubgroupSize;
    if ((control.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) == 0)
        device->features.subgroup_size_control = false;
}

/* HCBENCH_VULKAN_LEAST_LIMITS=1 makes the device one of those that offer to a
 * workgroup no more than Vulkan demands, so that the kernels for these can be tested. */
static void lower_limits(VkPhysicalDeviceLimits *limits)
{
    const char *text = getenv("HCBENCH_VULKAN_LEAST_LIMITS");
    if (text == NULL || strcmp(text, "1") != 0)
        return;
    limits->maxComputeSharedMemorySize = 16384;
    limits->maxComputeWorkGroupInvocations = 128;
}

/* How much of a buffer a shader may see at once.  HCBENCH_VULKAN_MAX_RANGE, in
 * bytes, lowers the driver's limit, so that windows can be tested on small
 * operands; it is at least 256 KiB, which holds two blocks of any reduction.  31
 * bits keep all indices of shaders within 32. */
static void choose_window(struct vulkan_device *device)
{
    const char *text = getenv("HCBENCH_VULKAN_MAX_RANGE");
    uint64_t range = vulkan_min(device->limits.maxStorageBufferRange, UINT64_C(1) << 31);
    if (text != NULL && *text != '\0') {
        const uint64_t asked = strtoull(text, NULL, 10), least = UINT64_C(1) << 18;
        range = vulkan_min(range, asked < least ? least : asked);
    }
    if (device->cpu_kernels) /* texels have 4 bytes or more */
        range = vulkan_min(range, (uint64_t)device->limits.maxTexelBufferElements * 4);
    device->alignment = 32; /* four f64 */
    if (device->alignment < device->limits.minStorageBufferOffsetAlignment)
        device->alignment = device->limits.minStorageBufferOffsetAlignment;
    if (device->cpu_kernels && device->alignment < device->limits.minTexelBufferOffsetAlignment)
        device->alignment = device->limits.minTexelBufferOffsetAlignment;
    device->window_bytes = range - 2 * device->alignment;
}

static enum hcb_status make_layouts(struct vulkan_device *device)
{
    struct hcb_ctx *ctx = device->base.ctx;
    VkDescriptorSetLayoutBinding bindings[VULKAN_BINDINGS_MAX + VULKAN_TEXELS_MAX];
    for (uint32_t i = 0; i < VULKAN_BINDINGS_MAX + VULKAN_TEXELS_MAX; i++)
        bindings[i] = (VkDescriptorSetLayoutBinding){
            .binding = i,
            .descriptorType = i < VULKAN_BINDINGS_MAX ? VK_DESCRIPTOR_TYPE_STORAGE_BUFFER
                                                      : VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
            .descriptorCount = 1,
            .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
    const VkDescriptorSetLayoutCreateInfo set = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = VULKAN_BINDINGS_MAX + VULKAN_TEXELS_MAX,
        .pBindings = bindings};
    enum hcb_status status = hcbi_vulkan_check(
        ctx, vkCreateDescriptorSetLayout(device->handle, &set, NULL, &device->set_layout),
        "vkCreateDescriptorSetLayout");
    if (status != HCB_OK)
        return status;
    const VkPushConstantRange constants = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
                                           .size = VULKAN_CONSTANTS_MAX * sizeof(uint32_t)};
    const VkPipelineLayoutCreateInfo layout = {.sType =
                                                   VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                               .setLayoutCount = 1,
                                               .pSetLayouts = &device->set_layout,
                                               .pushConstantRangeCount = 1,
                                               .pPushConstantRanges = &constants};
    return hcbi_vulkan_check(ctx,
                             vkCreatePipelineLayout(device->handle, &layout, NULL, &device->layout),
                             "vkCreatePipelineLayout");
}

/* The host reaches the memory of such devices as fast as its own.
 * HCBENCH_VULKAN_STAGING=1 copies through a staging buffer all the same, so that
 * this can be tested anywhere. */
static bool shares_memory(VkPhysicalDevice physical)
{
    VkPhysicalDeviceProperties properties;
    vkGetPhysicalDeviceProperties(physical, &properties);
    return properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU ||
           properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU;
}

enum hcb_status hcbi_vulkan_device_open(struct hcb_device *base)
{
    struct vulkan_device *device = (struct vulkan_device *)base;
    const struct vulkan_platform *platform = (const struct vulkan_platform *)base->platform;
    const char *staging = getenv("HCBENCH_VULKAN_STAGING");
    device->physical = platform->devices[base->index];
    device->api = hcbi_vulkan_api(platform, device->physical);
    device->cpu_kernels = hcbi_wants_cpu_kernels(&base->info);
    device->maps_buffers =
        shares_memory(device->physical) && (staging == NULL || strcmp(staging, "1") != 0);
    vkGetPhysicalDeviceMemoryProperties(device->physical, &device->memory);
    enum hcb_status status = make_device(device);
    if (status != HCB_OK)
        return status;
    read_properties(device);
    lower_limits(&device->limits);
    choose_window(device);
    hcbi_vulkan_read_matrices(platform, device);
    return make_layouts(device);
}

void hcbi_vulkan_device_close(struct hcb_device *base)
{
    struct vulkan_device *device = (struct vulkan_device *)base;
    if (device->handle == VK_NULL_HANDLE)
        return;
    hcbi_vulkan_pipelines_free(device);
    vkDestroyPipelineLayout(device->handle, device->layout, NULL);
    vkDestroyDescriptorSetLayout(device->handle, device->set_layout, NULL);
    vkDestroyDevice(device->handle, NULL);
}
