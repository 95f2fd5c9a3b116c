/* What begins by itself is held against what is so (S5, S8). */
#include "world_internal.h"

#include <string.h>

#define WELL_AGAIN_MS 2500u

/* From the first bad answer to the last that it takes, and as long as the policy waits then; less
 * by what its clock may be off, and by how far a probe may come off its beat. */
static uint64_t bad_at_least_ms(const struct evac_app *app, const struct evac_probe *probe)
{
    uint64_t ms = (uint64_t)app->dwell_ms + (probe->fall - 1u) * (uint64_t)probe->every_ms;
    return ms - ms / 10;
}

static const struct evac_probe *regional_probe(const struct evac_app *app)
{
    size_t p = 0;
    while (p + 1 < app->probe_count && !app->probes[p].regional)
        p++;
    return &app->probes[p];
}

static uint32_t votes_way_ms(const struct world *w)
{
    const struct evac_controller_conf *conf = &w->model->controller;
    return conf->vantage_count ? conf->vantages[0].way_ms : 0;
}

static bool serves_now(struct world *w, size_t region)
{
    const struct evac_app *app = &w->model->apps[0];
    struct evac_sandbox_reply reply = { .fate = EVAC_SANDBOX_REFUSE };
    char url[512];
    probes_substitute(regional_probe(app)->target, app->regions[region], url, sizeof url);
    evac_buf_init(&reply.body, 65536);
    bool good = probes_ask(w, url, &reply) && reply.status == 200;
    evac_buf_done(&reply.body);
    return good;
}

/* Rows of a shared journal land some time after they were decided. */
static uint64_t decided_ms(const struct seat *s, const struct evac_record *r)
{
    if (!s->w->many)
        return s->w->v.now_ms;
    return r->t_boot_ms < s->own_0_ms ? s->world_0_ms - (s->own_0_ms - r->t_boot_ms)
                                      : world_ms_of(s, r->t_boot_ms);
}

static const struct seat *writer_of(const struct world *w, const struct evac_record *r)
{
    for (unsigned i = 0; i < w->seat_count; i++)
        if (w->seats[i].newest_epoch == r->epoch)
            return &w->seats[i];
    return &w->seats[0];
}

/* Was it down where that controller stands, as long as the policy waits? */
static bool was_down(struct world *w, const struct seat *s, size_t region, uint64_t now)
{
    const struct evac_app *app = &w->model->apps[0];
    const struct evac_probe *probe = regional_probe(app);
    const struct health *h = &s->truly[region];
    /* since it was decided; or what the others saw may be as old as that */
    uint64_t late = w->many ? evac_health_fresh_ms(probe, votes_way_ms(w)) : 0;
    bool mended = h->was_bad_since_ms && now < h->mended_ms + late;
    uint64_t bad_since_ms = mended ? h->was_bad_since_ms : h->bad_since_ms;
    return bad_since_ms && (mended ? h->was_longest : h->longest) >= probe->fall &&
           now - bad_since_ms >= bad_at_least_ms(app, probe) &&
           !(now == w->v.now_ms && h->good == 0 && now - h->last_bad_ms > WELL_AGAIN_MS &&
             serves_now(w, region));
}

/* Where the writer stands, or for most: it may have seen the two good answers of a region that came
 * back for a second, and the others, who are the more, one. */
static bool was_down_for_most(struct world *w, const struct seat *writer, size_t region,
                              uint64_t now)
{
    unsigned count = 0;
    if (was_down(w, writer, region, now))
        return true;
    for (unsigned i = 0; i < w->seat_count; i++)
        count += was_down(w, &w->seats[i], region, now);
    return count > w->seat_count / 2;
}

/* S5: what the policy begins, it begins because users are not served, and were not for a while.
 * S8: not again so soon, and never back. */
void judge_automatic(struct world *w, const struct evac_record *r)
{
    const struct evac_app *app = &w->model->apps[0];
    const struct seat *writer = writer_of(w, r);
    uint64_t now = decided_ms(writer, r);
    size_t from = 0;
    while (from + 1u < app->region_count && !evac_str_eq(app->regions[from], r->from))
        from++;
    if (!evac_str_is(r->name, "failover"))
        broke(w, "S8: nobody asked for a %.*s", EVAC_STR_ARG(r->name));
    else if (w->stopped || judge_lasts(w, &w->held, r))
        broke(w, "S8: it moves, and somebody %s", w->stopped ? "stopped automation" : "holds it");
    else if (!was_down_for_most(w, writer, from, now))
        broke(w, "S5: it moves away from %.*s, which serves", EVAC_STR_ARG(r->from));
    else if (w->ended_ms && !w->acked &&
             now - w->ended_ms < (uint64_t)app->cooldown_ms - app->cooldown_ms / 10)
        broke(w, "S8: it moves again %llu s after the last run",
              (unsigned long long)(now - w->ended_ms) / 1000);
}
