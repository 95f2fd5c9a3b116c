/*
 * Who may do what: principals (who asks) to roles (what for). Pure. A principal is the kernel's
 * word on a unix socket's peer, "uid:1000(ann)" with its groups, "gid:1001(oncall)"; a token,
 * "token:ci"; a certificate, "cert:ann@example.com"; or an identity provider's word,
 * "oidc:ann@example.com" with its groups, "oidc-group:oncall"; or an approver's answer by phone,
 * "offline:ann".
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

/*
 * The journal's word for who did something, in one text:
 *
 *     PRINCIPAL [" by " CREDENTIAL] [" for " PERSON]
 *
 * PERSON is whoever answers for the principal: another principal, or "person:NAME" where evac.cfg's
 * people say so (people.h).
 *
 * "uid:1000(ann)" is the kernel's word, with no credential but the socket; "token:ci by 7GkQ2aXw
 * for uid:1000(ann)" is a token that ann made and answers for. None of the parts holds a space. A
 * text of EVAC_WHO_MAX bytes or more is nobody's: whoever lets people in refuses it, so that
 * nothing that compares two of them ever sees one that was cut.
 */
#define EVAC_WHO_MAX 192u

struct evac_who {
    struct evac_str principal, credential, person; /* credential "" the socket; person "" itself */
};
struct evac_who evac_who_parts(struct evac_str who);

/* One person, or one credential: their two words are not the words of two people. */
bool evac_who_is_one(struct evac_str a, struct evac_str b);

/* May a principal, as a configuration writes it, mean several people? "*" and groups do. */
bool evac_principal_is_many(struct evac_str principal);

/* What a credential was limited to when it was made. */
struct evac_scope {
    uint32_t roles;
    uint32_t granted; /* of them, those that whoever made it held: it needs nobody's further word */
    const struct evac_str *apps;
    size_t app_count; /* 0: every app */
};

/* Who asks, as whoever carried the question knows. Borrowed. */
struct evac_caller {
    struct evac_str who;           /* as above */
    const struct evac_str *groups; /* "gid:1001(oncall)" */
    size_t group_count;
    bool owner;                     /* root, or the user that the controller runs as */
    bool member;                    /* of the socket's group */
    bool remote;                    /* came over TCP: holds nothing unless somebody named it */
    const struct evac_scope *scope; /* NULL: no limit */
};

/* Does a principal, as a configuration writes it, mean the caller? "*" is everybody; "uid:1000",
 * "uid:ann" and "uid:1000(ann)" are one; "gid:" and "oidc-group:" go by the caller's groups; any
 * other kind must be the caller's whole principal. */
bool evac_principal_is(struct evac_str principal, const struct evac_caller *caller);

/*
 * The caller's roles, by the controller's holders and an app's own (NULL: none), which stand
 * instead of the controller's. A role that nobody was named for has the holders that let a
 * controller be used as it comes out of the box by one person on a laptop: root and the
 * controller's own user hold every role (they could stop it, or change its files, anyway); whoever
 * the socket's group lets in operates and approves; whoever got through the socket at all looks.
 *
 * A caller with a scope holds, of the scope's roles and on its apps alone, those that its maker
 * held or that the holders give to its principal. name: the app's, "" when it is about none: a
 * scope of some apps holds nothing there.
 */
uint32_t evac_roles_of(const struct evac_holders controller[EVAC_ROLE_COUNT],
                       const struct evac_holders *app, struct evac_str name,
                       const struct evac_caller *caller);
/* The same, if the caller had no scope. */
uint32_t evac_roles_named(const struct evac_holders controller[EVAC_ROLE_COUNT],
                          const struct evac_holders *app, const struct evac_caller *caller);

/* Those that hold it: the configured ones, NULL and count 0 when the defaults hold. */
struct evac_holders evac_holders_of(const struct evac_holders controller[EVAC_ROLE_COUNT],
                                    const struct evac_holders *app, enum evac_role role);
/* The holders by default, in words. */
const char *evac_role_default(enum evac_role role);
#endif
