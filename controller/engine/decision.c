#include "decision.h"

#include "text.h"

#define X(name, text, doc) text,
static const char *const gate_names[] = { EVAC_GATES(X) };
#undef X
#define X(name, text) text,
static const char *const decide_names[] = { EVAC_DECISIONS(X) };
#undef X

const char *evac_gate_name(enum evac_gate gate)
{
    return (unsigned)gate < EVAC_GATE_COUNT ? gate_names[gate] : "?";
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

/* What a gate works with: its answer goes to the decision, its reason to the text. */
struct gate_io {
    const struct evac_decision_input *in;
    struct evac_decision *out;
    struct evac_text *why;
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
static enum evac_decide what_passed(const struct evac_decision_input *in)
{
    bool isolated = active(in)->verdict == EVAC_VERDICT_ISOLATED;
    return in->app->automatic == EVAC_POLICY_ACT && !isolated ? EVAC_DECIDE_ACT
                                                              : EVAC_DECIDE_PROPOSE;
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

/* "down for 2.1 s, acts after 3.0 s" */
static enum evac_gate_answer gate_verdict(struct gate_io *io)
{
    uint64_t since = active(io->in)->since_boot_ms, now = io->in->now_boot_ms;
    uint64_t ripe = since + io->in->app->dwell_ms;
    if (active(io->in)->verdict == EVAC_VERDICT_SUSPECT)
        return EVAC_GATE_SAYS_UNKNOWN; /* the observer's gate tells */
    if (now >= ripe)
        return EVAC_GATE_SAYS_PASS;
    wake_at(io, ripe);
    because(io, evac_verdict_name(active(io->in)->verdict));
    evac_text_puts(io->why, " for ");
    evac_text_duration(io->why, now > since ? now - since : 0);
    evac_text_puts(io->why,
                   what_passed(io->in) == EVAC_DECIDE_ACT ? ", acts after " : ", proposes after ");
    evac_text_duration(io->why, io->in->app->dwell_ms);
    return EVAC_GATE_SAYS_BLOCK;
}

static size_t region_count(const struct evac_decision_input *in)
{
    return in->app->region_count < EVAC_REGIONS_MAX ? in->app->region_count : EVAC_REGIONS_MAX;
}

/* Nothing runs in a dormant standby that a probe could ask: what a rehearsal found there counts for
 * two of its intervals and a little. */
#define READY_GRACE_MS 600000

static bool is_lately_ready(const struct evac_decision_input *in, const struct evac_readiness *r)
{
    int64_t age = in->now_wall_ms - r->at_wall_ms;
    return r->known && r->ready && in->app->readiness_ms &&
           age <= 2 * (int64_t)in->app->readiness_ms + READY_GRACE_MS;
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
    if (end == 0 || io->in->last_run_acked || now >= over)
        return EVAC_GATE_SAYS_PASS;
    wake_at(io, over);
    because(io, "the last run ended ");
    evac_text_duration(io->why, now > end ? now - end : 0);
    evac_text_puts(io->why, " ago: ");
    evac_text_duration(io->why, over - now);
    evac_text_puts(io->why, " of cooldown left, or acknowledge it");
    return EVAC_GATE_SAYS_BLOCK;
}

static enum evac_gate_answer gate_budget(struct gate_io *io)
{
    if (io->in->auto_runs < io->in->auto_runs_max)
        return EVAC_GATE_SAYS_PASS;
    because(io, "automatic runs going on: ");
    evac_text_u64(io->why, io->in->auto_runs);
    evac_text_puts(io->why, " of ");
    evac_text_u64(io->why, io->in->auto_runs_max);
    evac_text_puts(io->why, " allowed");
    return EVAC_GATE_SAYS_BLOCK;
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
    [EVAC_GATE_LEAD] = gate_lead,
};

/* GREY and UNKNOWN are for people to look at: nothing follows from them. */
static bool is_trouble(enum evac_verdict verdict)
{
    return verdict == EVAC_VERDICT_DOWN || verdict == EVAC_VERDICT_ISOLATED ||
           verdict == EVAC_VERDICT_SUSPECT;
}

void evac_decide(const struct evac_decision_input *in, struct evac_decision *out)
{
    struct evac_text why;
    struct gate_io io = { in, out, &why };
    bool all = true;

    *out = (struct evac_decision){ .decide = EVAC_DECIDE_NOTHING,
                                   .from = in->active,
                                   .target = in->active == 0 ? 1 : 0,
                                   .mode = EVAC_MODE_GRACEFUL,
                                   .wake_boot_ms = UINT64_MAX };
    evac_text_init(&why, out->reasons, sizeof out->reasons);
    for (unsigned g = 0; g < EVAC_GATE_COUNT; g++)
        out->gates[g] = EVAC_GATE_SAYS_UNKNOWN;
    if (in->active >= region_count(in) || !is_trouble(active(in)->verdict))
        return;

    if (active(in)->verdict != EVAC_VERDICT_SUSPECT)
        out->mode = EVAC_MODE_UNGRACEFUL;
    for (unsigned g = 0; g < EVAC_GATE_COUNT; g++) {
        out->gates[g] = gates[g](&io);
        all = all && out->gates[g] == EVAC_GATE_SAYS_PASS;
    }
    out->decide = all ? what_passed(in) : EVAC_DECIDE_WAIT;
}
