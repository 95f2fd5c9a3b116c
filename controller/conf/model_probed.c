/* What probes are asked for. Apart from model_lookup.c, since the engine calls it and must stay
 * pure. */
#include "model.h"

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
