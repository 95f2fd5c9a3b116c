/* The safety rules, over the states of the fleet that they are about. */
#include "engine_internal.h"
#include "suite.h"

#include <string.h>

static const struct evac_str regions[] = { { "us-east-1", 9 },
                                           { "us-west-2", 9 },
                                           { "eu-west-1", 9 } };
static const struct evac_str others[] = { { "db", 2 }, { "cache", 5 } };
static const struct evac_str abroad[] = { { "eu-west-1", 9 } };

/* Three apps, each in three regions; the first is the one that is moved, from the first region to
 * the second. */
struct fleet {
    struct evac_model model;
    struct evac_app apps[3];
    struct evac_engine engine;
    void *memory;
    struct evac_plan plan;
    struct evac_run runs[3];
};

static void init(struct fleet *f, const struct evac_safety_rule *rule, enum evac_strategy strategy)
{
    static const char *const names[] = { "shop", "db", "cache" };
    memset(f, 0, sizeof *f);
    for (size_t i = 0; i < 3; i++)
        f->apps[i] = (struct evac_app){
            .name = evac_str(names[i]), .strategy = strategy, .regions = regions, .region_count = 3
        };
    f->model.apps = f->apps;
    f->model.app_count = 3;
    f->model.controller.safety = rule;
    f->model.controller.safety_count = rule ? 1 : 0;
    f->memory = calloc(1, evac_engine_apps_bytes(&f->model));
    evac_engine_init(&f->engine, &f->model, f->memory);
    f->plan = (struct evac_plan){ .app = EVAC_STR("shop"), .from = regions[0], .to = regions[1] };
    for (size_t i = 0; i < 3; i++) {
        f->runs[i].plan = &f->plan;
        f->runs[i].state = EVAC_RUN_RUNNING;
        for (size_t r = 0; r < 3; r++)
            f->engine.apps[i].health.regions[r].verdict = EVAC_VERDICT_UP;
    }
    f->engine.apps[0].run = &f->runs[0];
}

static void set(struct fleet *f, size_t app, size_t region, enum evac_verdict verdict)
{
    f->engine.apps[app].health.regions[region].verdict = verdict;
}

static const struct evac_gate_word *look(struct fleet *f)
{
    static struct evac_gate_word word;
    engine_safety(&f->engine, &f->engine.apps[0], &f->runs[0], &word);
    return &word;
}

static void expect(struct fleet *f, enum evac_gate_answer answer, const char *why)
{
    const struct evac_gate_word *word = look(f);
    ck_assert_msg(word->answer == answer, "%d: %s", (int)word->answer, word->why);
    if (why)
        ck_assert_str_eq(word->why, why);
}

/* --- the rule that no configuration takes away: every pair of verdicts
 * ------------------------------------ */

/* Where users are, and where they are led: is the move stopped? Rows are the region left. */
static const bool last_cells[EVAC_VERDICT_COUNT][EVAC_VERDICT_COUNT] = {
    /*                         to: unknown up    grey   down   isolated suspect */
    [EVAC_VERDICT_UNKNOWN] = { false, false, false, true, true, true },
    [EVAC_VERDICT_UP] = { false, false, false, true, true, true },
    [EVAC_VERDICT_GREY] = { false, false, false, true, true, true },
    [EVAC_VERDICT_DOWN] = { false, false, false, false, false, false },
    [EVAC_VERDICT_ISOLATED] = { false, false, false, false, false, false },
    [EVAC_VERDICT_SUSPECT] = { false, false, false, false, false, false },
};

START_TEST(traffic_is_never_withdrawn_from_the_last_region_in_service)
{
    struct fleet f;
    init(&f, NULL, EVAC_STRATEGY_WARM_STANDBY);
    for (unsigned to = 0; to < EVAC_VERDICT_COUNT; to++) {
        set(&f, 0, 0, (enum evac_verdict)_i);
        set(&f, 0, 1, (enum evac_verdict)to);
        const struct evac_gate_word *word = look(&f);
        ck_assert_msg((word->answer == EVAC_GATE_SAYS_BLOCK) == last_cells[_i][to], "%s -> %s: %s",
                      evac_verdict_name((enum evac_verdict)_i),
                      evac_verdict_name((enum evac_verdict)to), word->why);
        ck_assert_str_eq(word->rule, last_cells[_i][to] ? "last-in-service" : "");
    }
    free(f.memory);
}
END_TEST

START_TEST(of_several_that_serve_one_may_go_while_another_is_well)
{
    struct fleet f;
    init(&f, NULL, EVAC_STRATEGY_ACTIVE_ACTIVE);
    set(&f, 0, 1, EVAC_VERDICT_DOWN);
    expect(&f, EVAC_GATE_SAYS_PASS, NULL); /* eu-west-1 serves too */
    set(&f, 0, 2, EVAC_VERDICT_DOWN);
    expect(&f, EVAC_GATE_SAYS_BLOCK,
           "last-in-service: us-west-2 is down, and would be all that serves: 1 in service now, 0 "
           "then");
    f.engine.apps[0].out = 1u << 1;
    expect(&f, EVAC_GATE_SAYS_BLOCK, NULL);
    free(f.memory);
}
END_TEST

START_TEST(an_admin_s_word_opens_it_for_that_run_by_name)
{
    struct fleet f;
    init(&f, NULL, EVAC_STRATEGY_WARM_STANDBY);
    set(&f, 0, 1, EVAC_VERDICT_DOWN);
    (void)evac_str_copy(f.runs[0].safe_rules[0], sizeof f.runs[0].safe_rules[0],
                        EVAC_STR("last-in-service"));
    f.runs[0].safe_rule_count = 1;
    expect(&f, EVAC_GATE_SAYS_PASS, NULL);
    free(f.memory);
}
END_TEST

/* --- configured rules
 * --------------------------------------------------------------------------------- */

static const struct evac_safety_rule two_in_service = { .name = { "two", 3 },
                                                        .kind = EVAC_SAFETY_IN_SERVICE,
                                                        .in_service = 2 };

START_TEST(so_many_regions_must_be_in_service_when_it_is_through)
{
    struct fleet f;
    init(&f, &two_in_service, EVAC_STRATEGY_ACTIVE_ACTIVE); /* west and eu are left to serve */
    expect(&f, EVAC_GATE_SAYS_PASS, NULL);
    set(&f, 0, 2, EVAC_VERDICT_UNKNOWN);
    expect(&f, EVAC_GATE_SAYS_UNKNOWN,
           "two: 1 region would be in service (of 1 more nobody can tell), at least 2 must be");
    set(&f, 0, 2, EVAC_VERDICT_DOWN);
    expect(&f, EVAC_GATE_SAYS_BLOCK, "two: 1 region would be in service, at least 2 must be");
    ck_assert_int_eq(look(&f)->number, 1);
    free(f.memory);
}
END_TEST

static const struct evac_safety_rule one_moving = { .name = { "one", 3 },
                                                    .kind = EVAC_SAFETY_MOVING,
                                                    .moving = 1 };

START_TEST(so_many_apps_are_moved_at_one_time_and_the_next_waits)
{
    struct fleet f;
    init(&f, &one_moving, EVAC_STRATEGY_WARM_STANDBY);
    expect(&f, EVAC_GATE_SAYS_PASS, NULL);
    f.engine.apps[1].run = &f.runs[1];
    expect(&f, EVAC_GATE_SAYS_BLOCK, "one: 1 other app is moved now, at most 1 may be at one time");
    f.runs[1].state = EVAC_RUN_PROPOSED; /* what only waits moves nothing */
    expect(&f, EVAC_GATE_SAYS_PASS, NULL);
    free(f.memory);
}
END_TEST

START_TEST(a_rule_is_about_the_apps_that_it_names)
{
    struct evac_safety_rule rule = one_moving;
    struct fleet f;
    rule.apps = others;
    rule.app_count = 2;
    init(&f, &rule, EVAC_STRATEGY_WARM_STANDBY);
    f.engine.apps[1].run = &f.runs[1];
    expect(&f, EVAC_GATE_SAYS_PASS, NULL); /* shop is none of them */
    free(f.memory);
}
END_TEST

static const struct evac_safety_rule not_while = {
    .name = { "calm", 4 }, .kind = EVAC_SAFETY_NOT_WHILE, .not_while = others, .not_while_count = 2
};

static const struct {
    enum evac_verdict verdict;
    bool moved;
    enum evac_gate_answer answer;
    const char *why;
} other_cells[] = {
    { EVAC_VERDICT_UP, false, EVAC_GATE_SAYS_PASS, NULL },
    { EVAC_VERDICT_GREY, false, EVAC_GATE_SAYS_PASS, NULL },
    { EVAC_VERDICT_DOWN, false, EVAC_GATE_SAYS_BLOCK, "calm: cache is down" },
    { EVAC_VERDICT_ISOLATED, false, EVAC_GATE_SAYS_BLOCK, "calm: cache is down" },
    { EVAC_VERDICT_SUSPECT, false, EVAC_GATE_SAYS_UNKNOWN,
      "calm: cache may be down: nobody can tell" },
    { EVAC_VERDICT_UNKNOWN, false, EVAC_GATE_SAYS_UNKNOWN,
      "calm: cache may be down: nobody can tell" },
    { EVAC_VERDICT_UP, true, EVAC_GATE_SAYS_BLOCK, "calm: cache is moved now" },
    { EVAC_VERDICT_UNKNOWN, true, EVAC_GATE_SAYS_BLOCK, "calm: cache is moved now" },
};

START_TEST(an_app_is_not_moved_while_one_that_it_must_not_meet_is_down_or_moved)
{
    struct fleet f;
    init(&f, &not_while, EVAC_STRATEGY_WARM_STANDBY);
    set(&f, 2, 0, other_cells[_i].verdict);
    f.engine.apps[2].run = other_cells[_i].moved ? &f.runs[2] : NULL;
    expect(&f, other_cells[_i].answer, other_cells[_i].why);
    free(f.memory);
}
END_TEST

static const struct evac_safety_rule never_to = {
    .name = { "home", 4 }, .kind = EVAC_SAFETY_NEVER_TO, .never_to = abroad, .never_to_count = 1
};

START_TEST(a_region_may_be_no_target)
{
    struct fleet f;
    init(&f, &never_to, EVAC_STRATEGY_WARM_STANDBY);
    expect(&f, EVAC_GATE_SAYS_PASS, NULL);
    f.plan.to = regions[2];
    expect(&f, EVAC_GATE_SAYS_BLOCK, "home: the app is never moved to eu-west-1");
    free(f.memory);
}
END_TEST

/* --- what the last look found
 * --------------------------------------------------------------------------- */

static const struct {
    const char *left, *short_of;
} looks[] = {
    { "", "" },
    { "check:web failed: no such image", "" },
    { "enough:web failed: 4 of 6 allowed", "enough:web failed: 4 of 6 allowed" },
    { "parity:web failed: other image; enough failed: 4 of 6; an ungraceful move now would lose 9 "
      "s",
      "enough failed: 4 of 6" },
    { "enough:web skipped", "" },
};

START_TEST(what_a_look_found_too_small_is_read_from_what_it_left)
{
    struct evac_str found = engine_short_of(evac_str(looks[_i].left));
    ck_assert_msg(evac_str_is(found, looks[_i].short_of), "'%.*s'", EVAC_STR_ARG(found));
}
END_TEST

#define COUNT(list) (int)(sizeof(list) / sizeof(list)[0])

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("safety");
    tcase_add_loop_test(tc, traffic_is_never_withdrawn_from_the_last_region_in_service, 0,
                        EVAC_VERDICT_COUNT);
    tcase_add_test(tc, of_several_that_serve_one_may_go_while_another_is_well);
    tcase_add_test(tc, an_admin_s_word_opens_it_for_that_run_by_name);
    tcase_add_test(tc, so_many_regions_must_be_in_service_when_it_is_through);
    tcase_add_test(tc, so_many_apps_are_moved_at_one_time_and_the_next_waits);
    tcase_add_test(tc, a_rule_is_about_the_apps_that_it_names);
    tcase_add_loop_test(tc, an_app_is_not_moved_while_one_that_it_must_not_meet_is_down_or_moved, 0,
                        COUNT(other_cells));
    tcase_add_test(tc, a_region_may_be_no_target);
    tcase_add_loop_test(tc, what_a_look_found_too_small_is_read_from_what_it_left, 0, COUNT(looks));
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("safety", cases)
