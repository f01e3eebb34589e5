# SPDX-License-Identifier: Apache-2.0
libhcbench_core_la_SOURCES += \
	%reldir%/blas_library.c \
	%reldir%/cpu.c %reldir%/cpu.h \
	%reldir%/elementwise.c \
	%reldir%/matmul_bytes.c \
	%reldir%/native.c \
	%reldir%/openblas.c \
	%reldir%/pool.c %reldir%/pool.h \
	%reldir%/reduce.c \
	%reldir%/vector.c %reldir%/vector.h %reldir%/vector_level.h
libhcbench_core_la_CPPFLAGS += $(CBLAS_CFLAGS)
libhcbench_core_la_LIBADD += $(CBLAS_LIBS)
