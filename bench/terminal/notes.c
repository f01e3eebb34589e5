/* SPDX-License-Identifier: Apache-2.0 */
/* Groups what rows have to say by its text, in the order of first appearance. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terminal/notes.h"

/* Rows that differ in their shape alone. */
struct item {
    const struct hcb_result *row;
    size_t rows;
    bool printed;
};

struct group {
    const char *text;
    struct item *items;
    size_t count;
};

struct groups {
    struct group *list;
    size_t count;
    bool failed;
};

/* One kind of text: the `index`th that a row has, NULL past the last. */
struct kind {
    const char *label;
    const char *(*text)(const struct hcb_result *row, unsigned index);
    bool same_but_numbers; /* texts that differ in figures are one */
};

/* ------------------------------------------------------------------- grouping */

static const char *skip_number(const char *text)
{
    return text + strspn(text, "0123456789.");
}

static bool same_text(const char *a, const char *b, bool but_numbers)
{
    if (!but_numbers)
        return strcmp(a, b) == 0;
    for (;; a++, b++) {
        a = skip_number(a);
        b = skip_number(b);
        if (*a != *b)
            return false;
        if (*a == '\0')
            return true;
    }
}

static bool same_but_shape(const struct hcb_result *a, const struct hcb_result *b)
{
    return record_same_kind(&a->task, &b->task) && a->task.impl == b->task.impl &&
           strcmp(a->device, b->device) == 0;
}

static struct group *find_group(struct groups *groups, const char *text, bool but_numbers)
{
    for (size_t i = 0; i < groups->count; i++)
        if (same_text(groups->list[i].text, text, but_numbers))
            return &groups->list[i];
    struct group *larger = realloc(groups->list, (groups->count + 1) * sizeof *larger);
    if (larger == NULL) {
        groups->failed = true;
        return NULL;
    }
    groups->list = larger;
    larger[groups->count] = (struct group){.text = text};
    return &larger[groups->count++];
}

static void add_row(struct groups *groups, struct group *group, const struct hcb_result *row)
{
    for (size_t i = 0; i < group->count; i++)
        if (same_but_shape(group->items[i].row, row)) {
            group->items[i].rows++;
            return;
        }
    struct item *larger = realloc(group->items, (group->count + 1) * sizeof *larger);
    if (larger == NULL) {
        groups->failed = true;
        return;
    }
    group->items = larger;
    larger[group->count++] = (struct item){.row = row, .rows = 1};
}

static struct groups gather(const struct record *record, const struct kind *kind)
{
    struct groups groups = {0};
    for (size_t i = 0; i < record->result_count; i++) {
        const char *text;
        for (unsigned index = 0; (text = kind->text(&record->results[i], index)) != NULL; index++) {
            struct group *group = find_group(&groups, text, kind->same_but_numbers);
            if (group != NULL)
                add_row(&groups, group, &record->results[i]);
        }
    }
    return groups;
}

static void forget(struct groups *groups)
{
    for (size_t i = 0; i < groups->count; i++)
        free(groups->list[i].items);
    free(groups->list);
}

/* ------------------------------------------------------------------- printing */

/* "opencl:0/tile matmul f16, f64, sum f16" */
static void print_who(FILE *out, struct group *group, size_t first)
{
    const struct hcb_result *lead = group->items[first].row;
    char kind[32];
    int op = -1;
    fprintf(out, "%s/%s", lead->device, hcb_impl_name(lead->task.impl));
    for (size_t i = first; i < group->count; i++) {
        struct item *item = &group->items[i];
        const struct hcb_case *task = &item->row->task;
        if (item->printed || task->impl != lead->task.impl ||
            strcmp(item->row->device, lead->device) != 0)
            continue;
        item->printed = true;
        fprintf(out, "%s ", op < 0 ? "" : ",");
        if ((int)task->op != op)
            fprintf(out, "%s ", hcb_op_name(task->op));
        fputs(hcb_kind_text(task, kind, sizeof kind), out);
        op = (int)task->op;
    }
}

/* "opencl:0/tile matmul f16; vulkan:0/tile sum f16", malloc'ed; NULL when memory is
 * short. */
static char *who_text(struct group *group)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    const char *between = "";
    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < group->count; i++)
        if (!group->items[i].printed) {
            fputs(between, out);
            print_who(out, group, i);
            between = "; ";
        }
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static bool use_group(const struct kind *kind, struct group *group, note_use *use, void *closure)
{
    struct note note = {.label = kind->label, .text = group->text};
    for (size_t i = 0; i < group->count; i++)
        note.rows += group->items[i].rows;
    note.alike = kind->same_but_numbers && note.rows > 1;
    char *who = who_text(group);
    if (who == NULL)
        return false;
    note.who = who;
    use(closure, &note);
    free(who);
    return true;
}

/* ---------------------------------------------------------------------- kinds */

static const char *reason_of(const struct hcb_result *row, unsigned index, enum hcb_status status)
{
    if (index > 0 || row->status != status)
        return NULL;
    return row->reason[0] != '\0' ? row->reason : "no reason was given";
}

static const char *unsupported_text(const struct hcb_result *row, unsigned index)
{
    return reason_of(row, index, HCB_UNSUPPORTED);
}

static const char *skipped_text(const struct hcb_result *row, unsigned index)
{
    return reason_of(row, index, HCB_SKIPPED);
}

static const char *note_text(const struct hcb_result *row, unsigned index)
{
    return index == 0 && row->note[0] != '\0' ? row->note : NULL;
}

static const char *tuned_text(const struct hcb_result *row, unsigned index)
{
    return index == 0 && strcmp(row->tuning, "tuned") == 0 ? row->parameters : NULL;
}

static const char *warning_text(const struct hcb_result *row, unsigned index)
{
    return index < sizeof row->warnings / sizeof *row->warnings ? row->warnings[index] : NULL;
}

static const struct kind kinds[] = {
    {"unsupported", unsupported_text, false},
    {"skipped", skipped_text, false},
    {"note", note_text, false},
    {"tuned", tuned_text, false},
    {"warning", warning_text, true},
};
enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

/* The rows behind break-evens are short on purpose, and the intervals account for
 * that: their warnings are counted. */
static void count_warnings(const struct record *record, struct page *page, bool *any)
{
    size_t rows = 0;
    for (size_t i = 0; i < record->result_count; i++)
        rows += warning_text(&record->results[i], 0) != NULL;
    if (rows == 0)
        return;
    fprintf(page->out, "%s%zu row%s with warnings, which --json shows\n", *any ? "" : "\n", rows,
            rows == 1 ? "" : "s");
    *any = true;
}

bool notes_each(const struct record *record, bool warnings, note_use *use, void *closure)
{
    const size_t count = warnings ? KIND_COUNT : KIND_COUNT - 1; /* they are the last */
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        struct groups groups = gather(record, &kinds[i]);
        good &= !groups.failed;
        for (size_t j = 0; j < groups.count; j++)
            good &= use_group(&kinds[i], &groups.list[j], use, closure);
        forget(&groups);
    }
    return good;
}

/* -------------------------------------------------------------------- the page */

struct notes_page {
    struct page *page;
    bool any;
};

/* "LABEL: TEXT (ROWS: WHO)" */
static void print_note(void *closure, const struct note *note)
{
    struct notes_page *notes = closure;
    char *text = NULL, clean[HCB_REASON_SIZE + 8];
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        notes->page->failed = true;
        return;
    }
    if (!notes->any)
        fputc('\n', notes->page->out);
    notes->any = true;
    fprintf(out, "%s: %s%s (%zu row%s: %s)", note->label, page_clip(note->text, clean, sizeof clean),
            note->alike ? ", or alike" : "", note->rows, note->rows == 1 ? "" : "s", note->who);
    if (fclose(out) == 0)
        page_wrap(notes->page, 4, text);
    else
        notes->page->failed = true;
    free(text);
}

void notes_print(const struct record *record, struct page *page)
{
    const bool counts_only = record->breakeven_count > 0;
    struct notes_page notes = {.page = page};
    page->failed |= !notes_each(record, !counts_only, print_note, &notes);
    if (counts_only)
        count_warnings(record, page, &notes.any);
}
