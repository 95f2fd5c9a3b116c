/*
 * Time zones. All that the calendar asks of the world is how far a zone's clock is from UTC at an
 * instant; everything else is pure.
 */
#ifndef EVAC_ZONE_H
#define EVAC_ZONE_H

#include "cron.h"

struct evac_zones {
    void *ctx;
    /* Seconds east of UTC at that instant; false: there is no such zone. */
    bool (*offset)(void *ctx, struct evac_str zone, int64_t wall_ms, int32_t *ret_s);
};

/* The machine's time zones, through libc. One thread at a time, and no other thread may read the
 * environment meanwhile: libc knows zones only through TZ. */
extern const struct evac_zones evac_zones_libc;

/* "" and "UTC" are UTC whatever `zones` says; an unknown zone is taken for UTC. */
struct evac_civil evac_zone_civil(const struct evac_zones *zones, struct evac_str zone,
                                  int64_t wall_ms);

/* The instant of a civil minute. One that summer time leaves out is when the clock has moved on;
 * of one that comes twice it is the first. */
int64_t evac_zone_instant(const struct evac_zones *zones, struct evac_str zone,
                          const struct evac_civil *civil);

bool evac_zone_is_known(const struct evac_zones *zones, struct evac_str zone);

/* The first time strictly after that instant, the last one at or before it, wall ms; 0 never. */
int64_t evac_cron_after(const struct evac_cron *cron, const struct evac_zones *zones,
                        struct evac_str zone, int64_t wall_ms);
int64_t evac_cron_before(const struct evac_cron *cron, const struct evac_zones *zones,
                         struct evac_str zone, int64_t wall_ms);
#endif
