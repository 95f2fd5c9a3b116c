/* A region's share of an active-active name: taken away and given back, and never the last one. */
#include "aws_pack.h"
#include "route53_internal.h"
#include "sandbox_bench.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define NAME       "zone=Z0SHOP\nname=all.example.com\nswitch=record\nrecord_type=A\nttl=60\n"
#define WEIGHTS    NAME "withdraw=weight\nweights.us-east-1=60\nweights.us-west-2=40\n"
#define WATCHED    NAME "withdraw=go-object\ntarget.us-east-1=192.0.2.1\ntarget.us-west-2=192.0.2.2\n"
#define AT(region) "region=" region "\nfrom=us-east-1\nto=us-west-2\nmode=ungraceful\napp=shop\n"
#define EAST       AT("us-east-1")
#define WEST       AT("us-west-2")
#define NOTE       EVAC_STR("route53 Z0SHOP all.example.com")

static const struct evac_reply *look(struct bench *b, const char *action, const char *args)
{
    return bench_call(b, "route53", EVAC_VERB_OBSERVE, action, args);
}

static const struct evac_reply *act(struct bench *b, const char *action, const char *args,
                                    enum evac_outcome outcome)
{
    bench_run(b, 100); /* a zone takes one change at a time */
    const struct evac_reply *r = bench_call(b, "route53", EVAC_VERB_APPLY, action, args);
    ck_assert_msg(r->outcome == outcome, "%s: %.*s", evac_outcome_name(r->outcome),
                  EVAC_STR_ARG(r->reason));
    return r;
}

static void settled(struct bench *b, const char *action, const char *args)
{
    expect_words(bench_settle(b, "route53", action, args, 20000), EVAC_SEEN_SATISFIED, "");
}

static void put(struct bench *b, const char *id, int weight, const char *value, const char *check)
{
    struct sb_record record = { "all.example.com", "A", id, NULL, weight, 60, value, check };
    sb_route53_record(bench_sandbox(b), "Z0SHOP", &record);
}

static struct bench *shared(int east, int west)
{
    struct bench *b = bench_new(10);
    put(b, "us-east-1", east, "192.0.2.1", NULL);
    put(b, "us-west-2", west, "192.0.2.2", NULL);
    return b;
}

static struct r53_record *record_of(struct bench *b, const char *id)
{
    struct r53_records *all = &r53_state(bench_sandbox(b))->zones[0].records;
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->items[i].name, "all.example.com") == 0 &&
            strcmp(all->items[i].set_identifier, id) == 0)
            return &all->items[i];
    ck_abort_msg("there is no such record");
    return NULL;
}

/* --- by weight ------------------------------------------------------------------------------- */

START_TEST(a_region_loses_its_share_and_gets_it_again)
{
    struct bench *b = shared(60, 40);
    expect_words(look(b, "withdraw", WEIGHTS EAST), EVAC_SEEN_UNSATISFIED, "share");
    expect_words(look(b, "join", WEIGHTS EAST), EVAC_SEEN_SATISFIED, "");
    act(b, "withdraw", WEIGHTS EAST, EVAC_OUTCOME_ACCEPTED);
    ck_assert_int_eq(record_of(b, "us-east-1")->weight, 0);
    ck_assert_int_eq(record_of(b, "us-west-2")->weight, 40);
    expect_words(look(b, "withdraw", WEIGHTS EAST), EVAC_SEEN_MOVING, "not on all");
    settled(b, "withdraw", WEIGHTS EAST);
    expect_words(look(b, "join", WEIGHTS EAST), EVAC_SEEN_UNSATISFIED, "");
    act(b, "join", WEIGHTS EAST, EVAC_OUTCOME_ACCEPTED);
    settled(b, "join", WEIGHTS EAST);
    ck_assert_int_eq(record_of(b, "us-east-1")->weight, 60);
    bench_free(b);
}
END_TEST

START_TEST(the_last_region_that_gets_traffic_is_not_taken_away)
{
    struct bench *b = shared(60, 0);
    expect_words(look(b, "withdraw", WEIGHTS EAST), EVAC_SEEN_BLOCKED, "last region");
    act(b, "withdraw", WEIGHTS EAST, EVAC_OUTCOME_REJECTED);
    record_of(b, "us-west-2")->weight = 1;
    act(b, "withdraw", WEIGHTS EAST, EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "withdraw", WEIGHTS WEST), EVAC_SEEN_BLOCKED, "last region");
    act(b, "withdraw", WEIGHTS WEST, EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

START_TEST(weights_that_are_all_zero_are_no_withdrawal)
{
    struct bench *b = shared(0, 0);
    expect_words(look(b, "withdraw", WEIGHTS EAST), EVAC_SEEN_BLOCKED, "all equal");
    act(b, "withdraw", WEIGHTS EAST, EVAC_OUTCOME_REJECTED);
    act(b, "join", WEIGHTS WEST, EVAC_OUTCOME_ACCEPTED); /* the way out of it */
    expect_words(look(b, "withdraw", WEIGHTS EAST), EVAC_SEEN_MOVING, "");
    bench_free(b);
}
END_TEST

START_TEST(what_is_no_weighted_set_or_has_no_such_record_blocks)
{
    struct bench *b = bench_new(10);
    expect_words(look(b, "withdraw", WEIGHTS EAST), EVAC_SEEN_BLOCKED, "no such record set");
    put(b, "us-east-1", -1, "192.0.2.1", NULL);
    expect_words(look(b, "withdraw", WEIGHTS EAST), EVAC_SEEN_BLOCKED, "not a weighted set");
    bench_free(b);
    b = shared(60, 40);
    expect_words(look(b, "withdraw", WEIGHTS AT("eu-west-1")), EVAC_SEEN_BLOCKED, "eu-west-1's");
    bench_free(b);
}
END_TEST

START_TEST(records_are_a_regions_by_the_names_that_are_configured)
{
    struct bench *b = bench_new(10);
    const char *args = WEIGHTS "record.us-east-1=one|two\nrecord.us-west-2=three\n" EAST;
    put(b, "one", 10, "192.0.2.1", NULL);
    put(b, "two", 20, "192.0.2.3", NULL);
    put(b, "three", 40, "192.0.2.2", NULL);
    act(b, "withdraw", args, EVAC_OUTCOME_ACCEPTED);
    ck_assert_int_eq(record_of(b, "one")->weight + record_of(b, "two")->weight, 0);
    ck_assert_int_eq(record_of(b, "three")->weight, 40);
    bench_free(b);
}
END_TEST

START_TEST(records_of_another_type_are_none_of_it)
{
    struct bench *b = shared(60, 40);
    struct sb_record six = { "all.example.com", "AAAA", "us-east-1", NULL, 60, 60,
                             "2001:db8::1",     NULL };
    sb_route53_record(bench_sandbox(b), "Z0SHOP", &six);
    const char *args = "zone=Z0SHOP\nname=all.example.com\nswitch=health-check\nrecord_type=A\n"
                       "withdraw=weight\nweights.us-east-1=60\nweights.us-west-2=40\n" EAST;
    act(b, "withdraw", args, EVAC_OUTCOME_ACCEPTED);
    struct r53_records *all = &r53_state(bench_sandbox(b))->zones[0].records;
    for (size_t i = 0; i < all->count; i++)
        ck_assert(strcmp(all->items[i].type, "AAAA") != 0 || all->items[i].weight == 60);
    settled(b, "withdraw", args);
    bench_free(b);
}
END_TEST

START_TEST(a_stale_decision_is_refused)
{
    struct bench *b = shared(60, 40);
    const struct evac_reply *r = look(b, "withdraw", WEIGHTS EAST);
    bench_version(b, r->version);
    record_of(b, "us-west-2")->weight = 41; /* somebody else was faster */
    r = act(b, "withdraw", WEIGHTS EAST, EVAC_OUTCOME_REJECTED);
    ck_assert(evac_str_is(r->code, "InvalidChangeBatch"));
    ck_assert_int_eq(record_of(b, "us-east-1")->weight, 60);
    bench_free(b);
}
END_TEST

START_TEST(a_zone_that_is_busy_is_waited_for)
{
    struct bench *b = bench_new(1);
    put(b, "us-east-1", 60, "192.0.2.1", NULL);
    put(b, "us-west-2", 40, "192.0.2.2", NULL);
    act(b, "withdraw", WEIGHTS EAST, EVAC_OUTCOME_ACCEPTED);
    r53_state(bench_sandbox(b))->zones[0].busy_until_ms =
        bench_now(b) + 700;                              /* longer than usual */
    act(b, "join", WEIGHTS EAST, EVAC_OUTCOME_ACCEPTED); /* refused once, and a turn later taken */
    ck_assert(bench_true(b, "\"operation\":\"ChangeResourceRecordSets\",\"region\":\"us-east-1\","
                            "\"received\":3,\"effects\":2"));
    r53_state(bench_sandbox(b))->zones[0].busy_until_ms = UINT64_MAX; /* somebody else's */
    const struct evac_reply *r = act(b, "withdraw", WEIGHTS EAST, EVAC_OUTCOME_THROTTLED);
    ck_assert(evac_str_is(r->code, "PriorRequestNotComplete"));
    bench_free(b);
}
END_TEST

/* --- two at a time --------------------------------------------------------------------------- */

struct answered {
    bool done;
    enum evac_outcome outcome;
    char code[64];
};

static void keep(void *user, const struct evac_reply *r)
{
    struct answered *a = user;
    a->done = true;
    a->outcome = r->outcome;
    (void)evac_str_copy(a->code, sizeof a->code, r->code);
}

static void start_point(struct bench *b, const char *name, struct answered *a)
{
    const struct evac_arg items[] = {
        { EVAC_STR("name"), evac_str(name) },          { EVAC_STR("record_type"), EVAC_STR("A") },
        { EVAC_STR("region"), EVAC_STR("us-west-2") }, { EVAC_STR("switch"), EVAC_STR("record") },
        { EVAC_STR("target"), EVAC_STR("192.0.2.2") }, { EVAC_STR("ttl"), EVAC_STR("60") },
        { EVAC_STR("zone"), EVAC_STR("Z0SHOP") },
    };
    const struct evac_args args = { items, sizeof items / sizeof items[0] };
    const struct evac_call call = {
        .verb = EVAC_VERB_APPLY, .action = "point", .args = &args, .token = "a"
    };
    uint64_t id;
    ck_assert_int_eq(evac_driver_route53.call(bench_link(b), &call, keep, a, &id, NULL), EVAC_OK);
}

START_TEST(two_changes_of_a_zone_go_as_one)
{
    struct bench *b = bench_new(10);
    struct answered one = { false }, two = { false };
    start_point(b, "one.example.com", &one);
    start_point(b, "two.example.com", &two);
    for (int i = 0; i < 1000 && !(one.done && two.done); i++)
        bench_run(b, 1);
    ck_assert_int_eq(one.outcome, EVAC_OUTCOME_ACCEPTED);
    ck_assert_int_eq(two.outcome, EVAC_OUTCOME_ACCEPTED);
    ck_assert(bench_true(b, "\"operation\":\"ChangeResourceRecordSets\",\"region\":\"us-east-1\","
                            "\"received\":1,\"effects\":1"));
    bench_free(b);
}
END_TEST

START_TEST(a_lost_answer_is_found_out_and_not_repeated)
{
    struct bench *b = shared(60, 40);
    bench_control(b, "service route53 us-east-1 lost-mutation 1");
    act(b, "withdraw", WEIGHTS EAST, EVAC_OUTCOME_UNKNOWN);
    settled(b, "withdraw", WEIGHTS EAST);
    act(b, "withdraw", WEIGHTS EAST, EVAC_OUTCOME_REJECTED);
    ck_assert(bench_true(b, "\"operation\":\"ChangeResourceRecordSets\",\"region\":\"us-east-1\","
                            "\"received\":1,\"effects\":1"));
    bench_free(b);
}
END_TEST

START_TEST(without_the_changes_id_dns_is_asked_and_asked_again)
{
    struct bench *b = shared(60, 1);
    act(b, "withdraw", WEIGHTS EAST, EVAC_OUTCOME_ACCEPTED);
    aws_note_set(bench_link(b), NOTE, EVAC_STR_NONE);
    expect_words(look(b, "withdraw", WEIGHTS EAST), EVAC_SEEN_MOVING,
                 "still answers with the region");
    bench_run(b, 4000);
    const struct evac_reply *r = look(b, "withdraw", WEIGHTS EAST);
    expect_words(r, EVAC_SEEN_SATISFIED, "");
    ck_assert(!r->strong); /* one answer of many does not say it all */
    bench_free(b);
}
END_TEST

START_TEST(a_rollback_gives_back_only_what_was_taken)
{
    struct bench *b = shared(60, 40);
    char before[1024];
    const struct evac_reply *r = look(b, "withdraw", WEIGHTS EAST);
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    ck_assert(evac_str_is(r->snapshot, "{\"weights\":{\"us-east-1\":60}}"));
    act(b, "withdraw", WEIGHTS EAST, EVAC_OUTCOME_ACCEPTED);
    record_of(b, "us-west-2")->weight = 99; /* meanwhile, by somebody else */
    bench_goal(b, before);
    expect_words(look(b, "withdraw", WEIGHTS EAST), EVAC_SEEN_UNSATISFIED, "");
    act(b, "withdraw", WEIGHTS EAST, EVAC_OUTCOME_ACCEPTED);
    settled(b, "withdraw", WEIGHTS EAST);
    ck_assert_int_eq(record_of(b, "us-east-1")->weight, 60);
    ck_assert_int_eq(record_of(b, "us-west-2")->weight, 99);
    bench_free(b);
}
END_TEST

START_TEST(pointing_a_weighted_set_gives_all_to_one)
{
    struct bench *b = shared(60, 0);
    char before[1024];
    const struct evac_reply *r = look(b, "point", WEIGHTS WEST);
    expect_words(r, EVAC_SEEN_UNSATISFIED, "");
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    act(b, "point", WEIGHTS WEST, EVAC_OUTCOME_ACCEPTED);
    settled(b, "point", WEIGHTS WEST);
    ck_assert(record_of(b, "us-east-1")->weight == 0 && record_of(b, "us-west-2")->weight == 40);
    bench_goal(b, before);
    act(b, "point", WEIGHTS WEST, EVAC_OUTCOME_ACCEPTED);
    ck_assert(record_of(b, "us-east-1")->weight == 60 && record_of(b, "us-west-2")->weight == 0);
    bench_free(b);
}
END_TEST

/* --- by health check ------------------------------------------------------------------------- */

#define CHECKED NAME "withdraw=check\n"

static void check_of(struct bench *b, const char *id, const char *host, bool inverted)
{
    const struct sb_health_check check = { .id = id,
                                           .type = "HTTP",
                                           .host = host,
                                           .path = "/health",
                                           .search = "",
                                           .port = 80,
                                           .interval_s = 10,
                                           .threshold = 1,
                                           .inverted = inverted };
    sb_route53_health_check(bench_sandbox(b), &check);
}

static void regional(struct bench *b, const char *region, const char *value, const char *check)
{
    struct sb_record record = { .name = "all.example.com",
                                .type = "A",
                                .set_identifier = region,
                                .weight = -1,
                                .ttl_s = 60,
                                .value = value,
                                .latency = region,
                                .health_check = check };
    sb_route53_record(bench_sandbox(b), "Z0SHOP", &record);
}

/* A latency set whose records have checks of their own. */
static struct bench *latency(void)
{
    struct bench *b = bench_new(10);
    check_of(b, "east", "us-east-1.shop.example.com", false);
    check_of(b, "west", "us-west-2.shop.example.com", false);
    regional(b, "us-east-1", "192.0.2.1", "east");
    regional(b, "us-west-2", "192.0.2.2", "west");
    bench_control(b, "make route53 us-east-1 {\"kind\":\"asker\"}");
    bench_run(b, 1500);
    return b;
}

static struct r53_check *check(struct bench *b, const char *id)
{
    return r53_check_find(bench_sandbox(b), evac_str(id));
}

START_TEST(a_set_without_weights_is_moved_by_its_records_check)
{
    struct bench *b = latency();
    expect_words(look(b, "withdraw", CHECKED EAST), EVAC_SEEN_UNSATISFIED, "enabled");
    expect_words(look(b, "join", CHECKED EAST), EVAC_SEEN_SATISFIED, "");
    act(b, "withdraw", CHECKED EAST, EVAC_OUTCOME_ACCEPTED);
    ck_assert(check(b, "east")->disabled && check(b, "east")->inverted);
    expect_words(look(b, "withdraw", CHECKED EAST), EVAC_SEEN_SATISFIED, "");
    expect_words(look(b, "join", CHECKED EAST), EVAC_SEEN_UNSATISFIED, "disabled");
    act(b, "join", CHECKED EAST, EVAC_OUTCOME_ACCEPTED);
    ck_assert(!check(b, "east")->disabled && !check(b, "east")->inverted);
    settled(b, "join", CHECKED EAST);
    bench_free(b);
}
END_TEST

START_TEST(a_check_that_was_inverted_is_inverted_again)
{
    struct bench *b = latency();
    check(b, "east")->inverted = true;
    act(b, "withdraw", CHECKED EAST, EVAC_OUTCOME_ACCEPTED);
    act(b, "join", CHECKED "inverted=true\n" EAST, EVAC_OUTCOME_ACCEPTED);
    ck_assert(!check(b, "east")->disabled && check(b, "east")->inverted);
    bench_free(b);
}
END_TEST

START_TEST(joining_waits_until_the_checkers_find_it_healthy)
{
    struct bench *b = latency();
    act(b, "withdraw", CHECKED EAST, EVAC_OUTCOME_ACCEPTED);
    act(b, "join", CHECKED EAST, EVAC_OUTCOME_ACCEPTED);
    check(b, "east")->raw = false;
    expect_words(look(b, "join", CHECKED EAST), EVAC_SEEN_MOVING, "healthy");
    check(b, "east")->raw = true;
    expect_words(look(b, "join", CHECKED EAST), EVAC_SEEN_SATISFIED, "");
    bench_free(b);
}
END_TEST

START_TEST(the_last_check_is_not_forced)
{
    struct bench *b = latency();
    act(b, "withdraw", CHECKED EAST, EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "withdraw", CHECKED WEST), EVAC_SEEN_BLOCKED, "last one");
    act(b, "withdraw", CHECKED WEST, EVAC_OUTCOME_REJECTED);
    act(b, "join", CHECKED EAST, EVAC_OUTCOME_ACCEPTED);
    act(b, "withdraw", CHECKED WEST, EVAC_OUTCOME_ACCEPTED);
    bench_free(b);
}
END_TEST

START_TEST(while_nobody_else_is_healthy_the_region_is_still_answered)
{
    struct bench *b = latency();
    check(b, "west")->raw = false;
    act(b, "withdraw", CHECKED EAST, EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "withdraw", CHECKED EAST), EVAC_SEEN_MOVING,
                 "still answers with the region");
    bench_free(b);
}
END_TEST

START_TEST(a_check_is_changed_only_in_the_version_that_was_seen)
{
    struct bench *b = latency();
    const struct evac_reply *r = look(b, "withdraw", CHECKED EAST);
    ck_assert(r->strong && evac_str_is(r->version, "1"));
    bench_version(b, r->version);
    check(b, "east")->version++; /* somebody else was faster */
    r = act(b, "withdraw", CHECKED EAST, EVAC_OUTCOME_REJECTED);
    ck_assert(evac_str_is(r->code, "HealthCheckVersionMismatch"));
    ck_assert(!check(b, "east")->disabled);
    bench_free(b);
}
END_TEST

START_TEST(a_lost_answer_of_a_check_is_found_out)
{
    struct bench *b = latency();
    bench_control(b, "service route53 us-east-1 lost-mutation 1");
    act(b, "withdraw", CHECKED EAST, EVAC_OUTCOME_UNKNOWN);
    expect_words(look(b, "withdraw", CHECKED EAST), EVAC_SEEN_SATISFIED, "");
    act(b, "withdraw", CHECKED EAST, EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

START_TEST(a_rollback_puts_the_check_back_as_it_was)
{
    struct bench *b = latency();
    char before[256];
    check(b, "east")->inverted = true;
    const struct evac_reply *r = look(b, "withdraw", CHECKED EAST);
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    act(b, "withdraw", CHECKED EAST, EVAC_OUTCOME_ACCEPTED);
    bench_goal(b, before);
    expect_words(look(b, "withdraw", CHECKED EAST), EVAC_SEEN_UNSATISFIED, "");
    act(b, "withdraw", CHECKED EAST, EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "withdraw", CHECKED EAST), EVAC_SEEN_SATISFIED, "");
    ck_assert(!check(b, "east")->disabled && check(b, "east")->inverted);
    bench_free(b);
}
END_TEST

START_TEST(a_check_that_is_not_the_regions_own_blocks)
{
    struct bench *b = bench_new(10);
    check_of(b, "both", "us-east-1.shop.example.com", false);
    regional(b, "us-east-1", "192.0.2.1", "both");
    regional(b, "us-west-2", "192.0.2.2", "both");
    expect_words(look(b, "withdraw", CHECKED EAST), EVAC_SEEN_BLOCKED, "same health check");
    act(b, "withdraw", CHECKED EAST, EVAC_OUTCOME_REJECTED);
    record_of(b, "us-east-1")->health_check[0] = '\0';
    expect_words(look(b, "withdraw", CHECKED EAST), EVAC_SEEN_BLOCKED, "of their own");
    expect_words(look(b, "withdraw", CHECKED AT("eu-west-1")), EVAC_SEEN_BLOCKED, "eu-west-1's");
    (void)snprintf(record_of(b, "us-east-1")->health_check, 65, "gone");
    expect_words(look(b, "withdraw", CHECKED EAST), EVAC_SEEN_BLOCKED, "no such health check");
    act(b, "withdraw", CHECKED EAST, EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

/* --- ready ----------------------------------------------------------------------------------- */

START_TEST(ready_looks_at_every_check_of_the_set)
{
    struct bench *b = latency();
    check(b, "east")->next_ms = check(b, "west")->next_ms = SB_NEVER; /* as they are told */
    const struct evac_reply *r = look(b, "ready", CHECKED WEST);
    expect_words(r, EVAC_SEEN_SATISFIED, "");
    ck_assert_int_eq(bench_fact(r, "checks"), 2);
    ck_assert_int_eq(bench_fact(r, "unhealthy"), 0);
    ck_assert_int_eq(bench_fact(r, "ttl_s"), 60);
    ck_assert_int_eq(bench_fact(r, "signed"), 0);
    ck_assert_int_eq(bench_fact(r, "accelerated"), 0);
    check(b, "east")->raw = false; /* what is left may be sick, what takes over not */
    r = look(b, "ready", CHECKED WEST);
    expect_words(r, EVAC_SEEN_SATISFIED, "");
    ck_assert_int_eq(bench_fact(r, "unhealthy"), 1);
    expect_words(look(b, "ready", CHECKED EAST), EVAC_SEEN_BLOCKED, "unhealthy");
    check(b, "east")->raw = true;
    check(b, "west")->disabled = true;
    expect_words(look(b, "ready", CHECKED EAST), EVAC_SEEN_BLOCKED, "disabled");
    check(b, "west")->inverted = true; /* forced: that is what join is for */
    expect_words(look(b, "ready", CHECKED WEST), EVAC_SEEN_SATISFIED, "");
    check(b, "west")->disabled = check(b, "west")->inverted = false;
    check(b, "west")->looked_ms = 0;
    expect_words(look(b, "ready", CHECKED WEST), EVAC_SEEN_MOVING, "healthy by rule");
    bench_free(b);
}
END_TEST

static void follow(struct bench *b, const char *id, const char *region)
{
    struct r53_check *k = check(b, id);
    (void)snprintf(k->type, sizeof k->type, "HTTPS_STR_MATCH");
    (void)snprintf(k->search, sizeof k->search, "\"%s\":\"out\"", region);
}

START_TEST(ready_keeps_within_the_accounts_requests)
{
    struct bench *b = latency();
    bench_control(b, "limits on");
    for (int i = 0; i < 3; i++)
        expect_words(look(b, "ready", CHECKED WEST), EVAC_SEEN_SATISFIED, "");
    bench_free(b);
}
END_TEST

START_TEST(ready_knows_what_each_way_needs)
{
    struct bench *b = latency();
    expect_words(look(b, "ready", WATCHED WEST), EVAC_SEEN_BLOCKED, "not inverted");
    check(b, "east")->inverted = check(b, "west")->inverted = true;
    expect_words(look(b, "ready", WATCHED WEST), EVAC_SEEN_BLOCKED, "searches ''");
    follow(b, "east", "us-west-2");
    follow(b, "west", "us-east-1");
    expect_words(look(b, "ready", WATCHED WEST), EVAC_SEEN_BLOCKED,
                 "of us-east-1 searches '\"us-west-2\":\"out\"', not '\"us-east-1\":\"out\"'");
    follow(b, "east", "us-east-1");
    follow(b, "west", "us-west-2");
    expect_words(look(b, "ready", WATCHED WEST), EVAC_SEEN_SATISFIED, "");
    (void)snprintf(record_of(b, "us-west-2")->health_check, 65, "east");
    expect_words(look(b, "ready", WATCHED WEST), EVAC_SEEN_BLOCKED, "two regions");
    (void)snprintf(record_of(b, "us-west-2")->health_check, 65, "west");
    check(b, "east")->disabled = true;
    expect_words(look(b, "ready", WATCHED WEST), EVAC_SEEN_BLOCKED, "disabled");
    expect_words(look(b, "ready", WEIGHTS WEST), EVAC_SEEN_BLOCKED, "no weights above 0");
    expect_words(look(b, "ready", CHECKED AT("eu-west-1")), EVAC_SEEN_BLOCKED, "eu-west-1's");
    record_of(b, "us-east-1")->health_check[0] = '\0';
    expect_words(look(b, "ready", CHECKED WEST), EVAC_SEEN_BLOCKED, "can not be taken out");
    expect_words(look(b, "ready", CHECKED "ttl_max=30\n" WEST), EVAC_SEEN_BLOCKED, "at most 30");
    bench_free(b);
}
END_TEST

START_TEST(ready_says_what_the_zone_is)
{
    struct bench *b = latency();
    bench_control(b, "make route53 us-east-1 {\"kind\":\"zone\",\"id\":\"Z0SHOP\",\"name\":"
                     "\"example.com\",\"accelerated\":\"ENABLED\",\"dnssec\":\"SIGNING\"}");
    const struct evac_reply *r = look(b, "ready", CHECKED WEST);
    expect_words(r, EVAC_SEEN_SATISFIED, "");
    ck_assert(bench_fact(r, "signed") == 1 && bench_fact(r, "accelerated") == 1);
    bench_control(b, "make route53 us-east-1 {\"kind\":\"zone\",\"id\":\"Z0SHOP\",\"name\":"
                     "\"example.com\",\"dnssec\":\"ACTION_NEEDED\"}");
    expect_words(look(b, "ready", CHECKED WEST), EVAC_SEEN_BLOCKED, "ACTION_NEEDED");
    bench_free(b);
}
END_TEST

/* --- by the GO object ------------------------------------------------------------------------ */

static void set_multivalue(struct bench *b)
{
    record_of(b, "us-east-1")->multivalue = record_of(b, "us-west-2")->multivalue = true;
    struct r53_records *served = &r53_state(bench_sandbox(b))->zones[0].served;
    for (size_t i = 0; i < served->count; i++)
        if (strcmp(served->items[i].name, "all.example.com") == 0)
            served->items[i].multivalue = true;
}

START_TEST(by_the_go_object_dns_is_only_watched)
{
    struct bench *b = bench_new(10);
    const struct sb_health_check check = { .id = "east",
                                           .type = "CLOUDWATCH_METRIC",
                                           .host = "",
                                           .path = "",
                                           .search = "",
                                           .interval_s = 10,
                                           .threshold = 1 };
    sb_route53_health_check(bench_sandbox(b), &check);
    put(b, "us-east-1", -1, "192.0.2.1", "east");
    put(b, "us-west-2", -1, "192.0.2.2", NULL);
    set_multivalue(b);
    bench_control(b, "region us-east-1 down"); /* Route 53's API with it */
    expect_words(look(b, "withdraw", WATCHED EAST), EVAC_SEEN_MOVING,
                 "still answers with the region");
    expect_words(look(b, "join", WATCHED EAST), EVAC_SEEN_SATISFIED, "");
    r53_check_find(bench_sandbox(b), EVAC_STR("east"))->raw = false;
    const struct evac_reply *r = look(b, "withdraw", WATCHED EAST);
    expect_words(r, EVAC_SEEN_SATISFIED, "");
    ck_assert(!r->strong);
    expect_words(look(b, "join", WATCHED EAST), EVAC_SEEN_MOVING, "not 192.0.2.1");
    bench_free(b);
}
END_TEST

START_TEST(one_answer_without_the_region_is_not_enough)
{
    struct bench *b = shared(1, 7); /* one answer of eight */
    for (int i = 0; i < 8; i++)
        expect_words(look(b, "withdraw", WATCHED EAST), EVAC_SEEN_MOVING,
                     "still answers with the region");
    for (int i = 0; i < 8; i++)
        expect_words(look(b, "join", WATCHED EAST), EVAC_SEEN_SATISFIED, "");
    bench_free(b);
}
END_TEST

START_TEST(a_name_that_answers_nothing_is_no_withdrawal)
{
    struct bench *b = bench_new(10);
    expect_words(look(b, "withdraw", WATCHED EAST), EVAC_SEEN_MOVING, "nothing at all");
    bench_free(b);
}
END_TEST

START_TEST(by_the_go_object_there_is_nothing_to_apply)
{
    struct bench *b = bench_new(10);
    struct evac_arg items[] = { { EVAC_STR("region"), EVAC_STR("us-east-1") },
                                { EVAC_STR("withdraw"), EVAC_STR("go-object") } };
    struct evac_args args = { items, 2 };
    struct evac_call call = {
        .verb = EVAC_VERB_APPLY, .action = "withdraw", .args = &args, .token = "a"
    };
    struct evac_err err = { EVAC_OK, "" };
    uint64_t id;
    ck_assert_int_eq(evac_driver_route53.call(bench_link(b), &call, NULL, NULL, &id, &err),
                     EVAC_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.text, "GO object"));
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("share");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_region_loses_its_share_and_gets_it_again);
    tcase_add_test(tc, the_last_region_that_gets_traffic_is_not_taken_away);
    tcase_add_test(tc, weights_that_are_all_zero_are_no_withdrawal);
    tcase_add_test(tc, what_is_no_weighted_set_or_has_no_such_record_blocks);
    tcase_add_test(tc, records_are_a_regions_by_the_names_that_are_configured);
    tcase_add_test(tc, records_of_another_type_are_none_of_it);
    tcase_add_test(tc, a_stale_decision_is_refused);
    tcase_add_test(tc, a_zone_that_is_busy_is_waited_for);
    tcase_add_test(tc, two_changes_of_a_zone_go_as_one);
    tcase_add_test(tc, a_lost_answer_is_found_out_and_not_repeated);
    tcase_add_test(tc, without_the_changes_id_dns_is_asked_and_asked_again);
    tcase_add_test(tc, a_rollback_gives_back_only_what_was_taken);
    tcase_add_test(tc, pointing_a_weighted_set_gives_all_to_one);
    tcase_add_test(tc, a_set_without_weights_is_moved_by_its_records_check);
    tcase_add_test(tc, a_check_that_was_inverted_is_inverted_again);
    tcase_add_test(tc, joining_waits_until_the_checkers_find_it_healthy);
    tcase_add_test(tc, the_last_check_is_not_forced);
    tcase_add_test(tc, while_nobody_else_is_healthy_the_region_is_still_answered);
    tcase_add_test(tc, a_check_is_changed_only_in_the_version_that_was_seen);
    tcase_add_test(tc, a_lost_answer_of_a_check_is_found_out);
    tcase_add_test(tc, a_rollback_puts_the_check_back_as_it_was);
    tcase_add_test(tc, a_check_that_is_not_the_regions_own_blocks);
    tcase_add_test(tc, ready_looks_at_every_check_of_the_set);
    tcase_add_test(tc, ready_keeps_within_the_accounts_requests);
    tcase_add_test(tc, ready_knows_what_each_way_needs);
    tcase_add_test(tc, ready_says_what_the_zone_is);
    tcase_add_test(tc, by_the_go_object_dns_is_only_watched);
    tcase_add_test(tc, one_answer_without_the_region_is_not_enough);
    tcase_add_test(tc, a_name_that_answers_nothing_is_no_withdrawal);
    tcase_add_test(tc, by_the_go_object_there_is_nothing_to_apply);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("a region's share of a name", cases)
