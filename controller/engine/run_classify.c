/* Answers to events. All conditions live here, so that the tables need no guards. */
#include "run_internal.h"

static bool is_mutating(const struct evac_run *run, uint16_t i)
{
    return (plan_step(run, i)->flags & EVAC_STEP_MUTATES) != 0;
}

/* R6: a satisfied read closes a step only if our own accepted attempt explains it, or the read is
 * strong or versioned, or a second look says so at least W later. What we do not change, a look is
 * enough for. */
static enum evac_step_event satisfied(struct evac_run *run, const struct evac_run_io *io,
                                      uint16_t i, bool strong)
{
    struct evac_step_run *s = &run->steps[i];
    if (!EVAC_RULE(R6) || !is_mutating(run, i) || strong)
        return EVAC_ON_SAW_CONFIRMED;
    if (s->acked && s->state == EVAC_STEP_VERIFYING)
        return EVAC_ON_SAW_CONFIRMED;
    if (s->state != EVAC_STEP_CONFIRMING || s->satisfied_ms == 0) {
        s->satisfied_ms = io->now->boot_ms;
        return EVAC_ON_SAW_SATISFIED;
    }
    return io->now->boot_ms - s->satisfied_ms >= run->plan->confirm_ms ? EVAC_ON_SAW_CONFIRMED
                                                                       : EVAC_ON_SAW_SATISFIED;
}

static bool may_try_again(const struct evac_run *run, uint16_t i)
{
    const struct evac_step_run *s = &run->steps[i];
    const struct evac_plan_step *p = plan_step(run, i);
    if (s->tries_used >= p->tries)
        return false;
    /* a typed refusal is final, but a lost compare only says that the version moved */
    return s->state != EVAC_STEP_REFUSED || p->fencing == EVAC_FENCING_VERSION;
}

/* An accepted change may take a moment to be seen: eventual consistency is given W. */
static bool may_be_stale(const struct evac_run *run, const struct evac_run_io *io, uint16_t i)
{
    const struct evac_step_run *s = &run->steps[i];
    return s->state == EVAC_STEP_VERIFYING && s->acked &&
           io->now->boot_ms - s->acked_ms < run->plan->confirm_ms;
}

static enum evac_step_event unsatisfied(struct evac_run *run, const struct evac_run_io *io,
                                        uint16_t i)
{
    struct evac_step_run *s = &run->steps[i];
    if (!is_mutating(run, i) || may_be_stale(run, io, i) || run->paused)
        return EVAC_ON_SAW_MOVING;
    if (s->state == EVAC_STEP_OBSERVING || s->state == EVAC_STEP_CONFIRMING) {
        if (run_gates_shut(run, io->now, i))
            return EVAC_ON_GATE_SHUT;
    }
    return may_try_again(run, i) ? EVAC_ON_SAW_UNSATISFIED : EVAC_ON_SPENT;
}

/* Nothing that a run does makes it so: what it checks first, and changes nothing by. */
static bool is_so_or_not(const struct evac_run *run, uint16_t i)
{
    return plan_step(run, i)->phase == EVAC_PHASE_CHECK && !is_mutating(run, i);
}

/* A rehearsal learns what a run would do. What it checks first has to be so already, and so has
 * what a drill looks at before it begins: a quota is not large enough, an alarm that is on is not
 * quiet because nobody changes it. */
static enum evac_step_event rehearsed(struct evac_run *run, uint16_t i, enum evac_seen seen)
{
    switch (seen) {
    case EVAC_SEEN_SATISFIED:
        return EVAC_ON_SAW_CONFIRMED;
    case EVAC_SEEN_UNSATISFIED:
        return run->plan->must_hold || is_so_or_not(run, i) ? EVAC_ON_SPENT : EVAC_ON_REHEARSED;
    case EVAC_SEEN_MOVING:
        return run->plan->must_hold ? EVAC_ON_SPENT : EVAC_ON_REHEARSED;
    case EVAC_SEEN_BLOCKED:
        return EVAC_ON_SPENT;
    case EVAC_SEEN_UNSEEN:
    case EVAC_SEEN_COUNT:
        break;
    }
    return run->steps[i].looked_ms ? EVAC_ON_SPENT : EVAC_ON_SAW_NOTHING; /* is asked twice */
}

static enum evac_step_event classify(struct evac_run *run, const struct evac_run_io *io, uint16_t i,
                                     const struct evac_reply *reply)
{
    uint64_t until;
    bool versioned = plan_step(run, i)->fencing == EVAC_FENCING_VERSION;

    if (run->plan->rehearse)
        return rehearsed(run, i, reply->seen);

    bool closes = reply->seen == EVAC_SEEN_SATISFIED || reply->seen == EVAC_SEEN_UNSATISFIED;
    if (closes && is_mutating(run, i) && run_is_barred(run, io->now, i, &until)) {
        /* poison: write even what is already so, so that the one in flight loses its compare */
        if (versioned)
            return unsatisfied(run, io, i);
        return EVAC_ON_BARRED;
    }
    switch (reply->seen) {
    case EVAC_SEEN_SATISFIED:
        return satisfied(run, io, i, reply->strong);
    case EVAC_SEEN_UNSATISFIED:
        return unsatisfied(run, io, i);
    case EVAC_SEEN_MOVING:
        return EVAC_ON_SAW_MOVING;
    case EVAC_SEEN_BLOCKED:
        return EVAC_ON_SAW_BLOCKED;
    case EVAC_SEEN_UNSEEN:
    case EVAC_SEEN_COUNT:
        break;
    }
    return EVAC_ON_SAW_NOTHING;
}

/* --- what an observation leaves behind
 * ---------------------------------------------------------------- */

static struct evac_record about(uint16_t i, enum evac_record_kind kind)
{
    return (struct evac_record){ .kind = kind, .step = i };
}

/* Two clocks are compared by what is cut to seconds: less than that later is no news. */
#define AS_OF_NEWS_MS 1000

/* Only of what could be taken over now: while it waits, the newest point is none yet. */
static void note_as_of(struct evac_run *run, struct evac_run_io *io, uint16_t i,
                       const struct evac_reply *reply)
{
    const struct evac_step_run *s = &run->steps[i];
    bool takes = reply->seen == EVAC_SEEN_SATISFIED || reply->seen == EVAC_SEEN_UNSATISFIED;
    if (!takes || !(plan_step(run, i)->flags & EVAC_STEP_WAITS) || run->plan->rehearse)
        return;
    for (size_t f = 0; f < reply->fact_count; f++) {
        struct evac_str name = evac_str(reply->facts[f].name);
        int64_t later_ms = reply->facts[f].value - s->as_of_wall_ms;
        if (!evac_str_is(name, EVAC_FACT_AS_OF) || (later_ms >= 0 && later_ms < AS_OF_NEWS_MS))
            continue;
        struct evac_record r = about(i, EVAC_RECORD_FACT);
        r.text = name;
        r.number = reply->facts[f].value;
        evac_run_record(run, io, r);
    }
}

static void note_facts(struct evac_run *run, struct evac_run_io *io, uint16_t i,
                       const struct evac_reply *reply)
{
    const struct evac_plan_step *p = plan_step(run, i);
    const struct evac_step_run *s = &run->steps[i];
    for (size_t f = 0; f < reply->fact_count; f++)
        for (unsigned k = 0; k < EVAC_STEP_FACTS; k++) {
            bool known = (s->fact_known & (1u << k)) != 0;
            if (p->facts[k].n == 0 || !evac_str_is(p->facts[k], reply->facts[f].name) ||
                (known && s->facts[k] == reply->facts[f].value))
                continue;
            struct evac_record r = about(i, EVAC_RECORD_FACT);
            r.text = p->facts[k];
            r.number = reply->facts[f].value;
            evac_run_record(run, io, r);
        }
}

/* A version that moved on is proof that a compare against the old one can not succeed any more. Of
 * attempts on several versions (a replica may have shown an older one in between) only the newest
 * one's is known: what is not that one may still be what another compares with. */
static bool is_superseded(const struct evac_run *run, uint16_t i, const struct evac_reply *reply)
{
    const struct evac_step_run *s = &run->steps[i];
    return plan_step(run, i)->fencing == EVAC_FENCING_VERSION && s->doubt && !s->apart &&
           reply->strong && reply->version.n > 0 && reply->seen != EVAC_SEEN_UNSEEN &&
           !evac_str_is(reply->version, s->base);
}

static void note_observation(struct evac_run *run, struct evac_run_io *io, uint16_t i,
                             const struct evac_reply *reply)
{
    struct evac_step_run *s = &run->steps[i];
    bool superseded = is_superseded(run, i, reply);
    bool news = !s->seen_any || s->last_seen != reply->seen || superseded;

    s->seen_any = true;
    s->last_seen = reply->seen;
    s->progress = reply->progress;
    (void)evac_str_copy(s->reason, sizeof s->reason, reply->reason);
    if (!news)
        return;
    struct evac_record r = about(i, EVAC_RECORD_OBSERVE);
    r.number = reply->seen;
    r.event = superseded ? EVAC_STR("superseded") : EVAC_STR_NONE;
    r.text = reply->reason;
    r.request_id = reply->request_id;
    r.data = reply->seen == EVAC_SEEN_SATISFIED ? reply->snapshot : EVAC_STR_NONE;
    evac_run_record(run, io, r);
}

/* What to go back to: written once, before the first change. */
static void keep_snapshot(struct evac_run *run, struct evac_run_io *io, uint16_t i,
                          const struct evac_reply *reply)
{
    struct evac_step_run *s = &run->steps[i];
    if (s->attempts > 0 || s->snapshot_seq || evac_step_is_undo(run, i))
        return;
    struct evac_record r = about(i, EVAC_RECORD_SNAPSHOT);
    r.data = reply->snapshot;
    r.text = reply->version;
    evac_run_record(run, io, r);
}

static void intend(struct evac_run *run, struct evac_run_io *io, uint16_t i,
                   const struct evac_reply *reply)
{
    struct evac_step_run *s = &run->steps[i];
    (void)evac_str_copy(s->version, sizeof s->version, reply->version);
    s->doubt = s->doubt || s->open;

    struct evac_record r = about(i, EVAC_RECORD_INTENT);
    r.attempt = s->attempts + 1;
    r.text = evac_str(s->version); /* what it is based on: after a crash, only this row knows */
    evac_run_record(run, io, r);
    s->acked_ms = 0;
    s->unresolved_ms = io->now->boot_ms;
    s->call_deadline_ms = io->now->boot_ms + EVAC_CALL_APPLY_MS;
    if (!EVAC_RULE(R1))
        evac_run_committed(run, io, s->intent_seq);
}

static void begin_quarantine(struct evac_run *run, struct evac_run_io *io, uint16_t i)
{
    uint64_t until;
    struct evac_step_run *s = &run->steps[i];
    if (!run_is_barred(run, io->now, i, &until))
        until = io->now->boot_ms;
    s->wake_ms = until;
    /* waiting for somebody else's request to die is not this step's own time */
    if (s->deadline_ms != EVAC_NEVER && until > io->now->boot_ms)
        s->deadline_ms += until - io->now->boot_ms;
    (void)evac_str_copy(s->reason, sizeof s->reason,
                        EVAC_STR("an earlier request to the same resource may still land"));
}

static void public_seen(struct evac_run *run, struct evac_run_io *io, uint16_t i,
                        const struct evac_reply *reply)
{
    if ((plan_step(run, i)->flags & EVAC_STEP_PUBLIC) && reply->seen == EVAC_SEEN_SATISFIED &&
        !run->plan->rehearse)
        evac_run_instant(run, io, EVAC_INSTANT_RECOVERED, io->now->boot_ms, io->now->wall_ms);
}

void run_saw(struct evac_run *run, struct evac_run_io *io, uint16_t i,
             const struct evac_reply *reply)
{
    struct evac_step_run *s = &run->steps[i];
    uint32_t over_in_ms = reply->seen == EVAC_SEEN_MOVING ? reply->retry_after_ms : 0;
    note_observation(run, io, i, reply);
    note_as_of(run, io, i, reply);
    note_facts(run, io, i, reply);
    public_seen(run, io, i, reply);

    enum evac_step_event event = classify(run, io, i, reply);
    if (event == EVAC_ON_SAW_UNSATISFIED && evac_step_next(s->state, event) == EVAC_STEP_INTENDING)
        keep_snapshot(run, io, i, reply);

    if (event == EVAC_ON_GATE_SHUT && evac_step_next(s->state, event) == EVAC_STEP_GATED) {
        run_shut_gate(run, io, i);
        return;
    }
    if (!run_move_step(run, io, i, event, s->reason)) {
        run_poll_later(run, io, i, over_in_ms);
        return;
    }
    switch (s->state) {
    case EVAC_STEP_INTENDING:
        intend(run, io, i, reply);
        break;
    case EVAC_STEP_COOLING:
        run_cool(run, io, i, (struct run_cooling){ .base_ms = run->plan->poll_ms });
        break;
    case EVAC_STEP_QUARANTINED:
        begin_quarantine(run, io, i);
        break;
    case EVAC_STEP_CONFIRMING:
        s->wake_ms = s->satisfied_ms + run->plan->confirm_ms;
        if (s->wake_ms <= io->now->boot_ms)
            run_poll_later(run, io, i, over_in_ms);
        break;
    case EVAC_STEP_OBSERVING:
    case EVAC_STEP_VERIFYING:
    case EVAC_STEP_UNKNOWN:
    case EVAC_STEP_REFUSED:
        run_poll_later(run, io, i, over_in_ms);
        break;
    case EVAC_STEP_NONE:
    case EVAC_STEP_WAITING:
    case EVAC_STEP_GATED:
    case EVAC_STEP_APPLYING:
    case EVAC_STEP_DONE:
    case EVAC_STEP_SKIPPED:
    case EVAC_STEP_FAILED:
    case EVAC_STEP_HELD:
    case EVAC_STEP_HALTED:
    case EVAC_STEP_UNDONE:
    case EVAC_STEP_STATE_COUNT:
        break;
    }
}

/* --- what an apply was told
 * ---------------------------------------------------------------------------- */

static const enum evac_step_event said_event[EVAC_OUTCOME_COUNT] = {
    [EVAC_OUTCOME_ACCEPTED] = EVAC_ON_SAID_ACCEPTED,
    [EVAC_OUTCOME_THROTTLED] = EVAC_ON_SAID_THROTTLED,
    [EVAC_OUTCOME_NOT_SENT] = EVAC_ON_SAID_NOT_SENT,
    [EVAC_OUTCOME_REJECTED] = EVAC_ON_SAID_REJECTED,
    [EVAC_OUTCOME_UNKNOWN] = EVAC_ON_SAID_UNKNOWN,
};

#define THROTTLE_BASE_MS 1000u

/* What was not sent may have stood in line for its turn, which did not come: it need not stand back
 * as well. */
static struct run_cooling cooling_after(const struct evac_run *run, const struct evac_run_io *io,
                                        uint16_t i, enum evac_outcome outcome,
                                        const struct evac_reply *reply)
{
    uint64_t asked_ms = run->steps[i].call_deadline_ms - EVAC_CALL_APPLY_MS;
    return (struct run_cooling){
        .base_ms = outcome == EVAC_OUTCOME_THROTTLED ? THROTTLE_BASE_MS : run->plan->poll_ms,
        .at_least_ms = reply ? reply->retry_after_ms : 0,
        .waited_ms = outcome == EVAC_OUTCOME_NOT_SENT ? io->now->boot_ms - asked_ms : 0,
    };
}

void run_said(struct evac_run *run, struct evac_run_io *io, uint16_t i, enum evac_outcome outcome,
              const struct evac_reply *reply)
{
    struct evac_step_run *s = &run->steps[i];
    if (!EVAC_RULE(R4) && outcome == EVAC_OUTCOME_UNKNOWN)
        outcome = EVAC_OUTCOME_REJECTED;

    struct evac_record r = about(i, EVAC_RECORD_OUTCOME);
    r.attempt = s->attempts;
    r.number = outcome;
    if (reply) {
        r.text = reply->reason;
        r.event = reply->code;
        r.request_id = reply->request_id;
        (void)evac_str_copy(s->reason, sizeof s->reason, reply->reason);
    }
    evac_run_record(run, io, r);

    s->looked_ms = 0;
    s->acked_ms = outcome == EVAC_OUTCOME_ACCEPTED ? io->now->boot_ms : 0;
    if (outcome == EVAC_OUTCOME_UNKNOWN)
        s->unresolved_ms =
            io->now->boot_ms; /* a driver may have looked first, and sent as late as now */
    if (!run_move_step(run, io, i, said_event[outcome], s->reason))
        return;
    if (s->state == EVAC_STEP_COOLING)
        run_cool(run, io, i, cooling_after(run, io, i, outcome, reply));
    else
        s->wake_ms = io->now->boot_ms; /* look at once */
}
