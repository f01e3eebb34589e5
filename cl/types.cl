/* SPDX-License-Identifier: Apache-2.0 */
/* What kernel files share, for CPU drivers and for GPUs, compiled in front of each: the
 * number types of a precision, and in which order work-groups take the tiles of a matrix.
 *
 * -DPRECISION_x   the precision; PRECISION_I32 exists for partial sums
 * -DI8_COMPUTED=T what int8 is widened to, float or int (default)
 * -DHAVE_FMA      COMPUTED is a floating type with a fused multiply-add
 *
 * STORED is the type of the inputs, COMPUTED that of the arithmetic, RESULT that
 * of the output.  LOAD(W, p) reads W elements at p and widens them.  LOAD_WIDE(p) does so with
 * the WIDE elements that fill 16 bytes, where p begins at 16 bytes: GPUs need loads of that
 * size to keep memory busy, and of vload a compiler knows the alignment of an element alone.
 * Narrow elements are loaded as words, since of their vectors clang makes several loads for
 * NVIDIA; devices are taken to be little-endian there. */
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
#define WIDE 2
#elif defined PRECISION_F32 || defined PRECISION_F32X2
#define STORED float
#define COMPUTED float
#define RESULT float
#define WIDE 4
#elif defined PRECISION_F16
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
#define STORED half
#define COMPUTED half
#define RESULT half
#define WIDE 8
#elif defined PRECISION_F16F32
#define STORED half
#define COMPUTED float
#define RESULT float
#define LOAD(width, pointer) PASTE(vload_half, width)(0, pointer)
#define LOAD_ONE(pointer) vload_half(0, pointer)
#define WIDE 8
#define LOAD_WIDE(pointer) load_halves(pointer)
static float8 load_halves(__global const half *pointer)
{
    const uint4 words = *(__global const uint4 *)pointer;
    ushort8 halves;
    halves.even = convert_ushort4(words);
    halves.odd = convert_ushort4(words >> 16);
    return vload_half8(0, (const half *)&halves);
}
#elif defined PRECISION_BF16F32
#define STORED ushort
#define COMPUTED float
#define RESULT float
#define LOAD(width, pointer)                                                                       \
    PASTE(as_float, width)(PASTE(convert_uint, width)(PASTE(vload, width)(0, pointer)) << 16)
#define LOAD_ONE(pointer) as_float((uint)*(pointer) << 16)
#define WIDE 8
#define LOAD_WIDE(pointer) load_brain_floats(pointer)
static float8 load_brain_floats(__global const ushort *pointer)
{
    const uint4 words = *(__global const uint4 *)pointer;
    float8 wide;
    wide.even = as_float4(words << 16);
    wide.odd = as_float4(words & 0xffff0000u);
    return wide;
}
#elif defined PRECISION_I8I32
#define STORED char
#define COMPUTED I8_COMPUTED
#define RESULT int
#define LOAD(width, pointer) CONVERT(COMPUTED, width, PASTE(vload, width)(0, pointer))
#define LOAD_ONE(pointer) ((COMPUTED)*(pointer))
#define WIDE 16
#define LOAD_WIDE(pointer) load_bytes(pointer)
static VECTOR(COMPUTED, 16) load_bytes(__global const char *pointer)
{
    const int4 words = *(__global const int4 *)pointer;
    int16 wide;
    wide.s048c = words << 24 >> 24;
    wide.s159d = words << 16 >> 24;
    wide.s26ae = words << 8 >> 24;
    wide.s37bf = words >> 24;
    return CONVERT(COMPUTED, 16, wide);
}
#elif defined PRECISION_I32
#define STORED int
#define COMPUTED int
#define RESULT int
#define WIDE 4
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
#ifndef LOAD_WIDE
#define LOAD_WIDE(pointer) (*(__global const VECTOR(STORED, WIDE) *)(pointer))
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
