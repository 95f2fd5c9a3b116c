/*
 * A bearer token of an identity provider (RFC 7519, as RFC 8725 says that it should be looked at):
 * what it says is believed only when a key of the provider's own list signed it with an algorithm
 * that such a key is for, for this audience, and now. Nothing in its header says where keys are.
 * Pure.
 */
#ifndef EVAC_JWT_H
#define EVAC_JWT_H

#include "jwks.h"

#include "evac/arena.h"

#define EVAC_JWT_BYTES_MAX  16384u
#define EVAC_JWT_GROUPS_MAX 64u

struct evac_jwt_rules {
    struct evac_str issuer;
    const struct evac_str *audiences; /* one of them is enough */
    size_t audience_count;
    struct evac_str subject, groups; /* claims */
    int64_t skew_ms;
};

struct evac_jwt_said {
    struct evac_str principal;     /* "oidc:ann@example.com" */
    const struct evac_str *groups; /* "oidc-group:oncall" */
    size_t group_count;
    struct evac_str mark; /* tells this token from others: "jwt:0123456789ab" */
    int64_t ends_ms;      /* wall */
};

enum evac_jwt_fate {
    EVAC_JWT_GOOD,
    EVAC_JWT_BAD,     /* err says why, for the log */
    EVAC_JWT_NO_KEY,  /* well formed, but of a key that is not in the list: it may be a new one */
    EVAC_JWT_EXPIRED, /* it was good: nobody guessed it */
};

/* Does it look like one? Three parts, the first a JSON object's beginning. */
bool evac_jwt_is(struct evac_str text);

enum evac_jwt_fate evac_jwt_check(struct evac_str text, const struct evac_jwks *keys,
                                  const struct evac_jwt_rules *rules, int64_t wall_ms,
                                  struct evac_arena *arena, struct evac_jwt_said *ret_said,
                                  struct evac_err *err);
#endif
