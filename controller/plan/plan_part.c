/* Parts of a drill that no runbook writes. */
#include "plan_internal.h"

/* What a look means for a resource, when the drill does not say: the first that its driver has. */
static const char *const looks[] = { "quiet", "below", "ready" };

static const char *usual_look(const struct evac_driver *driver)
{
    for (size_t i = 0; driver && i < sizeof looks / sizeof looks[0]; i++)
        if (evac_driver_action(driver, evac_str(looks[i])))
            return looks[i];
    return looks[0];
}

static struct evac_str action_of(const struct compiler *c, const struct evac_resource *resource,
                                 struct evac_str given)
{
    enum evac_plan_part part = c->request->part;
    const struct evac_driver *driver =
        resource ? evac_catalog_driver(c->request->catalog, resource->type) : NULL;
    struct evac_str type = resource ? resource->type : EVAC_STR("?");
    const char *name = part == EVAC_PART_BREAK  ? "break"
                       : part == EVAC_PART_MEND ? "mend"
                                                : usual_look(driver);
    return given.n
               ? evac_arena_printf(c->arena, "%.*s.%.*s", EVAC_STR_ARG(type), EVAC_STR_ARG(given))
               : evac_arena_printf(c->arena, "%.*s.%s", EVAC_STR_ARG(type), name);
}

/* Faults are put into the region that users are led to; looks are at both. */
static void add_step(struct compiler *c, struct evac_runbook_workflow *flow,
                     struct evac_runbook_step *steps, struct evac_str thing, const char *region)
{
    static const char *const words[] = { "", "look", "break", "mend" };
    struct evac_str action, name = evac_str_cut(thing, '.', &action);
    const struct evac_resource *resource = evac_app_resource(c->request->app, name);
    bool look = c->request->part == EVAC_PART_LOOK;
    steps[flow->step_count++] = (struct evac_runbook_step){
        .place = flow->place,
        .name = evac_arena_printf(c->arena, "%s-%.*s%s%s", words[c->request->part],
                                  EVAC_STR_ARG(name), look ? "-" : "", look ? region : ""),
        .title = EVAC_STR(""),
        .action = action_of(c, resource, action),
        .resource = name,
        .region = evac_str(region),
        .phase = look ? EVAC_PHASE_CHECK : EVAC_PHASE_CLEANUP,
        .tries = -1,
        .on_failure = EVAC_ON_FAILURE_ASK,
    };
}

const struct evac_runbook_workflow *plan_part_workflow(struct compiler *c)
{
    const struct evac_plan_request *q = c->request;
    struct evac_runbook_workflow *flow = evac_arena_alloc(c->arena, sizeof *flow);
    struct evac_runbook_step *steps =
        evac_arena_array(c->arena, 2 * q->thing_count + 1, sizeof *steps);
    *flow =
        (struct evac_runbook_workflow){ .place = q->app->place, .present = true, .steps = steps };
    for (size_t i = 0; i < q->thing_count && flow->step_count + 2 <= EVAC_PLAN_STEPS_MAX; i++) {
        add_step(c, flow, steps, q->things[i], "from");
        if (q->part == EVAC_PART_LOOK)
            add_step(c, flow, steps, q->things[i], "to");
    }
    return flow;
}
