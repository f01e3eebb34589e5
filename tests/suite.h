/* SPDX-License-Identifier: Apache-2.0 */
/* What every test program of make check needs around its tests: one suite, a
 * generous time limit, and main's exit status. */
#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Seconds for one test: sanitizers, emulators and busy machines are slow. */
enum { TEST_SECONDS = 300 };

static inline TCase *suite_case(const char *name)
{
    TCase *tests = tcase_create(name);
    tcase_set_timeout(tests, TEST_SECONDS);
    return tests;
}

/* Runs the tests and returns main's exit status. */
static inline int suite_run(const char *name, TCase *tests)
{
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
