/* The outbox's moves, as rows that are not durable yet. */
#include "outbox_internal.h"

#include "evac/buf.h"

#include <string.h>

#define NOES_MAX     5u /* refused so often as it is: it would be refused again */
#define BACKUP_AFTER 3u /* failed attempts, and the channel's backup is told too */

static struct evac_record *add(struct evac_outbox_rows *rows)
{
    return rows->count < EVAC_OUTBOX_ROWS_MAX ? &rows->items[rows->count++] : NULL;
}

static struct evac_str keep(struct evac_outbox_rows *rows, struct evac_str s)
{
    return evac_arena_str(rows->arena, s);
}

/* --- queueing --------------------------------------------------------------------------------- */

static void put_letter(struct evac_outbox_rows *rows, const char *channel,
                       const struct evac_message *m, bool dropped)
{
    struct evac_record *r = add(rows);
    struct evac_buf json;
    if (!r)
        return;
    evac_buf_init(&json, 8192);
    evac_message_to_json(m, &json);
    *r = (struct evac_record){
        .kind = EVAC_RECORD_NOTICE,
        .run = m->run,
        .number = (int64_t)m->cause,
        .app = keep(rows, evac_str(m->app)),
        .name = keep(rows, evac_str(channel)),
        .event =
            dropped ? evac_str(evac_letter_event_name(EVAC_LETTER_ON_OVERFLOW)) : EVAC_STR("queue"),
        .to = evac_str(evac_letter_state_name(dropped ? EVAC_LETTER_DROPPED : EVAC_LETTER_QUEUED)),
        .text = keep(rows, evac_str(m->title)),
        .data = keep(rows, evac_buf_str(&json)),
    };
    evac_buf_done(&json);
}

static struct evac_record *move(struct evac_outbox_rows *rows, const struct evac_letter *l,
                                enum evac_letter_event event, struct evac_str text)
{
    enum evac_letter_state to = evac_letter_next(l->state, event);
    struct evac_record *r = to == EVAC_LETTER_NONE ? NULL : add(rows);
    if (!r)
        return NULL;
    *r = (struct evac_record){
        .kind = EVAC_RECORD_NOTICE,
        .run = l->message.run,
        .number = (int64_t)l->id,
        .attempt = l->attempt,
        .app = keep(rows, evac_str(l->message.app)),
        .name = keep(rows, evac_str(l->channel)),
        .from = evac_str(evac_letter_state_name(l->state)),
        .event = evac_str(evac_letter_event_name(event)),
        .to = evac_str(evac_letter_state_name(to)),
        .text = keep(rows, text),
    };
    return r;
}

/* Names are few, letters are many: a hash is compared first. */
static bool goes_to(const struct evac_letter *l, const char *channel, uint64_t hash)
{
    return l->channel_hash == hash && strcmp(l->channel, channel) == 0;
}

size_t outbox_waiting(const struct evac_outbox *o, const char *channel)
{
    size_t n = 0;
    uint64_t hash = evac_str_hash(evac_str(channel));
    for (const struct evac_letter *l = o->letters; l; l = l->next)
        n += goes_to(l, channel, hash);
    return n;
}

/* Rows of this batch are not folded yet. */
static bool leaves(const struct evac_outbox_rows *rows, const struct evac_letter *l)
{
    for (size_t i = 0; i < rows->count; i++)
        if (rows->items[i].from.n && rows->items[i].number == (int64_t)l->id)
            return true;
    return false;
}

static size_t joining(const struct evac_outbox_rows *rows, const char *channel)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->count; i++)
        n += rows->items[i].from.n == 0 && evac_str_is(rows->items[i].name, channel);
    return n;
}

/* What ends a matter is worth a little more than what opens one as severe: without it, it would
 * stay open for ever. */
static unsigned worth(const struct evac_message *m)
{
    return 2u * m->severity + (m->state == EVAC_NOTICE_RESOLVE);
}

/* The least severe, among these the oldest; one on its way stays. */
static struct evac_letter *least(const struct evac_outbox *o, const struct evac_outbox_rows *rows,
                                 const char *channel)
{
    struct evac_letter *found = NULL;
    uint64_t hash = evac_str_hash(evac_str(channel));
    for (struct evac_letter *l = o->letters; l; l = l->next)
        if (goes_to(l, channel, hash) && l->state != EVAC_LETTER_TRYING && !leaves(rows, l) &&
            (!found || worth(&l->message) < worth(&found->message)))
            found = l;
    return found;
}

static void put_bounded(struct evac_outbox *o, struct evac_outbox_rows *rows,
                        const struct evac_channel *channel, const struct evac_message *m)
{
    const char *name = channel->name.p;
    bool full = outbox_waiting(o, name) + joining(rows, name) >= channel->queue_max;
    struct evac_letter *victim = full ? least(o, rows, name) : NULL;
    if (victim && worth(&victim->message) <= worth(m)) {
        (void)move(rows, victim, EVAC_LETTER_ON_OVERFLOW, EVAC_STR("too many wait"));
        victim = NULL;
        full = false;
    }
    put_letter(rows, name, m, full);
}

static void queue_new(struct evac_outbox *o, const struct evac_message *m, uint32_t to,
                      struct evac_outbox_rows *rows)
{
    for (size_t i = 0; i < o->conf->channel_count && i < EVAC_CHANNELS_MAX; i++) {
        const struct evac_channel *c = &o->conf->channels[i];
        const struct outbox_matter *told = m->state == EVAC_NOTICE_TRIGGER
                                               ? outbox_matter(o, outbox_place(o, c->name), m->key)
                                               : NULL;
        if (!(to >> i & 1) || (m->state == EVAC_NOTICE_NEWS && !evac_channel_takes_news(c->type)))
            continue;
        if (told && told->severity == m->severity && strcmp(told->title, m->title) == 0)
            continue;
        put_bounded(o, rows, c, m);
    }
}

/* What was not even tried need not be told any more. */
static struct evac_letter *untold(struct evac_outbox *o, const struct outbox_matter *matter)
{
    struct evac_letter *l = evac_outbox_letter(o, matter->letter);
    return l && l->state == EVAC_LETTER_QUEUED ? l : NULL;
}

static void queue_after(struct evac_outbox *o, const struct evac_message *m,
                        struct evac_outbox_rows *rows)
{
    for (size_t i = 0; i < o->matter_count; i++) {
        const struct outbox_matter *matter = &o->matters[i];
        const struct evac_channel *c = outbox_channel(o, o->places[matter->place].name);
        struct evac_letter *l = untold(o, matter);
        struct evac_message own = *m;
        if (!evac_notice_covers(m->key, matter->key))
            continue;
        memcpy(own.key, matter->key, sizeof own.key);
        own.severity = matter->severity; /* so that it does not overtake what it ends */
        if (m->state == EVAC_NOTICE_RESOLVE && l)
            (void)move(rows, l, EVAC_LETTER_ON_OVER, evac_str(m->title));
        else if (c && !l)
            put_bounded(o, rows, c, &own);
    }
}

void evac_outbox_queue(struct evac_outbox *o, const struct evac_message *m, uint32_t to,
                       struct evac_outbox_rows *rows)
{
    if (m->state == EVAC_NOTICE_TRIGGER || m->state == EVAC_NOTICE_NEWS)
        queue_new(o, m, to, rows);
    else
        queue_after(o, m, rows);
}

/* --- leaving unsent --------------------------------------------------------------------------- */

static bool gathered(const struct evac_letter *l,
                     bool (*gathers)(void *ctx, struct evac_str region), void *ctx)
{
    return gathers && l->state == EVAC_LETTER_QUEUED && l->message.kind == EVAC_ABOUT_HEALTH &&
           l->message.state == EVAC_NOTICE_TRIGGER && gathers(ctx, evac_str(l->message.region));
}

void evac_outbox_sweep(struct evac_outbox *o, const struct evac_outbox_now *now,
                       bool (*gathers)(void *ctx, struct evac_str region), void *ctx,
                       struct evac_outbox_rows *rows)
{
    for (const struct evac_letter *l = o->letters; l && rows->count < EVAC_OUTBOX_ROWS_MAX;
         l = l->next) {
        const struct evac_channel *c = outbox_channel(o, l->channel);
        if (l->state == EVAC_LETTER_TRYING)
            continue;
        if (!c)
            (void)move(rows, l, EVAC_LETTER_ON_NO_CHANNEL, EVAC_STR("there is no such channel"));
        else if (now->wall_ms - l->queued_wall_ms > c->give_up_ms)
            (void)move(rows, l, EVAC_LETTER_ON_TOO_OLD, EVAC_STR("it waited for too long"));
        else if (gathered(l, gathers, ctx))
            (void)move(rows, l, EVAC_LETTER_ON_GATHERED,
                       EVAC_STR("one regional incident is told instead"));
    }
}

/* --- trying ----------------------------------------------------------------------------------- */

static bool is_busy(const struct evac_outbox *o, const struct outbox_place *place)
{
    for (const struct evac_letter *l = o->letters; l; l = l->next)
        if (l->state == EVAC_LETTER_TRYING && strcmp(l->channel, place->name) == 0)
            return true;
    return false;
}

/* The first of the same matter. */
static const struct evac_letter *first_of(const struct evac_outbox *o, const struct evac_letter *l)
{
    for (const struct evac_letter *f = o->letters; f != l; f = f->next)
        if (goes_to(f, l->channel, l->channel_hash) && strcmp(f->message.key, l->message.key) == 0)
            return f;
    return l;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* What is due next of a channel: the most severe, then the oldest; but of one matter in its order,
 * or it would be opened after it was over. *ret_ms: when the first is due; one at a time is on its
 * way. */
static const struct evac_letter *due(const struct evac_outbox *o, const struct outbox_place *place,
                                     uint64_t boot_ms, uint64_t *ret_ms)
{
    const struct evac_letter *best = NULL;
    uint64_t hash = evac_str_hash(evac_str(place->name));
    if (is_busy(o, place))
        return NULL;
    for (const struct evac_letter *l = o->letters; l; l = l->next) {
        if (!goes_to(l, place->name, hash) || first_of(o, l) != l)
            continue;
        uint64_t at = later(l->due_boot_ms, place->retry_boot_ms);
        *ret_ms = at < *ret_ms ? at : *ret_ms;
        if (at <= boot_ms && (!best || l->message.severity > best->message.severity))
            best = l;
    }
    return best;
}

void evac_outbox_try(struct evac_outbox *o, const struct evac_outbox_now *now,
                     struct evac_outbox_rows *rows)
{
    for (size_t i = 0; i < o->place_count; i++) {
        uint64_t next = UINT64_MAX;
        const struct evac_letter *l = due(o, &o->places[i], now->boot_ms, &next);
        if (!l)
            continue;
        struct evac_str text =
            l->state == EVAC_LETTER_DOUBTFUL
                ? evac_arena_printf(rows->arena,
                                    "this may be a repeat: nobody knows whether attempt %u arrived",
                                    l->attempt)
                : EVAC_STR_NONE;
        struct evac_record *r = move(rows, l, EVAC_LETTER_ON_TRY, text);
        if (r)
            r->attempt = l->attempt + 1;
    }
}

uint64_t evac_outbox_wake_ms(const struct evac_outbox *o)
{
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; o->letters && i < o->place_count; i++)
        (void)due(o, &o->places[i], 0, &next);
    return next;
}

/* --- answers ---------------------------------------------------------------------------------- */

static enum evac_letter_event event_of(const struct evac_letter *l, const struct evac_answer *a)
{
    switch (a->kind) {
    case EVAC_ANSWER_TAKEN:
        return EVAC_LETTER_ON_ACCEPTED;
    case EVAC_ANSWER_NO:
        return l->noes + 1 >= NOES_MAX ? EVAC_LETTER_ON_SPENT : EVAC_LETTER_ON_NO;
    case EVAC_ANSWER_BUSY:
        return EVAC_LETTER_ON_REFUSED;
    case EVAC_ANSWER_UNKNOWN:
        break;
    }
    return EVAC_LETTER_ON_UNKNOWN;
}

/* The channel fails: who else should know? Once, in the same write as the failure's row. */
static void tell_backup(struct evac_outbox *o, const struct evac_letter *l, bool spent,
                        struct evac_outbox_rows *rows)
{
    const struct evac_channel *c = outbox_channel(o, l->channel);
    const struct evac_channel *backup = c && c->backup.n ? outbox_channel(o, c->backup.p) : NULL;
    bool now = l->attempt == BACKUP_AFTER || (spent && l->attempt < BACKUP_AFTER);
    struct evac_message m = l->message;
    if (!backup || !now || m.severity < EVAC_URGENCY_ERROR)
        return;
    if (m.state == EVAC_NOTICE_TRIGGER && outbox_matter(o, outbox_place(o, backup->name), m.key))
        return; /* it knows */
    m.cause = 0;
    put_bounded(o, rows, backup, &m);
}

void evac_outbox_answer(struct evac_outbox *o, uint64_t letter, const struct evac_answer *a,
                        struct evac_outbox_rows *rows)
{
    const struct evac_letter *l = evac_outbox_letter(o, letter);
    if (!l || l->state != EVAC_LETTER_TRYING)
        return;
    enum evac_letter_event event = event_of(l, a);
    struct evac_record *r = move(rows, l, event, a->text);
    if (!r)
        return;
    r->request_id = keep(rows, a->request_id);
    o->hint_ms = a->retry_after_ms;
    if (event != EVAC_LETTER_ON_ACCEPTED)
        tell_backup(o, l, event == EVAC_LETTER_ON_SPENT, rows);
}

void evac_outbox_resume(struct evac_outbox *o, struct evac_outbox_rows *rows)
{
    for (const struct evac_letter *l = o->letters; l; l = l->next)
        if (l->state == EVAC_LETTER_TRYING && !l->on_its_way)
            (void)move(rows, l, EVAC_LETTER_ON_CRASHED,
                       EVAC_STR("the controller ended while it was being sent"));
}
