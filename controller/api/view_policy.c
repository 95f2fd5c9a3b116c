/* What the policy thinks of an app, and what people said about it. */
#include "view.h"

/* In calm nothing is decided, but whether automation could act is known. */
static enum evac_gate_answer answer_of(const struct evac_engine_app *a,
                                       const struct evac_decision *act, unsigned gate)
{
    bool calm = a->decision.decide == EVAC_DECIDE_NOTHING;
    return calm && evac_gate_binds((enum evac_gate)gate) == EVAC_BINDS_ACT
               ? act->gates[gate]
               : a->decision.gates[gate];
}

static void view_gates(const struct evac_engine_app *a, const struct evac_decision *act,
                       struct evac_jw *w)
{
    evac_jw_open(w, "gates", '{');
    for (unsigned g = 0; g < EVAC_GATE_COUNT; g++)
        evac_jw_cstr(w, evac_gate_name((enum evac_gate)g),
                     evac_gate_answer_name(answer_of(a, act, g)));
    evac_jw_close(w, '}');
}

static void view_waiver(enum evac_condition condition, struct evac_str owner,
                        struct evac_str reason, int64_t until_ms, bool said, bool holds,
                        struct evac_jw *w)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_cstr(w, "condition", evac_condition_name(condition));
    evac_jw_str(w, "owner", owner);
    evac_jw_str(w, "reason", reason);
    evac_jw_i64(w, "until_ms", until_ms);
    evac_jw_cstr(w, "by", said ? "command" : "configuration");
    evac_jw_bool(w, "holds", holds);
    evac_jw_close(w, '}');
}

/* Those that hold, and those of the file that do not hold yet; what is over is not shown. */
static void view_waivers(const struct evac_engine_app *a, int64_t now_ms, struct evac_jw *w)
{
    evac_jw_open(w, "waivers", '[');
    for (unsigned c = 0; c < EVAC_CONDITION_COUNT; c++) {
        const struct evac_word *said = &a->waivers[c];
        if (evac_waiver_holds(said->until_wall_ms, now_ms))
            view_waiver((enum evac_condition)c, evac_str(said->owner), evac_str(said->reason),
                        said->until_wall_ms, true, true, w);
    }
    for (size_t i = 0; i < a->app->waiver_count; i++) {
        const struct evac_waiver_conf *file = &a->app->waivers[i];
        if (file->until_wall_ms > now_ms)
            view_waiver(file->condition, file->owner, file->reason, file->until_wall_ms, false,
                        evac_waiver_holds(file->until_wall_ms, now_ms), w);
    }
    evac_jw_close(w, ']');
}

static void view_frozen(const struct evac_frozen *frozen, struct evac_jw *w)
{
    if (!frozen->until_wall_ms) {
        evac_jw_null(w, "frozen");
        return;
    }
    evac_jw_open(w, "frozen", '{');
    evac_jw_known(w, "until_ms", frozen->until_wall_ms != INT64_MAX, frozen->until_wall_ms);
    evac_jw_str(w, "owner", frozen->owner);
    evac_jw_str(w, "reason", frozen->reason);
    evac_jw_close(w, '}');
}

void evac_view_decision(const struct evac_engine *engine, const struct evac_engine_app *a,
                        const struct evac_now *now, struct evac_jw *w)
{
    bool calm = a->decision.decide == EVAC_DECIDE_NOTHING;
    uint16_t looked_at = calm ? a->active : a->decision.from;
    struct evac_decision_input input = evac_engine_view(engine, a, looked_at, now);
    struct evac_decision act;
    bool may = evac_may_act(&input, &act);
    evac_jw_open(w, "decision", '{');
    evac_jw_cstr(w, "policy", evac_policy_name(a->app->automatic));
    evac_jw_cstr(w, "decide", evac_decide_name(a->decision.decide));
    evac_jw_cstr(w, "reasons", a->decision.reasons);
    evac_jw_bool(w, "may_act", may);
    evac_jw_cstr(w, "may_not_act_because", act.reasons);
    evac_jw_bool(w, "automatic_run_unacknowledged", a->auto_unacked);
    view_gates(a, &act, w);
    evac_jw_close(w, '}');
    view_waivers(a, now->wall_ms, w);
    view_frozen(&input.frozen, w);
}
