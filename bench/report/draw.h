/* SPDX-License-Identifier: Apache-2.0 */
/* Has gnuplot draw: in a folder of its own that is removed in the end, without a
 * shell, within a time.  Knows nothing of what is drawn. */
#ifndef BENCH_DRAW_H
#define BENCH_DRAW_H

#include <stdbool.h>
#include <stddef.h>

enum { DRAW_REASON = 320 };

struct studio {
    char *folder;
    double timeout_s;
    bool closed;            /* gnuplot is missing or hangs: no further try */
    char reason[DRAW_REASON]; /* of the last failure; "" when there was none */
};

/* Makes the folder.  False, with a reason, when that is not possible. */
bool studio_open(struct studio *studio, double timeout_s);
void studio_close(struct studio *studio);

/* Writes a file into the folder. */
bool studio_write(struct studio *studio, const char *name, const char *text);
/* Runs gnuplot on a script that studio_write made, with the folder as its working
 * directory and the user's settings left out.  False, with a reason, when it is not
 * there, fails, or takes too long. */
bool studio_draw(struct studio *studio, const char *script);
/* The content of a file, malloc'ed, with a NUL behind it; NULL, with a reason, when
 * there is none or it is empty. */
char *studio_read(struct studio *studio, const char *name, size_t *size);

#endif
