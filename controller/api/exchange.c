/* One request, from its headers to the last byte of its answer. */
#include "server_internal.h"

#include "route.h"
#include "session.h"

#include "web.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define SETTLE_MS 30000u /* at the latest it is known what became of rows */

/* A page that the API gives, such as a report, shows itself and runs nothing. */
#define PAGE_CSP                                                                                   \
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "              \
    "form-action 'none'; frame-ancestors 'none'"

static struct exchange *new_exchange(struct conn *conn, struct lws *wsi)
{
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        abort();
    x->server = conn->listener->server;
    x->conn = conn;
    x->wsi = wsi;
    evac_buf_init(&x->path, 8192);
    evac_buf_init(&x->query, 8192);
    evac_buf_init(&x->body, BODY_MAX);
    evac_buf_init(&x->out, RESPONSE_MAX);
    for (size_t i = 0; i < HEADER_COUNT; i++)
        evac_buf_init(&x->headers[i], i == AUTHORIZATION ? BEARER_MAX : HEADER_MAX);
    x->refused = EVAC_PROBLEM_COUNT;
    conn->exchange = x;
    return x;
}

/* What came as a credential does not stay in freed memory. */
static void forget(struct evac_buf *buf)
{
    if (buf->p)
        OPENSSL_cleanse(buf->p, buf->cap);
    evac_buf_done(buf);
}

void exchange_free(struct exchange *x)
{
    if (!x)
        return;
    stream_end(x);
    if (x->holds)
        forget(&x->held.body);
    x->server->unsent -= x->told;
    x->conn->exchange = NULL;
    evac_identity_done(&x->who);
    evac_buf_done(&x->path);
    evac_buf_done(&x->query);
    evac_buf_done(&x->body);
    forget(&x->out);
    for (size_t i = 0; i < HEADER_COUNT; i++)
        forget(&x->headers[i]);
    OPENSSL_cleanse(x->set_cookie, sizeof x->set_cookie);
    free(x);
}

/* --- answers
 * ---------------------------------------------------------------------------------- */

/* Where response headers are written. */
struct head {
    struct lws *wsi;
    unsigned char *p, *end;
};

static bool put_header(void *user, const char *name, const char *value)
{
    struct head *h = user;
    return lws_add_http_header_by_name(h->wsi, (const unsigned char *)name,
                                       (const unsigned char *)value, (int)strlen(value), &h->p,
                                       h->end) == 0;
}

static bool put_own_headers(struct exchange *x, const struct evac_api_response *r, struct head *h)
{
    const struct {
        const char *name, *value;
    } headers[] = {
        { "content-type:", r->content_type },
        { "cache-control:", r->etag[0] ? "no-cache" : "no-store" },
        { "x-content-type-options:", "nosniff" },
        { "referrer-policy:", "no-referrer" },
        { "content-security-policy:", x->csp ? x->csp : PAGE_CSP },
        { "www-authenticate:", r->status != 401 ? NULL
                               : x->headers[AUTHORIZATION].n
                                   ? "Bearer realm=\"evac\", error=\"invalid_token\""
                                   : "Bearer realm=\"evac\"" },
        { "set-cookie:", x->set_cookie[0] ? x->set_cookie : NULL },
        { "connection:", x->close ? "close" : NULL },
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        if (headers[i].value && !put_header(h, headers[i].name, headers[i].value))
            return false;
    return true;
}

int exchange_send_headers(struct exchange *x, const struct evac_api_response *r, int64_t length)
{
    unsigned char buf[LWS_PRE + HEADER_MAX];
    struct head h = { x->wsi, buf + LWS_PRE, buf + sizeof buf - 1 };
    if (lws_add_http_header_status(x->wsi, (unsigned)r->status, &h.p, h.end) ||
        !put_own_headers(x, r, &h) || !evac_api_headers(r, put_header, &h))
        return -1;
    if (length >= 0 &&
        lws_add_http_header_content_length(x->wsi, (lws_filepos_t)length, &h.p, h.end))
        return -1;
    return lws_finalize_write_http_header(x->wsi, buf + LWS_PRE, &h.p, h.end) ? -1 : 0;
}

static int send_response(struct exchange *x, struct evac_api_response *response)
{
    int64_t length = (int64_t)response->body.n;
    if (x->head || response->status == 304)
        evac_buf_reset(&response->body);
    evac_buf_done(&x->out);
    x->out = response->body;
    x->answered = true;
    x->told = x->out.n;
    x->server->unsent += x->told;
    x->until_ms = server_now_ms(x->server) + server_patience_ms(x->server) +
                  x->out.n / (SLOWEST_BYTES / 1000);
    conn_wait(x->conn, server_patience_ms(x->server));
    if (exchange_send_headers(x, response, response->status == 304 ? -1 : length))
        return -1;
    lws_callback_on_writable(x->wsi);
    return 0;
}

/* What never came to the API is answered as the API answers. */
int exchange_refuse(struct exchange *x, enum evac_problem problem, const char *detail)
{
    struct evac_api_response response = { .status = 200, .instance = evac_buf_str(&x->path) };
    evac_buf_init(&response.body, RESPONSE_MAX);
    evac_problem(&response, problem, detail);
    if (x->retry_after_s)
        response.retry_after_s = x->retry_after_s;
    return send_response(x, &response);
}

/* 127.0.0.0/8 as IPv6 has it, or ::1, of which the last half is zero here. */
static bool is_loopback(const struct exchange *x)
{
    static const uint8_t v4[13] = { [10] = 0xff, [11] = 0xff, [12] = 127 }, v6[16] = { 0 };
    const uint8_t *own = x->conn->address.bytes;
    return x->conn->listener->conf &&
           (memcmp(own, v4, sizeof v4) == 0 || memcmp(own, v6, sizeof v6) == 0);
}

struct evac_api_request exchange_request(struct exchange *x)
{
    return (struct evac_api_request){ .method = x->method,
                                      .path = evac_buf_str(&x->path),
                                      .query = evac_buf_str(&x->query),
                                      .body = evac_buf_str(&x->body),
                                      .if_none_match = evac_buf_str(&x->headers[IF_NONE_MATCH]),
                                      .if_match = evac_buf_str(&x->headers[IF_MATCH]),
                                      .idempotency_key = evac_buf_str(&x->headers[IDEMPOTENCY_KEY]),
                                      .accept = evac_buf_str(&x->headers[ACCEPT]),
                                      .caller = x->who.caller,
                                      .loopback = is_loopback(x),
                                      .callers = evac_auth_counts(x->server->auth) };
}

static struct evac_shown shown_of(struct exchange *x)
{
    const struct evac_listen_conf *conf = x->conn->listener->conf;
    bool reads = strcmp(x->method, "GET") == 0 || strcmp(x->method, "OPTIONS") == 0;
    return (struct evac_shown){
        .fd = lws_get_socket_fd(x->wsi),
        .address = conf ? &x->conn->address : NULL,
        .ssl = x->conn->listener->tls ? lws_get_ssl(x->wsi) : NULL,
        .client_ca = conf && conf->client_ca.n,
        .authorization = evac_buf_str(&x->headers[AUTHORIZATION]),
        .cookie = evac_buf_str(&x->headers[COOKIE]),
        .origin = evac_buf_str(&x->headers[ORIGIN]),
        .host = evac_buf_str(&x->headers[HOST]),
        .fetch_site = evac_buf_str(&x->headers[FETCH_SITE]),
        .csrf = evac_buf_str(&x->headers[CSRF]),
        .changes = !reads,
        .method = evac_str(x->method),
        .path = evac_buf_str(&x->path),
    };
}

/* Nobody hears that something was done before it is durable: after a crash it would not have been.
 */
static int send_durable(struct exchange *x, const struct evac_api_response *response)
{
    x->held = *response;
    x->holds = true;
    x->ticket = evac_daemon_ticket(x->server->daemon);
    if (strcmp(x->method, "GET") == 0)
        x->ticket = (struct evac_ticket){ .seq = 0 };
    conn_wait(x->conn, SETTLE_MS);
    return exchange_settle(x);
}

static const char *why_lost(struct evac_daemon *daemon)
{
    return evac_daemon_leader(daemon).shared
               ? "the lead was lost while the journal was written"
               : "the journal could not be written; the trouble is in evac status";
}

static int answer(struct exchange *x);

int exchange_settle(struct exchange *x)
{
    enum evac_settled settled = evac_daemon_settled(x->server->daemon, &x->ticket);
    if (settled == EVAC_SETTLED_NOT_YET)
        return 0;
    if (x->behind_rows)
        return answer(x);
    x->holds = false;
    if (settled == EVAC_SETTLED_LOST)
        evac_problem(&x->held, EVAC_PROBLEM_UNSETTLED, why_lost(x->server->daemon));
    return send_response(x, &x->held);
}

/* New rows may come while it waits for the last ones: there is one limit for all. */
static bool comes_behind_rows(struct exchange *x)
{
    const struct evac_api_request request = exchange_request(x);
    bool waited = x->behind_rows;
    x->behind_rows = false;
    if (!evac_api_comes_behind(&request))
        return false;
    evac_daemon_commit(x->server->daemon);
    x->ticket = evac_daemon_ticket(x->server->daemon);
    x->behind_rows = x->ticket.seq != 0;
    if (x->behind_rows && !waited)
        conn_wait(x->conn, SETTLE_MS);
    return x->behind_rows;
}

static int answer(struct exchange *x)
{
    struct evac_api_response response = { .status = 200 };
    if (comes_behind_rows(x))
        return 0;
    evac_buf_init(&response.body, RESPONSE_MAX);
    const struct evac_api_request request = exchange_request(x);
    if (evac_api_handle(x->server->daemon, &request, &response) || session_answer(x, &response)) {
        if (response.forbidden[0]) {
            const struct evac_shown shown = shown_of(x);
            evac_auth_forbidden(x->server->auth, &shown, x->who.caller.who, response.forbidden);
        }
        return send_durable(x, &response);
    }
    evac_buf_done(&response.body);
    return stream_begin(x);
}

static bool is_asset(const struct exchange *x)
{
    static const char *const api[] = { "/v1", "/healthz", "/readyz", "/metrics" };
    struct evac_str path = evac_buf_str(&x->path);
    for (size_t i = 0; i < sizeof api / sizeof api[0]; i++)
        if (evac_str_starts(path, api[i]))
            return false;
    return strcmp(x->method, "GET") == 0;
}

/* The dashboard is no secret: what it shows is asked for by whoever looks at it. */
static int answer_asset(struct exchange *x)
{
    struct evac_web_asset asset;
    struct evac_str known = evac_buf_str(&x->headers[IF_NONE_MATCH]);
    struct evac_api_response response = { .status = 200 };
    if (!evac_web_asset(evac_buf_str(&x->path), &asset))
        return exchange_refuse(x, EVAC_PROBLEM_NOT_FOUND,
                               "the dashboard is at /, the API below /v1");
    evac_buf_init(&response.body, RESPONSE_MAX);
    response.content_type = asset.content_type;
    (void)evac_str_copy(response.etag, sizeof response.etag, evac_str(asset.etag));
    x->csp = asset.csp;
    if (known.n && evac_str_has(known, asset.etag))
        response.status = 304;
    else
        evac_buf_put(&response.body, asset.bytes, asset.n);
    return send_response(x, &response);
}

/* --- the request
 * ------------------------------------------------------------------------------ */

static void refuse_later(struct exchange *x, enum evac_problem problem, const char *why)
{
    if (x->refused != EVAC_PROBLEM_COUNT)
        return;
    x->refused = problem;
    x->refused_why = why;
}

static int copy_header(struct lws *wsi, enum lws_token_indexes token, struct evac_buf *out)
{
    int n = lws_hdr_total_length(wsi, token);
    char text[BEARER_MAX];
    if (n <= 0 || (size_t)n >= sizeof text)
        return n <= 0 ? 0 : -1;
    if (lws_hdr_copy(wsi, text, sizeof text, token) < 0)
        return -1;
    evac_buf_put(out, text, (size_t)n);
    OPENSSL_cleanse(text, (size_t)n);
    return out->failed ? -1 : n;
}

static void copy_query(struct lws *wsi, struct evac_buf *out)
{
    char part[1024];
    for (int i = 0; lws_hdr_copy_fragment(wsi, part, sizeof part, WSI_TOKEN_HTTP_URI_ARGS, i) > 0;
         i++) {
        if (i)
            evac_buf_putc(out, '&');
        evac_buf_puts(out, part);
    }
}

static const struct {
    enum lws_token_indexes token;
    const char *name;
} methods[] = {
    { WSI_TOKEN_GET_URI, "GET" },       { WSI_TOKEN_POST_URI, "POST" },
    { WSI_TOKEN_HEAD_URI, "HEAD" },     { WSI_TOKEN_OPTIONS_URI, "OPTIONS" },
    { WSI_TOKEN_PUT_URI, "PUT" },       { WSI_TOKEN_PATCH_URI, "PATCH" },
    { WSI_TOKEN_DELETE_URI, "DELETE" },
};

/* The method and the path; an address that is too long is left empty. */
static void read_line(struct lws *wsi, struct exchange *x)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (lws_hdr_total_length(wsi, methods[i].token) > 0) {
            (void)evac_str_copy(x->method, sizeof x->method, evac_str(methods[i].name));
            if (copy_header(wsi, methods[i].token, &x->path) < 0)
                refuse_later(x, EVAC_PROBLEM_URI_TOO_LONG, "an address may have 8 KiB");
        }
    x->head = strcmp(x->method, "HEAD") == 0;
    if (x->head)
        (void)evac_str_copy(x->method, sizeof x->method, EVAC_STR("GET"));
}

static bool copy_custom(struct lws *wsi, const char *name, struct evac_buf *out)
{
    char text[HEADER_MAX];
    int have = lws_hdr_custom_length(wsi, name, (int)strlen(name));
    if (have <= 0)
        return true;
    int n = lws_hdr_custom_copy(wsi, text, sizeof text, name, (int)strlen(name));
    if (n > 0)
        evac_buf_put(out, text, (size_t)n);
    return n >= 0;
}

static void read_headers(struct lws *wsi, struct exchange *x)
{
    static const struct {
        enum lws_token_indexes token;
        int header;
    } known[] = { { WSI_TOKEN_HTTP_IF_NONE_MATCH, IF_NONE_MATCH },
                  { WSI_TOKEN_HTTP_IF_MATCH, IF_MATCH },
                  { WSI_TOKEN_HTTP_ACCEPT, ACCEPT },
                  { WSI_TOKEN_HTTP_AUTHORIZATION, AUTHORIZATION },
                  { WSI_TOKEN_HTTP_COOKIE, COOKIE },
                  { WSI_TOKEN_HOST, HOST },
                  { WSI_TOKEN_ORIGIN, ORIGIN } };
    static const struct {
        const char *name;
        int header;
    } custom[] = { { "idempotency-key:", IDEMPOTENCY_KEY },
                   { "x-evac-csrf:", CSRF },
                   { "sec-fetch-site:", FETCH_SITE },
                   { "last-event-id:", LAST_EVENT_ID } };
    bool good = true;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        good = copy_header(wsi, known[i].token, &x->headers[known[i].header]) >= 0 && good;
    for (size_t i = 0; i < sizeof custom / sizeof custom[0]; i++)
        good = copy_custom(wsi, custom[i].name, &x->headers[custom[i].header]) && good;
    if (!good)
        refuse_later(x, EVAC_PROBLEM_HEADERS_TOO_LARGE,
                     "a header may have 4 KiB, Authorization 16 KiB");
}

/* How long the body will be; 0 none. What can not be told where it ends is not read at all: its
 * rest would be taken for another request. */
static size_t read_length(struct lws *wsi, struct exchange *x)
{
    char text[24] = "";
    int64_t length = 0;
    bool has = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0;
    bool good = !has || (lws_hdr_copy(wsi, text, sizeof text, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0 &&
                         evac_str_i64(evac_str(text), &length) && length >= 0);
    if (!good || lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
        refuse_later(x, EVAC_PROBLEM_BAD_REQUEST,
                     "a body needs one Content-Length, and no Transfer-Encoding");
    else if (length > (int64_t)BODY_MAX)
        refuse_later(x, EVAC_PROBLEM_TOO_LARGE, "a body may have 1 MiB");
    else if (length && strcmp(x->method, "GET") == 0)
        refuse_later(x, EVAC_PROBLEM_BAD_REQUEST, "GET and HEAD have no body");
    else
        return (size_t)length;
    x->close = true;
    return 0;
}

/* --- may it
 * ----------------------------------------------------------------------------------- */

static void limit(struct exchange *x)
{
    struct evac_api_server *server = x->server;
    if (!x->conn->listener->conf)
        return;
    x->retry_after_s = evac_auth_rate(server->auth, &x->conn->address);
    if (x->retry_after_s)
        refuse_later(x, EVAC_PROBLEM_TOO_MANY_REQUESTS, "more than api.rate allows an address");
    if (server->unsent <= UNSENT_MAX)
        return;
    x->retry_after_s = 1;
    refuse_later(x, EVAC_PROBLEM_OVERLOADED, "too many answers wait for their readers");
}

static void recognise(struct exchange *x)
{
    x->waits = false;
    const struct evac_shown shown = shown_of(x);
    switch (evac_auth_who(x->server->auth, &shown, &x->who)) {
    case EVAC_KNOWN:
        return;
    case EVAC_KNOWN_BLOCKED:
        x->retry_after_s = evac_auth_blocked_s(x->server->auth, &x->conn->address);
        refuse_later(x, EVAC_PROBLEM_TOO_MANY_REQUESTS,
                     "ten wrong credentials came from this address within a minute");
        return;
    case EVAC_KNOWN_FORGED:
        refuse_later(x, EVAC_PROBLEM_FORBIDDEN,
                     "a session's request that changes something needs the header X-Evac-CSRF, and "
                     "must come from the dashboard itself");
        return;
    case EVAC_KNOWN_WRONG:
        if (shown.cookie.n && !shown.authorization.n)
            session_forget(x);
        refuse_later(x, EVAC_PROBLEM_UNAUTHENTICATED,
                     "the credential is none, or has expired, or was revoked");
        return;
    case EVAC_KNOWN_LATER:
        x->waits = true;
        return;
    case EVAC_KNOWN_UNSURE:
        refuse_later(
            x, EVAC_PROBLEM_UNAUTHENTICATED,
            "the identity provider's keys can not be fetched: use an API token or the unix "
            "socket");
        return;
    case EVAC_KNOWN_NOT:
        break;
    }
    refuse_later(x, EVAC_PROBLEM_UNAUTHENTICATED,
                 "send Authorization: Bearer TOKEN ('evac token create' makes one), or a client "
                 "certificate");
}

static int go_on(struct exchange *x)
{
    if (x->waits)
        return 0;
    if (x->refused != EVAC_PROBLEM_COUNT)
        return exchange_refuse(x, x->refused, x->refused_why);
    if (is_asset(x))
        return answer_asset(x);
    return answer(x);
}

/* A load balancer has no credential. */
static bool is_for_everybody(const struct exchange *x)
{
    struct evac_str vars[API_VARS_MAX];
    bool there;
    const struct evac_route *route =
        evac_route_find(x->method, evac_buf_str(&x->path), vars, &there);
    return is_asset(x) || (route && evac_route_is_open(route, evac_daemon_model(x->server->daemon),
                                                       is_loopback(x)));
}

/*
 * One request at a time. What libwebsockets (4.1) has read beyond a request, it begins with at
 * once: it calls again for the request that waits for its answer; and of the next request it takes
 * the headers for the body, then turns in a circle without end. So a connection on which more came
 * before the answer had left ends behind that answer (RFC 9112, 9.3.2: what was not answered may be
 * sent again).
 */
static int more_came(struct exchange *x)
{
    x->close = true;
    return ++x->beyond > BEYOND_MAX ? -1 : 0;
}

/* The library does not say whether it has read more. But nothing else leaves it something to do at
 * once, and that it does say. */
static bool more_was_read(struct lws *wsi)
{
    return lws_service_adjust_timeout(lws_get_context(wsi), 1, 0) == 0;
}

int exchange_begin(struct conn *conn, struct lws *wsi)
{
    if (conn->exchange)
        return more_came(conn->exchange);
    struct exchange *x = new_exchange(conn, wsi);
    conn->asked = true;
    x->server->asked_ms = server_now_ms(x->server);
    conn_wait(conn, server_patience_ms(x->server));
    read_line(wsi, x);
    read_headers(wsi, x);
    copy_query(wsi, &x->query);
    x->length = read_length(wsi, x);
    limit(x);
    if (is_for_everybody(x))
        evac_identity_nobody(&x->who);
    else if (x->refused == EVAC_PROBLEM_COUNT)
        recognise(x);
    x->whole = x->length == 0;
    return x->whole ? go_on(x) : 0;
}

int exchange_resume(struct exchange *x)
{
    recognise(x);
    return x->whole ? go_on(x) : 0;
}

/* Of what is refused the body is read and dropped: a connection that is closed with bytes unread
 * takes the answer with it. */
int exchange_body(struct exchange *x, const void *p, size_t n)
{
    if (x->refused == EVAC_PROBLEM_COUNT)
        evac_buf_put(&x->body, p, n);
    return 0;
}

int exchange_body_end(struct exchange *x)
{
    if (x->whole) /* the library also tells the end of a body that is none */
        return x->length ? more_came(x) : 0;
    x->whole = true;
    if (x->body.failed)
        refuse_later(x, EVAC_PROBLEM_TOO_LARGE, "a body may have 1 MiB");
    return go_on(x);
}

int exchange_write(struct exchange *x)
{
    unsigned char buf[LWS_PRE + CHUNK];
    struct conn *conn = x->conn;
    size_t left = x->out.n - x->sent, n = left < CHUNK ? left : CHUNK;
    bool last = n == left, close = x->close;
    if (!x->answered)
        return 0;
    if (x->stream)
        return stream_write(x);
    if (n)
        memcpy(buf + LWS_PRE, x->out.p + x->sent, n);
    if (lws_write(x->wsi, buf + LWS_PRE, n, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < (int)n)
        return -1;
    x->sent += n;
    conn_wait(conn, server_patience_ms(x->server));
    if (!last) {
        lws_callback_on_writable(x->wsi);
        return 0;
    }
    struct lws *wsi = x->wsi;
    exchange_free(x);
    conn_wait(conn, IDLE_MS);
    return close || more_was_read(wsi) || lws_http_transaction_completed(wsi) ? -1 : 0;
}
