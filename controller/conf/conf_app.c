/* What an app's settings, and the controller's, mean together. */
#include "conf_health.h"

#define FALL_DEFAULT      3
#define RISE_DEFAULT      2
#define RUN_DEADLINE_RTOS 4
#define FLAP_DWELLS       4
#define ENDPOINT          "endpoint"

/* As health looks at it: an app with one probe. */
static struct evac_dependency dependency_of(const struct conf_dependency *from)
{
    static const struct evac_str everywhere = { "everywhere", 10 };
    struct evac_dependency d = { .calm_ms = from->calm_ms };
    d.as_app.place = from->how.probe.place;
    d.as_app.name = from->how.probe.name;
    d.as_app.regions = from->region_count ? from->regions : &everywhere;
    d.as_app.region_count = from->region_count ? from->region_count : 1;
    d.as_app.probes = &from->how.probe;
    d.as_app.probe_count = 1;
    return d;
}

static void gather_dependencies(struct conf_reader *r, struct conf_controller *c)
{
    struct evac_dependency *all = evac_arena_array(r->arena, c->dependency_count, sizeof *all);
    for (size_t i = 0; i < c->dependency_count; i++)
        all[i] = dependency_of(&c->dependencies[i]);
    c->conf.dependencies = all;
    c->conf.dependency_count = c->dependency_count;
}

static const struct evac_freeze_conf *take_freezes(struct conf_reader *r,
                                                   const struct conf_freeze *from, size_t count);

/* A token does not leave this machine in the clear. */
static void check_traces(struct conf_reader *r, const config_setting_t *group,
                         const struct evac_controller_conf *conf)
{
    static const char *const safe[] = { "https://", "http://127.", "http://[::1]",
                                        "http://localhost:" };
    bool good = conf->traces_headers.n == 0;
    for (size_t i = 0; i < sizeof safe / sizeof safe[0]; i++)
        good = good || evac_str_starts(conf->traces_url, safe[i]);
    if (!good)
        CONF_ERROR(r, conf_line(config_setting_get_member(group, "traces")),
                   "controller.traces: headers are sent to \"%.*s\"; allowed: https://..., and "
                   "http://... to this machine",
                   EVAC_STR_ARG(conf->traces_url));
}

void conf_finish_controller(struct conf_reader *r, const config_setting_t *group, void *at,
                            const struct conf_given *given)
{
    struct conf_controller *controller = at;
    struct evac_controller_conf *conf = &controller->conf;
    const config_setting_t *packs = config_setting_get_member(group, "packs");
    conf->blackouts = conf_take_windows(r, controller->blackouts, controller->blackout_count);
    conf->blackout_count = controller->blackout_count;
    conf->freezes = take_freezes(r, controller->freezes, controller->freeze_count);
    conf->freeze_count = controller->freeze_count;
    conf_check_escalations(r, "incident.escalate", conf->incident_escalate,
                           conf->incident_escalate_count);
    conf->notify = controller->notify.conf;
    check_traces(r, group, conf);
    if (conf->poll_max_ms < conf->poll_ms)
        CONF_ERROR(r, conf_line(config_setting_get_member(group, "engine")),
                   "controller.engine: poll_max (%u ms) is shorter than poll (%u ms)",
                   conf->poll_max_ms, conf->poll_ms);
    for (size_t i = 0; i < conf->vantage_count; i++)
        if (evac_str_eq(conf->vantages[i].name, conf->node))
            CONF_ERROR(r, conf->vantages[i].place.line,
                       "a vantage is named \"%.*s\", as the controller itself; allowed: another "
                       "name",
                       EVAC_STR_ARG(conf->node));
    for (int i = 0; packs && conf_is_given(given, "packs") && i < config_setting_length(packs);
         i++) {
        const config_setting_t *pack = config_setting_get_elem(packs, (unsigned)i);
        if (config_setting_type(pack) != CONFIG_TYPE_GROUP)
            CONF_ERROR(r, conf_line(pack),
                       "controller.packs.%s: found %.*s; allowed: a group { ... }",
                       config_setting_name(pack), EVAC_STR_ARG(conf_found(r, pack)));
    }
    conf_check_people(r, conf);
    gather_dependencies(r, at);
}

/* --- the endpoint
 * -------------------------------------------------------------------------------- */

void conf_finish_endpoint(struct conf_reader *r, const config_setting_t *group, void *at,
                          const struct conf_given *given)
{
    struct conf_endpoint *e = at;
    (void)group;
    (void)given;
    e->timeout_ms = conf_timeout(r, e->place.line, ENDPOINT, e->every_ms, e->timeout_ms);
}

static struct evac_probe endpoint_probe(const struct conf_endpoint *e)
{
    struct evac_probe probe = {
        .place = e->place,
        .name = EVAC_STR(ENDPOINT),
        .role = EVAC_PROBE_ENDPOINT,
        .target = e->url,
        .expect_body = e->expect,
        .served_by = e->served_by,
        .every_ms = e->every_ms,
        .fall = FALL_DEFAULT,
        .rise = RISE_DEFAULT,
    };
    conf_share_timeout(&probe, e->timeout_ms);
    return probe;
}

/* What the endpoint gave, as a resource of type "http" that steps can name. */
static struct evac_resource endpoint_resource(struct conf_reader *r, const struct conf_endpoint *e,
                                              const config_setting_t *group)
{
    const struct {
        const char *name;
        struct evac_str value;
    } props[] = { /* sorted */
                  { "expect", e->expect },
                  { "regional", e->regional },
                  { "served_by", e->served_by },
                  { "url", e->url }
    };
    size_t max = sizeof props / sizeof props[0], n = 0;
    struct evac_arg *items = evac_arena_array(r->arena, max, sizeof *items);
    int *lines = evac_arena_array(r->arena, max, sizeof *lines);
    for (size_t i = 0; i < max; i++) {
        const config_setting_t *s = config_setting_get_member(group, props[i].name);
        if (!s)
            continue;
        items[n] = (struct evac_arg){ evac_str(props[i].name), props[i].value };
        lines[n++] = conf_line(s);
    }
    return (struct evac_resource){
        e->place, EVAC_STR(ENDPOINT), EVAC_STR("http"), { items, n }, lines
    };
}

/* --- criteria
 * --------------------------------------------------------------------------------------- */

void conf_finish_criterion(struct conf_reader *r, const config_setting_t *group, void *at,
                           const struct conf_given *given)
{
    const struct evac_criterion_conf *c = at;
    bool time = evac_measure_is_time(c->measure);
    const char *measure = evac_measure_name(c->measure);
    (void)group;
    if (time && !conf_is_given(given, "at_most"))
        CONF_ERROR(r, c->place.line, "criterion: measure \"%s\" is a time: at_most is missing",
                   measure);
    if (time && conf_is_given(given, "most"))
        CONF_ERROR(r, c->place.line,
                   "criterion: measure \"%s\" is a time; allowed: at_most, not most", measure);
    if (!time && conf_is_given(given, "at_most"))
        CONF_ERROR(r, c->place.line,
                   "criterion: measure \"%s\" is a number; allowed: most, not at_most", measure);
    if (c->measure == EVAC_MEASURE_STEP && c->of.n == 0)
        CONF_ERROR(r, c->place.line, "criterion: measure \"step\": of is missing, the step's name");
    if (c->of.n && c->measure != EVAC_MEASURE_STEP && c->measure != EVAC_MEASURE_RPO)
        CONF_ERROR(r, c->place.line,
                   "criterion: of is for the measures \"step\" and \"rpo\", not for \"%s\"",
                   measure);
}

/* --- resources
 * -------------------------------------------------------------------------------------- */

void conf_finish_resource(struct conf_reader *r, const config_setting_t *group, void *at,
                          const struct conf_given *given)
{
    static const struct conf_row name_row = { "name", CONF_NAME, .doc = "A resource's name" };
    struct evac_resource *resource = at;
    struct evac_str copy;
    (void)given;
    if (!conf_put(r, &name_row, &(struct conf_value){ CONF_IS_TEXT, 0, resource->name }, &copy))
        CONF_ERROR(r, resource->place.line,
                   "app.resources: found the name \"%.*s\"; allowed: letters, digits, '-' and '_', "
                   "at most 64",
                   EVAC_STR_ARG(resource->name));
    conf_flatten(r, group, "type", &resource->props, &resource->prop_lines);
}

/* --- the calendar
 * ------------------------------------------------------------------------------------- */

void conf_finish_window(struct conf_reader *r, const config_setting_t *group, void *at,
                        const struct conf_given *given)
{
    struct conf_window *w = at;
    struct evac_err err = { EVAC_OK, "" };
    (void)group;
    (void)given;
    if (evac_window_parse(&w->text, &w->window, &err))
        CONF_ERROR(r, w->place.line, "window: %s", err.text);
}

const struct evac_window *conf_take_windows(struct conf_reader *r, const struct conf_window *from,
                                            size_t count)
{
    struct evac_window *windows = evac_arena_array(r->arena, count + 1, sizeof *windows);
    for (size_t i = 0; i < count; i++)
        windows[i] = from[i].window;
    return windows;
}

void conf_finish_freeze(struct conf_reader *r, const config_setting_t *group, void *at,
                        const struct conf_given *given)
{
    struct conf_freeze *f = at;
    struct evac_err err = { EVAC_OK, "" };
    (void)group;
    (void)given;
    if (evac_window_parse(&f->text, &f->freeze.window, &err))
        CONF_ERROR(r, f->freeze.place.line, "freeze: %s", err.text);
}

static const struct evac_freeze_conf *take_freezes(struct conf_reader *r,
                                                   const struct conf_freeze *from, size_t count)
{
    struct evac_freeze_conf *freezes = evac_arena_array(r->arena, count + 1, sizeof *freezes);
    for (size_t i = 0; i < count; i++)
        freezes[i] = from[i].freeze;
    return freezes;
}

static void take_schedule(struct conf_reader *r, struct evac_drill_conf *d)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_civil next, any = { 2026, 1, 1, 0, 0 };
    enum evac_code code;
    if (d->cron.n && (d->every.n || d->on.n))
        code =
            evac_fail(&err, EVAC_E_BADCONF, "found cron beside every or on; allowed: one of them");
    else if (d->cron.n)
        code = evac_cron_parse(d->cron, &d->schedule, &err);
    else if (d->every.n)
        code = evac_cron_words(d->every, d->on, &d->schedule, &err);
    else
        code = evac_fail(&err, EVAC_E_BADCONF, "cron is missing; allowed: cron, or every and on");
    if (!code && !evac_cron_next(&d->schedule, any, &next))
        code = evac_fail(&err, EVAC_E_BADCONF, "cron: '%.*s' never comes", EVAC_STR_ARG(d->cron));
    if (code)
        CONF_ERROR(r, d->place.line, "drill: %s", err.text);
}

void conf_finish_drill(struct conf_reader *r, const config_setting_t *group, void *at,
                       const struct conf_given *given)
{
    struct evac_drill_conf *d = at;
    bool game_day = d->kind == EVAC_DRILL_GAME_DAY;
    (void)group;
    take_schedule(r, d);
    if (d->name.n == 0)
        d->name = evac_str(evac_drill_kind_name(d->kind));
    if (!conf_is_given(given, "approval"))
        d->approval = game_day || d->kind == EVAC_DRILL_LIVE;
    if (game_day && d->fault_count == 0)
        CONF_ERROR(r, d->place.line,
                   "drill: faults is missing; allowed: resources that break something");
    if (!game_day && d->fault_count)
        CONF_ERROR(r, d->place.line, "drill: found faults; allowed: for a game-day");
}

static void check_drill(struct conf_reader *r, const struct evac_app *app,
                        const struct evac_drill_conf *d)
{
    struct evac_str rest;
    bool known = d->to.n == 0;
    for (size_t i = 0; i < app->region_count; i++)
        known = known || evac_str_eq(d->to, app->regions[i]);
    if (!known)
        CONF_ERROR(r, d->place.line, "drill.to: found \"%.*s\"; allowed: one of app.regions",
                   EVAC_STR_ARG(d->to));
    for (size_t i = 0; i < d->unless_count; i++)
        if (!evac_app_resource(app, evac_str_cut(d->unless[i], '.', &rest)))
            CONF_ERROR(r, d->place.line,
                       "drill.unless: found \"%.*s\"; allowed: a resource of the app, or "
                       "resource.action",
                       EVAC_STR_ARG(d->unless[i]));
    for (size_t i = 0; i < d->fault_count; i++)
        if (!evac_app_resource(app, d->faults[i]))
            CONF_ERROR(r, d->place.line,
                       "drill.faults: found \"%.*s\"; allowed: a resource of the app",
                       EVAC_STR_ARG(d->faults[i]));
}

/* --- the app
 * ------------------------------------------------------------------------------------------ */

static void check_reserved(struct conf_reader *r, struct evac_str name, int line, const char *what)
{
    if (evac_str_is(name, ENDPOINT))
        CONF_ERROR(r, line,
                   "a %s is named \"" ENDPOINT "\", as the one that the app's endpoint becomes",
                   what);
}

/* What is cold in the standby can not answer there. */
static bool is_asked_everywhere(const struct conf_probe *probe, enum evac_strategy strategy)
{
    if (probe->where >= 0)
        return probe->where == CONF_WHERE_EVERYWHERE;
    return strategy != EVAC_STRATEGY_PILOT_LIGHT && strategy != EVAC_STRATEGY_BACKUP_RESTORE;
}

static struct evac_probe *gather_probes(struct conf_reader *r, struct conf_app *a)
{
    bool public = a->endpoint.place.line != 0;
    size_t n = a->probe_count + (public ? 1 : 0), k = 0;
    struct evac_probe *probes = evac_arena_array(r->arena, n, sizeof *probes);
    if (public)
        probes[k++] = endpoint_probe(&a->endpoint);
    for (size_t i = 0; i < a->probe_count; i++) {
        probes[k] = a->probes[i].probe;
        probes[k].everywhere = is_asked_everywhere(&a->probes[i], a->app.strategy);
        if (!a->probes[i].grace_given)
            probes[k].grace_ms = a->grace_ms;
        if (public)
            check_reserved(r, probes[k].name, probes[k].place.line, "probe");
        k++;
    }
    a->app.probes = probes;
    a->app.probe_count = n;
    return probes;
}

static void add_endpoint_resource(struct conf_reader *r, struct conf_app *a,
                                  const config_setting_t *endpoint)
{
    struct evac_resource *all = evac_arena_array(r->arena, a->app.resource_count + 1, sizeof *all);
    for (size_t i = 0; i < a->app.resource_count; i++) {
        all[i] = a->app.resources[i];
        check_reserved(r, all[i].name, all[i].place.line, "resource");
    }
    all[a->app.resource_count++] = endpoint_resource(r, &a->endpoint, endpoint);
    a->app.resources = all;
}

static void check_witness(struct conf_reader *r, const struct evac_app *app, int line)
{
    for (size_t i = 0; i < app->region_count; i++)
        if (app->witness.n && evac_str_eq(app->regions[i], app->witness))
            CONF_ERROR(r, line,
                       "app.witness: found \"%.*s\", one of app.regions; allowed: another region",
                       EVAC_STR_ARG(app->witness));
}

static bool can_vote(const struct conf_app *a)
{
    for (size_t i = 0; i < a->probe_count; i++)
        if (evac_probe_role_votes(a->probes[i].probe.role))
            return true;
    return a->app.down_when_count > 0;
}

static int down_when_line(const config_setting_t *app, int otherwise)
{
    const config_setting_t *health = config_setting_get_member(app, "health");
    const config_setting_t *when = health ? config_setting_get_member(health, "down_when") : NULL;
    return when ? conf_line(when) : otherwise;
}

/* What the age of a look may be follows from how often there is one: two of them, and a little. */
#define READINESS_GRACE_MS 600000u

static uint32_t readiness_age(const struct evac_app *app)
{
    return 2 * app->readiness_ms + READINESS_GRACE_MS;
}

static void check_going_on(struct conf_reader *r, const struct evac_app *app)
{
    if (app->approvals.at_expiry == EVAC_AT_EXPIRY_GO_ON && app->automatic != EVAC_POLICY_ACT)
        CONF_ERROR(r, app->approvals.place.line,
                   "app.approvals.at_expiry: found \"go-on\", and policy.automatic is \"%s\"; "
                   "allowed: decline, hold; go-on only where the policy may act without a person",
                   evac_policy_name(app->automatic));
}

void conf_finish_app(struct conf_reader *r, const config_setting_t *group, void *at,
                     const struct conf_given *given)
{
    struct conf_app *a = at;
    a->app.blackouts = conf_take_windows(r, a->blackouts, a->blackout_count);
    a->app.blackout_count = a->blackout_count;
    a->app.freezes = take_freezes(r, a->freezes, a->freeze_count);
    a->app.freeze_count = a->freeze_count;
    a->app.windows = conf_take_windows(r, a->windows, a->window_count);
    a->app.window_count = a->window_count;
    for (size_t i = 0; i < a->app.drill_count; i++)
        check_drill(r, &a->app, &a->app.drills[i]);
    a->app.run_deadline_given = conf_is_given(given, "policy.run_deadline");
    if (!a->app.run_deadline_given)
        a->app.run_deadline_ms = (uint32_t)(RUN_DEADLINE_RTOS * a->app.rto_ms);
    if (!conf_is_given(given, "policy.flap.dwell"))
        a->app.flap_dwell_ms = FLAP_DWELLS * a->app.dwell_ms;
    if (a->app.flap_dwell_ms < a->app.dwell_ms)
        CONF_ERROR(r, a->app.place.line,
                   "app.policy: flap.dwell (%u ms) is shorter than dwell (%u ms)",
                   a->app.flap_dwell_ms, a->app.dwell_ms);
    if (a->app.automatic != EVAC_POLICY_NEVER && !can_vote(a))
        CONF_SAY(
            r, EVAC_DIAG_WARNING, a->app.place.line,
            "app.policy.automatic is \"%s\", but no probe can vote a region down: nothing will "
            "ever begin by itself",
            evac_policy_name(a->app.automatic));
    if (!conf_is_given(given, "policy.readiness_age"))
        a->app.readiness_age_ms = readiness_age(&a->app);
    check_going_on(r, &a->app);
    if (conf_is_given(given, "witness"))
        check_witness(r, &a->app, conf_line(config_setting_get_member(group, "witness")));
    struct evac_probe *probes = gather_probes(r, a);
    conf_finish_health(r, &a->app, probes, down_when_line(group, a->app.place.line));
    if (a->endpoint.place.line)
        add_endpoint_resource(r, a, config_setting_get_member(group, "endpoint"));
}
