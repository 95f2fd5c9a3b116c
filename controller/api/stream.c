/*
 * Events: the journal's rows, as they are written, and those that a reader has missed. A reader
 * that comes back sends the number of the last row that it has; it gets those since from the
 * journal, in portions, so that neither a long absence nor a slow reader costs memory.
 */
#include "server_internal.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define PORTION 200u /* rows of the journal at once */

void stream_end(struct exchange *x)
{
    if (!x->stream)
        return;
    for (struct exchange **at = &x->server->streams; *at; at = &(*at)->next)
        if (*at == x) {
            *at = x->next;
            x->server->stream_count--;
            break;
        }
    x->stream = false;
}

static bool is_wanted(const struct exchange *x, const struct evac_record *r)
{
    return (!x->filter.run || r->run == x->filter.run) &&
           (!x->filter.app.n || evac_str_eq(r->app, x->filter.app));
}

/* --- what was missed
 * -------------------------------------------------------------------------- */

struct portion {
    struct exchange *x;
    uint64_t last;
    size_t count;
};

static bool put_old(void *user, const struct evac_row *row)
{
    struct portion *p = user;
    evac_api_event(&row->record, &p->x->out);
    p->last = row->record.seq;
    p->count++;
    return !p->x->out.failed && p->x->out.n < STREAM_MAX / 2;
}

/* Those that were written while it caught up are in the journal too: only when nothing is left
 * there does it hear them as they come. */
static void catch_up(struct exchange *x)
{
    struct evac_store *store = evac_daemon_store(x->server->daemon);
    struct portion p = { x, x->behind, 0 };
    if (!x->behind || !store)
        return;
    struct evac_store_filter filter = x->filter;
    filter.after_seq = x->behind - 1;
    filter.limit = PORTION;
    uint64_t newest = store->vt->last_seq(store);
    if (store->vt->read(store, &filter, put_old, &p, NULL))
        return;
    bool all = p.count < PORTION && x->out.n < STREAM_MAX / 2;
    x->behind = all ? 0 : p.last + 1;
    if (all && newest > p.last) /* others' rows: what is skipped is skipped for ever */
        evac_buf_putf(&x->out, "id: %llu\n\n", (unsigned long long)newest);
}

/* --- its life
 * --------------------------------------------------------------------------------- */

static bool read_wish(struct exchange *x)
{
    char number[32];
    int64_t after = -1, run = 0;
    struct evac_str query = evac_buf_str(&x->query);
    struct evac_store *store = evac_daemon_store(x->server->daemon);
    struct evac_str last = evac_buf_str(&x->headers[LAST_EVENT_ID]);
    struct evac_str text = last.n ? last : evac_api_query(query, "after", number, sizeof number);
    if (text.n && (!evac_str_i64(text, &after) || after < 0))
        return false;
    text = evac_api_query(query, "run", number, sizeof number);
    if (text.n && (!evac_str_i64(text, &run) || run <= 0))
        return false;
    x->filter.run = (uint64_t)run;
    x->filter.app = evac_api_query(query, "app", x->app, sizeof x->app);
    if (after >= 0 && (uint64_t)after < store->vt->last_seq(store))
        x->behind = (uint64_t)after + 1;
    return true;
}

static void enlist(struct exchange *x)
{
    x->stream = x->answered = true;
    x->next = x->server->streams;
    x->server->streams = x;
    x->server->stream_count++;
}

static void drop(struct exchange *x)
{
    x->conn->doomed = true;
    lws_set_timeout(x->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

/* A reader sends nothing more, so the library does not look at what comes: that it is gone would
 * show at the next write only. One that closed its half of the connection is gone too. */
static bool is_gone(const struct exchange *x)
{
    struct pollfd fd = { .fd = lws_get_socket_fd(x->wsi), .events = POLLRDHUP };
    return fd.fd >= 0 && poll(&fd, 1, 0) > 0 && (fd.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

void stream_let_go(struct evac_api_server *server)
{
    for (struct exchange *x = server->streams, *next; x; x = next) {
        next = x->next;
        if (!is_gone(x))
            continue;
        drop(x);
        stream_end(x);
    }
}

/* One in four is the unix socket's own. */
static bool is_full(const struct exchange *x)
{
    size_t max = x->conn->listener->conf ? STREAMS_MAX / 4 * 3 : STREAMS_MAX;
    return x->server->stream_count >= max;
}

/* HEAD: what would be sent, which is nothing yet. */
static int only_headers(struct exchange *x, const struct evac_api_response *response)
{
    x->answered = true;
    if (exchange_send_headers(x, response, 0))
        return -1;
    lws_callback_on_writable(x->wsi);
    return 0;
}

int stream_begin(struct exchange *x)
{
    struct evac_api_response response = { .status = 200, .content_type = "text/event-stream" };
    x->retry_after_s = 5;
    if (!evac_daemon_store(x->server->daemon))
        return exchange_refuse(x, EVAC_PROBLEM_IN_TROUBLE, evac_daemon_trouble(x->server->daemon));
    if (is_full(x))
        stream_let_go(x->server);
    if (is_full(x))
        return exchange_refuse(x, EVAC_PROBLEM_OVERLOADED, "too many streams of events are open");
    x->retry_after_s = 0;
    if (!read_wish(x))
        return exchange_refuse(x, EVAC_PROBLEM_BAD_REQUEST,
                               "Last-Event-ID and after are the number of a row, run that of a "
                               "run");
    if (x->head)
        return only_headers(x, &response);
    enlist(x);
    x->beat_ms = server_now_ms(x->server) + HEARTBEAT_MS;
    conn_wait(x->conn, UINT64_MAX);
    if (exchange_send_headers(x, &response, -1))
        return -1;
    lws_set_timeout(x->wsi, NO_PENDING_TIMEOUT, 0);
    evac_buf_puts(&x->out, "retry: 2000\n: evac\n\n");
    catch_up(x);
    lws_callback_on_writable(x->wsi);
    return 0;
}

/* What waits to be sent is waited for; nothing else is. */
static void put(struct exchange *x)
{
    if (x->out.n == x->sent)
        return;
    if (x->conn->limit_ms == UINT64_MAX)
        conn_wait(x->conn, server_patience_ms(x->server));
    lws_callback_on_writable(x->wsi);
}

void stream_row(struct evac_api_server *server, const struct evac_record *record)
{
    for (struct exchange *x = server->streams; x; x = x->next) {
        if (x->conn->doomed || x->behind || !is_wanted(x, record))
            continue;
        if (x->out.n - x->sent >
            STREAM_MAX) { /* it comes back, and finds the rest in the journal */
            drop(x);
            continue;
        }
        evac_api_event(record, &x->out);
        put(x);
    }
}

void stream_beat(struct exchange *x, uint64_t now_ms)
{
    if (x->conn->doomed)
        return;
    if (!evac_identity_stands(x->server->auth, &x->who)) {
        drop(x);
        return;
    }
    if (x->behind && x->sent == x->out.n) {
        catch_up(x);
        put(x);
    }
    if (now_ms < x->beat_ms)
        return;
    x->beat_ms = now_ms + HEARTBEAT_MS;
    if (x->out.n == x->sent)
        evac_buf_puts(&x->out, ": beat\n\n");
    put(x);
}

int stream_write(struct exchange *x)
{
    unsigned char buf[LWS_PRE + CHUNK];
    size_t left = x->out.n - x->sent, n = left < CHUNK ? left : CHUNK;
    if (n == 0)
        return 0;
    memcpy(buf + LWS_PRE, x->out.p + x->sent, n);
    if (lws_write(x->wsi, buf + LWS_PRE, n, LWS_WRITE_HTTP) < (int)n)
        return -1;
    x->sent += n;
    conn_wait(x->conn, server_patience_ms(x->server));
    if (x->sent == x->out.n) {
        evac_buf_reset(&x->out);
        x->sent = 0;
        catch_up(x);
    }
    if (x->out.n == 0)
        conn_wait(x->conn, UINT64_MAX);
    else
        lws_callback_on_writable(x->wsi);
    return 0;
}
