/* The journal in memory: for tests and virtual time. The same chain, no durability. */
#include "chain.h"
#include "evac/arena.h"
#include "never.h"
#include "store_memory.h"

#include <stdlib.h>
#include <string.h>

struct memory_store {
    struct evac_store base;
    struct evac_arena *arena;
    struct evac_row *rows;
    size_t count, cap;
    struct evac_str node, boot_id;
    uint64_t epoch, fail_after;
    bool failed, keeps; /* keeps: what fails is written all the same */
};

static struct evac_str *texts_of(struct evac_record *r, size_t i)
{
    struct evac_str *texts[] = { &r->app, &r->name, &r->from,       &r->event, &r->to,
                                 &r->who, &r->text, &r->request_id, &r->data };
    return i < sizeof texts / sizeof texts[0] ? texts[i] : NULL;
}

static struct evac_row *new_row(struct memory_store *m, const struct evac_record *record)
{
    if (m->count == m->cap) {
        m->cap = m->cap ? 2 * m->cap : 256;
        m->rows = realloc(m->rows, m->cap * sizeof *m->rows);
        if (EVAC_IF_NEVER(!m->rows))
            abort();
    }
    struct evac_row *row = &m->rows[m->count];
    *row = (struct evac_row){ .record = *record, .node = m->node, .boot_id = m->boot_id };
    for (size_t i = 0; texts_of(&row->record, i); i++) {
        struct evac_str *text = texts_of(&row->record, i);
        *text = text->n ? evac_arena_str(m->arena, *text) : EVAC_STR_NONE;
    }
    if (m->count)
        memcpy(row->prev_hash, m->rows[m->count - 1].hash, 32);
    m->count++;
    return row;
}

static void add_row(struct memory_store *m, const struct evac_record *record)
{
    struct evac_row *row = new_row(m, record);
    evac_chain_hash(row, row->hash);
}

static enum evac_code append(struct evac_store *store, const struct evac_record *rows, size_t count,
                             struct evac_err *err)
{
    struct memory_store *m = (struct memory_store *)store;
    bool fails = m->fail_after && --m->fail_after == 0;
    if (m->failed || (fails && !m->keeps)) {
        m->failed = true;
        return evac_fail(err, EVAC_E_STORE, "the journal can not be written");
    }
    for (size_t i = 0; i < count; i++)
        if (rows[i].seq != m->count + i + 1)
            return evac_fail(err, EVAC_E_STALE,
                             "row %llu does not continue the journal, which ends at %zu",
                             (unsigned long long)rows[i].seq, m->count);
    for (size_t i = 0; i < count; i++)
        add_row(m, &rows[i]);
    m->failed = fails;
    return fails ? evac_fail(err, EVAC_E_STORE, "nobody knows whether the journal was written")
                 : EVAC_OK;
}

static enum evac_code check_rows(const struct memory_store *m, const struct evac_row *rows,
                                 size_t count, struct evac_err *err)
{
    struct evac_chain chain = { .last_seq = m->count };
    enum evac_code code = EVAC_OK;
    if (m->count)
        memcpy(chain.last_hash, m->rows[m->count - 1].hash, 32);
    for (size_t i = 0; !code && i < count; i++)
        code = evac_chain_check(&chain, &rows[i], err);
    return code;
}

static enum evac_code take(struct evac_store *store, const struct evac_row *rows, size_t count,
                           struct evac_err *err)
{
    struct memory_store *m = (struct memory_store *)store;
    if (m->failed)
        return evac_fail(err, EVAC_E_STORE, "the journal can not be written");
    enum evac_code code = check_rows(m, rows, count, err);
    for (size_t i = 0; !code && i < count; i++) {
        struct evac_row *row = new_row(m, &rows[i].record);
        row->node = evac_arena_str(m->arena, rows[i].node);
        row->boot_id = evac_arena_str(m->arena, rows[i].boot_id);
        memcpy(row->hash, rows[i].hash, 32);
    }
    return code;
}

static bool passes(const struct evac_store_filter *f, const struct evac_record *r)
{
    return r->seq > f->after_seq && (f->before_seq == 0 || r->seq < f->before_seq) &&
           (f->run == 0 || r->run == f->run) && (f->app.n == 0 || evac_str_eq(r->app, f->app)) &&
           (f->kinds == 0 || (f->kinds >> r->kind & 1));
}

static struct evac_row shown(const struct evac_store_filter *f, const struct evac_row *row)
{
    struct evac_row out = *row;
    if (f->light)
        out.record.data = EVAC_STR_NONE;
    return out;
}

static enum evac_code read_rows(struct evac_store *store, const struct evac_store_filter *f,
                                evac_row_fn *fn, void *user, struct evac_err *err)
{
    struct memory_store *m = (struct memory_store *)store;
    uint64_t left = f->limit ? f->limit : UINT64_MAX;
    (void)err;
    size_t from = !f->newest_first && f->after_seq < m->count ? (size_t)f->after_seq : 0;
    for (size_t k = from; k < m->count && left; k++) {
        size_t i = f->newest_first ? m->count - 1 - k : k;
        if (!passes(f, &m->rows[i].record))
            continue;
        left--;
        struct evac_row row = shown(f, &m->rows[i]);
        if (!fn(user, &row))
            break;
    }
    return EVAC_OK;
}

static uint64_t last_seq(struct evac_store *store)
{
    return ((struct memory_store *)store)->count;
}

static bool lead(struct evac_store *store, uint64_t *ret_epoch)
{
    *ret_epoch = ((struct memory_store *)store)->epoch;
    return true;
}

static void close_memory(struct evac_store *store)
{
    struct memory_store *m = (struct memory_store *)store;
    evac_arena_free(m->arena);
    free(m->rows);
    free(m);
}

static const struct evac_store_vtable vtable = { append,       read_rows, last_seq, lead,
                                                 close_memory, take,      NULL };

struct evac_store *evac_store_new_memory(const char *node, const char *boot_id)
{
    struct memory_store *m = calloc(1, sizeof *m);
    if (EVAC_IF_NEVER(!m))
        abort();
    m->base.vt = &vtable;
    m->arena = evac_arena_new();
    m->node = evac_arena_str(m->arena, evac_str(node));
    m->boot_id = evac_arena_str(m->arena, evac_str(boot_id));
    m->epoch = 1;
    return &m->base;
}

void evac_store_memory_fail_after(struct evac_store *store, uint64_t n)
{
    evac_store_memory_fail(store, n, false);
}

void evac_store_memory_fail(struct evac_store *store, uint64_t n, bool kept)
{
    struct memory_store *m = (struct memory_store *)store;
    m->fail_after = n;
    m->keeps = kept;
}

void evac_store_memory_reopen(struct evac_store *store)
{
    struct memory_store *m = (struct memory_store *)store;
    m->epoch += m->failed;
    m->failed = false;
    m->fail_after = 0;
}

struct evac_store *evac_store_memory_clone(const struct evac_store *store)
{
    const struct memory_store *m = (const struct memory_store *)store;
    struct evac_store *copy = evac_store_new_memory(m->node.p, m->boot_id.p);
    struct memory_store *c = (struct memory_store *)copy;
    for (size_t i = 0; i < m->count; i++)
        add_row(c, &m->rows[i].record);
    c->epoch = m->epoch + 1;
    return copy;
}

void evac_store_memory_lead(struct evac_store *store, uint64_t epoch)
{
    ((struct memory_store *)store)->epoch = epoch;
}

bool evac_store_memory_damage(struct evac_store *store, uint64_t seq)
{
    struct memory_store *m = (struct memory_store *)store;
    if (seq == 0 || seq > m->count)
        return false;
    m->rows[seq - 1].record.number ^= 1;
    return true;
}
