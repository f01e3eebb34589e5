/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products with a small extent, for drivers that run work-items on a
 * processor: which kernel of cl/matmul_thin.cl a shape takes, and how it is cut into
 * work-items.  Both follow from the sizes alone. */
#include "config.h"

#include <stdio.h>

#include "opencl.h"

/* Extents that are small: beyond them packing costs less than it saves.  Vectors run
 * along an extent of LONG or more; a smaller one leaves the shape to the packed kernel.
 * A work-item moves WORK elements of the largest operand, and of what it keeps 16 KiB
 * stay in the first-level cache. */
enum {
    FEW_ROWS = 16,
    FEW_COLUMNS = 32,
    FEW_TERMS = 8,
    LONG = 64,
    WORK = 1 << 16,
    KEPT_BYTES = 1 << 14
};

/* Terms of a part per row of few_rows, so that partial sums are few beside B. */
enum { PART_TERMS = 64 };

/* A C above this is written around the caches, if its rows are whole cache lines: one
 * that is written both ways costs more than is saved. */
static const uint64_t streamed_bytes = UINT64_C(1) << 25;
enum { LINE_BYTES = 64 };

static const struct format {
    const char *macro, *element;
    enum hcb_type computed;
} formats[HCB_PRECISION_COUNT] = {
    [HCB_PRECISION_F64] = {"F64", "ulong", HCB_TYPE_F64},
    [HCB_PRECISION_F32] = {"F32", "uint", HCB_TYPE_F32},
    [HCB_PRECISION_F16] = {"F16", "ushort", HCB_TYPE_F16},
    [HCB_PRECISION_F16F32] = {"F16F32", "ushort", HCB_TYPE_F32},
    [HCB_PRECISION_BF16F32] = {"BF16F32", "ushort", HCB_TYPE_F32},
    [HCB_PRECISION_I8I32] = {"I8I32", "uchar", HCB_TYPE_I32},
};

/* Work-items (pieces, lengths) with what each of them does, and over how many parts
 * of the terms the result is spread. */
struct cut {
    const char *kernel;
    cl_ulong pieces, lengths, piece, length;
    uint64_t parts;
    uint64_t transposed_bytes; /* of B, when few_columns reads it so */
    unsigned width, kept;      /* lanes of a vector, elements that stay in the cache */
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* At most `kept / rows` columns in strips of whole cache lines that are about equal; a
 * rest below a vector joins the last one. */
static void cut_columns(struct cut *cut, uint64_t n, uint64_t rows)
{
    const uint64_t line = 4 * cut->width, most = cut->kept / rows / line * line;
    const uint64_t strips = (n - cut->width) / most + 1;
    cut->piece = smaller(opencl_divide_up(opencl_divide_up(n, strips), line) * line, most);
    cut->pieces = (n - cut->width) / cut->piece + 1;
}

static void cut_rows_case(struct cut *cut, const struct hcb_case *c)
{
    const struct hcb_shape *s = &c->shape;
    cut->kernel = "few_rows";
    cut_columns(cut, s->n, s->m);
    const uint64_t items = opencl_divide_up(opencl_divide_up(s->n * s->k, WORK), cut->pieces);
    cut->length = 4 * opencl_divide_up(larger(s->k / items, PART_TERMS * s->m), 4);
    cut->lengths = cut->parts = opencl_divide_up(s->k, cut->length);
}

static void cut_columns_case(struct cut *cut, const struct hcb_case *c)
{
    const struct hcb_shape *s = &c->shape;
    cut->kernel = "few_columns";
    cut->piece = 4 * larger(WORK / 4 / s->k, 1);
    cut->pieces = opencl_divide_up(s->m, cut->piece);
    cut->length = smaller(s->k, WORK / 4);
    cut->lengths = cut->parts = opencl_divide_up(s->k, cut->length);
    cut->transposed_bytes = s->n > 1 ? hcb_operand_bytes(c, 1) : 0;
}

static void cut_terms_case(struct cut *cut, const struct hcb_case *c)
{
    const struct hcb_shape *s = &c->shape;
    cut->kernel = "few_terms";
    cut_columns(cut, s->n, s->k);
    cut->length = WORK / cut->piece;
    cut->lengths = opencl_divide_up(s->m, cut->length);
    cut->parts = 1;
}

/* The smallest extent is the one that the largest operand lacks. */
static void (*cutter(const struct hcb_shape *s))(struct cut *, const struct hcb_case *)
{
    if (s->k <= FEW_TERMS && s->k <= s->m && s->k <= s->n)
        return s->n >= LONG ? cut_terms_case : NULL;
    if (s->n <= FEW_COLUMNS && s->n <= s->m)
        return s->k >= LONG ? cut_columns_case : NULL;
    return s->m <= FEW_ROWS && s->n >= LONG ? cut_rows_case : NULL;
}

bool hcbi_opencl_is_thin(const struct hcb_shape *shape)
{
    return cutter(shape) != NULL;
}

static void cut_case(const struct opencl_device *device, const struct hcb_case *c, struct cut *out)
{
    const unsigned bytes = (unsigned)hcb_type_size(formats[c->precision].computed);
    *out = (struct cut){.width = (unsigned)smaller(device->vector_bits / 8 / bytes, 16),
                        .kept = KEPT_BYTES / bytes};
    cutter(&c->shape)(out, c);
}

static uint64_t part_bytes(const struct cut *cut, const struct hcb_case *c)
{
    return cut->parts > 1 ? cut->parts * hcb_operand_bytes(c, 2) : 0;
}

/* -------------------------------------------------------------------- launches */

static bool streams(const struct hcb_case *c)
{
    const uint64_t row_bytes = c->shape.n * hcb_type_size(hcb_operand_type(c, 2));
    return hcb_operand_bytes(c, 2) > streamed_bytes && row_bytes % LINE_BYTES == 0;
}

static enum hcb_status build(struct opencl_plan *plan, const struct cut *cut,
                             const struct opencl_program **program)
{
    struct opencl_device *device = opencl_device_of(plan);
    const struct hcb_case *c = &plan->base.task;
    const struct format *format = &formats[c->precision];
    char options[192];
    snprintf(options, sizeof options,
             "-cl-std=CL1.2 -DPRECISION_%s%s -DWIDTH=%u -DKEPT=%u -DMOST_COLUMNS=%d "
             "-DELEMENT=%s%s",
             format->macro, device->fma[format->computed] ? " -DHAVE_FMA" : "", cut->width,
             cut->kept + FEW_ROWS * cut->width, FEW_COLUMNS, format->element,
             streams(c) ? " -DSTREAM" : "");
    return hcbi_opencl_program(device, "matmul_thin.cl", options, program);
}

/* The transposed B takes the place of `*b`. */
static enum hcb_status add_transposition(struct opencl_plan *plan,
                                         const struct opencl_program *program,
                                         const struct cut *cut, cl_mem **b)
{
    const cl_ulong n = plan->base.task.shape.n, k = plan->base.task.shape.k, length = WORK / FEW_COLUMNS;
    const struct opencl_range range = {{opencl_divide_up(k, length), 1}, {1, 1}};
    cl_mem *transposed = &plan->scratch[plan->scratch_count], memory;
    enum hcb_status status = hcbi_opencl_scratch(plan, cut->transposed_bytes, &memory);
    const struct opencl_argument arguments[] = {{sizeof(cl_mem), *b},
                                                {sizeof(cl_mem), transposed},
                                                {sizeof n, &n},
                                                {sizeof k, &k},
                                                {sizeof length, &length}};
    *b = transposed;
    return status == HCB_OK
               ? hcbi_opencl_add_step(plan, program, "transpose", &range, arguments, 5)
               : status;
}

static enum hcb_status add_product(struct opencl_plan *plan, const struct opencl_program *program,
                                   const struct cut *cut, const cl_mem *b, const cl_mem *c)
{
    const struct hcb_shape *s = &plan->base.task.shape;
    const cl_ulong m = s->m, n = s->n, k = s->k;
    const struct opencl_range range = {{cut->pieces, cut->lengths}, {1, 1}};
    const struct opencl_argument arguments[] = {{sizeof(cl_mem), opencl_operand(plan, 0)},
                                                {sizeof(cl_mem), b},
                                                {sizeof(cl_mem), c},
                                                {sizeof m, &m},
                                                {sizeof n, &n},
                                                {sizeof k, &k},
                                                {sizeof cut->piece, &cut->piece},
                                                {sizeof cut->length, &cut->length}};
    return hcbi_opencl_add_step(plan, program, cut->kernel, &range, arguments, 8);
}

static enum hcb_status add_addition(struct opencl_plan *plan, const struct opencl_program *program,
                                    const struct cut *cut, const cl_mem *parts_memory)
{
    const cl_ulong count = plan->base.task.shape.m * plan->base.task.shape.n, parts = cut->parts,
                   length = 2048;
    const struct opencl_range range = {{opencl_divide_up(count, length), 1}, {1, 1}};
    const struct opencl_argument arguments[] = {{sizeof(cl_mem), parts_memory},
                                                {sizeof(cl_mem), opencl_operand(plan, 2)},
                                                {sizeof count, &count},
                                                {sizeof parts, &parts},
                                                {sizeof length, &length}};
    return hcbi_opencl_add_step(plan, program, "add_parts", &range, arguments, 5);
}

static enum hcb_status prepare(struct opencl_plan *plan)
{
    const struct hcb_case *c = &plan->base.task;
    const struct opencl_program *program;
    cl_mem *b = opencl_operand(plan, 1), *output = opencl_operand(plan, 2), memory;
    struct cut cut;
    cut_case(opencl_device_of(plan), c, &cut);
    opencl_count_roundings(plan, hcb_operand_type(c, 2));
    enum hcb_status status = build(plan, &cut, &program);
    if (status == HCB_OK && cut.transposed_bytes > 0)
        status = add_transposition(plan, program, &cut, &b);
    if (status == HCB_OK && cut.parts > 1) {
        output = &plan->scratch[plan->scratch_count];
        status = hcbi_opencl_scratch(plan, part_bytes(&cut, c), &memory);
    }
    if (status == HCB_OK)
        status = add_product(plan, program, &cut, b, output);
    if (status == HCB_OK && cut.parts > 1)
        status = add_addition(plan, program, &cut, output);
    return status;
}

static enum hcb_status supports(const struct opencl_device *device, const struct hcb_case *c)
{
    const uint64_t most = device->base.info.max_buffer_bytes;
    struct cut cut;
    cut_case(device, c, &cut);
    const uint64_t parts = part_bytes(&cut, c), bytes = parts + cut.transposed_bytes;
    return bytes <= hcbi_opencl_room(device, c) && (most == 0 || parts <= most)
               ? HCB_OK
               : hcbi_opencl_no_room(device, c, bytes);
}

static uint64_t scratch(const struct opencl_device *device, const struct hcb_case *c,
                        const uint64_t *values)
{
    struct cut cut;
    (void)values;
    cut_case(device, c, &cut);
    return part_bytes(&cut, c) + cut.transposed_bytes;
}

const struct opencl_method hcbi_opencl_matmul_thin = {
    .supports = supports, .scratch = scratch, .prepare = prepare};
