#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2086 # lists of options are split on purpose
# A run that was killed: its journal becomes a result file, and the run goes on.
# shellcheck source=tests/program.sh
. "${srcdir:?}/tests/program.sh"
[ -d /proc/self ] || {
	echo "needs /proc"
	exit 77
}
HCBENCH_NULL=ok,sleep-run
export HCBENCH_NULL
cd "$work" || exit 99
run="-p null $tiny -n 8-44+4 --seed 5"

# begin SIGNAL: a run that is ended after some cases; leaves `journal`.
begin() {
	rm -f journal
	HCBENCH_TEST_MARK=$mark "$hcbench" $run --journal journal >out 2>err </dev/null &
	program=$!
	tries=0
	until [ "$(grep -c end_of_case journal 2>/dev/null)" -ge 3 ] 2>/dev/null; do
		sleep 0.1
		tries=$((tries + 1))
		[ $tries -lt 600 ] || {
			note "no cases in the journal after 60 s"
			finish
		}
	done
	# Meanwhile nobody else may continue it.
	[ "$1" != KILL ] || {
		kill -STOP $program
		expect 1 --resume journal --quiet
		says err 'another run is writing it'
	}
	kill -"$1" $program
	wait $program 2>/dev/null
}

# count STATUS FILE: rows with that status.
count() {
	grep -c "\"status\": \"$1\"" "$2"
}

begin INT
says err "'hcbench --resume journal' measures the rest"
begin KILL
cp journal saved
kept=$(grep -c end_of_case journal)

# A last line that was torn.
printf '{"device": "null:0", "op": "mat' >>journal
expect 0 recover journal --json part.json --csv part.csv.gz
[ -s err ] && note "recover said: $(cat err)"
says out 'null:0'
says out 'skipped: the run ended before this row was finished'
[ "$(count ok part.json)" -ge $((4 * kept)) ] || note "recover lost rows"
[ $(($(count ok part.json) + $(count skipped part.json))) -eq 40 ] || note "recover does not give all 40 rows"
grep -q '"resumed"' part.json && note "a run that did not go on is told to have"
gzip -dc part.csv.gz | grep -q '^null:0,null,matmul' || note "recover wrote no CSV"
expect 0 recover journal --json - --quiet
cmp -s out part.json || note "recover is not the same on stdout"
expect 0 recover journal
# A head alone: its rows are written, and nothing was measured.
head -n 1 journal >beginning
expect 1 recover beginning --json beginning.json
says err 'beginning: nothing was measured'
[ "$(count skipped beginning.json)" -eq 40 ] || note "recover does not write what was planned"
expect 1 recover part.json --json other.json
says err 'part.json:1: this is no journal'
[ -e other.json ] && note "a refused journal left a file"
expect 2 recover journal --json ./journal
says err 'is read'
expect 2 recover
expect 1 recover missing
says err 'missing: cannot be read'

# What does not agree.
refused() {
	status=$1 pattern=$2
	shift 2
	cp saved journal
	expect "$status" "$@" --json no.json
	says err "$pattern"
	[ "$(grep -vc "^Try 'hcbench .*--help'" err)" -eq 1 ] || note "not one line: $*"
	[ -e no.json ] && note "a file was written: $*"
	cmp -s saved journal || note "the journal has changed: $*"
}
refused 2 'seed.*journal' --resume journal --seed 6
refused 2 'size.*journal' --resume journal -n 8
refused 2 'quick.*journal' --quick --resume journal
refused 2 "of 'hcbench run'" verify --resume journal
refused 2 'continues its journal' --resume journal --journal another
refused 2 "not '-'" --resume -
gzip -c saved >packed
refused 1 'packed: it is packed|cannot continue packed' --resume packed
refused 2 'is the journal' --resume journal --csv "$work/journal"
HCBENCH_NULL=ok refused 1 'HCBENCH_NULL is not what it was' --resume journal
LP_NUM_THREADS=1 refused 1 'LP_NUM_THREADS is not what it was' --resume journal
# edited PATTERN SED: a journal of another program, machine, device or run.
edited() {
	cp saved journal
	cp saved keep
	sed "1 { $2; }" saved >journal
	cmp -s saved journal && note "nothing to edit: $2"
	mv journal saved
	refused 1 "$1" --resume journal
	mv keep saved
}
edited 'hcbench was version 0.0.9 and is' 's/"version":"[^"]*"/"version":"0.0.9"/'
edited 'null:0: driver_version was "7" and is "' 's/"driver_version":"[^"]*"/"driver_version":"7"/'
edited 'cpu: cores was 77 and is' 's/"cores":[0-9]*/"cores":77/'
edited 'this machine: kernel was' 's/"kernel":"[^"]*"/"kernel":"other"/'
edited 'its command line is none' 's/"--seed"/"--sead"/'
edited 'its command line is none' 's/"-p"/"--help"/'
edited 'its rows are not' 's/"--seed","5"/"--seed","6","-n","8"/'
edited 'written by a newer hcbench' 's/"format_version":1/"format_version":2/'

# It goes on: what was there is kept to the bit, the rest is measured, and the file
# says so.
cp saved journal
printf '{"device": "null:0", "op": "mat' >>journal
expect 0 --resume journal --json whole.json --seed 5 --timeout 50
[ -s err ] && note "the resumed run said: $(cat err)"
[ -e journal ] && note "the journal of a completed run is still there"
[ "$(count ok whole.json)" -eq 40 ] || note "not 40 good rows but $(count ok whole.json)"
grep -A1 '"resumed": \[' whole.json | grep -Eq '"20[0-9T:-]+Z"' || note "the file does not say that it was resumed"
grep '"started"' part.json >a
grep '"started"' whole.json >b
cmp -s a b || note "the start of the run is another"
# kept FILE: the rows that are kept, which are the first.
kept() {
	awk -v rows=$((4 * kept)) '/"results": \[/ { on = 1 } on && /"device":/ { n++ } on && n > rows { exit } on' "$1"
}
kept part.json >a
kept whole.json >b
[ "$(wc -l <a)" -gt 100 ] || note "no kept rows to compare"
cmp -s a b || note "kept rows have changed"

# Stopped once more, recovered and completed; also what was given at first is used.
run="$run --json first.json"
begin TERM
rm -f first.json
HCBENCH_TEST_MARK=$mark "$hcbench" --resume journal >out 2>err </dev/null &
program=$!
cases=$(grep -c end_of_case journal)
while [ "$(grep -c end_of_case journal)" -le "$cases" ] && kill -0 $program 2>/dev/null; do sleep 0.1; done
kill -KILL $program
wait $program 2>/dev/null
[ "$(grep -c '"resumed"' journal)" -eq 1 ] || note "the journal does not say that the run went on"
expect 0 recover journal --quiet --json part.json
grep -q '"resumed"' part.json || note "recover does not say that the run went on"
expect 0 --resume journal
[ "$(count ok first.json)" -eq 40 ] || note "the file of the first command line is not complete"
[ "$(grep -A3 '"resumed": \[' first.json | grep -c '"20')" -eq 2 ] || note "not resumed twice"

# The roofs come back with the rows, and are not measured again.
roofs() {
	awk '/^ "results": / { exit } /^ "roofline": / { top = 1 } /^   "roofline": / { on = 1 }
		on || top { sub(/,$/, ""); print } /^   }/ { on = 0 }' "$1"
}
run="-p null $tiny -n 8-28+4 --seed 5 --roofline"
begin KILL
kept=$(grep -c end_of_case journal)
expect 0 recover journal --quiet --json part.json
expect 0 --resume journal --quiet --json whole.json
roofs part.json >a
roofs whole.json >b
[ "$(grep -c '"op": "peak"' a)" -eq 2 ] || note "recover lost the rows that measured the roofs"
[ "$(grep -c '"bandwidth_gbps"' a)" -eq 2 ] || note "recover lost the roofs"
[ "$(grep -c '"sensors": {' part.json)" -eq 2 ] || note "recover lost what the devices' sensors are"
cmp -s a b || note "roofs were measured again"
kept part.json >a
kept whole.json >b
[ "$(grep -c '"share"' a)" -eq $((4 * kept)) ] || note "recover lost shares"
cmp -s a b || note "kept rows or their shares have changed"
expect 1 compare part.json missing
expect 0 compare part.json part.json --quiet

# Parameters are those that the run began with, whatever was found or deleted since.
HCBENCH_NULL=model:launch=1e-5:flops=1e11:tuned=32:noise=0.02:seed=1
HCBENCH_NULL_CLOCK=$work/clock XDG_CACHE_HOME=$work/cache
export HCBENCH_NULL_CLOCK XDG_CACHE_HOME
# tunings FILE: how many rows have which tuning.
tunings() {
	sed -n 's/.*"tuning": "\([a-z]*\)".*/\1/p' "$1" | sort | uniq -c | tr -s ' \n' ' '
}
run="-p null -o matmul -P f32 -i tile -n 64-184+4 --no-roofline --min-time 0 --max-time 0.5 --min-runs 20"
begin KILL
expect 0 tune -p null -o matmul -P f32 -n 64,128 --budget 100 --timeout 5 -q
expect 0 run $run --json all.json
[ "$(tunings all.json)" = ' 31 tuned ' ] || note "a new run is not tuned: $(tunings all.json)"
expect 0 --resume journal --quiet --json whole.json
[ "$(tunings whole.json)" = ' 31 table ' ] || note "a resumed run mixes: $(tunings whole.json)"
begin KILL
rm -r "$work/cache"
expect 0 --resume journal --quiet --json whole.json
[ "$(tunings whole.json)" = ' 31 tuned ' ] || note "a resumed run forgets: $(tunings whole.json)"
expect 0 tune -p null -o matmul -P f32 -n 64,128 --budget 100 --timeout 5 -q
begin KILL
sed '1s/"tuned":\[{"format"/"tuned":[7,{"format"/' journal >edited
mv edited journal
expect 1 --resume journal
says err 'journal:1: tuned: must be an array of tuned parameters'

# A search goes on where it was: it asks for the same sizes again.
noise=noise=0.05:seed=1
HCBENCH_NULL=model:host:launch=1e-6:flops=100e9:$noise,model:launch=20e-6:flops=1e12:$noise
HCBENCH_NULL_CLOCK=$work/clock
export HCBENCH_NULL_CLOCK
run="breakeven -p null -i native -n 16-256 -o matmul"
begin KILL
cp journal saved
expect 0 recover journal --quiet --json part.json
[ "$(grep -c '"speedup": {' part.json)" -ge 3 ] || note "recover lost the speedups of a search"
refused 2 "of 'hcbench breakeven'" verify --resume journal
sed '/^{"rows".*"m":32/ { s/:32/:31/g; q; }' saved >journal
expect 1 --resume journal --json no.json
says err 'not those that the search would measure'
cp saved journal
expect 0 breakeven --resume journal --quiet --json whole.json
[ -e journal ] && note "the journal of a completed search is still there"
grep -q '"answer": "crosses"' whole.json || note "a search that went on has no answer"
grep -q '"resumed": \[' whole.json || note "the file of a search does not say that it was resumed"
# figures FILE: of the rows of the coarse sizes that were kept.
figures() {
	awk '/"n": (16|32|64),/ { on = 1 } on && /"(min_s|ratio)"/ { print } /"status":/ { on = on && /ok/ }
		/"memory": / { on = 0 }' "$1"
}
figures part.json | sort >a
figures whole.json | sort >b
[ "$(wc -l <a)" -ge 15 ] || note "no kept rows of the search to compare"
[ -z "$(comm -23 a b)" ] || note "kept rows of the search have changed"
finish
