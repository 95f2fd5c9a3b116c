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

static void cases(Suite *suite)
{
    add_batch(suite);
}

EVAC_TEST_MAIN("S3", cases)
