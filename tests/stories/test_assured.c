/* What automation leans on: the lint of the armed plan, told to the engine by itself; what drills
 * say. */
#include "story.h"
#include "suite.h"

#include <string.h>

#define MINUTE_MS 60000u

static struct world *w;

static void setup_with(const char *extra)
{
    struct world_options options = { .seed = 7, .speed = 1, .app_extra = extra };
    w = world_new(&options);
}

static void setup(void)
{
    setup_with(NULL);
}

static void teardown(void)
{
    world_free(w);
}

static const struct evac_assurance *lint_of(uint16_t region)
{
    return &world_app(w)->assurance[EVAC_ASSURANCE_LINT][region];
}

static unsigned count(const char *part)
{
    unsigned n = 0;
    for (const char *at = world_trace(w); (at = strstr(at, part)); at++)
        n++;
    return n;
}

START_TEST(the_armed_plan_is_linted_by_itself)
{
    world_run(w, 1000);
    ck_assert_msg(lint_of(1)->known && lint_of(1)->ok, "%s", story(w));
    ck_assert(!lint_of(0)->known); /* nothing would be moved to where it is */
    ck_assert_uint_eq(count("assurance lint"), 1);
    int64_t said = lint_of(1)->at_wall_ms;
    world_run(w, 61 * MINUTE_MS); /* looked at again, and no news */
    ck_assert_uint_eq(count("assurance lint"), 1);
    ck_assert_int_ge(lint_of(1)->at_wall_ms, said + 60 * (int64_t)MINUTE_MS);
}
END_TEST

START_TEST(what_the_lint_said_survives_a_crash)
{
    world_run(w, 1000);
    int64_t said = lint_of(1)->at_wall_ms;
    ck_assert(lint_of(1)->ok);
    world_crash(w, 5000);
    world_run(w, 5010);
    ck_assert(lint_of(1)->known && lint_of(1)->ok);
    world_run(w, 1000);
    ck_assert_int_gt(lint_of(1)->at_wall_ms, said); /* and it was looked at again at once */
    ck_assert_uint_eq(count("assurance lint"), 1);
}
END_TEST

/* The move home is another one: it is linted when the run that led away has ended. */
START_TEST(after_a_run_the_way_back_is_linted)
{
    world_run(w, 5000);
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    world_run(w, 1000);
    ck_assert_msg(lint_of(0)->known, "%s", story(w));
    ck_assert(!lint_of(1)->known);
}
END_TEST

static enum evac_code say_drill(uint16_t region, bool ok, int64_t debt, const char *text)
{
    struct evac_event event = { .kind = EVAC_EVENT_ASSURE };
    event.u.assure = (struct evac_assure_event){ .app = 0,
                                                 .region = region,
                                                 .kind = EVAC_ASSURANCE_DRILL,
                                                 .known = true,
                                                 .ok = ok,
                                                 .number = debt,
                                                 .text = evac_str(text) };
    return evac_shell_event(world_shell(w), &event, NULL);
}

START_TEST(what_drills_say_is_kept_and_news_only_when_it_changes)
{
    const struct evac_assurance *drill = &world_app(w)->assurance[EVAC_ASSURANCE_DRILL][1];
    world_run(w, 1000);
    ck_assert(drill->known && !drill->ok); /* the calendar's own word: none went well yet */
    unsigned before = (unsigned)count("assurance drill");
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(say_drill(1, false, 120, "the last good drill is 120 days ago"), EVAC_OK);
    ck_assert_uint_eq(count("assurance drill"), before + 1);
    ck_assert_int_eq(drill->number, 120);
    ck_assert_str_eq(drill->text, "the last good drill is 120 days ago");
    ck_assert_int_eq(say_drill(2, true, 0, ""), EVAC_OK); /* no such region: dropped */
    ck_assert_uint_eq(count("assurance drill"), before + 1);
    ck_assert_int_eq(say_drill(1, true, 0, ""), EVAC_OK);
    ck_assert_uint_eq(count("assurance drill"), before + 2);
    world_crash(w, 1000);
    world_run(w, 2000);
    drill = &world_app(w)->assurance[EVAC_ASSURANCE_DRILL][1];
    ck_assert(drill->known && !drill->ok); /* what the journal proves, not what was said */
}
END_TEST

/* --- what would act, and may not
 * ------------------------------------------------------------------------ */

#define NO_DRILL_WAIVER "condition = \"drill\"=>condition = \"lint\"\n"
#define DAY_MS          ((int64_t)86400000)

static enum evac_code say(enum evac_command_verb verb, const char *condition, const char *owner,
                          const char *reason, int64_t for_ms)
{
    struct evac_event event = { .kind = EVAC_EVENT_COMMAND };
    event.u.command = (struct evac_command){ .verb = verb,
                                             .app = EVAC_STR("shop"),
                                             .condition = evac_str(condition),
                                             .owner = evac_str(owner),
                                             .reason = evac_str(reason),
                                             .who = EVAC_STR("ann"),
                                             .value = for_ms };
    return evac_shell_event(world_shell(w), &event, NULL);
}

static void lose_the_active_region(void)
{
    world_run(w, 10000);
    world_control(w, "region us-east-1 down");
    world_run(w, 20000);
}

static void start_over(const char *extra)
{
    teardown();
    setup_with(extra);
}

START_TEST(without_a_good_drill_acting_becomes_a_proposal)
{
    start_over(NO_DRILL_WAIVER);
    lose_the_active_region();
    ck_assert_msg(world_app(w)->run && world_app(w)->run->state == EVAC_RUN_PROPOSED, "%s",
                  story(w));
    story_at(w, "would act, but: no drill of this app went well yet");
    ck_assert_int_eq(world_say(w, EVAC_CMD_APPROVE, "", "", 0), EVAC_OK);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    ck_assert(!world_app(w)->auto_unacked); /* a person said yes to it */
}
END_TEST

START_TEST(a_good_drill_lets_it_act)
{
    start_over(NO_DRILL_WAIVER);
    ck_assert_int_eq(say_drill(1, true, 3, ""), EVAC_OK);
    lose_the_active_region();
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    ck_assert(world_app(w)->auto_unacked);
}
END_TEST

START_TEST(a_drill_of_long_ago_does_not)
{
    start_over(NO_DRILL_WAIVER);
    ck_assert_int_eq(say_drill(1, false, 120, "the last good drill is 120 days ago"), EVAC_OK);
    lose_the_active_region();
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_PROPOSED);
    story_at(w, "would act, but: the last good drill is 120 days ago");
}
END_TEST

START_TEST(a_waiver_by_name_lets_it_act_and_survives_a_crash)
{
    start_over(NO_DRILL_WAIVER);
    ck_assert_int_eq(say(EVAC_CMD_WAIVE, "drill", "", "booked", DAY_MS), EVAC_E_BADARG);
    ck_assert_int_eq(say(EVAC_CMD_WAIVE, "drill", "bob", "", DAY_MS), EVAC_E_BADARG);
    ck_assert_int_eq(say(EVAC_CMD_WAIVE, "drill", "bob", "booked", 91 * DAY_MS), EVAC_E_BADARG);
    ck_assert_int_eq(say(EVAC_CMD_WAIVE, "drill", "bob", "booked", 0), EVAC_E_BADARG);
    ck_assert_int_eq(say(EVAC_CMD_WAIVE, "weather", "bob", "booked", DAY_MS), EVAC_E_BADARG);
    ck_assert_int_eq(say(EVAC_CMD_UNWAIVE, "drill", "", "", 0), EVAC_E_REFUSED);
    ck_assert_int_eq(say(EVAC_CMD_WAIVE, "drill", "bob", "booked", DAY_MS), EVAC_OK);
    world_crash(w, 1000);
    world_run(w, 2000);
    lose_the_active_region();
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    ck_assert_ptr_nonnull(
        strstr(story_report(w), "drill (bob: booked)")); /* whoever reads it knows */
}
END_TEST

START_TEST(a_waiver_that_was_taken_back_or_is_over_does_not_count)
{
    start_over(NO_DRILL_WAIVER);
    ck_assert_int_eq(say(EVAC_CMD_WAIVE, "drill", "bob", "booked", _i ? 5000 : DAY_MS), EVAC_OK);
    if (!_i)
        ck_assert_int_eq(say(EVAC_CMD_UNWAIVE, "drill", "", "", 0), EVAC_OK);
    lose_the_active_region();
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_PROPOSED);
}
END_TEST

/* --- freezes
 * -------------------------------------------------------------------------------------------- */

static enum evac_code begin_with(const char *reason)
{
    struct evac_wish wish = { .app = EVAC_STR("shop"),
                              .workflow = EVAC_WORKFLOW_FAILOVER,
                              .mode = EVAC_MODE_GRACEFUL,
                              .who = EVAC_STR("ann"),
                              .why = evac_str(reason) };
    uint64_t run;
    return evac_shell_begin(world_shell(w), &wish, &run, NULL);
}

START_TEST(a_freeze_turns_acting_into_a_proposal_that_says_so)
{
    ck_assert_int_eq(say(EVAC_CMD_FREEZE, "", "", "", DAY_MS), EVAC_E_BADARG);
    ck_assert_int_eq(say(EVAC_CMD_FREEZE, "", "", "the year ends", 0), EVAC_E_BADARG);
    ck_assert_int_eq(say(EVAC_CMD_FREEZE, "", "", "no end", INT64_MAX), EVAC_E_BADARG);
    /* a hold may have none: it lasts until somebody releases it */
    ck_assert_int_eq(say(EVAC_CMD_HOLD, "", "", "no end", INT64_MAX), EVAC_OK);
    ck_assert_int_eq(world_app(w)->hold_until_wall_ms, INT64_MAX);
    ck_assert_int_eq(say(EVAC_CMD_RELEASE, "", "", "", 0), EVAC_OK);
    ck_assert_int_eq(say(EVAC_CMD_FREEZE, "", "bob", "the year ends", DAY_MS), EVAC_OK);
    world_crash(w, 1000);
    world_run(w, 2000);
    lose_the_active_region();
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_PROPOSED);
    story_at(w, "would act, but: frozen for another 23h59m (bob: the year ends)");
    ck_assert_int_eq(say(EVAC_CMD_UNFREEZE, "", "", "", 0), EVAC_OK);
    ck_assert_int_eq(say(EVAC_CMD_UNFREEZE, "", "", "", 0), EVAC_E_REFUSED);
}
END_TEST

static int64_t as_words_go(void)
{
    const struct evac_now now = { .boot_ms = world_boot(w), .wall_ms = world_wall(w) };
    return evac_engine_wall_ms(evac_shell_engine(world_shell(w)), &now);
}

static void expect_left(int64_t until_wall_ms)
{
    ck_assert_int_le(until_wall_ms - world_wall(w), DAY_MS);
    ck_assert_int_ge(until_wall_ms - world_wall(w), DAY_MS - 60000);
}

/* Before anybody has noticed that it was set, after that, and behind a crash. */
START_TEST(what_people_said_lasts_as_long_whatever_is_done_to_the_clock)
{
    static const int64_t by_ms[] = { -3 * DAY_MS, 3 * DAY_MS };
    world_run(w, 1000);
    ck_assert_int_eq(say(EVAC_CMD_HOLD, "", "", "a deployment", DAY_MS), EVAC_OK);
    ck_assert_int_eq(say(EVAC_CMD_FREEZE, "", "bob", "the year ends", DAY_MS), EVAC_OK);
    ck_assert_int_eq(say(EVAC_CMD_WAIVE, "drill", "bob", "soon", DAY_MS), EVAC_OK);
    int64_t before = as_words_go();
    world_clock_jump(w, by_ms[_i]);
    ck_assert_int_eq(as_words_go(), before);
    for (int crashed = 0; crashed < 2; crashed++) {
        world_run(w, 2000);
        const struct evac_engine_app *a = world_app(w);
        expect_left(a->hold_until_wall_ms);
        expect_left(a->freezes[EVAC_FREEZE_BY_WORD].until_wall_ms);
        expect_left(a->waivers[EVAC_CONDITION_DRILL].until_wall_ms);
        ck_assert_int_eq(as_words_go(), world_wall(w));
        world_crash(w, 1000);
    }
}
END_TEST

START_TEST(in_a_freeze_people_may_move_an_app_if_they_say_why)
{
    ck_assert_int_eq(say(EVAC_CMD_FREEZE, "", "bob", "the year ends", DAY_MS), EVAC_OK);
    ck_assert_int_eq(begin_with(""), EVAC_OK);
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_PROPOSED); /* it waits */
    story_at(w, "the app is frozen (the year ends)");
    ck_assert_int_ne(world_say(w, EVAC_CMD_OVERRIDE, "", "", 0), EVAC_OK);
    ck_assert_int_eq(world_say(w, EVAC_CMD_OVERRIDE, "", "the vendor shuts us-east-1 tonight", 0),
                     EVAC_OK);
    story_expect_end(w, EVAC_RUN_EXCEPTIONS); /* an override is one */
}
END_TEST

START_TEST(a_calendar_s_freeze_comes_and_goes_and_a_word_does_not_end_it)
{
    struct evac_event event = { .kind = EVAC_EVENT_FREEZE };
    struct evac_freeze_event *f = &event.u.freeze;
    *f = (struct evac_freeze_event){ EVAC_ALL_APPS, INT64_MAX, EVAC_STR("ops"),
                                     EVAC_STR("closing") };
    ck_assert_int_eq(evac_shell_event(world_shell(w), &event, NULL), EVAC_OK);
    ck_assert_int_eq(evac_shell_event(world_shell(w), &event, NULL), EVAC_OK); /* no news */
    ck_assert_uint_eq(count("freeze calendar"), 1);
    ck_assert_int_eq(begin_with(""), EVAC_OK);
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_PROPOSED);
    ck_assert_int_eq(say(EVAC_CMD_UNFREEZE, "", "", "", 0), EVAC_E_REFUSED);
    f->until_wall_ms = 0;
    ck_assert_int_eq(evac_shell_event(world_shell(w), &event, NULL), EVAC_OK);
    ck_assert_uint_eq(count("freeze calendar"), 2); /* and what waited for it begins */
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
}
END_TEST

/* The world begins on 2026-09-21 at 14:13:20 UTC. */
START_TEST(a_freeze_of_the_configuration_holds_in_its_window)
{
    start_over(
        "policy = {=>freezes = ( { from = \"2026-09-21 16:15\"; to = \"2026-09-21 16:20\"; "
        "timezone = \"Europe/Berlin\"; owner = \"ops\"; reason = \"closing\"; } ); policy = {\n");
    world_run(w, 60 * 1000); /* 16:14:20 in Berlin */
    ck_assert_uint_eq(count("freeze calendar"), 0);
    world_run(w, MINUTE_MS);
    ck_assert_msg(count("freeze calendar") == 1, "%s", story(w));
    struct evac_frozen frozen = evac_engine_frozen(evac_shell_engine(world_shell(w)), world_app(w),
                                                   1790000000000 + 2 * MINUTE_MS);
    ck_assert(evac_str_is(frozen.owner, "ops") && evac_str_is(frozen.reason, "closing"));
    world_crash(w, 1000);
    lose_the_active_region();
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_PROPOSED);
    story_at(w, "(ops: closing)");
    world_run(w, 5 * MINUTE_MS);
    ck_assert_uint_eq(count("freeze calendar"), 2); /* it is over, by itself */
}
END_TEST

/* --- again and again
 * ------------------------------------------------------------------------------------ */

/* Automation moved the app once; then the other region dies as well. */
static void act_once_and_lose_the_other(const char *extra, bool acked, uint64_t later_ms)
{
    start_over(extra);
    lose_the_active_region();
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    world_control(w, "region us-east-1 up");
    if (acked)
        ck_assert_int_eq(world_say(w, EVAC_CMD_ACK, "", "", 0), EVAC_OK);
    world_crash(w, 1000); /* what was is known from the journal */
    world_run(w, later_ms);
    world_control(w, "region us-west-2 down");
    world_run(w, 20000);
}

#define SHORT_COOLDOWN                                                                             \
    "dwell = \"3s\"=>dwell = \"3s\"; cooldown = \"2m\"; auto_runs = { day = 2; }\n"

START_TEST(automation_acts_again_after_the_cooldown_and_a_word)
{
    act_once_and_lose_the_other(SHORT_COOLDOWN, true, 3 * MINUTE_MS);
    ck_assert_uint_eq(world_last_run(w), 2);
    ck_assert(world_app(w)->run && evac_run_is_automatic(world_app(w)->run));
    ck_assert_int_eq(world_say(w, EVAC_CMD_STOP, "", "", 0), EVAC_OK);
    story_expect_end(w, EVAC_RUN_HELD);
    ck_assert(world_app(w)->auto_unacked);
}
END_TEST

START_TEST(without_a_word_it_proposes_however_long_ago_it_was)
{
    act_once_and_lose_the_other(SHORT_COOLDOWN, false, 3 * MINUTE_MS);
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_PROPOSED);
    story_at(w, "would act, but: the last automatic run was not acknowledged");
}
END_TEST

START_TEST(with_a_word_and_without_the_cooldown_it_proposes)
{
    act_once_and_lose_the_other(SHORT_COOLDOWN, true, 20000);
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_PROPOSED);
    story_at(w, "would act, but: the cooldown after the last run lasts");
}
END_TEST

START_TEST(the_second_automatic_run_of_a_day_is_proposed)
{
    act_once_and_lose_the_other("dwell = \"3s\"=>dwell = \"3s\"; cooldown = \"2m\"\n", true,
                                3 * MINUTE_MS);
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_PROPOSED);
    story_at(w, "would act, but: automation has begun 1 run of this app in 1d00h");
}
END_TEST

/* Twice it came and went; the third time it must last. */
START_TEST(a_region_that_flaps_must_be_down_for_longer)
{
    start_over(NO_DRILL_WAIVER "dwell = \"3s\"=>dwell = \"60s\"\n"); /* 4m00s, when it flaps */
    world_run(w, 10000);
    for (int i = 0; i < 2; i++) {
        world_control(w, "region us-east-1 down");
        world_run(w, 8000);
        world_control(w, "region us-east-1 up");
        world_run(w, 60000);
    }
    world_crash(w, 1000); /* the verdicts are in the journal */
    world_run(w, 10000);
    world_control(w, "region us-east-1 down");
    world_run(w, 90000);
    ck_assert_msg(!world_app(w)->run, "%s", story(w));
    story_at(w, "down for 0 ms, proposes after 4m00s, because it changed 4 times in 30m00s");
    world_run(w, 170000);
    ck_assert_msg(world_app(w)->run && world_app(w)->run->state == EVAC_RUN_PROPOSED, "%s",
                  story(w));
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("assured");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_armed_plan_is_linted_by_itself);
    tcase_add_test(tc, what_the_lint_said_survives_a_crash);
    tcase_add_test(tc, after_a_run_the_way_back_is_linted);
    tcase_add_test(tc, what_drills_say_is_kept_and_news_only_when_it_changes);
    suite_add_tcase(suite, tc);
    tc = tcase_create("what would act, and may not");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, without_a_good_drill_acting_becomes_a_proposal);
    tcase_add_test(tc, a_good_drill_lets_it_act);
    tcase_add_test(tc, a_drill_of_long_ago_does_not);
    tcase_add_test(tc, a_waiver_by_name_lets_it_act_and_survives_a_crash);
    tcase_add_loop_test(tc, a_waiver_that_was_taken_back_or_is_over_does_not_count, 0, 2);
    tcase_add_test(tc, a_freeze_turns_acting_into_a_proposal_that_says_so);
    tcase_add_loop_test(tc, what_people_said_lasts_as_long_whatever_is_done_to_the_clock, 0, 2);
    tcase_add_test(tc, in_a_freeze_people_may_move_an_app_if_they_say_why);
    tcase_add_test(tc, a_calendar_s_freeze_comes_and_goes_and_a_word_does_not_end_it);
    tcase_add_test(tc, a_freeze_of_the_configuration_holds_in_its_window);
    tcase_add_test(tc, automation_acts_again_after_the_cooldown_and_a_word);
    tcase_add_test(tc, without_a_word_it_proposes_however_long_ago_it_was);
    tcase_add_test(tc, with_a_word_and_without_the_cooldown_it_proposes);
    tcase_add_test(tc, the_second_automatic_run_of_a_day_is_proposed);
    tcase_add_test(tc, a_region_that_flaps_must_be_down_for_longer);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("assurances", cases)
