/* Rates, and who was called how often. */
#include "sandbox_internal.h"

#include <stdlib.h>
#include <string.h>

/* Token buckets as AWS describes its own: `burst` at most, `rate` more a second. */
static bool take(struct sb_bucket *b, double rate, double burst, uint64_t now_ms)
{
    if (rate <= 0)
        return true;
    if (!b->used)
        *b = (struct sb_bucket){ burst, now_ms, true };
    b->tokens += (double)(now_ms - b->at_ms) * rate / 1000;
    b->at_ms = now_ms;
    if (b->tokens > burst)
        b->tokens = burst;
    if (b->tokens < 1)
        return false;
    b->tokens -= 1;
    return true;
}

bool sb_allowed(struct sb_call *c, struct sb_counter *counter)
{
    struct evac_sandbox *sb = c->sb;
    if (!sb->options.enforce_limits)
        return true;
    return take(&sb->regions[c->region].limits[c->id], c->service->rate_per_s, c->service->burst,
                sb->now_ms) &&
           take(&counter->limit, c->operation->rate_per_s, c->operation->burst, sb->now_ms);
}

struct sb_counter *sb_counter_of(struct evac_sandbox *sb, size_t region,
                                 const struct sb_service *service,
                                 const struct sb_operation *operation)
{
    for (size_t i = 0; i < sb->counter_count; i++)
        if (sb->counters[i].operation == operation &&
            strcmp(sb->counters[i].region, sb_region_name(sb, region)) == 0)
            return &sb->counters[i];
    if (sb->counter_count == sb->counter_cap) {
        sb->counter_cap = sb->counter_cap ? 2 * sb->counter_cap : 64;
        sb->counters = realloc(sb->counters, sb->counter_cap * sizeof *sb->counters);
        if (!sb->counters)
            abort();
    }
    struct sb_counter *counter = &sb->counters[sb->counter_count++];
    *counter = (struct sb_counter){ .service = service, .operation = operation };
    (void)evac_str_copy(counter->region, sizeof counter->region,
                        evac_str(sb_region_name(sb, region)));
    return counter;
}
