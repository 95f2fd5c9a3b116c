#include "rights_internal.h"

#include "plan_internal.h"

#include <string.h>

#define X(name, text) text,
static const char *const role_names[] = { EVAC_RIGHTS_ROLES(X) };
#undef X

const char *evac_rights_role_name(enum evac_rights_role role)
{
    return (unsigned)role < EVAC_RIGHTS_ROLE_COUNT ? role_names[role] : "?";
}

/* --- gathering -------------------------------------------------------------------------------- */

static bool same_right(const struct right *a, const struct right *b)
{
    return a->kind == b->kind && evac_str_eq(a->action, b->action) &&
           evac_str_eq(a->resource, b->resource) && evac_str_eq(a->region, b->region) &&
           evac_str_eq(a->condition, b->condition);
}

static void add(struct rights *r, const struct right *right)
{
    for (size_t i = 0; i < r->count; i++)
        if (same_right(&r->list[i], right))
            return;
    if (r->count == RIGHTS_MAX) {
        r->overflow = true;
        return;
    }
    if (r->count == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 256;
        struct right *list = evac_arena_array(r->arena, cap, sizeof *list);
        if (r->count)
            memcpy(list, r->list, r->count * sizeof *list);
        r->list = list;
        r->cap = cap;
    }
    r->list[r->count++] = (struct right){ evac_arena_str(r->arena, right->action),
                                          evac_arena_str(r->arena, right->resource),
                                          evac_arena_str(r->arena, right->condition),
                                          evac_arena_str(r->arena, right->region), right->kind };
}

struct gathering {
    struct rights *r;
    struct right like;
};

static void say(void *user, const struct evac_right *right)
{
    const struct gathering *g = user;
    struct right one = g->like;
    one.resource = right->resource;
    one.condition = right->condition;
    if (right->anywhere)
        one.region = EVAC_STR_NONE;
    add(g->r, &one);
}

static const struct evac_pack *pack_of(const struct rights *r, const struct evac_driver *driver)
{
    for (size_t p = 0; p < r->catalog->pack_count; p++)
        for (const struct evac_driver *const *d = r->catalog->packs[p]->drivers; *d; d++)
            if (*d == driver)
                return r->catalog->packs[p];
    return NULL;
}

void rights_of_op(struct rights *r, const struct evac_driver *driver, const struct evac_op *op,
                  const struct evac_args *args, struct evac_str region, enum right_kind change)
{
    const struct evac_pack *pack = pack_of(r, driver);
    struct evac_str rest = evac_str(op->iam);
    while (rest.n) {
        struct evac_str permission = evac_str_cut(rest, ' ', &rest);
        struct gathering g = {
            r, { .action = permission, .region = region, .kind = op->mutates ? change : RIGHT_LOOK }
        };
        const struct evac_right_query query = { driver, op, permission, args, region, r->account };
        if (pack && pack->grants)
            pack->grants->rights(&query, say, &g);
        else
            say(&g, &(struct evac_right){ .resource = EVAC_STR("*") });
    }
}

/* Where it is called; "" of no one region. */
static struct evac_str called_in(const struct evac_plan_step *step, const struct evac_op *op)
{
    return op->home == EVAC_HOME_TO      ? evac_args_get(&step->args, "to")
           : op->home == EVAC_HOME_FROM  ? evac_args_get(&step->args, "from")
           : op->home == EVAC_HOME_STEP  ? step->region
           : op->home == EVAC_HOME_FIXED ? evac_str(op->home_region)
                                         : EVAC_STR_NONE;
}

static void take_ops(struct rights *r, const struct evac_driver *driver, const struct evac_op *op,
                     const struct evac_plan_step *step, enum right_kind change)
{
    for (; op && op->service; op++)
        if (evac_plan_calls(step, op))
            rights_of_op(r, driver, op, &step->args, called_in(step, op), change);
}

void rights_of_step(struct rights *r, const struct evac_plan_step *step)
{
    const struct evac_driver *driver = evac_catalog_driver(r->catalog, step->type);
    const struct evac_action *action = driver ? evac_driver_action(driver, step->action) : NULL;
    take_ops(r, driver, action ? action->ops : NULL, step, RIGHT_CHANGE);
}

/* --- between runs ----------------------------------------------------------------------------- */

/* A resource in a region, as if a step were there. */
static struct evac_plan_step as_step(struct rights *r, const struct evac_app *app,
                                     const struct evac_resource *resource,
                                     const struct evac_driver *driver, size_t from, size_t to)
{
    const struct evac_plan_place place = { .app = app->name,
                                           .region = app->regions[to],
                                           .from = app->regions[from],
                                           .to = app->regions[to] };
    struct evac_args props =
        evac_plan_whole_props(r->arena, &resource->props, driver->params, &place);
    struct evac_arg *items = evac_arena_array(r->arena, props.count + 3, sizeof *items);
    if (props.count)
        memcpy(items, props.items, props.count * sizeof *items);
    items[props.count] = (struct evac_arg){ EVAC_STR("from"), place.from };
    items[props.count + 1] = (struct evac_arg){ EVAC_STR("to"), place.to };
    items[props.count + 2] = (struct evac_arg){ EVAC_STR("region"), place.region };
    return (struct evac_plan_step){ .region = place.region, .args = { items, props.count + 3 } };
}

static void watch_resource(struct rights *r, const struct evac_app *app,
                           const struct evac_resource *resource, size_t from, size_t to)
{
    const struct evac_driver *driver = evac_catalog_driver(r->catalog, resource->type);
    const struct evac_action *still =
        driver ? evac_driver_action(driver, EVAC_STR(EVAC_ACTION_STILL)) : NULL;
    if (!driver)
        return;
    struct evac_plan_step step = as_step(r, app, resource, driver, from, to);
    take_ops(r, driver, driver->measure_ops, &step, RIGHT_MARK);
    if (still && evac_action_serves(still, resource))
        take_ops(r, driver, still->ops, &step, RIGHT_LOOK);
    for (size_t i = 0; i < app->probe_count; i++) {
        const struct evac_probe *p = &app->probes[i];
        const struct evac_action *action = evac_driver_action(driver, p->look.action);
        if (p->kind == EVAC_PROBE_KIND_LOOK && evac_str_eq(p->look.resource, resource->name))
            take_ops(r, driver, action ? action->ops : NULL, &step, RIGHT_LOOK);
    }
}

void rights_of_watching(struct rights *r, const struct evac_app *app)
{
    for (size_t i = 0; i < app->resource_count; i++)
        for (size_t from = 0; from < app->region_count; from++)
            for (size_t to = 0; to < app->region_count; to++)
                if (from != to)
                    watch_resource(r, app, &app->resources[i], from, to);
}

/* --- plans ------------------------------------------------------------------------------------ */

/* A runbook without that workflow, or a way that the app can not go, needs nothing. */
static enum evac_code take_plan(struct rights *r, const struct evac_plan_request *request,
                                struct evac_err *err)
{
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_plan *plan = NULL;
    enum evac_code code = evac_plan_compile(request, &diag, &plan, err);
    for (uint16_t i = 0; !code && i < plan->forward_count; i++)
        rights_of_step(r, &plan->steps[i]);
    evac_plan_free(plan);
    evac_arena_free(diag.arena);
    return code == EVAC_E_UNSUPPORTED ? EVAC_OK : code;
}

static enum evac_code take_way(struct rights *r, const struct evac_rights_request *q, size_t from,
                               size_t to, struct evac_err *err)
{
    enum evac_code code = EVAC_OK;
    for (unsigned w = 0; !code && w < EVAC_WORKFLOW_COUNT; w++)
        for (unsigned m = 0; !code && m < EVAC_MODE_COUNT; m++) {
            struct evac_plan_request plan = { .model = q->model,
                                              .app = q->app,
                                              .catalog = q->catalog,
                                              .workflow = (enum evac_workflow)w,
                                              .drill = EVAC_DRILL_ISOLATED,
                                              .mode = (enum evac_mode)m,
                                              .from = q->app->regions[from],
                                              .to = q->app->regions[to] };
            if (!q->workflow.n ||
                evac_str_is(q->workflow, evac_workflow_name((enum evac_workflow)w)))
                code = take_plan(r, &plan, err);
        }
    return code;
}

/* What a drill looks at before it begins, and what a game day breaks and mends. */
static enum evac_code take_drill(struct rights *r, const struct evac_rights_request *q,
                                 const struct evac_drill_conf *d, enum evac_plan_part part,
                                 struct evac_err *err)
{
    bool look = part == EVAC_PART_LOOK;
    struct evac_plan_request plan = { .model = q->model,
                                      .app = q->app,
                                      .catalog = q->catalog,
                                      .workflow = EVAC_WORKFLOW_DRILL,
                                      .drill = look ? EVAC_DRILL_REHEARSE : EVAC_DRILL_GAME_DAY,
                                      .rehearse = look,
                                      .from = q->app->regions[0],
                                      .to = q->app->regions[1],
                                      .part = part,
                                      .things = look ? d->unless : d->faults,
                                      .thing_count = look ? d->unless_count : d->fault_count };
    return plan.thing_count ? take_plan(r, &plan, err) : EVAC_OK;
}

static enum evac_code take_drills(struct rights *r, const struct evac_rights_request *q,
                                  struct evac_err *err)
{
    static const enum evac_plan_part parts[] = { EVAC_PART_LOOK, EVAC_PART_BREAK, EVAC_PART_MEND };
    enum evac_code code = EVAC_OK;
    bool wanted = !q->workflow.n || evac_str_is(q->workflow, "drill");
    for (size_t i = 0; wanted && i < q->app->drill_count; i++)
        for (size_t p = 0; !code && p < sizeof parts / sizeof parts[0]; p++)
            code = take_drill(r, q, &q->app->drills[i], parts[p], err);
    return code;
}

static enum evac_code take_all(struct rights *r, const struct evac_rights_request *q,
                               struct evac_err *err)
{
    enum evac_code code = take_drills(r, q, err);
    for (size_t from = 0; from < q->app->region_count; from++)
        for (size_t to = 0; !code && to < q->app->region_count; to++)
            if (from != to)
                code = take_way(r, q, from, to, err);
    rights_of_watching(r, q->app);
    return code;
}

/* --- the account ------------------------------------------------------------------------------ */

static struct evac_str no_account(struct evac_str value)
{
    (void)value;
    return EVAC_STR_NONE;
}

static bool no_region(struct evac_str resource)
{
    (void)resource;
    return false;
}

/* Of packs that grant nothing by themselves. */
static const struct evac_grants none = { .tells_region = no_region,
                                         .account_of = no_account,
                                         .region_key = "region",
                                         .policy_max = 6000,
                                         .inline_max = 6000 };

static const struct evac_grants *grants_of(const struct evac_catalog *catalog)
{
    for (size_t p = 0; p < catalog->pack_count; p++)
        if (catalog->packs[p]->grants)
            return catalog->packs[p]->grants;
    return &none;
}

static const char *pack_that_grants(const struct evac_catalog *catalog)
{
    for (size_t p = 0; p < catalog->pack_count; p++)
        if (catalog->packs[p]->grants)
            return catalog->packs[p]->name;
    return "";
}

static bool is_account(struct evac_str text)
{
    int64_t number;
    return text.n == 12 && evac_str_i64(text, &number);
}

/* The one that the app's settings name; "*" when they name none, or several. */
static struct evac_str own_account(const struct evac_grants *grants, const struct evac_app *app)
{
    struct evac_str found = EVAC_STR_NONE;
    for (size_t i = 0; i < app->resource_count; i++)
        for (size_t k = 0; k < app->resources[i].props.count; k++) {
            struct evac_str one = grants->account_of(app->resources[i].props.items[k].value);
            if (one.n && found.n && !evac_str_eq(one, found))
                return EVAC_STR("*");
            found = one.n ? one : found;
        }
    return found.n ? found : EVAC_STR("*");
}

struct rights rights_of_app(struct evac_arena *arena, const struct evac_catalog *catalog,
                            const struct evac_app *app, struct evac_str account)
{
    struct rights r = { .arena = arena, .catalog = catalog, .grants = grants_of(catalog) };
    r.account = account.n ? account : own_account(r.grants, app);
    return r;
}

bool rights_are_narrow(const struct rights *r)
{
    return r->grants != &none;
}

struct evac_str evac_rights_account(const struct evac_catalog *catalog, const struct evac_app *app)
{
    return own_account(grants_of(catalog), app);
}

/* --- the whole -------------------------------------------------------------------------------- */

static void put_notes(const struct rights *r, const size_t *parts, const char *act,
                      struct evac_jw *w)
{
    evac_jw_open(w, "notes", '[');
    if (evac_str_is(r->account, "*"))
        evac_jw_cstr(w, NULL,
                     "no setting of the app names its account: resources are those of any account; "
                     "--account narrows them to one");
    for (size_t i = 0; i < EVAC_RIGHTS_ROLE_COUNT; i++)
        if (parts[i] > 1)
            evac_jw_str(w, NULL,
                        evac_arena_printf(r->arena,
                                          "%s is in %zu parts: a managed policy may have %u "
                                          "characters, a role's own together %u",
                                          i == EVAC_RIGHTS_ACT ? act : "evac-observe", parts[i],
                                          r->grants->policy_max, r->grants->inline_max));
    evac_jw_close(w, ']');
}

static struct evac_grantee as_grantee(const struct evac_app *app, struct evac_arena *arena)
{
    struct evac_str *regions = evac_arena_array(arena, app->region_count + 1, sizeof *regions);
    size_t n = app->region_count;
    memcpy(regions, app->regions, n * sizeof *regions);
    if (app->witness.n)
        regions[n++] = app->witness;
    return (struct evac_grantee){ app->name, regions, n };
}

/* Under whose name it is called for, and what the controller needs for that: of all apps. */
static void put_roles(const struct rights *r, const struct evac_rights_request *q,
                      struct evac_jw *w)
{
    const struct evac_model *model = q->model;
    struct evac_grantee *apps = evac_arena_array(r->arena, model->app_count + 1, sizeof *apps);
    size_t n = 0;
    apps[n++] = as_grantee(q->app, r->arena);
    for (size_t i = 0; i < model->app_count; i++)
        if (&model->apps[i] != q->app)
            apps[n++] = as_grantee(&model->apps[i], r->arena);
    struct evac_args settings =
        evac_args_under(&model->controller.packs, pack_that_grants(r->catalog), r->arena);
    struct evac_buf text;
    evac_buf_init(&text, 4u << 20);
    if (r->grants->roles && r->grants->roles(&settings, apps, n, &text))
        evac_jw_raw(w, "identity", evac_buf_str(&text));
    else
        evac_jw_null(w, "identity");
    evac_buf_done(&text);
}

static void put_all(const struct rights *r, const struct evac_rights_request *q,
                    struct evac_buf *out)
{
    const struct evac_app *app = q->app;
    struct evac_jw w = { out, false };
    size_t parts[EVAC_RIGHTS_ROLE_COUNT] = { 0 };
    struct evac_str act = evac_arena_printf(r->arena, "evac-act-%.*s", EVAC_STR_ARG(app->name));
    evac_jw_open(&w, NULL, '{');
    evac_jw_str(&w, "app", app->name);
    if (evac_str_is(r->account, "*"))
        evac_jw_null(&w, "account");
    else
        evac_jw_str(&w, "account", r->account);
    evac_jw_cstr(&w, "terraform", r->grants->terraform);
    evac_jw_open(&w, "policies", '[');
    rights_put_policy(r, "evac-observe", EVAC_RIGHTS_OBSERVE, &w, &parts[EVAC_RIGHTS_OBSERVE]);
    rights_put_policy(r, act.p, EVAC_RIGHTS_ACT, &w, &parts[EVAC_RIGHTS_ACT]);
    evac_jw_close(&w, ']');
    put_roles(r, q, &w);
    put_notes(r, parts, act.p, &w);
    evac_jw_close(&w, '}');
}

static enum evac_code check(const struct evac_rights_request *q, struct evac_err *err)
{
    enum evac_workflow workflow;
    if (q->workflow.n && !evac_workflow_parse(q->workflow, &workflow))
        return evac_fail(err, EVAC_E_BADARG,
                         "workflow '%.*s': failover, failback, drill and fence are allowed",
                         EVAC_STR_ARG(q->workflow));
    if (q->account.n && !is_account(q->account))
        return evac_fail(err, EVAC_E_BADARG, "account '%.*s': it is a number of 12 digits",
                         EVAC_STR_ARG(q->account));
    return EVAC_OK;
}

enum evac_code evac_rights_of_app(const struct evac_rights_request *request, struct evac_buf *out,
                                  struct evac_err *err)
{
    enum evac_code code = check(request, err);
    if (code)
        return code;
    struct rights r =
        rights_of_app(evac_arena_new(), request->catalog, request->app, request->account);
    code = take_all(&r, request, err);
    if (!code && r.overflow)
        code = evac_fail(err, EVAC_E_TOOBIG, "app '%.*s' needs more than %u different rights",
                         EVAC_STR_ARG(request->app->name), RIGHTS_MAX);
    if (!code)
        put_all(&r, request, out);
    evac_arena_free(r.arena);
    return code;
}
