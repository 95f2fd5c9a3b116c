#include "health.h"

#include "text.h"

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

/* --- what there is to look at
 * ------------------------------------------------------------------------- */

static size_t probe_count(const struct evac_health *h)
{
    return h->app->probe_count < EVAC_PROBES_MAX ? h->app->probe_count : EVAC_PROBES_MAX;
}

static size_t region_count(const struct evac_health *h)
{
    return h->app->region_count < EVAC_REGIONS_MAX ? h->app->region_count : EVAC_REGIONS_MAX;
}

/* Only what is asked of one region can speak about that region. */
static bool votes(const struct evac_probe *probe)
{
    return probe->regional && probe->role != EVAC_PROBE_ENDPOINT;
}

/* --- one probe
 * ------------------------------------------------------------------------------------------ */

/* A result is old when two and a half rounds, and the slowest answer, have passed without another.
 */
static uint64_t freshness_ms(const struct evac_probe *probe)
{
    return (uint64_t)probe->every_ms * 5 / 2 + probe->connect_ms + probe->reply_ms;
}

static void count_good(struct evac_probe_track *t, const struct evac_probe *probe,
                       const struct evac_probe_result *r)
{
    t->good++;
    t->bad = 0;
    t->latency_ms = r->latency_ms;
    t->reason[0] = '\0';
    if (t->good >= probe->rise || t->state == EVAC_PROBE_UP) {
        t->state = EVAC_PROBE_UP;
        t->first_bad_boot_ms = 0;
    }
    if (t->state != EVAC_PROBE_DOWN) { /* an outage's last good result stays until it is over */
        t->last_good_boot_ms = r->sent_boot_ms;
        t->last_good_wall_ms = r->wall_ms - (int64_t)(r->boot_ms - r->sent_boot_ms);
    }
}

static void count_bad(struct evac_probe_track *t, const struct evac_probe *probe,
                      const struct evac_probe_result *r)
{
    if (t->bad == 0 && t->state != EVAC_PROBE_DOWN) {
        t->first_bad_boot_ms = r->boot_ms;
        t->first_bad_wall_ms = r->wall_ms;
    }
    t->bad++;
    t->good = 0;
    (void)evac_str_copy(t->reason, sizeof t->reason, r->reason);
    if (t->bad >= probe->fall)
        t->state = EVAC_PROBE_DOWN;
}

/* True when the state changed. Results that are older than the newest are dropped. */
static bool update(struct evac_probe_track *t, const struct evac_probe *probe,
                   const struct evac_probe_result *r)
{
    enum evac_probe_state before = t->state;
    if (r->boot_ms < t->last_boot_ms || r->sent_boot_ms > r->boot_ms)
        return false;
    t->last_boot_ms = r->boot_ms;
    if (t->good == UINT16_MAX || t->bad == UINT16_MAX)
        t->good = t->bad = t->good ? probe->rise : 0;
    if (r->ok)
        count_good(t, probe, r);
    else
        count_bad(t, probe, r);
    return t->state != before;
}

static bool grow_old(struct evac_probe_track *t, const struct evac_probe *probe, uint64_t boot_ms)
{
    if (t->state == EVAC_PROBE_UNKNOWN || boot_ms - t->last_boot_ms <= freshness_ms(probe))
        return false;
    t->state = EVAC_PROBE_UNKNOWN;
    t->good = t->bad = 0;
    return true;
}

/* --- one vantage's opinion of a region
 * ------------------------------------------------------------------- */

static enum evac_probe_state opinion(const struct evac_health *h, size_t region, size_t vantage)
{
    bool up = false;
    if (h->vantages[vantage].abstains)
        return EVAC_PROBE_UNKNOWN;
    for (size_t p = 0; p < probe_count(h); p++) {
        if (!votes(&h->app->probes[p]))
            continue;
        enum evac_probe_state state = h->tracks[p][region][vantage].state;
        if (state == EVAC_PROBE_DOWN)
            return EVAC_PROBE_DOWN;
        up = up || state == EVAC_PROBE_UP;
    }
    return up ? EVAC_PROBE_UP : EVAC_PROBE_UNKNOWN;
}

struct ballot {
    enum evac_probe_state outside, inside;
    unsigned up, down, configured;
};

/* A majority is of the configured vantages outside, not of those that happened to answer. */
static struct ballot count_votes(const struct evac_health *h, size_t region)
{
    struct ballot b = { EVAC_PROBE_UNKNOWN, EVAC_PROBE_UNKNOWN, 0, 0, 0 };
    for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++) {
        if (!h->vantages[v].configured)
            continue;
        enum evac_probe_state says = opinion(h, region, v);
        if (h->vantages[v].inside[region]) {
            b.inside = says;
            continue;
        }
        b.configured++;
        b.up += says == EVAC_PROBE_UP;
        b.down += says == EVAC_PROBE_DOWN;
    }
    unsigned majority = b.configured / 2 + 1;
    if (b.configured && b.down >= majority)
        b.outside = EVAC_PROBE_DOWN;
    else if (b.configured && b.up >= majority)
        b.outside = EVAC_PROBE_UP;
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

/* --- the region's verdict
 * ---------------------------------------------------------------------------------- */

static void name_failures(const struct evac_health *h, size_t region, struct evac_text *out)
{
    for (size_t p = 0; p < probe_count(h); p++) {
        unsigned down = 0;
        const struct evac_probe_track *worst = NULL;
        for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++)
            if (votes(&h->app->probes[p]) && h->vantages[v].configured &&
                h->tracks[p][region][v].state == EVAC_PROBE_DOWN) {
                worst = &h->tracks[p][region][v];
                down++;
            }
        if (!worst)
            continue;
        evac_text_puts(out, out->n ? "; " : "");
        evac_text_put(out, h->app->probes[p].name);
        evac_text_puts(out, ": ");
        evac_text_u64(out, worst->bad);
        evac_text_puts(out, " failures in a row from ");
        evac_text_u64(out, down);
        evac_text_puts(out, down == 1 ? " vantage" : " vantages");
        if (worst->reason[0]) {
            evac_text_puts(out, " (");
            evac_text_puts(out, worst->reason);
            evac_text_puts(out, ")");
        }
    }
}

/* The outage began after the earliest of the last good answers, and at the latest with the first
 * bad one: both ends are taken so that no number made from them flatters. */
static void note_impact(const struct evac_health *h, size_t region, struct evac_region_health *r)
{
    for (size_t p = 0; p < probe_count(h); p++)
        for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++) {
            const struct evac_probe_track *t = &h->tracks[p][region][v];
            if (!votes(&h->app->probes[p]) || t->state != EVAC_PROBE_DOWN)
                continue;
            if (t->first_bad_boot_ms &&
                (r->impact_hi_boot_ms == 0 || t->first_bad_boot_ms < r->impact_hi_boot_ms)) {
                r->impact_hi_boot_ms = t->first_bad_boot_ms;
                r->impact_hi_wall_ms = t->first_bad_wall_ms;
            }
            if (t->last_good_boot_ms &&
                (r->impact_lo_boot_ms == 0 || t->last_good_boot_ms < r->impact_lo_boot_ms)) {
                r->impact_lo_boot_ms = t->last_good_boot_ms;
                r->impact_lo_wall_ms = t->last_good_wall_ms;
            }
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

static void write_reasons(const struct evac_health *h, size_t region, const struct ballot *b,
                          struct evac_region_health *r)
{
    struct evac_text out;
    evac_text_init(&out, r->reasons, sizeof r->reasons);
    name_failures(h, region, &out);
    if (r->verdict == EVAC_VERDICT_SUSPECT)
        evac_text_puts(&out, "; every region looks down: more likely it is this side");
    if (r->verdict == EVAC_VERDICT_ISOLATED)
        evac_text_puts(&out, "; it is alive inside: it may still be writing");
    if (r->verdict == EVAC_VERDICT_UNKNOWN && b->configured > 1 && (b->up || b->down)) {
        evac_text_puts(&out, out.n ? "; " : "");
        evac_text_puts(&out, "no majority: ");
        evac_text_u64(&out, b->down);
        evac_text_puts(&out, " down and ");
        evac_text_u64(&out, b->up);
        evac_text_puts(&out, " up of ");
        evac_text_u64(&out, b->configured);
    }
}

static bool judge(struct evac_health *h, size_t region, bool all_down, uint64_t boot_ms,
                  int64_t wall_ms)
{
    struct evac_region_health *r = &h->regions[region];
    struct ballot b = count_votes(h, region);
    enum evac_verdict verdict = evac_health_verdict(b.outside, b.inside, all_down);
    bool changed = verdict != r->verdict;

    r->verdict = verdict;
    if (changed)
        r->since_boot_ms = boot_ms;
    if (is_outage(verdict) || verdict == EVAC_VERDICT_SUSPECT)
        note_impact(h, region, r);
    if (is_outage(verdict) && r->detected_boot_ms == 0) {
        r->detected_boot_ms = boot_ms;
        r->detected_wall_ms = wall_ms;
    }
    if (verdict == EVAC_VERDICT_UP)
        forget_impact(r);
    write_reasons(h, region, &b, r);
    return changed;
}

static void judge_all(struct evac_health *h, uint64_t boot_ms, int64_t wall_ms,
                      struct evac_health_news *news)
{
    size_t down = 0;
    for (size_t r = 0; r < region_count(h); r++)
        down += count_votes(h, r).outside == EVAC_PROBE_DOWN;
    bool all_down = down > 1 && down == region_count(h);
    for (size_t r = 0; r < region_count(h); r++)
        if (judge(h, r, all_down, boot_ms, wall_ms))
            news->verdict_changed |= 1u << r;
}

/* --- time
 * ------------------------------------------------------------------------------------------------------
 */

static void set_wake(struct evac_health *h)
{
    h->wake_ms = UINT64_MAX;
    for (size_t p = 0; p < probe_count(h); p++)
        for (size_t r = 0; r < region_count(h); r++)
            for (size_t v = 0; v < EVAC_VANTAGES_MAX && h->vantages[v].configured; v++) {
                const struct evac_probe_track *t = &h->tracks[p][r][v];
                uint64_t old = t->last_boot_ms + freshness_ms(&h->app->probes[p]) + 1;
                if (t->state != EVAC_PROBE_UNKNOWN && old < h->wake_ms)
                    h->wake_ms = old;
            }
}

void evac_health_tick(struct evac_health *h, uint64_t boot_ms, int64_t wall_ms,
                      struct evac_health_news *ret_news)
{
    for (size_t p = 0; p < probe_count(h); p++)
        for (size_t r = 0; r < region_count(h); r++)
            for (size_t v = 0; v < EVAC_VANTAGES_MAX && h->vantages[v].configured; v++)
                if (grow_old(&h->tracks[p][r][v], &h->app->probes[p], boot_ms))
                    ret_news->probe_changed = true;
    for (size_t p = 0; p < probe_count(h); p++)
        if (h->app->probes[p].role == EVAC_PROBE_ENDPOINT &&
            grow_old(&h->endpoint, &h->app->probes[p], boot_ms))
            ret_news->endpoint_changed = true;
    if (ret_news->probe_changed)
        judge_all(h, boot_ms, wall_ms, ret_news);
    set_wake(h);
}

uint64_t evac_health_wake_ms(const struct evac_health *h)
{
    return h->wake_ms;
}

/* --- events
 * ------------------------------------------------------------------------------------------------------
 */

static void endpoint_seen(struct evac_health *h, const struct evac_probe *probe,
                          const struct evac_probe_result *r, struct evac_health_news *news)
{
    news->endpoint_changed = update(&h->endpoint, probe, r);
    if (r->ok)
        (void)evac_str_copy(h->endpoint_served_by, sizeof h->endpoint_served_by, r->served_by);
}

void evac_health_probe(struct evac_health *h, const struct evac_probe_result *r,
                       struct evac_health_news *ret_news)
{
    *ret_news = (struct evac_health_news){ 0 };
    if (r->probe >= probe_count(h) || r->region >= region_count(h) ||
        r->vantage >= EVAC_VANTAGES_MAX)
        return;
    const struct evac_probe *probe = &h->app->probes[r->probe];
    if (probe->role == EVAC_PROBE_ENDPOINT) {
        endpoint_seen(h, probe, r, ret_news);
        return;
    }
    ret_news->probe_changed = update(&h->tracks[r->probe][r->region][r->vantage], probe, r);
    judge_all(h, r->boot_ms, r->wall_ms, ret_news);
    set_wake(h);
}

void evac_health_vantage(struct evac_health *h, uint16_t vantage, bool abstains, uint64_t boot_ms,
                         int64_t wall_ms, struct evac_health_news *ret_news)
{
    *ret_news = (struct evac_health_news){ 0 };
    if (vantage >= EVAC_VANTAGES_MAX)
        return;
    h->vantages[vantage].abstains = abstains;
    judge_all(h, boot_ms, wall_ms, ret_news);
}

/* --- life
 * ----------------------------------------------------------------------------------------------------------
 */

static void stand_in(struct evac_health *h, struct evac_str inside_region)
{
    for (size_t r = 0; r < region_count(h); r++)
        h->vantages[0].inside[r] = evac_str_eq(h->app->regions[r], inside_region);
}

void evac_health_init(struct evac_health *h, const struct evac_app *app,
                      struct evac_str inside_region)
{
    memset(h, 0, sizeof *h);
    h->app = app;
    h->vantages[0].configured = true;
    h->wake_ms = UINT64_MAX;
    stand_in(h, inside_region);
}

static bool same_probe(const struct evac_probe *a, const struct evac_probe *b)
{
    return evac_str_eq(a->name, b->name) && a->role == b->role && evac_str_eq(a->url, b->url);
}

/* Same places in the arrays, same names: then what was learnt still fits. Otherwise all is
 * forgotten, and nothing automatic happens before a full window of results. */
void evac_health_reconfigure(struct evac_health *h, const struct evac_app *app)
{
    const struct evac_app *old = h->app;
    bool fits = old->region_count == app->region_count && old->probe_count == app->probe_count;
    for (size_t r = 0; fits && r < app->region_count; r++)
        fits = evac_str_eq(old->regions[r], app->regions[r]);
    for (size_t p = 0; fits && p < app->probe_count; p++)
        fits = same_probe(&old->probes[p], &app->probes[p]);
    if (fits) {
        h->app = app;
        return;
    }
    struct evac_vantage_health self = h->vantages[0];
    struct evac_str region = EVAC_STR_NONE;
    for (size_t r = 0; r < old->region_count && r < EVAC_REGIONS_MAX; r++)
        if (self.inside[r])
            region = old->regions[r];
    evac_health_init(h, app, region);
    h->vantages[0].abstains = self.abstains;
}
