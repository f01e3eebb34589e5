/* SPDX-License-Identifier: Apache-2.0 */
/* Columns of text.  The cells are kept here; two functions know how to print
 * them. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_SMARTCOLS
#include <libsmartcols.h>
#endif

#include "terminal/grid.h"

/* Blanks between columns, and the least that a wrapped last column gets. */
static const char wide_gap[] = "  ", narrow_gap[] = " ";
enum { LAST_LEAST = 20 };

struct cell {
    char *text; /* NULL: empty */
    enum paint paint;
};

struct grid {
    const struct grid_column *columns;
    size_t column_count, line_count;
    struct cell *cells; /* line by line */
    bool failed;
    /* How it is laid out on a page. */
    size_t widths[GRID_COLUMNS_MAX]; /* 0: not shown */
    const char *gap;
};

struct grid *grid_new(const struct grid_column *columns, size_t count)
{
    struct grid *grid = calloc(1, sizeof *grid);
    if (grid != NULL) {
        grid->columns = columns;
        grid->column_count = count;
    }
    return grid;
}

static struct cell *cell_at(const struct grid *grid, size_t line, size_t column)
{
    return &grid->cells[line * grid->column_count + column];
}

void grid_line(struct grid *grid)
{
    if (grid == NULL || grid->failed)
        return;
    const size_t line_size = grid->column_count * sizeof *grid->cells;
    struct cell *larger = realloc(grid->cells, (grid->line_count + 1) * line_size);
    if (larger == NULL) {
        grid->failed = true;
        return;
    }
    grid->cells = larger;
    memset(cell_at(grid, grid->line_count++, 0), 0, line_size);
}

void grid_cell(struct grid *grid, size_t column, enum paint paint, const char *format, ...)
{
    char text[2 * HCB_REASON_SIZE];
    va_list arguments;
    if (grid == NULL || grid->failed || grid->line_count == 0)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct cell *cell = cell_at(grid, grid->line_count - 1, column);
    free(cell->text);
    *cell = (struct cell){.text = text[0] != '\0' ? strdup(text) : NULL, .paint = paint};
    if (text[0] != '\0' && cell->text == NULL)
        grid->failed = true;
}

static void grid_free(struct grid *grid)
{
    for (size_t i = 0; grid != NULL && i < grid->line_count * grid->column_count; i++)
        free(grid->cells[i].text);
    if (grid != NULL)
        free(grid->cells);
    free(grid);
}

static bool is_used(const struct grid *grid, size_t column)
{
    for (size_t line = 0; line < grid->line_count; line++)
        if (cell_at(grid, line, column)->text != NULL)
            return true;
    return false;
}

/* Characters, for UTF-8 as for ASCII. */
static size_t text_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static size_t column_width(const struct grid *grid, size_t column)
{
    size_t widest = text_width(grid->columns[column].title);
    for (size_t line = 0; line < grid->line_count; line++) {
        const char *text = cell_at(grid, line, column)->text;
        if (text != NULL && text_width(text) > widest)
            widest = text_width(text);
    }
    return widest;
}

/* Of a whole line, when the last column is wrapped if it can be. */
static size_t least_width(const struct grid *grid)
{
    size_t total = 0, last = 0;
    for (size_t column = 0; column < grid->column_count; column++)
        if (grid->widths[column] > 0) {
            total += grid->widths[column] + strlen(grid->gap);
            last = column;
        }
    const size_t width = grid->widths[last];
    return total - (!grid->columns[last].right && width > LAST_LEAST ? width - LAST_LEAST : 0);
}

static void lay_out(struct grid *grid, const struct page *page)
{
    enum { SPARE_MAX = 4 };
    grid->gap = wide_gap;
    for (size_t column = 0; column < grid->column_count; column++)
        grid->widths[column] = is_used(grid, column) ? column_width(grid, column) : 0;
    if (page->width == 0 || least_width(grid) <= page->width)
        return;
    grid->gap = narrow_gap;
    for (unsigned spare = 1; spare <= SPARE_MAX && least_width(grid) > page->width; spare++)
        for (size_t column = 0; column < grid->column_count; column++)
            if (grid->columns[column].spare == spare)
                grid->widths[column] = 0;
}

static bool has_titles(const struct grid *grid)
{
    for (size_t column = 0; column < grid->column_count; column++)
        if (grid->columns[column].title[0] != '\0')
            return true;
    return false;
}

/* Marks the page when the grid is not whole; true when there is something to
 * print. */
static bool begin_print(struct grid *grid, struct page *page)
{
    if (grid == NULL || grid->failed)
        page->failed = true;
    if (grid == NULL || grid->failed || grid->line_count == 0)
        return false;
    lay_out(grid, page);
    return true;
}

/* -------------------------------------------------------------- by our own code */

/* Bytes of `text` that go into `width`, cut at a blank where there is one. */
static size_t fitting(const char *text, size_t width)
{
    size_t cut = 0, at = 0, shown = 0;
    for (; text[at] != '\0'; at++) {
        shown += ((unsigned char)text[at] & 0xc0) != 0x80;
        if (shown > width)
            return cut > 0 ? cut : at;
        if (text[at] == ' ')
            cut = at;
    }
    return at;
}

/* Columns that a last cell has when it begins at `at`; SIZE_MAX off terminals. */
static size_t room_at(const struct page *page, size_t at)
{
    if (page->width == 0)
        return SIZE_MAX;
    return page->width > at + LAST_LEAST ? page->width - at : LAST_LEAST;
}

/* The last cell, wrapped when the page is narrow; the cursor is at `at`. */
static void print_last(const struct page *page, const char *text, size_t at, enum paint paint)
{
    while (*text != '\0') {
        const size_t length = fitting(text, room_at(page, at));
        fprintf(page->out, "%s%.*s%s", page_paint(page, paint), (int)length, text,
                page_plain(page, paint));
        text += length;
        text += strspn(text, " ");
        if (*text != '\0')
            fprintf(page->out, "\n%*s", (int)at, "");
    }
}

static void print_padded(const struct page *page, const char *text, size_t width, bool right,
                         enum paint paint)
{
    const int pad = (int)(width - text_width(text));
    fprintf(page->out, "%*s%s%s%s%*s", right ? pad : 0, "", page_paint(page, paint), text,
            page_plain(page, paint), right ? 0 : pad, "");
}

/* One line, or the titles when `line` is the line count. */
static void print_line(const struct grid *grid, const struct page *page, size_t line)
{
    size_t at = 0, last = 0, pending = 0;
    const bool titles = line == grid->line_count;
    for (size_t column = 0; column < grid->column_count; column++)
        if (grid->widths[column] > 0 && (titles || cell_at(grid, line, column)->text != NULL))
            last = column;
    for (size_t column = 0; column <= last; column++) {
        const struct grid_column *how = &grid->columns[column];
        const struct cell *cell = titles ? NULL : cell_at(grid, line, column);
        const char *text = titles ? how->title : cell->text != NULL ? cell->text : "";
        const enum paint paint = titles ? PAINT_TITLE : cell->paint;
        if (grid->widths[column] == 0)
            continue;
        fprintf(page->out, "%s", pending > 0 ? grid->gap : "");
        at += pending;
        if (column == last && !how->right)
            print_last(page, text, at, paint);
        else
            print_padded(page, text, grid->widths[column], how->right, paint);
        at += grid->widths[column];
        pending = strlen(grid->gap);
    }
    fputc('\n', page->out);
}

void grid_print_plain(struct grid *grid, struct page *page)
{
    if (begin_print(grid, page)) {
        if (has_titles(grid))
            print_line(grid, page, grid->line_count);
        for (size_t line = 0; line < grid->line_count; line++)
            print_line(grid, page, line);
    }
    grid_free(grid);
}

/* -------------------------------------------------------------- by libsmartcols */

#ifdef HAVE_SMARTCOLS
/* The last column that is shown. */
static size_t last_column(const struct grid *grid)
{
    size_t last = 0;
    for (size_t column = 0; column < grid->column_count; column++)
        if (grid->widths[column] > 0)
            last = column;
    return last;
}

static bool add_columns(const struct grid *grid, const struct page *page,
                        struct libscols_table *table)
{
    const size_t last = last_column(grid);
    for (size_t column = 0; column <= last; column++) {
        const struct grid_column *how = &grid->columns[column];
        if (grid->widths[column] == 0)
            continue;
        const int flags = (how->right ? SCOLS_FL_RIGHT : 0) | (column == last ? SCOLS_FL_WRAP : 0);
        struct libscols_column *made = scols_table_new_column(table, how->title, 0, flags);
        if (made == NULL ||
            scols_cell_set_color(scols_column_get_header(made),
                                 page->color ? page_paint(page, PAINT_TITLE) : NULL) != 0)
            return false;
        /* By itself it would break words. */
        if (column == last && (scols_column_set_wrapfunc(made, scols_wrapnl_chunksize,
                                                         scols_wrapnl_nextchunk, NULL) != 0 ||
                               scols_column_set_safechars(made, "\n") != 0))
            return false;
    }
    return true;
}

/* Puts line ends where the last cell is to be wrapped. */
static void break_lines(const struct grid *grid, const struct page *page, char *text)
{
    size_t at = 0;
    for (size_t column = 0; column < last_column(grid); column++)
        if (grid->widths[column] > 0)
            at += grid->widths[column] + strlen(grid->gap);
    for (;;) {
        text += fitting(text, room_at(page, at));
        if (*text != ' ')
            return;
        *text++ = '\n';
    }
}

static bool add_cell(const struct grid *grid, const struct page *page, struct libscols_line *line,
                     size_t number, struct cell *cell, bool last)
{
    if (cell->text == NULL)
        return true;
    if (last)
        break_lines(grid, page, cell->text);
    return scols_line_set_data(line, number, cell->text) == 0 &&
           (!page->color || cell->paint == PAINT_NONE ||
            scols_cell_set_color(scols_line_get_cell(line, number),
                                 page_paint(page, cell->paint)) == 0);
}

static bool add_line(const struct grid *grid, const struct page *page, struct libscols_table *table,
                     size_t line)
{
    struct libscols_line *made = scols_table_new_line(table, NULL);
    const size_t last = last_column(grid);
    size_t number = 0;
    for (size_t column = 0; made != NULL && column <= last; column++)
        if (grid->widths[column] > 0 &&
            !add_cell(grid, page, made, number++, cell_at(grid, line, column), column == last))
            return false;
    return made != NULL;
}

static bool set_up(const struct grid *grid, const struct page *page, struct libscols_table *table)
{
    bool good = scols_table_set_column_separator(table, grid->gap) == 0 &&
                scols_table_enable_colors(table, page->color) == 0 &&
                scols_table_enable_noheadings(table, !has_titles(grid)) == 0 &&
                scols_table_set_stream(table, page->out) == 0 &&
                scols_table_set_termforce(table, page->width > 0 ? SCOLS_TERMFORCE_ALWAYS
                                                                 : SCOLS_TERMFORCE_NEVER) == 0;
    if (good && page->width > 0)
        good = scols_table_set_termwidth(table, page->width) == 0;
    good = good && add_columns(grid, page, table);
    for (size_t line = 0; good && line < grid->line_count; line++)
        good = add_line(grid, page, table, line);
    return good;
}

void grid_print(struct grid *grid, struct page *page)
{
    struct libscols_table *table = NULL;
    if (begin_print(grid, page)) {
        table = scols_new_table();
        /* It returns an error for what it could not allocate, and leaves errors of
         * the stream to the stream. */
        if (table == NULL || !set_up(grid, page, table) || scols_print_table(table) != 0)
            page->failed = true;
    }
    scols_unref_table(table);
    grid_free(grid);
}
#else
void grid_print(struct grid *grid, struct page *page)
{
    grid_print_plain(grid, page);
}
#endif
