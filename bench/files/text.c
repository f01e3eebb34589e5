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

/* A file, packed by gzip or not. */
struct source {
    int fd;
    bool packed, within; /* within a gzip member */
    z_stream stream;
    unsigned char bytes[1 << 16];
};

static const char not_whole[] = "is not a whole gzip file";

/* Adds bytes to those that are left; false with errno.  At the end it adds none. */
static bool refill(struct source *source)
{
    z_stream *stream = &source->stream;
    ssize_t got;
    if (stream->avail_in > 0)
        memmove(source->bytes, stream->next_in, stream->avail_in);
    stream->next_in = source->bytes;
    do
        got = read(source->fd, source->bytes + stream->avail_in, sizeof source->bytes - stream->avail_in);
    while (got < 0 && errno == EINTR);
    stream->avail_in += got > 0 ? (unsigned)got : 0;
    return got >= 0;
}

/* Why nothing can be read; NULL: the first bytes are there. */
static const char *begin(struct source *source, int fd)
{
    *source = (struct source){.fd = fd};
    if (!refill(source) || (source->stream.avail_in == 1 && !refill(source)))
        return strerror(errno);
    source->packed = source->stream.avail_in >= 2 && source->bytes[0] == 0x1f && source->bytes[1] == 0x8b;
    return source->packed && inflateInit2(&source->stream, 15 + 16) != Z_OK ? "out of memory" : NULL;
}

/* What follows a member must be another one. */
static const char *unpack(struct source *source)
{
    if (!source->within)
        inflateReset(&source->stream);
    const int code = inflate(&source->stream, Z_NO_FLUSH);
    source->within = code != Z_STREAM_END;
    if (code == Z_MEM_ERROR)
        return "out of memory";
    return code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR ? NULL : not_whole;
}

static void copy(z_stream *stream)
{
    const unsigned count = stream->avail_in < stream->avail_out ? stream->avail_in : stream->avail_out;
    memcpy(stream->next_out, stream->next_in, count);
    stream->next_in += count;
    stream->next_out += count;
    stream->avail_in -= count;
    stream->avail_out -= count;
}

/* At least one byte of the text, or none at its end.  Why not; NULL: done. */
static const char *next_part(struct source *source, char *data, size_t room, bool torn, size_t *got)
{
    const unsigned part = room < 1 << 20 ? (unsigned)room : 1 << 20;
    z_stream *stream = &source->stream;
    const char *wrong = NULL;
    stream->next_out = (unsigned char *)data;
    stream->avail_out = part;
    while (wrong == NULL && stream->avail_out == part) {
        if (stream->avail_in == 0 && !refill(source))
            wrong = strerror(errno);
        else if (stream->avail_in == 0 && source->within && !torn)
            wrong = not_whole;
        else if (stream->avail_in == 0)
            break;
        else if (source->packed)
            wrong = unpack(source);
        else
            copy(stream);
    }
    *got = part - stream->avail_out;
    return wrong;
}

/* Why the file must be refused; NULL: it was read to its end. */
static const char *read_all(struct source *source, size_t most, bool torn, struct text *text, char *why,
                            size_t size)
{
    size_t room = 1 << 16;
    text->data = malloc(room + 1);
    for (size_t got = 1; text->data != NULL && got > 0;) {
        if (!make_room(text, &room))
            return "out of memory";
        const char *wrong = next_part(source, text->data + text->size, room - text->size, torn, &got);
        if (wrong != NULL) {
            text->size += got;
            return wrong;
        }
        const char *nul = memchr(text->data + text->size, '\0', got);
        if (nul != NULL && !torn)
            return "this is no text: it holds a NUL byte";
        text->size = nul != NULL ? (size_t)(nul - text->data) : text->size + got;
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
    struct source source;
    *text = (struct text){NULL, 0};
    const int fd = open_to_read(path);
    if (fd < 0) {
        snprintf(why, sizeof why, "cannot be read: %s", strerror(errno));
        return text_refuse(path, 0, why);
    }
    const char *wrong = begin(&source, fd);
    if (wrong == NULL)
        wrong = read_all(&source, most, torn, text, why, sizeof why);
    if (source.packed)
        inflateEnd(&source.stream);
    close(fd);
    if (wrong == NULL && text->size == 0)
        wrong = "the file is empty";
    if (wrong == NULL)
        return true;
    text_refuse(path, lines_of(text), wrong); /* a packed one: as far as it goes */
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
