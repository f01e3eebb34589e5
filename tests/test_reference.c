/* SPDX-License-Identifier: Apache-2.0 */
/* The reference against whole-number arithmetic and against sums whose exact
 * value is known by construction. */
#include "config.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "reference.h"
#include "suite.h"

static void *allocate(size_t bytes)
{
    void *data = calloc(1, bytes);
    ck_assert_ptr_nonnull(data);
    return data;
}

/* Random numbers of the test's own. */
static uint64_t random_bits(uint64_t index)
{
    uint32_t words[4];
    hcb_philox4x32((const uint32_t[4]){(uint32_t)index, 0, 0, 77}, (const uint32_t[2]){1, 2}, words);
    return (uint64_t)words[0] << 32 | words[1];
}

/* Products of integers summed in int64_t; rounded to the output once. */
START_TEST(integers)
{
    static const struct hcb_shape shapes[] = {{1, 1, 1},    {1, 1, 1000},  {3, 5, 7},     {65, 63, 17},
                                              {1, 5000, 3}, {5000, 1, 3},  {2, 3, 40000}, {4100, 2, 9},
                                              {130, 70, 5}, {64, 64, 4097}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_REF, (enum hcb_precision)_i, shapes[s]};
        const uint64_t m = c.shape.m, n = c.shape.n, k = c.shape.k;
        const enum hcb_type in = hcb_operand_type(&c, 0), out = hcb_operand_type(&c, 2);
        void *a = allocate(hcb_operand_bytes(&c, 0)), *b = allocate(hcb_operand_bytes(&c, 1));
        void *result = allocate(hcb_operand_bytes(&c, 2));
        for (uint64_t i = 0; i < m * k; i++)
            hcb_type_store(in, a, i, (double)(random_bits(i) % 15) - 7);
        for (uint64_t i = 0; i < k * n; i++)
            hcb_type_store(in, b, i, (double)(random_bits(i + (1 << 30)) % 15) - 7);
        ck_assert_int_eq((int)hcb_reference(&c, (const void *[]){a, b}, result), (int)HCB_OK);
        for (uint64_t i = 0; i < m; i++)
            for (uint64_t j = 0; j < n; j += 1 + n / 50) {
                int64_t sum = 0;
                double rounded;
                for (uint64_t l = 0; l < k; l++)
                    sum += (int64_t)hcb_type_load(in, a, i * k + l) *
                           (int64_t)hcb_type_load(in, b, l * n + j);
                hcb_type_store(out, &rounded, 0, (double)sum);
                ck_assert_double_eq(hcb_type_load(out, result, i * n + j),
                                    hcb_type_load(out, &rounded, 0));
            }
        free(a);
        free(b);
        free(result);
    }
}
END_TEST

START_TEST(reductions)
{
    for (uint64_t n = 1; n < 300000; n = n * 5 + 1) {
        struct hcb_case c = {HCB_OP_SUM, HCB_IMPL_REF, HCB_PRECISION_I8I32, {1, n, 1}};
        int8_t *x = allocate(n), *y = allocate(n);
        int64_t sum = 0, dot = 0;
        int32_t result;
        for (uint64_t i = 0; i < n; i++) {
            x[i] = (int8_t)(random_bits(i) % 255 - 127);
            y[i] = (int8_t)(random_bits(~i) % 255 - 127);
            sum += x[i];
            dot += x[i] * y[i];
        }
        ck_assert_int_eq((int)hcb_reference(&c, (const void *[]){x, NULL}, &result), (int)HCB_OK);
        ck_assert_int_eq(result, sum);
        /* Whatever stands in place of the second input must not matter. */
        ck_assert_int_eq((int)hcb_reference(&c, (const void *[]){x, y}, &result), (int)HCB_OK);
        ck_assert_int_eq(result, sum);
        c.op = HCB_OP_DOT;
        ck_assert_int_eq((int)hcb_reference(&c, (const void *[]){x, y}, &result), (int)HCB_OK);
        ck_assert_int_eq(result, dot);
        free(x);
        free(y);
    }
}
END_TEST

static void swap(double *a, double *b)
{
    double old = *a;
    *a = *b;
    *b = old;
}

/* Dot products whose large terms cancel pairwise (x, y and -x, y), so that the
 * exact value is that of the few small terms that are left, sum of i * 2^-60.
 * A plain f64 loop keeps no digit of it. */
START_TEST(cancellation)
{
    enum { PAIRS = 500, SMALL = 100, N = 2 * PAIRS + SMALL };
    const struct hcb_case c = {HCB_OP_DOT, HCB_IMPL_REF, HCB_PRECISION_F64, {1, N, 1}};
    double x[N], y[N], result, plain = 0;
    const double exact = SMALL * (SMALL + 1) / 2.0 * 0x1p-60;
    for (size_t i = 0; i < PAIRS; i++) {
        x[2 * i] = (double)(random_bits(i) >> 11) * 0x1p-53 + 1;
        x[2 * i + 1] = -x[2 * i];
        y[2 * i] = y[2 * i + 1] = (double)(random_bits(i + 1000) >> 11) * 0x1p-53 + 1;
    }
    for (size_t i = 0; i < SMALL; i++) {
        x[2 * PAIRS + i] = (double)(i + 1) * 0x1p-30;
        y[2 * PAIRS + i] = 0x1p-30;
    }
    for (size_t i = N - 1; i > 0; i--) {
        const size_t other = random_bits(i + 5000) % (i + 1);
        swap(&x[i], &x[other]);
        swap(&y[i], &y[other]);
    }
    for (size_t i = 0; i < N; i++)
        plain += x[i] * y[i];
    ck_assert_int_eq((int)hcb_reference(&c, (const void *[]){x, y}, &result), (int)HCB_OK);
    /* n^2 u^2 |x||y| of the algorithm's error bound, and one rounding. */
    ck_assert_double_le(fabs(result - exact), (double)N * N * 0x1p-106 * 2200 + exact * DBL_EPSILON);
    ck_assert_double_ge(fabs(plain - exact), exact);
}
END_TEST

/* 2^53 + 1 + ... - 2^53, where every addition of a 1 alone would be lost; as a
 * sum, and as one row of a matrix with several columns. */
START_TEST(lost_bits)
{
    enum { N = 1000 };
    struct hcb_case c = {HCB_OP_SUM, HCB_IMPL_REF, HCB_PRECISION_F64, {1, N, 1}};
    double x[N], ones[N * 3], result[3];
    for (size_t i = 0; i < N; i++)
        x[i] = i == 0 ? 0x1p53 : i == N - 1 ? -0x1p53 : 1;
    for (size_t i = 0; i < N * 3; i++)
        ones[i] = 1;
    ck_assert_int_eq((int)hcb_reference(&c, (const void *[]){x, NULL}, result), (int)HCB_OK);
    ck_assert_double_eq(result[0], N - 2);
    c = (struct hcb_case){HCB_OP_MATMUL, HCB_IMPL_REF, HCB_PRECISION_F64, {1, 3, N}};
    ck_assert_int_eq((int)hcb_reference(&c, (const void *[]){x, ones}, result), (int)HCB_OK);
    for (size_t j = 0; j < 3; j++)
        ck_assert_double_eq(result[j], N - 2);
}
END_TEST

/* Each product's own rounding error counts: (1 + e)(1 - e) - 1 = -e^2. */
START_TEST(products_are_exact)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_REF, HCB_PRECISION_F64, {1, 2, 2}};
    const double e = 0x1p-30, a[] = {1 + e, 1}, b[] = {1 - e, 1 - e, -1, -1};
    double result[2];
    ck_assert_int_eq((int)hcb_reference(&c, (const void *[]){a, b}, result), (int)HCB_OK);
    ck_assert_double_eq(result[0], -e * e);
    ck_assert_double_eq(result[1], -e * e);
}
END_TEST

/* (|A||B|)_ij, which the bound is built on. */
START_TEST(bound_terms)
{
    const struct hcb_case c = {HCB_OP_MATMUL, HCB_IMPL_REF, HCB_PRECISION_F32, {2, 2, 3}};
    const float a[] = {1, -2, 3, -4, 5, -6}, b[] = {1, -1, 2, -2, 3, 3};
    struct reference_block *block = hcbi_reference_new();
    ck_assert_ptr_nonnull(block);
    block->row_count = hcbi_reference_span(0, 2, 64, block->rows);
    block->column_count = hcbi_reference_span(0, 2, 64, block->columns);
    ck_assert(block->row_count == 2 && block->column_count == 2);
    hcbi_reference_compute(&c, (const void *[]){a, b}, block);
    const double sums[] = {6, 12, -12, -24}, magnitudes[] = {14, 14, 32, 32};
    for (size_t e = 0; e < 4; e++) {
        ck_assert_double_eq(block->sum[e] + block->low[e], sums[e]);
        ck_assert_double_eq(block->magnitude[e], magnitudes[e]);
    }
    hcbi_reference_free(block);
    hcbi_reference_free(NULL);
}
END_TEST

START_TEST(tiles_fit_a_block)
{
    for (uint64_t m = 1; m < 100000; m = m * 3 / 2 + 1)
        for (uint64_t n = 1; n < 100000; n = n * 3 / 2 + 1) {
            size_t rows, columns;
            hcbi_reference_tile(m, n, &rows, &columns);
            ck_assert(rows >= 1 && columns >= 1 && rows * columns <= REFERENCE_BLOCK);
            ck_assert(rows * columns > REFERENCE_BLOCK / 2); /* at least half of a block is used */
        }
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("reference");
    tcase_add_loop_test(tests, integers, 0, HCB_PRECISION_COUNT);
    tcase_add_test(tests, reductions);
    tcase_add_test(tests, cancellation);
    tcase_add_test(tests, lost_bits);
    tcase_add_test(tests, products_are_exact);
    tcase_add_test(tests, bound_terms);
    tcase_add_test(tests, tiles_fit_a_block);
    return suite_run("reference", tests);
}
