# SPDX-License-Identifier: Apache-2.0
# OpenCL C kernels, embedded as text in a generated table.
cl_kernels = \
	%reldir%/types.cl \
	%reldir%/elementwise.cl \
	%reldir%/matmul_cpu.cl \
	%reldir%/matmul_gpu.cl \
	%reldir%/matmul_ptx.cl \
	%reldir%/matmul_thin.cl \
	%reldir%/matmul_units.cl \
	%reldir%/pack.cl \
	%reldir%/reduce.cl
EXTRA_DIST += $(cl_kernels)
if HAVE_OPENCL
nodist_libhcbench_core_la_SOURCES += %reldir%/kernels.c
CLEANFILES += %reldir%/kernels.c
endif
%reldir%/kernels.c: $(cl_kernels) $(top_srcdir)/build-aux/embed.sh
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	for file in $(cl_kernels); do echo "$(srcdir)/$$file"; done | \
	$(embed) hcbi_cl_kernels text >$@.new && mv $@.new $@
