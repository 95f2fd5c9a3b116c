/* The calendar of drills: cron in the drill's own time zone, wall clock. */
#include "daemon_internal.h"
#include "log.h"
#include "zone.h"

#include <stdlib.h>

/* 0 never. */
static int64_t next_time(const struct evac_drill_conf *drill, int64_t wall_ms)
{
    struct evac_cron cron;
    if (evac_cron_parse(drill->cron, &cron, NULL))
        return 0;
    return evac_cron_after(&cron, &evac_zones_libc, drill->timezone, wall_ms);
}

void daemon_plan_drills(struct evac_daemon *daemon)
{
    int64_t now = evac_daemon_wall_ms(daemon);
    size_t count = 0, at = 0;
    for (size_t a = 0; a < daemon->model->app_count; a++)
        count += daemon->model->apps[a].drill_count;
    free(daemon->drills);
    daemon->drills = calloc(count + 1, sizeof *daemon->drills);
    if (!daemon->drills)
        abort();
    daemon->drill_count = count;
    for (size_t a = 0; a < daemon->model->app_count; a++)
        for (size_t d = 0; d < daemon->model->apps[a].drill_count; d++)
            daemon->drills[at++] =
                (struct daemon_drill){ a, d, next_time(&daemon->model->apps[a].drills[d], now) };
}

static void begin(struct evac_daemon *daemon, const struct daemon_drill *due)
{
    const struct evac_app *app = &daemon->model->apps[due->app];
    struct evac_err err = { EVAC_OK, "" };
    uint64_t run = 0;
    struct evac_wish wish = {
        .app = app->name,
        .workflow = EVAC_WORKFLOW_DRILL,
        .drill = app->drills[due->drill].kind,
        .mode = EVAC_MODE_GRACEFUL,
        .rehearse = app->drills[due->drill].kind == EVAC_DRILL_REHEARSE,
        .who = EVAC_STR("schedule"),
        .why = app->drills[due->drill].cron,
    };
    if (wish.drill != EVAC_DRILL_REHEARSE && wish.drill != EVAC_DRILL_ISOLATED)
        evac_log(EVAC_LOG_WARN, "drill_not_run",
                 "app=%.*s kind=%s reason=\"only rehearse and isolated can be run yet\"",
                 EVAC_STR_ARG(app->name), evac_drill_kind_name(wish.drill));
    else if (evac_shell_begin(daemon->shell, &wish, &run, &err))
        evac_log(EVAC_LOG_WARN, "drill_not_run", "app=%.*s reason=\"%s\"", EVAC_STR_ARG(app->name),
                 err.text);
    else
        evac_log(EVAC_LOG_INFO, "drill_begun", "app=%.*s run=%llu", EVAC_STR_ARG(app->name),
                 (unsigned long long)run);
}

void daemon_begin_drills(struct evac_daemon *daemon)
{
    int64_t now = evac_daemon_wall_ms(daemon);
    for (size_t i = 0; daemon->shell && i < daemon->drill_count; i++) {
        struct daemon_drill *d = &daemon->drills[i];
        if (d->next_wall_ms == 0 || now < d->next_wall_ms)
            continue;
        begin(daemon, d);
        d->next_wall_ms = next_time(&daemon->model->apps[d->app].drills[d->drill], now);
    }
}

/* --- readiness: every standby is looked at now and then -----------------------------------------
 */

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
        size_t region = a->app->readiness_ms && !a->run && !a->rehearsal ? due_standby(daemon, a)
                                                                         : a->app->region_count;
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
    for (size_t i = 0; i < daemon->drill_count; i++) {
        const struct daemon_drill *d = &daemon->drills[i];
        if (d->app != app || d->next_wall_ms == 0 || (first && d->next_wall_ms >= first))
            continue;
        first = d->next_wall_ms;
        *ret_kind = daemon->model->apps[app].drills[d->drill].kind;
    }
    return first;
}
