#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# hcbench.h stands alone, in C99, C11 and C++11, without a warning; and a C++
# program links with the library.
: "${srcdir:?}" "${builddir:?}" "${CC:?}"
work=$(mktemp -d "${TMPDIR:-/tmp}/hcbench-test.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
failures=0
warnings='-Wall -Wextra -pedantic -Werror'

# shellcheck disable=SC2086 # lists of words
compiles() {
	"$@" $warnings -I"$srcdir/src" -c -o "$work/out.o" || {
		echo "FAILED: $* $warnings"
		failures=$((failures + 1))
	}
}

cat >"$work/twice.c" <<'END'
#include <hcbench.h>
#include <hcbench.h>
#ifndef HCBENCH_H
#error "no include guard"
#endif
int use(void);
int use(void) { return hcb_version() != 0 && HCB_STATUS_COUNT == 7; }
END
for standard in c99 c11; do
	# shellcheck disable=SC2086 # CC may hold options
	compiles $CC -std=$standard -Wstrict-prototypes "$work/twice.c"
done

CXX=${CXX:-c++}
command -v "${CXX%% *}" >/dev/null 2>&1 || {
	[ $failures -eq 0 ] || exit 1
	echo "the C part is fine; there is no C++ compiler ($CXX)"
	exit 77
}
cp "$work/twice.c" "$work/twice.cc"
# shellcheck disable=SC2086
compiles $CXX -std=c++11 "$work/twice.cc"
cat >"$work/main.cc" <<'END'
#include <hcbench.h>
#include <cstring>
int main()
{
    hcb_ctx *ctx = hcb_ctx_new();
    hcb_case task = {HCB_OP_SUM, HCB_IMPL_REF, HCB_PRECISION_F32, {1, 3, 1}};
    const float x[] = {1, 2, 3};
    const void *const inputs[HCB_INPUTS_MAX] = {x, nullptr};
    float sum = 0;
    bool ok = ctx != nullptr && std::strcmp(hcb_error(ctx), "") == 0 &&
              hcb_reference(&task, inputs, &sum) == HCB_OK && sum == 6;
    hcb_ctx_free(ctx);
    return ok ? 0 : 1;
}
END
# shellcheck disable=SC2086
if ! (cd "$builddir" && ./libtool --quiet --tag=CC --mode=link $CXX ${SANITIZER_FLAGS-} -std=c++11 \
	-I"$srcdir/src" -o "$work/main" "$work/main.cc" libhcbench.la) || ! "$work/main"; then
	echo "FAILED: a C++ program with the library"
	failures=$((failures + 1))
fi
[ $failures -eq 0 ]
