#include "host_wrap.h"

#include "evac/arena.h"
#include "host_url.h"

#include <stdlib.h>
#include <string.h>

/* Every wrapper's ctx points at the inner host's table: the readonly one's at its owner's, the
 * isolated one's at the copy that its guard begins with. */
struct evac_host_guard {
    struct evac_host inner; /* first */
    struct evac_host host;  /* what we lend */
    struct evac_arena *arena;
    struct evac_str *regions;
    size_t region_count;
    evac_host_tried_fn *tried;
    void *user;
};

/* --- passed on as it is ---------------------------------------------------------------------- */

static const struct evac_host *inner_of(void *ctx)
{
    return ctx;
}

static uint64_t now_ms(void *ctx)
{
    return inner_of(ctx)->now_ms(inner_of(ctx)->ctx);
}

static int64_t wall_ms(void *ctx)
{
    return inner_of(ctx)->wall_ms(inner_of(ctx)->ctx);
}

static void random_bytes(void *ctx, void *p, size_t bytes)
{
    inner_of(ctx)->random(inner_of(ctx)->ctx, p, bytes);
}

static enum evac_code passed_http(void *ctx, const struct evac_http_request *request,
                                  evac_http_done_fn *done, void *user, uint64_t *ret_id,
                                  struct evac_err *err)
{
    return inner_of(ctx)->http(inner_of(ctx)->ctx, request, done, user, ret_id, err);
}

static void http_cancel(void *ctx, uint64_t id)
{
    inner_of(ctx)->http_cancel(inner_of(ctx)->ctx, id);
}

static enum evac_code timer(void *ctx, uint64_t delay_ms, evac_timer_fn *fn, void *user,
                            uint64_t *ret_id, struct evac_err *err)
{
    return inner_of(ctx)->timer(inner_of(ctx)->ctx, delay_ms, fn, user, ret_id, err);
}

static void timer_stop(void *ctx, uint64_t id)
{
    inner_of(ctx)->timer_stop(inner_of(ctx)->ctx, id);
}

static enum evac_code dns(void *ctx, struct evac_str name, const char *type, struct evac_str server,
                          uint32_t total_ms, evac_dns_done_fn *done, void *user,
                          struct evac_err *err)
{
    return inner_of(ctx)->dns(inner_of(ctx)->ctx, name, type, server, total_ms, done, user, err);
}

static enum evac_code read_file(void *ctx, const char *path, struct evac_buf *buf,
                                struct evac_err *err)
{
    return inner_of(ctx)->read_file(inner_of(ctx)->ctx, path, buf, err);
}

static const char *get_env(void *ctx, const char *name)
{
    return inner_of(ctx)->getenv(inner_of(ctx)->ctx, name);
}

static void debug(void *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void debug(void *ctx, const char *fmt, ...)
{
    struct evac_buf text;
    va_list ap;
    evac_buf_init(&text, 4096);
    va_start(ap, fmt);
    evac_buf_putv(&text, fmt, ap);
    va_end(ap);
    inner_of(ctx)->debug(inner_of(ctx)->ctx, "%.*s", EVAC_STR_ARG(evac_buf_str(&text)));
    evac_buf_done(&text);
}

/* --- looked at first ------------------------------------------------------------------------- */

static bool has_label(struct evac_str host, struct evac_str label)
{
    while (host.n)
        if (evac_str_eq(evac_str_cut(host, '.', &host), label))
            return true;
    return false;
}

static const struct evac_str *forbidden_region(const struct evac_host_guard *g,
                                               const struct evac_http_request *request)
{
    struct evac_url url = { 0 };
    (void)evac_url_split(request->url, &url, NULL); /* a broken one is refused further in */
    for (size_t i = 0; i < g->region_count; i++)
        if (evac_str_eq(request->region, g->regions[i]) || has_label(url.host, g->regions[i]))
            return &g->regions[i];
    return NULL;
}

static enum evac_code isolated_http(void *ctx, const struct evac_http_request *request,
                                    evac_http_done_fn *done, void *user, uint64_t *ret_id,
                                    struct evac_err *err)
{
    const struct evac_host_guard *g = ctx;
    const struct evac_str *region = forbidden_region(g, request);
    if (!region)
        return g->inner.http(g->inner.ctx, request, done, user, ret_id, err);
    if (g->tried)
        g->tried(g->user, request->operation, *region);
    return evac_fail(err, EVAC_E_REFUSED, "%.*s wants %.*s, which this run may not touch",
                     EVAC_STR_ARG(request->operation), EVAC_STR_ARG(*region));
}

static enum evac_code exec(void *ctx, const struct evac_exec_request *request,
                           evac_exec_done_fn *done, void *user, struct evac_err *err)
{
    return inner_of(ctx)->exec(inner_of(ctx)->ctx, request, done, user, err);
}

static enum evac_code mail(void *ctx, const struct evac_mail_request *request,
                           evac_http_done_fn *done, void *user, uint64_t *ret_id,
                           struct evac_err *err)
{
    return inner_of(ctx)->mail(inner_of(ctx)->ctx, request, done, user, ret_id, err);
}

static enum evac_code readonly_http(void *ctx, const struct evac_http_request *request,
                                    evac_http_done_fn *done, void *user, uint64_t *ret_id,
                                    struct evac_err *err)
{
    if (request->mutates)
        return evac_fail(err, EVAC_E_REFUSED, "%.*s would change something: this is a rehearsal",
                         EVAC_STR_ARG(request->operation));
    return inner_of(ctx)->http(inner_of(ctx)->ctx, request, done, user, ret_id, err);
}

static enum evac_code readonly_exec(void *ctx, const struct evac_exec_request *request,
                                    evac_exec_done_fn *done, void *user, struct evac_err *err)
{
    if (request->mutates)
        return evac_fail(err, EVAC_E_REFUSED, "%s would change something: this is a rehearsal",
                         request->argv && request->argv[0] ? request->argv[0] : "a program");
    return exec(ctx, request, done, user, err);
}

static enum evac_code while_http(void *ctx, const struct evac_http_request *request,
                                 evac_http_done_fn *done, void *user, uint64_t *ret_id,
                                 struct evac_err *err)
{
    const struct evac_host_while *g = ctx;
    if (request->mutates && !g->may(g->user))
        return evac_fail(err, EVAC_E_REFUSED,
                         "%.*s would change something, and this controller may not any more",
                         EVAC_STR_ARG(request->operation));
    return g->inner.http(g->inner.ctx, request, done, user, ret_id, err);
}

static enum evac_code while_exec(void *ctx, const struct evac_exec_request *request,
                                 evac_exec_done_fn *done, void *user, struct evac_err *err)
{
    const struct evac_host_while *g = ctx;
    if (request->mutates && !g->may(g->user))
        return evac_fail(err, EVAC_E_REFUSED,
                         "%s would change something, and this controller may not any more",
                         request->argv && request->argv[0] ? request->argv[0] : "a program");
    return exec(ctx, request, done, user, err);
}

/* --- life ------------------------------------------------------------------------------------ */

static const struct evac_host passing = {
    .abi = EVAC_HOST_ABI,
    .now_ms = now_ms,
    .wall_ms = wall_ms,
    .random = random_bytes,
    .http = passed_http,
    .http_cancel = http_cancel,
    .timer = timer,
    .timer_stop = timer_stop,
    .dns = dns,
    .exec = exec,
    .read_file = read_file,
    .getenv = get_env,
    .debug = debug,
};

struct evac_host evac_host_passing(const struct evac_host *inner)
{
    union {
        const struct evac_host *lent;
        void *ctx;
    } as = { .lent = inner };
    struct evac_host host = passing;
    host.ctx = as.ctx;
    host.apps = inner->apps;
    host.mail = inner->mail ? mail : NULL;
    return host;
}

struct evac_host evac_host_readonly(const struct evac_host *inner)
{
    struct evac_host host = evac_host_passing(inner);
    host.http = readonly_http;
    host.exec = readonly_exec;
    host.mail = NULL;
    return host;
}

struct evac_host evac_host_only_while(struct evac_host_while *guard)
{
    struct evac_host host = passing;
    host.http = while_http;
    host.exec = while_exec;
    host.mail = guard->inner.mail ? mail : NULL;
    host.apps = guard->inner.apps;
    host.ctx = guard;
    return host;
}

struct evac_host_guard *evac_host_isolated(const struct evac_host *inner,
                                           const struct evac_str *regions, size_t region_count,
                                           evac_host_tried_fn *tried, void *user)
{
    struct evac_host_guard *g = calloc(1, sizeof *g);
    if (!g)
        abort();
    g->inner = *inner;
    g->host = evac_host_passing(&g->inner);
    g->host.http = isolated_http;
    g->host.mail = NULL;
    g->arena = evac_arena_new();
    g->regions = evac_arena_array(g->arena, region_count, sizeof *g->regions);
    for (size_t i = 0; i < region_count; i++)
        g->regions[i] = evac_arena_str(g->arena, regions[i]);
    g->region_count = region_count;
    g->tried = tried;
    g->user = user;
    return g;
}

/* --- counted --------------------------------------------------------------------------------- */

struct evac_host_tally {
    struct evac_host inner; /* first */
    struct evac_host host;
    evac_host_told_fn *told;
    void *user;
};

struct tallied {
    const struct evac_host_tally *tally;
    evac_http_done_fn *done;
    void *user;
    char operation[96], region[48];
};

static void tallied_done(void *user, const struct evac_http_reply *reply)
{
    struct tallied *t = user;
    t->tally->told(t->tally->user, evac_str(t->operation), evac_str(t->region), reply);
    t->done(t->user, reply);
    free(t);
}

static enum evac_code tallied_http(void *ctx, const struct evac_http_request *request,
                                   evac_http_done_fn *done, void *user, uint64_t *ret_id,
                                   struct evac_err *err)
{
    const struct evac_host_tally *tally = ctx;
    if (request->operation.n == 0)
        return tally->inner.http(tally->inner.ctx, request, done, user, ret_id, err);
    struct tallied *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    t->tally = tally;
    t->done = done;
    t->user = user;
    (void)evac_str_copy(t->operation, sizeof t->operation, request->operation);
    (void)evac_str_copy(t->region, sizeof t->region, request->region);
    enum evac_code code =
        tally->inner.http(tally->inner.ctx, request, tallied_done, t, ret_id, err);
    if (code)
        free(t);
    return code;
}

struct evac_host_tally *evac_host_tallied(const struct evac_host *inner, evac_host_told_fn *told,
                                          void *user)
{
    struct evac_host_tally *tally = calloc(1, sizeof *tally);
    if (!tally)
        abort();
    tally->inner = *inner;
    tally->host = evac_host_passing(&tally->inner);
    tally->host.http = tallied_http;
    tally->told = told;
    tally->user = user;
    return tally;
}

const struct evac_host *evac_host_tally_host(const struct evac_host_tally *tally)
{
    return &tally->host;
}

void evac_host_tally_free(struct evac_host_tally *tally)
{
    free(tally);
}

const struct evac_host *evac_host_guard_host(const struct evac_host_guard *guard)
{
    return &guard->host;
}

void evac_host_guard_free(struct evac_host_guard *guard)
{
    if (!guard)
        return;
    evac_arena_free(guard->arena);
    free(guard);
}
