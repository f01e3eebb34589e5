// SPDX-License-Identifier: Apache-2.0
// f32x2: a number is high + LOW_UNIT low, both rounded to 16 bits, to nearest with ties to
// even, and kept in 32.  The rest is scaled so that it does not underflow.  A product is
// that of the high halves and LOW_UNIT times both mixed ones; the source and the error are
// in hcbench.h, at hcb_verify.
//
// Rounded by hand, as a device may convert to 16 bits by cutting off.  From 2^-14 on that is
// done on the bits; below, where halves are multiples of 2^-24, by rounding to a whole number.
// From 65520 on the high half is infinite.

const float LOW_UNIT = 1.0 / 2048.0;
const float TWO_TO_24 = 16777216.0;

vec4 rounded_to_half(vec4 x)
{
    const uvec4 bits = floatBitsToUint(x), magnitude = bits & 0x7fffffffu;
    const uvec4 normal = (magnitude + 0xfffu + (magnitude >> 13 & 1u)) & ~0x1fffu;
    const uvec4 small =
        floatBitsToUint(roundEven(uintBitsToFloat(magnitude) * TWO_TO_24) * (1.0 / TWO_TO_24));
    uvec4 rounded = mix(normal, small, lessThan(magnitude, uvec4(0x38800000u)));
    rounded = mix(rounded, uvec4(0x7f800000u), greaterThanEqual(rounded, uvec4(0x47800000u)));
    return uintBitsToFloat(rounded | bits & 0x80000000u);
}

vec4 low_half(vec4 x, vec4 high)
{
    precise const vec4 rest = (x - high) * 2048.0;
    return rounded_to_half(rest);
}

// The 16 bits of numbers that have no more; no conversion, which may lose subnormal ones.
uvec4 bits_of_half(vec4 x)
{
    const uvec4 bits = floatBitsToUint(x), magnitude = min(bits & 0x7fffffffu, 0x47800000u);
    const uvec4 small = uvec4(uintBitsToFloat(magnitude) * TWO_TO_24);
    const uvec4 normal = (magnitude - 0x38000000u) >> 13;
    return mix(normal, small, lessThan(magnitude, uvec4(0x38800000u))) | bits >> 16 & 0x8000u;
}
