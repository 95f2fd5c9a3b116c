#include "health_internal.h"

#include <string.h>

#define X(name, text) text,
static const char *const probe_names[] = { EVAC_PROBE_STATES(X) };
static const char *const verdict_names[] = { EVAC_VERDICTS(X) };
#undef X

const char *evac_probe_state_name(enum evac_probe_state state)
{
    return (unsigned)state < EVAC_PROBE_STATE_COUNT ? probe_names[state] : "?";
}

const char *evac_verdict_name(enum evac_verdict verdict)
{
    return (unsigned)verdict < EVAC_VERDICT_COUNT ? verdict_names[verdict] : "?";
}

/* --- one probe --- */

static bool counts_outside(const struct evac_vantage_health *who, size_t region)
{
    return who->configured && !who->abstains && !who->inside[region];
}

static uint64_t freshness_ms(const struct evac_probe *probe)
{
    return (uint64_t)probe->every_ms * 5 / 2;
}

static void forget_state(struct evac_probe_track *t)
{
    t->state = EVAC_PROBE_UNKNOWN;
    t->good = t->bad = 0;
}

/* True when the state changed. Silence also breaks a row that had not made a state yet. */
static bool grow_old(struct evac_probe_track *t, const struct evac_probe *probe, uint64_t boot_ms)
{
    bool known = t->state != EVAC_PROBE_UNKNOWN;
    if (boot_ms <= t->last_boot_ms || boot_ms - t->last_boot_ms <= freshness_ms(probe))
        return false;
    forget_state(t);
    return known;
}

static void count_one(uint16_t *n)
{
    if (*n < UINT16_MAX)
        (*n)++;
}

static void count_good(struct evac_probe_track *t, const struct evac_probe *probe,
                       const struct evac_probe_result *r)
{
    count_one(&t->good);
    t->bad = 0;
    t->latency_ms = r->latency_ms;
    t->reason[0] = '\0';
    if (t->good >= probe->rise)
        t->state = EVAC_PROBE_UP;
    if (t->state == EVAC_PROBE_DOWN) /* an outage's last good result stays until it is over */
        return;
    t->last_good_boot_ms = r->sent_boot_ms; /* surely good at some instant after this one */
    t->last_good_wall_ms = r->wall_ms - (int64_t)(r->boot_ms - r->sent_boot_ms);
}

static void count_bad(struct evac_probe_track *t, const struct evac_probe *probe,
                      const struct evac_probe_result *r)
{
    if (t->bad == 0 && t->state != EVAC_PROBE_DOWN) {
        t->first_bad_boot_ms = r->boot_ms;
        t->first_bad_wall_ms = r->wall_ms;
    }
    count_one(&t->bad);
    t->good = 0;
    (void)evac_str_copy(t->reason, sizeof t->reason, r->reason);
    if (t->bad >= probe->fall)
        t->state = EVAC_PROBE_DOWN;
}

/* A copy, one that was overtaken, or a clock that went back. */
static bool is_news(const struct evac_probe_track *t, const struct evac_probe_result *r)
{
    if (r->sent_boot_ms > r->boot_ms)
        return false;
    return t->last_boot_ms == 0 ||
           (r->sent_boot_ms > t->last_sent_boot_ms && r->boot_ms >= t->last_boot_ms);
}

/* True when the state changed. */
static bool update(struct evac_probe_track *t, const struct evac_probe *probe,
                   const struct evac_probe_result *r)
{
    enum evac_probe_state before = t->state;
    (void)grow_old(t, probe, r->boot_ms);
    t->last_sent_boot_ms = r->sent_boot_ms;
    t->last_boot_ms = r->boot_ms;
    if (r->ok)
        count_good(t, probe, r);
    else
        count_bad(t, probe, r);
    return t->state != before;
}

/* --- from opinions to a verdict --- */

static enum evac_probe_state opinion(const struct evac_health *h, size_t region, size_t vantage)
{
    bool up = false;
    if (h->vantages[vantage].abstains)
        return EVAC_PROBE_UNKNOWN;
    for (size_t p = 0; p < health_probe_count(h->app); p++) {
        if (!health_votes(h, p, region))
            continue;
        enum evac_probe_state state = h->tracks[p][region][vantage].state;
        if (state == EVAC_PROBE_DOWN)
            return EVAC_PROBE_DOWN;
        up = up || state == EVAC_PROBE_UP;
    }
    return up ? EVAC_PROBE_UP : EVAC_PROBE_UNKNOWN;
}

/* A majority is of the configured vantages, not of those that happened to answer: so two or more
 * vantages never let one alone vote a region down. Where nobody stands outside, who stands inside
 * can vouch that the region works, but not that it is down: its own view may be what is broken. */
static enum evac_probe_state outside_opinion(const struct health_ballot *b)
{
    unsigned majority = b->configured / 2 + 1;
    if (b->configured == 0)
        return b->inside == EVAC_PROBE_UP ? EVAC_PROBE_UP : EVAC_PROBE_UNKNOWN;
    if (b->down >= majority)
        return EVAC_PROBE_DOWN;
    return b->up >= majority ? EVAC_PROBE_UP : EVAC_PROBE_UNKNOWN;
}

static struct health_ballot count_votes(const struct evac_health *h, size_t region)
{
    struct health_ballot b = { .outside = EVAC_PROBE_UNKNOWN };
    for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++) {
        const struct evac_vantage_health *who = &h->vantages[v];
        if (!who->configured)
            continue;
        enum evac_probe_state says = opinion(h, region, v);
        if (who->inside[region]) {
            if (b.inside != EVAC_PROBE_UP && says != EVAC_PROBE_UNKNOWN)
                b.inside = says; /* one that sees life inside outweighs one that does not */
            continue;
        }
        b.configured++;
        b.up += says == EVAC_PROBE_UP;
        b.down += says == EVAC_PROBE_DOWN;
        b.abstaining += who->abstains;
    }
    b.outside = outside_opinion(&b);
    return b;
}

enum evac_verdict evac_health_verdict(enum evac_probe_state outside, enum evac_probe_state inside,
                                      bool all_regions_down)
{
    // clang-format off
    static const enum evac_verdict table[EVAC_PROBE_STATE_COUNT][EVAC_PROBE_STATE_COUNT] = {
        /* inside:               unknown               up                     down */
        [EVAC_PROBE_UNKNOWN] = { EVAC_VERDICT_UNKNOWN, EVAC_VERDICT_UNKNOWN,  EVAC_VERDICT_UNKNOWN },
        [EVAC_PROBE_UP]      = { EVAC_VERDICT_UP,      EVAC_VERDICT_UP,       EVAC_VERDICT_GREY },
        [EVAC_PROBE_DOWN]    = { EVAC_VERDICT_DOWN,    EVAC_VERDICT_ISOLATED, EVAC_VERDICT_DOWN },
    };
    // clang-format on
    if (all_regions_down && outside == EVAC_PROBE_DOWN)
        return EVAC_VERDICT_SUSPECT;
    return table[outside][inside];
}

/* --- the instants of an outage --- */

/* Next failing track of a region that counts, from *at on; NULL when there is no more. A row that
 * is still too short for DOWN counts: it may be how this outage began. */
static const struct evac_probe_track *next_failing(const struct evac_health *h, size_t region,
                                                   size_t *at)
{
    while (*at < health_probe_count(h->app) * EVAC_VANTAGES_MAX) {
        size_t p = *at / EVAC_VANTAGES_MAX, v = (*at)++ % EVAC_VANTAGES_MAX;
        const struct evac_probe_track *t = &h->tracks[p][region][v];
        if (health_votes(h, p, region) && counts_outside(&h->vantages[v], region) &&
            (t->state == EVAC_PROBE_DOWN || t->bad > 0))
            return t;
    }
    return NULL;
}

/* Both ends are the earliest that the failing probes allow, so that no number made from them
 * flatters. A good answer after the first bad one is no end of this interval. */
static void note_impact(const struct evac_health *h, size_t region, struct evac_region_health *r)
{
    const struct evac_probe_track *t;
    for (size_t at = 0; (t = next_failing(h, region, &at));)
        if (r->impact_hi_boot_ms == 0 || t->first_bad_boot_ms < r->impact_hi_boot_ms) {
            r->impact_hi_boot_ms = t->first_bad_boot_ms;
            r->impact_hi_wall_ms = t->first_bad_wall_ms;
        }
    if (r->impact_lo_boot_ms > r->impact_hi_boot_ms) {
        r->impact_lo_boot_ms = 0;
        r->impact_lo_wall_ms = 0;
    }
    for (size_t at = 0; (t = next_failing(h, region, &at));)
        if (t->last_good_boot_ms && t->last_good_boot_ms <= r->impact_hi_boot_ms &&
            (r->impact_lo_boot_ms == 0 || t->last_good_boot_ms < r->impact_lo_boot_ms)) {
            r->impact_lo_boot_ms = t->last_good_boot_ms;
            r->impact_lo_wall_ms = t->last_good_wall_ms;
        }
}

static void forget_impact(struct evac_region_health *r)
{
    r->impact_lo_boot_ms = r->impact_hi_boot_ms = r->detected_boot_ms = 0;
    r->impact_lo_wall_ms = r->impact_hi_wall_ms = r->detected_wall_ms = 0;
}

static bool is_outage(enum evac_verdict verdict)
{
    return verdict == EVAC_VERDICT_DOWN || verdict == EVAC_VERDICT_ISOLATED;
}

/* --- who serves --- */

void evac_health_serve(struct evac_health *h, uint32_t serving)
{
    if (h->serving != serving)
        h->wake_ms = 0;
    h->serving = serving;
}

bool evac_health_is_dormant(const struct evac_health *h, size_t region)
{
    bool any = false;
    for (size_t p = 0; p < health_probe_count(h->app); p++) {
        if (health_votes(h, p, region))
            return false;
        any |= h->app->probes[p].regional && evac_probe_role_votes(h->app->probes[p].role);
    }
    return any;
}

/* --- all regions --- */

static bool judge(struct evac_health *h, size_t region, const struct health_ballot *b,
                  bool all_down, uint64_t boot_ms, int64_t wall_ms)
{
    struct evac_region_health *r = &h->regions[region];
    enum evac_verdict verdict = evac_health_verdict(b->outside, b->inside, all_down);
    bool changed = verdict != r->verdict;

    r->verdict = verdict;
    if (changed && boot_ms > r->since_boot_ms)
        r->since_boot_ms = boot_ms;
    if (is_outage(verdict) || verdict == EVAC_VERDICT_SUSPECT)
        note_impact(h, region, r);
    if (is_outage(verdict) && r->detected_boot_ms == 0) {
        r->detected_boot_ms = boot_ms;
        r->detected_wall_ms = wall_ms;
    }
    if (verdict == EVAC_VERDICT_SUSPECT) { /* regions do not go dark at the same millisecond */
        r->detected_boot_ms = 0;
        r->detected_wall_ms = 0;
    }
    if (b->outside == EVAC_PROBE_UP)
        forget_impact(r);
    health_write_reasons(h, region, b);
    return changed;
}

static bool looks_down(const struct health_ballot *b)
{
    return b->outside == EVAC_PROBE_DOWN || (b->configured == 0 && b->inside == EVAC_PROBE_DOWN);
}

static void judge_all(struct evac_health *h, uint64_t boot_ms, int64_t wall_ms,
                      struct evac_health_news *news)
{
    struct health_ballot ballots[EVAC_REGIONS_MAX];
    size_t n = health_region_count(h->app), down = 0;
    for (size_t r = 0; r < n; r++) {
        ballots[r] = count_votes(h, r);
        down += looks_down(&ballots[r]);
    }
    for (size_t r = 0; r < n; r++)
        if (judge(h, r, &ballots[r], down > 1 && down == n, boot_ms, wall_ms))
            news->verdict_changed |= 1u << r;
}

/* --- time --- */

static void wake_when_old(struct evac_health *h, const struct evac_probe_track *t,
                          const struct evac_probe *probe)
{
    uint64_t old = t->last_boot_ms + freshness_ms(probe) + 1;
    if (t->state != EVAC_PROBE_UNKNOWN && old < h->wake_ms)
        h->wake_ms = old;
}

static void set_wake(struct evac_health *h)
{
    h->wake_ms = UINT64_MAX;
    for (size_t p = 0; p < health_probe_count(h->app); p++) {
        const struct evac_probe *probe = &h->app->probes[p];
        if (probe->role == EVAC_PROBE_ENDPOINT) {
            wake_when_old(h, &h->endpoint, probe);
            continue;
        }
        for (size_t r = 0; r < health_region_count(h->app); r++)
            for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++)
                wake_when_old(h, &h->tracks[p][r][v], probe);
    }
}

void evac_health_tick(struct evac_health *h, uint64_t boot_ms, int64_t wall_ms,
                      struct evac_health_news *ret_news)
{
    *ret_news = (struct evac_health_news){ 0 };
    for (size_t p = 0; p < health_probe_count(h->app); p++) {
        const struct evac_probe *probe = &h->app->probes[p];
        if (probe->role == EVAC_PROBE_ENDPOINT) {
            ret_news->endpoint_changed |= grow_old(&h->endpoint, probe, boot_ms);
            continue;
        }
        for (size_t r = 0; r < health_region_count(h->app); r++)
            for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++)
                ret_news->probe_changed |= grow_old(&h->tracks[p][r][v], probe, boot_ms);
    }
    judge_all(h, boot_ms, wall_ms, ret_news);
    set_wake(h);
}

uint64_t evac_health_wake_ms(const struct evac_health *h)
{
    return h->wake_ms;
}

/* --- events --- */

/* Measured by this controller alone. A good answer from another region is a change too. */
static void endpoint_seen(struct evac_health *h, const struct evac_probe *probe,
                          const struct evac_probe_result *r, struct evac_health_news *news)
{
    char before[sizeof h->endpoint_served_by];
    if (r->vantage != 0 || !is_news(&h->endpoint, r))
        return;
    memcpy(before, h->endpoint_served_by, sizeof before);
    news->endpoint_changed = update(&h->endpoint, probe, r);
    if (r->ok)
        (void)evac_str_copy(h->endpoint_served_by, sizeof h->endpoint_served_by, r->served_by);
    if (strcmp(before, h->endpoint_served_by) != 0)
        news->endpoint_changed = true;
}

static void region_seen(struct evac_health *h, const struct evac_probe *probe,
                        const struct evac_probe_result *r, struct evac_health_news *news)
{
    struct evac_probe_track *t = &h->tracks[r->probe][r->region][r->vantage];
    if (!is_news(t, r))
        return;
    news->probe_changed = update(t, probe, r);
    judge_all(h, r->boot_ms, r->wall_ms, news);
}

void evac_health_probe(struct evac_health *h, const struct evac_probe_result *r,
                       struct evac_health_news *ret_news)
{
    *ret_news = (struct evac_health_news){ 0 };
    if (r->probe >= health_probe_count(h->app) || r->region >= health_region_count(h->app) ||
        r->vantage >= EVAC_VANTAGES_MAX || !h->vantages[r->vantage].configured)
        return;
    const struct evac_probe *probe = &h->app->probes[r->probe];
    if (probe->role == EVAC_PROBE_ENDPOINT)
        endpoint_seen(h, probe, r, ret_news);
    else
        region_seen(h, probe, r, ret_news);
    set_wake(h);
}

static void forget_seen_by(struct evac_health *h, size_t vantage)
{
    for (size_t p = 0; p < EVAC_PROBES_MAX; p++)
        for (size_t r = 0; r < EVAC_REGIONS_MAX; r++)
            forget_state(&h->tracks[p][r][vantage]);
    if (vantage == 0)
        forget_state(&h->endpoint);
}

void evac_health_vantage(struct evac_health *h, uint16_t vantage, bool abstains, uint64_t boot_ms,
                         int64_t wall_ms, struct evac_health_news *ret_news)
{
    *ret_news = (struct evac_health_news){ 0 };
    if (vantage >= EVAC_VANTAGES_MAX)
        return;
    if (h->vantages[vantage].abstains && !abstains) {
        forget_seen_by(h, vantage);
        ret_news->probe_changed = true;
        ret_news->endpoint_changed = vantage == 0;
    }
    h->vantages[vantage].abstains = abstains;
    judge_all(h, boot_ms, wall_ms, ret_news);
    set_wake(h);
}
