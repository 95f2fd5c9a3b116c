/* The decision clock: its numbers against known answers, and its advice in every situation. */
#include "clock.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW_BOOT 10000000u
#define NOW_WALL 1790000000000

static struct evac_app app;
static struct evac_resource resources[1];
static struct evac_str regions[2];
static struct evac_engine engine;
static struct evac_model model;
static struct evac_engine_app engine_app;
static struct evac_watch watch;
static struct evac_plan plan;
static struct evac_plan_step steps[4];
static struct evac_run run;
static struct evac_step_run run_steps[4];
static struct evac_clock clock_now;
static struct evac_arena *arena;

/* fence 10 s, promote 50 s behind it, scale 20 s beside them, and the look of users after all. */
static void make_plan(void)
{
    static const uint16_t first[] = { 0 }, both[] = { 1, 2 };
    static const char *const ids[] = { "fence", "promote", "scale", "confirm" };
    static const uint32_t usual[] = { 10000, 50000, 20000, 1000 };
    for (int i = 0; i < 4; i++)
        steps[i] = (struct evac_plan_step){ .id = evac_str(ids[i]),
                                            .action = evac_str(ids[i]),
                                            .usual_ms = usual[i] };
    steps[1].after = first, steps[1].after_count = 1;
    steps[1].flags = EVAC_STEP_LOSSY;
    steps[3].after = both, steps[3].after_count = 2;
    steps[3].flags = EVAC_STEP_PUBLIC;
    plan = (struct evac_plan){ .app = EVAC_STR("shop"),
                               .from = EVAC_STR("us-east-1"),
                               .to = EVAC_STR("us-west-2"),
                               .mode = EVAC_MODE_UNGRACEFUL,
                               .rpo_ms = 30000,
                               .steps = steps,
                               .forward_count = 4,
                               .step_count = 4 };
}

static void setup(void)
{
    arena = evac_arena_new();
    regions[0] = EVAC_STR("us-east-1");
    regions[1] = EVAC_STR("us-west-2");
    resources[0] = (struct evac_resource){ .name = EVAC_STR("db") };
    app = (struct evac_app){ .name = EVAC_STR("shop"),
                             .regions = regions,
                             .region_count = 2,
                             .rto_ms = 180000,
                             .rpo_ms = 30000,
                             .resources = resources,
                             .resource_count = 1,
                             .automatic = EVAC_POLICY_PROPOSE,
                             .dwell_ms = 60000 };
    watch = (struct evac_watch){ .verbs = 1u << EVAC_VERB_MEASURE, .lag_ms = -1 };
    engine_app = (struct evac_engine_app){ .app = &app, .watches = &watch, .sources = 1 };
    engine_app.decision.target = 1;
    engine_app.decision.wake_boot_ms = UINT64_MAX;
    engine_app.health.regions[0].verdict = EVAC_VERDICT_UP;
    engine_app.health.regions[1].verdict = EVAC_VERDICT_UP;
    model = (struct evac_model){ .apps = &app, .app_count = 1 };
    engine_app.health.app = &app;
    engine = (struct evac_engine){ .apps = &engine_app, .app_count = 1, .model = &model };
    engine.lead = engine.opinion.may_lead = true;
    model.controller.auto_runs_max = 2;
    watch.replicated_until_ms = NOW_WALL - 4000;
    make_plan();
}

static void teardown(void)
{
    evac_arena_free(arena);
}

/* It went down so long ago, was detected 10 s later; every gate passes but those that are closed.
 */
static void outage(enum evac_verdict verdict, int64_t ms)
{
    struct evac_region_health *h = &engine_app.health.regions[0];
    h->verdict = verdict;
    h->impact_lo_wall_ms = NOW_WALL - ms;
    h->impact_hi_wall_ms = NOW_WALL - ms + 1000;
    h->impact_lo_boot_ms = NOW_BOOT - (uint64_t)ms;
    h->impact_hi_boot_ms = NOW_BOOT - (uint64_t)ms + 1000;
    h->detected_boot_ms = NOW_BOOT - (uint64_t)ms + 10000;
    watch.replicated_until_ms = NOW_WALL - ms - 4000;
    engine_app.decision.decide = EVAC_DECIDE_WAIT;
}

/* Makes so what shuts a gate: the clock asks the gate itself. */
static void close_gate(enum evac_gate gate)
{
    struct evac_decision *d = &engine_app.decision;
    d->gates[gate] = EVAC_GATE_SAYS_BLOCK;
    if (gate == EVAC_GATE_KILL_SWITCH)
        engine.stopped = true;
    if (gate == EVAC_GATE_HOLD)
        engine_app.hold_until_wall_ms = INT64_MAX;
    if (gate == EVAC_GATE_STANDBY)
        engine_app.health.regions[1].verdict = EVAC_VERDICT_UNKNOWN;
    if (gate == EVAC_GATE_VERDICT)
        engine_app.health.regions[0].since_boot_ms = NOW_BOOT - 10000;
    if (gate == EVAC_GATE_INCIDENT) {
        struct evac_incident *i = &engine.fleet.regions[0].incident;
        engine.fleet.region_count = 1;
        i->state = EVAC_INCIDENT_OPEN;
        i->found = true;
        snprintf(i->says, sizeof i->says, "its evacuation waits for a yes");
    }
}

static const struct evac_clock *read_clock(void)
{
    struct evac_clock_input in = { .engine = &engine,
                                   .plan = &plan,
                                   .no_plan = EVAC_STR("no runbook"),
                                   .now = { NOW_BOOT, NOW_WALL, 0 } };
    evac_clock_read(&in, arena, &clock_now);
    return &clock_now;
}

static void expect(enum evac_advice advice, const char *words)
{
    const struct evac_clock *c = read_clock();
    ck_assert_str_eq(evac_advice_name(c->advice), evac_advice_name(advice));
    ck_assert_msg(strstr(c->words, words) != NULL, "'%s' is not in '%s'", words, c->words);
}

static void expect_block(const struct evac_clock_block *b, const char *gate, const char *binds,
                         const char *words)
{
    ck_assert_str_eq(b->gate, gate);
    ck_assert_str_eq(b->binds, binds);
    ck_assert_msg(evac_str_has(b->reason, words), "'%s' is not in '%.*s'", words,
                  EVAC_STR_ARG(b->reason));
}

/* Lint, readiness and drill say yes. */
static void assure(void)
{
    for (unsigned k = 0; k < EVAC_ASSURANCE_COUNT; k++)
        engine_app.assurance[k][1] = (struct evac_assurance){ .known = true, .ok = true };
    engine_app.readiness[1] =
        (struct evac_readiness){ .known = true, .ready = true, .at_wall_ms = NOW_WALL };
}

static void begin_run(enum evac_run_state state)
{
    memset(run_steps, 0, sizeof run_steps);
    run = (struct evac_run){ .id = 7, .plan = &plan, .state = state, .steps = run_steps };
    run.entered_ms = NOW_BOOT - 5000;
    for (int i = 0; i < 4; i++)
        run_steps[i].state = EVAC_STEP_WAITING;
    engine_app.run = &run;
}

START_TEST(the_numbers_are_those_of_the_path)
{
    outage(EVAC_VERDICT_DOWN, 70000);
    const struct evac_clock *c = read_clock();
    ck_assert_int_eq(c->burnt_ms, 70000);
    ck_assert_int_eq(c->detect_ms, 10000);
    ck_assert_int_eq(c->decide_ms, 60000);
    ck_assert_int_eq(c->failover.p50_ms, 61000); /* not the 20 s beside it */
    ck_assert_uint_eq(c->without_history, 3);
    ck_assert(c->steps[0].on_path && c->steps[1].on_path && !c->steps[2].on_path);
    ck_assert_int_eq(c->total.p50_ms, 131000);
    ck_assert_int_eq(c->start_by_p50_ms, NOW_WALL - 70000 + 180000 - 61000);
    ck_assert_int_gt(c->failover.p95_ms, 2 * 61000);
    ck_assert_int_eq(c->start_by_p95_ms, NOW_WALL + 110000 - c->failover.p95_ms);
    ck_assert_int_eq(c->loss_ms, 5000); /* until the first bad answer, not until now */
}
END_TEST

START_TEST(of_a_run_only_the_rest_is_still_to_come)
{
    outage(EVAC_VERDICT_DOWN, 70000);
    begin_run(EVAC_RUN_RUNNING);
    run_steps[0].state = EVAC_STEP_DONE;
    run_steps[1].state = EVAC_STEP_VERIFYING;
    run_steps[1].began_ms = NOW_BOOT - 20000;
    run_steps[2].state = EVAC_STEP_DONE;
    ck_assert_int_eq(read_clock()->failover.p50_ms, 31000);
    expect(EVAC_ADVICE_FOLLOW, "run 7 goes on: users are served again in about 31.0 s");
    run_steps[1].began_ms = NOW_BOOT - 90000; /* longer than usual: any moment now */
    ck_assert_int_eq(read_clock()->failover.p50_ms, 1000);
}
END_TEST

START_TEST(each_closed_gate_has_its_reason)
{
    outage(EVAC_VERDICT_DOWN, 70000);
    close_gate(EVAC_GATE_HOLD);
    close_gate(EVAC_GATE_KILL_SWITCH);
    close_gate(EVAC_GATE_STANDBY);
    const struct evac_clock *c = read_clock();
    ck_assert_uint_eq(c->block_count, 3);
    expect_block(&c->blocks[0], "stop-automation", "everything", "automation is stopped");
    expect_block(&c->blocks[1], "hold", "everything", "somebody holds this app");
    expect_block(&c->blocks[2], "standby", "everything",
                 "no standby region is up: us-west-2 unknown");
    ck_assert_str_eq(c->policy, "does nothing while a gate is closed");
}
END_TEST

/* Of two reasons of one gate, neither becomes another gate's. */
START_TEST(a_reason_with_a_semicolon_stays_with_its_gate)
{
    outage(EVAC_VERDICT_DOWN, 70000);
    engine_app.health.shared_down = true;
    snprintf(engine_app.needs_words, sizeof engine_app.needs_words, "payments is down; so is tax");
    close_gate(EVAC_GATE_DEPENDENCY);
    close_gate(EVAC_GATE_STANDBY);
    const struct evac_clock *c = read_clock();
    ck_assert_uint_eq(c->block_count, 2);
    expect_block(&c->blocks[0], "dependency", "everything",
                 "payments is down; so is tax: moving would not help");
    expect_block(&c->blocks[1], "standby", "everything", "no standby region is up");
}
END_TEST

/* Also while all is well: somebody may waive it before the day. */
START_TEST(what_lets_a_policy_only_propose_is_told_apart)
{
    app.automatic = EVAC_POLICY_ACT;
    const struct evac_clock *c = read_clock();
    ck_assert(!c->may_act);
    ck_assert_uint_eq(c->block_count, 3);
    expect_block(&c->blocks[0], "lint", "act", "the plan was not linted yet");
    expect_block(&c->blocks[1], "readiness", "act", "the standby was not looked at yet");
    expect_block(&c->blocks[2], "drill", "act", "no drill of this app went well yet");
    assure();
    ck_assert_uint_eq(read_clock()->block_count, 0);
    ck_assert(clock_now.may_act);
}
END_TEST

START_TEST(what_would_be_lost_beyond_the_objective_blocks_and_is_said)
{
    outage(EVAC_VERDICT_DOWN, 70000);
    watch.replicated_until_ms = NOW_WALL - 70000 - 60000;
    const struct evac_clock *c = read_clock();
    expect_block(&c->blocks[c->block_count - 1], "rpo", "start",
                 "at promote: it would lose 1m01s of data; the objective is 30.0 s");
    expect(EVAC_ADVICE_START, "it loses 1m01s of data");
    watch.replicated_until_ms = 0;
    expect(EVAC_ADVICE_START, "what it would lose is not known");
}
END_TEST

START_TEST(what_a_run_would_wait_for_is_foreseen)
{
    app.approvals = (struct evac_approvals){ .need = 2 };
    engine_app.freezes[EVAC_FREEZE_BY_WORD].until_wall_ms = NOW_WALL + 60000;
    outage(EVAC_VERDICT_DOWN, 70000);
    const struct evac_clock *c = read_clock();
    ck_assert_uint_eq(c->block_count, 2);
    expect_block(&c->blocks[0], "approval", "start", "at the start: 0 of 2 approvals: needs 2");
    expect_block(&c->blocks[1], "freeze", "start", "at the start: the app is frozen, for 1m00s");
    ck_assert_uint_eq(c->waits_for, 0); /* nobody waits yet */
    expect(EVAC_ADVICE_START, "it will wait for somebody to open approval, freeze");
}
END_TEST

START_TEST(the_advice_fits_the_situation)
{
    expect(EVAC_ADVICE_NOTHING, "nothing is wrong: us-east-1 is up");
    engine_app.health.regions[0].verdict = EVAC_VERDICT_GREY;
    expect(EVAC_ADVICE_LOOK, "us-east-1 is grey");
    outage(EVAC_VERDICT_SUSPECT, 30000);
    expect(EVAC_ADVICE_WAIT, "every region looks down from here");
    outage(EVAC_VERDICT_DOWN, 70000);
    expect(EVAC_ADVICE_START, "start now: 'evac failover shop'");
    outage(EVAC_VERDICT_ISOLATED, 70000);
    expect(EVAC_ADVICE_START, "it may still be writing");
    outage(EVAC_VERDICT_DOWN, 70000);
    close_gate(EVAC_GATE_STANDBY);
    expect(EVAC_ADVICE_FIX, "do not start yet: no standby region is up");
}
END_TEST

START_TEST(an_incident_of_the_region_is_one_question)
{
    outage(EVAC_VERDICT_DOWN, 70000);
    close_gate(EVAC_GATE_INCIDENT);
    expect(EVAC_ADVICE_ANSWER, "takes this app along: its evacuation waits for a yes");
}
END_TEST

START_TEST(waiting_is_advised_only_while_there_is_time_for_it)
{
    outage(EVAC_VERDICT_DOWN, 20000);
    close_gate(EVAC_GATE_VERDICT);
    engine_app.decision.wake_boot_ms = NOW_BOOT + 30000;
    steps[1].usual_ms = 20000; /* some 70 s at p95 */
    expect(EVAC_ADVICE_WAIT, "wait 30.0 s: it may come back by itself");
    app.automatic = EVAC_POLICY_ACT;
    assure();
    expect(EVAC_ADVICE_WAIT, "then the policy acts");
    ck_assert_str_eq(clock_now.policy, "acts by itself in 30.0 s, if nothing changes");
    engine_app.decision.wake_boot_ms = NOW_BOOT + 120000; /* later than the objective allows */
    expect(EVAC_ADVICE_START, "start now");
}
END_TEST

START_TEST(a_moment_that_has_passed_is_said_to_have_passed)
{
    outage(EVAC_VERDICT_DOWN, 249000);
    expect(EVAC_ADVICE_START, "the last moment to meet the objective was 2m10s ago");
    app.rto_ms = 60000;
    expect(EVAC_ADVICE_START, "it usually takes 1m01s, longer than the objective allows");
}
END_TEST

START_TEST(somebody_who_is_asked_is_told_so)
{
    outage(EVAC_VERDICT_DOWN, 70000);
    begin_run(EVAC_RUN_PROPOSED);
    run.asks = true;
    expect(EVAC_ADVICE_ANSWER, "say yes now: 'evac approve shop'");
    ck_assert_int_eq(clock_now.asked_ms, 5000);
    begin_run(EVAC_RUN_RUNNING);
    run_steps[1].state = EVAC_STEP_GATED;
    run.loss_ms = EVAC_LOSS_UNKNOWN;
    expect(EVAC_ADVICE_ANSWER, "run 7 waits for you at promote");
}
END_TEST

START_TEST(a_trend_needs_samples_and_a_slope)
{
    int64_t by;
    ck_assert_int_eq(evac_clock_trend(&watch, &by), EVAC_TREND_UNKNOWN);
    for (int64_t i = 0; i < 3; i++)
        evac_watch_note_lag(&watch, NOW_WALL + i * 60000, 4000 + i * 500);
    ck_assert_int_eq(evac_clock_trend(&watch, &by), EVAC_TREND_RISING);
    ck_assert_int_eq(by, 500);
    for (int64_t i = 3; i < 60; i++)
        evac_watch_note_lag(&watch, NOW_WALL + i * 60000, 4000 + i % 2);
    ck_assert_int_eq(evac_clock_trend(&watch, &by), EVAC_TREND_STEADY);
    evac_watch_note_lag(&watch, NOW_WALL + 60 * 60000, -1); /* unknown is no zero */
    ck_assert_int_eq(evac_clock_trend(&watch, &by), EVAC_TREND_STEADY);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("clock");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_numbers_are_those_of_the_path);
    tcase_add_test(tc, of_a_run_only_the_rest_is_still_to_come);
    tcase_add_test(tc, each_closed_gate_has_its_reason);
    tcase_add_test(tc, a_reason_with_a_semicolon_stays_with_its_gate);
    tcase_add_test(tc, what_lets_a_policy_only_propose_is_told_apart);
    tcase_add_test(tc, what_would_be_lost_beyond_the_objective_blocks_and_is_said);
    tcase_add_test(tc, what_a_run_would_wait_for_is_foreseen);
    tcase_add_test(tc, the_advice_fits_the_situation);
    tcase_add_test(tc, an_incident_of_the_region_is_one_question);
    tcase_add_test(tc, waiting_is_advised_only_while_there_is_time_for_it);
    tcase_add_test(tc, a_moment_that_has_passed_is_said_to_have_passed);
    tcase_add_test(tc, somebody_who_is_asked_is_told_so);
    tcase_add_test(tc, a_trend_needs_samples_and_a_slope);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("clock", add_cases)
