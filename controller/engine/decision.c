#include "decision.h"

#include "rule.h"
#include "text.h"

#define X(name, text, binds, doc) text,
static const char *const gate_names[] = { EVAC_GATES(X) };
#undef X
#define X(name, text, binds, doc) EVAC_BINDS_##binds,
static const enum evac_gate_binds gate_binds[] = { EVAC_GATES(X) };
#undef X
#define X(name, text) text,
static const char *const answer_names[] = { EVAC_GATE_ANSWERS(X) };
#undef X
#define X(name, text) text,
static const char *const decide_names[] = { EVAC_DECISIONS(X) };
#undef X

const char *evac_gate_name(enum evac_gate gate)
{
    return (unsigned)gate < EVAC_GATE_COUNT ? gate_names[gate] : "?";
}

enum evac_gate_binds evac_gate_binds(enum evac_gate gate)
{
    return (unsigned)gate < EVAC_GATE_COUNT ? gate_binds[gate] : EVAC_BINDS_ALL;
}

const char *evac_gate_answer_name(enum evac_gate_answer answer)
{
    return (unsigned)answer < EVAC_GATE_ANSWER_COUNT ? answer_names[answer] : "?";
}

enum evac_gate evac_condition_gate(enum evac_condition condition)
{
    static const enum evac_gate gates_of[EVAC_CONDITION_COUNT] = {
        [EVAC_CONDITION_LINT] = EVAC_GATE_LINT,
        [EVAC_CONDITION_READINESS] = EVAC_GATE_READINESS,
        [EVAC_CONDITION_DRILL] = EVAC_GATE_DRILL,
    };
    return gates_of[condition];
}

#define X(name, text) text,
static const char *const assurance_names[] = { EVAC_ASSURANCES(X) };
#undef X

const char *evac_assurance_name(enum evac_assurance_kind kind)
{
    return (unsigned)kind < EVAC_ASSURANCE_COUNT ? assurance_names[kind] : "?";
}

bool evac_assurance_parse(struct evac_str name, enum evac_assurance_kind *ret_kind)
{
    for (unsigned k = 0; k < EVAC_ASSURANCE_COUNT; k++)
        if (evac_str_is(name, assurance_names[k])) {
            *ret_kind = (enum evac_assurance_kind)k;
            return true;
        }
    return false;
}

const char *evac_decide_name(enum evac_decide decide)
{
    return (unsigned)decide < EVAC_DECIDE_COUNT ? decide_names[decide] : "?";
}

bool evac_waiver_holds(int64_t until_wall_ms, int64_t now_wall_ms)
{
    return now_wall_ms < until_wall_ms && until_wall_ms - now_wall_ms <= EVAC_WAIVER_MAX_MS;
}

void evac_times_add(struct evac_times *times, int64_t at_boot_ms)
{
    times->at_boot_ms[times->next] = at_boot_ms;
    times->next = (uint16_t)((times->next + 1) % EVAC_TIMES_MAX);
    if (times->count < EVAC_TIMES_MAX)
        times->count++;
}

int64_t evac_times_newest(const struct evac_times *times, uint16_t n)
{
    return times->at_boot_ms[(times->next + EVAC_TIMES_MAX - n) % EVAC_TIMES_MAX];
}

/* What a gate works with: its answer goes to the decision, its reason to the text. */
struct gate_io {
    const struct evac_decision_input *in;
    struct evac_decision *out;
    struct evac_text *why;
    bool may_act; /* the gates that bind `act` alone let it */
};

static enum evac_gate_answer because(struct gate_io *io, const char *text)
{
    evac_text_puts(io->why, io->why->n ? "; " : "");
    evac_text_puts(io->why, text);
    return EVAC_GATE_SAYS_BLOCK;
}

static enum evac_gate_answer block_unless(struct gate_io *io, bool passes, const char *text)
{
    return passes ? EVAC_GATE_SAYS_PASS : because(io, text);
}

static void wake_at(struct gate_io *io, uint64_t boot_ms)
{
    if (boot_ms < io->out->wake_boot_ms)
        io->out->wake_boot_ms = boot_ms;
}

static const struct evac_region_health *active(const struct evac_decision_input *in)
{
    return &in->health->regions[in->active];
}

/* An isolated region may still be writing: a person decides, whatever the policy says. */
static bool policy_acts(const struct evac_decision_input *in)
{
    return in->app->automatic == EVAC_POLICY_ACT && active(in)->verdict != EVAC_VERDICT_ISOLATED;
}

static void wake_in(struct gate_io *io, int64_t ms)
{
    wake_at(io, io->in->now_boot_ms + (ms > 0 ? (uint64_t)ms : 0));
}

static enum evac_gate_answer gate_policy(struct gate_io *io)
{
    return block_unless(io, io->in->app->automatic != EVAC_POLICY_NEVER,
                        "the app's policy is never: a person must start it");
}

static enum evac_gate_answer gate_kill_switch(struct gate_io *io)
{
    return block_unless(io, !io->in->stopped, "automation is stopped for all apps");
}

static enum evac_gate_answer gate_hold(struct gate_io *io)
{
    return block_unless(io, !io->in->held, "somebody holds this app");
}

/* Is the nth newest of these less than window ago? Then *ret_left_ms is for how long it stays so.
 */
static bool is_within(const struct evac_decision_input *in, const struct evac_times *times,
                      uint16_t nth, int64_t window_ms, int64_t *ret_left_ms)
{
    if (!times || nth == 0 || nth > times->count)
        return false;
    *ret_left_ms = evac_times_newest(times, nth) + window_ms - (int64_t)in->now_boot_ms;
    return *ret_left_ms > 0;
}

/* A verdict that came and went lately must hold for longer. */
static bool flapped(struct gate_io *io)
{
    const struct evac_app *app = io->in->app;
    int64_t left;
    if (app->flap_dwell_ms <= app->dwell_ms ||
        !is_within(io->in, io->in->flips, app->flap_changes, app->flap_window_ms, &left))
        return false;
    wake_in(io, left); /* then the usual dwell is enough */
    return true;
}

static void say_flapped(struct gate_io *io)
{
    evac_text_puts(io->why, ", because it changed ");
    evac_text_u64(io->why, io->in->app->flap_changes);
    evac_text_puts(io->why, " times in ");
    evac_text_duration(io->why, io->in->app->flap_window_ms);
}

/* "down for 2.1 s, acts after 3.0 s" */
static enum evac_gate_answer gate_verdict(struct gate_io *io)
{
    uint64_t since = active(io->in)->since_boot_ms, now = io->in->now_boot_ms;
    if (active(io->in)->verdict == EVAC_VERDICT_SUSPECT)
        return EVAC_GATE_SAYS_UNKNOWN; /* the observer's gate tells */
    bool longer = now < since + io->in->app->flap_dwell_ms && flapped(io);
    uint64_t dwell = longer ? io->in->app->flap_dwell_ms : io->in->app->dwell_ms;
    if (now >= since + dwell)
        return EVAC_GATE_SAYS_PASS;
    wake_at(io, since + dwell);
    because(io, evac_verdict_name(active(io->in)->verdict));
    evac_text_puts(io->why, " for ");
    evac_text_duration(io->why, now > since ? now - since : 0);
    evac_text_puts(io->why,
                   policy_acts(io->in) && io->may_act ? ", acts after " : ", proposes after ");
    evac_text_duration(io->why, dwell);
    if (longer)
        say_flapped(io);
    return EVAC_GATE_SAYS_BLOCK;
}

static size_t region_count(const struct evac_decision_input *in)
{
    return in->app->region_count < EVAC_REGIONS_MAX ? in->app->region_count : EVAC_REGIONS_MAX;
}

/* What a rehearsal found counts for so long; one from the future was dated by another clock. */
static bool is_lately(const struct evac_decision_input *in, const struct evac_readiness *r)
{
    int64_t age = in->now_wall_ms - r->at_wall_ms;
    return age >= 0 && age <= (int64_t)in->app->readiness_age_ms;
}

/* Nothing runs in a dormant standby that a probe could ask. */
static bool is_lately_ready(const struct evac_decision_input *in, const struct evac_readiness *r)
{
    return r->known && r->ready && in->app->readiness_ms && is_lately(in, r);
}

static bool may_be_target(const struct evac_decision_input *in, uint16_t r)
{
    if (r == in->active || ((in->out | in->unreconciled) & (1u << r)))
        return false;
    if (evac_health_is_dormant(in->health, r))
        return in->readiness && is_lately_ready(in, &in->readiness[r]);
    return in->health->regions[r].verdict == EVAC_VERDICT_UP;
}

static int rank_of(const struct evac_decision_input *in, uint16_t r)
{
    const struct evac_readiness *ready = in->readiness ? &in->readiness[r] : NULL;
    if (in->app->strategy == EVAC_STRATEGY_ACTIVE_ACTIVE && r == in->writer)
        return 3;
    return !ready || !ready->known ? 1 : ready->ready ? 2 : 0;
}

uint16_t evac_best_standby(const struct evac_decision_input *in)
{
    uint16_t count = (uint16_t)in->app->region_count, best = count;
    int best_rank = -1;
    for (uint16_t r = 0; r < count && r < EVAC_REGIONS_MAX; r++) {
        if (!may_be_target(in, r) || rank_of(in, r) <= best_rank)
            continue;
        best = r;
        best_rank = rank_of(in, r);
    }
    return best;
}

/* What answers from elsewhere proves that this controller sees something at all. */
static bool somebody_vouches(const struct evac_decision_input *in)
{
    for (uint16_t r = 0; r < region_count(in); r++)
        if (r != in->active && in->health->regions[r].verdict == EVAC_VERDICT_UP)
            return true;
    return false;
}

/* The only region that is looked at is down, the others are dormant: is it that region, or us? */
static bool stands_alone(const struct evac_decision_input *in)
{
    uint16_t best = evac_best_standby(in);
    return best < region_count(in) && evac_health_is_dormant(in->health, best) && !in->anchored &&
           !somebody_vouches(in);
}

static enum evac_gate_answer block_abstaining(struct gate_io *io)
{
    const char *why = io->in->health->vantages[0].why;
    because(io, "this controller's opinion does not count: ");
    evac_text_puts(io->why, why[0] ? why : "it is cut off itself");
    return EVAC_GATE_SAYS_BLOCK;
}

static enum evac_gate_answer gate_observer(struct gate_io *io)
{
    if (!EVAC_RULE(ABSTAIN))
        return EVAC_GATE_SAYS_PASS;
    if (active(io->in)->verdict == EVAC_VERDICT_SUSPECT)
        return because(io, "every region looks down: this controller doubts itself first");
    if (io->in->health->vantages[0].abstains)
        return block_abstaining(io);
    return block_unless(io, !stands_alone(io->in),
                        "no other region answers probes and there are no anchors: it may be this "
                        "controller that is cut off");
}

/* What all regions share fails in all of them: elsewhere it would be no better. */
static enum evac_gate_answer gate_dependency(struct gate_io *io)
{
    const struct evac_decision_input *in = io->in;
    if (!in->health->shared_down && in->needs.n == 0)
        return EVAC_GATE_SAYS_PASS;
    because(io, "");
    evac_health_say_dependency(in->health, io->why);
    evac_text_puts(io->why, in->health->shared_down && in->needs.n ? "; " : "");
    evac_text_put(io->why, in->needs);
    if (!in->health->shared_down && in->needs_doubtful)
        return EVAC_GATE_SAYS_UNKNOWN;
    evac_text_puts(io->why, ": moving would not help");
    return EVAC_GATE_SAYS_BLOCK;
}

static const char *what_of(const struct evac_decision_input *in, uint16_t r)
{
    if (in->out & (1u << r))
        return "is out";
    if (in->unreconciled & (1u << r))
        return "was left and is not reconciled";
    if (evac_health_is_dormant(in->health, r))
        return "is dormant, and was not lately found ready";
    return evac_verdict_name(in->health->regions[r].verdict);
}

/* "no standby region is up: us-west-2 unknown, eu-west-1 grey" */
static enum evac_gate_answer gate_standby(struct gate_io *io)
{
    const struct evac_decision_input *in = io->in;
    const char *before = ": ";
    uint16_t best = evac_best_standby(in);
    if (best < region_count(in)) {
        io->out->target = best;
        return EVAC_GATE_SAYS_PASS;
    }
    because(io, "no standby region is up");
    for (uint16_t r = 0; r < region_count(in); r++) {
        if (r == in->active)
            continue;
        evac_text_puts(io->why, before);
        evac_text_put(io->why, in->app->regions[r]);
        evac_text_puts(io->why, " ");
        evac_text_puts(io->why, what_of(in, r));
        before = ", ";
    }
    return EVAC_GATE_SAYS_BLOCK;
}

static enum evac_gate_answer gate_running(struct gate_io *io)
{
    if (io->in->run_proposed)
        return because(io, "a proposal waits for an answer");
    return block_unless(io, !io->in->run_active, "a run of this app is going on");
}

static enum evac_gate_answer gate_cooldown(struct gate_io *io)
{
    uint64_t end = io->in->last_run_end_boot_ms, now = io->in->now_boot_ms;
    uint64_t over = end + io->in->app->cooldown_ms;
    if (end == 0 || io->in->last_run_acked || now >= over || !EVAC_RULE(COOLDOWN))
        return EVAC_GATE_SAYS_PASS;
    wake_at(io, over);
    because(io, "the last run ended ");
    evac_text_duration(io->why, now > end ? now - end : 0);
    evac_text_puts(io->why, " ago: ");
    evac_text_duration(io->why, over - now);
    evac_text_puts(io->why, " of cooldown left, or acknowledge it");
    return EVAC_GATE_SAYS_BLOCK;
}

/* --- what only automation must not do
 * ---------------------------------------------------------------------- */

/* When a region is evacuated its waves pace, and no budget of single apps. */
static enum evac_gate_answer gate_budget(struct gate_io *io)
{
    if (io->in->in_incident || io->in->auto_runs < io->in->auto_runs_max)
        return EVAC_GATE_SAYS_PASS;
    because(io, "automatic runs going on: ");
    evac_text_u64(io->why, io->in->auto_runs);
    evac_text_puts(io->why, " of ");
    evac_text_u64(io->why, io->in->auto_runs_max);
    evac_text_puts(io->why, " allowed");
    return EVAC_GATE_SAYS_BLOCK;
}

static enum evac_gate_answer gate_pace(struct gate_io *io)
{
    uint64_t now = io->in->now_boot_ms, opens = io->in->pace_free_boot_ms;
    if (io->in->in_incident || now >= opens)
        return EVAC_GATE_SAYS_PASS;
    wake_at(io, opens);
    because(io, "automation began ");
    evac_text_u64(io->why, io->in->pace_max);
    evac_text_puts(io->why, " runs lately, over all apps: the next one in ");
    evac_text_duration(io->why, opens - now);
    return EVAC_GATE_SAYS_BLOCK;
}

/* Time alone does not let automation act again: somebody must have looked at what it did. And a
 * word alone does not either: the cooldown is for the app, which may not have settled. */
static enum evac_gate_answer gate_acknowledged(struct gate_io *io)
{
    uint64_t end = io->in->last_run_end_boot_ms, now = io->in->now_boot_ms;
    uint64_t over = end + io->in->app->cooldown_ms;
    if (io->in->auto_unacked)
        return because(io, "the last automatic run was not acknowledged ('evac ack')");
    if (end == 0 || now >= over)
        return EVAC_GATE_SAYS_PASS;
    wake_at(io, over);
    because(io, "the cooldown after the last run lasts ");
    evac_text_duration(io->why, over - now);
    evac_text_puts(io->why, " more");
    return EVAC_GATE_SAYS_BLOCK;
}

#define DAY_MS ((int64_t)86400000)

static bool is_spent(struct gate_io *io, uint16_t most, int64_t days)
{
    int64_t left;
    if (!is_within(io->in, io->in->auto_starts, most, days * DAY_MS, &left))
        return false;
    wake_in(io, left);
    because(io, "automation has begun ");
    evac_text_u64(io->why, most);
    evac_text_puts(io->why, most == 1 ? " run of this app in " : " runs of this app in ");
    evac_text_duration(io->why, (uint64_t)(days * DAY_MS));
    evac_text_puts(io->why, ": the next one in ");
    evac_text_duration(io->why, (uint64_t)left);
    return true;
}

static enum evac_gate_answer gate_flap(struct gate_io *io)
{
    bool day = is_spent(io, io->in->app->auto_per_day, 1);
    bool week = is_spent(io, io->in->app->auto_per_week, 7);
    return day || week ? EVAC_GATE_SAYS_BLOCK : EVAC_GATE_SAYS_PASS;
}

static void say_owner(struct gate_io *io, struct evac_str owner, struct evac_str reason)
{
    evac_text_puts(io->why, " (");
    evac_text_put(io->why, owner);
    evac_text_puts(io->why, owner.n && reason.n ? ": " : "");
    evac_text_put(io->why, reason);
    evac_text_puts(io->why, ")");
}

static enum evac_gate_answer gate_freeze(struct gate_io *io)
{
    const struct evac_frozen *f = &io->in->frozen;
    int64_t left = f->until_wall_ms - io->in->now_wall_ms;
    if (left <= 0)
        return EVAC_GATE_SAYS_PASS;
    because(io, "frozen");
    if (f->until_wall_ms != INT64_MAX) {
        wake_in(io, left);
        evac_text_puts(io->why, " for another ");
        evac_text_duration(io->why, (uint64_t)left);
    }
    say_owner(io, f->owner, f->reason);
    return EVAC_GATE_SAYS_BLOCK;
}

static enum evac_gate_answer unknown(struct gate_io *io, const char *text)
{
    because(io, text);
    return EVAC_GATE_SAYS_UNKNOWN;
}

static const struct evac_assurance *assurance(const struct gate_io *io,
                                              enum evac_assurance_kind kind)
{
    const struct evac_assurance *all = io->in->assurance[kind];
    return all && io->out->target < region_count(io->in) ? &all[io->out->target] : NULL;
}

static enum evac_gate_answer gate_lint(struct gate_io *io)
{
    const struct evac_assurance *lint = assurance(io, EVAC_ASSURANCE_LINT);
    if (!lint || !lint->known)
        return unknown(io, "the plan was not linted yet");
    if (lint->ok)
        return EVAC_GATE_SAYS_PASS;
    because(io, "the lint finds errors: ");
    evac_text_puts(io->why, lint->text);
    return EVAC_GATE_SAYS_BLOCK;
}

static enum evac_gate_answer gate_drill(struct gate_io *io)
{
    const struct evac_assurance *drill = assurance(io, EVAC_ASSURANCE_DRILL);
    if (!drill || !drill->known)
        return unknown(io, "no drill of this app went well yet");
    return block_unless(io, drill->ok, drill->text[0] ? drill->text : "its drills are not recent");
}

static enum evac_gate_answer stale(struct gate_io *io, int64_t age, int64_t good_ms)
{
    because(io, "it is ");
    evac_text_duration(io->why, (uint64_t)age);
    evac_text_puts(io->why, " ago that the standby was looked at; that counts for ");
    evac_text_duration(io->why, (uint64_t)good_ms);
    return EVAC_GATE_SAYS_BLOCK;
}

static enum evac_gate_answer gate_readiness(struct gate_io *io)
{
    bool there = io->in->readiness && io->out->target < region_count(io->in);
    const struct evac_readiness *r = there ? &io->in->readiness[io->out->target] : NULL;
    if (!r || !r->known)
        return unknown(io, "the standby was not looked at yet");
    if (!r->ready) {
        because(io, "the standby was not found ready by run ");
        evac_text_u64(io->why, r->run);
        return EVAC_GATE_SAYS_BLOCK;
    }
    int64_t age = io->in->now_wall_ms - r->at_wall_ms, good = io->in->app->readiness_age_ms;
    if (age < 0)
        return unknown(io, "the standby was looked at by another clock");
    if (!is_lately(io->in, r))
        return stale(io, age, good);
    wake_in(io, good - age + 1);
    return EVAC_GATE_SAYS_PASS;
}

/* A regional incident moves the app in its turn, or a global event nothing at all. */
static enum evac_gate_answer gate_incident(struct gate_io *io)
{
    return io->in->incident ? because(io, io->in->incident) : EVAC_GATE_SAYS_PASS;
}

static enum evac_gate_answer gate_lead(struct gate_io *io)
{
    return block_unless(io, io->in->lead, "this controller does not hold the lead");
}

typedef enum evac_gate_answer gate_fn(struct gate_io *io);

static gate_fn *const gates[EVAC_GATE_COUNT] = {
    [EVAC_GATE_POLICY] = gate_policy,     [EVAC_GATE_KILL_SWITCH] = gate_kill_switch,
    [EVAC_GATE_HOLD] = gate_hold,         [EVAC_GATE_VERDICT] = gate_verdict,
    [EVAC_GATE_OBSERVER] = gate_observer, [EVAC_GATE_DEPENDENCY] = gate_dependency,
    [EVAC_GATE_STANDBY] = gate_standby,   [EVAC_GATE_RUNNING] = gate_running,
    [EVAC_GATE_COOLDOWN] = gate_cooldown, [EVAC_GATE_BUDGET] = gate_budget,
    [EVAC_GATE_PACE] = gate_pace,         [EVAC_GATE_LEAD] = gate_lead,
    [EVAC_GATE_INCIDENT] = gate_incident, [EVAC_GATE_ACKNOWLEDGED] = gate_acknowledged,
    [EVAC_GATE_FLAP] = gate_flap,         [EVAC_GATE_FREEZE] = gate_freeze,
    [EVAC_GATE_LINT] = gate_lint,         [EVAC_GATE_READINESS] = gate_readiness,
    [EVAC_GATE_DRILL] = gate_drill,
};

/* GREY and UNKNOWN are for people to look at: nothing follows from them. */
static bool is_trouble(enum evac_verdict verdict)
{
    return verdict == EVAC_VERDICT_DOWN || verdict == EVAC_VERDICT_ISOLATED ||
           verdict == EVAC_VERDICT_SUSPECT;
}

static void forget_since(struct evac_text *text, size_t n)
{
    text->n = n;
    text->p[n] = '\0';
}

/* A gate that would not pass, and may be waived, and is: its reason is not one any more. */
static enum evac_gate_answer waive(struct gate_io *io, enum evac_gate gate,
                                   enum evac_gate_answer answer, size_t why_was)
{
    for (unsigned c = 0; c < EVAC_CONDITION_COUNT && answer != EVAC_GATE_SAYS_PASS; c++) {
        const struct evac_waived *w = &io->in->waived[c];
        if (evac_condition_gate((enum evac_condition)c) != gate ||
            w->until_wall_ms <= io->in->now_wall_ms)
            continue;
        wake_in(io, w->until_wall_ms - io->in->now_wall_ms);
        forget_since(io->why, why_was);
        return EVAC_GATE_SAYS_WAIVED;
    }
    return answer;
}

/* All gates that bind the same; false when one of them does not pass. */
static bool ask_gates(struct gate_io *io, enum evac_gate_binds binds)
{
    bool all = true;
    for (unsigned g = 0; g < EVAC_GATE_COUNT; g++) {
        size_t was = io->why->n;
        if (gate_binds[g] != binds)
            continue;
        enum evac_gate_answer answer = waive(io, (enum evac_gate)g, gates[g](io), was);
        io->out->gates[g] = answer;
        all = all && (answer == EVAC_GATE_SAYS_PASS || answer == EVAC_GATE_SAYS_WAIVED);
    }
    return all;
}

static void begin_decision(const struct evac_decision_input *in, struct evac_decision *out)
{
    uint16_t best = in->active < region_count(in) ? evac_best_standby(in) : EVAC_REGIONS_MAX;
    *out = (struct evac_decision){ .decide = EVAC_DECIDE_NOTHING,
                                   .from = in->active,
                                   .target = best < region_count(in) ? best
                                             : in->active == 0       ? 1
                                                                     : 0,
                                   .mode = EVAC_MODE_GRACEFUL,
                                   .wake_boot_ms = UINT64_MAX };
    for (unsigned g = 0; g < EVAC_GATE_COUNT; g++)
        out->gates[g] = EVAC_GATE_SAYS_UNKNOWN;
}

bool evac_may_act(const struct evac_decision_input *in, struct evac_decision *out)
{
    struct evac_text why;
    struct gate_io io = { in, out, &why, true };
    begin_decision(in, out);
    evac_text_init(&why, out->reasons, sizeof out->reasons);
    return ask_gates(&io, EVAC_BINDS_ACT);
}

static bool only_incident_blocks(const struct evac_decision *out)
{
    for (unsigned g = 0; g < EVAC_GATE_COUNT; g++)
        if (gate_binds[g] == EVAC_BINDS_ALL && g != EVAC_GATE_INCIDENT &&
            out->gates[g] != EVAC_GATE_SAYS_PASS)
            return false;
    return true;
}

/* What follows when all that binds proposals passes. */
static enum evac_decide what_passed(const struct gate_io *io, bool delayed)
{
    if (!policy_acts(io->in) || !io->may_act)
        return EVAC_DECIDE_PROPOSE;
    return delayed ? EVAC_DECIDE_WAIT : EVAC_DECIDE_ACT;
}

/* "waived: drill (bob: it is booked)": whoever reads what was done sees who stood for what. */
static void say_waived(struct gate_io *io)
{
    bool first = true;
    for (unsigned c = 0; c < EVAC_CONDITION_COUNT; c++) {
        if (io->out->gates[evac_condition_gate((enum evac_condition)c)] != EVAC_GATE_SAYS_WAIVED)
            continue;
        if (first)
            because(io, "waived: ");
        evac_text_puts(io->why, first ? "" : ", ");
        evac_text_puts(io->why, evac_condition_name((enum evac_condition)c));
        say_owner(io, io->in->waived[c].owner, io->in->waived[c].reason);
        first = false;
    }
}

/* "would act, but: ...": why a policy of acting only proposes. Of a freeze a proposal is warned,
 * for whoever answers it. */
static void say_caps(struct gate_io *io, const struct evac_text *caps)
{
    bool frozen = io->out->gates[EVAC_GATE_FREEZE] != EVAC_GATE_SAYS_PASS;
    if (policy_acts(io->in) && caps->n) {
        because(io, "would act, but: ");
        evac_text_put(io->why, evac_text_str(caps));
    } else if (frozen) {
        (void)gate_freeze(io);
    }
    if (policy_acts(io->in) && io->may_act)
        say_waived(io);
}

void evac_decide(const struct evac_decision_input *in, struct evac_decision *out)
{
    char caps_buffer[sizeof out->reasons];
    struct evac_text why, caps;
    struct gate_io io = { in, out, &caps, true };

    begin_decision(in, out);
    evac_text_init(&why, out->reasons, sizeof out->reasons);
    evac_text_init(&caps, caps_buffer, sizeof caps_buffer);
    if (in->active >= region_count(in) || !is_trouble(active(in)->verdict))
        return;

    if (active(in)->verdict != EVAC_VERDICT_SUSPECT)
        out->mode = EVAC_MODE_UNGRACEFUL;
    io.may_act = ask_gates(&io, EVAC_BINDS_ACT);
    io.why = &why;
    bool all = ask_gates(&io, EVAC_BINDS_ALL);
    bool alone = all || only_incident_blocks(out);
    size_t said = why.n;
    bool delayed = !ask_gates(&io, EVAC_BINDS_DELAY);
    if (!policy_acts(in) || !io.may_act)
        forget_since(&why, said); /* a delay is a reason only where something would act */
    say_caps(&io, &caps);
    out->alone = alone ? what_passed(&io, delayed) : EVAC_DECIDE_WAIT;
    out->decide = all ? out->alone : EVAC_DECIDE_WAIT;
}

enum evac_gate_answer evac_ask_gate(const struct evac_decision_input *in, enum evac_gate gate,
                                    char *ret_why, size_t bytes)
{
    struct evac_decision act, out;
    struct evac_text why;
    struct gate_io io = { in, &out, &why, evac_may_act(in, &act) };
    begin_decision(in, &out);
    evac_text_init(&why, ret_why, bytes);
    if (in->active >= region_count(in))
        return EVAC_GATE_SAYS_UNKNOWN;
    enum evac_gate_answer answer = waive(&io, gate, gates[gate](&io), 0);
    for (unsigned c = 0; c < EVAC_CONDITION_COUNT && answer == EVAC_GATE_SAYS_WAIVED; c++)
        if (evac_condition_gate((enum evac_condition)c) == gate) {
            evac_text_puts(&why, "waived");
            say_owner(&io, in->waived[c].owner, in->waived[c].reason);
        }
    return answer;
}
