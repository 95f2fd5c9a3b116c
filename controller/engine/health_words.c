/* A verdict in words: which probes fail, seen from how many of how many vantages, and why. */
#include "health_internal.h"

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
                      const struct health_ballot *b, struct evac_text *out)
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

static void say_unknown(const struct health_ballot *b, struct evac_text *out)
{
    if (b->abstaining) {
        say(out, "");
        evac_text_u64(out, b->abstaining);
        evac_text_puts(out, " of ");
        evac_text_u64(out, b->configured);
        evac_text_puts(out, " vantages cut off, and not counted");
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

void health_write_reasons(struct evac_health *h, size_t region, const struct health_ballot *b)
{
    struct evac_region_health *r = &h->regions[region];
    struct evac_text out;
    evac_text_init(&out, r->reasons, sizeof r->reasons);
    for (size_t p = 0; p < health_probe_count(h->app); p++)
        if (health_votes(h, p, region))
            say_probe(h, p, region, b, &out);
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
