/* Batches of runs: first as things are, then with each fault, then with what decides made faster.
 */
#include "sim_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HALVES       3u
#define HALF_RUNS    300u
#define FAULT_RUNS   50u
#define LAG_USUAL_MS 1000u

/* --- models of the drivers
 * -------------------------------------------------------------------------------- */

static enum evac_code open_nothing(const struct evac_host *host, const struct evac_args *settings,
                                   struct evac_link **ret_link, struct evac_err *err)
{
    (void)host, (void)settings, (void)err;
    *ret_link = NULL;
    return EVAC_OK;
}

static void close_nothing(struct evac_link *link)
{
    (void)link;
}

/* Never called: the shell asks sim_answer. */
static enum evac_code call_nothing(struct evac_link *link, const struct evac_call *call,
                                   evac_done_fn *done, void *user, uint64_t *ret_id,
                                   struct evac_err *err)
{
    (void)link, (void)call, (void)done, (void)user, (void)ret_id;
    return evac_fail(err, EVAC_E_UNSUPPORTED, "a model has no service");
}

static const struct evac_pack *model_pack(struct evac_arena *arena, const struct evac_pack *real)
{
    size_t n = 0;
    while (real->drivers[n])
        n++;
    struct evac_pack *pack = evac_arena_alloc(arena, sizeof *pack);
    struct evac_driver *drivers = evac_arena_array(arena, n + 1, sizeof *drivers);
    const struct evac_driver **list = evac_arena_array(arena, n + 1, sizeof *list);
    for (size_t i = 0; i < n; i++) {
        drivers[i] = *real->drivers[i];
        drivers[i].call = call_nothing;
        drivers[i].cancel = NULL;
        list[i] = &drivers[i];
    }
    *pack = *real;
    pack->drivers = list;
    pack->open = open_nothing;
    pack->close = close_nothing;
    pack->prepare = NULL; /* there is no link to prepare */
    return pack;
}

static void model_catalog(struct evac_sim *sim)
{
    size_t n = sim->q.catalog->pack_count;
    const struct evac_pack **packs = evac_arena_array(sim->arena, n + 1, sizeof *packs);
    for (size_t i = 0; i < n; i++)
        packs[i] = model_pack(sim->arena, sim->q.catalog->packs[i]);
    sim->catalog = (struct evac_catalog){ packs, n };
}

/* --- what is the same in all runs
 * ------------------------------------------------------------------------- */

static size_t region_of(const struct evac_app *app, struct evac_str name)
{
    for (size_t i = 0; i < app->region_count; i++)
        if (evac_str_eq(app->regions[i], name))
            return i;
    return app->region_count;
}

static enum evac_code bad_region(const struct evac_sim *sim, struct evac_str name,
                                 struct evac_err *err)
{
    char list[200] = "";
    for (size_t i = 0; i < sim->q.app->region_count; i++) {
        size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, "%s%.*s", i ? ", " : "",
                 EVAC_STR_ARG(sim->q.app->regions[i]));
    }
    return evac_fail(err, EVAC_E_BADARG, "'%.*s' is not one of %.*s's regions: %s",
                     EVAC_STR_ARG(name), EVAC_STR_ARG(sim->q.app->name), list);
}

static enum evac_code compile(struct evac_sim *sim, struct evac_err *err)
{
    const struct evac_app *app = sim->q.app;
    size_t from = region_of(app, sim->q.down), to = from == 0 ? 1 : 0;
    if (from == app->region_count)
        return bad_region(sim, sim->q.down, err);
    if (sim->q.to.n)
        to = region_of(app, sim->q.to);
    if (to == app->region_count)
        return bad_region(sim, sim->q.to, err);
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_plan_request request = { .model = &sim->model,
                                         .app = &sim->model.apps[0],
                                         .catalog = sim->q.catalog,
                                         .workflow = EVAC_WORKFLOW_FAILOVER,
                                         .mode = EVAC_MODE_UNGRACEFUL,
                                         .from = app->regions[from],
                                         .to = app->regions[to] };
    enum evac_code code = evac_plan_compile(&request, &diag, &sim->plan.plan, err);
    evac_arena_free(diag.arena);
    return code;
}

static void read_steps(struct evac_sim *sim)
{
    struct sim_plan *p = &sim->plan;
    uint16_t n = p->plan->forward_count;
    p->spread = evac_arena_array(sim->arena, n + 1u, sizeof *p->spread);
    p->unseen = evac_arena_array(sim->arena, n + 1u, sizeof *p->unseen);
    p->unsent = evac_arena_array(sim->arena, n + 1u, sizeof *p->unsent);
    p->changes = evac_arena_array(sim->arena, n + 1u, sizeof *p->changes);
    sim_reach(sim, p->plan, sim->q.down, p->unseen, p->unsent);
    for (uint16_t i = 0; i < n; i++) {
        bool runs = evac_plan_may_run(p->plan, i);
        evac_history_step(sim->q.history, p->plan, i, &p->spread[i]);
        p->changes[i] = runs && (p->plan->steps[i].flags & EVAC_STEP_MUTATES) &&
                        !p->spread[i].found_so && !p->unsent[i] && !p->unseen[i];
        p->step_count += runs;
        p->without_history += runs && p->spread[i].origin == EVAC_ORIGIN_USUAL;
    }
}

static void read_lags(struct evac_sim *sim)
{
    const struct evac_app *app = sim->q.app;
    struct sim_plan *p = &sim->plan;
    p->lag = evac_arena_array(sim->arena, app->resource_count + 1, sizeof *p->lag);
    for (size_t i = 0; i < app->resource_count; i++) {
        const struct evac_driver *d = evac_catalog_driver(sim->q.catalog, app->resources[i].type);
        evac_history_lag(sim->q.history, app->name, app->resources[i].name, &p->lag[i]);
        if (p->lag[i].origin != EVAC_ORIGIN_NONE)
            continue;
        p->lag_unknown += d && d->verbs != 0;
        p->lag[i] = (struct evac_spread){ .origin = EVAC_ORIGIN_USUAL, .usual_ms = LAG_USUAL_MS };
    }
}

static void read_people(struct evac_sim *sim)
{
    struct evac_spread *s = &sim->plan.reaction;
    evac_history_part(sim->q.history, sim->q.app->name, "approve", s);
    if (s->origin == EVAC_ORIGIN_NONE)
        *s = (struct evac_spread){ .origin = EVAC_ORIGIN_USUAL, .usual_ms = EVAC_SIM_REACTION_MS };
}

/* --- batches
 * ---------------------------------------------------------------------------------------------- */

static void add_batch(struct evac_sim *sim, const struct evac_sim_fault *fault, uint32_t half_step,
                      uint32_t runs)
{
    struct sim_batch *b = &sim->batches[sim->batch_count++];
    uint16_t n = sim->plan.plan->forward_count;
    *b = (struct sim_batch){ .fault = *fault, .runs = runs, .half_step = half_step };
    b->rto_ms = evac_arena_array(sim->arena, runs + 1u, sizeof *b->rto_ms);
    b->rpo_ms = evac_arena_array(sim->arena, runs + 1u, sizeof *b->rpo_ms);
    b->critical = evac_arena_array(sim->arena, n + 1u, sizeof *b->critical);
    b->broke = evac_arena_array(sim->arena, n + 1u, sizeof *b->broke);
    if (fault->kind != EVAC_SIM_CONTROL_PLANE)
        return;
    b->unseen = evac_arena_array(sim->arena, n + 1u, sizeof *b->unseen);
    b->unsent = evac_arena_array(sim->arena, n + 1u, sizeof *b->unsent);
    sim_reach(sim, sim->plan.plan, evac_str(fault->region), b->unseen, b->unsent);
}

static enum evac_code check_step(const struct evac_sim *sim, const struct evac_sim_fault *f,
                                 struct evac_err *err)
{
    if (!f->step[0] || evac_plan_step(sim->plan.plan, evac_str(f->step)))
        return EVAC_OK;
    return evac_fail(err, EVAC_E_BADARG, "%s: the plan has no step '%s'; 'evac plan' lists them",
                     f->text, f->step);
}

static enum evac_code plan_batches(struct evac_sim *sim, struct evac_err *err)
{
    const struct evac_sim_fault none = { .kind = EVAC_SIM_NO_FAULT };
    uint32_t runs = sim->q.runs / 5 > FAULT_RUNS ? sim->q.runs / 5 : FAULT_RUNS;
    sim->batches =
        evac_arena_array(sim->arena, 1 + sim->q.fault_count + HALVES, sizeof *sim->batches);
    add_batch(sim, &none, SIM_NEVER, sim->q.runs);
    for (size_t i = 0; i < sim->q.fault_count; i++) {
        enum evac_code code = check_step(sim, &sim->q.faults[i], err);
        if (code)
            return code;
        add_batch(sim, &sim->q.faults[i], SIM_NEVER, runs < sim->q.runs ? runs : sim->q.runs);
    }
    return EVAC_OK;
}

/* What a step decides: how often it is on the path, and how long it is there. */
static double weight_of(const struct evac_sim *sim, uint32_t i)
{
    return sim->batches[0].critical[i] * evac_spread_quantile(&sim->plan.spread[i], 0.5);
}

static bool is_planned(const struct evac_sim *sim, uint32_t step)
{
    for (size_t i = 0; i < sim->batch_count; i++)
        if (sim->batches[i].half_step == step)
            return true;
    return false;
}

/* Once all others are done: the steps that decide most, each half as long. */
static void plan_halves(struct evac_sim *sim)
{
    const struct evac_sim_fault none = { .kind = EVAC_SIM_NO_FAULT };
    uint32_t runs = sim->q.runs < HALF_RUNS ? sim->q.runs : HALF_RUNS;
    sim->halves_planned = true;
    for (unsigned k = 0; k < HALVES; k++) {
        uint32_t best = SIM_NEVER;
        for (uint32_t i = 0; i < sim->plan.plan->forward_count; i++)
            if (sim->batches[0].critical[i] && !is_planned(sim, i) && weight_of(sim, i) > 0 &&
                (best == SIM_NEVER || weight_of(sim, i) > weight_of(sim, best)))
                best = i;
        if (best != SIM_NEVER)
            add_batch(sim, &none, best, runs);
    }
}

static void go_on(struct evac_sim *sim, struct sim_batch *b)
{
    if (!sim->world) {
        sim->world = sim_begin(sim, b);
    } else if (!sim_go_on(sim->world, b)) {
        sim_end(sim->world);
        sim->world = NULL;
    }
}

bool evac_sim_step(struct evac_sim *sim)
{
    while (sim->batch_at < sim->batch_count || !sim->halves_planned) {
        if (sim->batch_at == sim->batch_count) {
            plan_halves(sim);
            continue;
        }
        struct sim_batch *b = &sim->batches[sim->batch_at];
        if (b->done < b->runs) {
            go_on(sim, b);
            return true;
        }
        sim->batch_at++;
    }
    return false;
}

void evac_sim_progress(const struct evac_sim *sim, uint32_t *ret_done, uint32_t *ret_all)
{
    uint32_t half = sim->q.runs < HALF_RUNS ? sim->q.runs : HALF_RUNS;
    *ret_done = 0;
    *ret_all = sim->halves_planned ? 0 : HALVES * half;
    for (size_t i = 0; i < sim->batch_count; i++) {
        *ret_done += sim->batches[i].done;
        *ret_all += sim->batches[i].runs;
    }
}

/* --- life
 * ------------------------------------------------------------------------------------------------
 */

static enum evac_code check(const struct evac_sim_request *q, struct evac_err *err)
{
    if (q->runs == 0 || q->runs > EVAC_SIM_RUNS_MAX)
        return evac_fail(err, EVAC_E_BADARG, "runs: 1 to %u", EVAC_SIM_RUNS_MAX);
    if (q->app->region_count < 2)
        return evac_fail(err, EVAC_E_BADARG, "'%.*s' has no other region",
                         EVAC_STR_ARG(q->app->name));
    return EVAC_OK;
}

static void copy_request(struct evac_sim *sim, const struct evac_sim_request *q)
{
    struct evac_sim_fault *faults =
        evac_arena_array(sim->arena, q->fault_count + 1, sizeof *faults);
    if (q->fault_count)
        memcpy(faults, q->faults, q->fault_count * sizeof *faults);
    sim->q = *q;
    sim->q.faults = faults;
    sim->q.wall_ms = q->wall_ms ? q->wall_ms : SIM_WALL_MS;
    sim->q.down = evac_arena_str(sim->arena, q->down);
    sim->q.to = evac_arena_str(sim->arena, q->to);
    sim->model = *q->model;
    sim->model.apps = q->app;
    sim->model.app_count = 1;
}

enum evac_code evac_sim_new(const struct evac_sim_request *q, struct evac_sim **ret_sim,
                            struct evac_err *err)
{
    enum evac_code code = check(q, err);
    if (code)
        return code;
    struct evac_arena *arena = evac_arena_new();
    struct evac_sim *sim = evac_arena_alloc(arena, sizeof *sim);
    sim->arena = arena;
    copy_request(sim, q);
    code = compile(sim, err);
    if (!code) {
        model_catalog(sim);
        read_steps(sim);
        read_lags(sim);
        read_people(sim);
        sim->q.history = NULL;
        code = plan_batches(sim, err);
    }
    if (code) {
        evac_sim_free(sim);
        return code;
    }
    *ret_sim = sim;
    return EVAC_OK;
}

void evac_sim_free(struct evac_sim *sim)
{
    if (!sim)
        return;
    sim_end(sim->world);
    evac_plan_free(sim->plan.plan);
    evac_arena_free(sim->arena);
}
