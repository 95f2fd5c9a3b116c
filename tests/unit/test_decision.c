/* Decision: each gate alone blocks; an isolated or suspect region never moves by itself; time opens
 * what time shut. */
#include "decision.h"
#include "suite.h"

#include <string.h>

static const struct evac_str regions[] = { { "us-east-1", 9 },
                                           { "us-west-2", 9 },
                                           { "eu-west-1", 9 } };
static struct evac_app app;
static struct evac_health *health;
static struct evac_decision_input in;
static struct evac_decision out;

static void setup(void)
{
    app = (struct evac_app){ .regions = regions,
                             .region_count = 3,
                             .automatic = EVAC_POLICY_ACT,
                             .dwell_ms = 60000,
                             .cooldown_ms = 3600000 };
    health = malloc(sizeof *health);
    evac_health_init(health, &app, EVAC_STR_NONE);
    health->regions[0].verdict = EVAC_VERDICT_DOWN;
    health->regions[0].since_boot_ms = 1000;
    health->regions[1].verdict = EVAC_VERDICT_UP;
    health->regions[2].verdict = EVAC_VERDICT_UP;
    in = (struct evac_decision_input){ .app = &app,
                                       .health = health,
                                       .last_run_acked = true,
                                       .lead = true,
                                       .auto_runs_max = 2,
                                       .now_boot_ms = 100000 };
}

static void teardown(void)
{
    free(health);
}

static void decide(void)
{
    evac_decide(&in, &out);
}

START_TEST(when_all_gates_pass_the_policy_acts)
{
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_ACT);
    ck_assert_uint_eq(out.target, 1);
    ck_assert_int_eq(out.mode, EVAC_MODE_UNGRACEFUL);
    ck_assert_str_eq(out.reasons, "");
    app.automatic = EVAC_POLICY_PROPOSE;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_PROPOSE);
}
END_TEST

static void shut(enum evac_gate gate)
{
    switch (gate) {
    case EVAC_GATE_POLICY:
        app.automatic = EVAC_POLICY_NEVER;
        break;
    case EVAC_GATE_KILL_SWITCH:
        in.stopped = true;
        break;
    case EVAC_GATE_HOLD:
        in.held = true;
        break;
    case EVAC_GATE_VERDICT:
        in.now_boot_ms = 2000;
        break;
    case EVAC_GATE_OBSERVER:
        health->vantages[0].abstains = true;
        break;
    case EVAC_GATE_STANDBY:
        health->regions[1].verdict = EVAC_VERDICT_GREY;
        health->regions[2].verdict = EVAC_VERDICT_UNKNOWN;
        break;
    case EVAC_GATE_RUNNING:
        in.run_active = true;
        break;
    case EVAC_GATE_COOLDOWN:
        in.last_run_acked = false;
        in.last_run_end_boot_ms = 50000;
        break;
    case EVAC_GATE_BUDGET:
        in.auto_runs = 2;
        break;
    case EVAC_GATE_LEAD:
        in.lead = false;
        break;
    case EVAC_GATE_COUNT:
        break;
    }
}

START_TEST(each_gate_alone_blocks_and_says_why)
{
    shut((enum evac_gate)_i);
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_WAIT);
    for (unsigned g = 0; g < EVAC_GATE_COUNT; g++)
        ck_assert_int_eq(out.gates[g],
                         g == (unsigned)_i ? EVAC_GATE_SAYS_BLOCK : EVAC_GATE_SAYS_PASS);
    ck_assert_uint_gt(strlen(out.reasons), 5);
}
END_TEST

START_TEST(only_trouble_of_the_active_region_counts)
{
    static const enum evac_verdict calm[] = { EVAC_VERDICT_UP, EVAC_VERDICT_GREY,
                                              EVAC_VERDICT_UNKNOWN };
    for (size_t i = 0; i < 3; i++) {
        health->regions[0].verdict = calm[i];
        decide();
        ck_assert_int_eq(out.decide, EVAC_DECIDE_NOTHING);
    }
    health->regions[0].verdict = EVAC_VERDICT_UP;
    health->regions[1].verdict = EVAC_VERDICT_DOWN;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_NOTHING);
}
END_TEST

START_TEST(an_isolated_region_is_only_proposed)
{
    health->regions[0].verdict = EVAC_VERDICT_ISOLATED;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_PROPOSE);
}
END_TEST

START_TEST(a_suspect_observer_does_nothing)
{
    for (size_t i = 0; i < 3; i++)
        health->regions[i].verdict = EVAC_VERDICT_SUSPECT;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_WAIT);
    ck_assert_int_eq(out.gates[EVAC_GATE_OBSERVER], EVAC_GATE_SAYS_BLOCK);
}
END_TEST

/* GitHub, October 2018: 43 seconds. With a dwell of 60 seconds nothing would have moved. */
START_TEST(a_43_second_cut_decides_nothing)
{
    for (uint64_t t = 1000; t <= 44000; t += 1000) {
        in.now_boot_ms = t;
        decide();
        ck_assert_int_eq(out.decide, EVAC_DECIDE_WAIT);
        ck_assert_uint_eq(out.wake_boot_ms, 61000);
    }
    in.now_boot_ms = 61000;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_ACT);
}
END_TEST

START_TEST(cooldown_ends_by_time_or_by_a_word)
{
    in.last_run_acked = false;
    in.last_run_end_boot_ms = 50000;
    decide();
    ck_assert_uint_eq(out.wake_boot_ms, 3650000);
    in.now_boot_ms = 3650000;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_ACT);
    in.now_boot_ms = 100000;
    in.last_run_acked = true;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_ACT);
}
END_TEST

START_TEST(the_first_healthy_standby_in_order_is_the_target)
{
    health->regions[1].verdict = EVAC_VERDICT_DOWN;
    decide();
    ck_assert_uint_eq(out.target, 2);
    in.active = 2;
    health->regions[2].verdict = EVAC_VERDICT_DOWN;
    health->regions[2].since_boot_ms = 1000;
    health->regions[0].verdict = EVAC_VERDICT_UP;
    decide();
    ck_assert_uint_eq(out.target, 0);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("decision");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, when_all_gates_pass_the_policy_acts);
    tcase_add_loop_test(tc, each_gate_alone_blocks_and_says_why, 0, EVAC_GATE_COUNT);
    tcase_add_test(tc, only_trouble_of_the_active_region_counts);
    tcase_add_test(tc, an_isolated_region_is_only_proposed);
    tcase_add_test(tc, a_suspect_observer_does_nothing);
    tcase_add_test(tc, a_43_second_cut_decides_nothing);
    tcase_add_test(tc, cooldown_ends_by_time_or_by_a_word);
    tcase_add_test(tc, the_first_healthy_standby_in_order_is_the_target);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("decision", cases)
