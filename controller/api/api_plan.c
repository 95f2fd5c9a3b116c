/* What would be done: plans, the lint, permissions; and doing it. */
#include "access.h"
#include "api_routes.h"
#include "builtin.h"
#include "plan_lint.h"
#include "rights.h"
#include "view.h"
#include "view_gates.h"

#include <stdio.h>

/* --- what is wished ------------------------------------------------------------------------------
 */

/* False: the problem was answered. */
static bool read_wish(struct api_call *c, struct evac_wish *wish)
{
    struct evac_str workflow = api_text(c, "workflow"), kind = api_text(c, "kind");
    *wish = (struct evac_wish){ .app = c->vars[0],
                                .workflow = EVAC_WORKFLOW_FAILOVER,
                                .drill = EVAC_DRILL_REHEARSE,
                                .mode = EVAC_MODE_GRACEFUL,
                                .from = api_text(c, "from"),
                                .to = api_text(c, "to"),
                                .isolate = api_text(c, "isolate"),
                                .proposed = api_true(c, "proposed"),
                                .who = c->q->caller.who,
                                .why = api_text(c, "reason") };
    /* the schema has looked at each that is there */
    (void)evac_workflow_parse(workflow, &wish->workflow);
    (void)evac_mode_parse(api_text(c, "mode"), &wish->mode);
    (void)evac_drill_kind_parse(kind, &wish->drill);
    bool drill = wish->workflow == EVAC_WORKFLOW_DRILL;
    bool looks = wish->drill == EVAC_DRILL_REHEARSE;
    wish->rehearse = (drill && looks) || api_true(c, "rehearse");
    if (!drill || looks || wish->drill == EVAC_DRILL_ISOLATED)
        return true;
    evac_problem(c->r, EVAC_PROBLEM_REFUSED,
                 "this kind of drill is more than one run: POST /v1/apps/APP/drills begins it");
    return false;
}

/* --- the lint ------------------------------------------------------------------------------------
 */

static int64_t today(const struct api_call *c)
{
    return evac_daemon_wall_ms(c->daemon) / 86400000;
}

/* NULL: they can not be read; diag and err say why. */
static const struct evac_facts *facts_of(const struct api_call *c, struct evac_diag *diag,
                                         struct evac_err *err)
{
    const struct evac_facts *facts = NULL;
    const struct evac_controller_conf *conf = &evac_daemon_model(c->daemon)->controller;
    (void)evac_builtin_load_facts(conf->facts, conf->prices, conf->limits, diag, &facts, err);
    return facts;
}

static void put_lint(const struct api_call *c, const struct evac_plan *plan, struct evac_str down,
                     enum evac_lint_verdict from, const struct evac_facts *facts,
                     struct evac_arena *arena, struct evac_jw *w, const char *key)
{
    struct evac_lint lint;
    const struct evac_lint_request request = { plan,  evac_daemon_catalog(c->daemon),
                                               facts, evac_daemon_model(c->daemon),
                                               down,  today(c) };
    evac_lint_plan(&request, arena, &lint);
    evac_lint_to_json(&lint, from, w, key);
}

static void lint_all(struct api_call *c, enum evac_mode mode, const struct evac_facts *facts)
{
    const struct evac_model *model = evac_daemon_model(c->daemon);
    struct evac_jw w = api_writer(c);
    const struct evac_lint_all request = {
        model,   evac_model_app(model, c->vars[0]), evac_daemon_catalog(c->daemon), facts, mode,
        today(c)
    };
    evac_lint_all_to_json(&request, &w);
}

static void lint_one(struct api_call *c, const struct evac_wish *wish,
                     const struct evac_facts *facts, struct evac_diag *diag)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_plan *plan = NULL;
    struct evac_jw w = api_writer(c);
    struct evac_str down = api_text(c, "assume_down");
    if (evac_shell_plan(evac_daemon_shell(c->daemon), wish, diag, &plan, &err))
        evac_problem_diag(c->r, &err, diag);
    else
        put_lint(c, plan, down.n ? down : evac_lint_down(plan), EVAC_LINT_OK, facts, diag->arena,
                 &w, NULL);
    evac_plan_free(plan);
}

void api_lint_app(struct api_call *c)
{
    size_t app;
    struct evac_wish wish;
    struct evac_err err = { EVAC_OK, "" };
    if (!api_app(c, &app) || !read_wish(c, &wish))
        return;
    struct evac_diag diag = { .arena = evac_arena_new() };
    const struct evac_facts *facts = facts_of(c, &diag, &err);
    if (!facts)
        evac_problem_diag(c->r, &err, &diag);
    else if (api_true(c, "all_regions"))
        lint_all(c, wish.mode, facts);
    else
        lint_one(c, &wish, facts, &diag);
    evac_arena_free(diag.arena);
}

/* --- plans ---------------------------------------------------------------------------------------
 */

/* Texts of a plan, each as JSON or for people. */
static void put_texts(const struct evac_plan *plan, const struct evac_diag *diag, struct evac_jw *w)
{
    struct evac_buf text, warnings;
    evac_buf_init(&text, 1u << 20);
    evac_buf_init(&warnings, 65536);
    evac_plan_explain(plan, &text);
    evac_diag_print(diag, &warnings);
    evac_jw_str(w, "text", evac_buf_str(&text));
    evac_jw_str(w, "warnings", evac_buf_str(&warnings));
    evac_buf_done(&text);
    evac_buf_done(&warnings);
}

/* Steps that do not run in this mode. */
static void put_out(const struct evac_plan *plan, struct evac_jw *w)
{
    evac_jw_open(w, "out", '[');
    for (uint16_t i = 0; i < plan->forward_count; i++)
        if (!evac_plan_may_run(plan, i))
            evac_jw_str(w, NULL, plan->steps[i].id);
    evac_jw_close(w, ']');
}

static void put_plan(struct api_call *c, const struct evac_plan *plan, struct evac_diag *diag)
{
    const struct evac_engine *engine = api_engine(c);
    const struct evac_engine_app *a = &engine->apps[evac_engine_app(engine, plan->app)];
    struct evac_now now = api_now(c);
    int64_t loss = evac_engine_loss(a, &now);
    struct evac_err err;
    const struct evac_facts *facts = facts_of(c, diag, &err); /* else the lint has none */
    struct evac_buf json;
    struct evac_jw w = api_writer(c);

    evac_buf_init(&json, 4u << 20);
    evac_plan_to_json(plan, &json);
    evac_jw_open(&w, NULL, '{');
    evac_jw_cstr(&w, "hash", plan->hash);
    evac_jw_str(&w, "from", plan->from);
    evac_jw_str(&w, "to", plan->to);
    evac_jw_cstr(&w, "mode", evac_mode_name(plan->mode));
    evac_jw_i64(&w, "critical_path_ms", (int64_t)evac_plan_critical_path(plan, NULL, NULL));
    evac_jw_bool(&w, "has_data", loss >= 0);
    evac_jw_known(&w, "loss_now_ms", loss >= 0 && loss != EVAC_LOSS_UNKNOWN, loss);
    evac_jw_i64(&w, "rpo_objective_ms", plan->rpo_ms);
    put_texts(plan, diag, &w);
    evac_view_decision(engine, a, &now, &w);
    evac_view_start_gates(engine, plan, &now, diag->arena, &w);
    evac_jw_bool(&w, "asks_nobody", evac_plan_asks_nobody(plan, a->app));
    put_lint(c, plan, evac_lint_down(plan), EVAC_LINT_WARN, facts, diag->arena, &w, "lint");
    put_out(plan, &w);
    evac_jw_raw(&w, "plan", evac_buf_str(&json));
    evac_jw_close(&w, '}');
    evac_buf_done(&json);
}

void api_plan_app(struct api_call *c)
{
    size_t app;
    struct evac_wish wish;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_plan *plan = NULL;
    if (!api_app(c, &app) || !read_wish(c, &wish))
        return;
    struct evac_diag diag = { .arena = evac_arena_new() };
    if (evac_shell_plan(evac_daemon_shell(c->daemon), &wish, &diag, &plan, &err))
        evac_problem_diag(c->r, &err, &diag);
    else
        put_plan(c, plan, &diag);
    evac_plan_free(plan);
    evac_arena_free(diag.arena);
}

void api_permissions(struct api_call *c)
{
    char workflow[64], account[64];
    const struct evac_model *model = evac_daemon_model(c->daemon);
    const struct evac_rights_request request = {
        .model = model,
        .app = evac_model_app(model, c->vars[0]),
        .catalog = evac_daemon_catalog(c->daemon),
        .workflow = api_query(c, "workflow", workflow, sizeof workflow),
        .account = api_query(c, "account", account, sizeof account),
    };
    struct evac_err err = { EVAC_OK, "" };
    if (!request.app)
        api_no_app(c, c->vars[0]);
    else if (evac_rights_of_app(&request, &c->r->body, &err))
        api_fail(c, &err);
}

/* --- begun ---------------------------------------------------------------------------------------
 */

/* Gates that are to be overridden at once: names, with commas between. False: answered. */
static bool read_overrides(struct api_call *c, struct evac_wish *wish)
{
    const struct evac_model *model = evac_daemon_model(c->daemon);
    struct evac_access access = { model, evac_model_app(model, wish->app), &c->q->caller,
                                  EVAC_STR("override") };
    struct evac_str rest = api_text(c, "override");
    struct evac_err err = { EVAC_OK, "" };
    if (rest.n && wish->why.n == 0) {
        evac_problem(c->r, EVAC_PROBLEM_BAD_REQUEST,
                     "an override needs a reason: give it in the field reason");
        return false;
    }
    while (rest.n) {
        enum evac_run_gate gate;
        access.what = evac_str_trim(evac_str_cut(rest, ',', &rest));
        if (!evac_run_gate_parse(access.what, &gate)) {
            evac_problemf(c->r, EVAC_PROBLEM_BAD_REQUEST,
                          "there is no gate '%.*s': GET /v1/gates lists them",
                          EVAC_STR_ARG(access.what));
            return false;
        }
        if (evac_access_need(&access, evac_run_gate_row(gate)->roles, &err)) {
            evac_problem(c->r, EVAC_PROBLEM_FORBIDDEN, err.text);
            return false;
        }
        wish->overrides |= (uint16_t)(1u << gate);
    }
    return true;
}

/* It may wait for a yes, or at another gate: that is worth knowing at once. */
static void put_begun(struct api_call *c, uint64_t id, struct evac_str state)
{
    struct evac_jw w = api_writer(c);
    evac_jw_open(&w, NULL, '{');
    evac_jw_i64(&w, "run", (int64_t)id);
    evac_jw_str(&w, "state", state);
    evac_jw_close(&w, '}');
    snprintf(c->r->location, sizeof c->r->location, "/v1/runs/%llu", (unsigned long long)id);
}

void api_tell_run(struct api_call *c, const struct evac_record *request)
{
    put_begun(c, (uint64_t)request->number, request->to);
}

static struct evac_str state_of(const struct api_call *c, uint64_t id)
{
    const struct evac_run *run = evac_engine_run(api_engine(c), id);
    return run ? evac_str(evac_run_state_name(run->state)) : EVAC_STR_NONE;
}

void api_begin_run(struct api_call *c)
{
    size_t app;
    uint64_t run = 0;
    struct evac_wish wish;
    struct evac_err err = { EVAC_OK, "" };
    if (!api_app(c, &app) || !read_wish(c, &wish) || !read_overrides(c, &wish))
        return;
    wish.caller = &c->q->caller;
    if (evac_shell_begin(evac_daemon_shell(c->daemon), &wish, &run, &err))
        api_fail(c, &err);
    else
        put_begun(c, run, state_of(c, run));
}
