/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products with the kernels for drivers that run on a processor: operands
 * are packed into scratch memory, as part of each launch. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "matmul.h"

enum {
    BLOCK_ROWS = 8,  /* of C per invocation */
    COLUMNS = 8,     /* of C per invocation */
    BLOCK_TERMS = 8, /* per turn of the kernel's loop */
    PACK_ROWS = 16,  /* per invocation of pack.comp */
    SHORT = 64       /* extents up to here do not profit from cache blocks */
};

/* Parameters, in the order of the plan's values: terms and columns of a window at most.
 * Packed rows and columns of few terms stay in a cache, packed columns of few panels
 * too, while packing takes longer the more windows there are. */
enum { TERMS, WINDOW_COLUMNS, PARAMETER_COUNT };
static const struct hcb_parameter usual[PARAMETER_COUNT] = {
    [TERMS] = {"terms", 2048, {256, 512, 1024, 2048, 4096, 8192, VULKAN_TURNS_MAX}, 7},
    [WINDOW_COLUMNS] = {"columns", MATMUL_COLUMNS_MAX,
                        {256, 512, 1024, 2048, 4096, MATMUL_COLUMNS_MAX}, 6},
};

struct packing {
    uint32_t lanes;
    uint64_t panel; /* columns */
    struct matmul_extents extents;
    uint64_t a_bytes, b_bytes;
};

/* The pipelines and scratch buffers of a plan. */
struct packed_kernels {
    struct packing packing;
    const struct vulkan_pipeline *pack, *multiply;
    const struct vulkan_memory *a, *b;
};

/* A short product has no cache to fill, and the fewest turns of the kernel's loop. */
static void list_parameters(const struct hcb_case *c, struct hcb_parameters *parameters)
{
    memcpy(parameters->list, usual, sizeof usual);
    parameters->count = PARAMETER_COUNT;
    if (vulkan_min(c->shape.m, c->shape.n) <= SHORT)
        parameters->list[TERMS].table = VULKAN_TURNS_MAX;
}

/* Packed numbers for each of the matrix. */
static uint64_t planes(const struct hcb_case *c)
{
    return c->precision == HCB_PRECISION_F32X2 ? 2 : 1;
}

static struct packing choose_packing(const struct vulkan_device *device, const struct hcb_case *c,
                                     const uint64_t *values)
{
    const struct hcb_shape *s = &c->shape;
    const uint64_t size = planes(c) * hcb_type_size(hcb_operand_type(c, MATRIX_C));
    const uint64_t bindable = device->window_bytes / size;
    const uint32_t *groups = device->limits.maxComputeWorkGroupCount;
    struct packing p = {.lanes = device->subgroup_size};
    p.panel = (uint64_t)COLUMNS * p.lanes;

    const uint64_t terms = vulkan_min(values[TERMS], bindable / p.panel / BLOCK_TERMS * BLOCK_TERMS);
    p.extents.terms = vulkan_min(s->k, terms);
    const uint64_t padded_terms = vulkan_round_up(p.extents.terms, BLOCK_TERMS);

    uint64_t panels = vulkan_min(values[WINDOW_COLUMNS], bindable / padded_terms) / p.panel;
    panels = vulkan_min(panels > 0 ? panels : 1, groups[0]);
    p.extents.columns = vulkan_min(s->n, panels * p.panel);

    uint64_t blocks = vulkan_min(bindable / padded_terms / BLOCK_ROWS, groups[1]);
    blocks =
        vulkan_min(blocks, MATMUL_WORK_MAX / (p.extents.columns * padded_terms * BLOCK_ROWS) + 1);
    const uint64_t rows =
        vulkan_min(blocks * BLOCK_ROWS, hcbi_vulkan_rows_within(bindable, p.extents.columns, s->n));
    p.extents.rows = hcbi_vulkan_tidy(rows, BLOCK_ROWS, s->m);

    p.a_bytes = vulkan_round_up(p.extents.rows, BLOCK_ROWS) * padded_terms * size;
    p.b_bytes = vulkan_round_up(p.extents.columns, p.panel) * padded_terms * size;
    return p;
}

/* A block of a row-major operand, and where it goes in packed memory. */
struct pack_job {
    const struct vulkan_memory *source;
    enum hcb_type type;
    uint64_t first, stride, rows, columns; /* in the source, elements */
    const struct vulkan_memory *target;
    uint64_t padded_rows, padded_columns, panel;
};

/* As many dispatches as it takes to bind the source. */
static enum hcb_status add_pack(struct vulkan_plan *plan, const struct packed_kernels *kernels,
                                const struct pack_job *job)
{
    const struct vulkan_device *device = vulkan_device_of(plan);
    const size_t size = hcb_type_size(job->type);
    const uint64_t target_size = hcb_type_size(hcb_operand_type(&plan->base.task, MATRIX_C));
    const uint64_t target_count =
        planes(&plan->base.task) * job->padded_rows * job->padded_columns;
    const uint64_t most =
        vulkan_min(hcbi_vulkan_rows_within(device->window_bytes / size, job->columns, job->stride),
                   (uint64_t)device->limits.maxComputeWorkGroupCount[1] * PACK_ROWS);
    enum hcb_status status = HCB_OK;
    for (uint64_t row = 0; row < job->padded_rows && status == HCB_OK; row += most) {
        const uint64_t target_rows = vulkan_min(most, job->padded_rows - row);
        const uint64_t rows = row < job->rows ? vulkan_min(most, job->rows - row) : 0;
        /* A block of padding only binds the first element and does not read it. */
        const uint64_t first = rows > 0 ? job->first + row * job->stride : 0;
        const uint64_t count = rows > 0 ? (rows - 1) * job->stride + job->columns : 1;
        struct vulkan_step step = {.pipeline = kernels->pack,
                                   .work = (double)(target_rows * job->padded_columns)};
        const uint32_t offset =
            hcbi_vulkan_bind_texels(plan, &step.texels[0], job->source, first, count, job->type);
        hcbi_vulkan_bind(plan, &step.bindings[2], job->target, 0, target_count, target_size);
        const uint32_t constants[] = {offset,
                                      (uint32_t)vulkan_min(job->stride, UINT32_MAX),
                                      (uint32_t)rows,
                                      (uint32_t)job->columns,
                                      (uint32_t)job->padded_columns,
                                      (uint32_t)row,
                                      (uint32_t)target_rows,
                                      (uint32_t)job->padded_rows,
                                      (uint32_t)job->panel};
        memcpy(step.constants, constants, sizeof constants);
        step.groups[0] =
            (uint32_t)vulkan_divide_up(job->padded_columns / 4, kernels->packing.lanes);
        step.groups[1] = (uint32_t)vulkan_divide_up(target_rows, PACK_ROWS);
        step.groups[2] = 1;
        status = hcbi_vulkan_add_step(plan, &step);
    }
    return status;
}

static enum hcb_status add_multiply(struct vulkan_plan *plan, const struct packed_kernels *kernels,
                                    const struct matmul_window *w)
{
    const uint64_t n = plan->base.task.shape.n, panel = kernels->packing.panel;
    const enum hcb_type type = hcb_operand_type(&plan->base.task, MATRIX_C);
    const uint64_t terms = vulkan_round_up(w->terms, BLOCK_TERMS),
                   numbers = planes(&plan->base.task) * terms; /* of a row or column */
    struct vulkan_step step = {.pipeline = kernels->multiply,
                               .work = (double)w->rows * (double)w->columns * (double)terms,
                               .groups = {(uint32_t)vulkan_divide_up(w->columns, panel),
                                          (uint32_t)vulkan_divide_up(w->rows, BLOCK_ROWS), 1}};
    hcbi_vulkan_bind_texels(plan, &step.texels[0], kernels->a, 0,
                            vulkan_round_up(w->rows, BLOCK_ROWS) * numbers, type);
    hcbi_vulkan_bind_texels(plan, &step.texels[1], kernels->b, 0,
                            vulkan_round_up(w->columns, panel) * numbers, type);
    const uint32_t offset =
        hcbi_vulkan_bind(plan, &step.bindings[2], vulkan_operand(plan, MATRIX_C),
                         w->first_row * n + w->first_column, (w->rows - 1) * n + w->columns,
                         hcb_type_size(type));
    const uint32_t constants[] = {(uint32_t)terms,
                                  offset,
                                  (uint32_t)vulkan_min(n, UINT32_MAX),
                                  (uint32_t)w->rows,
                                  (uint32_t)w->columns,
                                  w->first_term > 0};
    memcpy(step.constants, constants, sizeof constants);
    return hcbi_vulkan_add_step(plan, &step);
}

static enum hcb_status visit(struct vulkan_plan *plan, const struct matmul_window *w, bool is_new_b,
                             const void *data)
{
    const struct packed_kernels *kernels = data;
    const struct hcb_case *c = &plan->base.task;
    const uint64_t terms = vulkan_round_up(w->terms, BLOCK_TERMS);
    const struct pack_job a = {.source = vulkan_operand(plan, MATRIX_A),
                               .type = hcb_operand_type(c, MATRIX_A),
                               .first = w->first_row * c->shape.k + w->first_term,
                               .stride = c->shape.k,
                               .rows = w->rows,
                               .columns = w->terms,
                               .target = kernels->a,
                               .padded_rows = vulkan_round_up(w->rows, BLOCK_ROWS),
                               .padded_columns = terms,
                               .panel = terms};
    const struct pack_job b = {.source = vulkan_operand(plan, MATRIX_B),
                               .type = hcb_operand_type(c, MATRIX_B),
                               .first = w->first_term * c->shape.n + w->first_column,
                               .stride = c->shape.n,
                               .rows = w->terms,
                               .columns = w->columns,
                               .target = kernels->b,
                               .padded_rows = terms,
                               .padded_columns =
                                   vulkan_round_up(w->columns, kernels->packing.panel),
                               .panel = kernels->packing.panel};
    enum hcb_status status = is_new_b ? add_pack(plan, kernels, &b) : HCB_OK;
    if (status == HCB_OK)
        status = add_pack(plan, kernels, &a);
    return status == HCB_OK ? add_multiply(plan, kernels, w) : status;
}

static const char *multiply_variant(const struct hcb_case *c)
{
    static const char *const variants[HCB_TYPE_COUNT] = {[HCB_TYPE_F64] = "f64",
                                                         [HCB_TYPE_F32] = "f32",
                                                         [HCB_TYPE_F16] = "f16",
                                                         [HCB_TYPE_I32] = "i32"};
    return c->precision == HCB_PRECISION_F32X2 ? "f32x2" : variants[hcb_operand_type(c, MATRIX_C)];
}

static enum hcb_status find_parameters(const struct vulkan_device *device, const struct hcb_case *c,
                                       struct hcb_parameters *parameters)
{
    char pack[32], multiply[32];
    const char *const files[] = {pack, multiply};
    snprintf(pack, sizeof pack, "pack.%s.spv", hcb_precision_name(c->precision));
    snprintf(multiply, sizeof multiply, "matmul_cpu.%s.spv", multiply_variant(c));
    list_parameters(c, parameters);
    return hcbi_kernels_load_hash(device->base.ctx, hcbi_spv_kernels, files, 2,
                                  parameters->kernel_sha256);
}

static enum hcb_status prepare(struct vulkan_plan *plan)
{
    const struct hcb_case *c = &plan->base.task;
    struct packed_kernels kernels = {
        .packing = choose_packing(vulkan_device_of(plan), c, plan->base.values)};
    const struct vulkan_specialization lanes = {.values = {kernels.packing.lanes}, .count = 1};
    enum hcb_status status = hcbi_vulkan_pipeline(
        plan, "pack", hcb_precision_name(c->precision), &lanes, &kernels.pack);
    if (status == HCB_OK)
        status = hcbi_vulkan_pipeline(plan, "matmul_cpu", multiply_variant(c), &lanes,
                                      &kernels.multiply);
    if (status == HCB_OK)
        status = hcbi_vulkan_scratch(plan, kernels.packing.a_bytes, &kernels.a);
    if (status == HCB_OK)
        status = hcbi_vulkan_scratch(plan, kernels.packing.b_bytes, &kernels.b);
    plan->base.info.depth = hcbi_vulkan_matmul_depth(c, &kernels.packing.extents);
    if (c->precision == HCB_PRECISION_F32X2)
        snprintf(plan->base.info.note, sizeof plan->base.info.note, HCBI_F32X2_NOTE);
    plan->base.info.roundoff_factor = 2; /* GLSL's fma may round twice, and llvmpipe's does */
    return status == HCB_OK ? hcbi_vulkan_windows(plan, &kernels.packing.extents, visit, &kernels)
                            : status;
}

static uint64_t scratch(const struct vulkan_device *device, const struct hcb_case *c,
                        const uint64_t *values)
{
    const struct packing p = choose_packing(device, c, values);
    return p.a_bytes + p.b_bytes;
}

static enum hcb_status supports(const struct vulkan_device *device, const struct hcb_case *c)
{
    struct hcb_parameters parameters = {.count = 0};
    uint64_t values[HCB_PARAMETERS_MAX];
    list_parameters(c, &parameters);
    hcb_parameters_read(&parameters, "", values);
    const uint64_t bytes = scratch(device, c, values);
    return hcbi_vulkan_check_room(device, c, &bytes, 1);
}

const struct vulkan_method hcbi_vulkan_packed = {
    .supports = supports, .scratch = scratch, .parameters = find_parameters, .prepare = prepare};
