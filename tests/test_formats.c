/* SPDX-License-Identifier: Apache-2.0 */
/* Number formats against a slow oracle that knows the definition of the formats
 * and nothing of the code under test. */
#include "config.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "formats.h"
#include "suite.h"

enum { PATTERNS = 1 << 16, SIGN = 0x8000 };

struct format {
    const char *name;
    enum hcb_type type;
    int exponent_bits;
    float (*to_f32)(uint16_t);
    uint16_t (*from_f32)(float);
    uint16_t (*from_f64)(double);
};

static const struct format formats[] = {
    {"f16", HCB_TYPE_F16, 5, hcb_f16_to_f32, hcb_f16_from_f32, hcb_f16_from_f64},
    {"bf16", HCB_TYPE_BF16, 8, hcb_bf16_to_f32, hcb_bf16_from_f32, hcb_bf16_from_f64},
};
enum { FORMATS = sizeof formats / sizeof *formats };

static unsigned infinity_of(const struct format *f)
{
    return ((1u << f->exponent_bits) - 1) << (15 - f->exponent_bits);
}

/* IEEE 754-2019, 3.4, by the formula.  The pattern of infinity gives the number
 * that would come next without it, which is what overflow is rounded against. */
static double decode(const struct format *f, unsigned magnitude)
{
    const int mantissa_bits = 15 - f->exponent_bits, bias = (1 << (f->exponent_bits - 1)) - 1;
    const int exponent = (int)(magnitude >> mantissa_bits);
    const double mantissa = magnitude & ((1u << mantissa_bits) - 1);
    if (exponent == 0)
        return ldexp(mantissa, 1 - bias - mantissa_bits);
    return ldexp(mantissa + (1 << mantissa_bits), exponent - bias - mantissa_bits);
}

/* The pattern nearest to `value`, by search among all of them; ties to the even
 * pattern. */
static unsigned nearest(const struct format *f, double value)
{
    const unsigned sign = signbit(value) ? SIGN : 0, infinity = infinity_of(f);
    const double magnitude = fabs(value);
    unsigned low = 0, high = infinity;
    if (magnitude >= decode(f, infinity))
        return sign | infinity;
    while (high - low > 1) {
        const unsigned middle = (low + high) / 2;
        if (decode(f, middle) <= magnitude)
            low = middle;
        else
            high = middle;
    }
    const double tie = (decode(f, low) + decode(f, high)) / 2; /* exact: few bits */
    if (magnitude == tie)
        return sign | (low % 2 == 0 ? low : high);
    return sign | (magnitude < tie ? low : high);
}

static bool is_nan_pattern(const struct format *f, unsigned bits)
{
    return (bits & (SIGN - 1)) > infinity_of(f);
}

START_TEST(patterns_to_float)
{
    const struct format *f = &formats[_i];
    for (unsigned bits = 0; bits < PATTERNS; bits++) {
        const float got = f->to_f32((uint16_t)bits);
        const unsigned magnitude = bits & (SIGN - 1);
        const double right = magnitude == infinity_of(f) ? HUGE_VAL : decode(f, magnitude);
        const bool ok = is_nan_pattern(f, bits) ? isnan(got) : fabs((double)got) == right;
        if (!ok || !signbit(got) != !(bits & SIGN))
            ck_abort_msg("%s %#06x becomes %.9g", f->name, bits, (double)got);
    }
}
END_TEST

START_TEST(patterns_there_and_back)
{
    const struct format *f = &formats[_i];
    for (unsigned bits = 0; bits < PATTERNS; bits++) {
        const float value = f->to_f32((uint16_t)bits);
        const unsigned from_f32 = f->from_f32(value), from_f64 = f->from_f64((double)value);
        const bool same = from_f32 == bits && from_f64 == bits;
        const bool both_nan = is_nan_pattern(f, bits) && is_nan_pattern(f, from_f32) &&
                              is_nan_pattern(f, from_f64) && (from_f32 & SIGN) == (bits & SIGN);
        if (!same && !both_nan)
            ck_abort_msg("%s %#06x comes back as %#06x, %#06x", f->name, bits, from_f32, from_f64);
    }
}
END_TEST

static void check_rounding(const struct format *f, double value)
{
    const float narrow = (float)value;
    if (f->from_f64(value) != nearest(f, value))
        ck_abort_msg("%s: f64 %a becomes %#06x, not %#06x", f->name, value, f->from_f64(value),
                     nearest(f, value));
    if (f->from_f32(narrow) != nearest(f, (double)narrow))
        ck_abort_msg("%s: f32 %a becomes %#06x, not %#06x", f->name, (double)narrow,
                     f->from_f32(narrow), nearest(f, (double)narrow));
}

/* Every number, every tie, and what lies next to the ties: in f64 closer than a
 * float can tell, so that rounding twice would show. */
START_TEST(ties_and_neighbours)
{
    const struct format *f = &formats[_i];
    for (unsigned low = 0; low < infinity_of(f); low++) {
        const double below = decode(f, low), tie = (below + decode(f, low + 1)) / 2;
        const double values[] = {below,
                                 tie,
                                 nextafter(tie, 0),
                                 nextafter(tie, HUGE_VAL),
                                 (double)nextafterf((float)tie, 0),
                                 (double)nextafterf((float)tie, HUGE_VALF)};
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            check_rounding(f, values[i]);
            check_rounding(f, -values[i]);
        }
    }
}
END_TEST

START_TEST(random_doubles)
{
    const struct format *f = &formats[_i];
    const uint32_t key[2] = {7, 11};
    for (uint32_t i = 0; i < 200000; i++) {
        uint32_t words[4];
        hcb_philox4x32((const uint32_t[4]){i, 0, 0, 0}, key, words);
        const int exponent = (int)(words[2] % 300) - 160;
        check_rounding(f, ldexp((double)(int32_t)words[0] + words[1] * 0x1p-32, exponent - 31));
    }
}
END_TEST

START_TEST(extremes)
{
    const struct format *f = &formats[_i];
    const double values[] = {0.0,     -0.0,      DBL_MIN, 0x1p-1074, DBL_MAX,
                             FLT_MAX, HUGE_VAL,  FLT_MIN, 0x1p-149,  -HUGE_VAL};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        check_rounding(f, values[i]);
    ck_assert(is_nan_pattern(f, f->from_f64((double)NAN)));
    ck_assert(is_nan_pattern(f, f->from_f32(NAN)));
    /* A NaN whose payload lies in the bits that are cut off must not become an
     * infinity. */
    double quiet;
    memcpy(&quiet, &(uint64_t){UINT64_C(0x7ff0000000000001)}, sizeof quiet);
    ck_assert(is_nan_pattern(f, f->from_f64(quiet)));
}
END_TEST

/* Values written by hand, as a check of the oracle itself. */
START_TEST(known_values)
{
    ck_assert_uint_eq(hcb_f16_from_f64(1), 0x3c00);
    ck_assert_uint_eq(hcb_f16_from_f64(-2), 0xc000);
    ck_assert_uint_eq(hcb_f16_from_f64(65504), 0x7bff);
    ck_assert_uint_eq(hcb_f16_from_f64(65519.99), 0x7bff);
    ck_assert_uint_eq(hcb_f16_from_f64(65520), 0x7c00);
    ck_assert_uint_eq(hcb_f16_from_f64(0x1p-24), 1);
    ck_assert_uint_eq(hcb_f16_from_f64(0x1p-25), 0);
    ck_assert_uint_eq(hcb_f16_from_f64(0x1.8p-24), 2);
    ck_assert_uint_eq(hcb_f16_from_f64(0x1p-14), 0x0400);
    ck_assert_uint_eq(hcb_bf16_from_f64(1), 0x3f80);
    ck_assert_uint_eq(hcb_bf16_from_f64(0x1p-133), 1);
    ck_assert_uint_eq(hcb_bf16_from_f64((double)FLT_MAX), 0x7f80);
    /* 1 + 2^-11 + 2^-40 is above the tie; through a float it would be on it. */
    ck_assert_uint_eq(hcb_f16_from_f64(1 + 0x1p-11 + 0x1p-40), 0x3c01);
    ck_assert_uint_eq(hcb_bf16_from_f64(1 + 0x1p-8 + 0x1p-40), 0x3f81);
    ck_assert_double_eq((double)hcb_f16_to_f32(0x3555), 0.333251953125);
    ck_assert_double_eq((double)hcb_bf16_to_f32(0x3eab), 0.333984375);
}
END_TEST

START_TEST(integers_round_and_clamp)
{
    static const struct {
        double value;
        int32_t i8, i32;
    } rows[] = {
        {0.5, 0, 0},       {1.5, 2, 2},         {2.5, 2, 2},          {-2.5, -2, -2},
        {126.5, 126, 126}, {127.5, 127, 128},   {-128.5, -128, -128}, {-129, -128, -129},
        {300, 127, 300},   {3e9, 127, INT32_MAX}, {-3e9, -128, INT32_MIN},
        {2147483646.5, 127, 2147483646},        {HUGE_VAL, 127, INT32_MAX},
        {-HUGE_VAL, -128, INT32_MIN},           {(double)NAN, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int8_t small[3] = {1, 1, 1};
        int32_t large[3] = {1, 1, 1};
        hcb_type_store(HCB_TYPE_I8, small, 1, rows[i].value);
        hcb_type_store(HCB_TYPE_I32, large, 1, rows[i].value);
        ck_assert_int_eq(small[1], rows[i].i8);
        ck_assert_int_eq(large[1], rows[i].i32);
        ck_assert(small[0] == 1 && small[2] == 1 && large[0] == 1 && large[2] == 1);
    }
}
END_TEST

/* Element access of every type: what fits exactly comes back. */
START_TEST(typed_elements)
{
    static const size_t sizes[HCB_TYPE_COUNT] = {8, 4, 2, 2, 1, 4};
    static const double roundoffs[HCB_TYPE_COUNT] = {DBL_EPSILON / 2, FLT_EPSILON / 2.0, 0x1p-11,
                                                     0x1p-8};
    for (enum hcb_type type = 0; type < HCB_TYPE_COUNT; type++) {
        double storage[8] = {0}, out[8];
        const double values[] = {-100, -3, 0, 1, 2, 7, 64, 127};
        ck_assert_uint_eq(hcb_type_size(type), sizes[type]);
        ck_assert_double_eq(hcb_type_unit_roundoff(type), roundoffs[type]);
        for (size_t i = 0; i < 8; i++)
            hcb_type_store(type, storage, i, values[i]);
        for (size_t i = 0; i < 8; i++)
            ck_assert_double_eq(hcb_type_load(type, storage, i), values[i]);
        hcbi_load_run(type, storage, 1, 2, out, 1, 3);
        ck_assert(out[0] == -3 && out[1] == 1 && out[2] == 7);
    }
}
END_TEST

START_TEST(ulp_distances)
{
    static const struct {
        enum hcb_type type;
        double a, b, distance;
    } rows[] = {
        {HCB_TYPE_F64, 1, 1 + DBL_EPSILON, 1},
        {HCB_TYPE_F64, 1, 1 - DBL_EPSILON / 2, 1},
        {HCB_TYPE_F64, -1e300, -1e300, 0},
        {HCB_TYPE_F64, 0x1p-1074, -0x1p-1074, 2},
        {HCB_TYPE_F32, 1, 1 + FLT_EPSILON, 1},
        {HCB_TYPE_F32, 2, 1, 1 << 23},
        {HCB_TYPE_F32, -0.0, 0.0, 0},
        {HCB_TYPE_F32, 0x1p-149, -0x1p-149, 2},
        {HCB_TYPE_F16, 1, 1 + 0x1p-10, 1},
        {HCB_TYPE_F16, -1, 1, 2 * 0x3c00},
        {HCB_TYPE_BF16, 1, 1 + 0x1p-7, 1},
        {HCB_TYPE_I8, -3, 4, 7},
        {HCB_TYPE_I32, 5, 9, 4},
        {HCB_TYPE_F32, HUGE_VAL, 1, HUGE_VAL},
        {HCB_TYPE_F32, HUGE_VAL, HUGE_VAL, HUGE_VAL},
        {HCB_TYPE_F64, 1, (double)NAN, HUGE_VAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_double_eq(hcb_type_ulp_distance(rows[i].type, rows[i].a, rows[i].b), rows[i].distance);
        ck_assert_double_eq(hcb_type_ulp_distance(rows[i].type, rows[i].b, rows[i].a), rows[i].distance);
    }
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("formats");
    tcase_add_loop_test(tests, patterns_to_float, 0, FORMATS);
    tcase_add_loop_test(tests, patterns_there_and_back, 0, FORMATS);
    tcase_add_loop_test(tests, ties_and_neighbours, 0, FORMATS);
    tcase_add_loop_test(tests, random_doubles, 0, FORMATS);
    tcase_add_loop_test(tests, extremes, 0, FORMATS);
    tcase_add_test(tests, known_values);
    tcase_add_test(tests, integers_round_and_clamp);
    tcase_add_test(tests, typed_elements);
    tcase_add_test(tests, ulp_distances);
    return suite_run("formats", tests);
}
