# SPDX-License-Identifier: Apache-2.0
libhcbench_core_la_SOURCES += \
	%reldir%/files.c \
	%reldir%/gauge.c \
	%reldir%/nvml.c \
	%reldir%/sensors.c %reldir%/sources.h
