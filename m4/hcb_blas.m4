# SPDX-License-Identifier: Apache-2.0
# A CBLAS: OpenBLAS, or the pkg-config module that --with-blas names.
AC_DEFUN([HCB_BLAS],[
  HCB_OPTIONAL([openblas],[the CPU baseline through CBLAS])
  AC_ARG_WITH([blas],
    [AS_HELP_STRING([--with-blas=MODULE],[pkg-config module that provides CBLAS @<:@openblas@:>@])],
    [],[with_blas=openblas])
  AS_IF([test "x$with_openblas" = xno],[have_blas="no (--without-openblas)"],
    [PKG_CHECK_MODULES([CBLAS],[$with_blas],[have_blas="yes ($with_blas)"],
       [HCB_OPTIONAL_MISSING([openblas],[pkg-config does not find $with_blas])
        have_blas=$have_openblas])])
  AS_CASE([$have_blas],[yes*],[
    hcb_save_CPPFLAGS=$CPPFLAGS hcb_save_LIBS=$LIBS
    CPPFLAGS="$CPPFLAGS $CBLAS_CFLAGS" LIBS="$CBLAS_LIBS $LIBS"
    AC_MSG_CHECKING([for cblas_sgemm in $with_blas])
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <cblas.h>]],[[cblas_sgemm(CblasRowMajor, CblasNoTrans,
        CblasNoTrans, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);]])],
      [AC_MSG_RESULT([yes])
       AC_DEFINE([HAVE_CBLAS],[1],[Define to 1 to build with a CBLAS.])
       AC_MSG_CHECKING([for the extensions cblas_ssum and cblas_dsum])
       AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <cblas.h>]],
           [[const float s = 1; const double d = 1;
             return cblas_ssum(1, &s, 1) + cblas_dsum(1, &d, 1) > 0;]])],
         [AC_MSG_RESULT([yes])
          AC_DEFINE([HAVE_CBLAS_SSUM],[1],[Define to 1 if the CBLAS has cblas_ssum and cblas_dsum.])],
         [AC_MSG_RESULT([no])])],
      [AC_MSG_RESULT([no])
       HCB_OPTIONAL_MISSING([openblas],[$with_blas has no cblas_sgemm])
       have_blas=$have_openblas])
    CPPFLAGS=$hcb_save_CPPFLAGS LIBS=$hcb_save_LIBS])
  AM_CONDITIONAL([HAVE_CBLAS],[AS_CASE([$have_blas],[yes*],[true],[false])])
])
