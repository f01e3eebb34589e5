/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of kernels as text: "rows=12 block_k=256". */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hcbench.h"

static const struct hcb_parameter *find(const struct hcb_parameters *parameters, const char *name,
                                        size_t length)
{
    for (size_t i = 0; i < parameters->count; i++)
        if (strlen(parameters->list[i].name) == length &&
            strncmp(parameters->list[i].name, name, length) == 0)
            return &parameters->list[i];
    return NULL;
}

static bool is_choice(const struct hcb_parameter *parameter, uint64_t value)
{
    for (size_t i = 0; i < parameter->count; i++)
        if (parameter->choices[i] == value)
            return true;
    return false;
}

/* One "name=value", which ends at a blank or with the text; *end is behind it. */
static bool read_word(const struct hcb_parameters *parameters, const char *word,
                      uint64_t values[HCB_PARAMETERS_MAX], bool seen[HCB_PARAMETERS_MAX],
                      const char **end)
{
    const size_t length = strcspn(word, "= ");
    const struct hcb_parameter *parameter = find(parameters, word, length);
    const char *digits = word + length + 1;
    if (word[length] != '=' || parameter == NULL || *digits < '0' || *digits > '9')
        return false;
    char *after;
    const size_t index = (size_t)(parameter - parameters->list);
    const uint64_t value = strtoull(digits, &after, 10);
    *end = after;
    if (seen[index] || !is_choice(parameter, value) || (*after != '\0' && *after != ' '))
        return false;
    seen[index] = true;
    values[index] = value;
    return true;
}

bool hcb_parameters_read(const struct hcb_parameters *parameters, const char *text,
                         uint64_t values[HCB_PARAMETERS_MAX])
{
    uint64_t found[HCB_PARAMETERS_MAX] = {0};
    bool seen[HCB_PARAMETERS_MAX] = {false};
    for (size_t i = 0; i < parameters->count; i++)
        found[i] = parameters->list[i].table;
    for (const char *at = text + strspn(text, " "); *at != '\0'; at += strspn(at, " "))
        if (!read_word(parameters, at, found, seen, &at))
            return false;
    memcpy(values, found, sizeof found);
    return true;
}

char *hcb_parameters_text(const struct hcb_parameters *parameters,
                          const uint64_t values[HCB_PARAMETERS_MAX], char text[HCB_PARAMETERS_SIZE])
{
    text[0] = '\0';
    for (size_t i = 0; i < parameters->count; i++) {
        const size_t used = strlen(text);
        snprintf(text + used, HCB_PARAMETERS_SIZE - used, "%s%s=%" PRIu64, i > 0 ? " " : "",
                 parameters->list[i].name, values[i]);
    }
    return text;
}
