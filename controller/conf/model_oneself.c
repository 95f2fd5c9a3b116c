/* The same files for all controllers: which of them this one is. */
#include "model.h"

#include <stdio.h>
#include <string.h>

static void put(struct evac_model *model, struct evac_str *at, const char *text)
{
    if (text && text[0])
        *at = evac_arena_str(model->arena, evac_str(text));
}

static const struct evac_peer_conf *own(const struct evac_controller_conf *conf)
{
    for (size_t i = 0; i < conf->shared.controller_count; i++)
        if (evac_str_eq(conf->shared.controllers[i].name, conf->node))
            return &conf->shared.controllers[i];
    return NULL;
}

static enum evac_code is_nobody(const struct evac_controller_conf *conf, struct evac_err *err)
{
    char names[300] = "";
    size_t n = 0;
    for (size_t i = 0; i < conf->shared.controller_count && n < sizeof names - 70; i++)
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%.*s", i ? ", " : "",
                              (int)EVAC_STR_ARG(conf->shared.controllers[i].name));
    return evac_fail(
        err, EVAC_E_BADCONF,
        "shared.controllers has no \"%.*s\"; it has %s. node in evac.cfg says which of "
        "them this one is, or evacd --node",
        EVAC_STR_ARG(conf->node), names);
}

/* Each controller looks at the apps, so for this one the others are vantages. */
static enum evac_code add_vantages(struct evac_model *model, struct evac_err *err)
{
    struct evac_controller_conf *conf = &model->controller;
    size_t most = conf->vantage_count + conf->shared.controller_count, count = 0;
    struct evac_vantage_conf *all = evac_arena_array(model->arena, most, sizeof *all);
    for (size_t i = 0; i < conf->vantage_count; i++)
        all[count++] = conf->vantages[i];
    for (size_t i = 0; i < conf->shared.controller_count; i++) {
        const struct evac_peer_conf *peer = &conf->shared.controllers[i];
        for (size_t k = 0; k < conf->vantage_count; k++)
            if (evac_str_eq(conf->vantages[k].name, peer->name))
                return evac_fail(err, EVAC_E_BADCONF,
                                 "\"%.*s\" is a vantage and a controller; allowed: one of them",
                                 EVAC_STR_ARG(peer->name));
        if (!evac_str_eq(peer->name, conf->node))
            all[count++] = (struct evac_vantage_conf){ peer->place, peer->name, peer->region,
                                                       4 * conf->shared.poll_ms };
    }
    if (count > EVAC_CONF_VANTAGES_MAX)
        return evac_fail(err, EVAC_E_BADCONF,
                         "%zu places look at the apps, vantages and controllers together; allowed: "
                         "%u besides the one that leads",
                         count + 1, (unsigned)EVAC_CONF_VANTAGES_MAX);
    conf->vantages = all;
    conf->vantage_count = count;
    return EVAC_OK;
}

enum evac_code evac_model_oneself(struct evac_model *model, const struct evac_oneself *oneself,
                                  struct evac_err *err)
{
    struct evac_controller_conf *conf = &model->controller;
    put(model, &conf->node, oneself->node);
    put(model, &conf->socket, oneself->socket);
    put(model, &conf->store, oneself->store);
    if (conf->shared.cluster.n == 0)
        return EVAC_OK;
    const struct evac_peer_conf *peer = own(conf);
    if (!peer)
        return is_nobody(conf, err);
    if (peer->region.n)
        conf->region = peer->region;
    return add_vantages(model, err);
}
