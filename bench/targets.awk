# SPDX-License-Identifier: Apache-2.0
# What bench/targets.sh and bench/gpu_targets.sh share: reads CSV of hcbench and of
# cublas_baseline, and prints lines of a table of targets.  The command line sets `run`
# before each file; keys begin with it, as in "2 opencl:0/tile matmul f32 1024".  Files of
# run 0 are none of these.  `bad` counts lines that are missing or surely below their
# target.

function begin_table() {
	print "| path | target | measured | |"
	print "|---|---|---|---|"
}

# A ratio and its interval; "" for a value that is not there, or a target that is not set.
function row(name, target, value, low, high,    measured, verdict) {
	measured = value == "" ? "not measured" : sprintf("%.3g [%.3g, %.3g]", value, low, high)
	if (target != "" && value != "")
		verdict = low >= target ? "met" : high < target ? "missed" : "not sure"
	if (target != "")
		bad += value == "" || high < target
	printf "| %s | %s | %s | %s |\n", name, target == "" ? "none" : "≥ " target, measured, verdict
}

# To the row of the CPU, as hcbench says.
function to_cpu(name, target, key) {
	row(name, target, ratio[key], ratio_low[key], ratio_high[key])
}

# Speed of row `a` relative to `b`; `work` is the work of a in units of that of b.  The
# interval is made of the ends of both, so it is wider than 95 %.
function to_row(name, target, a, b, work) {
	if (time[a] == "" || time[b] == "")
		row(name, target, "", 0, 0)
	else
		row(name, target, work * time[b] / time[a], work * low[b] / high[a],
		    work * high[b] / low[a])
}

# Speed of row `a` relative to the fastest of `others` (keys without run, "|" between)
# in each run; the rates of their bytes, or of the same work.  Median, least and greatest.
function to_fastest(name, target, a, others, by_bytes,    other, list, n, r, i, key, q, least, count) {
	n = split(others, other, "|")
	count = 0
	for (r = 1; r <= run; r++) {
		least = ""
		for (i = 1; i <= n; i++) {
			key = r " " other[i]
			if (time[r " " a] == "" || time[key] == "")
				continue
			q = time[key] / time[r " " a]
			if (by_bytes)
				q *= bytes[r " " a] / bytes[key]
			if (least == "" || q < least)
				least = q
		}
		if (least != "") {
			for (i = ++count; i > 1 && list[i - 1] > least; i--)
				list[i] = list[i - 1]
			list[i] = least
		}
	}
	i = int((count + 1) / 2)
	if (count == 0)
		row(name, target, "", 0, 0)
	else
		row(name, target, (list[i] + list[count + 1 - i]) / 2, list[1], list[count])
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
	low[key] = $at[clock ".ci95_s.0"]
	high[key] = $at[clock ".ci95_s.1"]
	bytes[key] = $at["bytes"]
	if ("speedup.kernel.ratio" in at) {
		ratio[key] = $at["speedup.kernel.ratio"]
		ratio_low[key] = $at["speedup.kernel.ci95.0"]
		ratio_high[key] = $at["speedup.kernel.ci95.1"]
	}
}
