#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2086 # lists of options are split on purpose
# hcbench compare, from files to the exit status.  Times are those of synthetic
# devices with noise: nothing depends on the speed of this machine.
# shellcheck source=tests/program.sh
. "${srcdir:?}/tests/program.sh"
cd "$work" || exit 99

# device FLOPS SEED: a model with noise and drift.
device() {
	HCBENCH_NULL="model:flops=$1:upload=1e9:download=1e9:noise=0.01:drift=0.005:outliers=0.02:seed=$2"
	export HCBENCH_NULL
}
# result FLOPS SEED FILE
result() {
	device "$1" "$2"
	expect 0 -p null -P f32,f64,f16f32 -o matmul,dot -n 16,24,32 --json "$3"
}
result 1e9 1 base.json
result 1e9 2 again.json.gz
result 0.9e9 3 slower.json # launches of a microsecond and more: the larger take 10 % longer
result 1.25e9 4 faster.json

# The same file, and the same code.
expect 0 compare base.json base.json
says out '^36 rows: 36 same$'
says out '^note: both files have the same samples'
expect 0 compare base.json again.json.gz
says out '^36 rows: '
says out ' same'
grep -Eq 'slower|faster' "$work/out" && note "identical code is not the same"
expect 0 compare --all base.json again.json.gz
says out '32x32x32 +null:0 +tile'

# Changes are found, and the threshold decides.
expect 1 compare base.json slower.json
says out '32x32x32 +null:0 +tile .* 0\.[89][0-9]+ +0\.[0-9]+\.\.0\.9.* slower'
says out '^36 rows: .*slower'
expect 0 compare slower.json base.json
says out 'faster'
expect 0 compare --threshold 30 base.json slower.json
expect 0 compare base.json faster.json
says out 'faster'
expect 1 compare -t 5 faster.json base.json

# Another sampling is told.
expect 0 -p null $tiny --json tiny.json
expect 0 -p null $tiny --quick --json quick.json
"$hcbench" compare -t 1000 tiny.json quick.json >"$work/out" 2>"$work/err"
says out '^differs: sampling: '

# A row that broke, was repaired, is gone or new.
HCBENCH_NULL=wrong
expect 1 -p null $tiny --json wrong.json
HCBENCH_NULL=ok
expect 0 -p null $tiny --json ok.json
expect 0 -p null $tiny -i tile --json one.json
sed 's/null device (wrong)/null device (ok)/' wrong.json >broken.json
expect 1 compare -t 1000 ok.json broken.json
says out 'broken +.*wrong: '
says out '1 broken'
expect 0 compare -t 1000 broken.json ok.json
says out 'fixed +.*was wrong'
expect 0 compare -t 1000 ok.json one.json
says out 'gone +.*not in NEW'
says out ', 1 gone$'
expect 1 compare -t 1000 --strict ok.json one.json
expect 0 compare -t 1000 --strict one.json ok.json
says out ', 1 new$'
expect 1 compare base.json ok.json
says err 'no row was measured in both'

# Machine output.
expect 1 compare base.json slower.json --json - --csv out.csv.gz
head -c1 "$work/out" | grep -q '{' || note "--json - printed something else first"
says out '"format": "hcbench-comparison"'
grep -Eiq 'nan|inf[^o]' "$work/out" && note "NaN or infinity in JSON"
[ "$(gzip -dc out.csv.gz | wc -l)" -eq 37 ] || note "not 36 lines and a head in CSV"
gzip -dc out.csv.gz | grep -q '^slower,' || note "no row of CSV is slower"
expect 1 compare -q base.json slower.json
[ -s "$work/out" ] && note "--quiet printed something"
expect 1 compare base.json slower.json --color always
grep -q "$(printf '\033\[1;31m')" "$work/out" || note "no color"
expect 1 compare base.json base.json --json missing/folder/a.json
says err 'missing/folder'
if [ -e /dev/full ]; then
	"$hcbench" compare base.json base.json >/dev/full 2>"$work/err" && note "a full disk is not noticed"
	says err 'cannot write'
fi

# Files that are none, and command lines that are none.
head -c 1000 base.json >cut.json
for file in cut.json missing.json out.csv.gz .; do
	expect 1 compare base.json $file
	[ "$(wc -l <"$work/err")" -eq 1 ] || note "not one line about $file"
	says err "$file"
	expect 1 compare $file base.json
done
for line in '' base.json 'base.json base.json base.json' '-t -1 base.json base.json' \
	'-t x base.json base.json' '--threshold nan base.json base.json' '--size 1 base.json base.json'; do
	expect 2 compare $line
	says err "^Try 'hcbench compare --help'"
done
expect 0 compare --help
says out 'BASE NEW'
says out '--threshold PERCENT.*'
finish
