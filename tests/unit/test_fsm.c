/* Theorems over every cell of the two tables. */
#include "run_fsm.h"
#include "step_fsm.h"
#include "suite.h"

/* All steps' states that can be reached from `from`, by events that `may` allows. */
static uint32_t reach(enum evac_step_state from, bool (*may)(enum evac_step_event))
{
    uint32_t seen = 1u << from, before;
    do {
        before = seen;
        for (unsigned s = 1; s < EVAC_STEP_STATE_COUNT; s++)
            for (unsigned e = 0; (seen & (1u << s)) && e < EVAC_STEP_EVENT_COUNT; e++)
                if (may((enum evac_step_event)e)) {
                    unsigned to = evac_step_next((enum evac_step_state)s, (enum evac_step_event)e);
                    if (to)
                        seen |= 1u << to;
                }
    } while (seen != before);
    return seen;
}

static bool any(enum evac_step_event e)
{
    (void)e;
    return true;
}

static uint32_t over_states(void)
{
    uint32_t set = 0;
    for (unsigned s = 1; s < EVAC_STEP_STATE_COUNT; s++)
        if (evac_step_is_over((enum evac_step_state)s))
            set |= 1u << s;
    return set;
}

START_TEST(every_step_state_is_reached_from_waiting)
{
    ck_assert(reach(EVAC_STEP_WAITING, any) & (1u << _i));
}
END_TEST

/* R12: whatever nobody says, a timer ends it. A timer may lead through a state that another timer
 * ends (COOLED and Q_OVER lead to OBSERVING, APPLYING's to UNKNOWN). */
START_TEST(timers_alone_end_every_step)
{
    uint32_t end = reach((enum evac_step_state)_i, evac_step_event_is_timer);
    ck_assert_msg(end & over_states(), "%s never ends",
                  evac_step_state_name((enum evac_step_state)_i));
}
END_TEST

START_TEST(every_unfinished_step_state_has_a_timer_of_its_own)
{
    enum evac_step_state s = (enum evac_step_state)_i;
    if (evac_step_is_over(s))
        return;
    ck_assert_msg(evac_step_next(s, EVAC_ON_TIME_UP) != EVAC_STEP_NONE, "%s has no deadline",
                  evac_step_state_name(s));
}
END_TEST

START_TEST(only_a_durable_intent_lets_a_step_apply)
{
    for (unsigned e = 0; e < EVAC_STEP_EVENT_COUNT; e++) {
        enum evac_step_state to = evac_step_next((enum evac_step_state)_i, (enum evac_step_event)e);
        if (to == EVAC_STEP_APPLYING)
            ck_assert(_i == EVAC_STEP_INTENDING && e == EVAC_ON_DURABLE);
    }
}
END_TEST

START_TEST(only_an_observation_leads_to_an_intent)
{
    for (unsigned e = 0; e < EVAC_STEP_EVENT_COUNT; e++) {
        enum evac_step_state to = evac_step_next((enum evac_step_state)_i, (enum evac_step_event)e);
        if (to == EVAC_STEP_INTENDING)
            ck_assert_int_eq(e, EVAC_ON_SAW_UNSATISFIED);
    }
}
END_TEST

START_TEST(a_lost_reply_is_observed_before_it_is_tried_again)
{
    enum evac_step_state s = evac_step_next(EVAC_STEP_APPLYING, EVAC_ON_SAID_UNKNOWN);
    ck_assert_int_eq(s, EVAC_STEP_UNKNOWN);
    ck_assert_int_eq(evac_step_next(s, EVAC_ON_DURABLE), EVAC_STEP_NONE);
    ck_assert_int_eq(evac_step_next(s, EVAC_ON_SAW_UNSATISFIED), EVAC_STEP_COOLING);
    ck_assert_int_eq(evac_step_next(EVAC_STEP_COOLING, EVAC_ON_COOLED), EVAC_STEP_OBSERVING);
}
END_TEST

START_TEST(a_restart_never_leaves_a_step_applying)
{
    enum evac_step_state to = evac_step_next((enum evac_step_state)_i, EVAC_ON_RESUMED);
    ck_assert_int_ne(to, EVAC_STEP_APPLYING);
    if (_i == EVAC_STEP_APPLYING || _i == EVAC_STEP_INTENDING)
        ck_assert_int_eq(to, EVAC_STEP_UNKNOWN);
}
END_TEST

START_TEST(cancelling_never_tears_an_open_call)
{
    if (_i == EVAC_STEP_APPLYING || _i == EVAC_STEP_INTENDING)
        ck_assert_int_eq(evac_step_next((enum evac_step_state)_i, EVAC_ON_CANCELLED),
                         EVAC_STEP_NONE);
    else if (!evac_step_is_over((enum evac_step_state)_i))
        ck_assert(evac_step_is_over(evac_step_next((enum evac_step_state)_i, EVAC_ON_CANCELLED)));
}
END_TEST

START_TEST(what_is_over_moves_only_by_a_persons_word_or_by_undo)
{
    if (!evac_step_is_over((enum evac_step_state)_i))
        return;
    for (unsigned e = 0; e < EVAC_STEP_EVENT_COUNT; e++)
        if (evac_step_next((enum evac_step_state)_i, (enum evac_step_event)e))
            ck_assert(e == EVAC_ON_RETRY || e == EVAC_ON_SKIP || e == EVAC_ON_REVIVED ||
                      e == EVAC_ON_UNDID);
}
END_TEST

START_TEST(step_names_go_both_ways)
{
    enum evac_step_state s;
    ck_assert(evac_step_state_parse(evac_str(evac_step_state_name((enum evac_step_state)_i)), &s));
    ck_assert_int_eq(s, _i);
}
END_TEST

/* --- the run
 * ---------------------------------------------------------------------------------------- */

START_TEST(timers_alone_end_every_run)
{
    /* a timer leads to UNWINDING, STOPPING, SETTLING, and at last to an end */
    enum evac_run_state s = (enum evac_run_state)_i;
    for (int k = 0; k < EVAC_RUN_STATE_COUNT && !evac_run_is_over(s); k++) {
        s = evac_run_next(s, EVAC_RUN_ON_TIME_UP);
        ck_assert_int_ne(s, EVAC_RUN_NONE);
    }
    ck_assert(evac_run_is_over(s));
}
END_TEST

START_TEST(a_run_that_is_over_stays_over)
{
    if (!evac_run_is_over((enum evac_run_state)_i))
        return;
    for (unsigned e = 0; e < EVAC_RUN_EVENT_COUNT; e++)
        ck_assert_int_eq(evac_run_next((enum evac_run_state)_i, (enum evac_run_event)e),
                         EVAC_RUN_NONE);
}
END_TEST

START_TEST(a_run_ends_only_through_settling)
{
    for (unsigned e = 0; e < EVAC_RUN_EVENT_COUNT; e++) {
        enum evac_run_state to = evac_run_next((enum evac_run_state)_i, (enum evac_run_event)e);
        if (evac_run_is_over(to))
            ck_assert_int_eq(_i, EVAC_RUN_SETTLING);
    }
}
END_TEST

START_TEST(run_names_go_both_ways)
{
    enum evac_run_state s;
    ck_assert(evac_run_state_parse(evac_str(evac_run_state_name((enum evac_run_state)_i)), &s));
    ck_assert_int_eq(s, _i);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *steps = tcase_create("steps"), *runs = tcase_create("runs");
    const int n = EVAC_STEP_STATE_COUNT, m = EVAC_RUN_STATE_COUNT;
    tcase_add_loop_test(steps, every_step_state_is_reached_from_waiting, 1, n);
    tcase_add_loop_test(steps, timers_alone_end_every_step, 1, n);
    tcase_add_loop_test(steps, every_unfinished_step_state_has_a_timer_of_its_own, 1, n);
    tcase_add_loop_test(steps, only_a_durable_intent_lets_a_step_apply, 1, n);
    tcase_add_loop_test(steps, only_an_observation_leads_to_an_intent, 1, n);
    tcase_add_test(steps, a_lost_reply_is_observed_before_it_is_tried_again);
    tcase_add_loop_test(steps, a_restart_never_leaves_a_step_applying, 1, n);
    tcase_add_loop_test(steps, cancelling_never_tears_an_open_call, 1, n);
    tcase_add_loop_test(steps, what_is_over_moves_only_by_a_persons_word_or_by_undo, 1, n);
    tcase_add_loop_test(steps, step_names_go_both_ways, 1, n);
    tcase_add_loop_test(runs, timers_alone_end_every_run, 1, m);
    tcase_add_loop_test(runs, a_run_that_is_over_stays_over, 1, m);
    tcase_add_loop_test(runs, a_run_ends_only_through_settling, 1, m);
    tcase_add_loop_test(runs, run_names_go_both_ways, 1, m);
    suite_add_tcase(suite, steps);
    suite_add_tcase(suite, runs);
}

EVAC_TEST_MAIN("state machines", cases)
