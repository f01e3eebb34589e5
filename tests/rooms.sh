#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One room, one job: which headers each folder may include, who may print or exit,
# and that a platform exports one symbol.  Reads the sources and the objects.
: "${srcdir:?}" "${builddir:?}"
cd "$srcdir" || exit 99
work=$(mktemp -d "${TMPDIR:-/tmp}/hcbench-test.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT

# refuse WHAT: standard input lists what must not be.  Runs at the end of pipes, so
# that a failure is kept in a file.
refuse() {
	found=$(cat)
	[ -z "$found" ] || {
		echo "FAILED: $1:"
		echo "$found"
		: >"$work/failed"
	}
}

# includes PATTERN FOLDER...: lines that include a header whose name matches.
includes() {
	pattern=$1
	shift
	grep -rnE --include='*.[ch]' "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($pattern)" "$@"
}

# calls PATTERN FOLDER...: calls of functions, outside of comments.
calls() {
	pattern=$1
	shift
	grep -rnE --include='*.[ch]' "(^|[^[:alnum:]_.>])($pattern)[[:space:]]*\\(" "$@" |
		grep -vE '^[^:]*:[0-9]*:[[:space:]]*(/?\*|//)'
}

if [ -z "$(includes stdio.h src)" ] || [ -z "$(calls snprintf src)" ]; then
	echo "the patterns find nothing at all"
	exit 99
fi

includes '(CL/|OpenCL/|clblast)' src bench tests doc | refuse "OpenCL headers outside of hosts/opencl"
includes '(CL/|OpenCL/|clblast)' hosts | grep -v '^hosts/opencl/' |
	refuse "OpenCL headers outside of hosts/opencl"
includes 'vulkan' src bench tests doc | refuse "Vulkan headers outside of hosts/vulkan"
includes 'vulkan/' hosts | grep -v '^hosts/vulkan/' | refuse "Vulkan headers outside of hosts/vulkan"
includes '(\.\./|.*hosts/)' src bench | refuse "a header of a platform outside of its folder"
includes '(\.\./)' hosts | refuse "a platform that includes from another folder"
calls 'v?f?printf|puts|fputs|putchar|f?putc|perror|write|exit|_exit|_Exit|quick_exit|abort|assert|err|errx|warn|warnx' \
	src hosts | refuse "src/ and hosts/ neither print nor end the process"
grep -rnwE --include='*.[ch]' 'stdout|stderr' src hosts |
	refuse "src/ and hosts/ have no standard output"

# Two files that need each other are one.  tsort knows loops, and says which.
if command -v nm >/dev/null 2>&1 && command -v tsort >/dev/null 2>&1; then
	for object in "$builddir"/bench/compare/libhcbench_program_la-*.o; do
		name=$(basename "$object" .o)
		nm -g --defined-only "$object" | awk -v file="$name" 'NF == 3 { print $3, file }'
	done | sort >"$work/where"
	for object in "$builddir"/bench/compare/libhcbench_program_la-*.o; do
		name=$(basename "$object" .o)
		nm -u "$object" | awk -v file="$name" 'NF == 2 { print $2, file }'
	done | sort | join - "$work/where" | awk '{ print $2, $3 }' | tsort 2>&1 >/dev/null |
		refuse "files of bench/compare that need each other"
fi

# bench/ uses the public header and its own; platform.h and the like are internal.
includes '[^>"]*' bench | sed -n 's/.*include[[:space:]]*"\([^"]*\)".*/\1/p' | sort -u |
	while read -r header; do
		[ -e "bench/$header" ] || [ "$header" = hcbench.h ] || [ "$header" = config.h ] ||
			echo "$header"
	done | refuse "bench/ includes hcbench.h and its own headers only"

# Of a platform's names, the others use the table of callbacks and nothing else.
# objects FOLDER...: object files of the library, static and shared.
objects() {
	find "$@" -name 'libhcbench_core_la-*.o'
}
if command -v nm >/dev/null 2>&1; then
	for folder in "$builddir"/hosts/*/; do
		platform=$(basename "$folder")
		[ -n "$(objects "$folder")" ] || continue
		objects "$folder" | xargs nm -g --defined-only | awk 'NF == 3 { print $3 }' |
			sort -u >"$work/defined"
		objects "$builddir/src" "$builddir/hosts" | grep -v "/hosts/$platform/" | xargs nm -u |
			awk 'NF == 2 { print $2 }' | sort -u >"$work/used"
		grep -v '^__' "$work/defined" | grep -v "^hcbi_${platform}_" |
			refuse "names in hosts/$platform that do not begin with hcbi_${platform}_"
		comm -12 "$work/defined" "$work/used" | grep -vx "hcbi_${platform}_ops" |
			refuse "hosts/$platform shares more than hcbi_${platform}_ops"
		grep -qx "hcbi_${platform}_ops" "$work/used" ||
			echo "hcbi_${platform}_ops" | refuse "the library does not use"
	done
fi
[ ! -e "$work/failed" ]
