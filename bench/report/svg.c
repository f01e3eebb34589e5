/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the tags of an SVG and writes anew what is on its lists.  Texts between
 * tags hold no '<' and are copied. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/svg.h"

enum { DEPTH = 32, NAME = 32 };

struct reader {
    const char *at;
    FILE *out;
    const char *prefix;
    const struct svg_color *colors;
    unsigned depth; /* of open elements, the outer <svg> included */
    unsigned silent; /* what is inside of the element of this depth is left out; 0: none */
    char open[DEPTH][NAME];
};

static bool is_listed(const char *const *list, const char *name)
{
    for (; *list != NULL; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

/* What is copied, and what is left out with all that it holds. */
static const char *const kept[] = {"svg",      "g",    "defs", "path",    "line",     "rect", "circle",
                                   "ellipse",  "use",  "text", "tspan",   "polygon",  "polyline", NULL};
static const char *const dropped[] = {"title", "desc", "filter", "feFlood", "feComposite", NULL};
static const char *const attributes[] = {
    "id", "xlink:href", "href", "d", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry",
    "dx", "dy", "width", "height", "points", "transform", "fill", "stroke", "color", "opacity",
    "fill-opacity", "stroke-opacity", "stroke-width", "stroke-dasharray", "stroke-linecap",
    "stroke-linejoin", "font-size", "font-weight", "font-style", "text-anchor", NULL};
static const char *const painted[] = {"fill", "stroke", "color", NULL};

static size_t name_length(const char *at)
{
    return strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_");
}

static void skip_blanks(struct reader *reader)
{
    reader->at += strspn(reader->at, " \t\r\n");
}

/* Copies a name of fewer than NAME bytes. */
static bool take_name(struct reader *reader, char *name)
{
    const size_t length = name_length(reader->at);
    if (length == 0 || length >= NAME)
        return false;
    memcpy(name, reader->at, length);
    name[length] = '\0';
    reader->at += length;
    return true;
}

/* ------------------------------------------------------------------ attributes */

static void put_color(struct reader *reader, const char *value)
{
    unsigned red, green, blue;
    if (strcmp(value, "black") == 0 || strcmp(value, "white") == 0) {
        fputs(*value == 'b' ? "currentColor" : "var(--paper)", reader->out);
        return;
    }
    if (sscanf(value, "rgb(%u,%u,%u)", &red, &green, &blue) == 3)
        for (const struct svg_color *color = reader->colors; color->name != NULL; color++)
            if (color->rgb == (red << 16 | green << 8 | blue)) {
                fputs(color->name, reader->out);
                return;
            }
    fputs(value, reader->out);
}

/* Writes name="value"; false for a value that must not be. */
static bool put_attribute(struct reader *reader, const char *name, const char *value)
{
    const bool link = strcmp(name, "xlink:href") == 0 || strcmp(name, "href") == 0;
    if (strpbrk(value, "<>&\"'") != NULL || strstr(value, "url") != NULL || (link && *value != '#'))
        return false;
    if (!is_listed(attributes, name) || reader->silent != 0)
        return true;
    fprintf(reader->out, " %s=\"", link ? "href" : name);
    if (link)
        fprintf(reader->out, "#%s%s", reader->prefix, value + 1);
    else if (strcmp(name, "id") == 0)
        fprintf(reader->out, "%s%s", reader->prefix, value);
    else if (is_listed(painted, name))
        put_color(reader, value);
    else
        fputs(value, reader->out);
    fputc('"', reader->out);
    return true;
}

/* ATTRIBUTE="VALUE" up to the end of the tag.  The outer <svg> is the page's. */
static bool take_attributes(struct reader *reader, bool outer)
{
    char name[NAME];
    for (;;) {
        skip_blanks(reader);
        if (*reader->at == '>' || *reader->at == '/')
            return true;
        if (!take_name(reader, name))
            return false;
        skip_blanks(reader);
        if (*reader->at++ != '=')
            return false;
        skip_blanks(reader);
        const char quote = *reader->at++;
        const char *end = quote == '"' || quote == '\'' ? strchr(reader->at, quote) : NULL;
        char *value = end != NULL ? strndup(reader->at, (size_t)(end - reader->at)) : NULL;
        const bool good = value != NULL && (outer || put_attribute(reader, name, value));
        free(value);
        if (!good)
            return false;
        reader->at = end + 1;
    }
}

/* ------------------------------------------------------------------------ tags */

/* Is the innermost open element one to write? */
static bool is_written(const struct reader *reader)
{
    return reader->silent == 0 && reader->depth > 1;
}

static bool end_element(struct reader *reader, const char *name)
{
    if (reader->depth == 0 || strcmp(reader->open[reader->depth - 1], name) != 0)
        return false;
    if (is_written(reader))
        fprintf(reader->out, "</%s>", name);
    if (reader->silent == reader->depth)
        reader->silent = 0;
    reader->depth--;
    return true;
}

static bool take_end(struct reader *reader)
{
    char name[NAME];
    if (!take_name(reader, name))
        return false;
    skip_blanks(reader);
    return *reader->at++ == '>' && end_element(reader, name);
}

static bool take_begin(struct reader *reader)
{
    char *name = reader->open[reader->depth];
    if (reader->depth == DEPTH - 1 || !take_name(reader, name) ||
        (reader->depth == 0) != (strcmp(name, "svg") == 0))
        return false;
    reader->depth++;
    if (is_listed(dropped, name)) {
        if (reader->silent == 0)
            reader->silent = reader->depth;
    } else if (!is_listed(kept, name)) {
        return false;
    }
    if (is_written(reader))
        fprintf(reader->out, "<%s", name);
    if (!take_attributes(reader, reader->depth == 1))
        return false;
    const bool empty = *reader->at == '/';
    reader->at += empty;
    if (*reader->at++ != '>')
        return false;
    if (is_written(reader))
        fputc('>', reader->out);
    return !empty || end_element(reader, name);
}

/* Text up to the next tag; between elements, blanks alone, which are left out. */
static bool take_text(struct reader *reader)
{
    const size_t length = strcspn(reader->at, "<");
    const char *inner = reader->depth > 0 ? reader->open[reader->depth - 1] : "";
    const bool in_text = strcmp(inner, "text") == 0 || strcmp(inner, "tspan") == 0;
    if (!in_text && reader->silent == 0 && strspn(reader->at, " \t\r\n") < length)
        return false;
    if (in_text && reader->silent == 0)
        fprintf(reader->out, "%.*s", (int)length, reader->at);
    reader->at += length;
    return true;
}

/* One tag or what is between two. */
static bool step(struct reader *reader)
{
    if (*reader->at != '<')
        return take_text(reader);
    reader->at++;
    if (*reader->at == '?' && reader->depth == 0) {
        const char *end = strstr(reader->at, "?>");
        if (end != NULL)
            reader->at = end + 2;
        return end != NULL;
    }
    if (*reader->at != '/')
        return take_begin(reader);
    reader->at++;
    return take_end(reader);
}

char *svg_inline(const char *text, const char *prefix, const struct svg_color *colors)
{
    char *result = NULL;
    size_t size;
    struct reader reader = {.at = text, .prefix = prefix, .colors = colors};
    bool good = true, begun = false;
    reader.out = open_memstream(&result, &size);
    if (reader.out == NULL)
        return NULL;
    while (good && *reader.at != '\0') {
        const bool over = begun && reader.depth == 0;
        good = step(&reader) && !(over && reader.depth > 0);
        begun |= reader.depth > 0;
    }
    good &= begun && reader.depth == 0;
    if (fclose(reader.out) == 0 && good)
        return result;
    free(result);
    return NULL;
}
