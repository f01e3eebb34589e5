#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The search for break-evens through workers, on synthetic devices whose true
# break-even is known.  Their clock is virtual, so that the same comes out anywhere.
# shellcheck source=tests/program.sh
. "${srcdir:?}/tests/program.sh"
export HCBENCH_NULL HCBENCH_NULL_CLOCK="$work/clock"

noise=noise=0.05:drift=0.02:outliers=0.05:seed=1
cpu=model:host:launch=1e-6:flops=100e9:$noise
gpu=model:launch=20e-6:flops=1e12:copy=10e-6:upload=6e9:download=6e9:$noise

# search STATUS ARGUMENT...: the break-evens as CSV and JSON, on a new clock.
search() {
	rm -f "$work/clock" "$work/rows.csv" "$work/rows.json"
	status=$1
	shift
	expect "$status" breakeven -p null -i native -n 16-256 -o matmul --csv "$work/rows.csv" \
		--json "$work/rows.json" "$@"
}

# field DEVICE CLOCK NAME: of the line of that device and clock.
field() {
	awk -F, -v device="$1" -v clock="$2" -v name="$3" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at["device"] == device && $at["clock"] == clock { print $at[name] }' "$work/rows.csv"
}

# holds DEVICE CLOCK SIZE: the answer is a crossing whose interval has the size, and
# is not too wide to be of use.
holds() {
	if [ "$(field "$1" "$2" answer)" != crosses ] || ! awk -v size="$3" \
		-v low="$(field "$1" "$2" ci95.0)" -v high="$(field "$1" "$2" ci95.1)" \
		'BEGIN { exit !(low <= size && size <= high && high < 1.3 * low) }'; then
		note "$1 $2 does not cross at $3:"
		cat "$work/rows.csv"
	fi
}

# answers DEVICE CLOCK ANSWER
answers() {
	[ "$(field "$1" "$2" answer)" = "$3" ] || note "$1 $2 says '$(field "$1" "$2" answer)', not '$3'"
}

# 1e-6 + 2 n^3 / 1e11 = 20e-6 + 2 n^3 / 1e12 at 101.8; with 30e-6 + 12 n^2 / 6e9 for
# the copies at 188.0.  A second device is never faster, a third always.
HCBENCH_NULL=$cpu,$gpu,model:launch=2e-6:flops=50e9:$noise,model:launch=1e-7:flops=200e9:$noise
search 0
holds null:1 kernel 101.8
holds null:1 end_to_end 188.0
answers null:2 kernel never
answers null:3 kernel always
[ "$(field null:2 kernel measured.1)" = 256 ] || note "null:2 was not measured up to 256"
says out '^matmul  f32        null:1  native +[0-9]+  [0-9]+-[0-9]+ +[0-9]+  [0-9]+-[0-9]+$'
says out 'null:2  native +never up to 256'
says out 'null:3  native +always from 16'
says out 'is faster than null:0/native'
[ "$(grep -c '"answer": ' "$work/rows.json")" -eq 6 ] || note "the JSON file has not 6 answers"
grep -q '"samples_s"' "$work/rows.json" || note "the JSON file has no samples"
grep -q '"answer": "always"' "$work/rows.json" || note "the JSON file has no 'always'"

# The same seed, the same answers; another one, others.
HCBENCH_NULL=$cpu,$gpu
search 0 -n 64-160
holds null:1 kernel 101.8
cp "$work/rows.csv" "$work/first.csv"
search 0 -n 64-160
cmp -s "$work/rows.csv" "$work/first.csv" || note "the same run does not give the same answers"
HCBENCH_NULL=$(echo "$HCBENCH_NULL" | sed 's/seed=1/seed=2/g')
search 0 -n 64-160
cmp -s "$work/rows.csv" "$work/first.csv" && note "another seed gives the same noise"
holds null:1 kernel 101.8

# Faster while the operands fit into its cache, 12 n^2 = 480000 bytes at n = 200.
HCBENCH_NULL=$cpu,model:launch=20e-6:flops=1e12:cache=480000:spill=20:$noise
search 0
answers null:1 kernel several
says out 'matmul f32 null:1/native, kernel: faster from [0-9]+ \([0-9]+-[0-9]+\) to [0-9]+ \('

# A sum is slower end to end at any size when the copies alone take longer.
HCBENCH_NULL=model:host:launch=1e-6:bytes=20e9:$noise,model:launch=10e-6:bytes=200e9:upload=6e9:$noise
search 0 -o sum -n 1024-1048576
holds null:1 kernel 50000
answers null:1 end_to_end never

# Every precision; the range may be the program's own.
HCBENCH_NULL=$cpu,$gpu
rm -f "$work/clock"
expect 0 breakeven -p null -i native -o sum -P i8i32 --quick --csv "$work/rows.csv"
answers null:1 end_to_end never
search 0 -P f64 -n 64-160
holds null:1 kernel 101.8

# Rows that fail are told, and cost no more than they must.
HCBENCH_NULL=$cpu,wrong,$gpu
search 1 -n 64-160
holds null:2 kernel 101.8
[ -z "$(field null:1 kernel answer)" ] || note "a device with wrong results has an answer"
says out '^wrong null:1/native matmul f32 64x64x64: '
HCBENCH_NULL=$cpu,crash-run,$gpu
search 1 -n 64-160
holds null:2 kernel 101.8
HCBENCH_NULL=$cpu,model:launch=1e-8:cache=5e5:spill=1e6:$noise,$gpu # a peak far below its rows
search 1 -n 64-160
holds null:2 kernel 101.8
says out '^error null:1/native .* is above the .* that multiply-adds reach on this device'
HCBENCH_NULL=$cpu,$gpu
search 1 -n 64-100 --json /dev/full
says err 'cannot write /dev/full'

# Nothing to compare.
HCBENCH_NULL=$cpu
search 3
says err 'nothing to compare with: there is no device besides the CPU'
HCBENCH_NULL=ok
search 3
says err 'nothing to compare with: there is no CPU'
HCBENCH_NULL=$cpu,$gpu
expect 3 breakeven -p null -i clblast -o matmul
says err 'no device has code'
HCBENCH_NULL=$cpu,model:speed=3
search 1
says out "HCBENCH_NULL: a model has no 'speed=3'"

# The command line.
HCBENCH_NULL=$cpu,$gpu
for range in 16 256-16 16-16 0-16 '16-256 ' 16-256,512 a-b -5; do
	expect 2 breakeven -p null -n "$range"
	says err "'$range' is not a range"
done
expect 2 breakeven -p null -n 16-9223372036854775807
says err 'too large for 64 bits'
expect 2 breakeven -p null --against-itself
says err "'hcbench breakeven' does not take --against-itself"
expect 0 breakeven --help
says out '--size LOW-HIGH'
finish
