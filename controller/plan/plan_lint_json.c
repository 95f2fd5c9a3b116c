/* A lint as JSON, and the lint of every region that might be gone. */
#include "plan_lint.h"

#define REGIONS_MAX 64u

static void put_row(const struct evac_lint_row *row, struct evac_jw *w)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "step", row->step);
    evac_jw_str(w, "resource", row->resource);
    evac_jw_cstr(w, "service", row->service);
    evac_jw_cstr(w, "operation", row->operation);
    evac_jw_str(w, "setting", row->setting);
    evac_jw_str(w, "region", row->region);
    evac_jw_cstr(w, "plane", row->plane);
    evac_jw_str(w, "home", row->home);
    evac_jw_bool(w, "mutates", row->mutates);
    evac_jw_cstr(w, "verdict", evac_lint_verdict_name(row->verdict));
    evac_jw_cstr(w, "rule", row->rule);
    evac_jw_str(w, "problem", row->problem);
    evac_jw_str(w, "alternative", row->alternative);
    evac_jw_str(w, "goes_on", row->works);
    evac_jw_str(w, "source", row->source);
    evac_jw_close(w, '}');
}

static void put_counts(const size_t *counts, enum evac_lint_verdict worst, struct evac_jw *w)
{
    evac_jw_i64(w, "errors", (int64_t)counts[EVAC_LINT_ERROR]);
    evac_jw_i64(w, "warnings", (int64_t)counts[EVAC_LINT_WARN]);
    evac_jw_i64(w, "infos", (int64_t)counts[EVAC_LINT_INFO]);
    evac_jw_cstr(w, "verdict", evac_lint_verdict_name(worst));
}

void evac_lint_to_json(const struct evac_lint *lint, enum evac_lint_verdict from, struct evac_jw *w,
                       const char *key)
{
    const struct evac_plan *plan = lint->plan;
    evac_jw_open(w, key, '{');
    evac_jw_str(w, "app", plan->app);
    evac_jw_cstr(w, "workflow", evac_workflow_name(plan->workflow));
    evac_jw_cstr(w, "mode", evac_mode_name(plan->mode));
    evac_jw_str(w, "from", plan->from);
    evac_jw_str(w, "to", plan->to);
    evac_jw_str(w, "assume_down", lint->down);
    evac_jw_str(w, "facts_date", lint->facts_date);
    evac_jw_i64(w, "operations", (int64_t)lint->operations);
    put_counts(lint->counts, lint->worst, w);
    evac_jw_open(w, "rows", '[');
    for (size_t i = 0; i < lint->row_count; i++)
        if (lint->rows[i].verdict >= from)
            put_row(&lint->rows[i], w);
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}

/* --- every region in turn
 * ------------------------------------------------------------------------------------- */

struct regions {
    struct evac_str list[REGIONS_MAX];
    size_t count;
};

static void take(struct regions *r, struct evac_str region)
{
    for (size_t i = 0; i < r->count; i++)
        if (evac_str_eq(r->list[i], region))
            return;
    if (region.n && r->count < REGIONS_MAX)
        r->list[r->count++] = region;
}

/* The app's own first: they keep their index. */
static void collect(const struct evac_lint_all *q, struct regions *r)
{
    for (size_t i = 0; i < q->app->region_count; i++)
        take(r, q->app->regions[i]);
    take(r, q->app->witness);
    for (const struct evac_facts *f = q->facts; f; f = f->next)
        for (size_t i = 0; i < f->plane_count; i++) {
            take(r, evac_facts_region(q->facts, &f->planes[i].home, q->app->regions[0]));
            take(r, evac_facts_region(q->facts, &f->planes[i].needs, q->app->regions[0]));
        }
}

static void put_failed(struct evac_str region, const struct evac_err *err, struct evac_jw *w)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "assume_down", region);
    evac_jw_cstr(w, "problem", err->text);
    evac_jw_close(w, '}');
}

static void lint_region(const struct evac_lint_all *q, const struct regions *r, size_t i,
                        struct evac_lint *sum, struct evac_jw *w)
{
    size_t from = i < q->app->region_count ? i : 0;
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_plan *plan = NULL;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_plan_request move = { .model = q->model,
                                      .app = q->app,
                                      .catalog = q->catalog,
                                      .workflow = EVAC_WORKFLOW_FAILOVER,
                                      .mode = q->mode,
                                      .from = q->app->regions[from],
                                      .to = q->app->regions[from == 0 ? 1 : 0] };
    if (evac_plan_compile(&move, &diag, &plan, &err)) {
        put_failed(r->list[i], &err, w);
    } else {
        struct evac_lint lint;
        evac_lint_plan(&(struct evac_lint_request){ plan, q->catalog, q->facts, q->model,
                                                    r->list[i], q->today },
                       diag.arena, &lint);
        evac_lint_to_json(&lint, EVAC_LINT_OK, w, NULL);
        for (unsigned v = 0; v < EVAC_LINT_VERDICT_COUNT; v++)
            sum->counts[v] += lint.counts[v];
        sum->worst = lint.worst > sum->worst ? lint.worst : sum->worst;
    }
    evac_plan_free(plan);
    evac_arena_free(diag.arena);
}

void evac_lint_all_to_json(const struct evac_lint_all *request, struct evac_jw *w)
{
    struct regions regions = { .count = 0 };
    struct evac_lint sum = { .worst = EVAC_LINT_OK };
    collect(request, &regions);
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "app", request->app->name);
    evac_jw_cstr(w, "mode", evac_mode_name(request->mode));
    evac_jw_str(w, "facts_date", request->facts ? request->facts->date : EVAC_STR_NONE);
    evac_jw_open(w, "regions", '[');
    for (size_t i = 0; i < regions.count; i++)
        lint_region(request, &regions, i, &sum, w);
    evac_jw_close(w, ']');
    put_counts(sum.counts, sum.worst, w);
    evac_jw_close(w, '}');
}
