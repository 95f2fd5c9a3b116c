/*
 * Thousands of health checks on one loop. A target is asked again and again, its rounds
 * spread and jittered so that targets do not march in step. Each round ends in one result, unless
 * nothing is known: this process was out of sockets or memory, or who was asked about the target
 * did not answer. That is no verdict on the target, and the round is counted as untold. Nothing
 * blocks: names come from host_dns by their TTL, sockets stand in an epoll set of the prober's own.
 *
 * HTTP is a GET; redirects are not followed (3xx is an answer). TCP connects; TLS shakes hands. DNS
 * asks resolvers: most of them must say what is expected, and one that is silent says nothing. EXEC
 * runs a program: its exit code is the verdict. ASKED is somebody else's to answer.
 */
#ifndef EVAC_PROBER_H
#define EVAC_PROBER_H

#include "evac/host.h"
#include "json_test.h"

#include <uv.h>

#define EVAC_PROBER_BODY_BYTES 5120u /* as much as the usual health checkers look at */
#define EVAC_PROBER_JSON_BYTES                                                                     \
    65536u /* an answer that JSON is looked for in; a larger one is bad */
#define EVAC_PROBER_VALUES_MAX 8u
#define EVAC_PROBER_ASKED_MAX  7u /* resolvers */
#define EVAC_PROBER_EXECS_MAX  8u /* programs at once; more wait */
#define EVAC_PROBER_ARGS_MAX   16u

struct evac_dns;
struct evac_prober;

enum evac_prober_kind {
    EVAC_PROBER_HTTP,
    EVAC_PROBER_TCP,
    EVAC_PROBER_TLS,
    EVAC_PROBER_DNS,
    EVAC_PROBER_EXEC,
    EVAC_PROBER_ASKED,
};

/* Copied by evac_prober_add(), but for user. */
struct evac_prober_target {
    enum evac_prober_kind kind;
    bool at_once;                /* the first round begins now, not somewhere within every_ms */
    struct evac_str url;         /* TCP, TLS: "host:port"; DNS: the name; EXEC, ASKED: nothing */
    struct evac_str resolver;    /* "address:port", "" the DNS client's own */
    uint32_t every_ms;           /* at least 100 */
    uint32_t connect_ms;         /* name, TCP and TLS */
    uint32_t reply_ms;           /* from there to the verdict; DNS, EXEC, ASKED: for all of it */
    uint32_t latency_ms;         /* a slower one is bad; 0: any that comes in time */
    int64_t certificate_ms;      /* TLS: it should last so long; 0: only be valid */
    bool certificate_fails;      /* a shorter one is bad; otherwise it is a warning */
    int expect_status;           /* 0: any 2xx or 3xx */
    struct evac_str expect_body; /* must occur in the first 5,120 bytes; "" anything */
    bool wants_served_by;
    struct evac_str
        served_by;   /* header that names the serving region; "" the body's "region":"X" */
    bool keep_alive; /* keep the connection for the next round */
    bool insecure;   /* do not verify the certificate */

    struct evac_json_test json;                  /* HTTP */
    struct evac_str dns_type;                    /* DNS: "A", "AAAA", "CNAME", "TXT" */
    const struct evac_str *expected, *resolvers; /* none: any answer; the DNS client's own */
    size_t expected_count, resolver_count;
    const struct evac_str *argv; /* EXEC */
    size_t arg_count;
    void *user;
};

struct evac_prober_result {
    bool ok;
    uint32_t latency_us;            /* from the round's start to its verdict */
    int status;                     /* 0: there was no reply */
    struct evac_str served_by;      /* "" unknown */
    const char *reason;             /* why not ok, "" when ok */
    const char *warning;            /* ok, and yet worth a word; "" nothing */
    int64_t certificate_until_ms;   /* wall ms; 0: there was none */
    uint64_t sent_boot_ms, boot_ms; /* the round's start and its verdict */
};

/* May add and remove targets, the one that it is told about too, but not free the prober. result:
 * valid until it returns. */
typedef void evac_prober_fn(void *prober_user, void *target_user,
                            const struct evac_prober_result *result);

/* A round without a verdict, and why. The same rules. */
typedef void evac_prober_untold_fn(void *prober_user, void *target_user, const char *why);
/* A round of an ASKED target begins: evac_prober_answer() with the same numbers ends it, later, not
 * from inside; without one it ends untold. Not NULL: nobody can be asked, and why; it ends untold
 * at once. */
typedef const char *evac_prober_ask_fn(void *prober_user, void *target_user, uint64_t id,
                                       uint32_t round);

struct evac_prober_options {
    const char *ca_file; /* NULL or "": OpenSSL's default places */
    uint64_t seed;       /* of phases and jitter */
    uint32_t max_open;   /* rounds at once; 0: 1,024. More wait in a queue */
    evac_prober_fn *fn;
    evac_prober_untold_fn *untold; /* NULL: nobody wants to know */
    evac_prober_ask_fn *ask;       /* for ASKED targets */
    const struct evac_host *host;  /* for EXEC targets; outlives the prober */
    int64_t (*wall_ms)(void);      /* NULL: the system's clock; certificates end by it */
    void *user;
};

struct evac_prober_stats {
    uint32_t targets, in_flight, queued;
    uint64_t started, ended, untold;
    uint64_t late_ms; /* how late the last round began */
};

enum evac_code evac_prober_new(uv_loop_t *loop, struct evac_dns *dns,
                               const struct evac_prober_options *options,
                               struct evac_prober **ret_prober, struct evac_err *err);

/* Open rounds end without a result. Before evac_dns_close(); memory goes when the loop has run.
 * NULL is fine. */
void evac_prober_free(struct evac_prober *prober);

/* The first round begins within every_ms. */
enum evac_code evac_prober_add(struct evac_prober *prober, const struct evac_prober_target *target,
                               uint64_t *ret_id, struct evac_err *err);
void evac_prober_remove(struct evac_prober *prober, uint64_t id); /* unknown ids are fine */

/* What was found for a round of an ASKED target. A round that is over by now is passed over. */
enum evac_prober_answer { EVAC_PROBER_GOOD, EVAC_PROBER_BAD, EVAC_PROBER_UNKNOWN };
void evac_prober_answer(struct evac_prober *prober, uint64_t id, uint32_t round,
                        enum evac_prober_answer answer, const char *reason);

struct evac_prober_stats evac_prober_stats(const struct evac_prober *prober);

#endif
