/* From a wish to an admitted run. */
#include "shell_internal.h"

#include <stdlib.h>

#define PLAN_JSON_MAX (4u << 20)

static size_t region_index(const struct evac_app *app, struct evac_str name)
{
    for (size_t i = 0; i < app->region_count; i++)
        if (evac_str_eq(app->regions[i], name))
            return i;
    return app->region_count;
}

static uint16_t first_of(const struct evac_engine_app *a, uint32_t regions, uint16_t fallback)
{
    for (uint16_t r = 0; r < a->app->region_count; r++)
        if (regions & (1u << r))
            return r;
    return fallback;
}

static uint32_t down_of(const struct evac_engine_app *a)
{
    uint32_t down = 0;
    for (uint16_t r = 0; r < a->app->region_count; r++)
        if (a->health.regions[r].verdict == EVAC_VERDICT_DOWN ||
            a->health.regions[r].verdict == EVAC_VERDICT_ISOLATED)
            down |= 1u << r;
    return down;
}

/* Where the app is left: where it is active. Of an active-active app one of those that serve: the
 * one that is down, else the writer's; what is out comes back beside the writer's. */
static size_t choose_source(const struct evac_engine_app *a, const struct evac_wish *wish)
{
    uint32_t serving = evac_engine_serving(a);
    if (wish->from.n)
        return region_index(a->app, wish->from);
    if (wish->workflow == EVAC_WORKFLOW_FENCE)
        return a->old_side.watched ? a->old_side.region : a->app->region_count;
    if (wish->workflow != EVAC_WORKFLOW_FAILOVER)
        return a->active;
    uint32_t down = serving & down_of(a);
    return down & (1u << a->active) ? a->active : first_of(a, down, a->active);
}

/* "": a failover goes to the standby that is up and was found ready (else the first), a failback
 * home, or brings back what is out. */
static size_t choose_target(const struct evac_shell *shell, const struct evac_engine_app *a,
                            const struct evac_wish *wish, uint16_t from)
{
    if (wish->to.n)
        return region_index(a->app, wish->to);
    if (wish->workflow == EVAC_WORKFLOW_FAILBACK)
        return first_of(a, a->out, 0);
    if (wish->workflow == EVAC_WORKFLOW_FENCE)
        return a->active;
    struct evac_now now = shell_now(shell);
    struct evac_decision_input view = evac_engine_view(&shell->engine, a, from, &now);
    size_t best = evac_best_standby(&view);
    return best < a->app->region_count ? best : from == 0 ? 1 : 0;
}

/* The other way about: who is fenced must not serve, and who stays must. */
static enum evac_code check_fence(const struct evac_engine_app *a, size_t from, size_t to,
                                  struct evac_err *err)
{
    uint32_t serving = evac_engine_serving(a);
    if ((serving & (1u << to)) && !(serving & (1u << from)))
        return EVAC_OK;
    return evac_fail(err, EVAC_E_REFUSED,
                     "'%.*s' serves in %.*s: that is not a region that was left",
                     EVAC_STR_ARG(a->app->name),
                     EVAC_STR_ARG(a->app->regions[serving & (1u << from) ? from : a->active]));
}

/* A region that is led away from must serve; one that is brought back must not. */
static enum evac_code check_direction(const struct evac_engine_app *a, const struct evac_wish *wish,
                                      size_t from, size_t to, struct evac_err *err)
{
    uint32_t serving = evac_engine_serving(a);
    bool several = a->app->strategy == EVAC_STRATEGY_ACTIVE_ACTIVE;
    bool drill = wish->workflow == EVAC_WORKFLOW_DRILL || wish->rehearse;
    bool back = wish->workflow == EVAC_WORKFLOW_FAILBACK;
    struct evac_str name = a->app->name, there = a->app->regions[to];
    if (wish->workflow == EVAC_WORKFLOW_FENCE)
        return check_fence(a, from, to, err);
    if (!(serving & (1u << from)))
        return evac_fail(err, EVAC_E_REFUSED, "'%.*s' does not serve in %.*s", EVAC_STR_ARG(name),
                         EVAC_STR_ARG(a->app->regions[from]));
    if (from == to || ((!several || back) && !drill && (serving & (1u << to))))
        return evac_fail(err, EVAC_E_REFUSED, "'%.*s' is active in %.*s already",
                         EVAC_STR_ARG(name), EVAC_STR_ARG(there));
    if (several && !back && !drill && (a->out & (1u << to)))
        return evac_fail(err, EVAC_E_REFUSED,
                         "%.*s is out: a failback brings it back before others can lean on it",
                         EVAC_STR_ARG(there));
    return EVAC_OK;
}

struct direction {
    const struct evac_engine_app *app;
    size_t from, to;
};

static enum evac_code resolve(const struct evac_shell *shell, const struct evac_wish *wish,
                              struct direction *ret_direction, struct evac_err *err)
{
    size_t i = evac_engine_app(&shell->engine, wish->app);
    if (i == shell->engine.app_count)
        return evac_fail(err, EVAC_E_NOTFOUND, "there is no app '%.*s'", EVAC_STR_ARG(wish->app));

    const struct evac_engine_app *a = &shell->engine.apps[i];
    size_t from = choose_source(a, wish);
    if (from >= a->app->region_count && wish->workflow == EVAC_WORKFLOW_FENCE && !wish->from.n)
        return evac_fail(err, EVAC_E_REFUSED,
                         "no region that '%.*s' left is watched: say which, with --from",
                         EVAC_STR_ARG(wish->app));
    if (from >= a->app->region_count)
        return evac_fail(err, EVAC_E_BADARG, "'%.*s' is not one of the app's regions",
                         EVAC_STR_ARG(wish->from));
    size_t to = choose_target(shell, a, wish, (uint16_t)from);
    if (to >= a->app->region_count)
        return evac_fail(err, EVAC_E_BADARG, "'%.*s' is not one of the app's regions",
                         EVAC_STR_ARG(wish->to));
    *ret_direction = (struct direction){ a, from, to };
    if (wish->part != EVAC_PART_NONE) /* it moves nobody: a fault is where it is */
        return EVAC_OK;
    return check_direction(a, wish, from, to, err);
}

enum evac_code evac_shell_plan(const struct evac_shell *shell, const struct evac_wish *wish,
                               struct evac_diag *diag, struct evac_plan **ret_plan,
                               struct evac_err *err)
{
    struct direction way = { NULL, 0, 0 };
    enum evac_code code = resolve(shell, wish, &way, err);
    if (code)
        return code;
    const struct evac_engine_app *a = way.app;
    struct evac_plan_request request = {
        .model = shell->model,
        .app = a->app,
        .catalog = shell->o.catalog,
        .workflow = wish->workflow,
        .drill = wish->drill,
        .mode = wish->mode,
        .rehearse = wish->rehearse,
        .isolate = wish->isolate,
        .from = a->app->regions[way.from],
        .to = a->app->regions[way.to],
        .out = ~evac_engine_serving(a),
        .part = wish->part,
        .things = wish->things,
        .thing_count = wish->thing_count,
        .unnamed = wish->unnamed,
    };
    return evac_plan_compile(&request, diag, ret_plan, err);
}

/* The plan was compiled to be run: it has its text. */
enum evac_code shell_admit(struct evac_shell *shell, const struct evac_wish *wish, uint16_t app,
                           struct evac_plan *plan, struct evac_err *err)
{
    struct shell_run *memory = shell_new_run(shell, plan);
    struct evac_event event = { .kind = EVAC_EVENT_ADMIT };
    enum evac_code code = EVAC_OK;

    if (plan->text.n > PLAN_JSON_MAX)
        code = evac_fail(err, EVAC_E_TOOBIG, "the plan is larger than the %u bytes allowed",
                         PLAN_JSON_MAX);
    if (!code && plan->isolate.n)
        code = shell_isolate(shell, plan->isolate, err);
    if (!code) {
        event.u.admit = (struct evac_admit_event){
            .app = app,
            .run = memory->memory,
            .plan_json = plan->text,
            .who = wish->who,
            .why = wish->why,
            .proposed = wish->proposed,
            .decided = wish->decided,
            .overrides = wish->overrides,
            .caller = wish->caller,
        };
        /* from inside a debt the engine is stepped directly: the outer loop settles what follows */
        if (shell->busy) {
            event.now = shell_now(shell);
            code = shell_step(shell, &event, err);
            if (!code && shell->fx->answer)
                code = evac_fail(err, shell->fx->answer, "%s", shell->fx->answer_text);
        } else {
            code = evac_shell_event(shell, &event, err);
        }
    }
    if (code && !shell->failed) {
        memory->ended = true;
        shell_release_run(shell, memory);
    }
    return code;
}

static void first_error(const struct evac_diag *diag, struct evac_err *err)
{
    const struct evac_diag_item *item = diag->first;
    while (item && item->severity != EVAC_DIAG_ERROR)
        item = item->next;
    if (item)
        (void)evac_fail(err, EVAC_E_BADCONF, "%s:%d: %.*s", item->place.file, item->place.line,
                        EVAC_STR_ARG(item->text));
}

static enum evac_code compile(const struct evac_shell *shell, const struct evac_wish *wish,
                              struct evac_plan **ret_plan, struct evac_err *err)
{
    struct evac_diag diag = { .arena = evac_arena_new() };
    enum evac_code code = evac_shell_plan(shell, wish, &diag, ret_plan, err);
    if (code)
        first_error(&diag, err);
    evac_arena_free(diag.arena);
    return code;
}

enum evac_code evac_shell_begin(struct evac_shell *shell, const struct evac_wish *wish,
                                uint64_t *ret_run, struct evac_err *err)
{
    struct evac_plan *plan;
    uint64_t next = shell->engine.next_run;
    enum evac_code code = compile(shell, wish, &plan, err);
    if (code)
        return code;
    size_t app = evac_engine_app(&shell->engine, wish->app);
    code = shell_admit(shell, wish, (uint16_t)app, plan, err);
    if (!code)
        *ret_run = next;
    return code;
}

static enum evac_code not_admitted(struct evac_shell *shell, const struct evac_start_effect *start,
                                   const char *why, struct evac_err *err)
{
    struct evac_event event = { .kind = EVAC_EVENT_NOT_ADMITTED, .now = shell_now(shell) };
    event.u.not_admitted = (struct evac_not_admitted_event){
        .app = start->app,
        .proposed = start->proposed,
        .decided = start->decided,
        .why = evac_str(why),
    };
    return shell_step(shell, &event, err);
}

/* What a part of a drill is about is said by the drill in the configuration. false: it says nothing
 * of it any more, which a restart with another configuration can bring about. */
static bool name_things(const struct evac_app *app, const struct evac_start_effect *start,
                        struct evac_wish *wish)
{
    struct evac_str name = evac_str(start->drill_name ? start->drill_name : "");
    bool look = start->part == EVAC_PART_LOOK;
    for (size_t i = 0; start->part != EVAC_PART_NONE && i < app->drill_count; i++) {
        const struct evac_drill_conf *d = &app->drills[i];
        if (!evac_str_eq(d->name, name))
            continue;
        wish->things = look ? d->unless : d->faults;
        wish->thing_count = look ? d->unless_count : d->fault_count;
    }
    return start->part == EVAC_PART_NONE || wish->thing_count > 0;
}

/* The policy's own wish. What can not be compiled is told to the engine, which tells people. */
enum evac_code shell_start(struct evac_shell *shell, const struct evac_start_effect *start,
                           struct evac_str why, struct evac_err *err)
{
    const struct evac_app *app = &shell->model->apps[start->app];
    struct evac_wish wish = {
        .app = app->name,
        .workflow = start->workflow,
        .drill = start->drill,
        .mode = start->mode,
        .from = app->regions[start->from],
        .to = app->regions[start->to],
        .rehearse = start->rehearse,
        .proposed = start->proposed,
        .decided = start->decided,
        .part = start->part,
        .who = evac_str(start->who),
        .why = why,
    };
    struct evac_plan *plan;
    struct evac_err problem = { EVAC_OK, "" };
    enum evac_code code =
        name_things(app, start, &wish)
            ? compile(shell, &wish, &plan, &problem)
            : evac_fail(&problem, EVAC_E_NOTFOUND,
                        "drill '%s' is not in the configuration any more: what it put in must be "
                        "taken out by hand, or its configuration come back",
                        start->drill_name ? start->drill_name : "");
    if (!code)
        code = shell_admit(shell, &wish, start->app, plan, &problem);
    if (shell->failed)
        return evac_fail(err, EVAC_E_STORE, "%s", problem.text);
    return code ? not_admitted(shell, start, problem.text, err) : EVAC_OK;
}
