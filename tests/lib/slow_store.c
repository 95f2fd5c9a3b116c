#include "slow_store.h"

#include "evac/arena.h"

#include <stdlib.h>
#include <string.h>

struct batch {
    struct batch *next;
    struct evac_arena *arena;
    struct evac_record *rows;
    size_t count;
};

struct slow_store {
    struct evac_store base;
    struct evac_store *inner;
    const struct evac_host *host;
    uint64_t way_ms, timer;
    struct evac_store_listener listener;
    struct batch *first;
    uint64_t accepted;
    bool failed, loses;
};

static void copy_texts(struct batch *b, struct evac_record *r)
{
    struct evac_str *texts[] = { &r->app, &r->name, &r->from,       &r->event, &r->to,
                                 &r->who, &r->text, &r->request_id, &r->data };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = texts[i]->n ? evac_arena_str(b->arena, *texts[i]) : EVAC_STR_NONE;
}

static struct batch *new_batch(const struct evac_record *rows, size_t count)
{
    struct batch *b = calloc(1, sizeof *b);
    if (!b)
        abort();
    b->arena = evac_arena_new();
    b->rows = evac_arena_array(b->arena, count, sizeof *b->rows);
    memcpy(b->rows, rows, count * sizeof *rows);
    for (size_t i = 0; i < count; i++)
        copy_texts(b, &b->rows[i]);
    b->count = count;
    return b;
}

static struct batch *take_first(struct slow_store *s)
{
    struct batch *b = s->first;
    s->first = b->next;
    return b;
}

static void free_batch(struct batch *b)
{
    evac_arena_free(b->arena);
    free(b);
}

static void on_due(void *user);

static void set_timer(struct slow_store *s)
{
    if (s->timer || !s->first)
        return;
    if (s->host->timer(s->host->ctx, s->way_ms, on_due, s, &s->timer, NULL))
        abort();
}

static void on_due(void *user)
{
    struct slow_store *s = user;
    struct batch *b = take_first(s);
    s->timer = 0;
    if (s->loses || s->inner->vt->append(s->inner, b->rows, b->count, NULL)) {
        s->failed = true;
        if (s->listener.lost)
            s->listener.lost(s->listener.user, "it was lost");
    } else if (s->listener.durable) {
        s->listener.durable(s->listener.user, b->rows, b->count);
    }
    free_batch(b);
    set_timer(s);
}

static enum evac_code append(struct evac_store *store, const struct evac_record *rows, size_t count,
                             struct evac_err *err)
{
    struct slow_store *s = (struct slow_store *)store;
    if (s->failed)
        return evac_fail(err, EVAC_E_STORE, "it was lost");
    if (rows[0].seq != s->accepted + 1)
        return evac_fail(err, EVAC_E_STALE, "row %llu does not follow %llu",
                         (unsigned long long)rows[0].seq, (unsigned long long)s->accepted);
    struct batch **at = &s->first;
    while (*at)
        at = &(*at)->next;
    *at = new_batch(rows, count);
    s->accepted = rows[count - 1].seq;
    set_timer(s);
    return EVAC_OK;
}

static enum evac_code read_rows(struct evac_store *store, const struct evac_store_filter *f,
                                evac_row_fn *fn, void *user, struct evac_err *err)
{
    struct slow_store *s = (struct slow_store *)store;
    return s->inner->vt->read(s->inner, f, fn, user, err);
}

static uint64_t last_seq(struct evac_store *store)
{
    struct slow_store *s = (struct slow_store *)store;
    return s->inner->vt->last_seq(s->inner);
}

static bool lead(struct evac_store *store, uint64_t *ret_epoch)
{
    struct slow_store *s = (struct slow_store *)store;
    return s->inner->vt->lead(s->inner, ret_epoch);
}

static void listen_to(struct evac_store *store, const struct evac_store_listener *listener)
{
    struct slow_store *s = (struct slow_store *)store;
    s->listener = listener ? *listener : (struct evac_store_listener){ .user = NULL };
}

void slow_store_crash(struct evac_store *store, size_t land)
{
    struct slow_store *s = (struct slow_store *)store;
    if (s->timer)
        s->host->timer_stop(s->host->ctx, s->timer);
    s->timer = 0;
    while (s->first) {
        struct batch *b = take_first(s);
        if (land > 0 && s->inner->vt->append(s->inner, b->rows, b->count, NULL))
            abort();
        land -= land > 0;
        free_batch(b);
    }
    s->accepted = last_seq(store);
    s->failed = s->loses = false;
}

size_t slow_store_waiting(const struct evac_store *store)
{
    size_t n = 0;
    for (const struct batch *b = ((const struct slow_store *)store)->first; b; b = b->next)
        n++;
    return n;
}

void slow_store_lose(struct evac_store *store)
{
    ((struct slow_store *)store)->loses = true;
}

static void close_slow(struct evac_store *store)
{
    struct slow_store *s = (struct slow_store *)store;
    slow_store_crash(store, 0);
    evac_store_close(s->inner);
    free(s);
}

struct evac_store *slow_store_new(struct evac_store *inner, const struct evac_host *host,
                                  uint64_t way_ms)
{
    static const struct evac_store_vtable vtable = { append,     read_rows, last_seq, lead,
                                                     close_slow, NULL,      listen_to };
    struct slow_store *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    *s = (struct slow_store){ .base = { &vtable }, .inner = inner, .host = host, .way_ms = way_ms };
    s->accepted = inner->vt->last_seq(inner);
    return &s->base;
}
