/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the list of sizes.  Knows no op: whether a size suits one is for the
 * caller to check. */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numbers.h"
#include "sizes.h"

/* The list as it grows, and the item that is being read. */
struct reader {
    struct size_request *sizes;
    size_t count;
    char item[160]; /* for messages; cut when longer */
    char *why;
    size_t why_size;
};

HCB_PRINTF(2, 3) static bool refuse(struct reader *reader, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reader->why, reader->why_size, format, arguments);
    va_end(arguments);
    return false;
}

static bool refuse_form(struct reader *reader)
{
    return refuse(reader, "'%s' is not a size; sizes are whole numbers as in 1024, "
                          "256-4096*2, 512-2048+512 or 640x480x320", reader->item);
}

static bool add(struct reader *reader, struct size_request size)
{
    for (size_t i = 0; i < reader->count; i++) {
        const struct size_request *other = &reader->sizes[i];
        if (other->is_matrix == size.is_matrix && other->shape.m == size.shape.m &&
            other->shape.n == size.shape.n && other->shape.k == size.shape.k)
            return true;
    }
    if (reader->count == SIZES_MAX)
        return refuse(reader, "'%s' makes more than %d sizes; use a larger step", reader->item,
                      SIZES_MAX);
    reader->sizes[reader->count++] = size;
    return true;
}

static bool add_cube(struct reader *reader, uint64_t n)
{
    return add(reader, (struct size_request){.shape = {n, n, n}});
}

/* An extent of at least 1 at *text. */
static bool read_extent(struct reader *reader, const char **text, uint64_t *extent)
{
    switch (number_read_whole(text, extent)) {
    case NUMBER_BAD: return refuse_form(reader);
    case NUMBER_TOO_LARGE:
        return refuse(reader, "size '%s' is too large for 64 bits", reader->item);
    case NUMBER_GOOD: break;
    }
    if (*extent == 0)
        return refuse(reader, "size '%s' has a 0; sizes are at least 1", reader->item);
    return true;
}

/* What follows the m of "MxNxK". */
static bool read_matrix(struct reader *reader, const char *text, uint64_t m)
{
    struct size_request size = {.shape = {.m = m}, .is_matrix = true};
    text++;
    if (!read_extent(reader, &text, &size.shape.n))
        return false;
    if (*text++ != 'x')
        return refuse_form(reader);
    if (!read_extent(reader, &text, &size.shape.k))
        return false;
    return *text == '\0' ? add(reader, size) : refuse_form(reader);
}

/* What follows the first number of "256-4096*2" or "512-2048+512". */
static bool read_range(struct reader *reader, const char *text, uint64_t first)
{
    uint64_t last, step;
    text++;
    if (!read_extent(reader, &text, &last))
        return false;
    const char how = *text++;
    if (how != '*' && how != '+')
        return refuse(reader,
                      "range '%s' needs a factor or a step, as in %" PRIu64 "-%" PRIu64 "*2",
                      reader->item, first, last);
    const enum number_check check = number_read_whole(&text, &step);
    if (check == NUMBER_TOO_LARGE)
        return refuse(reader, "size '%s' is too large for 64 bits", reader->item);
    if (check == NUMBER_BAD || *text != '\0')
        return refuse_form(reader);
    if (how == '*' && step < 2)
        return refuse(reader, "range '%s' has a factor below 2", reader->item);
    if (how == '+' && step < 1)
        return refuse(reader, "range '%s' has a step below 1", reader->item);
    if (last < first)
        return refuse(reader,
                      "range '%s' is reversed; %" PRIu64 "-%" PRIu64 "%c%" PRIu64 " would be right",
                      reader->item, last, first, how, step);
    for (uint64_t n = first, next; n <= last; n = next) {
        if (!add_cube(reader, n))
            return false;
        if (how == '*' ? __builtin_mul_overflow(n, step, &next)
                       : __builtin_add_overflow(n, step, &next))
            break;
    }
    return true;
}

static bool read_item(struct reader *reader, const char *text)
{
    uint64_t first;
    if (*text == '-' && text[1] >= '0' && text[1] <= '9')
        return refuse(reader, "size '%s' is negative; sizes are at least 1", reader->item);
    if (!read_extent(reader, &text, &first))
        return false;
    switch (*text) {
    case '\0': return add_cube(reader, first);
    case 'x': return read_matrix(reader, text, first);
    case '-': return read_range(reader, text, first);
    default: return refuse_form(reader);
    }
}

static bool read_list(struct reader *reader, char *list)
{
    for (char *item = list;;) {
        char *comma = strchr(item, ',');
        if (comma != NULL)
            *comma = '\0';
        snprintf(reader->item, sizeof reader->item, "%s", item);
        if (!read_item(reader, item))
            return false;
        if (comma == NULL)
            return true;
        item = comma + 1;
    }
}

bool sizes_read(const char *list, struct size_request **sizes, size_t *count, char *why,
                size_t why_size)
{
    struct reader reader = {.why = why, .why_size = why_size};
    char *copy = strdup(list);
    reader.sizes = calloc(SIZES_MAX, sizeof *reader.sizes);
    const bool done = copy == NULL || reader.sizes == NULL ? refuse(&reader, "out of memory")
                                                           : read_list(&reader, copy);
    free(copy);
    if (done) {
        *sizes = reader.sizes;
        *count = reader.count;
    } else {
        free(reader.sizes);
    }
    return done;
}
