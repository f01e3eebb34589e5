#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Does `hcbench compare` keep quiet about code that did not change?  Runs about 100
# rows again and again and compares each run with the one before.
#
#     bench/compare_repeat.sh [REPETITIONS [HCBENCH OPTION]...]
#
# 5 repetitions of 108 rows (with PoCL and llvmpipe), some minutes each, unless told
# otherwise.  The rows are in two files, matmul and vectors.
# For a figure, leave the machine alone.  Prints the verdicts of each comparison, how
# far the ratios were from 1, and how many intervals contain 1.  Exit status 1 when a
# row was called anything but same or unclear, by either clock.  HCBENCH names the
# program; KEEP a folder for the files.
set -eu
hcbench=${HCBENCH:-bench/hcbench}
repetitions=${1:-5}
[ $# -eq 0 ] || shift
work=${KEEP:-$(mktemp -d)}
[ -n "${KEEP:-}" ] || trap 'rm -rf "$work"' EXIT
rm -f "$work/all.csv"

# repeat NAME [HCBENCH OPTION]...: the runs and their comparisons.
repeat() {
	name=$1
	shift
	for repetition in $(seq 0 "$repetitions"); do
		new=$work/$name-$repetition.json.gz
		"$hcbench" run "$@" --no-progress --quiet --json "$new"
		if [ "$repetition" -gt 0 ]; then
			"$hcbench" compare "$base" "$new" --csv "$work/rows.csv" --quiet || [ $? -eq 1 ]
			echo "$name, run $repetition against the one before:"
			"$hcbench" compare "$base" "$new" | grep -E '^([0-9]+ rows|end to end,|warning|differs)' || :
			cat "$work/rows.csv" >>"$work/all.csv"
		fi
		base=$new
	done
}
if [ $# -gt 0 ]; then
	repeat rows "$@"
else
	repeat matmul -i openblas,native,tile -P f64,f32,f16f32 -o matmul -n 64,128,192,256,384,512
	repeat vectors -i openblas,native,tile -P f64,f32,f16f32 -o sum,dot -n 65536,1048576,16777216
fi
echo
awk -F, '
	$1 == "verdict" {
		for (i = 1; i <= NF; i++)
			column[$i] = i
		next
	}
	function count(clock, ratio, low, high, verdict) {
		device = $column["new.device"] " " clock
		if (verdict != "" && verdict != "same" && verdict != "unclear") {
			called[device " " verdict]++
			false_ones++
		}
		if (ratio == "" || low == "")
			return
		total[device]++
		inside[device] += low <= 1 && 1 <= high
		off = ratio > 1 ? ratio - 1 : 1 / ratio - 1
		beyond[device] += off > 0.05
		if (off > most[device])
			most[device] = off
		width[device] += (high - low) / 2
	}
	{
		count("time", $column["time.ratio"], $column["time.ci95.0"], $column["time.ci95.1"],
			$column["verdict"])
		count("end to end", $column["end_to_end.ratio"], $column["end_to_end.ci95.0"],
			$column["end_to_end.ci95.1"], $column["end_to_end.verdict"])
	}
	END {
		for (device in total)
			printf "%-20s %4d ratios, %d beyond 5 %%, the farthest %.0f %%; %d of the intervals contain 1, " \
				"half width %.1f %% on average\n", device, total[device], beyond[device],
				100 * most[device], inside[device], 100 * width[device] / total[device] | "sort"
		close("sort")
		for (what in called)
			print "false verdicts of " what ": " called[what]
		if (!false_ones)
			print "no false verdict"
		exit false_ones > 0
	}' "$work/all.csv"
