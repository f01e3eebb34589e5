# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # make sets builddir and srcdir
# Sourced by the tests of cooperative matrices on a device without any: matrices that a shader
# computes itself are put behind a kernel.
: "${srcdir:?}" "${builddir:?}" "${GLSLANG:?}"
# shellcheck source=tests/program.sh
. "$srcdir/tests/program.sh"
[ "$GLSLANG" != false ] || { echo "built without Vulkan"; exit 77; }
"$hcbench" list -p vulkan >"$work/out" 2>&1 || { cat "$work/out"; exit 77; }

# emulate FOLDER KERNEL PRECISIONS MACRO...: puts it into a kernel folder.
emulate() {
	folder=$work/$1 kernel=$2 precisions=$3
	shift 3
	mkdir -p "$folder"
	for precision in $precisions; do
		macro=-D$(echo "$precision" | tr '[:lower:]' '[:upper:]')
		$GLSLANG --target-env vulkan1.1 -S comp "-I$srcdir/spv" "-I$srcdir/tests" -DEMULATED "$macro" "$@" \
			-o "$folder/$kernel.$precision.spv" "$srcdir/spv/$kernel.comp" >"$work/log" ||
			{ note "no kernel for $precision"; cat "$work/log"; }
	done
}

# verify FOLDER PRECISIONS SHAPES: rows may be unsupported, all of them too.
verify() {
	"$hcbench" verify --timeout 600 -d vulkan:0 -i coopmat -o matmul -P "$2" -n "$3" --kernel-dir "$work/$1" \
		--csv "$work/rows.csv" >"$work/out" 2>"$work/err"
	status=$?
	[ $status -eq 0 ] || [ $status -eq 3 ] || { note "exit status $status: verify $*"; cat "$work/out" "$work/err"; }
}

# all WORD: each row has it.
all() {
	grep -v '^device' "$work/rows.csv" | grep -Fvq -- "$1" && {
		note "a row without '$1'"
		cat "$work/rows.csv"
	}
}

# unit_tests CASE: those of the library that need such matrices, with the right kernels.
unit_tests() {
	[ -x "$builddir/tests/test_vulkan" ] || return # built without Check
	HCBENCH_KERNEL_DIR="$work/right" CK_RUN_CASE=$1 "$builddir/tests/test_vulkan" >"$work/out" ||
		{ note "unit tests of $1"; cat "$work/out"; }
}
