/* ARC's routing controls, before the model: five endpoints of which any may be away, copies that
 * may be old, safety rules, and health checks that follow. */
#include "aws_pack.h"
#include "host_wrap.h"
#include "sandbox_bench.h"
#include "sandbox_internal.h"
#include "suite.h"

#include <string.h>

#define PANEL   "arn:aws:route53-recovery-control::123456789012:controlpanel/p1"
#define USE1    PANEL "/routingcontrol/use1"
#define USW2    PANEL "/routingcontrol/usw2"
#define RULE    PANEL "/safetyrule/one-on"
#define CLUSTER "cluster=arn:aws:route53-recovery-control::123456789012:cluster/shop\n"
#define AT(r)   "endpoints." r "=https://shop.route53-recovery-cluster." r ".amazonaws.com/v1\n"
#define FOUR    AT("us-east-1") AT("us-west-2") AT("us-east-2") AT("ap-northeast-1")
#define SHOP    FOUR AT("eu-west-1") "controls.us-east-1=" USE1 "\ncontrols.us-west-2=" USW2 "\n"
#define WEST    "region=us-west-2\nfrom=us-east-1\nto=us-west-2\n"
#define EAST    "region=us-east-1\nfrom=us-west-2\nto=us-east-1\n"
#define OF_EAST "region=us-east-1\nfrom=us-east-1\nto=us-west-2\n"

#define ONE(arn, state)    "{\"arn\":\"" arn "\",\"state\":\"" state "\"}"
#define WAS(a, in, b, out) "{\"controls\":[" ONE(a, in) "," ONE(b, out) "]}"

static const char *const regions[] = { "us-east-1", "us-west-2", "eu-west-1", "us-east-2",
                                       "ap-northeast-1" };
#define REGIONS (int)(sizeof regions / sizeof regions[0])

static struct bench *with_cluster(void)
{
    struct bench *b = bench_new(10);
#define MAKE "make route53-recovery-control-config us-west-2 "
    bench_control(b, MAKE "{\"kind\":\"cluster\",\"name\":\"shop\"}");
    bench_control(b, MAKE "{\"kind\":\"panel\",\"name\":\"p1\",\"cluster\":\"shop\"}");
    bench_control(b, MAKE "{\"kind\":\"control\",\"name\":\"p1/use1\",\"state\":\"On\"}");
    bench_control(b, MAKE "{\"kind\":\"control\",\"name\":\"p1/usw2\"}");
    return b;
}

static void add_rule(struct bench *b, const char *more)
{
    bench_control(b,
                  MAKE "{\"kind\":\"rule\",\"name\":\"p1/one-on\","
                       "\"controls\":[\"p1/use1\",\"p1/usw2\"]%s}",
                  more);
}

BENCH_DRIVER("routing-control")

static void expect_states(struct bench *b, bool use1, bool usw2)
{
    ck_assert_int_eq(sb_routing_control_on(bench_sandbox(b), EVAC_STR(USE1)), use1);
    ck_assert_int_eq(sb_routing_control_on(bench_sandbox(b), EVAC_STR(USW2)), usw2);
}

/* How often an operation was received, over all endpoints. */
static size_t received(struct bench *b, const char *operation)
{
    struct evac_buf truth;
    struct evac_json *root;
    size_t n = 0;
    evac_buf_init(&truth, 8u << 20);
    evac_sandbox_truth(bench_sandbox(b), &truth);
    ck_assert_int_eq(evac_json_parse(evac_buf_str(&truth), &root, NULL), EVAC_OK);
    const struct evac_json *e = evac_json_first(evac_json_get(root, "operations"));
    for (; e; e = evac_json_next(e))
        if (evac_str_is(evac_json_str(e, "operation"), operation))
            n += (size_t)evac_json_i64(e, "received", 0);
    evac_json_free(root);
    evac_buf_done(&truth);
    return n;
}

/* --- moving ---------------------------------------------------------------------------------- */

START_TEST(routing_moves_both_controls_in_one_change_and_is_put_back)
{
    char before[512];
    struct bench *b = with_cluster();
    const struct evac_reply *r = look(b, "route", SHOP WEST);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(r->strong);
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    ck_assert_str_eq(before, WAS(USW2, "Off", USE1, "On"));
    expect_outcome(act(b, "route", SHOP WEST), EVAC_OUTCOME_ACCEPTED);
    expect_states(b, false, true);
    r = look(b, "route", SHOP WEST);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert(r->strong);
    expect_reason(r, "us-west-2 is On, us-east-1 is Off: so say 3 of 5 endpoints");
    ck_assert_uint_eq(received(b, "UpdateRoutingControlStates"), 1);

    bench_goal(b, before);
    expect(look(b, "route", SHOP WEST), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "route", SHOP WEST), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "route", SHOP WEST), EVAC_SEEN_SATISFIED);
    expect_states(b, true, false);
    bench_free(b);
}
END_TEST

START_TEST(a_region_joins_and_withdraws_alone)
{
    struct bench *b = with_cluster();
    expect(look(b, "join", SHOP WEST), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "join", SHOP WEST), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "join", SHOP WEST), EVAC_SEEN_SATISFIED);
    expect_states(b, true, true);
    expect(look(b, "withdraw", SHOP OF_EAST), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "withdraw", SHOP OF_EAST), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "withdraw", SHOP OF_EAST), EVAC_SEEN_SATISFIED);
    expect_states(b, false, true);
    bench_goal(b, "{\"controls\":[" ONE(USE1, "On") "]}");
    expect_outcome(act(b, "withdraw", SHOP OF_EAST), EVAC_OUTCOME_ACCEPTED);
    expect_states(b, true, true);
    bench_free(b);
}
END_TEST

/* --- endpoints that are away ----------------------------------------------------------------- */

START_TEST(any_one_region_may_be_away)
{
    static const char *const how[] = { "down", "isolated" };
    struct bench *b = with_cluster();
    bench_control(b, "region %s %s", regions[_i % REGIONS], how[_i / REGIONS]);
    expect(look(b, "ready", SHOP WEST), EVAC_SEEN_SATISFIED);
    expect(look(b, "route", SHOP WEST), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "route", SHOP WEST), EVAC_OUTCOME_ACCEPTED);
    expect_states(b, false, true);
    const struct evac_reply *r = look(b, "route", SHOP WEST);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert(r->strong);

    bench_control(b, "region %s up", regions[_i % REGIONS]); /* it catches up, and says the same */
    bench_run(b, 2000);
    expect(look(b, "ready", SHOP WEST), EVAC_SEEN_SATISFIED);
    ck_assert(!bench_true(b, "\"copies\":{\"us-east-1\":{\"state\":\"On\",\"version\":1"));
    bench_free(b);
}
END_TEST

START_TEST(four_of_five_endpoints_may_be_in_maintenance)
{
    struct bench *b = with_cluster();
    for (int i = 0; i < REGIONS; i++)
        if (i != _i)
            bench_control(b, "service route53-recovery-cluster %s down", regions[i]);
    const struct evac_reply *r = look(b, "ready", SHOP WEST);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "endpoints"), 1);
    ck_assert(!r->strong);
    expect_reason(r, "1 of 5 endpoints answer");
    expect_outcome(act(b, "route", SHOP WEST), EVAC_OUTCOME_ACCEPTED);
    expect_states(b, false, true);
    ck_assert_uint_eq(received(b, "UpdateRoutingControlStates"), 1);
    r = look(b, "route", SHOP WEST);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert(!r->strong); /* it may be the old one: looked at once more by the engine */
    bench_free(b);
}
END_TEST

START_TEST(without_a_majority_nothing_is_moved_and_nothing_is_claimed)
{
    struct bench *b = with_cluster();
    for (int i = 1; i < 4; i++)
        bench_control(b, "region %s down", regions[i]);
    expect_outcome(act(b, "route", SHOP WEST), EVAC_OUTCOME_UNKNOWN);
    expect_states(b, true, false);
    const struct evac_reply *r = look(b, "route", SHOP WEST);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(!r->strong);
    bench_control(b, "region us-east-1 down");
    bench_control(b, "region ap-northeast-1 down");
    expect(look(b, "route", SHOP WEST), EVAC_SEEN_UNSEEN);
    expect(look(b, "ready", SHOP WEST), EVAC_SEEN_UNSEEN);
    bench_free(b);
}
END_TEST

START_TEST(a_change_whose_reply_was_lost_is_not_asked_for_again)
{
    struct bench *b = with_cluster();
    bench_control(b, "service route53-recovery-cluster us-west-2 lost-mutation 1");
    expect_outcome(act(b, "route", SHOP WEST), EVAC_OUTCOME_ACCEPTED);
    expect_states(b, false, true);
    ck_assert_uint_eq(received(b, "UpdateRoutingControlStates"), 1);
    bench_free(b);
}
END_TEST

START_TEST(a_change_that_no_endpoint_shows_yet_is_asked_for_again_at_the_next)
{
    struct bench *b = with_cluster();
    bench_control(b, "service route53-recovery-cluster us-west-2 lost-mutation 1");
    /* the endpoint that is looked at next is the last to hear of it */
    bench_control(b, "lag us-east-2 600000");
    bench_control(b, "lag ap-northeast-1 600000");
    expect_outcome(act(b, "route",
                       AT("us-west-2") AT("us-east-2") "controls.us-east-1=" USE1
                                                       "\ncontrols.us-west-2=" USW2 "\n" WEST),
                   EVAC_OUTCOME_ACCEPTED);
    expect_states(b, false, true);
    ck_assert_uint_eq(received(b, "UpdateRoutingControlStates"), 2);
    bench_free(b);
}
END_TEST

/* --- copies that are old --------------------------------------------------------------------- */

/* Moved west, then back east; the endpoint in the west has not heard of the latter. */
static struct bench *with_old_west(void)
{
    struct bench *b = with_cluster();
    expect_outcome(act(b, "route", SHOP WEST), EVAC_OUTCOME_ACCEPTED);
    bench_run(b, 5000);
    bench_control(b, "lag us-west-2 600000");
    expect_outcome(act(b, "route", SHOP EAST), EVAC_OUTCOME_ACCEPTED);
    expect_states(b, true, false);
    return b;
}

START_TEST(what_one_endpoint_says_does_not_count_against_three)
{
    struct bench *b = with_old_west();
    const struct evac_reply *r = look(b, "route", SHOP WEST); /* the west is asked first */
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(r->strong);
    expect_reason(r, "us-west-2 is Off, us-east-1 is On: so say 3 of 5");
    bench_free(b);
}
END_TEST

START_TEST(an_old_copy_is_no_reason_not_to_ask)
{
    struct bench *b = with_old_west();
    expect_outcome(act(b, "route", SHOP WEST), EVAC_OUTCOME_ACCEPTED);
    expect_states(b, false, true);
    bench_free(b);
}
END_TEST

START_TEST(where_as_many_say_the_one_as_the_other_it_is_not_so)
{
    struct bench *b = with_old_west();
    const char *two = AT("us-west-2") AT("us-east-1") "controls.us-east-1=" USE1
                                                      "\ncontrols.us-west-2=" USW2 "\n" WEST;
    const struct evac_reply *r = look(b, "route", two);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(!r->strong);
    ck_assert(evac_str_is(r->snapshot, WAS(USW2, "Off", USE1, "On")));
    bench_free(b);
}
END_TEST

/* --- safety rules ---------------------------------------------------------------------------- */

START_TEST(a_safety_rule_refuses_by_its_name_until_a_person_passes_it_over)
{
    struct bench *b = with_cluster();
    add_rule(b, ",\"Threshold\":1");
    const struct evac_reply *r = act(b, "withdraw", SHOP OF_EAST);
    expect_outcome(r, EVAC_OUTCOME_REJECTED);
    ck_assert(evac_str_is(r->code, "ConflictException"));
    expect_reason(r, RULE);
    expect_states(b, true, false);
    expect_outcome(act(b, "withdraw", SHOP OF_EAST "want.override=[\"" PANEL "/safetyrule/x\"]\n"),
                   EVAC_OUTCOME_REJECTED);
    expect_outcome(act(b, "route", SHOP WEST), EVAC_OUTCOME_ACCEPTED); /* both at once: it holds */
    expect_outcome(act(b, "withdraw", SHOP WEST "want.override=[\"" RULE "\"]\n"),
                   EVAC_OUTCOME_ACCEPTED);
    expect_states(b, false, false);
    bench_free(b);
}
END_TEST

START_TEST(a_rollback_passes_no_rule_over)
{
    struct bench *b = with_cluster();
    add_rule(b, ",\"Type\":\"AND\"");
    expect_outcome(act(b, "join", SHOP WEST), EVAC_OUTCOME_ACCEPTED);
    bench_goal(b, "{\"controls\":[" ONE(USW2, "Off") "]}");
    const struct evac_reply *r = act(b, "join", SHOP WEST "want.override=[\"" RULE "\"]\n");
    expect_outcome(r, EVAC_OUTCOME_REJECTED);
    expect_reason(r, RULE);
    expect_states(b, true, true);
    bench_free(b);
}
END_TEST

START_TEST(a_gate_is_shut_until_its_control_is_on)
{
    struct bench *b = with_cluster();
    bench_control(b, MAKE "{\"kind\":\"control\",\"name\":\"p1/gate\"}");
    add_rule(b, ",\"gates\":[\"p1/gate\"]");
    expect_outcome(act(b, "route", SHOP WEST), EVAC_OUTCOME_REJECTED);
    expect_outcome(act(b, "join", FOUR "controls.us-west-2=" PANEL "/routingcontrol/gate\n" WEST),
                   EVAC_OUTCOME_ACCEPTED);
    expect_outcome(act(b, "route", SHOP WEST), EVAC_OUTCOME_ACCEPTED);
    bench_free(b);
}
END_TEST

START_TEST(a_rule_with_a_wait_takes_one_change_at_a_time)
{
    struct bench *b = with_cluster();
    add_rule(b, ",\"WaitPeriodMs\":60000");
    expect_outcome(act(b, "route", SHOP WEST), EVAC_OUTCOME_ACCEPTED);
    expect_outcome(act(b, "route", SHOP EAST), EVAC_OUTCOME_REJECTED);
    bench_run(b, 6000); /* a minute, at ten times the speed */
    expect_outcome(act(b, "route", SHOP EAST), EVAC_OUTCOME_ACCEPTED);
    bench_free(b);
}
END_TEST

/* A reply was lost, nobody shows it, and the next endpoint refuses: what was sent may still come.
 */
START_TEST(a_refusal_after_a_lost_reply_is_not_certain)
{
    struct bench *b = with_cluster();
    add_rule(b, ",\"Threshold\":1");
    bench_control(b, "service route53-recovery-cluster us-west-2 down");
    expect_outcome(act(b, "withdraw", SHOP OF_EAST), EVAC_OUTCOME_REJECTED); /* only looked at */
    bench_control(b, "service route53-recovery-cluster us-west-2 up");
    bench_control(b, "service route53-recovery-cluster us-west-2 lost-mutation 1");
    bench_control(b, "lag us-east-2 600000");
    add_rule(b, ",\"WaitPeriodMs\":60000");
    expect_outcome(act(b, "route",
                       AT("us-west-2") AT("us-east-2") "controls.us-east-1=" USE1
                                                       "\ncontrols.us-west-2=" USW2 "\n" WEST),
                   EVAC_OUTCOME_UNKNOWN);
    bench_free(b);
}
END_TEST

/* --- what follows ---------------------------------------------------------------------------- */

static void expect_address(struct bench *b, const char *address)
{
    char found[64] = "";
    (void)sb_route53_answer(bench_sandbox(b), "arc.example.com", found, sizeof found);
    ck_assert_str_eq(found, address);
}

/* Without Route 53's own API, whose region is the one that is gone. */
START_TEST(dns_follows_the_controls_while_a_region_is_gone)
{
    struct bench *b = with_cluster();
    struct evac_sandbox *sb = bench_sandbox(b);
    const struct sb_health_check checks[] = {
        { .id = "of-use1", .type = "RECOVERY_CONTROL", .routing_control = USE1 },
        { .id = "of-usw2", .type = "RECOVERY_CONTROL", .routing_control = USW2 },
    };
    const struct sb_record east = { .name = "arc.example.com",
                                    .type = "A",
                                    .set_identifier = "east",
                                    .failover = "PRIMARY",
                                    .weight = -1,
                                    .ttl_s = 10,
                                    .value = "192.0.2.1",
                                    .health_check = "of-use1" };
    const struct sb_record west = { .name = "arc.example.com",
                                    .type = "A",
                                    .set_identifier = "west",
                                    .failover = "SECONDARY",
                                    .weight = -1,
                                    .ttl_s = 10,
                                    .value = "192.0.2.2",
                                    .health_check = "of-usw2" };
    sb_route53_health_check(sb, &checks[0]);
    sb_route53_health_check(sb, &checks[1]);
    sb_route53_record(sb, "Z0SHOP", &east);
    sb_route53_record(sb, "Z0SHOP", &west);
    expect_address(b, "192.0.2.1");
    bench_control(b, "region us-east-1 down");
    expect_address(b, "192.0.2.1"); /* the control still says so */
    expect_outcome(act(b, "route", SHOP WEST), EVAC_OUTCOME_ACCEPTED);
    expect_address(b, "192.0.2.2");
    bench_free(b);
}
END_TEST

/* --- ready ----------------------------------------------------------------------------------- */

START_TEST(an_endpoint_that_is_not_the_clusters_is_named)
{
    struct bench *b = with_cluster();
    const struct evac_reply *r = look(b, "ready", CLUSTER SHOP WEST);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert(r->strong);
    ck_assert_int_eq(bench_fact(r, "endpoints"), 5);
    ck_assert_int_eq(bench_fact(r, "differ"), 0);
    r = look(b, "ready",
             CLUSTER FOUR
             "endpoints.eu-west-1=https://old.example.com/v1/\ncontrols.us-west-2=" USW2 "\n" WEST);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "differ"), 1);
    expect_reason(r, "the cluster's endpoint in eu-west-1 is "
                     "https://shop.route53-recovery-cluster.eu-west-1.amazonaws.com/v1, not the "
                     "configured one");
    r = look(b, "ready", CLUSTER FOUR "controls.us-west-2=" USW2 "\n" WEST);
    expect_reason(r, "which is not configured");
    r = look(b, "ready", CLUSTER "want.compare=false\n" FOUR "controls.us-west-2=" USW2 "\n" WEST);
    ck_assert_int_eq(bench_fact(r, "differ"), -2);
    bench_free(b);
}
END_TEST

START_TEST(the_control_plane_is_not_needed)
{
    struct bench *b = with_cluster();
    bench_control(b, "region us-west-2 down");
    const struct evac_reply *r = look(b, "ready", CLUSTER SHOP EAST);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "endpoints"), 4);
    ck_assert_int_eq(bench_fact(r, "differ"), -2);
    expect_reason(r, "the control plane did not say");
    bench_free(b);
}
END_TEST

START_TEST(what_is_not_there_or_not_allowed_is_told_apart)
{
    struct bench *b = with_cluster();
    const char *nobody = FOUR "controls.us-west-2=" PANEL "/routingcontrol/nobody\n" WEST;
    expect(look(b, "ready", nobody), EVAC_SEEN_BLOCKED);
    expect(look(b, "join", nobody), EVAC_SEEN_BLOCKED);
    expect_outcome(act(b, "join", nobody), EVAC_OUTCOME_REJECTED);
    for (int i = 0; i < REGIONS; i++)
        bench_control(b, "service route53-recovery-cluster %s denied", regions[i]);
    const struct evac_reply *r = look(b, "route", SHOP WEST);
    expect(r, EVAC_SEEN_UNSEEN);
    ck_assert(evac_str_is(r->code, "AccessDeniedException"));
    expect_outcome(act(b, "route", SHOP WEST), EVAC_OUTCOME_REJECTED);
    expect_states(b, true, false);
    bench_free(b);
}
END_TEST

/* --- calls that the bench does not make ------------------------------------------------------ */

struct told {
    bool done;
    enum evac_seen seen;
    enum evac_outcome outcome;
    char reason[1024];
};

static void keep(void *user, const struct evac_reply *r)
{
    struct told *told = user;
    *told = (struct told){ .done = true, .seen = r->seen, .outcome = r->outcome };
    (void)evac_str_copy(told->reason, sizeof told->reason, r->reason);
}

#define URL(r) EVAC_STR("https://shop.route53-recovery-cluster." r ".amazonaws.com/v1")

static enum evac_code start(struct evac_link *link, enum evac_verb verb, const char *goal,
                            struct told *told, struct evac_err *err)
{
    const struct evac_arg items[] = {
        { EVAC_STR("controls.us-east-1"), EVAC_STR(USE1) },
        { EVAC_STR("controls.us-west-2"), EVAC_STR(USW2) },
        { EVAC_STR("endpoints.eu-west-1"), URL("eu-west-1") },
        { EVAC_STR("endpoints.us-east-1"), URL("us-east-1") },
        { EVAC_STR("endpoints.us-west-2"), URL("us-west-2") },
        { EVAC_STR("from"), EVAC_STR("us-east-1") },
        { EVAC_STR("region"), EVAC_STR("us-west-2") },
        { EVAC_STR("to"), EVAC_STR("us-west-2") },
    };
    const struct evac_args args = { items, sizeof items / sizeof items[0] };
    const struct evac_call call = {
        .verb = verb, .action = "route", .args = &args, .goal = evac_str(goal), .token = "t"
    };
    uint64_t id;
    *told = (struct told){ .done = false };
    return evac_driver_routing_control.call(link, &call, keep, told, &id, err);
}

static void expect_told(struct bench *b, struct evac_link *link, enum evac_verb verb,
                        struct told *told)
{
    ck_assert_int_eq(start(link, verb, "", told, NULL), EVAC_OK);
    for (int i = 0; i < 30000 && !told->done; i++)
        bench_run(b, 1);
    ck_assert(told->done);
}

START_TEST(a_snapshot_that_says_nothing_of_a_control_is_refused)
{
    struct told told;
    struct evac_err err = { EVAC_OK, "" };
    struct bench *b = with_cluster();
    ck_assert_int_eq(start(bench_link(b), EVAC_VERB_APPLY, "{\"controls\":[]}", &told, &err),
                     EVAC_E_BADARG);
    ck_assert(strstr(err.text, "us-west-2"));
    expect_states(b, true, false);
    bench_free(b);
}
END_TEST

/* A drill that must not touch a region: nothing is sent there, and the others are enough. */
START_TEST(an_endpoint_that_may_not_be_asked_is_passed_over)
{
    const struct evac_str apart[] = { EVAC_STR("us-east-1"), EVAC_STR("us-west-2") };
    const struct evac_args none = { NULL, 0 };
    struct told told;
    struct evac_link *link;
    struct bench *b = with_cluster();
    struct evac_host_guard *guard = evac_host_isolated(bench_host(b), apart, 2, NULL, NULL);
    ck_assert_int_eq(evac_pack_aws.open(evac_host_guard_host(guard), &none, &link, NULL), EVAC_OK);
    expect_told(b, link, EVAC_VERB_APPLY, &told);
    ck_assert_msg(told.outcome == EVAC_OUTCOME_ACCEPTED, "%s", told.reason);
    expect_states(b, false, true);
    expect_told(b, link, EVAC_VERB_OBSERVE, &told);
    ck_assert_msg(told.seen == EVAC_SEEN_SATISFIED, "%s", told.reason);
    ck_assert_msg(strstr(told.reason, "so says 1 of 3 endpoints"), "%s", told.reason);
    evac_pack_aws.close(link);
    evac_host_guard_free(guard);
    bench_free(b);
}
END_TEST

static void make_cases(Suite *suite)
{
    TCase *tc = tcase_create("routing control");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, routing_moves_both_controls_in_one_change_and_is_put_back);
    tcase_add_test(tc, a_region_joins_and_withdraws_alone);
    tcase_add_loop_test(tc, any_one_region_may_be_away, 0, 2 * REGIONS);
    tcase_add_loop_test(tc, four_of_five_endpoints_may_be_in_maintenance, 0, REGIONS);
    tcase_add_test(tc, without_a_majority_nothing_is_moved_and_nothing_is_claimed);
    tcase_add_test(tc, a_change_whose_reply_was_lost_is_not_asked_for_again);
    tcase_add_test(tc, a_change_that_no_endpoint_shows_yet_is_asked_for_again_at_the_next);
    tcase_add_test(tc, what_one_endpoint_says_does_not_count_against_three);
    tcase_add_test(tc, an_old_copy_is_no_reason_not_to_ask);
    tcase_add_test(tc, where_as_many_say_the_one_as_the_other_it_is_not_so);
    tcase_add_test(tc, a_safety_rule_refuses_by_its_name_until_a_person_passes_it_over);
    tcase_add_test(tc, a_rollback_passes_no_rule_over);
    tcase_add_test(tc, a_gate_is_shut_until_its_control_is_on);
    tcase_add_test(tc, a_rule_with_a_wait_takes_one_change_at_a_time);
    tcase_add_test(tc, a_refusal_after_a_lost_reply_is_not_certain);
    tcase_add_test(tc, dns_follows_the_controls_while_a_region_is_gone);
    tcase_add_test(tc, an_endpoint_that_is_not_the_clusters_is_named);
    tcase_add_test(tc, the_control_plane_is_not_needed);
    tcase_add_test(tc, what_is_not_there_or_not_allowed_is_told_apart);
    tcase_add_test(tc, a_snapshot_that_says_nothing_of_a_control_is_refused);
    tcase_add_test(tc, an_endpoint_that_may_not_be_asked_is_passed_over);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("ARC", make_cases)
