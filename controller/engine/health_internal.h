/* What health's files share: health.c tracks and judges, health_opinion.c makes a vantage's
 * opinion, health_impact.c dates an outage, health_words.c explains, health_life.c begins and
 * reloads. */
#ifndef EVAC_HEALTH_INTERNAL_H
#define EVAC_HEALTH_INTERNAL_H

#include "health.h"
#include "tri.h"

static inline size_t health_probe_count(const struct evac_app *app)
{
    return app->probe_count < EVAC_PROBES_MAX ? app->probe_count : EVAC_PROBES_MAX;
}

static inline size_t health_region_count(const struct evac_app *app)
{
    return app->region_count < EVAC_REGIONS_MAX ? app->region_count : EVAC_REGIONS_MAX;
}

/* Only what is asked of one region can speak about that region; and of one that serves nobody, only
 * what answers there too. */
static inline bool health_is_asked(const struct evac_health *h, size_t probe, size_t region)
{
    const struct evac_probe *p = &h->app->probes[probe];
    return p->regional && p->role != EVAC_PROBE_ENDPOINT &&
           (p->everywhere || (h->serving & (1u << region)));
}

static inline bool health_votes(const struct evac_health *h, size_t probe, size_t region)
{
    return (h->voters & (1u << probe)) && health_is_asked(h, probe, region);
}

static inline bool health_counts_outside(const struct evac_vantage_health *who, size_t region)
{
    return who->configured && !who->abstains && !who->inside[region];
}

/* Who votes: what the app's condition names, else what votes by its role. */
uint32_t health_voters(const struct evac_app *app);

/* Where a probe is seen from, for the condition: does it say that the region is down? */
struct health_seat {
    const struct evac_health *h;
    size_t region, vantage;
    uint32_t without; /* probes that are left out, a bit each */
};
enum evac_tri health_says_down(const void *seat, size_t probe);

/* A vantage's opinion, with those probes left out. */
enum evac_probe_state health_opinion(const struct evac_health *h, size_t region, size_t vantage,
                                     uint32_t without);
struct evac_ballot health_count_votes(const struct evac_health *h, size_t region, uint32_t without);
/* Down as most of those see it who stand outside; where nobody does, as the inside sees it. */
bool health_looks_down(const struct evac_ballot *b);
/* Shared probes that fail in every region. */
uint32_t health_shared_down(const struct evac_health *h);
/* One probe, as those who stand outside of the region see it. */
bool health_probe_looks_down(const struct evac_health *h, size_t probe, size_t region);

/* The interval that holds the outage's beginning, kept in the region. */
void health_note_impact(const struct evac_health *h, size_t region, struct evac_region_health *r);

void health_write_reasons(struct evac_health *h, size_t region, const struct evac_ballot *b);
#endif
