# SPDX-License-Identifier: Apache-2.0
# What bench/targets.sh and bench/gpu_targets.sh share: reads CSV of hcbench and of
# cublas_baseline, and prints lines of a table of targets.  The command line sets `run`
# before each file; keys begin with it, as in "2 opencl:0/tile matmul f32 1024".  Files of
# run 0 are none of these.  `interval` is that of bench/paired.sh.  `bad` counts lines that
# are missing or surely below their target.

function begin_table() {
	print "| path | target | measured | |"
	print "|---|---|---|---|"
}

# The median of ratios and its 95 % interval; a target of "" is none.
function row(name, target, ratios, count,    result, measured, verdict, known) {
	known = interval(ratios, count, result)
	measured = "not measured"
	if (count > 0)
		measured = sprintf("%.3g [%.3g, %.3g]", result["median"], known ? result["low"] : ratios[1],
				   known ? result["high"] : ratios[count])
	if (target != "" && known)
		verdict = result["low"] >= target ? "met" : result["high"] < target ? "missed" : "not sure"
	if (target != "")
		bad += count == 0 || verdict == "missed"
	printf "| %s | %s | %s | %s |\n", name, target == "" ? "none" : "≥ " target, measured, verdict
}

# Speed of row `a` relative to the fastest of `others` (keys without run, "|" between) in
# each run: work, or bytes, per second.
function to_fastest(name, target, a, others, by_bytes,    other, ratios, n, r, i, key, q, least, count) {
	n = split(others, other, "|")
	count = 0
	for (r = 1; r <= run; r++) {
		least = ""
		for (i = 1; i <= n; i++) {
			key = r " " other[i]
			if (time[r " " a] == "" || time[key] == "")
				continue
			q = time[key] / time[r " " a]
			q *= by_bytes ? bytes[r " " a] / bytes[key] : work[r " " a] / work[key]
			if (least == "" || q < least)
				least = q
		}
		if (least != "")
			ratios[++count] = least
	}
	row(name, target, ratios, count)
}

run > 0 && $1 == "device" {
	split("", at)
	for (i = 1; i <= NF; i++)
		at[$i] = i
	next
}
run > 0 && $at["status"] == "ok" {
	shape = $at["shape.n"]
	if ($at["op"] == "matmul" && ($at["shape.m"] != shape || $at["shape.k"] != shape))
		shape = $at["shape.m"] "x" shape "x" $at["shape.k"]
	key = run " " $at["device"] "/" $at["impl"] " " $at["op"] " " $at["precision"] " " shape
	clock = $at["kernel.median_s"] != "" ? "kernel" : "wall"
	time[key] = $at[clock ".median_s"]
	bytes[key] = $at["bytes"]
	work[key] = $at["op"] == "matmul" ? $at["shape.m"] * $at["shape.n"] * $at["shape.k"] : $at["shape.n"]
}
