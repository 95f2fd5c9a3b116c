/*
 * Freezes of the configuration's calendar: those of evac.cfg for all apps, those of an app for it.
 * Looked at with each full minute, since the calendar knows nothing shorter; the engine hears what
 * holds now and keeps to itself what is no news.
 */
#include "calendar_internal.h"

#define MINUTE_MS 60000

/* The one that holds longest; until 0: none. */
static struct evac_freeze_event holds(const struct evac_shell *shell,
                                      const struct evac_freeze_conf *freezes, size_t count,
                                      int64_t wall_ms)
{
    struct evac_freeze_event best = { .until_wall_ms = 0 };
    for (size_t i = 0; i < count; i++) {
        int64_t until;
        if (!evac_window_at(&freezes[i].window, shell->calendar->zones, wall_ms, &until) ||
            until <= best.until_wall_ms)
            continue;
        best.until_wall_ms = until;
        best.owner = freezes[i].owner;
        best.reason = freezes[i].window.reason;
    }
    return best;
}

static enum evac_code tell(struct evac_shell *shell, uint16_t app,
                           const struct evac_freeze_conf *freezes, size_t count, int64_t wall_ms,
                           struct evac_err *err)
{
    struct evac_event event = { .kind = EVAC_EVENT_FREEZE };
    event.u.freeze = holds(shell, freezes, count, wall_ms);
    event.u.freeze.app = app;
    return evac_shell_event(shell, &event, err);
}

/* Of an app without any, only that one is over which the configuration had before. */
static bool concerns(const struct evac_engine_app *a)
{
    return a->app->freeze_count || a->freezes[EVAC_FREEZE_BY_CALENDAR].until_wall_ms;
}

static bool has_any(const struct evac_model *model)
{
    bool any = model->controller.freeze_count > 0;
    for (size_t i = 0; i < model->app_count && !any; i++)
        any = model->apps[i].freeze_count > 0;
    return any;
}

enum evac_code shell_freeze(struct evac_shell *shell, struct evac_err *err)
{
    const struct evac_controller_conf *conf = &shell->model->controller;
    struct evac_now now = shell_now(shell);
    if (now.boot_ms < shell->freeze_ms)
        return EVAC_OK;
    shell->freeze_ms = has_any(shell->model)
                           ? now.boot_ms + (uint64_t)(MINUTE_MS - now.wall_ms % MINUTE_MS)
                           : UINT64_MAX;
    enum evac_code code = EVAC_OK;
    if (conf->freeze_count || shell->engine.freezes[EVAC_FREEZE_BY_CALENDAR].until_wall_ms)
        code = tell(shell, EVAC_ALL_APPS, conf->freezes, conf->freeze_count, now.wall_ms, err);
    for (size_t i = 0; !code && i < shell->engine.app_count; i++) {
        const struct evac_app *app = shell->engine.apps[i].app;
        if (concerns(&shell->engine.apps[i]))
            code = tell(shell, (uint16_t)i, app->freezes, app->freeze_count, now.wall_ms, err);
    }
    return code;
}
