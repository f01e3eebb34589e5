// SPDX-License-Identifier: Apache-2.0
// One pass of a sum or dot product for CPU drivers, which run the invocations of a subgroup as
// the lanes of a vector: a workgroup is eight, 256 bits of f32, and `lanes` neighbours share a
// block, so that they read neighbouring texels.  Each writes a result of its own: a later pass
// joins them in the same way, without a barrier or shared memory, which such drivers only
// emulate.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "reduce.glsl"

layout(local_size_x_id = 0) in;

void main()
{
    const uint block = gl_GlobalInvocationID.x / lanes, lane = gl_GlobalInvocationID.x % lanes;
    if (block * BLOCK >= count)
        return;
    const bool whole = (block + 1) * BLOCK <= count;
    Sum sum, low;
    chains(block * (BLOCK / 4) + lane, lanes, whole ? BLOCK / 16 / lanes : turns, whole, sum, low);
    finish(gl_GlobalInvocationID.x, sum, low);
}
