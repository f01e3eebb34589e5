# SPDX-License-Identifier: Apache-2.0
# The program.  All of it but main() is a convenience library, so that tests can
# link it.  It sees the library through hcbench.h alone.
noinst_LTLIBRARIES += libhcbench-program.la
libhcbench_program_la_SOURCES = \
	%reldir%/csv.c \
	%reldir%/devices.c %reldir%/devices.h \
	%reldir%/grid.c %reldir%/grid.h \
	%reldir%/json.c %reldir%/json.h \
	%reldir%/notes.c %reldir%/notes.h \
	%reldir%/numbers.c %reldir%/numbers.h \
	%reldir%/options.c %reldir%/options.h \
	%reldir%/output.c %reldir%/output.h \
	%reldir%/page.c %reldir%/page.h \
	%reldir%/record.h \
	%reldir%/sizes.c %reldir%/sizes.h \
	%reldir%/table.c
libhcbench_program_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(ZLIB_CFLAGS) $(SMARTCOLS_CFLAGS)
libhcbench_program_la_LIBADD = $(JANSSON_LIBS) $(ZLIB_LIBS) $(SMARTCOLS_LIBS)
