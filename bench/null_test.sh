#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Are the intervals of speedups honest?  Runs rows against themselves, where the
# true ratio is 1, and counts the intervals that contain it.
#
#     bench/null_test.sh [REPETITIONS [HCBENCH OPTION]...]
#
# 100 repetitions of matmul f32 256 and sum f32 2^20 on all devices unless told
# otherwise.  Exit status 1 when fewer than 90 % of the intervals of a row and
# clock contain 1, or when a repetition has no interval of one.  HCBENCH names the
# program.
set -eu
hcbench=${HCBENCH:-bench/hcbench}
repetitions=${1:-100}
[ $# -eq 0 ] || shift
[ $# -ne 0 ] || set -- -p cpu,opencl,vulkan -i openblas,tile -P f32 --no-roofline
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for repetition in $(seq "$repetitions"); do
	for what in "matmul 256" "sum 1048576"; do
		"$hcbench" run --against-itself "$@" --op "${what% *}" --size "${what#* }" --seed "$repetition" \
			--no-progress --quiet --csv "$work/rows.csv"
		cat "$work/rows.csv" >>"$work/all.csv"
	done
done
awk -F, -v repetitions="$repetitions" '
	$1 == "device" {
		for (i = 1; i <= NF; i++)
			column[$i] = i
		next
	}
	function count(clock, low, high) {
		if ($column[clock ".median_s"] == "")
			return
		key = $column["op"] " " $column["precision"] " " $column["device"] "/" $column["impl"] " " clock
		total[key] += 0
		if (low == "" || high == "")
			return
		total[key]++
		inside[key] += low <= 1 && 1 <= high
		width[key] += (high - low) / 2
	}
	$column["status"] == "ok" {
		count("kernel", $column["speedup.kernel.ci95.0"], $column["speedup.kernel.ci95.1"])
		count("end_to_end", $column["speedup.end_to_end.ci95.0"], $column["speedup.end_to_end.ci95.1"])
	}
	END {
		for (key in total) {
			printf "%-44s %3d of %3d contain 1, half width %.1f %% on average\n", key, inside[key],
				total[key], 100 * width[key] / (total[key] + (total[key] == 0)) | "sort"
			bad += inside[key] < 0.9 * total[key] || total[key] < repetitions
			keys++
		}
		exit bad > 0 || keys == 0
	}' "$work/all.csv"
