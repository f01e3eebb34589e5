/* SPDX-License-Identifier: Apache-2.0 */
/* The ops as data: their operands, extents and operation counts. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"
#include "platform.h"

#define VECTOR {DIM_ONE, DIM_N}
#define IDENTITY .operands = 2, .is_extra = true, .factors = {1}
enum { FIRST_OPERAND = 1, ALL_OPERANDS = (1 << HCB_OPERANDS_MAX) - 1 };

const struct hcbi_op hcbi_ops[HCB_OP_COUNT] = {
    [HCB_OP_MATMUL] = {.rank = 3,
                       .operands = 3,
                       .terms = DIM_K,
                       .flops_per_point = 2,
                       .traffic = ALL_OPERANDS,
                       .extents = {{DIM_M, DIM_K}, {DIM_K, DIM_N}, {DIM_M, DIM_N}}},
    [HCB_OP_SUM] = {.rank = 1,
                    .operands = 2,
                    .terms = DIM_N,
                    .flops_per_point = 1,
                    .traffic = ALL_OPERANDS,
                    .extents = {{DIM_ONE, DIM_N}, {DIM_ONE, DIM_ONE}}},
    [HCB_OP_DOT] = {.rank = 1,
                    .operands = 3,
                    .terms = DIM_N,
                    .flops_per_point = 2,
                    .traffic = ALL_OPERANDS,
                    .extents = {{DIM_ONE, DIM_N}, {DIM_N, DIM_ONE}, {DIM_ONE, DIM_ONE}}},
    [HCB_OP_UPLOAD] = {IDENTITY, .rank = 1, .traffic = FIRST_OPERAND, .extents = {VECTOR, VECTOR}},
    [HCB_OP_DOWNLOAD] = {IDENTITY, .rank = 1, .traffic = FIRST_OPERAND, .extents = {VECTOR, VECTOR}},
    [HCB_OP_COPY] = {IDENTITY, .rank = 1, .traffic = ALL_OPERANDS, .extents = {VECTOR, VECTOR}},
    [HCB_OP_TRIAD] = {.rank = 1,
                      .operands = 3,
                      .is_extra = true,
                      .factors = {1, 3},
                      .flops_per_point = 2,
                      .traffic = ALL_OPERANDS,
                      .extents = {VECTOR, VECTOR, VECTOR}},
    [HCB_OP_LAUNCH] = {IDENTITY, .extents = {{DIM_ONE, DIM_ONE}, {DIM_ONE, DIM_ONE}}},
    [HCB_OP_PEAK] = {IDENTITY,
                     .rank = 1,
                     .flops_per_point = 2 * HCB_PEAK_ROUNDS,
                     .extents = {VECTOR, VECTOR}},
};

static const struct {
    enum hcb_type input, output;
} types[HCB_PRECISION_COUNT] = {
#define TYPES_OF_PRECISION(symbol, name, input, output) {input, output},
    HCB_PRECISION_TABLE(TYPES_OF_PRECISION)};

unsigned hcb_op_operands(enum hcb_op op)
{
    return hcbi_ops[op].operands;
}

unsigned hcb_op_rank(enum hcb_op op)
{
    return hcbi_ops[op].rank;
}

bool hcb_op_is_extra(unsigned op)
{
    return op < HCB_OP_COUNT && hcbi_ops[op].is_extra;
}

bool hcb_op_adds_up(unsigned op)
{
    return op == HCB_OP_SUM || op == HCB_OP_DOT;
}

bool hcb_precision_scales(unsigned precision)
{
    return precision == HCB_PRECISION_F16F32 || precision == HCB_PRECISION_BF16F32 ||
           precision == HCB_PRECISION_F32X2;
}

static bool check_scale(const struct hcb_case *c)
{
    return c->scale == 0 || (!hcb_op_is_extra(c->op) && hcb_precision_scales(c->precision) &&
                             c->scale >= -HCB_SCALE_MAX && c->scale <= HCB_SCALE_MAX);
}

bool hcbi_is_elementwise(enum hcb_op op)
{
    return hcbi_ops[op].factors[0] != 0;
}

bool hcbi_is_identity(enum hcb_op op)
{
    return hcbi_ops[op].operands == 2 && hcbi_ops[op].factors[0] == 1;
}

uint64_t hcbi_extent(const struct hcb_case *c, enum hcbi_dim dim)
{
    switch (dim) {
    case DIM_M: return c->shape.m;
    case DIM_N: return c->shape.n;
    case DIM_K: return c->shape.k;
    case DIM_ONE: break;
    }
    return 1;
}

static uint64_t multiply_saturating(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t add_saturating(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

enum hcb_type hcb_operand_type(const struct hcb_case *c, unsigned operand)
{
    bool is_output = operand + 1 == hcbi_ops[c->op].operands;
    return is_output ? types[c->precision].output : types[c->precision].input;
}

uint64_t hcb_operand_elements(const struct hcb_case *c, unsigned operand)
{
    const enum hcbi_dim *extents = hcbi_ops[c->op].extents[operand];
    return multiply_saturating(hcbi_extent(c, extents[0]), hcbi_extent(c, extents[1]));
}

uint64_t hcb_operand_bytes(const struct hcb_case *c, unsigned operand)
{
    return multiply_saturating(hcb_operand_elements(c, operand),
                               hcb_type_size(hcb_operand_type(c, operand)));
}

uint64_t hcb_case_bytes(const struct hcb_case *c)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < hcbi_ops[c->op].operands; i++)
        bytes = add_saturating(bytes, hcb_operand_bytes(c, i));
    return bytes;
}

uint64_t hcb_case_traffic(const struct hcb_case *c)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < hcbi_ops[c->op].operands; i++)
        if ((hcbi_ops[c->op].traffic >> i & 1) != 0)
            bytes = add_saturating(bytes, hcb_operand_bytes(c, i));
    return bytes;
}

double hcb_case_flops(const struct hcb_case *c)
{
    return hcbi_ops[c->op].flops_per_point * (double)c->shape.m * (double)c->shape.n *
           (double)c->shape.k;
}

uint64_t hcb_case_terms(const struct hcb_case *c)
{
    const struct hcbi_op *op = &hcbi_ops[c->op];
    return hcbi_is_elementwise(c->op) ? op->operands - 1 : hcbi_extent(c, op->terms);
}

bool hcb_case_check(const struct hcb_case *c)
{
    const struct hcb_shape *s = &c->shape;
    const unsigned rank = hcb_op_rank(c->op);
    return s->m > 0 && s->n > 0 && s->k > 0 && (rank == 3 || (s->m == 1 && s->k == 1)) &&
           (rank > 0 || s->n == 1) && (c->sum == HCB_SUM_PLAIN || hcb_op_adds_up(c->op)) &&
           check_scale(c) &&
           hcb_case_bytes(c) < UINT64_MAX &&
           multiply_saturating(2, multiply_saturating(s->m, multiply_saturating(s->n, s->k))) <
               UINT64_MAX;
}

char *hcb_shape_text(const struct hcb_case *c, char *text, size_t size)
{
    char scale[16] = "";
    if (c->scale != 0)
        snprintf(scale, sizeof scale, " 2^%d", c->scale);
    if (hcb_op_rank(c->op) == 3)
        snprintf(text, size, "%" PRIu64 "x%" PRIu64 "x%" PRIu64 "%s", c->shape.m, c->shape.n, c->shape.k,
                 scale);
    else
        snprintf(text, size, "%" PRIu64 "%s", c->shape.n, scale);
    return text;
}

char *hcb_kind_text(const struct hcb_case *c, char *text, size_t size)
{
    const bool is_plain = c->sum == HCB_SUM_PLAIN;
    snprintf(text, size, "%s%s%s", hcb_precision_name(c->precision), is_plain ? "" : " ",
             is_plain ? "" : hcb_sum_name(c->sum));
    return text;
}

char *hcb_case_text(const struct hcb_case *c, char *text, size_t size)
{
    char shape[80], kind[32];
    snprintf(text, size, "%s %s %s", hcb_op_name(c->op), hcb_kind_text(c, kind, sizeof kind),
             hcb_shape_text(c, shape, sizeof shape));
    return text;
}

void hcbi_peak_round(double *factor, double *term)
{
    const char *text = getenv("HCBENCH_PEAK_COUNT");
    const bool counts = text != NULL && strcmp(text, "1") == 0;
    *factor = counts ? 1 : -1;
    *term = counts ? 1 : 0;
}
