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

/* "": a failover goes to the standby that is up and was found ready (else the first), a failback
 * home. */
static size_t choose_target(const struct evac_engine_app *a, const struct evac_wish *wish)
{
    if (wish->to.n)
        return region_index(a->app, wish->to);
    if (wish->workflow == EVAC_WORKFLOW_FAILBACK)
        return 0;
    size_t first = a->active == 0 ? 1 : 0;
    size_t best = evac_best_standby(a->app, &a->health, a->readiness, a->active);
    return best < a->app->region_count ? best : first;
}

static enum evac_code resolve(const struct evac_shell *shell, const struct evac_wish *wish,
                              const struct evac_engine_app **ret_app, size_t *ret_to,
                              struct evac_err *err)
{
    size_t i = evac_engine_app(&shell->engine, wish->app);
    if (i == shell->engine.app_count)
        return evac_fail(err, EVAC_E_NOTFOUND, "there is no app '%.*s'", EVAC_STR_ARG(wish->app));

    const struct evac_engine_app *a = &shell->engine.apps[i];
    size_t to = choose_target(a, wish);
    if (to >= a->app->region_count)
        return evac_fail(err, EVAC_E_BADARG, "'%.*s' is not one of the app's regions",
                         EVAC_STR_ARG(wish->to));
    if (to == a->active)
        return evac_fail(err, EVAC_E_REFUSED, "'%.*s' is active in %.*s already",
                         EVAC_STR_ARG(wish->app), EVAC_STR_ARG(a->app->regions[to]));
    *ret_app = a;
    *ret_to = to;
    return EVAC_OK;
}

enum evac_code evac_shell_plan(const struct evac_shell *shell, const struct evac_wish *wish,
                               struct evac_diag *diag, struct evac_plan **ret_plan,
                               struct evac_err *err)
{
    const struct evac_engine_app *a;
    size_t to;
    enum evac_code code = resolve(shell, wish, &a, &to, err);
    if (code)
        return code;
    struct evac_plan_request request = {
        .model = shell->model,
        .app = a->app,
        .catalog = shell->o.catalog,
        .workflow = wish->workflow,
        .drill = wish->drill,
        .mode = wish->mode,
        .rehearse = wish->rehearse,
        .isolate = wish->isolate,
        .from = a->app->regions[a->active],
        .to = a->app->regions[to],
    };
    return evac_plan_compile(&request, diag, ret_plan, err);
}

enum evac_code shell_admit(struct evac_shell *shell, const struct evac_wish *wish, uint16_t app,
                           struct evac_plan *plan, struct evac_err *err)
{
    struct shell_run *memory = shell_new_run(shell, plan);
    struct evac_buf json;
    struct evac_event event = { .kind = EVAC_EVENT_ADMIT };

    evac_buf_init(&json, PLAN_JSON_MAX);
    evac_plan_to_json(plan, &json);
    enum evac_code code = evac_buf_check(&json, "the plan", err);
    if (!code && plan->isolate.n)
        code = shell_isolate(shell, plan->isolate, err);
    if (!code) {
        event.u.admit = (struct evac_admit_event){
            .app = app,
            .run = memory->memory,
            .plan_json = evac_buf_str(&json),
            .who = wish->who,
            .why = wish->why,
            .proposed = wish->proposed,
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
    evac_buf_done(&json);
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

static enum evac_code not_admitted(struct evac_shell *shell, uint16_t app, const char *why,
                                   struct evac_err *err)
{
    struct evac_event event = { .kind = EVAC_EVENT_NOT_ADMITTED, .now = shell_now(shell) };
    event.u.not_admitted.app = app;
    event.u.not_admitted.why = evac_str(why);
    return shell_step(shell, &event, err);
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
        .to = app->regions[start->to],
        .rehearse = start->rehearse,
        .proposed = start->proposed,
        .who = evac_str(start->who),
        .why = why,
    };
    struct evac_plan *plan;
    struct evac_err problem = { EVAC_OK, "" };
    enum evac_code code = compile(shell, &wish, &plan, &problem);
    if (!code)
        code = shell_admit(shell, &wish, start->app, plan, &problem);
    if (shell->failed)
        return evac_fail(err, EVAC_E_STORE, "%s", problem.text);
    return code ? not_admitted(shell, start->app, problem.text, err) : EVAC_OK;
}
