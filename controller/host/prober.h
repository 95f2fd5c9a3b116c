/*
 * Thousands of HTTP(S) health checks on one loop. A target is asked again and again, its rounds
 * spread and jittered so that targets do not march in step. Each round ends in one result, unless
 * this process was out of sockets or memory: that is no verdict on the target, and the round is
 * counted as untold. Nothing blocks: names come from host_dns by their TTL, sockets stand in an
 * epoll set of the prober's own.
 *
 * A probe is a GET. Redirects are not followed (3xx is an answer).
 */
#ifndef EVAC_PROBER_H
#define EVAC_PROBER_H

#include "evac/err.h"
#include "evac/str.h"

#include <uv.h>

#define EVAC_PROBER_BODY_BYTES 5120u /* as much as the usual health checkers look at */

struct evac_dns;
struct evac_prober;

/* Copied by evac_prober_add(), but for user. */
struct evac_prober_target {
    struct evac_str url;
    struct evac_str resolver;    /* "address:port", "" the DNS client's own */
    uint32_t every_ms;           /* at least 100 */
    uint32_t connect_ms;         /* name, TCP and TLS */
    uint32_t reply_ms;           /* from there to the verdict */
    int expect_status;           /* 0: any 2xx or 3xx */
    struct evac_str expect_body; /* must occur in the first 5,120 bytes; "" anything */
    bool wants_served_by;
    struct evac_str
        served_by;   /* header that names the serving region; "" the body's "region":"X" */
    bool keep_alive; /* keep the connection for the next round */
    bool insecure;   /* do not verify the certificate */
    void *user;
};

struct evac_prober_result {
    bool ok;
    uint32_t latency_us;            /* from the round's start to its verdict */
    int status;                     /* 0: there was no reply */
    struct evac_str served_by;      /* "" unknown */
    const char *reason;             /* why not ok, "" when ok */
    uint64_t sent_boot_ms, boot_ms; /* the round's start and its verdict */
};

/* May add and remove targets, the one that it is told about too, but not free the prober. result:
 * valid until it returns. */
typedef void evac_prober_fn(void *prober_user, void *target_user,
                            const struct evac_prober_result *result);

struct evac_prober_options {
    const char *ca_file; /* NULL or "": OpenSSL's default places */
    uint64_t seed;       /* of phases and jitter */
    uint32_t max_open;   /* rounds at once; 0: 1,024. More wait in a queue */
    evac_prober_fn *fn;
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

struct evac_prober_stats evac_prober_stats(const struct evac_prober *prober);

#endif
