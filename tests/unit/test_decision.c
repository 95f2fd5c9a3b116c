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

static void setup_again(void)
{
    teardown();
    setup();
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
    case EVAC_GATE_DEPENDENCY:
        in.needs = EVAC_STR("payments is down for 40.0 s");
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

/* A standby that was found ready goes before one that nobody looked at, that before one that was
 * not. */
START_TEST(the_target_is_the_readiest_that_is_up)
{
    static const struct evac_readiness ready = { .known = true, .ready = true },
                                       not = { .known = true }, unknown = { .known = false };
    static const struct {
        struct evac_readiness one, two;
        enum evac_verdict two_is;
        uint16_t target;
    } rows[] = {
        { unknown, unknown, EVAC_VERDICT_UP, 1 }, { unknown, ready, EVAC_VERDICT_UP, 2 },
        { not, unknown, EVAC_VERDICT_UP, 2 },     { ready, ready, EVAC_VERDICT_UP, 1 },
        { not, ready, EVAC_VERDICT_DOWN, 1 },     { not, not, EVAC_VERDICT_UP, 1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct evac_readiness list[EVAC_REGIONS_MAX] = { unknown, rows[i].one, rows[i].two };
        health->regions[2].verdict = rows[i].two_is;
        in.readiness = list;
        decide();
        ck_assert_int_eq(out.decide, EVAC_DECIDE_ACT);
        ck_assert_msg(out.target == rows[i].target, "row %zu: %u", i, out.target);
    }
    health->regions[1].verdict = health->regions[2].verdict = EVAC_VERDICT_DOWN;
    ck_assert_uint_eq(evac_best_standby(&in), 3);
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
    ck_assert_int_eq(out.gates[EVAC_GATE_VERDICT], EVAC_GATE_SAYS_UNKNOWN);
    ck_assert_ptr_nonnull(strstr(out.reasons, "doubts itself first"));
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

/* The same 43 seconds through real answers: probes every ten seconds, 60 seconds of dwell. Any
 * phase of the cut against the probes; and the dwell counts from the verdict, not from the first
 * failure. */
static const struct evac_probe web = { .name = { "web", 3 },
                                       .target = { "http://x", 8 },
                                       .regional = true,
                                       .every_ms = 10000,
                                       .fall = 3,
                                       .rise = 2 };

static enum evac_decide worst_of_a_cut(uint64_t begins, uint64_t lasts)
{
    enum evac_decide worst = EVAC_DECIDE_NOTHING;
    app.probes = &web;
    app.probe_count = 1;
    evac_health_init(health, &app, EVAC_STR_NONE);
    for (uint64_t t = 10000; t < begins + lasts + 200000; t += 10000)
        for (uint16_t r = 0; r < 3; r++) {
            struct evac_health_news news;
            struct evac_probe_result result = { .region = r, .sent_boot_ms = t, .boot_ms = t + 20 };
            result.ok = r != 0 || t < begins || t >= begins + lasts;
            evac_health_probe(health, &result, &news);
            in.now_boot_ms = t + 20;
            decide();
            worst = out.decide > worst ? out.decide : worst;
        }
    return worst;
}

START_TEST(a_cut_shorter_than_the_dwell_decides_nothing_at_any_phase)
{
    uint64_t begins = 100000 + (uint64_t)_i * 250;
    ck_assert_int_le(worst_of_a_cut(begins, 43000), EVAC_DECIDE_WAIT);
    /* the verdict comes fall - 1 intervals late and goes rise - 1 intervals late */
    ck_assert_int_le(worst_of_a_cut(begins, 60000 + 10000), EVAC_DECIDE_WAIT);
    ck_assert_int_eq(worst_of_a_cut(begins, 60000 + 30000), EVAC_DECIDE_ACT);
}
END_TEST

START_TEST(a_verdict_that_changed_begins_its_dwell_anew)
{
    in.now_boot_ms = 60000;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_WAIT);
    ck_assert_uint_eq(out.wake_boot_ms, 61000);
    health->regions[0].since_boot_ms = 60000;
    in.now_boot_ms = 61000;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_WAIT);
    ck_assert_uint_eq(out.wake_boot_ms, 120000);
}
END_TEST

/* One millisecond before, and at each instant that a gate gave as the time to look again. */
START_TEST(the_wake_time_is_the_first_instant_that_may_change_the_answer)
{
    app.dwell_ms = 1000u * (uint32_t)_i;
    in.last_run_acked = false;
    in.last_run_end_boot_ms = 20000;
    app.cooldown_ms = 17000;
    in.now_boot_ms = 1000;
    for (unsigned k = 0; k < 3; k++) {
        struct evac_decision before;
        decide();
        before = out;
        if (before.wake_boot_ms == UINT64_MAX)
            break;
        ck_assert_uint_gt(before.wake_boot_ms, in.now_boot_ms);
        in.now_boot_ms = before.wake_boot_ms - 1;
        decide();
        ck_assert_mem_eq(before.gates, out.gates, sizeof before.gates);
        in.now_boot_ms = before.wake_boot_ms;
        decide();
        ck_assert_int_ne(memcmp(before.gates, out.gates, sizeof before.gates), 0);
    }
    ck_assert_int_eq(out.decide, EVAC_DECIDE_ACT);
    ck_assert_uint_eq(in.now_boot_ms, app.dwell_ms + 1000 > 37000 ? app.dwell_ms + 1000 : 37000);
}
END_TEST

START_TEST(reasons_carry_their_numbers)
{
    in.now_boot_ms = 3100;
    app.dwell_ms = 3000;
    decide();
    ck_assert_str_eq(out.reasons, "down for 2.1 s, acts after 3.0 s");
    app.automatic = EVAC_POLICY_PROPOSE;
    decide();
    ck_assert_str_eq(out.reasons, "down for 2.1 s, proposes after 3.0 s");
    health->regions[0].verdict = EVAC_VERDICT_ISOLATED;
    app.automatic = EVAC_POLICY_ACT;
    decide();
    ck_assert_str_eq(out.reasons, "isolated for 2.1 s, proposes after 3.0 s");

    setup_again();
    shut(EVAC_GATE_STANDBY);
    decide();
    ck_assert_str_eq(out.reasons, "no standby region is up: us-west-2 grey, eu-west-1 unknown");

    setup_again();
    shut(EVAC_GATE_COOLDOWN);
    shut(EVAC_GATE_BUDGET);
    decide();
    ck_assert_str_eq(out.reasons, "the last run ended 50.0 s ago: 59m10s of cooldown left, or "
                                  "acknowledge it; automatic runs going on: 2 of 2 allowed");
}
END_TEST

START_TEST(a_dependency_that_may_be_failing_is_waited_for)
{
    in.needs = EVAC_STR("payments may be failing");
    in.needs_doubtful = true;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_WAIT);
    ck_assert_int_eq(out.gates[EVAC_GATE_DEPENDENCY], EVAC_GATE_SAYS_UNKNOWN);
    ck_assert_str_eq(out.reasons, "payments may be failing");
    in.needs = EVAC_STR("payments is down for 40.0 s");
    in.needs_doubtful = false;
    decide();
    ck_assert_int_eq(out.gates[EVAC_GATE_DEPENDENCY], EVAC_GATE_SAYS_BLOCK);
    ck_assert_str_eq(out.reasons, "payments is down for 40.0 s: moving would not help");
}
END_TEST

START_TEST(all_reasons_together_fit)
{
    for (unsigned g = 0; g < EVAC_GATE_COUNT; g++)
        shut((enum evac_gate)g);
    in.run_proposed = true;
    decide();
    for (unsigned g = 0; g < EVAC_GATE_COUNT; g++)
        ck_assert_msg(out.gates[g] == EVAC_GATE_SAYS_BLOCK, "%s",
                      evac_gate_name((enum evac_gate)g));
    ck_assert_uint_lt(strlen(out.reasons), sizeof out.reasons - 1);
    ck_assert_ptr_nonnull(strstr(out.reasons, "does not hold the lead"));
}
END_TEST

/* Every verdict of the active region under every policy, all gates open. */
START_TEST(only_down_is_ever_acted_on)
{
    enum evac_verdict v = (enum evac_verdict)(_i % EVAC_VERDICT_COUNT);
    app.automatic = (enum evac_policy)(_i / EVAC_VERDICT_COUNT);
    health->regions[0].verdict = v;
    decide();
    ck_assert_int_eq(out.decide == EVAC_DECIDE_ACT,
                     v == EVAC_VERDICT_DOWN && app.automatic == EVAC_POLICY_ACT);
    ck_assert_int_eq(out.mode == EVAC_MODE_UNGRACEFUL,
                     v == EVAC_VERDICT_DOWN || v == EVAC_VERDICT_ISOLATED);
    if (out.decide == EVAC_DECIDE_NOTHING)
        ck_assert_uint_eq(out.wake_boot_ms, UINT64_MAX);
}
END_TEST

START_TEST(a_region_is_never_its_own_target)
{
    in.active = (uint16_t)_i;
    for (unsigned r = 0; r < 3; r++)
        health->regions[r].verdict = EVAC_VERDICT_UP;
    health->regions[_i].verdict = EVAC_VERDICT_DOWN;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_ACT);
    ck_assert_uint_eq(out.target, _i == 0 ? 1 : 0);
}
END_TEST

START_TEST(a_region_that_is_not_there_decides_nothing)
{
    in.active = (uint16_t)_i;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_NOTHING);
}
END_TEST

START_TEST(every_gate_and_decision_has_a_name_of_its_own)
{
    for (int i = 0; i < EVAC_GATE_COUNT; i++)
        for (int k = 0; k < i; k++)
            ck_assert_str_ne(evac_gate_name((enum evac_gate)i), evac_gate_name((enum evac_gate)k));
    ck_assert_str_eq(evac_gate_name(EVAC_GATE_KILL_SWITCH), "stop-automation");
    ck_assert_str_eq(evac_gate_name(EVAC_GATE_COUNT), "?");
    ck_assert_str_eq(evac_decide_name(EVAC_DECIDE_PROPOSE), "propose");
    ck_assert_str_eq(evac_decide_name(EVAC_DECIDE_COUNT), "?");
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
    tcase_add_test(tc, the_target_is_the_readiest_that_is_up);
    tcase_add_test(tc, only_trouble_of_the_active_region_counts);
    tcase_add_test(tc, an_isolated_region_is_only_proposed);
    tcase_add_test(tc, a_suspect_observer_does_nothing);
    tcase_add_test(tc, a_43_second_cut_decides_nothing);
    tcase_add_test(tc, cooldown_ends_by_time_or_by_a_word);
    tcase_add_test(tc, the_first_healthy_standby_in_order_is_the_target);
    tcase_add_loop_test(tc, a_cut_shorter_than_the_dwell_decides_nothing_at_any_phase, 0, 40);
    tcase_add_test(tc, a_verdict_that_changed_begins_its_dwell_anew);
    tcase_add_loop_test(tc, the_wake_time_is_the_first_instant_that_may_change_the_answer, 1, 60);
    tcase_add_test(tc, reasons_carry_their_numbers);
    tcase_add_test(tc, a_dependency_that_may_be_failing_is_waited_for);
    tcase_add_test(tc, all_reasons_together_fit);
    tcase_add_loop_test(tc, only_down_is_ever_acted_on, 0, EVAC_VERDICT_COUNT * EVAC_POLICY_COUNT);
    tcase_add_loop_test(tc, a_region_is_never_its_own_target, 0, 3);
    tcase_add_loop_test(tc, a_region_that_is_not_there_decides_nothing, 3, EVAC_REGIONS_MAX + 2);
    tcase_add_test(tc, every_gate_and_decision_has_a_name_of_its_own);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("decision", cases)
