/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of many rows, said once: reasons, notes and warnings, each with the
 * rows that it is about. */
#ifndef BENCH_NOTES_H
#define BENCH_NOTES_H

#include "terminal/page.h"

/* One text and the rows that it is about. */
struct note {
    const char *label; /* "unsupported", "skipped", "note", "warning" */
    const char *text;
    size_t rows;
    bool alike;      /* texts of other rows differ from it in figures */
    const char *who; /* "opencl:0/tile matmul f16, f32; vulkan:0/tile sum f16" */
};
typedef void note_use(void *closure, const struct note *note);

/* Calls `use` for each text of the record, last for the warnings if they are wanted.
 * Warnings that differ in figures only are one.  False when memory is short. */
bool notes_each(const struct record *record, bool warnings, note_use *use, void *closure);
/* Prints everything of the record that the tables do not. */
void notes_print(const struct record *record, struct page *page);

#endif
