#include "run_internal.h"

static enum evac_code corrupt(struct evac_err *err, const char *what)
{
    if (err) {
        err->code = EVAC_E_CORRUPT;
        (void)evac_str_copy(err->text, sizeof err->text, evac_str(what));
    }
    return EVAC_E_CORRUPT;
}

/* Nothing is looked at again that could tell it anew. */
static void keep_reason(struct evac_step_run *s, struct evac_str text)
{
    bool failed = s->state == EVAC_STEP_FAILED || s->state == EVAC_STEP_HELD;
    if (failed && text.n && !evac_str_is(text, s->reason))
        (void)evac_str_copy(s->reason, sizeof s->reason, text);
}

static enum evac_code fold_step(struct evac_run *run, const struct evac_record *r,
                                struct evac_err *err)
{
    enum evac_step_state to;
    if (r->step == EVAC_NO_STEP)
        return corrupt(err, "a step's row names no step");
    if (!evac_step_state_parse(r->to, &to))
        return corrupt(err, "a step's row names a state that this version does not know");

    struct evac_step_run *s = &run->steps[r->step];
    s->state = to;
    keep_reason(s, r->text);
    if (to == EVAC_STEP_FAILED && run->plan->steps[r->step].phase == EVAC_PHASE_CAPACITY)
        run->strained = true;
    if (to == EVAC_STEP_SKIPPED && evac_str_is(r->event, evac_step_event_name(EVAC_ON_SKIP)))
        s->by_person = true;
    if (to == EVAC_STEP_DONE && evac_str_is(r->event, evac_step_event_name(EVAC_ON_REHEARSED)))
        s->rehearsed_change = true;
    if (evac_str_is(r->event, evac_step_event_name(EVAC_ON_RETRY))) {
        s->tries_used = 0;
        /* what can not be observed, only a person can know: their word stands */
        if (run->plan->steps[r->step].flags & EVAC_STEP_BLIND)
            s->doubt = false;
    }
    return EVAC_OK;
}

static enum evac_code fold_run(struct evac_run *run, const struct evac_record *r,
                               struct evac_err *err)
{
    enum evac_run_state to;
    if (!evac_run_state_parse(r->to, &to))
        return corrupt(err, "a run's row names a state that this version does not know");

    run->state = to;
    if (to == EVAC_RUN_UNWINDING)
        run->back = true;
    if (evac_str_is(r->event, evac_run_event_name(EVAC_RUN_ON_DRILLED)))
        run->drilled = true;
    if (to == EVAC_RUN_STOPPING)
        run->stopped = true;
    return EVAC_OK;
}

static void fold_intent(struct evac_run *run, const struct evac_record *r)
{
    struct evac_step_run *s = &run->steps[r->step];
    s->apart = (s->doubt || s->open) && (s->apart || !evac_str_is(r->text, s->base));
    s->attempts = r->attempt;
    s->open = true;
    s->acked = false;
    s->intent_seq = r->seq;
    (void)evac_str_copy(s->base, sizeof s->base, r->text);
    if (run->plan->steps[r->step].flags & EVAC_STEP_PIVOT)
        run->pivoted = true;
}

/* A definite answer resolves its own attempt, never an earlier one that is in doubt. Only class V
 * can do that: once a write was accepted, every older one on the same target fails its compare. */
static void fold_outcome(struct evac_run *run, const struct evac_record *r)
{
    struct evac_step_run *s = &run->steps[r->step];
    const struct evac_plan_step *p = &run->plan->steps[r->step];
    bool accepted = r->number == EVAC_OUTCOME_ACCEPTED;

    s->open = false;
    if (p->phase == EVAC_PHASE_CAPACITY &&
        (r->number == EVAC_OUTCOME_THROTTLED || r->number == EVAC_OUTCOME_REJECTED))
        run->strained = true;
    s->acked = accepted;
    if (r->number != EVAC_OUTCOME_THROTTLED && r->number != EVAC_OUTCOME_NOT_SENT)
        s->tries_used++;
    if (r->number == EVAC_OUTCOME_UNKNOWN)
        s->doubt = true;
    if (!accepted || p->fencing != EVAC_FENCING_VERSION)
        return;
    s->doubt = false;
    for (uint16_t k = 0; k < p->rival_count; k++)
        run->steps[p->rivals[k]].doubt = false;
}

/* Whoever made the open attempts is gone: nobody will tell what came of them. */
static void fold_resume(struct evac_run *run, const struct evac_record *r)
{
    (void)r;
    for (uint16_t i = 0; i < run->plan->step_count; i++) {
        struct evac_step_run *s = &run->steps[i];
        s->doubt = s->doubt || s->open;
        s->open = false;
    }
}

static void fold_fact(struct evac_run *run, const struct evac_record *r)
{
    const struct evac_plan_step *p = &run->plan->steps[r->step];
    if (evac_str_is(r->text, EVAC_FACT_AS_OF)) {
        run->steps[r->step].as_of_wall_ms = r->number;
        run->steps[r->step].as_of_moved_ms = run->fence_moved_ms;
    }
    for (unsigned k = 0; k < EVAC_STEP_FACTS; k++)
        if (p->facts[k].n && evac_str_eq(p->facts[k], r->text)) {
            run->steps[r->step].facts[k] = r->number;
            run->steps[r->step].fact_known |= (uint8_t)(1u << k);
        }
}

static void fold_instant(struct evac_run *run, const struct evac_record *r)
{
    for (unsigned k = 0; k < EVAC_INSTANT_COUNT; k++)
        if (evac_str_is(r->name, evac_instant_name((enum evac_instant)k))) {
            run->instants |= 1u << k;
            run->instant_wall_ms[k] = r->number;
            run->instant_set_ms[k] = run->clock_set_ms;
        }
}

static void fold_command(struct evac_run *run, const struct evac_record *r)
{
    enum evac_command_verb verb;
    if (!evac_command_parse(r->name, &verb))
        return;
    if (verb == EVAC_CMD_PAUSE)
        run->paused = true;
    if (verb == EVAC_CMD_RESUME)
        run->paused = false;
}

/* --- gates
 * ----------------------------------------------------------------------------------- */

/* A row of a version that had two gates, and named none. */
static enum evac_run_gate old_gate(const struct evac_run *run, const struct evac_record *r)
{
    bool lossy = r->step != EVAC_NO_STEP && (run->plan->steps[r->step].flags & EVAC_STEP_LOSSY);
    return lossy ? EVAC_RUN_GATE_RPO : EVAC_RUN_GATE_APPROVAL;
}

static enum evac_run_gate gate_of(const struct evac_run *run, const struct evac_record *r)
{
    enum evac_run_gate gate;
    return evac_run_gate_parse(r->event, &gate) ? gate : old_gate(run, r);
}

static void drop_yeses(struct evac_run *run, uint32_t step)
{
    uint16_t kept = 0;
    for (uint16_t i = 0; i < run->yes_count; i++)
        if (run->yeses[i].step != step)
            run->yeses[kept++] = run->yeses[i];
    run->yes_count = kept;
}

static void fold_shut(struct evac_run *run, const struct evac_record *r)
{
    struct evac_gate_marks *m = run_marks(run, r->step);
    enum evac_run_gate gate = gate_of(run, r);
    if (evac_str_is(r->to, "void")) {
        drop_yeses(run, r->step);
        return;
    }
    m->shut |= (uint16_t)(1u << gate);
    if (m->asked_wall_ms == 0) {
        m->asked_wall_ms = r->t_wall_ms;
        m->since_boot_ms = (int64_t)r->t_boot_ms;
    }
    if (r->step != EVAC_NO_STEP)
        return;
    run->gated = true;
    run->asks = run->asks || gate == EVAC_RUN_GATE_APPROVAL;
    if (gate == EVAC_RUN_GATE_VETO)
        run->veto_ms = (uint32_t)r->number;
}

static void fold_open(struct evac_run *run, const struct evac_record *r)
{
    struct evac_gate_marks *m = run_marks(run, r->step);
    uint16_t others = 0; /* a version that had one row for all of them */
    if (r->event.n)
        others = (uint16_t) ~(1u << gate_of(run, r));
    m->shut &= others;
    if (m->shut == 0)
        m->asked_wall_ms = 0;
}

static enum evac_verdict verdict_of(struct evac_str name)
{
    for (unsigned v = 0; v < EVAC_VERDICT_COUNT; v++)
        if (evac_str_is(name, evac_verdict_name((enum evac_verdict)v)))
            return (enum evac_verdict)v;
    return EVAC_VERDICT_UNKNOWN;
}

static void fold_yes(struct evac_run *run, const struct evac_record *r)
{
    struct evac_yes *yes = &run->yeses[run->yes_count];
    struct evac_str mode;
    if (run->yes_count == EVAC_RUN_YESES_MAX)
        return;
    *yes = (struct evac_yes){ .step = r->step,
                              .mode = run->mode,
                              .loss_ms = r->number < 0 ? EVAC_LOSS_UNKNOWN : r->number };
    yes->verdict = verdict_of(evac_str_cut(r->event, '/', &mode));
    (void)evac_mode_parse(mode, &yes->mode);
    (void)evac_str_copy(yes->who, sizeof yes->who, r->who);
    run->yes_count++;
}

static void fold_override(struct evac_run *run, const struct evac_record *r)
{
    struct evac_gate_marks *m = run_marks(run, r->step);
    enum evac_run_gate gate = r->event.n ? gate_of(run, r) : EVAC_RUN_GATE_RPO;
    run->overridden = true;
    if (gate == EVAC_RUN_GATE_SAFETY) {
        if (run->safe_rule_count < EVAC_GATE_RULES_MAX)
            (void)evac_str_copy(run->safe_rules[run->safe_rule_count++], sizeof run->safe_rules[0],
                                r->to);
        return;
    }
    m->overridden |= (uint16_t)(1u << gate);
    m->shown[gate] = r->number < 0 ? INT64_MAX : r->number;
}

static void fold_escalation(struct evac_run *run, const struct evac_record *r)
{
    struct evac_gate_marks *m = run_marks(run, r->step);
    if (evac_str_is(r->to, "told"))
        m->escalated = (uint8_t)r->number;
    else if (evac_str_is(r->to, evac_at_expiry_name(EVAC_AT_EXPIRY_HOLD)))
        m->reminded++;
    else if (evac_str_is(r->to, evac_at_expiry_name(EVAC_AT_EXPIRY_GO_ON)))
        m->went_on = true;
}

/* --- which row says what
 * --------------------------------------------------------------------------- */

static void fold_snapshot(struct evac_run *run, const struct evac_record *r)
{
    run->steps[r->step].snapshot_seq = r->seq;
}

/* A version that moved on: what was based on the old one can not land any more. */
static void fold_observe(struct evac_run *run, const struct evac_record *r)
{
    if (evac_str_is(r->event, "superseded"))
        run->steps[r->step].doubt = false;
}

static void fold_loss(struct evac_run *run, const struct evac_record *r)
{
    (void)r;
    run->loss_noted = true;
}

static enum evac_code fold_mode(struct evac_run *run, const struct evac_record *r,
                                struct evac_err *err)
{
    if (r->number < 0 || r->number >= EVAC_MODE_COUNT)
        return corrupt(err, "a row names a mode that this version does not know");
    run->mode = (enum evac_mode)r->number;
    return EVAC_OK;
}

/* What a kind of row does to a run: one of the three, or nothing where it is not named. */
static const struct {
    enum evac_code (*may_fail)(struct evac_run *run, const struct evac_record *r,
                               struct evac_err *err);
    void (*of_run)(struct evac_run *run, const struct evac_record *r);
    void (*of_step)(struct evac_run *run, const struct evac_record *r); /* if it names one */
} folds[EVAC_RECORD_KIND_COUNT] = {
    [EVAC_RECORD_STEP] = { .may_fail = fold_step },
    [EVAC_RECORD_RUN] = { .may_fail = fold_run },
    [EVAC_RECORD_TERMINAL] = { .may_fail = fold_run },
    [EVAC_RECORD_MODE] = { .may_fail = fold_mode },
    [EVAC_RECORD_SNAPSHOT] = { .of_step = fold_snapshot },
    [EVAC_RECORD_INTENT] = { .of_step = fold_intent },
    [EVAC_RECORD_OUTCOME] = { .of_step = fold_outcome },
    [EVAC_RECORD_OBSERVE] = { .of_step = fold_observe },
    [EVAC_RECORD_FACT] = { .of_step = fold_fact },
    [EVAC_RECORD_INSTANT] = { .of_run = fold_instant },
    [EVAC_RECORD_GATE_BLOCK] = { .of_run = fold_shut },
    [EVAC_RECORD_GATE_PASS] = { .of_run = fold_open },
    [EVAC_RECORD_APPROVE] = { .of_run = fold_yes },
    [EVAC_RECORD_OVERRIDE] = { .of_run = fold_override },
    [EVAC_RECORD_ESCALATE] = { .of_run = fold_escalation },
    [EVAC_RECORD_COMMAND] = { .of_run = fold_command },
    [EVAC_RECORD_LOSS] = { .of_run = fold_loss },
    [EVAC_RECORD_RESUME] = { .of_run = fold_resume },
};

enum evac_code evac_run_fold(struct evac_run *run, const struct evac_record *r,
                             struct evac_err *err)
{
    bool about_step = r->step != EVAC_NO_STEP;
    if (about_step && r->step >= run->plan->step_count)
        return corrupt(err, "a row names a step that the run's plan does not have");
    if ((unsigned)r->kind >= EVAC_RECORD_KIND_COUNT)
        return EVAC_OK;
    if (folds[r->kind].may_fail)
        return folds[r->kind].may_fail(run, r, err);
    if (folds[r->kind].of_run)
        folds[r->kind].of_run(run, r);
    else if (about_step && folds[r->kind].of_step)
        folds[r->kind].of_step(run, r);
    return EVAC_OK;
}

void evac_run_record(struct evac_run *run, struct evac_run_io *io, struct evac_record record)
{
    record.seq = (*io->next_seq)++;
    record.run = run->id;
    record.app = run->plan->app;
    record.epoch = io->epoch;
    if (record.t_boot_ms == 0)
        record.t_boot_ms = io->now->boot_ms;
    if (record.t_wall_ms == 0)
        record.t_wall_ms = io->now->wall_ms;
    if (record.step != EVAC_NO_STEP && record.name.n == 0)
        record.name = run->plan->steps[record.step].id;

    struct evac_effect *effect = evac_effects_add(io->fx, EVAC_FX_JOURNAL);
    effect->u.record = record;
    (void)evac_run_fold(run, &record, NULL); /* made by us: it can not be impossible */
}
