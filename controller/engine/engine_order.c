/*
 * A person's evacuation: which apps leave a region because somebody said so, whatever probes say of
 * it. What was ordered is the fold of the INCIDENT rows, the newest order stands, so that it is
 * narrowed and widened by saying it anew, and a crash forgets nothing. Its apps go as a failover by
 * hand would: the run's own gates hold them, not those of the policy.
 */
#include "engine_internal.h"

#include <string.h>

#define X(name, text) text,
static const char *const mode_names[] = { EVAC_ORDER_MODES(X) };
#undef X

#define NAMED_MAX_BYTES 160000u /* of a row: more apps than that are named by their tiers */

const char *evac_order_mode_name(enum evac_order_mode mode)
{
    return (unsigned)mode < EVAC_ORDER_MODE_COUNT ? mode_names[mode] : "?";
}

bool evac_order_takes(const struct evac_order *order, const struct evac_engine_app *a,
                      size_t region)
{
    return order->on && (order->tiers & (1u << a->tier)) &&
           (!order->named || (a->ordered & (UINT64_C(1) << region)));
}

bool engine_order_leaves_out(const struct evac_incident *i, const struct evac_engine_app *a,
                             size_t region)
{
    return i->order.on && (i->order.strict || !i->found) && !evac_order_takes(&i->order, a, region);
}

/* --- durable: the fold of an "ordered" row
 * ---------------------------------------------------------------------------- */

/* What follows "key": in a text that record_order wrote; "" it is not there. */
static struct evac_str behind(struct evac_str data, const char *key)
{
    size_t n = strlen(key);
    for (size_t i = 0; i + n + 3 <= data.n; i++)
        if (data.p[i] == '"' && memcmp(data.p + i + 1, key, n) == 0 && data.p[i + 1 + n] == '"' &&
            data.p[i + 2 + n] == ':')
            return (struct evac_str){ data.p + i + n + 3, data.n - i - n - 3 };
    return EVAC_STR_NONE;
}

static int64_t number_of(struct evac_str data, const char *key)
{
    struct evac_str rest = behind(data, key);
    int64_t n = 0;
    for (size_t i = 0; i < rest.n && rest.p[i] >= '0' && rest.p[i] <= '9' && n < INT64_MAX / 16;
         i++)
        n = 10 * n + (rest.p[i] - '0');
    return n;
}

/* "[1,2]..." */
static uint8_t tiers_of(struct evac_str data)
{
    struct evac_str rest = behind(data, "tiers");
    unsigned tiers = 0;
    for (size_t i = 0; i < rest.n && rest.p[i] != ']'; i++)
        if (rest.p[i] >= '1' && rest.p[i] <= '5')
            tiers |= 1u << (rest.p[i] - '0');
    return (uint8_t)tiers;
}

static enum evac_order_mode mode_of(struct evac_str data)
{
    struct evac_str rest = behind(data, "mode");
    rest = rest.n ? (struct evac_str){ rest.p + 1, rest.n - 1 } : rest;
    struct evac_str name = evac_str_cut(rest, '"', &rest);
    for (unsigned m = 0; m < EVAC_ORDER_MODE_COUNT; m++)
        if (evac_str_is(name, mode_names[m]))
            return (enum evac_order_mode)m;
    return EVAC_ORDER_AS_FOUND;
}

/* ["shop","billing"], the last member: each app that is still there. */
static void see_named(struct evac_engine *engine, size_t region, struct evac_str list)
{
    uint64_t bit = UINT64_C(1) << region;
    for (size_t i = 0; i < engine->app_count; i++)
        engine->apps[i].ordered &= ~bit;
    (void)evac_str_cut(list, '"', &list);
    while (list.n) {
        size_t app = evac_engine_app(engine, evac_str_cut(list, '"', &list));
        if (app < engine->app_count)
            engine->apps[app].ordered |= bit;
        (void)evac_str_cut(list, '"', &list);
    }
}

void engine_see_order(struct evac_engine *engine, struct evac_fleet_region *region,
                      const struct evac_record *r)
{
    struct evac_order *o = &region->incident.order;
    struct evac_str named = behind(r->data, "named");
    *o = (struct evac_order){ .on = true,
                              .strict = region->incident.found,
                              .named = named.n > 0,
                              .tiers = tiers_of(r->data),
                              .mode = mode_of(r->data),
                              .first_run = engine->next_run,
                              .since_wall_ms = r->t_wall_ms,
                              .apps = (uint16_t)r->number,
                              .bound_ms = number_of(r->data, "bound_ms"),
                              .estimate_ms = number_of(r->data, "estimate_ms") };
    (void)evac_str_copy(o->reason, sizeof o->reason, r->text);
    see_named(engine, (size_t)(region - engine->fleet.regions), named);
}

/* --- one app of it
 * ------------------------------------------------------------------------------------------- */

static bool is_down(enum evac_verdict verdict)
{
    return verdict == EVAC_VERDICT_DOWN || verdict == EVAC_VERDICT_ISOLATED;
}

enum evac_mode engine_order_mode(const struct evac_engine_app *a, uint16_t region,
                                 enum evac_order_mode mode)
{
    bool down = is_down(a->health.regions[region].verdict);
    if (mode == EVAC_ORDER_AS_FOUND)
        return down ? EVAC_MODE_UNGRACEFUL : EVAC_MODE_GRACEFUL;
    return mode == EVAC_ORDER_GRACEFUL ? EVAC_MODE_GRACEFUL : EVAC_MODE_UNGRACEFUL;
}

/* What the choice of a standby looks at, and no more: asked for all apps again and again. */
uint16_t engine_order_target(const struct evac_engine_app *a, uint16_t region,
                             const struct evac_now *now)
{
    uint16_t left = a->old_side.region;
    const struct evac_decision_input in = {
        .app = a->app,
        .health = &a->health,
        .readiness = a->readiness,
        .active = region,
        .out = a->out,
        .unreconciled = engine_is_unreconciled(a, left) ? 1u << left : 0,
        .writer = a->active,
        .now_wall_ms = now->wall_ms,
    };
    return evac_best_standby(&in);
}

/* "us-west-2 grey, eu-west-1 is out" */
static void say_targets(const struct evac_engine_app *a, uint16_t region, struct evac_text *why)
{
    const char *before = "no region is up to go to: ";
    for (uint16_t r = 0; r < a->app->region_count && r < EVAC_REGIONS_MAX; r++) {
        if (r == region)
            continue;
        bool dormant = evac_health_is_dormant(&a->health, r);
        evac_text_puts(why, before);
        evac_text_put(why, a->app->regions[r]);
        evac_text_puts(why, " ");
        evac_text_puts(why, a->out & (1u << r)             ? "is out"
                            : engine_is_unreconciled(a, r) ? "was left and is not reconciled"
                            : dormant ? "is dormant, and was not lately found ready"
                                      : evac_verdict_name(a->health.regions[r].verdict));
        before = ", ";
    }
}

static void say_run(const struct evac_run *run, const struct evac_now *now, struct evac_text *why)
{
    if (run->state == EVAC_RUN_PROPOSED)
        run_say_shut(run, now, EVAC_NO_STEP, why);
    for (uint16_t i = 0; run->state != EVAC_RUN_PROPOSED && i < run->plan->step_count; i++)
        if (run->steps[i].state == EVAC_STEP_GATED)
            run_say_shut(run, now, i, why);
}

void evac_engine_evacuee(const struct evac_engine_app *a, uint16_t region,
                         enum evac_order_mode mode, const struct evac_now *now,
                         struct evac_evacuee_view *ret_view)
{
    struct evac_text why;
    *ret_view = (struct evac_evacuee_view){ .mode = engine_order_mode(a, region, mode),
                                            .to = engine_order_target(a, region, now) };
    evac_text_init(&why, ret_view->why, sizeof ret_view->why);
    if (a->run && evac_str_eq(a->run->plan->from, engine_region(a, region))) {
        ret_view->to = engine_region_index(a->app, a->run->plan->to);
        ret_view->mode = a->run->mode;
        say_run(a->run, now, &why);
    } else if (a->run) {
        evac_text_puts(&why, "run ");
        evac_text_u64(&why, a->run->id);
        evac_text_puts(&why, " of it goes on");
    } else if (a->hold_until_wall_ms > now->wall_ms) {
        evac_text_puts(&why, a->hold_owner);
        evac_text_puts(&why, " holds it: ");
        evac_text_puts(&why, a->hold_reason);
    } else if (ret_view->to >= a->app->region_count) {
        say_targets(a, region, &why);
    } else if (a->no_plan) {
        evac_text_puts(&why, "its failover does not compile: 'evac plan' says why");
    }
}

/* --- the word
 * ------------------------------------------------------------------------------------------------
 */

struct ordering {
    struct engine_io *io;
    struct evac_fleet_region *region;
    const struct evac_command *cmd;
    const struct evac_order_wish *wish;
    struct evac_order order; /* as it would stand, for evac_order_takes() but by name */
    size_t index;            /* of the region */
    unsigned takes, stuck;   /* apps; of them those that have nowhere to go */
    struct evac_text why;    /* the refusal */
};

static bool refuse(struct ordering *o, enum evac_code code)
{
    o->io->fx->answer = code;
    return false;
}

static uint16_t place_of(const struct ordering *o, const struct evac_engine_app *a)
{
    uint16_t r = 0;
    while (r < EVAC_REGIONS_MAX && r < a->app->region_count && a->fleet[r] != o->index)
        r++;
    return r;
}

static bool serves_there(const struct ordering *o, const struct evac_engine_app *a)
{
    uint16_t r = place_of(o, a);
    return r < a->app->region_count && r < EVAC_REGIONS_MAX && (evac_engine_serving(a) & (1u << r));
}

static bool leaves_now(const struct ordering *o, const struct evac_engine_app *a)
{
    return a->run && evac_str_is(a->run->plan->from, o->region->name);
}

static bool is_named(const struct ordering *o, const struct evac_engine_app *a)
{
    for (size_t i = 0; i < o->wish->app_count; i++)
        if (evac_str_eq(o->wish->apps[i], a->app->name))
            return true;
    return o->wish->app_count == 0;
}

static bool takes(const struct ordering *o, const struct evac_engine_app *a)
{
    return (o->order.tiers & (1u << a->tier)) && serves_there(o, a) && is_named(o, a);
}

/* Each name is an app, and has that region. One that is away already is no mistake: the same words
 * may be said twice. */
static bool check_names(struct ordering *o)
{
    const struct evac_engine *engine = o->io->engine;
    size_t bytes = 0;
    for (size_t i = 0; i < o->wish->app_count; i++) {
        size_t app = evac_engine_app(engine, o->wish->apps[i]);
        bool known = app < engine->app_count;
        bytes += o->wish->apps[i].n + 3;
        if (known && place_of(o, &engine->apps[app]) < engine->apps[app].app->region_count)
            continue;
        evac_text_puts(&o->why, known ? "'" : "there is no app '");
        evac_text_put(&o->why, o->wish->apps[i]);
        evac_text_puts(&o->why, known ? "' has no region " : "'");
        evac_text_puts(&o->why, known ? o->region->name : "");
        return refuse(o, EVAC_E_NOTFOUND);
    }
    if (bytes <= NAMED_MAX_BYTES)
        return true;
    evac_text_puts(&o->why, "those are too many names for one order: say tiers");
    return refuse(o, EVAC_E_TOOBIG);
}

/* Whoever orders it could begin a failover of each. */
static bool may_move(const struct ordering *o, const struct evac_engine_app *a)
{
    return !o->cmd->caller || (evac_roles_of(o->io->engine->model->controller.roles, a->app->roles,
                                             a->app->name, o->cmd->caller) &
                               EVAC_ROLE_BIT(EVAC_ROLE_OPERATOR));
}

static bool check_roles(struct ordering *o)
{
    const struct evac_engine *engine = o->io->engine;
    const struct evac_engine_app *first = NULL;
    unsigned others = 0;
    for (size_t i = 0; i < engine->app_count; i++) {
        const struct evac_engine_app *a = &engine->apps[i];
        if (!takes(o, a) || may_move(o, a))
            continue;
        others += first != NULL;
        first = first ? first : a;
    }
    if (!first)
        return true;
    evac_text_puts(&o->why, "to begin a failover of '");
    evac_text_put(&o->why, first->app->name);
    evac_text_puts(&o->why, "' is not for you to say");
    if (others) {
        evac_text_puts(&o->why, ", nor of ");
        evac_text_u64(&o->why, others);
        evac_text_puts(&o->why, others == 1 ? " other" : " others");
    }
    evac_text_puts(&o->why, ": name those that you may move");
    return refuse(o, EVAC_E_FORBIDDEN);
}

/* Somebody must be there, and for one of them somewhere to go. */
static bool check_apps(struct ordering *o)
{
    const struct evac_engine *engine = o->io->engine;
    const struct evac_engine_app *stuck = NULL;
    for (size_t i = 0; i < engine->app_count; i++) {
        const struct evac_engine_app *a = &engine->apps[i];
        if (!takes(o, a))
            continue;
        bool nowhere = !leaves_now(o, a) &&
                       engine_order_target(a, place_of(o, a), o->io->now) >= a->app->region_count;
        o->takes++;
        o->stuck += nowhere;
        stuck = nowhere && !stuck ? a : stuck;
    }
    if (o->takes > o->stuck)
        return true;
    if (o->takes == 0) {
        evac_text_puts(&o->why, o->wish->tiers || o->wish->app_count ? "none of those apps serves "
                                                                     : "no app serves ");
        evac_text_puts(&o->why, "in ");
        evac_text_puts(&o->why, o->region->name);
    } else {
        evac_text_put(&o->why, stuck->app->name);
        evac_text_puts(&o->why, o->takes > 1 ? ", as all others: " : ": ");
        say_targets(stuck, place_of(o, stuck), &o->why);
    }
    return refuse(o, EVAC_E_REFUSED);
}

static bool check(struct ordering *o)
{
    static const char global[] =
        "several regions look down as a whole: move apps one by one ('evac failover APP')";
    if (o->region && o->cmd->reason.n && o->wish && !o->io->engine->fleet.global)
        return check_names(o) && check_apps(o) && check_roles(o);
    evac_text_puts(&o->why, !o->region              ? "no app has a region of that name"
                            : !o->wish              ? "say which apps go, and how"
                            : o->cmd->reason.n == 0 ? "an evacuation needs a reason"
                                                    : global);
    return refuse(o, !o->region                          ? EVAC_E_NOTFOUND
                     : !o->wish || o->cmd->reason.n == 0 ? EVAC_E_BADARG
                                                         : EVAC_E_REFUSED);
}

/* It stands already, and there is nothing of it to be taken up anew. */
static bool is_the_same(const struct ordering *o)
{
    const struct evac_engine *engine = o->io->engine;
    const struct evac_order *was = &o->region->incident.order;
    bool same = was->on && was->tiers == o->order.tiers && was->mode == o->order.mode &&
                was->named == o->order.named;
    for (size_t i = 0; same && i < engine->app_count; i++) {
        const struct evac_engine_app *a = &engine->apps[i];
        bool bit = a->ordered & (UINT64_C(1) << o->index);
        same = (!takes(o, a) || a->evacuee != EVAC_EVACUEE_FAILED) &&
               (!was->named || !serves_there(o, a) || bit == is_named(o, a));
    }
    return same;
}

static struct evac_str put_order(const struct ordering *o)
{
    struct evac_text data = evac_effects_text(o->io->fx, NAMED_MAX_BYTES + 512);
    const char *before = ",\"tiers\":[";
    for (unsigned t = 1; t <= 5; t++)
        if (o->order.tiers & (1u << t)) {
            evac_text_puts(&data, before);
            evac_text_u64(&data, t);
            before = ",";
        }
    evac_text_puts(&data, "],\"mode\":\"");
    evac_text_puts(&data, evac_order_mode_name(o->order.mode));
    evac_text_puts(&data, "\",\"bound_ms\":");
    evac_text_i64(&data, o->wish->bound_ms > 0 ? o->wish->bound_ms : 0);
    evac_text_puts(&data, ",\"estimate_ms\":");
    evac_text_i64(&data, o->wish->estimate_ms > 0 ? o->wish->estimate_ms : 0);
    before = ",\"named\":[\"";
    for (size_t i = 0; i < o->wish->app_count; i++) {
        evac_text_puts(&data, before);
        evac_text_put(&data, o->wish->apps[i]);
        before = "\",\"";
    }
    evac_text_puts(&data, o->wish->app_count ? "\"]" : "");
    return evac_effects_text_end(o->io->fx, &data);
}

static void answer(struct ordering *o, bool same)
{
    struct evac_text text;
    evac_text_init(&text, o->io->fx->answer_text, sizeof o->io->fx->answer_text);
    evac_text_u64(&text, o->takes);
    evac_text_puts(&text, o->takes == 1 ? " app leaves " : " apps leave ");
    evac_text_puts(&text, o->region->name);
    if (o->stuck) {
        evac_text_puts(&text, ", ");
        evac_text_u64(&text, o->stuck);
        evac_text_puts(&text, " of which nobody can take over yet");
    }
    evac_text_puts(&text, same ? ": that goes on already" : "");
    if (o->region->incident.state == EVAC_INCIDENT_PAUSED)
        evac_text_puts(&text, "; it is paused: 'evac resume --incident' goes on");
    o->io->fx->answer = EVAC_OK;
}

static void record(struct ordering *o)
{
    struct evac_incident *i = &o->region->incident;
    char reason[200];
    bool paused = i->state == EVAC_INCIDENT_PAUSED; /* a yes does not make room */
    bool open = i->found && i->state == EVAC_INCIDENT_OPEN && !o->order.strict;
    (void)evac_str_copy(reason, sizeof reason, o->cmd->reason);
    engine_incident_record_more(o->io, o->region, "ordered",
                                paused ? EVAC_INCIDENT_PAUSED
                                : open ? EVAC_INCIDENT_OPEN
                                       : EVAC_INCIDENT_APPROVED,
                                o->cmd->who, reason, o->takes, put_order(o));
    engine_incident_notice(o->io, o->region, "its evacuation was ordered: ", reason);
}

void engine_order(struct engine_io *io, const struct evac_command *cmd)
{
    struct ordering o = { .io = io,
                          .region = engine_fleet_region(io->engine, cmd->incident),
                          .cmd = cmd,
                          .wish = cmd->order };
    evac_text_init(&o.why, io->fx->answer_text, sizeof io->fx->answer_text);
    if (o.region && o.wish) {
        o.index = (size_t)(o.region - io->engine->fleet.regions);
        o.order = (struct evac_order){
            .on = true,
            .named = o.wish->app_count > 0,
            .tiers =
                (uint8_t)((o.wish->tiers ? o.wish->tiers : EVAC_ORDER_TIERS) & EVAC_ORDER_TIERS),
            .mode = (enum evac_order_mode)o.wish->mode,
            .strict = o.region->incident.found,
        };
    }
    if (!check(&o))
        return;
    bool same = is_the_same(&o);
    if (!same)
        record(&o);
    answer(&o, same);
}
