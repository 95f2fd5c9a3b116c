#include "routing.h"

static bool names(const struct evac_str *list, size_t count, struct evac_str name)
{
    for (size_t i = 0; i < count; i++)
        if (evac_str_eq(list[i], name))
            return true;
    return false;
}

static bool is_on(const struct evac_window *windows, size_t count, const struct evac_zones *zones,
                  int64_t wall_ms)
{
    int64_t until;
    return evac_windows_at(windows, count, zones, wall_ms, &until) != NULL;
}

static bool fits(const struct evac_tell_route *route, const struct evac_message *m,
                 const struct evac_zones *zones, int64_t wall_ms)
{
    if (m->severity < route->severity)
        return false;
    if (route->app_count && !names(route->apps, route->app_count, evac_str(m->app)))
        return false;
    if (route->kind_count &&
        !names(route->kinds, route->kind_count, evac_str(evac_notice_kind_name(m->kind))))
        return false;
    if (route->during_count && !is_on(route->during, route->during_count, zones, wall_ms))
        return false;
    return !route->except_count || !is_on(route->except, route->except_count, zones, wall_ms);
}

size_t evac_channel_index(const struct evac_notify_conf *conf, struct evac_str name)
{
    for (size_t i = 0; i < conf->channel_count; i++)
        if (evac_str_eq(conf->channels[i].name, name))
            return i;
    return conf->channel_count;
}

static uint32_t bit_of(const struct evac_notify_conf *conf, struct evac_str name)
{
    size_t i = evac_channel_index(conf, name);
    return i < conf->channel_count && i < EVAC_CHANNELS_MAX ? UINT32_C(1) << i : 0;
}

static uint32_t all_of(const struct evac_notify_conf *conf)
{
    uint32_t all = 0;
    for (size_t i = 0; i < conf->channel_count && i < EVAC_CHANNELS_MAX; i++)
        all |= UINT32_C(1) << i;
    return all;
}

uint32_t evac_routing(const struct evac_notify_conf *conf, const struct evac_message *m,
                      const struct evac_zones *zones, int64_t wall_ms)
{
    uint32_t to = m->to[0] ? bit_of(conf, evac_str(m->to)) : 0;
    if (conf->route_count == 0 && m->severity >= EVAC_URGENCY_WARNING)
        to |= all_of(conf);
    for (size_t i = 0; i < conf->route_count; i++)
        for (size_t k = 0;
             fits(&conf->routes[i], m, zones, wall_ms) && k < conf->routes[i].channel_count; k++)
            to |= bit_of(conf, conf->routes[i].channels[k]);
    return to;
}

struct evac_str evac_channel_region(const struct evac_channel *c, uint32_t attempt,
                                    bool (*down)(void *ctx, struct evac_str region), void *ctx)
{
    size_t good = 0, at = attempt ? attempt - 1 : 0;
    for (size_t i = 0; i < c->region_count; i++)
        good += !down || !down(ctx, c->regions[i]);
    if (c->region_count == 0)
        return EVAC_STR_NONE;
    if (good == 0)
        return c->regions[at % c->region_count];
    at %= good;
    for (size_t i = 0; i < c->region_count; i++)
        if ((!down || !down(ctx, c->regions[i])) && at-- == 0)
            return c->regions[i];
    return c->regions[0];
}
