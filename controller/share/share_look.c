/*
 * What etcd has: one transaction of reads, all of one revision and linearizable (the default; a
 * serializable read on the wrong side of a cut would show a leader of long ago).
 */
#include "share_internal.h"

#include <stdio.h>
#include <string.h>

#define VALUES_MAX 64

#define MEMBERS_MAX    32
#define LOOK_MAX_BYTES 8192u

enum { LOOK_LEADER, LOOK_HEAD, LOOK_MEMBERS, LOOK_TEXTS, LOOK_ROWS };

/* --- what a leader's key and a head say --------------------------------------------------------
 */

static bool copy_text(const cJSON *json, const char *name, char *to, size_t bytes)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    return cJSON_IsString(item) && evac_str_copy(to, bytes, evac_str(item->valuestring));
}

bool share_read_leader(const struct evac_etcd_range *range, struct share_leader *leader)
{
    *leader = (struct share_leader){ .epoch = 0 };
    if (range->count == 0)
        return true;
    const struct evac_etcd_kv *kv = &range->kvs[0];
    cJSON *json = kv->value.n ? cJSON_ParseWithLength(kv->value.p, kv->value.n) : NULL;
    bool good = copy_text(json, "id", leader->id, sizeof leader->id) &&
                copy_text(json, "node", leader->node, sizeof leader->node) &&
                copy_text(json, "address", leader->address, sizeof leader->address);
    cJSON_Delete(json);
    leader->epoch = kv->create_revision;
    leader->lease = kv->lease;
    return good;
}

static bool read_hex(const char *hex, uint8_t hash[32])
{
    if (strlen(hex) != 64 || strspn(hex, "0123456789abcdef") != 64)
        return false;
    for (size_t i = 0; i < 32; i++) {
        int high = hex[2 * i] <= '9' ? hex[2 * i] - '0' : hex[2 * i] - 'a' + 10;
        int low = hex[2 * i + 1] <= '9' ? hex[2 * i + 1] - '0' : hex[2 * i + 1] - 'a' + 10;
        hash[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool share_read_head(const struct evac_etcd_range *range, struct share_head *head)
{
    int64_t last, first;
    char hex[65];
    *head = (struct share_head){ .last = 0 };
    if (range->count == 0)
        return true;
    const struct evac_etcd_kv *kv = &range->kvs[0];
    cJSON *json = kv->value.n ? cJSON_ParseWithLength(kv->value.p, kv->value.n) : NULL;
    bool good = evac_etcd_int(json, "last", &last) && evac_etcd_int(json, "first", &first) &&
                copy_text(json, "hash", hex, sizeof hex) && read_hex(hex, head->hash) &&
                first >= 1 && last >= first;
    cJSON_Delete(json);
    if (!good)
        return false;
    head->last = (uint64_t)last;
    head->first = (uint64_t)first;
    head->mod_revision = kv->mod_revision;
    return true;
}

/* --- rows --------------------------------------------------------------------------------------
 */

static void stuck(struct evac_share *s, const char *what)
{
    share_say(s, TROUBLE_STUCK,
              "%s: this controller can not follow. 'evac store copy' brings one of them to what "
              "the other has",
              what);
    s->caught_up = false;
}

/* The rows of an answer that the replica has not, in one array; false: not understood. */
static bool gather(struct evac_share *s, const struct evac_etcd_range *range,
                   struct share_batch *batch, struct evac_err *err)
{
    size_t total = 0, at = 0;
    struct evac_row **rows = evac_arena_array(batch->arena, range->count + 1, sizeof *rows);
    size_t *counts = evac_arena_array(batch->arena, range->count + 1, sizeof *counts);
    for (size_t i = 0; i < range->count; i++) {
        if (evac_row_batch_read(range->kvs[i].value, batch->arena, &rows[i], &counts[i], err))
            return false;
        total += counts[i];
    }
    batch->rows = evac_arena_array(batch->arena, total + 1, sizeof *batch->rows);
    for (size_t i = 0; i < range->count; i++)
        for (size_t k = 0; k < counts[i]; k++)
            if (rows[i][k].record.seq > s->replica.last_seq)
                batch->rows[at++] = rows[i][k];
    batch->count = at;
    return true;
}

static void take_rows(struct evac_share *s, const struct evac_etcd_result *result)
{
    struct share_batch *batch = share_batch_new();
    struct evac_etcd_range range;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_chain chain = s->replica;
    enum evac_code code = EVAC_OK;
    if (!evac_etcd_read_range(result, LOOK_ROWS, batch->arena, &range) ||
        !gather(s, &range, batch, &err))
        code = evac_fail(&err, EVAC_E_CORRUPT, "%s",
                         err.text[0] ? err.text : "an answer without rows");
    for (size_t i = 0; !code && i < batch->count; i++)
        code = evac_chain_check(&chain, &batch->rows[i], &err);
    if (!code && batch->count == 0)
        code = evac_fail(&err, EVAC_E_CORRUPT, "row %llu is missing",
                         (unsigned long long)s->replica.last_seq + 1);
    if (code) {
        char what[400];
        (void)snprintf(what, sizeof what,
                       "etcd's journal does not continue the one here, which "
                       "ends at row %llu (%.200s)",
                       (unsigned long long)s->replica.last_seq, err.text);
        stuck(s, what);
        share_batch_free(batch);
        return;
    }
    if (share_replica_take(s, batch->rows, batch->count))
        share_queue_add(&s->came, batch);
    else
        share_batch_free(batch);
}

/* --- does the replica fit? ---------------------------------------------------------------------
 */

/* A controller that has rows is not followed by one that begins a history of its own. */
static const char *who_has_rows(const struct evac_etcd_range *members, char *name, size_t bytes)
{
    for (size_t i = 0; i < members->count; i++) {
        const struct evac_etcd_kv *kv = &members->kvs[i];
        int64_t rows = 0;
        cJSON *json = kv->value.n ? cJSON_ParseWithLength(kv->value.p, kv->value.n) : NULL;
        bool has = evac_etcd_int(json, "rows", &rows) && rows > 0;
        cJSON_Delete(json);
        size_t slash = kv->key.n;
        while (slash && kv->key.p[slash - 1] != '/')
            slash--;
        if (has) {
            (void)evac_str_copy(name, bytes,
                                (struct evac_str){ kv->key.p + slash, kv->key.n - slash });
            return name;
        }
    }
    return NULL;
}

static bool fits_nothing(struct evac_share *s, const struct evac_etcd_range *members)
{
    char name[SHARE_NAME_MAX + 1], what[300];
    if (s->replica.last_seq) {
        (void)snprintf(what, sizeof what,
                       "etcd has no journal of the cluster '%s', and the one here has %llu rows",
                       s->o.cluster, (unsigned long long)s->replica.last_seq);
    } else if (who_has_rows(members, name, sizeof name)) {
        (void)snprintf(what, sizeof what,
                       "etcd has no journal of the cluster '%s', but the controller '%s' has one",
                       s->o.cluster, name);
    } else {
        return true;
    }
    stuck(s, what);
    return false;
}

/* Anything but that the replica ends before etcd's journal does, which take_rows looks at. */
static bool fits(struct evac_share *s, const struct evac_etcd_range *members)
{
    char what[300] = "";
    unsigned long long here = s->replica.last_seq, there = s->head.last;
    if (!s->head.mod_revision)
        return fits_nothing(s, members);
    if (here > there)
        (void)snprintf(what, sizeof what, "the journal here has %llu rows, etcd's ends at row %llu",
                       here, there);
    else if (here == there && memcmp(s->replica.last_hash, s->head.hash, 32) != 0)
        (void)snprintf(what, sizeof what,
                       "row %llu is not the same here and in etcd: these are two histories", here);
    else if (here + 1 < s->head.first)
        (void)snprintf(what, sizeof what,
                       "the journal here ends at row %llu, and etcd has only rows from %llu on",
                       here, (unsigned long long)s->head.first);
    if (what[0])
        stuck(s, what);
    return !what[0];
}

static void follow(struct evac_share *s, const struct evac_etcd_result *result,
                   const struct evac_etcd_range *members)
{
    s->caught_up = false;
    if (s->awaits_drop || s->trouble[TROUBLE_REPLICA][0])
        return;
    share_unsay(s, TROUBLE_STUCK);
    if (!fits(s, members))
        return;
    if (s->replica.last_seq < s->head.last)
        take_rows(s, result);
    s->caught_up = !s->trouble[TROUBLE_STUCK][0] && !s->trouble[TROUBLE_REPLICA][0] &&
                   s->replica.last_seq == s->head.last;
    if (s->caught_up && s->head.last && memcmp(s->replica.last_hash, s->head.hash, 32) != 0)
        stuck(s, "etcd's journal does not end as it says");
}

/* --- what the others tell ----------------------------------------------------------------------
 */

static void take_texts(struct evac_share *s, const struct evac_etcd_range *range)
{
    for (size_t i = 0; i < range->count; i++) {
        const struct evac_etcd_kv *kv = &range->kvs[i];
        size_t slash = kv->key.n;
        while (slash && kv->key.p[slash - 1] != '/')
            slash--;
        struct evac_str node = { kv->key.p + slash, kv->key.n - slash };
        if (kv->mod_revision > s->look.told)
            s->look.told = kv->mod_revision;
        if (evac_str_is(node, s->o.node) || node.n > SHARE_NAME_MAX ||
            kv->value.n > EVAC_SHARE_TEXT_MAX)
            continue;
        share_text_add(s, node, kv->value);
    }
}

/* --- an answer ---------------------------------------------------------------------------------
 */

struct seen {
    struct evac_etcd_result result;
    struct evac_etcd_range members, texts;
    struct share_leader leader;
    struct share_head head;
};

static bool read_seen(const cJSON *json, bool led, struct evac_arena *arena, struct seen *seen)
{
    struct evac_etcd_range leader, head;
    return evac_etcd_read_txn(json, &seen->result) && seen->result.succeeded &&
           seen->result.count == (led ? LOOK_ROWS : LOOK_ROWS + 1) &&
           evac_etcd_read_range(&seen->result, LOOK_LEADER, arena, &leader) &&
           evac_etcd_read_range(&seen->result, LOOK_HEAD, arena, &head) &&
           evac_etcd_read_range(&seen->result, LOOK_MEMBERS, arena, &seen->members) &&
           evac_etcd_read_range(&seen->result, LOOK_TEXTS, arena, &seen->texts) &&
           share_read_leader(&leader, &seen->leader) && share_read_head(&head, &seen->head);
}

/* What was answered before a row was written says nothing of the journal's end, but still who
 * leads: the question left while this one did. */
static void see_as_leader(struct evac_share *s, const struct seen *seen,
                          const struct evac_gateway_answer *answer)
{
    bool newest = answer->revision >= s->revision && !s->writer.begun_ms;
    if (seen->leader.epoch != s->epoch) {
        share_lose_lead(s, "etcd has another leader, or none");
    } else if (newest && seen->head.mod_revision != s->head.mod_revision) {
        share_lose_lead(s, "the journal in etcd was changed by somebody else");
    } else {
        if (answer->sent_ms > s->confirmed_ms)
            s->confirmed_ms = answer->sent_ms;
        take_texts(s, &seen->texts);
    }
}

static void see_as_follower(struct evac_share *s, const struct seen *seen, uint64_t sent_ms)
{
    if (seen->leader.epoch != s->leader.epoch)
        s->changed = true;
    s->leader = seen->leader;
    s->head = seen->head;
    take_texts(s, &seen->texts);
    follow(s, &seen->result, &seen->members);
    share_settle(s);
    bool ours = seen->leader.epoch && seen->leader.lease == s->lease.id &&
                strcmp(seen->leader.id, s->id) == 0;
    if (ours && s->caught_up && s->o.may_lead)
        share_take_lead(s, seen->leader.epoch, sent_ms);
}

/* How many values the next question may ask for: they are up to 1 MiB each. */
static void adapt(struct evac_share *s, const struct evac_gateway_answer *answer)
{
    bool slow = answer->took_ms > s->o.request_ms / 3 || answer->fate != EVAC_GATEWAY_ANSWERED;
    s->look.limit = slow ? s->look.limit / 2 : s->look.limit * 2;
    s->look.limit = s->look.limit < 1 ? 1 : s->look.limit > VALUES_MAX ? VALUES_MAX : s->look.limit;
}

static void see(struct evac_share *s, const struct evac_gateway_answer *answer,
                const struct seen *seen)
{
    if (answer->revision < s->look.revision) { /* what was answered before is not there any more */
        s->revision = answer->revision;
        s->look.told = 0;
        share_lose_lead(s, "etcd has gone back in time: it was restored from a copy");
    }
    if (s->look.led && share_leads(s))
        see_as_leader(s, seen, answer);
    else if (!s->look.led && !share_leads(s) && answer->revision >= s->revision)
        see_as_follower(s, seen, answer->sent_ms);
    if (answer->revision > s->revision)
        s->revision = answer->revision;
}

static uint64_t interval(const struct evac_share *s)
{
    uint64_t third = s->lease.ttl_ms / 3;
    return share_leads(s) && third < s->o.poll_ms ? third : s->o.poll_ms;
}

static void on_seen(void *user, const struct evac_gateway_answer *answer)
{
    struct evac_share *s = user;
    struct evac_arena *arena = evac_arena_new();
    struct seen seen;
    uint64_t before = s->replica.last_seq;
    bool good = share_heard(s, answer) && read_seen(answer->json, s->look.led, arena, &seen);
    adapt(s, answer);
    if (good) {
        s->look.good_ms = answer->sent_ms > s->look.good_ms ? answer->sent_ms : s->look.good_ms;
        s->look.next_ms = answer->sent_ms + interval(s);
        see(s, answer, &seen);
        if (!share_leads(s) && s->replica.last_seq > before && s->replica.last_seq < s->head.last)
            s->look.next_ms = 0; /* there is more */
    } else {
        s->look.next_ms = share_retry_ms(s);
    }
    evac_arena_free(arena);
    share_step(s);
}

/* --- the question ------------------------------------------------------------------------------
 */

/* '0' follows '/'. */
static void ask_texts(struct evac_share *s, struct evac_etcd_txn *txn)
{
    char from[SHARE_KEY_BYTES], to[SHARE_KEY_BYTES];
    const struct evac_etcd_question q = { .key = share_key(s, from, "told/"),
                                          .end = share_key(s, to, "told0"),
                                          .min_modified = s->look.told + 1,
                                          .limit = MEMBERS_MAX };
    evac_etcd_get(txn, &q);
}

static void ask_rows(struct evac_share *s, struct evac_etcd_txn *txn)
{
    char from[SHARE_KEY_BYTES], to[SHARE_KEY_BYTES];
    const struct evac_etcd_question q = { .key = share_row_key(s, from, s->replica.last_seq + 1),
                                          .end = share_key(s, to, "journal0"),
                                          .limit = s->look.limit };
    evac_etcd_get(txn, &q);
}

static void ask(struct evac_share *s)
{
    char a[SHARE_KEY_BYTES], b[SHARE_KEY_BYTES];
    struct evac_etcd_txn txn;
    s->look.led = share_leads(s);
    s->look.revision = s->revision;
    evac_etcd_txn_begin(&txn, LOOK_MAX_BYTES);
    evac_etcd_then(&txn);
    evac_etcd_get(&txn, &(struct evac_etcd_question){ .key = share_key(s, a, "leader") });
    evac_etcd_get(&txn, &(struct evac_etcd_question){ .key = share_key(s, a, "head") });
    evac_etcd_get(&txn, &(struct evac_etcd_question){ .key = share_key(s, a, "member/"),
                                                      .end = share_key(s, b, "member0"),
                                                      .limit = MEMBERS_MAX });
    ask_texts(s, &txn);
    if (!s->look.led)
        ask_rows(s, &txn);
    evac_gateway_ask(s->gateway, EVAC_GATEWAY_LOOK, "/v3/kv/txn", evac_etcd_txn_text(&txn), on_seen,
                     s);
    evac_etcd_txn_done(&txn);
}

/* Beyond this without an answer nothing is known of a leader. */
static uint64_t apart_ms(const struct evac_share *s)
{
    return s->look.good_ms + interval(s) + 2ull * s->o.request_ms;
}

bool share_look_is_old(const struct evac_share *s)
{
    return !s->look.good_ms || share_now(s) >= apart_ms(s);
}

void share_look_step(struct evac_share *s)
{
    uint64_t now = share_now(s);
    bool confirmed = now < s->confirmed_ms + s->lease.ttl_ms * 2ull / 3;
    if (share_leads(s) && !confirmed)
        share_lose_lead(s, "etcd did not confirm the lead of this controller in time");
    if (s->role == EVAC_SHARE_FOLLOWS && share_look_is_old(s))
        share_settle(s);
    if (now >= s->look.next_ms && !evac_gateway_is_busy(s->gateway, EVAC_GATEWAY_LOOK))
        ask(s);
}

uint64_t share_look_due(const struct evac_share *s)
{
    uint64_t due =
        evac_gateway_is_busy(s->gateway, EVAC_GATEWAY_LOOK) ? SHARE_NEVER : s->look.next_ms;
    uint64_t lead = share_leads(s) ? s->confirmed_ms + s->lease.ttl_ms * 2ull / 3 : SHARE_NEVER;
    uint64_t apart = s->role == EVAC_SHARE_FOLLOWS ? apart_ms(s) : SHARE_NEVER;
    due = lead < due ? lead : due;
    return apart < due ? apart : due;
}
