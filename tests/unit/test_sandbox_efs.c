/* The driver efs before the model: a replica that is promoted, and made anew the other way. */
#include "aws_pack.h"
#include "sandbox_bench.h"
#include "suite.h"

#define FILES(run)                                                                                 \
    "app=shop\nrun=" run "\nfile_systems.us-east-1=fs-0a\nfile_systems.us-west-2=fs-0b\n"
#define AWAY(mode)      "from=us-east-1\nto=us-west-2\nmode=" mode "\n"
#define TO(mode)        FILES("7") "region=us-west-2\n" AWAY(mode)
#define HOME            FILES("7") "region=us-east-1\noverwrite=true\n" AWAY("ungraceful")
#define BACK(run, mode) FILES(run) "region=us-east-1\nfrom=us-west-2\nto=us-east-1\nmode=" mode "\n"

BENCH_DRIVER("efs")

static const struct evac_reply *settle(struct bench *b, const char *action, const char *args)
{
    return bench_settle(b, "efs", action, args, 600000);
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

START_TEST(a_replica_is_ready_when_it_is_near_enough_and_can_be_mounted)
{
    struct bench *b = with_replica();
    bench_control(b, "lag us-west-2 20000");
    bench_run(b, 30000);
    const struct evac_reply *r = look(b, "ready", TO("graceful"));
    expect_words(r, EVAC_SEEN_SATISFIED, "ENABLED");
    ck_assert_int_ge(bench_fact(r, "age_ms"), 20000);
    ck_assert_int_le(bench_fact(r, "age_ms"), 22000);
    expect_words(look(b, "ready", TO("graceful") "want.max_lag=10s\n"), EVAC_SEEN_BLOCKED,
                 "max_lag");
    expect_words(look(b, "ready", BACK("7", "graceful")), EVAC_SEEN_BLOCKED, "no replica");
    bench_control(b, "make efs us-west-2 {\"kind\":\"file-system\",\"name\":\"fs-0b\","
                     "\"NumberOfMountTargets\":0,\"FileSystemProtection\":"
                     "{\"ReplicationOverwriteProtection\":\"REPLICATING\"}}");
    expect_words(look(b, "ready", TO("graceful")), EVAC_SEEN_BLOCKED, "mount target");
    bench_control(b, "service efs us-west-2 denied");
    expect_words(look(b, "ready", TO("graceful")), EVAC_SEEN_UNSEEN, "");
    bench_free(b);
    b = bench_new(10);
    expect_words(look(b, "ready", TO("graceful")), EVAC_SEEN_BLOCKED, "no such file system");
    expect_outcome(act(b, "failover", TO("ungraceful")), EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

START_TEST(a_planned_failover_waits_for_what_was_written_before_the_fence)
{
    struct bench *b = with_replica();
    char text[400];
    bench_control(b, "lag us-west-2 20000");
    bench_run(b, 30000);
    const char *args = bench_fenced(b, TO("graceful"), text, sizeof text);
    expect_words(look(b, "failover", args), EVAC_SEEN_MOVING, "at or after the fence");
    expect_outcome(act(b, "failover", args), EVAC_OUTCOME_REJECTED);
    expect_words(look(b, "failover", TO("ungraceful")), EVAC_SEEN_UNSATISFIED, "");
    expect_words(settle(b, "failover", args), EVAC_SEEN_UNSATISFIED, "still a replica");
    expect_outcome(act(b, "failover", args), EVAC_OUTCOME_ACCEPTED);
    bench_free(b);
}
END_TEST

START_TEST(parity_names_what_the_replica_lacks)
{
    struct bench *b = with_replica();
    expect_words(look(b, "parity", TO("graceful")), EVAC_SEEN_SATISFIED, "");
    bench_control(b, "make efs us-west-2 {\"kind\":\"file-system\",\"name\":\"fs-0b\","
                     "\"ThroughputMode\":\"bursting\",\"NumberOfMountTargets\":3}");
    const struct evac_reply *r = look(b, "parity", TO("graceful"));
    expect_words(r, EVAC_SEEN_BLOCKED,
                 "throughput mode: elastic in us-east-1, bursting in us-west-2");
    expect_words(r, EVAC_SEEN_BLOCKED, "mount targets: 1, 3");
    bench_control(b, "region us-east-1 down");
    expect_words(look(b, "parity", TO("graceful")), EVAC_SEEN_UNSEEN, "");
    bench_free(b);
}
END_TEST

START_TEST(the_lag_is_what_has_not_arrived_and_goes_on_growing_when_nothing_does)
{
    struct bench *b = with_replica();
    bench_control(b, "lag us-west-2 5000");
    bench_run(b, 30000);
    const struct evac_reply *r = bench_call(b, "efs", EVAC_VERB_MEASURE, "", TO("graceful"));
    expect_words(r, EVAC_SEEN_SATISFIED, "");
    ck_assert_int_ge(bench_fact(r, "lag_ms"), 4000);
    ck_assert_int_le(bench_fact(r, "lag_ms"), 6000);
    bench_control(b, "region us-east-1 isolated");
    bench_run(b, 30000);
    r = bench_call(b, "efs", EVAC_VERB_MEASURE, "", TO("graceful"));
    ck_assert_int_ge(bench_fact(r, "lag_ms"), 34000);
    ck_assert_int_le(bench_wall(b) - bench_fact(r, "as_of_wall_ms"), 2000);
    expect_words(bench_call(b, "efs", EVAC_VERB_MEASURE, "", BACK("7", "graceful")),
                 EVAC_SEEN_UNSEEN, "");
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
    expect_words(r, EVAC_SEEN_UNSATISFIED, "still a replica");
    int64_t until = bench_fact(r, "as_of_wall_ms");
    ck_assert_int_ge(bench_wall(b) - until, 14000);
    expect_outcome(act(b, "failover", TO("ungraceful") "want.deletion=all\n"),
                   EVAC_OUTCOME_REJECTED);
    expect_words(look(b, "failover", args), EVAC_SEEN_UNSATISFIED, "still a replica");
    expect_outcome(act(b, "failover", args), EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "failover", args), EVAC_SEEN_MOVING, "DELETING");
    expect_outcome(act(b, "failover", args), EVAC_OUTCOME_REJECTED);
    r = settle(b, "failover", args);
    expect_words(r, EVAC_SEEN_SATISFIED, "");
    ck_assert_int_eq(bench_fact(r, "as_of_wall_ms"), until);
    ck_assert(bench_counted(b, "DeleteReplicationConfiguration", "us-west-2", 2, 1));
    expect_words(look(b, "failover", FILES("8") "region=us-west-2\n" AWAY("ungraceful")),
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
    expect_words(settle(b, "failover", args), EVAC_SEEN_SATISFIED, "");
    ck_assert(bench_counted(b, "DeleteReplicationConfiguration", "us-west-2", 2, 1));
    bench_free(b);
    /* a planned move does not: the old side must be told */
    b = with_replica();
    bench_run(b, 30000);
    args = TO("graceful");
    bench_control(b, "region us-east-1 down");
    expect_outcome(act(b, "failover", args), EVAC_OUTCOME_REJECTED);
    ck_assert(bench_counted(b, "DeleteReplicationConfiguration", "us-west-2", 1, 0));
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
    expect_words(look(b, "failover", args), EVAC_SEEN_UNSATISFIED, "still a replica");
    expect_outcome(act(b, "failover", TO("ungraceful") "want.deletion=all\n"),
                   EVAC_OUTCOME_ACCEPTED);
    bench_control(b, "region us-west-2 down");
    expect_words(look(b, "failover", args), EVAC_SEEN_UNSEEN, "");
    bench_run(b, 60000);
    bench_control(b, "region us-west-2 up");
    expect_words(settle(b, "failover", args), EVAC_SEEN_SATISFIED, "");
    ck_assert(bench_counted(b, "DeleteReplicationConfiguration", "us-west-2", 1, 1));
    bench_free(b);
}
END_TEST

START_TEST(an_old_view_is_refused_by_the_state)
{
    struct bench *b = with_replica();
    const char *args = TO("graceful");
    bench_control(b, "stale 60000");
    expect_words(look(b, "failover", args), EVAC_SEEN_UNSATISFIED, "");
    expect_outcome(act(b, "failover", args), EVAC_OUTCOME_ACCEPTED);
    for (int i = 0; i < 5; i++)
        ck_assert_int_ne(act(b, "failover", args)->outcome, EVAC_OUTCOME_ACCEPTED);
    bench_control(b, "stale 0");
    expect_words(settle(b, "failover", args), EVAC_SEEN_SATISFIED, "");
    ck_assert(bench_effects(b, "DeleteReplicationConfiguration", "us-west-2", 1));
    bench_free(b);
}
END_TEST

START_TEST(a_planned_move_waits_until_all_that_was_before_the_fence_has_arrived)
{
    struct bench *b = with_replica();
    const char *args = TO("graceful");
    bench_control(b, "lag us-west-2 90000");
    bench_run(b, 30000);
    expect_words(look(b, "switchover", args), EVAC_SEEN_UNSATISFIED, "fence");
    int64_t fenced = bench_wall(b);
    bench_control(b, "service efs us-west-2 lost-mutation 1");
    expect_outcome(act(b, "switchover", args), EVAC_OUTCOME_UNKNOWN);
    expect_words(look(b, "switchover", args), EVAC_SEEN_MOVING, "before the fence");
    expect_outcome(act(b, "switchover", args), EVAC_OUTCOME_REJECTED);
    expect_words(settle(b, "switchover", args), EVAC_SEEN_UNSATISFIED, "still a replica");
    expect_outcome(act(b, "switchover", args), EVAC_OUTCOME_ACCEPTED);
    const struct evac_reply *r = settle(b, "switchover", args);
    expect_words(r, EVAC_SEEN_SATISFIED, "");
    ck_assert_int_gt(bench_fact(r, "as_of_wall_ms"), fenced);
    ck_assert(bench_counted(b, "DeleteReplicationConfiguration", "us-west-2", 1, 1));
    /* another run's fence is not this run's */
    bench_free(b);
    b = with_replica();
    bench_run(b, 30000);
    expect_outcome(act(b, "switchover", args), EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "switchover", FILES("8") "region=us-west-2\n" AWAY("graceful")),
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
    expect_words(settle(b, "failover", TO("ungraceful")), EVAC_SEEN_SATISFIED, "");
    expect_words(look(b, "protect", HOME), EVAC_SEEN_UNSEEN, "");
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_NOT_SENT);
    expect_words(look(b, "protected", TO("ungraceful")), EVAC_SEEN_UNSATISFIED, "not replicated");
    bench_control(b, "region us-east-1 up");
    const char *careful = FILES("7") "region=us-east-1\n" AWAY("ungraceful");
    expect_words(look(b, "protect", careful), EVAC_SEEN_BLOCKED, "overwrite = true");
    expect_outcome(act(b, "protect", careful), EVAC_OUTCOME_REJECTED);
    /* what is left of the old replication, then the protection (its answer is lost), then the new
     * one */
    for (int i = 0; i < 3; i++) {
        expect_words(settle(b, "protect", HOME), EVAC_SEEN_UNSATISFIED, "no replica");
        bench_control(b, "service efs %s lost-mutation 1", i < 2 ? "us-east-1" : "us-west-2");
        expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_UNKNOWN);
    }
    expect_words(look(b, "protect", HOME), EVAC_SEEN_MOVING, "ENABLING");
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_REJECTED);
    expect_words(look(b, "failover", TO("ungraceful")), EVAC_SEEN_SATISFIED, "");
    expect_words(settle(b, "protect", HOME), EVAC_SEEN_SATISFIED, "ENABLED");
    expect_words(settle(b, "protected", TO("ungraceful")), EVAC_SEEN_SATISFIED, "");
    ck_assert(bench_true(b, "\"operation\":\"CreateReplicationConfiguration\",\"region\":"
                            "\"us-west-2\",\"received\":1,\"effects\":1"));
    /* and back, as planned */
    const char *back = BACK("9", "graceful");
    expect_words(look(b, "ready", back), EVAC_SEEN_SATISFIED, "");
    expect_outcome(act(b, "switchover", back), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "switchover", back), EVAC_SEEN_UNSATISFIED, "still a replica");
    expect_outcome(act(b, "switchover", back), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "switchover", back), EVAC_SEEN_SATISFIED, "");
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("efs");
    tcase_add_test(tc, a_planned_failover_waits_for_what_was_written_before_the_fence);
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
