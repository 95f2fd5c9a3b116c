/*
 * What the server's files share: server.c listens, limits and carries bytes; exchange.c reads a
 * request and sends an answer; stream.c is the stream of events.
 */
#ifndef EVAC_SERVER_INTERNAL_H
#define EVAC_SERVER_INTERNAL_H

#include "api.h"
#include "auth.h"
#include "problem.h"
#include "server.h"
#include "tls.h"

#include <libwebsockets.h>

#define BODY_MAX      (1u << 20)
#define RESPONSE_MAX  (32u << 20)
#define HEADER_MAX    4096u  /* of one header, and of all that an answer has */
#define BEARER_MAX    16384u /* of Authorization: an identity provider's tokens are long */
#define CHUNK         16384u
#define STREAMS_MAX   256u
#define STREAM_MAX    (1u << 20)   /* a reader of events that is further behind is sent away */
#define UNSENT_MAX    (256u << 20) /* of all answers together */
#define UNIX_MAX      128u         /* connections of the unix socket: nobody else can take them */
#define IDLE_MS       30000u       /* from an answer to the end of the next headers */
#define SLOWEST_BYTES 16384u       /* a second: what an answer takes longer than that is cut off */
#define HEARTBEAT_MS  10000u       /* of a stream: a comment */
#define SEND_BUFFER   131072       /* of the kernel, a connection */
#define SWEEP_MS      250u
#define BEYOND_MAX    1000u /* looks at what came behind a request, until its connection ends */

/* One address that is listened at. */
struct listener {
    struct evac_api_server *server;
    const struct evac_listen_conf *conf; /* NULL: the unix socket. Points into arena */
    struct lws_vhost *vhost;
    struct evac_tls *tls; /* NULL: none */
};

/* One connection, from its acceptance to its end. */
struct conn {
    struct conn *next, *prev;
    struct listener *listener;
    struct lws *wsi;
    struct evac_address address; /* of TCP */
    uint64_t since_ms;           /* what is waited for, is since */
    uint64_t limit_ms;           /* and for so long */
    bool asked;                  /* a first request was read */
    bool doomed;
    struct exchange *exchange;
    struct evac_buf stray; /* the answer to what was no request; told: it was sent */
    bool stray_told;
};

/* Request headers that are read. */
enum {
    IF_NONE_MATCH,
    IF_MATCH,
    IDEMPOTENCY_KEY,
    ACCEPT,
    AUTHORIZATION,
    COOKIE,
    HOST,
    ORIGIN,
    CSRF,
    FETCH_SITE,
    LAST_EVENT_ID,
    HEADER_COUNT
};

/* One request and its answer. */
struct exchange {
    struct exchange *next; /* event streams, in the server's list */
    struct evac_api_server *server;
    struct conn *conn;
    struct lws *wsi;
    char method[8];
    struct evac_buf path, query, body, out;
    struct evac_buf headers[HEADER_COUNT];
    enum evac_problem refused; /* before it came to the API; EVAC_PROBLEM_COUNT: it did not */
    const char *refused_why;
    uint32_t retry_after_s;
    struct evac_identity who;
    bool head;         /* the body is not sent */
    bool close;        /* after the answer: what else arrives is not read */
    size_t sent, told; /* told: of all answers, what this one is counted for */
    uint64_t until_ms; /* an answer is cut off then */
    bool stream, answered;
    unsigned beyond;  /* times that more than this request was read */
    bool waits;       /* until it is known who asks */
    bool whole;       /* its body is there */
    size_t length;    /* of it; 0: there is none, or none that is read */
    bool behind_rows; /* it is not begun: rows on their way come first */
    bool holds;       /* its answer, until what it says is durable */
    struct evac_api_response held;
    struct evac_ticket ticket;
    char set_cookie[192];
    const char *csp; /* Content-Security-Policy; NULL: nothing may be loaded by it */
    /* A stream: what is wanted, what was sent, when a comment is due. */
    struct evac_store_filter filter;
    char app[80];
    uint64_t behind; /* the row that is sent next; 0: as they are written */
    uint64_t beat_ms;
};

struct evac_api_server {
    struct evac_daemon *daemon;
    struct evac_arena *arena; /* of the listeners' settings */
    struct lws_context *context;
    struct evac_auth *auth;
    struct listener listeners[EVAC_LISTEN_MAX + 1];
    size_t listener_count;
    struct conn *conns;
    size_t unix_count, tcp_count;
    struct exchange *streams;
    size_t stream_count;
    size_t unsent;
    uint64_t asked_ms; /* the newest request, or the beginning */
    uv_timer_t sweep;
    uint64_t files_ms; /* when certificates were last looked at */
    bool sweeping, stopped;
    char socket[108];
};

/* Nothing is waited for longer than limit_ms from now on. */
void conn_wait(struct conn *conn, uint64_t limit_ms);
uint64_t server_now_ms(const struct evac_api_server *server);
/* api.patience: for headers, for a body, for a reader. */
uint64_t server_patience_ms(const struct evac_api_server *server);

/* --- exchange.c --- */
int exchange_begin(struct conn *conn, struct lws *wsi);
int exchange_body(struct exchange *x, const void *p, size_t n);
int exchange_body_end(struct exchange *x);
int exchange_write(struct exchange *x);
/* It waited to know who asks; perhaps that can be told now. Negative: the connection ends. */
int exchange_resume(struct exchange *x);
void exchange_free(struct exchange *x); /* NULL is fine */
/* The answer that it holds leaves, if it is known by now whether it holds good. Negative: the
 * connection ends. */
int exchange_settle(struct exchange *x);
struct evac_api_request exchange_request(struct exchange *x);
int exchange_refuse(struct exchange *x, enum evac_problem problem, const char *detail);
int exchange_send_headers(struct exchange *x, const struct evac_api_response *response,
                          int64_t length);

/* --- stray.c: bytes that the library takes for no HTTP --- */
int stray_begin(struct conn *conn, const void *p, size_t n);
int stray_write(struct conn *conn);

/* --- stream.c --- */
int stream_begin(struct exchange *x);
void stream_row(struct evac_api_server *server, const struct evac_record *record);
int stream_write(struct exchange *x);
void stream_beat(struct exchange *x, uint64_t now_ms);
void stream_end(struct exchange *x);
/* Places of readers that are gone are free. From the sweep, and before one is refused. */
void stream_let_go(struct evac_api_server *server);
#endif
