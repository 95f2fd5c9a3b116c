/* Regional incidents: all apps by region. */
#include "view.h"

static void view_counts(const struct evac_incident *i, struct evac_jw *w)
{
    evac_jw_open(w, "apps_by_state", '{');
    for (unsigned k = EVAC_EVACUEE_NONE + 1; k < EVAC_EVACUEE_COUNT; k++)
        evac_jw_i64(w, evac_evacuee_name((enum evac_evacuee)k), i->counts[k]);
    evac_jw_close(w, '}');
}

static bool has_region(const struct evac_engine_app *a, size_t region)
{
    for (size_t r = 0; r < EVAC_REGIONS_MAX && r < a->app->region_count; r++)
        if (a->fleet[r] == region)
            return true;
    return false;
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

/* --- a person's order
 * -------------------------------------------------------------------------------- */

static void view_order(const struct evac_incident *i, struct evac_jw *w)
{
    const struct evac_order *o = &i->order;
    if (!o->since_wall_ms) {
        evac_jw_null(w, "order");
        return;
    }
    evac_jw_open(w, "order", '{');
    evac_jw_cstr(w, "by", i->ordered_by);
    evac_jw_open(w, "tiers", '[');
    for (unsigned t = 1; t <= 5; t++)
        if (o->tiers & (1u << t))
            evac_jw_i64(w, NULL, t);
    evac_jw_close(w, ']');
    evac_jw_bool(w, "named", o->named);
    evac_jw_cstr(w, "mode", evac_order_mode_name(o->mode));
    evac_jw_i64(w, "since_ms", o->since_wall_ms);
    evac_jw_i64(w, "apps", o->apps);
    evac_jw_known(w, "bound_ms", o->bound_ms > 0, o->bound_ms);
    evac_jw_known(w, "estimate_ms", o->estimate_ms > 0, o->estimate_ms);
    evac_jw_known(w, "took_ms", i->took_ms > 0, i->took_ms);
    evac_jw_known(w, "ratio_percent", i->took_ms > 0 && o->bound_ms > 0,
                  o->bound_ms > 0 ? i->took_ms * 100 / o->bound_ms : 0);
    evac_jw_close(w, '}');
}

/* What is left of one, by the steps that are over. */
static uint64_t left_of(const struct evac_engine_app *a)
{
    uint64_t over = 0, steps = a->run ? a->run->plan->forward_count : 0;
    for (uint16_t s = 0; s < steps; s++)
        over += evac_step_is_over(a->run->steps[s].state);
    return steps ? a->expected_ms * (steps - over) / steps : a->expected_ms;
}

/* Until the last is away: what is left, shared by those that go at one time, and never less than
 * the longest way. -1: nothing goes on, or how long one takes is not known. */
static int64_t left_ms(const struct evac_engine *engine, size_t region)
{
    uint64_t sum = 0, longest = 0;
    bool known = true;
    for (size_t i = 0; i < engine->app_count; i++) {
        const struct evac_engine_app *a = &engine->apps[i];
        bool goes = a->evacuee == EVAC_EVACUEE_READY || a->evacuee == EVAC_EVACUEE_RUNNING ||
                    a->evacuee == EVAC_EVACUEE_RIPENING;
        if (!goes || !has_region(a, region))
            continue;
        uint64_t way = a->run ? left_of(a) : a->rank_ms;
        sum += left_of(a);
        longest = way > longest ? way : longest;
        known = known && a->expected_ms > 0;
    }
    uint64_t shared = sum / engine->model->controller.incident_parallel;
    return !known || sum == 0 ? -1 : (int64_t)(shared > longest ? shared : longest);
}

/* --- its apps
 * ---------------------------------------------------------------------------------------- */

/* What keeps it: of an order's app, what does by hand; of others the decision's gates. */
static void put_reasons(const struct evac_engine *engine, const struct evac_engine_app *a,
                        size_t region, const struct evac_now *now, struct evac_jw *w)
{
    const struct evac_incident *i = &engine->fleet.regions[region].incident;
    struct evac_evacuee_view view = { .why = "" };
    uint16_t r = 0;
    while (r + 1u < a->app->region_count && r + 1u < EVAC_REGIONS_MAX && a->fleet[r] != region)
        r++;
    bool ordered = evac_order_takes(&i->order, a, region) || a->run;
    if (ordered && a->evacuee != EVAC_EVACUEE_MOVED)
        evac_engine_evacuee(a, r, i->order.mode, now, &view);
    evac_jw_cstr(w, "reasons", ordered ? view.why : a->decision.reasons);
}

static void view_apps(const struct evac_engine *engine, size_t region, const struct evac_now *now,
                      struct evac_jw *w)
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
        put_reasons(engine, a, region, now, w);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

static void view_incident(const struct evac_engine *engine, size_t region, bool apps,
                          const struct evac_now *now, struct evac_jw *w)
{
    int64_t left = left_ms(engine, region);
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
    evac_jw_bool(w, "found", i->found);
    view_order(i, w);
    evac_jw_known(w, "ended_ms", !evac_incident_is_on(i) && i->ended_wall_ms, i->ended_wall_ms);
    evac_jw_known(w, "expected_left_ms", evac_incident_is_on(i) && left >= 0, left);
    view_counts(i, w);
    if (apps && evac_incident_is_on(i))
        view_apps(engine, region, now, w);
    evac_jw_close(w, '}');
}

void evac_view_incidents(const struct evac_engine *engine, bool apps, const struct evac_now *now,
                         size_t from, size_t most, struct evac_jw *w, const char *key)
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
        view_incident(engine, r, apps, now, w);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}
