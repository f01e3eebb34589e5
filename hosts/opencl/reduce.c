/* SPDX-License-Identifier: Apache-2.0 */
/* Our own reductions: how many passes, and how long the chunks are.  The kernels
 * are in cl/reduce.cl. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "opencl.h"

/* What reduce.cl adds per step: eight vectors of 16 lanes in a work-item, or one in each item
 * of a work-group. */
enum { CPU_LANES = 16, CPU_STEP = 8 * CPU_LANES, ITEM_STEP = 16, STEPS_OF_F16 = 32 };

/* The parameters, in the order of the plan's values: chunks are at least CHUNK long,
 * and there are at most CHUNKS of them; on GPUs ITEMS of a work-group share one.  With an
 * f16 accumulator a chunk has one length, so that chains stay short, and there is nothing
 * to choose. */
enum { CHUNK, CHUNKS, ITEMS, CPU_COUNT = ITEMS, GPU_COUNT };
static const struct hcb_parameter cpu_parameters[CPU_COUNT] = {
    {"chunk", 1 << 15, {1 << 12, 1 << 13, 1 << 14, 1 << 15, 1 << 16, 1 << 17, 1 << 18}, 7},
    {"chunks", 1 << 10, {16, 64, 1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12}, 7}};
static const struct hcb_parameter gpu_parameters[GPU_COUNT] = {
    {"chunk", 1 << 13, {1 << 12, 1 << 13, 1 << 14, 1 << 15, 1 << 16}, 5},
    {"chunks", 1 << 11, {1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13}, 6},
    {"items", 256, {64, 128, 256, 512, 1024}, 5}};

/* A chunk is a step at least, and the tree is in local memory. */
static void list_limits(const struct opencl_device *device, const struct hcb_case *c,
                        struct hcb_parameters *parameters)
{
    const uint64_t element = c->precision == HCB_PRECISION_F64 || c->sum == HCB_SUM_F64 ? 8 : 4;
    const struct hcb_limit limits[] = {
        {"items of a work-group",
         .sum = {{1, {[ITEMS] = 1}}},
         .most = {hcbi_opencl_most_items(device), {0}}},
        {"bytes of local memory",
         .sum = {{c->sum == HCB_SUM_NEUMAIER ? 2 * element : element, {[ITEMS] = 1}}},
         .most = {device->local_bytes, {0}}},
        {"elements of a chunk", .sum = {{ITEM_STEP, {[ITEMS] = 1}}}, .most = {1, {[CHUNK] = 1}}}};
    memcpy(parameters->limits, limits, sizeof limits);
    parameters->limit_count = sizeof limits / sizeof *limits;
}

static uint64_t table_items(const struct opencl_device *device)
{
    return hcbi_opencl_items(device, (size_t)gpu_parameters[ITEMS].table);
}

static const char *list_parameters(const struct opencl_device *device, const struct hcb_case *c,
                                   struct hcb_parameters *parameters)
{
    if (c->precision == HCB_PRECISION_F16)
        return NULL;
    parameters->count = device->cpu_kernels ? CPU_COUNT : GPU_COUNT;
    memcpy(parameters->list, device->cpu_kernels ? cpu_parameters : gpu_parameters,
           parameters->count * sizeof *parameters->list);
    if (!device->cpu_kernels) {
        list_limits(device, c, parameters);
        parameters->list[ITEMS].table = table_items(device);
        hcbi_parameter_settle(&parameters->list[ITEMS], UINT64_MAX);
    }
    return "reduce.cl";
}

/* How a case is cut into chunks. */
struct chunking {
    const char *kernel;
    size_t items;  /* per chunk */
    uint64_t step; /* elements; chunks are a multiple */
    uint64_t least, most; /* elements of a chunk, and chunks; or `fixed` elements */
    uint64_t fixed;
};

/* The items that a plan begins with. */
static uint64_t wanted_items(const struct opencl_device *device, const struct hcb_case *c,
                             const uint64_t *values)
{
    if (device->cpu_kernels)
        return 1;
    return c->precision == HCB_PRECISION_F16 ? table_items(device) : values[ITEMS];
}

static struct chunking chunking_of(const struct opencl_device *device, const struct hcb_case *c,
                                   const uint64_t *values, uint64_t items)
{
    const bool is_cpu = device->cpu_kernels, is_fixed = c->precision == HCB_PRECISION_F16;
    struct chunking chunking = {.kernel = is_cpu ? "reduce_cpu" : "reduce_gpu", .items = items};
    chunking.step = is_cpu ? CPU_STEP : chunking.items * ITEM_STEP;
    chunking.fixed = is_fixed ? STEPS_OF_F16 * chunking.step : 0;
    if (!is_fixed) {
        chunking.least = values[CHUNK];
        chunking.most = values[CHUNKS];
    }
    return chunking;
}

/* A function of the count and the parameters alone, so that the same sum is always
 * added up in the same order. */
static uint64_t chunk_length(const struct chunking *chunking, uint64_t count)
{
    if (chunking->fixed > 0)
        return chunking->fixed;
    const uint64_t length =
        opencl_divide_up(opencl_divide_up(count, chunking->most), chunking->step) * chunking->step;
    return length > chunking->least ? length : chunking->least;
}

/* Additions behind a partial sum: the steps; what is left over, by vectors and
 * by elements; the trees over vectors, lanes and items.  Variants have half as many
 * vectors on CPU drivers. */
static uint64_t chain(const struct opencl_device *device, enum hcb_sum sum, uint64_t length,
                      size_t items)
{
    const uint64_t cpu_step = sum == HCB_SUM_PLAIN ? CPU_STEP : CPU_STEP / 2;
    uint64_t levels = 0;
    if (device->cpu_kernels)
        return length / cpu_step + (cpu_step / CPU_LANES - 1) + 3 + 4 + CPU_LANES;
    while (items >> (levels + 1) != 0)
        levels++;
    return length / (items * ITEM_STEP) + 2 + 2 + ITEM_STEP + levels;
}

/* Partial sums are summed in the accumulator's format. */
static const struct {
    const char *first, *later;
    enum hcb_type accumulator;
} macros[HCB_PRECISION_COUNT] = {
    [HCB_PRECISION_F64] = {"F64", "F64", HCB_TYPE_F64},
    [HCB_PRECISION_F32] = {"F32", "F32", HCB_TYPE_F32},
    [HCB_PRECISION_F16] = {"F16", "F16", HCB_TYPE_F16},
    [HCB_PRECISION_F16F32] = {"F16F32", "F32", HCB_TYPE_F32},
    [HCB_PRECISION_BF16F32] = {"BF16F32", "F32", HCB_TYPE_F32},
    [HCB_PRECISION_I8I32] = {"I8I32", "I32", HCB_TYPE_I32},
};

static enum hcb_type accumulator_of(const struct hcb_case *c)
{
    return c->sum == HCB_SUM_F64 ? HCB_TYPE_F64 : macros[c->precision].accumulator;
}

/* A chunk's sum, and with compensation what it has lost. */
static uint64_t partials_of(const struct hcb_case *c, uint64_t chunks)
{
    return chunks > 1 && c->sum == HCB_SUM_NEUMAIER ? 2 * chunks : chunks;
}

/* Sums in f64 are rounded by the pass that writes the result. */
static const char *variant_macros(const struct hcb_case *c, bool is_last)
{
    const bool is_narrow = c->precision == HCB_PRECISION_F16F32 || c->precision == HCB_PRECISION_BF16F32;
    if (c->sum == HCB_SUM_NEUMAIER)
        return is_narrow ? " -DFOUR_SUMS -DSUM_NEUMAIER -DEXACT_PRODUCTS" : " -DFOUR_SUMS -DSUM_NEUMAIER";
    if (c->sum == HCB_SUM_PLAIN)
        return "";
    if (!is_last)
        return " -DFOUR_SUMS -DACCUMULATED=double";
    return c->precision == HCB_PRECISION_F16
               ? " -DFOUR_SUMS -DACCUMULATED=double -DOUTPUT=half -DSTORE_HALF"
               : " -DFOUR_SUMS -DACCUMULATED=double -DOUTPUT=float";
}

static enum hcb_status pass_program(struct opencl_plan *plan, const struct chunking *chunking,
                                    bool is_first, bool is_last,
                                    const struct opencl_program **program)
{
    struct opencl_device *device = opencl_device_of(plan);
    const struct hcb_case *c = &plan->base.task;
    char options[192], group[32] = "";
    if (!device->cpu_kernels)
        snprintf(group, sizeof group, " -DGROUP=%zu", chunking->items);
    snprintf(options, sizeof options, "-cl-std=CL1.2 -DPRECISION_%s%s%s%s%s",
             is_first                ? macros[c->precision].first
             : c->sum == HCB_SUM_F64 ? "F64"
                                     : macros[c->precision].later,
             device->fma[accumulator_of(c)] ? " -DHAVE_FMA" : "",
             is_first && c->op == HCB_OP_DOT ? " -DOP_DOT" : "", variant_macros(c, is_last),
             group);
    return hcbi_opencl_program(device, "reduce.cl", options, program);
}

/* Items that the compiled kernels of all passes allow. */
static enum hcb_status find_allowed(struct opencl_plan *plan, const struct chunking *chunking,
                                    uint64_t *allowed)
{
    const struct hcb_case *c = &plan->base.task;
    const struct opencl_program *program;
    uint64_t count = c->shape.n, chunks;
    enum hcb_status status;
    *allowed = UINT64_MAX;
    do {
        chunks = opencl_divide_up(count, chunk_length(chunking, count));
        status = pass_program(plan, chunking, count == c->shape.n, chunks == 1, &program);
        if (status != HCB_OK)
            return status;
        const uint64_t most =
            hcbi_opencl_kernel_items(opencl_device_of(plan), program, chunking->kernel);
        *allowed = most < *allowed ? most : *allowed;
        count = partials_of(c, chunks);
    } while (chunks > 1);
    return status;
}

/* Halves the table's items until the compiled kernels allow for so many; a choice is refused. */
static enum hcb_status choose_chunking(struct opencl_plan *plan, struct chunking *chunking)
{
    const struct opencl_device *device = opencl_device_of(plan);
    const struct hcb_case *c = &plan->base.task;
    uint64_t *values = plan->base.values, items = wanted_items(device, c, values), allowed;
    const bool is_choice = items != table_items(device);
    enum hcb_status status;
    do {
        *chunking = chunking_of(device, c, values, items);
        status = find_allowed(plan, chunking, &allowed);
        if (status == HCB_OK && items > allowed && is_choice)
            return hcbi_opencl_too_many_items(device, chunking->kernel, items, allowed);
    } while (status == HCB_OK && items > allowed && (items /= 2) > 0);
    values[ITEMS] = chunking->items;
    return status;
}

/* `count` elements of `inputs` become partial sums of `length` elements each. */
static enum hcb_status add_pass(struct opencl_plan *plan, const struct chunking *chunking,
                                cl_mem *const inputs[HCB_INPUTS_MAX], bool is_first, uint64_t count,
                                uint64_t length, cl_mem *output)
{
    const struct opencl_device *device = opencl_device_of(plan);
    const cl_ulong n = count, l = length;
    const size_t items = chunking->items;
    struct opencl_argument arguments[5];
    cl_uint used = 0;
    const struct opencl_program *program;
    enum hcb_status status = pass_program(plan, chunking, is_first, count <= length, &program);
    if (status != HCB_OK)
        return status;
    const struct opencl_range range = {{opencl_divide_up(count, length) * items, 1}, {items, 1}};
    for (unsigned i = 0; i < HCB_INPUTS_MAX; i++)
        if (inputs[i] != NULL)
            arguments[used++] = (struct opencl_argument){sizeof(cl_mem), inputs[i]};
    arguments[used++] = (struct opencl_argument){sizeof n, &n};
    arguments[used++] = (struct opencl_argument){sizeof l, &l};
    arguments[used++] = (struct opencl_argument){sizeof(cl_mem), output};
    plan->base.info.depth +=
        chain(device, plan->base.task.sum, length < count ? length : count, items);
    return hcbi_opencl_add_step(plan, program, chunking->kernel, &range, arguments, used);
}

static enum hcb_status prepare(struct opencl_plan *plan)
{
    const struct hcb_case *c = &plan->base.task;
    const enum hcb_type accumulator = accumulator_of(c);
    struct chunking chunking;
    cl_mem *inputs[HCB_INPUTS_MAX] = {opencl_operand(plan, 0)};
    uint64_t count = c->shape.n, chunks;
    enum hcb_status status = choose_chunking(plan, &chunking);
    if (status != HCB_OK)
        return status;

    if (c->op == HCB_OP_DOT) {
        inputs[1] = opencl_operand(plan, 1);
        if (c->sum == HCB_SUM_PLAIN)
            opencl_count_roundings(plan, accumulator);
    }
    do {
        const uint64_t length = chunk_length(&chunking, count);
        const bool is_first = count == c->shape.n;
        chunks = opencl_divide_up(count, length);
        cl_mem *output = opencl_operand(plan, hcb_op_operands(c->op) - 1);
        if (chunks > 1) { /* two buffers take turns */
            cl_mem fresh;
            if (plan->scratch_count < OPENCL_SCRATCH_MAX)
                status = hcbi_opencl_scratch(
                    plan, partials_of(c, chunks) * hcb_type_size(accumulator), &fresh);
            output = inputs[0] == &plan->scratch[0] ? &plan->scratch[1] : &plan->scratch[0];
        }
        if (status == HCB_OK)
            status = add_pass(plan, &chunking, inputs, is_first, count, length, output);
        inputs[0] = output;
        inputs[1] = NULL;
        count = partials_of(c, chunks);
    } while (chunks > 1 && status == HCB_OK);
    return status;
}

/* Partial sums: at most one per chunk of the first pass, and less afterwards. */
static uint64_t scratch(const struct opencl_device *device, const struct hcb_case *c,
                        const uint64_t *values)
{
    const uint64_t items = wanted_items(device, c, values);
    const struct chunking chunking = chunking_of(device, c, values, items);
    const uint64_t length = chunk_length(&chunking, c->shape.n);
    return 2 * partials_of(c, opencl_divide_up(c->shape.n, length)) *
           hcb_type_size(accumulator_of(c));
}

static enum hcb_status supports(const struct opencl_device *device, const struct hcb_case *c)
{
    struct hcb_parameters parameters = {.count = 0};
    uint64_t values[HCB_PARAMETERS_MAX];
    list_parameters(device, c, &parameters);
    hcb_parameters_read(&parameters, "", values);
    const uint64_t bytes = scratch(device, c, values);
    return bytes <= hcbi_opencl_room(device, c) ? HCB_OK : hcbi_opencl_no_room(device, c, bytes);
}

const struct opencl_method hcbi_opencl_reduce = {.supports = supports,
                                                 .scratch = scratch,
                                                 .parameters = list_parameters,
                                                 .prepare = prepare};
