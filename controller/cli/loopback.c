#include "loopback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS_MAX 128u
#define CHUNK           65536u
#define BEHIND_MAX      (1u << 20) /* a reader that is further behind is waited for */
#define HEAD_MS         10000u

struct connection {
    struct connection *next;
    struct evac_loopback *loopback;
    uv_tcp_t client;
    uv_pipe_t server;
    uv_timer_t patience; /* until the head is there */
    uv_connect_t connect;
    struct evac_buf in, head; /* what came; what is passed on */
    size_t body_left;
    bool server_open, passing, ended, paused, said_close;
    unsigned handles;
};

struct evac_loopback {
    uv_tcp_t listener;
    const char *socket;
    struct evac_loopback_door *door;
    struct connection *connections;
    size_t count;
    bool closing, deaf; /* deaf: its listener is closed */
};

/* A write with its bytes behind it. */
struct sending {
    uv_write_t request;
    struct connection *connection; /* whose client it goes to; NULL: to the controller */
    char bytes[];
};

/* --- the end of a connection
 * ---------------------------------------------------------------------------------------- */

static void forget(struct connection *c)
{
    struct evac_loopback *l = c->loopback;
    for (struct connection **at = &l->connections; *at; at = &(*at)->next)
        if (*at == c) {
            *at = c->next;
            l->count--;
            break;
        }
    evac_buf_done(&c->in);
    evac_buf_done(&c->head);
    free(c);
    if (l->deaf && !l->connections)
        free(l);
}

static void on_closed(uv_handle_t *handle)
{
    struct connection *c = handle->data;
    if (--c->handles == 0)
        forget(c);
}

static void end(struct connection *c)
{
    if (c->ended)
        return;
    c->ended = true;
    uv_close((uv_handle_t *)&c->client, on_closed);
    uv_close((uv_handle_t *)&c->patience, on_closed);
    if (c->server_open)
        uv_close((uv_handle_t *)&c->server, on_closed);
}

/* --- writing
 * --------------------------------------------------------------------------------------------
 */

static void on_room(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);
static void lend(uv_handle_t *handle, size_t suggested, uv_buf_t *buf);

static void on_sent(uv_write_t *request, int status)
{
    struct sending *sending = (struct sending *)request;
    struct connection *c = sending->connection;
    free(sending);
    if (!c || c->ended)
        return;
    bool drained = uv_stream_get_write_queue_size((uv_stream_t *)&c->client) == 0;
    if (status < 0 || (drained && !c->server_open)) {
        end(c);
    } else if (drained && c->paused) {
        c->paused = false;
        (void)uv_read_start((uv_stream_t *)&c->server, lend, on_room);
    }
}

static void send_to(struct connection *c, uv_stream_t *to, const char *p, size_t n)
{
    struct sending *sending = malloc(sizeof *sending + n);
    if (!sending)
        abort();
    memcpy(sending->bytes, p, n);
    sending->connection = to == (uv_stream_t *)&c->client ? c : NULL;
    uv_buf_t buf = uv_buf_init(sending->bytes, (unsigned)n);
    if (uv_write(&sending->request, to, &buf, 1, on_sent) != 0) {
        free(sending);
        end(c);
    }
}

/* The door's own answer, and the end of it. */
static void answer(struct connection *c, int status, const char *header, const char *text)
{
    char head[512];
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 %d evac\r\nContent-Type: text/plain; charset=utf-8\r\n"
                     "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n%s"
                     "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
                     status, header, strlen(text), text);
    (void)uv_read_stop((uv_stream_t *)&c->client);
    c->passing = true; /* nothing that still comes is looked at */
    send_to(c, (uv_stream_t *)&c->client, head, (size_t)n);
}

static void let_in(struct connection *c)
{
    char header[160];
    struct evac_loopback_door *door = c->loopback->door;
    snprintf(header, sizeof header,
             "Location: /\r\nSet-Cookie: evac_dashboard_%u=%s; HttpOnly; SameSite=Lax; Path=/\r\n",
             door->port, door->cookie);
    memset(door->secret, 0, sizeof door->secret);
    answer(c, 303, header, "");
}

/* --- from the controller
 * -------------------------------------------------------------------------------------------- */

static void lend(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)handle;
    (void)suggested;
    char *p = malloc(CHUNK);
    if (!p)
        abort();
    *buf = uv_buf_init(p, CHUNK);
}

static void server_gone(struct connection *c)
{
    if (!c->server_open || c->ended)
        return;
    c->server_open = false;
    uv_close((uv_handle_t *)&c->server, on_closed);
    if (uv_stream_get_write_queue_size((uv_stream_t *)&c->client) == 0)
        end(c);
}

/* Behind the answer's first line goes that the connection ends with it. */
static void pass_back(struct connection *c, const char *p, size_t n)
{
    static const char close[] = "\r\nConnection: close";
    const char *line = c->said_close ? NULL : memchr(p, '\r', n);
    if (!line) {
        send_to(c, (uv_stream_t *)&c->client, p, n);
        return;
    }
    struct evac_buf buf;
    evac_buf_init(&buf, CHUNK + sizeof close);
    evac_buf_put(&buf, p, (size_t)(line - p));
    evac_buf_puts(&buf, close);
    evac_buf_put(&buf, line, n - (size_t)(line - p));
    c->said_close = true;
    send_to(c, (uv_stream_t *)&c->client, buf.p, buf.n);
    evac_buf_done(&buf);
}

static void on_room(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct connection *c = stream->data;
    if (n > 0 && !c->ended)
        pass_back(c, buf->base, (size_t)n);
    free(buf->base);
    if (n < 0) {
        server_gone(c);
    } else if (!c->ended && !c->paused &&
               uv_stream_get_write_queue_size((uv_stream_t *)&c->client) > BEHIND_MAX) {
        c->paused = true;
        (void)uv_read_stop(stream);
    }
}

/* --- to the controller
 * ---------------------------------------------------------------------------------------------- */

static void pass_body(struct connection *c, const char *p, size_t n)
{
    size_t some = n < c->body_left ? n : c->body_left;
    if (some)
        send_to(c, (uv_stream_t *)&c->server, p, some);
    c->body_left -= some;
    if (some < n) /* a second request: one a connection */
        end(c);
}

static void on_connected(uv_connect_t *request, int status)
{
    struct connection *c = request->data;
    if (c->ended)
        return;
    if (status < 0) {
        c->server_open = false;
        uv_close((uv_handle_t *)&c->server, on_closed);
        answer(c, 502, "", "The controller does not answer on its socket.\n");
        return;
    }
    send_to(c, (uv_stream_t *)&c->server, c->head.p, c->head.n);
    pass_body(c, c->in.p, c->in.n);
    if (c->ended)
        return;
    (void)uv_read_start((uv_stream_t *)&c->server, lend, on_room);
}

static void pass(struct connection *c, const struct evac_loopback_head *head)
{
    struct evac_buf rest;
    c->passing = true;
    c->body_left = head->body_bytes;
    (void)uv_timer_stop(&c->patience);
    evac_buf_init(&rest, EVAC_LOOPBACK_HEAD_MAX + EVAC_LOOPBACK_BODY_MAX);
    evac_buf_put(&rest, c->in.p + head->bytes, c->in.n - head->bytes);
    evac_buf_done(&c->in);
    c->in = rest;
    uv_pipe_init(c->client.loop, &c->server, 0);
    c->server.data = c;
    c->server_open = true;
    c->handles++;
    c->connect.data = c;
    uv_pipe_connect(&c->connect, &c->server, c->loopback->socket, on_connected);
}

static void judge(struct connection *c)
{
    struct evac_loopback_head head;
    evac_buf_reset(&c->head);
    switch (evac_loopback_judge(c->loopback->door, evac_buf_str(&c->in), &c->head, &head)) {
    case EVAC_LOOPBACK_MORE:
        break;
    case EVAC_LOOPBACK_PASS:
        pass(c, &head);
        break;
    case EVAC_LOOPBACK_ENTER:
        let_in(c);
        break;
    case EVAC_LOOPBACK_REFUSE:
        answer(c, head.status, "", head.why);
        break;
    }
}

static void on_request(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct connection *c = stream->data;
    if (n > 0 && !c->ended) {
        bool connected = c->passing && c->server_open && uv_is_readable((uv_stream_t *)&c->server);
        if (connected)
            pass_body(c, buf->base, (size_t)n);
        else
            evac_buf_put(&c->in, buf->base, (size_t)n);
        if (!c->passing)
            judge(c);
    }
    free(buf->base);
    if (n < 0 || c->in.failed)
        end(c);
}

/* --- life
 * ---------------------------------------------------------------------------------------------------
 */

static void on_patience(uv_timer_t *timer)
{
    end(timer->data);
}

static void on_visitor(uv_stream_t *listener, int status)
{
    struct evac_loopback *l = listener->data;
    struct connection *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->loopback = l;
    c->next = l->connections;
    l->connections = c;
    l->count++;
    evac_buf_init(&c->in, EVAC_LOOPBACK_HEAD_MAX + EVAC_LOOPBACK_BODY_MAX);
    evac_buf_init(&c->head, 2 * EVAC_LOOPBACK_HEAD_MAX);
    uv_tcp_init(listener->loop, &c->client);
    uv_timer_init(listener->loop, &c->patience);
    c->client.data = c->patience.data = c;
    c->handles = 2;
    if (status < 0 || uv_accept(listener, (uv_stream_t *)&c->client) != 0 ||
        l->count > CONNECTIONS_MAX) {
        end(c);
        return;
    }
    (void)uv_tcp_nodelay(&c->client, 1);
    (void)uv_timer_start(&c->patience, on_patience, HEAD_MS, 0);
    (void)uv_read_start((uv_stream_t *)&c->client, lend, on_request);
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct evac_loopback *l = handle->data;
    l->deaf = true;
    if (!l->connections)
        free(l);
}

enum evac_code evac_loopback_new(uv_loop_t *loop, const char *socket,
                                 struct evac_loopback_door *door,
                                 struct evac_loopback **ret_loopback, struct evac_err *err)
{
    struct sockaddr_in address;
    struct sockaddr_storage bound;
    int n = sizeof bound;
    struct evac_loopback *l = calloc(1, sizeof *l);
    if (!l)
        abort();
    l->socket = socket;
    l->door = door;
    uv_tcp_init(loop, &l->listener);
    l->listener.data = l;
    uv_ip4_addr("127.0.0.1", (int)door->port, &address);
    int code = uv_tcp_bind(&l->listener, (const struct sockaddr *)&address, 0);
    if (!code)
        code = uv_listen((uv_stream_t *)&l->listener, 32, on_visitor);
    if (!code)
        code = uv_tcp_getsockname(&l->listener, (struct sockaddr *)&bound, &n);
    if (code) {
        evac_loopback_close(l);
        return evac_fail(err, EVAC_E_IO, "can not listen on 127.0.0.1:%u: %s", door->port,
                         uv_strerror(code));
    }
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&bound;
    door->port = ntohs(in->sin_port);
    *ret_loopback = l;
    return EVAC_OK;
}

void evac_loopback_close(struct evac_loopback *l)
{
    if (!l || l->closing)
        return;
    l->closing = true;
    uv_close((uv_handle_t *)&l->listener, on_listener_closed);
    for (struct connection *c = l->connections; c; c = c->next)
        end(c);
}
