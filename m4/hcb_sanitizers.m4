# SPDX-License-Identifier: Apache-2.0
# --enable-sanitizers: AddressSanitizer and UndefinedBehaviorSanitizer.
AC_DEFUN([HCB_SANITIZERS],[
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers],[build with ASan and UBSan, for tests])],
    [],[enable_sanitizers=no])
  HCB_SANITIZER_FLAGS=
  AS_IF([test "x$enable_sanitizers" = xyes],
    [HCB_SANITIZER_FLAGS="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"])
  AC_SUBST([HCB_SANITIZER_FLAGS])
  AM_CONDITIONAL([SANITIZERS],[test "x$enable_sanitizers" = xyes])
])
