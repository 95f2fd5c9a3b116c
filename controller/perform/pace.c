#include "pace.h"

#include <stdlib.h>
#include <string.h>

#define CALL          1000000 /* a call, in what buckets hold */
#define SLOWEST       100000  /* a tenth of a call a second: below, nobody learns any more */
#define KEEP_OF_TEN   7       /* of the rate, after a refusal */
#define STEPS_BACK    20      /* seconds from nothing to the full rate */
#define REFUSED_EVERY 1000u   /* refusals within it are of calls sent at the same rate */
#define REGION_BYTES  48u

struct bucket {
    const struct evac_fact_limit *limit;
    char region[REGION_BYTES];
    int64_t holds, room; /* millionths of a call: now, and at most */
    int64_t rate, full;  /* millionths a second: now, and as the facts say */
    uint64_t filled_ms;  /* when holds and rate were brought up to date */
    uint64_t refused_ms; /* 0 never */
};

struct evac_pace {
    const struct evac_facts *facts;
    unsigned share;
    size_t count;
    struct bucket buckets[EVAC_PACE_BUCKETS_MAX];
};

struct evac_pace *evac_pace_new(const struct evac_facts *facts, unsigned share)
{
    struct evac_pace *pace = calloc(1, sizeof *pace);
    if (!pace)
        abort();
    pace->facts = facts;
    pace->share = share;
    return pace;
}

void evac_pace_free(struct evac_pace *pace)
{
    free(pace);
}

/* --- which buckets ------------------------------------------------------------------------------
 */

static size_t place_of(const struct evac_pace *pace, const struct evac_fact_limit *limit,
                       struct evac_str region)
{
    size_t i = 0;
    while (i < pace->count &&
           (pace->buckets[i].limit != limit || !evac_str_is(region, pace->buckets[i].region)))
        i++;
    return i;
}

static struct bucket *find(struct evac_pace *pace, const struct evac_fact_limit *limit,
                           struct evac_str region)
{
    size_t i = place_of(pace, limit, region);
    return i < pace->count ? &pace->buckets[i] : NULL;
}

static struct bucket *make(struct evac_pace *pace, const struct evac_fact_limit *limit,
                           struct evac_str region, uint64_t now_ms)
{
    if (pace->count == EVAC_PACE_BUCKETS_MAX)
        return NULL;
    struct bucket *b = &pace->buckets[pace->count++];
    int64_t room = limit->burst * CALL / 100 * pace->share;
    *b = (struct bucket){ .limit = limit, .filled_ms = now_ms };
    (void)evac_str_copy(b->region, sizeof b->region, region);
    b->room = room > CALL ? room : CALL;
    b->full = limit->rate_micros / 100 * pace->share;
    b->holds = b->room;
    b->rate = b->full = b->full > 0 ? b->full : 1;
    return b;
}

/* --- in and out ---------------------------------------------------------------------------------
 */

static void fill(struct bucket *b, uint64_t now_ms)
{
    int64_t ms = now_ms > b->filled_ms ? (int64_t)(now_ms - b->filled_ms) : 0;
    int64_t longest = (b->room / b->rate + 1) * 1000; /* no more is needed to fill it */
    b->holds += b->rate * (ms < longest ? ms : longest) / 1000;
    b->holds = b->holds < b->room ? b->holds : b->room;
    int64_t back = b->full / STEPS_BACK * (ms < STEPS_BACK * 1000 ? ms : STEPS_BACK * 1000) / 1000;
    b->rate = b->rate + back < b->full ? b->rate + back : b->full;
    b->filled_ms = now_ms;
}

struct evac_pace_key evac_pace_find(struct evac_pace *pace, struct evac_str called,
                                    struct evac_str region, uint64_t now_ms)
{
    struct evac_str operation, service = evac_str_cut(called, ':', &operation);
    const struct evac_fact_limit *limits[EVAC_PACE_KEY_MAX];
    struct evac_pace_key key = { .count = 0 };
    size_t count = evac_facts_limits(pace->facts, service, operation, limits, EVAC_PACE_KEY_MAX);
    for (size_t i = 0; i < count; i++) {
        struct evac_str where = limits[i]->everywhere ? EVAC_STR_NONE : region;
        struct bucket *b = find(pace, limits[i], where);
        b = b ? b : make(pace, limits[i], where, now_ms);
        if (b)
            key.buckets[key.count++] = (uint16_t)(b - pace->buckets);
    }
    return key;
}

uint64_t evac_pace_ask(struct evac_pace *pace, const struct evac_pace_key *key, uint64_t now_ms)
{
    uint64_t wait = 0;
    for (uint16_t i = 0; i < key->count; i++) {
        struct bucket *b = &pace->buckets[key->buckets[i]];
        fill(b, now_ms);
        if (b->holds >= CALL)
            continue;
        uint64_t ms = (uint64_t)(((CALL - b->holds) * 1000 + b->rate - 1) / b->rate);
        wait = ms > wait ? ms : wait;
    }
    for (uint16_t i = 0; wait == 0 && i < key->count; i++)
        pace->buckets[key->buckets[i]].holds -= CALL;
    return wait;
}

void evac_pace_refused(struct evac_pace *pace, const struct evac_pace_key *key, uint64_t now_ms)
{
    for (uint16_t i = 0; i < key->count; i++) {
        struct bucket *b = &pace->buckets[key->buckets[i]];
        fill(b, now_ms);
        b->holds = 0;
        if (b->refused_ms && now_ms - b->refused_ms < REFUSED_EVERY)
            continue;
        int64_t slower = b->rate / 10 * KEEP_OF_TEN, least = b->full < SLOWEST ? b->full : SLOWEST;
        b->rate = slower > least ? slower : least;
        b->refused_ms = now_ms ? now_ms : 1;
    }
}

uint64_t evac_pace_rate_milli(const struct evac_pace *pace, const struct evac_pace_key *key)
{
    int64_t slowest = 0;
    for (uint16_t i = 0; i < key->count; i++) {
        int64_t rate = pace->buckets[key->buckets[i]].rate;
        slowest = slowest == 0 || rate < slowest ? rate : slowest;
    }
    return (uint64_t)slowest / 1000;
}

uint64_t evac_pace_learned_milli(const struct evac_pace *pace, const struct evac_fact_limit *limit,
                                 struct evac_str region)
{
    size_t i = place_of(pace, limit, limit->everywhere ? EVAC_STR_NONE : region);
    return i < pace->count ? (uint64_t)pace->buckets[i].rate / 1000 : 0;
}
