// SPDX-License-Identifier: Apache-2.0
// C = A B or C += A B for CPU drivers, which run invocations on a processor's vector
// units: one lane per invocation, no shared memory, no barrier.  A workgroup is
// one subgroup and computes 8 rows by one panel of B, each invocation two vectors
// of four columns.  A and B come from pack.comp: A as one panel, B in panels of
// 8 * LANES columns, rows padded to 8 and terms to 8.  Each lane reads another part
// of A, and a shuffle by a constant gives it to all.
//
// Of f32x2 both have high halves and then as many low ones, in f32.  Sums of mixed products
// have accumulators of their own; all arithmetic is in f32, three multiply-adds for one.
//
// The one loop takes terms / 8 turns; the host keeps that below the number after
// which a driver may stop it.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_shuffle : require
#include "operand.glsl"
#if defined F32X2
#include "halves.glsl"
#endif

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 8;

OPERAND(a, 0)
OPERAND(b, 1)
layout(std430, binding = 2) restrict buffer C { Scalar c[]; };

layout(push_constant) uniform Constants {
    uint terms;              // padded
    uint offset, stride;     // of C
    uint rows, columns;      // of C
    uint accumulate;         // 0: C is overwritten
};

// Half precision goes through single: shuffling it is an extension of its own.
#if defined F16
#define SHUFFLE(x, lane) Scalar(subgroupShuffle(float(x), lane))
#else
#define SHUFFLE(x, lane) subgroupShuffle(x, lane)
#endif

// Eight rows, each with two accumulators.
#define ROWS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#if defined F32X2
#define DECLARE(r) \
    precise Vector low##r = Vector(0), high##r = Vector(0); \
    precise Vector low_mixed##r = Vector(0), high_mixed##r = Vector(0);
#else
#define DECLARE(r) precise Vector low##r = Vector(0), high##r = Vector(0);
#endif
// Eight rows and terms of A are sixteen groups of four terms, group g that of row
// g % 8.  The lanes read LANES of them at once.
#define A_PLACE(n) a_index + (n * LANES + lane) % 8 * row_groups + (n * LANES + lane) % 16 / 8
#define READ_A(n) a_group(A_PLACE(n))
#define GROUP(r, t) (t / 4 * 8 + r)
#define FACTOR(part, r, t) \
    Vector(SHUFFLE(part[GROUP(r, t) / LANES][t % 4], GROUP(r, t) % LANES))
#if defined F32X2
// Behind the high halves of all rows and columns of the dispatch.
#define A_PLANE (8 * gl_NumWorkGroups.y * row_groups)
#define B_PLANE (gl_NumWorkGroups.x * terms * 2 * LANES)
#define READ_A_LOW(n) a_group(A_PLANE + A_PLACE(n))
#define ADD(r, t) \
    { \
        const Vector factor = FACTOR(part, r, t), factor_low = FACTOR(part_low, r, t); \
        low##r = MULTIPLY_ADD(factor, b_low, low##r); \
        high##r = MULTIPLY_ADD(factor, b_high, high##r); \
        low_mixed##r = MULTIPLY_ADD(factor, b_low_rest, low_mixed##r); \
        high_mixed##r = MULTIPLY_ADD(factor, b_high_rest, high_mixed##r); \
        low_mixed##r = MULTIPLY_ADD(factor_low, b_low, low_mixed##r); \
        high_mixed##r = MULTIPLY_ADD(factor_low, b_high, high_mixed##r); \
    }
#define READ_B_REST(t) \
    const Vector b_low_rest = b_group(B_PLANE + b_index + t * 2 * LANES); \
    const Vector b_high_rest = b_group(B_PLANE + b_index + t * 2 * LANES + LANES);
#define FINISH(r) \
    low##r = MULTIPLY_ADD(low_mixed##r, Vector(LOW_UNIT), low##r); \
    high##r = MULTIPLY_ADD(high_mixed##r, Vector(LOW_UNIT), high##r);
#else
#define READ_B_REST(t)
#define FINISH(r)
#define ADD(r, t) \
    { \
        const Vector factor = FACTOR(part, r, t); \
        low##r = MULTIPLY_ADD(factor, b_low, low##r); \
        high##r = MULTIPLY_ADD(factor, b_high, high##r); \
    }
#endif
#define TERM(t) \
    { \
        const Vector b_low = b_group(b_index + t * 2 * LANES); \
        const Vector b_high = b_group(b_index + t * 2 * LANES + LANES); \
        READ_B_REST(t) \
        ADD(0, t) ADD(1, t) ADD(2, t) ADD(3, t) ADD(4, t) ADD(5, t) ADD(6, t) ADD(7, t) \
    }
#define STORE(r) \
    store(r, column, low##r); \
    store(r, column + 4 * LANES, high##r);

void store_element(uint i, uint column, Scalar value)
{
    if (column < columns) {
        if (accumulate != 0)
            value += c[i];
        c[i] = value;
    }
}

void store(uint r, uint column, Vector value)
{
    const uint row = 8 * gl_WorkGroupID.y + r;
    const uint i = offset + row * stride + column;
    if (row < rows) {
        store_element(i, column, value.x);
        store_element(i + 1, column + 1, value.y);
        store_element(i + 2, column + 2, value.z);
        store_element(i + 3, column + 3, value.w);
    }
}

void main()
{
    const uint lane = gl_LocalInvocationID.x;
    const uint row_groups = terms / 4;
    uint a_index = 8 * gl_WorkGroupID.y * row_groups;
    uint b_index = gl_WorkGroupID.x * terms * 2 * LANES + lane;
    ROWS(DECLARE)
    for (uint turn = terms / 8; turn > 0; turn--) {
        // Of four lanes or more; what none needs is not read.
        const Vector part[4] = {READ_A(0), READ_A(1), READ_A(2), READ_A(3)};
#if defined F32X2
        const Vector part_low[4] = {READ_A_LOW(0), READ_A_LOW(1), READ_A_LOW(2), READ_A_LOW(3)};
#endif
        TERM(0) TERM(1) TERM(2) TERM(3) TERM(4) TERM(5) TERM(6) TERM(7)
        a_index += 2;
        b_index += 8 * 2 * LANES;
    }
    const uint column = gl_WorkGroupID.x * 8 * LANES + 4 * lane;
    ROWS(FINISH)
    ROWS(STORE)
}
