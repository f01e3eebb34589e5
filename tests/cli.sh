#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2086 # lists of options are split on purpose
# Exit statuses, bad input and output to odd places.
# shellcheck source=tests/program.sh
. "${srcdir:?}/tests/program.sh"
HCBENCH_NULL=ok
export HCBENCH_NULL
cd "$work" || exit 99

# Help and version, everywhere.
for command in '' run list verify recover; do
	expect 0 $command --help
	says out '--json'
	expect 0 $command --version
	says out '^hcbench [0-9]+\.[0-9]+\.[0-9]+'
done

# A usage error is one line that says what and what would be right, then where
# help is.
usage() {
	pattern=$1
	shift
	expect 2 "$@"
	says err "$pattern"
	says err "^Try 'hcbench (run )?--help'"
	[ "$(wc -l <"$work/err")" -eq 2 ] || note "not two lines for: $*"
	[ -s "$work/out" ] && note "something on stdout for: $*"
}
usage "unknown|unrecognized" --frobnicate
usage 'frobnicate' frobnicate
usage 'foo.*cpu' --platform foo
usage 'foo.*matmul' --op foo
usage 'foo.*f32' --precision foo
usage 'foo.*tile' --impl foo
usage 'foo.*uniform' --fill foo
usage 'foo' --size foo
usage '0' --size 0
usage '-5' --size=-5
usage '512-256' --size '512-256*2'
usage '99999999999999999999' --size 99999999999999999999
usage '4294967296x4294967296x4294967296' -o matmul --size 4294967296x4294967296x4294967296
usage 'timeout' --timeout nan
usage 'min-runs' --min-runs -1
usage 'needs|requires' --json
usage 'bogus' run bogus

# Devices that are not there.
expect 3 --device cpu:99
says err 'cpu:99'
expect 3 --device opencl:4294967296
HCBENCH_NULL=''
expect 3 --platform null
says err 'HCBENCH_NULL'
HCBENCH_NULL=ok
expect 3 -p null -i clblast
expect 3 -p null -o matmul -P f64 -n 65536
says err 'nothing was measured'

good() {
	expect 0 -p null $tiny "$@"
}
bad() {
	expect 1 -p null $tiny "$@"
	[ -s "$work/err" ] || note "no message for: $*"
}

good
says out 'null:0'
says out 'matmul f32'
[ -s "$work/err" ] && note "messages of a good run: $(cat "$work/err")"
good --quiet
[ -s "$work/out" ] && note "--quiet printed something"

# Machine output: alone on stdout, compressed, and both at once.
good --json - && python=$(command -v python3)
head -c1 "$work/out" | grep -q '{' || note "--json - printed something else first"
[ -z "$python" ] || "$python" -m json.tool "$work/out" >/dev/null || note "--json - is no JSON"
good --csv -
head -n1 "$work/out" | grep -q '^device,platform,op,impl,precision,' || note "no CSV header"
good --json a.json.gz --csv a.csv.gz
gzip -dc a.json.gz | grep -q hcbench-result || note "a.json.gz is no compressed result"
gzip -dc a.csv.gz | grep -q '^null:0,null,matmul' || note "a.csv.gz is no compressed table"
grep -Eiq 'nan|inf[^o]' a.json 2>/dev/null && note "NaN or infinity in JSON"

# Variants of sums are rows of their own, in tables and files.
expect 0 -p null -o sum,matmul -P f32,f16f32,i8i32 -n 8 --sum all -i tile --min-time 0 --max-time 0.05 --warmup 0 \
	--csv sums.csv --json sums.json
says out '^sum f32$'
says out '^sum f32 neumaier$'
says out '^sum f32 f64$'
says out '^matmul f32$'
says out '^16 bits beside f32'
says out '^matmul f16f32  *8x8x8  *null:0. *tile  *tile '
says out '^sum f16f32 neumaier  *8  *null:0'
grep -q 'i8i32 neumaier' out && note "a sum of integers has a variant"
expect 0 verify -p null -o sum -P f64,i8i32 -n 8 -i tile --strict
[ "$(grep -c ',f32,neumaier,' sums.csv)" -eq 1 ] || note "no neumaier in the CSV"
[ "$(grep -c '"sum": "f64"' sums.json)" -eq 2 ] || note "not two rows in f64"
expect 0 compare sums.json sums.json --all
says out '^sum f32 neumaier$'
expect 0 report sums.json -o sums.html
grep -q 'matmul: 16 bits beside f32' sums.html || note "no mixed precision in the report"
grep -q 'sum f32 neumaier' sums.html || note "no neumaier in the report"

# f32 in two halves is for matmul, is not run unless it is asked for, and stands beside f32.
expect 0 -p null -o matmul -P f32,f32x2 -n 8 -i tile --min-time 0 --max-time 0.05 --warmup 0 \
	--json halves.json --csv halves.csv
says out '^matmul f32x2  *8x8x8  *null:0. *tile  *tile .*e-0[78] .* 0\.000[12][0-9]*$'
[ "$(grep -c ',matmul,tile,f32x2,.*,ok,' halves.csv)" -eq 1 ] || note "no f32x2 in the CSV"
expect 0 compare halves.json halves.json --all
says out '^matmul f32x2$'
expect 0 report halves.json -o halves.html
grep -q 'matmul f32x2' halves.html || note "no f32x2 in the report"
expect 0 verify -p null -n 17 -o all -P f32x2 --strict
expect 0 -p null -o all -n 8 -i tile --min-time 0 --max-time 0.05 --warmup 0 --csv default.csv
grep -q f32x2 default.csv && note "a default run has f32x2"
expect 3 -p null -o sum,dot -P f32x2 -n 8
says err 'no impl offers that op and precision'

# Scaled operands: counted, refused where they overflow, right otherwise.
expect 0 verify -p null -o matmul,sum -P f32,f16f32,bf16f32 -n 64 --sum plain --scale -24,0,20 --fill normal \
	--csv scales.csv --json scales.json
says out '^f16f32  *2\^-24  *0  *[0-9.]*%  *[0-9.]*%  *0\.[0-9]*  '
says out '^f16f32  *2\^20  *[0-9.]*%  *0  *0 *$'
says out '^bf16f32  *2\^20  *0  *0  *0  *0.0'
says out 'unsupported: scaled by 2\^20, [0-9]* of 4096 elements overflow f16'
[ "$(grep -c ',f32,,64,64,64,,,,,,ok,' scales.csv)" -eq 2 ] || note "an f32 row has a scale"
grep -q '"exponent": -24' scales.json || note "no scale in the JSON"
expect 0 compare scales.json scales.json --all
says out '64 2\^-24'

expect 0 verify -p null -o matmul,sum -P f32,f32x2 -n 64 --sum plain --scale -40,0,15,17 -i tile --csv scales.csv
says out '^f32x2  *2\^-40  *0  *100%  *0  *1\.0  '
says out '^f32x2  *2\^0  *0  *0  *[0-9.]*%  *[0-9.]*e-08  '
says out '^f32x2  *2\^15  *0  *0  *0  *[0-9.]*e-08  '
says out 'unsupported: scaled by 2\^17, [0-9]* of 4096 elements overflow f16'
[ "$(grep -c ',f32,,.*,ok,' scales.csv)" -eq 2 ] || note "an f32 row has a scale"
usage 'matmul in f32x2, which --op or --precision leaves out' -o sum -P f32x2 --scale 3

# A full verification shows it by itself, where it has the shape.
expect 0 verify -p null -o sum -P f32,f16f32 -n 65537,8 --sum plain -i tile --full
says out '^f16f32  *2\^-24  *0  *[0-9.]*%'
says out '^f16f32  *2\^17  *[0-9.]*%  *0  *0 *$'
says out '^8 rows: 7 ok, 1 unsupported'

# A row that begins anew after a crash has its counts still.
HCBENCH_NULL=crash-run
expect 1 verify -p null -o sum -P f16f32 -n 64 --sum plain --scale 3 --csv scales.csv
HCBENCH_NULL=ok
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
	$at["impl"] == "tile" { print $at["status"], $at["scale.overflowed"] }' scales.csv |
	grep -qx 'ok 0' || note "the counts are lost after a crash"

# Places that cannot be written to.
bad --json missing/folder/a.json
says err 'missing/folder/a.json'
bad --csv missing/folder/a.csv
bad --journal missing/folder/journal
if [ -e /dev/full ]; then
	bad --json /dev/full
	bad --csv /dev/full
	"$hcbench" -p null $tiny >/dev/full 2>"$work/err" && note "a full disk on stdout is not noticed"
	"$hcbench" -p null $tiny --json - >/dev/full 2>"$work/err" && note "--json - on a full disk"
	"$hcbench" --help >/dev/full 2>"$work/err" && note "--help on a full disk"
	"$hcbench" list -p null >/dev/full 2>"$work/err" && note "list on a full disk"
fi

# A broken pipe is an error in a line, not a death by signal.
{
	"$hcbench" -p null $tiny --json - 2>"$work/err"
	echo $? >status
} | true
sleep 0.2
grep -qx '[01]' status || note "a broken pipe: exit status $(cat status)"

# A journal is gone after a completed run, also the default one.
good --journal "$work/journal"
[ -e "$work/journal" ] && note "the journal of a completed run is still there"
find "$XDG_STATE_HOME" -name 'run-*' -newer "$work" 2>/dev/null | grep -q . && note "a default journal was left"
(
	unset XDG_STATE_HOME HOME
	good
)

# ... and a file that was there before is never touched.
echo precious >old
bad --journal old
grep -qx precious old || note "--journal overwrote a file"

# A kernel folder that is not there is not the built-in kernels.
bad --kernel-dir missing/kernels
says err 'missing/kernels'

# Closed standard streams.
"$hcbench" -p null $tiny <&- >"$work/out" 2>&- || note "closed stdin and stderr: exit status $?"

# --strict makes what is unsupported an error.
expect 0 -p null -o matmul -P f32 -n 16,65536 -i tile --min-time 0 --max-time 0.05 --warmup 0
says out 'matmul f32 65536x65536x65536 needs 48 GiB, null:0 has 1 GiB'
expect 1 -p null -o matmul -P f32 -n 16,65536 -i tile --min-time 0 --max-time 0.05 --warmup 0 --strict
says err '^hcbench: --strict: 1 of 2 rows did not run'

# list and verify.
expect 0 list -p null
says out 'null device \(ok\)'
expect 0 list -p null --json list.json
grep -q '"null:0"' list.json || note "list --json lacks the device"
expect 0 verify -p null -n 1x2x3,17 -P f32
expect 0 verify -p null -n 17 -P f32,i8i32
HCBENCH_NULL=wrong
expect 1 verify -p null -n 17 -P f32 -o matmul
says out 'wrong'

# The worker command is not for people.
expect 2 worker
finish
