/* SPDX-License-Identifier: Apache-2.0 */
/* Catches what a function under test prints on stdout and stderr. */
#ifndef TESTS_CAPTURE_H
#define TESTS_CAPTURE_H

struct captured {
    char *out, *err; /* malloc'ed */
};

/* From here on stdout and stderr go to temporary files. */
void capture_begin(void);
/* Puts both back and returns what was printed. */
struct captured capture_end(void);
void captured_free(struct captured *captured);

#endif
