/* People told, in virtual time: the whole product, a receiver whose answers get lost, and a
 * controller that is killed again and again. */
#include "suite.h"
#include "world.h"

#include <stdio.h>
#include <string.h>

#define HOOK                                                                                       \
    "gather = \"0\"; channels = ( { name = \"hook\"; type = \"webhook\"; url = "                   \
    "\"https://pager.example.com/\"; secret = \"/run/hook.key\"; } ); routes = ( { severity = "    \
    "\"info\"; to = ( \"hook\" ); } );"
#define KILLS 4 /* of five in a short while it would only look (R14) */

static struct world *begin(uint64_t seed, const struct world_faults *faults)
{
    const struct world_options options = {
        .seed = seed, .speed = 20, .notify = HOOK, .faults = *faults
    };
    struct world *w = world_new(&options);
    world_run(w, 20000);
    world_control(w, "region us-east-1 down");
    return w;
}

static bool was_told(const struct world *w, const char *key, const char *state)
{
    const struct world_letter *l;
    size_t n = world_letters(w, &l);
    for (size_t i = 0; i < n; i++)
        if (strcmp(l[i].key, key) == 0 && strcmp(l[i].state, state) == 0)
            return true;
    return false;
}

/* Letters whose id had come before; each says that it may be. */
static unsigned repeats(const struct world *w)
{
    const struct world_letter *l;
    size_t n = world_letters(w, &l);
    unsigned count = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(l[i].id, l[k].id) == 0) {
                ck_assert_msg(l[i].maybe, "%s comes again and does not say so", l[i].key);
                count++;
                break;
            }
    return count;
}

static unsigned rows_that_warn(const struct world *w)
{
    unsigned n = 0;
    for (const char *at = world_trace(w); (at = strstr(at, "may be a repeat")) != NULL; at++)
        n++;
    return n;
}

static void check_all_told(struct world *w)
{
    world_run(w, 90000);
    ck_assert_str_eq(world_broken(w), "");
    ck_assert(was_told(w, "shop/health/us-east-1", "trigger"));
    ck_assert(was_told(w, "shop/run/1", "trigger"));
    ck_assert(was_told(w, "shop/run/1", "resolve"));
    ck_assert_uint_le(repeats(w), rows_that_warn(w));
}

START_TEST(people_are_told_once_and_in_order)
{
    const struct world_faults none = { .not_sent = 0 };
    const struct world_letter *l;
    struct world *w = begin(1, &none);
    ck_assert(world_run_to_end(w, 600000));
    check_all_told(w);
    size_t n = world_letters(w, &l);
    bool begun = false;
    for (size_t i = 0; i < n; i++) {
        bool run = strcmp(l[i].key, "shop/run/1") == 0;
        begun = begun || (run && strcmp(l[i].state, "trigger") == 0);
        ck_assert(!run || begun);
        ck_assert(!l[i].maybe);
    }
    ck_assert_uint_eq(repeats(w), 0);
    world_free(w);
}
END_TEST

START_TEST(what_is_lost_on_the_way_comes_again_and_says_that_it_may_have)
{
    const struct world_faults faults = { .not_sent = 300, .lost_before = 800, .lost_after = 1500 };
    unsigned warned = 0;
    for (uint64_t seed = 2; seed <= 3; seed++) {
        struct world *w = begin(seed, &faults);
        (void)world_run_to_end(w, 900000);
        check_all_told(w);
        warned += rows_that_warn(w);
        world_free(w);
    }
    ck_assert_uint_gt(warned, 0);
}
END_TEST

/* Killed whenever so many more rows are there. */
START_TEST(a_controller_that_is_killed_again_and_again_tells_all_of_it)
{
    const struct world_faults none = { .not_sent = 0 };
    struct world *w = begin(7 + (uint64_t)_i, &none);
    for (int kill = 0; kill < KILLS; kill++) {
        uint64_t rows =
            world_store(w)->vt->last_seq(world_store(w)) + 3 + (uint64_t)(_i + kill) % 5;
        for (int i = 0; i < 60 && world_store(w)->vt->last_seq(world_store(w)) < rows; i++)
            world_run(w, 25);
        world_crash(w, 300);
    }
    (void)world_run_to_end(w, 900000);
    check_all_told(w);
    world_free(w);
}
END_TEST

/* What no row says: a run that takes too long, a question that is about to close. */
START_TEST(time_that_runs_out_is_told_once)
{
    const struct world_options options = { .seed = 5,
                                           .speed = 20,
                                           .notify = HOOK,
                                           .app_extra =
                                               "automatic = \"act\"=>automatic = \"propose\"\n" };
    struct world *w = world_new(&options);
    world_run(w, 20000);
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    world_run(w, 200);
    ck_assert_int_eq(world_say(w, EVAC_CMD_PAUSE, "", "a look", 0), EVAC_OK);
    world_run(w, 200000);
    ck_assert(!was_told(w, "shop/run/1/slow", "trigger"));
    world_run(w, 100000); /* the objective is two minutes */
    ck_assert(was_told(w, "shop/run/1/slow", "trigger"));
    ck_assert_int_eq(world_say(w, EVAC_CMD_STOP, "", "enough", 0), EVAC_OK);
    ck_assert(world_run_to_end(w, 300000));
    world_run(w, 5000);
    ck_assert(was_told(w, "shop/run/1/slow", "resolve"));
    ck_assert(was_told(w, "shop/over", "trigger"));
    world_free(w);
}
END_TEST

START_TEST(a_question_that_is_about_to_close_is_told_of_once_more)
{
    const struct world_options options = { .seed = 6,
                                           .speed = 20,
                                           .notify = HOOK,
                                           .app_extra =
                                               "automatic = \"act\"=>automatic = \"propose\"\n" };
    struct world *w = world_new(&options);
    world_run(w, 20000);
    world_control(w, "region us-east-1 down");
    world_run(w, 60000);
    ck_assert(was_told(w, "shop/run/1/ask", "trigger"));
    ck_assert(!was_told(w, "shop/run/1/ask/last-call", "trigger"));
    world_run(w, 810000);
    ck_assert(was_told(w, "shop/run/1/ask/last-call", "trigger"));
    ck_assert_uint_eq(repeats(w), 0);
    world_free(w);
}
END_TEST

/* By a topic in each region; the first of them is the one that goes. */
#define TOPICS                                                                                     \
    "gather = \"0\"; channels = ( { name = \"topic\"; type = \"sns\"; regions = ( \"us-east-1\", " \
    "\"us-west-2\" ); with = { topic = \"arn:aws:sns:{region}:123456789012:oncall\"; }; }, { "     \
    "name "                                                                                        \
    "= \"bus\"; type = \"events\"; regions = ( \"us-east-1\", \"us-west-2\" ); } ); routes = ( { " \
    "severity = \"info\"; to = ( \"topic\", \"bus\" ); } );"

START_TEST(who_is_told_by_a_cloud_is_told_from_the_region_that_is_left_standing)
{
    const struct world_options options = { .seed = 3, .speed = 20, .notify = TOPICS };
    struct world *w = world_new(&options);
    world_control(w, "make sns us-east-1 {\"kind\":\"topic\",\"name\":\"oncall\"}");
    world_control(w, "make sns us-west-2 {\"kind\":\"topic\",\"name\":\"oncall\"}");
    world_run(w, 20000);
    world_control(w, "region us-east-1 down");
    ck_assert(world_run_to_end(w, 600000));
    world_run(w, 60000);
    ck_assert_str_eq(world_broken(w), "");
    ck_assert(world_traced(w, "notice topic trying -> sent on accepted"));
    ck_assert(world_traced(w, "notice bus trying -> sent on accepted"));
    ck_assert_msg(strstr(world_truth(w), "run 1 has begun") || strstr(world_truth(w), "(run 1)"),
                  "%s", world_truth(w));
    ck_assert(strstr(world_truth(w), "evac run") != NULL); /* the event's detail-type */
    world_free(w);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("told");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, people_are_told_once_and_in_order);
    tcase_add_test(tc, what_is_lost_on_the_way_comes_again_and_says_that_it_may_have);
    tcase_add_loop_test(tc, a_controller_that_is_killed_again_and_again_tells_all_of_it, 0, 6);
    tcase_add_test(tc, time_that_runs_out_is_told_once);
    tcase_add_test(tc, a_question_that_is_about_to_close_is_told_of_once_more);
    tcase_add_test(tc, who_is_told_by_a_cloud_is_told_from_the_region_that_is_left_standing);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("told", add_cases)
