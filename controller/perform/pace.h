/*
 * How many calls a service takes, so that they are asked for no faster: a token bucket for each
 * limit of the facts (facts.h), and, of one that counts by region, for each region. A call takes a
 * token of every bucket that counts it, or of none and waits. Who was told "too many" all the same
 * (somebody else uses the same account) asks more slowly from then on, and comes back to the full
 * rate little by little: adds a twentieth a second, takes three tenths away.
 *
 * Pure: time comes in. Not for several threads.
 */
#ifndef EVAC_PACE_H
#define EVAC_PACE_H

#include "facts.h"

#define EVAC_PACE_BUCKETS_MAX 512u /* what would be more is not paced */
#define EVAC_PACE_KEY_MAX     8u   /* rows that count the same call; what is more does not */

struct evac_pace;

/* share: of each limit so many hundredths are used, 1 to 100; the rest is left to others in the
 * account. Rows of a service in a later file stand for all rows of it in those before. facts may be
 * NULL (nothing is limited), and must live longer. */
struct evac_pace *evac_pace_new(const struct evac_facts *facts, unsigned share);
void evac_pace_free(struct evac_pace *pace);

/* What counts a call of that operation ("db:Failover") in that region ("" where the
 * service has none), found once. Good for this pace alone. */
struct evac_pace_key {
    uint16_t buckets[EVAC_PACE_KEY_MAX];
    uint16_t count;
};
struct evac_pace_key evac_pace_find(struct evac_pace *pace, struct evac_str operation,
                                    struct evac_str region, uint64_t now_ms);

/* now_ms: of a clock that only goes forward. 0: go, it is counted. Otherwise in so many
 * milliseconds there may be room, and nothing was counted. */
uint64_t evac_pace_ask(struct evac_pace *pace, const struct evac_pace_key *key, uint64_t now_ms);
/* The service refused such a call as one too many. */
void evac_pace_refused(struct evac_pace *pace, const struct evac_pace_key *key, uint64_t now_ms);
/* The slowest of what counts such a call, in thousandths of a call a second; 0: nothing does. */
uint64_t evac_pace_rate_milli(const struct evac_pace *pace, const struct evac_pace_key *key);
/* The rate of one row in a region, as it is by now; 0: nobody has asked it yet. */
uint64_t evac_pace_learned_milli(const struct evac_pace *pace, const struct evac_fact_limit *limit,
                                 struct evac_str region);
#endif
