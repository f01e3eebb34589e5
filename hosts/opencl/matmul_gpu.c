/* SPDX-License-Identifier: Apache-2.0 */
/* Our own matrix product for GPUs: chooses the parameters of cl/matmul_gpu.cl and lists
 * the launches. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "opencl.h"

/* Parameters, in the order of the plan's values: as in the comment of the kernel, and into
 * how many parts K is cut at most.  All but the last are powers of 2, so that a step is
 * loaded by whole vectors, as many for each item. */
enum {
    ITEMS_DOWN,
    ITEMS_ACROSS,
    BLOCKS_DOWN,
    BLOCKS_ACROSS,
    DEPTH,
    SUPER,
    PARTS,
    PARAMETER_COUNT
};
static const struct hcb_parameter usual[PARAMETER_COUNT] = {
    [ITEMS_DOWN] = {"items_down", 16, {4, 8, 16, 32}, 4},
    [ITEMS_ACROSS] = {"items_across", 16, {8, 16, 32}, 3},
    [BLOCKS_DOWN] = {"blocks_down", 2, {1, 2, 4}, 3},
    [BLOCKS_ACROSS] = {"blocks_across", 2, {1, 2, 4}, 3},
    [DEPTH] = {"depth", 16, {8, 16, 32}, 3},
    [SUPER] = {"super", 8, {1, 2, 4, 8, 16, 32}, 6}, /* rows of tiles: 1024 rows of A */
    [PARTS] = {"parts", 1, {1, 2, 4, 8, 16, 32, 64}, 7},
};

/* The shape of the kernel, of values. */
struct gpu_tile {
    unsigned items_down, items_across, blocks_down, blocks_across, depth, super;
};

/* Steps by the class of a device: the first row whose extension the device has and
 * whose tiles, the larger ones if there is a choice, fit into its local memory. */
static const struct gpu_class {
    const char *extension; /* NULL: any */
    unsigned depth;
    const char *options; /* of the compiler */
} classes[] = {
    /* Registers for 128 numbers per item, and less local memory per item. */
    {"cl_intel_required_subgroup_size", 8, ""},
    /* So that two groups run on a processor instead of one; ptxas then spills some dozen bytes. */
    {"cl_nv_compiler_options", 16, " -cl-nv-maxrregcount=128"},
    {NULL, 16, ""},
    {NULL, 8, ""},
};

enum {
    PAD = 4,          /* as in matmul_gpu.cl */
    ADDERS = 256,     /* items of a group that adds parts, at most */
    LEAST_ITEMS = 32, /* of a group: 4 down and 8 across */
    PART_TERMS = 256, /* shorter parts of K are not worth their addition */
    SUM_BYTES_MAX = 512 /* of the sums of an item, in registers: 128 of 4 bytes */
};

static struct gpu_tile tile_of(const uint64_t *values)
{
    return (struct gpu_tile){(unsigned)values[ITEMS_DOWN],  (unsigned)values[ITEMS_ACROSS],
                             (unsigned)values[BLOCKS_DOWN], (unsigned)values[BLOCKS_ACROSS],
                             (unsigned)values[DEPTH],       (unsigned)values[SUPER]};
}

static uint64_t group_items(const uint64_t *values)
{
    return values[ITEMS_DOWN] * values[ITEMS_ACROSS];
}

static unsigned tile_items(const struct gpu_tile *tile)
{
    return tile->items_down * tile->items_across;
}

static unsigned tile_rows(const struct gpu_tile *tile)
{
    return 4 * tile->items_down * tile->blocks_down;
}

static unsigned tile_columns(const struct gpu_tile *tile)
{
    return 4 * tile->items_across * tile->blocks_across;
}

static uint64_t tiles_of(const struct hcb_case *c, const struct gpu_tile *tile)
{
    return opencl_divide_up(c->shape.m, tile_rows(tile)) *
           opencl_divide_up(c->shape.n, tile_columns(tile));
}

/* Bytes of a number while it is computed with; f32x2 has two in f32 for each. */
static unsigned computed_bytes(enum hcb_precision precision)
{
    const bool is_large = precision == HCB_PRECISION_F64 || precision == HCB_PRECISION_F32X2;
    return is_large ? 8 : precision == HCB_PRECISION_F16 ? 2 : 4;
}

/* 128 x 128 elements need half the traffic of 64 x 64, but f64 and f32x2 have no registers for
 * them, and then fewer groups have work. */
static unsigned blocks_of(const struct opencl_device *device, const struct hcb_case *c)
{
    const struct gpu_tile large = {16, 16, 2, 2, 16, 8};
    return computed_bytes(c->precision) < 8 && c->shape.m > 64 && c->shape.n > 64 &&
                   tiles_of(c, &large) >= device->base.info.compute_units
               ? 2
               : 1;
}

/* Elements per load: 16 bytes, or fewer so that each item has one. */
static unsigned width_of(const struct gpu_tile *tile, const struct hcb_case *c)
{
    const unsigned rows = tile_rows(tile), columns = tile_columns(tile);
    const unsigned each = (rows < columns ? rows : columns) * tile->depth / tile_items(tile);
    unsigned width = 16 / (unsigned)hcb_type_size(hcb_operand_type(c, 0));
    while (width > 8 || width > each)
        width /= 2;
    return width;
}

/* The least that the kernel has to check. */
static int edge_of(const struct gpu_tile *tile, const struct hcb_case *c)
{
    const struct hcb_shape *s = &c->shape;
    const unsigned width = width_of(tile, c), vector = width > 4 ? width : 4;
    if (s->m % tile_rows(tile) == 0 && s->n % tile_columns(tile) == 0 && s->k % tile->depth == 0)
        return 0;
    return s->n % vector == 0 && s->k % width == 0 ? 1 : 2;
}

/* Into how many parts K can be cut: at most what there is memory for. */
static uint64_t most_parts(const struct opencl_device *device, const struct hcb_case *c)
{
    const uint64_t most = device->base.info.max_buffer_bytes;
    uint64_t room = hcbi_opencl_room(device, c);
    if (most != 0 && most < room)
        room = most;
    return room >= hcb_operand_bytes(c, 2) ? room / hcb_operand_bytes(c, 2) : 1;
}

/* So many that two groups per processor have work. */
static uint64_t wanted_parts(const struct opencl_device *device, const struct hcb_case *c,
                             const struct gpu_tile *tile)
{
    const uint64_t units = device->base.info.compute_units, tiles = tiles_of(c, tile);
    const uint64_t parts = tiles < units ? opencl_divide_up(2 * units, tiles) : 1,
                   worthwhile = c->shape.k / PART_TERMS;
    return parts <= worthwhile ? parts : worthwhile > 0 ? worthwhile : 1;
}

/* Halves the side of a group that is longer. */
static void shrink_group(uint64_t *values)
{
    values[values[ITEMS_DOWN] < values[ITEMS_ACROSS] ? ITEMS_ACROSS : ITEMS_DOWN] /= 2;
}

/* Terms of a part, whole steps. */
static uint64_t part_terms(const struct hcb_case *c, const uint64_t *values)
{
    return opencl_divide_up(opencl_divide_up(c->shape.k, values[PARTS]), values[DEPTH]) * values[DEPTH];
}

/* Two slices of A and B, in local memory; and what the device has for a group and an item. */
static void list_limits(const struct opencl_device *device, const struct hcb_case *c,
                        struct hcb_parameters *parameters)
{
    const unsigned bytes = computed_bytes(c->precision);
    const struct hcb_limit limits[] = {
        {"items of a work-group",
         .sum = {{1, {[ITEMS_DOWN] = 1, [ITEMS_ACROSS] = 1}}},
         .most = {hcbi_opencl_most_items(device), {0}}},
        {"bytes of local memory",
         .sum = {{8 * bytes, {[DEPTH] = 1, [ITEMS_DOWN] = 1, [BLOCKS_DOWN] = 1}},
                 {8 * bytes, {[DEPTH] = 1, [ITEMS_ACROSS] = 1, [BLOCKS_ACROSS] = 1}},
                 {2 * bytes * 2 * PAD, {[DEPTH] = 1}}},
         .most = {device->local_bytes, {0}}},
        {"registers",
         .sum = {{16 * bytes, {[BLOCKS_DOWN] = 1, [BLOCKS_ACROSS] = 1}}},
         .most = {SUM_BYTES_MAX, {0}}}};
    memcpy(parameters->limits, limits, sizeof limits);
    parameters->limit_count = sizeof limits / sizeof *limits;
}

static const struct gpu_class *list_table(const struct opencl_device *device, const struct hcb_case *c,
                                          struct hcb_parameters *parameters)
{
    uint64_t table[HCB_PARAMETERS_MAX] = {0};
    const struct gpu_class *class = classes;
    const uint64_t most_items = hcbi_opencl_most_items(device);
    struct hcb_parameter *list = parameters->list;
    memcpy(list, usual, sizeof usual);
    parameters->count = PARAMETER_COUNT;
    list_limits(device, c, parameters);
    for (size_t i = 0; i < PARAMETER_COUNT; i++)
        table[i] = usual[i].table;
    while (group_items(table) > most_items && group_items(table) > LEAST_ITEMS)
        shrink_group(table);
    table[BLOCKS_DOWN] = table[BLOCKS_ACROSS] = blocks_of(device, c);
    for (const struct gpu_class *last = classes + sizeof classes / sizeof *classes - 1;; class++) {
        table[DEPTH] = class->depth;
        if (class == last || ((class->extension == NULL ||
                               hcbi_opencl_has_extension(device->id, class->extension)) &&
                              hcb_parameters_beyond(parameters, table) == NULL))
            break;
    }
    const struct gpu_tile tile = tile_of(table);
    const uint64_t wanted = wanted_parts(device, c, &tile), most = most_parts(device, c);
    table[PARTS] = wanted < most ? wanted : most;
    for (size_t i = 0; i < PARAMETER_COUNT; i++) {
        list[i].table = table[i];
        hcbi_parameter_settle(&list[i], i == PARTS ? most : UINT64_MAX);
    }
    return class;
}

static const char *list_parameters(const struct opencl_device *device, const struct hcb_case *c,
                                   struct hcb_parameters *parameters)
{
    list_table(device, c, parameters);
    return "matmul_gpu.cl";
}

static enum hcb_status build(struct opencl_plan *plan, const struct gpu_tile *tile,
                             const char *more, const struct opencl_program **program)
{
    static const char *const macros[HCB_PRECISION_COUNT] = {
        [HCB_PRECISION_F64] = "F64",         [HCB_PRECISION_F32] = "F32",
        [HCB_PRECISION_F16] = "F16",         [HCB_PRECISION_F16F32] = "F16F32",
        [HCB_PRECISION_BF16F32] = "BF16F32", [HCB_PRECISION_I8I32] = "I8I32",
        [HCB_PRECISION_F32X2] = "F32X2"};
    struct opencl_device *device = opencl_device_of(plan);
    const struct hcb_case *c = &plan->base.task;
    char options[224], sub_group[32] = "";
    if (device->sub_group != 0)
        snprintf(sub_group, sizeof sub_group, " -DSUB_GROUP=%u", device->sub_group);
    snprintf(options, sizeof options,
             "-cl-std=CL1.2 -DPRECISION_%s%s -DITEMS_DOWN=%u -DITEMS_ACROSS=%u -DBLOCKS_DOWN=%u "
             "-DBLOCKS_ACROSS=%u -DDEPTH=%u -DWIDTH=%u -DSUPER=%u -DEDGE=%d%s%s",
             macros[c->precision], device->fma[hcb_operand_type(c, 2)] ? " -DHAVE_FMA" : "",
             tile->items_down, tile->items_across, tile->blocks_down, tile->blocks_across,
             tile->depth, width_of(tile, c), tile->super, edge_of(tile, c), sub_group, more);
    return hcbi_opencl_program(device, "matmul_gpu.cl", options, program);
}

/* The group of the table shrinks until the compiled kernel allows for it; one that is a
 * choice is refused. */
static enum hcb_status build_fitting(struct opencl_plan *plan,
                                     const struct opencl_program **program)
{
    const struct opencl_device *device = opencl_device_of(plan);
    struct hcb_parameters parameters = {.count = 0};
    const struct gpu_class *class = list_table(device, &plan->base.task, &parameters);
    uint64_t *values = plan->base.values;
    const bool is_choice = values[ITEMS_DOWN] != parameters.list[ITEMS_DOWN].table ||
                           values[ITEMS_ACROSS] != parameters.list[ITEMS_ACROSS].table;
    for (;;) {
        const struct gpu_tile tile = tile_of(values);
        enum hcb_status status = build(plan, &tile, class->options, program);
        if (status != HCB_OK)
            return status;
        const uint64_t allowed = hcbi_opencl_kernel_items(device, *program, "multiply");
        if (group_items(values) <= allowed)
            return HCB_OK;
        if (is_choice || group_items(values) == LEAST_ITEMS)
            return hcbi_opencl_too_many_items(device, "multiply", group_items(values), allowed);
        shrink_group(values);
    }
}

static enum hcb_status add_addition(struct opencl_plan *plan, const struct opencl_program *program,
                                    cl_mem *partial, cl_uint parts)
{
    const struct opencl_device *device = opencl_device_of(plan);
    const cl_ulong elements = hcb_operand_elements(&plan->base.task, 2);
    const uint64_t allowed = hcbi_opencl_kernel_items(device, program, "add_parts");
    const size_t items = hcbi_opencl_items(device, allowed < ADDERS ? allowed : ADDERS);
    const struct opencl_range range = {{opencl_divide_up(elements, items) * items, 1}, {items, 1}};
    const struct opencl_argument arguments[] = {{sizeof(cl_mem), partial},
                                                {sizeof(cl_mem), opencl_operand(plan, 2)},
                                                {sizeof elements, &elements},
                                                {sizeof parts, &parts}};
    return hcbi_opencl_add_step(plan, program, "add_parts", &range, arguments,
                                sizeof arguments / sizeof *arguments);
}

static enum hcb_status prepare(struct opencl_plan *plan)
{
    const struct hcb_case *c = &plan->base.task;
    const cl_ulong m = c->shape.m, n = c->shape.n, k = c->shape.k;
    const cl_ulong length = part_terms(c, plan->base.values);
    const uint64_t parts = opencl_divide_up(k, length);
    const struct opencl_program *program;
    cl_mem partial, *target = opencl_operand(plan, 2);
    opencl_count_roundings(plan, hcb_operand_type(c, 2));
    if (c->precision == HCB_PRECISION_F32X2)
        snprintf(plan->base.info.note, sizeof plan->base.info.note, HCBI_F32X2_NOTE);
    plan->base.values[PARTS] = parts;
    enum hcb_status status = build_fitting(plan, &program);
    if (status == HCB_OK && parts > 1) {
        plan->base.info.depth = length + parts - 1;
        status = hcbi_opencl_scratch(plan, parts * hcb_operand_bytes(c, 2), &partial);
        target = &partial;
    }
    const struct gpu_tile tile = tile_of(plan->base.values);
    const uint64_t items = tile_items(&tile);
    const struct opencl_range range = {{tiles_of(c, &tile) * items, parts}, {items, 1}};
    const struct opencl_argument arguments[] = {{sizeof(cl_mem), opencl_operand(plan, 0)},
                                                {sizeof(cl_mem), opencl_operand(plan, 1)},
                                                {sizeof(cl_mem), target},
                                                {sizeof m, &m},
                                                {sizeof n, &n},
                                                {sizeof k, &k},
                                                {sizeof length, &length}};
    if (status == HCB_OK)
        status = hcbi_opencl_add_step(plan, program, "multiply", &range, arguments,
                                      sizeof arguments / sizeof *arguments);
    return status == HCB_OK && parts > 1 ? add_addition(plan, program, &partial, (cl_uint)parts)
                                         : status;
}

static enum hcb_status supports(const struct opencl_device *device, const struct hcb_case *c)
{
    struct hcb_parameters parameters = {.count = 0};
    uint64_t values[HCB_PARAMETERS_MAX];
    list_table(device, c, &parameters);
    hcb_parameters_read(&parameters, "", values);
    const struct hcb_limit *limit = hcb_parameters_beyond(&parameters, values);
    return limit == NULL ? HCB_OK
                         : hcbi_fail(device->base.ctx, HCB_UNSUPPORTED, "%s has too few %s for the kernel",
                                     device->base.info.id, limit->name);
}

static uint64_t scratch(const struct opencl_device *device, const struct hcb_case *c,
                        const uint64_t *values)
{
    const uint64_t parts = opencl_divide_up(c->shape.k, part_terms(c, values));
    (void)device;
    return parts > 1 ? parts * hcb_operand_bytes(c, 2) : 0;
}

const struct opencl_method hcbi_opencl_matmul_gpu = {.supports = supports,
                                                     .scratch = scratch,
                                                     .parameters = list_parameters,
                                                     .prepare = prepare};
