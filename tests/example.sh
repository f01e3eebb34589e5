#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# doc/examples/multiply.c, compiled as a user would with the library of this build,
# on each platform that is here.
: "${srcdir:?}" "${builddir:?}" "${CC:?}"
work=$(mktemp -d "${TMPDIR:-/tmp}/hcbench-test.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
failures=0

note() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}

# shellcheck disable=SC2086 # lists of words
(cd "$builddir" && ./libtool --quiet --tag=CC --mode=link $CC ${SANITIZER_FLAGS-} -std=c11 -Wall \
	-Wextra -Werror -pedantic -I"$srcdir/src" -o "$work/multiply" \
	"$srcdir/doc/examples/multiply.c" libhcbench.la) || {
	echo "FAILED: the example does not compile"
	exit 1
}

# multiply STATUS PATTERN ARGUMENT...
multiply() {
	wanted=$1 pattern=$2
	shift 2
	"$work/multiply" "$@" >"$work/out" 2>&1 </dev/null
	got=$?
	cat "$work/out"
	[ $got -ne 77 ] || [ "$wanted" -ne 0 ] || {
		echo "  (left out: $*)"
		return
	}
	[ $got -eq "$wanted" ] || note "exit status $got, not $wanted: multiply $*"
	grep -Eq -- "$pattern" "$work/out" || note "no line matches: $pattern"
}

multiply 0 ': ok, .* ms per product, error ' cpu:0 ref
multiply 0 ': ok, .* ms per product, error ' cpu:0 openblas
multiply 0 ': ok, .* ms per product, error ' opencl:0 tile
multiply 0 ': ok, .* ms per product, error ' vulkan:0 tile
HCBENCH_NULL=wrong multiply 1 ': wrong, ' null:0 native
HCBENCH_NULL=fail-plan multiply 1 'error: NULL_FAILURE \(-5\) from plan, null:0, matmul f32 200x300x100' \
	null:0 native
multiply 77 'there is no device cpu:99' cpu:99 ref
multiply 2 "there is no impl 'nonsense'" cpu:0 nonsense
[ $failures -eq 0 ]
