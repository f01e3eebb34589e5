# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154 # make sets builddir and srcdir
# Sourced before each test: no home directory, no network, and the software
# drivers PoCL and lavapipe as the only devices, wherever the tests run.
tests_home=$builddir/tests/home
mkdir -p "$tests_home"
export HOME="$tests_home" XDG_STATE_HOME="$tests_home/state" XDG_CACHE_HOME="$tests_home/cache"
export POCL_CACHE_DIR="$tests_home/pocl" MESA_SHADER_CACHE_DIR="$tests_home/mesa"
mkdir -p "$POCL_CACHE_DIR"
unset HCBENCH_NULL HCBENCH_KERNEL_CLASS HCBENCH_KERNEL_DIR HCBENCH_VECTOR_BITS \
	HCBENCH_GROUP_ITEMS HCBENCH_KERNEL_ITEMS HCBENCH_MATRIX_UNITS \
	HCBENCH_VULKAN_SUBGROUP_MATRICES HCBENCH_VULKAN_WORKGROUP_MATRICES HCBENCH_VULKAN_MAX_RANGE \
	HCBENCH_CUDA HCBENCH_CUBLAS HCBENCH_CPU_THREADS HCBENCH_TEST_BLAS_DETECTED
# No sensors but those that a test makes itself.
unset HCBENCH_NVML
export HCBENCH_SENSOR_ROOT="$tests_home/no-sensors"
export LC_ALL=C
if [ -n "${SANITIZER_FLAGS:-}" ]; then
	export LSAN_OPTIONS="suppressions=$srcdir/tests/lsan.supp:print_suppressions=0"
	export LD_PRELOAD="$builddir/tests/.libs/keep_loaded.so" ASAN_OPTIONS=verify_asan_link_order=0
fi

pocl=
for file in /etc/OpenCL/vendors/*pocl*.icd; do
	[ -e "$file" ] && pocl=$file
done
[ -n "$pocl" ] && export OCL_ICD_VENDORS="$pocl"

lavapipe=
for file in /usr/share/vulkan/icd.d/lvp_icd*.json; do
	[ -e "$file" ] && lavapipe=$file
done
[ -n "$lavapipe" ] && export VK_ICD_FILENAMES="$lavapipe" VK_DRIVER_FILES="$lavapipe"
:
