#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first comment of each kernel file says for which class of device it is.
set -u
checked=0 failures=0
for file in "${srcdir:?}"/cl/*.cl "$srcdir"/spv/*.comp; do
	[ -e "$file" ] || continue
	checked=$((checked + 1))
	awk 'NR > 1 { if (!/^(\/\/|\/\*| \*)/) exit; print; if (/\*\/$/) exit }' "$file" |
		grep -qE 'CPU drivers|GPUs|matrix units|tensor cores' || {
		echo "FAILED: $file does not say for which class of device it is"
		failures=$((failures + 1))
	}
done
echo "$checked kernel files"
[ $checked -gt 0 ] && [ $failures -eq 0 ]
