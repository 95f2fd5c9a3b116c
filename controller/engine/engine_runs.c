/* Runs as the engine sees them: admitted, told, answered, ended. */
#include "engine_internal.h"

#include <string.h>

struct evac_engine_app *engine_app_of(struct evac_engine *engine, const struct evac_run *run)
{
    size_t i = evac_engine_app(engine, run->plan->app);
    return i < engine->app_count ? &engine->apps[i] : NULL;
}

bool engine_link_run(struct evac_engine *engine, struct evac_engine_app *a, struct evac_run *run)
{
    if (!evac_run_index_add(&engine->index, run))
        return false;
    run->next = engine->runs;
    engine->runs = run;
    engine->run_count++;
    if (a && evac_plan_is_aside(run->plan))
        a->rehearsal = run;
    else if (a)
        a->run = run;
    return true;
}

void engine_unlink_run(struct evac_engine *engine, struct evac_run *run)
{
    struct evac_run **at = &engine->runs;
    while (*at && *at != run)
        at = &(*at)->next;
    if (*at) {
        *at = run->next;
        engine->run_count--;
    }
    evac_run_index_remove(&engine->index, run);
    run->next = NULL;
    run->index = NULL;
}

static void remember_end(struct evac_engine_app *a, const struct evac_run *run,
                         const struct evac_now *now)
{
    a->ran = true;
    a->last_of_drill = strcmp(run->who, EVAC_DRILL_WHO) == 0;
    a->acked = a->last_of_drill; /* a drill's end is nobody's emergency, and cools nothing down */
    a->auto_unacked = a->auto_unacked || evac_run_is_automatic(run);
    a->last_end_wall_ms = now->wall_ms;
    a->last_end_boot_ms = now->boot_ms;
    a->last_end = run->state;
    a->last_run = run->id;
    a->decide_ms = 0;
}

/* What was held did not say: a real run took its place. */
void engine_note_readiness(struct evac_engine_app *a, uint16_t region, uint64_t run,
                           enum evac_run_state end, int64_t wall_ms, struct evac_str left)
{
    if (region >= EVAC_REGIONS_MAX || end == EVAC_RUN_HELD)
        return;
    struct evac_readiness *r = &a->readiness[region];
    *r = (struct evac_readiness){ .known = true,
                                  .ready = end == EVAC_RUN_SUCCEEDED || end == EVAC_RUN_EXCEPTIONS,
                                  .run = run,
                                  .at_wall_ms = wall_ms };
    (void)evac_str_copy(r->short_of, sizeof r->short_of, engine_short_of(left));
}

void engine_looks_moved(struct evac_engine *engine, int64_t by_ms)
{
    for (size_t a = 0; a < engine->app_count; a++)
        for (size_t r = 0; r < EVAC_REGIONS_MAX; r++)
            if (engine->apps[a].readiness[r].known)
                engine->apps[a].readiness[r].at_wall_ms += by_ms;
}

void engine_forget_looks(struct evac_engine *engine)
{
    for (size_t a = 0; a < engine->app_count; a++)
        for (size_t r = 0; r < EVAC_REGIONS_MAX; r++)
            engine->apps[a].readiness[r].known = false;
}

static void note_look(struct evac_engine_app *a, const struct evac_run *run,
                      const struct evac_now *now)
{
    char text[2000];
    struct evac_text left;
    evac_text_init(&left, text, sizeof text);
    run_list_left(run, &left);
    engine_note_readiness(a, engine_region_index(a->app, run->plan->to), run->id, run->state,
                          now->wall_ms, evac_text_str(&left));
}

/* Whoever waited for a drill to end goes on. */
static void let_go(struct engine_io *io, struct evac_engine_app *a)
{
    struct evac_run_io rio = engine_run_io(io);
    if (!a->run || !a->run->behind)
        return;
    a->run->behind = false;
    evac_run_tick(a->run, &rio);
}

/* An evacuation goes on when one of its runs is over, asks, or had to wait for capacity. */
static void tell_incident(struct evac_engine *engine, struct evac_engine_app *a,
                          const struct evac_run *run)
{
    uint8_t is = (uint8_t)(run->state << 1 | run->strained);
    if (run->id == a->evac_run)
        a->evac_strained = run->strained;
    if (is != a->run_seen)
        engine->fleet.due = true;
    a->run_seen = is;
}

/* After whatever happened to a run: traffic that moved makes the target the active region; an end
 * makes room. */
void engine_after_run(struct engine_io *io, struct evac_run *run)
{
    struct evac_engine_app *a = engine_app_of(io->engine, run);
    if (a && a->run == run)
        tell_incident(io->engine, a, run);
    if (a && a->run == run) {
        engine_note_automatic(io->engine, a, run, io->now);
        bool moved = (run->instants & (1u << EVAC_INSTANT_TRAFFIC_MOVED)) ||
                     run->state == EVAC_RUN_SUCCEEDED || run->state == EVAC_RUN_EXCEPTIONS;
        engine_run_loss(io, a);
        if (moved)
            engine_moved(a, run->plan->workflow, engine_region_index(a->app, run->plan->from),
                         engine_region_index(a->app, run->plan->to));
        if (run->state == EVAC_RUN_ROLLED_BACK)
            engine_move_back(a);
        engine_fleet_count(io->engine, a);
    }
    if (!evac_run_is_over(run->state))
        return;
    engine_unlink_run(io->engine, run);
    if (!a)
        return;
    if (a->run == run) {
        uint16_t from = engine_region_index(a->app, run->plan->from);
        a->run = NULL;
        remember_end(a, run, io->now);
        if (a->active != from && !engine_is_active_active(a))
            engine_leave(io, a, from, run->id);
        for (size_t i = 0; i < engine_watch_count(a->app); i++)
            evac_watch_turn(&a->watches[i]);
    }
    if (a->rehearsal == run) {
        if (run->plan->workflow != EVAC_WORKFLOW_FENCE && run->plan->isolate.n == 0 &&
            !engine_drill_is_side_work(a, run->id))
            note_look(a, run, io->now);
        a->old_side.due_ms = 0; /* a fence has changed it */
        a->rehearsal = NULL;
        let_go(io, a);
    }
    if (run->id == a->drill.run)
        engine_drill_run_ended(io, a, run);
    else
        engine_drill_other_ended(io, a, run);
}

static void note_impact(struct engine_io *io, const struct evac_engine_app *a, struct evac_run *run)
{
    struct evac_run_io rio = engine_run_io(io);
    uint16_t from = engine_region_index(a->app, run->plan->from);
    const struct evac_region_health *h = &a->health.regions[from];
    if (h->impact_hi_boot_ms == 0 || evac_plan_is_aside(run->plan))
        return;
    if (h->impact_lo_boot_ms)
        evac_run_instant(run, &rio, EVAC_INSTANT_IMPACT_LO, h->impact_lo_boot_ms,
                         h->impact_lo_wall_ms);
    evac_run_instant(run, &rio, EVAC_INSTANT_IMPACT_HI, h->impact_hi_boot_ms, h->impact_hi_wall_ms);
    /* whoever decided before it was detected did not decide by that */
    if (h->detected_boot_ms && !(run->instants & (1u << EVAC_INSTANT_DECIDED)))
        evac_run_instant(run, &rio, EVAC_INSTANT_DETECTED, h->detected_boot_ms,
                         h->detected_wall_ms);
}

/* A person may begin before this controller has seen that anything is wrong: the outage is noted
 * when it is. */
static void note_late_impact(struct engine_io *io, struct evac_engine_app *a, struct evac_run *run)
{
    if (run->mode == EVAC_MODE_UNGRACEFUL && run->state != EVAC_RUN_PROPOSED &&
        !(run->instants & ((1u << EVAC_INSTANT_IMPACT_HI) | (1u << EVAC_INSTANT_RECOVERED))))
        note_impact(io, a, run);
}

void engine_before_run(struct engine_io *io, struct evac_run *run)
{
    struct evac_engine_app *a = engine_app_of(io->engine, run);
    if (a && a->run == run) {
        note_late_impact(io, a, run);
        engine_run_loss(io, a);
    } else if (a && a->rehearsal == run) {
        engine_rehearsal_loss(io, a);
    }
    engine_gate_facts(io->engine, a, io->now, run);
}

/* What the policy announced is not begun any more when the region is well again. */
static bool withdraw_if_well(struct engine_io *io, struct evac_run *run)
{
    struct evac_run_io rio = engine_run_io(io);
    return run->state == EVAC_RUN_PROPOSED && run->veto_ms &&
           run->facts.verdict == EVAC_VERDICT_UP &&
           run_move(run, &rio, EVAC_RUN_ON_CANCEL, "the region is up again");
}

/* A gate may open by what was just measured, and nothing else need ever wake its run. */
static bool waits_at_gate(const struct evac_run *run)
{
    for (uint16_t i = 0; i < run->plan->step_count; i++)
        if (run->steps[i].state == EVAC_STEP_GATED)
            return true;
    return false;
}

static void tick_run(struct engine_io *io, struct evac_run *run)
{
    struct evac_run_io rio = engine_run_io(io);
    bool intends = io->engine->index.marks[evac_run_index_find(&io->engine->index, run->id)] &
                   EVAC_RUN_INTENDS;
    bool withdrawn = withdraw_if_well(io, run);
    bool measured = run->state == EVAC_RUN_SETTLING && run->measured;
    if (io->now->boot_ms < run->wake_ms && !measured && !withdrawn && !waits_at_gate(run))
        return;
    run->measured = false;
    if (intends) /* it was not told all when effects were full */
        evac_run_committed(run, &rio, io->engine->committed);
    if (run->replayed)
        evac_run_resume(run, &rio);
    else
        evac_run_tick(run, &rio);
    engine_after_run(io, run);
}

#define SEE_EVERY_MS 1000u

/* Those that are due, or may move by more than time; the newest first. What the gates of the others
 * look at is only shown, and once in a while does. */
static void tick_one(struct engine_io *io, size_t i)
{
    struct evac_run_index *index = &io->engine->index;
    uint64_t now = io->now->boot_ms;
    bool due = now >= index->wakes[i] || (index->marks[i] & EVAC_RUN_WATCHES);
    if (!due && now < index->seen[i] + SEE_EVERY_MS)
        return;
    struct evac_run *run = index->at[i];
    struct evac_engine_app *a = engine_app_of(io->engine, run);
    index->seen[i] = now;
    engine_before_run(io, run);
    if (due)
        tick_run(io, run);
    if (due && a)
        engine_touch(io->engine, a);
}

static bool any_drills(const struct evac_run_index *index)
{
    unsigned marks = 0;
    for (size_t i = 0; i < index->count; i++)
        marks |= index->marks[i];
    return marks & EVAC_RUN_DRILLS;
}

void engine_tick_runs(struct engine_io *io)
{
    const struct evac_run_index *index = &io->engine->index;
    for (size_t i = index->count; i > 0; i--) {
        if (!evac_effects_has_room(io->fx))
            return;
        if (i <= index->count) /* one may have ended another */
            tick_one(io, i - 1);
    }
    if (!any_drills(index))
        return;
    for (size_t i = 0; i < io->engine->app_count && evac_effects_has_room(io->fx); i++) {
        struct evac_engine_app *a = &io->engine->apps[i];
        if (a->run && a->run->id == a->drill.run)
            engine_touch(io->engine, a);
        engine_drill_yield(io, a);
    }
}

/* A person's word, and what follows from it: the roles that they hold for this app are looked up
 * here; an override changes what the gates see. */
void engine_tell_run(struct engine_io *io, const struct evac_engine_app *a, struct evac_run *run,
                     const struct evac_command *cmd)
{
    struct evac_run_io rio = engine_run_io(io);
    struct evac_command said = *cmd;
    if (said.caller)
        said.roles = evac_roles_of(io->engine->model->controller.roles, a ? a->app->roles : NULL,
                                   a ? a->app->name : EVAC_STR_NONE, said.caller);
    evac_run_command(run, &rio, &said);
    if (said.verb != EVAC_CMD_OVERRIDE || evac_run_is_over(run->state))
        return;
    engine_gate_facts(io->engine, a, io->now, run);
    evac_run_tick(run, &rio);
}

static void record_admission(struct engine_io *io, struct evac_run *run,
                             const struct evac_admit_event *e)
{
    struct evac_run_io rio = engine_run_io(io);
    struct evac_record r = { .kind = EVAC_RECORD_ADMIT, .step = EVAC_NO_STEP };
    r.name = evac_str(evac_workflow_name(run->plan->workflow));
    r.from = run->plan->from;
    r.event = evac_str(evac_mode_name(run->plan->mode));
    r.to = run->plan->to;
    r.number = evac_plan_is_aside(run->plan) ? 1 : 0;
    r.who = e->who;
    r.text = e->why;
    r.data = e->plan_json;
    evac_run_record(run, &rio, r);
}

/* Whoever begins a run does not have to decline first what was proposed. */
void engine_withdraw_proposal(struct engine_io *io, struct evac_engine_app *a, const char *why)
{
    struct evac_run_io rio = engine_run_io(io);
    struct evac_run *run = a->run;
    if (!run || run->state != EVAC_RUN_PROPOSED)
        return;
    (void)run_move(run, &rio, EVAC_RUN_ON_CANCEL, why);
    evac_run_tick(run, &rio);
    engine_after_run(io, run);
}

/* Home is where two regions' data would meet. */
static bool is_unreconciled(struct engine_io *io, struct evac_engine_app *a,
                            const struct evac_run *run)
{
    struct evac_text why;
    if (!engine_is_unreconciled(a, engine_region_index(a->app, run->plan->to)))
        return false;
    io->fx->answer = EVAC_E_REFUSED;
    evac_text_init(&why, io->fx->answer_text, sizeof io->fx->answer_text);
    engine_say_unreconciled(a, &why);
    a->old_side.due_ms = io->now->boot_ms; /* whoever asks again is told what is so by then */
    io->engine->wake_ms = io->now->boot_ms;
    return true;
}

static bool waits_for_veto(const struct evac_run *run, bool asks)
{
    return !asks && !run->plan->rehearse && evac_str_is(evac_str(run->who), "policy");
}

/* What its start waits for, and of that what whoever began it overrides at once. */
static void begin(struct engine_io *io, struct evac_engine_app *a, struct evac_run *run,
                  const struct evac_admit_event *e)
{
    struct evac_run_io rio = engine_run_io(io);
    bool asks = engine_asks(a->app, run, e->proposed);
    engine_before_run(io, run);
    evac_run_start(run, &rio, asks, waits_for_veto(run, asks) ? a->app->veto_ms : 0);
    for (unsigned g = 0; g < EVAC_RUN_GATE_COUNT && run->state == EVAC_RUN_PROPOSED; g++) {
        if (!(e->overrides & run->gates.shut & (1u << g)))
            continue;
        struct evac_command word = { .verb = EVAC_CMD_OVERRIDE, .run = run->id };
        word.gate = evac_str(evac_run_gate_row((enum evac_run_gate)g)->name);
        word.who = e->who;
        word.reason = e->why;
        word.caller = e->caller;
        engine_tell_run(io, a, run, &word);
    }
    io->fx->answer = EVAC_OK; /* it was admitted; what was not overridden, it waits for */
    engine_after_run(io, run);
}

/* By what the app is, and what is decided and going on about it. */
static bool may_not_begin(struct engine_io *io, struct evac_engine_app *a,
                          const struct evac_admit_event *e)
{
    const struct evac_plan *plan = e->run->plan;
    bool drill = plan->workflow == EVAC_WORKFLOW_DRILL && !evac_str_is(e->who, EVAC_DRILL_WHO);
    if (!a)
        engine_refuse(io, EVAC_E_REFUSED, "the app is not configured");
    else if (!io->engine->lead)
        engine_refuse(io, EVAC_E_REFUSED, "this controller does not hold the lead");
    else if (e->decided && !engine_still_wants(io, a, e->proposed))
        engine_refuse(io, EVAC_E_REFUSED, "it is not needed any more");
    else if (!evac_plan_is_aside(plan) && plan->workflow == EVAC_WORKFLOW_FAILBACK)
        return is_unreconciled(io, a, e->run);
    else if (drill && a->drill.state != EVAC_DRILL_IS_IDLE)
        engine_refuse(io, EVAC_E_BUSY,
                      "a drill of this app is going on; 'evac drill APP --stop' ends it");
    else
        return false;
    return true;
}

static bool has_no_place(struct engine_io *io, const struct evac_engine_app *a,
                         const struct evac_plan *plan)
{
    if (evac_plan_is_aside(plan) ? (a->run && !evac_plan_is_fault(plan)) || a->rehearsal
                                 : a->run != NULL)
        engine_refuse(
            io, EVAC_E_BUSY,
            "a run of this app is going on already; 'evac stop APP' ends it where it stands");
    else if (io->engine->index.count == EVAC_RUNS_MAX)
        engine_refuse(io, EVAC_E_BUSY,
                      "as many runs as one controller takes (4,096) are going on already");
    else
        return false;
    return true;
}

/* The real thing goes before whatever is only tried. */
static void overtake(struct engine_io *io, struct evac_engine_app *a, struct evac_run *run,
                     struct evac_str who)
{
    struct evac_run_io rio = engine_run_io(io);
    engine_drill_overtaken(io, a, who);
    bool fault_goes_on = a->rehearsal && evac_plan_is_fault(a->rehearsal->plan);
    if (a->rehearsal && !fault_goes_on) {
        (void)run_move(a->rehearsal, &rio, EVAC_RUN_ON_HOLD, "a real run begins");
        evac_run_tick(a->rehearsal, &rio);
        engine_after_run(io, a->rehearsal);
    }
    /* what a drill has sent must have landed before a real run relies on what it sees */
    run->behind = a->rehearsal && !a->rehearsal->plan->rehearse && !fault_goes_on;
}

void engine_admit(struct engine_io *io, const struct evac_admit_event *e)
{
    struct evac_engine *engine = io->engine;
    struct evac_run *run = e->run;
    struct evac_engine_app *a = e->app < engine->app_count ? &engine->apps[e->app] : NULL;
    bool aside = evac_plan_is_aside(run->plan);

    if (a)
        a->starting = false;
    if (may_not_begin(io, a, e))
        return;
    if (!e->proposed && !aside)
        engine_withdraw_proposal(io, a, "another run was begun instead");
    if (has_no_place(io, a, run->plan))
        return;
    run->behind = false;
    if (!aside)
        overtake(io, a, run, e->who);
    run->id = engine->next_run++;
    (void)evac_str_copy(run->who, sizeof run->who, e->who);
    if (!aside && run->plan->workflow == EVAC_WORKFLOW_FAILOVER)
        engine_note_leave(a, run->id, engine_region_index(a->app, run->plan->from));
    if (!aside) {
        a->active_before = a->active;
        a->out_before = a->out;
    }
    (void)engine_link_run(engine, a, run); /* there is room */
    engine_drill_admitted(a, run, e->who);
    record_admission(io, run, e);
    io->fx->answer_run = run->id;
    note_impact(io, a, run);
    begin(io, a, run, e);
}

void engine_not_admitted(struct engine_io *io, const struct evac_not_admitted_event *e)
{
    if (e->app >= io->engine->app_count)
        return;
    struct evac_engine_app *a = &io->engine->apps[e->app];
    struct evac_record r = { .kind = EVAC_RECORD_ALARM };
    a->starting = false;
    if (a->drill.asked) { /* nobody needs to be told that it waits */
        engine_drill_not_admitted(io, a, e->why);
        return;
    }
    if (e->decided && !engine_still_wants(io, a, e->proposed)) {
        a->decide_ms = io->now->boot_ms; /* the region came back meanwhile, or somebody said no */
        return;
    }
    a->no_plan = true;
    io->engine->fleet.due = true;
    a->decide_ms = io->now->boot_ms + 60000; /* it will not compile in a moment either */
    r.app = a->app->name;
    r.text = e->why;
    engine_record(io, r);
    engine_notice(io, true, a->app->name, "a failover is needed but its plan does not compile");
}

void engine_replied(struct engine_io *io, const struct evac_reply_event *e)
{
    struct evac_run_io rio = engine_run_io(io);
    struct evac_run *run = e->run ? evac_engine_run(io->engine, e->run) : NULL;
    if (e->run == 0) {
        engine_measured(io, e);
    } else if (run && e->step < run->plan->step_count) {
        engine_before_run(io, run);
        struct evac_engine_app *a = engine_app_of(io->engine, run);
        evac_run_reply(run, &rio, e->step, e->call, e->reply);
        engine_after_run(io, run);
        if (a)
            engine_drill_yield(io, a);
    }
}

void engine_committed(struct engine_io *io, uint64_t seq)
{
    struct evac_run_io rio = engine_run_io(io);
    const struct evac_run_index *index = &io->engine->index;
    io->engine->committed = seq;
    for (size_t i = index->count; i > 0; i--)
        if (index->marks[i - 1] & EVAC_RUN_INTENDS)
            evac_run_committed(index->at[i - 1], &rio, seq);
}
