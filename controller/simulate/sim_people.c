/* People: they answer what they are asked, each time after a while, and try once what failed. */
#include "sim_internal.h"

#include <stdio.h>
#include <string.h>

#define ASKS_MAX 3u /* a step that asks once more has broken the plan */

struct evac_engine_app const *sim_app(const struct sim_world *w)
{
    return &evac_shell_engine(w->shell)->apps[0];
}

/* --- what they are asked
 * ---------------------------------------------------------------------------------- */

/* The step that failed and that a run asks about; the plan's step count: none. */
static uint16_t failed_step(const struct evac_run *run)
{
    for (uint16_t i = 0; i < run->plan->forward_count; i++) {
        enum evac_step_state state = run->steps[i].state;
        if (state == EVAC_STEP_HELD ||
            (state == EVAC_STEP_FAILED && run->state == EVAC_RUN_ASKING &&
             run->plan->steps[i].on_failure == EVAC_ON_FAILURE_ASK))
            return i;
    }
    return run->plan->step_count;
}

/* The first gate that is shut there and that a person opens; a veto's time passes by itself. */
static enum evac_run_gate shut_gate(const struct sim_world *w, const struct evac_run *run,
                                    uint32_t place)
{
    const struct evac_now now = { w->v.now_ms, evac_virtual_wall_ms(&w->v), 0 };
    for (unsigned g = 0; g < EVAC_RUN_GATE_COUNT; g++)
        if (g != EVAC_RUN_GATE_VETO && evac_run_gate_stands(run, place, (enum evac_run_gate)g) &&
            evac_run_gate_shut(run, &now, place, (enum evac_run_gate)g, NULL))
            return (enum evac_run_gate)g;
    return EVAC_RUN_GATE_COUNT;
}

/* Where a run stands before a gate: its start, or a step. */
static bool gated_place(const struct sim_world *w, const struct evac_run *run, uint32_t *ret_place,
                        enum evac_run_gate *ret_gate)
{
    *ret_place = EVAC_NO_STEP;
    *ret_gate =
        run->state == EVAC_RUN_PROPOSED ? shut_gate(w, run, EVAC_NO_STEP) : EVAC_RUN_GATE_COUNT;
    for (uint16_t i = 0; *ret_gate == EVAC_RUN_GATE_COUNT && i < run->plan->forward_count; i++)
        if (run->steps[i].state == EVAC_STEP_GATED) {
            *ret_place = i;
            *ret_gate = shut_gate(w, run, i);
        }
    return *ret_gate != EVAC_RUN_GATE_COUNT;
}

static bool is_down(const struct sim_world *w)
{
    enum evac_verdict verdict = sim_app(w)->health.regions[w->down].verdict;
    return verdict == EVAC_VERDICT_DOWN || verdict == EVAC_VERDICT_ISOLATED;
}

/* Nothing begins by itself, and nothing will by time alone; or what was proposed expired unheard.
 */
static bool is_left_to_people(const struct sim_world *w)
{
    const struct evac_engine_app *a = sim_app(w);
    return !a->run && !a->starting && w->run == 0 && w->v.now_ms >= w->impact_ms && is_down(w) &&
           a->decision.decide == EVAC_DECIDE_WAIT &&
           (w->expired || a->decision.wake_boot_ms == UINT64_MAX ||
            a->app->automatic == EVAC_POLICY_NEVER);
}

/* *ret_key tells one question from another of its kind. */
static enum sim_question ask(const struct sim_world *w, uint64_t *ret_key)
{
    const struct evac_run *run = sim_app(w)->run;
    enum evac_run_gate gate;
    uint32_t place;
    *ret_key = 0;
    if (!run)
        return is_left_to_people(w) ? SIM_ASKS_START : SIM_ASKS_NOTHING;
    if (run->mode == EVAC_MODE_GRACEFUL && w->v.now_ms >= w->impact_ms && is_down(w) &&
        !w->mode_was_asked)
        return SIM_ASKS_MODE;
    uint16_t step = failed_step(run);
    if (step < run->plan->step_count) {
        *ret_key = step;
        return SIM_ASKS_STEP;
    }
    if (!gated_place(w, run, &place, &gate))
        return SIM_ASKS_NOTHING;
    *ret_key = ((run->id * 4096 + place % 4096) * 16 + gate) * 64 + run->yes_count;
    return SIM_ASKS_GATE;
}

static void name_gate(const struct sim_world *w, char *out, size_t bytes)
{
    const struct evac_run *run = sim_app(w)->run;
    enum evac_run_gate gate;
    uint32_t place;
    if (!gated_place(w, run, &place, &gate))
        return;
    struct evac_str where =
        place == EVAC_NO_STEP ? EVAC_STR("the start") : run->plan->steps[place].id;
    if (gate == EVAC_RUN_GATE_APPROVAL)
        snprintf(out, bytes, "approve %.*s", EVAC_STR_ARG(where));
    else
        snprintf(out, bytes, "override the %s gate at %.*s", evac_run_gate_row(gate)->name,
                 EVAC_STR_ARG(where));
}

static void name_question(struct sim_world *w, enum sim_question question, uint64_t key)
{
    char *out = w->asked_texts[w->asked_count];
    size_t n = sizeof w->asked_texts[0];
    if (w->asked_count == sizeof w->asked_texts / sizeof w->asked_texts[0])
        return;
    if (question == SIM_ASKS_GATE)
        name_gate(w, out, n);
    else if (question == SIM_ASKS_STEP)
        snprintf(out, n, "retry %.*s", EVAC_STR_ARG(sim_app(w)->run->plan->steps[key].id));
    else
        snprintf(out, n, "%s",
                 question == SIM_ASKS_START ? "start it by hand" : "switch it to ungraceful");
    bool new = out[0] != '\0';
    for (size_t i = 0; i < w->asked_count; i++)
        new = new &&strcmp(w->asked_texts[i], out) != 0;
    w->asked_count += new;
}

/* --- what they say
 * ---------------------------------------------------------------------------------------- */

static void say(struct sim_world *w, struct evac_command command)
{
    struct evac_event event = { .kind = EVAC_EVENT_COMMAND, .u.command = command };
    event.u.command.run = sim_app(w)->run->id;
    event.u.command.app = w->sim->q.app->name;
    if (command.who.n == 0)
        event.u.command.who = EVAC_STR("simulated");
    (void)evac_shell_event(w->shell, &event, NULL);
}

static void start_by_hand(struct sim_world *w)
{
    struct evac_wish wish = { .app = w->sim->q.app->name,
                              .workflow = EVAC_WORKFLOW_FAILOVER,
                              .mode = EVAC_MODE_UNGRACEFUL,
                              .from = w->sim->q.down,
                              .to = w->sim->plan.plan->to,
                              .who = EVAC_STR("simulated"),
                              .why = EVAC_STR("simulated") };
    uint64_t run;
    if (evac_shell_begin(w->shell, &wish, &run, NULL))
        w->gave_up = true;
}

static bool breaks(struct sim_world *w, uint32_t step)
{
    if (step >= w->step_count || ++w->steps[step].asks < ASKS_MAX)
        return false;
    w->broke_at = step;
    w->gave_up = true;
    return true;
}

static void try_again(struct sim_world *w, uint32_t step)
{
    if (!breaks(w, step))
        say(w, (struct evac_command){ .verb = EVAC_CMD_RETRY,
                                      .step = sim_app(w)->run->plan->steps[step].id });
}

/* Each yes is another person's. */
static void open_gate(struct sim_world *w)
{
    const struct evac_run *run = sim_app(w)->run;
    enum evac_run_gate gate;
    uint32_t place;
    char who[32], reason[96];
    if (!gated_place(w, run, &place, &gate))
        return;
    struct evac_str step = place == EVAC_NO_STEP ? EVAC_STR_NONE : run->plan->steps[place].id;
    snprintf(who, sizeof who, "simulated-%u", (unsigned)run->yes_count + 1u);
    snprintf(reason, sizeof reason, "simulated: %s", evac_run_gate_row(gate)->phrase);
    if (gate == EVAC_RUN_GATE_APPROVAL)
        say(w,
            (struct evac_command){ .verb = EVAC_CMD_APPROVE, .step = step, .who = evac_str(who) });
    else if (!breaks(w, place))
        say(w, (struct evac_command){ .verb = EVAC_CMD_OVERRIDE,
                                      .step = step,
                                      .gate = evac_str(evac_run_gate_row(gate)->name),
                                      .reason = evac_str(reason) });
}

static void switch_mode(struct sim_world *w)
{
    w->mode_was_asked = true;
    say(w, (struct evac_command){ .verb = EVAC_CMD_MODE, .value = EVAC_MODE_UNGRACEFUL });
}

static void answer_due(void *owner, void *what)
{
    struct sim_world *w = owner;
    uint64_t key;
    if ((uint64_t)(uintptr_t)what != w->question_number || w->over)
        return;
    enum sim_question question = ask(w, &key);
    if (question != w->question || key != w->question_key)
        return;
    w->question = SIM_ASKS_NOTHING;
    if (question == SIM_ASKS_START)
        start_by_hand(w);
    else if (question == SIM_ASKS_MODE)
        switch_mode(w);
    else if (question == SIM_ASKS_STEP)
        try_again(w, (uint32_t)key);
    else if (question == SIM_ASKS_GATE)
        open_gate(w);
    sim_attend(w);
}

/* Who sleeps hears nothing until then, and everything at once. */
static uint64_t until_awake(struct sim_world *w)
{
    if (w->first_asked_ms == 0)
        w->first_asked_ms = w->v.now_ms;
    uint64_t awake = w->first_asked_ms + w->batch->fault.ms;
    return awake > w->v.now_ms ? awake - w->v.now_ms : 0;
}

static uint64_t reaction(struct sim_world *w)
{
    if (w->batch->fault.kind == EVAC_SIM_APPROVER_ASLEEP)
        return until_awake(w);
    if (w->sim->q.reaction_ms)
        return w->sim->q.reaction_ms;
    return (uint64_t)evac_spread_quantile(&w->sim->plan.reaction,
                                          sim_uniform(w, "people", w->asked));
}

void sim_attend(struct sim_world *w)
{
    uint64_t key;
    enum sim_question question = ask(w, &key);
    if (question == w->question && key == w->question_key)
        return;
    w->question = question;
    w->question_key = key;
    w->question_number = evac_virtual_number(&w->v);
    if (question == SIM_ASKS_NOTHING)
        return;
    w->asked++;
    name_question(w, question, key);
    evac_virtual_later(&w->v, reaction(w), answer_due, (void *)(uintptr_t)w->question_number);
}
