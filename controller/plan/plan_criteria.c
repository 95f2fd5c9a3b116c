/* What a run must keep, fixed in its plan: so it is journalled before the first step, and nobody
 * can move the bar afterwards. */
#include "evac/arena.h"
#include "plan_internal.h"

#include <string.h>

enum {
    MOVES = 1u << 0,   /* users are moved: failover, failback, and those of drills */
    CHANGES = 1u << 1, /* those, isolated drills, faults of a game day, a fence */
    LOOKS = 1u << 2,   /* rehearsals */
};

static uint32_t sort_of(const struct evac_plan *plan)
{
    if (plan->rehearse)
        return LOOKS;
    return evac_plan_is_aside(plan) ? CHANGES : MOVES | CHANGES;
}

/* The built-in ones. An objective is its own limit; of all else there may be none. */
static const struct {
    const char *name;
    enum evac_measure measure;
    enum evac_grade severity;
    uint32_t sorts;
} built_in[] = {
    { "rto", EVAC_MEASURE_RTO, EVAC_GRADE_HIGH, MOVES },
    { "rpo", EVAC_MEASURE_RPO, EVAC_GRADE_HIGH, MOVES },
    { "steps", EVAC_MEASURE_FAILED, EVAC_GRADE_HIGH, CHANGES | LOOKS },
    { "served", EVAC_MEASURE_UNSERVED, EVAC_GRADE_HIGH, MOVES },
    { "left-behind", EVAC_MEASURE_LEFT, EVAC_GRADE_MEDIUM, CHANGES },
    { "overrides", EVAC_MEASURE_OVERRIDES, EVAC_GRADE_MEDIUM, CHANGES },
};

/* In which sort of run a measure can mean something. */
static uint32_t sorts_of(enum evac_measure measure)
{
    switch (measure) {
    case EVAC_MEASURE_FAILED:
    case EVAC_MEASURE_DURATION:
    case EVAC_MEASURE_STEP:
    case EVAC_MEASURE_HANDS:
        return MOVES | CHANGES | LOOKS;
    case EVAC_MEASURE_LEFT:
    case EVAC_MEASURE_OVERRIDES:
    case EVAC_MEASURE_RETRIES:
        return CHANGES;
    case EVAC_MEASURE_RTO:
    case EVAC_MEASURE_RPO:
    case EVAC_MEASURE_DETECT:
    case EVAC_MEASURE_DECIDE:
    case EVAC_MEASURE_FENCE:
    case EVAC_MEASURE_CAPACITY:
    case EVAC_MEASURE_DATA:
    case EVAC_MEASURE_VERIFY:
    case EVAC_MEASURE_TRAFFIC:
    case EVAC_MEASURE_CONFIRM:
    case EVAC_MEASURE_UNSERVED:
    case EVAC_MEASURE_COUNT:
        break;
    }
    return MOVES;
}

static int64_t limit_of(const struct evac_plan *plan, enum evac_measure measure)
{
    if (measure == EVAC_MEASURE_RTO)
        return plan->rto_ms;
    return measure == EVAC_MEASURE_RPO ? plan->rpo_ms : 0;
}

static bool has_step(const struct evac_plan *plan, struct evac_str name)
{
    for (uint16_t i = 0; i < plan->forward_count; i++) {
        struct evac_str rest, id = plan->steps[i].id;
        if (evac_str_eq(id, name) || evac_str_eq(evac_str_cut(id, ':', &rest), name))
            return true;
    }
    return false;
}

static bool is_for(const struct evac_criterion_conf *c, const struct evac_plan *plan)
{
    bool listed = c->only_count == 0;
    for (size_t i = 0; i < c->only_count; i++)
        listed = listed || evac_str_is(c->only[i], evac_plan_kind_name(plan));
    if (c->measure == EVAC_MEASURE_STEP && !has_step(plan, c->of))
        return false;
    return listed && (sorts_of(c->measure) & sort_of(plan));
}

/* A pack that is told another address talks to something else than the cloud: what it shows, it
 * shows of that. */
static struct evac_str stand_in(struct evac_arena *arena, const struct evac_controller_conf *conf)
{
    for (size_t i = 0; i < conf->packs.count; i++) {
        const struct evac_arg *setting = &conf->packs.items[i];
        if (evac_str_ends(setting->name, ".endpoint_url") && setting->value.n)
            return evac_arena_printf(arena, "%.*s = %.*s", EVAC_STR_ARG(setting->name),
                                     EVAC_STR_ARG(setting->value));
    }
    return EVAC_STR_NONE;
}

void plan_set_criteria(const struct evac_plan_request *q, struct evac_plan *plan)
{
    size_t n = sizeof built_in / sizeof built_in[0], count = 0;
    struct evac_plan_criterion *all =
        evac_arena_array(plan->arena, n + q->app->criterion_count, sizeof *all);
    for (size_t i = 0; i < n; i++)
        if (built_in[i].sorts & sort_of(plan))
            all[count++] =
                (struct evac_plan_criterion){ evac_str(built_in[i].name), built_in[i].measure,
                                              EVAC_STR_NONE, limit_of(plan, built_in[i].measure),
                                              built_in[i].severity };
    for (size_t i = 0; i < q->app->criterion_count; i++) {
        const struct evac_criterion_conf *c = &q->app->criteria[i];
        if (is_for(c, plan))
            all[count++] = (struct evac_plan_criterion){
                evac_arena_str(plan->arena, c->name), c->measure,
                evac_arena_str(plan->arena, c->of),
                evac_measure_is_time(c->measure) ? c->at_most_ms : c->most, c->severity
            };
    }
    plan->criteria = all;
    plan->criterion_count = (uint16_t)count;
    plan->stand_in = stand_in(plan->arena, &q->model->controller);
}
