#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# spirv.sh GLSLANG SOURCE-DIR OUTPUT-DIR [FEATURE...] <table
# Compiles the shader modules of a table (spv/kernels.txt explains it) whose need
# is "-" or one of the features.  Prints the names of the compiled files in order.
set -eu
export LC_ALL=C
glslang=$1 source=$2 output=$3
shift 3
features=" - $* "

while read -r name file need target macros; do
	case $name in '' | '#'*) continue ;; esac
	case $features in *" $need "*) ;; *) continue ;; esac
	definitions=
	for macro in $macros; do
		definitions="$definitions -D$macro"
	done
	# An old glslang may report success without a file.
	rm -f "$output/$name"
	# shellcheck disable=SC2086 # one word per macro; a compiler may have options
	if ! $glslang --quiet --target-env "$target" -S comp "-I$source" $definitions \
		-o "$output/$name" "$source/$file" >&2 || ! [ -s "$output/$name" ]; then
		echo "spirv.sh: cannot compile $file to $name" >&2
		exit 1
	fi
	echo "$output/$name"
done
