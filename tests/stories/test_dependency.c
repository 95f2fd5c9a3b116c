/*
 * What many apps need fails: one incident, one notice, nobody moves; it flaps, the controller
 * crashes in the middle, the configuration changes. The engine alone, with twenty apps, in virtual
 * time.
 */
#include "conf.h"
#include "engine.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define APPS     20
#define EVERY_MS 10000u
#define ROWS_MAX 4096
#define WALL     1700000000000

/* --- a fleet
 * ------------------------------------------------------------------------------------------ */

struct row {
    enum evac_record_kind kind;
    uint64_t seq;
    int64_t number, wall_ms;
    char app[32], name[32], to[32], text[400], data[2000];
};

struct fleet {
    struct evac_arena *arena;
    struct evac_model *model;
    struct evac_engine engine;
    void *memory;
    struct evac_effects *fx;
    uint64_t now;
    struct row *rows;
    size_t row_count;
    unsigned starts, notices, alarms;
    char told[512]; /* the last notice */
};

static void app_text(struct evac_buf *out, unsigned i, const char *needs)
{
    evac_buf_reset(out);
    evac_buf_putf(
        out,
        "app = { name = \"app%u\"; strategy = \"warm-standby\"; regions = ( \"us-east-1\", "
        "\"us-west-2\" ); %s objectives = { rto = 600; rpo = 60; };\n"
        " probes = ( { name = \"web\"; http = \"http://{region}.app%u/\"; } );\n"
        " policy = { automatic = \"propose\"; dwell = \"60s\"; canary = 0; readiness = 0; }; };",
        i, needs, i);
}

static struct evac_model *fleet_model(const char *controller, const char *needs, unsigned needing)
{
    struct evac_conf_text files[APPS + 1] = { { "evac.cfg", evac_str(controller) } };
    struct evac_arena *arena = evac_arena_new();
    struct evac_diag diag = { .arena = arena };
    struct evac_model *model;
    struct evac_err err;
    struct evac_buf text;
    evac_buf_init(&text, 1u << 16);
    for (unsigned i = 0; i < APPS; i++) {
        app_text(&text, i, i < needing ? needs : "");
        files[i + 1].name = evac_arena_printf(arena, "app%u.cfg", i).p;
        files[i + 1].text = evac_arena_str(arena, evac_buf_str(&text));
    }
    if (evac_conf_parse(files, APPS + 1, &diag, &model, &err))
        ck_abort_msg("%s", err.text);
    evac_buf_done(&text);
    evac_arena_free(arena);
    return model;
}

static struct evac_now now_of(const struct fleet *f)
{
    return (struct evac_now){ f->now, (int64_t)f->now + WALL, 7 };
}

static void keep_row(struct fleet *f, const struct evac_record *r)
{
    ck_assert_uint_lt(f->row_count, ROWS_MAX);
    struct row *row = &f->rows[f->row_count++];
    *row = (struct row){
        .kind = r->kind, .seq = r->seq, .number = r->number, .wall_ms = r->t_wall_ms
    };
    (void)evac_str_copy(row->app, sizeof row->app, r->app);
    (void)evac_str_copy(row->name, sizeof row->name, r->name);
    (void)evac_str_copy(row->to, sizeof row->to, r->to);
    (void)evac_str_copy(row->text, sizeof row->text, r->text);
    (void)evac_str_copy(row->data, sizeof row->data, r->data);
}

static void perform(struct fleet *f)
{
    for (size_t i = 0; i < f->fx->count; i++) {
        const struct evac_effect *e = &f->fx->items[i];
        if (e->kind == EVAC_FX_JOURNAL)
            keep_row(f, &e->u.record);
        f->starts += e->kind == EVAC_FX_START;
        if (e->kind != EVAC_FX_NOTICE)
            continue;
        f->notices++;
        f->alarms += e->u.notice.alarm;
        snprintf(f->told, sizeof f->told, "%s", e->u.notice.text);
    }
}

static void step(struct fleet *f, struct evac_event *event)
{
    event->now = now_of(f);
    evac_engine_step(&f->engine, event, f->fx);
    perform(f);
}

static void boot(struct fleet *f)
{
    struct evac_event lead = { .kind = EVAC_EVENT_LEAD, .u.lead = { true, 1 } };
    struct evac_now now = now_of(f);
    f->memory = calloc(1, evac_engine_apps_bytes(f->model) + 1);
    evac_engine_init(&f->engine, f->model, f->memory);
    for (size_t i = 0; i < f->row_count; i++) {
        const struct row *row = &f->rows[i];
        struct evac_record r = { .kind = row->kind, .seq = row->seq, .step = EVAC_NO_STEP };
        r.number = row->number;
        r.t_wall_ms = row->wall_ms;
        r.app = evac_str(row->app);
        r.name = evac_str(row->name);
        r.to = evac_str(row->to);
        r.text = evac_str(row->text);
        ck_assert_int_eq(evac_engine_replay(&f->engine, &r, NULL), EVAC_OK);
    }
    evac_engine_resume(&f->engine, &now, f->fx);
    perform(f);
    step(f, &lead);
}

/* Each app for itself: no regional incident takes them along. */
#define ALONE "incident = { apps = 1000; }; "
#define PAYMENTS                                                                                   \
    "dependencies = ( { name = \"payments\"; http = \"http://payments/\"; every = \"5s\"; } );"

static struct fleet *begin_with(const char *controller, const char *needs, unsigned needing)
{
    struct fleet *f = calloc(1, sizeof *f);
    f->fx = calloc(1, sizeof *f->fx);
    f->rows = calloc(ROWS_MAX, sizeof *f->rows);
    f->now = 1000000;
    f->model = fleet_model(controller, needs, needing);
    boot(f);
    return f;
}

static struct fleet *begin(unsigned needing)
{
    return begin_with(PAYMENTS, "needs = ( \"payments\" );", needing);
}

static void end(struct fleet *f)
{
    evac_model_free(f->model);
    free(f->memory);
    free(f->rows);
    free(f->fx);
    free(f);
}

static void answer(struct fleet *f, size_t app, uint16_t region, bool ok)
{
    struct evac_event event = { .kind = EVAC_EVENT_PROBE };
    event.u.probe.app = (uint16_t)app;
    event.u.probe.result =
        (struct evac_probe_result){ .region = region,
                                    .ok = ok,
                                    .sent_boot_ms = f->now - 5,
                                    .boot_ms = f->now,
                                    .wall_ms = (int64_t)f->now + WALL,
                                    .reason = ok ? EVAC_STR_NONE : EVAC_STR("refused") };
    step(f, &event);
}

static void tick(struct fleet *f)
{
    struct evac_event event = { .kind = EVAC_EVENT_TICK };
    step(f, &event);
}

/* So many seconds: every app answers from east as `east` says, from west well; the dependency twice
 * as often, as `payments` says. */
static void pass(struct fleet *f, unsigned seconds, bool east, bool payments)
{
    for (unsigned s = 0; s < seconds; s++) {
        f->now += 1000;
        if (f->now % 5000 == 0 && f->model->controller.dependency_count)
            answer(f, f->model->app_count, 0, payments);
        for (unsigned i = 0; f->now % EVERY_MS == 0 && i < APPS; i++) {
            answer(f, i, 0, east);
            answer(f, i, 1, true);
        }
        if (f->now >= evac_engine_wake_ms(&f->engine))
            tick(f);
    }
}

static unsigned count(const struct fleet *f, enum evac_record_kind kind, const char *to)
{
    unsigned n = 0;
    for (size_t i = 0; i < f->row_count; i++)
        n += f->rows[i].kind == kind && (!to || strcmp(f->rows[i].to, to) == 0);
    return n;
}

static const struct row *last(const struct fleet *f, enum evac_record_kind kind)
{
    for (size_t i = f->row_count; i-- > 0;)
        if (f->rows[i].kind == kind)
            return &f->rows[i];
    ck_abort_msg("no such row");
}

/* --- stories
 * ------------------------------------------------------------------------------------------ */

/* The same outage without the dependency: what the gate holds back is not nothing. */
START_TEST(without_a_dependency_all_twenty_would_move)
{
    struct fleet *f = begin_with(ALONE "engine = { auto_runs_max = 100; };", "", 0);
    pass(f, 60, true, true);
    pass(f, 180, false, true);
    ck_assert_uint_eq(f->starts, APPS);
    end(f);
}
END_TEST

START_TEST(a_dependency_of_twenty_apps_is_one_incident_and_nobody_moves)
{
    struct fleet *f = begin(APPS);
    pass(f, 60, true, true);
    ck_assert_uint_eq(f->notices, 0);
    pass(f, 600, false, false);
    ck_assert_uint_eq(f->starts, 0);
    ck_assert_uint_eq(f->notices, 1);
    ck_assert_uint_eq(f->alarms, 1);
    ck_assert_uint_eq(count(f, EVAC_RECORD_DEPENDENCY, NULL), 1);
    ck_assert_uint_eq(count(f, EVAC_RECORD_ALARM, NULL), 0);
    ck_assert_uint_eq(count(f, EVAC_RECORD_INCIDENT, NULL), 0); /* it is no region's fault */
    ck_assert_str_eq(f->told,
                     "payments is down, needed by app0, app1, app2, app3, app4, app5, app6, app7 "
                     "and 12 more: moving would not help, so none of them is moved by itself until "
                     "it is back");
    const struct row *row = last(f, EVAC_RECORD_DEPENDENCY);
    ck_assert_str_eq(row->name, "payments");
    ck_assert_int_eq(row->number, APPS);
    ck_assert_ptr_nonnull(strstr(row->data, "{\"apps\":[\"app0\",\"app1\","));
    ck_assert_ptr_nonnull(strstr(row->data, "\"app19\"]}"));
    for (size_t i = 0; i < APPS; i++) {
        const struct evac_engine_app *a = &f->engine.apps[i];
        ck_assert_int_eq(a->decision.decide, EVAC_DECIDE_WAIT);
        ck_assert_int_eq(a->decision.gates[EVAC_GATE_DEPENDENCY], EVAC_GATE_SAYS_BLOCK);
        ck_assert_ptr_nonnull(strstr(a->decision.reasons, "payments is down for "));
        ck_assert_int_eq(evac_engine_situation(&f->engine, a), EVAC_SITUATION_DEPENDENCY);
        ck_assert(!evac_engine_blames(&f->engine, a, 0));
    }

    /* back, and the apps with it: one more notice */
    pass(f, 50, true, true);
    ck_assert_uint_eq(f->notices, 1); /* not yet for long enough */
    pass(f, 30, true, true);
    ck_assert_uint_eq(f->notices, 2);
    ck_assert_ptr_nonnull(strstr(f->told, "payments is up again: it was down for "));
    ck_assert_uint_eq(count(f, EVAC_RECORD_DEPENDENCY, "up"), 1);
    ck_assert_ptr_nonnull(strstr(last(f, EVAC_RECORD_DEPENDENCY)->text, "it was down for 1"));
    ck_assert_uint_eq(f->starts, 0);
    end(f);
}
END_TEST

START_TEST(who_does_not_need_it_moves_as_before)
{
    struct fleet *f = begin(APPS - 1);
    pass(f, 60, true, true);
    pass(f, 180, false, false);
    ck_assert_uint_eq(f->starts, 1);
    ck_assert_int_eq(f->engine.apps[APPS - 1].decision.decide, EVAC_DECIDE_PROPOSE);
    ck_assert(f->engine.apps[APPS - 1].starting);
    ck_assert_uint_eq(count(f, EVAC_RECORD_DEPENDENCY, "down"), 1);
    end(f);
}
END_TEST

START_TEST(a_dependency_that_flaps_is_one_incident)
{
    struct fleet *f = begin(APPS);
    pass(f, 60, true, true);
    for (unsigned i = 0; i < 10; i++) {
        pass(f, 30, false, false);
        pass(f, 40, false, true); /* back for less than its calm */
    }
    ck_assert_uint_eq(f->notices, 1);
    ck_assert_uint_eq(count(f, EVAC_RECORD_DEPENDENCY, NULL), 1);
    ck_assert_uint_eq(f->starts, 0);
    pass(f, 120, true, true);
    ck_assert_uint_eq(f->notices, 2);
    ck_assert_ptr_nonnull(strstr(f->told, "back for a moment 9 times"));
    end(f);
}
END_TEST

/* The apps' dwell is over before the dependency is known to be down: it is waited for. */
START_TEST(what_may_be_failing_is_waited_for)
{
    struct fleet *f = begin_with(ALONE PAYMENTS, "needs = ( \"payments\" );", APPS);
    pass(f, 60, true, true);
    pass(f, 75, false, true);
    pass(f, 10, false, false); /* two failures: not down yet */
    const struct evac_decision *d = &f->engine.apps[0].decision;
    ck_assert_int_eq(d->gates[EVAC_GATE_DEPENDENCY], EVAC_GATE_SAYS_UNKNOWN);
    ck_assert_ptr_nonnull(strstr(d->reasons, "payments may be failing"));
    ck_assert_uint_eq(f->starts, 0);
    pass(f, 20, false, true); /* a false alarm: on it goes */
    ck_assert_uint_gt(f->starts, 0);
    ck_assert_uint_eq(count(f, EVAC_RECORD_DEPENDENCY, NULL), 0);
    end(f);
}
END_TEST

START_TEST(an_incident_survives_a_crash_and_is_not_told_twice)
{
    struct fleet *f = begin(APPS);
    pass(f, 60, true, true);
    pass(f, 120, false, false);
    ck_assert_uint_eq(f->notices, 1);
    free(f->memory); /* kill -9 */
    f->now += 5000;
    boot(f);
    ck_assert(f->engine.dependencies[0].failing);
    ck_assert_uint_eq(evac_engine_failing(&f->engine), 1);
    pass(f, 300, false, false);
    ck_assert_uint_eq(f->notices, 1);
    ck_assert_uint_eq(count(f, EVAC_RECORD_DEPENDENCY, "down"), 1);
    ck_assert_uint_eq(f->starts, 0);
    pass(f, 90, true, true);
    ck_assert_uint_eq(f->notices, 2);
    ck_assert_uint_eq(count(f, EVAC_RECORD_DEPENDENCY, "up"), 1);
    end(f);
}
END_TEST

START_TEST(an_incident_survives_a_reload)
{
    struct fleet *f = begin(APPS);
    pass(f, 60, true, true);
    pass(f, 120, false, false);
    /* another dependency stands before it now, and only one app needs it */
    struct evac_model *model = fleet_model(
        "dependencies = ( { name = \"mail\"; tcp = \"mail:25\"; }, { name = \"payments\"; "
        "http = \"http://payments/\"; every = \"5s\"; } );",
        "needs = ( \"payments\" );", 1);
    void *memory = calloc(1, evac_engine_apps_bytes(model) + 1);
    evac_engine_reconfigure(&f->engine, model, memory);
    free(f->memory);
    evac_model_free(f->model);
    f->memory = memory;
    f->model = model;
    ck_assert(f->engine.dependencies[1].failing && !f->engine.dependencies[0].failing);
    ck_assert_uint_eq(f->engine.apps[0].needs, 2);
    tick(f);
    ck_assert_int_eq(f->engine.apps[0].decision.gates[EVAC_GATE_DEPENDENCY], EVAC_GATE_SAYS_BLOCK);
    ck_assert_int_eq(f->engine.apps[1].decision.gates[EVAC_GATE_DEPENDENCY], EVAC_GATE_SAYS_PASS);
    end(f);
}
END_TEST

/* Everything looks down to who is cut off: nothing moves, and nothing is announced. */
START_TEST(a_cut_off_observer_moves_nothing_and_announces_nothing)
{
    struct fleet *f = begin(APPS);
    struct evac_event cut = { .kind = EVAC_EVENT_ANCHORS };
    pass(f, 60, true, true);
    cut.u.abstains = true;
    step(f, &cut);
    unsigned before = f->notices;
    for (unsigned s = 0; s < 600; s++) {
        f->now += 1000;
        if (f->now % 5000 == 0)
            answer(f, APPS, 0, false);
        for (unsigned i = 0; f->now % EVERY_MS == 0 && i < APPS; i++)
            for (uint16_t r = 0; r < 2; r++)
                answer(f, i, r, false);
        tick(f);
    }
    ck_assert_uint_eq(f->starts, 0);
    ck_assert_uint_eq(f->notices, before);
    ck_assert_uint_eq(count(f, EVAC_RECORD_DEPENDENCY, NULL), 0);
    ck_assert_uint_eq(count(f, EVAC_RECORD_DECISION, "act"), 0);
    for (size_t i = 0; i < APPS; i++)
        ck_assert_int_eq(evac_engine_situation(&f->engine, &f->engine.apps[i]),
                         EVAC_SITUATION_OBSERVER);
    end(f);
}
END_TEST

/* --- what a configuration may say of it
 * ------------------------------------------------------------------ */

static const struct {
    const char *controller, *needs, *says;
} refused[] = {
    { PAYMENTS, "needs = ( \"payment\" );",
      "the controller has no dependency \"payment\": did you mean \"payments\"?" },
    { "", "needs = ( \"payments\" );",
      "the controller has no dependency \"payments\"; there are none" },
    { "dependencies = ( { name = \"x\"; } );", "", "it does not say what it asks" },
    { "dependencies = ( { name = \"x\"; http = \"http://x/\"; tcp = \"x:1\"; } );", "",
      "allowed: exactly one" },
    { "dependencies = ( { name = \"x\"; http = \"http://{region}.x/\"; } );", "",
      "{region} in what it asks, and no regions" },
    { "dependencies = ( { name = \"x\"; http = \"http://x/\"; regions = ( \"us-east-1\" ); } );",
      "", "regions, and no {region} in what it asks" },
    { "dependencies = ( { name = \"x\"; http = \"http://x/\"; }, { name = \"x\"; tcp = \"x:1\"; } "
      ");",
      "", "two dependencies are named \"x\"" },
    { "dependencies = ( { name = \"x\"; look = { resource = \"db\"; action = \"ready\"; }; } );",
      "", "unknown setting \"look\"" },
};

static struct evac_model *parse(const char *controller, const char *app, struct evac_buf *told)
{
    struct evac_conf_text files[] = { { "evac.cfg", evac_str(controller) },
                                      { "a.cfg", evac_str(app) } };
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_model *model = NULL;
    struct evac_err err;
    evac_buf_init(told, 1u << 16);
    (void)evac_conf_parse(files, 2, &diag, &model, &err);
    evac_diag_print(&diag, told);
    evac_arena_free(diag.arena);
    return model;
}

START_TEST(what_can_not_be_meant_is_refused)
{
    struct evac_buf app, told;
    evac_buf_init(&app, 1u << 16);
    app_text(&app, 0, refused[_i].needs);
    struct evac_model *model = parse(refused[_i].controller, app.p, &told);
    ck_assert_msg(!model, "it was taken");
    ck_assert_msg(strstr(told.p, refused[_i].says) != NULL, "'%s' does not say '%s'", told.p,
                  refused[_i].says);
    evac_buf_done(&told);
    evac_buf_done(&app);
}
END_TEST

START_TEST(an_app_that_would_not_wait_for_what_it_needs_is_warned_of)
{
    struct evac_buf app, told;
    evac_buf_init(&app, 1u << 16);
    app_text(&app, 0, "needs = ( \"slow\" );");
    struct evac_model *model = parse("dependencies = ( { name = \"slow\"; tcp = \"x:1\"; every = "
                                     "\"30s\"; } );",
                                     app.p, &told);
    ck_assert_ptr_nonnull(model);
    ck_assert_msg(strstr(told.p, "it may take 96 s until \"slow\" is known to be down, and "
                                 "policy.dwell is 60 s") != NULL,
                  "%s", told.p);
    evac_model_free(model);
    evac_buf_done(&told);
    evac_buf_done(&app);
}
END_TEST

/* In several regions: it is down when it is down in all of them. */
START_TEST(a_dependency_in_several_regions_is_down_when_none_has_it)
{
    struct fleet *f = begin_with("dependencies = ( { name = \"payments\"; http = "
                                 "\"http://{region}.payments/\"; regions = ( \"us-east-1\", "
                                 "\"us-west-2\" ); every = \"5s\"; } );",
                                 "needs = ( \"payments\" );", APPS);
    for (unsigned phase = 0; phase < 3; phase++)
        for (unsigned i = 0; i < 6; i++) {
            f->now += 5000;
            answer(f, APPS, 0, phase == 0);
            answer(f, APPS, 1, phase < 2);
            ck_assert(f->engine.dependencies[0].failing == (phase == 2 && i >= 2));
        }
    ck_assert_uint_eq(f->notices, 1);
    end(f);
}
END_TEST

/* --- from several places --------------------------------------------------------------------- */

#define PLACES PAYMENTS " vantages = ( { name = \"eu\"; }, { name = \"ap\"; } );"

/* For so many seconds the three places see the dependency as the bits say, 1 is up; who is not in
 * `speaks` is silent. The apps are well. */
static void look_from(struct fleet *f, unsigned seconds, unsigned up, unsigned speaks)
{
    for (unsigned s = 0; s < seconds; s++) {
        f->now += 1000;
        for (uint16_t v = 0; f->now % 5000 == 0 && v < 3; v++) {
            struct evac_event event = { .kind = EVAC_EVENT_VANTAGE };
            event.u.vantage.vantage = v;
            if (!(speaks >> v & 1))
                continue;
            if (v)
                step(f, &event);
            event = (struct evac_event){ .kind = EVAC_EVENT_PROBE };
            event.u.probe.app = (uint16_t)f->model->app_count;
            event.u.probe.result = (struct evac_probe_result){ .vantage = v,
                                                               .ok = up >> v & 1,
                                                               .sent_boot_ms = f->now - 5,
                                                               .boot_ms = f->now,
                                                               .wall_ms = (int64_t)f->now + WALL,
                                                               .reason = EVAC_STR("refused") };
            step(f, &event);
        }
        for (unsigned i = 0; f->now % EVERY_MS == 0 && i < APPS; i++) {
            answer(f, i, 0, true);
            answer(f, i, 1, true);
        }
        if (f->now >= evac_engine_wake_ms(&f->engine))
            tick(f);
    }
}

/* Every cell: what each of three places sees, and which of them speak. Two of the three that are
 * configured decide, and who is silent is counted all the same. */
START_TEST(a_dependency_is_down_when_most_places_see_it_down)
{
    unsigned up = (unsigned)_i & 7, speaks = (unsigned)_i >> 3;
    unsigned down = 0;
    for (unsigned v = 0; v < 3; v++)
        down += (speaks >> v & 1) && !(up >> v & 1);
    struct fleet *f = begin_with(PLACES, "needs = ( \"payments\" );", APPS);
    look_from(f, 60, 7, 7);
    look_from(f, 90, up, speaks);
    ck_assert_msg(f->engine.dependencies[0].failing == (down >= 2), "up %u speaks %u: %s", up,
                  speaks, f->told);
    ck_assert_uint_eq(count(f, EVAC_RECORD_DEPENDENCY, NULL), down >= 2);
    bool doubtful = f->engine.dependencies[0].level == EVAC_DEPENDENCY_DOUBTFUL;
    ck_assert_msg(!doubtful, "up %u speaks %u", up, speaks);
    end(f);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("dependency");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, without_a_dependency_all_twenty_would_move);
    tcase_add_test(tc, a_dependency_of_twenty_apps_is_one_incident_and_nobody_moves);
    tcase_add_test(tc, who_does_not_need_it_moves_as_before);
    tcase_add_test(tc, a_dependency_that_flaps_is_one_incident);
    tcase_add_test(tc, what_may_be_failing_is_waited_for);
    tcase_add_test(tc, an_incident_survives_a_crash_and_is_not_told_twice);
    tcase_add_test(tc, an_incident_survives_a_reload);
    tcase_add_test(tc, a_cut_off_observer_moves_nothing_and_announces_nothing);
    tcase_add_loop_test(tc, what_can_not_be_meant_is_refused, 0,
                        (int)(sizeof refused / sizeof refused[0]));
    tcase_add_test(tc, an_app_that_would_not_wait_for_what_it_needs_is_warned_of);
    tcase_add_test(tc, a_dependency_in_several_regions_is_down_when_none_has_it);
    tcase_add_loop_test(tc, a_dependency_is_down_when_most_places_see_it_down, 0, 64);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("dependency", cases)
