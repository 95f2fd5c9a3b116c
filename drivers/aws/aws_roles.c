#include "aws_roles.h"

#include "format.h"

#include <stdlib.h>
#include <string.h>

#define ROLES_MAX    4096u /* apps times regions; what is above is called for as the controller */
#define NAME_BYTES   64u
#define ROLE_ARN_MAX 2048u

struct held {
    struct held *next;
    struct evac_str app, region;
    struct evac_credentials *credentials;
};

struct evac_aws_roles {
    const struct evac_host *host;
    struct evac_aws_io *io;
    struct evac_aws_skew *skew;
    struct evac_sigv4_cache *cache;
    struct evac_credentials *base;
    struct evac_arena *arena;
    struct evac_args settings;
    struct held *list;
    size_t count;
    bool any; /* a setting names one */
};

/* --- what the settings say ------------------------------------------------------------------- */

static const char own_group[] = "apps.";

/* "apps.shop.role_arn" in that region, else "app_role_arn". */
static struct evac_str setting(const struct evac_args *settings, struct evac_str app,
                               struct evac_str region, const char *name, struct evac_arena *arena)
{
    const char *own = evac_arena_printf(arena, "%s%.*s.%s", own_group, EVAC_STR_ARG(app), name).p;
    const char *all = evac_arena_printf(arena, "app_%s", name).p;
    struct evac_str value = evac_args_regional(settings, own, region);
    return value.n ? value : evac_args_regional(settings, all, region);
}

static struct evac_str fill(struct evac_str text, struct evac_str app, struct evac_str region,
                            struct evac_arena *arena)
{
    struct evac_buf out;
    evac_buf_init(&out, ROLE_ARN_MAX);
    for (size_t i = 0; i < text.n; i++) {
        struct evac_str rest = { text.p + i, text.n - i };
        if (evac_str_starts(rest, "{app}")) {
            evac_buf_put_str(&out, app);
            i += strlen("{app}") - 1;
        } else if (evac_str_starts(rest, "{region}")) {
            evac_buf_put_str(&out, region);
            i += strlen("{region}") - 1;
        } else {
            evac_buf_put(&out, text.p + i, 1);
        }
    }
    struct evac_str filled = evac_arena_str(arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return filled;
}

bool evac_aws_role_of(const struct evac_args *settings, struct evac_str app, struct evac_str region,
                      struct evac_arena *arena, struct evac_aws_role *ret_role)
{
    struct evac_str arn = setting(settings, app, region, "role_arn", arena);
    if (!arn.n || !app.n)
        return false;
    *ret_role = (struct evac_aws_role){
        .app = app,
        .arn = fill(arn, app, region, arena),
        .external_id =
            fill(setting(settings, app, region, "external_id", arena), app, region, arena),
    };
    return true;
}

static bool names_role(struct evac_str name)
{
    bool own = evac_str_starts(name, own_group) && evac_str_has(name, ".role_arn");
    return own || evac_str_is(name, "app_role_arn") || evac_str_starts(name, "app_role_arn.");
}

/* "apps.shop.external_id.us-east-1": one of two words behind the app. */
static bool is_known(struct evac_str name)
{
    struct evac_str rest = name, word = EVAC_STR_NONE;
    if (!evac_str_starts(name, own_group))
        return true;
    for (int i = 0; i < 3; i++)
        word = evac_str_cut(rest, '.', &rest);
    return evac_str_is(word, "role_arn") || evac_str_is(word, "external_id");
}

enum evac_code evac_aws_roles_check(const struct evac_args *settings, struct evac_err *err)
{
    for (size_t i = 0; i < settings->count; i++) {
        struct evac_arg arg = settings->items[i];
        if (!is_known(arg.name))
            return evac_fail(err, EVAC_E_BADCONF,
                             "%.*s is not known: role_arn and external_id are allowed for an app",
                             EVAC_STR_ARG(arg.name));
        if (names_role(arg.name) &&
            (!evac_str_starts(arg.value, "arn:") || !evac_str_has(arg.value, ":role/") ||
             arg.value.n >= ROLE_ARN_MAX / 2))
            return evac_fail(
                err, EVAC_E_BADCONF,
                "%.*s '%.*s' is no role's ARN: arn:PARTITION:iam::ACCOUNT:role/NAME is "
                "allowed, with {app} and {region} in it",
                EVAC_STR_ARG(arg.name), EVAC_STR_ARG(arg.value));
    }
    return EVAC_OK;
}

/* --- those that are held --------------------------------------------------------------------- */

struct evac_aws_roles *evac_aws_roles_new(const struct evac_host *host, struct evac_aws_io *io,
                                          const struct evac_args *settings,
                                          struct evac_aws_skew *skew,
                                          struct evac_sigv4_cache *cache,
                                          struct evac_credentials *base)
{
    struct evac_aws_roles *roles = calloc(1, sizeof *roles);
    if (!roles)
        abort();
    *roles = (struct evac_aws_roles){ .host = host,
                                      .io = io,
                                      .skew = skew,
                                      .cache = cache,
                                      .base = base,
                                      .arena = evac_arena_new(),
                                      .settings = *settings };
    for (size_t i = 0; i < settings->count; i++)
        roles->any |= names_role(settings->items[i].name);
    return roles;
}

void evac_aws_roles_free(struct evac_aws_roles *roles)
{
    if (!roles)
        return;
    for (struct held *h = roles->list; h; h = h->next)
        evac_credentials_free(h->credentials);
    evac_arena_free(roles->arena);
    free(roles);
}

/* A session a region, from that region's own STS: none hangs on another's. */
static struct held *find(const struct evac_aws_roles *roles, struct evac_str app,
                         struct evac_str region)
{
    struct held *h = roles->list;
    while (h && !(evac_str_eq(h->app, app) && evac_str_eq(h->region, region)))
        h = h->next;
    return h;
}

/* When a region's STS is gone, that of another of the app's regions is asked. */
static void know_each_other(const struct evac_aws_roles *roles, const struct held *h)
{
    for (const struct held *other = roles->list; other; other = other->next)
        if (evac_str_eq(other->app, h->app)) {
            evac_credentials_also(h->credentials, other->region);
            evac_credentials_also(other->credentials, h->region);
        }
}

static struct held *hold(struct evac_aws_roles *roles, struct evac_str app, struct evac_str region)
{
    struct evac_aws_role role;
    struct evac_arena *scratch = evac_arena_new();
    struct held *h = NULL;
    if (roles->count < ROLES_MAX &&
        evac_aws_role_of(&roles->settings, app, region, scratch, &role)) {
        h = evac_arena_alloc(roles->arena, sizeof *h);
        *h = (struct held){ roles->list, evac_arena_str(roles->arena, app),
                            evac_arena_str(roles->arena, region),
                            evac_credentials_of_role(roles->host, roles->io, &roles->settings,
                                                     roles->skew, roles->cache, roles->base,
                                                     &role) };
        know_each_other(roles, h);
        roles->list = h;
        roles->count++;
    }
    evac_arena_free(scratch);
    return h;
}

/* "evac-shop-12": at most 64 characters, those that AWS takes. */
static void name_session(struct evac_str app, struct evac_str run, char to[NAME_BYTES + 1])
{
    size_t room = NAME_BYTES - strlen("evac-") - (run.n ? run.n + 1 : 0);
    if (run.n > 32)
        run.n = 0;
    if (app.n > room)
        app.n = room;
    (void)evac_format(to, NAME_BYTES + 1, "evac-%.*s%s%.*s", EVAC_STR_ARG(app), run.n ? "-" : "",
                      EVAC_STR_ARG(run));
    for (char *c = to; *c; c++)
        if (!evac_credentials_in_session_name(*c))
            *c = '-';
}

struct evac_credentials *evac_aws_roles_find(struct evac_aws_roles *roles, struct evac_str app,
                                             struct evac_str run, struct evac_str region)
{
    char name[NAME_BYTES + 1];
    if (!roles->any || !app.n)
        return roles->base;
    struct held *h = find(roles, app, region);
    if (!h && (h = hold(roles, app, region)) == NULL)
        return roles->base;
    name_session(app, run, name);
    evac_credentials_session(h->credentials, name, run.n > 0);
    return h->credentials;
}

void evac_aws_roles_prepare(struct evac_aws_roles *roles, struct evac_str app,
                            struct evac_str region)
{
    struct evac_credentials *c = evac_aws_roles_find(roles, app, EVAC_STR_NONE, region);
    if (c != roles->base)
        evac_credentials_keep(c, region);
}
