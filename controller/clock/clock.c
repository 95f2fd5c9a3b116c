#include "clock.h"

#include "clock_internal.h"

#include <stdlib.h>
#include <string.h>

#define X(name, text) text,
static const char *const advice_names[] = { EVAC_ADVICES(X) };
static const char *const trend_names[] = { EVAC_TRENDS(X) };
#undef X

const char *evac_advice_name(enum evac_advice advice)
{
    return advice_names[advice];
}

const char *evac_trend_name(enum evac_trend trend)
{
    return trend_names[trend];
}

/* --- the outage
 * ----------------------------------------------------------------------------------------- */

static bool is_trouble(enum evac_verdict verdict)
{
    return verdict == EVAC_VERDICT_DOWN || verdict == EVAC_VERDICT_ISOLATED ||
           verdict == EVAC_VERDICT_SUSPECT;
}

static int64_t instant(const struct evac_run *run, enum evac_instant which)
{
    return run ? evac_run_instant_now_ms(run, which) : 0;
}

/* When that was, as the wall clock that goes now would have shown it; 0 unknown. */
static int64_t wall_of(const struct evac_clock *c, uint64_t boot_ms)
{
    return boot_ms ? c->now.wall_ms - (int64_t)(c->now.boot_ms - boot_ms) : 0;
}

/* A run has noted when its outage began; health forgets that once the region is up again. */
static void read_outage(struct evac_clock *c)
{
    const struct evac_region_health *h = &c->app->health.regions[c->from];
    const struct evac_run *run = c->app->run;
    int64_t lo = instant(run, EVAC_INSTANT_IMPACT_LO), hi = instant(run, EVAC_INSTANT_IMPACT_HI);
    int64_t started = instant(run, EVAC_INSTANT_STARTED);
    c->verdict = h->verdict;
    c->trouble = is_trouble(h->verdict);
    c->impact_lo_ms = hi ? lo : wall_of(c, h->impact_lo_boot_ms);
    c->impact_hi_ms = hi ? hi : wall_of(c, h->impact_hi_boot_ms);
    c->detected_ms = wall_of(c, h->detected_boot_ms);
    if (instant(run, EVAC_INSTANT_DETECTED))
        c->detected_ms = instant(run, EVAC_INSTANT_DETECTED);

    int64_t impact = c->impact_lo_ms ? c->impact_lo_ms : c->impact_hi_ms;
    int64_t recovered = instant(run, EVAC_INSTANT_RECOVERED);
    int64_t end = recovered ? recovered : c->now.wall_ms;
    c->burnt_ms = impact ? end - impact : -1;
    c->detect_ms = impact && c->detected_ms ? c->detected_ms - impact : -1;
    c->decide_ms = c->detected_ms ? (started ? started : c->now.wall_ms) - c->detected_ms : -1;
    c->asked_ms =
        run && run->state == EVAC_RUN_PROPOSED ? (int64_t)(c->now.boot_ms - run->entered_ms) : -1;
}

/* --- how long it takes
 * ---------------------------------------------------------------------------------- */

static struct evac_clock_range range_of(const struct evac_spread *s)
{
    return (struct evac_clock_range){ .known = s->origin != EVAC_ORIGIN_NONE,
                                      .origin = s->origin,
                                      .p50_ms = (int64_t)(evac_spread_quantile(s, 0.5) + 0.5),
                                      .p95_ms = (int64_t)(evac_spread_quantile(s, 0.95) + 0.5) };
}

static int64_t less(int64_t ms, int64_t spent_ms)
{
    return ms > spent_ms ? ms - spent_ms : 0;
}

/* Of a run that goes on: what is over takes no more time, what has begun takes the rest. */
static struct evac_clock_range left_of(const struct evac_clock *c, uint16_t i,
                                       struct evac_clock_range whole)
{
    const struct evac_run *run = c->app->run;
    if (!run || run->plan != c->plan)
        return whole;
    const struct evac_step_run *s = &run->steps[i];
    int64_t spent = s->began_ms ? (int64_t)(c->now.boot_ms - s->began_ms) : 0;
    bool over = evac_step_is_over(s->state);
    whole.p50_ms = over ? 0 : less(whole.p50_ms, spent);
    whole.p95_ms = over ? 0 : less(whole.p95_ms, spent);
    return whole;
}

static void read_steps(struct evac_clock *c, const struct evac_history *history)
{
    uint16_t n = c->plan->forward_count, count = 0;
    uint64_t *p50 = evac_arena_array(c->arena, n + 1u, sizeof *p50);
    uint64_t *p95 = evac_arena_array(c->arena, n + 1u, sizeof *p95);
    uint16_t *path = evac_arena_array(c->arena, n + 1u, sizeof *path);
    c->steps = evac_arena_array(c->arena, n + 1u, sizeof *c->steps);
    for (uint16_t i = 0; i < n; i++) {
        struct evac_clock_step *s = &c->steps[i];
        s->plan = &c->plan->steps[i];
        evac_history_step(history, c->plan, i, &s->spread);
        s->left = left_of(c, i, range_of(&s->spread));
        p50[i] = (uint64_t)s->left.p50_ms;
        p95[i] = (uint64_t)s->left.p95_ms;
    }
    c->failover.known = true;
    c->failover.p50_ms = (int64_t)evac_plan_path(c->plan, p50, EVAC_STEP_PUBLIC, path, &count);
    for (uint16_t k = 0; k < count; k++) {
        c->steps[path[k]].on_path = true;
        c->without_history += c->steps[path[k]].spread.origin == EVAC_ORIGIN_USUAL;
    }
    c->failover.origin = c->without_history ? EVAC_ORIGIN_USUAL : EVAC_ORIGIN_OWN;
    c->failover.p95_ms = (int64_t)evac_plan_path(c->plan, p95, EVAC_STEP_PUBLIC, NULL, NULL);
}

/* Without history: the fastest probe that votes must fail often enough. */
static int64_t usual_detection(const struct evac_app *app)
{
    int64_t best = 0;
    for (size_t i = 0; i < app->probe_count; i++) {
        const struct evac_probe *p = &app->probes[i];
        int64_t ms = (int64_t)p->every_ms * p->fall;
        if (evac_probe_role_votes(p->role) && (best == 0 || ms < best))
            best = ms;
    }
    return best;
}

static void read_waits(struct evac_clock *c, const struct evac_history *history)
{
    struct evac_spread s;
    struct evac_str app = c->app->app->name;
    int64_t detect = usual_detection(c->app->app), dwell = c->app->app->dwell_ms;
    evac_history_part(history, app, "detect", &s);
    c->detect = range_of(&s);
    if (!c->detect.known && detect)
        c->detect = (struct evac_clock_range){ true, EVAC_ORIGIN_USUAL, detect, 2 * detect };
    evac_history_part(history, app, "decide", &s);
    c->decide = range_of(&s);
    if (!c->decide.known && c->app->app->automatic == EVAC_POLICY_ACT)
        c->decide = (struct evac_clock_range){ true, EVAC_ORIGIN_USUAL, dwell, dwell };
}

static void read_total(struct evac_clock *c)
{
    int64_t impact = c->impact_lo_ms ? c->impact_lo_ms : c->impact_hi_ms;
    int64_t rto = c->app->app->rto_ms;
    if (!c->failover.known)
        return;
    c->total = c->failover;
    if (c->burnt_ms >= 0 && instant(c->app->run, EVAC_INSTANT_RECOVERED)) {
        c->total.p50_ms = c->total.p95_ms = c->burnt_ms;
    } else if (c->burnt_ms >= 0) {
        c->total.p50_ms += c->burnt_ms;
        c->total.p95_ms += c->burnt_ms;
        c->start_by_p50_ms = impact + rto - c->failover.p50_ms;
        c->start_by_p95_ms = impact + rto - c->failover.p95_ms;
    } else {
        c->total.p50_ms += c->detect.p50_ms + c->decide.p50_ms;
        c->total.p95_ms += c->detect.p95_ms + c->decide.p95_ms;
    }
}

/* --- what it costs
 * --------------------------------------------------------------------------------------- */

#define TREND_SAMPLES_MIN 3u
#define TREND_LEAST_MS    50 /* a minute: less is no trend that anybody feels */

enum evac_trend evac_clock_trend(const struct evac_watch *w, int64_t *ret_by_ms)
{
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    *ret_by_ms = 0;
    for (uint32_t i = 0; i < w->lag_count; i++) {
        const struct evac_lag_sample *s = evac_watch_lag(w, i);
        double minutes = (double)(s->wall_ms - evac_watch_lag(w, 0)->wall_ms) / 60000;
        if (s->loss_ms < 0)
            continue;
        n++;
        x += minutes;
        y += (double)s->loss_ms;
        xx += minutes * minutes;
        xy += minutes * (double)s->loss_ms;
    }
    double down = n * xx - x * x;
    if (n < TREND_SAMPLES_MIN || down <= 0)
        return EVAC_TREND_UNKNOWN;
    double slope = (n * xy - x * y) / down, mean = y / n;
    double least = mean / 100 > TREND_LEAST_MS ? mean / 100 : TREND_LEAST_MS;
    if (slope < least && slope > -least)
        return EVAC_TREND_STEADY;
    *ret_by_ms = (int64_t)slope;
    return slope > 0 ? EVAC_TREND_RISING : EVAC_TREND_FALLING;
}

static void read_stores(struct evac_clock *c)
{
    size_t n = c->app->app->resource_count;
    c->loss_ms = evac_engine_loss(c->app, &c->now);
    c->stores = evac_arena_array(c->arena, n + 1, sizeof *c->stores);
    for (size_t i = 0; i < n; i++) {
        const struct evac_watch *w = evac_engine_watch_of(c->app, i, c->from);
        int64_t loss = evac_engine_loss_of(c->app, i, c->from, &c->now);
        if (loss < 0)
            continue;
        struct evac_clock_store *s = &c->stores[c->store_count++];
        s->resource = c->app->app->resources[i].name;
        s->loss_ms = loss;
        s->watch = w;
        s->trend = evac_clock_trend(w, &s->by_ms);
    }
}

/* --- what blocks
 * ----------------------------------------------------------------------------------------- */

static const char *const binds_names[] = {
    [EVAC_BINDS_ALL] = "everything", [EVAC_BINDS_ACT] = "act", [EVAC_BINDS_DELAY] = "delay"
};

static void block(struct evac_clock *c, const char *gate, const char *binds,
                  enum evac_gate_answer answer, struct evac_str reason)
{
    if (c->block_count < EVAC_CLOCK_BLOCKS_MAX)
        c->blocks[c->block_count++] = (struct evac_clock_block){ gate, binds, answer, reason };
}

static bool shuts(enum evac_gate_answer answer)
{
    return answer != EVAC_GATE_SAYS_PASS && answer != EVAC_GATE_SAYS_WAIVED;
}

/* Each gate is asked for its own words. One that has none is spoken for by another: of a suspect
 * verdict the observer's gate tells. */
static void read_gates_that_bind(struct evac_clock *c, const struct evac_decision_input *in,
                                 enum evac_gate_binds binds)
{
    char why[400];
    for (unsigned g = 0; g < EVAC_GATE_COUNT; g++) {
        if (evac_gate_binds((enum evac_gate)g) != binds)
            continue;
        enum evac_gate_answer answer = evac_ask_gate(in, (enum evac_gate)g, why, sizeof why);
        if (shuts(answer) && why[0])
            block(c, evac_gate_name((enum evac_gate)g), binds_names[binds], answer,
                  evac_arena_str(c->arena, evac_str(why)));
    }
}

/* In an outage, what keeps the policy from anything at all. And at any time, of a policy that acts,
 * what lets it only propose: should it come to that, may it act? */
static void read_gates(struct evac_clock *c, const struct evac_engine *engine)
{
    struct evac_decision_input in = evac_engine_view(engine, c->app, c->from, &c->now);
    struct evac_decision d;
    bool acts = c->app->app->automatic == EVAC_POLICY_ACT;
    c->may_act = acts && evac_may_act(&in, &d);
    if (c->app->decision.decide != EVAC_DECIDE_NOTHING) {
        read_gates_that_bind(c, &in, EVAC_BINDS_ALL);
        if (c->may_act)
            read_gates_that_bind(c, &in, EVAC_BINDS_DELAY);
    }
    if (acts)
        read_gates_that_bind(c, &in, EVAC_BINDS_ACT);
}

/* A run's own gates that are shut at one place: its start, or a step. */
static struct evac_str name_of(const struct evac_run *run, uint32_t place)
{
    return place == EVAC_NO_STEP ? EVAC_STR("the start") : run->plan->steps[place].id;
}

static bool read_gate(struct evac_clock *c, const struct evac_run *run, uint32_t place,
                      enum evac_run_gate gate, const char *binds)
{
    struct evac_gate_word word;
    struct evac_str at = name_of(run, place);
    if (!evac_run_gate_shut(run, &c->now, place, gate, &word))
        return false;
    block(c, evac_run_gate_row(gate)->name, binds, word.answer,
          evac_arena_printf(c->arena, "at %.*s: %s", EVAC_STR_ARG(at), word.why));
    return true;
}

static void read_place(struct evac_clock *c, const struct evac_run *run, uint32_t place)
{
    for (unsigned g = 0; g < EVAC_RUN_GATE_COUNT; g++) {
        if (!read_gate(c, run, place, (enum evac_run_gate)g, "run"))
            continue;
        c->waits_for |= 1u << g;
        c->waits_at = name_of(run, place);
    }
}

/* What would stop a run on its way, were it begun by a person now. What it would lose is said also
 * while all is well. */
static void foresee_run(struct evac_clock *c, const struct evac_engine *engine)
{
    struct evac_run *run;
    if (!c->plan)
        return;
    run = evac_run_init(evac_arena_array(c->arena, 1, evac_run_bytes(c->plan)), c->plan);
    evac_engine_foresee(engine, c->app, &c->now, run);
    for (unsigned g = 0; g < EVAC_RUN_GATE_COUNT; g++)
        (void)read_gate(c, run, EVAC_NO_STEP, (enum evac_run_gate)g, "start");
    for (uint16_t i = 0; i < c->plan->forward_count; i++)
        if (evac_plan_may_run(c->plan, i))
            (void)read_gate(c, run, i, EVAC_RUN_GATE_RPO, "start");
}

static void read_run_gates(struct evac_clock *c)
{
    const struct evac_run *run = c->app->run;
    if (run->state == EVAC_RUN_PROPOSED)
        read_place(c, run, EVAC_NO_STEP);
    for (uint16_t i = 0; i < run->plan->forward_count; i++) {
        enum evac_step_state state = run->steps[i].state;
        bool failed = state == EVAC_STEP_FAILED && run->state == EVAC_RUN_ASKING;
        if (state == EVAC_STEP_GATED)
            read_place(c, run, i);
        if (state != EVAC_STEP_HELD && !failed)
            continue;
        block(c, run->plan->steps[i].id.p, "run", EVAC_GATE_SAYS_BLOCK,
              evac_str(run->steps[i].reason));
        c->waits_at = run->plan->steps[i].id;
    }
}

void evac_clock_read(const struct evac_clock_input *in, struct evac_arena *arena,
                     struct evac_clock *c)
{
    const struct evac_engine_app *a = &in->engine->apps[in->app];
    *c = (struct evac_clock){ .arena = arena, .app = a, .now = in->now, .burnt_ms = -1 };
    c->plan = a->run ? a->run->plan : in->plan;
    c->no_plan = in->no_plan;
    c->from = a->decision.from < a->app->region_count ? a->decision.from : a->active;
    c->to = a->decision.target;
    for (uint16_t r = 0; c->plan && r < a->app->region_count; r++) {
        c->from = evac_str_eq(c->plan->from, a->app->regions[r]) ? r : c->from;
        c->to = evac_str_eq(c->plan->to, a->app->regions[r]) ? r : c->to;
    }
    read_outage(c);
    if (c->plan)
        read_steps(c, in->history);
    read_waits(c, in->history);
    read_total(c);
    read_stores(c);
    if (a->run) {
        read_run_gates(c);
    } else {
        read_gates(c, in->engine);
        foresee_run(c, in->engine);
    }
    clock_policy(c);
    clock_advise(c);
}
