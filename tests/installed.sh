#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make installcheck: what is installed under $prefix works for a user who knows
# pkg-config and nothing of the source.
: "${srcdir:?}" "${CC:?}" "${bindir:?}" "${libdir:?}" "${VERSION:?}"
work=$(mktemp -d "${TMPDIR:-/tmp}/hcbench-test.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
set -e
"$DESTDIR$bindir/hcbench" --version | grep -q '^hcbench '
command -v pkg-config >/dev/null || exit 0
export PKG_CONFIG_PATH="$DESTDIR$libdir/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
pkg-config --print-errors --exists hcbench
[ "$(pkg-config --modversion hcbench)" = "$VERSION" ]
[ -z "$DESTDIR" ] || export PKG_CONFIG_SYSROOT_DIR="$DESTDIR"
# shellcheck disable=SC2046,SC2086 # lists of words
$CC ${SANITIZER_FLAGS-} -o "$work/multiply" "$srcdir/doc/examples/multiply.c" \
	$(pkg-config --cflags --libs hcbench)
LD_LIBRARY_PATH="$DESTDIR$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$work/multiply" cpu:0 ref
