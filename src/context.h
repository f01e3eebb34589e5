/* SPDX-License-Identifier: Apache-2.0 */
/* The context's state and the list of platforms.  Internal to src/. */
#ifndef HCB_CONTEXT_H
#define HCB_CONTEXT_H

#include "platform.h"

enum { HCBI_PLATFORMS_MAX = 4 };

/* A platform that this context has asked for devices. */
struct hcbi_platform_state {
    bool asked;
    enum hcb_status status;
    char reason[HCB_REASON_SIZE]; /* why not, when status is not HCB_OK */
    struct hcb_platform *platform;
    struct hcb_device_info *devices;
    size_t count;
};

struct hcb_ctx {
    char error[2 * HCB_REASON_SIZE];
    char *kernel_dir;
    struct hcbi_platform_state platforms[HCBI_PLATFORMS_MAX];
};

/* A platform's name is known even where its code is not built in. */
struct hcbi_platform_entry {
    const char *name;
    const struct hcb_platform_ops *ops; /* NULL: not built in */
    bool is_test;
};
extern const struct hcbi_platform_entry hcbi_platforms[HCBI_PLATFORMS_MAX];

/* hcb_platform_offers of a platform that is built in; all numbers are in range. */
unsigned hcbi_offers(const struct hcb_platform_ops *ops, unsigned op, unsigned impl, unsigned sum);

/* Appends ", TEXT" to the error text. */
void hcbi_fail_where(struct hcb_ctx *ctx, const char *text);

void hcbi_platform_state_clear(struct hcbi_platform_state *state);

#endif
