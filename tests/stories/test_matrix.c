/*
 * The matrix: every strategy x {failover graceful, failover ungraceful, failback, isolated drill} x
 * what AWS may do in the middle of it, in virtual time through the real drivers. Each ends in what
 * the strategy promises: one writer, traffic and capacity where they belong, nothing left behind,
 * and the time and data that it cost in the report.
 */
#include "report.h"
#include "suite.h"
#include "world.h"

#include <stdio.h>
#include <string.h>

#define MINUTE_MS 60000u
#define EAST      "us-east-1"
#define WEST      "us-west-2"

/* --- what is tried --------------------------------------------------------------------------- */

static const struct strategy {
    const char *name, *app; /* app: below contrib/demo */
    const char *standby;    /* in the truth while the west is a standby */
    const char *active;     /* in the truth when the west has taken over */
    const char *services[8];
    bool everywhere; /* all regions serve and write */
} strategies[] = {
    { "warm-standby",
      NULL,
      "\"region\":\"us-west-2\",\"cluster\":\"shop\",\"service\":\"web\",\"desired\":1,",
      "\"region\":\"us-west-2\",\"cluster\":\"shop\",\"service\":\"web\",\"desired\":6,",
      { "rds", "s3", "ecs", "autoscaling" } },
    { "pilot-light",
      "strategies/pilot-light.cfg",
      "\"region\":\"us-west-2\",\"cluster\":\"shop\",\"service\":\"web\",\"desired\":0,",
      "\"region\":\"us-west-2\",\"cluster\":\"shop\",\"service\":\"web\",\"desired\":6,",
      { "rds", "s3", "ecs", "autoscaling" } },
    { "backup-restore",
      "strategies/backup-restore.cfg",
      "\"region\":\"us-west-2\",\"cluster\":\"shop\",\"service\":\"web\",\"desired\":0,",
      "\"region\":\"us-west-2\",\"cluster\":\"shop\",\"service\":\"web\",\"desired\":6,",
      { "rds", "s3", "ecs", "autoscaling" } },
    { "active-active",
      "strategies/active-active.cfg",
      "\"region\":\"us-west-2\",\"cluster\":\"shop\",\"service\":\"web\",\"desired\":3,",
      "\"region\":\"us-west-2\",\"cluster\":\"shop\",\"service\":\"web\",\"desired\":6,",
      { "dynamodb", "s3", "ecs", "autoscaling" },
      .everywhere = true },
};
#define STRATEGIES (sizeof strategies / sizeof strategies[0])

#define FLOWS(X)                                                                                   \
    X(GRACEFUL, "failover graceful")                                                               \
    X(UNGRACEFUL, "failover ungraceful")                                                           \
    X(FAILBACK, "failback")                                                                        \
    X(DRILL, "drill")
#define X(name, text) FLOW_##name,
enum flow { FLOWS(X) FLOW_COUNT };
#undef X
#define X(name, text) text,
static const char *const flow_names[] = { FLOWS(X) };
#undef X

/* What happens a second into the run, to each service in turn; and what ends it. */
static const struct trouble {
    const char *name, *fault; /* of a service; NULL none */
    uint64_t lasts_ms;        /* 0: it is used up */
} troubles[] = {
    { "no fault", NULL, 0 },
    { "lost reply", "lost-mutation 1", 0 },
    { "throttled", "throttled", 15000 },
    { "refused", "denied", 15000 },
    { "slow", "slow 3000", 60000 },
    { "region lost in mid-run", NULL, 0 },
};
#define TROUBLES    (sizeof troubles / sizeof troubles[0])
#define REGION_LOST (TROUBLES - 1)
#define CELLS       ((int)(STRATEGIES * FLOW_COUNT * TROUBLES))

struct cell {
    const struct strategy *strategy;
    enum flow flow;
    size_t trouble;
    struct world *w;
    const char *from, *to;
    enum evac_mode mode;
};

static struct cell cell_of(int i)
{
    struct cell c = { .strategy = &strategies[(size_t)i / (FLOW_COUNT * TROUBLES)],
                      .flow = (enum flow)((size_t)i / TROUBLES % FLOW_COUNT),
                      .trouble = (size_t)i % TROUBLES };
    c.from = c.flow == FLOW_FAILBACK ? WEST : EAST;
    c.to = c.flow == FLOW_FAILBACK ? EAST : WEST;
    c.mode = c.flow == FLOW_UNGRACEFUL ? EVAC_MODE_UNGRACEFUL : EVAC_MODE_GRACEFUL;
    return c;
}

/* --- saying what is wrong -------------------------------------------------------------------- */

static const char *story(const struct cell *c)
{
    static char text[4600];
    const char *trace = world_trace(c->w);
    size_t n = strlen(trace), most = 3500;
    snprintf(text, sizeof text, "%s, %s, %s:\n%s", c->strategy->name, flow_names[c->flow],
             troubles[c->trouble].name, n > most ? trace + n - most : trace);
    return text;
}

static void expect(const struct cell *c, bool holds, const char *what)
{
    ck_assert_msg(holds, "%s in %s", what, story(c));
}

static double reported(const struct cell *c, const char *key)
{
    struct evac_report *report;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf json;
    char pattern[64];
    ck_assert_msg(!evac_report_make(world_store(c->w), world_last_run(c->w), &report, &err), "%s",
                  err.text);
    evac_buf_init(&json, 8u << 20);
    evac_report_json(report, &json);
    snprintf(pattern, sizeof pattern, "\"%s\":", key);
    const char *p = strstr(json.p, pattern);
    double value = p && strncmp(p + strlen(pattern), "null", 4) ? atof(p + strlen(pattern)) : -1;
    evac_buf_done(&json);
    evac_report_free(report);
    return value;
}

/* --- the story of a cell --------------------------------------------------------------------- */

static void prepare(struct cell *c)
{
    struct world_options options = { .seed = 11,
                                     .speed = 10,
                                     .app_file = c->strategy->app,
                                     .app_extra = "automatic = \"act\"=>automatic = \"never\"\n"
                                                  "automatic = \"propose\"=>automatic = \"never\"",
                                     .verbose = getenv("EVAC_VERBOSE") != NULL };
    c->w = world_new(&options);
    world_run(c->w, 30000);
    if (c->flow != FLOW_FAILBACK)
        return;
    expect(c, !world_begin(c->w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL), "the way there");
    expect(c, world_run_to_end(c->w, 60 * MINUTE_MS), "the way there does not end");
    world_run(c->w, 5 * MINUTE_MS);
    if (world_app(c->w)->old_side.writes) /* what it was restored from still stands there */
        expect(c, !world_say(c->w, EVAC_CMD_RECONCILE, "", "fenced before it was restored", 0),
               "it is not reconciled");
}

static enum evac_workflow workflow_of(const struct cell *c)
{
    return c->flow == FLOW_FAILBACK ? EVAC_WORKFLOW_FAILBACK
           : c->flow == FLOW_DRILL  ? EVAC_WORKFLOW_DRILL
                                    : EVAC_WORKFLOW_FAILOVER;
}

static void cause_trouble(struct cell *c)
{
    const struct trouble *t = &troubles[c->trouble];
    const char *const places[] = { EAST, WEST };
    for (size_t i = 0; t->fault && i < 8 && c->strategy->services[i]; i++)
        for (size_t k = 0; k < 2; k++)
            world_control(c->w, "service %s %s %s", c->strategy->services[i], places[k], t->fault);
    world_run(c->w, t->lasts_ms);
    for (size_t i = 0; t->fault && t->lasts_ms && i < 8 && c->strategy->services[i]; i++)
        for (size_t k = 0; k < 2; k++)
            world_control(c->w, "service %s %s up", c->strategy->services[i], places[k]);
}

/* The region that is being left dies: people go on without it. In a drill it is the standby that
 * dies: it comes back, and everything is put back. */
static void lose_region(struct cell *c)
{
    world_run(c->w, 2000);
    if (c->flow == FLOW_DRILL) {
        world_control(c->w, "region %s down", c->to);
        world_run(c->w, 30000);
        world_control(c->w, "region %s up", c->to);
        return;
    }
    world_control(c->w, "region %s down", c->from);
    world_run(c->w, 10000);
    if (c->mode == EVAC_MODE_GRACEFUL)
        (void)world_say(c->w, EVAC_CMD_MODE, "", "the region died", EVAC_MODE_UNGRACEFUL);
    c->mode = EVAC_MODE_UNGRACEFUL;
}

/* A person answers what the run asks: try again what failed. */
static bool see_it_through(struct cell *c)
{
    for (int minute = 0; minute < 90; minute++) {
        if (world_run_to_end(c->w, MINUTE_MS))
            return true;
        if (world_run_state(c->w) != EVAC_RUN_ASKING)
            continue;
        const struct evac_run *run = evac_shell_engine(world_shell(c->w))->runs;
        for (uint16_t i = 0; run && i < run->plan->forward_count; i++)
            if (run->steps[i].state == EVAC_STEP_FAILED || run->steps[i].state == EVAC_STEP_HELD) {
                char id[128];
                (void)evac_str_copy(id, sizeof id, run->plan->steps[i].id);
                (void)world_say(c->w, EVAC_CMD_RETRY, id, "try again", 0);
                break;
            }
    }
    return false;
}

/* --- what must be so afterwards -------------------------------------------------------------- */

static bool is_true(const struct cell *c, const char *part)
{
    return strstr(world_truth(c->w), part) != NULL;
}

static void expect_writer(const struct cell *c, const char *region)
{
    char first[32] = "";
    unsigned writers = world_writers(c->w, first, sizeof first);
    char what[128];
    snprintf(what, sizeof what, "%u writers, the first is %s, it should be %s alone", writers,
             first, region);
    expect(c, writers == 1 && strcmp(first, region) == 0, what);
}

/* Users are led to these regions, a bit each, and to no others. */
static void expect_serving(const struct cell *c, uint32_t regions)
{
    char what[64];
    uint32_t serving = evac_engine_serving(world_app(c->w));
    snprintf(what, sizeof what, "users are led to %x, not to %x", serving, regions);
    expect(c, serving == regions, what);
}

/* Of an active-active app one that died while another came back is left in its turn. */
static void leave_the_dead(struct cell *c)
{
    if (!c->strategy->everywhere || c->flow != FLOW_FAILBACK || c->trouble != REGION_LOST)
        return;
    expect(c, !world_begin(c->w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL), "it is not left");
    expect(c, world_run_to_end(c->w, 60 * MINUTE_MS), "it is not left in time");
}

/* By the report, and in truth: what the old side has written is in the new one. */
static void expect_nothing_lost(const struct cell *c)
{
    const char *lost = strstr(world_truth(c->w), "\"lost_ms\":");
    expect(c, reported(c, "rpo_ms") == 0.0, "a planned move is said to have cost data");
    expect(c, lost == NULL || atof(lost + strlen("\"lost_ms\":")) <= 0, "a planned move cost data");
}

static void expect_moved(const struct cell *c)
{
    const struct evac_engine_app *a = world_app(c->w);
    if (!c->strategy->everywhere)
        expect_writer(c, c->to);
    else if (c->flow == FLOW_FAILBACK && c->trouble != REGION_LOST)
        expect_serving(c, 3);
    else
        expect_serving(c, c->flow == FLOW_FAILBACK ? 1 : 2);
    expect(c, evac_str_is(a->app->regions[a->active], c->to), "the app is not said to be there");
    expect(c, reported(c, "rto_ms") > 0 || c->mode == EVAC_MODE_GRACEFUL, "no RTO");
    expect(c, reported(c, "rpo_ms") >= 0, "no RPO");
    if (c->mode == EVAC_MODE_GRACEFUL)
        expect_nothing_lost(c);
    if (c->flow != FLOW_FAILBACK)
        expect(c, is_true(c, c->strategy->active), "the new region is not at full size");
    else if (c->trouble != REGION_LOST)
        expect(c, is_true(c, c->strategy->standby), "the region that was left is not small again");
}

static void expect_put_back(const struct cell *c)
{
    const struct evac_engine_app *a = world_app(c->w);
    if (c->strategy->everywhere)
        expect_serving(c, 3);
    else
        expect_writer(c, c->from);
    expect(c, is_true(c, c->strategy->standby), "the standby is not as it was");
    expect(c, evac_str_is(a->app->regions[a->active], c->from), "the drill counts as a move");
    if (c->trouble == 0)
        expect(c, world_traced(c->w, "intent scale") && world_traced(c->w, "intent undo:scale"),
               "nothing was exercised");
}

START_TEST(every_cell_ends_as_the_strategy_promises)
{
    struct cell c = cell_of(_i);
    prepare(&c);
    if (c.flow == FLOW_UNGRACEFUL)
        world_control(c.w, "region %s %s", c.from, c.trouble == REGION_LOST ? "isolated" : "down");
    world_run(c.w, 3000);
    expect(&c, !world_begin(c.w, workflow_of(&c), c.mode), "it does not begin");
    world_run(c.w, 1000);
    if (c.trouble == REGION_LOST)
        lose_region(&c);
    else
        cause_trouble(&c);
    expect(&c, see_it_through(&c), "it does not end");
    enum evac_run_state end = world_run_state(c.w);
    bool failed_drill = c.flow == FLOW_DRILL && end == EVAC_RUN_ROLLED_BACK;
    expect(&c, end == EVAC_RUN_SUCCEEDED || end == EVAC_RUN_EXCEPTIONS || failed_drill,
           evac_run_state_name(end));
    bool way_back = !c.strategy->everywhere || c.flow != FLOW_UNGRACEFUL; /* is it open? */
    if (c.trouble == 0 && way_back)
        expect(&c, end == EVAC_RUN_SUCCEEDED, evac_run_state_name(end));
    leave_the_dead(&c);
    expect(&c, world_broken(c.w)[0] == '\0', world_broken(c.w));
    world_run(c.w, 2 * MINUTE_MS);
    if (c.flow == FLOW_DRILL)
        expect_put_back(&c);
    else
        expect_moved(&c);
    world_free(c.w);
}
END_TEST

/* The worst day does not wait for a drill to end. */
START_TEST(a_real_failover_goes_before_a_drill)
{
    struct cell c = {
        .strategy = &strategies[0], .flow = FLOW_UNGRACEFUL, .from = EAST, .to = WEST
    };
    prepare(&c);
    expect(&c, !world_begin(c.w, EVAC_WORKFLOW_DRILL, EVAC_MODE_GRACEFUL), "no drill");
    world_run(c.w, 2000 + 1500 * (uint64_t)_i);
    world_control(c.w, "region " EAST " down");
    world_run(c.w, 1000);
    expect(&c, !world_begin(c.w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL), "no failover");
    if (_i == 3)
        world_crash(c.w, 2000);
    world_run(c.w, 20 * MINUTE_MS);
    expect(&c, evac_shell_engine(world_shell(c.w))->runs == NULL, "it does not end");
    expect(&c, world_broken(c.w)[0] == '\0', world_broken(c.w));
    expect_writer(&c, WEST);
    world_free(c.w);
}
END_TEST

/* Cut off from a region, a run shows what leans on it, and touches nothing there. */
START_TEST(what_leans_on_a_region_is_named)
{
    struct cell c = { .strategy = &strategies[0], .flow = FLOW_DRILL, .from = EAST, .to = WEST };
    prepare(&c);
    world_isolate(c.w, EAST);
    expect(&c, !world_rehearse(c.w), "no rehearsal");
    expect(&c, world_run_to_end(c.w, 60 * MINUTE_MS), "it does not end");
    expect(&c, world_run_state(c.w) == EVAC_RUN_FAILED, "nothing leans on the region");
    expect(&c, world_traced(c.w, "wants us-east-1, which this run may not touch"), "not named");
    expect(&c, !world_app(c.w)->readiness[1].known, "it says something of the standby");
    world_crash(c.w, 1000);
    world_run(c.w, 5000);
    expect(&c, !world_app(c.w)->readiness[1].known, "it does after a restart");
    /* the isolated drill acts in the standby alone: but for DNS, whose control plane is there */
    expect(&c, !world_begin(c.w, EVAC_WORKFLOW_DRILL, EVAC_MODE_GRACEFUL), "no drill");
    world_isolate(c.w, "eu-west-1");
    expect(&c, world_rehearse(c.w) == EVAC_E_BUSY || world_rehearse(c.w) != EVAC_OK,
           "two cuts at a time");
    expect(&c, world_run_to_end(c.w, 60 * MINUTE_MS), "it does not end");
    expect(&c, world_run_state(c.w) == EVAC_RUN_ROLLED_BACK, "the drill did not stop at DNS");
    world_free(c.w);
}
END_TEST

/* What a rehearsal found is known, and is still known after a restart; a move forgets nothing. */
START_TEST(readiness_is_remembered)
{
    struct cell c = { .strategy = &strategies[0], .flow = FLOW_DRILL, .from = EAST, .to = WEST };
    prepare(&c);
    expect(&c, !world_app(c.w)->readiness[1].known, "known before anybody looked");
    expect(&c, !world_rehearse(c.w), "no rehearsal");
    expect(&c, world_run_to_end(c.w, 60 * MINUTE_MS), "it does not end");
    expect(&c, world_app(c.w)->readiness[1].ready, "not ready");
    world_crash(c.w, 1000);
    world_run(c.w, 5000);
    expect(&c, world_app(c.w)->readiness[1].known && world_app(c.w)->readiness[1].ready,
           "forgotten by a restart");
    world_control(c.w, "service rds " WEST " denied");
    expect(&c, !world_rehearse(c.w), "no rehearsal");
    expect(&c, world_run_to_end(c.w, 60 * MINUTE_MS), "it does not end");
    expect(&c, !world_app(c.w)->readiness[1].ready, "still called ready");
    world_free(c.w);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("matrix");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, every_cell_ends_as_the_strategy_promises, 0, CELLS);
    tcase_add_test(tc, what_leans_on_a_region_is_named);
    tcase_add_test(tc, readiness_is_remembered);
    tcase_add_loop_test(tc, a_real_failover_goes_before_a_drill, 0, 5);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("strategies x flows x troubles", cases)
