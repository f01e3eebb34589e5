/* SPDX-License-Identifier: Apache-2.0 */
/* A journal is JSON lines: a head that names the format and the command, then
 * each finished row as in the result file. */
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

#include "journal.h"
#include "members.h"

struct journal {
    FILE *file;
    char path[4096];
    size_t rows;
    bool failed;
};

static bool make_folders(char *path)
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
    return length > 0 && (size_t)length < size && make_folders(path);
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

static json_t *head(const struct record *record)
{
    json_t *command = json_array();
    for (size_t i = 0; i < record->command.count; i++)
        json_array_append_new(command, json_words(record->command.list[i]));
    return json_pack("{s:s, s:i, s:s, s:s, s:o}", "format", "hcbench-journal", "format_version", 1,
                     "hcbench", hcb_version(), "started", record->started, "command", command);
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
        free(journal);
        return NULL;
    }
    /* A new file, always: it is removed in the end. */
    const int descriptor = open(journal->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    journal->file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (journal->file == NULL || !write_line(journal, head(record))) {
        fprintf(stderr, "hcbench: no journal: cannot write %s: %s\n", journal->path, strerror(errno));
        if (journal->file != NULL)
            fclose(journal->file);
        free(journal);
        return NULL;
    }
    return journal;
}

void journal_add(struct journal *journal, const struct hcb_result *result)
{
    if (journal == NULL || journal->failed)
        return;
    if (write_line(journal, record_result_json(result, true))) {
        journal->rows++;
        return;
    }
    fprintf(stderr, "hcbench: the journal ends here: cannot write %s: %s\n", journal->path,
            strerror(errno));
    journal->failed = true;
}

void journal_close(struct journal *journal, bool completed)
{
    if (journal == NULL)
        return;
    fclose(journal->file);
    if (completed || journal->rows == 0)
        unlink(journal->path);
    else
        fprintf(stderr, "hcbench: the finished rows are in %s\n", journal->path);
    free(journal);
}
