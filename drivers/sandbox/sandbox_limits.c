/* Rates, and who was called how often. */
#include "sandbox_limits.h"

#include "sandbox_internal.h"

#include <stdlib.h>
#include <string.h>

/* --- which buckets count a call -----------------------------------------------------------------
 */

static bool names(const struct sb_limit *limit, const char *operation)
{
    struct evac_str names = evac_str(limit->operations);
    while (names.n)
        if (sb_like(evac_str_cut(names, ' ', &names), evac_str(operation)))
            return true;
    return false;
}

/* A bucket a row and region; of what counts everywhere only the first region's is used. */
static struct sb_bucket *bucket_of(struct evac_sandbox *sb, size_t row, size_t region)
{
    size_t rows = 0;
    while (sb_limits[rows].service)
        rows++;
    if (!sb->buckets)
        sb->buckets = calloc(rows * SB_REGIONS_MAX, sizeof *sb->buckets);
    if (!sb->buckets)
        abort();
    return &sb->buckets[row * SB_REGIONS_MAX + (sb_limits[row].everywhere ? 0 : region)];
}

static void find_buckets(struct evac_sandbox *sb, struct sb_counter *counter, size_t region)
{
    counter->bucket_count = 0;
    for (size_t i = 0; sb_limits[i].service && counter->bucket_count < SB_COUNTED_MAX; i++)
        if (strcmp(sb_limits[i].service, counter->service->row) == 0 &&
            names(&sb_limits[i], counter->operation->name)) {
            counter->limits[counter->bucket_count] = &sb_limits[i];
            counter->buckets[counter->bucket_count++] = bucket_of(sb, i, region);
        }
}

/* --- tokens -------------------------------------------------------------------------------------
 */

/* AWS's durations are divided by the speed, so its rates are multiplied: a service that is polled
 * every so many of its own seconds is refused as often as AWS would. */
static void fill(const struct evac_sandbox *sb, struct sb_bucket *b, const struct sb_limit *limit)
{
    double speed = sb->options.speed > 0 ? sb->options.speed : 1;
    if (!b->used)
        *b = (struct sb_bucket){ limit->burst, sb->now_ms, true };
    b->tokens += (double)(sb->now_ms - b->at_ms) * speed * limit->rate_per_s / 1000;
    b->at_ms = sb->now_ms;
    if (b->tokens > limit->burst)
        b->tokens = limit->burst;
}

bool sb_allowed(struct evac_sandbox *sb, struct sb_counter *counter)
{
    bool allowed = true;
    if (!sb->options.enforce_limits)
        return true;
    for (size_t i = 0; i < counter->bucket_count; i++) {
        fill(sb, counter->buckets[i], counter->limits[i]);
        allowed &= counter->buckets[i]->tokens >= 1;
    }
    for (size_t i = 0; allowed && i < counter->bucket_count; i++)
        counter->buckets[i]->tokens -= 1;
    return allowed;
}

/* --- counting -----------------------------------------------------------------------------------
 */

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
    find_buckets(sb, counter, region);
    return counter;
}
