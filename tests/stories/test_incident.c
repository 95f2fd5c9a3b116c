/* One regional incident, not a thousand alarms: told with 200 apps. */
#include "fleet_world.h"
#include "suite.h"

#include <string.h>

#define APPS      200u
#define SECOND_MS 1000u
#define MINUTE_MS 60000u
#define EAST      "us-east-1"

#define ACTS                                                                                       \
    "policy = { automatic = \"act\"; dwell = \"60s\"; waivers = (\n"                               \
    "  { condition = \"readiness\"; owner = \"ann\"; until = \"2026-12-01\"; reason = \"a "        \
    "story\"; "                                                                                    \
    "},\n"                                                                                         \
    "  { condition = \"drill\"; owner = \"ann\"; until = \"2026-12-01\"; reason = \"a story\"; } " \
    "); "                                                                                          \
    "};\n"
#define PROPOSES "policy = { automatic = \"propose\"; dwell = \"60s\"; };\n"

static struct fleet *f;

/* Tiers 1 to 5 in turn; every tenth app of tier 3 waits for the one before it, which is of tier 2;
 * app 4, of tier 5, is what app 0, of tier 1, waits for. */
static void put_place(size_t i, struct evac_buf *out)
{
    evac_buf_putf(out, "tier = %zu;\n", i % 5 + 1);
    if (i == 0)
        evac_buf_puts(out, "waits_for = ( \"app-004\" );\n");
    else if (i % 10 == 2)
        evac_buf_putf(out, "waits_for = ( \"app-%03zu\" );\n", i - 1);
}

static void proposes(size_t i, struct evac_buf *out)
{
    put_place(i, out);
    evac_buf_puts(out, PROPOSES);
}

static void acts(size_t i, struct evac_buf *out)
{
    put_place(i, out);
    evac_buf_puts(out, ACTS);
}

/* Every second one acts. */
static void mixed(size_t i, struct evac_buf *out)
{
    put_place(i, out);
    evac_buf_puts(out, i % 2 ? ACTS : PROPOSES);
}

static void begin(size_t apps, void (*app)(size_t i, struct evac_buf *out), const char *controller)
{
    f = fleet_new(&(struct fleet_options){ .apps = apps, .app = app, .controller = controller });
    fleet_run(f, 2 * MINUTE_MS); /* all is well, and known to be */
}

static void end(void)
{
    fleet_free(f);
}

static const char *tail(void)
{
    const char *trace = fleet_trace(f);
    size_t n = strlen(trace);
    return n > 3000 ? trace + n - 3000 : trace;
}

static void expect_incident(enum evac_incident_state state)
{
    ck_assert_msg(fleet_incident(f, EAST)->state == state, "it is %s:\n%s",
                  evac_incident_state_name(fleet_incident(f, EAST)->state), tail());
}

static void expect_all_moved_once(size_t apps)
{
    ck_assert_msg(fleet_active_in(f, 1) == apps, "%zu moved:\n%s", fleet_active_in(f, 1), tail());
    for (size_t i = 0; i < apps; i++)
        ck_assert_msg(fleet_times(f, i) == 1, "app %zu: %zu times", i, fleet_times(f, i));
}

START_TEST(two_hundred_apps_down_are_one_alarm_and_one_proposal)
{
    begin(APPS, proposes, "");
    fleet_down(f, 0, APPS, 0, true);
    fleet_run(f, 10 * MINUTE_MS);
    expect_incident(EVAC_INCIDENT_OPEN);
    ck_assert_msg(fleet_traced(f, "incident  us-east-1 declared") == 1, "%s", tail());
    ck_assert_uint_eq(fleet_traced(f, "incident  us-east-1 proposed"), 1);
    ck_assert_uint_eq(fleet_alarms(f), 2); /* what it is, and the question */
    ck_assert_uint_eq(fleet_admitted(f), 0);

    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, "us-west-2"), EVAC_E_REFUSED);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, "mars-1"), EVAC_E_NOTFOUND);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_RESUME, EAST), EVAC_E_REFUSED);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, EAST), EVAC_OK);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, EAST), EVAC_E_REFUSED);
    fleet_run(f, 15 * MINUTE_MS);
    expect_all_moved_once(APPS);
    expect_incident(EVAC_INCIDENT_CLOSED);
    ck_assert_uint_le(fleet_most_at_once(f), 8);
    ck_assert_uint_gt(fleet_most_at_once(f), 4);
}
END_TEST

/* The tier that an app has, or that of whoever waits for it. */
static size_t tier_of(size_t i)
{
    return i == 4 ? 1 : i % 5 + 1;
}

START_TEST(the_evacuation_goes_by_tier_and_by_who_waits_for_whom)
{
    begin(APPS, acts, "");
    fleet_down(f, 0, APPS, 0, true);
    fleet_run(f, 20 * MINUTE_MS);
    expect_all_moved_once(APPS);
    expect_incident(EVAC_INCIDENT_CLOSED);
    ck_assert_uint_eq(fleet_traced(f, "incident  us-east-1 proposed"), 0); /* nobody was asked */
    for (size_t i = 0; i < APPS; i++)
        for (size_t k = 0; k < APPS; k++)
            if (tier_of(i) < tier_of(k))
                ck_assert_msg(fleet_place(f, i) < fleet_place(f, k), "%zu goes before %zu", k, i);
    ck_assert_uint_lt(fleet_place(f, 4), fleet_place(f, 0));
    for (size_t i = 12; i < APPS; i += 10)
        ck_assert_uint_lt(fleet_place(f, i - 1), fleet_place(f, i));
    ck_assert_uint_eq(fleet_traced(f, "incident  us-east-1 wave"), 5);
}
END_TEST

START_TEST(who_may_act_acts_and_the_others_wait_for_one_yes)
{
    begin(40, mixed, "");
    fleet_down(f, 0, 40, 0, true);
    fleet_run(f, 10 * MINUTE_MS);
    /* of those that act, some wait for one that asks: app 1 of tier 2 goes, app 2 asks; app 11 ..
     */
    ck_assert_msg(fleet_active_in(f, 1) == 20, "%zu:\n%s", fleet_active_in(f, 1), tail());
    ck_assert_uint_eq(fleet_traced(f, "incident  us-east-1 proposed"), 1);
    expect_incident(EVAC_INCIDENT_OPEN);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, EAST), EVAC_OK);
    fleet_run(f, 10 * MINUTE_MS);
    expect_all_moved_once(40);
    expect_incident(EVAC_INCIDENT_CLOSED);
}
END_TEST

START_TEST(a_no_moves_nothing_and_can_be_thought_over)
{
    begin(20, proposes, "");
    fleet_down(f, 0, 20, 0, true);
    fleet_run(f, 5 * MINUTE_MS);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_DECLINE, EAST), EVAC_OK);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_DECLINE, EAST), EVAC_E_REFUSED);
    fleet_run(f, 10 * MINUTE_MS);
    expect_incident(EVAC_INCIDENT_DECLINED);
    ck_assert_uint_eq(fleet_admitted(f), 0);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, EAST), EVAC_OK);
    fleet_run(f, 10 * MINUTE_MS);
    expect_all_moved_once(20);
}
END_TEST

START_TEST(a_region_that_is_up_again_ends_it)
{
    begin(20, proposes, "incident = { calm = \"3m\"; };");
    fleet_down(f, 0, 20, 0, true);
    fleet_run(f, 5 * MINUTE_MS);
    fleet_down(f, 0, 20, 0, false);
    fleet_run(f, 2 * MINUTE_MS);
    expect_incident(EVAC_INCIDENT_OPEN); /* not so soon */
    fleet_run(f, 4 * MINUTE_MS);
    expect_incident(EVAC_INCIDENT_CLOSED);
    ck_assert_uint_eq(fleet_admitted(f), 0);
    fleet_down(f, 0, 20, 0, true); /* and the next one is another one */
    fleet_run(f, 5 * MINUTE_MS);
    expect_incident(EVAC_INCIDENT_OPEN);
    ck_assert_uint_eq(fleet_traced(f, "incident  us-east-1 declared"), 2);
    ck_assert_uint_eq(fleet_traced(f, "incident  us-east-1 proposed"), 2);
}
END_TEST

/* --- what is no incident
 * --------------------------------------------------------------------------------- */

START_TEST(a_few_apps_are_no_incident)
{
    begin(20, proposes, "");
    fleet_down(f, 0, 11, 0, true); /* 55 % */
    fleet_run(f, 4 * MINUTE_MS);
    expect_incident(EVAC_INCIDENT_NONE);
    ck_assert_uint_eq(fleet_admitted(f), 11); /* each is proposed for itself */
    fleet_down(f, 11, 1, 0, true);            /* 60 %: what was proposed is so no more */
    fleet_run(f, 4 * MINUTE_MS);
    expect_incident(EVAC_INCIDENT_OPEN);
    ck_assert_uint_eq(fleet_traced(f, "incident  us-east-1 proposed"), 1);
    ck_assert_uint_eq(fleet_admitted(f), 11);
    const struct evac_engine *engine = evac_shell_engine(fleet_shell(f));
    ck_assert_uint_eq(engine->run_count, 0);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, EAST), EVAC_OK);
    fleet_run(f, 10 * MINUTE_MS);
    ck_assert_msg(fleet_active_in(f, 1) == 12, "%zu:\n%s", fleet_active_in(f, 1), tail());
}
END_TEST

START_TEST(fewer_than_five_apps_are_no_incident)
{
    begin(4, proposes, "");
    fleet_down(f, 0, 4, 0, true);
    fleet_run(f, 4 * MINUTE_MS);
    expect_incident(EVAC_INCIDENT_NONE);
    ck_assert_uint_eq(fleet_admitted(f), 4);
}
END_TEST

START_TEST(when_it_is_bad_elsewhere_too_it_is_not_regional)
{
    begin(20, proposes, "");
    fleet_down(f, 0, 14, 0, true);
    fleet_down(f, 14, 3, 1, true); /* of others the standby: 15 % elsewhere */
    fleet_run(f, 4 * MINUTE_MS);
    expect_incident(EVAC_INCIDENT_NONE);
    ck_assert_uint_eq(fleet_admitted(f), 14);
}
END_TEST

START_TEST(when_everything_is_down_everywhere_people_decide)
{
    begin(APPS, acts, "");
    fleet_down(f, 0, APPS, 0, true);
    fleet_down(f, 0, APPS, 1, true);
    fleet_run(f, 10 * MINUTE_MS);
    expect_incident(EVAC_INCIDENT_NONE);
    ck_assert_uint_eq(fleet_admitted(f), 0);
    ck_assert_uint_eq(fleet_traced(f, "NOTICE global event: us-east-1 ("), 1);
    fleet_crash(f);
    fleet_run(f, 5 * MINUTE_MS);
    ck_assert_uint_eq(fleet_traced(f, "NOTICE global event"), 1); /* it was said */
    ck_assert_uint_eq(fleet_admitted(f), 0);
    fleet_down(f, 0, APPS, 1, false); /* now it is one region */
    fleet_run(f, 15 * MINUTE_MS);
    ck_assert_uint_eq(fleet_traced(f, "NOTICE the global event is over"), 1);
    expect_all_moved_once(APPS);
}
END_TEST

/* Two halves, each with its standby where the other is active; standbys alone would be up. */
START_TEST(two_regions_that_look_down_are_a_global_event)
{
    begin(40, acts, "");
    fleet_down(f, 0, 30, 0, true);
    fleet_down(f, 10, 30, 1, true); /* apps 0 to 9 could go, were it only them */
    fleet_run(f, 10 * MINUTE_MS);
    ck_assert_uint_eq(fleet_admitted(f), 0);
    ck_assert_uint_eq(fleet_traced(f, "NOTICE global event"), 1);
}
END_TEST

START_TEST(a_controller_that_is_cut_off_starts_nothing)
{
    begin(APPS, acts, "");
    fleet_down(f, 0, APPS, 0, true);
    fleet_run(f, 15 * SECOND_MS);
    fleet_cut_off(f, true); /* it learns that it is itself */
    fleet_down(f, 0, APPS, 1, true);
    fleet_run(f, 10 * MINUTE_MS);
    fleet_down(f, 0, APPS, 0, false);
    fleet_down(f, 0, APPS, 1, false);
    fleet_cut_off(f, false);
    fleet_run(f, 10 * MINUTE_MS);
    ck_assert_uint_eq(fleet_admitted(f), 0);
    expect_incident(EVAC_INCIDENT_NONE);
}
END_TEST

/* --- saturation
 * ------------------------------------------------------------------------------------------ */

START_TEST(without_capacity_over_there_it_pauses_and_a_person_resumes)
{
    begin(40, acts, "");
    fleet_capacity(f, EVAC_OUTCOME_THROTTLED);
    fleet_down(f, 0, 40, 0, true);
    fleet_run(f, 5 * MINUTE_MS);
    expect_incident(EVAC_INCIDENT_PAUSED);
    size_t begun = fleet_admitted(f);
    ck_assert_uint_ge(begun, 2); /* one alone says little */
    ck_assert_uint_le(begun, 8);
    ck_assert_uint_eq(fleet_traced(f, "NOTICE us-east-1: the evacuation is paused"), 1);
    fleet_run(f, 3 * MINUTE_MS);
    ck_assert_uint_eq(fleet_admitted(f), begun);
    fleet_capacity(f, EVAC_OUTCOME_ACCEPTED);
    fleet_run(f, 2 * MINUTE_MS);
    expect_incident(EVAC_INCIDENT_PAUSED); /* a person says when */
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_RESUME, EAST), EVAC_OK);
    fleet_run(f, 10 * MINUTE_MS);
    expect_all_moved_once(40);
}
END_TEST

START_TEST(when_moved_apps_fall_ill_it_pauses)
{
    begin(APPS, acts, "incident = { parallel = 2; };");
    fleet_down(f, 0, APPS, 0, true);
    for (size_t k = 0; k < 50; k++) { /* whatever arrives falls ill */
        fleet_run(f, 5 * SECOND_MS);
        for (size_t i = 0; i < APPS; i++)
            if (fleet_times(f, i))
                fleet_down(f, i, 1, 1, true);
    }
    expect_incident(EVAC_INCIDENT_PAUSED);
    size_t begun = fleet_admitted(f);
    ck_assert_uint_lt(begun, APPS);
    fleet_run(f, 3 * MINUTE_MS);
    ck_assert_uint_eq(fleet_admitted(f), begun);
}
END_TEST

START_TEST(a_person_may_pause_it)
{
    begin(40, acts, "");
    fleet_down(f, 0, 40, 0, true);
    while (fleet_active_in(f, 1) == 0)
        fleet_run(f, SECOND_MS);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_PAUSE, EAST), EVAC_OK);
    size_t begun = fleet_admitted(f);
    fleet_run(f, 5 * MINUTE_MS);
    ck_assert_uint_eq(fleet_admitted(f), begun);
    ck_assert_uint_eq(fleet_active_in(f, 1), begun); /* what had begun is through */
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_RESUME, EAST), EVAC_OK);
    fleet_run(f, 10 * MINUTE_MS);
    expect_all_moved_once(40);
}
END_TEST

/* Words that would do nothing, or harm, are refused; the incident stays as it was. */
START_TEST(a_word_that_does_not_fit_is_refused)
{
    begin(40, proposes, "");
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, EAST), EVAC_E_REFUSED); /* there is none */
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, "mars"), EVAC_E_NOTFOUND);
    fleet_down(f, 0, 40, 0, true);
    fleet_run(f, 3 * MINUTE_MS);
    expect_incident(EVAC_INCIDENT_OPEN);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_RESUME, EAST), EVAC_E_REFUSED);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_RETRY, EAST), EVAC_E_REFUSED); /* a step's word */
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_PAUSE, EAST), EVAC_OK);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_PAUSE, EAST), EVAC_E_REFUSED);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, EAST), EVAC_OK);
    expect_incident(EVAC_INCIDENT_PAUSED); /* a yes does not make room */
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, EAST), EVAC_E_REFUSED);
    ck_assert_uint_eq(fleet_admitted(f), 0);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_RESUME, EAST), EVAC_OK);
    expect_incident(EVAC_INCIDENT_APPROVED);
    fleet_run(f, 10 * MINUTE_MS);
    expect_all_moved_once(40);
}
END_TEST

START_TEST(a_yes_while_automation_is_stopped_moves_nothing)
{
    begin(40, proposes, "");
    fleet_down(f, 0, 40, 0, true);
    fleet_run(f, 3 * MINUTE_MS);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_STOP_AUTOMATION, ""), EVAC_OK);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, EAST), EVAC_E_REFUSED);
    fleet_run(f, 5 * MINUTE_MS);
    ck_assert_uint_eq(fleet_admitted(f), 0);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_ALLOW_AUTOMATION, ""), EVAC_OK);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, EAST), EVAC_OK);
    fleet_run(f, 10 * MINUTE_MS);
    expect_all_moved_once(40);
}
END_TEST

/* --- crashes
 * --------------------------------------------------------------------------------------------- */

/* Killed at another instant each time: in the middle of waves, and before the yes. */
START_TEST(after_a_crash_the_evacuation_goes_on_where_it_was)
{
    begin(60, proposes, "");
    fleet_down(f, 0, 60, 0, true);
    fleet_run(f, 3 * MINUTE_MS);
    fleet_crash(f);
    fleet_run(f, 3 * MINUTE_MS);
    expect_incident(EVAC_INCIDENT_OPEN);
    ck_assert_uint_eq(fleet_traced(f, "incident  us-east-1 declared"), 1);
    ck_assert_uint_eq(fleet_traced(f, "incident  us-east-1 proposed"), 1);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, EAST), EVAC_OK);
    for (int i = 0; i < 3; i++) {
        fleet_run(f, 4 * SECOND_MS + (uint64_t)_i * 700);
        fleet_crash(f);
        fleet_run(f, 3 * MINUTE_MS); /* health must be known anew before anything begins */
    }
    fleet_run(f, 15 * MINUTE_MS);
    expect_all_moved_once(60);
    expect_incident(EVAC_INCIDENT_CLOSED);
}
END_TEST

START_TEST(a_reload_in_the_middle_of_a_wave_changes_nothing)
{
    begin(60, acts, "");
    fleet_down(f, 0, 60, 0, true);
    while (fleet_active_in(f, 1) < 10)
        fleet_run(f, SECOND_MS);
    fleet_reload(f);
    fleet_run(f, 5 * SECOND_MS);
    fleet_reload(f);
    fleet_run(f, 10 * MINUTE_MS);
    expect_all_moved_once(60);
    expect_incident(EVAC_INCIDENT_CLOSED);
    ck_assert_uint_eq(fleet_traced(f, "incident  us-east-1 declared"), 1);
}
END_TEST

/* Whoever is held stays, and holds up nobody; whoever fails is not tried again by itself. */
START_TEST(what_can_not_be_moved_holds_up_nobody)
{
    begin(20, acts, "");
    struct evac_event event = { .kind = EVAC_EVENT_COMMAND };
    event.u.command = (struct evac_command){ .verb = EVAC_CMD_HOLD,
                                             .app = EVAC_STR("app-005"), /* of tier 1 */
                                             .reason = EVAC_STR("it is being mended"),
                                             .who = EVAC_STR("ann") };
    ck_assert_int_eq(evac_shell_event(fleet_shell(f), &event, NULL), EVAC_OK);
    fleet_down(f, 0, 20, 0, true);
    fleet_run(f, 10 * MINUTE_MS);
    ck_assert_msg(fleet_active_in(f, 1) == 19, "%zu:\n%s", fleet_active_in(f, 1), tail());
    ck_assert_uint_eq(fleet_times(f, 5), 0);
    ck_assert_uint_eq(fleet_incident(f, EAST)->counts[EVAC_EVACUEE_BLOCKED], 1);
    expect_incident(EVAC_INCIDENT_OPEN);
}
END_TEST

START_TEST(one_that_fails_has_its_place_taken_by_the_next)
{
    begin(20, acts, "incident = { parallel = 1; };");
    fleet_capacity(f, EVAC_OUTCOME_REJECTED);
    fleet_down(f, 0, 20, 0, true);
    while (!fleet_traced(f, "-> asking"))
        fleet_run(f, SECOND_MS);
    fleet_capacity(f, EVAC_OUTCOME_ACCEPTED);
    fleet_run(f, 15 * MINUTE_MS);
    ck_assert_msg(fleet_active_in(f, 1) == 19, "%zu:\n%s", fleet_active_in(f, 1), tail());
    ck_assert_uint_eq(fleet_incident(f, EAST)->counts[EVAC_EVACUEE_FAILED], 1);
    expect_incident(EVAC_INCIDENT_OPEN);
}
END_TEST

/* Announced, and begun when nobody has said no. */
static void with_veto(size_t i, struct evac_buf *out)
{
    acts(i, out);
    out->n -= strlen("};\n") + strlen(" );");
    evac_buf_puts(out, " ); veto = \"20s\"; };\n");
}

START_TEST(each_run_of_an_evacuation_waits_for_a_veto_and_is_not_withdrawn)
{
    begin(12, with_veto, "");
    fleet_down(f, 0, 12, 0, true);
    fleet_run(f, 12 * MINUTE_MS);
    expect_all_moved_once(12);
    expect_incident(EVAC_INCIDENT_CLOSED);
}
END_TEST

/* An app that wants two people's yes wants them in an evacuation, too. */
static void two_yeses(size_t i, struct evac_buf *out)
{
    proposes(i, out);
    if (i == 5)
        evac_buf_puts(out, "approvals = { need = 2; };\n");
}

START_TEST(an_app_with_approvals_of_its_own_still_asks_for_them)
{
    begin(20, two_yeses, "");
    fleet_down(f, 0, 20, 0, true);
    fleet_run(f, 4 * MINUTE_MS);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, EAST), EVAC_OK);
    fleet_run(f, 5 * MINUTE_MS);
    ck_assert_msg(fleet_active_in(f, 1) == 19, "%zu:\n%s", fleet_active_in(f, 1), tail());
    ck_assert_uint_eq(fleet_times(f, 5), 1);
    ck_assert_uint_eq(fleet_incident(f, EAST)->counts[EVAC_EVACUEE_WAITS], 1);
}
END_TEST

/* --- nobody answers
 * ------------------------------------------------------------------------------------ */

#define ASLEEP(then)                                                                               \
    "incident = { expiry = \"10m\"; at_expiry = \"" then "\"; escalate = (\n"                      \
    "  { after = \"3m\"; to = \"second\"; }, { after = \"6m\"; to = \"manager\"; } ); };\n"

/* Killed with kill -9 before each: nobody is told twice, and no time is given as a present. */
START_TEST(a_question_that_nobody_answers_is_told_to_others_and_stays_open)
{
    begin(20, proposes, ASLEEP("hold"));
    fleet_down(f, 0, 20, 0, true);
    fleet_run(f, 5 * MINUTE_MS); /* asked after one and a half */
    ck_assert_msg(fleet_traced(f, "second is told") == 2, "%s", tail()); /* a row and a notice */
    ck_assert_uint_eq(fleet_traced(f, "manager is told"), 0);
    if (_i)
        fleet_crash(f);
    fleet_run(f, 4 * MINUTE_MS);
    ck_assert_msg(fleet_traced(f, "manager is told") == 2, "%s", tail());
    ck_assert_uint_eq(fleet_incident(f, EAST)->escalated, 2);
    if (_i)
        fleet_crash(f);
    fleet_run(f, 4 * MINUTE_MS);
    ck_assert_msg(fleet_traced(f, "incident  us-east-1 reminded") == 1, "%s", tail());
    fleet_run(f, 10 * MINUTE_MS);
    ck_assert_uint_eq(fleet_traced(f, "incident  us-east-1 reminded"), 2);
    ck_assert_uint_eq(fleet_traced(f, "incident  us-east-1 escalated"), 2);
    ck_assert_uint_eq(fleet_admitted(f), 0);
    expect_incident(EVAC_INCIDENT_OPEN);
    ck_assert(evac_incident_asks(fleet_incident(f, EAST)));
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, EAST), EVAC_OK);
    fleet_run(f, 10 * MINUTE_MS);
    expect_all_moved_once(20);
}
END_TEST

START_TEST(a_question_may_count_as_declined_when_its_time_is_up)
{
    begin(20, proposes, ASLEEP("decline"));
    fleet_down(f, 0, 20, 0, true);
    fleet_run(f, 5 * MINUTE_MS);
    if (_i)
        fleet_crash(f);
    fleet_run(f, 9 * MINUTE_MS);
    expect_incident(EVAC_INCIDENT_DECLINED);
    ck_assert_msg(fleet_traced(f, "incident  us-east-1 expired") == 1, "%s", tail());
    if (_i)
        fleet_crash(f);
    fleet_run(f, 20 * MINUTE_MS);
    ck_assert(fleet_incident(f, EAST)->expired);
    ck_assert_uint_eq(fleet_traced(f, "NOTICE us-east-1: nobody has answered"), 3);
    ck_assert_uint_eq(fleet_admitted(f), 0);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, EAST), EVAC_OK); /* late is better than never */
    fleet_run(f, 10 * MINUTE_MS);
    expect_all_moved_once(20);
    ck_assert(!fleet_incident(f, EAST)->expired);
}
END_TEST

START_TEST(whoever_answers_in_time_wakes_nobody_else)
{
    begin(20, proposes, ASLEEP("decline"));
    fleet_down(f, 0, 20, 0, true);
    fleet_run(f, 3 * MINUTE_MS);
    ck_assert_int_eq(fleet_say(f, EVAC_CMD_APPROVE, EAST), EVAC_OK);
    fleet_run(f, 15 * MINUTE_MS);
    expect_all_moved_once(20);
    ck_assert_uint_eq(fleet_traced(f, "nobody has answered"), 0);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("incident");
    tcase_add_checked_fixture(tc, NULL, end);
    tcase_add_test(tc, two_hundred_apps_down_are_one_alarm_and_one_proposal);
    tcase_add_test(tc, the_evacuation_goes_by_tier_and_by_who_waits_for_whom);
    tcase_add_test(tc, who_may_act_acts_and_the_others_wait_for_one_yes);
    tcase_add_test(tc, a_no_moves_nothing_and_can_be_thought_over);
    tcase_add_test(tc, a_region_that_is_up_again_ends_it);
    tcase_add_test(tc, a_few_apps_are_no_incident);
    tcase_add_test(tc, fewer_than_five_apps_are_no_incident);
    tcase_add_test(tc, when_it_is_bad_elsewhere_too_it_is_not_regional);
    tcase_add_test(tc, when_everything_is_down_everywhere_people_decide);
    tcase_add_test(tc, two_regions_that_look_down_are_a_global_event);
    tcase_add_test(tc, a_controller_that_is_cut_off_starts_nothing);
    tcase_add_test(tc, without_capacity_over_there_it_pauses_and_a_person_resumes);
    tcase_add_test(tc, when_moved_apps_fall_ill_it_pauses);
    tcase_add_test(tc, a_person_may_pause_it);
    tcase_add_test(tc, a_word_that_does_not_fit_is_refused);
    tcase_add_test(tc, a_yes_while_automation_is_stopped_moves_nothing);
    tcase_add_loop_test(tc, after_a_crash_the_evacuation_goes_on_where_it_was, 0, 4);
    tcase_add_test(tc, a_reload_in_the_middle_of_a_wave_changes_nothing);
    tcase_add_test(tc, what_can_not_be_moved_holds_up_nobody);
    tcase_add_test(tc, each_run_of_an_evacuation_waits_for_a_veto_and_is_not_withdrawn);
    tcase_add_test(tc, an_app_with_approvals_of_its_own_still_asks_for_them);
    tcase_add_test(tc, one_that_fails_has_its_place_taken_by_the_next);
    tcase_add_loop_test(tc, a_question_that_nobody_answers_is_told_to_others_and_stays_open, 0, 2);
    tcase_add_loop_test(tc, a_question_may_count_as_declined_when_its_time_is_up, 0, 2);
    tcase_add_test(tc, whoever_answers_in_time_wakes_nobody_else);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("regional incidents", cases)
