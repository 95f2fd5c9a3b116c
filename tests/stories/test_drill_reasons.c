/* Why a drill does not begin, what comes up while it goes on, and what a configuration that is
 * loaded meanwhile must still have. Each is told again after a kill. */
#include "drill_fixture.h"

/* How often each story is told: as it is, and with a kill at its turning point. */
#define TWICE 2

static void maybe_crash(int i)
{
    if (i)
        world_crash(w, 3 * SEC_MS);
    world_run(w, 5 * SEC_MS);
}

static void expect_untouched(void)
{
    ck_assert_uint_eq(count("checking -> running"), 0);
    ck_assert_uint_eq(count("-> leaving"), 0);
    story_expect_active(w, "us-east-1");
    story_expect_writer(w, "us-east-1");
}

/* --- blocking alarms ------------------------------------------------------------------------- */

#define ALARM                                                                                      \
    "resources = {=>resources = { alarm = { type = \"cloudwatch-alarm\"; alarms = ( \"web-5xx\" "  \
    "); };"
#define LIVE_UNLESS                                                                                \
    "drills = ( { kind = \"live\"; approval = false; soak = \"10m\"; unless = ( \"alarm\" ); " AT  \
    "} );\n" ALARM

static void set_alarm(const char *region, const char *state)
{
    world_control(w,
                  "make cloudwatch %s {\"kind\":\"MetricAlarm\",\"name\":\"web-5xx\","
                  "\"StateValue\":\"%s\"}",
                  region, state);
}

static void begin_with_alarm(const char *east, const char *west)
{
    begin(LIVE_UNLESS);
    set_alarm("us-east-1", east);
    set_alarm("us-west-2", west);
    world_until(w, DUE_MS);
}

START_TEST(an_alarm_in_either_region_keeps_a_drill_from_beginning)
{
    begin_with_alarm(_i / 2 ? "OK" : "ALARM", _i / 2 ? "ALARM" : "OK");
    run_to_state(MINUTE_MS, EVAC_DRILL_IS_CHECKING);
    if (_i % 2)
        world_crash(w, 3 * SEC_MS);
    run_to_end(10 * MINUTE_MS, EVAC_DRILL_IS_SKIPPED);
    ck_assert_msg(world_traced(w, "checking -> skipped on blocked"), "%s", story(w));
    expect_untouched();
}
END_TEST

/* The reason that people read names the alarm. */
START_TEST(the_alarm_that_kept_it_from_beginning_is_named)
{
    begin_with_alarm("ALARM", "OK");
    run_to_end(10 * MINUTE_MS, EVAC_DRILL_IS_SKIPPED);
    ck_assert_msg(world_traced(w, "look-alarm-from: ") && world_traced(w, "web-5xx"), "%s",
                  story(w));
}
END_TEST

/* What a drill was to wait for is asked before anything is touched. From then on the app's health
 * is what counts: half a switch would be worse than a whole one. */
START_TEST(an_alarm_that_comes_up_when_users_are_away_leaves_the_drill_to_the_app_s_health)
{
    begin_with_alarm("OK", "OK");
    run_to_state(20 * MINUTE_MS, EVAC_DRILL_IS_SOAKING);
    set_alarm("us-west-2", "ALARM");
    set_alarm("us-east-1", "ALARM");
    maybe_crash(_i);
    run_to_end(HOUR_MS, EVAC_DRILL_IS_SUCCEEDED);
    story_expect_active(w, "us-east-1");
    story_expect_writer(w, "us-east-1");
}
END_TEST

/* --- freezes --------------------------------------------------------------------------------- */

#define ISOLATED_5M "drills = ( { kind = \"isolated\"; grace = \"5m\"; " AT "} );"

START_TEST(a_drill_into_a_freeze_is_skipped_and_says_so)
{
    begin(ISOLATED_5M);
    world_run(w, SEC_MS);
    ck_assert_int_eq(world_say(w, EVAC_CMD_FREEZE, "", "the year ends", DAY_MS), EVAC_OK);
    world_until(w, DUE_MS + MINUTE_MS);
    ck_assert_str_eq(evac_shell_drill(world_shell(w), 0).waits, "frozen: the year ends");
    maybe_crash(_i);
    world_until(w, DUE_MS + 7 * MINUTE_MS);
    ck_assert_msg(world_traced(w, "isolated skipped: frozen: the year ends"), "%s", story(w));
    ck_assert_uint_eq(count("isolated skipped"), 1);
    expect_untouched();
}
END_TEST

START_TEST(a_freeze_that_ends_within_the_grace_lets_the_drill_begin)
{
    begin(ISOLATED_5M);
    world_run(w, SEC_MS);
    ck_assert_int_eq(world_say(w, EVAC_CMD_FREEZE, "", "the year ends", DAY_MS), EVAC_OK);
    world_until(w, DUE_MS + MINUTE_MS);
    ck_assert_int_eq(world_say(w, EVAC_CMD_UNFREEZE, "", "", 0), EVAC_OK);
    maybe_crash(_i);
    run_to_state(3 * MINUTE_MS, EVAC_DRILL_IS_RUNNING);
    run_to_end(HOUR_MS, EVAC_DRILL_IS_SUCCEEDED);
}
END_TEST

/* Users are away: a freeze keeps them from nothing that the drill owes them. */
START_TEST(a_freeze_in_the_soak_does_not_keep_the_users_from_home)
{
    begin("drills = ( { kind = \"live\"; approval = false; soak = \"10m\"; " AT "} );");
    world_until(w, DUE_MS);
    run_to_state(20 * MINUTE_MS, EVAC_DRILL_IS_SOAKING);
    ck_assert_int_eq(world_say(w, EVAC_CMD_FREEZE, "", "the year ends", DAY_MS), EVAC_OK);
    maybe_crash(_i);
    run_to_end(HOUR_MS, EVAC_DRILL_IS_SUCCEEDED);
    story_expect_active(w, "us-east-1");
}
END_TEST

/* --- the region ------------------------------------------------------------------------------ */

START_TEST(a_drill_to_the_region_that_serves_is_skipped_and_says_so)
{
    begin("drills = ( { kind = \"isolated\"; to = \"us-west-2\"; grace = \"1m\"; " AT "} );");
    world_run(w, 10 * SEC_MS);
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    ck_assert_int_eq(world_say(w, EVAC_CMD_ACK, "", "", 0), EVAC_OK);
    world_until(w, DUE_MS + SEC_MS);
    maybe_crash(_i);
    world_until(w, DUE_MS + 3 * MINUTE_MS);
    ck_assert_msg(world_traced(w, "skipped: 'shop' is active in us-west-2: there is no way there"),
                  "%s", story(w));
}
END_TEST

/* Three regions and no probes: by itself it would go to the first of the standbys. */
static const char tri[] =
    "app = { name = \"tri\"; strategy = \"warm-standby\"; runbook = \"tri\"; regions = ( "
    "\"us-east-1\", \"us-west-2\", \"eu-west-1\" ); objectives = { rto = \"15m\"; rpo = \"1m\"; "
    "};\n"
    "resources = { hand = { type = \"manual\"; question = \"is it so?\"; }; };\n"
    "policy = { automatic = \"never\"; };\n"
    "drills = ( { kind = \"rehearse\"; to = \"eu-west-1\"; " AT "} ); };\n"
    "runbook = { name = \"tri\"; failover = { steps = ( { name = \"ask\"; action = "
    "\"manual.confirm\"; resource = \"hand\"; region = \"to\"; phase = \"verify\"; } ); }; drill = "
    "{ "
    "same_as = \"failover\"; }; };\n";

START_TEST(a_drill_goes_to_the_region_that_it_names)
{
    struct world_options options = {
        .seed = 11, .speed = 1, .app_extra = extra_of("drills = ( );"), .more = { tri }
    };
    w = world_new(&options);
    world_until(w, DUE_MS - SEC_MS);
    maybe_crash(_i);
    world_until(w, DUE_MS + MINUTE_MS);
    ck_assert_msg(world_traced(w, "us-east-1 -> eu-west-1"), "%s", story(w));
    ck_assert_msg(!world_traced(w, "admit drill us-east-1 -> us-west-2"), "%s", story(w));
    const struct evac_engine *engine = evac_shell_engine(world_shell(w));
    const struct evac_drill *d = &engine->apps[evac_engine_app(engine, EVAC_STR("tri"))].drill;
    ck_assert_int_eq(d->last, EVAC_DRILL_IS_SUCCEEDED);
    ck_assert_uint_eq(d->to, 2);
}
END_TEST

/* --- a configuration that is loaded while a drill goes on ------------------------------------ */

#define GAME(faults, outage)                                                                       \
    "drills = ( { name = \"night\"; kind = \"game-day\"; approval = false; patience = \"15m\"; "   \
    "faults = ( " faults " ); " AT "} );\nresources = {=>resources = { " outage
#define OUTAGE(fault)                                                                              \
    "outage = { type = \"sandbox-fault\"; url = \"http://127.0.0.1:8080\"; name = \"outage\"; "    \
    "fault = \"" fault "\"; in = \"{from}\"; };"
#define MORE     " more = { type = \"sns\"; topic = \"later\"; };"
#define SICK_DAY GAME("\"outage\"", OUTAGE("app-sick"))

static const struct {
    const char *drills, *says;
} lacking[] = {
    { "drills = ( );", "entry among the app's drills 'night'" },
    { "drills = ( { name = \"night\"; kind = \"isolated\"; " AT "} );",
      "entry among the app's drills 'night'" },
    { GAME("\"outage\"", OUTAGE("region-down")), "fault 'outage'" },
    { GAME("\"other\"", "other = { type = \"sandbox-fault\"; url = \"http://127.0.0.1:8080\"; "
                        "name = \"outage\"; fault = \"app-sick\"; in = \"{from}\"; };"),
      "fault 'outage'" },
};

static void begin_sick_day(void)
{
    begin(SICK_DAY);
    world_until(w, DUE_MS);
    run_to_state(2 * MINUTE_MS, EVAC_DRILL_IS_WATCHING);
}

START_TEST(a_configuration_without_what_a_drill_needs_is_refused_while_it_goes_on)
{
    begin_sick_day();
    ck_assert_int_eq(world_reload(w, extra_of(lacking[_i].drills)), EVAC_E_BUSY);
    ck_assert_msg(strstr(world_said(w), lacking[_i].says) != NULL, "%s", world_said(w));
    ck_assert_msg(strstr(world_said(w), "drill 1 of 'shop' (game-day) goes on") != NULL &&
                      strstr(world_said(w), "'evac drill shop --stop' ends it") != NULL,
                  "%s", world_said(w));
    run_to_end(HOUR_MS, EVAC_DRILL_IS_SUCCEEDED);
    ck_assert_int_eq(world_reload(w, extra_of(lacking[_i].drills)), EVAC_OK); /* now it may */
}
END_TEST

START_TEST(a_configuration_that_has_what_a_drill_needs_is_taken_while_it_goes_on)
{
    begin_sick_day();
    ck_assert_int_eq(world_reload(w, extra_of(GAME("\"outage\"", OUTAGE("app-sick") MORE))),
                     EVAC_OK);
    maybe_crash(_i);
    run_to_end(HOUR_MS, EVAC_DRILL_IS_SUCCEEDED);
    story_expect_active(w, "us-west-2");
}
END_TEST

/* Nobody can refuse a start. What is not known any more can not be taken out, and that is said
 * loudly, not passed over as if there were nothing to do. */
START_TEST(a_start_without_the_fault_s_configuration_strands_the_drill_loudly)
{
    begin_sick_day();
    world_crash(w, 3 * SEC_MS);
    ck_assert_int_eq(world_reload(w, extra_of("drills = ( );")), EVAC_OK);
    run_to_end(2 * HOUR_MS, EVAC_DRILL_IS_STRANDED);
    ck_assert_msg(world_traced(w, "drill 'night' is not in the configuration any more"), "%s",
                  story(w));
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("reasons");
    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_loop_test(tc, an_alarm_in_either_region_keeps_a_drill_from_beginning, 0, 4);
    tcase_add_test(tc, the_alarm_that_kept_it_from_beginning_is_named);
    tcase_add_loop_test(
        tc, an_alarm_that_comes_up_when_users_are_away_leaves_the_drill_to_the_app_s_health, 0,
        TWICE);
    tcase_add_loop_test(tc, a_drill_into_a_freeze_is_skipped_and_says_so, 0, TWICE);
    tcase_add_loop_test(tc, a_freeze_that_ends_within_the_grace_lets_the_drill_begin, 0, TWICE);
    tcase_add_loop_test(tc, a_freeze_in_the_soak_does_not_keep_the_users_from_home, 0, TWICE);
    tcase_add_loop_test(tc, a_drill_goes_to_the_region_that_it_names, 0, TWICE);
    tcase_add_loop_test(tc, a_drill_to_the_region_that_serves_is_skipped_and_says_so, 0, TWICE);
    suite_add_tcase(suite, tc);

    tc = tcase_create("reload");
    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_loop_test(tc, a_configuration_without_what_a_drill_needs_is_refused_while_it_goes_on,
                        0, (int)(sizeof lacking / sizeof lacking[0]));
    tcase_add_loop_test(tc, a_configuration_that_has_what_a_drill_needs_is_taken_while_it_goes_on,
                        0, TWICE);
    tcase_add_test(tc, a_start_without_the_fault_s_configuration_strands_the_drill_loudly);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("what keeps a drill", cases)
