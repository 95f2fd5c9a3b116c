/* How far each server's clock is from ours, as its Date headers told. Forgets the oldest of many.
 */
#ifndef EVAC_AWS_SKEW_H
#define EVAC_AWS_SKEW_H

#include "evac/str.h"

#define EVAC_AWS_SKEW_HOSTS 64u
#define EVAC_AWS_SKEW_MIN_MS                                                                       \
    240000 /* AWS tolerates five minutes: below four there is nothing to mend */

struct evac_aws_skew {
    struct {
        uint64_t host; /* hash of its name, 0 free */
        int64_t ms;
    } rows[EVAC_AWS_SKEW_HOSTS];
    unsigned next;
};

int64_t evac_aws_skew_of(const struct evac_aws_skew *skew, struct evac_str host);

/* The host said date_ms when our clock said wall_ms. True when that differs so much from what was
 * believed that signing again is worth it. */
bool evac_aws_skew_learn(struct evac_aws_skew *skew, struct evac_str host, int64_t wall_ms,
                         int64_t date_ms);
#endif
