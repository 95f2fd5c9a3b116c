/* Listens, limits, and hands on what libwebsockets reads. */
#include "server_internal.h"

#include "log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FILES_MS 10000u /* between two looks whether certificates changed */

uint64_t server_now_ms(const struct evac_api_server *server)
{
    return evac_daemon_now_ms(server->daemon);
}

uint64_t server_patience_ms(const struct evac_api_server *server)
{
    return evac_daemon_model(server->daemon)->controller.api_patience_ms;
}

void conn_wait(struct conn *conn, uint64_t limit_ms)
{
    conn->since_ms = server_now_ms(conn->listener->server);
    conn->limit_ms = limit_ms;
}

/* --- connections
 * ------------------------------------------------------------------------------ */

static struct listener *listener_of(struct evac_api_server *server, struct lws *wsi)
{
    struct lws_vhost *vhost = lws_get_vhost(wsi);
    for (size_t i = 0; i < server->listener_count; i++)
        if (server->listeners[i].vhost == vhost)
            return &server->listeners[i];
    return NULL;
}

static bool address_of(int fd, struct evac_address *ret)
{
    struct sockaddr_storage from;
    socklen_t bytes = sizeof from;
    return getpeername(fd, (struct sockaddr *)&from, &bytes) == 0 &&
           evac_address_of((const struct sockaddr *)&from, ret);
}

static size_t count_of(const struct evac_api_server *server, const struct evac_address *address)
{
    size_t n = 0;
    for (const struct conn *c = server->conns; c; c = c->next)
        n += c->listener->conf && memcmp(&c->address, address, sizeof *address) == 0;
    return n;
}

/* Descriptors are given out from the lowest on: the number of a new one says how many are taken.
 * The last ones are for what a failover needs, and of those before them some for the unix socket,
 * where the person sits who looks why everything is taken. */
static bool is_too_many(int fd, bool tcp)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return false;
    rlim_t most = limit.rlim_cur;
    rlim_t kept = tcp ? EVAC_FILES_KEPT + EVAC_FILES_KEPT_SOCKET : EVAC_FILES_KEPT;
    return (rlim_t)fd + kept >= most;
}

/* Before anything is read, and before TLS costs anything: nonzero closes it. */
static int filter(struct evac_api_server *server, struct lws *wsi, int fd)
{
    const struct evac_controller_conf *conf = &evac_daemon_model(server->daemon)->controller;
    const struct listener *l = listener_of(server, wsi);
    struct evac_address address;
    if (!l || server->stopped || is_too_many(fd, l->conf != NULL))
        return 1;
    if (!l->conf)
        return server->unix_count >= UNIX_MAX;
    return !address_of(fd, &address) || server->tcp_count >= conf->api_connections ||
           count_of(server, &address) >= conf->api_peer_connections;
}

/* Or the kernel would take megabytes for a reader that reads nothing. */
static void limit_buffer(int fd)
{
    int bytes = SEND_BUFFER;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

static void open_conn(struct evac_api_server *server, struct lws *wsi)
{
    struct listener *l = listener_of(server, wsi);
    struct conn *c = l ? calloc(1, sizeof *c) : NULL;
    if (l && !c)
        abort();
    lws_set_opaque_user_data(wsi, c);
    if (!c)
        return;
    c->listener = l;
    c->wsi = wsi;
    limit_buffer(lws_get_socket_fd(wsi));
    if (l->conf)
        (void)address_of(lws_get_socket_fd(wsi), &c->address);
    *(l->conf ? &server->tcp_count : &server->unix_count) += 1;
    c->next = server->conns;
    if (c->next)
        c->next->prev = c;
    server->conns = c;
    conn_wait(c, server_patience_ms(server));
}

static void close_conn(struct evac_api_server *server, struct lws *wsi)
{
    struct conn *c = lws_get_opaque_user_data(wsi);
    if (!c)
        return;
    lws_set_opaque_user_data(wsi, NULL);
    exchange_free(c->exchange);
    evac_buf_done(&c->stray);
    *(c->listener->conf ? &server->tcp_count : &server->unix_count) -= 1;
    if (c->prev)
        c->prev->next = c->next;
    else
        server->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    free(c);
}

/* --- what takes too long
 * ---------------------------------------------------------------------- */

/* What the sweep itself answered waits since a moment after the sweep began. */
static bool is_late(const struct conn *c, uint64_t now)
{
    const struct exchange *x = c->exchange;
    uint64_t waited = now > c->since_ms ? now - c->since_ms : 0;
    bool stuck = c->limit_ms != UINT64_MAX && waited >= c->limit_ms;
    bool slow = x && x->answered && !x->stream && now >= x->until_ms;
    return stuck || slow;
}

static void refresh(struct listener *l)
{
    struct evac_err err = { EVAC_OK, "" };
    bool changed = false;
    if (evac_tls_refresh(l->tls, &changed, &err))
        evac_log(EVAC_LOG_ERROR, "certificate_refused", "listen=%.*s reason=\"%s\"",
                 EVAC_STR_ARG(l->conf->address), err.text);
    else if (changed)
        evac_log(EVAC_LOG_INFO, "certificate_loaded", "listen=%.*s",
                 EVAC_STR_ARG(l->conf->address));
}

void evac_api_server_reload(struct evac_api_server *server)
{
    server->files_ms = server_now_ms(server);
    for (size_t i = 0; i < server->listener_count; i++)
        if (server->listeners[i].tls)
            refresh(&server->listeners[i]);
}

/* From the sweep alone, which is inside of no call of the library: c is gone afterwards, or the
 * library still flushes what it had taken, and this comes again. */
static void doom(struct conn *c)
{
    c->doomed = true;
    lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

/* Those that wait for an identity provider's keys. */
static void resume(struct evac_api_server *server)
{
    for (struct conn *c = server->conns, *next; c; c = next) {
        next = c->next;
        if (c->exchange && c->exchange->waits && !c->doomed && exchange_resume(c->exchange) < 0)
            doom(c);
    }
}

/* Those that wait for the journal. Inside of no call of the library either. */
static void settle(struct evac_api_server *server)
{
    for (struct conn *c = server->conns, *next; c; c = next) {
        const struct exchange *x = c->exchange;
        next = c->next;
        if (x && (x->holds || x->behind_rows) && !c->doomed && exchange_settle(c->exchange) < 0)
            doom(c);
    }
}

static void on_sweep(uv_timer_t *timer)
{
    struct evac_api_server *server = timer->data;
    uint64_t now = server_now_ms(server);
    evac_auth_tick(server->auth);
    if (!evac_auth_is_busy(server->auth))
        resume(server);
    settle(server);
    stream_let_go(server);
    for (struct exchange *x = server->streams, *next; x; x = next) {
        next = x->next;
        stream_beat(x, now);
    }
    for (struct conn *c = server->conns, *next; c; c = next) {
        next = c->next;
        if (c->doomed || is_late(c, now))
            doom(c);
    }
    if (now - server->files_ms >= FILES_MS)
        evac_api_server_reload(server);
}

static void row_written(void *user, const struct evac_record *record)
{
    stream_row(user, record);
    settle(user); /* none holds where rows are durable at once, inside of a call */
}

/* --- libwebsockets
 * ---------------------------------------------------------------------------- */

static int dress(struct evac_api_server *server, SSL_CTX *context, const struct lws_vhost *vhost)
{
    struct evac_err err = { EVAC_OK, "" };
    const struct listener *l = NULL;
    (void)vhost;
    for (size_t i = 0; i < server->listener_count; i++)
        if (server->listeners[i].tls && !server->listeners[i].vhost)
            l = &server->listeners[i]; /* the one that is being made */
    if (l && !evac_tls_dress(l->tls, context, &err))
        return 0;
    evac_log(EVAC_LOG_ERROR, "tls_refused", "reason=\"%s\"", err.text);
    return 1;
}

/* Nothing here speaks anything but HTTP/1.1. The library would open a websocket or an HTTP/2
 * connection for whoever asks, before anybody looks at who that is, and no limit of this server's
 * would ever end it. To go on in HTTP/1.1 would be allowed too (RFC 9110, 7.8), but the library
 * does not offer that; what it does not know itself, it has refused already. */
static int refuse_upgrade(struct lws *wsi, const char *to)
{
    if (to && (strcasecmp(to, "websocket") == 0 || strcasecmp(to, "h2c") == 0))
        (void)lws_return_http_status(wsi, HTTP_STATUS_BAD_REQUEST, NULL);
    return -1;
}

static int carry(struct evac_api_server *server, struct lws *wsi, enum lws_callback_reasons reason,
                 const void *in, size_t len)
{
    struct conn *c = lws_get_opaque_user_data(wsi);
    struct exchange *x = c ? c->exchange : NULL;
    switch ((int)reason) {
    case LWS_CALLBACK_HTTP:
        return c && !server->stopped ? exchange_begin(c, wsi) : -1;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return refuse_upgrade(wsi, in);
    case LWS_CALLBACK_HTTP_BODY:
        return x && !c->doomed ? exchange_body(x, in, len) : -1;
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return x ? exchange_body_end(x) : 0;
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return x ? exchange_write(x) : 0;
    case LWS_CALLBACK_RAW_RX:
        return c && !c->doomed && !server->stopped ? stray_begin(c, in, len) : -1;
    case LWS_CALLBACK_RAW_WRITEABLE:
        return c && !c->doomed ? stray_write(c) : -1;
    case LWS_CALLBACK_CLOSED_HTTP:
        exchange_free(x);
        return 0;
    default:
        return 0;
    }
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct evac_api_server *server = lws_context_user(lws_get_context(wsi));
    switch ((int)reason) {
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
        return dress(server, user, in);
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
        return filter(server, wsi, (int)(intptr_t)in);
    case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
        open_conn(server, wsi);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        close_conn(server, wsi);
        return 0;
    default:
        return carry(server, wsi, reason, in, len);
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
    { "http", callback, 0, 0, 0, NULL, 0 },
    { NULL, NULL, 0, 0, 0, NULL, 0 },
};

static void vhost_defaults(struct evac_api_server *server, struct lws_context_creation_info *info)
{
    memset(info, 0, sizeof *info);
    info->protocols = protocols;
    info->user = server;
    info->timeout_secs = 600; /* a second net: the sweep comes first */
    info->keepalive_timeout = 600;
    info->server_string = "evacd";
    info->alpn = "http/1.1";
    info->options = LWS_SERVER_OPTION_FALLBACK_TO_APPLY_LISTEN_ACCEPT_CONFIG;
    info->listen_accept_role = "raw-skt"; /* of what is no HTTP to it: stray.c */
    info->listen_accept_protocol = protocols[0].name;
}

/* What the library says is about what others sent it: nobody's log is to be filled with that. */
static void say(int level, const char *line)
{
    (void)level;
    evac_log(EVAC_LOG_DEBUG, "http", "text=\"%.*s\"", (int)strcspn(line, "\n\""), line);
}

static struct lws_context *make_context(uv_loop_t *loop, struct evac_api_server *server)
{
    const struct evac_controller_conf *conf = &evac_daemon_model(server->daemon)->controller;
    struct lws_context_creation_info info;
    void *loops[] = { loop };
    unsigned most = conf->api_connections + UNIX_MAX + EVAC_LISTEN_MAX + 32;
    vhost_defaults(server, &info);
    info.options |= LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                    LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.foreign_loops = loops;
    info.gid = -1; /* as we are */
    info.uid = -1;
    info.pt_serv_buf_size = 65536;
    info.max_http_header_data = 32768;
    info.max_http_header_pool2 = most; /* one for each that sends headers: they never wait for
                                          others' */
    lws_set_log_level(LLL_ERR, say);
    return lws_create_context(&info);
}

static enum evac_code listen_unix(struct evac_api_server *server, struct evac_err *err)
{
    struct listener *l = &server->listeners[server->listener_count++];
    struct lws_context_creation_info info;
    vhost_defaults(server, &info);
    info.options |= LWS_SERVER_OPTION_UNIX_SOCK;
    info.iface = server->socket;
    info.vhost_name = "unix";
    l->server = server;
    l->vhost = lws_create_vhost(server->context, &info);
    if (l->vhost && chmod(server->socket, 0660) == 0)
        return EVAC_OK;
    return evac_fail(err, EVAC_E_IO, "can not listen on %s", server->socket);
}

/* "127.0.0.1:8443", "[::1]:8443" */
static bool split(struct evac_str address, char *host, size_t bytes, int *ret_port)
{
    int64_t port = 0;
    size_t colon = address.n;
    while (colon && address.p[colon - 1] != ':')
        colon--;
    struct evac_str name = { address.p, colon ? colon - 1 : 0 };
    if (name.n > 1 && name.p[0] == '[')
        name = (struct evac_str){ name.p + 1, name.n - 2 };
    if (!evac_str_i64((struct evac_str){ address.p + colon, address.n - colon }, &port))
        return false;
    *ret_port = (int)port;
    return evac_str_copy(host, bytes, name);
}

/* libwebsockets does not say why it could not bind; this does, and does not leave the socket open.
 */
static enum evac_code try_bind(const char *host, int port, struct evac_err *err)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
    bool four = inet_pton(AF_INET, host, &in.sin_addr) == 1;
    int one = 1, fd = socket(four ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!four)
        (void)inet_pton(AF_INET6, host, &in6.sin6_addr);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    int bad = bind(fd, four ? (const struct sockaddr *)&in : (const struct sockaddr *)&in6,
                   four ? sizeof in : sizeof in6);
    int why = bad ? errno : 0;
    close(fd);
    return why ? evac_fail(err, EVAC_E_IO, "can not listen on %s port %d: %s", host, port,
                           strerror(why))
               : EVAC_OK;
}

static struct evac_listen_conf *copy_conf(struct evac_arena *arena,
                                          const struct evac_listen_conf *from)
{
    struct evac_listen_conf *to = evac_arena_alloc(arena, sizeof *to);
    *to = *from;
    to->address = evac_arena_str(arena, from->address);
    to->certificate = evac_arena_str(arena, from->certificate);
    to->key = evac_arena_str(arena, from->key);
    to->client_ca = evac_arena_str(arena, from->client_ca);
    return to;
}

static enum evac_code listen_tcp(struct evac_api_server *server,
                                 const struct evac_listen_conf *from, struct evac_err *err)
{
    struct listener *l = &server->listeners[server->listener_count++];
    struct lws_context_creation_info info;
    char host[64], name[16];
    const struct evac_listen_conf *conf = copy_conf(server->arena, from);
    l->server = server;
    l->conf = conf;
    vhost_defaults(server, &info);
    if (!split(conf->address, host, sizeof host, &info.port))
        return evac_fail(err, EVAC_E_BADCONF, "listen: '%.*s' is no address",
                         EVAC_STR_ARG(conf->address));
    enum evac_code code = try_bind(host, info.port, err);
    if (!code && conf->certificate.n)
        code = evac_tls_new(conf, &l->tls, err);
    if (code)
        return code;
    snprintf(name, sizeof name, "tcp%zu", server->listener_count);
    info.vhost_name = name;
    info.iface = host;
    if (l->tls) {
        info.options |=
            LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = conf->certificate.p;
        info.ssl_private_key_filepath = conf->key.p;
    }
    l->vhost = lws_create_vhost(server->context, &info);
    if (!l->vhost)
        return evac_fail(err, EVAC_E_IO, "can not listen on %.*s", EVAC_STR_ARG(conf->address));
    evac_log(EVAC_LOG_INFO, "listening", "on=%.*s tls=%s", EVAC_STR_ARG(conf->address),
             l->tls ? "yes" : "no");
    return EVAC_OK;
}

static void begin_sweep(uv_loop_t *loop, struct evac_api_server *server)
{
    uv_timer_init(loop, &server->sweep);
    server->sweep.data = server;
    server->sweeping = true;
    uv_timer_start(&server->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
}

static enum evac_code open_all(uv_loop_t *loop, struct evac_api_server *server,
                               struct evac_err *err)
{
    const struct evac_controller_conf *conf = &evac_daemon_model(server->daemon)->controller;
    server->context = make_context(loop, server);
    if (!server->context)
        return evac_fail(err, EVAC_E_IO, "can not make a server");
    enum evac_code code = listen_unix(server, err);
    for (size_t i = 0; !code && i < conf->listen_count; i++)
        code = listen_tcp(server, &conf->listen[i], err);
    return code;
}

enum evac_code evac_api_server_new(uv_loop_t *loop, struct evac_daemon *daemon, const char *socket,
                                   struct evac_api_server **ret_server, struct evac_err *err)
{
    struct evac_api_server *server = calloc(1, sizeof *server);
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
    server->asked_ms = server_now_ms(server);
    server->arena = evac_arena_new();
    server->auth = evac_auth_new(daemon, socket);
    *ret_server = server; /* also of a failure: the loop must run before it is freed */
    code = open_all(loop, server, err);
    if (code) {
        evac_api_server_stop(server);
        return code;
    }
    begin_sweep(loop, server);
    evac_daemon_listen(daemon, row_written, server);
    return EVAC_OK;
}

uint64_t evac_api_server_idle_ms(const struct evac_api_server *server)
{
    return server->streams ? 0 : server_now_ms(server) - server->asked_ms;
}

/* On a foreign loop libwebsockets is destroyed in two calls: the first closes its handles, and when
 * the loop has run them out the second gives the memory back. */
void evac_api_server_stop(struct evac_api_server *server)
{
    if (!server || server->stopped)
        return;
    server->stopped = true;
    evac_daemon_listen(server->daemon, NULL, NULL);
    if (server->sweeping)
        uv_close((uv_handle_t *)&server->sweep, NULL);
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
    for (size_t i = 0; i < server->listener_count; i++)
        evac_tls_free(server->listeners[i].tls);
    evac_auth_free(server->auth);
    evac_arena_free(server->arena);
    free(server);
}
