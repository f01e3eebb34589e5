# SPDX-License-Identifier: Apache-2.0
# HCB_PKGCONFIG: HCB_REQUIRES_PRIVATE, the pkg-config modules that a static
# libhcbench needs.  Comes after the checks for the optional parts.
AC_DEFUN([HCB_PKGCONFIG],[
  HCB_REQUIRES_PRIVATE=libmd
  AS_CASE([$have_blas],[yes*],[AS_VAR_APPEND([HCB_REQUIRES_PRIVATE],[", $with_blas"])])
  m4_foreach([part],[[[opencl],[OpenCL]],[[clblast],[clblast]],[[vulkan],[vulkan]],[[hwloc],[hwloc]]],
    [AS_IF([test "x$have_]m4_car(part)[" = xyes],
       [AS_VAR_APPEND([HCB_REQUIRES_PRIVATE],[", ]m4_cdr(part)["])])
    ])
  AC_SUBST([HCB_REQUIRES_PRIVATE])
])
