# SPDX-License-Identifier: Apache-2.0
# OpenCL through the ICD loader, and CLBlast on top of it.
AC_DEFUN([HCB_OPENCL],[
  HCB_OPTIONAL([opencl],[the OpenCL platform])
  HCB_OPTIONAL_PACKAGE([opencl],[OPENCL],[OpenCL])
])

AC_DEFUN([HCB_CLBLAST],[
  AC_REQUIRE([HCB_OPENCL])
  HCB_OPTIONAL([clblast],[CLBlast on OpenCL])
  AS_IF([test "x$have_opencl" != xyes && test "x$with_clblast" = xcheck],[with_clblast=no])
  HCB_OPTIONAL_PACKAGE([clblast],[CLBLAST],[clblast])
])
