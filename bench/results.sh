#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Everything that hcbench measures on this machine, for doc/results/:
#
#     bench/results.sh FOLDER [HCBENCH OPTION]...
#
# Writes the result files of a default run, of transfers, bandwidth, launches and peaks
# in all precisions, of the break-even search, the tables that were printed, and what
# `verify` said.  Options such as -d opencl:0 go to all of them.  HCBENCH names the
# program.  Exit status 1 when a part failed; the others are there all the same.
set -u
hcbench=${HCBENCH:-bench/hcbench}
folder=${1:?usage: results.sh FOLDER [HCBENCH OPTION]...}
shift
mkdir -p "$folder" || exit 1
failed=0

# part NAME COMMAND [HCBENCH OPTION]...
part() {
	name=$1
	shift
	echo "$name: hcbench $*"
	COLUMNS=120 "$hcbench" "$@" --json "$folder/$name.json.gz" >"$folder/$name.txt" 2>"$folder/$name.err" || {
		echo "  exit status $?: $(tail -n 1 "$folder/$name.err")"
		failed=1
	}
	[ -s "$folder/$name.err" ] || rm -f "$folder/$name.err"
}
part devices list "$@"
part verify verify --no-progress "$@"
part run run --no-progress "$@"
part machine run -o upload,download,copy,triad,launch,peak -P all --no-progress "$@"
part breakeven breakeven --no-progress "$@"
"$hcbench" report "$folder/run.json.gz" "$folder/breakeven.json.gz" -o "$folder/report.html" || failed=1
exit $failed
