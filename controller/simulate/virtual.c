#include "virtual.h"

#include <stdlib.h>

#define TIMERS_MAX 256u

struct evac_virtual_timer {
    struct evac_virtual_timer *next;
    struct evac_virtual *v;
    uint64_t id;
    evac_timer_fn *fn;
    void *user;
    bool stopped;
};

/* --- chance
 * ---------------------------------------------------------------------------------------------- */

uint64_t evac_virtual_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t evac_virtual_draw(struct evac_virtual *v)
{
    return evac_virtual_mix(v->random += 0x9e3779b97f4a7c15u);
}

uint64_t evac_virtual_below(struct evac_virtual *v, uint64_t n)
{
    return n ? evac_virtual_draw(v) % n : 0;
}

/* --- time: a heap by when, then by who asked first
 * --------------------------------------------------------------- */

void evac_virtual_init(struct evac_virtual *v, void *owner, uint64_t boot_ms, int64_t wall_ms,
                       uint64_t seed)
{
    *v = (struct evac_virtual){ .owner = owner,
                                .now_ms = boot_ms,
                                .boot_0_ms = boot_ms,
                                .wall_0_ms = wall_ms,
                                .random = seed * 0x9e3779b97f4a7c15u + 1 };
}

int64_t evac_virtual_wall_ms(const struct evac_virtual *v)
{
    return v->wall_0_ms + (int64_t)(v->now_ms - v->boot_0_ms);
}

uint64_t evac_virtual_number(struct evac_virtual *v)
{
    return ++v->numbers;
}

static bool before(const struct evac_due *a, const struct evac_due *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->number < b->number;
}

void evac_virtual_later(struct evac_virtual *v, uint64_t delay_ms, evac_due_fn *fn, void *what)
{
    if (v->count == v->cap) {
        v->cap = v->cap ? 2 * v->cap : 64;
        v->heap = realloc(v->heap, v->cap * sizeof *v->heap);
        if (!v->heap)
            abort();
    }
    size_t i = v->count++;
    struct evac_due due = { v->now_ms + delay_ms, evac_virtual_number(v), fn, what };
    for (; i > 0 && before(&due, &v->heap[(i - 1) / 2]); i = (i - 1) / 2)
        v->heap[i] = v->heap[(i - 1) / 2];
    v->heap[i] = due;
}

static struct evac_due take_first(struct evac_virtual *v)
{
    struct evac_due first = v->heap[0], last = v->heap[--v->count];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < v->count; i = child) {
        if (child + 1 < v->count && before(&v->heap[child + 1], &v->heap[child]))
            child++;
        if (!before(&v->heap[child], &last))
            break;
        v->heap[i] = v->heap[child];
    }
    if (v->count)
        v->heap[i] = last;
    return first;
}

uint64_t evac_virtual_next_ms(const struct evac_virtual *v)
{
    return v->count ? v->heap[0].at_ms : UINT64_MAX;
}

void evac_virtual_run_next(struct evac_virtual *v)
{
    struct evac_due due = take_first(v);
    if (due.at_ms > v->now_ms)
        v->now_ms = due.at_ms;
    due.fn(v->owner, due.what);
}

bool evac_virtual_take(struct evac_virtual *v, struct evac_due *ret_due)
{
    if (v->count == 0)
        return false;
    *ret_due = take_first(v);
    return true;
}

/* --- timers
 * ---------------------------------------------------------------------------------------------- */

static void unlink_timer(struct evac_virtual_timer *t)
{
    for (struct evac_virtual_timer **at = &t->v->timers; *at; at = &(*at)->next)
        if (*at == t) {
            *at = t->next;
            return;
        }
}

static void timer_due(void *owner, void *what)
{
    struct evac_virtual_timer *t = what;
    (void)owner;
    if (!t->stopped) {
        unlink_timer(t);
        t->fn(t->user);
    }
    free(t);
}

bool evac_virtual_is_timer(const struct evac_due *due)
{
    return due->fn == timer_due;
}

static enum evac_code timer(void *ctx, uint64_t delay_ms, evac_timer_fn *fn, void *user,
                            uint64_t *ret_id, struct evac_err *err)
{
    struct evac_virtual *v = ctx;
    size_t running = 0;
    for (const struct evac_virtual_timer *t = v->timers; t; t = t->next)
        running++;
    if (running == TIMERS_MAX)
        return evac_fail(err, EVAC_E_TOOBIG, "too many timers");
    struct evac_virtual_timer *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    *t = (struct evac_virtual_timer){ v->timers, v, evac_virtual_number(v), fn, user, false };
    v->timers = t;
    *ret_id = t->id;
    evac_virtual_later(v, delay_ms, timer_due, t);
    return EVAC_OK;
}

static void timer_stop(void *ctx, uint64_t id)
{
    struct evac_virtual *v = ctx;
    struct evac_virtual_timer *t = v->timers;
    while (t && t->id != id)
        t = t->next;
    if (!t)
        return;
    t->stopped = true; /* freed when it falls due */
    unlink_timer(t);
}

void evac_virtual_done(struct evac_virtual *v)
{
    for (size_t i = 0; i < v->count; i++)
        if (evac_virtual_is_timer(&v->heap[i]))
            free(v->heap[i].what);
    free(v->heap);
    v->heap = NULL;
    v->count = v->cap = 0;
    v->timers = NULL;
}

/* --- the host
 * -------------------------------------------------------------------------------------------- */

static uint64_t now_ms(void *ctx)
{
    return ((const struct evac_virtual *)ctx)->now_ms;
}

static int64_t wall_ms(void *ctx)
{
    return evac_virtual_wall_ms(ctx);
}

static void random_bytes(void *ctx, void *p, size_t bytes)
{
    unsigned char *out = p;
    for (size_t i = 0; i < bytes; i++)
        out[i] = (unsigned char)evac_virtual_draw(ctx);
}

static enum evac_code no_http(void *ctx, const struct evac_http_request *request,
                              evac_http_done_fn *done, void *user, uint64_t *ret_id,
                              struct evac_err *err)
{
    (void)ctx, (void)request, (void)done, (void)user, (void)ret_id;
    return evac_fail(err, EVAC_E_UNSUPPORTED, "no network in virtual time");
}

static void no_cancel(void *ctx, uint64_t id)
{
    (void)ctx, (void)id;
}

static enum evac_code no_dns(void *ctx, struct evac_str name, const char *type,
                             struct evac_str server, uint32_t total_ms, evac_dns_done_fn *done,
                             void *user, struct evac_err *err)
{
    (void)ctx, (void)name, (void)type, (void)server, (void)total_ms, (void)done, (void)user;
    return evac_fail(err, EVAC_E_UNSUPPORTED, "no names in virtual time");
}

static enum evac_code no_exec(void *ctx, const struct evac_exec_request *request,
                              evac_exec_done_fn *done, void *user, struct evac_err *err)
{
    (void)ctx, (void)request, (void)done, (void)user;
    return evac_fail(err, EVAC_E_UNSUPPORTED, "no processes in virtual time");
}

static enum evac_code no_file(void *ctx, const char *path, struct evac_buf *buf,
                              struct evac_err *err)
{
    (void)ctx, (void)buf;
    return evac_fail(err, EVAC_E_NOTFOUND, "%s: no files in virtual time", path);
}

static const char *no_variable(void *ctx, const char *name)
{
    (void)ctx, (void)name;
    return NULL;
}

static void no_debug(void *ctx, const char *fmt, ...)
{
    (void)ctx, (void)fmt;
}

struct evac_host evac_virtual_host(struct evac_virtual *v)
{
    return (struct evac_host){ .abi = EVAC_HOST_ABI,
                               .ctx = v,
                               .now_ms = now_ms,
                               .wall_ms = wall_ms,
                               .random = random_bytes,
                               .http = no_http,
                               .http_cancel = no_cancel,
                               .timer = timer,
                               .timer_stop = timer_stop,
                               .dns = no_dns,
                               .exec = no_exec,
                               .read_file = no_file,
                               .getenv = no_variable,
                               .debug = no_debug };
}
