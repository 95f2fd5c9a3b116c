#include "engine_internal.h"

#include <string.h>

static uint16_t source_count(const struct evac_app *app)
{
    return app->strategy == EVAC_STRATEGY_ACTIVE_ACTIVE ? (uint16_t)app->region_count : 1;
}

static size_t watch_count(const struct evac_app *app)
{
    return app->resource_count * source_count(app);
}

size_t evac_engine_apps_bytes(const struct evac_model *model)
{
    size_t bytes = model->app_count * sizeof(struct evac_engine_app);
    for (size_t i = 0; i < model->app_count; i++)
        bytes += watch_count(&model->apps[i]) * sizeof(struct evac_watch);
    bytes += model->controller.dependency_count * sizeof(struct evac_engine_dependency);
    return bytes + model->app_count * sizeof(uint64_t);
}

static struct evac_str inside(const struct evac_model *model)
{
    return model->controller.region;
}

static void init_app(struct evac_engine_app *a, const struct evac_app *app,
                     const struct evac_model *model)
{
    a->app = app;
    a->acked = true;
    a->needs = engine_needs(model, app);
    a->drill.state = EVAC_DRILL_IS_IDLE;
    evac_health_init(&a->health, app, inside(model));
    a->sources = source_count(app);
    for (size_t i = 0; i < watch_count(app); i++)
        evac_watch_turn(&a->watches[i]);
    evac_health_serve(&a->health, evac_engine_serving(a));
}

/* The apps, behind them what each of them watches, behind that the dependencies, and at the end
 * when each app is next due. */
static struct evac_engine_dependency *init_apps(struct evac_engine_app *apps,
                                                const struct evac_model *model)
{
    struct evac_watch *watches = (void *)(apps + model->app_count);
    for (size_t i = 0; i < model->app_count; i++) {
        apps[i].watches = watches;
        watches += watch_count(&model->apps[i]);
        init_app(&apps[i], &model->apps[i], model);
    }
    engine_depend_init((void *)watches, model);
    return (void *)watches;
}

void evac_engine_init(struct evac_engine *engine, const struct evac_model *model, void *apps_memory)
{
    memset(engine, 0, sizeof *engine);
    engine->model = model;
    engine->apps = apps_memory;
    engine->app_count = model->app_count;
    engine_self_configured(engine);
    engine->opinion = evac_self_judge(&engine->self.reach, 0);
    engine->next_seq = 1;
    engine->next_run = 1;
    engine->next_drill = 1;
    engine->dependencies = init_apps(engine->apps, model);
    engine->dependency_count = model->controller.dependency_count;
    engine->app_wakes = (void *)(engine->dependencies + engine->dependency_count);
    engine_fleet_build(engine);
    engine_place_vantages(engine, NULL);
}

void evac_engine_watch(struct evac_engine *engine, uint16_t app, uint16_t resource, uint32_t verbs)
{
    if (app >= engine->app_count || resource >= engine->apps[app].app->resource_count)
        return;
    for (uint16_t s = 0; s < engine->apps[app].sources; s++)
        evac_engine_watch_of(&engine->apps[app], resource, s)->verbs = verbs;
}

struct evac_watch *evac_engine_watch_of(const struct evac_engine_app *a, size_t resource,
                                        uint16_t source)
{
    return &a->watches[resource * a->sources + (a->sources > 1 ? source : 0)];
}

/* --- who serves
 * ----------------------------------------------------------------------------------------- */

static bool is_active_active(const struct evac_engine_app *a)
{
    return a->app->strategy == EVAC_STRATEGY_ACTIVE_ACTIVE;
}

uint32_t evac_engine_serving(const struct evac_engine_app *a)
{
    uint32_t all = (1u << a->app->region_count) - 1;
    return is_active_active(a) ? all & ~a->out : 1u << a->active;
}

/* Of an active-active app one region leaves, or is back; the writer's place changes only when it
 * was the one that left, and when home is back. */
void engine_moved(struct evac_engine_app *a, enum evac_workflow workflow, uint16_t from,
                  uint16_t to)
{
    if (!is_active_active(a)) {
        a->active = to;
        a->old_side.watched = a->old_side.watched && a->old_side.region != to;
    } else if (workflow == EVAC_WORKFLOW_FAILBACK) {
        a->out &= ~(1u << to);
        a->active = to == 0 ? to : a->active;
    } else {
        a->out |= 1u << from;
        a->active = a->active == from ? to : a->active;
    }
    evac_health_serve(&a->health, evac_engine_serving(a));
}

void engine_move_back(struct evac_engine_app *a)
{
    a->active = a->active_before;
    a->out = a->out_before;
    evac_health_serve(&a->health, evac_engine_serving(a));
}

void engine_note_leave(struct evac_engine_app *a, uint64_t run, uint16_t from)
{
    a->evac_run = run;
    a->evac_region = from < EVAC_REGIONS_MAX ? a->fleet[from] : EVAC_FLEET_NOWHERE;
    a->evac_strained = false;
    a->no_plan = false;
}

struct evac_str engine_region(const struct evac_engine_app *a, uint16_t region)
{
    return region < a->app->region_count ? a->app->regions[region] : EVAC_STR_NONE;
}

uint16_t engine_region_index(const struct evac_app *app, struct evac_str region)
{
    for (size_t i = 0; i < app->region_count; i++)
        if (evac_str_eq(app->regions[i], region))
            return (uint16_t)i;
    return 0;
}

size_t evac_engine_app(const struct evac_engine *engine, struct evac_str name)
{
    for (size_t i = 0; i < engine->app_count; i++)
        if (evac_str_eq(engine->apps[i].app->name, name))
            return i;
    return engine->app_count;
}

struct evac_run *evac_engine_run(const struct evac_engine *engine, uint64_t id)
{
    for (struct evac_run *r = engine->runs; r; r = r->next)
        if (r->id == id)
            return r;
    return NULL;
}

/* --- reload
 * ----------------------------------------------------------------------------------------- */

/* The same regions' bits in another app's order. */
static uint32_t same_regions(const struct evac_engine_app *from, uint32_t bits,
                             const struct evac_app *app)
{
    uint32_t same = 0;
    for (uint16_t r = 0; r < from->app->region_count; r++)
        for (uint16_t k = 0; (bits & (1u << r)) && k < app->region_count; k++)
            if (evac_str_eq(from->app->regions[r], app->regions[k]))
                same |= 1u << k;
    return same;
}

/* What is known of each region, in the new app's order; nothing of a region that is new. */
static void carry_regions(struct evac_engine_app *to, const struct evac_engine_app *from)
{
    for (uint16_t r = 0; r < EVAC_REGIONS_MAX; r++) {
        struct evac_str name = engine_region(to, r);
        uint16_t was = engine_region_index(from->app, name);
        bool same = name.n && evac_str_eq(engine_region(from, was), name);
        to->readiness[r] = same ? from->readiness[was] : (struct evac_readiness){ .known = false };
        to->flips[r] = same ? from->flips[was] : (struct evac_times){ .count = 0 };
        to->flip_last[r] = same ? from->flip_last[was] : 0;
        for (unsigned k = 0; k < EVAC_ASSURANCE_COUNT; k++)
            to->assurance[k][r] =
                same ? from->assurance[k][was] : (struct evac_assurance){ .known = false };
    }
}

static void carry_over(struct evac_engine_app *to, const struct evac_engine_app *from)
{
    const struct evac_app *app = to->app;
    struct evac_str region = engine_region(from, from->active);
    struct evac_watch *watches = to->watches;
    uint16_t sources = to->sources;
    uint64_t needs = to->needs;

    *to = *from;
    to->app = app;
    to->no_plan = false;
    to->watches = watches; /* resources may stand in another order now */
    to->sources = sources;
    to->needs = needs;
    to->active = engine_region_index(app, region);
    to->out = same_regions(from, from->out, app);
    to->placed = from->placed;
    to->old_side.region = engine_region_index(app, engine_region(from, from->old_side.region));
    to->old_side.watched = from->old_side.watched && to->old_side.region != to->active;
    to->old_side.due_ms = 0;
    to->active_before = engine_region_index(app, engine_region(from, from->active_before));
    to->out_before = same_regions(from, from->out_before, app);
    to->drill.from = engine_region_index(app, engine_region(from, from->drill.from));
    to->drill.to = engine_region_index(app, engine_region(from, from->drill.to));
    evac_health_reconfigure(&to->health, app);
    evac_health_serve(&to->health, evac_engine_serving(to));
    carry_regions(to, from); /* so may regions */
    to->decide_ms = 0;
}

void evac_engine_reconfigure(struct evac_engine *engine, const struct evac_model *model,
                             void *apps_memory)
{
    struct evac_engine_app *apps = apps_memory;
    const struct evac_model *was = engine->model;
    struct evac_engine_dependency *dependencies = init_apps(apps, model);
    for (size_t i = 0; i < model->app_count; i++) {
        size_t old = evac_engine_app(engine, model->apps[i].name);
        if (old < engine->app_count)
            carry_over(&apps[i], &engine->apps[old]);
    }
    engine_depend_carry_over(engine, dependencies, model);
    for (struct evac_run *r = engine->runs; r; r = r->next)
        r->facts.approvals = NULL; /* the old model's; the next event looks again */
    engine->model = model;
    engine->apps = apps;
    engine->app_count = model->app_count;
    engine->dependencies = dependencies;
    engine->dependency_count = model->controller.dependency_count;
    engine->app_wakes = (void *)(engine->dependencies + engine->dependency_count);
    engine_self_configured(engine);
    engine_place_vantages(engine, was);
    engine->wake_ms = 0;
    engine_fleet_build(engine);
}

/* --- records, notices
 * --------------------------------------------------------------------------------- */

struct evac_run_io engine_run_io(struct engine_io *io)
{
    return (struct evac_run_io){ .fx = io->fx,
                                 .now = io->now,
                                 .next_seq = &io->engine->next_seq,
                                 .next_call = &io->engine->next_call,
                                 .epoch = io->engine->epoch };
}

void engine_record(struct engine_io *io, struct evac_record record)
{
    record.seq = io->engine->next_seq++;
    record.step = EVAC_NO_STEP;
    record.epoch = io->engine->epoch;
    record.t_boot_ms = io->now->boot_ms;
    record.t_wall_ms = io->now->wall_ms;
    evac_effects_add(io->fx, EVAC_FX_JOURNAL)->u.record = record;
}

void engine_notice(struct engine_io *io, bool alarm, struct evac_str app, const char *text)
{
    struct evac_text line = evac_effects_text(io->fx, 512);
    evac_text_puts(&line, text);
    struct evac_str said = evac_effects_text_end(io->fx, &line);
    evac_effects_add(io->fx, EVAC_FX_NOTICE)->u.notice =
        (struct evac_notice_effect){ alarm, app, 0, said.p };
}

/* --- decision
 * -------------------------------------------------------------------------------------------- */

static uint16_t auto_runs(const struct evac_engine *engine)
{
    uint16_t n = 0;
    for (const struct evac_run *r = engine->runs; r; r = r->next)
        n = (uint16_t)(n + evac_run_is_automatic(r));
    return n;
}

static bool is_held(const struct evac_engine_app *a, const struct evac_now *now)
{
    return a->hold_until_wall_ms > now->wall_ms;
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
        .frozen = evac_engine_frozen(engine, a, now->wall_ms),
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
        .held = is_held(a, now),
        .stopped = engine->stopped,
        .lead = engine->lead && engine->opinion.may_lead,
        .auto_runs = auto_runs(engine),
        .auto_runs_max = engine->model->controller.auto_runs_max,
        .pace_free_boot_ms = engine_pace_free_ms(engine, now),
        .pace_max = engine_pace_max(engine),
        .now_boot_ms = now->boot_ms,
        .now_wall_ms = now->wall_ms,
    };
    in.incident = engine_fleet_says(engine, a, looked_at, &in.in_incident);
    for (unsigned k = 0; k < EVAC_ASSURANCE_COUNT; k++)
        in.assurance[k] = a->assurance[k];
    for (unsigned c = 0; c < EVAC_CONDITION_COUNT; c++)
        in.waived[c] = evac_engine_waived(a, (enum evac_condition)c, now->wall_ms);
    return in;
}

/* Each region that serves is looked at; the one that needs most counts, the first among equals. */
static void decide_all(struct engine_io *io, struct evac_engine_app *a)
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
        if (first || one.decide > a->decision.decide)
            a->decision = one;
        first = false;
    }
    a->decide_ms = wake;
}

void engine_decide(struct engine_io *io, struct evac_engine_app *a)
{
    struct evac_decision before = a->decision;
    engine_note_needs(io->engine, a, io->now);
    decide_all(io, a);

    bool wants = a->decision.decide == EVAC_DECIDE_ACT || a->decision.decide == EVAC_DECIDE_PROPOSE;
    if (!same_decision(&before, &a->decision) &&
        (a->decision.decide != EVAC_DECIDE_NOTHING || before.decide != EVAC_DECIDE_NOTHING))
        note_decision(io, a);
    if (before.alone != a->decision.alone)
        io->engine->fleet.due = true; /* an incident may wait for that */
    if (wants && !a->run && !a->starting)
        start(io, a);
    engine_drill_yield(io, a);
}

/* --- health
 * ------------------------------------------------------------------------------------------------
 */

/* The outage's beginning, for whoever asks later what it looked like: {"impact_lo":..,...}. */
static struct evac_str impact_json(struct engine_io *io, const struct evac_region_health *h)
{
    struct evac_text out = evac_effects_text(io->fx, 96);
    if (h->impact_hi_wall_ms) {
        evac_text_puts(&out, "{\"impact_lo\":");
        evac_text_i64(&out, h->impact_lo_wall_ms);
        evac_text_puts(&out, ",\"impact_hi\":");
        evac_text_i64(&out, h->impact_hi_wall_ms);
        evac_text_puts(&out, "}");
    }
    return evac_effects_text_end(io->fx, &out);
}

static void note_verdicts(struct engine_io *io, struct evac_engine_app *a, uint32_t changed)
{
    for (uint16_t r = 0; r < a->app->region_count && r < EVAC_REGIONS_MAX; r++) {
        if (!(changed & (1u << r)))
            continue;
        engine_note_flip(a, r, a->health.regions[r].verdict, (int64_t)io->now->boot_ms);
        struct evac_record record = { .kind = EVAC_RECORD_VERDICT };
        record.app = a->app->name;
        record.name = a->app->regions[r];
        record.to = evac_str(evac_verdict_name(a->health.regions[r].verdict));
        record.text = evac_str(a->health.regions[r].reasons);
        record.data = impact_json(io, &a->health.regions[r]);
        engine_record(io, record);
    }
}

static void health_changed(struct engine_io *io, struct evac_engine_app *a,
                           const struct evac_health_news *news)
{
    note_verdicts(io, a, news->verdict_changed);
    if (news->verdict_changed & (1u << a->old_side.region))
        a->old_side.due_ms = io->now->boot_ms; /* it is back, or gone again */
    if (news->verdict_changed || news->situation_changed)
        engine_fleet_count(io->engine, a);
    engine_drill_watch(io, a);
    if (news->verdict_changed || news->situation_changed || io->now->boot_ms >= a->decide_ms)
        engine_decide(io, a);
}

static void probe(struct engine_io *io, uint16_t app, const struct evac_probe_result *result)
{
    struct evac_health_news news = { 0 };
    if (app >= io->engine->app_count) {
        engine_depend_probe(io, app - io->engine->app_count, result);
        return;
    }
    evac_health_probe(&io->engine->apps[app].health, result, &news);
    health_changed(io, &io->engine->apps[app], &news);
}

void evac_engine_hear(struct evac_engine *engine, uint16_t app,
                      const struct evac_probe_result *result)
{
    struct evac_health_news news = { 0 };
    if (app < engine->app_count)
        evac_health_probe(&engine->apps[app].health, result, &news);
}

/* --- runs
 * --------------------------------------------------------------------------------------------------
 */

static struct evac_engine_app *app_of(struct evac_engine *engine, const struct evac_run *run)
{
    size_t i = evac_engine_app(engine, run->plan->app);
    return i < engine->app_count ? &engine->apps[i] : NULL;
}

static void link_run(struct evac_engine *engine, struct evac_engine_app *a, struct evac_run *run)
{
    run->next = engine->runs;
    engine->runs = run;
    engine->run_count++;
    if (!a)
        return;
    if (evac_plan_is_aside(run->plan))
        a->rehearsal = run;
    else
        a->run = run;
}

void engine_unlink_run(struct evac_engine *engine, struct evac_run *run)
{
    for (struct evac_run **at = &engine->runs; *at; at = &(*at)->next)
        if (*at == run) {
            *at = run->next;
            engine->run_count--;
            break;
        }
    run->next = NULL;
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
    struct evac_engine_app *a = app_of(io->engine, run);
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
        if (a->active != from && !is_active_active(a))
            engine_leave(io, a, from, run->id);
        for (size_t i = 0; i < watch_count(a->app); i++)
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

static void before_run(struct engine_io *io, struct evac_run *run)
{
    struct evac_engine_app *a = app_of(io->engine, run);
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

static void tick_runs(struct engine_io *io)
{
    struct evac_run_io rio = engine_run_io(io);
    for (struct evac_run *r = io->engine->runs, *next; r; r = next) {
        next = r->next;
        if (!evac_effects_has_room(io->fx))
            return;
        before_run(io, r);
        bool withdrawn = withdraw_if_well(io, r);
        bool measured = r->state == EVAC_RUN_SETTLING && r->measuring == 0;
        if (io->now->boot_ms < r->wake_ms && !measured && !withdrawn && !waits_at_gate(r))
            continue;
        evac_run_tick(r, &rio);
        engine_after_run(io, r);
    }
    for (size_t i = 0; i < io->engine->app_count && evac_effects_has_room(io->fx); i++)
        engine_drill_yield(io, &io->engine->apps[i]);
}

void engine_refuse(struct engine_io *io, enum evac_code code, const char *why)
{
    io->fx->answer = code;
    (void)evac_str_copy(io->fx->answer_text, sizeof io->fx->answer_text, evac_str(why));
}

/* A person's word, and what follows from it: the roles that they hold for this app are looked up
 * here; an override changes what the gates see. */
static void tell_run(struct engine_io *io, const struct evac_engine_app *a, struct evac_run *run,
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
    before_run(io, run);
    evac_run_start(run, &rio, asks, waits_for_veto(run, asks) ? a->app->veto_ms : 0);
    for (unsigned g = 0; g < EVAC_RUN_GATE_COUNT && run->state == EVAC_RUN_PROPOSED; g++) {
        if (!(e->overrides & run->gates.shut & (1u << g)))
            continue;
        struct evac_command word = { .verb = EVAC_CMD_OVERRIDE, .run = run->id };
        word.gate = evac_str(evac_run_gate_row((enum evac_run_gate)g)->name);
        word.who = e->who;
        word.reason = e->why;
        word.caller = e->caller;
        tell_run(io, a, run, &word);
    }
    io->fx->answer = EVAC_OK; /* it was admitted; what was not overridden, it waits for */
    engine_after_run(io, run);
}

static void admit(struct engine_io *io, const struct evac_admit_event *e)
{
    struct evac_engine *engine = io->engine;
    struct evac_run *run = e->run;
    struct evac_engine_app *a = e->app < engine->app_count ? &engine->apps[e->app] : NULL;
    struct evac_run_io rio = engine_run_io(io);

    if (a)
        a->starting = false;
    if (!a || !engine->lead) {
        engine_refuse(io, EVAC_E_REFUSED,
                      a ? "this controller does not hold the lead" : "the app is not configured");
        return;
    }
    bool aside = evac_plan_is_aside(run->plan);
    bool fault = evac_plan_is_fault(run->plan);
    bool of_drill = evac_str_is(e->who, EVAC_DRILL_WHO);
    if (!aside && run->plan->workflow == EVAC_WORKFLOW_FAILBACK && is_unreconciled(io, a, run))
        return;
    if (run->plan->workflow == EVAC_WORKFLOW_DRILL && !of_drill &&
        a->drill.state != EVAC_DRILL_IS_IDLE) {
        engine_refuse(io, EVAC_E_BUSY,
                      "a drill of this app is going on; 'evac drill APP --stop' ends it");
        return;
    }
    if (!e->proposed && !aside)
        engine_withdraw_proposal(io, a, "another run was begun instead");
    if (aside ? (a->run && !fault) || a->rehearsal : a->run != NULL) {
        engine_refuse(
            io, EVAC_E_BUSY,
            "a run of this app is going on already; 'evac stop APP' ends it where it stands");
        return;
    }
    if (!aside)
        engine_drill_overtaken(io, a, e->who);
    bool fault_goes_on = a->rehearsal && evac_plan_is_fault(a->rehearsal->plan);
    if (!aside && a->rehearsal && !fault_goes_on) { /* the real thing goes first */
        (void)run_move(a->rehearsal, &rio, EVAC_RUN_ON_HOLD, "a real run begins");
        evac_run_tick(a->rehearsal, &rio);
        engine_after_run(io, a->rehearsal);
    }
    /* what a drill has sent must have landed before a real run relies on what it sees */
    run->behind = !aside && a->rehearsal && !a->rehearsal->plan->rehearse && !fault_goes_on;
    run->id = engine->next_run++;
    (void)evac_str_copy(run->who, sizeof run->who, e->who);
    if (!aside && run->plan->workflow == EVAC_WORKFLOW_FAILOVER)
        engine_note_leave(a, run->id, engine_region_index(a->app, run->plan->from));
    if (!aside) {
        a->active_before = a->active;
        a->out_before = a->out;
    }
    link_run(engine, a, run);
    engine_drill_admitted(a, run, e->who);
    record_admission(io, run, e);
    io->fx->answer_run = run->id;
    note_impact(io, a, run);
    begin(io, a, run, e);
}

static void not_admitted(struct engine_io *io, uint16_t app, struct evac_str why)
{
    if (app >= io->engine->app_count)
        return;
    struct evac_engine_app *a = &io->engine->apps[app];
    struct evac_record r = { .kind = EVAC_RECORD_ALARM };
    a->starting = false;
    if (a->drill.asked) { /* nobody needs to be told that it waits */
        engine_drill_not_admitted(io, a, why);
        return;
    }
    a->no_plan = true;
    io->engine->fleet.due = true;
    a->decide_ms = io->now->boot_ms + 60000; /* it will not compile in a moment either */
    r.app = a->app->name;
    r.text = why;
    engine_record(io, r);
    engine_notice(io, true, a->app->name, "a failover is needed but its plan does not compile");
}

static void reply(struct engine_io *io, const struct evac_reply_event *e)
{
    struct evac_run_io rio = engine_run_io(io);
    struct evac_run *run = e->run ? evac_engine_run(io->engine, e->run) : NULL;
    if (e->run == 0) {
        engine_measured(io, e);
    } else if (run && e->step < run->plan->step_count) {
        before_run(io, run);
        struct evac_engine_app *a = app_of(io->engine, run);
        evac_run_reply(run, &rio, e->step, e->call, e->reply);
        engine_after_run(io, run);
        if (a)
            engine_drill_yield(io, a);
    }
}

static void committed(struct engine_io *io, uint64_t seq)
{
    struct evac_run_io rio = engine_run_io(io);
    io->engine->committed = seq;
    for (struct evac_run *r = io->engine->runs; r; r = r->next)
        evac_run_committed(r, &rio, seq);
}

/* --- people's words that are not about one run
 * --------------------------------------------------------- */

static void hold(struct engine_io *io, struct evac_engine_app *a, const struct evac_command *cmd)
{
    bool holds = cmd->verb == EVAC_CMD_HOLD;
    if (holds && cmd->reason.n == 0) {
        engine_refuse(io, EVAC_E_BADARG, "a hold needs a reason");
        return;
    }
    struct evac_record r = { .kind = EVAC_RECORD_HOLD };
    r.app = a->app->name;
    r.who = cmd->who;
    r.text = cmd->reason;
    bool ends = cmd->value > 0 && cmd->value < INT64_MAX - io->now->wall_ms;
    r.number = !holds ? 0 : ends ? io->now->wall_ms + cmd->value : INT64_MAX;
    engine_record(io, r);
    a->hold_until_wall_ms = r.number;
    (void)evac_str_copy(a->hold_reason, sizeof a->hold_reason, cmd->reason);
    (void)evac_str_copy(a->hold_owner, sizeof a->hold_owner, cmd->who);
    a->decide_ms = 0;
}

static void ack(struct engine_io *io, struct evac_engine_app *a, const struct evac_command *cmd)
{
    struct evac_record r = { .kind = EVAC_RECORD_ACK };
    r.app = a->app->name;
    r.who = cmd->who;
    r.text = cmd->reason;
    engine_record(io, r);
    a->acked = true;
    a->auto_unacked = false;
    a->decide_ms = 0;
}

static void call_off(struct engine_io *io, struct evac_engine_app *a,
                     const struct evac_command *cmd)
{
    if (a->drill.state == EVAC_DRILL_IS_IDLE)
        engine_refuse(io, EVAC_E_REFUSED, "no drill of this app is going on");
    else if (!engine_drill_call_off(io, a, cmd))
        engine_refuse(io, EVAC_E_REFUSED, "the drill is on its way back already");
}

static void stop_automation(struct engine_io *io, const struct evac_command *cmd)
{
    struct evac_record r = { .kind = EVAC_RECORD_HOLD };
    bool stops = cmd->verb == EVAC_CMD_STOP_AUTOMATION;
    r.who = cmd->who;
    r.text = cmd->reason;
    r.number = stops ? INT64_MAX : 0;
    engine_record(io, r);
    io->engine->stopped = stops;
    (void)evac_str_copy(io->engine->stopped_by, sizeof io->engine->stopped_by, cmd->who);
    (void)evac_str_copy(io->engine->stopped_why, sizeof io->engine->stopped_why, cmd->reason);
    for (size_t i = 0; i < io->engine->app_count; i++)
        io->engine->apps[i].decide_ms = 0;
}

static void command_app(struct engine_io *io, const struct evac_command *cmd)
{
    size_t i = evac_engine_app(io->engine, cmd->app);
    bool freezes = cmd->verb == EVAC_CMD_FREEZE || cmd->verb == EVAC_CMD_UNFREEZE;
    if (cmd->verb == EVAC_CMD_STOP_AUTOMATION || cmd->verb == EVAC_CMD_ALLOW_AUTOMATION)
        stop_automation(io, cmd);
    else if (freezes && cmd->app.n == 0)
        engine_freeze_by_word(io, NULL, cmd);
    else if (i == io->engine->app_count)
        engine_refuse(io, EVAC_E_NOTFOUND, "there is no such app");
    else if (cmd->verb == EVAC_CMD_HOLD || cmd->verb == EVAC_CMD_RELEASE)
        hold(io, &io->engine->apps[i], cmd);
    else if (freezes)
        engine_freeze_by_word(io, &io->engine->apps[i], cmd);
    else if (cmd->verb == EVAC_CMD_WAIVE || cmd->verb == EVAC_CMD_UNWAIVE)
        engine_waive(io, &io->engine->apps[i], cmd);
    else if (cmd->verb == EVAC_CMD_CALL_OFF)
        call_off(io, &io->engine->apps[i], cmd);
    else if (cmd->verb == EVAC_CMD_ACK)
        ack(io, &io->engine->apps[i], cmd);
    else if (cmd->verb == EVAC_CMD_RECONCILE)
        engine_reconcile(io, &io->engine->apps[i], cmd);
    else if (cmd->verb == EVAC_CMD_PLACE)
        engine_place(io, &io->engine->apps[i], cmd);
    else
        engine_refuse(io, EVAC_E_BADARG, "that word is for a run: name one");
}

static void command(struct engine_io *io, const struct evac_command *cmd)
{
    struct evac_run *run = cmd->run ? evac_engine_run(io->engine, cmd->run) : NULL;
    if (!io->engine->lead) {
        engine_refuse(io, EVAC_E_NOLEAD, "this controller does not hold the lead");
    } else if (cmd->incident.n) {
        engine_incident_command(io, cmd);
    } else if (cmd->run == 0) {
        command_app(io, cmd);
    } else if (!run) {
        engine_refuse(io, EVAC_E_NOTFOUND, "no such run is going on");
    } else {
        before_run(io, run);
        tell_run(io, app_of(io->engine, run), run, cmd);
        engine_after_run(io, run);
    }
}

/* --- the door
 * --------------------------------------------------------------------------------------------- */

static void lead(struct engine_io *io, bool holds, uint64_t epoch)
{
    io->engine->lead = holds;
    io->engine->epoch = epoch;
    for (size_t i = 0; i < io->engine->app_count; i++)
        io->engine->apps[i].decide_ms = 0;
}

static void clock_jump(struct engine_io *io, int64_t by_ms)
{
    struct evac_record r = { .kind = EVAC_RECORD_CLOCK_JUMP, .number = by_ms };
    engine_record(io, r);
    engine_measure_clock_jumped(io->engine, io->now->wall_ms, by_ms);
    engine_notice(io, true, EVAC_STR_NONE, "the wall clock jumped; decisions do not depend on it");
}

static void stop(struct engine_io *io)
{
    engine_record(io, (struct evac_record){ .kind = EVAC_RECORD_STOP });
}

static bool is_note(enum evac_record_kind kind)
{
    return kind == EVAC_RECORD_CONFIG || kind == EVAC_RECORD_DEFICIENCY ||
           kind == EVAC_RECORD_EVIDENCE || kind == EVAC_RECORD_TOKEN ||
           kind == EVAC_RECORD_SESSION || kind == EVAC_RECORD_NOTICE || kind == EVAC_RECORD_ALONE ||
           kind == EVAC_RECORD_CHALLENGE || kind == EVAC_RECORD_REFUSAL;
}

static void note(struct engine_io *io, const struct evac_record *rows, size_t count)
{
    bool known = count <= EVAC_NOTES_MAX;
    for (size_t i = 0; known && i < count; i++)
        known = is_note(rows[i].kind);
    if (!io->engine->lead)
        engine_refuse(io, EVAC_E_NOLEAD, "this controller does not hold the lead");
    else if (!known)
        engine_refuse(io, EVAC_E_BADARG, "that is not for the engine to keep");
    for (size_t i = 0; io->engine->lead && known && i < count; i++)
        engine_record(io, rows[i]);
}

/* What a question came to, in the record of its key. */
static void answered(struct engine_io *io, const struct evac_event *event,
                     struct evac_record *record)
{
    record->text = evac_str(io->fx->answer_text);
    record->number = (int64_t)io->fx->answer_run;
    if (event->kind == EVAC_EVENT_ADMIT) {
        record->app = event->u.admit.run->plan->app;
        record->to = evac_str(evac_run_state_name(event->u.admit.run->state));
    } else if (event->kind == EVAC_EVENT_DRILL) {
        record->app = io->engine->apps[event->u.drill.app].app->name;
    } else if (event->kind == EVAC_EVENT_COMMAND) {
        record->app = event->u.command.app;
        record->number = (int64_t)event->u.command.run;
    } else if (event->kind == EVAC_EVENT_NOTE) { /* its first row, for who must find it again */
        record->app = event->u.note.count ? event->u.note.rows[0].app : EVAC_STR_NONE;
        record->number = (int64_t)(io->engine->next_seq - event->u.note.count);
        record->data = event->asked->answer;
    }
}

/* In the same batch: what was done is never without the key that it was asked under. */
static void note_asked(struct engine_io *io, const struct evac_event *event)
{
    const struct evac_asked *asked = event->asked;
    if (!asked || io->fx->answer != EVAC_OK)
        return;
    struct evac_record record = { .kind = EVAC_RECORD_REQUEST,
                                  .name = asked->key,
                                  .who = asked->who,
                                  .event = asked->operation,
                                  .from = asked->print,
                                  .attempt = asked->status };
    answered(io, event, &record);
    engine_record(io, record);
}

static void tick_app(struct engine_io *io, size_t i)
{
    struct evac_engine_app *a = &io->engine->apps[i];
    struct evac_health_news news;
    if (engine_self_apply(io, &a->health, &news))
        health_changed(io, a, &news);
    if (engine_vantages_apply(io, &a->health, &news))
        health_changed(io, a, &news);
    news = (struct evac_health_news){ 0 };
    if (io->now->boot_ms >= evac_health_wake_ms(&a->health))
        evac_health_tick(&a->health, io->now->boot_ms, io->now->wall_ms, &news);
    health_changed(io, a, &news);
    engine_measure(io, (uint16_t)i);
    engine_look_back(io, a);
}

/* Those that are due; all of them after what concerns all. */
static void tick_apps(struct engine_io *io)
{
    engine_end_leases(io);
    bool all = io->engine->wake_ms == 0;
    engine_depend_tick(io); /* before those who need them decide */
    for (size_t i = 0; i < io->engine->app_count && evac_effects_has_room(io->fx); i++)
        if (all || io->engine->app_wakes[i] <= io->now->boot_ms)
            tick_app(io, i);
}

static uint64_t app_wake(const struct evac_engine *engine, const struct evac_engine_app *a)
{
    uint64_t wake = a->decide_ms;
    uint64_t times[] = { evac_health_wake_ms(&a->health),
                         engine->lead ? engine_measure_wake_ms(a) : EVAC_NEVER,
                         engine->lead ? engine_look_back_wake_ms(a) : EVAC_NEVER,
                         engine_drill_wake_ms(engine, a) };
    for (size_t k = 0; k < sizeof times / sizeof times[0]; k++)
        if (times[k] < wake)
            wake = times[k];
    return wake;
}

/* An answer to a probe of one app, the most frequent event of all, touches that app alone: what is
 * due of the others is remembered, closely packed. */
static void set_wake(struct evac_engine *engine, size_t first, size_t count)
{
    uint64_t wake = engine_depend_wake_ms(engine);
    if (engine_fleet_wake_ms(engine) < wake)
        wake = engine_fleet_wake_ms(engine);
    if (engine_leases_wake_ms(engine) < wake)
        wake = engine_leases_wake_ms(engine);
    for (const struct evac_run *r = engine->runs; r; r = r->next)
        if (r->wake_ms < wake)
            wake = r->wake_ms;
    for (size_t i = first; i < first + count; i++)
        engine->app_wakes[i] = app_wake(engine, &engine->apps[i]);
    for (size_t i = 0; i < engine->app_count; i++)
        if (engine->app_wakes[i] < wake)
            wake = engine->app_wakes[i];
    engine->wake_ms = wake;
}

/* A process that stood still hears what came in the meantime before its own clock: what it knew
 * has grown old all the same, and nothing is begun on it. */
static void grow_old(struct engine_io *io)
{
    for (size_t i = 0; i < io->engine->app_count && evac_effects_has_room(io->fx); i++) {
        struct evac_engine_app *a = &io->engine->apps[i];
        struct evac_health_news news;
        if (io->now->boot_ms < evac_health_wake_ms(&a->health))
            continue;
        evac_health_tick(&a->health, io->now->boot_ms, io->now->wall_ms, &news);
        health_changed(io, a, &news);
    }
}

void evac_engine_step(struct evac_engine *engine, const struct evac_event *event,
                      struct evac_effects *fx)
{
    struct engine_io io = { engine, fx, &event->now };
    evac_effects_reset(fx);
    if (event->now.boot_ms >= engine->wake_ms && event->kind != EVAC_EVENT_STOP)
        grow_old(&io);

    switch (event->kind) {
    case EVAC_EVENT_TICK:
        break;
    case EVAC_EVENT_PROBE:
        probe(&io, event->u.probe.app, &event->u.probe.result);
        break;
    case EVAC_EVENT_ANCHORS:
        engine_self_anchors(&io, !event->u.abstains);
        break;
    case EVAC_EVENT_VANTAGE:
        engine_vantage(&io, &event->u.vantage);
        break;
    case EVAC_EVENT_SELF:
        engine_self_feel(&io, &event->u.self);
        break;
    case EVAC_EVENT_REPLY:
        reply(&io, &event->u.reply);
        break;
    case EVAC_EVENT_COMMITTED:
        committed(&io, event->u.seq);
        break;
    case EVAC_EVENT_ADMIT:
        admit(&io, &event->u.admit);
        break;
    case EVAC_EVENT_NOT_ADMITTED:
        not_admitted(&io, event->u.not_admitted.app, event->u.not_admitted.why);
        break;
    case EVAC_EVENT_COMMAND:
        command(&io, &event->u.command);
        break;
    case EVAC_EVENT_LEAD:
        lead(&io, event->u.lead.lead, event->u.lead.epoch);
        break;
    case EVAC_EVENT_ASSURE:
        engine_assure(&io, &event->u.assure);
        break;
    case EVAC_EVENT_FREEZE:
        engine_freeze_by_calendar(&io, &event->u.freeze);
        break;
    case EVAC_EVENT_DRILL:
        engine_drill_said(&io, &event->u.drill);
        break;
    case EVAC_EVENT_CLOCK_JUMP:
        clock_jump(&io, event->u.number);
        break;
    case EVAC_EVENT_STOP:
        stop(&io);
        return;
    case EVAC_EVENT_NOTE:
        note(&io, event->u.note.rows, event->u.note.count);
        break;
    case EVAC_EVENT_KIND_COUNT:
        break;
    }
    note_asked(&io, event);
    bool alone = event->kind == EVAC_EVENT_PROBE && event->u.probe.app < engine->app_count;
    if (event->kind == EVAC_EVENT_TICK || event->now.boot_ms >= engine->wake_ms) {
        alone = false;
        tick_apps(&io);
        tick_runs(&io);
    } else if (event->kind == EVAC_EVENT_REPLY && event->u.reply.run == 0) {
        tick_runs(&io); /* a gate or an end may have waited for that measurement */
    }
    alone = !engine_fleet_step(&io) && alone;
    set_wake(engine, alone ? event->u.probe.app : 0, alone ? 1 : engine->app_count);
}

uint64_t evac_engine_wake_ms(const struct evac_engine *engine)
{
    return engine->wake_ms;
}
