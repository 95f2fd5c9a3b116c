#include "health_internal.h"
#include "rule.h"

#include <string.h>

#define X(name, text) text,
static const char *const probe_names[] = { EVAC_PROBE_STATES(X) };
static const char *const verdict_names[] = { EVAC_VERDICTS(X) };
static const char *const situation_names[] = { EVAC_SITUATIONS(X) };
#undef X

const char *evac_probe_state_name(enum evac_probe_state state)
{
    return (unsigned)state < EVAC_PROBE_STATE_COUNT ? probe_names[state] : "?";
}

const char *evac_verdict_name(enum evac_verdict verdict)
{
    return (unsigned)verdict < EVAC_VERDICT_COUNT ? verdict_names[verdict] : "?";
}

const char *evac_situation_name(enum evac_situation situation)
{
    return (unsigned)situation < EVAC_SITUATION_COUNT ? situation_names[situation] : "?";
}

/* --- one probe --- */

uint64_t evac_health_fresh_ms(const struct evac_probe *probe, uint32_t way_ms)
{
    return (uint64_t)probe->every_ms * 5 / 2 + way_ms;
}

static void forget_state(struct evac_probe_track *t)
{
    t->state = EVAC_PROBE_UNKNOWN;
    t->good = t->bad = t->excused = 0;
}

/* True when the state changed. Silence also breaks a row that had not made a state yet. */
static bool grow_old(struct evac_probe_track *t, uint64_t fresh_ms, uint64_t boot_ms)
{
    bool known = t->state != EVAC_PROBE_UNKNOWN;
    if (boot_ms <= t->old_from_boot_ms || boot_ms - t->old_from_boot_ms <= fresh_ms)
        return false;
    forget_state(t);
    return known;
}

static void count_one(uint16_t *n)
{
    if (*n < UINT16_MAX)
        (*n)++;
}

/* For whoever had been asking before this controller led it is not new. */
static uint64_t begin_of_grace(const struct evac_probe_track *t, const struct evac_probe_result *r)
{
    bool known = t->grace == EVAC_GRACE_NEW && r->asking_ms < r->boot_ms;
    return known ? r->boot_ms - r->asking_ms : r->boot_ms;
}

/* What has just begun, or has just begun to serve, may fail for a while: the interval begins with
 * the first result, and only failures are excused. */
static bool is_in_grace(struct evac_probe_track *t, const struct evac_probe *probe,
                        const struct evac_probe_result *r)
{
    uint64_t boot_ms = r->boot_ms;
    if (t->grace == EVAC_GRACE_OVER)
        return false;
    if (t->grace_boot_ms == 0)
        t->grace_boot_ms = begin_of_grace(t, r);
    if (boot_ms < t->grace_boot_ms + probe->grace_ms)
        return true;
    t->grace = EVAC_GRACE_OVER;
    return false;
}

bool evac_health_is_excused(const struct evac_probe_track *t)
{
    return t->bad > 0 && t->bad == t->excused;
}

static void count_good(struct evac_probe_track *t, const struct evac_probe *probe,
                       const struct evac_probe_result *r)
{
    count_one(&t->good);
    t->bad = t->excused = 0;
    t->latency_ms = r->latency_ms;
    (void)evac_str_copy(t->reason, sizeof t->reason, r->reason);
    if (t->good >= probe->rise)
        t->state = EVAC_PROBE_UP;
    if (t->state == EVAC_PROBE_UP && t->grace == EVAC_GRACE_NEW)
        t->grace = EVAC_GRACE_OVER;  /* it has begun */
    if (t->state == EVAC_PROBE_DOWN) /* an outage's last good result stays until it is over */
        return;
    uint64_t surely_ms = r->surely_boot_ms ? r->surely_boot_ms : r->sent_boot_ms;
    if (surely_ms < t->last_good_boot_ms)
        return;
    t->last_good_boot_ms = surely_ms; /* surely good at some instant after this one */
    t->last_good_wall_ms = r->wall_ms - (int64_t)(r->boot_ms - surely_ms);
}

static void count_bad(struct evac_probe_track *t, const struct evac_probe_result *r, bool in_grace,
                      unsigned fall)
{
    if (t->bad == 0 && t->state != EVAC_PROBE_DOWN) {
        t->first_bad_boot_ms = r->boot_ms;
        t->first_bad_wall_ms = r->wall_ms;
    }
    count_one(&t->bad);
    t->good = 0;
    (void)evac_str_copy(t->reason, sizeof t->reason, r->reason);
    if (in_grace)
        count_one(&t->excused);
    if ((unsigned)(t->bad - t->excused) >= fall)
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
                   const struct evac_probe_result *r, unsigned fall, uint32_t way_ms)
{
    enum evac_probe_state before = t->state;
    bool in_grace = is_in_grace(t, probe, r);
    (void)grow_old(t, evac_health_fresh_ms(probe, way_ms), r->boot_ms);
    t->last_sent_boot_ms = r->sent_boot_ms;
    t->last_boot_ms = r->boot_ms;
    t->old_from_boot_ms = r->surely_boot_ms ? r->surely_boot_ms : r->boot_ms;
    t->certificate_until_ms = r->certificate_until_ms;
    if (r->ok)
        count_good(t, probe, r);
    else
        count_bad(t, r, in_grace, fall);
    return t->state != before;
}

/* --- from opinions to a verdict --- */

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
    if (EVAC_RULE(ABSTAIN) && all_regions_down && outside == EVAC_PROBE_DOWN)
        return EVAC_VERDICT_SUSPECT;
    return table[outside][inside];
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

static void begin_grace(struct evac_health *h, size_t region)
{
    for (size_t p = 0; p < EVAC_PROBES_MAX; p++)
        for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++) {
            h->tracks[p][region][v].grace = EVAC_GRACE_MOVED;
            h->tracks[p][region][v].grace_boot_ms = 0;
        }
}

void evac_health_serve(struct evac_health *h, uint32_t serving)
{
    for (size_t r = 0; r < EVAC_REGIONS_MAX; r++)
        if (serving & ~h->serving & (1u << r))
            begin_grace(h, r);
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
        any |= h->app->probes[p].regional && (h->voters & (1u << p));
    }
    return any;
}

/* --- all regions --- */

static bool judge(struct evac_health *h, size_t region, const struct evac_ballot *b, bool all_down,
                  uint64_t boot_ms, int64_t wall_ms)
{
    struct evac_region_health *r = &h->regions[region];
    enum evac_verdict verdict = evac_health_verdict(b->outside, b->inside, all_down);
    bool changed = verdict != r->verdict;

    r->verdict = verdict;
    if (changed && boot_ms > r->since_boot_ms)
        r->since_boot_ms = boot_ms;
    if (is_outage(verdict) || verdict == EVAC_VERDICT_SUSPECT)
        health_note_impact(h, region, r);
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

/* Every region looks down: by what they share, or because it is this side that does not see? */
static bool doubts_itself(const struct evac_health *h, const struct evac_ballot *ballots)
{
    size_t n = health_region_count(h->app), down = 0;
    for (size_t r = 0; r < n; r++) {
        struct evac_ballot b =
            h->shared_down ? health_count_votes(h, r, h->shared_down) : ballots[r];
        down += health_looks_down(&b);
    }
    return down > 1 && down == n;
}

static void judge_all(struct evac_health *h, uint64_t boot_ms, int64_t wall_ms,
                      struct evac_health_news *news)
{
    struct evac_ballot ballots[EVAC_REGIONS_MAX];
    size_t n = health_region_count(h->app);
    uint32_t shared = h->shared_down;
    h->shared_down = health_shared_down(h);
    news->situation_changed |= shared != h->shared_down;
    for (size_t r = 0; r < n; r++)
        ballots[r] = health_count_votes(h, r, 0);
    bool doubt = doubts_itself(h, ballots);
    for (size_t r = 0; r < n; r++)
        if (judge(h, r, &ballots[r], doubt, boot_ms, wall_ms))
            news->verdict_changed |= 1u << r;
}

enum evac_situation evac_health_situation(const struct evac_health *h)
{
    bool outage = false;
    if (h->shared_down)
        return EVAC_SITUATION_DEPENDENCY;
    for (size_t r = 0; r < health_region_count(h->app); r++) {
        if (h->regions[r].verdict == EVAC_VERDICT_SUSPECT)
            return EVAC_SITUATION_OBSERVER;
        outage |= is_outage(h->regions[r].verdict) && (h->serving & (1u << r));
    }
    if (h->vantages[0].abstains)
        return EVAC_SITUATION_OBSERVER;
    return outage ? EVAC_SITUATION_OUTAGE : EVAC_SITUATION_FINE;
}

bool evac_health_blames(const struct evac_health *h, size_t region)
{
    return region < health_region_count(h->app) && is_outage(h->regions[region].verdict) &&
           h->shared_down == 0;
}

/* --- time --- */

static void wake_when_old(struct evac_health *h, const struct evac_probe_track *t,
                          uint64_t fresh_ms)
{
    uint64_t old = t->old_from_boot_ms + fresh_ms + 1;
    if (t->state != EVAC_PROBE_UNKNOWN && old < h->wake_ms)
        h->wake_ms = old;
}

static void set_wake(struct evac_health *h)
{
    h->wake_ms = UINT64_MAX;
    for (size_t p = 0; p < health_probe_count(h->app); p++) {
        const struct evac_probe *probe = &h->app->probes[p];
        if (probe->role == EVAC_PROBE_ENDPOINT) {
            wake_when_old(h, &h->endpoint, evac_health_fresh_ms(probe, 0));
            continue;
        }
        for (size_t r = 0; r < health_region_count(h->app); r++)
            for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++)
                wake_when_old(h, &h->tracks[p][r][v],
                              evac_health_fresh_ms(probe, h->vantages[v].way_ms));
    }
}

void evac_health_tick(struct evac_health *h, uint64_t boot_ms, int64_t wall_ms,
                      struct evac_health_news *ret_news)
{
    *ret_news = (struct evac_health_news){ 0 };
    for (size_t p = 0; p < health_probe_count(h->app); p++) {
        const struct evac_probe *probe = &h->app->probes[p];
        if (probe->role == EVAC_PROBE_ENDPOINT) {
            ret_news->endpoint_changed |=
                grow_old(&h->endpoint, evac_health_fresh_ms(probe, 0), boot_ms);
            continue;
        }
        for (size_t r = 0; r < health_region_count(h->app); r++)
            for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++)
                ret_news->probe_changed |=
                    grow_old(&h->tracks[p][r][v],
                             evac_health_fresh_ms(probe, h->vantages[v].way_ms), boot_ms);
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
    news->endpoint_changed = update(&h->endpoint, probe, r, probe->fall, 0);
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
    const struct evac_vantage_health *who = &h->vantages[r->vantage];
    unsigned fall = probe->fall * (who->fall_times ? who->fall_times : 1);
    news->probe_changed = update(t, probe, r, fall, who->way_ms);
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
