/* GET over a unix socket or loopback: small questions, small answers, few at a time. */
#include "sidecar_internal.h"

#include "log.h"

#include <errno.h>
#include <http_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256u
#define HEAD_MAX        8192u
#define TARGET_MAX      256u
#define IDLE_MS         30000u
#define REPLY_MAX       16384u

union stream {
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
};

struct conn {
    union stream h;
    uv_timer_t idle;
    struct door *door;
    struct conn *next, **at;
    unsigned handles;
    http_parser parser;
    size_t head; /* bytes of the request so far */
    char target[TARGET_MAX];
    size_t target_n;
    bool closing;
};

struct door {
    union stream h;
    struct sidecar *sidecar;
    struct conn *conns;
    size_t count;
    char path[108]; /* of the unix socket, "" none */
    unsigned holds; /* the listener, and each connection */
};

static void let_go(struct door *door)
{
    if (--door->holds == 0)
        free(door);
}

/* --- a connection ---------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    struct conn *c = handle->data;
    if (--c->handles > 0)
        return;
    struct door *door = c->door;
    free(c);
    let_go(door);
}

static void close_conn(struct conn *c)
{
    if (c->closing)
        return;
    c->closing = true;
    *c->at = c->next;
    if (c->next)
        c->next->at = c->at;
    c->door->count--;
    uv_close((uv_handle_t *)&c->h, on_closed);
    uv_close((uv_handle_t *)&c->idle, on_closed);
}

static void on_idle(uv_timer_t *timer)
{
    close_conn(timer->data);
}

/* Whoever does not take these few bytes at once does not listen. */
static void send_all(struct conn *c, struct evac_str text)
{
    union {
        const char *in;
        char *out;
    } p = { text.p }; /* libuv's buffers are not const; it only reads */
    uv_buf_t buf = uv_buf_init(p.out, (unsigned)text.n);
    if (uv_try_write(&c->h.stream, &buf, 1) != (int)text.n)
        close_conn(c);
}

static void answer(struct conn *c)
{
    struct evac_buf body, text;
    const char *type = "text/plain";
    struct evac_str query;
    bool keep = http_should_keep_alive(&c->parser) != 0, get = c->parser.method == HTTP_GET;
    int status = 405;
    evac_buf_init(&body, REPLY_MAX);
    evac_buf_init(&text, REPLY_MAX + 512);
    if (get)
        status = sidecar_tell(
            c->door->sidecar,
            evac_str_cut((struct evac_str){ c->target, c->target_n }, '?', &query), &body, &type);
    else
        evac_buf_puts(&body, "only GET\n");
    evac_buf_putf(&text,
                  "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                  "Cache-Control: no-store\r\nConnection: %s\r\n\r\n",
                  status, http_status_str((enum http_status)status), type, body.n,
                  keep ? "keep-alive" : "close");
    evac_buf_put_str(&text, evac_buf_str(&body));
    send_all(c, evac_buf_str(&text));
    if (!keep)
        close_conn(c);
    evac_buf_done(&body);
    evac_buf_done(&text);
}

static int on_begin(http_parser *parser)
{
    struct conn *c = parser->data;
    c->target_n = c->head = 0;
    return 0;
}

static int on_url(http_parser *parser, const char *p, size_t n)
{
    struct conn *c = parser->data;
    if (n > sizeof c->target - c->target_n)
        return 1;
    memcpy(c->target + c->target_n, p, n);
    c->target_n += n;
    return 0;
}

static int on_complete(http_parser *parser)
{
    struct conn *c = parser->data;
    if (!c->closing)
        answer(c);
    return c->closing;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    static const http_parser_settings settings = { .on_message_begin = on_begin,
                                                   .on_url = on_url,
                                                   .on_message_complete = on_complete };
    struct conn *c = stream->data;
    if (n == 0)
        return;
    if (n < 0 || (c->head += (size_t)n) > HEAD_MAX) {
        close_conn(c);
        return;
    }
    if (http_parser_execute(&c->parser, &settings, buf->base, (size_t)n) != (size_t)n ||
        c->parser.upgrade) {
        close_conn(c);
        return;
    }
    if (!c->closing)
        uv_timer_start(&c->idle, on_idle, IDLE_MS, 0);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    static char shared[HEAD_MAX]; /* used only within one read callback */
    (void)handle;
    (void)suggested;
    *ret_buf = uv_buf_init(shared, sizeof shared);
}

static void init_stream(uv_loop_t *loop, union stream *h, bool is_pipe)
{
    if (is_pipe)
        uv_pipe_init(loop, &h->pipe, 0);
    else
        uv_tcp_init(loop, &h->tcp);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct door *door = listener->data;
    struct conn *c;
    if (status < 0)
        return;
    if (!(c = calloc(1, sizeof *c)))
        abort();
    c->door = door;
    c->handles = 2;
    init_stream(door->sidecar->loop, &c->h, door->path[0] != '\0');
    uv_timer_init(door->sidecar->loop, &c->idle);
    c->h.stream.data = c->idle.data = c;
    http_parser_init(&c->parser, HTTP_REQUEST);
    c->parser.data = c;
    c->next = door->conns;
    c->at = &door->conns;
    if (c->next)
        c->next->at = &c->next;
    door->conns = c;
    door->count++;
    door->holds++;
    if (uv_accept(listener, &c->h.stream) || door->count > CONNECTIONS_MAX) {
        close_conn(c);
        return;
    }
    uv_timer_start(&c->idle, on_idle, IDLE_MS, 0);
    uv_read_start(&c->h.stream, on_alloc, on_read);
}

/* --- where it listens ------------------------------------------------------------------------ */

/* A socket that an earlier one left is taken away; one that somebody answers at is not. */
static bool clear_path(const char *path)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    struct stat st;
    if (lstat(path, &st))
        return errno == ENOENT;
    if (!S_ISSOCK(st.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)evac_str_copy(to.sun_path, sizeof to.sun_path, evac_str(path));
    bool alone = fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) != 0 &&
                 errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return alone && unlink(path) == 0;
}

/* 0, or libuv's error. The socket's mode is the umask's. */
static int listen_at_path(struct door *door, const char *path)
{
    if (path[0] != '/' || !evac_str_copy(door->path, sizeof door->path, evac_str(path)))
        return UV_EINVAL;
    init_stream(door->sidecar->loop, &door->h, true);
    if (!clear_path(path)) {
        door->path[0] = '\0';
        return UV_EADDRINUSE;
    }
    return uv_pipe_bind(&door->h.pipe, path);
}

static bool read_address(const char *text, struct sockaddr_storage *ret_address)
{
    struct evac_str port = EVAC_STR_NONE;
    int64_t number;
    bool six = strncmp(text, "[::1]:", 6) == 0;
    if (six || strncmp(text, "127.0.0.1:", 10) == 0)
        port = evac_str(strrchr(text, ':') + 1);
    if (!evac_str_i64(port, &number) || number < 0 || number > 65535)
        return false;
    if (six)
        return uv_ip6_addr("::1", (int)number, (struct sockaddr_in6 *)ret_address) == 0;
    return uv_ip4_addr("127.0.0.1", (int)number, (struct sockaddr_in *)ret_address) == 0;
}

static int listen_at_address(struct door *door, const char *text)
{
    struct sockaddr_storage address = { .ss_family = AF_INET };
    init_stream(door->sidecar->loop, &door->h, false);
    if (!read_address(text, &address))
        return UV_EINVAL;
    return uv_tcp_bind(&door->h.tcp, (const struct sockaddr *)&address, 0);
}

static void log_where(const struct door *door)
{
    struct sockaddr_storage name;
    int size = sizeof name;
    if (door->path[0])
        evac_log(EVAC_LOG_INFO, "listening", "socket=%s", door->path);
    else if (uv_tcp_getsockname(&door->h.tcp, (struct sockaddr *)&name, &size) == 0)
        evac_log(EVAC_LOG_INFO, "listening", "port=%d",
                 (int)ntohs(name.ss_family == AF_INET6
                                ? ((const struct sockaddr_in6 *)&name)->sin6_port
                                : ((const struct sockaddr_in *)&name)->sin_port));
}

enum evac_code door_open(struct sidecar *sidecar, struct door **ret_door, struct evac_err *err)
{
    const char *where = sidecar->o->listen;
    struct door *door = calloc(1, sizeof *door);
    if (!door)
        abort();
    *ret_door = door;
    door->sidecar = sidecar;
    door->holds = 1;
    bool is_path = strncmp(where, "unix:", 5) == 0;
    int failed = is_path ? listen_at_path(door, where + 5) : listen_at_address(door, where);
    door->h.stream.data = door;
    if (!failed)
        failed = uv_listen(&door->h.stream, 128, on_connection);
    if (failed == UV_EINVAL)
        return evac_fail(err, EVAC_E_BADARG,
                         "--listen '%s': it must be unix:/PATH, 127.0.0.1:PORT or [::1]:PORT",
                         where);
    if (failed)
        return evac_fail(err, EVAC_E_IO, "--listen '%s': %s", where, uv_strerror(failed));
    log_where(door);
    return EVAC_OK;
}

static void on_listener_closed(uv_handle_t *handle)
{
    let_go(handle->data);
}

void door_close(struct door *door)
{
    if (!door)
        return;
    while (door->conns)
        close_conn(door->conns);
    if (door->path[0])
        (void)unlink(door->path);
    if (door->h.stream.loop)
        uv_close((uv_handle_t *)&door->h, on_listener_closed);
    else
        let_go(door);
}
