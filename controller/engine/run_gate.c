#include "run_internal.h"

/* --- conditions
 * ------------------------------------------------------------------------------------- */

static enum run_tri compare(enum evac_cmp cmp, int64_t value, int64_t with)
{
    switch (cmp) {
    case EVAC_CMP_ABOVE:
        return value > with ? RUN_YES : RUN_NO;
    case EVAC_CMP_BELOW:
        return value < with ? RUN_YES : RUN_NO;
    case EVAC_CMP_IS:
        return value == with ? RUN_YES : RUN_NO;
    }
    return RUN_NO;
}

static enum run_tri step_ended_as(const struct evac_run *run, const struct evac_plan_cond *c)
{
    enum evac_step_state state = run->steps[c->step].state;
    if (!evac_step_is_over(state))
        return RUN_NOT_YET;
    return evac_str_is(c->word, evac_step_state_name(state)) ? RUN_YES : RUN_NO;
}

static enum run_tri fact_is(const struct evac_run *run, const struct evac_plan_cond *c)
{
    const struct evac_step_run *s = &run->steps[c->step];
    if (s->fact_known & (1u << c->fact))
        return compare(c->cmp, s->facts[c->fact], c->number);
    return evac_step_is_over(s->state) ? RUN_NO : RUN_NOT_YET;
}

/* Conditions nest at most as deep as the compiler lets them; children come after their parent. */
static enum run_tri condition(const struct evac_run *run, const struct evac_plan_cond *all,
                              uint16_t at)
{
    const struct evac_plan_cond *c = &all[at];
    unsigned yes = 0, open = 0;

    switch (c->op) {
    case EVAC_COND_MODE:
        return run->mode == (enum evac_mode)c->number ? RUN_YES : RUN_NO;
    case EVAC_COND_STEP:
        return step_ended_as(run, c);
    case EVAC_COND_FACT:
        return fact_is(run, c);
    case EVAC_COND_NOT:
        return (enum run_tri)evac_tri_not((enum evac_tri)condition(run, all, c->first_child));
    case EVAC_COND_ALL:
    case EVAC_COND_ANY:
    case EVAC_COND_AT_LEAST: /* the last two are of health, never of a step */
    case EVAC_COND_PROBE:
        break;
    }

    for (uint16_t k = 0; k < c->child_count; k++) {
        enum run_tri one = condition(run, all, (uint16_t)(c->first_child + k));
        yes += one == RUN_YES;
        open += one == RUN_NOT_YET;
    }
    return (enum run_tri)evac_tri_at_least(c->op == EVAC_COND_ANY ? 1 : c->child_count, yes, open);
}

enum run_tri run_when(const struct evac_run *run, uint16_t i)
{
    const struct evac_plan_step *p = plan_step(run, i);
    if (evac_step_is_undo(run, i)) {
        const struct evac_step_run *forward = &run->steps[i - run->plan->forward_count];
        return forward->attempts > 0 ? RUN_YES : RUN_NO;
    }
    return p->when ? condition(run, p->when, 0) : RUN_YES;
}

/* --- predecessors
 * ----------------------------------------------------------------------------------- */

/* A failed step lets others pass only when its policy says so; a skipped one always. */
static bool lets_pass(const struct evac_run *run, uint16_t i)
{
    enum evac_step_state state = run->steps[i].state;
    bool undo = evac_step_is_undo(run, i);
    bool go_on =
        undo || run->plan->rehearse || plan_step(run, i)->on_failure == EVAC_ON_FAILURE_GO_ON;

    if (!EVAC_RULE(FENCE) && plan_step(run, i)->phase == EVAC_PHASE_FENCE)
        return true;
    if (!evac_step_is_over(state))
        return false;
    return go_on ||
           (state != EVAC_STEP_FAILED && state != EVAC_STEP_HELD && state != EVAC_STEP_HALTED);
}

/* A step that a mode switch halted is out of the way for those that take its place. */
static bool halted_by_mode(const struct evac_run *run, uint16_t i)
{
    return run->steps[i].state == EVAC_STEP_HALTED && run_when(run, i) == RUN_NO;
}

enum run_tri run_before_is_over(const struct evac_run *run, uint16_t i)
{
    const struct evac_plan_step *p = plan_step(run, i);
    for (uint16_t k = 0; k < p->after_count; k++)
        if (!lets_pass(run, p->after[k]) && !halted_by_mode(run, p->after[k]))
            return RUN_NOT_YET;
    if (evac_step_is_undo(run, i) &&
        !evac_step_is_over(run->steps[i - run->plan->forward_count].state))
        return RUN_NOT_YET;
    return RUN_YES;
}

/* --- R7: poison or wait
 * ------------------------------------------------------------------------------ */

bool run_is_barred(const struct evac_run *run, const struct evac_now *now, uint16_t i,
                   uint64_t *ret_until_ms)
{
    const struct evac_plan_step *p = plan_step(run, i);
    bool barred = false;

    *ret_until_ms = 0;
    if (!EVAC_RULE(R7))
        return false;
    for (uint16_t k = 0; k < p->rival_count; k++) {
        const struct evac_step_run *rival = &run->steps[p->rivals[k]];
        uint64_t until = rival->unresolved_ms + run->plan->quarantine_ms;
        if (!evac_step_is_unresolved(rival) || now->boot_ms >= until)
            continue;
        barred = true;
        if (until > *ret_until_ms)
            *ret_until_ms = until;
    }
    return barred;
}
