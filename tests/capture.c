/* SPDX-License-Identifier: Apache-2.0 */
/* Redirects the descriptors of stdout and stderr, so that it works in the process
 * of the test itself. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture.h"

static struct stream {
    FILE *stream, *file;
    int saved;
} streams[2];

static void redirect(struct stream *stream, FILE *which)
{
    fflush(which);
    clearerr(which);
    stream->stream = which;
    stream->file = tmpfile();
    stream->saved = dup(fileno(which));
    ck_assert_ptr_nonnull(stream->file);
    ck_assert_int_ge(dup2(fileno(stream->file), fileno(which)), 0);
}

static char *restore(struct stream *stream)
{
    fflush(stream->stream);
    ck_assert_int_ge(dup2(stream->saved, fileno(stream->stream)), 0);
    close(stream->saved);
    fseek(stream->file, 0, SEEK_END);
    const size_t size = (size_t)ftell(stream->file);
    char *text = calloc(1, size + 1);
    rewind(stream->file);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(fread(text, 1, size, stream->file), size);
    fclose(stream->file);
    return text;
}

void capture_begin(void)
{
    redirect(&streams[0], stdout);
    redirect(&streams[1], stderr);
}

struct captured capture_end(void)
{
    struct captured captured;
    captured.out = restore(&streams[0]);
    captured.err = restore(&streams[1]);
    return captured;
}

void captured_free(struct captured *captured)
{
    free(captured->out);
    free(captured->err);
}
