/* The outbox, for people. */
#include "outbox_internal.h"

#include <string.h>

const char *evac_outbox_fails(const struct evac_outbox *o, struct evac_str channel)
{
    const struct outbox_place *place = outbox_place(o, channel);
    return place && place->failures >= OUTBOX_FAILS_FROM ? place->answer : NULL;
}

static void put_counts(const struct outbox_place *place, struct evac_jw *w)
{
    static const struct outbox_place nothing;
    const struct outbox_place *p = place ? place : &nothing;
    evac_jw_i64(w, "sent", (int64_t)p->sent);
    evac_jw_i64(w, "given_up", (int64_t)p->given_up);
    evac_jw_i64(w, "dropped", (int64_t)p->dropped);
    evac_jw_i64(w, "failures", (int64_t)p->failures);
    evac_jw_known(w, "failing_since_ms", p->failing_since_wall_ms != 0, p->failing_since_wall_ms);
    evac_jw_known(w, "last_sent_ms", p->sent_wall_ms != 0, p->sent_wall_ms);
    evac_jw_known(w, "last_answer_ms", p->answered_wall_ms != 0, p->answered_wall_ms);
    evac_jw_cstr(w, "last_answer", p->answer);
}

static size_t open_at(const struct evac_outbox *o, const struct outbox_place *place)
{
    size_t n = 0;
    for (size_t i = 0; place && i < o->matter_count; i++)
        n += &o->places[o->matters[i].place] == place;
    return n;
}

static const char *health(const struct outbox_place *place)
{
    if (!place || place->answered_wall_ms == 0)
        return "untried";
    return place->failures >= OUTBOX_FAILS_FROM ? "failing" : place->failures ? "trying" : "good";
}

static void put_channel(const struct evac_outbox *o, const struct evac_channel *c,
                        struct evac_jw *w)
{
    const struct outbox_place *place = outbox_place(o, c->name);
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "name", c->name);
    evac_jw_str(w, "type", c->type);
    evac_jw_cstr(w, "is", health(place));
    evac_jw_i64(w, "waiting", (int64_t)outbox_waiting(o, c->name.p));
    evac_jw_i64(w, "queue", c->queue_max);
    evac_jw_i64(w, "open", (int64_t)open_at(o, place));
    evac_jw_str(w, "backup", c->backup);
    put_counts(place, w);
    evac_jw_close(w, '}');
}

static void put_letter(const struct evac_letter *l, const struct evac_outbox_now *now,
                       struct evac_jw *w)
{
    bool waits = l->state != EVAC_LETTER_TRYING;
    evac_jw_open(w, NULL, '{');
    evac_jw_i64(w, "letter", (int64_t)l->id);
    evac_jw_cstr(w, "channel", l->channel);
    evac_jw_cstr(w, "state", evac_letter_state_name(l->state));
    evac_jw_i64(w, "attempt", l->attempt);
    evac_jw_bool(w, "may_repeat", l->doubted);
    evac_jw_i64(w, "queued_ms", l->queued_wall_ms);
    evac_jw_known(w, "due_in_ms", waits,
                  l->due_boot_ms > now->boot_ms ? (int64_t)(l->due_boot_ms - now->boot_ms) : 0);
    evac_jw_cstr(w, "id", l->message.id);
    evac_jw_cstr(w, "key", l->message.key);
    evac_jw_cstr(w, "severity", evac_urgency_name(l->message.severity));
    evac_jw_cstr(w, "title", l->message.title);
    evac_jw_close(w, '}');
}

void evac_outbox_to_json(const struct evac_outbox *o, const struct evac_outbox_now *now,
                         struct evac_jw *w)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_open(w, "channels", '[');
    for (size_t i = 0; i < o->conf->channel_count; i++)
        put_channel(o, &o->conf->channels[i], w);
    evac_jw_close(w, ']');
    evac_jw_open(w, "letters", '[');
    for (const struct evac_letter *l = o->letters; l; l = l->next)
        put_letter(l, now, w);
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}
