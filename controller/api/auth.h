/*
 * Who sent a request: by the kernel's word on a unix socket's peer, by a token, by a client's
 * certificate, by an identity provider's word, or by a session that was opened with one of these.
 * What is shown decides: a bearer token that is wrong is wrong, whatever else came with it.
 *
 * A session's cookie is sent by a browser whoever made it send: so what changes something needs the
 * header X-Evac-CSRF (any text, which no form and no other site's script can add), and must not
 * come from another site by the word of Sec-Fetch-Site or Origin. The latter holds for a
 * certificate too, which a browser sends as readily.
 *
 * An address from which ten wrong credentials came within a minute is not heard for a minute; the
 * unix socket is exempt. What is refused leaves rows of the kind REFUSAL in the journal
 * (refusals.h). One thread.
 */
#ifndef EVAC_AUTH_H
#define EVAC_AUTH_H

#include "daemon.h"
#include "throttle.h"

#include "evac/arena.h"

struct evac_auth;
struct ssl_st;

struct evac_auth *evac_auth_new(struct evac_daemon *daemon, const char *socket);
void evac_auth_free(struct evac_auth *auth); /* NULL is fine */

/* What came with a request. Borrowed. */
struct evac_shown {
    int fd;                             /* of the connection */
    const struct evac_address *address; /* NULL: the unix socket */
    struct ssl_st *ssl;                 /* NULL: no TLS */
    bool client_ca;                     /* its certificate, if it has one, says who it is */
    struct evac_str authorization, cookie, origin, host, fetch_site, csrf;
    bool changes;                 /* by its method */
    struct evac_str method, path; /* for the journal, should it be refused */
};

#define EVAC_SESSION_COOKIE "evac_session"

enum evac_known {
    EVAC_KNOWN,
    EVAC_KNOWN_NOT,     /* nothing was shown */
    EVAC_KNOWN_WRONG,   /* a credential that is none, or none any more */
    EVAC_KNOWN_FORGED,  /* a cookie, without the proof that its own page sent it */
    EVAC_KNOWN_BLOCKED, /* this address is not heard now */
    EVAC_KNOWN_UNSURE,  /* the identity provider's keys are not there to tell by */
    EVAC_KNOWN_LATER,   /* they are being fetched: ask again when evac_auth_is_busy() is over */
};

/* By what a caller is known. */
enum evac_proof {
    EVAC_PROOF_SOCKET,
    EVAC_PROOF_TOKEN,
    EVAC_PROOF_SESSION,
    EVAC_PROOF_CERTIFICATE,
    EVAC_PROOF_OIDC
};

struct evac_identity {
    struct evac_arena *arena; /* owns the texts; NULL nobody */
    struct evac_caller caller;
    struct evac_scope scope;
    enum evac_proof proof;
    struct evac_str credential; /* id of the token or session */
    int64_t ends_ms;            /* wall; 0: not before it is taken back */
};

enum evac_known evac_auth_who(struct evac_auth *auth, const struct evac_shown *shown,
                              struct evac_identity *ret_identity);
bool evac_auth_is_busy(const struct evac_auth *auth);
/* Now and then. */
void evac_auth_tick(struct evac_auth *auth);
void evac_identity_done(struct evac_identity *identity);
/* For what everybody may ask: an empty caller without a role. */
void evac_identity_nobody(struct evac_identity *ret_identity);
/* Is what it was known by still good? A stream of events outlives many requests. */
bool evac_identity_stands(struct evac_auth *auth, const struct evac_identity *identity);

/* 0: go on; otherwise another request may be tried in so many seconds. */
uint32_t evac_auth_rate(struct evac_auth *auth, const struct evac_address *address);
uint32_t evac_auth_blocked_s(struct evac_auth *auth, const struct evac_address *address);

/* Somebody who is known asked for what they may not: the journal shall say so. */
void evac_auth_forbidden(struct evac_auth *auth, const struct evac_shown *shown,
                         struct evac_str who, const char *why);

/* Since the start, for metrics. */
struct evac_auth_counts {
    uint64_t known, wrong, blocked, forged, limited;
};
const struct evac_auth_counts *evac_auth_counts(const struct evac_auth *auth);
#endif
