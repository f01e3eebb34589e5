# SPDX-License-Identifier: Apache-2.0
# Vulkan, and what the GLSL compiler can do.

# HCB_GLSL(NAME, EXTENSION, SHADER BODY)
# Sets hcb_glsl_NAME to yes or no.  An old glslang answers an unknown extension
# with a strange message and may still exit 0, so the output file decides too.
AC_DEFUN([HCB_GLSL],[
  AC_MSG_CHECKING([whether $GLSLANG compiles $2])
  hcb_glsl_$1=no
  rm -f conftest.comp conftest.spv
  AS_ECHO(["@%:@version 450
@%:@extension $2 : require
layout(local_size_x = 32) in;
$3"]) >conftest.comp
  AS_IF([$GLSLANG --target-env vulkan1.3 -S comp -o conftest.spv conftest.comp >&AS_MESSAGE_LOG_FD 2>&1 &&
         test -s conftest.spv],[hcb_glsl_$1=yes])
  rm -f conftest.comp conftest.spv
  AC_MSG_RESULT([$hcb_glsl_$1])
  AM_CONDITIONAL([HAVE_GLSL_]m4_toupper([$1]),[test "x$hcb_glsl_$1" = xyes])
])

AC_DEFUN([HCB_VULKAN],[
  HCB_OPTIONAL([vulkan],[the Vulkan platform])
  AC_ARG_VAR([GLSLANG],[glslangValidator or glslang, compiles GLSL to SPIR-V])
  AS_IF([test "x$with_vulkan" != xno],[AC_CHECK_PROGS([GLSLANG],[glslangValidator glslang],[])])
  AS_IF([test "x$with_vulkan" != xno && test "x$GLSLANG" = x],
    [HCB_OPTIONAL_MISSING([vulkan],[no glslangValidator])
     with_vulkan=no hcb_no_glslang=yes])
  HCB_OPTIONAL_PACKAGE([vulkan],[VULKAN],[vulkan])
  AS_IF([test "x$hcb_no_glslang" = xyes],[have_vulkan="no (no glslangValidator)"])
  AS_IF([test "x$have_vulkan" != xyes],[GLSLANG=false])

  HCB_GLSL([coopmat],[GL_KHR_cooperative_matrix],[@%:@extension GL_KHR_memory_scope_semantics : require
void main() { coopmat<float, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator> c = coopmat<float, gl_ScopeSubgroup, 16, 16, gl_MatrixUseAccumulator>(0); }])
  HCB_GLSL([bfloat16],[GL_EXT_bfloat16],[layout(binding = 0) buffer B { bfloat16_t x; };
void main() { x = bfloat16_t(0.0); }])
  HCB_GLSL([coopmat2],[GL_NV_cooperative_matrix2],[@%:@extension GL_KHR_cooperative_matrix : require
@%:@extension GL_KHR_memory_scope_semantics : require
layout(binding = 0) buffer B { float x@<:@@:>@; };
void main() { tensorLayoutNV<2> t = setTensorLayoutDimensionNV(createTensorLayoutNV(2), 32, 32);
coopmat<float, gl_ScopeWorkgroup, 32, 32, gl_MatrixUseAccumulator> c;
coopMatLoadTensorNV(c, x, 0, t); coopMatStoreTensorNV(c, x, 0, t); }])
  have_coopmat=$have_vulkan
  AS_IF([test "x$have_vulkan$hcb_glsl_coopmat" = xyesno],
    [have_coopmat="no ($GLSLANG lacks GL_KHR_cooperative_matrix)"])
  AS_IF([test "x$have_vulkan$hcb_glsl_coopmat$hcb_glsl_bfloat16" = xyesyesno],
    [have_coopmat="yes, without bf16f32 ($GLSLANG lacks GL_EXT_bfloat16)"])
  have_coopmat2=$have_vulkan
  AS_IF([test "x$have_vulkan$hcb_glsl_coopmat2" = xyesno],
    [have_coopmat2="no ($GLSLANG lacks GL_NV_cooperative_matrix2)"])
])
