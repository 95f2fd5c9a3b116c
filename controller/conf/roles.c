/* A file of its own: the engine asks, and must not draw in the reader of files. */
#include "roles.h"

#define X(name, text, doc) text,
static const char *const names[] = { EVAC_ROLES(X) };
#undef X
#define X(name, text, doc) doc,
static const char *const docs[] = { EVAC_ROLES(X) };
#undef X

const char *evac_role_name(enum evac_role role)
{
    return (unsigned)role < EVAC_ROLE_COUNT ? names[role] : "?";
}

const char *evac_role_doc(enum evac_role role)
{
    return (unsigned)role < EVAC_ROLE_COUNT ? docs[role] : "?";
}

bool evac_role_parse(struct evac_str name, enum evac_role *ret_role)
{
    for (unsigned i = 0; i < EVAC_ROLE_COUNT; i++)
        if (evac_str_is(name, names[i])) {
            *ret_role = (enum evac_role)i;
            return true;
        }
    return false;
}

/* --- principals
 * -------------------------------------------------------------------------------- */

/* "1000(ann)" is written as itself, as "1000" or as "ann". */
static bool is_same_id(struct evac_str written, struct evac_str known)
{
    struct evac_str name, number = evac_str_cut(known, '(', &name);
    if (evac_str_eq(written, known))
        return true;
    if (name.n)
        name.n--; /* the bracket */
    return written.n && (evac_str_eq(written, number) || evac_str_eq(written, name));
}

static struct evac_str after_colon(struct evac_str text)
{
    struct evac_str rest;
    (void)evac_str_cut(text, ':', &rest);
    return rest;
}

static bool is_in_group(struct evac_str group, const struct evac_caller *caller)
{
    for (size_t i = 0; i < caller->group_count; i++)
        if (evac_str_starts(caller->groups[i], "gid:") &&
            is_same_id(group, after_colon(caller->groups[i])))
            return true;
    return false;
}

static bool has_group(struct evac_str principal, const struct evac_caller *caller)
{
    for (size_t i = 0; i < caller->group_count; i++)
        if (evac_str_eq(principal, caller->groups[i]))
            return true;
    return false;
}

bool evac_principal_is(struct evac_str principal, const struct evac_caller *caller)
{
    struct evac_str who = evac_who_parts(caller->who).principal;
    if (evac_str_is(principal, "*"))
        return true;
    if (evac_str_starts(principal, "gid:"))
        return is_in_group(after_colon(principal), caller);
    if (evac_str_starts(principal, "oidc-group:"))
        return has_group(principal, caller);
    if (evac_str_starts(principal, "uid:"))
        return evac_str_starts(who, "uid:") && is_same_id(after_colon(principal), after_colon(who));
    return evac_str_eq(principal, who);
}

/* --- who
 * --------------------------------------------------------------------------------------- */

struct evac_who evac_who_parts(struct evac_str who)
{
    struct evac_who parts = { .principal = evac_str_cut(who, ' ', &who) };
    while (who.n) {
        struct evac_str word = evac_str_cut(who, ' ', &who), part = evac_str_cut(who, ' ', &who);
        if (evac_str_is(word, "by"))
            parts.credential = part;
        else if (evac_str_is(word, "for"))
            parts.person = part;
    }
    return parts;
}

bool evac_principal_is_many(struct evac_str principal)
{
    return evac_str_is(principal, "*") || evac_str_starts(principal, "gid:") ||
           evac_str_starts(principal, "oidc-group:");
}

/* The part of a principal in brackets: "ann" of "uid:1000(ann)"; "" it has none. */
static struct evac_str login_of(struct evac_str principal)
{
    struct evac_str name;
    (void)evac_str_cut(principal, '(', &name);
    if (name.n)
        name.n--;
    return name;
}

/* An approver by phone is the user, or the person, of the same name, wherever the configuration
 * says nothing else. */
static bool is_namesake(struct evac_str offline, struct evac_str other)
{
    struct evac_str name = evac_str_starts(other, "uid:")      ? login_of(other)
                           : evac_str_starts(other, "person:") ? after_colon(other)
                                                               : EVAC_STR_NONE;
    return evac_str_starts(offline, "offline:") && name.n &&
           evac_str_eq(after_colon(offline), name);
}

/* Two words of one word for somebody each. Of a user the number says who, for a name may have
 * changed. */
static bool is_same(struct evac_str p, struct evac_str q)
{
    struct evac_str rest;
    if (p.n == 0 || q.n == 0)
        return false;
    if (evac_str_starts(p, "uid:") && evac_str_starts(q, "uid:"))
        return evac_str_eq(evac_str_cut(p, '(', &rest), evac_str_cut(q, '(', &rest));
    return evac_str_eq(p, q) || is_namesake(p, q) || is_namesake(q, p);
}

/* A person may have been named by the configuration for one of the two words only: so each of a
 * word's names is looked at. */
bool evac_who_is_one(struct evac_str a, struct evac_str b)
{
    const struct evac_who x = evac_who_parts(a), y = evac_who_parts(b);
    return is_same(x.principal, y.principal) || is_same(x.principal, y.person) ||
           is_same(x.person, y.principal) || is_same(x.person, y.person) ||
           (x.credential.n && evac_str_eq(x.credential, y.credential));
}

/* --- roles
 * ------------------------------------------------------------------------------------- */

struct evac_holders evac_holders_of(const struct evac_holders controller[EVAC_ROLE_COUNT],
                                    const struct evac_holders *app, enum evac_role role)
{
    return app && app[role].count ? app[role] : controller[role];
}

const char *evac_role_default(enum evac_role role)
{
    switch (role) {
    case EVAC_ROLE_VIEWER:
        return "whoever may open the socket";
    case EVAC_ROLE_OPERATOR:
    case EVAC_ROLE_APPROVER:
        return "the socket's group, root and the controller's own user";
    case EVAC_ROLE_ADMIN:
    case EVAC_ROLE_COUNT:
        break;
    }
    return "root and the controller's own user";
}

static bool holds_by_default(enum evac_role role, const struct evac_caller *caller)
{
    if (caller->remote)
        return false;
    if (role == EVAC_ROLE_VIEWER || caller->owner)
        return true;
    return role != EVAC_ROLE_ADMIN && caller->member;
}

static bool is_named(const struct evac_holders *holders, const struct evac_caller *caller)
{
    for (size_t i = 0; i < holders->count; i++)
        if (evac_principal_is(holders->items[i], caller))
            return true;
    return false;
}

uint32_t evac_roles_named(const struct evac_holders controller[EVAC_ROLE_COUNT],
                          const struct evac_holders *app, const struct evac_caller *caller)
{
    uint32_t roles = 0;
    for (unsigned i = 0; i < EVAC_ROLE_COUNT; i++) {
        struct evac_holders holders = evac_holders_of(controller, app, (enum evac_role)i);
        if (holders.count ? is_named(&holders, caller)
                          : holds_by_default((enum evac_role)i, caller))
            roles |= 1u << i;
    }
    return roles ? roles | EVAC_ROLE_BIT(EVAC_ROLE_VIEWER) : 0;
}

static bool is_in_scope(const struct evac_scope *scope, struct evac_str app)
{
    for (size_t i = 0; i < scope->app_count; i++)
        if (evac_str_eq(scope->apps[i], app))
            return true;
    return scope->app_count == 0;
}

uint32_t evac_roles_of(const struct evac_holders controller[EVAC_ROLE_COUNT],
                       const struct evac_holders *app, struct evac_str name,
                       const struct evac_caller *caller)
{
    const struct evac_scope *scope = caller->scope;
    uint32_t roles = evac_roles_named(controller, app, caller);
    if (!scope)
        return roles;
    roles = is_in_scope(scope, name) ? scope->roles & (scope->granted | roles) : 0;
    return roles ? roles | EVAC_ROLE_BIT(EVAC_ROLE_VIEWER) : 0;
}
