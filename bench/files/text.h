/* SPDX-License-Identifier: Apache-2.0 */
/* A text file in memory, unpacked, and lines on stderr about files. */
#ifndef BENCH_TEXT_H
#define BENCH_TEXT_H

#include <hcbench.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct text {
    char *data; /* malloc'ed, with a NUL behind it that `size` does not count */
    size_t size;
};

/* Reads all of `path`, "-" for stdin; unpacks it when it begins as gzip does.  False
 * after one line on stderr: it cannot be read, is a folder, is empty, is cut off,
 * holds a NUL, or is larger than `most` bytes when unpacked. */
bool text_read(const char *path, size_t most, struct text *text);
/* The same for lines that were appended one by one until something ended it: what
 * follows the last whole line, or comes from the first NUL on, is left out. */
bool text_read_lines(const char *path, size_t most, struct text *text);

/* Prints "hcbench: " and a line, printf style, on stderr.  Names and what others say
 * may hold anything: control characters are shown as '?'. */
void text_say(const char *format, ...) HCB_PRINTF(1, 2);
void text_say_list(const char *format, va_list arguments) HCB_PRINTF(1, 0);

/* Prints "hcbench: FILE:LINE: what is wrong" likewise and returns false.  `line` 0: of no line. */
bool text_refuse(const char *path, unsigned long line, const char *what);

#endif
