/* Drills: one campaign an app, made of runs and of waiting. Its durable state is the fold of its
 * rows. */
#include "engine_internal.h"

#include <string.h>

/* --- rows ------------------------------------------------------------------------------------ */

/* "key":"text" of the head that put_head() wrote. */
static struct evac_str head_text(struct evac_str data, const char *key)
{
    struct evac_str value = EVAC_STR_NONE, rest = data;
    while (rest.n && value.n == 0) {
        struct evac_str word = evac_str_cut(rest, '"', &rest);
        if (evac_str_is(word, key)) {
            (void)evac_str_cut(rest, '"', &rest);
            value = evac_str_cut(rest, '"', &rest);
            break;
        }
    }
    return value;
}

/* "key":number; -1 when it is not there. */
static int64_t head_number(struct evac_str data, const char *key)
{
    struct evac_str rest = data;
    while (rest.n) {
        struct evac_str after, end, word = evac_str_cut(rest, '"', &rest);
        int64_t value;
        if (!evac_str_is(word, key) || rest.n == 0 || rest.p[0] != ':')
            continue;
        (void)evac_str_cut(rest, ':', &after);
        struct evac_str digits = evac_str_cut(after, ',', &end);
        digits = evac_str_cut(digits, '}', &end);
        return evac_str_i64(digits, &value) ? value : -1;
    }
    return -1;
}

static void put_text(struct evac_text *out, const char *key, struct evac_str value)
{
    evac_text_puts(out, out->n > 1 ? ",\"" : "\"");
    evac_text_puts(out, key);
    evac_text_puts(out, "\":\"");
    evac_text_put(out, value);
    evac_text_puts(out, "\"");
}

static void put_number(struct evac_text *out, const char *key, int64_t value)
{
    evac_text_puts(out, out->n > 1 ? ",\"" : "\"");
    evac_text_puts(out, key);
    evac_text_puts(out, "\":");
    evac_text_i64(out, value);
}

/* Names and regions are of a configuration's alphabet: nothing in them needs escaping. */
static struct evac_str head(struct engine_io *io, const struct evac_engine_app *a,
                            const struct evac_drill_event *e)
{
    struct evac_text out = evac_effects_text(io->fx, e->receipt.n + 600);
    evac_text_puts(&out, "{");
    put_text(&out, "drill", e->name);
    put_text(&out, "from", engine_region(a, e->from));
    put_text(&out, "to", engine_region(a, e->to));
    put_text(&out, "look", e->look ? EVAC_STR("yes") : EVAC_STR("no"));
    put_text(&out, "approval", e->approval ? EVAC_STR("yes") : EVAC_STR("no"));
    put_number(&out, "due_ms", e->due_wall_ms);
    if (e->receipt.n) {
        evac_text_puts(&out, ",");
        evac_text_put(&out, e->receipt);
    } else {
        evac_text_puts(&out, "}");
    }
    return evac_effects_text_end(io->fx, &out);
}

static bool begins(const struct evac_record *r)
{
    return evac_str_is(r->event, evac_drill_on_name(EVAC_DRILL_ON_BEGIN));
}

static void fold_begin(struct evac_engine_app *a, const struct evac_record *r)
{
    struct evac_drill *d = &a->drill;
    *d = (struct evac_drill){ .number = r->attempt,
                              .time_ms = r->number,
                              .began_wall_ms = r->t_wall_ms,
                              .rto_ms = -1,
                              .detect_ms = -1,
                              .last = d->last,
                              .last_number = d->last_number };
    (void)evac_drill_kind_parse(r->name, &d->kind);
    (void)evac_str_copy(d->name, sizeof d->name, head_text(r->data, "drill"));
    d->from = engine_region_index(a->app, head_text(r->data, "from"));
    d->to = engine_region_index(a->app, head_text(r->data, "to"));
    d->look = evac_str_is(head_text(r->data, "look"), "yes");
    d->approval = evac_str_is(head_text(r->data, "approval"), "yes");
}

/* The only place where a drill's durable state changes by a row of its own; live and in a
 * replay. */
static void fold(struct evac_engine_app *a, const struct evac_record *r)
{
    struct evac_drill *d = &a->drill;
    enum evac_drill_state to;
    if (!evac_drill_state_parse(r->to, &to))
        return;
    if (begins(r))
        fold_begin(a, r);
    d->rto_ms = d->rto_ms < 0 ? head_number(r->data, "rto_ms") : d->rto_ms;
    d->detect_ms = d->detect_ms < 0 ? head_number(r->data, "detect_ms") : d->detect_ms;
    d->state = to;
    d->run = 0;
    d->run_end = EVAC_RUN_NONE;
    d->until_wall_ms = r->number;
    if (!evac_drill_is_over(to))
        return;
    d->last = to;
    d->last_number = d->number;
    d->state = EVAC_DRILL_IS_IDLE;
}

void engine_see_drill(struct evac_engine *engine, struct evac_engine_app *a,
                      const struct evac_record *r)
{
    if (r->attempt >= engine->next_drill)
        engine->next_drill = r->attempt + 1;
    if (r->event.n && a) /* planned, skipped and missed ones have no cell */
        fold(a, r);
}

/* A run of the drill's own, by who began it. */
void engine_see_drill_run(struct evac_engine_app *a, const struct evac_record *r)
{
    struct evac_drill *d = &a->drill;
    if (d->state == EVAC_DRILL_IS_IDLE || d->state == EVAC_DRILL_IS_NONE)
        return;
    if (r->kind == EVAC_RECORD_ADMIT && evac_str_is(r->who, EVAC_DRILL_WHO))
        d->run = r->run;
    else if (r->kind == EVAC_RECORD_ADMIT && r->number == 0)
        d->overtaken = true;
    else if (r->kind == EVAC_RECORD_TERMINAL && r->run == d->run)
        (void)evac_run_state_parse(r->to, &d->run_end);
}

bool engine_drill_is_side_work(const struct evac_engine_app *a, uint64_t run)
{
    enum evac_drill_state s = a->drill.state;
    return run && a->drill.run == run && s != EVAC_DRILL_IS_RUNNING;
}

static void say_end(struct engine_io *io, struct evac_engine_app *a, enum evac_drill_state end)
{
    static const char *const sentences[EVAC_DRILL_STATE_COUNT] = {
        [EVAC_DRILL_IS_SUCCEEDED] = "a drill went well",
        [EVAC_DRILL_IS_FAILED] = "a drill failed; everything is as it was before it",
        [EVAC_DRILL_IS_STRANDED] =
            "a drill failed and did not put everything back: a person must look, now",
        [EVAC_DRILL_IS_INTERRUPTED] =
            "a drill was interrupted by the real thing; it is the policy's and people's now",
        [EVAC_DRILL_IS_SKIPPED] = "a drill was skipped",
    };
    if (sentences[end])
        engine_notice(io, end != EVAC_DRILL_IS_SUCCEEDED && end != EVAC_DRILL_IS_SKIPPED,
                      a->app->name, sentences[end]);
}

static void advance(struct engine_io *io, struct evac_engine_app *a);

struct drill_move {
    enum evac_drill_on on;
    uint64_t run;     /* that it follows from, 0 none */
    int64_t until_ms; /* wall */
    struct evac_str who, why, data;
};

static void move(struct engine_io *io, struct evac_engine_app *a, const struct drill_move *m)
{
    struct evac_drill *d = &a->drill;
    enum evac_drill_state to = evac_drill_next(d->state, m->on);
    struct evac_record r = { .kind = EVAC_RECORD_DRILL,
                             .run = m->run,
                             .attempt = d->number,
                             .number = m->until_ms,
                             .app = a->app->name,
                             .name = evac_str(evac_drill_kind_name(d->kind)),
                             .from = evac_str(evac_drill_state_name(d->state)),
                             .event = evac_str(evac_drill_on_name(m->on)),
                             .to = evac_str(evac_drill_state_name(to)),
                             .who = m->who,
                             .text = m->why,
                             .data = m->data };
    if (to == EVAC_DRILL_IS_NONE)
        return;
    engine_record(io, r);
    r.t_wall_ms = io->now->wall_ms;
    fold(a, &r);
    d->asked = false;
    d->asks = 0;
    d->ask_ms = 0;
    if (evac_drill_is_over(to))
        say_end(io, a, to);
    advance(io, a);
}

static void move_on(struct engine_io *io, struct evac_engine_app *a, enum evac_drill_on on,
                    const char *why)
{
    move(io, a, &(struct drill_move){ .on = on, .why = evac_str(why) });
}

/* --- what a state wants ---------------------------------------------------------------------- */

static enum evac_drill_on clear(enum evac_drill_kind kind)
{
    return kind == EVAC_DRILL_LIVE       ? EVAC_DRILL_ON_CLEAR_LIVE
           : kind == EVAC_DRILL_GAME_DAY ? EVAC_DRILL_ON_CLEAR_FAULT
                                         : EVAC_DRILL_ON_CLEAR_RUN;
}

/* What the shell is to compile and begin for a state. */
static struct evac_start_effect wanted(const struct evac_engine_app *a)
{
    const struct evac_drill *d = &a->drill;
    struct evac_start_effect s = { .workflow = EVAC_WORKFLOW_DRILL,
                                   .drill = d->kind,
                                   .mode = EVAC_MODE_GRACEFUL,
                                   .from = d->from,
                                   .to = d->to };
    bool changes_first = d->state == EVAC_DRILL_IS_RUNNING || d->state == EVAC_DRILL_IS_LEAVING ||
                         d->state == EVAC_DRILL_IS_BREAKING;
    s.proposed = d->approval && changes_first;
    if (d->state == EVAC_DRILL_IS_CHECKING) {
        s.drill = EVAC_DRILL_REHEARSE;
        s.part = EVAC_PART_LOOK;
    } else if (d->state == EVAC_DRILL_IS_LEAVING) {
        s.workflow = EVAC_WORKFLOW_FAILOVER;
    } else if (d->state == EVAC_DRILL_IS_RETURNING || d->state == EVAC_DRILL_IS_RETREATING) {
        s.workflow = EVAC_WORKFLOW_FAILBACK;
        s.from = d->to;
        s.to = d->from;
    } else if (d->state == EVAC_DRILL_IS_BREAKING) {
        s.part = EVAC_PART_BREAK;
    } else if (d->state == EVAC_DRILL_IS_MENDING || d->state == EVAC_DRILL_IS_SALVAGING) {
        s.part = EVAC_PART_MEND;
    }
    s.rehearse = s.drill == EVAC_DRILL_REHEARSE && s.workflow == EVAC_WORKFLOW_DRILL;
    return s;
}

static void ask_for_run(struct engine_io *io, struct evac_engine_app *a)
{
    struct evac_drill *d = &a->drill;
    if (d->run || d->asked || a->starting || io->now->boot_ms < d->ask_ms)
        return; /* starting: a START of the policy's, the next tick asks */
    d->asked = a->starting = true;
    struct evac_start_effect s = wanted(a);
    s.app = (uint16_t)(a - io->engine->apps);
    s.who = EVAC_DRILL_WHO;
    s.why = "a drill";
    s.drill_name = d->name;
    evac_effects_add(io->fx, EVAC_FX_START)->u.start = s;
}

/* The boot clock decides; after a crash the wall clock says how much is left, never more than it
 * was. */
static void arm(struct evac_drill *d, const struct evac_now *now)
{
    int64_t left = d->until_wall_ms - now->wall_ms;
    left = left < 0 ? 0 : left > d->time_ms ? d->time_ms : left;
    d->until_boot_ms = now->boot_ms + (uint64_t)left;
}

static void advance(struct engine_io *io, struct evac_engine_app *a)
{
    struct evac_drill *d = &a->drill;
    if (d->state == EVAC_DRILL_IS_CHECKING && !d->look)
        move_on(io, a, clear(d->kind), "");
    else if (evac_drill_runs(d->state))
        ask_for_run(io, a);
    else if (d->state == EVAC_DRILL_IS_SOAKING || d->state == EVAC_DRILL_IS_WATCHING)
        arm(d, io->now);
}

/* --- what happens to it ---------------------------------------------------------------------- */

/* Steps that failed, and why: what a look found. */
static struct evac_str failures(struct engine_io *io, const struct evac_run *run)
{
    struct evac_text out = evac_effects_text(io->fx, 600);
    for (uint16_t i = 0; i < run->plan->forward_count; i++) {
        const struct evac_step_run *s = &run->steps[i];
        if (s->state != EVAC_STEP_FAILED && s->state != EVAC_STEP_HELD)
            continue;
        evac_text_puts(&out, out.n ? "; " : "");
        evac_text_put(&out, run->plan->steps[i].id);
        evac_text_puts(&out, ": ");
        evac_text_puts(&out, s->reason[0] ? s->reason : "failed");
    }
    return evac_effects_text_end(io->fx, &out);
}

static bool went_well(enum evac_run_state end)
{
    return end == EVAC_RUN_SUCCEEDED || end == EVAC_RUN_EXCEPTIONS;
}

static enum evac_drill_on meaning(const struct evac_drill *d, enum evac_run_state end, bool begun)
{
    bool aside = d->state == EVAC_DRILL_IS_RUNNING || d->state == EVAC_DRILL_IS_CHECKING;
    if (aside && d->overtaken && !went_well(end))
        return EVAC_DRILL_ON_EMERGENCY;
    if (d->state == EVAC_DRILL_IS_CHECKING)
        return went_well(end) ? clear(d->kind) : EVAC_DRILL_ON_BLOCKED;
    if (went_well(end))
        return EVAC_DRILL_ON_RUN_GOOD;
    if (!begun)
        return EVAC_DRILL_ON_DECLINED;
    return end == EVAC_RUN_HELD ? EVAC_DRILL_ON_RUN_BAD : EVAC_DRILL_ON_RUN_BACK;
}

/* How long the users' move took: a drill's own, or the policy's on a game day. What was measured
 * first is the drill's, and stands in every row from then on. */
static struct evac_str measured(struct engine_io *io, const struct evac_drill *d,
                                const struct evac_run *run, enum evac_instant from)
{
    struct evac_text out = evac_effects_text(io->fx, 300);
    bool moves = run->plan->workflow != EVAC_WORKFLOW_DRILL;
    int64_t rto = d->rto_ms, detect = d->detect_ms;
    if (rto < 0 && moves)
        rto = evac_run_between_ms(run, from, EVAC_INSTANT_RECOVERED);
    if (detect < 0 && moves && from != EVAC_INSTANT_STARTED)
        detect = evac_run_between_ms(run, from, EVAC_INSTANT_DETECTED);
    evac_text_puts(&out, "{");
    put_number(&out, "run", (int64_t)run->id);
    put_text(&out, "result", evac_str(evac_run_state_name(run->state)));
    if (rto >= 0)
        put_number(&out, "rto_ms", rto);
    if (detect >= 0)
        put_number(&out, "detect_ms", detect);
    evac_text_puts(&out, "}");
    return evac_effects_text_end(io->fx, &out);
}

static int64_t until_of(const struct evac_drill *d, enum evac_drill_on on,
                        const struct evac_now *now)
{
    enum evac_drill_state to = evac_drill_next(d->state, on);
    bool waits = to == EVAC_DRILL_IS_SOAKING || to == EVAC_DRILL_IS_WATCHING;
    return waits ? now->wall_ms + d->time_ms : 0;
}

void engine_drill_run_ended(struct engine_io *io, struct evac_engine_app *a,
                            const struct evac_run *run)
{
    struct evac_drill *d = &a->drill;
    bool begun = run->instants & (1u << EVAC_INSTANT_STARTED);
    if (run->id != d->run || d->run == 0)
        return;
    enum evac_drill_on on = meaning(d, run->state, begun);
    bool good = on == EVAC_DRILL_ON_RUN_GOOD;
    struct drill_move m = { .on = on, .run = run->id, .until_ms = until_of(d, on, io->now) };
    m.why = good ? EVAC_STR_NONE : failures(io, run);
    m.data = measured(io, d, run, EVAC_INSTANT_STARTED);
    move(io, a, &m);
}

/* A game day is over when what the policy began is over: what it began before the faults were in
 * does not count. */
void engine_drill_other_ended(struct engine_io *io, struct evac_engine_app *a,
                              const struct evac_run *run)
{
    struct evac_drill *d = &a->drill;
    bool policy = strcmp(run->who, "policy") == 0 && run->plan->workflow == EVAC_WORKFLOW_FAILOVER;
    if (d->state != EVAC_DRILL_IS_WATCHING || evac_plan_is_aside(run->plan))
        return;
    bool good = policy && went_well(run->state);
    struct drill_move m = { .on = good ? EVAC_DRILL_ON_PROVEN : EVAC_DRILL_ON_DISPROVEN,
                            .run = run->id,
                            .why = good     ? EVAC_STR_NONE
                                   : policy ? EVAC_STR("the policy's run did not go well")
                                            : EVAC_STR("somebody else moved the app") };
    bool lo = run->instants & (1u << EVAC_INSTANT_IMPACT_LO);
    m.data = measured(io, d, run, lo ? EVAC_INSTANT_IMPACT_LO : EVAC_INSTANT_IMPACT_HI);
    move(io, a, &m);
}

void engine_drill_admitted(struct evac_engine_app *a, const struct evac_run *run,
                           struct evac_str who)
{
    struct evac_drill *d = &a->drill;
    if (!d->asked || !evac_str_is(who, EVAC_DRILL_WHO))
        return;
    d->asked = false;
    d->run = run->id;
}

/* The way back, and the mending, are tried again for some minutes: what was left is still being
 * looked at, or somebody looks at the standby. */
#define ASK_AGAIN_MS 10000u
#define ASKS_MAX     60u

static bool may_ask_again(const struct evac_drill *d)
{
    bool back = d->state == EVAC_DRILL_IS_RETURNING || d->state == EVAC_DRILL_IS_RETREATING ||
                d->state == EVAC_DRILL_IS_MENDING || d->state == EVAC_DRILL_IS_SALVAGING;
    return back && d->asks < ASKS_MAX;
}

void engine_drill_not_admitted(struct engine_io *io, struct evac_engine_app *a, struct evac_str why)
{
    struct evac_drill *d = &a->drill;
    d->asked = false;
    d->asks++;
    d->ask_ms = io->now->boot_ms + ASK_AGAIN_MS;
    if (may_ask_again(d))
        return;
    move(io, a,
         &(struct drill_move){ .on = d->state == EVAC_DRILL_IS_CHECKING ? EVAC_DRILL_ON_BLOCKED
                                                                        : EVAC_DRILL_ON_RUN_BACK,
                               .why = why });
}

/* A run that is not the drill's own begins. */
void engine_drill_overtaken(struct engine_io *io, struct evac_engine_app *a, struct evac_str who)
{
    struct evac_drill *d = &a->drill;
    if (evac_str_is(who, EVAC_DRILL_WHO) || d->state == EVAC_DRILL_IS_IDLE)
        return;
    d->overtaken = true;
    if (d->state == EVAC_DRILL_IS_SOAKING)
        move_on(io, a, EVAC_DRILL_ON_EMERGENCY, "a real run begins");
}

static bool is_gone(const struct evac_engine_app *a, uint16_t region)
{
    enum evac_verdict v = a->health.regions[region].verdict;
    return v == EVAC_VERDICT_DOWN || v == EVAC_VERDICT_ISOLATED;
}

static bool is_up(const struct evac_engine_app *a, uint16_t region)
{
    return a->health.regions[region].verdict == EVAC_VERDICT_UP ||
           evac_health_is_dormant(&a->health, region);
}

/* What a regional incident means to a drill: in the region that it left, or leaves, and in the
 * other one. What puts a standby to use would stand in the evacuation's way; users are led neither
 * into the incident nor back to it; faults are taken out. Who leaves the region of the incident
 * goes on leaving. */
#define TO(event) EVAC_DRILL_ON_##event
static const struct {
    enum evac_drill_state state;
    bool acts_home, acts_other;
    enum evac_drill_on home, other;
} incident_means[] = {
    { EVAC_DRILL_IS_CHECKING, true, true, TO(EMERGENCY), TO(EMERGENCY) },
    { EVAC_DRILL_IS_RUNNING, true, true, TO(EMERGENCY), TO(EMERGENCY) },
    { EVAC_DRILL_IS_LEAVING, false, true, TO(EMERGENCY), TO(EMERGENCY) },
    { EVAC_DRILL_IS_SOAKING, true, true, TO(EMERGENCY), TO(CALLED_OFF) },
    { EVAC_DRILL_IS_RETURNING, true, false, TO(EMERGENCY), TO(EMERGENCY) },
    { EVAC_DRILL_IS_RETREATING, true, false, TO(EMERGENCY), TO(EMERGENCY) },
    { EVAC_DRILL_IS_WATCHING, true, true, TO(CALLED_OFF), TO(CALLED_OFF) },
};
#undef TO

/* The drill's own run undoes what it has done, unless its point of no return is behind. */
static void undo_run(struct engine_io *io, uint64_t id)
{
    struct evac_run *run = evac_engine_run(io->engine, id);
    struct evac_run_io rio = engine_run_io(io);
    if (!run || run->pivoted)
        return;
    const struct evac_command cancel = { .verb = EVAC_CMD_CANCEL,
                                         .run = id,
                                         .who = EVAC_STR(EVAC_DRILL_WHO),
                                         .reason = EVAC_STR("a regional incident") };
    evac_run_command(run, &rio, &cancel);
    engine_after_run(io, run);
}

static void heed_incident(struct engine_io *io, struct evac_engine_app *a)
{
    struct evac_drill *d = &a->drill;
    uint64_t run = d->run;
    for (size_t i = 0; i < sizeof incident_means / sizeof incident_means[0]; i++) {
        if (incident_means[i].state != d->state)
            continue;
        bool home = incident_means[i].acts_home && evac_engine_is_hit(io->engine, a, d->from);
        bool other = incident_means[i].acts_other && evac_engine_is_hit(io->engine, a, d->to);
        if (!home && !other)
            return;
        struct evac_text why = evac_effects_text(io->fx, 120);
        evac_text_puts(&why, "a regional incident in ");
        evac_text_put(&why, engine_region(a, home ? d->from : d->to));
        move(io, a,
             &(struct drill_move){ .on = home ? incident_means[i].home : incident_means[i].other,
                                   .why = evac_effects_text_end(io->fx, &why) });
        if (run)
            undo_run(io, run);
        return;
    }
}

void engine_drill_watch(struct engine_io *io, struct evac_engine_app *a)
{
    struct evac_drill *d = &a->drill;
    if (!io->engine->lead)
        return;
    heed_incident(io, a);
    bool over = io->now->boot_ms >= d->until_boot_ms;
    if (evac_drill_runs(d->state))
        ask_for_run(io, a);
    if (d->state == EVAC_DRILL_IS_SOAKING && is_gone(a, d->to))
        move_on(io, a, is_up(a, d->from) ? EVAC_DRILL_ON_SICK : EVAC_DRILL_ON_EMERGENCY,
                "the region that serves is down");
    else if (d->state == EVAC_DRILL_IS_SOAKING && over && is_gone(a, d->from))
        move_on(io, a, EVAC_DRILL_ON_EMERGENCY, "home is down: users stay where they are");
    else if (d->state == EVAC_DRILL_IS_SOAKING && over)
        move_on(io, a, EVAC_DRILL_ON_SOAKED, "");
    else if (d->state == EVAC_DRILL_IS_WATCHING && is_gone(a, d->to))
        move_on(io, a, EVAC_DRILL_ON_DISPROVEN, "more broke than should: the standby is down");
    else if (d->state == EVAC_DRILL_IS_WATCHING && over && !a->run)
        move_on(io, a, EVAC_DRILL_ON_DISPROVEN, "the policy did not act in time");
    else if (d->state == EVAC_DRILL_IS_WATCHING && over)
        move_on(io, a, EVAC_DRILL_ON_DISPROVEN, "the app was not back in time");
}

/* The run does not get on: a step asks for a person, or gets no answer to its looks. */
static bool is_stuck(const struct evac_run *run)
{
    if (run->state == EVAC_RUN_ASKING)
        return true;
    for (uint16_t i = 0; i < run->plan->forward_count; i++) {
        const struct evac_step_run *s = &run->steps[i];
        if (!evac_step_is_over(s->state) && s->seen_any && s->last_seen == EVAC_SEEN_UNSEEN)
            return true;
    }
    return false;
}

/* The run becomes what the policy would have begun: it goes on from where it stands, the fence that
 * it has is kept. */
static void turn_real(struct engine_io *io, struct evac_run *run,
                      const struct evac_decision *decision)
{
    struct evac_run_io rio = engine_run_io(io);
    struct evac_text kept = evac_effects_text(io->fx, sizeof decision->reasons);
    evac_text_puts(&kept, decision->reasons);
    const struct evac_command cmd = { .verb = EVAC_CMD_MODE,
                                      .run = run->id,
                                      .who = EVAC_STR("policy"),
                                      .reason = evac_effects_text_end(io->fx, &kept),
                                      .value = decision->mode };
    evac_run_command(run, &rio, &cmd);
    engine_after_run(io, run);
}

/* The users are on their way by a drill's own run, which does not get on, and the policy would move
 * them now: the drill is over, and the move is real. A region that is merely ill is left
 * gracefully, as it was begun. Where the policy only proposes, people are told, and say what
 * becomes of the run. */
void engine_drill_yield(struct engine_io *io, struct evac_engine_app *a)
{
    struct evac_drill *d = &a->drill;
    struct evac_run *run = a->run;
    if (!run || run->id != d->run || d->state == EVAC_DRILL_IS_IDLE || !is_stuck(run))
        return;
    struct evac_decision_input view = evac_engine_view(io->engine, a, a->active, io->now);
    struct evac_decision decision;
    view.run_active = view.run_proposed = false;
    evac_decide(&view, &decision);
    if (decision.decide != EVAC_DECIDE_ACT && decision.decide != EVAC_DECIDE_PROPOSE)
        return;
    bool same_way = evac_str_eq(engine_region(a, decision.target), run->plan->to);
    move_on(io, a, EVAC_DRILL_ON_EMERGENCY,
            "the region that is left is really down: 'evac mode' makes the run ungraceful, 'evac "
            "cancel' takes it back");
    if (decision.decide == EVAC_DECIDE_ACT && same_way && run->mode != decision.mode)
        turn_real(io, run, &decision);
}

/* --- the calendar's and people's words ------------------------------------------------------- */

static void note(struct engine_io *io, const struct evac_engine_app *a,
                 const struct evac_drill_event *e, const char *what)
{
    struct evac_record r = { .kind = EVAC_RECORD_DRILL,
                             .number = e->due_wall_ms,
                             .app = a->app->name,
                             .name = evac_str(evac_drill_kind_name(e->kind)),
                             .to = evac_str(what),
                             .who = e->who,
                             .text = e->why,
                             .data = head(io, a, e) };
    if (e->says != EVAC_DRILL_SAYS_PLANNED)
        r.attempt = io->engine->next_drill++;
    engine_record(io, r);
}

static void begin(struct engine_io *io, struct evac_engine_app *a, const struct evac_drill_event *e)
{
    struct evac_drill *d = &a->drill;
    if (d->state != EVAC_DRILL_IS_IDLE || a->run || a->rehearsal || a->starting) {
        io->fx->answer = EVAC_E_BUSY;
        (void)evac_str_copy(io->fx->answer_text, sizeof io->fx->answer_text,
                            EVAC_STR("a run or a drill of this app is going on already"));
        return;
    }
    if (!io->engine->lead) {
        io->fx->answer = EVAC_E_REFUSED;
        (void)evac_str_copy(io->fx->answer_text, sizeof io->fx->answer_text,
                            EVAC_STR("this controller does not hold the lead"));
        return;
    }
    d->number = io->engine->next_drill++;
    d->kind = e->kind;
    io->fx->answer_run = d->number;
    move(io, a,
         &(struct drill_move){ .on = EVAC_DRILL_ON_BEGIN,
                               .until_ms = e->time_ms,
                               .who = e->who,
                               .why = e->why,
                               .data = head(io, a, e) });
}

void engine_drill_said(struct engine_io *io, const struct evac_drill_event *e)
{
    if (e->app >= io->engine->app_count)
        return;
    struct evac_engine_app *a = &io->engine->apps[e->app];
    switch (e->says) {
    case EVAC_DRILL_SAYS_PLANNED:
        note(io, a, e, "planned");
        break;
    case EVAC_DRILL_SAYS_SKIPPED:
        note(io, a, e, evac_drill_state_name(EVAC_DRILL_IS_SKIPPED));
        break;
    case EVAC_DRILL_SAYS_MISSED:
        note(io, a, e, evac_drill_state_name(EVAC_DRILL_IS_MISSED));
        break;
    case EVAC_DRILL_SAYS_BEGIN:
        begin(io, a, e);
        break;
    }
}

/* false: there is nothing that could be called off. */
bool engine_drill_call_off(struct engine_io *io, struct evac_engine_app *a,
                           const struct evac_command *cmd)
{
    struct evac_drill *d = &a->drill;
    struct evac_run *run = evac_engine_run(io->engine, d->run);
    struct evac_run_io rio = engine_run_io(io);
    if (evac_drill_next(d->state, EVAC_DRILL_ON_CALLED_OFF) != EVAC_DRILL_IS_NONE &&
        d->state != EVAC_DRILL_IS_CHECKING) {
        move(io, a,
             &(struct drill_move){
                 .on = EVAC_DRILL_ON_CALLED_OFF, .who = cmd->who, .why = cmd->reason });
        return true;
    }
    bool way_back = d->state == EVAC_DRILL_IS_RETURNING || d->state == EVAC_DRILL_IS_RETREATING ||
                    d->state == EVAC_DRILL_IS_MENDING || d->state == EVAC_DRILL_IS_SALVAGING;
    if (!run || way_back)
        return false;
    struct evac_command cancel = *cmd;
    cancel.verb = EVAC_CMD_CANCEL;
    cancel.run = run->id;
    evac_run_command(run, &rio, &cancel);
    engine_after_run(io, run);
    return true;
}

/* --- after a crash --------------------------------------------------------------------------- */

/* What ended before the crash, and was not followed by anything; and what is waited for. */
void engine_drill_resume(struct engine_io *io, struct evac_engine_app *a)
{
    struct evac_drill *d = &a->drill;
    if (d->run_end != EVAC_RUN_NONE) {
        enum evac_drill_on on = meaning(d, d->run_end, true);
        move(io, a,
             &(struct drill_move){ .on = on, .run = d->run, .until_ms = until_of(d, on, io->now) });
    } else if (!evac_engine_run(io->engine, d->run)) {
        d->run = 0;
        advance(io, a);
    }
}

uint64_t engine_drill_wake_ms(const struct evac_engine *engine, const struct evac_engine_app *a)
{
    const struct evac_drill *d = &a->drill;
    if (!engine->lead)
        return EVAC_NEVER;
    if (d->state == EVAC_DRILL_IS_SOAKING || d->state == EVAC_DRILL_IS_WATCHING)
        return d->until_boot_ms;
    return evac_drill_runs(d->state) && !d->run && !d->asked ? d->ask_ms : EVAC_NEVER;
}
