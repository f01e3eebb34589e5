/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a case, a device and a verdict. */
#include "config.h"

#include <string.h>

#include "measure/protocol.h"

json_t *protocol_case(const struct hcb_case *c)
{
    json_t *request =
        json_pack("{s:s, s:s, s:s, s:[I,I,I]}", "op", hcb_op_name(c->op), "impl",
                  hcb_impl_name(c->impl), "precision", hcb_precision_name(c->precision), "shape",
                  (json_int_t)c->shape.m, (json_int_t)c->shape.n, (json_int_t)c->shape.k);
    if (c->sum != HCB_SUM_PLAIN)
        json_object_set_new(request, "sum", json_string(hcb_sum_name(c->sum)));
    if (c->scale != 0)
        json_object_set_new(request, "scale", json_integer(c->scale));
    return request;
}

#define DEVICE_MEMBER(kind, member) MEMBER_OF(struct hcb_device_info, kind, member)
#define VERDICT_MEMBER(member) MEMBER_OF(struct hcb_verdict, MEMBER_NUMBER, member)

static const struct member device_members[] = {
    DEVICE_MEMBER(MEMBER_TEXT, id),
    DEVICE_MEMBER(MEMBER_TEXT, platform),
    DEVICE_MEMBER(MEMBER_TEXT, name),
    DEVICE_MEMBER(MEMBER_TEXT, vendor),
    DEVICE_MEMBER(MEMBER_TEXT, driver),
    DEVICE_MEMBER(MEMBER_TEXT, driver_version),
    DEVICE_MEMBER(MEMBER_TEXT, api_version),
    DEVICE_MEMBER(MEMBER_TEXT, target),
    DEVICE_MEMBER(MEMBER_TEXT, pci),
    DEVICE_MEMBER(MEMBER_TEXT, uuid),
    DEVICE_MEMBER(MEMBER_DEVICE_TYPE, type),
    DEVICE_MEMBER(MEMBER_FLAG, software),
    DEVICE_MEMBER(MEMBER_FLAG, host_memory),
    DEVICE_MEMBER(MEMBER_U32, compute_units),
    DEVICE_MEMBER(MEMBER_U32, blas_threads),
    DEVICE_MEMBER(MEMBER_U64, memory_bytes),
    DEVICE_MEMBER(MEMBER_U64, max_buffer_bytes),
    DEVICE_MEMBER(MEMBER_U64, cache_bytes),
    {.name = NULL},
};

static const struct member verdict_members[] = {
    VERDICT_MEMBER(max_abs),     VERDICT_MEMBER(max_rel), VERDICT_MEMBER(rel_frobenius),
    VERDICT_MEMBER(max_ulp),     VERDICT_MEMBER(bound_ratio), VERDICT_MEMBER(limit),
    VERDICT_MEMBER(checked),     {.name = NULL},
};

const struct member *protocol_device_members(void)
{
    return device_members;
}

json_t *protocol_device(const struct hcb_device_info *info)
{
    return members_write(device_members, info);
}

bool protocol_read_device(const json_t *object, struct hcb_device_info *info)
{
    memset(info, 0, sizeof *info);
    return members_read(device_members, object, info);
}

json_t *protocol_verdict(const struct hcb_verdict *verdict)
{
    return members_write(verdict_members, verdict);
}

bool protocol_read_verdict(const json_t *object, struct hcb_verdict *verdict)
{
    memset(verdict, 0, sizeof *verdict);
    return members_read(verdict_members, object, verdict);
}
