/* SPDX-License-Identifier: Apache-2.0 */
/* Finished rows on disk, so that nothing that ends a run loses them. */
#ifndef BENCH_JOURNAL_H
#define BENCH_JOURNAL_H

#include "record.h"

struct journal;

/* Opens the journal of a run: `path`, or a new file below $XDG_STATE_HOME/hcbench
 * (~/.local/state/hcbench).  NULL after one line on stderr; *fatal tells whether
 * the user named the file and so cannot do without. */
struct journal *journal_open(const struct record *record, const char *path, bool *fatal);
/* Appends a row and waits until it is on disk. */
void journal_add(struct journal *journal, const struct hcb_result *result);
/* Closes it; removes it after a completed run, names it on stderr after an
 * unfinished one.  Accepts NULL. */
void journal_close(struct journal *journal, bool completed);

#endif
