/* SPDX-License-Identifier: Apache-2.0 */
/* A drawing program's SVG, made fit to stand inside of an HTML page. */
#ifndef BENCH_SVG_H
#define BENCH_SVG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A color of the drawing, 0xRRGGBB, and what stands for it in the page. */
struct svg_color {
    uint32_t rgb;
    const char *name; /* "var(--c1)" */
};

/* Returns what is inside of the outermost <svg>, malloc'ed, with
 *  - shapes, groups, texts and definitions of marks alone, and of their attributes
 *    those that place and paint: no scripts, styles, links or foreign parts;
 *  - `prefix` before each id and reference, so that a page can hold many;
 *  - colors replaced by those of the table (ended by a NULL name), black by
 *    currentColor, white by var(--paper).
 * NULL when `text` is no whole SVG, holds any other element or a bad attribute, or
 * when memory is short. */
char *svg_inline(const char *text, const char *prefix, const struct svg_color *colors);

#endif
