/* The Route 53 driver before the model: what it believes, and when it says that users are told. */
#include "aws_pack.h"
#include "route53_internal.h"
#include "sandbox_bench.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define SIDES "region=us-west-2\nfrom=us-east-1\nto=us-west-2\nmode=ungraceful\napp=shop\n"
#define PAIR                                                                                       \
    "zone=Z0SHOP\nname=shop.example.com\nswitch=health-check\nrecord_type=A\nttl=60\n" SIDES
#define NAMED  "zone=Z0SHOP\nswitch=record\nrecord_type=A\nttl=60\n" SIDES
#define RECORD NAMED "name=plain.example.com\n"
#define EAST   RECORD "target=192.0.2.1\n"
#define WEST   RECORD "target=192.0.2.2\n"
#define NOTE   EVAC_STR("route53 Z0SHOP plain.example.com")

static const struct evac_reply *look(struct bench *b, const char *action, const char *args)
{
    return bench_call(b, "route53", EVAC_VERB_OBSERVE, action, args);
}

static void point(struct bench *b, const char *args)
{
    const struct evac_reply *r = bench_call(b, "route53", EVAC_VERB_APPLY, "point", args);
    ck_assert_msg(r->outcome == EVAC_OUTCOME_ACCEPTED, "%s: %.*s", evac_outcome_name(r->outcome),
                  EVAC_STR_ARG(r->reason));
}

static void settled(struct bench *b, const char *args)
{
    expect_words(bench_settle(b, "route53", "point", args, 20000), EVAC_SEEN_SATISFIED, "");
}

/* As after a restart: what the service gave us to remember is gone. */
static void forget(struct bench *b)
{
    aws_note_set(bench_link(b), NOTE, EVAC_STR_NONE);
}

static void put(struct bench *b, const char *name, const char *type, const char *value)
{
    struct sb_record record = { name, type, NULL, NULL, -1, 60, value, NULL };
    sb_route53_record(bench_sandbox(b), "Z0SHOP", &record);
}

/* --- ready ----------------------------------------------------------------------------------- */

static struct r53_record *record_of(struct bench *b, const char *name, const char *failover)
{
    struct r53_records *all = &r53_state(bench_sandbox(b))->zones[0].records;
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->items[i].name, name) == 0 && strcmp(all->items[i].failover, failover) == 0)
            return &all->items[i];
    ck_abort_msg("there is no such record");
    return NULL;
}

START_TEST(what_could_not_be_switched_blocks_with_a_sentence)
{
    struct bench *b = bench_new(10);
    struct r53_check *check = &r53_state(bench_sandbox(b))->checks[0];
    struct r53_record *primary = record_of(b, "shop.example.com", "PRIMARY"),
                      *secondary = record_of(b, "shop.example.com", "SECONDARY");
    expect_words(look(b, "ready", PAIR), EVAC_SEEN_SATISFIED, "");
    expect_words(look(b, "ready", RECORD), EVAC_SEEN_BLOCKED, "no such record");
    check->inverted = false;
    expect_words(look(b, "ready", PAIR), EVAC_SEEN_BLOCKED, "not inverted");
    check->inverted = check->disabled = true;
    expect_words(look(b, "ready", PAIR), EVAC_SEEN_BLOCKED, "disabled");
    check->disabled = false;
    secondary->ttl_s = 300;
    expect_words(look(b, "ready", PAIR), EVAC_SEEN_BLOCKED, "300 s");
    secondary->ttl_s = 60;
    primary->health_check[0] = '\0';
    expect_words(look(b, "ready", PAIR), EVAC_SEEN_BLOCKED, "failover pair");
    bench_free(b);
}
END_TEST

START_TEST(two_primaries_are_no_pair)
{
    struct bench *b = bench_new(10);
    struct r53_record *secondary = record_of(b, "shop.example.com", "SECONDARY");
    (void)snprintf(secondary->type, sizeof secondary->type, "AAAA");
    (void)snprintf(secondary->failover, sizeof secondary->failover, "PRIMARY");
    expect_words(look(b, "ready", PAIR), EVAC_SEEN_BLOCKED, "failover pair");
    bench_free(b);
}
END_TEST

/* --- point ----------------------------------------------------------------------------------- */

START_TEST(a_change_counts_when_users_are_told)
{
    struct bench *b = bench_new(10);
    point(b, EAST);
    expect_words(look(b, "point", EAST), EVAC_SEEN_MOVING, "not on all");
    bench_run(b, 2000);
    expect_words(look(b, "point", EAST), EVAC_SEEN_MOVING, "");
    bench_run(b, 1200);
    const struct evac_reply *r = look(b, "point", EAST);
    expect_words(r, EVAC_SEEN_SATISFIED, "");
    ck_assert(r->strong && r->version.n > 0 && evac_str_has(r->snapshot, "192.0.2.1"));
    bench_free(b);
}
END_TEST

START_TEST(after_a_restart_dns_itself_is_asked)
{
    struct bench *b = bench_new(10);
    point(b, EAST);
    forget(b);
    expect_words(look(b, "point", EAST), EVAC_SEEN_MOVING, "still answers");
    settled(b, EAST);
    aws_note_set(bench_link(b), NOTE, EVAC_STR("C0NOBODY 0"));
    expect_words(look(b, "point", EAST), EVAC_SEEN_SATISFIED, "");
    bench_free(b);
}
END_TEST

START_TEST(a_change_that_the_service_forgot_is_looked_for_in_dns)
{
    struct bench *b = bench_new(10);
    char note[160];
    point(b, EAST);
    const struct evac_reply *r = look(b, "point", EAST);
    (void)snprintf(note, sizeof note, "C0NOBODY %.*s", EVAC_STR_ARG(r->version));
    aws_note_set(bench_link(b), NOTE, evac_str(note));
    expect_words(look(b, "point", EAST), EVAC_SEEN_MOVING, "still answers");
    settled(b, EAST);
    bench_free(b);
}
END_TEST

START_TEST(our_old_change_does_not_vouch_for_anothers)
{
    struct bench *b = bench_new(10);
    point(b, EAST);
    settled(b, EAST);
    char note[160];
    (void)evac_str_copy(note, sizeof note, aws_note_get(bench_link(b), NOTE));
    point(b, WEST); /* stands for somebody else's: our note of it is lost */
    aws_note_set(bench_link(b), NOTE, evac_str(note));
    expect_words(look(b, "point", WEST), EVAC_SEEN_MOVING, "still answers 192.0.2.1");
    settled(b, WEST);
    bench_free(b);
}
END_TEST

START_TEST(a_rollback_ends_also_after_a_restart)
{
    struct bench *b = bench_new(10);
    char before[4096];
    point(b, EAST);
    settled(b, EAST);
    const struct evac_reply *r = look(b, "point", WEST);
    expect_words(r, EVAC_SEEN_UNSATISFIED, "");
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    point(b, WEST);
    settled(b, WEST);
    bench_goal(b, before);
    expect_words(look(b, "point", WEST), EVAC_SEEN_UNSATISFIED, "");
    point(b, WEST);
    forget(b);
    expect_words(look(b, "point", WEST), EVAC_SEEN_MOVING, "still answers 192.0.2.2");
    settled(b, WEST);
    bench_free(b);
}
END_TEST

START_TEST(a_name_is_the_same_however_it_is_written)
{
    struct bench *b = bench_new(10);
    const char *loud = NAMED "name=Plain.Example.COM.\ntarget=192.0.2.1\n",
               *wild = NAMED "name=*.w.example.com\ntarget=192.0.2.1\n";
    point(b, loud);
    settled(b, loud);
    expect_words(look(b, "point", EAST), EVAC_SEEN_SATISFIED, "");
    bench_run(b, 100);
    point(b, wild);
    settled(b, wild);
    bench_free(b);
}
END_TEST

START_TEST(a_cname_is_followed_to_its_address)
{
    struct bench *b = bench_new(10);
    const char *args =
        "zone=Z0SHOP\nname=alias.example.com\nswitch=record\nrecord_type=CNAME\nttl=60\n"
        "target=west.example.com\n" SIDES;
    put(b, "west.example.com", "A", "192.0.2.2");
    point(b, args);
    aws_note_set(bench_link(b), EVAC_STR("route53 Z0SHOP alias.example.com"), EVAC_STR_NONE);
    expect_words(look(b, "point", args), EVAC_SEEN_MOVING, "still answers nothing");
    bench_free(b);
}
END_TEST

START_TEST(an_alias_points_at_what_has_no_address_of_its_own)
{
    struct bench *b = bench_new(10);
    const char *args = NAMED "name=plain.example.com\nalias.us-west-2=LB-1.elb.example.net\n"
                             "alias_zone=Z0ELB\nalias_health=true\n";
    sb_route53_zone(bench_sandbox(b), "Z0ELB", "elb.example.net");
    struct sb_record target = {
        "lb-1.elb.example.net", "A", NULL, NULL, -1, 60, "192.0.2.2", NULL
    };
    sb_route53_record(bench_sandbox(b), "Z0ELB", &target);
    point(b, EAST);
    settled(b, EAST);
    point(b, args);
    forget(b);
    expect_words(look(b, "point", args), EVAC_SEEN_MOVING, "still answers 192.0.2.1");
    settled(b, args);
    bench_free(b);
}
END_TEST

START_TEST(an_ipv6_record_is_asked_for_as_one)
{
    struct bench *b = bench_new(10);
    const char *six = "zone=Z0SHOP\nswitch=record\nrecord_type=AAAA\nttl=60\n"
                      "name=six.example.com\ntarget=2001:DB8:0::2\n" SIDES;
    point(b, six);
    aws_note_set(bench_link(b), EVAC_STR("route53 Z0SHOP six.example.com"), EVAC_STR_NONE);
    expect_words(look(b, "point", six), EVAC_SEEN_MOVING, "still answers nothing, not 2001:db8::2");
    settled(b, six);
    bench_free(b);
}
END_TEST

START_TEST(a_lost_answer_is_found_out_and_not_repeated)
{
    struct bench *b = bench_new(10);
    bench_control(b, "service route53 us-east-1 lost-mutation 1");
    const struct evac_reply *r = bench_call(b, "route53", EVAC_VERB_APPLY, "point", EAST);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_UNKNOWN);
    settled(b, EAST);
    r = bench_call(b, "route53", EVAC_VERB_APPLY, "point", EAST);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_REJECTED);
    ck_assert(bench_true(b, "\"operation\":\"ChangeResourceRecordSets\",\"region\":\"us-east-1\","
                            "\"received\":1,\"effects\":1"));
    bench_free(b);
}
END_TEST

START_TEST(the_name_is_never_left_empty)
{
    struct bench *b = bench_new(10);
    point(b, EAST);
    bench_goal(b, "{\"sets\":\"\"}");
    const struct evac_reply *r =
        bench_call(b, "route53", EVAC_VERB_APPLY, "point", RECORD "target.us-west-2=192.0.2.1\n");
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_REJECTED);
    ck_assert(evac_str_has(r->reason, "empty"));
    bench_free(b);
}
END_TEST

/* Somebody else had emptied it before the run looked: undone, it leads to where the app was. */
START_TEST(what_was_empty_is_put_back_to_where_the_app_was)
{
    const char *both = RECORD "target.us-east-1=192.0.2.1\ntarget.us-west-2=192.0.2.2\n";
    struct bench *b = bench_new(10);
    point(b, EAST);
    bench_control(b, "make route53 us-east-1 "
                     "{\"kind\":\"no-record\",\"zone\":\"Z0SHOP\",\"name\":\"plain.example.com\"}");
    expect_words(look(b, "point", both), EVAC_SEEN_UNSATISFIED, "leads nowhere");
    point(b, both);
    settled(b, WEST);
    bench_goal(b, "{\"sets\":\"\"}");
    point(b, both);
    settled(b, both);
    bench_goal(b, "");
    settled(b, EAST);
    bench_free(b);
}
END_TEST

START_TEST(by_health_check_there_is_nothing_to_apply)
{
    struct bench *b = bench_new(10);
    struct evac_arg items[] = { { EVAC_STR("name"), EVAC_STR("shop.example.com") },
                                { EVAC_STR("region"), EVAC_STR("us-west-2") },
                                { EVAC_STR("switch"), EVAC_STR("health-check") },
                                { EVAC_STR("zone"), EVAC_STR("Z0SHOP") } };
    struct evac_args args = { items, 4 };
    struct evac_call call = {
        .verb = EVAC_VERB_APPLY, .action = "point", .args = &args, .token = "a"
    };
    struct evac_err err = { EVAC_OK, "" };
    uint64_t id;
    ck_assert_int_eq(evac_driver_route53.call(bench_link(b), &call, NULL, NULL, &id, &err),
                     EVAC_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.text, "GO object"));
    bench_free(b);
}
END_TEST

/* --- the resolver ---------------------------------------------------------------------------- */

static char asked[64];
static const struct evac_host *beneath;

static enum evac_code listen_in(void *ctx, struct evac_str name, const char *type,
                                struct evac_str server, uint32_t total_ms, evac_dns_done_fn *done,
                                void *user, struct evac_err *err)
{
    (void)evac_str_copy(asked, sizeof asked, server);
    return beneath->dns(ctx, name, type, server, total_ms, done, user, err);
}

START_TEST(a_resolver_of_its_own_is_asked)
{
    struct bench *b = bench_new(10);
    struct evac_link *link = bench_link(b);
    struct evac_host host = *link->host;
    beneath = link->host;
    host.dns = listen_in;
    link->host = &host;
    expect_words(look(b, "point", PAIR "resolver=192.0.2.53:53\n"), EVAC_SEEN_MOVING,
                 "still answers");
    ck_assert_str_eq(asked, "192.0.2.53:53");
    expect_words(look(b, "point", PAIR), EVAC_SEEN_MOVING, "");
    ck_assert_str_eq(asked, "");
    link->host = beneath;
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("route53");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, what_could_not_be_switched_blocks_with_a_sentence);
    tcase_add_test(tc, two_primaries_are_no_pair);
    tcase_add_test(tc, a_change_counts_when_users_are_told);
    tcase_add_test(tc, after_a_restart_dns_itself_is_asked);
    tcase_add_test(tc, a_change_that_the_service_forgot_is_looked_for_in_dns);
    tcase_add_test(tc, our_old_change_does_not_vouch_for_anothers);
    tcase_add_test(tc, a_rollback_ends_also_after_a_restart);
    tcase_add_test(tc, a_name_is_the_same_however_it_is_written);
    tcase_add_test(tc, a_cname_is_followed_to_its_address);
    tcase_add_test(tc, an_alias_points_at_what_has_no_address_of_its_own);
    tcase_add_test(tc, an_ipv6_record_is_asked_for_as_one);
    tcase_add_test(tc, a_lost_answer_is_found_out_and_not_repeated);
    tcase_add_test(tc, the_name_is_never_left_empty);
    tcase_add_test(tc, what_was_empty_is_put_back_to_where_the_app_was);
    tcase_add_test(tc, by_health_check_there_is_nothing_to_apply);
    tcase_add_test(tc, a_resolver_of_its_own_is_asked);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("the Route 53 driver", cases)
