#include "results.h"

#include "deficiency.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_BACK 2000u /* runs of an app, most of them looks at readiness */

struct app_results {
    bool due;
    struct evac_result results[EVAC_RESULT_KIND_COUNT];
    struct evac_wanting wanting;
    int64_t overdue_ms; /* when the next deficiency is; 0 never */
};

struct evac_results {
    const struct evac_model *model;
    struct app_results *apps; /* as the model's */
    size_t next;              /* the app that is looked at next */
    size_t due_count;
};

static struct app_results *new_apps(struct evac_results *results, const struct evac_model *model)
{
    struct app_results *apps = calloc(model->app_count + 1, sizeof *apps);
    if (!apps)
        abort();
    for (size_t i = 0; i < model->app_count; i++)
        apps[i].due = true;
    results->due_count = model->app_count;
    results->next = 0;
    return apps;
}

struct evac_results *evac_results_new(const struct evac_model *model)
{
    struct evac_results *results = calloc(1, sizeof *results);
    if (!results)
        abort();
    results->model = model;
    results->apps = new_apps(results, model);
    return results;
}

void evac_results_free(struct evac_results *results)
{
    if (!results)
        return;
    free(results->apps);
    free(results);
}

void evac_results_reload(struct evac_results *results, const struct evac_model *model)
{
    struct app_results *old = results->apps;
    const struct evac_model *before = results->model;
    results->apps = new_apps(results, model);
    results->model = model;
    for (size_t i = 0; i < model->app_count; i++) {
        const struct evac_app *app = evac_model_app(before, model->apps[i].name);
        const struct app_results *was = app ? &old[app - before->apps] : NULL;
        if (!was || was->due)
            continue;
        results->apps[i] = *was;
        results->due_count--;
    }
    free(old);
}

static void mark(struct evac_results *results, struct app_results *app)
{
    results->due_count += !app->due;
    app->due = true;
}

void evac_results_row(struct evac_results *results, const struct evac_record *r)
{
    bool news = r->kind == EVAC_RECORD_DEFICIENCY || r->kind == EVAC_RECORD_TERMINAL;
    if (!news || results->due_count == results->model->app_count)
        return; /* while a journal is replayed all are due anyway */
    const struct evac_app *app = evac_model_app(results->model, r->app);
    if (app)
        mark(results, &results->apps[app - results->model->apps]);
}

/* --- the newest of each kind ------------------------------------------------------------------ */

struct search {
    uint64_t found[EVAC_RESULT_KIND_COUNT];
};

/* A drill's own runs that move users are a drill; the controller's looks at readiness are nothing
 * that anybody waits to hear of. */
static bool look_at(void *user, const struct evac_row *row)
{
    struct search *s = user;
    const struct evac_record *r = &row->record;
    bool drill = r->number != 0 || evac_str_is(r->who, "drill");
    if (evac_str_is(r->who, "readiness"))
        return true;
    if (s->found[drill] == 0)
        s->found[drill] = r->run;
    return s->found[EVAC_RESULT_RUN] == 0 || s->found[EVAC_RESULT_DRILL] == 0;
}

static void take(struct evac_store *store, uint64_t run, struct evac_result *result)
{
    struct evac_report *r = NULL;
    if (run == 0 || run == result->run || evac_report_make_alone(store, run, &r, NULL))
        return;
    if (r->over)
        *result = (struct evac_result){
            .run = run,
            .good = evac_str_starts(r->result, "succeeded"),
            .rto_known = r->rto_known,
            .rpo_known = r->rpo_known,
            .rto_ms = r->rto_ms,
            .rpo_ms = r->rpo_ms,
            .rto_objective_ms = r->plan->rto_ms,
            .rpo_objective_ms = r->plan->rpo_ms,
            .ended_ms = r->ended_ms,
        };
    evac_report_free(r);
}

/* --- what is wanting -------------------------------------------------------------------------- */

static void count_wanting(struct app_results *app, const struct evac_deficiency *d, int64_t now_ms)
{
    if (d->state != EVAC_DEFICIENCY_IS_OPEN)
        return;
    app->wanting.open[d->severity]++;
    if (evac_deficiency_is_overdue(d, now_ms))
        app->wanting.overdue++;
    else if (d->due_ms && (app->overdue_ms == 0 || d->due_ms < app->overdue_ms))
        app->overdue_ms = d->due_ms;
}

static void read_wanting(struct app_results *app, struct evac_str name, struct evac_store *store,
                         int64_t now_ms)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_deficiencies *list = NULL;
    bool good = evac_deficiencies_read(store, name, arena, &list, NULL) == EVAC_OK;
    if (good) {
        app->wanting = (struct evac_wanting){ .overdue = 0 };
        app->overdue_ms = 0;
    }
    for (size_t i = 0; good && i < list->count; i++)
        count_wanting(app, &list->items[i], now_ms);
    evac_arena_free(arena);
}

/* --- a little at a time ----------------------------------------------------------------------- */

static void read_app(struct evac_results *results, struct evac_store *store, size_t i,
                     int64_t now_ms)
{
    struct search s = { { 0, 0 } };
    struct app_results *app = &results->apps[i];
    struct evac_store_filter filter = { .app = results->model->apps[i].name,
                                        .kinds = EVAC_KIND(ADMIT),
                                        .limit = LOOK_BACK,
                                        .newest_first = true,
                                        .light = true };
    app->due = false;
    results->due_count--;
    read_wanting(app, filter.app, store, now_ms);
    if (store->vt->read(store, &filter, look_at, &s, NULL))
        return;
    for (int k = 0; k < EVAC_RESULT_KIND_COUNT; k++)
        take(store, s.found[k], &app->results[k]);
}

bool evac_results_tick(struct evac_results *results, struct evac_store *store, int64_t now_wall_ms,
                       size_t apps)
{
    size_t count = results->model->app_count, done = 0;
    for (size_t k = 0; k < count && done < apps; k++) {
        size_t i = results->next++ % count;
        struct app_results *app = &results->apps[i];
        if (app->overdue_ms && now_wall_ms >= app->overdue_ms)
            mark(results, app);
        if (!app->due)
            continue;
        read_app(results, store, i, now_wall_ms);
        done++;
    }
    return done > 0;
}

const struct evac_result *evac_results_of(const struct evac_results *results, size_t app,
                                          enum evac_result_kind kind)
{
    return &results->apps[app].results[kind];
}

const struct evac_wanting *evac_results_wanting(const struct evac_results *results, size_t app)
{
    return &results->apps[app].wanting;
}
