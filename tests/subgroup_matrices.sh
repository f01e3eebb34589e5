#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Vulkan kernel for cooperative matrices of subgroups, on a device without any; then what
# happens when they are wrong.
# shellcheck source=tests/matrices.sh
. "${srcdir:?}/tests/matrices.sh"
emulate right matmul_coopmat 'f16f32 bf16f32 i8i32 f32x2'
emulate wrong matmul_coopmat 'f16f32 bf16f32 i8i32 f32x2' -DSPOILED
emulate unmixed matmul_coopmat f32x2 -DUNMIXED

# right EXTENTS PRECISIONS SHAPES: with such matrices rows are right.
right() {
	export HCBENCH_VULKAN_SUBGROUP_MATRICES="$1"
	verify right "$2" "$3"
	all ',ok,'
	all matmul_coopmat.
	all "cooperative matrices of $1"
}

# Single elements; tiles that lie inside and others, with several matrices per subgroup, more
# than a band of them; rows of whole units and not; terms that workgroups share.
shapes=1x1x1,65x63x1,3x5x129,64x128x48,256x256x48,136x264x72,129x259x35,1030x300x3,8x16x1040,7x9x1025
right 16x8x16 f16f32,bf16f32,f32x2 $shapes
says rows.csv '^vulkan:0.*,7,9,1025,.*matmul_add\.'
right 8x16x32 i8i32 $shapes

# Windows of rows and of columns; and of terms, of which the last is added to C, by whole tiles
# and by elements.
export HCBENCH_VULKAN_MAX_RANGE=1
right 8x16x16 f16f32,f32x2 1100x64x20,17x9001x5,64x128x1104,30x100x1400
right 16x8x32 i8i32 1100x64x20,17x9001x5,64x128x2064,30x100x2700
unset HCBENCH_VULKAN_MAX_RANGE

# Halves in every bit, loops, a kernel for other numbers.
export HCBENCH_VULKAN_SUBGROUP_MATRICES=16x8x16
unit_tests matrices

# Wrong sums are found before the row, and halves without their mixed products.
verify wrong f16f32,bf16f32,i8i32,f32x2 20x30x40
all ',unsupported,'
all 'matmul_coopmat failed its self-test: a product of'
verify unmixed f32x2 20x30x40
all ',unsupported,'
all 'matmul_coopmat failed its self-test: a product of'
finish
