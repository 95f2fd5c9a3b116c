/* Services as models. An observation that waits is answered when what it waits for is there, so
 * that a duration is exactly what was drawn, and polling adds nothing of its own. */
#include "sim_internal.h"

#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS     3000u /* what a dead region's silence costs a call */
#define LOST_MS        9000u
#define THROTTLES      3u
#define LAG_FACTOR     2
#define WITHOUT_LAG_MS 1000u

struct sim_pending {
    struct sim_pending *next;
    struct sim_world *w;
    evac_done_fn *done;
    void *user;
    struct evac_reply reply;
    struct evac_fact facts[2];
};

/* --- chance
 * ---------------------------------------------------------------------------------------------- */

double sim_uniform(const struct sim_world *w, const char *what, uint64_t which)
{
    uint64_t x = evac_virtual_mix(w->seed ^ evac_str_hash(evac_str(what)));
    x = evac_virtual_mix(x + which * 0x9e3779b97f4a7c15u);
    return ((double)(x >> 11) + 0.5) / 9007199254740992.0;
}

/* --- answers on their way
 * -------------------------------------------------------------------------------- */

static void unlink_pending(struct sim_pending *p)
{
    for (struct sim_pending **at = &p->w->pendings; *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            return;
        }
}

static void reply_due(void *owner, void *what)
{
    struct sim_pending *p = what;
    (void)owner;
    unlink_pending(p);
    p->done(p->user, &p->reply);
    free(p);
}

static struct sim_pending *pend(struct sim_world *w, enum evac_verb verb, evac_done_fn *done,
                                void *user)
{
    struct sim_pending *p = calloc(1, sizeof *p);
    if (!p)
        abort();
    *p = (struct sim_pending){ .next = w->pendings, .w = w, .done = done, .user = user };
    p->reply.verb = verb;
    p->reply.progress = -1;
    p->reply.facts = p->facts;
    w->pendings = p;
    return p;
}

static void answer_at(struct sim_pending *p, uint64_t at_ms)
{
    struct evac_virtual *v = &p->w->v;
    evac_virtual_later(v, at_ms > v->now_ms ? at_ms - v->now_ms : 0, reply_due, p);
}

void sim_answer_all(struct sim_world *w)
{
    while (w->pendings) {
        struct sim_pending *p = w->pendings;
        p->reply.seen = EVAC_SEEN_UNSEEN;
        p->reply.outcome = EVAC_OUTCOME_NOT_SENT;
        reply_due(w, p);
    }
}

/* --- what a region's death does
 * -------------------------------------------------------------------------- */

bool sim_region_is_dead(const struct sim_world *w, struct evac_str region)
{
    return w->v.now_ms >= w->impact_ms &&
           evac_str_eq(region, w->sim->model.apps[0].regions[w->down]);
}

static bool is_dead(const struct sim_world *w)
{
    return w->v.now_ms >= w->impact_ms;
}

static uint32_t forward_of(const struct sim_world *w, uint32_t step)
{
    uint32_t n = w->sim->plan.plan->forward_count;
    return step < n ? step : step - n;
}

static bool can_not(const struct sim_world *w, uint32_t step, bool change)
{
    const struct sim_batch *b = w->batch;
    const struct sim_plan *p = &w->sim->plan;
    if (!is_dead(w) && b->fault.kind != EVAC_SIM_CONTROL_PLANE)
        return false;
    if (b->unseen && (change ? b->unsent : b->unseen)[step])
        return true;
    return is_dead(w) && (change ? p->unsent : p->unseen)[step];
}

static bool is_struck(const struct sim_world *w, uint32_t step, enum evac_sim_fault_kind kind)
{
    return w->batch->fault.kind == kind && (w->fault_step == SIM_NEVER || w->fault_step == step);
}

/* --- how long
 * ------------------------------------------------------------------------------------------- */

static uint32_t draw_duration(const struct sim_world *w, uint32_t step)
{
    const struct sim_batch *b = w->batch;
    const struct evac_plan_step *s = &w->sim->plan.plan->steps[step];
    char id[80];
    (void)evac_str_copy(id, sizeof id, s->id);
    double ms = evac_spread_quantile(&w->sim->plan.spread[step], sim_uniform(w, id, 0));
    if (b->half_step == step)
        ms /= 2;
    if (is_struck(w, step, EVAC_SIM_SLOW))
        ms *= b->fault.factor;
    if (is_struck(w, step, EVAC_SIM_STUCK) && (s->flags & EVAC_STEP_MUTATES))
        return SIM_NEVER;
    return ms < SIM_NEVER - 1 ? (uint32_t)(ms + 0.5) : SIM_NEVER - 1;
}

static struct sim_step *state_of(struct sim_world *w, uint32_t step)
{
    struct sim_step *s = &w->steps[step];
    if (!s->drawn) {
        s->drawn = true;
        s->takes_ms = draw_duration(w, forward_of(w, step));
    }
    return s;
}

/* When it will be as wanted; UINT64_MAX: not by itself, or never. */
static uint64_t ready_ms(const struct sim_world *w, const struct sim_step *s, bool changes)
{
    if (s->takes_ms == SIM_NEVER || (changes && s->landed_ms == 0))
        return UINT64_MAX;
    uint64_t ready = s->first_ms + s->takes_ms;
    (void)w;
    return changes && s->landed_ms > ready ? s->landed_ms : ready;
}

/* --- steps
 * ------------------------------------------------------------------------------------------------
 */

static void observe(struct sim_world *w, struct sim_pending *p, const struct evac_plan_step *plan,
                    uint32_t step, const struct evac_call *call)
{
    struct sim_step *s = state_of(w, step);
    bool changes = (plan->flags & EVAC_STEP_MUTATES) != 0;
    /* history knows it only as found so: there is nothing to change */
    bool found_so = w->sim->plan.spread[forward_of(w, step)].found_so;
    if (s->first_ms == 0)
        s->first_ms = w->v.now_ms;
    uint64_t ready = ready_ms(w, s, changes && !found_so);
    p->reply.strong = true;
    p->reply.snapshot = EVAC_STR("{}");
    p->reply.seen = EVAC_SEEN_SATISFIED;
    if (ready < call->deadline_ms) {
        answer_at(p, ready);
        return;
    }
    p->reply.seen = changes && s->landed_ms == 0 ? EVAC_SEEN_UNSATISFIED : EVAC_SEEN_MOVING;
    answer_at(p, w->v.now_ms);
}

static void can_not_look(struct sim_world *w, struct sim_pending *p, const struct evac_call *call)
{
    uint64_t at = w->v.now_ms + TIMEOUT_MS;
    p->reply.seen = EVAC_SEEN_UNSEEN;
    p->reply.reason = EVAC_STR("no answer: what it asks is gone");
    answer_at(p, at < call->deadline_ms ? at : w->v.now_ms);
}

static bool is_short(const struct sim_world *w, const struct evac_plan_step *plan)
{
    return w->batch->fault.kind == EVAC_SIM_CAPACITY_SHORT && plan->phase == EVAC_PHASE_CAPACITY;
}

static void apply(struct sim_world *w, struct sim_pending *p, const struct evac_plan_step *plan,
                  uint32_t step)
{
    struct sim_step *s = state_of(w, step);
    uint32_t forward = forward_of(w, step);
    uint64_t at = w->v.now_ms;
    p->reply.outcome = EVAC_OUTCOME_ACCEPTED;
    if (can_not(w, forward, true)) {
        p->reply.outcome = EVAC_OUTCOME_NOT_SENT;
        p->reply.reason = EVAC_STR("no connection: what it calls is gone");
        at += TIMEOUT_MS;
    } else if (is_struck(w, forward, EVAC_SIM_THROTTLED) && s->throttles < THROTTLES) {
        s->throttles++;
        p->reply.outcome = EVAC_OUTCOME_THROTTLED;
    } else if (is_short(w, plan) || (is_struck(w, forward, EVAC_SIM_REFUSED) && !s->refused)) {
        s->refused = true;
        p->reply.outcome = EVAC_OUTCOME_REJECTED;
        p->reply.reason = is_short(w, plan) ? EVAC_STR("insufficient capacity")
                                            : EVAC_STR("refused, as the fault says");
    } else if (is_struck(w, forward, EVAC_SIM_LOST_REPLY) && s->landed_ms == 0) {
        s->landed_ms = at;
        p->reply.outcome = EVAC_OUTCOME_UNKNOWN;
        p->reply.reason = EVAC_STR("the reply was lost");
        at += LOST_MS;
    } else if (s->landed_ms == 0) {
        s->landed_ms = at;
    }
    answer_at(p, at);
}

static void answer_step(struct sim_world *w, struct sim_pending *p,
                        const struct evac_call_effect *effect, const struct evac_call *call)
{
    const struct evac_plan_step *plan = &effect->run->plan->steps[effect->step];
    if (effect->run->plan->rehearse || effect->step >= w->step_count) {
        p->reply.seen =
            plan->flags & EVAC_STEP_MUTATES ? EVAC_SEEN_UNSATISFIED : EVAC_SEEN_SATISFIED;
        p->reply.outcome = EVAC_OUTCOME_ACCEPTED;
        answer_at(p, w->v.now_ms);
    } else if (call->verb == EVAC_VERB_APPLY) {
        apply(w, p, plan, effect->step);
    } else if (can_not(w, forward_of(w, effect->step), false)) {
        can_not_look(w, p, call);
    } else {
        observe(w, p, plan, effect->step, call);
    }
}

/* --- replication: behind by what was drawn, until the region that writes dies
 * -------------------------------------- */

static int64_t replicated_until(const struct sim_world *w, uint16_t resource)
{
    uint64_t now = w->v.now_ms < w->impact_ms ? w->v.now_ms : w->impact_ms;
    return w->sim->q.wall_ms + (int64_t)(now - SIM_BOOT_MS) - w->lag_ms[resource];
}

static void answer_measure(struct sim_world *w, struct sim_pending *p,
                           const struct evac_call_effect *effect)
{
    int64_t until = replicated_until(w, effect->step);
    p->reply.seen = EVAC_SEEN_SATISFIED;
    if (effect->verb == EVAC_VERB_MEASURE) {
        p->facts[0] = (struct evac_fact){ "lag_ms", w->lag_ms[effect->step] };
        p->facts[1] = (struct evac_fact){ "as_of_wall_ms", until + w->lag_ms[effect->step] };
        p->reply.fact_count = 2;
    } else if (effect->verb == EVAC_VERB_SEEK) {
        p->facts[0] = (struct evac_fact){ "marker", until };
        p->facts[1] = (struct evac_fact){ "as_of_wall_ms", evac_virtual_wall_ms(&w->v) };
        p->reply.fact_count = 2;
    } else {
        bool dead = sim_region_is_dead(w, effect->region);
        p->reply.outcome = dead ? EVAC_OUTCOME_NOT_SENT : EVAC_OUTCOME_ACCEPTED;
    }
    answer_at(p, w->v.now_ms);
}

enum evac_code sim_answer(void *ctx, const struct evac_call_effect *effect,
                          const struct evac_driver *driver, const struct evac_call *call,
                          evac_done_fn *done, void *user, struct evac_err *err)
{
    struct sim_world *w = ctx;
    struct sim_pending *p = pend(w, call->verb, done, user);
    (void)driver;
    (void)err;
    if (effect->run)
        answer_step(w, p, effect, call);
    else
        answer_measure(w, p, effect);
    return EVAC_OK;
}
