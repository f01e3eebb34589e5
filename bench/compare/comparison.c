/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison as data, for who fills it in: its rows, its notes, its end. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/compare.h"

bool compare_is_timed(const struct comparison_row *row)
{
    return row->base != NULL && row->now != NULL && row->base->status == HCB_OK &&
           row->now->status == HCB_OK;
}

void compare_clear(struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->note_count; i++)
        free(comparison->notes[i].text);
    free(comparison->notes);
    free(comparison->rows);
    free(comparison->counterparts);
    free(comparison->controls);
    *comparison = (struct comparison){0};
}

bool compare_note(struct comparison *comparison, const char *kind, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    struct comparison_note *larger =
        realloc(comparison->notes, (comparison->note_count + 1) * sizeof *larger);
    if (larger == NULL)
        return false;
    comparison->notes = larger;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    larger[comparison->note_count] = (struct comparison_note){kind, strdup(text)};
    return larger[comparison->note_count++].text != NULL;
}
