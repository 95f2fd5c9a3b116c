/* Outages that have not happened: known answers, what breaks a plan, and the same again from the
 * same seed. */
#include "builtin.h"
#include "builtin_runbooks.h"
#include "conf.h"
#include "sim.h"
#include "suite.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

static struct evac_arena *arena;
static struct evac_model *model;
static struct evac_history *history;
static struct evac_plan *plan;
static cJSON *answer;

static struct evac_str read_demo(const char *name)
{
    static const char *const names[][2] = {
        { "@DIR@", "/nowhere" },
        { "@PORT@", "8080" },
        { "@DNS_PORT@", "5353" },
        { "@SPEED@", "1" },
        { "@UNTIL@", "2026-12-31" } /* beyond what the virtual clock shows */
    };
    char path[1024];
    struct evac_buf text;
    snprintf(path, sizeof path, "%s/contrib/demo/%s", EVAC_SOURCE_DIR, name);
    FILE *f = fopen(path, "r");
    ck_assert(f != NULL);
    evac_buf_init(&text, 1u << 20);
    for (int c; (c = fgetc(f)) != EOF;)
        evac_buf_putc(&text, (char)c);
    fclose(f);
    struct evac_str all = evac_buf_str(&text);
    struct evac_buf out;
    evac_buf_init(&out, 1u << 20);
    for (size_t i = 0; i < all.n; i++) {
        struct evac_str rest = { all.p + i, all.n - i };
        bool hole = false;
        for (size_t k = 0; k < sizeof names / sizeof names[0] && !hole; k++)
            if (evac_str_starts(rest, names[k][0])) {
                evac_buf_puts(&out, names[k][1]);
                i += strlen(names[k][0]) - 1;
                hole = true;
            }
        if (!hole)
            evac_buf_putc(&out, all.p[i]);
    }
    evac_buf_done(&text);
    struct evac_str kept = evac_arena_str(arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return kept;
}

static void load(const char *app)
{
    struct evac_conf_text files[32];
    struct evac_diag diag = { .arena = arena };
    struct evac_err err = { EVAC_OK, "" };
    size_t n = 0;
    files[n++] = (struct evac_conf_text){ "evac.cfg", read_demo("evac.cfg") };
    files[n++] = (struct evac_conf_text){ "apps/shop.cfg", read_demo(app) };
    for (size_t i = 0; i < evac_builtin_runbook_count; i++)
        files[n++] = evac_builtin_runbooks[i];
    ck_assert_msg(evac_conf_parse(files, n, &diag, &model, &err) == EVAC_OK, "%s", err.text);
    struct evac_plan_request request = { .model = model,
                                         .app = &model->apps[0],
                                         .catalog = evac_builtin_catalog(),
                                         .workflow = EVAC_WORKFLOW_FAILOVER,
                                         .mode = EVAC_MODE_UNGRACEFUL,
                                         .from = EVAC_STR("us-east-1"),
                                         .to = EVAC_STR("us-west-2") };
    ck_assert_msg(evac_plan_compile(&request, &diag, &plan, &err) == EVAC_OK, "%s", err.text);
}

static void setup(void)
{
    arena = evac_arena_new();
    history = evac_history_new();
    load("apps/shop.cfg");
}

static void teardown(void)
{
    cJSON_Delete(answer);
    answer = NULL;
    evac_plan_free(plan);
    evac_history_free(history);
    evac_model_free(model);
    evac_arena_free(arena);
}

/* --- a history of one run in which step i took ms(i)
 * ------------------------------------------------------------ */

static void row(struct evac_record r, uint64_t boot_ms)
{
    r.run = 1;
    r.app = model->apps[0].name;
    r.t_boot_ms = boot_ms;
    evac_history_row(history, &r);
}

/* The same for what is the same action on the same thing. */
static uint32_t fixed_ms(uint16_t i)
{
    const struct evac_plan_step *s = &plan->steps[i];
    uint64_t hash = evac_str_hash(s->action) + 3 * evac_str_hash(s->target);
    return 1000u + 100u * (uint32_t)(hash % 60u);
}

static void remember(void)
{
    struct evac_buf json;
    evac_buf_init(&json, 4u << 20);
    evac_plan_to_json(plan, &json);
    row((struct evac_record){ .kind = EVAC_RECORD_ADMIT, .data = evac_buf_str(&json) }, 1);
    for (uint16_t i = 0; i < plan->forward_count; i++) {
        row((struct evac_record){ .kind = EVAC_RECORD_STEP,
                                  .step = i,
                                  .to = EVAC_STR("observing") },
            1000);
        row((struct evac_record){ .kind = EVAC_RECORD_INTENT, .step = i }, 1000);
        row((struct evac_record){ .kind = EVAC_RECORD_STEP, .step = i, .to = EVAC_STR("done") },
            1000 + fixed_ms(i));
    }
    row((struct evac_record){ .kind = EVAC_RECORD_TERMINAL, .step = EVAC_NO_STEP }, 99000);
    evac_buf_done(&json);
}

/* --- simulating
 * ------------------------------------------------------------------------------------------ */

static enum evac_code try(const char *down, const char *fault, uint32_t runs, uint64_t seed,
                          struct evac_buf *json, struct evac_err *err)
{
    struct evac_sim_fault faults[EVAC_SIM_FAULTS_MAX];
    struct evac_sim *sim;
    struct evac_jw w = { json, false };
    struct evac_sim_request q = { .model = model,
                                  .app = &model->apps[0],
                                  .catalog = evac_builtin_catalog(),
                                  .history = history,
                                  .down = evac_str(down),
                                  .faults = faults,
                                  .runs = runs,
                                  .seed = seed,
                                  .reaction_ms = 60000 };
    enum evac_code code =
        fault ? evac_sim_fault_parse(evac_str(fault), faults, &q.fault_count, err) : EVAC_OK;
    if (!code)
        code = evac_sim_new(&q, &sim, err);
    if (code)
        return code;
    while (evac_sim_step(sim))
        ;
    evac_sim_to_json(sim, &w);
    evac_sim_free(sim);
    return EVAC_OK;
}

static const cJSON *simulate(const char *fault, uint32_t runs)
{
    struct evac_buf json;
    struct evac_err err = { EVAC_OK, "" };
    evac_buf_init(&json, 8u << 20);
    ck_assert_msg(try("us-east-1", fault, runs, 7, &json, &err) == EVAC_OK, "%s", err.text);
    cJSON_Delete(answer);
    answer = cJSON_ParseWithLength(json.p, json.n);
    evac_buf_done(&json);
    ck_assert(answer != NULL);
    return answer;
}

static const cJSON *at(const cJSON *json, const char *a, const char *b)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, a);
    return b ? cJSON_GetObjectItemCaseSensitive(item, b) : item;
}

static double number(const cJSON *json, const char *a, const char *b)
{
    const cJSON *item = at(json, a, b);
    ck_assert_msg(cJSON_IsNumber(item), "no number %s.%s", a, b ? b : "");
    return item->valuedouble;
}

static const cJSON *fault(int i)
{
    return cJSON_GetArrayItem(at(answer, "faults", NULL), i);
}

static const char *verdict(const cJSON *json)
{
    return at(json, "verdict", NULL)->valuestring;
}

START_TEST(a_plan_with_fixed_durations_takes_exactly_its_longest_path)
{
    uint64_t ms[EVAC_PLAN_STEPS_MAX];
    remember();
    for (uint16_t i = 0; i < plan->forward_count; i++)
        ms[i] = fixed_ms(i);
    uint64_t path = evac_plan_path(plan, ms, EVAC_STEP_PUBLIC, NULL, NULL);
    const cJSON *s = simulate(NULL, 6);
    ck_assert_double_eq(number(s, "mean", "move_ms"), (double)path);
    ck_assert_double_eq(number(s, "history", "steps_without"), 0);
    ck_assert_double_eq(number(s, "rto", "known"), 6);
    /* what is left is chance only in when the outage falls between two probes */
    double spread = number(s, "rto", "max_ms") - number(s, "rto", "p5_ms");
    ck_assert_double_le(spread, 2500);
    ck_assert_str_eq(verdict(s), "meets");
}
END_TEST

START_TEST(a_step_that_decides_is_named_and_making_it_faster_helps)
{
    remember();
    const cJSON *s = simulate(NULL, 4), *step;
    double most = 0;
    cJSON_ArrayForEach(step, at(s, "steps", NULL))
    {
        const cJSON *fast = at(step, "twice_as_fast", NULL);
        if (fast && number(fast, "saves_ms", NULL) > most)
            most = number(fast, "saves_ms", NULL);
    }
    step = cJSON_GetArrayItem(at(s, "steps", NULL), 0);
    ck_assert_double_eq(number(step, "decides", "share"), 1);
    /* no more than it took, and less where another way becomes the longest */
    ck_assert_double_le(number(step, "twice_as_fast", "saves_ms"),
                        number(step, "p50_ms", NULL) / 2);
    ck_assert_double_gt(number(step, "twice_as_fast", "saves_ms"), 0);
    ck_assert_double_gt(most, 1000);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_and_another_one_does_not)
{
    struct evac_buf a, b, c;
    struct evac_err err = { EVAC_OK, "" };
    evac_buf_init(&a, 8u << 20);
    evac_buf_init(&b, 8u << 20);
    evac_buf_init(&c, 8u << 20);
    ck_assert_int_eq(try("us-east-1", "slow:2x", 2, 3, &a, &err), EVAC_OK);
    ck_assert_int_eq(try("us-east-1", "slow:2x", 2, 3, &b, &err), EVAC_OK);
    ck_assert_int_eq(try("us-east-1", "slow:2x", 2, 4, &c, &err), EVAC_OK);
    ck_assert(evac_str_eq(evac_buf_str(&a), evac_buf_str(&b)));
    ck_assert(!evac_str_eq(evac_buf_str(&a), evac_buf_str(&c)));
    evac_buf_done(&a);
    evac_buf_done(&b);
    evac_buf_done(&c);
}
END_TEST

START_TEST(a_stuck_step_is_the_one_that_breaks_it)
{
    remember();
    simulate("stuck:promote", 2);
    ck_assert_str_eq(verdict(fault(0)), "breaks");
    const cJSON *broke = cJSON_GetArrayItem(at(fault(0), "broke", NULL), 0);
    ck_assert_str_eq(at(broke, "step", NULL)->valuestring, "promote");
    ck_assert_double_eq(number(broke, "runs", NULL), 2);
    ck_assert_str_eq(verdict(answer), "meets");
}
END_TEST

START_TEST(what_only_costs_time_is_told_from_what_needs_a_person)
{
    remember();
    simulate("slow:100x:promote", 1);
    ck_assert_str_eq(verdict(fault(0)), "misses");
    simulate("lagging", 1);
    ck_assert_str_eq(verdict(fault(0)), "needs a person");
    const cJSON *asked = cJSON_GetArrayItem(at(fault(0), "asked", NULL), 0);
    ck_assert_str_eq(at(asked, "what", NULL)->valuestring, "override the rpo gate at promote");
    simulate("throttled:promote", 1);
    ck_assert_str_eq(verdict(fault(0)), "meets");
}
END_TEST

START_TEST(people_are_waited_for_where_the_policy_only_proposes)
{
    struct evac_app *app;
    memcpy(&app, &model->apps, sizeof app);
    app->automatic = EVAC_POLICY_PROPOSE;
    remember();
    simulate("approver-asleep:20m", 2);
    const cJSON *asked = cJSON_GetArrayItem(at(answer, "asked", NULL), 0);
    ck_assert_str_eq(at(asked, "what", NULL)->valuestring, "approve the start");
    double usual = number(answer, "rto", "p50_ms"), asleep = number(fault(0), "rto", "p50_ms");
    ck_assert_double_ge(usual, 60000);
    ck_assert_double_ge(asleep, usual + 1200000 - 60000 - 2500);
    app->automatic = EVAC_POLICY_NEVER;
    simulate(NULL, 2);
    asked = cJSON_GetArrayItem(at(answer, "asked", NULL), 0);
    ck_assert_str_eq(at(asked, "what", NULL)->valuestring, "start it by hand");
    ck_assert_double_eq(number(answer, "served_again", "runs"), 2);
}
END_TEST

START_TEST(each_fault_is_tried)
{
    remember();
    simulate("all", 4);
    ck_assert_int_eq(cJSON_GetArraySize(at(answer, "faults", NULL)), EVAC_SIM_FAULT_COUNT);
    ck_assert_str_eq(verdict(fault(EVAC_SIM_CAPACITY_SHORT)), "breaks");
    ck_assert_str_eq(verdict(fault(EVAC_SIM_STUCK)), "breaks");
    ck_assert_str_eq(verdict(fault(EVAC_SIM_LOST_REPLY)), "meets");
    ck_assert_str_eq(verdict(fault(EVAC_SIM_REFUSED)), "needs a person");
}
END_TEST

/* Every strategy's own configuration: users are served again, and what the data stores were behind
 * is what is lost. */
START_TEST(every_strategy_comes_through)
{
    static const char *const apps[] = { "strategies/pilot-light.cfg",
                                        "strategies/backup-restore.cfg",
                                        "strategies/active-active.cfg" };
    evac_plan_free(plan);
    evac_model_free(model);
    plan = NULL;
    load(apps[_i]);
    const cJSON *s = simulate(NULL, 2);
    ck_assert_double_eq(number(s, "served_again", "runs"), 2);
    ck_assert_double_gt(number(s, "rto", "p50_ms"), 1000);
}
END_TEST

START_TEST(what_is_asked_wrongly_is_said)
{
    static const struct {
        const char *down, *fault, *says;
    } bad[] = {
        { "us-south-9", NULL, "'us-south-9' is not one of shop's regions: us-east-1, us-west-2" },
        { "us-east-1", "stuk", "there is no fault 'stuk' (did you mean stuck?)" },
        { "us-east-1", "slow", "slow needs a value, as in 'slow:3x'" },
        { "us-east-1", "slow:-3x", "slow needs a value" },
        { "us-east-1", "approver-asleep:long", "approver-asleep needs a value" },
        { "us-east-1", "stuck:promot", "the plan has no step 'promot'" },
        { "us-east-1", "lagging:promote", "there is nothing to name after lagging" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct evac_buf json;
        struct evac_err err = { EVAC_OK, "" };
        evac_buf_init(&json, 1u << 20);
        ck_assert_int_eq(try(bad[i].down, bad[i].fault, 2, 1, &json, &err), EVAC_E_BADARG);
        ck_assert_msg(strstr(err.text, bad[i].says) != NULL, "'%s' is not in '%s'", bad[i].says,
                      err.text);
        evac_buf_done(&json);
    }
}
END_TEST

START_TEST(a_share_is_never_more_certain_than_its_runs)
{
    double lo, hi;
    evac_sim_interval(0, 100, &lo, &hi);
    ck_assert_double_eq(lo, 0);
    ck_assert_double_eq_tol(hi, 0.0370, 0.0001);
    evac_sim_interval(50, 100, &lo, &hi);
    ck_assert_double_eq_tol(lo, 0.4038, 0.0001);
    ck_assert_double_eq_tol(hi, 0.5962, 0.0001);
    evac_sim_interval(0, 0, &lo, &hi);
    ck_assert_double_eq(hi - lo, 1);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("simulate");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_plan_with_fixed_durations_takes_exactly_its_longest_path);
    tcase_add_test(tc, a_step_that_decides_is_named_and_making_it_faster_helps);
    tcase_add_test(tc, the_same_seed_gives_the_same_and_another_one_does_not);
    tcase_add_test(tc, a_stuck_step_is_the_one_that_breaks_it);
    tcase_add_test(tc, what_only_costs_time_is_told_from_what_needs_a_person);
    tcase_add_test(tc, people_are_waited_for_where_the_policy_only_proposes);
    tcase_add_test(tc, each_fault_is_tried);
    tcase_add_loop_test(tc, every_strategy_comes_through, 0, 3);
    tcase_add_test(tc, what_is_asked_wrongly_is_said);
    tcase_add_test(tc, a_share_is_never_more_certain_than_its_runs);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("simulate", add_cases)
