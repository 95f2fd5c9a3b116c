/* The Aurora driver before the model: signed requests over the real client. */
#include "sandbox_bench.h"
#include "suite.h"

#define DB                                                                                         \
    "global_cluster=shop-db\nclusters.us-east-1=shop-db-use1\nclusters.us-west-2=shop-db-usw2\n"   \
    "metric=AuroraGlobalDBRPOLag\nmetric_period=1s\n"
#define TO(mode) DB "region=us-west-2\nfrom=us-east-1\nto=us-west-2\nmode=" mode "\n"

START_TEST(a_switchover_moves_the_writer_once_and_loses_nothing)
{
    struct bench *b = bench_new(10);
    const char *args = TO("graceful");
    expect(bench_call(b, "aurora", EVAC_VERB_OBSERVE, "ready", args), EVAC_SEEN_SATISFIED);
    expect(bench_call(b, "aurora", EVAC_VERB_OBSERVE, "switchover", args), EVAC_SEEN_UNSATISFIED);
    const struct evac_reply *r = bench_call(b, "aurora", EVAC_VERB_APPLY, "switchover", args);
    ck_assert_msg(r->outcome == EVAC_OUTCOME_ACCEPTED, "%.*s", EVAC_STR_ARG(r->reason));
    expect(bench_call(b, "aurora", EVAC_VERB_OBSERVE, "switchover", args), EVAC_SEEN_MOVING);
    /* a second one is refused by the service's state */
    r = bench_call(b, "aurora", EVAC_VERB_APPLY, "switchover", args);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_REJECTED);
    expect(bench_settle(b, "aurora", "switchover", args, 60000), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"writer\":\"us-west-2\",\"believers\":[\"us-west-2\"]"));
    ck_assert(bench_true(b, "\"lost_ms\":null"));
    r = bench_call(b, "aurora", EVAC_VERB_APPLY, "switchover", args);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

/* AWS.md 2.3: FailoverState.ToDbClusterArn is another one: a person has to look. To wait for it
 * would be to wait until the deadline. */
START_TEST(a_move_to_another_region_is_not_the_one_that_is_waited_for)
{
    struct bench *b = bench_new(10);
    const char *away = TO("graceful");
    const char *home = DB "region=us-east-1\nfrom=us-west-2\nto=us-east-1\nmode=graceful\n";
    expect_outcome(bench_call(b, "aurora", EVAC_VERB_APPLY, "switchover", away),
                   EVAC_OUTCOME_ACCEPTED);
    expect_words(bench_call(b, "aurora", EVAC_VERB_OBSERVE, "switchover", home), EVAC_SEEN_BLOCKED,
                 "being moved to arn:aws:rds:us-west-2:");
    expect_words(bench_call(b, "aurora", EVAC_VERB_OBSERVE, "switchover", away), EVAC_SEEN_MOVING,
                 "");
    expect(bench_settle(b, "aurora", "switchover", away, 60000), EVAC_SEEN_SATISFIED);
    expect(bench_call(b, "aurora", EVAC_VERB_OBSERVE, "switchover", home), EVAC_SEEN_UNSATISFIED);
    bench_free(b);
}
END_TEST

/* AWS.md 2.3: a move has succeeded when the writer's instance is available, too. */
START_TEST(a_writer_without_an_instance_that_takes_writes_is_none_yet)
{
    struct bench *b = bench_new(10);
    const char *args = "global_cluster=empty\nclusters.us-east-1=empty-use1\n"
                       "clusters.us-west-2=empty-usw2\nclass=db.r6g.large\nregion=us-east-1\n"
                       "from=us-west-2\nto=us-east-1\nmode=ungraceful\n";
    bench_control(b, "make rds us-east-1 {\"kind\":\"global\",\"id\":\"empty\",\"members\":["
                     "{\"region\":\"us-east-1\",\"cluster\":\"empty-use1\",\"headless\":true},"
                     "{\"region\":\"us-west-2\",\"cluster\":\"empty-usw2\"}]}");
    expect_words(bench_call(b, "aurora", EVAC_VERB_OBSERVE, "failover", args), EVAC_SEEN_MOVING,
                 "the new writer's cluster");
    expect_outcome(bench_call(b, "aurora", EVAC_VERB_APPLY, "capacity", args),
                   EVAC_OUTCOME_ACCEPTED);
    expect(bench_call(b, "aurora", EVAC_VERB_OBSERVE, "failover", args), EVAC_SEEN_MOVING);
    expect(bench_settle(b, "aurora", "capacity", args, 120000), EVAC_SEEN_SATISFIED);
    expect(bench_call(b, "aurora", EVAC_VERB_OBSERVE, "failover", args), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(a_failover_needs_nothing_of_the_lost_region)
{
    struct bench *b = bench_new(10);
    const char *args = TO("ungraceful");
    bench_run(b, 5000);
    bench_control(b, "region us-east-1 down");
    bench_run(b, 1000);
    expect(bench_call(b, "aurora", EVAC_VERB_OBSERVE, "ready", args), EVAC_SEEN_SATISFIED);
    expect(bench_call(b, "aurora", EVAC_VERB_OBSERVE, "failover", args), EVAC_SEEN_UNSATISFIED);
    ck_assert_int_eq(bench_call(b, "aurora", EVAC_VERB_APPLY, "failover", args)->outcome,
                     EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "aurora", "failover", args, 60000), EVAC_SEEN_SATISFIED);
    expect(bench_call(b, "aurora", EVAC_VERB_OBSERVE, "protected", args), EVAC_SEEN_MOVING);
    bench_control(b, "region us-east-1 up");
    expect(bench_settle(b, "aurora", "protected", args, 600000), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"believers\":[\"us-west-2\"]"));
    ck_assert(bench_true(b, "\"lost_ms\":180"));
    bench_free(b);
}
END_TEST

START_TEST(an_isolated_primary_goes_on_believing)
{
    struct bench *b = bench_new(10);
    const char *args = TO("ungraceful");
    bench_control(b, "region us-east-1 isolated");
    (void)bench_call(b, "aurora", EVAC_VERB_APPLY, "failover", args);
    expect(bench_settle(b, "aurora", "failover", args, 60000), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"believers\":[\"us-east-1\",\"us-west-2\"]"));
    bench_control(b, "region us-east-1 up");
    bench_run(b, 2000);
    ck_assert(bench_true(b, "\"believers\":[\"us-west-2\"]"));
    bench_free(b);
}
END_TEST

#define SECRET(region) "arn:aws:secretsmanager:" region ":123456789012:secret:canary-AbCdEf"
#define CANARY                                                                                     \
    "canary.us-east-1=" SECRET("us-east-1") "\ncanary.us-west-2=" SECRET(                          \
        "us-west-2") "\ncanary_database=shop\ncanary_table=evac_canary\n"
#define IN(where) DB CANARY "region=" where "\nfrom=us-east-1\nto=us-west-2\nmode=ungraceful\n"

static struct bench *with_canary(void)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make secretsmanager us-east-1 {\"kind\":\"secret\",\"name\":\"canary\"}");
    bench_control(b, "make secretsmanager us-west-2 {\"kind\":\"secret\",\"name\":\"canary\"}");
    bench_control(
        b, "make rds-data us-east-1 {\"cluster\":\"shop-db-use1\",\"table\":\"evac_canary\"}");
    return b;
}

static enum evac_outcome mark_in(struct bench *b, int64_t marker, const char *args)
{
    bench_marker(b, marker);
    return bench_call(b, "aurora", EVAC_VERB_MARK, "", args)->outcome;
}

static enum evac_outcome mark(struct bench *b, int64_t marker)
{
    return mark_in(b, marker, IN("us-east-1"));
}

static int64_t newest(struct bench *b)
{
    const struct evac_reply *r = bench_call(b, "aurora", EVAC_VERB_SEEK, "", IN("us-west-2"));
    expect(r, EVAC_SEEN_SATISFIED);
    return bench_fact(r, "marker");
}

START_TEST(a_marker_arrives_as_late_as_the_data_does)
{
    struct bench *b = with_canary();
    bench_control(b, "lag us-west-2 2000");
    ck_assert_int_eq(newest(b), -1);
    ck_assert_int_eq(mark(b, 100), EVAC_OUTCOME_ACCEPTED);
    bench_run(b, 1000);
    ck_assert_int_eq(newest(b), -1);
    bench_run(b, 1500);
    ck_assert_int_eq(newest(b), 100);
    ck_assert_int_eq(mark(b, 200), EVAC_OUTCOME_ACCEPTED);
    ck_assert_int_eq(mark(b, 150), EVAC_OUTCOME_REJECTED); /* late: a row is only raised */
    bench_run(b, 2500);
    ck_assert_int_eq(newest(b), 200);
    bench_free(b);
}
END_TEST

START_TEST(what_had_not_arrived_when_a_region_died_never_does)
{
    struct bench *b = with_canary();
    bench_control(b, "lag us-west-2 2000");
    ck_assert_int_eq(mark(b, 100), EVAC_OUTCOME_ACCEPTED);
    bench_run(b, 3000);
    ck_assert_int_eq(mark(b, 200), EVAC_OUTCOME_ACCEPTED);
    bench_control(b, "region us-east-1 down");
    bench_run(b, 5000);
    ck_assert_int_eq(newest(b), 100);
    (void)bench_call(b, "aurora", EVAC_VERB_APPLY, "failover", TO("ungraceful"));
    expect(bench_settle(b, "aurora", "failover", TO("ungraceful"), 60000), EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(newest(b), 100);
    bench_control(b, "region us-east-1 up");
    bench_run(b, 600000);
    ck_assert_int_eq(newest(b), 100);
    /* and the other way, a row of its own */
    ck_assert_int_eq(mark_in(b, 300, DB CANARY "region=us-west-2\nfrom=us-west-2\nto=us-east-1\n"),
                     EVAC_OUTCOME_ACCEPTED);
    bench_run(b, 60000);
    const struct evac_reply *r =
        bench_call(b, "aurora", EVAC_VERB_SEEK, "",
                   DB CANARY "region=us-east-1\nfrom=us-west-2\nto=us-east-1\n");
    ck_assert_int_eq(bench_fact(r, "marker"), 300);
    bench_free(b);
}
END_TEST

START_TEST(lag_is_read_where_it_is_published)
{
    struct bench *b = bench_new(10);
    bench_control(b, "lag us-west-2 1500");
    bench_run(b, 30000);
    const struct evac_reply *r = bench_call(b, "aurora", EVAC_VERB_MEASURE, "", TO("graceful"));
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "lag_ms"), 1500);
    int64_t age = bench_wall(b) - bench_fact(r, "as_of_wall_ms");
    ck_assert_int_ge(age, 0);
    ck_assert_int_le(age, 8000);
    bench_free(b);
}
END_TEST

START_TEST(what_can_not_be_seen_is_not_guessed)
{
    struct bench *b = bench_new(10);
    bench_control(b, "service rds us-west-2 down");
    expect(bench_call(b, "aurora", EVAC_VERB_OBSERVE, "failover", TO("ungraceful")),
           EVAC_SEEN_UNSEEN);
    bench_control(b, "service rds us-west-2 up");
    bench_control(b, "service rds us-west-2 throttled");
    const struct evac_reply *r =
        bench_call(b, "aurora", EVAC_VERB_APPLY, "failover", TO("ungraceful"));
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_THROTTLED);
    bench_control(b, "service rds us-west-2 up");
    bench_control(b, "service rds us-west-2 lost-mutation 1");
    r = bench_call(b, "aurora", EVAC_VERB_APPLY, "failover", TO("ungraceful"));
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_UNKNOWN);
    /* and yet it happened, once */
    expect(bench_settle(b, "aurora", "failover", TO("ungraceful"), 60000), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"received\":1,\"effects\":1,\"repeated_without_observe\":0"));
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("aurora");
    tcase_add_test(tc, a_switchover_moves_the_writer_once_and_loses_nothing);
    tcase_add_test(tc, a_move_to_another_region_is_not_the_one_that_is_waited_for);
    tcase_add_test(tc, a_writer_without_an_instance_that_takes_writes_is_none_yet);
    tcase_add_test(tc, a_failover_needs_nothing_of_the_lost_region);
    tcase_add_test(tc, an_isolated_primary_goes_on_believing);
    tcase_add_test(tc, a_marker_arrives_as_late_as_the_data_does);
    tcase_add_test(tc, what_had_not_arrived_when_a_region_died_never_does);
    tcase_add_test(tc, lag_is_read_where_it_is_published);
    tcase_add_test(tc, what_can_not_be_seen_is_not_guessed);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("the Aurora driver", cases)
