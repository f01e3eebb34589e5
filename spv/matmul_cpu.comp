// SPDX-License-Identifier: Apache-2.0
// C = A B or C += A B for drivers that run invocations on a processor's vector
// units: one lane per invocation, no shared memory, no barrier.  A workgroup is
// one subgroup and computes 8 rows by one panel of B, each invocation two vectors
// of four columns.  A and B come from pack.comp: A as one panel, B in panels of
// 8 * LANES columns, rows padded to 8 and terms to 8.  Each lane reads another part
// of A, and a shuffle by a constant gives it to all.
//
// The one loop takes terms / 8 turns; the host keeps that below the number after
// which a driver may stop it.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_shuffle : require
#include "operand.glsl"

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
#define DECLARE(r) precise Vector low##r = Vector(0), high##r = Vector(0);
// Eight rows and terms of A are sixteen groups of four terms, group g that of row
// g % 8.  The lanes read LANES of them at once.
#define READ_A(n) a_group(a_index + (n * LANES + lane) % 8 * row_groups + (n * LANES + lane) % 16 / 8)
#define GROUP(r, t) (t / 4 * 8 + r)
#define ADD(r, t) \
    { \
        const Vector factor = \
            Vector(SHUFFLE(part[GROUP(r, t) / LANES][t % 4], GROUP(r, t) % LANES)); \
        low##r = MULTIPLY_ADD(factor, b_low, low##r); \
        high##r = MULTIPLY_ADD(factor, b_high, high##r); \
    }
#define TERM(t) \
    { \
        const Vector b_low = b_group(b_index + t * 2 * LANES); \
        const Vector b_high = b_group(b_index + t * 2 * LANES + LANES); \
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
        TERM(0) TERM(1) TERM(2) TERM(3) TERM(4) TERM(5) TERM(6) TERM(7)
        a_index += 2;
        b_index += 8 * 2 * LANES;
    }
    const uint column = gl_WorkGroupID.x * 8 * LANES + 4 * lane;
    ROWS(STORE)
}
