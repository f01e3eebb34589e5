/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products on matrix units, for which each vendor has words of its own: finds the
 * kernel that a device can use, lists its launches, and tests it before it is believed. */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opencl.h"

/* Parameters, in the order of the plan's values: as in the comments of the kernels, of which
 * matmul_units.cl has the first three. */
enum { ROWS, COLUMNS, SUPER, STEP, STAGES, PTX_COUNT, UNITS_COUNT = STEP };
static const struct hcb_parameter usual[PTX_COUNT] = {
    [ROWS] = {"rows", 128, {64, 128, 256}, 3},
    [COLUMNS] = {"columns", 128, {64, 128, 256}, 3},
    [SUPER] = {"super", 8, {1, 2, 4, 8, 16, 32}, 6},
    [STEP] = {"step", 64, {32, 64, 128}, 3},
    [STAGES] = {"stages", 3, {2, 3, 4, 5, 6}, 5},
};
static const char *const macros[PTX_COUNT] = {"ROWS", "COLUMNS", "SUPER", "STEP", "STAGES"};

/* Operands are padded to whole tiles and steps, or, where the kernel knows edges, only those
 * whose rows do not begin at 16 bytes; B is k x n, or n x k for the precisions in `turned`.
 * Those of f32x2 are packed as halves, which are as large as their numbers. */
struct unit_kernel {
    const char *name;
    const char *extension; /* that devices with such units list */
    const char *file;
    size_t parameters;
    unsigned precisions, turned;
    unsigned sums;          /* of an item */
    unsigned elements_most; /* of a tile, for registers */
    unsigned row_bytes;     /* of local memory per row and column of a tile; times STEP and STAGES,
                               where these are parameters */
    bool wants_sub_group, knows_edges;
};

enum {
    UNIT_PRECISIONS = HCBI_F16F32 | HCBI_BF16F32 | HCBI_I8I32,
    PTX_ELEMENTS = 65536 / 256 * 128, /* registers of a processor, of an item, and sums */
    UNITS_STEP = 64,
    UNITS_ROW = 2 * (UNITS_STEP + 16) /* padded, and twice */
};

static const struct unit_kernel kernels[] = {
    {"nvidia", "cl_nv_device_attribute_query", "matmul_ptx.cl", PTX_COUNT,
     UNIT_PRECISIONS | HCBI_F32X2, HCBI_I8I32, 128, PTX_ELEMENTS, 1, false, true},
    {"amd", "cl_amd_device_attribute_query", "matmul_units.cl", UNITS_COUNT, UNIT_PRECISIONS,
     UNIT_PRECISIONS, 64, UINT_MAX, UNITS_ROW, false, false},
    {"intel", "cl_intel_subgroup_matrix_multiply_accumulate", "matmul_units.cl", UNITS_COUNT,
     UNIT_PRECISIONS, UNIT_PRECISIONS, 64, UINT_MAX, UNITS_ROW, true, false},
};

enum {
    UNIT = 16 /* bytes */,
    HALVES_TERMS = 16, /* that the units add up */
    PACK_BLOCK = 32,
    PACK_ITEMS = 256 /* as in pack.cl */
};

/* A case as a kernel sees it: extents in elements, padded; bytes of an element, of a number
 * as it lies packed, and between rows; and whether packing leaves it edges. */
struct padding {
    uint64_t m, n, k, size, packed_size, a_stride, b_stride;
    bool pack_a, pack_b, turned, edge, halves;
};

/* HCBENCH_MATRIX_UNITS=NAME in the environment decides instead, so that a test can bring
 * the instructions with a kernel folder.  NULL: none. */
static const struct unit_kernel *kernel_of(const struct opencl_device *device)
{
    const char *asked = getenv("HCBENCH_MATRIX_UNITS");
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
        if (asked != NULL && asked[0] != '\0'
                ? strcmp(asked, kernels[i].name) == 0
                : hcbi_opencl_has_extension(device->id, kernels[i].extension))
            return &kernels[i];
    return NULL;
}

static uint64_t step_of(const struct unit_kernel *kernel, const uint64_t *values)
{
    return kernel->parameters > STEP ? values[STEP] : UNITS_STEP;
}

static uint64_t round_up(uint64_t value, uint64_t step)
{
    return opencl_divide_up(value, step) * step;
}

static struct padding padding_of(const struct unit_kernel *kernel, const struct hcb_case *c,
                                 const uint64_t *values)
{
    const struct hcb_shape *s = &c->shape;
    struct padding p = {.size = hcb_type_size(hcb_operand_type(c, 0)),
                        .turned = (kernel->turned >> c->precision & 1) != 0,
                        .halves = c->precision == HCB_PRECISION_F32X2};
    p.packed_size = p.halves ? p.size / 2 : p.size;
    p.m = round_up(s->m, values[ROWS]);
    p.n = round_up(s->n, values[COLUMNS]);
    const uint64_t terms = step_of(kernel, values) / p.size;
    p.k = round_up(s->k, terms > PACK_BLOCK ? terms : PACK_BLOCK);
    const bool rest_a = p.m != s->m || p.k != s->k, rest_b = p.n != s->n || p.k != s->k;
    p.pack_a = p.halves || (rest_a && !(kernel->knows_edges && s->k * p.size % UNIT == 0));
    p.pack_b = p.halves || p.turned ||
               (rest_b && !(kernel->knows_edges && s->n * p.size % UNIT == 0));
    p.a_stride = (p.pack_a ? p.k : s->k) * p.size;
    p.b_stride = (p.turned ? p.k : p.pack_b ? p.n : s->n) * p.packed_size;
    p.edge = (rest_a && !p.pack_a) || (rest_b && !p.pack_b);
    return p;
}

/* Copies operand 0 or 1 into scratch memory. */
static enum hcb_status add_pack(struct opencl_plan *plan, const struct padding *p, bool is_b,
                                cl_mem *packed)
{
    const struct hcb_shape *s = &plan->base.task.shape;
    const cl_ulong rows = is_b ? s->k : s->m, columns = is_b ? s->n : s->k;
    const uint64_t padded_rows = is_b ? p->k : p->m, padded_columns = is_b ? p->n : p->k;
    const bool turned = is_b && p->turned;
    const cl_ulong stride = (is_b ? p->b_stride : p->a_stride) / p->packed_size;
    const struct opencl_range range = {
        {padded_columns / PACK_BLOCK * PACK_ITEMS, padded_rows / PACK_BLOCK}, {PACK_ITEMS, 1}};
    const struct opencl_argument arguments[] = {{sizeof(cl_mem), opencl_operand(plan, is_b)},
                                                {sizeof(cl_mem), packed},
                                                {sizeof rows, &rows},
                                                {sizeof columns, &columns},
                                                {sizeof stride, &stride}};
    const struct opencl_program *program;
    char options[96];
    snprintf(options, sizeof options, "-cl-std=CL1.2 -DELEMENT=%s%s%s",
             p->halves      ? "float -DPRECISION_F32X2"
             : p->size == 1 ? "uchar"
                            : "ushort",
             turned ? " -DTURNED" : "", p->halves && is_b ? " -DTERMS_DOWN" : "");
    enum hcb_status status =
        hcbi_opencl_scratch(plan, padded_rows * padded_columns * p->size, packed);
    if (status == HCB_OK)
        status = hcbi_opencl_program(opencl_device_of(plan), "pack.cl", options, &program);
    return status == HCB_OK ? hcbi_opencl_add_step(plan, program, "pack", &range, arguments,
                                                   sizeof arguments / sizeof *arguments)
                            : status;
}

static enum hcb_status add_multiply(struct opencl_plan *plan, const struct unit_kernel *kernel,
                                    const struct padding *p, cl_mem *a, cl_mem *b)
{
    const struct hcb_case *c = &plan->base.task;
    const cl_ulong m = c->shape.m, n = c->shape.n, k_bytes = c->shape.k * p->size;
    const cl_ulong a_stride = p->a_stride, b_stride = p->b_stride;
    const uint64_t *values = plan->base.values;
    const uint64_t items = values[ROWS] * values[COLUMNS] / kernel->sums;
    const struct opencl_range range = {
        {p->m / values[ROWS] * (p->n / values[COLUMNS]) * items, 1}, {items, 1}};
    const struct opencl_argument arguments[] = {{sizeof(cl_mem), a},
                                                {sizeof(cl_mem), b},
                                                {sizeof(cl_mem), opencl_operand(plan, 2)},
                                                {sizeof m, &m},
                                                {sizeof n, &n},
                                                {sizeof k_bytes, &k_bytes},
                                                {sizeof a_stride, &a_stride},
                                                {sizeof b_stride, &b_stride}};
    const char *macro = c->precision == HCB_PRECISION_I8I32     ? "I8I32"
                        : c->precision == HCB_PRECISION_BF16F32 ? "BF16F32"
                        : c->precision == HCB_PRECISION_F32X2   ? "F32X2"
                                                                : "F16F32";
    const struct opencl_program *program;
    struct opencl_device *device = opencl_device_of(plan);
    char options[192];
    int length = snprintf(options, sizeof options, "-cl-std=CL1.2 -DPRECISION_%s%s", macro,
                          p->edge ? " -DEDGE" : "");
    if (kernel->wants_sub_group && device->sub_group != 0)
        length += snprintf(options + length, sizeof options - (size_t)length, " -DSUB_GROUP=%u",
                           device->sub_group);
    for (size_t i = 0; i < kernel->parameters; i++)
        length += snprintf(options + length, sizeof options - (size_t)length, " -D%s=%u", macros[i],
                           (unsigned)values[i]);
    enum hcb_status status = hcbi_opencl_program(device, kernel->file, options, &program);
    if (status != HCB_OK)
        return status;
    const uint64_t allowed = hcbi_opencl_kernel_items(device, program, "multiply");
    if (items > allowed)
        return hcbi_opencl_too_many_items(device, "multiply", items, allowed);
    return hcbi_opencl_add_step(plan, program, "multiply", &range, arguments,
                                sizeof arguments / sizeof *arguments);
}

/* The terms of an instruction are added up, then what these give.  The mixed products do not
 * count: their errors are smaller by 2^11. */
static uint64_t depth_of_halves(uint64_t k)
{
    return k <= HALVES_TERMS ? k : HALVES_TERMS + opencl_divide_up(k, HALVES_TERMS) - 1;
}

static enum hcb_status list_steps(struct opencl_plan *plan, const struct unit_kernel *kernel)
{
    const struct padding p = padding_of(kernel, &plan->base.task, plan->base.values);
    cl_mem packed_a, packed_b, *a = opencl_operand(plan, 0), *b = opencl_operand(plan, 1);
    enum hcb_status status = HCB_OK;
    if (p.pack_a) {
        status = add_pack(plan, &p, false, &packed_a);
        a = &packed_a;
    }
    if (p.pack_b && status == HCB_OK) {
        status = add_pack(plan, &p, true, &packed_b);
        b = &packed_b;
    }
    if (plan->base.task.precision != HCB_PRECISION_I8I32)
        plan->base.info.roundoff_factor = 2; /* the units may truncate */
    if (p.halves)
        plan->base.info.depth = depth_of_halves(plan->base.task.shape.k);
    snprintf(plan->base.info.note, sizeof plan->base.info.note, "matrix units through %s%s",
             kernel->file,
             p.halves               ? "; operands are split into halves first"
             : p.turned             ? "; B is turned around first"
             : p.pack_a || p.pack_b ? "; operands are padded to whole tiles first"
                                    : "");
    return status == HCB_OK ? add_multiply(plan, kernel, &p, a, b) : status;
}

/* ---------------------------------------------------------------- self-test */

/* Small whole numbers, so that each sum is exact in every precision.  Of f32x2 one factor of
 * each product is a multiple of 2049, which needs both halves. */
static int test_number(const struct hcb_case *c, unsigned operand, uint64_t row, uint64_t column)
{
    const uint64_t term = operand == 0 ? column : row;
    const bool is_wide = c->precision == HCB_PRECISION_F32X2 && term % 2 == operand;
    return ((int)((row * 5 + column * 3 + row * column % 7) % 9) - 4) * (is_wide ? 2049 : 1);
}

/* An edge of each extent, and more steps than the kernel has ahead of itself.  Rows begin
 * at 16 bytes or not, which makes two kernels of one that knows edges. */
static struct hcb_case test_case(const struct unit_kernel *kernel, enum hcb_precision precision,
                                 const uint64_t *values, bool aligned)
{
    struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_COOPMAT, precision, {1, 1, 1}};
    const uint64_t size = hcb_type_size(hcb_operand_type(&c, 0));
    const uint64_t steps = kernel->parameters > STAGES ? values[STAGES] + 2 : 5;
    c.shape.m = values[ROWS] + 3;
    c.shape.n = values[COLUMNS] - (aligned ? UNIT / size : 5);
    c.shape.k = steps * step_of(kernel, values) / size + (aligned ? UNIT / size : 1);
    return c;
}

/* A trial's operands; the output begins as numbers that cannot come out. */
static enum hcb_status fill_test(struct opencl_device *device, const struct hcb_case *c,
                                 unsigned operand, void **data, struct opencl_buffer *buffer)
{
    const uint64_t elements = hcb_operand_elements(c, operand),
                   columns = operand == 0 ? c->shape.k : c->shape.n;
    const enum hcb_type type = hcb_operand_type(c, operand);
    cl_int code;
    buffer->base.bytes = hcb_operand_bytes(c, operand);
    *data = malloc(buffer->base.bytes);
    if (*data == NULL)
        return hcbi_fail_memory(device->base.ctx, buffer->base.bytes);
    for (uint64_t e = 0; e < elements; e++)
        hcb_type_store(type, *data, e,
                       operand == 2 ? 0x1p30 : test_number(c, operand, e / columns, e % columns));
    buffer->handle = clCreateBuffer(device->context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
                                    buffer->base.bytes, *data, &code);
    return code == CL_SUCCESS ? HCB_OK : hcbi_opencl_fail(device->base.ctx, "clCreateBuffer", code);
}

static enum hcb_status compare_test(struct hcb_ctx *ctx, const struct hcb_case *c, const void *data)
{
    for (uint64_t i = 0; i < c->shape.m; i++)
        for (uint64_t j = 0; j < c->shape.n; j++) {
            const double got = hcb_type_load(hcb_operand_type(c, 2), data, i * c->shape.n + j);
            int right = 0;
            for (uint64_t l = 0; l < c->shape.k; l++)
                right += test_number(c, 0, i, l) * test_number(c, 1, l, j);
            if (got != right)
                return hcbi_fail(ctx, HCB_ERROR, "element [%llu,%llu] is %.9g, right is %d",
                                 (unsigned long long)i, (unsigned long long)j, got, right);
        }
    return HCB_OK;
}

static enum hcb_status run_test(struct opencl_plan *trial, const struct unit_kernel *kernel,
                                void *output)
{
    struct hcb_ctx *ctx = trial->base.queue->device->ctx;
    struct hcb_timing timing;
    enum hcb_status status = list_steps(trial, kernel);
    if (status == HCB_OK)
        status = hcbi_opencl_plan_run(&trial->base, 1, &timing);
    if (status != HCB_OK)
        return status;
    cl_int code = clEnqueueReadBuffer(((struct opencl_queue *)trial->base.queue)->handle,
                                      *opencl_operand(trial, 2), CL_TRUE, 0,
                                      trial->base.operands[2]->bytes, output, 0, NULL, NULL);
    return code == CL_SUCCESS ? compare_test(ctx, &trial->base.task, output)
                              : hcbi_opencl_fail(ctx, "clEnqueueReadBuffer", code);
}

/* Nothing but a right result shows that a driver understands such a kernel. */
static enum hcb_status test_units(struct opencl_plan *plan, const struct unit_kernel *kernel,
                                  bool aligned)
{
    struct opencl_device *device = opencl_device_of(plan);
    struct opencl_buffer buffers[HCB_OPERANDS_MAX] = {0};
    void *data[HCB_OPERANDS_MAX] = {NULL};
    struct opencl_plan trial = {.base = {.queue = plan->base.queue,
                                         .task = test_case(kernel, plan->base.task.precision,
                                                           plan->base.values, aligned)},
                                .launch = plan->launch};
    enum hcb_status status = HCB_OK;
    memcpy(trial.base.values, plan->base.values, sizeof trial.base.values);
    for (unsigned i = 0; i < HCB_OPERANDS_MAX && status == HCB_OK; i++) {
        trial.base.operands[i] = &buffers[i].base;
        status = fill_test(device, &trial.base.task, i, &data[i], &buffers[i]);
    }
    if (status == HCB_OK)
        status = run_test(&trial, kernel, data[2]);
    hcbi_opencl_plan_free(&trial.base);
    for (unsigned i = 0; i < HCB_OPERANDS_MAX; i++) {
        if (buffers[i].handle != NULL)
            clReleaseMemObject(buffers[i].handle);
        free(data[i]);
    }
    if (status != HCB_OK) {
        char reason[320];
        snprintf(reason, sizeof reason, "%s", hcb_error(device->base.ctx));
        return hcbi_fail(device->base.ctx, HCB_UNSUPPORTED, "%s failed its self-test: %s",
                         kernel->file, reason);
    }
    return HCB_OK;
}

/* ---------------------------------------------------------------- the method */

static enum hcb_status prepare(struct opencl_plan *plan)
{
    struct opencl_device *device = opencl_device_of(plan);
    const struct unit_kernel *kernel = kernel_of(device);
    uint64_t *tested = device->tested_units[plan->base.task.precision];
    if (memcmp(tested, plan->base.values, sizeof plan->base.values) != 0) {
        enum hcb_status status = test_units(plan, kernel, false);
        if (status == HCB_OK && kernel->knows_edges)
            status = test_units(plan, kernel, true);
        if (status != HCB_OK)
            return status;
        memcpy(tested, plan->base.values, sizeof plan->base.values);
    }
    return list_steps(plan, kernel);
}

/* Of the padded operands. */
static void scratch_of(const struct unit_kernel *kernel, const struct hcb_case *c,
                       const uint64_t *values, uint64_t *a, uint64_t *b)
{
    const struct padding p = padding_of(kernel, c, values);
    *a = p.pack_a ? p.m * p.k * p.size : 0;
    *b = p.pack_b ? p.n * p.k * p.size : 0;
}

static uint64_t scratch(const struct opencl_device *device, const struct hcb_case *c,
                        const uint64_t *values)
{
    uint64_t a, b;
    scratch_of(kernel_of(device), c, values, &a, &b);
    return a + b;
}

static const char *list_parameters(const struct opencl_device *device, const struct hcb_case *c,
                                   struct hcb_parameters *parameters)
{
    const struct unit_kernel *kernel = kernel_of(device);
    const struct hcb_limit limits[] = {
        {"items of a work-group",
         .sum = {{1, {[ROWS] = 1, [COLUMNS] = 1}}},
         .most = {kernel->sums * hcbi_opencl_most_items(device), {0}}},
        {"bytes of local memory",
         .sum = {{kernel->row_bytes, {[ROWS] = 1, [STEP] = 1, [STAGES] = 1}},
                 {kernel->row_bytes, {[COLUMNS] = 1, [STEP] = 1, [STAGES] = 1}}},
         .most = {device->local_bytes, {0}}},
        {"registers",
         .sum = {{1, {[ROWS] = 1, [COLUMNS] = 1}}},
         .most = {kernel->elements_most, {0}}}};
    memcpy(parameters->limits, limits, sizeof limits);
    parameters->limit_count = sizeof limits / sizeof *limits;
    memcpy(parameters->list, usual, sizeof usual);
    parameters->count = kernel->parameters;
    if (c->precision == HCB_PRECISION_F32X2) { /* a step has both halves */
        struct hcb_parameter *step = &parameters->list[STEP];
        memmove(step->choices, step->choices + 1, --step->count * sizeof *step->choices);
    }
    return kernel->file;
}

static enum hcb_status supports(const struct opencl_device *device, const struct hcb_case *c)
{
    const struct hcb_device_info *info = &device->base.info;
    const struct unit_kernel *kernel = kernel_of(device);
    if (kernel == NULL)
        return hcbi_fail(device->base.ctx, HCB_UNSUPPORTED,
                         "%s lists no matrix units that OpenCL kernels can use", info->driver);
    if ((kernel->precisions >> c->precision & 1) == 0)
        return hcbi_fail(device->base.ctx, HCB_UNSUPPORTED, "%s does not compute in %s yet",
                         kernel->file, hcb_precision_name(c->precision));
    struct hcb_parameters parameters = {.count = 0};
    uint64_t values[HCB_PARAMETERS_MAX];
    list_parameters(device, c, &parameters);
    hcb_parameters_read(&parameters, "", values);
    const struct hcb_limit *limit = hcb_parameters_beyond(&parameters, values);
    if (limit != NULL)
        return hcbi_fail(device->base.ctx, HCB_UNSUPPORTED, "%s has too few %s for %s", info->id,
                         limit->name, kernel->file);
    const uint64_t most = info->max_buffer_bytes;
    uint64_t a, b;
    scratch_of(kernel, c, values, &a, &b);
    return a + b <= hcbi_opencl_room(device, c) && (most == 0 || (a <= most && b <= most))
               ? HCB_OK
               : hcbi_opencl_no_room(device, c, a + b);
}

const struct opencl_method hcbi_opencl_matmul_units = {.supports = supports,
                                                       .scratch = scratch,
                                                       .parameters = list_parameters,
                                                       .prepare = prepare};
