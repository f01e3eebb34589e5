/* SPDX-License-Identifier: Apache-2.0 */
/* Walks through JSON text that a parser has accepted.  Knows no schema. */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "files/locate.h"

struct walk {
    const char *at, *end;
};

static void skip_blanks(struct walk *walk)
{
    while (walk->at < walk->end && strchr(" \t\r\n", *walk->at) != NULL)
        walk->at++;
}

/* From one quote to behind the other. */
static void skip_string(struct walk *walk)
{
    for (walk->at++; walk->at < walk->end && *walk->at != '"'; walk->at++)
        if (*walk->at == '\\' && walk->at + 1 < walk->end)
            walk->at++;
    if (walk->at < walk->end)
        walk->at++;
}

/* From a value's first byte to behind its last. */
static void skip_value(struct walk *walk)
{
    size_t depth = 0;
    while (walk->at < walk->end) {
        const char byte = *walk->at;
        if (depth == 0 && strchr(",]} \t\r\n", byte) != NULL)
            return;
        if (byte == '"') {
            skip_string(walk);
        } else {
            depth += byte == '{' || byte == '[';
            depth -= byte == '}' || byte == ']';
            walk->at++;
        }
        if (depth == 0 && strchr("\"}]", byte) != NULL)
            return;
    }
}

/* Goes to the next element; false at the end. */
static bool next_element(struct walk *walk)
{
    skip_value(walk);
    skip_blanks(walk);
    if (walk->at >= walk->end || *walk->at != ',')
        return false;
    walk->at++;
    skip_blanks(walk);
    return true;
}

static bool enter_array(struct walk *walk, const char *name)
{
    walk->at++;
    skip_blanks(walk);
    for (unsigned long left = strtoul(name, NULL, 10); left > 0; left--)
        if (!next_element(walk))
            return false;
    return walk->at < walk->end && *walk->at != ']';
}

/* Names with escapes are not ours. */
static bool enter_object(struct walk *walk, const char *name, size_t length)
{
    walk->at++;
    skip_blanks(walk);
    while (walk->at < walk->end && *walk->at == '"') {
        const char *key = walk->at + 1;
        skip_string(walk);
        const bool is_it = (size_t)(walk->at - key) == length + 1 && memcmp(key, name, length) == 0;
        skip_blanks(walk);
        if (walk->at < walk->end)
            walk->at++; /* ':' */
        skip_blanks(walk);
        if (is_it)
            return true;
        if (!next_element(walk))
            break;
    }
    return false;
}

static unsigned long line_of(const char *text, const char *at)
{
    unsigned long line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

unsigned long locate_line(const char *text, size_t size, const char *path)
{
    struct walk walk = {text, text + size};
    skip_blanks(&walk);
    const char *found = walk.at;
    while (*path != '\0' && walk.at < walk.end) {
        const size_t length = strcspn(path, ".");
        if (!(*walk.at == '{' && enter_object(&walk, path, length)) &&
            !(*walk.at == '[' && enter_array(&walk, path)))
            break;
        found = walk.at;
        path += length + (path[length] == '.');
    }
    return line_of(text, found);
}
