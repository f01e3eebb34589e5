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

/* [factor, power of the first parameter, ...] */
static json_t *one_product(const struct hcb_product *product)
{
    json_t *numbers = json_array();
    json_array_append_new(numbers, json_integer((json_int_t)product->factor));
    for (size_t i = 0; i < HCB_PARAMETERS_MAX; i++)
        json_array_append_new(numbers, json_integer(product->powers[i]));
    return numbers;
}

static json_t *one_limit(const struct hcb_limit *limit)
{
    json_t *sum = json_array();
    for (size_t i = 0; i < sizeof limit->sum / sizeof *limit->sum; i++)
        json_array_append_new(sum, one_product(&limit->sum[i]));
    return json_pack("{s:s, s:o, s:o}", "name", limit->name, "sum", sum, "most",
                     one_product(&limit->most));
}

json_t *protocol_parameters(const struct hcb_parameters *parameters)
{
    json_t *list = json_array(), *limits = json_array();
    for (size_t i = 0; i < parameters->count; i++)
        json_array_append_new(list, one_parameter(&parameters->list[i]));
    for (size_t i = 0; i < parameters->limit_count; i++)
        json_array_append_new(limits, one_limit(&parameters->limits[i]));
    return json_pack("{s:s, s:o, s:o}", "kernel_sha256", parameters->kernel_sha256, "parameters", list,
                     "limits", limits);
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

static bool read_product(const json_t *numbers, struct hcb_product *product)
{
    const json_t *factor = json_array_get(numbers, 0);
    if (json_array_size(numbers) != 1 + HCB_PARAMETERS_MAX || !json_is_integer(factor))
        return false;
    product->factor = (uint64_t)json_integer_value(factor);
    for (size_t i = 0; i < HCB_PARAMETERS_MAX; i++) {
        const json_t *power = json_array_get(numbers, 1 + i);
        if (!json_is_integer(power) || json_integer_value(power) < 0 ||
            json_integer_value(power) > UINT8_MAX)
            return false;
        product->powers[i] = (uint8_t)json_integer_value(power);
    }
    return true;
}

static bool read_limit(const json_t *object, struct hcb_limit *limit)
{
    enum { TERMS = sizeof limit->sum / sizeof *limit->sum };
    const char *name;
    json_t *sum, *most;
    if (json_unpack((json_t *)object, "{s:s, s:o, s:o !}", "name", &name, "sum", &sum, "most", &most) != 0 ||
        strlen(name) >= sizeof limit->name || json_array_size(sum) != TERMS)
        return false;
    memcpy(limit->name, name, strlen(name) + 1);
    for (size_t i = 0; i < TERMS; i++)
        if (!read_product(json_array_get(sum, i), &limit->sum[i]))
            return false;
    return read_product(most, &limit->most);
}

bool protocol_read_parameters(const json_t *object, struct hcb_parameters *parameters)
{
    const json_t *list = json_object_get(object, "parameters"),
                 *limits = json_object_get(object, "limits"),
                 *hash = json_object_get(object, "kernel_sha256");
    memset(parameters, 0, sizeof *parameters);
    if (json_object_size(object) != 3 || !json_is_array(list) || !json_is_string(hash) ||
        json_string_length(hash) >= sizeof parameters->kernel_sha256 ||
        json_array_size(list) > HCB_PARAMETERS_MAX || !json_is_array(limits) ||
        json_array_size(limits) > HCB_LIMITS_MAX)
        return false;
    memcpy(parameters->kernel_sha256, json_string_value(hash), json_string_length(hash) + 1);
    for (; parameters->count < json_array_size(list); parameters->count++)
        if (!read_parameter(json_array_get(list, parameters->count),
                            &parameters->list[parameters->count]))
            return false;
    for (; parameters->limit_count < json_array_size(limits); parameters->limit_count++)
        if (!read_limit(json_array_get(limits, parameters->limit_count),
                        &parameters->limits[parameters->limit_count]))
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
