/*
 * The other places that probes are asked from, and report here. A vantage has its word for as long
 * as its lease runs, counted from when it last spoke; a silent one has no opinion, and starts from
 * nothing when it is back, because what it saw before proves nothing now. Vantage 0, this
 * controller, needs no lease: engine_self.c says what it is worth.
 */
#include "engine_internal.h"

#define X(name, text) text,
static const char *const state_names[] = { EVAC_VANTAGE_STATES(X) };
#undef X

const char *evac_vantage_state_name(enum evac_vantage_state state)
{
    return (unsigned)state < EVAC_VANTAGE_STATE_COUNT ? state_names[state] : "?";
}

static const struct evac_controller_conf *conf_of(const struct evac_engine *engine)
{
    return &engine->model->controller;
}

size_t evac_engine_vantage_count(const struct evac_engine *engine)
{
    size_t others = conf_of(engine)->vantage_count;
    return others < EVAC_VANTAGES_MAX - 1 ? others + 1 : EVAC_VANTAGES_MAX;
}

struct evac_str evac_engine_vantage_name(const struct evac_engine *engine, size_t vantage)
{
    return vantage == 0 ? conf_of(engine)->node : conf_of(engine)->vantages[vantage - 1].name;
}

size_t evac_engine_vantage(const struct evac_engine *engine, struct evac_str name)
{
    size_t v = 1, count = evac_engine_vantage_count(engine);
    while (v < count && !evac_str_eq(evac_engine_vantage_name(engine, v), name))
        v++;
    return v;
}

/* --- how a vantage stands --------------------------------------------------------------------- */

static const char *what_it_means(enum evac_vantage_state state)
{
    return state == EVAC_VANTAGE_SPEAKS ? "speaks, and starts from nothing"
           : state == EVAC_VANTAGE_ABSTAINS
               ? "reaches none of its anchors: its opinion does not count"
               : "is silent: it has no opinion";
}

static void move(struct engine_io *io, size_t v, enum evac_vantage_state state)
{
    struct evac_vantage *vantage = &io->engine->vantages[v];
    struct evac_str name = evac_engine_vantage_name(io->engine, v);
    enum evac_vantage_state was = vantage->state;
    if (was == state)
        return;
    vantage->state = state;
    struct evac_text out = evac_effects_text(io->fx, 160); /* lives until the row is durable */
    evac_text_puts(&out, "vantage ");
    evac_text_put(&out, name);
    evac_text_puts(&out, " ");
    evac_text_puts(&out, what_it_means(state));
    struct evac_str words = evac_effects_text_end(io->fx, &out);
    engine_record(io, (struct evac_record){ .kind = EVAC_RECORD_VANTAGE,
                                            .name = name,
                                            .from = evac_str(evac_vantage_state_name(was)),
                                            .to = evac_str(evac_vantage_state_name(state)),
                                            .text = words });
    engine_notice(io, state != EVAC_VANTAGE_SPEAKS, EVAC_STR_NONE, words.p);
    io->engine->wake_ms = 0; /* the apps hear of it in this step's tick, or in the next */
}

void engine_vantage(struct engine_io *io, const struct evac_vantage_event *event)
{
    size_t v = event->vantage;
    if (v == 0 || v >= evac_engine_vantage_count(io->engine))
        return;
    io->engine->vantages[v].heard_boot_ms = io->now->boot_ms;
    if (event->leaves)
        move(io, v, EVAC_VANTAGE_SILENT);
    else
        move(io, v, event->abstains ? EVAC_VANTAGE_ABSTAINS : EVAC_VANTAGE_SPEAKS);
}

static uint64_t end_of_lease(const struct evac_engine *engine, size_t v)
{
    return engine->vantages[v].heard_boot_ms + conf_of(engine)->vantage_lease_ms;
}

void engine_end_leases(struct engine_io *io)
{
    for (size_t v = 1; v < evac_engine_vantage_count(io->engine); v++)
        if (io->engine->vantages[v].state != EVAC_VANTAGE_SILENT &&
            io->now->boot_ms >= end_of_lease(io->engine, v))
            move(io, v, EVAC_VANTAGE_SILENT);
}

uint64_t engine_leases_wake_ms(const struct evac_engine *engine)
{
    uint64_t wake = EVAC_NEVER;
    for (size_t v = 1; v < evac_engine_vantage_count(engine); v++)
        if (engine->vantages[v].state != EVAC_VANTAGE_SILENT && end_of_lease(engine, v) < wake)
            wake = end_of_lease(engine, v);
    return wake;
}

bool engine_vantages_apply(struct engine_io *io, struct evac_health *health,
                           struct evac_health_news *ret_news)
{
    struct evac_health_news one;
    bool any = false;
    *ret_news = (struct evac_health_news){ 0 };
    for (size_t v = 1; v < evac_engine_vantage_count(io->engine); v++) {
        bool abstains = io->engine->vantages[v].state != EVAC_VANTAGE_SPEAKS;
        struct evac_vantage_health *there = &health->vantages[v];
        if (there->abstains == abstains)
            continue;
        (void)evac_str_copy(there->why, sizeof there->why,
                            evac_str(what_it_means(io->engine->vantages[v].state)));
        evac_health_vantage(health, (uint16_t)v, abstains, io->now->boot_ms, io->now->wall_ms,
                            &one);
        ret_news->verdict_changed |= one.verdict_changed;
        ret_news->probe_changed |= one.probe_changed;
        ret_news->situation_changed |= one.situation_changed;
        any = true;
    }
    return any;
}

/* --- begin and reload ------------------------------------------------------------------------- */

static bool is_same(const struct evac_model *was, const struct evac_model *is, size_t v)
{
    const struct evac_controller_conf *a = &was->controller, *b = &is->controller;
    return v <= a->vantage_count && v <= b->vantage_count &&
           evac_str_eq(a->vantages[v - 1].name, b->vantages[v - 1].name) &&
           evac_str_eq(a->vantages[v - 1].region, b->vantages[v - 1].region);
}

/* The health of each app, then of what they share: vantages ask both. */
static struct evac_health *probed(struct evac_engine *engine, size_t i)
{
    return i < engine->app_count ? &engine->apps[i].health
                                 : &engine->dependencies[i - engine->app_count].health;
}

static void place_at(const struct evac_engine *engine, struct evac_health *health, size_t v,
                     bool there, bool same)
{
    if (!same || !health->vantages[v].configured)
        evac_health_place(health, v, there,
                          there ? conf_of(engine)->vantages[v - 1].region : EVAC_STR_NONE);
    health->vantages[v].way_ms = there ? conf_of(engine)->vantages[v - 1].way_ms : 0;
}

void engine_place_vantages(struct evac_engine *engine, const struct evac_model *was)
{
    size_t count = evac_engine_vantage_count(engine);
    for (size_t v = 1; v < EVAC_VANTAGES_MAX; v++) {
        bool same = was && is_same(was, engine->model, v), there = v < count;
        if (!same)
            engine->vantages[v] = (struct evac_vantage){ .state = EVAC_VANTAGE_SILENT };
        for (size_t i = 0; i < engine->app_count + engine->dependency_count; i++)
            place_at(engine, probed(engine, i), v, there, same);
    }
}
