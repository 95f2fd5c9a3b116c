/* What has happened, decided again: a cut of 43 seconds, a region that flaps, an outage that a
 * person answered late. */
#include "replay.h"
#include "store_memory.h"
#include "suite.h"

#include <cjson/cJSON.h>
#include <string.h>

#define T0 1790000000000

static struct evac_app app;
static struct evac_str regions[2];
static struct evac_model model;
static struct evac_store *store;
static uint64_t seq;
static cJSON *answer;

static void put(struct evac_record r, int64_t at_s)
{
    r.seq = ++seq;
    r.app = EVAC_STR("shop");
    r.t_wall_ms = T0 + at_s * 1000;
    r.t_boot_ms = 5000 + (uint64_t)at_s * 1000;
    ck_assert_int_eq(store->vt->append(store, &r, 1, NULL), EVAC_OK);
}

static void verdict(const char *region, const char *is, int64_t at_s)
{
    put((struct evac_record){ .kind = EVAC_RECORD_VERDICT,
                              .name = evac_str(region),
                              .to = evac_str(is),
                              .text = EVAC_STR("web: 3 failures in a row") },
        at_s);
}

static void setup(void)
{
    regions[0] = EVAC_STR("us-east-1");
    regions[1] = EVAC_STR("us-west-2");
    app = (struct evac_app){ .name = EVAC_STR("shop"),
                             .regions = regions,
                             .region_count = 2,
                             .rto_ms = 900000,
                             .automatic = EVAC_POLICY_PROPOSE,
                             .strategy = EVAC_STRATEGY_WARM_STANDBY,
                             .dwell_ms = 60000,
                             .cooldown_ms = 1800000 };
    model = (struct evac_model){ .apps = &app, .app_count = 1 };
    model.controller.auto_runs_max = 3;
    store = evac_store_new_memory("n", "b");
    seq = 0;
    verdict("us-east-1", "up", 0);
    verdict("us-west-2", "up", 0);
}

static void teardown(void)
{
    cJSON_Delete(answer);
    answer = NULL;
    evac_store_close(store);
}

static const cJSON *replay(struct evac_replay_request q)
{
    struct evac_replay *r;
    struct evac_buf json;
    struct evac_jw w = { &json, false };
    struct evac_err err = { EVAC_OK, "" };
    q.model = &model;
    q.store = store;
    ck_assert_msg(evac_replay_new(&q, &r, &err) == EVAC_OK, "%s", err.text);
    while (evac_replay_step(r))
        ;
    ck_assert_int_eq(evac_replay_failed(r, &err), EVAC_OK);
    evac_buf_init(&json, 1u << 20);
    evac_replay_to_json(r, &w);
    cJSON_Delete(answer);
    answer = cJSON_ParseWithLength(json.p, json.n);
    evac_buf_done(&json);
    evac_replay_free(r);
    return cJSON_GetObjectItemCaseSensitive(answer, "outages");
}

static const cJSON *of(const cJSON *outages, int i, const char *part, const char *key)
{
    const cJSON *o = cJSON_GetArrayItem(outages, i);
    const cJSON *inner = part ? cJSON_GetObjectItemCaseSensitive(o, part) : o;
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(inner, key);
    ck_assert_msg(item != NULL, "no %s.%s", part ? part : "", key);
    return item;
}

static void expect_done(const cJSON *outages, int i, const char *what, int64_t at_s)
{
    ck_assert_str_eq(of(outages, i, "would_have", "done")->valuestring, what);
    if (at_s >= 0)
        ck_assert_double_eq(of(outages, i, "would_have", "at_ms")->valuedouble,
                            (double)(T0 + at_s * 1000));
}

/* GitHub, October 2018: 43 seconds without the region, and a failover that cost a day. */
static void cut_of_43_seconds(void)
{
    verdict("us-east-1", "down", 600);
    verdict("us-east-1", "up", 643);
    verdict("us-west-2", "up", 3600);
}

START_TEST(a_cut_of_43_seconds_moves_nothing)
{
    cut_of_43_seconds();
    const cJSON *o = replay((struct evac_replay_request){ .run = 0 });
    ck_assert_int_eq(cJSON_GetArraySize(o), 1);
    expect_done(o, 0, "nothing", -1);
    ck_assert_double_eq(of(o, 0, NULL, "lasted_ms")->valuedouble, 43000);
    const char *why = of(o, 0, "would_have", "blocked_by")->valuestring;
    ck_assert_msg(strstr(why, "proposes after 1m00s") != NULL, "%s", why);
    ck_assert(cJSON_IsNull(of(o, 0, NULL, "really")));
}
END_TEST

START_TEST(with_half_the_dwell_it_would_have_moved)
{
    cut_of_43_seconds();
    const cJSON *o = replay((struct evac_replay_request){ .dwell_given = true, .dwell_ms = 30000 });
    expect_done(o, 0, "propose", 630); /* by time alone: no row stands there */
    ck_assert_str_eq(of(o, 0, "would_have", "to")->valuestring, "us-west-2");
}
END_TEST

START_TEST(a_region_that_flaps_never_stays_down_for_long_enough)
{
    for (int64_t i = 0; i < 20; i++) {
        verdict("us-east-1", "down", 600 + i * 60);
        verdict("us-east-1", "up", 645 + i * 60);
    }
    const cJSON *o = replay((struct evac_replay_request){ .run = 0 });
    ck_assert_int_eq(cJSON_GetArraySize(o), 20);
    for (int i = 0; i < 20; i++)
        expect_done(o, i, "nothing", -1);
}
END_TEST

START_TEST(a_standby_that_is_down_blocks_and_is_named)
{
    verdict("us-west-2", "down", 500);
    verdict("us-east-1", "down", 600);
    verdict("us-west-2", "up", 900);
    const cJSON *o = replay((struct evac_replay_request){ .to_ms = T0 + 850000 });
    expect_done(o, 0, "nothing", -1);
    const char *why = of(o, 0, "would_have", "blocked_by")->valuestring;
    ck_assert_msg(strstr(why, "us-west-2") != NULL, "%s", why);
    expect_done(replay((struct evac_replay_request){ .run = 0 }), 0, "propose", 900);
}
END_TEST

START_TEST(the_policy_never_does_nothing_and_says_why)
{
    verdict("us-east-1", "down", 600);
    verdict("us-west-2", "up", 3000);
    const cJSON *o =
        replay((struct evac_replay_request){ .policy_given = true, .policy = EVAC_POLICY_NEVER });
    expect_done(o, 0, "nothing", -1);
    ck_assert(strstr(of(o, 0, "would_have", "blocked_by")->valuestring, "never") != NULL);
}
END_TEST

/* A person began it twenty minutes later; what the policy would have done stands beside it. */
static void late_person(void)
{
    verdict("us-east-1", "down", 600);
    put((struct evac_record){ .kind = EVAC_RECORD_ADMIT,
                              .run = 1,
                              .step = EVAC_NO_STEP,
                              .name = EVAC_STR("failover"),
                              .from = EVAC_STR("us-east-1"),
                              .to = EVAC_STR("us-west-2"),
                              .who = EVAC_STR("ann") },
        1800);
    put((struct evac_record){ .kind = EVAC_RECORD_INSTANT,
                              .run = 1,
                              .step = EVAC_NO_STEP,
                              .name = EVAC_STR("started"),
                              .number = T0 + 1800000 },
        1800);
    put((struct evac_record){ .kind = EVAC_RECORD_INSTANT,
                              .run = 1,
                              .step = EVAC_NO_STEP,
                              .name = EVAC_STR("recovered"),
                              .number = T0 + 2100000 },
        2100);
    put((struct evac_record){ .kind = EVAC_RECORD_TERMINAL,
                              .run = 1,
                              .step = EVAC_NO_STEP,
                              .to = EVAC_STR("succeeded") },
        2160);
}

START_TEST(what_was_done_stands_beside_what_would_have_been)
{
    late_person();
    const cJSON *o = replay((struct evac_replay_request){ .run = 1 });
    expect_done(o, 0, "propose", 660);
    ck_assert_str_eq(of(o, 0, "really", "who")->valuestring, "ann");
    ck_assert_str_eq(of(o, 0, "really", "result")->valuestring, "succeeded");
    ck_assert_double_eq(of(o, 0, "really", "rto_ms")->valuedouble, 1500000);
}
END_TEST

START_TEST(a_hold_of_that_time_holds_in_the_replay_too)
{
    put((struct evac_record){ .kind = EVAC_RECORD_HOLD,
                              .number = T0 + 1200000,
                              .text = EVAC_STR("maintenance") },
        300);
    verdict("us-east-1", "down", 600);
    verdict("us-west-2", "up", 1300);
    expect_done(replay((struct evac_replay_request){ .run = 0 }), 0, "propose", 1300);
}
END_TEST

START_TEST(after_the_move_the_region_that_was_left_is_no_outage)
{
    late_person();
    verdict("us-east-1", "up", 4000);
    verdict("us-east-1", "down", 5000);
    const cJSON *o = replay((struct evac_replay_request){ .run = 0 });
    ck_assert_int_eq(cJSON_GetArraySize(o), 1);
}
END_TEST

START_TEST(what_is_asked_wrongly_is_said)
{
    struct evac_replay *r;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_replay_request q = { .model = &model, .store = store, .run = 9 };
    ck_assert_int_eq(evac_replay_new(&q, &r, &err), EVAC_E_NOTFOUND);
    ck_assert_str_eq(err.text, "the journal has no run 9");
    q = (struct evac_replay_request){ .model = &model, .store = store, .app = EVAC_STR("bank") };
    ck_assert_int_eq(evac_replay_new(&q, &r, &err), EVAC_E_NOTFOUND);
    q = (struct evac_replay_request){
        .model = &model, .store = store, .from_ms = T0 + 10, .to_ms = T0
    };
    ck_assert_int_eq(evac_replay_new(&q, &r, &err), EVAC_E_BADARG);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("replay");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_cut_of_43_seconds_moves_nothing);
    tcase_add_test(tc, with_half_the_dwell_it_would_have_moved);
    tcase_add_test(tc, a_region_that_flaps_never_stays_down_for_long_enough);
    tcase_add_test(tc, a_standby_that_is_down_blocks_and_is_named);
    tcase_add_test(tc, the_policy_never_does_nothing_and_says_why);
    tcase_add_test(tc, what_was_done_stands_beside_what_would_have_been);
    tcase_add_test(tc, a_hold_of_that_time_holds_in_the_replay_too);
    tcase_add_test(tc, after_the_move_the_region_that_was_left_is_no_outage);
    tcase_add_test(tc, what_is_asked_wrongly_is_said);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("replay", add_cases)
