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
    world_run(w, 90 * MINUTE_MS); /* looked at again, and no news */
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
    ck_assert(!drill->known);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(say_drill(1, false, 120, "the last good drill is 120 days ago"), EVAC_OK);
    ck_assert_uint_eq(count("assurance drill"), 1);
    ck_assert_int_eq(say_drill(2, true, 0, ""), EVAC_OK); /* no such region: dropped */
    ck_assert_uint_eq(count("assurance drill"), 1);
    world_crash(w, 1000);
    world_run(w, 2000);
    drill = &world_app(w)->assurance[EVAC_ASSURANCE_DRILL][1];
    ck_assert(drill->known && !drill->ok);
    ck_assert_int_eq(drill->number, 120);
    ck_assert_str_eq(drill->text, "the last good drill is 120 days ago");
    ck_assert_int_eq(say_drill(1, true, 0, ""), EVAC_OK);
    ck_assert_uint_eq(count("assurance drill"), 2);
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
}

EVAC_TEST_MAIN("assurances", cases)
