/* What lists of many show of each: little, and made without asking the journal. */
#include "calendar.h"
#include "view.h"

static void view_region(const struct evac_engine_app *a, size_t region, struct evac_jw *w)
{
    const struct evac_readiness *ready = &a->readiness[region];
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "name", a->app->regions[region]);
    evac_jw_cstr(w, "role", evac_view_role(a, region));
    evac_jw_cstr(w, "verdict", evac_verdict_name(a->health.regions[region].verdict));
    if (ready->known)
        evac_jw_bool(w, "ready", ready->ready);
    else
        evac_jw_null(w, "ready");
    evac_jw_close(w, '}');
}

/* The most that is owed towards any of its standbys. */
static int64_t worst_debt(const struct evac_shell *shell, size_t app)
{
    const struct evac_engine_app *a = &evac_shell_engine(shell)->apps[app];
    int64_t worst = 0;
    for (uint16_t r = 0; r < a->app->region_count; r++) {
        bool standby = !(evac_engine_serving(a) & (1u << r));
        int64_t points = standby ? (int64_t)evac_shell_debt(shell, app, r).points : 0;
        worst = points > worst ? points : worst;
    }
    return worst;
}

static void view_going(const struct evac_engine_app *a, struct evac_jw *w)
{
    bool drill = a->drill.state != EVAC_DRILL_IS_IDLE;
    evac_jw_known(w, "run", a->run != NULL, a->run ? (int64_t)a->run->id : 0);
    evac_jw_cstr(w, "run_state", a->run ? evac_run_state_name(a->run->state) : NULL);
    evac_jw_known(w, "rehearsal", a->rehearsal != NULL,
                  a->rehearsal ? (int64_t)a->rehearsal->id : 0);
    evac_jw_cstr(w, "drill", drill ? evac_drill_kind_name(a->drill.kind) : NULL);
}

void evac_view_app_line(struct evac_daemon *daemon, size_t app, struct evac_jw *w)
{
    const struct evac_shell *shell = evac_daemon_shell(daemon);
    const struct evac_engine *engine = evac_shell_engine(shell);
    const struct evac_engine_app *a = &engine->apps[app];
    struct evac_now now = { evac_daemon_now_ms(daemon), evac_daemon_wall_ms(daemon), 0 };
    int64_t loss = evac_engine_loss(a, &now);
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "app", a->app->name);
    evac_jw_str(w, "owner", a->app->owner);
    evac_jw_cstr(w, "strategy", evac_strategy_name(a->app->strategy));
    evac_jw_i64(w, "tier", a->tier);
    evac_jw_str(w, "active", a->app->regions[a->active]);
    evac_jw_cstr(w, "situation", evac_situation_name(evac_engine_situation(engine, a)));
    evac_jw_cstr(w, "endpoint", evac_probe_state_name(a->health.endpoint.state));
    evac_jw_open(w, "regions", '[');
    for (size_t r = 0; r < a->app->region_count && r < EVAC_REGIONS_MAX; r++)
        view_region(a, r, w);
    evac_jw_close(w, ']');
    evac_jw_i64(w, "rto_objective_ms", a->app->rto_ms);
    evac_jw_i64(w, "rpo_objective_ms", a->app->rpo_ms);
    evac_jw_bool(w, "has_data", loss >= 0);
    evac_jw_known(w, "loss_now_ms", loss >= 0 && loss != EVAC_LOSS_UNKNOWN, loss);
    evac_jw_cstr(w, "policy", evac_policy_name(a->app->automatic));
    evac_jw_cstr(w, "decide", evac_decide_name(a->decision.decide));
    view_going(a, w);
    evac_jw_bool(w, "held", a->hold_until_wall_ms > now.wall_ms);
    evac_jw_bool(w, "frozen", evac_engine_frozen(engine, a, now.wall_ms).until_wall_ms != 0);
    evac_jw_i64(w, "debt", worst_debt(shell, app));
    evac_jw_i64(w, "debt_max", a->app->drill_debt_max);
    evac_jw_close(w, '}');
}

/* --- readiness -----------------------------------------------------------------------------------
 */

static void view_look(const struct evac_readiness *r, struct evac_jw *w)
{
    if (!r->known) {
        evac_jw_null(w, "look");
        return;
    }
    evac_jw_open(w, "look", '{');
    evac_jw_bool(w, "ready", r->ready);
    evac_jw_i64(w, "run", (int64_t)r->run);
    evac_jw_i64(w, "at_ms", r->at_wall_ms);
    evac_jw_cstr(w, "short_of", r->short_of);
    evac_jw_close(w, '}');
}

static void view_assurance(const struct evac_assurance *s, const char *key, struct evac_jw *w)
{
    if (!s->known) {
        evac_jw_null(w, key);
        return;
    }
    evac_jw_open(w, key, '{');
    evac_jw_bool(w, "ok", s->ok);
    evac_jw_i64(w, "number", s->number);
    evac_jw_i64(w, "at_ms", s->at_wall_ms);
    evac_jw_cstr(w, "text", s->text);
    evac_jw_close(w, '}');
}

void evac_view_readiness(struct evac_daemon *daemon, size_t app, struct evac_jw *w)
{
    const struct evac_engine_app *a = &evac_shell_engine(evac_daemon_shell(daemon))->apps[app];
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "app", a->app->name);
    evac_jw_i64(w, "counts_for_ms", a->app->readiness_age_ms);
    evac_jw_open(w, "standbys", '[');
    for (uint16_t r = 0; r < a->app->region_count && r < EVAC_REGIONS_MAX; r++) {
        if (evac_engine_serving(a) & (1u << r))
            continue;
        evac_jw_open(w, NULL, '{');
        evac_jw_str(w, "region", a->app->regions[r]);
        evac_jw_cstr(w, "role", evac_view_role(a, r));
        view_look(&a->readiness[r], w);
        view_assurance(&a->assurance[EVAC_ASSURANCE_LINT][r], "lint", w);
        view_assurance(&a->assurance[EVAC_ASSURANCE_DRILL][r], "drill", w);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}
