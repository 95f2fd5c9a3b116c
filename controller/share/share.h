/*
 * A journal that several controllers share, on etcd (v3, its JSON gateway): who holds the lead may
 * add rows, all others follow. etcd decides, and each controller keeps a copy of all rows of its
 * own (the replica), from which everything is read: what is in the replica is in etcd, or was.
 *
 * Rows are added by one transaction that holds only while this controller's key is the leader's and
 * the journal ends where it thinks (compare-and-set), so a leader that was overtaken can neither
 * write nor, since nothing mutating is done before its intent is durable, begin anything. The lease
 * is no such proof (https://etcd.io/docs/v3.5/learning/why/#notes-on-the-usage-of-lock-and-lease);
 * it is there to let others in when this one is gone.
 *
 * All on the loop's thread; it asks the world only through its host, so it runs in virtual time
 * too.
 */
#ifndef EVAC_SHARE_H
#define EVAC_SHARE_H

#include "evac/host.h"
#include "store.h"

struct evac_share;

#define EVAC_SHARE_ENDPOINTS_MAX 9u

struct evac_share_options {
    const struct evac_host *host;
    struct evac_store *replica; /* open for writing; the caller closes it after evac_share_free */
    const char *node;           /* this controller's name: two of one name are refused */
    const char *boot_id;
    const char *address; /* where people find this controller, told to the others; "" unknown */
    const char *cluster; /* keys are below /evac/CLUSTER/ */
    const char *const *endpoints; /* "https://etcd-a.example.com:2379"; tried in turn */
    size_t endpoint_count;
    const char *user, *password; /* etcd's own; "" none */
    const char *ca, *cert, *key; /* PEM; "" the host's list, no certificate of its own */
    bool may_lead;               /* false: it follows for ever */
    uint32_t ttl_ms;             /* of the lease */
    uint32_t request_ms;         /* until a question to one endpoint is given up */
    uint32_t poll_ms;            /* a follower asks this often */
    uint64_t keep_rows;          /* of the newest, at least, stay in etcd: for copies that lag */

    /* Called back from the loop, never from inside a call into here. */
    void *user_data;
    void (*changed)(void *user_data); /* role, leader or trouble */
    /* A follower's replica has these rows more; they live through the call. */
    void (*rows)(void *user_data, const struct evac_record *rows, size_t count);
    /* What another controller tells all (evac_share_tell), the newest of each. */
    void (*told)(void *user_data, struct evac_str node, struct evac_str text);
};

#define EVAC_SHARE_ROLES(X)                                                                        \
    X(APART, "apart") /* etcd does not answer, or has no quorum: nothing is known of a leader */   \
    X(FOLLOWS, "follows") /* somebody else leads, or nobody does yet */                            \
    X(CAUGHT, "caught")   /* it has the lead, and its replica is what etcd has: make the shell */  \
    X(LEADS, "leads")     /* and somebody writes by its store */                                   \
    X(STUCK, "stuck") /* its replica does not fit what etcd has, or lacks rows that etcd has no    \
                         more: only a person can help, by `evac store copy` */

enum evac_share_role {
#define X(name, text) EVAC_SHARE_##name,
    EVAC_SHARE_ROLES(X)
#undef X
        EVAC_SHARE_ROLE_COUNT
};

const char *evac_share_role_name(enum evac_share_role role);

/* Asks nothing yet: the first questions leave with the loop. EVAC_E_BADARG names the option. */
enum evac_code evac_share_new(const struct evac_share_options *options,
                              struct evac_share **ret_share, struct evac_err *err);

/* Forgets, and asks nothing more: a lead that is held ends with its lease (evac_share_leave gives
 * it back). NULL is fine. */
void evac_share_free(struct evac_share *share);

/* An orderly end: the lease is revoked, then done runs; it runs at the latest after request_ms. */
void evac_share_leave(struct evac_share *share, void (*done)(void *user), void *user);

/*
 * The store that a shell works with. In the roles CAUGHT and LEADS: append accepts rows and sends
 * them in order, many in one transaction when more come while one is on its way (at most
 * EVAC_SHARE_FLIGHT_ROWS wait, and EVAC_SHARE_FLIGHT_BYTES of them; beyond that append is
 * EVAC_E_STORE and the lead is given up); durable is told when etcd and then the replica have them,
 * unless that is heard after lead_until_ms, as of a process that stood still: then lost is. lead is
 * true with the epoch (the leader key's create revision), until lead_until_ms. lost is told when
 * the lead is lost, or when a transaction's fate stays unknown: the shell is dropped then,
 * evac_share_drop says so, and what etcd has is read anew. In other roles: lead is false and append
 * refuses with EVAC_E_STORE. read and last_seq are always the replica's. Owned by the share;
 * closing it does nothing.
 */
#define EVAC_SHARE_FLIGHT_ROWS  4096u
#define EVAC_SHARE_FLIGHT_BYTES (32u << 20)
struct evac_store *evac_share_store(struct evac_share *share);

/* The shell that wrote is gone: CAUGHT or LEADS become FOLLOWS, and the lead is given back. */
void evac_share_drop(struct evac_share *share);

struct evac_share_view {
    enum evac_share_role role;
    uint64_t epoch;     /* of the lead, whoever holds it; 0 nobody */
    const char *leader; /* node; "" nobody, or unknown */
    const char *leader_address;
    uint64_t lead_until_ms; /* boot clock: only before this may an effect leave (0 not at all).
                               Counted from when what was answered was sent, a keepalive and a
                               linearizable look that showed the lead, the older of them, less a
                               tenth of the lease and half a second: a cut-off leader of etcd goes
                               on answering keepalives */
    uint64_t heard_ms;      /* boot clock of the newest good answer, 0 never */
    uint64_t looked_ms;     /* when the newest question left that was answered with who leads. A
                               member without a quorum answers others, but not that one; 0 never */
    uint64_t etcd_rows;     /* where etcd's journal ends, as last seen */
    uint64_t round_trip_ms; /* of the newest question */
    const char *trouble;    /* a sentence, "" none */
};
struct evac_share_view evac_share_view(const struct evac_share *share);

/* Text for all others under this controller's name, kept while the lease lives; the newest counts.
 * At most EVAC_SHARE_TEXT_MAX bytes (etcd takes 1.5 MiB, and it travels in base64); EVAC_E_TOOBIG.
 */
#define EVAC_SHARE_TEXT_MAX (512u << 10)
enum evac_code evac_share_tell(struct evac_share *share, struct evac_str text,
                               struct evac_err *err);

/* Can these times hold together? election_ms is etcd's election timeout. EVAC_E_BADARG says which
 * can not, with the sum: a lease must outlive two elections and a lost question, and takeover
 * (2 x election + ttl + 1 s + poll + request) must fit within_ms. *ret_takeover_ms is that sum. */
enum evac_code evac_share_times(uint32_t ttl_ms, uint32_t request_ms, uint32_t poll_ms,
                                uint32_t election_ms, uint32_t within_ms, uint32_t *ret_takeover_ms,
                                struct evac_err *err);
#endif
