/* When drills are due, and what is in their way. */
#include "calendar_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGAIN_MS 30000u   /* what is in a drill's way is looked at so often */
#define SLEEP_MS 3600000u /* the wall clock may be set: it is looked at now and then */
#define SOAK_MS  1800000
#define RTOS     4 /* of patience, when none is configured */
#define LEAST_MS 600000

/* --- when ------------------------------------------------------------------------------------ */

/* The same each time it is asked, so that a restart moves nothing. */
static int64_t jitter(const struct evac_app *app, const struct evac_drill_conf *d, int64_t due_ms)
{
    if (d->jitter_ms == 0)
        return 0;
    uint64_t x = evac_str_hash(app->name) ^ (evac_str_hash(d->name) * 31) ^ (uint64_t)due_ms;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u; /* splitmix64's finish */
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (int64_t)((x ^ (x >> 31)) % (d->jitter_ms + 1u));
}

int64_t evac_drill_after(const struct evac_shell *shell, const struct evac_app *app,
                         const struct evac_drill_conf *d, int64_t wall_ms)
{
    /* one whose minute has passed may still be due, by its jitter */
    int64_t at = wall_ms - (int64_t)d->jitter_ms;
    for (int i = 0; i < 1000; i++) {
        at = evac_cron_after(&d->schedule, shell->calendar->zones, d->timezone, at);
        if (at == 0 || at + jitter(app, d, at) > wall_ms)
            break;
    }
    return at ? at + jitter(app, d, at) : 0;
}

/* --- what is in the way ---------------------------------------------------------------------- */

static const char *day_of(int64_t wall_ms, char *out, size_t bytes)
{
    struct evac_civil c = evac_zone_civil(&evac_zones_libc, EVAC_STR_NONE, wall_ms);
    snprintf(out, bytes, "%04d-%02u-%02u %02u:%02u UTC", c.year, c.month, c.day, c.hour, c.minute);
    return out;
}

static bool say(char *why, size_t bytes, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static bool say(char *why, size_t bytes, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, bytes, fmt, ap);
    va_end(ap);
    return true;
}

static bool blacked_out(const struct evac_shell *shell, const struct evac_window *windows,
                        size_t count, int64_t wall_ms, int64_t takes_ms, char *why, size_t bytes)
{
    const struct evac_zones *zones = shell->calendar->zones;
    int64_t until = 0, begin = wall_ms;
    char day[40];
    const struct evac_window *w = evac_windows_at(windows, count, zones, wall_ms, &until);
    if (w)
        return say(why, bytes, "a blackout until %s%s%.*s", day_of(until, day, sizeof day),
                   w->reason.n ? ": " : "", EVAC_STR_ARG(w->reason));
    w = evac_windows_between(windows, count, zones, wall_ms, wall_ms + takes_ms, &begin);
    if (!w)
        return false;
    return say(why, bytes, "it would run into a blackout from %s on%s%.*s",
               day_of(begin, day, sizeof day), w->reason.n ? ": " : "", EVAC_STR_ARG(w->reason));
}

static bool outside(const struct evac_shell *shell, const struct evac_app *app, int64_t wall_ms,
                    int64_t takes_ms, char *why, size_t bytes)
{
    int64_t until = 0;
    char day[40];
    if (app->window_count == 0)
        return false;
    if (!evac_windows_at(app->windows, app->window_count, shell->calendar->zones, wall_ms, &until))
        return say(why, bytes, "it is outside of the maintenance windows");
    if (wall_ms + takes_ms <= until)
        return false;
    return say(why, bytes, "it takes %lld min, and the maintenance window ends at %s",
               (long long)(takes_ms / 60000), day_of(until, day, sizeof day));
}

bool evac_drill_barred(const struct evac_shell *shell, const struct evac_app *app, int64_t wall_ms,
                       int64_t takes_ms, char *why, size_t bytes)
{
    const struct evac_controller_conf *conf = &shell->model->controller;
    return blacked_out(shell, app->blackouts, app->blackout_count, wall_ms, takes_ms, why, bytes) ||
           blacked_out(shell, conf->blackouts, conf->blackout_count, wall_ms, takes_ms, why,
                       bytes) ||
           outside(shell, app, wall_ms, takes_ms, why, bytes);
}

static bool is_well(const struct evac_engine_app *a, size_t region)
{
    return a->health.regions[region].verdict == EVAC_VERDICT_UP ||
           evac_health_is_dormant(&a->health, region);
}

/* An app without probes says nothing of its regions. */
static bool region_ails(const struct evac_engine_app *a, char *why, size_t bytes)
{
    size_t probes = 0;
    for (size_t i = 0; i < a->app->probe_count; i++)
        probes += a->app->probes[i].regional;
    for (size_t r = 0; probes && r < a->app->region_count; r++)
        if (!is_well(a, r))
            return say(why, bytes, "%.*s is not up: %s", EVAC_STR_ARG(a->app->regions[r]),
                       evac_verdict_name(a->health.regions[r].verdict));
    return false;
}

/* Capacity and attention are wanted elsewhere, and a fault on top of it by nobody. */
static bool is_hit(const struct evac_shell *shell, const struct evac_engine_app *a, char *why,
                   size_t bytes)
{
    if (shell->engine.fleet.global)
        return say(why, bytes, "%s", shell->engine.fleet.global_says);
    for (uint16_t r = 0; r < a->app->region_count; r++)
        if (evac_engine_is_hit(&shell->engine, a, r))
            return say(why, bytes, "a regional incident goes on in %.*s",
                       EVAC_STR_ARG(a->app->regions[r]));
    return false;
}

/* What the moment says against it: it may be over soon. */
static bool engaged(const struct evac_shell *shell, const struct evac_engine_app *a, char *why,
                    size_t bytes)
{
    int64_t now = shell_now(shell).wall_ms;
    if (!shell->engine.lead)
        return say(why, bytes, "this controller does not hold the lead");
    if (a->drill.state != EVAC_DRILL_IS_IDLE)
        return say(why, bytes, "drill %u of this app is going on", a->drill.number);
    if (a->run)
        return say(why, bytes, "run %llu of this app is going on", (unsigned long long)a->run->id);
    if (a->rehearsal)
        return say(why, bytes, "run %llu looks at this app", (unsigned long long)a->rehearsal->id);
    if (a->ran && !a->acked)
        return say(why, bytes, "run %llu was not acknowledged yet",
                   (unsigned long long)a->last_run);
    if (a->hold_until_wall_ms > now)
        return say(why, bytes, "the app is held: %s", a->hold_reason);
    struct evac_frozen frozen = evac_engine_frozen(&shell->engine, a, now);
    if (frozen.until_wall_ms)
        return say(why, bytes, "frozen: %.*s", EVAC_STR_ARG(frozen.reason));
    if (a->health.vantages[0].abstains)
        return say(why, bytes, "this controller's own opinion does not count now: %s",
                   a->health.vantages[0].why);
    return is_hit(shell, a, why, bytes) || region_ails(a, why, bytes);
}

/* --- one drill ------------------------------------------------------------------------------- */

static struct evac_str best_standby(const struct evac_shell *shell, const struct evac_engine_app *a)
{
    struct evac_now now = shell_now(shell);
    struct evac_decision_input view = evac_engine_view(&shell->engine, a, a->active, &now);
    size_t best = evac_best_standby(&view);
    return a->app->regions[best < a->app->region_count ? best : a->active == 0 ? 1 : 0];
}

static int64_t patience_of(const struct evac_app *app, const struct evac_drill_conf *conf)
{
    int64_t usual = RTOS * app->rto_ms;
    if (conf && conf->patience_ms)
        return conf->patience_ms;
    return usual < LEAST_MS ? LEAST_MS : usual;
}

enum evac_code calendar_resolve(const struct evac_shell *shell, size_t app,
                                const struct evac_drill_conf *conf, enum evac_drill_kind kind,
                                struct evac_str to, int64_t soak_ms,
                                struct calendar_drill *ret_drill, struct evac_err *err)
{
    const struct evac_engine_app *a = &shell->engine.apps[app];
    struct evac_str target = to.n ? to : conf && conf->to.n ? conf->to : best_standby(shell, a);
    size_t r = 0;
    while (r < a->app->region_count && !evac_str_eq(a->app->regions[r], target))
        r++;
    if (r == a->app->region_count)
        return evac_fail(err, EVAC_E_BADARG, "'%.*s' is not one of the app's regions",
                         EVAC_STR_ARG(target));
    if (r == a->active)
        return evac_fail(err, EVAC_E_REFUSED, "'%.*s' is active in %.*s: there is no way there",
                         EVAC_STR_ARG(a->app->name), EVAC_STR_ARG(target));
    if (kind == EVAC_DRILL_GAME_DAY && (!conf || conf->fault_count == 0))
        return evac_fail(err, EVAC_E_BADARG,
                         "a game day's faults are configured: name one of the app's drills");
    *ret_drill = (struct calendar_drill){
        .app = (uint16_t)app,
        .conf = conf,
        .kind = kind,
        .from = a->active,
        .to = (uint16_t)r,
        .soak_ms = soak_ms                 ? soak_ms
                   : conf && conf->soak_ms ? conf->soak_ms
                                           : SOAK_MS,
        .patience_ms = patience_of(a->app, conf),
    };
    calendar_measure(shell, ret_drill);
    return EVAC_OK;
}

static struct evac_drill_event event_of(const struct calendar_drill *d, enum evac_drill_says says)
{
    return (struct evac_drill_event){
        .says = says,
        .app = d->app,
        .kind = d->kind,
        .from = d->from,
        .to = d->to,
        .look = d->conf && d->conf->unless_count > 0,
        .time_ms = d->kind == EVAC_DRILL_GAME_DAY ? d->patience_ms : d->soak_ms,
        .name = d->conf ? d->conf->name : EVAC_STR_NONE,
    };
}

static enum evac_code begin(struct evac_shell *shell, const struct calendar_drill *d,
                            struct evac_drill_event *e, struct evac_err *err)
{
    struct evac_event event = { .kind = EVAC_EVENT_DRILL };
    struct evac_buf receipt;
    evac_buf_init(&receipt, 64u << 10);
    calendar_receipt(shell, d, false, &receipt);
    struct evac_str json = evac_buf_str(&receipt);
    if (json.n && !evac_buf_check(&receipt, "the receipt", NULL))
        e->receipt = (struct evac_str){ json.p + 1, json.n - 1 };
    event.u.drill = *e;
    enum evac_code code = evac_shell_event(shell, &event, err);
    evac_buf_done(&receipt);
    return code;
}

static enum evac_code tell(struct evac_shell *shell, const struct calendar_entry *entry,
                           enum evac_drill_says says, int64_t due_ms, const char *why,
                           struct evac_err *err)
{
    const struct evac_app *app = &shell->model->apps[entry->app];
    const struct evac_drill_conf *conf = &app->drills[entry->drill];
    struct evac_event event = { .kind = EVAC_EVENT_DRILL };
    event.u.drill = (struct evac_drill_event){ .says = says,
                                               .app = (uint16_t)entry->app,
                                               .kind = conf->kind,
                                               .from = shell->engine.apps[entry->app].active,
                                               .to = shell->engine.apps[entry->app].active,
                                               .due_wall_ms = due_ms,
                                               .name = conf->name,
                                               .who = EVAC_STR("schedule"),
                                               .why = evac_str(why) };
    return evac_shell_event(shell, &event, err);
}

/* --- the calendar ---------------------------------------------------------------------------- */

/* The next one, and its row: so that it is known after a crash. */
static enum evac_code plan_next(struct evac_shell *shell, struct calendar_entry *e, int64_t now_ms,
                                struct evac_err *err)
{
    const struct evac_app *app = &shell->model->apps[e->app];
    e->due_ms = evac_drill_after(shell, app, &app->drills[e->drill], now_ms);
    e->look_ms = 0;
    e->waits[0] = '\0';
    if (e->due_ms == 0)
        return EVAC_OK;
    return tell(shell, e, EVAC_DRILL_SAYS_PLANNED, e->due_ms, "", err);
}

static bool real_run_counts(const struct evac_shell *shell, const struct calendar_entry *e,
                            int64_t now_ms, char *why, size_t bytes)
{
    const struct evac_app *app = &shell->model->apps[e->app];
    const struct calendar_past *past = calendar_past(shell->calendar, app->name);
    int64_t ago = now_ms - past->moved_ms, limit = app->drills[e->drill].skip_if_moved_ms;
    if (limit == 0 || past->moved_ms == 0 || ago > limit)
        return false;
    return say(why, bytes, "run %llu moved the app well %lld d %lld h ago: that is as good",
               (unsigned long long)past->moved_run, (long long)(ago / 86400000),
               (long long)(ago / 3600000 % 24));
}

static enum evac_code drop(struct evac_shell *shell, struct calendar_entry *e, int64_t now_ms,
                           enum evac_drill_says says, const char *why, struct evac_err *err)
{
    char text[300];
    snprintf(text, sizeof text, "%s", why);
    enum evac_code code = tell(shell, e, says, e->due_ms, text, err);
    return code ? code : plan_next(shell, e, now_ms, err);
}

/* Something is in its way: now, or it waits for as long as its grace lasts. */
static enum evac_code wait_or_drop(struct evac_shell *shell, struct calendar_entry *e,
                                   const struct evac_now *now, const char *why,
                                   struct evac_err *err)
{
    const struct evac_drill_conf *conf = &shell->model->apps[e->app].drills[e->drill];
    if (now->wall_ms - e->due_ms >= (int64_t)conf->grace_ms)
        return drop(shell, e, now->wall_ms, EVAC_DRILL_SAYS_SKIPPED, why, err);
    (void)say(e->waits, sizeof e->waits, "%s", why);
    e->look_ms = now->boot_ms + AGAIN_MS;
    return EVAC_OK;
}

#define STEP_MS 300000

/* The calendar is known: waiting helps only when it lets the drill begin within its grace. */
static bool stays_barred(const struct evac_shell *shell, const struct calendar_entry *e,
                         int64_t now_ms, int64_t takes_ms)
{
    const struct evac_app *app = &shell->model->apps[e->app];
    int64_t end = e->due_ms + (int64_t)app->drills[e->drill].grace_ms;
    char why[240];
    for (int64_t t = now_ms + STEP_MS; t < end; t += STEP_MS)
        if (!evac_drill_barred(shell, app, t, takes_ms, why, sizeof why))
            return false;
    return true;
}

static enum evac_code try_begin(struct evac_shell *shell, struct calendar_entry *e,
                                const struct evac_now *now, struct evac_err *err)
{
    const struct evac_engine_app *a = &shell->engine.apps[e->app];
    const struct evac_drill_conf *conf = &a->app->drills[e->drill];
    struct evac_err why = { EVAC_OK, "" };
    struct calendar_drill drill;
    char reason[240];

    if (now->wall_ms - e->due_ms > (int64_t)conf->grace_ms && e->waits[0] == '\0')
        return drop(shell, e, now->wall_ms, EVAC_DRILL_SAYS_MISSED,
                    "nobody was there to begin it: the controller was down, or not in the lead",
                    err);
    if (real_run_counts(shell, e, now->wall_ms, reason, sizeof reason))
        return drop(shell, e, now->wall_ms, EVAC_DRILL_SAYS_SKIPPED, reason, err);
    if (engaged(shell, a, reason, sizeof reason))
        return wait_or_drop(shell, e, now, reason, err);
    if (calendar_resolve(shell, e->app, conf, conf->kind, EVAC_STR_NONE, 0, &drill, &why))
        return wait_or_drop(shell, e, now, why.text, err);
    if (evac_drill_barred(shell, a->app, now->wall_ms, drill.takes_ms, reason, sizeof reason))
        return stays_barred(shell, e, now->wall_ms, drill.takes_ms)
                   ? drop(shell, e, now->wall_ms, EVAC_DRILL_SAYS_SKIPPED, reason, err)
                   : wait_or_drop(shell, e, now, reason, err);

    struct evac_drill_event event = event_of(&drill, EVAC_DRILL_SAYS_BEGIN);
    event.approval = conf->approval;
    event.due_wall_ms = e->due_ms;
    event.who = EVAC_STR("schedule");
    event.why = conf->cron.n ? conf->cron : conf->every;
    enum evac_code code = begin(shell, &drill, &event, &why);
    if (code == EVAC_E_STORE)
        return evac_fail(err, code, "%s", why.text);
    if (code)
        return wait_or_drop(shell, e, now, why.text, err);
    return plan_next(shell, e, now->wall_ms, err);
}

/* At the start, and when a reload brings a drill: what was planned before and not begun is still
 * due; it is late, or missed. */
static enum evac_code take_up(struct evac_shell *shell, struct calendar_entry *e, int64_t now_ms,
                              struct evac_err *err)
{
    const struct evac_app *app = &shell->model->apps[e->app];
    const struct evac_drill_conf *conf = &app->drills[e->drill];
    const struct calendar_plan *plan = calendar_plan(shell->calendar, app->name, conf->name);
    int64_t next = evac_drill_after(shell, app, conf, now_ms);
    if (plan->planned_ms == 0 || (plan->planned_ms > now_ms && plan->planned_ms != next))
        return plan_next(shell, e, now_ms, err);
    e->due_ms = plan->planned_ms;
    return EVAC_OK;
}

static void set_wake(struct evac_shell *shell, const struct evac_now *now)
{
    struct shell_calendar *c = shell->calendar;
    uint64_t wake = now->boot_ms + SLEEP_MS;
    for (size_t i = 0; i < c->count; i++) {
        const struct calendar_entry *e = &c->entries[i];
        int64_t left = e->due_ms - now->wall_ms;
        uint64_t at = left > 0 ? now->boot_ms + (uint64_t)left : now->boot_ms;
        at = at > e->look_ms ? at : e->look_ms;
        if (e->due_ms && at < wake)
            wake = at;
    }
    c->wake_ms = c->count ? wake : UINT64_MAX;
}

enum evac_code shell_calendar_tick(struct evac_shell *shell, struct evac_err *err)
{
    struct shell_calendar *c = shell->calendar;
    struct evac_now now = shell_now(shell);
    enum evac_code code = EVAC_OK;
    if (!shell->engine.lead)
        return EVAC_OK;
    code = calendar_tell_debts(shell, err);
    if (code || now.boot_ms < c->wake_ms)
        return code;
    for (size_t i = 0; !code && i < c->count; i++) {
        struct calendar_entry *e = &c->entries[i];
        if (e->due_ms == -1)
            code = take_up(shell, e, now.wall_ms, err);
        if (!code && e->due_ms > 0 && now.wall_ms >= e->due_ms && now.boot_ms >= e->look_ms)
            code = try_begin(shell, e, &now, err);
    }
    set_wake(shell, &now);
    return code;
}

uint64_t shell_calendar_wake_ms(const struct evac_shell *shell)
{
    const struct shell_calendar *c = shell->calendar;
    if (!shell->engine.lead)
        return UINT64_MAX;
    return c->wake_ms < c->debt_ms || shell->engine.app_count == 0 ? c->wake_ms : c->debt_ms;
}

/* -1: not yet taken up. */
void shell_calendar_load(struct evac_shell *shell)
{
    struct shell_calendar *c = shell->calendar;
    size_t count = 0, at = 0;
    for (size_t a = 0; a < shell->model->app_count; a++)
        count += shell->model->apps[a].drill_count;
    free(c->entries);
    c->entries = calloc(count + 1, sizeof *c->entries);
    if (!c->entries)
        abort();
    for (size_t a = 0; a < shell->model->app_count; a++)
        for (size_t d = 0; d < shell->model->apps[a].drill_count; d++)
            c->entries[at++] = (struct calendar_entry){ .app = a, .drill = d, .due_ms = -1 };
    c->count = count;
    free(c->compared);
    c->compared = calloc(shell->model->app_count * EVAC_REGIONS_MAX + 1, sizeof *c->compared);
    if (!c->compared)
        abort();
    c->wake_ms = 0;
    c->debt_ms = 0;
}

void evac_shell_rouse(struct evac_shell *shell)
{
    shell->calendar->wake_ms = 0;
}

struct shell_calendar *shell_calendar_new(const struct evac_zones *zones)
{
    struct shell_calendar *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->zones = zones ? zones : &evac_zones_libc;
    return c;
}

void shell_calendar_free(struct shell_calendar *c)
{
    if (!c)
        return;
    free(c->entries);
    free(c->plans);
    free(c->pasts);
    free(c->compared);
    free(c);
}

/* --- for people ------------------------------------------------------------------------------ */

size_t evac_shell_drill_count(const struct evac_shell *shell)
{
    return shell->calendar->count;
}

struct evac_due evac_shell_drill(const struct evac_shell *shell, size_t i)
{
    const struct calendar_entry *e = &shell->calendar->entries[i];
    const struct evac_app *app = &shell->model->apps[e->app];
    return (struct evac_due){ app, &app->drills[e->drill], e->due_ms > 0 ? e->due_ms : 0,
                              e->waits };
}

static const struct evac_drill_conf *find_drill(const struct evac_app *app,
                                                const struct evac_drill_wish *wish)
{
    for (size_t i = 0; i < app->drill_count; i++)
        if (wish->name.n ? evac_str_eq(app->drills[i].name, wish->name)
                         : app->drills[i].kind == wish->kind)
            return &app->drills[i];
    return NULL;
}

static enum evac_code resolve_wish(const struct evac_shell *shell,
                                   const struct evac_drill_wish *wish,
                                   struct calendar_drill *ret_drill, struct evac_err *err)
{
    size_t app = evac_engine_app(&shell->engine, wish->app);
    if (app == shell->engine.app_count)
        return evac_fail(err, EVAC_E_NOTFOUND, "there is no app '%.*s'", EVAC_STR_ARG(wish->app));
    const struct evac_drill_conf *conf = find_drill(shell->engine.apps[app].app, wish);
    if (wish->name.n && conf && conf->kind != wish->kind)
        return evac_fail(err, EVAC_E_BADARG, "drill '%.*s' is of another kind: %s",
                         EVAC_STR_ARG(wish->name), evac_drill_kind_name(conf->kind));
    if (wish->name.n && !conf)
        return evac_fail(err, EVAC_E_NOTFOUND, "app '%.*s' has no drill '%.*s'",
                         EVAC_STR_ARG(wish->app), EVAC_STR_ARG(wish->name));
    return calendar_resolve(shell, app, conf, wish->kind, wish->to, wish->soak_ms, ret_drill, err);
}

enum evac_code evac_shell_receipt(struct evac_shell *shell, const struct evac_drill_wish *wish,
                                  struct evac_buf *out, struct evac_err *err)
{
    struct calendar_drill drill;
    enum evac_code code = resolve_wish(shell, wish, &drill, err);
    if (!code)
        calendar_receipt(shell, &drill, true, out);
    return code;
}

enum evac_code evac_shell_drill_now(struct evac_shell *shell, const struct evac_drill_wish *wish,
                                    uint32_t *ret_number, struct evac_err *err)
{
    struct calendar_drill drill;
    char why[240];
    enum evac_code code = resolve_wish(shell, wish, &drill, err);
    if (code)
        return code;
    struct evac_now now = shell_now(shell);
    const struct evac_engine_app *a = &shell->engine.apps[drill.app];
    if (engaged(shell, a, why, sizeof why) ||
        evac_drill_barred(shell, a->app, now.wall_ms, drill.takes_ms, why, sizeof why))
        return evac_fail(err, EVAC_E_REFUSED, "%s", why);
    struct evac_drill_event event = event_of(&drill, EVAC_DRILL_SAYS_BEGIN);
    event.due_wall_ms = now.wall_ms;
    event.who = wish->who;
    event.why = wish->why;
    *ret_number = shell->engine.next_drill;
    return begin(shell, &drill, &event, err);
}
