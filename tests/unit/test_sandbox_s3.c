/* S3's drivers before the model: batch replication, replication both ways, restores by versions. */
#include "sandbox_bench.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define BUCKETS "buckets.us-east-1=shop-pics-use1\nbuckets.us-west-2=shop-pics-usw2\n"
#define SIDES(region)                                                                              \
    "region=" region "\nfrom=us-east-1\nto=us-west-2\nmode=graceful\napp=shop\nrun=7\n"
#define TO    SIDES("us-west-2")
#define BATCH BUCKETS "role=arn:aws:iam::123456789012:role/batch\npriority=10\n"

static const struct evac_reply *look(struct bench *b, const char *driver, const char *action,
                                     const char *args)
{
    return bench_call(b, driver, EVAC_VERB_OBSERVE, action, args);
}

static const struct evac_reply *act(struct bench *b, const char *driver, const char *action,
                                    const char *args)
{
    return bench_call(b, driver, EVAC_VERB_APPLY, action, args);
}

static void expect(const struct evac_reply *r, enum evac_seen seen)
{
    ck_assert_msg(r->seen == seen, "%s: %.*s", evac_seen_name(r->seen), EVAC_STR_ARG(r->reason));
}

static void expect_outcome(const struct evac_reply *r, enum evac_outcome outcome)
{
    ck_assert_msg(r->outcome == outcome, "%s: %.*s", evac_outcome_name(r->outcome),
                  EVAC_STR_ARG(r->reason));
}

static void says(const struct evac_reply *r, const char *words)
{
    ck_assert_msg(evac_str_has(r->reason, words), "%.*s", EVAC_STR_ARG(r->reason));
}

/* Two buckets, without a rule. */
static struct bench *with_buckets(double speed)
{
    struct bench *b = bench_new(speed);
    bench_control(b, "make s3 us-east-1 {\"kind\":\"bucket\",\"name\":\"shop-pics-use1\"}");
    bench_control(b, "make s3 us-west-2 {\"kind\":\"bucket\",\"name\":\"shop-pics-usw2\"}");
    return b;
}

static void replicate_back(struct bench *b)
{
    bench_control(b, "make s3 us-west-2 {\"kind\":\"rule\",\"name\":\"shop-pics-usw2\","
                     "\"to\":\"shop-pics-use1\"}");
}

static void put_object(struct bench *b, const char *bucket, const char *key, const char *body,
                       int age_s)
{
    bench_control(b,
                  "make s3 us-west-2 {\"kind\":\"object\",\"bucket\":\"%s\",\"name\":\"%s\","
                  "\"body\":\"%s\",\"age_s\":%d}",
                  bucket, key, body, age_s);
}

static bool has_objects(struct bench *b, const char *bucket, int objects)
{
    char part[200];
    (void)snprintf(part, sizeof part, "\"name\":\"%s\",\"region\":\"%s\",\"objects\":%d", bucket,
                   strstr(bucket, "use1") ? "us-east-1" : "us-west-2", objects);
    return bench_true(b, part);
}

static bool created(struct bench *b, int effects)
{
    char part[200];
    (void)snprintf(part, sizeof part,
                   "\"operation\":\"CreateJob\",\"region\":\"us-west-2\",\"received\":%d,"
                   "\"effects\":%d",
                   effects, effects);
    return bench_true(b, part);
}

/* --- batch replication ----------------------------------------------------------------------- */

START_TEST(a_batch_job_sends_what_is_older_than_the_rule)
{
    struct bench *b = with_buckets(60);
    put_object(b, "shop-pics-usw2", "a", "1", 7200);
    put_object(b, "shop-pics-usw2", "b", "2", 7200);
    replicate_back(b);
    bench_run(b, 5000);
    ck_assert(has_objects(b, "shop-pics-use1", 0)); /* live replication does not */
    expect(look(b, "s3-batch", "ready", BATCH TO), EVAC_SEEN_SATISFIED);
    expect(look(b, "s3-batch", "replicate", BATCH TO), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "s3-batch", "replicate", BATCH TO), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "s3-batch", "replicate", BATCH TO), EVAC_SEEN_MOVING);
    const struct evac_reply *r = bench_settle(b, "s3-batch", "replicate", BATCH TO, 60000);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "succeeded"), 2);
    ck_assert(has_objects(b, "shop-pics-use1", 2));
    bench_free(b);
}
END_TEST

START_TEST(a_lost_reply_does_not_make_a_second_job)
{
    struct bench *b = with_buckets(60);
    put_object(b, "shop-pics-usw2", "a", "1", 7200);
    replicate_back(b);
    bench_control(b, "service s3control us-west-2 lost-mutation 1");
    expect_outcome(act(b, "s3-batch", "replicate", BATCH TO), EVAC_OUTCOME_UNKNOWN);
    expect_outcome(act(b, "s3-batch", "replicate", BATCH TO), EVAC_OUTCOME_ACCEPTED);
    ck_assert(created(b, 1));
    expect(bench_settle(b, "s3-batch", "replicate", BATCH TO, 60000), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(failed_tasks_are_blocked_with_their_numbers)
{
    struct bench *b = with_buckets(60);
    put_object(b, "shop-pics-usw2", "a", "1", 7200);
    replicate_back(b);
    bench_control(b, "make s3 us-east-1 {\"kind\":\"bucket\",\"name\":\"shop-pics-use1\","
                     "\"versioned\":false}");
    expect_outcome(act(b, "s3-batch", "replicate", BATCH TO), EVAC_OUTCOME_ACCEPTED);
    const struct evac_reply *r = bench_settle(b, "s3-batch", "replicate", BATCH TO, 60000);
    expect(r, EVAC_SEEN_BLOCKED);
    says(r, "replicated 0 of 1, and 1 failed");
    expect_outcome(act(b, "s3-batch", "replicate", BATCH TO), EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

START_TEST(nothing_to_replicate_is_what_one_hopes_for)
{
    struct bench *b = with_buckets(60);
    replicate_back(b);
    expect_outcome(act(b, "s3-batch", "replicate", BATCH TO), EVAC_OUTCOME_ACCEPTED);
    const struct evac_reply *r = bench_settle(b, "s3-batch", "replicate", BATCH TO, 60000);
    expect(r, EVAC_SEEN_SATISFIED);
    says(r, "nothing to replicate");
    bench_free(b);
}
END_TEST

START_TEST(a_job_without_a_rule_fails_and_says_why)
{
    struct bench *b = with_buckets(60);
    put_object(b, "shop-pics-usw2", "a", "1", 7200);
    expect_outcome(act(b, "s3-batch", "replicate", BATCH TO), EVAC_OUTCOME_ACCEPTED);
    const struct evac_reply *r = bench_settle(b, "s3-batch", "replicate", BATCH TO, 60000);
    expect(r, EVAC_SEEN_UNSATISFIED);
    says(r, "no replication configuration");
    replicate_back(b);
    expect_outcome(act(b, "s3-batch", "replicate", BATCH TO), EVAC_OUTCOME_ACCEPTED);
    ck_assert(created(b, 2));
    expect(bench_settle(b, "s3-batch", "replicate", BATCH TO, 60000), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(a_batch_that_can_not_be_asked_for_has_had_no_effect)
{
    struct bench *b = with_buckets(60);
    bench_control(b, "service s3control us-west-2 throttled");
    expect_outcome(act(b, "s3-batch", "replicate", BATCH TO), EVAC_OUTCOME_THROTTLED);
    bench_control(b, "service s3control us-west-2 up");
    bench_control(b, "service s3control us-west-2 denied");
    expect_outcome(act(b, "s3-batch", "replicate", BATCH TO), EVAC_OUTCOME_NOT_SENT);
    expect(look(b, "s3-batch", "ready", BATCH TO), EVAC_SEEN_UNSEEN);
    bench_control(b, "region us-west-2 down");
    expect_outcome(act(b, "s3-batch", "replicate", BATCH TO), EVAC_OUTCOME_NOT_SENT);
    expect(look(b, "s3-batch", "replicate", BATCH TO), EVAC_SEEN_UNSEEN);
    bench_free(b);
}
END_TEST

static void add_batch(Suite *suite)
{
    TCase *tc = tcase_create("batch replication");
    tcase_add_test(tc, a_batch_job_sends_what_is_older_than_the_rule);
    tcase_add_test(tc, a_lost_reply_does_not_make_a_second_job);
    tcase_add_test(tc, failed_tasks_are_blocked_with_their_numbers);
    tcase_add_test(tc, nothing_to_replicate_is_what_one_hopes_for);
    tcase_add_test(tc, a_job_without_a_rule_fails_and_says_why);
    tcase_add_test(tc, a_batch_that_can_not_be_asked_for_has_had_no_effect);
    suite_add_tcase(suite, tc);
}

/* --- replication ----------------------------------------------------------------------------- */

#define RULES   "rules.us-east-1=[\"all\"]\nrules.us-west-2=[\"all\"]\nmetric_period=1s\n"
#define PAIR    BUCKETS "canary=c\nrule_id=evac\nprefix=\nrtc=false\n"
#define PROTECT PAIR "role=arn:aws:iam::123456789012:role/s3-replication\n"
#define AT_FROM SIDES("us-east-1")

static struct bench *replicating(void)
{
    struct bench *b = with_buckets(60);
    bench_control(b, "make s3 us-east-1 {\"kind\":\"rule\",\"name\":\"shop-pics-use1\","
                     "\"to\":\"shop-pics-usw2\"}");
    return b;
}

START_TEST(each_named_rule_must_replicate_to_the_other_bucket)
{
    static const struct {
        const char *args;
        enum evac_seen seen;
        const char *says;
    } rows[] = {
        { PAIR AT_FROM, EVAC_SEEN_SATISFIED, "" },
        { RULES PAIR AT_FROM, EVAC_SEEN_SATISFIED, "" },
        { PAIR TO, EVAC_SEEN_BLOCKED, "no enabled rule replicates to shop-pics-use1" },
        { "rules.us-east-1=[\"all\",\"other\"]\n" PAIR AT_FROM, EVAC_SEEN_BLOCKED,
          "there is no rule other" },
        { "rtc=true\n" BUCKETS "canary=c\n" AT_FROM, EVAC_SEEN_BLOCKED,
          "no Replication Time Control" },
        { "canary=c\nbuckets.us-east-1=shop-pics-use1\nbuckets.us-west-2=shop-assets-usw2\n"
          "rules.us-east-1=[\"all\"]\n" AT_FROM,
          EVAC_SEEN_BLOCKED, "does not replicate to shop-assets-usw2" },
    };
    struct bench *b = replicating();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct evac_reply *r = look(b, "s3", "replicating", rows[i].args);
        expect(r, rows[i].seen);
        says(r, rows[i].says);
    }
    bench_control(b, "make s3 us-east-1 {\"kind\":\"bucket\",\"name\":\"shop-pics-use1\","
                     "\"versioned\":false}");
    says(look(b, "s3", "replicating", PAIR AT_FROM), "does not keep versions");
    bench_free(b);
}
END_TEST

static void mark(struct bench *b, int64_t marker)
{
    bench_marker(b, marker);
    expect_outcome(bench_call(b, "s3", EVAC_VERB_MARK, "", PAIR AT_FROM), EVAC_OUTCOME_ACCEPTED);
}

START_TEST(a_bucket_is_drained_when_marker_and_metrics_say_so)
{
    struct bench *b = replicating();
    bench_run(b, 2000);
    bench_control(b, "lag us-west-2 60000");
    mark(b, 1);
    expect(look(b, "s3", "drained", RULES PAIR AT_FROM), EVAC_SEEN_MOVING);
    bench_run(b, 61000);
    const struct evac_reply *r = bench_settle(b, "s3", "drained", RULES PAIR AT_FROM, 60000);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "pending"), 0);
    says(r, "nothing waits");
    bench_control(b, "service cloudwatch us-west-2 down");
    expect(look(b, "s3", "drained", RULES PAIR AT_FROM), EVAC_SEEN_UNSEEN);
    bench_free(b);
}
END_TEST

START_TEST(what_waits_and_gets_no_fewer_is_said)
{
    struct bench *b = replicating();
    bench_run(b, 2000);
    mark(b, 1);
    bench_run(b, 5000);
    bench_control(b, "lag us-west-2 3600000");
    expect_outcome(bench_call(b, "s3", EVAC_VERB_MARK, "", "canary=big\n" BUCKETS AT_FROM),
                   EVAC_OUTCOME_ACCEPTED);
    bench_run(b, 5000);
    const struct evac_reply *r = look(b, "s3", "replicating", RULES PAIR AT_FROM);
    expect(r, EVAC_SEEN_SATISFIED); /* something waits, which is usual */
    ck_assert_int_eq(bench_fact(r, "pending"), 1);
    says(r, "1 operations wait");
    bench_run(b, 20000);
    r = look(b, "s3", "replicating", RULES PAIR AT_FROM);
    expect(r, EVAC_SEEN_BLOCKED);
    says(r, "get no fewer");
    expect(look(b, "s3", "drained", RULES PAIR AT_FROM), EVAC_SEEN_BLOCKED);
    expect(look(b, "s3-metrics", "ready", RULES PAIR TO), EVAC_SEEN_BLOCKED);
    bench_free(b);
}
END_TEST

START_TEST(the_metrics_measure_loss_where_things_arrive)
{
    struct bench *b = replicating();
    const struct evac_reply *r = bench_call(b, "s3-metrics", EVAC_VERB_MEASURE, "", RULES PAIR TO);
    expect(r, EVAC_SEEN_UNSEEN); /* not known is not zero */
    ck_assert_int_eq(bench_fact(r, "lag_ms"), -2);
    bench_control(b, "lag us-west-2 4000");
    mark(b, 1);
    bench_run(b, 10000);
    bench_control(b, "region us-east-1 down");
    r = bench_call(b, "s3-metrics", EVAC_VERB_MEASURE, "", RULES PAIR TO);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_ge(bench_fact(r, "lag_ms"), 4000);
    ck_assert_int_lt(bench_fact(r, "lag_ms"), 6000);
    bench_free(b);
}
END_TEST

START_TEST(the_way_back_is_made_and_taken_out_again)
{
    struct bench *b = replicating();
    put_object(b, "shop-pics-usw2", "a", "1", 0);
    const struct evac_reply *r = look(b, "s3", "protect", PROTECT AT_FROM);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(evac_str_is(r->snapshot, "{\"replication\":\"\"}"));
    bench_control(b, "service s3 us-west-2 lost-mutation 1");
    expect_outcome(act(b, "s3", "protect", PROTECT AT_FROM), EVAC_OUTCOME_UNKNOWN);
    expect(look(b, "s3", "protect", PROTECT AT_FROM), EVAC_SEEN_SATISFIED);
    expect_outcome(act(b, "s3", "protect", PROTECT AT_FROM), EVAC_OUTCOME_ACCEPTED);
    ck_assert(bench_true(b, "\"operation\":\"PutBucketReplication\",\"region\":\"us-west-2\","
                            "\"received\":1,\"effects\":1"));
    expect(look(b, "s3", "replicating", PAIR TO), EVAC_SEEN_SATISFIED);
    bench_goal(b, "{\"replication\":\"\"}");
    expect(look(b, "s3", "protect", PROTECT AT_FROM), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "s3", "protect", PROTECT AT_FROM), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "s3", "protect", PROTECT AT_FROM), EVAC_SEEN_SATISFIED);
    bench_goal(b, "");
    expect(look(b, "s3", "replicating", PAIR TO), EVAC_SEEN_BLOCKED);
    bench_free(b);
}
END_TEST

START_TEST(rules_of_others_are_kept_as_they_are)
{
    struct bench *b = replicating();
    char was[4096];
    bench_control(b, "make s3 us-west-2 {\"kind\":\"rule\",\"name\":\"shop-pics-usw2\","
                     "\"to\":\"shop-assets-use1\"}");
    const struct evac_reply *r = look(b, "s3", "protect", PROTECT TO);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(evac_str_copy(was, sizeof was, r->snapshot));
    expect_outcome(act(b, "s3", "protect", PROTECT TO), EVAC_OUTCOME_ACCEPTED);
    r = look(b, "s3", "protect", PROTECT TO);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert(evac_str_has(r->snapshot, "<ID>all</ID>"));
    ck_assert(evac_str_has(r->snapshot, "<ID>evac</ID><Priority>2</Priority>"));
    bench_goal(b, was);
    expect_outcome(act(b, "s3", "protect", PROTECT TO), EVAC_OUTCOME_ACCEPTED);
    bench_goal(b, was);
    r = look(b, "s3", "protect", PROTECT TO);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert(evac_str_is(r->snapshot, was));
    bench_goal(b, "");
    r = look(b, "s3", "protect", PAIR "role=arn:aws:iam::123456789012:role/another\n" TO);
    expect(r, EVAC_SEEN_BLOCKED);
    says(r, "another role");
    bench_free(b);
}
END_TEST

START_TEST(a_protection_that_is_refused_changes_nothing)
{
    struct bench *b = replicating();
    bench_control(b, "make s3 us-east-1 {\"kind\":\"bucket\",\"name\":\"shop-pics-use1\","
                     "\"versioned\":false}");
    expect_outcome(act(b, "s3", "protect", PROTECT TO), EVAC_OUTCOME_REJECTED);
    bench_control(b, "service s3 us-west-2 throttled");
    expect_outcome(act(b, "s3", "protect", PROTECT TO), EVAC_OUTCOME_THROTTLED);
    bench_control(b, "region us-west-2 down");
    expect(look(b, "s3", "protect", PROTECT TO), EVAC_SEEN_UNSEEN);
    expect_outcome(act(b, "s3", "protect", PROTECT TO), EVAC_OUTCOME_NOT_SENT);
    bench_free(b);
}
END_TEST

static void add_replication(Suite *suite)
{
    TCase *tc = tcase_create("replication");
    tcase_add_test(tc, each_named_rule_must_replicate_to_the_other_bucket);
    tcase_add_test(tc, a_bucket_is_drained_when_marker_and_metrics_say_so);
    tcase_add_test(tc, what_waits_and_gets_no_fewer_is_said);
    tcase_add_test(tc, the_metrics_measure_loss_where_things_arrive);
    tcase_add_test(tc, the_way_back_is_made_and_taken_out_again);
    tcase_add_test(tc, rules_of_others_are_kept_as_they_are);
    tcase_add_test(tc, a_protection_that_is_refused_changes_nothing);
    suite_add_tcase(suite, tc);
}

static void cases(Suite *suite)
{
    add_replication(suite);
    add_batch(suite);
}

EVAC_TEST_MAIN("S3", cases)
