/* SPDX-License-Identifier: Apache-2.0 */
/* Sums and dot products: passes that turn blocks of elements into partial results
 * until one is left.  The tree depends on the number of elements and the class of
 * kernels alone, never on the device's limits. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "vulkan.h"

enum {
    BLOCK = 16384, /* elements, as in reduce.glsl */
    CPU_LANES = 8, /* invocations that share a block on a processor, each with a result */
    GPU_LANES = 256,
    CHAINS = 4,    /* per invocation, of vectors of 4 */
    FINISH = 1024, /* elements that one invocation reduces alone */
    CPU_GROUP_LANES = 8,
    TREE_OF_CHAINS = 4 /* additions that join 4 chains of 4 */
};

/* One pass over `count` elements. */
struct pass {
    uint64_t count;
    uint32_t lanes;   /* results per block (processor), invocations (GPU) */
    uint64_t results; /* that it writes */
};

static struct pass make_pass(const struct vulkan_device *device, uint64_t count)
{
    const uint64_t blocks = vulkan_divide_up(count, BLOCK);
    if (!device->cpu_kernels)
        return (struct pass){count, GPU_LANES, blocks};
    if (count <= FINISH)
        return (struct pass){count, 1, 1};
    return (struct pass){count, CPU_LANES, blocks * CPU_LANES};
}

/* Elements that a pass writes: each result is a sum, and with compensation what it has
 * lost, but for the last one. */
static uint64_t written(const struct hcb_case *c, const struct pass *pass)
{
    return c->sum == HCB_SUM_NEUMAIER && pass->results > 1 ? 2 * pass->results : pass->results;
}

/* Sums in f64 are rounded by a pass of their own. */
static bool is_last(const struct hcb_case *c, const struct pass *pass, bool is_first)
{
    return pass->results == 1 && !(c->sum == HCB_SUM_F64 && is_first);
}

/* The format of sums. */
static enum hcb_type format_of(const struct hcb_case *c)
{
    return c->sum == HCB_SUM_F64 ? HCB_TYPE_F64 : hcb_operand_type(c, hcb_op_operands(c->op) - 1);
}

static uint64_t turns_of(uint64_t count, uint32_t lanes)
{
    return vulkan_divide_up(vulkan_min(count, BLOCK), (uint64_t)4 * CHAINS * lanes);
}

static uint64_t depth_of(const struct pass *pass)
{
    const uint64_t tree = pass->lanes == GPU_LANES ? 8 : 0; /* of 256 sums in shared memory */
    return turns_of(pass->count, pass->lanes) + TREE_OF_CHAINS + tree;
}

/* Elements of the windows of a pass, whole blocks. */
static uint64_t window_of(const struct vulkan_device *device, size_t input_size, size_t output_size)
{
    const uint64_t size = input_size > output_size ? input_size : output_size;
    const uint64_t groups = (uint64_t)device->limits.maxComputeWorkGroupCount[0] * BLOCK;
    return vulkan_min(device->window_bytes / size / BLOCK * BLOCK, groups);
}

struct pass_job {
    struct pass pass;
    const struct vulkan_pipeline *pipeline;
    const struct vulkan_memory *inputs[HCB_INPUTS_MAX]; /* the second NULL for a sum */
    const struct vulkan_memory *output;
    enum hcb_type input_type, output_type;
    bool is_last;
};

static enum hcb_status add_pass(struct vulkan_plan *plan, const struct pass_job *job)
{
    const struct vulkan_device *device = vulkan_device_of(plan);
    const size_t input_size = hcb_type_size(job->input_type), output_size = hcb_type_size(job->output_type);
    const uint64_t window = window_of(device, input_size, output_size);
    const uint32_t results_per_block = device->cpu_kernels ? job->pass.lanes : 1;
    const uint32_t per_result = (uint32_t)(written(&plan->base.task, &job->pass) / job->pass.results);
    const uint32_t group_blocks = device->cpu_kernels ? CPU_GROUP_LANES / job->pass.lanes : 1;
    enum hcb_status status = HCB_OK;
    for (uint64_t first = 0; first < job->pass.count && status == HCB_OK; first += window) {
        const uint64_t count = vulkan_min(window, job->pass.count - first);
        const uint64_t blocks = vulkan_divide_up(count, BLOCK);
        struct vulkan_step step = {
            .pipeline = job->pipeline,
            .groups = {(uint32_t)vulkan_divide_up(blocks, group_blocks), 1, 1},
            .work = (double)count};
        /* Windows begin at whole blocks, which alignment divides. */
        for (unsigned i = 0; i < HCB_INPUTS_MAX; i++)
            if (job->inputs[i] != NULL && device->cpu_kernels)
                hcbi_vulkan_bind_texels(plan, &step.texels[i], job->inputs[i], first, count,
                                        job->input_type);
            else if (job->inputs[i] != NULL)
                hcbi_vulkan_bind(plan, &step.bindings[i], job->inputs[i], first, count, input_size);
        const uint32_t offset = hcbi_vulkan_bind(plan, &step.bindings[2], job->output,
                                                 first / BLOCK * results_per_block * per_result,
                                                 blocks * results_per_block * per_result, output_size);
        const uint32_t constants[] = {(uint32_t)count, offset, job->pass.lanes,
                                      (uint32_t)turns_of(count % BLOCK, job->pass.lanes), job->is_last};
        memcpy(step.constants, constants, sizeof constants);
        status = hcbi_vulkan_add_step(plan, &step);
    }
    return status;
}

static enum hcb_status find_kernel(struct vulkan_plan *plan, enum hcb_op op, const char *variant,
                                   const struct vulkan_pipeline **pipeline)
{
    const bool cpu = vulkan_device_of(plan)->cpu_kernels;
    const struct vulkan_specialization specialization = {.values = {CPU_GROUP_LANES}, .count = cpu};
    char family[16];
    snprintf(family, sizeof family, "%s_%s", hcb_op_name(op), cpu ? "cpu" : "gpu");
    return hcbi_vulkan_pipeline(plan, family, variant, &specialization, pipeline);
}

/* Bytes of the results of the first pass and of the second, 0 where the result
 * proper is written; later passes use the two in turn. */
static void scratch_of(const struct vulkan_device *device, const struct hcb_case *c,
                       uint64_t bytes[2])
{
    const size_t size = hcb_type_size(format_of(c));
    const struct pass first = make_pass(device, c->shape.n),
                      second = make_pass(device, written(c, &first));
    bytes[0] = bytes[1] = 0;
    if (is_last(c, &first, true))
        return;
    bytes[0] = written(c, &first) * size;
    if (!is_last(c, &second, false))
        bytes[1] = written(c, &second) * size;
}

/* Of the first pass, of the last one, and of those between. */
struct kernels {
    const struct vulkan_pipeline *first, *next, *last;
};

static enum hcb_status add_passes(struct vulkan_plan *plan,
                                  const struct vulkan_memory *const scratch[2],
                                  const struct kernels *kernels)
{
    const struct hcb_case *c = &plan->base.task;
    const unsigned last = hcb_op_operands(c->op) - 1;
    struct pass_job job = {
        .pass = make_pass(vulkan_device_of(plan), c->shape.n),
        .pipeline = kernels->first,
        .inputs = {vulkan_operand(plan, 0), last > 1 ? vulkan_operand(plan, 1) : NULL},
        .input_type = hcb_operand_type(c, 0),
        .output_type = format_of(c)};
    enum hcb_status status = HCB_OK;
    plan->base.info.depth = 0;
    for (unsigned i = 0; status == HCB_OK; i++) {
        job.is_last = is_last(c, &job.pass, i == 0);
        job.output = job.is_last ? vulkan_operand(plan, last) : scratch[i % 2];
        if (job.is_last)
            job.output_type = hcb_operand_type(c, last);
        if (i > 0)
            job.pipeline = job.is_last ? kernels->last : kernels->next;
        plan->base.info.depth += depth_of(&job.pass);
        status = add_pass(plan, &job);
        if (job.is_last)
            break;
        job.pass = make_pass(vulkan_device_of(plan), written(c, &job.pass));
        job.inputs[0] = job.output;
        job.inputs[1] = NULL;
        job.input_type = format_of(c);
    }
    return status;
}

static enum hcb_status find_kernels(struct vulkan_plan *plan, const uint64_t scratch_bytes[2],
                                    struct kernels *kernels)
{
    static const char *const sums[HCB_TYPE_COUNT] = {[HCB_TYPE_F64] = "f64",
                                                     [HCB_TYPE_F32] = "f32",
                                                     [HCB_TYPE_F16] = "f16",
                                                     [HCB_TYPE_I32] = "i32"};
    const struct hcb_case *c = &plan->base.task;
    const bool is_plain = c->sum == HCB_SUM_PLAIN, is_wide = c->sum == HCB_SUM_F64;
    const char *result = sums[hcb_operand_type(c, hcb_op_operands(c->op) - 1)];
    char first[32], next[32], last[32];
    snprintf(first, sizeof first, "%s%s%s", hcb_precision_name(c->precision), is_plain ? "" : ".",
             is_plain ? "" : hcb_sum_name(c->sum));
    snprintf(next, sizeof next, "%s%s", is_wide ? "f64" : result, is_plain || is_wide ? "" : ".neumaier");
    snprintf(last, sizeof last, "round_%s", result);
    enum hcb_status status = find_kernel(plan, c->op, first, &kernels->first);
    if (status == HCB_OK && (is_wide ? scratch_bytes[1] : scratch_bytes[0]) > 0)
        status = find_kernel(plan, HCB_OP_SUM, next, &kernels->next);
    kernels->last = kernels->next;
    if (status == HCB_OK && is_wide)
        status = find_kernel(plan, HCB_OP_SUM, last, &kernels->last);
    return status;
}

static enum hcb_status prepare(struct vulkan_plan *plan)
{
    const struct hcb_case *c = &plan->base.task;
    struct kernels kernels = {NULL, NULL, NULL};
    const struct vulkan_memory *scratch[2] = {NULL, NULL};
    uint64_t bytes[2];
    scratch_of(vulkan_device_of(plan), c, bytes);
    enum hcb_status status = find_kernels(plan, bytes, &kernels);
    for (unsigned i = 0; i < 2 && status == HCB_OK; i++)
        if (bytes[i] > 0)
            status = hcbi_vulkan_scratch(plan, bytes[i], &scratch[i]);
    /* fma may round twice */
    plan->base.info.roundoff_factor = c->op == HCB_OP_DOT && c->sum == HCB_SUM_PLAIN ? 2 : 1;
    return status == HCB_OK ? add_passes(plan, scratch, &kernels) : status;
}

static enum hcb_status supports(const struct vulkan_device *device, const struct hcb_case *c)
{
    uint64_t bytes[2];
    scratch_of(device, c, bytes);
    return hcbi_vulkan_check_room(device, c, bytes, 2);
}

static uint64_t scratch(const struct vulkan_device *device, const struct hcb_case *c)
{
    uint64_t bytes[2];
    scratch_of(device, c, bytes);
    return bytes[0] + bytes[1];
}

const struct vulkan_method hcbi_vulkan_reduce = {
    .supports = supports, .scratch = scratch, .prepare = prepare};
