/* What the tests of health share: an app of two or three regions, time, and answers. Each program
 * that includes this has one app at a time. */
#ifndef EVAC_HEALTH_FIXTURE_H
#define EVAC_HEALTH_FIXTURE_H

#include "health.h"
#include "suite.h"

#define EVERY_MS 10000u
#define EAST     0
#define WEST     1
#define IRELAND  2
#define WEB      0
#define DEEP     1
#define PUBLIC   2

#define U EVAC_PROBE_UNKNOWN
#define G EVAC_PROBE_UP
#define B EVAC_PROBE_DOWN

static const struct evac_str two_regions[] = { { "us-east-1", 9 }, { "us-west-2", 9 } };
static const struct evac_str three_regions[] = { { "us-east-1", 9 },
                                                 { "us-west-2", 9 },
                                                 { "eu-west-1", 9 } };
static const struct evac_probe web_probe[] = {
    { .name = { "web", 3 },
      .role = EVAC_PROBE_EDGE,
      .regional = true,
      .target = { "https://{region}.shop", 21 },
      .every_ms = EVERY_MS,
      .fall = 3,
      .rise = 2 },
    { .name = { "db", 2 },
      .role = EVAC_PROBE_DEEP,
      .regional = true,
      .target = { "https://{region}.db", 19 },
      .every_ms = EVERY_MS,
      .fall = 3,
      .rise = 2 },
    { .name = { "endpoint", 8 },
      .role = EVAC_PROBE_ENDPOINT,
      .target = { "https://shop", 12 },
      .every_ms = EVERY_MS,
      .fall = 3,
      .rise = 2 },
};

static inline struct evac_app shop(size_t regions, size_t probes)
{
    return (struct evac_app){ .name = EVAC_STR("shop"),
                              .regions = regions == 2 ? two_regions : three_regions,
                              .region_count = regions,
                              .probes = web_probe,
                              .probe_count = probes };
}

/* Large: one for all tests, begun anew by each. */
static struct evac_health h;
static struct evac_app app;
static uint64_t now;
static struct evac_health_news news;

#define WALL_AHEAD 1700000000000

static inline void begin(size_t regions, size_t probes, const char *inside)
{
    app = shop(regions, probes);
    now = 1000000;
    evac_health_init(&h, &app, evac_str(inside));
}

static inline void answer(unsigned probe, unsigned region, unsigned vantage, bool ok)
{
    struct evac_probe_result r = { .probe = (uint16_t)probe,
                                   .region = (uint16_t)region,
                                   .vantage = (uint16_t)vantage,
                                   .ok = ok,
                                   .latency_ms = 7,
                                   .sent_boot_ms = now - 5,
                                   .boot_ms = now,
                                   .wall_ms = (int64_t)now + WALL_AHEAD,
                                   .reason = EVAC_STR("connection refused") };
    if (ok)
        r.reason = EVAC_STR_NONE;
    evac_health_probe(&h, &r, &news);
}

static inline void tick(void)
{
    evac_health_tick(&h, now, (int64_t)now + WALL_AHEAD, &news);
}

static inline enum evac_verdict verdict(unsigned region)
{
    return h.regions[region].verdict;
}

static inline enum evac_probe_state state(unsigned probe, unsigned region)
{
    return h.tracks[probe][region][0].state;
}

/* n rounds of web, one interval apart; a word a region: '+' good, '-' bad, ' ' silent. */
static inline void rounds(unsigned n, const char *words)
{
    for (unsigned i = 0; i < n; i++) {
        now += EVERY_MS;
        for (unsigned r = 0; words[r]; r++)
            if (words[r] != ' ')
                answer(WEB, r, 0, words[r] == '+');
        tick();
    }
}

static inline void endpoint_from(const char *region, bool ok)
{
    struct evac_probe_result r = { .probe = PUBLIC,
                                   .ok = ok,
                                   .sent_boot_ms = now - 1,
                                   .boot_ms = now,
                                   .served_by = evac_str(region) };
    evac_health_probe(&h, &r, &news);
}
#endif
