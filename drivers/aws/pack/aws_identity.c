/*
 * Who calls for an app: the role of its configuration, as IAM wants it written. The role lets the
 * controller in, and with the right external id alone (the confused deputy); the controller may
 * assume exactly the roles of its apps, and nothing else.
 */
#include "aws_rights.h"

#include "aws.h"
#include "aws_roles.h"
#include "jw.h"

#include <string.h>

#define ROLES_MAX 1024u

static void open_statement(struct evac_jw *w, const char *key)
{
    evac_jw_open(w, key, '{');
    evac_jw_cstr(w, "Version", "2012-10-17");
    evac_jw_open(w, "Statement", '[');
    evac_jw_open(w, NULL, '{');
    evac_jw_cstr(w, "Effect", "Allow");
    evac_jw_cstr(w, "Action", "sts:AssumeRole");
}

static void close_statement(struct evac_jw *w)
{
    evac_jw_close(w, '}');
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}

/* The controller's own role; when no setting names it, the role's account: whom IAM lets assume it.
 */
static struct evac_str controller_of(const struct evac_args *settings, struct evac_str role_arn,
                                     struct evac_arena *arena)
{
    struct evac_str own = evac_args_get(settings, "role_arn");
    return own.n ? own
                 : evac_arena_printf(arena, "arn:aws:iam::%.*s:root",
                                     EVAC_STR_ARG(evac_aws_arn_account(role_arn)));
}

static void put_trust(struct evac_jw *w, const struct evac_aws_role *role, struct evac_str who)
{
    open_statement(w, "trust");
    evac_jw_open(w, "Principal", '{');
    evac_jw_str(w, "AWS", who);
    evac_jw_close(w, '}');
    if (role->external_id.n) {
        evac_jw_open(w, "Condition", '{');
        evac_jw_open(w, "StringEquals", '{');
        evac_jw_str(w, "sts:ExternalId", role->external_id);
        evac_jw_close(w, '}');
        evac_jw_close(w, '}');
    }
    close_statement(w);
}

/* The regions' roles of an app, each once. */
struct roles {
    struct evac_arena *arena;
    struct evac_aws_role list[ROLES_MAX];
    size_t count;
};

static bool has(const struct roles *r, struct evac_str arn)
{
    for (size_t i = 0; i < r->count; i++)
        if (evac_str_eq(r->list[i].arn, arn))
            return true;
    return false;
}

static void take(struct roles *r, const struct evac_args *settings, const struct evac_grantee *app)
{
    struct evac_aws_role role;
    for (size_t i = 0; i < app->region_count; i++)
        if (evac_aws_role_of(settings, app->app, app->regions[i], r->arena, &role) &&
            !has(r, role.arn) && r->count < ROLES_MAX)
            r->list[r->count++] = role;
}

static void put_role(struct evac_jw *w, const struct evac_args *settings,
                     const struct evac_grantee *app, const struct evac_aws_role *role,
                     struct evac_str who, struct evac_arena *arena)
{
    struct evac_aws_role there;
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "role_arn", role->arn);
    evac_jw_open(w, "regions", '[');
    for (size_t i = 0; i < app->region_count; i++)
        if (evac_aws_role_of(settings, app->app, app->regions[i], arena, &there) &&
            evac_str_eq(there.arn, role->arn))
            evac_jw_str(w, NULL, app->regions[i]);
    evac_jw_close(w, ']');
    if (role->external_id.n)
        evac_jw_str(w, "external_id", role->external_id);
    else
        evac_jw_null(w, "external_id");
    put_trust(w, role, who);
    evac_jw_close(w, '}');
}

static void put_controller(struct evac_jw *w, const struct roles *all)
{
    evac_jw_open(w, "controller", '{');
    evac_jw_cstr(w, "name", "evac-controller");
    open_statement(w, "document");
    evac_jw_open(w, "Resource", '[');
    for (size_t i = 0; i < all->count; i++)
        evac_jw_str(w, NULL, all->list[i].arn);
    evac_jw_close(w, ']');
    close_statement(w);
    evac_jw_close(w, '}');
}

bool aws_put_roles(const struct evac_args *settings, const struct evac_grantee *apps,
                   size_t app_count, struct evac_buf *out)
{
    struct evac_arena *arena = evac_arena_new();
    struct roles *all = evac_arena_alloc(arena, sizeof *all);
    struct evac_jw w = { out, false };
    *all = (struct roles){ .arena = arena };
    take(all, settings, &apps[0]);
    size_t own = all->count;
    if (own) {
        struct evac_str who = controller_of(settings, all->list[0].arn, arena);
        evac_jw_open(&w, NULL, '{');
        evac_jw_open(&w, "roles", '[');
        for (size_t i = 0; i < own; i++)
            put_role(&w, settings, &apps[0], &all->list[i], who, arena);
        evac_jw_close(&w, ']');
        for (size_t i = 1; i < app_count; i++)
            take(all, settings, &apps[i]);
        put_controller(&w, all);
        evac_jw_close(&w, '}');
    }
    evac_arena_free(arena);
    return own > 0;
}
