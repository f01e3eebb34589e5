# SPDX-License-Identifier: Apache-2.0
if HAVE_VULKAN
libhcbench_core_la_SOURCES += \
	%reldir%/compatibility.h \
	%reldir%/describe.c \
	%reldir%/device.c \
	%reldir%/elementwise.c \
	%reldir%/errors.c \
	%reldir%/instance.c \
	%reldir%/matmul.h \
	%reldir%/matmul_coopmat.c \
	%reldir%/matmul_cpu.c \
	%reldir%/matmul_gpu.c \
	%reldir%/matmul_workgroup.c \
	%reldir%/matrices.c \
	%reldir%/memory.c \
	%reldir%/pipeline.c \
	%reldir%/plan.c \
	%reldir%/queue.c \
	%reldir%/reduce.c \
	%reldir%/supports.c \
	%reldir%/tiles.c \
	%reldir%/tiles.h \
	%reldir%/vulkan.h \
	%reldir%/windows.c
libhcbench_core_la_CPPFLAGS += $(VULKAN_CFLAGS)
libhcbench_core_la_LIBADD += $(VULKAN_LIBS)
endif
