/* What no row says and somebody should know: time that runs out. Looked at now and then; a matter
 * is told once, and is over when it does not hold any more. */
#include "shell_notify.h"

#define LOOK_MS      15000u
#define LAST_CALL_MS 300000u /* of a question: so long before nobody can answer it any more */
#define PAUSE_MS     900000  /* RELIABILITY 2.8: a run that is paused for so long */
#define SLOW_TIMES   2       /* RELIABILITY 2.8: of the objective */

/* --- a matter --------------------------------------------------------------------------------- */

/* holds: told, unless it is; otherwise over, if it was told. */
static void say(struct evac_shell *shell, struct evac_message *m, bool holds)
{
    bool open = evac_outbox_is_open_anywhere(shell->notify->outbox, m->key);
    if (holds == open)
        return;
    m->state = holds ? EVAC_NOTICE_TRIGGER : EVAC_NOTICE_RESOLVE;
    m->wall_ms = shell_now(shell).wall_ms;
    shell_notify_keep(shell, m);
}

#define KEY(m, ...)   evac_notice_text((m)->key, sizeof(m)->key, __VA_ARGS__)
#define TITLE(m, ...) evac_notice_text((m)->title, sizeof(m)->title, __VA_ARGS__)
#define TEXT(m, ...)  evac_notice_text((m)->text, sizeof(m)->text, __VA_ARGS__)
#define S(s)          EVAC_STR_ARG(s)

/* --- runs ------------------------------------------------------------------------------------- */

static struct evac_message of_run(const struct evac_run *run, enum evac_notice_kind kind,
                                  enum evac_urgency severity)
{
    struct evac_message m = { .kind = kind, .severity = severity, .run = run->id };
    (void)evac_str_copy(m.app, sizeof m.app, run->plan->app);
    return m;
}

static void last_call(struct evac_shell *shell, const struct evac_run *run,
                      const struct evac_now *now)
{
    struct evac_message m = of_run(run, EVAC_ABOUT_ESCALATION, EVAC_URGENCY_CRITICAL);
    uint64_t left = run->deadline_ms > now->boot_ms ? run->deadline_ms - now->boot_ms : 0;
    bool whole = run->deadline_ms > run->entered_ms + 2 * LAST_CALL_MS;
    bool holds = run->state == EVAC_RUN_PROPOSED && run->asks && whole && left < LAST_CALL_MS;
    KEY(&m, "%.*s/run/%llu/ask/last-call", S(run->plan->app), (unsigned long long)run->id);
    TITLE(&m, "%.*s: the question about run %llu is open for %llu minutes more", S(run->plan->app),
          (unsigned long long)run->id, (unsigned long long)(left / 60000 + 1));
    TEXT(&m, "Then it is as nobody had said yes. evac approve %llu | evac decline %llu",
         (unsigned long long)run->id, (unsigned long long)run->id);
    if (holds || run->state != EVAC_RUN_PROPOSED)
        say(shell, &m, holds);
}

static void slow(struct evac_shell *shell, const struct evac_run *run, const struct evac_now *now)
{
    struct evac_message m = of_run(run, EVAC_ABOUT_RUN, EVAC_URGENCY_CRITICAL);
    int64_t began = evac_run_instant_now_ms(run, EVAC_INSTANT_STARTED);
    int64_t limit = SLOW_TIMES * run->plan->rto_ms;
    bool real = !evac_plan_is_aside(run->plan) && run->plan->rto_ms > 0 && began > 0;
    KEY(&m, "%.*s/run/%llu/slow", S(run->plan->app), (unsigned long long)run->id);
    TITLE(&m, "%.*s: run %llu takes more than twice its objective", S(run->plan->app),
          (unsigned long long)run->id);
    TEXT(&m,
         "It began %lld s ago and its objective is %lld s. evac watch %llu shows what it waits for",
         (long long)((now->wall_ms - began) / 1000), (long long)(run->plan->rto_ms / 1000),
         (unsigned long long)run->id);
    say(shell, &m, real && now->wall_ms - began > limit);
}

/* Since when it is paused: a place for the run; of more than those that are kept the oldest number
 * gives way. */
static uint64_t *pause_of(struct shell_notify *n, uint64_t run)
{
    size_t at = 0, count = sizeof n->pauses / sizeof n->pauses[0];
    for (size_t i = 0; i < count; i++) {
        if (n->pauses[i].run == run)
            return &n->pauses[i].since_boot_ms;
        if (n->pauses[i].run < n->pauses[at].run)
            at = i;
    }
    n->pauses[at].run = run;
    n->pauses[at].since_boot_ms = 0;
    return &n->pauses[at].since_boot_ms;
}

static void paused(struct evac_shell *shell, const struct evac_run *run, const struct evac_now *now)
{
    struct evac_message m = of_run(run, EVAC_ABOUT_RUN, EVAC_URGENCY_ERROR);
    uint64_t *since = pause_of(shell->notify, run->id);
    if (!run->paused)
        *since = 0;
    else if (*since == 0)
        *since = now->boot_ms;
    KEY(&m, "%.*s/run/%llu/paused", S(run->plan->app), (unsigned long long)run->id);
    TITLE(&m, "%.*s: run %llu has been paused for a quarter of an hour", S(run->plan->app),
          (unsigned long long)run->id);
    TEXT(&m, "evac resume %llu lets it go on", (unsigned long long)run->id);
    say(shell, &m, run->paused && now->boot_ms - *since >= PAUSE_MS);
}

/* --- certificates ----------------------------------------------------------------------------- */

/* The earliest end that any vantage saw; 0 none. */
static int64_t ends_at(const struct evac_engine_app *a, size_t probe)
{
    int64_t first = 0;
    for (size_t r = 0; r < a->app->region_count && r < EVAC_REGIONS_MAX; r++)
        for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++) {
            int64_t until = a->health.tracks[probe][r][v].certificate_until_ms;
            if (until && (first == 0 || until < first))
                first = until;
        }
    return first;
}

static void certificates(struct evac_shell *shell, const struct evac_engine_app *a,
                         const struct evac_now *now)
{
    int64_t soon = shell->model->controller.notify.certificate_ms;
    for (size_t p = 0; soon && p < a->app->probe_count && p < EVAC_PROBES_MAX; p++) {
        int64_t until = ends_at(a, p);
        struct evac_message m = { .kind = EVAC_ABOUT_CERTIFICATE };
        int64_t days = (until - now->wall_ms) / 86400000;
        if (until == 0)
            continue;
        m.severity = days < 2 ? EVAC_URGENCY_ERROR : EVAC_URGENCY_WARNING;
        (void)evac_str_copy(m.app, sizeof m.app, a->app->name);
        KEY(&m, "%.*s/certificate/%.*s", S(a->app->name), S(a->app->probes[p].name));
        TITLE(&m, "%.*s: the certificate that probe %.*s sees ends soon", S(a->app->name),
              S(a->app->probes[p].name));
        TEXT(&m, "In %lld days. %.*s", (long long)days, S(a->app->probes[p].target));
        say(shell, &m, until - now->wall_ms < soon);
    }
}

/* --- the look --------------------------------------------------------------------------------- */

void shell_notify_watch(struct evac_shell *shell)
{
    struct shell_notify *n = shell->notify;
    struct evac_now now = shell_now(shell);
    if (now.boot_ms < n->look_ms)
        return;
    n->look_ms = now.boot_ms + LOOK_MS;
    for (const struct evac_run *run = shell->engine.runs; run; run = run->next) {
        last_call(shell, run, &now);
        slow(shell, run, &now);
        paused(shell, run, &now);
    }
    for (size_t i = 0; i < shell->engine.app_count; i++)
        certificates(shell, &shell->engine.apps[i], &now);
}

bool shell_region_is_down(void *ctx, struct evac_str name)
{
    const struct evac_fleet *fleet = &((const struct evac_shell *)ctx)->engine.fleet;
    for (size_t i = 0; i < fleet->region_count; i++) {
        const struct evac_fleet_region *r = &fleet->regions[i];
        bool incident = evac_incident_is_on(&r->incident) && r->incident.found;
        if (evac_str_is(name, r->name))
            return incident || 2u * r->counts[EVAC_FLEET_SEEN_BAD] > r->counts[EVAC_FLEET_SEEN];
    }
    return false;
}
