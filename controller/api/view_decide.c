#include "clock.h"
#include "view.h"

/* Today's failover, as it would be begun now: out of what is down, else out of the active region.
 */
static struct evac_plan *plan_now(struct evac_daemon *daemon, const struct evac_engine_app *a,
                                  struct evac_diag *diag, struct evac_str *ret_why)
{
    struct evac_plan *plan = NULL;
    struct evac_err err = { EVAC_OK, "" };
    bool decided = a->decision.decide != EVAC_DECIDE_NOTHING;
    struct evac_wish wish = { .app = a->app->name,
                              .workflow = EVAC_WORKFLOW_FAILOVER,
                              .mode = EVAC_MODE_UNGRACEFUL };
    if (decided && a->decision.from < a->app->region_count)
        wish.from = a->app->regions[a->decision.from];
    if (decided && a->decision.target < a->app->region_count)
        wish.to = a->app->regions[a->decision.target];
    if (evac_shell_plan(evac_daemon_shell(daemon), &wish, diag, &plan, &err))
        *ret_why = evac_arena_str(diag->arena, evac_str(err.text));
    return plan;
}

void evac_view_decide(struct evac_daemon *daemon, size_t app, struct evac_jw *w)
{
    const struct evac_engine *engine = evac_shell_engine(evac_daemon_shell(daemon));
    const struct evac_engine_app *a = &engine->apps[app];
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_clock_input in = { .engine = engine,
                                   .app = app,
                                   .history = evac_daemon_history(daemon),
                                   .now = { evac_daemon_now_ms(daemon), evac_daemon_wall_ms(daemon),
                                            0 } };
    struct evac_plan *plan = a->run ? NULL : plan_now(daemon, a, &diag, &in.no_plan);
    struct evac_clock clock;
    in.plan = plan;
    evac_clock_read(&in, diag.arena, &clock);
    evac_clock_to_json(&clock, w);
    evac_plan_free(plan);
    evac_arena_free(diag.arena);
}
