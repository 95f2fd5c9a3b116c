/*
 * Stories in virtual time, through the real configuration, compiler, engine, drivers, AWS client
 * and sandbox model: what happens, in what order, and what the world is like afterwards.
 */
#include "story.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define MINUTE_MS 60000u

static struct world *shop(const char *extra)
{
    struct world_options options = { .seed = 7, .speed = 10, .app_extra = extra };
    options.verbose = getenv("EVAC_VERBOSE") != NULL;
    struct world *w = world_new(&options);
    world_run(w, 20000);
    return w;
}

START_TEST(a_healthy_shop_is_left_alone)
{
    struct world *w = shop(NULL);
    world_run(w, 10 * MINUTE_MS);
    ck_assert_uint_eq(world_last_run(w), 0);
    story_expect_writer(w, "us-east-1");
    story_expect_active(w, "us-east-1");
    world_free(w);
}
END_TEST

START_TEST(a_dead_region_is_left_by_the_policy)
{
    struct world *w = shop(NULL);
    world_control(w, "region us-east-1 down");
    uint64_t died = world_now(w);
    world_run(w, 5000);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    story_expect_writer(w, "us-west-2");
    story_expect_active(w, "us-west-2");
    /* the order that keeps data safe */
    ck_assert_uint_lt(story_at(w, "step fence waiting"),
                      story_at(w, "step promote waiting -> observing"));
    ck_assert_uint_lt(story_at(w, "step fence-wait verifying -> done"),
                      story_at(w, "intent promote"));
    ck_assert_uint_lt(story_at(w, "step promote verifying -> done"), story_at(w, "intent grant"));
    ck_assert_uint_lt(story_at(w, "step verify-write"), story_at(w, "intent route"));
    double rto = story_reported(w, "rto_ms");
    ck_assert_double_gt(rto, 0);
    ck_assert_double_le(rto, (double)(world_now(w) - died) + 2000);
    ck_assert_double_ge(story_reported(w, "rpo_ms"), 0);
    world_free(w);
}
END_TEST

START_TEST(a_person_moves_a_healthy_shop_without_losing_data)
{
    struct world *w = shop(NULL);
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    story_expect_writer(w, "us-west-2");
    ck_assert_double_eq(story_reported(w, "rpo_ms"), 0);
    ck_assert(!world_traced(w, "intent promote"));
    world_free(w);
}
END_TEST

START_TEST(there_and_back_again)
{
    struct world *w = shop("automatic = \"act\"=>automatic = \"never\"");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    world_run(w, 5 * MINUTE_MS);
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILBACK, EVAC_MODE_GRACEFUL), EVAC_OK);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    story_expect_writer(w, "us-east-1");
    story_expect_active(w, "us-east-1");
    world_free(w);
}
END_TEST

/* Somebody takes the way home without asking the region that is left, which lives or is gone: the
 * health check reads that region's copy of the GO object, and users must come all the same. */
START_TEST(the_way_home_can_be_taken_ungracefully)
{
    struct world *w = shop("automatic = \"act\"=>automatic = \"never\"");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    world_run(w, 5 * MINUTE_MS);
    if (_i)
        world_control(w, "region us-west-2 down");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILBACK, EVAC_MODE_UNGRACEFUL), EVAC_OK);
    story_expect_end(w, _i ? EVAC_RUN_EXCEPTIONS : EVAC_RUN_SUCCEEDED);
    (void)story_at(w, "step confirm observing -> done");
    story_expect_writer(w, "us-east-1");
    story_expect_active(w, "us-east-1");
    world_free(w);
}
END_TEST

/* With a lag beyond the objective nobody promotes without a person's word. */
START_TEST(too_much_loss_waits_for_a_person)
{
    struct world *w = shop(NULL);
    world_control(w, "lag us-west-2 60000");
    world_run(w, 3 * MINUTE_MS);
    world_control(w, "region us-east-1 down");
    world_run(w, 2 * MINUTE_MS);
    ck_assert_msg(world_traced(w, "gate_block promote"), "%s", story(w));
    ck_assert(!world_traced(w, "intent promote"));
    ck_assert_int_eq(world_say(w, EVAC_CMD_OVERRIDE, "promote", "the region is gone for good", 0),
                     EVAC_OK);
    story_expect_end(w, EVAC_RUN_EXCEPTIONS);
    story_expect_writer(w, "us-west-2");
    ck_assert_double_ge(story_reported(w, "rpo_ms"), 5000);
    world_free(w);
}
END_TEST

START_TEST(a_gate_opens_by_itself_when_the_loss_becomes_known)
{
    struct world *w = shop(NULL);
    world_control(w, "service cloudwatch us-west-2 down");
    world_crash(w, 1000); /* it forgets what it had measured */
    world_run(w, 10000);
    world_control(w, "region us-east-1 down");
    world_run(w, 2 * MINUTE_MS);
    ck_assert_msg(world_traced(w, "gate_block promote"), "%s", story(w));
    ck_assert(!world_traced(w, "intent promote"));
    world_control(w, "service cloudwatch us-west-2 up");
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    story_expect_writer(w, "us-west-2");
    world_free(w);
}
END_TEST

START_TEST(a_short_blip_moves_nothing)
{
    struct world *w = shop("dwell = \"3s\"=>dwell = \"60s\"");
    world_control(w, "region us-east-1 down");
    world_run(w, 43000); /* GitHub, October 2018 */
    world_control(w, "region us-east-1 up");
    world_run(w, 5 * MINUTE_MS);
    ck_assert_uint_eq(world_last_run(w), 0);
    world_free(w);
}
END_TEST

START_TEST(a_standby_that_is_not_well_is_not_failed_over_to)
{
    struct world *w = shop(NULL);
    world_control(w, "service rds us-west-2 capacity-refused"); /* its database answers nobody */
    world_run(w, MINUTE_MS);
    ck_assert_msg(world_traced(w, "verdict us-west-2 down"), "%s", story(w));
    world_control(w, "region us-east-1 down");
    world_run(w, 5 * MINUTE_MS);
    ck_assert_uint_eq(world_last_run(w), 0);
    world_control(w, "service rds us-west-2 up"); /* now there is somewhere to go */
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    story_expect_writer(w, "us-west-2");
    world_free(w);
}
END_TEST

START_TEST(when_everything_looks_down_the_observer_is_suspected)
{
    struct world *w = shop(NULL);
    world_control(w, "region us-east-1 down");
    world_control(w, "region us-west-2 down");
    world_run(w, 10 * MINUTE_MS);
    ck_assert_uint_eq(world_last_run(w), 0);
    ck_assert_msg(world_traced(w, "observer-suspect"), "%s", story(w));
    world_free(w);
}
END_TEST

START_TEST(a_lost_reply_of_the_promotion_promotes_once)
{
    struct world *w = shop(NULL);
    world_control(w, "region us-east-1 down");
    world_control(w, "service rds us-west-2 lost-mutation 1");
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    ck_assert_msg(world_traced(w, "applying -> unknown"), "%s", story(w));
    story_expect_writer(w, "us-west-2");
    world_free(w);
}
END_TEST

START_TEST(throttling_only_costs_time)
{
    struct world *w = shop(NULL);
    world_control(w, "service ecs us-west-2 throttled");
    world_control(w, "region us-east-1 down");
    world_run(w, MINUTE_MS);
    ck_assert_int_ne(world_run_state(w), EVAC_RUN_FAILED);
    world_control(w, "service ecs us-west-2 up");
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    world_free(w);
}
END_TEST

START_TEST(capacity_that_is_refused_asks_a_person)
{
    struct world *w = shop(NULL);
    world_control(w, "service autoscaling us-west-2 capacity-refused");
    world_control(w, "region us-east-1 down");
    world_run(w, 29 * MINUTE_MS);
    ck_assert_msg(world_traced(w, "running -> asking on step-asks"), "%s", story(w));
    world_free(w);
}
END_TEST

START_TEST(cancelled_half_way_everything_is_as_before)
{
    struct world *w = shop("automatic = \"act\"=>automatic = \"never\"");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    world_run(w, 2000);
    ck_assert_int_eq(world_say(w, EVAC_CMD_CANCEL, "", "", 0), EVAC_OK);
    story_expect_end(w, EVAC_RUN_ROLLED_BACK);
    world_run(w, MINUTE_MS);
    story_expect_writer(w, "us-east-1");
    story_expect_active(w, "us-east-1");
    world_free(w);
}
END_TEST

START_TEST(a_rehearsal_changes_nothing)
{
    struct world *w = shop("automatic = \"act\"=>automatic = \"never\"");
    char before[65536], *after;
    ck_assert_int_eq(world_rehearse(w), EVAC_OK);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    (void)before;
    (void)after;
    ck_assert(!world_traced(w, "intent "));
    story_expect_writer(w, "us-east-1");
    world_free(w);
}
END_TEST

START_TEST(a_proposal_waits_for_a_yes)
{
    struct world *w = shop("automatic = \"act\"=>automatic = \"propose\"");
    world_control(w, "region us-east-1 down");
    world_run(w, MINUTE_MS);
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_PROPOSED);
    ck_assert(!world_traced(w, "intent "));
    ck_assert_int_eq(world_say(w, EVAC_CMD_APPROVE, "", "", 0), EVAC_OK);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    world_free(w);
}
END_TEST

START_TEST(a_controller_that_dies_in_mid_run_ends_it)
{
    struct world *w = shop(NULL);
    world_control(w, "region us-east-1 down");
    world_run(w, 8000 + (uint64_t)_i * 1500);
    world_crash(w, 3000);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    story_expect_writer(w, "us-west-2");
    world_free(w);
}
END_TEST

START_TEST(graceful_turned_ungraceful_when_the_region_dies_half_way)
{
    struct world *w = shop("automatic = \"act\"=>automatic = \"never\"");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    world_run(w, 1500);
    world_control(w, "region us-east-1 down");
    world_run(w, 20000);
    ck_assert_int_eq(world_say(w, EVAC_CMD_MODE, "", "it died", EVAC_MODE_UNGRACEFUL), EVAC_OK);
    world_run(w, 10 * MINUTE_MS);
    story_expect_writer(w, "us-west-2");
    ck_assert_msg(world_broken(w)[0] == '\0', "%s", world_broken(w));
    world_free(w);
}
END_TEST

/* The service has begun to switch over, and then one of the two it needs is gone. */
START_TEST(a_switchover_that_is_stuck_half_way_is_turned_into_a_failover)
{
    struct world *w = shop("automatic = \"act\"=>automatic = \"never\"");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    for (int i = 0; i < 600 && !world_traced(w, "step switch applying -> verifying"); i++)
        world_run(w, 100);
    world_run(w, 1000 * (uint64_t)_i);
    ck_assert_msg(!world_traced(w, "step switch verifying -> done"), "%s", story(w));
    world_control(w, "region us-east-1 down");
    world_run(w, 10000);
    ck_assert_msg(!world_traced(w, "step switch verifying -> done"), "%s", story(w));
    ck_assert_int_eq(world_say(w, EVAC_CMD_MODE, "", "it died", EVAC_MODE_UNGRACEFUL), EVAC_OK);
    story_expect_end(w, EVAC_RUN_EXCEPTIONS);
    ck_assert_uint_lt(story_at(w, "outcome switch"), story_at(w, "intent promote"));
    (void)story_at(w, "step promote verifying -> done");
    story_expect_writer(w, "us-west-2");
    story_expect_active(w, "us-west-2");
    ck_assert_double_ge(story_reported(w, "rpo_ms"), 0);
    world_free(w);
}
END_TEST

START_TEST(a_mode_switched_there_and_back_leaves_no_dead_end)
{
    struct world *w = shop("automatic = \"act\"=>automatic = \"never\"");
    world_control(w, "region us-east-1 down");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL), EVAC_OK);
    world_run(w, 5000);
    world_control(w, "service rds us-west-2 down");
    world_run(w, 10000);
    ck_assert_int_eq(world_say(w, EVAC_CMD_MODE, "", "", EVAC_MODE_GRACEFUL), EVAC_OK);
    ck_assert_msg(world_traced(w, "step promote observing -> halted"), "%s", story(w));
    world_run(w, 1000);
    ck_assert_int_eq(world_say(w, EVAC_CMD_MODE, "", "", EVAC_MODE_UNGRACEFUL), EVAC_OK);
    world_control(w, "service rds us-west-2 up");
    story_expect_end(w, EVAC_RUN_EXCEPTIONS); /* what the other mode began in the dead region */
    story_expect_writer(w, "us-west-2");
    world_free(w);
}
END_TEST

START_TEST(after_a_run_the_policy_waits_for_an_acknowledgement)
{
    struct world *w = shop(NULL);
    world_control(w, "region us-east-1 down");
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    world_control(w, "region us-east-1 up");
    world_run(w, 5 * MINUTE_MS);
    uint64_t run = world_last_run(w);
    world_control(w, "region us-west-2 down");
    world_run(w, 5 * MINUTE_MS);
    ck_assert_uint_eq(world_last_run(w), run);
    world_free(w);
}
END_TEST

/* A person who is faster than the probes does not make the outage shorter than it was. */
START_TEST(an_outage_that_is_seen_after_a_person_began_counts_from_its_beginning)
{
    struct world *w = shop("automatic = \"act\"=>automatic = \"never\"");
    world_control(w, "region us-east-1 down");
    uint64_t died = world_now(w);
    world_run(w, 200);
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL), EVAC_OK);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    ck_assert_uint_lt(story_at(w, "instant impact_hi"), story_at(w, "instant recovered"));
    ck_assert_double_gt(story_reported(w, "rto_ms"), story_reported(w, "rto_min_ms"));
    ck_assert_double_le(story_reported(w, "rto_ms"), (double)(world_now(w) - died) + 2000);
    world_free(w);
}
END_TEST

/* Whoever stops a run is told what it leaves, what was there before, and what to type. */
START_TEST(a_stopped_run_says_what_it_leaves_and_how_to_clear_it)
{
    struct world *w = shop("automatic = \"act\"=>automatic = \"never\"");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    world_run(w, 4000);
    ck_assert_int_eq(world_say(w, EVAC_CMD_STOP, "", "leave it so", 0), EVAC_OK);
    story_expect_end(w, EVAC_RUN_HELD);
    const char *text = story_report(w);
    static const char *const parts[] = {
        "scale:web in us-west-2: so many tasks run",
        "before: {\"desired\":1}",
        "$ aws ecs update-service --region us-west-2 --cluster shop --service web "
        "--desired-count 1\n",
        "$ aws autoscaling update-auto-scaling-group --region us-west-2 "
        "--auto-scaling-group-name shop-batch --min-size ",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        ck_assert_msg(strstr(text, parts[i]), "'%s' is not in\n%s", parts[i], text);
    world_free(w);
}
END_TEST

/* What is only tried with the lost region waits half a minute for it; the fence does not wait for
 * that. */
START_TEST(the_old_side_is_fenced_when_the_fence_is_up)
{
    static const char nightly[] = "make scheduler %s {\"kind\":\"schedule\",\"name\":\"nightly\"}";
    struct world *w = shop("automatic = \"act\"=>automatic = \"never\"\n"
                           "resources = {=>resources = { cron = { type = \"scheduler\"; schedules "
                           "= ( \"nightly\" ); };");
    world_control(w, nightly, "us-east-1");
    world_control(w, nightly, "us-west-2");
    world_control(w, "region us-east-1 down");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL), EVAC_OK);
    story_expect_end(w,
                     EVAC_RUN_EXCEPTIONS); /* the nightly job of the old side could not be paused */
    (void)story_at(w, "step try-pause observing -> failed");
    double fenced = story_reported(w, "fenced"), ready = story_reported(w, "data_ready");
    ck_assert_double_ge(fenced, story_reported(w, "started"));
    ck_assert_msg(fenced <= ready, "fenced %.0f ms after the data was ready:\n%s", fenced - ready,
                  story_report(w));
    world_free(w);
}
END_TEST

/* R14: it must not act for a moment, again and again, in between. */
START_TEST(after_five_crashes_in_a_row_it_only_looks)
{
    struct world *w = shop(NULL);
    for (int crashes = 1; crashes <= 5; crashes++) {
        world_crash(w, 1000);
        world_run(w, 10000);
        ck_assert_int_eq(world_engine(w)->parked, crashes == 5);
    }
    world_control(w, "region us-east-1 down");
    world_run(w, 2 * MINUTE_MS);
    ck_assert_uint_eq(world_last_run(w), 0);
    world_run(w, 10 * MINUTE_MS);
    world_crash(w, 1000); /* that was long ago */
    world_run(w, 1000);
    ck_assert(!world_engine(w)->parked);
    world_free(w);
}
END_TEST

/* As the screen says that it can be let act again. */
START_TEST(an_orderly_stop_lets_it_act_again)
{
    struct world *w = shop(NULL);
    for (int crashes = 1; crashes <= 5; crashes++) {
        world_crash(w, 1000);
        world_run(w, 10000);
    }
    ck_assert(world_engine(w)->parked);
    evac_shell_stop(world_shell(w));
    world_run(w, 1000);
    world_crash(w, 1000);
    world_run(w, 10000);
    ck_assert(!world_engine(w)->parked);
    world_control(w, "region us-east-1 down");
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    world_free(w);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("failover");
    tcase_set_timeout(tc, 240);
    tcase_add_test(tc, a_healthy_shop_is_left_alone);
    tcase_add_test(tc, a_dead_region_is_left_by_the_policy);
    tcase_add_test(tc, a_person_moves_a_healthy_shop_without_losing_data);
    tcase_add_test(tc, there_and_back_again);
    tcase_add_loop_test(tc, the_way_home_can_be_taken_ungracefully, 0, 2);
    tcase_add_test(tc, too_much_loss_waits_for_a_person);
    tcase_add_test(tc, a_gate_opens_by_itself_when_the_loss_becomes_known);
    tcase_add_test(tc, a_short_blip_moves_nothing);
    tcase_add_test(tc, a_standby_that_is_not_well_is_not_failed_over_to);
    tcase_add_test(tc, when_everything_looks_down_the_observer_is_suspected);
    tcase_add_test(tc, a_lost_reply_of_the_promotion_promotes_once);
    tcase_add_test(tc, throttling_only_costs_time);
    tcase_add_test(tc, capacity_that_is_refused_asks_a_person);
    tcase_add_test(tc, cancelled_half_way_everything_is_as_before);
    tcase_add_test(tc, a_rehearsal_changes_nothing);
    tcase_add_test(tc, a_proposal_waits_for_a_yes);
    tcase_add_loop_test(tc, a_controller_that_dies_in_mid_run_ends_it, 0, 8);
    tcase_add_test(tc, graceful_turned_ungraceful_when_the_region_dies_half_way);
    tcase_add_test(tc, a_mode_switched_there_and_back_leaves_no_dead_end);
    tcase_add_test(tc, after_a_run_the_policy_waits_for_an_acknowledgement);
    tcase_add_test(tc, a_stopped_run_says_what_it_leaves_and_how_to_clear_it);
    tcase_add_loop_test(tc, a_switchover_that_is_stuck_half_way_is_turned_into_a_failover, 0, 3);
    tcase_add_test(tc, the_old_side_is_fenced_when_the_fence_is_up);
    tcase_add_test(tc, after_five_crashes_in_a_row_it_only_looks);
    tcase_add_test(tc, an_orderly_stop_lets_it_act_again);
    tcase_add_test(tc, an_outage_that_is_seen_after_a_person_began_counts_from_its_beginning);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("failover stories", cases)
