/* SPDX-License-Identifier: Apache-2.0 */
/* The Vulkan instance with its usable devices, and the platform's table. */
#include "config.h"

#include <stdlib.h>

#include "vulkan.h"

static enum hcb_status make_instance(struct vulkan_platform *platform)
{
    struct hcb_ctx *ctx = platform->base.ctx;
    uint32_t loader = VK_API_VERSION_1_0;
    vkEnumerateInstanceVersion(&loader);
    platform->api = loader < VK_API_VERSION_1_3 ? loader : VK_API_VERSION_1_3;
    if (loader < VK_API_VERSION_1_1)
        return hcbi_fail(ctx, HCB_UNSUPPORTED, "the Vulkan loader is older than version 1.1");
    const VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                           .pApplicationName = "hcbench",
                                           .apiVersion = platform->api};
    const VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                       .pApplicationInfo = &application};
    const VkResult result = vkCreateInstance(&info, NULL, &platform->instance);
    if (result == VK_ERROR_INCOMPATIBLE_DRIVER || result == VK_ERROR_INITIALIZATION_FAILED)
        return hcbi_fail(ctx, HCB_UNSUPPORTED,
                         "no Vulkan driver is installed (vkCreateInstance: %s)",
                         hcbi_vulkan_result_name(result));
    return hcbi_vulkan_check(ctx, result, "vkCreateInstance");
}

static bool is_usable(const struct vulkan_platform *platform, VkPhysicalDevice physical)
{
    uint32_t bits;
    return hcbi_vulkan_api(platform, physical) >= VK_API_VERSION_1_1 &&
           hcbi_vulkan_queue_family(physical, &bits) != UINT32_MAX;
}

static enum hcb_status vulkan_platform_open(struct hcb_platform *base, size_t *count)
{
    struct vulkan_platform *platform = (struct vulkan_platform *)base;
    uint32_t found = 0;
    enum hcb_status status = make_instance(platform);
    if (status != HCB_OK)
        return status;
    VkResult result = vkEnumeratePhysicalDevices(platform->instance, &found, NULL);
    if (result == VK_SUCCESS && found > 0) {
        platform->devices = calloc(found, sizeof *platform->devices);
        if (platform->devices == NULL)
            return hcbi_fail_memory(base->ctx, found * sizeof *platform->devices);
        result = vkEnumeratePhysicalDevices(platform->instance, &found, platform->devices);
    }
    if (result != VK_SUCCESS && result != VK_INCOMPLETE)
        return hcbi_vulkan_check(base->ctx, result, "vkEnumeratePhysicalDevices");
    for (uint32_t i = 0; i < found; i++)
        if (is_usable(platform, platform->devices[i]))
            platform->devices[platform->count++] = platform->devices[i];
    *count = platform->count;
    return HCB_OK;
}

static void vulkan_platform_close(struct hcb_platform *base)
{
    struct vulkan_platform *platform = (struct vulkan_platform *)base;
    if (platform->instance != VK_NULL_HANDLE)
        vkDestroyInstance(platform->instance, NULL);
    free(platform->devices);
}

const struct hcb_platform_ops hcbi_vulkan_ops = {
    .name = "vulkan",
    .offers = {[HCB_IMPL_TILE] = {[HCB_OP_MATMUL] = HCBI_EVERY_PRECISION,
                                  [HCB_OP_SUM] = HCBI_EVERY_FORMAT,
                                  [HCB_OP_DOT] = HCBI_EVERY_FORMAT,
                                  [HCB_OP_TRIAD] = HCBI_EVERY_FORMAT,
                                  [HCB_OP_LAUNCH] = HCBI_COPIED,
                                  [HCB_OP_PEAK] = HCBI_F64 | HCBI_F32 | HCBI_F16},
               [HCB_IMPL_COOPMAT] = {[HCB_OP_MATMUL] = HCBI_F16F32 | HCBI_BF16F32 | HCBI_I8I32 | HCBI_F32X2},
               [HCB_IMPL_DRIVER] = {[HCB_OP_COPY] = HCBI_COPIED},
               [HCB_IMPL_PAGEABLE] = {[HCB_OP_UPLOAD] = HCBI_COPIED,
                                      [HCB_OP_DOWNLOAD] = HCBI_COPIED},
               [HCB_IMPL_PINNED] = {[HCB_OP_UPLOAD] = HCBI_COPIED,
                                    [HCB_OP_DOWNLOAD] = HCBI_COPIED}},
    .variants = {[HCB_IMPL_TILE] = HCBI_INEXACT},
    .platform_size = sizeof(struct vulkan_platform),
    .device_size = sizeof(struct vulkan_device),
    .queue_size = sizeof(struct vulkan_queue),
    .buffer_size = sizeof(struct vulkan_buffer),
    .plan_size = sizeof(struct vulkan_plan),
    .host_size = sizeof(struct vulkan_host),
    .platform_open = vulkan_platform_open,
    .platform_close = vulkan_platform_close,
    .device_describe = hcbi_vulkan_describe,
    .device_open = hcbi_vulkan_device_open,
    .device_close = hcbi_vulkan_device_close,
    .supports = hcbi_vulkan_supports,
    .scratch = hcbi_vulkan_scratch_bytes,
    .parameters = hcbi_vulkan_parameters,
    .queue_new = hcbi_vulkan_queue_new,
    .queue_free = hcbi_vulkan_queue_free,
    .buffer_new = hcbi_vulkan_buffer_new,
    .buffer_free = hcbi_vulkan_buffer_free,
    .upload = hcbi_vulkan_upload,
    .download = hcbi_vulkan_download,
    .host_new = hcbi_vulkan_host_new,
    .host_free = hcbi_vulkan_host_free,
    .host_upload = hcbi_vulkan_host_upload,
    .host_download = hcbi_vulkan_host_download,
    .plan_new = hcbi_vulkan_plan_new,
    .plan_free = hcbi_vulkan_plan_free,
    .plan_run = hcbi_vulkan_plan_run,
};
