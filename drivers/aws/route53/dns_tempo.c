/*
 * How closely batches of changes follow each other. Each batch is a change that takes about a
 * minute to arrive everywhere and is asked about until then, and an account has two such questions
 * a second (drivers/aws/facts/limits.cfg). So one app's change goes at once; while others are on
 * their way the next one of a zone waits for company, half a second for each of them, and each of
 * them is asked about as seldom: many apps that come one after the other share a few changes.
 */
#include "route53.h"

#define ARRIVES_MS 60000u
#define STEP_MS    500u
/* Nobody waits longer for company: with the waits for a turn before and after it a call has to end
 * within what the engine gives it (45 s), or what was not even sent would count as unknown. */
#define WAIT_MAX_MS 10000u
#define KEPT        40u /* of the newest batches: so a change is asked about every 20 s at least */

struct tempo {
    uint64_t sent_ms[KEPT]; /* within the last minute, the newest first */
    size_t count;
};

/* Of all zones: what is counted is an account's. */
#define KEY EVAC_STR("route53 batches")

uint64_t dns_now_ms(const struct aws_call *c)
{
    return c->link->host->now_ms(c->link->host->ctx);
}

static struct tempo read_tempo(struct aws_call *c, uint64_t now_ms)
{
    struct tempo t = { .count = 0 };
    struct evac_str rest = aws_note_get(c->link, KEY);
    int64_t sent;
    while (t.count < KEPT && evac_str_i64(evac_str_cut(rest, ' ', &rest), &sent) && sent >= 0 &&
           (uint64_t)sent + ARRIVES_MS > now_ms)
        t.sent_ms[t.count++] = (uint64_t)sent;
    return t;
}

void dns_tempo_note(struct aws_call *c)
{
    uint64_t now = dns_now_ms(c);
    struct tempo t = read_tempo(c, now);
    struct evac_str text = aws_printf(c, "%llu", (unsigned long long)now);
    for (size_t i = 0; i < t.count && i + 1 < KEPT; i++)
        text = aws_printf(c, "%.*s %llu", EVAC_STR_ARG(text), (unsigned long long)t.sent_ms[i]);
    aws_note_set(c->link, KEY, text);
}

uint64_t dns_tempo_wait_ms(struct aws_call *c)
{
    uint64_t now = dns_now_ms(c);
    struct tempo t = read_tempo(c, now);
    uint64_t apart = t.count * STEP_MS < WAIT_MAX_MS ? t.count * STEP_MS : WAIT_MAX_MS;
    uint64_t due = t.count ? t.sent_ms[0] + apart : 0;
    return due > now ? due - now : 0;
}

uint64_t dns_tempo_every_ms(struct aws_call *c)
{
    struct tempo t = read_tempo(c, dns_now_ms(c));
    return STEP_MS * (t.count > 1 ? t.count : 1);
}
