#include "door.h"

#include "access.h"
#include "api_call.h"

/* What is asked, and of which app; texts point into the call. */
struct asked {
    struct evac_str what, app;
};

/* A wish: a workflow, or a drill's kind; whatever only looks is a rehearsal. */
static struct evac_str wished(const struct api_call *c)
{
    struct evac_str workflow = api_text(c, "workflow"), kind = api_text(c, "kind");
    if (api_true(c, "rehearse"))
        return EVAC_STR("rehearse");
    if (evac_str_is(workflow, "drill"))
        return kind.n ? kind : EVAC_STR("rehearse");
    return workflow.n ? workflow : EVAC_STR("failover");
}

static struct evac_str app_of_run(const struct api_call *c)
{
    const struct evac_engine *engine = api_engine(c);
    int64_t id;
    if (!engine || !evac_str_i64(c->vars[0], &id) || id <= 0)
        return EVAC_STR_NONE;
    const struct evac_run *run = evac_engine_run(engine, (uint64_t)id);
    return run ? run->plan->app : EVAC_STR_NONE;
}

/* "D-shop-3" is the app's whose name stands in it. */
static struct evac_str app_of_deficiency(struct evac_str id)
{
    size_t n = id.n;
    while (n > 0 && id.p[n - 1] != '-')
        n--;
    return n > 3 && evac_str_starts(id, "D-") ? (struct evac_str){ id.p + 2, n - 3 }
                                              : EVAC_STR_NONE;
}

/* The app that a body names does not narrow what reaches beyond it: a word to an incident or to all
 * automation, a run by its number, a deficiency by its id. Nor does one that no schema has looked
 * at. */
static struct evac_str app_of_body(const struct api_call *c)
{
    struct evac_str verb = api_text(c, "verb");
    if (c->route->flags & EVAC_ROUTE_RAW || api_has(c, "incident") || api_has(c, "run") ||
        evac_str_is(verb, "stop-automation") || evac_str_is(verb, "allow-automation"))
        return EVAC_STR_NONE;
    return api_has(c, "id") ? app_of_deficiency(api_text(c, "id")) : api_text(c, "app");
}

/* buf: for what a query says. */
static struct evac_str asked_app(const struct api_call *c, char *buf, size_t bytes)
{
    struct evac_str path = evac_str(c->route->path);
    if (evac_str_starts(path, "/v1/apps/{app}"))
        return c->vars[0];
    if (evac_str_starts(path, "/v1/runs/{run}"))
        return app_of_run(c);
    return c->body ? app_of_body(c) : api_query(c, "app", buf, bytes);
}

static struct evac_str asked_what(const struct api_call *c)
{
    switch (c->route->ask) {
    case EVAC_ASK_WISH:
        return wished(c);
    case EVAC_ASK_KIND:
        return api_text(c, "kind");
    case EVAC_ASK_VERB: /* who types in another's answer begins nothing, but may spoil it */
        return api_has(c, "response") && evac_str_is(api_text(c, "verb"), "approve")
                   ? EVAC_STR("challenge")
                   : api_text(c, "verb");
    case EVAC_ASK_ROW:
        break;
    }
    return evac_str(c->route->what);
}

/* Whom an app's approvals name may say yes without being an approver, and who evacuates must be
 * allowed to move each app that goes: the engine looks at it. */
static bool is_for_the_engine(struct evac_str what)
{
    return evac_str_is(what, "approve") || evac_str_is(what, "evacuate");
}

/* A credential for some apps may look at what is about none, as long as it holds something for one
 * of them. */
static bool holds_for_some_app(const struct evac_model *model, const struct evac_caller *caller)
{
    for (size_t i = 0; caller->scope && i < caller->scope->app_count; i++) {
        const struct evac_app *app = evac_model_app(model, caller->scope->apps[i]);
        if (evac_roles_of(model->controller.roles, app ? app->roles : NULL, caller->scope->apps[i],
                          caller))
            return true;
    }
    return false;
}

enum evac_code evac_door(const struct api_call *c, struct evac_err *err)
{
    const struct evac_model *model = evac_daemon_model(c->daemon);
    char app[128];
    struct asked asked = { asked_what(c), asked_app(c, app, sizeof app) };
    struct evac_access access = { model, evac_model_app(model, asked.app), &c->q->caller,
                                  is_for_the_engine(asked.what) ? EVAC_STR("look") : asked.what };
    enum evac_run_gate gate;
    if (c->route->flags & EVAC_ROUTE_NEUTRAL && holds_for_some_app(model, &c->q->caller))
        return EVAC_OK;
    enum evac_code code = evac_access_check(&access, err);
    if (!code && evac_str_is(asked.what, "override") &&
        evac_run_gate_parse(api_text(c, "gate"), &gate))
        code = evac_access_need(&access, evac_run_gate_row(gate)->roles, err);
    return code;
}
