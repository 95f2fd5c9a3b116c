/* Conditions of steps, as the run judges them: over modes, over how other steps ended, over facts,
 * and over what is not known yet. */
#include "run_internal.h"
#include "run_world.h"
#include "suite.h"

static const struct world_step steps[] = {
    { .id = "a" },
    { .id = "b" },
    { .id = "c", .after = "a,b" },
};
static struct run_world *w;

static void setup(void)
{
    w = run_world_new(steps, 3);
    run_world_begin(w);
    run_world_start(w, "ann", false, 0);
}

static void teardown(void)
{
    run_world_free(w);
}

#define MODE(of)                                                                                   \
    {                                                                                              \
        .op = EVAC_COND_MODE, .number = EVAC_MODE_##of                                             \
    }
#define ENDED(i, as)                                                                               \
    {                                                                                              \
        .op = EVAC_COND_STEP, .step = i, .word = { as, sizeof as - 1 }                             \
    }
#define FACT(cmp_, n)                                                                              \
    {                                                                                              \
        .op = EVAC_COND_FACT, .step = 0, .fact = 0, .cmp = EVAC_CMP_##cmp_, .number = n            \
    }
#define NOT(child)                                                                                 \
    {                                                                                              \
        .op = EVAC_COND_NOT, .first_child = child, .child_count = 1                                \
    }
#define ALL(first, n)                                                                              \
    {                                                                                              \
        .op = EVAC_COND_ALL, .first_child = first, .child_count = n                                \
    }
#define ANY(first, n)                                                                              \
    {                                                                                              \
        .op = EVAC_COND_ANY, .first_child = first, .child_count = n                                \
    }

/* Step 0 is as a, step 1 as b; step 0 found fact, INT64_MIN: nothing yet. */
static const struct {
    struct evac_plan_cond list[4];
    enum evac_step_state a, b;
    int64_t fact;
    enum run_tri holds;
} whens[] = {
    { { MODE(GRACEFUL) }, EVAC_STEP_WAITING, EVAC_STEP_WAITING, INT64_MIN, RUN_NO },
    { { MODE(UNGRACEFUL) }, EVAC_STEP_WAITING, EVAC_STEP_WAITING, INT64_MIN, RUN_YES },
    { { ENDED(0, "done") }, EVAC_STEP_WAITING, EVAC_STEP_WAITING, INT64_MIN, RUN_NOT_YET },
    { { ENDED(0, "done") }, EVAC_STEP_DONE, EVAC_STEP_WAITING, INT64_MIN, RUN_YES },
    { { ENDED(0, "done") }, EVAC_STEP_FAILED, EVAC_STEP_WAITING, INT64_MIN, RUN_NO },
    { { ENDED(1, "skipped") }, EVAC_STEP_DONE, EVAC_STEP_SKIPPED, INT64_MIN, RUN_YES },
    { { FACT(ABOVE, 5) }, EVAC_STEP_WAITING, EVAC_STEP_WAITING, INT64_MIN, RUN_NOT_YET },
    { { FACT(ABOVE, 5) }, EVAC_STEP_DONE, EVAC_STEP_WAITING, INT64_MIN, RUN_NO },
    { { FACT(ABOVE, 5) }, EVAC_STEP_WAITING, EVAC_STEP_WAITING, 6, RUN_YES },
    { { FACT(ABOVE, 5) }, EVAC_STEP_WAITING, EVAC_STEP_WAITING, 5, RUN_NO },
    { { FACT(BELOW, 5) }, EVAC_STEP_WAITING, EVAC_STEP_WAITING, 4, RUN_YES },
    { { FACT(BELOW, 5) }, EVAC_STEP_WAITING, EVAC_STEP_WAITING, 5, RUN_NO },
    { { FACT(IS, 5) }, EVAC_STEP_WAITING, EVAC_STEP_WAITING, 5, RUN_YES },
    { { FACT(IS, 5) }, EVAC_STEP_WAITING, EVAC_STEP_WAITING, 6, RUN_NO },
    { { NOT(1), ENDED(0, "done") }, EVAC_STEP_DONE, EVAC_STEP_WAITING, INT64_MIN, RUN_NO },
    { { NOT(1), ENDED(0, "done") }, EVAC_STEP_FAILED, EVAC_STEP_WAITING, INT64_MIN, RUN_YES },
    { { NOT(1), ENDED(0, "done") }, EVAC_STEP_WAITING, EVAC_STEP_WAITING, INT64_MIN, RUN_NOT_YET },
    { { ALL(1, 2), ENDED(0, "done"), ENDED(1, "done") },
      EVAC_STEP_DONE,
      EVAC_STEP_DONE,
      INT64_MIN,
      RUN_YES },
    { { ALL(1, 2), ENDED(0, "done"), ENDED(1, "done") },
      EVAC_STEP_DONE,
      EVAC_STEP_WAITING,
      INT64_MIN,
      RUN_NOT_YET },
    { { ALL(1, 2), ENDED(0, "done"), ENDED(1, "done") },
      EVAC_STEP_FAILED,
      EVAC_STEP_WAITING,
      INT64_MIN,
      RUN_NO },
    { { ALL(1, 0) }, EVAC_STEP_WAITING, EVAC_STEP_WAITING, INT64_MIN, RUN_YES },
    { { ANY(1, 2), ENDED(0, "done"), ENDED(1, "done") },
      EVAC_STEP_FAILED,
      EVAC_STEP_DONE,
      INT64_MIN,
      RUN_YES },
    { { ANY(1, 2), ENDED(0, "done"), ENDED(1, "done") },
      EVAC_STEP_FAILED,
      EVAC_STEP_WAITING,
      INT64_MIN,
      RUN_NOT_YET },
    { { ANY(1, 2), ENDED(0, "done"), ENDED(1, "done") },
      EVAC_STEP_FAILED,
      EVAC_STEP_SKIPPED,
      INT64_MIN,
      RUN_NO },
    { { ANY(1, 0) }, EVAC_STEP_WAITING, EVAC_STEP_WAITING, INT64_MIN, RUN_NO },
    { { ANY(1, 2), FACT(ABOVE, 5), MODE(GRACEFUL) },
      EVAC_STEP_WAITING,
      EVAC_STEP_WAITING,
      9,
      RUN_YES },
};

START_TEST(a_condition_holds_does_not_or_can_not_be_told_yet)
{
    w->steps[2].when = whens[_i].list;
    w->steps[2].when_count = 4;
    w->run->mode = EVAC_MODE_UNGRACEFUL;
    w->run->steps[0].state = whens[_i].a;
    w->run->steps[1].state = whens[_i].b;
    if (whens[_i].fact != INT64_MIN) {
        w->run->steps[0].facts[0] = whens[_i].fact;
        w->run->steps[0].fact_known |= 1u;
    }
    ck_assert_int_eq(run_when(w->run, 2), whens[_i].holds);
    w->steps[2].when = NULL;
    ck_assert_int_eq(run_when(w->run, 2), RUN_YES);
}
END_TEST

/* What was never applied has nothing to be put back. */
START_TEST(a_step_is_undone_only_if_it_was_tried)
{
    ck_assert_int_eq(run_when(w->run, 3), RUN_NO);
    w->run->steps[0].attempts = 1;
    ck_assert_int_eq(run_when(w->run, 3), RUN_YES);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("when");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_condition_holds_does_not_or_can_not_be_told_yet, 0,
                        sizeof whens / sizeof whens[0]);
    tcase_add_test(tc, a_step_is_undone_only_if_it_was_tried);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("when", add_cases)
