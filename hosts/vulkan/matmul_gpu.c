/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products with the kernels for GPUs, which read the operands as they are:
 * shared-memory tiles, and cooperative matrices. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "matmul.h"

/* A kernel whose workgroups compute square tiles of C. */
struct tile_kernel {
    const struct vulkan_pipeline *pipeline;
    uint32_t side;  /* of a tile */
    uint64_t terms; /* in one dispatch, so that the kernel's loops take few turns */
    uint64_t step;  /* terms per step of the kernel */
    struct matmul_extents extents;
};

static void choose_extents(const struct vulkan_device *device, const struct hcb_case *c,
                           struct tile_kernel *kernel)
{
    const struct hcb_shape *s = &c->shape;
    const uint32_t *groups = device->limits.maxComputeWorkGroupCount;
    const uint64_t inputs = hcbi_vulkan_bindable(device, c, MATRIX_A);
    const uint64_t outputs = hcbi_vulkan_bindable(device, c, MATRIX_C);
    struct matmul_extents *e = &kernel->extents;

    uint64_t columns = vulkan_min(vulkan_min(inputs, outputs), MATMUL_COLUMNS_MAX);
    columns = vulkan_min(columns, (uint64_t)groups[0] * kernel->side);
    e->columns = hcbi_vulkan_tidy(columns, kernel->side, s->n);

    uint64_t terms = vulkan_min(vulkan_min(kernel->terms, s->k), inputs);
    terms = vulkan_min(terms, hcbi_vulkan_rows_within(inputs, e->columns, s->n));
    e->terms = hcbi_vulkan_tidy(terms, kernel->step, s->k);

    uint64_t rows = vulkan_min(hcbi_vulkan_rows_within(inputs, e->terms, s->k),
                               hcbi_vulkan_rows_within(outputs, e->columns, s->n));
    rows = vulkan_min(rows, (uint64_t)groups[1] * kernel->side);
    rows = vulkan_min(rows, MATMUL_WORK_MAX / (e->columns * e->terms) + kernel->side);
    e->rows = hcbi_vulkan_tidy(rows, kernel->side, s->m);
}

static enum hcb_status visit(struct vulkan_plan *plan, const struct matmul_window *w, bool is_new_b,
                             const void *data)
{
    const struct tile_kernel *kernel = data;
    const struct hcb_case *c = &plan->base.task;
    const struct hcb_shape *s = &c->shape;
    struct vulkan_step step = {.pipeline = kernel->pipeline,
                               .work = (double)w->rows * (double)w->columns * (double)w->terms,
                               .groups = {(uint32_t)vulkan_divide_up(w->columns, kernel->side),
                                          (uint32_t)vulkan_divide_up(w->rows, kernel->side), 1}};
    const struct {
        uint64_t first, count, stride;
    } parts[] = {
        {w->first_row * s->k + w->first_term, (w->rows - 1) * s->k + w->terms, s->k},
        {w->first_term * s->n + w->first_column, (w->terms - 1) * s->n + w->columns, s->n},
        {w->first_row * s->n + w->first_column, (w->rows - 1) * s->n + w->columns, s->n},
    };
    (void)is_new_b;
    step.constants[0] = (uint32_t)w->rows;
    step.constants[1] = (uint32_t)w->columns;
    step.constants[2] = (uint32_t)w->terms;
    for (unsigned i = 0; i < 3; i++) {
        step.constants[3 + 2 * i] =
            hcbi_vulkan_bind(plan, &step.bindings[i], vulkan_operand(plan, i), parts[i].first,
                             parts[i].count, hcb_type_size(hcb_operand_type(c, i)));
        /* A stride that does not fit is that of a single row. */
        step.constants[4 + 2 * i] = (uint32_t)vulkan_min(parts[i].stride, UINT32_MAX);
    }
    step.constants[9] = w->first_term > 0;
    return hcbi_vulkan_add_step(plan, &step);
}

static enum hcb_status prepare(struct vulkan_plan *plan, struct tile_kernel *kernel)
{
    const struct hcb_case *c = &plan->base.task;
    choose_extents(vulkan_device_of(plan), c, kernel);
    plan->base.info.depth = hcbi_vulkan_matmul_depth(c, &kernel->extents);
    plan->base.info.roundoff_factor = 2; /* fma may round twice, a matrix unit may truncate */
    return hcbi_vulkan_windows(plan, &kernel->extents, visit, kernel);
}

/* ----------------------------------------------------- shared-memory tiles */

static enum hcb_status prepare_tile(struct vulkan_plan *plan)
{
    const struct vulkan_specialization none = {.count = 0};
    struct tile_kernel kernel = {.side = 64, .step = 16, .terms = 8192}; /* 25 turns per step */
    enum hcb_status status = hcbi_vulkan_pipeline(
        plan, "matmul_gpu", hcb_precision_name(plan->base.task.precision), &none, &kernel.pipeline);
    return status == HCB_OK ? prepare(plan, &kernel) : status;
}

static enum hcb_status supports_tile(const struct vulkan_device *device, const struct hcb_case *c)
{
    return hcbi_vulkan_check_room(device, c, NULL, 0);
}

const struct vulkan_method hcbi_vulkan_tile = {.supports = supports_tile, .prepare = prepare_tile};

/* --------------------------------------------------- cooperative matrices */

enum { SUBGROUPS = 4, PADDING_BYTES = 16 };

/* What matmul_coopmat.comp is specialised for, in the order of its constants. */
struct coopmat_tile {
    uint32_t invocations, subgroup_size, m, n, k, side, step;
};

static uint64_t shared_bytes(const struct hcb_case *c, const struct coopmat_tile *tile)
{
    const uint64_t input = hcb_type_size(hcb_operand_type(c, MATRIX_A));
    return (uint64_t)tile->side * (tile->step * input + PADDING_BYTES) +
           (uint64_t)tile->step * (tile->side * input + PADDING_BYTES) +
           (uint64_t)SUBGROUPS * tile->m * tile->n * 4;
}

/* False when no tile fits into shared memory. */
static bool choose_coopmat_tile(const struct vulkan_device *device, const struct hcb_case *c,
                                struct coopmat_tile *tile)
{
    const struct vulkan_matrix_shape *shape = &device->shapes[c->precision];
    *tile = (struct coopmat_tile){.invocations = SUBGROUPS * device->subgroup_size,
                                  .subgroup_size = device->subgroup_size,
                                  .m = shape->m,
                                  .n = shape->n,
                                  .k = shape->k,
                                  .side = 128,
                                  .step = shape->k > 32 ? shape->k : 32};
    if (shared_bytes(c, tile) > device->limits.maxComputeSharedMemorySize ||
        (c->shape.m <= 64 && c->shape.n <= 64))
        tile->side = 64;
    return shared_bytes(c, tile) <= device->limits.maxComputeSharedMemorySize &&
           2 * tile->m <= tile->side && 2 * tile->n <= tile->side;
}

static enum hcb_status supports_coopmat(const struct vulkan_device *device,
                                        const struct hcb_case *c)
{
    struct hcb_ctx *ctx = device->base.ctx;
    const char *name = device->base.info.name;
    struct coopmat_tile tile;
    if (device->shapes[c->precision].m == 0)
        return hcbi_fail(ctx, HCB_UNSUPPORTED, "%s lists no cooperative matrix for %s", name,
                         hcb_precision_name(c->precision));
    if (device->api < VK_API_VERSION_1_3)
        return hcbi_fail(ctx, HCB_UNSUPPORTED, "%s lacks Vulkan 1.3", name);
    if (!device->features.full_subgroups ||
        (!device->features.subgroup_size_control &&
         device->min_subgroup_size != device->max_subgroup_size))
        return hcbi_fail(ctx, HCB_UNSUPPORTED, "%s cannot fix the size of subgroups", name);
    if (!choose_coopmat_tile(device, c, &tile))
        return hcbi_fail(ctx, HCB_UNSUPPORTED,
                         "%s has too little shared memory for its %ux%ux%u matrices", name,
                         (unsigned)tile.m, (unsigned)tile.n, (unsigned)tile.k);
    return hcbi_vulkan_check_room(device, c, NULL, 0);
}

static enum hcb_status prepare_coopmat(struct vulkan_plan *plan)
{
    const struct hcb_case *c = &plan->base.task;
    struct coopmat_tile tile;
    choose_coopmat_tile(vulkan_device_of(plan), c, &tile);
    const struct vulkan_specialization chosen = {.values = {tile.invocations, tile.subgroup_size,
                                                            tile.m, tile.n, tile.k, tile.side,
                                                            tile.step},
                                                 .count = 7,
                                                 .subgroup_size = tile.subgroup_size};
    /* Fewer than 300 turns per step, where no loop is unrolled. */
    struct tile_kernel kernel = {.side = tile.side, .step = tile.step, .terms = 4096};
    snprintf(plan->base.info.note, sizeof plan->base.info.note, "cooperative matrices of %ux%ux%u",
             (unsigned)tile.m, (unsigned)tile.n, (unsigned)tile.k);
    enum hcb_status status = hcbi_vulkan_pipeline(
        plan, "matmul_coopmat", hcb_precision_name(c->precision), &chosen, &kernel.pipeline);
    return status == HCB_OK ? prepare(plan, &kernel) : status;
}

const struct vulkan_method hcbi_vulkan_coopmat = {.supports = supports_coopmat,
                                                  .prepare = prepare_coopmat};
