# SPDX-License-Identifier: Apache-2.0
# make check.  C tests use Check and see the library's internals; scripts run the
# program.  A test that lacks its device or tool exits 77 and says why.
# Each test program is one file test_NAME.c.
AM_TESTS_ENVIRONMENT = \
	builddir='$(abs_top_builddir)' srcdir='$(abs_top_srcdir)' CC='$(CC)' CXX='$(CXX)' \
	GLSLANG='$(GLSLANG)'; export builddir srcdir CC CXX GLSLANG; \
	. $(abs_top_srcdir)/%reldir%/environment.sh;
EXTRA_DIST += %reldir%/environment.sh %reldir%/lsan.supp $(script_tests)
script_tests =
TESTS += $(script_tests)

if HAVE_CHECK
check_tests =
check_PROGRAMS += $(check_tests)
TESTS += $(check_tests)
endif

# The generic part of the platforms' tests, and a program that runs single cases.
check_LIBRARIES += libplatform-checks.a
libplatform_checks_a_SOURCES = %reldir%/platform_checks.c %reldir%/platform_checks.h
check_PROGRAMS += tests/run_case
tests_run_case_SOURCES = %reldir%/run_case.c
tests_run_case_LDADD = libplatform-checks.a libhcbench-core.la

# OpenCL.
EXTRA_DIST += %reldir%/oclgrind.sh
if HAVE_OPENCL
script_tests += %reldir%/oclgrind.sh
if HAVE_CHECK
check_tests += tests/test_opencl
tests_test_opencl_SOURCES = %reldir%/test_opencl.c
tests_test_opencl_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS)
tests_test_opencl_LDADD = libplatform-checks.a libhcbench-core.la $(CHECK_LIBS)
endif
endif
