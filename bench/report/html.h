/* SPDX-License-Identifier: Apache-2.0 */
/* Writes HTML.  Elements are closed in the order in which they were opened, and
 * every text and attribute is escaped: what a file or a driver says can only come
 * out as text.  Knows nothing of what is written. */
#ifndef BENCH_HTML_H
#define BENCH_HTML_H

#include <hcbench.h>

#include "files/output.h"

enum { HTML_DEPTH = 24 };

struct html {
    struct output *output;
    const char *open[HTML_DEPTH]; /* elements, the innermost last */
    unsigned depth;
};

/* Opens an element.  Behind its name come pairs of attribute and value, and NULL.
 * Names are ours and must be literals; values are escaped. */
void html_begin(struct html *html, const char *element, ...);
/* Closes the innermost element. */
void html_end(struct html *html);
/* Text, escaped.  Control characters and bytes that are not UTF-8 become U+FFFD. */
void html_text(struct html *html, const char *text);
void html_format(struct html *html, const char *format, ...) HCB_PRINTF(2, 3);
/* An element that holds a text; its class may be NULL. */
void html_element(struct html *html, const char *element, const char *class, const char *text);
/* Markup of our own, as it is. */
void html_markup(struct html *html, const char *markup);

#endif
