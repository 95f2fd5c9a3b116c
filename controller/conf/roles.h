/*
 * Who may do what: principals (who asks) to roles (what for). Pure. Today's principals are the
 * kernel's word on a unix socket's peer: "uid:1000(ann)" and its groups, "gid:1001(oncall)"; others
 * (tokens, certificates) are texts of another kind and need nothing here.
 */
#ifndef EVAC_ROLES_H
#define EVAC_ROLES_H

#include "evac/str.h"

/* Roles do not contain each other: whoever may stop is not therefore one who may approve. Only to
 * look is part of each. */
#define EVAC_ROLES(X)                                                                              \
    X(VIEWER, "viewer", "looks at everything, changes nothing")                                    \
    X(OPERATOR, "operator",                                                                        \
      "begins runs, rehearses, pauses, cancels, holds: stopping is one "                           \
      "person's word")                                                                             \
    X(APPROVER, "approver", "approves what others ask for, overrides gates, with a reason")        \
    X(ADMIN, "admin", "loads configurations, waives, lets automation act again")

#define X(name, text, doc) EVAC_ROLE_##name,
enum evac_role { EVAC_ROLES(X) EVAC_ROLE_COUNT };
#undef X

/* A set of roles: a bit each. */
#define EVAC_ROLE_BIT(role) (1u << (role))
#define EVAC_ROLES_ALL      ((1u << EVAC_ROLE_COUNT) - 1)

const char *evac_role_name(enum evac_role role);
const char *evac_role_doc(enum evac_role role);
bool evac_role_parse(struct evac_str name, enum evac_role *ret_role);

/* Those who hold one role; count 0: nobody was named, so whoever holds it by default. */
struct evac_holders {
    const struct evac_str *items;
    size_t count;
};

/* Who asks, as whoever carried the question knows. Borrowed. */
struct evac_caller {
    struct evac_str who;           /* "uid:1000(ann)" */
    const struct evac_str *groups; /* "gid:1001(oncall)" */
    size_t group_count;
    bool owner;  /* root, or the user that the controller runs as */
    bool member; /* of the socket's group */
};

/* Does a principal, as a configuration writes it, mean the caller? "*" is everybody; "uid:1000",
 * "uid:ann" and "uid:1000(ann)" are one; "gid:" goes by the caller's groups; any other kind must be
 * the whole text. */
bool evac_principal_is(struct evac_str principal, const struct evac_caller *caller);

/*
 * The caller's roles, by the controller's holders and an app's own (NULL: none), which stand
 * instead of the controller's. A role that nobody was named for has the holders that let a
 * controller be used as it comes out of the box by one person on a laptop: root and the
 * controller's own user hold every role (they could stop it, or change its files, anyway); whoever
 * the socket's group lets in operates and approves; whoever got through at all looks.
 */
uint32_t evac_roles_of(const struct evac_holders controller[EVAC_ROLE_COUNT],
                       const struct evac_holders *app, const struct evac_caller *caller);

/* Those that hold it: the configured ones, NULL and count 0 when the defaults hold. */
struct evac_holders evac_holders_of(const struct evac_holders controller[EVAC_ROLE_COUNT],
                                    const struct evac_holders *app, enum evac_role role);
/* The holders by default, in words. */
const char *evac_role_default(enum evac_role role);
#endif
