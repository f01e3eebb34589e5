/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of kernels as text: "rows=12 block_k=256". */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform.h"

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

void hcbi_parameter_settle(struct hcb_parameter *parameter, uint64_t most)
{
    uint64_t *choices = parameter->choices;
    size_t count = 0, place = 0;
    while (count < parameter->count && choices[count] <= most)
        count++;
    while (place < count && choices[place] < parameter->table)
        place++;
    if (place == count || choices[place] != parameter->table) {
        memmove(choices + place + 1, choices + place, (count - place) * sizeof *choices);
        choices[place] = parameter->table;
        count++;
    }
    parameter->count = count;
}

/* In double, in which nothing overflows. */
static double product_of(const struct hcb_product *product, const struct hcb_parameters *parameters,
                         const uint64_t *values)
{
    double result = (double)product->factor;
    for (size_t i = 0; i < parameters->count; i++)
        for (unsigned power = 0; power < product->powers[i]; power++)
            result *= (double)values[i];
    return result;
}

const struct hcb_limit *hcb_parameters_beyond(const struct hcb_parameters *parameters,
                                              const uint64_t values[HCB_PARAMETERS_MAX])
{
    for (size_t i = 0; i < parameters->limit_count; i++) {
        const struct hcb_limit *limit = &parameters->limits[i];
        double sum = 0;
        for (size_t j = 0; j < sizeof limit->sum / sizeof *limit->sum; j++)
            sum += product_of(&limit->sum[j], parameters, values);
        if (sum > product_of(&limit->most, parameters, values))
            return limit;
    }
    return NULL;
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
