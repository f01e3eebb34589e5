/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices are one piece of hardware, from what drivers say of them. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "measure/silicon.h"
#include "suite.h"

enum { MOST = 4 };

/* Devices, and what must come out: "" for nothing. */
struct row {
    const char *what;
    struct hcb_device_info infos[MOST];
    const char *same_as[MOST];      /* ids with blanks between */
    const char *duplicate_of[MOST];
};

#define NVIDIA(id_, platform_)                                                                     \
    .id = id_, .platform = platform_, .name = "NVIDIA H200", .driver = "NVIDIA",                   \
    .driver_version = "550.1", .type = HCB_DEVICE_GPU, .memory_bytes = UINT64_C(1) << 37
#define POCL(id_)                                                                                  \
    .id = id_, .platform = "opencl", .name = "cpu-model", .driver = "PoCL",                        \
    .driver_version = "3.1", .type = HCB_DEVICE_CPU, .software = true
#define PROCESSOR .id = "cpu:0", .platform = "cpu", .driver = "OpenBLAS", .type = HCB_DEVICE_CPU
#define UUID_A "0123456789abcdef0123456789abcdef"
#define UUID_B "fedcba98765432100123456789abcdef"
#define ZEROS "00000000000000000000000000000000"

static const struct row rows[] = {
    {"one GPU behind two APIs, by its address",
     {{NVIDIA("opencl:0", "opencl"), .pci = "0000:65:00.0"},
      {NVIDIA("vulkan:0", "vulkan"), .pci = "0000:65:00.0"}},
     {"vulkan:0", "opencl:0"},
     {"", ""}},
    {"addresses alike and UUIDs not, behind two APIs",
     {{NVIDIA("opencl:0", "opencl"), .pci = "0000:65:00.0", .uuid = UUID_A},
      {NVIDIA("vulkan:0", "vulkan"), .pci = "0000:65:00.0", .uuid = UUID_B}},
     {"vulkan:0", "opencl:0"},
     {"", ""}},
    {"UUIDs alike and no address",
     {{NVIDIA("opencl:0", "opencl"), .uuid = UUID_A}, {NVIDIA("vulkan:0", "vulkan"), .uuid = UUID_A}},
     {"vulkan:0", "opencl:0"},
     {"", ""}},
    {"two cards of one model",
     {{NVIDIA("opencl:0", "opencl"), .pci = "0000:65:00.0", .uuid = UUID_A},
      {NVIDIA("opencl:1", "opencl"), .pci = "0000:66:00.0", .uuid = UUID_B},
      {NVIDIA("vulkan:0", "vulkan"), .pci = "0000:66:00.0", .uuid = UUID_B}},
     {"", "vulkan:0", "opencl:1"},
     {"", "", ""}},
    {"two cards of which nothing is known but the model",
     {{NVIDIA("opencl:0", "opencl")}, {NVIDIA("opencl:1", "opencl")}},
     {"", ""},
     {"", ""}},
    {"zeros are no identity",
     {{NVIDIA("opencl:0", "opencl"), .pci = "0000:00:00.0", .uuid = ZEROS},
      {NVIDIA("vulkan:0", "vulkan"), .pci = "0000:00:00.0", .uuid = ZEROS}},
     {"", ""},
     {"", ""}},
    {"two parts of one card",
     {{NVIDIA("opencl:0", "opencl"), .pci = "0000:65:00.0", .uuid = UUID_A},
      {NVIDIA("opencl:1", "opencl"), .pci = "0000:65:00.0", .uuid = UUID_B}},
     {"", ""},
     {"", ""}},
    {"one driver listed twice",
     {{NVIDIA("opencl:0", "opencl"), .pci = "0000:65:00.0", .uuid = UUID_A},
      {NVIDIA("opencl:1", "opencl"), .pci = "0000:65:00.0", .uuid = UUID_A},
      {NVIDIA("opencl:2", "opencl"), .pci = "0000:65:00.0", .uuid = UUID_A}},
     {"opencl:1 opencl:2", "opencl:0 opencl:2", "opencl:0 opencl:1"},
     {"", "opencl:0", "opencl:0"}},
    {"another version of the driver is another driver",
     {{POCL("opencl:0")}, {POCL("opencl:1"), .api_version = "x"}, {POCL("opencl:2")}},
     {"opencl:1 opencl:2", "opencl:0 opencl:2", "opencl:0 opencl:1"},
     {"", "opencl:0", "opencl:0"}},
    {"two software drivers and the CPU",
     {{PROCESSOR},
      {POCL("opencl:0")},
      {.id = "opencl:1", .platform = "opencl", .name = "cpu-model", .driver = "Intel CPU Runtime",
       .driver_version = "3.1", .type = HCB_DEVICE_CPU, .software = true},
      {.id = "vulkan:0", .platform = "vulkan", .name = "llvmpipe", .driver = "llvmpipe",
       .type = HCB_DEVICE_GPU, .software = true}},
     {"opencl:0 opencl:1 vulkan:0", "cpu:0 opencl:1 vulkan:0", "cpu:0 opencl:0 vulkan:0",
      "cpu:0 opencl:0 opencl:1"},
     {"", "", "", ""}},
    {"a GPU is not the CPU",
     {{PROCESSOR}, {NVIDIA("vulkan:0", "vulkan"), .pci = "0000:65:00.0"}},
     {"", ""},
     {"", ""}},
    {"devices of tests",
     {{PROCESSOR},
      {.id = "null:0", .platform = "null", .name = "n", .type = HCB_DEVICE_CPU},
      {.id = "null:1", .platform = "null", .name = "n", .type = HCB_DEVICE_CPU}},
     {"", "", ""},
     {"", "", ""}},
};

START_TEST(joined)
{
    const struct row *row = &rows[_i];
    struct device_record devices[MOST];
    size_t count = 0;
    memset(devices, 0x55, sizeof devices);
    for (; count < MOST && row->infos[count].id[0] != '\0'; count++)
        devices[count].info = row->infos[count];
    join_devices(devices, count);
    for (size_t i = 0; i < count; i++) {
        char ids[RECORD_SAME_MAX * 24] = "";
        for (size_t j = 0; j < RECORD_SAME_MAX && devices[i].same_as[j][0] != '\0'; j++) {
            const size_t used = strlen(ids);
            snprintf(ids + used, sizeof ids - used, "%s%s", used > 0 ? " " : "",
                     devices[i].same_as[j]);
        }
        ck_assert_msg(strcmp(ids, row->same_as[i]) == 0, "%s: %s is the same as '%s', not '%s'",
                      row->what, row->infos[i].id, ids, row->same_as[i]);
        ck_assert_msg(strcmp(devices[i].duplicate_of, row->duplicate_of[i]) == 0,
                      "%s: %s is a duplicate of '%s', not '%s'", row->what, row->infos[i].id,
                      devices[i].duplicate_of, row->duplicate_of[i]);
    }
}
END_TEST

/* A duplicate runs when it is named. */
START_TEST(left_out)
{
    char *named[] = {(char[]){"opencl:1"}};
    struct options all = {.devices = NULL}, one = {.devices = named, .device_count = 1};
    struct device_record first = {.info = {POCL("opencl:0")}}, second = first;
    struct record record = {.options = &all};
    snprintf(second.duplicate_of, sizeof second.duplicate_of, "opencl:0");
    ck_assert(!record_leaves_out(&record, &first) && record_leaves_out(&record, &second));
    record.options = &one;
    ck_assert(!record_leaves_out(&record, &second));
}
END_TEST

int main(void)
{
    TCase *tests = suite_case("silicon");
    tcase_add_loop_test(tests, joined, 0, (int)(sizeof rows / sizeof *rows));
    tcase_add_test(tests, left_out);
    return suite_run("silicon", tests);
}
