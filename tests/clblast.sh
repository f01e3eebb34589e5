#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# CLBlast with its own parameters and with ours in one run: both are right, and only the
# second names the parameters.  Those are searched for, and what is kept is used.
set -u
hcbench=${builddir:?}/bench/hcbench
work=$builddir/tests/clblast.$$
csv=$work/rows.csv
mkdir "$work" || exit 1
trap 'rm -rf "$work"' EXIT
"$hcbench" list -p opencl 2>&1 | grep 'built without opencl' && exit 77
"$hcbench" verify -d opencl:0 -o matmul -P f32 -i clblast,clblast_tuned -n 260x280x300 --csv "$csv"
status=$?
grep 'built without CLBlast' "$csv" && exit 77
[ $status -eq 0 ] || exit 1
grep -q '^opencl:0,opencl,matmul,clblast,f32,.*260,280,300,.*ok' "$csv" &&
	grep ',clblast,' "$csv" | grep ',stock,' && ! grep ',clblast,' "$csv" | grep MWG &&
	grep ',clblast_tuned,f32,.*260,280,300,.*ok' "$csv" | grep ',table,.*MWG=' || exit 1

# PoCL keeps what it compiled where it did.
export POCL_CACHE_DIR="${POCL_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/pocl/kcache}"
export XDG_CACHE_HOME="$work" HCBENCH_KERNEL_CLASS=cpu
"$hcbench" tune -d opencl:0 -i clblast_tuned -o matmul -P f32 -n 260 --budget 1 --timeout 120 \
	--json "$work/tune.json" || exit 1
[ "$(grep -c '"status": "ok"' "$work/tune.json")" -ge 4 ] && grep -q '"MWG": \[' "$work/tune.json" &&
	sed -i '/"parameters"/s/MWG=[0-9]*/MWG=16/' "$work"/hcbench/*.json || exit 1
"$hcbench" verify -d opencl:0 -o matmul -P f32 -i clblast_tuned -n 260 --csv "$csv" &&
	grep ',ok,' "$csv" | grep ',tuned,.*MWG=16 '
