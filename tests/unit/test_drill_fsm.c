/* Theorems over every cell of a drill's table. */
#include "drill_fsm.h"
#include "suite.h"

static uint32_t reach(enum evac_drill_state from, uint32_t without)
{
    uint32_t seen = 1u << from, before;
    do {
        before = seen;
        for (unsigned s = 1; s < EVAC_DRILL_STATE_COUNT; s++)
            for (unsigned e = 0; (seen & (1u << s)) && e < EVAC_DRILL_ON_COUNT; e++)
                if (!(without & (1u << e)))
                    seen |= 1u << evac_drill_next((enum evac_drill_state)s, (enum evac_drill_on)e);
        seen &= ~1u; /* refused moves lead nowhere */
    } while (seen != before);
    return seen;
}

static bool can_end(enum evac_drill_state s, enum evac_drill_state end, uint32_t without)
{
    return reach(s, without) & (1u << end);
}

START_TEST(every_state_is_reached_and_ends)
{
    enum evac_drill_state s = (enum evac_drill_state)_i;
    uint32_t over = 0;
    for (unsigned i = EVAC_DRILL_IS_SUCCEEDED; i < EVAC_DRILL_STATE_COUNT; i++)
        over |= 1u << i;
    /* a missed one never began: the calendar says so */
    ck_assert(s == EVAC_DRILL_IS_MISSED || can_end(EVAC_DRILL_IS_IDLE, s, 0));
    ck_assert(reach(s, 0) & over);
    for (unsigned e = 0; evac_drill_is_over(s) && e < EVAC_DRILL_ON_COUNT; e++)
        ck_assert_int_eq(evac_drill_next(s, (enum evac_drill_on)e), EVAC_DRILL_IS_NONE);
}
END_TEST

/* A run that ends, however, is always an answer; what waits has a timer, and hears people. */
START_TEST(no_state_is_left_without_a_way_on)
{
    enum evac_drill_state s = (enum evac_drill_state)_i;
    if (evac_drill_is_over(s) || s == EVAC_DRILL_IS_IDLE)
        return;
    if (s == EVAC_DRILL_IS_CHECKING) {
        ck_assert(evac_drill_next(s, EVAC_DRILL_ON_BLOCKED));
    } else if (evac_drill_runs(s)) {
        ck_assert(evac_drill_next(s, EVAC_DRILL_ON_RUN_GOOD));
        ck_assert(evac_drill_next(s, EVAC_DRILL_ON_RUN_BACK));
        ck_assert(evac_drill_next(s, EVAC_DRILL_ON_RUN_BAD));
    } else {
        ck_assert(evac_drill_next(s, EVAC_DRILL_ON_SOAKED) ||
                  evac_drill_next(s, EVAC_DRILL_ON_DISPROVEN));
        ck_assert(evac_drill_next(s, EVAC_DRILL_ON_CALLED_OFF));
    }
}
END_TEST

/* Faults are taken out on every way, even when the run that put them in went wrong. */
START_TEST(no_way_leads_around_the_mending)
{
    static const enum evac_drill_state in[] = { EVAC_DRILL_IS_BREAKING, EVAC_DRILL_IS_WATCHING };
    for (unsigned e = 0; e < EVAC_DRILL_ON_COUNT; e++) {
        enum evac_drill_state to = evac_drill_next(in[_i], (enum evac_drill_on)e);
        ck_assert(to == EVAC_DRILL_IS_NONE || to == EVAC_DRILL_IS_WATCHING ||
                  to == EVAC_DRILL_IS_MENDING || to == EVAC_DRILL_IS_SALVAGING ||
                  (to == EVAC_DRILL_IS_SKIPPED && e == EVAC_DRILL_ON_DECLINED));
    }
}
END_TEST

START_TEST(users_are_never_left_elsewhere_in_silence)
{
    const uint32_t bad_end = 1u << EVAC_DRILL_ON_RUN_BACK | 1u << EVAC_DRILL_ON_RUN_BAD;
    for (unsigned e = 0; e < EVAC_DRILL_ON_COUNT; e++) {
        enum evac_drill_state to = evac_drill_next(EVAC_DRILL_IS_SOAKING, (enum evac_drill_on)e);
        ck_assert(to == EVAC_DRILL_IS_NONE || to == EVAC_DRILL_IS_RETURNING ||
                  to == EVAC_DRILL_IS_RETREATING || to == EVAC_DRILL_IS_INTERRUPTED);
    }
    ck_assert(!can_end(EVAC_DRILL_IS_SOAKING, EVAC_DRILL_IS_STRANDED, bad_end));
}
END_TEST

START_TEST(what_went_wrong_never_counts_as_good)
{
    ck_assert(!can_end(EVAC_DRILL_IS_RETREATING, EVAC_DRILL_IS_SUCCEEDED, 0));
    ck_assert(!can_end(EVAC_DRILL_IS_SALVAGING, EVAC_DRILL_IS_SUCCEEDED, 0));
}
END_TEST

START_TEST(names_go_both_ways)
{
    enum evac_drill_state s;
    ck_assert(
        evac_drill_state_parse(evac_str(evac_drill_state_name((enum evac_drill_state)_i)), &s));
    ck_assert_int_eq(s, _i);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("drill");
    const int n = EVAC_DRILL_STATE_COUNT;
    tcase_add_loop_test(tc, every_state_is_reached_and_ends, EVAC_DRILL_IS_IDLE, n);
    tcase_add_loop_test(tc, no_state_is_left_without_a_way_on, EVAC_DRILL_IS_IDLE, n);
    tcase_add_loop_test(tc, no_way_leads_around_the_mending, 0, 2);
    tcase_add_test(tc, users_are_never_left_elsewhere_in_silence);
    tcase_add_test(tc, what_went_wrong_never_counts_as_good);
    tcase_add_loop_test(tc, names_go_both_ways, 1, n);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("a drill's state machine", cases)
