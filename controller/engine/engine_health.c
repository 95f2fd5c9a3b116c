/* Probes' answers, and what a verdict that changed sets off. */
#include "engine_internal.h"

/* The outage's beginning, for whoever asks later what it looked like: {"impact_lo":..,...}. */
static struct evac_str impact_json(struct engine_io *io, const struct evac_region_health *h)
{
    struct evac_text out = evac_effects_text(io->fx, 96);
    if (h->impact_hi_wall_ms) {
        evac_text_puts(&out, "{\"impact_lo\":");
        evac_text_i64(&out, h->impact_lo_wall_ms);
        evac_text_puts(&out, ",\"impact_hi\":");
        evac_text_i64(&out, h->impact_hi_wall_ms);
        evac_text_puts(&out, "}");
    }
    return evac_effects_text_end(io->fx, &out);
}

static void note_verdicts(struct engine_io *io, struct evac_engine_app *a, uint32_t changed)
{
    for (uint16_t r = 0; r < a->app->region_count && r < EVAC_REGIONS_MAX; r++) {
        if (!(changed & (1u << r)))
            continue;
        engine_note_flip(a, r, a->health.regions[r].verdict, (int64_t)io->now->boot_ms);
        struct evac_record record = { .kind = EVAC_RECORD_VERDICT };
        record.app = a->app->name;
        record.name = a->app->regions[r];
        record.to = evac_str(evac_verdict_name(a->health.regions[r].verdict));
        record.text = evac_str(a->health.regions[r].reasons);
        record.data = impact_json(io, &a->health.regions[r]);
        engine_record(io, record);
    }
}

void engine_health_changed(struct engine_io *io, struct evac_engine_app *a,
                           const struct evac_health_news *news)
{
    note_verdicts(io, a, news->verdict_changed);
    if (news->verdict_changed & (1u << a->old_side.region))
        a->old_side.due_ms = io->now->boot_ms; /* it is back, or gone again */
    if (news->verdict_changed || news->situation_changed)
        engine_fleet_count(io->engine, a);
    engine_drill_watch(io, a);
    if (news->verdict_changed || news->situation_changed || io->now->boot_ms >= a->decide_ms)
        engine_decide(io, a);
}

void engine_probe(struct engine_io *io, uint16_t app, const struct evac_probe_result *result)
{
    struct evac_health_news news = { 0 };
    if (app >= io->engine->app_count) {
        engine_depend_probe(io, app - io->engine->app_count, result);
        return;
    }
    evac_health_probe(&io->engine->apps[app].health, result, &news);
    engine_health_changed(io, &io->engine->apps[app], &news);
}
