/*
 * Backup and restore, and a promoted replica, through the real configuration, compiler, engine,
 * drivers, AWS client and sandbox model, in virtual time.
 */
#include "suite.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000u

/* The shop, with another database and a runbook of its own, whose pivot is DATA. */
#define EXTRA(RESOURCE, TYPE, ACTION)                                                              \
    "objectives = { rto = \"2m\"; rpo = \"30s\"; };=>objectives = { rto = \"2m\"; rpo = \"2h\"; "  \
    "};\n"                                                                                         \
    "automatic = \"act\"=>automatic = \"propose\"\n"                                               \
    "resources = {=>resources = { " RESOURCE "\n"                                                  \
    "strategy = \"warm-standby\"=>strategy = \"backup-restore\"\n"                                 \
    "app = {=>runbook = { name = \"backup-restore\"; failover = { steps = ( "                      \
    "{ name = \"check\"; action = \"" TYPE ".ready\"; region = \"to\"; phase = \"check\"; }, "     \
    "{ name = \"fence\"; action = \"s3-go.fence\"; region = \"to\"; phase = \"fence\"; "           \
    "after = ( \"check\" ); }, "                                                                   \
    "{ name = \"wait\"; action = \"s3-go.expire\"; region = \"to\"; phase = \"fence\"; "           \
    "after = ( \"fence\" ); }, "                                                                   \
    "{ name = \"data\"; action = \"" TYPE "." ACTION "\"; region = \"to\"; phase = \"data\"; "     \
    "after = ( \"wait\" ); pivot = true; deadline = \"30m\"; } ); }; "                             \
    "failback = { same_as = \"failover\"; }; drill = { same_as = \"failover\"; }; }; app = {\n"
#define BOOKS                                                                                      \
    EXTRA("books = { type = \"aurora-restore\"; class = \"db.r6g.large\"; clusters = { "           \
          "us-east-1 = \"books-use1\"; us-west-2 = \"books-usw2\"; }; };",                         \
          "aurora-restore", "recover")
#define ORDERS                                                                                     \
    EXTRA("orders = { type = \"rds\"; metric_period = \"1s\"; instances = { "                      \
          "us-east-1 = \"orders-use1\"; us-west-2 = \"orders-usw2\"; }; };",                       \
          "rds", "promote")

static struct world *shop(const char *extra)
{
    struct world_options options = { .seed = 7, .speed = 10, .app_extra = extra };
    options.verbose = getenv("EVAC_VERBOSE") != NULL;
    struct world *w = world_new(&options);
    world_control(w, "make rds us-east-1 {\"kind\":\"instance\",\"id\":\"orders-use1\"}");
    world_control(w, "make rds us-west-2 {\"kind\":\"replica\",\"id\":\"orders-usw2\","
                     "\"source\":\"orders-use1\",\"source_region\":\"us-east-1\"}");
    return w;
}

static void make_snapshot(struct world *w, int64_t age_ms)
{
    world_control(w,
                  "make rds us-west-2 {\"kind\":\"cluster-snapshot\",\"id\":\"books-1\","
                  "\"db\":\"books-use1\",\"age_ms\":%lld}",
                  (long long)age_ms);
    world_run(w, 30000);
}

static bool is_so(struct world *w, const char *part)
{
    return strstr(world_truth(w), part) != NULL;
}

static const char *story(struct world *w)
{
    const char *trace = world_trace(w);
    size_t n = strlen(trace), most = 3500;
    return n > most ? trace + n - most : trace;
}

static void expect_end(struct world *w, enum evac_run_state state)
{
    ck_assert_msg(world_run_to_end(w, 60 * MINUTE_MS), "it does not end:\n%s", story(w));
    ck_assert_msg(world_run_state(w) == state, "ended as %s:\n%s",
                  evac_run_state_name(world_run_state(w)), story(w));
}

/* A cluster first, then an instance in it: two changes of one step. */
START_TEST(a_lost_region_is_restored_from_its_backups)
{
    struct world *w = shop(BOOKS);
    make_snapshot(w, 3600000);
    world_control(w, "region us-east-1 down");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL), EVAC_OK);
    expect_end(w, EVAC_RUN_SUCCEEDED);
    ck_assert_msg(is_so(w, "\"id\":\"books-usw2\",\"region\":\"us-west-2\",\"status\":"
                           "\"available\""),
                  "%s", story(w));
    ck_assert(is_so(w, "\"id\":\"books-usw2-1\",\"region\":\"us-west-2\",\"status\":"
                       "\"available\""));
    ck_assert(is_so(w, "\"operation\":\"RestoreDBClusterFromSnapshot\",\"region\":\"us-west-2\","
                       "\"received\":1,\"effects\":1,\"repeated_without_observe\":0"));
    world_free(w);
}
END_TEST

/* The loss is known beforehand, and is too much. */
START_TEST(an_old_backup_waits_for_a_person)
{
    struct world *w = shop(BOOKS);
    make_snapshot(w, 10800000);
    world_control(w, "region us-east-1 down");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL), EVAC_OK);
    world_run(w, 2 * MINUTE_MS);
    ck_assert_msg(world_traced(w, "gate_block data"), "%s", story(w));
    ck_assert(!world_traced(w, "intent data"));
    ck_assert_int_eq(world_say(w, EVAC_CMD_OVERRIDE, "data", "there is nothing newer", 0), EVAC_OK);
    expect_end(w, EVAC_RUN_EXCEPTIONS);
    ck_assert(is_so(w, "\"id\":\"books-usw2-1\""));
    world_free(w);
}
END_TEST

START_TEST(a_replica_is_promoted_through_crashes)
{
    struct world *w = shop(ORDERS);
    world_run(w, 30000);
    world_control(w, "region us-east-1 down");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL), EVAC_OK);
    for (int i = 0; i < 6; i++) {
        world_run(w, 7000);
        world_crash(w, 1000);
    }
    expect_end(w, EVAC_RUN_SUCCEEDED);
    ck_assert(is_so(w, "\"class\":\"db.m6g.large\",\"source\":\"\",\"data_ms\":1"));
    ck_assert_msg(is_so(w, "\"operation\":\"PromoteReadReplica\",\"region\":\"us-west-2\","
                           "\"received\":1,\"effects\":1"),
                  "%s", story(w));
    world_free(w);
}
END_TEST

START_TEST(a_name_that_holds_the_run_s_number_is_new_each_time)
{
    struct world_options options = { .seed = 7,
                                     .speed = 10,
                                     .app_file = "strategies/backup-restore.cfg",
                                     .app_extra =
                                         "automatic = \"propose\"=>automatic = \"never\"\n"
                                         "protected_by = \"backups\";=>protected_by = \"backups\"; "
                                         "rehearse_as = \"orders-drill-{run}\";" };
    struct world *w = world_new(&options);
    world_run(w, 10 * MINUTE_MS);
    for (int drill = 0; drill < 2; drill++) {
        char name[64];
        ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_DRILL, EVAC_MODE_GRACEFUL), EVAC_OK);
        world_run(w, 30000);
        snprintf(name, sizeof name, "orders-drill-%llu", (unsigned long long)world_last_run(w));
        ck_assert_msg(is_so(w, name), "no %s in %s", name, world_truth(w));
        ck_assert(world_run_to_end(w, 120 * MINUTE_MS));
        ck_assert_int_eq(world_run_state(w), EVAC_RUN_SUCCEEDED);
    }
    world_free(w);
}
END_TEST

/* Moved by hand, or watched by a controller that has just begun: no run has said it. */
START_TEST(where_it_serves_can_be_said_by_a_person_and_survives_a_crash)
{
    struct world *w = shop("");
    world_run(w, MINUTE_MS);
    ck_assert_uint_eq(world_app(w)->active, 0);
    ck_assert_int_eq(world_say(w, EVAC_CMD_PLACE, "eu-central-1", "seen", 0), EVAC_E_REFUSED);
    ck_assert_int_eq(world_say(w, EVAC_CMD_PLACE, "us-west-2", "", 0), EVAC_E_REFUSED);
    ck_assert_uint_eq(world_app(w)->active, 0);
    ck_assert_int_eq(world_say(w, EVAC_CMD_PLACE, "us-west-2", "moved by hand", 0), EVAC_OK);
    ck_assert_uint_eq(world_app(w)->active, 1);
    world_crash(w, 1000);
    world_run(w, 5000);
    ck_assert_uint_eq(world_app(w)->active, 1);
    ck_assert(world_app(w)->placed);
    ck_assert_msg(world_traced(w, "place"), "%s", story(w));
    world_free(w);
}
END_TEST

/* Moved by somebody whose journal was merged into this one: a person looks before automation goes
 * on. */
START_TEST(after_a_merge_that_moved_the_app_somebody_looks_at_it_first)
{
    struct world *w = shop("");
    world_run(w, MINUTE_MS);
    ck_assert(world_app(w)->acked);
    world_crash(w, 5000);
    struct evac_store *store = world_store(w);
    const struct evac_record merged = { .seq = store->vt->last_seq(store) + 1,
                                        .kind = EVAC_RECORD_MERGE,
                                        .app = EVAC_STR("shop"),
                                        .to = EVAC_STR("review") };
    ck_assert_int_eq(store->vt->append(store, &merged, 1, NULL), EVAC_OK);
    world_run(w, 30000);
    ck_assert(!world_app(w)->acked && world_app(w)->auto_unacked);
    ck_assert_int_eq(world_say(w, EVAC_CMD_ACK, "", "I looked", 0), EVAC_OK);
    ck_assert(world_app(w)->acked && !world_app(w)->auto_unacked);
    world_free(w);
}
END_TEST

START_TEST(a_run_that_goes_on_says_where_it_serves_and_nobody_else)
{
    struct world *w = shop(ORDERS);
    world_run(w, 30000);
    world_control(w, "region us-east-1 down");
    ck_assert_int_eq(world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL), EVAC_OK);
    ck_assert_int_eq(world_say(w, EVAC_CMD_PLACE, "us-west-2", "I know", 0), EVAC_E_REFUSED);
    world_free(w);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("recovery");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_lost_region_is_restored_from_its_backups);
    tcase_add_test(tc, an_old_backup_waits_for_a_person);
    tcase_add_test(tc, after_a_merge_that_moved_the_app_somebody_looks_at_it_first);
    tcase_add_test(tc, a_replica_is_promoted_through_crashes);
    tcase_add_test(tc, a_name_that_holds_the_run_s_number_is_new_each_time);
    tcase_add_test(tc, where_it_serves_can_be_said_by_a_person_and_survives_a_crash);
    tcase_add_test(tc, a_run_that_goes_on_says_where_it_serves_and_nobody_else);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("recovery stories", cases)
