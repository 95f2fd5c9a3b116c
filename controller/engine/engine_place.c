/* Where an app serves, when no run of evac's has moved it there: somebody did it by hand, or this
 * journal is a new one. A person who looked says so. */
#include "engine_internal.h"

static const char *why_not(const struct evac_engine_app *a, const struct evac_command *cmd,
                           uint16_t region)
{
    if (!evac_str_eq(engine_region(a, region), cmd->region))
        return "that is none of the app's regions: 'evac status' lists them";
    if (a->app->strategy == EVAC_STRATEGY_ACTIVE_ACTIVE)
        return "an active-active app serves from all its regions: 'evac failover' leads users away "
               "from one";
    if (cmd->reason.n == 0)
        return "it needs a reason: who looked, and what was seen";
    if (a->run || a->starting || a->drill.state != EVAC_DRILL_IS_IDLE)
        return "a run of this app is going on: it says where the app serves";
    return NULL;
}

void engine_place(struct engine_io *io, struct evac_engine_app *a, const struct evac_command *cmd)
{
    const char *why = why_not(a, cmd, engine_region_index(a->app, cmd->region));
    if (why) {
        engine_refuse(io, EVAC_E_REFUSED, why);
        return;
    }
    struct evac_record r = { .kind = EVAC_RECORD_PLACE };
    r.app = a->app->name;
    r.from = engine_region(a, a->active);
    r.to = cmd->region;
    r.who = cmd->who;
    r.text = cmd->reason;
    engine_record(io, r);
    engine_see_place(a, &r);
    engine_fleet_count(io->engine, a);
    a->decide_ms = 0;
}

/* A region that the configuration has lost since is nobody's place. */
void engine_see_place(struct evac_engine_app *a, const struct evac_record *r)
{
    uint16_t to = engine_region_index(a->app, r->to);
    if (!evac_str_eq(engine_region(a, to), r->to) ||
        a->app->strategy == EVAC_STRATEGY_ACTIVE_ACTIVE)
        return;
    a->placed = true;
    engine_moved(a, EVAC_WORKFLOW_FAILOVER, a->active, to);
}
