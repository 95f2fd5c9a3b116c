#include "conf.h"

const struct evac_app *evac_model_app(const struct evac_model *model, struct evac_str name)
{
    for (size_t i = 0; i < model->app_count; i++)
        if (evac_str_eq(model->apps[i].name, name))
            return &model->apps[i];
    return NULL;
}

size_t evac_model_probed_count(const struct evac_model *model)
{
    return model->app_count + model->controller.dependency_count;
}

const struct evac_app *evac_model_probed(const struct evac_model *model, size_t index)
{
    size_t dependency = index - model->app_count;
    if (index < model->app_count)
        return &model->apps[index];
    return dependency < model->controller.dependency_count
               ? &model->controller.dependencies[dependency].as_app
               : NULL;
}

size_t evac_model_dependency(const struct evac_model *model, struct evac_str name)
{
    size_t i = 0;
    while (i < model->controller.dependency_count &&
           !evac_str_eq(model->controller.dependencies[i].as_app.name, name))
        i++;
    return i;
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
