/* How often automation acted, and how often verdicts changed: what keeps it from acting again and
 * again. Instants are of the boot clock; while a journal is replayed, of the wall clock. */
#include "engine_internal.h"

#include <string.h>

bool evac_run_is_automatic(const struct evac_run *run)
{
    return !evac_plan_is_aside(run->plan) && run->yes_count == 0 &&
           (run->instants & (1u << EVAC_INSTANT_STARTED)) && strcmp(run->who, "policy") == 0;
}

void engine_note_automatic(struct evac_engine *engine, struct evac_engine_app *a,
                           const struct evac_run *run, const struct evac_now *now)
{
    if (a->auto_run == run->id || !evac_run_is_automatic(run))
        return;
    a->auto_run = run->id;
    engine_note_start(engine, a, (int64_t)now->boot_ms);
}

void engine_note_start(struct evac_engine *engine, struct evac_engine_app *a, int64_t at_ms)
{
    evac_times_add(&a->auto_starts, at_ms);
    engine->starts_at[engine->starts_next] = at_ms;
    engine->starts_next = (uint16_t)((engine->starts_next + 1) % EVAC_PACE_MAX);
    if (engine->starts_count < EVAC_PACE_MAX)
        engine->starts_count++;
}

uint16_t engine_pace_max(const struct evac_engine *engine)
{
    const struct evac_controller_conf *conf = &engine->model->controller;
    size_t part = engine->app_count * conf->pace_percent / 100;
    size_t most = part > conf->pace_min ? part : conf->pace_min;
    return (uint16_t)(most < EVAC_PACE_MAX ? most : EVAC_PACE_MAX);
}

uint64_t engine_pace_free_ms(const struct evac_engine *engine, const struct evac_now *now)
{
    uint16_t most = engine_pace_max(engine);
    if (most == 0 || engine->starts_count < most)
        return 0;
    int64_t oldest =
        engine->starts_at[(engine->starts_next + EVAC_PACE_MAX - most) % EVAC_PACE_MAX];
    int64_t free_ms = oldest + engine->model->controller.pace_ms;
    return free_ms > (int64_t)now->boot_ms ? (uint64_t)free_ms : 0;
}

enum { FLIP_NONE, FLIP_UP, FLIP_DOWN };

void engine_note_flip(struct evac_engine_app *a, uint16_t region, enum evac_verdict verdict,
                      int64_t at_ms)
{
    uint8_t is = verdict == EVAC_VERDICT_UP                                         ? FLIP_UP
                 : verdict == EVAC_VERDICT_DOWN || verdict == EVAC_VERDICT_ISOLATED ? FLIP_DOWN
                                                                                    : FLIP_NONE;
    if (is == FLIP_NONE) /* nobody knows, or somebody doubts: no change yet */
        return;
    if (a->flip_last[region] != FLIP_NONE && a->flip_last[region] != is)
        evac_times_add(&a->flips[region], at_ms);
    a->flip_last[region] = is;
}

/* Nothing that was is still to come, whatever the wall clock says. */
static int64_t translate(int64_t wall_ms, const struct evac_now *now)
{
    int64_t ago = now->wall_ms - wall_ms;
    return (int64_t)now->boot_ms - (ago > 0 ? ago : 0);
}

static void translate_ring(int64_t *at, size_t count, const struct evac_now *now)
{
    for (size_t i = 0; i < count; i++)
        at[i] = translate(at[i], now);
}

void engine_translate_times(struct evac_engine *engine, const struct evac_now *now)
{
    translate_ring(engine->starts_at, engine->starts_count, now);
    for (size_t i = 0; i < engine->app_count; i++) {
        struct evac_engine_app *a = &engine->apps[i];
        translate_ring(a->auto_starts.at_boot_ms, a->auto_starts.count, now);
        for (uint16_t r = 0; r < EVAC_REGIONS_MAX; r++)
            translate_ring(a->flips[r].at_boot_ms, a->flips[r].count, now);
    }
}
