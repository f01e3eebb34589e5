#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The targets of doc/kernels.md for GPUs, by OpenCL and Vulkan, beside cuBLAS where there
# is CUDA.  By hand only, on a machine that does nothing else, from the build folder:
#
#     ../bench/gpu_targets.sh ../doc/results/NAME [HCBENCH OPTION]...
#
# Rounds of hcbench and cublas_baseline take turns, so that clocks and heat are those of
# both sides of a ratio.  What is printed is the median of the rounds' ratios, with the
# least and the greatest; from six rounds on these are a 95 % interval of the median.  The table and
# the devices with their versions go to FOLDER/targets.md, each round's results into
# FOLDER/targets/.
#
# The GPUs are the first ones that hcbench lists, and CUDA's first: on a machine with
# several, say which (OPENCL=opencl:1 VULKAN=vulkan:1 CUDA_VISIBLE_DEVICES=1).  ROUNDS is
# 7 and SIZES, of matrices, "4096 8192"; fewer of them take a part of the 15 minutes.
# HCBENCH and CUBLAS_BASELINE name the programs.  Exit status 1 when a target is surely
# missed or could not be measured, 3 when there is no GPU.
set -u
hcbench=${HCBENCH:-bench/hcbench}
cublas_baseline=${CUBLAS_BASELINE:-bench/cublas_baseline}
folder=${1:?usage: gpu_targets.sh FOLDER [HCBENCH OPTION]...}
shift
rounds=${ROUNDS:-7} sizes=${SIZES:-4096 8192}
work=$(mktemp -d "${TMPDIR:-/tmp}/hcbench-targets.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT

# The first GPU of each platform, then the elements of a vector of 4 GiB: a little less,
# as drivers of Vulkan may allocate no more than that, or what fits.
"$hcbench" list --json "$work/list" >"$work/devices" 2>>"$work/messages"
# shellcheck disable=SC2046 # words
set -- $(awk -v opencl="${OPENCL:-}" -v vulkan="${VULKAN:-}" '
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
	}' "$work/list") "$@"
opencl=$1 vulkan=$2 elements=$3
shift 3
devices=
for device in "$opencl" "$vulkan"; do
	[ "$device" = none ] || devices=$devices${devices:+,}$device
done
[ -n "$devices" ] || { echo "gpu_targets.sh: hcbench lists no GPU" >&2; exit 3; }
mkdir -p "$folder/targets" || exit 1

# rows ROUND NAME HCBENCH OPTION...
rows() {
	round=$1 name=$2
	shift 2
	echo "round $round of $rounds, $name" >&2
	"$hcbench" run -d "$devices" --no-roofline --no-progress --quiet --csv - \
		--json "$folder/targets/$round-$name.json.gz" "$@" 2>>"$work/messages" |
		sed 's/".*"//' >>"$work/rows-$round.csv"
}
# measure_cublas ROUND: unless it said that it cannot.
no_cublas=
measure_cublas() {
	[ -z "$no_cublas" ] || return
	echo "round $1 of $rounds, cublas" >&2
	# shellcheck disable=SC2086 # words
	"$cublas_baseline" $sizes >"$work/cublas" 2>"$work/cublas.err"
	if [ $? -eq 3 ]; then
		no_cublas=$(tail -n 1 "$work/cublas.err")
		return
	fi
	cat "$work/cublas.err" >>"$work/messages"
	cp "$work/cublas" "$folder/targets/$1-cublas.csv"
	cat "$work/cublas" >>"$work/rows-$1.csv"
}
list=$(echo "$sizes" | tr ' ' ',')
round=1
files=
while [ "$round" -le "$rounds" ]; do
	: >"$work/rows-$round.csv"
	# Who goes first alternates too.
	[ $((round % 2)) -eq 1 ] && measure_cublas "$round"
	rows "$round" matmul -o matmul -P f32 -i tile -n "$list" --max-time 1 "$@"
	rows "$round" units -o matmul -P f16f32,bf16f32,i8i32 -i coopmat -n "$list" --max-time 1 "$@"
	rows "$round" memory -o sum,copy -P f32 -i tile,driver -n "$elements" --max-time 1 "$@"
	[ $((round % 2)) -eq 1 ] || measure_cublas "$round"
	files="$files run=$round $work/rows-$round.csv"
	round=$((round + 1))
done

{
	echo '<!-- SPDX-License-Identifier: Apache-2.0 -->'
	echo '# Targets'
	echo
	echo "\`bench/gpu_targets.sh\` of $("$hcbench" --version | head -n 1), $rounds rounds, $(date -u +%Y-%m-%d)."
	echo 'A ratio is one of speeds: median of the rounds [least, greatest].'
	echo
	echo '```'
	"$hcbench" list -d "$devices" 2>>"$work/messages"
	echo '```'
	echo
	if [ -n "$no_cublas" ]; then
		echo "cuBLAS: not measured ($no_cublas)."
	else
		awk -F, '$1 == "device" { for (i = 1; i <= NF; i++) at[$i] = i; next }
			{ printf "cuBLAS %s, CUDA %s, driver %s, on %s at %s.\n", $at["cublas_version"],
				$at["cuda_version"], $at["driver_version"], $at["name"], $at["pci"]; exit }' "$work/cublas"
	fi
	echo
	# shellcheck disable=SC2086 # a list of words
	awk -F, -v opencl="$opencl" -v vulkan="$vulkan" -v elements="$elements" -v sizes="$sizes" \
		"$(cat "$(dirname "$0")/targets.awk")"'
		# The rows of one precision, by both APIs.
		function products(target, impl, precision, n,    others) {
			others = "cuda:0/cublas matmul " precision " " n
			if (precision == "i8i32")
				others = others "|cuda:0/cublas_turned matmul " precision " " n
			to_fastest("vulkan/" impl " " precision " n=" n " to cuBLAS", target,
				   vulkan "/" impl " matmul " precision " " n, others, 0)
			to_fastest("opencl/" impl " " precision " n=" n " to cuBLAS", target,
				   opencl "/" impl " matmul " precision " " n, others, 0)
		}
		function memory(device, name) {
			to_fastest(name "/tile sum f32, " elements " elements, to the bytes/s of a copy", 0.93,
				   device "/tile sum f32 " elements,
				   device "/driver copy f32 " elements "|" cuda_copy, 1)
		}
		$at["device"] == "cuda:0" && $at["op"] == "copy" {
			cuda_copy = "cuda:0/driver copy f32 " $at["shape.n"]
		}
		END {
			begin_table()
			count = split(sizes, size, " ")
			for (s = 1; s <= count; s++) {
				products(0.85, "tile", "f32", size[s])
				products(0.60, "coopmat", "f16f32", size[s])
				products("", "coopmat", "bf16f32", size[s])
				products("", "coopmat", "i8i32", size[s])
			}
			memory(vulkan, "vulkan")
			memory(opencl, "opencl")
			exit bad > 0
		}' $files
	echo $? >"$work/status"
} >"$work/targets.md"
cat "$work/targets.md"
cp "$work/targets.md" "$folder/targets.md" || exit 1
status=$(cat "$work/status")
[ "$status" -eq 0 ] || grep -v '^$' "$work/messages" | tail -n 5 >&2
exit "$status"
