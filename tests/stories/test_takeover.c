/*
 * Three controllers share a journal, and the one that leads dies in the hour that it is for: what
 * the next one knows, and how soon it does what is to be done. Through everything but the network.
 */
#include "story.h"
#include "suite.h"
#include "world_many.h"

#include <stdio.h>
#include <string.h>

#define SECOND_MS 1000u
#define GRACE_MS  30000u /* health.grace, as it is delivered */

static struct world *w;

/* The one that leads stands in the region that will die: the two others see that, and are enough.
 * The seed is the first under which it does. */
static void setup(void)
{
    struct world_options options = { .seed = 11, .speed = 10, .controllers = 3 };
    options.verbose = getenv("EVAC_VERBOSE") != NULL;
    w = world_new(&options);
    while (world_run(w, 5 * SECOND_MS), world_leads(w) != 0) {
        world_free(w);
        ck_assert_uint_lt(++options.seed, 60);
        w = world_new(&options);
    }
    world_run(w, 85 * SECOND_MS); /* all have seen it up, and measured */
    ck_assert_uint_eq(world_leads(w), 0);
}

static void teardown(void)
{
    ck_assert_msg(world_broken(w)[0] == '\0', "%s", world_broken(w));
    world_free(w);
}

/* Until another one leads; when that was, by the world's clock. */
static uint64_t takes_over(unsigned from)
{
    uint64_t begun = world_now(w);
    while ((world_leads(w) == 3 || world_leads(w) == from) && world_now(w) < begun + 60 * SECOND_MS)
        world_run(w, 100);
    ck_assert_uint_lt(world_leads(w), 3);
    ck_assert_uint_ne(world_leads(w), from);
    ck_assert_uint_le(world_now(w) - begun, world_takeover_ms(w) + 200);
    return world_now(w);
}

static uint64_t runs_after(uint64_t from_ms)
{
    while (world_last_run(w) == 0 && world_now(w) < from_ms + 120 * SECOND_MS)
        world_run(w, 100);
    ck_assert_uint_gt(world_last_run(w), 0);
    return world_now(w) - from_ms;
}

/* The region dies, and the leader some time before or after: whoever takes over has seen what there
 * was to see, and has no grace of its own. */
START_TEST(who_takes_over_in_an_outage_does_not_wait_for_a_grace)
{
    static const struct {
        uint32_t region_ms, leader_ms;
    } orders[] = { { 0, 0 }, { 0, 2000 }, { 2000, 0 }, { 0, 4000 } };
    unsigned leader = world_leads(w);
    uint32_t first =
        orders[_i].region_ms < orders[_i].leader_ms ? orders[_i].region_ms : orders[_i].leader_ms;
    for (uint32_t ms = first; ms <= 4000; ms += 500) {
        if (ms == orders[_i].region_ms)
            world_control(w, "region us-east-1 down");
        if (ms == orders[_i].leader_ms)
            world_node_crash(w, leader, 10 * 60 * SECOND_MS);
        if (ms >= orders[_i].region_ms && ms >= orders[_i].leader_ms)
            break;
        world_run(w, 500);
    }
    uint64_t took = runs_after(takes_over(leader));
    if (getenv("EVAC_VERBOSE"))
        fprintf(stderr, "begun after %llu ms\n", (unsigned long long)took);
    ck_assert_msg(took < GRACE_MS / 2, "it took %llu ms to begin:\n%s", (unsigned long long)took,
                  story(w));
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    story_expect_active(w, "us-west-2");
}
END_TEST

static const struct evac_engine_app *shop_of_leader(void)
{
    return &evac_shell_engine(world_shell(w))->apps[0];
}

static int64_t loss_now(void)
{
    const struct evac_now now = { .boot_ms = 0, .wall_ms = world_wall(w) };
    return evac_engine_loss(shop_of_leader(), &now);
}

#define KNOWN_WITHIN_MS 5000u

/* A follower measures nothing. Who begins to lead does not know yet what would be lost, says so,
 * and soon knows. */
START_TEST(what_would_be_lost_is_known_again_soon_after_a_takeover)
{
    unsigned leader = world_leads(w);
    ck_assert_int_ge(loss_now(), 0);
    ck_assert_int_ne(loss_now(), EVAC_LOSS_UNKNOWN);
    world_node_crash(w, leader, 10 * 60 * SECOND_MS);
    uint64_t since = takes_over(leader);
    while (loss_now() == EVAC_LOSS_UNKNOWN && world_now(w) < since + 60 * SECOND_MS)
        world_run(w, 100);
    ck_assert_int_ge(loss_now(), 0);
    ck_assert_int_lt(loss_now(), 30000);
    if (getenv("EVAC_VERBOSE"))
        fprintf(stderr, "known after %llu ms\n", (unsigned long long)(world_now(w) - since));
    ck_assert_uint_le(world_now(w) - since, KNOWN_WITHIN_MS);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("takeover");
    tcase_set_timeout(tc, 240);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, who_takes_over_in_an_outage_does_not_wait_for_a_grace, 0, 4);
    tcase_add_test(tc, what_would_be_lost_is_known_again_soon_after_a_takeover);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("takeover", cases)
