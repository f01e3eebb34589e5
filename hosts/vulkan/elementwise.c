/* SPDX-License-Identifier: Apache-2.0 */
/* Ops that say how fast the device is: copy by the API's command; triad, launch and
 * peak by shaders, in windows of what may be bound at once. */
#include "config.h"

#include <string.h>

#include "vulkan.h"

enum {
    CPU_LANES = 8, /* invocations of a workgroup */
    GPU_LANES = 256,
    CPU_TRIAD_TURNS = 256, /* groups of four elements that an invocation computes */
    GPU_TRIAD_TURNS = 4,
    PEAK_TURNS = 4, /* as in peak.comp */
    WINDOW_STEP = 8192 /* elements; windows begin at whole groups on any alignment */
};

/* How a shader is cut into workgroups. */
struct cut {
    uint32_t lanes, turns;
};

static struct cut cut_of(const struct vulkan_device *device, enum hcb_op op)
{
    const uint32_t lanes = device->cpu_kernels ? CPU_LANES : GPU_LANES;
    switch (op) {
    case HCB_OP_TRIAD:
        return (struct cut){lanes, device->cpu_kernels ? CPU_TRIAD_TURNS : GPU_TRIAD_TURNS};
    case HCB_OP_PEAK: return (struct cut){lanes, PEAK_TURNS};
    default: return (struct cut){1, 1};
    }
}

static enum hcb_status supports(const struct vulkan_device *device, const struct hcb_case *c)
{
    (void)device;
    (void)c;
    return HCB_OK;
}

/* Elements of a window. */
static uint64_t window_of(const struct vulkan_device *device, const struct hcb_case *c,
                          const struct cut *cut)
{
    const uint64_t size = hcb_type_size(hcb_operand_type(c, hcb_op_operands(c->op) - 1));
    const uint64_t groups = device->limits.maxComputeWorkGroupCount[0];
    const uint64_t least = vulkan_min(device->window_bytes / size, groups * cut->lanes * cut->turns * 4);
    return least / WINDOW_STEP * WINDOW_STEP;
}

static enum hcb_status add_windows(struct vulkan_plan *plan, const struct cut *cut,
                                   const struct vulkan_pipeline *pipeline)
{
    const struct hcb_case *c = &plan->base.task;
    const unsigned last = hcb_op_operands(c->op) - 1;
    const uint64_t n = hcb_operand_elements(c, 0);
    const uint64_t window = window_of(vulkan_device_of(plan), c, cut);
    const uint64_t per_group = (uint64_t)cut->lanes * cut->turns * 4;
    double factor, term;
    enum hcb_status status = HCB_OK;
    hcbi_peak_round(&factor, &term);
    const float round[] = {(float)factor, (float)term};
    for (uint64_t first = 0; first < n && status == HCB_OK; first += window) {
        const uint64_t count = vulkan_min(window, n - first);
        struct vulkan_step step = {
            .pipeline = pipeline,
            .constants = {(uint32_t)count},
            .groups = {(uint32_t)vulkan_divide_up(count, per_group), 1, 1},
            .work = (double)count * (c->op == HCB_OP_PEAK ? HCB_PEAK_ROUNDS : 1)};
        memcpy(step.constants + 1, round, sizeof round);
        for (unsigned i = 0; i <= last; i++)
            hcbi_vulkan_bind(plan, &step.bindings[i == last ? 2 : i], vulkan_operand(plan, i), first,
                             count, hcb_type_size(hcb_operand_type(c, i)));
        status = hcbi_vulkan_add_step(plan, &step);
    }
    return status;
}

static enum hcb_status prepare(struct vulkan_plan *plan)
{
    const struct hcb_case *c = &plan->base.task;
    const struct cut cut = cut_of(vulkan_device_of(plan), c->op);
    const uint32_t turns = c->op == HCB_OP_PEAK ? HCB_PEAK_ROUNDS : cut.turns;
    const struct vulkan_specialization specialization = {
        .values = {cut.lanes, turns}, .count = c->op == HCB_OP_LAUNCH ? 0 : 2};
    const struct vulkan_pipeline *pipeline;
    enum hcb_status status = hcbi_vulkan_pipeline(
        plan, hcb_op_name(c->op), hcb_precision_name(c->precision), &specialization, &pipeline);
    plan->base.info.roundoff_factor = 2; /* fma may round twice */
    return status == HCB_OK ? add_windows(plan, &cut, pipeline) : status;
}

const struct vulkan_method hcbi_vulkan_elementwise = {.supports = supports, .prepare = prepare};

/* -------------------------------------------------------------------- copy */

static enum hcb_status prepare_copy(struct vulkan_plan *plan)
{
    const uint64_t bytes = plan->base.operands[0]->bytes;
    const struct vulkan_step step = {.copy = {.from = vulkan_operand(plan, 0)->buffer,
                                              .to = vulkan_operand(plan, 1)->buffer,
                                              .bytes = bytes},
                                     .work = (double)bytes};
    return hcbi_vulkan_add_step(plan, &step);
}

const struct vulkan_method hcbi_vulkan_copy = {.supports = supports, .prepare = prepare_copy};
