// SPDX-License-Identifier: Apache-2.0
// C = P0 + P1 + ... or C += P0 + P1 + ... for GPUs: joins what workgroups of
// matmul_gpu.comp and matmul_coopmat.comp computed of the terms.  The order is fixed,
// so that a second run gives the same bits.  An invocation computes four columns of one
// row: memory decides the time, and neighbours read and write neighbouring vectors.
//
// The loop takes as many turns as there are parts.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "operand.glsl"

layout(local_size_x = 64) in;

BUFFER(parts, 0, Vector)
layout(std430, binding = 2) restrict buffer C { Scalar c[]; };

layout(push_constant) uniform Constants {
    uint columns;
    uint part_count;
    uint row_vectors, part_vectors; // of a row and of a part
    uint c_offset, c_stride;
    uint accumulate; // 0: C is overwritten
};

void store(uint i, uint column, Scalar value)
{
    if (column < columns) {
        if (accumulate != 0)
            value += c[i];
        c[i] = value;
    }
}

void main()
{
    const uint row = gl_WorkGroupID.y, column = 4 * gl_GlobalInvocationID.x;
    if (column >= columns)
        return;
    const uint first = row * row_vectors + column / 4;
    precise Vector sum = parts[first];
    for (uint p = 1; p < part_count; p++)
        sum += parts[p * part_vectors + first];
    const uint i = c_offset + row * c_stride + column;
    store(i, column, sum.x);
    store(i + 1, column + 1, sum.y);
    store(i + 2, column + 2, sum.z);
    store(i + 3, column + 3, sum.w);
}
