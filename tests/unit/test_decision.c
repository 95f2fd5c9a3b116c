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
static struct evac_readiness readiness[EVAC_REGIONS_MAX];
static struct evac_assurance lint[EVAC_REGIONS_MAX], drill[EVAC_REGIONS_MAX];
static struct evac_times flips, starts;

#define NOW_WALL_MS 1790000000000
#define HOUR_MS     3600000
#define DAY_MS      86400000

static void setup(void)
{
    app = (struct evac_app){ .regions = regions,
                             .region_count = 3,
                             .automatic = EVAC_POLICY_ACT,
                             .dwell_ms = 60000,
                             .flap_dwell_ms = 240000,
                             .flap_changes = 4,
                             .flap_window_ms = 1800000,
                             .auto_per_day = 1,
                             .auto_per_week = 2,
                             .readiness_ms = HOUR_MS,
                             .readiness_age_ms = 2 * HOUR_MS + 600000,
                             .cooldown_ms = HOUR_MS };
    health = malloc(sizeof *health);
    evac_health_init(health, &app, EVAC_STR_NONE);
    health->regions[0].verdict = EVAC_VERDICT_DOWN;
    health->regions[0].since_boot_ms = 1000;
    health->regions[1].verdict = EVAC_VERDICT_UP;
    health->regions[2].verdict = EVAC_VERDICT_UP;
    flips = starts = (struct evac_times){ .count = 0 };
    for (size_t r = 0; r < EVAC_REGIONS_MAX; r++) {
        readiness[r] =
            (struct evac_readiness){ .known = true, .ready = true, .at_wall_ms = NOW_WALL_MS };
        lint[r] = drill[r] = (struct evac_assurance){ .known = true, .ok = true };
    }
    in = (struct evac_decision_input){
        .app = &app,
        .health = health,
        .readiness = readiness,
        .assurance = { [EVAC_ASSURANCE_LINT] = lint, [EVAC_ASSURANCE_DRILL] = drill },
        .flips = &flips,
        .auto_starts = &starts,
        .last_run_acked = true,
        .lead = true,
        .auto_runs_max = 2,
        .now_boot_ms = 100000,
        .now_wall_ms = NOW_WALL_MS
    };
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
    case EVAC_GATE_PACE:
        in.pace_free_boot_ms = 160000;
        in.pace_max = 2;
        break;
    case EVAC_GATE_INCIDENT:
        in.incident = "us-east-1 is evacuated as a whole";
        break;
    case EVAC_GATE_ACKNOWLEDGED:
        in.auto_unacked = true;
        break;
    case EVAC_GATE_FLAP:
        evac_times_add(&starts, 50000);
        break;
    case EVAC_GATE_FREEZE:
        in.frozen = (struct evac_frozen){ NOW_WALL_MS + HOUR_MS, EVAC_STR("bob"),
                                          EVAC_STR("the year ends") };
        break;
    case EVAC_GATE_LINT:
        for (size_t r = 0; r < EVAC_REGIONS_MAX; r++)
            lint[r] = (struct evac_assurance){ .known = true, .text = "dns: leans on us-east-1" };
        break;
    case EVAC_GATE_READINESS:
        for (size_t r = 0; r < EVAC_REGIONS_MAX; r++)
            readiness[r].ready = false;
        break;
    case EVAC_GATE_DRILL:
        for (size_t r = 0; r < EVAC_REGIONS_MAX; r++)
            drill[r] = (struct evac_assurance){ .known = true,
                                                .text = "the last good drill is 120 days ago" };
        break;
    case EVAC_GATE_COUNT:
        break;
    }
}

/* What follows when that gate alone does not pass. */
static enum evac_decide follows(enum evac_gate gate, enum evac_policy policy)
{
    if (policy == EVAC_POLICY_NEVER || evac_gate_binds(gate) == EVAC_BINDS_ALL)
        return EVAC_DECIDE_WAIT;
    if (policy == EVAC_POLICY_PROPOSE || evac_gate_binds(gate) == EVAC_BINDS_ACT)
        return EVAC_DECIDE_PROPOSE;
    return EVAC_DECIDE_WAIT;
}

START_TEST(each_gate_alone_stops_what_it_binds_and_says_why)
{
    shut((enum evac_gate)_i);
    decide();
    ck_assert_int_eq(out.decide, follows((enum evac_gate)_i, EVAC_POLICY_ACT));
    for (unsigned g = 0; g < EVAC_GATE_COUNT; g++) {
        bool beside = g == EVAC_GATE_ACKNOWLEDGED && _i == EVAC_GATE_COOLDOWN; /* both look there */
        ck_assert_msg(beside || (out.gates[g] == EVAC_GATE_SAYS_PASS) == (g != (unsigned)_i),
                      "%s: %s says %s", evac_gate_name((enum evac_gate)_i),
                      evac_gate_name((enum evac_gate)g), evac_gate_answer_name(out.gates[g]));
    }
    ck_assert_uint_gt(strlen(out.reasons), 5);
}
END_TEST

/* The truth table: each gate, whether it passes, does not, can not tell or is waived, under each
 * policy. Answers that a gate never gives are left out. */
static bool make(enum evac_gate gate, enum evac_gate_answer answer)
{
    static const enum evac_gate may_not_know[] = { EVAC_GATE_LINT, EVAC_GATE_READINESS,
                                                   EVAC_GATE_DRILL };
    size_t c = 0;
    while (c < 3 && may_not_know[c] != gate)
        c++;
    if (answer == EVAC_GATE_SAYS_BLOCK || answer == EVAC_GATE_SAYS_WAIVED)
        shut(gate);
    if (answer == EVAC_GATE_SAYS_UNKNOWN && gate == EVAC_GATE_READINESS)
        in.readiness = NULL;
    else if (answer == EVAC_GATE_SAYS_UNKNOWN && c < 3)
        in.assurance[gate == EVAC_GATE_LINT ? EVAC_ASSURANCE_LINT : EVAC_ASSURANCE_DRILL] = NULL;
    if (answer == EVAC_GATE_SAYS_WAIVED)
        for (unsigned k = 0; k < EVAC_CONDITION_COUNT; k++)
            if (evac_condition_gate((enum evac_condition)k) == gate)
                in.waived[k].until_wall_ms = NOW_WALL_MS + DAY_MS;
    return answer == EVAC_GATE_SAYS_PASS || answer == EVAC_GATE_SAYS_BLOCK || c < 3;
}

START_TEST(every_cell_of_the_gates_truth_table)
{
    enum evac_gate gate = (enum evac_gate)(_i % EVAC_GATE_COUNT);
    enum evac_gate_answer answer = (enum evac_gate_answer)(_i / EVAC_GATE_COUNT);
    for (unsigned p = 0; p < EVAC_POLICY_COUNT; p++) {
        setup_again();
        app.automatic = (enum evac_policy)p;
        if (gate == EVAC_GATE_POLICY || !make(gate, answer))
            continue;
        bool passes = answer == EVAC_GATE_SAYS_PASS || answer == EVAC_GATE_SAYS_WAIVED;
        enum evac_decide good = p == EVAC_POLICY_NEVER ? EVAC_DECIDE_WAIT
                                : p == EVAC_POLICY_ACT ? EVAC_DECIDE_ACT
                                                       : EVAC_DECIDE_PROPOSE;
        decide();
        ck_assert_msg(out.gates[gate] == answer, "%s says %s and not %s", evac_gate_name(gate),
                      evac_gate_answer_name(out.gates[gate]), evac_gate_answer_name(answer));
        ck_assert_msg(out.decide == (passes ? good : follows(gate, (enum evac_policy)p)),
                      "%s %s under %s: %s: %s", evac_gate_name(gate), evac_gate_answer_name(answer),
                      evac_policy_name((enum evac_policy)p), evac_decide_name(out.decide),
                      out.reasons);
        ck_assert_int_eq(out.alone, gate == EVAC_GATE_INCIDENT ? good : out.decide);
    }
}
END_TEST

/* Any two gates that do not pass: what the stricter of them says holds. */
START_TEST(of_two_gates_the_stricter_counts)
{
    enum evac_gate one = (enum evac_gate)(_i % EVAC_GATE_COUNT),
                   two = (enum evac_gate)(_i / EVAC_GATE_COUNT);
    shut(one);
    shut(two);
    decide();
    enum evac_decide x = follows(one, EVAC_POLICY_ACT), y = follows(two, EVAC_POLICY_ACT);
    /* a delay is for what would act: nothing delays a proposal */
    bool proposes =
        (evac_gate_binds(one) == EVAC_BINDS_ACT && evac_gate_binds(two) != EVAC_BINDS_ALL) ||
        (evac_gate_binds(two) == EVAC_BINDS_ACT && evac_gate_binds(one) != EVAC_BINDS_ALL);
    ck_assert_int_eq(out.decide, proposes ? EVAC_DECIDE_PROPOSE : x < y ? x : y);
}
END_TEST

START_TEST(what_would_act_and_may_not_is_proposed_with_the_reason)
{
    shut(EVAC_GATE_DRILL);
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_PROPOSE);
    ck_assert_str_eq(out.reasons, "would act, but: the last good drill is 120 days ago");
    shut(EVAC_GATE_LINT);
    decide();
    ck_assert_str_eq(out.reasons, "would act, but: the lint finds errors: dns: leans on us-east-1; "
                                  "the last good drill is 120 days ago");
    app.automatic = EVAC_POLICY_PROPOSE; /* it would not act: that is no reason for anything */
    decide();
    ck_assert_str_eq(out.reasons, "");
    setup_again();
    drill[1].known = false;
    in.now_boot_ms = 3100;
    decide();
    ck_assert_str_eq(out.reasons,
                     "down for 2.1 s, proposes after 1m00s; would act, but: no drill of "
                     "this app went well yet");
}
END_TEST

START_TEST(a_waiver_counts_until_its_end)
{
    shut(EVAC_GATE_DRILL);
    in.waived[EVAC_CONDITION_DRILL] = (struct evac_waived){ NOW_WALL_MS + 5000, EVAC_STR("bob"),
                                                            EVAC_STR("the drill is booked") };
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_ACT);
    ck_assert_str_eq(out.reasons, "waived: drill (bob: the drill is booked)");
    ck_assert_int_eq(out.gates[EVAC_GATE_DRILL], EVAC_GATE_SAYS_WAIVED);
    ck_assert_uint_eq(out.wake_boot_ms, in.now_boot_ms + 5000);
    in.now_boot_ms += 5000;
    in.now_wall_ms += 5000;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_PROPOSE);
}
END_TEST

START_TEST(a_waiver_is_for_90_days_at_most)
{
    ck_assert(evac_waiver_holds(NOW_WALL_MS + EVAC_WAIVER_MAX_MS, NOW_WALL_MS));
    ck_assert(!evac_waiver_holds(NOW_WALL_MS + EVAC_WAIVER_MAX_MS + 1, NOW_WALL_MS));
    ck_assert(!evac_waiver_holds(NOW_WALL_MS, NOW_WALL_MS));
    ck_assert(!evac_waiver_holds(0, NOW_WALL_MS));
}
END_TEST

START_TEST(what_was_found_ready_long_ago_is_not_known_to_be_ready)
{
    readiness[1].at_wall_ms = readiness[2].at_wall_ms = NOW_WALL_MS - 2 * HOUR_MS - 600000;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_ACT);
    ck_assert_uint_eq(out.wake_boot_ms, in.now_boot_ms + 1);
    in.now_wall_ms++;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_PROPOSE);
    ck_assert_str_eq(out.reasons, "would act, but: it is 2h10m ago that the standby was looked at; "
                                  "that counts for 2h10m");
}
END_TEST

START_TEST(what_a_look_found_counts_as_long_as_the_configuration_says)
{
    app.readiness_age_ms = 60000;
    readiness[1].at_wall_ms = readiness[2].at_wall_ms = NOW_WALL_MS - 60001;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_PROPOSE);
    ck_assert_str_eq(out.reasons, "would act, but: it is 1m00s ago that the standby was looked at; "
                                  "that counts for 1m00s");
}
END_TEST

START_TEST(a_look_that_is_dated_by_another_clock_is_none)
{
    readiness[1].at_wall_ms = readiness[2].at_wall_ms = NOW_WALL_MS + 1;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_PROPOSE);
    ck_assert_str_eq(out.reasons, "would act, but: the standby was looked at by another clock");
}
END_TEST

/* RELIABILITY G4 and more: a proposal needs the cooldown over or a word, automation both. */
START_TEST(automation_acts_again_only_after_the_cooldown_and_a_word)
{
    bool acked = _i & 1, over = _i & 2;
    in.last_run_end_boot_ms = 50000;
    in.now_boot_ms = over ? 50000 + app.cooldown_ms : 100000;
    in.last_run_acked = acked;
    in.auto_unacked = !acked;
    decide();
    ck_assert_int_eq(out.decide, acked && over   ? EVAC_DECIDE_ACT
                                 : acked || over ? EVAC_DECIDE_PROPOSE
                                                 : EVAC_DECIDE_WAIT);
}
END_TEST

START_TEST(automation_has_one_run_a_day_and_two_a_week)
{
    const int64_t now = 30 * (int64_t)DAY_MS;
    static const struct {
        int64_t ago_ms[3];
        bool acts;
        int64_t wake_in_ms; /* -1: by something else */
    } rows[] = {
        { { -1, -1, -1 }, true, -1 },
        { { DAY_MS, -1, -1 }, true, -1 },
        { { DAY_MS - 1, -1, -1 }, false, 1 },
        { { 5 * DAY_MS, 2 * DAY_MS, -1 }, false, 2 * DAY_MS },
        { { 7 * DAY_MS, 2 * DAY_MS, -1 }, true, -1 },
        { { 8 * DAY_MS, 6 * DAY_MS, 3 * DAY_MS }, false, DAY_MS },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        starts = (struct evac_times){ .count = 0 };
        app.readiness_age_ms = 28u * (uint32_t)DAY_MS;
        in.now_boot_ms = (uint64_t)now;
        for (size_t k = 0; k < 3; k++)
            if (rows[i].ago_ms[k] >= 0)
                evac_times_add(&starts, now - rows[i].ago_ms[k]);
        decide();
        ck_assert_msg((out.decide == EVAC_DECIDE_ACT) == rows[i].acts, "row %zu: %s", i,
                      out.reasons);
        if (rows[i].wake_in_ms >= 0)
            ck_assert_uint_eq(out.wake_boot_ms, (uint64_t)(now + rows[i].wake_in_ms));
    }
}
END_TEST

START_TEST(a_verdict_that_flapped_must_hold_longer)
{
    in.now_boot_ms = 2000000;
    health->regions[0].since_boot_ms = 1900000; /* longer than the dwell, shorter than the other */
    for (int64_t k = 0; k < 3; k++)
        evac_times_add(&flips, 1000000 + k);
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_ACT); /* three changes are not four */
    evac_times_add(&flips, 1900000);
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_WAIT);
    ck_assert_str_eq(out.reasons, "down for 1m40s, acts after 4m00s, because it changed 4 times in "
                                  "30m00s");
    ck_assert_uint_eq(out.wake_boot_ms, 2140000);
    in.now_boot_ms = 2140000;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_ACT);
    in.now_boot_ms = 2800000; /* the first of the four is 30 minutes ago */
    health->regions[0].since_boot_ms = 2700000;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_ACT);
}
END_TEST

START_TEST(a_freeze_lets_proposals_pass_and_warns)
{
    shut(EVAC_GATE_FREEZE);
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_PROPOSE);
    ck_assert_str_eq(out.reasons, "would act, but: frozen for another 1h00m (bob: the year ends)");
    ck_assert_uint_eq(out.wake_boot_ms, in.now_boot_ms + HOUR_MS);
    app.automatic = EVAC_POLICY_PROPOSE;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_PROPOSE);
    ck_assert_str_eq(out.reasons, "frozen for another 1h00m (bob: the year ends)");
    in.frozen.until_wall_ms = NOW_WALL_MS;
    decide();
    ck_assert_str_eq(out.reasons, "");
}
END_TEST

START_TEST(in_an_incident_no_budget_of_single_apps_counts)
{
    shut(EVAC_GATE_BUDGET);
    shut(EVAC_GATE_PACE);
    in.in_incident = true;
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_ACT);
    in.incident = "it waits for its wave";
    decide();
    ck_assert_int_eq(out.decide, EVAC_DECIDE_WAIT);
    ck_assert_int_eq(out.alone, EVAC_DECIDE_ACT);
    ck_assert_str_eq(out.reasons, "it waits for its wave");
}
END_TEST

/* Each gate asked alone says what it says among all, and its own words. */
START_TEST(a_gate_that_is_asked_alone_says_the_same)
{
    char why[240];
    shut((enum evac_gate)_i);
    decide();
    for (unsigned g = 0; g < EVAC_GATE_COUNT; g++) {
        ck_assert_int_eq(evac_ask_gate(&in, (enum evac_gate)g, why, sizeof why), out.gates[g]);
        ck_assert_int_eq(why[0] == '\0', out.gates[g] == EVAC_GATE_SAYS_PASS);
        if (g == (unsigned)_i)
            ck_assert_ptr_nonnull(strstr(out.reasons, why));
    }
    in.waived[EVAC_CONDITION_DRILL] =
        (struct evac_waived){ NOW_WALL_MS + 5000, EVAC_STR("bob"), EVAC_STR("booked") };
    shut(EVAC_GATE_DRILL);
    ck_assert_int_eq(evac_ask_gate(&in, EVAC_GATE_DRILL, why, sizeof why), EVAC_GATE_SAYS_WAIVED);
    ck_assert_str_eq(why, "waived (bob: booked)");
}
END_TEST

/* Whether automation may act is asked in calm too. */
START_TEST(what_act_needs_is_known_before_the_day)
{
    struct evac_decision calm;
    health->regions[0].verdict = EVAC_VERDICT_UP;
    ck_assert(evac_may_act(&in, &calm));
    ck_assert_str_eq(calm.reasons, "");
    shut(EVAC_GATE_DRILL);
    ck_assert(!evac_may_act(&in, &calm));
    ck_assert_str_eq(calm.reasons, "the last good drill is 120 days ago");
    ck_assert_int_eq(calm.gates[EVAC_GATE_DRILL], EVAC_GATE_SAYS_BLOCK);
    ck_assert_int_eq(calm.decide, EVAC_DECIDE_NOTHING);
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
        in.waived[EVAC_CONDITION_READINESS].until_wall_ms = NOW_WALL_MS + 1;
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
        if (before.decide == EVAC_DECIDE_ACT)
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
                                  "acknowledge it; would act, but: the cooldown after the last run "
                                  "lasts 59m10s more");
    setup_again();
    shut(EVAC_GATE_BUDGET);
    shut(EVAC_GATE_PACE);
    decide();
    ck_assert_str_eq(
        out.reasons,
        "automatic runs going on: 2 of 2 allowed; automation began 2 runs lately, over "
        "all apps: the next one in 1m00s");
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
    app.automatic = EVAC_POLICY_ACT; /* else nobody asks what keeps it from acting */
    decide();
    for (unsigned g = EVAC_GATE_POLICY + 1; g < EVAC_GATE_COUNT; g++)
        ck_assert_msg(out.gates[g] == EVAC_GATE_SAYS_BLOCK, "%s",
                      evac_gate_name((enum evac_gate)g));
    ck_assert_uint_lt(strlen(out.reasons), sizeof out.reasons - 1);
    ck_assert_ptr_nonnull(strstr(out.reasons, "does not hold the lead"));
    ck_assert_ptr_nonnull(strstr(out.reasons, "120 days ago"));
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
    ck_assert_int_eq(out.decide, EVAC_DECIDE_PROPOSE); /* a word lets a proposal pass */
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
    tcase_add_loop_test(tc, each_gate_alone_stops_what_it_binds_and_says_why, 0, EVAC_GATE_COUNT);
    tcase_add_loop_test(tc, every_cell_of_the_gates_truth_table, 0,
                        EVAC_GATE_COUNT * EVAC_GATE_ANSWER_COUNT);
    tcase_add_loop_test(tc, of_two_gates_the_stricter_counts, 0, EVAC_GATE_COUNT * EVAC_GATE_COUNT);
    tcase_add_test(tc, what_would_act_and_may_not_is_proposed_with_the_reason);
    tcase_add_test(tc, a_waiver_counts_until_its_end);
    tcase_add_test(tc, a_waiver_is_for_90_days_at_most);
    tcase_add_test(tc, what_was_found_ready_long_ago_is_not_known_to_be_ready);
    tcase_add_test(tc, what_a_look_found_counts_as_long_as_the_configuration_says);
    tcase_add_test(tc, a_look_that_is_dated_by_another_clock_is_none);
    tcase_add_loop_test(tc, automation_acts_again_only_after_the_cooldown_and_a_word, 0, 4);
    tcase_add_test(tc, automation_has_one_run_a_day_and_two_a_week);
    tcase_add_test(tc, a_verdict_that_flapped_must_hold_longer);
    tcase_add_test(tc, a_freeze_lets_proposals_pass_and_warns);
    tcase_add_test(tc, in_an_incident_no_budget_of_single_apps_counts);
    tcase_add_test(tc, what_act_needs_is_known_before_the_day);
    tcase_add_loop_test(tc, a_gate_that_is_asked_alone_says_the_same, 0, EVAC_GATE_COUNT);
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
