/* SPDX-License-Identifier: Apache-2.0 */
/* Structures as JSON and back, by tables of their members. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "protocol.h"

json_t *protocol_case(const struct hcb_case *c)
{
    return json_pack("{s:s, s:s, s:s, s:[I,I,I]}", "op", hcb_op_name(c->op), "impl",
                     hcb_impl_name(c->impl), "precision", hcb_precision_name(c->precision), "shape",
                     (json_int_t)c->shape.m, (json_int_t)c->shape.n, (json_int_t)c->shape.k);
}

enum member_kind { MEMBER_TEXT, MEMBER_FLAG, MEMBER_U32, MEMBER_U64, MEMBER_NUMBER, MEMBER_DEVICE_TYPE };

struct member {
    const char *name;
    enum member_kind kind;
    size_t offset, size;
};

#define DEVICE_MEMBER(kind_, member)                                                               \
    {.name = #member,                                                                              \
     .kind = kind_,                                                                                \
     .offset = offsetof(struct hcb_device_info, member),                                           \
     .size = sizeof((struct hcb_device_info *)0)->member}
#define VERDICT_MEMBER(member)                                                                     \
    {.name = #member,                                                                              \
     .kind = MEMBER_NUMBER,                                                                        \
     .offset = offsetof(struct hcb_verdict, member),                                               \
     .size = sizeof(double)}

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
    {.name = NULL},
};

static const struct member verdict_members[] = {
    VERDICT_MEMBER(max_abs),     VERDICT_MEMBER(max_rel), VERDICT_MEMBER(rel_frobenius),
    VERDICT_MEMBER(max_ulp),     VERDICT_MEMBER(bound_ratio), VERDICT_MEMBER(limit),
    VERDICT_MEMBER(checked),     {.name = NULL},
};

json_t *protocol_text(const char *text)
{
    char plain[512];
    size_t length = 0;
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    for (; *text != '\0' && length + 1 < sizeof plain; text++)
        if ((unsigned char)*text >= 0x20 && (unsigned char)*text < 0x7f)
            plain[length++] = *text;
    plain[length] = '\0';
    return json_string(plain);
}

static json_t *write_member(const struct member *member, const void *at)
{
    switch (member->kind) {
    case MEMBER_TEXT: return protocol_text(at);
    case MEMBER_FLAG: return json_boolean(*(const bool *)at);
    case MEMBER_U32: return json_integer(*(const uint32_t *)at);
    case MEMBER_U64: return json_integer((json_int_t)(*(const uint64_t *)at & INT64_MAX));
    case MEMBER_NUMBER: return isfinite(*(const double *)at) ? json_real(*(const double *)at) : NULL;
    case MEMBER_DEVICE_TYPE:
        return json_string(hcb_device_type_name(*(const enum hcb_device_type *)at));
    }
    return NULL;
}

static json_t *write_members(const struct member *members, const void *structure)
{
    json_t *object = json_object();
    for (; members->name != NULL; members++) {
        json_t *value = write_member(members, (const char *)structure + members->offset);
        if (value != NULL)
            json_object_set_new(object, members->name, value);
    }
    return object;
}

static bool read_member(const struct member *member, const json_t *value, void *at)
{
    switch (member->kind) {
    case MEMBER_TEXT:
        if (!json_is_string(value))
            return false;
        snprintf(at, member->size, "%s", json_string_value(value));
        return true;
    case MEMBER_FLAG: *(bool *)at = json_is_true(value); return json_is_boolean(value);
    case MEMBER_U32:
        *(uint32_t *)at = (uint32_t)json_integer_value(value);
        return json_is_integer(value) && json_integer_value(value) >= 0 &&
               json_integer_value(value) <= UINT32_MAX;
    case MEMBER_U64:
        *(uint64_t *)at = (uint64_t)json_integer_value(value);
        return json_is_integer(value) && json_integer_value(value) >= 0;
    case MEMBER_NUMBER: /* absent when it was not measured */
        *(double *)at = value != NULL ? json_number_value(value) : (double)NAN;
        return value == NULL || json_is_number(value);
    case MEMBER_DEVICE_TYPE: {
        const int type = json_is_string(value) ? hcb_word(hcb_device_type_name, json_string_value(value)) : -1;
        *(enum hcb_device_type *)at = (enum hcb_device_type)(type < 0 ? 0 : type);
        return type >= 0;
    }
    }
    return false;
}

static bool read_members(const struct member *members, const json_t *object, void *structure)
{
    size_t known = 0;
    if (!json_is_object(object))
        return false;
    for (; members->name != NULL; members++) {
        const json_t *value = json_object_get(object, members->name);
        if (!read_member(members, value, (char *)structure + members->offset))
            return false;
        known += value != NULL;
    }
    return known == json_object_size(object);
}

json_t *protocol_device(const struct hcb_device_info *info)
{
    return write_members(device_members, info);
}

bool protocol_read_device(const json_t *object, struct hcb_device_info *info)
{
    memset(info, 0, sizeof *info);
    return read_members(device_members, object, info);
}

json_t *protocol_verdict(const struct hcb_verdict *verdict)
{
    return write_members(verdict_members, verdict);
}

bool protocol_read_verdict(const json_t *object, struct hcb_verdict *verdict)
{
    memset(verdict, 0, sizeof *verdict);
    return read_members(verdict_members, object, verdict);
}
