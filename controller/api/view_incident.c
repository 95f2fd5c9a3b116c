/* Regional incidents: all apps by region. */
#include "view.h"

static void view_counts(const struct evac_incident *i, struct evac_jw *w)
{
    evac_jw_open(w, "apps_by_state", '{');
    for (unsigned k = EVAC_EVACUEE_NONE + 1; k < EVAC_EVACUEE_COUNT; k++)
        evac_jw_i64(w, evac_evacuee_name((enum evac_evacuee)k), i->counts[k]);
    evac_jw_close(w, '}');
}

/* Since when somebody is asked, until when, what then, and who is told meanwhile. */
static void view_question(const struct evac_engine *engine, const struct evac_incident *i,
                          struct evac_jw *w)
{
    const struct evac_escalation *next = evac_incident_next(engine, i);
    bool asks = evac_incident_asks(i);
    int64_t ends = i->asked_wall_ms + evac_incident_expiry_ms(engine, i);
    evac_jw_bool(w, "asks", asks);
    evac_jw_bool(w, "expired", i->expired);
    evac_jw_known(w, "asked_ms", i->asked_wall_ms != 0, i->asked_wall_ms);
    evac_jw_known(w, "expires_ms", asks, ends);
    evac_jw_cstr(w, "at_expiry", evac_at_expiry_name(engine->model->controller.incident_at_expiry));
    evac_jw_i64(w, "reminded", i->reminded);
    evac_jw_open(w, "escalated", '[');
    for (size_t k = 0; k < i->escalated && k < engine->model->controller.incident_escalate_count;
         k++)
        evac_jw_str(w, NULL, engine->model->controller.incident_escalate[k].to);
    evac_jw_close(w, ']');
    evac_jw_str(w, "next_told", asks && next ? next->to : EVAC_STR_NONE);
    evac_jw_known(w, "next_told_ms", asks && next, next ? i->asked_wall_ms + next->after_ms : 0);
}

static bool has_region(const struct evac_engine_app *a, size_t region)
{
    for (size_t r = 0; r < EVAC_REGIONS_MAX && r < a->app->region_count; r++)
        if (a->fleet[r] == region)
            return true;
    return false;
}

static void view_apps(const struct evac_engine *engine, size_t region, struct evac_jw *w)
{
    evac_jw_open(w, "apps", '[');
    for (size_t i = 0; i < engine->app_count; i++) {
        const struct evac_engine_app *a = &engine->apps[i];
        bool here = a->evacuee != EVAC_EVACUEE_NONE && has_region(a, region);
        if (!here)
            continue;
        evac_jw_open(w, NULL, '{');
        evac_jw_str(w, "app", a->app->name);
        evac_jw_i64(w, "tier", a->tier);
        evac_jw_cstr(w, "state", evac_evacuee_name((enum evac_evacuee)a->evacuee));
        evac_jw_known(w, "run", a->run != NULL, a->run ? (int64_t)a->run->id : 0);
        evac_jw_cstr(w, "reasons", a->decision.reasons);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

static void view_incident(const struct evac_engine *engine, size_t region, bool apps,
                          struct evac_jw *w)
{
    const struct evac_incident *i = &engine->fleet.regions[region].incident;
    if (i->state == EVAC_INCIDENT_NONE) {
        evac_jw_null(w, "incident");
        return;
    }
    evac_jw_open(w, "incident", '{');
    evac_jw_cstr(w, "state", evac_incident_state_name(i->state));
    evac_jw_bool(w, "on", evac_incident_is_on(i));
    evac_jw_i64(w, "since_ms", i->since_wall_ms);
    evac_jw_i64(w, "apps_when_declared", i->apps);
    evac_jw_bool(w, "proposed", i->proposed);
    evac_jw_bool(w, "approved", i->approved);
    view_question(engine, i, w);
    evac_jw_cstr(w, "who", i->who[0] ? i->who : NULL);
    evac_jw_cstr(w, "why", i->why);
    evac_jw_known(w, "tier", i->tier != 0, i->tier);
    view_counts(i, w);
    if (apps && evac_incident_is_on(i))
        view_apps(engine, region, w);
    evac_jw_close(w, '}');
}

void evac_view_incidents(const struct evac_engine *engine, bool apps, size_t from, size_t most,
                         struct evac_jw *w, const char *key)
{
    const struct evac_fleet *fleet = &engine->fleet;
    evac_jw_open(w, key, '{');
    evac_jw_cstr(w, "global", fleet->global ? fleet->global_says : NULL);
    evac_jw_open(w, "regions", '[');
    for (size_t r = from; r < fleet->region_count && r - from < most; r++) {
        evac_jw_open(w, NULL, '{');
        evac_jw_cstr(w, "region", fleet->regions[r].name);
        evac_jw_i64(w, "serving", fleet->regions[r].counts[EVAC_FLEET_SERVING]);
        evac_jw_i64(w, "down", fleet->regions[r].counts[EVAC_FLEET_SERVING_DOWN]);
        view_incident(engine, r, apps, w);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}
