/* SPDX-License-Identifier: Apache-2.0 */
/* What a file may cost its reader; record.h has the reader. */
#ifndef BENCH_READ_H
#define BENCH_READ_H

#include <stddef.h>

#include "files/text.h"
#include "record.h"

struct read_limits {
    size_t bytes;  /* of the text, unpacked */
    size_t nested; /* objects and arrays; each costs some 200 bytes */
    size_t values; /* each costs some 40 bytes */
    size_t rows;   /* each costs sizeof(struct hcb_result) */
    size_t compared; /* samples behind speedups; each costs some 5 us for the intervals */
};
extern const struct read_limits read_usual_limits;

/* A cheap look before a tree of the text is made: a hostile file of few bytes may
 * stand for a tree that fills the memory. */
bool read_is_affordable(const struct text *text, const struct read_limits *limits);

bool record_read_within(struct record *record, const char *path, const struct read_limits *limits);

#endif
