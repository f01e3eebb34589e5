# SPDX-License-Identifier: Apache-2.0
# Optional helper libraries, and the test framework.
AC_DEFUN([HCB_HWLOC],[
  HCB_OPTIONAL([hwloc],[processor topology])
  HCB_OPTIONAL_PACKAGE([hwloc],[HWLOC],[hwloc])
])

AC_DEFUN([HCB_SMARTCOLS],[
  HCB_OPTIONAL([smartcols],[tables that fit the terminal])
  HCB_OPTIONAL_PACKAGE([smartcols],[SMARTCOLS],[smartcols])
])

AC_DEFUN([HCB_CHECK],[
  HCB_OPTIONAL([check],[test programs])
  HCB_OPTIONAL_PACKAGE([check],[CHECK],[check >= 0.11])
])
