/* A connection's requests, one at a time: what comes while one is answered waits. */
#include "door_http.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define IDLE_MS      65000u
#define REQUEST_MS   20000u
#define WRITE_MS     20000u
#define MUTE_MS      120000u
#define LOCAL_HEADER "x-evac-sandbox-local"

static void answer(struct door_conn *c);

static void on_timer(uv_timer_t *timer);

static void set_stage(struct door_conn *c, enum door_stage stage, uint64_t limit_ms)
{
    c->stage = stage;
    uv_timer_start(&c->timer, on_timer, limit_ms, 0);
}

/* --- the parser's calls: text comes in pieces ------------------------------------------------ */

/* Adds to a span that ends where conn->head ends. */
static int extend(struct door_conn *c, struct door_span *span, bool begins, const char *p, size_t n)
{
    if (begins)
        span->at = (uint32_t)c->head.n;
    evac_buf_put(&c->head, p, n);
    span->n = (uint32_t)c->head.n - span->at;
    if (c->head.failed)
        c->refuse_status = 431;
    return c->head.failed ? -1 : 0;
}

static int on_begin(http_parser *parser)
{
    struct door_conn *c = parser->data;
    set_stage(c, DOOR_READING, REQUEST_MS);
    return 0;
}

static int on_url(http_parser *parser, const char *p, size_t n)
{
    struct door_conn *c = parser->data;
    return extend(c, &c->target, c->target.n == 0, p, n);
}

static int on_field(http_parser *parser, const char *p, size_t n)
{
    struct door_conn *c = parser->data;
    bool begins = c->header_count == 0 || c->in_value;
    if (begins && c->header_count == DOOR_HEADERS_MAX) {
        c->refuse_status = 431;
        return -1;
    }
    if (begins) {
        c->header_count++;
        c->values[c->header_count - 1] = (struct door_span){ 0, 0 };
    }
    c->in_value = false;
    return extend(c, &c->names[c->header_count - 1], begins, p, n);
}

static int on_value(http_parser *parser, const char *p, size_t n)
{
    struct door_conn *c = parser->data;
    bool begins = !c->in_value;
    c->in_value = true;
    return extend(c, &c->values[c->header_count - 1], begins, p, n);
}

static struct evac_str text_of(const struct door_conn *c, struct door_span span)
{
    return (struct evac_str){ span.n ? c->head.p + span.at : "", span.n };
}

static struct evac_str find_header(const struct door_conn *c, const char *name)
{
    for (size_t i = 0; i < c->header_count; i++)
        if (c->names[i].n == strlen(name) &&
            strncasecmp(c->head.p + c->names[i].at, name, c->names[i].n) == 0)
            return text_of(c, c->values[i]);
    return EVAC_STR_NONE;
}

static int on_headers(http_parser *parser)
{
    struct door_conn *c = parser->data;
    uv_buf_t go_on = uv_buf_init((char[]){ "HTTP/1.1 100 Continue\r\n\r\n" }, 25);
    if (parser->method == HTTP_CONNECT)
        c->refuse_status = 405;
    if ((parser->flags & F_CONTENTLENGTH) && parser->content_length > DOOR_BODY_MAX_BYTES)
        c->refuse_status = 413;
    if (c->refuse_status)
        return -1;
    parser->upgrade = 0; /* we speak nothing else */
    struct evac_str expect = find_header(c, "expect");
    if (expect.n == 12 && strncasecmp(expect.p, "100-continue", 12) == 0)
        (void)uv_try_write((uv_stream_t *)&c->tcp, &go_on, 1);
    return 0;
}

static int on_body(http_parser *parser, const char *p, size_t n)
{
    struct door_conn *c = parser->data;
    evac_buf_put(&c->body, p, n);
    if (c->body.failed)
        c->refuse_status = 413;
    return c->body.failed ? -1 : 0;
}

static int on_complete(http_parser *parser)
{
    struct door_conn *c = parser->data;
    c->complete = true;
    c->keep = http_should_keep_alive(parser) != 0;
    http_parser_pause(parser, 1);
    return 0;
}

static const http_parser_settings settings = {
    .on_message_begin = on_begin,
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_headers,
    .on_body = on_body,
    .on_message_complete = on_complete,
};

static void next_request(struct door_conn *c)
{
    evac_buf_reset(&c->head);
    evac_buf_done(&c->body);
    evac_buf_done(&c->out);
    c->target = (struct door_span){ 0, 0 };
    c->header_count = 0;
    c->in_value = c->complete = c->keep = false;
    c->refuse_status = 0;
    set_stage(c, DOOR_IDLE, IDLE_MS);
}

void door_conn_begin(struct door_conn *conn)
{
    http_parser_init(&conn->parser, HTTP_REQUEST);
    conn->parser.data = conn;
    next_request(conn);
}

void door_conn_feed(struct door_conn *conn, const char *p, size_t n)
{
    if (conn->stage == DOOR_MUTE)
        return;
    size_t used = http_parser_execute(&conn->parser, &settings, p, n);
    if (conn->complete) {
        evac_buf_put(&conn->ahead, p + used, n - used);
        if (conn->ahead.failed) {
            door_conn_close(conn, false);
            return;
        }
        http_parser_pause(&conn->parser, 0);
    } else if (HTTP_PARSER_ERRNO(&conn->parser) != HPE_OK || used != n) {
        conn->refuse_status = conn->refuse_status ? conn->refuse_status
                              : HTTP_PARSER_ERRNO(&conn->parser) == HPE_HEADER_OVERFLOW ? 431
                                                                                        : 400;
    } else {
        return;
    }
    door_conn_pause(conn);
    answer(conn);
}

/* --- the answer ------------------------------------------------------------------------------ */

/* The next request may be here already. */
static void after_reply(struct door_conn *c)
{
    if (!c->keep) {
        door_conn_close(c, false);
        return;
    }
    next_request(c);
    struct evac_buf ahead = c->ahead;
    evac_buf_init(&c->ahead, ahead.max_bytes);
    door_conn_read(c);
    if (ahead.n)
        door_conn_feed(c, ahead.p, ahead.n);
    evac_buf_done(&ahead);
}

static void on_written(uv_write_t *write, int status)
{
    struct door_conn *c = write->data;
    c->writing = false;
    if (!c->at)
        return;
    if (status < 0)
        door_conn_close(c, false);
    else
        after_reply(c);
}

static void write_reply(struct door_conn *c)
{
    uv_buf_t out = uv_buf_init(c->out.p, (unsigned)c->out.n);
    set_stage(c, DOOR_WRITING, WRITE_MS);
    c->write.data = c;
    c->writing = true;
    if (uv_write(&c->write, (uv_stream_t *)&c->tcp, &out, 1, on_written))
        door_conn_close(c, false);
}

static void on_timer(uv_timer_t *timer)
{
    struct door_conn *c = timer->data;
    if (c->stage == DOOR_DELAYING)
        write_reply(c);
    else
        door_conn_close(c, false);
}

static const char *phrase(int status)
{
    return http_status_str((enum http_status)status);
}

static bool is_header(struct evac_str name, const char *wanted)
{
    return name.n == strlen(wanted) && strncasecmp(name.p, wanted, name.n) == 0;
}

static void put_date(struct evac_buf *out)
{
    char text[64] = "";
    struct tm utc;
    time_t now = time(NULL);
    if (gmtime_r(&now, &utc))
        strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    evac_buf_putf(out, "Date: %s\r\n", text);
}

/* What the model says stands; what HTTP needs and the model left out is added. */
static void put_head(struct door_conn *c, const struct evac_sandbox_reply *reply)
{
    bool has_length = false, has_date = false;
    evac_buf_putf(&c->out, "HTTP/1.1 %d %s\r\n", reply->status, phrase(reply->status));
    for (size_t i = 0; i < reply->header_count; i++) {
        const struct evac_http_header *h = &reply->headers[i];
        has_length |= is_header(h->name, "content-length");
        has_date |= is_header(h->name, "date");
        evac_buf_putf(&c->out, "%.*s: %.*s\r\n", EVAC_STR_ARG(h->name), EVAC_STR_ARG(h->value));
    }
    if (reply->content_type.n)
        evac_buf_putf(&c->out, "Content-Type: %.*s\r\n", EVAC_STR_ARG(reply->content_type));
    if (!has_length && reply->status != 204 && reply->status != 304)
        evac_buf_putf(&c->out, "Content-Length: %zu\r\n", reply->body.n);
    if (!has_date)
        put_date(&c->out);
    evac_buf_putf(&c->out, "Connection: %s\r\n\r\n", c->keep ? "keep-alive" : "close");
}

static void make_reply(struct door_conn *c, const struct evac_sandbox_reply *reply)
{
    put_head(c, reply);
    if (c->parser.method != HTTP_HEAD && reply->status != 204 && reply->status != 304)
        evac_buf_put(&c->out, reply->body.p, reply->body.n);
    if (c->out.failed) {
        door_conn_close(c, false);
        return;
    }
    if (reply->delay_ms)
        set_stage(c, DOOR_DELAYING, reply->delay_ms);
    else
        write_reply(c);
}

static void make_refusal(struct door_conn *c)
{
    struct evac_sandbox_reply reply = { .status = c->refuse_status,
                                        .content_type = EVAC_STR("text/plain") };
    c->keep = false;
    evac_buf_init(&reply.body, 256);
    evac_buf_putf(&reply.body, "%d %s\n", reply.status, phrase(reply.status));
    make_reply(c, &reply);
    evac_buf_done(&reply.body);
}

static void do_fate(struct door_conn *c, const struct evac_sandbox_reply *reply)
{
    switch (reply->fate) {
    case EVAC_SANDBOX_REPLY:
        make_reply(c, reply);
        return;
    case EVAC_SANDBOX_REFUSE:
        door_conn_close(c, true);
        return;
    case EVAC_SANDBOX_BLACKHOLE:
        set_stage(c, DOOR_MUTE, MUTE_MS);
        door_conn_read(c); /* to notice when the client gives up */
        return;
    case EVAC_SANDBOX_LOSE:
        door_conn_close(c, false);
        return;
    }
}

/* The headers as they came, and the address that it came in on: never a client's word for that. */
static size_t copy_headers(const struct door_conn *c, struct evac_http_header *headers)
{
    size_t n = 0;
    headers[n++] = (struct evac_http_header){ EVAC_STR(LOCAL_HEADER), evac_str(c->local) };
    for (size_t i = 0; i < c->header_count; i++) {
        struct evac_str name = text_of(c, c->names[i]);
        if (!is_header(name, LOCAL_HEADER))
            headers[n++] = (struct evac_http_header){ name, text_of(c, c->values[i]) };
    }
    return n;
}

static void answer(struct door_conn *c)
{
    struct evac_http_header headers[DOOR_HEADERS_MAX + 1];
    struct evac_sandbox_reply reply = { .fate = EVAC_SANDBOX_REPLY, .status = 500 };
    if (c->refuse_status) {
        make_refusal(c);
        return;
    }
    struct evac_http_request request = {
        .method = evac_str(http_method_str((enum http_method)c->parser.method)),
        .url = text_of(c, c->target),
        .headers = headers,
        .header_count = copy_headers(c, headers),
        .body = evac_buf_str(&c->body),
    };
    evac_buf_init(&reply.body, DOOR_REPLY_MAX_BYTES);
    door_advance(c->door);
    evac_sandbox_http(c->door->sandbox, &request, &reply);
    evac_log(EVAC_LOG_DEBUG, "request", "at=%s method=%.*s target=\"%.*s\" fate=%d status=%d",
             c->local, EVAC_STR_ARG(request.method), EVAC_STR_ARG(request.url), (int)reply.fate,
             reply.status);
    door_rearm(c->door);
    do_fate(c, &reply);
    evac_buf_done(&reply.body);
}
