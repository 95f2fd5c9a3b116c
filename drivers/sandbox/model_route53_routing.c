/*
 * Which records Route 53's DNS answers with: routing policies, health, aliases (AWS.md 7.1.2).
 * Weighted sets are answered in turn, so that shares show at once; where the asker is, is a setting
 * of the sandbox.
 */
#include "route53_internal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX 8u /* aliases */

/* --- which records --------------------------------------------------------------------------- */

typedef size_t pick_fn(const struct evac_sandbox *sb, const struct r53_record *const *set,
                       size_t count, const struct r53_record **out, size_t max);

/* An alias that says so is as healthy as what it points at: any of it is enough. */
static bool healthy_at(const struct evac_sandbox *sb, const struct r53_record *r, unsigned hops)
{
    if (!r53_is_healthy(sb, r->health_check))
        return false;
    const struct r53_zone *zone =
        r->alias_health && hops ? r53_zone_of(sb, r->alias) : NULL; /* of AWS's: taken as healthy */
    bool any = false, there = false;
    for (size_t i = 0; zone && !any && i < zone->served.count; i++) {
        const struct r53_record *target = &zone->served.items[i];
        if (strcmp(target->name, r->alias) || strcmp(target->type, r->type))
            continue;
        there = true;
        any = healthy_at(sb, target, hops - 1);
    }
    return any || !there;
}

static bool healthy(const struct evac_sandbox *sb, const struct r53_record *r)
{
    return healthy_at(sb, r, 3);
}

/* Both unhealthy: the primary is answered (AWS.md 7.1.2). */
static size_t pick_failover(const struct evac_sandbox *sb, const struct r53_record *const *set,
                            size_t count, const struct r53_record **out, size_t max)
{
    const struct r53_record *primary = NULL, *secondary = NULL;
    (void)max;
    for (size_t i = 0; i < count; i++)
        if (strcmp(set[i]->failover, "PRIMARY") == 0)
            primary = set[i];
        else
            secondary = set[i];
    if (primary && (healthy(sb, primary) || !secondary || !healthy(sb, secondary)))
        out[0] = primary;
    else
        out[0] = secondary ? secondary : primary;
    return out[0] ? 1 : 0;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The counter of the set's answers. With more sets than are kept, some share one. */
static uint64_t next_draw(const struct evac_sandbox *sb, const struct r53_record *of)
{
    struct r53 *r53 = r53_state(sb);
    uint64_t set = (evac_str_hash(evac_str(of->name)) ^ evac_str_hash(evac_str(of->type))) | 1;
    size_t at = set % R53_DRAWN_MAX;
    for (size_t i = 0; i < R53_DRAWN_MAX; i++) {
        struct r53_drawn *d = &r53->drawn[(at + i) % R53_DRAWN_MAX];
        if (d->set && d->set != set)
            continue;
        d->set = set;
        return d->count++;
    }
    return r53->drawn[at].count++;
}

/* Route 53 draws lots; here each `sum` answers in a row have exactly their shares, well mixed:
 * steps of about the golden section that has no divisor in common with the sum visit all. */
static uint64_t draw_below(const struct evac_sandbox *sb, const struct r53_record *of, uint64_t sum)
{
    uint64_t step = sum * 618 / 1000;
    if (sum < 2)
        return 0;
    while (step == 0 || common_divisor(step, sum) != 1)
        step++;
    return next_draw(sb, of) * step % sum;
}

/* Weight 0 only when nothing else is healthy; when nothing is, everything is taken as healthy; and
 * when all weights are 0, all are equal. */
static size_t pick_weighted(const struct evac_sandbox *sb, const struct r53_record *const *set,
                            size_t count, const struct r53_record **out, size_t max)
{
    (void)max;
    for (int pass = 0; pass < 4; pass++) {
        bool all = pass >= 2, equal = pass % 2 == 1;
        uint64_t sum = 0, draw;
        for (size_t i = 0; i < count; i++)
            if (all || healthy(sb, set[i]))
                sum += equal ? 1 : (uint64_t)set[i]->weight;
        if (sum == 0)
            continue;
        draw = draw_below(sb, set[0], sum);
        for (size_t i = 0; i < count; i++) {
            uint64_t weight = equal ? 1 : (uint64_t)set[i]->weight;
            if (!all && !healthy(sb, set[i]))
                continue;
            out[0] = set[i];
            if (draw < weight)
                return 1;
            draw -= weight;
        }
    }
    return 1;
}

/* --- where the asker is ---------------------------------------------------------------------- */

/* clang-format off */
static const struct r53_place places[] = {
    { "us-east-1",       39,  -77, "NA", "US", "VA" }, { "us-east-2",       40,  -83, "NA", "US", "OH" },
    { "us-west-1",       37, -122, "NA", "US", "CA" }, { "us-west-2",       46, -120, "NA", "US", "OR" },
    { "ca-central-1",    46,  -74, "NA", "CA", ""   }, { "ca-west-1",       51, -114, "NA", "CA", ""   },
    { "sa-east-1",      -24,  -47, "SA", "BR", ""   }, { "eu-west-1",       53,   -6, "EU", "IE", ""   },
    { "eu-west-2",       52,    0, "EU", "GB", ""   }, { "eu-west-3",       49,    2, "EU", "FR", ""   },
    { "eu-central-1",    50,    9, "EU", "DE", ""   }, { "eu-central-2",    47,    9, "EU", "CH", ""   },
    { "eu-north-1",      59,   18, "EU", "SE", ""   }, { "eu-south-1",      45,    9, "EU", "IT", ""   },
    { "ap-northeast-1",  36,  140, "AS", "JP", ""   }, { "ap-northeast-2",  38,  127, "AS", "KR", ""   },
    { "ap-southeast-1",   1,  104, "AS", "SG", ""   }, { "ap-southeast-2", -34,  151, "OC", "AU", ""   },
    { "ap-south-1",      19,   73, "AS", "IN", ""   }, { "me-south-1",      26,   51, "AS", "BH", ""   },
    { "af-south-1",     -34,   18, "AF", "ZA", ""   },
};
/* clang-format on */

const struct r53_place *r53_place(struct evac_str region)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (evac_str_is(region, places[i].region))
            return &places[i];
    return NULL;
}

static const struct r53_place *asker(const struct evac_sandbox *sb)
{
    return r53_place(evac_str(r53_state(sb)->asker));
}

/* Stands for latency: the square of so many degrees. Who is nowhere is as near to all. */
static int distance(const struct r53_place *from, const char *region)
{
    const struct r53_place *to = r53_place(evac_str(region));
    if (!from)
        return 0;
    if (!to)
        return INT_MAX;
    int up = from->latitude - to->latitude, along = abs(from->longitude - to->longitude);
    along = along > 180 ? 360 - along : along;
    return up * up + along * along;
}

/* The nearest healthy one; when nobody is healthy, the nearest. */
static size_t pick_nearest(const struct evac_sandbox *sb, const struct r53_record *const *set,
                           size_t count, const struct r53_record **out, size_t max)
{
    const struct r53_place *from = asker(sb);
    const struct r53_record *best = NULL;
    (void)max;
    for (int pass = 0; pass < 2 && !best; pass++)
        for (size_t i = 0; i < count; i++)
            if ((pass || healthy(sb, set[i])) &&
                (!best || distance(from, set[i]->region) < distance(from, best->region)))
                best = set[i];
    out[0] = best;
    return 1;
}

/* How well a location fits: subdivision 4, country 3, continent 2, default 1; 0 not at all. */
static int fit(const struct r53_place *from, const struct r53_record *r)
{
    if (strcmp(r->country, "*") == 0)
        return 1;
    if (!from)
        return 0;
    if (r->continent[0])
        return strcmp(r->continent, from->continent) == 0 ? 2 : 0;
    if (strcmp(r->country, from->country) != 0)
        return 0;
    if (!r->subdivision[0])
        return 3;
    return strcmp(r->subdivision, from->subdivision) == 0 ? 4 : 0;
}

/* The smallest location that is healthy; when none is, the smallest. Without a default, who fits
 * nowhere is answered nothing. */
static size_t pick_location(const struct evac_sandbox *sb, const struct r53_record *const *set,
                            size_t count, const struct r53_record **out, size_t max)
{
    const struct r53_place *from = asker(sb);
    int best = 0;
    (void)max;
    for (int pass = 0; pass < 2 && !best; pass++)
        for (size_t i = 0; i < count; i++)
            if ((pass || healthy(sb, set[i])) && fit(from, set[i]) > best) {
                best = fit(from, set[i]);
                out[0] = set[i];
            }
    return best ? 1 : 0;
}

static size_t pick_multivalue(const struct evac_sandbox *sb, const struct r53_record *const *set,
                              size_t count, const struct r53_record **out, size_t max)
{
    size_t n = 0;
    for (int pass = 0; pass < 2 && n == 0; pass++)
        for (size_t i = 0; i < count && n < max; i++)
            if (pass || healthy(sb, set[i]))
                out[n++] = set[i];
    return n;
}

static size_t pick_simple(const struct evac_sandbox *sb, const struct r53_record *const *set,
                          size_t count, const struct r53_record **out, size_t max)
{
    (void)sb;
    (void)count;
    (void)max;
    out[0] = set[0];
    return 1;
}

static pick_fn *policy_of(const struct r53_record *r)
{
    return r->failover[0]   ? pick_failover
           : r->weight >= 0 ? pick_weighted
           : r->region[0]   ? pick_nearest
           : r53_is_geo(r)  ? pick_location
           : r->multivalue  ? pick_multivalue
                            : pick_simple;
}

static size_t find_set(const struct r53_zone *zone, const char *name, const char *type,
                       const struct r53_record **set, size_t max, bool *ret_exists)
{
    size_t n = 0;
    for (size_t i = 0; i < zone->served.count; i++) {
        const struct r53_record *r = &zone->served.items[i];
        if (strcmp(r->name, name) != 0)
            continue;
        *ret_exists = true;
        if (n < max && strcmp(r->type, type) == 0)
            set[n++] = r;
    }
    return n;
}

/* A name with records, or one below which there are some (RFC 4592 2.2.2). */
static bool is_there(const struct r53_zone *zone, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < zone->served.count; i++) {
        const char *other = zone->served.items[i].name;
        size_t m = strlen(other);
        if (m >= n && strcmp(other + m - n, name) == 0 && (m == n || other[m - n - 1] == '.'))
            return true;
    }
    return false;
}

/* "*.example.com" answers for what is not there itself, below the nearest name that is. */
static size_t find_wildcard(const struct r53_zone *zone, const char *name, const char *type,
                            const struct r53_record **set, size_t max, bool *ret_exists)
{
    char wild[R53_NAME_BYTES + 2];
    *ret_exists = is_there(zone, name);
    for (const char *dot = strchr(name, '.'); dot && !*ret_exists; dot = strchr(dot + 1, '.')) {
        (void)snprintf(wild, sizeof wild, "*%s", dot);
        size_t n = find_set(zone, wild, type, set, max, ret_exists);
        if (n || is_there(zone, dot + 1))
            return n;
    }
    return 0;
}

size_t r53_select(const struct evac_sandbox *sb, const struct r53_zone *zone, const char *name,
                  const char *type, const struct r53_record **ret_records, size_t max,
                  bool *ret_exists)
{
    const struct r53_record *set[R53_VALUES_MAX * 4];
    size_t most = sizeof set / sizeof set[0], n = 0;
    *ret_exists = false;
    for (unsigned hop = 0; hop < CHAIN_MAX; hop++) {
        n = find_set(zone, name, type, set, most, ret_exists);
        if (n == 0 && !*ret_exists)
            n = find_wildcard(zone, name, type, set, most, ret_exists);
        if (n == 0)
            return 0;
        n = policy_of(set[0])(sb, set, n, ret_records, max);
        if (n == 0 || !ret_records[0]->alias[0])
            return n;
        name = ret_records[0]->alias; /* an alias answers with what its target has */
        zone = r53_zone_of(sb, name);
        if (!zone)
            return 0; /* of AWS's own: not known here */
    }
    return 0;
}

bool sb_route53_answer(const struct evac_sandbox *sb, const char *name, char *ret_address,
                       size_t bytes)
{
    const struct r53_record *found[R53_ANSWERS_MAX];
    char lower[R53_NAME_BYTES];
    bool exists;
    const struct r53_zone *zone = r53_name(evac_str(name), lower) ? r53_zone_of(sb, lower) : NULL;
    size_t n = zone ? r53_select(sb, zone, lower, "A", found, R53_ANSWERS_MAX, &exists) : 0;
    return n > 0 && found[0]->value_count > 0 &&
           evac_str_copy(ret_address, bytes, evac_str(found[0]->values[0]));
}

/* Looking changes nothing that comes: answers of weighted sets are not counted. */
void r53_truth_dns(const struct evac_sandbox *sb, struct evac_buf *json)
{
    struct r53 *r53 = r53_state(sb);
    struct r53_drawn kept[R53_DRAWN_MAX];
    const char *comma = "", *last = "";
    char address[R53_VALUE_BYTES];
    memcpy(kept, r53->drawn, sizeof kept);
    evac_buf_puts(json, ",\"dns\":{");
    for (size_t z = 0; z < r53->zone_count; z++)
        for (size_t i = 0; i < r53->zones[z].served.count; i++) {
            const struct r53_record *r = &r53->zones[z].served.items[i];
            if (strcmp(r->type, "A") || strcmp(r->name, last) == 0 ||
                !sb_route53_answer(sb, r->name, address, sizeof address))
                continue;
            last = r->name;
            evac_buf_puts(json, comma);
            evac_buf_json(json, evac_str(r->name));
            evac_buf_putc(json, ':');
            evac_buf_json(json, evac_str(address));
            comma = ",";
        }
    evac_buf_putc(json, '}');
    memcpy(r53->drawn, kept, sizeof kept);
}
