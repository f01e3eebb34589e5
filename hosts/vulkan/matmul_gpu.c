/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products with the kernels for GPUs, which read the operands as they are: what
 * all of them share, and tiles in shared memory. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "matmul.h"

enum {
    SPLITS_MAX = 64,       /* workgroups that share the terms of a tile */
    SPLIT_TERMS_MIN = 256, /* for which it pays to have one more */
    UNITS_GUESSED = 32,    /* compute units of a device that does not say */
    UNITS_TESTED = 2
};

/* On a processor only tests run these kernels, with the same tiles everywhere. */
uint64_t hcbi_vulkan_units(const struct vulkan_device *device)
{
    const struct hcb_device_info *info = &device->base.info;
    if (info->software)
        return UNITS_TESTED;
    return info->compute_units > 0 ? info->compute_units : UNITS_GUESSED;
}

uint64_t hcbi_vulkan_tiles(const struct hcb_shape *s, uint32_t rows, uint32_t columns)
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
    /* A unit may have two lanes for f64 only. */
    const uint64_t units = c->precision == HCB_PRECISION_F64 ? 0 : hcbi_vulkan_units(device);
    rows = vulkan_min(rows, hcbi_vulkan_dispatch_work(units) / (e->columns * e->terms) +
                                kernel->rows);
    e->rows = hcbi_vulkan_tidy(rows, kernel->rows, s->m);

    kernel->part_bytes = splits == 1 ? 0
                                     : splits * e->rows * part_stride(e->columns) *
                                           hcb_type_size(hcb_operand_type(c, MATRIX_C));
    return splits == 1 || (kernel->part_bytes <= device->window_bytes && e->rows <= groups[1] &&
                           splits <= groups[2]);
}

/* How many workgroups share the terms of a tile: so many that all compute units have two. */
static uint64_t wanted_splits(const struct vulkan_device *device, const struct hcb_case *c,
                              const struct tile_kernel *kernel)
{
    const uint64_t tiles = hcbi_vulkan_tiles(&c->shape, kernel->rows, kernel->columns);
    const uint64_t wanted = 2 * hcbi_vulkan_units(device);
    uint64_t splits = vulkan_min(vulkan_divide_up(wanted, tiles), SPLITS_MAX);
    splits = vulkan_min(splits, c->shape.k / SPLIT_TERMS_MIN);
    return splits > 0 ? splits : 1;
}

/* Windows, and splits for which there is room. */
static void choose_extents(const struct vulkan_device *device, const struct hcb_case *c,
                           struct tile_kernel *kernel)
{
    uint64_t splits = kernel->splits > 0 ? kernel->splits : wanted_splits(device, c, kernel);
    while (!try_splits(device, c, kernel, splits))
        splits /= 2;
}

/* The variant of matmul_add.comp. */
static const char *adder_of(const struct hcb_case *c)
{
    static const char *const variants[HCB_TYPE_COUNT] = {[HCB_TYPE_F64] = "f64",
                                                         [HCB_TYPE_F32] = "f32",
                                                         [HCB_TYPE_F16] = "f16",
                                                         [HCB_TYPE_I32] = "i32"};
    return variants[hcb_operand_type(c, MATRIX_C)];
}

static const char *variant_of(const char *family, const struct hcb_case *c)
{
    return strcmp(family, "matmul_add") == 0 ? adder_of(c) : hcb_precision_name(c->precision);
}

enum hcb_status hcbi_vulkan_families_hash(const struct vulkan_device *device,
                                          const struct hcb_case *c, const char *const *families,
                                          size_t count, char hash[65])
{
    char names[VULKAN_MODULES_MAX][48];
    const char *files[VULKAN_MODULES_MAX];
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "%s.%s.spv", families[i], variant_of(families[i], c));
        files[i] = names[i];
    }
    return hcbi_kernels_load_hash(device->base.ctx, hcbi_spv_kernels, files, count, hash);
}

enum hcb_status hcbi_vulkan_families_note(struct vulkan_plan *plan, const char *const *families,
                                          size_t count)
{
    enum hcb_status status = HCB_OK;
    for (size_t i = 0; i < count && status == HCB_OK; i++)
        status = hcbi_vulkan_note(plan, families[i], variant_of(families[i], &plan->base.task));
    return status;
}

/* Adds the parts of a window that its workgroups computed. */
static enum hcb_status add_parts(struct vulkan_plan *plan, const struct tile_kernel *kernel,
                                 const struct matmul_window *w, const struct vulkan_step *multiply)
{
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
    enum hcb_status status = hcbi_vulkan_pipeline(
        plan, "matmul_add", adder_of(&plan->base.task), &none, &step.pipeline);
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
    uint64_t extents = w->columns | w->terms; /* and whatever else alignment asks for */
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
    specialization.values[kernel->aligned_constant] = extents % kernel->alignment == 0;
    enum hcb_status status =
        hcbi_vulkan_pipeline(plan, kernel->family, hcb_precision_name(c->precision),
                             &specialization, &step.pipeline);
    if (status == HCB_OK)
        status = hcbi_vulkan_add_step(plan, &step);
    return status == HCB_OK && splits > 1 ? add_parts(plan, kernel, w, &step) : status;
}

enum hcb_status hcbi_vulkan_prepare_tiles(struct vulkan_plan *plan, struct tile_kernel *kernel)
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

enum hcb_status hcbi_vulkan_check_tiles(const struct vulkan_device *device,
                                        const struct hcb_case *c, struct tile_kernel *kernel)
{
    choose_extents(device, c, kernel);
    return hcbi_vulkan_check_room(device, c, &kernel->part_bytes, 1);
}

/* ----------------------------------------------------- shared-memory tiles */

/* Parameters, in the order of the plan's values: what matmul_gpu.comp is specialised for,
 * and how many workgroups share the terms of a tile. */
enum { LANES, BLOCKS, STEP, BAND, SPLITS, PARAMETER_COUNT };
static const struct hcb_parameter usual[PARAMETER_COUNT] = {
    [LANES] = {"lanes", 16, {8, 16, 32}, 3},
    [BLOCKS] = {"blocks", 2, {1, 2}, 2},
    [STEP] = {"step", 16, {8, 16, 32}, 3},
    [BAND] = {"band", 8, {1, 2, 4, 8, 16, 32}, 6},
    [SPLITS] = {"splits", 1, {1, 2, 4, 8, 16, 32, SPLITS_MAX}, 7},
};

/* Lanes, blocks and step, best first, for large matrices.  Invocations with 8 x 8 elements
 * need many registers: those of f64 and f32x2 get 4 x 4.  Where subgroups may be narrow,
 * registers of a step are few too. */
static const uint64_t tiles[][HCB_PARAMETERS_MAX] = {
    {16, 2, 16}, {16, 2, 8}, {16, 1, 16}, {8, 2, 16}, {8, 2, 8}, {8, 1, 16}, {8, 1, 8},
};

static uint32_t side_of(const uint64_t *values)
{
    return (uint32_t)(4 * values[LANES] * values[BLOCKS]);
}

/* Bytes of a number in shared memory; f32x2 has two in f32 for each. */
static uint64_t number_bytes(const struct hcb_case *c)
{
    const uint64_t size = hcb_type_size(hcb_operand_type(c, MATRIX_C));
    return c->precision == HCB_PRECISION_F32X2 ? 2 * size : size;
}

/* What a device has for a workgroup: lanes^2 invocations, of which each loads a vector of
 * A and one of B at least, and two slices of A and B. */
static void list_limits(const struct vulkan_device *device, const struct hcb_case *c,
                        struct hcb_parameters *parameters)
{
    const VkPhysicalDeviceLimits *has = &device->limits;
    const uint64_t vector = 4 * number_bytes(c);
    const struct hcb_limit limits[] = {
        {"invocations of a workgroup",
         .sum = {{1, {[LANES] = 2}}},
         .most = {vulkan_min(has->maxComputeWorkGroupInvocations, has->maxComputeWorkGroupSize[0]), {0}}},
        {"bytes of shared memory",
         .sum = {{4 * vector, {[STEP] = 1, [LANES] = 1, [BLOCKS] = 1}}, {2 * vector, {[STEP] = 1}}},
         .most = {has->maxComputeSharedMemorySize, {0}}},
        {"vectors of a step", .sum = {{1, {[LANES] = 1}}}, .most = {1, {[BLOCKS] = 1, [STEP] = 1}}}};
    memcpy(parameters->limits, limits, sizeof limits);
    parameters->limit_count = sizeof limits / sizeof *limits;
}

static bool fits(const struct vulkan_device *device, const struct hcb_case *c,
                 const struct hcb_parameters *parameters, const uint64_t *tile)
{
    const bool is_narrow = device->min_subgroup_size < 16 &&
                           device->min_subgroup_size < device->max_subgroup_size;
    return hcb_parameters_beyond(parameters, tile) == NULL &&
           (tile[BLOCKS] == 1 || number_bytes(c) <= 4) &&
           (tile[BLOCKS] == 1 || tile[STEP] == 8 || !is_narrow);
}

/* The largest tile, or the next smaller one where it gives some compute units none. */
static const uint64_t *choose_tile(const struct vulkan_device *device, const struct hcb_case *c,
                                   const struct hcb_parameters *parameters)
{
    const size_t count = sizeof tiles / sizeof *tiles;
    size_t i = 0;
    while (i + 1 < count && !fits(device, c, parameters, tiles[i]))
        i++;
    const uint32_t side = side_of(tiles[i]);
    if (hcbi_vulkan_tiles(&c->shape, side, side) >= hcbi_vulkan_units(device))
        return tiles[i];
    for (size_t j = i + 1; j < count; j++)
        if (side_of(tiles[j]) < side && fits(device, c, parameters, tiles[j]))
            return tiles[j];
    return tiles[i];
}

static struct tile_kernel kernel_of(const uint64_t *values)
{
    const uint32_t lanes = (uint32_t)values[LANES], blocks = (uint32_t)values[BLOCKS],
                   step = (uint32_t)values[STEP];
    const uint32_t loads = blocks * step / lanes;
    const uint32_t turns = step + 1 + 4 * loads; /* of a step */
    return (struct tile_kernel){
        .family = "matmul_gpu",
        .specialization = {.values = {lanes * lanes, lanes, blocks, step, 0, (uint32_t)values[BAND]},
                           .count = 6},
        .aligned_constant = 4,
        .alignment = 4,
        .rows = side_of(values),
        .columns = side_of(values),
        .step = step,
        .most_terms = (VULKAN_TURNS_MAX - 4 * loads) / turns * step,
        .splits = values[SPLITS]};
}

static void list_parameters(const struct vulkan_device *device, const struct hcb_case *c,
                            struct hcb_parameters *parameters)
{
    struct hcb_parameter *list = parameters->list;
    uint64_t table[HCB_PARAMETERS_MAX];
    memcpy(list, usual, sizeof usual);
    parameters->count = PARAMETER_COUNT;
    if (c->precision == HCB_PRECISION_F32X2) /* registers for mixed products of one */
        list[BLOCKS].count = 1;
    list_limits(device, c, parameters);
    memcpy(table, choose_tile(device, c, parameters), sizeof table);
    table[BAND] = usual[BAND].table;
    table[SPLITS] = 0;
    const struct tile_kernel kernel = kernel_of(table);
    table[SPLITS] = wanted_splits(device, c, &kernel);
    for (size_t i = 0; i < PARAMETER_COUNT; i++)
        list[i].table = table[i];
    hcbi_parameter_settle(&list[SPLITS], SPLITS_MAX);
}

/* Both, whether the table's splits need the second or not: others may. */
static const char *const families[] = {"matmul_gpu", "matmul_add"};
enum { FAMILY_COUNT = sizeof families / sizeof *families };

static enum hcb_status find_parameters(const struct vulkan_device *device, const struct hcb_case *c,
                                       struct hcb_parameters *parameters)
{
    list_parameters(device, c, parameters);
    return hcbi_vulkan_families_hash(device, c, families, FAMILY_COUNT, parameters->kernel_sha256);
}

struct tile_kernel hcbi_vulkan_tile_kernel(const struct vulkan_device *device,
                                           const struct hcb_case *c)
{
    struct hcb_parameters parameters = {.count = 0};
    uint64_t values[HCB_PARAMETERS_MAX];
    list_parameters(device, c, &parameters);
    hcb_parameters_read(&parameters, "", values);
    return kernel_of(values);
}

static enum hcb_status prepare_tile(struct vulkan_plan *plan)
{
    struct tile_kernel kernel = kernel_of(plan->base.values);
    if (plan->base.task.precision == HCB_PRECISION_F32X2)
        snprintf(plan->base.info.note, sizeof plan->base.info.note, HCBI_F32X2_NOTE);
    const enum hcb_status status = hcbi_vulkan_prepare_tiles(plan, &kernel);
    plan->base.values[SPLITS] = vulkan_divide_up(kernel.extents.terms, kernel.split_terms);
    return status == HCB_OK ? hcbi_vulkan_families_note(plan, families, FAMILY_COUNT) : status;
}

static enum hcb_status supports_tile(const struct vulkan_device *device, const struct hcb_case *c)
{
    struct tile_kernel kernel = hcbi_vulkan_tile_kernel(device, c);
    return hcbi_vulkan_check_tiles(device, c, &kernel);
}

static uint64_t scratch_of_tile(const struct vulkan_device *device, const struct hcb_case *c,
                                const uint64_t *values)
{
    struct tile_kernel kernel = kernel_of(values);
    choose_extents(device, c, &kernel);
    return kernel.part_bytes;
}

const struct vulkan_method hcbi_vulkan_tile = {.supports = supports_tile,
                                               .scratch = scratch_of_tile,
                                               .parameters = find_parameters,
                                               .prepare = prepare_tile};
