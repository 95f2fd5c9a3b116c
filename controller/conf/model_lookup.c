#include "conf.h"

const struct evac_app *evac_model_app(const struct evac_model *model, struct evac_str name)
{
    for (size_t i = 0; i < model->app_count; i++)
        if (evac_str_eq(model->apps[i].name, name))
            return &model->apps[i];
    return NULL;
}

const struct evac_runbook *evac_model_runbook(const struct evac_model *model, struct evac_str name)
{
    for (size_t i = 0; i < model->runbook_count; i++)
        if (evac_str_eq(model->runbooks[i].name, name))
            return &model->runbooks[i];
    return NULL;
}

const struct evac_resource *evac_app_resource(const struct evac_app *app, struct evac_str name)
{
    for (size_t i = 0; i < app->resource_count; i++)
        if (evac_str_eq(app->resources[i].name, name))
            return &app->resources[i];
    return NULL;
}

/* The model lies in the arena that it owns. */
void evac_model_free(struct evac_model *model)
{
    if (model)
        evac_arena_free(model->arena);
}
