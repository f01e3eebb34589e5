# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034 # who sources it uses it
# Sourced by experiments: what repetitions say, each of which measured two things one
# right after the other.  A function for awk, as text:
#
#     interval(value, count, result)
#
# sorts value[1] to value[count] and sets result["median"], result["low"] and
# result["high"]: their median and its 95 % interval by order statistics.  Six values are
# the fewest; it returns 0 for less, and without an interval.
paired_functions='
	function interval(value, count, result,    i, j, kept, term, tail, cut) {
		for (i = 2; i <= count; i++) {
			kept = value[i]
			for (j = i - 1; j > 0 && value[j] > kept; j--)
				value[j + 1] = value[j]
			value[j + 1] = kept
		}
		# As many from each end as leave 95 % of the binomial distribution.
		term = tail = 0.5 ^ count
		for (cut = 0; tail <= 0.025; tail += term) {
			cut++
			term *= (count - cut + 1) / cut
		}
		result["median"] = (value[int((count + 1) / 2)] + value[int(count / 2) + 1]) / 2
		if (cut < 1)
			return 0
		result["low"] = value[cut]
		result["high"] = value[count + 1 - cut]
		return 1
	}'
