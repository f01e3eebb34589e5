/* SPDX-License-Identifier: Apache-2.0 */
/* Verification: plain loops in every precision pass, and each kind of damage to
 * the same result does not.  Knows no device. */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hcbench.h"
#include "suite.h"

/* A case with its operands in host memory, and the inputs as doubles. */
struct job {
    struct hcb_case task;
    uint64_t m, n, k;
    void *operands[HCB_OPERANDS_MAX];
    void *output;
    enum hcb_type type; /* of the output, and of the accumulator */
    double *a, *b;      /* b is NULL for the sum */
};

static void *allocate(uint64_t bytes)
{
    void *data = malloc(bytes);
    ck_assert_ptr_nonnull(data);
    return data;
}

static double *as_doubles(const struct hcb_case *c, unsigned operand, const void *data)
{
    const uint64_t count = hcb_operand_elements(c, operand);
    double *values = allocate(count * sizeof *values);
    for (uint64_t i = 0; i < count; i++)
        values[i] = hcb_type_load(hcb_operand_type(c, operand), data, i);
    return values;
}

static struct job job_new(enum hcb_op op, enum hcb_precision precision, struct hcb_shape shape,
                          enum hcb_fill fill)
{
    struct job job = {.task = {op, HCB_IMPL_TILE, precision, shape}};
    const unsigned last = hcb_op_operands(op) - 1;
    for (unsigned i = 0; i <= last; i++) {
        job.operands[i] = allocate(hcb_operand_bytes(&job.task, i));
        if (i < last)
            hcb_fill_operand(&job.task, i, fill, 1, 0, hcb_operand_elements(&job.task, i),
                             job.operands[i]);
    }
    job.m = shape.m;
    job.n = op == HCB_OP_MATMUL ? shape.n : 1;
    job.k = hcb_case_terms(&job.task);
    job.output = job.operands[last];
    job.type = hcb_operand_type(&job.task, last);
    job.a = as_doubles(&job.task, 0, job.operands[0]);
    job.b = last == 2 ? as_doubles(&job.task, 1, job.operands[1]) : NULL;
    hcb_poison(job.type, job.output, job.m * job.n);
    return job;
}

static void job_free(struct job *job)
{
    for (unsigned i = 0; i < HCB_OPERANDS_MAX; i++)
        free(job->operands[i]);
    free(job->a);
    free(job->b);
}

/* One multiply-add as a plain kernel does it: each operation rounded to the
 * accumulator's format. */
static double step(enum hcb_type type, double sum, double product)
{
    switch (type) {
    case HCB_TYPE_F32: return (double)((float)sum + (float)product);
    case HCB_TYPE_F16:
        product = (double)hcb_f16_to_f32(hcb_f16_from_f64(product));
        return (double)hcb_f16_to_f32(hcb_f16_from_f64(sum + product));
    default: return sum + product;
    }
}

/* The whole output by plain loops over the terms first, first + stride ... below
 * `end`, in the accumulator `type`. */
static void compute_terms(struct job *job, enum hcb_type type, uint64_t first, uint64_t end)
{
    for (uint64_t i = 0; i < job->m; i++)
        for (uint64_t j = 0; j < job->n; j++) {
            double sum = 0;
            for (uint64_t l = first; l < end; l++)
                sum = step(type, sum,
                           job->b != NULL ? job->a[i * job->k + l] * job->b[l * job->n + j]
                                          : job->a[i * job->k + l]);
            hcb_type_store(job->type, job->output, i * job->n + j, sum);
        }
}

static void compute(struct job *job)
{
    compute_terms(job, job->type, 0, job->k);
}

static enum hcb_status judge(const struct job *job, bool exact, struct hcb_verdict *verdict)
{
    /* Product and sum are rounded apart. */
    const struct hcb_verify_options options = {.exact = exact, .roundoff_factor = 2, .seed = 5};
    return hcb_verify(&job->task, (const void *[]){job->operands[0], job->operands[1]}, job->output,
                      &options, verdict);
}

static void expect_ok(const struct job *job, bool exact, const char *what)
{
    struct hcb_verdict verdict;
    char text[128];
    ck_assert_msg(judge(job, exact, &verdict) == HCB_OK, "%s, %s: %s",
                  hcb_case_text(&job->task, text, sizeof text), what, verdict.reason);
    ck_assert_str_eq(verdict.reason, "");
    ck_assert_double_ge(verdict.checked, 1);
    ck_assert_double_le(verdict.bound_ratio, exact ? 0 : verdict.limit);
}

/* `phrase` must stand in the reason. */
static void expect_wrong(const struct job *job, bool exact, const char *what, const char *phrase)
{
    struct hcb_verdict verdict;
    char text[128];
    ck_assert_msg(judge(job, exact, &verdict) == HCB_WRONG, "%s, %s passes, r = %g",
                  hcb_case_text(&job->task, text, sizeof text), what, verdict.bound_ratio);
    ck_assert_int_eq((int)verdict.status, (int)HCB_WRONG);
    ck_assert_msg(strstr(verdict.reason, phrase) != NULL, "%s: '%s' lacks '%s'", what, verdict.reason,
                  phrase);
}

static double element(const struct job *job, uint64_t index)
{
    return hcb_type_load(job->type, job->output, index);
}

/* ------------------------------------------------------------------ damage */

static void damage_transposed(struct job *job)
{
    for (uint64_t i = 0; i < job->m; i++)
        for (uint64_t j = i + 1; j < job->n; j++) {
            const double upper = element(job, i * job->n + j), lower = element(job, j * job->n + i);
            hcb_type_store(job->type, job->output, i * job->n + j, lower);
            hcb_type_store(job->type, job->output, j * job->n + i, upper);
        }
}

/* Off by more than the noise of any precision. */
static double far_from(const struct job *job, double value)
{
    return value + fabs(value) + 2 + (double)job->k / 8;
}

static void damage_last_element(struct job *job)
{
    const uint64_t last = job->m * job->n - 1;
    hcb_type_store(job->type, job->output, last, far_from(job, element(job, last)));
}

static void damage_first_element(struct job *job)
{
    hcb_type_store(job->type, job->output, 0, far_from(job, element(job, 0)));
}

static void damage_zero(struct job *job)
{
    for (uint64_t e = 0; e < job->m * job->n; e++)
        hcb_type_store(job->type, job->output, e, 0);
}

static void damage_constant(struct job *job)
{
    for (uint64_t e = 1; e < job->m * job->n; e++)
        hcb_type_store(job->type, job->output, e, element(job, 0));
}

static void damage_unwritten(struct job *job)
{
    hcb_poison(job->type, job->output, job->m * job->n);
}

/* The last 4 x 4 elements, as when a group did not run. */
static void damage_unwritten_tile(struct job *job)
{
    char *data = job->output;
    for (uint64_t i = job->m - 4; i < job->m; i++)
        hcb_poison(job->type, data + (i * job->n + job->n - 4) * hcb_type_size(job->type), 4);
}

static void damage_rows_swapped(struct job *job)
{
    for (uint64_t j = 0; j < job->n; j++) {
        const double first = element(job, j);
        hcb_type_store(job->type, job->output, j, element(job, job->n + j));
        hcb_type_store(job->type, job->output, job->n + j, first);
    }
}

static void damage_last_term_missing(struct job *job)
{
    compute_terms(job, job->type, 0, job->k - 1);
}

static void damage_infinite(struct job *job)
{
    hcb_type_store(job->type, job->output, 1, HUGE_VAL);
}

static const struct damage {
    const char *name;
    void (*apply)(struct job *job);
} damages[] = {
    {"transposed", damage_transposed},
    {"last element off", damage_last_element},
    {"first element off", damage_first_element},
    {"zero", damage_zero},
    {"constant", damage_constant},
    {"unwritten", damage_unwritten},
    {"unwritten tile", damage_unwritten_tile},
    {"rows swapped", damage_rows_swapped},
    {"last term missing", damage_last_term_missing},
    {"infinite", damage_infinite},
};

/* Each damage is seen in each precision, by both criteria. */
static void check_damages(enum hcb_precision precision, struct hcb_shape shape, bool exact)
{
    struct job job = job_new(HCB_OP_MATMUL, precision, shape, exact ? HCB_FILL_INTEGER : HCB_FILL_UNIFORM);
    const size_t bytes = hcb_operand_bytes(&job.task, 2);
    void *right = allocate(bytes);
    compute(&job);
    memcpy(right, job.output, bytes);
    expect_ok(&job, exact, "undamaged");
    for (size_t d = 0; d < sizeof damages / sizeof *damages; d++) {
        damages[d].apply(&job);
        expect_wrong(&job, exact, damages[d].name, "");
        memcpy(job.output, right, bytes);
    }
    expect_ok(&job, exact, "restored");
    free(right);
    job_free(&job);
}

START_TEST(small_matrices)
{
    static const struct hcb_shape shapes[] = {{4, 4, 1}, {17, 17, 5}, {33, 33, 31}, {64, 64, 100}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        check_damages((enum hcb_precision)_i, shapes[s], true);
        check_damages((enum hcb_precision)_i, shapes[s], false);
    }
}
END_TEST

/* More than 2^26 multiply-adds: the bound looks at samples, the exact check still
 * at all. */
START_TEST(large_matrices)
{
    static const enum hcb_precision precisions[] = {HCB_PRECISION_F32, HCB_PRECISION_BF16F32,
                                                    HCB_PRECISION_I8I32};
    const struct hcb_shape shape = {600, 600, 200};
    check_damages(precisions[_i], shape, true);
    check_damages(precisions[_i], shape, false);
}
END_TEST

/* The corners and edges are among the samples, and no part of the output is left
 * out: a wrong band of rows or columns, a 16th of the extent, is seen. */
START_TEST(samples_are_spread)
{
    static const struct hcb_shape shapes[] = {{700, 700, 140}, {7, 70000, 140}, {70000, 7, 140}};
    const struct hcb_shape shape = shapes[_i];
    struct job job = job_new(HCB_OP_MATMUL, HCB_PRECISION_F32, shape, HCB_FILL_UNIFORM);
    struct hcb_verdict verdict;
    compute(&job);
    expect_ok(&job, false, "undamaged");
    judge(&job, false, &verdict);
    ck_assert_double_ge(verdict.checked, 4096);
    ck_assert_double_le(verdict.checked, 4096 + 64);
    float *c = job.output;
    for (int band = 0; band < 40; band++) {
        const bool rows = shape.m > shape.n || (shape.m == shape.n && band % 2 == 0);
        const uint64_t extent = rows ? shape.m : shape.n, width = extent / 16;
        const uint64_t first = (extent - width) * (uint64_t)band / 39;
        for (int undo = 0; undo < 2; undo++) {
            for (uint64_t i = rows ? first : 0; i < (rows ? first + width : shape.m); i++)
                for (uint64_t j = rows ? 0 : first; j < (rows ? shape.n : first + width); j++)
                    c[i * shape.n + j] = -c[i * shape.n + j];
            if (undo == 0)
                expect_wrong(&job, false, "a band of wrong sign", "times the bound");
        }
    }
    for (uint64_t corner = 0; corner < 4; corner++) {
        float *at = &c[(corner / 2 * (shape.m - 1)) * shape.n + corner % 2 * (shape.n - 1)];
        *at += 2;
        expect_wrong(&job, false, "a corner off", "times the bound");
        *at -= 2;
    }
    job_free(&job);
}
END_TEST

/* Exact: one element in the middle, whichever it is. */
START_TEST(any_element_exactly)
{
    struct job job = job_new(HCB_OP_MATMUL, HCB_PRECISION_F32, (struct hcb_shape){600, 600, 200},
                             HCB_FILL_INTEGER);
    compute(&job);
    for (uint64_t e = 1; e < job.m * job.n; e += 35993) {
        const double value = element(&job, e);
        char place[128];
        snprintf(place, sizeof place, "[%" PRIu64 ",%" PRIu64 "] is %.17g, right is %.17g; 1 of 600 rows",
                 e / job.n, e % job.n, value + 1, value);
        hcb_type_store(job.type, job.output, e, value + 1);
        expect_wrong(&job, true, "one element off by 1", place);
        hcb_type_store(job.type, job.output, e, value);
    }
    job_free(&job);
}
END_TEST

/* Tall, wide, one term, one element, and one row or column. */
START_TEST(awkward_shapes_pass)
{
    static const struct hcb_shape shapes[] = {{1, 1, 1},   {1, 1, 129}, {15, 31, 1},  {127, 1, 17}, {1, 129, 33},
                                              {5000, 2, 3}, {2, 5000, 3}, {4097, 3, 2}, {3, 4099, 2}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int exact = 0; exact < 2; exact++) {
            struct job job = job_new(HCB_OP_MATMUL, (enum hcb_precision)_i, shapes[s],
                                     exact ? HCB_FILL_INTEGER : HCB_FILL_UNIFORM);
            compute(&job);
            expect_ok(&job, exact, "undamaged");
            damage_last_element(&job);
            expect_wrong(&job, exact, "last element off", "");
            job_free(&job);
        }
}
END_TEST

/* --------------------------------------------------------------- reductions */

START_TEST(reductions)
{
    static const enum hcb_op ops[] = {HCB_OP_SUM, HCB_OP_DOT};
    static const uint64_t lengths[] = {1, 2, 31, 1000};
    for (size_t o = 0; o < 2; o++)
        for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
            for (int exact = 0; exact < 2; exact++) {
                struct job job = job_new(ops[o], (enum hcb_precision)_i,
                                         (struct hcb_shape){1, lengths[l], 1},
                                         exact ? HCB_FILL_INTEGER : HCB_FILL_UNIFORM);
                expect_wrong(&job, exact, "unwritten", "");
                compute(&job);
                expect_ok(&job, exact, "undamaged");
                damage_last_element(&job);
                expect_wrong(&job, exact, "off", "");
                job_free(&job);
            }
}
END_TEST

/* -------------------------------------------------------- elementwise ops */

/* z = x or z = x + 3 y, rounded once. */
static struct job elementwise_job(enum hcb_op op, enum hcb_precision precision, uint64_t n, bool exact)
{
    struct job job = job_new(op, precision, (struct hcb_shape){1, n, 1},
                             exact ? HCB_FILL_INTEGER : HCB_FILL_UNIFORM);
    job.n = n;
    for (uint64_t i = 0; i < n; i++)
        hcb_type_store(job.type, job.output, i,
                       job.a[i] + (op == HCB_OP_TRIAD ? 3 * job.b[i] : 0));
    return job;
}

/* Every element counts, wherever it is: the reference goes by blocks of 4096. */
START_TEST(elementwise)
{
    static const enum hcb_op ops[] = {HCB_OP_UPLOAD, HCB_OP_DOWNLOAD, HCB_OP_COPY, HCB_OP_TRIAD, HCB_OP_PEAK};
    static const uint64_t lengths[] = {1, 17, 4096, 4097, 70001};
    for (size_t o = 0; o < sizeof ops / sizeof *ops; o++)
        for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
            for (int exact = 0; exact < 2; exact++) {
                const uint64_t n = lengths[l], places[] = {0, n / 2, n - 1};
                struct job job = elementwise_job(ops[o], (enum hcb_precision)_i, n, exact);
                expect_ok(&job, exact, "undamaged");
                for (size_t p = 0; p < 3; p++) {
                    const double right = element(&job, places[p]);
                    hcb_type_store(job.type, job.output, places[p], right + 1);
                    expect_wrong(&job, exact, "one element off", "");
                    hcb_poison(job.type, (char *)job.output + places[p] * hcb_type_size(job.type), 1);
                    expect_wrong(&job, exact, "one element unwritten", "");
                    hcb_type_store(job.type, job.output, places[p], right);
                }
                expect_ok(&job, exact, "repaired");
                job_free(&job);
            }
}
END_TEST

/* Copies of any numbers are exact: one unit in the last place is seen. */
START_TEST(copies_have_no_tolerance)
{
    struct job job = elementwise_job(HCB_OP_COPY, HCB_PRECISION_F32, 5000, false);
    float *z = job.output;
    struct hcb_verdict verdict;
    expect_ok(&job, false, "undamaged");
    ck_assert_int_eq((int)judge(&job, false, &verdict), (int)HCB_OK);
    ck_assert_double_eq(verdict.checked, 5000);
    z[4321] = nextafterf(z[4321], 2);
    expect_wrong(&job, false, "one unit off", "[4321]");
    expect_wrong(&job, false, "one unit off", "1 of 5000 elements");
    job_free(&job);
}
END_TEST

/* A triad is rounded at most twice: the bound has some units, not thousands. */
START_TEST(triads_are_held_to_a_few_units)
{
    struct job job = elementwise_job(HCB_OP_TRIAD, HCB_PRECISION_F32, 5000, false);
    float *z = job.output;
    const float right = z[4999];
    z[4999] = nextafterf(right, 9);
    expect_ok(&job, false, "one unit off");
    z[4999] = right + 4e-5F;
    expect_wrong(&job, false, "many units off", "[0,4999]");
    job_free(&job);
}
END_TEST

/* A loop that stops at 65,535 terms, as one driver's do. */
static void check_cut(enum hcb_op op, enum hcb_precision precision, struct hcb_shape shape, bool exact)
{
    struct job job = job_new(op, precision, shape, exact ? HCB_FILL_INTEGER : HCB_FILL_UNIFORM);
    compute(&job);
    expect_ok(&job, exact, "undamaged");
    compute_terms(&job, job.type, 0, 65535);
    expect_wrong(&job, exact, "cut at 65,535", exact || job.type == HCB_TYPE_I32 ? "exact check" : "bound");
    job_free(&job);
}

START_TEST(loop_cut_short)
{
    const enum hcb_precision precision = (enum hcb_precision)_i;
    for (int exact = 0; exact < 2; exact++) {
        if (!exact && precision == HCB_PRECISION_F16)
            continue; /* at this length the noise of f16 hides it from a bound */
        check_cut(HCB_OP_SUM, precision, (struct hcb_shape){1, 70000, 1}, exact);
        check_cut(HCB_OP_DOT, precision, (struct hcb_shape){1, 70000, 1}, exact);
        check_cut(HCB_OP_MATMUL, precision, (struct hcb_shape){3, 2, 70000}, exact);
    }
}
END_TEST

/* One element of 2^20 is not added.  Only the exact check can tell: the bound
 * must allow for more than one term's worth of rounding. */
START_TEST(one_term_of_a_million)
{
    enum { N = 1 << 20 };
    struct job job = job_new(HCB_OP_SUM, (enum hcb_precision)_i, (struct hcb_shape){1, N, 1},
                             HCB_FILL_INTEGER);
    uint64_t left_out = N / 2;
    compute(&job);
    expect_ok(&job, true, "undamaged");
    while (job.a[left_out] == 0)
        left_out++;
    job.a[left_out] = 0;
    compute(&job);
    expect_wrong(&job, true, "one term missing", "exact check: [0,0] is ");
    job_free(&job);
}
END_TEST

/* ---------------------------------------------------- how wide the bound is */

/* Plain loops pass at every length, also with terms of one sign. */
START_TEST(not_too_tight)
{
    static const uint64_t lengths[] = {1, 2, 10, 1000, 100000, 1 << 20};
    static const enum hcb_precision precisions[] = {HCB_PRECISION_F64, HCB_PRECISION_F32,
                                                    HCB_PRECISION_F16F32, HCB_PRECISION_BF16F32};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
        for (int positive = 0; positive < 2; positive++) {
            struct job job = job_new(HCB_OP_DOT, precisions[_i], (struct hcb_shape){1, lengths[l], 1},
                                     HCB_FILL_UNIFORM);
            for (unsigned operand = 0; positive && operand < 2; operand++)
                for (uint64_t i = 0; i < lengths[l]; i++) {
                    double *values = operand == 0 ? job.a : job.b;
                    values[i] = fabs(values[i]);
                    hcb_type_store(hcb_operand_type(&job.task, operand), job.operands[operand], i,
                                   values[i]);
                }
            compute(&job);
            expect_ok(&job, false, positive ? "terms of one sign" : "terms of both signs");
            job_free(&job);
        }
}
END_TEST

/* What was added up in f16 is no f32 result, and f32 is no f64. */
START_TEST(not_too_wide)
{
    static const struct {
        enum hcb_precision precision;
        enum hcb_type accumulator;
    } rows[] = {{HCB_PRECISION_F16F32, HCB_TYPE_F16},
                {HCB_PRECISION_BF16F32, HCB_TYPE_F16},
                {HCB_PRECISION_F32, HCB_TYPE_F16},
                {HCB_PRECISION_F64, HCB_TYPE_F32}};
    for (uint64_t k = 16; k <= 4096; k *= 16) {
        struct job job = job_new(HCB_OP_MATMUL, rows[_i].precision, (struct hcb_shape){20, 20, k},
                                 HCB_FILL_UNIFORM);
        compute(&job);
        expect_ok(&job, false, "undamaged");
        compute_terms(&job, rows[_i].accumulator, 0, k);
        expect_wrong(&job, false, "a narrower accumulator", "times the bound");
        job_free(&job);
    }
}
END_TEST

/* Inputs that were rounded to 16 bits are not the f32 inputs. */
START_TEST(rounded_inputs)
{
    struct job job = job_new(HCB_OP_MATMUL, HCB_PRECISION_F32, (struct hcb_shape){20, 20, 64},
                             HCB_FILL_UNIFORM);
    for (uint64_t i = 0; i < job.m * job.k; i++)
        job.a[i] = (double)hcb_bf16_to_f32(hcb_bf16_from_f64(job.a[i]));
    compute(&job);
    expect_wrong(&job, false, "inputs rounded to bf16", "times the bound");
    job_free(&job);
}
END_TEST

/* ------------------------------------------------------------ f32 in two halves */

static double as_half(double x)
{
    return (double)hcb_f16_to_f32(hcb_f16_from_f64(x));
}

static double low_half(double x)
{
    return as_half(0x1p11 * (x - as_half(x)));
}

/* Numbers with the exponent e, which are 2^e or a little more or less than twice that. */
static double lost(int e, double *largest_low)
{
    double worst = 0;
    for (uint32_t rest = 0; rest < 1 << 23; rest += 1009) {
        const double x = ldexp((1 << 23) + rest, e - 23);
        if (x > 65504)
            break;
        worst = fmax(worst, fabs(x - as_half(x) - 0x1p-11 * low_half(x)));
        *largest_low = fmax(*largest_low, fabs(low_half(x)));
    }
    return worst;
}

/* What the bound of f32x2 in hcbench.h rests on. */
START_TEST(halves_lose_one_bit)
{
    for (int e = -60; e < 16; e++) {
        double low = 0;
        const double worst = lost(e, &low);
        if (e >= -13) {
            ck_assert_double_eq(worst, ldexp(1, e - 23));
            ck_assert_double_le(low, ldexp(1, e));
        } else {
            ck_assert_double_le(worst, 0x1p-36);
        }
    }
    for (int i = 0; i < 1 << 11; i++) {
        ck_assert_double_eq(as_half(i * 0x1p-24), i * 0x1p-24);
        ck_assert_double_eq(low_half(i * 0x1p-24), 0);
    }
    ck_assert(as_half(nextafter(65520, 0)) == 65504 && isinf(as_half(65520)));
}
END_TEST

/* Three products of halves, added up in f32; with a unit of 0 for the mixed ones, one. */
static void compute_halves(struct job *job, double mixed_unit)
{
    for (uint64_t i = 0; i < job->m; i++)
        for (uint64_t j = 0; j < job->n; j++) {
            double sum = 0, mixed = 0;
            for (uint64_t l = 0; l < job->k; l++) {
                const double x = job->a[i * job->k + l], y = job->b[l * job->n + j];
                sum = step(HCB_TYPE_F32, sum, as_half(x) * as_half(y));
                mixed = step(HCB_TYPE_F32, mixed, as_half(x) * low_half(y));
                mixed = step(HCB_TYPE_F32, mixed, low_half(x) * as_half(y));
            }
            hcb_type_store(HCB_TYPE_F32, job->output, i * job->n + j,
                           step(HCB_TYPE_F32, sum, mixed_unit * mixed));
        }
}

/* The bound sees in sums of up to a thousand terms that the mixed products are missing,
 * the exact check in all; the error of f32x2 is about that of f32. */
START_TEST(halves_are_held_to_three_products)
{
    static const uint64_t lengths[] = {1, 2, 16, 100, 1024, 20000};
    const uint64_t k = lengths[_i];
    const struct hcb_shape shape = {20, 20, k};
    struct job job = job_new(HCB_OP_MATMUL, HCB_PRECISION_F32X2, shape, HCB_FILL_UNIFORM);
    struct hcb_verdict halves, plain;
    compute_halves(&job, 0x1p-11);
    expect_ok(&job, false, "three products");
    judge(&job, false, &halves);
    ck_assert_double_eq(halves.limit, fmin(8 + 2 * sqrt((double)k), (double)k + 8) + 8);
    compute(&job);
    expect_ok(&job, false, "plain f32");
    judge(&job, false, &plain);
    ck_assert_double_lt(halves.rel_frobenius, 8 * plain.rel_frobenius);
    compute_halves(&job, 0);
    if (k <= 1024)
        expect_wrong(&job, false, "the high halves alone", "times the bound");
    job_free(&job);

    job = job_new(HCB_OP_MATMUL, HCB_PRECISION_F32X2, shape, HCB_FILL_INTEGER);
    compute_halves(&job, 0x1p-11);
    expect_ok(&job, true, "three products");
    compute_halves(&job, 0);
    expect_wrong(&job, true, "the high halves alone", "exact check");
    job_free(&job);
}
END_TEST

/* Numbers of all bits around and below 2^-14, where halves lose more of them: the bound holds,
 * and still sees that the mixed products are missing. */
START_TEST(bounds_of_small_halves_hold)
{
    static const int scales[] = {-8, -12, -14, -18, -24, -30, -36};
    const uint64_t k = _i % 2 == 0 ? 1 : 50;
    struct job job = job_new(HCB_OP_MATMUL, HCB_PRECISION_F32X2, (struct hcb_shape){30, 30, k},
                             HCB_FILL_UNIFORM);
    const int scale = scales[_i / 2];
    for (uint64_t i = 0; i < 30 * k; i++) {
        job.a[i] = (double)(float)ldexp(job.a[i] * (1 + 0x1p-20 / 3), scale);
        hcb_type_store(HCB_TYPE_F32, job.operands[0], i, job.a[i]);
        if (i % 30 < 15) { /* of B, so that both are small somewhere */
            job.b[i] = (double)(float)ldexp(job.b[i] * (1 + 0x1p-20 / 3), scale);
            hcb_type_store(HCB_TYPE_F32, job.operands[1], i, job.b[i]);
        }
    }
    compute_halves(&job, 0x1p-11);
    expect_ok(&job, false, "three products");
    compute(&job);
    expect_ok(&job, false, "plain f32");
    compute_halves(&job, 0);
    if (scale >= -24)
        expect_wrong(&job, false, "the high halves alone", "times the bound");
    job_free(&job);
}
END_TEST

/* What no half can hold is never a number. */
START_TEST(halves_overflow)
{
    struct job job = job_new(HCB_OP_MATMUL, HCB_PRECISION_F32X2, (struct hcb_shape){3, 3, 8},
                             HCB_FILL_UNIFORM);
    job.a[5] = 70000;
    hcb_type_store(HCB_TYPE_F32, job.operands[0], 5, 70000);
    compute_halves(&job, 0x1p-11);
    expect_wrong(&job, false, "a large number", "not finite");
    job_free(&job);
}
END_TEST

/* Where the noise of f16 is as large as the result, zeros and constants still do
 * not pass. */
START_TEST(flat_output_in_noise)
{
    struct job job = job_new(HCB_OP_MATMUL, HCB_PRECISION_F16, (struct hcb_shape){8, 8, 20000},
                             HCB_FILL_UNIFORM);
    compute(&job);
    expect_ok(&job, false, "undamaged");
    damage_zero(&job);
    expect_wrong(&job, false, "zero", "every element");
    compute(&job);
    damage_constant(&job);
    expect_wrong(&job, false, "constant", "every element");
    job_free(&job);
    job = job_new(HCB_OP_SUM, HCB_PRECISION_F16, (struct hcb_shape){1, 20000, 1}, HCB_FILL_UNIFORM);
    compute(&job);
    expect_ok(&job, false, "undamaged");
    damage_zero(&job);
    expect_wrong(&job, false, "zero", "every element");
    job_free(&job);
}
END_TEST

/* Results that really are all alike. */
START_TEST(flat_output_that_is_right)
{
    struct job job = job_new(HCB_OP_MATMUL, (enum hcb_precision)_i, (struct hcb_shape){9, 9, 30},
                             HCB_FILL_ZEROS);
    compute(&job);
    expect_ok(&job, false, "zeros");
    expect_ok(&job, true, "zeros");
    hcb_type_store(job.type, job.output, 40, 1);
    expect_wrong(&job, false, "a one among zeros", "");
    expect_wrong(&job, true, "a one among zeros", "");
    job_free(&job);
}
END_TEST

/* Results among the subnormals keep what the format can keep. */
START_TEST(subnormal_results)
{
    struct job job = job_new(HCB_OP_MATMUL, HCB_PRECISION_F32, (struct hcb_shape){6, 6, 10},
                             HCB_FILL_UNIFORM);
    for (uint64_t i = 0; i < job.m * job.k; i++) {
        job.a[i] *= 0x1p-140;
        hcb_type_store(HCB_TYPE_F32, job.operands[0], i, job.a[i]);
        job.a[i] = hcb_type_load(HCB_TYPE_F32, job.operands[0], i);
    }
    compute(&job);
    expect_ok(&job, false, "subnormal");
    job_free(&job);
}
END_TEST

/* A reference that overflows proves nothing, whatever the other elements are. */
START_TEST(reference_overflows)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F64, {1, 3, 1}};
    const double a[] = {1e300}, b[] = {1, 1e10, 2}, got[] = {1e300, 0, 2e300};
    const struct hcb_verify_options options = {0};
    struct hcb_verdict v;
    ck_assert_int_eq((int)hcb_verify(&c, (const void *[]){a, b}, got, &options, &v), (int)HCB_WRONG);
    ck_assert_ptr_nonnull(strstr(v.reason, "[0,1] is 0"));
}
END_TEST

/* ----------------------------------------------------------------- reports */

START_TEST(reasons_name_the_place)
{
    struct job job = job_new(HCB_OP_MATMUL, HCB_PRECISION_F32, (struct hcb_shape){9, 7, 5},
                             HCB_FILL_INTEGER);
    const uint64_t place = 4 * 7 + 2;
    compute(&job);
    const double right = element(&job, place);
    hcb_type_store(job.type, job.output, place, right + 3);
    expect_wrong(&job, true, "off", "[4,2] is ");
    expect_wrong(&job, true, "off", "1 of 9 rows are wrong");
    expect_wrong(&job, false, "off", "[4,2] is ");
    expect_wrong(&job, false, "off", "times the bound, limit ");
    hcb_type_store(job.type, job.output, place, right + 0.5);
    expect_wrong(&job, true, "half", "not a whole number");
    hcb_poison(job.type, (float *)job.output + place, 2);
    expect_wrong(&job, true, "unwritten",
                 "2 of 63 elements are not finite or were not written, the first at [4,2]");
    expect_wrong(&job, false, "unwritten", "2 of 63 elements");
    job_free(&job);
}
END_TEST

/* Figures by hand: 1 x 1 x 2 with a known error. */
START_TEST(figures)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 2, 2}};
    const float a[] = {1, -1}, b[] = {3, 1, 1, 1}, got[] = {2 + 0x1p-21f, 0};
    const struct hcb_verify_options options = {.depth = 4};
    struct hcb_verdict v;
    ck_assert_int_eq((int)hcb_verify(&c, (const void *[]){a, b}, got, &options, &v), (int)HCB_OK);
    ck_assert_double_eq(v.max_abs, 0x1p-21);
    ck_assert_double_eq(v.max_rel, 0x1p-22);
    ck_assert_double_eq(v.rel_frobenius, 0x1p-22);
    ck_assert_double_eq(v.max_ulp, 2);
    ck_assert_double_eq(v.limit, 12); /* 8 + 2 sqrt(4) = 4 + 8 */
    /* u (|a||b|) + u |c| = 2^-24 (4 + 2) */
    ck_assert_double_eq_tol(v.bound_ratio, 0x1p-21 / (0x1p-24 * 6), 1e-9);
    ck_assert_double_eq(v.checked, 2);
    ck_assert_int_eq((int)hcb_verify(&c, (const void *[]){a, b}, got,
                                     &(struct hcb_verify_options){.exact = true}, &v),
                     (int)HCB_WRONG);
    ck_assert(isnan(v.bound_ratio) && isnan(v.max_abs) && isnan(v.checked));
}
END_TEST

/* The limit grows with the depth and with the roundoff factor, and no further. */
START_TEST(depth_and_factor)
{
    const struct hcb_case c = {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 100, 1}};
    float x[100], got;
    struct hcb_verdict v;
    for (int i = 0; i < 100; i++)
        x[i] = 1;
    /* The bound is 2^-24 (100 f + 100). */
    got = 100 + (float)(0x1p-24 * 200 * 20);
    ck_assert_int_eq((int)hcb_verify(&c, (const void *[]){x, NULL}, &got,
                                     &(struct hcb_verify_options){.depth = 100}, &v),
                     (int)HCB_OK);
    ck_assert_double_eq(v.limit, 28);
    ck_assert_int_eq((int)hcb_verify(&c, (const void *[]){x, NULL}, &got,
                                     &(struct hcb_verify_options){.depth = 16}, &v),
                     (int)HCB_WRONG);
    ck_assert_double_eq(v.limit, 16);
    ck_assert_int_eq((int)hcb_verify(&c, (const void *[]){x, NULL}, &got,
                                     &(struct hcb_verify_options){.depth = 16, .roundoff_factor = 2}, &v),
                     (int)HCB_OK);
    ck_assert_int_eq((int)hcb_verify(&c, (const void *[]){x, NULL}, &got,
                                     &(struct hcb_verify_options){0}, &v),
                     (int)HCB_OK);
    ck_assert_double_eq(v.limit, 28);
    ck_assert_double_eq(hcb_error_limit(&c, 0), 28);
    ck_assert_double_eq(hcb_error_limit(&c, 16), 16);
}
END_TEST

/* Terms that nearly cancel: each is the opposite of another, but for two.  Those of a sum
 * are of many sizes, since f32 holds sums of 16-bit numbers of one size. */
static struct job cancelling_job(enum hcb_op op, enum hcb_precision precision, enum hcb_sum sum)
{
    enum { N = 256 };
    struct job job = job_new(op, precision, (struct hcb_shape){1, N, 1}, HCB_FILL_UNIFORM);
    const enum hcb_type type = hcb_operand_type(&job.task, 0);
    job.task.sum = sum;
    for (uint64_t i = 0; i < N / 2 - 1; i++) {
        job.a[i] = ldexp(job.a[i], op == HCB_OP_SUM ? (int)i % (type == HCB_TYPE_F16 ? 15 : 28) : 0);
        hcb_type_store(type, job.operands[0], i, job.a[i]);
        hcb_type_store(type, job.operands[0], N - 1 - i, -job.a[i]);
        job.a[N - 1 - i] = -job.a[i];
        if (job.b != NULL) {
            hcb_type_store(type, job.operands[1], N - 1 - i, job.b[i]);
            job.b[N - 1 - i] = job.b[i];
        }
    }
    return job;
}

/* One chain of additions, each rounded to the accumulator; `compensated`: with what is
 * lost beside it. */
static double chain(const struct job *job, enum hcb_type type, bool compensated)
{
    double sum = 0, low = 0;
    for (uint64_t i = 0; i < job->k; i++) {
        const long double exact = (long double)job->a[i] * (job->b != NULL ? job->b[i] : 1);
        double term = (double)exact, total;
        hcb_type_store(type, &term, 0, term);
        term = hcb_type_load(type, &term, 0);
        hcb_type_store(type, &total, 0, sum + term);
        total = hcb_type_load(type, &total, 0);
        if (compensated)
            low += (double)(((long double)sum + term) - total + (exact - term));
        sum = total;
    }
    return sum + low;
}

/* A bound near one rounding: what plain sums reach is not enough, and a sum that is
 * compensated, or in f64, is. */
START_TEST(variants_are_held_to_one_rounding)
{
    static const enum hcb_precision precisions[] = {HCB_PRECISION_F32, HCB_PRECISION_F16F32,
                                                    HCB_PRECISION_BF16F32, HCB_PRECISION_F64};
    const enum hcb_precision precision = precisions[_i / 4];
    const enum hcb_op op = _i & 1 ? HCB_OP_DOT : HCB_OP_SUM;
    const enum hcb_sum sum = _i & 2 ? HCB_SUM_F64 : HCB_SUM_NEUMAIER;
    if (sum == HCB_SUM_F64 && precision == HCB_PRECISION_F64)
        return; /* there is none */
    struct job job = cancelling_job(op, precision, sum);
    const struct hcb_verify_options options = {.depth = job.k};
    const void *inputs[HCB_INPUTS_MAX] = {job.operands[0], op == HCB_OP_DOT ? job.operands[1] : NULL};
    struct hcb_verdict v;
    hcb_type_store(job.type, job.output, 0, chain(&job, job.type, false));
    ck_assert_int_eq(hcb_verify(&job.task, inputs, job.output, &options, &v), HCB_WRONG);
    ck_assert_double_gt(v.bound_ratio, 2);
    ck_assert_double_eq(v.limit, 2);
    job.task.sum = HCB_SUM_PLAIN;
    ck_assert_int_eq(hcb_verify(&job.task, inputs, job.output, &options, &v), HCB_OK);
    job.task.sum = sum;
    hcb_type_store(job.type, job.output, 0,
                   sum == HCB_SUM_F64 ? chain(&job, HCB_TYPE_F64, false) : chain(&job, job.type, true));
    ck_assert_msg(hcb_verify(&job.task, inputs, job.output, &options, &v) == HCB_OK, "%s", v.reason);
    ck_assert_double_le(v.bound_ratio, 1.01);
    ck_assert_double_eq(hcb_error_limit(&job.task, 12345), 2);
    job_free(&job);
}
END_TEST

/* The bounds are those of the textbooks: e |A||B| + u |C|. */
START_TEST(bounds_of_variants)
{
    const struct hcb_case c = {HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 3, 1}, HCB_SUM_NEUMAIER};
    struct hcb_case wide = c;
    const float x[] = {0x1p20f, -0x1p20f, 1}, got = 1 + 0x1p-10f;
    const struct hcb_verify_options options = {.depth = 100};
    struct hcb_verdict v;
    wide.sum = HCB_SUM_F64;
    hcb_verify(&c, (const void *[]){x, NULL}, &got, &options, &v);
    ck_assert_double_eq_tol(v.bound_ratio, 0x1p-10 / (1e4 * 0x1p-48 * (0x1p21 + 1) + 0x1p-24), 1e-6);
    hcb_verify(&wide, (const void *[]){x, NULL}, &got, &options, &v);
    ck_assert_double_eq_tol(v.bound_ratio, 0x1p-10 / (100 * 0x1p-53 * (0x1p21 + 1) + 0x1p-24), 1e-6);
}
END_TEST

/* What is compared bit for bit has no bound to be within. */
START_TEST(exact_cases_have_no_limit)
{
    const struct hcb_case whole = {HCB_OP_DOT, HCB_IMPL_TILE, HCB_PRECISION_I8I32, {1, 100, 1}},
                          same = {HCB_OP_UPLOAD, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 100, 1}};
    ck_assert_double_eq(hcb_error_limit(&whole, 100), 0);
    ck_assert_double_eq(hcb_error_limit(&same, 100), 0);
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("verify");
    tcase_add_loop_test(tests, small_matrices, 0, HCB_PRECISION_COUNT);
    tcase_add_loop_test(tests, large_matrices, 0, 3);
    tcase_add_loop_test(tests, samples_are_spread, 0, 3);
    tcase_add_test(tests, any_element_exactly);
    tcase_add_loop_test(tests, awkward_shapes_pass, 0, HCB_PRECISION_COUNT);
    tcase_add_loop_test(tests, reductions, 0, HCB_PRECISION_COUNT);
    tcase_add_loop_test(tests, elementwise, 0, HCB_PRECISION_COUNT);
    tcase_add_test(tests, copies_have_no_tolerance);
    tcase_add_test(tests, triads_are_held_to_a_few_units);
    tcase_add_loop_test(tests, loop_cut_short, 0, HCB_PRECISION_COUNT);
    tcase_add_loop_test(tests, one_term_of_a_million, 0, HCB_PRECISION_COUNT);
    tcase_add_loop_test(tests, not_too_tight, 0, 4);
    tcase_add_loop_test(tests, not_too_wide, 0, 4);
    tcase_add_test(tests, rounded_inputs);
    tcase_add_test(tests, halves_lose_one_bit);
    tcase_add_loop_test(tests, halves_are_held_to_three_products, 0, 6);
    tcase_add_loop_test(tests, bounds_of_small_halves_hold, 0, 14);
    tcase_add_test(tests, halves_overflow);
    tcase_add_test(tests, flat_output_in_noise);
    tcase_add_loop_test(tests, flat_output_that_is_right, 0, HCB_PRECISION_COUNT);
    tcase_add_test(tests, subnormal_results);
    tcase_add_test(tests, reference_overflows);
    tcase_add_test(tests, reasons_name_the_place);
    tcase_add_test(tests, figures);
    tcase_add_test(tests, depth_and_factor);
    tcase_add_loop_test(tests, variants_are_held_to_one_rounding, 0, 16);
    tcase_add_test(tests, bounds_of_variants);
    tcase_add_test(tests, exact_cases_have_no_limit);
    return suite_run("verify", tests);
}
