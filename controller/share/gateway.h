/*
 * Questions to etcd, by JSON over HTTP: endpoints in turn, one question at a time on each line,
 * etcd's token fetched and renewed, and of every answer first of all what is certain about it.
 */
#ifndef EVAC_GATEWAY_H
#define EVAC_GATEWAY_H

#include "evac/host.h"

#include <cJSON.h>

struct evac_gateway;

/* What is asked for one purpose waits on its own line. */
#define EVAC_GATEWAY_LINES(X)                                                                      \
    X(LEASE)  /* grant, keep alive, revoke, who is here */                                         \
    X(LOOK)   /* leader, journal */                                                                \
    X(WRITE)  /* rows, the lead */                                                                 \
    X(TELL)   /* text for the leader */                                                            \
    X(UPKEEP) /* compaction, how full etcd is */

enum evac_gateway_line {
#define X(name) EVAC_GATEWAY_##name,
    EVAC_GATEWAY_LINES(X)
#undef X
        EVAC_GATEWAY_LINE_COUNT
};

/* ANSWERED: a 200 with a JSON object of the cluster's. REFUSED: etcd says no, and has done nothing.
 * NOT_SENT: no byte reached a server. UNKNOWN: it may have been done (anything else: nothing in
 * time, a 5xx, a 200 that says nothing). */
#define EVAC_GATEWAY_FATES(X)                                                                      \
    X(ANSWERED)                                                                                    \
    X(REFUSED)                                                                                     \
    X(NOT_SENT)                                                                                    \
    X(UNKNOWN)

enum evac_gateway_fate {
#define X(name) EVAC_GATEWAY_##name,
    EVAC_GATEWAY_FATES(X)
#undef X
        EVAC_GATEWAY_FATE_COUNT
};

/* gRPC's codes (https://grpc.io/docs/guides/status-codes/) that etcd uses to refuse. */
enum {
    EVAC_GATEWAY_BAD_ARGUMENT = 3,
    EVAC_GATEWAY_NOT_FOUND = 5,
    EVAC_GATEWAY_FORBIDDEN = 7,
    EVAC_GATEWAY_NO_SPACE = 8,
    EVAC_GATEWAY_PRECONDITION = 9,
    EVAC_GATEWAY_OUT_OF_RANGE = 11,
    EVAC_GATEWAY_BAD_TOKEN = 16,
};

struct evac_gateway_answer {
    enum evac_gateway_fate fate;
    const cJSON *json; /* ANSWERED: lives through the call */
    int64_t revision;  /* ANSWERED: of the store when it answered, above 0 */
    int code;          /* REFUSED: gRPC's */
    uint64_t sent_ms;  /* the host's clock when it left: not before a token was there */
    uint64_t took_ms;
    const char *words; /* a sentence that names the endpoint, "" when ANSWERED */
};
typedef void evac_gateway_fn(void *user, const struct evac_gateway_answer *answer);

struct evac_gateway_options {
    const struct evac_host *host;
    const char *const *endpoints;
    size_t endpoint_count;
    const char *user, *password;
    const char *ca, *cert, *key;
    uint32_t request_ms;
};

/* Everything is copied. EVAC_E_BADARG names what can't be, such as a password over plain HTTP to
 * another machine. */
enum evac_code evac_gateway_new(const struct evac_gateway_options *options,
                                struct evac_gateway **ret_gateway, struct evac_err *err);
void evac_gateway_free(struct evac_gateway *gateway); /* what is asked is never answered */

/* fn is called once, later, unless the line is dropped before. The line must be free. */
void evac_gateway_ask(struct evac_gateway *gateway, enum evac_gateway_line line, const char *path,
                      struct evac_str body, evac_gateway_fn *fn, void *user);
bool evac_gateway_is_busy(const struct evac_gateway *gateway, enum evac_gateway_line line);
/* Its answer is of no use any more: fn will not be called. etcd may do it all the same. */
void evac_gateway_drop(struct evac_gateway *gateway, enum evac_gateway_line line);
/* How many endpoints in a row, of those that were asked last, gave no answer. */
unsigned evac_gateway_failures(const struct evac_gateway *gateway);
size_t evac_gateway_endpoints(const struct evac_gateway *gateway);

#endif
