/* Who serves, by the GO object: putting a region out, and in again, with nothing of that region. */
#include "route53_internal.h"
#include "sandbox_bench.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define GO                                                                                         \
    "key=go/shop.json\nrenew=5s\nmargin=1s\nbuckets.us-east-1=shop-go-use1\n"                      \
    "buckets.us-west-2=shop-go-usw2\nbuckets.eu-west-1=shop-go-euw1\nrun=7\n"
/* Two serve, and each one's check reads the other's copy; or both read the witness's. */
#define CROSSED   GO "reads.us-east-1=us-west-2\nreads.us-west-2=us-east-1\n"
#define WITNESSED GO "reads.us-east-1=eu-west-1\nreads.us-west-2=eu-west-1\n"
/* Three in a ring. */
#define RING GO "reads.us-east-1=us-west-2\nreads.us-west-2=eu-west-1\nreads.eu-west-1=us-east-1\n"
#define SIDES(region, mode)                                                                        \
    "region=" region "\nfrom=us-east-1\nto=us-west-2\nmode=" mode "\napp=shop\n"
#define EAST SIDES("us-east-1", "ungraceful")
#define WEST SIDES("us-west-2", "ungraceful")
#define EURO SIDES("eu-west-1", "ungraceful")

static const struct evac_reply *look(struct bench *b, const char *action, const char *args)
{
    return bench_call(b, "s3-go", EVAC_VERB_OBSERVE, action, args);
}

static void act(struct bench *b, const char *action, const char *args, enum evac_outcome outcome)
{
    const struct evac_reply *r = bench_call(b, "s3-go", EVAC_VERB_APPLY, action, args);
    ck_assert_msg(r->outcome == outcome, "%s: %.*s", evac_outcome_name(r->outcome),
                  EVAC_STR_ARG(r->reason));
}

static const char *copy(struct bench *b, const char *bucket)
{
    static char text[1024];
    struct evac_str body;
    ck_assert(sb_s3_peek(bench_sandbox(b), bucket, "go/shop.json", &body));
    ck_assert(evac_str_copy(text, sizeof text, body));
    return text;
}

/* --- one copy -------------------------------------------------------------------------------- */

START_TEST(a_region_is_put_out_and_in_again_in_the_copy_that_its_check_reads)
{
    struct bench *b = bench_new(10);
    char before[1024];
    (void)snprintf(before, sizeof before, "%s", copy(b, "shop-go-use1"));
    expect_words(look(b, "withdraw", CROSSED EAST), EVAC_SEEN_UNSATISFIED, "");
    act(b, "withdraw", CROSSED EAST, EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "withdraw", CROSSED EAST), EVAC_SEEN_SATISFIED, "\"us-east-1\":\"out\"");
    ck_assert_ptr_nonnull(strstr(copy(b, "shop-go-usw2"), "\"us-east-1\":\"out\""));
    ck_assert_str_eq(copy(b, "shop-go-use1"), before); /* it may be gone: it is not needed */
    expect_words(look(b, "join", CROSSED EAST), EVAC_SEEN_UNSATISFIED, "");
    act(b, "join", CROSSED EAST, EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "join", CROSSED EAST), EVAC_SEEN_SATISFIED, "");
    ck_assert_ptr_null(strstr(copy(b, "shop-go-usw2"), "\"out\""));
    bench_free(b);
}
END_TEST

START_TEST(neither_the_region_that_is_left_nor_us_east_1_is_needed)
{
    struct bench *b = bench_new(10);
    bench_control(b, "region us-east-1 down");
    act(b, "withdraw", CROSSED EAST, EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "withdraw", CROSSED EAST), EVAC_SEEN_SATISFIED, "");
    bench_free(b);
}
END_TEST

START_TEST(who_may_write_and_where_traffic_goes_stay_as_they_are)
{
    struct bench *b = bench_new(10);
    act(b, "withdraw", CROSSED EAST, EVAC_OUTCOME_ACCEPTED);
    ck_assert_ptr_nonnull(
        strstr(copy(b, "shop-go-usw2"), "\"writer\":\"us-east-1\",\"route\":\"us-east-1\""));
    act(b, "fence", CROSSED WEST, EVAC_OUTCOME_ACCEPTED);
    act(b, "grant", CROSSED WEST, EVAC_OUTCOME_ACCEPTED);
    act(b, "route", CROSSED WEST, EVAC_OUTCOME_ACCEPTED);
    ck_assert_ptr_nonnull(
        strstr(copy(b, "shop-go-usw2"), "\"writer\":\"us-west-2\",\"route\":\"us-west-2\""));
    ck_assert_ptr_nonnull(strstr(copy(b, "shop-go-usw2"), "\"us-east-1\":\"out\""));
    bench_free(b);
}
END_TEST

static void expect_renew(struct bench *b, int seconds)
{
    char member[40];
    (void)snprintf(member, sizeof member, "\"renew_ms\":%d000,", seconds);
    ck_assert_msg(strstr(copy(b, "shop-go-usw2"), member), "%s", copy(b, "shop-go-usw2"));
}

/* Configured are 5 s and a margin of 1 s; the copy promises 30 s. */
START_TEST(a_shorter_permission_counts_when_the_longer_one_has_run_out)
{
    struct bench *b = bench_new(10);
    bench_control(b, "app shop renew 30000");
    act(b, "fence", GO WEST, EVAC_OUTCOME_ACCEPTED);
    expect_renew(b, 30);
    bench_run(b, 30000);
    const struct evac_reply *r = look(b, "expire", GO WEST);
    expect_words(r, EVAC_SEEN_MOVING, "runs out in");
    ck_assert_uint_gt(r->retry_after_ms, 0);
    ck_assert_uint_le(r->retry_after_ms, 4000);      /* of 33 or 34 s */
    act(b, "grant", GO WEST, EVAC_OUTCOME_ACCEPTED); /* too early: a reader may still go by it */
    expect_renew(b, 30);
    act(b, "fence", GO "region=us-west-2\nfrom=us-west-2\nto=us-east-1\nmode=graceful\napp=shop\n",
        EVAC_OUTCOME_ACCEPTED);
    bench_run(b, 34000);
    act(b, "grant", GO WEST, EVAC_OUTCOME_ACCEPTED);
    expect_renew(b, 5);
    bench_free(b);
}
END_TEST

START_TEST(a_late_request_of_an_older_decision_is_refused)
{
    struct bench *b = bench_new(10);
    const struct evac_reply *r = look(b, "withdraw", CROSSED EAST);
    ck_assert(r->strong && r->version.n > 0);
    bench_version(b, r->version);
    act(b, "withdraw", CROSSED EAST, EVAC_OUTCOME_ACCEPTED);
    act(b, "join", CROSSED EAST, EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

START_TEST(a_lost_answer_is_found_out)
{
    struct bench *b = bench_new(10);
    bench_control(b, "service s3 us-west-2 lost-mutation 1");
    act(b, "withdraw", CROSSED EAST, EVAC_OUTCOME_UNKNOWN);
    expect_words(look(b, "withdraw", CROSSED EAST), EVAC_SEEN_SATISFIED, "");
    bench_free(b);
}
END_TEST

START_TEST(a_rollback_touches_only_the_region_that_it_is_about)
{
    struct bench *b = bench_new(10);
    char before[512];
    const struct evac_reply *r = look(b, "withdraw", WITNESSED EAST);
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    act(b, "withdraw", WITNESSED EAST, EVAC_OUTCOME_ACCEPTED);
    act(b, "route", WITNESSED EURO, EVAC_OUTCOME_ACCEPTED); /* meanwhile, for another reason */
    bench_goal(b, before);
    expect_words(look(b, "withdraw", WITNESSED EAST), EVAC_SEEN_UNSATISFIED, "");
    act(b, "withdraw", WITNESSED EAST, EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "withdraw", WITNESSED EAST), EVAC_SEEN_SATISFIED, "");
    ck_assert_ptr_null(strstr(copy(b, "shop-go-euw1"), "\"out\""));
    ck_assert_ptr_nonnull(strstr(copy(b, "shop-go-euw1"), "\"route\":\"us-west-2\""));
    bench_free(b);
}
END_TEST

START_TEST(without_an_object_nothing_is_made_up)
{
    struct bench *b = bench_new(10);
    const char *args = "key=go/none.json\nrenew=5s\nbuckets.us-west-2=shop-go-usw2\n"
                       "reads.us-east-1=us-west-2\nreads.us-west-2=us-east-1\n" EAST;
    expect_words(look(b, "withdraw", args), EVAC_SEEN_BLOCKED, "no GO object");
    act(b, "withdraw", args, EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

/* --- the last region ------------------------------------------------------------------------- */

START_TEST(the_last_region_stays_in)
{
    struct bench *b = bench_new(10);
    act(b, "withdraw", WITNESSED EAST, EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "withdraw", WITNESSED WEST), EVAC_SEEN_BLOCKED, "last region");
    act(b, "withdraw", WITNESSED WEST, EVAC_OUTCOME_REJECTED);
    act(b, "join", WITNESSED EAST, EVAC_OUTCOME_ACCEPTED);
    act(b, "withdraw", WITNESSED WEST, EVAC_OUTCOME_ACCEPTED);
    bench_free(b);
}
END_TEST

START_TEST(what_other_copies_say_counts_too)
{
    struct bench *b = bench_new(10);
    const char *left = RING SIDES("eu-west-1", "graceful");
    act(b, "withdraw", RING EAST, EVAC_OUTCOME_ACCEPTED);
    act(b, "withdraw", RING WEST, EVAC_OUTCOME_ACCEPTED);
    act(b, "withdraw", left, EVAC_OUTCOME_REJECTED);
    act(b, "join", RING WEST, EVAC_OUTCOME_ACCEPTED);
    act(b, "withdraw", left, EVAC_OUTCOME_ACCEPTED);
    bench_free(b);
}
END_TEST

START_TEST(a_copy_that_nobody_can_read_puts_nobody_out)
{
    struct bench *b = bench_new(10);
    act(b, "withdraw", RING EAST, EVAC_OUTCOME_ACCEPTED);
    bench_control(b, "region us-west-2 down"); /* and with it the copy that says so */
    act(b, "withdraw", RING EURO, EVAC_OUTCOME_ACCEPTED);
    bench_free(b);
}
END_TEST

START_TEST(what_a_region_says_of_itself_does_not_do)
{
    struct bench *b = bench_new(10);
    struct evac_arg items[] = {
        { EVAC_STR("buckets.us-east-1"), EVAC_STR("shop-go-use1") },
        { EVAC_STR("key"), EVAC_STR("go/shop.json") },
        { EVAC_STR("reads.us-east-1"), EVAC_STR("us-east-1") },
        { EVAC_STR("region"), EVAC_STR("us-east-1") },
    };
    struct evac_args args = { items, 4 };
    struct evac_call call = {
        .verb = EVAC_VERB_APPLY, .action = "withdraw", .args = &args, .token = "a"
    };
    struct evac_err err = { EVAC_OK, "" };
    uint64_t id;
    extern const struct evac_driver evac_driver_s3_go;
    ck_assert_int_eq(evac_driver_s3_go.call(bench_link(b), &call, NULL, NULL, &id, &err),
                     EVAC_E_BADARG);
    ck_assert_ptr_nonnull(strstr(err.text, "another region's copy"));
    bench_free(b);
}
END_TEST

START_TEST(ready_where_all_serve_does_not_ask_who_writes_or_is_out)
{
    struct bench *b = bench_new(10);
    const char *back = "region=us-west-2\nfrom=us-west-2\nto=us-east-1\nmode=graceful\n",
               *gone = "key=go/none.json\nreads.us-west-2=eu-west-1\nrenew=5s\n"
                       "buckets.eu-west-1=shop-go-euw1\n";
    char args[1024];
    (void)snprintf(args, sizeof args, "%s%s", GO, back);
    expect_words(look(b, "ready", args), EVAC_SEEN_BLOCKED, "us-east-1 may write");
    act(b, "withdraw", WITNESSED EAST, EVAC_OUTCOME_ACCEPTED);
    (void)snprintf(args, sizeof args, "%s%s", WITNESSED, back);
    expect_words(look(b, "ready", args), EVAC_SEEN_SATISFIED, "\"us-east-1\":\"out\"");
    (void)snprintf(args, sizeof args, "%s%s", gone, back);
    expect_words(look(b, "ready", args), EVAC_SEEN_BLOCKED, "no GO object");
    bench_free(b);
}
END_TEST

START_TEST(a_copy_that_checkers_may_not_read_is_not_ready)
{
    struct bench *b = bench_new(10);
    const char *args = "key=go/p.json\nrenew=5s\nbuckets.us-west-2=private-go\n"
                       "reads.us-east-1=us-west-2\nreads.us-west-2=us-east-1\n" WEST;
    sb_s3_bucket(bench_sandbox(b), "us-west-2", "private-go", true, false);
    sb_s3_put(bench_sandbox(b), "private-go", "go/p.json",
              EVAC_STR("{\"app\":\"shop\",\"epoch\":1,\"writer\":\"\",\"route\":\"\","
                       "\"renew_ms\":5000}"));
    expect_words(look(b, "ready", args), EVAC_SEEN_BLOCKED, "not public");
    expect_words(look(b, "ready", CROSSED WEST), EVAC_SEEN_SATISFIED, "");
    bench_free(b);
}
END_TEST

/* --- as users see it ------------------------------------------------------------------------- */

/* Each region's record follows the other region's copy. */
static void add_record(struct bench *b, const char *region, const char *address, const char *host)
{
    char search[64];
    (void)snprintf(search, sizeof search, "\"%s\":\"out\"", region);
    const struct sb_health_check check = { .id = region,
                                           .type = "HTTPS_STR_MATCH",
                                           .host = host,
                                           .path = "/go/shop.json",
                                           .search = search,
                                           .port = 443,
                                           .inverted = true,
                                           .interval_s = 10,
                                           .threshold = 1 };
    const struct sb_record record = {
        "all.example.com", "A", region, NULL, 50, 60, address, region
    };
    sb_route53_health_check(bench_sandbox(b), &check);
    sb_route53_record(bench_sandbox(b), "Z0SHOP", &record);
}

static int share(struct bench *b, const char *address)
{
    char answer[64];
    int n = 0;
    for (int i = 0; i < 100; i++)
        n += sb_route53_answer(bench_sandbox(b), "all.example.com", answer, sizeof answer) &&
             strcmp(answer, address) == 0;
    return n;
}

START_TEST(dns_follows_without_any_control_plane)
{
    struct bench *b = bench_new(10);
    add_record(b, "us-east-1", "192.0.2.1", "shop-go-usw2.s3.us-west-2.amazonaws.com");
    add_record(b, "us-west-2", "192.0.2.2", "shop-go-use1.s3.us-east-1.amazonaws.com");
    bench_run(b, 2000);
    ck_assert(share(b, "192.0.2.1") > 20 && share(b, "192.0.2.2") > 20);
    bench_control(b, "region us-east-1 down");
    act(b, "withdraw", CROSSED EAST, EVAC_OUTCOME_ACCEPTED);
    bench_run(b, 2000);
    ck_assert_int_eq(share(b, "192.0.2.2"), 100);
    bench_control(b, "region us-east-1 up");
    act(b, "join", CROSSED EAST, EVAC_OUTCOME_ACCEPTED);
    bench_run(b, 2000);
    ck_assert(share(b, "192.0.2.1") > 20 && share(b, "192.0.2.2") > 20);
    bench_free(b);
}
END_TEST

START_TEST(one_regions_check_does_not_match_anothers_name)
{
    struct bench *b = bench_new(10);
    const char *args = GO "reads.us-east-1=us-west-2\nreads.east-1=us-west-2\n"
                          "reads.us-east-11=us-west-2\nreads.us-west-2=us-east-1\n"
                          "region=us-east-11\nfrom=us-east-11\nto=us-west-2\napp=shop\n";
    act(b, "withdraw", args, EVAC_OUTCOME_ACCEPTED);
    ck_assert_ptr_nonnull(strstr(copy(b, "shop-go-usw2"), "\"us-east-11\":\"out\""));
    ck_assert_ptr_null(strstr(copy(b, "shop-go-usw2"), "\"us-east-1\":\"out\""));
    ck_assert_ptr_null(strstr(copy(b, "shop-go-usw2"), "\"east-1\":\"out\""));
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("go");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_region_is_put_out_and_in_again_in_the_copy_that_its_check_reads);
    tcase_add_test(tc, neither_the_region_that_is_left_nor_us_east_1_is_needed);
    tcase_add_test(tc, who_may_write_and_where_traffic_goes_stay_as_they_are);
    tcase_add_test(tc, a_shorter_permission_counts_when_the_longer_one_has_run_out);
    tcase_add_test(tc, a_late_request_of_an_older_decision_is_refused);
    tcase_add_test(tc, a_lost_answer_is_found_out);
    tcase_add_test(tc, a_rollback_touches_only_the_region_that_it_is_about);
    tcase_add_test(tc, without_an_object_nothing_is_made_up);
    tcase_add_test(tc, the_last_region_stays_in);
    tcase_add_test(tc, what_other_copies_say_counts_too);
    tcase_add_test(tc, a_copy_that_nobody_can_read_puts_nobody_out);
    tcase_add_test(tc, what_a_region_says_of_itself_does_not_do);
    tcase_add_test(tc, ready_where_all_serve_does_not_ask_who_writes_or_is_out);
    tcase_add_test(tc, a_copy_that_checkers_may_not_read_is_not_ready);
    tcase_add_test(tc, dns_follows_without_any_control_plane);
    tcase_add_test(tc, one_regions_check_does_not_match_anothers_name);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("the GO object where all serve", cases)
