/* SPDX-License-Identifier: Apache-2.0 */
/* HTML whose texts cannot become markup. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/html.h"

/* Length of the UTF-8 character at `at`; 0 when it is none, or a control character
 * (C0 but tab and newline, DEL, C1). */
static size_t character_length(const unsigned char *at)
{
    static const struct {
        unsigned char mask, lead;
        size_t length;
        unsigned long least; /* below it, the form is too long */
    } forms[] = {{0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};
    if (*at < 0x80)
        return (*at >= ' ' && *at != 0x7f) || *at == '\t' || *at == '\n' ? 1 : 0;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if ((*at & forms[i].mask) != forms[i].lead)
            continue;
        unsigned long code = *at & (unsigned char)~forms[i].mask;
        for (size_t j = 1; j < forms[i].length; j++) {
            if ((at[j] & 0xc0) != 0x80)
                return 0;
            code = code << 6 | (at[j] & 0x3f);
        }
        return code < forms[i].least || code < 0xa0 || code > 0x10ffff ||
                       (code >= 0xd800 && code < 0xe000)
                   ? 0
                   : forms[i].length;
    }
    return 0;
}

static const char *escape(char character)
{
    switch (character) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

void html_text(struct html *html, const char *text)
{
    const char *plain = text; /* not written yet */
    while (*text != '\0') {
        const size_t length = character_length((const unsigned char *)text);
        const char *instead = length == 0 ? "\xef\xbf\xbd" : escape(*text);
        if (instead == NULL) {
            text += length;
            continue;
        }
        output_write(html->output, plain, (size_t)(text - plain));
        output_text(html->output, instead);
        plain = ++text;
    }
    output_write(html->output, plain, (size_t)(text - plain));
}

void html_format(struct html *html, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    html_text(html, text);
}

void html_markup(struct html *html, const char *markup)
{
    output_text(html->output, markup);
}

void html_begin(struct html *html, const char *element, ...)
{
    va_list pairs;
    if (html->depth == HTML_DEPTH)
        abort(); /* a mistake of ours: pages are not that deep */
    html->open[html->depth++] = element;
    html_markup(html, "<");
    html_markup(html, element);
    va_start(pairs, element);
    for (const char *name; (name = va_arg(pairs, const char *)) != NULL;) {
        html_markup(html, " ");
        html_markup(html, name);
        html_markup(html, "=\"");
        html_text(html, va_arg(pairs, const char *));
        html_markup(html, "\"");
    }
    va_end(pairs);
    html_markup(html, ">");
}

void html_end(struct html *html)
{
    static const char *const blocks[] = {"tr", "table", "thead", "tbody", "section", "p", "li",
                                         "ul", "div", "figure", "h2", "h3", "dl", "dd"};
    const char *element = html->open[--html->depth];
    html_markup(html, "</");
    html_markup(html, element);
    html_markup(html, ">");
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        if (strcmp(element, blocks[i]) == 0)
            html_markup(html, "\n");
}

void html_element(struct html *html, const char *element, const char *class, const char *text)
{
    if (class != NULL)
        html_begin(html, element, "class", class, NULL);
    else
        html_begin(html, element, NULL);
    html_text(html, text);
    html_end(html);
}
