/* Readiness: every standby is looked at now and then. */
#include "calendar.h"
#include "daemon_internal.h"
#include "log.h"

#define FIRST_LOOK_MS 60000

/* The standby whose last look is the oldest, when that is old enough; the region count otherwise.
 */
static size_t due_standby(const struct evac_daemon *daemon, const struct evac_engine_app *a)
{
    int64_t now = evac_daemon_wall_ms(daemon), oldest = now - (int64_t)a->app->readiness_ms;
    size_t due = a->app->region_count;
    for (size_t r = 0; r < a->app->region_count && r < EVAC_REGIONS_MAX; r++) {
        int64_t at = a->readiness[r].known ? a->readiness[r].at_wall_ms : 0;
        if (r != a->active && at <= oldest) {
            oldest = at;
            due = r;
        }
    }
    return due;
}

static void look_at(struct evac_daemon *daemon, const struct evac_engine_app *a, size_t region)
{
    struct evac_err err = { EVAC_OK, "" };
    uint64_t run = 0;
    struct evac_wish wish = { .app = a->app->name,
                              .workflow = EVAC_WORKFLOW_DRILL,
                              .drill = EVAC_DRILL_REHEARSE,
                              .mode = EVAC_MODE_GRACEFUL,
                              .to = a->app->regions[region],
                              .rehearse = true,
                              .who = EVAC_STR("readiness"),
                              .why = EVAC_STR("the standby is looked at now and then") };
    if (evac_shell_begin(daemon->shell, &wish, &run, &err))
        evac_log(EVAC_LOG_WARN, "readiness_not_known", "app=%.*s region=%.*s reason=\"%s\"",
                 EVAC_STR_ARG(a->app->name), EVAC_STR_ARG(a->app->regions[region]), err.text);
}

/* One app a second at most, and none soon after the start: a fleet does not look all at once. */
void daemon_begin_looks(struct evac_daemon *daemon)
{
    uint64_t now = evac_daemon_now_ms(daemon);
    if (!daemon->shell || now < daemon->next_look_ms)
        return;
    if (daemon->next_look_ms == 0) {
        daemon->next_look_ms = now + FIRST_LOOK_MS;
        return;
    }
    const struct evac_engine *engine = evac_shell_engine(daemon->shell);
    for (size_t k = 0; k < engine->app_count; k++) {
        size_t i = (daemon->looked_at + 1 + k) % engine->app_count;
        const struct evac_engine_app *a = &engine->apps[i];
        bool free = !a->run && !a->rehearsal && a->drill.state == EVAC_DRILL_IS_IDLE;
        size_t region =
            a->app->readiness_ms && free ? due_standby(daemon, a) : a->app->region_count;
        if (region == a->app->region_count || !engine->lead)
            continue;
        daemon->looked_at = i;
        look_at(daemon, a, region);
        /* what can not begin is not tried every second */
        daemon->next_look_ms =
            now + (evac_shell_engine(daemon->shell)->apps[i].rehearsal ? 1000 : FIRST_LOOK_MS);
        return;
    }
}

int64_t evac_daemon_next_drill(const struct evac_daemon *daemon, size_t app,
                               enum evac_drill_kind *ret_kind)
{
    int64_t first = 0;
    for (size_t i = 0; daemon->shell && i < evac_shell_drill_count(daemon->shell); i++) {
        struct evac_due due = evac_shell_drill(daemon->shell, i);
        if (due.app != &daemon->model->apps[app] || due.due_wall_ms == 0 ||
            (first && due.due_wall_ms >= first))
            continue;
        first = due.due_wall_ms;
        *ret_kind = due.drill->kind;
    }
    return first;
}
