/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison as JSON and CSV, all rows.  hcbench(1) describes both. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compare/compare.h"
#include "files/csv.h"
#include "files/json.h"
#include "files/members.h"
#include "files/output.h"

/* ------------------------------------------------------------------------- JSON */

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(object, name, json_words(text));
}

static void set_number(json_t *object, const char *name, double number)
{
    if (isfinite(number))
        json_object_set_new(object, name, json_real(number));
}

static json_t *change_json(const struct change *change)
{
    json_t *object = json_object();
    set_text(object, "verdict", verdict_name(change->verdict));
    set_text(object, "reason", change->reason);
    set_number(object, "base_s", change->base_s);
    set_number(object, "new_s", change->new_s);
    set_number(object, "ratio", change->speed.ratio);
    if (isfinite(change->speed.ci95_low)) {
        json_object_set_new(object, "ci95", json_pack("[f, f]", change->speed.ci95_low,
                                                      change->speed.ci95_high));
        json_object_set_new(object, "all_ci95", json_pack("[f, f]", change->all_low, change->all_high));
    }
    return object;
}

static json_t *shape_json(const struct hcb_case *task)
{
    json_t *shape = json_object();
    if (hcb_op_rank(task->op) == 3)
        json_object_set_new(shape, "m", json_integer((json_int_t)task->shape.m));
    json_object_set_new(shape, "n", json_integer((json_int_t)task->shape.n));
    if (hcb_op_rank(task->op) == 3)
        json_object_set_new(shape, "k", json_integer((json_int_t)task->shape.k));
    return shape;
}

static json_t *row_json(const struct comparison_row *row)
{
    const struct hcb_result *result = row->now != NULL ? row->now : row->base;
    json_t *object = json_object();
    set_text(object, "verdict", verdict_name(row->verdict));
    set_text(object, "reason", row->reason);
    if (row->base != NULL)
        json_object_set_new(object, "base", json_pack("{s:s, s:s}", "device", row->base->device, "status",
                                                      hcb_status_name(row->base->status)));
    if (row->now != NULL)
        json_object_set_new(object, "new", json_pack("{s:s, s:s}", "device", row->now->device, "status",
                                                     hcb_status_name(row->now->status)));
    set_text(object, "op", hcb_op_name(result->task.op));
    set_text(object, "impl", hcb_impl_name(result->task.impl));
    set_text(object, "precision", hcb_precision_name(result->task.precision));
    if (result->task.sum != HCB_SUM_PLAIN)
        set_text(object, "sum", hcb_sum_name(result->task.sum));
    json_object_set_new(object, "shape", shape_json(&result->task));
    if (result->task.scale != 0)
        json_object_set_new(object, "scale", json_integer(result->task.scale));
    set_text(object, "clock", row->clock);
    if (row->time.exists)
        json_object_set_new(object, "time", change_json(&row->time));
    if (row->end_to_end.exists)
        json_object_set_new(object, "end_to_end", change_json(&row->end_to_end));
    return object;
}

static json_t *file_json(const struct record *record)
{
    json_t *object = json_object();
    set_text(object, "started", record->started);
    set_text(object, "host", record->environment.host);
    set_text(object, "hcbench", record->version);
    return object;
}

static json_t *counts_json(const size_t *counts)
{
    json_t *object = json_object();
    for (unsigned verdict = 0; verdict < VERDICT_COUNT; verdict++)
        json_object_set_new(object, verdict_name(verdict), json_integer((json_int_t)counts[verdict]));
    return object;
}

static json_t *notes_json(const struct comparison *c)
{
    json_t *array = json_array();
    for (size_t i = 0; i < c->note_count; i++) {
        json_t *note = json_object();
        set_text(note, "kind", c->notes[i].kind);
        set_text(note, "text", c->notes[i].text);
        json_array_append_new(array, note);
    }
    return array;
}

/* NULL when memory is short. */
static json_t *comparison_json(const struct comparison *c)
{
    json_t *document = json_pack("{s:s, s:i, s:{s:s}}", "format", "hcbench-comparison", "format_version",
                                 1, "hcbench", "version", hcb_version()),
           *rows = json_array();
    bool whole = document != NULL && rows != NULL;
    for (size_t i = 0; i < c->row_count && whole; i++)
        whole = json_array_append_new(rows, row_json(&c->rows[i])) == 0;
    if (!whole) {
        json_decref(rows);
        json_decref(document);
        return NULL;
    }
    json_object_set_new(document, "threshold_percent", json_real(c->threshold));
    json_object_set_new(document, "base", file_json(c->base));
    json_object_set_new(document, "new", file_json(c->now));
    json_object_set_new(document, "counts", counts_json(c->counts));
    json_object_set_new(document, "end_to_end_counts", counts_json(c->end_to_end_counts));
    json_object_set_new(document, "notes", notes_json(c));
    json_object_set_new(document, "rows", rows);
    return document;
}

bool compare_write_json(const struct comparison *comparison, const char *path)
{
    return json_write(comparison_json(comparison), path);
}

/* -------------------------------------------------------------------------- CSV */

static void write_count(struct output *output, uint64_t count)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, count);
    output_text(output, text);
}

/* "device,status," */
static void write_side(struct output *output, const struct hcb_result *result)
{
    csv_text(output, result != NULL ? result->device : "");
    output_text(output, ",");
    csv_text(output, result != NULL ? hcb_status_name(result->status) : "");
    output_text(output, ",");
}

/* "op,impl,precision,shape.m,shape.n,shape.k," */
static void write_case(struct output *output, const struct hcb_case *task)
{
    const char *const words[] = {hcb_op_name(task->op), hcb_impl_name(task->impl),
                                 hcb_precision_name(task->precision)};
    for (size_t i = 0; i < 3; i++) {
        csv_text(output, words[i]);
        output_text(output, ",");
    }
    if (hcb_op_rank(task->op) == 3)
        write_count(output, task->shape.m);
    output_text(output, ",");
    write_count(output, task->shape.n);
    output_text(output, ",");
    if (hcb_op_rank(task->op) == 3)
        write_count(output, task->shape.k);
    output_text(output, ",");
}

/* ",verdict,base_s,new_s,ratio,ci95.0,ci95.1" */
static void write_change(struct output *output, const struct change *change)
{
    const double numbers[] = {change->base_s, change->new_s, change->speed.ratio,
                              change->speed.ci95_low, change->speed.ci95_high};
    output_text(output, ",");
    if (change->exists)
        output_text(output, verdict_name(change->verdict));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        output_text(output, ",");
        if (change->exists)
            csv_number(output, numbers[i]);
    }
}

static void write_row(struct output *output, const struct comparison_row *row)
{
    const struct hcb_case *task = &(row->now != NULL ? row->now : row->base)->task;
    csv_text(output, verdict_name(row->verdict));
    output_text(output, ",");
    write_side(output, row->base);
    write_side(output, row->now);
    write_case(output, task);
    csv_text(output, row->clock);
    write_change(output, &row->time);
    write_change(output, &row->end_to_end);
    output_text(output, ",");
    csv_text(output, row->reason);
    output_text(output, ",");
    if (task->sum != HCB_SUM_PLAIN)
        csv_text(output, hcb_sum_name(task->sum));
    output_text(output, ",");
    if (task->scale != 0)
        csv_number(output, task->scale);
    output_text(output, "\n");
}

bool compare_write_csv(const struct comparison *comparison, const char *path)
{
    static const char head[] =
        "verdict,base.device,base.status,new.device,new.status,op,impl,precision,shape.m,shape.n,"
        "shape.k,clock,time.verdict,time.base_s,time.new_s,time.ratio,time.ci95.0,time.ci95.1,"
        "end_to_end.verdict,end_to_end.base_s,end_to_end.new_s,end_to_end.ratio,end_to_end.ci95.0,"
        "end_to_end.ci95.1,reason,sum,scale\n";
    struct output *output = output_open(path);
    if (output == NULL)
        return false;
    output_text(output, head);
    for (size_t i = 0; i < comparison->row_count; i++)
        write_row(output, &comparison->rows[i]);
    return output_close(output, true);
}
