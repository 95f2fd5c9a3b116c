/* Many services of one cluster: looks at them go together, and none pays for another. */
#include "aws_pack.h"
#include "sandbox_bench.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define MANY 25u
/* As the sandbox counts them. */
#define LOOKS "\"DescribeServices\",\"region\":\"us-west-2\",\"received\":"

static struct caller {
    char service[32];
    uint64_t id;
    bool done;
    enum evac_seen seen;
    int64_t running;
} callers[MANY];

static struct bench *b;

static void keep(void *user, const struct evac_reply *r)
{
    struct caller *k = user;
    ck_assert(!k->done);
    k->done = true;
    k->seen = r->seen;
    k->running = bench_fact(r, "running");
}

static void look(size_t i)
{
    struct caller *k = &callers[i];
    const struct evac_arg items[] = {
        { EVAC_STR("app"), EVAC_STR("shop") },
        { EVAC_STR("cluster"), EVAC_STR("shop") },
        { EVAC_STR("from"), EVAC_STR("us-east-1") },
        { EVAC_STR("mode"), EVAC_STR("ungraceful") },
        { EVAC_STR("region"), EVAC_STR("us-west-2") },
        { EVAC_STR("service"), evac_str(k->service) },
        { EVAC_STR("to"), EVAC_STR("us-west-2") },
        { EVAC_STR("want.count"), EVAC_STR("30") },
        { EVAC_STR("want.minimum_percent"), EVAC_STR("100") },
    };
    const struct evac_args args = { items, sizeof items / sizeof items[0] };
    const struct evac_call call = {
        .verb = EVAC_VERB_OBSERVE, .action = "scale", .args = &args, .token = ""
    };
    struct evac_err err = { EVAC_OK, "" };
    k->done = false;
    ck_assert_msg(!evac_driver_ecs.call(bench_link(b), &call, keep, k, &k->id, &err), "%s",
                  err.text);
}

static void begin(void)
{
    b = bench_new(0);
    for (size_t i = 0; i < MANY; i++) {
        (void)snprintf(callers[i].service, sizeof callers[i].service, "s%02zu", i);
        bench_control(
            b, "make ecs us-west-2 {\"cluster\":\"shop\",\"service\":\"s%02zu\",\"count\":%zu}", i,
            i + 1);
    }
    bench_run(b, 1000);
}

static void look_at(size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        look(i);
    bench_run(b, 5000);
    for (size_t i = from; i < to; i++)
        ck_assert(callers[i].done);
}

START_TEST(ten_of_a_cluster_are_looked_at_by_one_request_and_each_hears_of_its_own)
{
    begin();
    look_at(0, MANY);
    for (size_t i = 0; i < MANY; i++)
        ck_assert_int_eq(callers[i].running, (int64_t)i + 1);
    ck_assert(bench_true(b, LOOKS "3,"));
    bench_free(b);
}
END_TEST

START_TEST(few_share_as_well_and_one_that_two_ask_about_is_named_once)
{
    begin();
    (void)snprintf(callers[3].service, sizeof callers[3].service, "s00");
    look_at(0, 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(callers[i].running, (int64_t)(i % 3) + 1);
    ck_assert(bench_true(b, LOOKS "1,"));
    bench_free(b);
}
END_TEST

START_TEST(one_that_is_not_there_is_told_so_alone)
{
    begin();
    (void)snprintf(callers[7].service, sizeof callers[7].service, "gone");
    look_at(0, MANY);
    for (size_t i = 0; i < MANY; i++)
        ck_assert_int_eq(callers[i].seen == EVAC_SEEN_BLOCKED, i == 7);
    bench_free(b);
}
END_TEST

/* Whose right lacks is not said: all of a request are asked again, one by one, and once. */
START_TEST(what_is_refused_in_company_is_asked_alone)
{
    begin();
    bench_control(b, "service ecs us-west-2 denied");
    look_at(0, MANY);
    for (size_t i = 0; i < MANY; i++)
        ck_assert(callers[i].seen != EVAC_SEEN_SATISFIED && callers[i].running <= 0);
    ck_assert(bench_true(b, LOOKS "28,")); /* three, and each of 25 */
    bench_control(b, "service ecs us-west-2 up");
    look_at(0, MANY);
    for (size_t i = 0; i < MANY; i++)
        ck_assert_int_eq(callers[i].running, (int64_t)i + 1);
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("many");
    tcase_add_test(tc, ten_of_a_cluster_are_looked_at_by_one_request_and_each_hears_of_its_own);
    tcase_add_test(tc, few_share_as_well_and_one_that_two_ask_about_is_named_once);
    tcase_add_test(tc, one_that_is_not_there_is_told_so_alone);
    tcase_add_test(tc, what_is_refused_in_company_is_asked_alone);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("many services of a cluster", cases)
