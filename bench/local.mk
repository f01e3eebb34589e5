# SPDX-License-Identifier: Apache-2.0
# The program.  All of it but main() is a convenience library, so that tests can
# link it.  It sees the library through hcbench.h alone.
noinst_LTLIBRARIES += libhcbench-program.la
libhcbench_program_la_SOURCES = \
	%reldir%/numbers.c %reldir%/numbers.h \
	%reldir%/options.c %reldir%/options.h \
	%reldir%/output.c %reldir%/output.h \
	%reldir%/sizes.c %reldir%/sizes.h
libhcbench_program_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(ZLIB_CFLAGS) $(SMARTCOLS_CFLAGS)
libhcbench_program_la_LIBADD = $(JANSSON_LIBS) $(ZLIB_LIBS) $(SMARTCOLS_LIBS)
