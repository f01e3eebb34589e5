# SPDX-License-Identifier: Apache-2.0
# The program.  All of it but main() is a convenience library, so that tests can
# link it.  It sees the library through hcbench.h alone.
noinst_LTLIBRARIES += libhcbench-program.la
libhcbench_program_la_SOURCES = \
	%reldir%/actor.c %reldir%/actor.h \
	%reldir%/breakeven.c %reldir%/breakeven.h \
	%reldir%/breakeven_view.c \
	%reldir%/change.c %reldir%/change.h \
	%reldir%/compare.c %reldir%/compare.h %reldir%/compare_files.c %reldir%/compare_table.c \
	%reldir%/conductor.c %reldir%/conductor.h \
	%reldir%/crossing.c %reldir%/crossing.h \
	%reldir%/csv.c %reldir%/csv.h \
	%reldir%/devices.c %reldir%/devices.h \
	%reldir%/differences.c \
	%reldir%/discover.c \
	%reldir%/draw.c %reldir%/draw.h \
	%reldir%/fair_choice.c %reldir%/fair_choice.h \
	%reldir%/fair_cpu.c %reldir%/fair_cpu.h \
	%reldir%/grid.c %reldir%/grid.h \
	%reldir%/html.c %reldir%/html.h \
	%reldir%/journal.c %reldir%/journal.h \
	%reldir%/json.c %reldir%/json.h \
	%reldir%/link.c %reldir%/link.h \
	%reldir%/locate.c %reldir%/locate.h \
	%reldir%/members.c %reldir%/members.h \
	%reldir%/meter.c %reldir%/meter.h \
	%reldir%/notes.c %reldir%/notes.h \
	%reldir%/numbers.c %reldir%/numbers.h \
	%reldir%/options.c %reldir%/options.h \
	%reldir%/output.c %reldir%/output.h \
	%reldir%/page.c %reldir%/page.h \
	%reldir%/plots.c %reldir%/plots.h \
	%reldir%/power.c %reldir%/power.h \
	%reldir%/progress.c %reldir%/progress.h \
	%reldir%/protocol.c %reldir%/protocol.h \
	%reldir%/read.c %reldir%/read.h \
	%reldir%/read_row.c \
	%reldir%/record.c %reldir%/record.h \
	%reldir%/report.c %reldir%/report.h %reldir%/report_answer.c \
	%reldir%/report_machine.c %reldir%/report_ops.c \
	%reldir%/resident.c %reldir%/resident.h \
	%reldir%/resume.c \
	%reldir%/roofline.c %reldir%/roofline.h \
	%reldir%/row.c %reldir%/row.h \
	%reldir%/rows.c \
	%reldir%/runs.c %reldir%/runs.h \
	%reldir%/sampling.c %reldir%/sampling.h \
	%reldir%/schema.c %reldir%/schema.h \
	%reldir%/search.c %reldir%/search.h \
	%reldir%/silicon.c %reldir%/silicon.h \
	%reldir%/sizes.c %reldir%/sizes.h \
	%reldir%/svg.c %reldir%/svg.h \
	%reldir%/table.c \
	%reldir%/text.c %reldir%/text.h \
	%reldir%/worker.c %reldir%/worker.h
libhcbench_program_la_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(ZLIB_CFLAGS) $(SMARTCOLS_CFLAGS)
libhcbench_program_la_LIBADD = $(JANSSON_LIBS) $(ZLIB_LIBS) $(SMARTCOLS_LIBS)

# Experiments that take minutes and whose figures are in doc/measurement.md.
EXTRA_DIST += %reldir%/breakeven_seeds.sh %reldir%/compare_repeat.sh %reldir%/null_test.sh \
	%reldir%/results.sh %reldir%/window_length.sh

# The style of report pages, embedded.
EXTRA_DIST += %reldir%/report.css
nodist_libhcbench_program_la_SOURCES = %reldir%/report_css.c
CLEANFILES += %reldir%/report_css.c
%reldir%/report_css.c: %reldir%/report.css $(top_srcdir)/build-aux/embed.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && echo "$(srcdir)/%reldir%/report.css" | \
	$(embed) report_css string >$@.new && mv $@.new $@

bin_PROGRAMS += %reldir%/hcbench
%canon_reldir%_hcbench_SOURCES = %reldir%/main.c
%canon_reldir%_hcbench_LDADD = libhcbench-program.la libhcbench.la

# What the library costs on top of a bare BLAS call; see the file.
if HAVE_CBLAS
noinst_PROGRAMS += %reldir%/cblas_baseline
%canon_reldir%_cblas_baseline_SOURCES = %reldir%/cblas_baseline.c
%canon_reldir%_cblas_baseline_CPPFLAGS = $(AM_CPPFLAGS) $(CBLAS_CFLAGS)
%canon_reldir%_cblas_baseline_LDADD = libhcbench.la $(CBLAS_LIBS)
endif

# How near a default run comes to the best core type; by hand.
EXTRA_DIST += %reldir%/fair_cpu.sh
