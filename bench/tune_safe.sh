#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Does tuning never make a default run slower?  By hand only, on a machine that does
# nothing else:
#
#     bench/tune_safe.sh [ROUNDS [HCBENCH OPTION]...]
#
# Runs `hcbench tune --budget 60` into an empty cache folder, then the default rows tuned
# and with --no-tuned in turns, in ROUNDS pairs (7 unless told otherwise; six are the
# fewest), each second of which begins with --no-tuned.  Options go to the runs, and replace `-p opencl,vulkan -i tile`: PoCL and
# lavapipe on a machine without GPUs.
# Prints for each row the time of --no-tuned over that of the tuned run of the same pair:
# the median over the pairs and its 95 % interval (order statistics); a row that is not
# tuned shows the noise.  A row is slower when its interval lies below 0.97 as a whole, or
# when it is ok with --no-tuned and not in the tuned run of the same pair.  Exit status 1
# when a row is slower, a run failed, or nothing was measured.  HCBENCH names the program; BUDGET the seconds of tuning;
# TUNE options of `hcbench tune`; KEEP a folder for the cache and the figures.
set -eu
# shellcheck source=bench/paired.sh
. "$(dirname "$0")/paired.sh"
hcbench=${HCBENCH:-bench/hcbench}
rounds=${1:-7}
[ $# -eq 0 ] || shift
[ $# -ne 0 ] || set -- -p opencl,vulkan -i tile
work=${KEEP:-$(mktemp -d "${TMPDIR:-/tmp}/hcbench-safe.XXXXXX")}
[ -n "${KEEP:-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
export XDG_CACHE_HOME="$work/cache"
: >"$work/all"
failed=0

# sample KIND PAIR [HCBENCH OPTION]...: appends "KIND PAIR row time tuning" lines, of rows
# that are ok.
sample() {
	kind=$1 pair=$2
	shift 2
	"$hcbench" run --no-roofline --no-progress --quiet --csv - "$@" >"$work/csv" || {
		echo "exit status $? of the run of pair $pair, $kind"
		failed=$((failed + 1))
	}
	awk -F, -v kind="$kind" -v pair="$pair" '
		NR == 1 {
			for (i = 1; i <= NF; i++)
				column[$i] = i
			next
		}
		$column["status"] == "ok" {
			time = $column["kernel.median_s"] != "" ? $column["kernel.median_s"] : $column["wall.median_s"]
			shape = $column["shape.n"]
			if ($column["shape.m"] != "")
				shape = $column["shape.m"] "x" shape "x" $column["shape.k"]
			print kind, pair, $column["op"] "-" $column["precision"] "-" shape "-" $column["device"] "/" \
				$column["impl"], time, $column["tuning"]
		}' "$work/csv" >>"$work/all"
}

# shellcheck disable=SC2086 # a list of options
"$hcbench" tune ${TUNE:--p opencl,vulkan} --budget "${BUDGET:-60}" --no-progress
echo
for pair in $(seq "$rounds"); do
	[ $((pair % 2)) -eq 0 ] || sample tuned "$pair" "$@" --seed "$pair"
	sample table "$pair" "$@" --seed "$pair" --no-tuned
	[ $((pair % 2)) -ne 0 ] || sample tuned "$pair" "$@" --seed "$pair"
done
awk -v failed="$failed" "$paired_functions"'
	{
		time[$1, $3, $2] = $4
		rows[$3]
		if ($5 == "tuned")
			is_tuned[$3] = 1
		if ($2 > pairs)
			pairs = $2
	}
	END {
		for (row in rows) {
			n = lost = 0
			for (pair = 1; pair <= pairs; pair++)
				if (("table", row, pair) in time) {
					if (("tuned", row, pair) in time)
						v[++n] = time["table", row, pair] / time["tuned", row, pair]
					else
						lost++
				}
			if (n + lost == 0)
				continue
			measured++
			text = "too few pairs"
			is_slower = lost > 0
			if (interval(v, n, result)) {
				text = sprintf("%.3f [%.3f, %.3f]", result["median"], result["low"], result["high"])
				is_slower = is_slower || result["high"] < 0.97
			}
			if (lost > 0)
				text = text "  " lost " times not ok"
			if (is_slower) {
				slower++
				text = text "  slower"
			}
			printf "%-44s %-5s  %s\n", row, row in is_tuned ? "tuned" : "table", text | "sort"
		}
		close("sort")
		printf "%d rows, %d slower, %d runs failed\n", measured, slower, failed
		exit slower + failed > 0 || measured == 0
	}' "$work/all"
