/* A verdict in words: which probes fail, seen from how many of how many vantages, and why; and an
 * app's condition, as one vantage sees it. */
#include "health_internal.h"

#include "cond.h"
#include "text.h"

static void say(struct evac_text *out, const char *text)
{
    evac_text_puts(out, out->n ? "; " : "");
    evac_text_puts(out, text);
}

static void say_failures(struct evac_text *out, const struct evac_probe *probe,
                         const struct evac_probe_track *t)
{
    say(out, "");
    evac_text_put(out, probe->name);
    evac_text_puts(out, ": ");
    if (t->bad == 0) {
        evac_text_u64(out, t->good);
        evac_text_puts(out, " of ");
        evac_text_u64(out, probe->rise);
        evac_text_puts(out, " good answers from ");
        return;
    }
    evac_text_u64(out, t->bad);
    evac_text_puts(out, t->bad == 1 ? " failure from " : " failures in a row from ");
}

static void say_why(struct evac_text *out, const struct evac_probe_track *t)
{
    if (!t->reason[0])
        return;
    evac_text_puts(out, " (");
    evac_text_puts(out, t->reason);
    evac_text_puts(out, ")");
}

static void say_probe(const struct evac_health *h, size_t p, size_t region,
                      const struct evac_ballot *b, struct evac_text *out)
{
    const struct evac_probe_track *worst = NULL, *inside = NULL;
    unsigned down = 0;
    for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++) {
        const struct evac_vantage_health *who = &h->vantages[v];
        const struct evac_probe_track *t = &h->tracks[p][region][v];
        if (!who->configured || who->abstains || t->state != EVAC_PROBE_DOWN)
            continue;
        if (who->inside[region]) {
            inside = t;
            continue;
        }
        worst = !worst || t->bad > worst->bad ? t : worst;
        down++;
    }
    if (worst) {
        say_failures(out, &h->app->probes[p], worst);
        evac_text_u64(out, down);
        evac_text_puts(out, " of ");
        evac_text_u64(out, b->configured);
        evac_text_puts(out, " vantages");
        say_why(out, worst);
    }
    if (inside) {
        say_failures(out, &h->app->probes[p], inside);
        evac_text_puts(out, "inside");
        say_why(out, inside);
    }
}

/* A child that is down with its parent: not what failed, so not what is told. */
static bool say_suppressed(const struct evac_health *h, size_t p, size_t region,
                           struct evac_text *out)
{
    size_t n = health_probe_count(h->app);
    for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++) {
        size_t by = evac_health_suppressor(h, p, region, v);
        if (!h->vantages[v].configured || h->vantages[v].abstains || by == n)
            continue;
        say(out, "");
        evac_text_put(out, h->app->probes[p].name);
        evac_text_puts(out, " suppressed by ");
        evac_text_put(out, h->app->probes[by].name);
        return true;
    }
    return false;
}

static void say_unknown(const struct evac_ballot *b, struct evac_text *out)
{
    if (b->abstaining) {
        say(out, "");
        evac_text_u64(out, b->abstaining);
        evac_text_puts(out, " of ");
        evac_text_u64(out, b->configured);
        evac_text_puts(out, " vantages silent or cut off, and not counted");
    }
    if (b->up || b->down) {
        say(out, "no majority: ");
        evac_text_u64(out, b->down);
        evac_text_puts(out, " down and ");
        evac_text_u64(out, b->up);
        evac_text_puts(out, " up of ");
        evac_text_u64(out, b->configured);
    } else if (b->configured == 0) {
        say(out, "nobody looks from outside");
    } else if (b->abstaining < b->configured) {
        say(out, "too few fresh results");
    }
}

/* --- the condition --- */

static void say_leaf(const struct health_seat *s, size_t p, struct evac_text *out)
{
    const struct evac_app *app = s->h->app;
    size_t by = evac_health_suppressor(s->h, p, s->region, s->vantage);
    evac_text_put(out, app->probes[p].name);
    evac_text_puts(out, " ");
    if (!health_is_asked(s->h, p, s->region)) {
        evac_text_puts(out, "not asked here");
    } else if (by < health_probe_count(app)) {
        evac_text_puts(out, "suppressed by ");
        evac_text_put(out, app->probes[by].name);
    } else {
        evac_text_puts(out, evac_probe_state_name(s->h->tracks[p][s->region][s->vantage].state));
    }
}

/* "2 of 3 (needs 2): " */
static void say_tally(const struct evac_cond_tally *t, enum evac_cond_op op, struct evac_text *out)
{
    evac_text_u64(out, t->yes);
    evac_text_puts(out, " of ");
    evac_text_u64(out, t->present);
    evac_text_puts(out, " (needs ");
    if (op == EVAC_COND_AT_LEAST)
        evac_text_u64(out, t->need);
    else
        evac_text_puts(out, op == EVAC_COND_ALL ? "all" : "any");
    evac_text_puts(out, "): ");
}

static void say_node(const struct health_seat *s, size_t at, bool root, struct evac_text *out)
{
    const struct evac_cond *c = &s->h->app->down_when[at];
    if (c->op == EVAC_COND_PROBE) {
        say_leaf(s, (size_t)c->number, out);
        return;
    }
    evac_text_puts(out, c->op == EVAC_COND_NOT ? "not (" : root ? "" : "(");
    if (c->op != EVAC_COND_NOT) {
        struct evac_cond_tally t = evac_cond_tally(s->h->app->down_when, at, health_says_down, s);
        say_tally(&t, c->op, out);
    }
    for (size_t k = 0; k < c->child_count; k++) {
        evac_text_puts(out, k ? ", " : "");
        say_node(s, c->first_child + k, false, out);
    }
    evac_text_puts(out, c->op == EVAC_COND_NOT || !root ? ")" : "");
}

static void say_voters(const struct health_seat *s, struct evac_text *out)
{
    struct evac_cond_tally t = { 0 };
    const char *before = "";
    for (size_t p = 0; p < health_probe_count(s->h->app); p++)
        if (s->h->voters & (1u << p)) {
            enum evac_tri down = health_says_down(s, p);
            t.yes += down == EVAC_TRI_YES;
            t.present += down != EVAC_TRI_ABSENT;
        }
    say_tally(&t, EVAC_COND_ANY, out);
    for (size_t p = 0; p < health_probe_count(s->h->app); p++) {
        if (!(s->h->voters & (1u << p)))
            continue;
        evac_text_puts(out, before);
        say_leaf(s, p, out);
        before = ", ";
    }
}

void evac_health_say_condition(const struct evac_health *h, size_t region, size_t vantage,
                               struct evac_text *out)
{
    struct health_seat seat = { h, region, vantage, 0 };
    if (h->app->down_when)
        say_node(&seat, 0, true, out);
    else if (h->voters)
        say_voters(&seat, out);
}

/* As the first vantage sees it that holds the region down. */
static void say_deciding(const struct evac_health *h, size_t region, struct evac_text *out)
{
    for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++) {
        if (!h->vantages[v].configured || evac_health_opinion(h, region, v) != EVAC_PROBE_DOWN)
            continue;
        say(out, "");
        evac_health_say_condition(h, region, v, out);
        return;
    }
}

/* "db fails in every region: moving would not help" */
void evac_health_say_dependency(const struct evac_health *h, struct evac_text *out)
{
    const char *before = "";
    for (size_t p = 0; p < health_probe_count(h->app); p++) {
        if (!(h->shared_down & (1u << p)))
            continue;
        evac_text_puts(out, before);
        evac_text_put(out, h->app->probes[p].name);
        before = ", ";
    }
    if (h->shared_down)
        evac_text_puts(out, ": shared, and fails in every region");
}

/* --- the verdict --- */

void health_write_reasons(struct evac_health *h, size_t region, const struct evac_ballot *b)
{
    struct evac_region_health *r = &h->regions[region];
    struct evac_text out;
    evac_text_init(&out, r->reasons, sizeof r->reasons);
    for (size_t p = 0; p < health_probe_count(h->app); p++)
        if (health_votes(h, p, region) && !say_suppressed(h, p, region, &out))
            say_probe(h, p, region, b, &out);
    if (h->app->down_when && (b->down || b->inside == EVAC_PROBE_DOWN))
        say_deciding(h, region, &out);
    if (h->shared_down) {
        say(&out, "");
        evac_health_say_dependency(h, &out);
    }
    if (r->verdict == EVAC_VERDICT_SUSPECT)
        say(&out, "every region looks down: more likely it is this side");
    if (r->verdict == EVAC_VERDICT_ISOLATED)
        say(&out, "it is alive inside: it may still be writing");
    if (r->verdict == EVAC_VERDICT_UP && b->configured == 0)
        say(&out, "seen from inside only");
    if (evac_health_is_dormant(h, region))
        say(&out, "dormant: nothing runs there that a probe could ask");
    else if (r->verdict == EVAC_VERDICT_UNKNOWN)
        say_unknown(b, &out);
}
