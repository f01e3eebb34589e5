# SPDX-License-Identifier: Apache-2.0
# One folder per platform, and one for the sensors of devices; each exports one
# symbol, its table of callbacks.
include %reldir%/null/local.mk
include %reldir%/cpu/local.mk
include %reldir%/opencl/local.mk
include %reldir%/vulkan/local.mk
include %reldir%/sensors/local.mk
