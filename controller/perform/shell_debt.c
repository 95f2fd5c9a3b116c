/*
 * Drill debt: how little is known of an app's way to a region, as a number. 0 is a good drill just
 * now; a quarter without one is 100, whatever it was worth then.
 *
 *   debt = 100 x (age of the newest proof / a quarter)
 *        +  50 if the failover's plan is another one than the proven (25 when that is not known),
 *              half of it if a look since then found the standby ready
 *        +  50 if the newest look found the standby not ready
 *   and 1000 when there is no proof at all.
 *
 * A proof is a good isolated drill, live drill, game day, or a real run that way.
 */
#include "calendar_internal.h"

#include <stdio.h>
#include <string.h>

#define QUARTER_MS INT64_C(7884000000) /* 91.25 days */
#define DAY_MS     INT64_C(86400000)
#define AGAIN_MS   (6u * 3600u * 1000u)
#define PAUSE_MS   20u

static enum calendar_likeness compare_plan(const struct evac_shell *shell,
                                           const struct evac_app *app, uint16_t to,
                                           const struct evac_proof *proof)
{
    struct evac_plan_request q = { .workflow = EVAC_WORKFLOW_FAILOVER,
                                   .mode = proof->mode,
                                   .from = proof->from,
                                   .to = app->regions[to] };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_plan *plan;
    if (proof->hash[0] == '\0')
        return CALENDAR_UNKNOWN;
    if (evac_str_eq(q.to, app->regions[0]) && proof->real)
        q.workflow = EVAC_WORKFLOW_FAILBACK; /* a real run home */
    if (calendar_compile(shell, app, &q, &plan, &err))
        return CALENDAR_OTHER;
    bool same = strcmp(plan->hash, proof->hash) == 0;
    evac_plan_free(plan);
    return same ? CALENDAR_SAME : CALENDAR_OTHER;
}

/* Lists of a thousand apps ask this of each, again and again. */
static enum calendar_likeness compared(const struct evac_shell *shell, size_t app, uint16_t to,
                                       const struct evac_proof *proof)
{
    struct calendar_compared *c = &shell->calendar->compared[app * EVAC_REGIONS_MAX + to];
    if (c->known && c->at_wall_ms == proof->at_wall_ms && strcmp(c->hash, proof->hash) == 0)
        return c->plan;
    c->plan = compare_plan(shell, shell->engine.apps[app].app, to, proof);
    c->at_wall_ms = proof->at_wall_ms;
    memcpy(c->hash, proof->hash, sizeof c->hash);
    c->known = true;
    return c->plan;
}

static const char *kind_of(const struct evac_proof *proof)
{
    return proof->real ? "a real run" : evac_drill_kind_name(proof->kind);
}

struct evac_debt evac_shell_debt(const struct evac_shell *shell, size_t app, uint16_t to)
{
    const struct evac_engine_app *a = &shell->engine.apps[app];
    const struct evac_proof *proof = evac_shell_proof(shell, app, to);
    const struct evac_readiness *look = &a->readiness[to];
    struct evac_debt d = { .points = EVAC_DEBT_NEVER };
    if (!proof) {
        (void)evac_str_copy(d.words, sizeof d.words,
                            EVAC_STR("no drill of this app went well yet"));
        return d;
    }
    int64_t age = shell_now(shell).wall_ms - proof->at_wall_ms;
    age = age < 0 ? 0 : age;
    enum calendar_likeness plan = compared(shell, app, to, proof);
    bool seen = look->known && look->at_wall_ms > proof->at_wall_ms;
    d.age_points = 100 * age / QUARTER_MS;
    d.change_points = plan == CALENDAR_SAME ? 0 : plan == CALENDAR_OTHER ? 50 : 25;
    if (seen && look->ready)
        d.change_points /= 2;
    d.look_points = seen && !look->ready ? 50 : 0;
    d.points = d.age_points + d.change_points + d.look_points;
    snprintf(d.words, sizeof d.words, "the last proof (%.12s) is %lld d old%s%s", kind_of(proof),
             (long long)(age / DAY_MS),
             plan == CALENDAR_SAME    ? ""
             : plan == CALENDAR_OTHER ? ", the plan is another one now"
                                      : ", whether the plan is still the same is not known",
             d.look_points ? ", the last look found the standby not ready" : "");
    return d;
}

static enum evac_code tell(struct evac_shell *shell, size_t app, uint16_t to, struct evac_err *err)
{
    int64_t max = shell->model->apps[app].drill_debt_max;
    struct evac_debt debt = evac_shell_debt(shell, app, to);
    struct evac_event event = { .kind = EVAC_EVENT_ASSURE };
    char text[160];
    if (debt.points == EVAC_DEBT_NEVER)
        (void)evac_str_copy(text, sizeof text, evac_str(debt.words));
    else
        snprintf(text, sizeof text, "drill debt %lld%s: %.110s", (long long)debt.points,
                 debt.points > max ? ", too much" : "", debt.words);
    event.u.assure = (struct evac_assure_event){ .app = (uint16_t)app,
                                                 .region = to,
                                                 .kind = EVAC_ASSURANCE_DRILL,
                                                 .known = true,
                                                 .ok = debt.points <= max,
                                                 .number = debt.points,
                                                 .text = evac_str(text) };
    return evac_shell_event(shell, &event, err);
}

/* One app at a time, with a pause between: a fleet must not hold up anybody. */
enum evac_code calendar_tell_debts(struct evac_shell *shell, struct evac_err *err)
{
    struct shell_calendar *c = shell->calendar;
    uint64_t now = shell_now(shell).boot_ms;
    enum evac_code code = EVAC_OK;
    if (now < c->debt_ms || shell->engine.app_count == 0)
        return EVAC_OK;
    if (c->debt_app >= shell->engine.app_count)
        c->debt_app = 0;
    const struct evac_engine_app *a = &shell->engine.apps[c->debt_app];
    for (uint16_t r = 0; !code && r < a->app->region_count; r++)
        if (!(evac_engine_serving(a) & (1u << r)))
            code = tell(shell, c->debt_app, r, err);
    c->debt_app++;
    c->debt_ms = now + (c->debt_app < shell->engine.app_count ? PAUSE_MS : AGAIN_MS);
    return code;
}
