/*
 * The evacuation of a region: which of its apps go next. Waves by tier, and within them whoever
 * has nobody to wait for, the longest way first; so many at a time; the next wave when the last
 * one's apps are away, or did not get away. What is durable is the fold of the INCIDENT rows; the
 * rest is looked up in the apps each time, so that a crash in the middle of a wave changes nothing.
 */
#include "engine_internal.h"

#include <string.h>

/* One or two runs that had to wait for capacity say little. */
#define SATURATED_MIN 2u

struct evacuation {
    struct engine_io *io;
    struct evac_fleet_region *region;
    struct evac_incident *incident;
    uint8_t index; /* of the region in the fleet */
    unsigned started, strained, moved, ill;
    uint8_t tier;  /* the lowest that is not through; UINT8_MAX none */
    bool overlaps; /* a tier begins when the one before it is on its way */
};

/* --- durable: the fold of the INCIDENT rows
 * ---------------------------------------------------------------- */

static void write_says(const struct evac_fleet_region *region, struct evac_incident *i)
{
    struct evac_text says;
    evac_text_init(&says, i->says, sizeof i->says);
    switch (i->state) {
    case EVAC_INCIDENT_PAUSED:
        evac_text_puts(&says, "the evacuation is paused: 'evac resume --incident ");
        break;
    case EVAC_INCIDENT_DECLINED:
        evac_text_puts(&says,
                       i->expired ? "nobody answered, so the evacuation " : "the evacuation ");
        evac_text_puts(&says, "was declined; to begin it all the same: 'evac approve "
                              "--incident ");
        break;
    case EVAC_INCIDENT_APPROVED:
        evac_text_puts(&says, "it goes in its turn: 'evac incident ");
        break;
    case EVAC_INCIDENT_OPEN:
        evac_text_puts(&says, "part of a regional incident; it goes in its turn if it may, else "
                              "after 'evac approve --incident ");
        break;
    case EVAC_INCIDENT_NONE:
    case EVAC_INCIDENT_CLOSED:
    case EVAC_INCIDENT_STATE_COUNT:
        return;
    }
    evac_text_puts(&says, region->name);
    evac_text_puts(&says, "'");
}

static enum evac_incident_state state_of(struct evac_str name)
{
    for (unsigned s = 0; s < EVAC_INCIDENT_STATE_COUNT; s++)
        if (evac_str_is(name, evac_incident_state_name((enum evac_incident_state)s)))
            return (enum evac_incident_state)s;
    return EVAC_INCIDENT_NONE;
}

static void begin(struct evac_engine *engine, struct evac_incident *i, const struct evac_record *r)
{
    *i = (struct evac_incident){ .found = evac_str_is(r->event, "declared"),
                                 .first_run = engine->next_run,
                                 .fresh_run = engine->next_run,
                                 .apps = (uint16_t)r->number,
                                 .since_wall_ms = r->t_wall_ms };
    (void)evac_str_copy(i->why, sizeof i->why, r->text);
}

/* Not all of the region's apps. */
static bool is_narrow(const struct evac_order *order)
{
    return order->named || order->tiers != EVAC_ORDER_TIERS;
}

static void see_end(struct evac_incident *i, const struct evac_record *r)
{
    if (!evac_str_is(r->event, "closed"))
        return;
    i->ended_wall_ms = r->t_wall_ms;
    (void)evac_str_copy(i->why, sizeof i->why, r->text);
    i->took_ms = i->order.on ? r->number : 0;
}

bool engine_incident_is_found(const struct evac_incident *i)
{
    return evac_incident_is_on(i) && i->found;
}

/* Who is not of the order goes by the policy, or after a yes. */
enum evac_incident_state engine_incident_found_state(const struct evac_incident *i)
{
    return i->state == EVAC_INCIDENT_APPROVED && !i->approved ? EVAC_INCIDENT_OPEN : i->state;
}

void engine_see_incident(struct evac_engine *engine, const struct evac_record *r)
{
    struct evac_fleet_region *region = engine_fleet_region(engine, r->name);
    struct evac_incident *i = region ? &region->incident : NULL;
    if (engine_is_global(r)) {
        engine_see_global(engine, r);
        return;
    }
    if (!i)
        return; /* of a region that no app has any more */
    bool ordered = evac_str_is(r->event, "ordered");
    if (evac_str_is(r->event, "declared") || (ordered && !evac_incident_is_on(i)))
        begin(engine, i, r);
    if (ordered) {
        engine_see_order(engine, region, r);
        i->tier = 0;
    }
    i->state = state_of(r->to);
    see_end(i, r);
    if (evac_str_is(r->event, "proposed")) {
        i->proposed = true;
        i->asked_wall_ms = r->t_wall_ms;
    }
    if (evac_str_is(r->event, "escalated"))
        i->escalated = (uint8_t)r->number;
    if (evac_str_is(r->event, "reminded"))
        i->reminded = (uint16_t)r->number;
    if (evac_str_is(r->event, "approved"))
        i->approved = true;
    i->expired =
        evac_str_is(r->event, "expired") || (i->expired && i->state == EVAC_INCIDENT_DECLINED);
    if (evac_str_is(r->event, "declined") || evac_str_is(r->event, "stopped"))
        i->approved = i->order.on = false;
    if (ordered && !is_narrow(&i->order))
        i->approved = true;
    else if (ordered)
        i->approved = false;
    i->found = i->found || evac_str_is(r->event, "found");
    if (evac_str_is(r->event, "paused"))
        (void)evac_str_copy(i->why, sizeof i->why, r->text);
    if (evac_str_is(r->event, "wave"))
        i->tier = (uint8_t)r->number;
    if (evac_str_is(r->event, "resumed")) {
        i->fresh_run = engine->next_run;
        i->forgiven = (uint16_t)r->number;
    }
    if (r->who.n)
        (void)evac_str_copy(i->who, sizeof i->who, r->who);
    if (ordered)
        (void)evac_str_copy(i->ordered_by, sizeof i->ordered_by, r->who);
    write_says(region, i);
    engine->fleet.due = true;
}

/* --- what each app is to it
 * ------------------------------------------------------------------------------ */

static bool is_down(enum evac_verdict verdict)
{
    return verdict == EVAC_VERDICT_DOWN || verdict == EVAC_VERDICT_ISOLATED;
}

/* Where it is now it looks down as well, as where it was. */
static bool is_ill(const struct evac_engine_app *a)
{
    enum evac_verdict verdict = a->health.regions[a->active].verdict;
    return is_down(verdict) || verdict == EVAC_VERDICT_SUSPECT;
}

/* The app's region of that index in the fleet; its region count when it has none. */
static uint16_t region_in(const struct evac_engine_app *a, uint8_t index)
{
    uint16_t r = 0;
    while (r < EVAC_REGIONS_MAX && r < a->app->region_count && a->fleet[r] != index)
        r++;
    return r;
}

/* Down, and nothing but time keeps it: its wave waits for it, and for nothing else that blocks. */
static bool only_ripens(const struct evac_decision *d)
{
    for (unsigned g = 0; g < EVAC_GATE_COUNT; g++) {
        bool passes = d->gates[g] == EVAC_GATE_SAYS_PASS || d->gates[g] == EVAC_GATE_SAYS_WAIVED;
        if (evac_gate_binds((enum evac_gate)g) == EVAC_BINDS_ALL && g != EVAC_GATE_INCIDENT &&
            g != EVAC_GATE_VERDICT && !passes)
            return false;
    }
    return d->gates[EVAC_GATE_VERDICT] == EVAC_GATE_SAYS_BLOCK;
}

static enum evac_evacuee by_decision(const struct evac_decision *d, bool approved)
{
    switch (d->alone) {
    case EVAC_DECIDE_ACT:
        return EVAC_EVACUEE_READY;
    case EVAC_DECIDE_PROPOSE:
        return approved ? EVAC_EVACUEE_READY : EVAC_EVACUEE_WAITS;
    case EVAC_DECIDE_WAIT:
        return only_ripens(d) ? EVAC_EVACUEE_RIPENING : EVAC_EVACUEE_BLOCKED;
    case EVAC_DECIDE_NOTHING:
    case EVAC_DECIDE_COUNT:
        break;
    }
    return EVAC_EVACUEE_RIPENING; /* not decided about yet */
}

static bool is_of_it(const struct evacuation *e, const struct evac_engine_app *a, uint64_t since)
{
    return a->evac_run && a->evac_run >= since && a->evac_region == e->index;
}

/* One that asks a person gives up its place: nobody knows when they answer. One that goes back does
 * not get away any more. */
static bool gets_away(const struct evac_run *run)
{
    return run->state != EVAC_RUN_ASKING && !run->back && !run->stopped;
}

#define GATE(name)        (1u << EVAC_RUN_GATE_##name)
#define GATES_OF_PERSONS  (GATE(APPROVAL) | GATE(RPO) | GATE(SAFETY))
#define GATES_OF_ANNOUNCE (GATE(APPROVAL) | GATE(VETO))

/* It stands before a step that a person must let it take: nobody knows when they do. */
static bool waits_for_person(const struct evac_run *run)
{
    for (uint16_t i = 0; i < run->plan->step_count; i++)
        if (run->steps[i].state == EVAC_STEP_GATED && (run->steps[i].gates.shut & GATES_OF_PERSONS))
            return true;
    return false;
}

/* One that has not begun waits for the yes that its app demands, or until nobody has said no; or it
 * is blocked, as by a freeze. */
static enum evac_evacuee by_run(const struct evac_run *run)
{
    if (run->state != EVAC_RUN_PROPOSED)
        return !gets_away(run)         ? EVAC_EVACUEE_FAILED
               : waits_for_person(run) ? EVAC_EVACUEE_WAITS
                                       : EVAC_EVACUEE_RUNNING;
    if (run->asks)
        return EVAC_EVACUEE_WAITS;
    return run->gates.shut & ~GATES_OF_ANNOUNCE ? EVAC_EVACUEE_BLOCKED : EVAC_EVACUEE_RUNNING;
}

/* By a person's order: whatever the probes and the policy say. */
static enum evac_evacuee by_order(const struct evacuation *e, const struct evac_engine_app *a,
                                  uint16_t r)
{
    const struct evac_now *now = e->io->now;
    if (is_of_it(e, a, e->incident->order.first_run) || a->no_plan)
        return EVAC_EVACUEE_FAILED;
    if (a->run || engine_is_held(e->io->engine, a, now) ||
        engine_order_target(a, r, now) >= a->app->region_count)
        return EVAC_EVACUEE_BLOCKED;
    return EVAC_EVACUEE_READY;
}

static enum evac_evacuee classify(const struct evacuation *e, const struct evac_engine_app *a)
{
    uint16_t r = region_in(a, e->index);
    const struct evac_run *run = a->run;
    bool mine = is_of_it(e, a, e->incident->first_run);
    if (r >= a->app->region_count || r >= EVAC_REGIONS_MAX)
        return EVAC_EVACUEE_NONE;
    bool serves = evac_engine_serving(a) & (1u << r);
    bool leaves = run && evac_str_is(run->plan->from, e->region->name);
    if (engine_order_leaves_out(e->incident, a, e->index) && !(mine && leaves))
        return serves ? EVAC_EVACUEE_LEFT_OUT : mine ? EVAC_EVACUEE_MOVED : EVAC_EVACUEE_NONE;
    if (a->starting)
        return EVAC_EVACUEE_RUNNING;
    if (leaves)
        return by_run(run);
    if (!serves)
        return mine ? EVAC_EVACUEE_MOVED : EVAC_EVACUEE_NONE;
    if (evac_order_takes(&e->incident->order, a, e->index))
        return by_order(e, a, r);
    if (!e->incident->found)
        return EVAC_EVACUEE_NONE;
    if (mine || a->no_plan)
        return EVAC_EVACUEE_FAILED;
    if (!is_down(a->health.regions[r].verdict) ||
        (a->decision.decide != EVAC_DECIDE_NOTHING && a->decision.from != r))
        return EVAC_EVACUEE_NONE;
    return by_decision(&a->decision, e->incident->approved);
}

static void survey_one(struct evacuation *e, struct evac_engine_app *a)
{
    enum evac_evacuee what = classify(e, a);
    a->evacuee = (uint8_t)what;
    if (is_of_it(e, a, e->incident->fresh_run)) {
        e->started++;
        e->strained += a->evac_strained || (a->run && a->run->strained);
    }
    if (what == EVAC_EVACUEE_MOVED) {
        e->moved++;
        e->ill += is_ill(a);
    }
}

/* Whoever waits for one that waits for an approval waits for it too, unless it was ordered. */
static bool hold_back(const struct evacuation *e)
{
    struct evac_engine *engine = e->io->engine;
    bool changed = false;
    for (size_t i = 0; i < engine->app_count; i++) {
        struct evac_engine_app *a = &engine->apps[i];
        if (evac_order_takes(&e->incident->order, a, e->index))
            continue;
        for (uint8_t d = 0; a->evacuee == EVAC_EVACUEE_READY && d < a->dep_count; d++)
            if (engine->apps[a->deps[d]].evacuee == EVAC_EVACUEE_WAITS) {
                a->evacuee = EVAC_EVACUEE_WAITS;
                changed = true;
            }
    }
    return changed;
}

/* Those that one yes to all would let go: not what waits at a gate of its own run. */
static uint16_t count_asking(const struct evacuation *e)
{
    const struct evac_engine *engine = e->io->engine;
    uint16_t asking = 0;
    for (size_t i = 0; i < engine->app_count; i++)
        asking = (uint16_t)(asking + (engine->apps[i].evacuee == EVAC_EVACUEE_WAITS &&
                                      !engine->apps[i].run));
    return asking;
}

static void survey(struct evacuation *e)
{
    struct evac_engine *engine = e->io->engine;
    for (size_t i = 0; i < engine->app_count; i++)
        survey_one(e, &engine->apps[i]);
    while (!e->incident->approved && hold_back(e))
        ;
    e->incident->asking = count_asking(e);
    memset(e->incident->counts, 0, sizeof e->incident->counts);
    e->tier = UINT8_MAX;
    for (size_t i = 0; i < engine->app_count; i++) {
        const struct evac_engine_app *a = &engine->apps[i];
        bool goes = a->evacuee == EVAC_EVACUEE_RUNNING || a->evacuee == EVAC_EVACUEE_READY ||
                    a->evacuee == EVAC_EVACUEE_RIPENING;
        e->incident->counts[a->evacuee]++;
        if (goes && a->tier < e->tier)
            e->tier = (uint8_t)a->tier;
    }
}

/* --- saturation
 * ------------------------------------------------------------------------------------------ */

static bool is_much(unsigned part, unsigned whole, unsigned percent)
{
    return part >= SATURATED_MIN && part * 100 >= whole * percent;
}

static void pause(struct evacuation *e, struct evac_str who, const char *why)
{
    engine_incident_record(e->io, e->region, "paused", EVAC_INCIDENT_PAUSED, who, why, 0);
    engine_incident_notice(e->io, e->region, "the evacuation is paused: ", why);
}

/* "capacity was refused to 3 of 4 runs: the region that takes over is full" */
static void say_part(char *out, size_t bytes, const char *before, unsigned part, unsigned whole,
                     const char *after)
{
    struct evac_text text;
    evac_text_init(&text, out, bytes);
    evac_text_puts(&text, before);
    evac_text_u64(&text, part);
    evac_text_puts(&text, " of ");
    evac_text_u64(&text, whole);
    evac_text_puts(&text, after);
}

static bool is_saturated(struct evacuation *e)
{
    unsigned percent = e->io->engine->model->controller.incident_saturation;
    unsigned ill = e->ill > e->incident->forgiven ? e->ill - e->incident->forgiven : 0;
    char why[160];
    if (is_much(e->strained, e->started, percent))
        say_part(why, sizeof why, "capacity was refused or throttled in ", e->strained, e->started,
                 " runs: what takes over may be full; 'evac resume --incident' goes on");
    else if (is_much(ill, e->moved, percent))
        say_part(why, sizeof why, "", ill, e->moved,
                 " apps that were moved are down where they are now; 'evac resume --incident' goes "
                 "on");
    else
        return false;
    pause(e, EVAC_STR_NONE, why);
    return true;
}

/* --- who goes next
 * --------------------------------------------------------------------------------------- */

static bool is_unresolved(uint8_t evacuee)
{
    return evacuee == EVAC_EVACUEE_RUNNING || evacuee == EVAC_EVACUEE_READY ||
           evacuee == EVAC_EVACUEE_RIPENING || evacuee == EVAC_EVACUEE_WAITS;
}

static bool has_to_wait(const struct evac_engine *engine, const struct evac_engine_app *a)
{
    for (uint8_t d = 0; d < a->dep_count; d++)
        if (is_unresolved(engine->apps[a->deps[d]].evacuee))
            return true;
    return false;
}

/* How it goes, and as whose. */
static struct evac_start_effect start_of(const struct evacuation *e,
                                         const struct evac_engine_app *a)
{
    uint16_t r = region_in(a, e->index);
    bool ordered = evac_order_takes(&e->incident->order, a, e->index);
    bool acts = a->decision.alone == EVAC_DECIDE_ACT;
    return (struct evac_start_effect){
        .app = (uint16_t)(a - e->io->engine->apps),
        .workflow = EVAC_WORKFLOW_FAILOVER,
        .mode = ordered ? engine_order_mode(a, r, e->incident->order.mode) : a->decision.mode,
        .from = ordered ? r : a->decision.from,
        .to = ordered ? engine_order_target(a, r, e->io->now) : a->decision.target,
        .who = ordered ? e->incident->ordered_by
               : acts  ? "policy"
                       : EVAC_WHO_INCIDENT,
    };
}

static void start(struct evacuation *e, struct evac_engine_app *a)
{
    struct evac_text why = evac_effects_text(e->io->fx, 400);
    struct evac_start_effect start = start_of(e, a);
    evac_text_puts(&why, "evacuation of ");
    evac_text_puts(&why, e->region->name);
    evac_text_puts(&why, ", tier ");
    evac_text_u64(&why, a->app->tier);
    if (start.who == e->incident->ordered_by) {
        evac_text_puts(&why, ", ordered by ");
        evac_text_puts(&why, e->incident->ordered_by);
        evac_text_puts(&why, ": ");
        evac_text_puts(&why, e->incident->order.reason);
    } else if (a->decision.alone != EVAC_DECIDE_ACT) {
        evac_text_puts(&why, ", approved by ");
        evac_text_puts(&why, e->incident->who);
    }
    start.why = evac_effects_text_end(e->io->fx, &why).p;
    a->starting = true;
    a->evacuee = EVAC_EVACUEE_RUNNING;
    e->incident->counts[EVAC_EVACUEE_READY]--;
    e->incident->counts[EVAC_EVACUEE_RUNNING]++;
    evac_effects_add(e->io->fx, EVAC_FX_START)->u.start = start;
}

static void note_wave(struct evacuation *e, uint16_t tier)
{
    if (tier <= e->incident->tier)
        return;
    engine_incident_record(e->io, e->region, "wave", e->incident->state, EVAC_STR_NONE,
                           "the next wave", tier);
}

/* Before the other: of a lower tier, then who has the longer way, then as configured. */
static bool goes_before(const struct evac_engine_app *a, const struct evac_engine_app *b)
{
    if (!b || a->tier != b->tier)
        return !b || a->tier < b->tier;
    return a->rank_ms > b->rank_ms;
}

static struct evac_engine_app *next_of(const struct evacuation *e, bool whatever_waits)
{
    struct evac_engine *engine = e->io->engine;
    struct evac_engine_app *best = NULL;
    for (size_t i = 0; i < engine->app_count; i++) {
        struct evac_engine_app *a = &engine->apps[i];
        if (a->evacuee == EVAC_EVACUEE_READY && (a->tier == e->tier || e->overlaps) &&
            goes_before(a, best) && (whatever_waits || !has_to_wait(engine, a)))
            best = a;
    }
    return best;
}

/* By tier, and whoever waits for nobody, the longest way first. When all that are left wait for
 * each other in a circle, the first goes. */
static bool start_wave(struct evacuation *e, bool whatever_waits)
{
    uint16_t parallel = e->io->engine->model->controller.incident_parallel;
    bool started = false;
    while (e->incident->counts[EVAC_EVACUEE_RUNNING] < parallel &&
           evac_effects_has_room(e->io->fx) && !(whatever_waits && started)) {
        struct evac_engine_app *a = next_of(e, whatever_waits);
        if (!a)
            break;
        note_wave(e, a->tier);
        start(e, a);
        started = true;
    }
    return started;
}

static void go_on(struct evacuation *e)
{
    const uint16_t *n = e->incident->counts;
    bool started = start_wave(e, false);
    bool stuck = !started && n[EVAC_EVACUEE_RUNNING] == 0 && n[EVAC_EVACUEE_RIPENING] == 0;
    if (stuck && n[EVAC_EVACUEE_READY])
        (void)start_wave(e, true);
}

/* --- one question in place of many
 * ------------------------------------------------------------------------------- */

/* What single apps had proposed before it was seen that it is the region. That is no answer of
 * anybody, so it needs no cooldown and no acknowledgement. */
static void withdraw(struct engine_io *io, struct evac_engine_app *a)
{
    struct evac_record r = { .kind = EVAC_RECORD_ACK };
    engine_withdraw_proposal(io, a, "a regional incident takes its place");
    if (a->run)
        return;
    r.app = a->app->name;
    r.who = EVAC_STR(EVAC_WHO_INCIDENT);
    r.text = EVAC_STR("the proposal was withdrawn");
    engine_record(io, r);
    a->acked = true;
    a->decide_ms = 0;
}

/* Not what the evacuation itself began, which may wait too, for somebody's veto. */
static bool is_overtaken(const struct evacuation *e, const struct evac_run *run)
{
    return run && run->state == EVAC_RUN_PROPOSED && strcmp(run->who, "policy") == 0 &&
           (run->asks || run->id < e->incident->first_run) &&
           evac_str_is(run->plan->from, e->region->name);
}

static void withdraw_all(struct evacuation *e)
{
    struct evac_engine *engine = e->io->engine;
    for (size_t i = 0; i < engine->app_count && evac_effects_has_room(e->io->fx); i++) {
        struct evac_engine_app *a = &engine->apps[i];
        if (is_overtaken(e, a->run) && !engine_order_leaves_out(e->incident, a, e->index))
            withdraw(e->io, a);
    }
}

#define BLOCKED_AGAIN_MS 5000u

/* What keeps an app that was ordered away may end by time, or by a word about something else. */
static void look_again(struct evacuation *e)
{
    uint64_t at = e->io->now->boot_ms + BLOCKED_AGAIN_MS;
    struct evac_fleet *fleet = &e->io->engine->fleet;
    bool waits = e->incident->order.on && e->incident->counts[EVAC_EVACUEE_BLOCKED];
    if (waits && at < fleet->wake_ms)
        fleet->wake_ms = at;
}

void engine_evacuate(struct engine_io *io, struct evac_fleet_region *region)
{
    struct evacuation e = { .io = io,
                            .region = region,
                            .incident = &region->incident,
                            .index = (uint8_t)(region - io->engine->fleet.regions),
                            .overlaps = io->engine->model->controller.incident_overlap };
    bool goes = region->incident.state == EVAC_INCIDENT_OPEN ||
                region->incident.state == EVAC_INCIDENT_APPROVED;
    engine_fleet_rank(io->engine);
    withdraw_all(&e);
    survey(&e);
    look_again(&e);
    if (!goes || io->engine->fleet.global || is_saturated(&e))
        return;
    engine_incident_ask(io, region);
    go_on(&e);
}

/* --- people's words
 * -------------------------------------------------------------------------------------- */

static const char *why_not(const struct evac_engine *engine, const struct evac_fleet_region *region,
                           enum evac_command_verb verb)
{
    if (!region || !evac_incident_is_on(&region->incident))
        return "there is no incident in that region";
    bool paused = region->incident.state == EVAC_INCIDENT_PAUSED;
    if (verb == EVAC_CMD_APPROVE && engine->fleet.global)
        return "several regions look down as a whole: move apps one by one ('evac failover APP')";
    if (verb == EVAC_CMD_APPROVE && engine->stopped)
        return "automation is stopped for all apps: 'evac allow-automation' first";
    if (verb == EVAC_CMD_APPROVE && region->incident.approved)
        return "it was approved already";
    if (verb == EVAC_CMD_DECLINE && region->incident.state == EVAC_INCIDENT_DECLINED)
        return "it was declined already";
    if (verb == EVAC_CMD_PAUSE && (paused || region->incident.state == EVAC_INCIDENT_DECLINED))
        return "nothing new begins there";
    if (verb == EVAC_CMD_RESUME && !paused)
        return "it is not paused";
    if (verb == EVAC_CMD_STOP && region->incident.state == EVAC_INCIDENT_DECLINED)
        return "nothing new begins there";
    return NULL;
}

static const struct {
    enum evac_command_verb verb;
    const char *event;
    enum evac_incident_state to;
    const char *answer;
} words[] = {
    { EVAC_CMD_APPROVE, "approved", EVAC_INCIDENT_APPROVED, "approved: its apps go in waves" },
    { EVAC_CMD_DECLINE, "declined", EVAC_INCIDENT_DECLINED,
      "declined: nothing begins; what goes on is seen through" },
    { EVAC_CMD_PAUSE, "paused", EVAC_INCIDENT_PAUSED,
      "paused: nothing new begins; what goes on is seen through" },
    { EVAC_CMD_RESUME, "resumed", EVAC_INCIDENT_OPEN, "going on" },
    { EVAC_CMD_STOP, "stopped", EVAC_INCIDENT_DECLINED,
      "stopped: nothing new begins; what goes on is seen through" },
};

/* Nobody is to be asked any more: all may go, or those that do were ordered to. */
static bool is_settled(const struct evac_incident *i)
{
    return i->approved || (i->order.on && (i->order.strict || !i->found));
}

/* Apps that were moved and are down now: whoever resumes has seen them. */
static int64_t count_ill(const struct evac_engine *engine)
{
    int64_t ill = 0;
    for (size_t i = 0; i < engine->app_count; i++) {
        const struct evac_engine_app *a = &engine->apps[i];
        ill += a->evacuee == EVAC_EVACUEE_MOVED && is_ill(a);
    }
    return ill;
}

void engine_incident_command(struct engine_io *io, const struct evac_command *cmd)
{
    struct evac_fleet_region *region = engine_fleet_region(io->engine, cmd->incident);
    const char *refusal = why_not(io->engine, region, cmd->verb);
    size_t w = 0, count = sizeof words / sizeof words[0];
    while (w < count && words[w].verb != cmd->verb)
        w++;
    if (w == count || refusal) {
        engine_refuse(io, region || w == count ? EVAC_E_REFUSED : EVAC_E_NOTFOUND,
                      w == count
                          ? "approve, decline, pause, resume and stop are words for an incident"
                          : refusal);
        return;
    }
    enum evac_incident_state to = words[w].to;
    bool paused = region->incident.state == EVAC_INCIDENT_PAUSED;
    if (cmd->verb == EVAC_CMD_APPROVE && paused)
        to = EVAC_INCIDENT_PAUSED; /* a yes does not make room */
    if (cmd->verb == EVAC_CMD_RESUME && is_settled(&region->incident))
        to = EVAC_INCIDENT_APPROVED;
    char reason[200];
    (void)evac_str_copy(reason, sizeof reason, cmd->reason);
    engine_incident_record(io, region, words[w].event, to, cmd->who, reason,
                           cmd->verb == EVAC_CMD_RESUME ? count_ill(io->engine) : 0);
    io->fx->answer = EVAC_OK;
    (void)evac_str_copy(io->fx->answer_text, sizeof io->fx->answer_text, evac_str(words[w].answer));
}
