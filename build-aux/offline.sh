#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# offline.sh: compiles the OpenCL kernels for GPUs for targets that are not on this
# machine, and prints what their compilers say of registers and spills.  By hand, with
# clang (CLANG, at least 15) for all targets, and with ptxas (PTXAS) of the CUDA toolkit to
# assemble the PTX.  Exit status 1: a kernel does not compile, or a reduction or triad does
# not load 16 bytes at a time.
#
# clang's code is not the drivers'; what is proven is that the words are right and the
# instructions exist, and roughly how many registers the shape of a kernel needs.  The
# plain kernel is compiled with a * b + c contracted, as the drivers' fma is not there.
# clang 15 gives kernels for gfx1100 128 registers at most, whatever they ask for, and
# spills the rest; for gfx1030 it gives the plain kernel 142 and spills none.
set -u
CLANG=${CLANG:-clang} PTXAS=${PTXAS:-ptxas}
cl=$(dirname "$0")/../cl prelude=$(dirname "$0")/offline.cl
work=$(mktemp -d "${TMPDIR:-/tmp}/hcbench-offline.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
failures=0

# compile OUTPUT KERNEL CLANG-OPTION...
compile() {
	output=$1 kernel=$2
	shift 2
	# Without the kernels for CPU drivers, which call more built-in functions.
	sed '/^__kernel void [a-z]*_cpu(/,/^}/d' "$prelude" "$cl/types.cl" "$cl/$kernel.cl" >"$work/all.cl"
	"$CLANG" -x cl -cl-std=CL1.2 -Xclang -finclude-default-header -Wno-pass-failed -O3 \
		-ffp-contract=fast -S -o "$output" "$@" "$work/all.cl" 2>"$work/log" && return
	failures=$((failures + 1))
	echo "FAILED"
	head -n 5 "$work/log"
	return 1
}

# loads KERNEL FILE PATTERN: loads of 16 bytes, which kernels must have that memory decides on.
loads() {
	case $1 in reduce | elementwise) ;; *) return ;; esac
	found=$(grep -cE "$3" "$2")
	echo "    $found loads of 16 bytes"
	[ "$found" -gt 0 ] && return
	failures=$((failures + 1))
	echo "FAILED"
}

# nvidia KERNEL DEFINE...
nvidia() {
	for sm in 80 90; do
		echo "nvidia sm_$sm $*"
		compile "$work/kernel.ptx" "$@" -target nvptx64-nvidia-nvcl -Xclang -target-cpu \
			-Xclang sm_80 -Xclang -target-feature -Xclang +ptx70 || continue
		loads "$1" "$work/kernel.ptx" 'ld\.global(\.nc)?\.v(4\.[a-z]32|2\.[a-z]64)'
		command -v "$PTXAS" >/dev/null || { echo "    PTX only, there is no ptxas"; continue; }
		# As the host asks for: two groups of the plain kernel on a processor.
		case $1 in
		matmul_gpu) most=-maxrregcount=128 ;;
		matmul_*) most=-maxrregcount=255 ;;
		*) most= ;;
		esac
		# shellcheck disable=SC2086 # an option or none
		if "$PTXAS" -arch=sm_$sm $most -v "$work/kernel.ptx" -o "$work/kernel.cubin" 2>"$work/log"; then
			grep -A3 "entry function '\(multiply\|[a-z]*_gpu\)'" "$work/log" | grep -E 'registers|spill' |
				sed 's/^ptxas info *: */    /'
		else
			failures=$((failures + 1))
			echo "FAILED"
			head -n 5 "$work/log"
		fi
	done
}

# amd CPU KERNEL DEFINE...
amd() {
	cpu=$1
	echo "amd $*"
	shift
	compile "$work/kernel.s" "$@" -target amdgcn-amd-amdhsa -mcpu="$cpu" -nogpulib || return
	loads "$1" "$work/kernel.s" 'global_load_(dwordx4|b128)'
	grep -E '^ +\.(vgpr_count|vgpr_spill_count|agpr_count):' "$work/kernel.s"
}

# intel KERNEL DEFINE...
intel() {
	echo "intel $*"
	compile "$work/kernel.ll" "$@" -target spir64 -emit-llvm || return
	loads "$1" "$work/kernel.ll" 'load <(2 x (i64|double)|4 x (i32|float)|8 x (i16|half)|16 x i8)>, .*, align 16'
	case $1 in matmul_units)
		echo "    $(grep -c 'call.*matrix_mad' "$work/kernel.ll") matrix instructions" ;;
	esac
}

for target in nvidia 'amd gfx1100' 'amd gfx90a' intel; do
	for precision in F64 F32 F16F32 BF16F32 I8I32; do
		$target reduce -DPRECISION_$precision
		$target reduce -DPRECISION_$precision -DOP_DOT
		$target elementwise -DPRECISION_$precision
	done
	$target reduce -DPRECISION_F32 -DSUM_NEUMAIER
	$target reduce -DPRECISION_F32 -DACCUMULATED=double
	[ "$target" = nvidia ] && continue # its OpenCL has no cl_khr_fp16
	$target reduce -DPRECISION_F16 -DOP_DOT
	$target elementwise -DPRECISION_F16
done

tile='-DITEMS_DOWN=16 -DITEMS_ACROSS=16 -DSUPER=8'
large="$tile -DBLOCKS_DOWN=2 -DBLOCKS_ACROSS=2" small="$tile -DBLOCKS_DOWN=1 -DBLOCKS_ACROSS=1"
for edge in 0 1 2; do
	# shellcheck disable=SC2086 # lists of options
	{
		nvidia matmul_gpu -DPRECISION_F32 $large -DDEPTH=16 -DWIDTH=4 -DEDGE=$edge
		amd gfx1100 matmul_gpu -DPRECISION_F32 $large -DDEPTH=16 -DWIDTH=4 -DEDGE=$edge
		amd gfx90a matmul_gpu -DPRECISION_F32 $large -DDEPTH=16 -DWIDTH=4 -DEDGE=$edge
	}
done
# shellcheck disable=SC2086
{
	intel matmul_gpu -DPRECISION_F32 $large -DDEPTH=8 -DWIDTH=4 -DEDGE=0 -DSUB_GROUP=8
	intel matmul_gpu -DPRECISION_F16 $large -DDEPTH=8 -DWIDTH=4 -DEDGE=0 -DSUB_GROUP=8
	amd gfx90a matmul_gpu -DPRECISION_F16 $large -DDEPTH=16 -DWIDTH=8 -DEDGE=0
}
# shellcheck disable=SC2086
for target in nvidia 'amd gfx1100' 'amd gfx90a' intel; do
	$target matmul_gpu -DPRECISION_F64 $small -DDEPTH=16 -DWIDTH=2 -DEDGE=0
	$target matmul_gpu -DPRECISION_F32X2 $small -DDEPTH=16 -DWIDTH=4 -DEDGE=0
	$target matmul_gpu -DPRECISION_F16F32 $large -DDEPTH=16 -DWIDTH=8 -DEDGE=0
	$target matmul_gpu -DPRECISION_BF16F32 $large -DDEPTH=16 -DWIDTH=8 -DEDGE=0
	$target matmul_gpu -DPRECISION_I8I32 $large -DDEPTH=16 -DWIDTH=8 -DEDGE=0
done
square='-DROWS=128 -DCOLUMNS=128 -DSUPER=8' wide='-DROWS=128 -DCOLUMNS=256 -DSUPER=8'
# shellcheck disable=SC2086
for precision in F16F32 BF16F32 I8I32; do
	for edge in '' -DEDGE; do
		nvidia matmul_ptx -DPRECISION_$precision $square -DSTEP=64 -DSTAGES=3 $edge
		nvidia matmul_ptx -DPRECISION_$precision $wide -DSTEP=32 -DSTAGES=4 $edge
	done
	for cpu in gfx1100 gfx90a gfx940; do
		amd $cpu matmul_units -DPRECISION_$precision $square
	done
	for size in 8 16; do
		intel matmul_units -DPRECISION_$precision $square -DSUB_GROUP=$size
	done
done
# shellcheck disable=SC2086
nvidia matmul_ptx -DPRECISION_F32X2 $square -DSTEP=64 -DSTAGES=3
nvidia pack -DELEMENT=uchar -DTURNED
nvidia pack -DELEMENT=float -DPRECISION_F32X2
nvidia pack -DELEMENT=float -DPRECISION_F32X2 -DTERMS_DOWN
[ $failures -eq 0 ]
