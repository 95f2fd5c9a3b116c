/* A test program's main in one line: EVAC_TEST_MAIN("engine", make_cases). */
#ifndef EVAC_SUITE_H
#define EVAC_SUITE_H

#include <check.h>
#include <stdlib.h>

#define EVAC_TEST_MAIN(name, add_cases)                                                            \
    int main(void)                                                                                 \
    {                                                                                              \
        Suite *suite = suite_create(name);                                                         \
        add_cases(suite);                                                                          \
        SRunner *runner = srunner_create(suite);                                                   \
        srunner_run_all(runner, CK_NORMAL);                                                        \
        int failed = srunner_ntests_failed(runner);                                                \
        srunner_free(runner);                                                                      \
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;                                          \
    }
#endif
