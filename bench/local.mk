# SPDX-License-Identifier: Apache-2.0

# What the library costs on top of a bare BLAS call; see the file.
if HAVE_CBLAS
noinst_PROGRAMS += %reldir%/cblas_baseline
%canon_reldir%_cblas_baseline_SOURCES = %reldir%/cblas_baseline.c
%canon_reldir%_cblas_baseline_CPPFLAGS = $(AM_CPPFLAGS) $(CBLAS_CFLAGS)
%canon_reldir%_cblas_baseline_LDADD = libhcbench.la $(CBLAS_LIBS)
endif
