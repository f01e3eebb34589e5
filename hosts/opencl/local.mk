# SPDX-License-Identifier: Apache-2.0
if HAVE_OPENCL
libhcbench_core_la_SOURCES += \
	%reldir%/clblast.c \
	%reldir%/describe.c \
	%reldir%/elementwise.c \
	%reldir%/errors.c \
	%reldir%/matmul_cpu.c \
	%reldir%/matmul_gpu.c \
	%reldir%/matmul_thin.c \
	%reldir%/matmul_units.c \
	%reldir%/opencl.c %reldir%/opencl.h \
	%reldir%/plan.c \
	%reldir%/program.c \
	%reldir%/reduce.c \
	%reldir%/supports.c
libhcbench_core_la_CPPFLAGS += $(OPENCL_CFLAGS) $(CLBLAST_CFLAGS)
libhcbench_core_la_LIBADD += $(OPENCL_LIBS) $(CLBLAST_LIBS)
endif
