#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# CLBlast with its own parameters and with ours in one run: both are right, and only the
# second names the parameters.
set -u
hcbench=${builddir:?}/bench/hcbench
csv=$builddir/tests/clblast.$$
trap 'rm -f "$csv"' EXIT
"$hcbench" list -p opencl 2>&1 | grep 'built without opencl' && exit 77
"$hcbench" verify -d opencl:0 -o matmul -P f32 -i clblast,clblast_tuned -n 260x280x300 --csv "$csv"
status=$?
grep 'built without CLBlast' "$csv" && exit 77
[ $status -eq 0 ] || exit 1
grep -q '^opencl:0,opencl,matmul,clblast,f32,.*260,280,300,.*ok' "$csv" &&
	grep ',clblast,' "$csv" | grep ',stock,' && ! grep ',clblast,' "$csv" | grep MWG &&
	grep ',clblast_tuned,f32,.*260,280,300,.*ok' "$csv" | grep ',table,.*MWG='
