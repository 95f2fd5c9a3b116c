/*
 * A shop with pods on a cluster and indices on a search domain of each region, in virtual time:
 * replies are lost, requests come late, slow or not at all, from a seed. Whatever happens, the run
 * ends, and what it says is so; what is late is refused by the servers themselves.
 */
#include "story.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000u
#define SEEDS     24
#define BESIDE                                                                                     \
    "go     = { type = \"s3-go\"=>pods = { type = \"kubernetes\"; cluster = \"shop\"; "            \
    "deployments = ( \"pods\", \"jobs\" ); hpa = ( \"pods\" ); cronjobs = ( \"nightly\" ); "       \
    "count = { active = 3; standby = 1; }; }; "                                                    \
    "search = { type = \"opensearch\"; domain = \"logs\"; indices = ( \"orders\", \"items\" ); "   \
    "}; go     = { type = \"s3-go\"\nautomatic = \"act\"=>automatic = \"never\""

static void make_cluster(struct world *w, const char *region, int count, const char *suspended)
{
    static const char *const names[] = { "pods", "jobs" };
    world_control(w, "make eks %s {\"kind\":\"cluster\",\"name\":\"shop\"}", region);
    for (size_t i = 0; i < 2; i++)
        world_control(w,
                      "make kubernetes %s {\"kind\":\"deployment\",\"name\":\"shop/default/%s\","
                      "\"spec\":{\"replicas\":%d}}",
                      region, names[i], count);
    world_control(w,
                  "make kubernetes %s {\"kind\":\"hpa\",\"name\":\"shop/default/pods\",\"spec\":"
                  "{\"minReplicas\":%d}}",
                  region, count);
    world_control(w,
                  "make kubernetes %s {\"kind\":\"cronjob\",\"name\":\"shop/default/nightly\","
                  "\"spec\":{\"suspend\":%s}}",
                  region, suspended);
}

static void make_search(struct world *w, int rate)
{
    static const char *const names[] = { "orders", "items" };
    world_control(w, "make opensearch us-east-1 {\"kind\":\"domain\",\"name\":\"logs\"}");
    world_control(w, "make opensearch us-west-2 {\"kind\":\"domain\",\"name\":\"logs\"}");
    world_control(w, "make opensearch us-west-2 {\"kind\":\"connection\",\"name\":\"to-east\","
                     "\"local\":\"logs\",\"remote\":\"logs\",\"region\":\"us-east-1\"}");
    for (size_t i = 0; i < 2; i++) {
        world_control(w,
                      "make opensearch us-east-1 {\"kind\":\"index\",\"name\":\"logs/%s\","
                      "\"rate\":%d,\"checkpoint\":100}",
                      names[i], rate);
        world_control(w,
                      "make opensearch us-west-2 {\"kind\":\"index\",\"name\":\"logs/%s\","
                      "\"follows\":\"to-east\"}",
                      names[i]);
    }
}

static struct world *shop(uint64_t seed, int rate)
{
    struct world_options options = { .seed = seed, .speed = 10, .app_extra = BESIDE };
    options.verbose = getenv("EVAC_VERBOSE") != NULL;
    struct world *w = world_new(&options);
    make_cluster(w, "us-east-1", 3, "false");
    make_cluster(w, "us-west-2", 1, "true");
    make_search(w, rate);
    world_run(w, 20000);
    return w;
}

/* How often a text is in the truth. */
static unsigned times(struct world *w, const char *part)
{
    unsigned n = 0;
    for (const char *p = strstr(world_truth(w), part); p; p = strstr(p + 1, part))
        n++;
    return n;
}

/* Whether what stands in the west under that kind and name has that part. */
static bool west_has(struct world *w, const char *kind, const char *name, const char *part)
{
    char head[128];
    (void)snprintf(head, sizeof head, "{\"region\":\"us-west-2\",\"kind\":\"%s\",\"name\":\"%s\"",
                   kind, name);
    const char *from = strstr(world_truth(w), head);
    const char *to = from ? strstr(from + 1, "{\"region\":") : NULL;
    const char *found = from ? strstr(from, part) : NULL;
    return found && (!to || found < to);
}

static void expect_pods(struct world *w, const char *ready, const char *least)
{
    ck_assert_msg(west_has(w, "deployment", "shop/default/pods", ready), "%s", story(w));
    ck_assert_msg(west_has(w, "deployment", "shop/default/jobs", ready), "%s", story(w));
    ck_assert_msg(west_has(w, "hpa", "shop/default/pods", least), "%s", story(w));
}

static void expect_moved(struct world *w)
{
    world_run(w, MINUTE_MS);
    expect_pods(w, "\"readyReplicas\":3,", "\"minReplicas\":3,");
    ck_assert_msg(west_has(w, "cronjob", "shop/default/nightly", "\"suspend\":false"), "%s",
                  story(w));
    ck_assert_msg(times(w, "\"follows\":") == 0, "%s", story(w));
    ck_assert_str_eq(world_broken(w), "");
}

static void trouble(struct world *w)
{
    const struct world_faults faults = { .not_sent = 200,
                                         .lost_before = 200,
                                         .lost_after = 300,
                                         .late = 200,
                                         .slow = 300,
                                         .late_max_ms = 30000 };
    world_set_faults(w, &faults);
}

static bool moved(enum evac_run_state end)
{
    return end == EVAC_RUN_SUCCEEDED || end == EVAC_RUN_EXCEPTIONS;
}

/* It ends; held only where so much failed that a person must look. */
static bool goes_through(struct world *w)
{
    ck_assert_msg(world_run_to_end(w, 120 * MINUTE_MS), "%s", story(w));
    if (world_run_state(w) == EVAC_RUN_HELD)
        return false;
    ck_assert_msg(moved(world_run_state(w)), "%s", story(w));
    return true;
}

START_TEST(a_lost_region_is_left_whatever_becomes_of_requests)
{
    struct world *w = shop((uint64_t)_i + 1, 20);
    world_control(w, "region us-east-1 down");
    trouble(w);
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL), EVAC_OK);
    if (goes_through(w))
        expect_moved(w);
    ck_assert_msg(!*world_broken(w), "seed %d: %s", _i + 1, world_broken(w));
    world_free(w);
}
END_TEST

START_TEST(a_switchover_loses_nothing_whatever_becomes_of_requests)
{
    struct world *w = shop((uint64_t)_i + 101, 0);
    trouble(w);
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), EVAC_OK);
    if (goes_through(w)) {
        expect_moved(w);
        ck_assert_msg(times(w, "\"lost\":0") == 2, "%s", story(w));
    }
    ck_assert_msg(!*world_broken(w), "seed %d: %s", _i + 101, world_broken(w));
    world_free(w);
}
END_TEST

START_TEST(a_drill_puts_pods_back_and_stops_nothing)
{
    struct world *w = shop((uint64_t)_i + 201, 20);
    trouble(w);
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_DRILL, EVAC_MODE_GRACEFUL), EVAC_OK);
    if (goes_through(w)) {
        world_run(w, MINUTE_MS);
        expect_pods(w, "\"readyReplicas\":1,", "\"minReplicas\":1,");
    }
    ck_assert_msg(times(w, "\"follows\":\"to-east\"") == 2, "%s", story(w));
    ck_assert_msg(!*world_broken(w), "seed %d: %s", _i + 201, world_broken(w));
    world_free(w);
}
END_TEST

START_TEST(without_trouble_all_of_it_succeeds)
{
    static const enum evac_mode modes[] = { EVAC_MODE_UNGRACEFUL, EVAC_MODE_GRACEFUL };
    struct world *w = shop(7, 0);
    if (_i == 0)
        world_control(w, "region us-east-1 down");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, modes[_i]), EVAC_OK);
    ck_assert(goes_through(w));
    expect_moved(w);
    world_free(w);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("servers");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, without_trouble_all_of_it_succeeds, 0, 2);
    tcase_add_loop_test(tc, a_lost_region_is_left_whatever_becomes_of_requests, 0, SEEDS);
    tcase_add_loop_test(tc, a_switchover_loses_nothing_whatever_becomes_of_requests, 0, SEEDS);
    tcase_add_loop_test(tc, a_drill_puts_pods_back_and_stops_nothing, 0, SEEDS);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("servers", cases)
