/* SPDX-License-Identifier: Apache-2.0 */
/* Is a result right?  The criteria and their sources are in hcbench.h. */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"
#include "formats.h"
#include "reference.h"

/* Outputs of at most this many multiply-adds are compared whole. */
static const double all_elements_limit = 0x1p26;
/* Elements converted at a time. */
enum { SLICE = 1 << 12 };

struct output {
    const struct hcb_case *task;
    const void *const *inputs;
    const void *data;
    enum hcb_type input_type, type;
    uint64_t m, n, terms;
};

static size_t slice(uint64_t first, uint64_t extent)
{
    return extent - first < SLICE ? (size_t)(extent - first) : SLICE;
}

static void reject(struct hcb_verdict *verdict, const char *format, ...) HCB_PRINTF(2, 3);

static void reject(struct hcb_verdict *verdict, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    verdict->status = HCB_WRONG;
    vsnprintf(verdict->reason, sizeof verdict->reason, format, arguments);
    va_end(arguments);
}

/* Looks at every element; an unwritten one still holds the poison. */
static bool all_finite(const struct output *out, struct hcb_verdict *verdict)
{
    const uint64_t elements = out->m * out->n;
    uint64_t bad = 0, first_bad = 0;
    double values[SLICE];
    for (uint64_t first = 0; first < elements; first += SLICE) {
        const size_t count = slice(first, elements);
        hcbi_load_run(out->type, out->data, first, 1, values, 1, count);
        for (size_t e = 0; e < count; e++)
            if (!isfinite(values[e]) && bad++ == 0)
                first_bad = first + e;
    }
    if (bad > 0)
        reject(verdict,
               "%" PRIu64 " of %" PRIu64 " elements are not finite or were not written, the first at "
               "[%" PRIu64 ",%" PRIu64 "]",
               bad, elements, first_bad / out->n, first_bad % out->n);
    return bad == 0;
}

/* ------------------------------------------------ exact comparison (C1) */

static uint64_t odd_multiplier(uint64_t seed, uint64_t index)
{
    const uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), 0x76, 0x65};
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t words[4];
    hcb_philox4x32(counter, key, words);
    return (uint64_t)words[0] << 32 | words[1] | 1;
}

static uint64_t whole(enum hcb_type type, const void *array, uint64_t index)
{
    return (uint64_t)(int64_t)hcb_type_load(type, array, index);
}

static int64_t exact_element(const struct output *out, uint64_t i, uint64_t j)
{
    uint64_t sum = 0;
    for (uint64_t l = 0; l < out->terms; l++) {
        uint64_t term = whole(out->input_type, out->inputs[0], i * out->terms + l);
        if (out->inputs[1] != NULL)
            term *= whole(out->input_type, out->inputs[1], l * out->n + j);
        sum += term;
    }
    return (int64_t)sum;
}

static void reject_row(const struct output *out, uint64_t row, uint64_t wrong_rows,
                       struct hcb_verdict *verdict)
{
    for (uint64_t j = 0; j < out->n; j++) {
        double got = hcb_type_load(out->type, out->data, row * out->n + j);
        int64_t right = exact_element(out, row, j);
        if (got != (double)right) {
            reject(verdict,
                   "exact check: [%" PRIu64 ",%" PRIu64 "] is %.17g, right is %" PRId64 "; %" PRIu64
                   " of %" PRIu64 " rows are wrong",
                   row, j, got, right, wrong_rows, out->m);
            return;
        }
    }
    reject(verdict, "exact check: row %" PRIu64 " is wrong", row);
}

/* sum of values[l] * factors[l], modulo 2^64; the values are whole numbers. */
static uint64_t weigh(enum hcb_type type, const void *array, uint64_t first, const uint64_t *factors,
                      size_t count)
{
    double values[SLICE];
    uint64_t sum = 0;
    hcbi_load_run(type, array, first, 1, values, 1, count);
    for (size_t l = 0; l < count; l++)
        sum += (uint64_t)(int64_t)values[l] * factors[l];
    return sum;
}

/* (B v) for the terms from `first` on; without a second input B is all ones. */
static void multiply_vector(const struct output *out, const uint64_t *v, uint64_t first, size_t count,
                            uint64_t *w)
{
    for (size_t l = 0; l < count; l++) {
        w[l] = out->inputs[1] == NULL ? v[0] : 0;
        for (uint64_t j = 0; j < out->n && out->inputs[1] != NULL; j += SLICE)
            w[l] += weigh(out->input_type, out->inputs[1], (first + l) * out->n + j, v + j,
                          slice(j, out->n));
    }
}

/* Is every element a number that a sum of integers can give? */
static bool all_whole(const struct output *out, struct hcb_verdict *verdict)
{
    for (uint64_t e = 0; e < out->m * out->n; e++) {
        const double got = hcb_type_load(out->type, out->data, e);
        if (fabs(got) > 0x1p62 || got != nearbyint(got)) {
            reject(verdict, "exact check: [%" PRIu64 ",%" PRIu64 "] is %.17g, not a whole number",
                   e / out->n, e % out->n, got);
            return false;
        }
    }
    return true;
}

/* C v = A (B v) modulo 2^64, with a vector v of odd numbers. */
static void compare_exactly(const struct output *out, uint64_t seed, struct hcb_verdict *verdict)
{
    uint64_t w[SLICE];
    uint64_t *v = malloc(out->n * sizeof *v);
    uint64_t *difference = calloc(out->m, sizeof *difference);
    uint64_t wrong_rows = 0, wrong_row = 0;

    if (v == NULL || difference == NULL) {
        verdict->status = HCB_ERROR;
        snprintf(verdict->reason, sizeof verdict->reason, "out of memory in the exact check");
        goto out;
    }
    if (!all_whole(out, verdict))
        goto out;
    for (uint64_t j = 0; j < out->n; j++)
        v[j] = odd_multiplier(seed, j);
    for (uint64_t i = 0; i < out->m; i++)
        for (uint64_t j = 0; j < out->n; j += SLICE)
            difference[i] += weigh(out->type, out->data, i * out->n + j, v + j, slice(j, out->n));
    for (uint64_t l = 0; l < out->terms; l += SLICE) {
        const size_t count = slice(l, out->terms);
        multiply_vector(out, v, l, count, w);
        for (uint64_t i = 0; i < out->m; i++)
            difference[i] -= weigh(out->input_type, out->inputs[0], i * out->terms + l, w, count);
    }
    for (uint64_t i = 0; i < out->m; i++)
        if (difference[i] != 0 && wrong_rows++ == 0)
            wrong_row = i;
    if (wrong_rows > 0) {
        reject_row(out, wrong_row, wrong_rows, verdict);
        goto out;
    }
    verdict->checked = (double)out->m * (double)out->n;
    verdict->max_abs = verdict->max_rel = verdict->rel_frobenius = verdict->max_ulp = 0;
    verdict->bound_ratio = 0;
out:
    free(v);
    free(difference);
}

/* Elements that are computed one by one are compared one by one. */
static void compare_elements_exactly(const struct output *out, struct hcb_verdict *verdict)
{
    size_t rows, columns;
    uint64_t wrong = 0, first_wrong = 0;
    double got = 0, right = 0;
    struct reference_block *block = hcbi_reference_new();
    if (block == NULL) {
        verdict->status = HCB_ERROR;
        snprintf(verdict->reason, sizeof verdict->reason, "out of memory in the exact check");
        return;
    }
    hcbi_reference_tile(1, out->n, &rows, &columns);
    block->row_count = hcbi_reference_span(0, 1, 1, block->rows);
    for (uint64_t j = 0; j < out->n; j += columns) {
        block->column_count = hcbi_reference_span(j, out->n, columns, block->columns);
        hcbi_reference_compute(out->task, out->inputs, block);
        for (size_t e = 0; e < block->column_count; e++) {
            const double element = hcb_type_load(out->type, out->data, j + e);
            if (element != block->sum[e] + block->low[e] && wrong++ == 0) {
                first_wrong = j + e;
                got = element;
                right = block->sum[e] + block->low[e];
            }
        }
    }
    hcbi_reference_free(block);
    if (wrong > 0) {
        reject(verdict,
               "exact check: [%" PRIu64 "] is %.17g, right is %.17g; %" PRIu64 " of %" PRIu64
               " elements are wrong",
               first_wrong, got, right, wrong, out->n);
        return;
    }
    verdict->checked = (double)out->n;
    verdict->max_abs = verdict->max_rel = verdict->rel_frobenius = verdict->max_ulp = 0;
    verdict->bound_ratio = 0;
}

/* ------------------------------------------- componentwise bound (C2) */

static bool is_always_exact(const struct hcb_case *c)
{
    return hcb_operand_type(c, hcbi_ops[c->op].operands - 1) == HCB_TYPE_I32 ||
           hcbi_is_identity(c->op);
}

static double depth_of(const struct hcb_case *c, uint64_t depth)
{
    return (double)(depth != 0 ? depth : hcb_case_terms(c));
}

/* Of variants: 1 for the bound, and room for its terms of higher order. */
double hcb_error_limit(const struct hcb_case *c, uint64_t depth)
{
    const double d = depth_of(c, depth);
    if (is_always_exact(c))
        return 0;
    if (c->sum != HCB_SUM_PLAIN)
        return 2;
    const double of_halves = c->precision == HCB_PRECISION_F32X2 ? 8 : 0;
    return fmin(8 + 2 * sqrt(d), d + 8) + of_halves;
}

struct bound {
    double accumulate, output, smallest; /* per |A||B| and |C|, and the underflow term */
    double limit;
};

struct errors {
    double max_abs, max_rel, max_ulp, bound_ratio, sum_squares, reference_squares, checked;
    uint64_t worst_row, worst_column;
    double worst_got, worst_right;
    double first_got, first_right;
    bool got_differs, right_differs; /* from the first */
};

static struct bound bound_of(const struct output *out, const struct hcb_verify_options *options)
{
    static const double smallest[HCB_TYPE_COUNT] = {
        [HCB_TYPE_F64] = 0x1p-1074, [HCB_TYPE_F32] = 0x1p-149, [HCB_TYPE_F16] = 0x1p-24};
    const double unit = hcb_type_unit_roundoff(out->type);
    const double accumulate = unit * (options->roundoff_factor > 0 ? options->roundoff_factor : 1);
    const double depth = depth_of(out->task, options->depth);
    const double of_terms[HCB_SUM_COUNT] = {
        [HCB_SUM_PLAIN] = accumulate,
        [HCB_SUM_NEUMAIER] = depth * accumulate * depth * accumulate,
        [HCB_SUM_F64] = depth * hcb_type_unit_roundoff(HCB_TYPE_F64)};
    return (struct bound){
        .accumulate = of_terms[out->task->sum],
        .output = unit,
        .smallest = smallest[out->type],
        .limit = hcb_error_limit(out->task, options->depth),
    };
}

static void measure_block(const struct output *out, const struct bound *bound,
                          const struct reference_block *block, struct errors *errors)
{
    for (size_t e = 0; e < block->row_count * block->column_count; e++) {
        const uint64_t i = block->rows[e / block->column_count],
                       j = block->columns[e % block->column_count];
        const double got = hcb_type_load(out->type, out->data, i * out->n + j);
        const double right = block->sum[e] + block->low[e];
        const double error = fabs((got - block->sum[e]) - block->low[e]);
        const double allowed = bound->accumulate * block->magnitude[e] + bound->output * fabs(right) +
                               bound->smallest;
        const double ratio = error / allowed;
        if (errors->checked++ == 0) {
            errors->first_got = got;
            errors->first_right = right;
        }
        errors->got_differs = errors->got_differs || got != errors->first_got;
        errors->right_differs = errors->right_differs || right != errors->first_right;
        errors->sum_squares += error * error;
        errors->reference_squares += right * right;
        errors->max_abs = fmax(errors->max_abs, error);
        if (right != 0)
            errors->max_rel = fmax(errors->max_rel, error / fabs(right));
        errors->max_ulp = fmax(errors->max_ulp, hcb_type_ulp_distance(out->type, got, right));
        if (!isnan(errors->bound_ratio) && !(ratio <= errors->bound_ratio)) {
            errors->bound_ratio = ratio;
            errors->worst_row = i;
            errors->worst_column = j;
            errors->worst_got = got;
            errors->worst_right = right;
        }
    }
}

/* Long f16 sums have a bound as wide as their result, which zeros or one number
 * everywhere would pass.  No computation gives those when the reference is
 * another by more than one rounding. */
static bool is_flat(const struct errors *errors)
{
    return errors->bound_ratio > 1 && !errors->got_differs &&
           (errors->first_got == 0 || errors->right_differs);
}

/* `count` different lines in order: the first, the last, and one from each of as
 * many equal parts of the rest. */
static size_t sample_lines(uint64_t extent, size_t count, uint64_t seed, uint64_t which,
                           uint64_t *indices)
{
    if (extent <= count)
        return hcbi_reference_span(0, extent, count, indices);
    const uint64_t between = extent - 2, parts = count - 2;
    indices[0] = 0;
    for (uint64_t i = 0; i < parts; i++) {
        const uint64_t begin = 1 + between / parts * i;
        const uint64_t length = i + 1 < parts ? between / parts : extent - 1 - begin;
        indices[1 + i] = begin + odd_multiplier(seed + which, i) / 2 % length;
    }
    indices[count - 1] = extent - 1;
    return count;
}

static void compare_within_bound(const struct output *out, const struct hcb_verify_options *options,
                                 struct hcb_verdict *verdict)
{
    const struct bound bound = bound_of(out, options);
    struct errors errors = {0};
    struct reference_block *block = hcbi_reference_new();
    if (block == NULL) {
        verdict->status = HCB_ERROR;
        snprintf(verdict->reason, sizeof verdict->reason, "out of memory in the reference");
        return;
    }
    size_t row_limit, column_limit;
    hcbi_reference_tile(out->m, out->n, &row_limit, &column_limit);
    if (hcbi_is_elementwise(out->task->op) ||
        (double)out->m * (double)out->n * (double)out->terms <= all_elements_limit ||
        (out->m <= row_limit && out->n <= column_limit)) {
        for (uint64_t i = 0; i < out->m; i += row_limit)
            for (uint64_t j = 0; j < out->n; j += column_limit) {
                block->row_count = hcbi_reference_span(i, out->m, row_limit, block->rows);
                block->column_count = hcbi_reference_span(j, out->n, column_limit, block->columns);
                hcbi_reference_compute(out->task, out->inputs, block);
                measure_block(out, &bound, block, &errors);
            }
    } else {
        /* A grid with as many entries as a block holds, also where one extent is
         * short. */
        block->row_count = sample_lines(out->m, row_limit, options->seed, 1, block->rows);
        block->column_count = sample_lines(out->n, column_limit, options->seed, 2, block->columns);
        hcbi_reference_compute(out->task, out->inputs, block);
        measure_block(out, &bound, block, &errors);
    }
    hcbi_reference_free(block);

    verdict->max_abs = errors.max_abs;
    verdict->max_rel = errors.max_rel;
    verdict->max_ulp = errors.max_ulp;
    if (errors.reference_squares > 0)
        verdict->rel_frobenius = sqrt(errors.sum_squares / errors.reference_squares);
    else if (errors.sum_squares == 0)
        verdict->rel_frobenius = 0;
    verdict->bound_ratio = errors.bound_ratio;
    verdict->limit = bound.limit;
    verdict->checked = errors.checked;
    if (!(errors.bound_ratio <= bound.limit))
        reject(verdict,
               "[%" PRIu64 ",%" PRIu64 "] is %.9g, reference %.9g: error %.3g times the bound, limit %.3g",
               errors.worst_row, errors.worst_column, errors.worst_got, errors.worst_right,
               errors.bound_ratio, bound.limit);
    else if (is_flat(&errors))
        reject(verdict, "every element is %.9g; the reference has %.9g at [%" PRIu64 ",%" PRIu64 "]",
               errors.first_got, errors.worst_right, errors.worst_row, errors.worst_column);
}

enum hcb_status hcb_verify(const struct hcb_case *c, const void *const inputs[HCB_INPUTS_MAX],
                           const void *output, const struct hcb_verify_options *options,
                           struct hcb_verdict *verdict)
{
    const struct hcbi_op *op = &hcbi_ops[c->op];
    const unsigned last = op->operands - 1;
    const void *const operands[HCB_INPUTS_MAX] = {inputs[0], last == 2 ? inputs[1] : NULL};
    const struct output out = {
        .task = c,
        .inputs = operands,
        .data = output,
        .input_type = hcb_operand_type(c, 0),
        .type = hcb_operand_type(c, last),
        .m = hcbi_extent(c, op->extents[last][0]),
        .n = hcbi_extent(c, op->extents[last][1]),
        .terms = hcb_case_terms(c),
    };
    *verdict = (struct hcb_verdict){
        .status = HCB_OK,
        .max_abs = NAN,
        .max_rel = NAN,
        .rel_frobenius = NAN,
        .max_ulp = NAN,
        .bound_ratio = NAN,
        .limit = 0,
        .checked = NAN,
    };
    if (all_finite(&out, verdict)) {
        const bool exact = options->exact || is_always_exact(c);
        if (exact && hcbi_is_elementwise(c->op))
            compare_elements_exactly(&out, verdict);
        else if (exact)
            compare_exactly(&out, options->seed, verdict);
        else
            compare_within_bound(&out, options, verdict);
    }
    return verdict->status;
}
