/*
 * Standbys where nothing runs: no probe can tell that they are up, so what a rehearsal found there
 * counts; and a controller that sees only one region asks itself first whether it is connected.
 */
#include "story.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000u

static struct world *dormant_shop(const char *app, const char *extra)
{
    struct world_options options = { .seed = 5, .speed = 10, .app_file = app, .app_extra = extra };
    options.verbose = getenv("EVAC_VERBOSE") != NULL;
    struct world *w = world_new(&options);
    world_run(w, 20000);
    return w;
}

static void look_at_standby(struct world *w)
{
    ck_assert_int_eq(world_rehearse(w), EVAC_OK);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
}

static bool decides(struct world *w, enum evac_decide what, const char *reason)
{
    const struct evac_decision *d = &world_app(w)->decision;
    return d->decide == what && (!reason || strstr(d->reasons, reason));
}

START_TEST(a_cold_standby_is_dormant_and_not_down)
{
    struct world *w = dormant_shop("strategies/pilot-light.cfg", NULL);
    const struct evac_region_health *h = &world_app(w)->health.regions[1];
    ck_assert_int_eq(h->verdict, EVAC_VERDICT_UNKNOWN);
    ck_assert_str_eq(h->reasons, "dormant: nothing runs there that a probe could ask");
    ck_assert_int_eq(world_app(w)->health.regions[0].verdict, EVAC_VERDICT_UP);
    world_free(w);
}
END_TEST

START_TEST(a_pilot_light_whose_standby_was_found_ready_is_moved_by_the_policy)
{
    struct world *w = dormant_shop("strategies/pilot-light.cfg", NULL);
    look_at_standby(w);
    world_control(w, "region us-east-1 down");
    world_run(w, 15000);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    story_expect_writer(w, "us-west-2");
    story_expect_active(w, "us-west-2");
    ck_assert_double_gt(story_reported(w, "rto_ms"), 0);
    /* the new region is asked now, and the old one is the dormant one */
    world_run(w, MINUTE_MS);
    ck_assert_int_eq(world_app(w)->health.regions[1].verdict, EVAC_VERDICT_UP);
    ck_assert(evac_health_is_dormant(&world_app(w)->health, 0));
    world_free(w);
}
END_TEST

START_TEST(a_standby_that_nobody_looked_at_is_no_target)
{
    struct world *w = dormant_shop("strategies/pilot-light.cfg", NULL);
    world_control(w, "region us-east-1 down");
    world_run(w, MINUTE_MS);
    ck_assert(decides(w, EVAC_DECIDE_WAIT, "us-west-2 is dormant, and was not lately found ready"));
    ck_assert_uint_eq(world_last_run(w), 0);
    world_free(w);
}
END_TEST

START_TEST(what_was_found_long_ago_does_not_count)
{
    struct world *w = dormant_shop("strategies/pilot-light.cfg",
                                   "dwell = \"3s\"=>dwell = \"3s\"; readiness = \"5m\"");
    look_at_standby(w);
    world_run(w, 21 * MINUTE_MS); /* two intervals, and ten minutes */
    world_control(w, "region us-east-1 down");
    world_run(w, MINUTE_MS);
    ck_assert(decides(w, EVAC_DECIDE_WAIT, "was not lately found ready"));
    world_free(w);
}
END_TEST

START_TEST(backups_are_restored_when_a_person_says_yes)
{
    struct world *w = dormant_shop("strategies/backup-restore.cfg", NULL);
    world_run(w, 10 * MINUTE_MS); /* until there is a recovery point */
    look_at_standby(w);
    world_control(w, "region us-east-1 down");
    world_run(w, 30000);
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_PROPOSED);
    ck_assert_int_eq(world_say(w, EVAC_CMD_APPROVE, "", "yes", 0), EVAC_OK);
    ck_assert(world_run_to_end(w, 120 * MINUTE_MS));
    story_expect_writer(w, "us-west-2");
    world_free(w);
}
END_TEST

/* Replication that lags behind the objective is said by whoever looks at the standby. */
START_TEST(a_rehearsal_tells_when_too_much_would_be_lost)
{
    struct world *w = dormant_shop("strategies/pilot-light.cfg", NULL);
    world_control(w, "lag us-west-2 120000");
    world_run(w, 3 * MINUTE_MS);
    ck_assert_int_eq(world_rehearse(w), EVAC_OK);
    story_expect_end(w, EVAC_RUN_EXCEPTIONS);
    (void)story_at(w, "an ungraceful move now would lose ");
    (void)story_at(w, " of data; the objective is 30");
    ck_assert(world_app(w)->readiness[1].ready);
    world_free(w);
}
END_TEST

/* Up to when the old side wrote, less what is in the new one: the report says no less. */
static void expect_loss_told(struct world *w)
{
    const char *at = strstr(world_truth(w), "\"lost_ms\":");
    double lost = at ? atof(at + strlen("\"lost_ms\":")) : 0;
    ck_assert_double_gt(lost, 0);
    double told = story_reported(w, "rpo_max_ms");
    ck_assert_msg(told >= lost, "%.0f ms were lost, %.0f are told:\n%s", lost, told, story(w));
}

#define WAITS "waits for a recovery point at or after the fence"

/* A planned move of the shop, up to where the restore waits. */
static struct world *waiting_shop(const char *extra)
{
    struct world *w = dormant_shop("strategies/backup-restore.cfg", extra);
    world_run(w, MINUTE_MS);
    world_control(w, "lag us-west-2 90000"); /* of what is shipped: more than one shipment waits */
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    for (int i = 0; i < 120 && !world_traced(w, WAITS); i++)
        world_run(w, 1000);
    (void)story_at(w, WAITS);
    return w;
}

/* The fence stands: what was written before it comes with the next logs, and only then is it
 * restored, though a controller dies while it waits. */
START_TEST(a_planned_restore_waits_until_all_from_before_the_fence_is_there)
{
    struct world *w = waiting_shop(NULL);
    world_crash(w, 5000);
    ck_assert(world_run_to_end(w, 120 * MINUTE_MS));
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_SUCCEEDED);
    story_expect_writer(w, "us-west-2");
    ck_assert_uint_lt(story_at(w, WAITS), story_at(w, "intent restore"));
    ck_assert_msg(strstr(world_truth(w), "\"lost_ms\":0") != NULL, "%s", world_truth(w));
    ck_assert_double_eq(story_reported(w, "rpo_ms"), 0);
    ck_assert_msg(strstr(story_report(w), "by recovery-point") != NULL, "%s", story_report(w));
    ck_assert_str_eq(world_broken(w), "");
    world_free(w);
}
END_TEST

/* The objective is what may be lost without a person's word: waiting loses nothing, so it is not
 * asked for, however old the newest point is when the step begins. */
START_TEST(what_waits_asks_nobody_for_the_loss_that_it_avoids)
{
    struct world *w = waiting_shop("rpo = \"15m\"=>rpo = \"1s\"");
    ck_assert(world_run_to_end(w, 120 * MINUTE_MS));
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_SUCCEEDED);
    ck_assert_msg(!world_traced(w, "gate_block restore"), "%s", story(w));
    ck_assert_double_eq(story_reported(w, "rpo_ms"), 0);
    world_free(w);
}
END_TEST

/* Whoever can not wait says so: what is newer than the point is lost, and told; that the old side's
 * backups go on afterwards changes nothing. */
START_TEST(a_restore_that_must_not_wait_tells_what_is_newer_than_its_recovery_point)
{
    struct world *w = waiting_shop(NULL);
    ck_assert_int_eq(world_say(w, EVAC_CMD_MODE, "", "now", EVAC_MODE_UNGRACEFUL), EVAC_OK);
    ck_assert(world_run_to_end(w, 120 * MINUTE_MS));
    story_expect_writer(w, "us-west-2");
    expect_loss_told(w);
    world_free(w);
}
END_TEST

/* Nothing comes any more: in the end a person is asked, who may go on without it. */
START_TEST(a_wait_that_leads_nowhere_ends_in_a_question)
{
    struct world *w = waiting_shop(NULL);
    world_control(w, "region us-east-1 isolated");
    for (int i = 0; i < 180 && world_run_state(w) != EVAC_RUN_ASKING; i++)
        world_run(w, MINUTE_MS);
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_ASKING);
    ck_assert_int_eq(world_say(w, EVAC_CMD_MODE, "", "now", EVAC_MODE_UNGRACEFUL), EVAC_OK);
    ck_assert_int_eq(world_say(w, EVAC_CMD_RETRY, "restore", "now", 0), EVAC_OK);
    ck_assert(world_run_to_end(w, 120 * MINUTE_MS));
    story_expect_writer(w, "us-west-2");
    expect_loss_told(w);
    world_free(w);
}
END_TEST

/* A person is quicker than the probes: no outage is known yet when the run begins. */
START_TEST(what_is_lost_is_told_when_a_person_was_first)
{
    struct world *w = dormant_shop("strategies/pilot-light.cfg", NULL);
    world_control(w, "region us-east-1 isolated"); /* it goes on, until its permission has ended */
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL), EVAC_OK);
    ck_assert(world_run_to_end(w, 30 * MINUTE_MS));
    story_expect_writer(w, "us-west-2");
    expect_loss_told(w);
    world_free(w);
}
END_TEST

/* The on-call does not have to decline what was proposed before beginning a run of their own. */
START_TEST(a_run_that_a_person_begins_takes_the_place_of_a_proposal)
{
    struct world *w =
        dormant_shop("strategies/pilot-light.cfg", "automatic = \"act\"=>automatic = \"propose\"");
    look_at_standby(w);
    world_control(w, "region us-east-1 down");
    world_run(w, 15000);
    uint64_t proposed = world_last_run(w);
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_PROPOSED);
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL), EVAC_OK);
    ck_assert_uint_gt(world_last_run(w), proposed);
    (void)story_at(w, "another run was begun instead");
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    story_expect_writer(w, "us-west-2");
    world_free(w);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("dormant");
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, a_cold_standby_is_dormant_and_not_down);
    tcase_add_test(tc, a_pilot_light_whose_standby_was_found_ready_is_moved_by_the_policy);
    tcase_add_test(tc, a_standby_that_nobody_looked_at_is_no_target);
    tcase_add_test(tc, what_was_found_long_ago_does_not_count);
    tcase_add_test(tc, backups_are_restored_when_a_person_says_yes);
    tcase_add_test(tc, a_rehearsal_tells_when_too_much_would_be_lost);
    tcase_add_test(tc, a_run_that_a_person_begins_takes_the_place_of_a_proposal);
    tcase_add_test(tc, a_planned_restore_waits_until_all_from_before_the_fence_is_there);
    tcase_add_test(tc, what_waits_asks_nobody_for_the_loss_that_it_avoids);
    tcase_add_test(tc, a_restore_that_must_not_wait_tells_what_is_newer_than_its_recovery_point);
    tcase_add_test(tc, a_wait_that_leads_nowhere_ends_in_a_question);
    tcase_add_test(tc, what_is_lost_is_told_when_a_person_was_first);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("dormant standbys", cases)
