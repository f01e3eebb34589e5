/* SPDX-License-Identifier: Apache-2.0 */
/* Reads files that may be anything. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "files/text.h"

/* Replaces what a terminal would take for a command: C0 and DEL, and C1 in UTF-8. */
static void make_plain(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at != '\0'; at++) {
        if (*at < 0x20 || *at == 0x7f)
            *at = '?';
        if (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
            at[0] = at[1] = '?';
    }
}

void text_say_list(const char *format, va_list arguments)
{
    char message[3 * 4096]; /* two of the longest names */
    vsnprintf(message, sizeof message, format, arguments);
    make_plain(message);
    fprintf(stderr, "hcbench: %s\n", message);
}

void text_say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_say_list(format, arguments);
    va_end(arguments);
}

bool text_refuse(const char *path, unsigned long line, const char *what)
{
    char place[24] = "";
    if (line > 0)
        snprintf(place, sizeof place, "%lu:", line);
    text_say("%s:%s %s", strcmp(path, "-") == 0 ? "stdin" : path, place, what);
    return false;
}

/* Opens without waiting for a pipe's writer; -1 with errno. */
static int open_to_read(const char *path)
{
    const int fd = strcmp(path, "-") == 0
                       ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                       : open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat facts;
    if (fd < 0)
        return -1;
    const int flags = fcntl(fd, F_GETFL);
    const bool is_folder = fstat(fd, &facts) == 0 && S_ISDIR(facts.st_mode);
    if (!is_folder && flags >= 0 && (strcmp(path, "-") == 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0))
        return fd;
    const int error = is_folder ? EISDIR : errno;
    close(fd);
    errno = error;
    return -1;
}

static unsigned long lines_of(const struct text *text)
{
    unsigned long lines = 1;
    for (size_t i = 0; i < text->size; i++)
        lines += text->data[i] == '\n';
    return lines;
}

/* Room for more; false when there is none. */
static bool make_room(struct text *text, size_t *room)
{
    if (text->size < *room)
        return true;
    char *larger = realloc(text->data, *room * 2 + 1);
    if (larger == NULL)
        return false;
    text->data = larger;
    *room *= 2;
    return true;
}

/* Why the file must be refused; NULL: it was read to its end. */
static const char *read_all(gzFile file, size_t most, bool torn, struct text *text, char *why, size_t size)
{
    const int part = 1 << 20;
    size_t room = 1 << 16;
    text->data = malloc(room + 1);
    for (int got = 1; text->data != NULL && got > 0;) {
        if (!make_room(text, &room))
            return "out of memory";
        const size_t left = room - text->size;
        got = gzread(file, text->data + text->size, left < (size_t)part ? (unsigned)left : (unsigned)part);
        if (got < 0) {
            int code;
            const char *said = gzerror(file, &code);
            if (code == Z_ERRNO)
                said = strerror(errno);
            if (code == Z_BUF_ERROR)
                said = "the compressed file is cut off";
            snprintf(why, size, "%s", said);
            return why;
        }
        const char *nul = memchr(text->data + text->size, '\0', (size_t)got);
        if (nul != NULL && !torn)
            return "this is no text: it holds a NUL byte";
        text->size = nul != NULL ? (size_t)(nul - text->data) : text->size + (size_t)got;
        if (nul != NULL)
            break;
        if (text->size > most) {
            snprintf(why, size, "larger than %zu bytes, the most that is read", most);
            return why;
        }
    }
    if (text->data == NULL)
        return "out of memory";
    text->data[text->size] = '\0';
    return NULL;
}

static bool read_file(const char *path, size_t most, bool torn, struct text *text)
{
    char why[200];
    *text = (struct text){NULL, 0};
    const int fd = open_to_read(path);
    gzFile file = fd >= 0 ? gzdopen(fd, "rb") : NULL;
    if (file == NULL) {
        snprintf(why, sizeof why, "cannot be read: %s", fd >= 0 ? "out of memory" : strerror(errno));
        if (fd >= 0)
            close(fd);
        return text_refuse(path, 0, why);
    }
    const char *wrong = read_all(file, most, torn, text, why, sizeof why);
    if (gzclose_r(file) != Z_OK && wrong == NULL && !torn)
        wrong = "the compressed file is cut off";
    if (wrong == NULL && text->size == 0)
        wrong = "the file is empty";
    if (wrong == NULL)
        return true;
    text_refuse(path, lines_of(text), wrong);
    free(text->data);
    *text = (struct text){NULL, 0};
    return false;
}

bool text_read(const char *path, size_t most, struct text *text)
{
    return read_file(path, most, false, text);
}

bool text_read_lines(const char *path, size_t most, struct text *text)
{
    if (!read_file(path, most, true, text))
        return false;
    while (text->size > 0 && text->data[text->size - 1] != '\n')
        text->size--;
    text->data[text->size] = '\0';
    return true;
}
