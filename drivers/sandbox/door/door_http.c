#include "door_http.h"

#include <stdlib.h>
#include <string.h>

#define CONNECTIONS_MAX 4096u
#define PORT_TRIES      50

struct listener {
    uv_tcp_t tcp;
    struct evac_door *door;
};

struct door_http {
    struct listener *listeners[EVAC_DOOR_REGIONS_MAX + 1];
    size_t listener_count;
    uint16_t port;
    struct door_conn *conns;
    size_t conn_count;
};

/* --- connections ----------------------------------------------------------------------------- */

static void on_conn_closed(uv_handle_t *handle)
{
    struct door_conn *c = handle->data;
    if (--c->open_handles > 0)
        return;
    struct evac_door *door = c->door;
    evac_buf_done(&c->head);
    evac_buf_done(&c->body);
    evac_buf_done(&c->ahead);
    evac_buf_done(&c->out);
    free(c);
    door_let_go(door);
}

void door_conn_close(struct door_conn *conn, bool reset)
{
    if (!conn->at)
        return;
    *conn->at = conn->next;
    if (conn->next)
        conn->next->at = conn->at;
    conn->at = NULL;
    conn->door->http->conn_count--;
    uv_close((uv_handle_t *)&conn->timer, on_conn_closed);
    if (!reset || uv_tcp_close_reset(&conn->tcp, on_conn_closed))
        uv_close((uv_handle_t *)&conn->tcp, on_conn_closed);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    static char shared[65536]; /* used only within one read callback */
    (void)handle;
    (void)suggested;
    *ret_buf = uv_buf_init(shared, sizeof shared);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct door_conn *c = stream->data;
    if (n < 0)
        door_conn_close(c, false);
    else if (n > 0)
        door_conn_feed(c, buf->base, (size_t)n);
}

void door_conn_read(struct door_conn *conn)
{
    uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
}

void door_conn_pause(struct door_conn *conn)
{
    uv_read_stop((uv_stream_t *)&conn->tcp);
}

static struct door_conn *new_conn(struct evac_door *door)
{
    struct door_conn *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->door = door;
    evac_buf_init(&c->head, DOOR_HEAD_MAX_BYTES);
    evac_buf_init(&c->body, DOOR_BODY_MAX_BYTES);
    evac_buf_init(&c->ahead, 2 * 65536);
    evac_buf_init(&c->out, DOOR_REPLY_MAX_BYTES + DOOR_HEAD_MAX_BYTES);
    uv_tcp_init(door->loop, &c->tcp);
    uv_timer_init(door->loop, &c->timer);
    c->tcp.data = c->timer.data = c;
    c->open_handles = 2;
    c->next = door->http->conns;
    c->at = &door->http->conns;
    if (c->next)
        c->next->at = &c->next;
    door->http->conns = c;
    door->http->conn_count++;
    door_hold(door);
    return c;
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct listener *l = stream->data;
    struct sockaddr_in local;
    int size = sizeof local;
    if (status < 0)
        return;
    struct door_conn *c = new_conn(l->door);
    if (uv_accept(stream, (uv_stream_t *)&c->tcp) || l->door->http->conn_count > CONNECTIONS_MAX ||
        uv_tcp_getsockname(&c->tcp, (struct sockaddr *)&local, &size)) {
        door_conn_close(c, false);
        return;
    }
    uv_ip4_name(&local, c->local, sizeof c->local);
    uv_tcp_nodelay(&c->tcp, 1);
    door_conn_begin(c);
    door_conn_read(c);
}

/* --- listeners ------------------------------------------------------------------------------- */

static void on_listener_closed(uv_handle_t *handle)
{
    struct listener *l = handle->data;
    struct evac_door *door = l->door;
    free(l);
    door_let_go(door);
}

static void close_listeners(struct door_http *http)
{
    for (size_t i = 0; i < http->listener_count; i++)
        uv_close((uv_handle_t *)&http->listeners[i]->tcp, on_listener_closed);
    http->listener_count = 0;
}

static int add_listener(struct evac_door *door, const char *ip, uint16_t port)
{
    struct sockaddr_in address;
    int size = sizeof address;
    struct listener *l = calloc(1, sizeof *l);
    if (!l)
        abort();
    l->door = door;
    uv_tcp_init(door->loop, &l->tcp);
    l->tcp.data = l;
    door_hold(door);
    door->http->listeners[door->http->listener_count++] = l;

    uv_ip4_addr(ip, port, &address);
    int failed = uv_tcp_bind(&l->tcp, (struct sockaddr *)&address, 0);
    if (!failed)
        failed = uv_listen((uv_stream_t *)&l->tcp, DOOR_BACKLOG, on_connection);
    if (!failed)
        failed = uv_tcp_getsockname(&l->tcp, (struct sockaddr *)&address, &size);
    door->http->port = ntohs(address.sin_port);
    return failed;
}

static int listen_everywhere(struct evac_door *door, uint16_t port)
{
    int failed = add_listener(door, "127.0.0.1", port);
    for (size_t i = 0; i < door->region_count && !failed; i++) {
        char ip[16];
        evac_door_region_address(i, ip, sizeof ip);
        failed = add_listener(door, ip, door->http->port);
    }
    return failed;
}

enum evac_code door_http_open(struct evac_door *door, uint16_t port, struct evac_err *err)
{
    int failed = 0;
    http_parser_set_max_header_size(DOOR_HEAD_MAX_BYTES);
    door->http = calloc(1, sizeof *door->http);
    if (!door->http)
        abort();
    /* A port that is free on 127.0.0.1 may be taken on a region's address. */
    for (int i = 0; i < (port ? 1 : PORT_TRIES); i++) {
        failed = listen_everywhere(door, port);
        if (!failed)
            return EVAC_OK;
        close_listeners(door->http);
    }
    return evac_fail(err, EVAC_E_IO,
                     "can not listen on 127.0.0.1 and the regions' addresses, port %u: %s", port,
                     uv_strerror(failed));
}

void door_http_close(struct evac_door *door)
{
    struct door_http *http = door->http;
    close_listeners(http);
    while (http->conns)
        door_conn_close(http->conns, false);
    free(http);
    door->http = NULL;
}

uint16_t door_http_port(const struct evac_door *door)
{
    return door->http->port;
}
