/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "measure/progress.h"

static bool shown;
static size_t total;

void progress_begin(bool wanted, size_t rows)
{
    shown = wanted && isatty(STDERR_FILENO);
    total = rows;
}

void progress_show(size_t done, const struct hcb_result *result, const char *phase)
{
    char text[128];
    if (!shown)
        return;
    fprintf(stderr, "\r\033[K[%zu", done);
    if (total > 0)
        fprintf(stderr, "/%zu", total);
    fprintf(stderr, "] %s on %s/%s: %s", hcb_case_text(&result->task, text, sizeof text),
            result->device, hcb_impl_name(result->task.impl), phase);
    fflush(stderr);
}

void progress_end(void)
{
    if (shown)
        fputs("\r\033[K", stderr);
    shown = false;
}
