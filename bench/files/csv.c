/* SPDX-License-Identifier: Apache-2.0 */
/* The rows as CSV: the names of the result file with '.', RFC 4180 quoting, an
 * absent metric as an empty field, no samples. */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "breakeven/breakeven.h"
#include "files/csv.h"
#include "files/output.h"
#include "numbers.h"
#include "record.h"

void csv_text(struct output *output, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        output_text(output, text);
        return;
    }
    output_text(output, "\"");
    for (const char *quote; (quote = strchr(text, '"')) != NULL; text = quote + 1) {
        output_write(output, text, (size_t)(quote - text));
        output_text(output, "\"\"");
    }
    output_text(output, text);
    output_text(output, "\"");
}

void csv_number(struct output *output, double number)
{
    char text[NUMBER_SIZE];
    if (isfinite(number))
        output_text(output, number_exact(number, text));
}

/* Warnings in one field, "; " between. */
static void write_lines(struct output *output, char *const *lines)
{
    char text[HCB_WARNINGS_MAX * 300] = "";
    for (; *lines != NULL; lines++) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", used > 0 ? "; " : "", *lines);
    }
    csv_text(output, text);
}

static void write_field(struct output *output, const struct hcb_result *result,
                        const struct hcb_field *field)
{
    const char *member = (const char *)result + field->offset;
    char text[NUMBER_SIZE];
    unsigned word;
    switch (field->kind) {
    case HCB_FIELD_TEXT: csv_text(output, member); break;
    case HCB_FIELD_WORD:
        memcpy(&word, member, sizeof word);
        csv_text(output, field->word(word));
        break;
    case HCB_FIELD_SCALE:
        snprintf(text, sizeof text, "%d", *(const int *)member);
        output_text(output, text);
        break;
    case HCB_FIELD_EXTENT:
        snprintf(text, sizeof text, "%" PRIu64, *(const uint64_t *)member);
        output_text(output, text);
        break;
    case HCB_FIELD_NUMBER:
        output_text(output, number_exact(*(const double *)member, text));
        break;
    case HCB_FIELD_COUNT:
        snprintf(text, sizeof text, "%.0f", *(const double *)member);
        output_text(output, text);
        break;
    case HCB_FIELD_SIZE:
        snprintf(text, sizeof text, "%zu", *(const size_t *)member);
        output_text(output, text);
        break;
    case HCB_FIELD_LINES: write_lines(output, (char *const *)member); break;
    case HCB_FIELD_SAMPLES:
    case HCB_FIELD_ROUNDS: break;
    }
}

/* The header line when `result` is NULL. */
static void write_line(struct output *output, const struct hcb_result *result)
{
    const struct hcb_field *field;
    bool first = true;
    for (unsigned i = 0; (field = hcb_result_field(i)) != NULL; i++) {
        if (field->kind == HCB_FIELD_SAMPLES || field->kind == HCB_FIELD_ROUNDS)
            continue;
        if (!first)
            output_text(output, ",");
        first = false;
        if (result == NULL)
            output_text(output, field->name);
        else if (hcb_result_has(result, field))
            write_field(output, result, field);
    }
    output_text(output, "\n");
}

bool record_write_csv(const struct record *record, const char *path)
{
    struct output *output = output_open(path);
    if (output == NULL)
        return false;
    if (record->breakeven_count > 0) {
        breakeven_write_csv(record, output);
        return output_close(output, true);
    }
    write_line(output, NULL);
    for (size_t i = 0; i < record->result_count; i++)
        write_line(output, &record->results[i]);
    return output_close(output, true);
}
