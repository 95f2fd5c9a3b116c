/* Drills by the calendar, in virtual time: what is planned, what is in their way, live drills there
 * and back, game days, and crashes in the middle of each. */
#include "drill_fixture.h"

/* --- the calendar ---------------------------------------------------------------------------- */

START_TEST(a_drill_is_planned_and_begins_when_it_is_due)
{
    begin("drills = ( { name = \"autumn\"; kind = \"isolated\"; " AT "} );");
    world_run(w, SEC_MS);
    ck_assert_uint_eq(count("drill isolated planned"), 1);
    world_until(w, DUE_MS - SEC_MS);
    ck_assert_int_eq(drill()->state, EVAC_DRILL_IS_IDLE);
    world_until(w, DUE_MS + SEC_MS);
    ck_assert_int_eq(drill()->state, EVAC_DRILL_IS_RUNNING);
    run_to_end(HOUR_MS, EVAC_DRILL_IS_SUCCEEDED);
    story_expect_active(w, "us-east-1");
    story_expect_writer(w, "us-east-1");
    ck_assert_ptr_nonnull(evac_shell_proof(world_shell(w), 0, 1));
    ck_assert_uint_eq(count("drill isolated planned"), 2); /* next year's */
}
END_TEST

START_TEST(a_restart_plans_nothing_twice)
{
    begin("drills = ( { name = \"autumn\"; kind = \"isolated\"; " AT "} );");
    world_run(w, SEC_MS);
    world_crash(w, SEC_MS);
    world_run(w, 2 * SEC_MS);
    world_crash(w, SEC_MS);
    world_run(w, 2 * SEC_MS);
    ck_assert_uint_eq(count("drill isolated planned"), 1);
    world_until(w, DUE_MS + SEC_MS);
    ck_assert_int_eq(drill()->state, EVAC_DRILL_IS_RUNNING);
}
END_TEST

START_TEST(a_drill_that_the_controller_slept_through_is_late_within_its_grace_and_missed_after_it)
{
    static const struct {
        uint64_t down_ms;
        const char *says;
    } cases[] = { { HOUR_MS, "drill isolated idle -> checking" },
                  { 3 * HOUR_MS, "drill isolated missed: nobody was there" } };
    begin("drills = ( { kind = \"isolated\"; " AT "} );");
    world_run(w, 10 * SEC_MS);
    world_crash(w, cases[_i].down_ms);
    world_run(w, cases[_i].down_ms + 3 * MINUTE_MS);
    ck_assert_msg(world_traced(w, cases[_i].says), "%s", story(w));
    ck_assert_uint_eq(count("missed"), _i == 1);
    ck_assert_uint_eq(count("checking"), _i == 0 ? 2 : 0);
}
END_TEST

static const struct {
    const char *settings, *says;
} barred[] = {
    { "blackouts = ( { from = \"2026-09-21\"; reason = \"sale\"; } );",
      "a blackout until 2026-09-22" },
    { "blackouts = ( { from = \"2026-09-21 14:21\"; for = \"1h\"; } );",
      "it would run into a blackout from 2026-09-21 14:21 UTC on" },
    { "windows = ( { cron = \"0 22 * * *\"; for = \"1h\"; } );",
      "outside of the maintenance windows" },
    { "windows = ( { cron = \"20 14 * * *\"; for = \"1m\"; } );",
      "the maintenance window ends at" },
};

START_TEST(a_drill_into_a_blackout_or_out_of_its_window_is_skipped_with_the_reason)
{
    char text[600];
    snprintf(text, sizeof text,
             "drills = ( { kind = \"isolated\"; grace = \"1m\"; duration = \"30m\"; " AT "} ); %s",
             barred[_i].settings);
    begin(text);
    world_until(w, DUE_MS + 3 * MINUTE_MS);
    ck_assert_msg(world_traced(w, barred[_i].says), "%s", story(w));
    ck_assert_uint_eq(count("isolated skipped"), 1);
    ck_assert_uint_eq(count("checking"), 0);
}
END_TEST

START_TEST(a_drill_waits_in_its_grace_until_a_hold_is_released)
{
    begin("drills = ( { kind = \"isolated\"; " AT "} );");
    world_run(w, SEC_MS);
    ck_assert_int_eq(world_say(w, EVAC_CMD_HOLD, "", "a deployment", 0), EVAC_OK);
    world_until(w, DUE_MS + 10 * MINUTE_MS);
    ck_assert_str_eq(evac_shell_drill(world_shell(w), 0).waits, "the app is held: a deployment");
    ck_assert_int_eq(world_say(w, EVAC_CMD_RELEASE, "", "", 0), EVAC_OK);
    world_run(w, MINUTE_MS);
    ck_assert_uint_gt(count("drill isolated idle -> checking"), 0);
}
END_TEST

START_TEST(a_drill_waits_for_a_region_that_is_not_up)
{
    begin("drills = ( { kind = \"isolated\"; grace = \"5m\"; " AT "} );");
    world_run(w, 10 * SEC_MS);
    world_control(w, "region us-west-2 isolated");
    world_until(w, DUE_MS + 7 * MINUTE_MS);
    ck_assert_msg(world_traced(w, "skipped: us-west-2 is not up: down"), "%s", story(w));
}
END_TEST

START_TEST(a_real_run_lately_is_as_good_as_a_drill)
{
    begin("drills = ( { kind = \"isolated\"; skip_if_moved_within = \"1d\"; " AT "} );");
    world_run(w, 10 * SEC_MS);
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    world_until(w, DUE_MS + MINUTE_MS);
    ck_assert_msg(world_traced(w, "skipped: run 1 moved the app well 0 d 0 h ago"), "%s", story(w));
    const struct evac_proof *proof = evac_shell_proof(world_shell(w), 0, 1);
    ck_assert(proof && proof->real);
    ck_assert_uint_eq(proof->run, 1);
}
END_TEST

START_TEST(jitter_is_the_same_each_time_and_within_its_limit)
{
    begin("drills = ( { kind = \"isolated\"; jitter = \"30m\"; every = \"day\"; } );");
    struct evac_due due = evac_shell_drill(world_shell(w), 0);
    int64_t t = due.due_wall_ms, before = 0;
    bool differs = false;
    for (int day = 0; day < 30; day++) {
        int64_t minute = t % DAY_MS / MINUTE_MS - 9 * 60;
        ck_assert_int_ge(minute, 0);
        ck_assert_int_le(minute, 30);
        differs = differs || (before && t - before != DAY_MS);
        ck_assert_int_eq(evac_drill_after(world_shell(w), due.app, due.drill, t - 1), t);
        before = t;
        t = evac_drill_after(world_shell(w), due.app, due.drill, t);
    }
    ck_assert(differs);
}
END_TEST

/* --- live ------------------------------------------------------------------------------------ */

#define LIVE "drills = ( { kind = \"live\"; approval = false; soak = \"10m\"; " AT "} );"

START_TEST(a_live_drill_switches_soaks_and_comes_home)
{
    begin(LIVE);
    world_until(w, DUE_MS + SEC_MS);
    ck_assert_int_eq(drill()->state, EVAC_DRILL_IS_LEAVING);
    run_to_state(10 * MINUTE_MS, EVAC_DRILL_IS_SOAKING);
    story_expect_active(w, "us-west-2");
    story_expect_writer(w, "us-west-2");
    uint64_t soak = world_now(w);
    run_to_state(20 * MINUTE_MS, EVAC_DRILL_IS_RETURNING);
    ck_assert_uint_ge(world_now(w) - soak, 10 * MINUTE_MS - 200);
    ck_assert_uint_le(world_now(w) - soak, 10 * MINUTE_MS + 2000);
    run_to_end(20 * MINUTE_MS, EVAC_DRILL_IS_SUCCEEDED);
    story_expect_active(w, "us-east-1");
    story_expect_writer(w, "us-east-1");
    const struct evac_proof *proof = evac_shell_proof(world_shell(w), 0, 1);
    ck_assert(proof && !proof->real && proof->kind == EVAC_DRILL_LIVE && proof->hash[0]);
    ck_assert(world_app(w)->acked); /* nobody has to acknowledge a drill */
}
END_TEST

/* Whoever calls it off on the way back would leave the users where they are not at home. */
/* The wall clock is set while users are moved: by the boot clock it took as long. */
START_TEST(a_drill_measures_as_long_whatever_is_done_to_the_clock)
{
    static const int64_t by_ms[] = { 0, -90000, 90000 };
    int64_t rto_ms[3];
    for (int i = 0; i < 3; i++) {
        if (w)
            teardown();
        begin(LIVE);
        world_until(w, DUE_MS + 5 * SEC_MS);
        ck_assert_int_eq(drill()->state, EVAC_DRILL_IS_LEAVING);
        if (by_ms[i])
            world_clock_jump(w, by_ms[i]);
        run_to_state(10 * MINUTE_MS, EVAC_DRILL_IS_SOAKING);
        rto_ms[i] = drill()->rto_ms;
    }
    /* a row more, and chance takes another way */
    for (int i = 0; i < 3; i++)
        ck_assert_msg(rto_ms[i] > 150000 && rto_ms[i] < 210000, "%lld ms", (long long)rto_ms[i]);
}
END_TEST

START_TEST(on_the_way_back_there_is_nothing_to_call_off)
{
    begin(LIVE);
    world_until(w, DUE_MS + SEC_MS);
    run_to_state(10 * MINUTE_MS, EVAC_DRILL_IS_SOAKING);
    run_to_state(20 * MINUTE_MS, EVAC_DRILL_IS_RETURNING);
    ck_assert_int_eq(world_say(w, EVAC_CMD_CALL_OFF, "", "enough", 0), EVAC_E_REFUSED);
    run_to_end(20 * MINUTE_MS, EVAC_DRILL_IS_SUCCEEDED);
    story_expect_active(w, "us-east-1");
}
END_TEST

/* Its run is taken back, step by step, as if somebody had cancelled that. */
START_TEST(a_drill_that_is_called_off_while_it_runs_puts_everything_back)
{
    begin("drills = ( { kind = \"isolated\"; " AT "} );");
    world_until(w, DUE_MS);
    run_to_state(MINUTE_MS, EVAC_DRILL_IS_RUNNING);
    while (!world_traced(w, "scale:web applying"))
        world_run(w, 100);
    ck_assert_int_eq(world_say(w, EVAC_CMD_CALL_OFF, "", "enough", 0), EVAC_OK);
    run_to_end(20 * MINUTE_MS, EVAC_DRILL_IS_FAILED);
    ck_assert_msg(world_run_state(w) == EVAC_RUN_ROLLED_BACK, "%s", story(w));
    story_expect_active(w, "us-east-1");
    story_expect_writer(w, "us-east-1");
}
END_TEST

/* Home is gone when the soak is over: users are where something answers. */
START_TEST(from_a_soak_nobody_is_led_home_to_a_region_that_is_down)
{
    begin(LIVE);
    world_until(w, DUE_MS + SEC_MS);
    run_to_state(10 * MINUTE_MS, EVAC_DRILL_IS_SOAKING);
    world_run(w, 2 * MINUTE_MS);
    world_control(w, "region us-east-1 down");
    run_to_end(20 * MINUTE_MS, EVAC_DRILL_IS_INTERRUPTED);
    ck_assert_msg(world_traced(w, "home is down: users stay where they are"), "%s", story(w));
    story_expect_active(w, "us-west-2");
    story_expect_writer(w, "us-west-2");
}
END_TEST

START_TEST(a_live_drill_waits_for_a_person_who_says_yes_or_does_not)
{
    begin("drills = ( { kind = \"live\"; soak = \"1m\"; " AT "} );");
    world_until(w, DUE_MS + MINUTE_MS);
    ck_assert_int_eq(drill()->state, EVAC_DRILL_IS_LEAVING);
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_PROPOSED);
    story_expect_active(w, "us-east-1");
    if (_i == 0) {
        ck_assert_int_eq(world_say(w, EVAC_CMD_APPROVE, "", "", 0), EVAC_OK);
        run_to_end(HOUR_MS, EVAC_DRILL_IS_SUCCEEDED);
    } else if (_i == 1) {
        ck_assert_int_eq(world_say(w, EVAC_CMD_DECLINE, "", "not today", 0), EVAC_OK);
        run_to_end(MINUTE_MS, EVAC_DRILL_IS_SKIPPED);
    } else {
        run_to_end(HOUR_MS, EVAC_DRILL_IS_SKIPPED); /* asleep */
    }
    story_expect_active(w, "us-east-1");
    story_expect_writer(w, "us-east-1");
}
END_TEST

START_TEST(a_live_drill_goes_home_at_once_when_the_other_region_is_not_well)
{
    begin(LIVE);
    world_until(w, DUE_MS + SEC_MS);
    run_to_state(10 * MINUTE_MS, EVAC_DRILL_IS_SOAKING);
    world_run(w, MINUTE_MS);
    world_control(w, "app shop sick us-west-2");
    run_to_state(MINUTE_MS, EVAC_DRILL_IS_RETREATING);
    run_to_end(20 * MINUTE_MS, EVAC_DRILL_IS_FAILED);
    story_expect_active(w, "us-east-1");
    story_expect_writer(w, "us-east-1");
    ck_assert_ptr_null(evac_shell_proof(world_shell(w), 0, 1));
}
END_TEST

START_TEST(a_person_calls_a_live_drill_off_and_it_comes_home)
{
    begin(LIVE);
    world_until(w, DUE_MS + SEC_MS);
    run_to_state(10 * MINUTE_MS, EVAC_DRILL_IS_SOAKING);
    ck_assert_int_eq(world_say(w, EVAC_CMD_CALL_OFF, "", "enough", 0), EVAC_OK);
    run_to_end(20 * MINUTE_MS, EVAC_DRILL_IS_FAILED);
    story_expect_active(w, "us-east-1");
    ck_assert_int_ne(world_say(w, EVAC_CMD_CALL_OFF, "", "again", 0), EVAC_OK);
}
END_TEST

/* The region that the drill went to is really gone: the policy brings the users home, as it would
 * without any drill. */
START_TEST(a_region_that_dies_under_a_live_drill_is_an_emergency)
{
    begin(LIVE);
    world_until(w, DUE_MS + SEC_MS);
    run_to_state(10 * MINUTE_MS, EVAC_DRILL_IS_SOAKING);
    world_run(w, 2 * MINUTE_MS);
    world_control(w, "region us-west-2 down");
    run_to_end(30 * MINUTE_MS, EVAC_DRILL_IS_INTERRUPTED);
    for (int i = 0; i < 3600 && world_app(w)->active != 0; i++)
        world_run(w, SEC_MS);
    ck_assert_msg(world_app(w)->active == 0, "%s", story(w));
    story_expect_writer(w, "us-east-1");
    ck_assert_msg(world_traced(w, "mode"), "%s", story(w)); /* the way home became a real one */
}
END_TEST

START_TEST(a_region_that_dies_before_users_are_moved_is_an_emergency)
{
    begin(LIVE);
    world_until(w, DUE_MS + SEC_MS);
    ck_assert_int_eq(drill()->state, EVAC_DRILL_IS_LEAVING);
    world_control(w, "region us-east-1 down");
    run_to_end(30 * MINUTE_MS, EVAC_DRILL_IS_INTERRUPTED);
    for (int i = 0; i < 3600 && world_app(w)->active != 1; i++)
        world_run(w, SEC_MS);
    ck_assert_msg(world_app(w)->active == 1, "%s", story(w));
    story_expect_writer(w, "us-west-2");
}
END_TEST

START_TEST(a_real_run_ends_a_soak_and_takes_its_place)
{
    begin(LIVE);
    world_until(w, DUE_MS + SEC_MS);
    run_to_state(10 * MINUTE_MS, EVAC_DRILL_IS_SOAKING);
    world_run(w, 2 * MINUTE_MS); /* what was left is seen still */
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILBACK, EVAC_MODE_GRACEFUL), EVAC_OK);
    run_to_end(MINUTE_MS, EVAC_DRILL_IS_INTERRUPTED);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    story_expect_active(w, "us-east-1");
}
END_TEST

static const enum evac_drill_state live_states[] = { EVAC_DRILL_IS_LEAVING, EVAC_DRILL_IS_SOAKING,
                                                     EVAC_DRILL_IS_RETURNING };

/* In each state, early and late in it, down for a short while and for longer than the soak. */
START_TEST(a_crash_anywhere_in_a_live_drill_changes_nothing_about_its_end)
{
    enum evac_drill_state state = live_states[_i % 3];
    begin("drills = ( { kind = \"live\"; approval = false; soak = \"2m\"; " AT "} );");
    world_until(w, DUE_MS);
    run_to_state(20 * MINUTE_MS, state);
    world_run(w, _i / 3 % 2 ? 4 * SEC_MS : 0);
    world_crash(w, _i / 6 % 2 ? 3 * MINUTE_MS : 3 * SEC_MS);
    run_to_end(2 * HOUR_MS, EVAC_DRILL_IS_SUCCEEDED);
    story_expect_active(w, "us-east-1");
    story_expect_writer(w, "us-east-1");
    ck_assert_uint_eq(count("admit failover"), 1);
    ck_assert_uint_eq(count("admit failback"), 1);
}
END_TEST

/* --- what it will cost ----------------------------------------------------------------------- */

static const char *receipt(enum evac_drill_kind kind)
{
    static struct evac_buf out;
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_drill_wish wish = { .kind = kind, .app = EVAC_STR("shop") };
    evac_buf_done(&out);
    evac_buf_init(&out, 1u << 20);
    ck_assert_msg(evac_shell_receipt(world_shell(w), &wish, &out, &err) == EVAC_OK, "%s", err.text);
    return out.p;
}

/* What one more of a service is billed by is what the last look at it said: before there was one,
 * the receipt says so, and takes nothing for zero. Tasks go from 1 to 6 and to 2, instances to 3.
 */
START_TEST(a_receipt_estimates_what_a_drill_adds)
{
    begin("drills = ( { kind = \"isolated\"; " AT "} );");
    world_run(w, SEC_MS);
    const char *before = receipt(EVAC_DRILL_ISOLATED);
    ck_assert_msg(strstr(before, "\"estimate_millionths\":0,") &&
                      strstr(before, "scale:web in us-west-2: no look has said"),
                  "%s", before);
    ck_assert_int_eq(world_rehearse(w), EVAC_OK);
    ck_assert(world_run_to_end(w, 5 * MINUTE_MS));
    const char *after = receipt(EVAC_DRILL_ISOLATED);
    ck_assert_msg(strstr(after, "\"step\":\"scale:web\",\"region\":\"us-west-2\",\"unit\":"
                                "\"fargate/vcpu\",\"an_hour\":2.5000,\"price_millionths\":40480"),
                  "%s", after);
    ck_assert_msg(strstr(after, "\"unit\":\"ec2/m6i.large\",\"an_hour\":2.0000"), "%s", after);
    ck_assert_msg(strstr(after, "\"currency\":\"USD\"") && strstr(after, "\"not_counted\":[]"),
                  "%s", after);
    ck_assert_ptr_nonnull(strstr(receipt(EVAC_DRILL_REHEARSE), "\"lines\":[],\"not_counted\":[]"));
}
END_TEST

/* --- game days ------------------------------------------------------------------------------- */

/* The template is where FIS can be reached while us-east-1 is gone. */
#define GAME_DAY                                                                                   \
    "drills = ( { kind = \"game-day\"; approval = false; patience = \"15m\"; faults = ( "          \
    "\"outage\" ); " AT                                                                            \
    "} );\nresources = {=>resources = { outage = { type = \"fis\"; template = "                    \
    "\"EXT1\"; at = \"eu-west-1\"; };"

static void begin_game_day(const char *fault, const char *mend)
{
    begin(GAME_DAY);
    world_control(w,
                  "make fis eu-west-1 {\"kind\":\"template\",\"name\":\"EXT1\",\"break\":\"%s\","
                  "\"mend\":\"%s\"}",
                  fault, mend);
}

static void run_game_day(enum evac_drill_state end)
{
    world_until(w, DUE_MS);
    run_to_state(2 * MINUTE_MS, EVAC_DRILL_IS_WATCHING);
    run_to_end(40 * MINUTE_MS, end);
    world_run(w, MINUTE_MS);
    ck_assert_msg(strstr(world_truth(w), "\"status\":\"running\"") == NULL, "%s", story(w));
}

START_TEST(on_a_game_day_a_region_goes_down_and_the_policy_moves_the_users)
{
    begin_game_day("region us-east-1 down", "region us-east-1 up");
    run_game_day(EVAC_DRILL_IS_SUCCEEDED);
    story_expect_active(w, "us-west-2");
    ck_assert_msg(world_traced(w, "watching -> mending on proven"), "%s", story(w));
    const struct evac_proof *proof = evac_shell_proof(world_shell(w), 0, 1);
    ck_assert(proof && proof->kind == EVAC_DRILL_GAME_DAY);
}
END_TEST

/* The fault hurts nobody: nothing follows from it, and it is taken out all the same. */
START_TEST(on_a_game_day_on_which_the_policy_does_nothing_the_fault_is_taken_out)
{
    begin_game_day("lag us-east-1 60000", "lag us-east-1 normal");
    run_game_day(EVAC_DRILL_IS_FAILED);
    story_expect_active(w, "us-east-1");
    story_expect_writer(w, "us-east-1");
    ck_assert_msg(world_traced(w, "the policy did not act in time"), "%s", story(w));
}
END_TEST

/* What breaks beside the fault is no game: it is ended, and nothing was proven. */
START_TEST(a_game_day_on_which_the_standby_breaks_too_is_ended)
{
    begin_game_day("lag us-east-1 60000", "lag us-east-1 normal");
    world_until(w, DUE_MS);
    run_to_state(2 * MINUTE_MS, EVAC_DRILL_IS_WATCHING);
    world_control(w, "region us-west-2 down");
    run_to_end(20 * MINUTE_MS, EVAC_DRILL_IS_FAILED);
    ck_assert_msg(world_traced(w, "more broke than should"), "%s", story(w));
    story_expect_active(w, "us-east-1");
}
END_TEST

START_TEST(a_game_day_on_which_somebody_moves_the_app_himself_proves_nothing)
{
    begin_game_day("lag us-east-1 60000", "lag us-east-1 normal");
    world_until(w, DUE_MS);
    run_to_state(2 * MINUTE_MS, EVAC_DRILL_IS_WATCHING);
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL), EVAC_OK);
    for (int i = 0; i < 600 && drill()->state == EVAC_DRILL_IS_WATCHING; i++)
        world_run(w, SEC_MS);
    run_to_end(40 * MINUTE_MS, EVAC_DRILL_IS_FAILED);
    ck_assert_msg(world_traced(w, "somebody else moved the app"), "%s", story(w));
}
END_TEST

START_TEST(a_game_day_that_is_called_off_takes_the_fault_out)
{
    begin_game_day("lag us-east-1 60000", "lag us-east-1 normal");
    world_until(w, DUE_MS);
    run_to_state(2 * MINUTE_MS, EVAC_DRILL_IS_WATCHING);
    ck_assert_int_eq(world_say(w, EVAC_CMD_CALL_OFF, "", "enough", 0), EVAC_OK);
    run_to_end(10 * MINUTE_MS, EVAC_DRILL_IS_FAILED);
    ck_assert(strstr(world_truth(w), "\"status\":\"running\"") == NULL);
}
END_TEST

static const enum evac_drill_state game_states[] = { EVAC_DRILL_IS_BREAKING, EVAC_DRILL_IS_WATCHING,
                                                     EVAC_DRILL_IS_MENDING };

START_TEST(a_crash_on_a_game_day_leaves_no_fault_behind)
{
    begin_game_day("app shop sick us-east-1", "app shop well us-east-1");
    world_until(w, DUE_MS);
    run_to_state(20 * MINUTE_MS, game_states[_i % 3]);
    world_run(w, _i / 3 ? 2 * SEC_MS : 0);
    world_crash(w, 3 * SEC_MS);
    run_to_end(HOUR_MS, EVAC_DRILL_IS_SUCCEEDED);
    world_run(w, MINUTE_MS);
    ck_assert_msg(strstr(world_truth(w), "\"status\":\"running\"") == NULL, "%s", story(w));
    story_expect_active(w, "us-west-2");
}
END_TEST

/* --- the same, by the sandbox's own faults, without AWS's service for them ------------------- */

#define SANDBOX_DAY(fault, ends)                                                                   \
    "drills = ( { kind = \"game-day\"; approval = false; patience = \"15m\"; faults = ( "          \
    "\"outage\" ); unless = ( \"outage.ready\" ); " AT "} );\nresources = {=>resources = { "       \
    "outage = { type = \"sandbox-fault\"; url = \"http://127.0.0.1:8080\"; name = \"outage\"; "    \
    "in = \"{from}\"; " fault " ends_after = \"" ends "\"; };"

static const char *faults_in(void)
{
    static char list[2000];
    struct evac_buf body;
    struct evac_sandbox_reply reply = { .status = 0 };
    const struct evac_http_request request = { .method = EVAC_STR("GET"),
                                               .url = EVAC_STR("/_sandbox/faults") };
    evac_buf_init(&body, sizeof list);
    reply.body = body;
    evac_sandbox_http(world_sandbox(w), &request, &reply);
    (void)evac_str_copy(list, sizeof list, evac_buf_str(&reply.body));
    evac_buf_done(&reply.body);
    return list;
}

static bool is_in(void)
{
    return strstr(faults_in(), " in ") != NULL;
}

static const struct {
    const char *fault;
    enum evac_drill_state end;
    const char *active;
} sandbox_days[] = {
    { "fault = \"region-down\";", EVAC_DRILL_IS_SUCCEEDED, "us-west-2" },
    { "fault = \"app-sick\";", EVAC_DRILL_IS_SUCCEEDED, "us-west-2" },
    { "fault = \"lag\"; delay = \"1m\";", EVAC_DRILL_IS_FAILED, "us-east-1" },
};

static void begin_sandbox_day(const char *fault, const char *ends)
{
    char text[1200];
    static const char form[] = SANDBOX_DAY("%s", "%s");
    snprintf(text, sizeof text, form, fault, ends);
    begin(text);
    world_until(w, DUE_MS);
}

START_TEST(a_game_day_by_a_fault_of_the_sandbox_puts_it_in_and_takes_it_out)
{
    begin_sandbox_day(sandbox_days[_i].fault, "1h");
    run_to_state(2 * MINUTE_MS, EVAC_DRILL_IS_WATCHING);
    ck_assert_msg(is_in(), "%s", story(w));
    run_to_end(40 * MINUTE_MS, sandbox_days[_i].end);
    ck_assert_msg(!is_in(), "%s\n%s", faults_in(), story(w));
    story_expect_active(w, sandbox_days[_i].active);
    story_expect_writer(w, sandbox_days[_i].active);
}
END_TEST

START_TEST(a_fault_that_the_sandbox_does_not_know_is_found_before_the_day_begins)
{
    begin_sandbox_day("fault = \"service-down\"; service = \"rdz\";", "1h");
    run_to_end(10 * MINUTE_MS, EVAC_DRILL_IS_SKIPPED);
    ck_assert_msg(world_traced(w, "there is no service 'rdz'"), "%s", story(w));
    ck_assert_str_eq(faults_in(), "");
}
END_TEST

/* The controller is gone for good: nobody takes the fault out, and it ends. */
START_TEST(a_fault_of_the_sandbox_ends_by_itself_when_the_controller_is_gone)
{
    begin_sandbox_day("fault = \"app-sick\";", "10m");
    run_to_state(2 * MINUTE_MS, EVAC_DRILL_IS_WATCHING);
    world_crash(w, 2 * HOUR_MS);
    world_run(w, 8 * MINUTE_MS);
    ck_assert(is_in());
    world_run(w, 3 * MINUTE_MS);
    ck_assert_msg(!is_in(), "%s", faults_in());
}
END_TEST

START_TEST(a_crash_on_a_sandbox_game_day_leaves_no_fault_behind)
{
    begin_sandbox_day("fault = \"app-sick\";", "1h");
    run_to_state(20 * MINUTE_MS, game_states[_i % 3]);
    world_crash(w, 3 * SEC_MS);
    run_to_end(HOUR_MS, EVAC_DRILL_IS_SUCCEEDED);
    ck_assert_msg(!is_in(), "%s\n%s", faults_in(), story(w));
    story_expect_active(w, "us-west-2");
}
END_TEST

/* Answers get lost, requests arrive when nobody waits for them any more: what came late did
 * nothing. */
START_TEST(requests_that_arrive_late_leave_no_fault_behind)
{
    const struct world_faults bad = { .lost_after = 600, .late = 900, .late_max_ms = 60000 };
    begin_sandbox_day("fault = \"app-sick\";", "1h");
    world_set_faults(w, &bad);
    uint64_t until = world_now(w) + 2 * HOUR_MS;
    world_run(w, MINUTE_MS);
    while (world_now(w) < until && drill()->state != EVAC_DRILL_IS_IDLE)
        world_run(w, SEC_MS);
    world_set_faults(w, &(struct world_faults){ 0 });
    world_run(w, 2 * MINUTE_MS);
    ck_assert_msg(world_broken(w)[0] == '\0', "%s", world_broken(w));
    ck_assert_msg(drill()->state == EVAC_DRILL_IS_IDLE && !is_in(), "%s\n%s", faults_in(),
                  story(w));
}
END_TEST

/* --- what is owed, a year ------------------------------------------------------------------- */

START_TEST(debt_grows_with_age_and_is_paid_by_a_drill)
{
    begin("drills = ( { kind = \"isolated\"; " AT "} );");
    world_run(w, MINUTE_MS);
    ck_assert_int_eq(evac_shell_debt(world_shell(w), 0, 1).points, EVAC_DEBT_NEVER);
    world_until(w, DUE_MS + SEC_MS);
    run_to_end(HOUR_MS, EVAC_DRILL_IS_SUCCEEDED);
    world_run(w, MINUTE_MS);
    ck_assert_int_eq(evac_shell_debt(world_shell(w), 0, 1).points, 0);
    const struct evac_assurance *is = &world_app(w)->assurance[EVAC_ASSURANCE_DRILL][1];
    ck_assert(is->known && is->ok);
    ck_assert_int_eq(is->number, 0);
    world_crash(w, 3 * (uint64_t)DAY_MS);
    world_run(w, 3 * (uint64_t)DAY_MS + MINUTE_MS);
    ck_assert_int_eq(evac_shell_debt(world_shell(w), 0, 1).points,
                     3); /* 100 a quarter; the year of test_year.c has the rest */
}
END_TEST

START_TEST(too_much_debt_is_told_to_the_policy)
{
    begin("drills = ( );\npolicy = {=>policy = { drill_debt_max = 150;");
    world_run(w, MINUTE_MS);
    const struct evac_assurance *is = &world_app(w)->assurance[EVAC_ASSURANCE_DRILL][1];
    ck_assert(is->known && !is->ok);
    ck_assert_int_eq(is->number, EVAC_DEBT_NEVER);
    ck_assert_msg(strstr(is->text, "no drill of this app went well yet") != NULL, "%s", is->text);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("calendar");
    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, a_drill_is_planned_and_begins_when_it_is_due);
    tcase_add_test(tc, a_restart_plans_nothing_twice);
    tcase_add_loop_test(
        tc, a_drill_that_the_controller_slept_through_is_late_within_its_grace_and_missed_after_it,
        0, 2);
    tcase_add_loop_test(tc, a_drill_into_a_blackout_or_out_of_its_window_is_skipped_with_the_reason,
                        0, 4);
    tcase_add_test(tc, a_drill_waits_in_its_grace_until_a_hold_is_released);
    tcase_add_test(tc, a_drill_waits_for_a_region_that_is_not_up);
    tcase_add_test(tc, a_real_run_lately_is_as_good_as_a_drill);
    tcase_add_test(tc, jitter_is_the_same_each_time_and_within_its_limit);
    suite_add_tcase(suite, tc);

    tc = tcase_create("live");
    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, a_live_drill_switches_soaks_and_comes_home);
    tcase_add_test(tc, a_drill_measures_as_long_whatever_is_done_to_the_clock);
    tcase_add_test(tc, on_the_way_back_there_is_nothing_to_call_off);
    tcase_add_test(tc, a_drill_that_is_called_off_while_it_runs_puts_everything_back);
    tcase_add_test(tc, from_a_soak_nobody_is_led_home_to_a_region_that_is_down);
    tcase_add_loop_test(tc, a_live_drill_waits_for_a_person_who_says_yes_or_does_not, 0, 3);
    tcase_add_test(tc, a_live_drill_goes_home_at_once_when_the_other_region_is_not_well);
    tcase_add_test(tc, a_person_calls_a_live_drill_off_and_it_comes_home);
    tcase_add_test(tc, a_region_that_dies_under_a_live_drill_is_an_emergency);
    tcase_add_test(tc, a_region_that_dies_before_users_are_moved_is_an_emergency);
    tcase_add_test(tc, a_real_run_ends_a_soak_and_takes_its_place);
    tcase_add_loop_test(tc, a_crash_anywhere_in_a_live_drill_changes_nothing_about_its_end, 0, 12);
    suite_add_tcase(suite, tc);

    tc = tcase_create("receipt");
    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, a_receipt_estimates_what_a_drill_adds);
    suite_add_tcase(suite, tc);

    tc = tcase_create("game day");
    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, on_a_game_day_a_region_goes_down_and_the_policy_moves_the_users);
    tcase_add_test(tc, on_a_game_day_on_which_the_policy_does_nothing_the_fault_is_taken_out);
    tcase_add_test(tc, a_game_day_that_is_called_off_takes_the_fault_out);
    tcase_add_test(tc, a_game_day_on_which_the_standby_breaks_too_is_ended);
    tcase_add_test(tc, a_game_day_on_which_somebody_moves_the_app_himself_proves_nothing);
    tcase_add_loop_test(tc, a_crash_on_a_game_day_leaves_no_fault_behind, 0, 6);
    tcase_add_loop_test(tc, a_game_day_by_a_fault_of_the_sandbox_puts_it_in_and_takes_it_out, 0, 3);
    tcase_add_test(tc, a_fault_that_the_sandbox_does_not_know_is_found_before_the_day_begins);
    tcase_add_test(tc, a_fault_of_the_sandbox_ends_by_itself_when_the_controller_is_gone);
    tcase_add_loop_test(tc, a_crash_on_a_sandbox_game_day_leaves_no_fault_behind, 0, 3);
    tcase_add_test(tc, requests_that_arrive_late_leave_no_fault_behind);
    tcase_add_test(tc, debt_grows_with_age_and_is_paid_by_a_drill);
    tcase_add_test(tc, too_much_debt_is_told_to_the_policy);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("drill stories", cases)
