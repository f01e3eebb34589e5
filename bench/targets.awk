# SPDX-License-Identifier: Apache-2.0
# What bench/targets.sh and bench/gpu_targets.sh share: reads CSV of hcbench and of
# cublas_baseline, and prints lines of a table of targets, and what became of the rows.
# The command line sets `run` before each file; keys begin with it, as in
# "2 opencl:0/tile matmul f32 1024".  Files of run 0 are none of these.  `impl`, when it is
# set, takes the place of that of coopmat rows.  `interval` is that of bench/paired.sh.
# `bad` counts lines that are missing or surely below their target, `failures` rows that
# are wrong, crashed or the like.

function begin_table() {
	print "| path | target | measured | |"
	print "|---|---|---|---|"
}

# The median of ratios and its 95 % interval, or the least and the greatest where there
# are too few for one; a target of "" is none.
function row(name, target, ratios, count,    result, measured, verdict, known, low, high) {
	known = interval(ratios, count, result)
	low = known ? result["low"] : ratios[1]
	high = known ? result["high"] : ratios[count]
	measured = "not measured"
	if (count > 0)
		measured = sprintf("%.3g [%.3g, %.3g]", result["median"], low, high)
	if (target != "" && count > 0)
		verdict = (low >= target ? "met" : high < target ? "missed" : "not sure") (known ? "" : ", of " count)
	if (target != "")
		bad += count == 0 || high < target
	printf "| %s | %s | %s | %s |\n", name, target == "" ? "none" : "≥ " target, measured, verdict
}

# Speed of row `a` relative to the fastest of `others` (keys without run, "|" between) in
# each run: work, or bytes, per second.
function to_fastest(name, target, a, others, by_bytes,    other, ratios, n, r, i, key, q, least, count) {
	n = split(others, other, "|")
	count = 0
	for (r = 1; r <= runs; r++) {
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

# Commas within quotes become another character, so that fields end at the others; lines
# within quotes become one.
function unquote(line,    part, n, i, more) {
	while (index(line, "\"") && split(line, part, "\"") % 2 == 0 && (getline more) > 0)
		line = line " " more
	n = split(line, part, "\"")
	line = ""
	for (i = 1; i <= n; i++) {
		if (i % 2 == 0)
			gsub(",", "\037", part[i])
		line = line part[i]
	}
	return line
}

# The field of a column; "" where the file has no such column.
function field(name) {
	return name in at ? $at[name] : ""
}

# As a cell of a table.
function cell(name,    text) {
	text = field(name)
	gsub("\037", ",", text)
	gsub(/\|/, "/", text)
	return text
}

# What became of the row at hand, whatever its status.
function note_row(kind, shape, who,    key, status, reason, rate, text) {
	key = who " " kind " " shape
	status = field("status")
	reason = cell("reason")
	if (!(key in seen)) {
		seen[key] = 1
		if (!((kind, shape) in members))
			cases[++case_count] = kind SUBSEP shape
		members[kind, shape] = members[kind, shape] " " who
	}
	if (++statuses[key, status] == 1)
		status_list[key] = status_list[key] " " status
	rate = field(field("op") == "matmul" ? "gflops" : "gbps")
	if (rate != "")
		rates[key, ++rate_count[key]] = rate
	if (field("error.rel_frobenius") + 0 > error[key] + 0)
		error[key] = field("error.rel_frobenius")
	if (field("parameters") != "")
		parameters[key] = cell("tuning") ": " cell("parameters")
	text = status == "ok" ? cell("note") : status ": " reason
	if (text != "" && !((key, text) in said)) {
		said[key, text] = 1
		notes[key] = notes[key] (notes[key] == "" ? "" : "; ") text
	}
	status_count[status]++
	if (status == "ok" || status == "skipped")
		return
	failures += status != "unsupported"
	# Shapes that end alike share a line.
	text = who " " kind "|" status "|" reason
	if (++ends[text] == 1)
		end_list[++end_count] = text
	if (ends[text] <= 3)
		end_shapes[text] = end_shapes[text] " " shape
}

# All rows, those of a case below each other: of all runs the median of the speed and the
# largest error.
function rows_table(    c, kind, who, n, i, r, key, list, word, count, result) {
	print "| case | row | runs | GFLOP/s, GB/s | error | parameters | notes |"
	print "|---|---|---|---|---|---|---|"
	for (c = 1; c <= case_count; c++) {
		n = split(members[cases[c]], who, " ")
		split(cases[c], kind, SUBSEP)
		for (i = 1; i <= n; i++) {
			key = who[i] " " kind[1] " " kind[2]
			for (r = 1; r <= rate_count[key]; r++)
				list[r] = rates[key, r]
			interval(list, rate_count[key], result)
			printf "| %s %s | %s |", kind[1], kind[2], who[i]
			count = split(status_list[key], word, " ")
			for (r = 1; r <= count; r++)
				printf "%s %d %s", (r > 1 ? "," : ""), statuses[key, word[r]], word[r]
			printf " | %s |", (rate_count[key] ? sprintf("%.4g", result["median"]) : "")
			printf " %s |", (error[key] > 0 ? sprintf("%.2g", error[key]) : "")
			printf " %s | %s |\n", parameters[key], notes[key]
		}
	}
}

# How many rows ended how, and the reasons of those that cannot be or failed.
function ends_table(    i, part, all, status, n) {
	n = split("ok wrong error crashed timeout unsupported skipped", status, " ")
	for (i = 1; i <= n; i++)
		if (status[i] in status_count)
			all = all (all == "" ? "" : ", ") status_count[status[i]] " " status[i]
	print "Rows: " all "."
	if (end_count == 0)
		return
	print "\n| row | status | shapes | reason |\n|---|---|---|---|"
	for (i = 1; i <= end_count; i++) {
		split(end_list[i], part, "|")
		printf "| %s | %s | %d:%s%s | %s |\n", part[1], part[2], ends[end_list[i]],
			end_shapes[end_list[i]], (ends[end_list[i]] > 3 ? " ..." : ""), part[3]
	}
}

run > 0 && index($0, "\"") {
	$0 = unquote($0)
}
run > 0 && $1 == "device" {
	split("", at)
	for (i = 1; i <= NF; i++)
		at[$i] = i
	if (run > runs)
		runs = run
	next
}
run > 0 {
	kind = field("op") " " field("precision") (field("sum") == "" ? "" : " " field("sum"))
	shape = field("shape.n")
	if (field("op") == "matmul" && (field("shape.m") != shape || field("shape.k") != shape))
		shape = field("shape.m") "x" shape "x" field("shape.k")
	who = field("device") "/" (impl != "" && field("impl") == "coopmat" ? impl : field("impl"))
	note_row(kind, shape, who)
}
run > 0 && field("status") == "ok" {
	key = run " " who " " kind " " shape
	clock = field("kernel.median_s") != "" ? "kernel" : "wall"
	time[key] = field(clock ".median_s")
	bytes[key] = field("bytes")
	work[key] = field("op") == "matmul" ? field("shape.m") * field("shape.n") * field("shape.k") : field("shape.n")
}
