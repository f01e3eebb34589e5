// SPDX-License-Identifier: Apache-2.0
// For CPU drivers and GPUs alike: one invocation copies one element, as what a launch costs is
// what is left when nothing is computed.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "operand.glsl"

layout(local_size_x = 1) in;

OPERAND(x, 0)
layout(std430, binding = 2) writeonly restrict buffer Result { Scalar z[]; };

void main()
{
    z[0] = x_element(0);
}
