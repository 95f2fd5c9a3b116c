#include "run_internal.h"

#include <string.h>

#define X(name, text) text,
static const char *const instant_names[] = { EVAC_INSTANTS(X) };
#undef X

const char *evac_instant_name(enum evac_instant instant)
{
    return (unsigned)instant < EVAC_INSTANT_COUNT ? instant_names[instant] : "?";
}

size_t evac_run_bytes(const struct evac_plan *plan)
{
    return sizeof(struct evac_run) + plan->step_count * sizeof(struct evac_step_run);
}

struct evac_run *evac_run_init(void *memory, const struct evac_plan *plan)
{
    struct evac_run *run = memory;
    run->plan = plan;
    run->steps = (struct evac_step_run *)(void *)(run + 1);
    run->state = EVAC_RUN_PROPOSED;
    run->mode = plan->mode;
    run->loss_ms = plan->rehearse ? 0 : EVAC_LOSS_UNKNOWN;
    run->deadline_ms = run->run_deadline_ms = EVAC_NEVER;
    for (uint16_t i = 0; i < plan->step_count; i++) {
        run->steps[i].state = EVAC_STEP_WAITING;
        run->steps[i].deadline_ms = run->steps[i].wake_ms = EVAC_NEVER;
        run->steps[i].progress = -1;
    }
    return run;
}

/* --- calls and timers
 * ------------------------------------------------------------------------------- */

void run_call(struct evac_run *run, struct evac_run_io *io, uint16_t i, enum evac_verb verb)
{
    struct evac_step_run *s = &run->steps[i];
    struct evac_effect *effect = evac_effects_add(io->fx, EVAC_FX_CALL);
    bool apply = verb == EVAC_VERB_APPLY;

    s->call = ++*io->next_call;
    s->call_is_apply = apply;
    s->call_deadline_ms = io->now->boot_ms + (apply ? EVAC_CALL_APPLY_MS : EVAC_CALL_OBSERVE_MS);
    s->wake_ms = EVAC_NEVER;
    effect->u.call = (struct evac_call_effect){
        .call = s->call,
        .run = run,
        .step = i,
        .verb = verb,
        .attempt = s->attempts,
        .version = apply ? s->version : "",
        .deadline_ms = s->call_deadline_ms,
    };
    if (evac_step_is_undo(run, i))
        effect->u.call.goal_seq = run->steps[i - run->plan->forward_count].snapshot_seq;
}

static void forget_call(struct evac_run *run, struct evac_run_io *io, uint16_t i)
{
    struct evac_step_run *s = &run->steps[i];
    if (!s->call)
        return;
    evac_effects_add(io->fx, EVAC_FX_CANCEL)->u.cancel = s->call;
    s->call = 0;
}

static uint64_t jitter(uint64_t random, uint64_t below)
{
    return below ? (random >> 16) % below : 0;
}

/* What is known to go on for longer is looked at in between too: people watch it. What says that it
 * is over in no time, again and again, is not looked at all the time. */
#define KNOWN_MIN_MS 250u
#define KNOWN_MAX_MS 5000u

static uint64_t known_wait_ms(uint64_t over_in_ms, uint64_t usual_ms)
{
    uint64_t most = usual_ms > KNOWN_MAX_MS ? usual_ms : KNOWN_MAX_MS;
    uint64_t wait = over_in_ms > KNOWN_MIN_MS ? over_in_ms : KNOWN_MIN_MS;
    return wait < most ? wait : most;
}

/* Counted from the first of the looks in a row, which follows a change at once. */
void run_poll_later(struct evac_run *run, struct evac_run_io *io, uint16_t i, uint32_t over_in_ms)
{
    struct evac_step_run *s = &run->steps[i];
    if (!s->looked_ms)
        s->looked_ms = io->now->boot_ms;
    uint64_t wait = evac_plan_poll_ms(run->plan, io->now->boot_ms - s->looked_ms);
    if (over_in_ms) {
        s->wake_ms = io->now->boot_ms + known_wait_ms(over_in_ms, wait);
        return;
    }
    uint64_t random = io->now->random + i * 0x9e3779b97f4a7c15u;
    s->wake_ms = io->now->boot_ms + wait - wait / 5 + jitter(random, 2 * (wait / 5) + 1);
}

#define COOL_MAX_MS 20000u

/* Full jitter over a doubling span (AWS's standard retry mode), never sooner than the service asks.
 * What it has waited for already counts. */
void run_cool(struct evac_run *run, struct evac_run_io *io, uint16_t i, struct run_cooling how)
{
    struct evac_step_run *s = &run->steps[i];
    uint64_t span = how.base_ms;
    for (uint32_t k = 0; k < s->backs && span < COOL_MAX_MS; k++)
        span *= 2;
    if (span > COOL_MAX_MS)
        span = COOL_MAX_MS;
    s->backs++;
    uint64_t wait = 1 + jitter(io->now->random + i * 0x9e3779b97f4a7c15u, span);
    wait = wait > how.waited_ms ? wait - how.waited_ms : 1;
    s->wake_ms = io->now->boot_ms + (wait > how.at_least_ms ? wait : how.at_least_ms);
}

void run_notice(struct evac_run *run, struct evac_run_io *io, bool alarm, const char *text,
                const char *step)
{
    struct evac_text line = evac_effects_text(io->fx, 320);
    evac_text_puts(&line, text);
    if (step) {
        evac_text_puts(&line, ": ");
        evac_text_puts(&line, step);
    }
    struct evac_str said = evac_effects_text_end(io->fx, &line);
    struct evac_effect *effect = evac_effects_add(io->fx, EVAC_FX_NOTICE);
    effect->u.notice = (struct evac_notice_effect){ alarm, run->plan->app, run->id, said.p };
}

/* --- moves
 * -------------------------------------------------------------------------------------------- */

bool run_move_step(struct evac_run *run, struct evac_run_io *io, uint16_t i,
                   enum evac_step_event event, const char *text)
{
    struct evac_step_run *s = &run->steps[i];
    enum evac_step_state to = evac_step_next(s->state, event);
    if (to == EVAC_STEP_NONE)
        return false;
    if (to == s->state)
        return true;
    if (to == EVAC_STEP_APPLYING) { /* the intent's row says it already */
        s->state = to;
        return true;
    }

    struct evac_record r = { .kind = EVAC_RECORD_STEP, .step = i };
    r.from = evac_str(evac_step_state_name(s->state));
    r.event = evac_str(evac_step_event_name(event));
    r.to = evac_str(evac_step_state_name(to));
    r.text = evac_str(text);
    evac_run_record(run, io, r);

    s->looked_ms = 0;
    if (evac_step_is_over(to)) {
        forget_call(run, io, i);
        s->wake_ms = s->deadline_ms = EVAC_NEVER;
    }
    return true;
}

static uint64_t state_limit_ms(const struct evac_run *run)
{
    const struct evac_plan *plan = run->plan;
    switch (run->state) {
    case EVAC_RUN_PROPOSED:
    case EVAC_RUN_ASKING:
        return plan->approval_ms;
    case EVAC_RUN_RUNNING:
    case EVAC_RUN_UNWINDING:
        return plan->run_deadline_ms;
    case EVAC_RUN_STOPPING:
        return 2 * EVAC_CALL_APPLY_MS;
    case EVAC_RUN_SETTLING:
        return plan->quarantine_ms + 2 * EVAC_SETTLE_LOOK_MS;
    case EVAC_RUN_NONE:
    case EVAC_RUN_SUCCEEDED:
    case EVAC_RUN_EXCEPTIONS:
    case EVAC_RUN_ROLLED_BACK:
    case EVAC_RUN_HELD:
    case EVAC_RUN_FAILED:
    case EVAC_RUN_STATE_COUNT:
        break;
    }
    return 0;
}

static void enter_state(struct evac_run *run, const struct evac_now *now)
{
    run->entered_ms = now->boot_ms;
    run->deadline_ms = now->boot_ms + state_limit_ms(run);
    if (run->state == EVAC_RUN_RUNNING) {
        if (run->run_deadline_ms == EVAC_NEVER)
            run->run_deadline_ms = run->deadline_ms;
        run->deadline_ms = run->run_deadline_ms; /* asking does not buy time */
    }
}

bool run_move(struct evac_run *run, struct evac_run_io *io, enum evac_run_event event,
              const char *text)
{
    enum evac_run_state to = evac_run_next(run->state, event);
    if (to == EVAC_RUN_NONE)
        return false;

    struct evac_record r = { .kind = evac_run_is_over(to) ? EVAC_RECORD_TERMINAL : EVAC_RECORD_RUN,
                             .step = EVAC_NO_STEP };
    r.from = evac_str(evac_run_state_name(run->state));
    r.event = evac_str(evac_run_event_name(event));
    r.to = evac_str(evac_run_state_name(to));
    r.text = evac_str(text);
    evac_run_record(run, io, r);
    enter_state(run, io->now);
    if (evac_run_is_over(to))
        evac_effects_add(io->fx, EVAC_FX_ENDED)->u.ended = run;
    return true;
}

void evac_run_instant(struct evac_run *run, struct evac_run_io *io, enum evac_instant instant,
                      uint64_t boot_ms, int64_t wall_ms)
{
    if (run->instants & (1u << instant))
        return;
    struct evac_record r = { .kind = EVAC_RECORD_INSTANT, .step = EVAC_NO_STEP };
    r.name = evac_str(evac_instant_name(instant));
    r.number = wall_ms;
    r.t_boot_ms = boot_ms;
    r.t_wall_ms = wall_ms;
    evac_run_record(run, io, r);
}

int64_t evac_run_instant_now_ms(const struct evac_run *run, enum evac_instant instant)
{
    if (!(run->instants & (1u << instant)))
        return 0;
    return run->instant_wall_ms[instant] + run->clock_set_ms - run->instant_set_ms[instant];
}

int64_t evac_run_between_ms(const struct evac_run *run, enum evac_instant from,
                            enum evac_instant to)
{
    int64_t began_ms = evac_run_instant_now_ms(run, from);
    int64_t ended_ms = evac_run_instant_now_ms(run, to);
    return began_ms && ended_ms ? ended_ms - began_ms : -1;
}

/* --- looking
 * ------------------------------------------------------------------------------------------ */

/* What can not be observed is known from its own journal alone. */
static struct evac_reply ledger(const struct evac_step_run *s)
{
    struct evac_reply reply = { .verb = EVAC_VERB_OBSERVE, .progress = -1, .strong = true };
    if (s->acked) {
        reply.seen = EVAC_SEEN_SATISFIED;
    } else if (s->doubt) {
        reply.seen = EVAC_SEEN_UNSEEN;
        reply.reason = EVAC_STR("nobody can tell whether it ran: look, then retry or skip");
    } else {
        reply.seen = EVAC_SEEN_UNSATISFIED;
    }
    return reply;
}

static bool is_looking(enum evac_step_state state)
{
    return state == EVAC_STEP_OBSERVING || state == EVAC_STEP_CONFIRMING ||
           state == EVAC_STEP_VERIFYING || state == EVAC_STEP_UNKNOWN || state == EVAC_STEP_REFUSED;
}

static void look(struct evac_run *run, struct evac_run_io *io, uint16_t i)
{
    struct evac_step_run *s = &run->steps[i];
    struct evac_reply blind = ledger(s);
    if (s->call || !is_looking(s->state))
        return;
    if (!EVAC_RULE(R5) && s->doubt && !s->acked) {
        blind.seen = EVAC_SEEN_UNSATISFIED;
        blind.version = evac_str(s->version);
        run_saw(run, io, i, &blind);
    } else if (plan_step(run, i)->flags & EVAC_STEP_BLIND) {
        run_saw(run, io, i, &blind);
    } else {
        run_call(run, io, i, EVAC_VERB_OBSERVE);
    }
}

static void begin(struct evac_run *run, struct evac_run_io *io, uint16_t i)
{
    struct evac_step_run *s = &run->steps[i];
    s->began_ms = io->now->boot_ms;
    s->deadline_ms = io->now->boot_ms + plan_step(run, i)->deadline_ms;
    s->looked_ms = 0;
    look(run, io, i);
}

/* --- what the plan allows next
 * --------------------------------------------------------------------- */

static void say_why(struct evac_run *run, const struct evac_now *now, uint16_t i)
{
    struct evac_step_run *s = &run->steps[i];
    struct evac_text why;
    evac_text_init(&why, s->reason, sizeof s->reason);
    run_say_shut(run, now, i, &why);
}

void run_shut_gate(struct evac_run *run, struct evac_run_io *io, uint16_t i)
{
    struct evac_step_run *s = &run->steps[i];
    say_why(run, io->now, i);
    if (!run_move_step(run, io, i, EVAC_ON_GATE_SHUT, s->reason))
        return;
    run_note_gates(run, io, i, run_gates_shut(run, io->now, i));
    s->deadline_ms = run_wait_deadline_ms(run, i);
    run_notice(run, io, true, s->reason, plan_step(run, i)->id.p);
}

static void note_phases(struct evac_run *run, struct evac_run_io *io);

/* Shut, or still shut: what changed is journalled. */
static bool stops_at_gates(struct evac_run *run, struct evac_run_io *io, uint16_t i)
{
    struct evac_step_run *s = &run->steps[i];
    run_void_yeses(run, io, i);
    uint16_t shut = run_gates_shut(run, io->now, i);
    if (shut && s->state == EVAC_STEP_WAITING)
        run_shut_gate(run, io, i);
    else if (shut != s->gates.shut)
        run_note_gates(run, io, i, shut);
    return shut != 0;
}

static void try_begin(struct evac_run *run, struct evac_run_io *io, uint16_t i)
{
    enum run_tri when = run_when(run, i);

    if (plan_step(run, i)->flags & EVAC_STEP_WAITS)
        note_phases(run, io); /* its gate goes by the fence, which may stand since this moment */

    if (when == RUN_NO)
        (void)run_move_step(run, io, i, EVAC_ON_WHEN_FALSE, NULL);
    if (when != RUN_YES || stops_at_gates(run, io, i))
        return;
    run_note_passes(run, io, i);
    if (run_move_step(run, io, i, EVAC_ON_READY, NULL))
        begin(run, io, i);
}

static void advance_forward(struct evac_run *run, struct evac_run_io *io, uint16_t i)
{
    struct evac_step_run *s = &run->steps[i];
    uint64_t until;

    if (s->state == EVAC_STEP_WAITING || s->state == EVAC_STEP_GATED) {
        if (run_before_is_over(run, i) == RUN_YES)
            try_begin(run, io, i);
        return;
    }
    if (run_when(run, i) == RUN_NO) { /* the mode was switched under it */
        (void)run_move_step(run, io, i, EVAC_ON_WHEN_FALSE, "the run's mode changed");
        return;
    }
    if (s->state == EVAC_STEP_QUARANTINED && !run_is_barred(run, io->now, i, &until) &&
        run_move_step(run, io, i, EVAC_ON_Q_OVER, NULL))
        look(run, io, i);
}

static void advance_undo(struct evac_run *run, struct evac_run_io *io, uint16_t i)
{
    struct evac_step_run *s = &run->steps[i];
    uint16_t forward = (uint16_t)(i - run->plan->forward_count);
    uint64_t until;

    if (s->state == EVAC_STEP_WAITING && run_before_is_over(run, i) == RUN_YES) {
        if (run_when(run, i) == RUN_NO)
            (void)run_move_step(run, io, i, EVAC_ON_WHEN_FALSE, NULL);
        else if (!(plan_step(run, forward)->flags & EVAC_STEP_REVERSIBLE))
            (void)run_move_step(run, io, i, EVAC_ON_SPENT, "this action can not be undone");
        else if (run_move_step(run, io, i, EVAC_ON_READY, NULL))
            begin(run, io, i);
    } else if (s->state == EVAC_STEP_QUARANTINED && !run_is_barred(run, io->now, i, &until) &&
               run_move_step(run, io, i, EVAC_ON_Q_OVER, NULL)) {
        look(run, io, i);
    }
    if (s->state == EVAC_STEP_DONE)
        (void)run_move_step(run, io, forward, EVAC_ON_UNDID, NULL);
}

static void advance_step(struct evac_run *run, struct evac_run_io *io, uint16_t i)
{
    bool undo = evac_step_is_undo(run, i);
    bool over = evac_step_is_over(run->steps[i].state);

    switch (run->state) {
    case EVAC_RUN_RUNNING:
    case EVAC_RUN_ASKING:
        if (!undo && !over)
            advance_forward(run, io, i);
        break;
    case EVAC_RUN_UNWINDING:
        if (!undo && !over)
            (void)run_move_step(run, io, i, EVAC_ON_CANCELLED, NULL);
        if (undo)
            advance_undo(run, io, i);
        break;
    case EVAC_RUN_STOPPING:
        if (!over && (!undo || run->back))
            (void)run_move_step(run, io, i, EVAC_ON_ABANDONED, NULL);
        break;
    case EVAC_RUN_NONE:
    case EVAC_RUN_PROPOSED:
    case EVAC_RUN_SETTLING:
    case EVAC_RUN_SUCCEEDED:
    case EVAC_RUN_EXCEPTIONS:
    case EVAC_RUN_ROLLED_BACK:
    case EVAC_RUN_HELD:
    case EVAC_RUN_FAILED:
    case EVAC_RUN_STATE_COUNT:
        break;
    }
}

/* A digest of all states: when a pass leaves it as it was, nothing more will follow from it. */
static uint64_t digest(const struct evac_run *run)
{
    uint64_t sum = run->state;
    for (uint16_t i = 0; i < run->plan->step_count; i++)
        sum = (sum ^ run->steps[i].state) * 0x100000001b3u;
    return sum;
}

static void advance_steps(struct evac_run *run, struct evac_run_io *io)
{
    uint64_t before;
    do {
        before = digest(run);
        for (uint16_t i = 0; i < run->plan->step_count; i++) {
            if (!evac_effects_has_room(io->fx)) {
                run->starving = true;
                return;
            }
            advance_step(run, io, i);
        }
    } while (digest(run) != before);
}

/* --- instants
 * ------------------------------------------------------------------------------------------- */

static const struct {
    enum evac_phase phase;
    enum evac_instant instant;
} phase_instants[] = {
    { EVAC_PHASE_FENCE, EVAC_INSTANT_FENCED },
    { EVAC_PHASE_DATA, EVAC_INSTANT_DATA_READY },
    { EVAC_PHASE_CAPACITY, EVAC_INSTANT_CAPACITY_READY },
    { EVAC_PHASE_VERIFY, EVAC_INSTANT_VERIFIED },
    { EVAC_PHASE_TRAFFIC, EVAC_INSTANT_TRAFFIC_MOVED },
};

/* A fence is one whatever phase its step is in: until it stands, the old side still writes. */
static bool belongs(const struct evac_run *run, uint16_t i, enum evac_phase phase)
{
    return plan_step(run, i)->phase == phase ||
           (phase == EVAC_PHASE_FENCE && (plan_step(run, i)->flags & EVAC_STEP_FENCES));
}

/* Where steps fence, only those prove that nothing writes there any more. */
static bool wants_a_fence(const struct evac_run *run, enum evac_phase phase)
{
    for (uint16_t i = 0; phase == EVAC_PHASE_FENCE && i < run->plan->forward_count; i++)
        if (plan_step(run, i)->flags & EVAC_STEP_FENCES)
            return true;
    return false;
}

/* The phase's forward steps are over, and one of them was done. Steps that the run may go on
 * without (they try what a lost region no longer answers) hold the instant back only when nothing
 * else of the phase was done. */
static bool phase_is_done(const struct evac_run *run, enum evac_phase phase)
{
    bool needed_done = false, any_done = false, all_over = true;
    bool fenced = wants_a_fence(run, phase);
    for (uint16_t i = 0; i < run->plan->forward_count; i++) {
        enum evac_step_state state = run->steps[i].state;
        bool needed = plan_step(run, i)->on_failure != EVAC_ON_FAILURE_GO_ON;
        bool proves = !fenced || (plan_step(run, i)->flags & EVAC_STEP_FENCES);
        bool done = state == EVAC_STEP_DONE && proves;
        if (!belongs(run, i, phase))
            continue;
        if (needed && !evac_step_is_over(state))
            return false;
        all_over = all_over && evac_step_is_over(state);
        any_done = any_done || done;
        needed_done = needed_done || (needed && done);
    }
    return needed_done || (all_over && any_done);
}

static void note_phases(struct evac_run *run, struct evac_run_io *io)
{
    if (run->plan->rehearse || run->back)
        return;
    for (size_t k = 0; k < sizeof phase_instants / sizeof phase_instants[0]; k++)
        if (!(run->instants & (1u << phase_instants[k].instant)) &&
            phase_is_done(run, phase_instants[k].phase))
            evac_run_instant(run, io, phase_instants[k].instant, io->now->boot_ms,
                             io->now->wall_ms);
}

int64_t evac_run_fenced_ms(const struct evac_run *run)
{
    const struct evac_plan *plan = run->plan;
    bool real = plan->workflow != EVAC_WORKFLOW_DRILL && !plan->rehearse && !run->back;
    if (!real || run->mode != EVAC_MODE_GRACEFUL || !(run->instants & (1u << EVAC_INSTANT_FENCED)))
        return 0;
    return run->instant_wall_ms[EVAC_INSTANT_FENCED];
}

int64_t evac_run_fenced_now_ms(const struct evac_run *run)
{
    int64_t fenced_ms = evac_run_fenced_ms(run);
    return fenced_ms ? fenced_ms + run->fence_moved_ms : 0;
}

void evac_run_clock_moved(struct evac_run *run, int64_t by_ms)
{
    if (run->instants & (1u << EVAC_INSTANT_FENCED))
        run->fence_moved_ms += by_ms;
}

/* --- the run as a whole
 * --------------------------------------------------------------------------------- */

static bool all_over(const struct evac_run *run, bool undo_too)
{
    uint16_t n = undo_too ? run->plan->step_count : run->plan->forward_count;
    for (uint16_t i = 0; i < n; i++)
        if (!evac_step_is_over(run->steps[i].state))
            return false;
    return true;
}

/* The first step whose failure somebody must answer; plan->step_count if there is none. */
static uint16_t first_failed(const struct evac_run *run, enum evac_on_failure policy)
{
    for (uint16_t i = 0; !run->plan->rehearse && i < run->plan->forward_count; i++) {
        enum evac_step_state state = run->steps[i].state;
        if ((state == EVAC_STEP_FAILED || state == EVAC_STEP_HELD) &&
            plan_step(run, i)->on_failure == policy)
            return i;
    }
    return run->plan->step_count;
}

static void stop_for_failure(struct evac_run *run, struct evac_run_io *io, const char *why)
{
    (void)run_move(run, io, run->pivoted ? EVAC_RUN_ON_HOLD : EVAC_RUN_ON_STEP_STOPS, why);
}

static void answer_failures(struct evac_run *run, struct evac_run_io *io)
{
    uint16_t stops = first_failed(run, EVAC_ON_FAILURE_STOP);
    uint16_t asks = first_failed(run, EVAC_ON_FAILURE_ASK);

    if (stops < run->plan->step_count) {
        stop_for_failure(run, io, plan_step(run, stops)->id.p);
        run_notice(run, io, true, "a step failed, the run stops", plan_step(run, stops)->id.p);
    } else if (run->state == EVAC_RUN_RUNNING && asks < run->plan->step_count) {
        (void)run_move(run, io, EVAC_RUN_ON_STEP_ASKS, plan_step(run, asks)->id.p);
        run_notice(run, io, true, "a step failed: retry, skip, roll back or stop",
                   plan_step(run, asks)->id.p);
    } else if (run->state == EVAC_RUN_ASKING && asks == run->plan->step_count) {
        (void)run_move(run, io, EVAC_RUN_ON_ANSWERED, NULL);
    }
}

void run_list_left(const struct evac_run *run, struct evac_text *left)
{
    for (uint16_t i = 0; i < run->plan->step_count; i++) {
        const struct evac_step_run *s = &run->steps[i];
        bool odd = s->state == EVAC_STEP_FAILED || s->state == EVAC_STEP_HELD || s->by_person ||
                   evac_step_is_unresolved(s) || (s->state == EVAC_STEP_HALTED && s->attempts > 0);
        if (!odd)
            continue;
        evac_text_puts(left, left->n ? "; " : "");
        evac_text_put(left, plan_step(run, i)->id);
        evac_text_puts(left, " ");
        evac_text_puts(left, evac_step_state_name(s->state));
        if (s->reason[0] && !s->by_person) {
            evac_text_puts(left, ": ");
            evac_text_puts(left, s->reason);
        }
    }
}

static bool any_forward(const struct evac_run *run, bool (*is)(const struct evac_step_run *))
{
    for (uint16_t i = 0; i < run->plan->forward_count; i++)
        if (is(&run->steps[i]))
            return true;
    return false;
}

static bool was_applied(const struct evac_step_run *s)
{
    return s->attempts > 0;
}

static bool is_not_undone(const struct evac_step_run *s)
{
    return s->attempts > 0 && s->state != EVAC_STEP_UNDONE;
}

static bool is_failed(const struct evac_step_run *s)
{
    return s->state == EVAC_STEP_FAILED || s->state == EVAC_STEP_HELD;
}

static bool is_exception(const struct evac_step_run *s)
{
    return is_failed(s) || s->by_person || s->state == EVAC_STEP_HALTED;
}

/* What a drill published stays published; everything else was put back. */
static bool is_left_by_drill(const struct evac_step_run *s)
{
    return s->attempts > 0 && s->state != EVAC_STEP_UNDONE && s->snapshot_seq > 0;
}

/* A step failed that a real run would not go on without. */
static bool must_not_fail(const struct evac_run *run)
{
    for (uint16_t i = 0; i < run->plan->forward_count; i++)
        if (is_failed(&run->steps[i]) && plan_step(run, i)->on_failure != EVAC_ON_FAILURE_GO_ON)
            return true;
    return false;
}

/* Of a rehearsal: what an ungraceful move would lose today is part of being ready. */
static bool would_lose_too_much(const struct evac_run *run)
{
    return run->plan->rehearse && run->loss_ms > run->plan->rpo_ms;
}

static enum evac_run_event ending(const struct evac_run *run)
{
    if (run->stopped)
        return any_forward(run, was_applied) ? EVAC_RUN_ON_SETTLED_HELD
                                             : EVAC_RUN_ON_SETTLED_FAILED;
    if (run->drilled && !any_forward(run, is_left_by_drill))
        return any_forward(run, is_exception) ? EVAC_RUN_ON_SETTLED_EXCEPTIONS
                                              : EVAC_RUN_ON_SETTLED_CLEAN;
    if (run->back)
        return any_forward(run, is_not_undone) ? EVAC_RUN_ON_SETTLED_HELD
                                               : EVAC_RUN_ON_SETTLED_BACK;
    if (run->plan->rehearse && must_not_fail(run))
        return EVAC_RUN_ON_SETTLED_FAILED;
    if (run->plan->rehearse)
        return any_forward(run, is_failed) || would_lose_too_much(run)
                   ? EVAC_RUN_ON_SETTLED_EXCEPTIONS
                   : EVAC_RUN_ON_SETTLED_CLEAN;
    return any_forward(run, is_exception) || run->overridden ? EVAC_RUN_ON_SETTLED_EXCEPTIONS
                                                             : EVAC_RUN_ON_SETTLED_CLEAN;
}

/* Stopped half-way, and not put back: users are where the last look found them to be led. */
static bool traffic_was_moved(const struct evac_run *run)
{
    for (uint16_t i = 0; i < run->plan->forward_count; i++)
        if ((plan_step(run, i)->flags & EVAC_STEP_TRAFFIC) && run->steps[i].attempts > 0 &&
            run->steps[i].state != EVAC_STEP_UNDONE && run->steps[i].settle_holds)
            return true;
    return false;
}

static void end_run(struct evac_run *run, struct evac_run_io *io, enum evac_run_event event)
{
    struct evac_text left = evac_effects_text(io->fx, 2000);
    run_list_left(run, &left);
    if (would_lose_too_much(run)) {
        evac_text_puts(&left, left.n ? "; " : "");
        run_say_loss(run, run->loss_ms, "an ungraceful move now", &left);
    }
    struct evac_str text = evac_effects_text_end(io->fx, &left);
    if (traffic_was_moved(run))
        evac_run_instant(run, io, EVAC_INSTANT_TRAFFIC_MOVED, io->now->boot_ms, io->now->wall_ms);
    evac_run_instant(run, io, EVAC_INSTANT_ENDED, io->now->boot_ms, io->now->wall_ms);
    (void)run_move(run, io, event, text.p);
}

/* R8: no attempt is unresolved, or its request is dead; and what was touched was looked at once
 * more. */
static void settle(struct evac_run *run, struct evac_run_io *io)
{
    bool waiting = run->measuring > 0;
    for (uint16_t i = 0; EVAC_RULE(R8) && i < run->plan->step_count; i++) {
        struct evac_step_run *s = &run->steps[i];
        uint64_t dead = s->unresolved_ms + run->plan->quarantine_ms;
        if (evac_step_is_unresolved(s) && io->now->boot_ms < dead) {
            s->wake_ms = dead;
            waiting = true;
        } else if (s->attempts > 0 && !s->settle_done && !run->plan->rehearse) {
            waiting = true;
            if (s->settle_asked)
                continue;
            s->settle_asked = true;
            if (plan_step(run, i)->flags & EVAC_STEP_BLIND)
                s->settle_done = true;
            else
                run_call(run, io, i, EVAC_VERB_OBSERVE);
        }
    }
    if (!waiting)
        end_run(run, io, ending(run));
}

static void settle_seen(struct evac_run *run, struct evac_run_io *io, uint16_t i,
                        const struct evac_reply *reply)
{
    struct evac_record r = { .kind = EVAC_RECORD_SETTLE, .step = i };
    run->steps[i].settle_done = true;
    run->steps[i].settle_holds =
        reply->seen == EVAC_SEEN_SATISFIED || reply->seen == EVAC_SEEN_MOVING;
    r.number = reply->seen;
    r.text = reply->reason;
    r.request_id = reply->request_id;
    r.data = reply->snapshot;
    evac_run_record(run, io, r);
}

/* While the run stands still a deadline comes no nearer: what counts is a gate's. */
static uint64_t step_wake_ms(const struct evac_run *run, const struct evac_step_run *s)
{
    uint64_t wake = s->wake_ms;
    bool in_flight = s->state == EVAC_STEP_APPLYING || s->state == EVAC_STEP_INTENDING;
    bool stands = run_stands_still(run) && s->state != EVAC_STEP_GATED;
    if ((s->call || s->state == EVAC_STEP_INTENDING) && s->call_deadline_ms < wake)
        wake = s->call_deadline_ms;
    if (s->deadline_ms < wake && !in_flight && !stands)
        wake = s->deadline_ms;
    return wake;
}

static void set_wake(struct evac_run *run, const struct evac_now *now)
{
    run->wake_ms = run->deadline_ms;
    if (run_pause_wake_ms(run) < run->wake_ms)
        run->wake_ms = run_pause_wake_ms(run);
    if (run->starving)
        run->wake_ms = now->boot_ms;
    if (run->state == EVAC_RUN_PROPOSED && run_wait_wake_ms(run, now, EVAC_NO_STEP) < run->wake_ms)
        run->wake_ms = run_wait_wake_ms(run, now, EVAC_NO_STEP);
    for (uint16_t i = 0; i < run->plan->step_count; i++) {
        uint64_t wake = step_wake_ms(run, &run->steps[i]);
        if (run->steps[i].state == EVAC_STEP_GATED && run_wait_wake_ms(run, now, i) < wake)
            wake = run_wait_wake_ms(run, now, i);
        if (wake < run->wake_ms)
            run->wake_ms = wake;
    }
    if (evac_run_is_over(run->state))
        run->wake_ms = EVAC_NEVER;
    if (run->index)
        evac_run_index_note(run->index, run);
}

/* The start's gates. What was asked before versions that say so waits for its yes. */
static void try_start(struct evac_run *run, struct evac_run_io *io)
{
    if (!run->gated || run->paused)
        return;
    run_void_yeses(run, io, EVAC_NO_STEP);
    uint16_t shut = run_gates_shut(run, io->now, EVAC_NO_STEP);
    run_note_gates(run, io, EVAC_NO_STEP, shut);
    if (shut)
        return;
    evac_run_instant(run, io, EVAC_INSTANT_DECIDED, io->now->boot_ms, io->now->wall_ms);
    (void)run_move(run, io, EVAC_RUN_ON_APPROVED, NULL);
    evac_run_instant(run, io, EVAC_INSTANT_STARTED, io->now->boot_ms, io->now->wall_ms);
}

static void advance_run(struct evac_run *run, struct evac_run_io *io)
{
    if (run->state == EVAC_RUN_PROPOSED)
        try_start(run, io);
    if (run->state == EVAC_RUN_RUNNING || run->state == EVAC_RUN_ASKING)
        answer_failures(run, io);
    if (run->state == EVAC_RUN_RUNNING && all_over(run, false))
        (void)run_move(run, io,
                       evac_plan_is_isolated_drill(run->plan) ? EVAC_RUN_ON_DRILLED
                                                              : EVAC_RUN_ON_STEPS_OVER,
                       NULL);
    if (run->state == EVAC_RUN_UNWINDING && all_over(run, true))
        (void)run_move(run, io, EVAC_RUN_ON_UNWOUND, NULL);
    if (run->state == EVAC_RUN_STOPPING && all_over(run, run->back))
        (void)run_move(run, io, EVAC_RUN_ON_STOPPED, NULL);
    if (run->state == EVAC_RUN_SETTLING)
        settle(run, io);
}

void evac_run_advance(struct evac_run *run, struct evac_run_io *io)
{
    enum evac_run_state before;
    run->starving = false;
    do {
        before = run->state;
        if (run->behind && run->state == EVAC_RUN_RUNNING) /* a drill lets go first */
            break;
        advance_steps(run, io);
        note_phases(run, io);
        if (run->starving)
            break;
        advance_run(run, io);
    } while (run->state != before && !evac_run_is_over(run->state));
    set_wake(run, io->now);
}

/* --- events
 * --------------------------------------------------------------------------------------------- */

static void call_timed_out(struct evac_run *run, struct evac_run_io *io, uint16_t i)
{
    static const char no_answer[] = "no answer within the call's deadline";
    struct evac_step_run *s = &run->steps[i];
    struct evac_reply reply = { .verb = EVAC_VERB_OBSERVE,
                                .seen = EVAC_SEEN_UNSEEN,
                                .outcome = EVAC_OUTCOME_UNKNOWN,
                                .reason = EVAC_STR(no_answer),
                                .progress = -1 };
    bool apply = s->call_is_apply;
    forget_call(run, io, i);
    if (run->state == EVAC_RUN_SETTLING && !apply)
        settle_seen(run, io, i, &reply);
    else if (apply && s->state == EVAC_STEP_APPLYING)
        run_said(run, io, i, EVAC_OUTCOME_UNKNOWN, &reply);
    else
        run_saw(run, io, i, &reply);
}

static void wake_step(struct evac_run *run, struct evac_run_io *io, uint16_t i)
{
    struct evac_step_run *s = &run->steps[i];
    s->wake_ms = EVAC_NEVER;
    if (s->state == EVAC_STEP_COOLING)
        (void)run_move_step(run, io, i, EVAC_ON_COOLED, NULL);
    else if (s->state == EVAC_STEP_QUARANTINED)
        (void)run_move_step(run, io, i, EVAC_ON_Q_OVER, NULL);
    look(run, io, i);
}

static void tick_step(struct evac_run *run, struct evac_run_io *io, uint16_t i)
{
    struct evac_step_run *s = &run->steps[i];
    uint64_t now = io->now->boot_ms;
    bool in_flight = s->state == EVAC_STEP_INTENDING || s->state == EVAC_STEP_APPLYING;

    if (s->state == EVAC_STEP_GATED)
        run_escalate(run, io, i);
    if (s->state == EVAC_STEP_GATED && now >= s->deadline_ms && run_wait_expired(run, io, i)) {
        s->deadline_ms = run_wait_deadline_ms(run, i);
        return;
    }
    if (s->call && now >= s->call_deadline_ms) {
        call_timed_out(run, io, i);
    } else if (s->state == EVAC_STEP_INTENDING && now >= s->call_deadline_ms) {
        (void)run_move_step(run, io, i, EVAC_ON_TIME_UP, "the intent could not be made durable");
    } else if (!in_flight && now >= s->deadline_ms) {
        forget_call(run, io, i);
        (void)run_move_step(run, io, i, EVAC_ON_TIME_UP,
                            s->reason[0] ? s->reason : "its deadline passed");
    } else if (now >= s->wake_ms) {
        wake_step(run, io, i);
    }
}

/* Nobody opened what its start waits for. */
static void start_expired(struct evac_run *run, struct evac_run_io *io)
{
    if (run->gated && run_wait_expired(run, io, EVAC_NO_STEP))
        run->deadline_ms = run_wait_deadline_ms(run, EVAC_NO_STEP);
    else
        (void)run_move(run, io, EVAC_RUN_ON_TIME_UP, "nobody answered in time");
}

static void tick_run(struct evac_run *run, struct evac_run_io *io)
{
    if (run->state == EVAC_RUN_PROPOSED)
        run_escalate(run, io, EVAC_NO_STEP);
    if (io->now->boot_ms < run->deadline_ms || evac_run_is_over(run->state))
        return;
    switch (run->state) {
    case EVAC_RUN_PROPOSED:
        start_expired(run, io);
        break;
    case EVAC_RUN_ASKING:
        stop_for_failure(run, io, "nobody answered in time");
        break;
    case EVAC_RUN_SETTLING:
        end_run(run, io, EVAC_RUN_ON_TIME_UP);
        break;
    case EVAC_RUN_NONE:
    case EVAC_RUN_RUNNING:
    case EVAC_RUN_UNWINDING:
    case EVAC_RUN_STOPPING:
    case EVAC_RUN_SUCCEEDED:
    case EVAC_RUN_EXCEPTIONS:
    case EVAC_RUN_ROLLED_BACK:
    case EVAC_RUN_HELD:
    case EVAC_RUN_FAILED:
    case EVAC_RUN_STATE_COUNT:
        (void)run_move(run, io, EVAC_RUN_ON_TIME_UP, "the run's deadline passed");
        break;
    }
}

void evac_run_tick(struct evac_run *run, struct evac_run_io *io)
{
    run_pause_tick(run, io);
    for (uint16_t i = 0; i < run->plan->step_count && evac_effects_has_room(io->fx); i++)
        tick_step(run, io, i);
    tick_run(run, io);
    evac_run_advance(run, io);
}

void evac_run_committed(struct evac_run *run, struct evac_run_io *io, uint64_t seq)
{
    for (uint16_t i = 0; i < run->plan->step_count; i++) {
        struct evac_step_run *s = &run->steps[i];
        bool durable = s->state == EVAC_STEP_INTENDING && s->open && s->intent_seq <= seq;
        if (durable && !evac_effects_has_room(io->fx))
            run->starving = true; /* the next tick, which is due at once, tells it again */
        else if (durable && run_move_step(run, io, i, EVAC_ON_DURABLE, NULL))
            run_call(run, io, i, EVAC_VERB_APPLY);
    }
    set_wake(run, io->now);
}

void evac_run_reply(struct evac_run *run, struct evac_run_io *io, uint16_t i, uint64_t call,
                    const struct evac_reply *reply)
{
    struct evac_step_run *s = &run->steps[i];
    bool apply = s->call_is_apply;

    if (s->call != call)
        return;
    s->call = 0;
    if (apply && s->state == EVAC_STEP_APPLYING)
        run_said(run, io, i, reply->outcome, reply);
    else if (!apply && run->state == EVAC_RUN_SETTLING)
        settle_seen(run, io, i, reply);
    else if (!apply && !evac_step_is_over(s->state))
        run_saw(run, io, i, reply);
    evac_run_tick(run, io);
}

/* Step by step: what it waited for before, it waits for still, and as long as is left. */
static void resume_step(struct evac_run *run, struct evac_run_io *io, uint16_t i)
{
    struct evac_step_run *s = &run->steps[i];
    s->unresolved_ms = io->now->boot_ms; /* on this process's own clock (R7) */
    run_wait_resume(run, io->now, i);
    if (evac_step_is_over(s->state) || s->state == EVAC_STEP_WAITING)
        return;
    s->deadline_ms = s->state == EVAC_STEP_GATED
                         ? run_wait_deadline_ms(run, i)
                         : io->now->boot_ms + plan_step(run, i)->deadline_ms;
    s->wake_ms = io->now->boot_ms;
    (void)run_move_step(run, io, i, EVAC_ON_RESUMED, NULL);
}

void evac_run_resume(struct evac_run *run, struct evac_run_io *io)
{
    run->replayed = false;
    evac_run_record(run, io,
                    (struct evac_record){ .kind = EVAC_RECORD_RESUME, .step = EVAC_NO_STEP });
    run_wait_resume(run, io->now, EVAC_NO_STEP);
    run_pause_begin(run, io->now);
    for (uint16_t i = 0; i < run->plan->step_count; i++)
        resume_step(run, io, i);
    enter_state(run, io->now);
    if (run->state == EVAC_RUN_PROPOSED && run->gated)
        run->deadline_ms = run_wait_deadline_ms(run, EVAC_NO_STEP);
    else if (run->state == EVAC_RUN_PROPOSED) /* asked for by a version that did not say so */
        evac_run_start(run, io, true, 0);
    evac_run_tick(run, io);
}

/* --- the start
 * ---------------------------------------------------------------------------------- */

static void shut_start(struct evac_run *run, struct evac_run_io *io, enum evac_run_gate gate,
                       int64_t number, const char *why)
{
    struct evac_record r = { .kind = EVAC_RECORD_GATE_BLOCK, .step = EVAC_NO_STEP };
    r.name = EVAC_STR("start");
    r.event = evac_str(evac_run_gate_row(gate)->name);
    r.number = number;
    r.text = evac_str(why);
    evac_run_record(run, io, r);
}

static void tell_start(struct evac_run *run, struct evac_run_io *io)
{
    struct evac_text why = evac_effects_text(io->fx, 320);
    evac_text_puts(&why, run->asks ? "a " : "the ");
    evac_text_puts(&why, evac_workflow_name(run->plan->workflow));
    evac_text_puts(&why, run->asks ? " is proposed; approve or decline it: " : " waits: ");
    struct evac_text shut = why;
    shut.p += why.n;
    shut.cap -= why.n;
    shut.n = 0;
    run_say_shut(run, io->now, EVAC_NO_STEP, &shut);
    why.n += shut.n;
    run_notice(run, io, true, evac_effects_text_end(io->fx, &why).p, NULL);
}

void evac_run_start(struct evac_run *run, struct evac_run_io *io, bool asks, uint32_t veto_ms)
{
    run->entered_ms = io->now->boot_ms;
    if (asks)
        shut_start(run, io, EVAC_RUN_GATE_APPROVAL, evac_run_yeses_needed(run),
                   "it begins when those whose yes it takes have said it");
    else
        evac_run_instant(run, io, EVAC_INSTANT_DECIDED, io->now->boot_ms, io->now->wall_ms);
    if (veto_ms)
        shut_start(run, io, EVAC_RUN_GATE_VETO, veto_ms,
                   "it begins by itself when its time is up, unless an operator declines it");
    run->gated = true;
    run->deadline_ms = EVAC_NEVER;
    evac_run_advance(run, io);
    if (run->state != EVAC_RUN_PROPOSED)
        return;
    run->deadline_ms = run_wait_deadline_ms(run, EVAC_NO_STEP);
    set_wake(run, io->now);
    tell_start(run, io);
}
