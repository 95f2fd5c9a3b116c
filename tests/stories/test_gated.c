/* Gates of runs, through the whole product in virtual time: who must say yes, who may open what,
 * and what no configuration allows. */
#include "story.h"
#include "suite.h"

#include <string.h>

#define MINUTE_MS 60000u

static struct world *w;

static const struct evac_caller ann = { .who = { "uid:1(ann)", 10 } };
static const struct evac_caller bob = { .who = { "uid:2(bob)", 10 } };
static const struct evac_caller cid = { .who = { "uid:3(cid)", 10 } };
static const struct evac_caller eve = { .who = { "uid:9(eve)", 10 } };

/* ann operates, bob and cid approve, eve is the admin. */
#define ROLES                                                                                      \
    "roles = { operator = ( \"uid:ann\" ); approver = ( \"uid:bob\", \"uid:cid\" ); "              \
    "admin = ( \"uid:eve\" ); };"
#define TWO                                                                                        \
    "approvals = { need = 2; expiry = \"15m\"; escalate = ( { after = \"5m\"; to = \"lead\"; }, "  \
    "{ after = \"10m\"; to = \"boss\"; } ); };"
#define WITH(SETTINGS, POLICY)                                                                     \
    "policy = { automatic = \"act\"=>" ROLES SETTINGS "policy = { " POLICY

static void setup_with(const char *extra)
{
    struct world_options options = { .seed = 7, .speed = 10, .app_extra = extra };
    w = world_new(&options);
    world_run(w, 20000);
}

static void teardown(void)
{
    world_free(w);
}

static unsigned count(const char *part)
{
    unsigned n = 0;
    for (const char *at = world_trace(w); (at = strstr(at, part)); at++)
        n++;
    return n;
}

static enum evac_code hear(enum evac_command_verb verb, const struct evac_caller *caller,
                           const char *gate, const char *reason)
{
    const struct evac_command word = { .verb = verb,
                                       .gate = evac_str(gate),
                                       .who = caller->who,
                                       .caller = caller,
                                       .reason = evac_str(reason),
                                       .value = verb == EVAC_CMD_FREEZE ? 60 * MINUTE_MS : 0 };
    return world_hear(w, &word);
}

static enum evac_code yes(const struct evac_caller *caller)
{
    return hear(EVAC_CMD_APPROVE, caller, NULL, NULL);
}

static void expect_waits(void)
{
    ck_assert_msg(world_run_state(w) == EVAC_RUN_PROPOSED, "%s:\n%s",
                  evac_run_state_name(world_run_state(w)), story(w));
}

/* --- approvals
 * --------------------------------------------------------------------------------------- */

START_TEST(the_policy_asks_nobody_answers_two_are_told_and_it_is_declined)
{
    setup_with(WITH(TWO, "automatic = \"propose\""));
    world_control(w, "region us-east-1 down");
    world_run(w, 4 * MINUTE_MS);
    expect_waits();
    ck_assert_uint_eq(count("escalate "), 0);
    world_run(w, 2 * MINUTE_MS);
    ck_assert_uint_eq(count("escalate lead"), 1);
    world_crash(w, 10000); /* the clock is the question's */
    world_run(w, 5 * MINUTE_MS);
    ck_assert_uint_eq(count("escalate boss"), 1);
    ck_assert_uint_eq(count("escalate lead"), 1);
    expect_waits();
    world_run(w, 5 * MINUTE_MS);
    ck_assert_uint_eq(count("escalate expiry"), 1);
    story_at(w, "run  proposed -> unwinding on time-up");
    story_at(w, "-> rolled_back");
    story_expect_active(w, "us-east-1");
    ck_assert_uint_eq(count("intent "), 0);
}
END_TEST

START_TEST(who_asked_is_not_who_approves_and_two_do_through_a_crash)
{
    setup_with(WITH(TWO, "automatic = \"never\""));
    ck_assert_int_eq(world_begin_as(w, &ann, EVAC_MODE_GRACEFUL, "planned", 0), EVAC_OK);
    expect_waits();
    ck_assert_int_eq(yes(&ann), EVAC_E_FORBIDDEN);
    ck_assert_int_eq(yes(&bob), EVAC_OK);
    world_crash(w, 5000);
    world_run(w, 10000);
    expect_waits();
    ck_assert_int_eq(yes(&bob), EVAC_E_REFUSED);
    ck_assert_str_eq(world_said(w), "you have said yes already: it takes somebody else");
    ck_assert_int_eq(yes(&cid), EVAC_OK);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    story_expect_active(w, "us-west-2");
}
END_TEST

START_TEST(whoever_breaks_the_glass_is_on_record)
{
    setup_with(WITH(TWO, "automatic = \"never\""));
    ck_assert_int_eq(world_begin_as(w, &ann, EVAC_MODE_GRACEFUL, "planned", 0), EVAC_OK);
    ck_assert_int_eq(hear(EVAC_CMD_OVERRIDE, &bob, "approval", "break glass"), EVAC_E_FORBIDDEN);
    ck_assert_str_eq(world_said(w), "overriding this gate is for the role admin");
    ck_assert_int_eq(hear(EVAC_CMD_OVERRIDE, &eve, "approval", "nobody is there"), EVAC_E_REFUSED);
    ck_assert_int_eq(hear(EVAC_CMD_OVERRIDE, &eve, "approval", "nobody is there: break glass"),
                     EVAC_OK);
    story_expect_end(w, EVAC_RUN_EXCEPTIONS);
    ck_assert_ptr_nonnull(strstr(story_report(w), "nobody is there: break glass"));
    ck_assert_ptr_nonnull(strstr(story_report(w), "uid:9(eve)"));
}
END_TEST

START_TEST(a_yes_is_void_when_the_region_is_well_again)
{
    setup_with(WITH(TWO, "automatic = \"propose\""));
    world_control(w, "region us-east-1 down");
    world_run(w, MINUTE_MS);
    expect_waits();
    ck_assert_int_eq(yes(&bob), EVAC_OK);
    world_control(w, "region us-east-1 up");
    world_run(w, MINUTE_MS);
    ck_assert_uint_eq(count("gate_block start void on approval"), 1);
    ck_assert_int_eq(yes(&cid), EVAC_OK);
    expect_waits();
    ck_assert_int_eq(hear(EVAC_CMD_DECLINE, &ann, NULL, "it is up"), EVAC_OK);
}
END_TEST

/* --- what the policy announces
 * ------------------------------------------------------------------------ */

START_TEST(what_the_policy_announced_begins_after_its_time)
{
    setup_with(WITH("", "automatic = \"act\"; veto = \"120s\""));
    world_control(w, "region us-east-1 down");
    world_run(w, MINUTE_MS);
    expect_waits();
    story_at(w, "gate_block start  on veto");
    if (_i == 0) {
        story_expect_end(w, EVAC_RUN_SUCCEEDED);
        story_expect_active(w, "us-west-2");
        ck_assert(story_at(w, "gate_pass start  on veto") > story_at(w, "gate_block start"));
    } else if (_i == 1) {
        ck_assert_int_eq(hear(EVAC_CMD_DECLINE, &ann, NULL, "the network is being worked on"),
                         EVAC_OK);
        story_expect_end(w, EVAC_RUN_ROLLED_BACK);
        ck_assert_uint_eq(count("intent "), 0);
    } else {
        world_control(w, "region us-east-1 up");
        story_expect_end(w, EVAC_RUN_ROLLED_BACK);
        ck_assert_uint_eq(count("intent "), 0);
        story_expect_active(w, "us-east-1");
    }
}
END_TEST

/* --- freezes
 * ----------------------------------------------------------------------------------------- */

START_TEST(in_a_freeze_a_manual_run_needs_a_reason)
{
    uint16_t freeze = 1u << EVAC_RUN_GATE_FREEZE;
    setup_with(WITH("", "automatic = \"never\""));
    ck_assert_int_eq(hear(EVAC_CMD_FREEZE, &ann, NULL, "the year's end"), EVAC_OK);
    if (_i == 0) { /* it waits, and is told what for */
        ck_assert_int_eq(world_begin_as(w, &ann, EVAC_MODE_GRACEFUL, "", 0), EVAC_OK);
        world_run(w, MINUTE_MS);
        expect_waits();
        story_at(w, "gate_block start  on freeze");
        ck_assert_int_eq(hear(EVAC_CMD_OVERRIDE, &ann, "freeze", ""), EVAC_E_REFUSED);
        ck_assert_int_eq(hear(EVAC_CMD_OVERRIDE, &ann, "freeze", "agreed with finance"), EVAC_OK);
    } else { /* or whoever begins it says so at once */
        ck_assert_int_eq(world_begin_as(w, &ann, EVAC_MODE_GRACEFUL, "agreed with finance", freeze),
                         EVAC_OK);
    }
    story_expect_end(w, EVAC_RUN_EXCEPTIONS);
    story_expect_active(w, "us-west-2");
}
END_TEST

START_TEST(a_yes_is_told_what_is_still_waited_for)
{
    setup_with(WITH(TWO, "automatic = \"never\""));
    ck_assert_int_eq(hear(EVAC_CMD_FREEZE, &ann, NULL, "the year's end"), EVAC_OK);
    ck_assert_int_eq(world_begin_as(w, &ann, EVAC_MODE_GRACEFUL, "why", 0), EVAC_OK);
    ck_assert_int_eq(yes(&bob), EVAC_OK);
    ck_assert_int_eq(yes(&cid), EVAC_OK);
    ck_assert_msg(strstr(world_said(w), "approved, and waits still for freeze: the app is frozen"),
                  "%s", world_said(w));
}
END_TEST

START_TEST(whoever_may_not_override_waits_even_when_asking_at_once)
{
    uint16_t freeze = 1u << EVAC_RUN_GATE_FREEZE;
    setup_with(WITH("", "automatic = \"never\""));
    ck_assert_int_eq(hear(EVAC_CMD_FREEZE, &ann, NULL, "the year's end"), EVAC_OK);
    ck_assert_int_eq(world_begin_as(w, &bob, EVAC_MODE_GRACEFUL, "hurry", freeze), EVAC_OK);
    expect_waits();
    ck_assert_uint_eq(count("override "), 0);
    ck_assert_int_eq(hear(EVAC_CMD_UNFREEZE, &eve, NULL, "it is over"), EVAC_OK);
    story_expect_end(w, EVAC_RUN_SUCCEEDED); /* the gate opened by itself */
}
END_TEST

/* --- safety
 * ------------------------------------------------------------------------------------------ */

START_TEST(users_are_not_led_out_of_the_last_region_that_serves_them)
{
    setup_with(WITH("", "automatic = \"never\""));
    world_control(w, "region us-west-2 down");
    world_run(w, MINUTE_MS);
    ck_assert_int_eq(world_begin_as(w, &ann, EVAC_MODE_GRACEFUL, "moving house", 0), EVAC_OK);
    world_run(w, MINUTE_MS);
    expect_waits();
    story_at(w, "gate_block start  on safety");
    ck_assert_int_eq(hear(EVAC_CMD_OVERRIDE, &bob, "safety", "it will be"), EVAC_E_FORBIDDEN);
    world_control(w, "region us-west-2 up");
    story_expect_end(w, EVAC_RUN_SUCCEEDED); /* it opened by itself */
    ck_assert_uint_eq(count("override "), 0);
}
END_TEST

START_TEST(a_rule_of_the_configuration_is_overridden_by_name)
{
    setup_with(WITH("safety = ( { name = \"stay\"; never_to = ( \"us-west-2\" ); } );",
                    "automatic = \"never\""));
    ck_assert_int_eq(world_begin_as(w, &ann, EVAC_MODE_GRACEFUL, "moving house", 0), EVAC_OK);
    expect_waits();
    ck_assert_int_eq(hear(EVAC_CMD_OVERRIDE, &eve, "safety", "the lawyers agree"), EVAC_OK);
    world_crash(w, 3000); /* what was said, was said */
    story_expect_end(w, EVAC_RUN_EXCEPTIONS);
    story_expect_active(w, "us-west-2");
    ck_assert_uint_eq(count("override start stay on safety"), 1);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("gated");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, the_policy_asks_nobody_answers_two_are_told_and_it_is_declined);
    tcase_add_test(tc, who_asked_is_not_who_approves_and_two_do_through_a_crash);
    tcase_add_test(tc, whoever_breaks_the_glass_is_on_record);
    tcase_add_test(tc, a_yes_is_void_when_the_region_is_well_again);
    tcase_add_loop_test(tc, what_the_policy_announced_begins_after_its_time, 0, 3);
    tcase_add_loop_test(tc, in_a_freeze_a_manual_run_needs_a_reason, 0, 2);
    tcase_add_test(tc, a_yes_is_told_what_is_still_waited_for);
    tcase_add_test(tc, whoever_may_not_override_waits_even_when_asking_at_once);
    tcase_add_test(tc, users_are_not_led_out_of_the_last_region_that_serves_them);
    tcase_add_test(tc, a_rule_of_the_configuration_is_overridden_by_name);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("gates of runs", cases)
