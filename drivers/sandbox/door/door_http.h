/* One connection's inner state: door_http.c accepts, door_exchange.c reads requests and answers. */
#ifndef EVAC_DOOR_HTTP_H
#define EVAC_DOOR_HTTP_H

#include "door_internal.h"
#include "evac/arena.h"

#include <http_parser.h>

#define DOOR_HEAD_MAX_BYTES  65536u
#define DOOR_BODY_MAX_BYTES  (8u * 1024 * 1024)
#define DOOR_REPLY_MAX_BYTES (16u * 1024 * 1024)
#define DOOR_HEADERS_MAX     256u

enum door_stage {
    DOOR_IDLE,     /* between requests */
    DOOR_READING,  /* a request has begun */
    DOOR_DELAYING, /* the reply is ready and waits for its time */
    DOOR_WRITING,
    DOOR_MUTE, /* a black hole: whatever comes is swallowed */
};

/* Where a piece of the head stands in conn->head. */
struct door_span {
    uint32_t at, n;
};

struct door_conn {
    uv_tcp_t tcp;
    uv_timer_t timer;
    struct evac_door *door;
    struct door_conn *next, **at; /* at NULL: closing */
    unsigned open_handles;
    enum door_stage stage;
    char local[16]; /* the address that it came in on */

    http_parser parser;
    struct evac_buf head; /* target, then names and values, one after the other */
    struct door_span target, names[DOOR_HEADERS_MAX], values[DOOR_HEADERS_MAX];
    size_t header_count;
    bool in_value, complete, keep;
    int refuse_status; /* a request that is not for the model: 400, 413, 431 ... */
    struct evac_buf body;
    struct evac_buf ahead; /* bytes of the next requests (pipelining) */
    struct evac_buf out;
    uv_write_t write;
    bool writing;
};

void door_conn_begin(struct door_conn *conn);
void door_conn_feed(struct door_conn *conn, const char *p, size_t n);
/* reset: the other side sees an abort instead of an end. */
void door_conn_close(struct door_conn *conn, bool reset);
/* Reads on, unless it is mid-answer. */
void door_conn_read(struct door_conn *conn);
void door_conn_pause(struct door_conn *conn);

#endif
