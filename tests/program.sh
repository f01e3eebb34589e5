# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # make sets builddir and srcdir
# Sourced by tests of the program: runs it, and compares what came out.
hcbench=$builddir/bench/hcbench
work=$(mktemp -d "${TMPDIR:-/tmp}/hcbench-test.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
mark=$(basename "$0")-$$ # carried by every hcbench of this test, and its workers
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
	HCBENCH_TEST_MARK=$mark "$hcbench" "$@" >"$work/out" 2>"$work/err" </dev/null
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

# strays: processes of this test that are still there.
strays() {
	grep -lsz "^HCBENCH_TEST_MARK=$mark\$" /proc/[0-9]*/environ 2>/dev/null
}

finish() {
	[ "$failures" -eq 0 ] || echo "$failures failed"
	[ "$failures" -eq 0 ]
	exit
}
