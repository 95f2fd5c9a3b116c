/*
 * Active-active: both regions serve and write the same global table. One is left, by policy or by
 * hand, and comes back beside the other; nobody is led to where nothing answers, and the last
 * region stays.
 */
#include "story.h"
#include "suite.h"

#include <stdlib.h>

#define MINUTE_MS 60000u
#define EAST      0x1u
#define WEST      0x2u

static struct world *everywhere(const char *extra)
{
    struct world_options options = {
        .seed = 3, .speed = 10, .app_file = "strategies/active-active.cfg", .app_extra = extra
    };
    options.verbose = getenv("EVAC_VERBOSE") != NULL;
    struct world *w = world_new(&options);
    world_run(w, 30000);
    return w;
}

static bool is_so(struct world *w, const char *part)
{
    return strstr(world_truth(w), part) != NULL;
}

static void expect_so(struct world *w, const char *part)
{
    ck_assert_msg(is_so(w, part), "'%s' is not in\n%s", part, world_truth(w));
}

static void expect_serving(struct world *w, uint32_t regions)
{
    ck_assert_msg(evac_engine_serving(world_app(w)) == regions, "serving %x, not %x:\n%s",
                  evac_engine_serving(world_app(w)), regions, story(w));
}

START_TEST(both_regions_serve_and_are_left_alone)
{
    struct world *w = everywhere(NULL);
    world_run(w, 5 * MINUTE_MS);
    ck_assert_uint_eq(world_last_run(w), 0);
    expect_serving(w, EAST | WEST);
    expect_so(w, "\"writers\":[\"us-east-1\",\"us-west-2\"]");
    struct evac_now now = { world_now(w) + 1000000, 0, 0 };
    (void)now;
    for (uint16_t s = 0; s < 2; s++)
        ck_assert_msg(evac_engine_watch_of(world_app(w), 0, s)->found > 0,
                      "no marker of region %u was found in the other one", s);
    world_free(w);
}
END_TEST

/* It serves from all of its regions: there is no one place that a person could name. */
START_TEST(nobody_says_where_an_app_serves_that_serves_everywhere)
{
    struct world *w = everywhere(NULL);
    ck_assert_int_eq(world_say(w, EVAC_CMD_PLACE, "us-west-2", "seen", 0), EVAC_E_REFUSED);
    expect_serving(w, EAST | WEST);
    world_free(w);
}
END_TEST

/* Whichever region dies: the one with the writer's place, and the other one. */
START_TEST(a_dead_region_is_left_by_the_policy)
{
    static const char *const names[] = { "us-east-1", "us-west-2" };
    struct world *w = everywhere(NULL);
    world_control(w, "region %s down", names[_i]);
    world_run(w, 15000);
    story_expect_end(w, EVAC_RUN_EXCEPTIONS); /* the way back is not open yet */
    (void)story_at(w, "step try-protect-objects:carts observing -> failed");
    expect_serving(w, _i ? EAST : WEST);
    story_expect_active(w, names[1 - _i]);
    story_expect_writer(w, names[1 - _i]);
    ck_assert_uint_lt(story_at(w, "step scale:web verifying -> done"),
                      story_at(w, "intent withdraw:go"));
    ck_assert_double_gt(story_reported(w, "rto_ms"), 0);
    ck_assert_double_ge(story_reported(w, "rpo_ms"), 0);
    ck_assert_double_le(story_reported(w, "rpo_ms"), 20000);

    /* it comes back, and brings its share with it */
    world_control(w, "region %s up", names[_i]);
    world_run(w, 2 * MINUTE_MS);
    expect_serving(w, _i ? EAST : WEST); /* not by itself */
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILBACK, EVAC_MODE_GRACEFUL), EVAC_OK);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    expect_serving(w, EAST | WEST);
    story_expect_active(w, "us-east-1");
    expect_so(w, "\"writers\":[\"us-east-1\",\"us-west-2\"]");
    expect_so(w,
              "\"region\":\"us-east-1\",\"cluster\":\"shop\",\"service\":\"web\",\"desired\":3,");
    expect_so(w,
              "\"region\":\"us-west-2\",\"cluster\":\"shop\",\"service\":\"web\",\"desired\":3,");
    world_free(w);
}
END_TEST

START_TEST(a_region_is_taken_out_for_maintenance_without_losing_data)
{
    struct world *w = everywhere("automatic = \"act\"=>automatic = \"never\"");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    expect_serving(w, WEST);
    ck_assert(story_reported(w, "rpo_ms") == 0);
    /* the last one stays */
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_E_REFUSED);
    world_free(w);
}
END_TEST

START_TEST(who_serves_is_known_after_a_crash)
{
    struct world *w = everywhere("automatic = \"act\"=>automatic = \"never\"");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    world_crash(w, 1000);
    world_run(w, 5000);
    expect_serving(w, WEST);
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILBACK, EVAC_MODE_GRACEFUL), EVAC_OK);
    world_run(w, 2000);
    world_crash(w, 1000);
    world_run(w, 10 * MINUTE_MS);
    expect_serving(w, EAST | WEST);
    ck_assert(world_broken(w)[0] == '\0');
    world_free(w);
}
END_TEST

/* There is no point of no return: even after the users were led away it can be undone. */
START_TEST(a_withdrawal_that_is_cancelled_is_undone)
{
    struct world *w = everywhere("automatic = \"act\"=>automatic = \"never\"");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    for (int i = 0; i < 600 && !world_traced(w, "outcome withdraw:go"); i++)
        world_run(w, 100);
    ck_assert_int_eq(world_say(w, EVAC_CMD_CANCEL, "", "not now", 0), EVAC_OK);
    story_expect_end(w, EVAC_RUN_ROLLED_BACK);
    expect_serving(w, EAST | WEST);
    expect_so(w,
              "\"region\":\"us-west-2\",\"cluster\":\"shop\",\"service\":\"web\",\"desired\":3,");
    world_free(w);
}
END_TEST

/* A step of each phase, and whether the run had led users away by then. */
static const struct {
    const char *begun;
    bool away;
} moments[] = {
    { "step check:carts waiting -> observing", false },
    { "step scale:web verifying", false },
    { "outcome scale:web", false },
    { "step verify-write waiting -> observing", false },
    { "intent withdraw:go", true },
    { "outcome withdraw:go", true },
    { "step confirm waiting -> observing", true },
    { "step protect-objects:carts waiting -> observing", true },
};
#define MOMENTS ((int)(sizeof moments / sizeof moments[0]))

static struct world *until(int moment)
{
    struct world *w = everywhere("automatic = \"act\"=>automatic = \"never\"");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    for (int i = 0; i < 60000 && !world_traced(w, moments[moment].begun); i++)
        world_run(w, 10);
    (void)story_at(w, moments[moment].begun);
    return w;
}

START_TEST(cancelled_in_any_phase_it_is_as_it_was)
{
    struct world *w = until(_i);
    ck_assert_int_eq(world_say(w, EVAC_CMD_CANCEL, "", "not now", 0), EVAC_OK);
    story_expect_end(w, EVAC_RUN_ROLLED_BACK);
    world_run(w, 2 * MINUTE_MS);
    expect_serving(w, EAST | WEST);
    expect_so(w, "\"led_to\":[\"us-east-1\",\"us-west-2\"]");
    expect_so(w,
              "\"region\":\"us-west-2\",\"cluster\":\"shop\",\"service\":\"web\",\"desired\":3,");
    world_free(w);
}
END_TEST

/* Left where it stands: who serves is what users really are led to, and the way home is open. */
START_TEST(stopped_in_any_phase_it_stays_and_can_be_brought_back)
{
    struct world *w = until(_i);
    ck_assert_int_eq(world_say(w, EVAC_CMD_STOP, "", "leave it so", 0), EVAC_OK);
    ck_assert(world_run_to_end(w, 30 * MINUTE_MS));
    world_run(w, 2 * MINUTE_MS);
    bool away = is_so(w, "\"led_to\":[\"us-west-2\"]");
    ck_assert_msg(away == moments[_i].away, "%s", world_truth(w));
    expect_serving(w, away ? WEST : EAST | WEST);
    if (away) {
        ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILBACK, EVAC_MODE_GRACEFUL), EVAC_OK);
        story_expect_end(w, EVAC_RUN_SUCCEEDED);
        expect_serving(w, EAST | WEST);
        expect_so(w, "\"led_to\":[\"us-east-1\",\"us-west-2\"]");
    }
    ck_assert_msg(world_broken(w)[0] == '\0', "%s", world_broken(w));
    world_free(w);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("everywhere");
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, both_regions_serve_and_are_left_alone);
    tcase_add_test(tc, nobody_says_where_an_app_serves_that_serves_everywhere);
    tcase_add_loop_test(tc, a_dead_region_is_left_by_the_policy, 0, 2);
    tcase_add_test(tc, a_region_is_taken_out_for_maintenance_without_losing_data);
    tcase_add_test(tc, who_serves_is_known_after_a_crash);
    tcase_add_test(tc, a_withdrawal_that_is_cancelled_is_undone);
    tcase_add_loop_test(tc, cancelled_in_any_phase_it_is_as_it_was, 0, MOMENTS);
    tcase_add_loop_test(tc, stopped_in_any_phase_it_stays_and_can_be_brought_back, 0, MOMENTS);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("active-active", cases)
