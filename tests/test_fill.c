/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs: the generator against its published vectors, values that depend on
 * nothing but their position, integers whose sums are exact, and the poison. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "hcbench.h"
#include "suite.h"

/* Known answers of philox4x32, 10 rounds, as distributed with Random123. */
START_TEST(philox_vectors)
{
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } rows[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t out[4];
        hcb_philox4x32(rows[i].counter, rows[i].key, out);
        ck_assert_mem_eq(out, rows[i].out, sizeof out);
    }
}
END_TEST

static struct hcb_case dot_of(enum hcb_precision precision, uint64_t n)
{
    return (struct hcb_case){HCB_OP_DOT, HCB_IMPL_REF, precision, {1, n, 1}};
}

static double *filled(const struct hcb_case *c, unsigned operand, enum hcb_fill fill, uint64_t seed)
{
    const uint64_t n = hcb_operand_elements(c, operand);
    const enum hcb_type type = hcb_operand_type(c, operand);
    void *data = malloc(n * hcb_type_size(type));
    double *values = malloc(n * sizeof *values);
    ck_assert(data != NULL && values != NULL);
    hcb_fill_operand(c, operand, fill, seed, 0, n, data);
    for (uint64_t i = 0; i < n; i++)
        values[i] = hcb_type_load(type, data, i);
    free(data);
    return values;
}

/* Every way to cut a range gives the same bytes and writes nothing beside it. */
START_TEST(splits_agree)
{
    enum { N = 5000, EDGE = 64 };
    static const uint64_t cuts[] = {0, 1, 2, 3, 5, 1023, 1024, 1025, 1026, 2049, 4097, 4999, N};
    const struct hcb_case c = dot_of((enum hcb_precision)_i, N);
    const size_t size = hcb_type_size(hcb_operand_type(&c, 0));
    for (enum hcb_fill fill = 0; fill < HCB_FILL_COUNT; fill++) {
        unsigned char whole[N * 8], pieces[N * 8 + EDGE];
        memset(pieces, 0xa5, sizeof pieces);
        hcb_fill_operand(&c, 1, fill, 42, 0, N, whole);
        for (size_t i = 0; i + 1 < sizeof cuts / sizeof *cuts; i++)
            hcb_fill_operand(&c, 1, fill, 42, cuts[i], cuts[i + 1] - cuts[i], pieces + cuts[i] * size);
        ck_assert_mem_eq(whole, pieces, N * size);
        for (size_t i = 0; i < EDGE; i++)
            ck_assert_uint_eq(pieces[N * size + i], 0xa5);
    }
}
END_TEST

START_TEST(seeds_and_operands_differ)
{
    enum { N = 1000 };
    const struct hcb_case c = dot_of(HCB_PRECISION_F32, N);
    double *a = filled(&c, 0, HCB_FILL_UNIFORM, 1), *b = filled(&c, 1, HCB_FILL_UNIFORM, 1);
    double *other = filled(&c, 0, HCB_FILL_UNIFORM, 1 + (UINT64_C(1) << 32));
    unsigned same = 0;
    for (size_t i = 0; i < N; i++)
        same += (a[i] == b[i] || a[i] == other[i]) ? 1 : 0;
    ck_assert_uint_lt(same, 3);
    free(a);
    free(b);
    free(other);
}
END_TEST

static double as_half(double x)
{
    return (double)hcb_f16_to_f32(hcb_f16_from_f64(x));
}

/* The same number, rounded to the element type; the shape does not matter. */
START_TEST(types_share_values)
{
    enum { N = 1000 };
    const struct hcb_case wide = dot_of(HCB_PRECISION_F64, N), single = dot_of(HCB_PRECISION_F32, N),
                          narrow = dot_of(HCB_PRECISION_F16, N);
    const struct hcb_case matrix = {HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F32X2, {10, 7, N / 10}};
    for (enum hcb_fill fill = HCB_FILL_UNIFORM; fill <= HCB_FILL_NORMAL; fill++) {
        double *a = filled(&wide, 0, fill, 9), *b = filled(&single, 0, fill, 9);
        double *c = filled(&matrix, 0, fill, 9), *d = filled(&narrow, 0, fill, 9);
        for (size_t i = 0; i < N; i++) {
            ck_assert_double_eq(b[i], (double)(float)a[i]);
            ck_assert_double_eq(c[i], b[i]);
            ck_assert_double_eq(d[i], as_half(a[i]));
        }
        free(a);
        free(b);
        free(c);
        free(d);
    }
}
END_TEST

/* Numbers in f32 have 24 bits: half of them are odd, and a quarter is not the sum of two
 * halves.  Fewer would flatter whatever rounds them, as f32x2 does. */
START_TEST(numbers_fill_f32)
{
    enum { N = 100000 };
    const struct hcb_case c = dot_of(HCB_PRECISION_F32, N);
    for (enum hcb_fill fill = HCB_FILL_UNIFORM; fill <= HCB_FILL_NORMAL; fill++) {
        double *x = filled(&c, 0, fill, 7);
        double count = 0, odd = 0, inexact = 0;
        for (size_t i = 0; i < N; i++) {
            const double high = as_half(x[i]), low = as_half(0x1p11 * (x[i] - high));
            int exponent;
            if (fabs(x[i]) < 0x1p-6)
                continue;
            count++;
            odd += fmod(ldexp(frexp(fabs(x[i]), &exponent), 24), 2);
            inexact += high + 0x1p-11 * low != x[i];
        }
        ck_assert_double_gt(count, 0.9 * N);
        ck_assert_double_eq_tol(odd / count, 0.5, 0.02);
        ck_assert_double_eq_tol(inexact / count, 0.25, 0.02);
        free(x);
    }
}
END_TEST

static void moments(const double *values, size_t n, double *mean, double *variance)
{
    *mean = *variance = 0;
    for (size_t i = 0; i < n; i++)
        *mean += values[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        *variance += (values[i] - *mean) * (values[i] - *mean) / (double)n;
}

/* Mean and variance within six standard errors; the seed is fixed. */
START_TEST(distributions)
{
    enum { N = 1 << 16 };
    static const enum hcb_precision precisions[] = {HCB_PRECISION_F64, HCB_PRECISION_F32,
                                                    HCB_PRECISION_F16};
    double mean, variance;
    for (size_t p = 0; p < sizeof precisions / sizeof *precisions; p++) {
        const struct hcb_case c = dot_of(precisions[p], N);
        double *values = filled(&c, 0, HCB_FILL_UNIFORM, 3);
        double low = 1, high = -1;
        moments(values, N, &mean, &variance);
        for (size_t i = 0; i < N; i++) {
            low = fmin(low, values[i]);
            high = fmax(high, values[i]);
        }
        ck_assert(low >= -1 && low < -0.999 && high > 0.999 && high <= 1);
        ck_assert(precisions[p] == HCB_PRECISION_F16 || high < 1); /* of so few in f32 */
        ck_assert_double_le(fabs(mean), 6 * sqrt(1 / 3.0 / N));
        ck_assert_double_le(fabs(variance - 1 / 3.0), 6 * sqrt(4 / 45.0 / N));
        free(values);
        values = filled(&c, 0, HCB_FILL_NORMAL, 3);
        moments(values, N, &mean, &variance);
        ck_assert_double_le(fabs(mean), 6 * sqrt(1.0 / N));
        ck_assert_double_le(fabs(variance - 1), 6 * sqrt(2.0 / N));
        free(values);
    }
}
END_TEST

START_TEST(zeros)
{
    for (enum hcb_precision p = 0; p < HCB_PRECISION_COUNT; p++) {
        const struct hcb_case c = dot_of(p, 100);
        double *values = filled(&c, 1, HCB_FILL_ZEROS, 3);
        for (size_t i = 0; i < 100; i++)
            ck_assert(values[i] == 0 && !signbit(values[i]));
        free(values);
    }
}
END_TEST

static double largest_exact(const struct hcb_case *c)
{
    switch (hcb_operand_type(c, hcb_op_operands(c->op) - 1)) {
    case HCB_TYPE_F64: return 0x1p53;
    case HCB_TYPE_F32: return 0x1p24;
    case HCB_TYPE_F16: return 0x1p11;
    default: return 0x1p31 - 1;
    }
}

/* Whole numbers, not all alike, whose partial sums the accumulator holds. */
START_TEST(integers_add_up_exactly)
{
    static const uint64_t lengths[] = {1, 31, 1000, 65536, 1000003};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
        for (int products = 0; products < 2; products++) {
            const struct hcb_case c = {products ? HCB_OP_DOT : HCB_OP_SUM,
                                       HCB_IMPL_REF,
                                       (enum hcb_precision)_i,
                                       {1, lengths[l], 1}};
            double *x = filled(&c, 0, HCB_FILL_INTEGER, 5);
            double *y = products ? filled(&c, 1, HCB_FILL_INTEGER, 5) : NULL;
            double sum = 0, largest = 0;
            size_t not_zero = 0;
            for (uint64_t i = 0; i < lengths[l]; i++) {
                ck_assert_msg(x[i] == nearbyint(x[i]), "%.17g is not whole", x[i]);
                sum += y != NULL ? x[i] * y[i] : x[i];
                largest = fmax(largest, fabs(sum));
                not_zero += x[i] != 0;
            }
            ck_assert_msg(largest <= largest_exact(&c), "n = %llu: a partial sum reaches %.17g",
                          (unsigned long long)lengths[l], largest);
            ck_assert(lengths[l] < 31 || not_zero > 16);
            free(x);
            free(y);
        }
}
END_TEST

/* In each product of f32x2 one factor fits into a half and the other one needs both, so
 * that the three products give it exactly, and two of them do not. */
START_TEST(integers_of_f32x2_need_both_halves)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_REF, HCB_PRECISION_F32X2, {3, 5, 70}};
    double *a = filled(&c, 0, HCB_FILL_INTEGER, 5), *b = filled(&c, 1, HCB_FILL_INTEGER, 5);
    for (uint64_t i = 0; i < c.shape.m; i++)
        for (uint64_t j = 0; j < c.shape.n; j++)
            for (uint64_t l = 0; l < c.shape.k; l++) {
                const double x = a[i * c.shape.k + l], y = b[l * c.shape.n + j];
                const double wide = l % 2 == 0 ? x : y, narrow = l % 2 == 0 ? y : x;
                const double high = as_half(wide), low = as_half(2048 * (wide - high)) / 2048;
                ck_assert_double_eq(narrow, as_half(narrow));
                ck_assert_double_eq(wide, high + low);
                ck_assert((wide != 0) == (low != 0));
            }
    free(a);
    free(b);
}
END_TEST

START_TEST(poison)
{
    enum { N = 9 };
    for (enum hcb_type type = 0; type < HCB_TYPE_COUNT; type++) {
        double data[N + 1];
        unsigned char *bytes = (unsigned char *)data;
        const size_t end = N * hcb_type_size(type);
        memset(data, 0, sizeof data);
        hcb_poison(type, data, N);
        for (size_t i = 0; i < N; i++) {
            const double value = hcb_type_load(type, data, i);
            if (type == HCB_TYPE_I8)
                ck_assert_double_eq(value, -123);
            else if (type == HCB_TYPE_I32)
                ck_assert_double_lt(value, -2e9);
            else
                ck_assert(isnan(value));
        }
        ck_assert_uint_eq(bytes[end], 0);
    }
}
END_TEST

/* --------------------------------------------------------------------- scales */

/* The first input alone is scaled, before it is rounded: where nothing is lost, by a
 * power of two. */
START_TEST(scales_are_exact_where_they_fit)
{
    enum { N = 1000 };
    struct hcb_case c = {HCB_OP_DOT, HCB_IMPL_REF, HCB_PRECISION_F16F32, {1, N, 1}};
    uint16_t plain[2][N], scaled[2][N];
    for (unsigned i = 0; i < 2; i++)
        hcb_fill_operand(&c, i, HCB_FILL_UNIFORM, 3, 0, N, plain[i]);
    c.scale = 10;
    for (unsigned i = 0; i < 2; i++)
        hcb_fill_operand(&c, i, HCB_FILL_UNIFORM, 3, 0, N, scaled[i]);
    ck_assert_int_eq(memcmp(plain[1], scaled[1], sizeof plain[1]), 0);
    for (int i = 0; i < N; i++)
        if (fabsf(hcb_f16_to_f32(plain[0][i])) >= 0x1p-13f)
            ck_assert_float_eq(hcb_f16_to_f32(scaled[0][i]), 1024 * hcb_f16_to_f32(plain[0][i]));
    hcb_fill_operand(&c, 0, HCB_FILL_INTEGER, 3, 0, N, scaled[0]); /* for the exact check */
    c.scale = 0;
    hcb_fill_operand(&c, 0, HCB_FILL_INTEGER, 3, 0, N, plain[0]);
    ck_assert_int_eq(memcmp(plain[0], scaled[0], sizeof plain[0]), 0);
}
END_TEST

/* Uniform on [-1, 1): 2^17 times that is above 65520, the least that rounds to infinity,
 * in half of the cases; 2^-25 and what is below is zero. */
START_TEST(roundings_are_counted)
{
    enum { N = 100000 };
    struct hcb_case c = {HCB_OP_SUM, HCB_IMPL_REF, HCB_PRECISION_F16F32, {1, N, 1}};
    struct hcb_rounding r = hcb_fill_rounding(&c, HCB_FILL_UNIFORM, 1, NULL);
    ck_assert_double_eq(r.overflowed, 0);
    ck_assert_double_lt(r.underflowed, 10);
    ck_assert_double_lt(r.subnormal, 30); /* one of 2^14 */
    ck_assert_double_gt(r.rel_error, 0x1p-14);
    ck_assert_double_lt(r.rel_error, 0x1p-11);
    c.scale = 17;
    r = hcb_fill_rounding(&c, HCB_FILL_UNIFORM, 1, NULL);
    ck_assert_double_eq_tol(r.overflowed / N, 0.5, 0.01);
    ck_assert(isnan(r.rel_error));
    c.scale = -24;
    r = hcb_fill_rounding(&c, HCB_FILL_UNIFORM, 1, NULL);
    ck_assert_double_eq_tol(r.underflowed / N, 0.5, 0.01);
    ck_assert_double_eq(r.overflowed, 0);
    ck_assert_double_eq_tol((r.subnormal + r.underflowed) / N, 1, 1e-3);
    ck_assert_double_gt(r.rel_error, 0.3);
    c.precision = HCB_PRECISION_BF16F32; /* its exponents are those of f32 */
    r = hcb_fill_rounding(&c, HCB_FILL_UNIFORM, 1, NULL);
    ck_assert_double_eq(r.overflowed + r.underflowed + r.subnormal, 0);
    ck_assert_double_lt(r.rel_error, 0x1p-8);
}
END_TEST

/* f32x2 loses what two halves cannot hold: a little of most numbers, more of those below
 * 2^-14, all of those up to 2^-36, and those from 65520 on. */
START_TEST(halves_are_counted)
{
    enum { N = 100000 };
    struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_REF, HCB_PRECISION_F32X2, {N / 100, 1, 100}};
    struct hcb_rounding r = hcb_fill_rounding(&c, HCB_FILL_UNIFORM, 1, NULL);
    ck_assert_double_eq(r.overflowed + r.underflowed, 0);
    ck_assert_double_lt(r.subnormal, 30);
    ck_assert_double_gt(r.rel_error, 0x1p-26);
    ck_assert_double_lt(r.rel_error, 0x1p-24);
    c.scale = 17;
    r = hcb_fill_rounding(&c, HCB_FILL_UNIFORM, 1, NULL);
    ck_assert_double_eq_tol(r.overflowed / N, 1 - 65520 * 0x1p-17, 0.01);
    ck_assert(isnan(r.rel_error));
    c.scale = -14;
    r = hcb_fill_rounding(&c, HCB_FILL_UNIFORM, 1, NULL);
    ck_assert_double_eq_tol((r.subnormal + r.underflowed) / N, 1, 1e-3);
    ck_assert_double_lt(r.underflowed, 10);
    ck_assert_double_gt(r.rel_error, 0x1p-23);
    ck_assert_double_lt(r.rel_error, 0x1p-21);
    c.scale = -35;
    r = hcb_fill_rounding(&c, HCB_FILL_UNIFORM, 1, NULL);
    ck_assert_double_eq_tol(r.underflowed / N, 0.5, 0.01);
    ck_assert_double_eq(r.overflowed, 0);
}
END_TEST

static int asked;

static int third_time(void)
{
    return ++asked == 3;
}

START_TEST(counting_can_be_stopped)
{
    struct hcb_case c = {
        HCB_OP_SUM, HCB_IMPL_REF, HCB_PRECISION_F16F32, {1, UINT64_C(1) << 40, 1}};
    hcb_fill_rounding(&c, HCB_FILL_UNIFORM, 1, third_time);
    ck_assert_int_eq(asked, 3);
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("fill");
    tcase_add_test(tests, scales_are_exact_where_they_fit);
    tcase_add_test(tests, roundings_are_counted);
    tcase_add_test(tests, halves_are_counted);
    tcase_add_test(tests, counting_can_be_stopped);
    tcase_add_test(tests, philox_vectors);
    tcase_add_loop_test(tests, splits_agree, 0, HCB_PRECISION_COUNT);
    tcase_add_test(tests, seeds_and_operands_differ);
    tcase_add_test(tests, types_share_values);
    tcase_add_test(tests, numbers_fill_f32);
    tcase_add_test(tests, distributions);
    tcase_add_test(tests, zeros);
    tcase_add_loop_test(tests, integers_add_up_exactly, 0, HCB_PRECISION_COUNT);
    tcase_add_test(tests, integers_of_f32x2_need_both_halves);
    tcase_add_test(tests, poison);
    return suite_run("fill", tests);
}
