#include "chain.h"

#include "evac/arena.h"
#include "hash.h"
#include "jw.h"

#include <stdlib.h>
#include <string.h>

#define CANONICAL_MAX (64u << 20)

void evac_chain_hash(const struct evac_row *row, uint8_t ret_hash[32])
{
    static const struct evac_str leaf = { "", 1 }, zero = { "", 1 }; /* RFC 6962, section 2.1 */
    const char *prev = (const char *)row->prev_hash;
    struct evac_buf canonical;
    evac_buf_init(&canonical, CANONICAL_MAX);
    evac_record_canonical(&row->record, &canonical);
    if (canonical.failed)
        abort(); /* half a row's hash would be a false one */
    const struct evac_str parts[] = {
        leaf, evac_buf_str(&canonical), row->node, zero, row->boot_id, zero, { prev, 32 },
    };
    evac_sha256_parts(parts, sizeof parts / sizeof parts[0], ret_hash);
    evac_buf_done(&canonical);
}

enum evac_code evac_chain_check(struct evac_chain *chain, const struct evac_row *row,
                                struct evac_err *err)
{
    uint64_t seq = row->record.seq, expected = chain->last_seq + 1;
    uint8_t hash[32];
    if (seq > expected)
        return evac_fail(err, EVAC_E_CORRUPT, "row %llu is missing: %llu follows %llu",
                         (unsigned long long)expected, (unsigned long long)seq,
                         (unsigned long long)chain->last_seq);
    if (seq < expected)
        return evac_fail(err, EVAC_E_CORRUPT, "row %llu is out of order: it follows %llu",
                         (unsigned long long)seq, (unsigned long long)chain->last_seq);
    evac_chain_hash(row, hash);
    if (memcmp(hash, row->hash, 32) != 0)
        return evac_fail(err, EVAC_E_CORRUPT,
                         "row %llu was altered: its hash does not fit its content",
                         (unsigned long long)seq);
    if (memcmp(row->prev_hash, chain->last_hash, 32) != 0)
        return evac_fail(
            err, EVAC_E_CORRUPT,
            "row %llu does not follow row %llu: its link was altered, or rows before it",
            (unsigned long long)seq, (unsigned long long)chain->last_seq);
    chain->last_seq = seq;
    memcpy(chain->last_hash, row->hash, 32);
    return EVAC_OK;
}

bool evac_chain_take(void *user, const struct evac_row *row)
{
    struct evac_chain *chain = user;
    chain->last_seq = row->record.seq;
    memcpy(chain->last_hash, row->hash, 32);
    return true;
}

/* --- what every store can do with its vtable
 * ------------------------------------------------------------ */

void evac_store_close(struct evac_store *store)
{
    if (store)
        store->vt->close(store);
}

struct walk {
    struct evac_chain chain;
    enum evac_code code;
    struct evac_err *err;
};

static bool check_row(void *user, const struct evac_row *row)
{
    struct walk *walk = user;
    walk->code = evac_chain_check(&walk->chain, row, walk->err);
    return walk->code == EVAC_OK;
}

enum evac_code evac_store_verify(struct evac_store *store, uint64_t *ret_rows, struct evac_err *err)
{
    struct walk walk = { .err = err };
    struct evac_store_filter all = { 0 };
    enum evac_code code = store->vt->read(store, &all, check_row, &walk, err);
    *ret_rows = walk.chain.last_seq;
    return code ? code : walk.code;
}

struct one {
    struct evac_arena *arena;
    struct evac_row *row;
    uint64_t seq;
    bool found;
};

static bool keep_row(void *user, const struct evac_row *row)
{
    struct one *one = user;
    if (row->record.seq != one->seq)
        return false;
    one->found = true;
    *one->row = *row;
    struct evac_str *texts[] = {
        &one->row->record.app,   &one->row->record.name,       &one->row->record.from,
        &one->row->record.event, &one->row->record.to,         &one->row->record.who,
        &one->row->record.text,  &one->row->record.request_id, &one->row->record.data,
        &one->row->node,         &one->row->boot_id,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = evac_arena_str(one->arena, *texts[i]);
    return false;
}

enum evac_code evac_store_row(struct evac_store *store, uint64_t seq, struct evac_arena *arena,
                              struct evac_row *ret_row, struct evac_err *err)
{
    struct one one = { arena, ret_row, seq, false };
    struct evac_store_filter filter = { .after_seq = seq ? seq - 1 : 0, .limit = 1 };
    enum evac_code code = store->vt->read(store, &filter, keep_row, &one, err);
    if (!code && !one.found)
        code =
            evac_fail(err, EVAC_E_NOTFOUND, "the journal has no row %llu", (unsigned long long)seq);
    return code;
}

static void put_hex(struct evac_jw *w, const char *key, const uint8_t hash[32])
{
    static const char digits[] = "0123456789abcdef";
    char hex[64];
    for (size_t i = 0; i < 32; i++) {
        hex[2 * i] = digits[hash[i] >> 4];
        hex[2 * i + 1] = digits[hash[i] & 15];
    }
    evac_jw_str(w, key, (struct evac_str){ hex, 64 });
}

void evac_row_json(const struct evac_row *row, struct evac_buf *out)
{
    const struct evac_record *r = &row->record;
    struct evac_jw w = { out, false };
    evac_jw_open(&w, NULL, '{');
    evac_jw_i64(&w, "seq", (int64_t)r->seq);
    evac_jw_cstr(&w, "kind", evac_record_kind_name(r->kind));
    evac_jw_i64(&w, "run", (int64_t)r->run);
    evac_jw_known(&w, "step", r->step != EVAC_NO_STEP, r->step);
    evac_jw_i64(&w, "attempt", r->attempt);
    evac_jw_i64(&w, "epoch", (int64_t)r->epoch);
    evac_jw_i64(&w, "t_boot_ms", (int64_t)r->t_boot_ms);
    evac_jw_i64(&w, "t_wall_ms", r->t_wall_ms);
    evac_jw_i64(&w, "number", r->number);
    evac_jw_str(&w, "app", r->app);
    evac_jw_str(&w, "name", r->name);
    evac_jw_str(&w, "from", r->from);
    evac_jw_str(&w, "event", r->event);
    evac_jw_str(&w, "to", r->to);
    evac_jw_str(&w, "who", r->who);
    evac_jw_str(&w, "text", r->text);
    evac_jw_str(&w, "request_id", r->request_id);
    evac_jw_str(&w, "data", r->data);
    evac_jw_str(&w, "node", row->node);
    evac_jw_str(&w, "boot_id", row->boot_id);
    put_hex(&w, "prev_hash", row->prev_hash);
    put_hex(&w, "hash", row->hash);
    evac_jw_close(&w, '}');
}
