// SPDX-License-Identifier: Apache-2.0
// C = A B or C += A B for drivers that run invocations on a processor's vector
// units: one lane per invocation, no shared memory, no barrier.  A workgroup is
// one subgroup and computes 8 rows by one panel of B, each invocation two vectors
// of four columns.  A and B come from pack.comp: A as one panel, B in panels of
// 8 * LANES columns, rows padded to 8 and terms to 8.
//
// The one loop takes terms / 8 turns; the host keeps that below the number after
// which a driver may stop it.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "operand.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 8;

layout(std430, binding = 0) readonly restrict buffer PackedA { Vector a[]; };
layout(std430, binding = 1) readonly restrict buffer PackedB { Vector b[]; };
layout(std430, binding = 2) restrict buffer C { Scalar c[]; };

layout(push_constant) uniform Constants {
    uint terms;              // padded
    uint offset, stride;     // of C
    uint rows, columns;      // of C
    uint accumulate;         // 0: C is overwritten
};

// Eight rows, each with two accumulators.
#define ROWS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define DECLARE(r) precise Vector low##r = Vector(0), high##r = Vector(0);
#define LOAD(r) const Vector a##r = a[a_index + r * row_vectors];
#define ADD(r, t) \
    low##r = MULTIPLY_ADD(Vector(a##r[t]), b_low, low##r); \
    high##r = MULTIPLY_ADD(Vector(a##r[t]), b_high, high##r);
#define ADD0(r) ADD(r, 0)
#define ADD1(r) ADD(r, 1)
#define ADD2(r) ADD(r, 2)
#define ADD3(r) ADD(r, 3)
#define TERM(t) \
    { \
        const Vector b_low = b[b_index + t * 2 * LANES]; \
        const Vector b_high = b[b_index + t * 2 * LANES + LANES]; \
        ROWS(ADD##t) \
    }
#define FOUR_TERMS \
    { \
        ROWS(LOAD) \
        TERM(0) TERM(1) TERM(2) TERM(3) \
    } \
    a_index += 1; \
    b_index += 4 * 2 * LANES;
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
    const uint row_vectors = terms / 4;
    uint a_index = 8 * gl_WorkGroupID.y * row_vectors;
    uint b_index = gl_WorkGroupID.x * terms * 2 * LANES + lane;
    ROWS(DECLARE)
    for (uint turn = terms / 8; turn > 0; turn--) {
        FOUR_TERMS
        FOUR_TERMS
    }
    const uint column = gl_WorkGroupID.x * 8 * LANES + 4 * lane;
    ROWS(STORE)
}
