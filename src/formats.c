/* SPDX-License-Identifier: Apache-2.0 */
/* Number formats: IEEE binary16 and bfloat16 as bits, and typed element access.
 * Compilers without _Float16 or __bf16 are supported, so all of it is integer
 * arithmetic on the encodings. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "formats.h"

static uint32_t bits_of_f32(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float f32_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t bits_of_f64(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Shifts right, rounding to nearest with ties to even. */
static uint64_t shift_right_even(uint64_t value, unsigned shift)
{
    if (shift > 63)
        return 0;
    if (shift == 0)
        return value;
    uint64_t half = UINT64_C(1) << (shift - 1);
    uint64_t rest = value & ((half << 1) - 1), kept = value >> shift;
    return kept + (rest > half || (rest == half && (kept & 1)));
}

/* Rounds a double once to a 16-bit format with `exponent_bits` of exponent.
 * Rounding through float first would round twice. */
static uint16_t narrow(double value, unsigned exponent_bits)
{
    const unsigned mantissa_bits = 15 - exponent_bits;
    const int bias = (1 << (exponent_bits - 1)) - 1, exponent_max = (1 << exponent_bits) - 1;
    const uint64_t bits = bits_of_f64(value);
    const uint16_t sign = (uint16_t)(bits >> 48 & 0x8000);
    const int exponent64 = (int)(bits >> 52 & 0x7ff);
    uint64_t mantissa = bits & ((UINT64_C(1) << 52) - 1);
    const uint16_t infinity = (uint16_t)(exponent_max << mantissa_bits);

    if (exponent64 == 0x7ff)
        return (uint16_t)(sign | infinity | (mantissa != 0 ? 1u << (mantissa_bits - 1) : 0));
    if (exponent64 == 0)
        return sign; /* subnormal doubles are far below every 16-bit number */
    mantissa |= UINT64_C(1) << 52;
    const int exponent = exponent64 - 1023 + bias;
    if (exponent >= exponent_max)
        return (uint16_t)(sign | infinity);
    const unsigned drop = 52 - mantissa_bits;
    if (exponent <= 0) /* subnormal result: the carry into the exponent is right */
        return (uint16_t)(sign | shift_right_even(mantissa, drop + (unsigned)(1 - exponent)));
    /* The implicit bit adds one to the exponent field, and so does a carry. */
    uint64_t rounded = shift_right_even(mantissa, drop);
    return (uint16_t)(sign | (((uint64_t)(exponent - 1) << mantissa_bits) + rounded));
}

float hcb_f16_to_f32(uint16_t bits)
{
    uint32_t sign = (uint32_t)(bits & 0x8000) << 16, rest = bits & 0x7fff;
    if (rest >= 0x7c00) /* infinity, NaN */
        return f32_of_bits(sign | 0x7f800000 | (rest & 0x3ff) << 13);
    /* 2^112 moves the exponent from one bias to the other, subnormals too. */
    float magnitude = f32_of_bits(rest << 13) * 0x1p112f;
    return f32_of_bits(sign | bits_of_f32(magnitude));
}

uint16_t hcb_f16_from_f64(double value)
{
    return narrow(value, 5);
}

uint16_t hcb_f16_from_f32(float value)
{
    return narrow((double)value, 5);
}

float hcb_bf16_to_f32(uint16_t bits)
{
    return f32_of_bits((uint32_t)bits << 16);
}

uint16_t hcb_bf16_from_f64(double value)
{
    return narrow(value, 8);
}

uint16_t hcb_bf16_from_f32(float value)
{
    return narrow((double)value, 8);
}

size_t hcb_type_size(enum hcb_type type)
{
    static const unsigned char sizes[HCB_TYPE_COUNT] = {
        [HCB_TYPE_F64] = 8,  [HCB_TYPE_F32] = 4, [HCB_TYPE_F16] = 2,
        [HCB_TYPE_BF16] = 2, [HCB_TYPE_I8] = 1,  [HCB_TYPE_I32] = 4,
    };
    return sizes[type];
}

double hcb_type_unit_roundoff(enum hcb_type type)
{
    static const double roundoffs[HCB_TYPE_COUNT] = {
        [HCB_TYPE_F64] = 0x1p-53,
        [HCB_TYPE_F32] = 0x1p-24,
        [HCB_TYPE_F16] = 0x1p-11,
        [HCB_TYPE_BF16] = 0x1p-8,
    };
    return roundoffs[type];
}

void hcbi_load_run(enum hcb_type type, const void *array, uint64_t first, uint64_t stride, double *to,
                   size_t step, size_t count)
{
#define LOAD_AS(c_type, convert)                                                                   \
    for (size_t l = 0; l < count; l++)                                                             \
        to[l * step] = (double)convert(((const c_type *)array)[first + l * stride]);               \
    break
    switch (type) {
    case HCB_TYPE_F64: LOAD_AS(double, );
    case HCB_TYPE_F32: LOAD_AS(float, );
    case HCB_TYPE_F16: LOAD_AS(uint16_t, hcb_f16_to_f32);
    case HCB_TYPE_BF16: LOAD_AS(uint16_t, hcb_bf16_to_f32);
    case HCB_TYPE_I8: LOAD_AS(int8_t, );
    case HCB_TYPE_I32: LOAD_AS(int32_t, );
    case HCB_TYPE_COUNT: break;
    }
#undef LOAD_AS
}

static int32_t clamp_whole(double value, int32_t low, int32_t high)
{
    value = nearbyint(value);
    return value >= high ? high : value > low ? (int32_t)value : value <= low ? low : 0;
}

static int8_t i8_of(double value)
{
    return (int8_t)clamp_whole(value, INT8_MIN, INT8_MAX);
}

static int32_t i32_of(double value)
{
    return clamp_whole(value, INT32_MIN, INT32_MAX);
}

void hcbi_store_run(enum hcb_type type, void *array, uint64_t first, const double *values, size_t count)
{
#define STORE_AS(c_type, convert)                                                                  \
    for (size_t l = 0; l < count; l++)                                                             \
        ((c_type *)array)[first + l] = convert(values[l]);                                         \
    break
    switch (type) {
    case HCB_TYPE_F64: STORE_AS(double, );
    case HCB_TYPE_F32: STORE_AS(float, (float));
    case HCB_TYPE_F16: STORE_AS(uint16_t, hcb_f16_from_f64);
    case HCB_TYPE_BF16: STORE_AS(uint16_t, hcb_bf16_from_f64);
    case HCB_TYPE_I8: STORE_AS(int8_t, i8_of);
    case HCB_TYPE_I32: STORE_AS(int32_t, i32_of);
    case HCB_TYPE_COUNT: break;
    }
#undef STORE_AS
}

double hcb_type_load(enum hcb_type type, const void *array, uint64_t index)
{
    double value = (double)NAN;
    hcbi_load_run(type, array, index, 1, &value, 1, 1);
    return value;
}

void hcb_type_store(enum hcb_type type, void *array, uint64_t index, double value)
{
    hcbi_store_run(type, array, index, &value, 1);
}

/* Maps the finite numbers of a format, in order, to consecutive integers. */
static int64_t ordinal(enum hcb_type type, double value)
{
    uint64_t magnitude;
    switch (type) {
    case HCB_TYPE_F64: magnitude = bits_of_f64(value) & INT64_MAX; break;
    case HCB_TYPE_F32: magnitude = bits_of_f32((float)value) & INT32_MAX; break;
    case HCB_TYPE_F16: magnitude = hcb_f16_from_f64(value) & 0x7fff; break;
    case HCB_TYPE_BF16: magnitude = hcb_bf16_from_f64(value) & 0x7fff; break;
    default: return (int64_t)value;
    }
    return signbit(value) ? -(int64_t)magnitude : (int64_t)magnitude;
}

double hcb_type_ulp_distance(enum hcb_type type, double a, double b)
{
    if (!isfinite(a) || !isfinite(b))
        return HUGE_VAL;
    const int64_t x = ordinal(type, a), y = ordinal(type, b);
    /* Subtracted as integers: a double does not hold the ordinal of an f64. */
    return (double)(x > y ? (uint64_t)x - (uint64_t)y : (uint64_t)y - (uint64_t)x);
}
