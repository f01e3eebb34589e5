#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tables of bench/targets.sh and bench/gpu_targets.sh, made of programs whose times
# are known: ratios, intervals, verdicts, what is missing, and the exit status.
: "${srcdir:?}" "${builddir:?}"
# shellcheck source=tests/program.sh
. "$srcdir/tests/program.sh"

# Numbers of rows are seconds; a row that is not in the file is not ok.  `round` counts
# the programs' runs.
cat >"$work/hcbench" <<'EOS'
#!/bin/sh
case $1 in
--version) echo "hcbench 0.0"; exit ;;
list)
	if [ "$2" = -d ]; then
		echo "devices $3 with their drivers"
		exit
	fi
	cat "$FAKES/list.json" >"$3"
	exit
	;;
esac
kind=matmul
while [ $# -gt 0 ]; do
	case $1 in
	-o) [ "$2" = sum,copy ] && kind=memory ;;
	-P) [ "$2" = f32 ] || kind=units ;;
	-d) echo "$2" >>"$FAKES/asked" ;;
	-n) echo "$2" >>"$FAKES/asked" ;;
	--json) echo '{}' >"$2" ;;
	esac
	shift
done
echo "$kind" >>"$FAKES/order"
round=$(grep -c "^$kind" "$FAKES/order")
echo 'device,impl,op,precision,shape.m,shape.n,shape.k,status,reason,kernel.median_s,kernel.ci95_s.0,kernel.ci95_s.1,wall.median_s,wall.ci95_s.0,wall.ci95_s.1,bytes,speedup.kernel.ratio,speedup.kernel.ci95.0,speedup.kernel.ci95.1'
grep "^$kind $round " "$FAKES/times" | cut -d ' ' -f 3
echo 'vulkan:0,tile,matmul,f32,8192,8192,8192,error,"a reason, with a comma",1,1,1,,,,9,,,'
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
chmod +x "$work/hcbench" "$work/cublas_baseline" "$work/blas"
export FAKES="$work" HCBENCH="$work/hcbench" CUBLAS_BASELINE="$work/cublas_baseline" CBLAS_BASELINE="$work/blas"

# gpu STATUS: makes the table of the times in $work/times, in $work/out.
gpu() {
	rm -rf "$work/folder" "$work/order" "$work/asked"
	"$srcdir/bench/gpu_targets.sh" "$work/folder" >"$work/out" 2>"$work/err"
	got=$?
	[ $got -eq "$1" ] || { note "exit status $got, not $1"; cat "$work/out" "$work/err"; }
}

# has LINE: the output has exactly this line.
has() {
	grep -Fxq -- "$1" "$work/out" || { note "there is no line: $1"; cat "$work/out"; }
}

# Ratios 0.5, 1 and 0.25 to cuBLAS; the wall's clock where there is no other; whichever of
# two rows of cuBLAS is faster, another one in each round.
cat >"$work/times" <<'EOS'
matmul 1 vulkan:0,tile,matmul,f32,4096,4096,4096,ok,,2,1,3,7,7,7,9,,,
matmul 2 vulkan:0,tile,matmul,f32,4096,4096,4096,ok,,1,1,3,7,7,7,9,,,
matmul 3 vulkan:0,tile,matmul,f32,4096,4096,4096,ok,,4,1,3,7,7,7,9,,,
matmul 1 opencl:1,tile,matmul,f32,4096,4096,4096,ok,,,,,2,1,3,9,,,
units 1 vulkan:0,coopmat,matmul,f16f32,4096,4096,4096,ok,,1.25,1,3,,,,9,,,
units 2 vulkan:0,coopmat,matmul,f16f32,4096,4096,4096,ok,,1.5,1,3,,,,9,,,
units 1 vulkan:0,coopmat,matmul,i8i32,4096,4096,4096,ok,,1,1,3,,,,9,,,
units 2 vulkan:0,coopmat,matmul,i8i32,4096,4096,4096,ok,,1,1,3,,,,9,,,
units 3 vulkan:0,coopmat,matmul,i8i32,4096,4096,4096,ok,,1,1,3,,,,9,,,
cublas 1 cuda:0,cuda,matmul,cublas,f32,4096,4096,4096,ok,1,1,1,9,GPU,0,550,13.0,13.1
cublas 2 cuda:0,cuda,matmul,cublas,f32,4096,4096,4096,ok,1,1,1,9,GPU,0,550,13.0,13.1
cublas 3 cuda:0,cuda,matmul,cublas,f32,4096,4096,4096,ok,1,1,1,9,GPU,0,550,13.0,13.1
cublas 1 cuda:0,cuda,matmul,cublas,f16f32,4096,4096,4096,ok,1,1,1,9,GPU,0,550,13.0,13.1
cublas 2 cuda:0,cuda,matmul,cublas,f16f32,4096,4096,4096,ok,1,1,1,9,GPU,0,550,13.0,13.1
cublas 1 cuda:0,cuda,matmul,cublas,i8i32,4096,4096,4096,ok,0.5,1,1,9,GPU,0,550,13.0,13.1
cublas 1 cuda:0,cuda,matmul,cublas_turned,i8i32,4096,4096,4096,ok,0.25,1,1,9,GPU,0,550,13.0,13.1
cublas 2 cuda:0,cuda,matmul,cublas,i8i32,4096,4096,4096,ok,0.125,1,1,9,GPU,0,550,13.0,13.1
cublas 2 cuda:0,cuda,matmul,cublas_turned,i8i32,4096,4096,4096,wrong,0.01,1,1,9,GPU,0,550,13.0,13.1
cublas 3 cuda:0,cuda,matmul,cublas_turned,i8i32,4096,4096,4096,ok,0.75,1,1,9,GPU,0,550,13.0,13.1
memory 1 vulkan:0,tile,sum,f32,,1069547520,,ok,,2,1,3,,,,4000,,,
memory 1 vulkan:0,driver,copy,f32,,1069547520,,ok,,5,1,3,,,,8000,,,
cublas 1 cuda:0,cuda,copy,driver,f32,,268435456,,ok,1,1,1,2500,GPU,0,550,13.0,13.1
EOS
export ROUNDS=3
gpu 1
has '| vulkan/tile f32 n=4096 to cuBLAS | ≥ 0.85 | 0.5 [0.25, 1] | not sure |'
has '| opencl/tile f32 n=4096 to cuBLAS | ≥ 0.85 | 0.5 [0.5, 0.5] | missed |'
has '| vulkan/coopmat f16f32 n=4096 to cuBLAS | ≥ 0.6 | 0.733 [0.667, 0.8] | met |'
has '| opencl/coopmat f16f32 n=4096 to cuBLAS | ≥ 0.6 | not measured |  |'
has '| vulkan/coopmat i8i32 n=4096 to cuBLAS | none | 0.25 [0.125, 0.75] |  |'
has '| vulkan/tile f32 n=8192 to cuBLAS | ≥ 0.85 | not measured |  |'
has '| vulkan/tile sum f32, 1069547520 elements, to the bytes/s of a copy | ≥ 0.93 | 0.8 [0.8, 0.8] | missed |'
has 'cuBLAS 13.1, CUDA 13.0, driver 550, on GPU at 0.'
has 'devices opencl:1,vulkan:0 with their drivers'
cmp -s "$work/out" "$work/folder/targets.md" || note "another table was kept"
[ "$(cd "$work/folder/targets" && echo *)" = '1-cublas.csv 1-matmul.json.gz 1-memory.json.gz 1-units.json.gz 2-cublas.csv 2-matmul.json.gz 2-memory.json.gz 2-units.json.gz 3-cublas.csv 3-matmul.json.gz 3-memory.json.gz 3-units.json.gz' ] ||
	note "not the files of three rounds: $(ls "$work/folder/targets")"
[ "$(paste -sd ' ' "$work/order")" = 'cublas matmul units memory matmul units memory cublas cublas matmul units memory' ] ||
	note "the programs did not take turns: $(cat "$work/order")"
[ "$(sort -u "$work/asked" | tr '\n' ' ')" = '1069547520 4096,8192 opencl:1,vulkan:0 ' ] ||
	note "other devices or sizes were asked for: $(sort -u "$work/asked")"

# Two GPUs to choose from, of which one has little memory.
OPENCL=opencl:0 VULKAN=none ROUNDS=1 SIZES=512 gpu 1
[ "$(sort -u "$work/asked" | tr '\n' ' ')" = '1069547520 512 opencl:0 ' ] ||
	note "not the device that was named: $(sort -u "$work/asked")"
sed -i 's/4292870144/1073741824/' "$work/list.json"
ROUNDS=1 gpu 1
grep -Fxq 268435456 "$work/asked" || note "a vector larger than a buffer: $(cat "$work/asked")"

# Without CUDA only what needs none is measured.
touch "$work/no_cuda"
sed -i 's/1069547520/268435456/' "$work/times"
gpu 1
has 'cuBLAS: not measured (cublas_baseline: there is no CUDA driver).'
has '| vulkan/tile f32 n=4096 to cuBLAS | ≥ 0.85 | not measured |  |'
has '| vulkan/tile sum f32, 268435456 elements, to the bytes/s of a copy | ≥ 0.93 | 1.25 [1.25, 1.25] | met |'

# No GPU at all.
sed -i 's/"software": false/"software": true/' "$work/list.json"
gpu 3
says err '^gpu_targets.sh: hcbench lists no GPU$'

# The table of a machine without one: the ratio of hcbench to the CPU, that of two rows
# with the ends of their intervals, and that of another program.
cat >"$work/times" <<'EOS'
units 1 opencl:0,tile,matmul,f32,1024,1024,1024,ok,,2,1.5,2.5,,,,9,0.95,0.91,0.97
units 1 opencl:0,clblast,matmul,f32,1024,1024,1024,ok,,22,20,24,,,,9,0.1,0.1,0.1
units 1 vulkan:0,tile,matmul,f32,1024,1024,1024,ok,,2,1,3,,,,9,0.05,0.04,0.06
matmul 1 opencl:0,tile,matmul,f32,1000,1000,1000,ok,,1,1,1,,,,9,,,
matmul 1 opencl:0,tile,matmul,f32,1008,1008,1008,ok,,1,1,1,,,,9,,,
EOS
rm -f "$work/order"
"$srcdir/bench/targets.sh" >"$work/out" 2>"$work/err"
[ $? -eq 1 ] || note "missed targets go unseen"
has '| cpu/openblas f32 n=1024 to a bare cblas_sgemm loop | ≥ 0.97 | 0.98 [0.96, 1] | not sure |'
has '| opencl/tile f32 n=1024 to OpenBLAS | ≥ 0.9 | 0.95 [0.91, 0.97] | met |'
has '| opencl/tile f32 n=1024 to CLBlast | ≥ 10 | 11 [8, 16] | not sure |'
has '| vulkan/tile f32 n=1024 to OpenBLAS | ≥ 0.08 | 0.05 [0.04, 0.06] | missed |'
has '| opencl/tile f32 n=1000 to n=1008 | ≥ 0.85 | 0.976 [0.976, 0.976] | met |'
has '| opencl/tile f32 n=2048 to OpenBLAS | ≥ 0.9 | not measured |  |'
finish
