# SPDX-License-Identifier: Apache-2.0
libhcbench_core_la_SOURCES += %reldir%/null.c %reldir%/compute.c %reldir%/model.c %reldir%/model.h
