/* Looks of probes, checked against the drivers' tables as a step's action would be. */
#include "plan_internal.h"

struct look_io {
    const struct evac_probe *probe;
    const struct evac_app *app;
    struct evac_diag *diag;
};

static void check_want(const struct look_io *io, const struct evac_action *action)
{
    const struct evac_args *want = &io->probe->look.want;
    for (size_t i = 0; i < want->count; i++) {
        const struct evac_arg *arg = &want->items[i];
        const struct evac_param *p = plan_param(action->params, arg->name);
        const char *wanted = p ? plan_param_wants(p, arg->value) : NULL;
        if (!p)
            evac_diag_add(io->diag, EVAC_DIAG_ERROR, io->probe->place,
                          "probe '%.*s': %s wants no '%.*s'", EVAC_STR_ARG(io->probe->name),
                          action->name, EVAC_STR_ARG(arg->name));
        else if (wanted)
            evac_diag_add(io->diag, EVAC_DIAG_ERROR, io->probe->place,
                          "probe '%.*s': %.*s is '%.*s'; allowed is %s",
                          EVAC_STR_ARG(io->probe->name), EVAC_STR_ARG(arg->name),
                          EVAC_STR_ARG(arg->value), wanted);
    }
    for (const struct evac_param *p = action->params; p && p->name; p++)
        if ((p->flags & EVAC_PARAM_REQUIRED) && !(p->flags & EVAC_PARAM_OF_RESOURCE) &&
            !plan_is_given(want, p))
            evac_diag_add(io->diag, EVAC_DIAG_ERROR, io->probe->place,
                          "probe '%.*s': %s needs want = { %s = ...; }: %s",
                          EVAC_STR_ARG(io->probe->name), action->name, p->name,
                          p->doc ? p->doc : "");
}

static void tell_actions(const struct look_io *io, const struct evac_driver *driver)
{
    struct evac_buf names;
    evac_buf_init(&names, 1000);
    for (const struct evac_action *a = driver->actions; a && a->name; a++)
        if (!(a->flags & (EVAC_ACTION_MUTATES | EVAC_ACTION_BLIND)))
            evac_buf_putf(&names, "%s%s", names.n ? ", " : "", a->name);
    evac_diag_add(io->diag, EVAC_DIAG_ERROR, io->probe->place,
                  "probe '%.*s': '%.*s' is no action of %s that only looks; allowed: %s",
                  EVAC_STR_ARG(io->probe->name), EVAC_STR_ARG(io->probe->look.action), driver->name,
                  names.n ? names.p : "none");
    evac_buf_done(&names);
}

static void check_lag(const struct look_io *io, const struct evac_driver *driver)
{
    if (!(driver->verbs & (1u << EVAC_VERB_MEASURE)))
        evac_diag_add(io->diag, EVAC_DIAG_ERROR, io->probe->place,
                      "probe '%.*s': %s measures no lag; allowed: look = { resource; action; }",
                      EVAC_STR_ARG(io->probe->name), driver->name);
    if (!io->probe->regional)
        evac_diag_add(io->diag, EVAC_DIAG_ERROR, io->probe->place,
                      "probe '%.*s': lag is of a region", EVAC_STR_ARG(io->probe->name));
}

static void check_look(const struct look_io *io, const struct evac_catalog *catalog)
{
    const struct evac_probe_look *look = &io->probe->look;
    const struct evac_resource *resource = evac_app_resource(io->app, look->resource);
    const struct evac_driver *driver =
        resource ? evac_catalog_driver(catalog, resource->type) : NULL;
    const struct evac_action *action = driver ? evac_driver_action(driver, look->action) : NULL;
    if (!resource)
        evac_diag_add(io->diag, EVAC_DIAG_ERROR, io->probe->place,
                      "probe '%.*s': app '%.*s' has no resource '%.*s'",
                      EVAC_STR_ARG(io->probe->name), EVAC_STR_ARG(io->app->name),
                      EVAC_STR_ARG(look->resource));
    else if (!driver)
        evac_diag_add(io->diag, EVAC_DIAG_ERROR, io->probe->place,
                      "probe '%.*s': no driver knows '%.*s', the type of resource '%.*s'",
                      EVAC_STR_ARG(io->probe->name), EVAC_STR_ARG(resource->type),
                      EVAC_STR_ARG(look->resource));
    else if (look->lag_ms)
        check_lag(io, driver);
    else if (!action || (action->flags & (EVAC_ACTION_MUTATES | EVAC_ACTION_BLIND)))
        tell_actions(io, driver);
    else
        check_want(io, action);
}

void evac_plan_check_looks(const struct evac_app *app, const struct evac_catalog *catalog,
                           struct evac_diag *diag)
{
    for (size_t i = 0; i < app->probe_count; i++)
        if (app->probes[i].kind == EVAC_PROBE_KIND_LOOK)
            check_look(&(struct look_io){ &app->probes[i], app, diag }, catalog);
}
