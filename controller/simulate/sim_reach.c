/* What a step needs of a region that is gone, by its driver's operations and the lint's facts. */
#include "plan_lint.h"
#include "sim_internal.h"

#include <string.h>

/* The lint's rules by which a call can not be answered; how bad that is for the plan is another
 * question. */
static bool fails(const struct evac_lint_row *row)
{
    static const char *const rules[] = { "failed-home", "failed-region", "hidden-dependency" };
    for (size_t i = 0; row->rule && i < sizeof rules / sizeof rules[0]; i++)
        if (strcmp(row->rule, rules[i]) == 0)
            return row->operation != NULL && row->operation[0] != '\0';
    return false;
}

void sim_reach(const struct evac_sim *sim, const struct evac_plan *plan, struct evac_str down,
               bool *unseen, bool *unsent)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_lint lint;
    const struct evac_lint_request request = { .plan = plan,
                                               .catalog = sim->q.catalog,
                                               .facts = sim->q.facts,
                                               .model = &sim->model,
                                               .down = down };
    evac_lint_plan(&request, arena, &lint);
    for (size_t r = 0; r < lint.row_count; r++)
        for (uint16_t i = 0; fails(&lint.rows[r]) && i < plan->forward_count; i++)
            if (evac_str_eq(plan->steps[i].id, lint.rows[r].step))
                (lint.rows[r].mutates ? unsent : unseen)[i] = true;
    evac_arena_free(arena);
}
