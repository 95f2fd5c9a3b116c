/* What health's files share: health.c judges, health_words.c explains, health_life.c begins and
 * reloads. */
#ifndef EVAC_HEALTH_INTERNAL_H
#define EVAC_HEALTH_INTERNAL_H

#include "health.h"

/* The opinions on one region, counted. */
struct health_ballot {
    enum evac_probe_state outside, inside;
    unsigned up, down, abstaining, configured; /* vantages outside */
};

static inline size_t health_probe_count(const struct evac_app *app)
{
    return app->probe_count < EVAC_PROBES_MAX ? app->probe_count : EVAC_PROBES_MAX;
}

static inline size_t health_region_count(const struct evac_app *app)
{
    return app->region_count < EVAC_REGIONS_MAX ? app->region_count : EVAC_REGIONS_MAX;
}

/* Only what is asked of one region can speak about that region; and of one that serves nobody, only
 * what answers there too. An ill control plane is no ill app. */
static inline bool health_votes(const struct evac_health *h, size_t probe, size_t region)
{
    const struct evac_probe *p = &h->app->probes[probe];
    return p->regional && evac_probe_role_votes(p->role) &&
           (p->everywhere || (h->serving & (1u << region)));
}

void health_write_reasons(struct evac_health *h, size_t region, const struct health_ballot *b);
#endif
