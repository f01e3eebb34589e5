#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The targets of doc/kernels.md that a machine without a GPU can measure, as rows of its
# table.  By hand only, on a machine that does nothing else:
#
#     bench/targets.sh [HCBENCH OPTION]...
#
# Rounds, each of which measures all rows; ROUNDS is 6.  What is printed is the median of
# the rounds' ratios of speeds and its 95 % interval (order statistics; six rounds are the
# fewest).  PoCL is expected as opencl:0 and lavapipe as vulkan:0.  HCBENCH and
# CBLAS_BASELINE name the programs.  Exit status 1 when a row is missing or surely below
# its target.
set -u
# shellcheck source=bench/paired.sh
. "$(dirname "$0")/paired.sh"
hcbench=${HCBENCH:-bench/hcbench}
cblas_baseline=${CBLAS_BASELINE:-bench/cblas_baseline}
work=$(mktemp -d "${TMPDIR:-/tmp}/hcbench-targets.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT

# rows DEVICES HCBENCH OPTION...
rows() {
	devices=$1
	shift
	"$hcbench" run -d "$devices" --warmup 1 --min-runs 5 --min-time 0.1 --max-time 0.2 --seed "$round" \
		--no-roofline --no-progress --quiet --csv - "$@" 2>>"$work/messages" >>"$work/rows-$round.csv"
}
rounds=${ROUNDS:-6}
round=1
files=
while [ "$round" -le "$rounds" ]; do
	echo "round $round of $rounds" >&2
	# What a later run has too replaces the row of an earlier one: pairs stay together.
	rows opencl:0 -o matmul -P f32,f64,f16f32,bf16f32,i8i32 -i tile -n 1000,1008,1023,1024,1025 "$@"
	rows opencl:0 -o matmul -P f32 -i tile -n 1x4096x4096,4096x1x4096 "$@"
	rows cpu:0,vulkan:0 -o matmul -P f32 -i openblas,tile -n 1024 "$@"
	rows cpu:0,opencl:0 -o matmul -P f32,f16f32,bf16f32 -i openblas,clblast,tile -n 1024,2048 "$@"
	rows cpu:0,opencl:0,vulkan:0 -o sum,dot -P f32 -i native,openblas,tile -n 67108864 "$@"
	"$cblas_baseline" 1024 >"$work/cblas-$round" 2>>"$work/messages"
	files="$files run=0 $work/cblas-$round run=$round $work/rows-$round.csv"
	round=$((round + 1))
done

# shellcheck disable=SC2086 # a list of words
awk -F, "$paired_functions$(cat "$(dirname "$0")/targets.awk")"'
	run == 0 && /^ratio/ {
		gsub(",", "")
		split($0, word, " ")
		blas[++blas_count] = word[2]
	}
	function to_cpu(name, target, key, impls,    list, i, n, others) {
		n = split(impls, list, " ")
		for (i = 1; i <= n; i++)
			others = others (i > 1 ? "|" : "") "cpu:0/" list[i] substr(key, index(key, " "))
		to_fastest(name, target, key, others)
	}
	END {
		begin_table()
		row("cpu/openblas f32 n=1024 to a bare cblas_sgemm loop", 0.97, blas, blas_count)
		for (n = 1024; n <= 2048; n += 1024)
			to_cpu("opencl/tile f32 n=" n " to OpenBLAS", 0.90, "opencl:0/tile matmul f32 " n, "openblas")
		for (n = 1024; n <= 2048; n += 1024)
			to_fastest("opencl/tile f32 n=" n " to CLBlast", 10, "opencl:0/tile matmul f32 " n,
				   "opencl:0/clblast matmul f32 " n)
		to_cpu("vulkan/tile f32 n=1024 to OpenBLAS", 0.08, "vulkan:0/tile matmul f32 1024", "openblas")
		for (n = 1024; n <= 2048; n += 1024) {
			to_fastest("opencl/tile f16f32 n=" n " to f32", 0.90, "opencl:0/tile matmul f16f32 " n,
				   "opencl:0/tile matmul f32 " n)
			to_fastest("opencl/tile bf16f32 n=" n " to f32", 0.90, "opencl:0/tile matmul bf16f32 " n,
				   "opencl:0/tile matmul f32 " n)
		}
		count = split("f32 f64 f16f32 bf16f32 i8i32", precision, " ")
		n = split("1000 1008 1023 1024 1025 1024", odd, " ")
		for (p = 1; p <= count; p++)
			for (i = 1; i < n; i += 2)
				to_fastest("opencl/tile " precision[p] " n=" odd[i] " to n=" odd[i + 1], 0.85,
					   "opencl:0/tile matmul " precision[p] " " odd[i],
					   "opencl:0/tile matmul " precision[p] " " odd[i + 1])
		n = split("1x4096x4096 4096x1x4096", thin, " ")
		for (i = 1; i <= n; i++)
			to_fastest("opencl/tile f32 " thin[i] " to the bytes/s of sum", 0.85,
				   "opencl:0/tile matmul f32 " thin[i], "opencl:0/tile sum f32 67108864", 1)
		for (i = 1; i <= 2; i++) {
			op = i == 1 ? "sum" : "dot"
			to_cpu("opencl/tile " op " f32, 256 MiB, to the CPU", 0.90,
			       "opencl:0/tile " op " f32 67108864", "native openblas")
			to_cpu("vulkan/tile " op " f32, 256 MiB, to the CPU", 0.50,
			       "vulkan:0/tile " op " f32 67108864", "native openblas")
		}
		exit bad > 0
	}' $files
status=$?
[ $status -eq 0 ] || grep -v '^$' "$work/messages" | tail -n 5 >&2
exit $status
