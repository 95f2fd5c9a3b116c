/* The drivers rds and aurora-restore before the model: signed requests over the real client. */
#include "aws_pack.h"
#include "sandbox_bench.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

#define DB                                                                                         \
    "instances.us-east-1=orders-use1\ninstances.us-west-2=orders-usw2\nmetric_period=1s\n"         \
    "class=db.m6g.large\nrun=7\n"
#define WAY(region, mode) "region=" region "\nfrom=us-east-1\nto=us-west-2\nmode=" mode "\n"
#define TO(mode)          DB WAY("us-west-2", mode)
#define FROM(mode)        DB WAY("us-east-1", mode)
#define BACKUPS           "protected_by=backups\nrestore_as=orders-restored\n"

BENCH_DRIVER("rds")

static struct bench *with_replica(void)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make rds us-east-1 {\"kind\":\"instance\",\"id\":\"orders-use1\"}");
    bench_control(b, "make rds us-west-2 {\"kind\":\"replica\",\"id\":\"orders-usw2\","
                     "\"source\":\"orders-use1\",\"source_region\":\"us-east-1\"}");
    return b;
}

/* --- a read replica ----------------------------------------------------------------------------
 */

START_TEST(a_replica_is_promoted_once_and_stands_alone)
{
    struct bench *b = with_replica();
    const char *args = TO("ungraceful") "want.backup_retention=7\n";
    expect(look(b, "ready", args), EVAC_SEEN_SATISFIED);
    expect(look(b, "promote", args), EVAC_SEEN_UNSATISFIED);
    bench_control(b, "region us-east-1 down");
    expect(look(b, "ready", args), EVAC_SEEN_SATISFIED);
    expect_outcome(act(b, "promote", args), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "promote", args), EVAC_SEEN_MOVING);
    /* a second one is refused by the service's state */
    const struct evac_reply *r = act(b, "promote", args);
    expect_outcome(r, EVAC_OUTCOME_REJECTED);
    ck_assert(evac_str_is(r->code, "InvalidDBInstanceState"));
    expect(bench_settle(b, "rds", "promote", args, 60000), EVAC_SEEN_SATISFIED);
    /* it is done while its first backup is made */
    ck_assert(bench_true(b, "\"id\":\"orders-usw2\",\"region\":\"us-west-2\",\"status\":"
                            "\"backing-up\",\"class\":\"db.m6g.large\",\"source\":\"\""));
    ck_assert(bench_counted(b, "PromoteReadReplica", "us-west-2", 2, 1));
    expect_outcome(act(b, "promote", args), EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

START_TEST(an_old_primary_is_never_taken_for_a_promoted_replica)
{
    struct bench *b = with_replica();
    const char *back = DB "region=us-east-1\nfrom=us-west-2\nto=us-east-1\nmode=ungraceful\n";
    const struct evac_reply *r = look(b, "promote", back);
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, "old primary");
    expect(look(b, "ready", back), EVAC_SEEN_BLOCKED);
    expect_outcome(act(b, "promote", back), EVAC_OUTCOME_REJECTED);
    expect_refused(b, "rds", EVAC_VERB_APPLY, "promote",
                   TO("ungraceful") "want.backup_retention=90\n", "from 0 to 35");
    bench_free(b);
}
END_TEST

START_TEST(another_runs_promotion_is_not_this_runs)
{
    struct bench *b = with_replica();
    expect_outcome(act(b, "promote", TO("ungraceful")), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "rds", "promote", TO("ungraceful"), 60000), EVAC_SEEN_SATISFIED);
    expect(look(b, "promote", "instances=orders-usw2\nrun=8\n" WAY("us-west-2", "ungraceful")),
           EVAC_SEEN_BLOCKED);
    bench_free(b);
}
END_TEST

/* -1, "stopped", is no lag: the last one counts, and ages, until it is too old to be told. */
START_TEST(a_replica_that_lags_says_so_and_one_that_stopped_ages)
{
    struct bench *b = with_replica();
    bench_control(b, "lag us-west-2 2500");
    bench_run(b, 30000);
    const struct evac_reply *r = bench_call(b, "rds", EVAC_VERB_MEASURE, "", TO("graceful"));
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "lag_ms"), 2500);
    ck_assert_int_le(bench_wall(b) - bench_fact(r, "as_of_wall_ms"), 8000);
    bench_control(b, "region us-east-1 isolated");
    bench_run(b, 30000);
    r = bench_call(b, "rds", EVAC_VERB_MEASURE, "", TO("graceful"));
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "lag_ms"), 2500);
    ck_assert_int_ge(bench_wall(b) - bench_fact(r, "as_of_wall_ms"), 29000);
    expect(bench_call(b, "cloudwatch", EVAC_VERB_OBSERVE, "below",
                      "namespace=AWS/RDS\nmetric=ReplicaLag\nunit=s\nstat=Maximum\nperiod=1s\n"
                      "dimensions.DBInstanceIdentifier=orders-usw2\nwant.max=10s\n" WAY(
                          "us-west-2", "graceful")),
           EVAC_SEEN_UNSEEN);
    bench_run(b, 300000);
    expect(bench_call(b, "rds", EVAC_VERB_MEASURE, "", TO("graceful")), EVAC_SEEN_UNSEEN);
    expect(look(b, "ready", TO("graceful")), EVAC_SEEN_BLOCKED);
    expect(look(b, "ready", TO("ungraceful")), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(what_can_not_be_seen_is_not_guessed)
{
    struct bench *b = with_replica();
    const char *args = TO("ungraceful");
    bench_control(b, "region us-west-2 down");
    expect(look(b, "promote", args), EVAC_SEEN_UNSEEN);
    bench_control(b, "region us-west-2 up");
    bench_control(b, "service rds us-west-2 throttled");
    expect_outcome(act(b, "promote", args), EVAC_OUTCOME_THROTTLED);
    bench_control(b, "service rds us-west-2 up");
    bench_control(b, "service rds us-west-2 denied");
    expect(look(b, "promote", args), EVAC_SEEN_UNSEEN);
    expect_outcome(act(b, "promote", args), EVAC_OUTCOME_NOT_SENT);
    bench_control(b, "service rds us-west-2 up");
    /* the tag's answer is lost: nothing was promoted; then the promotion's: it was, once */
    bench_control(b, "service rds us-west-2 lost-mutation 1");
    expect_outcome(act(b, "promote", args), EVAC_OUTCOME_UNKNOWN);
    expect(look(b, "promote", args), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "promote", args), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "rds", "promote", args, 60000), EVAC_SEEN_SATISFIED);
    ck_assert(bench_counted(b, "PromoteReadReplica", "us-west-2", 1, 1));
    bench_free(b);
}
END_TEST

/* Reads may show the past: the service's own guards keep a repeated request from having an effect.
 */
START_TEST(an_old_view_changes_nothing_twice)
{
    struct bench *b = with_replica();
    const char *args = TO("ungraceful");
    const char *restore = DB BACKUPS WAY("us-west-2", "ungraceful");
    bench_control(b, "make rds us-west-2 {\"kind\":\"snapshot\",\"id\":\"old\",\"db\":"
                     "\"orders-use1\",\"source_region\":\"us-east-1\"}");
    bench_control(b, "stale 5000");
    const struct {
        const char *action, *args, *code;
    } moves[] = {
        { "promote", args, "InvalidDBInstanceState" },
        { "recover", restore, "DBInstanceAlreadyExists" },
    };
    for (int i = 0; i < 2; i++) {
        expect(look(b, moves[i].action, moves[i].args), EVAC_SEEN_UNSATISFIED);
        expect_outcome(act(b, moves[i].action, moves[i].args), EVAC_OUTCOME_ACCEPTED);
        for (int k = 0; k < 10; k++) {
            const struct evac_reply *r = act(b, moves[i].action, moves[i].args);
            expect_outcome(r, EVAC_OUTCOME_REJECTED);
            ck_assert(evac_str_is(r->code, moves[i].code));
        }
    }
    ck_assert(bench_true(b, "\"operation\":\"RestoreDBInstanceFromDBSnapshot\",\"region\":"
                            "\"us-west-2\",\"received\":"));
    bench_control(b, "stale 0");
    expect(bench_settle(b, "rds", "promote", args, 60000), EVAC_SEEN_SATISFIED);
    expect(bench_settle(b, "rds", "recover", restore, 200000), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(a_region_that_is_down_finishes_nothing)
{
    struct bench *b = with_replica();
    const char *args = TO("ungraceful");
    expect_outcome(act(b, "promote", args), EVAC_OUTCOME_ACCEPTED);
    bench_control(b, "region us-west-2 down");
    bench_run(b, 60000);
    bench_control(b, "region us-west-2 up");
    expect(look(b, "promote", args), EVAC_SEEN_MOVING);
    expect(bench_settle(b, "rds", "promote", args, 60000), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(a_size_is_changed_and_restored)
{
    struct bench *b = with_replica();
    const char *args = TO("graceful") "want.class=db.m6g.4xlarge\nwant.multi_az=true\n";
    char before[512];
    const struct evac_reply *r = look(b, "size", args);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    expect_outcome(act(b, "size", args), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "size", args), EVAC_SEEN_MOVING);
    expect(bench_settle(b, "rds", "size", args, 120000), EVAC_SEEN_SATISFIED);
    expect_outcome(act(b, "size", args), EVAC_OUTCOME_REJECTED);
    bench_goal(b, before);
    expect(look(b, "size", args), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "size", args), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "rds", "size", args, 120000), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"id\":\"orders-usw2\",\"region\":\"us-west-2\",\"status\":"
                            "\"available\",\"class\":\"db.m6g.large\""));
    bench_goal(b, "");
    expect_refused(b, "rds", EVAC_VERB_OBSERVE, "size", TO("graceful"), "wants a class");
    expect_refused(b, "rds", EVAC_VERB_OBSERVE, "size", TO("graceful") "want.class=large\n", "db.");
    bench_control(b, "service rds us-west-2 capacity-refused");
    r = act(b, "size", TO("graceful") "want.class=db.m6g.8xlarge\n");
    expect_outcome(r, EVAC_OUTCOME_REJECTED);
    ck_assert(evac_str_is(r->code, "InsufficientDBInstanceCapacity"));
    bench_free(b);
}
END_TEST

/* --- protecting again --------------------------------------------------------------------------
 */

START_TEST(a_new_replica_is_made_only_where_no_old_primary_is)
{
    struct bench *b = with_replica();
    expect_outcome(act(b, "promote", TO("ungraceful")), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "rds", "promote", TO("ungraceful"), 60000), EVAC_SEEN_SATISFIED);
    const struct evac_reply *r = look(b, "protect", FROM("ungraceful"));
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, "rename it or delete it");
    r = act(b, "protect", FROM("ungraceful"));
    expect_outcome(r, EVAC_OUTCOME_REJECTED);
    ck_assert(evac_str_is(r->code, "DBInstanceAlreadyExists"));
    const char *args = "instances.us-east-1=orders-back\ninstances.us-west-2=orders-usw2\n"
                       "run=7\n" WAY("us-east-1", "ungraceful");
    bench_run(b, 30000);
    expect(look(b, "protect", args), EVAC_SEEN_UNSATISFIED);
    bench_control(b, "service rds us-east-1 lost-mutation 1");
    expect_outcome(act(b, "protect", args), EVAC_OUTCOME_UNKNOWN);
    expect(look(b, "protect", args), EVAC_SEEN_MOVING);
    expect(bench_settle(b, "rds", "protect", args, 120000), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"id\":\"orders-back\",\"region\":\"us-east-1\",\"status\":"
                            "\"available\",\"class\":\"db.m6g.large\",\"source\":\"orders-usw2\""));
    bench_control(b, "region us-west-2 isolated");
    expect(look(b, "protect", args), EVAC_SEEN_MOVING);
    bench_free(b);
}
END_TEST

START_TEST(backups_are_replicated_into_the_other_region)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make rds us-east-1 {\"kind\":\"instance\",\"id\":\"orders-use1\","
                     "\"encrypted\":true}");
    const char *plain = DB BACKUPS "want.backup_retention=7\n" WAY("us-west-2", "graceful");
    const char *args = DB BACKUPS "kms_key.us-west-2=alias/orders\n" WAY("us-west-2", "graceful");
    expect(look(b, "protect", args), EVAC_SEEN_UNSATISFIED);
    const struct evac_reply *r = act(b, "protect", plain); /* encrypted: needs a key there */
    expect_outcome(r, EVAC_OUTCOME_REJECTED);
    expect_outcome(act(b, "protect", args), EVAC_OUTCOME_ACCEPTED);
    r = look(b, "protect", args);
    expect(r, EVAC_SEEN_MOVING);
    expect_outcome(act(b, "protect", args), EVAC_OUTCOME_REJECTED);
    expect(bench_settle(b, "rds", "protect", args, 90000), EVAC_SEEN_SATISFIED);
    expect(look(b, "ready", args), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

/* --- restoring ---------------------------------------------------------------------------------
 */

static struct bench *with_backups(void)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make rds us-east-1 {\"kind\":\"instance\",\"id\":\"orders-use1\"}");
    bench_control(b,
                  "make rds us-west-2 {\"kind\":\"snapshot\",\"id\":\"old\",\"db\":\"orders-use1\","
                  "\"source_region\":\"us-east-1\",\"age_ms\":7200000}");
    return b;
}

START_TEST(the_newest_recovery_point_is_restored_and_tells_what_is_lost)
{
    struct bench *b = with_backups();
    const char *args = DB BACKUPS WAY("us-west-2", "ungraceful");
    /* copied a minute ago, and older than the other one */
    bench_control(b, "make rds us-west-2 {\"kind\":\"snapshot\",\"id\":\"older\",\"db\":"
                     "\"orders-use1\",\"source_region\":\"us-east-1\",\"age_ms\":9000000,"
                     "\"copied_age_ms\":60000}");
    bench_control(b, "make rds us-west-2 {\"kind\":\"snapshot\",\"id\":\"making\",\"db\":"
                     "\"orders-use1\",\"source_region\":\"us-east-1\",\"creating\":true}");
    int64_t taken = bench_wall(b) - 7200000;
    const struct evac_reply *r = bench_call(b, "rds", EVAC_VERB_MEASURE, "", args);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "as_of_wall_ms") - bench_fact(r, "lag_ms"), taken);
    r = look(b, "ready", args);
    expect(r, EVAC_SEEN_SATISFIED);
    expect_reason(r, "old");
    bench_control(b, "region us-east-1 down");
    r = look(b, "recover", args);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert_int_eq(bench_fact(r, "as_of_wall_ms"), taken);
    bench_control(b, "service rds us-west-2 lost-mutation 1");
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_UNKNOWN);
    expect(look(b, "recover", args), EVAC_SEEN_MOVING);
    r = act(b, "recover", args);
    expect_outcome(r, EVAC_OUTCOME_REJECTED);
    ck_assert(evac_str_is(r->code, "DBInstanceAlreadyExists"));
    r = bench_settle(b, "rds", "recover", args, 200000);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "as_of_wall_ms"), taken);
    char part[300];
    (void)snprintf(
        part, sizeof part,
        "\"id\":\"orders-restored\",\"region\":\"us-west-2\",\"status\":\"%s\",\"class\":"
        "\"db.m6g.large\",\"source\":\"\",\"data_ms\":%lld",
        "backing-up", (long long)taken);
    bench_run(b, 1);
    ck_assert_msg(bench_true(b, part), "%s", part);
    ck_assert(bench_counted(b, "RestoreDBInstanceFromDBSnapshot", "us-west-2", 1, 1));
    bench_free(b);
}
END_TEST

START_TEST(replicated_backups_are_newer_than_a_snapshot)
{
    struct bench *b = with_backups();
    const char *args = DB BACKUPS "subnet_group=private\nsecurity_groups=[\"sg-1\",\"sg-2\"]\n"
                                  "parameter_group=orders16\n" WAY("us-west-2", "ungraceful");
    bench_control(b,
                  "make rds us-west-2 {\"kind\":\"automated-backups\",\"source\":\"orders-use1\","
                  "\"source_region\":\"us-east-1\"}");
    bench_run(b, 60000);
    const struct evac_reply *r = bench_call(b, "rds", EVAC_VERB_MEASURE, "", args);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_le(bench_fact(r, "lag_ms"), 31000); /* five minutes, ten times as fast */
    bench_control(b, "region us-east-1 down");
    bench_run(b, 60000);
    r = bench_call(b, "rds", EVAC_VERB_MEASURE, "", args);
    ck_assert_int_ge(bench_fact(r, "lag_ms"), 60000);
    int64_t latest = bench_fact(r, "as_of_wall_ms") - bench_fact(r, "lag_ms");
    r = act(b, "recover", args); /* its groups are not in that region */
    expect_outcome(r, EVAC_OUTCOME_REJECTED);
    ck_assert(evac_str_is(r->code, "DBSubnetGroupNotFoundFault"));
    bench_control(b, "make rds us-west-2 {\"kind\":\"subnet-group\",\"id\":\"private\"}");
    r = act(b, "recover", args);
    ck_assert(evac_str_is(r->code, "DBParameterGroupNotFound"));
    bench_control(b, "make rds us-west-2 {\"kind\":\"parameter-group\",\"id\":\"orders16\"}");
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_ACCEPTED);
    r = bench_settle(b, "rds", "recover", args, 200000);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "as_of_wall_ms"), latest);
    char part[64];
    (void)snprintf(part, sizeof part, "\"data_ms\":%lld", (long long)latest);
    ck_assert(bench_true(b, part));
    bench_free(b);
}
END_TEST

START_TEST(without_a_recovery_point_nothing_is_ready)
{
    struct bench *b = bench_new(10);
    const char *args = DB BACKUPS WAY("us-west-2", "ungraceful");
    bench_control(b, "make rds us-west-2 {\"kind\":\"instance\",\"id\":\"orders-usw2\"}");
    expect(look(b, "ready", args), EVAC_SEEN_BLOCKED);
    expect(look(b, "recover", args), EVAC_SEEN_BLOCKED);
    expect(bench_call(b, "rds", EVAC_VERB_MEASURE, "", args), EVAC_SEEN_UNSEEN);
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_REJECTED);
    /* a name that is taken is no restored copy, whatever there is to restore */
    const char *taken = DB "protected_by=backups\n" WAY("us-west-2", "ungraceful");
    expect(look(b, "ready", taken), EVAC_SEEN_BLOCKED);
    expect(look(b, "recover", taken), EVAC_SEEN_BLOCKED);
    expect_refused(b, "rds", EVAC_VERB_OBSERVE, "recover",
                   "instances=orders\n" WAY("us-west-2", "ungraceful"), "needs a run");
    bench_free(b);
}
END_TEST

START_TEST(all_pages_of_snapshots_are_read)
{
    struct bench *b = bench_new(10);
    const char *args = DB BACKUPS WAY("us-west-2", "ungraceful");
    bench_control(b, "make rds us-east-1 {\"kind\":\"instance\",\"id\":\"orders-use1\"}");
    for (int i = 0; i < 130; i++)
        bench_control(b,
                      "make rds us-west-2 {\"kind\":\"snapshot\",\"id\":\"s%d\",\"db\":"
                      "\"orders-use1\",\"age_ms\":%d}",
                      i, 10000000 - i * 1000);
    const struct evac_reply *r = look(b, "ready", args);
    expect(r, EVAC_SEEN_SATISFIED);
    expect_reason(r, "s129");
    bench_free(b);
}
END_TEST

START_TEST(a_rehearsal_is_undone_by_a_rollback)
{
    struct bench *b = with_backups();
    const char *args = DB BACKUPS WAY("us-west-2", "ungraceful");
    char before[512];
    const struct evac_reply *r = look(b, "rehearse", args);
    ck_assert(evac_str_copy(before, sizeof before, r->snapshot));
    expect_outcome(act(b, "rehearse", args), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "rds", "rehearse", args, 200000), EVAC_SEEN_SATISFIED);
    bench_goal(b, before);
    expect(look(b, "rehearse", args), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "rehearse", args), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "rds", "rehearse", args, 60000), EVAC_SEEN_SATISFIED);
    ck_assert(!bench_true(b, "-drill"));
    /* a recovery has no such way back */
    bench_goal(b, "");
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_ACCEPTED);
    bench_goal(b, before);
    expect(bench_settle(b, "rds", "recover", args, 200000), EVAC_SEEN_SATISFIED);
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_REJECTED);
    bench_free(b);
}
END_TEST

START_TEST(a_drills_copy_is_discarded_and_nothing_else_ever)
{
    struct bench *b = with_backups();
    const char *args = DB BACKUPS WAY("us-west-2", "ungraceful");
    expect(look(b, "discard", args), EVAC_SEEN_SATISFIED);
    expect(look(b, "rehearse", args), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "rehearse", args), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "rds", "rehearse", args, 200000), EVAC_SEEN_SATISFIED);
    ck_assert(bench_true(b, "\"id\":\"orders-restored-drill\""));
    /* the next drill does not take the last one's copy for its own */
    const char *next =
        "instances.us-east-1=orders-use1\ninstances.us-west-2=orders-usw2\nrun=8\n" BACKUPS WAY(
            "us-west-2", "ungraceful");
    const struct evac_reply *r = look(b, "rehearse", next);
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, "run 7");
    expect(look(b, "discard", next), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "discard", next), EVAC_OUTCOME_ACCEPTED);
    expect(look(b, "discard", next), EVAC_SEEN_MOVING);
    expect_outcome(act(b, "discard", next), EVAC_OUTCOME_REJECTED);
    expect(bench_settle(b, "rds", "discard", next, 60000), EVAC_SEEN_SATISFIED);
    ck_assert(!bench_true(b, "\"id\":\"orders-restored-drill\""));
    /* what a real recovery has made is production now, whatever name it is called by */
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "rds", "recover", args, 200000), EVAC_SEEN_SATISFIED);
    const char *wrong =
        DB "restore_as=other\nrehearse_as=orders-restored\n" WAY("us-west-2", "ungraceful");
    expect(look(b, "discard", wrong), EVAC_SEEN_BLOCKED);
    expect_outcome(act(b, "discard", wrong), EVAC_OUTCOME_REJECTED);
    ck_assert(bench_counted(b, "DeleteDBInstance", "us-west-2", 2, 1));
    expect_refused(b, "rds", EVAC_VERB_APPLY, "discard",
                   DB "restore_as=one\nrehearse_as=one\n" WAY("us-west-2", "ungraceful"),
                   "its own name");
    bench_free(b);
}
END_TEST

/* With one identifier in both regions, only what was copied is the other one's. */
START_TEST(the_regions_own_backups_are_not_the_other_regions)
{
    struct bench *b = bench_new(10);
    const char *args =
        "instances=orders\nrestore_as=orders-back\nprotected_by=backups\nrun=7\n" WAY("us-west-2",
                                                                                      "ungraceful");
    bench_control(b, "make rds us-east-1 {\"kind\":\"instance\",\"id\":\"orders\"}");
    bench_control(b, "make rds us-west-2 {\"kind\":\"instance\",\"id\":\"orders\"}");
    bench_control(b, "make rds us-west-2 {\"kind\":\"snapshot\",\"id\":\"own\",\"db\":\"orders\"}");
    expect(look(b, "ready", args), EVAC_SEEN_BLOCKED);
    bench_control(b, "make rds us-west-2 {\"kind\":\"snapshot\",\"id\":\"copied\",\"db\":"
                     "\"orders\",\"source_region\":\"us-east-1\",\"age_ms\":60000}");
    const struct evac_reply *r = look(b, "ready", args);
    expect(r, EVAC_SEEN_SATISFIED);
    expect_reason(r, "copied");
    ck_assert_int_eq(bench_fact(r, "age_ms") / 1000, 60);
    bench_free(b);
}
END_TEST

START_TEST(a_point_in_time_of_its_own_is_restored_beside_it)
{
    struct bench *b = bench_new(10);
    const char *args = "instances=orders\nrecover_from=point-in-time\nrestore_as=orders-before\n"
                       "run=7\nwant.time=2026-09-21T14:14:00Z\n" WAY("us-west-2", "ungraceful");
    bench_control(b, "make rds us-west-2 {\"kind\":\"instance\",\"id\":\"orders\"}");
    expect(look(b, "recover", args), EVAC_SEEN_BLOCKED); /* no log of that time is there yet */
    bench_run(b, 90000);
    const struct evac_reply *r = look(b, "recover", args);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert_int_eq(bench_fact(r, "as_of_wall_ms"), 1790000040000);
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_ACCEPTED);
    r = bench_settle(b, "rds", "recover", args, 200000);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "as_of_wall_ms"), 1790000040000);
    ck_assert(bench_true(b, "\"data_ms\":1790000040000"));
    expect_refused(
        b, "rds", EVAC_VERB_APPLY, "recover",
        "instances=orders\nrecover_from=point-in-time\nrun=7\n" WAY("us-west-2", "ungraceful"),
        "set restore_as");
    expect_refused(
        b, "rds", EVAC_VERB_APPLY, "recover",
        "instances=orders\nrun=7\nwant.time=2026-09-21T14:14:00Z\n" WAY("us-west-2", "ungraceful"),
        "recover_from");
    expect_refused(b, "rds", EVAC_VERB_APPLY, "recover",
                   "instances=orders\nrecover_from=point-in-time\nrestore_as=x\nrun=7\n"
                   "want.time=yesterday\n" WAY("us-west-2", "ungraceful"),
                   "it is written as");
    bench_free(b);
}
END_TEST

/* --- clusters ----------------------------------------------------------------------------------
 */

#define CLUSTER                                                                                    \
    "clusters.us-east-1=books-use1\nclusters.us-west-2=books-usw2\nclass=db.serverless\n"          \
    "acu_min=0.5\nacu_max=8\nrun=7\n" WAY("us-west-2", "ungraceful")

static const struct evac_reply *look_at_cluster(struct bench *b, const char *action)
{
    return bench_call(b, "aurora-restore", EVAC_VERB_OBSERVE, action, CLUSTER);
}

static const struct evac_reply *act_on_cluster(struct bench *b, const char *action)
{
    return bench_call(b, "aurora-restore", EVAC_VERB_APPLY, action, CLUSTER);
}

START_TEST(a_cluster_is_restored_with_an_instance_and_its_drill_is_discarded)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make rds us-east-1 {\"kind\":\"cluster\",\"id\":\"books-use1\"}");
    bench_control(b, "make rds us-west-2 {\"kind\":\"cluster-snapshot\",\"id\":\"c1\",\"db\":"
                     "\"books-use1\",\"age_ms\":3600000}");
    int64_t taken = bench_wall(b) - 3600000;
    expect(look_at_cluster(b, "ready"), EVAC_SEEN_SATISFIED);
    const struct evac_reply *r = look_at_cluster(b, "rehearse");
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert_int_eq(bench_fact(r, "as_of_wall_ms"), taken);
    bench_control(b, "service rds us-west-2 lost-mutation 1");
    expect_outcome(act_on_cluster(b, "rehearse"), EVAC_OUTCOME_UNKNOWN);
    r = bench_settle(b, "aurora-restore", "rehearse", CLUSTER, 200000);
    expect(r, EVAC_SEEN_UNSATISFIED); /* a cluster without an instance takes no connection */
    expect_reason(r, "no instance");
    expect_outcome(act_on_cluster(b, "rehearse"), EVAC_OUTCOME_ACCEPTED);
    expect(look_at_cluster(b, "rehearse"), EVAC_SEEN_MOVING);
    expect_outcome(act_on_cluster(b, "rehearse"), EVAC_OUTCOME_REJECTED);
    r = bench_settle(b, "aurora-restore", "rehearse", CLUSTER, 200000);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "as_of_wall_ms"), taken);
    ck_assert(bench_counted(b, "RestoreDBClusterFromSnapshot", "us-west-2", 1, 1));
    expect(look_at_cluster(b, "discard"), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act_on_cluster(b, "discard"), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "aurora-restore", "discard", CLUSTER, 120000), EVAC_SEEN_SATISFIED);
    ck_assert(!bench_true(b, "books-usw2-drill"));
    expect_refused(b, "aurora-restore", EVAC_VERB_APPLY, "recover",
                   "clusters=books\nrun=7\n" WAY("us-west-2", "ungraceful"), "needs 'class'");
    bench_free(b);
}
END_TEST

START_TEST(a_cluster_is_restored_to_its_latest_time)
{
    struct bench *b = bench_new(10);
    const char *args = "clusters=books\nrecover_from=point-in-time\nrestore_as=books-before\n"
                       "class=db.r6g.large\nrun=7\n" WAY("us-west-2", "ungraceful");
    bench_control(b, "make rds us-west-2 {\"kind\":\"cluster\",\"id\":\"books\"}");
    bench_run(b, 45000);
    const struct evac_reply *r =
        bench_call(b, "aurora-restore", EVAC_VERB_OBSERVE, "recover", args);
    expect(r, EVAC_SEEN_UNSATISFIED);
    int64_t latest = bench_fact(r, "as_of_wall_ms");
    expect_outcome(bench_call(b, "aurora-restore", EVAC_VERB_APPLY, "recover", args),
                   EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "aurora-restore", "recover", args, 200000), EVAC_SEEN_UNSATISFIED);
    expect_outcome(bench_call(b, "aurora-restore", EVAC_VERB_APPLY, "recover", args),
                   EVAC_OUTCOME_ACCEPTED);
    r = bench_settle(b, "aurora-restore", "recover", args, 200000);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "as_of_wall_ms"), latest);
    char part[64];
    (void)snprintf(part, sizeof part, "\"data_ms\":%lld", (long long)latest);
    ck_assert(bench_true(b, part));
    bench_free(b);
}
END_TEST

/* --- planned: what was written before the fence ------------------------------------------------
 */

#define PLANNED(region)                                                                            \
    "region=" region "\nfrom=us-east-1\nto=us-west-2\nmode=graceful\nkms_key=alias/shop\n"
#define ORDERS_HERE(region) DB BACKUPS PLANNED(region)
#define BOOKS_HERE(region)                                                                         \
    "clusters.us-east-1=books-use1\nclusters.us-west-2=books-usw2\nclass=db.serverless\n"          \
    "run=7\n" PLANNED(region)

static const struct captured {
    const char *driver, *make, *old, *from, *to, *take, *copy;
} captured[] = {
    { "rds", "{\"kind\":\"instance\",\"id\":\"orders-use1\"}",
      "{\"kind\":\"snapshot\",\"id\":\"old\",\"db\":\"orders-use1\",\"source_region\":\"us-east-"
      "1\","
      "\"age_ms\":7200000}",
      ORDERS_HERE("us-east-1"), ORDERS_HERE("us-west-2"), "CreateDBSnapshot", "CopyDBSnapshot" },
    { "aurora-restore", "{\"kind\":\"cluster\",\"id\":\"books-use1\"}",
      "{\"kind\":\"cluster-snapshot\",\"id\":\"old\",\"db\":\"books-use1\",\"age_ms\":7200000}",
      BOOKS_HERE("us-east-1"), BOOKS_HERE("us-west-2"), "CreateDBClusterSnapshot",
      "CopyDBClusterSnapshot" },
};

START_TEST(what_was_written_before_the_fence_is_captured_copied_and_only_then_restored)
{
    const struct captured *t = &captured[_i];
    struct bench *b = bench_new(10);
    char here[700], there[700];
    bench_control(b, "make rds us-east-1 %s", t->make);
    bench_control(b, "make rds us-west-2 %s", t->old);
    bench_run(b, 20000);
    int64_t fenced = bench_wall(b);
    const char *from = bench_fenced(b, t->from, here, sizeof here);
    const char *to = bench_fenced(b, t->to, there, sizeof there);
    const struct evac_reply *r = bench_call(b, t->driver, EVAC_VERB_OBSERVE, "recover", to);
    expect(r, EVAC_SEEN_BLOCKED);
    expect_reason(r, "no newer one is on its way");
    expect_outcome(bench_call(b, t->driver, EVAC_VERB_APPLY, "recover", to), EVAC_OUTCOME_REJECTED);
    expect(bench_call(b, t->driver, EVAC_VERB_OBSERVE, "capture", from), EVAC_SEEN_MOVING);
    bench_run(b, 2500);
    expect(bench_call(b, t->driver, EVAC_VERB_OBSERVE, "capture", from), EVAC_SEEN_UNSATISFIED);
    bench_control(b, "service rds us-east-1 lost-mutation 1");
    expect_outcome(bench_call(b, t->driver, EVAC_VERB_APPLY, "capture", from),
                   EVAC_OUTCOME_UNKNOWN);
    r = bench_settle(b, t->driver, "capture", from, 60000);
    expect(r, EVAC_SEEN_UNSATISFIED);
    expect_reason(r, "not copied");
    expect_outcome(bench_call(b, t->driver, EVAC_VERB_APPLY, "capture", from),
                   EVAC_OUTCOME_ACCEPTED);
    r = bench_call(b, t->driver, EVAC_VERB_OBSERVE, "recover", to);
    expect(r, EVAC_SEEN_MOVING);
    expect_reason(r, "a newer one is being made");
    expect(bench_settle(b, t->driver, "capture", from, 200000), EVAC_SEEN_SATISFIED);
    r = bench_call(b, t->driver, EVAC_VERB_OBSERVE, "recover", to);
    expect(r, EVAC_SEEN_UNSATISFIED);
    ck_assert_int_ge(bench_fact(r, "as_of_wall_ms"), fenced);
    ck_assert(bench_counted(b, t->take, "us-east-1", 1, 1));
    ck_assert(bench_counted(b, t->copy, "us-west-2", 1, 1));
    expect_outcome(bench_call(b, t->driver, EVAC_VERB_APPLY, "recover", to), EVAC_OUTCOME_ACCEPTED);
    bench_free(b);
}
END_TEST

/* Another run of the same number, of a controller that was set up anew, is not served by it. */
START_TEST(a_capture_is_of_its_own_fence)
{
    struct bench *b = with_backups();
    char first[700], second[700];
    bench_run(b, 20000);
    const char *args = bench_fenced(b, captured[0].from, first, sizeof first);
    bench_run(b, 2500);
    expect_outcome(act(b, "capture", args), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "rds", "capture", args, 60000), EVAC_SEEN_UNSATISFIED);
    expect_outcome(act(b, "capture", args), EVAC_OUTCOME_ACCEPTED);
    expect(bench_settle(b, "rds", "capture", args, 200000), EVAC_SEEN_SATISFIED);
    args = bench_fenced(b, captured[0].from, second, sizeof second);
    bench_run(b, 2500);
    expect(look(b, "capture", args), EVAC_SEEN_UNSATISFIED);
    bench_free(b);
}
END_TEST

START_TEST(where_backups_arrive_by_themselves_none_is_taken)
{
    struct bench *b = with_backups();
    char here[700], there[700];
    bench_control(b,
                  "make rds us-west-2 {\"kind\":\"automated-backups\",\"source\":\"orders-use1\","
                  "\"source_region\":\"us-east-1\"}");
    bench_run(b, 65000);
    const char *from = bench_fenced(b, captured[0].from, here, sizeof here);
    const char *to = bench_fenced(b, captured[0].to, there, sizeof there);
    const struct evac_reply *r = look(b, "capture", from);
    expect(r, EVAC_SEEN_SATISFIED);
    expect_reason(r, "replicated");
    r = look(b, "recover", to);
    expect(r, EVAC_SEEN_MOVING);
    expect_reason(r, "waits for a recovery point at or after the fence");
    bench_run(b, 35000);
    expect(look(b, "recover", to), EVAC_SEEN_UNSATISFIED);
    /* in an emergency nobody waits, and without a fence there is nothing to take */
    expect(look(b, "recover", DB BACKUPS WAY("us-west-2", "ungraceful")), EVAC_SEEN_UNSATISFIED);
    expect(look(b, "capture", captured[0].from), EVAC_SEEN_SATISFIED);
    bench_free(b);
}
END_TEST

/* A clock that AWS's is ahead of says too early an instant: what is from between does not count. */
START_TEST(the_fence_is_told_by_another_clock)
{
    struct bench *b = with_backups();
    char here[700];
    bench_control(b,
                  "make rds us-west-2 {\"kind\":\"automated-backups\",\"source\":\"orders-use1\","
                  "\"source_region\":\"us-east-1\"}");
    bench_run(b, 65000);
    bench_clock(b, -20000);
    const char *to = bench_fenced(b, captured[0].to, here, sizeof here);
    expect(look(b, "recover", to), EVAC_SEEN_MOVING);
    bench_run(b, 35000);
    expect(look(b, "recover", to), EVAC_SEEN_UNSATISFIED);
    bench_free(b);
}
END_TEST

/* A copy of a cluster's snapshot only tells when it was copied. */
START_TEST(no_loss_is_computed_from_a_copy_of_unknown_age)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make rds us-west-2 {\"kind\":\"cluster-snapshot\",\"id\":\"copied\",\"db\":"
                     "\"books-use1\",\"source_region\":\"us-east-1\",\"age_ms\":3600000,\"copied_"
                     "age_ms\":60000}");
    const struct evac_reply *r = bench_call(b, "aurora-restore", EVAC_VERB_MEASURE, "", CLUSTER);
    expect(r, EVAC_SEEN_UNSEEN);
    expect_reason(r, "how old");
    r = look_at_cluster(b, "ready");
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "as_of_wall_ms"), -2);
    /* AWS's own names tell */
    bench_control(b, "make rds us-west-2 {\"kind\":\"cluster-snapshot\",\"id\":"
                     "\"rds:books-use1-2026-09-21-14-13\",\"db\":\"books-use1\","
                     "\"source_region\":\"us-east-1\"}");
    r = bench_call(b, "aurora-restore", EVAC_VERB_MEASURE, "", CLUSTER);
    expect(r, EVAC_SEEN_SATISFIED);
    ck_assert_int_eq(bench_fact(r, "as_of_wall_ms") - bench_fact(r, "lag_ms"), 1789999980000);
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("replica");
    tcase_add_test(tc, a_replica_is_promoted_once_and_stands_alone);
    tcase_add_test(tc, an_old_primary_is_never_taken_for_a_promoted_replica);
    tcase_add_test(tc, another_runs_promotion_is_not_this_runs);
    tcase_add_test(tc, a_replica_that_lags_says_so_and_one_that_stopped_ages);
    tcase_add_test(tc, what_can_not_be_seen_is_not_guessed);
    tcase_add_test(tc, an_old_view_changes_nothing_twice);
    tcase_add_test(tc, a_region_that_is_down_finishes_nothing);
    tcase_add_test(tc, a_size_is_changed_and_restored);
    tcase_add_test(tc, a_new_replica_is_made_only_where_no_old_primary_is);
    tcase_add_test(tc, backups_are_replicated_into_the_other_region);
    suite_add_tcase(suite, tc);
    tc = tcase_create("backups");
    tcase_add_test(tc, the_newest_recovery_point_is_restored_and_tells_what_is_lost);
    tcase_add_test(tc, replicated_backups_are_newer_than_a_snapshot);
    tcase_add_test(tc, without_a_recovery_point_nothing_is_ready);
    tcase_add_test(tc, all_pages_of_snapshots_are_read);
    tcase_add_test(tc, the_regions_own_backups_are_not_the_other_regions);
    tcase_add_test(tc, a_point_in_time_of_its_own_is_restored_beside_it);
    tcase_add_test(tc, a_cluster_is_restored_to_its_latest_time);
    tcase_add_test(tc, a_rehearsal_is_undone_by_a_rollback);
    tcase_add_test(tc, a_drills_copy_is_discarded_and_nothing_else_ever);
    tcase_add_test(tc, a_cluster_is_restored_with_an_instance_and_its_drill_is_discarded);
    tcase_add_test(tc, no_loss_is_computed_from_a_copy_of_unknown_age);
    suite_add_tcase(suite, tc);
    tc = tcase_create("planned");
    tcase_add_loop_test(
        tc, what_was_written_before_the_fence_is_captured_copied_and_only_then_restored, 0, 2);
    tcase_add_test(tc, a_capture_is_of_its_own_fence);
    tcase_add_test(tc, where_backups_arrive_by_themselves_none_is_taken);
    tcase_add_test(tc, the_fence_is_told_by_another_clock);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("the RDS drivers", cases)
