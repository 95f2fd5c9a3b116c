/* A configuration for a controller that does only what a person says. */
#include "model.h"

#include <string.h>

/* Looks at standbys too: they are runs, and whoever waits for this controller waits for those. */
static void do_nothing_by_itself(struct evac_app *app)
{
    app->automatic = EVAC_POLICY_NEVER;
    app->drill_count = 0;
    app->readiness_ms = 0;
}

/* Grace keeps automation from acting on what has just begun to be watched. A person waits for this
 * controller to know, and looks for themselves. */
static const struct evac_probe *without_grace(struct evac_arena *arena,
                                              const struct evac_probe *probes, size_t count)
{
    struct evac_probe *copies = evac_arena_array(arena, count, sizeof *copies);
    for (size_t i = 0; i < count; i++) {
        copies[i] = probes[i];
        copies[i].grace_ms = 0;
    }
    return copies;
}

void evac_model_alone(struct evac_model *model, const struct evac_alone *alone)
{
    struct evac_arena *arena = model->arena;
    struct evac_app *apps = evac_arena_array(arena, model->app_count, sizeof *apps);
    for (size_t i = 0; i < model->app_count; i++) {
        apps[i] = model->apps[i];
        do_nothing_by_itself(&apps[i]);
        apps[i].probes = without_grace(arena, apps[i].probes, apps[i].probe_count);
    }
    model->apps = apps;
    model->controller.store = evac_arena_str(arena, evac_str(alone->store));
    model->controller.socket = evac_arena_str(arena, evac_str(alone->socket));
    model->controller.reports = evac_arena_str(arena, evac_str(alone->reports));
    model->controller.node = evac_arena_str(arena, evac_str(alone->node));
    model->controller.listen_count = 0;
    model->controller.shared = (struct evac_shared_conf){ .cluster = EVAC_STR_NONE };
}
