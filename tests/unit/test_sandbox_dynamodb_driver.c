/* The driver dynamodb before the model: signed requests over the real client. */
#include "aws_pack.h"
#include "sandbox_bench.h"
#include "sandbox_internal.h"
#include "suite.h"

#include <stdlib.h>

#define EAST "us-east-1"
#define WEST "us-west-2"

#define TABLE                                                                                      \
    "table=carts\nprotected_by=replica\nconsistency=eventual\ncanary=evac/shop\nsource=own\n"      \
    "metric_period=1s\nread.active=400\nwrite.active=100\nread.standby=5\nwrite.standby=5\nrun="   \
    "7\n"
#define WAY(region, mode) "region=" region "\nfrom=" EAST "\nto=" WEST "\nmode=" mode "\n"
#define TO(mode)          TABLE WAY(WEST, mode)
#define FROM(mode)        TABLE WAY(EAST, mode)
#define BOTH              ",\"replicas\":[\"" EAST "\",\"" WEST "\"]"

BENCH_DRIVER("dynamodb")

static void is_blocked(const struct evac_reply *r, const char *words)
{
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, words);
}

static struct bench *with(const char *more)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make dynamodb " EAST " {\"table\":\"carts\"%s}", more);
    return b;
}

/* --- replicas --------------------------------------------------------------------------------
 */

START_TEST(a_replica_is_ready_while_its_table_takes_writes)
{
    struct bench *b = with(BOTH);
    expect(look(b, "ready", TO("graceful")), EVAC_SEEN_SATISFIED);
    expect(look(b, "replicating", TO("graceful")), EVAC_SEEN_SATISFIED);
    bench_control(b, "region " EAST " down");
    expect(look(b, "ready", TO("ungraceful")), EVAC_SEEN_SATISFIED);
    is_blocked(look(b, "ready", TO("graceful")), "may not have arrived");
    const struct evac_reply *r = look(b, "replicating", TO("graceful"));
    expect(r, EVAC_SEEN_MOVING);
    expect_reason(r, "waits until it can");
    is_blocked(look(b, "replicating", TO("ungraceful")), "waits until it can");
    bench_control(b, "region " EAST " up");
    expect(look(b, "replicating", TO("graceful")), EVAC_SEEN_SATISFIED);
    bench_control(b, "region " WEST " down");
    expect(look(b, "ready", TO("ungraceful")), EVAC_SEEN_UNSEEN);
    bench_free(b);
}
END_TEST

#define STRONG   "consistency=strong\n"
#define OF(kind) "table=carts\nprotected_by=replica\nconsistency=" kind "\nrun=7\n"

START_TEST(what_is_missing_is_said)
{
    struct bench *b = with("");
    is_blocked(look(b, "ready", TO("ungraceful")), "no such table");
    is_blocked(look(b, "ready", FROM("ungraceful")), "has no replicas");
    is_blocked(look(b, "replicating", FROM("ungraceful")), "has no replicas");
    expect(look(b, "replicating", "table=carts\nprotected_by=backups\n" WAY(EAST, "ungraceful")),
           EVAC_SEEN_SATISFIED);
    bench_free(b);
    b = with(BOTH);
    is_blocked(look(b, "ready", OF("strong") WAY(WEST, "graceful")), "eventual, not as declared");
    is_blocked(
        look(b, "ready", TO("graceful") "replicas=[\"us-east-1\",\"us-west-2\",\"eu-west-1\"]\n"),
        "no replica in eu-west-1");
    bench_free(b);
    b = with(",\"consistency\":\"strong\"" BOTH);
    is_blocked(look(b, "ready", OF("strong") WAY(WEST, "graceful")), "2 of the three regions");
    bench_free(b);
}
END_TEST

START_TEST(strong_replicas_are_ready_while_two_regions_are_left)
{
    const char *args = OF("strong") "replicas=[\"us-east-1\",\"us-west-2\",\"us-east-2\"]\n" WAY(
        WEST, "ungraceful");
    struct bench *b = with(",\"consistency\":\"strong\",\"replicas\":[\"us-east-1\",\"us-west-2\","
                           "\"us-east-2\"]");
    expect(look(b, "ready", args), EVAC_SEEN_SATISFIED);
    bench_control(b, "region " EAST " down");
    expect(look(b, "ready", args), EVAC_SEEN_SATISFIED);
    bench_control(b, "region us-east-2 isolated");
    is_blocked(look(b, "ready", args), "two of the three");
    bench_free(b);
    b = with(",\"consistency\":\"strong\",\"witness\":\"us-east-2\"" BOTH);
    expect(look(b, "ready", OF("strong") WAY(WEST, "ungraceful")), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

/* After a failover to the west: the east gets its replica again, and another region one too. */
#define THREE TO("ungraceful") "replicas=[\"us-east-1\",\"us-west-2\",\"eu-west-1\"]\n"

START_TEST(missing_replicas_are_made_one_after_the_other)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make dynamodb " WEST
                     " {\"table\":\"carts\",\"items\":3,\"stream\":\"NEW_AND_OLD_IMAGES\"}");
    const struct evac_reply *r = look(b, "replicate", THREE);
    expect(r, EVAC_SEEN_UNSATISFIED);
    expect_reason(r, EAST);
    bench_control(b, "service dynamodb " WEST " throttled");
    expect_outcome(act(b, "replicate", THREE), EVAC_OUTCOME_THROTTLED);
    bench_control(b, "service dynamodb " WEST " up");
    bench_control(b, "service dynamodb " WEST " lost-mutation 1");
    expect_outcome(act(b, "replicate", THREE), EVAC_OUTCOME_UNKNOWN);
    r = look(b, "replicate", THREE);
    expect(r, EVAC_SEEN_MOVING);
    ck_assert_int_ge(r->progress, 0);
    expect_outcome(act(b, "replicate", THREE), EVAC_OUTCOME_REJECTED);
    bench_run(b, 61000);
    r = look(b, "replicate", THREE);
    expect(r, EVAC_SEEN_UNSATISFIED);
    expect_reason(r, "eu-west-1");
    expect_outcome(act(b, "replicate", THREE), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "dynamodb", "replicate", THREE, 120000), EVAC_SEEN_SATISFIED);
    expect_outcome(act(b, "replicate", THREE), EVAC_OUTCOME_REJECTED);
    ck_assert(bench_counted(b, "UpdateTable", WEST, 2, 2));
    expect(look(b, "replicating", THREE), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(a_table_without_a_stream_gets_one_first)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make dynamodb " WEST " {\"table\":\"carts\",\"items\":2}");
    for (int change = 0; change < 2; change++) {
        expect(look(b, "replicate", TO("ungraceful")), EVAC_SEEN_UNSATISFIED);
        expect_outcome(act(b, "replicate", TO("ungraceful")), EVAC_OUTCOME_ACCEPTED);
        expect(look(b, "replicate", TO("ungraceful")), EVAC_SEEN_MOVING);
        bench_run(b, change ? 61000 : 4000);
    }
    expect(look(b, "replicate", TO("ungraceful")), EVAC_SEEN_SATISFIED);
    ck_assert(bench_counted(b, "UpdateTable", WEST, 2, 2));
    bench_free(b);
}
END_TEST

START_TEST(a_region_that_is_lost_again_holds_its_replica_up)
{
    struct bench *b = bench_new(10);
    bench_control(b,
                  "make dynamodb " WEST " {\"table\":\"carts\",\"stream\":\"NEW_AND_OLD_IMAGES\"}");
    expect_outcome(act(b, "replicate", TO("ungraceful")), EVAC_OUTCOME_ACCEPTED);
    bench_run(b, 30000);
    bench_control(b, "region " EAST " down");
    bench_run(b, 90000);
    expect(look(b, "replicate", TO("ungraceful")), EVAC_SEEN_MOVING);
    bench_control(b, "region " EAST " up");
    expect(bench_settle(b, "dynamodb", "replicate", TO("ungraceful"), 60000), EVAC_SEEN_SATISFIED);
    bench_control(b, "region " EAST " isolated");
    expect(look(b, "replicate", TO("graceful")), EVAC_SEEN_MOVING);
    is_blocked(look(b, "replicate", TO("ungraceful")), "can not be reached");
    bench_free(b);
}
END_TEST

START_TEST(a_table_that_can_not_be_converted_is_blocked_with_the_reason)
{
    static const struct {
        const char *table, *args, *words;
    } tables[] = {
        { ",\"stream\":\"KEYS_ONLY\"", TO("ungraceful"), "new and old images" },
        { ",\"version\":\"2017.11.29\",\"replicas\":[\"us-west-2\",\"eu-west-1\"]",
          TO("ungraceful"), "2017.11.29" },
        { ",\"lsi\":true", OF("strong") WAY(WEST, "ungraceful"), "local secondary" },
        { ",\"items\":1", OF("strong") WAY(WEST, "ungraceful"), "empty" },
        { ",\"replicas\":[\"us-west-2\",\"eu-west-1\"]", OF("strong") WAY(WEST, "ungraceful"),
          "strong consistency" },
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct bench *b = bench_new(10);
        bench_control(b, "make dynamodb " WEST " {\"table\":\"carts\"%s}", tables[i].table);
        is_blocked(look(b, "replicate", tables[i].args), tables[i].words);
        expect_outcome(act(b, "replicate", tables[i].args), EVAC_OUTCOME_REJECTED);
        ck_assert(!bench_true(b, "\"operation\":\"UpdateTable\""));
        bench_free(b);
    }
}
END_TEST

START_TEST(a_strong_table_gets_both_others_at_once)
{
    const char *args = OF("strong") "witness_in=us-east-2\n" WAY(WEST, "ungraceful");
    struct bench *b = bench_new(10);
    bench_control(b, "make dynamodb " WEST " {\"table\":\"carts\"}");
    expect(look(b, "replicate", args), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "replicate", args), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "dynamodb", "replicate", args, 120000), EVAC_SEEN_SATISFIED);
    expect(look(b, "ready", args), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

/* --- capacity --------------------------------------------------------------------------------
 */

START_TEST(provisioned_capacity_is_raised_and_restored)
{
    struct bench *b = with(",\"billing\":\"PROVISIONED\",\"read\":20,\"write\":200" BOTH);
    const char *args = TO("graceful") "want.count=active\n";
    char before[512];
    const struct evac_reply *r = look(b, "scale", args);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert_int_eq(bench_fact(r, "read"), 20);
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    bench_control(b, "service dynamodb " WEST " lost-mutation 1");
    expect_outcome(act(b, "scale", args), EVAC_OUTCOME_UNKNOWN);
    r = bench_settle(b, "dynamodb", "scale", args, 20000);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "read"), 400);
    ck_assert_int_eq(bench_fact(r, "write"), 200); /* more than wanted is left */
    expect_outcome(act(b, "scale", args), EVAC_OUTCOME_REJECTED);
    bench_goal(b, before);
    expect(look(b, "scale", args), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "scale", args), EVAC_OUTCOME_ACCEPTED);
    r = bench_settle(b, "dynamodb", "scale", args, 20000);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "read"), 20);
    ck_assert(bench_counted(b, "UpdateTable", WEST, 2, 2));
    bench_goal(b, "");
    const char *left = FROM("graceful") "want.count=standby\n"; /* exactly, where it was left */
    expect(look(b, "scale", left), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "scale", left), EVAC_OUTCOME_ACCEPTED);
    ck_assert_int_eq(bench_fact(bench_settle(b, "dynamodb", "scale", left, 20000), "write"), 5);
    /* a third region is taken over too: there more is left as well */
    bench_control(
        b, "make dynamodb eu-west-1 {\"table\":\"carts\",\"billing\":\"PROVISIONED\",\"read\":50}");
    expect(look(b, "scale", TABLE WAY("eu-west-1", "graceful") "want.count=standby\n"),
           EVAC_SEEN_SATISFIED);
    expect_refused(b, "dynamodb", EVAC_VERB_OBSERVE, "scale", TO("graceful") "want.count=nobody\n",
                   "a name in");
    bench_free(b);
}
END_TEST

START_TEST(what_a_table_takes_at_once_only_grows)
{
    struct bench *b = with(BOTH);
    const char *args =
        "table=carts\nread.active=50000\n" WAY(WEST, "graceful") "want.count=active\n";
    char before[512];
    const struct evac_reply *r = look(b, "scale", args);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    expect_outcome(act(b, "scale", args), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "scale", args), EVAC_SEEN_MOVING);
    r = bench_settle(b, "dynamodb", "scale", args, 20000);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "read"), 50000);
    ck_assert_int_eq(bench_fact(r, "write"), 4000);
    bench_goal(b, before);
    r = look(b, "scale", args);
    expect(r, EVAC_SEEN_SATISFIED);
    expect_reason(r, "never lowered");
    bench_goal(b, "{\"on_demand\":false,\"read\":5,\"write\":5}");
    is_blocked(look(b, "scale", args), "has changed meanwhile");
    bench_goal(b, "");
    is_blocked(look(b, "scale",
                    "table=nobody\nread.active=1\n" WAY(WEST, "graceful") "want.count=active\n"),
               "no such table");
    bench_free(b);
}
END_TEST

/* AWS does not change a global table's settings while a replica is out of reach: before the day,
 * then. */
START_TEST(capacity_can_not_be_raised_while_the_old_region_is_gone)
{
    struct bench *b = with(",\"billing\":\"PROVISIONED\"" BOTH);
    const char *args = TO("ungraceful") "want.count=active\n";
    bench_control(b, "region " EAST " down");
    expect(look(b, "scale", args), EVAC_SEEN_UNSATISFIED);
    const struct evac_reply *r = act(b, "scale", args);
    expect_outcome(r, EVAC_OUTCOME_REJECTED);
    expect_reason(r, "can not be reached");
    bench_free(b);
}
END_TEST

/* --- markers and lag -------------------------------------------------------------------------
 */

static const struct evac_reply *mark(struct bench *b, const char *args, int64_t marker)
{
    bench_marker(b, marker);
    return bench_call(b, "dynamodb", EVAC_VERB_MARK, "", args);
}

static int64_t sought(struct bench *b, const char *args)
{
    const struct evac_reply *r = bench_call(b, "dynamodb", EVAC_VERB_SEEK, "", args);
    expect(r, EVAC_SEEN_SATISFIED);
    return bench_fact(r, "marker");
}

START_TEST(markers_arrive_with_the_lag_and_show_what_is_lost)
{
    struct bench *b = with(BOTH);
    bench_control(b, "lag " WEST " 3000");
    ck_assert_int_eq(sought(b, TO("ungraceful")), -1);
    expect_outcome(mark(b, FROM("graceful"), 100), EVAC_OUTCOME_ACCEPTED);
    ck_assert_int_eq(sought(b, TO("ungraceful")), -1);
    bench_run(b, 3500);
    ck_assert_int_eq(sought(b, TO("ungraceful")), 100);
    expect_outcome(mark(b, FROM("graceful"), 200), EVAC_OUTCOME_ACCEPTED);
    bench_control(b, "region " EAST " down");
    bench_run(b, 10000);
    ck_assert_int_eq(sought(b, TO("ungraceful")), 100);
    expect_outcome(mark(b, FROM("graceful"), 300), EVAC_OUTCOME_NOT_SENT);
    bench_free(b);
}
END_TEST

START_TEST(a_marker_never_takes_the_place_of_a_newer_one_or_of_an_apps_row)
{
    struct bench *b = with(BOTH);
    expect_outcome(mark(b, FROM("graceful"), 200), EVAC_OUTCOME_ACCEPTED);
    expect_outcome(mark(b, FROM("graceful"), 200), EVAC_OUTCOME_ACCEPTED); /* a lost reply's own */
    expect_outcome(mark(b, FROM("graceful"), 100), EVAC_OUTCOME_REJECTED);
    bench_control(b, "service dynamodb " EAST " lost-mutation 1");
    expect_outcome(mark(b, FROM("graceful"), 300), EVAC_OUTCOME_UNKNOWN);
    expect_outcome(mark(b, FROM("graceful"), 300), EVAC_OUTCOME_ACCEPTED);
    bench_run(b, 1000);
    ck_assert_int_eq(sought(b, TO("graceful")), 300);
    struct evac_str value;
    ck_assert(sb_dynamodb_write(bench_sandbox(b), 0, "carts", "cart/us-east-1", "somebody's"));
    expect_outcome(mark(b, "table=carts\ncanary=cart\n" WAY(EAST, "graceful"), 400),
                   EVAC_OUTCOME_REJECTED);
    ck_assert(sb_dynamodb_read(bench_sandbox(b), 0, "carts", "cart/us-east-1", &value) &&
              evac_str_is(value, "somebody's"));
    bench_free(b);
}
END_TEST

START_TEST(markers_fit_the_tables_keys)
{
    struct bench *b = with(",\"pk\":\"id\",\"pk_type\":\"N\",\"sk\":\"at\",\"sk_type\":\"N\"" BOTH);
#define NUMBERS                                                                                    \
    "table=carts\npartition_key=id\npartition_key_type=N\nsort_key=at\nsort_key_type=N\n"
    const char *args = NUMBERS "canary.us-east-1=-1\ncanary.us-west-2=-2\n" WAY(EAST, "graceful");
    expect_outcome(mark(b, args, 5), EVAC_OUTCOME_ACCEPTED);
    bench_run(b, 1000);
    ck_assert_int_eq(
        sought(b, NUMBERS "canary.us-east-1=-1\ncanary.us-west-2=-2\n" WAY(WEST, "graceful")), 5);
    expect_refused(b, "dynamodb", EVAC_VERB_MARK, "", NUMBERS "canary=evac\n" WAY(EAST, "graceful"),
                   "a number for each region");
    bench_free(b);
}
END_TEST

START_TEST(without_a_canary_nothing_is_written)
{
    struct bench *b = with(BOTH);
    const char *args = "table=carts\n" WAY(EAST, "graceful");
    expect_outcome(mark(b, args, 5), EVAC_OUTCOME_REJECTED);
    expect(bench_call(b, "dynamodb", EVAC_VERB_SEEK, "", args), EVAC_SEEN_UNSEEN);
    ck_assert(!bench_true(b, "\"operation\":\"PutItem\""));
    bench_free(b);
}
END_TEST

START_TEST(the_sending_regions_metric_tells_the_lag_while_that_region_is_there)
{
    struct bench *b = with(BOTH);
    bench_control(b, "lag " WEST " 1500");
    expect(bench_call(b, "dynamodb", EVAC_VERB_MEASURE, "", TO("graceful")), EVAC_SEEN_UNSEEN);
    for (int i = 1; i < 6; i++) {
        expect_outcome(mark(b, FROM("graceful"), i), EVAC_OUTCOME_ACCEPTED);
        bench_run(b, 3000);
    }
    const struct evac_reply *r = bench_call(b, "dynamodb", EVAC_VERB_MEASURE, "", TO("graceful"));
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_ge(bench_fact(r, "lag_ms"), 1500);
    ck_assert_int_le(bench_fact(r, "lag_ms"), 1600);
    bench_control(b, "region " EAST " down");
    expect(bench_call(b, "dynamodb", EVAC_VERB_MEASURE, "", TO("graceful")), EVAC_SEEN_UNSEEN);
    bench_free(b);
}
END_TEST

START_TEST(strong_tables_have_no_lag_that_could_be_told)
{
    struct bench *b = with(",\"consistency\":\"strong\",\"witness\":\"us-east-2\"" BOTH);
#define SHOP OF("strong") "canary=evac\n"
    const struct evac_reply *r =
        bench_call(b, "dynamodb", EVAC_VERB_MEASURE, "", SHOP WAY(WEST, "graceful"));
    expect(r, EVAC_SEEN_UNSEEN);
    expect_reason(r, "canary");
    expect_outcome(mark(b, SHOP WAY(EAST, "graceful"), 5), EVAC_OUTCOME_ACCEPTED);
    bench_control(b, "region " EAST " down");
    ck_assert_int_eq(sought(b, SHOP WAY(WEST, "ungraceful")), 5);
    bench_free(b);
}
END_TEST

/* --- restoring -------------------------------------------------------------------------------
 */

#define OWN                                                                                        \
    "table=carts\nprotected_by=backups\nsource=own\nrecover_from=point-in-time\n"                  \
    "restore_as=carts-restored\nttl=ends\nrun=7\n"
#define HERE OWN WAY(EAST, "ungraceful")

/* The other region's backups are in the other region. */
#define OTHER                                                                                      \
    "table=carts\nprotected_by=backups\nsource=other\nrecover_from=point-in-time\nrun=7\n" WAY(    \
        WEST, "ungraceful")

START_TEST(a_point_in_time_is_restored_and_finished_with_its_settings)
{
    struct bench *b = with(",\"items\":3");
    bench_run(b, 40000);
    const struct evac_reply *r = look(b, "ready", HERE);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "age_ms") / 1000, 30);
    r = bench_call(b, "dynamodb", EVAC_VERB_MEASURE, "",
                   OWN "region=us-east-1\nfrom=us-west-2\nto=us-east-1\nmode=ungraceful\n");
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "lag_ms") / 1000, 30);
    expect(look(b, "recover", HERE), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "recover", HERE), EVAC_OUTCOME_ACCEPTED);
    int64_t latest = bench_wall(b) - 30000;
    r = look(b, "recover", HERE);
    expect(r, EVAC_SEEN_MOVING);
    ck_assert_int_le(llabs((long long)(bench_fact(r, "as_of_wall_ms") - latest)), 100);
    expect_outcome(act(b, "recover", HERE), EVAC_OUTCOME_REJECTED);
    r = bench_settle(b, "dynamodb", "recover", HERE, 200000);
    expect(r, EVAC_SEEN_UNSATISFIED);
    expect_reason(r, "neither its settings nor its tags");
    expect_outcome(act(b, "recover", HERE), EVAC_OUTCOME_ACCEPTED);
    r = look(b, "recover", HERE);
    expect(r, EVAC_SEEN_SATISFIED);
    expect_reason(r, "streams");
    ck_assert_int_le(llabs((long long)(bench_fact(r, "as_of_wall_ms") - latest)), 100);
    ck_assert(bench_true(b, "\"table\":\"carts-restored\",\"region\":\"us-east-1\",\"status\":"
                            "\"ACTIVE\",\"global\":false,\"items\":3,"));
    ck_assert(bench_true(b, "\"pitr\":true,\"ttl\":\"ends\""));
    expect(look(b, "ready", HERE), EVAC_SEEN_SATISFIED); /* this run's own */
    expect_outcome(act(b, "recover", HERE), EVAC_OUTCOME_REJECTED);
    ck_assert(bench_counted(b, "RestoreTableToPointInTime", EAST, 1, 1));
    bench_free(b);
}
END_TEST

/* The answers of the claim, and of all that finishes it, are lost. */
START_TEST(no_lost_reply_makes_a_second_restore)
{
    struct bench *b = with(",\"items\":3");
    bench_run(b, 40000);
    bench_control(b, "service dynamodb " EAST " lost-mutation 1");
    expect_outcome(act(b, "recover", HERE), EVAC_OUTCOME_UNKNOWN);
    expect(look(b, "recover", HERE), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "recover", HERE), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "dynamodb", "recover", HERE, 200000), EVAC_SEEN_UNSATISFIED);
    /* a setting's is looked up, and not asked for again; then the tags' */
    bench_control(b, "service dynamodb " EAST " lost-mutation 3");
    expect_outcome(act(b, "recover", HERE), EVAC_OUTCOME_UNKNOWN);
    ck_assert(bench_counted(b, "UpdateContinuousBackups", EAST, 1, 1));
    ck_assert(bench_counted(b, "UpdateTimeToLive", EAST, 1, 1));
    expect(look(b, "recover", HERE), EVAC_SEEN_SATISFIED);
    ck_assert(bench_counted(b, "RestoreTableToPointInTime", EAST, 1, 1));
    ck_assert(bench_true(b, "\"pitr\":true,\"ttl\":\"ends\""));
    bench_free(b);
}
END_TEST

/* DynamoDB's descriptions are eventually consistent: one that does not show a change whose answer
 * was lost says nothing about it, and to ask again would repeat what may have happened. The model
 * shows the past every other time. */
START_TEST(a_lost_change_that_is_not_shown_yet_stays_in_doubt)
{
    int hidden = 0;
    for (int i = 0; i < 8; i++) {
        struct bench *b = with(",\"items\":3");
        bench_run(b, 40000);
        expect_outcome(act(b, "recover", HERE), EVAC_OUTCOME_ACCEPTED);
        expect(bench_settle(b, "dynamodb", "recover", HERE, 200000), EVAC_SEEN_UNSATISFIED);
        bench_control(b, "stale 60000");
        for (int k = 0; k < i; k++)
            expect(look(b, "recover", HERE), EVAC_SEEN_UNSATISFIED);
        bench_control(b, "service dynamodb " EAST " lost-mutation 1");
        hidden += act(b, "recover", HERE)->outcome == EVAC_OUTCOME_UNKNOWN;
        ck_assert(bench_counted(b, "UpdateContinuousBackups", EAST, 1, 1));
        bench_control(b, "stale 0");
        if (look(b, "recover", HERE)->seen == EVAC_SEEN_UNSATISFIED)
            expect_outcome(act(b, "recover", HERE), EVAC_OUTCOME_ACCEPTED);
        expect(look(b, "recover", HERE), EVAC_SEEN_SATISFIED);
        ck_assert(bench_counted(b, "UpdateContinuousBackups", EAST, 1, 1));
        bench_free(b);
    }
    ck_assert_int_gt(hidden, 0);
    ck_assert_int_lt(hidden, 8);
}
END_TEST

/* Asked for in another region than the claim: only the restore's own answer is lost. */
START_TEST(a_restore_whose_answer_was_lost_is_known_by_its_claim)
{
    struct bench *b = with(",\"items\":3");
    bench_run(b, 40000);
    bench_control(b, "service dynamodb " WEST " lost-mutation 1");
    expect_outcome(act(b, "recover", OTHER), EVAC_OUTCOME_UNKNOWN);
    expect(look(b, "recover", OTHER), EVAC_SEEN_MOVING);
    expect_outcome(act(b, "recover", OTHER), EVAC_OUTCOME_REJECTED);
    expect(bench_settle(b, "dynamodb", "recover", OTHER, 200000), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "recover", OTHER), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "recover", OTHER), EVAC_SEEN_SATISFIED);
    ck_assert(bench_counted(b, "RestoreTableToPointInTime", WEST, 1, 1));
    bench_free(b);
}
END_TEST

START_TEST(another_runs_restore_is_not_this_runs)
{
    struct bench *b = with(",\"items\":3");
    const char *other =
        "table=carts\nprotected_by=backups\nsource=own\nrecover_from=point-in-time\n"
        "restore_as=carts-restored\nrun=8\n" WAY(EAST, "ungraceful");
    bench_run(b, 40000);
    expect_outcome(act(b, "recover", HERE), EVAC_OUTCOME_ACCEPTED);
    const struct evac_reply *r = look(b, "recover", other);
    expect(r, EVAC_SEEN_MOVING); /* in its first minute AWS may not show whose it is */
    expect_reason(r, "by whom");
    expect_outcome(act(b, "recover", other), EVAC_OUTCOME_REJECTED);
    bench_run(b, 61000);
    is_blocked(look(b, "recover", other), "has not begun it");
    expect(bench_settle(b, "dynamodb", "recover", HERE, 200000), EVAC_SEEN_UNSATISFIED);
    is_blocked(look(b, "recover", other), "has not begun it");
    expect_outcome(act(b, "recover", HERE), EVAC_OUTCOME_ACCEPTED);
    is_blocked(look(b, "recover", other), "run 7 has made it");
    is_blocked(look(b, "ready", other), "could not take that name");
    bench_free(b);
}
END_TEST

/* Reads may show the past: AWS's own guards keep a repeated request from having an effect. */
START_TEST(an_old_view_changes_nothing_twice)
{
    struct bench *b = with(",\"items\":3,\"stream\":\"NEW_AND_OLD_IMAGES\"");
    const char *back = TABLE "region=us-west-2\nfrom=us-west-2\nto=us-east-1\nmode=graceful\n";
    bench_run(b, 40000);
    bench_control(b, "stale 5000");
    expect(look(b, "replicate", back), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "replicate", back), EVAC_OUTCOME_ACCEPTED);
    for (int i = 0; i < 10; i++)
        expect_outcome(act(b, "replicate", back), EVAC_OUTCOME_REJECTED);
    bench_run(b, 70000);
    expect(look(b, "replicate", back), EVAC_SEEN_SATISFIED);
    expect(look(b, "rehearse", HERE), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "rehearse", HERE), EVAC_OUTCOME_ACCEPTED);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_ne(look(b, "rehearse", HERE)->seen, EVAC_SEEN_BLOCKED);
        expect_outcome(act(b, "rehearse", HERE), EVAC_OUTCOME_REJECTED);
    }
    bench_run(b, 130000);
    expect_outcome(act(b, "rehearse", HERE), EVAC_OUTCOME_ACCEPTED);
    for (int i = 0; i < 10; i++)
        ck_assert_int_ne(look(b, "rehearse", HERE)->seen, EVAC_SEEN_BLOCKED);
    bench_control(b, "stale 0");
    expect(look(b, "rehearse", HERE), EVAC_SEEN_SATISFIED);
    ck_assert(
        bench_true(b, "\"operation\":\"RestoreTableToPointInTime\",\"region\":\"us-east-1\","));
    bench_free(b);
}
END_TEST

static const struct {
    const char *action, *args;
    bool changes;
} closed[] = {
    { "ready", TO("graceful"), false },
    { "replicating", TO("graceful"), false },
    { "replicate", TO("graceful"), true },
    { "scale", TO("graceful") "want.count=active\n", true },
    { "recover", OWN WAY(WEST, "ungraceful"), true },
    { "rehearse", OWN WAY(WEST, "ungraceful"), true },
    { "discard", OWN WAY(WEST, "ungraceful"), true },
};

START_TEST(what_can_not_be_seen_is_not_guessed)
{
    static const char *const states[] = { "throttled", "denied", "down" };
    struct bench *b = with(BOTH);
    for (int i = 0; i < 3; i++) {
        bench_control(b, "service dynamodb " WEST " %s", states[i]);
        expect(look(b, closed[_i].action, closed[_i].args), EVAC_SEEN_UNSEEN);
        if (closed[_i].changes)
            expect_outcome(act(b, closed[_i].action, closed[_i].args),
                           i == 0 ? EVAC_OUTCOME_THROTTLED : EVAC_OUTCOME_NOT_SENT);
        bench_control(b, "service dynamodb " WEST " up");
    }
    bench_free(b);
}
END_TEST

START_TEST(a_wanted_time_is_restored_exactly)
{
    struct bench *b = with("");
    struct evac_sandbox *sb = bench_sandbox(b);
    struct evac_str value;
    ck_assert(sb_dynamodb_write(sb, 0, "carts", "a", "good"));
    bench_run(b, 20000);
    ck_assert(sb_dynamodb_write(sb, 0, "carts", "a", "spoilt"));
    bench_run(b, 50000);
    const char *args = HERE "want.time=2026-09-21T14:13:30Z\n";
    const struct evac_reply *r = look(b, "recover", args);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert_int_eq(bench_fact(r, "as_of_wall_ms"), 1790000010000);
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "dynamodb", "recover", args, 200000), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "recover", args), EVAC_SEEN_SATISFIED);
    ck_assert(sb_dynamodb_read(sb, 0, "carts-restored", "a", &value) && evac_str_is(value, "good"));
    is_blocked(look(b, "recover",
                    "table=carts\nsource=own\nrecover_from=point-in-time\nrestore_as=x\nrun=7\n"
                    "want.time=2020-01-01T00:00:00Z\n" WAY(EAST, "ungraceful")),
               "does not reach");
    bench_free(b);
}
END_TEST

static void keep_answer(void *user, const struct evac_aws_reply *r)
{
    *(bool *)user = r->outcome == EVAC_OUTCOME_ACCEPTED;
}

/* Somebody deletes the table. */
static void delete_table(struct bench *b)
{
    bool done = false;
    uint64_t id;
    struct evac_aws_request request = { .service = "dynamodb",
                                        .operation = "DeleteTable",
                                        .region = EVAC_STR(EAST),
                                        .mutates = true,
                                        .body = EVAC_STR("{\"TableName\":\"carts\"}") };
    ck_assert_int_eq(evac_aws_send(bench_link(b)->aws, &request, keep_answer, &done, &id, NULL),
                     EVAC_OK);
    bench_run(b, 5000);
    ck_assert(done && !bench_true(b, "\"table\":\"carts\""));
}

static void back_up(struct bench *b, const char *name, const char *more)
{
    bench_control(
        b, "make dynamodb " EAST " {\"kind\":\"backup\",\"table\":\"carts\",\"name\":\"%s\",%s}",
        name, more);
}

#define PLANNED(from, region)                                                                      \
    "table=carts\nprotected_by=backups\nsource=other\nrecover_from=" from                          \
    "\nrun=7\n" WAY(region, "graceful")

/* Continuous backups have it in five minutes; ten times as fast here. */
START_TEST(a_planned_restore_waits_for_what_was_written_before_the_fence)
{
    struct bench *b = with(",\"items\":1");
    char here[400], there[400];
    bench_run(b, 40000);
    const char *args = bench_fenced(b, PLANNED("point-in-time", WEST), there, sizeof there);
    const char *from = bench_fenced(b, PLANNED("point-in-time", EAST), here, sizeof here);
    expect(look(b, "capture", from), EVAC_SEEN_SATISFIED); /* they need none */
    const struct evac_reply *r = look(b, "recover", args);
    expect(r, EVAC_SEEN_MOVING);
    expect_reason(r, "at or after the fence");
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_REJECTED);
    expect(look(b, "recover", OTHER), EVAC_SEEN_UNSATISFIED); /* in an emergency */
    expect(bench_settle(b, "dynamodb", "recover", args, 40000), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_ACCEPTED);
    bench_free(b);
}
END_TEST

/* It has all up to a minute before it: so it is made a minute after the fence. */
START_TEST(a_backup_is_captured_once_and_then_restored)
{
    struct bench *b = with(",\"items\":1");
    char here[400], there[400];
    back_up(b, "one", "\"age_ms\":100000");
    const char *args = bench_fenced(b, PLANNED("backups", WEST), there, sizeof there);
    const char *from = bench_fenced(b, PLANNED("backups", EAST), here, sizeof here);
    int64_t fenced = bench_wall(b);
    expect(look(b, "recover", args), EVAC_SEEN_BLOCKED);
    expect(look(b, "capture", from), EVAC_SEEN_MOVING);
    expect_outcome(act(b, "capture", from), EVAC_OUTCOME_REJECTED);
    expect(bench_settle(b, "dynamodb", "capture", from, 70000), EVAC_SEEN_UNSATISFIED);
    bench_control(b, "service dynamodb " EAST " lost-mutation 1");
    expect_outcome(act(b, "capture", from), EVAC_OUTCOME_UNKNOWN);
    expect(bench_settle(b, "dynamodb", "capture", from, 70000), EVAC_SEEN_SATISFIED);
    expect_outcome(act(b, "capture", from), EVAC_OUTCOME_REJECTED);
    ck_assert(bench_counted(b, "CreateBackup", EAST, 1, 1));
    const struct evac_reply *r = look(b, "recover", args);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert_int_ge(bench_fact(r, "as_of_wall_ms"), fenced);
    bench_free(b);
}
END_TEST

/* Also when the table is gone: then under its own name. */
START_TEST(the_newest_backup_is_restored)
{
    for (int gone = 0; gone < 2; gone++) {
        struct bench *b = with(",\"items\":2,\"pitr\":false");
        const char *args =
            gone ? "table=carts\nprotected_by=backups\nsource=own\nrecover_from=backups\nrun=7\n"
                   "ttl=ends\n" WAY(EAST, "ungraceful")
                 : "table=carts\nprotected_by=backups\nsource=own\nrecover_from=backups\nrun=7\n"
                   "restore_as=restored\nttl=ends\n" WAY(EAST, "ungraceful");
        if (!gone)
            is_blocked(look(b, "ready", args), "no backup");
        back_up(b, "old", "\"age_ms\":7200000");
        back_up(b, "new", "\"age_ms\":3600000");
        back_up(b, "making", "\"creating\":true");
        int64_t taken = bench_wall(b) - 3600000 - 60000; /* what it has for certain */
        if (gone)
            delete_table(b);
        const struct evac_reply *r = look(b, "ready", args);
        expect(r, EVAC_SEEN_SATISFIED);
        ck_assert_int_eq(bench_fact(r, "as_of_wall_ms"), taken);
        expect_outcome(act(b, "recover", args), EVAC_OUTCOME_ACCEPTED);
        r = bench_settle(b, "dynamodb", "recover", args, 200000);
        expect(r, EVAC_SEEN_UNSATISFIED);
        ck_assert_int_eq(bench_fact(r, "as_of_wall_ms"), taken);
        bench_control(b, "service dynamodb " EAST " lost-mutation 1"); /* of time to live */
        expect_outcome(act(b, "recover", args), EVAC_OUTCOME_ACCEPTED);
        r = look(b, "recover", args);
        expect(r, EVAC_SEEN_SATISFIED);
        ck_assert_int_eq(bench_fact(r, "as_of_wall_ms"), taken);
        ck_assert(bench_true(b, "\"ttl\":\"ends\""));
        ck_assert(bench_counted(b, "RestoreTableFromBackup", EAST, 1, 1));
        bench_free(b);
    }
}
END_TEST

START_TEST(a_table_that_nobody_here_restored_is_left_alone)
{
    struct bench *b = with("");
    back_up(b, "one", "\"age_ms\":3600000");
    const char *args =
        "table=carts\nsource=own\nrecover_from=backups\nrun=7\n" WAY(EAST, "ungraceful");
    is_blocked(look(b, "recover", args), "has not begun it");
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_REJECTED);
    expect_refused(
        b, "dynamodb", EVAC_VERB_OBSERVE, "recover",
        "table=carts\nsource=own\nrecover_from=backups\nrun=7\nwant.time=2026-01-01T00:00:"
        "00Z\n" WAY(EAST, "ungraceful"),
        "point-in-time");
    bench_free(b);
}
END_TEST

START_TEST(without_point_in_time_recovery_nothing_is_ready)
{
    struct bench *b = with(",\"pitr\":false" BOTH);
    is_blocked(look(b, "ready", HERE), "is off");
    is_blocked(look(b, "recover", HERE), "is off");
    expect_outcome(act(b, "recover", HERE), EVAC_OUTCOME_REJECTED);
    expect(bench_call(b, "dynamodb", EVAC_VERB_MEASURE, "",
                      OWN "region=us-east-1\nfrom=us-west-2\nto=us-east-1\nmode=ungraceful\n"),
           EVAC_SEEN_UNSEEN);
    /* a replica that is to be restorable as well */
    is_blocked(look(b, "ready", TO("graceful") "recover_from=point-in-time\n"), "is off");
    ck_assert(!bench_true(b, "\"operation\":\"TagResource\""));
    expect_refused(b, "dynamodb", EVAC_VERB_OBSERVE, "recover",
                   "table=carts\nrun=7\n" WAY(EAST, "ungraceful"), "set recover_from");
    expect_refused(
        b, "dynamodb", EVAC_VERB_OBSERVE, "recover",
        "table=carts\nsource=own\nrecover_from=point-in-time\nrun=7\n" WAY(EAST, "ungraceful"),
        "set restore_as");
    expect_refused(b, "dynamodb", EVAC_VERB_OBSERVE, "recover",
                   "table=carts\nrestore_as=x\nsource=own\nrecover_from=point-in-time\n" WAY(
                       EAST, "ungraceful"),
                   "needs a run");
    bench_free(b);
}
END_TEST

START_TEST(a_restore_from_the_other_region_needs_it_until_it_is_finished)
{
    struct bench *b = with(",\"items\":4");
    bench_run(b, 40000);
    expect(look(b, "ready", OTHER), EVAC_SEEN_SATISFIED);
    bench_control(b, "region " EAST " down");
    expect(look(b, "recover", OTHER), EVAC_SEEN_UNSEEN);
    expect_outcome(act(b, "recover", OTHER), EVAC_OUTCOME_NOT_SENT);
    bench_control(b, "region " EAST " up");
    expect_outcome(act(b, "recover", OTHER), EVAC_OUTCOME_ACCEPTED);
    bench_run(b, 60000);
    bench_control(b, "region " EAST " down"); /* in the middle of it */
    bench_run(b, 100000);
    expect(look(b, "recover", OTHER), EVAC_SEEN_UNSEEN);
    bench_control(b, "region " EAST " up");
    expect(bench_settle(b, "dynamodb", "recover", OTHER, 200000), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "recover", OTHER), EVAC_OUTCOME_ACCEPTED);
    bench_control(b, "region " EAST " down");
    expect(look(b, "recover", OTHER), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"table\":\"carts\",\"region\":\"us-west-2\",\"status\":\"ACTIVE\","
                            "\"global\":false,\"items\":4"));
    bench_free(b);
}
END_TEST

START_TEST(a_backup_of_the_other_region_is_restored_while_that_is_there)
{
    struct bench *b = with(",\"items\":1");
    const char *args =
        "table=carts\nprotected_by=backups\nsource=other\nrecover_from=backups\nrun=7\n" WAY(
            WEST, "ungraceful");
    back_up(b, "one", "\"age_ms\":0");
    expect(look(b, "ready", args), EVAC_SEEN_SATISFIED);
    expect(bench_call(b, "dynamodb", EVAC_VERB_MEASURE, "", args), EVAC_SEEN_SATISFIED);
    bench_control(b, "service dynamodb " WEST " lost-mutation 1");
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_UNKNOWN);
    expect(bench_settle(b, "dynamodb", "recover", args, 200000), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_ACCEPTED);
    bench_control(b, "region " EAST " down");
    expect(look(b, "recover", args), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"table\":\"carts\",\"region\":\"us-west-2\",\"status\":\"ACTIVE\","
                            "\"global\":false,\"items\":1"));
    bench_free(b);
}
END_TEST

START_TEST(a_drills_copy_is_discarded_and_nothing_else_ever)
{
    struct bench *b = with(",\"items\":1");
    bench_run(b, 40000);
    expect(look(b, "discard", HERE), EVAC_SEEN_SATISFIED);
    expect_outcome(act(b, "rehearse", HERE), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "rehearse", HERE), EVAC_SEEN_MOVING);
    expect(look(b, "discard", HERE), EVAC_SEEN_MOVING); /* it can not be deleted yet */
    expect(bench_settle(b, "dynamodb", "rehearse", HERE, 200000), EVAC_SEEN_UNSATISFIED);
    bench_control(b, "service dynamodb " EAST " lost-mutation 1"); /* of its tags */
    expect_outcome(act(b, "rehearse", HERE), EVAC_OUTCOME_UNKNOWN);
    expect(look(b, "rehearse", HERE), EVAC_SEEN_SATISFIED);
    /* the next drill deletes what the last one has left */
    const char *next = "table=carts\nprotected_by=backups\nsource=own\nrecover_from=point-in-time\n"
                       "restore_as=carts-restored\nrun=8\n" WAY(EAST, "ungraceful");
    is_blocked(look(b, "rehearse", next), "run 7");
    expect(look(b, "discard", next), EVAC_SEEN_UNSATISFIED);
    bench_control(b, "service dynamodb " EAST " lost-mutation 1");
    expect_outcome(act(b, "discard", next), EVAC_OUTCOME_UNKNOWN);
    expect(bench_settle(b, "dynamodb", "discard", next, 20000), EVAC_SEEN_SATISFIED);
    ck_assert(!bench_true(b, "-drill"));
    expect_outcome(act(b, "discard", next), EVAC_OUTCOME_REJECTED);
    /* neither a recovered table nor any other, whatever name is declared */
    expect_outcome(act(b, "recover", HERE), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "dynamodb", "recover", HERE, 200000), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "recover", HERE), EVAC_OUTCOME_ACCEPTED);
    const char *wrong = "table=carts\nsource=own\nrecover_from=point-in-time\nrestore_as=other\n"
                        "rehearse_as=carts-restored\nrun=7\n" WAY(EAST, "ungraceful");
    is_blocked(look(b, "discard", wrong), "no drill has made it");
    expect_outcome(act(b, "discard", wrong), EVAC_OUTCOME_REJECTED);
    ck_assert(bench_counted(b, "DeleteTable", EAST, 1, 1));
    expect_refused(
        b, "dynamodb", EVAC_VERB_APPLY, "discard",
        "table=carts\nsource=own\nrecover_from=point-in-time\nrestore_as=one\nrehearse_as=one\n"
        "run=7\n" WAY(EAST, "ungraceful"),
        "its own name");
    bench_free(b);
}
END_TEST

START_TEST(a_rehearsal_is_undone_by_a_rollback_also_in_the_middle)
{
    for (int finished = 0; finished < 2; finished++) {
        struct bench *b = with(",\"items\":1");
        char before[512];
        bench_run(b, 40000);
        const struct evac_reply *r = look(b, "rehearse", HERE);
        ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
        expect_outcome(act(b, "rehearse", HERE), EVAC_OUTCOME_ACCEPTED);
        if (finished) {
            expect(bench_settle(b, "dynamodb", "rehearse", HERE, 200000), EVAC_SEEN_UNSATISFIED);
            expect_outcome(act(b, "rehearse", HERE), EVAC_OUTCOME_ACCEPTED);
        }
        bench_goal(b, before);
        expect(bench_settle(b, "dynamodb", "rehearse", HERE, 200000), EVAC_SEEN_UNSATISFIED);
        expect_outcome(act(b, "rehearse", HERE), EVAC_OUTCOME_ACCEPTED);
        expect(bench_settle(b, "dynamodb", "rehearse", HERE, 20000), EVAC_SEEN_SATISFIED);
        ck_assert(!bench_true(b, "-drill"));
        bench_free(b);
    }
}
END_TEST

/* --- parity ----------------------------------------------------------------------------------
 */

START_TEST(what_differs_between_the_regions_is_told)
{
    struct bench *b = with(BOTH);
    expect(look(b, "parity", TO("graceful") "parity_ignore=[]\n"), EVAC_SEEN_SATISFIED);
    bench_free(b);
    b = with("");
    bench_control(b,
                  "make dynamodb " WEST " {\"table\":\"carts\",\"pitr\":false,\"ttl\":\"ends\"}");
    const struct evac_reply *r = look(b, "parity", TO("graceful") "parity_ignore=[]\n");
    ck_assert_int_ne(r->seen, EVAC_SEEN_SATISFIED);
    expect_reason(r, "point-in-time recovery");
    expect_reason(r, "time to live");
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("replicas");
    tcase_add_test(tc, a_replica_is_ready_while_its_table_takes_writes);
    tcase_add_test(tc, what_is_missing_is_said);
    tcase_add_test(tc, strong_replicas_are_ready_while_two_regions_are_left);
    tcase_add_test(tc, missing_replicas_are_made_one_after_the_other);
    tcase_add_test(tc, a_table_without_a_stream_gets_one_first);
    tcase_add_test(tc, a_region_that_is_lost_again_holds_its_replica_up);
    tcase_add_test(tc, a_table_that_can_not_be_converted_is_blocked_with_the_reason);
    tcase_add_test(tc, a_strong_table_gets_both_others_at_once);
    tcase_add_test(tc, what_differs_between_the_regions_is_told);
    suite_add_tcase(suite, tc);
    tc = tcase_create("capacity");
    tcase_add_test(tc, provisioned_capacity_is_raised_and_restored);
    tcase_add_test(tc, what_a_table_takes_at_once_only_grows);
    tcase_add_test(tc, capacity_can_not_be_raised_while_the_old_region_is_gone);
    suite_add_tcase(suite, tc);
    tc = tcase_create("loss");
    tcase_add_test(tc, markers_arrive_with_the_lag_and_show_what_is_lost);
    tcase_add_test(tc, a_marker_never_takes_the_place_of_a_newer_one_or_of_an_apps_row);
    tcase_add_test(tc, markers_fit_the_tables_keys);
    tcase_add_test(tc, without_a_canary_nothing_is_written);
    tcase_add_test(tc, the_sending_regions_metric_tells_the_lag_while_that_region_is_there);
    tcase_add_test(tc, strong_tables_have_no_lag_that_could_be_told);
    suite_add_tcase(suite, tc);
    tc = tcase_create("restores");
    tcase_add_test(tc, a_point_in_time_is_restored_and_finished_with_its_settings);
    tcase_add_test(tc, no_lost_reply_makes_a_second_restore);
    tcase_add_test(tc, a_lost_change_that_is_not_shown_yet_stays_in_doubt);
    tcase_add_test(tc, a_restore_whose_answer_was_lost_is_known_by_its_claim);
    tcase_add_test(tc, another_runs_restore_is_not_this_runs);
    tcase_add_test(tc, an_old_view_changes_nothing_twice);
    tcase_add_loop_test(tc, what_can_not_be_seen_is_not_guessed, 0,
                        sizeof closed / sizeof closed[0]);
    tcase_add_test(tc, a_wanted_time_is_restored_exactly);
    tcase_add_test(tc, the_newest_backup_is_restored);
    tcase_add_test(tc, a_planned_restore_waits_for_what_was_written_before_the_fence);
    tcase_add_test(tc, a_backup_is_captured_once_and_then_restored);
    tcase_add_test(tc, a_table_that_nobody_here_restored_is_left_alone);
    tcase_add_test(tc, without_point_in_time_recovery_nothing_is_ready);
    tcase_add_test(tc, a_restore_from_the_other_region_needs_it_until_it_is_finished);
    tcase_add_test(tc, a_backup_of_the_other_region_is_restored_while_that_is_there);
    tcase_add_test(tc, a_drills_copy_is_discarded_and_nothing_else_ever);
    tcase_add_test(tc, a_rehearsal_is_undone_by_a_rollback_also_in_the_middle);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("the driver dynamodb", cases)
