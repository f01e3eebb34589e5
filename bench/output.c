/* SPDX-License-Identifier: Apache-2.0 */
/* Files that the program writes.  Knows nothing of what is in them. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "output.h"

struct output {
    char *path;   /* as the user wrote it */
    char *target; /* the regular file to replace; NULL: written in place */
    char *temporary;
    FILE *file;    /* plain */
    gzFile packed; /* compressed */
    int error;     /* errno of the first failure */
};

bool output_failed(const char *path, int error)
{
    fprintf(stderr, "hcbench: cannot write %s: %s\n", strcmp(path, "-") == 0 ? "to stdout" : path,
            strerror(error != 0 ? error : EIO));
    return false;
}

static void note(struct output *output, int error)
{
    if (output->error == 0)
        output->error = error != 0 ? error : EIO;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), tail = strlen(end);
    return length > tail && strcmp(text + length - tail, end) == 0;
}

/* The regular file behind `path`, links followed, or `path` itself when there is
 * nothing yet; NULL for what must be written in place: devices, pipes, and names
 * of open files (/dev/stdout). */
static char *replaceable(const char *path)
{
    struct stat status;
    if (strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0)
        return NULL;
    if (lstat(path, &status) != 0)
        return errno == ENOENT ? strdup(path) : NULL;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return NULL;
    return realpath(path, NULL);
}

/* The mode that a file made by open() would have, or that the old one has. */
static mode_t mode_for(const char *target)
{
    struct stat status;
    if (stat(target, &status) == 0)
        return status.st_mode & 07777;
    const mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

/* A new file in the folder of the target. */
static int open_temporary(struct output *output)
{
    const size_t size = strlen(output->target) + sizeof ".XXXXXX";
    output->temporary = malloc(size);
    if (output->temporary == NULL)
        return -1;
    snprintf(output->temporary, size, "%s.XXXXXX", output->target);
    const int fd = mkstemp(output->temporary);
    if (fd >= 0 && fchmod(fd, mode_for(output->target)) == 0)
        return fd;
    const int error = errno;
    if (fd >= 0) {
        close(fd);
        unlink(output->temporary);
    }
    free(output->temporary);
    output->temporary = NULL;
    errno = error;
    return -1;
}

static int open_descriptor(struct output *output)
{
    output->target = replaceable(output->path);
    if (output->target != NULL) {
        /* An old file that must be kept as it is until the end; without leave to
         * write it, or to make another in its folder, it is not replaced. */
        if (access(output->target, F_OK) == 0 && access(output->target, W_OK) != 0)
            return -1;
        const int fd = open_temporary(output), error = errno;
        if (fd >= 0)
            return fd;
        if (access(output->target, F_OK) != 0) {
            errno = error;
            return -1;
        }
    }
    return open(output->path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0666);
}

static void discard(struct output *output)
{
    if (output->temporary != NULL)
        unlink(output->temporary);
    free(output->temporary);
    free(output->target);
    free(output->path);
    free(output);
}

struct output *output_open(const char *path)
{
    struct output *output = calloc(1, sizeof *output);
    int fd = -1;
    if (output == NULL || (output->path = strdup(path)) == NULL) {
        free(output);
        output_failed(path, ENOMEM);
        return NULL;
    }
    if (strcmp(path, "-") == 0)
        output->file = stdout;
    else if ((fd = open_descriptor(output)) >= 0) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        if (ends_with(path, ".gz"))
            output->packed = gzdopen(fd, "wb");
        else
            output->file = fdopen(fd, "wb");
    }
    if (output->file != NULL || output->packed != NULL)
        return output;
    output_failed(path, fd >= 0 ? ENOMEM : errno);
    if (fd >= 0)
        close(fd);
    discard(output);
    return NULL;
}

bool output_write(struct output *output, const void *data, size_t size)
{
    const size_t chunk = (size_t)1 << 30; /* gzwrite counts in int */
    if (output->file != NULL) {
        if (output->error == 0 && fwrite(data, 1, size, output->file) != size)
            note(output, errno);
        return output->error == 0;
    }
    for (const char *at = data; size > 0 && output->error == 0;) {
        const unsigned part = (unsigned)(size < chunk ? size : chunk);
        if (gzwrite(output->packed, at, part) != (int)part)
            note(output, errno);
        at += part;
        size -= part;
    }
    return output->error == 0;
}

bool output_text(struct output *output, const char *text)
{
    return output_write(output, text, strlen(text));
}

/* Everything to the disk before the name changes hands: some file systems tell
 * only then that they are full. */
static void end_file(struct output *output)
{
    if (fflush(output->file) != 0 || ferror(output->file))
        note(output, errno);
    if (output->file == stdout)
        return;
    if (output->temporary != NULL && fsync(fileno(output->file)) != 0 && errno != EINVAL)
        note(output, errno);
    if (fclose(output->file) != 0)
        note(output, errno);
}

bool output_close(struct output *output, bool complete)
{
    if (output->file != NULL)
        end_file(output);
    else if (gzclose(output->packed) != Z_OK)
        note(output, errno);
    if (complete && output->error == 0 && output->temporary != NULL) {
        if (rename(output->temporary, output->target) != 0) {
            note(output, errno);
        } else {
            free(output->temporary);
            output->temporary = NULL;
        }
    }
    if (output->error != 0)
        output_failed(output->path, output->error);
    const bool done = complete && output->error == 0;
    discard(output);
    return done;
}

bool output_check(const char *path)
{
    struct stat status;
    struct output *output;
    if (strcmp(path, "-") == 0)
        return true;
    char *target = replaceable(path);
    const bool in_place = target == NULL || access(target, F_OK) == 0;
    free(target);
    if (in_place) {
        /* Opening what exists would cut it off, or wait for a pipe's reader. */
        if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
            return output_failed(path, EISDIR);
        return access(path, W_OK) == 0 || output_failed(path, errno);
    }
    output = output_open(path);
    if (output != NULL)
        output_close(output, false);
    return output != NULL;
}
