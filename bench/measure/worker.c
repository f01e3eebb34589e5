/* SPDX-License-Identifier: Apache-2.0 */
/* Carries out the steps of protocol.h on one device through libhcbench.  Knows
 * nothing of other devices, of statistics, or of what the user asked for. */
#include "config.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "measure/meter.h"
#include "measure/protocol.h"
#include "measure/resident.h"
#include "measure/worker.h"

/* A plan and its output. */
struct slot {
    bool in_use;
    struct hcb_case task;
    struct hcb_plan *plan;
    struct hcb_buffer *output;
    void *host_output;
    struct resident memory; /* that this plan's steps took */
};

struct worker {
    struct hcb_ctx *ctx;
    struct hcb_device *device;
    struct hcb_queue *queue;
    struct hcb_sensors *sensors; /* NULL until they are asked for */
    bool greeted, done;

    /* The inputs on the host and on the device; base.impl means nothing. */
    bool has_inputs;
    struct hcb_case base;
    enum hcb_fill fill;
    void *host_inputs[HCB_INPUTS_MAX];
    struct hcb_buffer *inputs[HCB_INPUTS_MAX];
    struct resident memory; /* that the inputs took */

    struct slot slots[PROTOCOL_SLOTS][HCB_IMPL_COUNT];

    char reason[2 * HCB_REASON_SIZE]; /* of the step that is being carried out */
};

typedef enum hcb_status step_function(struct worker *worker, json_t *request, json_t *reply);

static double now_s(const struct worker *worker)
{
    return (double)hcb_device_now_ns(worker->device) * 1e-9;
}

static enum hcb_status fail(struct worker *worker, enum hcb_status status, const char *reason)
{
    snprintf(worker->reason, sizeof worker->reason, "%s", reason);
    return status;
}

/* Passes a library call's status on, with its error text. */
static enum hcb_status told(struct worker *worker, enum hcb_status status)
{
    return status == HCB_OK ? status : fail(worker, status, hcb_error(worker->ctx));
}

static unsigned output_index(const struct hcb_case *c)
{
    return hcb_op_operands(c->op) - 1;
}

/* ------------------------------------------------------- reading requests */

/* A request's members besides id and step are taken out as they are read, so
 * that what is left over at the end is unknown. */
static json_t *take(json_t *request, const char *name)
{
    json_t *value = json_object_get(request, name);
    json_incref(value);
    json_object_del(request, name);
    return value;
}

static bool take_word(json_t *request, const char *name, const char *(*words)(unsigned), int *value)
{
    json_t *word = take(request, name);
    *value = json_is_string(word) ? hcb_word(words, json_string_value(word)) : -1;
    json_decref(word);
    return *value >= 0;
}

static bool take_number(json_t *request, const char *name, json_int_t low, json_int_t high,
                        json_int_t *value)
{
    json_t *number = take(request, name);
    const bool good = json_is_integer(number) && json_integer_value(number) >= low &&
                      json_integer_value(number) <= high;
    *value = json_integer_value(number);
    json_decref(number);
    return good;
}

static bool take_shape(json_t *request, struct hcb_shape *shape)
{
    json_t *array = take(request, "shape");
    json_int_t m = 0, n = 0, k = 0;
    const bool good = json_unpack(array, "[I,I,I!]", &m, &n, &k) == 0 && m > 0 && n > 0 && k > 0;
    json_decref(array);
    *shape = (struct hcb_shape){(uint64_t)m, (uint64_t)n, (uint64_t)k};
    return good;
}

/* `with_impl` is false for requests about inputs. */
static bool take_case(json_t *request, bool with_impl, struct hcb_case *c)
{
    int op, impl = HCB_IMPL_REF, precision, sum = HCB_SUM_PLAIN;
    json_int_t scale = 0;
    if (!take_word(request, "op", hcb_op_name, &op) ||
        (with_impl && !take_word(request, "impl", hcb_impl_name, &impl)) ||
        !take_word(request, "precision", hcb_precision_name, &precision) ||
        (json_object_get(request, "sum") != NULL && !take_word(request, "sum", hcb_sum_name, &sum)) ||
        !take_shape(request, &c->shape) ||
        (json_object_get(request, "scale") != NULL &&
         !take_number(request, "scale", -HCB_SCALE_MAX, HCB_SCALE_MAX, &scale)))
        return false;
    c->scale = (int)scale;
    c->op = (enum hcb_op)op;
    c->impl = (enum hcb_impl)impl;
    c->precision = (enum hcb_precision)precision;
    c->sum = (enum hcb_sum)sum;
    return hcb_case_check(c);
}

static bool all_taken(const json_t *request)
{
    return json_object_size(request) == 0;
}

static enum hcb_status misread(struct worker *worker, const char *step)
{
    char text[96];
    snprintf(text, sizeof text, "the request '%s' has missing, wrong or unknown members", step);
    return fail(worker, HCB_ERROR, text);
}

/* ---------------------------------------------------------------- devices */

static enum hcb_status step_hello(struct worker *worker, json_t *request, json_t *reply)
{
    json_int_t protocol;
    if (!take_number(request, "protocol", 0, INT32_MAX, &protocol) || !all_taken(request))
        return misread(worker, "hello");
    if (protocol != PROTOCOL_VERSION)
        return fail(worker, HCB_ERROR, "conductor and worker speak different protocols");
    worker->greeted = true;
    json_object_set_new(reply, "protocol", json_integer(PROTOCOL_VERSION));
    json_object_set_new(reply, "version", json_string(hcb_version()));
    return HCB_OK;
}

static enum hcb_status step_list(struct worker *worker, json_t *request, json_t *reply)
{
    const struct hcb_device_info *infos;
    size_t count;
    int platform;
    if (!take_word(request, "platform", hcb_platform_name, &platform) || !all_taken(request))
        return misread(worker, "list");
    enum hcb_status status =
        told(worker, hcb_platform_devices(worker->ctx, (unsigned)platform, &infos, &count));
    if (status != HCB_OK)
        return status;
    json_t *devices = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(devices, protocol_device(&infos[i]));
    json_object_set_new(reply, "devices", devices);
    return HCB_OK;
}

static enum hcb_status step_open(struct worker *worker, json_t *request, json_t *reply)
{
    json_t *id = take(request, "device"), *folder = take(request, "kernel_dir");
    enum hcb_status status;
    if (!json_is_string(id) || (folder != NULL && !json_is_string(folder)) || !all_taken(request) ||
        worker->device != NULL)
        status = misread(worker, "open");
    else
        status = told(worker, hcb_ctx_set_kernel_dir(worker->ctx, json_string_value(folder)));
    if (status == HCB_OK)
        status = told(worker, hcb_device_open(worker->ctx, json_string_value(id), &worker->device));
    if (status == HCB_OK)
        status = told(worker, hcb_queue_new(worker->device, &worker->queue));
    json_decref(id);
    json_decref(folder);
    (void)reply;
    return status;
}

/* What is read of the device, and why not. */
static enum hcb_status step_sensors(struct worker *worker, json_t *request, json_t *reply)
{
    if (!all_taken(request))
        return misread(worker, "sensors");
    if (worker->sensors == NULL)
        worker->sensors = hcb_sensors_open(hcb_device_info(worker->device));
    if (worker->sensors == NULL)
        return fail(worker, HCB_ERROR, "out of memory for the sensors");
    for (unsigned i = 0; i < HCB_SENSOR_COUNT; i++) {
        const struct hcb_sensor_info *info = hcb_sensors_info(worker->sensors, (enum hcb_sensor)i);
        const bool is_read = info->source[0] != '\0';
        json_object_set_new(reply, hcb_sensor_name(i),
                            json_pack("{s:o}", is_read ? "source" : "reason",
                                      json_words(is_read ? info->source : info->reason)));
    }
    return HCB_OK;
}

static enum hcb_status step_support(struct worker *worker, json_t *request, json_t *reply)
{
    struct hcb_case task;
    json_t *parameters = take(request, "parameters");
    const bool good = take_case(request, true, &task) &&
                      (parameters == NULL || json_is_string(parameters)) && all_taken(request);
    enum hcb_status status = good ? told(worker, hcb_device_supports(worker->device, &task))
                                  : misread(worker, "support");
    if (status == HCB_OK)
        json_object_set_new(reply, "scratch_bytes",
                            json_real((double)hcb_device_scratch_bytes(
                                worker->device, &task, json_string_value(parameters))));
    json_decref(parameters);
    return status;
}

static enum hcb_status step_parameters(struct worker *worker, json_t *request, json_t *reply)
{
    struct hcb_case task;
    struct hcb_parameters parameters;
    if (!take_case(request, true, &task) || !all_taken(request))
        return misread(worker, "parameters");
    enum hcb_status status = told(worker, hcb_device_supports(worker->device, &task));
    if (status == HCB_OK)
        status = told(worker, hcb_device_parameters(worker->device, &task, &parameters));
    if (status != HCB_OK)
        return status;
    json_t *answer = protocol_parameters(&parameters);
    json_object_update(reply, answer);
    json_decref(answer);
    return HCB_OK;
}

/* ------------------------------------------------------- inputs and plans */

static void release_slot(struct slot *slot)
{
    hcb_plan_free(slot->plan);
    hcb_buffer_free(slot->output);
    free(slot->host_output);
    *slot = (struct slot){0};
}

static void release_all(struct worker *worker)
{
    for (size_t i = 0; i < PROTOCOL_SLOTS; i++)
        for (size_t j = 0; j < HCB_IMPL_COUNT; j++)
            release_slot(&worker->slots[i][j]);
    for (size_t i = 0; i < HCB_INPUTS_MAX; i++) {
        hcb_buffer_free(worker->inputs[i]);
        free(worker->host_inputs[i]);
        worker->inputs[i] = NULL;
        worker->host_inputs[i] = NULL;
    }
    worker->has_inputs = false;
}

static void *allocate(uint64_t bytes)
{
    void *memory = NULL;
    return posix_memalign(&memory, 64, bytes) == 0 ? memory : NULL;
}

static enum hcb_status allocate_inputs(struct worker *worker, const struct hcb_case *task)
{
    worker->base = *task;
    worker->has_inputs = true;
    for (unsigned i = 0; i < output_index(task); i++) {
        const uint64_t bytes = hcb_operand_bytes(task, i);
        worker->host_inputs[i] = allocate(bytes);
        if (worker->host_inputs[i] == NULL)
            return fail(worker, HCB_ERROR, "out of memory for the inputs");
        enum hcb_status status = told(worker, hcb_buffer_new(worker->device, bytes, &worker->inputs[i]));
        if (status != HCB_OK)
            return status;
    }
    return HCB_OK;
}

static enum hcb_status upload_inputs(struct worker *worker)
{
    enum hcb_status status = HCB_OK;
    for (unsigned i = 0; i < output_index(&worker->base) && status == HCB_OK; i++)
        status = told(worker, hcb_buffer_upload(worker->queue, worker->inputs[i], 0,
                                                worker->host_inputs[i],
                                                hcb_operand_bytes(&worker->base, i)));
    return status;
}

static bool same_inputs(const struct hcb_case *a, const struct hcb_case *b)
{
    return a->op == b->op && a->precision == b->precision && a->sum == b->sum && a->shape.m == b->shape.m &&
           a->shape.n == b->shape.n && a->shape.k == b->shape.k && a->scale == b->scale;
}

static enum hcb_status step_inputs(struct worker *worker, json_t *request, json_t *reply)
{
    struct hcb_case task;
    json_int_t seed;
    int fill;
    enum hcb_status status = HCB_OK;
    (void)reply;
    if (!take_case(request, false, &task) || !take_word(request, "fill", hcb_fill_name, &fill) ||
        !take_number(request, "seed", INT64_MIN, INT64_MAX, &seed) || !all_taken(request))
        return misread(worker, "inputs");
    if (!worker->has_inputs || !same_inputs(&task, &worker->base)) {
        release_all(worker);
        resident_trim();
        worker->memory = (struct resident){.unknown = false};
        resident_begin(&worker->memory);
        status = allocate_inputs(worker, &task);
    } else {
        resident_begin(&worker->memory);
    }
    worker->fill = (enum hcb_fill)fill;
    for (unsigned i = 0; i < output_index(&task) && status == HCB_OK; i++)
        hcb_fill_operand(&task, i, worker->fill, (uint64_t)seed, 0, hcb_operand_elements(&task, i),
                         worker->host_inputs[i]);
    if (status == HCB_OK)
        status = upload_inputs(worker);
    resident_end(&worker->memory);
    if (status != HCB_OK)
        release_all(worker);
    return status;
}

static void describe_plan(const struct slot *slot, double setup_s, json_t *reply)
{
    const struct hcb_plan_info *info = hcb_plan_info(slot->plan);
    json_object_set_new(reply, "setup_s", json_real(setup_s));
    json_object_set_new(reply, "kernels", json_string(info->kernels));
    json_object_set_new(reply, "kernel_sha256", json_string(info->kernel_sha256));
    json_object_set_new(reply, "tuning", json_string(info->tuning));
    json_object_set_new(reply, "parameters", json_string(info->parameters));
    json_object_set_new(reply, "note", json_string(info->note));
}

static enum hcb_status make_plan(struct worker *worker, struct slot *slot, const char *parameters)
{
    const unsigned last = output_index(&slot->task);
    const uint64_t bytes = hcb_operand_bytes(&slot->task, last);
    struct hcb_buffer *operands[HCB_OPERANDS_MAX] = {0};
    slot->host_output = allocate(bytes);
    if (slot->host_output == NULL)
        return fail(worker, HCB_ERROR, "out of memory for the output");
    enum hcb_status status = told(worker, hcb_buffer_new(worker->device, bytes, &slot->output));
    if (status != HCB_OK)
        return status;
    for (unsigned i = 0; i < last; i++)
        operands[i] = worker->inputs[i];
    operands[last] = slot->output;
    return told(worker, hcb_plan_new_with(worker->queue, &slot->task, operands, parameters, &slot->plan));
}

/* The place of a plan that a request is about; NULL when it names none. */
static struct slot *take_place(struct worker *worker, json_t *request)
{
    int impl;
    json_int_t slot = 0;
    if (!take_word(request, "impl", hcb_impl_name, &impl) ||
        (json_object_get(request, "slot") != NULL &&
         !take_number(request, "slot", 0, PROTOCOL_SLOTS - 1, &slot)))
        return NULL;
    struct slot *place = &worker->slots[slot][impl];
    if (!place->in_use)
        place->task.impl = (enum hcb_impl)impl;
    return place;
}

/* Prepares a plan in an empty place. */
static enum hcb_status prepare(struct worker *worker, struct slot *slot, const char *parameters,
                               json_t *reply)
{
    const enum hcb_impl impl = slot->task.impl;
    release_slot(slot);
    slot->in_use = true;
    slot->task = worker->base;
    slot->task.impl = impl;
    resident_begin(&slot->memory);
    const double start = now_s(worker);
    enum hcb_status status = make_plan(worker, slot, parameters);
    const double setup_s = now_s(worker) - start;
    resident_end(&slot->memory);
    if (status == HCB_OK)
        describe_plan(slot, setup_s, reply);
    else
        release_slot(slot);
    return status;
}

static enum hcb_status step_prepare(struct worker *worker, json_t *request, json_t *reply)
{
    struct slot *slot = take_place(worker, request);
    json_t *parameters = take(request, "parameters");
    const bool good = slot != NULL && (parameters == NULL || json_is_string(parameters)) &&
                      all_taken(request) && worker->has_inputs;
    enum hcb_status status = good ? prepare(worker, slot, json_string_value(parameters), reply)
                                  : misread(worker, "prepare");
    json_decref(parameters);
    return status;
}

/* ------------------------------------------------------- running and judging */

/* The plan that a request is about; NULL when there is none. */
static struct slot *take_slot(struct worker *worker, json_t *request)
{
    struct slot *slot = take_place(worker, request);
    return slot != NULL && slot->in_use ? slot : NULL;
}

/* Overwrites the output on the device, so that only a launch can make it right. */
static enum hcb_status poison_output(struct worker *worker, struct slot *slot)
{
    const unsigned last = output_index(&slot->task);
    hcb_poison(hcb_operand_type(&slot->task, last), slot->host_output,
               hcb_operand_elements(&slot->task, last));
    return told(worker, hcb_buffer_upload(worker->queue, slot->output, 0, slot->host_output,
                                          hcb_operand_bytes(&slot->task, last)));
}

static enum hcb_status download_output(struct worker *worker, struct slot *slot)
{
    return told(worker, hcb_buffer_download(worker->queue, slot->output, 0, slot->host_output,
                                            hcb_operand_bytes(&slot->task, output_index(&slot->task))));
}

static enum hcb_status judge(struct worker *worker, struct slot *slot, bool exact, uint64_t seed,
                             struct hcb_verdict *verdict)
{
    const struct hcb_plan_info *info = hcb_plan_info(slot->plan);
    const struct hcb_verify_options options = {.exact = exact,
                                               .depth = info->depth,
                                               .roundoff_factor = info->roundoff_factor,
                                               .seed = seed};
    const void *const inputs[HCB_INPUTS_MAX] = {worker->host_inputs[0], worker->host_inputs[1]};
    enum hcb_status status = hcb_verify(&slot->task, inputs, slot->host_output, &options, verdict);
    return status == HCB_OK ? status : fail(worker, status, verdict->reason);
}

static enum hcb_status step_check(struct worker *worker, json_t *request, json_t *reply)
{
    struct slot *slot = take_slot(worker, request);
    struct hcb_timing timing;
    struct hcb_verdict verdict;
    json_int_t seed;
    (void)reply;
    if (slot == NULL || !take_number(request, "seed", INT64_MIN, INT64_MAX, &seed) ||
        !all_taken(request) || worker->fill != HCB_FILL_INTEGER)
        return misread(worker, "check");
    resident_begin(&slot->memory);
    enum hcb_status status = poison_output(worker, slot);
    if (status == HCB_OK)
        status = told(worker, hcb_plan_run(slot->plan, 1, &timing));
    if (status == HCB_OK)
        status = download_output(worker, slot);
    resident_end(&slot->memory);
    return status == HCB_OK ? judge(worker, slot, true, (uint64_t)seed, &verdict) : status;
}

/* What the device is like at the end of a block, while it is still warm. */
static json_t *read_block(struct worker *worker)
{
    struct hcb_sensor_reading reading;
    json_t *object = json_object();
    if (worker->sensors == NULL)
        return object;
    hcb_sensors_read(worker->sensors,
                     1u << HCB_SENSOR_CLOCK | 1u << HCB_SENSOR_TEMPERATURE | 1u << HCB_SENSOR_THROTTLE,
                     &reading);
    for (unsigned i = HCB_SENSOR_CLOCK; i <= HCB_SENSOR_TEMPERATURE; i++)
        if (isfinite(reading.value[i]))
            json_object_set_new(object, hcb_sensor_name(i), json_real(reading.value[i]));
    if (reading.throttle[0] != '\0')
        json_object_set_new(object, hcb_sensor_name(HCB_SENSOR_THROTTLE), json_string(reading.throttle));
    return object;
}

static enum hcb_status step_sample(struct worker *worker, json_t *request, json_t *reply)
{
    struct slot *slot = take_slot(worker, request);
    json_int_t launches, count;
    if (slot == NULL || !take_number(request, "launches", 1, UINT32_MAX, &launches) ||
        !take_number(request, "count", 1, 1000000, &count) || !all_taken(request))
        return misread(worker, "sample");
    resident_begin(&slot->memory);
    enum hcb_status status = poison_output(worker, slot);
    json_t *kernel = json_array(), *wall = json_array();
    for (json_int_t i = 0; i < count && status == HCB_OK; i++) {
        struct hcb_timing timing;
        status = told(worker, hcb_plan_run(slot->plan, (uint32_t)launches, &timing));
        if (status == HCB_OK && timing.device_valid)
            json_array_append_new(kernel,
                                  json_real((double)timing.device_ns * 1e-9 / (double)launches));
        if (status == HCB_OK && timing.host_valid)
            json_array_append_new(wall, json_real((double)timing.host_ns * 1e-9 / (double)launches));
    }
    json_object_set_new(reply, "sensors", read_block(worker));
    resident_end(&slot->memory);
    json_object_set_new(reply, "kernel", kernel);
    json_object_set_new(reply, "wall", wall);
    return status;
}

/* A counter, or else a power reading; HCB_SENSOR_COUNT when there is neither. */
static enum hcb_sensor metered(const struct worker *worker)
{
    static const enum hcb_sensor choices[] = {HCB_SENSOR_ENERGY, HCB_SENSOR_POWER};
    for (size_t i = 0; i < sizeof choices / sizeof *choices && worker->sensors != NULL; i++)
        if (hcb_sensors_info(worker->sensors, choices[i])->source[0] != '\0')
            return choices[i];
    return HCB_SENSOR_COUNT;
}

/* Runs windows without a pause until the meter has seen enough.  Between two of
 * them the counter is read, but so seldom that it takes no more than 1 % of the
 * time. */
static enum hcb_status run_metered(struct worker *worker, struct slot *slot, uint32_t launches,
                                   struct meter *meter)
{
    const enum hcb_sensor sensor = metered(worker);
    const double pause_s = 100 * hcb_sensors_info(worker->sensors, sensor)->cost_s;
    struct hcb_sensor_reading reading;
    struct hcb_timing timing;
    enum hcb_status status = HCB_OK;
    double read_s = now_s(worker), total = 0;
    hcb_sensors_read(worker->sensors, 1u << sensor, &reading);
    meter_begin(meter, read_s, reading.value[HCB_SENSOR_ENERGY]);
    for (bool enough = false; !enough && status == HCB_OK;) {
        status = told(worker, hcb_plan_run(slot->plan, launches, &timing));
        total += launches;
        const double now = now_s(worker);
        if (status != HCB_OK || now - read_s < pause_s)
            continue;
        read_s = now;
        hcb_sensors_read(worker->sensors, 1u << sensor, &reading);
        enough = meter_add(meter, now, total, reading.value[HCB_SENSOR_ENERGY],
                           reading.value[HCB_SENSOR_POWER]);
    }
    return status;
}

static enum hcb_status step_energy(struct worker *worker, json_t *request, json_t *reply)
{
    struct slot *slot = take_slot(worker, request);
    struct meter meter;
    json_int_t launches;
    double joules, watts;
    if (slot == NULL || metered(worker) == HCB_SENSOR_COUNT ||
        !take_number(request, "launches", 1, UINT32_MAX, &launches) || !all_taken(request))
        return misread(worker, "energy");
    enum hcb_status status = poison_output(worker, slot);
    if (status == HCB_OK)
        status = run_metered(worker, slot, (uint32_t)launches, &meter);
    if (status == HCB_OK && meter_end(&meter, &joules, &watts)) {
        const struct hcb_sensor_info *info = hcb_sensors_info(worker->sensors, metered(worker));
        json_object_set_new(reply, "joules", json_real(joules));
        json_object_set_new(reply, "watts", json_real(watts));
        json_object_set_new(reply, "source", json_words(info->source));
    }
    return status;
}

/* One pass as a user's program makes it: inputs to the device, one launch, output
 * to the host.  A device that computes in host memory copies nothing. */
static enum hcb_status step_transfer(struct worker *worker, json_t *request, json_t *reply)
{
    struct slot *slot = take_slot(worker, request);
    json_int_t count;
    if (slot == NULL || !take_number(request, "count", 1, 1000000, &count) || !all_taken(request))
        return misread(worker, "transfer");
    const bool copies = !hcb_device_info(worker->device)->host_memory;
    json_t *total = json_array(), *upload = json_array(), *download = json_array();
    enum hcb_status status = HCB_OK;
    resident_begin(&slot->memory);
    for (json_int_t i = 0; i < count && status == HCB_OK; i++) {
        struct hcb_timing timing;
        double start, uploaded, computed;
        status = poison_output(worker, slot);
        start = uploaded = now_s(worker);
        if (status == HCB_OK && copies) {
            status = upload_inputs(worker);
            uploaded = now_s(worker);
        }
        if (status == HCB_OK)
            status = told(worker, hcb_plan_run(slot->plan, 1, &timing));
        computed = now_s(worker);
        if (status == HCB_OK && copies)
            status = download_output(worker, slot);
        const double end = now_s(worker);
        if (status != HCB_OK)
            break;
        json_array_append_new(total, json_real(end - start));
        if (copies) {
            json_array_append_new(upload, json_real(uploaded - start));
            json_array_append_new(download, json_real(end - computed));
        }
    }
    resident_end(&slot->memory);
    json_object_set_new(reply, "end_to_end", total);
    json_object_set_new(reply, "upload", upload);
    json_object_set_new(reply, "download", download);
    return status;
}

static enum hcb_status step_verify(struct worker *worker, json_t *request, json_t *reply)
{
    struct slot *slot = take_slot(worker, request);
    struct hcb_verdict verdict;
    json_int_t seed;
    if (slot == NULL || !take_number(request, "seed", INT64_MIN, INT64_MAX, &seed) || !all_taken(request))
        return misread(worker, "verify");
    enum hcb_status status = download_output(worker, slot);
    if (status != HCB_OK)
        return status;
    if (!worker->memory.unknown && !slot->memory.unknown)
        json_object_set_new(reply, "host_peak_bytes",
                            json_real(worker->memory.peak + slot->memory.peak));
    json_object_set_new(reply, "device_peak_bytes",
                        json_real((double)hcb_plan_device_bytes(slot->plan)));
    status = judge(worker, slot, worker->fill == HCB_FILL_INTEGER, (uint64_t)seed, &verdict);
    if (status == HCB_OK || status == HCB_WRONG)
        json_object_set_new(reply, "error", protocol_verdict(&verdict));
    return status;
}

static enum hcb_status step_release(struct worker *worker, json_t *request, json_t *reply)
{
    (void)reply;
    if (!all_taken(request))
        return misread(worker, "release");
    release_all(worker);
    return HCB_OK;
}

static enum hcb_status step_quit(struct worker *worker, json_t *request, json_t *reply)
{
    (void)reply;
    if (!all_taken(request))
        return misread(worker, "quit");
    worker->done = true;
    return HCB_OK;
}

/* ------------------------------------------------------------- dispatching */

static const struct {
    const char *name;
    step_function *function;
    bool needs_device;
} steps[] = {
    {"hello", step_hello, false},     {"list", step_list, false},
    {"open", step_open, false},       {"support", step_support, true},
    {"inputs", step_inputs, true},    {"prepare", step_prepare, true},
    {"check", step_check, true},      {"sample", step_sample, true},
    {"transfer", step_transfer, true}, {"verify", step_verify, true},
    {"release", step_release, true},  {"quit", step_quit, false},
    {"sensors", step_sensors, true},  {"energy", step_energy, true},
    {"parameters", step_parameters, true},
};

static enum hcb_status carry_out(struct worker *worker, const char *name, json_t *request, json_t *reply)
{
    char text[96];
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (strcmp(steps[i].name, name) != 0)
            continue;
        if (!worker->greeted && steps[i].function != step_hello)
            return fail(worker, HCB_ERROR, "the first request must be 'hello'");
        if (steps[i].needs_device && worker->device == NULL)
            return fail(worker, HCB_ERROR, "no device is open");
        return steps[i].function(worker, request, reply);
    }
    snprintf(text, sizeof text, "unknown step '%.40s'", name);
    return fail(worker, HCB_ERROR, text);
}

json_t *worker_handle(struct worker *worker, const json_t *request)
{
    json_t *members = json_deep_copy(request), *reply = json_object();
    json_t *id = take(members, "id"), *step = take(members, "step");
    enum hcb_status status;
    worker->reason[0] = '\0';
    if (!json_is_integer(id) || !json_is_string(step))
        status = fail(worker, HCB_ERROR, "a request needs an id and a step");
    else
        status = carry_out(worker, json_string_value(step), members, reply);
    if (status != HCB_OK) {
        /* A wrong result still has its figures. */
        json_t *error = status == HCB_WRONG ? take(reply, "error") : NULL;
        json_object_clear(reply);
        if (error != NULL)
            json_object_set_new(reply, "error", error);
        json_object_set_new(reply, "reason", json_string(worker->reason));
    }
    json_object_set_new(reply, "id", json_integer(json_integer_value(id)));
    json_object_set_new(reply, "status", json_string(hcb_status_name(status)));
    json_decref(id);
    json_decref(step);
    json_decref(members);
    return reply;
}

struct worker *worker_new(void)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (worker != NULL && (worker->ctx = hcb_ctx_new()) == NULL) {
        free(worker);
        return NULL;
    }
    return worker;
}

void worker_free(struct worker *worker)
{
    if (worker == NULL)
        return;
    release_all(worker);
    hcb_sensors_close(worker->sensors);
    hcb_queue_free(worker->queue);
    hcb_device_close(worker->device);
    hcb_ctx_free(worker->ctx);
    free(worker);
}

bool worker_is_done(const struct worker *worker)
{
    return worker->done;
}

static bool send_reply(FILE *replies, const json_t *reply)
{
    return json_dumpf(reply, replies, JSON_COMPACT | JSON_REAL_PRECISION(17)) == 0 &&
           fputc('\n', replies) != EOF && fflush(replies) == 0;
}

int worker_main(void)
{
    FILE *requests = fdopen(WORKER_REQUESTS, "r"), *replies = fdopen(WORKER_REPLIES, "w");
    struct worker *worker = worker_new();
    char *line = NULL;
    size_t size = 0;
    if (requests == NULL || replies == NULL || worker == NULL) {
        fputs("hcbench: 'worker' is for hcbench itself, which gives it descriptors 3 and 4\n", stderr);
        worker_free(worker);
        return 2;
    }
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* no stray worker when the conductor is killed */
#endif
    signal(SIGPIPE, SIG_IGN);
    bool good = true;
    while (good && !worker_is_done(worker) && getline(&line, &size, requests) > 0) {
        json_t *request = json_loads(line, 0, NULL);
        json_t *reply = worker_handle(worker, request);
        good = send_reply(replies, reply);
        json_decref(reply);
        json_decref(request);
    }
    free(line);
    worker_free(worker);
    fclose(requests);
    fclose(replies);
    return good ? 0 : 1;
}
