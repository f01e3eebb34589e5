/* SPDX-License-Identifier: Apache-2.0 */
/* Structures as JSON objects and back, by tables of their members. */
#include "config.h"

#include <hcbench.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/members.h"

json_t *json_words(const char *text)
{
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    /* Drivers, file names and the environment may hold any bytes. */
    char *plain = strdup(text);
    for (char *at = plain; at != NULL && *at != '\0'; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    value = plain != NULL ? json_string(plain) : NULL;
    free(plain);
    return value;
}

/* ------------------------------------------------------------------- writing */

static json_t *write_member(const struct member *member, const void *at)
{
    switch (member->kind) {
    case MEMBER_TEXT: return json_words(at);
    case MEMBER_FLAG: return json_boolean(*(const bool *)at);
    case MEMBER_U32: return json_integer(*(const uint32_t *)at);
    case MEMBER_U64: return json_integer((json_int_t)(*(const uint64_t *)at & INT64_MAX));
    case MEMBER_NUMBER: return isfinite(*(const double *)at) ? json_real(*(const double *)at) : NULL;
    case MEMBER_DEVICE_TYPE:
        return json_string(hcb_device_type_name(*(const enum hcb_device_type *)at));
    }
    return NULL;
}

static bool is_known(const struct member *member, const void *at)
{
    switch (member->kind) {
    case MEMBER_TEXT: return *(const char *)at != '\0';
    case MEMBER_U32: return *(const uint32_t *)at != 0;
    case MEMBER_U64: return *(const uint64_t *)at != 0;
    case MEMBER_FLAG:
    case MEMBER_NUMBER:
    case MEMBER_DEVICE_TYPE: break;
    }
    return true;
}

static json_t *write_all(const struct member *members, const void *structure, bool known_only)
{
    json_t *object = json_object();
    for (; members->name != NULL; members++) {
        const void *at = (const char *)structure + members->offset;
        json_t *value = known_only && !is_known(members, at) ? NULL : write_member(members, at);
        if (value != NULL)
            json_object_set_new(object, members->name, value);
    }
    return object;
}

json_t *members_write(const struct member *members, const void *structure)
{
    return write_all(members, structure, false);
}

json_t *members_write_known(const struct member *members, const void *structure)
{
    return write_all(members, structure, true);
}

/* ------------------------------------------------------------------- reading */

static bool read_member(const struct member *member, const json_t *value, void *at)
{
    switch (member->kind) {
    case MEMBER_TEXT:
        if (!json_is_string(value) || json_string_length(value) >= member->size)
            return false;
        memcpy(at, json_string_value(value), json_string_length(value) + 1);
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

bool members_read(const struct member *members, const json_t *object, void *structure)
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

const struct member *members_read_known(const struct member *members, const json_t *object,
                                        void *structure)
{
    for (; members->name != NULL; members++) {
        const json_t *value = json_object_get(object, members->name);
        if (value != NULL &&
            (!read_member(members, value, (char *)structure + members->offset) ||
             (members->kind == MEMBER_NUMBER && !(json_number_value(value) >= 0))))
            return members;
    }
    return NULL;
}

const char *member_wanted(const struct member *member, char *text, size_t size)
{
    static const char *const wanted[] = {
        [MEMBER_FLAG] = "true or false",
        [MEMBER_U32] = "a whole number from 0 to 4294967295",
        [MEMBER_U64] = "a whole number from 0 on",
        [MEMBER_NUMBER] = "a number from 0 on",
        [MEMBER_DEVICE_TYPE] = "cpu, gpu or accelerator",
    };
    if (member->kind == MEMBER_TEXT)
        snprintf(text, size, "a text of at most %zu bytes", member->size - 1);
    else
        snprintf(text, size, "%s", wanted[member->kind]);
    return text;
}
