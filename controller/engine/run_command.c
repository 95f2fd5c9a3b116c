/* What people say to a run. Each accepted word is in the journal with who said it and why. */
#include "run_internal.h"

#define X(name, text, doc) text,
static const char *const names[] = { EVAC_COMMANDS(X) };
#undef X

const char *evac_command_name(enum evac_command_verb verb)
{
    return (unsigned)verb < EVAC_CMD_COUNT ? names[verb] : "?";
}

bool evac_command_parse(struct evac_str name, enum evac_command_verb *ret_verb)
{
    for (unsigned i = 0; i < EVAC_CMD_COUNT; i++)
        if (evac_str_is(name, names[i])) {
            *ret_verb = (enum evac_command_verb)i;
            return true;
        }
    return false;
}

void run_answer(struct evac_run_io *io, enum evac_code code, const char *text)
{
    io->fx->answer = code;
    (void)evac_str_copy(io->fx->answer_text, sizeof io->fx->answer_text, evac_str(text));
}

void run_refuse(struct evac_run_io *io, const char *why)
{
    run_answer(io, EVAC_E_REFUSED, why);
}

void run_forbid(struct evac_run_io *io, const char *why)
{
    run_answer(io, EVAC_E_FORBIDDEN, why);
}

static void record_word(struct evac_run *run, struct evac_run_io *io,
                        const struct evac_command *cmd, enum evac_record_kind kind, uint32_t step,
                        int64_t number)
{
    struct evac_record r = { .kind = kind, .step = step, .number = number };
    if (kind == EVAC_RECORD_COMMAND)
        r.name = evac_str(evac_command_name(cmd->verb));
    r.who = cmd->who;
    r.text = cmd->reason;
    evac_run_record(run, io, r);
}

uint16_t run_find_step(const struct evac_run *run, struct evac_str name, enum evac_step_state state)
{
    uint16_t found = run->plan->step_count;
    for (uint16_t i = 0; i < run->plan->step_count; i++) {
        if (name.n ? evac_str_eq(run->plan->steps[i].id, name) : run->steps[i].state == state) {
            if (found < run->plan->step_count)
                return run->plan->step_count; /* several: say which */
            found = i;
        }
    }
    return found;
}

static void cancel(struct evac_run *run, struct evac_run_io *io, const struct evac_command *cmd)
{
    if (EVAC_RULE(R11) && run->pivoted) {
        run_refuse(
            io,
            "the point of no return is behind: go forward (retry, skip), stop, or fail back later");
        return;
    }
    if (evac_run_next(run->state, EVAC_RUN_ON_CANCEL) == EVAC_RUN_NONE) {
        run_refuse(io, "the run is not in a state that can be cancelled");
        return;
    }
    record_word(run, io, cmd,
                cmd->verb == EVAC_CMD_DECLINE ? EVAC_RECORD_DECLINE : EVAC_RECORD_COMMAND,
                EVAC_NO_STEP, 0);
    (void)run_move(run, io, EVAC_RUN_ON_CANCEL, evac_command_name(cmd->verb));
    run_answer(io, EVAC_OK, "what was done is being undone");
}

static void stop(struct evac_run *run, struct evac_run_io *io, const struct evac_command *cmd)
{
    if (evac_run_next(run->state, EVAC_RUN_ON_HOLD) == EVAC_RUN_NONE) {
        run_refuse(io, "the run is not in a state that can be stopped");
        return;
    }
    record_word(run, io, cmd, EVAC_RECORD_COMMAND, EVAC_NO_STEP, 0);
    (void)run_move(run, io, EVAC_RUN_ON_HOLD, "stopped by a person");
    run_answer(io, EVAC_OK, "nothing new begins; the run ends as held");
}

static void pause_or_resume(struct evac_run *run, struct evac_run_io *io,
                            const struct evac_command *cmd)
{
    bool pause = cmd->verb == EVAC_CMD_PAUSE;
    if (run->paused == pause) {
        run_refuse(io, pause ? "it is paused already" : "it is not paused");
        return;
    }
    run_pause_tick(run, io);
    record_word(run, io, cmd, EVAC_RECORD_COMMAND, EVAC_NO_STEP, 0);
    if (pause)
        run_pause_begin(run, io->now);
    run_answer(io, EVAC_OK, pause ? "paused: what is in flight is seen through" : "going on");
}

static void retry(struct evac_run *run, struct evac_run_io *io, const struct evac_command *cmd)
{
    uint16_t i = run_find_step(run, cmd->step, EVAC_STEP_FAILED);
    if (i == run->plan->step_count && cmd->step.n == 0)
        i = run_find_step(run, cmd->step, EVAC_STEP_HELD);
    bool live = run->state == EVAC_RUN_RUNNING || run->state == EVAC_RUN_ASKING;
    if (!live || i >= run->plan->forward_count ||
        evac_step_next(run->steps[i].state, EVAC_ON_RETRY) == EVAC_STEP_NONE) {
        run_refuse(io, "there is no failed step of that name (name the step if several failed)");
        return;
    }
    struct evac_step_run *s = &run->steps[i];
    record_word(run, io, cmd, EVAC_RECORD_COMMAND, i, 0);
    (void)run_move_step(run, io, i, EVAC_ON_RETRY, "a person said retry");
    s->backs = 0;
    s->looked_ms = 0;
    if (s->state == EVAC_STEP_OBSERVING) {
        s->deadline_ms = io->now->boot_ms + plan_step(run, i)->deadline_ms;
        s->wake_ms = io->now->boot_ms;
    }
    run_answer(io, EVAC_OK, "trying again");
}

static const char *why_no_skip(const struct evac_run *run, const struct evac_command *cmd,
                               uint16_t i)
{
    if (i >= run->plan->forward_count)
        return "there is no step of that name that could be skipped (name one)";
    uint32_t flags = plan_step(run, i)->flags;
    if (cmd->reason.n == 0)
        return "skipping needs a reason";
    if (flags & (EVAC_STEP_PIVOT | EVAC_STEP_PROMOTES))
        return "the data step can not be skipped: stop the run instead";
    if ((flags & EVAC_STEP_FENCES) && !evac_str_has(cmd->reason, "accept divergence"))
        return "without this fence two regions may write: the reason must say 'accept divergence'";
    return NULL;
}

static bool may_skip(const struct evac_run *run, const struct evac_command *cmd, uint16_t i)
{
    bool fences = i < run->plan->forward_count && (plan_step(run, i)->flags & EVAC_STEP_FENCES);
    return !fences || (cmd->roles & EVAC_ROLE_BIT(EVAC_ROLE_APPROVER));
}

static void skip(struct evac_run *run, struct evac_run_io *io, const struct evac_command *cmd)
{
    uint16_t i = run_find_step(run, cmd->step, EVAC_STEP_FAILED);
    if (!may_skip(run, cmd, i)) {
        run_forbid(io, "without this fence two regions may write: skipping it is for the role "
                       "approver");
        return;
    }
    const char *why = why_no_skip(run, cmd, i);
    if (!why && evac_step_next(run->steps[i].state, EVAC_ON_SKIP) == EVAC_STEP_NONE)
        why = "the step is not in a state that can be skipped: wait for its answer";
    if (why) {
        run_refuse(io, why);
        return;
    }
    record_word(run, io, cmd, EVAC_RECORD_COMMAND, i, 0);
    (void)run_move_step(run, io, i, EVAC_ON_SKIP, "a person said skip");
    run_answer(io, EVAC_OK, "skipped");
}

/* What the old mode left out, or stopped half-way, may be what the new one needs. It begins with a
 * look, as every step does: an attempt that it left behind is seen, not repeated. */
static void revive_steps(struct evac_run *run, struct evac_run_io *io)
{
    for (uint16_t i = 0; i < run->plan->forward_count; i++) {
        const struct evac_step_run *s = &run->steps[i];
        bool left = s->state == EVAC_STEP_SKIPPED || s->state == EVAC_STEP_HALTED;
        if (left && !s->by_person && run_when(run, i) != RUN_NO)
            (void)run_move_step(run, io, i, EVAC_ON_REVIVED, NULL);
    }
}

static void switch_mode(struct evac_run *run, struct evac_run_io *io,
                        const struct evac_command *cmd)
{
    if (cmd->value < 0 || cmd->value >= EVAC_MODE_COUNT || cmd->value == (int64_t)run->mode) {
        run_refuse(io, "the run is in that mode already");
        return;
    }
    if (run->pivoted && cmd->value == EVAC_MODE_GRACEFUL) {
        run_refuse(io, "the point of no return is behind: it can not become graceful any more");
        return;
    }
    record_word(run, io, cmd, EVAC_RECORD_MODE, EVAC_NO_STEP, cmd->value);
    revive_steps(run, io);
    run_answer(io, EVAC_OK, "the mode is switched for the steps that are not over");
}

typedef void command_fn(struct evac_run *run, struct evac_run_io *io,
                        const struct evac_command *cmd);

/* Verbs that are about an app or the controller are not here: the engine takes those. */
static command_fn *const commands[EVAC_CMD_COUNT] = {
    [EVAC_CMD_APPROVE] = run_approve,
    [EVAC_CMD_DECLINE] = cancel,
    [EVAC_CMD_PAUSE] = pause_or_resume,
    [EVAC_CMD_RESUME] = pause_or_resume,
    [EVAC_CMD_RETRY] = retry,
    [EVAC_CMD_SKIP] = skip,
    [EVAC_CMD_CANCEL] = cancel,
    [EVAC_CMD_ROLLBACK] = cancel,
    [EVAC_CMD_STOP] = stop,
    [EVAC_CMD_MODE] = switch_mode,
    [EVAC_CMD_OVERRIDE] = run_override,
};

void evac_run_command(struct evac_run *run, struct evac_run_io *io, const struct evac_command *cmd)
{
    command_fn *fn = (unsigned)cmd->verb < EVAC_CMD_COUNT ? commands[cmd->verb] : NULL;
    struct evac_command said = *cmd;
    static const struct evac_caller nobody;
    if (!said.caller) { /* the controller itself */
        said.caller = &nobody;
        said.roles = EVAC_ROLES_ALL;
    }
    if (evac_run_is_over(run->state))
        run_refuse(io, "the run is over");
    else if (fn)
        fn(run, io, &said);
    else
        run_refuse(io, "that is not a word for a run");
    evac_run_tick(run, io);
}
