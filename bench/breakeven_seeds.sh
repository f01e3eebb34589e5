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

# On each window and copy; a drift is shared by all devices.
noise=0.05
outliers=0.05
words=noise=$noise:outliers=$outliers:drift=0.02
# OP, SIZES, the CPU, the device.
cat >"$work/cases" <<-'END'
	matmul 16-256 launch=1e-6:flops=100e9 launch=20e-6:flops=1e12:copy=10e-6:upload=6e9:download=6e9
	sum 1024-1048576 launch=1e-6:bytes=10e9 launch=30e-6:bytes=200e9:copy=10e-6:upload=24e9:download=24e9
	dot 1024-1048576 launch=5e-6:bytes=20e9 launch=50e-6:bytes=40e9:copy=2e-6:upload=160e9:download=160e9
END
for seed in $(seq "$first" $((first + seeds - 1))); do
	while read -r op sizes cpu device; do
		HCBENCH_NULL=model:host:$cpu:$words:seed=$seed,model:$device:$words:seed=$seed \
		HCBENCH_NULL_CLOCK=$work/clock \
			"$hcbench" breakeven -p null -i native -o "$op" -n "$sizes" --seed "$seed" \
			--no-progress --quiet --csv "$work/rows.csv"
		rm -f "$work/clock"
		sed "s/^/$cpu,$device,/" "$work/rows.csv" >>"$work/all.csv"
	done <"$work/cases"
done
# The truth is where the medians of both are the same.  An end-to-end pass is the sum
# of several noisy times, and its median is not the sum of theirs: it is drawn.
awk -F, -v noise="$noise" -v outliers="$outliers" '
	function per(amount, rate) {
		return rate > 0 ? amount / rate : 0
	}
	# Seconds without noise, at size n: a launch, the copy of an input, of the output.
	function read_model(text, words, i) {
		for (i in p)
			delete p[i]
		for (i = split(text, words, ":"); i > 0; i--)
			p[substr(words[i], 1, index(words[i], "=") - 1)] = substr(words[i], index(words[i], "=") + 1)
	}
	function set_times(text, op, n, flops, input, output) {
		read_model(text)
		inputs = op == "sum" ? 1 : 2
		flops = op == "matmul" ? 2 * n ^ 3 : op == "dot" ? 2 * n : n
		input = op == "matmul" ? 4 * n ^ 2 : 4 * n
		output = op == "matmul" ? 4 * n ^ 2 : 4
		launch = p["launch"] + per(flops, p["flops"]) + per(inputs * input + output, p["bytes"])
		upload = p["copy"] + per(input, p["upload"])
		download = p["copy"] + per(output, p["download"])
	}
	function draw_factors(i, x) {
		srand(1)
		for (i = 0; i < 4 * draws; i++) {
			x = exp(noise * sqrt(-2 * log(1 - rand())) * cos(6.283185307 * rand()))
			factors[i] = rand() < outliers ? x * (1.5 + 2.5 * rand()) : x
		}
	}
	# Is the median of what a pass takes above `limit`?
	function is_above(limit, whole, i, count) {
		for (i = 0; i < 4 * draws; i += 4)
			count += launch * factors[i] + (whole ? upload * factors[i + 1] + \
				(inputs - 1) * upload * factors[i + 2] + download * factors[i + 3] : 0) > limit
		return count > draws / 2
	}
	function usual_factor(low, high, i) {
		launch = 1
		low = 0.9
		high = 1.1
		for (i = 0; i < 20; i++)
			if (is_above((low + high) / 2, 0))
				low = (low + high) / 2
			else
				high = (low + high) / 2
		return low
	}
	function truth(cpu, device, op, whole, low, high, middle, i, cpu_s) {
		low = 1
		high = 1e9
		for (i = 0; i < 40; i++) {
			middle = sqrt(low * high)
			set_times(cpu, op, middle)
			cpu_s = launch * usual
			set_times(device, op, middle)
			if (is_above(cpu_s, whole))
				low = middle
			else
				high = middle
		}
		return middle
	}
	BEGIN {
		draws = 10001
		draw_factors()
		usual = usual_factor()
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
		wide[key] += $at["ci95.1"] > 1.2 * $at["ci95.0"]
	}
	END {
		for (key in total) {
			mean = found[key] > 0 ? exp(width[key] / found[key]) : 0
			printf "%-20s %3d of %3d hold %6.0f; upper end over lower %.3f, above 1.2 in %d\n", key,
				held[key], total[key], right[key], mean, wide[key] | "sort"
			bad += held[key] < 0.9 * total[key] || mean > 1.25
		}
		exit bad > 0
	}' "$work/all.csv"
