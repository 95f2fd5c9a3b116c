#include "aws_skew.h"

static uint64_t name_of(struct evac_str host)
{
    return evac_str_hash(host) | 1u;
}

int64_t evac_aws_skew_of(const struct evac_aws_skew *skew, struct evac_str host)
{
    uint64_t name = name_of(host);
    for (unsigned i = 0; i < EVAC_AWS_SKEW_HOSTS; i++)
        if (skew->rows[i].host == name)
            return skew->rows[i].ms;
    return 0;
}

static void store(struct evac_aws_skew *skew, uint64_t name, int64_t ms)
{
    unsigned i = 0;
    while (i < EVAC_AWS_SKEW_HOSTS && skew->rows[i].host != name)
        i++;
    if (i == EVAC_AWS_SKEW_HOSTS)
        i = skew->next++ % EVAC_AWS_SKEW_HOSTS;
    skew->rows[i].host = name;
    skew->rows[i].ms = ms;
}

bool evac_aws_skew_learn(struct evac_aws_skew *skew, struct evac_str host, int64_t wall_ms,
                         int64_t date_ms)
{
    int64_t ms = date_ms - wall_ms;
    int64_t change = ms - evac_aws_skew_of(skew, host);
    if (change <= EVAC_AWS_SKEW_MIN_MS && change >= -EVAC_AWS_SKEW_MIN_MS)
        return false;
    store(skew, name_of(host), ms);
    return true;
}
