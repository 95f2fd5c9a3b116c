/*
 * Two controllers and one journal: one leads, the other follows row by row, and leads when the
 * first is gone. Through everything but the network between them.
 */
#include "story.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static struct world *w;

static void setup(void)
{
    struct world_options options = { .seed = 7, .speed = 10, .followed = true };
    options.verbose = getenv("EVAC_VERBOSE") != NULL;
    w = world_new(&options);
    world_run(w, 20000);
}

static void teardown(void)
{
    world_free(w);
}

/* That an intent is durable, and acted on, has no row of its own. */
static enum evac_step_state written(enum evac_step_state state)
{
    return state == EVAC_STEP_APPLYING ? EVAC_STEP_INTENDING : state;
}

/* Both think the same of every run that goes on. */
static void compare(const char *when)
{
    const struct evac_engine *leads = evac_shell_engine(world_shell(w));
    const struct evac_engine *follows = evac_shell_engine(world_follower(w));
    ck_assert_uint_eq(leads->run_count, follows->run_count);
    ck_assert_uint_eq(leads->next_seq, follows->next_seq);
    ck_assert_uint_eq(leads->next_run, follows->next_run);
    ck_assert_uint_eq(leads->apps[0].active, follows->apps[0].active);
    ck_assert_int_eq(leads->apps[0].ran, follows->apps[0].ran);
    for (const struct evac_run *r = leads->runs; r; r = r->next) {
        const struct evac_run *same = evac_engine_run(follows, r->id);
        ck_assert_msg(same != NULL, "%s: run %llu is not followed", when,
                      (unsigned long long)r->id);
        ck_assert_int_eq(r->state, same->state);
        for (size_t i = 0; i < r->plan->step_count; i++)
            ck_assert_msg(written(r->steps[i].state) == same->steps[i].state,
                          "%s: step %s is %s, and %s", when, r->plan->steps[i].id.p,
                          evac_step_state_name(r->steps[i].state),
                          evac_step_state_name(same->steps[i].state));
    }
}

START_TEST(what_the_leader_does_the_follower_knows)
{
    compare("before");
    world_control(w, "region us-east-1 down");
    for (int i = 0; i < 60; i++) {
        world_run(w, 400);
        compare("while it moves");
    }
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    compare("afterwards");
    ck_assert_uint_eq(evac_shell_engine(world_follower(w))->run_count, 0);
}
END_TEST

START_TEST(a_follower_refuses_every_word_and_does_nothing)
{
    struct evac_shell *follower = world_follower(w);
    struct evac_event event = { .kind = EVAC_EVENT_COMMAND };
    struct evac_err err = { EVAC_OK, "" };
    uint64_t rows = evac_shell_durable(follower), run;
    event.u.command = (struct evac_command){ .verb = EVAC_CMD_STOP_AUTOMATION,
                                             .who = EVAC_STR("ann"),
                                             .reason = EVAC_STR("a story") };
    ck_assert_int_eq(evac_shell_event(follower, &event, &err), EVAC_E_NOLEAD);
    ck_assert_str_eq(err.text, "this controller does not hold the lead");
    const struct evac_wish wish = { .app = EVAC_STR("shop"), .who = EVAC_STR("ann") };
    ck_assert_int_ne(evac_shell_begin(follower, &wish, &run, &err), EVAC_OK);
    ck_assert_uint_eq(evac_shell_wake_ms(follower), UINT64_MAX);
    ck_assert_int_eq(evac_shell_tick(follower, &err), EVAC_OK);
    ck_assert_uint_eq(evac_shell_durable(follower), rows);
    ck_assert_uint_eq(evac_shell_accepted(follower), rows);
}
END_TEST

/* At any moment of a move: what was begun is looked at, and ended. */
START_TEST(the_lead_changes_hands_at_any_moment_of_a_move)
{
    world_control(w, "region us-east-1 down");
    world_run(w, 3000 + 1300 * (uint64_t)_i);
    world_take_over(w, 20000);
    world_run(w, 25000);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    story_expect_writer(w, "us-west-2");
    story_expect_active(w, "us-west-2");
    compare("afterwards");
    uint64_t rows;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(evac_store_verify(world_store(w), &rows, &err) == EVAC_OK, "%s", err.text);
}
END_TEST

/* Which is not as if one had crashed again and again. */
START_TEST(it_changes_hands_seven_times_and_still_acts)
{
    for (int i = 0; i < 7; i++) {
        world_take_over(w, 3000);
        world_run(w, 10000);
        ck_assert(!evac_shell_engine(world_shell(w))->parked);
    }
    world_control(w, "region us-east-1 down");
    world_run(w, 5000);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    story_expect_writer(w, "us-west-2");
}
END_TEST

/* One that follows ends without a word: it is not the leader that was stopped. */
START_TEST(a_follower_that_is_stopped_says_nothing_of_the_leader)
{
    uint64_t rows = evac_shell_accepted(world_shell(w));
    uint16_t starts = evac_shell_engine(world_shell(w))->starts;
    evac_shell_stop(world_follower(w));
    world_run(w, 1000);
    ck_assert_uint_eq(evac_shell_accepted(world_shell(w)), rows);
    ck_assert_uint_eq(evac_shell_engine(world_shell(w))->starts, starts);
    ck_assert(!world_traced(w, " stop"));
}
END_TEST

START_TEST(what_was_said_to_one_is_known_to_the_next)
{
    struct evac_command hold = { .verb = EVAC_CMD_HOLD,
                                 .who = EVAC_STR("ann"),
                                 .reason = EVAC_STR("a release"),
                                 .value = 3600000 };
    ck_assert_int_eq(world_hear(w, &hold), EVAC_OK);
    world_take_over(w, 1000);
    world_run(w, 30000);
    world_control(w, "region us-east-1 down");
    world_run(w, 60000);
    ck_assert_uint_eq(world_last_run(w), 0);
    ck_assert_str_eq(world_app(w)->hold_owner, "ann");
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("follow");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, what_the_leader_does_the_follower_knows);
    tcase_add_test(tc, a_follower_refuses_every_word_and_does_nothing);
    tcase_add_loop_test(tc, the_lead_changes_hands_at_any_moment_of_a_move, 0, 10);
    tcase_add_test(tc, it_changes_hands_seven_times_and_still_acts);
    tcase_add_test(tc, a_follower_that_is_stopped_says_nothing_of_the_leader);
    tcase_add_test(tc, what_was_said_to_one_is_known_to_the_next);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("two controllers", cases)
