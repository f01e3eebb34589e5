# SPDX-License-Identifier: Apache-2.0
# GLSL compute shaders, compiled to SPIR-V and embedded in a generated table.
spv_sources = \
	%reldir%/bands.glsl \
	%reldir%/halves.glsl \
	%reldir%/kernels.txt \
	%reldir%/launch.comp \
	%reldir%/matmul_add.comp \
	%reldir%/matmul_coopmat.comp \
	%reldir%/matmul_cpu.comp \
	%reldir%/matmul_gpu.comp \
	%reldir%/matmul_workgroup.comp \
	%reldir%/operand.glsl \
	%reldir%/pack.comp \
	%reldir%/peak.comp \
	%reldir%/reduce.glsl \
	%reldir%/reduce_cpu.comp \
	%reldir%/reduce_gpu.comp \
	%reldir%/triad.comp
EXTRA_DIST += $(spv_sources) build-aux/spirv.sh
spv_features =
if HAVE_GLSL_COOPMAT
spv_features += coopmat
if HAVE_GLSL_BFLOAT16
spv_features += bfloat16
endif
endif
if HAVE_GLSL_COOPMAT2
spv_features += coopmat2
if HAVE_GLSL_BFLOAT16
spv_features += coopmat2_bfloat16
endif
endif
if HAVE_VULKAN
nodist_libhcbench_core_la_SOURCES += %reldir%/kernels.c
CLEANFILES += %reldir%/kernels.c %reldir%/kernels.c.list %reldir%/*.spv
endif
# Makefile: another compiler, or one that can do more, compiles all of them again.
%reldir%/kernels.c: $(spv_sources) $(top_srcdir)/build-aux/spirv.sh $(top_srcdir)/build-aux/embed.sh Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(SHELL) $(top_srcdir)/build-aux/spirv.sh '$(GLSLANG)' $(srcdir)/%reldir% $(@D) $(spv_features) \
		<$(srcdir)/%reldir%/kernels.txt >$@.list && \
	$(embed) hcbi_spv_kernels words <$@.list >$@.new && mv $@.new $@
