/*
 * All of it in time: the waves as the engine would begin them, the longest way first, so many at a
 * time; the limits; and the fastest that any order could be.
 */
#include "foresee_internal.h"

#include <stdlib.h>

#define CHAIN_MAX 64u /* longer ones are of apps that wait for each other in a circle */

struct schedule {
    struct foreseeing *f;
    size_t *of; /* an app of the engine each: its place in apps, SIZE_MAX it does not go */
    bool *begun, *over;
    size_t running, left;
    uint64_t now_ms;
    unsigned parallel;
    bool overlaps;
};

static uint64_t own_ms(const struct foreseeing *f, size_t place)
{
    return f->out->apps[place].p50_ms;
}

/* --- the longest way
 * -------------------------------------------------------------------------------- */

static void rank(struct schedule *s)
{
    const struct evac_engine *engine = s->f->engine;
    uint64_t *ms = s->f->rank_ms;
    bool changed = true;
    for (size_t i = 0; i < engine->app_count; i++)
        ms[i] = s->of[i] == SIZE_MAX ? 0 : own_ms(s->f, s->of[i]);
    for (unsigned round = 0; changed && round < CHAIN_MAX; round++) {
        changed = false;
        for (size_t i = 0; i < engine->app_count; i++)
            for (uint8_t d = 0; s->of[i] != SIZE_MAX && d < engine->apps[i].dep_count; d++) {
                size_t dep = engine->apps[i].deps[d];
                uint64_t way = s->of[dep] == SIZE_MAX ? 0 : own_ms(s->f, s->of[dep]) + ms[i];
                changed = changed || way > ms[dep];
                ms[dep] = way > ms[dep] ? way : ms[dep];
            }
    }
    for (size_t i = 0; i < engine->app_count; i++)
        s->f->out->chain_ms = ms[i] > s->f->out->chain_ms ? ms[i] : s->f->out->chain_ms;
}

/* --- waves
 * ------------------------------------------------------------------------------------------ */

static bool has_to_wait(const struct schedule *s, size_t app)
{
    const struct evac_engine_app *a = &s->f->engine->apps[app];
    for (uint8_t d = 0; d < a->dep_count; d++)
        if (s->of[a->deps[d]] != SIZE_MAX && !s->over[a->deps[d]])
            return true;
    return false;
}

static uint16_t lowest_tier(const struct schedule *s)
{
    uint16_t tier = UINT16_MAX;
    for (size_t i = 0; i < s->f->engine->app_count; i++)
        if (s->of[i] != SIZE_MAX && !s->over[i] && s->f->engine->apps[i].tier < tier)
            tier = s->f->engine->apps[i].tier;
    return tier;
}

static bool goes_before(const struct schedule *s, size_t i, size_t than)
{
    const struct evac_engine_app *apps = s->f->engine->apps;
    if (than == SIZE_MAX || apps[i].tier != apps[than].tier)
        return than == SIZE_MAX || apps[i].tier < apps[than].tier;
    return s->f->rank_ms[i] > s->f->rank_ms[than];
}

static size_t next_of(const struct schedule *s, uint16_t tier, bool whatever_waits)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < s->f->engine->app_count; i++)
        if (s->of[i] != SIZE_MAX && !s->begun[i] &&
            (s->overlaps || s->f->engine->apps[i].tier == tier) && goes_before(s, i, best) &&
            (whatever_waits || !has_to_wait(s, i)))
            best = i;
    return best;
}

static void begin(struct schedule *s, size_t app)
{
    s->begun[app] = true;
    s->f->begins_ms[app] = s->now_ms;
    s->f->ends_ms[app] = s->now_ms + own_ms(s->f, s->of[app]);
    s->running++;
}

static void begin_all(struct schedule *s)
{
    uint16_t tier = lowest_tier(s);
    while (s->running < s->parallel) {
        size_t next = next_of(s, tier, false);
        if (next == SIZE_MAX && s->running == 0)
            next = next_of(s, tier, true);
        if (next == SIZE_MAX)
            return;
        begin(s, next);
    }
}

/* To the next end. */
static void go_on(struct schedule *s)
{
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < s->f->engine->app_count; i++)
        if (s->begun[i] && !s->over[i] && s->f->ends_ms[i] < next)
            next = s->f->ends_ms[i];
    s->now_ms = next;
    for (size_t i = 0; i < s->f->engine->app_count; i++)
        if (s->begun[i] && !s->over[i] && s->f->ends_ms[i] <= next) {
            s->over[i] = true;
            s->running--;
            s->left--;
        }
}

static void number_waves(struct foreseeing *f)
{
    uint8_t wave_of[6] = { 0 };
    for (size_t i = 0; i < f->out->app_count; i++)
        if (f->out->apps[i].goes && f->out->apps[i].tier < 6)
            wave_of[f->out->apps[i].tier] = 1;
    for (unsigned t = 0; t < 6; t++)
        wave_of[t] = wave_of[t] ? (uint8_t)++f->out->waves : 0;
    for (size_t i = 0; i < f->out->app_count; i++) {
        struct evac_foreseen_app *x = &f->out->apps[i];
        x->wave = x->goes && x->tier < 6 ? wave_of[x->tier] : 0;
        x->begins_ms = f->begins_ms[x->app];
        x->way_ms = f->rank_ms[x->app];
    }
}

/* Those that go, as they begin; then the others, by tier. */
static int by_turn(const void *left, const void *right)
{
    const struct evac_foreseen_app *a = left, *b = right;
    if (a->goes != b->goes)
        return a->goes ? -1 : 1;
    if (a->begins_ms != b->begins_ms)
        return a->begins_ms < b->begins_ms ? -1 : 1;
    if (a->tier != b->tier)
        return a->tier < b->tier ? -1 : 1;
    if (a->way_ms != b->way_ms)
        return a->way_ms > b->way_ms ? -1 : 1;
    return a->app < b->app ? -1 : a->app > b->app;
}

void foresee_schedule(struct foreseeing *f)
{
    const struct evac_controller_conf *conf = &f->in->model->controller;
    size_t n = f->engine->app_count + 1;
    struct schedule s = { .f = f,
                          .of = evac_arena_array(f->out->arena, n, sizeof *s.of),
                          .begun = evac_arena_array(f->out->arena, n, sizeof *s.begun),
                          .over = evac_arena_array(f->out->arena, n, sizeof *s.over),
                          .parallel = conf->incident_parallel,
                          .overlaps = conf->incident_overlap,
                          .left = f->out->going };
    for (size_t i = 0; i < n; i++)
        s.of[i] = SIZE_MAX;
    for (size_t i = 0; i < f->out->app_count; i++)
        if (f->out->apps[i].goes)
            s.of[f->out->apps[i].app] = i;
    rank(&s);
    for (size_t i = 0; i < f->out->app_count; i++)
        if (f->out->apps[i].begun && f->out->apps[i].goes)
            begin(&s, f->out->apps[i].app);
    while (s.left) {
        begin_all(&s);
        go_on(&s);
    }
    f->out->estimate_ms = s.now_ms;
    number_waves(f);
    if (f->out->app_count)
        qsort(f->out->apps, f->out->app_count, sizeof *f->out->apps, by_turn);
}

/* --- at best
 * ---------------------------------------------------------------------------------------- */

static void say_bucket(struct foreseeing *f, const struct evac_foreseen_bucket *b)
{
    f->out->bound_by = evac_arena_printf(
        f->out->arena, "%llu calls of %.*s%s%.*s at %llu.%llu a second",
        (unsigned long long)b->least, EVAC_STR_ARG(b->limit->service), b->region.n ? " in " : "",
        EVAC_STR_ARG(b->region), (unsigned long long)b->rate_milli / 1000,
        (unsigned long long)b->rate_milli % 1000 / 100);
}

/* The app with the longest way, and those behind it. */
static void say_chain(struct foreseeing *f)
{
    size_t first = 0;
    for (size_t i = 0; i < f->engine->app_count; i++)
        first = f->rank_ms[i] > f->rank_ms[first] ? i : first;
    f->out->bound_by = evac_arena_printf(f->out->arena, "the longest way, which begins with %.*s",
                                         EVAC_STR_ARG(f->engine->apps[first].app->name));
}

void foresee_bound(struct foreseeing *f)
{
    f->out->bound_ms = f->out->chain_ms;
    if (f->out->going)
        say_chain(f);
    for (size_t i = 0; i < f->out->bucket_count; i++) {
        const struct evac_foreseen_bucket *b = &f->out->buckets[i];
        uint64_t whole =
            b->first_ms + b->behind_ms + foresee_time_for(b->needed, b->burst, b->rate_milli);
        if (b->needed == 0 || b->limit->budget)
            continue; /* what evac allows itself is no limit of what can be */
        f->out->estimate_ms = whole > f->out->estimate_ms ? whole : f->out->estimate_ms;
        if (b->bound_ms <= f->out->bound_ms)
            continue;
        f->out->bound_ms = b->bound_ms;
        say_bucket(f, b);
    }
}
