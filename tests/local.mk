# SPDX-License-Identifier: Apache-2.0
# make check.  C tests use Check and see the library's internals; scripts run the
# program.  A test that lacks its device or tool exits 77 and says why.
# Each test program is one file test_NAME.c.
AM_TESTS_ENVIRONMENT = \
	builddir='$(abs_top_builddir)' srcdir='$(abs_top_srcdir)' CC='$(CC)' CXX='$(CXX)' \
	GLSLANG='$(GLSLANG)'; export builddir srcdir CC CXX GLSLANG; \
	. $(abs_top_srcdir)/%reldir%/environment.sh;
EXTRA_DIST += %reldir%/environment.sh $(script_tests)
script_tests =
TESTS += $(script_tests)

if HAVE_CHECK
check_tests =

# The command line and the outputs.
view_tests = %reldir%/test_options %reldir%/test_views
check_tests += $(view_tests)
view_test_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/bench $(JANSSON_CFLAGS) $(ZLIB_CFLAGS) $(CHECK_CFLAGS)
view_test_libs = libhcbench-program.la libhcbench-core.la $(CHECK_LIBS)
%canon_reldir%_test_options_SOURCES = %reldir%/test_options.c %reldir%/capture.c %reldir%/capture.h
%canon_reldir%_test_options_CPPFLAGS = $(view_test_cppflags)
%canon_reldir%_test_options_LDADD = $(view_test_libs)
%canon_reldir%_test_views_SOURCES = %reldir%/test_views.c %reldir%/capture.c %reldir%/capture.h
%canon_reldir%_test_views_CPPFLAGS = $(view_test_cppflags)
%canon_reldir%_test_views_LDADD = $(view_test_libs)

check_PROGRAMS += $(check_tests)
TESTS += $(check_tests)
endif
