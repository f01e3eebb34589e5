#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Ctrl-C, SIGTERM and kill -9: finished rows survive, workers do not.
. "$srcdir/tests/program.sh"
[ -d /proc/self ] || {
	echo "needs /proc"
	exit 77
}
HCBENCH_NULL=ok,sleep-run
HCBENCH_TEST_MARK=interrupt-$$
export HCBENCH_NULL HCBENCH_TEST_MARK

# until_row: waits until the journal has a finished row.
until_row() {
	tries=0
	while [ "$(grep -c '"status":"ok"' "$work/journal" 2>/dev/null)" -lt 2 ] 2>/dev/null; do
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
	# shellcheck disable=SC2086 # a list of options
	"$hcbench" -p null $tiny -n 8-200+1 --journal "$work/journal" >"$work/out" 2>"$work/err" </dev/null &
	program=$!
	until_row
	kill -"$1" $program
	wait $program
	got=$?
	[ $got -eq "$2" ] || note "after SIG$1 the exit status is $got, not $2"
	sleep 0.3
	left=$(strays "$HCBENCH_TEST_MARK" | grep -v "^$$\$")
	[ -z "$left" ] || note "after SIG$1 processes are left over: $left"
	[ "$(grep -c '"status":"ok"' "$work/journal")" -ge 2 ] || note "after SIG$1 the journal has no rows"
}

stop INT 130
says out 'null:0'
says err 'the finished rows are in'
stop TERM 143
says out 'null:0'
stop KILL 137
finish
