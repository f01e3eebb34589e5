/* SPDX-License-Identifier: Apache-2.0 */
/* A journal is JSON lines: a head that tells all that the result file does and names
 * the rows that are planned, then each finished row as in the result file, with its
 * index among them, and a line at the end of each case.  Searches plan rows as they
 * go. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "files/journal.h"
#include "files/json.h"
#include "files/output.h"
#include "files/schema.h"
#include "files/text.h"
#include "tune/store.h"

struct journal {
    FILE *file;
    char path[4096];
    size_t rows;
    size_t planned; /* rows of the record that it names */
    bool failed;
};

/* False when the environment names no home. */
static bool default_path(char *path, size_t size)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    const time_t now = time(NULL);
    char stamp[32];
    struct tm utc;
    int length;
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    if (state != NULL && state[0] == '/')
        length = snprintf(path, size, "%s/hcbench/run-%s-%ld.jsonl", state, stamp, (long)getpid());
    else if (home != NULL && home[0] == '/')
        length = snprintf(path, size, "%s/.local/state/hcbench/run-%s-%ld.jsonl", home, stamp,
                          (long)getpid());
    else
        return false;
    return length > 0 && (size_t)length < size && output_make_folders(path);
}

static bool write_line(struct journal *journal, json_t *line)
{
    const bool good = line != NULL &&
                      json_dumpf(line, journal->file, JSON_COMPACT | JSON_REAL_PRECISION(17)) == 0 &&
                      fputc('\n', journal->file) != EOF && fflush(journal->file) == 0 &&
                      (fdatasync(fileno(journal->file)) == 0 || errno == EINVAL || errno == EROFS);
    json_decref(line);
    return good;
}

/* Adds rows, with their samples or without. */
static bool add_rows(json_t *line, const char *name, const struct hcb_result *rows, size_t count,
                     bool samples)
{
    json_t *array = json_array();
    bool whole = true;
    for (size_t i = 0; whole && i < count; i++)
        whole = json_array_append_new(array, record_result_json(&rows[i], samples)) == 0;
    return json_object_set_new(line, name, array) == 0 && whole;
}

/* NULL when memory is short. */
static json_t *head(const struct record *record)
{
    json_t *line = json_pack("{s:s, s:i}", "format", JOURNAL_FORMAT, "format_version", FORMAT_VERSION);
    if (line != NULL && record_add_head(record, line) && record_add_devices(record, line) &&
        (record->tuned == NULL ||
         json_object_set_new(line, "tuned", store_json(record->tuned, record)) == 0) &&
        add_rows(line, "rows", record->results, record->result_count, false))
        return line;
    json_decref(line);
    return NULL;
}

/* Nobody else may append to the journal; the lock goes with the process. */
static bool lock(int descriptor)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(descriptor, F_SETLK, &whole) == 0 || (errno != EACCES && errno != EAGAIN);
}

/* The old journal, cut after its last whole line; -1 after one line on stderr. */
static int open_again(const char *path, size_t whole, size_t size)
{
    struct stat facts;
    char first = '\0';
    const int descriptor = open(path, O_RDWR | O_APPEND | O_NOCTTY | O_CLOEXEC);
    const char *wrong = NULL;
    if (descriptor < 0 || fstat(descriptor, &facts) != 0)
        wrong = strerror(errno);
    else if (!lock(descriptor))
        wrong = "another run is writing it";
    else if ((uint64_t)facts.st_size != size)
        wrong = "it has changed since it was read";
    else if (pread(descriptor, &first, 1, 0) != 1 || first != '{')
        wrong = "it is packed";
    else if (ftruncate(descriptor, (off_t)whole) != 0)
        wrong = strerror(errno);
    if (wrong == NULL)
        return descriptor;
    text_say("cannot continue %s: %s", path, wrong);
    if (descriptor >= 0)
        close(descriptor);
    return -1;
}

static struct journal *journal_end(struct journal *journal)
{
    if (journal->file != NULL)
        fclose(journal->file);
    free(journal);
    return NULL;
}

struct journal *journal_open(const struct record *record, const char *path, bool *fatal)
{
    struct journal *journal = calloc(1, sizeof *journal);
    *fatal = path != NULL;
    if (journal == NULL)
        return NULL;
    if (path != NULL ? snprintf(journal->path, sizeof journal->path, "%s", path) >=
                           (int)sizeof journal->path
                     : !default_path(journal->path, sizeof journal->path)) {
        fprintf(stderr, "hcbench: no journal: there is no folder for it\n");
        return journal_end(journal);
    }
    /* A new file, always: it is removed in the end. */
    const int descriptor = open(journal->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    journal->file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (journal->file == NULL || !lock(descriptor) || !write_line(journal, head(record))) {
        text_say("no journal: cannot write %s: %s", journal->path, strerror(errno));
        return journal_end(journal);
    }
    journal->planned = record->result_count;
    return journal;
}

struct journal *journal_continue(const struct earlier *earlier)
{
    struct journal *journal = calloc(1, sizeof *journal);
    const char *now = earlier->record.resumed.list[earlier->record.resumed.count - 1];
    if (journal == NULL ||
        snprintf(journal->path, sizeof journal->path, "%s", earlier->path) >= (int)sizeof journal->path) {
        text_say("cannot continue %s: its name is too long", earlier->path);
        free(journal);
        return NULL;
    }
    const int descriptor = open_again(earlier->path, earlier->whole, earlier->size);
    journal->file = descriptor >= 0 ? fdopen(descriptor, "a") : NULL;
    journal->rows = 1; /* it is kept in any case */
    journal->planned = earlier->planned;
    if (journal->file == NULL)
        return journal_end(journal);
    if (!write_line(journal, json_pack("{s:s}", "resumed", now))) {
        text_say("cannot continue %s: %s", journal->path, strerror(errno));
        return journal_end(journal);
    }
    return journal;
}

/* Appends a line; the first failure is the last. */
static void append(struct journal *journal, json_t *line)
{
    if (journal == NULL || journal->failed) {
        json_decref(line);
    } else if (!write_line(journal, line)) {
        text_say("the journal ends here: cannot write %s: %s", journal->path,
                 strerror(errno));
        journal->failed = true;
    }
}

/* NULL for rows of which one did not fit into memory. */
static json_t *rows_line(const char *name, const struct hcb_result *rows, size_t count, bool samples)
{
    json_t *line = json_object();
    if (add_rows(line, name, rows, count, samples))
        return line;
    json_decref(line);
    return NULL;
}

void journal_plan(struct journal *journal, const struct record *record)
{
    if (journal == NULL || journal->planned >= record->result_count)
        return;
    append(journal, rows_line("rows", record->results + journal->planned,
                              record->result_count - journal->planned, false));
    journal->planned = record->result_count;
}

void journal_add_roofs(struct journal *journal, const struct record *record)
{
    append(journal, rows_line("roofline", record->roofline, record->roofline_count, true));
}

/* Index among the planned rows. */
static json_int_t index_of(const struct record *record, const struct hcb_result *result)
{
    return (json_int_t)(result - record->results);
}

void journal_add(struct journal *journal, const struct record *record, const struct hcb_result *result)
{
    json_t *line = record_result_json(result, true);
    if (line != NULL)
        json_object_set_new(line, "index", json_integer(index_of(record, result)));
    append(journal, line);
    if (journal != NULL)
        journal->rows++;
}

static void append_member(json_t *array, const json_t *row, const char *name)
{
    json_t *member = json_object_get(row, name);
    json_array_append_new(array, member != NULL ? json_incref(member) : json_null());
}

void journal_end_case(struct journal *journal, const struct record *record,
                      const struct hcb_result *first, size_t count)
{
    json_t *speedups = json_array(), *warnings = json_array(), *sensors = json_object();
    for (size_t i = 0; i < count; i++) {
        const struct device_record *device = record_device(record, first[i].device);
        json_t *row = record_result_json(&first[i], false);
        append_member(speedups, row, "speedup");
        append_member(warnings, row, "warnings");
        json_decref(row);
        json_object_set_new(sensors, first[i].device, record_sensors_json(&device->sensors));
    }
    append(journal, json_pack("{s:I, s:o, s:o, s:o}", "end_of_case", index_of(record, first),
                              "speedups", speedups, "warnings", warnings, "sensors", sensors));
}

void journal_close(struct journal *journal, bool completed)
{
    if (journal == NULL)
        return;
    fclose(journal->file);
    if (completed || journal->rows == 0)
        unlink(journal->path);
    else
        text_say("the finished rows are in %s; 'hcbench --resume %s' measures the rest",
                 journal->path, journal->path);
    free(journal);
}
