#include "prober_internal.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES      16384u
#define ADDRESSES_TRIED 4u

static void connect_next(struct prober_target *t, const struct evac_addresses *addresses);
static const struct evac_addresses *last_addresses(struct prober_target *t);

/* --- connections ----------------------------------------------------------------------------- */

static struct prober_conn *take_conn(struct evac_prober *prober)
{
    struct prober_conn *c = prober->free_conns;
    if (c)
        prober->free_conns = c->next_free;
    else if (!(c = malloc(sizeof *c)))
        abort();
    memset(c, 0, sizeof *c);
    c->fd = -1;
    c->serial = ++prober->serial;
    return c;
}

/* Who has hung up already waits for nothing but the end: a reset is that, and leaves no connection
 * in TIME_WAIT behind at the server, where a farewell would. To anybody else it would be rude. */
static void hang_up(const struct prober_conn *c)
{
    const struct linger none = { .l_onoff = 1, .l_linger = 0 };
    if (c->hung_up)
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    close(c->fd); /* this takes it out of the epoll set too */
}

void prober_conn_close(struct prober_target *t)
{
    struct prober_conn *c = t->conn;
    if (!c)
        return;
    prober_tls_end(c);
    if (c->fd >= 0)
        hang_up(c);
    evac_buf_done(&c->body);
    c->next_free = t->prober->free_conns;
    t->prober->free_conns = c;
    t->conn = NULL;
}

static void fail(struct prober_target *t, const char *what, int error)
{
    struct evac_buf text;
    evac_buf_init(&text, 1024);
    evac_buf_puts(&text, what);
    if (error)
        evac_buf_putf(&text, ": %s", strerror(error));
    (void)evac_str_copy(t->prober->reason, sizeof t->prober->reason, evac_buf_str(&text));
    evac_buf_done(&text);
    prober_end(t, t->prober->reason);
}

/* --- a reply --------------------------------------------------------------------------------- */

static enum prober_io receive(struct prober_conn *c, char *p, size_t max, size_t *ret_n)
{
    if (c->ssl)
        return prober_tls_read(c, p, max, ret_n);
    ssize_t n;
    do
        n = recv(c->fd, p, max, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? PROBER_IO_AGAIN : PROBER_IO_FAILED;
    *ret_n = (size_t)n;
    return n ? PROBER_IO_DONE : PROBER_IO_CLOSED;
}

/* A kept connection may have died just before we wrote: a GET may be asked again, once, on a new
 * one. */
static bool retried(struct prober_target *t)
{
    if (!t->conn->reused || t->conn->got_bytes)
        return false;
    prober_conn_close(t);
    connect_next(t, last_addresses(t));
    return true;
}

static void on_no_more(struct prober_target *t, int error)
{
    if (retried(t))
        return;
    struct prober_conn *c = t->conn;
    if (error) {
        fail(t,
             c->got_bytes ? "connection lost within the reply" : "connection lost before a reply",
             error);
        return;
    }
    if (prober_reply_feed(t, NULL, 0) && c->complete)
        prober_end(t, prober_reply_judge(t));
    else
        fail(t, c->got_bytes ? "closed within the reply" : "closed without a reply", 0);
}

static void read_reply(struct prober_target *t, uint32_t events)
{
    static char shared[READ_BYTES];
    for (;;) {
        size_t n = 0;
        enum prober_io io = receive(t->conn, shared, sizeof shared, &n);
        if (io == PROBER_IO_AGAIN)
            return;
        if (io != PROBER_IO_DONE) {
            on_no_more(t, io == PROBER_IO_FAILED && !t->conn->ssl ? errno : 0);
            return;
        }
        t->conn->got_bytes = true;
        if (!prober_reply_feed(t, shared, n)) {
            fail(t, "the reply is not HTTP", 0);
            return;
        }
        if (t->conn->complete) {
            prober_end(t, prober_reply_judge(t));
            return;
        }
        /* Less than asked for means empty (epoll(7)), unless the end is already there as well. */
        if (!t->conn->ssl && n < sizeof shared && !(events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
            return;
    }
}

/* --- a request ------------------------------------------------------------------------------- */

static size_t write_request(const struct prober_target *t, char *to, size_t room)
{
    struct evac_str target = t->url.target;
    int n = snprintf(
        to, room, "GET %s%.*s HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: evac\r\nAccept: */*\r\n%s\r\n",
        target.n && target.p[0] == '/' ? "" : "/", EVAC_STR_ARG(target),
        EVAC_STR_ARG(t->url.authority), t->keep_alive ? "" : "Connection: close\r\n");
    return n > 0 && (size_t)n < room ? (size_t)n : 0; /* evac_prober_add() saw to it that it fits */
}

static enum prober_io transmit(struct prober_conn *c, const char *p, size_t n, size_t *ret_n)
{
    if (c->ssl)
        return prober_tls_write(c, p, n, ret_n);
    ssize_t sent;
    do
        sent = send(c->fd, p, n, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? PROBER_IO_AGAIN : PROBER_IO_FAILED;
    *ret_n = (size_t)sent;
    return PROBER_IO_DONE;
}

static void send_request(struct prober_target *t, uint32_t events)
{
    char request[PROBER_REQUEST_BYTES];
    size_t n = write_request(t, request, sizeof request);
    while (t->conn->sent < n) {
        size_t sent = 0;
        enum prober_io io = transmit(t->conn, request + t->conn->sent, n - t->conn->sent, &sent);
        if (io == PROBER_IO_AGAIN)
            return;
        if (io != PROBER_IO_DONE) {
            int error = t->conn->ssl ? 0 : errno;
            if (!retried(t))
                fail(t, "connection lost before the request was sent", error);
            return;
        }
        t->conn->sent += (uint32_t)sent;
    }
    t->stage = PROBER_READING;
    /* The edge of what is already there may have passed. */
    if (t->conn->ssl || (events & EPOLLIN))
        read_reply(t, events);
}

static void begin_request(struct prober_target *t, uint32_t events)
{
    prober_reply_begin(t);
    t->stage = PROBER_SENDING;
    prober_set_deadline(t, evac_boot_ms() + t->reply_ms);
    send_request(t, events & ~(uint32_t)EPOLLIN);
}

/* --- connecting ------------------------------------------------------------------------------ */

/* TCP and TLS: that is all there was to see. */
static void end_good(struct prober_target *t, uint32_t events)
{
    (void)events;
    prober_end(t, NULL);
}

const struct prober_kind prober_kinds[] = {
    [EVAC_PROBER_HTTP] = { true, prober_round_start, begin_request },
    [EVAC_PROBER_TCP] = { true, prober_round_start, end_good },
    [EVAC_PROBER_TLS] = { true, prober_round_start, end_good },
    [EVAC_PROBER_DNS] = { false, prober_ask_dns, NULL },
    [EVAC_PROBER_EXEC] = { false, prober_ask_exec, NULL },
    [EVAC_PROBER_ASKED] = { false, prober_ask_other, NULL },
};

static void shake(struct prober_target *t)
{
    switch (prober_tls_shake(t)) {
    case PROBER_IO_DONE:
        t->kind->ready(t, 0);
        return;
    case PROBER_IO_AGAIN:
        return;
    case PROBER_IO_CLOSED:
    case PROBER_IO_FAILED:
        prober_end(t, t->prober->reason);
        return;
    }
}

static void on_connected(struct prober_target *t, uint32_t events)
{
    if (!t->url.tls) {
        t->kind->ready(t, events);
        return;
    }
    t->stage = PROBER_SHAKING;
    if (prober_tls_begin(t))
        shake(t);
    else
        fail(t, "TLS can not be set up", 0);
}

static int open_conn(struct prober_target *t, const union evac_address *address)
{
    struct prober_conn *c = t->conn = take_conn(t->prober);
    evac_buf_init(&c->body, prober_body_bytes(t));
    c->peer = *address;
    evac_address_port(&c->peer, t->url.port);
    c->fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        return errno;
    /* The last packet of the handshake goes with what we say next: one packet less. */
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &(int){ 0 }, sizeof(int));
    if (connect(c->fd, &c->peer.any, (socklen_t)evac_address_bytes(&c->peer)) &&
        errno != EINPROGRESS)
        return errno;
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                 .data.u64 = (t->id & UINT32_MAX) << 32 | c->serial };
    return epoll_ctl(t->prober->epoll, EPOLL_CTL_ADD, c->fd, &event) ? errno : 0;
}

/* Within a round an answer does not grow too old. */
static const struct evac_addresses *last_addresses(struct prober_target *t)
{
    return evac_names_last(t->prober->names, t->url.host, t->resolver, evac_boot_ms());
}

/* For want of our own means: no verdict on the target. */
static bool is_own_fault(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
           error == EADDRNOTAVAIL || error == ENOSPC;
}

/* The next of the name's addresses, as a browser would try them. */
static void connect_next(struct prober_target *t, const struct evac_addresses *addresses)
{
    int error = EHOSTUNREACH;
    size_t count = addresses ? addresses->count : 0; /* none: they expired meanwhile */
    t->stage = PROBER_CONNECTING;
    while (t->attempt < count && t->attempt < ADDRESSES_TRIED) {
        error = open_conn(t, &addresses->list[t->attempt++]);
        if (error == 0)
            return;
        prober_conn_close(t);
        if (is_own_fault(error)) {
            prober_end_untold(t, strerror(error));
            return;
        }
    }
    fail(t, "can not connect", error);
}

static void on_connect_event(struct prober_target *t, uint32_t events)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (events & (EPOLLERR | EPOLLHUP))
        (void)getsockopt(t->conn->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0) {
        if (events & EPOLLOUT)
            on_connected(t, events);
        return;
    }
    const struct evac_addresses *addresses = last_addresses(t);
    prober_conn_close(t);
    if (addresses && t->attempt < addresses->count && t->attempt < ADDRESSES_TRIED)
        connect_next(t, addresses);
    else
        fail(t, "can not connect", error);
}

static bool is_among(const struct evac_addresses *addresses, const union evac_address *address)
{
    for (size_t i = 0; i < addresses->count; i++)
        if (evac_address_same(&addresses->list[i], address))
            return true;
    return false;
}

static void go(struct prober_target *t, const struct evac_addresses *addresses)
{
    t->stale_ms = addresses->stale_ms;
    /* A kept connection must not hide that the name points elsewhere by now, or that who is new is
     * shown another certificate. */
    if (t->conn &&
        (!is_among(addresses, &t->conn->peer) || (t->conn->ssl && !prober_tls_vouches(t))))
        prober_conn_close(t);
    if (t->conn) {
        t->conn->reused = true;
        begin_request(t, 0);
    } else {
        prober_set_deadline(t, t->started_us / 1000 + t->connect_ms);
        connect_next(t, addresses);
    }
}

/* --- the round ------------------------------------------------------------------------------- */

static void on_addresses(void *user, const struct evac_addresses *addresses)
{
    struct prober_target *t = user;
    struct evac_prober *prober = t->prober;
    if (addresses->count)
        go(t, addresses);
    else
        fail(t, addresses->error, 0);
    prober_start_queued(prober);
    prober_arm(prober);
}

static void ask_addresses(struct prober_target *t)
{
    struct evac_err err;
    t->waiter.fn = on_addresses;
    t->waiter.user = t;
    enum evac_code code =
        evac_names_ask(t->prober->names, t->url.host, t->resolver, &t->waiter, &err);
    if (code == EVAC_E_BUSY)
        prober_end_untold(t, err.text);
    else if (code)
        fail(t, err.text, 0);
}

void prober_round_start(struct prober_target *t)
{
    t->attempt = 0;
    if (t->conn) { /* kept: what it told last time is old */
        t->conn->status = 0;
        t->conn->served_by_n = 0;
    }
    t->started_us = evac_boot_us();
    t->stale_ms = 0;
    uint64_t now = t->started_us / 1000;
    const struct evac_addresses *addresses =
        evac_names_find(t->prober->names, t->url.host, t->resolver, now);
    t->stage = PROBER_RESOLVING;
    if (addresses) {
        go(t, addresses);
        return;
    }
    prober_set_deadline(t, now + (last_addresses(t) ? t->connect_ms / 2 : t->connect_ms));
    ask_addresses(t);
}

/* DNS is silent: is there an address of before? */
static bool went_stale(struct prober_target *t)
{
    const struct evac_addresses *addresses = last_addresses(t);
    uint64_t until = t->started_us / 1000 + t->connect_ms;
    if (t->stage != PROBER_RESOLVING || !addresses || evac_boot_ms() >= until)
        return false;
    evac_names_drop(&t->waiter);
    go(t, addresses);
    return true;
}

void prober_round_late(struct prober_target *t)
{
    if (t->stage == PROBER_ASKING) {
        prober_ask_late(t);
        return;
    }
    if (went_stale(t))
        return;
    static const char *const waited_for[] = {
        [PROBER_RESOLVING] = "no answer from DNS",
        [PROBER_CONNECTING] = "no connection",
        [PROBER_SHAKING] = "no TLS",
        [PROBER_SENDING] = "request not taken",
        [PROBER_READING] = "no reply",
    };
    char *reason = t->prober->reason;
    (void)snprintf(reason, sizeof t->prober->reason, "%s within %u ms", waited_for[t->stage],
                   t->stage < PROBER_SENDING ? t->connect_ms : t->reply_ms);
    if (t->stage == PROBER_READING && t->conn->got_bytes)
        (void)snprintf(reason, sizeof t->prober->reason, "reply not complete within %u ms",
                       t->reply_ms);
    evac_names_drop(&t->waiter);
    prober_end(t, reason);
}

void prober_round_event(struct prober_target *t, uint32_t events)
{
    if (events & EPOLLRDHUP)
        t->conn->hung_up = true;
    switch ((enum prober_stage)t->stage) {
    case PROBER_WAITING:
    case PROBER_QUEUED:
    case PROBER_RESOLVING:
    case PROBER_ASKING:
        /* A kept connection: whatever comes unasked, it is of no more use. */
        if (events & ~(uint32_t)EPOLLOUT)
            prober_conn_close(t);
        return;
    case PROBER_CONNECTING:
        on_connect_event(t, events);
        return;
    case PROBER_SHAKING:
        shake(t);
        return;
    case PROBER_SENDING:
        send_request(t, events);
        return;
    case PROBER_READING:
        read_reply(t, events);
        return;
    }
}
