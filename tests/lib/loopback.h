/* Servers that a test of the real host talks to: on the test's own loop, on loopback, on free
 * ports, with the manners that a test wants. Only for tests that link libuv. */
#ifndef EVAC_LOOPBACK_H
#define EVAC_LOOPBACK_H

#include "suite.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

enum loop_manner {
    LOOP_REPLY,             /* and keep the connection */
    LOOP_REPLY_CLOSE,       /* and close it */
    LOOP_CLOSE,             /* without a reply */
    LOOP_RESET,             /* abort without a reply */
    LOOP_MUTE,              /* read and never answer */
    LOOP_CLOSE_WHEN_REUSED, /* a connection's first request is answered, its second is not */
};

#define LOOP_REQUEST_BYTES 65536u

struct loop_server {
    uv_tcp_t tcp;
    uint16_t port;
    enum loop_manner manner;
    const char *reply;
    unsigned connections, requests, open;
    char last[LOOP_REQUEST_BYTES]; /* the newest request's bytes */
    struct loop_conn *conns;
};

struct loop_conn {
    uv_tcp_t tcp;
    uv_write_t write;
    struct loop_server *server;
    struct loop_conn *next;
    unsigned requests;
    size_t n;
    char bytes[LOOP_REQUEST_BYTES];
};

static inline void loop_conn_gone(uv_handle_t *handle)
{
    struct loop_conn *c = handle->data;
    struct loop_conn **at = &c->server->conns;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->server->open--;
    free(c);
}

static inline void loop_conn_close(struct loop_conn *c)
{
    if (!uv_is_closing((uv_handle_t *)&c->tcp))
        uv_close((uv_handle_t *)&c->tcp, loop_conn_gone);
}

static inline void loop_written(uv_write_t *write, int status)
{
    struct loop_conn *c = write->data;
    if (status == 0 && c->server->manner == LOOP_REPLY_CLOSE)
        loop_conn_close(c);
}

static inline void loop_answer(struct loop_conn *c)
{
    struct loop_server *s = c->server;
    char *reply = strdup(s->reply);
    uv_buf_t out = uv_buf_init(reply, (unsigned)strlen(reply));
    if (uv_try_write((uv_stream_t *)&c->tcp, &out, 1) != (int)out.len)
        ck_abort_msg("the test's server could not write");
    free(reply);
    if (s->manner == LOOP_REPLY_CLOSE)
        loop_conn_close(c);
}

static inline void loop_meet(struct loop_conn *c)
{
    struct loop_server *s = c->server;
    s->requests++;
    c->requests++;
    memcpy(s->last, c->bytes, c->n);
    s->last[c->n] = '\0';
    c->n = 0;
    if (s->manner == LOOP_CLOSE || (s->manner == LOOP_CLOSE_WHEN_REUSED && c->requests > 1))
        loop_conn_close(c);
    else if (s->manner == LOOP_RESET)
        uv_tcp_close_reset(&c->tcp, loop_conn_gone);
    else if (s->manner != LOOP_MUTE)
        loop_answer(c);
}

static inline bool loop_is_whole(const struct loop_conn *c)
{
    const char *end = strstr(c->bytes, "\r\n\r\n");
    const char *length = strcasestr(c->bytes, "\r\ncontent-length:");
    size_t body = length && end && length < end ? (size_t)strtoul(length + 17, NULL, 10) : 0;
    return end && c->n >= (size_t)(end + 4 - c->bytes) + body;
}

static inline void loop_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    struct loop_conn *c = handle->data;
    (void)suggested;
    *ret_buf = uv_buf_init(c->bytes + c->n, (unsigned)(sizeof c->bytes - 1 - c->n));
}

static inline void loop_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct loop_conn *c = stream->data;
    (void)buf;
    if (n < 0) {
        loop_conn_close(c);
        return;
    }
    c->n += (size_t)n;
    c->bytes[c->n] = '\0';
    if (loop_is_whole(c))
        loop_meet(c);
}

static inline void loop_accept(uv_stream_t *stream, int status)
{
    struct loop_server *s = stream->data;
    struct loop_conn *c = calloc(1, sizeof *c);
    ck_assert_int_eq(status, 0);
    c->server = s;
    uv_tcp_init(stream->loop, &c->tcp);
    c->tcp.data = c->write.data = c;
    c->next = s->conns;
    s->conns = c;
    s->connections++;
    s->open++;
    uv_accept(stream, (uv_stream_t *)&c->tcp);
    uv_read_start((uv_stream_t *)&c->tcp, loop_alloc, loop_read);
}

static inline struct loop_server *loop_server_new(uv_loop_t *loop, const char *reply)
{
    struct sockaddr_in address;
    int size = sizeof address;
    struct loop_server *s = calloc(1, sizeof *s);
    s->reply = reply;
    uv_tcp_init(loop, &s->tcp);
    s->tcp.data = s;
    uv_ip4_addr("127.0.0.1", 0, &address);
    ck_assert_int_eq(uv_tcp_bind(&s->tcp, (struct sockaddr *)&address, 0), 0);
    ck_assert_int_eq(uv_listen((uv_stream_t *)&s->tcp, 128, loop_accept), 0);
    ck_assert_int_eq(uv_tcp_getsockname(&s->tcp, (struct sockaddr *)&address, &size), 0);
    s->port = ntohs(address.sin_port);
    return s;
}

static inline void loop_server_gone(uv_handle_t *handle)
{
    (void)handle;
}

/* Run the loop until nothing is left, then free(s). */
static inline void loop_server_close(struct loop_server *s)
{
    for (struct loop_conn *c = s->conns; c; c = c->next)
        loop_conn_close(c);
    uv_close((uv_handle_t *)&s->tcp, loop_server_gone);
}

/* --- DNS over UDP ---------------------------------------------------------------------------- */

struct loop_dns {
    uv_udp_t udp;
    uint16_t port;
    bool mute;
    int rcode;
    uint32_t ttl_s;
    uint8_t address[4]; /* of every name */
    unsigned questions; /* those of type A */
    char bytes[1024];
};

static inline void loop_dns_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    struct loop_dns *d = handle->data;
    (void)suggested;
    *ret_buf = uv_buf_init(d->bytes, sizeof d->bytes);
}

static inline size_t loop_dns_data(const struct loop_dns *d, unsigned type, uint8_t *to)
{
    static const uint8_t text[] = "\x06"
                                  "hello "
                                  "\x05"
                                  "world";
    static const uint8_t name[] = "\x05"
                                  "other"
                                  "\x07"
                                  "example"
                                  "\x00";
    if (type == 1)
        memcpy(to, d->address, 4);
    else if (type == 16)
        memcpy(to, text, sizeof text - 1);
    else if (type == 5)
        memcpy(to, name, sizeof name - 1);
    return type == 1 ? 4 : type == 16 ? sizeof text - 1 : type == 5 ? sizeof name - 1 : 0;
}

static inline void loop_dns_question(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf,
                                     const struct sockaddr *from, unsigned flags)
{
    struct loop_dns *d = udp->data;
    uint8_t out[1200], *q = (uint8_t *)buf->base;
    (void)flags;
    if (n < 17 || !from)
        return;
    size_t end = 12;
    while (q[end])
        end += q[end] + 1u;
    end += 5;
    unsigned type = q[end - 3];
    d->questions += type == 1;
    if (d->mute)
        return;
    memcpy(out, q, end);
    out[2] = 0x85;
    out[3] = (uint8_t)(0x80 | d->rcode);
    memset(out + 6, 0, 6);
    uint8_t *at = out + end;
    size_t data = loop_dns_data(d, type, at + 12);
    if (data && !d->rcode) {
        const uint8_t head[] = { 0xc0,
                                 12,
                                 0,
                                 (uint8_t)type,
                                 0,
                                 1,
                                 0,
                                 0,
                                 (uint8_t)(d->ttl_s >> 8),
                                 (uint8_t)d->ttl_s,
                                 0,
                                 (uint8_t)data };
        memcpy(at, head, sizeof head);
        at += sizeof head + data;
        out[7] = 1;
    }
    uv_buf_t answer = uv_buf_init((char *)out, (unsigned)(at - out));
    uv_udp_try_send(udp, &answer, 1, from);
}

static inline struct loop_dns *loop_dns_new(uv_loop_t *loop)
{
    struct sockaddr_in address;
    int size = sizeof address;
    struct loop_dns *d = calloc(1, sizeof *d);
    d->ttl_s = 60;
    memcpy(d->address, (uint8_t[]){ 127, 0, 0, 1 }, 4);
    uv_udp_init(loop, &d->udp);
    d->udp.data = d;
    uv_ip4_addr("127.0.0.1", 0, &address);
    ck_assert_int_eq(uv_udp_bind(&d->udp, (struct sockaddr *)&address, 0), 0);
    ck_assert_int_eq(uv_udp_getsockname(&d->udp, (struct sockaddr *)&address, &size), 0);
    d->port = ntohs(address.sin_port);
    uv_udp_recv_start(&d->udp, loop_dns_alloc, loop_dns_question);
    return d;
}

static inline void loop_dns_close(struct loop_dns *d)
{
    uv_close((uv_handle_t *)&d->udp, loop_server_gone);
}

/* --- waiting, never without an end ----------------------------------------------------------- */

static inline void loop_time_up(uv_timer_t *timer)
{
    (void)timer;
    ck_abort_msg("what the test waits for did not come");
}

static inline void loop_until(uv_loop_t *loop, const unsigned *count, unsigned wanted)
{
    uv_timer_t limit;
    uv_timer_init(loop, &limit);
    uv_timer_start(&limit, loop_time_up, test_patience(20000), 0);
    while (*count < wanted)
        uv_run(loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&limit, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
}

#endif
