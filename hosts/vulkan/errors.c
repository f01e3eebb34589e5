/* SPDX-License-Identifier: Apache-2.0 */
/* Names of Vulkan's result codes. */
#include "config.h"

#include "vulkan.h"

static const struct result_name {
    VkResult code;
    const char *name;
} names[] = {
#define NAME(code) {code, #code}
    NAME(VK_NOT_READY),
    NAME(VK_TIMEOUT),
    NAME(VK_INCOMPLETE),
    NAME(VK_ERROR_OUT_OF_HOST_MEMORY),
    NAME(VK_ERROR_OUT_OF_DEVICE_MEMORY),
    NAME(VK_ERROR_INITIALIZATION_FAILED),
    NAME(VK_ERROR_DEVICE_LOST),
    NAME(VK_ERROR_MEMORY_MAP_FAILED),
    NAME(VK_ERROR_LAYER_NOT_PRESENT),
    NAME(VK_ERROR_EXTENSION_NOT_PRESENT),
    NAME(VK_ERROR_FEATURE_NOT_PRESENT),
    NAME(VK_ERROR_INCOMPATIBLE_DRIVER),
    NAME(VK_ERROR_TOO_MANY_OBJECTS),
    NAME(VK_ERROR_FRAGMENTED_POOL),
    NAME(VK_ERROR_UNKNOWN),
    NAME(VK_ERROR_OUT_OF_POOL_MEMORY),
    NAME(VK_ERROR_INVALID_EXTERNAL_HANDLE),
    NAME(VK_ERROR_FRAGMENTATION),
    NAME(VK_ERROR_INVALID_OPAQUE_CAPTURE_ADDRESS),
    NAME(VK_ERROR_VALIDATION_FAILED_EXT),
    NAME(VK_ERROR_INVALID_SHADER_NV),
    NAME(VK_ERROR_NOT_PERMITTED_EXT),
#undef NAME
};

const char *hcbi_vulkan_result_name(VkResult result)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == result)
            return names[i].name;
    return result < 0 ? "an unknown Vulkan error" : "an unknown Vulkan result";
}

enum hcb_status hcbi_vulkan_check(struct hcb_ctx *ctx, VkResult result, const char *call)
{
    if (result == VK_SUCCESS)
        return HCB_OK;
    return hcbi_fail_native(ctx, HCB_ERROR, call, result, hcbi_vulkan_result_name(result));
}
