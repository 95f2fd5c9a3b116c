/*
 * All apps, by region. Counts are kept as verdicts and places change, so that an event costs what
 * it changes and not what there is. From them come the regional incident (RELIABILITY 3.5) and the
 * global event (3.3), which nothing automatic answers.
 */
#include "engine_internal.h"

#include <string.h>

#define X(name, text) text,
static const char *const state_names[] = { EVAC_INCIDENT_STATES(X) };
static const char *const evacuee_names[] = { EVAC_EVACUEES(X) };
#undef X

#define GLOBAL "global" /* the name of a global event in the journal: no region is called so */
/* So few apps in a region are no picture of it. */
#define GLOBAL_APPS_MIN 2u

const char *evac_incident_state_name(enum evac_incident_state state)
{
    return (unsigned)state < EVAC_INCIDENT_STATE_COUNT ? state_names[state] : "?";
}

const char *evac_evacuee_name(enum evac_evacuee what)
{
    return (unsigned)what < EVAC_EVACUEE_COUNT ? evacuee_names[what] : "?";
}

/* --- counting
 * ------------------------------------------------------------------------------------------- */

static size_t region_count(const struct evac_engine_app *a)
{
    return a->app->region_count < EVAC_REGIONS_MAX ? a->app->region_count : EVAC_REGIONS_MAX;
}

/* What a dependency explains is no region's fault. */
static uint8_t bits_of(const struct evac_engine *engine, const struct evac_engine_app *a,
                       uint16_t r)
{
    enum evac_verdict v = a->health.regions[r].verdict;
    bool down = evac_engine_blames(engine, a, r);
    bool doubt = v == EVAC_VERDICT_SUSPECT && !(a->needs & evac_engine_failing(engine));
    bool known = v != EVAC_VERDICT_UNKNOWN;
    bool serving = evac_engine_serving(a) & (1u << r);
    return (uint8_t)(serving << EVAC_FLEET_SERVING |
                     (serving && known) << EVAC_FLEET_SERVING_KNOWN |
                     (serving && down) << EVAC_FLEET_SERVING_DOWN | known << EVAC_FLEET_SEEN |
                     (down || doubt) << EVAC_FLEET_SEEN_BAD);
}

static void add_bits(struct evac_fleet_region *region, uint8_t bits, int by)
{
    for (unsigned c = 0; c < EVAC_FLEET_COUNT_COUNT; c++)
        if (bits & (1u << c))
            region->counts[c] = (uint16_t)(region->counts[c] + by);
}

void engine_fleet_count(struct evac_engine *engine, struct evac_engine_app *a)
{
    for (uint16_t r = 0; r < region_count(a); r++) {
        uint8_t is = bits_of(engine, a, r);
        if (a->fleet[r] == EVAC_FLEET_NOWHERE || is == a->counted[r])
            continue;
        add_bits(&engine->fleet.regions[a->fleet[r]], a->counted[r], -1);
        add_bits(&engine->fleet.regions[a->fleet[r]], is, 1);
        a->counted[r] = is;
        engine->fleet.due = true;
    }
}

struct evac_fleet_region *engine_fleet_region(struct evac_engine *engine, struct evac_str name)
{
    for (size_t i = 0; i < engine->fleet.region_count; i++)
        if (evac_str_is(name, engine->fleet.regions[i].name))
            return &engine->fleet.regions[i];
    return NULL;
}

static uint8_t find_or_add(struct evac_engine *engine, struct evac_str name)
{
    struct evac_fleet *fleet = &engine->fleet;
    struct evac_fleet_region *region = engine_fleet_region(engine, name);
    if (!region && (fleet->region_count == EVAC_FLEET_REGIONS_MAX || name.n >= sizeof region->name))
        return EVAC_FLEET_NOWHERE;
    if (!region) {
        region = &fleet->regions[fleet->region_count++];
        memset(region, 0, sizeof *region);
        (void)evac_str_copy(region->name, sizeof region->name, name);
    }
    return (uint8_t)(region - fleet->regions);
}

static void find_deps(struct evac_engine *engine, struct evac_engine_app *a)
{
    a->dep_count = 0;
    a->tier = a->app->tier;
    for (size_t i = 0; i < a->app->waits_count && a->dep_count < EVAC_FLEET_DEPS_MAX; i++) {
        size_t dep = evac_engine_app(engine, a->app->waits_for[i]);
        if (dep < engine->app_count)
            a->deps[a->dep_count++] = (uint16_t)dep;
    }
}

/* Whoever is waited for goes no later than who waits. Tiers only fall, so this ends; a circle is in
 * one tier, and the configuration has complained of it. */
static void lift_tiers(struct evac_engine *engine)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (size_t i = 0; i < engine->app_count; i++) {
            const struct evac_engine_app *a = &engine->apps[i];
            for (uint8_t d = 0; d < a->dep_count; d++) {
                struct evac_engine_app *dep = &engine->apps[a->deps[d]];
                if (dep->tier <= a->tier)
                    continue;
                dep->tier = a->tier;
                changed = true;
            }
        }
    }
}

void engine_fleet_build(struct evac_engine *engine)
{
    for (size_t i = 0; i < engine->fleet.region_count; i++)
        memset(engine->fleet.regions[i].counts, 0, sizeof engine->fleet.regions[i].counts);
    for (size_t i = 0; i < engine->app_count; i++) {
        struct evac_engine_app *a = &engine->apps[i];
        memset(a->counted, 0, sizeof a->counted);
        for (uint16_t r = 0; r < EVAC_REGIONS_MAX; r++)
            a->fleet[r] =
                r < region_count(a) ? find_or_add(engine, a->app->regions[r]) : EVAC_FLEET_NOWHERE;
        find_deps(engine, a);
        engine_fleet_count(engine, a);
    }
    lift_tiers(engine);
    engine->fleet.due = engine->fleet.rank_due = true;
}

/* --- the longest way
 * ------------------------------------------------------------------------------------ */

/* Longer chains than this are of apps that wait for each other in a circle. */
#define CHAIN_MAX 64u

/* An app's own time and, behind it, the longest of whoever waits for it: who has most before the
 * end goes first, so that the last to end ends earliest. */
void engine_fleet_rank(struct evac_engine *engine)
{
    bool changed = true;
    if (!engine->fleet.rank_due)
        return;
    engine->fleet.rank_due = false;
    for (size_t i = 0; i < engine->app_count; i++)
        engine->apps[i].rank_ms = engine->apps[i].expected_ms;
    for (unsigned round = 0; changed && round < CHAIN_MAX; round++) {
        changed = false;
        for (size_t i = 0; i < engine->app_count; i++) {
            const struct evac_engine_app *a = &engine->apps[i];
            for (uint8_t d = 0; d < a->dep_count; d++) {
                struct evac_engine_app *dep = &engine->apps[a->deps[d]];
                if (dep->expected_ms + a->rank_ms <= dep->rank_ms)
                    continue;
                dep->rank_ms = dep->expected_ms + a->rank_ms;
                changed = true;
            }
        }
    }
}

void evac_engine_expect(struct evac_engine *engine, uint16_t app, uint32_t ms)
{
    if (app >= engine->app_count || engine->apps[app].expected_ms == ms)
        return;
    engine->apps[app].expected_ms = ms;
    engine->fleet.rank_due = true;
}

/* --- what the counts say
 * --------------------------------------------------------------------------------- */

static bool is_part(unsigned part, unsigned whole, unsigned percent)
{
    return whole > 0 && part * 100 >= whole * percent;
}

static unsigned count(const struct evac_fleet_region *region, enum evac_fleet_count what)
{
    return region->counts[what];
}

/* Most apps that serve there are down, enough of them to be sure, and hardly any elsewhere. */
static bool is_regional(const struct evac_engine *engine, const struct evac_fleet_region *region)
{
    const struct evac_controller_conf *conf = &engine->model->controller;
    unsigned seen = 0, bad = 0;
    for (size_t i = 0; i < engine->fleet.region_count; i++) {
        const struct evac_fleet_region *other = &engine->fleet.regions[i];
        seen += other == region ? 0 : count(other, EVAC_FLEET_SEEN);
        bad += other == region ? 0 : count(other, EVAC_FLEET_SEEN_BAD);
    }
    return count(region, EVAC_FLEET_SERVING_DOWN) >= conf->incident_apps_min &&
           is_part(count(region, EVAC_FLEET_SERVING_DOWN), count(region, EVAC_FLEET_SERVING),
                   conf->incident_percent) &&
           (seen == 0 || bad * 100 < seen * conf->incident_elsewhere);
}

static bool looks_gone(const struct evac_engine *engine, const struct evac_fleet_region *region)
{
    unsigned seen = count(region, EVAC_FLEET_SEEN), bad = count(region, EVAC_FLEET_SEEN_BAD);
    return seen >= GLOBAL_APPS_MIN && bad * 100 > seen * engine->model->controller.global_percent;
}

static unsigned regions_gone(const struct evac_engine *engine)
{
    unsigned gone = 0;
    for (size_t i = 0; i < engine->fleet.region_count; i++)
        gone += looks_gone(engine, &engine->fleet.regions[i]);
    return gone;
}

/* After a start nothing is known for a while: that is no end of anything. */
static bool is_known(const struct evac_engine *engine)
{
    unsigned serving = 0, known = 0;
    for (size_t i = 0; i < engine->fleet.region_count; i++) {
        serving += count(&engine->fleet.regions[i], EVAC_FLEET_SERVING);
        known += count(&engine->fleet.regions[i], EVAC_FLEET_SERVING_KNOWN);
    }
    return is_part(known, serving, 50);
}

/* The region's apps are up again, as far as they are known: and most of them are. */
static bool is_calm(const struct evac_engine *engine, const struct evac_fleet_region *region)
{
    unsigned known = count(region, EVAC_FLEET_SERVING_KNOWN);
    return is_part(known, count(region, EVAC_FLEET_SERVING), 50) &&
           count(region, EVAC_FLEET_SERVING_DOWN) * 100 <
               known * engine->model->controller.incident_elsewhere;
}

/* --- records and words
 * ----------------------------------------------------------------------------------- */

static void decide_soon(struct evac_engine *engine)
{
    for (size_t i = 0; i < engine->app_count; i++)
        if (engine->apps[i].decision.decide != EVAC_DECIDE_NOTHING)
            engine->apps[i].decide_ms = 0;
}

void engine_incident_record(struct engine_io *io, struct evac_fleet_region *region,
                            const char *event, enum evac_incident_state to, struct evac_str who,
                            const char *text, int64_t number)
{
    engine_incident_record_more(io, region, event, to, who, text, number, EVAC_STR_NONE);
}

void engine_incident_record_more(struct engine_io *io, struct evac_fleet_region *region,
                                 const char *event, enum evac_incident_state to,
                                 struct evac_str who, const char *text, int64_t number,
                                 struct evac_str more)
{
    struct evac_record r = { .kind = EVAC_RECORD_INCIDENT };
    struct evac_text kept = evac_effects_text(io->fx, 480); /* the record outlives the caller's */
    evac_text_puts(&kept, text);
    r.text = evac_effects_text_end(io->fx, &kept);
    struct evac_text data = evac_effects_text(io->fx, 96 + more.n);
    evac_text_puts(&data, "{\"apps\":");
    evac_text_u64(&data, count(region, EVAC_FLEET_SERVING));
    evac_text_puts(&data, ",\"down\":");
    evac_text_u64(&data, count(region, EVAC_FLEET_SERVING_DOWN));
    evac_text_put(&data, more);
    evac_text_puts(&data, "}");
    r.name = evac_str(region->name);
    r.event = evac_str(event);
    r.from = evac_str(evac_incident_state_name(region->incident.state));
    r.to = evac_str(evac_incident_state_name(to));
    r.who = who;
    r.number = number;
    r.t_wall_ms = io->now->wall_ms;
    r.data = evac_effects_text_end(io->fx, &data);
    engine_record(io, r);
    engine_see_incident(io->engine, &r);
    decide_soon(io->engine);
}

void engine_incident_notice(struct engine_io *io, const struct evac_fleet_region *region,
                            const char *what, const char *then)
{
    char text[420];
    struct evac_text line;
    evac_text_init(&line, text, sizeof text);
    evac_text_puts(&line, region->name);
    evac_text_puts(&line, ": ");
    evac_text_puts(&line, what);
    evac_text_puts(&line, then);
    engine_notice(io, true, EVAC_STR_NONE, text);
}

/* "187 of 200 apps are down there, 0 of 210 elsewhere" */
static void say_counts(const struct evac_engine *engine, const struct evac_fleet_region *region,
                       struct evac_text *out)
{
    unsigned seen = 0, bad = 0;
    for (size_t i = 0; i < engine->fleet.region_count; i++) {
        const struct evac_fleet_region *other = &engine->fleet.regions[i];
        seen += other == region ? 0 : count(other, EVAC_FLEET_SEEN);
        bad += other == region ? 0 : count(other, EVAC_FLEET_SEEN_BAD);
    }
    evac_text_u64(out, count(region, EVAC_FLEET_SERVING_DOWN));
    evac_text_puts(out, " of ");
    evac_text_u64(out, count(region, EVAC_FLEET_SERVING));
    evac_text_puts(out, " apps are down there, ");
    evac_text_u64(out, bad);
    evac_text_puts(out, " of ");
    evac_text_u64(out, seen);
    evac_text_puts(out, " elsewhere");
}

/* Probes do not all see it in one second: for a moment it looks regional though it is everywhere.
 */
static bool is_ripe(struct engine_io *io, struct evac_fleet_region *region)
{
    uint64_t now = io->now->boot_ms;
    if (io->engine->fleet.global || !is_regional(io->engine, region)) {
        region->regional_since_boot_ms = 0;
        return false;
    }
    if (region->regional_since_boot_ms == 0)
        region->regional_since_boot_ms = now ? now : 1;
    uint64_t ripe =
        region->regional_since_boot_ms + io->engine->model->controller.incident_dwell_ms;
    if (now < ripe && ripe < io->engine->fleet.wake_ms)
        io->engine->fleet.wake_ms = ripe;
    return now >= ripe;
}

static void declare(struct engine_io *io, struct evac_fleet_region *region)
{
    char text[160];
    struct evac_text why;
    evac_text_init(&why, text, sizeof text);
    say_counts(io->engine, region, &why);
    bool ordered = evac_incident_is_on(&region->incident);
    engine_incident_record(io, region, ordered ? "found" : "declared",
                           ordered ? engine_incident_found_state(&region->incident)
                                   : EVAC_INCIDENT_OPEN,
                           EVAC_STR_NONE, text, count(region, EVAC_FLEET_SERVING));
    engine_incident_notice(io, region, text,
                           ": one regional incident. Its apps are evacuated together: 'evac "
                           "incident' shows it");
}

/* "everything was moved: 12 apps in 4m05s; at best, by limits and durations, 3m50s" */
static void say_moved(const struct evac_incident *i, int64_t took_ms, bool all,
                      struct evac_text *text)
{
    evac_text_puts(text, all ? "everything was moved" : "all that was ordered away was moved");
    if (took_ms <= 0)
        return;
    evac_text_puts(text, ": ");
    evac_text_u64(text, i->order.apps);
    evac_text_puts(text, i->order.apps == 1 ? " app in " : " apps in ");
    evac_text_duration(text, (uint64_t)took_ms);
    if (i->order.bound_ms <= 0)
        return;
    evac_text_puts(text, "; at best, by limits and durations, ");
    evac_text_duration(text, (uint64_t)i->order.bound_ms);
}

static void close(struct engine_io *io, struct evac_fleet_region *region, const char *why,
                  int64_t took_ms)
{
    engine_incident_record(io, region, "closed", EVAC_INCIDENT_CLOSED, EVAC_STR_NONE, why,
                           took_ms > 0 ? took_ms : 0);
    engine_incident_notice(
        io, region,
        region->incident.found ? "the incident is over: " : "the evacuation is over: ", why);
}

static void close_moved(struct engine_io *io, struct evac_fleet_region *region, bool all)
{
    const struct evac_incident *i = &region->incident;
    char text[200];
    struct evac_text why;
    int64_t took_ms = i->order.on ? io->now->wall_ms - i->order.since_wall_ms : 0;
    evac_text_init(&why, text, sizeof text);
    say_moved(i, took_ms, all, &why);
    close(io, region, text, took_ms);
}

/* Nothing of it is left to be done, nor goes on. */
static bool is_through(const struct evac_incident *i)
{
    const uint16_t *n = i->counts;
    return n[EVAC_EVACUEE_RUNNING] + n[EVAC_EVACUEE_READY] + n[EVAC_EVACUEE_RIPENING] +
               n[EVAC_EVACUEE_WAITS] + n[EVAC_EVACUEE_BLOCKED] + n[EVAC_EVACUEE_FAILED] ==
           0;
}

/* One that is on by order alone ends with it. */
static void judge_order(struct engine_io *io, struct evac_fleet_region *region)
{
    const struct evac_incident *i = &region->incident;
    if (i->order.on && is_through(i))
        close_moved(io, region, false);
    else if (!i->order.on && i->counts[EVAC_EVACUEE_RUNNING] == 0)
        close(io, region, "it was stopped", 0);
}

static void judge_calm(struct engine_io *io, struct evac_fleet_region *region)
{
    struct evac_incident *i = &region->incident;
    uint64_t calm_ms = io->engine->model->controller.incident_calm_ms;
    bool empty = count(region, EVAC_FLEET_SERVING) == 0 && i->counts[EVAC_EVACUEE_RUNNING] == 0;
    if (empty) {
        close_moved(io, region, true);
        return;
    }
    if (!i->found) {
        judge_order(io, region);
        return;
    }
    bool ordered = i->order.on && !is_through(i); /* a person's word ends by a person's word */
    if (ordered || !is_calm(io->engine, region)) {
        i->calm_since_boot_ms = 0;
        return;
    }
    if (i->calm_since_boot_ms == 0)
        i->calm_since_boot_ms = io->now->boot_ms ? io->now->boot_ms : 1;
    if (io->now->boot_ms >= i->calm_since_boot_ms + calm_ms) {
        close(io, region, "the region is up again", 0);
    } else if (i->calm_since_boot_ms + calm_ms < io->engine->fleet.wake_ms) {
        io->engine->fleet.wake_ms = i->calm_since_boot_ms + calm_ms;
    }
}

/* --- the global event
 * ------------------------------------------------------------------------------------ */

static void note_global(struct engine_io *io, bool global)
{
    struct evac_fleet *fleet = &io->engine->fleet;
    struct evac_record r = { .kind = EVAC_RECORD_INCIDENT };
    r.name = EVAC_STR(GLOBAL);
    r.event = evac_str(global ? "declared" : "closed");
    r.to = evac_str(evac_incident_state_name(global ? EVAC_INCIDENT_OPEN : EVAC_INCIDENT_CLOSED));
    r.text = evac_str(fleet->global_says);
    engine_record(io, r);
    fleet->global = global;
    engine_notice(io, global, EVAC_STR_NONE,
                  global ? fleet->global_says : "the global event is over: regions are up again");
    decide_soon(io->engine);
}

/* "global event: us-east-1 (200 of 200 apps) and us-west-2 (199 of 200 apps) look down: ..." */
static void say_global(struct evac_engine *engine)
{
    struct evac_text text;
    const char *before = "global event: ";
    evac_text_init(&text, engine->fleet.global_says, sizeof engine->fleet.global_says);
    for (size_t i = 0; i < engine->fleet.region_count; i++) {
        const struct evac_fleet_region *region = &engine->fleet.regions[i];
        if (!looks_gone(engine, region))
            continue;
        evac_text_puts(&text, before);
        evac_text_puts(&text, region->name);
        evac_text_puts(&text, " (");
        evac_text_u64(&text, count(region, EVAC_FLEET_SEEN_BAD));
        evac_text_puts(&text, " of ");
        evac_text_u64(&text, count(region, EVAC_FLEET_SEEN));
        evac_text_puts(&text, ")");
        before = " and ";
    }
    evac_text_puts(&text, " look down: nothing moves by itself, people decide");
}

static void judge_global(struct engine_io *io)
{
    struct evac_fleet *fleet = &io->engine->fleet;
    bool global = regions_gone(io->engine) >= 2;
    if (global && !fleet->global) {
        say_global(io->engine);
        note_global(io, true);
    } else if (!global && fleet->global && is_known(io->engine)) {
        note_global(io, false);
    }
}

/* --- the door
 * ------------------------------------------------------------------------------------------- */

bool evac_incident_is_on(const struct evac_incident *incident)
{
    return incident->state != EVAC_INCIDENT_NONE && incident->state != EVAC_INCIDENT_CLOSED;
}

/* A controller that is cut off, or does not lead, judges nothing: what it sees may be itself. */
static bool may_judge(const struct evac_engine *engine)
{
    return engine->lead && !engine->opinion.abstains;
}

uint64_t engine_fleet_wake_ms(const struct evac_engine *engine)
{
    if (!may_judge(engine))
        return EVAC_NEVER;
    return engine->fleet.due ? 0 : engine->fleet.wake_ms;
}

bool engine_fleet_step(struct engine_io *io)
{
    struct evac_fleet *fleet = &io->engine->fleet;
    bool on_time = io->now->boot_ms >= fleet->wake_ms;
    if ((!fleet->due && !on_time) || !may_judge(io->engine))
        return false;
    fleet->due = false;
    fleet->wake_ms = EVAC_NEVER;
    judge_global(io);
    for (size_t i = 0; i < fleet->region_count && evac_effects_has_room(io->fx); i++) {
        struct evac_fleet_region *region = &fleet->regions[i];
        if (!engine_incident_is_found(&region->incident) && is_ripe(io, region))
            declare(io, region);
        if (!evac_incident_is_on(&region->incident))
            continue;
        engine_evacuate(io, region);
        judge_calm(io, region);
    }
    if (!evac_effects_has_room(io->fx))
        fleet->due = true; /* the rest with the next tick, which is due at once */
    return true;
}

/* One that is on by order alone is about the apps that were ordered away. */
static bool is_part_of(const struct evac_incident *i, const struct evac_engine_app *a,
                       size_t region)
{
    return evac_incident_is_on(i) && (i->found || evac_order_takes(&i->order, a, region));
}

const char *engine_fleet_says(const struct evac_engine *engine, const struct evac_engine_app *a,
                              uint16_t region, bool *ret_in_incident)
{
    const struct evac_fleet_region *r =
        region < EVAC_REGIONS_MAX && a->fleet[region] != EVAC_FLEET_NOWHERE
            ? &engine->fleet.regions[a->fleet[region]]
            : NULL;
    *ret_in_incident = r && is_part_of(&r->incident, a, a->fleet[region]);
    if (engine->fleet.global)
        return engine->fleet.global_says;
    return *ret_in_incident ? r->incident.says : NULL;
}

/* By order or not: room and attention are wanted for those that leave. */
bool evac_engine_is_hit(const struct evac_engine *engine, const struct evac_engine_app *app,
                        uint16_t region)
{
    return region < EVAC_REGIONS_MAX && app->fleet[region] != EVAC_FLEET_NOWHERE &&
           evac_incident_is_on(&engine->fleet.regions[app->fleet[region]].incident);
}

void engine_see_global(struct evac_engine *engine, const struct evac_record *r)
{
    engine->fleet.global = evac_str_is(r->to, evac_incident_state_name(EVAC_INCIDENT_OPEN));
    (void)evac_str_copy(engine->fleet.global_says, sizeof engine->fleet.global_says, r->text);
}

bool engine_is_global(const struct evac_record *r)
{
    return evac_str_is(r->name, GLOBAL);
}
