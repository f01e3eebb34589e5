#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What bench/null_test.sh and bench/compare_repeat.sh call a failure, made of a program
# whose rows are known.
: "${srcdir:?}" "${builddir:?}"
# shellcheck source=tests/program.sh
. "$srcdir/tests/program.sh"

# Its rows are those of $FAKES/rows, below the header of $FAKES/header; a comparison
# exits with what $FAKES/status says.
cat >"$work/hcbench" <<'EOS'
#!/bin/sh
status=0
[ "$1" = run ] || status=$(cat "$FAKES/status")
while [ $# -gt 0 ]; do
	case $1 in
	--csv) cat "$FAKES/header" "$FAKES/rows" >"$2" ;;
	--json) : >"$2" ;;
	esac
	shift
done
exit "$status"
EOS
chmod +x "$work/hcbench"
export FAKES="$work" HCBENCH="$work/hcbench"

# judge STATUS SCRIPT: runs it on the rows of standard input.
judge() {
	wanted=$1
	shift
	cat >"$work/rows"
	"$srcdir/bench/$1" 2 -p null >"$work/out" 2>"$work/err"
	got=$?
	[ "$got" -eq "$wanted" ] || { note "exit status $got, not $wanted: $1 of"; cat "$work/rows" "$work/out" "$work/err"; }
}

# Intervals that contain 1, that do not, that are missing, and of a clock that is not there.
echo 'device,impl,op,precision,status,kernel.median_s,speedup.kernel.ci95.0,speedup.kernel.ci95.1,end_to_end.median_s,speedup.end_to_end.ci95.0,speedup.end_to_end.ci95.1' >"$work/header"
judge 0 null_test.sh <<'EOS'
d,tile,sum,f32,ok,1,0.9,1.1,1,0.8,1.2
EOS
says out '^sum f32 d/tile kernel +4 of +4 contain 1, half width 10.0 %'
judge 1 null_test.sh <<'EOS'
d,tile,sum,f32,ok,1,0.9,1.1,1,1.1,1.2
EOS
judge 1 null_test.sh <<'EOS'
d,tile,sum,f32,ok,1,0.9,1.1,1,,
EOS
says out 'end_to_end +0 of +0 contain 1'
judge 0 null_test.sh <<'EOS'
d,tile,sum,f32,ok,1,0.9,1.1,,,
d,tile,sum,f16,unsupported,,,,,,
EOS

# Unchanged code is the same or unclear, by both clocks.
echo 'verdict,new.device,time.ratio,time.ci95.0,time.ci95.1,end_to_end.verdict,end_to_end.ratio,end_to_end.ci95.0,end_to_end.ci95.1' >"$work/header"
echo 0 >"$work/status"
judge 0 compare_repeat.sh <<'EOS'
same,d,1,0.9,1.1,unclear,1.2,0.8,1.5
EOS
says out '^d time +2 ratios, 0 beyond 5 %'
says out '^no false verdict$'
judge 1 compare_repeat.sh <<'EOS'
faster,d,1.3,1.2,1.4,same,1,0.9,1.1
EOS
says out '^false verdicts of d time faster: 2$'
judge 1 compare_repeat.sh <<'EOS'
unclear,d,1.3,0.9,1.4,faster,1.3,1.2,1.4
EOS
says out '^false verdicts of d end to end faster: 2$'
echo 1 >"$work/status"
judge 1 compare_repeat.sh <<'EOS'
slower,d,0.8,0.7,0.9,slower,0.8,0.7,0.9
broken,d,,,,,,,
EOS
says out '^false verdicts of d end to end slower: 2$'
says out '^false verdicts of d time broken: 2$'
finish
