/* SPDX-License-Identifier: Apache-2.0 */
/* Words, the op table, sizes that saturate, and the text of a case. */
#include "config.h"

#include <string.h>

#include "hcbench.h"
#include "suite.h"

static struct hcb_case matmul(enum hcb_precision precision, uint64_t m, uint64_t n, uint64_t k)
{
    return (struct hcb_case){HCB_OP_MATMUL, HCB_IMPL_TILE, precision, {m, n, k}};
}

static struct hcb_case reduction(enum hcb_op op, enum hcb_precision precision, uint64_t n)
{
    return (struct hcb_case){op, HCB_IMPL_TILE, precision, {1, n, 1}};
}

START_TEST(words_both_ways)
{
    static const struct {
        const char *(*name)(unsigned);
        unsigned count;
        const char *first, *last;
    } sets[] = {{hcb_status_name, 7, "ok", "skipped"},   {hcb_op_name, 9, "matmul", "peak"},
                {hcb_precision_name, 7, "f64", "f32x2"}, {hcb_impl_name, 10, "openblas", "clblast_tuned"},
                {hcb_sum_name, 3, "plain", "f64"},       {hcb_fill_name, 4, "uniform", "zeros"}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        ck_assert_str_eq(sets[i].name(0), sets[i].first);
        ck_assert_str_eq(sets[i].name(sets[i].count - 1), sets[i].last);
        ck_assert_ptr_null(sets[i].name(sets[i].count));
        ck_assert_ptr_null(sets[i].name((unsigned)-1));
        for (unsigned value = 0; value < sets[i].count; value++)
            ck_assert_int_eq(hcb_word(sets[i].name, sets[i].name(value)), (int)value);
        ck_assert_int_eq(hcb_word(sets[i].name, "nonsense"), -1);
        ck_assert_int_eq(hcb_word(sets[i].name, ""), -1);
    }
    ck_assert_int_eq(hcb_word(hcb_precision_name, "F32"), -1);
    ck_assert_int_eq(hcb_word(hcb_precision_name, "f3"), -1);
}
END_TEST

START_TEST(texts_explain_words)
{
    for (unsigned i = 0; i < HCB_STATUS_COUNT; i++)
        ck_assert_uint_gt(strlen(hcb_status_text(i)), 3);
    for (unsigned i = 0; i < HCB_OP_COUNT; i++)
        ck_assert_uint_gt(strlen(hcb_op_text(i)), 3);
    for (unsigned i = 0; i < HCB_IMPL_COUNT; i++)
        ck_assert_uint_gt(strlen(hcb_impl_text(i)), 3);
    for (unsigned i = 0; i < HCB_SUM_COUNT; i++)
        ck_assert_uint_gt(strlen(hcb_sum_text(i)), 3);
    ck_assert_ptr_null(hcb_sum_text(HCB_SUM_COUNT));
    ck_assert_ptr_null(hcb_status_text(HCB_STATUS_COUNT));
    ck_assert_ptr_null(hcb_op_text(HCB_OP_COUNT));
    ck_assert_ptr_null(hcb_impl_text(HCB_IMPL_COUNT));
    ck_assert_str_eq(hcb_device_type_name(HCB_DEVICE_ACCELERATOR), "accelerator");
    ck_assert_ptr_null(hcb_device_type_name(HCB_DEVICE_ACCELERATOR + 1));
    ck_assert_str_eq(hcb_version(), PACKAGE_VERSION);
}
END_TEST

START_TEST(operands)
{
    static const struct {
        struct hcb_case task;
        unsigned operands, rank;
        uint64_t elements[HCB_OPERANDS_MAX], bytes[HCB_OPERANDS_MAX], terms;
        double flops;
    } rows[] = {
        {{HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F64, {2, 3, 5}}, 3, 3, {10, 15, 6}, {80, 120, 48}, 5, 60},
        {{HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_F16F32, {2, 3, 5}}, 3, 3, {10, 15, 6}, {20, 30, 24}, 5, 60},
        {{HCB_OP_MATMUL, HCB_IMPL_TILE, HCB_PRECISION_I8I32, {2, 3, 5}}, 3, 3, {10, 15, 6}, {10, 15, 24}, 5, 60},
        {{HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 7, 1}}, 2, 1, {7, 1}, {28, 4}, 7, 7},
        {{HCB_OP_UPLOAD, HCB_IMPL_PINNED, HCB_PRECISION_F32, {1, 7, 1}}, 2, 1, {7, 7}, {28, 28}, 1, 0},
        {{HCB_OP_TRIAD, HCB_IMPL_TILE, HCB_PRECISION_F16F32, {1, 7, 1}}, 3, 1, {7, 7, 7}, {14, 14, 28}, 2, 14},
        {{HCB_OP_LAUNCH, HCB_IMPL_TILE, HCB_PRECISION_F64, {1, 1, 1}}, 2, 0, {1, 1}, {8, 8}, 1, 0},
        {{HCB_OP_PEAK, HCB_IMPL_TILE, HCB_PRECISION_F32, {1, 7, 1}}, 2, 1, {7, 7}, {28, 28}, 1, 14 * HCB_PEAK_ROUNDS},
        {{HCB_OP_SUM, HCB_IMPL_TILE, HCB_PRECISION_BF16F32, {1, 7, 1}}, 2, 1, {7, 1}, {14, 4}, 7, 7},
        {{HCB_OP_DOT, HCB_IMPL_TILE, HCB_PRECISION_F16, {1, 7, 1}}, 3, 1, {7, 7, 1}, {14, 14, 2}, 7, 14},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct hcb_case *c = &rows[i].task;
        uint64_t bytes = 0;
        ck_assert_uint_eq(hcb_op_operands(c->op), rows[i].operands);
        ck_assert_uint_eq(hcb_op_rank(c->op), rows[i].rank);
        for (unsigned operand = 0; operand < rows[i].operands; operand++) {
            ck_assert_uint_eq(hcb_operand_elements(c, operand), rows[i].elements[operand]);
            ck_assert_uint_eq(hcb_operand_bytes(c, operand), rows[i].bytes[operand]);
            bytes += rows[i].bytes[operand];
        }
        ck_assert_uint_eq(hcb_case_bytes(c), bytes);
        ck_assert_uint_eq(hcb_case_terms(c), rows[i].terms);
        ck_assert_double_eq(hcb_case_flops(c), rows[i].flops);
        ck_assert(hcb_case_check(c));
    }
}
END_TEST

/* What is counted as moved, and what "all" leaves out. */
START_TEST(conventions)
{
    static const struct {
        enum hcb_op op;
        uint64_t traffic; /* of 10 f32 */
        bool is_extra;
    } rows[] = {{HCB_OP_SUM, 44, false},    {HCB_OP_DOT, 84, false},  {HCB_OP_UPLOAD, 40, true},
                {HCB_OP_DOWNLOAD, 40, true}, {HCB_OP_COPY, 80, true}, {HCB_OP_TRIAD, 120, true},
                {HCB_OP_PEAK, 0, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct hcb_case c = reduction(rows[i].op, HCB_PRECISION_F32, 10);
        ck_assert_uint_eq(hcb_case_traffic(&c), rows[i].traffic);
        ck_assert(hcb_op_is_extra(rows[i].op) == rows[i].is_extra);
    }
    const struct hcb_case product = matmul(HCB_PRECISION_F32, 2, 3, 5), long_launch =
        reduction(HCB_OP_LAUNCH, HCB_PRECISION_F32, 2);
    ck_assert_uint_eq(hcb_case_traffic(&product), hcb_case_bytes(&product));
    ck_assert(!hcb_op_is_extra(HCB_OP_COUNT));
    ck_assert(!hcb_case_check(&long_launch));
    ck_assert_int_eq(HCB_PEAK_ROUNDS % 4, 0);
}
END_TEST

START_TEST(types_of_precisions)
{
    static const enum hcb_type types[HCB_PRECISION_COUNT][2] = {
        [HCB_PRECISION_F64] = {HCB_TYPE_F64, HCB_TYPE_F64},
        [HCB_PRECISION_F32] = {HCB_TYPE_F32, HCB_TYPE_F32},
        [HCB_PRECISION_F16] = {HCB_TYPE_F16, HCB_TYPE_F16},
        [HCB_PRECISION_F16F32] = {HCB_TYPE_F16, HCB_TYPE_F32},
        [HCB_PRECISION_BF16F32] = {HCB_TYPE_BF16, HCB_TYPE_F32},
        [HCB_PRECISION_I8I32] = {HCB_TYPE_I8, HCB_TYPE_I32},
        [HCB_PRECISION_F32X2] = {HCB_TYPE_F32, HCB_TYPE_F32},
    };
    for (enum hcb_precision p = 0; p < HCB_PRECISION_COUNT; p++) {
        const struct hcb_case product = matmul(p, 1, 1, 1), sum = reduction(HCB_OP_SUM, p, 1);
        ck_assert_int_eq((int)hcb_operand_type(&product, 0), (int)types[p][0]);
        ck_assert_int_eq((int)hcb_operand_type(&product, 1), (int)types[p][0]);
        ck_assert_int_eq((int)hcb_operand_type(&product, 2), (int)types[p][1]);
        ck_assert_int_eq((int)hcb_operand_type(&sum, 0), (int)types[p][0]);
        ck_assert_int_eq((int)hcb_operand_type(&sum, 1), (int)types[p][1]);
    }
}
END_TEST

START_TEST(sizes_saturate)
{
    struct hcb_case c = matmul(HCB_PRECISION_F64, UINT64_C(1) << 33, 1, UINT64_C(1) << 33);
    ck_assert_uint_eq(hcb_operand_elements(&c, 0), UINT64_MAX);
    ck_assert_uint_eq(hcb_operand_bytes(&c, 0), UINT64_MAX);
    ck_assert_uint_eq(hcb_case_bytes(&c), UINT64_MAX);
    ck_assert(!hcb_case_check(&c));
    c = reduction(HCB_OP_DOT, HCB_PRECISION_F64, UINT64_C(1) << 60); /* each 2^63: the sum is 2^64 */
    ck_assert_uint_eq(hcb_operand_bytes(&c, 0), UINT64_C(1) << 63);
    ck_assert_uint_eq(hcb_case_bytes(&c), UINT64_MAX);
    ck_assert(!hcb_case_check(&c));
    c = reduction(HCB_OP_SUM, HCB_PRECISION_I8I32, UINT64_MAX - 1);
    ck_assert_uint_eq(hcb_case_bytes(&c), UINT64_MAX);
    ck_assert(!hcb_case_check(&c));
}
END_TEST

START_TEST(checks)
{
    const uint64_t large = UINT64_C(1) << 21;
    struct hcb_case good[] = {matmul(HCB_PRECISION_F32, 1, 1, 1),
                              matmul(HCB_PRECISION_F32, large / 2, large, large),
                              reduction(HCB_OP_SUM, HCB_PRECISION_F64, UINT64_C(1) << 60)};
    struct hcb_case bad[] = {matmul(HCB_PRECISION_F32, 0, 1, 1),
                             matmul(HCB_PRECISION_F32, 1, 0, 1),
                             matmul(HCB_PRECISION_F32, 1, 1, 0),
                             matmul(HCB_PRECISION_F32, large, large, large), /* 2^64 operations */
                             reduction(HCB_OP_SUM, HCB_PRECISION_F32, 0),
                             {HCB_OP_SUM, HCB_IMPL_REF, HCB_PRECISION_F32, {2, 5, 1}},
                             {HCB_OP_DOT, HCB_IMPL_REF, HCB_PRECISION_F32, {1, 5, 2}}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(hcb_case_check(&good[i]), "good case %zu is refused", i);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!hcb_case_check(&bad[i]), "bad case %zu passes", i);
}
END_TEST

START_TEST(texts)
{
    char text[128], small[8];
    struct hcb_case c = matmul(HCB_PRECISION_BF16F32, 1024, 512, 64);
    ck_assert_str_eq(hcb_shape_text(&c, text, sizeof text), "1024x512x64");
    ck_assert_str_eq(hcb_case_text(&c, text, sizeof text), "matmul bf16f32 1024x512x64");
    memset(small, '#', sizeof small);
    ck_assert_str_eq(hcb_case_text(&c, small, sizeof small - 1), "matmul");
    ck_assert_int_eq(small[7], '#');
    c = reduction(HCB_OP_DOT, HCB_PRECISION_F32, 65536);
    ck_assert_str_eq(hcb_shape_text(&c, text, sizeof text), "65536");
    ck_assert_str_eq(hcb_case_text(&c, text, sizeof text), "dot f32 65536");
    ck_assert_str_eq(hcb_kind_text(&c, text, sizeof text), "f32");
    c.scale = -14;
    c.precision = HCB_PRECISION_F16F32;
    ck_assert_str_eq(hcb_case_text(&c, text, sizeof text), "dot f16f32 65536 2^-14");
    ck_assert(hcb_case_check(&c));
    c.precision = HCB_PRECISION_F32;
    ck_assert(!hcb_case_check(&c));
    c.precision = HCB_PRECISION_F32X2;
    ck_assert(hcb_case_check(&c));
    c.precision = HCB_PRECISION_BF16F32;
    c.scale = HCB_SCALE_MAX + 1;
    ck_assert(!hcb_case_check(&c));
    c.scale = 0;
    c.precision = HCB_PRECISION_F32;
    c.sum = HCB_SUM_NEUMAIER;
    ck_assert_str_eq(hcb_case_text(&c, text, sizeof text), "dot f32 neumaier 65536");
    ck_assert_str_eq(hcb_kind_text(&c, text, sizeof text), "f32 neumaier");
    c = matmul(HCB_PRECISION_BF16F32, UINT64_MAX, UINT64_MAX, UINT64_MAX);
    ck_assert_str_eq(hcb_case_text(&c, text, sizeof text),
                     "matmul bf16f32 18446744073709551615x18446744073709551615x18446744073709551615");
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("cases");
    tcase_add_test(tests, words_both_ways);
    tcase_add_test(tests, texts_explain_words);
    tcase_add_test(tests, operands);
    tcase_add_test(tests, conventions);
    tcase_add_test(tests, types_of_precisions);
    tcase_add_test(tests, sizes_saturate);
    tcase_add_test(tests, checks);
    tcase_add_test(tests, texts);
    return suite_run("cases", tests);
}
