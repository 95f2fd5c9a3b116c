#include "foresee_internal.h"

#include "rights.h"

#include <stdlib.h>
#include <string.h>

/* --- whom it is about
 * ------------------------------------------------------------------------------- */

static bool is_named(const struct evac_order_wish *wish, const struct evac_engine_app *a)
{
    for (size_t i = 0; i < wish->app_count; i++)
        if (evac_str_eq(wish->apps[i], a->app->name))
            return true;
    return wish->app_count == 0;
}

static bool is_meant(const struct foreseeing *f, const struct evac_engine_app *a)
{
    uint8_t tiers = f->in->wish.tiers ? f->in->wish.tiers : EVAC_ORDER_TIERS;
    return (tiers & (1u << a->tier)) && is_named(&f->in->wish, a);
}

/* The app's region of that place in the fleet; its region count when it has none. */
static uint16_t place_of(const struct foreseeing *f, const struct evac_engine_app *a)
{
    uint16_t r = 0;
    while (r < EVAC_REGIONS_MAX && r < a->app->region_count && a->fleet[r] != f->region)
        r++;
    return r < EVAC_REGIONS_MAX ? r : (uint16_t)a->app->region_count;
}

static enum evac_code no_such_region(const struct foreseeing *f, struct evac_err *err)
{
    const struct evac_fleet *fleet = &f->engine->fleet;
    struct evac_buf known;
    evac_buf_init(&known, 400);
    for (size_t i = 0; i < fleet->region_count; i++)
        evac_buf_putf(&known, "%s%s", i ? ", " : "", fleet->regions[i].name);
    enum evac_code code =
        evac_fail(err, EVAC_E_NOTFOUND, "no app has a region '%.*s'; they are in %s",
                  EVAC_STR_ARG(f->in->region), known.n ? known.p : "none");
    evac_buf_done(&known);
    return code;
}

static enum evac_code find_region(struct foreseeing *f, struct evac_err *err)
{
    const struct evac_fleet *fleet = &f->engine->fleet;
    while (f->region < fleet->region_count &&
           !evac_str_is(f->in->region, fleet->regions[f->region].name))
        f->region++;
    return f->region < fleet->region_count ? EVAC_OK : no_such_region(f, err);
}

static enum evac_code check_names(const struct foreseeing *f, struct evac_err *err)
{
    const struct evac_order_wish *wish = &f->in->wish;
    for (size_t i = 0; i < wish->app_count; i++)
        if (evac_engine_app(f->engine, wish->apps[i]) == f->engine->app_count)
            return evac_fail(err, EVAC_E_NOTFOUND, "there is no app '%.*s'",
                             EVAC_STR_ARG(wish->apps[i]));
    return EVAC_OK;
}

/* --- one app
 * ------------------------------------------------------------------------------------------- */

static uint64_t quantile(const struct evac_spread *s, double q)
{
    return (uint64_t)(evac_spread_quantile(s, q) + 0.5);
}

static void spread_of(const struct foreseeing *f, const struct evac_plan *plan, uint16_t i,
                      struct evac_spread *ret)
{
    *ret = (struct evac_spread){ .origin = EVAC_ORIGIN_USUAL, .usual_ms = plan->steps[i].usual_ms };
    if (f->in->history)
        evac_history_step(f->in->history, plan, i, ret);
}

/* How long each step takes, and with them when each begins; and the calls of it. */
static void walk_plan(struct foreseeing *f, struct evac_foreseen_app *x,
                      const struct evac_plan *plan, const struct evac_app *app)
{
    size_t n = plan->forward_count + 1u;
    uint64_t *p50 = calloc(4 * n, sizeof *p50), *p95 = p50 + n, *begins = p95 + n,
             *behind = begins + n;
    struct evac_str account = evac_rights_account(f->in->catalog, app);
    if (!p50)
        abort();
    for (uint16_t i = 0; i < plan->forward_count; i++) {
        struct evac_spread s;
        spread_of(f, plan, i, &s);
        p50[i] = quantile(&s, 0.5);
        p95[i] = quantile(&s, 0.95);
        x->without_history += evac_plan_may_run(plan, i) && s.origin == EVAC_ORIGIN_USUAL;
    }
    x->p50_ms = evac_plan_path(plan, p50, 0, NULL, NULL);
    x->p95_ms = evac_plan_path(plan, p95, 0, NULL, NULL);
    evac_plan_times(plan, p50, begins, behind);
    for (uint16_t i = 0; i < plan->forward_count; i++)
        if (x->goes && evac_plan_may_run(plan, i))
            foresee_count(
                f, &(struct foreseen_step){ plan, i, account, p50[i], begins[i], behind[i] });
    free(p50);
}

/* What its run would wait for at its start, and before it may lose data. */
static void put_gates(const struct foreseeing *f, const struct evac_engine_app *a,
                      const struct evac_plan *plan, struct evac_buf *why)
{
    void *memory = calloc(1, evac_run_bytes(plan));
    if (!memory)
        abort();
    struct evac_run *run = evac_run_init(memory, plan);
    evac_engine_foresee(f->engine, a, &f->in->now, run);
    for (uint32_t place = 0; place <= plan->forward_count; place++)
        for (unsigned g = 0; g < EVAC_RUN_GATE_COUNT; g++) {
            uint32_t step = place ? place - 1 : EVAC_NO_STEP;
            struct evac_gate_word word;
            bool loses = g == EVAC_RUN_GATE_RPO && place && evac_plan_may_run(plan, (uint16_t)step);
            if ((place && !loses) ||
                !evac_run_gate_shut(run, &f->in->now, step, (enum evac_run_gate)g, &word))
                continue;
            evac_buf_putf(why, "%s%s: %s", why->n ? "; " : "",
                          evac_run_gate_row((enum evac_run_gate)g)->name, word.why);
        }
    free(memory);
}

static struct evac_plan *compile(const struct foreseeing *f, const struct evac_engine_app *a,
                                 const struct evac_foreseen_app *x, struct evac_err *err)
{
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_plan *plan = NULL;
    const struct evac_wish wish = { .app = a->app->name,
                                    .workflow = EVAC_WORKFLOW_FAILOVER,
                                    .mode = x->mode,
                                    .from = a->app->regions[x->from],
                                    .to = a->app->regions[x->to],
                                    .unnamed = true };
    if (evac_shell_plan(f->in->shell, &wish, &diag, &plan, err))
        plan = NULL;
    evac_arena_free(diag.arena);
    return plan;
}

static void see_plan(struct foreseeing *f, struct evac_foreseen_app *x)
{
    const struct evac_engine_app *a = &f->engine->apps[x->app];
    struct evac_err err = { EVAC_OK, "" };
    struct evac_plan *plan = x->to < a->app->region_count ? compile(f, a, x, &err) : NULL;
    struct evac_buf why;
    evac_buf_init(&why, 1000);
    if (plan && !a->run)
        put_gates(f, a, plan, &why);
    else if (!plan && x->to < a->app->region_count)
        evac_buf_putf(&why, "no plan: %s", err.text);
    x->goes = x->goes && plan;
    if (why.n)
        x->why = evac_arena_str(f->out->arena, evac_buf_str(&why));
    if (plan)
        walk_plan(f, x, plan, a->app);
    evac_buf_done(&why);
    evac_plan_free(plan);
}

static void see_app(struct foreseeing *f, size_t app, uint16_t from)
{
    const struct evac_engine_app *a = &f->engine->apps[app];
    struct evac_foreseen_app *x = &f->out->apps[f->out->app_count++];
    struct evac_evacuee_view view;
    evac_engine_evacuee(a, from, (enum evac_order_mode)f->in->wish.mode, &f->in->now, &view);
    bool begun = a->run && evac_str_eq(a->run->plan->from, a->app->regions[from]);
    *x = (struct evac_foreseen_app){ .app = app,
                                     .from = from,
                                     .to = view.to,
                                     .tier = (uint8_t)a->tier,
                                     .mode = view.mode,
                                     .begun = begun,
                                     .goes = begun || !view.why[0],
                                     .loss_ms = evac_engine_loss(a, &f->in->now) };
    if (view.why[0])
        x->why = evac_arena_str(f->out->arena, evac_str(view.why));
    see_plan(f, x);
    f->out->begun += begun;
    f->out->going += x->goes;
    f->out->blocked += !x->goes;
}

static void see_apps(struct foreseeing *f)
{
    f->out->apps = evac_arena_array(f->out->arena, f->engine->app_count + 1, sizeof *f->out->apps);
    for (size_t i = 0; i < f->engine->app_count; i++) {
        const struct evac_engine_app *a = &f->engine->apps[i];
        uint16_t from = place_of(f, a);
        bool here = from < a->app->region_count;
        bool serves = here && (evac_engine_serving(a) & (1u << from));
        f->out->away += here && !serves && a->evac_region == f->region && a->evac_run &&
                        f->engine->fleet.regions[f->region].incident.first_run &&
                        a->evac_run >= f->engine->fleet.regions[f->region].incident.first_run;
        f->out->left_out += serves && !is_meant(f, a);
        if (serves && is_meant(f, a))
            see_app(f, i, from);
    }
}

/* --- the whole
 * ----------------------------------------------------------------------------------------- */

enum evac_code evac_foresee(const struct evac_foresee_input *input, struct evac_arena *arena,
                            struct evac_foreseen *ret_foreseen, struct evac_err *err)
{
    struct foreseeing f = { .in = input,
                            .engine = evac_shell_engine(input->shell),
                            .out = ret_foreseen };
    size_t n = f.engine->app_count + 1;
    *ret_foreseen = (struct evac_foreseen){ .arena = arena,
                                            .share = input->model->controller.limits_share,
                                            .region = evac_arena_str(arena, input->region) };
    enum evac_code code = find_region(&f, err);
    code = code ? code : check_names(&f, err);
    if (code)
        return code;
    f.rank_ms = evac_arena_array(arena, n, sizeof *f.rank_ms);
    f.begins_ms = evac_arena_array(arena, n, sizeof *f.begins_ms);
    f.ends_ms = evac_arena_array(arena, n, sizeof *f.ends_ms);
    see_apps(&f);
    foresee_limits(&f);
    foresee_schedule(&f);
    foresee_bound(&f);
    return EVAC_OK;
}

void evac_foresee_tell(const struct evac_foreseen *foreseen, struct evac_shell *shell)
{
    for (size_t i = 0; i < foreseen->app_count; i++)
        if (foreseen->apps[i].p50_ms)
            evac_shell_expect(shell, foreseen->apps[i].app, foreseen->apps[i].p50_ms);
}
