#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All that is to be learnt of a GPU in less than 25 minutes: whether its rows are right,
# the targets of doc/kernels.md, beside cuBLAS where there is CUDA, and what else hcbench
# measures.  By hand only, on a machine that does nothing else, from the build folder:
#
#     ../bench/gpu_targets.sh ../doc/results/NAME [OPTION OF hcbench run]...
#
# Its parts, with the seconds that each may take.  A variable sets others; 0 leaves the
# part out:
#
#     LIST_S=30        devices and what they support
#     VERIFY_S=270     verify --full, of matmul and of sums; matmul gets 3/5 of it at most
#     TARGETS_S=540    rounds, ROUNDS of them at most (7), in which rows and cublas_baseline
#                      take turns, so that clocks and heat are those of both sides of a ratio
#     PRECISIONS_S=60  speed and error of 16 bits and f32x2 beside f32
#     RUN_S=210        run --platform all
#     MACHINE_S=75     transfers, bandwidth, launches and peaks
#     TUNE_S=180       tune, into a cache of its own: what other parameters would give
#
# A program that hangs or crashes costs its part at most.  FOLDER gets the result files and
# texts of the parts, FOLDER/targets/ those of the rounds, and FOLDER/targets.md sums up
# after each step what is there.  A part that was stopped leaves its journal, with which
# `hcbench --resume` goes on and `hcbench recover` makes a result file.
#
# A ratio is the median of the rounds' ratios with its 95 % interval (order statistics), or
# with the least and the greatest where there are less than six rounds.  Rows coopmat_subgroups are there where
# `coopmat` has matrices of a workgroup, and do without them.
#
# The GPUs are the first ones that hcbench lists, and CUDA's first: on a machine with
# several, say which (OPENCL=opencl:1 VULKAN=vulkan:1 CUDA_VISIBLE_DEVICES=1).  SIZES, of
# matrices, are "4096 8192".  HCBENCH and CUBLAS_BASELINE name the programs.  Exit status 1
# when a part failed, a row is wrong or failed, or a target is surely missed or could not be
# measured; 3 when there is no GPU.
set -u
hcbench=${HCBENCH:-bench/hcbench}
cublas_baseline=${CUBLAS_BASELINE:-bench/cublas_baseline}
folder=${1:?usage: gpu_targets.sh FOLDER [OPTION OF hcbench run]...}
shift
rounds=${ROUNDS:-7} sizes=${SIZES:-4096 8192}
# shellcheck source=bench/paired.sh
. "$(dirname "$0")/paired.sh"
awk=$paired_functions$(cat "$(dirname "$0")/targets.awk") || exit 99
work=$(mktemp -d "${TMPDIR:-/tmp}/hcbench-targets.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder/targets" && folder=$(cd "$folder" && pwd) || exit 1
export COLUMNS=160
failed=0

now() {
	date +%s
}

# limited SECONDS COMMAND...: hcbench writes what it has when it is told to end.
limited() {
	timeout --foreground -k 10 "$@"
}

# ended NAME STATUS START: how a program ended.
ended() {
	case $2 in
	124 | 137) how="stopped by its limit" ;;
	*) how="exit status $2" ;;
	esac
	echo "$(date -u +%H:%M:%S) $1: $how after $(($(now) - $3)) s" | tee -a "$folder/parts.txt" >&2
}

# part SECONDS NAME COMMAND [OPTION]...
part() {
	seconds=$1 name=$2
	shift 2
	[ "$seconds" -gt 0 ] || return 0
	echo "$name: hcbench $*" >&2
	rm -f "$folder/$name".*
	case $1 in
	verify | run)
		set -- "$@" --no-progress --csv "$folder/$name.csv.gz" --journal "$folder/$name.journal"
		;;
	esac
	start=$(now)
	limited "$seconds" "$hcbench" "$@" --json "$folder/$name.json.gz" >"$folder/$name.txt" 2>"$folder/$name.err"
	status=$?
	ended "$name" "$status" "$start"
	[ "$status" -eq 0 ] || failed=1
	[ -s "$folder/$name.err" ] || rm -f "$folder/$name.err"
}

# ------------------------------------------------------------------- the rounds

# rows NAME [OPTION]...: in what is left of the time, and with $variables.
rows() {
	file=$folder/targets/$round-$1 left=$((end - $(now)))
	[ "$left" -gt 0 ] || return 0
	echo "round $round of $rounds, $1" >&2
	shift
	[ "$left" -le 150 ] || left=150
	start=$(now)
	# shellcheck disable=SC2086 # words
	limited "$left" env $variables "$hcbench" run --no-roofline --no-progress --quiet --max-time 0.5 \
		--csv "$file.csv.gz" --json "$file.json.gz" --journal "$file.journal" "$@" \
		>>"$folder/targets/messages.txt" 2>&1
	status=$?
	case $status in
	0 | 1 | 3) return ;; # the rows tell
	124) ;;              # what hangs is a row that tells so: there was too little time
	*) failed=1 ;;
	esac
	ended "targets, $(basename "$file")" "$status" "$start"
}

# Unless it said that it cannot, or hung or crashed.
measure_cublas() {
	left=$((end - $(now))) start=$(now)
	[ -z "$no_cublas" ] && [ "$left" -gt 0 ] || return 0
	echo "round $round of $rounds, cublas" >&2
	[ "$left" -le 150 ] || left=150
	# shellcheck disable=SC2086 # words
	limited "$left" "$cublas_baseline" $sizes >"$work/cublas" 2>"$work/cublas.err"
	status=$?
	if [ "$status" -gt 1 ]; then
		ended "targets, $round-cublas" "$status" "$start"
		no_cublas=$(tail -n 1 "$work/cublas.err")
		no_cublas=${no_cublas:-$how}
		echo "$no_cublas" >"$folder/targets/no-cublas.txt"
	fi
	cat "$work/cublas.err" >>"$folder/targets/messages.txt"
	[ ! -s "$work/cublas" ] || gzip -c "$work/cublas" >"$folder/targets/$round-cublas.csv.gz"
}

# take_round [OPTION]...
take_round() {
	# Who goes first alternates.
	[ $((round % 2)) -eq 0 ] || measure_cublas
	rows matmul -d "$devices" -o matmul -P f32 -i tile,clblast,clblast_tuned -n "$list" "$@"
	rows units -d "$devices" -o matmul -P f16f32,bf16f32,i8i32 -i coopmat -n "$list" "$@"
	if gzip -dc "$folder/targets/$round-units.csv.gz" 2>/dev/null | grep -q 'matrices of a workgroup'; then
		others=$variables
		variables="$variables HCBENCH_VULKAN_WORKGROUP_MATRICES=0"
		rows subgroups -d "$vulkan" -o matmul -P f16f32,bf16f32,i8i32 -i coopmat -n "$list" "$@"
		variables=$others
	fi
	# Their operands take the host long.
	[ $((round % 2)) -eq 0 ] || rows memory -d "$devices" -o sum,copy -P f32 -i tile,driver -n "$elements" "$@"
	[ $((round % 2)) -ne 0 ] || measure_cublas
}

# take_rounds [OPTION]...: as many as there is time for, if each takes as long as the last.
take_rounds() {
	[ "$targets_s" -gt 0 ] || return 0
	rm -rf "$folder/targets"
	mkdir "$folder/targets" || exit 1
	began=$(now)
	end=$((began + targets_s)) took=0 round=1
	list=$(echo "$sizes" | tr ' ' ',') variables=
	while [ "$round" -le "$rounds" ] && [ $(($(now) + took)) -lt "$end" ]; do
		took=$(now)
		take_round "$@"
		took=$(($(now) - took)) round=$((round + 1))
		# Sensors are read in the first round only: energy takes seconds a row.
		variables='HCBENCH_NVML=/nonexistent HCBENCH_SENSOR_ROOT=/nonexistent'
		write_table
	done
	ended "targets, $((round - 1)) of $rounds rounds" 0 "$began"
}

# -------------------------------------------------------------------- the table

# Ratios and rows of the rounds; status 1 when one is bad.
ratios() {
	set --
	cuda=1
	case $no_cublas in *"there is no CUDA "*) cuda=0 ;; esac
	for file in "$folder"/targets/*.csv.gz; do
		[ -e "$file" ] || return 0
		name=$(basename "$file" .csv.gz) impl=
		[ "$name" = "${name%-subgroups}" ] || impl=coopmat_subgroups
		gzip -dc "$file" >"$work/$name"
		set -- "$@" "run=${name%%-*}" "impl=$impl" "$name"
	done
	(cd "$work" && awk -F, -v opencl="$opencl" -v vulkan="$vulkan" -v elements="$elements" \
		-v sizes="$sizes" -v cuda="$cuda" "$awk"'
		function of_cublas(precision, n) {
			return "cuda:0/cublas matmul " precision " " n \
				(precision == "i8i32" ? "|cuda:0/cublas_turned matmul " precision " " n : "")
		}
		function product(api, device, impl, target, precision, n) {
			to_fastest(api "/" impl " " precision " n=" n " to cuBLAS", target,
				   device "/" impl " matmul " precision " " n, of_cublas(precision, n), 0)
		}
		function products(impl, target, precision, n) {
			product("vulkan", vulkan, impl, target, precision, n)
			if (impl == "coopmat" && (vulkan "/coopmat_subgroups matmul " precision " " n) in seen)
				product("vulkan", vulkan, "coopmat_subgroups", "", precision, n)
			product("opencl", opencl, impl, target, precision, n)
		}
		function to_library(impl, n) {
			if ((opencl "/" impl " matmul f32 " n) in seen)
				to_fastest("opencl/tile f32 n=" n " to " impl, "", opencl "/tile matmul f32 " n,
					   opencl "/" impl " matmul f32 " n, 0)
		}
		function memory(device, name) {
			to_fastest(name "/tile sum f32, " elements " elements, to the bytes/s of a copy", 0.93,
				   device "/tile sum f32 " elements,
				   device "/driver copy f32 " elements "|" cuda_copy, 1)
		}
		field("device") == "cuda:0" && field("op") == "copy" {
			cuda_copy = "cuda:0/driver copy f32 " field("shape.n")
		}
		END {
			begin_table()
			count = split(sizes, size, " ")
			for (s = 1; s <= count; s++) {
				if (cuda) {
					products("tile", 0.85, "f32", size[s])
					products("coopmat", 0.60, "f16f32", size[s])
					products("coopmat", "", "bf16f32", size[s])
					products("coopmat", "", "i8i32", size[s])
				}
				to_library("clblast", size[s])
				to_library("clblast_tuned", size[s])
			}
			memory(vulkan, "vulkan")
			memory(opencl, "opencl")
			print "\n## Rows of the rounds\n"
			print "Median speed; largest error in the Frobenius norm, against the product of the rounded operands.\n"
			rows_table()
			exit bad + failures > 0
		}' "$@")
}

# cuBLAS with its versions, or why it is not there.
cublas_line() {
	[ -z "$no_cublas" ] || echo "cuBLAS: not measured ($no_cublas)."
	for file in "$folder"/targets/*-cublas.csv.gz; do
		[ -e "$file" ] || return 0
		gzip -dc "$file" | awk -F, '$1 == "device" { for (i = 1; i <= NF; i++) at[$i] = i; next }
			{ printf "cuBLAS %s, CUDA %s, driver %s, on %s at %s.\n", $at["cublas_version"],
				$at["cuda_version"], $at["driver_version"], $at["name"], $at["pci"]; exit }'
		return 0
	done
}

# text TITLE FILE COMMAND...: what the command makes of the text of a part.
text() {
	title=$1 file=$folder/$2
	shift 2
	[ -s "$file" ] || return 0
	printf '\n## %s\n\n```\n' "$title"
	"$@" "$file"
	echo '```'
}

# targets.md, from what is in the folder; $table_status is 1 when something in it is bad.
write_table() {
	{
		echo '<!-- SPDX-License-Identifier: Apache-2.0 -->'
		printf '# Targets\n\n'
		echo "\`bench/gpu_targets.sh\` of $("$hcbench" --version | head -n 1), $(date -u +%Y-%m-%d)."
		echo 'A ratio is one of speeds: median of the rounds [95 % interval; of less than six rounds least, greatest].'
		printf '%s\n\n```\n' "$lacks"
		cat "$work/devices"
		printf '```\n\n'
		cublas_line
		echo
		ratios
		table_status=$?
		printf '\n## Parts\n\n'
		[ ! -e "$folder/parts.txt" ] || sed 's/^/* /' "$folder/parts.txt"
		for name in verify-matmul verify-sums precisions run machine; do
			gzip -dc "$folder/$name.csv.gz" >"$work/part" 2>/dev/null
			[ -s "$work/part" ] || continue
			printf '\n### %s\n\n' "$name"
			awk -F, "$awk"'END { ends_table() }' run=1 "$work/part"
		done
		text '16 bits beside f32' precisions.txt awk '/^16 bits beside f32/ { found = 1 } found'
		text Tuning tune.txt cat
	} >"$work/targets.md"
	cp "$work/targets.md" "$folder/targets.md" || exit 1
}

# ------------------------------------------------------------------ all in order

# What a build with an old GLSL compiler lacks.
lacks=
for shaders in "$(dirname "$hcbench")/../spv/kernels.c.list" "$hcbench"; do
	grep -aqs 'matmul_gpu\.f32\.spv' "$shaders" || continue
	for need in coopmat:matmul_coopmat.f16f32 coopmat2:matmul_workgroup.f16f32 bfloat16:matmul_coopmat.bf16f32; do
		grep -aq "${need#*:}\\.spv" "$shaders" || lacks="$lacks ${need%%:*}"
	done
	break
done
if [ -n "$lacks" ]; then
	lacks="
**This build lacks shaders:$lacks.**  Its GLSL compiler is too old for them; doc/kernels.md
says how to build with another one."
	echo "gpu_targets.sh: $lacks" >&2
fi

no_cublas=$(cat "$folder/targets/no-cublas.txt" 2>/dev/null)
targets_s=${TARGETS_S:-540} tune_s=${TUNE_S:-180} verify_s=${VERIFY_S:-270}
part "${LIST_S:-30}" devices list --timeout 20

# The first GPU of each platform, then the elements of a vector of 4 GiB: a little less,
# as drivers of Vulkan may allocate no more than that, or what fits.
gzip -dc "$folder/devices.json.gz" | awk -v opencl="${OPENCL:-}" -v vulkan="${VULKAN:-}" '
	{ gsub(/[",]/, "") }
	$1 == "id:" { order[++count] = id = $2 }
	$1 == "software:" { software[id] = $2 }
	$1 == "memory_bytes:" { memory[id] = $2 }
	$1 == "max_buffer_bytes:" { buffer[id] = $2 }
	function first(platform,    i) {
		for (i = 1; i <= count; i++)
			if (index(order[i], platform ":") == 1 && software[order[i]] == "false")
				return order[i]
		return "none"
	}
	function limit(id) {
		if (buffer[id] > 0 && buffer[id] < bytes)
			bytes = buffer[id]
		if (memory[id] > 0 && memory[id] / 4 < bytes)
			bytes = memory[id] / 4
	}
	END {
		if (opencl == "")
			opencl = first("opencl")
		if (vulkan == "")
			vulkan = first("vulkan")
		bytes = 4080 * 1048576
		limit(opencl)
		limit(vulkan)
		printf "%s %s %.0f\n", opencl, vulkan, int(bytes / 1048576) * 262144
	}' >"$work/gpus"
read -r opencl vulkan elements <"$work/gpus"
devices=
for device in "$opencl" "$vulkan"; do
	[ "$device" = none ] || devices=$devices${devices:+,}$device
done
[ -n "$devices" ] || { echo "gpu_targets.sh: hcbench lists no GPU" >&2; exit 3; }
limited 30 "$hcbench" list --timeout 20 -d "$devices" >"$work/devices" 2>>"$folder/targets/messages.txt"

verify_began=$(now)
part "$((verify_s * 3 / 5))" verify-matmul verify --full -o matmul -d "$devices"
write_table
[ "$verify_s" -eq 0 ] || part "$((verify_began + verify_s - $(now)))" verify-sums verify --full -o sum,dot -d "$devices"
write_table
take_rounds "$@"
part "${PRECISIONS_S:-60}" precisions run -d "$devices" -o matmul -P f32,f16f32,bf16f32,f32x2 -i tile,coopmat \
	-n "${sizes%% *}" --no-roofline "$@"
part "${RUN_S:-210}" run run --platform all "$@"
write_table
part "${MACHINE_S:-75}" machine run -d "$devices" -o upload,download,copy,triad,launch,peak -P f32 "$@"
export XDG_CACHE_HOME="$folder/tuned"
part "$tune_s" tune tune -d "$devices" -o matmul,sum --no-progress --budget "$((tune_s * 5 / 6))"
write_table
set --
for file in "$folder/run.json.gz" "$folder/precisions.json.gz" "$folder/machine.json.gz"; do
	[ ! -e "$file" ] || set -- "$@" "$file"
done
[ $# -eq 0 ] || limited 30 "$hcbench" report "$@" -o "$folder/report.html" >&2 || failed=1
cat "$folder/targets.md"
exit $((failed || table_status))
