/* A Route 53 health check as a resource: made once, found by its reference, forced and let go. */
#include "route53_internal.h"
#include "sandbox_bench.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define DECLARED                                                                                   \
    "reference.us-east-1=shop-east\nreference.us-west-2=shop-west\ncheck=HTTP\nport=80\n"          \
    "path=/health\nhost.us-east-1=us-east-1.shop.example.com\n"                                    \
    "host.us-west-2=us-west-2.shop.example.com\ninterval=10\nthreshold=1\ninverted=false\n"        \
    "search=\n"
#define AT(region) "region=" region "\nfrom=us-east-1\nto=us-west-2\nmode=graceful\napp=shop\n"
#define EAST       AT("us-east-1")
#define WEST       AT("us-west-2")

static const struct evac_reply *look(struct bench *b, const char *action, const char *args)
{
    return bench_call(b, "health-check", EVAC_VERB_OBSERVE, action, args);
}

static void act(struct bench *b, const char *action, const char *args, enum evac_outcome outcome)
{
    const struct evac_reply *r = bench_call(b, "health-check", EVAC_VERB_APPLY, action, args);
    ck_assert_msg(r->outcome == outcome, "%s: %.*s", evac_outcome_name(r->outcome),
                  EVAC_STR_ARG(r->reason));
}

static struct r53_check *made(struct bench *b, const char *reference)
{
    struct r53 *r53 = r53_state(bench_sandbox(b));
    for (size_t i = 0; i < r53->check_count; i++)
        if (strcmp(r53->checks[i].caller, reference) == 0)
            return &r53->checks[i];
    return NULL;
}

static struct bench *both(void)
{
    struct bench *b = bench_new(10);
    act(b, "ensure", DECLARED EAST, EVAC_OUTCOME_ACCEPTED);
    act(b, "ensure", DECLARED WEST, EVAC_OUTCOME_ACCEPTED);
    return b;
}

START_TEST(a_check_is_made_as_it_is_declared_and_once)
{
    struct bench *b = bench_new(10);
    expect_words(look(b, "ensure", DECLARED EAST), EVAC_SEEN_UNSATISFIED, "no health check");
    act(b, "ensure", DECLARED EAST, EVAC_OUTCOME_ACCEPTED);
    const struct r53_check *k = made(b, "shop-east");
    ck_assert(k && k->port == 80 && k->interval_s == 10 && k->threshold == 1);
    ck_assert_str_eq(k->host, "us-east-1.shop.example.com");
    ck_assert_str_eq(k->path, "/health");
    expect_words(look(b, "ensure", DECLARED EAST), EVAC_SEEN_SATISFIED, "");
    act(b, "ensure", DECLARED EAST, EVAC_OUTCOME_REJECTED);
    expect_words(look(b, "ensure", DECLARED WEST), EVAC_SEEN_UNSATISFIED, "");
    bench_free(b);
}
END_TEST

START_TEST(a_lost_answer_makes_no_second_check)
{
    struct bench *b = bench_new(10);
    size_t before = r53_state(bench_sandbox(b))->check_count;
    bench_control(b, "service route53 us-east-1 lost-mutation 1");
    act(b, "ensure", DECLARED EAST, EVAC_OUTCOME_UNKNOWN);
    expect_words(look(b, "ensure", DECLARED EAST), EVAC_SEEN_SATISFIED, "");
    ck_assert_uint_eq(r53_state(bench_sandbox(b))->check_count, before + 1);
    bench_free(b);
}
END_TEST

START_TEST(a_check_that_is_another_one_is_left_alone)
{
    struct bench *b = both();
    made(b, "shop-east")->threshold = 3;
    expect_words(look(b, "ensure", DECLARED EAST), EVAC_SEEN_BLOCKED, "another threshold");
    act(b, "ensure", DECLARED EAST, EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

START_TEST(a_new_check_is_ready_when_its_checkers_have_reported)
{
    struct bench *b = both();
    expect_words(look(b, "ready", DECLARED EAST), EVAC_SEEN_MOVING, "new");
    bench_run(b, 1500);
    expect_words(look(b, "ready", DECLARED EAST), EVAC_SEEN_SATISFIED, "");
    made(b, "shop-east")->raw = false;
    expect_words(look(b, "ready", DECLARED EAST), EVAC_SEEN_BLOCKED, "healthy");
    made(b, "shop-east")->disabled = true;
    expect_words(look(b, "ready", DECLARED EAST), EVAC_SEEN_BLOCKED, "never switch");
    expect_words(look(b, "ready", "reference.us-east-1=nobody\n" EAST), EVAC_SEEN_BLOCKED,
                 "no such health check");
    made(b, "shop-east")->disabled = false;
    made(b, "shop-east")->inverted = true;
    made(b, "shop-east")->raw = true; /* the region is out, by what the check follows */
    expect_words(look(b, "ready", DECLARED EAST), EVAC_SEEN_SATISFIED, "out");
    expect_words(look(b, "ready", "id.us-east-1=nobody\n" EAST), EVAC_SEEN_BLOCKED,
                 "no such health check");
    bench_free(b);
}
END_TEST

START_TEST(a_check_is_forced_and_let_go_by_its_reference)
{
    struct bench *b = both();
    bench_run(b, 1500);
    expect_words(look(b, "withdraw", DECLARED EAST), EVAC_SEEN_UNSATISFIED, "enabled");
    act(b, "withdraw", DECLARED EAST, EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "withdraw", DECLARED EAST), EVAC_SEEN_SATISFIED, "");
    ck_assert(!r53_is_healthy(bench_sandbox(b), made(b, "shop-east")->id));
    expect_words(look(b, "withdraw", DECLARED WEST), EVAC_SEEN_BLOCKED, "last one");
    act(b, "withdraw", DECLARED WEST, EVAC_OUTCOME_REJECTED);
    act(b, "join", DECLARED EAST, EVAC_OUTCOME_ACCEPTED);
    expect_words(bench_settle(b, "health-check", "join", DECLARED EAST, 10000), EVAC_SEEN_SATISFIED,
                 "");
    ck_assert(r53_is_healthy(bench_sandbox(b), made(b, "shop-east")->id));
    act(b, "withdraw", DECLARED WEST, EVAC_OUTCOME_ACCEPTED);
    bench_free(b);
}
END_TEST

START_TEST(a_check_is_forced_by_its_id)
{
    struct bench *b = both();
    char args[512];
    (void)snprintf(args, sizeof args, "id.us-east-1=%s\nid.us-west-2=%s\n" EAST,
                   made(b, "shop-east")->id, made(b, "shop-west")->id);
    const struct evac_reply *r = look(b, "withdraw", args);
    expect_words(r, EVAC_SEEN_UNSATISFIED, "");
    bench_version(b, r->version);
    made(b, "shop-east")->version++;
    act(b, "withdraw", args, EVAC_OUTCOME_REJECTED);
    bench_version(b, EVAC_STR_NONE);
    act(b, "withdraw", args, EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "withdraw", args), EVAC_SEEN_SATISFIED, "");
    bench_free(b);
}
END_TEST

START_TEST(a_rollback_lets_the_check_go)
{
    struct bench *b = both();
    char before[256];
    const struct evac_reply *r = look(b, "withdraw", DECLARED EAST);
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    ck_assert(evac_str_has(r->snapshot, made(b, "shop-east")->id)); /* for a person's command */
    act(b, "withdraw", DECLARED EAST, EVAC_OUTCOME_ACCEPTED);
    bench_goal(b, before);
    act(b, "withdraw", DECLARED EAST, EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "withdraw", DECLARED EAST), EVAC_SEEN_SATISFIED, "");
    ck_assert(!made(b, "shop-east")->disabled && !made(b, "shop-east")->inverted);
    bench_free(b);
}
END_TEST

START_TEST(a_check_is_found_on_a_later_page)
{
    struct bench *b = bench_new(10);
    char id[32];
    for (int i = 0; i < 120; i++) {
        (void)snprintf(id, sizeof id, "filler-%d", i);
        const struct sb_health_check check = {
            .id = id, .type = "CLOUDWATCH_METRIC", .interval_s = 10, .threshold = 1
        };
        sb_route53_health_check(bench_sandbox(b), &check);
    }
    expect_words(look(b, "ensure", DECLARED EAST), EVAC_SEEN_UNSATISFIED, "");
    act(b, "ensure", DECLARED EAST, EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "ensure", DECLARED EAST), EVAC_SEEN_SATISFIED, "");
    act(b, "withdraw", DECLARED EAST,
        EVAC_OUTCOME_REJECTED); /* nobody else is declared and there */
    act(b, "ensure", DECLARED WEST, EVAC_OUTCOME_ACCEPTED);
    act(b, "withdraw", DECLARED EAST, EVAC_OUTCOME_ACCEPTED);
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("health-check");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_check_is_made_as_it_is_declared_and_once);
    tcase_add_test(tc, a_lost_answer_makes_no_second_check);
    tcase_add_test(tc, a_check_that_is_another_one_is_left_alone);
    tcase_add_test(tc, a_new_check_is_ready_when_its_checkers_have_reported);
    tcase_add_test(tc, a_check_is_forced_and_let_go_by_its_reference);
    tcase_add_test(tc, a_check_is_forced_by_its_id);
    tcase_add_test(tc, a_rollback_lets_the_check_go);
    tcase_add_test(tc, a_check_is_found_on_a_later_page);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("a health check as a resource", cases)
