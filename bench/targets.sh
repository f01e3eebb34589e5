#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The targets of doc/kernels.md that a machine without a GPU can measure, as rows of its
# table.  By hand only, on a machine that does nothing else:
#
#     bench/targets.sh [HCBENCH OPTION]...
#
# Both sides of a ratio are measured here, in turns where they compute the same thing.
# The interval of a ratio to the CPU is hcbench's own; that of any other pair is made of
# the ends of both intervals, so it is wider than 95 %.  PoCL is expected as opencl:0 and
# lavapipe as vulkan:0.  HCBENCH and CBLAS_BASELINE name the programs.  Exit status 1 when
# a row is missing or surely below its target.
set -u
hcbench=${HCBENCH:-bench/hcbench}
cblas_baseline=${CBLAS_BASELINE:-bench/cblas_baseline}
work=$(mktemp -d "${TMPDIR:-/tmp}/hcbench-targets.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT

# rows RUN HCBENCH OPTION...
rows() {
	run=$1
	shift
	"$hcbench" run -d cpu:0,opencl:0,vulkan:0 --no-roofline --no-progress --quiet --csv - "$@" \
		2>>"$work/messages" | sed 's/".*"//' >"$work/rows-$run.csv"
}
rows 1 -o matmul -P f32,f16f32,bf16f32 -i openblas,clblast,tile -n 1024,2048 "$@"
rows 2 -o matmul -P f32 -i openblas,tile -n 1000,1008,1023,1024,1025,1x4096x4096,4096x1x4096 "$@"
rows 3 -o sum,dot -P f32 -i native,openblas,tile -n 67108864 "$@"
"$cblas_baseline" 1024 >"$work/cblas" 2>>"$work/messages"

awk -F, "$(cat "$(dirname "$0")/targets.awk")"'
	run == 0 {
		gsub(",", "")
		if ($1 ~ /^ratio/) {
			n = split($0, word, " ")
			blas = word[2]
			blas_low = word[n - 2]
			blas_high = word[n]
		}
	}
	END {
		begin_table()
		row("cpu/openblas f32 n=1024 to a bare cblas_sgemm loop", 0.97, blas, blas_low, blas_high)
		to_cpu("opencl/tile f32 n=1024 to OpenBLAS", 0.90, "1 opencl:0/tile matmul f32 1024")
		to_cpu("opencl/tile f32 n=2048 to OpenBLAS", 0.90, "1 opencl:0/tile matmul f32 2048")
		for (n = 1024; n <= 2048; n += 1024)
			to_row("opencl/tile f32 n=" n " to CLBlast", 10, "1 opencl:0/tile matmul f32 " n,
			       "1 opencl:0/clblast matmul f32 " n, 1)
		to_cpu("vulkan/tile f32 n=1024 to OpenBLAS", 0.08, "1 vulkan:0/tile matmul f32 1024")
		for (n = 1024; n <= 2048; n += 1024) {
			to_row("opencl/tile f16f32 n=" n " to f32", 0.90, "1 opencl:0/tile matmul f16f32 " n,
			       "1 opencl:0/tile matmul f32 " n, 1)
			to_row("opencl/tile bf16f32 n=" n " to f32", 0.90, "1 opencl:0/tile matmul bf16f32 " n,
			       "1 opencl:0/tile matmul f32 " n, 1)
		}
		n = split("1000 1008 1023 1024 1025 1024", odd, " ")
		for (i = 1; i < n; i += 2)
			to_row("opencl/tile f32 n=" odd[i] " to n=" odd[i + 1], 0.85,
			       "2 opencl:0/tile matmul f32 " odd[i], "2 opencl:0/tile matmul f32 " odd[i + 1],
			       (odd[i] / odd[i + 1]) ^ 3)
		sum = "3 opencl:0/tile sum f32 67108864"
		n = split("1x4096x4096 4096x1x4096", thin, " ")
		for (i = 1; i <= n; i++) {
			key = "2 opencl:0/tile matmul f32 " thin[i]
			work = bytes[sum] > 0 ? bytes[key] / bytes[sum] : 0
			to_row("opencl/tile f32 " thin[i] " to the bytes/s of sum", 0.85, key, sum, work)
		}
		for (i = 1; i <= 2; i++) {
			op = i == 1 ? "sum" : "dot"
			to_cpu("opencl/tile " op " f32, 256 MiB, to the CPU", 0.90, "3 opencl:0/tile " op " f32 67108864")
			to_cpu("vulkan/tile " op " f32, 256 MiB, to the CPU", 0.50, "3 vulkan:0/tile " op " f32 67108864")
		}
		exit bad > 0
	}' run=0 "$work/cblas" run=1 "$work/rows-1.csv" run=2 "$work/rows-2.csv" run=3 "$work/rows-3.csv"
status=$?
[ $status -eq 0 ] || grep -v '^$' "$work/messages" | tail -n 5 >&2
exit $status
