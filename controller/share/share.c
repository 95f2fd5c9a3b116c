/* The share as a whole: its roles, what it tells its caller, its one timer, its life. */
#include "share_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAUTION_MS 500u /* of a lease that is not counted on */

#define X(name, text) text,
static const char *const role_names[EVAC_SHARE_ROLE_COUNT] = { EVAC_SHARE_ROLES(X) };
#undef X

const char *evac_share_role_name(enum evac_share_role role)
{
    return (unsigned)role < EVAC_SHARE_ROLE_COUNT ? role_names[role] : "?";
}

uint64_t share_now(const struct evac_share *s)
{
    return s->o.host->now_ms(s->o.host->ctx);
}

/* --- keys --------------------------------------------------------------------------------------
 */

struct evac_str share_key(const struct evac_share *s, char to[SHARE_KEY_BYTES], const char *what)
{
    int n = snprintf(to, SHARE_KEY_BYTES, "%s%s", s->prefix, what);
    return (struct evac_str){ to, (size_t)n };
}

struct evac_str share_row_key(const struct evac_share *s, char to[SHARE_KEY_BYTES], uint64_t seq)
{
    int n = snprintf(to, SHARE_KEY_BYTES, "%sjournal/%020llu", s->prefix, (unsigned long long)seq);
    return (struct evac_str){ to, (size_t)n };
}

/* --- trouble -----------------------------------------------------------------------------------
 */

void share_say(struct evac_share *s, enum share_trouble which, const char *fmt, ...)
{
    char text[sizeof s->trouble[0]];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    /* which endpoint is silent changes with each try, and is no news */
    if (which != TROUBLE_SILENT ? strcmp(text, s->trouble[which]) != 0 : !s->trouble[which][0])
        s->changed = true;
    memcpy(s->trouble[which], text, sizeof text);
}

void share_unsay(struct evac_share *s, enum share_trouble which)
{
    if (s->trouble[which][0])
        s->changed = true;
    s->trouble[which][0] = '\0';
}

void share_say_full(struct evac_share *s)
{
    share_say(s, TROUBLE_SPACE,
              "etcd has used up its space and takes no writes: compact and defragment it, then "
              "disarm its alarm (etcdctl alarm disarm)");
    s->upkeep.next_ms = share_now(s) + s->o.poll_ms; /* it may have been mended by then */
}

bool share_heard(struct evac_share *s, const struct evac_gateway_answer *answer)
{
    bool refused = answer->fate == EVAC_GATEWAY_REFUSED;
    bool by_name =
        refused &&
        (answer->code == EVAC_GATEWAY_BAD_TOKEN || answer->code == EVAC_GATEWAY_FORBIDDEN ||
         answer->code == EVAC_GATEWAY_PRECONDITION || answer->code == EVAC_GATEWAY_BAD_ARGUMENT);
    if (answer->fate == EVAC_GATEWAY_ANSWERED) {
        s->heard_ms = share_now(s);
        s->round_trip_ms = answer->took_ms;
        share_unsay(s, TROUBLE_SILENT);
        share_unsay(s, TROUBLE_REFUSED);
    } else if (refused && answer->code == EVAC_GATEWAY_NO_SPACE) {
        share_say_full(s);
    } else if (by_name) {
        share_say(s, TROUBLE_REFUSED, "etcd refuses this controller: %s", answer->words);
    } else if (!refused) {
        share_say(s, TROUBLE_SILENT, "etcd gives no answer: %s", answer->words);
    }
    return answer->fate == EVAC_GATEWAY_ANSWERED;
}

uint64_t share_retry_ms(struct evac_share *s)
{
    unsigned failures = evac_gateway_failures(s->gateway);
    uint8_t chance;
    s->o.host->random(s->o.host->ctx, &chance, 1);
    /* a refusal is no failure of the endpoint's: the next one would say the same */
    if (failures && failures % evac_gateway_endpoints(s->gateway))
        return share_now(s);
    return share_now(s) + 300u + chance;
}

/* --- roles -------------------------------------------------------------------------------------
 */

bool share_leads(const struct evac_share *s)
{
    return s->role == EVAC_SHARE_CAUGHT || s->role == EVAC_SHARE_LEADS;
}

void share_set_role(struct evac_share *s, enum evac_share_role role)
{
    if (s->role != role)
        s->changed = true;
    s->role = role;
}

void share_settle(struct evac_share *s)
{
    bool helpless = s->trouble[TROUBLE_REPLICA][0] || s->trouble[TROUBLE_STUCK][0] ||
                    s->trouble[TROUBLE_NAME][0];
    bool apart = share_look_is_old(s);
    if (share_leads(s))
        return;
    if (apart)
        s->leader = (struct share_leader){ .epoch = 0 };
    share_set_role(s, helpless ? EVAC_SHARE_STUCK : apart ? EVAC_SHARE_APART : EVAC_SHARE_FOLLOWS);
}

void share_take_lead(struct evac_share *s, int64_t epoch, uint64_t sent_ms)
{
    if (!share_lease_holds(s)) /* it is being given back: the lead may be another's any moment */
        return;
    if (share_leads(
            s)) { /* a look showed it before its claim was answered: rows may wait already */
        s->confirmed_ms = sent_ms > s->confirmed_ms ? sent_ms : s->confirmed_ms;
        return;
    }
    share_set_role(s, EVAC_SHARE_CAUGHT);
    s->epoch = epoch;
    s->confirmed_ms = sent_ms;
    s->look.told = 0;
    s->look.next_ms = 0;
    s->writer = (struct share_writer){ .chain = s->replica };
    s->leader = (struct share_leader){ .epoch = epoch, .lease = s->lease.id };
    (void)evac_str_copy(s->leader.node, sizeof s->leader.node, evac_str(s->o.node));
    (void)evac_str_copy(s->leader.address, sizeof s->leader.address, evac_str(s->o.address));
}

static void give_up(struct evac_share *s)
{
    share_write_forget(s);
    s->epoch = 0;
    s->leader = (struct share_leader){ .epoch = 0 };
    s->caught_up = false;
    s->look.next_ms = 0;
    s->role = EVAC_SHARE_FOLLOWS; /* what it really is follows */
    s->changed = true;
    share_settle(s);
    share_lease_let_go(s);
}

void share_lose_lead(struct evac_share *s, const char *why)
{
    uint16_t chance;
    if (!share_leads(s))
        return;
    if (s->role == EVAC_SHARE_LEADS) {
        s->awaits_drop = true;
        (void)snprintf(s->lost, sizeof s->lost, "%s", why);
    }
    s->o.host->random(s->o.host->ctx, &chance, sizeof chance);
    s->claim_after_ms = share_now(s) + s->o.request_ms + chance % (s->o.poll_ms + 1u);
    give_up(s);
}

void evac_share_drop(struct evac_share *s)
{
    s->awaits_drop = false;
    share_queue_clear(&s->durable); /* the replica has them: nobody waits to hear it */
    if (share_leads(s)) {
        s->lost[0] = '\0';
        s->claim_after_ms = share_now(s) + s->o.request_ms + 2ull * s->o.poll_ms;
        give_up(s);
    }
    s->look.next_ms = 0;
    share_kick(s);
}

uint64_t share_lead_until(const struct evac_share *s)
{
    uint64_t from = s->lease.alive_ms < s->confirmed_ms ? s->lease.alive_ms : s->confirmed_ms;
    uint64_t lasts = s->lease.ttl_ms - s->lease.ttl_ms / 10;
    return share_leads(s) && lasts > CAUTION_MS ? from + lasts - CAUTION_MS : 0;
}

struct evac_share_view evac_share_view(const struct evac_share *s)
{
    struct evac_share_view view = {
        .role = s->role,
        .epoch = (uint64_t)s->leader.epoch,
        .leader = s->leader.epoch ? s->leader.node : "",
        .leader_address = s->leader.epoch ? s->leader.address : "",
        .lead_until_ms = share_lead_until(s),
        .heard_ms = s->heard_ms,
        .looked_ms = s->look.good_ms,
        .etcd_rows = s->head.last,
        .round_trip_ms = s->round_trip_ms,
        .trouble = "",
    };
    for (size_t i = TROUBLE_COUNT; i-- > 0;)
        if (s->trouble[i][0])
            view.trouble = s->trouble[i];
    return view;
}

/* --- what the caller is told -------------------------------------------------------------------
 */

void share_text_add(struct evac_share *s, struct evac_str node, struct evac_str text)
{
    struct share_text **at = &s->texts;
    while (*at && !evac_str_is(node, (*at)->node))
        at = &(*at)->next;
    if (!*at) {
        *at = calloc(1, sizeof **at);
        if (!*at)
            abort();
        (void)evac_str_copy((*at)->node, sizeof(*at)->node, node);
        evac_buf_init(&(*at)->text, EVAC_SHARE_TEXT_MAX);
    }
    evac_buf_reset(&(*at)->text);
    evac_buf_put_str(&(*at)->text, text);
}

static void text_free(struct share_text *text)
{
    evac_buf_done(&text->text);
    free(text);
}

static void records_of(const struct share_batch *batch, struct evac_record *records)
{
    for (size_t i = 0; i < batch->count; i++)
        records[i] = batch->rows[i].record;
}

static void tell_rows(struct evac_share *s, struct share_batch *batch, bool durable)
{
    struct evac_record *records = evac_arena_array(batch->arena, batch->count, sizeof *records);
    records_of(batch, records);
    if (durable && s->has_listener && s->listener.durable)
        s->listener.durable(s->listener.user, records, batch->count);
    else if (!durable && s->o.rows)
        s->o.rows(s->o.user_data, records, batch->count);
    share_batch_free(batch);
}

/* What follows from rows that are durable begins at once. Where this process stood still, and its
 * lead is over by its own clock, another one may have taken the runs up long ago: what was written
 * is written, but here nothing follows from it. */
static bool may_tell_durable(struct evac_share *s)
{
    if (share_leads(s) && share_now(s) < share_lead_until(s))
        return true;
    share_queue_clear(&s->durable);
    share_lose_lead(s, "it stood still for longer than its lead lasts");
    return false;
}

/* The next thing, in the order in which they must be heard. False: there is none. */
static bool tell_next(struct evac_share *s)
{
    struct share_text *text = s->texts;
    if (s->durable.first && may_tell_durable(s)) {
        tell_rows(s, share_queue_take(&s->durable), true);
    } else if (s->lost[0]) {
        char why[sizeof s->lost];
        memcpy(why, s->lost, sizeof why);
        s->lost[0] = '\0';
        if (s->has_listener && s->listener.lost)
            s->listener.lost(s->listener.user, why);
    } else if (s->came.first) {
        tell_rows(s, share_queue_take(&s->came), false);
    } else if (s->changed) {
        s->changed = false;
        if (s->o.changed)
            s->o.changed(s->o.user_data);
    } else if (text) {
        s->texts = text->next;
        if (s->o.told)
            s->o.told(s->o.user_data, evac_str(text->node), evac_buf_str(&text->text));
        text_free(text);
    } else {
        return false;
    }
    return true;
}

static bool has_news(const struct evac_share *s)
{
    return s->durable.first || s->came.first || s->lost[0] || s->changed || s->texts ||
           (s->left && s->leave_by_ms && (s->leave_over || share_now(s) >= s->leave_by_ms));
}

static void tell_left(struct evac_share *s)
{
    void (*left)(void *user) = s->left;
    if (!left || !s->leave_by_ms || (!s->leave_over && share_now(s) < s->leave_by_ms))
        return;
    s->left = NULL;
    left(s->left_user);
}

/* --- the timer ---------------------------------------------------------------------------------
 */

static void on_timer(void *user);

static uint64_t least(const uint64_t *dues, size_t count)
{
    uint64_t due = SHARE_NEVER;
    for (size_t i = 0; i < count; i++)
        due = dues[i] < due ? dues[i] : due;
    return due;
}

static uint64_t next_due(const struct evac_share *s)
{
    const uint64_t leaving[] = { share_lease_due(s), s->left ? s->leave_by_ms : SHARE_NEVER };
    const uint64_t all[] = { share_lease_due(s), share_look_due(s), share_write_due(s),
                             share_tell_due(s), share_upkeep_due(s) };
    if (s->leave_by_ms)
        return s->left ? least(leaving, 2) : SHARE_NEVER;
    return least(all, sizeof all / sizeof all[0]);
}

static void set_timer(struct evac_share *s, uint64_t due)
{
    const struct evac_host *host = s->o.host;
    uint64_t now = share_now(s);
    if (s->timer_id)
        host->timer_stop(host->ctx, s->timer_id);
    s->timer_id = 0;
    if (due != SHARE_NEVER)
        (void)host->timer(host->ctx, due > now ? due - now : 0, on_timer, s, &s->timer_id, NULL);
}

void share_kick(struct evac_share *s)
{
    if (!s->telling) /* else it happens anyway */
        set_timer(s, 0);
}

void share_step(struct evac_share *s)
{
    share_lease_step(s);
    if (!s->leave_by_ms) {
        share_look_step(s);
        share_write_step(s);
        share_tell_step(s);
        share_upkeep_step(s);
        share_lease_step(s); /* a lead that was lost is given back at once */
    }
    set_timer(s, has_news(s) ? 0 : next_due(s));
}

static void share_end(struct evac_share *s)
{
    if (s->timer_id)
        s->o.host->timer_stop(s->o.host->ctx, s->timer_id);
    evac_gateway_free(s->gateway);
    share_queue_clear(&s->writer.queue);
    share_queue_clear(&s->durable);
    share_queue_clear(&s->came);
    while (s->texts) {
        struct share_text *next = s->texts->next;
        text_free(s->texts);
        s->texts = next;
    }
    evac_buf_done(&s->told);
    evac_arena_free(s->arena);
    free(s);
}

static void on_timer(void *user)
{
    struct evac_share *s = user;
    s->timer_id = 0;
    s->telling = true;
    while (!s->freed && tell_next(s))
        ;
    if (!s->freed)
        tell_left(s);
    s->telling = false;
    if (s->freed)
        share_end(s);
    else
        share_step(s);
}

/* --- life --------------------------------------------------------------------------------------
 */

static enum evac_code check_name(const char *what, const char *name, size_t max,
                                 struct evac_err *err)
{
    size_t n = strlen(name);
    bool bad = n == 0 || n > max;
    for (size_t i = 0; i < n; i++)
        bad |= (unsigned char)name[i] <= ' ' || (unsigned char)name[i] >= 0x7f || name[i] == '/';
    return bad ? evac_fail(err, EVAC_E_BADARG,
                           "%s '%s': 1 to %zu printable characters, no blank and no slash", what,
                           name, max)
               : EVAC_OK;
}

static enum evac_code check(const struct evac_share_options *o, struct evac_err *err)
{
    enum evac_code code = check_name("the controller's name", o->node, SHARE_NAME_MAX, err);
    if (!code)
        code = check_name("the cluster's name", o->cluster, 64, err);
    if (code)
        return code;
    if (strlen(o->address) > 255 || strlen(o->boot_id) > 128)
        return evac_fail(err, EVAC_E_BADARG, "address and boot id are at most 255 and 128 bytes");
    if (!o->replica->vt->take)
        return evac_fail(err, EVAC_E_BADARG, "the replica can not take another journal's rows");
    if (o->ttl_ms < 1000 || !o->request_ms || !o->poll_ms)
        return evac_fail(err, EVAC_E_BADARG,
                         "ttl_ms (%u) must be 1000 or more, request_ms (%u) and poll_ms (%u) above "
                         "0",
                         o->ttl_ms, o->request_ms, o->poll_ms);
    return EVAC_OK;
}

static bool keep_end(void *user, const struct evac_row *row)
{
    struct evac_chain *chain = user;
    chain->last_seq = row->record.seq;
    memcpy(chain->last_hash, row->hash, 32);
    return false;
}

static enum evac_code read_end(struct evac_share *s, struct evac_err *err)
{
    struct evac_store_filter newest = { .limit = 1, .newest_first = true };
    return s->o.replica->vt->read(s->o.replica, &newest, keep_end, &s->replica, err);
}

/* Everything is copied but the host and the replica; secrets are the gateway's. */
static void copy_options(struct evac_share *s, const struct evac_share_options *o)
{
    s->arena = evac_arena_new();
    s->o = *o;
    s->o.node = evac_arena_dup(s->arena, o->node);
    s->o.boot_id = evac_arena_dup(s->arena, o->boot_id);
    s->o.address = evac_arena_dup(s->arena, o->address);
    s->o.cluster = evac_arena_dup(s->arena, o->cluster);
    s->o.endpoints = NULL;
    s->o.user = s->o.password = s->o.ca = s->o.cert = s->o.key = "";
    (void)snprintf(s->prefix, sizeof s->prefix, "/evac/%s/", o->cluster);
}

static void draw_id(struct evac_share *s)
{
    uint8_t bytes[8];
    s->o.host->random(s->o.host->ctx, bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        (void)snprintf(s->id + 2 * i, 3, "%02x", bytes[i]);
}

enum evac_code evac_share_new(const struct evac_share_options *o, struct evac_share **ret_share,
                              struct evac_err *err)
{
    struct evac_gateway_options gateway = { o->host, o->endpoints, o->endpoint_count,
                                            o->user, o->password,  o->ca,
                                            o->cert, o->key,       o->request_ms };
    enum evac_code code = check(o, err);
    if (code)
        return code;
    struct evac_share *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    code = evac_gateway_new(&gateway, &s->gateway, err);
    copy_options(s, o);
    if (!code)
        code = read_end(s, err);
    if (code) {
        share_end(s);
        return code;
    }
    s->store.vt = &share_store_vtable;
    s->look.limit = 8;
    evac_buf_init(&s->told, EVAC_SHARE_TEXT_MAX + 1);
    draw_id(s);
    share_kick(s);
    *ret_share = s;
    return EVAC_OK;
}

void evac_share_free(struct evac_share *s)
{
    if (!s)
        return;
    s->freed = true;
    if (!s->telling)
        share_end(s);
}

void evac_share_leave(struct evac_share *s, void (*done)(void *user), void *user)
{
    if (share_leads(s))
        give_up(s);
    share_lease_let_go(s);
    for (size_t i = 0; i < EVAC_GATEWAY_LINE_COUNT; i++)
        if (i != EVAC_GATEWAY_LEASE || !s->lease.let_go)
            evac_gateway_drop(s->gateway, (enum evac_gateway_line)i);
    s->left = done;
    s->left_user = user;
    s->leave_over = false;
    s->leave_by_ms = share_now(s) + s->o.request_ms;
    share_kick(s);
}
