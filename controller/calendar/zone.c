#include "zone.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS    INT64_C(86400000)

static bool is_utc(struct evac_str zone)
{
    return zone.n == 0 || evac_str_is(zone, "UTC");
}

static int64_t offset_ms(const struct evac_zones *zones, struct evac_str zone, int64_t wall_ms)
{
    int32_t s = 0;
    if (is_utc(zone) || !zones->offset(zones->ctx, zone, wall_ms, &s))
        return 0;
    return (int64_t)s * 1000;
}

bool evac_zone_is_known(const struct evac_zones *zones, struct evac_str zone)
{
    int32_t s;
    return is_utc(zone) || zones->offset(zones->ctx, zone, 0, &s);
}

static int64_t floor_minute(int64_t ms)
{
    int64_t rest = ms % MINUTE_MS;
    return (ms - (rest < 0 ? rest + MINUTE_MS : rest)) / MINUTE_MS;
}

struct evac_civil evac_zone_civil(const struct evac_zones *zones, struct evac_str zone,
                                  int64_t wall_ms)
{
    return evac_civil_from_minutes(floor_minute(wall_ms + offset_ms(zones, zone, wall_ms)));
}

/* What the clock is set forward or back by lies between yesterday's and tomorrow's offset. */
int64_t evac_zone_instant(const struct evac_zones *zones, struct evac_str zone,
                          const struct evac_civil *civil)
{
    int64_t local = evac_civil_minutes(civil) * MINUTE_MS;
    int64_t earlier = offset_ms(zones, zone, local - DAY_MS);
    int64_t later = offset_ms(zones, zone, local + DAY_MS);
    int64_t first = local - (earlier > later ? earlier : later);
    int64_t second = local - (earlier > later ? later : earlier);
    if (offset_ms(zones, zone, first) == local - first)
        return first;
    if (offset_ms(zones, zone, second) == local - second)
        return second;
    return local - earlier; /* left out: as if the clock had not yet been set */
}

int64_t evac_cron_after(const struct evac_cron *cron, const struct evac_zones *zones,
                        struct evac_str zone, int64_t wall_ms)
{
    struct evac_civil at = evac_zone_civil(zones, zone, wall_ms), next;
    while (evac_cron_next(cron, at, &next)) { /* an hour that comes twice is passed once */
        int64_t instant = evac_zone_instant(zones, zone, &next);
        if (instant > wall_ms)
            return instant;
        at = next;
    }
    return 0;
}

int64_t evac_cron_before(const struct evac_cron *cron, const struct evac_zones *zones,
                         struct evac_str zone, int64_t wall_ms)
{
    struct evac_civil at = evac_zone_civil(zones, zone, wall_ms), last;
    while (evac_cron_last(cron, at, &last)) {
        int64_t instant = evac_zone_instant(zones, zone, &last);
        if (instant <= wall_ms)
            return instant;
        at = evac_civil_from_minutes(evac_civil_minutes(&last) - 1);
    }
    return 0;
}
