#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# hcbench tune on synthetic devices, whose best parameters are known, and what later
# runs make of what it keeps.
# shellcheck source=tests/program.sh
. "${srcdir:?}/tests/program.sh"
export HCBENCH_NULL HCBENCH_NULL_CLOCK="$work/clock" XDG_CACHE_HOME="$work/cache"

noise=noise=0.02:drift=0.02:outliers=0.05:seed=1
model=model:launch=1e-5:flops=1e11:$noise
kept=$work/cache/hcbench

# tune STATUS ARGUMENT...: on a new clock, with nothing kept.
tune() {
	rm -rf "$work/cache" "$work/clock"
	again "$@"
}

# again STATUS ARGUMENT...: with what is kept.
again() {
	status=$1
	shift
	expect "$status" tune -p null -o matmul -P f32 -n 64 --budget 100 --timeout 5 "$@"
}

# run ARGUMENT...: of one row of impl tile; its members are in $work/row.json.
run() {
	# shellcheck disable=SC2086 # a list of options
	expect 0 run -p null -i tile $tiny -n 64 --no-roofline --json "$work/row.json" "$@"
}

# used TUNING PARAMETERS: what the row of the last run has.
used() {
	if ! grep -q "\"tuning\": \"$1\"" "$work/row.json" ||
		! grep -q "\"parameters\": \"$2\"" "$work/row.json"; then
		note "the row is not $1 with $2:"
		grep -E '"(tuning|parameters)"' "$work/row.json"
	fi
}

# plant: good.json as a file of this device, with a tile of 64; a host has a target.
plant() {
	sed -e "s/\"name\": \".*\"/\"name\": \"null device ($HCBENCH_NULL)\"/" \
		-e "s/\"target\": \"\"/\"target\": \"$(case $HCBENCH_NULL in *:host*) echo baseline ;; esac)\"/" \
		-e 's/tile=32 unroll/tile=64 unroll/' "$work/good.json" >"$kept/$name"
}

# files: how many are kept.
files() {
	find "$kept" -name '*.json' 2>/dev/null | wc -l
}

# winners: how many of the files hold other parameters than the table's.
winners() {
	cat "$kept"/*.json 2>/dev/null | grep '"parameters"' | grep -cv '"tile=8 unroll=2"'
}

# The best is found and kept, and runs use it.
HCBENCH_NULL=$model:tuned=32
tune 0
says out '^matmul +f32 .*null:0 +tile .* tuned: tile=32 \(8\)$'
[ "$(files)" -eq 2 ] || note "not a file for each of two impls is kept: $(ls "$kept")"
[ -z "$(find "$kept" ! -name '*.json' -type f)" ] || note "temporary files are left"
run
used tuned 'tile=32 unroll=2'
says out '^tuned: tile=32 unroll=2 \(1 row: null:0/tile matmul f32\)$'
run --no-tuned
used table 'tile=8 unroll=2'
run -n 31
used table 'tile=8 unroll=2'
run -n 260
used table 'tile=8 unroll=2'
expect 0 verify -p null -i tile -o matmul -P f32 -n 64 --json "$work/row.json"
used tuned 'tile=32 unroll=2'
expect 0 verify -p null -i tile -o matmul -P f32 -n 64 --no-tuned --json "$work/row.json"
used table 'tile=8 unroll=2'
# The files of a row with other parameters differ in that.
run --json "$work/tuned.json"
run --no-tuned
expect 0 compare "$work/row.json" "$work/tuned.json" --threshold 100
says out 'parameters of null:0/tile .*: tile=8 unroll=2 in BASE, tile=32 unroll=2'

# Another search begins with it, and one that cannot go on keeps it.
again 0
says out 'tuned: tile=32 \(8\)$'
run
used tuned 'tile=32 unroll=2'

# What is not faster any more is forgotten.  The name of a device has no room for the
# end of this model.
long=$model:period=1:copy=0:upload=0:download=0:cache=0:spill=1
HCBENCH_NULL=$long:tuned=32
tune 0
grep -q 'tile=32' "$kept"/*.json || note "the long model's parameters are not kept"
HCBENCH_NULL=$long:tuned=8
run
used tuned 'tile=32 unroll=2'
again 0
says out '^matmul +f32 .*null:0 +tile .* table'
run
used table 'tile=8 unroll=2'

# Nothing is faster: the table stays, and that is kept.  With much noise something
# looks better at first.
for noise in noise=0.02:seed=1 noise=0.3:seed=1 noise=0.3:seed=2; do
	HCBENCH_NULL=model:launch=1e-5:flops=1e11:tuned=0:$noise
	tune 0
	says out '^matmul +f32 .*null:0 +tile .* table'
	[ "$(winners)" -eq 0 ] || note "what is not faster is kept"
done
says out 'table: not enough with '
run
used table 'tile=8 unroll=2'
HCBENCH_NULL=$model:tuned=8
tune 0
says out '^matmul +f32 .*null:0 +tile .* table'
[ "$(winners)" -eq 0 ] || note "what is not faster is kept"

# A shape that was decided for the table has the table, whatever was found for another, also
# for another version of the driver; and so have larger shapes.
HCBENCH_NULL=$long:tuned=32
tune 0
HCBENCH_NULL=$long:tuned=8
again 0 -n 128
says out '^matmul +f32 .*null:0 +tile .* table: not enough with tile=32 \(8\)$'
run -n 128
used table 'tile=8 unroll=2'
run -n 256
used table 'tile=8 unroll=2'
run -n 50
used tuned 'tile=32 unroll=2'
for file in "$kept"/*.json; do
	grep -q 'tile=32' "$file" || continue
	sed 's/"driver_version": "[^"]*"/"driver_version": "0.0"/' "$file" >"$work/old.json"
	mv "$work/old.json" "$file"
done
run -n 128
used table 'tile=8 unroll=2'
grep -q 'tuned parameters are ignored' "$work/row.json" &&
	note "a row warns of old parameters though there are new ones: $(grep 'ignored' "$work/row.json")"
run -n 50
grep -q 'tuned parameters are ignored' "$work/row.json" || note "a row does not warn of old parameters"

# What was proven once has a last contest of its own when another looked better and lost
# it.  The names of both devices have no room for the end.
HCBENCH_NULL=$long:tuned=32
tune 0
HCBENCH_NULL=$long:tuned=0:noise=0.3:seed=2
rm -f "$work/clock"
again 0 --json "$work/tune.json"
says out '^matmul +f32 .*null:0 +tile .* table: not enough with tile=32 \(8\)$'
[ "$(grep -c '"last": true' "$work/tune.json")" -eq 4 ] ||
	note "nothing else had a last contest: another seed is needed"
run
used table 'tile=8 unroll=2'

# Two searches at once: what both find is kept.
HCBENCH_NULL=$model:tuned=32
rm -rf "$work/cache"
for precision in f32 f64; do
	HCBENCH_NULL_CLOCK=$work/clock.$precision "$hcbench" tune -p null -o matmul -P $precision -n 64 \
		--budget 100 --timeout 5 -q &
done
wait
[ "$(files)" -eq 4 ] || note "two searches at once kept $(files) files, not 4"
for precision in f32 f64; do
	run -P $precision
	used tuned 'tile=32 unroll=2'
done

# What is wrong, crashes, hangs or does not fit costs itself alone; 16 and 64 are next best,
# and a chance step of `unroll` meets 32 again.
for fault in wrong crash hang refuse; do
	HCBENCH_NULL=$model:tuned=32:$fault=32
	tune 0 --timeout 1
	says out '^matmul +f32 .*null:0 +tile .* [12] failed +tuned: tile=(16|64) \(8\)( unroll=[14] \(2\))?$'
done

# What is beyond a limit is not tried at all.
HCBENCH_NULL=$model:tuned=32:limit=32
tune 0
says out '^matmul +f32 .*null:0 +tile .* [0-9]+ +tuned: tile=(16 \(8\)|32 \(8\) unroll=1 \(2\))$'
grep -q 'failed' "$work/out" && note "what a limit excludes is tried"

# The table's own parameters are at fault.
HCBENCH_NULL=$model:tuned=32:wrong=8
tune 1
says out 'failed: wrong: '
[ "$(files)" -eq 0 ] || note "a search that failed keeps something"

# Of another driver version, other kernels, or damaged: not used, and told.
HCBENCH_NULL=$model:tuned=32
tune 0
name=$(basename "$(grep -l '"impl": "tile"' "$kept"/*.json)")
cp "$kept/$name" "$work/good.json"
sed 's/"driver_version": "[^"]*"/"driver_version": "0.0"/' "$work/good.json" >"$kept/$name"
run
used table 'tile=8 unroll=2'
grep -q 'tuned parameters are ignored: they are of another version of the driver' "$work/row.json" ||
	note "another driver version is not told"
sed 's/"kernel_sha256": ""/"kernel_sha256": "abc"/' "$work/good.json" >"$kept/$name"
run
used table 'tile=8 unroll=2'
grep -q 'tuned parameters are ignored: they are of other kernels' "$work/row.json" ||
	note "other kernels are not told"
sed '/"parameters"/s/unroll=2/size=2/' "$work/good.json" >"$kept/$name"
run
used table 'tile=8 unroll=2'
grep -q "tuned parameters are ignored: the kernels take no 'tile=32 size=2'" "$work/row.json" ||
	note "unknown parameters are not told"
sed '/"table"/s/tile=8/tile=4/' "$work/good.json" >"$kept/$name"
run
used table 'tile=8 unroll=2'
grep -q 'tuned parameters are ignored: the table is not the one' "$work/row.json" ||
	note "another table is not told"
head -c 100 "$work/good.json" >"$kept/$name"
run
used table 'tile=8 unroll=2'
says err "^hcbench: .*$name:[0-9]+: "
cp "$work/good.json" "$kept/$name"
HCBENCH_NULL=$model:tuned=16
run
used table 'tile=8 unroll=2' # a device of another name
HCBENCH_NULL=$model:tuned=32
run
used tuned 'tile=32 unroll=2'
# What fits the names and not the device: before the plan, in it, and at the first launch.
cp "$kept/$name" "$work/good.json"
memory=$(sed -n '/"environment"/,/}/s/.*"memory_bytes": \([0-9]*\).*/\1/p' "$work/row.json")
while read -r words why; do
	HCBENCH_NULL=model:tuned=32:$words
	plant
	run
	used table 'tile=8 unroll=2'
	grep -q "tuned parameters are ignored: $why" "$work/row.json" || note "with $words no warning says: $why"
done <<-EOF
	refuse=64 a tile of 64 does not fit
	break=64 a tile of 64 does not compile
	fail=64 a tile of 64 has no resources
	host:memory=1e15:scratch=$((memory / 4)) matmul f32 64.* needs .* GiB of this machine's memory
EOF
# A wrong result is told as such.
HCBENCH_NULL=model:tuned=32:wrong=64
plant
# shellcheck disable=SC2086 # a list of options
expect 1 run -p null -i tile $tiny -n 64 --no-roofline --json "$work/row.json"
grep -q '"status": "wrong"' "$work/row.json" || note "a wrong result of tuned parameters is passed over"

# Nowhere to keep it: one line, before anything is measured.
HCBENCH_NULL=$model:tuned=32
echo >"$work/file"
XDG_CACHE_HOME=$work/file expect 1 tune -p null -o matmul -n 64
says err '^hcbench: cannot write .*/file/hcbench/: '
[ "$(wc -l <"$work/err")" -eq 1 ] || note "more than one line"

# Nothing to tune, and the command line.
HCBENCH_NULL=$model
tune 3
says err 'nothing to tune'
HCBENCH_NULL=$model:tuned=32
expect 3 tune -d null:7
expect 2 tune -p null -o peak
expect 2 tune -p null --budget 0
says err "'0' is not a number"
expect 2 tune -p null --no-tuned
says err "'hcbench tune' does not take --no-tuned"
tune 0 -q
[ ! -s "$work/out" ] || note "--quiet prints a table"

# What was tried, as a file; each of its members is in the manual.
tune 0 --json "$work/tune.json"
says out 'tuned: tile=32 \(8\)$'
for line in '"format": "hcbench-tune"' '"verdict": "tuned"' '"table": "tile=8 unroll=2"' \
	'"winner": "tile=32 unroll=2"' '"why": "proven to be more than' '"device": "null:0"' '"last": true'; do
	grep -q "$line" "$work/tune.json" || note "the file has no $line"
done
[ "$(grep -c '"last": true' "$work/tune.json")" -eq 2 ] || note "not one last contest for each of two impls"
[ "$(grep -c '"median_ci95_s"' "$work/tune.json")" -ge 20 ] || note "candidates have no intervals"
sed -n '/"cases": /,$s/^ *"\([a-z0-9_]*\)": .*/\1/p' "$work/tune.json" | sort -u |
	while read -r name; do
		case $name in tile | unroll) continue ;; esac
		grep -Eq "^\.(It )?Va (.* )?$name( |\$)" "$srcdir/doc/hcbench-result.5" || echo "$name"
	done >"$work/missing"
[ ! -s "$work/missing" ] || note "hcbench-result(5) does not have: $(cat "$work/missing")"
tune 0 --json -
grep -q '^ "format": "hcbench-tune"' "$work/out" || note "--json - does not write to stdout"
grep -q 'tuned: ' "$work/out" && note "--json - prints a table too"
HCBENCH_NULL=$model:tuned=32:wrong=32
tune 0 --json "$work/tune.json" -q
grep -A1 '"status": "wrong"' "$work/tune.json" | grep -q '"reason": ' || note "a wrong candidate has no reason"
grep -q '"winner": "tile=\(16\|64\) unroll=2"' "$work/tune.json" || note "the file has no next best"
HCBENCH_NULL=$model:tuned=8
tune 0 --json "$work/tune.json" -q
grep -q '"verdict": "table"' "$work/tune.json" || note "the file does not say that the table stays"
grep -q '"winner"' "$work/tune.json" && note "the file has a winner that is none"
HCBENCH_NULL=$model:tuned=32
tune 1 --json "$work/missing/tune.json"
[ "$(wc -l <"$work/err")" -eq 1 ] || note "more than one line: $(cat "$work/err")"
[ "$(files)" -eq 0 ] || note "a search without a file to write keeps something"

# No isolation, one process.
tune 0 --no-isolate
says out 'tuned: tile=32 \(8\)$'

# Ctrl-C in the second device: what the first has won stays, and the rest is told.
HCBENCH_NULL=$model:tuned=32,$model:tuned=32:hang=8
rm -rf "$work/cache" "$work/clock"
HCBENCH_TEST_MARK=$mark "$hcbench" tune -p null -o matmul -P f32 -n 64 --budget 100 --json "$work/tune.json" \
	>"$work/out" 2>"$work/err" </dev/null &
search=$!
tries=0
# Two impls of the first device.
until [ "$(cat "$kept"/*.json 2>/dev/null | grep -c '"tile=32')" -ge 2 ] || [ $tries -gt 300 ]; do
	sleep 0.2
	tries=$((tries + 1))
done
sleep 0.5
kill -INT $search
wait $search
status=$?
[ $status -eq 130 ] || note "exit status $status, not 130, after an interruption"
says out 'null:0 .* tuned: tile=32 \(8\)$'
says out 'null:1 .* +the search was stopped$'
grep '"verdict"' "$work/tune.json" | sort -u >"$work/verdicts"
grep -q '"stopped"' "$work/verdicts" || note "the file does not say that a search was stopped"
grep -q '"failed"' "$work/verdicts" && note "a search that was stopped failed"
HCBENCH_NULL=$model:tuned=32
run
used tuned 'tile=32 unroll=2'
[ -z "$(strays)" ] || note "workers are left"
finish
