/* SPDX-License-Identifier: Apache-2.0 */
/* The page that tables are printed on.  Knows no table. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "files/output.h"
#include "terminal/page.h"

enum { DEFAULT_WIDTH = 80, WIDEST_TEXT = 100, NARROWEST = 40 };

static size_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col < NARROWEST ? NARROWEST : size.ws_col;
    return DEFAULT_WIDTH;
}

/* NO_COLOR (no-color.org) is for programs that were not told otherwise. */
static bool wants_color(enum color when, bool terminal)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    if (when != COLOR_AUTO)
        return when == COLOR_ALWAYS;
    return terminal && (no_color == NULL || *no_color == '\0') && term != NULL && *term != '\0' &&
           strcmp(term, "dumb") != 0;
}

struct page page_on_stdout(const struct options *options)
{
    const bool terminal = isatty(STDOUT_FILENO) == 1;
    return (struct page){.out = stdout,
                         .width = terminal ? terminal_width() : 0,
                         .color = wants_color(options->color, terminal)};
}

bool page_end(struct page *page)
{
    if (fflush(page->out) != 0 || ferror(page->out))
        return output_failed("-", errno);
    return !page->failed || output_failed("-", ENOMEM);
}

const char *page_paint(const struct page *page, enum paint paint)
{
    static const char *const sequences[PAINT_COUNT] = {
        [PAINT_NONE] = "",          [PAINT_TITLE] = "\033[1m", [PAINT_GOOD] = "\033[32m",
        [PAINT_BAD] = "\033[1;31m", [PAINT_FAINT] = "\033[2m",
    };
    return page->color ? sequences[paint] : "";
}

const char *page_plain(const struct page *page, enum paint paint)
{
    return page->color && paint != PAINT_NONE ? "\033[0m" : "";
}

void page_line(struct page *page, enum paint paint, const char *text)
{
    fprintf(page->out, "%s%s%s\n", page_paint(page, paint), text, page_plain(page, paint));
}

/* What a terminal takes for a command: C0 and DEL, and C1 in UTF-8. */
static size_t control_at(const char *text)
{
    const unsigned char first = (unsigned char)text[0], second = (unsigned char)text[1];
    if (first == 0xc2 && second >= 0x80 && second < 0xa0)
        return 2;
    return first < ' ' || first == 0x7f;
}

static void put_word(const char *word, size_t length, FILE *out)
{
    for (size_t i = 0; i < length; i++) {
        const size_t control = control_at(word + i);
        fputc(control > 0 ? '?' : word[i], out);
        i += control > 1;
    }
}

void page_wrap(struct page *page, size_t indent, const char *text)
{
    const size_t width = page->width > 0 && page->width < WIDEST_TEXT ? page->width : WIDEST_TEXT;
    for (size_t at = 0; *text != '\0';) {
        const size_t length = strcspn(text, " ");
        if (at > indent && at + 1 + length > width) {
            fprintf(page->out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > 0) {
            fputc(' ', page->out);
            at++;
        }
        put_word(text, length, page->out);
        at += length;
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', page->out);
}

char *page_clip(const char *text, char *out, size_t size)
{
    static const char *const noise[] = {"(R)", "(r)", "(TM)", "(tm)"};
    const char *start = text;
    size_t used = 0;
    while (*text != '\0' && used + 1 < size) {
        size_t skip = 0;
        for (size_t i = 0; i < sizeof noise / sizeof *noise; i++)
            if (strncmp(text, noise[i], strlen(noise[i])) == 0)
                skip = strlen(noise[i]);
        const size_t control = *text == ' ' ? 1 : control_at(text);
        const bool blank = skip == 0 && control > 0;
        if (!blank && skip == 0)
            out[used++] = *text;
        else if (blank && used > 0 && out[used - 1] != ' ')
            out[used++] = ' ';
        text += skip > 0 ? skip : control > 1 ? control : 1;
    }
    while (used > 0 && out[used - 1] == ' ')
        used--;
    out[used] = '\0';
    if (*text != '\0' && text[strspn(text, " ")] != '\0' && text > start && used > 3)
        memcpy(out + used - 3, "...", 3);
    return out;
}
