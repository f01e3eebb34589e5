# SPDX-License-Identifier: Apache-2.0
# Does the linker take a version script?
AC_DEFUN([HCB_VERSION_SCRIPT],[
  AC_MSG_CHECKING([whether the linker takes a version script])
  hcb_save_LDFLAGS=$LDFLAGS
  echo "TEST_0 { global: *; };" >conftest.map
  LDFLAGS="$LDFLAGS -Wl,--version-script=conftest.map"
  AC_LINK_IFELSE([AC_LANG_PROGRAM],[hcb_version_script=yes],[hcb_version_script=no])
  LDFLAGS=$hcb_save_LDFLAGS
  rm -f conftest.map
  AC_MSG_RESULT([$hcb_version_script])
  AM_CONDITIONAL([VERSION_SCRIPT],[test "x$hcb_version_script" = xyes])
])
