// SPDX-License-Identifier: Apache-2.0
// C = A B or C += A B for GPUs with matrix units (VK_KHR_cooperative_matrix, subgroup
// scope), on 16-bit floats and bytes.  A workgroup has GRID_DOWN x GRID_ACROSS
// subgroups, each of which computes DOWN x ACROSS matrices of M x N elements, STEP
// terms at a time.
//
// Matrix units are faster than shared memory: a matrix that was read from there must be
// used as often as registers allow, so the sums of a subgroup, 64 x 64 elements where
// they fit, stay in its registers.  Operands come from memory in units of eight
// elements, one step ahead, and go to the other of two buffers, as in matmul_gpu.comp.
// Rows in shared memory are 16 bytes longer, which spreads them over the banks.
//
// Any shape: what lies outside of the operands counts as zero.  With ALIGNED all
// offsets, strides, columns and terms are multiples of eight, and tiles that lie inside go
// to C directly; others pass through shared memory to be stored element by element.
//
// Numbers of f32x2 are split on their way to shared memory, where low halves lie behind the
// high ones of a buffer.  Units may cut off (round towards zero) what their sums do not
// keep, so a long sum in them is worse than one in f32.  Therefore each K terms begin at
// zero, and what they give is added outside, where f32 rounds to nearest, as Ootomo and
// Yokota do (see hcbench.h).
//
// The host chooses the constants from what the driver lists, and bounds the turns of
// the loops.  Those that index matrices must be unrolled to keep these in registers.
//
// A test defines EMULATED and brings matrices of its own, tests/subgroup_matrices.glsl.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#ifndef EMULATED
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_EXT_shader_explicit_arithmetic_types : require
#ifdef BF16F32
#extension GL_EXT_bfloat16 : require
#endif
#pragma use_vulkan_memory_model
#endif
#include "bands.glsl"

// A Unit has eight elements, a Word of 32 bits has 1 << WORD_SHIFT.  What is read of
// memory at once is eight elements too.
#if defined I8I32
#define Input int8_t
#define Scalar int
#define Unit uvec2
#define SCALAR_OF(word) int(word)
const uint WORD_SHIFT = 2;
#else
#if defined BF16F32
#define Input bfloat16_t
#else
#define Input float16_t
#endif
#define Scalar float
#define Unit uvec4
#define SCALAR_OF(word) uintBitsToFloat(word)
const uint WORD_SHIFT = 1;
#endif
#if defined F32X2
#include "halves.glsl"
#define Read mat2x4
const uint PLANES = 2;
#else
#define Read Unit
const uint PLANES = 1;
#endif
const uint WORD = 1 << WORD_SHIFT;  // elements
const uint WORDS = 8 / WORD;        // of a unit
const uint PADDING = 4 / WORDS;     // units

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint INVOCATIONS = 256;
layout(constant_id = 1) const uint SUBGROUP = 32;
layout(constant_id = 2) const uint M = 16;
layout(constant_id = 3) const uint N = 16;
layout(constant_id = 4) const uint K = 16;
layout(constant_id = 5) const uint DOWN = 4;
layout(constant_id = 6) const uint ACROSS = 4;
layout(constant_id = 7) const uint GRID_DOWN = 2;
layout(constant_id = 8) const uint GRID_ACROSS = 4;
layout(constant_id = 9) const uint STEP = 16;
layout(constant_id = 10) const bool ALIGNED = false;

const uint ROWS = M * DOWN * GRID_DOWN, COLUMNS = N * ACROSS * GRID_ACROSS;
const uint A_STRIDE = STEP / 8 + PADDING, B_STRIDE = COLUMNS / 8 + PADDING; // units
const uint A_UNITS = ROWS * A_STRIDE, B_UNITS = STEP * B_STRIDE;
const uint PLANE_UNITS = A_UNITS + B_UNITS, BUFFER_UNITS = PLANES * PLANE_UNITS;
// Units that an invocation reads per step.
const uint A_LOADS = (ROWS * STEP / 8 + INVOCATIONS - 1) / INVOCATIONS;
const uint B_LOADS = (COLUMNS * STEP / 8 + INVOCATIONS - 1) / INVOCATIONS;

#if defined F32X2
layout(std430, binding = 0) readonly restrict buffer A { float a_elements[]; };
layout(std430, binding = 0) readonly restrict buffer AVectors { vec4 a_vectors[]; };
layout(std430, binding = 1) readonly restrict buffer B { float b_elements[]; };
layout(std430, binding = 1) readonly restrict buffer BVectors { vec4 b_vectors[]; };
#else
layout(std430, binding = 0) readonly restrict buffer A { uint a_words[]; };
layout(std430, binding = 0) readonly restrict buffer AUnits { Unit a_units[]; };
layout(std430, binding = 1) readonly restrict buffer B { uint b_words[]; };
layout(std430, binding = 1) readonly restrict buffer BUnits { Unit b_units[]; };
#endif
layout(std430, binding = 2) restrict buffer C { Scalar c[]; };

layout(push_constant) uniform Constants {
    uint rows, columns, terms;
    uint a_offset, a_stride;
    uint b_offset, b_stride;
    uint c_offset, c_stride;
    uint accumulate;   // 0: C is overwritten
    uint split_terms;  // of workgroups with the same z, a multiple of STEP if there are several z
    uint split_stride; // elements of C between what they compute
};

shared Unit tiles[2 * BUFFER_UNITS]; // by row

// On their way from memory.
Read a_next[A_LOADS], b_next[B_LOADS];

// Defines name_read(i, count): elements i to i + 7 of an operand, zero from `count` on.
// A word at any element is made of two that memory has.
#if defined F32X2
#define OPERAND_UNITS(name) \
    mat2x4 name##_read(uint i, uint count) \
    { \
        mat2x4 eight = mat2x4(0); \
        if (ALIGNED) \
            return mat2x4(name##_vectors[i / 4], name##_vectors[i / 4 + 1]); \
        for (uint e = 0; e < 8 && e < count; e++) \
            eight[e / 4][e % 4] = name##_elements[i + e]; \
        return eight; \
    }
#else
#define OPERAND_UNITS(name) \
    Unit name##_read(uint i, uint count) \
    { \
        Unit unit = Unit(0); \
        if (ALIGNED) \
            return name##_units[i / 8]; \
        for (uint w = 0; w < WORDS && w * WORD < count; w++) { \
            const uint e = i + w * WORD, at = e >> WORD_SHIFT, left = count - w * WORD; \
            const uint bits = 32 / WORD * (e & (WORD - 1)); \
            uint word = name##_words[at] >> bits; \
            if (bits != 0 && left > WORD - (e & (WORD - 1))) \
                word |= name##_words[at + 1] << 32 - bits; \
            unit[w] = left < WORD ? bitfieldExtract(word, 0, int(32 / WORD * left)) : word; \
        } \
        return unit; \
    }
#endif
OPERAND_UNITS(a)
OPERAND_UNITS(b)

void read_tiles(uint id, uint first_row, uint first_column, uint first_term, uint past)
{
    for (uint l = 0; l < A_LOADS; l++) {
        const uint i = l * INVOCATIONS + id;
        const uint row = first_row + i / (STEP / 8), term = first_term + i % (STEP / 8) * 8;
        a_next[l] = Read(0);
        if (row < rows && term < past)
            a_next[l] = a_read(a_offset + row * a_stride + term, past - term);
    }
    for (uint l = 0; l < B_LOADS; l++) {
        const uint i = l * INVOCATIONS + id;
        const uint term = first_term + i / (COLUMNS / 8);
        const uint column = first_column + i % (COLUMNS / 8) * 8;
        b_next[l] = Read(0);
        if (term < past && column < columns)
            b_next[l] = b_read(b_offset + term * b_stride + column, columns - column);
    }
}

#if defined F32X2
Unit unit_of(vec4 x, vec4 y)
{
    const uvec4 a = bits_of_half(x), b = bits_of_half(y);
    return uvec4(a.xz | a.yw << 16, b.xz | b.yw << 16);
}

void keep(uint at, mat2x4 eight)
{
    const vec4 x = rounded_to_half(eight[0]), y = rounded_to_half(eight[1]);
    tiles[at] = unit_of(x, y);
    tiles[at + PLANE_UNITS] = unit_of(low_half(eight[0], x), low_half(eight[1], y));
}
#else
void keep(uint at, Unit unit)
{
    tiles[at] = unit;
}
#endif

void keep_tiles(uint id, uint first)
{
    for (uint l = 0; l < A_LOADS; l++) {
        const uint i = l * INVOCATIONS + id;
        if (i < ROWS * STEP / 8)
            keep(first + i / (STEP / 8) * A_STRIDE + i % (STEP / 8), a_next[l]);
    }
    for (uint l = 0; l < B_LOADS; l++) {
        const uint i = l * INVOCATIONS + id;
        if (i < COLUMNS * STEP / 8)
            keep(first + A_UNITS + i / (COLUMNS / 8) * B_STRIDE + i % (COLUMNS / 8), b_next[l]);
    }
}

#ifdef EMULATED
#include "subgroup_matrices.glsl"
#else
#define Sum coopmat<Scalar, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator>
#define Left coopmat<Input, gl_ScopeSubgroup, M, K, gl_MatrixUseA>
#define Right coopmat<Input, gl_ScopeSubgroup, K, N, gl_MatrixUseB>
#define PLUS(x, y) ((x) + (y))
#define TIMES(x, factor) ((x) * (factor))
#define BY_ROW gl_CooperativeMatrixLayoutRowMajor
#endif

// What lies inside of a matrix, from its place in shared memory.
void store_part(uint row, uint column, uint stage)
{
    for (uint e = gl_SubgroupInvocationID; e < M * N; e += SUBGROUP)
        if (row + e / N < rows && column + e % N < columns) {
            const uint i = c_offset + gl_WorkGroupID.z * split_stride +
                           (row + e / N) * c_stride + column + e % N;
            Scalar value = SCALAR_OF(tiles[stage + e / WORDS][e % WORDS]);
            if (accumulate != 0)
                value += c[i];
            c[i] = value;
        }
}

void main()
{
    const uint id = gl_LocalInvocationID.x;
    const uvec2 place = place_of_tile(8);
    const uint first_row = ROWS * place.y, first_column = COLUMNS * place.x;
    const uint down = M * DOWN * (gl_SubgroupID / GRID_ACROSS);
    const uint across = N * ACROSS * (gl_SubgroupID % GRID_ACROSS);
    const uint first_term = gl_WorkGroupID.z * split_terms;
    const uint past = min(first_term + split_terms, terms);
    Sum sums[DOWN * ACROSS];
    [[unroll]] for (uint s = 0; s < DOWN * ACROSS; s++)
        sums[s] = Sum(0);

    read_tiles(id, first_row, first_column, first_term, past);
    keep_tiles(id, 0);
    uint first = 0;
    for (uint term = first_term; term < past; term += STEP) {
        const bool is_last = past - term <= STEP;
        barrier();
        if (!is_last)
            read_tiles(id, first_row, first_column, term + STEP, past);
        for (uint t = 0; t < STEP; t += K) {
            Left left[PLANES * DOWN];
            [[unroll]] for (uint d = 0; d < DOWN; d++) {
                const uint at = first + (down + d * M) * A_STRIDE + t / 8;
                coopMatLoad(left[d], tiles, at, A_STRIDE, BY_ROW);
#if defined F32X2
                coopMatLoad(left[DOWN + d], tiles, at + PLANE_UNITS, A_STRIDE, BY_ROW);
#endif
            }
            [[unroll]] for (uint q = 0; q < ACROSS; q++) {
                const uint at = first + A_UNITS + t * B_STRIDE + (across + q * N) / 8;
                Right right;
                coopMatLoad(right, tiles, at, B_STRIDE, BY_ROW);
#if defined F32X2
                Right right_low;
                coopMatLoad(right_low, tiles, at + PLANE_UNITS, B_STRIDE, BY_ROW);
                [[unroll]] for (uint d = 0; d < DOWN; d++) {
                    const Sum products = coopMatMulAdd(left[d], right, Sum(0));
                    Sum mixed = coopMatMulAdd(left[d], right_low, Sum(0));
                    mixed = coopMatMulAdd(left[DOWN + d], right, mixed);
                    const Sum both = PLUS(products, TIMES(mixed, LOW_UNIT));
                    sums[d * ACROSS + q] = PLUS(sums[d * ACROSS + q], both);
                }
#else
                [[unroll]] for (uint d = 0; d < DOWN; d++)
                    sums[d * ACROSS + q] = coopMatMulAdd(left[d], right, sums[d * ACROSS + q]);
#endif
            }
        }
        first = BUFFER_UNITS - first;
        if (!is_last)
            keep_tiles(id, first);
    }

    // The tiles' memory is free from here on.
    barrier();
    const uint stage = gl_SubgroupID * M * (N / WORDS);
    const bool is_whole = ALIGNED && first_row + ROWS <= rows && first_column + COLUMNS <= columns;
    [[unroll]] for (uint s = 0; s < DOWN * ACROSS; s++) {
        const uint row = first_row + down + s / ACROSS * M;
        const uint column = first_column + across + s % ACROSS * N;
        if (is_whole) {
            const uint i = c_offset + gl_WorkGroupID.z * split_stride + row * c_stride + column;
            if (accumulate != 0) {
                Sum old;
                coopMatLoad(old, c, i, c_stride, BY_ROW);
                sums[s] = PLUS(sums[s], old);
            }
            coopMatStore(sums[s], c, i, c_stride, BY_ROW);
        } else {
            coopMatStore(sums[s], tiles, stage, N / WORDS, BY_ROW);
            barrier(); // of the workgroup: llvmpipe of Mesa 26 knows no other
            store_part(row, column, stage);
            barrier();
        }
    }
}
