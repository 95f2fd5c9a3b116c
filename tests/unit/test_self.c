/* What a controller's own opinion is worth: every cell of the truth table, every sign's score, how
 * the score falls again, and what follows for what it looks at. */
#include "engine.h"
#include "suite.h"

#include <string.h>

#define REACHES  EVAC_REACH_COUNT
#define CELLS    (REACHES * REACHES * REACHES)
#define SCORES   (EVAC_SELF_SCORE_MAX + 1)
#define ABSENT   EVAC_REACH_ABSENT
#define OK       EVAC_REACH_OK
#define FAIL     EVAC_REACH_FAIL
#define EVERY_MS 10000u

static struct evac_self_reach cell(unsigned n)
{
    return (struct evac_self_reach){ .peers = (enum evac_reach)(n % REACHES),
                                     .anchors = (enum evac_reach)(n / REACHES % REACHES),
                                     .resolver = (enum evac_reach)(n / REACHES / REACHES) };
}

/* The rows of the rule, as they are written down, for every cell that they name. */
START_TEST(every_cell_is_as_the_rule_says)
{
    for (unsigned n = 0; n < CELLS; n++)
        for (unsigned score = 0; score < SCORES; score++) {
            struct evac_self_reach r = cell(n);
            struct evac_self_opinion o = evac_self_judge(&r, score);
            bool peers = r.peers == FAIL, out = r.anchors == FAIL || r.resolver == FAIL;
            const char *word = evac_self_word_name(o.word);
            /* all fail, all fail, any: resigns the lead */
            ck_assert_msg(o.may_lead == !peers, "cell %u, score %u: %s", n, score, word);
            ck_assert_msg(o.abstains == (out || score >= 4), "cell %u, score %u: %s", n, score,
                          word);
            unsigned times = !o.abstains && score >= 2 ? 1 + score : 1;
            ck_assert_msg(o.fall_times == times, "cell %u, score %u: %u", n, score, o.fall_times);
            enum evac_self_word want = out ? peers ? EVAC_SELF_PARTITIONED : EVAC_SELF_EGRESS_LOST
                                       : score >= 4 ? EVAC_SELF_ILL
                                       : peers      ? EVAC_SELF_NO_LEAD
                                       : score >= 2 ? EVAC_SELF_PATIENT
                                                    : EVAC_SELF_VOTES;
            ck_assert_msg(o.word == want, "cell %u, score %u: %s", n, score, word);
        }
}
END_TEST

/* A few of them by hand, so that the test above is not the table again. */
START_TEST(the_rows_of_the_rule_hold)
{
    static const struct {
        struct evac_self_reach reach;
        unsigned score;
        enum evac_self_word word;
        bool abstains, may_lead;
        unsigned times;
    } rows[] = {
        { { OK, OK, OK }, 0, EVAC_SELF_VOTES, false, true, 1 },
        { { OK, OK, OK }, 1, EVAC_SELF_VOTES, false, true, 1 },
        { { OK, OK, OK }, 2, EVAC_SELF_PATIENT, false, true, 3 },
        { { OK, OK, OK }, 3, EVAC_SELF_PATIENT, false, true, 4 },
        { { OK, OK, OK }, 4, EVAC_SELF_ILL, true, true, 1 },
        { { OK, OK, OK }, 8, EVAC_SELF_ILL, true, true, 1 },
        { { OK, FAIL, FAIL }, 0, EVAC_SELF_EGRESS_LOST, true, true, 1 },
        { { FAIL, OK, OK }, 0, EVAC_SELF_NO_LEAD, false, false, 1 },
        { { FAIL, OK, OK }, 3, EVAC_SELF_NO_LEAD, false, false, 4 },
        { { FAIL, FAIL, OK }, 0, EVAC_SELF_PARTITIONED, true, false, 1 },
        { { FAIL, FAIL, FAIL }, 0, EVAC_SELF_PARTITIONED, true, false, 1 },
        /* one controller without anchors trusts itself; with anchors that it does not reach, not */
        { { ABSENT, ABSENT, ABSENT }, 0, EVAC_SELF_VOTES, false, true, 1 },
        { { ABSENT, FAIL, OK }, 0, EVAC_SELF_EGRESS_LOST, true, true, 1 },
        { { ABSENT, OK, FAIL }, 0, EVAC_SELF_EGRESS_LOST, true, true, 1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct evac_self_opinion o = evac_self_judge(&rows[i].reach, rows[i].score);
        ck_assert_msg(o.word == rows[i].word, "row %zu: %s", i, evac_self_word_name(o.word));
        ck_assert(o.abstains == rows[i].abstains && o.may_lead == rows[i].may_lead);
        ck_assert_uint_eq(o.fall_times, rows[i].times);
    }
}
END_TEST

START_TEST(every_word_has_a_name_of_its_own)
{
    for (unsigned i = 0; i < EVAC_SELF_WORD_COUNT; i++)
        for (unsigned k = 0; k < i; k++)
            ck_assert_str_ne(evac_self_word_name((enum evac_self_word)i),
                             evac_self_word_name((enum evac_self_word)k));
    ck_assert_str_eq(evac_self_word_name(EVAC_SELF_WORD_COUNT), "?");
    ck_assert_str_eq(evac_reach_name(EVAC_REACH_COUNT), "?");
}
END_TEST

/* --- the score
 * ------------------------------------------------------------------------------------------ */

START_TEST(each_sign_has_its_points)
{
    static const struct {
        struct evac_self_signs signs;
        unsigned score;
    } rows[] = {
        { { 0 }, 0 },
        { { .loop_lag_ms = 200 }, 0 },
        { { .loop_lag_ms = 201 }, 1 },
        { { .timer_slip_ms = 201 }, 1 },
        { { .loop_lag_ms = 900, .timer_slip_ms = 900 }, 1 }, /* one illness */
        { { .loop_lag_ms = 1001 }, 2 },
        { { .timer_slip_ms = 3001 }, 4 },
        { { .files = 80, .files_max = 100 }, 0 },
        { { .files = 81, .files_max = 100 }, 1 },
        { { .files = 96, .files_max = 100 }, 2 },
        { { .files = 1000 }, 0 }, /* no limit is known */
        { { .queued = 50, .probes = 100 }, 0 },
        { { .queued = 51, .probes = 100 }, 1 },
        { { .queued = 91, .probes = 100 }, 2 },
        { { .clock_jumped = true }, 1 },
        { { .loop_lag_ms = 300, .files = 90, .files_max = 100, .clock_jumped = true }, 3 },
        { { 9999, 9999, 100, 100, 100, 100, true }, 8 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ck_assert_msg(evac_self_score(&rows[i].signs) == rows[i].score, "row %zu: %u", i,
                      evac_self_score(&rows[i].signs));
}
END_TEST

START_TEST(a_score_rises_at_once_and_falls_slowly)
{
    struct evac_self self = { .score = 0 };
    struct evac_self_signs ill = { .timer_slip_ms = 5000 }, well = { .timer_slip_ms = 0 };
    uint64_t now = 1000000;
    evac_self_feel(&self, &ill, now);
    ck_assert_uint_eq(self.score, 4);
    for (unsigned want = 3; want < 4; want--) {
        for (unsigned s = 0; s < 9; s++)
            evac_self_feel(&self, &well, now += 1000);
        ck_assert_uint_eq(self.score, want + 1);
        evac_self_feel(&self, &well, now += 1000);
        ck_assert_uint_eq(self.score, want);
    }
    evac_self_feel(&self, &well, now += 100000);
    ck_assert_uint_eq(self.score, 0);
}
END_TEST

/* --- what follows
 * --------------------------------------------------------------------------------------- */

static const struct evac_str regions[] = { { "us-east-1", 9 }, { "us-west-2", 9 } };
static const struct evac_probe probes[] = { { .name = { "web", 3 },
                                              .role = EVAC_PROBE_EDGE,
                                              .regional = true,
                                              .everywhere = true,
                                              .every_ms = EVERY_MS,
                                              .fall = 3,
                                              .rise = 2 } };
static const struct evac_app app = { .name = { "shop", 4 },
                                     .regions = regions,
                                     .region_count = 2,
                                     .probes = probes,
                                     .probe_count = 1,
                                     .automatic = EVAC_POLICY_PROPOSE,
                                     .dwell_ms = 20000 };
static struct evac_model model = { .apps = &app, .app_count = 1 };
static struct evac_engine engine;
static struct evac_effects fx;
static void *memory;
static uint64_t now_ms;
static unsigned starts, vantage_rows;
static char told[512], written[512]; /* the last notice, the last row */

static void step(struct evac_event *event)
{
    event->now = (struct evac_now){ now_ms, (int64_t)now_ms, 1 };
    evac_engine_step(&engine, event, &fx);
    for (size_t i = 0; i < fx.count; i++) {
        starts += fx.items[i].kind == EVAC_FX_START;
        if (fx.items[i].kind == EVAC_FX_JOURNAL &&
            fx.items[i].u.record.kind == EVAC_RECORD_VANTAGE) {
            vantage_rows++;
            (void)evac_str_copy(written, sizeof written, fx.items[i].u.record.text);
        }
        if (fx.items[i].kind == EVAC_FX_NOTICE)
            (void)evac_str_copy(told, sizeof told, evac_str(fx.items[i].u.notice.text));
    }
}

static void setup(void)
{
    struct evac_event lead = { .kind = EVAC_EVENT_LEAD, .u.lead = { true, 1 } };
    struct evac_now now = { now_ms = 1000000, 1000000, 1 };
    model.controller.node = EVAC_STR("n1");
    model.controller.auto_runs_max = 3;
    model.controller.incident_apps_min = 1000; /* one app is no regional incident */
    model.controller.incident_percent = 100;
    memory = calloc(1, evac_engine_apps_bytes(&model));
    starts = vantage_rows = 0;
    told[0] = '\0';
    evac_engine_init(&engine, &model, memory);
    evac_engine_resume(&engine, &now, &fx);
    step(&lead);
}

static void teardown(void)
{
    free(memory);
}

/* Seconds of feeling so, with web of east answering or not, and west well. */
static void pass(unsigned seconds, const struct evac_self_signs *signs, enum evac_reach resolver,
                 bool east)
{
    for (unsigned s = 0; s < seconds; s++) {
        struct evac_event feel = { .kind = EVAC_EVENT_SELF };
        now_ms += 1000;
        feel.u.self.signs = *signs;
        feel.u.self.resolver = resolver;
        step(&feel);
        for (uint16_t r = 0; now_ms % EVERY_MS == 0 && r < 2; r++) {
            struct evac_event probe = { .kind = EVAC_EVENT_PROBE };
            probe.u.probe.result = (struct evac_probe_result){
                .region = r, .ok = r == 1 || east, .sent_boot_ms = now_ms - 5, .boot_ms = now_ms
            };
            step(&probe);
        }
    }
}

static const struct evac_self_signs well = { 0 }, unwell = { .files = 96, .files_max = 100 },
                                    ill = { .timer_slip_ms = 4000 };

START_TEST(who_is_well_sees_an_outage_after_three_failures)
{
    pass(60, &well, OK, true);
    pass(30, &well, OK, false);
    ck_assert_int_eq(engine.apps[0].health.regions[0].verdict, EVAC_VERDICT_DOWN);
    pass(40, &well, OK, false);
    ck_assert_uint_eq(starts, 1);
    ck_assert_uint_eq(vantage_rows, 0);
}
END_TEST

START_TEST(who_is_a_little_ill_waits_for_longer_rows)
{
    pass(60, &unwell, OK, true);
    ck_assert_uint_eq(engine.opinion.fall_times, 3);
    ck_assert_ptr_nonnull(
        strstr(told, "ill and waits longer: open descriptors 96 of 100 (score 2"));
    pass(80, &unwell, OK, false);
    ck_assert_int_eq(engine.apps[0].health.regions[0].verdict, EVAC_VERDICT_UP);
    pass(10, &unwell, OK, false);
    ck_assert_int_eq(engine.apps[0].health.regions[0].verdict, EVAC_VERDICT_DOWN);
}
END_TEST

START_TEST(who_is_ill_moves_nothing_and_starts_from_nothing_when_it_is_well)
{
    pass(60, &well, OK, true);
    pass(300, &ill, OK, false);
    ck_assert(engine.opinion.abstains);
    ck_assert_uint_eq(starts, 0);
    ck_assert_int_eq(engine.apps[0].health.regions[0].verdict, EVAC_VERDICT_UNKNOWN);
    ck_assert_ptr_nonnull(strstr(told, "opinion does not count: its timer was late by 4.0 s"));
    pass(10, &well, OK, true);
    pass(1, &well, OK, true);
    ck_assert(!engine.opinion.abstains); /* 3 of 8 */
    pass(60, &well, OK, true);
    ck_assert_int_eq(engine.apps[0].health.regions[0].verdict, EVAC_VERDICT_UP);
    ck_assert_uint_eq(starts, 0);
}
END_TEST

START_TEST(who_can_not_resolve_names_moves_nothing)
{
    pass(60, &well, OK, true);
    pass(300, &well, FAIL, false);
    ck_assert_uint_eq(starts, 0);
    ck_assert_int_eq(engine.opinion.word, EVAC_SELF_EGRESS_LOST);
    ck_assert_uint_eq(vantage_rows, 1);
    ck_assert_str_eq(written, "its resolver does not answer");
    ck_assert_ptr_nonnull(strstr(told, "its resolver does not answer"));
    pass(60, &well, OK, true);
    ck_assert_uint_eq(vantage_rows, 2);
    ck_assert_ptr_nonnull(strstr(told, "counts again"));
}
END_TEST

/* An outage that was known stays known to who falls ill a little; to who abstains it is not. */
START_TEST(an_outage_is_not_acted_on_while_the_controller_is_ill)
{
    pass(60, &well, OK, true);
    pass(30, &well, OK, false);
    pass(100, &ill, OK, false); /* before the dwell is over */
    ck_assert_uint_eq(starts, 0);
    pass(120, &well, OK, false);
    ck_assert_uint_eq(starts, 1);
}
END_TEST

START_TEST(who_reaches_no_peer_does_not_act)
{
    for (unsigned s = 0; s < 200; s++) {
        struct evac_event feel = { .kind = EVAC_EVENT_SELF };
        feel.u.self.peers = FAIL;
        now_ms += 1000;
        step(&feel);
        for (uint16_t r = 0; now_ms % EVERY_MS == 0 && r < 2; r++) {
            struct evac_event probe = { .kind = EVAC_EVENT_PROBE };
            probe.u.probe.result = (struct evac_probe_result){
                .region = r, .ok = r == 1 || s < 60, .sent_boot_ms = now_ms - 5, .boot_ms = now_ms
            };
            step(&probe);
        }
    }
    ck_assert_int_eq(engine.apps[0].health.regions[0].verdict, EVAC_VERDICT_DOWN); /* it votes */
    ck_assert_int_eq(engine.apps[0].decision.gates[EVAC_GATE_LEAD], EVAC_GATE_SAYS_BLOCK);
    ck_assert_uint_eq(starts, 0);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("self");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, every_cell_is_as_the_rule_says);
    tcase_add_test(tc, the_rows_of_the_rule_hold);
    tcase_add_test(tc, every_word_has_a_name_of_its_own);
    tcase_add_test(tc, each_sign_has_its_points);
    tcase_add_test(tc, a_score_rises_at_once_and_falls_slowly);
    tcase_add_test(tc, who_is_well_sees_an_outage_after_three_failures);
    tcase_add_test(tc, who_is_a_little_ill_waits_for_longer_rows);
    tcase_add_test(tc, who_is_ill_moves_nothing_and_starts_from_nothing_when_it_is_well);
    tcase_add_test(tc, who_can_not_resolve_names_moves_nothing);
    tcase_add_test(tc, an_outage_is_not_acted_on_while_the_controller_is_ill);
    tcase_add_test(tc, who_reaches_no_peer_does_not_act);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("self", cases)
