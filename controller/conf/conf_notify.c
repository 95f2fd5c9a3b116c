/* What the settings of notifications mean together. */
#include "conf_read.h"

static const struct evac_channel *find_channel(const struct evac_notify_conf *n,
                                               struct evac_str name)
{
    for (size_t i = 0; i < n->channel_count; i++)
        if (evac_str_eq(n->channels[i].name, name))
            return &n->channels[i];
    return NULL;
}

static void check_name(struct conf_reader *r, const struct evac_notify_conf *n, int line,
                       const char *what, struct evac_str name)
{
    const char *const *names = conf_names(r, n->channels ? &n->channels[0].name : NULL,
                                          sizeof *n->channels, n->channel_count);
    if (!find_channel(n, name))
        CONF_ERROR(r, line, "%s: there is no channel \"%.*s\"%.*s", what, EVAC_STR_ARG(name),
                   EVAC_STR_ARG(conf_hint(r, name, names)));
}

static void check_secret(struct conf_reader *r, const struct evac_channel *c)
{
    bool path = evac_str_starts(c->secret, "/");
    for (size_t i = 0; !path && i < c->secret.n; i++) {
        char x = c->secret.p[i];
        bool plain = (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z') || (x >= '0' && x <= '9') ||
                     x == '-' || x == '_' || x == '.';
        if (plain)
            continue;
        /* What was found may be the secret itself: it is not shown. */
        CONF_ERROR(r, c->place.line,
                   "channel.secret of \"%.*s\" names no place; allowed: a file's absolute path, or "
                   "a credential's name of letters, digits, '-', '_' and '.'",
                   EVAC_STR_ARG(c->name));
        return;
    }
}

static void check_channel(struct conf_reader *r, const struct evac_notify_conf *n,
                          const struct evac_channel *c)
{
    check_secret(r, c);
    if (c->backup.n)
        check_name(r, n, c->place.line, "channel.backup", c->backup);
    if (evac_str_eq(c->backup, c->name))
        CONF_ERROR(r, c->place.line, "channel.backup: \"%.*s\" is itself; allowed: another channel",
                   EVAC_STR_ARG(c->name));
}

static const struct evac_tell_route *take_routes(struct conf_reader *r, const struct conf_notify *n)
{
    struct evac_tell_route *routes = evac_arena_array(r->arena, n->route_count + 1, sizeof *routes);
    for (size_t i = 0; i < n->route_count; i++) {
        const struct conf_tell_route *from = &n->routes[i];
        routes[i] = from->route;
        routes[i].during = conf_take_windows(r, from->during, from->during_count);
        routes[i].during_count = from->during_count;
        routes[i].except = conf_take_windows(r, from->except, from->except_count);
        routes[i].except_count = from->except_count;
        for (size_t k = 0; k < routes[i].channel_count; k++)
            check_name(r, &n->conf, routes[i].place.line, "route.to", routes[i].channels[k]);
    }
    return routes;
}

void conf_finish_notify(struct conf_reader *r, const config_setting_t *group, void *at,
                        const struct conf_given *given)
{
    struct conf_notify *n = at;
    (void)group;
    (void)given;
    n->conf.routes = take_routes(r, n);
    n->conf.route_count = n->route_count;
    for (size_t i = 0; i < n->conf.channel_count; i++)
        check_channel(r, &n->conf, &n->conf.channels[i]);
}
