/* The driver efs before the model: a replica that is promoted, and made anew the other way. */
#include "aws_pack.h"
#include "sandbox_bench.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define FILES(run)                                                                                 \
    "app=shop\nrun=" run "\nfile_systems.us-east-1=fs-0a\nfile_systems.us-west-2=fs-0b\n"
#define AWAY(mode)      "from=us-east-1\nto=us-west-2\nmode=" mode "\n"
#define TO(mode)        FILES("7") "region=us-west-2\n" AWAY(mode)
#define HOME            FILES("7") "region=us-east-1\noverwrite=true\n" AWAY("ungraceful")
#define BACK(run, mode) FILES(run) "region=us-east-1\nfrom=us-west-2\nto=us-east-1\nmode=" mode "\n"

static const struct evac_reply *look(struct bench *b, const char *action, const char *args)
{
    return bench_call(b, "efs", EVAC_VERB_OBSERVE, action, args);
}

static const struct evac_reply *act(struct bench *b, const char *action, const char *args)
{
    return bench_call(b, "efs", EVAC_VERB_APPLY, action, args);
}

static const struct evac_reply *settle(struct bench *b, const char *action, const char *args)
{
    return bench_settle(b, "efs", action, args, 600000);
}

static void expect(const struct evac_reply *r, enum evac_seen seen, const char *words)
{
    ck_assert_msg(r->seen == seen, "%s: %.*s", evac_seen_name(r->seen), EVAC_STR_ARG(r->reason));
    ck_assert_msg(evac_str_has(r->reason, words), "%.*s", EVAC_STR_ARG(r->reason));
}

static void expect_outcome(const struct evac_reply *r, enum evac_outcome outcome)
{
    ck_assert_msg(r->outcome == outcome, "%s: %.*s", evac_outcome_name(r->outcome),
                  EVAC_STR_ARG(r->reason));
}

static int64_t now(struct bench *b)
{
    return bench_host(b)->wall_ms(bench_host(b)->ctx);
}

static struct bench *with_replica(void)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make efs us-east-1 {\"kind\":\"file-system\",\"name\":\"fs-0a\"}");
    bench_control(b, "make efs us-west-2 {\"kind\":\"file-system\",\"name\":\"fs-0b\"}");
    bench_control(b, "make efs us-east-1 {\"kind\":\"replication\",\"name\":\"fs-0a\","
                     "\"destination\":\"fs-0b\",\"region\":\"us-west-2\"}");
    return b;
}

static bool deleted(struct bench *b, const char *region, int received, int effects)
{
    char part[200];
    (void)snprintf(part, sizeof part,
                   "\"operation\":\"DeleteReplicationConfiguration\",\"region\":\"%s\","
                   "\"received\":%d,\"effects\":%d,\"repeated_without_observe\":0",
                   region, received, effects);
    return bench_true(b, part);
}

/* However often it was asked for. */
static bool done_once(struct bench *b, const char *operation)
{
    for (int received = 1; received < 10; received++) {
        char part[200];
        (void)snprintf(part, sizeof part,
                       "\"operation\":\"%s\",\"region\":\"us-west-2\",\"received\":%d,"
                       "\"effects\":1,",
                       operation, received);
        if (bench_true(b, part))
            return true;
    }
    return false;
}

START_TEST(a_replica_is_ready_when_it_is_near_enough_and_can_be_mounted)
{
    struct bench *b = with_replica();
    bench_control(b, "lag us-west-2 20000");
    bench_run(b, 30000);
    const struct evac_reply *r = look(b, "ready", TO("graceful"));
    expect(r, EVAC_SEEN_SATISFIED, "ENABLED");
    ck_assert_int_ge(bench_fact(r, "age_ms"), 20000);
    ck_assert_int_le(bench_fact(r, "age_ms"), 22000);
    expect(look(b, "ready", TO("graceful") "want.max_lag=10s\n"), EVAC_SEEN_BLOCKED, "max_lag");
    expect(look(b, "ready", BACK("7", "graceful")), EVAC_SEEN_BLOCKED, "no replica");
    bench_control(b, "make efs us-west-2 {\"kind\":\"file-system\",\"name\":\"fs-0b\","
                     "\"NumberOfMountTargets\":0,\"FileSystemProtection\":"
                     "{\"ReplicationOverwriteProtection\":\"REPLICATING\"}}");
    expect(look(b, "ready", TO("graceful")), EVAC_SEEN_BLOCKED, "mount target");
    bench_control(b, "service efs us-west-2 denied");
    expect(look(b, "ready", TO("graceful")), EVAC_SEEN_UNSEEN, "");
    bench_free(b);
    b = bench_new(10);
    expect(look(b, "ready", TO("graceful")), EVAC_SEEN_BLOCKED, "no such file system");
    expect_outcome(act(b, "failover", TO("ungraceful")), EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

START_TEST(parity_names_what_the_replica_lacks)
{
    struct bench *b = with_replica();
    expect(look(b, "parity", TO("graceful")), EVAC_SEEN_SATISFIED, "");
    bench_control(b, "make efs us-west-2 {\"kind\":\"file-system\",\"name\":\"fs-0b\","
                     "\"ThroughputMode\":\"bursting\",\"NumberOfMountTargets\":3}");
    const struct evac_reply *r = look(b, "parity", TO("graceful"));
    expect(r, EVAC_SEEN_BLOCKED, "throughput mode: elastic in us-east-1, bursting in us-west-2");
    expect(r, EVAC_SEEN_BLOCKED, "mount targets: 1, 3");
    bench_control(b, "region us-east-1 down");
    expect(look(b, "parity", TO("graceful")), EVAC_SEEN_UNSEEN, "");
    bench_free(b);
}
END_TEST

START_TEST(the_lag_is_what_has_not_arrived_and_goes_on_growing_when_nothing_does)
{
    struct bench *b = with_replica();
    bench_control(b, "lag us-west-2 5000");
    bench_run(b, 30000);
    const struct evac_reply *r = bench_call(b, "efs", EVAC_VERB_MEASURE, "", TO("graceful"));
    expect(r, EVAC_SEEN_SATISFIED, "");
    ck_assert_int_ge(bench_fact(r, "lag_ms"), 4000);
    ck_assert_int_le(bench_fact(r, "lag_ms"), 6000);
    bench_control(b, "region us-east-1 isolated");
    bench_run(b, 30000);
    r = bench_call(b, "efs", EVAC_VERB_MEASURE, "", TO("graceful"));
    ck_assert_int_ge(bench_fact(r, "lag_ms"), 34000);
    ck_assert_int_le(now(b) - bench_fact(r, "as_of_wall_ms"), 2000);
    expect(bench_call(b, "efs", EVAC_VERB_MEASURE, "", BACK("7", "graceful")), EVAC_SEEN_UNSEEN,
           "");
    bench_free(b);
}
END_TEST

START_TEST(without_the_old_region_its_own_side_is_deleted_and_says_what_is_lost)
{
    struct bench *b = with_replica();
    const char *args = TO("ungraceful");
    bench_control(b, "lag us-west-2 5000");
    bench_run(b, 30000);
    bench_control(b, "region us-east-1 down");
    bench_run(b, 10000);
    const struct evac_reply *r = look(b, "failover", args);
    expect(r, EVAC_SEEN_UNSATISFIED, "still a replica");
    int64_t until = bench_fact(r, "as_of_wall_ms");
    ck_assert_int_ge(now(b) - until, 14000);
    expect_outcome(act(b, "failover", TO("ungraceful") "want.deletion=all\n"),
                   EVAC_OUTCOME_REJECTED);
    expect(look(b, "failover", args), EVAC_SEEN_UNSATISFIED, "still a replica");
    expect_outcome(act(b, "failover", args), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "failover", args), EVAC_SEEN_MOVING, "DELETING");
    expect_outcome(act(b, "failover", args), EVAC_OUTCOME_REJECTED);
    r = settle(b, "failover", args);
    expect(r, EVAC_SEEN_SATISFIED, "");
    ck_assert_int_eq(bench_fact(r, "as_of_wall_ms"), until);
    ck_assert(deleted(b, "us-west-2", 2, 1));
    expect(look(b, "failover", FILES("8") "region=us-west-2\n" AWAY("ungraceful")),
           EVAC_SEEN_BLOCKED, "old primary");
    expect_outcome(act(b, "failover", args), EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

/* In both regions: refused, because the other one does not answer; then here, in the same attempt,
 * because a refusal would be final. */
START_TEST(a_deletion_that_needs_the_lost_region_becomes_one_that_does_not)
{
    struct bench *b = with_replica();
    const char *args = TO("ungraceful");
    bench_control(b, "region us-east-1 down");
    expect_outcome(act(b, "failover", args), EVAC_OUTCOME_ACCEPTED);
    expect(settle(b, "failover", args), EVAC_SEEN_SATISFIED, "");
    ck_assert(deleted(b, "us-west-2", 2, 1));
    bench_free(b);
    /* a planned move does not: the old side must be told */
    b = with_replica();
    bench_run(b, 30000);
    args = TO("graceful");
    bench_control(b, "region us-east-1 down");
    expect_outcome(act(b, "failover", args), EVAC_OUTCOME_REJECTED);
    ck_assert(deleted(b, "us-west-2", 1, 0));
    bench_free(b);
}
END_TEST

START_TEST(lost_answers_are_looked_after_and_nothing_is_done_twice)
{
    struct bench *b = with_replica();
    const char *args = TO("ungraceful");
    bench_control(b, "service efs us-west-2 throttled");
    expect_outcome(act(b, "failover", args), EVAC_OUTCOME_THROTTLED);
    bench_control(b, "service efs us-west-2 up");
    bench_control(b, "service efs us-west-2 denied");
    expect_outcome(act(b, "failover", args), EVAC_OUTCOME_NOT_SENT);
    bench_control(b, "service efs us-west-2 up");
    bench_control(b, "service efs us-west-2 lost-mutation 1"); /* the tag's */
    expect_outcome(act(b, "failover", args), EVAC_OUTCOME_UNKNOWN);
    expect(look(b, "failover", args), EVAC_SEEN_UNSATISFIED, "still a replica");
    expect_outcome(act(b, "failover", TO("ungraceful") "want.deletion=all\n"),
                   EVAC_OUTCOME_ACCEPTED);
    bench_control(b, "region us-west-2 down");
    expect(look(b, "failover", args), EVAC_SEEN_UNSEEN, "");
    bench_run(b, 60000);
    bench_control(b, "region us-west-2 up");
    expect(settle(b, "failover", args), EVAC_SEEN_SATISFIED, "");
    ck_assert(deleted(b, "us-west-2", 1, 1));
    bench_free(b);
}
END_TEST

START_TEST(an_old_view_is_refused_by_the_state)
{
    struct bench *b = with_replica();
    const char *args = TO("graceful");
    bench_control(b, "stale 60000");
    expect(look(b, "failover", args), EVAC_SEEN_UNSATISFIED, "");
    expect_outcome(act(b, "failover", args), EVAC_OUTCOME_ACCEPTED);
    for (int i = 0; i < 5; i++)
        ck_assert_int_ne(act(b, "failover", args)->outcome, EVAC_OUTCOME_ACCEPTED);
    bench_control(b, "stale 0");
    expect(settle(b, "failover", args), EVAC_SEEN_SATISFIED, "");
    ck_assert(done_once(b, "DeleteReplicationConfiguration"));
    bench_free(b);
}
END_TEST

START_TEST(a_planned_move_waits_until_all_that_was_before_the_fence_has_arrived)
{
    struct bench *b = with_replica();
    const char *args = TO("graceful");
    bench_control(b, "lag us-west-2 90000");
    bench_run(b, 30000);
    expect(look(b, "switchover", args), EVAC_SEEN_UNSATISFIED, "fence");
    int64_t fenced = now(b);
    bench_control(b, "service efs us-west-2 lost-mutation 1");
    expect_outcome(act(b, "switchover", args), EVAC_OUTCOME_UNKNOWN);
    expect(look(b, "switchover", args), EVAC_SEEN_MOVING, "before the fence");
    expect_outcome(act(b, "switchover", args), EVAC_OUTCOME_REJECTED);
    expect(settle(b, "switchover", args), EVAC_SEEN_UNSATISFIED, "still a replica");
    expect_outcome(act(b, "switchover", args), EVAC_OUTCOME_ACCEPTED);
    const struct evac_reply *r = settle(b, "switchover", args);
    expect(r, EVAC_SEEN_SATISFIED, "");
    ck_assert_int_gt(bench_fact(r, "as_of_wall_ms"), fenced);
    ck_assert(deleted(b, "us-west-2", 1, 1));
    /* another run's fence is not this run's */
    bench_free(b);
    b = with_replica();
    bench_run(b, 30000);
    expect_outcome(act(b, "switchover", args), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "switchover", FILES("8") "region=us-west-2\n" AWAY("graceful")),
           EVAC_SEEN_UNSATISFIED, "fence");
    bench_free(b);
}
END_TEST

START_TEST(the_way_home_is_a_replication_that_overwrites_only_when_it_is_allowed_to)
{
    struct bench *b = with_replica();
    bench_run(b, 30000);
    bench_control(b, "region us-east-1 down");
    expect_outcome(act(b, "failover", TO("ungraceful") "want.deletion=here\n"),
                   EVAC_OUTCOME_ACCEPTED);
    expect(settle(b, "failover", TO("ungraceful")), EVAC_SEEN_SATISFIED, "");
    expect(look(b, "protect", HOME), EVAC_SEEN_UNSEEN, "");
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_NOT_SENT);
    expect(look(b, "protected", TO("ungraceful")), EVAC_SEEN_UNSATISFIED, "not replicated");
    bench_control(b, "region us-east-1 up");
    const char *careful = FILES("7") "region=us-east-1\n" AWAY("ungraceful");
    expect(look(b, "protect", careful), EVAC_SEEN_BLOCKED, "overwrite = true");
    expect_outcome(act(b, "protect", careful), EVAC_OUTCOME_REJECTED);
    /* what is left of the old replication, then the protection (its answer is lost), then the new
     * one */
    for (int i = 0; i < 3; i++) {
        expect(settle(b, "protect", HOME), EVAC_SEEN_UNSATISFIED, "no replica");
        bench_control(b, "service efs %s lost-mutation 1", i < 2 ? "us-east-1" : "us-west-2");
        expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_UNKNOWN);
    }
    expect(look(b, "protect", HOME), EVAC_SEEN_MOVING, "ENABLING");
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_REJECTED);
    expect(look(b, "failover", TO("ungraceful")), EVAC_SEEN_SATISFIED, "");
    expect(settle(b, "protect", HOME), EVAC_SEEN_SATISFIED, "ENABLED");
    expect(settle(b, "protected", TO("ungraceful")), EVAC_SEEN_SATISFIED, "");
    ck_assert(bench_true(b, "\"operation\":\"CreateReplicationConfiguration\",\"region\":"
                            "\"us-west-2\",\"received\":1,\"effects\":1"));
    /* and back, as planned */
    const char *back = BACK("9", "graceful");
    expect(look(b, "ready", back), EVAC_SEEN_SATISFIED, "");
    expect_outcome(act(b, "switchover", back), EVAC_OUTCOME_ACCEPTED);
    expect(settle(b, "switchover", back), EVAC_SEEN_UNSATISFIED, "still a replica");
    expect_outcome(act(b, "switchover", back), EVAC_OUTCOME_ACCEPTED);
    expect(settle(b, "switchover", back), EVAC_SEEN_SATISFIED, "");
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("efs");
    tcase_add_test(tc, a_replica_is_ready_when_it_is_near_enough_and_can_be_mounted);
    tcase_add_test(tc, parity_names_what_the_replica_lacks);
    tcase_add_test(tc, the_lag_is_what_has_not_arrived_and_goes_on_growing_when_nothing_does);
    tcase_add_test(tc, without_the_old_region_its_own_side_is_deleted_and_says_what_is_lost);
    tcase_add_test(tc, a_deletion_that_needs_the_lost_region_becomes_one_that_does_not);
    tcase_add_test(tc, lost_answers_are_looked_after_and_nothing_is_done_twice);
    tcase_add_test(tc, an_old_view_is_refused_by_the_state);
    tcase_add_test(tc, a_planned_move_waits_until_all_that_was_before_the_fence_has_arrived);
    tcase_add_test(tc, the_way_home_is_a_replication_that_overwrites_only_when_it_is_allowed_to);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("the driver efs", cases)
