# SPDX-License-Identifier: Apache-2.0
libhcbench_core_la_SOURCES += %reldir%/cpu.c
libhcbench_core_la_CPPFLAGS += $(CBLAS_CFLAGS)
libhcbench_core_la_LIBADD += $(CBLAS_LIBS)
