/* The driver backup before the model: recovery points, restores, drills' copies, copies home. */
#include "aws_pack.h"
#include "sandbox_bench.h"
#include "suite.h"

#include <string.h>

#define ORDERS "arn:aws:rds:us-east-1:123456789012:db:orders"
#define BASE(run, type)                                                                            \
    "app=shop\nrun=" run "\nvaults.us-east-1=shop\nvaults.us-west-2=shop-dr\n"                     \
    "role=arn:aws:iam::123456789012:role/restore\nresource_type=" type "\n"
#define RDS_AS(run, name, metadata)                                                                \
    BASE(run, "RDS")                                                                               \
    "arns.us-east-1=" ORDERS "\narns.us-west-2=arn:aws:rds:us-west-2:123456789012:db:orders-w\n"   \
    "restore_as.us-west-2=" name "\nrestore_as.us-east-1=orders\nmetadata=" metadata "\n"
#define RDS(run)         RDS_AS(run, "orders-w", "[\"AvailabilityZone=\",\"DBSubnetGroupName=private\"]")
#define AWAY(mode)       "from=us-east-1\nto=us-west-2\nmode=" mode "\n"
#define TO_OF(run)       RDS(run) "region=us-west-2\n" AWAY("ungraceful")
#define TO               TO_OF("7")
#define PLANNED          RDS("7") "region=us-west-2\n" AWAY("graceful")
#define HOME_WITHIN(age) RDS("7") "region=us-east-1\nwant.max_age=" age "\n" AWAY("ungraceful")
#define HOME             HOME_WITHIN("24h")
#define EFS                                                                                        \
    BASE("7", "EFS")                                                                               \
    "arns=arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-1\nregion=us-west-2\n"   \
    "metadata=[\"AvailabilityZone=\",\"newFileSystem=true\"]\n" AWAY("ungraceful")

BENCH_DRIVER("backup")

static const struct evac_reply *settle(struct bench *b, const char *action, const char *args)
{
    return bench_settle(b, "backup", action, args, 600000);
}

static const struct evac_reply *measure(struct bench *b, const char *args)
{
    return bench_call(b, "backup", EVAC_VERB_MEASURE, "", args);
}

/* Another process goes on: what only this one remembered is gone. */
static void restart(struct bench *b)
{
    aws_notes_done(bench_link(b));
}

static void point(struct bench *b, const char *region, const char *vault, const char *id,
                  const char *more)
{
    bench_control(b,
                  "make backup %s {\"kind\":\"point\",\"name\":\"arn:aws:backup:%s:123456789012:"
                  "recovery-point:%s\",\"BackupVaultName\":\"%s\",\"metadata\":{\"Engine\":"
                  "\"postgres\",\"AvailabilityZone\":\"us-east-1a\"},%s}",
                  region, region, id, vault, more);
}

#define OF_ORDERS "\"ResourceArn\":\"" ORDERS "\",\"ResourceType\":\"RDS\","

static struct bench *with_vaults(void)
{
    struct bench *b = bench_new(10);
    bench_control(b, "make backup us-east-1 {\"kind\":\"vault\",\"name\":\"shop\"}");
    bench_control(b, "make backup us-west-2 {\"kind\":\"vault\",\"name\":\"shop-dr\"}");
    return b;
}

/* Two older ones, one that is no good, and on the second page the newest. */
static struct bench *with_points(void)
{
    struct bench *b = with_vaults();
    point(b, "us-west-2", "shop-dr", "old", OF_ORDERS "\"age_s\":7200,\"backup_age_s\":7300");
    point(b, "us-west-2", "shop-dr", "bad",
          OF_ORDERS "\"age_s\":10,\"backup_age_s\":20,\"Status\":\"EXPIRED\"");
    point(b, "us-west-2", "shop-dr", "part",
          OF_ORDERS "\"age_s\":11,\"backup_age_s\":21,\"Status\":\"PARTIAL\"");
    point(b, "us-west-2", "shop-dr", "new", OF_ORDERS "\"age_s\":60,\"backup_age_s\":900");
    return b;
}

/* --- recovery points ---------------------------------------------------------------------------
 */

START_TEST(the_newest_usable_recovery_point_counts_and_says_how_old_its_data_is)
{
    struct bench *b = with_points();
    bench_control(b, "region us-east-1 down");
    const struct evac_reply *r = look(b, "ready", TO);
    expect_words(r, EVAC_SEEN_SATISFIED, ":new");
    int64_t age = bench_fact(r, "age_ms");
    ck_assert_int_ge(age, 900000); /* of the backup, not of its copying */
    ck_assert_int_le(age, 901000);
    expect_words(look(b, "ready", TO "want.max_age=10m\n"), EVAC_SEEN_BLOCKED, "older than");
    expect_words(look(b, "ready", TO "want.max_age=1h\n"), EVAC_SEEN_SATISFIED, "");
    r = measure(b, TO);
    expect_words(r, EVAC_SEEN_SATISFIED, "");
    ck_assert_int_ge(bench_fact(r, "lag_ms"), 900000);
    ck_assert_int_le(bench_fact(r, "lag_ms"), 902000);
    bench_free(b);
}
END_TEST

START_TEST(without_a_usable_recovery_point_nothing_is_ready_and_no_loss_is_known)
{
    struct bench *b = bench_new(10);
    expect_words(look(b, "ready", TO), EVAC_SEEN_BLOCKED, "no vault");
    bench_free(b);
    b = with_vaults();
    expect_words(look(b, "ready", TO), EVAC_SEEN_BLOCKED, "has no recovery point");
    point(b, "us-west-2", "shop-dr", "bad", OF_ORDERS "\"Status\":\"CREATING\"");
    expect_words(look(b, "ready", TO), EVAC_SEEN_BLOCKED, "one is CREATING");
    expect_words(look(b, "recover", TO), EVAC_SEEN_BLOCKED, "one is CREATING");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_REJECTED);
    expect_words(measure(b, TO), EVAC_SEEN_UNSEEN, "one is CREATING");
    bench_control(b, "service backup us-west-2 denied");
    expect_words(look(b, "ready", TO), EVAC_SEEN_UNSEEN, "");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_NOT_SENT);
    bench_control(b, "service backup us-west-2 throttled");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_THROTTLED);
    bench_free(b);
}
END_TEST

/* The CreationDate of a copy may be that of its copying. */
START_TEST(no_loss_is_computed_from_a_copy_of_unknown_age)
{
    struct bench *b = with_vaults();
    point(b, "us-west-2", "shop-dr", "copy", OF_ORDERS "\"age_s\":60");
    const struct evac_reply *r = look(b, "ready", TO);
    expect_words(r, EVAC_SEEN_SATISFIED, "nothing tells how old");
    ck_assert_int_eq(bench_fact(r, "age_ms"), -2);
    expect_words(look(b, "ready", TO "want.max_age=1d\n"), EVAC_SEEN_BLOCKED, "");
    expect_words(measure(b, TO), EVAC_SEEN_UNSEEN, "nothing tells how old");
    r = measure(b, TO "copy_delay=2h\n");
    expect_words(r, EVAC_SEEN_SATISFIED, "");
    ck_assert_int_ge(bench_fact(r, "lag_ms"), 7260000);
    bench_free(b);
}
END_TEST

/* --- recovering --------------------------------------------------------------------------------
 */

START_TEST(it_is_restored_once_although_the_answers_are_lost_and_the_controller_restarted)
{
    struct bench *b = with_points();
    bench_control(b, "region us-east-1 down");
    const struct evac_reply *r = look(b, "recover", TO);
    expect_words(r, EVAC_SEEN_UNSATISFIED, ":new");
    ck_assert_int_ge(bench_fact(r, "age_ms"), 900000);
    bench_control(b, "service backup us-west-2 lost-mutation 1"); /* StartRestoreJob's */
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_UNKNOWN);
    expect_words(look(b, "recover", TO), EVAC_SEEN_UNSATISFIED, "");
    /* a newer recovery point that has come in between changes nothing: the job is the same */
    point(b, "us-west-2", "shop-dr", "newer", OF_ORDERS "\"age_s\":1,\"backup_age_s\":2");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_ACCEPTED);
    r = look(b, "recover", TO);
    expect_words(r, EVAC_SEEN_MOVING, "");
    ck_assert_int_ge(bench_fact(r, "age_ms"), 900000);
    restart(b);
    expect_words(look(b, "recover", TO), EVAC_SEEN_MOVING, "");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_ACCEPTED);
    r = settle(b, "recover", TO);
    expect_words(r, EVAC_SEEN_SATISFIED, "COMPLETED");
    ck_assert_int_ge(bench_fact(r, "age_ms"), 900000);
    ck_assert(bench_effects(b, "StartRestoreJob", "us-west-2", 1));
    ck_assert(
        bench_true(b, "\"id\":\"orders-w\",\"region\":\"us-west-2\",\"status\":\"available\""));
    /* what its run has made does not make it unready; to another run it is in the way */
    expect_words(look(b, "ready", TO), EVAC_SEEN_SATISFIED, "already");
    expect_words(look(b, "ready", TO_OF("8")), EVAC_SEEN_BLOCKED, "there already");
    bench_free(b);
}
END_TEST

START_TEST(the_answer_to_the_tag_may_be_lost_too)
{
    struct bench *b = with_points();
    expect_words(look(b, "recover", TO), EVAC_SEEN_UNSATISFIED, "");
    bench_control(b, "service backup us-west-2 lost-mutation 2");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_UNKNOWN);
    expect_words(look(b, "recover", TO), EVAC_SEEN_UNSATISFIED, "");
    expect_outcome(act(b, "recover", TO),
                   EVAC_OUTCOME_UNKNOWN); /* it was started; the tag's is lost */
    expect_words(look(b, "recover", TO), EVAC_SEEN_UNSATISFIED, "");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "recover", TO), EVAC_SEEN_SATISFIED, "COMPLETED");
    ck_assert(bench_effects(b, "StartRestoreJob", "us-west-2", 1));
    bench_free(b);
}
END_TEST

START_TEST(another_runs_restore_is_not_this_runs)
{
    struct bench *b = with_points();
    expect_outcome(act(b, "recover", TO_OF("6")), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "recover", TO_OF("6")), EVAC_SEEN_SATISFIED, "COMPLETED");
    expect_words(look(b, "recover", TO), EVAC_SEEN_UNSATISFIED, "newest recovery point");
    /* the name is taken: the job fails, and says so; a further try is a further job */
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "recover", TO), EVAC_SEEN_UNSATISFIED, "there already");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "recover", TO), EVAC_SEEN_MOVING, "");
    ck_assert(bench_effects(b, "StartRestoreJob", "us-west-2", 3));
    bench_free(b);
}
END_TEST

START_TEST(a_restore_that_fails_says_why_and_is_begun_anew)
{
    struct bench *b = with_points();
    bench_control(b, "service backup us-west-2 capacity-refused");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "recover", TO), EVAC_SEEN_UNSATISFIED, "Insufficient capacity");
    bench_control(b, "service backup us-west-2 up");
    restart(b);
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "recover", TO), EVAC_SEEN_SATISFIED, "COMPLETED");
    /* what the old region's resource was made with is not taken along unless it fits */
    const char *as_it_was = RDS_AS("9", "other", "[]") "region=us-west-2\n" AWAY("ungraceful");
    expect_outcome(act(b, "recover", as_it_was), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "recover", as_it_was), EVAC_SEEN_UNSATISFIED, "availability zone");
    bench_free(b);
}
END_TEST

/* A backup has what was there when it was begun (README, Loss): one from before the fence lacks
 * what was written until then, and a planned move loses nothing. */
START_TEST(a_planned_restore_takes_only_what_was_backed_up_after_the_fence)
{
    char text[1024];
    struct bench *b = with_points();
    const char *args = bench_fenced(b, PLANNED, text, sizeof text);
    expect_words(look(b, "recover", args), EVAC_SEEN_BLOCKED, "no newer one is on its way");
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_REJECTED);
    bench_run(b, 5000);
    /* copied after the fence, but begun before it */
    point(b, "us-west-2", "shop-dr", "before", OF_ORDERS "\"age_s\":1,\"backup_age_s\":8");
    expect_words(look(b, "recover", args), EVAC_SEEN_BLOCKED, "at or after the fence");
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_REJECTED);
    point(b, "us-west-2", "shop-dr", "begun", OF_ORDERS "\"Status\":\"CREATING\"");
    expect_words(look(b, "recover", args), EVAC_SEEN_MOVING, "a newer one is being made");
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_REJECTED);
    ck_assert(!bench_true(b, "\"operation\":\"StartRestoreJob\""));
    /* neither in an emergency nor in a drill */
    expect_words(look(b, "recover", TO), EVAC_SEEN_UNSATISFIED, ":before");
    expect_words(look(b, "rehearse", args), EVAC_SEEN_UNSATISFIED, ":before");
    point(b, "us-west-2", "shop-dr", "after", OF_ORDERS "\"age_s\":1,\"backup_age_s\":2");
    expect_words(look(b, "recover", args), EVAC_SEEN_UNSATISFIED, ":after");
    expect_outcome(act(b, "recover", args), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "recover", args), EVAC_SEEN_SATISFIED, "COMPLETED");
    bench_free(b);
}
END_TEST

START_TEST(a_region_that_is_lost_in_the_middle_goes_on_when_it_is_back)
{
    struct bench *b = with_points();
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_ACCEPTED);
    bench_run(b, 20000);
    bench_control(b, "region us-west-2 down");
    expect_words(look(b, "recover", TO), EVAC_SEEN_UNSEEN, "");
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_NOT_SENT);
    bench_run(b, 200000);
    bench_control(b, "region us-west-2 up");
    expect_words(settle(b, "recover", TO), EVAC_SEEN_SATISFIED, "COMPLETED");
    ck_assert(bench_effects(b, "StartRestoreJob", "us-west-2", 1));
    bench_free(b);
}
END_TEST

/* Reads may show the past: the token keeps a repeated request from having an effect. */
START_TEST(an_old_view_restores_nothing_twice)
{
    struct bench *b = with_points();
    bench_control(b, "stale 60000");
    expect_words(look(b, "recover", TO), EVAC_SEEN_UNSATISFIED, "");
    for (int i = 0; i < 5; i++) {
        restart(b);
        expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_ACCEPTED);
    }
    bench_control(b, "stale 0");
    expect_words(settle(b, "recover", TO), EVAC_SEEN_SATISFIED, "COMPLETED");
    ck_assert(bench_effects(b, "StartRestoreJob", "us-west-2", 1));
    bench_free(b);
}
END_TEST

/* --- drills ------------------------------------------------------------------------------------
 */

START_TEST(a_drills_copy_is_discarded_and_nothing_else_ever)
{
    struct bench *b = with_points();
    expect_words(look(b, "discard", TO), EVAC_SEEN_SATISFIED, "no drill's copy");
    expect_outcome(act(b, "discard", TO), EVAC_OUTCOME_REJECTED);
    expect_outcome(act(b, "recover", TO), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "recover", TO), EVAC_SEEN_SATISFIED, "");
    expect_words(look(b, "discard", TO), EVAC_SEEN_SATISFIED, "no drill's copy");
    expect_outcome(act(b, "rehearse", TO), EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "discard", TO), EVAC_SEEN_MOVING, "can not be stopped");
    expect_outcome(act(b, "discard", TO), EVAC_OUTCOME_REJECTED);
    expect_words(settle(b, "rehearse", TO), EVAC_SEEN_SATISFIED, "COMPLETED");
    restart(b);
    expect_words(look(b, "discard", TO_OF("9")), EVAC_SEEN_UNSATISFIED, ":db:orders-w-drill");
    bench_control(b, "service rds us-west-2 lost-mutation 1");
    bench_run(b, 60000); /* its first backup is made */
    expect_outcome(act(b, "discard", TO_OF("9")), EVAC_OUTCOME_UNKNOWN);
    expect_words(settle(b, "discard", TO_OF("9")), EVAC_SEEN_SATISFIED, "gone");
    ck_assert(bench_true(b, "\"id\":\"orders-w\",\"region\":\"us-west-2\""));
    ck_assert(!bench_true(b, "\"id\":\"orders-w-drill\""));
    bench_free(b);
}
END_TEST

START_TEST(a_rehearsal_is_undone_by_a_rollback)
{
    struct bench *b = with_points();
    char before[512];
    ck_assert(evac_str_copy(before, sizeof before, look(b, "rehearse", TO)->snapshot));
    ck_assert(strstr(before, "\"found\":false") != NULL);
    bench_control(b, "service backup us-west-2 lost-mutation 1");
    expect_outcome(act(b, "rehearse", TO), EVAC_OUTCOME_UNKNOWN);
    bench_goal(b, before);
    /* it runs, and was not written down: that nothing is left can not be said */
    expect_words(look(b, "rehearse", TO), EVAC_SEEN_BLOCKED, "nothing tells whether");
    bench_goal(b, "");
    expect_outcome(act(b, "rehearse", TO), EVAC_OUTCOME_ACCEPTED);
    bench_goal(b, before);
    expect_words(settle(b, "rehearse", TO), EVAC_SEEN_UNSATISFIED, "still there");
    expect_outcome(act(b, "rehearse", TO), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "rehearse", TO), EVAC_SEEN_SATISFIED, "gone");
    expect_words(look(b, "rehearse", TO_OF("8")), EVAC_SEEN_SATISFIED, "no drill's copy");
    bench_free(b);
}
END_TEST

START_TEST(a_tables_copy_is_a_table_until_it_is_discarded)
{
    const char *table = BASE(
        "7",
        "DynamoDB") "arns=arn:aws:dynamodb:us-east-1:123456789012:table/carts\n"
                    "restore_as=carts\nmetadata=[\"AvailabilityZone=\"]\nregion=us-west-2\n" AWAY(
                        "ungraceful");
    struct bench *b = with_vaults();
    point(b, "us-west-2", "shop-dr", "carts",
          "\"ResourceArn\":\"arn:aws:dynamodb:us-east-1:123456789012:table/carts\","
          "\"ResourceType\":\"DynamoDB\",\"age_s\":60,\"backup_age_s\":120");
    expect_outcome(act(b, "rehearse", table), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "rehearse", table), EVAC_SEEN_SATISFIED, "COMPLETED");
    ck_assert(
        bench_true(b, "\"table\":\"carts-drill\",\"region\":\"us-west-2\",\"status\":\"ACTIVE\""));
    expect_words(look(b, "discard", table), EVAC_SEEN_UNSATISFIED, "carts-drill");
    expect_outcome(act(b, "discard", table), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "discard", table), EVAC_SEEN_SATISFIED, "gone");
    ck_assert(!bench_true(b, "\"table\":\"carts-drill\""));
    bench_free(b);
}
END_TEST

START_TEST(what_gets_no_name_is_found_by_its_job)
{
    struct bench *b = with_vaults();
    point(b, "us-west-2", "shop-dr", "files",
          "\"ResourceArn\":\"arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-1\","
          "\"ResourceType\":\"EFS\",\"age_s\":60,\"backup_age_s\":120");
    expect_words(look(b, "ready", EFS), EVAC_SEEN_SATISFIED, ":files");
    expect_outcome(act(b, "recover", EFS), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "recover", EFS), EVAC_SEEN_SATISFIED, "COMPLETED");
    expect_outcome(act(b, "rehearse", EFS), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "rehearse", EFS), EVAC_SEEN_SATISFIED, "COMPLETED");
    restart(b);
    expect_words(look(b, "discard", EFS), EVAC_SEEN_UNSATISFIED, ":file-system/fs-");
    expect_outcome(act(b, "discard", EFS), EVAC_OUTCOME_ACCEPTED);
    expect_words(look(b, "discard", EFS), EVAC_SEEN_MOVING, "deleting");
    expect_words(settle(b, "discard", EFS), EVAC_SEEN_SATISFIED, "gone");
    /* of the two, the drill's */
    ck_assert(bench_true(b, "\"kind\":\"file-system\""));
    ck_assert(bench_effects(b, "DeleteFileSystem", "us-west-2", 1));
    bench_free(b);
}
END_TEST

/* --- protecting again --------------------------------------------------------------------------
 */

START_TEST(the_old_region_gets_a_backup_and_then_its_copy)
{
    struct bench *b = with_vaults();
    expect_words(look(b, "protect", HOME), EVAC_SEEN_UNSATISFIED, "no backup since the move");
    bench_control(b, "service backup us-west-2 lost-mutation 1");
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_UNKNOWN);
    expect_words(look(b, "protect", HOME), EVAC_SEEN_MOVING, "being made");
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_REJECTED);
    expect_words(settle(b, "protect", HOME), EVAC_SEEN_UNSATISFIED, "not copied yet");
    bench_control(b, "service backup us-west-2 lost-mutation 1");
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_UNKNOWN);
    expect_words(look(b, "protect", HOME), EVAC_SEEN_MOVING, "copy job");
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_REJECTED);
    expect_words(settle(b, "protect", HOME), EVAC_SEEN_SATISFIED, "copy-");
    ck_assert(bench_effects(b, "StartCopyJob", "us-west-2", 1));
    ck_assert(bench_effects(b, "StartBackupJob", "us-west-2", 1));
    /* and a failback finds it, with the age of the backup */
    const char *back = RDS("7") "region=us-east-1\nfrom=us-west-2\nto=us-east-1\nmode=graceful\n";
    const struct evac_reply *r = look(b, "ready", back);
    expect_words(r, EVAC_SEEN_SATISFIED, "copy-");
    ck_assert_int_ge(bench_fact(r, "age_ms"), 60000);
    bench_free(b);
}
END_TEST

START_TEST(a_copy_that_could_not_arrive_is_tried_again)
{
    struct bench *b = with_vaults();
    point(b, "us-west-2", "shop-dr", "now",
          "\"ResourceArn\":\"arn:aws:rds:us-west-2:123456789012:db:orders-w\",\"ResourceType\":"
          "\"RDS\",\"age_s\":60,\"backup_age_s\":60");
    expect_words(look(b, "protect", HOME), EVAC_SEEN_UNSATISFIED, "not copied yet");
    bench_control(b, "region us-east-1 isolated");
    expect_words(look(b, "protect", HOME), EVAC_SEEN_UNSEEN, "");
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_NOT_SENT);
    bench_control(b, "region us-east-1 up");
    bench_control(b, "service backup us-west-2 denied");
    expect_words(look(b, "protect", HOME), EVAC_SEEN_UNSEEN, "");
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_NOT_SENT);
    bench_control(b, "service backup us-west-2 up");
    expect_outcome(act(b, "protect", HOME), EVAC_OUTCOME_ACCEPTED);
    expect_words(settle(b, "protect", HOME), EVAC_SEEN_SATISFIED, "");
    /* one from before the move is none of what is there now */
    expect_words(look(b, "protect", HOME_WITHIN("1s")), EVAC_SEEN_UNSATISFIED, "no backup since");
    bench_free(b);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("points");
    tcase_add_test(tc, the_newest_usable_recovery_point_counts_and_says_how_old_its_data_is);
    tcase_add_test(tc, without_a_usable_recovery_point_nothing_is_ready_and_no_loss_is_known);
    tcase_add_test(tc, no_loss_is_computed_from_a_copy_of_unknown_age);
    suite_add_tcase(suite, tc);
    tc = tcase_create("recovering");
    tcase_add_test(tc,
                   it_is_restored_once_although_the_answers_are_lost_and_the_controller_restarted);
    tcase_add_test(tc, the_answer_to_the_tag_may_be_lost_too);
    tcase_add_test(tc, another_runs_restore_is_not_this_runs);
    tcase_add_test(tc, a_restore_that_fails_says_why_and_is_begun_anew);
    tcase_add_test(tc, a_planned_restore_takes_only_what_was_backed_up_after_the_fence);
    tcase_add_test(tc, a_region_that_is_lost_in_the_middle_goes_on_when_it_is_back);
    tcase_add_test(tc, an_old_view_restores_nothing_twice);
    suite_add_tcase(suite, tc);
    tc = tcase_create("drills");
    tcase_add_test(tc, a_drills_copy_is_discarded_and_nothing_else_ever);
    tcase_add_test(tc, a_rehearsal_is_undone_by_a_rollback);
    tcase_add_test(tc, a_tables_copy_is_a_table_until_it_is_discarded);
    tcase_add_test(tc, what_gets_no_name_is_found_by_its_job);
    suite_add_tcase(suite, tc);
    tc = tcase_create("protecting");
    tcase_add_test(tc, the_old_region_gets_a_backup_and_then_its_copy);
    tcase_add_test(tc, a_copy_that_could_not_arrive_is_tried_again);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("the driver backup", cases)
