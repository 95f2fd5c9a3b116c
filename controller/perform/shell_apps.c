/* What drivers see of the controller's apps, and how one of them moves others. */
#include "shell_internal.h"

static bool look(void *ctx, struct evac_str name, struct evac_app_view *ret_view)
{
    const struct evac_shell *shell = ctx;
    size_t i = evac_engine_app(&shell->engine, name);
    if (i == shell->engine.app_count)
        return false;
    const struct evac_engine_app *a = &shell->engine.apps[i];
    *ret_view = (struct evac_app_view){ .active = a->app->regions[a->active],
                                        .held = a->hold_until_wall_ms != 0,
                                        .last_run = a->last_run };
    if (a->run)
        ret_view->moving_to = a->run->plan->to;
    if (a->ran && !a->run)
        ret_view->failed = a->last_end != EVAC_RUN_SUCCEEDED && a->last_end != EVAC_RUN_EXCEPTIONS;
    for (size_t r = 0; r < a->app->region_count; r++)
        if (r != a->active && a->health.regions[r].verdict == EVAC_VERDICT_UP)
            ret_view->standby_up = a->app->regions[r];
    return true;
}

static enum evac_code move(void *ctx, struct evac_str name, struct evac_str to, bool graceful,
                           struct evac_str why, struct evac_err *err)
{
    struct evac_shell *shell = ctx;
    uint64_t run;
    struct evac_wish wish = { .app = name,
                              .workflow = EVAC_WORKFLOW_FAILOVER,
                              .mode = graceful ? EVAC_MODE_GRACEFUL : EVAC_MODE_UNGRACEFUL,
                              .to = to,
                              .who = EVAC_STR("group"),
                              .why = why };
    size_t i = evac_engine_app(&shell->engine, name);
    if (i < shell->engine.app_count && evac_str_eq(to, shell->engine.apps[i].app->regions[0]))
        wish.workflow = EVAC_WORKFLOW_FAILBACK; /* home */
    return evac_shell_begin(shell, &wish, &run, err);
}

struct evac_apps shell_apps(struct evac_shell *shell)
{
    return (struct evac_apps){ shell, look, move };
}
