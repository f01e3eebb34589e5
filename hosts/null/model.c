/* SPDX-License-Identifier: Apache-2.0 */
/* Cost models of synthetic devices: times, noise, and the clock that they move. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model.h"

/* ------------------------------------------------------------------ the words */

static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    {"launch", offsetof(struct null_model, launch_s)},
    {"setup", offsetof(struct null_model, setup_s)},
    {"copy", offsetof(struct null_model, copy_s)},
    {"flops", offsetof(struct null_model, flops)},
    {"bytes", offsetof(struct null_model, bytes)},
    {"upload", offsetof(struct null_model, upload)},
    {"download", offsetof(struct null_model, download)},
    {"cache", offsetof(struct null_model, cache)},
    {"spill", offsetof(struct null_model, spill)},
    {"noise", offsetof(struct null_model, noise)},
    {"drift", offsetof(struct null_model, drift)},
    {"period", offsetof(struct null_model, period_s)},
    {"outliers", offsetof(struct null_model, outliers)},
    {"seed", offsetof(struct null_model, seed)},
    {"tuned", offsetof(struct null_model, tuned)},
    {"wrong", offsetof(struct null_model, wrong)},
    {"crash", offsetof(struct null_model, crash)},
    {"hang", offsetof(struct null_model, hang)},
    {"refuse", offsetof(struct null_model, refuse)},
    {"break", offsetof(struct null_model, breaks)},
    {"fail", offsetof(struct null_model, fail)},
    {"scratch", offsetof(struct null_model, scratch)},
    {"memory", offsetof(struct null_model, memory)},
    {"limit", offsetof(struct null_model, limit)},
};

/* One "NAME=NUMBER", or "host". */
static bool read_word(const char *word, struct null_model *model)
{
    char *end;
    const size_t length = strcspn(word, "=");
    if (strcmp(word, "host") == 0)
        return model->host = true;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && word[length] == '='; i++) {
        if (strlen(numbers[i].name) != length || strncmp(numbers[i].name, word, length) != 0)
            continue;
        const double value = strtod(word + length + 1, &end);
        memcpy((char *)model + numbers[i].offset, &value, sizeof value);
        return end != word + length + 1 && *end == '\0' && value >= 0 && isfinite(value);
    }
    return false;
}

bool hcbi_null_model_read(const char *behaviour, struct null_model *model, char *wrong, size_t size)
{
    *model = (struct null_model){.period_s = 1, .setup_s = 1e-3, .launch_s = 1e-6, .spill = 1,
                                  .tuned = -1};
    const size_t head = strcspn(behaviour, ":");
    if (head != strlen("model") || strncmp(behaviour, "model", head) != 0)
        return true;
    model->on = true;
    for (const char *at = behaviour + head; *at == ':';) {
        const size_t length = strcspn(++at, ":");
        snprintf(wrong, size, "%.*s", (int)length, at);
        if (!read_word(wrong, model))
            return false;
        at += length;
    }
    return true;
}

enum { TABLE_TILE = 8 };

/* ------------------------------------------------------------------ the times */

static double per(double amount, double rate)
{
    return rate > 0 ? amount / rate : 0;
}

double hcbi_null_model_launch_s(const struct null_model *model, const struct hcb_case *c)
{
    const double bytes = (double)hcb_case_bytes(c);
    const double s =
        model->launch_s + per(hcb_case_flops(c), model->flops) + per(bytes, model->bytes);
    return model->cache > 0 && bytes > model->cache ? s * model->spill : s;
}

void hcbi_null_model_parameters(const struct null_model *model, struct hcb_parameters *parameters)
{
    if (!model->on || model->tuned < 0)
        return;
    *parameters = (struct hcb_parameters){
        .list = {[NULL_TILE] = {"tile", TABLE_TILE, {1, 2, 4, 8, 16, 32, 64}, 7},
                 [NULL_UNROLL] = {"unroll", 2, {1, 2, 4}, 3}},
        .count = 2,
        .limits = {{"registers", .sum = {{1, {[NULL_TILE] = 1, [NULL_UNROLL] = 1}}},
                    .most = {(uint64_t)model->limit, {0}}}},
        .limit_count = model->limit > 0};
}

uint64_t hcbi_null_model_scratch(const struct null_model *model, const uint64_t *values)
{
    return (uint64_t)(model->tuned < 0 ? model->scratch
                                       : model->scratch * (double)values[NULL_TILE] / TABLE_TILE);
}

double hcbi_null_model_detour(const struct null_model *model, const uint64_t *values)
{
    return model->tuned > 0 ? pow(1.25, fabs(log2((double)values[NULL_TILE] / model->tuned))) : 1;
}

double hcbi_null_model_copy_s(const struct null_model *model, double rate, uint64_t bytes)
{
    return model->copy_s + per((double)bytes, rate);
}

/* ------------------------------------------------------------------ the noise */

enum purpose { OF_A_WINDOW, OF_A_KNOT };

static void draw_words(const struct null_model *model, enum purpose purpose, size_t device,
                       uint64_t number, uint32_t words[4])
{
    const uint64_t seed = (uint64_t)model->seed;
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    const uint32_t counter[4] = {(uint32_t)number, (uint32_t)(number >> 32), (uint32_t)device,
                                 (uint32_t)purpose};
    hcb_philox4x32(counter, key, words);
}

/* Standard normal (Box and Muller). */
static double normal(uint32_t a, uint32_t b)
{
    const double u = ((double)a + 0.5) * 0x1p-32, v = ((double)b + 0.5) * 0x1p-32;
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

static double knot(const struct null_model *model, uint64_t number)
{
    uint32_t words[4];
    draw_words(model, OF_A_KNOT, 0, number, words);
    return normal(words[0], words[1]);
}

/* Goes smoothly from a knot to the next, one in each period. */
static double slow_change(const struct null_model *model, double now_s)
{
    const double at = model->period_s > 0 ? now_s / model->period_s : 0, before = floor(at);
    const double weight = (1 - cos(3.141592653589793 * (at - before))) / 2;
    return (1 - weight) * knot(model, (uint64_t)before) +
           weight * knot(model, (uint64_t)before + 1);
}

double hcbi_null_model_factor(const struct null_model *model, size_t device, uint64_t draw,
                              double now_s)
{
    uint32_t words[4];
    draw_words(model, OF_A_WINDOW, device, draw, words);
    double factor = exp(model->noise * normal(words[0], words[1]));
    if (model->drift > 0)
        factor *= exp(model->drift * slow_change(model, now_s));
    if ((double)words[2] * 0x1p-32 < model->outliers)
        factor *= 1.5 + 2.5 * (double)words[3] * 0x1p-32;
    return factor;
}

/* ------------------------------------------------------------------ the clock */

enum hcb_status hcbi_null_clock_open(struct hcb_ctx *ctx, struct null_clock *clock)
{
    const char *path = getenv("HCBENCH_NULL_CLOCK");
    clock->ns = &clock->own;
    if (path == NULL || *path == '\0')
        return HCB_OK;
    const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void *shared = MAP_FAILED;
    if (file >= 0 && ftruncate(file, sizeof *clock->ns) == 0)
        shared = mmap(NULL, sizeof *clock->ns, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    const int error = errno;
    if (file >= 0)
        close(file);
    if (shared == MAP_FAILED)
        return hcbi_fail(ctx, HCB_ERROR, "HCBENCH_NULL_CLOCK '%s': %s", path, strerror(error));
    clock->ns = shared;
    return HCB_OK;
}

void hcbi_null_clock_close(struct null_clock *clock)
{
    if (clock->ns != NULL && clock->ns != &clock->own)
        munmap(clock->ns, sizeof *clock->ns);
}
