// SPDX-License-Identifier: Apache-2.0
// C = A B or C += A B for GPUs: a workgroup of 16 x 16 invocations computes 64 x 64
// elements from tiles of 16 terms in shared memory, each invocation 4 x 4.  Any
// shape: what lies outside of the operands counts as zero.
//
// Loops take at most 25 turns per tile of terms; the host keeps their number below
// that after which a driver may stop them.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "operand.glsl"

layout(local_size_x = 256) in;
const uint SIDE = 64, TERMS = 16;

OPERAND(a, 0)
OPERAND(b, 1)
layout(std430, binding = 2) restrict buffer C { Scalar c[]; };

layout(push_constant) uniform Constants {
    uint rows, columns, terms;
    uint a_offset, a_stride;
    uint b_offset, b_stride;
    uint c_offset, c_stride;
    uint accumulate; // 0: C is overwritten
};

shared Scalar a_tile[TERMS][SIDE + 1]; // by term, then row; padded against bank conflicts
shared Scalar b_tile[TERMS][SIDE];

// Neighbouring invocations read neighbouring terms.
void load_a(uint first_row, uint first_term)
{
    const uint t = gl_LocalInvocationID.x % TERMS;
    for (uint r = gl_LocalInvocationID.x / TERMS; r < SIDE; r += 256 / TERMS) {
        const uint row = first_row + r, term = first_term + t;
        const bool is_inside = row < rows && term < terms;
        a_tile[t][r] = is_inside ? a_element(a_offset + row * a_stride + term) : Scalar(0);
    }
}

void load_b(uint first_column, uint first_term)
{
    const uint q = gl_LocalInvocationID.x % SIDE;
    for (uint t = gl_LocalInvocationID.x / SIDE; t < TERMS; t += 256 / SIDE) {
        const uint column = first_column + q, term = first_term + t;
        const bool is_inside = column < columns && term < terms;
        b_tile[t][q] = is_inside ? b_element(b_offset + term * b_stride + column) : Scalar(0);
    }
}

void store_element(uint row, uint column, Scalar value)
{
    if (row < rows && column < columns) {
        const uint i = c_offset + row * c_stride + column;
        if (accumulate != 0)
            value += c[i];
        c[i] = value;
    }
}

void store(uint row, uint column, Vector value)
{
    store_element(row, column, value.x);
    store_element(row, column + 1, value.y);
    store_element(row, column + 2, value.z);
    store_element(row, column + 3, value.w);
}

void main()
{
    const uint first_row = SIDE * gl_WorkGroupID.y, first_column = SIDE * gl_WorkGroupID.x;
    const uint r = gl_LocalInvocationID.x / 16 * 4, q = gl_LocalInvocationID.x % 16 * 4;
    precise Vector sum0 = Vector(0), sum1 = Vector(0), sum2 = Vector(0), sum3 = Vector(0);
    for (uint first_term = 0; first_term < terms; first_term += TERMS) {
        load_a(first_row, first_term);
        load_b(first_column, first_term);
        barrier();
        for (uint t = 0; t < TERMS; t++) {
            const Vector right =
                Vector(b_tile[t][q], b_tile[t][q + 1], b_tile[t][q + 2], b_tile[t][q + 3]);
            sum0 = MULTIPLY_ADD(Vector(a_tile[t][r]), right, sum0);
            sum1 = MULTIPLY_ADD(Vector(a_tile[t][r + 1]), right, sum1);
            sum2 = MULTIPLY_ADD(Vector(a_tile[t][r + 2]), right, sum2);
            sum3 = MULTIPLY_ADD(Vector(a_tile[t][r + 3]), right, sum3);
        }
        barrier();
    }
    store(first_row + r, first_column + q, sum0);
    store(first_row + r + 1, first_column + q, sum1);
    store(first_row + r + 2, first_column + q, sum2);
    store(first_row + r + 3, first_column + q, sum3);
}
