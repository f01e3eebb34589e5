/* SPDX-License-Identifier: Apache-2.0 */
/* A file to write: stdout for "-", compressed for ".gz", whole or not at all.
 *
 * A regular file is written beside its name and takes it at the end, so that a
 * full disk or an interruption leaves the old one.  SIGPIPE must be ignored. */
#ifndef BENCH_OUTPUT_H
#define BENCH_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

struct output;

/* NULL after one line on stderr. */
struct output *output_open(const char *path);
/* False once a write has failed; output_close tells why. */
bool output_write(struct output *output, const void *data, size_t size);
bool output_text(struct output *output, const char *text);
/* Ends the output and frees it.  False, after one line on stderr, when it could
 * not be written whole; so also for `complete` false, without a line. */
bool output_close(struct output *output, bool complete);

/* Makes the folders that `path` leads through, for this user alone.  False, with errno,
 * when one cannot be made. */
bool output_make_folders(char *path);

/* Tells early, before anything is measured, whether `path` can be opened.  False
 * after one line on stderr.  Leaves no trace. */
bool output_check(const char *path);

/* Do two names stand for one file or pipe, now or once it is written?  Links are
 * followed. */
bool output_is_same(const char *a, const char *b);

/* Prints "hcbench: cannot write PATH: what errno `error` means" on stderr and
 * returns false. */
bool output_failed(const char *path, int error);

#endif
