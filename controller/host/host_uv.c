#include "host_uv.h"

#include "host_env.h"
#include "host_internal.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TIMERS_MAX 65536u
#define NAMES_MAX  4096u
#define NAMES_STALE_MS                                                                             \
    86400000u /* a day: an endpoint's old address, checked by TLS, beats none                      \
               */

void evac_host_uv_hold(struct evac_host_uv *host)
{
    host->held++;
}

void evac_host_uv_let_go(struct evac_host_uv *host)
{
    if (--host->held > 0)
        return;
    free(host->timers.slots);
    free(host->ca_file);
    free(host);
}

bool evac_host_uv_is_closing(const struct evac_host_uv *host)
{
    return !host || host->closing;
}

/* --- clocks, chance, files ------------------------------------------------------------------- */

static uint64_t now_ms(void *ctx)
{
    (void)ctx;
    return evac_boot_ms();
}

static int64_t wall_ms(void *ctx)
{
    struct timespec now;
    (void)ctx;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void draw(void *p, size_t bytes)
{
    for (size_t done = 0; done < bytes;) {
        ssize_t n = getrandom((char *)p + done, bytes - done, 0);
        if (n > 0)
            done += (size_t)n;
        else if (errno != EINTR)
            abort(); /* no keys, tokens or jitter without chance */
    }
}

/* A request takes a few bytes several times: the system is asked for some in advance. What was
 * given is cleared here. */
static void random_bytes(void *ctx, void *p, size_t bytes)
{
    struct evac_host_uv *host = ctx;
    if (bytes > sizeof host->chance) {
        draw(p, bytes);
        return;
    }
    if (bytes > host->chance_left) {
        draw(host->chance, sizeof host->chance);
        host->chance_left = sizeof host->chance;
    }
    host->chance_left -= bytes;
    memcpy(p, host->chance + host->chance_left, bytes);
    explicit_bzero(host->chance + host->chance_left, bytes);
}

/* The whole of a file by way of part, which may hold a secret afterwards. */
static enum evac_code read_by(int fd, char *part, size_t bytes, const char *path,
                              struct evac_buf *buf, struct evac_err *err)
{
    for (;;) {
        ssize_t n = read(fd, part, bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return evac_fail(err, EVAC_E_IO, "%s: %s", path, strerror(errno));
        if (n == 0)
            return evac_buf_check(buf, path, err);
        evac_buf_put(buf, part, (size_t)n);
        if (buf->failed)
            return evac_buf_check(buf, path, err);
    }
}

static enum evac_code read_open(int fd, const char *path, struct evac_buf *buf,
                                struct evac_err *err)
{
    char part[4096];
    struct stat info;
    if (fstat(fd, &info) || !S_ISREG(info.st_mode))
        return evac_fail(err, EVAC_E_IO, "%s is not a regular file", path);
    enum evac_code code = read_by(fd, part, sizeof part, path, buf, err);
    explicit_bzero(part, sizeof part); /* the stack is in a dump */
    return code;
}

static enum evac_code read_file(void *ctx, const char *path, struct evac_buf *buf,
                                struct evac_err *err)
{
    (void)ctx;
    /* O_NONBLOCK: a pipe in a file's place must not stop the loop before read_open() refuses it. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return evac_fail(err, errno == ENOENT ? EVAC_E_NOTFOUND : EVAC_E_IO, "%s: %s", path,
                         strerror(errno));
    enum evac_code code = read_open(fd, path, buf, err);
    close(fd);
    return code;
}

static const char *get_env(void *ctx, const char *name)
{
    (void)ctx;
    return evac_host_env_get(name);
}

static void debug(void *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void debug(void *ctx, const char *fmt, ...)
{
    struct evac_buf text;
    va_list ap;
    (void)ctx;
    evac_buf_init(&text, 4096);
    va_start(ap, fmt);
    evac_buf_putv(&text, fmt, ap);
    va_end(ap);
    for (size_t i = 0; i < text.n; i++) /* one line, one pair of quotes */
        if (text.p[i] == '"' || (unsigned char)text.p[i] < ' ')
            text.p[i] = ' ';
    evac_log(EVAC_LOG_DEBUG, "debug", "text=\"%.*s\"", EVAC_STR_ARG(evac_buf_str(&text)));
    evac_buf_done(&text);
}

/* --- timers ---------------------------------------------------------------------------------- */

struct host_timer {
    uv_timer_t uv;
    struct evac_host_uv *host;
    uint64_t id;
    evac_timer_fn *fn;
    void *user;
};

static void on_timer_closed(uv_handle_t *handle)
{
    struct host_timer *t = handle->data;
    struct evac_host_uv *host = t->host;
    free(t);
    evac_host_uv_let_go(host);
}

static void end_timer(struct host_timer *t)
{
    evac_ids_remove(&t->host->timers, t->id);
    uv_close((uv_handle_t *)&t->uv, on_timer_closed);
}

static void on_timer(uv_timer_t *uv)
{
    struct host_timer *t = uv->data;
    evac_timer_fn *fn = t->fn;
    void *user = t->user;
    end_timer(t); /* first: what fn does may close the host */
    fn(user);
}

static enum evac_code timer(void *ctx, uint64_t delay_ms, evac_timer_fn *fn, void *user,
                            uint64_t *ret_id, struct evac_err *err)
{
    struct evac_host_uv *host = ctx;
    if (evac_host_uv_is_closing(host))
        return evac_fail(err, EVAC_E_REFUSED, "the host is closing");
    struct host_timer *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    t->host = host;
    t->fn = fn;
    t->user = user;
    t->id = evac_ids_add(&host->timers, t);
    if (!t->id) {
        free(t);
        return evac_fail(err, EVAC_E_BUSY, "%u timers are running", TIMERS_MAX);
    }
    uv_timer_init(host->loop, &t->uv);
    t->uv.data = t;
    evac_host_uv_hold(host);
    uv_update_time(host->loop); /* else a long callback before us would make it fire early */
    uv_timer_start(&t->uv, on_timer, delay_ms, 0);
    *ret_id = t->id;
    return EVAC_OK;
}

static void timer_stop(void *ctx, uint64_t id)
{
    struct evac_host_uv *host = ctx;
    struct host_timer *t = host ? evac_ids_find(&host->timers, id) : NULL;
    if (t)
        end_timer(t);
}

/* --- DNS ------------------------------------------------------------------------------------- */

static enum evac_code dns(void *ctx, struct evac_str name, const char *type, struct evac_str server,
                          uint32_t total_ms, evac_dns_done_fn *done, void *user,
                          struct evac_err *err)
{
    struct evac_host_uv *host = ctx;
    if (evac_host_uv_is_closing(host))
        return evac_fail(err, EVAC_E_REFUSED, "the host is closing");
    return evac_dns_ask(host->dns, name, type, server, total_ms, done, user, err);
}

/* --- life ------------------------------------------------------------------------------------ */

static char *find_ca_file(const char *wanted)
{
    const char *const places[] = { wanted, getenv("AWS_CA_BUNDLE"),
                                   "/etc/ssl/certs/ca-certificates.crt",
                                   "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem" };
    const char *found = "";
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (places[i] && places[i][0] && (i < 2 || access(places[i], R_OK) == 0)) {
            found = places[i]; /* one that a person named is not passed over in silence */
            break;
        }
    char *copy = strdup(found);
    if (!copy)
        abort();
    return copy;
}

static const struct evac_host table = {
    .abi = EVAC_HOST_ABI,
    .now_ms = now_ms,
    .wall_ms = wall_ms,
    .random = random_bytes,
    .http = evac_host_http_send,
    .http_cancel = evac_host_http_cancel,
    .timer = timer,
    .timer_stop = timer_stop,
    .dns = dns,
    .exec = evac_host_exec_run,
    .read_file = read_file,
    .getenv = get_env,
    .debug = debug,
    .mail = evac_host_mail_send,
};

enum evac_code evac_host_uv_new(uv_loop_t *loop, const struct evac_host_uv_options *options,
                                struct evac_host *ret_host, struct evac_err *err)
{
    struct evac_host_uv *host = calloc(1, sizeof *host);
    if (!host)
        abort();
    host->loop = loop;
    host->timers.max = TIMERS_MAX;
    host->held = 1;
    host->ca_file = find_ca_file(options->ca_file);
    enum evac_code code =
        evac_dns_new(loop, options->resolver ? options->resolver : "", &host->dns, err);
    if (!code) {
        host->names = evac_names_new(host->dns, NAMES_MAX, NAMES_STALE_MS);
        code = evac_host_http_new(host, &host->http, err);
    }
    if (code) {
        evac_names_free(host->names);
        evac_dns_close(host->dns);
        evac_host_uv_let_go(host);
        return code;
    }
    host->exec = evac_host_exec_new(host);
    *ret_host = table;
    ret_host->ctx = host;
    return EVAC_OK;
}

/* Whoever waits for one has something open that only it ends: a call that never was answered would
 * keep its driver alive for ever. Nothing new is begun, since the host refuses it. */
static void end_timers(struct evac_host_uv *h)
{
    for (size_t i = 0; i < h->timers.count; i++) {
        struct host_timer *t = h->timers.slots[i].thing;
        if (!t)
            continue;
        evac_timer_fn *fn = t->fn;
        void *user = t->user;
        end_timer(t);
        fn(user);
    }
}

void evac_host_uv_close(struct evac_host *host)
{
    struct evac_host_uv *h = host->ctx;
    if (!h || h->closing)
        return;
    h->closing = true;
    evac_host_http_close(h->http);
    evac_host_exec_close(h->exec);
    end_timers(h);
    evac_names_free(h->names);
    evac_dns_close(h->dns);
    host->ctx = NULL;
    evac_host_uv_let_go(h);
}

struct evac_dns *evac_host_uv_dns(const struct evac_host *host)
{
    const struct evac_host_uv *h = host->ctx;
    return h->dns;
}

const char *evac_host_uv_ca_file(const struct evac_host *host)
{
    const struct evac_host_uv *h = host->ctx;
    return h->ca_file;
}
