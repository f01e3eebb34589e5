#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every OpenCL kernel under Oclgrind: a data race, an access outside of a buffer
# or a wrong result fails, and so does a read of what was never written, except in
# the reductions: Oclgrind 21.10 crashes when asked for that there.  Sizes are
# small, since Oclgrind interprets; each has a full tile or chunk, and an edge.  A
# tile of the GPUs' matmul takes it seconds, so that one is asked in full only in f32.
set -u
[ -z "$SANITIZER_FLAGS" ] || { echo "oclgrind cannot be loaded into a sanitizer build"; exit 77; }
command -v oclgrind >/dev/null || { echo "oclgrind is not installed"; exit 77; }
"${builddir:?}/bench/hcbench" list -p opencl 2>&1 | grep 'built without opencl' && exit 77
log=$builddir/tests/oclgrind.$$
trap 'rm -f "$log"' EXIT
failures=0

# check OPTION BITS CLASS IMPL PRECISION CASE...
# BITS of a vector, for CPU drivers.
check() {
	option=$1 bits=$2 class=$3
	shift 3
	rm -f "$log"
	# shellcheck disable=SC2086 # the option may be none
	HCBENCH_VECTOR_BITS=$bits HCBENCH_KERNEL_CLASS=$class \
		oclgrind --data-races $option --log "$log" \
		"$builddir/tests/run_case" opencl:0 "$@"
	status=$?
	if [ $status -eq 77 ]; then
		echo "skipped: $class $*"
	elif [ $status -ne 0 ] || [ -s "$log" ]; then
		echo "FAILED: $bits $class $*, exit status $status"
		[ -s "$log" ] && head -n 20 "$log"
		failures=$((failures + 1))
	fi
}

for precision in f64 f32 f16 f16f32 bf16f32 i8i32; do
	for width in 512 256 128; do
		check --uninitialized $width cpu tile $precision matmul=19x37x9 matmul=3x69x6 \
			matmul=5x3x67 matmul=10x70x3
	done
	check --uninitialized 512 cpu tile $precision matmul=17x33x259 matmul=1x70x131 \
		matmul=1x1x16401
	check '' 512 gpu tile $precision 'matmul=3x66x17 depth=8 parts=2'
	check '' 512 cpu tile $precision sum=3 sum=33011 dot=300
	check '' 512 cpu tile $precision triad=1 triad=5001
	check '' 512 gpu tile $precision triad=3 triad=1001
	check '' 512 gpu tile $precision sum=3 sum=8193 dot=4100
	check '' 512 gpu tile $precision 'dot=23553 items=64'
	for sum in neumaier f64; do
		check '' 512 cpu tile $precision sum.$sum=33011 dot.$sum=300
		check '' 512 gpu tile $precision sum.$sum=8193 dot.$sum=4100
	done
done
# One case in a process: of a second one Oclgrind takes packed halves for undefined.
for case in matmul=19x37x9 matmul=10x70x3 matmul=17x33x259; do
	check --uninitialized 256 cpu tile f32x2 $case
done
check '' 512 gpu tile f32x2 'matmul=3x66x17 depth=8 parts=2'
check --uninitialized 256 cpu tile f32 matmul=16x1796x17
# Full tiles, whole vectors, and the larger tile.  Where an edge is checked, LLVM writes an
# undefined vector and then its elements, which Oclgrind would report.
check --uninitialized 512 gpu tile f32 'matmul=64x64x32 depth=16 parts=1'
check '' 512 gpu tile f32 'matmul=3x4x20 depth=8'
check '' 512 gpu tile f32 'matmul=65x3x9 blocks_down=2 blocks_across=2 depth=8'
# Groups of other shapes.
check '' 512 gpu tile f32 'matmul=17x35x20 items_down=4 items_across=8 depth=8'
check '' 512 gpu tile f32 'matmul=17x35x20 items_down=8 items_across=32 blocks_down=4 depth=8 super=1'
check '' 512 gpu tile f32 'sum=4200 items=64' 'dot=8300 items=512'
check '' 512 cpu tile f32 launch=1 peak=17
check '' 512 gpu tile f32 launch=1 peak=17
check '' 512 gpu pinned f32 upload=17 download=1001
[ $failures -eq 0 ]
