#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Are the intervals of break-evens honest?  Searches on synthetic devices, whose
# true break-even follows from their cost model, and counts the intervals that hold
# it.
#
#     bench/breakeven_seeds.sh [SEEDS [FIRST]]
#
# 100 seeds of noise unless told otherwise.  Exit status 1 when fewer than 90 % of
# the intervals of an op and clock hold the true size.  HCBENCH names the program.
set -eu
hcbench=${HCBENCH:-bench/hcbench}
seeds=${1:-100}
first=${2:-1}
work=$(mktemp -d "${TMPDIR:-/tmp}/hcbench-seeds.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Noise of 5 % on each window, 5 % of them far too slow, and a drift of 2 %.
noise=noise=0.05:drift=0.02:outliers=0.05
# OP, SIZES, the CPU, the device.
cat >"$work/cases" <<-'END'
	matmul 16-256 launch=1e-6:flops=100e9 launch=20e-6:flops=1e12:copy=10e-6:upload=6e9:download=6e9
	sum 1024-1048576 launch=1e-6:bytes=10e9 launch=30e-6:bytes=200e9:copy=10e-6:upload=24e9:download=24e9
	dot 1024-1048576 launch=5e-6:bytes=20e9 launch=50e-6:bytes=40e9:copy=2e-6:upload=160e9:download=160e9
END
for seed in $(seq "$first" $((first + seeds - 1))); do
	while read -r op sizes cpu device; do
		HCBENCH_NULL=model:host:$cpu:$noise:seed=$seed,model:$device:$noise:seed=$seed \
		HCBENCH_NULL_CLOCK=$work/clock \
			"$hcbench" breakeven -p null -i native -o "$op" -n "$sizes" --seed "$seed" \
			--no-progress --quiet --csv "$work/rows.csv"
		rm -f "$work/clock"
		sed "s/^/$cpu,$device,/" "$work/rows.csv" >>"$work/all.csv"
	done <"$work/cases"
done
awk -F, '
	# Seconds of one launch of size n, and of a pass with its copies.
	function seconds(text, op, n, whole, words, i, p, flops, inputs, input, output, s) {
		for (i in p)
			delete p[i]
		for (i = split(text, words, ":"); i > 0; i--)
			p[substr(words[i], 1, index(words[i], "=") - 1)] = substr(words[i], index(words[i], "=") + 1)
		flops = op == "matmul" ? 2 * n ^ 3 : op == "dot" ? 2 * n : n
		inputs = op == "sum" ? 1 : 2
		input = op == "matmul" ? 4 * n ^ 2 : 4 * n
		output = op == "matmul" ? 4 * n ^ 2 : 4
		s = p["launch"] + per(flops, p["flops"]) + per(inputs * input + output, p["bytes"])
		if (whole)
			s += (inputs + 1) * p["copy"] + per(inputs * input, p["upload"]) + per(output, p["download"])
		return s
	}
	function per(amount, rate) {
		return rate > 0 ? amount / rate : 0
	}
	function truth(cpu, device, op, whole, low, high, middle, i) {
		low = 1
		high = 1e9
		for (i = 0; i < 100; i++) {
			middle = sqrt(low * high)
			if (seconds(cpu, op, middle, whole) < seconds(device, op, middle, whole))
				low = middle
			else
				high = middle
		}
		return middle
	}
	$3 == "op" {
		for (i = 1; i <= NF; i++)
			at[$i] = i
		next
	}
	{
		key = $at["op"] " " $at["clock"]
		if (!(key in right))
			right[key] = truth($1, $2, $at["op"], $at["clock"] == "end_to_end")
		total[key]++
		if ($at["answer"] != "crosses")
			next
		held[key] += $at["ci95.0"] <= right[key] && right[key] <= $at["ci95.1"]
		found[key]++
		width[key] += log($at["ci95.1"] / $at["ci95.0"])
	}
	END {
		for (key in total) {
			mean = found[key] > 0 ? exp(width[key] / found[key]) : 0
			printf "%-20s %3d of %3d hold %.0f, upper end over lower %.3f on average\n", key,
				held[key], total[key], right[key], mean | "sort"
			bad += held[key] < 0.9 * total[key]
		}
		exit bad > 0
	}' "$work/all.csv"
