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

static json_t *one_parameter(const struct hcb_parameter *parameter)
{
    json_t *choices = json_array();
    for (size_t i = 0; i < parameter->count; i++)
        json_array_append_new(choices, json_integer((json_int_t)parameter->choices[i]));
    return json_pack("{s:s, s:I, s:o}", "name", parameter->name, "table",
                     (json_int_t)parameter->table, "choices", choices);
}

json_t *protocol_parameters(const struct hcb_parameters *parameters)
{
    json_t *list = json_array();
    for (size_t i = 0; i < parameters->count; i++)
        json_array_append_new(list, one_parameter(&parameters->list[i]));
    return json_pack("{s:s, s:o}", "kernel_sha256", parameters->kernel_sha256, "parameters", list);
}

static bool read_parameter(const json_t *object, struct hcb_parameter *parameter)
{
    const char *name;
    json_int_t table;
    json_t *choices;
    if (json_unpack((json_t *)object, "{s:s, s:I, s:o !}", "name", &name, "table", &table, "choices",
                    &choices) != 0 ||
        strlen(name) >= sizeof parameter->name || json_array_size(choices) > HCB_CHOICES_MAX)
        return false;
    memcpy(parameter->name, name, strlen(name) + 1);
    parameter->table = (uint64_t)table;
    for (; parameter->count < json_array_size(choices); parameter->count++) {
        const json_t *choice = json_array_get(choices, parameter->count);
        if (!json_is_integer(choice))
            return false;
        parameter->choices[parameter->count] = (uint64_t)json_integer_value(choice);
    }
    return true;
}

bool protocol_read_parameters(const json_t *object, struct hcb_parameters *parameters)
{
    const json_t *list = json_object_get(object, "parameters"),
                 *hash = json_object_get(object, "kernel_sha256");
    memset(parameters, 0, sizeof *parameters);
    if (json_object_size(object) != 2 || !json_is_array(list) || !json_is_string(hash) ||
        json_string_length(hash) >= sizeof parameters->kernel_sha256 ||
        json_array_size(list) > HCB_PARAMETERS_MAX)
        return false;
    memcpy(parameters->kernel_sha256, json_string_value(hash), json_string_length(hash) + 1);
    for (; parameters->count < json_array_size(list); parameters->count++)
        if (!read_parameter(json_array_get(list, parameters->count),
                            &parameters->list[parameters->count]))
            return false;
    return true;
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
