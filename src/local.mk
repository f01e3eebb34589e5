# SPDX-License-Identifier: Apache-2.0
# libhcbench.  All of it, with the platforms of hosts/, is the convenience library
# libhcbench-core.la: tests link that and see internals; the library proper
# exports hcb_* only.
include_HEADERS += %reldir%/hcbench.h
nodist_pkgconfig_DATA += %reldir%/hcbench.pc
EXTRA_DIST += %reldir%/hcbench.map

noinst_LTLIBRARIES += libhcbench-core.la
libhcbench_core_la_SOURCES = \
	%reldir%/case.c %reldir%/case.h \
	%reldir%/context.c %reldir%/context.h \
	%reldir%/cpu_core.c \
	%reldir%/device.c \
	%reldir%/environment.c \
	%reldir%/fill.c \
	%reldir%/formats.c %reldir%/formats.h \
	%reldir%/kernels.c \
	%reldir%/parameters.c \
	%reldir%/platform.h \
	%reldir%/reference.c %reldir%/reference.h \
	%reldir%/registry.c \
	%reldir%/result.c \
	%reldir%/sensors.c %reldir%/sensors.h \
	%reldir%/statistics.c \
	%reldir%/transfer.c %reldir%/transfer.h \
	%reldir%/verify.c \
	%reldir%/words.c
nodist_libhcbench_core_la_SOURCES =
libhcbench_core_la_CPPFLAGS = $(AM_CPPFLAGS) $(LIBMD_CFLAGS) $(HWLOC_CFLAGS)
libhcbench_core_la_LIBADD = $(LIBMD_LIBS) $(HWLOC_LIBS)

lib_LTLIBRARIES += libhcbench.la
libhcbench_la_SOURCES =
libhcbench_la_LIBADD = libhcbench-core.la
libhcbench_la_LDFLAGS = $(AM_LDFLAGS) -no-undefined -version-info 0:0:0
if VERSION_SCRIPT
libhcbench_la_LDFLAGS += -Wl,--version-script=$(top_srcdir)/%reldir%/hcbench.map
EXTRA_libhcbench_la_DEPENDENCIES = $(top_srcdir)/%reldir%/hcbench.map
else
libhcbench_la_LDFLAGS += -export-symbols-regex '^hcb_'
endif
