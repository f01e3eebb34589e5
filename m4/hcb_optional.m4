# SPDX-License-Identifier: Apache-2.0
# HCB_OPTIONAL(NAME, DESCRIPTION)
# Declares --with-NAME=check|yes|no; with_NAME holds the answer.
AC_DEFUN([HCB_OPTIONAL],[
  AC_ARG_WITH([$1],
    [AS_HELP_STRING([--with-$1=check|yes|no],[$2 @<:@check@:>@])],
    [AS_CASE([$with_$1],[yes|no|check],[],
       [AC_MSG_ERROR([--with-$1 takes check, yes or no, not '$with_$1'])])],
    [with_$1=check])
])

# HCB_OPTIONAL_MISSING(NAME, REASON)
# Ends configure when the user asked for NAME; else notes the reason.
AC_DEFUN([HCB_OPTIONAL_MISSING],[
  AS_IF([test "x$with_$1" = xyes],[AC_MSG_ERROR([--with-$1: $2])])
  have_$1="no ($2)"
])

# HCB_OPTIONAL_PACKAGE(NAME, VARIABLE, PKG-CONFIG MODULE)
# The common case: have_NAME from pkg-config, HAVE_VARIABLE for C and automake.
AC_DEFUN([HCB_OPTIONAL_PACKAGE],[
  AS_IF([test "x$with_$1" = xno],[have_$1="no (--without-$1)"],
    [PKG_CHECK_MODULES([$2],[$3],[have_$1=yes],
       [HCB_OPTIONAL_MISSING([$1],[pkg-config does not find $3])])])
  AS_IF([test "x$have_$1" = xyes],[AC_DEFINE([HAVE_$2],[1],[Define to 1 to build with $1.])])
  AM_CONDITIONAL([HAVE_$2],[test "x$have_$1" = xyes])
])
