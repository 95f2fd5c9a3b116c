/* The model's life and time, and what every part of it asks. */
#include "aws_time.h"
#include "format.h"
#include "sandbox_docs.h"
#include "sandbox_internal.h"
#include "sandbox_rights.h"

#include <stdlib.h>
#include <string.h>

/* --- services -------------------------------------------------------------------------------- */

const struct sb_service *sb_service(enum sb_service_id id)
{
#define X(NAME, name) [SB_##NAME] = &sb_service_##name,
    static const struct sb_service *const services[SB_SERVICE_COUNT] = { SB_SERVICES(X) };
#undef X
    return services[id];
}

/* --- life ------------------------------------------------------------------------------------ */

static void add_region(struct evac_sandbox *sb, const char *name)
{
    if (sb->region_count == SB_REGIONS_MAX || sb_region_find(sb, evac_str(name)) < SB_REGIONS_MAX)
        return;
    struct sb_region *r = &sb->regions[sb->region_count++];
    (void)evac_str_copy(r->name, sizeof r->name, evac_str(name));
    r->lag_ms = SB_DEFAULT_LAG;
}

/* The homes of global control planes are there, whether an app uses them or not. */
static void add_regions(struct evac_sandbox *sb)
{
    for (const char *const *name = sb->options.regions; name && *name; name++)
        add_region(sb, *name);
    for (size_t i = 0; i < SB_SERVICE_COUNT; i++)
        if (sb_service((enum sb_service_id)i)->home)
            add_region(sb, sb_service((enum sb_service_id)i)->home);
}

struct evac_sandbox *evac_sandbox_new(const struct evac_sandbox_options *options)
{
    struct evac_sandbox *sb = calloc(1, sizeof *sb);
    if (!sb)
        abort();
    sb->options = *options;
    (void)evac_str_copy(sb->access_key_id, sizeof sb->access_key_id,
                        evac_str(options->access_key_id));
    (void)evac_str_copy(sb->secret_access_key, sizeof sb->secret_access_key,
                        evac_str(options->secret_access_key));
    (void)evac_str_copy(sb->session_token, sizeof sb->session_token,
                        evac_str(options->session_token));
    sb->random = options->seed * 0x9e3779b97f4a7c15u + 0x1234567u;
    sb->reply_arena = evac_arena_new();
    add_regions(sb);
    for (size_t i = 0; i < SB_SERVICE_COUNT; i++)
        if (sb_service((enum sb_service_id)i)->create)
            sb->state[i] = sb_service((enum sb_service_id)i)->create(sb);
    return sb;
}

void evac_sandbox_free(struct evac_sandbox *sb)
{
    if (!sb)
        return;
    sb_shop_free(sb->shop);
    for (size_t i = 0; i < SB_SERVICE_COUNT; i++)
        if (sb_service((enum sb_service_id)i)->destroy)
            sb_service((enum sb_service_id)i)->destroy(sb->state[i]);
    sb_docs_free(sb);
    sb_principals_free(sb);
    sb_stale_forget(sb);
    evac_arena_free(sb->reply_arena);
    free(sb->counters);
    free(sb->buckets);
    free(sb);
}

void evac_sandbox_shop(struct evac_sandbox *sb, uint16_t base_port)
{
    sb->wake_known = false;
    if (!sb->shop)
        sb->shop = sb_shop_new(sb, base_port);
}

/* --- time ------------------------------------------------------------------------------------ */

/* Every service is asked only after something has happened: a move, a request, a word. */
static uint64_t find_wake(struct evac_sandbox *sb)
{
    uint64_t next = sb->shop ? sb_shop_wake(sb) : SB_NEVER, docs = sb_docs_wake(sb);
    uint64_t faults = sb_faults_wake(sb);
    if (docs < next)
        next = docs;
    if (faults < next)
        next = faults;
    for (size_t i = 0; i < SB_SERVICE_COUNT; i++) {
        const struct sb_service *service = sb_service((enum sb_service_id)i);
        uint64_t at = service->wake ? service->wake(sb) : SB_NEVER;
        sb->wakes_ms[i] = at;
        if (at < next)
            next = at;
    }
    return next;
}

uint64_t evac_sandbox_wake_ms(struct evac_sandbox *sb)
{
    if (!sb->wake_known)
        sb->wake_ms = find_wake(sb);
    sb->wake_known = true;
    return sb->wake_ms;
}

static void move(struct evac_sandbox *sb, bool all)
{
    sb->wake_known = false;
    sb_faults_advance(sb);
    sb_docs_advance(sb);
    for (size_t i = 0; i < SB_SERVICE_COUNT; i++) {
        const struct sb_service *service = sb_service((enum sb_service_id)i);
        bool due = service->always || !service->wake || sb->wakes_ms[i] <= sb->now_ms;
        if (service->advance && (all || due))
            service->advance(sb);
    }
    if (sb->shop)
        sb_shop_advance(sb);
}

void sb_move(struct evac_sandbox *sb)
{
    move(sb, true);
}

/* Event by event, so that what happens in one service at an instant is what another sees at the
 * next. An instant that does not lead to a later one is a defect: such a loop ends after some
 * rounds. */
#define ROUNDS_AT_ONE_INSTANT 64u

void evac_sandbox_advance(struct evac_sandbox *sb, uint64_t now_ms)
{
    unsigned rounds = 0;
    for (uint64_t at; (at = evac_sandbox_wake_ms(sb)) <= now_ms;) {
        rounds = at > sb->now_ms ? 0 : rounds + 1;
        if (at > sb->now_ms)
            sb->now_ms = at;
        if (rounds > ROUNDS_AT_ONE_INSTANT)
            break;
        move(sb, false); /* what is due: wakes are of this instant */
    }
    if (now_ms > sb->now_ms)
        sb->now_ms = now_ms;
}

int64_t sb_wall_ms(const struct evac_sandbox *sb)
{
    return sb->options.wall_ms + (int64_t)sb->now_ms;
}

uint64_t sb_scaled(const struct evac_sandbox *sb, uint64_t real_ms)
{
    return sb->options.speed > 0 ? (uint64_t)((double)real_ms / sb->options.speed + 0.5) : 0;
}

struct evac_str sb_iso(struct evac_arena *arena, int64_t wall_ms)
{
    struct evac_aws_date d = evac_aws_date_of(wall_ms);
    return evac_arena_printf(arena, "%04lld-%02u-%02uT%02u:%02u:%02u.%03uZ", (long long)d.year,
                             d.month, d.day, d.hour, d.minute, d.second, d.ms);
}

struct evac_str sb_iso_s(struct evac_arena *arena, int64_t wall_ms)
{
    struct evac_aws_date d = evac_aws_date_of(wall_ms);
    return evac_arena_printf(arena, "%04lld-%02u-%02uT%02u:%02u:%02uZ", (long long)d.year, d.month,
                             d.day, d.hour, d.minute, d.second);
}

struct evac_str sb_http_date(struct evac_arena *arena, int64_t wall_ms)
{
    static const char days[7][4] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    struct evac_aws_date d = evac_aws_date_of(wall_ms);
    int64_t day = wall_ms / 86400000;
    char text[] = "Thu, 01 Jan 1970 00:00:00 GMT"; /* stands on each answer: digit by digit */
    memcpy(text, days[((day % 7) + 7) % 7], 3);
    (void)evac_digits(text + 5, (uint64_t)d.day, 2);
    memcpy(text + 8, months[(d.month + 11) % 12], 3);
    (void)evac_digits(text + 12, (uint64_t)d.year, 4);
    (void)evac_digits(text + 17, d.hour, 2);
    (void)evac_digits(text + 20, d.minute, 2);
    (void)evac_digits(text + 23, d.second, 2);
    return evac_arena_str(arena, evac_str(text));
}

/* --- chance ---------------------------------------------------------------------------------- */

uint64_t sb_random(struct evac_sandbox *sb, uint64_t below)
{
    uint64_t x = sb->random += 0x9e3779b97f4a7c15u; /* splitmix64 */
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    x ^= x >> 31;
    return below ? x % below : 0;
}

void sb_random_id(struct evac_sandbox *sb, char *ret_text, size_t n)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    for (size_t i = 0; i < n; i++)
        ret_text[i] = letters[sb_random(sb, sizeof letters - 1)];
    ret_text[n] = '\0';
}

/* --- regions --------------------------------------------------------------------------------- */

size_t sb_region_find(const struct evac_sandbox *sb, struct evac_str name)
{
    for (size_t i = 0; i < sb->region_count; i++)
        if (evac_str_is(name, sb->regions[i].name))
            return i;
    return SB_REGIONS_MAX;
}

const char *sb_region_name(const struct evac_sandbox *sb, size_t region)
{
    return region < sb->region_count ? sb->regions[region].name : "";
}

bool sb_reachable(const struct evac_sandbox *sb, size_t region)
{
    return region < sb->region_count && !sb->regions[region].down && !sb->regions[region].isolated;
}

bool sb_reaches(const struct evac_sandbox *sb, size_t from, size_t to)
{
    if (from == to)
        return from < sb->region_count && !sb->regions[from].down;
    return sb_reachable(sb, from) && sb_reachable(sb, to);
}

uint64_t sb_lag_ms(const struct evac_sandbox *sb, size_t region, uint64_t own_ms)
{
    int64_t lag = region < sb->region_count ? sb->regions[region].lag_ms : SB_DEFAULT_LAG;
    return lag == SB_DEFAULT_LAG ? own_ms : (uint64_t)lag;
}

const struct sb_fault *sb_fault(const struct evac_sandbox *sb, enum sb_service_id id, size_t region)
{
    static const struct sb_fault none;
    return region < sb->region_count ? &sb->regions[region].faults[id] : &none;
}
