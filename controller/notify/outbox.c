#include "outbox_internal.h"

#include <stdlib.h>
#include <string.h>

#define BACK_MIN_MS    5000u
#define BACK_MAX_MS    900000u
#define PLACE_BACK_MAX 60000u

struct evac_outbox *evac_outbox_new(void)
{
    static const struct evac_notify_conf none;
    struct evac_outbox *o = calloc(1, sizeof *o);
    if (!o)
        abort();
    o->conf = &none;
    return o;
}

static void free_letter(struct evac_outbox *o, struct evac_letter *letter)
{
    struct evac_letter *before = NULL;
    for (struct evac_letter *l = o->letters; l && l != letter; l = l->next)
        before = l;
    if (before)
        before->next = letter->next;
    else
        o->letters = letter->next;
    if (o->last == letter)
        o->last = before;
    free(letter);
}

void evac_outbox_free(struct evac_outbox *o)
{
    if (!o)
        return;
    while (o->letters)
        free_letter(o, o->letters);
    free(o->matters);
    free(o);
}

void evac_outbox_configure(struct evac_outbox *o, const struct evac_notify_conf *conf)
{
    o->conf = conf;
    for (size_t i = 0; i < o->place_count; i++)
        o->places[i].retry_boot_ms = 0; /* whatever was wrong with it may be mended */
}

/* --- finding ---------------------------------------------------------------------------------- */

const struct evac_channel *outbox_channel(const struct evac_outbox *o, const char *name)
{
    size_t i = evac_channel_index(o->conf, evac_str(name));
    return i < o->conf->channel_count ? &o->conf->channels[i] : NULL;
}

struct outbox_place *outbox_place(const struct evac_outbox *o, struct evac_str name)
{
    for (size_t i = 0; i < o->place_count; i++)
        if (evac_str_is(name, o->places[i].name))
            return (struct outbox_place *)(uintptr_t)&o->places[i];
    return NULL;
}

/* With none free the one that was asked for least recently gives way: its counts are lost. */
static struct outbox_place *place_for(struct evac_outbox *o, struct evac_str name)
{
    struct outbox_place *place = outbox_place(o, name);
    if (place)
        return place;
    if (o->place_count < OUTBOX_PLACES_MAX) {
        place = &o->places[o->place_count++];
    } else {
        place = &o->places[0];
        for (size_t i = 1; i < o->place_count; i++)
            if (o->places[i].answered_wall_ms < place->answered_wall_ms)
                place = &o->places[i];
    }
    *place = (struct outbox_place){ .failures = 0 };
    (void)evac_str_copy(place->name, sizeof place->name, name);
    return place;
}

const struct outbox_matter *outbox_matter(const struct evac_outbox *o,
                                          const struct outbox_place *place, const char *key)
{
    for (size_t i = 0; place && i < o->matter_count; i++)
        if (&o->places[o->matters[i].place] == place && strcmp(o->matters[i].key, key) == 0)
            return &o->matters[i];
    return NULL;
}

struct evac_letter *evac_outbox_letters(struct evac_outbox *o)
{
    return o->letters;
}

struct evac_letter *evac_outbox_letter(struct evac_outbox *o, uint64_t id)
{
    struct evac_letter *l = o->letters;
    while (l && l->id != id)
        l = l->next;
    return l;
}

uint64_t evac_outbox_told(const struct evac_outbox *o)
{
    return o->told;
}

/* --- what is open ----------------------------------------------------------------------------- */

static void close_matter(struct evac_outbox *o, const struct outbox_place *place, const char *key)
{
    const struct outbox_matter *found = outbox_matter(o, place, key);
    if (!found)
        return;
    size_t i = (size_t)(found - o->matters);
    memmove(&o->matters[i], &o->matters[i + 1], (--o->matter_count - i) * sizeof o->matters[0]);
}

static void open_matter(struct evac_outbox *o, const struct outbox_place *place,
                        const struct evac_letter *l)
{
    close_matter(o, place, l->message.key);
    if (o->matter_count == OUTBOX_MATTERS_MAX)
        memmove(o->matters, o->matters + 1, --o->matter_count * sizeof o->matters[0]);
    if (o->matter_count == o->matter_cap) {
        o->matter_cap = o->matter_cap ? 2 * o->matter_cap : 64;
        o->matters = realloc(o->matters, o->matter_cap * sizeof o->matters[0]);
        if (!o->matters)
            abort();
    }
    struct outbox_matter *m = &o->matters[o->matter_count++];
    *m = (struct outbox_matter){ .place = (uint16_t)(place - o->places),
                                 .severity = l->message.severity,
                                 .wall_ms = l->message.wall_ms,
                                 .letter = l->id };
    memcpy(m->key, l->message.key, sizeof m->key);
    memcpy(m->title, l->message.title, sizeof m->title);
}

/* --- the fold --------------------------------------------------------------------------------- */

static uint64_t gathers_until(const struct evac_outbox *o, const struct evac_letter *l,
                              const struct evac_outbox_now *now)
{
    bool gathers = l->message.kind == EVAC_ABOUT_HEALTH && l->message.state == EVAC_NOTICE_TRIGGER;
    int64_t left = l->queued_wall_ms + (int64_t)o->conf->gather_ms - now->wall_ms;
    if (!gathers || left <= 0)
        return now->boot_ms;
    return now->boot_ms + (uint64_t)(left < o->conf->gather_ms ? left : o->conf->gather_ms);
}

static void queued(struct evac_outbox *o, const struct evac_record *r,
                   const struct evac_outbox_now *now)
{
    struct outbox_place *place = place_for(o, r->name);
    struct evac_letter *l = calloc(1, sizeof *l);
    if (!l)
        abort();
    if (evac_message_from_json(r->data, &l->message, NULL)) {
        free(l); /* of another version */
        return;
    }
    if ((uint64_t)r->number > o->told)
        o->told = (uint64_t)r->number;
    l->id = r->seq;
    l->state = EVAC_LETTER_QUEUED;
    l->queued_wall_ms = r->t_wall_ms;
    (void)evac_str_copy(l->channel, sizeof l->channel, r->name);
    l->channel_hash = evac_str_hash(r->name);
    l->due_boot_ms = gathers_until(o, l, now);
    if (l->message.state == EVAC_NOTICE_TRIGGER)
        open_matter(o, place, l);
    if (l->message.state == EVAC_NOTICE_RESOLVE)
        close_matter(o, place, l->message.key);
    if (o->last)
        o->last->next = l;
    else
        o->letters = l;
    o->last = l;
}

/* Half of a doubling span, and as much again by chance. */
static uint64_t back_off(uint32_t times, uint32_t most_ms, uint64_t random)
{
    uint64_t span = BACK_MIN_MS;
    for (uint32_t i = 1; i < times && span < most_ms; i++)
        span *= 2;
    span = span < most_ms ? span : most_ms;
    return span / 2 + random % (span / 2 + 1);
}

static void failed(struct evac_outbox *o, struct outbox_place *place, struct evac_letter *l,
                   const struct evac_record *r, const struct evac_outbox_now *now)
{
    uint64_t wait = back_off(l->attempt, BACK_MAX_MS, now->random);
    uint64_t rest = back_off(++place->failures, PLACE_BACK_MAX, now->random >> 32);
    if (place->failures == 1)
        place->failing_since_wall_ms = r->t_wall_ms;
    if (o->hint_ms > rest)
        rest = o->hint_ms < BACK_MAX_MS ? o->hint_ms : BACK_MAX_MS;
    l->due_boot_ms = now->boot_ms + wait;
    place->retry_boot_ms = now->boot_ms + rest;
    o->hint_ms = 0;
}

static void answered(struct evac_outbox *o, struct outbox_place *place, struct evac_letter *l,
                     const struct evac_record *r, const struct evac_outbox_now *now)
{
    bool good = l->state == EVAC_LETTER_SENT;
    place->answered_wall_ms = r->t_wall_ms;
    (void)evac_str_copy(place->answer, sizeof place->answer, r->text);
    if (!good) {
        failed(o, place, l, r, now);
        return;
    }
    place->failures = 0;
    place->failing_since_wall_ms = 0;
    place->retry_boot_ms = 0;
    place->sent_wall_ms = r->t_wall_ms;
    place->sent++;
    for (struct evac_letter *other = o->letters; other; other = other->next)
        if (strcmp(other->channel, l->channel) == 0 && other->noes == 0 &&
            other->state != EVAC_LETTER_QUEUED)
            other->due_boot_ms = now->boot_ms; /* it is back: what waited for it goes */
}

/* Nobody was told of it after all. */
static void unsent(struct evac_outbox *o, struct outbox_place *place, const struct evac_letter *l)
{
    place->given_up += l->state == EVAC_LETTER_GIVEN_UP;
    place->dropped += l->state == EVAC_LETTER_DROPPED;
    const struct outbox_matter *m = outbox_matter(o, place, l->message.key);
    if (m && m->letter == l->id && !l->doubted)
        close_matter(o, place, l->message.key);
}

static bool is_answer(struct evac_str event)
{
    static const enum evac_letter_event answers[] = { EVAC_LETTER_ON_ACCEPTED,
                                                      EVAC_LETTER_ON_REFUSED, EVAC_LETTER_ON_NO,
                                                      EVAC_LETTER_ON_SPENT,
                                                      EVAC_LETTER_ON_UNKNOWN };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        if (evac_str_is(event, evac_letter_event_name(answers[i])))
            return true;
    return false;
}

static void moved(struct evac_outbox *o, struct evac_letter *l, const struct evac_record *r,
                  const struct evac_outbox_now *now)
{
    struct outbox_place *place = place_for(o, r->name);
    if (!evac_letter_state_parse(r->to, &l->state))
        return; /* of another version */
    l->attempt = r->attempt;
    l->doubted |= l->state == EVAC_LETTER_DOUBTFUL;
    l->noes += evac_str_is(r->event, evac_letter_event_name(EVAC_LETTER_ON_NO));
    if (l->state != EVAC_LETTER_TRYING)
        l->on_its_way = false;
    if (is_answer(r->event))
        answered(o, place, l, r, now);
    if (l->state == EVAC_LETTER_GIVEN_UP || l->state == EVAC_LETTER_DROPPED)
        unsent(o, place, l);
    if (evac_letter_is_over(l->state))
        free_letter(o, l);
}

void evac_outbox_see(struct evac_outbox *o, const struct evac_record *r,
                     const struct evac_outbox_now *now)
{
    struct evac_letter *l;
    if (r->kind != EVAC_RECORD_NOTICE)
        return;
    if (evac_str_is(r->to, evac_letter_state_name(EVAC_LETTER_QUEUED)))
        queued(o, r, now);
    else if (r->from.n == 0)
        place_for(o, r->name)->dropped++; /* there was no room for it at all */
    else if ((l = evac_outbox_letter(o, (uint64_t)r->number)) != NULL)
        moved(o, l, r, now);
}

bool evac_outbox_is_open(const struct evac_outbox *o, struct evac_str channel, const char *key)
{
    return outbox_matter(o, outbox_place(o, channel), key) != NULL;
}

bool evac_outbox_is_open_anywhere(const struct evac_outbox *o, const char *key)
{
    for (size_t i = 0; i < o->matter_count; i++)
        if (strcmp(o->matters[i].key, key) == 0)
            return true;
    return false;
}
