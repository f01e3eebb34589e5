/* SPDX-License-Identifier: Apache-2.0 */
/* Our own matrix product for GPUs: chooses the parameters of cl/matmul_gpu.cl and lists
 * the launches. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "opencl.h"

/* Parameters of the kernel, as its comment has them. */
struct gpu_tile {
    unsigned items_down, items_across, blocks_down, blocks_across, depth, super, sub_group;
    const char *options; /* of the compiler */
};

/* Steps by the class of a device: the first row whose extension the device has and
 * whose tiles, the larger ones if there is a choice, fit into its local memory. */
static const struct gpu_class {
    const char *extension; /* NULL: any */
    unsigned depth;
    const char *options;
} classes[] = {
    /* Registers for 128 numbers per item, and less local memory per item. */
    {"cl_intel_required_subgroup_size", 8, ""},
    /* So that two groups run on a processor instead of one; ptxas then spills some dozen bytes. */
    {"cl_nv_compiler_options", 16, " -cl-nv-maxrregcount=128"},
    {NULL, 16, ""},
    {NULL, 8, ""},
};

enum {
    ITEMS = 256,
    PAD = 4,         /* as in matmul_gpu.cl */
    SUPER = 8,       /* rows of tiles, 1024 rows of A */
    PART_TERMS = 256 /* shorter parts of K are not worth their addition */
};

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

static uint64_t local_bytes(const struct gpu_tile *tile, enum hcb_precision precision)
{
    return UINT64_C(2) * tile->depth * (tile_rows(tile) + PAD + tile_columns(tile) + PAD) *
           computed_bytes(precision);
}

/* 128 x 128 elements need half the traffic of 64 x 64, but f64 and f32x2 have no registers for
 * them, and then fewer groups have work. */
static unsigned blocks_of(const struct opencl_device *device, const struct hcb_case *c)
{
    const struct gpu_tile large = {16, 16, 2, 2, 0, 0, 0, ""};
    return computed_bytes(c->precision) < 8 && c->shape.m > 64 && c->shape.n > 64 &&
                   tiles_of(c, &large) >= device->base.info.compute_units
               ? 2
               : 1;
}

/* Elements per load: 16 bytes, or fewer so that each item has one. */
static unsigned width_of(const struct gpu_tile *tile, const struct hcb_case *c)
{
    const unsigned rows = tile_rows(tile), columns = tile_columns(tile);
    const unsigned each = (rows < columns ? rows : columns) * tile->depth / ITEMS;
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

/* HCBENCH_GPU_TILE=SIDExDEPTHxPARTS in the environment decides instead, so that each
 * geometry can be tested anywhere. */
static bool read_choice(struct gpu_tile *tile, uint64_t *parts)
{
    const char *text = getenv("HCBENCH_GPU_TILE");
    unsigned side, depth, wanted;
    if (text == NULL || sscanf(text, "%ux%ux%u", &side, &depth, &wanted) != 3 ||
        (side != 64 && side != 128) || (depth != 8 && depth != 16) || wanted == 0)
        return false;
    tile->blocks_down = tile->blocks_across = side / 64;
    tile->depth = depth;
    *parts = wanted;
    return true;
}

/* Into how many parts K is cut, so that two groups per processor have work; at most
 * what there is memory for. */
static uint64_t parts_of(const struct opencl_device *device, const struct hcb_case *c,
                         const struct gpu_tile *tile, uint64_t wanted)
{
    const uint64_t units = device->base.info.compute_units, tiles = tiles_of(c, tile);
    const uint64_t bytes = hcb_operand_bytes(c, 2), most = device->base.info.max_buffer_bytes;
    uint64_t room = hcbi_opencl_room(device, c), parts = wanted;
    if (most != 0 && most < room)
        room = most;
    if (wanted == 0) {
        parts = tiles < units ? opencl_divide_up(2 * units, tiles) : 1;
        if (parts > c->shape.k / PART_TERMS)
            parts = c->shape.k / PART_TERMS;
    }
    if (parts > room / bytes)
        parts = room / bytes;
    return parts > 0 ? parts : 1;
}

/* The parameters, and the terms of a part of K. */
static void choose(const struct opencl_device *device, const struct hcb_case *c,
                   struct gpu_tile *tile, uint64_t *length)
{
    uint64_t wanted = 0;
    const unsigned blocks = blocks_of(device, c);
    *tile = (struct gpu_tile){16, 16, blocks, blocks, 0, SUPER, device->sub_group, ""};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        tile->depth = classes[i].depth;
        tile->options = classes[i].options;
        if ((classes[i].extension == NULL ||
             hcbi_opencl_has_extension(device->id, classes[i].extension)) &&
            local_bytes(tile, c->precision) <= device->local_bytes)
            break;
    }
    read_choice(tile, &wanted);
    const uint64_t parts = parts_of(device, c, tile, wanted);
    *length = opencl_divide_up(opencl_divide_up(c->shape.k, parts), tile->depth) * tile->depth;
}

static enum hcb_status build(struct opencl_plan *plan, const struct gpu_tile *tile,
                             const struct opencl_program **program)
{
    static const char *const macros[HCB_PRECISION_COUNT] = {
        [HCB_PRECISION_F64] = "F64",         [HCB_PRECISION_F32] = "F32",
        [HCB_PRECISION_F16] = "F16",         [HCB_PRECISION_F16F32] = "F16F32",
        [HCB_PRECISION_BF16F32] = "BF16F32", [HCB_PRECISION_I8I32] = "I8I32",
        [HCB_PRECISION_F32X2] = "F32X2"};
    struct opencl_device *device = opencl_device_of(plan);
    const struct hcb_case *c = &plan->base.task;
    char options[192], sub_group[32] = "";
    if (tile->sub_group != 0)
        snprintf(sub_group, sizeof sub_group, " -DSUB_GROUP=%u", tile->sub_group);
    snprintf(options, sizeof options,
             "-cl-std=CL1.2 -DPRECISION_%s%s -DITEMS_DOWN=%u -DITEMS_ACROSS=%u -DBLOCKS_DOWN=%u "
             "-DBLOCKS_ACROSS=%u -DDEPTH=%u -DWIDTH=%u -DSUPER=%u -DEDGE=%d%s%s",
             macros[c->precision], device->fma[hcb_operand_type(c, 2)] ? " -DHAVE_FMA" : "",
             tile->items_down, tile->items_across, tile->blocks_down, tile->blocks_across,
             tile->depth, width_of(tile, c), tile->super, edge_of(tile, c), sub_group,
             tile->options);
    return hcbi_opencl_program(device, "matmul_gpu.cl", options, program);
}

static enum hcb_status add_addition(struct opencl_plan *plan, const struct opencl_program *program,
                                    cl_mem *partial, cl_uint parts)
{
    const cl_ulong elements = hcb_operand_elements(&plan->base.task, 2);
    const struct opencl_range range = {{opencl_divide_up(elements, ITEMS) * ITEMS, 1}, {ITEMS, 1}};
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
    struct gpu_tile tile;
    cl_ulong length;
    uint64_t chosen_length;
    const struct opencl_program *program;
    cl_mem partial, *target = opencl_operand(plan, 2);
    choose(opencl_device_of(plan), c, &tile, &chosen_length);
    length = chosen_length;
    const uint64_t parts = opencl_divide_up(k, length);
    const struct opencl_range range = {{tiles_of(c, &tile) * ITEMS, parts}, {ITEMS, 1}};
    opencl_count_roundings(plan, hcb_operand_type(c, 2));
    if (c->precision == HCB_PRECISION_F32X2)
        snprintf(plan->base.info.note, sizeof plan->base.info.note, HCBI_F32X2_NOTE);
    enum hcb_status status = build(plan, &tile, &program);
    if (status == HCB_OK && parts > 1) {
        plan->base.info.depth = length + parts - 1;
        status = hcbi_opencl_scratch(plan, parts * hcb_operand_bytes(c, 2), &partial);
        target = &partial;
    }
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
    struct gpu_tile tile;
    uint64_t length;
    choose(device, c, &tile, &length);
    if (local_bytes(&tile, c->precision) > device->local_bytes)
        return hcbi_fail(device->base.ctx, HCB_UNSUPPORTED,
                         "%s has %llu bytes of local memory, the kernel needs %llu",
                         device->base.info.id, (unsigned long long)device->local_bytes,
                         (unsigned long long)local_bytes(&tile, c->precision));
    return HCB_OK;
}

const struct opencl_method hcbi_opencl_matmul_gpu = {.supports = supports, .prepare = prepare};
