/* S3's drivers before the model: batch replication, replication both ways, restores by versions. */
#include "aws_time.h"
#include "sandbox_bench.h"
#include "sandbox_internal.h"
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
    expect_reason(r, "replicated 0 of 1, and 1 failed");
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
    expect_reason(r, "nothing to replicate");
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
    expect_reason(r, "no replication configuration");
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

#define RULES                                                                                      \
    "rules.us-east-1=[\"all\"]\nrules.us-west-2=[\"all\"]\nmetric_period=1s\nmetrics=true\n"
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
        { "metrics=true\n" PAIR AT_FROM, EVAC_SEEN_SATISFIED, "no value lately" },
        { "canary=c\nbuckets.us-east-1=shop-pics-use1\nbuckets.us-west-2=shop-assets-usw2\n"
          "rules.us-east-1=[\"all\"]\n" AT_FROM,
          EVAC_SEEN_BLOCKED, "does not replicate to shop-assets-usw2" },
    };
    struct bench *b = replicating();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct evac_reply *r = look(b, "s3", "replicating", rows[i].args);
        expect(r, rows[i].seen);
        expect_reason(r, rows[i].says);
    }
    bench_control(b, "make s3 us-east-1 {\"kind\":\"bucket\",\"name\":\"shop-pics-use1\","
                     "\"versioned\":false}");
    expect_reason(look(b, "s3", "replicating", PAIR AT_FROM), "does not keep versions");
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
    expect_reason(r, "nothing waits");
    bench_control(b, "service cloudwatch us-west-2 down");
    expect(look(b, "s3", "drained", RULES PAIR AT_FROM), EVAC_SEEN_UNSEEN);
    bench_free(b);
}
END_TEST

START_TEST(what_failed_is_said_and_sent_again_by_a_batch)
{
    struct bench *b = replicating();
    bench_control(b, "make s3 us-west-2 {\"kind\":\"bucket\",\"name\":\"shop-pics-usw2\","
                     "\"versioned\":false}");
    mark(b, 1);
    bench_run(b, 5000);
    const struct evac_reply *r = look(b, "s3", "replicating", PAIR AT_FROM);
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, "the newest marker failed to replicate");
    expect(look(b, "s3", "drained", RULES PAIR AT_FROM), EVAC_SEEN_BLOCKED);
    bench_control(b, "make s3 us-west-2 {\"kind\":\"bucket\",\"name\":\"shop-pics-usw2\"}");
    bench_run(b, 5000); /* it does not heal by itself */
    expect(look(b, "s3", "replicating", PAIR AT_FROM), EVAC_SEEN_BLOCKED);
    r = bench_call(b, "s3-metrics", EVAC_VERB_MEASURE, "", RULES PAIR TO);
    ck_assert_int_eq(bench_fact(r, "failed"), 1);
    expect_outcome(act(b, "s3-batch", "replicate", BATCH AT_FROM), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "s3-batch", "replicate", BATCH AT_FROM, 60000), EVAC_SEEN_SATISFIED);
    expect(look(b, "s3", "replicating", PAIR AT_FROM), EVAC_SEEN_SATISFIED);
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
    expect_reason(r, "1 operations wait");
    bench_run(b, 20000);
    r = look(b, "s3", "replicating", RULES PAIR AT_FROM);
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, "get no fewer");
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
    expect_reason(r, "another role");
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
    tcase_add_test(tc, what_failed_is_said_and_sent_again_by_a_batch);
    tcase_add_test(tc, what_waits_and_gets_no_fewer_is_said);
    tcase_add_test(tc, the_metrics_measure_loss_where_things_arrive);
    tcase_add_test(tc, the_way_back_is_made_and_taken_out_again);
    tcase_add_test(tc, rules_of_others_are_kept_as_they_are);
    tcase_add_test(tc, a_protection_that_is_refused_changes_nothing);
    suite_add_tcase(suite, tc);
}

/* --- restores by versions --------------------------------------------------------------------- */

#define KEPT "shop-pics-usw2"

/* As it was so many seconds ago. */
static const char *recovery(struct bench *b, int ago_s, const char *more)
{
    static char args[1024];
    const struct evac_host *host = bench_host(b);
    struct evac_aws_date d = evac_aws_date_of(host->wall_ms(host->ctx) - 1000ll * ago_s);
    (void)snprintf(args, sizeof args,
                   "%srecover_prefix=p/\nwant.time=%04lld-%02u-%02uT%02u:%02u:%02uZ\n" PAIR TO,
                   more, (long long)d.year, d.month, d.day, d.hour, d.minute, d.second);
    return args;
}

/* Two hours ago four keys were good; a minute ago somebody was not. */
static struct bench *spoilt(void)
{
    struct bench *b = with_buckets(60);
    put_object(b, KEPT, "p/changed", "good", 7200);
    put_object(b, KEPT, "p/changed", "spoilt!", 60);
    put_object(b, KEPT, "p/gone \u00e4+", "good", 7200);
    bench_control(b, "make s3 us-west-2 {\"kind\":\"object\",\"bucket\":\"" KEPT
                     "\",\"name\":\"p/gone \u00e4+\",\"deleted\":true,\"age_s\":60}");
    put_object(b, KEPT, "p/untouched", "good", 7200);
    put_object(b, KEPT, "p/new", "new", 60);
    put_object(b, KEPT, "other", "spoilt!", 60);
    put_object(b, KEPT, "c/us-east-1", "a marker", 7200);
    return b;
}

static bool reads(struct bench *b, const char *key, const char *body)
{
    struct evac_str found;
    return sb_s3_peek(bench_sandbox(b), KEPT, key, &found) ? evac_str_is(found, body) : !body[0];
}

START_TEST(keys_are_again_what_they_were_at_a_time)
{
    struct bench *b = spoilt();
    char args[1024];
    (void)snprintf(args, sizeof args, "%s", recovery(b, 3600, ""));
    const struct evac_reply *r = look(b, "s3", "recover", args);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(r->strong);
    ck_assert_int_eq(bench_fact(r, "objects"), 4);
    ck_assert_int_eq(bench_fact(r, "to_copy"), 1);
    ck_assert_int_eq(bench_fact(r, "to_unmark"), 1);
    ck_assert_int_eq(bench_fact(r, "newer"), 1);
    ck_assert_int_eq(bench_fact(r, "bytes"), 4);
    expect_outcome(act(b, "s3", "recover", args), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "s3", "recover", args), EVAC_SEEN_SATISFIED);
    ck_assert(reads(b, "p/changed", "good"));
    ck_assert(reads(b, "p/gone \u00e4+", "good"));
    ck_assert(reads(b, "p/new", "new"));
    ck_assert(reads(b, "other", "spoilt!"));
    bench_run(b, 3000);
    put_object(b, KEPT, "p/changed", "written by the app", 0);
    r = look(b, "s3", "recover", args); /* and nobody takes that away again */
    expect(r, EVAC_SEEN_SATISFIED);
    expect_reason(r, "1 were written since it began");
    bench_free(b);
}
END_TEST

START_TEST(a_recovery_goes_on_where_a_lost_reply_left_it)
{
    struct bench *b = spoilt();
    char args[1024];
    (void)snprintf(args, sizeof args, "%s", recovery(b, 3600, ""));
    bench_control(b, "service s3 us-west-2 lost-mutation 1"); /* when it began */
    expect_outcome(act(b, "s3", "recover", args), EVAC_OUTCOME_UNKNOWN);
    expect(look(b, "s3", "recover", args), EVAC_SEEN_UNSATISFIED);
    bench_control(b, "service s3 us-west-2 lost-mutation 1"); /* the copy */
    expect_outcome(act(b, "s3", "recover", args), EVAC_OUTCOME_UNKNOWN);
    ck_assert(reads(b, "p/changed", "good"));
    const struct evac_reply *r = look(b, "s3", "recover", args);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert_int_eq(bench_fact(r, "to_copy"), 0);
    expect_outcome(act(b, "s3", "recover", args), EVAC_OUTCOME_ACCEPTED);
    ck_assert(bench_true(b, "\"operation\":\"CopyObject\",\"region\":\"us-west-2\",\"received\":1,"
                            "\"effects\":1"));
    expect(look(b, "s3", "recover", args), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(newer_keys_are_hidden_when_that_is_wanted)
{
    struct bench *b = spoilt();
    char args[1024];
    (void)snprintf(args, sizeof args, "%s", recovery(b, 3600, "want.newer=hide\n"));
    ck_assert_int_eq(bench_fact(look(b, "s3", "recover", args), "to_hide"), 1);
    expect_outcome(act(b, "s3", "recover", args), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "s3", "recover", args), EVAC_SEEN_SATISFIED);
    ck_assert(reads(b, "p/new", ""));
    bench_free(b);
}
END_TEST

START_TEST(a_rehearsal_counts_and_changes_nothing)
{
    struct bench *b = spoilt();
    const struct evac_reply *r = look(b, "s3", "rehearse", "recover_prefix=*\n" PAIR TO);
    expect(r, EVAC_SEEN_SATISFIED); /* an hour ago */
    ck_assert_int_eq(bench_fact(r, "to_copy"), 1);
    ck_assert_int_eq(bench_fact(r, "newer"), 2);
    ck_assert_int_ge(bench_fact(r, "age_ms"), 3600000);
    ck_assert_int_lt(bench_fact(r, "age_ms"), 3601000);
    r = look(b, "s3", "rehearse", recovery(b, 30, ""));
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "to_copy"), 0);
    ck_assert(!bench_true(b, "\"CopyObject\""));
    bench_free(b);
}
END_TEST

START_TEST(what_is_too_much_is_refused_and_who_can_do_it_is_named)
{
    struct bench *b = spoilt();
    char args[1024];
    (void)snprintf(args, sizeof args, "%s", recovery(b, 3600, "recover_most=1\n"));
    const struct evac_reply *r = look(b, "s3", "recover", args);
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, "2 objects would be changed, at most 1 are");
    expect_reason(r, "S3 Batch Operations");
    expect_outcome(act(b, "s3", "recover", args), EVAC_OUTCOME_REJECTED);
    expect(look(b, "s3", "rehearse", args), EVAC_SEEN_BLOCKED);
    bench_control(b, "make s3 us-west-2 {\"kind\":\"object\",\"bucket\":\"" KEPT
                     "\",\"name\":\"p/cold\",\"body\":\"good\",\"age_s\":7200,"
                     "\"storage\":\"GLACIER\"}");
    put_object(b, KEPT, "p/cold", "spoilt!", 60);
    r = look(b, "s3", "recover", recovery(b, 3600, ""));
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, "1 objects are archived");
    ck_assert(reads(b, "p/changed", "spoilt!"));
    bench_free(b);
}
END_TEST

START_TEST(many_versions_are_listed_page_by_page)
{
    struct bench *b = with_buckets(60);
    char key[32];
    for (int i = 0; i < 700; i++) {
        (void)snprintf(key, sizeof key, "p/%03d", i);
        put_object(b, KEPT, key, "good", 7200);
        put_object(b, KEPT, key, "spoilt!", 60);
    }
    char args[1024];
    (void)snprintf(args, sizeof args, "%s", recovery(b, 3600, ""));
    const struct evac_reply *r = look(b, "s3", "recover", args);
    ck_assert_int_eq(bench_fact(r, "objects"), 700);
    ck_assert_int_eq(bench_fact(r, "to_copy"), 700);
    bench_control(b, "service s3 us-west-2 slow 100"); /* more than one apply's time */
    r = act(b, "s3", "recover", args);
    expect_outcome(r, EVAC_OUTCOME_ACCEPTED);
    expect_reason(r, "looked at before it goes on");
    bench_control(b, "service s3 us-west-2 up");
    int64_t left = bench_fact(look(b, "s3", "recover", args), "to_copy");
    ck_assert_int_gt(left, 0);
    ck_assert_int_lt(left, 700);
    for (int i = 0; i < 5 && left > 0; i++) {
        expect_outcome(act(b, "s3", "recover", args), EVAC_OUTCOME_ACCEPTED);
        left = bench_fact(look(b, "s3", "recover", args), "to_copy");
    }
    expect(look(b, "s3", "recover", args), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(another_recovery_of_the_same_number_is_not_mistaken_for_this_one)
{
    struct bench *b = spoilt();
    expect_outcome(act(b, "s3", "recover", recovery(b, 3600, "")), EVAC_OUTCOME_ACCEPTED);
    const struct evac_reply *r = look(b, "s3", "recover", recovery(b, 1800, ""));
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, "has left its marker");
    expect_outcome(act(b, "s3", "recover", recovery(b, 1800, "")), EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

START_TEST(a_recovery_without_a_time_changes_nothing)
{
    struct bench *b = spoilt();
    expect(look(b, "s3", "recover", "recover_prefix=p/\n" PAIR TO), EVAC_SEEN_SATISFIED);
    expect_outcome(act(b, "s3", "recover", "recover_prefix=p/\n" PAIR TO), EVAC_OUTCOME_ACCEPTED);
    ck_assert(reads(b, "p/changed", "spoilt!"));
    bench_free(b);
}
END_TEST

START_TEST(a_recovery_that_can_not_begin_has_had_no_effect)
{
    struct bench *b = spoilt();
    char args[1024];
    (void)snprintf(args, sizeof args, "%s", recovery(b, 3600, ""));
    bench_control(b, "service s3 us-west-2 throttled");
    expect_outcome(act(b, "s3", "recover", args), EVAC_OUTCOME_THROTTLED);
    bench_control(b, "region us-west-2 down");
    expect_outcome(act(b, "s3", "recover", args), EVAC_OUTCOME_NOT_SENT);
    expect(look(b, "s3", "recover", args), EVAC_SEEN_UNSEEN);
    expect(look(b, "s3", "rehearse", args), EVAC_SEEN_UNSEEN);
    ck_assert(reads(b, "p/changed", "spoilt!"));
    bench_free(b);
}
END_TEST

static void add_versions(Suite *suite)
{
    TCase *tc = tcase_create("restores by versions");
    tcase_add_test(tc, keys_are_again_what_they_were_at_a_time);
    tcase_add_test(tc, a_recovery_goes_on_where_a_lost_reply_left_it);
    tcase_add_test(tc, newer_keys_are_hidden_when_that_is_wanted);
    tcase_add_test(tc, a_rehearsal_counts_and_changes_nothing);
    tcase_add_test(tc, what_is_too_much_is_refused_and_who_can_do_it_is_named);
    tcase_add_test(tc, many_versions_are_listed_page_by_page);
    tcase_add_test(tc, another_recovery_of_the_same_number_is_not_mistaken_for_this_one);
    tcase_add_test(tc, a_recovery_without_a_time_changes_nothing);
    tcase_add_test(tc, a_recovery_that_can_not_begin_has_had_no_effect);
    suite_add_tcase(suite, tc);
}

static void cases(Suite *suite)
{
    add_replication(suite);
    add_batch(suite);
    add_versions(suite);
}

EVAC_TEST_MAIN("S3", cases)
