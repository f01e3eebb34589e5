#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The Vulkan platform under the Khronos validation layer, with synchronization
# validation: any message is a failure.
set -u
layer=
for folder in ${VK_LAYER_PATH:-} ${VK_ADD_LAYER_PATH:-} /usr/local/share/vulkan/explicit_layer.d \
	/usr/share/vulkan/explicit_layer.d /etc/vulkan/explicit_layer.d; do
	[ -e "$folder/VkLayer_khronos_validation.json" ] && layer=$folder
done
[ -n "$layer" ] || { echo "the Khronos validation layer is not installed"; exit 77; }

folder=${builddir:?}/tests/validation.$$
mkdir "$folder" || exit 1
trap 'rm -rf "$folder"' EXIT
# The name of synchronization validation in the layer's list of its settings, or the one of
# layers before it, of which newer ones complain; newer layers look at what shaders access
# only when asked.
synchronization='enables = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT'
grep -q '"validate_sync"' "$layer/VkLayer_khronos_validation.json" &&
	synchronization='validate_sync = true'
cat >"$folder/vk_layer_settings.txt" <<EOF
khronos_validation.$synchronization
khronos_validation.syncval_shader_accesses_heuristic = true
khronos_validation.report_flags = error,warn,perf
khronos_validation.debug_action = VK_DBG_LAYER_ACTION_LOG_MSG
khronos_validation.log_filename = stdout
EOF
export VK_LAYER_SETTINGS_PATH="$folder" VK_INSTANCE_LAYERS=VK_LAYER_KHRONOS_validation
messages='Validation|VUID|SYNC-HAZARD|UNASSIGNED|MessageID'
failures=0

# check CLASS IMPL PRECISION CASE...
check() {
	class=$1
	shift
	HCBENCH_KERNEL_CLASS=$class "$builddir/tests/run_case" vulkan:0 "$@" >"$folder/log" 2>&1
	status=$?
	if [ $status -ne 0 ] && [ $status -ne 77 ] || grep -E -q "$messages" "$folder/log"; then
		echo "FAILED: $class $*, exit status $status"
		head -n 20 "$folder/log"
		failures=$((failures + 1))
	fi
}

VK_LOADER_DEBUG=layer "$builddir/tests/run_case" vulkan:0 tile f32 sum=1 >"$folder/log" 2>&1
[ $? -eq 77 ] && { cat "$folder/log"; exit 77; }
grep -i 'layer' "$folder/log" | grep -q 'VK_LAYER_KHRONOS_validation' ||
	{ echo "the loader did not load the layer"; cat "$folder/log"; exit 1; }

for class in cpu gpu; do
	for precision in f64 f32 f16 f16f32 bf16f32 i8i32 f32x2; do
		check "$class" tile "$precision" matmul=1x1x1 matmul=33x34x5001 sum=1 sum=70001 dot=70001
		HCBENCH_VULKAN_MAX_RANGE=1 HCBENCH_VULKAN_STAGING=1 \
			check "$class" tile "$precision" matmul=70x600x600 sum=600001
	done
done
# Large tiles, terms that workgroups share, and the tiles and sums of devices with the least
# limits.
for least in 0 1; do
	for precision in f64 f32; do
		HCBENCH_VULKAN_LEAST_LIMITS=$least \
			check gpu tile "$precision" matmul=132x260x36 matmul=8x12x1028 matmul=3x5x1027
	done
done
for precision in f64 f32 f16; do
	HCBENCH_VULKAN_LEAST_LIMITS=1 check gpu tile "$precision" sum=70001 dot=70001
done
for class in cpu gpu; do
	for precision in f64 f32 f16 f16f32 bf16f32; do
		for sum in neumaier f64; do
			HCBENCH_VULKAN_MAX_RANGE=1 check "$class" tile "$precision" sum.$sum=1 sum.$sum=600001 dot.$sum=70001
		done
	done
done
for class in cpu gpu; do
	for precision in f64 f32 f16; do
		check "$class" tile "$precision" triad=1 triad=70001 launch=1 peak=1 peak=1001
		HCBENCH_VULKAN_MAX_RANGE=1 check "$class" tile "$precision" triad=300001
	done
	for precision in f16f32 bf16f32 i8i32; do
		HCBENCH_VULKAN_MAX_RANGE=1 check "$class" tile "$precision" triad=17 triad=300001
	done
done
for staging in 0 1; do
	for impl in pageable pinned; do
		HCBENCH_VULKAN_STAGING=$staging \
			check gpu $impl f32 upload=1 upload=70001 download=17 download=70001
	done
	HCBENCH_VULKAN_STAGING=$staging check gpu driver f32 copy=1 copy=70001
done
for precision in f16f32 bf16f32 i8i32 f32x2; do
	check gpu coopmat "$precision" matmul=1x1x1 matmul=129x130x131 matmul=136x264x72 \
		matmul=8x16x2048
done
exit $((failures > 0))
