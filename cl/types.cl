/* SPDX-License-Identifier: Apache-2.0 */
/* What kernel files share, compiled in front of each: the number types of a precision,
 * and in which order work-groups take the tiles of a matrix.
 *
 * -DPRECISION_x   the precision; PRECISION_I32 exists for partial sums
 * -DI8_COMPUTED=T what int8 is widened to, float or int (default)
 * -DHAVE_FMA      COMPUTED is a floating type with a fused multiply-add
 *
 * STORED is the type of the inputs, COMPUTED that of the arithmetic, RESULT that
 * of the output.  LOAD(W, p) reads W elements at p and widens them. */
#ifdef __clang__ /* no call crosses from one file to another */
#pragma clang diagnostic ignored "-Wpsabi"
#endif
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define VECTOR(type, width) PASTE(type, width)
#define CONVERT(type, width, x) PASTE(PASTE(convert_, type), width)(x)

#ifndef I8_COMPUTED
#define I8_COMPUTED int
#endif

#if defined PRECISION_F64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#define STORED double
#define COMPUTED double
#define RESULT double
#elif defined PRECISION_F32 || defined PRECISION_F32X2
#define STORED float
#define COMPUTED float
#define RESULT float
#elif defined PRECISION_F16
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
#define STORED half
#define COMPUTED half
#define RESULT half
#elif defined PRECISION_F16F32
#define STORED half
#define COMPUTED float
#define RESULT float
#define LOAD(width, pointer) PASTE(vload_half, width)(0, pointer)
#define LOAD_ONE(pointer) vload_half(0, pointer)
#elif defined PRECISION_BF16F32
#define STORED ushort
#define COMPUTED float
#define RESULT float
#define LOAD(width, pointer)                                                                       \
    PASTE(as_float, width)(PASTE(convert_uint, width)(PASTE(vload, width)(0, pointer)) << 16)
#define LOAD_ONE(pointer) as_float((uint)*(pointer) << 16)
#elif defined PRECISION_I8I32
#define STORED char
#define COMPUTED I8_COMPUTED
#define RESULT int
#define LOAD(width, pointer) CONVERT(COMPUTED, width, PASTE(vload, width)(0, pointer))
#define LOAD_ONE(pointer) ((COMPUTED)*(pointer))
#elif defined PRECISION_I32
#define STORED int
#define COMPUTED int
#define RESULT int
#endif

#ifdef HAVE_FMA
#define MULTIPLY_ADD(a, b, c) fma(a, b, c)
#else
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

#ifndef LOAD
#define LOAD(width, pointer) PASTE(vload, width)(0, pointer)
#define LOAD_ONE(pointer) (*(pointer))
#endif

/* A number of f32x2 is high + LOW_UNIT low, both rounded to 16 bits, to nearest with ties
 * to even, whatever a device's own conversion does; the rest is scaled so that it does not
 * underflow.  A product is that of the high halves and LOW_UNIT times both mixed ones: the
 * source and the error are in hcbench.h, at hcb_verify.  From 65520 on `high` is infinite. */
#define LOW_UNIT 0x1p-11f
#ifdef PRECISION_F32X2
#define PLANES 2 /* of numbers where they lie packed or in local memory: high, low */
/* Below 2^-14 halves are multiples of 2^-24, as numbers from 1/2 to 1 are. */
static float rounded_to_half(float x)
{
    const uint bits = as_uint(x), magnitude = bits & 0x7fffffffu;
    uint rounded = (magnitude + 0xfffu + (magnitude >> 13 & 1u)) & ~0x1fffu;
    if (magnitude < 0x38800000u)
        rounded = as_uint((as_float(magnitude) + 0.5f) - 0.5f);
    else if (rounded >= 0x47800000u)
        rounded = 0x7f800000u;
    return as_float(rounded | (bits & 0x80000000u));
}

static float half_of(float x, uint plane)
{
    const float high = rounded_to_half(x);
    return plane == 0 ? high : rounded_to_half((x - high) * 0x1p11f);
}
#else
#define PLANES 1
#endif

/* Tile of a group: down a band of `super` rows of tiles, then to its next column, so that
 * groups that run together read the same operands. */
static ulong2 tile_of(ulong group, uint super, ulong tiles_down, ulong tiles_across)
{
    const ulong first = group / (super * tiles_across) * super;
    const ulong height = min((ulong)super, tiles_down - first);
    const ulong rest = group - first * tiles_across, column = rest / height;
    return (ulong2)(first + rest - column * height, column);
}
