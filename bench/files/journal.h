/* SPDX-License-Identifier: Apache-2.0 */
/* Finished rows on disk, so that nothing that ends a run loses them. */
#ifndef BENCH_JOURNAL_H
#define BENCH_JOURNAL_H

#include "record.h"

struct journal;

/* What a journal holds of a run that was not completed. */
struct earlier {
    const char *path;
    struct record record; /* rows that were not finished are HCB_SKIPPED */
    size_t planned;       /* rows */
    bool *ended;          /* of each row: its case was measured as a whole */
    size_t whole;         /* bytes up to the end of the last whole line */
    size_t size;          /* bytes of the file */
};

/* Opens the journal of a run: `path`, or a new file below $XDG_STATE_HOME/hcbench
 * (~/.local/state/hcbench).  NULL after one line on stderr; *fatal tells whether
 * the user named the file and so cannot do without. */
struct journal *journal_open(const struct record *record, const char *path, bool *fatal);
/* Opens the journal that was read, to append to it; the last of its record's
 * `resumed` is now.  NULL after one line on stderr. */
struct journal *journal_continue(const struct earlier *earlier);
/* Names the rows of the record that came since it was opened, before they are
 * measured. */
void journal_plan(struct journal *journal, const struct record *record);
/* Appends the rows that measured the roofs, in place of those that it had. */
void journal_add_roofs(struct journal *journal, const struct record *record);
/* Appends a row of the record and waits until it is on disk. */
void journal_add(struct journal *journal, const struct record *record, const struct hcb_result *result);
/* Tells that the rows of a case, `count` from `first` on, are finished and compared
 * with each other, and what is read of their devices. */
void journal_end_case(struct journal *journal, const struct record *record,
                      const struct hcb_result *first, size_t count);
/* Closes it; removes it after a completed run, names it on stderr after an
 * unfinished one.  Accepts NULL. */
void journal_close(struct journal *journal, bool completed);

/* Reads a journal.  A last line that was torn is left out.  False, with the record
 * empty, after one line on stderr as from record_read. */
bool journal_read(struct earlier *earlier, const char *path);
void journal_forget(struct earlier *earlier);
/* Takes over what was finished into the record of the run that goes on, which has
 * its devices and rows; cases that were not measured as a whole are not, since rows
 * that are compared must have been measured together.  Roofs are taken over: they are
 * the machine's.  Machine, variables, devices,
 * drivers and rows must be those of the journal, else false after one line on stderr
 * that says what differs. */
bool journal_take_over(struct record *record);
/* The same for the case that a search has just planned, from row `first` on: *taken
 * tells whether the journal had it as a whole.  False after one line on stderr when
 * the journal has other rows there. */
bool journal_take_case(struct record *record, size_t first, bool *taken);

#endif
