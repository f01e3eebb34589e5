/* SPDX-License-Identifier: Apache-2.0 */
/* Aligned columns of text on a page: by libsmartcols where the build has it, else
 * by code of our own.  Knows nothing of what the cells mean. */
#ifndef BENCH_GRID_H
#define BENCH_GRID_H

#include <hcbench.h>

#include "terminal/page.h"

struct grid;

struct grid_column {
    const char *title;
    bool right; /* aligned to the right */
    unsigned spare; /* on a narrow page the columns with 1 go first, then 2 ...; 0 stays */
};

enum { GRID_COLUMNS_MAX = 24 };

/* `columns`, GRID_COLUMNS_MAX at most, must live as long as the grid.  NULL when memory is short;
 * the other functions accept that. */
struct grid *grid_new(const struct grid_column *columns, size_t count);
/* Begins the next line; grid_cell fills in its cells, printf style. */
void grid_line(struct grid *grid);
void grid_cell(struct grid *grid, size_t column, enum paint paint, const char *format, ...)
    HCB_PRINTF(4, 5);
/* Prints the grid and frees it.  Columns without any text are left out, and the
 * titles when all are "".  On a page that is too narrow columns move together,
 * spare ones go, and the last one is wrapped.  When memory was short the page is
 * marked as failed. */
void grid_print(struct grid *grid, struct page *page);
/* The same by our own code, whatever the build has. */
void grid_print_plain(struct grid *grid, struct page *page);

#endif
