/* The configured apps: their memory, who serves, and what a reload keeps of them. */
#include "engine_internal.h"

#include <string.h>

static uint16_t source_count(const struct evac_app *app)
{
    return app->strategy == EVAC_STRATEGY_ACTIVE_ACTIVE ? (uint16_t)app->region_count : 1;
}

size_t engine_watch_count(const struct evac_app *app)
{
    return app->resource_count * source_count(app);
}

static size_t places(size_t apps)
{
    return 2 * apps + 1;
}

size_t evac_engine_apps_bytes(const struct evac_model *model)
{
    size_t bytes = model->app_count * sizeof(struct evac_engine_app);
    for (size_t i = 0; i < model->app_count; i++)
        bytes += engine_watch_count(&model->apps[i]) * sizeof(struct evac_watch);
    bytes += model->controller.dependency_count * sizeof(struct evac_engine_dependency);
    bytes += model->app_count * (sizeof(uint64_t) + sizeof(uint16_t) + sizeof(uint8_t));
    return bytes + places(model->app_count) * sizeof(uint16_t);
}

static struct evac_str inside(const struct evac_model *model)
{
    return model->controller.region;
}

static void init_app(struct evac_engine_app *a, const struct evac_app *app,
                     const struct evac_model *model)
{
    a->app = app;
    a->acked = true;
    a->needs = engine_needs(model, app);
    a->drill.state = EVAC_DRILL_IS_IDLE;
    evac_health_begin(&a->health, app, inside(model));
    a->sources = source_count(app);
    for (size_t i = 0; i < engine_watch_count(app); i++)
        evac_watch_turn(&a->watches[i]);
    evac_health_serve(&a->health, evac_engine_serving(a));
}

/* The apps, behind them what each of them watches, behind that the dependencies, and at the end
 * what is kept closely packed of each app. */
static struct evac_engine_dependency *init_apps(struct evac_engine_app *apps,
                                                const struct evac_model *model)
{
    struct evac_watch *watches = (void *)(apps + model->app_count);
    for (size_t i = 0; i < model->app_count; i++) {
        apps[i].watches = watches;
        watches += engine_watch_count(&model->apps[i]);
        init_app(&apps[i], &model->apps[i], model);
    }
    engine_depend_init((void *)watches, model);
    return (void *)watches;
}

/* FNV-1a */
static size_t first_place(const struct evac_engine *engine, struct evac_str name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < name.n; i++)
        hash = (hash ^ (uint8_t)name.p[i]) * 0x100000001b3u;
    return (size_t)(hash % places(engine->app_count));
}

/* Where it is, or would be: app + 1, 0 nobody. */
static uint16_t *place_of(const struct evac_engine *engine, struct evac_str name)
{
    size_t at = first_place(engine, name);
    while (engine->app_places[at] &&
           !evac_str_eq(engine->apps[engine->app_places[at] - 1].app->name, name))
        at = (at + 1) % places(engine->app_count);
    return &engine->app_places[at];
}

static void pack_apps(struct evac_engine *engine)
{
    engine->app_wakes = (void *)(engine->dependencies + engine->dependency_count);
    engine->touched = (void *)(engine->app_wakes + engine->app_count);
    engine->app_places = engine->touched + engine->app_count;
    engine->is_touched = (void *)(engine->app_places + places(engine->app_count));
    engine->touched_count = EVAC_TOUCHED_ALL;
    for (size_t i = 0; i < engine->app_count; i++) {
        uint16_t *place = place_of(engine, engine->apps[i].app->name);
        if (*place == 0)
            *place = (uint16_t)(i + 1);
    }
}

void engine_touch(struct evac_engine *engine, const struct evac_engine_app *a)
{
    size_t i = (size_t)(a - engine->apps);
    if (engine->touched_count == EVAC_TOUCHED_ALL || engine->is_touched[i])
        return;
    engine->is_touched[i] = 1;
    engine->touched[engine->touched_count++] = (uint16_t)i;
}

void evac_engine_init(struct evac_engine *engine, const struct evac_model *model, void *apps_memory)
{
    /* what its index has no run for is never looked at */
    memset(engine, 0, offsetof(struct evac_engine, index));
    engine->index.count = 0;
    engine->model = model;
    engine->apps = apps_memory;
    engine->app_count = model->app_count;
    engine_self_configured(engine);
    engine->opinion = evac_self_judge(&engine->self.reach, 0);
    engine->next_seq = 1;
    engine->next_run = 1;
    engine->next_drill = 1;
    engine->dependencies = init_apps(engine->apps, model);
    engine->dependency_count = model->controller.dependency_count;
    pack_apps(engine);
    engine_fleet_build(engine);
    engine_place_vantages(engine, NULL);
}

void evac_engine_watch(struct evac_engine *engine, uint16_t app, uint16_t resource, uint32_t verbs)
{
    if (app >= engine->app_count || resource >= engine->apps[app].app->resource_count)
        return;
    for (uint16_t s = 0; s < engine->apps[app].sources; s++)
        evac_engine_watch_of(&engine->apps[app], resource, s)->verbs = verbs;
}

struct evac_watch *evac_engine_watch_of(const struct evac_engine_app *a, size_t resource,
                                        uint16_t source)
{
    return &a->watches[resource * a->sources + (a->sources > 1 ? source : 0)];
}

/* --- who serves
 * ----------------------------------------------------------------------------------------- */

bool engine_is_active_active(const struct evac_engine_app *a)
{
    return a->app->strategy == EVAC_STRATEGY_ACTIVE_ACTIVE;
}

uint32_t evac_engine_serving(const struct evac_engine_app *a)
{
    uint32_t all = (1u << a->app->region_count) - 1;
    return engine_is_active_active(a) ? all & ~a->out : 1u << a->active;
}

/* Of an active-active app one region leaves, or is back; the writer's place changes only when it
 * was the one that left, and when home is back. */
void engine_moved(struct evac_engine_app *a, enum evac_workflow workflow, uint16_t from,
                  uint16_t to)
{
    if (!engine_is_active_active(a)) {
        a->active = to;
        a->old_side.watched = a->old_side.watched && a->old_side.region != to;
    } else if (workflow == EVAC_WORKFLOW_FAILBACK) {
        a->out &= ~(1u << to);
        a->active = to == 0 ? to : a->active;
    } else {
        a->out |= 1u << from;
        a->active = a->active == from ? to : a->active;
    }
    evac_health_serve(&a->health, evac_engine_serving(a));
}

void engine_move_back(struct evac_engine_app *a)
{
    a->active = a->active_before;
    a->out = a->out_before;
    evac_health_serve(&a->health, evac_engine_serving(a));
}

void engine_note_leave(struct evac_engine_app *a, uint64_t run, uint16_t from)
{
    a->evac_run = run;
    a->evac_region = from < EVAC_REGIONS_MAX ? a->fleet[from] : EVAC_FLEET_NOWHERE;
    a->evac_strained = false;
    a->no_plan = false;
}

struct evac_str engine_region(const struct evac_engine_app *a, uint16_t region)
{
    return region < a->app->region_count ? a->app->regions[region] : EVAC_STR_NONE;
}

uint16_t engine_region_index(const struct evac_app *app, struct evac_str region)
{
    for (size_t i = 0; i < app->region_count; i++)
        if (evac_str_eq(app->regions[i], region))
            return (uint16_t)i;
    return 0;
}

size_t evac_engine_app(const struct evac_engine *engine, struct evac_str name)
{
    uint16_t place = engine->app_count ? *place_of(engine, name) : 0;
    return place ? place - 1u : engine->app_count;
}

struct evac_run *evac_engine_run(const struct evac_engine *engine, uint64_t id)
{
    size_t i = evac_run_index_find(&engine->index, id);
    return i < engine->index.count ? engine->index.at[i] : NULL;
}

/* --- reload
 * ----------------------------------------------------------------------------------------- */

/* The same regions' bits in another app's order. */
static uint32_t same_regions(const struct evac_engine_app *from, uint32_t bits,
                             const struct evac_app *app)
{
    uint32_t same = 0;
    for (uint16_t r = 0; r < from->app->region_count; r++)
        for (uint16_t k = 0; (bits & (1u << r)) && k < app->region_count; k++)
            if (evac_str_eq(from->app->regions[r], app->regions[k]))
                same |= 1u << k;
    return same;
}

/* What is known of each region, in the new app's order; nothing of a region that is new. */
static void carry_regions(struct evac_engine_app *to, const struct evac_engine_app *from)
{
    for (uint16_t r = 0; r < EVAC_REGIONS_MAX; r++) {
        struct evac_str name = engine_region(to, r);
        uint16_t was = engine_region_index(from->app, name);
        bool same = name.n && evac_str_eq(engine_region(from, was), name);
        to->readiness[r] = same ? from->readiness[was] : (struct evac_readiness){ .known = false };
        to->flips[r] = same ? from->flips[was] : (struct evac_times){ .count = 0 };
        to->flip_last[r] = same ? from->flip_last[was] : 0;
        for (unsigned k = 0; k < EVAC_ASSURANCE_COUNT; k++)
            to->assurance[k][r] =
                same ? from->assurance[k][was] : (struct evac_assurance){ .known = false };
    }
}

static void carry_over(struct evac_engine_app *to, const struct evac_engine_app *from)
{
    const struct evac_app *app = to->app;
    struct evac_str region = engine_region(from, from->active);
    struct evac_watch *watches = to->watches;
    uint16_t sources = to->sources;
    uint64_t needs = to->needs;

    memcpy(to, from, offsetof(struct evac_engine_app, health));
    memcpy(&to->health, &from->health, evac_health_used_bytes(&from->health));
    to->app = app;
    to->no_plan = false;
    to->watches = watches; /* resources may stand in another order now */
    to->sources = sources;
    to->needs = needs;
    to->active = engine_region_index(app, region);
    to->out = same_regions(from, from->out, app);
    to->placed = from->placed;
    to->old_side.region = engine_region_index(app, engine_region(from, from->old_side.region));
    to->old_side.watched = from->old_side.watched && to->old_side.region != to->active;
    to->old_side.due_ms = 0;
    to->active_before = engine_region_index(app, engine_region(from, from->active_before));
    to->out_before = same_regions(from, from->out_before, app);
    to->drill.from = engine_region_index(app, engine_region(from, from->drill.from));
    to->drill.to = engine_region_index(app, engine_region(from, from->drill.to));
    evac_health_reconfigure(&to->health, app);
    evac_health_serve(&to->health, evac_engine_serving(to));
    carry_regions(to, from); /* so may regions */
    to->decide_ms = 0;
}

void evac_engine_reconfigure(struct evac_engine *engine, const struct evac_model *model,
                             void *apps_memory)
{
    struct evac_engine_app *apps = apps_memory;
    const struct evac_model *was = engine->model;
    struct evac_engine_dependency *dependencies = init_apps(apps, model);
    for (size_t i = 0; i < model->app_count; i++) {
        size_t old = evac_engine_app(engine, model->apps[i].name);
        if (old < engine->app_count)
            carry_over(&apps[i], &engine->apps[old]);
    }
    engine_depend_carry_over(engine, dependencies, model);
    for (struct evac_run *r = engine->runs; r; r = r->next)
        r->facts.approvals = NULL; /* the old model's; the next event looks again */
    engine->model = model;
    engine->apps = apps;
    engine->app_count = model->app_count;
    engine->dependencies = dependencies;
    engine->dependency_count = model->controller.dependency_count;
    pack_apps(engine);
    engine_self_configured(engine);
    engine_place_vantages(engine, was);
    engine->wake_ms = 0;
    engine_fleet_build(engine);
}
