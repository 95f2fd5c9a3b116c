#include "clock_internal.h"

static void put_range(struct evac_jw *w, const char *key, const struct evac_clock_range *r)
{
    if (!r->known) {
        evac_jw_null(w, key);
        return;
    }
    evac_jw_open(w, key, '{');
    evac_jw_i64(w, "p50_ms", r->p50_ms);
    evac_jw_i64(w, "p95_ms", r->p95_ms);
    evac_jw_bool(w, "from_history", r->origin != EVAC_ORIGIN_USUAL);
    evac_jw_close(w, '}');
}

static void put_outage(struct evac_jw *w, const struct evac_clock *c)
{
    evac_jw_open(w, "outage", '{');
    evac_jw_known(w, "impact_lo_ms", c->impact_lo_ms != 0, c->impact_lo_ms);
    evac_jw_known(w, "impact_hi_ms", c->impact_hi_ms != 0, c->impact_hi_ms);
    evac_jw_known(w, "detected_ms", c->detected_ms != 0, c->detected_ms);
    evac_jw_known(w, "burnt_ms", c->burnt_ms >= 0, c->burnt_ms);
    evac_jw_known(w, "detection_took_ms", c->detect_ms >= 0, c->detect_ms);
    evac_jw_known(w, "decision_takes_ms", c->decide_ms >= 0, c->decide_ms);
    evac_jw_known(w, "asked_for_ms", c->asked_ms >= 0, c->asked_ms);
    evac_jw_close(w, '}');
}

static void put_step(struct evac_jw *w, const struct evac_clock_step *s)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "step", s->plan->id);
    evac_jw_str(w, "title", s->plan->title);
    evac_jw_cstr(w, "phase", evac_phase_name(s->plan->phase));
    evac_jw_i64(w, "p50_ms", s->left.p50_ms);
    evac_jw_i64(w, "p95_ms", s->left.p95_ms);
    evac_jw_cstr(w, "from", evac_origin_name(s->spread.origin));
    evac_jw_i64(w, "count", (int64_t)s->spread.count);
    evac_jw_known(w, "max_ms", s->spread.count > 0, s->spread.max_ms);
    evac_jw_close(w, '}');
}

static void put_failover(struct evac_jw *w, const struct evac_clock *c)
{
    evac_jw_open(w, "failover", '{');
    evac_jw_cstr(w, "plan", c->plan ? c->plan->hash : NULL);
    evac_jw_str(w, "no_plan", c->plan ? EVAC_STR_NONE : c->no_plan);
    put_range(w, "takes", &c->failover);
    put_range(w, "detection", &c->detect);
    put_range(w, "decision", &c->decide);
    put_range(w, "rto", &c->total);
    evac_jw_i64(w, "path_steps_without_history", (int64_t)c->without_history);
    evac_jw_known(w, "start_by_p50_ms", c->start_by_p50_ms != 0, c->start_by_p50_ms);
    evac_jw_known(w, "start_by_p95_ms", c->start_by_p95_ms != 0, c->start_by_p95_ms);
    evac_jw_open(w, "path", '[');
    for (uint16_t i = 0; c->plan && i < c->plan->forward_count; i++)
        if (c->steps[i].on_path)
            put_step(w, &c->steps[i]);
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}

static void put_store(struct evac_jw *w, const struct evac_clock_store *s)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "resource", s->resource);
    evac_jw_known(w, "loss_ms", s->loss_ms != EVAC_LOSS_UNKNOWN, s->loss_ms);
    evac_jw_cstr(w, "trend", evac_trend_name(s->trend));
    evac_jw_i64(w, "by_ms_a_minute", s->by_ms);
    evac_jw_open(w, "samples", '[');
    for (uint32_t i = 0; i < s->watch->lag_count; i++) {
        const struct evac_lag_sample *sample = evac_watch_lag(s->watch, i);
        evac_jw_open(w, NULL, '{');
        evac_jw_i64(w, "at_ms", sample->wall_ms);
        evac_jw_known(w, "loss_ms", sample->loss_ms >= 0, sample->loss_ms);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}

static void put_data(struct evac_jw *w, const struct evac_clock *c)
{
    evac_jw_bool(w, "has_data", c->loss_ms >= 0);
    evac_jw_known(w, "loss_ms", c->loss_ms >= 0 && c->loss_ms != EVAC_LOSS_UNKNOWN, c->loss_ms);
    evac_jw_open(w, "data", '[');
    for (size_t i = 0; i < c->store_count; i++)
        put_store(w, &c->stores[i]);
    evac_jw_close(w, ']');
}

static void put_blocks(struct evac_jw *w, const struct evac_clock *c)
{
    evac_jw_open(w, "blocks", '[');
    for (size_t i = 0; i < c->block_count; i++) {
        evac_jw_open(w, NULL, '{');
        evac_jw_cstr(w, "gate", c->blocks[i].gate);
        evac_jw_cstr(w, "binds", c->blocks[i].binds);
        evac_jw_cstr(w, "answer", evac_gate_answer_name(c->blocks[i].answer));
        evac_jw_str(w, "reason", c->blocks[i].reason);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

void evac_clock_to_json(const struct evac_clock *c, struct evac_jw *w)
{
    const struct evac_app *app = c->app->app;
    const struct evac_run *run = c->app->run;
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "app", app->name);
    evac_jw_i64(w, "now_ms", c->now.wall_ms);
    evac_jw_str(w, "from", app->regions[c->from]);
    evac_jw_str(w, "to", c->to < app->region_count ? app->regions[c->to] : EVAC_STR_NONE);
    evac_jw_cstr(w, "verdict", evac_verdict_name(c->verdict));
    evac_jw_cstr(w, "reasons", c->app->health.regions[c->from].reasons);
    evac_jw_bool(w, "down", c->trouble);
    evac_jw_i64(w, "rto_objective_ms", app->rto_ms);
    evac_jw_i64(w, "rpo_objective_ms", app->rpo_ms);
    evac_jw_known(w, "run", run != NULL, run ? (int64_t)run->id : 0);
    evac_jw_cstr(w, "run_state", run ? evac_run_state_name(run->state) : NULL);
    put_outage(w, c);
    put_failover(w, c);
    put_data(w, c);
    put_blocks(w, c);
    evac_jw_open(w, "policy", '{');
    evac_jw_cstr(w, "automatic", evac_policy_name(app->automatic));
    evac_jw_cstr(w, "decide", evac_decide_name(c->app->decision.decide));
    evac_jw_known(w, "again_at_ms", c->policy_at_ms != 0, c->policy_at_ms);
    evac_jw_cstr(w, "words", c->policy);
    evac_jw_close(w, '}');
    evac_jw_open(w, "advice", '{');
    evac_jw_cstr(w, "what", evac_advice_name(c->advice));
    evac_jw_cstr(w, "words", c->words);
    evac_jw_close(w, '}');
    evac_jw_close(w, '}');
}
