/* Durations from journal rows: what counts, what does not, and where there is nothing. */
#include "history.h"
#include "suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct evac_plan plan;
static struct evac_plan_step steps[6];
static char *plan_json;
static struct evac_history *history;
static uint64_t seq;

/* a change, a look behind it, and a second change that needs neither; then their undo */
static void setup(void)
{
    static const uint16_t after_first[] = { 0 };
    static const char *const ids[] = {
        "promote", "look", "scale", "undo:p", "undo:look", "undo:s"
    };
    struct evac_buf json;
    plan = (struct evac_plan){ .app = EVAC_STR("shop"),
                               .runbook = EVAC_STR("r"),
                               .from = EVAC_STR("us-east-1"),
                               .to = EVAC_STR("us-west-2"),
                               .mode = EVAC_MODE_UNGRACEFUL,
                               .rto_ms = 60000,
                               .steps = steps,
                               .forward_count = 3,
                               .step_count = 6 };
    for (int i = 0; i < 6; i++)
        steps[i] = (struct evac_plan_step){ .id = evac_str(ids[i]),
                                            .title = EVAC_STR("t"),
                                            .type = EVAC_STR("db"),
                                            .action = evac_str(ids[i]),
                                            .resource = EVAC_STR("main"),
                                            .region = EVAC_STR("us-west-2"),
                                            .target = evac_str(ids[i]),
                                            .usual_ms = 10000,
                                            .flags = i == 1 ? EVAC_STEP_PUBLIC : EVAC_STEP_MUTATES,
                                            .deadline_ms = 60000 };
    steps[1].after = after_first;
    steps[1].after_count = 1;
    evac_buf_init(&json, 1u << 20);
    evac_plan_to_json(&plan, &json);
    plan_json = strdup(json.p);
    evac_buf_done(&json);
    history = evac_history_new();
    seq = 0;
}

static void teardown(void)
{
    evac_history_free(history);
    free(plan_json);
}

static void row(uint64_t run, struct evac_record r, uint64_t at_ms)
{
    r.seq = ++seq;
    r.run = run;
    r.app = EVAC_STR("shop");
    r.t_boot_ms = 1000 + at_ms;
    r.t_wall_ms = 1700000000000 + (int64_t)at_ms;
    evac_history_row(history, &r);
}

static void admit(uint64_t run, uint64_t at_ms)
{
    row(run,
        (struct evac_record){
            .kind = EVAC_RECORD_ADMIT, .step = EVAC_NO_STEP, .data = evac_str(plan_json) },
        at_ms);
}

static void moved(uint64_t run, uint32_t step, const char *to, uint64_t at_ms)
{
    row(run, (struct evac_record){ .kind = EVAC_RECORD_STEP, .step = step, .to = evac_str(to) },
        at_ms);
}

static void intent(uint64_t run, uint32_t step, uint64_t at_ms)
{
    row(run, (struct evac_record){ .kind = EVAC_RECORD_INTENT, .step = step, .attempt = 1 }, at_ms);
}

static void end(uint64_t run, uint64_t at_ms)
{
    row(run, (struct evac_record){ .kind = EVAC_RECORD_TERMINAL, .step = EVAC_NO_STEP }, at_ms);
}

/* One run whose promote takes so long. */
static void promoted_in(uint64_t run, uint64_t at_ms, uint64_t ms)
{
    admit(run, at_ms);
    moved(run, 0, "observing", at_ms);
    intent(run, 0, at_ms);
    moved(run, 0, "done", at_ms + ms);
    end(run, at_ms + ms);
}

static struct evac_spread of(uint16_t step)
{
    struct evac_spread spread;
    evac_history_step(history, &plan, step, &spread);
    return spread;
}

START_TEST(quantiles_lie_between_the_samples)
{
    static const uint32_t four[] = { 10, 20, 30, 40 };
    ck_assert_double_eq(evac_quantile(four, 4, 0), 10);
    ck_assert_double_eq(evac_quantile(four, 4, 0.5), 25);
    ck_assert_double_eq_tol(evac_quantile(four, 4, 0.95), 38.5, 1e-9);
    ck_assert_double_eq(evac_quantile(four, 4, 1), 40);
    ck_assert_double_eq(evac_quantile(four, 1, 0.3), 10);
    ck_assert_double_eq(evac_quantile(four, 0, 0.3), 0);
}
END_TEST

START_TEST(without_history_it_is_the_usual_with_the_spread_that_is_stated)
{
    struct evac_spread s = of(0);
    ck_assert_int_eq(s.origin, EVAC_ORIGIN_USUAL);
    ck_assert_double_eq_tol(evac_spread_quantile(&s, 0.5), 10000, 0.1);
    ck_assert_double_eq_tol(evac_spread_quantile(&s, 0.95) / 10000, exp(0.5 * 1.6448536), 1e-4);
    ck_assert_double_eq_tol(evac_spread_quantile(&s, 0.999) / 10000, exp(0.5 * 3.0902323), 1e-4);
    ck_assert_double_eq_tol(evac_spread_quantile(&s, 0.001) * evac_spread_quantile(&s, 0.999), 1e8,
                            10);
}
END_TEST

START_TEST(a_step_is_measured_from_its_first_look_until_it_is_done)
{
    promoted_in(1, 1000, 4000);
    promoted_in(2, 50000, 6000);
    struct evac_spread s = of(0);
    ck_assert_int_eq(s.origin, EVAC_ORIGIN_OWN);
    ck_assert_uint_eq(s.count, 2);
    ck_assert_double_eq(evac_spread_quantile(&s, 0.5), 5000);
    ck_assert_uint_eq(s.max_ms, 6000);
}
END_TEST

START_TEST(what_waited_for_a_person_was_not_slow)
{
    admit(1, 0);
    moved(1, 0, "observing", 0);
    moved(1, 0, "gated", 1000);
    moved(1, 0, "observing", 601000);
    intent(1, 0, 601000);
    moved(1, 0, "done", 603000);
    end(1, 603000);
    ck_assert_uint_eq(of(0).samples_ms[0], 3000);
}
END_TEST

START_TEST(what_was_so_already_is_no_change)
{
    admit(1, 0);
    moved(1, 0, "observing", 0);
    moved(1, 0, "done", 12);
    moved(1, 1, "observing", 12);
    moved(1, 1, "done", 40);
    end(1, 40);
    ck_assert(of(0).found_so);
    ck_assert_uint_eq(of(0).samples_ms[0], 12);
    ck_assert_uint_eq(of(1).samples_ms[0], 28); /* a look is a look */
    ck_assert(!of(1).found_so);
    promoted_in(2, 1000, 4000); /* once it had to be changed, that is what counts */
    ck_assert(!of(0).found_so);
    ck_assert_uint_eq(of(0).samples_ms[0], 4000);
}
END_TEST

START_TEST(a_crash_in_the_middle_says_nothing_about_the_step)
{
    admit(1, 0);
    moved(1, 0, "observing", 0);
    intent(1, 0, 0);
    row(1, (struct evac_record){ .kind = EVAC_RECORD_RESUME, .step = EVAC_NO_STEP }, 90000);
    moved(1, 0, "done", 90010);
    moved(1, 2, "observing", 90010);
    intent(1, 2, 90010);
    moved(1, 2, "done", 91010);
    end(1, 91010);
    ck_assert_int_eq(of(0).origin, EVAC_ORIGIN_USUAL);
    ck_assert_uint_eq(of(2).samples_ms[0], 1000);
}
END_TEST

START_TEST(another_resource_has_the_actions_history)
{
    promoted_in(1, 0, 4000);
    steps[0].resource = EVAC_STR("other");
    ck_assert_int_eq(of(0).origin, EVAC_ORIGIN_ACTION);
    steps[0].resource = EVAC_STR("main");
    plan.from = EVAC_STR("us-west-2"); /* the way back is another way */
    ck_assert_int_eq(of(0).origin, EVAC_ORIGIN_ACTION);
    steps[0].action = EVAC_STR("never-done");
    ck_assert_int_eq(of(0).origin, EVAC_ORIGIN_USUAL);
}
END_TEST

START_TEST(the_newest_are_kept_and_all_are_counted)
{
    for (uint64_t i = 0; i < 100; i++)
        promoted_in(i + 1, i * 1000000, i < 36 ? 999000 : 5000);
    struct evac_spread s = of(0);
    ck_assert_uint_eq(s.count, 100);
    ck_assert_uint_eq(s.kept, EVAC_SAMPLES_MAX);
    ck_assert_uint_eq(s.max_ms, 999000);
    ck_assert_double_eq(evac_spread_quantile(&s, 1), 5000);
}
END_TEST

START_TEST(parts_and_answers_of_people_are_kept)
{
    static const struct {
        const char *name;
        int64_t at_ms;
    } instants[] = { { "impact_lo", 0 }, { "detected", 7000 }, { "decided", 67000 } };
    struct evac_spread s;
    admit(1, 7000);
    row(1, (struct evac_record){ .kind = EVAC_RECORD_APPROVE, .step = EVAC_NO_STEP }, 67000);
    for (int i = 0; i < 3; i++)
        row(1,
            (struct evac_record){ .kind = EVAC_RECORD_INSTANT,
                                  .step = EVAC_NO_STEP,
                                  .name = evac_str(instants[i].name),
                                  .number = 1700000000000 + instants[i].at_ms },
            (uint64_t)instants[i].at_ms);
    end(1, 70000);
    evac_history_part(history, EVAC_STR("shop"), "detect", &s);
    ck_assert_uint_eq(s.samples_ms[0], 7000);
    ck_assert_int_eq(s.origin, EVAC_ORIGIN_OWN);
    evac_history_part(history, EVAC_STR("shop"), "approve", &s);
    ck_assert_uint_eq(s.samples_ms[0], 60000);
    evac_history_part(history, EVAC_STR("bank"), "decide", &s);
    ck_assert_int_eq(s.origin, EVAC_ORIGIN_ACTION);
    evac_history_part(history, EVAC_STR("shop"), "traffic", &s);
    ck_assert_int_eq(s.origin, EVAC_ORIGIN_NONE);
}
END_TEST

START_TEST(lag_is_kept_a_store_and_unknown_is_no_number)
{
    struct evac_spread s;
    for (int64_t i = -1; i < 3; i++)
        row(0,
            (struct evac_record){ .kind = EVAC_RECORD_LAG, .name = EVAC_STR("main"), .number = i },
            0);
    evac_history_lag(history, EVAC_STR("shop"), EVAC_STR("main"), &s);
    ck_assert_uint_eq(s.count, 3);
    ck_assert_uint_eq(s.max_ms, 2);
    evac_history_lag(history, EVAC_STR("shop"), EVAC_STR("other"), &s);
    ck_assert_int_eq(s.origin, EVAC_ORIGIN_NONE);
}
END_TEST

/* --- the path
 * -------------------------------------------------------------------------------------- */

START_TEST(the_path_ends_where_users_are_served_again)
{
    uint64_t ms[] = { 4000, 3000, 50000 };
    uint16_t path[3], n = 0;
    ck_assert_uint_eq(evac_plan_path(&plan, ms, 0, path, &n), 50000);
    ck_assert_uint_eq(evac_plan_path(&plan, ms, EVAC_STEP_PUBLIC, path, &n), 7000);
    ck_assert_uint_eq(n, 2);
    ck_assert_uint_eq(path[0], 0);
    ck_assert_uint_eq(path[1], 1);
    ck_assert_uint_eq(evac_plan_path(&plan, ms, EVAC_STEP_BLIND, path, &n), 50000);
    ck_assert_uint_eq(evac_plan_critical_path(&plan, path, &n), 20000);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("history");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, quantiles_lie_between_the_samples);
    tcase_add_test(tc, without_history_it_is_the_usual_with_the_spread_that_is_stated);
    tcase_add_test(tc, a_step_is_measured_from_its_first_look_until_it_is_done);
    tcase_add_test(tc, what_waited_for_a_person_was_not_slow);
    tcase_add_test(tc, what_was_so_already_is_no_change);
    tcase_add_test(tc, a_crash_in_the_middle_says_nothing_about_the_step);
    tcase_add_test(tc, another_resource_has_the_actions_history);
    tcase_add_test(tc, the_newest_are_kept_and_all_are_counted);
    tcase_add_test(tc, parts_and_answers_of_people_are_kept);
    tcase_add_test(tc, lag_is_kept_a_store_and_unknown_is_no_number);
    tcase_add_test(tc, the_path_ends_where_users_are_served_again);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("history", add_cases)
