/* What is decided of an app, and the run that follows from it. */
#include "engine_internal.h"

#include <string.h>

static uint16_t auto_runs(const struct evac_engine *engine)
{
    uint16_t n = 0;
    for (const struct evac_run *r = engine->runs; r; r = r->next)
        n = (uint16_t)(n + evac_run_is_automatic(r));
    return n;
}

static void start(struct engine_io *io, struct evac_engine_app *a)
{
    a->starting = true;
    evac_effects_add(io->fx, EVAC_FX_START)->u.start = (struct evac_start_effect){
        .app = (uint16_t)(a - io->engine->apps),
        .workflow = EVAC_WORKFLOW_FAILOVER,
        .mode = a->decision.mode,
        .from = a->decision.from,
        .to = a->decision.target,
        .proposed = a->decision.decide == EVAC_DECIDE_PROPOSE,
        .decided = true,
        .who = "policy",
        .why = a->decision.reasons,
    };
}

static void note_decision(struct engine_io *io, const struct evac_engine_app *a)
{
    struct evac_record r = { .kind = EVAC_RECORD_DECISION };
    r.app = a->app->name;
    r.from = engine_region(a, a->decision.from);
    r.name = engine_region(a, a->decision.target);
    r.to = evac_str(evac_decide_name(a->decision.decide));
    r.text = evac_str(a->decision.reasons);
    engine_record(io, r);
}

static bool same_decision(const struct evac_decision *x, const struct evac_decision *y)
{
    return x->decide == y->decide && x->from == y->from && x->target == y->target &&
           memcmp(x->gates, y->gates, sizeof x->gates) == 0;
}

struct evac_decision_input evac_engine_view(const struct evac_engine *engine,
                                            const struct evac_engine_app *a, uint16_t looked_at,
                                            const struct evac_now *now)
{
    struct evac_decision_input in = {
        .app = a->app,
        .health = &a->health,
        .readiness = a->readiness,
        .frozen = evac_engine_frozen(engine, a, evac_engine_wall_ms(engine, now)),
        .flips = looked_at < EVAC_REGIONS_MAX ? &a->flips[looked_at] : NULL,
        .auto_starts = &a->auto_starts,
        .active = looked_at,
        .out = a->out,
        .unreconciled =
            engine_is_unreconciled(a, a->old_side.region) ? 1u << a->old_side.region : 0,
        .writer = a->active,
        .needs = evac_str(a->needs_words),
        .needs_doubtful = a->needs_doubtful,
        .anchored = engine->model->controller.anchor_count > 0,
        .run_active = (a->run && a->run->state != EVAC_RUN_PROPOSED) || a->starting,
        .run_proposed = a->run && a->run->state == EVAC_RUN_PROPOSED,
        .last_run_acked = a->acked,
        .auto_unacked = a->auto_unacked,
        .last_run_end_boot_ms = a->ran && !a->last_of_drill ? a->last_end_boot_ms : 0,
        .held = engine_is_held(engine, a, now),
        .stopped = engine->stopped,
        .lead = (engine->lead && engine->opinion.may_lead) || engine->led,
        .auto_runs = auto_runs(engine),
        .auto_runs_max = engine->model->controller.auto_runs_max,
        .pace_free_boot_ms = engine_pace_free_ms(engine, now),
        .pace_max = engine_pace_max(engine),
        .now_boot_ms = now->boot_ms,
        .now_wall_ms = evac_engine_wall_ms(engine, now),
    };
    in.incident = engine_fleet_says(engine, a, looked_at, &in.in_incident);
    for (unsigned k = 0; k < EVAC_ASSURANCE_COUNT; k++)
        in.assurance[k] = a->assurance[k];
    for (unsigned c = 0; c < EVAC_CONDITION_COUNT; c++)
        in.waived[c] = evac_engine_waived(a, (enum evac_condition)c, in.now_wall_ms);
    return in;
}

/* Each region that serves is looked at; the one that needs most counts, the first among equals.
 * Returns when that may change by time alone. */
static uint64_t weigh(const struct engine_io *io, const struct evac_engine_app *a,
                      struct evac_decision *ret)
{
    /* by what follows from it: nothing, wait, propose, act stand in that order */
    uint32_t serving = evac_engine_serving(a);
    uint64_t wake = EVAC_NEVER;
    bool first = true;
    for (uint16_t r = 0; r < a->app->region_count && r < EVAC_REGIONS_MAX; r++) {
        struct evac_decision one;
        if (!(serving & (1u << r)))
            continue;
        struct evac_decision_input input = evac_engine_view(io->engine, a, r, io->now);
        evac_decide(&input, &one);
        wake = one.wake_boot_ms < wake ? one.wake_boot_ms : wake;
        if (first || one.decide > ret->decide)
            *ret = one;
        first = false;
    }
    return wake;
}

void engine_weigh(struct engine_io *io, struct evac_engine_app *a)
{
    a->decide_ms = weigh(io, a, &a->decision);
}

static bool wants(const struct evac_decision *d)
{
    return d->decide == EVAC_DECIDE_ACT || d->decide == EVAC_DECIDE_PROPOSE;
}

bool engine_still_wants(const struct engine_io *io, const struct evac_engine_app *a, bool proposed)
{
    struct evac_decision d = a->decision;
    (void)weigh(io, a, &d);
    return wants(&d) && (proposed || d.decide == EVAC_DECIDE_ACT);
}

void engine_decide(struct engine_io *io, struct evac_engine_app *a)
{
    struct evac_decision before = a->decision;
    engine_note_needs(io->engine, a, io->now);
    engine_weigh(io, a);

    if (!same_decision(&before, &a->decision) &&
        (a->decision.decide != EVAC_DECIDE_NOTHING || before.decide != EVAC_DECIDE_NOTHING))
        note_decision(io, a);
    if (before.alone != a->decision.alone)
        io->engine->fleet.due = true; /* an incident may wait for that */
    if (wants(&a->decision) && !a->run && !a->starting)
        start(io, a);
    engine_drill_yield(io, a);
}
