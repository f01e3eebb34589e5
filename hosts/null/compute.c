/* SPDX-License-Identifier: Apache-2.0 */
/* Results of synthetic devices, sooner than by the reference: in f64, rounded once. */
#include "config.h"

#include <stdlib.h>

#include "model.h"

static double *widen(const struct hcb_case *c, unsigned operand, const void *input)
{
    const uint64_t count = hcb_operand_elements(c, operand);
    const enum hcb_type type = hcb_operand_type(c, operand);
    double *wide = malloc((size_t)count * sizeof *wide);
    for (uint64_t i = 0; i < count && wide != NULL; i++)
        wide[i] = hcb_type_load(type, input, i);
    return wide;
}

/* Row i of A B. */
static void multiply_row(const struct hcb_shape *shape, const double *a, const double *b,
                         double *row)
{
    for (uint64_t j = 0; j < shape->n; j++)
        row[j] = 0;
    for (uint64_t k = 0; k < shape->k; k++)
        for (uint64_t j = 0; j < shape->n; j++)
            row[j] += a[k] * b[k * shape->n + j];
}

static enum hcb_status multiply(const struct hcb_case *c, const double *a, const double *b,
                                void *output)
{
    const enum hcb_type type = hcb_operand_type(c, 2);
    double *row = malloc((size_t)c->shape.n * sizeof *row);
    for (uint64_t i = 0; i < c->shape.m && row != NULL; i++) {
        multiply_row(&c->shape, a + i * c->shape.k, b, row);
        for (uint64_t j = 0; j < c->shape.n; j++)
            hcb_type_store(type, output, i * c->shape.n + j, row[j]);
    }
    const enum hcb_status status = row != NULL ? HCB_OK : HCB_ERROR;
    free(row);
    return status;
}

static double add_up(uint64_t n, const double *x, const double *y)
{
    double sum = 0;
    for (uint64_t i = 0; i < n; i++)
        sum += y != NULL ? x[i] * y[i] : x[i];
    return sum;
}

/* Copies of x, or z = x + 3 y. */
static void copy_or_add(const struct hcb_case *c, const double *x, const double *y, void *output)
{
    const unsigned last = hcb_op_operands(c->op) - 1;
    for (uint64_t i = 0; i < hcb_operand_elements(c, last); i++)
        hcb_type_store(hcb_operand_type(c, last), output, i, y != NULL ? x[i] + 3 * y[i] : x[i]);
}

enum hcb_status hcbi_null_compute(const struct hcb_case *c,
                                  const void *const inputs[HCB_INPUTS_MAX], void *output)
{
    const unsigned last = hcb_op_operands(c->op) - 1;
    double *x = widen(c, 0, inputs[0]), *y = last > 1 ? widen(c, 1, inputs[1]) : NULL;
    enum hcb_status status = x == NULL || (last > 1 && y == NULL) ? HCB_ERROR : HCB_OK;
    if (status == HCB_OK && c->op == HCB_OP_MATMUL)
        status = multiply(c, x, y, output);
    else if (status == HCB_OK && (c->op == HCB_OP_SUM || c->op == HCB_OP_DOT))
        hcb_type_store(hcb_operand_type(c, last), output, 0, add_up(c->shape.n, x, y));
    else if (status == HCB_OK)
        copy_or_add(c, x, y, output);
    free(x);
    free(y);
    return status;
}
