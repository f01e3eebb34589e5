#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2086 # lists of options are split on purpose
# The fair baseline in whole runs: what was detected, what is used, who chose it, how
# many threads; what users may ask for, and what they may not.  Speeds are pretended
# (HCBENCH_TEST_BLAS_DETECTED), never measured.
# shellcheck source=tests/program.sh
. "${srcdir:?}/tests/program.sh"
unset OPENBLAS_CORETYPE OPENBLAS_NUM_THREADS OMP_NUM_THREADS HCBENCH_CPU_THREADS
cd "$work" || exit 99
blas="-d cpu:0 -i openblas,ref $tiny --no-progress" # without a BLAS the reference alone

# has TEXT: the JSON file has it.  member NAME: what the file says of the member.
has() {
	grep -q -- "$1" a.json || {
		note "no $1 in:"
		sed -n '/"environment"/,/"env"/p' a.json
	}
}
member() {
	sed -n "s/^ *\"$1\": \"*\([^\",]*\).*/\1/p" a.json
}

# Threads follow the mask, the option and the quota.
one_thread() {
	has '"threads_used": 1,'
	[ -z "$(member threads)" ] || has '"threads": 1$'
	grep -Eq 'threads, core' "$work/out" && note "more than one thread in: $(grep baseline "$work/out")"
}
expect 0 -d cpu:0 -i ref $tiny --cpu-threads 1 --json a.json
one_thread
expect 0 -d cpu:0 -i ref $tiny --cpu-threads 1 --no-isolate --json a.json
one_thread
first=$(taskset -cp $$ 2>/dev/null | sed 's/.*: *\([0-9]*\).*/\1/')
if [ -n "$first" ]; then
	program=$hcbench
	cat >one <<-END
		#!/bin/sh
		exec taskset -c $first "$program" "\$@"
	END
	chmod +x one
	hcbench=./one
	expect 0 $blas --json a.json
	one_thread
	expect 2 $blas --cpu-threads 2
	says err 'more than the 1 that affinity mask and cgroup allow'
	hcbench=$program
else
	echo "left out: there is no taskset"
fi

# A real quota, where this test may make a group: half of a processor.
group=
for base in /sys/fs/cgroup/cpu /sys/fs/cgroup; do
	mkdir "$base/$mark" 2>/dev/null && group=$base/$mark && break
done
if [ -n "$group" ] && { echo 50000 >"$group/cpu.cfs_quota_us" ||
	echo '50000 100000' >"$group/cpu.max"; } 2>/dev/null; then
	(
		sh -c "echo \$\$ >'$group/cgroup.procs' && exec '$hcbench' -d cpu:0 -i ref $tiny --json a.json"
	) >"$work/out" 2>&1 || note "a run in a cgroup: $(cat "$work/out")"
	one_thread
else
	echo "left out: this user cannot make a cgroup with a quota"
fi
[ -z "$group" ] || rmdir "$group"

# What cannot be.
expect 2 $blas --cpu-threads 0
expect 2 $blas --cpu-threads 1000000
says err 'affinity mask and cgroup allow'
expect 2 list --cpu-core ZEN
expect 2 $blas --cpu-core 'A=B'

expect 0 $blas --json a.json --no-isolate
case $(member name | head -n1) in
*OpenBLAS*) ;;
*)
	[ "$failures" -eq 0 ] || finish
	echo "left out: core types; the BLAS is $(member name | head -n1)"
	exit 77
	;;
esac
says out 'its own choice, not compared'
slow=PRESCOTT
case $(uname -m) in
x86_64) ;;
aarch64) slow=ARMV8 ;;
*)
	[ "$failures" -eq 0 ] || finish
	echo "no core types are known for $(uname -m)"
	exit 77
	;;
esac
expect 2 $blas --cpu-core ABACUS
says err 'ABACUS.*no core type of that name.*can execute'
expect 2 $blas --cpu-core $slow --no-isolate
says err "OPENBLAS_CORETYPE=$slow"

# pretend TEXT: a run in which the trial finds that.
pretend() {
	HCBENCH_TEST_BLAS_DETECTED=$1
	export HCBENCH_TEST_BLAS_DETECTED
	expect 0 $blas --json a.json
	unset HCBENCH_TEST_BLAS_DETECTED
}
flat() {
	tr -s ' \n' ' ' <"$work/out" >flat
	mv flat "$work/out"
}

# The detected core type is slow: another is used, and the run says so.
pretend $slow:0.19
flat
says out "core type [A-Za-z0-9]+; by itself it chose (Prescott|armv8), at 0\\.190 of the speed"
has '"core_chosen_by": "trial"'
[ "$(member fair_ratio | cut -c1-4)" = 0.19 ] || note "fair_ratio is $(member fair_ratio)"
detected=$(member core_detected)
[ "$(echo "$detected" | tr '[:lower:]' '[:upper:]')" = $slow ] || note "detected is $detected"
[ "$(member core_used)" != "$detected" ] || note "the slow core type is used"
fast=$(member core_used)

# It is nearly as good: it stays.
pretend $slow:0.96
says out 'core type (Prescott|armv8), its own choice$'
[ "$(member core_used)" = "$detected" ] || note "a difference of noise changed the core type"
[ "$(member fair_ratio)" = 1.0 ] || note "fair_ratio is $(member fair_ratio)"

# Rounds that contradict each other prove nothing, and the run says so.
[ -z "$(member core_trial)" ] || note "core_trial is $(member core_trial)"
pretend $slow:0.5:2
flat
says out 'core type (Prescott|armv8), its own choice; not proven to be as fast as the others'
[ "$(member core_trial)" = undecided ] || note "core_trial is $(member core_trial)"

# Users are obeyed, and the output says that they chose.
expect 0 $blas --json a.json --cpu-core "$fast"
says out "core type $fast, set by --cpu-core"
has '"core_chosen_by": "--cpu-core"'
[ -z "$(member fair_ratio)" ] || note "a ratio that was not measured"
expect 0 $blas --json a.json --cpu-core $slow
[ "$(member core_used)" = "$detected" ] || note "--cpu-core was not obeyed: $(member core_used)"
expect 0 verify -d cpu:0 -i openblas -n 17 -P f32 --cpu-core $slow --json a.json
[ "$(member core_used)" = "$detected" ] || note "verify did not obey --cpu-core"
OPENBLAS_CORETYPE=$slow
export OPENBLAS_CORETYPE
expect 0 $blas --json a.json
says out 'set by OPENBLAS_CORETYPE'
has '"core_chosen_by": "OPENBLAS_CORETYPE"'
[ "$(member core_used)" = "$detected" ] || note "OPENBLAS_CORETYPE was not obeyed"
expect 0 $blas --json a.json --cpu-core "$fast"
[ "$(member core_used)" = "$fast" ] || note "OPENBLAS_CORETYPE won over --cpu-core"
OPENBLAS_CORETYPE=ABACUS
expect 0 $blas --json a.json
says err 'has no core type ABACUS and took'
flat
says out 'it does not have the ABACUS that OPENBLAS_CORETYPE names'
unset OPENBLAS_CORETYPE

# Nothing is tried when no row uses the BLAS.
expect 0 -d cpu:0 -i ref $tiny --json a.json
[ -z "$(member core_chosen_by)" ] || note "a trial without a row of the BLAS"
finish
