#include "server.h"

#include "api.h"
#include "peer.h"
#include "problem.h"

#include <errno.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BODY_MAX     (1u << 20)
#define RESPONSE_MAX (32u << 20)
#define STREAM_MAX   (1u << 20) /* a reader of events that is further behind is sent away */
#define STREAMS_MAX  256u
#define CHUNK        16384u
#define HEADER_MAX   4096u

/* Request headers that the API reads. */
enum { IF_NONE_MATCH, IF_MATCH, IDEMPOTENCY_KEY, ACCEPT, HEADER_COUNT };

/* One connection's exchange. */
struct exchange {
    struct exchange *next; /* event streams, in the server's list */
    struct evac_api_server *server;
    struct lws *wsi;
    char method[8];
    struct evac_buf path, query, body, out;
    struct evac_buf headers[HEADER_COUNT];
    enum evac_problem refused; /* before it came to the API; EVAC_PROBLEM_COUNT: it did not */
    bool head;                 /* the body is not sent */
    size_t sent;
    bool stream, answered;
    uint64_t from_seq;
};

struct evac_api_server {
    struct evac_daemon *daemon;
    struct lws_context *context;
    struct exchange *streams;
    size_t stream_count;
    bool stopped;
    char socket[108];
};

/* --- exchanges
 * ------------------------------------------------------------------------------------------ */

static struct exchange *new_exchange(struct evac_api_server *server, struct lws *wsi)
{
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        abort();
    x->server = server;
    x->wsi = wsi;
    evac_buf_init(&x->path, 8192);
    evac_buf_init(&x->query, 8192);
    evac_buf_init(&x->body, BODY_MAX);
    evac_buf_init(&x->out, RESPONSE_MAX);
    for (size_t i = 0; i < HEADER_COUNT; i++)
        evac_buf_init(&x->headers[i], HEADER_MAX);
    x->refused = EVAC_PROBLEM_COUNT;
    return x;
}

static void unlink_stream(struct exchange *x)
{
    for (struct exchange **at = &x->server->streams; *at; at = &(*at)->next)
        if (*at == x) {
            *at = x->next;
            x->server->stream_count--;
            return;
        }
}

static void free_exchange(struct exchange *x)
{
    if (!x)
        return;
    if (x->stream)
        unlink_stream(x);
    evac_buf_done(&x->path);
    evac_buf_done(&x->query);
    evac_buf_done(&x->body);
    evac_buf_done(&x->out);
    for (size_t i = 0; i < HEADER_COUNT; i++)
        evac_buf_done(&x->headers[i]);
    free(x);
}

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

/* length -1: a stream. */
static int send_headers(struct exchange *x, const struct evac_api_response *r, int64_t length)
{
    unsigned char buf[LWS_PRE + HEADER_MAX];
    struct head h = { x->wsi, buf + LWS_PRE, buf + sizeof buf - 1 };
    if (lws_add_http_header_status(x->wsi, (unsigned)r->status, &h.p, h.end) ||
        !put_header(&h, "content-type:", r->content_type) ||
        !put_header(&h, "cache-control:", r->etag[0] ? "no-cache" : "no-store") ||
        !evac_api_headers(r, put_header, &h))
        return -1;
    if (length >= 0 && r->status != 304 &&
        lws_add_http_header_content_length(x->wsi, (lws_filepos_t)length, &h.p, h.end))
        return -1;
    return lws_finalize_write_http_header(x->wsi, buf + LWS_PRE, &h.p, h.end) ? -1 : 0;
}

static int send_response(struct exchange *x, struct evac_api_response *response)
{
    int64_t length = (int64_t)response->body.n;
    if (x->head)
        evac_buf_reset(&response->body);
    evac_buf_done(&x->out);
    x->out = response->body;
    x->answered = true;
    if (send_headers(x, response, length))
        return -1;
    lws_callback_on_writable(x->wsi);
    return 0;
}

/* What never came to the API is answered as the API answers. */
static int refuse(struct exchange *x, enum evac_problem problem, const char *detail)
{
    struct evac_api_response response = { .status = 200, .instance = evac_buf_str(&x->path) };
    evac_buf_init(&response.body, RESPONSE_MAX);
    evac_problem(&response, problem, detail);
    return send_response(x, &response);
}

static struct evac_api_request request_of(struct exchange *x, const struct evac_peer *peer)
{
    return (struct evac_api_request){ .method = x->method,
                                      .path = evac_buf_str(&x->path),
                                      .query = evac_buf_str(&x->query),
                                      .body = evac_buf_str(&x->body),
                                      .if_none_match = evac_buf_str(&x->headers[IF_NONE_MATCH]),
                                      .if_match = evac_buf_str(&x->headers[IF_MATCH]),
                                      .idempotency_key = evac_buf_str(&x->headers[IDEMPOTENCY_KEY]),
                                      .accept = evac_buf_str(&x->headers[ACCEPT]),
                                      .caller = peer->caller };
}

static int begin_stream(struct exchange *x);

static int answer(struct exchange *x)
{
    struct evac_api_response response = { .status = 200 };
    struct evac_peer peer;
    evac_peer_of(lws_get_socket_fd(x->wsi), x->server->socket, &peer);
    evac_buf_init(&response.body, RESPONSE_MAX);
    const struct evac_api_request request = request_of(x, &peer);
    bool answered = evac_api_handle(x->server->daemon, &request, &response);
    evac_peer_done(&peer);
    if (answered)
        return send_response(x, &response);
    evac_buf_done(&response.body);
    return begin_stream(x);
}

/* --- event streams
 * --------------------------------------------------------------------------------------- */

static bool put_old(void *user, const struct evac_row *row)
{
    struct exchange *x = user;
    evac_api_event(&row->record, &x->out);
    return !x->out.failed;
}

static int begin_stream(struct exchange *x)
{
    char number[32];
    int64_t after = 0;
    struct evac_api_server *server = x->server;
    struct evac_store *store = evac_daemon_store(server->daemon);
    struct evac_store_filter filter = { 0 };

    int n = lws_hdr_custom_copy(x->wsi, number, sizeof number, "last-event-id:", 14);
    if (n <= 0 || !evac_str_i64(evac_str(number), &after))
        (void)evac_str_i64(evac_api_query(evac_buf_str(&x->query), "after", number, sizeof number),
                           &after);
    if (server->stream_count >= STREAMS_MAX)
        return refuse(x, EVAC_PROBLEM_OVERLOADED, "too many event streams are open");
    if (!store)
        return refuse(x, EVAC_PROBLEM_IN_TROUBLE, evac_daemon_trouble(server->daemon));
    if (after <= 0) /* from now on */
        after = (int64_t)store->vt->last_seq(store);
    x->stream = x->answered = true;
    x->next = server->streams;
    server->streams = x;
    server->stream_count++;
    const struct evac_api_response head = { .status = 200, .content_type = "text/event-stream" };
    if (send_headers(x, &head, -1))
        return -1;
    filter.after_seq = (uint64_t)after;
    evac_buf_puts(&x->out, ": evac\n\n");
    (void)store->vt->read(store, &filter, put_old, x, NULL);
    lws_set_timeout(x->wsi, NO_PENDING_TIMEOUT, 0);
    lws_callback_on_writable(x->wsi);
    return 0;
}

static void row_written(void *user, const struct evac_record *record)
{
    struct evac_api_server *server = user;
    for (struct exchange *x = server->streams, *next; x; x = next) {
        next = x->next;
        if (x->out.n - x->sent > STREAM_MAX) {
            lws_set_timeout(x->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
            continue;
        }
        evac_api_event(record, &x->out);
        lws_callback_on_writable(x->wsi);
    }
}

/* --- libwebsockets
 * ---------------------------------------------------------------------------------------- */

static int copy_header(struct lws *wsi, enum lws_token_indexes token, struct evac_buf *out)
{
    int n = lws_hdr_total_length(wsi, token);
    char text[8192];
    if (n <= 0 || (size_t)n >= sizeof text)
        return n <= 0 ? 0 : -1;
    if (lws_hdr_copy(wsi, text, sizeof text, token) < 0)
        return -1;
    evac_buf_put(out, text, (size_t)n);
    return n;
}

static int copy_query(struct lws *wsi, struct evac_buf *out)
{
    char part[1024];
    for (int i = 0; lws_hdr_copy_fragment(wsi, part, sizeof part, WSI_TOKEN_HTTP_URI_ARGS, i) > 0;
         i++) {
        if (i)
            evac_buf_putc(out, '&');
        evac_buf_puts(out, part);
    }
    return 0;
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
                x->refused = EVAC_PROBLEM_URI_TOO_LONG;
        }
}

static void copy_custom(struct lws *wsi, const char *name, struct exchange *x, struct evac_buf *out)
{
    char text[HEADER_MAX];
    int have = lws_hdr_custom_length(wsi, name, (int)strlen(name));
    if (have <= 0)
        return;
    int n = lws_hdr_custom_copy(wsi, text, sizeof text, name, (int)strlen(name));
    if (n < 0)
        x->refused = EVAC_PROBLEM_HEADERS_TOO_LARGE;
    else
        evac_buf_put(out, text, (size_t)n);
}

static void read_headers(struct lws *wsi, struct exchange *x)
{
    static const struct {
        enum lws_token_indexes token;
        int header;
    } known[] = { { WSI_TOKEN_HTTP_IF_NONE_MATCH, IF_NONE_MATCH },
                  { WSI_TOKEN_HTTP_IF_MATCH, IF_MATCH },
                  { WSI_TOKEN_HTTP_ACCEPT, ACCEPT } };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct evac_buf *out = &x->headers[known[i].header];
        if (copy_header(wsi, known[i].token, out) < 0 || out->failed)
            x->refused = EVAC_PROBLEM_HEADERS_TOO_LARGE;
    }
    copy_custom(wsi, "idempotency-key:", x, &x->headers[IDEMPOTENCY_KEY]);
}

static int begin_request(struct evac_api_server *server, struct lws *wsi, void **user)
{
    struct exchange *x = new_exchange(server, wsi);
    free_exchange(*user);
    *user = x;
    read_line(wsi, x);
    read_headers(wsi, x);
    copy_query(wsi, &x->query);
    bool post = strcmp(x->method, "POST") == 0;
    x->head = strcmp(x->method, "HEAD") == 0;
    if (x->head)
        (void)evac_str_copy(x->method, sizeof x->method, EVAC_STR("GET"));
    if (x->refused != EVAC_PROBLEM_COUNT)
        return refuse(x, x->refused, "8 KiB are allowed for an address, 4 KiB for a header");
    if (!post)
        return answer(x);
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) <= 0)
        return answer(x); /* no body will follow */
    return 0;
}

static int write_some(struct exchange *x)
{
    unsigned char buf[LWS_PRE + CHUNK];
    size_t left = x->out.n - x->sent;
    size_t n = left < CHUNK ? left : CHUNK;
    bool last = !x->stream && n == left;

    if (!x->answered || (x->stream && n == 0))
        return 0;
    if (n)
        memcpy(buf + LWS_PRE, x->out.p + x->sent, n);
    if (lws_write(x->wsi, buf + LWS_PRE, n, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < (int)n)
        return -1;
    x->sent += n;
    if (x->stream && x->sent == x->out.n) {
        evac_buf_reset(&x->out);
        x->sent = 0;
    }
    if (last)
        return lws_http_transaction_completed(x->wsi) ? -1 : 0;
    lws_callback_on_writable(x->wsi);
    return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    void **slot = user;
    struct exchange *x = slot ? *slot : NULL;
    struct evac_api_server *server = lws_context_user(lws_get_context(wsi));

    switch ((int)reason) {
    case LWS_CALLBACK_HTTP:
        return begin_request(server, wsi, slot);
    case LWS_CALLBACK_HTTP_BODY:
        if (!x)
            return -1;
        evac_buf_put(&x->body, in, len);
        return 0;
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        if (!x || x->answered)
            return 0;
        return x->body.failed ? refuse(x, EVAC_PROBLEM_TOO_LARGE, "a body may have 1 MiB")
                              : answer(x);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return x ? write_some(x) : 0;
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
    case LWS_CALLBACK_CLOSED_HTTP:
        if (slot) {
            free_exchange(x);
            *slot = NULL;
        }
        return 0;
    default:
        return 0;
    }
}

/* --- life
 * ---------------------------------------------------------------------------------------------------
 */

/* A socket file that nobody answers on is left over from a killed controller. */
static enum evac_code clear_stale(const char *path, struct evac_err *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct stat st;
    if (lstat(path, &st) != 0)
        return EVAC_OK;
    if (!S_ISSOCK(st.st_mode))
        return evac_fail(err, EVAC_E_EXISTS, "%s is there and is no socket", path);
    (void)evac_str_copy(address.sun_path, sizeof address.sun_path, evac_str(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int refused = connect(fd, (const struct sockaddr *)&address, sizeof address) != 0 ? errno : 0;
    close(fd);
    if (!refused)
        return evac_fail(err, EVAC_E_BUSY, "another controller answers on %s", path);
    return unlink(path) == 0
               ? EVAC_OK
               : evac_fail(err, EVAC_E_IO, "%s can not be removed: %s", path, strerror(errno));
}

static const struct lws_protocols protocols[] = {
    { "http", callback, sizeof(void *), 0, 0, NULL, 0 },
    { NULL, NULL, 0, 0, 0, NULL, 0 },
};

enum evac_code evac_api_server_new(uv_loop_t *loop, struct evac_daemon *daemon, const char *socket,
                                   struct evac_api_server **ret_server, struct evac_err *err)
{
    struct evac_api_server *server = calloc(1, sizeof *server);
    void *loops[] = { loop };
    struct lws_context_creation_info info;
    if (!server)
        abort();
    if (!evac_str_copy(server->socket, sizeof server->socket, evac_str(socket))) {
        free(server);
        return evac_fail(err, EVAC_E_TOOBIG, "the socket's path '%s' is longer than 107 bytes",
                         socket);
    }
    enum evac_code code = clear_stale(socket, err);
    if (code) {
        free(server);
        return code;
    }
    server->daemon = daemon;
    lws_set_log_level(LLL_ERR, NULL);
    memset(&info, 0, sizeof info);
    info.options =
        LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_UNIX_SOCK | LWS_SERVER_OPTION_VALIDATE_UTF8;
    info.iface = server->socket;
    info.protocols = protocols;
    info.foreign_loops = loops;
    info.user = server;
    info.gid = -1; /* as we are */
    info.uid = -1;
    info.timeout_secs = 15;
    info.keepalive_timeout = 30;
    info.pt_serv_buf_size = 65536;
    info.max_http_header_data = 16384;
    info.server_string = "evacd";
    server->context = lws_create_context(&info);
    if (!server->context || chmod(socket, 0660) != 0) {
        evac_api_server_stop(server);
        *ret_server = server; /* the loop must run before it is freed */
        return evac_fail(err, EVAC_E_IO, "can not listen on %s", socket);
    }
    evac_daemon_listen(daemon, row_written, server);
    *ret_server = server;
    return EVAC_OK;
}

/* On a foreign loop libwebsockets is destroyed in two calls: the first closes its handles, and when
 * the loop has run them out the second gives the memory back. */
void evac_api_server_stop(struct evac_api_server *server)
{
    if (!server || server->stopped)
        return;
    server->stopped = true;
    evac_daemon_listen(server->daemon, NULL, NULL);
    if (server->context)
        lws_context_destroy(server->context);
    unlink(server->socket);
}

void evac_api_server_free(struct evac_api_server *server)
{
    if (!server)
        return;
    if (server->context)
        lws_context_destroy(server->context);
    free(server);
}
