/* DNS over UDP and TCP (RFC 1035 4.2; TCP's two-byte length, several questions a connection: RFC
 * 7766). */
#include "door_internal.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX_BYTES 65535u
#define UDP_MAX_BYTES    4096u
#define CONNECTIONS_MAX  64u
#define IDLE_MS          10000u
#define PORT_TRIES       50

struct question_conn {
    uv_tcp_t tcp;
    uv_timer_t timer;
    struct evac_door *door;
    struct question_conn *next, **at;
    struct evac_buf in; /* length and question, as far as they came */
    unsigned open_handles;
};

struct written {
    uv_write_t write;
    struct evac_buf bytes;
};

struct door_dns {
    uv_udp_t udp;
    uv_tcp_t tcp;
    uint16_t port;
    struct question_conn *conns;
    size_t conn_count;
    unsigned open_handles;
    struct evac_door *door;
    char datagram[UDP_MAX_BYTES];
};

static bool ask(struct evac_door *door, const void *question, size_t n, bool tcp,
                struct evac_buf *answer)
{
    door_advance(door);
    bool answered = evac_sandbox_dns(door->sandbox, question, n, tcp, answer);
    door_rearm(door);
    return answered && !answer->failed;
}

/* --- UDP ------------------------------------------------------------------------------------- */

static void on_alloc_datagram(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    struct door_dns *dns = handle->data;
    (void)suggested;
    *ret_buf = uv_buf_init(dns->datagram, sizeof dns->datagram);
}

static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from,
                        unsigned flags)
{
    struct door_dns *dns = udp->data;
    struct evac_buf answer;
    if (n <= 0 || !from || (flags & UV_UDP_PARTIAL))
        return;
    evac_buf_init(&answer, ANSWER_MAX_BYTES);
    if (ask(dns->door, buf->base, (size_t)n, false, &answer)) {
        uv_buf_t out = uv_buf_init(answer.p, (unsigned)answer.n);
        (void)uv_udp_try_send(udp, &out, 1, from); /* a lost datagram is asked again */
    }
    evac_buf_done(&answer);
}

/* --- TCP ------------------------------------------------------------------------------------- */

static void on_conn_closed(uv_handle_t *handle)
{
    struct question_conn *c = handle->data;
    if (--c->open_handles > 0)
        return;
    struct evac_door *door = c->door;
    evac_buf_done(&c->in);
    free(c);
    door_let_go(door);
}

static void close_conn(struct question_conn *c)
{
    if (!c->at)
        return;
    *c->at = c->next;
    if (c->next)
        c->next->at = c->at;
    c->at = NULL;
    if (c->door->dns)
        c->door->dns->conn_count--;
    uv_close((uv_handle_t *)&c->tcp, on_conn_closed);
    uv_close((uv_handle_t *)&c->timer, on_conn_closed);
}

static void on_conn_idle(uv_timer_t *timer)
{
    close_conn(timer->data);
}

static void on_written(uv_write_t *write, int status)
{
    struct written *w = write->data;
    (void)status;
    evac_buf_done(&w->bytes);
    free(w);
}

static void send_answer(struct question_conn *c, const struct evac_buf *answer)
{
    struct written *w = calloc(1, sizeof *w);
    if (!w)
        abort();
    evac_buf_init(&w->bytes, ANSWER_MAX_BYTES + 2);
    evac_buf_putc(&w->bytes, (char)(answer->n >> 8));
    evac_buf_putc(&w->bytes, (char)(answer->n & 0xff));
    evac_buf_put(&w->bytes, answer->p, answer->n);
    w->write.data = w;
    uv_buf_t out = uv_buf_init(w->bytes.p, (unsigned)w->bytes.n);
    if (uv_write(&w->write, (uv_stream_t *)&c->tcp, &out, 1, on_written)) {
        on_written(&w->write, 0);
        close_conn(c);
    }
}

/* One whole question at the front of what came: true if there was one. */
static bool take_question(struct question_conn *c)
{
    const unsigned char *p = (const unsigned char *)c->in.p;
    if (c->in.n < 2 || c->in.n - 2 < ((size_t)p[0] << 8 | p[1]))
        return false;
    size_t n = (size_t)p[0] << 8 | p[1];
    struct evac_buf answer, rest;
    evac_buf_init(&answer, ANSWER_MAX_BYTES);
    evac_buf_init(&rest, c->in.max_bytes);
    evac_buf_put(&rest, c->in.p + 2 + n, c->in.n - 2 - n);
    if (ask(c->door, c->in.p + 2, n, true, &answer))
        send_answer(c, &answer);
    else
        close_conn(c);
    evac_buf_done(&answer);
    evac_buf_done(&c->in);
    c->in = rest;
    return c->at != NULL;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    static char shared[4096]; /* used only within one read callback */
    (void)handle;
    (void)suggested;
    *ret_buf = uv_buf_init(shared, sizeof shared);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct question_conn *c = stream->data;
    if (n == 0)
        return;
    if (n > 0)
        evac_buf_put(&c->in, buf->base, (size_t)n);
    /* Who does not read the answers must not make us hold them all. */
    if (n < 0 || c->in.failed || uv_stream_get_write_queue_size(stream) > 4 * ANSWER_MAX_BYTES) {
        close_conn(c);
        return;
    }
    uv_timer_start(&c->timer, on_conn_idle, IDLE_MS, 0);
    while (take_question(c))
        ;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct door_dns *dns = listener->data;
    struct evac_door *door = dns->door;
    if (status < 0)
        return;
    struct question_conn *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->door = door;
    evac_buf_init(&c->in, ANSWER_MAX_BYTES + 4096);
    uv_tcp_init(door->loop, &c->tcp);
    uv_timer_init(door->loop, &c->timer);
    c->tcp.data = c->timer.data = c;
    c->open_handles = 2;
    c->next = dns->conns;
    c->at = &dns->conns;
    if (c->next)
        c->next->at = &c->next;
    dns->conns = c;
    dns->conn_count++;
    door_hold(door);
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) || dns->conn_count > CONNECTIONS_MAX) {
        close_conn(c);
        return;
    }
    uv_timer_start(&c->timer, on_conn_idle, IDLE_MS, 0);
    uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
}

/* --- life ------------------------------------------------------------------------------------ */

static void on_listener_closed(uv_handle_t *handle)
{
    struct door_dns *dns = handle->data;
    if (--dns->open_handles > 0)
        return;
    struct evac_door *door = dns->door;
    free(dns);
    door_let_go(door);
}

static void close_listeners(struct door_dns *dns)
{
    uv_close((uv_handle_t *)&dns->udp, on_listener_closed);
    uv_close((uv_handle_t *)&dns->tcp, on_listener_closed);
}

static int bind_udp(struct door_dns *dns, uint16_t port)
{
    struct sockaddr_in address;
    int size = sizeof address;
    uv_ip4_addr("127.0.0.1", port, &address);
    int failed = uv_udp_bind(&dns->udp, (struct sockaddr *)&address, 0);
    if (!failed)
        failed = uv_udp_getsockname(&dns->udp, (struct sockaddr *)&address, &size);
    dns->port = ntohs(address.sin_port);
    return failed;
}

static int listen_tcp(struct door_dns *dns)
{
    struct sockaddr_in address;
    uv_ip4_addr("127.0.0.1", dns->port, &address);
    int failed = uv_tcp_bind(&dns->tcp, (struct sockaddr *)&address, 0);
    return failed ? failed : uv_listen((uv_stream_t *)&dns->tcp, DOOR_BACKLOG, on_connection);
}

static struct door_dns *make(struct evac_door *door)
{
    struct door_dns *dns = calloc(1, sizeof *dns);
    if (!dns)
        abort();
    dns->door = door;
    dns->open_handles = 2;
    uv_udp_init(door->loop, &dns->udp);
    uv_tcp_init(door->loop, &dns->tcp);
    dns->udp.data = dns->tcp.data = dns;
    door_hold(door);
    return dns;
}

enum evac_code door_dns_open(struct evac_door *door, uint16_t port, struct evac_err *err)
{
    int failed = 0;
    for (int i = 0; i < (port ? 1 : PORT_TRIES); i++) {
        struct door_dns *dns = make(door);
        failed = bind_udp(dns, port);
        if (!failed)
            failed = listen_tcp(dns);
        if (!failed)
            failed = uv_udp_recv_start(&dns->udp, on_alloc_datagram, on_datagram);
        if (!failed) {
            door->dns = dns;
            return EVAC_OK;
        }
        close_listeners(dns);
    }
    return evac_fail(err, EVAC_E_IO, "DNS can not listen on 127.0.0.1 port %u: %s", port,
                     uv_strerror(failed));
}

void door_dns_close(struct evac_door *door)
{
    struct door_dns *dns = door->dns;
    if (!dns)
        return;
    while (dns->conns)
        close_conn(dns->conns);
    door->dns = NULL;
    close_listeners(dns);
}

uint16_t door_dns_port(const struct evac_door *door)
{
    return door->dns->port;
}
