/*
 * The region that was left comes back when nobody expects it, with what it last knew. It is watched
 * until it serves again or a person says that its data are reconciled; nobody goes home before.
 */
#include "story.h"
#include "suite.h"

#include <string.h>

#define MINUTE_MS 60000u

static struct world *shop(void)
{
    struct world_options options = { .seed = 7, .speed = 10 };
    options.app_extra = "automatic = \"act\"=>automatic = \"never\"";
    options.verbose = getenv("EVAC_VERBOSE") != NULL;
    struct world *w = world_new(&options);
    world_run(w, 20000);
    return w;
}

static void fail_over(struct world *w, enum evac_mode mode)
{
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, mode), EVAC_OK);
    ck_assert_msg(world_run_to_end(w, 30 * MINUTE_MS), "%s", story(w));
    story_expect_active(w, "us-west-2");
}

/* The region dies, the app leaves it, and it comes back as it was. */
static struct world *resurrected(void)
{
    struct world *w = shop();
    world_control(w, "region us-east-1 down");
    world_run(w, 10000);
    fail_over(w, EVAC_MODE_UNGRACEFUL);
    world_run(w, 2 * MINUTE_MS);
    ck_assert_int_eq(world_app(w)->old_side.state, EVAC_OLD_SIDE_UNSEEN);
    world_control(w, "region us-east-1 up");
    world_run(w, 5 * MINUTE_MS);
    return w;
}

static const struct evac_old_side *side(struct world *w)
{
    return &world_app(w)->old_side;
}

START_TEST(a_region_that_was_left_as_planned_is_still)
{
    struct world *w = shop();
    ck_assert(!side(w)->watched);
    fail_over(w, EVAC_MODE_GRACEFUL);
    world_run(w, MINUTE_MS);
    ck_assert(side(w)->watched);
    ck_assert_msg(side(w)->state == EVAC_OLD_SIDE_STILL, "%s: %s", side(w)->reason, story(w));
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILBACK, EVAC_MODE_GRACEFUL), EVAC_OK);
    ck_assert_msg(world_run_to_end(w, 30 * MINUTE_MS), "%s", story(w));
    story_expect_active(w, "us-east-1");
    ck_assert_uint_eq(side(w)->region, 1); /* now the other one is watched */
    world_free(w);
}
END_TEST

START_TEST(a_region_that_comes_back_as_it_was_is_told_and_fenced_again)
{
    struct world *w = resurrected();
    ck_assert_msg(side(w)->state == EVAC_OLD_SIDE_ALIVE, "%s", story(w));
    (void)story_at(w, "old_side us-east-1 alive: "); /* whichever of its resources told first */
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FENCE, EVAC_MODE_GRACEFUL), EVAC_OK);
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    world_run(w, 2 * MINUTE_MS);
    ck_assert_msg(side(w)->state == EVAC_OLD_SIDE_STILL, "%s: %s", side(w)->reason, story(w));
    story_expect_active(w, "us-west-2"); /* a fence moves nobody */
    story_expect_writer(w, "us-west-2");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILBACK, EVAC_MODE_GRACEFUL), EVAC_OK);
    ck_assert_msg(world_run_to_end(w, 30 * MINUTE_MS), "%s", story(w));
    story_expect_active(w, "us-east-1");
    world_free(w);
}
END_TEST

START_TEST(nobody_goes_home_to_a_region_that_was_not_seen_since_it_was_left)
{
    struct world *w = shop();
    world_control(w, "region us-east-1 down");
    world_run(w, 10000);
    fail_over(w, EVAC_MODE_UNGRACEFUL);
    world_run(w, MINUTE_MS);
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILBACK, EVAC_MODE_GRACEFUL), EVAC_E_REFUSED);
    ck_assert_int_eq(world_say(w, EVAC_CMD_RECONCILE, "", "", 0), EVAC_E_BADARG);
    ck_assert_int_eq(world_say(w, EVAC_CMD_RECONCILE, "", "its data are given up", 0), EVAC_OK);
    ck_assert(!side(w)->watched);
    ck_assert_int_eq(world_say(w, EVAC_CMD_RECONCILE, "", "again", 0), EVAC_E_REFUSED);
    world_control(w, "region us-east-1 up");
    world_run(w, 5 * MINUTE_MS);
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILBACK, EVAC_MODE_GRACEFUL), EVAC_OK);
    world_free(w);
}
END_TEST

START_TEST(a_fence_needs_a_region_that_was_left)
{
    struct world *w = shop();
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FENCE, EVAC_MODE_GRACEFUL), EVAC_E_REFUSED);
    story_expect_writer(w, "us-east-1");
    world_free(w);
}
END_TEST

/* Whatever is known of the old side is in the journal. */
START_TEST(a_controller_that_dies_goes_on_watching)
{
    struct world *w = resurrected();
    enum evac_old_side_state state = side(w)->state;
    uint64_t run = side(w)->run;
    world_crash(w, 5000);
    world_run(w, 6000);
    ck_assert(side(w)->watched);
    ck_assert_int_eq(side(w)->state, state);
    ck_assert_uint_eq(side(w)->run, run);
    ck_assert_uint_eq(side(w)->region, 0);
    world_run(w, 3 * MINUTE_MS);
    ck_assert_int_eq(side(w)->state, state);
    world_free(w);
}
END_TEST

START_TEST(a_real_failover_goes_before_a_fence)
{
    struct world *w = resurrected();
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FENCE, EVAC_MODE_GRACEFUL), EVAC_OK);
    world_run(w, 100);
    world_control(w, "region us-west-2 down");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL), EVAC_OK);
    (void)story_at(w, "running -> stopping on hold: a real run begins");
    world_run(w, MINUTE_MS);
    (void)story_at(w, "settling -> held on settled-held");
    ck_assert_ptr_null(world_app(w)->rehearsal);
    ck_assert_str_eq(world_broken(w), "");
    world_free(w);
}
END_TEST

/* Anything alive counts, silence is no stillness. */
START_TEST(what_the_looks_add_up_to)
{
    for (unsigned cell = 0; cell < 27; cell++) {
        struct evac_old_side s = { .watched = true };
        bool alive = false, silent = false;
        for (unsigned i = 0, rest = cell; i < 3; i++, rest /= 3) {
            s.still |= rest % 3 == 1 ? 1u << i : 0;
            s.alive |= rest % 3 == 2 ? 1u << i : 0;
            alive = alive || rest % 3 == 2;
            silent = silent || rest % 3 == 0;
        }
        ck_assert_int_eq(evac_old_side_sum(&s, 7), alive    ? EVAC_OLD_SIDE_ALIVE
                                                   : silent ? EVAC_OLD_SIDE_UNSEEN
                                                            : EVAC_OLD_SIDE_STILL);
    }
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("old side");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_region_that_was_left_as_planned_is_still);
    tcase_add_test(tc, a_region_that_comes_back_as_it_was_is_told_and_fenced_again);
    tcase_add_test(tc, nobody_goes_home_to_a_region_that_was_not_seen_since_it_was_left);
    tcase_add_test(tc, a_fence_needs_a_region_that_was_left);
    tcase_add_test(tc, a_controller_that_dies_goes_on_watching);
    tcase_add_test(tc, a_real_failover_goes_before_a_fence);
    tcase_add_test(tc, what_the_looks_add_up_to);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("the region that was left", cases)
