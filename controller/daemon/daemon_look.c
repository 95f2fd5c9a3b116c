/* Readiness: every standby is looked at now and then. */
#include "calendar.h"
#include "daemon_internal.h"
#include "log.h"

void daemon_begin_looks(struct evac_daemon *daemon)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_rounds_trouble t;
    if (daemon->shell && evac_rounds_go(&daemon->rounds, daemon->shell, evac_daemon_now_ms(daemon),
                                        evac_daemon_wall_ms(daemon), &t, &err))
        evac_log(EVAC_LOG_WARN, "readiness_not_known", "app=%.*s region=%.*s reason=\"%s\"",
                 EVAC_STR_ARG(t.app), EVAC_STR_ARG(t.region), err.text);
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
