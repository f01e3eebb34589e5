#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2086 # lists of options are split on purpose
# Ctrl-C, SIGTERM and kill -9: finished rows survive, workers do not.
# shellcheck source=tests/program.sh
. "${srcdir:?}/tests/program.sh"
[ -d /proc/self ] || {
	echo "needs /proc"
	exit 77
}
HCBENCH_NULL=ok,sleep-run
export HCBENCH_NULL

rows_done() {
	count=$(grep -c '"status":"ok"' "$work/journal" 2>/dev/null)
	echo "${count:-0}"
}

# until_row: waits until the journal has a finished row.
until_row() {
	tries=0
	while [ "$(rows_done)" -lt 2 ]; do
		sleep 0.1
		tries=$((tries + 1))
		[ $tries -lt 300 ] || {
			note "no row in the journal after 30 s"
			return
		}
	done
}

# stop SIGNAL STATUS
stop() {
	rm -f "$work/journal"
	# Hundreds of rows of about 0.1 s each: it is stopped long before the last.
	HCBENCH_TEST_MARK=$mark "$hcbench" -p null $tiny -n 8-200+1 --journal "$work/journal" >"$work/out" 2>"$work/err" </dev/null &
	program=$!
	until_row
	kill -"$1" $program
	wait $program
	got=$?
	[ $got -eq "$2" ] || note "after SIG$1 the exit status is $got, not $2"
	sleep 0.3
	left=$(strays)
	[ -z "$left" ] || note "after SIG$1 processes are left over: $left"
	[ "$(rows_done)" -ge 2 ] || note "after SIG$1 the journal has no rows"
}

stop INT 130
says out 'null:0'
says err 'the finished rows are in'
stop TERM 143
says out 'null:0'
stop KILL 137
finish
