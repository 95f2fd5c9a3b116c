/*
 * evac-run-sim: one run at a time, thousands of times, in virtual time, from seeds. The production
 * run machine against a small world of switches with what AWS does to requests: lost before the
 * effect, lost after it, landing a minute late, throttled, refused, seen stale; and with
 * controllers that die and people who change their mind.
 *
 *   evac-run-sim --seeds N [--from S] [--expect-broken]      --seed S --trace
 *
 * The invariants are at the bottom. A build with a rule left out (--without R7) must break
 * them.
 */
#include "rule.h"
#include "run.h"
#include "without.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STEPS    6u
#define CALLS    64u
#define LANDINGS 64u
#define ROWS     4096u
#define Q_MS     330000u
#define LATE_MS  60000u
#define SLOW_MS  20000u
#define MINUTE   60000u

enum { CHECK, FENCE, SCALE, PROMOTE, TRAFFIC, PUBLIC };

struct landing { /* a request under way */
    bool used;
    uint64_t at_ms;
    unsigned which, version;
    bool on;
};

struct open_call {
    bool used, orphan;
    uint64_t at_ms;
    struct evac_call_effect call;
    struct evac_reply reply;
    char version[16];
};

struct toggle {
    bool on;
    unsigned version;
    bool lost;            /* a mutation's reply was lost, and nobody looked since */
    uint64_t stale_until; /* reads show `stale` until then */
    bool stale;
    unsigned stale_version;
};

struct told {       /* of a step: what it was told, and did, whatever its controller remembers */
    unsigned spent; /* attempts that count, since a person said retry */
    uint64_t accepted_ms;   /* 0: nothing was, or it was by a controller that is gone */
    uint64_t not_before_ms; /* the service wants to be left alone until then */
    bool applied, settled;
};

struct sim {
    uint64_t random;
    bool trace;
    struct evac_plan plan;
    struct evac_plan_step steps[2 * STEPS];
    uint16_t after[2 * STEPS][STEPS], rivals[2 * STEPS][1];
    char ids[2 * STEPS][24];
    struct toggle toggles[STEPS];
    struct told told[2 * STEPS];
    struct landing landings[LANDINGS];
    struct open_call calls[CALLS];
    struct evac_run *run;
    struct evac_effects fx;
    struct evac_now now;
    uint64_t next_seq, next_call, committed;
    struct evac_record rows[ROWS];
    char bases[ROWS][16]; /* an intent's text */
    size_t row_count;
    unsigned not_sent, lose_before, lose_after, late, throttle, reject, stale,
        others; /* of 1,000 */
    uint64_t late_ms, late_max_ms, apply_max_ms;
    uint16_t tries;
    enum evac_on_failure on_failure;
    uint32_t deadline_ms;
    bool paused, loses, pivoted;   /* what is promoted may lack what was written last */
    int64_t loss_ms, stood_for_ms; /* of now; of the newest override, -1 nobody stood for it */
    bool faults, ended, settling, excused; /* excused: its time was up, or somebody stopped it */
    char broken[200];
};

static uint64_t draw(struct sim *s)
{
    uint64_t x = s->random += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t below(struct sim *s, uint64_t n)
{
    return n ? draw(s) % n : 0;
}

static void broke(struct sim *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void broke(struct sim *s, const char *fmt, ...)
{
    va_list ap;
    if (s->broken[0])
        return;
    int n = snprintf(s->broken, sizeof s->broken, "at %.3f s: ", (double)s->now.boot_ms / 1000);
    va_start(ap, fmt);
    vsnprintf(s->broken + n, sizeof s->broken - (size_t)n, fmt, ap);
    va_end(ap);
}

static void say(const struct sim *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(const struct sim *s, const char *fmt, ...)
{
    va_list ap;
    if (!s->trace)
        return;
    fprintf(stderr, "%9.3f ", (double)s->now.boot_ms / 1000);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

/* --- the plan: a failover in small
 * --------------------------------------------------------------------------------- */

static const struct {
    const char *id;
    uint32_t flags;
    enum evac_fencing fencing;
    enum evac_phase phase;
    int before[2]; /* indices, -1 none */
} shape[STEPS] = {
    { "check", 0, EVAC_FENCING_NONE, EVAC_PHASE_CHECK, { -1, -1 } },
    { "fence",
      EVAC_STEP_MUTATES | EVAC_STEP_REVERSIBLE | EVAC_STEP_FENCES,
      EVAC_FENCING_VERSION,
      EVAC_PHASE_FENCE,
      { CHECK, -1 } },
    { "scale",
      EVAC_STEP_MUTATES | EVAC_STEP_REVERSIBLE,
      EVAC_FENCING_NONE,
      EVAC_PHASE_CAPACITY,
      { CHECK, -1 } },
    { "promote",
      EVAC_STEP_MUTATES | EVAC_STEP_PROMOTES | EVAC_STEP_PIVOT,
      EVAC_FENCING_STATE,
      EVAC_PHASE_DATA,
      { FENCE, -1 } },
    { "traffic",
      EVAC_STEP_MUTATES | EVAC_STEP_REVERSIBLE | EVAC_STEP_TRAFFIC,
      EVAC_FENCING_VERSION,
      EVAC_PHASE_TRAFFIC,
      { PROMOTE, SCALE } },
    { "public", EVAC_STEP_PUBLIC, EVAC_FENCING_NONE, EVAC_PHASE_CONFIRM, { TRAFFIC, -1 } },
};

static void build_plan(struct sim *s)
{
    s->plan = (struct evac_plan){ .app = EVAC_STR("app"),
                                  .from = EVAC_STR("east"),
                                  .to = EVAC_STR("west"),
                                  .rpo_ms = 5000,
                                  .run_deadline_ms = 60 * MINUTE,
                                  .approval_ms = 15 * MINUTE,
                                  .quarantine_ms = Q_MS,
                                  .confirm_ms = 10000,
                                  .poll_ms = 2000,
                                  .poll_max_ms = 15000,
                                  .steps = s->steps,
                                  .forward_count = STEPS,
                                  .step_count = 2 * STEPS };
    for (unsigned i = 0; i < STEPS; i++) {
        struct evac_plan_step *f = &s->steps[i], *u = &s->steps[STEPS + i];
        snprintf(s->ids[i], sizeof s->ids[i], "%s", shape[i].id);
        snprintf(s->ids[STEPS + i], sizeof s->ids[i], "undo:%s", shape[i].id);
        *f = (struct evac_plan_step){ .id = evac_str(s->ids[i]),
                                      .target = evac_str(s->ids[i]),
                                      .flags = shape[i].flags,
                                      .fencing = shape[i].fencing,
                                      .phase = shape[i].phase,
                                      .deadline_ms = s->deadline_ms,
                                      .tries = s->tries,
                                      .on_failure = s->on_failure,
                                      .after = s->after[i],
                                      .rivals = s->rivals[i],
                                      .rival_count = 1 };
        s->rivals[i][0] = (uint16_t)(STEPS + i);
        s->rivals[STEPS + i][0] = (uint16_t)i;
        for (int k = 0; k < 2 && shape[i].before[k] >= 0; k++)
            s->after[i][f->after_count++] = (uint16_t)shape[i].before[k];
        *u = *f;
        u->id = evac_str(s->ids[STEPS + i]);
        u->flags = (u->flags & ~(uint32_t)EVAC_STEP_PIVOT) | EVAC_STEP_UNDO;
        u->on_failure = EVAC_ON_FAILURE_GO_ON;
        u->after = s->after[STEPS + i];
        u->after_count = 0;
        u->rivals = s->rivals[STEPS + i];
    }
    for (unsigned i = 0; i < STEPS; i++)
        for (uint16_t k = 0; k < s->steps[i].after_count; k++) {
            struct evac_plan_step *u = &s->steps[STEPS + s->after[i][k]];
            s->after[STEPS + s->after[i][k]][u->after_count++] = (uint16_t)(STEPS + i);
        }
}

/* --- the world
 * --------------------------------------------------------------------------------------------------------
 */

/* S1, all the time: the old side writes until it is fenced, the new one once it is promoted. */
static void check_world(struct sim *s)
{
    if (s->toggles[PROMOTE].on && !s->toggles[FENCE].on)
        broke(s, "S1: promoted while the old side may write");
}

/* A replica shows for a while what was before. */
static void become(struct sim *s, struct toggle *t, bool on, unsigned stale)
{
    if (s->faults && below(s, 1000) < stale) {
        t->stale = t->on;
        t->stale_version = t->version;
        t->stale_until = s->now.boot_ms + below(s, 9000);
    }
    t->on = on;
    t->version++;
}

static bool lands(struct sim *s, const struct landing *l)
{
    struct toggle *t = &s->toggles[l->which];
    bool versioned = shape[l->which].fencing == EVAC_FENCING_VERSION;
    if (versioned && l->version != t->version)
        return false; /* its compare fails: whenever it comes, it does nothing */
    if (s->ended)
        broke(s, "S7: a request to %s lands after the run has ended", shape[l->which].id);
    if (!versioned && t->on == l->on)
        return true;
    say(s, "        %s is %s now", shape[l->which].id, l->on ? "on" : "off");
    become(s, t, l->on, s->stale);
    check_world(s);
    return true;
}

static void land_later(struct sim *s, struct landing l, uint64_t after_ms)
{
    for (size_t i = 0; i < LANDINGS; i++)
        if (!s->landings[i].used) {
            s->landings[i] = l;
            s->landings[i].used = true;
            s->landings[i].at_ms = s->now.boot_ms + after_ms;
            return;
        }
    abort();
}

static void observe(struct sim *s, struct open_call *c)
{
    unsigned which = c->call.step % STEPS;
    struct toggle *t = &s->toggles[which];
    bool undo = c->call.step >= STEPS;
    bool versioned = shape[which].fencing == EVAC_FENCING_VERSION;
    bool weak =
        !versioned || (s->stale + s->others && below(s, 2)); /* a replica may have answered */
    if (versioned && s->faults && below(s, 1000) < s->others)
        become(s, t, t->on, 1000); /* somebody else writes another part of that object */
    bool old = weak && s->now.boot_ms < t->stale_until;
    bool shown = old ? t->stale : t->on;
    if (which == CHECK)
        shown = true;
    if (which == PUBLIC)
        shown = s->toggles[TRAFFIC].on && s->toggles[PROMOTE].on;
    snprintf(c->version, sizeof c->version, "%u", old ? t->stale_version : t->version);
    c->reply.seen = shown == !undo ? EVAC_SEEN_SATISFIED : EVAC_SEEN_UNSATISFIED;
    if (s->faults && below(s, 1000) < s->lose_before)
        c->reply.seen = EVAC_SEEN_UNSEEN;
    c->reply.version = evac_str(c->version);
    c->reply.strong = !weak;
    c->reply.snapshot = EVAC_STR("{}");
}

static void apply(struct sim *s, struct open_call *c)
{
    unsigned which = c->call.step % STEPS;
    struct landing l = { .which = which,
                         .on = c->call.step < STEPS,
                         .version = (unsigned)strtoul(c->call.version, NULL, 10) };
    uint64_t die = s->faults ? below(s, 1000) : 1000;
    if (die < s->not_sent) {
        c->reply.outcome = EVAC_OUTCOME_NOT_SENT;
    } else if ((die -= s->not_sent) < s->throttle) {
        c->reply.outcome = EVAC_OUTCOME_THROTTLED;
        c->reply.retry_after_ms = below(s, 2) ? 0 : (uint32_t)below(s, 15000);
    } else if ((die -= s->throttle) < s->reject) {
        c->reply.outcome = EVAC_OUTCOME_REJECTED;
    } else if ((die -= s->reject) < s->lose_before) {
        c->reply.outcome = EVAC_OUTCOME_UNKNOWN;
    } else if ((die -= s->lose_before) < s->lose_after) {
        c->reply.outcome = EVAC_OUTCOME_UNKNOWN;
        (void)lands(s, &l);
    } else if ((die -= s->lose_after) < s->late) {
        c->reply.outcome = EVAC_OUTCOME_UNKNOWN;
        land_later(s, l, s->late_ms + below(s, s->late_max_ms - s->late_ms));
    } else {
        c->reply.outcome = lands(s, &l) ? EVAC_OUTCOME_ACCEPTED : EVAC_OUTCOME_REJECTED;
    }
}

/* --- the shell
 * -----------------------------------------------------------------------------------------------------------
 */

static struct evac_run_io io(struct sim *s)
{
    s->now.random = draw(s);
    s->run->loss_ms = s->loss_ms;
    evac_effects_reset(&s->fx);
    return (struct evac_run_io){ &s->fx, &s->now, &s->next_seq, &s->next_call, 1 };
}

/* S4: what is lost is within the objective, or somebody stood for it: for what was shown to them,
 * and up to twice as much. */
static void check_loss(struct sim *s)
{
    bool covered = s->stood_for_ms == EVAC_LOSS_UNKNOWN ||
                   (s->stood_for_ms >= 0 && s->loss_ms != EVAC_LOSS_UNKNOWN &&
                    s->loss_ms / 2 <= s->stood_for_ms);
    if (s->loses && s->loss_ms > s->plan.rpo_ms && !covered)
        broke(s, "S4: promoted at a loss of %lld ms, and nobody stood for it",
              (long long)s->loss_ms);
}

/* L5: what is given up had its tries, and its time. */
static void check_end_of_step(struct sim *s, const struct evac_record *r)
{
    const struct told *told = &s->told[r->step];
    bool asked = evac_str_is(r->from, evac_step_state_name(EVAC_STEP_VERIFYING)) ||
                 evac_str_is(r->from, evac_step_state_name(EVAC_STEP_UNKNOWN)) ||
                 evac_str_is(r->from, evac_step_state_name(EVAC_STEP_OBSERVING));
    if (evac_str_is(r->event, evac_step_event_name(EVAC_ON_SPENT)) && asked &&
        told->spent < s->tries)
        broke(s, "L5: %s is given up after %u tries of %u", s->ids[r->step], told->spent, s->tries);
    if (evac_str_is(r->event, evac_step_event_name(EVAC_ON_TIME_UP)) &&
        evac_str_is(r->from, evac_step_state_name(EVAC_STEP_QUARANTINED)))
        broke(s, "L5: the time of %s is up while it waits for another's request", s->ids[r->step]);
}

static void hear_command(struct sim *s, const struct evac_record *r)
{
    if (evac_str_is(r->name, evac_command_name(EVAC_CMD_PAUSE)))
        s->paused = true;
    if (evac_str_is(r->name, evac_command_name(EVAC_CMD_RESUME)))
        s->paused = false;
}

static void hear_row(struct sim *s, const struct evac_record *r)
{
    if (r->kind == EVAC_RECORD_COMMAND)
        hear_command(s, r);
    if (r->kind == EVAC_RECORD_STEP)
        check_end_of_step(s, r);
    if (r->kind == EVAC_RECORD_INTENT && r->step < STEPS && s->paused)
        broke(s, "L5: %s is begun while the run is paused", s->ids[r->step]);
    if (r->kind == EVAC_RECORD_OVERRIDE)
        s->stood_for_ms = r->number < 0 ? EVAC_LOSS_UNKNOWN : r->number;
    if (r->kind == EVAC_RECORD_INTENT && r->step == PROMOTE && !s->pivoted) {
        s->pivoted = true; /* from here on it is forward or hold */
        check_loss(s);
    }
    if (r->kind == EVAC_RECORD_MODE && s->pivoted && r->number == EVAC_MODE_GRACEFUL)
        broke(s, "S11: graceful again, after the point of no return");
    if (r->kind == EVAC_RECORD_STEP && evac_str_is(r->event, evac_step_event_name(EVAC_ON_RETRY)))
        s->told[r->step].spent = 0;
    if (r->kind == EVAC_RECORD_RUN && evac_str_is(r->to, evac_run_state_name(EVAC_RUN_SETTLING)))
        s->settling = true;
    if ((r->kind == EVAC_RECORD_RUN || r->kind == EVAC_RECORD_TERMINAL) &&
        evac_str_is(r->event, evac_run_event_name(EVAC_RUN_ON_TIME_UP)))
        s->excused = true;
}

/* Only constant texts and the plan's own are kept: what else a row says is not folded. */
static void keep_row(struct sim *s, const struct evac_record *r)
{
    if (s->row_count == ROWS) {
        broke(s, "L1: more rows than a run can need");
        return;
    }
    struct evac_record copy = *r;
    copy.text = copy.data = copy.request_id = copy.who = EVAC_STR_NONE;
    if (r->kind == EVAC_RECORD_OBSERVE && !evac_str_is(r->event, "superseded"))
        copy.event = EVAC_STR_NONE;
    if (r->kind == EVAC_RECORD_INTENT) {
        (void)evac_str_copy(s->bases[s->row_count], sizeof s->bases[0], r->text);
        copy.text = evac_str(s->bases[s->row_count]);
    }
    s->rows[s->row_count++] = copy;
    s->committed = r->seq;
    hear_row(s, r);
    say(s, "%s %.*s %.*s -> %.*s on %.*s", evac_record_kind_name(r->kind), EVAC_STR_ARG(r->name),
        EVAC_STR_ARG(r->from), EVAC_STR_ARG(r->to), EVAC_STR_ARG(r->event));
}

static void check_call(struct sim *s, const struct evac_call_effect *call)
{
    const struct toggle *t = &s->toggles[call->step % STEPS];
    struct told *told = &s->told[call->step];
    const struct evac_plan_step *step = &s->steps[call->step];
    for (uint16_t k = 0; k < step->after_count && !s->settling; k++)
        if (!evac_step_is_over(s->run->steps[step->after[k]].state) && EVAC_RULE(FENCE))
            broke(s, "S2: %s is begun before %s is over", s->ids[call->step],
                  s->ids[step->after[k]]);
    if (call->verb != EVAC_VERB_APPLY)
        return;
    told->applied = true;
    if (told->spent >= s->tries)
        broke(s, "S9: %s is applied again, after %u tries of %u", s->ids[call->step], told->spent,
              s->tries);
    if (s->now.boot_ms < told->not_before_ms)
        broke(s, "S9: %s is applied again sooner than the service asked for", s->ids[call->step]);
    if (told->accepted_ms && s->now.boot_ms - told->accepted_ms < s->plan.confirm_ms)
        broke(s, "R6: %s was accepted, and applied again before that can be seen",
              s->ids[call->step]);
    if (s->run->steps[call->step].intent_seq > s->committed)
        broke(s, "S6: %s is applied before its intent is durable", s->ids[call->step]);
    if (t->lost)
        broke(s, "R5: %s is applied again, and nobody looked since the reply was lost",
              s->ids[call->step]);
}

static void open_call(struct sim *s, const struct evac_call_effect *call)
{
    check_call(s, call);
    for (size_t i = 0; i < CALLS; i++)
        if (!s->calls[i].used) {
            s->calls[i] = (struct open_call){ .used = true,
                                              .call = *call,
                                              .at_ms = s->now.boot_ms + 5 + below(s, 200) };
            if (call->verb == EVAC_VERB_APPLY) /* a driver may look first, and send then */
                s->calls[i].at_ms += below(s, s->apply_max_ms);
            s->calls[i].reply = (struct evac_reply){ .verb = call->verb, .progress = -1 };
            return;
        }
    abort();
}

/* R8: what was touched was looked at once more, since nothing new was begun. */
static void end(struct sim *s)
{
    s->ended = true;
    for (unsigned i = 0; EVAC_RULE(R8) && !s->excused && i < 2 * STEPS; i++)
        if (s->told[i].applied && !s->told[i].settled)
            broke(s, "R8: it ends, and nobody looked what became of %s", s->ids[i]);
}

static void perform(struct sim *s)
{
    bool intent = false;
    for (size_t i = 0; !EVAC_RULE(R1) && i < s->fx.count; i++)
        if (s->fx.items[i].kind == EVAC_FX_CALL)
            open_call(s, &s->fx.items[i].u.call);
    for (size_t i = 0; i < s->fx.count; i++)
        if (s->fx.items[i].kind == EVAC_FX_JOURNAL) {
            intent = intent || s->fx.items[i].u.record.kind == EVAC_RECORD_INTENT;
            keep_row(s, &s->fx.items[i].u.record);
        }
    for (size_t i = 0; i < s->fx.count; i++) {
        if (EVAC_RULE(R1) && s->fx.items[i].kind == EVAC_FX_CALL)
            open_call(s, &s->fx.items[i].u.call);
        if (s->fx.items[i].kind == EVAC_FX_ENDED)
            end(s);
    }
    if (intent) {
        struct evac_run_io again = io(s);
        evac_run_committed(s->run, &again, s->committed);
        perform(s);
    }
}

/* R4: what an apply was told is what the step then is, and a lost reply is a state of its own. */
static void check_told(struct sim *s, const struct open_call *c)
{
    static const enum evac_step_state after[EVAC_OUTCOME_COUNT] = {
        [EVAC_OUTCOME_ACCEPTED] = EVAC_STEP_VERIFYING, [EVAC_OUTCOME_THROTTLED] = EVAC_STEP_COOLING,
        [EVAC_OUTCOME_NOT_SENT] = EVAC_STEP_COOLING,   [EVAC_OUTCOME_REJECTED] = EVAC_STEP_REFUSED,
        [EVAC_OUTCOME_UNKNOWN] = EVAC_STEP_UNKNOWN,
    };
    enum evac_outcome outcome = c->reply.outcome;
    enum evac_step_state state = s->run->steps[c->call.step].state;
    struct told *told = &s->told[c->call.step];
    told->spent += outcome != EVAC_OUTCOME_THROTTLED && outcome != EVAC_OUTCOME_NOT_SENT;
    told->not_before_ms = s->now.boot_ms + c->reply.retry_after_ms;
    told->accepted_ms = outcome == EVAC_OUTCOME_ACCEPTED ? s->now.boot_ms : 0;
    if (state != after[outcome] && !evac_step_is_over(state))
        broke(s, "R4: %s was told %s, and is %s", s->ids[c->call.step], evac_outcome_name(outcome),
              evac_step_state_name(state));
}

static void answer(struct sim *s, struct open_call *c)
{
    struct toggle *t = &s->toggles[c->call.step % STEPS];
    bool is_apply = c->call.verb == EVAC_VERB_APPLY;
    c->used = false;
    if (is_apply)
        apply(s, c);
    else
        observe(s, c);
    if (c->orphan || s->ended)
        return;
    if (is_apply)
        t->lost = c->reply.outcome == EVAC_OUTCOME_UNKNOWN;
    else if (c->reply.seen != EVAC_SEEN_UNSEEN)
        t->lost = false;
    bool awaited = s->run->steps[c->call.step].call == c->call.call;
    struct evac_run_io x = io(s);
    evac_run_reply(s->run, &x, c->call.step, c->call.call, &c->reply);
    if (is_apply && awaited)
        check_told(s, c);
    s->told[c->call.step].settled |= !is_apply && s->settling;
    perform(s);
}

static uint64_t next_ms(const struct sim *s)
{
    uint64_t next = s->ended ? UINT64_MAX : s->run->wake_ms;
    for (size_t i = 0; i < CALLS; i++)
        if (s->calls[i].used && s->calls[i].at_ms < next)
            next = s->calls[i].at_ms;
    for (size_t i = 0; i < LANDINGS; i++)
        if (s->landings[i].used && s->landings[i].at_ms < next)
            next = s->landings[i].at_ms;
    return next;
}

static bool one_event(struct sim *s)
{
    for (size_t i = 0; i < LANDINGS; i++)
        if (s->landings[i].used && s->landings[i].at_ms <= s->now.boot_ms) {
            s->landings[i].used = false;
            (void)lands(s, &s->landings[i]);
            return true;
        }
    for (size_t i = 0; i < CALLS; i++)
        if (s->calls[i].used && s->calls[i].at_ms <= s->now.boot_ms) {
            answer(s, &s->calls[i]);
            return true;
        }
    if (s->ended || s->run->wake_ms > s->now.boot_ms)
        return false;
    struct evac_run_io x = io(s);
    evac_run_tick(s->run, &x);
    perform(s);
    return true;
}

static void run_for(struct sim *s, uint64_t ms)
{
    uint64_t until = s->now.boot_ms + ms;
    for (unsigned guard = 0; !s->broken[0]; guard++) {
        uint64_t next = next_ms(s);
        if (next > until)
            break;
        if (next > s->now.boot_ms) {
            s->now.wall_ms += (int64_t)(next - s->now.boot_ms);
            s->now.boot_ms = next;
        }
        (void)one_event(s);
        if (guard > 200000)
            broke(s, "L1: it turns in circles");
    }
    if (s->now.boot_ms < until) {
        s->now.wall_ms += (int64_t)(until - s->now.boot_ms);
        s->now.boot_ms = until;
    }
}

static void init_run(struct sim *s)
{
    free(s->run);
    s->run = evac_run_init(calloc(1, evac_run_bytes(&s->plan)), &s->plan);
    s->run->id = 1;
    s->run->facts.loss_agreed = true;
}

static void crash(struct sim *s)
{
    if (s->ended)
        return;
    say(s, "kill -9");
    for (size_t i = 0; i < CALLS; i++)
        if (s->calls[i].used && !s->calls[i].orphan) {
            s->calls[i].orphan = true;
            s->calls[i].at_ms = s->now.boot_ms; /* who is dead sends nothing more */
        }
    for (size_t i = 0; i < 2 * STEPS; i++)
        s->told[i].accepted_ms = s->told[i].not_before_ms = 0;
    init_run(s);
    for (size_t i = 0; i < s->row_count; i++)
        if (evac_run_fold(s->run, &s->rows[i], NULL))
            broke(s, "S15: the journal does not fold");
    for (unsigned i = 0; i < STEPS; i++)
        s->toggles[i].lost = s->run->steps[i].open || s->run->steps[STEPS + i].open;
    s->next_seq = s->committed + 1;
    struct evac_run_io x = io(s);
    evac_run_resume(s->run, &x);
    perform(s);
}

static void command(struct sim *s, enum evac_command_verb verb, int64_t value)
{
    if (s->ended)
        return;
    struct evac_run_io x = io(s);
    struct evac_command cmd = {
        .verb = verb,
        .run = 1,
        .value = value,
        .who = EVAC_STR("sim"),
        .reason = EVAC_STR("accepts the unknown loss, and what is shown"),
        .roles = UINT32_MAX,
    };
    say(s, "a person says %s", evac_command_name(verb));
    evac_run_command(s->run, &x, &cmd);
    perform(s);
}

/* --- one seed
 * --------------------------------------------------------------------------------------------------------------
 */

static unsigned maybe(struct sim *s, unsigned most)
{
    return below(s, 2) ? (unsigned)below(s, most + 1) : 0;
}

static void set_up(struct sim *s, uint64_t seed, bool trace)
{
    memset(s, 0, sizeof *s);
    s->random = seed * 0xd1342543de82ef95u + 3;
    s->trace = trace;
    s->now = (struct evac_now){ 1000, 1700000000000, 0 };
    s->next_seq = 1;
    s->lose_before = maybe(s, 150), s->lose_after = maybe(s, 150), s->late = maybe(s, 250);
    s->throttle = maybe(s, 200), s->reject = maybe(s, 50), s->stale = maybe(s, 200);
    s->not_sent = maybe(s, 200), s->others = maybe(s, 200);
    s->late_ms = below(s, 4) ? 1000 : Q_MS - LATE_MS;
    s->late_max_ms = s->late_ms + LATE_MS - 1000; /* as long as a signature lives */
    s->apply_max_ms = s->late_ms == 1000 ? 1 : SLOW_MS;
    s->deadline_ms = below(s, 4) ? 10 * MINUTE : Q_MS / 2;
    s->tries = (uint16_t)(below(s, 2) ? 8 : 1 + below(s, 3));
    s->on_failure = below(s, 2) ? EVAC_ON_FAILURE_STOP : EVAC_ON_FAILURE_ASK;
    s->faults = true;
    if (s->stale) { /* it was on a moment ago: a replica still says so, for less than W */
        s->toggles[SCALE].stale = true;
        s->toggles[SCALE].stale_until = s->now.boot_ms + below(s, 9000);
    }
    s->loses = below(s, 3) == 0;
    s->stood_for_ms = -1;
    build_plan(s);
    if (s->loses)
        s->steps[PROMOTE].flags |= EVAC_STEP_LOSSY;
    init_run(s);
}

/* What each ending promises, once everything that was sent has landed. */
static void check_end(struct sim *s)
{
    const struct toggle *t = s->toggles;
    enum evac_run_state state = s->run->state;
    bool moved = t[FENCE].on && t[PROMOTE].on && t[TRAFFIC].on && t[SCALE].on;
    bool failed = s->excused || s->run->stopped;
    for (unsigned i = 0; i < 2 * STEPS; i++)
        failed = failed || s->run->steps[i].state == EVAC_STEP_FAILED ||
                 s->run->steps[i].state == EVAC_STEP_HELD;
    if (!s->ended)
        broke(s, "L1: it does not end: %s", evac_run_state_name(state));
    else if ((state == EVAC_RUN_HELD || state == EVAC_RUN_FAILED) && !failed)
        broke(s, "L5: it is %s, and no step says why", evac_run_state_name(state));
    else if ((state == EVAC_RUN_SUCCEEDED || state == EVAC_RUN_EXCEPTIONS) && !moved)
        broke(s, "S10: succeeded, but fence %d scale %d promote %d traffic %d", t[FENCE].on,
              t[SCALE].on, t[PROMOTE].on, t[TRAFFIC].on);
    else if (state == EVAC_RUN_ROLLED_BACK &&
             (t[FENCE].on || t[SCALE].on || t[PROMOTE].on || t[TRAFFIC].on))
        broke(s, "S10: rolled back, but fence %d scale %d promote %d traffic %d", t[FENCE].on,
              t[SCALE].on, t[PROMOTE].on, t[TRAFFIC].on);
}

static void trouble(struct sim *s)
{
    static const enum evac_command_verb words[] = {
        EVAC_CMD_CANCEL, EVAC_CMD_PAUSE, EVAC_CMD_RESUME,   EVAC_CMD_CANCEL,
        EVAC_CMD_MODE,   EVAC_CMD_MODE,  EVAC_CMD_OVERRIDE, EVAC_CMD_OVERRIDE,
    };
    bool crashes = below(s, 2), people = below(s, 2);
    uint64_t turns = 2 + below(s, 10);
    for (uint64_t i = 0; i < turns && !s->broken[0]; i++) {
        run_for(s, below(s, below(s, 2) ? 400 : 20000));
        if (crashes && below(s, 3) == 0)
            crash(s);
        if (people && below(s, 3) == 0)
            command(s, words[below(s, sizeof words / sizeof words[0])],
                    (int64_t)below(s, EVAC_MODE_COUNT));
        if (s->loses && s->loss_ms != EVAC_LOSS_UNKNOWN && below(s, 2))
            s->loss_ms = below(s, 16) ? s->loss_ms + (int64_t)below(s, 20000) : EVAC_LOSS_UNKNOWN;
    }
}

static bool one_seed(struct sim *s, uint64_t seed, bool trace)
{
    set_up(s, seed, trace);
    command(s, EVAC_CMD_APPROVE, 0);
    trouble(s);
    s->faults = false;
    for (int i = 0; i < 120 && !s->ended && !s->broken[0]; i++) {
        run_for(s, MINUTE);
        command(s, EVAC_CMD_RESUME, 0);
        command(s, EVAC_CMD_OVERRIDE, 0);
        if (!s->ended && s->run->state == EVAC_RUN_ASKING)
            command(s, below(s, 2) ? EVAC_CMD_RETRY : EVAC_CMD_CANCEL, 0);
    }
    run_for(s, 10 * MINUTE);
    if (!s->broken[0])
        check_end(s);
    if (s->broken[0])
        fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, s->broken);
    return s->broken[0] == '\0';
}

int main(int argc, char **argv)
{
    static const struct option options[] = { { "seeds", required_argument, NULL, 'n' },
                                             { "from", required_argument, NULL, 'f' },
                                             { "seed", required_argument, NULL, 's' },
                                             { "trace", no_argument, NULL, 't' },
                                             { "expect-broken", no_argument, NULL, 'x' },
                                             { "without", required_argument, NULL, 'w' },
                                             { NULL, 0, NULL, 0 } };
    uint64_t from = 1, count = 1000, done = 0, ended[EVAC_RUN_STATE_COUNT] = { 0 };
    bool trace = false, expect = false, good = true;
    struct timespec begin, end;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (c) {
        case 'n':
            count = strtoull(optarg, NULL, 10);
            break;
        case 's':
            count = 1;
            from = strtoull(optarg, NULL, 10);
            break;
        case 'f':
            from = strtoull(optarg, NULL, 10);
            break;
        case 't':
            trace = true;
            break;
        case 'x':
            expect = true;
            break;
        case 'w':
            if (leave_out(optarg))
                break;
            return 2;
        default:
            fputs("evac-run-sim [--seeds N] [--from S] [--seed S] [--trace] [--expect-broken] "
                  "[--without RULE]\n",
                  stderr);
            return 2;
        }
    struct sim *s = calloc(1, sizeof *s);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (; good && done < count; done++) {
        struct evac_run *old = s->run;
        free(old);
        s->run = NULL;
        good = one_seed(s, from + done, trace);
        ended[s->run->state]++;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds =
        (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
    printf("{\"seeds\":%llu,\"good\":%s,\"seeds_per_s\":%.0f", (unsigned long long)done,
           good ? "true" : "false", seconds > 0 ? (double)done / seconds : 0);
    for (unsigned i = EVAC_RUN_SUCCEEDED; i < EVAC_RUN_STATE_COUNT; i++)
        printf(",\"%s\":%llu", evac_run_state_name((enum evac_run_state)i),
               (unsigned long long)ended[i]);
    puts("}");
    free(s->run);
    free(s);
    return good == !expect ? 0 : 1;
}
