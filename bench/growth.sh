#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Does cost grow as it should?  Matmul in one run by every impl on every platform, from
# n = 16 to the largest power of two that fits.  By hand only, on a machine that does
# nothing else:
#
#     bench/growth.sh FOLDER [HCBENCH OPTION]...
#
# What fits: operands in half of the largest memory of a device, and a step in 30 s, so a
# slow impl ends before a fast one.  n = 4096 is reached in minutes on two cores, 8192 takes
# many more.  Options go to `hcbench run`; a later -n, -P or --timeout replaces the
# script's.  Writes growth.csv, growth.json.gz and, with gnuplot, growth.svg (GFLOP/s against
# n, device's clock) to FOLDER, and prints a line per row with two checks:
#
#     memory  what the worker's resident set grew by, beyond operands on the host, operands
#             on the device and packed copies: at most 150 MiB
#     setup   of our own kernels on drivers that compute on the CPU, less one launch, which
#             setup_s contains: at most 1 s.  The drivers' caches are empty when the run
#             begins.
#
# Rows that did not fit are listed with their status.  HCBENCH names the program.  Exit
# status 1 when a row of ours is beyond a limit, or a row failed otherwise than by time
# or memory.
set -eu
hcbench=${HCBENCH:-bench/hcbench}
folder=${1:?usage: growth.sh FOLDER [HCBENCH OPTION]...}
shift
mkdir -p "$folder"
work=$(mktemp -d "${TMPDIR:-/tmp}/hcbench-growth.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/pocl" "$work/mesa"
failed=0
"$hcbench" list --json "$work/list" >/dev/null
largest=$(awk '
	{ gsub(/[",]/, "") }
	$1 == "memory_bytes:" && $2 > memory { memory = $2 }
	END {
		for (n = 16; 4 * 12 * n * n <= memory / 2; n *= 2)
			;
		print n
	}' "$work/list")
POCL_CACHE_DIR=$work/pocl MESA_SHADER_CACHE_DIR=$work/mesa \
	"$hcbench" run -o matmul -P f32 -n "16-$largest*2" --timeout 30 --no-roofline --no-progress --quiet \
	--csv "$folder/growth.csv" --json "$folder/growth.json.gz" "$@" || [ $? -ne 2 ] || exit 2
software=$(awk '
	{ gsub(/[",]/, "") }
	$1 == "id:" { id = $2 }
	$1 == "software:" && $2 == "true" { print id }' "$work/list")

sed 's/".*"/-/' "$folder/growth.csv" | awk -F, -v software="$software" '
	BEGIN {
		MiB = 1048576
		split(software, list, "\n")
		for (i in list)
			is_software[list[i]] = 1
		print "device    impl       precision      M     N     K   GFLOP/s  launch   setup  beyond"
		print "                                                              s       s     MiB"
	}
	NR == 1 {
		for (i = 1; i <= NF; i++)
			at[$i] = i
		next
	}
	{
		impl = $at["impl"]
		own = impl != "openblas" && impl !~ /^clblast/
		status = $at["status"]
		printf "%-9s %-10s %-9s %6d%6d%6d", $at["device"], impl, $at["precision"], $at["shape.m"],
			$at["shape.n"], $at["shape.k"]
		rows++
	}
	status != "ok" {
		print "  " status
		failed += status !~ /^(timeout|unsupported|skipped)$/
		next
	}
	{
		launch = $at["kernel.median_s"] != "" ? $at["kernel.median_s"] : $at["wall.median_s"]
		beyond = ($at["memory.host_peak_bytes"] - $at["bytes"] - $at["memory.device_peak_bytes"]) / MiB
		verdict = ""
		if ($at["memory.host_peak_bytes"] != "" && beyond > 150)
			verdict = verdict "  memory"
		if (own && is_software[$at["device"]] && $at["setup_s"] - launch > 1)
			verdict = verdict "  setup"
		ok++
		within += verdict == ""
		failed += own && verdict != ""
		printf " %9.2f %7.3f %7.2f %7.0f%s\n", $at["gflops"], launch, $at["setup_s"],
			(beyond > 0 ? beyond : 0), verdict
	}
	END {
		printf "%d rows, %d ok, %d of them within the limits\n", rows, ok, within
		exit failed > 0 || ok == 0
	}' || failed=1

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
