/*
 * etcd behind its JSON gateway, in virtual time, for several clients at once, each with a host of
 * its own: a clock with its own rate, a link to each endpoint that can be cut, and pauses.
 *
 * The store is one linearizable map with revisions, transactions, ranges and leases, as etcd
 * promises (https://etcd.io/docs/v3.5/learning/api_guarantees/); what goes wrong, goes wrong
 * between it and a client, or because an endpoint has no quorum. Answers have the shape that etcd
 * 3.4 gives them, with what is 0 or false left out.
 */
#ifndef EVAC_ETCD_MODEL_H
#define EVAC_ETCD_MODEL_H

#include "evac/host.h"

#define ETCD_CLIENTS_MAX   8u
#define ETCD_ENDPOINTS_MAX 3u

struct etcd_model;

/* The clock begins at one second. */
struct etcd_model *etcd_model_new(uint64_t seed);
void etcd_model_free(struct etcd_model *m); /* what is open gets no answer */

/* What a client is lent: endpoints are "http://127.0.0.1:N" with N from 1 to ETCD_ENDPOINTS_MAX. */
const struct evac_host *etcd_model_host(struct etcd_model *m, unsigned client);
extern const char *const etcd_model_endpoints[ETCD_ENDPOINTS_MAX];

uint64_t etcd_model_now(const struct etcd_model *m);
uint64_t etcd_model_random(struct etcd_model *m, uint64_t below);
/* The next thing that happens; false: nothing does before until_ms, and the clock stands there. */
bool etcd_model_step(struct etcd_model *m, uint64_t until_ms);
uint64_t etcd_model_due(const struct etcd_model *m); /* when that is, UINT64_MAX never */
void etcd_model_run(struct etcd_model *m, uint64_t ms);

/* --- what goes wrong -------------------------------------------------------------------------- */

/* Of each exchange, in a thousand; what is delayed lands up to late_ms after, and nobody hears. */
struct etcd_chances {
    unsigned lost_before, lost_after, delayed, refused_connection, hollow;
    uint32_t late_ms;
    uint32_t trip_ms; /* of an exchange in peace, at most */
};
void etcd_model_chances(struct etcd_model *m, struct etcd_chances chances);
/* What is still to land of those that were delayed never does. */
void etcd_model_settle(struct etcd_model *m);
void etcd_model_cut(struct etcd_model *m, unsigned client, unsigned endpoint, bool cut);
void etcd_model_cut_all(struct etcd_model *m, unsigned client, bool cut);
/* The endpoint is on the wrong side: what it is asked hangs, but that for lies_ms it says of each
 * lease that it lives. */
void etcd_model_isolate(struct etcd_model *m, unsigned endpoint, bool alone, uint64_t lies_ms);
/* No leader among etcd's members: nothing is answered, and no lease ends, until one is elected. */
void etcd_model_headless(struct etcd_model *m);
/* A new leader among them: every lease gets its full time again. */
void etcd_model_elect(struct etcd_model *m);
/* A member that led and stood still wakes: before it hears that another was elected it has every
 * lease ended that its own clock shows run out, though each was kept with the new one. So etcd does
 * before 3.4.31 and 3.5.13 (https://github.com/etcd-io/etcd/issues/15247). */
void etcd_model_old_leader_wakes(struct etcd_model *m);
/* Its disks hang: what would write is neither done nor answered. Reads are, and leases are kept. */
void etcd_model_stall(struct etcd_model *m, bool stalled);
void etcd_model_no_space(struct etcd_model *m, bool full);
void etcd_model_pause(struct etcd_model *m, unsigned client, uint64_t ms);
void etcd_model_clock_rate(struct etcd_model *m, unsigned client, int ppm);
/* Auth: what clients must know. forget: tokens that were given are good no more. */
void etcd_model_auth(struct etcd_model *m, const char *user, const char *password);
void etcd_model_forget_tokens(struct etcd_model *m);

/* What happens to the next question of that path. */
enum etcd_fault {
    ETCD_SAYS,        /* this text, in place of doing it */
    ETCD_DOES_SAYS,   /* it is done, but this is what is said */
    ETCD_LOSES,       /* it is not done, and nobody answers */
    ETCD_DOES_LOSES,  /* it is done, and nobody answers */
    ETCD_DOES_LATE,   /* it is done, and answered status ms later */
    ETCD_UNREACHABLE, /* no connection */
};
void etcd_model_next(struct etcd_model *m, const char *path, enum etcd_fault fault, int status,
                     const char *body);

/* --- what is there -----------------------------------------------------------------------------
 */

struct etcd_value {
    struct evac_str key, value;
    int64_t create_revision, mod_revision, lease;
};
/* NULL: no such key. Valid until the next step. */
const struct etcd_value *etcd_model_get(struct etcd_model *m, const char *key);
size_t etcd_model_count(struct etcd_model *m, const char *prefix);
void etcd_model_put(struct etcd_model *m, const char *key, struct evac_str value);
void etcd_model_delete(struct etcd_model *m, const char *key);
int64_t etcd_model_revision(const struct etcd_model *m);
/* Everything is gone, revisions begin anew. */
void etcd_model_wipe(struct etcd_model *m);
size_t etcd_model_asked(const struct etcd_model *m, const char *path); /* how often */
const char *etcd_model_newest_request(const struct etcd_model *m);     /* "path\nheaders\nbody" */
/* Called for each key that is put, after it is there. */
void etcd_model_watch(struct etcd_model *m, void (*fn)(void *user, const struct etcd_value *value),
                      void *user);
#endif
