/* A shop whose files, servers and orders come over by EFS, Elastic Disaster Recovery and AWS
 * Backup. */
#include "story.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE_MS        60000u
#define BESIDE(resource) "go     = { type = \"s3-go\"=>" resource " go     = { type = \"s3-go\""
#define FILES                                                                                      \
    BESIDE("files = { type = \"efs\"; file_systems = { us-east-1 = \"fs-0a\"; us-west-2 = "        \
           "\"fs-0b\"; }; };")
#define FLEET BESIDE("fleet = { type = \"drs\"; tag = \"app=shop\"; };")
#define ORDERS                                                                                     \
    BESIDE("orders = { type = \"backup\"; resource_type = \"RDS\"; "                               \
           "role = \"arn:aws:iam::123456789012:role/restore\"; "                                   \
           "vaults = { us-east-1 = \"shop\"; us-west-2 = \"shop-dr\"; }; "                         \
           "arns = { us-east-1 = \"arn:aws:rds:us-east-1:123456789012:db:orders\"; "               \
           "us-west-2 = \"arn:aws:rds:us-west-2:123456789012:db:orders-w\"; }; "                   \
           "restore_as = { us-east-1 = \"orders\"; us-west-2 = \"orders-w\"; }; "                  \
           "metadata = ( \"DBSubnetGroupName=private\" ); };")

static struct world *shop(const char *app, const char *extra)
{
    struct world_options options = { .seed = 7, .speed = 10, .app_file = app, .app_extra = extra };
    options.verbose = getenv("EVAC_VERBOSE") != NULL;
    struct world *w = world_new(&options);
    world_control(w, "make efs us-east-1 {\"kind\":\"file-system\",\"name\":\"fs-0a\"}");
    world_control(w, "make efs us-west-2 {\"kind\":\"file-system\",\"name\":\"fs-0b\"}");
    world_control(w, "make efs us-east-1 {\"kind\":\"replication\",\"name\":\"fs-0a\","
                     "\"destination\":\"fs-0b\",\"region\":\"us-west-2\"}");
    world_control(w, "make backup us-east-1 {\"kind\":\"vault\",\"name\":\"shop\"}");
    world_control(w, "make backup us-west-2 {\"kind\":\"vault\",\"name\":\"shop-dr\"}");
    for (int i = 0; i < 3; i++)
        world_control(w,
                      "make drs us-west-2 {\"kind\":\"server\",\"name\":\"s-%d\",\"origin\":"
                      "\"us-east-1\",\"tags\":{\"app\":\"shop\"}}",
                      i);
    world_run(w, 20000);
    return w;
}

static void make_copy(struct world *w, int number, int age_s)
{
    world_control(
        w,
        "make backup us-west-2 {\"kind\":\"point\",\"name\":\"arn:aws:backup:us-west-2:"
        "123456789012:recovery-point:%d\",\"BackupVaultName\":\"shop-dr\",\"ResourceArn\":"
        "\"arn:aws:rds:us-east-1:123456789012:db:orders\",\"ResourceType\":\"RDS\","
        "\"age_s\":%d,\"backup_age_s\":%d}",
        number, age_s, age_s);
}

static void make_point(struct world *w, int age_s)
{
    make_copy(w, 1, age_s);
    world_run(w, 10 * MINUTE_MS);
}

static bool is_so(struct world *w, const char *part)
{
    return strstr(world_truth(w), part) != NULL;
}

static void fail_over(struct world *w, enum evac_mode mode)
{
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, mode), EVAC_OK);
    ck_assert_msg(world_run_to_end(w, 120 * MINUTE_MS), "%s", story(w));
    ck_assert_str_eq(world_broken(w), "");
    story_expect_writer(w, "us-west-2");
}

/* --- files --------------------------------------------------------------------------------------
 */

START_TEST(a_planned_move_takes_all_files_along)
{
    struct world *w = shop(NULL, FILES);
    world_run(w, MINUTE_MS);
    fail_over(w, EVAC_MODE_GRACEFUL);
    size_t fenced = story_at(w, "fence-wait"), moved = story_at(w, "switch:files");
    ck_assert_uint_lt(fenced, moved);
    ck_assert_msg(is_so(w,
                        "\"operation\":\"DeleteReplicationConfiguration\",\"region\":\"us-west-2\","
                        "\"received\":1,\"effects\":1,\"repeated_without_observe\":0"),
                  "%s", story(w));
    world_free(w);
}
END_TEST

START_TEST(a_lost_region_does_not_hold_the_files_back)
{
    struct world *w = shop(NULL, FILES);
    world_run(w, MINUTE_MS);
    world_control(w, "region us-east-1 down");
    ck_assert_msg(world_run_to_end(w, 120 * MINUTE_MS), "%s", story(w)); /* by policy */
    story_expect_writer(w, "us-west-2");
    ck_assert_msg(is_so(w,
                        "\"operation\":\"DeleteReplicationConfiguration\",\"region\":\"us-west-2\","
                        "\"received\":2,\"effects\":1,\"repeated_without_observe\":0"),
                  "%s", story(w));
    ck_assert_str_eq(world_broken(w), "");
    const char *files = strstr(story_report(w), "files");
    ck_assert_msg(files && strstr(files, "by lag"), "%s", story_report(w));
    world_free(w);
}
END_TEST

/* --- servers ------------------------------------------------------------------------------------
 */

START_TEST(servers_are_launched_through_crashes_and_only_once)
{
    struct world *w = shop("strategies/backup-restore.cfg", FLEET);
    world_run(w, 10 * MINUTE_MS);
    world_control(w, "region us-east-1 down");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL), EVAC_OK);
    for (int i = 0; i < 4; i++) {
        world_run(w, 7000);
        world_crash(w, 1000);
    }
    ck_assert_msg(world_run_to_end(w, 120 * MINUTE_MS), "%s", story(w));
    story_expect_writer(w, "us-west-2");
    ck_assert_str_eq(world_broken(w), "");
    ck_assert_msg(is_so(w,
                        "\"operation\":\"StartRecovery\",\"region\":\"us-west-2\",\"received\":1,"
                        "\"effects\":1"),
                  "%s", story(w));
    world_free(w);
}
END_TEST

START_TEST(an_isolated_drill_launches_servers_and_leaves_none)
{
    struct world *w = shop("strategies/backup-restore.cfg", FLEET);
    world_run(w, 10 * MINUTE_MS);
    world_control(w, "service drs us-west-2 lost-mutation 1");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_DRILL, EVAC_MODE_GRACEFUL), EVAC_OK);
    ck_assert_msg(world_run_to_end(w, 120 * MINUTE_MS), "%s", story(w));
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    ck_assert(is_so(w, "START_DRILL"));
    ck_assert_msg(!is_so(w, "ec2InstanceState"), "%s", story(w));
    world_free(w);
}
END_TEST

/* --- a database ---------------------------------------------------------------------------------
 */

START_TEST(a_database_is_restored_from_the_vault_through_crashes)
{
    struct world *w = shop("strategies/backup-restore.cfg", ORDERS);
    make_point(w, 60);
    world_control(w, "region us-east-1 down");
    world_control(w, "service backup us-west-2 lost-mutation 1");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL), EVAC_OK);
    for (int i = 0; i < 4; i++) {
        world_run(w, 20000);
        world_crash(w, 1000);
    }
    ck_assert_msg(world_run_to_end(w, 120 * MINUTE_MS), "%s", story(w));
    story_expect_writer(w, "us-west-2");
    ck_assert_str_eq(world_broken(w), "");
    ck_assert_msg(is_so(w, "\"id\":\"orders-w\",\"region\":\"us-west-2\",\"status\":\"available\""),
                  "%s", story(w));
    ck_assert_double_ge(story_reported(w, "rpo_ms"), 660000);
    world_free(w);
}
END_TEST

START_TEST(an_isolated_drill_restores_a_database_and_leaves_nothing)
{
    struct world *w = shop("strategies/backup-restore.cfg", ORDERS);
    make_point(w, 60);
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_DRILL, EVAC_MODE_GRACEFUL), EVAC_OK);
    ck_assert_msg(world_run_to_end(w, 240 * MINUTE_MS), "%s", story(w));
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    (void)story_at(w, "rehearse:orders");
    ck_assert_msg(!is_so(w, "\"id\":\"orders-w"), "%s", story(w));
    world_free(w);
}
END_TEST

/* Away as planned; what runs there now is copied home; and home again, from that copy. */
START_TEST(a_database_goes_there_and_back)
{
    struct world *w = shop("strategies/backup-restore.cfg", ORDERS);
    make_point(w, 60);
    fail_over(w, EVAC_MODE_GRACEFUL);
    (void)story_at(w, "step capture:orders verifying -> done");
    ck_assert_double_eq(story_reported(w, "rpo_ms"), 0);
    ck_assert_msg(world_traced(w, "step protect:orders verifying -> done") ||
                      world_traced(w, "step protect:orders confirming -> done"),
                  "%s", story(w)); /* a copy takes about as long as a look at it waits */
    world_run(w, 10 * MINUTE_MS);
    /* what it was restored from still stands there, and would take writes: a person's word */
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILBACK, EVAC_MODE_GRACEFUL), EVAC_E_REFUSED);
    ck_assert_int_eq(world_say(w, EVAC_CMD_RECONCILE, "", "it was fenced first", 0), EVAC_OK);
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILBACK, EVAC_MODE_GRACEFUL), EVAC_OK);
    ck_assert_msg(world_run_to_end(w, 240 * MINUTE_MS), "%s", story(w));
    story_expect_writer(w, "us-east-1");
    ck_assert_str_eq(world_broken(w), "");
    ck_assert_msg(is_so(w, "\"id\":\"orders\",\"region\":\"us-east-1\",\"status\":\"available\""),
                  "%s", story(w));
    ck_assert_double_eq(story_reported(w, "rpo_ms"), 0);
    /* home first for protection, then what was written until the fence */
    ck_assert_msg(is_so(w, "\"operation\":\"StartCopyJob\",\"region\":\"us-west-2\",\"received\":2,"
                           "\"effects\":2"),
                  "%s", world_truth(w));
    ck_assert(is_so(w, "\"operation\":\"StartCopyJob\",\"region\":\"us-east-1\",\"received\":1,"
                       "\"effects\":1"));
    world_free(w);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("backup");
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, a_planned_move_takes_all_files_along);
    tcase_add_test(tc, a_lost_region_does_not_hold_the_files_back);
    tcase_add_test(tc, servers_are_launched_through_crashes_and_only_once);
    tcase_add_test(tc, an_isolated_drill_launches_servers_and_leaves_none);
    tcase_add_test(tc, a_database_is_restored_from_the_vault_through_crashes);
    tcase_add_test(tc, an_isolated_drill_restores_a_database_and_leaves_nothing);
    tcase_add_test(tc, a_database_goes_there_and_back);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("a shop with backups", cases)
