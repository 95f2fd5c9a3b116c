/* A controller that dies in the middle of an outage and starts again: what its journal says was
 * down needs no grace, and everything else does. */
#include "suite.h"
#include "world.h"

#define SECOND 1000u
#define GRACE  (30 * SECOND)
#define SOON   (12 * SECOND) /* a row of three, a dwell of three seconds, and some */

static struct world *w;

/* Held, so that nothing is moved before it dies. */
static void begin(uint64_t down_for_ms)
{
    w = world_new(&(struct world_options){ .seed = 7, .speed = 10 });
    world_run(w, 40 * SECOND);
    const struct evac_command hold = { .verb = EVAC_CMD_HOLD,
                                       .who = EVAC_STR("ann"),
                                       .reason = EVAC_STR("until it was killed"),
                                       .value = 3600000 };
    ck_assert_int_eq(world_hear(w, &hold), EVAC_OK);
    world_control(w, "region us-east-1 down");
    world_run(w, down_for_ms);
}

static void release(void)
{
    const struct evac_command word = { .verb = EVAC_CMD_RELEASE, .who = EVAC_STR("ann") };
    ck_assert_int_eq(world_hear(w, &word), EVAC_OK);
}

static enum evac_verdict east(void)
{
    return world_app(w)->health.regions[0].verdict;
}

static void end(void)
{
    ck_assert_str_eq(world_broken(w), "");
    world_free(w);
}

START_TEST(what_was_judged_down_needs_no_grace)
{
    begin(10 * SECOND);
    ck_assert_int_eq(east(), EVAC_VERDICT_DOWN);
    world_crash(w, 5 * SECOND);
    world_run(w, 5 * SECOND + 1);
    ck_assert_int_eq(east(), EVAC_VERDICT_UNKNOWN); /* it takes a row all the same */
    release();
    world_run(w, SOON);
    ck_assert_int_eq(east(), EVAC_VERDICT_DOWN);
    ck_assert_uint_ne(world_last_run(w), 0);
    ck_assert(world_run_to_end(w, 600 * SECOND));
    ck_assert_int_eq(world_run_state(w), EVAC_RUN_SUCCEEDED);
    end();
}
END_TEST

START_TEST(what_came_back_meanwhile_is_seen_to_be_back)
{
    begin(10 * SECOND);
    world_control(w, "region us-east-1 up");
    world_crash(w, 5 * SECOND);
    world_run(w, 5 * SECOND + 1);
    release();
    world_run(w, 60 * SECOND);
    ck_assert_int_eq(east(), EVAC_VERDICT_UP);
    ck_assert_uint_eq(world_last_run(w), 0);
    end();
}
END_TEST

/* It was not judged yet; and it was, but too long ago for anybody to know what has begun there. */
START_TEST(what_is_not_known_to_be_down_has_its_grace)
{
    uint64_t away = _i ? 11 * 60 * SECOND : 5 * SECOND;
    begin(_i ? 10 * SECOND : SECOND);
    ck_assert_int_eq(east(), _i ? EVAC_VERDICT_DOWN : EVAC_VERDICT_UP);
    world_crash(w, away);
    world_run(w, away + 1);
    release();
    world_run(w, SOON);
    ck_assert_int_eq(east(), EVAC_VERDICT_UNKNOWN);
    world_run(w, GRACE);
    ck_assert_int_eq(east(), EVAC_VERDICT_DOWN);
    end();
}
END_TEST

/* A region that users were led to while it was down long ago is cold, whatever was said of it. */
START_TEST(where_users_were_led_since_there_is_grace)
{
    begin(10 * SECOND);
    release();
    ck_assert(world_run_to_end(w, 600 * SECOND));
    world_crash(w, 5 * SECOND);
    world_run(w, 5 * SECOND + 1);
    ck_assert_uint_eq(world_app(w)->replay_down, 0);
    end();
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("restart");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, what_was_judged_down_needs_no_grace);
    tcase_add_test(tc, what_came_back_meanwhile_is_seen_to_be_back);
    tcase_add_loop_test(tc, what_is_not_known_to_be_down_has_its_grace, 0, 2);
    tcase_add_test(tc, where_users_were_led_since_there_is_grace);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("restart", add_cases)
