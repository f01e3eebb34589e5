#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tables of bench/targets.sh and bench/gpu_targets.sh, made of programs whose times
# are known: ratios, intervals, verdicts, what is missing, and the exit status.
: "${srcdir:?}" "${builddir:?}"
# shellcheck source=tests/program.sh
. "$srcdir/tests/program.sh"

# Numbers of rows are seconds; a row that is not in the file is not ok.  `round` counts
# the programs' runs of a kind.
mkdir "$work/bench" "$work/spv"
cat >"$work/bench/hcbench" <<'EOS'
#!/bin/sh
command=$1 kind=matmul csv='' json=''
shift
case $command in
--version) echo "hcbench 0.0"; exit ;;
verify) kind=verify-sums ;;
tune | report) kind=$command ;;
esac
while [ $# -gt 0 ]; do
	case $1 in
	-o) case $command-$2 in verify-matmul) kind=verify-matmul ;; *-sum,copy) kind=memory ;; *-upload*) kind=machine ;; esac ;;
	-P) case $2 in f32) ;; *f32x2) kind=precisions ;; *) kind=units ;; esac ;;
	-d) devices=$2 ;;
	-n) size=$2 ;;
	--platform) kind=run ;;
	--csv) csv=$2 ;;
	--json) json=$2 ;;
	esac
	shift
done
if [ "$command" = list ]; then
	[ -n "$json" ] || { echo "devices $devices with their drivers"; exit; }
	gzip -c "$FAKES/list.json" >"$json"
	exit
fi
[ "${HCBENCH_VULKAN_WORKGROUP_MATRICES:-}" != 0 ] || kind=subgroups
echo "$kind" >>"$FAKES/order"
round=$(grep -c "^$kind" "$FAKES/order")
echo "$kind $round: -d ${devices:-} -n ${size:-}, sensors ${HCBENCH_NVML:-read}" >>"$FAKES/asked"
cp "$FAKES/folder/targets.md" "$FAKES/before-$kind.md" 2>/dev/null
[ ! -e "$FAKES/hang-$kind" ] || exec sleep 60
[ "$csv" = - ] || echo "text of $kind"
[ -z "$json" ] || echo '{}' >"$json"
[ -n "$csv" ] || exit 0
{
	echo 'device,impl,op,precision,shape.m,shape.n,shape.k,status,reason,kernel.median_s,kernel.ci95_s.0,kernel.ci95_s.1,wall.median_s,wall.ci95_s.0,wall.ci95_s.1,bytes,speedup.kernel.ratio,speedup.kernel.ci95.0,speedup.kernel.ci95.1,gflops,gbps,error.rel_frobenius,tuning,parameters,note'
	grep "^$kind $round " "$FAKES/times" | cut -d ' ' -f 3-
} >"$FAKES/csv"
case $csv in
*.gz) gzip -c "$FAKES/csv" >"$csv" ;;
-) cat "$FAKES/csv" ;;
esac
! grep -q "^$kind $round .*,wrong," "$FAKES/times"
EOS
cat >"$work/cublas_baseline" <<'EOS'
#!/bin/sh
[ ! -e "$FAKES/no_cuda" ] || { echo "cublas_baseline: there is no CUDA driver" >&2; exit 3; }
echo cublas >>"$FAKES/order"
round=$(grep -c "^cublas" "$FAKES/order")
echo 'device,platform,op,impl,precision,shape.m,shape.n,shape.k,status,kernel.median_s,kernel.ci95_s.0,kernel.ci95_s.1,bytes,name,pci,driver_version,cuda_version,cublas_version'
grep "^cublas $round " "$FAKES/times" | cut -d ' ' -f 3
EOS
cat >"$work/list.json" <<'EOS'
{
  "devices": [
    {
      "id": "cpu:0",
      "software": false,
      "memory_bytes": 1000
    },
    {
      "id": "opencl:0",
      "software": true
    },
    {
      "id": "opencl:1",
      "software": false,
      "memory_bytes": 34359738368,
      "max_buffer_bytes": 8589934592
    },
    {
      "id": "vulkan:0",
      "software": false,
      "memory_bytes": 34359738368,
      "max_buffer_bytes": 4292870144
    }
  ]
}
EOS
cat >"$work/blas" <<'EOS'
#!/bin/sh
echo 'ratio                 0.980, quartiles 0.970 to 0.990, 95 % interval 0.960 to 1.000'
EOS
chmod +x "$work/bench/hcbench" "$work/cublas_baseline" "$work/blas"
export FAKES="$work" HCBENCH="$work/bench/hcbench" CUBLAS_BASELINE="$work/cublas_baseline" CBLAS_BASELINE="$work/blas"

# gpu STATUS [OPTION]...: makes the table of the times in $work/times, in $work/out.
gpu() {
	wanted=$1
	shift
	rm -rf "$work/folder" "$work/order" "$work/asked"
	"$srcdir/bench/gpu_targets.sh" "$work/folder" "$@" >"$work/out" 2>"$work/err"
	got=$?
	[ $got -eq "$wanted" ] || { note "exit status $got, not $wanted"; cat "$work/out" "$work/err"; }
}

# has LINE: the output has exactly this line.
has() {
	grep -Fxq -- "$1" "$work/out" || { note "there is no line: $1"; cat "$work/out"; }
}

# Ratios 0.5, 1 and 0.25 to cuBLAS; the wall's clock where there is no other; whichever of
# two rows of cuBLAS is faster, another one in each round; the other kernel for matrices.
cat >"$work/times" <<'EOS'
matmul 1 vulkan:0,tile,matmul,f32,4096,4096,4096,ok,,2,1,3,7,7,7,9,,,,100,9,2e-7
matmul 2 vulkan:0,tile,matmul,f32,4096,4096,4096,ok,,1,1,3,7,7,7,9,,,,300,9,3e-7
matmul 3 vulkan:0,tile,matmul,f32,4096,4096,4096,ok,,4,1,3,7,7,7,9,,,,200,9,1e-7
matmul 1 vulkan:0,tile,matmul,f32,8192,8192,8192,error,"a reason, with a comma",1,1,1,,,,9,,,
matmul 1 opencl:1,tile,matmul,f32,4096,4096,4096,ok,,,,,2,1,3,9,,,,,,,table,rows=8 width=4,"a ""note"", with commas"
matmul 1 opencl:1,clblast,matmul,f32,4096,4096,4096,ok,,,,,3,1,3,9,,,
units 1 vulkan:0,coopmat,matmul,f16f32,4096,4096,4096,ok,,1.25,1,3,,,,9,,,,,,,,,"cooperative matrices of a workgroup, 128x256x64"
units 2 vulkan:0,coopmat,matmul,f16f32,4096,4096,4096,ok,,1.5,1,3,,,,9,,,,,,,,,cooperative matrices of 16x16x16
units 1 vulkan:0,coopmat,matmul,i8i32,4096,4096,4096,ok,,1,1,3,,,,9,,,
units 2 vulkan:0,coopmat,matmul,i8i32,4096,4096,4096,ok,,1,1,3,,,,9,,,
units 3 vulkan:0,coopmat,matmul,i8i32,4096,4096,4096,ok,,1,1,3,,,,9,,,
subgroups 1 vulkan:0,coopmat,matmul,f16f32,4096,4096,4096,ok,,1,1,3,,,,9,,,
cublas 1 cuda:0,cuda,matmul,cublas,f32,4096,4096,4096,ok,1,1,1,9,GPU,0,550,13.0,13.1
cublas 2 cuda:0,cuda,matmul,cublas,f32,4096,4096,4096,ok,1,1,1,9,GPU,0,550,13.0,13.1
cublas 3 cuda:0,cuda,matmul,cublas,f32,4096,4096,4096,ok,1,1,1,9,GPU,0,550,13.0,13.1
cublas 1 cuda:0,cuda,matmul,cublas,f16f32,4096,4096,4096,ok,1,1,1,9,GPU,0,550,13.0,13.1
cublas 2 cuda:0,cuda,matmul,cublas,f16f32,4096,4096,4096,ok,1,1,1,9,GPU,0,550,13.0,13.1
cublas 1 cuda:0,cuda,matmul,cublas,i8i32,4096,4096,4096,ok,0.5,1,1,9,GPU,0,550,13.0,13.1
cublas 1 cuda:0,cuda,matmul,cublas_turned,i8i32,4096,4096,4096,ok,0.25,1,1,9,GPU,0,550,13.0,13.1
cublas 2 cuda:0,cuda,matmul,cublas,i8i32,4096,4096,4096,ok,0.125,1,1,9,GPU,0,550,13.0,13.1
cublas 2 cuda:0,cuda,matmul,cublas_turned,i8i32,4096,4096,4096,unsupported,0.01,1,1,9,GPU,0,550,13.0,13.1
cublas 3 cuda:0,cuda,matmul,cublas_turned,i8i32,4096,4096,4096,ok,0.75,1,1,9,GPU,0,550,13.0,13.1
memory 1 vulkan:0,tile,sum,f32,,1069547520,,ok,,2,1,3,,,,4000,,,,,77
memory 1 vulkan:0,driver,copy,f32,,1069547520,,ok,,5,1,3,,,,8000,,,
cublas 1 cuda:0,cuda,copy,driver,f32,,268435456,,ok,1,1,1,2500,GPU,0,550,13.0,13.1
verify-matmul 1 opencl:1,tile,matmul,f32,1,1,1,ok,,,,
verify-matmul 1 opencl:1,tile,matmul,f64,1,2,3,unsupported,no f64,,,
verify-matmul 1 opencl:1,tile,matmul,f64,4,4,4,unsupported,no f64,,,
verify-matmul 1 opencl:1,tile,matmul,f32,2,2,2,skipped,stopped,,,
EOS
printf '%s\n' 'spv/matmul_gpu.f32.spv' 'spv/matmul_coopmat.f16f32.spv' >"$work/spv/kernels.c.list"
export ROUNDS=3
gpu 1
has '| vulkan/tile f32 n=4096 to cuBLAS | ≥ 0.85 | 0.5 [0.25, 1] | not sure, of 3 |'
has '| opencl/tile f32 n=4096 to cuBLAS | ≥ 0.85 | 0.5 [0.5, 0.5] | missed, of 1 |'
has '| vulkan/coopmat f16f32 n=4096 to cuBLAS | ≥ 0.6 | 0.733 [0.667, 0.8] | met, of 2 |'
has '| vulkan/coopmat_subgroups f16f32 n=4096 to cuBLAS | none | 1 [1, 1] |  |'
has '| opencl/coopmat f16f32 n=4096 to cuBLAS | ≥ 0.6 | not measured |  |'
has '| vulkan/coopmat i8i32 n=4096 to cuBLAS | none | 0.25 [0.125, 0.75] |  |'
has '| opencl/tile f32 n=4096 to clblast | none | 1.5 [1.5, 1.5] |  |'
has '| vulkan/tile f32 n=8192 to cuBLAS | ≥ 0.85 | not measured |  |'
has '| vulkan/tile sum f32, 1069547520 elements, to the bytes/s of a copy | ≥ 0.93 | 0.8 [0.8, 0.8] | missed, of 1 |'
has '| matmul f32 4096 | vulkan:0/tile | 3 ok | 200 | 3e-07 |  |  |'
has '| matmul f32 4096 | opencl:1/tile | 1 ok |  |  | table: rows=8 width=4 | a note, with commas |'
has '| matmul f32 8192 | vulkan:0/tile | 1 error |  |  |  | error: a reason, with a comma |'
has '| matmul f16f32 4096 | vulkan:0/coopmat | 2 ok |  |  |  | cooperative matrices of a workgroup, 128x256x64; cooperative matrices of 16x16x16 |'
has '| sum f32 1069547520 | vulkan:0/tile | 1 ok | 77 |  |  |  |'
has 'Rows: 1 ok, 2 unsupported, 1 skipped.'
has '| opencl:1/tile matmul f64 | unsupported | 2: 1x2x3 4 | no f64 |'
grep -q '| skipped |' "$work/out" && note "rows that were skipped are listed"
has 'text of tune'
has 'cuBLAS 13.1, CUDA 13.0, driver 550, on GPU at 0.'
has 'devices opencl:1,vulkan:0 with their drivers'
says out '^\*\*This build lacks shaders: coopmat2 bfloat16\.\*\*'
says err '^gpu_targets.sh: '
cmp -s "$work/out" "$work/folder/targets.md" || note "another table was kept"
for kind in units run tune; do
	[ -e "$work/before-$kind.md" ] || note "there was no table yet before $kind"
done
grep -q '^| vulkan/tile f32 n=4096 to cuBLAS' "$work/before-run.md" || note "the rounds' table came late"
[ "$(cd "$work/folder/targets" && echo *.csv.gz)" = '1-cublas.csv.gz 1-matmul.csv.gz 1-memory.csv.gz 1-subgroups.csv.gz 1-units.csv.gz 2-cublas.csv.gz 2-matmul.csv.gz 2-units.csv.gz 3-cublas.csv.gz 3-matmul.csv.gz 3-memory.csv.gz 3-units.csv.gz' ] ||
	note "not the files of three rounds: $(ls "$work/folder/targets")"
[ "$(paste -sd ' ' "$work/order")" = 'verify-matmul verify-sums cublas matmul units subgroups memory matmul units cublas cublas matmul units memory precisions run machine tune report' ] ||
	note "another order: $(paste -sd ' ' "$work/order")"
says asked '^verify-sums 1: -d opencl:1,vulkan:0 '
says asked '^matmul 1: -d opencl:1,vulkan:0 -n 4096,8192, sensors read$'
says asked '^matmul 2: -d opencl:1,vulkan:0 -n 4096,8192, sensors /nonexistent$'
says asked '^subgroups 1: -d vulkan:0 -n 4096,8192,'
says asked '^memory 1: -d opencl:1,vulkan:0 -n 1069547520,'
says asked '^precisions 1: -d opencl:1,vulkan:0 -n 4096, sensors read$'

# Two GPUs to choose from, of which one has little memory; parts that are left out.
export VERIFY_S=0 PRECISIONS_S=0 RUN_S=0 MACHINE_S=0 TUNE_S=0
OPENCL=opencl:0 VULKAN=none ROUNDS=1 SIZES=512 gpu 1
says asked '^matmul 1: -d opencl:0 -n 512,'
[ "$(paste -sd ' ' "$work/order")" = 'cublas matmul units subgroups memory' ] || note "parts were not left out: $(cat "$work/order")"
sed -i 's/4292870144/1073741824/' "$work/list.json"
ROUNDS=1 gpu 1
says asked '^memory 1: .* -n 268435456,'

# Without CUDA what needs none is measured, and no target of it is missed.  A row that is
# wrong is bad without a target as well.
touch "$work/no_cuda"
echo 'spv/matmul_gpu.f32.spv matmul_coopmat.f16f32.spv matmul_workgroup.f16f32.spv matmul_coopmat.bf16f32.spv' >"$work/spv/kernels.c.list"
export ROUNDS=1
cat >"$work/times" <<'EOS'
memory 1 vulkan:0,tile,sum,f32,,268435456,,ok,,2,1,3,,,,4000,,,
memory 1 vulkan:0,driver,copy,f32,,268435456,,ok,,5,1,3,,,,8000,,,
memory 1 opencl:1,tile,sum,f32,,268435456,,ok,,2,1,3,,,,4000,,,
memory 1 opencl:1,driver,copy,f32,,268435456,,ok,,4,1,3,,,,8000,,,
units 1 vulkan:0,coopmat,matmul,bf16f32,4096,4096,4096,unsupported,no bfloat16,,,
matmul 1 vulkan:0,tile,matmul,f32,4096,4096,4096,skipped,stopped,,,
EOS
gpu 0
has 'cuBLAS: not measured (cublas_baseline: there is no CUDA driver).'
has '| vulkan/tile sum f32, 268435456 elements, to the bytes/s of a copy | ≥ 0.93 | 1.25 [1.25, 1.25] | met, of 1 |'
has '| matmul bf16f32 4096 | vulkan:0/coopmat | 1 unsupported |  |  |  | unsupported: no bfloat16 |'
grep -q 'to cuBLAS' "$work/out" && note "there are lines of cuBLAS without CUDA"
grep -q 'lacks' "$work/out" "$work/err" && note "the build lacks nothing"
sed -i '/driver,copy/s/ok,,4,/ok,,3,/' "$work/times"
gpu 1
has '| opencl/tile sum f32, 268435456 elements, to the bytes/s of a copy | ≥ 0.93 | 0.75 [0.75, 0.75] | missed, of 1 |'
sed -i '/driver,copy/s/ok,,3,/ok,,4,/' "$work/times"
sed -i 's/unsupported,no bfloat16/wrong,off by one/' "$work/times"
gpu 1
has '| matmul bf16f32 4096 | vulkan:0/coopmat | 1 wrong |  |  |  | wrong: off by one |'

# So is a part with such a row, and one that hangs; the others go on.
sed -i 's/^units.*/verify-sums 1 opencl:1,tile,sum,f32,,7,,wrong,off by two,,,/' "$work/times"
VERIFY_S=60 gpu 1
has '| opencl:1/tile sum f32 | wrong | 1: 7 | off by two |'
says out '^\* .* verify-sums: exit status 1 after '
touch "$work/hang-verify-matmul"
VERIFY_S=3 gpu 1
says out '^\* .* verify-matmul: stopped by its limit after '
says out '^\* .* targets, 1 of 1 rounds: exit status 0 after '
touch "$work/hang-units"
TARGETS_S=2 gpu 1
says out '^\* .* targets, 1-units: stopped by its limit after '
rm -f "$work"/hang-*

# No GPU at all.
sed -i 's/"software": false/"software": true/' "$work/list.json"
gpu 3
says err '^gpu_targets.sh: hcbench lists no GPU$'

# The table of a machine without one, of six rounds: ratios to the CPU, to another row, of
# other work, and that of another program.
for round in 1 2 3 4 5 6; do
	cat <<-EOS
		units $((2 * round - 1)) opencl:0,tile,matmul,f32,1000,1000,1000,ok,,1,1,1,,,,9,,,,,,,,,"a note, that is none"
		units $((2 * round - 1)) opencl:0,tile,matmul,f32,1008,1008,1008,ok,,1,1,1,,,,9
		matmul $((3 * round - 1)) vulkan:0,tile,matmul,f32,1024,1024,1024,ok,,38,1,3,,,,9
		units $((2 * round)) cpu:0,openblas,matmul,f32,1024,1024,1024,ok,,1.9,1,3,,,,9
		units $((2 * round)) opencl:0,tile,matmul,f32,1024,1024,1024,ok,,2,1.5,2.5,,,,9
		units $((2 * round)) opencl:0,clblast,matmul,f32,1024,1024,1024,ok,,$((16 + 2 * round)),20,24,,,,9
	EOS
done >"$work/times"
rm -f "$work/order"
ROUNDS=6 "$srcdir/bench/targets.sh" >"$work/out" 2>"$work/err"
[ $? -eq 1 ] || note "missed targets go unseen"
has '| cpu/openblas f32 n=1024 to a bare cblas_sgemm loop | ≥ 0.97 | 0.98 [0.98, 0.98] | met |'
has '| opencl/tile f32 n=1024 to OpenBLAS | ≥ 0.9 | 0.95 [0.95, 0.95] | met |'
has '| opencl/tile f32 n=1024 to CLBlast | ≥ 10 | 11.5 [9, 14] | not sure |'
has '| vulkan/tile f32 n=1024 to OpenBLAS | ≥ 0.08 | 0.05 [0.05, 0.05] | missed |'
has '| opencl/tile f32 n=1000 to n=1008 | ≥ 0.85 | 0.976 [0.976, 0.976] | met |'
has '| opencl/tile f32 n=2048 to OpenBLAS | ≥ 0.9 | not measured |  |'
finish
