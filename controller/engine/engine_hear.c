/*
 * While another controller leads. What is seen from here and what the others tell is heard all the
 * same, so that each controller shows the same health, and none begins in the dark when the lead
 * comes to it. Nothing follows from it: what the engine would write or say is dropped, since the
 * leader writes and says it.
 */
#include "engine_internal.h"

static void hear_result(struct evac_engine *engine, uint16_t app,
                        const struct evac_probe_result *result)
{
    struct evac_health_news news;
    size_t dependency = app - engine->app_count;
    if (app < engine->app_count)
        evac_health_probe(&engine->apps[app].health, result, &news);
    else if (dependency < engine->dependency_count)
        evac_health_probe(&engine->dependencies[dependency].health, result, &news);
}

static void hear_time(struct engine_io *io, struct evac_health *health)
{
    struct evac_health_news news;
    (void)engine_self_apply(io, health, &news);
    (void)engine_vantages_apply(io, health, &news);
    if (io->now->boot_ms >= evac_health_wake_ms(health))
        evac_health_tick(health, io->now->boot_ms, io->now->wall_ms, &news);
}

static void hear_times(struct engine_io *io)
{
    struct evac_engine *engine = io->engine;
    engine_end_leases(io);
    for (size_t i = 0; i < engine->dependency_count; i++)
        hear_time(io, &engine->dependencies[i].health);
    for (size_t i = 0; i < engine->app_count; i++) {
        hear_time(io, &engine->apps[i].health);
        engine_note_needs(engine, &engine->apps[i], io->now);
        engine_weigh(io, &engine->apps[i]);
    }
    engine->wake_ms = EVAC_NEVER;
}

void evac_engine_hear(struct evac_engine *engine, const struct evac_event *event,
                      struct evac_effects *scratch)
{
    struct engine_io io = { engine, scratch, &event->now };
    uint64_t next = engine->next_seq;
    evac_effects_reset(scratch);
    if (event->kind == EVAC_EVENT_PROBE)
        hear_result(engine, event->u.probe.app, &event->u.probe.result);
    else if (event->kind == EVAC_EVENT_VANTAGE)
        engine_vantage(&io, &event->u.vantage);
    else if (event->kind == EVAC_EVENT_ANCHORS)
        engine_self_anchors(&io, !event->u.abstains);
    else if (event->kind == EVAC_EVENT_SELF)
        engine_self_feel(&io, &event->u.self);
    if (event->kind == EVAC_EVENT_TICK || engine->wake_ms == 0)
        hear_times(&io); /* a vantage that is back starts from nothing, before what it saw */
    evac_effects_reset(scratch);
    engine->next_seq = next;
}

/* What was judged while it followed is judged again by what is known, at the next tick: so that
 * each verdict and decision of this lead has its row, and what must hold for a while begins now. */
void engine_judge_anew(struct evac_engine *engine)
{
    engine->led = false;
    for (size_t i = 0; i < engine->app_count; i++) {
        struct evac_engine_app *a = &engine->apps[i];
        a->decision = (struct evac_decision){ .decide = EVAC_DECIDE_NOTHING };
        a->decide_ms = 0;
        for (size_t r = 0; r < EVAC_REGIONS_MAX; r++)
            a->health.regions[r].verdict = EVAC_VERDICT_UNKNOWN;
        a->health.wake_ms = 0;
    }
    engine->wake_ms = 0;
}
