/* What this controller says of itself: to the service manager, and to whoever asks whether it is
 * alive and ready. */
#include "daemon_internal.h"

#include <stdio.h>

#define ALIVE_MS 5000u /* the second was not later than that */

struct evac_daemon_state evac_daemon_state(const struct evac_daemon *daemon)
{
    uint64_t now = evac_daemon_now_ms(daemon), felt = daemon->self.felt_ms;
    const struct evac_engine *engine = daemon->shell ? evac_shell_engine(daemon->shell) : NULL;
    return (struct evac_daemon_state){
        .alive = felt != 0 && now - felt < ALIVE_MS + SECOND_MS,
        .journal = engine != NULL && !evac_shell_failed(daemon->shell),
        .configured = daemon->model != NULL,
        .probing = daemon->probes != NULL,
        .lead = engine != NULL && engine->lead,
        .observes = daemon->o.observe_only,
    };
}

const char *evac_daemon_role(const struct evac_daemon_state *state)
{
    return state->lead ? "lead" : state->observes ? "observer" : "follower";
}

bool evac_daemon_is_ready(const struct evac_daemon_state *state)
{
    return state->alive && state->journal && state->configured && state->probing;
}

/* "12 apps, 1 down, 1 run; lead" */
static void say_state(const struct evac_daemon *daemon, char *text, size_t bytes)
{
    const struct evac_engine *engine = evac_shell_engine(daemon->shell);
    struct evac_daemon_state state = evac_daemon_state(daemon);
    size_t down = 0;
    for (size_t i = 0; i < engine->app_count; i++)
        down += engine->apps[i].health.regions[engine->apps[i].active].verdict == EVAC_VERDICT_DOWN;
    snprintf(text, bytes, "%zu app%s, %zu down, %zu run%s; %s", engine->app_count,
             engine->app_count == 1 ? "" : "s", down, engine->run_count,
             engine->run_count == 1 ? "" : "s", evac_daemon_role(&state));
}

void daemon_tell(struct evac_daemon *daemon)
{
    char text[160];
    if (daemon->trouble[0] || !daemon->shell)
        (void)snprintf(text, sizeof text, "in trouble: %.120s", daemon->trouble);
    else
        say_state(daemon, text, sizeof text);
    evac_supervisor_status(&daemon->supervisor, text);
    evac_supervisor_feed(&daemon->supervisor, evac_daemon_now_ms(daemon));
}

void evac_daemon_ready(struct evac_daemon *daemon)
{
    (void)evac_supervisor_say(&daemon->supervisor, "READY=1");
    daemon_tell(daemon);
}

/* systemd 253 and later wait for the word with the time in it (Type=notify-reload). */
void daemon_tell_reloading(struct evac_daemon *daemon)
{
    char lines[80];
    snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%llu",
             (unsigned long long)(uv_hrtime() / 1000));
    (void)evac_supervisor_say(&daemon->supervisor, lines);
}
