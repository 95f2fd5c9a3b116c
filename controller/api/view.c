#include "view.h"

#include "version.h"
#include "view_gates.h"

/* --- one app
 * ------------------------------------------------------------------------------------------ */

/* What is asked once, whatever the region, stands apart. */
static void view_probes(const struct evac_engine_app *a, size_t region, bool regional,
                        uint64_t now_ms, struct evac_jw *w)
{
    evac_jw_open(w, "probes", '[');
    for (size_t p = 0; p < a->app->probe_count && p < EVAC_PROBES_MAX; p++)
        if (a->app->probes[p].role != EVAC_PROBE_ENDPOINT && a->app->probes[p].regional == regional)
            evac_view_probe(a, p, region, 0, now_ms, w);
    evac_jw_close(w, ']');
}

static void view_readiness(const struct evac_readiness *r, struct evac_jw *w)
{
    if (!r->known) {
        evac_jw_null(w, "readiness");
        return;
    }
    evac_jw_open(w, "readiness", '{');
    evac_jw_bool(w, "ready", r->ready);
    evac_jw_i64(w, "run", (int64_t)r->run);
    evac_jw_i64(w, "at_ms", r->at_wall_ms);
    evac_jw_close(w, '}');
}

/* Of an active-active app several are active, and one may be out. */
const char *evac_view_role(const struct evac_engine_app *a, size_t region)
{
    if (a->out & (1u << region))
        return "out";
    return evac_engine_serving(a) & (1u << region) ? "active" : "standby";
}

static void view_region(struct evac_daemon *daemon, const struct evac_engine_app *a, size_t region,
                        struct evac_jw *w)
{
    const struct evac_region_health *h = &a->health.regions[region];
    uint64_t now = evac_daemon_now_ms(daemon);
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "name", a->app->regions[region]);
    evac_jw_cstr(w, "role", evac_view_role(a, region));
    evac_jw_cstr(w, "verdict", evac_verdict_name(h->verdict));
    evac_jw_i64(w, "for_ms", h->since_boot_ms ? (int64_t)(now - h->since_boot_ms) : 0);
    evac_jw_cstr(w, "reasons", h->reasons);
    evac_view_condition(a, region, 0, w);
    evac_jw_bool(w, "conditional", a->app->down_when != NULL);
    evac_jw_known(w, "impact_lo_ms", h->impact_lo_wall_ms != 0, h->impact_lo_wall_ms);
    evac_jw_known(w, "impact_hi_ms", h->impact_hi_wall_ms != 0, h->impact_hi_wall_ms);
    view_readiness(&a->readiness[region], w);
    evac_view_opinions(evac_shell_engine(evac_daemon_shell(daemon)), a, region, w);
    view_probes(a, region, true, now, w);
    evac_jw_close(w, '}');
}

static void view_endpoint(const struct evac_engine_app *a, struct evac_jw *w)
{
    const struct evac_probe_track *t = &a->health.endpoint;
    evac_jw_open(w, "endpoint", '{');
    evac_jw_cstr(w, "state", evac_probe_state_name(t->state));
    evac_jw_cstr(w, "served_by", a->health.endpoint_served_by);
    evac_jw_i64(w, "latency_ms", t->latency_ms);
    evac_jw_known(w, "certificate_until_ms", t->certificate_until_ms != 0, t->certificate_until_ms);
    evac_jw_cstr(w, "reason", t->reason);
    evac_jw_close(w, '}');
}

static void view_data(const struct evac_engine_app *a, struct evac_jw *w)
{
    evac_jw_open(w, "data", '[');
    for (size_t i = 0; i < a->app->resource_count && i < EVAC_RESOURCES_MAX; i++) {
        const struct evac_watch *watch = evac_engine_watch_of(a, i, a->active);
        int64_t lost[1];
        if (!evac_watch_measures(watch))
            continue;
        evac_jw_open(w, NULL, '{');
        evac_jw_str(w, "resource", a->app->resources[i].name);
        evac_jw_str(w, "type", a->app->resources[i].type);
        evac_jw_known(w, "lag_ms", watch->lag_ms >= 0, watch->lag_ms);
        evac_jw_known(w, "lag_as_of_ms", watch->lag_as_of_ms != 0, watch->lag_as_of_ms);
        evac_jw_known(w, "newest_marker_ms", watch->found != 0, watch->found);
        evac_jw_i64(w, "markers_missing", evac_watch_lost(watch, lost, 1));
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

static void view_resources(const struct evac_app *app, struct evac_jw *w)
{
    evac_jw_open(w, "resources", '[');
    for (size_t i = 0; i < app->resource_count; i++) {
        evac_jw_open(w, NULL, '{');
        evac_jw_str(w, "name", app->resources[i].name);
        evac_jw_str(w, "type", app->resources[i].type);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

static void view_old_side(const struct evac_engine_app *a, struct evac_jw *w)
{
    const struct evac_old_side *side = &a->old_side;
    if (!side->watched) {
        evac_jw_null(w, "old_side");
        return;
    }
    evac_jw_open(w, "old_side", '{');
    evac_jw_str(w, "region", a->app->regions[side->region]);
    evac_jw_i64(w, "left_by_run", (int64_t)side->run);
    evac_jw_cstr(w, "state", evac_old_side_name(side->state));
    evac_jw_bool(w, "writes", side->writes);
    evac_jw_i64(w, "since_ms", side->since_wall_ms);
    evac_jw_cstr(w, "reason", side->reason);
    evac_jw_close(w, '}');
}

static void view_last_run(const struct evac_engine_app *a, struct evac_jw *w)
{
    if (!a->ran) {
        evac_jw_null(w, "last_run");
        return;
    }
    evac_jw_open(w, "last_run", '{');
    evac_jw_i64(w, "run", (int64_t)a->last_run);
    evac_jw_cstr(w, "result", evac_run_state_name(a->last_end));
    evac_jw_i64(w, "ended_ms", a->last_end_wall_ms);
    evac_jw_bool(w, "acknowledged", a->acked);
    evac_jw_close(w, '}');
}

static void view_drill(struct evac_daemon *daemon, size_t app, struct evac_jw *w)
{
    enum evac_drill_kind kind = EVAC_DRILL_REHEARSE;
    int64_t at = evac_daemon_next_drill(daemon, app, &kind);
    if (!at) {
        evac_jw_null(w, "next_drill");
        return;
    }
    evac_jw_open(w, "next_drill", '{');
    evac_jw_cstr(w, "kind", evac_drill_kind_name(kind));
    evac_jw_i64(w, "at_ms", at);
    evac_jw_close(w, '}');
}

void evac_view_app(struct evac_daemon *daemon, size_t app, struct evac_jw *w)
{
    const struct evac_engine_app *a = &evac_shell_engine(evac_daemon_shell(daemon))->apps[app];
    struct evac_now now = { evac_daemon_now_ms(daemon), evac_daemon_wall_ms(daemon), 0 };
    int64_t loss = evac_engine_loss(a, &now);
    bool held = a->hold_until_wall_ms > now.wall_ms;

    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "app", a->app->name);
    evac_jw_cstr(w, "strategy", evac_strategy_name(a->app->strategy));
    evac_jw_str(w, "active", a->app->regions[a->active]);
    evac_jw_bool(w, "placed", a->placed || a->ran);
    evac_jw_str(w, "witness", a->app->witness);
    evac_jw_cstr(w, "situation",
                 evac_situation_name(
                     evac_engine_situation(evac_shell_engine(evac_daemon_shell(daemon)), a)));
    evac_jw_i64(w, "rto_objective_ms", a->app->rto_ms);
    evac_jw_i64(w, "rpo_objective_ms", a->app->rpo_ms);
    evac_jw_known(w, "loss_now_ms", loss >= 0 && loss != EVAC_LOSS_UNKNOWN, loss);
    evac_jw_bool(w, "has_data", loss >= 0);
    view_endpoint(a, w);
    view_probes(a, 0, false, now.boot_ms, w);
    evac_jw_open(w, "regions", '[');
    for (size_t r = 0; r < a->app->region_count && r < EVAC_REGIONS_MAX; r++)
        view_region(daemon, a, r, w);
    evac_jw_close(w, ']');
    view_resources(a->app, w);
    evac_view_certificates(a, now.wall_ms, w);
    view_data(a, w);
    evac_view_decision(evac_shell_engine(evac_daemon_shell(daemon)), a, &now, w);
    evac_jw_cstr(w, "held", held ? a->hold_reason : NULL);
    evac_jw_known(w, "run", a->run != NULL, a->run ? (int64_t)a->run->id : 0);
    evac_jw_known(w, "rehearsal", a->rehearsal != NULL,
                  a->rehearsal ? (int64_t)a->rehearsal->id : 0);
    view_last_run(a, w);
    view_old_side(a, w);
    view_drill(daemon, app, w);
    evac_jw_open(w, "drills", '{');
    evac_view_debt(daemon, app, w);
    evac_jw_close(w, '}');
    evac_jw_close(w, '}');
}

/* --- one run
 * ------------------------------------------------------------------------------------------ */

static void view_step(const struct evac_run *run, uint16_t i, uint64_t now, struct evac_jw *w)
{
    const struct evac_plan_step *p = &run->plan->steps[i];
    const struct evac_step_run *s = &run->steps[i];
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "id", p->id);
    evac_jw_str(w, "title", p->title);
    evac_jw_cstr(w, "phase", evac_phase_name(p->phase));
    evac_jw_str(w, "type", p->type);
    evac_jw_str(w, "action", p->action);
    evac_jw_str(w, "resource", p->resource);
    evac_jw_str(w, "region", p->region);
    evac_jw_cstr(w, "state", evac_step_state_name(s->state));
    evac_jw_bool(w, "may_run", evac_plan_may_run(run->plan, i));
    evac_jw_bool(w, "undo", (p->flags & EVAC_STEP_UNDO) != 0);
    evac_jw_bool(w, "pivot", (p->flags & EVAC_STEP_PIVOT) != 0);
    evac_jw_i64(w, "attempts", s->attempts);
    evac_jw_known(w, "progress", s->progress >= 0, s->progress);
    evac_jw_cstr(w, "reason", s->reason);
    evac_jw_i64(w, "usual_ms", p->usual_ms);
    evac_jw_known(w, "elapsed_ms", s->began_ms != 0, (int64_t)(now - s->began_ms));
    evac_jw_bool(w, "would_change", s->rehearsed_change);
    evac_jw_open(w, "after", '[');
    for (uint16_t k = 0; k < p->after_count; k++)
        evac_jw_str(w, NULL, run->plan->steps[p->after[k]].id);
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}

static void view_instants(const struct evac_run *run, struct evac_jw *w)
{
    evac_jw_open(w, "instants", '{');
    for (unsigned k = 0; k < EVAC_INSTANT_COUNT; k++)
        evac_jw_known(w, evac_instant_name((enum evac_instant)k), run->instants & (1u << k),
                      evac_run_instant_now_ms(run, (enum evac_instant)k));
    evac_jw_close(w, '}');
}

/* The undo steps are shown once a run unwinds. */
static uint16_t shown_steps(const struct evac_run *run)
{
    return run->back ? run->plan->step_count : run->plan->forward_count;
}

static void view_phone(const struct evac_controller_conf *conf, struct evac_jw *w)
{
    evac_jw_open(w, "phone", '[');
    for (size_t i = 0; i < conf->approver_count; i++)
        evac_jw_str(w, NULL, conf->approvers[i].name);
    evac_jw_close(w, ']');
}

void evac_view_run(struct evac_daemon *daemon, const struct evac_run *run, bool steps,
                   struct evac_jw *w)
{
    uint64_t now = evac_daemon_now_ms(daemon);
    evac_jw_open(w, NULL, '{');
    evac_jw_i64(w, "run", (int64_t)run->id);
    evac_jw_str(w, "app", run->plan->app);
    evac_jw_cstr(w, "workflow", evac_workflow_name(run->plan->workflow));
    evac_jw_cstr(w, "state", evac_run_state_name(run->state));
    evac_jw_bool(w, "over", evac_run_is_over(run->state));
    evac_jw_cstr(w, "mode", evac_mode_name(run->mode));
    evac_jw_bool(w, "rehearse", run->plan->rehearse);
    evac_jw_bool(w, "paused", run->paused);
    evac_jw_bool(w, "pivoted", run->pivoted);
    evac_jw_str(w, "from", run->plan->from);
    evac_jw_str(w, "to", run->plan->to);
    evac_jw_cstr(w, "who", run->who);
    evac_jw_cstr(w, "plan_hash", run->plan->hash);
    evac_jw_i64(w, "rto_objective_ms", run->plan->rto_ms);
    evac_jw_i64(w, "rpo_objective_ms", run->plan->rpo_ms);
    evac_jw_known(w, "loss_ms", run->loss_ms != EVAC_LOSS_UNKNOWN, run->loss_ms);
    evac_jw_i64(w, "now_ms", evac_daemon_wall_ms(daemon));
    evac_jw_i64(w, "critical_path_ms", (int64_t)evac_plan_critical_path(run->plan, NULL, NULL));
    view_instants(run, w);
    struct evac_now at = { now, evac_daemon_wall_ms(daemon), 0 };
    evac_view_gates(run, &at, w);
    view_phone(&evac_daemon_model(daemon)->controller, w);
    if (steps) {
        evac_jw_open(w, "steps", '[');
        for (uint16_t i = 0; i < shown_steps(run); i++)
            view_step(run, i, now, w);
        evac_jw_close(w, ']');
    }
    evac_jw_close(w, '}');
}

/* --- the controller
 * ------------------------------------------------------------------------------------ */

static void put_failing_channels(struct evac_daemon *daemon, struct evac_jw *w)
{
    const struct evac_shell *shell = evac_daemon_shell(daemon);
    const struct evac_notify_conf *conf = &evac_daemon_model(daemon)->controller.notify;
    evac_jw_open(w, "channels_failing", '[');
    for (size_t i = 0; shell && i < conf->channel_count; i++) {
        const char *answer = evac_shell_channel_fails(shell, conf->channels[i].name);
        if (!answer)
            continue;
        evac_jw_open(w, NULL, '{');
        evac_jw_str(w, "name", conf->channels[i].name);
        evac_jw_cstr(w, "answer", answer);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

static void put_shared(const struct evac_daemon *daemon, struct evac_jw *w)
{
    const struct evac_daemon_leader l = evac_daemon_leader(daemon);
    uint64_t now = evac_daemon_now_ms(daemon);
    if (!l.shared) {
        evac_jw_null(w, "shared");
        return;
    }
    evac_jw_open(w, "shared", '{');
    evac_jw_cstr(w, "role", l.role);
    evac_jw_cstr(w, "leader", l.node[0] ? l.node : NULL);
    evac_jw_cstr(w, "address", l.address[0] ? l.address : NULL);
    evac_jw_known(w, "epoch", l.epoch != 0, (int64_t)l.epoch);
    evac_jw_i64(w, "round_trip_ms", (int64_t)l.round_trip_ms);
    evac_jw_known(w, "heard_ago_ms", l.heard_ms != 0, (int64_t)(now - l.heard_ms));
    evac_jw_close(w, '}');
}

void evac_view_status(struct evac_daemon *daemon, struct evac_jw *w)
{
    struct evac_shell *shell = evac_daemon_shell(daemon);
    const struct evac_model *model = evac_daemon_model(daemon);
    const struct evac_engine *engine = shell ? evac_shell_engine(shell) : NULL;
    const char *trouble = evac_daemon_trouble(daemon);

    evac_jw_open(w, NULL, '{');
    evac_jw_cstr(w, "version", EVAC_VERSION);
    evac_jw_str(w, "node", model->controller.node);
    evac_jw_cstr(w, "config", model->hash);
    evac_jw_i64(w, "now_ms", evac_daemon_wall_ms(daemon));
    evac_jw_i64(w, "up_ms", (int64_t)(evac_daemon_now_ms(daemon) - evac_daemon_started_ms(daemon)));
    evac_jw_cstr(w, "trouble", trouble[0] ? trouble : NULL);
    evac_jw_bool(w, "lead", engine && engine->lead);
    put_shared(daemon, w);
    evac_jw_bool(w, "automation_stopped", engine && engine->stopped);
    evac_jw_bool(w, "parked", engine && engine->parked);
    evac_jw_bool(w, "cut_off", engine && engine->opinion.abstains);
    evac_jw_known(w, "journal_rows", shell != NULL, shell ? (int64_t)evac_shell_durable(shell) : 0);
    const struct evac_now now = { evac_daemon_now_ms(daemon), evac_daemon_wall_ms(daemon), 0 };
    if (engine)
        evac_view_incidents(engine, false, &now, 0, SIZE_MAX, w, "incidents");
    if (engine)
        evac_view_self(engine, w);
    else
        evac_jw_null(w, "self");
    evac_view_dependencies(daemon, engine, UINT64_MAX, w);
    evac_view_vantages(daemon, w);
    put_failing_channels(daemon, w);
    evac_daemon_watched(daemon, w);
    evac_jw_open(w, "apps", '[');
    for (size_t i = 0; engine && i < engine->app_count; i++)
        evac_view_app(daemon, i, w);
    evac_jw_close(w, ']');
    evac_jw_open(w, "runs", '[');
    for (const struct evac_run *r = engine ? engine->runs : NULL; r; r = r->next)
        evac_view_run(daemon, r, false, w);
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}
