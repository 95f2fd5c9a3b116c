#include "share_copy.h"

#include "share_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_AT_ONCE 16
#define TXN_MAX_BYTES  (3u << 20)
#define AGAIN_MS       300u
#define TRIES          4u /* of each endpoint */
#define ROWS_AT_ONCE   1000u

struct evac_share_copy {
    struct evac_share_copy_options o;
    struct evac_gateway *gateway;
    char prefix[96];
    struct evac_chain local; /* where the store ends */
    struct share_head head;
    uint64_t begun, copied, timer_id; /* begun: where etcd's ended at first */
    bool looked;
    unsigned failures;
};

static void look(struct evac_share_copy *c);

static struct evac_str key_of(const struct evac_share_copy *c, char to[SHARE_KEY_BYTES],
                              const char *what)
{
    int n = snprintf(to, SHARE_KEY_BYTES, "%s%s", c->prefix, what);
    return (struct evac_str){ to, (size_t)n };
}

static struct evac_str row_key(const struct evac_share_copy *c, char to[SHARE_KEY_BYTES],
                               uint64_t seq)
{
    int n = snprintf(to, SHARE_KEY_BYTES, "%sjournal/%020llu", c->prefix, (unsigned long long)seq);
    return (struct evac_str){ to, (size_t)n };
}

static void finish(struct evac_share_copy *c, enum evac_code code, const char *words)
{
    uint64_t rows = c->o.to_etcd ? c->head.last : c->local.last_seq;
    c->o.done(c->o.user_data, code, rows, c->copied, words);
}

static void on_again(void *user)
{
    struct evac_share_copy *c = user;
    c->timer_id = 0;
    look(c);
}

/* No answer, or one that nobody understands: what etcd has is read anew, which is safe always. */
static void again(struct evac_share_copy *c, const struct evac_gateway_answer *answer)
{
    const struct evac_host *host = c->o.host;
    if (answer->fate == EVAC_GATEWAY_REFUSED)
        finish(c, answer->code == EVAC_GATEWAY_NO_SPACE ? EVAC_E_STORE : EVAC_E_AUTH,
               answer->words);
    else if (++c->failures >= TRIES * evac_gateway_endpoints(c->gateway))
        finish(c, EVAC_E_UNREACHABLE,
               answer->words[0] ? answer->words : "etcd's answers can not be understood");
    else
        (void)host->timer(host->ctx, AGAIN_MS, on_again, c, &c->timer_id, NULL);
}

/* --- to etcd ------------------------------------------------------------------------------------
 */

struct filling {
    struct evac_buf value;
    uint64_t last;
    uint8_t hash[32];
};

static bool fill(void *user, const struct evac_row *row)
{
    struct filling *f = user;
    if (!evac_row_batch_put(&f->value, row))
        return false;
    f->last = row->record.seq;
    memcpy(f->hash, row->hash, 32);
    return true;
}

static void on_written(void *user, const struct evac_gateway_answer *answer)
{
    struct evac_share_copy *c = user;
    struct evac_etcd_result result;
    if (answer->fate != EVAC_GATEWAY_ANSWERED || !evac_etcd_read_txn(answer->json, &result)) {
        again(c, answer);
        return;
    }
    c->failures = 0;
    look(c); /* whether it held or not, etcd says what is there */
}

static void send_rows(struct evac_share_copy *c, const struct filling *f)
{
    char a[SHARE_KEY_BYTES];
    struct evac_etcd_txn txn;
    struct evac_buf head;
    evac_buf_init(&head, 512);
    share_put_head(&head, f->last, c->head.first ? c->head.first : 1, f->hash);
    evac_etcd_txn_begin(&txn, TXN_MAX_BYTES);
    evac_etcd_if_created(&txn, key_of(c, a, "leader"), 0);
    evac_etcd_if_modified(&txn, key_of(c, a, "head"), c->head.mod_revision);
    evac_etcd_then(&txn);
    evac_etcd_put(&txn, row_key(c, a, f->last), evac_buf_str(&f->value), 0);
    evac_etcd_put(&txn, key_of(c, a, "head"), evac_buf_str(&head), 0);
    evac_gateway_ask(c->gateway, EVAC_GATEWAY_WRITE, "/v3/kv/txn", evac_etcd_txn_text(&txn),
                     on_written, c);
    evac_etcd_txn_done(&txn);
    evac_buf_done(&head);
}

static void write_next(struct evac_share_copy *c)
{
    struct evac_store_filter rest = { .after_seq = c->head.last, .limit = ROWS_AT_ONCE };
    struct filling f = { .last = 0 };
    struct evac_err err = { EVAC_OK, "" };
    evac_buf_init(&f.value, EVAC_ROW_BATCH_BYTES_MAX);
    enum evac_code code = c->o.store->vt->read(c->o.store, &rest, fill, &f, &err);
    if (code)
        finish(c, code, err.text);
    else if (f.last)
        send_rows(c, &f);
    else
        finish(c, EVAC_E_TOOBIG, "a row is larger than etcd takes at once");
    evac_buf_done(&f.value);
}

static bool is_beginning(struct evac_share_copy *c)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_row row;
    bool same = c->head.last == 0 ||
                (evac_store_row(c->o.store, c->head.last, arena, &row, NULL) == EVAC_OK &&
                 memcmp(row.hash, c->head.hash, 32) == 0);
    evac_arena_free(arena);
    return same;
}

static void go_on_to_etcd(struct evac_share_copy *c)
{
    if (!c->looked)
        c->begun = c->head.last;
    c->looked = true;
    c->copied = c->head.last > c->begun ? c->head.last - c->begun : 0;
    if (!is_beginning(c))
        finish(c, EVAC_E_EXISTS,
               "etcd has another journal there: not a beginning of the one to be copied");
    else if (c->head.last == c->local.last_seq)
        finish(c, EVAC_OK, "");
    else
        write_next(c);
}

/* --- from etcd ----------------------------------------------------------------------------------
 */

static enum evac_code take_value(struct evac_share_copy *c, struct evac_str value,
                                 struct evac_arena *arena, struct evac_err *err)
{
    struct evac_row *rows;
    size_t count, skip = 0;
    enum evac_code code = evac_row_batch_read(value, arena, &rows, &count, err);
    while (!code && skip < count && rows[skip].record.seq <= c->local.last_seq)
        skip++;
    if (code || skip == count)
        return code;
    code = c->o.store->vt->take(c->o.store, rows + skip, count - skip, err);
    if (code)
        return code;
    c->copied += count - skip;
    c->local.last_seq = rows[count - 1].record.seq;
    memcpy(c->local.last_hash, rows[count - 1].hash, 32);
    return EVAC_OK;
}

static void take_rows(struct evac_share_copy *c, const struct evac_etcd_range *range,
                      struct evac_arena *arena)
{
    struct evac_err err = { EVAC_OK, "" };
    uint64_t before = c->local.last_seq;
    enum evac_code code = EVAC_OK;
    for (size_t i = 0; !code && i < range->count; i++)
        code = take_value(c, range->kvs[i].value, arena, &err);
    if (!code && c->local.last_seq == before)
        code = evac_fail(&err, EVAC_E_CORRUPT, "etcd lacks row %llu of its journal",
                         (unsigned long long)before + 1);
    if (code)
        finish(c, code == EVAC_E_CORRUPT ? EVAC_E_EXISTS : code, err.text);
    else
        look(c);
}

static void go_on_from_etcd(struct evac_share_copy *c, const struct evac_etcd_range *range,
                            struct evac_arena *arena)
{
    char words[300] = "";
    bool level = c->local.last_seq == c->head.last;
    if (c->local.last_seq > c->head.last)
        (void)snprintf(words, sizeof words, "the journal here has %llu rows, etcd's %llu",
                       (unsigned long long)c->local.last_seq, (unsigned long long)c->head.last);
    else if (level && c->head.last && memcmp(c->local.last_hash, c->head.hash, 32) != 0)
        (void)snprintf(words, sizeof words, "row %llu is not the same here and in etcd",
                       (unsigned long long)c->head.last);
    else if (!level && c->local.last_seq + 1 < c->head.first)
        (void)snprintf(words, sizeof words,
                       "etcd has only rows from %llu on: copy from the file of a controller that "
                       "has them all",
                       (unsigned long long)c->head.first);
    if (words[0])
        finish(c, EVAC_E_EXISTS, words);
    else if (level)
        finish(c, EVAC_OK, "");
    else
        take_rows(c, range, arena);
}

/* --- what is there ------------------------------------------------------------------------------
 */

static void see(struct evac_share_copy *c, const struct share_leader *leader,
                const struct evac_etcd_range *rows, struct evac_arena *arena)
{
    char words[500];
    if (leader->epoch && c->o.to_etcd) {
        (void)snprintf(words, sizeof words,
                       "the controller '%s'%s%s%s leads the cluster: end all its controllers first",
                       leader->node, leader->address[0] ? " (" : "", leader->address,
                       leader->address[0] ? ")" : "");
        finish(c, EVAC_E_BUSY, words);
        return;
    }
    uint64_t have = c->o.to_etcd ? c->head.last : c->local.last_seq;
    uint64_t all = c->o.to_etcd ? c->local.last_seq : c->head.last;
    if (c->o.progress && have <= all)
        c->o.progress(c->o.user_data, have, all);
    if (c->o.to_etcd)
        go_on_to_etcd(c);
    else
        go_on_from_etcd(c, rows, arena);
}

static void on_seen(void *user, const struct evac_gateway_answer *answer)
{
    struct evac_share_copy *c = user;
    struct evac_arena *arena = evac_arena_new();
    struct evac_etcd_result result;
    struct evac_etcd_range leaders, heads, rows;
    struct share_leader leader;
    struct share_head head;
    bool good = answer->fate == EVAC_GATEWAY_ANSWERED &&
                evac_etcd_read_txn(answer->json, &result) && result.succeeded &&
                evac_etcd_read_range(&result, 0, arena, &leaders) &&
                evac_etcd_read_range(&result, 1, arena, &heads) &&
                evac_etcd_read_range(&result, 2, arena, &rows) &&
                share_read_leader(&leaders, &leader) && share_read_head(&heads, &head);
    if (good) {
        c->failures = 0;
        c->head = head;
        see(c, &leader, &rows, arena);
    } else {
        again(c, answer);
    }
    evac_arena_free(arena);
}

static void look(struct evac_share_copy *c)
{
    char a[SHARE_KEY_BYTES], b[SHARE_KEY_BYTES];
    struct evac_etcd_txn txn;
    evac_etcd_txn_begin(&txn, 8192);
    evac_etcd_then(&txn);
    evac_etcd_get(&txn, &(struct evac_etcd_question){ .key = key_of(c, a, "leader") });
    evac_etcd_get(&txn, &(struct evac_etcd_question){ .key = key_of(c, a, "head") });
    struct evac_etcd_question q = { .key = row_key(c, a, c->local.last_seq + 1),
                                    .end = key_of(c, b, "journal0"),
                                    .limit = VALUES_AT_ONCE };
    if (c->o.to_etcd) /* they are of no use */
        q = (struct evac_etcd_question){ .key = key_of(c, a, "journal/") };
    evac_etcd_get(&txn, &q);
    evac_gateway_ask(c->gateway, EVAC_GATEWAY_LOOK, "/v3/kv/txn", evac_etcd_txn_text(&txn), on_seen,
                     c);
    evac_etcd_txn_done(&txn);
}

/* --- life --------------------------------------------------------------------------------------
 */

static bool keep_end(void *user, const struct evac_row *row)
{
    struct evac_chain *chain = user;
    chain->last_seq = row->record.seq;
    memcpy(chain->last_hash, row->hash, 32);
    return false;
}

static enum evac_code read_end(struct evac_store *store, struct evac_chain *chain,
                               struct evac_err *err)
{
    struct evac_store_filter newest = { .limit = 1, .newest_first = true };
    *chain = (struct evac_chain){ .last_seq = 0 };
    return store->vt->read(store, &newest, keep_end, chain, err);
}

enum evac_code evac_share_copy_new(const struct evac_share_copy_options *o,
                                   struct evac_share_copy **ret_copy, struct evac_err *err)
{
    struct evac_gateway_options gateway = { o->host, o->endpoints, o->endpoint_count,
                                            o->user, o->password,  o->ca,
                                            o->cert, o->key,       o->request_ms };
    struct evac_share_copy *c = calloc(1, sizeof *c);
    if (!c)
        abort();
    c->o = *o;
    (void)snprintf(c->prefix, sizeof c->prefix, "/evac/%.64s/", o->cluster);
    enum evac_code code = evac_gateway_new(&gateway, &c->gateway, err);
    if (!code)
        code = read_end(o->store, &c->local, err);
    if (!code && !o->to_etcd && !o->store->vt->take)
        code = evac_fail(err, EVAC_E_BADARG, "that store takes no other journal's rows");
    if (code) {
        evac_share_copy_free(c);
        return code;
    }
    look(c);
    *ret_copy = c;
    return EVAC_OK;
}

void evac_share_copy_free(struct evac_share_copy *c)
{
    if (!c)
        return;
    if (c->timer_id)
        c->o.host->timer_stop(c->o.host->ctx, c->timer_id);
    evac_gateway_free(c->gateway);
    free(c);
}

/* --- between stores -----------------------------------------------------------------------------
 */

struct moving {
    struct evac_store *to;
    struct share_batch *batch;
    enum evac_code code;
    struct evac_err *err;
    uint64_t copied;
};

static bool flush_rows(struct moving *m)
{
    if (!m->code && m->batch->count)
        m->code = m->to->vt->take(m->to, m->batch->rows, m->batch->count, m->err);
    if (!m->code)
        m->copied += m->batch->count;
    share_batch_free(m->batch);
    m->batch = share_batch_new();
    return !m->code;
}

static bool move_row(void *user, const struct evac_row *row)
{
    struct moving *m = user;
    share_batch_keep(m->batch, row);
    return m->batch->count < ROWS_AT_ONCE || flush_rows(m);
}

static enum evac_code check_beginning(struct evac_store *from, const struct evac_chain *end,
                                      struct evac_err *err)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_row row;
    enum evac_code code = EVAC_OK;
    if (end->last_seq && (evac_store_row(from, end->last_seq, arena, &row, NULL) != EVAC_OK ||
                          memcmp(row.hash, end->last_hash, 32) != 0))
        code = evac_fail(err, EVAC_E_EXISTS,
                         "there is another journal already, of %llu rows: not a beginning of the "
                         "one to be copied",
                         (unsigned long long)end->last_seq);
    evac_arena_free(arena);
    return code;
}

enum evac_code evac_store_copy(struct evac_store *from, struct evac_store *to, uint64_t *ret_copied,
                               struct evac_err *err)
{
    struct evac_chain end;
    struct moving m = { .to = to, .err = err };
    enum evac_code code = read_end(to, &end, err);
    if (!code)
        code = check_beginning(from, &end, err);
    if (code)
        return code;
    struct evac_store_filter rest = { .after_seq = end.last_seq };
    m.batch = share_batch_new();
    code = from->vt->read(from, &rest, move_row, &m, err);
    if (!code)
        (void)flush_rows(&m);
    share_batch_free(m.batch);
    *ret_copied = m.copied;
    return code ? code : m.code;
}
