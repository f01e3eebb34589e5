/* SPDX-License-Identifier: Apache-2.0 */
/* The context, and the services that platforms get from the core. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "context.h"

struct hcb_ctx *hcb_ctx_new(void)
{
    return calloc(1, sizeof(struct hcb_ctx));
}

void hcb_ctx_free(struct hcb_ctx *ctx)
{
    if (ctx == NULL)
        return;
    for (size_t i = 0; i < HCBI_PLATFORMS_MAX; i++)
        hcbi_platform_state_clear(&ctx->platforms[i]);
    free(ctx->kernel_dir);
    free(ctx);
}

const char *hcb_error(const struct hcb_ctx *ctx)
{
    return ctx->error;
}

enum hcb_status hcb_ctx_set_kernel_dir(struct hcb_ctx *ctx, const char *directory)
{
    char *copy = NULL;
    if (directory != NULL && *directory != '\0' && (copy = strdup(directory)) == NULL)
        return hcbi_fail_memory(ctx, strlen(directory) + 1);
    free(ctx->kernel_dir);
    ctx->kernel_dir = copy;
    return HCB_OK;
}

const char *hcbi_kernel_dir(const struct hcb_ctx *ctx)
{
    return ctx->kernel_dir;
}

enum hcb_status hcbi_fail(struct hcb_ctx *ctx, enum hcb_status status, const char *format, ...)
{
    char text[sizeof ctx->error]; /* an argument may be the old error text */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (char *p = text; *p != '\0'; p++) /* one line, whatever a driver says */
        if (*p == '\n' || *p == '\r' || *p == '\t')
            *p = ' ';
    memcpy(ctx->error, text, sizeof text);
    return status;
}

enum hcb_status hcbi_fail_native(struct hcb_ctx *ctx, enum hcb_status status, const char *call,
                                 long code, const char *name)
{
    return hcbi_fail(ctx, status, "%s (%ld) from %s", name, code, call);
}

enum hcb_status hcbi_fail_memory(struct hcb_ctx *ctx, uint64_t bytes)
{
    char text[32];
    return hcbi_fail(ctx, HCB_ERROR, "out of memory (%s)", hcbi_bytes_text(bytes, text, sizeof text));
}

void hcbi_fail_where(struct hcb_ctx *ctx, const char *text)
{
    const size_t length = strlen(ctx->error);
    snprintf(ctx->error + length, sizeof ctx->error - length, ", %s", text);
}

char *hcbi_bytes_text(uint64_t bytes, char *text, size_t size)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        value /= 1024;
        unit++;
    }
    snprintf(text, size, value < 10 && unit > 0 && value != (double)(int)value ? "%.1f %s" : "%.0f %s",
             value, units[unit]);
    return text;
}

uint64_t hcbi_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Drivers of Mesa and Google without hardware, seen through whatever API layer. */
bool hcbi_is_software_name(const char *device)
{
    static const char *const names[] = {"llvmpipe", "softpipe", "SwiftShader", "lavapipe"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strstr(device, names[i]) != NULL)
            return true;
    return false;
}

bool hcbi_wants_cpu_kernels(const struct hcb_device_info *info)
{
    const char *class = getenv("HCBENCH_KERNEL_CLASS");
    if (class != NULL && strcmp(class, "cpu") == 0)
        return true;
    if (class != NULL && strcmp(class, "gpu") == 0)
        return false;
    return info->type == HCB_DEVICE_CPU || info->software;
}
