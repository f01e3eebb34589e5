#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2086 # lists of options are split on purpose
# One OpenCL driver behind two ICD files: marked, run once, and run when named.
# shellcheck source=tests/program.sh
. "${srcdir:?}/tests/program.sh"
cd "$work" || exit 99

# environment.sh names the ICD file of PoCL, if there is one.
pocl=$OCL_ICD_VENDORS
[ -f "$pocl" ] || {
	echo "there is no PoCL"
	exit 77
}
"$hcbench" list -p opencl 2>&1 | grep 'built without opencl' && exit 77
expect 0 list -p opencl --json a.json
says out '^opencl:0' # the driver works here

# The same library named twice, or where the loader passes over that, a copy of it
# under another name.
library=$(sed -n 1p "$pocl")
path=
for file in "$library" /usr/lib/"$library" /usr/lib/*/"$library" /usr/local/lib/"$library"; do
	[ -f "$file" ] && path=$file
done
[ -n "$path" ] || {
	echo "the library $library is not found"
	exit 77
}
mkdir vendors
cp "$path" "$work/libpocl-copy.so"
OCL_ICD_VENDORS=$work/vendors
export OCL_ICD_VENDORS
echo "$path" >vendors/a.icd
for second in "$path" "$work/libpocl-copy.so"; do
	echo "$second" >vendors/b.icd
	"$hcbench" list -p opencl --json a.json >"$work/out" 2>"$work/err"
	echo "a second ICD file naming $second: $(grep -c '"id": "opencl:' a.json) devices"
	grep -q '"opencl:1"' a.json && break
done
grep -q '"opencl:1"' a.json || {
	echo "the loader does not list two copies of a driver: $(head -n1 "$work/err")"
	exit 77
}
grep -q '"duplicate_of": "opencl:0"' a.json || note "the second copy is no duplicate"
says out 'same driver listed twice: also opencl:0'

expect 0 -p opencl -i tile $tiny --csv rows.csv
rows rows.csv | grep -q '^opencl:1' && note "a duplicate ran"
rows rows.csv | grep -qx 'opencl:0/tile ok' || note "the first of two did not run"
says out 'opencl:1 is left out: the same driver and hardware as opencl:0'
expect 0 -d opencl:1 -i tile $tiny --csv rows.csv
rows rows.csv | grep -qx 'opencl:1/tile ok' || note "a duplicate that was named did not run"
says out 'same driver listed twice'
finish
