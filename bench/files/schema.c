/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the result file, in its order. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "files/schema.h"

#define ENVIRONMENT(name_, kind_, member_)                                                         \
    {.name = name_,                                                                                \
     .kind = kind_,                                                                                \
     .offset = offsetof(struct hcb_environment, member_),                                          \
     .size = sizeof((struct hcb_environment *)0)->member_}
#define SAMPLING(kind, member) MEMBER_OF(struct sampling_limits, kind, member)
#define BLAS(kind, member) MEMBER_OF(struct blas_facts, kind, member)
#define ABSENCE(kind, member) MEMBER_OF(struct absence, kind, member)

const struct member schema_environment[] = {
    ENVIRONMENT("host", MEMBER_TEXT, host),
    ENVIRONMENT("os", MEMBER_TEXT, os),
    ENVIRONMENT("kernel", MEMBER_TEXT, kernel),
    ENVIRONMENT("compiler", MEMBER_TEXT, compiler),
    ENVIRONMENT("memory_bytes", MEMBER_U64, memory_bytes),
    {.name = NULL},
};

const struct member schema_cpu[] = {
    ENVIRONMENT("model", MEMBER_TEXT, cpu_model),
    ENVIRONMENT("cores", MEMBER_U32, cpu_cores),
    ENVIRONMENT("threads_used", MEMBER_U32, cpu_threads),
    ENVIRONMENT("isa", MEMBER_TEXT, cpu_isa),
    {.name = NULL},
};

const struct member schema_sampling[] = {
    SAMPLING(MEMBER_U32, warmup),
    SAMPLING(MEMBER_U32, min_runs),
    SAMPLING(MEMBER_U32, max_runs),
    SAMPLING(MEMBER_NUMBER, min_time_s),
    SAMPLING(MEMBER_NUMBER, max_time_s),
    SAMPLING(MEMBER_NUMBER, ci_percent),
    {.name = NULL},
};

const struct member schema_blas[] = {
    BLAS(MEMBER_TEXT, name),
    BLAS(MEMBER_TEXT, version),
    BLAS(MEMBER_TEXT, core_detected),
    BLAS(MEMBER_TEXT, core_used),
    BLAS(MEMBER_TEXT, core_chosen_by),
    BLAS(MEMBER_TEXT, core_asked),
    BLAS(MEMBER_U32, cores_tried),
    BLAS(MEMBER_TEXT, core_trial),
    BLAS(MEMBER_NUMBER, fair_ratio),
    BLAS(MEMBER_U32, threads),
    {.name = NULL},
};

const struct member schema_absence[] = {
    ABSENCE(MEMBER_TEXT, platform),
    ABSENCE(MEMBER_TEXT, reason),
    {.name = NULL},
};

const char schema_undecided[] = "undecided";

const char *schema_core_choice(unsigned choice)
{
    static const char *const names[] = {[CORE_UNTRIED] = "",
                                        [CORE_TRIED] = "trial",
                                        [CORE_VARIABLE] = "OPENBLAS_CORETYPE",
                                        [CORE_OPTION] = "--cpu-core"};
    return choice < sizeof names / sizeof *names ? names[choice] : NULL;
}

bool schema_blas_facts(const struct record *record, struct blas_facts *facts)
{
    const struct hcb_device_info *info = record_blas(record);
    if (info == NULL)
        return false;
    *facts = (struct blas_facts){.cores_tried = record->blas_cores_tried,
                                 .fair_ratio = record->blas_fair_ratio,
                                 .threads = info->blas_threads};
    snprintf(facts->core_chosen_by, sizeof facts->core_chosen_by, "%s",
             schema_core_choice(record->blas_core_choice));
    snprintf(facts->core_trial, sizeof facts->core_trial, "%s",
             record->blas_core_undecided ? schema_undecided : "");
    memcpy(facts->core_asked, record->blas_core_asked, sizeof facts->core_asked);
    memcpy(facts->name, info->driver, sizeof facts->name);
    memcpy(facts->version, info->driver_version, sizeof facts->version);
    memcpy(facts->core_detected, record->blas_core_detected, sizeof facts->core_detected);
    memcpy(facts->core_used, info->target, sizeof facts->core_used);
    return true;
}
