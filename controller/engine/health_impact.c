/* When an outage began: an interval that holds the true instant. Both of its ends are the earliest
 * that the failing probes allow, so that no number made from them flatters. */
#include "health_internal.h"

#include "cond.h"

/* Next failing track of a region that counts, from *at on; NULL when there is no more. A row that
 * is still too short for DOWN counts: it may be how this outage began. */
static const struct evac_probe_track *next_failing(const struct evac_health *h, size_t region,
                                                   size_t *at)
{
    while (*at < health_probe_count(h->app) * EVAC_VANTAGES_MAX) {
        size_t p = *at / EVAC_VANTAGES_MAX, v = (*at)++ % EVAC_VANTAGES_MAX;
        const struct evac_probe_track *t = &h->tracks[p][region][v];
        if (health_votes(h, p, region) && health_counts_outside(&h->vantages[v], region) &&
            (t->state == EVAC_PROBE_DOWN || t->bad > 0))
            return t;
    }
    return NULL;
}

/* --- the app's own condition: when could it hold, when did it surely? --- */

/* Each failing probe fails since its first bad answer (the latest that it may have begun), or since
 * its last good one (the earliest). Does the condition hold at that time? */
struct moment {
    const struct evac_health *h;
    size_t region, vantage;
    uint64_t boot_ms;
    bool earliest;
};

static uint64_t began_ms(const struct evac_probe_track *t, bool earliest)
{
    return earliest ? t->last_good_boot_ms : t->first_bad_boot_ms;
}

static enum evac_tri failed_by_then(const void *ctx, size_t probe)
{
    const struct moment *m = ctx;
    const struct evac_probe_track *t = &m->h->tracks[probe][m->region][m->vantage];
    if (!health_is_asked(m->h, probe, m->region))
        return EVAC_TRI_ABSENT;
    bool failing = t->state == EVAC_PROBE_DOWN || t->bad > 0;
    return failing && began_ms(t, m->earliest) <= m->boot_ms ? EVAC_TRI_YES : EVAC_TRI_NO;
}

/* The track with the first beginning at which some vantage outside would have held the region down;
 * NULL when no failing row explains it (any more). */
static const struct evac_probe_track *decisive(const struct evac_health *h, size_t region,
                                               bool earliest)
{
    const struct evac_probe_track *first = NULL;
    for (size_t p = 0; p < health_probe_count(h->app); p++)
        for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++) {
            const struct evac_probe_track *t = &h->tracks[p][region][v];
            struct moment m = { h, region, v, began_ms(t, earliest), earliest };
            if (!health_votes(h, p, region) || !health_counts_outside(&h->vantages[v], region) ||
                failed_by_then(&m, p) != EVAC_TRI_YES)
                continue;
            if (evac_cond_holds(h->app->down_when, 0, failed_by_then, &m) == EVAC_TRI_YES &&
                (!first || began_ms(t, earliest) < began_ms(first, earliest)))
                first = t;
        }
    return first;
}

static void take_hi(struct evac_region_health *r, const struct evac_probe_track *t)
{
    if (r->impact_hi_boot_ms == 0 || t->first_bad_boot_ms < r->impact_hi_boot_ms) {
        r->impact_hi_boot_ms = t->first_bad_boot_ms;
        r->impact_hi_wall_ms = t->first_bad_wall_ms;
    }
    if (r->impact_lo_boot_ms > r->impact_hi_boot_ms) {
        r->impact_lo_boot_ms = 0;
        r->impact_lo_wall_ms = 0;
    }
}

static void take_lo(struct evac_region_health *r, const struct evac_probe_track *t)
{
    if (t->last_good_boot_ms <= r->impact_hi_boot_ms &&
        (r->impact_lo_boot_ms == 0 || t->last_good_boot_ms < r->impact_lo_boot_ms)) {
        r->impact_lo_boot_ms = t->last_good_boot_ms;
        r->impact_lo_wall_ms = t->last_good_wall_ms;
    }
}

/* The lower end is unknown (0) when what decides was never seen good. */
static void by_condition(const struct evac_health *h, size_t region, struct evac_region_health *r)
{
    const struct evac_probe_track *hi = decisive(h, region, false), *lo = decisive(h, region, true);
    if (hi)
        take_hi(r, hi);
    if (lo)
        take_lo(r, lo);
}

/* --- any probe that votes: the first of them --- */

/* A good answer after the first bad one is no end of this interval. */
static void by_first(const struct evac_health *h, size_t region, struct evac_region_health *r)
{
    const struct evac_probe_track *t;
    for (size_t at = 0; (t = next_failing(h, region, &at));)
        take_hi(r, t);
    for (size_t at = 0; (t = next_failing(h, region, &at));)
        if (t->last_good_boot_ms)
            take_lo(r, t);
}

void health_note_impact(const struct evac_health *h, size_t region, struct evac_region_health *r)
{
    if (h->app->down_when)
        by_condition(h, region, r);
    else
        by_first(h, region, r);
}
