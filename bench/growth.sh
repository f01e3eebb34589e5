#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Does cost grow as it should?  Matmul from n = 16 to 4096 in one run, by every impl on
# every platform.  By hand only, on a machine that does nothing else:
#
#     bench/growth.sh FOLDER [HCBENCH OPTION]...
#
# Options go to `hcbench run`; a later -n or -P replaces the script's.  Writes growth.csv,
# growth.json.gz and, with gnuplot, growth.svg (GFLOP/s against n, device's clock) to
# FOLDER, and prints a line per row with two checks:
#
#     memory  what the worker's resident set grew by, beyond operands on the host, operands
#             on the device and packed copies: at most 150 MiB
#     setup   of our own kernels on drivers that compute on the CPU, less one launch: at
#             most 1 s.  The drivers' caches are empty when the run begins.
#
# HCBENCH names the program.  Exit status 1 when a check or a row failed.
set -eu
hcbench=${HCBENCH:-bench/hcbench}
folder=${1:?usage: growth.sh FOLDER [HCBENCH OPTION]...}
shift
mkdir -p "$folder"
work=$(mktemp -d "${TMPDIR:-/tmp}/hcbench-growth.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/pocl" "$work/mesa"
failed=0
POCL_CACHE_DIR=$work/pocl MESA_SHADER_CACHE_DIR=$work/mesa \
	"$hcbench" run -o matmul -P f32 -n '16-4096*2' --no-roofline --no-progress --quiet \
	--csv "$folder/growth.csv" --json "$folder/growth.json.gz" "$@" || failed=1
software=$("$hcbench" list --json - | awk '
	/"id":/ { gsub(/[",]/, ""); id = $2 }
	/"software": *true/ { print id }')

awk -F, -v software="$software" '
	BEGIN {
		MiB = 1048576
		split(software, list, "\n")
		for (i in list)
			is_software[list[i]] = 1
		print "device    impl       precision      M     N     K   GFLOP/s  setup  beyond"
		print "                                                              s     MiB"
	}
	NR == 1 {
		for (i = 1; i <= NF; i++)
			at[$i] = i
		next
	}
	$at["status"] != "ok" { next }
	{
		launch = $at["kernel.median_s"] != "" ? $at["kernel.median_s"] : $at["wall.median_s"]
		setup = $at["setup_s"] - launch
		beyond = ($at["memory.host_peak_bytes"] - $at["bytes"] - $at["memory.device_peak_bytes"]) / MiB
		impl = $at["impl"]
		own = is_software[$at["device"]] && (impl == "tile" || impl == "coopmat")
		verdict = ""
		if ($at["memory.host_peak_bytes"] != "" && beyond > 150)
			verdict = verdict "  memory"
		if (own && setup > 1)
			verdict = verdict "  setup"
		if (verdict != "")
			bad++
		rows++
		printf "%-9s %-10s %-9s %6d%6d%6d %9.2f %6.2f %7.0f%s\n", $at["device"], impl,
			$at["precision"], $at["shape.m"], $at["shape.n"], $at["shape.k"], $at["gflops"],
			setup, (beyond > 0 ? beyond : 0), verdict
	}
	END {
		printf "%d rows, %d beyond a limit\n", rows, bad
		exit bad > 0 || rows == 0
	}' "$folder/growth.csv" || failed=1

if command -v gnuplot >/dev/null; then
	"$hcbench" report "$folder/growth.json.gz" -o "$work/report.html" --plots "$work/plots" &&
		for plot in "$work"/plots/matmul-*-kernel.svg; do
			cp "$plot" "$folder/growth.svg"
			break
		done || failed=1
else
	echo "no plot: gnuplot is not installed"
fi
exit $failed
