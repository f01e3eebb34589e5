/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/sheet.h"

/* -------------------------------------------------------------------- tables */

void sheet_begin_table(struct sheet *sheet, const char *label, const struct head_cell *cells, size_t count)
{
    struct html *html = &sheet->html;
    html_begin(html, "div", "class", "scroll", "tabindex", "0", "role", "region", "aria-label", label, NULL);
    html_begin(html, "table", NULL);
    html_begin(html, "thead", NULL);
    html_begin(html, "tr", NULL);
    for (size_t i = 0; i < count; i++)
        html_element(html, "th", cells[i].number ? "n" : NULL, cells[i].text);
    html_end(html);
    html_end(html);
    html_begin(html, "tbody", NULL);
}

void sheet_end_table(struct sheet *sheet)
{
    html_end(&sheet->html);
    html_end(&sheet->html);
    html_end(&sheet->html);
}

void sheet_group(struct sheet *sheet, size_t count, const char *text)
{
    char columns[24];
    snprintf(columns, sizeof columns, "%zu", count);
    html_begin(&sheet->html, "tr", "class", "group", NULL);
    html_begin(&sheet->html, "th", "colspan", columns, "scope", "rowgroup", NULL);
    html_text(&sheet->html, text);
    html_end(&sheet->html);
    html_end(&sheet->html);
}

void sheet_cell(struct sheet *sheet, const char *text)
{
    html_element(&sheet->html, "td", NULL, text);
}

void sheet_number(struct sheet *sheet, double value, int digits, const char *unit)
{
    char text[NUMBER_SIZE + 72] = "", number[NUMBER_SIZE];
    if (isfinite(value))
        snprintf(text, sizeof text, "%s%s%.64s", number_rounded(value, digits, number),
                 unit != NULL ? " " : "", unit != NULL ? unit : "");
    html_element(&sheet->html, "td", "n", text);
}

void sheet_seconds(struct sheet *sheet, double seconds)
{
    char text[NUMBER_SIZE] = "";
    if (isfinite(seconds))
        number_seconds(seconds, text);
    html_element(&sheet->html, "td", "n", text);
}

char *ratio_text(double ratio, char text[NUMBER_SIZE])
{
    return number_rounded(ratio, ratio < 1 ? 2 : 3, text);
}

void sheet_ratio(struct sheet *sheet, const struct hcb_ratio *ratio)
{
    struct html *html = &sheet->html;
    char low[NUMBER_SIZE], high[NUMBER_SIZE];
    html_begin(html, "td", "class", "n x", NULL);
    if (isfinite(ratio->ratio))
        html_format(html, "%s\u00d7 ", ratio_text(ratio->ratio, low));
    html_begin(html, "span", "class", "ci", NULL);
    if (isfinite(ratio->ci95_low) && isfinite(ratio->ci95_high))
        html_format(html, "%s\u2013%s", ratio_text(ratio->ci95_low, low), ratio_text(ratio->ci95_high, high));
    html_end(html);
    html_end(html);
}

/* --------------------------------------------------------------------- plots */

static void write_key(struct html *html, const struct key *key)
{
    static const char *const lines[] = {
        [KEY_LINE] = "\u2014", [KEY_POINT] = "", [KEY_AREA] = "\u25ac", [KEY_ROOF] = "\u2014", [KEY_BREAK_EVEN] = "\u250a"};
    char class[8];
    snprintf(class, sizeof class, "c%u", key->color);
    html_begin(html, "li", NULL);
    html_begin(html, "span", "class", class, "aria-hidden", "true", NULL);
    html_text(html, lines[key->kind]);
    if (key->kind == KEY_LINE || key->kind == KEY_POINT)
        html_text(html, plot_mark(key->mark));
    html_end(html);
    html_text(html, " ");
    html_text(html, key->label);
    html_end(html);
}

static void write_form(struct html *html, const struct plot *plot, enum plot_form form)
{
    char width[16], height[16], box[48];
    snprintf(width, sizeof width, "%d", form == PLOT_WIDE ? PLOT_WIDTH : PLOT_WIDTH_NARROW);
    snprintf(height, sizeof height, "%u", plot_height(plot, form));
    snprintf(box, sizeof box, "0 0 %s %s", width, height);
    html_begin(html, "svg", "class", form == PLOT_WIDE ? "wide" : "narrow", "viewBox", box, "width", width,
               "height", height, "role", "img", "aria-label", plot->title, NULL);
    html_markup(html, plot->svg[form]);
    html_end(html);
}

void sheet_plot(struct sheet *sheet, const struct plot *plot)
{
    struct html *html = &sheet->html;
    if (plot->svg[PLOT_WIDE] == NULL || plot->svg[PLOT_NARROW] == NULL)
        return;
    html_begin(html, "figure", "id", plot->name, NULL);
    html_begin(html, "figcaption", NULL);
    html_text(html, plot->title);
    if (plot->note != NULL)
        html_element(html, "span", "under", plot->note);
    html_end(html);
    write_form(html, plot, PLOT_WIDE);
    write_form(html, plot, PLOT_NARROW);
    html_begin(html, "ul", "class", "key", NULL);
    for (int marks = 0; marks < 2; marks++)
        for (size_t i = 0; i < plot->key_count; i++)
            if ((plot->keys[i].kind == KEY_BREAK_EVEN) == marks)
                write_key(html, &plot->keys[i]);
    if (plot->left_out > 0) {
        html_begin(html, "li", NULL);
        html_format(html, "%u more in the table", plot->left_out);
        html_end(html);
    }
    html_end(html);
    html_end(html);
}
