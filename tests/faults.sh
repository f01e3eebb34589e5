#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2086 # lists of options are split on purpose
# Devices that fail, crash and hang cost their own rows and nothing else.
# shellcheck source=tests/program.sh
. "${srcdir:?}/tests/program.sh"

# fault BEHAVIOUR STATUS [STATUS OF THE NEIGHBOUR]: null:1 misbehaves; its other
# impl, null:0 and null:2 must be untouched.
fault() {
	HCBENCH_NULL=ok,$1,ok
	export HCBENCH_NULL
	expect "${4:-1}" -p null $tiny --timeout 4 --csv "$work/rows.csv" --json "$work/rows.json"
	rows "$work/rows.csv" >"$work/rows"
	for wanted in "null:0/native ok" "null:0/tile ok" "null:1/native $2" "null:1/tile ${3:-ok}" \
		"null:2/native ok" "null:2/tile ok"; do
		grep -qx "$wanted" "$work/rows" || {
			note "with $1 there is no row '$wanted' but:"
			sed 's/^/    /' "$work/rows"
		}
	done
	[ "$(wc -l <"$work/rows")" -eq 6 ] || note "with $1 there are not 6 rows"
	[ -z "$(strays)" ] || note "with $1 a process is left over"
}

fault ok ok ok 0
fault sleep-run ok ok 0
fault wrong wrong
fault unwritten wrong
# Impossible times are no numbers.
fault backwards error
says out "null:1  native .*error: the device's clock says .* s where the host waited for"
fault stopped error
says out 'null:1  native .*error: a clock gave a time that is not positive'
for step in plan run; do
	fault fail-$step error
	says out 'NULL_FAILURE \(-5\) from '$step', null:1, matmul f32 16x16x16'
	fault crash-$step crashed
	fault hang-$step timeout
	says out "took longer than 4 s"
done
# What the device does for both impls fails for both.
for step in open queue buffer upload download; do
	fault fail-$step error error
	fault crash-$step crashed crashed
done
fault hang-open timeout timeout
fault hang-download timeout timeout

# A driver that crashes while its devices are listed.
HCBENCH_NULL=crash-describe
export HCBENCH_NULL
expect 3 -p null $tiny
expect 1 -p cpu,null -i ref $tiny --csv "$work/rows.csv"
rows "$work/rows.csv" | grep -qx 'cpu:0/ref ok' || note "a crash in listing took the other platform's row"

# Without isolation the same rows come out of one process.
HCBENCH_NULL=ok,wrong
expect 1 -p null --no-isolate $tiny --csv "$work/rows.csv"
rows "$work/rows.csv" | grep -qx 'null:1/native wrong' || note "--no-isolate lost the wrong row"
finish
