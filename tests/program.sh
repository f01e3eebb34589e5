# SPDX-License-Identifier: Apache-2.0
# Sourced by tests of the program: runs it, and compares what came out.
hcbench=$builddir/bench/hcbench
work=$(mktemp -d "${TMPDIR:-/tmp}/hcbench-test.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
failures=0

# A tiny case that takes milliseconds.
tiny='-o matmul -P f32 -n 16 --min-time 0 --max-time 0.05 --min-runs 3 --warmup 0'

note() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}

# expect STATUS ARGUMENT...: runs hcbench; output in $work/out and $work/err.
expect() {
	wanted=$1
	shift
	"$hcbench" "$@" >"$work/out" 2>"$work/err" </dev/null
	got=$?
	[ "$got" -eq "$wanted" ] || {
		note "exit status $got, not $wanted: hcbench $*"
		sed 's/^/    /' "$work/err"
	}
}

# says FILE PATTERN: the output or the messages have a line that matches.
says() {
	grep -Eq -- "$2" "$work/$1" || {
		note "no line of $1 matches: $2"
		sed 's/^/    /' "$work/$1"
	}
}

# rows FILE: "device/impl status" of each row of a CSV file.
rows() {
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		{ print $at["device"] "/" $at["impl"], $at["status"] }' "$1"
}

# strays MARK: processes that have HCBENCH_TEST_MARK=MARK in their environment.
strays() {
	grep -lsz "^HCBENCH_TEST_MARK=$1\$" /proc/[0-9]*/environ 2>/dev/null |
		while read -r file; do
			pid=${file#/proc/}
			[ "${pid%/environ}" = "$$" ] || echo "${pid%/environ}"
		done
}

finish() {
	[ "$failures" -eq 0 ] || echo "$failures failed"
	[ "$failures" -eq 0 ]
	exit
}
