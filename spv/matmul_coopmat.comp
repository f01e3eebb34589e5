// SPDX-License-Identifier: Apache-2.0
// C = A B or C += A B with cooperative matrices of subgroup scope.  A workgroup of
// four subgroups computes SIDE x SIDE elements, each subgroup a quarter, from tiles
// of STEP terms in shared memory.  Any shape: what lies outside of the operands
// counts as zero, and results pass through shared memory to be stored one by one.
//
// The host chooses M, N, K and the subgroup size from what the driver lists.  SIDE
// is a multiple of 2 M and 2 N, STEP one of K.
#version 450
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_shader_explicit_arithmetic_types : require
#pragma use_vulkan_memory_model

#if defined I8I32
#define Input int8_t
#define InputVector i8vec4
#define Scalar int
const uint PADDING = 16;
#elif defined BF16F32
#extension GL_EXT_bfloat16 : require
#define Input bfloat16_t
#define InputVector bf16vec4
#define Scalar float
const uint PADDING = 8;
#else
#define Input float16_t
#define InputVector f16vec4
#define Scalar float
const uint PADDING = 8;
#endif

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint INVOCATIONS = 128;
layout(constant_id = 1) const uint SUBGROUP = 32;
layout(constant_id = 2) const uint M = 16;
layout(constant_id = 3) const uint N = 16;
layout(constant_id = 4) const uint K = 16;
layout(constant_id = 5) const uint SIDE = 128;
layout(constant_id = 6) const uint STEP = 32;

const uint HALF = SIDE / 2;
const uint DOWN = HALF / M, ACROSS = HALF / N; // matrices of one subgroup
const uint A_STRIDE = STEP + PADDING, B_STRIDE = SIDE + PADDING;

layout(std430, binding = 0) readonly restrict buffer A { Input a[]; };
layout(std430, binding = 0) readonly restrict buffer AVectors { InputVector a_vectors[]; };
layout(std430, binding = 1) readonly restrict buffer B { Input b[]; };
layout(std430, binding = 1) readonly restrict buffer BVectors { InputVector b_vectors[]; };
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

shared Input a_tile[SIDE * A_STRIDE]; // row-major, padded against bank conflicts
shared Input b_tile[STEP * B_STRIDE];
shared Scalar c_tile[4 * M * N];

// Four neighbouring elements of one row of A and of B, zero where there are none.
#define LOAD(element, vectors, offset, stride, row, row_count, column, column_count, to, at) \
    { \
        const uint i = offset + (row) * stride + (column); \
        Input x = Input(0), y = Input(0), z = Input(0), w = Input(0); \
        if ((row) < row_count) { \
            if (((offset | stride) & 3) == 0 && (column) + 4 <= column_count) { \
                const InputVector v = vectors[i / 4]; \
                x = v.x; \
                y = v.y; \
                z = v.z; \
                w = v.w; \
            } else { \
                if ((column) < column_count) \
                    x = element[i]; \
                if ((column) + 1 < column_count) \
                    y = element[i + 1]; \
                if ((column) + 2 < column_count) \
                    z = element[i + 2]; \
                if ((column) + 3 < column_count) \
                    w = element[i + 3]; \
            } \
        } \
        to[at] = x; \
        to[(at) + 1] = y; \
        to[(at) + 2] = z; \
        to[(at) + 3] = w; \
    }

void load_tiles(uint first_row, uint first_column, uint first_term, uint past)
{
    for (uint g = gl_LocalInvocationID.x; g < SIDE * STEP / 4; g += INVOCATIONS) {
        const uint r = g / (STEP / 4), t = g % (STEP / 4) * 4;
        const uint row = first_row + r, term = first_term + t;
        LOAD(a, a_vectors, a_offset, a_stride, row, rows, term, past, a_tile, r * A_STRIDE + t)
    }
    for (uint g = gl_LocalInvocationID.x; g < STEP * SIDE / 4; g += INVOCATIONS) {
        const uint t = g / (SIDE / 4), q = g % (SIDE / 4) * 4;
        const uint term = first_term + t, column = first_column + q;
        LOAD(b, b_vectors, b_offset, b_stride, term, past, column, columns, b_tile,
             t * B_STRIDE + q)
    }
}

void store_matrix(uint first_row, uint first_column)
{
    const uint stage = gl_SubgroupID * M * N;
    for (uint e = gl_SubgroupInvocationID; e < M * N; e += SUBGROUP) {
        const uint row = first_row + e / N, column = first_column + e % N;
        if (row < rows && column < columns) {
            const uint i = c_offset + gl_WorkGroupID.z * split_stride + row * c_stride + column;
            Scalar value = c_tile[stage + e];
            if (accumulate != 0)
                value += c[i];
            c[i] = value;
        }
    }
}

void main()
{
    const uint first_row = SIDE * gl_WorkGroupID.y, first_column = SIDE * gl_WorkGroupID.x;
    const uint down = HALF * (gl_SubgroupID / 2), across = HALF * (gl_SubgroupID % 2);
    coopmat<Scalar, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator> sums[DOWN * ACROSS];
    for (uint s = 0; s < DOWN * ACROSS; s++)
        sums[s] = coopmat<Scalar, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator>(0);

    const uint first = gl_WorkGroupID.z * split_terms, past = min(first + split_terms, terms);
    for (uint first_term = first; first_term < past; first_term += STEP) {
        load_tiles(first_row, first_column, first_term, past);
        barrier();
        for (uint t = 0; t < STEP; t += K) {
            coopmat<Input, gl_ScopeSubgroup, M, K, gl_MatrixUseA> left[DOWN];
            for (uint d = 0; d < DOWN; d++)
                coopMatLoad(left[d], a_tile, (down + d * M) * A_STRIDE + t, A_STRIDE,
                            gl_CooperativeMatrixLayoutRowMajor);
            for (uint q = 0; q < ACROSS; q++) {
                coopmat<Input, gl_ScopeSubgroup, K, N, gl_MatrixUseB> right;
                coopMatLoad(right, b_tile, t * B_STRIDE + across + q * N, B_STRIDE,
                            gl_CooperativeMatrixLayoutRowMajor);
                for (uint d = 0; d < DOWN; d++)
                    sums[d * ACROSS + q] = coopMatMulAdd(left[d], right, sums[d * ACROSS + q]);
            }
        }
        barrier();
    }

    for (uint s = 0; s < DOWN * ACROSS; s++) {
        coopMatStore(sums[s], c_tile, gl_SubgroupID * M * N, N, gl_CooperativeMatrixLayoutRowMajor);
        barrier();
        store_matrix(first_row + down + s / ACROSS * M, first_column + across + s % ACROSS * N);
        barrier();
    }
}
