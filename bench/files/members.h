/* SPDX-License-Identifier: Apache-2.0 */
/* Structures as JSON objects and back, by tables of their members.  Knows no
 * structure and no file. */
#ifndef BENCH_MEMBERS_H
#define BENCH_MEMBERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum member_kind {
    MEMBER_TEXT,       /* char[] */
    MEMBER_FLAG,       /* bool */
    MEMBER_U32,
    MEMBER_U64,        /* at most INT64_MAX */
    MEMBER_NUMBER,     /* double, absent when it is not finite */
    MEMBER_DEVICE_TYPE /* enum hcb_device_type, as its word */
};

struct member {
    const char *name;
    enum member_kind kind;
    size_t offset, size; /* of the member in its structure */
};

/* A row of a table; the table ends with {.name = NULL}. */
#define MEMBER_OF(structure, kind_, member)                                                        \
    {.name = #member,                                                                              \
     .kind = kind_,                                                                                \
     .offset = offsetof(structure, member),                                                        \
     .size = sizeof((structure *)0)->member}

/* Every member.  NULL when memory is short. */
json_t *members_write(const struct member *members, const void *structure);
/* What is known: without empty texts and sizes of 0. */
json_t *members_write_known(const struct member *members, const void *structure);

/* False when a member is missing (numbers apart), unknown or of the wrong type. */
bool members_read(const struct member *members, const json_t *object, void *structure);
/* As members_write_known writes it: absent members are left as they are, unknown
 * ones ignored.  Returns NULL, or the member that is of the wrong type, negative or
 * too long. */
const struct member *members_read_known(const struct member *members, const json_t *object,
                                        void *structure);

/* What a value of this kind is, for messages: "a text of at most 23 bytes". */
const char *member_wanted(const struct member *member, char *text, size_t size);

/* A string of any bytes; what is not UTF-8 is shown as '?'. */
json_t *json_words(const char *text);

#endif
