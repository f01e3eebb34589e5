#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every shader module of the build is valid SPIR-V for the Vulkan version that it
# was compiled for.  Reductions for GPUs read 16 bytes at a time, or more.
set -u
table=${srcdir:?}/spv/kernels.txt
[ -e "${builddir:?}/spv/kernels.c" ] || { echo "built without Vulkan"; exit 77; }
command -v spirv-val >/dev/null || { echo "spirv-val is not installed"; exit 77; }
checked=0 failures=0
while read -r name file need target macros; do
	case $name in '' | '#'*) continue ;; esac
	if [ "$need" = - ] || [ -e "$builddir/spv/$name" ]; then
		echo "$name: $file for $target, $macros"
		spirv-val --target-env "$target" "$builddir/spv/$name" || failures=$((failures + 1))
		case $name in sum_gpu.* | dot_gpu.*)
			spirv-dis "$builddir/spv/$name" |
				grep -qE 'OpAccessChain %_ptr_(Uniform|StorageBuffer)_v4(uint|int|float|double) ' || {
				echo "FAILED: $name reads no vectors of 16 bytes"
				failures=$((failures + 1))
			} ;;
		esac
		checked=$((checked + 1))
	fi
done <"$table"
echo "$checked modules, $failures failures"
[ $checked -gt 0 ] && [ $failures -eq 0 ]
