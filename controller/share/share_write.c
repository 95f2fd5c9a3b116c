/*
 * Writing: the lead is claimed, rows are added. Each is one transaction that compares first.
 *
 * When a transaction's fate is unknown its outcome is read before anything else: the head says
 * whether the rows are in. They are sent again only after it said that they are not, and since both
 * compare the same head only one of the two can ever land.
 */
#include "share_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TXN_MAX_BYTES (3u << 20) /* base64 makes 4 bytes of 3 */

/* --- batches -----------------------------------------------------------------------------------
 */

struct share_batch *share_batch_new(void)
{
    struct share_batch *batch = calloc(1, sizeof *batch);
    if (!batch)
        abort();
    batch->arena = evac_arena_new();
    evac_buf_init(&batch->value, EVAC_ROW_BATCH_BYTES_MAX);
    return batch;
}

void share_batch_free(struct share_batch *batch)
{
    if (!batch)
        return;
    evac_arena_free(batch->arena);
    evac_buf_done(&batch->value);
    free(batch);
}

void share_queue_add(struct share_queue *queue, struct share_batch *batch)
{
    if (queue->last)
        queue->last->next = batch;
    else
        queue->first = batch;
    queue->last = batch;
}

struct share_batch *share_queue_take(struct share_queue *queue)
{
    struct share_batch *batch = queue->first;
    if (batch) {
        queue->first = batch->next;
        batch->next = NULL;
        if (!queue->first)
            queue->last = NULL;
    }
    return batch;
}

void share_queue_clear(struct share_queue *queue)
{
    struct share_batch *batch;
    while ((batch = share_queue_take(queue)) != NULL)
        share_batch_free(batch);
}

static void add_row(struct share_batch *batch, const struct evac_row *row)
{
    if (batch->count == batch->cap) {
        size_t cap = batch->cap ? 2 * batch->cap : 8;
        struct evac_row *rows = evac_arena_array(batch->arena, cap, sizeof *rows);
        if (batch->count)
            memcpy(rows, batch->rows, batch->count * sizeof *rows);
        batch->rows = rows;
        batch->cap = cap;
    }
    batch->rows[batch->count++] = *row;
}

static void copy_texts(struct evac_arena *arena, struct evac_record *r)
{
    struct evac_str *texts[] = { &r->app, &r->name, &r->from,       &r->event, &r->to,
                                 &r->who, &r->text, &r->request_id, &r->data };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = texts[i]->n ? evac_arena_str(arena, *texts[i]) : EVAC_STR_NONE;
}

void share_batch_keep(struct share_batch *batch, const struct evac_row *row)
{
    struct evac_row copy = *row;
    copy_texts(batch->arena, &copy.record);
    copy.node = evac_arena_str(batch->arena, row->node);
    copy.boot_id = evac_arena_str(batch->arena, row->boot_id);
    add_row(batch, &copy);
}

/* --- rows that the shell appends ---------------------------------------------------------------
 */

/* Chained and encoded, in a batch of their own: what one append brings is never torn apart. */
static enum evac_code make_batch(struct evac_share *s, const struct evac_record *rows, size_t count,
                                 struct evac_chain *chain, struct share_batch *batch,
                                 struct evac_err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct evac_row row = { .record = rows[i],
                                .node = evac_str(s->o.node),
                                .boot_id = evac_str(s->o.boot_id) };
        if (rows[i].seq != chain->last_seq + 1)
            return evac_fail(err, EVAC_E_STALE,
                             "row %llu does not continue the journal, which ends at %llu",
                             (unsigned long long)rows[i].seq, (unsigned long long)chain->last_seq);
        copy_texts(batch->arena, &row.record);
        memcpy(row.prev_hash, chain->last_hash, 32);
        evac_chain_hash(&row, row.hash);
        if (!evac_row_batch_put(&batch->value, &row))
            return evac_fail(err, EVAC_E_TOOBIG,
                             "row %llu ('%s'), and those that go with it, are larger than the %u "
                             "bytes that etcd takes at once",
                             (unsigned long long)row.record.seq,
                             evac_record_kind_name(row.record.kind), EVAC_ROW_BATCH_BYTES_MAX);
        chain->last_seq = row.record.seq;
        memcpy(chain->last_hash, row.hash, 32);
        add_row(batch, &row);
    }
    return EVAC_OK;
}

/* The batch joins the last one if that waits and has room for it. */
static bool join(struct share_writer *w, struct share_batch *batch)
{
    struct share_batch *last = w->queue.last;
    bool under_way = last && last == w->queue.first && w->begun_ms;
    if (!last || under_way || last->count + batch->count > EVAC_ROW_BATCH_ROWS_MAX ||
        last->value.n + batch->value.n > EVAC_ROW_BATCH_BYTES_MAX)
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        struct evac_row row = batch->rows[i];
        copy_texts(last->arena, &row.record);
        (void)evac_row_batch_put(&last->value, &row); /* there is room: see above */
        add_row(last, &row);
    }
    share_batch_free(batch);
    return true;
}

enum evac_code share_write_accept(struct evac_share *s, const struct evac_record *rows,
                                  size_t count, struct evac_err *err)
{
    struct share_writer *w = &s->writer;
    struct evac_chain chain = w->chain;
    if (count == 0)
        return EVAC_OK;
    if (w->waiting + count > EVAC_SHARE_FLIGHT_ROWS || w->bytes > EVAC_SHARE_FLIGHT_BYTES) {
        size_t held = w->waiting, bytes = w->bytes;
        share_lose_lead(s, "more rows wait for etcd than may");
        share_kick(s);
        return evac_fail(err, EVAC_E_STORE,
                         "%zu rows of %zu bytes wait for etcd: at most %u and %u may", held, bytes,
                         EVAC_SHARE_FLIGHT_ROWS, EVAC_SHARE_FLIGHT_BYTES);
    }
    struct share_batch *batch = share_batch_new();
    enum evac_code code = make_batch(s, rows, count, &chain, batch, err);
    if (code) {
        share_batch_free(batch);
        return code;
    }
    w->chain = chain;
    w->waiting += count;
    w->bytes += batch->value.n;
    if (!join(w, batch))
        share_queue_add(&w->queue, batch);
    share_kick(s);
    return EVAC_OK;
}

void share_write_forget(struct evac_share *s)
{
    evac_gateway_drop(s->gateway, EVAC_GATEWAY_WRITE);
    share_queue_clear(&s->writer.queue);
    s->writer = (struct share_writer){ .waiting = 0 };
}

bool share_replica_take(struct evac_share *s, const struct evac_row *rows, size_t count)
{
    struct evac_err err = { EVAC_OK, "" };
    if (s->o.replica->vt->take(s->o.replica, rows, count, &err) != EVAC_OK) {
        share_say(s, TROUBLE_REPLICA,
                  "this controller's copy of the journal can not be written: %s", err.text);
        return false;
    }
    s->replica.last_seq = rows[count - 1].record.seq;
    memcpy(s->replica.last_hash, rows[count - 1].hash, 32);
    return true;
}

/* --- what became of them -----------------------------------------------------------------------
 */

static const struct evac_row *last_row(const struct share_batch *batch)
{
    return &batch->rows[batch->count - 1];
}

static void again(struct evac_share *s, bool doubt)
{
    s->writer.doubt = doubt;
    s->writer.next_ms = share_retry_ms(s);
}

/* etcd has the first batch. */
static void committed(struct evac_share *s, int64_t head_revision)
{
    struct share_writer *w = &s->writer;
    struct share_batch *batch = share_queue_take(&w->queue);
    w->waiting -= batch->count;
    w->bytes = w->waiting ? w->bytes - batch->value.n : 0;
    w->doubt = false;
    w->begun_ms = w->next_ms = 0;
    s->head.last = last_row(batch)->record.seq;
    memcpy(s->head.hash, last_row(batch)->hash, 32);
    s->head.mod_revision = head_revision;
    share_unsay(s, TROUBLE_SPACE);
    if (share_replica_take(s, batch->rows, batch->count)) {
        share_queue_add(&s->durable, batch);
    } else {
        share_batch_free(batch);
        share_lose_lead(s, "this controller's copy of the journal can not be written");
    }
}

static void judge(struct evac_share *s, const struct share_leader *leader,
                  const struct share_head *head)
{
    const struct evac_row *last = last_row(s->writer.queue.first);
    bool in = head->last == last->record.seq && memcmp(head->hash, last->hash, 32) == 0;
    bool ours = leader->epoch == s->epoch;
    int64_t known = s->head.mod_revision;
    if (in) {
        s->head.first = head->first;
        committed(s, head->mod_revision);
    }
    if (!ours)
        share_lose_lead(s, "etcd has another leader, or none");
    else if (!in && head->mod_revision == known)
        s->writer.next_ms = 0; /* it is not: once more, and one still under way does no harm */
    else if (!in)
        share_lose_lead(s, "the journal in etcd was changed by somebody else");
}

/* Leader and head, as the answers from nth on say. */
static bool read_outcome(const struct evac_etcd_result *result, struct share_leader *leader,
                         struct share_head *head)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_etcd_range leaders, heads;
    bool good = evac_etcd_read_range(result, 0, arena, &leaders) &&
                evac_etcd_read_range(result, 1, arena, &heads) &&
                share_read_leader(&leaders, leader) && share_read_head(&heads, head);
    evac_arena_free(arena);
    return good;
}

static void on_refused(struct evac_share *s, const struct evac_gateway_answer *answer)
{
    char why[300];
    (void)snprintf(why, sizeof why, "etcd takes no rows: %.250s", answer->words);
    share_lose_lead(s, why);
}

static void on_written(void *user, const struct evac_gateway_answer *answer)
{
    struct evac_share *s = user;
    struct evac_etcd_result result;
    struct share_leader leader;
    struct share_head head;
    bool good = share_heard(s, answer) && evac_etcd_read_txn(answer->json, &result);
    if (good && answer->revision > s->revision)
        s->revision = answer->revision;
    if (answer->fate == EVAC_GATEWAY_REFUSED)
        on_refused(s, answer);
    else if (answer->fate == EVAC_GATEWAY_NOT_SENT)
        again(s, s->writer.doubt);
    else if (good && result.succeeded)
        committed(s, answer->revision);
    else if (good && read_outcome(&result, &leader, &head))
        judge(s, &leader, &head);
    else
        again(s, true);
    if (good && share_leads(s) && answer->sent_ms > s->confirmed_ms)
        s->confirmed_ms = answer->sent_ms;
    share_step(s);
}

static void on_outcome(void *user, const struct evac_gateway_answer *answer)
{
    struct evac_share *s = user;
    struct evac_etcd_result result;
    struct share_leader leader;
    struct share_head head;
    if (share_heard(s, answer) && evac_etcd_read_txn(answer->json, &result) && result.succeeded &&
        read_outcome(&result, &leader, &head)) {
        s->writer.doubt = false;
        judge(s, &leader, &head);
    } else {
        again(s, true);
    }
    share_step(s);
}

/* --- questions ---------------------------------------------------------------------------------
 */

static void get_outcome(struct evac_share *s, struct evac_etcd_txn *txn)
{
    char a[SHARE_KEY_BYTES];
    evac_etcd_get(txn, &(struct evac_etcd_question){ .key = share_key(s, a, "leader") });
    evac_etcd_get(txn, &(struct evac_etcd_question){ .key = share_key(s, a, "head") });
}

static void send_txn(struct evac_share *s, struct evac_etcd_txn *txn, evac_gateway_fn *fn)
{
    evac_gateway_ask(s->gateway, EVAC_GATEWAY_WRITE, "/v3/kv/txn", evac_etcd_txn_text(txn), fn, s);
    evac_etcd_txn_done(txn);
}

static void ask_outcome(struct evac_share *s)
{
    struct evac_etcd_txn txn;
    evac_etcd_txn_begin(&txn, 4096);
    evac_etcd_then(&txn);
    get_outcome(s, &txn);
    send_txn(s, &txn, on_outcome);
}

void share_put_head(struct evac_buf *out, uint64_t last, uint64_t first, const uint8_t hash[32])
{
    evac_buf_putf(out, "{\"last\":\"%llu\",\"first\":\"%llu\",\"hash\":\"",
                  (unsigned long long)last, (unsigned long long)first);
    for (size_t i = 0; i < 32; i++)
        evac_buf_putf(out, "%02x", hash[i]);
    evac_buf_puts(out, "\"}");
}

static void put_head(struct evac_share *s, struct evac_etcd_txn *txn, const struct evac_row *last)
{
    char a[SHARE_KEY_BYTES];
    struct evac_buf value;
    evac_buf_init(&value, 512);
    share_put_head(&value, last->record.seq, s->head.first, last->hash);
    evac_etcd_put(txn, share_key(s, a, "head"), evac_buf_str(&value), 0);
    evac_buf_done(&value);
}

/* Rows that no copy should need any more go, a quarter of what is kept at a time. What is sent
 * again must be the same, so this moves only before the first try. */
static void trim(struct evac_share *s, const struct evac_row *last)
{
    uint64_t keep = s->o.keep_rows, seq = last->record.seq;
    if (!s->head.first)
        s->head.first = 1;
    s->writer.trims = keep && seq > keep && s->head.first + keep + keep / 4 + 1 <= seq;
    if (s->writer.trims)
        s->head.first = seq - keep + 1;
}

static void ask_append(struct evac_share *s)
{
    char a[SHARE_KEY_BYTES], b[SHARE_KEY_BYTES];
    struct share_batch *batch = s->writer.queue.first;
    const struct evac_row *last = last_row(batch);
    struct evac_etcd_txn txn;
    if (!s->writer.begun_ms) {
        s->writer.begun_ms = share_now(s);
        trim(s, last);
    }
    evac_etcd_txn_begin(&txn, TXN_MAX_BYTES);
#ifndef EVAC_WITHOUT_R2 /* the leader of this revision, no other */
    evac_etcd_if_created(&txn, share_key(s, a, "leader"), s->epoch);
#endif
    evac_etcd_if_modified(&txn, share_key(s, a, "head"), s->head.mod_revision);
    evac_etcd_then(&txn);
    evac_etcd_put(&txn, share_row_key(s, a, last->record.seq), evac_buf_str(&batch->value), 0);
    put_head(s, &txn, last);
    if (s->writer.trims)
        evac_etcd_delete(&txn, share_row_key(s, a, 0), share_row_key(s, b, s->head.first));
    evac_etcd_else(&txn);
    get_outcome(s, &txn);
    send_txn(s, &txn, on_written);
}

/* --- the lead ----------------------------------------------------------------------------------
 */

static void on_claimed(void *user, const struct evac_gateway_answer *answer)
{
    struct evac_share *s = user;
    struct evac_etcd_result result;
    bool good = share_heard(s, answer) && evac_etcd_read_txn(answer->json, &result);
    s->look.next_ms = 0; /* whatever came of it, etcd says */
    s->claim_after_ms = share_now(s) + s->o.request_ms;
    if (good && result.succeeded) {
        s->revision = answer->revision > s->revision ? answer->revision : s->revision;
        share_take_lead(s, answer->revision, answer->sent_ms);
    } else if (answer->fate == EVAC_GATEWAY_REFUSED && answer->code == EVAC_GATEWAY_NOT_FOUND) {
        share_lease_gone(s);
    }
    share_step(s);
}

static void put_leader(const struct evac_share *s, struct evac_buf *out)
{
    evac_buf_puts(out, "{\"node\":");
    evac_buf_json(out, evac_str(s->o.node));
    evac_buf_putf(out, ",\"id\":\"%s\",\"boot_id\":", s->id);
    evac_buf_json(out, evac_str(s->o.boot_id));
    evac_buf_puts(out, ",\"address\":");
    evac_buf_json(out, evac_str(s->o.address));
    evac_buf_putf(out, ",\"since_ms\":\"%lld\"}", (long long)s->o.host->wall_ms(s->o.host->ctx));
}

/* Only while the journal ends where the replica does: who leads need not catch up. */
static void ask_lead(struct evac_share *s)
{
    char a[SHARE_KEY_BYTES], b[SHARE_KEY_BYTES];
    struct evac_etcd_txn txn;
    struct evac_buf value;
    struct evac_str leader = share_key(s, a, "leader");
    evac_buf_init(&value, 4096);
    put_leader(s, &value);
    evac_etcd_txn_begin(&txn, 16384);
    evac_etcd_if_created(&txn, leader, 0);
    evac_etcd_if_modified(&txn, share_key(s, b, "head"), s->head.mod_revision);
    evac_etcd_then(&txn);
    evac_etcd_put(&txn, leader, evac_buf_str(&value), s->lease.id);
    send_txn(s, &txn, on_claimed);
    evac_buf_done(&value);
}

static bool wants_lead(const struct evac_share *s)
{
    return s->o.may_lead && s->role == EVAC_SHARE_FOLLOWS && s->caught_up && !s->awaits_drop &&
           !s->leader.epoch && share_lease_holds(s) && !s->leave_by_ms;
}

static bool has_rows(const struct evac_share *s)
{
    return share_leads(s) && s->writer.queue.first;
}

void share_write_step(struct evac_share *s)
{
    struct share_writer *w = &s->writer;
    uint64_t now = share_now(s);
    if (has_rows(s) && w->begun_ms && now >= w->begun_ms + s->lease.ttl_ms * 2ull / 3)
        share_lose_lead(s, "etcd did not take the rows in time: whether it did is not known");
    if (evac_gateway_is_busy(s->gateway, EVAC_GATEWAY_WRITE))
        return;
    if (has_rows(s) && now >= w->next_ms) {
        if (w->doubt)
            ask_outcome(s);
        else
            ask_append(s);
    } else if (wants_lead(s) && now >= s->claim_after_ms) {
        ask_lead(s);
    }
}

uint64_t share_write_due(const struct evac_share *s)
{
    const struct share_writer *w = &s->writer;
    bool busy = evac_gateway_is_busy(s->gateway, EVAC_GATEWAY_WRITE);
    uint64_t due = SHARE_NEVER;
    if (has_rows(s)) {
        due = busy ? SHARE_NEVER : w->next_ms;
        if (w->begun_ms && w->begun_ms + s->lease.ttl_ms * 2ull / 3 < due)
            due = w->begun_ms + s->lease.ttl_ms * 2ull / 3;
    } else if (wants_lead(s) && !busy) {
        due = s->claim_after_ms;
    }
    return due;
}
