/* SPDX-License-Identifier: Apache-2.0 */
/* The files of tuned parameters; see store.h.  A file is
 *
 *     { "format": "hcbench-tuned", "format_version": 2, "hcbench": "...", "device": {...},
 *       "kernel_sha256": "...", "op": "matmul", "impl": "tile", "precision": "f32",
 *       "shape": [m, n, k], "table": "rows=12 width=16", "parameters": "rows=14 width=16" }
 *
 * `table` is what the parameters were faster than, or the same where nothing was.  The
 * name is made of a hash of all that stands before it; what a file is about is read from
 * its members. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files/members.h"
#include "files/output.h"
#include "files/text.h"
#include "record.h"
#include "tune/store.h"

enum { FORMAT = 2, PATH_SIZE = 4096, FILE_BYTES_MAX = 1 << 14, FILES_MAX = 10000 };
static const char format_name[] = "hcbench-tuned", prefix[] = "tuned-", suffix[] = ".json";

/* Parameters, and what they are good for. */
struct entry {
    struct hcb_device_info device; /* of it the members of the key */
    char kernel_sha256[65];
    struct hcb_case task;
    char table[HCB_PARAMETERS_SIZE], parameters[HCB_PARAMETERS_SIZE];
};

struct store {
    struct entry *entries;
    size_t count;
};

#define KEY(kind, member) MEMBER_OF(struct hcb_device_info, kind, member)
static const struct member device_key[] = {
    KEY(MEMBER_TEXT, platform),       KEY(MEMBER_TEXT, name),   KEY(MEMBER_TEXT, driver),
    KEY(MEMBER_TEXT, driver_version), KEY(MEMBER_TEXT, target), KEY(MEMBER_U32, compute_units),
    {.name = NULL}};

/* -------------------------------------------------------------------- names */

/* "FOLDER/" and room for a name.  False when the environment names no home. */
static bool folder_path(char *path)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int length = -1;
    if (cache != NULL && cache[0] == '/')
        length = snprintf(path, PATH_SIZE, "%s/hcbench/", cache);
    else if (home != NULL && home[0] == '/')
        length = snprintf(path, PATH_SIZE, "%s/.cache/hcbench/", home);
    return length > 0 && length < PATH_SIZE - 300;
}

/* Fowler, Noll and Vo: FNV-1a. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
    do
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    while (*text++ != '\0');
    return hash;
}

/* What an entry is about, all that tells it from others.  NULL when memory is short. */
static json_t *subject_json(const struct entry *entry)
{
    const struct hcb_case *c = &entry->task;
    return json_pack("{s:o, s:s, s:s, s:s, s:s, s:[I,I,I]}", "device",
                     members_write(device_key, &entry->device), "kernel_sha256", entry->kernel_sha256,
                     "op", hcb_op_name(c->op), "impl", hcb_impl_name(c->impl), "precision",
                     hcb_precision_name(c->precision), "shape", (json_int_t)c->shape.m,
                     (json_int_t)c->shape.n, (json_int_t)c->shape.k);
}

static json_t *entry_json(const struct entry *entry)
{
    json_t *document = json_pack("{s:s, s:i, s:s}", "format", format_name, "format_version", FORMAT,
                                 "hcbench", hcb_version()),
           *subject = subject_json(entry);
    const bool good = document != NULL && subject != NULL &&
                      json_object_update(document, subject) == 0 &&
                      json_object_set_new(document, "table", json_string(entry->table)) == 0 &&
                      json_object_set_new(document, "parameters", json_string(entry->parameters)) == 0;
    json_decref(subject);
    if (good)
        return document;
    json_decref(document);
    return NULL;
}

static bool file_path(const struct entry *entry, char *path)
{
    json_t *subject = subject_json(entry);
    char *key = subject != NULL ? json_dumps(subject, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    const bool good = key != NULL && folder_path(path);
    if (good) {
        const size_t used = strlen(path);
        snprintf(path + used, PATH_SIZE - used, "%s%s-%016" PRIx64 "%s", prefix,
                 entry->device.platform, hash_text(UINT64_C(0xcbf29ce484222325), key), suffix);
    }
    free(key);
    json_decref(subject);
    return good;
}

/* ------------------------------------------------------------------ reading */

static bool read_word(const json_t *object, const char *name, const char *(*words)(unsigned),
                      unsigned *value)
{
    const char *word = json_string_value(json_object_get(object, name));
    const int number = word != NULL ? hcb_word(words, word) : -1;
    *value = (unsigned)number;
    return number >= 0;
}

/* As parameters are written: nothing that a terminal or a table would take amiss. */
static bool is_plain(const char *text)
{
    return text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_= ")] == '\0';
}

static bool read_text(const json_t *object, const char *name, char text[HCB_PARAMETERS_SIZE])
{
    const char *value = json_string_value(json_object_get(object, name));
    if (value == NULL || strlen(value) >= HCB_PARAMETERS_SIZE || !is_plain(value))
        return false;
    memcpy(text, value, strlen(value) + 1);
    return true;
}

static bool read_case(const json_t *object, struct hcb_case *c)
{
    unsigned op, impl, precision;
    json_int_t m, n, k;
    if (!read_word(object, "op", hcb_op_name, &op) ||
        !read_word(object, "impl", hcb_impl_name, &impl) ||
        !read_word(object, "precision", hcb_precision_name, &precision) ||
        json_unpack(json_object_get(object, "shape"), "[I,I,I!]", &m, &n, &k) != 0 || m < 1 ||
        n < 1 || k < 1)
        return false;
    *c = (struct hcb_case){(enum hcb_op)op, (enum hcb_impl)impl, (enum hcb_precision)precision,
                           {(uint64_t)m, (uint64_t)n, (uint64_t)k}};
    return hcb_case_check(c);
}

static bool add_entry(struct store *store, const struct entry *entry)
{
    struct entry *larger = realloc(store->entries, (store->count + 1) * sizeof *larger);
    if (larger == NULL)
        return false;
    store->entries = larger;
    larger[store->count++] = *entry;
    return true;
}

/* Adds the entry of a document.  Returns what is wrong with it, NULL for nothing. */
static const char *read_document(const json_t *document, struct store *store)
{
    struct entry entry;
    const char *format = json_string_value(json_object_get(document, "format")),
               *hash = json_string_value(json_object_get(document, "kernel_sha256"));
    const json_t *version = json_object_get(document, "format_version");
    memset(&entry, 0, sizeof entry);
    if (format == NULL || strcmp(format, format_name) != 0 || !json_is_integer(version))
        return "it is no file of tuned parameters";
    if (json_integer_value(version) != FORMAT)
        return NULL; /* of another hcbench: of no use, and no damage */
    if (hash == NULL || strlen(hash) >= sizeof entry.kernel_sha256 ||
        !members_read(device_key, json_object_get(document, "device"), &entry.device) ||
        !read_case(document, &entry.task) || !read_text(document, "table", entry.table) ||
        !read_text(document, "parameters", entry.parameters))
        return "members are missing or wrong";
    memcpy(entry.kernel_sha256, hash, strlen(hash) + 1);
    return add_entry(store, &entry) ? NULL : "out of memory";
}

/* False after one line on stderr. */
static bool read_file(const char *path, struct store *store)
{
    struct text text;
    struct stat facts;
    json_error_t error;
    if (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode)) /* a pipe may block for ever */
        return text_refuse(path, 0, "it is no file");
    if (!text_read(path, FILE_BYTES_MAX, &text))
        return false;
    json_t *document = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES, &error);
    const char *wrong = document == NULL ? error.text : read_document(document, store);
    if (wrong != NULL)
        text_refuse(path, document == NULL && error.line > 0 ? (unsigned long)error.line : 0, wrong);
    json_decref(document);
    free(text.data);
    return wrong == NULL;
}

static bool is_ours(const char *name)
{
    const size_t length = strlen(name), end = sizeof suffix - 1;
    return strncmp(name, prefix, sizeof prefix - 1) == 0 && length > end && length < 200 &&
           strcmp(name + length - end, suffix) == 0;
}

struct store *store_open(void)
{
    char path[PATH_SIZE];
    if (!folder_path(path))
        return NULL;
    DIR *folder = opendir(path);
    struct store *store = folder != NULL ? calloc(1, sizeof *store) : NULL;
    const size_t used = strlen(path);
    const struct dirent *file;
    unsigned files = 0;
    while (store != NULL && (file = readdir(folder)) != NULL && files < FILES_MAX)
        if (is_ours(file->d_name)) {
            snprintf(path + used, sizeof path - used, "%s", file->d_name);
            read_file(path, store);
            files++;
        }
    if (folder != NULL)
        closedir(folder);
    return store;
}

void store_close(struct store *store)
{
    if (store != NULL)
        free(store->entries);
    free(store);
}

/* ------------------------------------------------------------------ finding */

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static bool same_but_shape(const struct hcb_case *a, const struct hcb_case *b)
{
    return a->op == b->op && a->impl == b->impl && a->precision == b->precision && a->sum == b->sum;
}

/* Of a device of this name, and the op, impl and precision. */
static bool is_about(const struct entry *entry, const struct hcb_device_info *device,
                     const struct hcb_case *c)
{
    return same(entry->device.platform, device->platform) && same(entry->device.name, device->name) &&
           same_but_shape(&entry->task, c);
}

static bool same_device(const struct hcb_device_info *a, const struct hcb_device_info *b)
{
    return same(a->platform, b->platform) && same(a->name, b->name) && same(a->driver, b->driver) &&
           same(a->driver_version, b->driver_version) && same(a->target, b->target) &&
           a->compute_units == b->compute_units;
}

static bool is_near(uint64_t found, uint64_t extent)
{
    return (double)found <= 2 * (double)extent && (double)extent <= 4 * (double)found;
}

/* What was found for a shape holds for others of about its size. */
static bool covers(const struct hcb_shape *found, const struct hcb_shape *shape)
{
    return is_near(found->m, shape->m) && is_near(found->n, shape->n) && is_near(found->k, shape->k);
}

static bool is_larger(const struct hcb_shape *a, const struct hcb_shape *b)
{
    return (double)a->m * (double)a->n * (double)a->k > (double)b->m * (double)b->n * (double)b->k;
}

bool store_knows(const struct store *store, const struct hcb_device_info *device,
                 const struct hcb_case *c)
{
    for (size_t i = 0; store != NULL && i < store->count; i++)
        if (is_about(&store->entries[i], device, c) &&
            covers(&store->entries[i].task.shape, &c->shape))
            return true;
    return false;
}

static bool same_shape(const struct hcb_shape *a, const struct hcb_shape *b)
{
    return a->m == b->m && a->n == b->n && a->k == b->k;
}

/* Of two that cover a shape, the first is better: it is of that very shape, or larger. */
static bool is_better(const struct entry *a, const struct entry *b, const struct hcb_shape *shape)
{
    return b == NULL || same_shape(&a->task.shape, shape) ||
           (!same_shape(&b->task.shape, shape) && is_larger(&a->task.shape, &b->task.shape));
}

static char *table_of(const struct hcb_parameters *parameters, char text[HCB_PARAMETERS_SIZE])
{
    uint64_t values[HCB_PARAMETERS_MAX];
    hcb_parameters_read(parameters, "", values);
    return hcb_parameters_text(parameters, values, text);
}

/* Why an entry is of no use any more; "" when it may be used. */
static const char *out_of_date(const struct entry *entry, const struct hcb_device_info *device)
{
    if (!same(entry->device.driver, device->driver))
        return "they are of another driver";
    if (!same(entry->device.driver_version, device->driver_version))
        return "they are of another version of the driver";
    if (!same(entry->device.target, device->target))
        return "they are of another target";
    if (!same_device(&entry->device, device))
        return "they are of another number of units";
    return "";
}

/* Kernels and table may depend on the shape; another is out of date for the same shape only. */
static const char *of_another(const struct entry *entry, const struct hcb_parameters *parameters,
                              const char *table)
{
    if (!same(entry->kernel_sha256, parameters->kernel_sha256))
        return "they are of other kernels";
    return same(entry->table, table) ? "" : "the table is not the one that they were faster than";
}

bool store_find(const struct store *store, const struct hcb_device_info *device,
                const struct hcb_parameters *parameters, const struct hcb_case *c,
                uint64_t values[HCB_PARAMETERS_MAX], char *why, size_t size)
{
    const struct entry *best = NULL;
    char table[HCB_PARAMETERS_SIZE];
    table_of(parameters, table);
    snprintf(why, size, "%s", "");
    for (size_t i = 0; store != NULL && i < store->count; i++) {
        const struct entry *entry = &store->entries[i];
        if (!is_about(entry, device, c) || !covers(&entry->task.shape, &c->shape))
            continue;
        const char *old = out_of_date(entry, device), *other = of_another(entry, parameters, table);
        if (other[0] != '\0' && !same_shape(&entry->task.shape, &c->shape))
            continue;
        if (old[0] != '\0' || other[0] != '\0')
            snprintf(why, size, "%s", old[0] != '\0' ? old : other);
        else if (is_better(entry, best, &c->shape))
            best = entry;
    }
    if (best == NULL)
        return false;
    if (same(best->parameters, table)) {
        snprintf(why, size, "%s", "");
        return false;
    }
    uint64_t found[HCB_PARAMETERS_MAX];
    if (!hcb_parameters_read(parameters, best->parameters, found) ||
        hcb_parameters_beyond(parameters, found) != NULL) {
        snprintf(why, size, "the kernels take no '%.100s'", best->parameters);
        return false;
    }
    memcpy(values, found, sizeof found);
    snprintf(why, size, "%s", "");
    return true;
}

/* ------------------------------------------------------------------ keeping */

/* Without the values. */
static struct entry entry_of(const struct hcb_device_info *device,
                             const struct hcb_parameters *parameters, const struct hcb_case *c)
{
    struct entry entry = {.device = *device, .task = *c};
    memcpy(entry.kernel_sha256, parameters->kernel_sha256, sizeof entry.kernel_sha256);
    table_of(parameters, entry.table);
    return entry;
}

static bool write_file(const char *path, json_t *document)
{
    char *text = json_dumps(document, JSON_INDENT(2));
    if (text == NULL)
        return output_failed(path, ENOMEM);
    struct output *output = output_open(path);
    bool good = output != NULL && output_text(output, text) && output_text(output, "\n");
    if (output != NULL)
        good = output_close(output, good);
    free(text);
    return good;
}

bool store_check(void)
{
    char path[PATH_SIZE];
    if (!folder_path(path)) {
        text_say("there is no folder to keep parameters in: neither XDG_CACHE_HOME nor HOME names one");
        return false;
    }
    if (!output_make_folders(path))
        return output_failed(path, errno);
    snprintf(path + strlen(path), sizeof path - strlen(path), "%scheck%s", prefix, suffix);
    return output_check(path);
}

bool store_keep(const struct hcb_device_info *device, const struct hcb_parameters *parameters,
                const struct hcb_case *c, const uint64_t values[HCB_PARAMETERS_MAX])
{
    char path[PATH_SIZE];
    struct entry entry = entry_of(device, parameters, c);
    hcb_parameters_text(parameters, values, entry.parameters);
    if (!file_path(&entry, path) || !output_make_folders(path))
        return output_failed("the tuned parameters", errno);
    json_t *document = entry_json(&entry);
    const bool good = document != NULL ? write_file(path, document) : output_failed(path, ENOMEM);
    json_decref(document);
    return good;
}

/* ------------------------------------------------------------- for a journal */

/* Those that are out of date take part, so that rows are told of them. */
static bool is_of(const struct entry *entry, const struct record *record)
{
    for (size_t i = 0; i < record->device_count; i++)
        if (same(entry->device.platform, record->devices[i].info.platform) &&
            same(entry->device.name, record->devices[i].info.name))
            return true;
    return false;
}

json_t *store_json(const struct store *store, const struct record *record)
{
    json_t *array = json_array();
    bool good = array != NULL;
    for (size_t i = 0; store != NULL && i < store->count && good; i++)
        if (is_of(&store->entries[i], record))
            good = json_array_append_new(array, entry_json(&store->entries[i])) == 0;
    if (good)
        return array;
    json_decref(array);
    return NULL;
}

struct store *store_from_json(const json_t *array)
{
    struct store *store = json_is_array(array) ? calloc(1, sizeof *store) : NULL;
    bool good = store != NULL;
    for (size_t i = 0; i < json_array_size(array) && good; i++)
        good = read_document(json_array_get(array, i), store) == NULL;
    if (good)
        return store;
    store_close(store);
    return NULL;
}
