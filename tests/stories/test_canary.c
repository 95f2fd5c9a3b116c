/*
 * A canary in the database itself, through the whole product: markers over the RDS Data API, the
 * loss that they measure against the truth, and those that were lost by name.
 */
#include "story.h"
#include "suite.h"

#include <string.h>

#define SECRET(region) "arn:aws:secretsmanager:" region ":123456789012:secret:canary-AbCdEf"

static struct world *shop(void)
{
    struct world_options options = { .seed = 5, .speed = 10 };
    options.app_extra =
        "automatic = \"act\"=>automatic = \"never\"\n"
        "metric_period = \"1s\"; }=>metric_period = \"1s\"; canary_database = \"shop\"; canary = { "
        "us-east-1 = "
        "\"" SECRET("us-east-1") "\"; us-west-2 = \"" SECRET("us-west-2") "\"; }; }";
    options.verbose = getenv("EVAC_VERBOSE") != NULL;
    struct world *w = world_new(&options);
    world_control(w, "make secretsmanager us-east-1 {\"kind\":\"secret\",\"name\":\"canary\"}");
    world_control(w, "make secretsmanager us-west-2 {\"kind\":\"secret\",\"name\":\"canary\"}");
    world_control(
        w, "make rds-data us-east-1 {\"cluster\":\"shop-db-use1\",\"table\":\"evac_canary\"}");
    world_run(w, 20000);
    return w;
}

static const struct evac_watch *db(struct world *w)
{
    return evac_engine_watch_of(world_app(w), 0, 0);
}

START_TEST(markers_go_through_the_database)
{
    struct world *w = shop();
    ck_assert_int_gt(db(w)->found, 0);
    ck_assert_uint_gt(db(w)->acked_count, 10);
    world_free(w);
}
END_TEST

START_TEST(an_outage_loses_what_the_canary_says)
{
    struct world *w = shop();
    world_control(w, "lag us-west-2 4000");
    world_run(w, 10000);
    world_control(w, "region us-east-1 down");
    world_run(w, 10000);
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL), EVAC_OK);
    ck_assert_msg(world_run_to_end(w, 1800000), "%s", story(w));
    story_expect_writer(w, "us-west-2");
    const char *report = story_report(w);
    ck_assert_msg(strstr(report, "by canary"), "%s", report);
    /* never better than the truth, and not much worse: a marker a second, a look a second */
    ck_assert_double_ge(story_reported(w, "rpo_ms"), 4000);
    ck_assert_double_le(story_reported(w, "rpo_ms"), 8000);
    ck_assert_double_ge(story_reported(w, "lost_count"), 3);
    world_free(w);
}
END_TEST

START_TEST(a_planned_move_loses_no_marker)
{
    struct world *w = shop();
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    ck_assert_msg(world_run_to_end(w, 1800000), "%s", story(w));
    ck_assert_double_eq(story_reported(w, "rpo_ms"), 0);
    world_run(w, 10000);
    ck_assert_int_gt(db(w)->found, 0); /* and the other way it goes on */
    world_free(w);
}
END_TEST

/* The files have no step that waits for them. Their replication has stalled: what was acknowledged
 * and has not arrived when the run is over is told, though nothing broke. */
START_TEST(a_planned_move_tells_what_had_not_arrived)
{
    struct world *w = shop();
    world_control(w, "lag us-west-2 600000");
    world_run(w, 10000);
    world_control(w, "lag us-west-2 normal"); /* for what is written from now on: the database's */
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    ck_assert_msg(world_run_to_end(w, 1800000), "%s", story(w));
    const char *report = story_report(w);
    ck_assert_msg(strstr(report, "db         0 ms       by switchover"), "%s", report);
    /* ten seconds of files; a marker a second */
    ck_assert_double_ge(story_reported(w, "rpo_ms"), 10000);
    ck_assert_double_le(story_reported(w, "rpo_ms"), 12000);
    world_free(w);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("canary");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, markers_go_through_the_database);
    tcase_add_test(tc, an_outage_loses_what_the_canary_says);
    tcase_add_test(tc, a_planned_move_loses_no_marker);
    tcase_add_test(tc, a_planned_move_tells_what_had_not_arrived);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("a canary in the database", cases)
