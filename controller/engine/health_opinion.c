/* What a vantage makes of a region: the app's condition over its probes; and how the vantages vote.
 */
#include "health_internal.h"

#include "cond.h"

/* An ill control plane is no ill app: its word counts where the app's condition names it. */
uint32_t health_voters(const struct evac_app *app)
{
    uint32_t bits = 0;
    for (size_t p = 0; p < health_probe_count(app); p++)
        if (!app->down_when && evac_probe_role_votes(app->probes[p].role))
            bits |= 1u << p;
    for (size_t i = 0; app->down_when && i < app->down_when_count; i++)
        if (app->down_when[i].op == EVAC_COND_PROBE)
            bits |= 1u << app->down_when[i].number;
    return bits;
}

/* --- one vantage --- */

size_t evac_health_suppressor(const struct evac_health *h, size_t probe, size_t region,
                              size_t vantage)
{
    size_t n = health_probe_count(h->app);
    uint32_t parents = h->app->probes[probe].parents;
    if (!parents || h->tracks[probe][region][vantage].state != EVAC_PROBE_DOWN)
        return n;
    for (size_t p = 0; p < n; p++)
        if ((parents & (1u << p)) && health_is_asked(h, p, region) &&
            h->tracks[p][region][vantage].state == EVAC_PROBE_DOWN)
            return p;
    return n;
}

enum evac_tri health_says_down(const void *seat, size_t probe)
{
    const struct health_seat *s = seat;
    const struct evac_health *h = s->h;
    if ((s->without & (1u << probe)) || !health_is_asked(h, probe, s->region) ||
        evac_health_suppressor(h, probe, s->region, s->vantage) < health_probe_count(h->app))
        return EVAC_TRI_ABSENT;
    enum evac_probe_state state = h->tracks[probe][s->region][s->vantage].state;
    return state == EVAC_PROBE_DOWN ? EVAC_TRI_YES
           : state == EVAC_PROBE_UP ? EVAC_TRI_NO
                                    : EVAC_TRI_UNSURE;
}

/* Without a condition of the app's own: down when any that votes is down; up when those that are
 * known are, even if others are silent. */
static enum evac_probe_state any_down(const struct health_seat *s)
{
    bool up = false;
    for (size_t p = 0; p < health_probe_count(s->h->app); p++) {
        if (!health_votes(s->h, p, s->region))
            continue;
        enum evac_tri down = health_says_down(s, p);
        if (down == EVAC_TRI_YES)
            return EVAC_PROBE_DOWN;
        up = up || down == EVAC_TRI_NO;
    }
    return up ? EVAC_PROBE_UP : EVAC_PROBE_UNKNOWN;
}

enum evac_probe_state health_opinion(const struct evac_health *h, size_t region, size_t vantage,
                                     uint32_t without)
{
    static const enum evac_probe_state states[] = { [EVAC_TRI_NO] = EVAC_PROBE_UP,
                                                    [EVAC_TRI_YES] = EVAC_PROBE_DOWN,
                                                    [EVAC_TRI_UNSURE] = EVAC_PROBE_UNKNOWN,
                                                    [EVAC_TRI_ABSENT] = EVAC_PROBE_UNKNOWN };
    struct health_seat seat = { h, region, vantage, without };
    if (h->vantages[vantage].abstains)
        return EVAC_PROBE_UNKNOWN;
    if (!h->app->down_when)
        return any_down(&seat);
    return states[evac_cond_holds(h->app->down_when, 0, health_says_down, &seat)];
}

enum evac_probe_state evac_health_opinion(const struct evac_health *h, size_t region,
                                          size_t vantage)
{
    return health_opinion(h, region, vantage, 0);
}

/* --- all vantages --- */

/* Down takes a majority of the configured vantages, not of those that happened to answer: so two or
 * more vantages never let one alone vote a region down. Up takes a majority of those with an
 * opinion: a vantage that died with its own region would else leave every other region unknown, and
 * forbid the very move that its death calls for; what sees the region is enough to go there. Where
 * nobody outside can have one, who stands inside can vouch that the region works, but not that it
 * is down: its own view may be what is broken. */
static enum evac_probe_state outside_opinion(const struct evac_ballot *b)
{
    if (b->abstaining == b->configured)
        return b->inside == EVAC_PROBE_UP ? EVAC_PROBE_UP : EVAC_PROBE_UNKNOWN;
    if (b->down >= b->configured / 2 + 1)
        return EVAC_PROBE_DOWN;
    return b->up > b->down ? EVAC_PROBE_UP : EVAC_PROBE_UNKNOWN;
}

static void cast(struct evac_ballot *b, const struct evac_vantage_health *who, size_t region,
                 enum evac_probe_state says)
{
    if (who->inside[region]) {
        if (b->inside != EVAC_PROBE_UP && says != EVAC_PROBE_UNKNOWN)
            b->inside = says; /* one that sees life inside outweighs one that does not */
        return;
    }
    b->configured++;
    b->up += says == EVAC_PROBE_UP;
    b->down += says == EVAC_PROBE_DOWN;
    b->abstaining += who->abstains;
}

struct evac_ballot health_count_votes(const struct evac_health *h, size_t region, uint32_t without)
{
    struct evac_ballot b = { .outside = EVAC_PROBE_UNKNOWN };
    for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++)
        if (h->vantages[v].configured)
            cast(&b, &h->vantages[v], region, health_opinion(h, region, v, without));
    b.outside = outside_opinion(&b);
    return b;
}

struct evac_ballot evac_health_ballot(const struct evac_health *h, size_t region)
{
    return health_count_votes(h, region, 0);
}

bool health_looks_down(const struct evac_ballot *b)
{
    return b->outside == EVAC_PROBE_DOWN || (b->configured == 0 && b->inside == EVAC_PROBE_DOWN);
}

/* --- what regions share --- */

bool health_probe_looks_down(const struct evac_health *h, size_t probe, size_t region)
{
    struct evac_ballot b = { .outside = EVAC_PROBE_UNKNOWN };
    for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++)
        if (h->vantages[v].configured)
            cast(&b, &h->vantages[v], region,
                 h->vantages[v].abstains ? EVAC_PROBE_UNKNOWN : h->tracks[probe][region][v].state);
    b.outside = outside_opinion(&b);
    return health_looks_down(&b);
}

uint32_t health_shared_down(const struct evac_health *h)
{
    uint32_t bits = 0;
    for (size_t p = 0; p < health_probe_count(h->app); p++) {
        size_t r = 0, n = health_region_count(h->app);
        while (h->app->probes[p].shared && r < n && health_probe_looks_down(h, p, r))
            r++;
        if (r == n && h->app->probes[p].shared)
            bits |= 1u << p;
    }
    return bits;
}
