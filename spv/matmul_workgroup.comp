// SPDX-License-Identifier: Apache-2.0
// C = A B or C += A B for GPUs whose driver lists cooperative matrices of a whole
// workgroup in flexible dimensions (VK_NV_cooperative_matrix2), on 16-bit floats and
// bytes.  A workgroup computes ROWS x COLUMNS elements of C as one matrix, STEP terms at
// a time.
//
// The driver's compiler spreads that matrix over the subgroups, and stages operands
// through shared memory with instructions that shaders have no words for.  So there is no
// tile of a subgroup here, no shared memory and no barrier: what is left to choose is how
// large the tile is, and the larger it is, the more often an operand that was read is used.
//
// Any shape: a tensor layout says where an operand lies, and what is outside of it reads
// as zero and is not written.  That costs, so tiles that lie inside use layouts that do
// not clamp for all but a last, shorter step.
//
// Operands must begin at a multiple of 16 bytes; the host sees to it.  With ALIGNED all
// rows do too, and columns and terms have as many bytes, which the compiler may use.  The
// host chooses the constants from what the driver lists.
//
// A test defines EMULATED and brings matrices of its own, tests/workgroup_matrices.glsl.
#version 450
#extension GL_GOOGLE_include_directive : require
#ifndef EMULATED
#extension GL_KHR_cooperative_matrix : require
#extension GL_NV_cooperative_matrix2 : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_EXT_shader_explicit_arithmetic_types : require
#ifdef BF16F32
#extension GL_EXT_bfloat16 : require
#endif
#pragma use_vulkan_memory_model
#endif
#include "bands.glsl"

// UNIT elements have 16 bytes.
#if defined I8I32
#define Input int8_t
#define Scalar int
const uint UNIT = 16;
#else
#if defined BF16F32
#define Input bfloat16_t
#else
#define Input float16_t
#endif
#define Scalar float
const uint UNIT = 8;
#endif

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint INVOCATIONS = 256;
layout(constant_id = 1) const uint ROWS = 128;
layout(constant_id = 2) const uint COLUMNS = 128;
layout(constant_id = 3) const uint STEP = 64;
layout(constant_id = 4) const bool ALIGNED = false;

layout(std430, binding = 0) readonly restrict buffer A { uvec4 a[]; };
layout(std430, binding = 1) readonly restrict buffer B { uvec4 b[]; };
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

#ifdef EMULATED
#include "workgroup_matrices.glsl"
#else
#define Left coopmat<Input, gl_ScopeWorkgroup, ROWS, STEP, gl_MatrixUseA>
#define Right coopmat<Input, gl_ScopeWorkgroup, STEP, COLUMNS, gl_MatrixUseB>
#define Sum coopmat<Scalar, gl_ScopeWorkgroup, ROWS, COLUMNS, gl_MatrixUseAccumulator>
#define Inside tensorLayoutNV<2>
#define Clamped tensorLayoutNV<2, gl_CooperativeMatrixClampModeConstantNV>
#define NEW_INSIDE createTensorLayoutNV(2)
#define NEW_CLAMPED createTensorLayoutNV(2, gl_CooperativeMatrixClampModeConstantNV)
#endif

#define LAYOUT(start, height, width, stride) \
    setTensorLayoutStrideNV(setTensorLayoutDimensionNV(start, height, width), stride, 1)
#define SLICE(whole, row, height, column, width) \
    sliceTensorLayoutNV(whole, int(row), height, int(column), width)

// Adds the products of STEP terms, with layouts of one kind.
#define MULTIPLY_STEP(a_layout, b_layout) \
    { \
        Left left; \
        Right right; \
        coopMatLoadTensorNV(left, a, a_offset / UNIT, \
                            SLICE(a_layout, first_row, ROWS, term, STEP)); \
        coopMatLoadTensorNV(right, b, b_offset / UNIT, \
                            SLICE(b_layout, term, STEP, first_column, COLUMNS)); \
        sum = coopMatMulAdd(left, right, sum); \
    }

// What the compiler is to know of a stride.
uint known(uint stride)
{
    return ALIGNED ? stride / UNIT * UNIT : stride;
}

void main()
{
    const uvec2 place = place_of_tile(8);
    const uint first_row = ROWS * place.y, first_column = COLUMNS * place.x;
    const uint first_term = gl_WorkGroupID.z * split_terms;
    const uint past = min(first_term + split_terms, terms);
    const uint c_first = c_offset + gl_WorkGroupID.z * split_stride;
    const bool is_inside = first_row + ROWS <= rows && first_column + COLUMNS <= columns;
    const Inside a_inside = LAYOUT(NEW_INSIDE, rows, terms, known(a_stride));
    const Inside b_inside = LAYOUT(NEW_INSIDE, terms, columns, known(b_stride));
    const Clamped a_clamped = LAYOUT(NEW_CLAMPED, rows, terms, known(a_stride));
    const Clamped b_clamped = LAYOUT(NEW_CLAMPED, terms, columns, known(b_stride));
    const Inside c_inside = SLICE(LAYOUT(NEW_INSIDE, rows, columns, known(c_stride)), first_row,
                                  ROWS, first_column, COLUMNS);
    const Clamped c_clamped = SLICE(LAYOUT(NEW_CLAMPED, rows, columns, known(c_stride)),
                                    first_row, ROWS, first_column, COLUMNS);

    Sum sum = Sum(0);
    if (accumulate != 0)
        coopMatLoadTensorNV(sum, c, c_first, c_clamped);
    uint term = first_term;
    if (is_inside)
        for (; term + STEP <= past; term += STEP)
            MULTIPLY_STEP(a_inside, b_inside)
    for (; term < past; term += STEP)
        MULTIPLY_STEP(a_clamped, b_clamped)
    if (is_inside)
        coopMatStoreTensorNV(sum, c, c_first, c_inside);
    else
        coopMatStoreTensorNV(sum, c, c_first, c_clamped);
}
