#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bench/cublas_baseline on a CUDA and a cuBLAS of ours: which calls it makes, what it
# prints, and how it fails.
: "${srcdir:?}" "${builddir:?}"
# shellcheck source=tests/program.sh
. "$srcdir/tests/program.sh"
fake=$builddir/tests/.libs/fake_cuda.so
[ -e "$fake" ] || { echo "there are no shared libraries in this build"; exit 77; }
export HCBENCH_CUDA="$fake" HCBENCH_CUBLAS="$fake" HCBENCH_NVML="$builddir/tests/.libs/fake_nvml.so"

# run STATUS ARGUMENT...
run() {
	wanted=$1
	shift
	"$builddir/bench/cublas_baseline" "$@" >"$work/out" 2>"$work/err"
	got=$?
	[ "$got" -eq "$wanted" ] || {
		note "exit status $got, not $wanted: cublas_baseline $*"
		cat "$work/err"
	}
}

# column NAME: of each row, with impl and precision.
column() {
	awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		{ print $at["impl"], $at["precision"], $at["shape.n"], $at[name] }' "$work/out"
}

# is NAME TEXT: the column has these lines.
is() {
	[ "$(column "$1")" = "$2" ] || note "$1 is: $(column "$1")"
}

# Products of two sizes and a copy.  1 ms a call.
run 0 24 17
is status 'cublas f32 24 ok
cublas f16f32 24 ok
cublas bf16f32 24 ok
cublas i8i32 24 ok
cublas_turned i8i32 24 ok
cublas f32 17 ok
cublas f16f32 17 ok
cublas bf16f32 17 ok
cublas i8i32 17 ok
cublas_turned i8i32 17 ok
driver f32 65536 ok'
[ "$(column kernel.median_s | awk '{ print $4 }' | sort -u)" = 0.001 ] ||
	note "not 1 ms a call: $(column kernel.median_s)"
[ "$(column kernel.n | awk '{ print $4 }' | sort -u)" = 15 ] || note "not 15 windows"
[ "$(column launches | awk '{ print $4 }' | sort -u)" = 50 ] || note "windows are not 50 ms"
[ "$(column gflops | head -n 1)" = 'cublas f32 24 0.027648' ] || note "rate: $(column gflops | head -n 1)"
[ "$(column gbps | tail -n 1)" = 'driver f32 65536 0.524288' ] || note "rate: $(column gbps | tail -n 1)"
[ "$(column cuda_version | head -n 1)" = 'cublas f32 24 12.4' ] || note "another version of CUDA"
[ "$(column cublas_version | head -n 1)" = 'cublas f32 24 12.4.5' ] || note "another version of cuBLAS"
[ "$(column name | head -n 1)" = 'cublas f32 24 Fake   GPU  0' ] || note "name: $(column name | head -n 1)"
[ "$(awk -F, '{ print NF }' "$work/out" | sort -u)" = 28 ] || note "lines differ in their fields"

# A row that fails or is wrong costs itself and the exit status.
FAKE_CUDA=turned run 1 24
is reason 'cublas f32 24 
cublas f16f32 24 
cublas bf16f32 24 
cublas i8i32 24 
cublas_turned i8i32 24 cublasGemmEx: status 15
driver f32 65536 '
is status 'cublas f32 24 ok
cublas f16f32 24 ok
cublas bf16f32 24 ok
cublas i8i32 24 ok
cublas_turned i8i32 24 error
driver f32 65536 ok'
FAKE_CUDA=wrong run 1 24
is status 'cublas f32 24 wrong
cublas f16f32 24 wrong
cublas bf16f32 24 wrong
cublas i8i32 24 wrong
cublas_turned i8i32 24 wrong
driver f32 65536 ok'

# Without a device or a library: one line, and nothing that looks like a result.
FAKE_CUDA=device run 3 24
says err '^cublas_baseline: there is no CUDA device: cuInit: CUDA_ERROR_NO_DEVICE \(100\)$'
[ ! -s "$work/out" ] || note "rows without a device"
HCBENCH_CUDA=$work/none run 3
says err '^cublas_baseline: there is no CUDA driver: .*none'
[ "$(wc -l <"$work/err")" -eq 1 ] || note "more than one line"
HCBENCH_CUBLAS=$work/none run 3
says err '^cublas_baseline: there is no cuBLAS: .*none'
HCBENCH_CUBLAS=$builddir/tests/.libs/fake_nvml.so run 3
says err '^cublas_baseline: this cuBLAS has no cublasCreate_v2$'
for word in 0 -1 1x 65537 ''; do
	run 2 "$word"
	says err '^usage: cublas_baseline'
done
[ -w /dev/full ] && { "$builddir/bench/cublas_baseline" 8 >/dev/full 2>"$work/err"; [ $? -eq 1 ] || note "a full disk goes unseen"; }
finish
