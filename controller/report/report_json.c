#include "deficiency.h"
#include "jw.h"
#include "report.h"

void evac_report_step_json(const struct evac_report_step *s, struct evac_jw *w)
{
    evac_jw_str(w, "id", s->plan->id);
    evac_jw_cstr(w, "phase", evac_phase_name(s->plan->phase));
    evac_jw_str(w, "type", s->plan->type);
    evac_jw_str(w, "action", s->plan->action);
    evac_jw_str(w, "resource", s->plan->resource);
    evac_jw_str(w, "region", s->plan->region);
    evac_jw_str(w, "state", s->state);
    evac_jw_known(w, "began_ms", s->began.known, s->began.wall_ms);
    evac_jw_known(w, "ended_ms", s->ended.known, s->ended.wall_ms);
    evac_jw_known(w, "took_ms", s->began.known && s->ended.known,
                  s->ended.wall_ms - s->began.wall_ms);
    evac_jw_i64(w, "usual_ms", s->plan->usual_ms);
    evac_jw_i64(w, "attempts", s->attempts);
    evac_jw_bool(w, "critical", s->critical);
    evac_jw_str(w, "reason", s->reason);
    evac_jw_str(w, "request_id", s->request_id);
    evac_jw_str(w, "before", s->before);
    evac_jw_str(w, "after", s->after);
}

static void put_step(struct evac_jw *w, const struct evac_report_step *s)
{
    evac_jw_open(w, NULL, '{');
    evac_report_step_json(s, w);
    evac_jw_close(w, '}');
}

static void put_losses(struct evac_jw *w, const struct evac_report *r)
{
    evac_jw_open(w, "rpo", '[');
    for (size_t i = 0; i < r->loss_count; i++) {
        const struct evac_report_loss *l = &r->losses[i];
        evac_jw_open(w, NULL, '{');
        evac_jw_str(w, "store", l->store);
        evac_jw_str(w, "method", l->method);
        evac_jw_known(w, "rpo_ms", l->known, l->loss_ms);
        evac_jw_raw(w, "details", l->data);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

static void put_words(struct evac_jw *w, const struct evac_report *r)
{
    evac_jw_open(w, "said", '[');
    for (size_t i = 0; i < r->word_count; i++) {
        evac_jw_open(w, NULL, '{');
        evac_jw_i64(w, "wall_ms", r->words[i].wall_ms);
        evac_jw_str(w, "kind", r->words[i].kind);
        evac_jw_str(w, "who", r->words[i].who);
        evac_jw_str(w, "what", r->words[i].what);
        evac_jw_str(w, "step", r->words[i].step);
        evac_jw_str(w, "text", r->words[i].text);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

static void put_parts(struct evac_jw *w, const struct evac_report *r)
{
    evac_jw_open(w, "parts", '{');
    for (size_t i = 0; i < evac_report_part_count; i++) {
        const struct evac_when *from = &r->instants[evac_report_parts[i].from],
                               *to = &r->instants[evac_report_parts[i].to];
        evac_jw_known(w, evac_report_parts[i].name, from->known && to->known,
                      to->wall_ms - from->wall_ms);
    }
    evac_jw_close(w, '}');
}

static void put_residue(struct evac_jw *w, const struct evac_report *r)
{
    evac_jw_open(w, "residue", '[');
    for (size_t i = 0; i < r->residue_count; i++) {
        const struct evac_report_step *s = r->residue[i].step;
        evac_jw_open(w, NULL, '{');
        evac_jw_str(w, "step", s->plan->id);
        evac_jw_str(w, "region", s->plan->region);
        evac_jw_str(w, "before", s->before);
        evac_jw_str(w, "command", r->residue[i].command);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

static void put_criteria(struct evac_jw *w, const struct evac_report *r)
{
    evac_jw_open(w, "criteria", '[');
    for (size_t i = 0; i < r->criterion_count; i++) {
        const struct evac_report_criterion *c = &r->criteria[i];
        evac_jw_open(w, NULL, '{');
        evac_jw_str(w, "name", c->plan->name);
        evac_jw_cstr(w, "measure", evac_measure_name(c->plan->measure));
        evac_jw_str(w, "of", c->plan->of);
        evac_jw_cstr(w, "unit", evac_measure_is_time(c->plan->measure) ? "ms" : "count");
        evac_jw_i64(w, "at_most", c->plan->at_most);
        evac_jw_known(w, "value", c->verdict != EVAC_JUDGED_UNMEASURED, c->value);
        evac_jw_cstr(w, "verdict", evac_judged_name(c->verdict));
        evac_jw_str(w, "why", c->why);
        evac_jw_cstr(w, "severity", evac_grade_name(c->plan->severity));
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

static void put_past(struct evac_jw *w, const struct evac_report *r)
{
    evac_jw_open(w, "past", '[');
    for (size_t i = 0; i < r->past_count; i++) {
        const struct evac_report_past *p = &r->past[i];
        evac_jw_open(w, NULL, '{');
        evac_jw_i64(w, "run", (int64_t)p->run);
        evac_jw_i64(w, "began_ms", p->began_ms);
        evac_jw_str(w, "result", p->result);
        evac_jw_known(w, "rto_ms", p->rto_known, p->rto_ms);
        evac_jw_known(w, "rpo_ms", p->rpo_known, p->rpo_ms);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

static void put_proof(struct evac_jw *w, const struct evac_report *r)
{
    put_criteria(w, r);
    evac_jw_open(w, "limits", '[');
    for (size_t i = 0; i < r->limit_count; i++)
        evac_jw_str(w, NULL, r->limits[i]);
    evac_jw_close(w, ']');
    put_past(w, r);
    if (r->deficiencies)
        evac_deficiencies_json(r->deficiencies, r->as_of_ms, false, "open_deficiencies", w);
}

void evac_report_json(const struct evac_report *r, struct evac_buf *out)
{
    struct evac_jw w = { out, false };
    evac_jw_open(&w, NULL, '{');
    evac_jw_i64(&w, "run", (int64_t)r->run);
    evac_jw_str(&w, "app", r->plan->app);
    evac_jw_cstr(&w, "workflow", evac_workflow_name(r->plan->workflow));
    evac_jw_cstr(&w, "kind", evac_plan_kind_name(r->plan));
    evac_jw_bool(&w, "rehearse", r->plan->rehearse);
    evac_jw_cstr(&w, "mode", evac_mode_name(r->mode));
    evac_jw_str(&w, "from", r->plan->from);
    evac_jw_str(&w, "to", r->plan->to);
    evac_jw_str(&w, "who", r->who);
    evac_jw_str(&w, "why", r->why);
    evac_jw_str(&w, "result", r->result);
    evac_jw_str(&w, "left", r->left);
    put_residue(&w, r);
    evac_jw_bool(&w, "over", r->over);
    evac_jw_i64(&w, "began_ms", r->began_ms);
    evac_jw_i64(&w, "clock_set_ms", r->clock_set_ms);
    evac_jw_i64(&w, "as_of_ms", r->as_of_ms);
    evac_jw_str(&w, "stand_in", r->plan->stand_in);
    evac_jw_bool(&w, "planned", r->planned);
    evac_jw_bool(&w, "impact_start_known", r->planned || r->instants[EVAC_REPORT_IMPACT_LO].known);
    evac_jw_known(&w, "rto_ms", r->rto_known, r->rto_ms);
    evac_jw_known(&w, "rto_min_ms", r->rto_known, r->rto_min_ms);
    evac_jw_i64(&w, "rto_objective_ms", r->plan->rto_ms);
    evac_jw_known(&w, "rpo_ms", r->rpo_known, r->rpo_ms);
    evac_jw_known(&w, "rpo_max_ms", r->rpo_known, r->rpo_max_ms);
    evac_jw_i64(&w, "rpo_objective_ms", r->plan->rpo_ms);
    put_losses(&w, r);
    evac_jw_open(&w, "instants", '{');
    for (unsigned i = 0; i < EVAC_REPORT_INSTANT_COUNT; i++)
        evac_jw_known(&w, evac_report_instant_name((enum evac_report_instant)i),
                      r->instants[i].known, r->instants[i].wall_ms);
    evac_jw_close(&w, '}');
    put_parts(&w, r);
    evac_jw_i64(&w, "planned_critical_path_ms",
                (int64_t)evac_plan_critical_path(r->plan, NULL, NULL));
    evac_jw_open(&w, "steps", '[');
    for (size_t i = 0; i < r->step_count; i++)
        put_step(&w, &r->steps[i]);
    evac_jw_close(&w, ']');
    put_words(&w, r);
    put_proof(&w, r);
    evac_jw_open(&w, "evidence", '{');
    evac_jw_cstr(&w, "plan_hash", r->plan->hash);
    evac_jw_i64(&w, "first_row", (int64_t)r->first_seq);
    evac_jw_i64(&w, "last_row", (int64_t)r->last_seq);
    evac_jw_cstr(&w, "last_hash", r->last_hash);
    evac_jw_close(&w, '}');
    evac_jw_close(&w, '}');
}
