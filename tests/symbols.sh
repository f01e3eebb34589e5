#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shared library exports what hcbench.h declares, and nothing else.
: "${srcdir:?}" "${builddir:?}"
library=
for file in "$builddir"/.libs/libhcbench.so "$builddir"/.libs/libhcbench.dylib; do
	[ -e "$file" ] && library=$file
done
[ -n "$library" ] || {
	echo "there is no shared library in this build"
	exit 77
}
command -v nm >/dev/null 2>&1 || {
	echo "needs nm"
	exit 77
}
work=$(mktemp -d "${TMPDIR:-/tmp}/hcbench-test.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT

# Symbols without their version; A is the version's own name.
nm -D --defined-only "$library" | awk 'NF == 3 && $2 != "A" { sub(/@.*/, "", $3); print $3 }' |
	sort -u >"$work/exported"
# Declarations begin at the margin and name a function before the parenthesis.
sed -e 's|/\*.*\*/||' "$srcdir/src/hcbench.h" |
	sed -n 's/^[a-z][a-z0-9_ *]*[ *]\(hcb_[a-z0-9_]*\)(.*/\1/p' | sort -u >"$work/declared"
[ "$(wc -l <"$work/declared")" -ge 50 ] || {
	echo "hcbench.h is not read as it should be"
	exit 99
}
diff "$work/declared" "$work/exported" && exit 0
echo "FAILED: declared (<) and exported (>) differ"
exit 1
