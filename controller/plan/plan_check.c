/* What a plan must be, whatever the runbook says: acyclic, fenced before it promotes, verified
 * before it moves traffic, with one point of no return. */
#include "plan_internal.h"

#include <stdlib.h>
#include <string.h>

static enum plan_tri may_run(const struct compiler *c, uint16_t i, enum evac_mode mode)
{
    return plan_when(c->drafts[i].step.when, 0, mode);
}

/* --- cycles
 * ----------------------------------------------------------------------------------------------------------
 */

enum colour { NEW, OPEN, CLOSED };

/* The cycle as text: "a -> b -> a". The stack holds the steps that are open. */
static void name_cycle(struct compiler *c, const uint16_t *stack, size_t depth, uint16_t again)
{
    struct evac_buf text;
    size_t from = depth;
    evac_buf_init(&text, 4096);
    while (from > 0 && stack[from - 1] != again)
        from--;
    for (size_t k = from ? from - 1 : 0; k < depth; k++)
        evac_buf_putf(&text, "%.*s after ", EVAC_STR_ARG(c->drafts[stack[k]].step.id));
    evac_buf_put_str(&text, c->drafts[again].step.id);
    plan_error(c, c->drafts[again].source->place, "steps wait on each other: %s", text.p);
    evac_buf_done(&text);
}

/* Depth first, with a stack of its own: edge[k] is the next predecessor of stack[k] to look at. */
static bool walk(struct compiler *c, uint16_t start, uint8_t *colours, uint16_t *stack,
                 uint16_t *edge)
{
    size_t depth = 1;
    stack[0] = start;
    edge[0] = 0;
    colours[start] = OPEN;
    while (depth > 0) {
        struct draft *d = &c->drafts[stack[depth - 1]];
        if (edge[depth - 1] == d->after_count) {
            colours[stack[--depth]] = CLOSED;
            continue;
        }
        uint16_t before = d->after[edge[depth - 1]++];
        if (colours[before] == OPEN) {
            name_cycle(c, stack, depth, before);
            return false;
        }
        if (colours[before] == NEW) {
            colours[before] = OPEN;
            stack[depth] = before;
            edge[depth++] = 0;
        }
    }
    return true;
}

static bool is_acyclic(struct compiler *c)
{
    uint8_t colours[EVAC_PLAN_STEPS_MAX] = { NEW };
    uint16_t stack[EVAC_PLAN_STEPS_MAX + 1], edge[EVAC_PLAN_STEPS_MAX + 1];
    bool good = true;
    for (uint16_t i = 0; good && i < c->count; i++)
        if (colours[i] == NEW)
            good = walk(c, i, colours, stack, edge);
    return good;
}

/* --- what comes before
 * -------------------------------------------------------------------------------------------------
 */

/* Is there, before step i in that mode, a step with the flag that certainly runs? */
static bool is_after(struct compiler *c, uint16_t i, uint32_t flag, enum evac_mode mode)
{
    bool seen[EVAC_PLAN_STEPS_MAX] = { false };
    uint16_t todo[EVAC_PLAN_STEPS_MAX];
    size_t n = 0;
    todo[n++] = i;
    seen[i] = true;
    while (n > 0) {
        struct draft *d = &c->drafts[todo[--n]];
        for (uint16_t k = 0; k < d->after_count; k++) {
            uint16_t before = d->after[k];
            if (seen[before])
                continue;
            seen[before] = true;
            todo[n++] = before;
            if ((c->drafts[before].step.flags & flag) && may_run(c, before, mode) == PLAN_YES)
                return true;
        }
    }
    return false;
}

static void check_step(struct compiler *c, uint16_t i, enum evac_mode mode)
{
    const struct evac_plan_step *p = &c->drafts[i].step;
    struct evac_place place = c->drafts[i].source->place;
    if (may_run(c, i, mode) == PLAN_NO)
        return;
    if ((p->flags & EVAC_STEP_PROMOTES) && !is_after(c, i, EVAC_STEP_FENCES, mode))
        plan_error(c, place,
                   "step '%.*s' promotes data with no fence certainly before it in %s mode: two "
                   "regions could write",
                   EVAC_STR_ARG(p->id), evac_mode_name(mode));
    if ((p->flags & EVAC_STEP_TRAFFIC) && !is_after(c, i, EVAC_STEP_VERIFIES, mode))
        plan_error(c, place,
                   "step '%.*s' moves traffic with no verification certainly before it in %s mode",
                   EVAC_STR_ARG(p->id), evac_mode_name(mode));
    if ((p->flags & EVAC_STEP_LOSSY) && !(p->flags & EVAC_STEP_PIVOT))
        plan_error(c, place,
                   "step '%.*s' may lose data, so it must be the point of no return: pivot = true",
                   EVAC_STR_ARG(p->id));
}

static void check_pivots(struct compiler *c, enum evac_mode mode)
{
    const struct draft *first = NULL;
    for (uint16_t i = 0; i < c->count; i++) {
        const struct draft *d = &c->drafts[i];
        if (!(d->step.flags & EVAC_STEP_PIVOT) || may_run(c, i, mode) == PLAN_NO)
            continue;
        if (first && first->source != d->source)
            plan_error(
                c, d->source->place,
                "there is a second point of no return in %s mode, '%.*s'; the first is '%.*s'",
                evac_mode_name(mode), EVAC_STR_ARG(d->step.id), EVAC_STR_ARG(first->step.id));
        if (!first)
            first = d;
    }
}

/* Rule 10: a drill that is not live changes nothing that customers reach, and puts everything back.
 */
static void check_drill_step(struct compiler *c, uint16_t i)
{
    static const struct {
        uint32_t flag;
        const char *what;
    } forbidden[] = {
        { EVAC_STEP_TRAFFIC, "moves traffic" },
        { EVAC_STEP_PROMOTES, "promotes data" },
        { EVAC_STEP_LOSSY, "may lose data" },
        { EVAC_STEP_FENCES, "stops the active side" },
    };
    const struct evac_plan_step *p = &c->drafts[i].step;
    struct evac_place place = c->drafts[i].source->place;
    for (size_t k = 0; k < sizeof forbidden / sizeof forbidden[0]; k++)
        if (p->flags & forbidden[k].flag)
            plan_error(c, place, "step '%.*s' %s: an isolated drill must not", EVAC_STR_ARG(p->id),
                       forbidden[k].what);
    if ((p->flags & EVAC_STEP_MUTATES) && !(p->flags & (EVAC_STEP_REVERSIBLE | EVAC_STEP_BLIND)))
        plan_error(c, place,
                   "step '%.*s' can not be undone: an isolated drill puts everything back",
                   EVAC_STR_ARG(p->id));
    if ((p->flags & EVAC_STEP_MUTATES) && evac_str_eq(p->region, c->request->from))
        plan_error(c, place, "step '%.*s' changes the active region: an isolated drill must not",
                   EVAC_STR_ARG(p->id));
}

static bool is_isolated_drill(const struct evac_plan_request *q)
{
    return q->workflow == EVAC_WORKFLOW_DRILL && q->drill == EVAC_DRILL_ISOLATED;
}

void plan_check(struct compiler *c)
{
    if (!is_acyclic(c))
        return;
    for (uint16_t i = 0; is_isolated_drill(c->request) && i < c->count; i++)
        check_drill_step(c, i);
    for (unsigned mode = 0; mode < EVAC_MODE_COUNT; mode++) {
        for (uint16_t i = 0; i < c->count; i++)
            check_step(c, i, (enum evac_mode)mode);
        check_pivots(c, (enum evac_mode)mode);
    }
}
