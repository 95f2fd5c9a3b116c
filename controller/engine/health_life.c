/* How an app's health begins, and what of it survives a reload. */
#include "health_internal.h"

#include <string.h>

static void find_inside(struct evac_vantage_health *who, const struct evac_app *app)
{
    for (size_t r = 0; r < EVAC_REGIONS_MAX; r++)
        who->inside[r] = r < app->region_count && evac_str_is(app->regions[r], who->region);
}

void evac_health_init(struct evac_health *h, const struct evac_app *app,
                      struct evac_str inside_region)
{
    memset(h, 0, sizeof *h);
    evac_health_begin(h, app, inside_region);
}

size_t evac_health_used_bytes(const struct evac_health *h)
{
    return offsetof(struct evac_health, tracks) + health_probe_count(h->app) * sizeof h->tracks[0];
}

void evac_health_begin(struct evac_health *h, const struct evac_app *app,
                       struct evac_str inside_region)
{
    struct evac_vantage_health *self = &h->vantages[0];
    h->app = app;
    h->wake_ms = UINT64_MAX;
    h->serving = UINT32_MAX;
    h->voters = health_voters(app);
    self->configured = true;
    (void)evac_str_copy(self->region, sizeof self->region, inside_region);
    find_inside(self, app);
}

void evac_health_place(struct evac_health *h, size_t vantage, bool there, struct evac_str region)
{
    struct evac_vantage_health *who = &h->vantages[vantage];
    *who = (struct evac_vantage_health){ .configured = there, .abstains = there };
    (void)evac_str_copy(who->why, sizeof who->why, EVAC_STR("was not heard yet"));
    (void)evac_str_copy(who->region, sizeof who->region, region);
    find_inside(who, h->app);
    for (size_t p = 0; p < health_probe_count(h->app); p++)
        for (size_t r = 0; r < health_region_count(h->app); r++)
            h->tracks[p][r][vantage] = (struct evac_probe_track){ 0 };
    h->wake_ms = 0;
}

/* Where each of the new app's probes and regions was in the old one. */
#define NOWHERE 0xff
struct fit {
    uint8_t probes[EVAC_PROBES_MAX], regions[EVAC_REGIONS_MAX];
};

static bool same_probe(const struct evac_probe *a, const struct evac_probe *b)
{
    return evac_str_eq(a->name, b->name) && a->role == b->role && a->regional == b->regional &&
           a->kind == b->kind && evac_str_eq(a->target, b->target);
}

static struct fit fit_of(const struct evac_app *old, const struct evac_app *app)
{
    struct fit fit;
    memset(&fit, NOWHERE, sizeof fit);
    for (size_t p = 0; p < health_probe_count(app); p++)
        for (size_t o = 0; o < health_probe_count(old); o++)
            if (same_probe(&app->probes[p], &old->probes[o]))
                fit.probes[p] = (uint8_t)o;
    for (size_t r = 0; r < health_region_count(app); r++)
        for (size_t o = 0; o < health_region_count(old); o++)
            if (evac_str_eq(app->regions[r], old->regions[o]))
                fit.regions[r] = (uint8_t)o;
    return fit;
}

static size_t more_of(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* One vantage at a time: a whole copy would be large for a stack. */
static void move_tracks(struct evac_health *h, const struct fit *fit, const struct evac_app *app,
                        size_t vantage)
{
    struct evac_probe_track was[EVAC_PROBES_MAX][EVAC_REGIONS_MAX];
    size_t probes = more_of(health_probe_count(h->app), health_probe_count(app));
    size_t regions = more_of(health_region_count(h->app), health_region_count(app));
    for (size_t p = 0; p < probes; p++)
        for (size_t r = 0; r < regions; r++)
            was[p][r] = h->tracks[p][r][vantage];
    for (size_t p = 0; p < probes; p++)
        for (size_t r = 0; r < regions; r++) {
            uint8_t from_probe = fit->probes[p], from_region = fit->regions[r];
            bool fits = from_probe != NOWHERE && from_region != NOWHERE;
            h->tracks[p][r][vantage] =
                fits ? was[from_probe][from_region] : (struct evac_probe_track){ 0 };
        }
}

static void move_regions(struct evac_health *h, const struct fit *fit)
{
    struct evac_region_health was[EVAC_REGIONS_MAX];
    memcpy(was, h->regions, sizeof was);
    for (size_t r = 0; r < EVAC_REGIONS_MAX; r++)
        h->regions[r] =
            fit->regions[r] != NOWHERE ? was[fit->regions[r]] : (struct evac_region_health){ 0 };
}

static void keep_endpoint(struct evac_health *h, const struct fit *fit, const struct evac_app *app)
{
    for (size_t p = 0; p < health_probe_count(app); p++)
        if (app->probes[p].role == EVAC_PROBE_ENDPOINT && fit->probes[p] != NOWHERE)
            return;
    memset(&h->endpoint, 0, sizeof h->endpoint);
    h->endpoint_served_by[0] = '\0';
}

void evac_health_reconfigure(struct evac_health *h, const struct evac_app *app)
{
    struct fit fit = fit_of(h->app, app);
    for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++) {
        move_tracks(h, &fit, app, v);
        find_inside(&h->vantages[v], app);
    }
    move_regions(h, &fit);
    keep_endpoint(h, &fit, app);
    h->app = app;
    h->voters = health_voters(app);
    h->serving =
        UINT32_MAX; /* its bits were the old regions': nobody begins to serve by a reload */
    h->shared_down = 0;
    h->wake_ms = 0;
}
