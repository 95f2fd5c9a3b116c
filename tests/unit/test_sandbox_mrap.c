/* Multi-Region Access Points before the model: five regions asked in turn. */
#include "sandbox_bench.h"
#include "suite.h"

#include <stdio.h>

#define ARN "mrap=arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap\n"
#define SIDES(region)                                                                              \
    ARN "region=" region "\nfrom=us-east-1\nto=us-west-2\nmode=ungraceful\napp=shop\n"
#define TO      SIDES("us-west-2")
#define AT_FROM SIDES("us-east-1")
#define THIRD   SIDES("eu-west-1")

#define ROUTE(region, dial)                                                                        \
    "{\"Bucket\":\"shop-" region "\",\"Region\":\"" region "\",\"TrafficDialPercentage\":" dial "}"

static struct bench *at_speed(double speed, const char *routes)
{
    struct bench *b = bench_new(speed);
    bench_control(b,
                  "make s3control us-east-1 "
                  "{\"kind\":\"mrap\",\"name\":\"mfzwi23gnjvgw.mrap\",\"Routes\":[%s]}",
                  routes);
    return b;
}

/* Routes take two seconds. */
static struct bench *with_routes(const char *routes)
{
    return at_speed(60, routes);
}

static struct bench *active_passive(void)
{
    return with_routes(ROUTE("us-east-1", "100") "," ROUTE("us-west-2", "0"));
}

BENCH_DRIVER("mrap")

/* The bench has four of the five; this is the one that tests do not name otherwise. */
static void without_asia(struct bench *b, const char *word)
{
    bench_control(b, "service s3control ap-northeast-1 %s", word);
}

/* How often the change had an effect, wherever it was asked for. */
static bool submitted(struct bench *b, const char *region, int effects)
{
    char part[200];
    (void)snprintf(part, sizeof part,
                   "\"operation\":\"SubmitMultiRegionAccessPointRoutes\",\"region\":\"%s\","
                   "\"received\":%d,\"effects\":%d",
                   region, effects, effects);
    return bench_true(b, part);
}

START_TEST(a_route_moves_both_regions_in_one_change_and_back)
{
    struct bench *b = active_passive();
    char was[256];
    const struct evac_reply *r = look(b, "route", TO);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(evac_str_copy(was, sizeof was, r->snapshot));
    ck_assert_str_eq(was, "{\"account\":\"123456789012\",\"own\":0,\"left\":100,"
                          "\"routes\":{\"us-east-1\":100,\"us-west-2\":0}}");
    expect_outcome(act(b, "route", TO), EVAC_OUTCOME_ACCEPTED);
    ck_assert(submitted(b, "us-west-2", 1));
    expect(look(b, "route", TO), EVAC_SEEN_MOVING);
    /* asked again while it is on its way: nothing is sent */
    expect_outcome(act(b, "route", TO), EVAC_OUTCOME_ACCEPTED);
    ck_assert(submitted(b, "us-west-2", 1));
    expect(bench_settle(b, "mrap", "route", TO, 10000), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"Region\":\"us-east-1\",\"TrafficDialPercentage\":0"));
    bench_goal(b, was);
    expect(look(b, "route", TO), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "route", TO), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "mrap", "route", TO, 10000), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"Region\":\"us-east-1\",\"TrafficDialPercentage\":100"));
    bench_free(b);
}
END_TEST

START_TEST(a_change_under_way_is_not_taken_for_one_that_is_undone)
{
    struct bench *b = active_passive();
    char was[256];
    ck_assert(evac_str_copy(was, sizeof was, look(b, "route", TO)->snapshot));
    expect_outcome(act(b, "route", TO), EVAC_OUTCOME_ACCEPTED);
    bench_goal(b, was);
    const struct evac_reply *r = look(b, "route", TO); /* still as it was, for a while */
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(evac_str_has(r->reason, "another change is under way"));
    expect(look(b, "ready", TO), EVAC_SEEN_SATISFIED);
    bench_goal(b, was);
    expect_outcome(act(b, "route", TO), EVAC_OUTCOME_REJECTED); /* one at a time */
    bench_run(b, 3000);
    expect_outcome(act(b, "route", TO), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "mrap", "route", TO, 10000), EVAC_SEEN_SATISFIED);
    bench_run(b, 5000);
    expect(look(b, "route", TO), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"Region\":\"us-east-1\",\"TrafficDialPercentage\":100"));
    bench_free(b);
}
END_TEST

START_TEST(one_region_is_withdrawn_and_joins_again)
{
    struct bench *b = with_routes(ROUTE("us-east-1", "100") "," ROUTE("us-west-2", "100"));
    expect(look(b, "join", AT_FROM), EVAC_SEEN_SATISFIED);
    expect_outcome(act(b, "withdraw", AT_FROM), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "mrap", "withdraw", AT_FROM, 10000), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"Region\":\"us-west-2\",\"TrafficDialPercentage\":100"));
    expect_outcome(act(b, "join", AT_FROM), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "mrap", "join", AT_FROM, 10000), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(the_last_region_that_takes_requests_is_never_withdrawn)
{
    struct bench *b = active_passive();
    const struct evac_reply *r = look(b, "withdraw", AT_FROM);
    expect(r, EVAC_SEEN_BLOCKED);
    ck_assert(evac_str_has(r->reason, "no region would take requests"));
    expect_outcome(act(b, "withdraw", AT_FROM), EVAC_OUTCOME_REJECTED);
    ck_assert(!bench_true(b, "SubmitMultiRegion")); /* never asked for */
    bench_free(b);
}
END_TEST

START_TEST(a_region_that_is_gone_is_passed_over)
{
    struct bench *b = active_passive();
    bench_control(b, "region us-east-1 down");
    bench_control(b, "region us-west-2 down"); /* nothing but eu-west-1 answers */
    expect(look(b, "route", TO), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "route", TO), EVAC_OUTCOME_ACCEPTED);
    ck_assert(submitted(b, "eu-west-1", 1));
    bench_control(b, "region eu-west-1 down");
    without_asia(b, "down");
    const struct evac_reply *r = look(b, "route", TO);
    expect(r, EVAC_SEEN_UNSEEN);
    ck_assert_msg(evac_str_has(r->reason, "none of 5 regions"), "%.*s", EVAC_STR_ARG(r->reason));
    expect_outcome(act(b, "route", TO), EVAC_OUTCOME_NOT_SENT);
    bench_free(b);
}
END_TEST

START_TEST(after_a_lost_reply_the_next_region_is_looked_at_first)
{
    struct bench *b = active_passive();
    bench_control(b, "service s3control us-west-2 lost-mutation 1");
    expect_outcome(act(b, "route", TO), EVAC_OUTCOME_ACCEPTED);
    ck_assert(submitted(b, "us-west-2", 1)); /* the next one saw that it is so already */
    ck_assert(!submitted(b, "eu-west-1", 1));
    expect(bench_settle(b, "mrap", "route", TO, 10000), EVAC_SEEN_SATISFIED);
    bench_control(b, "service s3control us-west-2 lost-mutation 1");
    bench_control(b, "region eu-west-1 down");
    bench_control(b, "region us-east-1 down");
    without_asia(b, "down");
    bench_goal(b, "{\"routes\":{\"us-east-1\":100,\"us-west-2\":0}}");
    /* nobody else can be asked what became of it */
    expect_outcome(act(b, "route", TO), EVAC_OUTCOME_UNKNOWN);
    bench_run(b, 3000);
    bench_goal(b, "{\"routes\":{\"us-east-1\":100,\"us-west-2\":0}}");
    expect(look(b, "route", TO), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(what_the_next_region_does_not_see_is_asked_for_there)
{
    struct bench *b = at_speed(1, ROUTE("us-east-1", "100") "," ROUTE("us-west-2", "0"));
    bench_control(b, "service s3control us-west-2 lost-mutation 1");
    expect_outcome(act(b, "route", TO), EVAC_OUTCOME_ACCEPTED);
    ck_assert(submitted(b, "us-west-2", 1));
    ck_assert(submitted(b, "eu-west-1", 1)); /* the same once more, which is harmless */
    expect(bench_settle(b, "mrap", "route", TO, 150000), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(who_is_throttled_or_denied_somewhere_asks_elsewhere)
{
    struct bench *b = active_passive();
    bench_control(b, "service s3control us-west-2 throttled");
    bench_control(b, "service s3control eu-west-1 denied");
    without_asia(b, "denied");
    expect(look(b, "ready", TO), EVAC_SEEN_SATISFIED);
    expect_outcome(act(b, "route", TO), EVAC_OUTCOME_ACCEPTED);
    ck_assert(submitted(b, "us-east-1", 1));
    bench_control(b, "service s3control us-east-1 denied");
    bench_control(b, "service s3control us-west-2 denied");
    expect(look(b, "ready", TO), EVAC_SEEN_UNSEEN);
    bench_free(b);
}
END_TEST

START_TEST(a_conflicting_change_is_refused_and_looked_at_again)
{
    struct bench *b = with_routes(ROUTE("us-east-1", "100") "," ROUTE("us-west-2", "100"));
    expect_outcome(act(b, "withdraw", AT_FROM), EVAC_OUTCOME_ACCEPTED);
    /* somebody's other change is on its way: ours would leave no region, once that is there */
    const struct evac_reply *r = act(b, "withdraw", TO);
    expect_outcome(r, EVAC_OUTCOME_REJECTED);
    ck_assert(evac_str_is(r->code, "OperationAborted"));
    bench_run(b, 5000);
    expect(look(b, "withdraw", TO), EVAC_SEEN_BLOCKED);
    bench_free(b);
}
END_TEST

START_TEST(what_can_not_be_routed_is_said)
{
    struct bench *b = with_routes(ROUTE("us-east-1", "100"));
    const struct evac_reply *r = look(b, "ready", AT_FROM);
    expect(r, EVAC_SEEN_BLOCKED);
    ck_assert(evac_str_has(r->reason, "one region only"));
    r = look(b, "join", THIRD);
    expect(r, EVAC_SEEN_BLOCKED);
    ck_assert(evac_str_has(r->reason, "no route to eu-west-1"));
    r = look(b, "ready",
             "mrap=arn:aws:s3::123456789012:accesspoint/nobody.mrap\nregion=us-west-2\n"
             "from=us-east-1\nto=us-west-2\n");
    expect(r, EVAC_SEEN_UNSEEN);
    ck_assert(evac_str_is(r->code, "NoSuchMultiRegionAccessPoint"));
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("access points");
    tcase_add_test(tc, a_route_moves_both_regions_in_one_change_and_back);
    tcase_add_test(tc, a_change_under_way_is_not_taken_for_one_that_is_undone);
    tcase_add_test(tc, one_region_is_withdrawn_and_joins_again);
    tcase_add_test(tc, the_last_region_that_takes_requests_is_never_withdrawn);
    tcase_add_test(tc, a_region_that_is_gone_is_passed_over);
    tcase_add_test(tc, after_a_lost_reply_the_next_region_is_looked_at_first);
    tcase_add_test(tc, what_the_next_region_does_not_see_is_asked_for_there);
    tcase_add_test(tc, who_is_throttled_or_denied_somewhere_asks_elsewhere);
    tcase_add_test(tc, a_conflicting_change_is_refused_and_looked_at_again);
    tcase_add_test(tc, what_can_not_be_routed_is_said);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("Multi-Region Access Points", cases)
