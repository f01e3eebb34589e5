/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel files: the built-in table, the user's folder in its place, and the
 * hash that goes into the record. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform.h"
#include "suite.h"

static const struct hcbi_kernel table[] = {
    {"a.cl", "abc", 3}, {"b.cl", "de\0f", 4}, {"empty.cl", "", 0}, {NULL, NULL, 0}};

static char folder[] = "kernels.XXXXXX";

static void write_file(const char *name, const char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

static void remove_file(const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert_int_eq(remove(path), 0);
}

static void expect(struct hcb_ctx *ctx, const char *name, const char *text, size_t length)
{
    void *data = NULL;
    size_t size = 99;
    ck_assert_int_eq((int)hcbi_kernel_load(ctx, table, name, &data, &size), (int)HCB_OK);
    ck_assert_uint_eq(size, length);
    ck_assert_mem_eq(data, text, length);
    ck_assert_int_eq(((char *)data)[length], '\0');
    free(data);
}

START_TEST(built_in)
{
    struct hcb_ctx *ctx = hcb_ctx_new();
    ck_assert_ptr_null(hcbi_kernel_dir(ctx));
    expect(ctx, "a.cl", "abc", 3);
    expect(ctx, "b.cl", "de\0f", 4);
    expect(ctx, "empty.cl", "", 0);
    hcb_ctx_free(ctx);
}
END_TEST

START_TEST(missing)
{
    struct hcb_ctx *ctx = hcb_ctx_new();
    void *data = &ctx;
    size_t size = 99;
    ck_assert_int_eq((int)hcbi_kernel_load(ctx, table, "c.cl", &data, &size), (int)HCB_UNSUPPORTED);
    ck_assert_str_eq(hcb_error(ctx), "kernel c.cl is not in this build");
    ck_assert(data == &ctx && size == 99);
    hcb_ctx_free(ctx);
}
END_TEST

/* Larger than one piece of reading, and with a NUL in it. */
START_TEST(folder_comes_first)
{
    enum { LARGE = 200001 };
    char *large = malloc(LARGE);
    struct hcb_ctx *ctx = hcb_ctx_new();
    ck_assert_ptr_nonnull(large);
    memset(large, 'x', LARGE);
    large[1000] = '\0';
    ck_assert_ptr_nonnull(mkdtemp(folder));
    write_file("a.cl", "edited", 6);
    write_file("new.cl", large, LARGE);
    write_file("empty.cl", "", 0);
    ck_assert_int_eq((int)hcb_ctx_set_kernel_dir(ctx, folder), (int)HCB_OK);
    expect(ctx, "a.cl", "edited", 6);
    expect(ctx, "b.cl", "de\0f", 4); /* not in the folder */
    expect(ctx, "new.cl", large, LARGE);
    expect(ctx, "empty.cl", "", 0);
    ck_assert_int_eq((int)hcb_ctx_set_kernel_dir(ctx, ""), (int)HCB_OK);
    expect(ctx, "a.cl", "abc", 3);
    ck_assert_int_eq((int)hcb_ctx_set_kernel_dir(ctx, NULL), (int)HCB_OK);
    expect(ctx, "a.cl", "abc", 3);
    remove_file("a.cl");
    remove_file("new.cl");
    remove_file("empty.cl");
    ck_assert_int_eq(rmdir(folder), 0);
    hcb_ctx_free(ctx);
    free(large);
}
END_TEST

/* A file that is there and cannot be read is an error, not the built-in one. */
START_TEST(unreadable)
{
    struct hcb_ctx *ctx = hcb_ctx_new();
    char path[64];
    void *data = NULL;
    size_t size = 99;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.cl", folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    hcb_ctx_set_kernel_dir(ctx, folder);
    ck_assert_int_eq((int)hcbi_kernel_load(ctx, table, "a.cl", &data, &size), (int)HCB_ERROR);
    ck_assert_ptr_nonnull(strstr(hcb_error(ctx), path));
    ck_assert(data == NULL && size == 99);
    rmdir(path);
    write_file("b.cl", "", 0);
    snprintf(path, sizeof path, "%s/b.cl", folder);
    hcb_ctx_set_kernel_dir(ctx, path); /* a file in the place of a folder */
    ck_assert_int_eq((int)hcbi_kernel_load(ctx, table, "a.cl", &data, &size), (int)HCB_ERROR);
    ck_assert(data == NULL && size == 99);
    remove_file("b.cl");
    rmdir(folder);
    hcb_ctx_free(ctx);
}
END_TEST

START_TEST(folder_name_too_long)
{
    struct hcb_ctx *ctx = hcb_ctx_new();
    char name[5000];
    void *data = NULL;
    size_t size = 99;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    hcb_ctx_set_kernel_dir(ctx, name);
    ck_assert_int_eq((int)hcbi_kernel_load(ctx, table, "a.cl", &data, &size), (int)HCB_ERROR);
    ck_assert_ptr_null(data);
    hcb_ctx_free(ctx);
}
END_TEST

/* FIPS 180-2, appendix B.1: SHA-256("abc"). */
START_TEST(hashes)
{
    static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    struct hcb_plan plan = {0};
    const struct hcbi_blob one[] = {{"a.cl", "abc", 3}};
    const struct hcbi_blob two[] = {{"first.cl", "a", 1}, {"second.spv", "bc", 2}};
    hcbi_plan_kernels(&plan, one, 1);
    ck_assert_str_eq(plan.info.kernels, "a.cl");
    ck_assert_str_eq(plan.info.kernel_sha256, abc);
    hcbi_plan_kernels(&plan, two, 2);
    ck_assert_str_eq(plan.info.kernels, "first.cl second.spv");
    ck_assert_str_eq(plan.info.kernel_sha256, abc);
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("kernels");
    tcase_add_test(tests, built_in);
    tcase_add_test(tests, missing);
    tcase_add_test(tests, folder_comes_first);
    tcase_add_test(tests, unreadable);
    tcase_add_test(tests, folder_name_too_long);
    tcase_add_test(tests, hashes);
    return suite_run("kernels", tests);
}
