/* SPDX-License-Identifier: Apache-2.0 */
/* The files of tuned parameters; see store.h.  A file is
 *
 *     { "format": "hcbench-tuned", "format_version": 1, "device": {...},
 *       "kernel_sha256": "...", "cases": [ { "op", "impl", "precision",
 *       "shape": [m, n, k], "parameters": "rows=12 width=16" } ] }
 *
 * Its name is made of a hash of device and kernel, so that others do not get in its way;
 * what it is about is read from its members. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/members.h"
#include "files/output.h"
#include "files/text.h"
#include "tune/store.h"

enum { PATH_SIZE = 4096, FILE_BYTES_MAX = 1 << 18, FILES_MAX = 1000, CASES_MAX = 1000 };
static const char prefix[] = "tuned-", suffix[] = ".json";

/* What parameters of one device are good for. */
struct entry {
    struct hcb_device_info device; /* of it the members of the key */
    char kernel_sha256[65];
    struct hcb_case task;
    char parameters[HCB_PARAMETERS_SIZE];
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

static bool file_path(const struct hcb_device_info *device, const char *kernel_sha256, char *path)
{
    char *key = NULL;
    json_t *object = members_write(device_key, device);
    if (!folder_path(path) || object == NULL ||
        (key = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS)) == NULL) {
        json_decref(object);
        return false;
    }
    const uint64_t hash = hash_text(hash_text(UINT64_C(0xcbf29ce484222325), key), kernel_sha256);
    const size_t used = strlen(path);
    snprintf(path + used, PATH_SIZE - used, "%s%s-%016" PRIx64 "%s", prefix, device->platform, hash,
             suffix);
    free(key);
    json_decref(object);
    return true;
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
    return text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_= ")] == '\0';
}

static bool read_case(const json_t *object, struct entry *entry)
{
    unsigned op, impl, precision;
    json_int_t m, n, k;
    const char *parameters = json_string_value(json_object_get(object, "parameters"));
    if (!read_word(object, "op", hcb_op_name, &op) ||
        !read_word(object, "impl", hcb_impl_name, &impl) ||
        !read_word(object, "precision", hcb_precision_name, &precision) ||
        json_unpack(json_object_get(object, "shape"), "[I,I,I!]", &m, &n, &k) != 0 || m < 1 ||
        n < 1 || k < 1 || parameters == NULL || strlen(parameters) >= sizeof entry->parameters ||
        !is_plain(parameters))
        return false;
    entry->task = (struct hcb_case){(enum hcb_op)op, (enum hcb_impl)impl,
                                    (enum hcb_precision)precision,
                                    {(uint64_t)m, (uint64_t)n, (uint64_t)k}};
    snprintf(entry->parameters, sizeof entry->parameters, "%s", parameters);
    return hcb_case_check(&entry->task);
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

/* Adds the entries of a file.  Returns what is wrong with it, NULL for nothing. */
static const char *read_document(const json_t *document, struct store *store)
{
    struct entry entry;
    const char *format = json_string_value(json_object_get(document, "format")),
               *hash = json_string_value(json_object_get(document, "kernel_sha256"));
    const json_t *device = json_object_get(document, "device"),
                 *cases = json_object_get(document, "cases");
    memset(&entry, 0, sizeof entry);
    if (format == NULL || strcmp(format, "hcbench-tuned") != 0 ||
        json_integer_value(json_object_get(document, "format_version")) != 1)
        return "it is no file of tuned parameters of this version";
    if (hash == NULL || strlen(hash) >= sizeof entry.kernel_sha256 ||
        !members_read(device_key, device, &entry.device) || !json_is_array(cases) ||
        json_array_size(cases) > CASES_MAX)
        return "members are missing or wrong";
    memcpy(entry.kernel_sha256, hash, strlen(hash) + 1);
    const size_t before = store->count;
    for (size_t i = 0; i < json_array_size(cases); i++)
        if (!read_case(json_array_get(cases, i), &entry)) {
            store->count = before;
            return "a case has missing or wrong members";
        } else if (!add_entry(store, &entry)) {
            return "out of memory";
        }
    return NULL;
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

const char *store_find(const struct store *store, const struct hcb_device_info *device,
                       const char *kernel_sha256, const struct hcb_case *c, char *why, size_t size)
{
    const struct entry *best = NULL;
    snprintf(why, size, "%s", "");
    for (size_t i = 0; store != NULL && i < store->count; i++) {
        const struct entry *entry = &store->entries[i];
        if (!is_about(entry, device, c) || !covers(&entry->task.shape, &c->shape))
            continue;
        if (!same_device(&entry->device, device))
            snprintf(why, size, "they are of another %s",
                     !same(entry->device.driver, device->driver)                   ? "driver"
                     : !same(entry->device.driver_version, device->driver_version) ? "version of the driver"
                     : !same(entry->device.target, device->target)                 ? "target"
                                                                                   : "number of units");
        else if (!same(entry->kernel_sha256, kernel_sha256))
            snprintf(why, size, "they are of other kernels");
        else if (best == NULL || is_larger(&entry->task.shape, &best->task.shape))
            best = entry;
    }
    if (best != NULL)
        snprintf(why, size, "%s", "");
    return best != NULL ? best->parameters : NULL;
}

/* ------------------------------------------------------------------ keeping */

static bool same_shape(const struct hcb_shape *a, const struct hcb_shape *b)
{
    return a->m == b->m && a->n == b->n && a->k == b->k;
}

static json_t *case_json(const struct hcb_case *c, const char *parameters)
{
    return json_pack("{s:s, s:s, s:s, s:[I,I,I], s:s}", "op", hcb_op_name(c->op), "impl",
                     hcb_impl_name(c->impl), "precision", hcb_precision_name(c->precision), "shape",
                     (json_int_t)c->shape.m, (json_int_t)c->shape.n, (json_int_t)c->shape.k,
                     "parameters", parameters);
}

/* The cases of the store that are of this device and kernel, but for one. */
static json_t *other_cases(const struct store *store, const struct hcb_device_info *device,
                           const char *kernel_sha256, const struct hcb_case *but)
{
    json_t *cases = json_array();
    for (size_t i = 0; store != NULL && i < store->count; i++) {
        const struct entry *entry = &store->entries[i];
        if (same_device(&entry->device, device) && same(entry->kernel_sha256, kernel_sha256) &&
            !(same_but_shape(&entry->task, but) && same_shape(&entry->task.shape, &but->shape)))
            json_array_append_new(cases, case_json(&entry->task, entry->parameters));
    }
    return cases;
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

bool store_keep(const struct hcb_device_info *device, const char *kernel_sha256,
                const struct hcb_case *c, const char *parameters)
{
    char path[PATH_SIZE];
    struct store store = {0};
    if (!file_path(device, kernel_sha256, path) || !output_make_folders(path))
        return output_failed("the tuned parameters", errno);
    const bool is_there = access(path, F_OK) == 0;
    if (parameters == NULL && !is_there)
        return true;
    if (is_there) /* a damaged one is replaced */
        read_file(path, &store);
    json_t *cases = other_cases(&store, device, kernel_sha256, c);
    free(store.entries);
    if (parameters != NULL)
        json_array_append_new(cases, case_json(c, parameters));
    json_t *document = json_pack("{s:s, s:i, s:s, s:o, s:s, s:o}", "format", "hcbench-tuned",
                                 "format_version", 1, "hcbench", hcb_version(), "device",
                                 members_write(device_key, device), "kernel_sha256", kernel_sha256,
                                 "cases", cases);
    const bool good = document != NULL && write_file(path, document);
    json_decref(document);
    return good;
}
