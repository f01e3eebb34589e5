// SPDX-License-Identifier: Apache-2.0
// C = A B or C += A B for GPUs, any that has shared memory: LANES x LANES invocations
// compute a tile of TILE x TILE elements, STEP terms at a time.
//
// Arithmetic units are fed from registers and registers from shared memory, so each
// invocation has BLOCKS x BLOCKS blocks of 4 x 4 elements (8 x 8 for the large tile):
// 64 multiply-adds need four reads of a vector.  Its blocks lie half a tile apart, so
// that neighbours read neighbouring vectors.  The next tiles are on their way from
// memory to registers while these are multiplied, and go to the other of two buffers
// in shared memory, which takes one barrier per step.
//
// Few tiles make few workgroups; then each computes a part of the terms, and
// matmul_add.comp adds the parts.
//
// Numbers of f32x2 are split on their way to shared memory, where low halves lie behind the
// high ones of both buffers, in f32.  Sums of mixed products have registers of their own, so
// an invocation has one block.  This shows the arithmetic; the speed is in matrix units.
//
// Any shape: what lies outside of the operands counts as zero.  With ALIGNED all
// offsets, strides, columns and terms are multiples of four.
//
// Powers of two make all of this fit; BLOCKS * STEP is at least LANES, so that each
// invocation has a vector to load.
//
// Loops take STEP + 1 + 4 LOADS turns per step and no others; the host keeps their
// number below that after which a driver may stop them.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "bands.glsl"
#include "operand.glsl"
#if defined F32X2
#include "halves.glsl"
#define PLANES 2
#else
#define PLANES 1
#endif

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint INVOCATIONS = 256; // LANES * LANES
layout(constant_id = 1) const uint LANES = 16;        // 8, 16 or 32
layout(constant_id = 2) const uint BLOCKS = 2;        // 1 or 2
layout(constant_id = 3) const uint STEP = 16;
layout(constant_id = 4) const bool ALIGNED = false;
layout(constant_id = 5) const uint BAND = 8;          // rows of tiles

const uint TILE = 4 * LANES * BLOCKS;
const uint LOADS = BLOCKS * STEP / LANES; // vectors of A per invocation and step, as many of B
const uint A_STRIDE = TILE / 4 + 1;       // vectors; padded against bank conflicts
const uint B_STRIDE = TILE / 4;

OPERAND(a, 0)
OPERAND(b, 1)
layout(std430, binding = 2) restrict buffer C { Scalar c[]; };
layout(std430, binding = 2) restrict buffer CVectors { Vector c_vectors[]; };

layout(push_constant) uniform Constants {
    uint rows, columns, terms;
    uint a_offset, a_stride;
    uint b_offset, b_stride;
    uint c_offset, c_stride;
    uint accumulate;   // 0: C is overwritten
    uint split_terms;  // of workgroups with the same z, a multiple of STEP if there are several z
    uint split_stride; // elements of C between what they compute
};

const uint A_PLANE = 2 * STEP * A_STRIDE, B_PLANE = 2 * STEP * B_STRIDE;
shared Vector a_tiles[PLANES * A_PLANE]; // by term, then row
shared Vector b_tiles[PLANES * B_PLANE];

// Vectors on their way from memory.
Vector a_next[LOADS], b_next[LOADS];

Vector read_a(uint row, uint term, uint past)
{
    const uint i = a_offset + row * a_stride + term;
    Vector v = Vector(0);
    if (row >= rows || term >= past)
        return v;
    if (ALIGNED)
        return a_group(i / 4);
    v.x = a_element(i);
    if (term + 1 < past)
        v.y = a_element(i + 1);
    if (term + 2 < past)
        v.z = a_element(i + 2);
    if (term + 3 < past)
        v.w = a_element(i + 3);
    return v;
}

Vector read_b(uint term, uint past, uint column)
{
    const uint i = b_offset + term * b_stride + column;
    Vector v = Vector(0);
    if (term >= past || column >= columns)
        return v;
    if (ALIGNED)
        return b_group(i / 4);
    v.x = b_element(i);
    if (column + 1 < columns)
        v.y = b_element(i + 1);
    if (column + 2 < columns)
        v.z = b_element(i + 2);
    if (column + 3 < columns)
        v.w = b_element(i + 3);
    return v;
}

// Vector l of an invocation is number l * INVOCATIONS + id of its tile.
void read_tiles(uint id, uint first_row, uint first_column, uint first_term, uint past)
{
    for (uint l = 0; l < LOADS; l++) {
        const uint i = l * INVOCATIONS + id;
        a_next[l] = read_a(first_row + i / (STEP / 4), first_term + i % (STEP / 4) * 4, past);
    }
    for (uint l = 0; l < LOADS; l++) {
        const uint i = l * INVOCATIONS + id;
        b_next[l] = read_b(first_term + i / B_STRIDE, past, first_column + i % B_STRIDE * 4);
    }
}

// Four terms of a row of A.
void keep_a(uint at, uint row, Vector v)
{
    a_tiles[at][row % 4] = v.x;
    a_tiles[at + A_STRIDE][row % 4] = v.y;
    a_tiles[at + 2 * A_STRIDE][row % 4] = v.z;
    a_tiles[at + 3 * A_STRIDE][row % 4] = v.w;
}

void keep_tiles(uint id, uint buffer_term)
{
    for (uint l = 0; l < LOADS; l++) {
        const uint i = l * INVOCATIONS + id, row = i / (STEP / 4);
        const uint at = (buffer_term + i % (STEP / 4) * 4) * A_STRIDE + row / 4;
#if defined F32X2
        const Vector high = rounded_to_half(a_next[l]);
        keep_a(A_PLANE + at, row, low_half(a_next[l], high));
        keep_a(at, row, high);
#else
        keep_a(at, row, a_next[l]);
#endif
    }
    for (uint l = 0; l < LOADS; l++) {
        const uint at = buffer_term * B_STRIDE + l * INVOCATIONS + id;
#if defined F32X2
        const Vector high = rounded_to_half(b_next[l]);
        b_tiles[B_PLANE + at] = low_half(b_next[l], high);
        b_tiles[at] = high;
#else
        b_tiles[at] = b_next[l];
#endif
    }
}

void store_element(uint i, uint column, Scalar value)
{
    if (column < columns) {
        if (accumulate != 0)
            value += c[i];
        c[i] = value;
    }
}

void store(uint row, uint column, Vector value)
{
    const uint i = c_offset + gl_WorkGroupID.z * split_stride + row * c_stride + column;
    if (row >= rows || column >= columns)
        return;
    if (ALIGNED) {
        if (accumulate != 0)
            value += c_vectors[i / 4];
        c_vectors[i / 4] = value;
        return;
    }
    store_element(i, column, value.x);
    store_element(i + 1, column + 1, value.y);
    store_element(i + 2, column + 2, value.z);
    store_element(i + 3, column + 3, value.w);
}

// Block `n` of an invocation has the sums of vectors 4 n to 4 n + 3.
#define ADD_PRODUCTS(sums, n, left, right) \
    sums[4 * n] = MULTIPLY_ADD(Vector(left.x), right, sums[4 * n]); \
    sums[4 * n + 1] = MULTIPLY_ADD(Vector(left.y), right, sums[4 * n + 1]); \
    sums[4 * n + 2] = MULTIPLY_ADD(Vector(left.z), right, sums[4 * n + 2]); \
    sums[4 * n + 3] = MULTIPLY_ADD(Vector(left.w), right, sums[4 * n + 3]);
#define MULTIPLY(n, left, right) ADD_PRODUCTS(sums, n, left, right)
#define STORE(n, row, column) \
    store(row, column, sums[4 * n]); \
    store(row + 1, column, sums[4 * n + 1]); \
    store(row + 2, column, sums[4 * n + 2]); \
    store(row + 3, column, sums[4 * n + 3]);
#define ZERO4 Vector(0), Vector(0), Vector(0), Vector(0)

void main()
{
    const uint id = gl_LocalInvocationID.x;
    // 32 invocations are a block of 4 x 8, which reads less than a row of 32.
    const uint r = id / 8 % 4 + id / 32 / (LANES / 8) * 4;
    const uint q = id % 8 + id / 32 % (LANES / 8) * 8;
    const uvec2 place = place_of_tile(BAND);
    const uint first_row = TILE * place.y, first_column = TILE * place.x;
    const uint first_term = gl_WorkGroupID.z * split_terms;
    const uint past = min(first_term + split_terms, terms);
    precise Vector sums[16] = {ZERO4, ZERO4, ZERO4, ZERO4};
#if defined F32X2
    precise Vector mixed[4] = {ZERO4};
#endif

    read_tiles(id, first_row, first_column, first_term, past);
    keep_tiles(id, 0);
    uint buffer_term = 0;
    for (uint term = first_term; term < past; term += STEP) {
        const bool is_last = past - term <= STEP;
        barrier();
        if (!is_last)
            read_tiles(id, first_row, first_column, term + STEP, past);
        for (uint t = buffer_term; t < buffer_term + STEP; t++) {
            const Vector left = a_tiles[t * A_STRIDE + r], right = b_tiles[t * B_STRIDE + q];
            MULTIPLY(0, left, right)
#if defined F32X2
            const Vector left_rest = a_tiles[A_PLANE + t * A_STRIDE + r];
            const Vector right_rest = b_tiles[B_PLANE + t * B_STRIDE + q];
            ADD_PRODUCTS(mixed, 0, left, right_rest)
            ADD_PRODUCTS(mixed, 0, left_rest, right)
#endif
            if (BLOCKS == 2) {
                const Vector low = a_tiles[t * A_STRIDE + LANES + r];
                const Vector far = b_tiles[t * B_STRIDE + LANES + q];
                MULTIPLY(1, left, far)
                MULTIPLY(2, low, right)
                MULTIPLY(3, low, far)
            }
        }
        buffer_term = STEP - buffer_term;
        if (!is_last)
            keep_tiles(id, buffer_term);
    }

#if defined F32X2
    sums[0] = MULTIPLY_ADD(mixed[0], Vector(LOW_UNIT), sums[0]);
    sums[1] = MULTIPLY_ADD(mixed[1], Vector(LOW_UNIT), sums[1]);
    sums[2] = MULTIPLY_ADD(mixed[2], Vector(LOW_UNIT), sums[2]);
    sums[3] = MULTIPLY_ADD(mixed[3], Vector(LOW_UNIT), sums[3]);
#endif
    const uint row = first_row + 4 * r, column = first_column + 4 * q;
    STORE(0, row, column)
    if (BLOCKS == 2) {
        STORE(1, row, column + TILE / 2)
        STORE(2, row + TILE / 2, column)
        STORE(3, row + TILE / 2, column + TILE / 2)
    }
}
