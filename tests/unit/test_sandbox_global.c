/* Global clusters of all three engines, their instances and capacity, before the model. */
#include "aws_pack.h"
#include "sandbox_bench.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define WAY(mode) "region=us-west-2\nfrom=us-east-1\nto=us-west-2\nmode=" mode "\n"
#define DB(id)                                                                                     \
    "global_cluster=" id "\nclusters.us-east-1=" id "-use1\nclusters.us-west-2=" id                \
    "-usw2\nmetric_period=1s\nclass=db.r6g.large\n"
#define SERVERLESS DB("books") WAY("graceful")

static const struct {
    const char *driver, *engine, *graceful, *ungraceful;
} engines[] = {
    { "aurora", "aurora-mysql", DB("books") WAY("graceful"), DB("books") WAY("ungraceful") },
    { "docdb", "docdb", DB("books") WAY("graceful"), DB("books") WAY("ungraceful") },
    { "neptune", "neptune", DB("books") WAY("graceful"), DB("books") WAY("ungraceful") },
};
#define ENGINES (int)(sizeof engines / sizeof engines[0])

static struct bench *with_global(const char *engine, bool headless)
{
    struct bench *b = bench_new(10);
    bench_control(b,
                  "make rds us-east-1 {\"kind\":\"global\",\"id\":\"books\",\"engine\":\"%s\","
                  "\"members\":[{\"region\":\"us-east-1\",\"cluster\":\"books-use1\"},"
                  "{\"region\":\"us-west-2\",\"cluster\":\"books-usw2\",\"headless\":%s}]}",
                  engine, headless ? "true" : "false");
    return b;
}

START_TEST(every_engine_is_switched_over_and_measured)
{
    const char *driver = engines[_i].driver, *args = engines[_i].graceful;
    struct bench *b = with_global(engines[_i].engine, false);
    bench_control(b, "lag us-west-2 700");
    bench_run(b, 30000);
    const struct evac_reply *r = bench_call(b, driver, EVAC_VERB_MEASURE, "", args);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "lag_ms"), 700);
    expect(bench_call(b, driver, EVAC_VERB_OBSERVE, "ready", args), EVAC_SEEN_SATISFIED);
    expect(bench_call(b, driver, EVAC_VERB_OBSERVE, "switchover", args), EVAC_SEEN_UNSATISFIED);
    expect_outcome(bench_call(b, driver, EVAC_VERB_APPLY, "switchover", args),
                   EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, driver, "switchover", args, 60000), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"id\":\"books\",\"status\":\"available\",\"writer\":\"us-west-2\","
                            "\"believers\":[\"us-west-2\"]"));
    expect(bench_call(b, driver, EVAC_VERB_OBSERVE, "protected", args), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(every_engine_fails_over_when_its_region_is_lost)
{
    const char *driver = engines[_i].driver, *args = engines[_i].ungraceful;
    struct bench *b = with_global(engines[_i].engine, false);
    bench_control(b, "region us-east-1 down");
    expect(bench_call(b, driver, EVAC_VERB_OBSERVE, "ready", args), EVAC_SEEN_SATISFIED);
    bench_control(b, "service rds us-west-2 lost-mutation 1");
    expect_outcome(bench_call(b, driver, EVAC_VERB_APPLY, "failover", args), EVAC_OUTCOME_UNKNOWN);
    expect(bench_settle(b, driver, "failover", args, 60000), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"writer\":\"us-west-2\""));
    bench_free(b);
}
END_TEST

START_TEST(a_driver_refuses_another_engines_cluster)
{
    struct bench *b = with_global(engines[_i].engine, false);
    for (int i = 0; i < ENGINES; i++)
        expect(bench_call(b, engines[i].driver, EVAC_VERB_OBSERVE, "ready", engines[i].graceful),
               i == _i ? EVAC_SEEN_SATISFIED : EVAC_SEEN_BLOCKED);
    bench_free(b);
}
END_TEST

START_TEST(the_writer_endpoint_is_the_one_that_the_app_uses)
{
    struct bench *b = with_global("aurora-mysql", false);
    const struct evac_reply *r = bench_call(b, "aurora", EVAC_VERB_OBSERVE, "ready", SERVERLESS);
    ck_assert(evac_str_has(r->snapshot,
                           "\"endpoint\":\"books.global-c1a2b3d4e5f6.global.rds.amazonaws.com\""));
    expect(bench_call(b, "aurora", EVAC_VERB_OBSERVE, "ready",
                      "endpoint=books.global-c1a2b3d4e5f6.global.rds.amazonaws.com\n" SERVERLESS),
           EVAC_SEEN_SATISFIED);
    r = bench_call(b, "aurora", EVAC_VERB_OBSERVE, "ready",
                   "endpoint=old.global-c1a2b3d4e5f6.global.rds.amazonaws.com\n" SERVERLESS);
    expect(r, EVAC_SEEN_BLOCKED);
    ck_assert_msg(evac_str_has(r->reason, "not the one"), "%.*s", EVAC_STR_ARG(r->reason));
    bench_free(b);
}
END_TEST

START_TEST(a_headless_secondary_gets_instances_before_it_is_promoted)
{
    const char *driver = engines[_i].driver, *args = engines[_i].ungraceful;
    char more[512];
    struct bench *b = with_global(engines[_i].engine, true);
    (void)snprintf(more, sizeof more, "want.count=2\n%s", args);
    expect(bench_call(b, driver, EVAC_VERB_OBSERVE, "ready", args), EVAC_SEEN_BLOCKED);
    char allowed[512];
    (void)snprintf(allowed, sizeof allowed, "headless=true\n%s", args);
    expect(bench_call(b, driver, EVAC_VERB_OBSERVE, "ready", allowed), EVAC_SEEN_SATISFIED);
    expect(bench_call(b, driver, EVAC_VERB_OBSERVE, "capacity", args), EVAC_SEEN_UNSATISFIED);
    bench_control(b, "region us-east-1 down");
    bench_control(b, "service rds us-west-2 capacity-refused");
    const struct evac_reply *r = bench_call(b, driver, EVAC_VERB_APPLY, "capacity", args);
    expect_outcome(r, EVAC_OUTCOME_REJECTED);
    ck_assert(evac_str_is(r->code, "InsufficientDBInstanceCapacity"));
    bench_control(b, "service rds us-west-2 up");
    bench_control(b, "service rds us-west-2 lost-mutation 1");
    expect_outcome(bench_call(b, driver, EVAC_VERB_APPLY, "capacity", args), EVAC_OUTCOME_UNKNOWN);
    expect(bench_call(b, driver, EVAC_VERB_OBSERVE, "capacity", args), EVAC_SEEN_MOVING);
    expect(bench_settle(b, driver, "capacity", args, 120000), EVAC_SEEN_SATISFIED);
    expect_outcome(bench_call(b, driver, EVAC_VERB_APPLY, "capacity", args), EVAC_OUTCOME_REJECTED);
    expect(bench_call(b, driver, EVAC_VERB_OBSERVE, "capacity", more), EVAC_SEEN_UNSATISFIED);
    expect_outcome(bench_call(b, driver, EVAC_VERB_APPLY, "capacity", more), EVAC_OUTCOME_ACCEPTED);
    r = bench_settle(b, driver, "capacity", more, 120000);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "available"), 2);
    expect_outcome(bench_call(b, driver, EVAC_VERB_APPLY, "failover", args), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, driver, "failover", args, 60000), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(all_missing_instances_are_created_at_once_under_free_names)
{
    const char *args = "want.count=3\n" SERVERLESS;
    struct bench *b = with_global("aurora-mysql", true);
    bench_control(b, "make rds us-west-2 {\"kind\":\"instance\",\"id\":\"books-usw2-3\"}");
    /* another one has the third name: two were created all the same, so it is not "rejected" */
    expect_outcome(bench_call(b, "aurora", EVAC_VERB_APPLY, "capacity", args),
                   EVAC_OUTCOME_ACCEPTED);
    const struct evac_reply *r = bench_call(b, "aurora", EVAC_VERB_APPLY, "capacity", args);
    expect_outcome(r, EVAC_OUTCOME_REJECTED);
    ck_assert(evac_str_is(r->code, "DBInstanceAlreadyExists"));
    r = bench_call(b, "aurora", EVAC_VERB_OBSERVE, "capacity", args);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert_int_eq(bench_fact(r, "instances"), 2);
    r = bench_settle(b, "aurora", "capacity", "want.count=2\n" SERVERLESS, 120000);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "available"), 2);
    bench_free(b);
}
END_TEST

START_TEST(serverless_capacity_is_raised_and_put_back)
{
    const char *driver = engines[_i].driver;
    struct bench *b = with_global(engines[_i].engine, false);
    char args[512], before[256];
    (void)snprintf(args, sizeof args, "want.acu_min=8.5\nwant.acu_max=64\n%s",
                   engines[_i].graceful);
    const struct evac_reply *r = bench_call(b, driver, EVAC_VERB_OBSERVE, "serverless", args);
    expect(r, EVAC_SEEN_BLOCKED);
    expect_outcome(bench_call(b, driver, EVAC_VERB_APPLY, "serverless", args),
                   EVAC_OUTCOME_REJECTED);
    bench_control(b, "make rds us-west-2 {\"kind\":\"cluster\",\"id\":\"books-usw2\","
                     "\"acu_min\":0.5,\"acu_max\":4}");
    r = bench_call(b, driver, EVAC_VERB_OBSERVE, "serverless", args);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    expect_outcome(bench_call(b, driver, EVAC_VERB_APPLY, "serverless", args),
                   EVAC_OUTCOME_ACCEPTED);
    expect(bench_call(b, driver, EVAC_VERB_OBSERVE, "serverless", args), EVAC_SEEN_MOVING);
    r = bench_settle(b, driver, "serverless", args, 30000);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_msg(evac_str_has(r->reason, "8.5 to 64"), "%.*s", EVAC_STR_ARG(r->reason));
    bench_goal(b, before);
    expect(bench_call(b, driver, EVAC_VERB_OBSERVE, "serverless", args), EVAC_SEEN_UNSATISFIED);
    expect_outcome(bench_call(b, driver, EVAC_VERB_APPLY, "serverless", args),
                   EVAC_OUTCOME_ACCEPTED);
    r = bench_settle(b, driver, "serverless", args, 30000);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_msg(evac_str_has(r->reason, "0.5 to 4"), "%.*s", EVAC_STR_ARG(r->reason));
    bench_goal(b, "");
    bench_control(b, "region us-west-2 down");
    expect(bench_call(b, driver, EVAC_VERB_OBSERVE, "serverless", args), EVAC_SEEN_UNSEEN);
    bench_free(b);
}
END_TEST

static enum evac_code call_with(struct bench *b, const char *action, const char *name,
                                const char *value, struct evac_err *err)
{
    struct evac_arg items[] = {
        { EVAC_STR("class"), EVAC_STR("db.r6g.large") },
        { EVAC_STR("clusters"), EVAC_STR("books-usw2") },
        { EVAC_STR("region"), EVAC_STR("us-west-2") },
        { evac_str(name), evac_str(value) },
    };
    struct evac_args args = { items, 4 };
    struct evac_call call = {
        .verb = EVAC_VERB_OBSERVE, .action = action, .args = &args, .token = "t"
    };
    uint64_t id;
    return evac_driver_aurora.call(bench_link(b), &call, NULL, NULL, &id, err);
}

START_TEST(a_size_that_can_not_be_is_refused)
{
    static const struct {
        const char *action, *name, *value, *words;
    } bad[] = {
        { "capacity", "want.count", "0", "from 1 to 15" },
        { "capacity", "want.count", "99", "from 1 to 15" },
        { "serverless", "want.acu_min", "0.3", "steps of 0.5" },
        { "serverless", "want.acu_max", "much", "steps of 0.5" },
        { "serverless", "want.count", "2", "wants acu_min" },
    };
    struct bench *b = with_global("aurora-mysql", false);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct evac_err err = { EVAC_OK, "" };
        ck_assert_int_eq(call_with(b, bad[i].action, bad[i].name, bad[i].value, &err),
                         EVAC_E_BADARG);
        ck_assert_msg(strstr(err.text, bad[i].words), "%s", err.text);
    }
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("global clusters");
    tcase_add_loop_test(tc, every_engine_is_switched_over_and_measured, 0, ENGINES);
    tcase_add_loop_test(tc, every_engine_fails_over_when_its_region_is_lost, 0, ENGINES);
    tcase_add_loop_test(tc, a_driver_refuses_another_engines_cluster, 0, ENGINES);
    tcase_add_test(tc, the_writer_endpoint_is_the_one_that_the_app_uses);
    tcase_add_loop_test(tc, a_headless_secondary_gets_instances_before_it_is_promoted, 0, ENGINES);
    tcase_add_test(tc, all_missing_instances_are_created_at_once_under_free_names);
    tcase_add_loop_test(tc, serverless_capacity_is_raised_and_put_back, 0, ENGINES);
    tcase_add_test(tc, a_size_that_can_not_be_is_refused);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("global clusters", cases)
