/* The AWS drivers before the model, over the real client: what each sees, does, and refuses to do.
 */
#include "sandbox_bench.h"
#include "suite.h"

#define SIDES(to, from, mode)                                                                      \
    "region=" to "\nfrom=" from "\nto=us-west-2\nmode=" mode "\napp=shop\n"
#define TO      SIDES("us-west-2", "us-east-1", "ungraceful")
#define AT_FROM SIDES("us-east-1", "us-east-1", "graceful")
#define GO                                                                                         \
    "key=go/shop.json\nrenew=5s\nmargin=1s\nbuckets.us-east-1=shop-go-use1\n"                      \
    "buckets.us-west-2=shop-go-usw2\nbuckets.eu-west-1=shop-go-euw1\nrun=7\n"
#define WEB   "cluster=shop\nservice=web\ncount.active=6\ncount.standby=1\nwant.minimum_percent=100\n"
#define BATCH "group=shop-batch\ncount.active=3\ncount.standby=1\nwant.minimum_percent=100\n"
#define ASSETS                                                                                     \
    "canary=evac-canary/shop\nbuckets.us-east-1=shop-assets-use1\n"                                \
    "buckets.us-west-2=shop-assets-usw2\n"
#define DNS    "zone=Z0SHOP\nname=shop.example.com\nswitch=health-check\nrecord_type=A\nttl=60\n"
#define RECORD "zone=Z0SHOP\nname=plain.example.com\nswitch=record\nrecord_type=A\nttl=60\n"

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

/* --- the GO object --------------------------------------------------------------------------- */

START_TEST(fencing_takes_the_permission_and_waits_until_it_has_run_out)
{
    struct bench *b = bench_new(10);
    expect(look(b, "s3-go", "ready", GO TO), EVAC_SEEN_SATISFIED);
    expect(look(b, "s3-go", "expire", GO TO), EVAC_SEEN_UNSATISFIED);
    const struct evac_reply *r = look(b, "s3-go", "fence", GO TO);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(r->strong && r->version.n > 0);
    bench_version(b, r->version);
    expect_outcome(act(b, "s3-go", "fence", GO TO), EVAC_OUTCOME_ACCEPTED);
    /* the same decision again, late: the copy has moved on */
    expect_outcome(act(b, "s3-go", "fence", GO TO), EVAC_OUTCOME_REJECTED);
    bench_version(b, EVAC_STR_NONE);
    expect(look(b, "s3-go", "fence", GO TO), EVAC_SEEN_SATISFIED);
    r = look(b, "s3-go", "expire", GO TO);
    expect(r, EVAC_SEEN_MOVING);
    ck_assert_int_lt(r->progress, 100);
    bench_run(b, 5900);
    expect(look(b, "s3-go", "expire", GO TO), EVAC_SEEN_MOVING);
    bench_run(b, 2200);
    expect(look(b, "s3-go", "expire", GO TO), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(granting_needs_the_fence_first)
{
    struct bench *b = bench_new(10);
    expect_outcome(act(b, "s3-go", "grant", GO TO), EVAC_OUTCOME_REJECTED);
    expect_outcome(act(b, "s3-go", "fence", GO TO), EVAC_OUTCOME_ACCEPTED);
    expect_outcome(act(b, "s3-go", "grant", GO TO), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "s3-go", "grant", GO TO), EVAC_SEEN_SATISFIED);
    /* fencing again does not take back what was granted */
    expect(look(b, "s3-go", "fence", GO TO), EVAC_SEEN_SATISFIED);
    expect_outcome(act(b, "s3-go", "route", GO TO), EVAC_OUTCOME_ACCEPTED);
    ck_assert(
        bench_true(b, "\"go_writer\":\"us-west-2\",\"go_route\":\"us-west-2\",\"go_epoch\":4"));
    bench_free(b);
}
END_TEST

START_TEST(a_fence_that_is_undone_gives_the_permission_back)
{
    struct bench *b = bench_new(10);
    char before[512];
    const struct evac_reply *r = look(b, "s3-go", "fence", GO TO);
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    expect_outcome(act(b, "s3-go", "fence", GO TO), EVAC_OUTCOME_ACCEPTED);
    bench_goal(b, before);
    expect(look(b, "s3-go", "fence", GO TO), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "s3-go", "fence", GO TO), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "s3-go", "fence", GO TO), EVAC_SEEN_SATISFIED);
    ck_assert(
        bench_true(b, "\"go_writer\":\"us-east-1\",\"go_route\":\"us-east-1\",\"go_epoch\":3"));
    bench_free(b);
}
END_TEST

START_TEST(what_is_no_go_object_is_left_alone)
{
    struct bench *b = bench_new(10);
    const char *args = "key=evac-canary/shop/us-east-1\nrenew=5s\nmargin=1s\n"
                       "buckets.us-east-1=shop-assets-use1\n" AT_FROM;
    bench_marker(b, 41);
    expect_outcome(bench_call(b, "s3", EVAC_VERB_MARK, "", ASSETS AT_FROM), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "s3-go", "fence", args), EVAC_SEEN_BLOCKED);
    expect_outcome(act(b, "s3-go", "fence", args), EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

START_TEST(a_copy_that_is_missing_is_made)
{
    struct bench *b = bench_new(10);
    const char *args = "key=go/new.json\nrenew=5s\nmargin=1s\nbuckets.us-west-2=shop-go-usw2\n" TO;
    const struct evac_reply *r = look(b, "s3-go", "fence", args);
    expect(r, EVAC_SEEN_UNSATISFIED);
    bench_version(b, r->version);
    expect_outcome(act(b, "s3-go", "fence", args), EVAC_OUTCOME_ACCEPTED);
    expect_outcome(act(b, "s3-go", "fence", args), EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

/* --- capacity -------------------------------------------------------------------------------- */

START_TEST(tasks_are_scaled_up_and_back)
{
    struct bench *b = bench_new(10);
    const struct evac_reply *r = look(b, "ecs", "scale", WEB TO "want.count=active\n");
    expect(r, EVAC_SEEN_UNSATISFIED);
    char before[256];
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    expect_outcome(act(b, "ecs", "scale", WEB TO "want.count=active\n"), EVAC_OUTCOME_ACCEPTED);
    r = look(b, "ecs", "scale", WEB TO "want.count=active\n");
    expect(r, EVAC_SEEN_MOVING);
    ck_assert_int_eq(r->progress, 16);
    r = bench_settle(b, "ecs", "scale", WEB TO "want.count=active\n", 30000);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "running"), 6);
    /* where the app is taken over, more than is wanted stays */
    expect(look(b, "ecs", "scale", WEB TO "want.count=standby\n"), EVAC_SEEN_SATISFIED);
    bench_goal(b, before);
    expect(look(b, "ecs", "scale", WEB TO "want.count=active\n"), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "ecs", "scale", WEB TO "want.count=active\n"), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "ecs", "scale", WEB TO "want.count=active\n", 30000),
           EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"region\":\"us-west-2\",\"cluster\":\"shop\",\"service\":\"web\","
                            "\"desired\":1,\"running\":1"));
    bench_free(b);
}
END_TEST

START_TEST(the_side_that_was_left_is_shrunk_exactly)
{
    struct bench *b = bench_new(10);
    expect(look(b, "ecs", "scale", WEB AT_FROM "want.count=standby\n"), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "ecs", "scale", WEB AT_FROM "want.count=standby\n"),
                   EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "ecs", "scale", WEB AT_FROM "want.count=standby\n", 30000),
           EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(capacity_that_does_not_come_is_said)
{
    struct bench *b = bench_new(10);
    bench_control(b, "service ecs us-west-2 capacity-refused");
    bench_control(b, "service autoscaling us-west-2 capacity-refused");
    (void)act(b, "ecs", "scale", WEB TO "want.count=active\n");
    (void)act(b, "asg", "scale", BATCH TO "want.count=active\n");
    bench_run(b, 20000);
    const struct evac_reply *r = look(b, "ecs", "scale", WEB TO "want.count=active\n");
    expect(r, EVAC_SEEN_MOVING);
    ck_assert_msg(evac_str_has(r->reason, "unable to place"), "%.*s", EVAC_STR_ARG(r->reason));
    r = look(b, "asg", "scale", BATCH TO "want.count=active\n");
    expect(r, EVAC_SEEN_MOVING);
    ck_assert_msg(evac_str_has(r->reason, "sufficient"), "%.*s", EVAC_STR_ARG(r->reason));
    bench_control(b, "service ecs us-west-2 up");
    bench_control(b, "service autoscaling us-west-2 up");
    expect(bench_settle(b, "ecs", "scale", WEB TO "want.count=active\n", 60000),
           EVAC_SEEN_SATISFIED);
    expect(bench_settle(b, "asg", "scale", BATCH TO "want.count=active\n", 60000),
           EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(a_groups_bounds_make_room_and_come_back)
{
    struct bench *b = bench_new(10);
    const struct evac_reply *r = look(b, "asg", "scale", BATCH TO "want.count=12\n");
    char before[256];
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    expect_outcome(act(b, "asg", "scale", BATCH TO "want.count=12\n"), EVAC_OUTCOME_ACCEPTED);
    ck_assert(bench_true(b, "\"group\":\"shop-batch\",\"min\":0,\"max\":12,\"desired\":12"));
    expect(bench_settle(b, "asg", "scale", BATCH TO "want.count=12\n", 60000), EVAC_SEEN_SATISFIED);
    bench_goal(b, before);
    expect_outcome(act(b, "asg", "scale", BATCH TO "want.count=12\n"), EVAC_OUTCOME_ACCEPTED);
    ck_assert(bench_true(b, "\"group\":\"shop-batch\",\"min\":0,\"max\":10,\"desired\":1"));
    bench_free(b);
}
END_TEST

START_TEST(what_is_not_there_blocks_with_a_sentence)
{
    struct bench *b = bench_new(10);
    expect(look(b, "ecs", "ready", "cluster=shop\nservice=nobody\n" TO), EVAC_SEEN_BLOCKED);
    expect(look(b, "asg", "ready", "group=nobody\n" TO), EVAC_SEEN_BLOCKED);
    expect(look(b, "ecs", "ready", WEB TO), EVAC_SEEN_SATISFIED);
    expect(look(b, "asg", "ready", BATCH TO), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

/* --- S3 -------------------------------------------------------------------------------------- */

START_TEST(markers_cross_with_the_data)
{
    struct bench *b = bench_new(10);
    const struct evac_reply *r = bench_call(b, "s3", EVAC_VERB_SEEK, "", ASSETS TO);
    ck_assert_int_eq(bench_fact(r, "marker"), -1);
    bench_marker(b, 1234);
    expect_outcome(bench_call(b, "s3", EVAC_VERB_MARK, "", ASSETS AT_FROM), EVAC_OUTCOME_ACCEPTED);
    bench_run(b, 1000);
    ck_assert_int_eq(bench_fact(bench_call(b, "s3", EVAC_VERB_SEEK, "", ASSETS TO), "marker"),
                     1234);
    bench_control(b, "region us-east-1 isolated");
    r = bench_call(b, "s3", EVAC_VERB_SEEK, "", ASSETS TO);
    ck_assert_int_eq(bench_fact(r, "marker"), 1234);
    bench_free(b);
}
END_TEST

START_TEST(replication_is_seen_by_rule_and_by_arrival)
{
    struct bench *b = bench_new(10);
    expect(look(b, "s3", "ready", ASSETS TO), EVAC_SEEN_SATISFIED);
    expect(look(b, "s3", "replicating", ASSETS AT_FROM), EVAC_SEEN_SATISFIED);
    bench_control(b, "region us-west-2 isolated");
    bench_marker(b, 5);
    (void)bench_call(b, "s3", EVAC_VERB_MARK, "", ASSETS AT_FROM);
    expect(look(b, "s3", "replicating", ASSETS AT_FROM), EVAC_SEEN_MOVING);
    bench_control(b, "region us-west-2 up");
    expect(bench_settle(b, "s3", "replicating", ASSETS AT_FROM, 30000), EVAC_SEEN_SATISFIED);
    expect(
        look(b, "s3", "replicating",
             "canary=c\nbuckets.us-east-1=shop-go-use1\nbuckets.us-west-2=shop-go-usw2\n" AT_FROM),
        EVAC_SEEN_BLOCKED);
    bench_free(b);
}
END_TEST

/* --- Route 53 -------------------------------------------------------------------------------- */

START_TEST(the_health_check_moves_the_name_without_route_53s_api)
{
    struct bench *b = bench_new(10);
    expect(look(b, "route53", "ready", DNS TO), EVAC_SEEN_SATISFIED);
    expect(look(b, "route53", "point", DNS TO), EVAC_SEEN_MOVING);
    bench_control(b, "region us-east-1 down"); /* and with it Route 53's API */
    expect(look(b, "route53", "ready", DNS TO), EVAC_SEEN_UNSEEN);
    (void)act(b, "s3-go", "fence", GO TO);
    (void)act(b, "s3-go", "route", GO TO);
    expect(bench_settle(b, "route53", "point", DNS TO, 10000), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(a_record_is_changed_only_as_it_was_seen)
{
    struct bench *b = bench_new(10);
    const char *east = RECORD "target=192.0.2.1\n" TO, *west = RECORD "target=192.0.2.2\n" TO;
    expect_outcome(act(b, "route53", "point", east), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "route53", "point", east, 20000), EVAC_SEEN_SATISFIED);
    const struct evac_reply *r = look(b, "route53", "point", west);
    expect(r, EVAC_SEEN_UNSATISFIED);
    char before[4096];
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    bench_version(b, r->version);
    expect_outcome(act(b, "route53", "point", west), EVAC_OUTCOME_ACCEPTED);
    bench_run(b, 5000);
    expect_outcome(act(b, "route53", "point", west), EVAC_OUTCOME_REJECTED);
    bench_version(b, EVAC_STR_NONE);
    expect(bench_settle(b, "route53", "point", west, 20000), EVAC_SEEN_SATISFIED);
    bench_goal(b, before);
    expect_outcome(act(b, "route53", "point", west), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "route53", "point", west, 20000), EVAC_SEEN_SATISFIED);
    bench_goal(b, "");
    expect(look(b, "route53", "point", east), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

/* --- CloudWatch ------------------------------------------------------------------------------ */

START_TEST(a_metric_measures_lag_and_silence_is_not_zero)
{
    struct bench *b = bench_new(10);
    const char *args = "namespace=AWS/RDS\nmetric=AuroraGlobalDBRPOLag\nperiod=1s\nstat=Maximum\n"
                       "unit=ms\nread_in=to\ndimensions.DBClusterIdentifier=shop-db-usw2\n" TO;
    bench_run(b, 15000);
    const struct evac_reply *r = bench_call(b, "cloudwatch", EVAC_VERB_MEASURE, "", args);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "lag_ms"), 180);
    r = bench_call(b, "cloudwatch", EVAC_VERB_MEASURE, "",
                   "namespace=AWS/RDS\nmetric=Nothing\nperiod=60s\nstat=Maximum\nunit=ms\n"
                   "read_in=to\n" TO);
    expect(r, EVAC_SEEN_UNSEEN);
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("drivers");
    tcase_add_test(tc, fencing_takes_the_permission_and_waits_until_it_has_run_out);
    tcase_add_test(tc, granting_needs_the_fence_first);
    tcase_add_test(tc, a_fence_that_is_undone_gives_the_permission_back);
    tcase_add_test(tc, what_is_no_go_object_is_left_alone);
    tcase_add_test(tc, a_copy_that_is_missing_is_made);
    tcase_add_test(tc, tasks_are_scaled_up_and_back);
    tcase_add_test(tc, the_side_that_was_left_is_shrunk_exactly);
    tcase_add_test(tc, capacity_that_does_not_come_is_said);
    tcase_add_test(tc, a_groups_bounds_make_room_and_come_back);
    tcase_add_test(tc, what_is_not_there_blocks_with_a_sentence);
    tcase_add_test(tc, markers_cross_with_the_data);
    tcase_add_test(tc, replication_is_seen_by_rule_and_by_arrival);
    tcase_add_test(tc, the_health_check_moves_the_name_without_route_53s_api);
    tcase_add_test(tc, a_record_is_changed_only_as_it_was_seen);
    tcase_add_test(tc, a_metric_measures_lag_and_silence_is_not_zero);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("the AWS drivers", cases)
