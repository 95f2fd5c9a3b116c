/* The clock in words, for somebody who was woken up: what the policy will do, and what to do. */
#include "clock_internal.h"

static void say(struct evac_text *t, const char *before, struct evac_str s, const char *after)
{
    evac_text_puts(t, before);
    evac_text_put(t, s);
    evac_text_puts(t, after);
}

static void say_ms(struct evac_text *t, const char *before, int64_t ms, const char *after)
{
    evac_text_puts(t, before);
    evac_text_duration(t, (uint64_t)(ms < 0 ? 0 : ms));
    evac_text_puts(t, after);
}

static struct evac_str region(const struct evac_clock *c, uint16_t r)
{
    return r < c->app->app->region_count ? c->app->app->regions[r] : EVAC_STR("nowhere");
}

static struct evac_str name(const struct evac_clock *c)
{
    return c->app->app->name;
}

/* --- the policy
 * ------------------------------------------------------------------------------------------ */

static bool acts(const struct evac_clock *c)
{
    return c->may_act && c->verdict != EVAC_VERDICT_ISOLATED;
}

static bool passes(const struct evac_clock *c, enum evac_gate gate)
{
    enum evac_gate_answer answer = c->app->decision.gates[gate];
    return answer == EVAC_GATE_SAYS_PASS || answer == EVAC_GATE_SAYS_WAIVED;
}

/* What binds acting alone does not keep it from proposing. */
static bool counts(const struct evac_clock *c, enum evac_gate gate)
{
    enum evac_gate_binds binds = evac_gate_binds(gate);
    return binds == EVAC_BINDS_ALL || (binds == EVAC_BINDS_DELAY && c->may_act);
}

/* The dwell or the cooldown ends by itself; nothing else is closed. */
static bool only_time_blocks(const struct evac_clock *c)
{
    for (unsigned g = 0; g < EVAC_GATE_COUNT; g++)
        if (counts(c, (enum evac_gate)g) && !passes(c, (enum evac_gate)g) &&
            g != EVAC_GATE_VERDICT && g != EVAC_GATE_COOLDOWN)
            return false;
    return c->policy_at_ms != 0;
}

static void say_quiet_policy(const struct evac_clock *c, struct evac_text *t)
{
    const struct evac_app *app = c->app->app;
    if (app->automatic == EVAC_POLICY_NEVER) {
        evac_text_puts(t, "does nothing by itself: a person starts it");
        return;
    }
    say(t, acts(c) ? "acts by itself once " : "proposes once ", region(c, c->from), "");
    say_ms(t, " has been down for ", app->dwell_ms, acts(c) ? "" : ", then waits for a yes");
}

static void say_busy_policy(const struct evac_clock *c, struct evac_text *t)
{
    if (c->app->decision.decide != EVAC_DECIDE_WAIT)
        evac_text_puts(t, acts(c) ? "acts now" : "proposes now");
    else if (only_time_blocks(c))
        say_ms(t, acts(c) ? "acts by itself in " : "proposes in ", c->policy_at_ms - c->now.wall_ms,
               ", if nothing changes");
    else
        evac_text_puts(t, "does nothing while a gate is closed");
}

void clock_policy(struct evac_clock *c)
{
    const struct evac_decision *d = &c->app->decision;
    struct evac_text t;
    evac_text_init(&t, c->policy, sizeof c->policy);
    if (d->wake_boot_ms != UINT64_MAX && d->wake_boot_ms > c->now.boot_ms)
        c->policy_at_ms = c->now.wall_ms + (int64_t)(d->wake_boot_ms - c->now.boot_ms);
    if (c->app->run && c->app->run->state == EVAC_RUN_PROPOSED)
        evac_text_puts(&t, "has proposed a failover, and waits for a yes");
    else if (c->app->run)
        evac_text_puts(&t, "waits: a run goes on");
    else if (d->decide == EVAC_DECIDE_NOTHING)
        say_quiet_policy(c, &t);
    else
        say_busy_policy(c, &t);
}

/* --- the advice: the first rule that fits
 * ---------------------------------------------------------------- */

static bool waits_for(const struct evac_clock *c, enum evac_run_gate gate)
{
    return (c->waits_for & (1u << gate)) != 0;
}

static bool run_is_proposed(const struct evac_clock *c)
{
    return c->app->run && c->app->run->state == EVAC_RUN_PROPOSED &&
           waits_for(c, EVAC_RUN_GATE_APPROVAL);
}

static bool only_a_veto_is_waited_for(const struct evac_clock *c)
{
    return c->app->run && c->waits_for == 1u << EVAC_RUN_GATE_VETO;
}

static bool run_asks(const struct evac_clock *c)
{
    return c->app->run && c->waits_at.n > 0;
}

static bool run_goes_on(const struct evac_clock *c)
{
    return c->app->run != NULL;
}

static bool is_up(const struct evac_clock *c)
{
    return c->verdict == EVAC_VERDICT_UP;
}

static bool is_unclear(const struct evac_clock *c)
{
    return !c->trouble;
}

static bool is_suspect(const struct evac_clock *c)
{
    return c->verdict == EVAC_VERDICT_SUSPECT;
}

static bool has_no_plan(const struct evac_clock *c)
{
    return c->plan == NULL;
}

static bool can_not_start(const struct evac_clock *c)
{
    return c->app->decision.decide == EVAC_DECIDE_WAIT &&
           (!passes(c, EVAC_GATE_STANDBY) || !passes(c, EVAC_GATE_OBSERVER) ||
            !passes(c, EVAC_GATE_LEAD));
}

static bool in_incident(const struct evac_clock *c)
{
    return c->app->decision.decide == EVAC_DECIDE_WAIT && !passes(c, EVAC_GATE_INCIDENT);
}

static bool is_isolated(const struct evac_clock *c)
{
    return c->verdict == EVAC_VERDICT_ISOLATED;
}

/* The policy takes its time, and there is that much time. */
static bool may_wait(const struct evac_clock *c)
{
    return only_time_blocks(c) && c->start_by_p95_ms >= c->policy_at_ms;
}

static bool always(const struct evac_clock *c)
{
    (void)c;
    return true;
}

static void say_deadline(const struct evac_clock *c, struct evac_text *t)
{
    int64_t left = c->start_by_p95_ms - c->now.wall_ms, most = c->start_by_p50_ms - c->now.wall_ms;
    if (c->start_by_p95_ms == 0)
        return;
    if (c->failover.p50_ms >= c->app->app->rto_ms)
        say_ms(t, "; it usually takes ", c->failover.p50_ms,
               ", longer than the objective allows: lose no time");
    else if (left >= 0)
        say_ms(t, "; started within ", left, " it meets the objective even if it is slow");
    else if (most >= 0)
        say_ms(t, "; started within ", most, " it meets the objective if all goes as usual");
    else
        say_ms(t, "; the last moment to meet the objective was ", -most, " ago");
}

static void say_cost(const struct evac_clock *c, struct evac_text *t)
{
    if (c->loss_ms == EVAC_LOSS_UNKNOWN)
        evac_text_puts(t, "; what it would lose is not known, somebody will have to override");
    else if (c->loss_ms > c->app->app->rpo_ms)
        say_ms(t, "; it loses ", c->loss_ms,
               " of data, more than the objective: somebody will "
               "have to override");
}

/* What stands before the start of a run that somebody begins now. */
static void say_gates(const struct evac_clock *c, struct evac_text *t)
{
    const char *before = "; it will wait for somebody to open ";
    for (size_t i = 0; i < c->block_count; i++) {
        if (!evac_str_is(EVAC_STR("start"), c->blocks[i].binds) ||
            evac_str_is(EVAC_STR("rpo"), c->blocks[i].gate)) /* the cost says that */
            continue;
        evac_text_puts(t, before);
        evac_text_puts(t, c->blocks[i].gate);
        before = ", ";
    }
}

static void answer_proposal(const struct evac_clock *c, struct evac_text *t)
{
    say(t, "say yes now: 'evac approve ", name(c), "' begins what was proposed");
    say_deadline(c, t);
    say_cost(c, t);
}

static void answer_run(const struct evac_clock *c, struct evac_text *t)
{
    evac_text_puts(t, "run ");
    evac_text_u64(t, c->app->run->id);
    evac_text_puts(t, " waits for you");
    say(t, " at ", c->waits_at, "");
    say(t, ": 'evac watch ", name(c), "' shows why; approve, override, retry or skip it");
}

static void follow_veto(const struct evac_clock *c, struct evac_text *t)
{
    evac_text_puts(t, "run ");
    evac_text_u64(t, c->app->run->id);
    say(t, " begins by itself when its time for a no is over: 'evac decline ", name(c),
        "' says no, 'evac override' begins it now");
    say_deadline(c, t);
    say_cost(c, t);
}

static void follow_run(const struct evac_clock *c, struct evac_text *t)
{
    evac_text_puts(t, "run ");
    evac_text_u64(t, c->app->run->id);
    if (c->app->run->instants & (1u << EVAC_INSTANT_RECOVERED))
        evac_text_puts(t, " has users served again and tidies up");
    else
        say_ms(t, " goes on: users are served again in about ", c->failover.p50_ms, "");
    say(t, "; 'evac watch ", name(c), "'");
}

static void nothing(const struct evac_clock *c, struct evac_text *t)
{
    say(t, "nothing is wrong: ", region(c, c->from), " is up");
    if (!c->plan)
        say(t, "; but a failover could not be started: ", c->no_plan, "");
}

static void look(const struct evac_clock *c, struct evac_text *t)
{
    say(t, "look first: ", region(c, c->from), " is ");
    say(t, evac_verdict_name(c->verdict), EVAC_STR_NONE, "");
    say(t, " (", evac_str(c->app->health.regions[c->from].reasons), "): nothing starts by itself");
}

static void doubt(const struct evac_clock *c, struct evac_text *t)
{
    (void)c;
    evac_text_puts(t, "wait: every region looks down from here, so it is more likely that this "
                      "controller is cut off; look from somewhere else before you do anything");
}

static void mend_plan(const struct evac_clock *c, struct evac_text *t)
{
    say(t, "it can not be started: ", c->no_plan, "");
}

static void mend_gates(const struct evac_clock *c, struct evac_text *t)
{
    evac_text_puts(t, "do not start yet");
    for (size_t i = 0; i < c->block_count; i++)
        if (evac_str_is(EVAC_STR("standby"), c->blocks[i].gate) ||
            evac_str_is(EVAC_STR("observer"), c->blocks[i].gate) ||
            evac_str_is(EVAC_STR("lead"), c->blocks[i].gate))
            say(t, ": ", c->blocks[i].reason, "");
}

static void follow_incident(const struct evac_clock *c, struct evac_text *t)
{
    evac_text_puts(t, "the whole region is one incident, which takes this app along");
    for (size_t i = 0; i < c->block_count; i++)
        if (evac_str_is(EVAC_STR("incident"), c->blocks[i].gate))
            say(t, ": ", c->blocks[i].reason, "");
    evac_text_puts(t, "; 'evac incident' shows it");
    say_deadline(c, t);
}

static void start_isolated(const struct evac_clock *c, struct evac_text *t)
{
    say(t, "start it, but know that ", region(c, c->from),
        " is alive inside and unreachable: it may still be writing, and what it writes until its "
        "fence is lost");
    say(t, "; 'evac failover ", name(c), "'");
    say_deadline(c, t);
    say_gates(c, t);
}

static void wait_for_policy(const struct evac_clock *c, struct evac_text *t)
{
    say_ms(t, "wait ", c->policy_at_ms - c->now.wall_ms, "");
    say(t, acts(c) ? ": then the policy acts, if " : ": it may come back by itself; if ",
        region(c, c->from), acts(c) ? " is not back" : " does not, the policy proposes");
    say_deadline(c, t);
}

static void start_now(const struct evac_clock *c, struct evac_text *t)
{
    say(t, "start now: 'evac failover ", name(c), "'");
    say_deadline(c, t);
    say_gates(c, t);
    say_cost(c, t);
}

static const struct rule {
    bool (*fits)(const struct evac_clock *c);
    enum evac_advice advice;
    void (*words)(const struct evac_clock *c, struct evac_text *t);
} rules[] = {
    { run_is_proposed, EVAC_ADVICE_ANSWER, answer_proposal },
    { only_a_veto_is_waited_for, EVAC_ADVICE_FOLLOW, follow_veto },
    { run_asks, EVAC_ADVICE_ANSWER, answer_run },
    { run_goes_on, EVAC_ADVICE_FOLLOW, follow_run },
    { is_up, EVAC_ADVICE_NOTHING, nothing },
    { is_unclear, EVAC_ADVICE_LOOK, look },
    { is_suspect, EVAC_ADVICE_WAIT, doubt },
    { has_no_plan, EVAC_ADVICE_FIX, mend_plan },
    { can_not_start, EVAC_ADVICE_FIX, mend_gates },
    { in_incident, EVAC_ADVICE_ANSWER, follow_incident },
    { is_isolated, EVAC_ADVICE_START, start_isolated },
    { may_wait, EVAC_ADVICE_WAIT, wait_for_policy },
    { always, EVAC_ADVICE_START, start_now },
};

void clock_advise(struct evac_clock *c)
{
    struct evac_text t;
    const struct rule *r = rules;
    evac_text_init(&t, c->words, sizeof c->words);
    while (!r->fits(c))
        r++;
    c->advice = r->advice;
    r->words(c, &t);
}
