/* A shop with DynamoDB tables: carts in a global table, books that are restored. */
#include "story.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE_MS        60000u
#define BESIDE(resource) "go     = { type = \"s3-go\"=>" resource " go     = { type = \"s3-go\""
#define CARTS                                                                                      \
    BESIDE("carts = { type = \"dynamodb\"; table = \"carts\"; canary = \"evac\"; metric_period = " \
           "\"1s\"; };")
#define BOOKS                                                                                      \
    BESIDE("books = { type = \"dynamodb\"; table = \"books\"; protected_by = \"backups\"; "        \
           "recover_from = \"point-in-time\"; restore_as = \"books-back\"; ttl = \"ends\"; };")

static struct world *shop(const char *app, const char *extra, const char *table)
{
    struct world_options options = { .seed = 7, .speed = 10, .app_file = app, .app_extra = extra };
    options.verbose = getenv("EVAC_VERBOSE") != NULL;
    struct world *w = world_new(&options);
    world_control(w, "make dynamodb %s", table);
    world_run(w, 20000);
    return w;
}

/* Every replica takes writes: nothing is done to it, and the markers say what the region took
 * along. */
START_TEST(what_a_global_table_lost_is_told_by_its_markers)
{
    struct world *w = shop(
        NULL, CARTS, "us-east-1 {\"table\":\"carts\",\"replicas\":[\"us-east-1\",\"us-west-2\"]}");
    world_control(w, "lag us-west-2 4000");
    world_run(w, 20000);
    world_control(w, "region us-east-1 down");
    world_run(w, 10000);
    story_expect_end(w, EVAC_RUN_EXCEPTIONS);
    story_expect_writer(w, "us-west-2");
    const char *carts = strstr(story_report(w), "carts");
    ck_assert_msg(carts && strstr(carts, "canary"), "%s", story_report(w));
    ck_assert_double_ge(story_reported(w, "rpo_ms"), 4000);
    world_free(w);
}
END_TEST

START_TEST(an_isolated_drill_restores_a_table_and_leaves_nothing)
{
    struct world *w =
        shop("strategies/backup-restore.cfg", BOOKS, "us-west-2 {\"table\":\"books\",\"items\":3}");
    world_run(w, 10 * MINUTE_MS);
    world_control(w, "service dynamodb us-west-2 lost-mutation 1");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_DRILL, EVAC_MODE_GRACEFUL), EVAC_OK);
    ck_assert(world_run_to_end(w, 120 * MINUTE_MS));
    story_expect_end(w, EVAC_RUN_SUCCEEDED);
    (void)story_at(w, "rehearse:books");
    ck_assert_msg(strstr(world_truth(w), "\"table\":\"books\"") != NULL, "%s", story(w));
    ck_assert_msg(strstr(world_truth(w), "books-back") == NULL, "%s", story(w));
    world_free(w);
}
END_TEST

START_TEST(a_failover_restores_a_table_and_finishes_it)
{
    struct world *w =
        shop("strategies/backup-restore.cfg", BOOKS, "us-west-2 {\"table\":\"books\",\"items\":3}");
    world_run(w, 10 * MINUTE_MS);
    world_control(w, "region us-east-1 down");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL), EVAC_OK);
    ck_assert(world_run_to_end(w, 120 * MINUTE_MS));
    story_expect_writer(w, "us-west-2");
    ck_assert_msg(strstr(world_truth(w),
                         "\"table\":\"books-back\",\"region\":\"us-west-2\",\"status\":"
                         "\"ACTIVE\",\"global\":false,\"items\":3"),
                  "%s", story(w));
    ck_assert_msg(strstr(world_truth(w), "\"pitr\":true,\"ttl\":\"ends\""), "%s", story(w));
    ck_assert_str_eq(world_broken(w), "");
    world_free(w);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("dynamodb");
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, what_a_global_table_lost_is_told_by_its_markers);
    tcase_add_test(tc, an_isolated_drill_restores_a_table_and_leaves_nothing);
    tcase_add_test(tc, a_failover_restores_a_table_and_finishes_it);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("a shop with DynamoDB", cases)
