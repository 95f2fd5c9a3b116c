/* People's yes: whose counts, for what it was given, who is told when nobody answers, and what
 * becomes of the question then. */
#include "run_internal.h"

/* A shut gate may open by what others do, which no event of this run tells. */
#define GATE_LOOK_MS 2000u

static const struct evac_approvals *rules(const struct evac_run *run)
{
    return run->facts.approvals;
}

uint16_t evac_run_yeses_needed(const struct evac_run *run)
{
    return rules(run) ? rules(run)->need : 1;
}

uint16_t evac_run_yeses(const struct evac_run *run, uint32_t step)
{
    uint16_t n = 0;
    for (uint16_t i = 0; i < run->yes_count; i++)
        n = (uint16_t)(n + (run->yeses[i].step == step));
    return n;
}

/* --- whose yes
 * ---------------------------------------------------------------------------------- */

static bool has_said_yes(const struct evac_run *run, uint32_t step, struct evac_str who)
{
    for (uint16_t i = 0; i < run->yes_count; i++)
        if (run->yeses[i].step == step && evac_who_is_one(who, evac_str(run->yeses[i].who)))
            return true;
    return false;
}

/* The policy and the calendar are nobody: what they ask for, anybody may approve. */
static bool is_requester(const struct evac_run *run, struct evac_str who)
{
    return evac_who_is_one(who, evac_str(run->who));
}

static bool may_requester(const struct evac_run *run)
{
    return !rules(run) || rules(run)->requester_may_approve;
}

static bool is_of(const struct evac_approvals *rules_, const struct evac_command *cmd)
{
    enum evac_role role;
    if (!rules_)
        return cmd->roles & EVAC_ROLE_BIT(EVAC_ROLE_APPROVER);
    for (size_t i = 0; i < rules_->of_count; i++) {
        if (evac_role_parse(rules_->of[i], &role) ? (cmd->roles & EVAC_ROLE_BIT(role)) != 0
                                                  : evac_principal_is(rules_->of[i], cmd->caller))
            return true;
    }
    return false;
}

static void say_of(const struct evac_run *run, struct evac_text *text)
{
    const struct evac_approvals *r = rules(run);
    if (!r)
        evac_text_puts(text, "approver");
    for (size_t i = 0; r && i < r->of_count; i++) {
        evac_text_puts(text, i ? ", " : "");
        evac_text_put(text, r->of[i]);
    }
}

/* "uid:1000(ann)" is ann to people, and whoever answers for a token is meant with it. */
static void say_who(struct evac_str who, struct evac_text *text)
{
    struct evac_str name;
    const struct evac_who parts = evac_who_parts(who);
    who = parts.person.n ? parts.person : parts.principal;
    (void)evac_str_cut(who, '(', &name);
    if (name.n > 1)
        name.n--;
    evac_text_put(text, name.n ? name : who);
}

void run_say_needed(const struct evac_run *run, uint32_t step, struct evac_text *text)
{
    uint16_t have = evac_run_yeses(run, step), need = evac_run_yeses_needed(run);
    const char *before = ", but not ";
    evac_text_puts(text, "needs ");
    evac_text_u64(text, need > have ? need - have : 0);
    evac_text_puts(text, have ? " more (" : " (");
    say_of(run, text);
    evac_text_puts(text, ")");
    if (!may_requester(run)) {
        evac_text_puts(text, before);
        say_who(evac_str(run->who), text);
        before = " or ";
    }
    for (uint16_t i = 0; i < run->yes_count; i++) {
        if (run->yeses[i].step != step)
            continue;
        evac_text_puts(text, before);
        say_who(evac_str(run->yeses[i].who), text);
        before = " or ";
    }
}

enum evac_code evac_run_yes_refused(const struct evac_run *run, uint32_t step,
                                    const struct evac_command *cmd, struct evac_text *why)
{
    if (!is_of(rules(run), cmd)) {
        evac_text_puts(why, "your yes does not count here: it is for ");
        say_of(run, why);
        return EVAC_E_FORBIDDEN;
    }
    if (has_said_yes(run, step, cmd->who))
        evac_text_puts(why, "you have said yes already: it takes somebody else");
    else if (is_requester(run, cmd->who) && !may_requester(run))
        evac_text_puts(why, "you asked for this run: it takes somebody else's yes");
    else if (run->yes_count == EVAC_RUN_YESES_MAX)
        evac_text_puts(why, "so many approvals are not kept in one run");
    else
        return EVAC_OK;
    return EVAC_E_REFUSED;
}

static bool refuse_yes(struct evac_run *run, struct evac_run_io *io, uint32_t step,
                       const struct evac_command *cmd)
{
    char text[200];
    struct evac_text line;
    evac_text_init(&line, text, sizeof text);
    enum evac_code code = evac_run_yes_refused(run, step, cmd, &line);
    if (code)
        run_answer(io, code, text);
    return code != EVAC_OK;
}

/* --- approving
 * ---------------------------------------------------------------------------------- */

static void record_yes(struct evac_run *run, struct evac_run_io *io, uint32_t step,
                       const struct evac_command *cmd)
{
    struct evac_record r = { .kind = EVAC_RECORD_APPROVE, .step = step };
    struct evac_text shown = evac_effects_text(io->fx, 64); /* what it is given for */
    r.who = cmd->who;
    r.text = cmd->reason;
    evac_text_puts(&shown, evac_verdict_name(run->facts.verdict));
    evac_text_puts(&shown, "/");
    evac_text_puts(&shown, evac_mode_name(run->mode));
    r.event = evac_effects_text_end(io->fx, &shown);
    r.number = run->loss_ms == EVAC_LOSS_UNKNOWN ? -1 : run->loss_ms;
    evac_run_record(run, io, r);
}

static void answer_yes(struct evac_run *run, struct evac_run_io *io, uint32_t step)
{
    uint16_t have = evac_run_yeses(run, step), need = evac_run_yeses_needed(run);
    char text[300], shut[200];
    struct evac_text line, why;
    evac_text_init(&line, text, sizeof text);
    evac_text_init(&why, shut, sizeof shut);
    evac_text_puts(&line, "approved");
    if (have < need) {
        evac_text_puts(&line, ", ");
        evac_text_u64(&line, have);
        evac_text_puts(&line, " of ");
        evac_text_u64(&line, need);
        evac_text_puts(&line, ": ");
        run_say_needed(run, step, &line);
    } else if (run_gates_shut(run, io->now, step)) {
        run_say_shut(run, io->now, step, &why);
        evac_text_puts(&line, ", and waits still for ");
        evac_text_put(&line, evac_text_str(&why));
    } else {
        evac_text_puts(&line, step == EVAC_NO_STEP ? "; the run begins" : "; the step goes on");
    }
    run_answer(io, EVAC_OK, text);
}

static bool waits_for_yes(const struct evac_run *run, uint32_t step)
{
    return step == EVAC_NO_STEP
               ? run->state == EVAC_RUN_PROPOSED && (run->asks || !run->gated)
               : step < run->plan->forward_count && run->steps[step].state == EVAC_STEP_GATED &&
                     (plan_step(run, (uint16_t)step)->flags & EVAC_STEP_APPROVAL);
}

bool evac_run_asks(const struct evac_run *run, struct evac_str name, uint32_t *ret_step)
{
    *ret_step =
        run->state == EVAC_RUN_PROPOSED ? EVAC_NO_STEP : run_find_step(run, name, EVAC_STEP_GATED);
    return waits_for_yes(run, *ret_step);
}

void run_approve(struct evac_run *run, struct evac_run_io *io, const struct evac_command *cmd)
{
    uint32_t step;
    if (!evac_run_asks(run, cmd->step, &step)) {
        run_refuse(io, "nothing here waits for an approval (name the step if several do)");
        return;
    }
    if (step == EVAC_NO_STEP && !run->gated) /* asked for by a version that did not say so */
        evac_run_start(run, io, true, 0);
    run_void_yeses(run, io, step);
    if (refuse_yes(run, io, step, cmd))
        return;
    record_yes(run, io, step, cmd);
    answer_yes(run, io, step);
}

/* --- bound to what was shown
 * -------------------------------------------------------------------- */

bool evac_run_loss_outgrew(const struct evac_run *run, int64_t loss_ms)
{
    return loss_ms != EVAC_LOSS_UNKNOWN && run->loss_ms != EVAC_LOSS_UNKNOWN &&
           run->loss_ms > run->plan->rpo_ms && run->loss_ms / 2 > loss_ms;
}

/* What is not known now says nothing against what was: only another verdict, another mode, or a
 * loss that is too much and twice what was shown. */
static const char *why_void(const struct evac_run *run, const struct evac_yes *yes)
{
    if (!EVAC_RULE(APPROVAL))
        return NULL;
    bool verdict_known =
        run->facts.verdict != EVAC_VERDICT_UNKNOWN && yes->verdict != EVAC_VERDICT_UNKNOWN;
    if (yes->mode != run->mode)
        return "the run's mode changed";
    if (verdict_known && yes->verdict != run->facts.verdict)
        return "the region's verdict changed";
    if (evac_run_loss_outgrew(run, yes->loss_ms))
        return "the data that would be lost has more than doubled";
    return NULL;
}

static const char *find_void(const struct evac_run *run, uint32_t step)
{
    for (uint16_t i = 0; i < run->yes_count; i++) {
        const char *why = run->yeses[i].step == step ? why_void(run, &run->yeses[i]) : NULL;
        if (why)
            return why;
    }
    return NULL;
}

void run_void_yeses(struct evac_run *run, struct evac_run_io *io, uint32_t step)
{
    const char *why = find_void(run, step);
    struct evac_record r = { .kind = EVAC_RECORD_GATE_BLOCK, .step = step };
    struct evac_text text;
    if (!why)
        return;
    text = evac_effects_text(io->fx, 200);
    evac_text_puts(&text, "the approvals given so far are void: ");
    evac_text_puts(&text, why);
    if (step == EVAC_NO_STEP)
        r.name = EVAC_STR("start");
    r.event = evac_str(evac_run_gate_row(EVAC_RUN_GATE_APPROVAL)->name);
    r.to = EVAC_STR("void");
    r.number = evac_run_yeses_needed(run);
    r.text = evac_effects_text_end(io->fx, &text);
    evac_run_record(run, io, r);
    run_notice(run, io, true, r.text.p, NULL);
}

/* --- nobody answers
 * ----------------------------------------------------------------------------- */

static uint32_t expiry_ms(const struct evac_run *run)
{
    return rules(run) && rules(run)->expiry_ms ? rules(run)->expiry_ms : run->plan->approval_ms;
}

static bool is_asked(const struct evac_run *run, uint32_t step)
{
    const struct evac_gate_marks *m = step == EVAC_NO_STEP ? &run->gates : &run->steps[step].gates;
    return m->shut & (1u << EVAC_RUN_GATE_APPROVAL);
}

static uint64_t at(const struct evac_gate_marks *m, uint64_t after_ms)
{
    int64_t when = m->since_boot_ms + (int64_t)after_ms;
    return when > 0 ? (uint64_t)when : 0;
}

uint64_t run_wait_deadline_ms(const struct evac_run *run, uint32_t step)
{
    const struct evac_gate_marks *m = step == EVAC_NO_STEP ? &run->gates : &run->steps[step].gates;
    return at(m, (uint64_t)expiry_ms(run) * (1u + m->reminded));
}

uint64_t run_wait_wake_ms(const struct evac_run *run, const struct evac_now *now, uint32_t step)
{
    const struct evac_gate_marks *m = step == EVAC_NO_STEP ? &run->gates : &run->steps[step].gates;
    uint64_t wake = now->boot_ms + GATE_LOOK_MS;
    if (is_asked(run, step) && rules(run) && m->escalated < rules(run)->escalate_count) {
        uint64_t next = at(m, rules(run)->escalate[m->escalated].after_ms);
        wake = next < wake ? next : wake;
    }
    return wake;
}

void run_wait_resume(struct evac_run *run, const struct evac_now *now, uint32_t step)
{
    struct evac_gate_marks *m = run_marks(run, step);
    int64_t waited = now->wall_ms - m->asked_wall_ms;
    if (m->asked_wall_ms == 0)
        return;
    m->since_boot_ms = (int64_t)now->boot_ms - (waited > 0 ? waited : 0);
}

static void tell(struct evac_run *run, struct evac_run_io *io, struct evac_str to,
                 struct evac_str text)
{
    struct evac_effect *effect = evac_effects_add(io->fx, EVAC_FX_NOTICE);
    effect->u.notice = (struct evac_notice_effect){
        .alarm = true, .app = run->plan->app, .run = run->id, .text = text.p, .to = to
    };
}

static void record_escalation(struct evac_run *run, struct evac_run_io *io, uint32_t step,
                              struct evac_record r)
{
    r.kind = EVAC_RECORD_ESCALATE;
    r.step = step;
    evac_run_record(run, io, r);
}

static void begin_text(struct evac_run *run, const struct evac_run_io *io, uint32_t step,
                       struct evac_text *text)
{
    const struct evac_gate_marks *m = run_marks(run, step);
    int64_t waited = (int64_t)io->now->boot_ms - m->since_boot_ms;
    evac_text_puts(text, "nobody has answered for ");
    evac_text_duration(text, waited > 0 ? (uint64_t)waited : 0);
    if (step != EVAC_NO_STEP) {
        evac_text_puts(text, " (");
        evac_text_put(text, plan_step(run, (uint16_t)step)->id);
        evac_text_puts(text, ")");
    }
    evac_text_puts(text, ": ");
}

void run_escalate(struct evac_run *run, struct evac_run_io *io, uint32_t step)
{
    const struct evac_approvals *r = rules(run);
    const struct evac_gate_marks *m = run_marks(run, step);
    while (r && is_asked(run, step) && m->escalated < r->escalate_count &&
           io->now->boot_ms >= at(m, r->escalate[m->escalated].after_ms)) {
        const struct evac_escalation *next = &r->escalate[m->escalated];
        struct evac_text text = evac_effects_text(io->fx, 400);
        begin_text(run, io, step, &text);
        evac_text_put(&text, next->to);
        evac_text_puts(&text, " is told; the run ");
        run_say_needed(run, step, &text);
        struct evac_str said = evac_effects_text_end(io->fx, &text);
        record_escalation(run, io, step,
                          (struct evac_record){ .name = next->to,
                                                .to = EVAC_STR("told"),
                                                .number = m->escalated + 1,
                                                .text = said });
        tell(run, io, next->to, said);
    }
}

/* Only what is asked for can go on without an answer; another gate is no question. */
static enum evac_at_expiry at_expiry(const struct evac_run *run, uint32_t step)
{
    return rules(run) && is_asked(run, step) ? rules(run)->at_expiry : EVAC_AT_EXPIRY_DECLINE;
}

static const char *const expiry_words[EVAC_AT_EXPIRY_COUNT] = {
    [EVAC_AT_EXPIRY_DECLINE] = "its time is up",
    [EVAC_AT_EXPIRY_HOLD] = "it stays open",
    [EVAC_AT_EXPIRY_GO_ON] = "it goes on without",
};

bool run_wait_expired(struct evac_run *run, struct evac_run_io *io, uint32_t step)
{
    enum evac_at_expiry what = at_expiry(run, step);
    struct evac_text text = evac_effects_text(io->fx, 200);
    begin_text(run, io, step, &text);
    evac_text_puts(&text, expiry_words[what]);
    struct evac_str said = evac_effects_text_end(io->fx, &text);
    record_escalation(run, io, step,
                      (struct evac_record){ .name = EVAC_STR("expiry"),
                                            .to = evac_str(evac_at_expiry_name(what)),
                                            .text = said });
    tell(run, io, EVAC_STR_NONE, said);
    return what != EVAC_AT_EXPIRY_DECLINE;
}
