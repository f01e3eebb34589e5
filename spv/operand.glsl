// SPDX-License-Identifier: Apache-2.0
// Number types of the kernels, chosen by one of the macros F64, F32, F16, F16F32,
// BF16F32, I8I32, I32 and F32X2, and reading of operands.
//
// Scalar and Vector are the types of the accumulator and of the output.  An
// operand is seen both as elements and as groups of four; 16-bit floats and bytes
// that are widened are read as whole words, so that no device needs to address
// them.

#if defined F64
#define Scalar double
#define Vector dvec4
#elif defined F16
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#define Scalar float16_t
#define Vector f16vec4
#elif defined I8I32 || defined I32
#define Scalar int
#define Vector ivec4
#else
#define Scalar float
#define Vector vec4
#endif

#if defined I8I32 || defined I32
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#else
#define MULTIPLY_ADD(a, b, c) fma(a, b, c)
#endif

// BUFFER(name, number, Element) declares binding `number` as an array of Element.
#define BUFFER(name, number, Element) \
    layout(std430, binding = number) readonly restrict buffer name##_buffer { Element name[]; };

// OPERAND(name, number) declares binding `number` and
//   Scalar name_element(uint i)    element i
//   Vector name_group(uint i)      elements 4 i to 4 i + 3
//
// With the macro TEXELS it is a texel buffer of four elements a texel, for drivers
// that compute on a processor: llvmpipe reads a storage buffer with a loop over the
// lanes of a vector, component by component, and a texel buffer with a few loads.
#if defined TEXELS
#if defined F64 || defined BF16F32
#define TEXEL_BUFFER usamplerBuffer
#elif defined I8I32 || defined I32
#define TEXEL_BUFFER isamplerBuffer
#else
#define TEXEL_BUFFER samplerBuffer
#endif
#if defined F64
#define GROUP_OF(texels, i) \
    dvec4(packDouble2x32(texelFetch(texels, int(2 * (i))).xy), \
          packDouble2x32(texelFetch(texels, int(2 * (i))).zw), \
          packDouble2x32(texelFetch(texels, int(2 * (i) + 1)).xy), \
          packDouble2x32(texelFetch(texels, int(2 * (i) + 1)).zw))
#elif defined BF16F32
#define GROUP_OF(texels, i) uintBitsToFloat(texelFetch(texels, int(i)) << 16)
#else
#define GROUP_OF(texels, i) Vector(texelFetch(texels, int(i)))
#endif
#define OPERAND(name, number) \
    layout(binding = 3 + number) uniform TEXEL_BUFFER name##_texels; \
    Vector name##_group(uint i) \
    { \
        return GROUP_OF(name##_texels, i); \
    } \
    Scalar name##_element(uint i) \
    { \
        return name##_group(i >> 2)[i & 3]; \
    }
#elif defined F16F32
#define OPERAND(name, number) \
    BUFFER(name##_words, number, uint) \
    BUFFER(name##_pairs, number, uvec2) \
    Scalar name##_element(uint i) \
    { \
        return unpackHalf2x16(name##_words[i >> 1] >> 16 * (i & 1)).x; \
    } \
    Vector name##_group(uint i) \
    { \
        const uvec2 p = name##_pairs[i]; \
        return Vector(unpackHalf2x16(p.x), unpackHalf2x16(p.y)); \
    }
#elif defined BF16F32
#define OPERAND(name, number) \
    BUFFER(name##_words, number, uint) \
    BUFFER(name##_pairs, number, uvec2) \
    Scalar name##_element(uint i) \
    { \
        return uintBitsToFloat(name##_words[i >> 1] >> 16 * (i & 1) << 16); \
    } \
    Vector name##_group(uint i) \
    { \
        const uvec2 p = name##_pairs[i], high = p & 0xffff0000u; \
        return uintBitsToFloat(uvec4(p.x << 16, high.x, p.y << 16, high.y)); \
    }
#elif defined I8I32
#define OPERAND(name, number) \
    BUFFER(name##_words, number, int) \
    Scalar name##_element(uint i) \
    { \
        return bitfieldExtract(name##_words[i >> 2], int(8 * (i & 3)), 8); \
    } \
    Vector name##_group(uint i) \
    { \
        const int w = name##_words[i]; \
        return Vector(w << 24, w << 16, w << 8, w) >> 24; \
    }
#else
#define OPERAND(name, number) \
    BUFFER(name##_elements, number, Scalar) \
    BUFFER(name##_groups, number, Vector) \
    Scalar name##_element(uint i) \
    { \
        return name##_elements[i]; \
    } \
    Vector name##_group(uint i) \
    { \
        return name##_groups[i]; \
    }
#endif
