#include "engine_internal.h"

static void see_number(struct evac_engine *engine, const struct evac_record *r)
{
    if (r->seq >= engine->next_seq)
        engine->next_seq = r->seq + 1;
    if (r->run >= engine->next_run)
        engine->next_run = r->run + 1;
    engine->committed = r->seq;
}

static struct evac_engine_app *app_of(struct evac_engine *engine, struct evac_str name)
{
    size_t i = evac_engine_app(engine, name);
    return i < engine->app_count ? &engine->apps[i] : NULL;
}

static void see_admission(struct evac_engine_app *a, const struct evac_record *r)
{
    a->replay_run = r->run;
    a->active_before = a->active;
    a->out_before = a->out;
    a->replay_workflow = EVAC_WORKFLOW_FAILOVER;
    (void)evac_workflow_parse(r->name, &a->replay_workflow);
    a->replay_from = engine_region_index(a->app, r->from);
    a->replay_to = engine_region_index(a->app, r->to);
    a->replay_real = r->number == 0;
    a->replay_auto = evac_str_is(r->who, "policy");
    a->replay_started = false;
    if (a->replay_real && a->replay_workflow == EVAC_WORKFLOW_FAILOVER)
        engine_note_leave(a, r->run, a->replay_from);
    a->replay_drills = evac_str_is(r->who, EVAC_DRILL_WHO);
}

static void see_move(struct evac_engine_app *a)
{
    engine_moved(a, a->replay_workflow, a->replay_from, a->replay_to);
}

static void see_end(struct evac_engine_app *a, const struct evac_record *r)
{
    enum evac_run_state state;
    if (!a->replay_real || !evac_run_state_parse(r->to, &state))
        return;
    if (state == EVAC_RUN_SUCCEEDED || state == EVAC_RUN_EXCEPTIONS)
        see_move(a);
    if (state == EVAC_RUN_ROLLED_BACK)
        engine_move_back(a);
    a->ran = true;
    a->last_of_drill = a->replay_drills;
    a->acked = a->replay_drills; /* a drill's end is nobody's emergency */
    a->auto_unacked = a->auto_unacked || (a->replay_auto && a->replay_started);
    a->last_end = state;
    a->last_end_wall_ms = r->t_wall_ms;
    a->last_run = r->run;
}

static void see_look(struct evac_engine_app *a, const struct evac_record *r)
{
    bool cut_off = evac_str_has(r->data, "\"isolate\":\"");
    if (evac_str_is(r->name, evac_workflow_name(EVAC_WORKFLOW_FENCE)) || cut_off)
        return; /* says nothing of a standby: a fence, or what it would be without a region */
    a->replay_look = r->run;
    a->replay_look_to = engine_region_index(a->app, r->to);
}

static void see_look_end(struct evac_engine_app *a, const struct evac_record *r)
{
    enum evac_run_state state;
    if (evac_run_state_parse(r->to, &state) && !engine_drill_is_side_work(a, r->run))
        engine_note_readiness(a, a->replay_look_to, r->run, state, r->t_wall_ms, r->text);
}

static void see_hold(struct evac_engine *engine, struct evac_engine_app *a,
                     const struct evac_record *r)
{
    if (r->app.n == 0) {
        engine->stopped = r->number != 0;
        (void)evac_str_copy(engine->stopped_by, sizeof engine->stopped_by, r->who);
        (void)evac_str_copy(engine->stopped_why, sizeof engine->stopped_why, r->text);
    } else if (a) {
        a->hold_until_wall_ms = r->number;
        (void)evac_str_copy(a->hold_reason, sizeof a->hold_reason, r->text);
        (void)evac_str_copy(a->hold_owner, sizeof a->hold_owner, r->who);
    }
}

/* R14: a controller that crashes again and again must not go on acting in between. The lead of a
 * shared journal may change hands for other reasons than crashes. */
#define CRASHES_MAX     5u
#define TAKEOVERS_MAX   15u
#define CRASHES_SPAN_MS 600000

static void see_start(struct evac_engine *engine, const struct evac_record *r)
{
    if (r->kind == EVAC_RECORD_STOP) {
        engine->starts = 0;
    } else if (r->kind == EVAC_RECORD_START) {
        bool soon = r->t_wall_ms - engine->last_start_wall_ms < CRASHES_SPAN_MS / CRASHES_MAX;
        engine->starts = soon ? (uint16_t)(engine->starts + 1) : 1;
        engine->last_start_wall_ms = r->t_wall_ms;
    }
}

/* Clocks of two controllers differ by less. */
#define SET_BACK_MS 5000

/* Whoever was away, or comes after another controller, does not know whether so much time has
 * passed since the row before or the clock was set, or is another one: it may be all of it. */
static void was_away(struct evac_engine *engine, int64_t wall_ms)
{
    if (engine->last_wall_ms)
        engine_fences_moved(engine, wall_ms - engine->last_wall_ms);
    if (wall_ms < engine->last_wall_ms) /* that much at least it was set back */
        engine_looks_moved(engine, wall_ms - engine->last_wall_ms);
    if (wall_ms < engine->last_wall_ms - SET_BACK_MS) /* and nobody knows how much more */
        engine_forget_looks(engine);
}

/* An incident that took a proposal's place did not look at what automation did before. */
static void see_ack(struct evac_engine_app *a, const struct evac_record *r)
{
    a->acked = true;
    if (!evac_str_is(r->who, EVAC_WHO_INCIDENT))
        a->auto_unacked = false;
}

/* Moved elsewhere: as if automation had, somebody looks at it first. */
static void see_merge(struct evac_engine_app *a, const struct evac_record *r)
{
    if (evac_str_is(r->to, "review")) {
        a->acked = false;
        a->auto_unacked = true;
    }
}

static void see_verdict(struct evac_engine_app *a, const struct evac_record *r)
{
    uint16_t region = engine_region_index(a->app, r->name);
    for (unsigned v = 0; v < EVAC_VERDICT_COUNT; v++)
        if (region < EVAC_REGIONS_MAX && evac_str_eq(engine_region(a, region), r->name) &&
            evac_str_is(r->to, evac_verdict_name((enum evac_verdict)v)))
            engine_note_flip(a, region, (enum evac_verdict)v, r->t_wall_ms);
}

/* What counts of a run that goes on: whether a person let it begin, that it began, that users were
 * moved. */
static void see_run(struct evac_engine *engine, struct evac_engine_app *a,
                    const struct evac_record *r)
{
    if (r->kind == EVAC_RECORD_APPROVE && r->step == EVAC_NO_STEP)
        a->replay_auto = false;
    if (r->kind != EVAC_RECORD_INSTANT)
        return;
    if (evac_str_is(r->name, evac_instant_name(EVAC_INSTANT_STARTED))) {
        a->replay_started = true;
        if (a->replay_auto) {
            a->auto_run = r->run;
            engine_note_start(engine, a, r->t_wall_ms);
        }
    }
    if (evac_str_is(r->name, evac_instant_name(EVAC_INSTANT_TRAFFIC_MOVED)))
        see_move(a);
}

static void see_for_app(struct evac_engine *engine, const struct evac_record *r)
{
    struct evac_engine_app *a = app_of(engine, r->app);
    if (r->kind == EVAC_RECORD_HOLD)
        see_hold(engine, a, r);
    if (r->kind == EVAC_RECORD_CLOCK_JUMP)
        engine_clock_set(engine, r->t_wall_ms, r->number);
    if (r->kind == EVAC_RECORD_DEPENDENCY)
        engine_see_dependency(engine, r);
    if (r->kind == EVAC_RECORD_FREEZE)
        engine_see_freeze(engine, a, r);
    if (r->kind == EVAC_RECORD_INCIDENT)
        engine_see_incident(engine, r);
    if (r->kind == EVAC_RECORD_DRILL)
        engine_see_drill(engine, a, r);
    if (r->kind == EVAC_RECORD_PLACE && a)
        engine_see_place(a, r);
    if (a && (r->kind == EVAC_RECORD_ADMIT || r->kind == EVAC_RECORD_TERMINAL))
        engine_see_drill_run(a, r);
    if (!a)
        return;
    if (r->kind == EVAC_RECORD_ADMIT && r->number == 0)
        see_admission(a, r);
    else if (r->kind == EVAC_RECORD_ADMIT)
        see_look(a, r);
    else if (r->run && r->run == a->replay_look && r->kind == EVAC_RECORD_TERMINAL)
        see_look_end(a, r);
    else if (r->kind == EVAC_RECORD_ACK)
        see_ack(a, r);
    else if (r->kind == EVAC_RECORD_MERGE)
        see_merge(a, r);
    else if (r->kind == EVAC_RECORD_WAIVER)
        engine_see_waiver(a, r);
    else if (r->kind == EVAC_RECORD_VERDICT)
        see_verdict(a, r);
    else if (r->kind == EVAC_RECORD_OLD_SIDE)
        engine_see_old_side(a, r);
    else if (r->kind == EVAC_RECORD_ASSURANCE)
        engine_see_assurance(a, r);
    else if (r->kind == EVAC_RECORD_LAG)
        engine_replay_lag(a, r);
    else if (r->run && r->run == a->replay_run && r->kind == EVAC_RECORD_TERMINAL)
        see_end(a, r);
    else if (r->run && r->run == a->replay_run)
        see_run(engine, a, r);
}

static enum evac_code too_many(struct evac_err *err)
{
    if (err) {
        err->code = EVAC_E_TOOBIG;
        (void)evac_str_copy(err->text, sizeof err->text,
                            EVAC_STR("more runs go on than one controller takes (4,096)"));
    }
    return EVAC_E_TOOBIG;
}

enum evac_code evac_engine_replay_admit(struct evac_engine *engine, struct evac_run *run,
                                        const struct evac_record *r, struct evac_err *err)
{
    struct evac_engine_app *a = app_of(engine, r->app);
    see_number(engine, r);
    see_for_app(engine, r);
    engine->last_wall_ms = r->t_wall_ms;
    run->id = r->run;
    (void)evac_str_copy(run->who, sizeof run->who, r->who);
    run->replayed = true;
    if (!engine_link_run(engine, a, run))
        return too_many(err);
    return evac_run_fold(run, r, err);
}

void evac_engine_replay_end(struct evac_engine *engine, struct evac_run *run)
{
    struct evac_engine_app *a = app_of(engine, run->plan->app);
    engine_unlink_run(engine, run);
    if (a && a->run == run)
        a->run = NULL;
    if (a && a->rehearsal == run)
        a->rehearsal = NULL;
}

enum evac_code evac_engine_replay(struct evac_engine *engine, const struct evac_record *r,
                                  struct evac_err *err)
{
    struct evac_run *run = r->run ? evac_engine_run(engine, r->run) : NULL;
    see_number(engine, r);
    if (r->kind == EVAC_RECORD_START)
        was_away(engine, r->t_wall_ms);
    see_start(engine, r);
    see_for_app(engine, r);
    engine->last_wall_ms = r->t_wall_ms;
    if (r->t_wall_ms > engine->newest_wall_ms)
        engine->newest_wall_ms = r->t_wall_ms;
    return run ? evac_run_fold(run, r, err) : EVAC_OK;
}

/* The boot clock began anew: how long ago a run ended is known by the wall clock only. Never in the
 * future. */
static void translate_end(struct evac_engine_app *a, const struct evac_now *now)
{
    int64_t ago = now->wall_ms - a->last_end_wall_ms;
    if (!a->ran)
        return;
    if (ago < 0)
        ago = 0;
    a->last_end_boot_ms = (uint64_t)ago < now->boot_ms ? now->boot_ms - (uint64_t)ago : 1;
}

void evac_engine_resume(struct evac_engine *engine, const struct evac_now *now,
                        struct evac_effects *fx)
{
    struct engine_io io = { engine, fx, now };
    struct evac_run_io rio = engine_run_io(&io);

    evac_effects_reset(fx);
    engine->wake_ms = now->boot_ms;
    if (engine->followed)
        engine_judge_anew(engine);
    engine_translate_times(engine, now);
    engine_incidents_resume(engine, now);
    engine_fleet_build(engine); /* where apps serve was replayed */
    for (size_t i = 0; i < engine->app_count; i++)
        translate_end(&engine->apps[i], now);
    if (engine->starts >= (engine->followed ? TAKEOVERS_MAX : CRASHES_MAX) &&
        now->wall_ms - engine->last_start_wall_ms < CRASHES_SPAN_MS) {
        engine->parked = true;
        engine->lead = false;
        engine_notice(
            &io, true, EVAC_STR_NONE,
            "it crashed five times in a short while: it only looks now; stop and start it in an "
            "orderly way to go on");
        return;
    }
    if (now->wall_ms < engine->newest_wall_ms) /* the clock went back while nobody looked at it */
        engine_measure_clock_jumped(engine, now->wall_ms, now->wall_ms - engine->newest_wall_ms);
    was_away(engine, now->wall_ms);
    engine_record(&io, (struct evac_record){ .kind = EVAC_RECORD_START });
    for (size_t i = 0; i < engine->app_count; i++) {
        struct evac_engine_app *a = &engine->apps[i];
        if (a->run && a->rehearsal && !a->rehearsal->plan->rehearse &&
            !evac_plan_is_fault(a->rehearsal->plan))
            a->run->behind = true;
    }
    for (struct evac_run *r = engine->runs, *next; r; r = next) {
        next = r->next;
        if (!evac_effects_has_room(fx))
            break; /* the next tick, which is due at once, takes up the others */
        engine_gate_facts(engine, app_of(engine, r->plan->app), io.now, r);
        evac_run_resume(r, &rio);
        engine_after_run(&io, r);
    }
    for (size_t i = 0; i < engine->app_count && evac_effects_has_room(fx); i++)
        engine_drill_resume(&io, &engine->apps[i]);
}
