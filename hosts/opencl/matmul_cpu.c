/* SPDX-License-Identifier: Apache-2.0 */
/* Our own matrix product for drivers that run work-items on a processor: chooses the
 * parameters of cl/matmul_cpu.cl and lists the launches. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "opencl.h"

/* Parameters of matmul_cpu.cl, in the order of the plan's values. */
enum { ROWS, WIDTH, BLOCK_K, ITEM_PANELS, PACK_K, PACK_PANELS, PARAMETER_COUNT };

/* BLOCK_K terms of a panel of B and of one of A fit together into a first-level cache
 * of 48 KiB with 512-bit vectors, and into 32 KiB with shorter ones.  A panel of B is
 * read from a farther cache once for all panels of A of a work-item; where that would
 * make fewer than ITEMS_PER_UNIT work-items for each processor, they take fewer panels.
 * Rows and width follow from the device; see the register tiles. */
static const struct hcb_parameter usual[PARAMETER_COUNT] = {
    [ROWS] = {"rows", 0, {4, 6, 8, 10, 12, 14}, 6},
    [WIDTH] = {"width", 0, {4, 8, 16}, 3},
    [BLOCK_K] = {"block_k", 256, {64, 128, 192, 256, 384, 512, 1024}, 7},
    [ITEM_PANELS] = {"item_panels", 32, {1, 2, 4, 8, 16, 32, 64}, 7},
    [PACK_K] = {"pack_k", 16, {4, 8, 16, 32, 64}, 5},
    [PACK_PANELS] = {"pack_panels", 16, {4, 8, 16, 32, 64}, 5},
};
enum { ITEMS_PER_UNIT = 8 };
enum { I8_BLOCK_K_MAX = 256 }; /* beyond it a sum in f32 need not be exact */

/* The register tile by the width of a vector: 2 rows accumulators of one vector
 * each, out of 32 registers (AVX-512) or 16. */
static const struct register_tile {
    unsigned vector_bits, rows, registers;
} register_tiles[] = {{512, 12, 32}, {256, 6, 16}, {128, 6, 16}};

/* Packed matrices above this many bytes only make misses of the TLB. */
static const uint64_t packed_bytes_wanted = UINT64_C(1) << 28;

struct cpu_blocking {
    const uint64_t *values; /* of the parameters */
    uint64_t row_panels, column_panels;
    uint64_t row_bytes, column_bytes; /* packed bytes per term, of A and of B */
    uint64_t terms;                   /* per pass over C */
};

/* Bytes of a number while it is computed with; int8 is computed in f32. */
static unsigned computed_bytes(enum hcb_precision precision)
{
    return precision == HCB_PRECISION_F64 ? 8 : precision == HCB_PRECISION_F16 ? 2 : 4;
}

/* Panels, and accumulators, of high and of low halves. */
static unsigned planes(enum hcb_precision precision)
{
    return precision == HCB_PRECISION_F32X2 ? 2 : 1;
}

static const struct register_tile *tile_of(const struct opencl_device *device)
{
    const struct register_tile *tile = register_tiles;
    while (tile->vector_bits > device->vector_bits)
        tile++;
    return tile;
}

static uint64_t table_item_panels(const struct opencl_device *device, const struct hcb_case *c,
                                  uint64_t rows, uint64_t columns)
{
    const uint64_t wanted = (uint64_t)ITEMS_PER_UNIT * device->base.info.compute_units;
    const uint64_t row_panels = opencl_divide_up(c->shape.m, rows),
                   column_panels = opencl_divide_up(c->shape.n, columns);
    uint64_t panels = usual[ITEM_PANELS].table;
    while (panels > 1 && column_panels * opencl_divide_up(row_panels, panels) < wanted)
        panels /= 2;
    return panels;
}

/* A tile that spills is of no use, and takes a compiler long: in each plane 2 ROWS
 * accumulators of WIDTH numbers, two for a row of B and one for a number of A, each in one
 * register at least. */
static void list_limits(const struct register_tile *tile, enum hcb_precision precision,
                        struct hcb_parameters *parameters)
{
    const uint64_t each = planes(precision), bits = 8 * each * computed_bytes(precision);
    const struct hcb_limit limits[] = {
        {"vector registers",
         .sum = {{2 * each, {[ROWS] = 1}}, {3 * each, {0}}},
         .most = {tile->registers, {0}}},
        {"vector registers",
         .sum = {{2 * bits, {[ROWS] = 1, [WIDTH] = 1}},
                 {2 * bits, {[WIDTH] = 1}},
                 {each * tile->vector_bits, {0}}},
         .most = {(uint64_t)tile->registers * tile->vector_bits, {0}}}};
    memcpy(parameters->limits, limits, sizeof limits);
    parameters->limit_count = sizeof limits / sizeof *limits;
}

static const char *list_parameters(const struct opencl_device *device, const struct hcb_case *c,
                                   struct hcb_parameters *parameters)
{
    const struct register_tile *tile = tile_of(device);
    const unsigned width = tile->vector_bits / 8 / computed_bytes(c->precision);
    struct hcb_parameter *list = parameters->list;
    memcpy(list, usual, sizeof usual);
    parameters->count = PARAMETER_COUNT;
    list_limits(tile, c->precision, parameters);
    list[ROWS].table = tile->rows;
    list[WIDTH].table = width > 16 ? 16 : width; /* the most that OpenCL C has */
    if (list[WIDTH].table == 2)
        list[WIDTH] = (struct hcb_parameter){"width", 2, {2, 4, 8, 16}, 4};
    if (planes(c->precision) == 2) {
        list[ROWS] = (struct hcb_parameter){"rows", tile->rows / 4 * 2, {2, 4, 6}, 3};
        list[BLOCK_K].table /= 2;
    }
    list[ITEM_PANELS].table = table_item_panels(device, c, list[ROWS].table, 2 * list[WIDTH].table);
    while (c->precision == HCB_PRECISION_I8I32 &&
           list[BLOCK_K].choices[list[BLOCK_K].count - 1] > I8_BLOCK_K_MAX)
        list[BLOCK_K].count--;
    return "matmul_cpu.cl";
}

/* False when the packed matrices do not fit even one term at a time. */
static bool choose_blocking(const struct opencl_device *device, const struct hcb_case *c,
                            const uint64_t *values, struct cpu_blocking *out)
{
    const uint64_t columns = 2 * values[WIDTH];
    const unsigned bytes = planes(c->precision) * computed_bytes(c->precision);
    out->values = values;
    out->row_panels = opencl_divide_up(c->shape.m, values[ROWS]);
    out->column_panels = opencl_divide_up(c->shape.n, columns);
    out->row_bytes = out->row_panels * values[ROWS] * bytes;
    out->column_bytes = out->column_panels * columns * bytes;

    const uint64_t larger = out->row_bytes > out->column_bytes ? out->row_bytes : out->column_bytes;
    const uint64_t most = device->base.info.max_buffer_bytes,
                   half = hcbi_opencl_room(device, c) / 2;
    const uint64_t limit = most != 0 && most < half ? most : half;
    out->terms = (limit < packed_bytes_wanted ? limit : packed_bytes_wanted) / larger;
    if (out->terms == 0)
        out->terms = limit / larger;
    if (out->terms > values[BLOCK_K])
        out->terms -= out->terms % values[BLOCK_K];
    if (out->terms > c->shape.k)
        out->terms = c->shape.k;
    return out->terms > 0;
}

static void cpu_options(const struct opencl_device *device, const struct hcb_case *c,
                        const uint64_t *values, char *options, size_t size)
{
    static const struct {
        const char *macro;
        enum hcb_type computed;
    } precisions[HCB_PRECISION_COUNT] = {
        [HCB_PRECISION_F64] = {"PRECISION_F64", HCB_TYPE_F64},
        [HCB_PRECISION_F32] = {"PRECISION_F32", HCB_TYPE_F32},
        [HCB_PRECISION_F16] = {"PRECISION_F16", HCB_TYPE_F16},
        [HCB_PRECISION_F16F32] = {"PRECISION_F16F32", HCB_TYPE_F32},
        [HCB_PRECISION_BF16F32] = {"PRECISION_BF16F32", HCB_TYPE_F32},
        [HCB_PRECISION_I8I32] = {"PRECISION_I8I32 -DI8_COMPUTED=float", HCB_TYPE_F32},
        [HCB_PRECISION_F32X2] = {"PRECISION_F32X2", HCB_TYPE_F32},
    };
    snprintf(options, size,
             "-cl-std=CL1.2 -D%s%s -DROWS=%u -DWIDTH=%u -DBLOCK_K=%u -DPACK_K=%u "
             "-DPACK_PANELS=%u",
             precisions[c->precision].macro,
             device->fma[precisions[c->precision].computed] ? " -DHAVE_FMA" : "",
             (unsigned)values[ROWS], (unsigned)values[WIDTH], (unsigned)values[BLOCK_K],
             (unsigned)values[PACK_K], (unsigned)values[PACK_PANELS]);
}

/* Packs `count` terms from `first` on and adds their products to C. */
static enum hcb_status add_cpu_pass(struct opencl_plan *plan, const struct opencl_program *program,
                                    const struct cpu_blocking *blocking, cl_ulong first,
                                    cl_ulong count)
{
    const struct hcb_shape *s = &plan->base.task.shape;
    const cl_ulong m = s->m, n = s->n, k = s->k;
    const cl_int add = first > 0;
    const cl_ulong item_rows = blocking->values[ITEM_PANELS] * blocking->values[ROWS];
    const uint64_t *values = blocking->values;
    cl_mem *packed_a = &plan->scratch[0], *packed_b = &plan->scratch[1];
    const struct {
        const char *kernel;
        struct opencl_range range;
        struct opencl_argument arguments[8];
        cl_uint count;
    } steps[] = {
        {"pack_a",
         {{blocking->row_panels, opencl_divide_up(count, values[BLOCK_K])}, {1, 1}},
         {{sizeof(cl_mem), opencl_operand(plan, 0)},
          {sizeof m, &m},
          {sizeof k, &k},
          {sizeof first, &first},
          {sizeof count, &count},
          {sizeof(cl_mem), packed_a}},
         6},
        {"pack_b",
         {{opencl_divide_up(blocking->column_panels, values[PACK_PANELS]),
           opencl_divide_up(count, values[PACK_K])},
          {1, 1}},
         {{sizeof(cl_mem), opencl_operand(plan, 1)},
          {sizeof n, &n},
          {sizeof first, &first},
          {sizeof count, &count},
          {sizeof(cl_mem), packed_b}},
         5},
        {"multiply",
         {{blocking->column_panels, opencl_divide_up(blocking->row_panels, values[ITEM_PANELS])}, {1, 1}},
         {{sizeof(cl_mem), packed_a},
          {sizeof(cl_mem), packed_b},
          {sizeof(cl_mem), opencl_operand(plan, 2)},
          {sizeof m, &m},
          {sizeof n, &n},
          {sizeof count, &count},
          {sizeof item_rows, &item_rows},
          {sizeof add, &add}},
         8},
    };
    enum hcb_status status = HCB_OK;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && status == HCB_OK; i++)
        status = hcbi_opencl_add_step(plan, program, steps[i].kernel, &steps[i].range,
                                      steps[i].arguments, steps[i].count);
    return status;
}

static enum hcb_status prepare(struct opencl_plan *plan)
{
    struct opencl_device *device = opencl_device_of(plan);
    const struct hcb_case *c = &plan->base.task;
    const struct opencl_program *program;
    struct cpu_blocking blocking;
    cl_mem packed;
    char options[192];
    const uint64_t *values = plan->base.values;
    opencl_count_roundings(plan, hcb_operand_type(c, 2));
    if (!choose_blocking(device, c, values, &blocking))
        return hcbi_opencl_no_room(device, c, blocking.row_bytes + blocking.column_bytes);
    cpu_options(device, c, values, options, sizeof options);
    enum hcb_status status = hcbi_opencl_program(device, "matmul_cpu.cl", options, &program);
    if (status == HCB_OK)
        status = hcbi_opencl_scratch(plan, blocking.row_bytes * blocking.terms, &packed);
    if (status == HCB_OK)
        status = hcbi_opencl_scratch(plan, blocking.column_bytes * blocking.terms, &packed);
    for (uint64_t first = 0; first < c->shape.k && status == HCB_OK; first += blocking.terms) {
        const uint64_t left = c->shape.k - first;
        status = add_cpu_pass(plan, program, &blocking, first,
                              left < blocking.terms ? left : blocking.terms);
    }
    if (c->precision == HCB_PRECISION_F32X2)
        snprintf(plan->base.info.note, sizeof plan->base.info.note, HCBI_F32X2_NOTE);
    if (c->precision == HCB_PRECISION_I8I32)
        snprintf(plan->base.info.note, sizeof plan->base.info.note,
                 "products of int8 are added in f32 over %u terms, which is exact, then in int32",
                 (unsigned)values[BLOCK_K]);
    return status;
}

static enum hcb_status supports(const struct opencl_device *device, const struct hcb_case *c)
{
    struct cpu_blocking blocking;
    struct hcb_parameters parameters = {.count = 0};
    uint64_t values[HCB_PARAMETERS_MAX];
    list_parameters(device, c, &parameters);
    hcb_parameters_read(&parameters, "", values);
    return choose_blocking(device, c, values, &blocking)
               ? HCB_OK
               : hcbi_opencl_no_room(device, c, blocking.row_bytes + blocking.column_bytes);
}

static uint64_t scratch(const struct opencl_device *device, const struct hcb_case *c,
                        const uint64_t *values)
{
    struct cpu_blocking blocking;
    choose_blocking(device, c, values, &blocking);
    return (blocking.row_bytes + blocking.column_bytes) * blocking.terms;
}

const struct opencl_method hcbi_opencl_matmul_cpu = {.supports = supports,
                                                     .scratch = scratch,
                                                     .parameters = list_parameters,
                                                     .prepare = prepare};
