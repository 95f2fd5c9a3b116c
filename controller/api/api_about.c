/* The controller and its apps: what there is, how it stands, who may what. */
#include "access.h"
#include "api_request.h"
#include "api_routes.h"
#include "driver_print.h"
#include "openapi.h"
#include "version.h"
#include "view.h"
#include "view_gates.h"

#include <stdio.h>

void api_version(struct api_call *c)
{
    struct evac_jw w = api_writer(c);
    evac_jw_open(&w, NULL, '{');
    evac_jw_cstr(&w, "version", EVAC_VERSION);
    evac_jw_str(&w, "node", evac_daemon_model(c->daemon)->controller.node);
    evac_jw_close(&w, '}');
}

void api_openapi(struct api_call *c)
{
    evac_openapi_json(&c->r->body);
}

void api_status(struct api_call *c)
{
    struct evac_jw w = api_writer(c);
    evac_view_status(c->daemon, &w);
}

/* --- apps ----------------------------------------------------------------------------------------
 */

void api_list_apps(struct api_call *c)
{
    struct api_pager pager = api_pager_of(c, 200, 1000);
    struct evac_jw w = api_writer(c);
    evac_jw_open(&w, NULL, '[');
    for (size_t i = 0; i < api_engine(c)->app_count; i++)
        if (api_pager_takes(&pager))
            evac_view_app_line(c->daemon, i, &w);
    evac_jw_close(&w, ']');
    api_pager_end(c, &pager);
}

void api_readiness(struct api_call *c)
{
    size_t app;
    struct evac_jw w = api_writer(c);
    if (api_app(c, &app))
        evac_view_readiness(c->daemon, app, &w);
}

void api_get_app(struct api_call *c)
{
    size_t app;
    struct evac_jw w = api_writer(c);
    if (api_app(c, &app))
        evac_view_app(c->daemon, app, &w);
}

void api_why(struct api_call *c)
{
    size_t app;
    struct evac_jw w = api_writer(c);
    if (api_app(c, &app))
        evac_view_why(c->daemon, app, &w);
}

void api_decide(struct api_call *c)
{
    size_t app;
    struct evac_jw w = api_writer(c);
    if (api_app(c, &app))
        evac_view_decide(c->daemon, app, &w);
}

void api_probes(struct api_call *c)
{
    size_t app;
    struct evac_jw w = api_writer(c);
    if (api_app(c, &app))
        evac_view_probes(c->daemon, app, &w);
}

/* --- the rest ------------------------------------------------------------------------------------
 */

void api_incidents(struct api_call *c)
{
    struct api_page page = api_page_of(c, EVAC_FLEET_REGIONS_MAX, EVAC_FLEET_REGIONS_MAX);
    struct evac_jw w = api_writer(c);
    struct evac_now now = api_now(c);
    evac_view_incidents(api_engine(c), true, &now, page.after, page.limit, &w, NULL);
    if (page.after + page.limit < api_engine(c)->fleet.region_count)
        api_more(c, page.after + page.limit);
}

void api_drivers(struct api_call *c)
{
    struct evac_jw w = api_writer(c);
    evac_drivers_to_json(evac_daemon_catalog(c->daemon), NULL, &w);
}

void api_roles(struct api_call *c)
{
    char name[128];
    struct evac_jw w = api_writer(c);
    const struct evac_model *model = evac_daemon_model(c->daemon);
    struct evac_str app = api_query(c, "app", name, sizeof name);
    const struct evac_app *found = evac_model_app(model, app);
    if (app.n && !found)
        api_no_app(c, app);
    else
        evac_access_to_json(model, found, &c->q->caller, &w);
}

void api_gates(struct api_call *c)
{
    struct evac_jw w = api_writer(c);
    evac_view_gate_table(&w);
}

/* The rows that loading writes are not the answer: it is noted behind them, and a crash in between
 * is mended by asking again, which loads the same files. */
static void note_reload(struct api_call *c)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_shell *shell = evac_daemon_shell(c->daemon);
    if (!shell || evac_shell_follows(shell) || c->asked.key.n == 0)
        return;
    api_request_answers(c, evac_buf_str(&c->r->body));
    evac_shell_ask(shell, &c->asked);
    if (evac_daemon_note(c->daemon, NULL, 0, &err))
        api_fail(c, &err);
}

void api_reload(struct api_call *c)
{
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf text;
    struct evac_jw w = api_writer(c);
    evac_buf_init(&text, 65536);
    evac_shell_ask(evac_daemon_shell(c->daemon), NULL);
    if (evac_daemon_reload(c->daemon, &diag, &err)) {
        evac_problem_diag(c->r, &err, &diag);
    } else {
        evac_diag_print(&diag, &text);
        evac_jw_open(&w, NULL, '{');
        evac_jw_cstr(&w, "config", evac_daemon_model(c->daemon)->hash);
        evac_jw_str(&w, "warnings", evac_buf_str(&text));
        evac_jw_close(&w, '}');
        note_reload(c);
    }
    evac_buf_done(&text);
    evac_arena_free(diag.arena);
}

/* What an agent of a vantage saw (batch.h). */
void api_vantage(struct api_call *c)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_jw w = api_writer(c);
    if (evac_shell_vantage(evac_daemon_shell(c->daemon), c->vars[0], c->q->body, NULL, &err)) {
        api_fail(c, &err);
        return;
    }
    evac_jw_open(&w, NULL, '{');
    evac_jw_close(&w, '}');
}

/* --- problems ------------------------------------------------------------------------------------
 */

static void put_problem(enum evac_problem problem, struct evac_jw *w)
{
    char type[80];
    const struct evac_problem_row *row = evac_problem_row(problem);
    snprintf(type, sizeof type, "/v1/problems/%s", row->name);
    evac_jw_open(w, NULL, '{');
    evac_jw_cstr(w, "type", type);
    evac_jw_cstr(w, "title", row->title);
    evac_jw_i64(w, "status", row->status);
    evac_jw_cstr(w, "doc", row->doc);
    evac_jw_close(w, '}');
}

void api_list_problems(struct api_call *c)
{
    struct evac_jw w = api_writer(c);
    evac_jw_open(&w, NULL, '[');
    for (unsigned i = 0; i < EVAC_PROBLEM_COUNT; i++)
        put_problem((enum evac_problem)i, &w);
    evac_jw_close(&w, ']');
}

void api_get_problem(struct api_call *c)
{
    enum evac_problem problem;
    struct evac_jw w = api_writer(c);
    if (evac_problem_parse(c->vars[0], &problem))
        put_problem(problem, &w);
    else
        evac_problem(c->r, EVAC_PROBLEM_NOT_FOUND,
                     "GET /v1/problems lists the kinds that there are");
}
