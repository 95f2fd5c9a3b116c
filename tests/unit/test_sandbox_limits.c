/* The model refuses by the facts by which the controller paces itself, in each service's words. */
#include "aws_pack.h"
#include "builtin.h"
#include "facts.h"
#include "sandbox_bench.h"
#include "sandbox_limits.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

/* --- the table -------------------------------------------------------------------------------- */

static bool same_names(const struct evac_fact_limit *fact, const char *names)
{
    struct evac_str rest = evac_str(names);
    size_t n = 0;
    while (n < fact->operation_count &&
           evac_str_eq(evac_str_cut(rest, ' ', &rest), fact->operations[n]))
        n++;
    return n == fact->operation_count && rest.n == 0;
}

static void expect_same(const struct evac_fact_limit *fact, const struct sb_limit *limit)
{
    ck_assert_msg(limit->service && evac_str_is(fact->service, limit->service), "%s",
                  fact->service.p);
    ck_assert_msg(same_names(fact, limit->operations), "%s %s", limit->service, limit->operations);
    ck_assert_int_eq(fact->everywhere, limit->everywhere);
    ck_assert_int_eq(fact->rate_micros, (int64_t)(limit->rate_per_s * 1e6 + 0.5));
    ck_assert_int_eq(fact->burst, (int64_t)limit->burst);
}

START_TEST(the_models_limits_are_the_facts_without_budgets)
{
    struct evac_diag diag = { .arena = evac_arena_new() };
    const struct evac_facts *facts;
    struct evac_err err = { EVAC_OK, "" };
    const struct sb_limit *limit = sb_limits;
    unsigned budgets = 0;
    ck_assert_int_eq(
        evac_builtin_load_facts(EVAC_STR_NONE, EVAC_STR_NONE, EVAC_STR_NONE, &diag, &facts, &err),
        EVAC_OK);
    for (const struct evac_facts *f = facts; f; f = f->next)
        for (size_t i = 0; i < f->limit_count; i++)
            if (f->limits[i].budget)
                budgets++;
            else
                expect_same(&f->limits[i], limit++);
    ck_assert_ptr_null(limit->service);
    ck_assert_uint_eq(budgets, 1);
    evac_arena_free(diag.arena);
}
END_TEST

/* --- what is refused -------------------------------------------------------------------------- */

static struct {
    unsigned answered, throttled;
    int status;
    char code[64];
} said;

static void keep(void *user, const struct evac_aws_reply *r)
{
    (void)user;
    said.answered++;
    if (r->outcome != EVAC_OUTCOME_THROTTLED)
        return;
    said.throttled++;
    said.status = r->status;
    (void)evac_str_copy(said.code, sizeof said.code, r->code);
}

struct asked {
    const char *service, *operation, *path, *body;
    unsigned burst;
    int status;
    const char *code;
};

static const struct asked services[] = {
    { "route53", "ListHostedZones", "/2013-04-01/hostedzone", "", 50, 400, "Throttling" },
    { "rds", "DescribeGlobalClusters", "", "", 30, 400, "Throttling" },
    { "autoscaling", "DescribeAutoScalingGroups", "", "", 30, 400, "Throttling" },
    { "sts", "GetCallerIdentity", "", "", 600, 400, "Throttling" },
    { "ec2", "DescribeInstances", "", "", 100, 503, "RequestLimitExceeded" },
    { "ecs", "DescribeClusters", "", "{}", 50, 400, "ThrottlingException" },
    { "dynamodb", "DescribeTable", "", "{\"TableName\":\"t\"}", 30, 400, "ThrottlingException" },
    { "lambda", "ListEventSourceMappings", "/2015-03-31/event-source-mappings/", "", 15, 429,
      "TooManyRequestsException" },
};

/* So many at one instant. */
static void ask(struct bench *b, const struct asked *what, const char *region, unsigned times)
{
    const struct evac_aws_request request = { .service = what->service,
                                              .operation = what->operation,
                                              .region = evac_str(region),
                                              .method = what->path[0] ? "GET" : NULL,
                                              .path = evac_str(what->path),
                                              .body = evac_str(what->body) };
    struct evac_err err = { EVAC_OK, "" };
    uint64_t id;
    said.answered = said.throttled = 0;
    for (unsigned i = 0; i < times; i++)
        ck_assert_msg(evac_aws_send(bench_link(b)->aws, &request, keep, NULL, &id, &err) == EVAC_OK,
                      "%s", err.text);
    for (int i = 0; i < 1000 && said.answered < times; i++)
        bench_run(b, 1);
    ck_assert_uint_eq(said.answered, times);
}

START_TEST(each_service_refuses_what_is_above_its_burst_in_its_own_words)
{
    struct bench *b = bench_new(1);
    const struct asked *what = &services[_i];
    ask(b, what, "us-east-1", what->burst + 5);
    ck_assert_uint_eq(said.throttled, 0); /* nobody asked for limits */
    bench_control(b, "limits on");
    ask(b, what, "us-east-1", what->burst + 5);
    ck_assert_uint_eq(said.throttled, 5);
    ck_assert_int_eq(said.status, what->status);
    ck_assert_str_eq(said.code, what->code);
    ck_assert(bench_true(b, "\"throttled\":5,"));
    bench_control(b, "limits off");
    ask(b, what, "us-east-1", what->burst + 5);
    ck_assert_uint_eq(said.throttled, 0);
    bench_free(b);
}
END_TEST

START_TEST(a_region_has_its_own_bucket_and_the_account_one)
{
    struct bench *b = bench_new(1);
    bench_control(b, "limits on");
    ask(b, &services[1], "us-east-1", 31);
    ck_assert_uint_eq(said.throttled, 1);
    ask(b, &services[1], "us-west-2", 31);
    ck_assert_uint_eq(said.throttled, 1);
    ask(b, &services[0], "us-east-1", 50);
    ask(b, &services[0], "us-west-2", 50); /* Route 53 is served in one place */
    ck_assert_uint_ge(said.throttled, 45);
    bench_free(b);
}
END_TEST

/* An instant's worth of rds, and what a second brings back. */
static unsigned back_after_a_second(double speed)
{
    struct bench *b = bench_new(speed);
    bench_control(b, "limits on");
    ask(b, &services[1], "us-east-1", 100);
    bench_run(b, 1000);
    ask(b, &services[1], "us-east-1", 100);
    bench_free(b);
    return 100 - said.throttled;
}

START_TEST(limits_are_as_fast_as_the_sandbox)
{
    unsigned real = back_after_a_second(1), doubled = back_after_a_second(2);
    ck_assert_uint_ge(real, 10);
    ck_assert_uint_le(real, 12); /* the answers took a little */
    ck_assert_uint_ge(doubled, 20);
    ck_assert_uint_le(doubled, 23);
}
END_TEST

START_TEST(the_truth_counts_looks_and_what_was_refused)
{
    struct bench *b = bench_new(1);
    bench_control(b, "limits on");
    ask(b, &services[1], "us-east-1", 33);
    ck_assert(bench_true(b, "\"looks\":["));
    ck_assert(bench_true(b, "{\"service\":\"rds\",\"operation\":\"DescribeGlobalClusters\","
                            "\"region\":\"us-east-1\",\"received\":30,\"throttled\":3}"));
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("limits");
    tcase_add_test(tc, the_models_limits_are_the_facts_without_budgets);
    tcase_add_loop_test(tc, each_service_refuses_what_is_above_its_burst_in_its_own_words, 0,
                        (int)(sizeof services / sizeof services[0]));
    tcase_add_test(tc, a_region_has_its_own_bucket_and_the_account_one);
    tcase_add_test(tc, limits_are_as_fast_as_the_sandbox);
    tcase_add_test(tc, the_truth_counts_looks_and_what_was_refused);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("what the model takes of calls", cases)
