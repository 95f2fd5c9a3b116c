#include "engine_internal.h"

#define MEASURE_CALL_MS 10000u

static bool can(const struct evac_watch *w, enum evac_verb verb)
{
    return (w->verbs & (1u << verb)) != 0;
}

/* A watch's own region: of an active-active app each has one, of others it is the active one. */
static uint16_t source_region(const struct evac_engine_app *a, uint16_t source)
{
    if (a->sources > 1)
        return source;
    return a->run ? engine_region_index(a->app, a->run->plan->from) : a->active;
}

static uint16_t run_source(const struct evac_engine_app *a)
{
    return a->sources > 1 ? engine_region_index(a->app, a->run->plan->from) : 0;
}

/* While a run goes on, only what it leaves matters. */
static bool is_watched(const struct evac_engine_app *a, uint16_t source)
{
    if (a->run)
        return source == run_source(a);
    return a->sources == 1 || (evac_engine_serving(a) & (1u << source));
}

/* The instant after which nothing was written there any more: first bad probe of the outage;
 * without one, now. */
static int64_t reference_ms(const struct evac_engine_app *a, uint16_t source,
                            const struct evac_now *now)
{
    int64_t impact = a->health.regions[source_region(a, source)].impact_hi_wall_ms;
    if (a->run && (a->run->instants & (1u << EVAC_INSTANT_IMPACT_HI)))
        impact = a->run->instant_wall_ms[EVAC_INSTANT_IMPACT_HI];
    return impact ? impact : now->wall_ms;
}

int64_t evac_engine_loss_of(const struct evac_engine_app *a, size_t resource, uint16_t source,
                            const struct evac_now *now)
{
    return evac_watch_loss(evac_engine_watch_of(a, resource, source), reference_ms(a, source, now));
}

int64_t evac_engine_loss(const struct evac_engine_app *a, const struct evac_now *now)
{
    int64_t worst = -1;
    for (uint16_t s = 0; s < a->sources; s++)
        for (size_t i = 0; is_watched(a, s) && i < a->app->resource_count; i++) {
            int64_t loss = evac_engine_loss_of(a, i, s, now);
            if (loss > worst)
                worst = loss;
        }
    return worst;
}

bool evac_engine_loss_agreed(const struct evac_engine_app *a, const struct evac_now *now)
{
    for (uint16_t s = 0; s < a->sources; s++)
        for (size_t i = 0; is_watched(a, s) && i < a->app->resource_count; i++)
            if (!evac_watch_agrees(evac_engine_watch_of(a, i, s), reference_ms(a, s, now),
                                   a->app->loss_sources))
                return false;
    return true;
}

static uint16_t first_but(const struct evac_engine_app *a, uint16_t region)
{
    uint32_t serving = evac_engine_serving(a);
    for (uint16_t r = 0; a->sources > 1 && r < a->app->region_count; r++)
        if (r != region && (serving & (1u << r)))
            return r;
    return region == 0 ? 1 : 0;
}

/* Where markers are looked for: the run's target; else where the data's writer is, or the first
 * other region. */
static uint16_t other_region(const struct evac_engine_app *a, uint16_t source)
{
    uint16_t region = source_region(a, source);
    if (a->run)
        return engine_region_index(a->app, a->run->plan->to);
    return a->sources > 1 && a->active != region ? a->active : first_but(a, region);
}

struct spot { /* what is measured: a resource of an app, out of a region */
    uint16_t app, resource, source;
};

static struct evac_watch *watch_at(const struct engine_io *io, const struct spot *at)
{
    return evac_engine_watch_of(&io->engine->apps[at->app], at->resource, at->source);
}

static uint64_t call(struct engine_io *io, const struct spot *at, enum evac_verb verb,
                     int64_t marker)
{
    struct evac_engine_app *a = &io->engine->apps[at->app];
    struct evac_effect *effect = evac_effects_add(io->fx, EVAC_FX_CALL);
    uint16_t from = source_region(a, at->source), to = other_region(a, at->source);
    effect->u.call = (struct evac_call_effect){
        .call = ++io->engine->next_call,
        .app = a->app,
        .step = at->resource,
        .verb = verb,
        .version = "",
        .deadline_ms = io->now->boot_ms + MEASURE_CALL_MS,
        .from = engine_region(a, from),
        .to = engine_region(a, to),
        .region = engine_region(a, verb == EVAC_VERB_MARK ? from : to),
        .marker = marker,
    };
    return effect->u.call.call;
}

/* From a run's start on the old side is being fenced: nothing of ours is written there any more. */
static void mark(struct engine_io *io, const struct spot *at)
{
    struct evac_engine_app *a = &io->engine->apps[at->app];
    struct evac_watch *w = watch_at(io, at);
    if (!can(w, EVAC_VERB_MARK) || a->app->canary_ms == 0 || io->now->boot_ms < w->mark_due_ms)
        return;
    w->mark_due_ms = io->now->boot_ms + a->app->canary_ms;
    if (w->mark_call || a->run)
        return;
    if (io->now->wall_ms > w->last_mark)
        w->last_mark = io->now->wall_ms;
    else
        w->last_mark++;
    w->mark_call = call(io, at, EVAC_VERB_MARK, w->last_mark);
}

static void look(struct engine_io *io, const struct spot *at)
{
    struct evac_engine_app *a = &io->engine->apps[at->app];
    struct evac_watch *w = watch_at(io, at);
    if (io->now->boot_ms < w->measure_due_ms)
        return;
    w->measure_due_ms = io->now->boot_ms + a->app->measure_ms;
    if (can(w, EVAC_VERB_SEEK) && !w->seek_call)
        w->seek_call = call(io, at, EVAC_VERB_SEEK, 0);
    if (can(w, EVAC_VERB_MEASURE) && !w->measure_call)
        w->measure_call = call(io, at, EVAC_VERB_MEASURE, 0);
}

void engine_measure(struct engine_io *io, uint16_t app)
{
    struct evac_engine_app *a = &io->engine->apps[app];
    struct spot at = { .app = app };
    if (!io->engine->lead)
        return;
    for (at.source = 0; at.source < a->sources; at.source++)
        for (at.resource = 0; is_watched(a, at.source) && at.resource < a->app->resource_count;
             at.resource++) {
            if (!evac_effects_has_room(io->fx))
                return;
            mark(io, &at);
            look(io, &at);
        }
}

static uint64_t watch_wake_ms(const struct evac_engine_app *a, const struct evac_watch *w)
{
    uint64_t wake = EVAC_NEVER;
    if (can(w, EVAC_VERB_MARK) && a->app->canary_ms)
        wake = w->mark_due_ms;
    if ((can(w, EVAC_VERB_SEEK) || can(w, EVAC_VERB_MEASURE)) && w->measure_due_ms < wake)
        wake = w->measure_due_ms;
    return wake;
}

uint64_t engine_measure_wake_ms(const struct evac_engine_app *a)
{
    uint64_t first = EVAC_NEVER;
    for (uint16_t s = 0; s < a->sources; s++)
        for (size_t i = 0; is_watched(a, s) && i < a->app->resource_count; i++) {
            uint64_t wake = watch_wake_ms(a, evac_engine_watch_of(a, i, s));
            first = wake < first ? wake : first;
        }
    return first;
}

static void ask_for_the_end(struct engine_io *io, struct evac_engine_app *a)
{
    struct spot at = { .app = (uint16_t)(a - io->engine->apps), .source = run_source(a) };
    a->run->loss_asked = true;
    for (at.resource = 0; at.resource < a->app->resource_count; at.resource++) {
        struct evac_watch *w = watch_at(io, &at);
        if (!can(w, EVAC_VERB_SEEK))
            continue;
        w->seek_call = call(io, &at, EVAC_VERB_SEEK, 0);
        a->run->measuring++;
    }
}

/* --- the run's measured loss
 * --------------------------------------------------------------------------- */

static void record_loss(struct engine_io *io, struct evac_engine_app *a, size_t resource,
                        const char *method, int64_t loss_ms, uint32_t interval_ms)
{
    struct evac_run_io rio = engine_run_io(io);
    const struct evac_watch *w = evac_engine_watch_of(a, resource, run_source(a));
    int64_t lost[16];
    uint32_t count = evac_watch_lost(w, lost, 16);
    struct evac_text data = evac_effects_text(io->fx, 1024);

    evac_text_puts(&data, "{\"method\":\"");
    evac_text_puts(&data, method);
    evac_text_puts(&data, "\",\"interval_ms\":");
    evac_text_u64(&data, interval_ms);
    evac_text_puts(&data, ",\"as_of_wall_ms\":");
    evac_text_i64(&data, w->lag_as_of_ms);
    evac_text_puts(&data, ",\"found\":");
    evac_text_i64(&data, w->found);
    evac_text_puts(&data, ",\"lost_count\":");
    evac_text_u64(&data, count);
    evac_text_puts(&data, ",\"lost\":[");
    for (uint32_t i = 0; i < count && i < 16; i++) {
        evac_text_puts(&data, i ? "," : "");
        evac_text_i64(&data, lost[i]);
    }
    evac_text_puts(&data, "]}");

    struct evac_record r = { .kind = EVAC_RECORD_LOSS, .step = EVAC_NO_STEP };
    r.name = a->app->resources[resource].name;
    r.number = loss_ms == EVAC_LOSS_UNKNOWN ? -1 : loss_ms;
    r.event = evac_str(method);
    r.data = evac_effects_text_end(io->fx, &data);
    evac_run_record(a->run, &rio, r);
}

/* A promotion that waits for the last byte loses nothing: the service's own word. */
static bool was_switched_over(const struct evac_run *run, struct evac_str resource)
{
    for (uint16_t i = 0; i < run->plan->forward_count; i++) {
        const struct evac_plan_step *p = &run->plan->steps[i];
        if (run->steps[i].state == EVAC_STEP_DONE && (p->flags & EVAC_STEP_PROMOTES) &&
            !(p->flags & EVAC_STEP_LOSSY) && evac_str_eq(p->resource, resource))
            return true;
    }
    return false;
}

static bool is_given_up(const struct evac_step_run *s)
{
    return s->acked || s->state == EVAC_STEP_VERIFYING || s->state == EVAC_STEP_DONE;
}

/* It is promoted, or restored, without what had not arrived: the old side went on until it was
 * fenced, and what is written, or backed up, later is not in it. 0: it is not. */
static int64_t given_up_ms(const struct evac_run *run, struct evac_str resource)
{
    const struct evac_plan *plan = run->plan;
    for (uint16_t i = 0; i < plan->forward_count; i++)
        if (is_given_up(&run->steps[i]) && (plan->steps[i].flags & EVAC_STEP_LOSSY) &&
            evac_str_eq(plan->steps[i].resource, resource))
            return run->instant_wall_ms[EVAC_INSTANT_FENCED];
    return 0;
}

/* What waited for the fence says itself up to when everything is in what was taken over: by the
 * clock by which the fence was noted. */
static int64_t taken_as_of_ms(const struct evac_run *run, struct evac_str resource)
{
    const struct evac_plan *plan = run->plan;
    for (uint16_t i = 0; i < plan->forward_count; i++)
        if (is_given_up(&run->steps[i]) && (plan->steps[i].flags & EVAC_STEP_WAITS) &&
            evac_str_eq(plan->steps[i].resource, resource) && run->steps[i].as_of_wall_ms)
            return run->steps[i].as_of_wall_ms - run->steps[i].as_of_moved_ms;
    return 0;
}

/* Planned, nothing broke: when every marker that was acknowledged has arrived, none was lost. */
static int64_t planned_canary_loss(const struct evac_watch *w, int64_t reference)
{
    int64_t lost[1];
    if (w->found && evac_watch_lost(w, lost, 1) == 0)
        return 0;
    return evac_watch_loss_by_canary(w, reference);
}

static void record_planned(struct engine_io *io, struct evac_engine_app *a, size_t resource,
                           const struct evac_watch *w)
{
    int64_t fenced = given_up_ms(a->run, a->app->resources[resource].name);
    int64_t reference = fenced ? fenced : a->run->instant_wall_ms[EVAC_INSTANT_STARTED];
    int64_t as_of = taken_as_of_ms(a->run, a->app->resources[resource].name);
    if (fenced && as_of) {
        record_loss(io, a, resource, "recovery-point", fenced > as_of ? fenced - as_of : 0, 0);
        return;
    }
    int64_t canary = can(w, EVAC_VERB_MARK) ? planned_canary_loss(w, reference) : EVAC_LOSS_UNKNOWN;
    if (can(w, EVAC_VERB_MARK))
        record_loss(io, a, resource, "canary", canary, a->app->canary_ms);
    /* all that was marked is there: a metric that is older than the move says nothing against it */
    if (can(w, EVAC_VERB_MEASURE) && canary != 0)
        record_loss(io, a, resource, "lag", evac_watch_loss_by_lag(w, reference), 0);
}

static void record_outage(struct engine_io *io, struct evac_engine_app *a, size_t resource,
                          const struct evac_watch *w)
{
    int64_t reference = a->run->instant_wall_ms[EVAC_INSTANT_IMPACT_HI];
    if (can(w, EVAC_VERB_MEASURE))
        record_loss(io, a, resource, "lag", evac_watch_loss_by_lag(w, reference), 0);
    if (can(w, EVAC_VERB_MARK))
        record_loss(io, a, resource, "canary", evac_watch_loss_by_canary(w, reference),
                    a->app->canary_ms);
}

/* A region joins those that serve: where the data is, nothing ends. */
static bool is_kept(const struct evac_engine_app *a)
{
    return a->sources > 1 && a->run->plan->workflow == EVAC_WORKFLOW_FAILBACK;
}

static void record_losses(struct engine_io *io, struct evac_engine_app *a)
{
    bool planned = !(a->run->instants & (1u << EVAC_INSTANT_IMPACT_HI));
    for (size_t i = 0; i < a->app->resource_count; i++) {
        const struct evac_watch *w = evac_engine_watch_of(a, i, run_source(a));
        bool measured = can(w, EVAC_VERB_MEASURE) || can(w, EVAC_VERB_MARK);
        if (!evac_effects_has_room(io->fx))
            return;
        if (was_switched_over(a->run, a->app->resources[i].name))
            record_loss(io, a, i, "switchover", 0, 0);
        else if (is_kept(a) && measured)
            record_loss(io, a, i, "kept", 0, 0);
        else if (planned)
            record_planned(io, a, i, w);
        else
            record_outage(io, a, i, w);
    }
    a->run->loss_noted = true;
}

/* It has promoted data; or it leads users from or to a region without having to (active-active). */
static bool cost_data(const struct evac_run *run)
{
    if (run->pivoted)
        return true;
    for (uint16_t i = 0; i < run->plan->forward_count; i++)
        if (run->plan->steps[i].flags & EVAC_STEP_PIVOT)
            return false;
    return run->plan->workflow != EVAC_WORKFLOW_DRILL &&
           run->plan->workflow != EVAC_WORKFLOW_FENCE && !run->back;
}

void engine_rehearsal_loss(struct engine_io *io, struct evac_engine_app *a)
{
    int64_t loss = evac_engine_loss(a, io->now);
    if (a->rehearsal)
        a->rehearsal->loss_ms = loss < 0 ? 0 : loss;
}

void engine_run_loss(struct engine_io *io, struct evac_engine_app *a)
{
    struct evac_run *run = a->run;
    if (!run || evac_run_is_over(run->state))
        return;
    int64_t loss = evac_engine_loss(a, io->now);
    run->loss_ms = loss < 0 ? 0 : loss;

    bool known_for_good =
        (run->instants & (1u << EVAC_INSTANT_RECOVERED)) || run->state == EVAC_RUN_SETTLING;
    if (run->loss_noted || !known_for_good || !cost_data(run))
        return;
    if (!run->loss_asked)
        ask_for_the_end(io, a);
    if (run->measuring == 0)
        record_losses(io, a);
}

/* --- the trend
 * ------------------------------------------------------------------------------------------ */

static void record_lag(struct engine_io *io, const struct evac_engine_app *a, const struct spot *at,
                       int64_t loss_ms)
{
    struct evac_record r = { .kind = EVAC_RECORD_LAG };
    r.app = a->app->name;
    r.name = a->app->resources[at->resource].name;
    r.from = engine_region(a, source_region(a, at->source));
    r.number = loss_ms;
    engine_record(io, r);
}

/* A sample a minute, once anything was known. */
static void note_lag(struct engine_io *io, const struct spot *at)
{
    const struct evac_engine_app *a = &io->engine->apps[at->app];
    struct evac_watch *w = watch_at(io, at);
    int64_t loss = evac_engine_loss_of(a, at->resource, at->source, io->now);
    if (loss < 0 || io->now->boot_ms < w->lag_due_ms || !io->engine->lead)
        return;
    if (loss == EVAC_LOSS_UNKNOWN && w->lag_count == 0)
        return;
    loss = loss == EVAC_LOSS_UNKNOWN ? -1 : loss;
    w->lag_due_ms = io->now->boot_ms + EVAC_LAG_EVERY_MS;
    evac_watch_note_lag(w, io->now->wall_ms, loss);
    if (!evac_effects_has_room(io->fx) || !evac_watch_lag_is_news(w, io->now->wall_ms, loss))
        return;
    w->lag_told = (struct evac_lag_sample){ io->now->wall_ms, loss };
    record_lag(io, a, at, loss);
}

/* Markers and samples carry the wall clock's time: a clock that goes back makes old ones look new.
 */
void engine_measure_clock_jumped(struct evac_engine *engine, int64_t now_wall_ms, int64_t by_ms)
{
    if (by_ms >= 0)
        return; /* what is measured then looks older than it is: nothing is hidden */
    for (size_t a = 0; a < engine->app_count; a++)
        for (size_t i = 0; i < engine->apps[a].app->resource_count; i++)
            for (uint16_t s = 0; s < engine->apps[a].sources; s++)
                evac_watch_clock_went_back(evac_engine_watch_of(&engine->apps[a], i, s),
                                           now_wall_ms - by_ms);
}

void engine_fences_moved(struct evac_engine *engine, int64_t by_ms)
{
    for (struct evac_run *r = engine->runs; r; r = r->next)
        evac_run_clock_moved(r, by_ms);
}

void engine_clock_set(struct evac_engine *engine, int64_t now_wall_ms, int64_t by_ms)
{
    engine_measure_clock_jumped(engine, now_wall_ms, by_ms);
    engine_fences_moved(engine, by_ms);
    engine_looks_moved(engine, by_ms);
    engine_words_moved(engine, by_ms);
    for (struct evac_run *r = engine->runs; r; r = r->next)
        r->clock_set_ms += by_ms;
}

void engine_replay_lag(struct evac_engine_app *a, const struct evac_record *r)
{
    uint16_t source = engine_region_index(a->app, r->from);
    for (size_t i = 0; i < a->app->resource_count; i++)
        if (evac_str_eq(a->app->resources[i].name, r->name)) {
            struct evac_watch *w = evac_engine_watch_of(a, i, source);
            evac_watch_note_lag(w, r->t_wall_ms, r->number);
            w->lag_told = (struct evac_lag_sample){ r->t_wall_ms, r->number };
        }
}

/* --- answers
 * -------------------------------------------------------------------------------------------- */

static bool answers(uint64_t *open, uint64_t call_number)
{
    if (*open == 0 || *open != call_number)
        return false;
    *open = 0;
    return true;
}

static void take_measurement(struct evac_engine_app *a, struct evac_watch *w,
                             const struct evac_reply_event *e)
{
    if (answers(&w->mark_call, e->call)) {
        evac_watch_marked(w, e->marker, e->reply);
    } else if (answers(&w->seek_call, e->call)) {
        evac_watch_found(w, e->reply);
        if (a->run && a->run->measuring)
            a->run->measured = --a->run->measuring == 0;
    } else if (answers(&w->measure_call, e->call)) {
        int64_t fixed = a->run ? given_up_ms(a->run, a->app->resources[e->step].name) : 0;
        evac_watch_measured(w, e->reply, fixed ? fixed : INT64_MAX);
    }
}

void engine_measured(struct engine_io *io, const struct evac_reply_event *e)
{
    if (e->app >= io->engine->app_count)
        return;
    struct evac_engine_app *a = &io->engine->apps[e->app];
    for (uint16_t s = 0; e->step < a->app->resource_count && s < a->sources; s++) {
        take_measurement(a, evac_engine_watch_of(a, e->step, s), e);
        if (e->step < a->app->resource_count &&
            answers(&evac_engine_watch_of(a, e->step, 0)->still_call, e->call))
            engine_looked_back(io, a, e->step, e->reply);
        note_lag(io, &(struct spot){ .app = e->app, .resource = e->step, .source = s });
    }
}
