#include "model_check.h"

#include "channel.h"
#include "share.h"
#include "sightings.h"

/* A machine without that zone would keep the calendar in UTC, without a word. */
static void check_zone(const struct evac_place place, struct evac_str zone, struct evac_diag *diag)
{
    if (!evac_zone_is_known(&evac_zones_libc, zone))
        evac_diag_add(diag, EVAC_DIAG_WARNING, place,
                      "this machine does not know the time zone '%.*s' and takes it for UTC (is "
                      "tzdata installed?)",
                      EVAC_STR_ARG(zone));
}

static void check_windows(const struct evac_place place, const struct evac_window *windows,
                          size_t count, struct evac_diag *diag)
{
    for (size_t i = 0; i < count; i++)
        check_zone(place, windows[i].timezone, diag);
}

static void check_calendar(const struct evac_app *app, struct evac_diag *diag)
{
    for (size_t i = 0; i < app->drill_count; i++)
        check_zone(app->drills[i].place, app->drills[i].timezone, diag);
    check_windows(app->place, app->blackouts, app->blackout_count, diag);
    check_windows(app->place, app->windows, app->window_count, diag);
}

static void check_names(const struct evac_model *model, const struct evac_safety_rule *rule,
                        const struct evac_str *names, size_t count, struct evac_diag *diag)
{
    for (size_t i = 0; i < count; i++)
        if (!evac_model_app(model, names[i]))
            evac_diag_add(diag, EVAC_DIAG_ERROR, rule->place,
                          "safety rule '%.*s' names the app '%.*s', which there is not",
                          EVAC_STR_ARG(rule->name), EVAC_STR_ARG(names[i]));
}

static void check_safety(const struct evac_model *model, const struct evac_safety_rule *rules,
                         size_t count, struct evac_diag *diag)
{
    for (size_t i = 0; i < count; i++) {
        check_names(model, &rules[i], rules[i].apps, rules[i].app_count, diag);
        check_names(model, &rules[i], rules[i].not_while, rules[i].not_while_count, diag);
    }
}

static void check_rules(const struct evac_model *model, struct evac_diag *diag)
{
    check_safety(model, model->controller.safety, model->controller.safety_count, diag);
    for (size_t i = 0; i < model->app_count; i++)
        check_safety(model, model->apps[i].safety, model->apps[i].safety_count, diag);
}

static void check_programs(const struct evac_model *model, const struct evac_app *app,
                           struct evac_diag *diag)
{
    for (size_t i = 0; i < app->probe_count && !model->controller.exec_allowed; i++)
        if (app->probes[i].kind == EVAC_PROBE_KIND_EXEC)
            evac_diag_add(diag, EVAC_DIAG_ERROR, app->probes[i].place,
                          "probe '%.*s' runs a program, which evac.cfg does not allow; allowed "
                          "with exec = { allowed = true; };",
                          EVAC_STR_ARG(app->probes[i].name));
}

static void check_probes(const struct evac_model *model, const struct evac_catalog *catalog,
                         struct evac_diag *diag)
{
    for (size_t i = 0; i < evac_model_probed_count(model); i++)
        check_programs(model, evac_model_probed(model, i), diag);
    for (size_t i = 0; i < model->app_count; i++)
        evac_plan_check_looks(&model->apps[i], catalog, diag);
}

/* --- who is told ------------------------------------------------------------------------------ */

static bool declares(const struct evac_driver *driver, struct evac_str name)
{
    struct evac_str rest, head = evac_str_cut(name, '.', &rest);
    for (const struct evac_param *p = driver->params; p && p->name; p++)
        if (evac_str_is(head, p->name))
            return true;
    return false;
}

static bool is_given(const struct evac_args *args, const char *name)
{
    for (size_t i = 0; i < args->count; i++) {
        struct evac_str rest;
        if (evac_str_is(evac_str_cut(args->items[i].name, '.', &rest), name))
            return true;
    }
    return false;
}

static enum evac_code check_with(const struct evac_model *model, const struct evac_channel *c,
                                 const struct evac_driver *driver, struct evac_err *err)
{
    for (size_t i = 0; i < c->with.count; i++)
        if (!declares(driver, c->with.items[i].name))
            return evac_fail(err, EVAC_E_BADCONF, "%s has no setting \"%.*s\"; 'evac drivers %s'",
                             driver->name, EVAC_STR_ARG(c->with.items[i].name), driver->name);
    for (const struct evac_param *p = driver->params; p && p->name; p++)
        if ((p->flags & EVAC_PARAM_REQUIRED) && !is_given(&c->with, p->name))
            return evac_fail(err, EVAC_E_BADCONF, "with.%s is missing: %s", p->name, p->doc);
    if (c->region_count == 0 && model->controller.region.n == 0)
        return evac_fail(err, EVAC_E_BADCONF,
                         "it needs regions to be sent from: more than one, or who is told of a "
                         "region's end by that region is not told");
    return EVAC_OK;
}

static enum evac_code check_channel(const struct evac_model *model, const struct evac_channel *c,
                                    const struct evac_catalog *catalog, struct evac_err *err)
{
    const struct evac_driver *driver = evac_catalog_driver(catalog, c->type);
    struct evac_buf known;
    if (evac_channel_type(c->type))
        return evac_channel_check(c, err);
    if (driver && evac_driver_action(driver, EVAC_STR(EVAC_ACTION_TELL)))
        return check_with(model, c, driver, err);
    evac_buf_init(&known, 512);
    evac_channel_types(&known);
    enum evac_code code =
        evac_fail(err, EVAC_E_BADCONF, "type is \"%.*s\"; allowed: %.*s, or a driver that can tell",
                  EVAC_STR_ARG(c->type), EVAC_STR_ARG(evac_buf_str(&known)));
    evac_buf_done(&known);
    return code;
}

/* What the controllers tell each other of what they see, thousandths of an answer a second. */
static uint64_t answers_of(const struct evac_app *app)
{
    uint64_t n = 0;
    for (size_t p = 0; p < app->probe_count; p++) {
        const struct evac_probe *probe = &app->probes[p];
        uint64_t places = probe->regional ? app->region_count : 1;
        if (probe->role != EVAC_PROBE_ENDPOINT && probe->kind != EVAC_PROBE_KIND_LOOK)
            n += places * 1000000 / (probe->every_ms ? probe->every_ms : 1);
    }
    return n;
}

/* Each tells its newest answers in one text a poll. One is heard by everybody if it is still told
 * when a text was late by a whole question, and the looks for it too. */
static void check_answers(const struct evac_model *model, struct evac_diag *diag)
{
    const struct evac_shared_conf *s = &model->controller.shared;
    uint64_t a_second = 0, span_ms = 2ull * s->poll_ms + s->request_ms;
    for (size_t i = 0; i < evac_model_probed_count(model); i++)
        a_second += answers_of(evac_model_probed(model, i));
    if (!s->cluster.n || a_second * span_ms <= EVAC_SIGHTINGS_MAX * 1000000ull)
        return;
    evac_diag_add(diag, EVAC_DIAG_ERROR, s->place,
                  "shared: all probes together are answered %llu times a second, and controllers "
                  "tell each other at most %u answers in 2 x poll + request = %llu ms, which is "
                  "%llu a second: ask less often (probes.every), or look more often (shared.poll)",
                  (unsigned long long)(a_second / 1000), EVAC_SIGHTINGS_MAX,
                  (unsigned long long)span_ms,
                  (unsigned long long)(EVAC_SIGHTINGS_MAX * 1000ull / span_ms));
}

/* Times that can not hold are refused before anybody relies on them. */
static void check_shared(const struct evac_model *model, struct evac_diag *diag)
{
    const struct evac_shared_conf *s = &model->controller.shared;
    struct evac_err err = { EVAC_OK, "" };
    uint32_t takeover_ms;
    check_answers(model, diag);
    if (s->cluster.n && evac_share_times(s->ttl_ms, s->request_ms, s->poll_ms, s->election_ms,
                                         s->within_ms, &takeover_ms, &err))
        evac_diag_add(diag, EVAC_DIAG_ERROR, s->place, "shared: %s", err.text);
}

static void check_notify(const struct evac_model *model, const struct evac_catalog *catalog,
                         struct evac_diag *diag)
{
    const struct evac_notify_conf *n = &model->controller.notify;
    for (size_t i = 0; i < n->channel_count; i++) {
        struct evac_err err = { EVAC_OK, "" };
        if (check_channel(model, &n->channels[i], catalog, &err))
            evac_diag_add(diag, EVAC_DIAG_ERROR, n->channels[i].place, "channel '%.*s': %s",
                          EVAC_STR_ARG(n->channels[i].name), err.text);
    }
    for (size_t i = 0; i < n->route_count; i++)
        for (size_t k = 0; k < n->routes[i].app_count; k++)
            if (!evac_model_app(model, n->routes[i].apps[k]))
                evac_diag_add(diag, EVAC_DIAG_ERROR, n->routes[i].place,
                              "route: there is no app '%.*s'", EVAC_STR_ARG(n->routes[i].apps[k]));
}

enum evac_code evac_model_check(const struct evac_model *model, const struct evac_catalog *catalog,
                                struct evac_diag *diag, struct evac_err *err)
{
    const struct evac_controller_conf *conf = &model->controller;
    const struct evac_place place = { "evac.cfg", 0 };
    size_t before = diag->errors;
    check_windows(place, conf->blackouts, conf->blackout_count, diag);
    for (size_t i = 0; i < model->app_count; i++)
        check_calendar(&model->apps[i], diag);
    check_rules(model, diag);
    size_t rules = diag->errors - before;
    check_probes(model, catalog, diag);
    size_t probes = diag->errors - before - rules;
    check_shared(model, diag);
    check_notify(model, catalog, diag);
    size_t notify = diag->errors - before - rules - probes;
    enum evac_code code = evac_plan_check_model(model, catalog, diag, err);
    if (!code && rules)
        code = evac_fail(err, EVAC_E_BADCONF, "%zu error%s in safety rules", rules,
                         rules == 1 ? "" : "s");
    if (!code && probes)
        code =
            evac_fail(err, EVAC_E_BADCONF, "%zu error%s in probes", probes, probes == 1 ? "" : "s");
    if (!code && notify)
        code = evac_fail(err, EVAC_E_BADCONF, "%zu error%s in notifications and what is shared",
                         notify, notify == 1 ? "" : "s");
    return code;
}
