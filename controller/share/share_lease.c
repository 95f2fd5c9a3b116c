/*
 * The lease: every controller has one, whether it leads or not. Its name, what it tells the leader
 * and the lead itself are keys that end with it.
 *
 * alive_ms counts from when a question left, never from when it was answered: an answer that lay
 * in a queue, or a process that was stopped, makes the lease no younger. A lease that could not be
 * kept alive for two thirds of its time is given up, so that there is a third to notice it in.
 */
#include "share_internal.h"

#include <string.h>

#define RIVAL_MS 1000u /* until the name may be free again */

static void ask(struct evac_share *s, const char *path, const struct evac_buf *body,
                evac_gateway_fn *fn)
{
    evac_gateway_ask(s->gateway, EVAC_GATEWAY_LEASE, path, evac_buf_str(body), fn, s);
}

static void ask_number(struct evac_share *s, const char *path, const char *name, int64_t number,
                       evac_gateway_fn *fn)
{
    struct evac_buf body;
    evac_buf_init(&body, 128);
    evac_buf_putf(&body, "{\"%s\":\"%lld\"}", name, (long long)number);
    ask(s, path, &body, fn);
    evac_buf_done(&body);
}

bool share_lease_holds(const struct evac_share *s)
{
    return s->lease.id && s->lease.registered && !s->lease.let_go;
}

/* It serves nothing any more. */
static void forget(struct evac_share *s)
{
    evac_gateway_drop(s->gateway, EVAC_GATEWAY_LEASE); /* whatever it answers is of an old lease */
    evac_gateway_drop(s->gateway, EVAC_GATEWAY_TELL);
    if (!share_leads(s))
        evac_gateway_drop(s->gateway, EVAC_GATEWAY_WRITE); /* a claim of the lead */
    s->lease.registered = false;
    s->lease.next_ms = 0;
    s->told_dirty = s->told.n > 0;
}

void share_lease_let_go(struct evac_share *s)
{
    if (!s->lease.id || s->lease.let_go)
        return;
    forget(s);
    s->lease.let_go = true;
}

void share_lease_gone(struct evac_share *s)
{
    forget(s);
    s->lease.id = 0;
    s->lease.let_go = false;
    share_lose_lead(s, "etcd let the lease of this controller end");
}

/* --- a new one ---------------------------------------------------------------------------------
 */

static void on_granted(void *user, const struct evac_gateway_answer *answer)
{
    struct evac_share *s = user;
    int64_t id, ttl_s;
    bool good = share_heard(s, answer) && evac_etcd_int(answer->json, "ID", &id) &&
                evac_etcd_int(answer->json, "TTL", &ttl_s) && id > 0 && ttl_s > 0;
    if (good) {
        uint64_t granted_ms = (uint64_t)ttl_s * 1000;
        s->lease.id = id;
        s->lease.ttl_ms = granted_ms < s->o.ttl_ms ? (uint32_t)granted_ms : s->o.ttl_ms;
        s->lease.alive_ms = answer->sent_ms;
        s->lease.next_ms = 0;
    } else {
        s->lease.next_ms = share_retry_ms(s);
    }
    share_step(s);
}

/* --- this controller's name --------------------------------------------------------------------
 */

static void put_member(const struct evac_share *s, struct evac_buf *out)
{
    evac_buf_putf(out, "{\"id\":\"%s\",\"boot_id\":", s->id);
    evac_buf_json(out, evac_str(s->o.boot_id));
    evac_buf_puts(out, ",\"address\":");
    evac_buf_json(out, evac_str(s->o.address));
    evac_buf_putf(out, ",\"rows\":\"%llu\"}", (unsigned long long)s->replica.last_seq);
}

/* Whoever has our name may be this controller's predecessor, whose lease has yet to end: only
 * beyond that time it must be another one. */
static void see_rival(struct evac_share *s, const struct evac_etcd_kv *kv)
{
    struct share_lease *l = &s->lease;
    cJSON *json = cJSON_ParseWithLength(kv->value.p ? kv->value.p : "", kv->value.n);
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(json, "id");
    const cJSON *address = cJSON_GetObjectItemCaseSensitive(json, "address");
    const char *name = cJSON_IsString(id) ? id->valuestring : "?";
    if (strcmp(name, l->rival) != 0) {
        (void)evac_str_copy(l->rival, sizeof l->rival, evac_str(name));
        l->rival_since_ms = share_now(s);
    }
    if (share_now(s) - l->rival_since_ms > 2 * (uint64_t)s->o.ttl_ms)
        share_say(s, TROUBLE_NAME,
                  "another controller has the name '%s' (%s): each needs a name of its own",
                  s->o.node,
                  cJSON_IsString(address) && address->valuestring[0] ? address->valuestring
                                                                     : "address unknown");
    cJSON_Delete(json);
    share_settle(s);
}

static void on_registered(void *user, const struct evac_gateway_answer *answer)
{
    struct evac_share *s = user;
    struct evac_arena *arena = evac_arena_new();
    struct evac_etcd_result result;
    struct evac_etcd_range range = { .count = 0 };
    bool good = share_heard(s, answer) && evac_etcd_read_txn(answer->json, &result) &&
                (result.succeeded || evac_etcd_read_range(&result, 0, arena, &range));
    s->lease.next_ms = good ? share_now(s) + RIVAL_MS : share_retry_ms(s);
    if (answer->fate == EVAC_GATEWAY_REFUSED && answer->code == EVAC_GATEWAY_NOT_FOUND) {
        share_lease_gone(s);
    } else if (good && (result.succeeded || (range.count && range.kvs[0].lease == s->lease.id))) {
        s->lease.registered = true;
        s->lease.next_ms = s->lease.alive_ms + s->lease.ttl_ms / 3;
        s->lease.rival[0] = '\0';
        share_unsay(s, TROUBLE_NAME);
        share_settle(s);
    } else if (good && range.count) {
        see_rival(s, &range.kvs[0]);
    }
    evac_arena_free(arena);
    share_step(s);
}

static void enrol(struct evac_share *s)
{
    char what[SHARE_NAME_MAX + 16], key[SHARE_KEY_BYTES];
    struct evac_etcd_txn txn;
    struct evac_buf value;
    (void)evac_str_copy(what, sizeof what, EVAC_STR("member/"));
    (void)evac_str_copy(what + 7, sizeof what - 7, evac_str(s->o.node));
    struct evac_str name = share_key(s, key, what);
    evac_buf_init(&value, 4096);
    put_member(s, &value);
    evac_etcd_txn_begin(&txn, 16384);
    evac_etcd_if_created(&txn, name, 0);
    evac_etcd_then(&txn);
    evac_etcd_put(&txn, name, evac_buf_str(&value), s->lease.id);
    evac_etcd_else(&txn);
    evac_etcd_get(&txn, &(struct evac_etcd_question){ .key = name });
    evac_gateway_ask(s->gateway, EVAC_GATEWAY_LEASE, "/v3/kv/txn", evac_etcd_txn_text(&txn),
                     on_registered, s);
    evac_etcd_txn_done(&txn);
    evac_buf_done(&value);
}

/* --- kept, given up ----------------------------------------------------------------------------
 */

static void on_kept(void *user, const struct evac_gateway_answer *answer)
{
    struct evac_share *s = user;
    int64_t id = 0, ttl_s = 0;
    bool good = share_heard(s, answer) && evac_etcd_int(answer->json, "ID", &id) &&
                evac_etcd_int(answer->json, "TTL", &ttl_s) && id == s->lease.id;
    if (!good) {
        s->lease.next_ms = share_retry_ms(s);
    } else if (ttl_s <= 0) { /* a 200 without TTL: there is no such lease any more */
        share_lease_gone(s);
    } else {
        if (answer->sent_ms > s->lease.alive_ms)
            s->lease.alive_ms = answer->sent_ms;
        s->lease.next_ms = s->lease.registered ? answer->sent_ms + s->lease.ttl_ms / 3 : 0;
    }
    share_step(s);
}

static void on_revoked(void *user, const struct evac_gateway_answer *answer)
{
    struct evac_share *s = user;
    (void)share_heard(s, answer);
    if (answer->fate == EVAC_GATEWAY_ANSWERED || answer->fate == EVAC_GATEWAY_REFUSED) {
        s->lease = (struct share_lease){ .id = 0 }; /* or it ends by itself */
        s->leave_over = true;
    } else {
        s->lease.next_ms = share_retry_ms(s);
    }
    share_step(s);
}

static uint64_t deadline(const struct evac_share *s)
{
    return s->lease.id && !s->lease.let_go ? s->lease.alive_ms + s->lease.ttl_ms * 2ull / 3
                                           : SHARE_NEVER;
}

static void ask_next(struct evac_share *s)
{
    struct share_lease *l = &s->lease;
    bool old = share_now(s) >= l->alive_ms + l->ttl_ms / 3;
    if (l->let_go)
        ask_number(s, "/v3/lease/revoke", "ID", l->id, on_revoked);
    else if (!l->id)
        ask_number(s, "/v3/lease/grant", "TTL", ((int64_t)s->o.ttl_ms + 999) / 1000, on_granted);
    else if (!l->registered && !old)
        enrol(s);
    else
        ask_number(s, "/v3/lease/keepalive", "ID", l->id, on_kept);
}

void share_lease_step(struct evac_share *s)
{
    uint64_t now = share_now(s);
    if (now >= deadline(s)) {
        share_lease_let_go(s);
        share_lose_lead(s, "etcd did not keep the lease of this controller alive in time");
    }
    if (s->leave_by_ms && !s->lease.id)
        s->leave_over = true;
    else if (now >= s->lease.next_ms && !evac_gateway_is_busy(s->gateway, EVAC_GATEWAY_LEASE))
        ask_next(s);
}

uint64_t share_lease_due(const struct evac_share *s)
{
    uint64_t due =
        evac_gateway_is_busy(s->gateway, EVAC_GATEWAY_LEASE) ? SHARE_NEVER : s->lease.next_ms;
    return due < deadline(s) ? due : deadline(s);
}
