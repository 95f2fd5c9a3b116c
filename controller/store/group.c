#include "group.h"

#include "evac/arena.h"
#include "never.h"

#include <stdlib.h>

/* What runs and machines write all the time, and nothing is done on the strength of: if it is lost,
 * whoever reads the journal again looks again (R5). Every other kind is waited for: an intent's
 * call, a person's answer, the letter about an alarm. */
#define IDLE_KINDS(X)                                                                              \
    X(STEP)                                                                                        \
    X(RUN)                                                                                         \
    X(SNAPSHOT)                                                                                    \
    X(OUTCOME)                                                                                     \
    X(OBSERVE)                                                                                     \
    X(FACT)                                                                                        \
    X(INSTANT)                                                                                     \
    X(SETTLE)                                                                                      \
    X(LAG)
#define X(name) EVAC_KIND(name) |
static const uint64_t idle_kinds = IDLE_KINDS(X) 0;
#undef X

/* Accepted together, durable together. */
struct rows {
    struct evac_arena *arena;
    struct evac_record *items;
    size_t count, cap;
};

struct evac_group {
    struct evac_store base;
    struct evac_store *inner;
    struct evac_store_listener listener;
    struct rows rows;
    bool listened, lost, awaited;
};

/* --- accepting ------------------------------------------------------------------------------- */

static void keep(struct rows *rows, const struct evac_record *record)
{
    if (rows->count == rows->cap) {
        rows->cap = rows->cap ? 2 * rows->cap : 64;
        rows->items = realloc(rows->items, rows->cap * sizeof *rows->items);
        if (EVAC_IF_NEVER(!rows->items))
            abort();
    }
    if (!rows->arena)
        rows->arena = evac_arena_new();
    struct evac_record *r = &rows->items[rows->count++];
    *r = *record;
    struct evac_str *texts[] = { &r->app, &r->name, &r->from,       &r->event, &r->to,
                                 &r->who, &r->text, &r->request_id, &r->data };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = texts[i]->n ? evac_arena_str(rows->arena, *texts[i]) : EVAC_STR_NONE;
}

static void drop(struct rows *rows)
{
    evac_arena_free(rows->arena);
    free(rows->items);
    *rows = (struct rows){ 0 };
}

static enum evac_code append(struct evac_store *store, const struct evac_record *rows, size_t count,
                             struct evac_err *err)
{
    struct evac_group *g = (struct evac_group *)store;
    uint64_t last = g->inner->vt->last_seq(g->inner) + g->rows.count;
    if (g->lost)
        return evac_fail(err, EVAC_E_STORE, "the journal failed before: it must be opened again");
    for (size_t i = 0; i < count; i++)
        if (rows[i].seq != last + i + 1)
            return evac_fail(err, EVAC_E_STALE,
                             "row %llu does not continue the journal, which ends at %llu",
                             (unsigned long long)rows[i].seq, (unsigned long long)last);
    for (size_t i = 0; i < count; i++) {
        keep(&g->rows, &rows[i]);
        g->awaited = g->awaited || !(idle_kinds >> rows[i].kind & 1);
    }
    return EVAC_OK;
}

/* --- committing ------------------------------------------------------------------------------ */

enum evac_code evac_group_commit(struct evac_group *g, struct evac_err *err)
{
    struct evac_err failure = { EVAC_OK, "" };
    struct rows rows = g->rows; /* the listener's own appends are the next commit's */
    if (rows.count == 0)
        return EVAC_OK;
    enum evac_code code = g->inner->vt->append(g->inner, rows.items, rows.count, &failure);
    g->rows = (struct rows){ 0 };
    g->awaited = false;
    g->lost = code != EVAC_OK;
    if (g->lost && g->listened)
        g->listener.lost(g->listener.user, failure.text);
    else if (g->listened)
        g->listener.durable(g->listener.user, rows.items, rows.count);
    drop(&rows);
    return code ? evac_fail(err, code, "%s", failure.text) : EVAC_OK;
}

/* --- the rest is the inner store's ----------------------------------------------------------- */

static enum evac_code read_rows(struct evac_store *store, const struct evac_store_filter *filter,
                                evac_row_fn *fn, void *user, struct evac_err *err)
{
    struct evac_group *g = (struct evac_group *)store;
    return g->inner->vt->read(g->inner, filter, fn, user, err);
}

static uint64_t last_seq(struct evac_store *store)
{
    struct evac_group *g = (struct evac_group *)store;
    return g->inner->vt->last_seq(g->inner);
}

static bool lead(struct evac_store *store, uint64_t *ret_epoch)
{
    struct evac_group *g = (struct evac_group *)store;
    return g->inner->vt->lead(g->inner, ret_epoch) && !g->lost;
}

static void close_group(struct evac_store *store)
{
    struct evac_group *g = (struct evac_group *)store;
    drop(&g->rows);
    evac_store_close(g->inner);
    free(g);
}

/* Between two commits: those rows are whole already. */
static enum evac_code take(struct evac_store *store, const struct evac_row *rows, size_t count,
                           struct evac_err *err)
{
    struct evac_group *g = (struct evac_group *)store;
    if (g->rows.count || !g->inner->vt->take)
        return evac_fail(err, EVAC_E_BUSY, "rows wait to be committed");
    return g->inner->vt->take(g->inner, rows, count, err);
}

static void listen(struct evac_store *store, const struct evac_store_listener *listener)
{
    struct evac_group *g = (struct evac_group *)store;
    g->listened = listener != NULL;
    if (listener)
        g->listener = *listener;
}

static const struct evac_store_vtable vtable = { append,      read_rows, last_seq, lead,
                                                 close_group, take,      listen };

struct evac_group *evac_group_new(struct evac_store *inner)
{
    struct evac_group *g = calloc(1, sizeof *g);
    if (EVAC_IF_NEVER(!g))
        abort();
    g->base.vt = &vtable;
    g->inner = inner;
    return g;
}

struct evac_store *evac_group_store(struct evac_group *group)
{
    return &group->base;
}

struct evac_store *evac_group_inner(const struct evac_group *group)
{
    return group ? group->inner : NULL;
}

size_t evac_group_waiting(const struct evac_group *group)
{
    return group->rows.count;
}

bool evac_group_is_awaited(const struct evac_group *group)
{
    return group->awaited;
}
