# SPDX-License-Identifier: Apache-2.0
# The program.  All of it but main() is a convenience library, so that tests can
# link it.  It sees the library through hcbench.h alone.
noinst_LTLIBRARIES += libhcbench-program.la
libhcbench_program_la_SOURCES = \
	%reldir%/numbers.c %reldir%/numbers.h \
	%reldir%/options.c %reldir%/options.h \
	%reldir%/pairs.c %reldir%/pairs.h \
	%reldir%/record.c %reldir%/record.h \
	%reldir%/sizes.c %reldir%/sizes.h \
	%reldir%/breakeven/breakeven.c %reldir%/breakeven/breakeven.h \
	%reldir%/breakeven/crossing.c %reldir%/breakeven/crossing.h \
	%reldir%/breakeven/search.c %reldir%/breakeven/search.h \
	%reldir%/breakeven/view.c \
	%reldir%/compare/change.c %reldir%/compare/change.h \
	%reldir%/compare/compare.c %reldir%/compare/compare.h \
	%reldir%/compare/comparison.c \
	%reldir%/compare/devices.c \
	%reldir%/compare/differences.c \
	%reldir%/compare/files.c \
	%reldir%/compare/table.c \
	%reldir%/files/csv.c %reldir%/files/csv.h \
	%reldir%/files/journal.c %reldir%/files/journal.h \
	%reldir%/files/json.c %reldir%/files/json.h \
	%reldir%/files/locate.c %reldir%/files/locate.h \
	%reldir%/files/members.c %reldir%/files/members.h \
	%reldir%/files/output.c %reldir%/files/output.h \
	%reldir%/files/read.c %reldir%/files/read.h \
	%reldir%/files/read_row.c \
	%reldir%/files/resume.c \
	%reldir%/files/schema.c %reldir%/files/schema.h \
	%reldir%/files/text.c %reldir%/files/text.h \
	%reldir%/measure/actor.c %reldir%/measure/actor.h \
	%reldir%/measure/conductor.c %reldir%/measure/conductor.h \
	%reldir%/measure/discover.c \
	%reldir%/measure/fair_choice.c %reldir%/measure/fair_choice.h \
	%reldir%/measure/fair_cpu.c %reldir%/measure/fair_cpu.h \
	%reldir%/measure/link.c %reldir%/measure/link.h \
	%reldir%/measure/memory.c %reldir%/measure/memory.h \
	%reldir%/measure/meter.c %reldir%/measure/meter.h \
	%reldir%/measure/power.c %reldir%/measure/power.h \
	%reldir%/measure/progress.c %reldir%/measure/progress.h \
	%reldir%/measure/protocol.c %reldir%/measure/protocol.h \
	%reldir%/measure/resident.c %reldir%/measure/resident.h \
	%reldir%/measure/roofline.c %reldir%/measure/roofline.h \
	%reldir%/measure/roundings.c %reldir%/measure/roundings.h \
	%reldir%/measure/row.c %reldir%/measure/row.h \
	%reldir%/measure/rows.c \
	%reldir%/measure/sampling.c %reldir%/measure/sampling.h \
	%reldir%/measure/silicon.c %reldir%/measure/silicon.h \
	%reldir%/measure/worker.c %reldir%/measure/worker.h \
	%reldir%/report/answer.c \
	%reldir%/report/draw.c %reldir%/report/draw.h \
	%reldir%/report/html.c %reldir%/report/html.h \
	%reldir%/report/machine.c \
	%reldir%/report/ops.c \
	%reldir%/report/plots.c %reldir%/report/plots.h \
	%reldir%/report/report.c %reldir%/report/report.h \
	%reldir%/report/runs.c %reldir%/report/runs.h \
	%reldir%/report/sheet.c %reldir%/report/sheet.h \
	%reldir%/report/svg.c %reldir%/report/svg.h \
	%reldir%/terminal/devices.c %reldir%/terminal/devices.h \
	%reldir%/terminal/grid.c %reldir%/terminal/grid.h \
	%reldir%/terminal/mixed.c %reldir%/terminal/mixed.h \
	%reldir%/terminal/notes.c %reldir%/terminal/notes.h \
	%reldir%/terminal/page.c %reldir%/terminal/page.h \
	%reldir%/terminal/scales.c %reldir%/terminal/scales.h \
	%reldir%/terminal/table.c \
	%reldir%/tune/file.c \
	%reldir%/tune/search.c %reldir%/tune/search.h \
	%reldir%/tune/store.c %reldir%/tune/store.h \
	%reldir%/tune/tune.c %reldir%/tune/tune.h \
	%reldir%/tune/view.c
libhcbench_program_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/bench $(JANSSON_CFLAGS) $(ZLIB_CFLAGS) $(SMARTCOLS_CFLAGS)
libhcbench_program_la_LIBADD = $(JANSSON_LIBS) $(ZLIB_LIBS) $(SMARTCOLS_LIBS)

# Experiments that take minutes and whose figures are in doc/measurement.md.
EXTRA_DIST += %reldir%/breakeven_seeds.sh %reldir%/compare_repeat.sh %reldir%/null_test.sh \
	%reldir%/results.sh %reldir%/window_length.sh

# The style of report pages, embedded.
EXTRA_DIST += %reldir%/report/report.css
nodist_libhcbench_program_la_SOURCES = %reldir%/report/report_css.c
CLEANFILES += %reldir%/report/report_css.c
%reldir%/report/report_css.c: %reldir%/report/report.css $(top_srcdir)/build-aux/embed.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && echo "$(srcdir)/%reldir%/report/report.css" | \
	$(embed) report_css string >$@.new && mv $@.new $@

bin_PROGRAMS += %reldir%/hcbench
%canon_reldir%_hcbench_SOURCES = %reldir%/main.c
%canon_reldir%_hcbench_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/bench
%canon_reldir%_hcbench_LDADD = libhcbench-program.la libhcbench.la

# What the library costs on top of a bare BLAS call; see the file.
if HAVE_CBLAS
noinst_PROGRAMS += %reldir%/cblas_baseline
%canon_reldir%_cblas_baseline_SOURCES = %reldir%/cblas_baseline.c
%canon_reldir%_cblas_baseline_CPPFLAGS = $(AM_CPPFLAGS) $(CBLAS_CFLAGS)
%canon_reldir%_cblas_baseline_LDADD = libhcbench.la $(CBLAS_LIBS)
endif

# cuBLAS, loaded when it runs.
noinst_PROGRAMS += %reldir%/cublas_baseline
%canon_reldir%_cublas_baseline_SOURCES = %reldir%/cublas_baseline.c
%canon_reldir%_cublas_baseline_LDADD = libhcbench.la

# Targets and growth of the kernels, for doc/kernels.md.
EXTRA_DIST += %reldir%/gpu_targets.sh %reldir%/growth.sh %reldir%/targets.awk %reldir%/targets.sh

# How near a default run comes to the best core type; by hand.
EXTRA_DIST += %reldir%/fair_cpu.sh

# Is a tuned run never slower?  By hand.  What its figures and others' are made with.
EXTRA_DIST += %reldir%/tune_safe.sh %reldir%/paired.sh
