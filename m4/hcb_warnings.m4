# SPDX-License-Identifier: Apache-2.0
# HCB_CFLAG(VARIABLE, FLAG): appends FLAG when the compiler takes it.
AC_DEFUN([HCB_CFLAG],[
  AC_MSG_CHECKING([whether $CC takes $2])
  hcb_save_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS -Werror $2"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM],[AC_MSG_RESULT([yes])
    $1="$$1 $2"],[AC_MSG_RESULT([no])])
  CFLAGS=$hcb_save_CFLAGS
])

# Our flags; automake puts them before the user's CFLAGS.  Contraction into fma
# would change the reference's error-free sums.  What an initializer leaves out is 0 on
# purpose.
AC_DEFUN([HCB_WARNINGS],[
  HCB_CFLAGS=
  m4_foreach_w([flag],[-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
    -Wno-missing-field-initializers -Wconversion -Wpointer-arith -Wwrite-strings -Wformat=2
    -Wvla
    -ffp-contract=off],[HCB_CFLAG([HCB_CFLAGS],flag)])
  AC_ARG_ENABLE([werror],
    [AS_HELP_STRING([--enable-werror],[treat compiler warnings as errors])],
    [],[enable_werror=no])
  AS_IF([test "x$enable_werror" = xyes],[HCB_CFLAGS="$HCB_CFLAGS -Werror"])
  AC_SUBST([HCB_CFLAGS])
])
