/*
 * What libwebsockets' parser takes for no HTTP: a method that it does not know, or no HTTP at all.
 * It hands the bytes over as they are (LWS_SERVER_OPTION_FALLBACK_TO_APPLY_LISTEN_ACCEPT_CONFIG),
 * and what is answered is written as it is: the same problem document that the API would give. One
 * answer, then nothing more is read, and the sweep ends the connection when its reader does not.
 */
#include "server_internal.h"

#include <string.h>

#define HEAD_MAX 1024u

/* "BREW /v1/status HTTP/1.1" */
struct line {
    struct evac_str method, path;
};

static bool is_token(struct evac_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'A' && s.p[i] <= 'Z') || s.p[i] == '-'))
            return false;
    return s.n > 0 && s.n < 32;
}

static bool read_line(struct evac_str text, struct line *ret)
{
    struct evac_str rest, version, line = evac_str_cut(text, '\n', &rest);
    ret->method = evac_str_cut(line, ' ', &version);
    struct evac_str query, target = evac_str_cut(version, ' ', &version);
    ret->path = evac_str_cut(target, '?', &query);
    return is_token(ret->method) && ret->path.n && ret->path.p[0] == '/' && ret->path.n < 8192 &&
           evac_str_starts(version, "HTTP/1.");
}

/* --- what is answered
 * ------------------------------------------------------------------------- */

static bool put_header(void *user, const char *name, const char *value)
{
    evac_buf_putf(user, "%s %s\r\n", name, value);
    return true;
}

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *text;
    } reasons[] = { { 404, "Not Found" },
                    { 405, "Method Not Allowed" },
                    { 429, "Too Many Requests" } };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Bad Request";
}

static void put_response(const struct evac_api_response *r, struct evac_buf *out)
{
    evac_buf_putf(out, "HTTP/1.1 %d %s\r\ncontent-type: %s\r\ncache-control: no-store\r\n",
                  r->status, reason_of(r->status), r->content_type);
    evac_buf_puts(out, "x-content-type-options: nosniff\r\nconnection: close\r\n");
    (void)evac_api_headers(r, put_header, out);
    evac_buf_putf(out, "content-length: %zu\r\n\r\n", r->body.n);
    evac_buf_put_str(out, evac_buf_str(&r->body));
}

/* The API says whether the path is one, and which methods are answered there: none of them is this
 * one, so nothing is done. */
static void judge(const struct conn *conn, struct evac_str text, struct evac_api_response *r)
{
    struct evac_api_server *server = conn->listener->server;
    char method[32];
    struct line line;
    if (conn->listener->conf)
        r->retry_after_s = evac_auth_rate(server->auth, &conn->address);
    if (r->retry_after_s) {
        evac_problem(r, EVAC_PROBLEM_TOO_MANY_REQUESTS, "more than api.rate allows an address");
    } else if (!read_line(text, &line)) {
        evac_problem(r, EVAC_PROBLEM_BAD_REQUEST, "that is no HTTP/1.1 request that can be read");
    } else {
        (void)evac_str_copy(method, sizeof method, line.method);
        const struct evac_api_request request = { .method = method, .path = line.path };
        (void)evac_api_handle(server->daemon, &request, r);
    }
}

int stray_begin(struct conn *conn, const void *p, size_t n)
{
    struct evac_api_response response = { .status = 400 };
    if (conn->stray.n || conn->stray_told)
        return 0; /* what else arrives */
    evac_buf_init(&response.body, HEADER_MAX * 4);
    evac_buf_init(&conn->stray, HEADER_MAX * 4 + HEAD_MAX);
    judge(conn, (struct evac_str){ p, n }, &response);
    put_response(&response, &conn->stray);
    evac_buf_done(&response.body);
    conn_wait(conn, server_patience_ms(conn->listener->server));
    lws_callback_on_writable(conn->wsi);
    return conn->stray.failed ? -1 : 0;
}

int stray_write(struct conn *conn)
{
    unsigned char buf[LWS_PRE + HEADER_MAX * 4 + HEAD_MAX];
    size_t n = conn->stray.n;
    if (!n || conn->stray_told || n > sizeof buf - LWS_PRE)
        return 0;
    memcpy(buf + LWS_PRE, conn->stray.p, n);
    conn->stray_told = true;
    return lws_write(conn->wsi, buf + LWS_PRE, n, LWS_WRITE_RAW) < (int)n ? -1 : 0;
}
