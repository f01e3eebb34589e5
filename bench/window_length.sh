#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Do windows of 20 ms, which the default has on CPUs, measure what 200 ms do?  By hand
# only:
#
#     bench/window_length.sh [REPETITIONS [HCBENCH OPTION]...]
#
# Each repetition (8 unless told otherwise) runs the rows three times: as by default,
# with 20 ms windows for 2 s, and with 200 ms windows for 2 s.  Prints for each row the
# median over the repetitions of the first two, relative to the third, and how far single
# runs of each kind are from that median, on average.  HCBENCH names the program.
set -eu
hcbench=${HCBENCH:-bench/hcbench}
repetitions=${1:-8}
[ $# -eq 0 ] || shift
[ $# -ne 0 ] || set -- -p cpu,opencl,vulkan -i openblas,tile -P f32
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# sample KIND [HCBENCH OPTION]...: appends "KIND row kernel-median" lines.
sample() {
	kind=$1
	shift
	"$hcbench" run --no-roofline --no-progress --quiet --csv - "$@" | awk -F, -v kind="$kind" '
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
		set -- "$@" --op "${what% *}" --size "${what#* }" --seed "$repetition"
		sample default "$@"
		sample 20ms "$@" --min-time 1.9 --max-time 2 --max-runs 1000 --ci 0 --warmup 5
		sample 200ms "$@" --full --min-time 1.9 --max-time 2 --min-runs 5 --ci 0
	done
done
awk '
	{ time[$1, $2, ++count[$1, $2]] = $3; rows[$2] }
	function median(kind, row, n, i, j, v) {
		n = count[kind, row]
		for (i = 1; i <= n; i++) {
			for (j = i - 1; j > 0 && v[j] > time[kind, row, i]; j--)
				v[j + 1] = v[j]
			v[j + 1] = time[kind, row, i]
		}
		return (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2
	}
	function scatter(kind, row, n, i, sum, off) {
		n = count[kind, row]
		for (i = 1; i <= n; i++) {
			off = time[kind, row, i] / median(kind, row) - 1
			sum += off < 0 ? -off : off
		}
		return 100 * sum / n
	}
	END {
		for (row in rows) {
			long = median("200ms", row)
			printf "%-34s default %.3f (+-%.1f %%), 20 ms %.3f (+-%.1f %%), 200 ms 1 (+-%.1f %%)\n", row,
				median("default", row) / long, scatter("default", row), median("20ms", row) / long,
				scatter("20ms", row), scatter("200ms", row) | "sort"
		}
	}' "$work/all"
