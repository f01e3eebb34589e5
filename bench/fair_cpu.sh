#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How near does a default run come to the best core type of OpenBLAS?  By hand only,
# on a machine that does nothing else:
#
#     bench/fair_cpu.sh [ROUNDS [PRECISION [N]]]
#
# In each round a default run and a run with each core type that this processor can
# execute take turns; the medians over the rounds (7 unless given) are compared.
# HCBENCH names the program.  Exit status 1 when the default reaches less than 0.95 of the
# best.  With HCBENCH_TEST_BLAS_DETECTED=PRESCOTT in the environment the default runs believe
# that the library has detected that.
hcbench=${HCBENCH:-bench/hcbench}
rounds=${1:-7} precision=${2:-f32} size=${3:-1024}
"$hcbench" --version >/dev/null 2>&1 || {
	echo "fair_cpu.sh: '$hcbench' does not run; HCBENCH names the program" >&2
	exit 2
}
unset OPENBLAS_CORETYPE
work=$(mktemp -d "${TMPDIR:-/tmp}/hcbench-fair.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT

# sample NAME [OPTION]...: appends the GFLOP/s of one run to a file.
sample() {
	name=$1
	shift
	"$hcbench" -d cpu:0 -o matmul -i openblas -P "$precision" -n "$size" --quick --no-progress \
		--csv - "$@" 2>"$work/messages" |
		awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "gflops") at = i }
			NR > 1 { print $at }' >>"$work/$name"
	grep -q 'has no core type' "$work/messages" && rm "$work/$name"
	return 0
}
# median NAME
median() {
	sort -g "$work/$1" | awk '{ v[NR] = $1 }
		END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

cores=$("$hcbench" --cpu-core '?' 2>&1 | sed -n 's/.*can execute //p' | tr -d ,)
[ -n "$cores" ] || {
	echo "fair_cpu.sh: no core types are known for this processor" >&2
	exit 2
}
round=0
while [ "$round" -lt "$rounds" ]; do
	sample default
	for core in $cores; do
		if [ "$round" -eq 0 ] || [ -e "$work/$core" ]; then # the library has it
			sample "$core" --cpu-core "$core"
		fi
	done
	round=$((round + 1))
done

"$hcbench" -d cpu:0 -o matmul -i openblas -P "$precision" -n 64 --quick --no-progress |
	sed -n '/^CPU baseline/,/^$/p'
best=0 best_core=
for core in $cores; do
	[ -s "$work/$core" ] || continue
	rate=$(median "$core")
	printf '%-16s %8.1f GFLOP/s\n' "$core" "$rate"
	if awk "BEGIN { exit !($rate > $best) }"; then
		best=$rate best_core=$core
	fi
done
rate=$(median default)
printf '%-16s %8.1f GFLOP/s in %s, %sx%sx%s, medians of %s runs\n' default "$rate" "$precision" \
	"$size" "$size" "$size" "$rounds"
awk "BEGIN { printf \"default / %s  %.3f\n\", \"$best_core\", $rate / $best
	exit $rate < 0.95 * $best }"
