/* The opensearch driver before the model's domains: followers that take over, how far they are
 * behind, and the way back. */
#include "aws_pack.h"
#include "sandbox_bench.h"
#include "suite.h"

#define DIRECTION "app=shop\nfrom=us-east-1\nto=us-west-2\nrun=7\n"
#define TO        "region=us-west-2\nmode=ungraceful\n" DIRECTION
#define GRACEFUL  "region=us-west-2\nmode=graceful\n" DIRECTION
#define AT_FROM   "region=us-east-1\nmode=graceful\n" DIRECTION
#define ROLES     "leader_role=reads\nfollower_role=writes\n"
#define ORDERS    "domain=logs\nindices=[\"orders\"]\n" ROLES
#define BOTH      "domain=logs\nindices=[\"orders\",\"items\"]\n" ROLES
/* The old region's domain, empty: nothing is in the way of following. */
#define BACK                                                                                       \
    "domain.us-east-1=fresh\ndomain.us-west-2=logs\nindices=[\"orders\",\"items\"]\n"              \
    "alias=to-west\n" ROLES

static void leader(struct bench *b, const char *index, int rate, int checkpoint)
{
    bench_control(b,
                  "make opensearch us-east-1 {\"kind\":\"index\",\"name\":\"logs/%s\",\"rate\":%d,"
                  "\"checkpoint\":%d}",
                  index, rate, checkpoint);
}

static struct bench *with_followers(void)
{
    static const char *const indices[] = { "orders", "items" };
    struct bench *b = bench_new(10);
    bench_control(b, "make opensearch us-east-1 {\"kind\":\"domain\",\"name\":\"logs\"}");
    bench_control(b, "make opensearch us-east-1 {\"kind\":\"domain\",\"name\":\"fresh\"}");
    bench_control(b, "make opensearch us-west-2 {\"kind\":\"domain\",\"name\":\"logs\"}");
    bench_control(b, "make opensearch us-west-2 {\"kind\":\"connection\",\"name\":\"to-east\","
                     "\"local\":\"logs\",\"remote\":\"logs\",\"region\":\"us-east-1\"}");
    for (size_t i = 0; i < 2; i++) {
        leader(b, indices[i], 1000, 0);
        bench_control(b,
                      "make opensearch us-west-2 {\"kind\":\"index\",\"name\":\"logs/%s\","
                      "\"follows\":\"to-east\"}",
                      indices[i]);
    }
    bench_run(b, 5000);
    return b;
}

BENCH_DRIVER("opensearch")

static const struct evac_reply *measure(struct bench *b, const char *args)
{
    return bench_call(b, "opensearch", EVAC_VERB_MEASURE, "", args);
}

static void accepted(const struct evac_reply *r)
{
    expect_outcome(r, EVAC_OUTCOME_ACCEPTED);
}

static const struct evac_reply *settled(struct bench *b, const char *action, const char *args)
{
    const struct evac_reply *r = bench_settle(b, "opensearch", action, args, 5000);
    expect(r, EVAC_SEEN_SATISFIED);
    return r;
}

/* --- ready ----------------------------------------------------------------------------------- */

START_TEST(a_follower_is_ready_when_it_is_not_far_behind)
{
    struct bench *b = with_followers();
    const struct evac_reply *r = look(b, "ready", BOTH GRACEFUL);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_gt(bench_fact(r, "lag_operations"), 0);
    expect(look(b, "ready", BOTH "want.behind=10\n" GRACEFUL), EVAC_SEEN_MOVING);
    bench_control(b, "make opensearch us-west-2 {\"kind\":\"index\",\"name\":\"logs/items\","
                     "\"follows\":\"to-east\",\"status\":\"PAUSED\"}");
    r = look(b, "ready", BOTH GRACEFUL);
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, "items is PAUSED");
    expect(look(b, "ready", ORDERS GRACEFUL), EVAC_SEEN_SATISFIED);
    bench_control(b, "make opensearch us-west-2 {\"kind\":\"domain\",\"name\":\"logs\","
                     "\"health\":\"red\"}");
    expect_reason(look(b, "ready", ORDERS GRACEFUL), "health is red");
    bench_free(b);
}
END_TEST

START_TEST(what_is_not_there_or_does_not_follow_is_not_ready)
{
    struct bench *b = with_followers();
    const struct evac_reply *r = look(b, "ready", "domain=logs\nindices=gone\n" TO);
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, "gone is not there");
    expect(look(b, "failover", "domain=logs\nindices=gone\n" TO), EVAC_SEEN_BLOCKED);
    ck_assert_int_eq(act(b, "failover", "domain=logs\nindices=gone\n" TO)->outcome,
                     EVAC_OUTCOME_REJECTED);
    expect(look(b, "ready", "domain=none\nindices=orders\n" TO), EVAC_SEEN_UNSEEN);
    r = look(b, "ready", ORDERS AT_FROM);
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, "orders does not follow");
    bench_free(b);
}
END_TEST

/* --- switchover ------------------------------------------------------------------------------ */

START_TEST(a_switchover_waits_until_nothing_is_missing)
{
    struct bench *b = with_followers();
    const struct evac_reply *r = look(b, "switchover", BOTH GRACEFUL);
    expect(r, EVAC_SEEN_MOVING);
    expect_reason(r, "operations behind");
    r = act(b, "switchover", BOTH GRACEFUL);
    ck_assert_int_eq(r->outcome, EVAC_OUTCOME_REJECTED);
    expect_reason(r, "nothing was stopped");
    leader(b, "orders", 0, 50000); /* nobody writes any more */
    leader(b, "items", 0, 60000);
    expect(look(b, "switchover", BOTH GRACEFUL), EVAC_SEEN_MOVING);
    r = bench_settle(b, "opensearch", "switchover", BOTH GRACEFUL, 5000);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert_int_eq(bench_fact(r, "lag_operations"), 0);
    accepted(act(b, "switchover", BOTH GRACEFUL));
    expect(look(b, "switchover", BOTH GRACEFUL), EVAC_SEEN_MOVING);
    r = settled(b, "switchover", BOTH GRACEFUL);
    ck_assert(r->strong);
    ck_assert(bench_true(b, "\"received\":2,\"effects\":2,\"repeated_without_observe\":0"));
    ck_assert(bench_true(b, "\"checkpoint\":60000,"));
    ck_assert(bench_true(b, "\"lost\":0"));
    bench_free(b);
}
END_TEST

/* --- failover -------------------------------------------------------------------------------- */

START_TEST(a_failover_needs_nothing_of_the_region_that_is_gone)
{
    struct bench *b = with_followers();
    bench_control(b, "region us-east-1 down");
    expect(look(b, "ready", BOTH TO), EVAC_SEEN_SATISFIED);
    expect(look(b, "ready", BOTH GRACEFUL), EVAC_SEEN_UNSEEN);
    expect(look(b, "switchover", BOTH GRACEFUL), EVAC_SEEN_UNSEEN);
    ck_assert_int_eq(act(b, "switchover", BOTH GRACEFUL)->outcome, EVAC_OUTCOME_REJECTED);
    expect(look(b, "failover", BOTH TO), EVAC_SEEN_UNSATISFIED);
    accepted(act(b, "failover", BOTH TO));
    (void)settled(b, "failover", BOTH TO);
    accepted(act(b, "failover", BOTH TO)); /* what is so already is not asked for again */
    ck_assert(bench_true(b, "\"received\":2,\"effects\":2,\"repeated_without_observe\":0"));
    ck_assert(!bench_true(b, "\"lost\":0"));
    bench_free(b);
}
END_TEST

START_TEST(a_lost_reply_is_unknown_and_the_look_tells_the_rest)
{
    struct bench *b = with_followers();
    bench_control(b, "service opensearch us-west-2 lost-mutation 1");
    ck_assert_int_eq(act(b, "failover", BOTH TO)->outcome, EVAC_OUTCOME_UNKNOWN);
    const struct evac_reply *r = look(b, "failover", BOTH TO);
    expect(r, EVAC_SEEN_UNSATISFIED);
    expect_reason(r, "items follows");
    accepted(act(b, "failover", BOTH TO));
    (void)settled(b, "failover", BOTH TO);
    ck_assert(bench_true(b, "\"received\":2,\"effects\":2,"));
    bench_free(b);
}
END_TEST

static void deny(void *user)
{
    bench_control(user, "service opensearch us-west-2 denied");
}

static void stop_items(void *user)
{
    bench_control(user, "make opensearch us-west-2 {\"kind\":\"index\",\"name\":\"logs/items\"}");
}

/* An answer takes 8 to 12 ms here: a look, a stop, and something happens before the second one. */
static const struct evac_reply *fail_over_while(struct bench *b, evac_timer_fn *fn)
{
    const struct evac_host *host = bench_host(b);
    uint64_t id;
    expect(look(b, "failover", BOTH TO), EVAC_SEEN_UNSATISFIED);
    ck_assert(!host->timer(host->ctx, 13, fn, b, &id, NULL));
    return act(b, "failover", BOTH TO);
}

START_TEST(half_a_failover_is_no_refusal)
{
    struct bench *b = with_followers();
    const struct evac_reply *r = fail_over_while(b, deny);
    accepted(r);
    expect_reason(r, "not authorized");
    bench_control(b, "service opensearch us-west-2 up");
    expect_reason(look(b, "failover", BOTH TO), "items follows");
    bench_free(b);
}
END_TEST

START_TEST(who_was_faster_did_what_was_wanted)
{
    struct bench *b = with_followers();
    const struct evac_reply *r = fail_over_while(b, stop_items);
    accepted(r);
    ck_assert_uint_eq(r->reason.n, 0);
    (void)settled(b, "failover", BOTH TO);
    ck_assert(bench_true(b, "\"received\":2,\"effects\":1,"));
    bench_free(b);
}
END_TEST

START_TEST(refusals_and_silence_are_told_apart)
{
    static const struct {
        const char *fault;
        enum evac_outcome outcome;
        const char *words;
    } cases[] = {
        { "service opensearch us-west-2 denied", EVAC_OUTCOME_NOT_SENT, "AccessDenied" },
        { "service opensearch us-west-2 throttled", EVAC_OUTCOME_THROTTLED, "Rate exceeded" },
        { "service opensearch us-west-2 down", EVAC_OUTCOME_NOT_SENT, "unavailable" },
        { "region us-west-2 down", EVAC_OUTCOME_NOT_SENT, "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench *b = with_followers();
        bench_control(b, "%s", cases[i].fault);
        const struct evac_reply *r = look(b, "failover", ORDERS TO);
        expect(r, EVAC_SEEN_UNSEEN);
        expect_reason(r, cases[i].words);
        ck_assert_int_eq(act(b, "failover", ORDERS TO)->outcome, cases[i].outcome);
        bench_control(b, "region us-west-2 up");
        bench_control(b, "service opensearch us-west-2 up");
        expect(look(b, "failover", ORDERS TO), EVAC_SEEN_UNSATISFIED);
        bench_free(b);
    }
}
END_TEST

/* --- measure --------------------------------------------------------------------------------- */

START_TEST(the_lag_is_known_once_what_the_leader_had_has_arrived)
{
    struct bench *b = with_followers();
    bench_control(b, "lag us-west-2 30000"); /* three seconds here */
    bench_run(b, 4000);
    const struct evac_reply *r = measure(b, BOTH TO);
    expect(r, EVAC_SEEN_UNSEEN);
    expect_reason(r, "since when is not known yet");
    bench_run(b, 1000);
    expect(measure(b, BOTH TO), EVAC_SEEN_UNSEEN); /* and never a zero that nobody measured */
    bench_run(b, 3000);
    r = measure(b, BOTH TO);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_ge(bench_fact(r, "lag_ms"), 3000);
    ck_assert_int_le(bench_fact(r, "lag_ms"), 4500);
    ck_assert_int_gt(bench_fact(r, "lag_operations"), 0);
    leader(b, "orders", 0, 90000);
    leader(b, "items", 0, 90000);
    bench_run(b, 4000);
    r = measure(b, BOTH TO);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "lag_operations"), 0);
    ck_assert_int_lt(bench_fact(r, "lag_ms"), 1000);
    bench_control(b, "region us-east-1 down");
    expect(measure(b, BOTH TO), EVAC_SEEN_UNSEEN);
    bench_free(b);
}
END_TEST

START_TEST(what_does_not_follow_has_no_lag)
{
    struct bench *b = with_followers();
    accepted(act(b, "failover", ORDERS TO));
    expect_reason(measure(b, BOTH TO), "it does not follow");
    bench_free(b);
}
END_TEST

/* --- the way back ---------------------------------------------------------------------------- */

static void connect(struct bench *b, const char *status)
{
    bench_control(b,
                  "make opensearch us-east-1 {\"kind\":\"connection\",\"name\":\"to-west\","
                  "\"local\":\"fresh\",\"remote\":\"logs\",\"region\":\"us-west-2\","
                  "\"status\":\"%s\"}",
                  status);
}

START_TEST(the_old_side_follows_again)
{
    struct bench *b = with_followers();
    accepted(act(b, "failover", BOTH TO));
    expect(look(b, "protected", BACK TO), EVAC_SEEN_UNSATISFIED);
    const struct evac_reply *r = look(b, "protect", BACK AT_FROM);
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, "the connection to-west is not there");
    connect(b, "PENDING_ACCEPTANCE");
    expect_reason(look(b, "protect", BACK AT_FROM), "PENDING_ACCEPTANCE");
    ck_assert_int_eq(act(b, "protect", BACK AT_FROM)->outcome, EVAC_OUTCOME_REJECTED);
    connect(b, "ACTIVE");
    expect(look(b, "protect", BACK AT_FROM), EVAC_SEEN_UNSATISFIED);
    accepted(act(b, "protect", BACK AT_FROM));
    r = look(b, "protect", BACK AT_FROM);
    expect(r, EVAC_SEEN_MOVING);
    expect_reason(r, "BOOTSTRAPPING");
    expect(look(b, "protected", BACK TO), EVAC_SEEN_MOVING);
    expect(bench_settle(b, "opensearch", "protect", BACK AT_FROM, 20000), EVAC_SEEN_SATISFIED);
    expect(look(b, "protected", BACK TO), EVAC_SEEN_SATISFIED);
    accepted(act(b, "protect", BACK AT_FROM));
    ck_assert(bench_true(b, "\"operation\":\"StartReplication\",\"region\":\"us-east-1\","
                            "\"received\":3,\"effects\":2,"));
    bench_free(b);
}
END_TEST

START_TEST(an_old_index_is_in_the_way_and_is_not_deleted)
{
    struct bench *b = with_followers();
    accepted(act(b, "failover", ORDERS TO));
    const struct evac_reply *r = look(b, "protect", ORDERS "alias=to-west\n" AT_FROM);
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, "DELETE /orders");
    ck_assert_int_eq(act(b, "protect", ORDERS "alias=to-west\n" AT_FROM)->outcome,
                     EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

/* --- settings -------------------------------------------------------------------------------- */

static void never(void *user, const struct evac_reply *reply)
{
    (void)user;
    (void)reply;
    ck_abort_msg("a refused call is not answered");
}

START_TEST(patterns_are_refused_before_anything_is_asked)
{
    static const char *const patterns[] = { "*", "orders,items", "a/b", "" };
    struct bench *b = with_followers();
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        const struct evac_arg items[] = { { EVAC_STR("domain"), EVAC_STR("logs") },
                                          { EVAC_STR("indices"), evac_str(patterns[i]) },
                                          { EVAC_STR("region"), EVAC_STR("us-west-2") } };
        struct evac_args args = { items, 3 };
        struct evac_call call = { .verb = EVAC_VERB_APPLY, .action = "failover", .args = &args };
        struct evac_err err = { EVAC_OK, "" };
        uint64_t id;
        ck_assert(evac_driver_opensearch.call(bench_link(b), &call, never, NULL, &id, &err));
    }
    bench_free(b);
}
END_TEST

START_TEST(a_domain_is_found_by_its_address_or_by_asking_once)
{
    struct bench *b = with_followers();
    const char *east =
        "endpoint.us-west-2=http://127.0.0.1:8080/_opensearch/us-east-1/logs\n" ORDERS TO;
    expect(look(b, "failover",
                "endpoint.us-west-2=http://127.0.0.1:8080/_opensearch/us-west-2/logs\n" ORDERS TO),
           EVAC_SEEN_UNSATISFIED);
    expect(look(b, "failover", east), EVAC_SEEN_UNSEEN); /* signed for another region */
    expect(look(b, "failover", ORDERS TO), EVAC_SEEN_UNSATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(domains_that_differ_are_named)
{
    struct bench *b = with_followers();
    expect(look(b, "parity", ORDERS TO), EVAC_SEEN_SATISFIED);
    bench_control(b, "make opensearch us-west-2 {\"kind\":\"domain\",\"name\":\"logs\","
                     "\"ClusterConfig\":{\"InstanceCount\":1}}");
    const struct evac_reply *r = look(b, "parity", ORDERS TO);
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, "instances: 2 in us-east-1, 1 in us-west-2");
    bench_free(b);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("opensearch");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_follower_is_ready_when_it_is_not_far_behind);
    tcase_add_test(tc, what_is_not_there_or_does_not_follow_is_not_ready);
    tcase_add_test(tc, a_switchover_waits_until_nothing_is_missing);
    tcase_add_test(tc, a_failover_needs_nothing_of_the_region_that_is_gone);
    tcase_add_test(tc, a_lost_reply_is_unknown_and_the_look_tells_the_rest);
    tcase_add_test(tc, half_a_failover_is_no_refusal);
    tcase_add_test(tc, who_was_faster_did_what_was_wanted);
    tcase_add_test(tc, refusals_and_silence_are_told_apart);
    tcase_add_test(tc, the_lag_is_known_once_what_the_leader_had_has_arrived);
    tcase_add_test(tc, what_does_not_follow_has_no_lag);
    tcase_add_test(tc, the_old_side_follows_again);
    tcase_add_test(tc, an_old_index_is_in_the_way_and_is_not_deleted);
    tcase_add_test(tc, patterns_are_refused_before_anything_is_asked);
    tcase_add_test(tc, a_domain_is_found_by_its_address_or_by_asking_once);
    tcase_add_test(tc, domains_that_differ_are_named);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("opensearch", add_cases)
