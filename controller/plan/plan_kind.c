/* What kind of plan it is. A file of its own: the engine asks, and must not draw in the compiler.
 */
#include "plan.h"

bool evac_plan_is_isolated_drill(const struct evac_plan *plan)
{
    return plan->workflow == EVAC_WORKFLOW_DRILL && !plan->rehearse &&
           plan->drill == EVAC_DRILL_ISOLATED;
}

bool evac_plan_is_fault(const struct evac_plan *plan)
{
    return plan->workflow == EVAC_WORKFLOW_DRILL && !plan->rehearse &&
           plan->drill == EVAC_DRILL_GAME_DAY;
}

bool evac_plan_is_aside(const struct evac_plan *plan)
{
    return plan->rehearse || evac_plan_is_isolated_drill(plan) || evac_plan_is_fault(plan) ||
           plan->workflow == EVAC_WORKFLOW_FENCE;
}

bool evac_plan_asks_nobody(const struct evac_plan *plan, const struct evac_app *app)
{
    bool moves =
        plan->workflow == EVAC_WORKFLOW_FAILOVER || plan->workflow == EVAC_WORKFLOW_FAILBACK;
    return moves && !plan->rehearse && app && app->approvals.need == 0;
}

const char *evac_plan_kind_name(const struct evac_plan *plan)
{
    bool of_drill = plan->drill == EVAC_DRILL_LIVE || plan->drill == EVAC_DRILL_GAME_DAY;
    if (plan->rehearse)
        return evac_drill_kind_name(EVAC_DRILL_REHEARSE);
    return plan->workflow == EVAC_WORKFLOW_DRILL || of_drill ? evac_drill_kind_name(plan->drill)
                                                             : evac_workflow_name(plan->workflow);
}

/* Of what moves, looking adds no more than this part of the time that it took. */
#define POLL_PART 16u

uint64_t evac_plan_poll_ms(const struct evac_plan *plan, uint64_t moving_ms)
{
    uint64_t wait = moving_ms / POLL_PART;
    if (wait < plan->poll_ms)
        wait = plan->poll_ms;
    return wait < plan->poll_max_ms ? wait : plan->poll_max_ms;
}
