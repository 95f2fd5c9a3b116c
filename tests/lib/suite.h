/* A test program's main in one line: EVAC_TEST_MAIN("engine", make_cases). */
#ifndef EVAC_SUITE_H
#define EVAC_SUITE_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* Under valgrind, as tests/valgrind.sh says: what runs is some thirty times slower, and a program
 * in a jail does not begin, since valgrind knows no seccomp. */
static inline bool test_is_traced(void)
{
    return getenv("EVAC_TRACED") != NULL;
}

/* A limit that must not be reached when all is well. */
static inline uint32_t test_patience(uint32_t ms)
{
    return test_is_traced() ? 30 * ms : ms;
}

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
