/*
 * How closely batches of changes follow each other, and when each is asked about. A change takes
 * half a minute or so to arrive everywhere and is asked about until then, and an account has two
 * such questions a second (drivers/aws/facts/limits.cfg). So one app's change goes at once; while
 * others are on their way the next one of a zone waits for company, an eighth of a second for each
 * of them: many apps that come one after the other share a few changes. A change is asked about
 * first when those before it had arrived, and those that are late as seldom as there are many.
 */
#include "route53.h"

#include <string.h>

#define LONGEST_MS 60000u /* what is on its way longer does not count any more */
#define STEP_MS    500u   /* between two questions */
#define APART_MS   125u
#define TAKE_IN_MS 500u /* a zone takes no other change meanwhile */
/* Nobody waits longer for company, nor for a question: with the waits for a turn before and after
 * it a call has to end within what the engine gives it (45 s, a look 25 s), or what was not even
 * sent would count as unknown. */
#define WAIT_MAX_MS 10000u
#define KEPT        80u /* of the newest changes */
/* When it was too soon to ask, the next one is asked about later, and otherwise sooner: by so much
 * that of two changes one is asked about twice. */
#define LATER_MS  500u
#define SOONER_MS 100u
#define LEARN     8u /* one that is late by more moves it by this part */

#define NOTE_BYTES 8000u /* what a note holds (aws_note.c), and some room */

struct sent {
    struct evac_str change, zone;
    uint64_t ms;
};

struct tempo {
    struct sent sent[KEPT]; /* on their way, the newest first */
    size_t count;
};

/* Of all zones: what is counted is an account's. */
#define KEY   EVAC_STR("route53 batches")
#define USUAL EVAC_STR("route53 usual")

uint64_t dns_now_ms(const struct aws_call *c)
{
    return c->link->host->now_ms(c->link->host->ctx);
}

static struct tempo read_tempo(struct aws_call *c, uint64_t now_ms)
{
    struct tempo t = { .count = 0 };
    struct evac_str rest = evac_arena_str(c->arena, aws_note_get(c->link, KEY));
    while (t.count < KEPT && rest.n) {
        struct sent *s = &t.sent[t.count];
        int64_t ms;
        s->change = evac_str_cut(rest, ' ', &rest);
        s->zone = evac_str_cut(rest, ' ', &rest);
        if (!evac_str_i64(evac_str_cut(rest, ' ', &rest), &ms) || ms < 0)
            break;
        s->ms = (uint64_t)ms;
        t.count += s->ms + LONGEST_MS > now_ms;
    }
    return t;
}

static void write_tempo(struct aws_call *c, const struct tempo *t)
{
    struct evac_buf text;
    evac_buf_init(&text, NOTE_BYTES); /* the oldest may find no place */
    for (size_t i = 0; i < t->count; i++) {
        const struct sent *s = &t->sent[i];
        if (text.n + s->change.n + s->zone.n + 24 < NOTE_BYTES)
            evac_buf_putf(&text, "%s%.*s %.*s %llu", i ? " " : "", EVAC_STR_ARG(s->change),
                          EVAC_STR_ARG(s->zone), (unsigned long long)s->ms);
    }
    aws_note_set(c->link, KEY, evac_buf_str(&text));
    evac_buf_done(&text);
}

void dns_tempo_note(struct aws_call *c, struct evac_str change)
{
    uint64_t now = dns_now_ms(c);
    struct tempo t = read_tempo(c, now);
    if (t.count == KEPT)
        t.count--;
    memmove(t.sent + 1, t.sent, t.count * sizeof t.sent[0]);
    t.sent[0] = (struct sent){ change, evac_args_get(&c->args, "zone"), now };
    t.count++;
    write_tempo(c, &t);
}

/* What a change takes until it is worth asking about, as far as answers have shown; 0 at first. */
static uint64_t usual_ms(struct aws_call *c)
{
    int64_t ms;
    return evac_str_i64(aws_note_get(c->link, USUAL), &ms) && ms > 0 ? (uint64_t)ms : 0;
}

static void learn(struct aws_call *c, uint64_t age_ms, bool arrived)
{
    uint64_t usual = usual_ms(c), later = age_ms > usual ? (age_ms - usual) / LEARN : 0;
    if (arrived)
        usual -= usual > SOONER_MS ? SOONER_MS : usual;
    else
        usual += later > LATER_MS ? later : LATER_MS;
    usual = usual < LONGEST_MS ? usual : LONGEST_MS;
    aws_note_set(c->link, USUAL, aws_printf(c, "%llu", (unsigned long long)usual));
}

void dns_tempo_answer(struct aws_call *c, struct evac_str change, bool arrived)
{
    uint64_t now = dns_now_ms(c);
    struct tempo t = read_tempo(c, now);
    size_t i = 0;
    while (i < t.count && !evac_str_eq(t.sent[i].change, change))
        i++;
    if (i == t.count)
        return;
    learn(c, now - t.sent[i].ms, arrived);
    if (!arrived)
        return;
    memmove(t.sent + i, t.sent + i + 1, (--t.count - i) * sizeof t.sent[0]);
    write_tempo(c, &t);
}

uint64_t dns_tempo_wait_ms(struct aws_call *c)
{
    struct evac_str zone = evac_args_get(&c->args, "zone");
    uint64_t now = dns_now_ms(c);
    struct tempo t = read_tempo(c, now);
    uint64_t apart = t.count * APART_MS < WAIT_MAX_MS ? t.count * APART_MS : WAIT_MAX_MS;
    apart = apart > TAKE_IN_MS ? apart : TAKE_IN_MS;
    size_t i = 0;
    while (i < t.count && !evac_str_eq(t.sent[i].zone, zone))
        i++;
    uint64_t due = i < t.count ? t.sent[i].ms + apart : 0;
    return due > now ? due - now : 0;
}

/* Between two questions about one change: a step for each that is late as well. */
static uint64_t every_ms(const struct tempo *t, uint64_t usual_ms, uint64_t now_ms)
{
    uint64_t late = 0;
    for (size_t i = 0; i < t->count; i++)
        late += t->sent[i].ms + usual_ms <= now_ms;
    return STEP_MS * (late > 1 ? late : 1);
}

bool dns_tempo_question(struct aws_call *c, struct evac_str change, uint64_t asked_ms,
                        uint64_t *ret_wait_ms)
{
    uint64_t now = dns_now_ms(c), usual = usual_ms(c), due = 0;
    struct tempo t = read_tempo(c, now);
    for (size_t i = 0; i < t.count; i++)
        if (evac_str_eq(t.sent[i].change, change))
            due = t.sent[i].ms + usual;
    if (asked_ms && asked_ms + every_ms(&t, usual, now) > due)
        due = asked_ms + every_ms(&t, usual, now);
    uint64_t wait = due > now ? due - now : 0;
    *ret_wait_ms = wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS;
    return wait == 0;
}
