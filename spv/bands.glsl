// SPDX-License-Identifier: Apache-2.0
// The order in which workgroups take the tiles of a product on GPUs, so that those
// that run at the same time read few rows of A and few columns of B, and find them in
// the cache: bands of some rows of tiles one after the other, each column by column.

// Column and row of this workgroup's tile.
uvec2 place_of_tile(uint band)
{
    const uvec2 count = gl_NumWorkGroups.xy;
    const uint i = gl_WorkGroupID.y * count.x + gl_WorkGroupID.x;
    const uint above = i / (band * count.x) * band;
    const uint height = min(band, count.y - above), j = i - above * count.x;
    return uvec2(j / height, above + j % height);
}
