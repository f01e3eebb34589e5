# SPDX-License-Identifier: Apache-2.0
# The manual pages are installed; the rest is for readers of the source.
dist_man_MANS += %reldir%/hcbench.1 %reldir%/hcbench-result.5
EXTRA_DIST += \
	%reldir%/adding-a-platform.md \
	%reldir%/architecture.md \
	%reldir%/kernels.md \
	%reldir%/measurement.md \
	%reldir%/growth.svg \
	%reldir%/report-example.svg \
	%reldir%/results/README.md \
	%reldir%/examples/multiply.c
