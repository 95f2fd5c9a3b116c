/* What a run waits for, and the table of gates, as JSON. */
#include "view_gates.h"

static void view_roles(struct evac_jw *w, uint32_t roles)
{
    evac_jw_open(w, "roles", '[');
    for (unsigned i = 0; i < EVAC_ROLE_COUNT; i++)
        if (roles & (1u << i))
            evac_jw_cstr(w, NULL, evac_role_name((enum evac_role)i));
    evac_jw_close(w, ']');
}

static void view_gate(const struct evac_run *run, const struct evac_now *now, uint32_t step,
                      enum evac_run_gate gate, struct evac_jw *w)
{
    const struct evac_run_gate_row *row = evac_run_gate_row(gate);
    struct evac_gate_word word;
    bool shut = evac_run_gate_shut(run, now, step, gate, &word);
    evac_jw_open(w, NULL, '{');
    evac_jw_cstr(w, "gate", row->name);
    if (step == EVAC_NO_STEP)
        evac_jw_cstr(w, "place", "start");
    else
        evac_jw_str(w, "place", run->plan->steps[step].id);
    evac_jw_cstr(w, "answer", evac_gate_answer_name(word.answer));
    evac_jw_bool(w, "shut", shut);
    evac_jw_bool(w, "overridden", !shut && word.answer == EVAC_GATE_SAYS_BLOCK);
    evac_jw_cstr(w, "reason", word.why);
    evac_jw_known(w, "number", word.number != INT64_MAX, word.number);
    view_roles(w, word.never ? 0 : row->roles);
    evac_jw_cstr(w, "phrase", word.answer == EVAC_GATE_SAYS_UNKNOWN ? row->phrase : "");
    evac_jw_close(w, '}');
}

static void view_place(const struct evac_run *run, const struct evac_now *now, uint32_t step,
                       struct evac_jw *w)
{
    for (unsigned g = 0; g < EVAC_RUN_GATE_COUNT; g++)
        if (evac_run_gate_stands(run, step, (enum evac_run_gate)g))
            view_gate(run, now, step, (enum evac_run_gate)g, w);
}

static void view_yeses(const struct evac_run *run, struct evac_jw *w)
{
    evac_jw_i64(w, "approvals_needed", evac_run_yeses_needed(run));
    evac_jw_open(w, "approvals", '[');
    for (uint16_t i = 0; i < run->yes_count; i++) {
        const struct evac_yes *yes = &run->yeses[i];
        evac_jw_open(w, NULL, '{');
        evac_jw_cstr(w, "who", yes->who);
        if (yes->step == EVAC_NO_STEP)
            evac_jw_cstr(w, "place", "start");
        else
            evac_jw_str(w, "place", run->plan->steps[yes->step].id);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

void evac_view_gates(const struct evac_run *run, const struct evac_now *now, struct evac_jw *w)
{
    bool waits = run->state == EVAC_RUN_PROPOSED && run->deadline_ms != UINT64_MAX;
    int64_t left = (int64_t)(run->deadline_ms - now->boot_ms);
    evac_jw_known(w, "open_until_ms", waits, waits ? now->wall_ms + left : 0);
    evac_jw_cstr(w, "verdict", evac_verdict_name(run->facts.verdict));
    evac_jw_open(w, "gates", '[');
    if (run->state == EVAC_RUN_PROPOSED)
        view_place(run, now, EVAC_NO_STEP, w);
    for (uint16_t i = 0; i < run->plan->forward_count; i++)
        if (run->steps[i].state == EVAC_STEP_GATED)
            view_place(run, now, i, w);
    evac_jw_close(w, ']');
    view_yeses(run, w);
}

/* What a run does on its way decides about the others: whether there is capacity by then, and what
 * the fleet is like. */
static bool is_foreseen(enum evac_run_gate gate)
{
    return gate == EVAC_RUN_GATE_RPO || gate == EVAC_RUN_GATE_APPROVAL;
}

static void view_step_foreseen(const struct evac_run *run, const struct evac_now *now,
                               uint16_t step, struct evac_jw *w)
{
    for (unsigned g = 0; g < EVAC_RUN_GATE_COUNT; g++)
        if (is_foreseen((enum evac_run_gate)g) && evac_plan_may_run(run->plan, step) &&
            evac_run_gate_shut(run, now, step, (enum evac_run_gate)g, NULL))
            view_gate(run, now, step, (enum evac_run_gate)g, w);
}

void evac_view_start_gates(const struct evac_engine *engine, const struct evac_plan *plan,
                           const struct evac_now *now, struct evac_arena *arena, struct evac_jw *w)
{
    size_t app = evac_engine_app(engine, plan->app);
    struct evac_run *run = evac_run_init(evac_arena_array(arena, 1, evac_run_bytes(plan)), plan);
    evac_jw_open(w, "start_gates", '[');
    if (app < engine->app_count) {
        evac_engine_foresee(engine, &engine->apps[app], now, run);
        view_place(run, now, EVAC_NO_STEP, w);
        for (uint16_t i = 0; i < plan->forward_count; i++)
            view_step_foreseen(run, now, i, w);
    }
    evac_jw_close(w, ']');
}

void evac_view_gate_table(struct evac_jw *w)
{
    static const struct {
        uint8_t bit;
        const char *name;
    } places[] = { { EVAC_BEFORE_START, "start" },
                   { EVAC_BEFORE_LOSS, "a step that may lose data" },
                   { EVAC_BEFORE_PIVOT, "the point of no return" },
                   { EVAC_BEFORE_TRAFFIC, "a step that moves traffic" },
                   { EVAC_BEFORE_APPROVED, "a step that wants approval" } };
    evac_jw_open(w, NULL, '[');
    for (unsigned g = 0; g < EVAC_RUN_GATE_COUNT; g++) {
        const struct evac_run_gate_row *row = evac_run_gate_row((enum evac_run_gate)g);
        evac_jw_open(w, NULL, '{');
        evac_jw_cstr(w, "gate", row->name);
        evac_jw_cstr(w, "doc", row->doc);
        evac_jw_open(w, "before", '[');
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
            if (row->where & places[i].bit)
                evac_jw_cstr(w, NULL, places[i].name);
        evac_jw_close(w, ']');
        evac_jw_cstr(w, "unknown", evac_gate_answer_name(row->unknown));
        view_roles(w, row->roles);
        evac_jw_cstr(w, "phrase", row->phrase);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}
