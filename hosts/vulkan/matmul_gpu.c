/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products with the kernels for GPUs, which read the operands as they are:
 * shared-memory tiles, and cooperative matrices. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "matmul.h"

enum {
    SPLITS_MAX = 64,       /* workgroups that share the terms of a tile */
    SPLIT_TERMS_MIN = 256, /* for which it pays to have one more */
    UNITS_GUESSED = 32     /* compute units of a device that does not say */
};

/* A kernel whose workgroups compute tiles of C. */
struct tile_kernel {
    const char *family;
    struct vulkan_specialization specialization;
    uint32_t aligned_constant; /* its number among the specialisation constants */
    uint32_t rows, columns;    /* of a tile */
    uint32_t step;             /* terms */
    uint64_t most_terms;       /* of a workgroup, so that its loops take few turns */
    struct matmul_extents extents;
    uint64_t split_terms;      /* of a workgroup */
    uint64_t part_bytes;       /* of scratch memory for sums of parts of the terms, or 0 */
    const struct vulkan_memory *parts;
};

static uint64_t units_of(const struct vulkan_device *device)
{
    const uint32_t units = device->base.info.compute_units;
    return units > 0 ? units : UNITS_GUESSED;
}

static uint64_t tiles_of(const struct hcb_shape *s, uint32_t rows, uint32_t columns)
{
    return vulkan_divide_up(s->m, rows) * vulkan_divide_up(s->n, columns);
}

static uint64_t part_stride(uint64_t columns)
{
    return vulkan_round_up(columns, 4);
}

/* False when the sums of the parts cannot be bound and added at once. */
static bool try_splits(const struct vulkan_device *device, const struct hcb_case *c,
                       struct tile_kernel *kernel, uint64_t splits)
{
    const struct hcb_shape *s = &c->shape;
    const uint32_t *groups = device->limits.maxComputeWorkGroupCount;
    const uint64_t inputs = hcbi_vulkan_bindable(device, c, MATRIX_A);
    const uint64_t outputs = hcbi_vulkan_bindable(device, c, MATRIX_C);
    struct matmul_extents *e = &kernel->extents;

    uint64_t columns = vulkan_min(vulkan_min(inputs, outputs), MATMUL_COLUMNS_MAX);
    columns = vulkan_min(columns, (uint64_t)groups[0] * kernel->columns);
    e->columns = hcbi_vulkan_tidy(columns, kernel->columns, s->n);

    kernel->split_terms = vulkan_min(
        vulkan_round_up(vulkan_divide_up(s->k, splits), kernel->step), kernel->most_terms);
    uint64_t terms = vulkan_min(vulkan_min(splits * kernel->split_terms, s->k), inputs);
    terms = vulkan_min(terms, hcbi_vulkan_rows_within(inputs, e->columns, s->n));
    e->terms = hcbi_vulkan_tidy(terms, kernel->step, s->k);
    splits = vulkan_divide_up(e->terms, kernel->split_terms);

    uint64_t rows = vulkan_min(hcbi_vulkan_rows_within(inputs, e->terms, s->k),
                               hcbi_vulkan_rows_within(outputs, e->columns, s->n));
    rows = vulkan_min(rows, (uint64_t)groups[1] * kernel->rows);
    rows = vulkan_min(rows, MATMUL_WORK_MAX / (e->columns * e->terms) + kernel->rows);
    e->rows = hcbi_vulkan_tidy(rows, kernel->rows, s->m);

    kernel->part_bytes = splits == 1 ? 0
                                     : splits * e->rows * part_stride(e->columns) *
                                           hcb_type_size(hcb_operand_type(c, MATRIX_C));
    return splits == 1 || (kernel->part_bytes <= device->window_bytes && e->rows <= groups[1] &&
                           splits <= groups[2]);
}

/* Windows, and how many workgroups share the terms of a tile: so many that all compute
 * units have two. */
static void choose_extents(const struct vulkan_device *device, const struct hcb_case *c,
                           struct tile_kernel *kernel)
{
    const uint64_t tiles = tiles_of(&c->shape, kernel->rows, kernel->columns);
    uint64_t splits = vulkan_min(vulkan_divide_up(2 * units_of(device), tiles), SPLITS_MAX);
    splits = vulkan_min(splits, c->shape.k / SPLIT_TERMS_MIN);
    splits = splits > 0 ? splits : 1;
    while (!try_splits(device, c, kernel, splits))
        splits /= 2;
}

/* Adds the parts of a window that its workgroups computed. */
static enum hcb_status add_parts(struct vulkan_plan *plan, const struct tile_kernel *kernel,
                                 const struct matmul_window *w, const struct vulkan_step *multiply)
{
    static const char *const variants[HCB_TYPE_COUNT] = {[HCB_TYPE_F64] = "f64",
                                                         [HCB_TYPE_F32] = "f32",
                                                         [HCB_TYPE_F16] = "f16",
                                                         [HCB_TYPE_I32] = "i32"};
    const struct vulkan_specialization none = {.count = 0};
    const enum hcb_type type = hcb_operand_type(&plan->base.task, MATRIX_C);
    const uint64_t n = plan->base.task.shape.n, stride = part_stride(w->columns);
    const uint32_t parts = multiply->groups[2];
    struct vulkan_step step = {
        .work = (double)w->rows * (double)stride * parts,
        .groups = {(uint32_t)vulkan_divide_up(stride / 4, 64), (uint32_t)w->rows, 1}};
    hcbi_vulkan_bind(plan, &step.bindings[0], kernel->parts, 0, parts * w->rows * stride,
                     hcb_type_size(type));
    const uint32_t offset =
        hcbi_vulkan_bind(plan, &step.bindings[2], vulkan_operand(plan, MATRIX_C),
                         w->first_row * n + w->first_column, (w->rows - 1) * n + w->columns,
                         hcb_type_size(type));
    const uint32_t constants[] = {(uint32_t)w->columns,
                                  parts,
                                  (uint32_t)(stride / 4),
                                  (uint32_t)(w->rows * stride / 4),
                                  offset,
                                  (uint32_t)vulkan_min(n, UINT32_MAX),
                                  w->first_term > 0};
    memcpy(step.constants, constants, sizeof constants);
    enum hcb_status status =
        hcbi_vulkan_pipeline(plan, "matmul_add", variants[type], &none, &step.pipeline);
    return status == HCB_OK ? hcbi_vulkan_add_step(plan, &step) : status;
}

static enum hcb_status visit(struct vulkan_plan *plan, const struct matmul_window *w, bool is_new_b,
                             const void *data)
{
    const struct tile_kernel *kernel = data;
    const struct hcb_case *c = &plan->base.task;
    const struct hcb_shape *s = &c->shape;
    const uint64_t splits = vulkan_divide_up(w->terms, kernel->split_terms);
    const uint64_t stride = part_stride(w->columns);
    struct vulkan_specialization specialization = kernel->specialization;
    struct vulkan_step step = {
        .work = (double)w->rows * (double)w->columns * (double)w->terms,
        .groups = {(uint32_t)vulkan_divide_up(w->columns, kernel->columns),
                   (uint32_t)vulkan_divide_up(w->rows, kernel->rows), (uint32_t)splits}};
    struct {
        const struct vulkan_memory *memory;
        uint64_t first, count, stride;
    } parts[] = {
        {vulkan_operand(plan, MATRIX_A), w->first_row * s->k + w->first_term,
         (w->rows - 1) * s->k + w->terms, s->k},
        {vulkan_operand(plan, MATRIX_B), w->first_term * s->n + w->first_column,
         (w->terms - 1) * s->n + w->columns, s->n},
        {vulkan_operand(plan, MATRIX_C), w->first_row * s->n + w->first_column,
         (w->rows - 1) * s->n + w->columns, s->n},
    };
    uint64_t extents = w->columns | w->terms; /* and whatever else is to be a multiple of 4 */
    (void)is_new_b;
    if (splits > 1) {
        parts[MATRIX_C].memory = kernel->parts;
        parts[MATRIX_C].first = 0;
        parts[MATRIX_C].count = splits * w->rows * stride;
        parts[MATRIX_C].stride = stride;
    }
    step.constants[0] = (uint32_t)w->rows;
    step.constants[1] = (uint32_t)w->columns;
    step.constants[2] = (uint32_t)w->terms;
    for (unsigned i = 0; i < 3; i++) {
        step.constants[3 + 2 * i] =
            hcbi_vulkan_bind(plan, &step.bindings[i], parts[i].memory, parts[i].first,
                             parts[i].count, hcb_type_size(hcb_operand_type(c, i)));
        /* A stride that does not fit is that of a single row. */
        step.constants[4 + 2 * i] = (uint32_t)vulkan_min(parts[i].stride, UINT32_MAX);
        extents |= step.constants[3 + 2 * i] | parts[i].stride;
    }
    step.constants[9] = splits == 1 && w->first_term > 0;
    step.constants[10] = (uint32_t)kernel->split_terms;
    step.constants[11] = (uint32_t)(w->rows * stride);
    specialization.values[kernel->aligned_constant] = extents % 4 == 0;
    enum hcb_status status =
        hcbi_vulkan_pipeline(plan, kernel->family, hcb_precision_name(c->precision),
                             &specialization, &step.pipeline);
    if (status == HCB_OK)
        status = hcbi_vulkan_add_step(plan, &step);
    return status == HCB_OK && splits > 1 ? add_parts(plan, kernel, w, &step) : status;
}

static enum hcb_status prepare(struct vulkan_plan *plan, struct tile_kernel *kernel)
{
    const struct hcb_case *c = &plan->base.task;
    enum hcb_status status = HCB_OK;
    choose_extents(vulkan_device_of(plan), c, kernel);
    const struct matmul_extents chain = {
        .terms = vulkan_min(kernel->split_terms, kernel->extents.terms)};
    plan->base.info.depth = hcbi_vulkan_matmul_depth(c, &chain);
    plan->base.info.roundoff_factor = 2; /* fma may round twice, a matrix unit may truncate */
    if (kernel->part_bytes > 0)
        status = hcbi_vulkan_scratch(plan, kernel->part_bytes, &kernel->parts);
    return status == HCB_OK ? hcbi_vulkan_windows(plan, &kernel->extents, visit, kernel) : status;
}

static enum hcb_status check_room(const struct vulkan_device *device, const struct hcb_case *c,
                                  struct tile_kernel *kernel)
{
    choose_extents(device, c, kernel);
    return hcbi_vulkan_check_room(device, c, &kernel->part_bytes, 1);
}

/* ----------------------------------------------------- shared-memory tiles */

/* What matmul_gpu.comp is specialised for. */
struct tile {
    uint32_t lanes, blocks, step;
};

/* Best first, for large matrices.  Invocations with 8 x 8 elements need many registers:
 * those of f64 get 4 x 4.  Where subgroups may be narrow, registers of a step are few too. */
static const struct tile tiles[] = {
    {16, 2, 16}, {16, 2, 8}, {16, 1, 16}, {8, 2, 16}, {8, 2, 8}, {8, 1, 16}, {8, 1, 8},
};

static uint32_t side_of(const struct tile *tile)
{
    return 4 * tile->lanes * tile->blocks;
}

static bool fits(const struct vulkan_device *device, const struct hcb_case *c,
                 const struct tile *tile)
{
    const uint64_t vector = 4 * hcb_type_size(hcb_operand_type(c, MATRIX_C));
    const uint64_t shared = 2 * tile->step * (side_of(tile) / 2 + 1) * vector;
    const bool is_narrow = device->min_subgroup_size < 16 &&
                           device->min_subgroup_size < device->max_subgroup_size;
    return shared <= device->limits.maxComputeSharedMemorySize &&
           tile->lanes * tile->lanes <= device->limits.maxComputeWorkGroupInvocations &&
           (tile->blocks == 1 || hcb_type_size(hcb_operand_type(c, MATRIX_C)) <= 4) &&
           (tile->blocks == 1 || tile->step == 8 || !is_narrow);
}

/* The largest tile, or the next smaller one where it gives some compute units none. */
static struct tile choose_tile(const struct vulkan_device *device, const struct hcb_case *c)
{
    const size_t count = sizeof tiles / sizeof *tiles;
    size_t i = 0;
    while (i + 1 < count && !fits(device, c, &tiles[i]))
        i++;
    const uint32_t side = side_of(&tiles[i]);
    if (tiles_of(&c->shape, side, side) >= units_of(device))
        return tiles[i];
    for (size_t j = i + 1; j < count; j++)
        if (side_of(&tiles[j]) < side && fits(device, c, &tiles[j]))
            return tiles[j];
    return tiles[i];
}

static struct tile_kernel tile_kernel(const struct vulkan_device *device, const struct hcb_case *c)
{
    const struct tile tile = choose_tile(device, c);
    const uint32_t loads = tile.blocks * tile.step / tile.lanes;
    const uint32_t turns = tile.step + 1 + 4 * loads; /* of a step */
    return (struct tile_kernel){
        .family = "matmul_gpu",
        .specialization = {.values = {tile.lanes * tile.lanes, tile.lanes, tile.blocks, tile.step},
                           .count = 5},
        .aligned_constant = 4,
        .rows = side_of(&tile),
        .columns = side_of(&tile),
        .step = tile.step,
        .most_terms = (VULKAN_TURNS_MAX - 4 * loads) / turns * tile.step};
}

static enum hcb_status prepare_tile(struct vulkan_plan *plan)
{
    struct tile_kernel kernel = tile_kernel(vulkan_device_of(plan), &plan->base.task);
    return prepare(plan, &kernel);
}

static enum hcb_status supports_tile(const struct vulkan_device *device, const struct hcb_case *c)
{
    struct tile_kernel kernel = tile_kernel(device, c);
    return check_room(device, c, &kernel);
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

static struct tile_kernel coopmat_kernel(const struct coopmat_tile *tile)
{
    return (struct tile_kernel){
        .family = "matmul_coopmat",
        .specialization = {.values = {tile->invocations, tile->subgroup_size, tile->m, tile->n,
                                      tile->k, tile->side, tile->step},
                           .count = 8,
                           .subgroup_size = tile->subgroup_size},
        .aligned_constant = 7,
        .rows = tile->side,
        .columns = tile->side,
        .step = tile->step,
        .most_terms = 4096}; /* fewer than 300 turns per step, where no loop is unrolled */
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
    struct tile_kernel kernel = coopmat_kernel(&tile);
    return check_room(device, c, &kernel);
}

static enum hcb_status prepare_coopmat(struct vulkan_plan *plan)
{
    const struct hcb_case *c = &plan->base.task;
    struct coopmat_tile tile;
    choose_coopmat_tile(vulkan_device_of(plan), c, &tile);
    snprintf(plan->base.info.note, sizeof plan->base.info.note, "cooperative matrices of %ux%ux%u",
             (unsigned)tile.m, (unsigned)tile.n, (unsigned)tile.k);
    struct tile_kernel kernel = coopmat_kernel(&tile);
    return prepare(plan, &kernel);
}

const struct vulkan_method hcbi_vulkan_coopmat = {.supports = supports_coopmat,
                                                  .prepare = prepare_coopmat};
