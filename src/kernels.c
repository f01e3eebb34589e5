/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel files: built in, or read from the folder that the user named. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sha2.h>

#include "platform.h"

static enum hcb_status read_file(struct hcb_ctx *ctx, const char *path, FILE *file, void **data,
                                 size_t *size)
{
    enum { PIECE = 1 << 16 };
    char *text = NULL;
    size_t length = 0, got;
    do {
        char *larger = realloc(text, length + PIECE + 1);
        if (larger == NULL) {
            free(text);
            return hcbi_fail_memory(ctx, length + PIECE + 1);
        }
        text = larger;
        got = fread(text + length, 1, PIECE, file);
        length += got;
    } while (got == PIECE);
    if (ferror(file)) {
        free(text);
        return hcbi_fail(ctx, HCB_ERROR, "cannot read %s: %s", path, strerror(errno));
    }
    text[length] = '\0';
    *data = text;
    *size = length;
    return HCB_OK;
}

/* HCB_OK with *data untouched when the folder does not have the file. */
static enum hcb_status load_from_folder(struct hcb_ctx *ctx, const char *name, void **data, size_t *size)
{
    const char *folder = hcbi_kernel_dir(ctx);
    char path[4096];
    if (folder == NULL)
        return HCB_OK;
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return hcbi_fail(ctx, HCB_ERROR, "the kernel folder's name is too long");
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return errno == ENOENT
                   ? HCB_OK
                   : hcbi_fail(ctx, HCB_ERROR, "cannot open %s: %s", path, strerror(errno));
    enum hcb_status status = read_file(ctx, path, file, data, size);
    fclose(file);
    return status;
}

enum hcb_status hcbi_kernel_load(struct hcb_ctx *ctx, const struct hcbi_kernel *table,
                                 const char *name, void **data, size_t *size)
{
    void *found = NULL;
    enum hcb_status status = load_from_folder(ctx, name, &found, size);
    if (status != HCB_OK)
        return status;
    for (; found == NULL && table->name != NULL; table++)
        if (strcmp(table->name, name) == 0) {
            char *copy = malloc(table->size + 1);
            if (copy == NULL)
                return hcbi_fail_memory(ctx, table->size + 1);
            memcpy(copy, table->data, table->size);
            copy[table->size] = '\0';
            *size = table->size;
            found = copy;
        }
    if (found == NULL)
        return hcbi_fail(ctx, HCB_UNSUPPORTED, "kernel %s is not in this build", name);
    *data = found;
    return HCB_OK;
}

void hcbi_kernels_hash(const struct hcbi_blob *files, size_t count, char hash[65])
{
    SHA2_CTX state;
    SHA256Init(&state);
    for (size_t i = 0; i < count; i++)
        SHA256Update(&state, files[i].data, files[i].size);
    SHA256End(&state, hash);
}

enum hcb_status hcbi_kernels_load_hash(struct hcb_ctx *ctx, const struct hcbi_kernel *table,
                                       const char *const *names, size_t count, char hash[65])
{
    struct hcbi_blob files[HCBI_KERNEL_FILES_MAX] = {0};
    void *data[HCBI_KERNEL_FILES_MAX] = {0};
    enum hcb_status status = HCB_OK;
    for (size_t i = 0; i < count && status == HCB_OK; i++) {
        status = hcbi_kernel_load(ctx, table, names[i], &data[i], &files[i].size);
        files[i].data = data[i];
    }
    if (status == HCB_OK)
        hcbi_kernels_hash(files, count, hash);
    for (size_t i = 0; i < count; i++)
        free(data[i]);
    return status;
}

void hcbi_plan_kernels(struct hcb_plan *plan, const struct hcbi_blob *files, size_t count)
{
    struct hcb_plan_info *info = &plan->info;
    info->kernels[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(info->kernels);
        snprintf(info->kernels + length, sizeof info->kernels - length, "%s%s", i > 0 ? " " : "",
                 files[i].name);
    }
    hcbi_kernels_hash(files, count, info->kernel_sha256);
}
