// SPDX-License-Identifier: Apache-2.0
// What the reductions share.  The macro DOT chooses the dot product, else it is a
// sum.  A block is BLOCK elements, always reduced in the same order: the tree is a
// function of the number of elements, BLOCK and the invocations that share one.
//
// NEUMAIER: compensated.  What the additions and the products lose is added up beside
// each sum (TwoSum of Knuth and TwoProduct of Dekker and Veltkamp, as in Sum2 and Dot2 of
// Ogita, Rump, Oishi, SIAM J. Sci. Comput. 26(6), 2005; no fma, which drivers may round
// twice).  `precise` keeps the compiler from finding out that in the reals nothing is
// lost.  A result is two elements then, the sum and what it lost, but for the last one.
// WIDE: sums are in f64, and so are the results.
// ROUND_F32, ROUND_F16: results are rounded to these, after sums in f64.
#ifdef ROUND_F16
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#endif
#include "operand.glsl"

layout(constant_id = 1) const uint BLOCK = 16384; // at least 16 per invocation

#ifdef WIDE
#define Sum double
#define SumVector dvec4
#else
#define Sum Scalar
#define SumVector Vector
#endif
#if defined ROUND_F32
#define Result float
#elif defined ROUND_F16
#define Result float16_t
#else
#define Result Sum
#endif

OPERAND(x, 0)
#ifdef DOT
OPERAND(y, 1)
#endif
layout(std430, binding = 2) writeonly restrict buffer Results { Result result[]; };

layout(push_constant) uniform Constants {
    uint count;        // elements
    uint first_result; // offset
    uint lanes;        // that share a block on a processor
    uint turns;        // there, for the last block, of which `lanes` invocations do all
    uint is_last;      // 1: there is one result, and it is the sum
};

// sum += term; low += what that loses.
#ifdef NEUMAIER
#define DEFINE_ADD(T) \
    void add(inout T sum, inout T low, T term) \
    { \
        precise const T total = sum + term; \
        precise const T back = total - sum; \
        precise const T lost = (sum - (total - back)) + (term - back); \
        precise const T all_lost = low + lost; \
        sum = total; \
        low = all_lost; \
    }
#else
#define DEFINE_ADD(T) \
    void add(inout T sum, inout T low, T term) \
    { \
        precise const T total = sum + term; \
        sum = total; \
    }
#endif
#define DEFINE_JOIN(T) \
    void join(inout T sum, inout T low, T other, T other_low) \
    { \
        precise const T lows = low + other_low; \
        low = lows; \
        add(sum, low, other); \
    }
DEFINE_ADD(Sum)
DEFINE_ADD(SumVector)
DEFINE_JOIN(Sum)
DEFINE_JOIN(SumVector)

#ifdef DOT
#ifdef NEUMAIER
// a b - product, exactly.
Vector lost_by(Vector a, Vector b, Vector product)
{
#if defined F16
    precise const vec4 lost = vec4(a) * vec4(b) - vec4(product); // f32 holds the product
    return Vector(lost);
#elif defined F16F32 || defined BF16F32
    return Vector(0);
#else
#ifdef F64
    const Scalar splitter = 134217729.0LF; // 2^27 + 1
#else
    const Scalar splitter = 4097.0; // 2^12 + 1
#endif
    precise const Vector big_a = a * splitter, big_b = b * splitter;
    precise const Vector high_a = big_a - (big_a - a), high_b = big_b - (big_b - b);
    precise const Vector low_a = a - high_a, low_b = b - high_b;
    precise const Vector lost =
        ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b;
    return lost;
#endif
}
#endif

void multiply(inout SumVector sum, inout SumVector low, Vector a, Vector b)
{
#if defined NEUMAIER
    precise const Vector product = a * b;
    precise const Vector lows = low + lost_by(a, b, product);
    low = lows;
    add(sum, low, product);
#elif defined WIDE
    precise const SumVector total = sum + SumVector(a) * SumVector(b); // the product is exact
    sum = total;
#else
    precise const Vector total = MULTIPLY_ADD(a, b, sum);
    sum = total;
#endif
}
#endif

// A group of which the elements from `count` on are missing.
#define DEFINE_PART(name) \
    Vector name##_part(uint i) \
    { \
        Vector v = Vector(0); \
        if (4 * i < count) \
            v.x = name##_element(4 * i); \
        if (4 * i + 1 < count) \
            v.y = name##_element(4 * i + 1); \
        if (4 * i + 2 < count) \
            v.z = name##_element(4 * i + 2); \
        if (4 * i + 3 < count) \
            v.w = name##_element(4 * i + 3); \
        return v; \
    }
DEFINE_PART(x)
#ifdef DOT
DEFINE_PART(y)
#define TAKE(s, x, y) multiply(sum##s, low##s, x, y);
#else
#define TAKE(s, x, y) add(sum##s, low##s, SumVector(x));
#endif

// In a turn four chains take a group each.  GPUs read an operand 16 bytes at a time; of narrow
// elements these are SPAN groups, side by side, for as many chains, and DEFINE_TURN(name, number)
// declares Vector[4] name_turn(uint i, uint step), which reads all four.
#if defined TEXELS || defined F64 || defined F32 || defined I32
#define SPAN 1
#define EACH_CHAIN(X) X(0, i) X(1, i + step) X(2, i + 2 * step) X(3, i + 3 * step)
#define TAKE_GROUP(s, place) TAKE(s, x_group(place), y_group(place))
#define DEFINE_TURN(name, number)
#define READ_TURN(name)
#else
#define TAKE_GROUP(s, place) TAKE(s, x[s], y[s])
#define READ_TURN(name) const Vector name[4] = name##_turn(i, step);
#if defined I8I32
#define SPAN 4
#define EACH_CHAIN(X) X(0, 4 * i) X(1, 4 * i + 1) X(2, 4 * i + 2) X(3, 4 * i + 3)
#define FOUR(w) (Vector(w << 24, w << 16, w << 8, w) >> 24)
#define DEFINE_TURN(name, number) \
    BUFFER(name##_units, number, ivec4) \
    Vector[4] name##_turn(uint i, uint step) \
    { \
        const ivec4 w = name##_units[i]; \
        return Vector[4](FOUR(w.x), FOUR(w.y), FOUR(w.z), FOUR(w.w)); \
    }
#else
#define SPAN 2
#define EACH_CHAIN(X) X(0, 2 * i) X(1, 2 * i + 1) X(2, 2 * (i + step)) X(3, 2 * (i + step) + 1)
#if defined F16
#define TWO(w) unpackFloat2x16(w)
#elif defined F16F32
#define TWO(w) unpackHalf2x16(w)
#else
#define TWO(w) uintBitsToFloat(uvec2(w << 16, w & 0xffff0000u))
#endif
#define DEFINE_TURN(name, number) \
    BUFFER(name##_units, number, uvec4) \
    Vector[4] name##_turn(uint i, uint step) \
    { \
        const uvec4 v = name##_units[i], w = name##_units[i + step]; \
        return Vector[4](Vector(TWO(v.x), TWO(v.y)), Vector(TWO(v.z), TWO(v.w)), \
                         Vector(TWO(w.x), TWO(w.y)), Vector(TWO(w.z), TWO(w.w))); \
    }
#endif
#endif
DEFINE_TURN(x, 0)
#ifdef DOT
DEFINE_TURN(y, 1)
#define READ_TURNS READ_TURN(x) READ_TURN(y)
#else
#define READ_TURNS READ_TURN(x)
#endif
#define TAKE_PART(s, place) TAKE(s, x_part(place), y_part(place))

// Adds the units of SPAN groups first, first + step, ..., which are `rounds` * 4 groups, in four
// chains.
void chains(uint first, uint step, uint rounds, bool whole, out Sum sum, out Sum low)
{
    SumVector sum0 = SumVector(0), sum1 = SumVector(0), sum2 = SumVector(0), sum3 = SumVector(0);
    SumVector low0 = SumVector(0), low1 = SumVector(0), low2 = SumVector(0), low3 = SumVector(0);
    uint i = first;
    if (whole) {
        for (uint turn = 0; turn < rounds; turn++, i += 4 / SPAN * step) {
            READ_TURNS
            EACH_CHAIN(TAKE_GROUP)
        }
    } else {
        for (uint turn = 0; turn < rounds; turn++, i += 4 / SPAN * step) {
            EACH_CHAIN(TAKE_PART)
        }
    }
    join(sum0, low0, sum1, low1);
    join(sum2, low2, sum3, low3);
    join(sum0, low0, sum2, low2);
    Sum right = sum0.z, right_low = low0.z;
    sum = sum0.x;
    low = low0.x;
    join(sum, low, sum0.y, low0.y);
    join(right, right_low, sum0.w, low0.w);
    join(sum, low, right, right_low);
}

void finish(uint index, Sum sum, Sum low)
{
#ifdef NEUMAIER
    if (is_last == 1) {
        precise const Sum all = sum + low;
        result[first_result] = all;
    } else {
        result[first_result + 2 * index] = sum;
        result[first_result + 2 * index + 1] = low;
    }
#else
    result[first_result + index] = Result(sum);
#endif
}
