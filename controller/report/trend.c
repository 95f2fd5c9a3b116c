#include "trend.h"

#include "evac/arena.h"

#include <stdlib.h>
#include <string.h>

#define RUNS_MAX   4000u
#define DRILLS_MAX 8000u

const char *const evac_trend_drill_words[] = { "planned",     "succeeded", "failed", "stranded",
                                               "interrupted", "skipped",   "missed", NULL };

struct listing {
    struct evac_trend *trend;
    uint64_t *runs;
    size_t count;
};

/* --- runs ------------------------------------------------------------------------------------- */

static bool list_run(void *user, const struct evac_row *row)
{
    struct listing *l = user;
    const struct evac_record *r = &row->record;
    if (r->t_wall_ms >= l->trend->since_ms && !evac_str_is(r->who, "readiness"))
        l->runs[l->count++] = r->run;
    return l->count < RUNS_MAX;
}

static struct evac_trend_run run_of(struct evac_arena *arena, const struct evac_report *r)
{
    struct evac_trend_run t = {
        .run = r->run,
        .kind = evac_str(evac_plan_kind_name(r->plan)),
        .who = evac_arena_str(arena, r->who),
        .result = evac_arena_str(arena, r->result),
        .to = evac_arena_str(arena, r->plan->to),
        .over = r->over,
        .moves = !evac_plan_is_aside(r->plan),
        .began_ms = r->began_ms,
        .ended_ms = r->ended_ms,
        .rto_known = r->rto_known,
        .rpo_known = r->rpo_known,
        .rto_ms = r->rto_ms,
        .rpo_ms = r->rpo_ms,
        .rto_objective_ms = r->plan->rto_ms,
        .rpo_objective_ms = r->plan->rpo_ms,
    };
    for (size_t i = 0; i < evac_report_part_count && i < EVAC_TREND_PARTS_MAX; i++) {
        const struct evac_when *from = &r->instants[evac_report_parts[i].from],
                               *to = &r->instants[evac_report_parts[i].to];
        t.parts_ms[i] = from->known && to->known ? to->wall_ms - from->wall_ms : -1;
    }
    for (size_t i = 0; i < r->criterion_count; i++)
        t.judged[r->criteria[i].verdict]++;
    return t;
}

static enum evac_code take_runs(struct evac_store *store, struct evac_trend *t,
                                struct evac_err *err)
{
    struct listing l = { t, evac_arena_array(t->arena, RUNS_MAX, sizeof *l.runs), 0 };
    struct evac_store_filter filter = {
        .app = t->app, .kinds = EVAC_KIND(ADMIT), .newest_first = true, .light = true
    };
    enum evac_code code = store->vt->read(store, &filter, list_run, &l, err);
    t->runs = evac_arena_array(t->arena, l.count + 1, sizeof *t->runs);
    for (size_t i = l.count; !code && i > 0; i--) {
        struct evac_report *report = NULL;
        code = evac_report_make_alone(store, l.runs[i - 1], &report, err);
        if (!code)
            t->runs[t->run_count++] = run_of(t->arena, report);
        evac_report_free(report);
    }
    return code;
}

/* --- drills of the calendar ------------------------------------------------------------------- */

/* What a reader of a year asks: was it to be, was it, and why not. Not each of its moves. */
static bool is_told(struct evac_str what)
{
    for (size_t i = 0; evac_trend_drill_words[i]; i++)
        if (evac_str_is(what, evac_trend_drill_words[i]))
            return true;
    return false;
}

static bool take_drill(void *user, const struct evac_row *row)
{
    struct evac_trend *t = user;
    const struct evac_record *r = &row->record;
    if (r->t_wall_ms >= t->since_ms && is_told(r->to))
        t->drills[t->drill_count++] =
            (struct evac_trend_drill){ r->t_wall_ms, evac_arena_str(t->arena, r->name),
                                       evac_arena_str(t->arena, r->to),
                                       evac_arena_str(t->arena, r->text), r->run };
    return t->drill_count < DRILLS_MAX;
}

static enum evac_code take_drills(struct evac_store *store, struct evac_trend *t,
                                  struct evac_err *err)
{
    struct evac_store_filter filter = { .app = t->app, .kinds = EVAC_KIND(DRILL), .light = true };
    t->drills = evac_arena_array(t->arena, DRILLS_MAX, sizeof *t->drills);
    return store->vt->read(store, &filter, take_drill, t, err);
}

/* A drill's row names the run that decided it; what became of that says why, where it does not. */
static void say_why(struct evac_trend *t)
{
    for (size_t i = 0; i < t->drill_count; i++) {
        struct evac_trend_drill *d = &t->drills[i];
        for (size_t k = 0; d->run && d->why.n == 0 && k < t->run_count; k++)
            if (t->runs[k].run == d->run && !evac_str_starts(t->runs[k].result, "succeeded"))
                d->why = evac_arena_printf(t->arena, "run %llu was %s", (unsigned long long)d->run,
                                           evac_str_is(t->runs[k].result, "rolled_back")
                                               ? "rolled back"
                                               : t->runs[k].result.p);
    }
}

size_t evac_trend_count(const struct evac_trend *t, const char *what)
{
    size_t n = 0;
    for (size_t i = 0; i < t->drill_count; i++)
        n += evac_str_is(t->drills[i].what, what);
    return n;
}

/* --- deficiencies over time ------------------------------------------------------------------- */

struct counting {
    struct evac_trend *trend;
    unsigned open;
    size_t cap;
};

static void add_point(struct counting *c, int64_t at_ms)
{
    struct evac_trend *t = c->trend;
    if (t->point_count == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 64;
        struct evac_trend_point *more = evac_arena_array(t->arena, cap, sizeof *more);
        if (t->point_count)
            memcpy(more, t->points, t->point_count * sizeof *more);
        t->points = more;
        c->cap = cap;
    }
    t->points[t->point_count++] = (struct evac_trend_point){ at_ms, c->open };
}

/* A row says what it was before and what it is now. */
static bool count_open(void *user, const struct evac_row *row)
{
    struct counting *c = user;
    bool was = evac_str_is(row->record.from, "open"), is = evac_str_is(row->record.to, "open");
    if (was == is)
        return true;
    c->open += is ? 1u : c->open ? -1u : 0u;
    add_point(c, row->record.t_wall_ms);
    return true;
}

static enum evac_code take_deficiencies(struct evac_store *store, struct evac_trend *t,
                                        struct evac_err *err)
{
    struct counting c = { .trend = t };
    struct evac_store_filter filter = { .app = t->app,
                                        .kinds = EVAC_KIND(DEFICIENCY),
                                        .light = true };
    enum evac_code code = store->vt->read(store, &filter, count_open, &c, err);
    return code ? code : evac_deficiencies_read(store, t->app, t->arena, &t->deficiencies, err);
}

/* --- life ------------------------------------------------------------------------------------- */

enum evac_code evac_trend_make(struct evac_store *store, struct evac_str app, int64_t since_ms,
                               int64_t as_of_ms, struct evac_trend **ret_trend,
                               struct evac_err *err)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_trend *t = evac_arena_alloc(arena, sizeof *t);
    t->arena = arena;
    t->app = evac_arena_str(arena, app);
    t->since_ms = since_ms;
    t->as_of_ms = as_of_ms;
    enum evac_code code = take_runs(store, t, err);
    if (!code)
        code = take_drills(store, t, err);
    say_why(t);
    if (!code)
        code = take_deficiencies(store, t, err);
    if (code)
        evac_trend_free(t);
    else
        *ret_trend = t;
    return code;
}

void evac_trend_free(struct evac_trend *trend)
{
    if (trend)
        evac_arena_free(trend->arena);
}

bool evac_trend_needs(const struct evac_trend *t, const struct evac_record *r)
{
    if (!evac_str_eq(r->app, t->app))
        return false;
    if (r->kind == EVAC_RECORD_DEFICIENCY || r->kind == EVAC_RECORD_DRILL)
        return true;
    for (size_t i = 0; r->run && i < t->run_count; i++)
        if (t->runs[i].run == r->run)
            return true;
    return false;
}
