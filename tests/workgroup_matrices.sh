#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Vulkan kernel for cooperative matrices of a whole workgroup, on a device without
# any: matrices that a shader computes itself are put behind it.  Then what happens when
# they are wrong.
: "${srcdir:?}" "${builddir:?}" "${GLSLANG:?}"
# shellcheck source=tests/program.sh
. "$srcdir/tests/program.sh"
[ "$GLSLANG" != false ] || { echo "built without Vulkan"; exit 77; }
"$hcbench" list -p vulkan >"$work/out" 2>&1 || { cat "$work/out"; exit 77; }

# emulate FOLDER MACRO...: a kernel folder.
emulate() {
	folder=$1
	shift
	mkdir "$folder"
	for precision in f16f32 bf16f32 i8i32; do
		macro=-D$(echo "$precision" | tr '[:lower:]' '[:upper:]')
		$GLSLANG --target-env vulkan1.1 -S comp "-I$srcdir/spv" "-I$srcdir/tests" -DEMULATED "$macro" "$@" \
			-o "$folder/matmul_workgroup.$precision.spv" "$srcdir/spv/matmul_workgroup.comp" >"$work/log" ||
			{ note "no kernel for $precision"; cat "$work/log"; }
	done
}
emulate "$work/right"
emulate "$work/wrong" -DSPOILED
export HCBENCH_VULKAN_WORKGROUP_MATRICES=1
every=f16f32,bf16f32,i8i32

# verify FOLDER PRECISIONS SHAPES: rows may be unsupported, all of them too.
verify() {
	"$hcbench" verify --timeout 600 -d vulkan:0 -i coopmat -o matmul -P "$2" -n "$3" --kernel-dir "$work/$1" \
		--csv "$work/rows.csv" >"$work/out" 2>"$work/err"
	status=$?
	[ $status -eq 0 ] || [ $status -eq 3 ] || { note "exit status $status: verify $*"; cat "$work/out" "$work/err"; }
}

# all WORD: each row has it.
all() {
	grep -v '^device' "$work/rows.csv" | grep -Fvq -- "$1" && {
		note "a row without '$1'"
		cat "$work/rows.csv"
	}
}

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

# Which kernel is faster is a parameter, where the device can have either.
unset HCBENCH_VULKAN_WORKGROUP_MATRICES
verify right f16f32 65x63x1
either=no
grep -q '^vulkan:0.*f16f32.*,ok,' "$work/rows.csv" && either=yes
export HCBENCH_VULKAN_WORKGROUP_MATRICES=1
expect 0 run --timeout 600 -d vulkan:0 -i coopmat -o matmul -P f16f32 -n 65x63x1 --no-roofline --min-time 0 \
	--max-time 0.05 --min-runs 3 --warmup 0 --kernel-dir "$work/right" --csv "$work/rows.csv"
found=no
grep -q '^vulkan:0.*,workgroup=1,' "$work/rows.csv" && found=yes
[ $found = $either ] || note "there is a choice of kernels: $either, and a parameter: $found"

# Wrong sums are found before the row, and matrices of subgroups are taken if there are any.
verify wrong "$every" 20x30x40
all 'matmul_workgroup failed its self-test: a product of 64x64x'
grep -v '^device' "$work/rows.csv" | grep -E -v ',unsupported,|,ok,.*matmul_coopmat' && note "a wrong kernel was used"
grep -q 'workgroup=1' "$work/rows.csv" && note "a row names a parameter that it did not run with"

# Without such matrices, or where they are hidden, nobody asks for the kernel.
HCBENCH_VULKAN_WORKGROUP_MATRICES=0 verify right f16f32 20x30x40
grep -q 'of a workgroup' "$work/rows.csv" && note "matrices that are hidden were used"
unset HCBENCH_VULKAN_WORKGROUP_MATRICES
verify right f16f32 20x30x40
grep -q 'of a workgroup' "$work/rows.csv" && note "matrices that are not there were used"
finish
