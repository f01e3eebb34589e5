/* SPDX-License-Identifier: Apache-2.0 */
/* Where tables are printed: a stream, its width, and whether it takes colors. */
#ifndef BENCH_PAGE_H
#define BENCH_PAGE_H

#include <stdio.h>

#include "record.h"

struct page {
    FILE *out;
    size_t width; /* of the terminal; 0: not a terminal */
    bool color;
    bool failed; /* memory was short */
};

enum paint { PAINT_NONE, PAINT_TITLE, PAINT_GOOD, PAINT_BAD, PAINT_FAINT, PAINT_COUNT };

/* The page that the options ask for on stdout. */
struct page page_on_stdout(const struct options *options);
/* False, after one line on stderr, when the page could not be written whole. */
bool page_end(struct page *page);

/* The escape sequences around painted text; "" when the page has no colors. */
const char *page_paint(const struct page *page, enum paint paint);
const char *page_plain(const struct page *page, enum paint paint);
/* One line of painted text. */
void page_line(struct page *page, enum paint paint, const char *text);
/* Wraps `text` at the page's width; lines after the first are indented. */
void page_wrap(struct page *page, size_t indent, const char *text);

/* Copies text from a driver for a cell or a line: control characters and runs of
 * blanks become one blank, "(R)" and "(TM)" go; cut with "..." when longer than
 * size - 1.  Returns `out`. */
char *page_clip(const char *text, char *out, size_t size);

/* The views themselves, for any page. */
void record_print_on(const struct record *record, struct page *page);
void record_print_devices_on(const struct record *record, struct page *page);

#endif
