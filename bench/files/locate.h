/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a JSON text is a value? */
#ifndef BENCH_LOCATE_H
#define BENCH_LOCATE_H

#include <stddef.h>

/* The line, from 1 on, of the value that "a.b.3.c" names in a correct JSON text; of
 * the innermost value on the way when there is no such one. */
unsigned long locate_line(const char *text, size_t size, const char *path);

#endif
