#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Do windows of 20 ms, which the default has on CPUs, measure what 200 ms do?  By hand
# only:
#
#     bench/window_length.sh [REPETITIONS [HCBENCH OPTION]...]
#
# Each repetition (8 unless told otherwise) runs the rows three times, one right after the
# other: as by default, with 20 ms windows for 2 s, and with 200 ms windows for 2 s.
# Prints for each row the times of the first two relative to the third of the same
# repetition: the median over the repetitions and its 95 % interval (order statistics;
# six repetitions are the fewest).  HCBENCH names the program.
set -eu
# shellcheck source=bench/paired.sh
. "$(dirname "$0")/paired.sh"
hcbench=${HCBENCH:-bench/hcbench}
repetitions=${1:-8}
[ $# -eq 0 ] || shift
[ $# -ne 0 ] || set -- -p cpu,opencl,vulkan -i openblas,tile -P f32
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# sample KIND [HCBENCH OPTION]...: appends "KIND row kernel-median" lines of `what`.
sample() {
	kind=$1
	shift
	"$hcbench" run --no-roofline --no-progress --quiet --csv - "$@" --op "${what% *}" \
		--size "${what#* }" --seed "$repetition" | awk -F, -v kind="$kind" '
		NR == 1 {
			for (i = 1; i <= NF; i++)
				column[$i] = i
			next
		}
		{
			time = $column["kernel.median_s"] != "" ? $column["kernel.median_s"] : $column["wall.median_s"]
			print kind, $column["op"] "-" $column["shape.n"] "-" $column["device"] "/" $column["impl"], time
		}' >>"$work/all"
}
for repetition in $(seq "$repetitions"); do
	for what in "matmul 128" "matmul 512" "sum 65536" "sum 4194304"; do
		sample default "$@"
		sample 20ms "$@" --min-time 1.9 --max-time 2 --max-runs 1000 --ci 0 --warmup 5
		sample 200ms "$@" --full --min-time 1.9 --max-time 2 --min-runs 5 --ci 0
	done
done
awk "$paired_functions"'
	{ time[$1, $2, ++count[$1, $2]] = $3; rows[$2] }
	# "MEDIAN [LOW, HIGH]" of the times of `kind` relative to those of 200 ms.
	function ratio(kind, row,    n, i, v, result) {
		n = count["200ms", row]
		for (i = 1; i <= n; i++)
			v[i] = time[kind, row, i] / time["200ms", row, i]
		return interval(v, n, result) ? sprintf("%.3f [%.3f, %.3f]", result["median"],
			result["low"], result["high"]) : "too few repetitions"
	}
	END {
		for (row in rows)
			printf "%-34s default %s, 20 ms %s\n", row, ratio("default", row), ratio("20ms", row) | "sort"
	}' "$work/all"
