/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the command line and the result file, and their values. */
#include "config.h"

#include <string.h>

#include "hcbench.h"

struct word {
    const char *name, *text;
};

#define WORD_WITH_TEXT(symbol, name, text) {name, text},
#define WORD_OF_PRECISION(symbol, name, input, output) {name, NULL},

static const struct word statuses[] = {HCB_STATUS_TABLE(WORD_WITH_TEXT)};
static const struct word ops[] = {HCB_OP_TABLE(WORD_WITH_TEXT)};
static const struct word precisions[] = {HCB_PRECISION_TABLE(WORD_OF_PRECISION)};
static const struct word impls[] = {HCB_IMPL_TABLE(WORD_WITH_TEXT)};
static const struct word sums[] = {HCB_SUM_TABLE(WORD_WITH_TEXT)};
static const struct word fills[] = {HCB_FILL_TABLE(WORD_WITH_TEXT)};

#define LOOK_UP(function, table, count, member)                                                    \
    const char *function(unsigned value) { return value < (count) ? (table)[value].member : NULL; }

LOOK_UP(hcb_status_name, statuses, HCB_STATUS_COUNT, name)
LOOK_UP(hcb_status_text, statuses, HCB_STATUS_COUNT, text)
LOOK_UP(hcb_op_name, ops, HCB_OP_COUNT, name)
LOOK_UP(hcb_op_text, ops, HCB_OP_COUNT, text)
LOOK_UP(hcb_precision_name, precisions, HCB_PRECISION_COUNT, name)
LOOK_UP(hcb_impl_name, impls, HCB_IMPL_COUNT, name)
LOOK_UP(hcb_impl_text, impls, HCB_IMPL_COUNT, text)
LOOK_UP(hcb_sum_name, sums, HCB_SUM_COUNT, name)
LOOK_UP(hcb_sum_text, sums, HCB_SUM_COUNT, text)
LOOK_UP(hcb_fill_name, fills, HCB_FILL_COUNT, name)

const char *hcb_device_type_name(unsigned type)
{
    static const char *const names[] = {"cpu", "gpu", "accelerator"};
    return type < sizeof names / sizeof *names ? names[type] : NULL;
}

int hcb_word(const char *(*name)(unsigned), const char *word)
{
    for (unsigned value = 0; name(value) != NULL; value++)
        if (strcmp(name(value), word) == 0)
            return (int)value;
    return -1;
}

const char *hcb_version(void)
{
    return PACKAGE_VERSION;
}
