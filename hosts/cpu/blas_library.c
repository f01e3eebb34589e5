/* SPDX-License-Identifier: Apache-2.0 */
/* Which library is really behind CBLAS, and how many threads it may use.  It is
 * asked through symbols that only this or that library has, so that none of them
 * is needed to build or to start. */
#include "config.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"

#ifdef HAVE_CBLAS

#include <cblas.h>

/* The open library, or RTLD_DEFAULT when it is linked statically. */
static void *library_handle(const char **path)
{
    Dl_info where;
    void *call = dlsym(RTLD_DEFAULT, "cblas_sgemm"); /* its address may be in our own PLT */
    *path = "";
    if (call == NULL || dladdr(call, &where) == 0 || where.dli_fname == NULL)
        return RTLD_DEFAULT;
    *path = where.dli_fname;
    void *handle = dlopen(where.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    return handle != NULL ? handle : RTLD_DEFAULT;
}

static void release(void *handle)
{
    if (handle != RTLD_DEFAULT)
        dlclose(handle);
}

static void describe_core(void *handle, struct hcb_device_info *info)
{
    char *(*core)(void) = (char *(*)(void))dlsym(handle, "openblas_get_corename");
    if (core != NULL)
        snprintf(info->target, sizeof info->target, "%s", core());
}

/* "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ... MAX_THREADS=64"; a library without
 * threads says SINGLE_THREADED instead of the last. */
static void describe_openblas(void *handle, struct hcb_device_info *info)
{
    char *(*config)(void) = (char *(*)(void))dlsym(handle, "openblas_get_config");
    const char *const text = config(), *version = text + strcspn(text, " ");
    const char *const most = strstr(text, "MAX_THREADS=");
    version += strspn(version, " ");
    snprintf(info->driver_version, sizeof info->driver_version, "%.*s", (int)strcspn(version, " "),
             version);
    const unsigned long limit = most != NULL ? strtoul(strchr(most, '=') + 1, NULL, 10)
                                : strstr(text, "SINGLE_THREADED") != NULL ? 1
                                                                          : 0;
    if (limit > 0 && limit < info->blas_threads)
        info->blas_threads = (uint32_t)limit;
    describe_core(handle, info);
}

/* The core type of an OpenBLAS that another library has loaded: its symbols are not
 * among those of that library. */
static int describe_loaded_openblas(struct dl_phdr_info *object, size_t size, void *info)
{
    (void)size;
    if (object->dlpi_name == NULL || strstr(object->dlpi_name, "openblas") == NULL)
        return 0;
    void *handle = dlopen(object->dlpi_name, RTLD_LAZY | RTLD_NOLOAD);
    if (handle == NULL)
        return 0;
    describe_core(handle, info);
    dlclose(handle);
    return ((const struct hcb_device_info *)info)->target[0] != '\0';
}

static void describe_flexiblas(void *handle, struct hcb_device_info *info)
{
    int (*backend)(char *, size_t) =
        (int (*)(char *, size_t))dlsym(handle, "flexiblas_current_backend");
    void (*version)(int *, int *, int *) =
        (void (*)(int *, int *, int *))dlsym(handle, "flexiblas_get_version");
    char name[64] = "";
    int major = 0, minor = 0, patch = 0;
    backend(name, sizeof name);
    if (name[0] != '\0')
        snprintf(info->driver, sizeof info->driver, "FlexiBLAS (%.63s)", name);
    if (strstr(info->driver, "OPENBLAS") != NULL || strstr(info->driver, "OpenBLAS") != NULL)
        dl_iterate_phdr(describe_loaded_openblas, info);
    if (version != NULL) {
        version(&major, &minor, &patch);
        snprintf(info->driver_version, sizeof info->driver_version, "%d.%d.%d", major, minor,
                 patch);
    }
}

static void describe_blis(void *handle, struct hcb_device_info *info)
{
    const char *(*version)(void) = (const char *(*)(void))dlsym(handle, "bli_info_get_version_str");
    int (*core)(void) = (int (*)(void))dlsym(handle, "bli_arch_query_id");
    const char *(*core_name)(int) = (const char *(*)(int))dlsym(handle, "bli_arch_string");
    snprintf(info->driver_version, sizeof info->driver_version, "%s", version());
    if (core != NULL && core_name != NULL)
        snprintf(info->target, sizeof info->target, "%s", core_name(core()));
}

static void describe_mkl(void *handle, struct hcb_device_info *info)
{
    void (*version)(char *, int) = (void (*)(char *, int))dlsym(handle, "MKL_Get_Version_String");
    version(info->driver_version, (int)sizeof info->driver_version - 1);
    info->driver_version[strcspn(info->driver_version, "\n")] = '\0';
}

/* FlexiBLAS first: it may have brought one of the others. */
static const struct library {
    const char *name, *symbol; /* that tells this library from the others */
    void (*describe)(void *handle, struct hcb_device_info *info);
    const char *set_threads;
    bool takes_long; /* set_threads: the others take an int */
} libraries[] = {
    {"FlexiBLAS", "flexiblas_current_backend", describe_flexiblas, "flexiblas_set_num_threads",
     false},
    {"MKL", "MKL_Get_Version_String", describe_mkl, "MKL_Set_Num_Threads", false},
    {"BLIS", "bli_info_get_version_str", describe_blis, "bli_thread_set_num_threads", true},
    {"OpenBLAS", "openblas_get_config", describe_openblas, "openblas_set_num_threads", false},
};

static const struct library *recognize(void *handle)
{
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
        if (dlsym(handle, libraries[i].symbol) != NULL)
            return &libraries[i];
    return NULL;
}

void hcbi_cpu_blas_describe(struct hcb_device_info *info)
{
    const char *path, *slash;
    void *handle = library_handle(&path);
    const struct library *library = recognize(handle);
    slash = strrchr(path, '/');
    snprintf(info->driver, sizeof info->driver, "%s",
             library != NULL ? library->name
             : slash != NULL ? slash + 1
                             : path);
    if (library != NULL) {
        info->blas_threads = info->compute_units;
        library->describe(handle, info);
    }
    snprintf(info->api_version, sizeof info->api_version, "CBLAS");
    release(handle);
}

void hcbi_cpu_blas_open(struct cpu_blas *blas)
{
    const char *path;
    void *handle = library_handle(&path);
    const struct library *library = recognize(handle);
    *blas = (struct cpu_blas){0};
    if (library != NULL && library->takes_long)
        blas->set_threads_long = (void (*)(long))dlsym(handle, library->set_threads);
    else if (library != NULL)
        blas->set_threads_int = (void (*)(int))dlsym(handle, library->set_threads);
    release(handle);
}

#else

void hcbi_cpu_blas_describe(struct hcb_device_info *info)
{
    snprintf(info->driver, sizeof info->driver, "none");
    snprintf(info->target, sizeof info->target, "%s", hcbi_cpu_vector_level(0)->name);
}

void hcbi_cpu_blas_open(struct cpu_blas *blas)
{
    *blas = (struct cpu_blas){0};
}

#endif

void hcbi_cpu_blas_threads(const struct cpu_blas *blas, unsigned threads)
{
    if (blas->set_threads_int != NULL)
        blas->set_threads_int((int)threads);
    if (blas->set_threads_long != NULL)
        blas->set_threads_long((long)threads);
}
