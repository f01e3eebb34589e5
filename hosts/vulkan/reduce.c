/* SPDX-License-Identifier: Apache-2.0 */
/* Sums and dot products: passes that turn blocks of elements into partial results
 * until one is left.  The tree depends on the number of elements, the class of kernels
 * and their parameters alone.  Of the device's limits only those of a workgroup matter,
 * which may lower the table's lanes. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "vulkan.h"

enum {
    CHAINS = 4,    /* per invocation, of vectors of 4 */
    FINISH = 1024, /* elements that one invocation reduces alone on a processor */
    CPU_GROUP_LANES = 8,
    TREE_OF_CHAINS = 4 /* additions that join 4 chains of 4 */
};

/* Parameters, in the order of the plan's values: elements of a block, and the invocations
 * that share it.  On a processor each of them has a result, on a GPU they are a workgroup
 * that has one. */
enum { BLOCK, LANES, PARAMETER_COUNT };
static const struct hcb_parameter
    cpu_parameters[PARAMETER_COUNT] = {{"block", 1 << 14, {1 << 12, 1 << 13, 1 << 14, 1 << 15, 1 << 16, 1 << 17}, 6},
                                       {"lanes", 8, {1, 2, 4, CPU_GROUP_LANES}, 4}},
    gpu_parameters[PARAMETER_COUNT] = {
        {"block", 1 << 14, {1 << 12, 1 << 13, 1 << 14, 1 << 15, 1 << 16, 1 << 17, 1 << 18}, 7},
        {"lanes", 256, {64, 128, 256, 512, 1024}, 5}};

/* How passes are made. */
struct blocking {
    uint64_t block;
    uint32_t lanes;
    bool is_cpu;
};

/* The format of sums. */
static enum hcb_type format_of(const struct hcb_case *c)
{
    return c->sum == HCB_SUM_F64 ? HCB_TYPE_F64 : hcb_operand_type(c, hcb_op_operands(c->op) - 1);
}

/* Bytes of the tree in shared memory for an invocation. */
static uint64_t shared_bytes(const struct hcb_case *c)
{
    const uint64_t sum = hcb_type_size(format_of(c));
    return c->sum == HCB_SUM_NEUMAIER ? 2 * sum : sum;
}

static uint64_t most_invocations(const struct vulkan_device *device)
{
    return vulkan_min(device->limits.maxComputeWorkGroupInvocations,
                      device->limits.maxComputeWorkGroupSize[0]);
}

/* A block can be bound, and has a turn of the loop for each invocation; a GPU's tree is in
 * shared memory. */
static void list_limits(const struct vulkan_device *device, const struct hcb_case *c,
                        struct hcb_parameters *parameters)
{
    const struct hcb_limit limits[] = {
        {"elements of a block", .sum = {{4 * CHAINS, {[LANES] = 1}}}, .most = {1, {[BLOCK] = 1}}},
        {"bytes of a binding",
         .sum = {{hcb_type_size(format_of(c)), {[BLOCK] = 1}}},
         .most = {device->window_bytes, {0}}},
        {"invocations of a workgroup",
         .sum = {{1, {[LANES] = 1}}},
         .most = {most_invocations(device), {0}}},
        {"bytes of shared memory",
         .sum = {{shared_bytes(c), {[LANES] = 1}}},
         .most = {device->limits.maxComputeSharedMemorySize, {0}}}};
    parameters->limit_count = device->cpu_kernels ? 2 : 4;
    memcpy(parameters->limits, limits, parameters->limit_count * sizeof *limits);
}

/* Halved until the device has so many. */
static uint64_t table_lanes(const struct vulkan_device *device, const struct hcb_case *c)
{
    uint64_t lanes = gpu_parameters[LANES].table;
    if (device->cpu_kernels)
        return cpu_parameters[LANES].table;
    while (lanes > 1 && (lanes > most_invocations(device) ||
                         lanes * shared_bytes(c) > device->limits.maxComputeSharedMemorySize))
        lanes /= 2;
    return lanes;
}

/* With an f16 accumulator blocks have one length, so that chains stay short. */
static void list_parameters(const struct vulkan_device *device, const struct hcb_case *c,
                            struct hcb_parameters *parameters)
{
    parameters->count = c->precision == HCB_PRECISION_F16 ? 0 : PARAMETER_COUNT;
    if (parameters->count == 0)
        return;
    memcpy(parameters->list, device->cpu_kernels ? cpu_parameters : gpu_parameters, sizeof cpu_parameters);
    parameters->list[LANES].table = table_lanes(device, c);
    hcbi_parameter_settle(&parameters->list[LANES], UINT64_MAX);
    list_limits(device, c, parameters);
}

/* NULL for the table's values. */
static struct blocking blocking_of(const struct vulkan_device *device, const struct hcb_case *c,
                                   const uint64_t *values)
{
    const struct hcb_parameter *table = device->cpu_kernels ? cpu_parameters : gpu_parameters;
    const bool asked = values != NULL && c->precision != HCB_PRECISION_F16;
    return (struct blocking){asked ? values[BLOCK] : table[BLOCK].table,
                             (uint32_t)(asked ? values[LANES] : table_lanes(device, c)),
                             device->cpu_kernels};
}

/* One pass over `count` elements. */
struct pass {
    uint64_t count, block;
    uint32_t lanes;   /* results per block (processor), invocations (GPU) */
    uint64_t results; /* that it writes */
};

static struct pass make_pass(const struct blocking *blocking, uint64_t count)
{
    const uint64_t blocks = vulkan_divide_up(count, blocking->block);
    if (!blocking->is_cpu)
        return (struct pass){count, blocking->block, blocking->lanes, blocks};
    if (count <= FINISH)
        return (struct pass){count, blocking->block, 1, 1};
    return (struct pass){count, blocking->block, blocking->lanes, blocks * blocking->lanes};
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

static uint64_t turns_of(const struct pass *pass, uint64_t count)
{
    return vulkan_divide_up(vulkan_min(count, pass->block), (uint64_t)4 * CHAINS * pass->lanes);
}

static uint64_t depth_of(const struct pass *pass, bool is_cpu)
{
    uint64_t depth = turns_of(pass, pass->count) + TREE_OF_CHAINS;
    for (uint32_t lanes = pass->lanes; lanes > 1 && !is_cpu; lanes /= 2)
        depth++; /* in shared memory */
    return depth;
}

/* Elements of the windows of a pass, whole blocks. */
static uint64_t window_of(const struct vulkan_device *device, uint64_t block, size_t input_size,
                          size_t output_size)
{
    const uint64_t size = input_size > output_size ? input_size : output_size;
    const uint64_t groups = (uint64_t)device->limits.maxComputeWorkGroupCount[0] * block;
    return vulkan_min(device->window_bytes / size / block * block, groups);
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
    const uint64_t block = job->pass.block, window = window_of(device, block, input_size, output_size);
    const uint32_t results_per_block = device->cpu_kernels ? job->pass.lanes : 1;
    const uint32_t per_result = (uint32_t)(written(&plan->base.task, &job->pass) / job->pass.results);
    const uint32_t group_blocks = device->cpu_kernels ? CPU_GROUP_LANES / job->pass.lanes : 1;
    enum hcb_status status = HCB_OK;
    for (uint64_t first = 0; first < job->pass.count && status == HCB_OK; first += window) {
        const uint64_t count = vulkan_min(window, job->pass.count - first);
        const uint64_t blocks = vulkan_divide_up(count, block);
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
                                                 first / block * results_per_block * per_result,
                                                 blocks * results_per_block * per_result, output_size);
        const uint32_t constants[] = {(uint32_t)count, offset, job->pass.lanes,
                                      (uint32_t)turns_of(&job->pass, count % block), job->is_last};
        memcpy(step.constants, constants, sizeof constants);
        status = hcbi_vulkan_add_step(plan, &step);
    }
    return status;
}

/* Bytes of the results of the first pass and of the second, 0 where the result
 * proper is written; later passes use the two in turn. */
static void scratch_of(const struct blocking *blocking, const struct hcb_case *c, uint64_t bytes[2])
{
    const size_t size = hcb_type_size(format_of(c));
    const struct pass first = make_pass(blocking, c->shape.n),
                      second = make_pass(blocking, written(c, &first));
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

static enum hcb_status add_passes(struct vulkan_plan *plan, const struct blocking *blocking,
                                  const struct vulkan_memory *const scratch[2],
                                  const struct kernels *kernels)
{
    const struct hcb_case *c = &plan->base.task;
    const unsigned last = hcb_op_operands(c->op) - 1;
    struct pass_job job = {
        .pass = make_pass(blocking, c->shape.n),
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
        plan->base.info.depth += depth_of(&job.pass, blocking->is_cpu);
        status = add_pass(plan, &job);
        if (job.is_last)
            break;
        job.pass = make_pass(blocking, written(c, &job.pass));
        job.inputs[0] = job.output;
        job.inputs[1] = NULL;
        job.input_type = format_of(c);
    }
    return status;
}

/* The variants of the kernels of a case, "" where it needs none: the first pass, those
 * between, and with sums in f64 the last one, which are sums whatever the op is. */
struct variants {
    char first[32], next[32], last[32];
};

static struct variants variants_of(const struct hcb_case *c, const uint64_t scratch_bytes[2])
{
    static const char *const sums[HCB_TYPE_COUNT] = {[HCB_TYPE_F64] = "f64",
                                                     [HCB_TYPE_F32] = "f32",
                                                     [HCB_TYPE_F16] = "f16",
                                                     [HCB_TYPE_I32] = "i32"};
    const bool is_plain = c->sum == HCB_SUM_PLAIN, is_wide = c->sum == HCB_SUM_F64;
    const char *result = sums[hcb_operand_type(c, hcb_op_operands(c->op) - 1)];
    struct variants v = {"", "", ""};
    snprintf(v.first, sizeof v.first, "%s%s%s", hcb_precision_name(c->precision), is_plain ? "" : ".",
             is_plain ? "" : hcb_sum_name(c->sum));
    if ((is_wide ? scratch_bytes[1] : scratch_bytes[0]) > 0)
        snprintf(v.next, sizeof v.next, "%s%s", is_wide ? "f64" : result,
                 is_plain || is_wide ? "" : ".neumaier");
    if (is_wide)
        snprintf(v.last, sizeof v.last, "round_%s", result);
    return v;
}

/* "sum_cpu" */
static void family_of(enum hcb_op op, bool is_cpu, char family[16])
{
    snprintf(family, 16, "%s_%s", hcb_op_name(op), is_cpu ? "cpu" : "gpu");
}

/* Leaves the pipeline alone where there is no variant. */
static enum hcb_status find_kernel(struct vulkan_plan *plan, const struct blocking *blocking,
                                   enum hcb_op op, const char *variant,
                                   const struct vulkan_pipeline **pipeline)
{
    const struct vulkan_specialization specialization = {
        .values = {blocking->is_cpu ? CPU_GROUP_LANES : blocking->lanes, (uint32_t)blocking->block},
        .count = 2};
    char family[16];
    family_of(op, blocking->is_cpu, family);
    return variant[0] == '\0' ? HCB_OK
                              : hcbi_vulkan_pipeline(plan, family, variant, &specialization, pipeline);
}

static enum hcb_status find_kernels(struct vulkan_plan *plan, const struct blocking *blocking,
                                    const uint64_t scratch_bytes[2], struct kernels *kernels)
{
    const struct hcb_case *c = &plan->base.task;
    const struct variants v = variants_of(c, scratch_bytes);
    enum hcb_status status = find_kernel(plan, blocking, c->op, v.first, &kernels->first);
    if (status == HCB_OK)
        status = find_kernel(plan, blocking, HCB_OP_SUM, v.next, &kernels->next);
    kernels->last = kernels->next;
    if (status == HCB_OK)
        status = find_kernel(plan, blocking, HCB_OP_SUM, v.last, &kernels->last);
    return status;
}

/* The files of find_kernels, each once. */
static enum hcb_status find_parameters(const struct vulkan_device *device, const struct hcb_case *c,
                                       struct hcb_parameters *parameters)
{
    const struct blocking blocking = blocking_of(device, c, NULL);
    char names[3][64], first[16], later[16];
    const char *files[3] = {names[0]};
    uint64_t bytes[2];
    size_t count = 1;
    list_parameters(device, c, parameters);
    if (parameters->count == 0)
        return HCB_OK;
    scratch_of(&blocking, c, bytes);
    const struct variants v = variants_of(c, bytes);
    family_of(c->op, blocking.is_cpu, first);
    family_of(HCB_OP_SUM, blocking.is_cpu, later);
    snprintf(names[0], sizeof names[0], "%s.%s.spv", first, v.first);
    snprintf(names[1], sizeof names[1], "%s.%s.spv", later, v.next);
    snprintf(names[2], sizeof names[2], "%s.%s.spv", later, v.last);
    if (v.next[0] != '\0' && strcmp(names[1], names[0]) != 0)
        files[count++] = names[1];
    if (v.last[0] != '\0')
        files[count++] = names[2];
    return hcbi_kernels_load_hash(device->base.ctx, hcbi_spv_kernels, files, count,
                                  parameters->kernel_sha256);
}

static enum hcb_status prepare(struct vulkan_plan *plan)
{
    const struct hcb_case *c = &plan->base.task;
    struct kernels kernels = {NULL, NULL, NULL};
    const struct vulkan_memory *scratch[2] = {NULL, NULL};
    const struct blocking blocking = blocking_of(vulkan_device_of(plan), c, plan->base.values);
    uint64_t bytes[2];
    scratch_of(&blocking, c, bytes);
    enum hcb_status status = find_kernels(plan, &blocking, bytes, &kernels);
    for (unsigned i = 0; i < 2 && status == HCB_OK; i++)
        if (bytes[i] > 0)
            status = hcbi_vulkan_scratch(plan, bytes[i], &scratch[i]);
    /* fma may round twice */
    plan->base.info.roundoff_factor = c->op == HCB_OP_DOT && c->sum == HCB_SUM_PLAIN ? 2 : 1;
    return status == HCB_OK ? add_passes(plan, &blocking, scratch, &kernels) : status;
}

static enum hcb_status supports(const struct vulkan_device *device, const struct hcb_case *c)
{
    const struct blocking blocking = blocking_of(device, c, NULL);
    uint64_t bytes[2];
    scratch_of(&blocking, c, bytes);
    return hcbi_vulkan_check_room(device, c, bytes, 2);
}

static uint64_t scratch(const struct vulkan_device *device, const struct hcb_case *c,
                        const uint64_t *values)
{
    const struct blocking blocking = blocking_of(device, c, values);
    uint64_t bytes[2];
    scratch_of(&blocking, c, bytes);
    return bytes[0] + bytes[1];
}

const struct vulkan_method hcbi_vulkan_reduce = {.supports = supports,
                                                 .scratch = scratch,
                                                 .parameters = find_parameters,
                                                 .prepare = prepare};
