/* SPDX-License-Identifier: Apache-2.0 */
/* The f64 reference: compensated dot products over gathered rows and columns.
 * Must not know who computes the result that it judges. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"
#include "formats.h"
#include "reference.h"

enum {
    GATHERED = 1 << 19, /* numbers: rows, then columns, of one slice of the terms */
    LANES = 32          /* independent sums of a lone dot product */
};

struct reference_block *hcbi_reference_new(void)
{
    struct reference_block *block = calloc(1, sizeof *block);
    if (block != NULL && (block->gathered = malloc(GATHERED * sizeof(double))) == NULL) {
        free(block);
        return NULL;
    }
    return block;
}

void hcbi_reference_free(struct reference_block *block)
{
    if (block != NULL)
        free(block->gathered);
    free(block);
}

size_t hcbi_reference_span(uint64_t first, uint64_t extent, size_t limit, uint64_t *indices)
{
    size_t count = 0;
    while (count < limit && first + count < extent) {
        indices[count] = first + count;
        count++;
    }
    return count;
}

void hcbi_reference_tile(uint64_t m, uint64_t n, size_t *rows, size_t *columns)
{
    const size_t shorter = (size_t)(m < 64 ? m : n < 64 ? n : 64);
    const size_t longer = (REFERENCE_SAMPLE + shorter - 1) / shorter;
    *rows = m < 64 ? shorter : longer;
    *columns = m < 64 ? longer : shorter;
}

/* Both sums are exact: sum + low.  (Knuth; Dekker with Veltkamp's splitting, so
 * that no fma is needed.) */
static inline void add_exactly(double *sum, double *low, double term)
{
    double s = *sum + term, back = s - *sum;
    *low += (*sum - (s - back)) + (term - back);
    *sum = s;
}

static inline double product_error(double a, double b, double product)
{
    const double splitter = 0x1p27 + 1;
    double a_big = splitter * a, b_big = splitter * b;
    double a_high = a_big - (a_big - a), b_high = b_big - (b_big - b);
    double a_low = a - a_high, b_low = b - b_high;
    return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
}

/* What there is to do for a term. */
enum products {
    ANY_PRODUCTS,
    EXACT_PRODUCTS, /* of inputs of 26 bits or fewer: no errors to add */
    HALVES          /* those of f32x2, exact as well; see hcb_verify */
};

static enum products products_of(const struct hcb_case *c)
{
    if (c->precision == HCB_PRECISION_F32X2)
        return HALVES;
    return hcb_operand_type(c, 0) != HCB_TYPE_F64 || hcb_op_operands(c->op) == 2 ? EXACT_PRODUCTS
                                                                                  : ANY_PRODUCTS;
}

static inline double size_in_halves(double x)
{
    const double least = 0x1p-13, size = fabs(x);
    return size > least ? size : least;
}

/* `count` independent dot products advance by one term: sum[j] += a[j] b[j],
 * where a steps by a_step (0 or 1). */
static inline void advance_by(enum products products, double *restrict sum, double *restrict low,
                              double *restrict magnitude, const double *restrict a, size_t a_step,
                              const double *restrict b, size_t count)
{
    for (size_t j = 0; j < count; j++) {
        double x = a[j * a_step], product = x * b[j];
        add_exactly(&sum[j], &low[j], product);
        if (products == ANY_PRODUCTS)
            low[j] += product_error(x, b[j], product);
        magnitude[j] +=
            products == HALVES ? size_in_halves(x) * size_in_halves(b[j]) : fabs(product);
    }
}

/* A loop for each, without a choice in it. */
static void advance(enum products products, double *restrict sum, double *restrict low,
                    double *restrict magnitude, const double *restrict a, size_t a_step,
                    const double *restrict b, size_t count)
{
    if (products == ANY_PRODUCTS)
        advance_by(ANY_PRODUCTS, sum, low, magnitude, a, a_step, b, count);
    else if (products == EXACT_PRODUCTS)
        advance_by(EXACT_PRODUCTS, sum, low, magnitude, a, a_step, b, count);
    else
        advance_by(HALVES, sum, low, magnitude, a, a_step, b, count);
}

/* Terms of one row or column; an op without this input reads ones. */
static void gather(enum hcb_type type, const void *input, uint64_t first, uint64_t stride,
                   double *to, size_t count)
{
    if (input != NULL)
        hcbi_load_run(type, input, first, stride, to, 1, count);
    else
        for (size_t l = 0; l < count; l++)
            to[l] = 1;
}

/* One row of the second input at the block's columns, which are mostly
 * neighbours. */
static void gather_columns(enum hcb_type type, const void *input, uint64_t row,
                           const struct reference_block *block, double *to)
{
    const size_t columns = block->column_count;
    for (size_t j = 0, run; j < columns; j += run) {
        for (run = 1; j + run < columns && block->columns[j + run] == block->columns[j] + run;)
            run++;
        hcbi_load_run(type, input, row + block->columns[j], 1, to + j, 1, run);
    }
}

/* One output element: the terms are dealt to LANES sums, so that neighbouring
 * terms do not wait for each other. */
static void compute_lone(const struct hcb_case *c, const void *const inputs[],
                         struct reference_block *block)
{
    const enum hcb_type type = hcb_operand_type(c, 0);
    const uint64_t terms = hcb_case_terms(c), a_row = block->rows[0] * terms,
                   stride = hcbi_extent(c, hcbi_ops[c->op].extents[1][1]);
    double sum[LANES] = {0}, low[LANES] = {0}, magnitude[LANES] = {0};
    double *a = block->gathered, *b = a + GATHERED / 2;
    for (uint64_t first = 0; first < terms; first += GATHERED / 2) {
        size_t count = terms - first < GATHERED / 2 ? (size_t)(terms - first) : GATHERED / 2;
        gather(type, inputs[0], a_row + first, 1, a, count);
        gather(type, inputs[1], block->columns[0] + first * stride, stride, b, count);
        for (size_t l = 0; l < count; l += LANES) {
            size_t lanes = count - l < LANES ? count - l : LANES;
            advance(products_of(c), sum, low, magnitude, a + l, 1, b + l, lanes);
        }
    }
    block->sum[0] = block->low[0] = block->magnitude[0] = 0;
    for (size_t lane = 0; lane < LANES; lane++) {
        add_exactly(&block->sum[0], &block->low[0], sum[lane]);
        block->low[0] += low[lane];
        block->magnitude[0] += magnitude[lane];
    }
}

/* One row; the terms of an element are the inputs times their factors. */
static void compute_elementwise(const struct hcb_case *c, const void *const inputs[],
                                struct reference_block *block)
{
    const struct hcbi_op *op = &hcbi_ops[c->op];
    for (unsigned i = 0; i + 1 < op->operands; i++) {
        gather_columns(hcb_operand_type(c, i), inputs[i], 0, block, block->gathered);
        advance(products_of(c), block->sum, block->low, block->magnitude, &op->factors[i], 0,
                block->gathered, block->column_count);
    }
}

void hcbi_reference_compute(const struct hcb_case *c, const void *const inputs[],
                            struct reference_block *block)
{
    const struct hcbi_op *op = &hcbi_ops[c->op];
    const void *operands[HCB_INPUTS_MAX] = {inputs[0], op->operands == 3 ? inputs[1] : NULL};
    const enum hcb_type type = hcb_operand_type(c, 0);
    const size_t rows = block->row_count, columns = block->column_count;
    const uint64_t terms = hcb_case_terms(c), stride = hcbi_extent(c, op->extents[1][1]);
    const enum products products = products_of(c);

    memset(block->sum, 0, rows * columns * sizeof *block->sum);
    memset(block->low, 0, rows * columns * sizeof *block->low);
    memset(block->magnitude, 0, rows * columns * sizeof *block->magnitude);
    if (hcbi_is_elementwise(c->op)) {
        compute_elementwise(c, operands, block);
        return;
    }
    if (rows * columns == 1) {
        compute_lone(c, operands, block);
        return;
    }
    const size_t slice = GATHERED / (rows + columns);
    double *a = block->gathered, *b = a + rows * slice;
    for (uint64_t first = 0; first < terms; first += slice) {
        const size_t count = terms - first < slice ? (size_t)(terms - first) : slice;
        for (size_t i = 0; i < rows; i++)
            gather(type, operands[0], block->rows[i] * terms + first, 1, a + i * slice, count);
        for (size_t l = 0; l < count; l++)
            gather_columns(type, operands[1], (first + l) * stride, block, b + l * columns);
        for (size_t i = 0; i < rows; i++)
            for (size_t l = 0; l < count; l++) {
                const size_t row = i * columns;
                advance(products, block->sum + row, block->low + row,
                        block->magnitude + row, a + i * slice + l, 0, b + l * columns, columns);
            }
    }
}

enum hcb_status hcb_reference(const struct hcb_case *c, const void *const inputs[HCB_INPUTS_MAX],
                              void *output)
{
    const unsigned last = hcb_op_operands(c->op) - 1;
    const enum hcb_type type = hcb_operand_type(c, last);
    const uint64_t m = hcbi_extent(c, hcbi_ops[c->op].extents[last][0]),
                   n = hcbi_extent(c, hcbi_ops[c->op].extents[last][1]);
    size_t row_limit, column_limit;
    struct reference_block *block = hcbi_reference_new();
    if (block == NULL)
        return HCB_ERROR;
    hcbi_reference_tile(m, n, &row_limit, &column_limit);
    for (uint64_t i = 0; i < m; i += row_limit)
        for (uint64_t j = 0; j < n; j += column_limit) {
            block->row_count = hcbi_reference_span(i, m, row_limit, block->rows);
            block->column_count = hcbi_reference_span(j, n, column_limit, block->columns);
            hcbi_reference_compute(c, inputs, block);
            for (size_t e = 0; e < block->row_count * block->column_count; e++)
                hcb_type_store(type, output,
                               block->rows[e / block->column_count] * n +
                                   block->columns[e % block->column_count],
                               block->sum[e] + block->low[e]);
        }
    hcbi_reference_free(block);
    return HCB_OK;
}
