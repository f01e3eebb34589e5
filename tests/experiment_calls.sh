#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Scripts of experiments, with a program in place of hcbench that notes how it is called.
: "${srcdir:?}" "${builddir:?}"
# shellcheck source=tests/program.sh
. "$srcdir/tests/program.sh"

cat >"$work/hcbench" <<'EOS'
#!/bin/sh
echo "$*" >>"$CALLS"
case $* in
*"--cpu-core ?"*) echo "hcbench: this processor can execute ZEN, PRESCOTT" >&2; exit 2 ;;
*"--cpu-core PRESCOTT"*) rate=10 ;;
*) rate=40 ;;
esac
echo 'op,device,impl,shape.n,gflops,kernel.median_s'
echo "matmul,cpu:0,openblas,64,$rate,0.5"
EOS
chmod +x "$work/hcbench"
CALLS=$work/calls
HCBENCH=$work/hcbench
export CALLS HCBENCH

# script STATUS NAME ARGUMENT...
script() {
	wanted=$1 name=$2
	shift 2
	: >"$CALLS"
	sh "$srcdir/bench/$name" "$@" >"$work/out" 2>"$work/err"
	got=$?
	[ "$got" -eq "$wanted" ] || note "$name: exit status $got, not $wanted: $(cat "$work/err")"
}

script 0 fair_cpu.sh 2 f64 32
says out '^PRESCOTT +10\.0 GFLOP/s'
says out '^default +40\.0 GFLOP/s in f64, 32x32x32, medians of 2 runs'
says out '^default / ZEN +1\.000'
[ "$(grep -c -e '-P f64 -n 32 .*--cpu-core PRESCOTT' "$CALLS")" -eq 2 ] ||
	note "fair_cpu.sh asked for: $(cat "$CALLS")"

script 0 window_length.sh 2 -i tile
[ "$(wc -l <"$CALLS")" -eq 24 ] || note "window_length.sh ran $(wc -l <"$CALLS") times"
grep -e '-i tile.*--op matmul --size 512 --seed 2' "$CALLS" >/dev/null ||
	note "window_length.sh asked for: $(cat "$CALLS")"
grep -e '--op.*--op' "$CALLS" && note "window_length.sh gave an option twice"

HCBENCH=$work/nowhere
script 2 fair_cpu.sh
[ "$(cat "$work/err")" = "fair_cpu.sh: '$HCBENCH' does not run; HCBENCH names the program" ] ||
	note "without a program: $(cat "$work/err")"
finish
