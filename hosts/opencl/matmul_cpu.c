/* SPDX-License-Identifier: Apache-2.0 */
/* Our own matrix product for drivers that run work-items on a processor: chooses the
 * parameters of cl/matmul_cpu.cl and lists the launches. */
#include "config.h"

#include <stdio.h>

#include "opencl.h"

/* Parameters of matmul_cpu.cl.  BLOCK_K terms of a panel of B and of one of A
 * fit together into a first-level cache of 48 KiB with 512-bit vectors, and into
 * 32 KiB with shorter ones. */
enum { BLOCK_K = 256, ITEM_PANELS = 8, PACK_K = 16, PACK_PANELS = 16 };

/* The register tile by the width of a vector: 2 rows accumulators of one vector
 * each, out of 32 registers (AVX-512) or 16. */
static const struct register_tile {
    unsigned vector_bits, rows;
} register_tiles[] = {{512, 12}, {256, 6}, {128, 6}};

/* Packed matrices above this many bytes only make misses of the TLB. */
static const uint64_t packed_bytes_wanted = UINT64_C(1) << 28;

struct cpu_blocking {
    unsigned rows, width; /* of the register tile */
    uint64_t row_panels, column_panels;
    uint64_t row_bytes, column_bytes; /* packed bytes per term, of A and of B */
    uint64_t terms;                   /* per pass over C */
};

/* Bytes of a number while it is computed with; int8 is computed in f32. */
static unsigned computed_bytes(enum hcb_precision precision)
{
    return precision == HCB_PRECISION_F64 ? 8 : precision == HCB_PRECISION_F16 ? 2 : 4;
}

/* False when the packed matrices do not fit even one term at a time. */
static bool choose_blocking(const struct opencl_device *device, const struct hcb_case *c,
                            struct cpu_blocking *out)
{
    const struct register_tile *tile = register_tiles;
    const unsigned bytes = computed_bytes(c->precision);
    while (tile->vector_bits > device->vector_bits)
        tile++;
    out->rows = tile->rows;
    out->width = tile->vector_bits / 8 / bytes;
    if (out->width > 16) /* the most that OpenCL C has */
        out->width = 16;
    out->row_panels = opencl_divide_up(c->shape.m, out->rows);
    out->column_panels = opencl_divide_up(c->shape.n, 2 * out->width);
    out->row_bytes = out->row_panels * out->rows * bytes;
    out->column_bytes = out->column_panels * 2 * out->width * bytes;

    const uint64_t larger = out->row_bytes > out->column_bytes ? out->row_bytes : out->column_bytes;
    const uint64_t most = device->base.info.max_buffer_bytes,
                   half = hcbi_opencl_room(device, c) / 2;
    const uint64_t limit = most != 0 && most < half ? most : half;
    out->terms = (limit < packed_bytes_wanted ? limit : packed_bytes_wanted) / larger;
    if (out->terms == 0)
        out->terms = limit / larger;
    if (out->terms > BLOCK_K)
        out->terms -= out->terms % BLOCK_K;
    if (out->terms > c->shape.k)
        out->terms = c->shape.k;
    return out->terms > 0;
}

static void cpu_options(const struct opencl_device *device, const struct hcb_case *c,
                        const struct cpu_blocking *blocking, char *options, size_t size)
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
    };
    snprintf(options, size,
             "-cl-std=CL1.2 -D%s%s -DROWS=%u -DWIDTH=%u -DBLOCK_K=%d -DITEM_PANELS=%d -DPACK_K=%d "
             "-DPACK_PANELS=%d",
             precisions[c->precision].macro,
             device->fma[precisions[c->precision].computed] ? " -DHAVE_FMA" : "", blocking->rows,
             blocking->width, BLOCK_K, ITEM_PANELS, PACK_K, PACK_PANELS);
}

/* Packs `count` terms from `first` on and adds their products to C. */
static enum hcb_status add_cpu_pass(struct opencl_plan *plan, const struct opencl_program *program,
                                    const struct cpu_blocking *blocking, cl_ulong first,
                                    cl_ulong count)
{
    const struct hcb_shape *s = &plan->base.task.shape;
    const cl_ulong m = s->m, n = s->n, k = s->k;
    const cl_int add = first > 0;
    cl_mem *packed_a = &plan->scratch[0], *packed_b = &plan->scratch[1];
    const struct {
        const char *kernel;
        struct opencl_range range;
        struct opencl_argument arguments[7];
        cl_uint count;
    } steps[] = {
        {"pack_a",
         {{blocking->row_panels, opencl_divide_up(count, BLOCK_K)}, {1, 1}},
         {{sizeof(cl_mem), opencl_operand(plan, 0)},
          {sizeof m, &m},
          {sizeof k, &k},
          {sizeof first, &first},
          {sizeof count, &count},
          {sizeof(cl_mem), packed_a}},
         6},
        {"pack_b",
         {{opencl_divide_up(blocking->column_panels, PACK_PANELS), opencl_divide_up(count, PACK_K)},
          {1, 1}},
         {{sizeof(cl_mem), opencl_operand(plan, 1)},
          {sizeof n, &n},
          {sizeof first, &first},
          {sizeof count, &count},
          {sizeof(cl_mem), packed_b}},
         5},
        {"multiply",
         {{blocking->column_panels, opencl_divide_up(blocking->row_panels, ITEM_PANELS)}, {1, 1}},
         {{sizeof(cl_mem), packed_a},
          {sizeof(cl_mem), packed_b},
          {sizeof(cl_mem), opencl_operand(plan, 2)},
          {sizeof m, &m},
          {sizeof n, &n},
          {sizeof count, &count},
          {sizeof add, &add}},
         7},
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
    opencl_count_roundings(plan, hcb_operand_type(c, 2));
    if (!choose_blocking(device, c, &blocking))
        return hcbi_opencl_no_room(device, c, blocking.row_bytes + blocking.column_bytes);
    cpu_options(device, c, &blocking, options, sizeof options);
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
    if (c->precision == HCB_PRECISION_I8I32)
        snprintf(plan->base.info.note, sizeof plan->base.info.note,
                 "products of int8 are added in f32 over %d terms, which is exact, then in int32",
                 BLOCK_K);
    return status;
}

static enum hcb_status supports(const struct opencl_device *device, const struct hcb_case *c)
{
    struct cpu_blocking blocking;
    return choose_blocking(device, c, &blocking)
               ? HCB_OK
               : hcbi_opencl_no_room(device, c, blocking.row_bytes + blocking.column_bytes);
}

const struct opencl_method hcbi_opencl_matmul_cpu = {.supports = supports, .prepare = prepare};
