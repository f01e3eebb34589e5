/* SPDX-License-Identifier: Apache-2.0 */
/* The platforms that this build has, and their devices. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"

#ifdef HAVE_OPENCL
#define OPENCL_OPS &hcbi_opencl_ops
#else
#define OPENCL_OPS NULL
#endif
#ifdef HAVE_VULKAN
#define VULKAN_OPS &hcbi_vulkan_ops
#else
#define VULKAN_OPS NULL
#endif

const struct hcbi_platform_entry hcbi_platforms[HCBI_PLATFORMS_MAX] = {
    {.name = "cpu", .ops = &hcbi_cpu_ops},
    {.name = "opencl", .ops = OPENCL_OPS},
    {.name = "vulkan", .ops = VULKAN_OPS},
    {.name = "null", .ops = &hcbi_null_ops, .is_test = true},
};

const char *hcb_platform_name(unsigned platform)
{
    return platform < HCBI_PLATFORMS_MAX ? hcbi_platforms[platform].name : NULL;
}

bool hcb_platform_is_test(unsigned platform)
{
    return platform < HCBI_PLATFORMS_MAX && hcbi_platforms[platform].is_test;
}

unsigned hcbi_offers(const struct hcb_platform_ops *ops, unsigned op, unsigned impl, unsigned sum)
{
    if (sum == HCB_SUM_PLAIN)
        return ops->offers[impl][op];
    const unsigned has_already = sum == HCB_SUM_F64 ? HCBI_F64 : 0;
    return hcb_op_adds_up(op) ? ops->variants[impl] & ~has_already : 0;
}

unsigned hcb_platform_offers(unsigned platform, unsigned op, unsigned impl, unsigned sum)
{
    if (platform >= HCBI_PLATFORMS_MAX || hcbi_platforms[platform].ops == NULL ||
        op >= HCB_OP_COUNT || impl >= HCB_IMPL_COUNT || sum >= HCB_SUM_COUNT)
        return 0;
    return hcbi_offers(hcbi_platforms[platform].ops, op, impl, sum);
}

static enum hcb_status describe_devices(struct hcb_ctx *ctx, struct hcbi_platform_state *state)
{
    const struct hcb_platform_ops *ops = state->platform->ops;
    size_t count = 0;
    enum hcb_status status = ops->platform_open(state->platform, &count);
    if (status != HCB_OK)
        return status;
    if (count == 0)
        return hcbi_fail(ctx, HCB_UNSUPPORTED, "%s has a driver but no device", ops->name);
    state->devices = calloc(count, sizeof *state->devices);
    if (state->devices == NULL)
        return hcbi_fail_memory(ctx, count * sizeof *state->devices);
    for (size_t i = 0; i < count; i++) {
        struct hcb_device_info *info = &state->devices[i];
        snprintf(info->id, sizeof info->id, "%s:%zu", ops->name, i);
        snprintf(info->platform, sizeof info->platform, "%s", ops->name);
        status = ops->device_describe(state->platform, i, info);
        if (status == HCB_ERROR)
            hcbi_fail_where(ctx, info->id);
        if (status != HCB_OK)
            return status;
    }
    state->count = count;
    return HCB_OK;
}

static enum hcb_status open_platform(struct hcb_ctx *ctx, unsigned index)
{
    const struct hcbi_platform_entry *entry = &hcbi_platforms[index];
    struct hcbi_platform_state *state = &ctx->platforms[index];
    if (entry->ops == NULL)
        return hcbi_fail(ctx, HCB_UNSUPPORTED, "this hcbench was built without %s", entry->name);
    state->platform = calloc(1, entry->ops->platform_size);
    if (state->platform == NULL)
        return hcbi_fail_memory(ctx, entry->ops->platform_size);
    state->platform->ops = entry->ops;
    state->platform->ctx = ctx;
    enum hcb_status status = describe_devices(ctx, state);
    if (status != HCB_OK)
        hcbi_platform_state_clear(state);
    return status;
}

void hcbi_platform_state_clear(struct hcbi_platform_state *state)
{
    if (state->platform != NULL)
        state->platform->ops->platform_close(state->platform);
    free(state->platform);
    free(state->devices);
    *state = (struct hcbi_platform_state){0};
}

enum hcb_status hcb_platform_devices(struct hcb_ctx *ctx, unsigned platform,
                                     const struct hcb_device_info **devices, size_t *count)
{
    if (platform >= HCBI_PLATFORMS_MAX)
        return hcbi_fail(ctx, HCB_ERROR, "there is no platform number %u", platform);
    struct hcbi_platform_state *state = &ctx->platforms[platform];
    if (!state->asked) {
        enum hcb_status status = open_platform(ctx, platform);
        state->asked = true;
        state->status = status;
        if (status != HCB_OK)
            memcpy(state->reason, ctx->error, sizeof state->reason - 1);
    }
    if (state->status != HCB_OK)
        return hcbi_fail(ctx, state->status, "%s", state->reason);
    *devices = state->devices;
    *count = state->count;
    return HCB_OK;
}
