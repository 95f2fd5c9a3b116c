#include "api.h"

#include "access.h"
#include "api_evidence.h"
#include "api_jobs.h"
#include "api_observe.h"
#include "builtin.h"
#include "calendar.h"
#include "door.h"
#include "driver_print.h"
#include "plan_lint.h"
#include "problem.h"
#include "report.h"
#include "version.h"
#include "view.h"
#include "view_gates.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- answers
 * ------------------------------------------------------------------------------------------- */

static void problem(struct evac_api_response *r, int status, const char *title, const char *detail)
{
    static const enum evac_problem kinds[] = {
        EVAC_PROBLEM_BAD_REQUEST,        EVAC_PROBLEM_FORBIDDEN,
        EVAC_PROBLEM_NOT_FOUND,          EVAC_PROBLEM_REFUSED,
        EVAC_PROBLEM_MISCONFIGURED,      EVAC_PROBLEM_IN_TROUBLE,
        EVAC_PROBLEM_METHOD_NOT_ALLOWED, EVAC_PROBLEM_ANSWER_TOO_LARGE,
    };
    size_t i = 0;
    while (i + 1 < sizeof kinds / sizeof kinds[0] && evac_problem_row(kinds[i])->status != status)
        i++;
    evac_problemf(r, kinds[i], "%s: %s", title, detail);
}

static void fail(struct evac_api_response *r, const struct evac_err *err)
{
    evac_problem_err(r, err);
}

void api_problem(struct evac_api_response *r, int status, const char *title, const char *detail)
{
    problem(r, status, title, detail);
}

void api_fail(struct evac_api_response *r, const struct evac_err *err)
{
    fail(r, err);
}

struct evac_str evac_api_query(struct evac_str query, const char *name, char *buf, size_t bytes)
{
    while (query.n) {
        struct evac_str pair = evac_str_cut(query, '&', &query), value;
        struct evac_str key = evac_str_cut(pair, '=', &value);
        if (!evac_str_is(key, name))
            continue;
        size_t n = 0;
        for (size_t i = 0; i < value.n && n + 1 < bytes; i++) {
            char hex[3] = { 0 };
            if (value.p[i] == '%' && value.n - i > 2) {
                memcpy(hex, value.p + i + 1, 2);
                buf[n++] = (char)strtoul(hex, NULL, 16);
                i += 2;
            } else {
                buf[n++] = value.p[i] == '+' ? ' ' : value.p[i];
            }
        }
        buf[n] = '\0';
        return (struct evac_str){ buf, n };
    }
    return EVAC_STR_NONE;
}

static int64_t query_number(const struct evac_api_request *q, const char *name, int64_t fallback)
{
    char buf[32];
    int64_t value;
    return evac_str_i64(evac_api_query(q->query, name, buf, sizeof buf), &value) ? value : fallback;
}

/* --- request bodies
 * ------------------------------------------------------------------------------------ */

/* An empty body is an empty object. NULL, and the problem answered, when it is not an object. */
static cJSON *body_object(const struct evac_api_request *q, struct evac_api_response *r)
{
    cJSON *json = q->body.n ? cJSON_ParseWithLength(q->body.p, q->body.n) : cJSON_CreateObject();
    if (cJSON_IsObject(json))
        return json;
    cJSON_Delete(json);
    problem(r, 400, "the body is not a JSON object",
            "send {} or an object with the fields named in the API's description");
    return NULL;
}

static struct evac_str text_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsString(item) ? evac_str(item->valuestring) : EVAC_STR_NONE;
}

static int64_t number_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : 0;
}

static bool no_unknown_keys(const cJSON *json, const char *const *known,
                            struct evac_api_response *r)
{
    for (const cJSON *item = json->child; item; item = item->next) {
        const char *const *k = known;
        while (*k && strcmp(*k, item->string) != 0)
            k++;
        if (*k)
            continue;
        char text[200];
        struct evac_err err;
        const char *near = evac_str_nearest(evac_str(item->string), known);
        (void)evac_fail(&err, EVAC_E_BADARG, "unknown field '%.60s'%s%s", item->string,
                        near ? ": did you mean " : "", near ? near : "");
        (void)evac_str_copy(text, sizeof text, evac_str(err.text));
        problem(r, 400, "unknown field", text);
        return false;
    }
    return true;
}

cJSON *api_body(const struct evac_api_request *q, const char *const *known,
                struct evac_api_response *r)
{
    cJSON *json = body_object(q, r);
    if (json && no_unknown_keys(json, known, r))
        return json;
    cJSON_Delete(json);
    return NULL;
}

/* --- plans and runs
 * ------------------------------------------------------------------------------------ */

static bool parse_wish(const cJSON *json, struct evac_wish *wish, struct evac_api_response *r)
{
    static const char *const known[] = { "workflow", "from",     "to",       "mode",
                                         "kind",     "reason",   "proposed", "rehearse",
                                         "isolate",  "override", NULL };
    struct evac_str workflow = text_of(json, "workflow"), mode = text_of(json, "mode"),
                    kind = text_of(json, "kind");
    if (!no_unknown_keys(json, known, r))
        return false;
    wish->from = text_of(json, "from");
    wish->to = text_of(json, "to");
    wish->why = text_of(json, "reason");
    wish->isolate = text_of(json, "isolate");
    wish->proposed = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "proposed"));
    wish->mode = EVAC_MODE_GRACEFUL;
    wish->workflow = EVAC_WORKFLOW_FAILOVER;
    wish->drill = EVAC_DRILL_REHEARSE;
    if ((workflow.n && !evac_workflow_parse(workflow, &wish->workflow)) ||
        (mode.n && !evac_mode_parse(mode, &wish->mode)) ||
        (kind.n && !evac_drill_kind_parse(kind, &wish->drill))) {
        problem(r, 400, "a field has a value that is not allowed",
                "workflow: failover, failback, drill, fence; mode: graceful, ungraceful; kind: "
                "rehearse, "
                "isolated, live, game-day");
        return false;
    }
    bool drill = wish->workflow == EVAC_WORKFLOW_DRILL;
    if (drill && wish->drill != EVAC_DRILL_REHEARSE && wish->drill != EVAC_DRILL_ISOLATED) {
        problem(r, 422, "this kind of drill is more than one run",
                "POST /v1/apps/APP/drills begins it");
        return false;
    }
    wish->rehearse = (drill && wish->drill == EVAC_DRILL_REHEARSE) ||
                     cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "rehearse"));
    return true;
}

static void diag_problem(struct evac_api_response *r, const struct evac_err *err,
                         const struct evac_diag *diag)
{
    evac_problem_diag(r, err, diag);
}

/* --- the lint
 * ------------------------------------------------------------------------------------------- */

static int64_t today(const struct evac_daemon *daemon)
{
    return evac_daemon_wall_ms(daemon) / 86400000;
}

/* NULL: they can not be read; diag and err say why. */
static const struct evac_facts *facts_of(const struct evac_daemon *daemon, struct evac_diag *diag,
                                         struct evac_err *err)
{
    const struct evac_facts *facts = NULL;
    (void)evac_builtin_load_facts(evac_daemon_model(daemon)->controller.facts, diag, &facts, err);
    return facts;
}

static void put_lint(const struct evac_daemon *daemon, const struct evac_plan *plan,
                     struct evac_str down, enum evac_lint_verdict from,
                     const struct evac_facts *facts, struct evac_arena *arena, struct evac_jw *w,
                     const char *key)
{
    struct evac_lint lint;
    const struct evac_lint_request request = { plan,  evac_daemon_catalog(daemon),
                                               facts, evac_daemon_model(daemon),
                                               down,  today(daemon) };
    evac_lint_plan(&request, arena, &lint);
    evac_lint_to_json(&lint, from, w, key);
}

static void put_plan(struct evac_daemon *daemon, const struct evac_plan *plan,
                     struct evac_diag *diag, struct evac_api_response *r)
{
    const struct evac_engine *engine = evac_shell_engine(evac_daemon_shell(daemon));
    size_t app = evac_engine_app(engine, plan->app);
    struct evac_now now = { evac_daemon_now_ms(daemon), evac_daemon_wall_ms(daemon), 0 };
    int64_t loss = evac_engine_loss(&engine->apps[app], &now);
    struct evac_err err;
    const struct evac_facts *facts = facts_of(daemon, diag, &err); /* else the lint has none */
    struct evac_buf json, text, warnings;
    struct evac_jw w = { &r->body, false };

    evac_buf_init(&json, 4u << 20);
    evac_buf_init(&text, 1u << 20);
    evac_buf_init(&warnings, 65536);
    evac_plan_to_json(plan, &json);
    evac_plan_explain(plan, &text);
    evac_diag_print(diag, &warnings);
    evac_jw_open(&w, NULL, '{');
    evac_jw_cstr(&w, "hash", plan->hash);
    evac_jw_str(&w, "from", plan->from);
    evac_jw_str(&w, "to", plan->to);
    evac_jw_cstr(&w, "mode", evac_mode_name(plan->mode));
    evac_jw_i64(&w, "critical_path_ms", (int64_t)evac_plan_critical_path(plan, NULL, NULL));
    evac_jw_bool(&w, "has_data", loss >= 0);
    evac_jw_known(&w, "loss_now_ms", loss >= 0 && loss != EVAC_LOSS_UNKNOWN, loss);
    evac_jw_i64(&w, "rpo_objective_ms", plan->rpo_ms);
    evac_jw_str(&w, "text", evac_buf_str(&text));
    evac_jw_str(&w, "warnings", evac_buf_str(&warnings));
    evac_view_decision(engine, &engine->apps[app], &now, &w);
    evac_view_start_gates(engine, plan, &now, diag->arena, &w);
    put_lint(daemon, plan, evac_lint_down(plan), EVAC_LINT_WARN, facts, diag->arena, &w, "lint");
    evac_jw_raw(&w, "plan", evac_buf_str(&json));
    evac_jw_close(&w, '}');
    evac_buf_done(&json);
    evac_buf_done(&text);
    evac_buf_done(&warnings);
}

static void plan_app(struct evac_daemon *daemon, const struct evac_api_request *q,
                     struct evac_str app, struct evac_api_response *r)
{
    struct evac_wish wish = { .app = app, .who = q->caller.who };
    struct evac_err err = { EVAC_OK, "" };
    cJSON *json = body_object(q, r);
    if (json && parse_wish(json, &wish, r)) {
        struct evac_diag diag = { .arena = evac_arena_new() };
        struct evac_plan *plan = NULL;
        if (evac_shell_plan(evac_daemon_shell(daemon), &wish, &diag, &plan, &err))
            diag_problem(r, &err, &diag);
        else
            put_plan(daemon, plan, &diag, r);
        evac_plan_free(plan);
        evac_arena_free(diag.arena);
    }
    cJSON_Delete(json);
}

static void lint_all(struct evac_daemon *daemon, struct evac_str name, enum evac_mode mode,
                     const struct evac_facts *facts, struct evac_api_response *r)
{
    const struct evac_model *model = evac_daemon_model(daemon);
    struct evac_jw w = { &r->body, false };
    const struct evac_lint_all request = {
        model, evac_model_app(model, name), evac_daemon_catalog(daemon), facts, mode, today(daemon)
    };
    if (request.app)
        evac_lint_all_to_json(&request, &w);
    else
        problem(r, 404, "there is no such app", "GET /v1/status lists them");
}

static void lint_one(struct evac_daemon *daemon, const struct evac_wish *wish, struct evac_str down,
                     const struct evac_facts *facts, struct evac_diag *diag,
                     struct evac_api_response *r)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_plan *plan = NULL;
    struct evac_jw w = { &r->body, false };
    if (evac_shell_plan(evac_daemon_shell(daemon), wish, diag, &plan, &err))
        diag_problem(r, &err, diag);
    else
        put_lint(daemon, plan, down.n ? down : evac_lint_down(plan), EVAC_LINT_OK, facts,
                 diag->arena, &w, NULL);
    evac_plan_free(plan);
}

static void lint_app(struct evac_daemon *daemon, const struct evac_api_request *q,
                     struct evac_str app, struct evac_api_response *r)
{
    struct evac_wish wish = { .app = app, .who = q->caller.who };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_diag diag = { .arena = evac_arena_new() };
    cJSON *json = body_object(q, r);
    if (json) {
        bool all = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "all_regions"));
        struct evac_str down = evac_arena_str(diag.arena, text_of(json, "assume_down"));
        cJSON_DeleteItemFromObjectCaseSensitive(json, "all_regions");
        cJSON_DeleteItemFromObjectCaseSensitive(json, "assume_down");
        const struct evac_facts *facts = facts_of(daemon, &diag, &err);
        if (!facts)
            diag_problem(r, &err, &diag);
        else if (parse_wish(json, &wish, r) && all)
            lint_all(daemon, app, wish.mode, facts, r);
        else if (r->status < 400)
            lint_one(daemon, &wish, down, facts, &diag, r);
    }
    cJSON_Delete(json);
    evac_arena_free(diag.arena);
}

/* Gates that are to be overridden at once: names, with commas between. False: answered. */
static bool parse_overrides(struct evac_daemon *daemon, const struct evac_api_request *q,
                            const cJSON *json, struct evac_wish *wish, struct evac_api_response *r)
{
    const struct evac_model *model = evac_daemon_model(daemon);
    struct evac_access access = { model, evac_model_app(model, wish->app), &q->caller,
                                  EVAC_STR("override") };
    struct evac_str rest = text_of(json, "override");
    struct evac_err err = { EVAC_OK, "" };
    if (rest.n && wish->why.n == 0) {
        problem(r, 400, "an override needs a reason", "give it in the field reason");
        return false;
    }
    while (rest.n) {
        enum evac_run_gate gate;
        access.what = evac_str_trim(evac_str_cut(rest, ',', &rest));
        if (!evac_run_gate_parse(access.what, &gate)) {
            problem(r, 400, "there is no gate of that name", "GET /v1/gates lists them");
            return false;
        }
        if (evac_access_need(&access, evac_run_gate_row(gate)->roles, &err)) {
            problem(r, 403, "your roles do not allow it", err.text);
            return false;
        }
        wish->overrides |= (uint16_t)(1u << gate);
    }
    return true;
}

/* It may wait for a yes, or at another gate: that is worth knowing at once. */
static void put_begun(struct evac_daemon *daemon, uint64_t id, struct evac_api_response *r)
{
    const struct evac_run *run = evac_engine_run(evac_shell_engine(evac_daemon_shell(daemon)), id);
    struct evac_jw w = { &r->body, false };
    evac_jw_open(&w, NULL, '{');
    evac_jw_i64(&w, "run", (int64_t)id);
    evac_jw_cstr(&w, "state", run ? evac_run_state_name(run->state) : NULL);
    evac_jw_close(&w, '}');
}

static void begin_run(struct evac_daemon *daemon, const struct evac_api_request *q,
                      struct evac_str app, struct evac_api_response *r)
{
    struct evac_wish wish = { .app = app, .who = q->caller.who, .caller = &q->caller };
    struct evac_err err = { EVAC_OK, "" };
    uint64_t run = 0;
    cJSON *json = body_object(q, r);
    if (json && parse_wish(json, &wish, r) && parse_overrides(daemon, q, json, &wish, r)) {
        if (evac_shell_begin(evac_daemon_shell(daemon), &wish, &run, &err)) {
            fail(r, &err);
        } else {
            r->status = 201;
            put_begun(daemon, run, r);
        }
    }
    cJSON_Delete(json);
}

/* --- history
 * ------------------------------------------------------------------------------------------- */

struct history {
    struct evac_jw w;
    struct evac_store *store;
    uint64_t wanted, shown;
};

static bool put_old_run(void *user, const struct evac_row *row)
{
    struct history *h = user;
    const struct evac_record *r = &row->record;
    if (r->kind != EVAC_RECORD_TERMINAL)
        return true;
    evac_jw_open(&h->w, NULL, '{');
    evac_jw_i64(&h->w, "run", (int64_t)r->run);
    evac_jw_str(&h->w, "app", r->app);
    evac_jw_str(&h->w, "state", r->to);
    evac_jw_bool(&h->w, "over", true);
    evac_jw_i64(&h->w, "ended_ms", r->t_wall_ms);
    evac_jw_str(&h->w, "left", r->text);
    evac_jw_close(&h->w, '}');
    return ++h->shown < h->wanted;
}

static void list_runs(struct evac_daemon *daemon, const struct evac_api_request *q,
                      struct evac_api_response *r)
{
    char app[128];
    struct evac_err err = { EVAC_OK, "" };
    struct history h = { .w = { &r->body, false }, .store = evac_daemon_store(daemon) };
    int64_t limit = query_number(q, "limit", 50);
    struct evac_store_filter filter = { .newest_first = true };
    filter.app = evac_api_query(q->query, "app", app, sizeof app);
    h.wanted = limit > 0 && limit <= 1000 ? (uint64_t)limit : 50;

    evac_jw_open(&h.w, NULL, '[');
    for (const struct evac_run *run = evac_shell_engine(evac_daemon_shell(daemon))->runs; run;
         run = run->next)
        if (filter.app.n == 0 || evac_str_eq(filter.app, run->plan->app))
            evac_view_run(daemon, run, false, &h.w);
    if (h.store->vt->read(h.store, &filter, put_old_run, &h, &err))
        fail(r, &err);
    else
        evac_jw_close(&h.w, ']');
}

static void put_report(struct evac_daemon *daemon, uint64_t run, struct evac_str format,
                       struct evac_api_response *r)
{
    struct evac_report *report = NULL;
    struct evac_err err = { EVAC_OK, "" };
    if (evac_report_make_at(evac_daemon_store(daemon), run, evac_daemon_wall_ms(daemon), &report,
                            &err)) {
        fail(r, &err);
        return;
    }
    if (evac_str_is(format, "text")) {
        r->content_type = "text/plain; charset=utf-8";
        evac_report_text(report, &r->body);
    } else if (evac_str_is(format, "html")) {
        r->content_type = "text/html; charset=utf-8";
        evac_report_html(report, &r->body);
    } else {
        evac_report_json(report, &r->body);
    }
    evac_report_free(report);
}

static void one_run(struct evac_daemon *daemon, uint64_t id, struct evac_api_response *r)
{
    const struct evac_run *run = evac_engine_run(evac_shell_engine(evac_daemon_shell(daemon)), id);
    struct evac_jw w = { &r->body, false };
    if (run)
        evac_view_run(daemon, run, true, &w);
    else
        put_report(daemon, id, EVAC_STR("json"), r);
}

static bool put_row(void *user, const struct evac_row *row)
{
    struct history *h = user;
    struct evac_buf line;
    evac_buf_init(&line, 8u << 20);
    evac_row_json(row, &line);
    evac_jw_raw(&h->w, NULL, evac_buf_str(&line));
    evac_buf_done(&line);
    return ++h->shown < h->wanted && !h->w.out->failed;
}

static void journal(struct evac_daemon *daemon, const struct evac_api_request *q,
                    struct evac_api_response *r)
{
    char app[128];
    struct evac_err err = { EVAC_OK, "" };
    struct history h = { .w = { &r->body, false }, .store = evac_daemon_store(daemon) };
    int64_t limit = query_number(q, "limit", 200);
    struct evac_store_filter filter = {
        .after_seq = (uint64_t)query_number(q, "after", 0),
        .run = (uint64_t)query_number(q, "run", 0),
    };
    filter.app = evac_api_query(q->query, "app", app, sizeof app);
    h.wanted = limit > 0 && limit <= 10000 ? (uint64_t)limit : 200;
    evac_jw_open(&h.w, NULL, '[');
    if (h.store->vt->read(h.store, &filter, put_row, &h, &err))
        fail(r, &err);
    else
        evac_jw_close(&h.w, ']');
}

/* --- drills
 * --------------------------------------------------------------------------------------------- */

#define YEAR_MS INT64_C(31622400000)

static void list_drills(struct evac_daemon *daemon, const struct evac_api_request *q,
                        struct evac_api_response *r)
{
    char app[128];
    struct evac_err err = { EVAC_OK, "" };
    struct evac_jw w = { &r->body, false };
    int64_t until = query_number(q, "until", 0), now = evac_daemon_wall_ms(daemon);
    struct evac_str name = evac_api_query(q->query, "app", app, sizeof app);
    if (name.n && !evac_model_app(evac_daemon_model(daemon), name))
        problem(r, 404, "there is no such app", "GET /v1/status lists them");
    else if (evac_view_drills(daemon, name, until > 0 ? until : now + YEAR_MS, &w, &err))
        fail(r, &err);
}

static bool drill_kind(struct evac_str text, enum evac_drill_kind *ret_kind,
                       struct evac_api_response *r)
{
    if (evac_drill_kind_parse(text, ret_kind))
        return true;
    problem(r, 400, "there is no such kind of drill", "rehearse, isolated, live, game-day");
    return false;
}

static void put_receipt(struct evac_daemon *daemon, const struct evac_api_request *q,
                        struct evac_str app, struct evac_api_response *r)
{
    char kind[32], name[128], to[64];
    struct evac_err err = { EVAC_OK, "" };
    struct evac_drill_wish wish = { .app = app };
    wish.name = evac_api_query(q->query, "name", name, sizeof name);
    wish.to = evac_api_query(q->query, "to", to, sizeof to);
    wish.soak_ms = query_number(q, "soak_ms", 0);
    if (drill_kind(evac_api_query(q->query, "kind", kind, sizeof kind), &wish.kind, r) &&
        evac_shell_receipt(evac_daemon_shell(daemon), &wish, &r->body, &err))
        fail(r, &err);
}

static void begin_drill(struct evac_daemon *daemon, const struct evac_api_request *q,
                        struct evac_str app, struct evac_api_response *r)
{
    static const char *const known[] = { "kind", "name", "to", "soak_ms", "reason", NULL };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_jw w = { &r->body, false };
    struct evac_drill_wish wish = { .app = app, .who = q->caller.who };
    uint32_t number = 0;
    cJSON *json = body_object(q, r);
    if (json && no_unknown_keys(json, known, r) &&
        drill_kind(text_of(json, "kind"), &wish.kind, r)) {
        wish.name = text_of(json, "name");
        wish.to = text_of(json, "to");
        wish.why = text_of(json, "reason");
        if (!evac_str_i64(text_of(json, "soak_ms"), &wish.soak_ms))
            wish.soak_ms = number_of(json, "soak_ms");
        if (evac_shell_drill_now(evac_daemon_shell(daemon), &wish, &number, &err)) {
            fail(r, &err);
        } else {
            evac_jw_open(&w, NULL, '{');
            evac_jw_i64(&w, "drill", number);
            evac_jw_close(&w, '}');
        }
    }
    cJSON_Delete(json);
}

/* --- commands
 * ------------------------------------------------------------------------------------------- */

static void say(struct evac_daemon *daemon, const struct evac_api_request *q, uint64_t run,
                struct evac_api_response *r)
{
    static const char *const known[] = { "verb", "app",   "step",      "reason",   "value", "mode",
                                         "gate", "owner", "condition", "incident", NULL };
    struct evac_event event = { .kind = EVAC_EVENT_COMMAND };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_jw w = { &r->body, false };
    enum evac_mode mode;
    cJSON *json = body_object(q, r);
    if (!json || !no_unknown_keys(json, known, r)) {
        cJSON_Delete(json);
        return;
    }
    struct evac_command *cmd = &event.u.command;
    cmd->run = run;
    cmd->app = text_of(json, "app");
    cmd->step = text_of(json, "step");
    cmd->reason = text_of(json, "reason");
    cmd->owner = text_of(json, "owner");
    cmd->condition = text_of(json, "condition");
    cmd->incident = text_of(json, "incident");
    cmd->value =
        evac_mode_parse(text_of(json, "mode"), &mode) ? (int64_t)mode : number_of(json, "value");
    cmd->gate = text_of(json, "gate");
    cmd->who = q->caller.who;
    cmd->caller = &q->caller;
    if (!evac_command_parse(text_of(json, "verb"), &cmd->verb)) {
        problem(r, 400, "unknown verb",
                "approve, decline, pause, resume, retry, skip, cancel, rollback, stop, mode, "
                "override, ack, hold, release, stop-automation, allow-automation, waive, unwaive, "
                "freeze, unfreeze");
    } else if (evac_shell_event(evac_daemon_shell(daemon), &event, &err)) {
        fail(r, &err);
    } else {
        evac_jw_open(&w, NULL, '{');
        evac_jw_cstr(&w, "answer", err.text[0] ? err.text : "done");
        evac_jw_close(&w, '}');
    }
    cJSON_Delete(json);
}

static void reload(struct evac_daemon *daemon, struct evac_api_response *r)
{
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf text;
    struct evac_jw w = { &r->body, false };
    evac_buf_init(&text, 65536);
    if (evac_daemon_reload(daemon, &diag, &err)) {
        diag_problem(r, &err, &diag);
    } else {
        evac_diag_print(&diag, &text);
        evac_jw_open(&w, NULL, '{');
        evac_jw_cstr(&w, "config", evac_daemon_model(daemon)->hash);
        evac_jw_str(&w, "warnings", evac_buf_str(&text));
        evac_jw_close(&w, '}');
    }
    evac_buf_done(&text);
    evac_arena_free(diag.arena);
}

#define VANTAGES "/v1/vantages/"

/* --- routes
 * --------------------------------------------------------------------------------------------- */

static void version(struct evac_daemon *daemon, struct evac_api_response *r)
{
    struct evac_jw w = { &r->body, false };
    evac_jw_open(&w, NULL, '{');
    evac_jw_cstr(&w, "version", EVAC_VERSION);
    evac_jw_str(&w, "node", evac_daemon_model(daemon)->controller.node);
    evac_jw_close(&w, '}');
}

static void put_permissions(struct evac_daemon *daemon, struct evac_str name,
                            struct evac_api_response *r)
{
    const struct evac_model *model = evac_daemon_model(daemon);
    const struct evac_app *app = evac_model_app(model, name);
    struct evac_err err = { EVAC_OK, "" };
    if (!app)
        problem(r, 404, "there is no such app", "GET /v1/status lists them");
    else if (evac_permissions_of_app(model, app, evac_daemon_catalog(daemon), &r->body, &err))
        fail(r, &err);
}

/* --- what is answered later
 * ----------------------------------------------------------------------------- */

typedef enum evac_code begin_job_fn(struct evac_daemon *daemon, struct evac_str app,
                                    const cJSON *json, uint64_t *ret_number, struct evac_err *err);

static void begin_job(struct evac_daemon *daemon, const struct evac_api_request *q,
                      struct evac_str app, const char *const *fields, begin_job_fn *begin,
                      struct evac_api_response *r)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_jw w = { &r->body, false };
    uint64_t number = 0;
    cJSON *json = body_object(q, r);
    if (json && no_unknown_keys(json, fields, r)) {
        if (begin(daemon, app, json, &number, &err)) {
            fail(r, &err);
        } else {
            r->status = 202;
            evac_jw_open(&w, NULL, '{');
            evac_jw_i64(&w, "job", (int64_t)number);
            evac_jw_close(&w, '}');
        }
    }
    cJSON_Delete(json);
}

static void replay(struct evac_daemon *daemon, const struct evac_api_request *q,
                   struct evac_api_response *r)
{
    begin_job(daemon, q, EVAC_STR_NONE, api_replay_fields, api_begin_replay, r);
}

static void job_route(struct evac_daemon *daemon, struct evac_str number,
                      struct evac_api_response *r)
{
    int64_t id;
    struct evac_jw w = { &r->body, false };
    if (!evac_str_i64(number, &id) || id <= 0 ||
        !evac_jobs_view(evac_daemon_jobs(daemon), (uint64_t)id, &w))
        problem(r, 404, "there is no such job", "the newest eight are kept");
}

static void app_route(struct evac_daemon *daemon, const struct evac_api_request *q,
                      struct evac_str app, struct evac_str rest, struct evac_api_response *r)
{
    bool get = strcmp(q->method, "GET") == 0;
    const struct evac_engine *engine = evac_shell_engine(evac_daemon_shell(daemon));
    size_t i = evac_engine_app(engine, app);
    struct evac_jw w = { &r->body, false };
    if (i == engine->app_count)
        problem(r, 404, "there is no such app", "GET /v1/status lists them");
    else if (get && rest.n == 0)
        evac_view_app(daemon, i, &w);
    else if (get && evac_str_is(rest, "why"))
        evac_view_why(daemon, i, &w);
    else if (get && evac_str_is(rest, "decide"))
        evac_view_decide(daemon, i, &w);
    else if (!get && evac_str_is(rest, "plan"))
        plan_app(daemon, q, app, r);
    else if (get && evac_str_is(rest, "permissions"))
        put_permissions(daemon, app, r);
    else if (!get && evac_str_is(rest, "lint"))
        lint_app(daemon, q, app, r);
    else if (get && evac_str_is(rest, "receipt"))
        put_receipt(daemon, q, app, r);
    else if (!get && evac_str_is(rest, "drills"))
        begin_drill(daemon, q, app, r);
    else if (!get && evac_str_is(rest, "simulate"))
        begin_job(daemon, q, app, api_simulation_fields, api_begin_simulation, r);
    else if (!get && evac_str_is(rest, "runs"))
        begin_run(daemon, q, app, r);
    else if (get && evac_str_is(rest, "trend"))
        api_trend(daemon, q, app, r);
    else
        problem(r, 404, "there is no such thing", "see the API's description");
}

static void run_route(struct evac_daemon *daemon, const struct evac_api_request *q,
                      struct evac_str number, struct evac_str rest, struct evac_api_response *r)
{
    bool get = strcmp(q->method, "GET") == 0;
    char format[16];
    int64_t id;
    if (!evac_str_i64(number, &id) || id <= 0)
        problem(r, 404, "there is no such run", "a run is named by its number");
    else if (get && rest.n == 0)
        one_run(daemon, (uint64_t)id, r);
    else if (get && evac_str_is(rest, "report"))
        put_report(daemon, (uint64_t)id, evac_api_query(q->query, "format", format, sizeof format),
                   r);
    else if (!get && evac_str_is(rest, "commands"))
        say(daemon, q, (uint64_t)id, r);
    else
        problem(r, 404, "there is no such thing", "see the API's description");
}

static void status(struct evac_daemon *daemon, struct evac_api_response *r)
{
    struct evac_jw w = { &r->body, false };
    evac_view_status(daemon, &w);
}

static void incidents(struct evac_daemon *daemon, struct evac_api_response *r)
{
    struct evac_jw w = { &r->body, false };
    evac_view_incidents(evac_shell_engine(evac_daemon_shell(daemon)), true, &w, NULL);
}

static void drivers(struct evac_daemon *daemon, struct evac_api_response *r)
{
    struct evac_jw w = { &r->body, false };
    evac_drivers_to_json(evac_daemon_catalog(daemon), NULL, &w);
}

static void roles(struct evac_daemon *daemon, const struct evac_api_request *q,
                  struct evac_api_response *r)
{
    struct evac_jw w = { &r->body, false };
    char name[128];
    const struct evac_model *model = evac_daemon_model(daemon);
    struct evac_str app = evac_api_query(q->query, "app", name, sizeof name);
    const struct evac_app *found = evac_model_app(model, app);
    if (app.n && !found)
        problem(r, 404, "there is no such app", "GET /v1/status lists them");
    else
        evac_access_to_json(model, found, &q->caller, &w);
}

static void gates(struct evac_daemon *daemon, struct evac_api_response *r)
{
    struct evac_jw w = { &r->body, false };
    (void)daemon;
    evac_view_gate_table(&w);
}

static void say_anything(struct evac_daemon *daemon, const struct evac_api_request *q,
                         struct evac_api_response *r)
{
    say(daemon, q, 0, r);
}

static const struct {
    const char *method, *path;
    void (*plain)(struct evac_daemon *daemon, struct evac_api_response *r);
    void (*full)(struct evac_daemon *daemon, const struct evac_api_request *q,
                 struct evac_api_response *r);
    bool needs_shell;
} routes[] = {
    { "GET", "/v1/version", version, NULL, false },
    { "GET", "/v1/status", status, NULL, false },
    { "GET", "/v1/incidents", incidents, NULL, true },
    { "GET", "/v1/drivers", drivers, NULL, false },
    { "GET", "/v1/roles", NULL, roles, false },
    { "GET", "/v1/gates", gates, NULL, false },
    { "POST", "/v1/reload", reload, NULL, true },
    { "GET", "/v1/runs", NULL, list_runs, true },
    { "GET", "/v1/drills", NULL, list_drills, true },
    { "GET", "/v1/journal", NULL, journal, true },
    { "GET", "/v1/journal/verify", NULL, api_verify, true },
    { "POST", "/v1/journal/verify", NULL, api_verify, true },
    { "POST", "/v1/journal/checkpoint", NULL, api_checkpoint, true },
    { "GET", "/v1/deficiencies", NULL, api_deficiencies, true },
    { "POST", "/v1/deficiencies", NULL, api_deficiency, true },
    { "POST", "/v1/evidence", NULL, api_evidence, true },
    { "GET", "/v1/evidence/key", NULL, api_evidence_key, true },
    { "POST", "/v1/commands", NULL, say_anything, true },
    { "POST", "/v1/replay", NULL, replay, true },
};

/* POST /v1/vantages/NAME/results */
static void vantage_route(struct evac_daemon *daemon, const struct evac_api_request *q,
                          struct evac_api_response *r)
{
    struct evac_str rest = { q->path.p + strlen(VANTAGES), q->path.n - strlen(VANTAGES) };
    struct evac_str name = evac_str_cut(rest, '/', &rest);
    struct evac_err err = { EVAC_OK, "" };
    struct evac_jw w = { &r->body, false };
    if (!evac_daemon_shell(daemon))
        problem(r, 503, "the controller is in trouble", evac_daemon_trouble(daemon));
    else if (strcmp(q->method, "POST") != 0 || !evac_str_is(rest, "results"))
        problem(r, 404, "there is no such thing", "POST /v1/vantages/NAME/results");
    else if (evac_shell_vantage(evac_daemon_shell(daemon), name, q->body, &err))
        fail(r, &err);
    else
        evac_jw_open(&w, NULL, '{'), evac_jw_close(&w, '}');
}

static void dispatch(struct evac_daemon *daemon, const struct evac_api_request *q,
                     struct evac_api_response *r)
{
    bool shell = evac_daemon_shell(daemon) != NULL;
    struct evac_str rest = q->path, name;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (strcmp(routes[i].method, q->method) != 0 || !evac_str_is(q->path, routes[i].path))
            continue;
        if (routes[i].needs_shell && !shell)
            problem(r, 503, "the controller is in trouble", evac_daemon_trouble(daemon));
        else if (routes[i].plain)
            routes[i].plain(daemon, r);
        else
            routes[i].full(daemon, q, r);
        return;
    }
    bool app = evac_str_starts(q->path, "/v1/apps/"), run = evac_str_starts(q->path, "/v1/runs/");
    bool job = evac_str_starts(q->path, "/v1/jobs/");
    if ((app || run) && !shell) {
        problem(r, 503, "the controller is in trouble", evac_daemon_trouble(daemon));
        return;
    }
    if (evac_str_starts(q->path, VANTAGES)) {
        vantage_route(daemon, q, r);
        return;
    }
    if (!app && !run && !job) {
        problem(r, 404, "there is no such thing", "see the API's description");
        return;
    }
    rest.p += strlen("/v1/apps/");
    rest.n -= strlen("/v1/apps/");
    name = evac_str_cut(rest, '/', &rest);
    if (app)
        app_route(daemon, q, name, rest, r);
    else if (job)
        job_route(daemon, name, r);
    else
        run_route(daemon, q, name, rest, r);
}

void evac_api_handle(struct evac_daemon *daemon, const struct evac_api_request *request,
                     struct evac_api_response *response)
{
    struct evac_err err = { EVAC_OK, "" };
    response->status = 200;
    response->instance = request->path;
    response->content_type = "application/json";
    if (api_probe(daemon, request, response))
        return;
    if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "POST") != 0) {
        problem(response, 405, "that method is not used here", "GET and POST are");
        (void)evac_str_copy(response->allow, sizeof response->allow, EVAC_STR("GET, POST"));
    } else if (evac_door(daemon, request, &err))
        problem(response, 403, "your roles do not allow it", err.text);
    else
        dispatch(daemon, request, response);
    if (response->body.failed)
        problem(response, 507, "the answer is too large", "ask for less: limit=, after=, run=");
}

bool evac_api_headers(const struct evac_api_response *r, evac_api_header_fn *fn, void *user)
{
    char seconds[16] = "";
    if (r->retry_after_s)
        snprintf(seconds, sizeof seconds, "%u", r->retry_after_s);
    const struct {
        const char *name, *value;
    } headers[] = {
        { "etag:", r->etag },         { "link:", r->link },
        { "location:", r->location }, { "allow:", r->allow },
        { "retry-after:", seconds },  { "idempotency-replayed:", r->replayed ? "true" : "" }
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        if (headers[i].value[0] && !fn(user, headers[i].name, headers[i].value))
            return false;
    return true;
}

void evac_api_event(const struct evac_record *r, struct evac_buf *out)
{
    struct evac_jw w = { out, false };
    evac_buf_putf(out, "id: %llu\nevent: %s\ndata: ", (unsigned long long)r->seq,
                  evac_record_kind_name(r->kind));
    evac_jw_open(&w, NULL, '{');
    evac_jw_i64(&w, "seq", (int64_t)r->seq);
    evac_jw_cstr(&w, "kind", evac_record_kind_name(r->kind));
    evac_jw_known(&w, "run", r->run != 0, (int64_t)r->run);
    evac_jw_str(&w, "app", r->app);
    evac_jw_str(&w, "name", r->name);
    evac_jw_str(&w, "from", r->from);
    evac_jw_str(&w, "event", r->event);
    evac_jw_str(&w, "to", r->to);
    evac_jw_str(&w, "who", r->who);
    evac_jw_str(&w, "text", r->text);
    evac_jw_i64(&w, "number", r->number);
    evac_jw_i64(&w, "wall_ms", r->t_wall_ms);
    evac_jw_close(&w, '}');
    evac_buf_puts(out, "\n\n");
}
