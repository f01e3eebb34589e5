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

#include "files/output.h"
#include "files/text.h"

struct output {
    char *path;   /* as the user wrote it */
    char *target; /* the regular file to replace; NULL: written in place */
    char *temporary;
    int descriptor; /* beside those of the streams, for what they cannot do; -1: stdout */
    FILE *file;     /* plain */
    gzFile packed;  /* compressed */
    int error;     /* errno of the first failure */
};

bool output_failed(const char *path, int error)
{
    text_say("cannot write %s: %s", strcmp(path, "-") == 0 ? "to stdout" : path,
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

static bool is_of_system(const char *path)
{
    return strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0;
}

/* What the symbolic link at `path` names; malloc'ed, NULL when it is none or memory
 * is short. */
static char *linked(const char *path)
{
    char target[4096];
    const char *slash = strrchr(path, '/');
    const ssize_t length = readlink(path, target, sizeof target - 1);
    if (length <= 0)
        return NULL;
    target[length] = '\0';
    const int folder = target[0] != '/' && slash != NULL ? (int)(slash + 1 - path) : 0;
    const size_t size = (size_t)folder + (size_t)length + 1;
    char *name = malloc(size);
    if (name != NULL)
        snprintf(name, size, "%.*s%s", folder, path, target);
    return name;
}

/* The regular file behind `path`, links followed, or the name that it will have;
 * NULL for what must be written in place: devices, pipes, and names of open files
 * (/dev/stdout). */
static char *replaceable(const char *path)
{
    enum { LINKS_MAX = 40 }; /* as Linux */
    struct stat status;
    char *name = strdup(path);
    for (int i = 0; i < LINKS_MAX && name != NULL && !is_of_system(name); i++) {
        char *next = linked(name);
        if (next == NULL) {
            const bool is_there = lstat(name, &status) == 0;
            if (is_there ? S_ISREG(status.st_mode) : errno == ENOENT)
                return name;
            break;
        }
        free(name);
        name = next;
    }
    free(name);
    return NULL;
}

/* The folder that a file is in, without links; malloc'ed. */
static char *folder_of(const char *path)
{
    char *copy = strdup(path);
    char *slash = copy != NULL ? strrchr(copy, '/') : NULL;
    if (slash != NULL)
        slash[slash == copy] = '\0';
    char *folder = copy != NULL ? realpath(slash != NULL ? copy : ".", NULL) : NULL;
    free(copy);
    return folder;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Will two names that lead to no file yet lead to one? */
static bool same_new_file(const char *a, const char *b)
{
    char *name_a = replaceable(a), *name_b = replaceable(b);
    char *folder_a = name_a != NULL ? folder_of(name_a) : NULL,
         *folder_b = name_b != NULL ? folder_of(name_b) : NULL;
    const bool same = folder_a != NULL && folder_b != NULL && strcmp(folder_a, folder_b) == 0 &&
                      strcmp(last_part(name_a), last_part(name_b)) == 0;
    free(name_a);
    free(name_b);
    free(folder_a);
    free(folder_b);
    return same;
}

static bool look_up(const char *path, struct stat *status)
{
    return (strcmp(path, "-") == 0 ? fstat(STDOUT_FILENO, status) : stat(path, status)) == 0;
}

bool output_is_same(const char *a, const char *b)
{
    struct stat of_a, of_b;
    const bool has_a = look_up(a, &of_a), has_b = look_up(b, &of_b);
    if (strcmp(a, b) == 0)
        return true;
    if (has_a && has_b)
        return of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino &&
               (S_ISREG(of_a.st_mode) || S_ISFIFO(of_a.st_mode));
    return !has_a && !has_b && same_new_file(a, b);
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
    if (output->descriptor >= 0)
        close(output->descriptor);
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
    output->descriptor = -1;
    if (strcmp(path, "-") == 0)
        output->file = stdout;
    else if ((output->descriptor = open_descriptor(output)) >= 0 &&
             fcntl(output->descriptor, F_SETFD, FD_CLOEXEC) == 0 &&
             (fd = fcntl(output->descriptor, F_DUPFD_CLOEXEC, 0)) >= 0) {
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
    if (output->packed != NULL) {
        if (gzclose(output->packed) != Z_OK)
            note(output, errno);
    } else {
        if (fflush(output->file) != 0 || ferror(output->file))
            note(output, errno);
        if (output->file != stdout && fclose(output->file) != 0)
            note(output, errno);
    }
    if (output->temporary != NULL && fsync(output->descriptor) != 0 && errno != EINVAL)
        note(output, errno);
}

bool output_close(struct output *output, bool complete)
{
    end_file(output);
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

bool output_make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        const bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made)
            return false;
    }
    return true;
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
