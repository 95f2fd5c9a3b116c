/* What a new configuration must still have: a drill that goes on needs its app, its regions,
 * itself, and its faults as they were put in, or nobody could take them out. */
#include "shell_internal.h"

static bool has_region(const struct evac_app *app, struct evac_str region)
{
    for (size_t r = 0; r < app->region_count; r++)
        if (evac_str_eq(app->regions[r], region))
            return true;
    return false;
}

static const struct evac_drill_conf *find_drill(const struct evac_app *app, const char *name)
{
    for (size_t i = 0; i < app->drill_count; i++)
        if (evac_str_is(app->drills[i].name, name))
            return &app->drills[i];
    return NULL;
}

static bool has_fault(const struct evac_drill_conf *drill, struct evac_str fault)
{
    for (size_t i = 0; i < drill->fault_count; i++)
        if (evac_str_eq(drill->faults[i], fault))
            return true;
    return false;
}

static bool same_resource(const struct evac_resource *was, const struct evac_resource *is)
{
    if (!was || !is || !evac_str_eq(was->type, is->type) || was->props.count != is->props.count)
        return false;
    for (size_t i = 0; i < was->props.count; i++)
        if (!evac_str_eq(was->props.items[i].name, is->props.items[i].name) ||
            !evac_str_eq(was->props.items[i].value, is->props.items[i].value))
            return false;
    return true;
}

/* "outage", "outage.break": the resource is what stands before the dot. */
static const struct evac_resource *resource_of(const struct evac_app *app, struct evac_str fault)
{
    struct evac_str rest;
    return evac_app_resource(app, evac_str_cut(fault, '.', &rest));
}

static enum evac_code lacks(const struct evac_engine_app *a, const char *what, struct evac_str name,
                            struct evac_err *err)
{
    return evac_fail(err, EVAC_E_BUSY,
                     "drill %u of '%.*s' (%s) goes on, and needs its %s%s%.*s%s as it was when it "
                     "began; 'evac drill %.*s --stop' ends it, then load again",
                     a->drill.number, EVAC_STR_ARG(a->app->name),
                     evac_drill_kind_name(a->drill.kind), what, name.n ? " '" : "",
                     EVAC_STR_ARG(name), name.n ? "'" : "", EVAC_STR_ARG(a->app->name));
}

static enum evac_code keep_faults(const struct evac_engine_app *a, const struct evac_app *next,
                                  const struct evac_drill_conf *was,
                                  const struct evac_drill_conf *is, struct evac_err *err)
{
    for (size_t i = 0; i < was->fault_count; i++)
        if (!has_fault(is, was->faults[i]) ||
            !same_resource(resource_of(a->app, was->faults[i]), resource_of(next, was->faults[i])))
            return lacks(a, "fault", was->faults[i], err);
    return EVAC_OK;
}

static enum evac_code keep(const struct evac_engine_app *a, const struct evac_model *model,
                           struct evac_err *err)
{
    const struct evac_drill *d = &a->drill;
    const struct evac_app *next = evac_model_app(model, a->app->name);
    if (d->state == EVAC_DRILL_IS_IDLE)
        return EVAC_OK;
    if (!next)
        return lacks(a, "app", EVAC_STR_NONE, err);
    if (!has_region(next, a->app->regions[d->from]))
        return lacks(a, "region", a->app->regions[d->from], err);
    if (!has_region(next, a->app->regions[d->to]))
        return lacks(a, "region", a->app->regions[d->to], err);
    const struct evac_drill_conf *was = find_drill(a->app, d->name),
                                 *is = find_drill(next, d->name);
    if (!was)
        return EVAC_OK; /* by hand, or of a configuration before this one */
    if (!is || is->kind != was->kind)
        return lacks(a, "entry among the app's drills", evac_str(d->name), err);
    return keep_faults(a, next, was, is, err);
}

enum evac_code shell_drills_keep(const struct evac_shell *shell, const struct evac_model *model,
                                 struct evac_err *err)
{
    enum evac_code code = EVAC_OK;
    for (size_t i = 0; !code && i < shell->engine.app_count; i++)
        code = keep(&shell->engine.apps[i], model, err);
    return code;
}
