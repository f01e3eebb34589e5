# SPDX-License-Identifier: Apache-2.0
# make check.  C tests use Check and see the library's internals; scripts run the
# program.  A test that lacks its device or tool exits 77 and says why.
# Each test program is one file test_NAME.c.
AM_TESTS_ENVIRONMENT = \
	builddir='$(abs_top_builddir)' srcdir='$(abs_top_srcdir)' CC='$(CC)' CXX='$(CXX)' \
	GLSLANG='$(GLSLANG)' SANITIZER_FLAGS='$(HCB_SANITIZER_FLAGS)'; \
	export builddir srcdir CC CXX GLSLANG SANITIZER_FLAGS; \
	. $(abs_top_srcdir)/%reldir%/environment.sh;
EXTRA_DIST += %reldir%/environment.sh %reldir%/lsan.supp %reldir%/matrix_units.cl %reldir%/page_check.js %reldir%/program.sh %reldir%/suite.h \
	%reldir%/matrices.sh %reldir%/subgroup_matrices.glsl %reldir%/workgroup_matrices.glsl \
	$(script_tests)
script_tests = \
	%reldir%/breakeven.sh \
	%reldir%/clblast.sh \
	%reldir%/cli.sh \
	%reldir%/compare.sh \
	%reldir%/cublas_baseline.sh \
	%reldir%/duplicates.sh \
	%reldir%/example.sh \
	%reldir%/experiment_calls.sh \
	%reldir%/experiments.sh \
	%reldir%/fair_cpu.sh \
	%reldir%/faults.sh \
	%reldir%/header.sh \
	%reldir%/interrupt.sh \
	%reldir%/kernel_files.sh \
	%reldir%/oclgrind.sh \
	%reldir%/report.sh \
	%reldir%/report_page.sh \
	%reldir%/resume.sh \
	%reldir%/rooms.sh \
	%reldir%/sensors.sh \
	%reldir%/spirv.sh \
	%reldir%/subgroup_matrices.sh \
	%reldir%/symbols.sh \
	%reldir%/targets.sh \
	%reldir%/tune.sh \
	%reldir%/tune_safe.sh \
	%reldir%/validation.sh \
	%reldir%/workgroup_matrices.sh
TESTS += $(script_tests)

# The home folder that environment.sh makes.
clean-local:
	rm -rf %reldir%/home

# What is installed, as its user sees it.
EXTRA_DIST += %reldir%/installed.sh
installcheck-local:
	srcdir='$(abs_top_srcdir)' CC='$(CC)' SANITIZER_FLAGS='$(HCB_SANITIZER_FLAGS)' \
	DESTDIR='$(DESTDIR)' bindir='$(bindir)' libdir='$(libdir)' VERSION='$(VERSION)' \
	$(SHELL) $(srcdir)/%reldir%/installed.sh

# The generic part of the platforms' tests, and a program that runs single cases.
check_LIBRARIES += libplatform-checks.a
libplatform_checks_a_SOURCES = %reldir%/platform_checks.c %reldir%/platform_checks.h
check_PROGRAMS += %reldir%/run_case
%canon_reldir%_run_case_SOURCES = %reldir%/run_case.c
%canon_reldir%_run_case_LDADD = libplatform-checks.a libhcbench-core.la

# A libnvidia-ml, and one of an old driver; an rpath makes libtool build a module.
fake_ldflags = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere
check_LTLIBRARIES += %reldir%/fake_nvml.la %reldir%/fake_nvml_old.la
%canon_reldir%_fake_nvml_la_SOURCES = %reldir%/fake_nvml.c
%canon_reldir%_fake_nvml_la_LDFLAGS = $(fake_ldflags)
%canon_reldir%_fake_nvml_old_la_SOURCES = %reldir%/fake_nvml.c
%canon_reldir%_fake_nvml_old_la_CPPFLAGS = $(AM_CPPFLAGS) -DFAKE_OLD
%canon_reldir%_fake_nvml_old_la_LDFLAGS = $(fake_ldflags)

# A CUDA driver and a cuBLAS.
check_LTLIBRARIES += %reldir%/fake_cuda.la
%canon_reldir%_fake_cuda_la_SOURCES = %reldir%/fake_cuda.c
%canon_reldir%_fake_cuda_la_LDFLAGS = $(fake_ldflags)

# Without the sanitizers itself: it is loaded before them, and into programs without.
if SANITIZERS
check_LTLIBRARIES += %reldir%/keep_loaded.la
%canon_reldir%_keep_loaded_la_SOURCES = %reldir%/keep_loaded.c
%canon_reldir%_keep_loaded_la_CFLAGS = $(HCB_CFLAGS)
%canon_reldir%_keep_loaded_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
endif

# Result files for tests of what reads them.
check_PROGRAMS += %reldir%/make_result
%canon_reldir%_make_result_SOURCES = %reldir%/make_result.c
%canon_reldir%_make_result_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/bench $(JANSSON_CFLAGS)
%canon_reldir%_make_result_LDADD = libhcbench-program.la libhcbench-core.la $(JANSSON_LIBS)

if HAVE_CHECK
check_tests =

# The library's core; no driver is touched.
check_tests += \
	%reldir%/test_cases %reldir%/test_environment %reldir%/test_fill \
	%reldir%/test_formats %reldir%/test_kernels %reldir%/test_model %reldir%/test_reference \
	%reldir%/test_registry %reldir%/test_result %reldir%/test_sensors %reldir%/test_statistics \
	%reldir%/test_verify
AM_CPPFLAGS += $(CHECK_CFLAGS)
LDADD = libhcbench-core.la $(CHECK_LIBS)

# The platforms.
platform_test_libs = libplatform-checks.a $(LDADD)
check_tests += %reldir%/test_cpu
%canon_reldir%_test_cpu_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/hosts/cpu
%canon_reldir%_test_cpu_LDADD = $(platform_test_libs)
if HAVE_OPENCL
check_tests += %reldir%/test_opencl
%canon_reldir%_test_opencl_LDADD = $(platform_test_libs)
endif
if HAVE_VULKAN
check_tests += %reldir%/test_tiles
%canon_reldir%_test_tiles_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/hosts/vulkan
check_tests += %reldir%/test_vulkan
%canon_reldir%_test_vulkan_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/hosts/vulkan $(VULKAN_CFLAGS)
%canon_reldir%_test_vulkan_LDADD = $(platform_test_libs)
endif

# The program.
program_test_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/bench $(JANSSON_CFLAGS) $(ZLIB_CFLAGS)
program_test_libs = libhcbench-program.la $(JANSSON_LIBS) $(LDADD)
check_tests += %reldir%/test_breakeven %reldir%/test_compare %reldir%/test_conductor \
	%reldir%/test_fair_cpu %reldir%/test_options %reldir%/test_power %reldir%/test_protocol \
	%reldir%/test_read %reldir%/test_roofline %reldir%/test_sampling %reldir%/test_silicon \
	%reldir%/test_views
%canon_reldir%_test_breakeven_CPPFLAGS = $(program_test_cppflags)
%canon_reldir%_test_breakeven_LDADD = $(program_test_libs)
%canon_reldir%_test_compare_SOURCES = %reldir%/test_compare.c %reldir%/capture.c %reldir%/capture.h
%canon_reldir%_test_compare_CPPFLAGS = $(program_test_cppflags)
%canon_reldir%_test_compare_LDADD = $(program_test_libs)
%canon_reldir%_test_conductor_CPPFLAGS = $(program_test_cppflags)
%canon_reldir%_test_conductor_LDADD = $(program_test_libs)
%canon_reldir%_test_fair_cpu_CPPFLAGS = $(program_test_cppflags)
%canon_reldir%_test_fair_cpu_LDADD = $(program_test_libs)
%canon_reldir%_test_silicon_CPPFLAGS = $(program_test_cppflags)
%canon_reldir%_test_silicon_LDADD = $(program_test_libs)
%canon_reldir%_test_power_CPPFLAGS = $(program_test_cppflags)
%canon_reldir%_test_power_LDADD = $(program_test_libs)
%canon_reldir%_test_options_SOURCES = %reldir%/test_options.c %reldir%/capture.c %reldir%/capture.h
%canon_reldir%_test_options_CPPFLAGS = $(program_test_cppflags)
%canon_reldir%_test_options_LDADD = $(program_test_libs)
%canon_reldir%_test_protocol_CPPFLAGS = $(program_test_cppflags)
%canon_reldir%_test_protocol_LDADD = $(program_test_libs)
%canon_reldir%_test_roofline_CPPFLAGS = $(program_test_cppflags)
%canon_reldir%_test_roofline_LDADD = $(program_test_libs)
%canon_reldir%_test_sampling_CPPFLAGS = $(program_test_cppflags)
%canon_reldir%_test_sampling_LDADD = $(program_test_libs)
%canon_reldir%_test_read_SOURCES = %reldir%/test_read.c %reldir%/capture.c %reldir%/capture.h
%canon_reldir%_test_read_CPPFLAGS = $(program_test_cppflags)
%canon_reldir%_test_read_LDADD = $(program_test_libs)
%canon_reldir%_test_views_SOURCES = %reldir%/test_views.c %reldir%/capture.c %reldir%/capture.h
%canon_reldir%_test_views_CPPFLAGS = $(program_test_cppflags)
%canon_reldir%_test_views_LDADD = $(program_test_libs)

check_tests += %reldir%/test_tune
%canon_reldir%_test_tune_SOURCES = %reldir%/test_tune.c %reldir%/capture.c %reldir%/capture.h
%canon_reldir%_test_tune_CPPFLAGS = $(program_test_cppflags)
%canon_reldir%_test_tune_LDADD = $(program_test_libs)

check_tests += %reldir%/test_report
%canon_reldir%_test_report_CPPFLAGS = $(program_test_cppflags)
%canon_reldir%_test_report_LDADD = $(program_test_libs)

check_PROGRAMS += $(check_tests)
TESTS += $(check_tests)
endif
