#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Wraps the lines of C that are longer than 100 columns, and touches no others.  Needs
# clang-format; from the top folder, in a checkout:
#
#     build-aux/wrap.sh [FILE...]      all files unless told
#
# Look at what it did: a table may be better off with shorter words.
set -eu
style='{BasedOnStyle: LLVM, IndentWidth: 4, ColumnLimit: 100, BreakBeforeBraces: Linux,
AllowShortFunctionsOnASingleLine: None, AllowShortCaseLabelsOnASingleLine: true,
SortIncludes: Never, PenaltyReturnTypeOnItsOwnLine: 1000}'
# shellcheck disable=SC2046 # one word per file
[ $# -gt 0 ] || set -- $(git ls-files '*.[ch]')
for file; do
	lines=$(awk 'length($0) > 100 { printf " --lines=%d:%d", FNR, FNR }' "$file")
	# shellcheck disable=SC2086 # one option per line
	[ -z "$lines" ] || clang-format -i --style="$style" $lines "$file"
done
