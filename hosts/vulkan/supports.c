/* SPDX-License-Identifier: Apache-2.0 */
/* Which cases a device can run, and the reasons why not. */
#include "config.h"

#include <stddef.h>
#include <stdio.h>

#include "vulkan.h"

/* Features that a precision needs beyond what every device has.  The 16-bit and
 * 8-bit inputs of the tile kernels are read as 32-bit words and need none. */
static const struct feature_need {
    enum hcb_impl impl;
    enum hcb_precision precision;
    size_t offset; /* of the flag in struct vulkan_features */
    const char *name;
} needs[] = {
#define FLAG(name) offsetof(struct vulkan_features, name)
#define NEED(impl, precision, flag, name) \
    {HCB_IMPL_##impl, HCB_PRECISION_##precision, FLAG(flag), name}
    NEED(TILE, F64, float64, "shaderFloat64"),
    NEED(TILE, F16, float16, "shaderFloat16"),
    NEED(TILE, F16, storage16, "storageBuffer16BitAccess"),
    NEED(COOPMAT, F16F32, cooperative_matrix, "VK_KHR_cooperative_matrix"),
    NEED(COOPMAT, F16F32, memory_model, "vulkanMemoryModel"),
    NEED(COOPMAT, F16F32, float16, "shaderFloat16"),
    NEED(COOPMAT, F16F32, storage16, "storageBuffer16BitAccess"),
    NEED(COOPMAT, F32X2, cooperative_matrix, "VK_KHR_cooperative_matrix"),
    NEED(COOPMAT, F32X2, memory_model, "vulkanMemoryModel"),
    NEED(COOPMAT, F32X2, float16, "shaderFloat16"),
    NEED(COOPMAT, BF16F32, cooperative_matrix, "VK_KHR_cooperative_matrix"),
    NEED(COOPMAT, BF16F32, bfloat16_matrix, "shaderBFloat16CooperativeMatrix"),
    NEED(COOPMAT, BF16F32, memory_model, "vulkanMemoryModel"),
    NEED(COOPMAT, BF16F32, storage16, "storageBuffer16BitAccess"),
    NEED(COOPMAT, I8I32, cooperative_matrix, "VK_KHR_cooperative_matrix"),
    NEED(COOPMAT, I8I32, memory_model, "vulkanMemoryModel"),
    NEED(COOPMAT, I8I32, int8, "shaderInt8"),
    NEED(COOPMAT, I8I32, storage8, "storageBuffer8BitAccess"),
#undef NEED
#undef FLAG
};

enum { PACKED_LANES_MIN = 4 }; /* of matmul_cpu.comp */

const struct vulkan_method *hcbi_vulkan_method(const struct vulkan_device *device,
                                               const struct hcb_case *c)
{
    static const struct vulkan_method *const own[HCB_OP_COUNT] = {
        [HCB_OP_SUM] = &hcbi_vulkan_reduce,        [HCB_OP_DOT] = &hcbi_vulkan_reduce,
        [HCB_OP_COPY] = &hcbi_vulkan_copy,         [HCB_OP_TRIAD] = &hcbi_vulkan_elementwise,
        [HCB_OP_LAUNCH] = &hcbi_vulkan_elementwise, [HCB_OP_PEAK] = &hcbi_vulkan_elementwise};
    if (c->op != HCB_OP_MATMUL)
        return own[c->op];
    if (c->impl == HCB_IMPL_COOPMAT)
        return &hcbi_vulkan_coopmat;
    return device->cpu_kernels && device->features.shuffle &&
                   device->subgroup_size >= PACKED_LANES_MIN
               ? &hcbi_vulkan_packed
               : &hcbi_vulkan_tile;
}

enum hcb_status hcbi_vulkan_check_room(const struct vulkan_device *device, const struct hcb_case *c,
                                       const uint64_t *scratch, size_t count)
{
    const struct hcb_device_info *info = &device->base.info;
    const uint64_t left = info->memory_bytes - vulkan_min(hcb_case_bytes(c), info->memory_bytes);
    char text[128], wanted[32], has[32];
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += scratch[i];
    if (info->memory_bytes == 0 || bytes <= left)
        return HCB_OK;
    return hcbi_fail(
        device->base.ctx, HCB_UNSUPPORTED, "%s needs %s of scratch memory, %s has %s left",
        hcb_case_text(c, text, sizeof text), hcbi_bytes_text(bytes, wanted, sizeof wanted),
        info->id, hcbi_bytes_text(left, has, sizeof has));
}

static bool has_matrix_kernel(const struct vulkan_device *device, enum hcb_precision precision)
{
    static const char *const families[] = {"matmul_coopmat", "matmul_workgroup"};
    bool found = false;
    for (size_t i = 0; i < sizeof families / sizeof *families && !found; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s.%s.spv", families[i], hcb_precision_name(precision));
        found = hcbi_vulkan_has_module(device, name);
    }
    return found;
}

/* What the build or the op rules out before the device is asked. */
static enum hcb_status check_build(const struct vulkan_device *device, const struct hcb_case *c)
{
    struct hcb_ctx *ctx = device->base.ctx;
    if (c->impl != HCB_IMPL_COOPMAT)
        return HCB_OK;
    if (c->op != HCB_OP_MATMUL)
        return hcbi_fail(ctx, HCB_UNSUPPORTED, "cooperative matrices do no %s", hcb_op_name(c->op));
    if (c->precision != HCB_PRECISION_F16F32 && c->precision != HCB_PRECISION_BF16F32 &&
        c->precision != HCB_PRECISION_I8I32 && c->precision != HCB_PRECISION_F32X2)
        return hcbi_fail(ctx, HCB_UNSUPPORTED, "there is no cooperative matrix kernel for %s",
                         hcb_precision_name(c->precision));
    if (has_matrix_kernel(device, c->precision))
        return HCB_OK;
    return hcbi_fail(ctx, HCB_UNSUPPORTED, "built with a GLSL compiler without %s",
                     has_matrix_kernel(device, HCB_PRECISION_F16F32) ? "GL_EXT_bfloat16"
                                                                     : "GL_KHR_cooperative_matrix");
}

static enum hcb_status check_features(const struct vulkan_device *device, const struct hcb_case *c)
{
    if (c->sum == HCB_SUM_F64 && !device->features.float64)
        return hcbi_fail(device->base.ctx, HCB_UNSUPPORTED, "%s lacks shaderFloat64",
                         device->base.info.name);
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (needs[i].impl == c->impl && needs[i].precision == c->precision &&
            !*(const bool *)((const char *)&device->features + needs[i].offset))
            return hcbi_fail(device->base.ctx, HCB_UNSUPPORTED, "%s lacks %s",
                             device->base.info.name, needs[i].name);
    return HCB_OK;
}

enum hcb_status hcbi_vulkan_supports(struct hcb_device *base, const struct hcb_case *c)
{
    const struct vulkan_device *device = (const struct vulkan_device *)base;
    enum hcb_status status = check_build(device, c);
    if (status == HCB_OK)
        status = check_features(device, c);
    return status == HCB_OK ? hcbi_vulkan_method(device, c)->supports(device, c) : status;
}

uint64_t hcbi_vulkan_scratch_bytes(struct hcb_device *base, const struct hcb_case *c,
                                   const uint64_t *values)
{
    const struct vulkan_device *device = (const struct vulkan_device *)base;
    const struct vulkan_method *method = hcbi_vulkan_method(device, c);
    return method->scratch != NULL ? method->scratch(device, c, values) : 0;
}
