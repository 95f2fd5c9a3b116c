/* Groups: apps that depend on each other move in their order, each by its own runbook. */
#include "builtin.h"
#include "builtin_runbooks.h"
#include "conf.h"
#include "suite.h"
#include "world.h"

#include <string.h>

#define MINUTE_MS 60000u
#define REGIONS   "regions = ( \"us-east-1\", \"us-west-2\" ); "
#define HEAD                                                                                       \
    REGIONS "objectives = { rto = \"5m\"; rpo = \"1m\"; }; policy = { automatic = \"never\"; }; "
#define LEDGER                                                                                     \
    "app = { name = \"ledger\"; strategy = \"warm-standby\"; runbook = \"ledger\"; " HEAD          \
    "resources = { mode = { type = \"ssm\"; label = \"l\"; parameter = \"/ledger/mode\"; }; }; };" \
    "runbook = { name = \"ledger\"; failover = { steps = ( { name = \"tell\"; "                    \
    "action = \"ssm.set\"; region = \"to\"; phase = \"data\"; want = { value = \"active\"; }; } "  \
    "); }; failback = { same_as = \"failover\"; }; };"
#define GROUP(name, resources)                                                                     \
    "app = { name = \"" name "\"; strategy = \"group\"; " HEAD "resources = { " resources " }; };"
#define PAIR                                                                                       \
    "ledger = { type = \"app\"; member = \"ledger\"; }; shop = { type = \"app\"; member = "        \
    "\"shop\"; waits_for = ( \"ledger\" ); };"

static struct world *begin(const char *extra)
{
    struct world_options options = { .seed = 5,
                                     .speed = 10,
                                     .app_extra = extra,
                                     .more = { LEDGER, GROUP("pair", PAIR),
                                               GROUP("all", "pair = { type = \"app\"; member = "
                                                            "\"pair\"; };") } };
    struct world *w = world_new(&options);
    static const char make[] = "make ssm %s {\"kind\":\"parameter\",\"name\":\"/ledger/mode\","
                               "\"Value\":\"%s\"}";
    world_control(w, make, "us-east-1", "active");
    world_control(w, make, "us-west-2", "passive");
    world_run(w, 20000);
    return w;
}

static bool is_active_in(struct world *w, const char *app, const char *region)
{
    const struct evac_engine *engine = evac_shell_engine(world_shell(w));
    const struct evac_engine_app *a = &engine->apps[evac_engine_app(engine, evac_str(app))];
    return evac_str_is(a->app->regions[a->active], region);
}

static bool all_quiet(struct world *w)
{
    return evac_shell_engine(world_shell(w))->runs == NULL;
}

static const char *tail(struct world *w)
{
    const char *trace = world_trace(w);
    size_t n = strlen(trace);
    return n > 3500 ? trace + n - 3500 : trace;
}

static void expect_order(struct world *w, const char *first, const char *second)
{
    const char *a = strstr(world_trace(w), first), *b = strstr(world_trace(w), second);
    ck_assert_msg(a && b && a < b, "not '%s' before '%s':\n%s", first, second, tail(w));
}

/* A group of a group of two: each app by its own runbook, the one that is waited for first. */
START_TEST(a_group_moves_its_apps_in_their_order)
{
    static const char *const extras[] = {
        "automatic = \"act\"=>automatic = \"never\"",
        /* the order may stand in the app itself */
        "automatic = \"act\"=>automatic = \"never\"\nname = \"shop\";=>name = \"shop\"; waits_for "
        "= ( \"ledger\" );",
    };
    struct world *w = begin(extras[_i]);
    ck_assert_int_eq(world_begin_app(w, "all", EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL),
                     EVAC_OK);
    world_run(w, 10 * MINUTE_MS);
    ck_assert_msg(all_quiet(w), "%s", tail(w));
    ck_assert_msg(is_active_in(w, "ledger", "us-west-2") && is_active_in(w, "shop", "us-west-2") &&
                      is_active_in(w, "pair", "us-west-2") && is_active_in(w, "all", "us-west-2"),
                  "%s", tail(w));
    expect_order(w, "step tell verifying -> done", "intent move:shop");
    ck_assert_str_eq(world_broken(w), "");
    ck_assert_int_eq(world_begin_app(w, "all", EVAC_WORKFLOW_FAILBACK, EVAC_MODE_GRACEFUL),
                     EVAC_OK);
    world_run(w, 10 * MINUTE_MS);
    ck_assert_msg(is_active_in(w, "shop", "us-east-1") && is_active_in(w, "all", "us-east-1"), "%s",
                  tail(w));
    world_free(w);
}
END_TEST

/* A controller that dies in the middle begins no app's run a second time. */
START_TEST(a_crash_in_the_middle_of_a_group)
{
    struct world *w = begin("automatic = \"act\"=>automatic = \"never\"");
    ck_assert_int_eq(world_begin_app(w, "all", EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL),
                     EVAC_OK);
    world_run(w, 1000 + 2000 * (uint64_t)_i);
    world_crash(w, 2000);
    world_run(w, 20 * MINUTE_MS);
    ck_assert_msg(all_quiet(w), "%s", tail(w));
    ck_assert_msg(is_active_in(w, "shop", "us-west-2") && is_active_in(w, "all", "us-west-2"), "%s",
                  tail(w));
    ck_assert_str_eq(world_broken(w), "");
    world_free(w);
}
END_TEST

/* An app that can not be moved holds up the group, and says so; a person answers. */
START_TEST(an_app_that_is_held_stops_its_group)
{
    struct world *w = begin("automatic = \"act\"=>automatic = \"never\"");
    ck_assert_int_eq(world_say(w, EVAC_CMD_HOLD, "", "a release goes out", 0), EVAC_OK);
    ck_assert_int_eq(world_begin_app(w, "pair", EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL),
                     EVAC_OK);
    world_run(w, 3 * MINUTE_MS);
    ck_assert_msg(world_traced(w, "somebody holds it"), "%s", tail(w));
    ck_assert(is_active_in(w, "shop", "us-east-1"));
    ck_assert(is_active_in(w, "ledger", "us-east-1"));
    world_free(w);
}
END_TEST

/* --- what is refused ------------------------------------------------------------------------- */

static struct evac_str check(const char *one, const char *two, struct evac_arena *arena)
{
    struct evac_conf_text files[16] = { { "apps/ledger.cfg", EVAC_STR(LEDGER) },
                                        { "apps/one.cfg", evac_str(one) },
                                        { "apps/two.cfg", evac_str(two) } };
    struct evac_diag diag = { .arena = arena };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_model *model = NULL;
    struct evac_buf text;
    size_t n = 3;
    for (size_t i = 0; i < evac_builtin_runbook_count && n < 16; i++)
        files[n++] = evac_builtin_runbooks[i];
    ck_assert_msg(!evac_conf_parse(files, n, &diag, &model, &err), "%s", err.text);
    (void)evac_plan_check_model(model, evac_builtin_catalog(), &diag, &err);
    evac_buf_init(&text, 65536);
    evac_diag_print(&diag, &text);
    struct evac_str kept = evac_arena_str(arena, evac_buf_str(&text));
    evac_buf_done(&text);
    evac_model_free(model);
    return kept;
}

START_TEST(groups_that_can_not_be_are_refused)
{
    static const struct {
        const char *one, *two, *says;
    } rows[] = {
        { GROUP("one", "x = { type = \"app\"; member = \"two\"; };"),
          GROUP("two", "x = { type = \"app\"; member = \"one\"; };"), "waits for itself" },
        { GROUP("one", "x = { type = \"app\"; member = \"one\"; };"),
          GROUP("two", "x = { type = \"app\"; member = \"ledger\"; };"), "waits for itself" },
        { GROUP("one", "x = { type = \"app\"; member = \"nobody\"; };"),
          GROUP("two", "x = { type = \"app\"; member = \"ledger\"; };"),
          "there is no app 'nobody'" },
        { GROUP("one", "x = { type = \"app\"; member = \"ledger\"; waits_for = ( \"y\" ); };"),
          GROUP("two", "x = { type = \"app\"; member = \"ledger\"; };"), "waits for 'y'" },
        { GROUP("one", "x = { type = \"app\"; member = \"ledger\"; waits_for = ( \"y\" ); }; "
                       "y = { type = \"app\"; member = \"ledger\"; waits_for = ( \"x\" ); };"),
          GROUP("two", "x = { type = \"app\"; member = \"ledger\"; };"),
          "steps wait on each other" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct evac_arena *arena = evac_arena_new();
        struct evac_str said = check(rows[i].one, rows[i].two, arena);
        ck_assert_msg(evac_str_has(said, rows[i].says), "%zu: no '%s' in:\n%.*s", i, rows[i].says,
                      EVAC_STR_ARG(said));
        evac_arena_free(arena);
    }
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("groups");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, a_group_moves_its_apps_in_their_order, 0, 2);
    tcase_add_loop_test(tc, a_crash_in_the_middle_of_a_group, 0, 6);
    tcase_add_test(tc, an_app_that_is_held_stops_its_group);
    tcase_add_test(tc, groups_that_can_not_be_are_refused);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("groups of apps", cases)
