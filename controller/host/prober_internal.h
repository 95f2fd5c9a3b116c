/*
 * What the prober's files share: prober.c keeps calendar and queue; prober_target.c what is asked;
 * prober_round.c performs a round over a connection, prober_ask.c one that others answer;
 * prober_reply.c judges a reply; prober_tls.c speaks TLS.
 *
 * Danger: a result's callback may remove any target. So after prober_end() nobody touches the
 * target, and an event is matched to its connection by a serial number, never by a pointer.
 */
#ifndef EVAC_PROBER_INTERNAL_H
#define EVAC_PROBER_INTERNAL_H

#include "evac/arena.h"
#include "host_internal.h"
#include "host_names.h"
#include "host_url.h"
#include "prober.h"

#include <http_parser.h>
#include <openssl/ssl.h>
#include <sys/queue.h>

#define PROBER_SERVED_BY_BYTES 64u
#define PROBER_REQUEST_BYTES   4096u
#define PROBER_IN_NO_HEAP      UINT32_MAX

enum prober_stage {
    PROBER_WAITING, /* for its next round */
    PROBER_QUEUED,  /* its round is due, too many others are open */
    PROBER_RESOLVING,
    PROBER_CONNECTING,
    PROBER_SHAKING, /* TLS hands */
    PROBER_SENDING,
    PROBER_READING,
    PROBER_ASKING, /* an answer of somebody else */
};

struct prober_target;

/* How a kind of target begins a round, and what it does when its connection stands. */
struct prober_kind {
    bool connects; /* to the URL's host; otherwise somebody else is asked */
    void (*start)(struct prober_target *t);
    void (*ready)(struct prober_target *t, uint32_t events);
};
extern const struct prober_kind prober_kinds[];

/* What only some targets have. */
struct prober_more {
    struct evac_arena *arena;
    struct evac_json_test json;
    struct evac_str name, dns_type; /* DNS */
    const struct evac_str *expected, *resolvers;
    size_t expected_count, resolver_count;
    const char **argv; /* EXEC; ends with NULL */
};

/* One round's question to others. It may outlive its round, its target and its prober. */
struct prober_question {
    struct evac_prober *prober; /* NULL: freed */
    struct prober_target *t;    /* NULL: nobody waits any more */
    unsigned open, good, bad, all;
    char why[160]; /* of the first bad answer */
    struct prober_voice {
        struct prober_question *q;
        size_t i; /* of the resolver */
    } voices[EVAC_PROBER_ASKED_MAX];
    LIST_ENTRY(prober_question) others;
};

struct prober_conn {
    int fd;
    uint32_t serial;
    SSL *ssl;
    union evac_address peer;
    http_parser parser;
    uint32_t sent;       /* bytes of the request */
    uint32_t body_bytes; /* seen, not kept */
    bool reused, got_bytes, complete, keepable;
    bool hung_up;          /* the other side closed: it says nothing more */
    bool in_served_by;     /* the header that the parser is in is the wanted one */
    uint8_t field_matched; /* bytes of its name so far, UINT8_MAX: another header */
    int status;
    size_t served_by_n;
    char served_by[PROBER_SERVED_BY_BYTES];
    struct evac_buf body; /* only when someone looks into it */
    struct prober_conn *next_free;
};

struct prober_target {
    struct evac_prober *prober;
    uint64_t id;
    uint64_t at_ms;   /* the heap's key: next round's time, or the open stage's deadline */
    uint64_t base_ms; /* the raster of the rounds, without jitter */
    uint64_t started_us;
    const struct prober_kind *kind;
    uint32_t heap_at; /* place in the heap or PROBER_IN_NO_HEAP */
    uint32_t every_ms, connect_ms, reply_ms, latency_ms, round;
    int expect_status;
    uint8_t stage, attempt;
    bool wants_served_by, keep_alive, insecure, certificate_fails;
    struct evac_url url;                              /* borrowed from text */
    struct evac_str resolver, expect_body, served_by; /* so are these */
    char *text;
    struct prober_more *more; /* NULL: nothing of it */
    struct prober_question *question;
    struct prober_conn *conn;
    int64_t certificate_ms, certificate_until_ms;
    SSL_SESSION *session;
    uint64_t show_again_ms; /* boot ms: the certificate is shown anew, a session does not do */
    int64_t chain_until_ms; /* wall ms: the first of its certificates ends */
    uint32_t stale_ms;      /* how long the address that is asked has been out of date */
    struct evac_names_waiter waiter;
    void *user;
    TAILQ_ENTRY(prober_target) queue;
};

struct prober_due {
    uint64_t at_ms; /* the target's */
    struct prober_target *t;
};

struct evac_prober {
    uv_loop_t *loop;
    struct evac_dns *dns;
    struct evac_names *names;
    evac_prober_fn *fn;
    void *user;
    struct evac_ids ids;
    struct prober_due *heap;
    uint32_t heap_count, heap_cap;
    TAILQ_HEAD(prober_queue, prober_target) queued;
    uint32_t queued_count, in_flight, max_open;
    uint64_t started, ended, untold, late_ms;
    evac_prober_untold_fn *untold_fn;
    evac_prober_ask_fn *ask_fn;
    const struct evac_host *host;
    LIST_HEAD(prober_questions, prober_question) questions;
    uint32_t execs;
    uint64_t chance;     /* state of the jitter */
    uint64_t rate_micro; /* rounds of all targets, millionths a second; fresh ones twice */
    uint32_t serial;
    int epoll;
    uv_poll_t poll;
    uv_timer_t timer;
    struct prober_conn *free_conns;
    char *ca_file;
    int64_t (*wall_ms)(void);
    SSL_CTX *tls; /* made by the first https target */
    unsigned open_handles;
    bool closing;
    char reason[200], warning[200];
};

/* prober.c */
uint64_t prober_chance(struct evac_prober *prober);
void prober_set_deadline(struct prober_target *t, uint64_t at_ms);
/* The round is over: reason NULL means ok. The target may be gone afterwards. */
void prober_end(struct prober_target *t, const char *reason);
/* It failed for want of our own sockets or memory, or of an answer from who was asked: that says
 * nothing about the target, which may be gone afterwards. */
void prober_end_untold(struct prober_target *t, const char *why);
/* Rounds that waited for a free place. Not from inside prober_end(): the stack would grow with the
 * queue. */
void prober_start_queued(struct evac_prober *prober);
void prober_arm(struct evac_prober *prober);

/* prober_target.c */
enum evac_code prober_check_target(const struct evac_prober *prober,
                                   const struct evac_prober_target *target, struct evac_err *err);
struct prober_target *prober_new_target(struct evac_prober *prober,
                                        const struct evac_prober_target *from);

void prober_free_target(struct prober_target *t); /* nothing of it is open */

/* prober_ask.c */
bool prober_has_room(const struct prober_target *t); /* for its round now */
void prober_ask_dns(struct prober_target *t);
void prober_ask_exec(struct prober_target *t);
void prober_ask_other(struct prober_target *t);
void prober_ask_late(struct prober_target *t);
void prober_ask_drop(struct prober_target *t); /* its answer, should it still come, is nobody's */

/* prober_round.c */
void prober_round_start(struct prober_target *t);
void prober_round_late(struct prober_target *t); /* the deadline of its stage has passed */
void prober_round_event(struct prober_target *t, uint32_t events);
void prober_conn_close(struct prober_target *t);

/* prober_reply.c */
size_t prober_body_bytes(const struct prober_target *t); /* as much of a body as is looked into */
void prober_reply_begin(struct prober_target *t);
/* False: it is not HTTP. n 0: the other side closed. */
bool prober_reply_feed(struct prober_target *t, const char *p, size_t n);
/* NULL: as expected. Otherwise why not, in prober->reason. */
const char *prober_reply_judge(struct prober_target *t);

/* prober_tls.c */
enum evac_code prober_tls_need(struct evac_prober *prober, struct evac_err *err);
bool prober_tls_begin(struct prober_target *t);
/* What was seen of the certificate still stands in for seeing it: a session may be resumed, a
 * connection used again. */
bool prober_tls_vouches(const struct prober_target *t);
enum prober_io { PROBER_IO_DONE, PROBER_IO_AGAIN, PROBER_IO_CLOSED, PROBER_IO_FAILED };
enum prober_io prober_tls_shake(struct prober_target *t); /* FAILED: says why in prober->reason */
enum prober_io prober_tls_write(struct prober_conn *conn, const char *p, size_t n, size_t *ret_n);
enum prober_io prober_tls_read(struct prober_conn *conn, char *p, size_t max, size_t *ret_n);
void prober_tls_end(struct prober_conn *conn);
/* A good answer's certificate: NULL when it lasts, or is only worth a warning. */
const char *prober_tls_judge(struct prober_target *t);

#endif
