/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as text, the same in every locale: with a '.', without grouping. */
#ifndef BENCH_NUMBERS_H
#define BENCH_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NUMBER_SIZE = 40 }; /* room for any of the texts below */

enum number_check { NUMBER_GOOD, NUMBER_BAD, NUMBER_TOO_LARGE };

/* Reads a whole number of digits alone at *text and moves *text behind it.
 * NUMBER_TOO_LARGE past INT64_MAX, the most that a JSON integer holds. */
enum number_check number_read_whole(const char **text, uint64_t *value);
/* Reads all of `text` as a finite decimal number, "0.5" or "1e-3". */
bool number_read(const char *text, double *value);

/* Each writes a finite number to `text` of NUMBER_SIZE bytes and returns it. */

/* The shortest text that reads back as the same double. */
char *number_exact(double value, char *text);
/* Rounded to `digits` significant digits: "355.1", "0.0123", "1.2e-07". */
char *number_rounded(double value, int digits, char *text);
/* "1.23 ms", with the unit that suits. */
char *number_seconds(double seconds, char *text);
/* "15.6 GiB" */
char *number_bytes(double bytes, char *text);

#endif
