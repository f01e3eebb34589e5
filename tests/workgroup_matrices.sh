#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Vulkan kernel for cooperative matrices of a whole workgroup, on a device without
# any: matrices that a shader computes itself are put behind it.  Then what happens when
# they are wrong.
# shellcheck source=tests/matrices.sh
. "${srcdir:?}/tests/matrices.sh"
precisions='f16f32 bf16f32 i8i32'
every=f16f32,bf16f32,i8i32
emulate right matmul_workgroup "$precisions"
emulate wrong matmul_workgroup "$precisions" -DSPOILED
export HCBENCH_VULKAN_WORKGROUP_MATRICES=1

# Single elements; tiles that lie inside, of both sizes, and others; rows that do and do
# not begin at 16 bytes; terms that workgroups share.
verify right "$every" 1x1x1,64x64x128,65x63x1,3x5x129,60x50x600
all ',ok,'
all matmul_workgroup.
all 'cooperative matrices of a workgroup'
says rows.csv '^vulkan:0.*,f16f32,.*65,63,1,.*a workgroup, 64x64x64'
says rows.csv '^vulkan:0.*,i8i32,.*65,63,1,.*a workgroup, 64x64x128'
says rows.csv '^vulkan:0.*60,50,600,.*matmul_add\.'
verify right bf16f32 130x272x65
all ',ok,'
all 'a workgroup, 128x256x64'

# Windows of rows and of terms.
HCBENCH_VULKAN_MAX_RANGE=1 verify right f16f32 1100x64x20,30x100x2700
all ',ok,'
all matmul_workgroup.
# Those that begin anywhere are not for this kernel.
HCBENCH_VULKAN_MAX_RANGE=1 verify right f16f32 17x9001x50
grep -q 'matmul_workgroup' "$work/rows.csv" && note "operands that do not begin at 16 bytes were taken"

# Wrong sums are found before the row, and matrices of subgroups are taken if there are any.
verify wrong "$every" 20x30x40
all 'matmul_workgroup failed its self-test: a product of 64x64x'
grep -v '^device' "$work/rows.csv" | grep -E -v ',unsupported,|,ok,.*matrices of [0-9]' && note "a wrong kernel was used"

# Which kernel is faster is a parameter, where the device can have either.
emulate right matmul_coopmat f16f32
emulate wrong matmul_coopmat f16f32
export HCBENCH_VULKAN_SUBGROUP_MATRICES=16x8x16
expect 0 run --timeout 600 -d vulkan:0 -i coopmat -o matmul -P f16f32 -n 65x63x1 --no-roofline --min-time 0 \
	--max-time 0.05 --min-runs 3 --warmup 0 --kernel-dir "$work/right" --csv "$work/rows.csv"
says rows.csv '^vulkan:0.*,workgroup=1,.*a workgroup, 64x64x64'
unit_tests "choice of matrices"
verify wrong f16f32 20x30x40
all ',ok,'
all ',workgroup=0,'
all 'cooperative matrices of 16x8x16; matmul_workgroup failed its self-test'
unset HCBENCH_VULKAN_SUBGROUP_MATRICES

# Without such matrices, or where they are hidden, nobody asks for the kernel.
HCBENCH_VULKAN_WORKGROUP_MATRICES=0 verify right f16f32 20x30x40
grep -q 'of a workgroup' "$work/rows.csv" && note "matrices that are hidden were used"
unset HCBENCH_VULKAN_WORKGROUP_MATRICES
verify right f16f32 20x30x40
grep -q 'of a workgroup' "$work/rows.csv" && note "matrices that are not there were used"
finish
