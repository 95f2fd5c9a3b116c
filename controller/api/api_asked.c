/* What waits for a person, and what people (or a calendar) hold: of all apps. */
#include "api_routes.h"

/* --- approvals -----------------------------------------------------------------------------------
 */

struct asking {
    struct api_call *c;
    struct api_pager pager;
    struct evac_jw w;
};

static void put_of(const struct evac_approvals *rules, struct evac_jw *w)
{
    evac_jw_open(w, "of", '[');
    if (!rules)
        evac_jw_cstr(w, NULL, evac_role_name(EVAC_ROLE_APPROVER));
    for (size_t i = 0; rules && i < rules->of_count; i++)
        evac_jw_str(w, NULL, rules->of[i]);
    evac_jw_close(w, ']');
}

static void put_given(const struct evac_run *run, uint32_t step, struct evac_jw *w)
{
    evac_jw_open(w, "given", '[');
    for (uint16_t i = 0; i < run->yes_count; i++)
        if (run->yeses[i].step == step)
            evac_jw_cstr(w, NULL, run->yeses[i].who);
    evac_jw_close(w, ']');
}

/* The start's end is known to the minute; a step waits as long as its rule says, if it does. */
static void put_until(const struct evac_run *run, uint32_t step,
                      const struct evac_gate_marks *marks, const struct evac_now *now,
                      struct evac_jw *w)
{
    const struct evac_approvals *rules = run->facts.approvals;
    bool start = step == EVAC_NO_STEP && run->deadline_ms != UINT64_MAX;
    bool rule = marks->asked_wall_ms && rules && rules->expiry_ms;
    int64_t left = (int64_t)(run->deadline_ms - now->boot_ms);
    evac_jw_known(w, "since_ms", marks->asked_wall_ms != 0, marks->asked_wall_ms);
    evac_jw_known(w, "until_ms", start || rule,
                  start  ? now->wall_ms + left
                  : rule ? marks->asked_wall_ms + rules->expiry_ms
                         : 0);
}

static void put_question(struct asking *a, const struct evac_run *run, uint32_t step)
{
    struct evac_now now = api_now(a->c);
    struct evac_gate_word word;
    bool start = step == EVAC_NO_STEP;
    const struct evac_gate_marks *marks = start ? &run->gates : &run->steps[step].gates;
    if (!evac_run_gate_stands(run, step, EVAC_RUN_GATE_APPROVAL) ||
        !evac_run_gate_shut(run, &now, step, EVAC_RUN_GATE_APPROVAL, &word) ||
        !api_pager_takes(&a->pager))
        return;
    evac_jw_open(&a->w, NULL, '{');
    evac_jw_cstr(&a->w, "about", start ? "run" : "step");
    evac_jw_i64(&a->w, "run", (int64_t)run->id);
    evac_jw_str(&a->w, "app", run->plan->app);
    evac_jw_str(&a->w, "step", start ? EVAC_STR_NONE : run->plan->steps[step].id);
    evac_jw_cstr(&a->w, "region", NULL);
    evac_jw_cstr(&a->w, "requested_by", run->who);
    evac_jw_cstr(&a->w, "reason", word.why);
    put_until(run, step, marks, &now, &a->w);
    evac_jw_i64(&a->w, "needed", evac_run_yeses_needed(run));
    put_given(run, step, &a->w);
    put_of(run->facts.approvals, &a->w);
    evac_jw_close(&a->w, '}');
}

static void put_questions(struct asking *a, const struct evac_run *run)
{
    if (run->state == EVAC_RUN_PROPOSED)
        put_question(a, run, EVAC_NO_STEP);
    for (uint16_t i = 0; i < run->plan->forward_count; i++)
        if (run->steps[i].state == EVAC_STEP_GATED)
            put_question(a, run, i);
}

/* One yes for all the apps of a region. */
static void put_incident(struct asking *a, const struct evac_fleet_region *region)
{
    const struct evac_incident *i = &region->incident;
    if (i->state != EVAC_INCIDENT_OPEN || !i->proposed || !api_pager_takes(&a->pager))
        return;
    evac_jw_open(&a->w, NULL, '{');
    evac_jw_cstr(&a->w, "about", "incident");
    evac_jw_null(&a->w, "run");
    evac_jw_cstr(&a->w, "app", "");
    evac_jw_cstr(&a->w, "step", "");
    evac_jw_cstr(&a->w, "region", region->name);
    evac_jw_cstr(&a->w, "requested_by", "policy");
    evac_jw_cstr(&a->w, "reason", i->why);
    evac_jw_i64(&a->w, "since_ms", i->since_wall_ms);
    evac_jw_null(&a->w, "until_ms");
    evac_jw_i64(&a->w, "needed", 1);
    evac_jw_open(&a->w, "given", '[');
    evac_jw_close(&a->w, ']');
    put_of(NULL, &a->w);
    evac_jw_close(&a->w, '}');
}

void api_list_approvals(struct api_call *c)
{
    const struct evac_engine *engine = api_engine(c);
    struct asking a = { c, api_pager_of(c, 100, 1000), api_writer(c) };
    evac_jw_open(&a.w, NULL, '[');
    for (size_t i = 0; i < engine->fleet.region_count; i++)
        put_incident(&a, &engine->fleet.regions[i]);
    for (const struct evac_run *run = engine->runs; run; run = run->next)
        put_questions(&a, run);
    evac_jw_close(&a.w, ']');
    api_pager_end(c, &a.pager);
}

/* --- holds, freezes, waivers ---------------------------------------------------------------------
 */

struct held {
    const char *kind, *by;
    struct evac_str app, condition, owner, reason;
    int64_t until_ms; /* INT64_MAX: until it is taken back */
};

static void put_held(struct asking *a, const struct held *h)
{
    if (!api_pager_takes(&a->pager))
        return;
    evac_jw_open(&a->w, NULL, '{');
    evac_jw_cstr(&a->w, "kind", h->kind);
    evac_jw_str(&a->w, "app", h->app);
    evac_jw_str(&a->w, "condition", h->condition);
    evac_jw_cstr(&a->w, "by", h->by);
    evac_jw_str(&a->w, "owner", h->owner);
    evac_jw_str(&a->w, "reason", h->reason);
    evac_jw_known(&a->w, "until_ms", h->until_ms != INT64_MAX, h->until_ms);
    evac_jw_close(&a->w, '}');
}

static void put_freezes(struct asking *a, struct evac_str app, const struct evac_word *freezes,
                        int64_t now_ms)
{
    static const char *const by[] = {
        [EVAC_FREEZE_BY_WORD] = "word", [EVAC_FREEZE_BY_CALENDAR] = "calendar"
    };
    for (unsigned f = 0; f < EVAC_FREEZE_COUNT; f++)
        if (freezes[f].until_wall_ms > now_ms)
            put_held(a, &(struct held){ .kind = "freeze",
                                        .by = by[f],
                                        .app = app,
                                        .owner = evac_str(freezes[f].owner),
                                        .reason = evac_str(freezes[f].reason),
                                        .until_ms = freezes[f].until_wall_ms });
}

static void put_waivers(struct asking *a, const struct evac_engine_app *e, int64_t now_ms)
{
    for (unsigned k = 0; k < EVAC_CONDITION_COUNT; k++)
        if (evac_waiver_holds(e->waivers[k].until_wall_ms, now_ms))
            put_held(a, &(struct held){ .kind = "waiver",
                                        .by = "word",
                                        .app = e->app->name,
                                        .condition =
                                            evac_str(evac_condition_name((enum evac_condition)k)),
                                        .owner = evac_str(e->waivers[k].owner),
                                        .reason = evac_str(e->waivers[k].reason),
                                        .until_ms = e->waivers[k].until_wall_ms });
    for (size_t i = 0; i < e->app->waiver_count; i++) {
        const struct evac_waiver_conf *file = &e->app->waivers[i];
        if (evac_waiver_holds(file->until_wall_ms, now_ms))
            put_held(a, &(struct held){ .kind = "waiver",
                                        .by = "configuration",
                                        .app = e->app->name,
                                        .condition = evac_str(evac_condition_name(file->condition)),
                                        .owner = file->owner,
                                        .reason = file->reason,
                                        .until_ms = file->until_wall_ms });
    }
}

static void put_app(struct asking *a, const struct evac_engine_app *e, int64_t now_ms)
{
    if (e->hold_until_wall_ms > now_ms)
        put_held(a, &(struct held){ .kind = "hold",
                                    .by = "word",
                                    .app = e->app->name,
                                    .owner = evac_str(e->hold_owner),
                                    .reason = evac_str(e->hold_reason),
                                    .until_ms = e->hold_until_wall_ms });
    put_freezes(a, e->app->name, e->freezes, now_ms);
    put_waivers(a, e, now_ms);
}

void api_list_holds(struct api_call *c)
{
    const struct evac_engine *engine = api_engine(c);
    struct asking a = { c, api_pager_of(c, 100, 1000), api_writer(c) };
    int64_t now = evac_daemon_wall_ms(c->daemon);
    evac_jw_open(&a.w, NULL, '[');
    if (engine->stopped)
        put_held(&a, &(struct held){ .kind = "stop-automation",
                                     .by = "word",
                                     .owner = evac_str(engine->stopped_by),
                                     .reason = evac_str(engine->stopped_why),
                                     .until_ms = INT64_MAX });
    put_freezes(&a, EVAC_STR_NONE, engine->freezes, now);
    for (size_t i = 0; i < engine->app_count; i++)
        put_app(&a, &engine->apps[i], now);
    evac_jw_close(&a.w, ']');
    api_pager_end(c, &a.pager);
}
