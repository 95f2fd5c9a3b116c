/* One run: a healthy day, the outage, and what follows, in virtual time. */
#include "sim_internal.h"

#include "store_memory.h"

#include <stdlib.h>
#include <string.h>

#define GIVE_UP_MS   172800000u /* two days: nobody waits for longer */
#define EVENTS_MAX   400000u
#define SLICE_EVENTS 64u
#define AFTER_MS     120000u /* losses are asked for once users are served again */

/* --- probes
 * ---------------------------------------------------------------------------------------------- */

struct probe_loop {
    uint16_t probe, region, vantage;
    uint64_t sent_ms;
};

static const struct evac_app *app_of(const struct sim_world *w)
{
    return &w->sim->model.apps[0];
}

static struct evac_str vantage_region(const struct sim_world *w, uint16_t vantage)
{
    const struct evac_controller_conf *c = &w->sim->model.controller;
    return vantage == 0 ? c->region : c->vantages[vantage - 1].region;
}

static bool users_are_served(const struct sim_world *w)
{
    return w->v.now_ms < w->impact_ms || w->recovered_ms;
}

static bool answers(const struct sim_world *w, const struct probe_loop *loop)
{
    const struct evac_app *app = app_of(w);
    const struct evac_probe *p = &app->probes[loop->probe];
    if (p->role == EVAC_PROBE_ENDPOINT)
        return users_are_served(w);
    return !p->regional || !sim_region_is_dead(w, app->regions[loop->region]);
}

static void tell_probe(struct sim_world *w, const struct probe_loop *loop, bool ok)
{
    const struct evac_app *app = app_of(w);
    struct evac_event event = { .kind = EVAC_EVENT_PROBE };
    event.u.probe.result = (struct evac_probe_result){
        .probe = loop->probe,
        .region = loop->region,
        .vantage = loop->vantage,
        .ok = ok,
        .latency_ms = (uint32_t)(w->v.now_ms - loop->sent_ms),
        .sent_boot_ms = loop->sent_ms,
        .boot_ms = w->v.now_ms,
        .wall_ms = evac_virtual_wall_ms(&w->v),
        .served_by = ok ? app->regions[sim_app(w)->active] : EVAC_STR_NONE,
        .reason = ok ? EVAC_STR_NONE : EVAC_STR("no answer in time"),
    };
    (void)evac_shell_event(w->shell, &event, NULL);
}

static void no_answer_due(void *owner, void *what)
{
    tell_probe(owner, what, false);
}

static void probe_due(void *owner, void *what)
{
    struct sim_world *w = owner;
    struct probe_loop *loop = what;
    const struct evac_probe *p = &app_of(w)->probes[loop->probe];
    uint32_t every = p->every_ms ? p->every_ms : 1000;
    if (sim_region_is_dead(w, vantage_region(w, loop->vantage)))
        return; /* whoever stands there says nothing any more */
    loop->sent_ms = w->v.now_ms;
    if (answers(w, loop))
        tell_probe(w, loop, true);
    else
        evac_virtual_later(&w->v, p->reply_ms < every ? p->reply_ms : every - 1, no_answer_due,
                           loop);
    evac_virtual_later(&w->v, every, probe_due, loop);
}

static void begin_loop(struct sim_world *w, uint16_t probe, uint16_t region, uint16_t vantage)
{
    const struct evac_probe *p = &app_of(w)->probes[probe];
    struct probe_loop *loop = evac_arena_alloc(w->arena, sizeof *loop);
    *loop = (struct probe_loop){ .probe = probe, .region = region, .vantage = vantage };
    uint64_t which = probe * 1000u + region * 10u + vantage;
    evac_virtual_later(&w->v, (uint64_t)(sim_uniform(w, "phase", which) * p->every_ms), probe_due,
                       loop);
}

static void begin_probes(struct sim_world *w)
{
    const struct evac_app *app = app_of(w);
    uint16_t vantages = (uint16_t)(1 + w->sim->model.controller.vantage_count);
    for (uint16_t v = 0; v < vantages && v < EVAC_VANTAGES_MAX; v++)
        for (uint16_t p = 0; p < app->probe_count && p < EVAC_PROBES_MAX; p++)
            for (uint16_t r = 0; r < (app->probes[p].regional ? app->region_count : 1); r++)
                if (v == 0 || app->probes[p].role != EVAC_PROBE_ENDPOINT)
                    begin_loop(w, p, r, v);
}

/* --- what the journal tells
 * --------------------------------------------------------------------------------- */

static uint64_t boot_of(const struct sim_world *w, const struct evac_record *r)
{
    return (uint64_t)(r->number - w->sim->q.wall_ms) + SIM_BOOT_MS;
}

static void take_instant(struct sim_world *w, const struct evac_record *r)
{
    if (evac_str_is(r->name, evac_instant_name(EVAC_INSTANT_STARTED)))
        w->started_ms = boot_of(w, r);
    else if (evac_str_is(r->name, evac_instant_name(EVAC_INSTANT_RECOVERED)))
        w->recovered_ms = boot_of(w, r);
}

static void take_step(struct sim_world *w, const struct evac_record *r)
{
    struct sim_step *s = &w->steps[r->step];
    if (evac_str_is(r->to, evac_step_state_name(EVAC_STEP_OBSERVING)) && s->began_ms == 0)
        s->began_ms = r->t_boot_ms;
    s->ended_ms = r->t_boot_ms;
    s->done = evac_str_is(r->to, evac_step_state_name(EVAC_STEP_DONE));
    if (evac_str_is(r->to, evac_step_state_name(EVAC_STEP_FAILED)) && w->broke_at == SIM_NEVER &&
        w->sim->plan.plan->steps[r->step].on_failure != EVAC_ON_FAILURE_GO_ON)
        w->broke_at = r->step;
}

/* One store may be measured in two ways: the worse counts, and one that speaks is enough. */
static void take_loss(struct sim_world *w, const struct evac_record *r)
{
    w->losses_noted = true;
    if (r->number < 0)
        return;
    w->rpo_known = true;
    if (r->number > w->rpo_ms)
        w->rpo_ms = r->number;
}

/* A plan in which nobody looks as a user does is over when it has succeeded. */
static void take_end(struct sim_world *w, const struct evac_record *r)
{
    if (w->started_ms == 0) { /* a proposal that nobody answered: the next run is the one */
        w->expired = true;
        w->run = 0;
        return;
    }
    w->ended_ms = r->t_boot_ms;
    if (w->recovered_ms == 0 && evac_str_starts(r->to, "succeeded"))
        w->recovered_ms = w->ended_ms;
}

static void on_row(void *user, const struct evac_record *r)
{
    struct sim_world *w = user;
    if (r->kind == EVAC_RECORD_ADMIT && r->number == 0 && w->run == 0)
        w->run = r->run;
    if (r->kind == EVAC_RECORD_VERDICT && w->detected_ms == 0 && w->v.now_ms >= w->impact_ms &&
        evac_str_is(r->to, evac_verdict_name(EVAC_VERDICT_DOWN)))
        w->detected_ms = r->t_boot_ms;
    if (r->run == 0 || r->run != w->run)
        return;
    if (r->kind == EVAC_RECORD_STEP && r->step < w->sim->plan.plan->forward_count)
        take_step(w, r);
    else if (r->kind == EVAC_RECORD_INSTANT)
        take_instant(w, r);
    else if (r->kind == EVAC_RECORD_LOSS)
        take_loss(w, r);
    else if (r->kind == EVAC_RECORD_TERMINAL)
        take_end(w, r);
}

/* --- life
 * ------------------------------------------------------------------------------------------------
 */

static void draw_lags(struct sim_world *w)
{
    const struct evac_app *app = app_of(w);
    bool lagging = w->batch->fault.kind == EVAC_SIM_LAGGING;
    w->lag_ms = evac_arena_array(w->arena, app->resource_count + 1, sizeof *w->lag_ms);
    for (size_t i = 0; i < app->resource_count; i++) {
        double ms = evac_spread_quantile(&w->sim->plan.lag[i], sim_uniform(w, "lag", i));
        if (lagging && ms <= 2.0 * (double)app->rpo_ms)
            ms = 2.0 * (double)app->rpo_ms + 1000;
        w->lag_ms[i] = ms < SIM_NEVER ? (uint32_t)ms : SIM_NEVER - 1;
    }
}

static enum evac_code start(struct sim_world *w, struct evac_err *err)
{
    struct evac_shell_options options = { .host = &w->host,
                                          .look_host = &w->host,
                                          .catalog = &w->sim->catalog,
                                          .facts = w->sim->q.facts,
                                          .store = w->store,
                                          .user = w,
                                          .row = on_row,
                                          .answer = sim_answer };
    return evac_shell_new(&options, &w->sim->model, &w->shell, err);
}

static void open_world(struct sim_world *w, const struct evac_sim *sim,
                       const struct sim_batch *batch, uint32_t number)
{
    const struct evac_app *app = &sim->model.apps[0];
    *w = (struct sim_world){ .sim = sim, .batch = batch, .number = number };
    w->seed = evac_virtual_mix(sim->q.seed + 0x51ed2701u * (number + 1ull));
    w->impact_ms = UINT64_MAX;
    w->broke_at = w->fault_step = SIM_NEVER;
    w->step_count = sim->plan.plan->step_count;
    w->arena = evac_arena_new();
    w->steps = evac_arena_array(w->arena, w->step_count + 1, sizeof *w->steps);
    for (uint16_t r = 0; r < app->region_count; r++)
        if (evac_str_eq(app->regions[r], sim->q.down))
            w->down = r;
    evac_virtual_init(&w->v, w, SIM_BOOT_MS, sim->q.wall_ms, w->seed);
    w->host = evac_virtual_host(&w->v);
    w->store = evac_store_new_memory("simulation", "virtual");
    draw_lags(w);
}

static void close_world(struct sim_world *w)
{
    evac_shell_free(w->shell);
    sim_answer_all(w);
    evac_virtual_done(&w->v);
    evac_store_close(w->store);
    evac_arena_free(w->arena);
}

/* --- running
 * ---------------------------------------------------------------------------------------------- */

/* One event; false: nothing happens until then. */
static bool step(struct sim_world *w, uint64_t until_ms)
{
    uint64_t wake = evac_shell_wake_ms(w->shell), due = evac_virtual_next_ms(&w->v);
    uint64_t next = wake < due ? wake : due;
    if (next > until_ms || w->v.numbers > EVENTS_MAX)
        return false;
    if (next > w->v.now_ms)
        w->v.now_ms = next;
    if (due <= w->v.now_ms && due <= wake)
        evac_virtual_run_next(&w->v);
    else
        (void)evac_shell_tick(w->shell, NULL);
    sim_attend(w);
    return true;
}

/* Long enough that all is seen to be well, and replication was looked at. */
static uint64_t healthy_ms(const struct evac_app *app)
{
    uint64_t ms = app->measure_ms * 2ull;
    if (app->canary_ms * 2ull > ms)
        ms = app->canary_ms * 2ull;
    for (size_t i = 0; i < app->probe_count; i++) {
        const struct evac_probe *p = &app->probes[i];
        uint64_t up = (uint64_t)p->every_ms * (p->rise + 2u);
        if (up > ms)
            ms = up;
    }
    return ms;
}

static uint32_t slowest_probe_ms(const struct evac_app *app)
{
    uint32_t ms = 1000;
    for (size_t i = 0; i < app->probe_count; i++)
        ms = app->probes[i].every_ms > ms ? app->probes[i].every_ms : ms;
    return ms;
}

/* A standby where nothing runs is moved to when it was lately found ready. */
static void rehearse(struct sim_world *w)
{
    struct evac_wish wish = { .app = app_of(w)->name,
                              .workflow = EVAC_WORKFLOW_FAILOVER,
                              .mode = EVAC_MODE_UNGRACEFUL,
                              .from = w->sim->q.down,
                              .to = w->sim->plan.plan->to,
                              .rehearse = true,
                              .who = EVAC_STR("schedule"),
                              .why = EVAC_STR("simulated") };
    uint64_t run;
    (void)evac_shell_begin(w->shell, &wish, &run, NULL);
}

/* Drills go well: what automation asks of them is taken as given, and said. */
static void assure(struct sim_world *w)
{
    for (uint16_t r = 0; r < app_of(w)->region_count; r++) {
        struct evac_event event = { .kind = EVAC_EVENT_ASSURE };
        event.u.assure = (struct evac_assure_event){
            .region = r, .kind = EVAC_ASSURANCE_DRILL, .known = true, .ok = true
        };
        (void)evac_shell_event(w->shell, &event, NULL);
    }
}

/* A planned move is begun; somewhere in it the region dies. */
static void begin_planned(struct sim_world *w)
{
    struct evac_wish wish = { .app = app_of(w)->name,
                              .workflow = EVAC_WORKFLOW_FAILOVER,
                              .mode = EVAC_MODE_GRACEFUL,
                              .from = w->sim->q.down,
                              .to = w->sim->plan.plan->to,
                              .who = EVAC_STR("simulated"),
                              .why = EVAC_STR("simulated") };
    uint64_t run, span = evac_plan_critical_path(w->sim->plan.plan, NULL, NULL);
    if (evac_shell_begin(w->shell, &wish, &run, NULL))
        w->gave_up = true;
    w->impact_ms = w->v.now_ms + (uint64_t)(sim_uniform(w, "midway", 0) * (double)span);
}

/* The candidates of a fault that strikes one step: those that change something, in turn. */
static void choose_step(struct sim_world *w)
{
    const struct evac_plan *plan = w->sim->plan.plan;
    const struct evac_sim_fault *f = &w->batch->fault;
    uint32_t count = 0, at = 0;
    bool one = f->kind == EVAC_SIM_LOST_REPLY || f->kind == EVAC_SIM_THROTTLED ||
               f->kind == EVAC_SIM_REFUSED || f->kind == EVAC_SIM_STUCK;
    for (uint32_t i = 0; i < plan->forward_count; i++) {
        if (f->step[0] && evac_str_is(plan->steps[i].id, f->step))
            w->fault_step = i;
        count += w->sim->plan.changes[i];
    }
    if (f->step[0] || !one || count == 0)
        return;
    for (uint32_t i = 0; i < plan->forward_count; i++)
        if (w->sim->plan.changes[i] && at++ == w->number % count)
            w->fault_step = i;
}

/* --- its phases: a healthy day; with a planned move the time until the region dies; the outage
 * ------------------------- */

static void begin_day(struct sim_world *w)
{
    const struct evac_app *app = app_of(w);
    begin_probes(w);
    assure(w);
    rehearse(w);
    w->phase_end_ms = SIM_BOOT_MS + healthy_ms(app) +
                      (uint64_t)(sim_uniform(w, "impact", 0) * slowest_probe_ms(app));
}

static void next_phase(struct sim_world *w)
{
    if (w->phase_end_ms > w->v.now_ms)
        w->v.now_ms = w->phase_end_ms;
    if (w->phase == SIM_DAY && w->batch->fault.kind == EVAC_SIM_LOST_MIDWAY) {
        begin_planned(w);
        w->phase = SIM_PLANNED;
        w->phase_end_ms = w->impact_ms;
    } else if (w->phase != SIM_OUTAGE) {
        w->impact_ms = w->v.now_ms;
        w->phase = SIM_OUTAGE;
        w->phase_end_ms = w->impact_ms + GIVE_UP_MS;
    } else {
        w->over = true;
    }
}

static bool is_over(struct sim_world *w)
{
    if (w->recovered_ms && w->phase_end_ms > w->recovered_ms + AFTER_MS)
        w->phase_end_ms = w->recovered_ms + AFTER_MS;
    return w->over || w->gave_up || w->ended_ms || (w->recovered_ms && w->losses_noted);
}

/* Some events of it; false when it is over. */
static bool live(struct sim_world *w)
{
    for (unsigned i = 0; i < SLICE_EVENTS; i++) {
        if (w->phase == SIM_OUTAGE && is_over(w))
            return false;
        if (!step(w, w->phase_end_ms))
            next_phase(w);
    }
    return true;
}

/* --- sums
 * ------------------------------------------------------------------------------------------------
 */

static bool ended_later(const struct sim_step *a, const struct sim_step *b)
{
    return a->ended_ms != b->ended_ms ? a->ended_ms > b->ended_ms : a->began_ms > b->began_ms;
}

static uint32_t last_step(const struct sim_world *w)
{
    const struct evac_plan *plan = w->sim->plan.plan;
    uint32_t best = SIM_NEVER;
    for (uint32_t i = 0; i < plan->forward_count; i++) {
        const struct sim_step *s = &w->steps[i];
        if (!s->began_ms || s->ended_ms > w->recovered_ms)
            continue;
        if ((plan->steps[i].flags & EVAC_STEP_PUBLIC) && s->done)
            return i;
        if (best == SIM_NEVER || ended_later(s, &w->steps[best]))
            best = i;
    }
    return best;
}

/* From the look that users have, back along whichever step each had to wait for longest. */
static void mark_path(const struct sim_world *w, struct sim_batch *b)
{
    const struct evac_plan *plan = w->sim->plan.plan;
    uint32_t at = last_step(w);
    for (uint32_t guard = 0; at != SIM_NEVER && guard < plan->forward_count; guard++) {
        uint32_t before = SIM_NEVER;
        b->critical[at]++;
        for (uint16_t k = 0; k < plan->steps[at].after_count; k++) {
            uint32_t i = plan->steps[at].after[k];
            if (w->steps[i].began_ms &&
                (before == SIM_NEVER || ended_later(&w->steps[i], &w->steps[before])))
                before = i;
        }
        at = before;
    }
}

static void count_word(struct sim_batch *b, const char *text)
{
    size_t i = 0;
    while (i < b->word_count && strcmp(b->words[i].text, text) != 0)
        i++;
    if (i == sizeof b->words / sizeof b->words[0])
        return;
    if (i == b->word_count)
        (void)evac_str_copy(b->words[b->word_count++].text, sizeof b->words[i].text,
                            evac_str(text));
    b->words[i].runs++;
}

static void count_break(const struct sim_world *w, struct sim_batch *b)
{
    if (w->broke_at < w->sim->plan.plan->forward_count)
        b->broke[w->broke_at]++;
    else
        b->broken_elsewhere++;
}

static void sum_up(const struct sim_world *w, struct sim_batch *b)
{
    uint32_t i = b->done++;
    b->rto_ms[i] = b->rpo_ms[i] = SIM_NEVER;
    bool before = w->batch->fault.kind == EVAC_SIM_LOST_MIDWAY && w->recovered_ms &&
                  w->recovered_ms <= w->impact_ms;
    if (before || (w->ended_ms && w->ended_ms <= w->impact_ms)) {
        b->excused++; /* the move was over before the region died */
        return;
    }
    b->asked += w->asked > 0;
    for (size_t k = 0; k < w->asked_count; k++)
        count_word(b, w->asked_texts[k]);
    if (!w->recovered_ms) {
        count_break(w, b);
        return;
    }
    b->recovered++;
    b->rto_ms[i] = (uint32_t)(w->recovered_ms - w->impact_ms);
    if (w->rpo_known)
        b->rpo_ms[i] = (uint32_t)w->rpo_ms;
    uint64_t detected = w->detected_ms > w->impact_ms ? w->detected_ms : w->impact_ms;
    uint64_t started = w->started_ms > detected ? w->started_ms : detected;
    b->detect_ms += detected - w->impact_ms;
    b->decide_ms += started - detected;
    b->move_ms += w->recovered_ms - started;
    mark_path(w, b);
}

struct sim_world *sim_begin(const struct evac_sim *sim, const struct sim_batch *batch)
{
    struct sim_world *w = calloc(1, sizeof *w);
    struct evac_err err = { EVAC_OK, "" };
    if (!w)
        abort();
    open_world(w, sim, batch, batch->done);
    choose_step(w);
    if (start(w, &err) == EVAC_OK)
        begin_day(w);
    return w;
}

bool sim_go_on(struct sim_world *w, struct sim_batch *batch)
{
    if (w->shell && live(w))
        return true;
    w->over = true;
    sum_up(w, batch);
    return false;
}

void sim_end(struct sim_world *w)
{
    if (!w)
        return;
    close_world(w);
    free(w);
}
