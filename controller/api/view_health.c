/* The chain of a verdict as JSON: answers, probe states, opinions, votes, what is shared, decision;
 * and what this controller's own opinion is worth. */
#include "view.h"

#define WORDS_BYTES 600u

/* --- one probe --- */

static const char *grace_name(enum evac_grace grace)
{
    static const char *const names[] = {
        [EVAC_GRACE_NEW] = "new", [EVAC_GRACE_MOVED] = "moved", [EVAC_GRACE_OVER] = "over"
    };
    return names[grace];
}

static void put_suppressor(const struct evac_engine_app *a, size_t p, size_t region, size_t vantage,
                           struct evac_jw *w)
{
    size_t by = evac_health_suppressor(&a->health, p, region, vantage);
    if (by < a->app->probe_count)
        evac_jw_str(w, "suppressed_by", a->app->probes[by].name);
    else
        evac_jw_null(w, "suppressed_by");
}

void evac_view_probe(const struct evac_engine_app *a, size_t p, size_t region, size_t vantage,
                     uint64_t now_ms, struct evac_jw *w)
{
    const struct evac_probe *probe = &a->app->probes[p];
    const struct evac_probe_track *t = &a->health.tracks[p][region][vantage];
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "name", probe->name);
    evac_jw_cstr(w, "kind", evac_probe_kind_name(probe->kind));
    evac_jw_cstr(w, "role", evac_probe_role_name(probe->role));
    evac_jw_bool(w, "votes", (a->health.voters >> p & 1) != 0);
    evac_jw_cstr(w, "state", evac_probe_state_name(t->state));
    evac_jw_i64(w, "good", t->good);
    evac_jw_i64(w, "bad", t->bad);
    evac_jw_i64(w, "excused", t->excused);
    evac_jw_cstr(w, "grace", grace_name(t->grace));
    evac_jw_i64(w, "fall", probe->fall);
    evac_jw_i64(w, "rise", probe->rise);
    evac_jw_i64(w, "latency_ms", t->latency_ms);
    evac_jw_known(w, "certificate_until_ms", t->certificate_until_ms != 0, t->certificate_until_ms);
    evac_jw_known(w, "age_ms", t->last_boot_ms != 0, (int64_t)(now_ms - t->last_boot_ms));
    evac_jw_cstr(w, "reason", t->reason);
    put_suppressor(a, p, region, vantage, w);
    evac_jw_close(w, '}');
}

/* --- certificates that end soon --- */

#define CERTIFICATE_SOON_MS ((int64_t)14 * 86400000)

/* The earliest that a vantage saw last; 0 none did. */
static int64_t certificate_of(const struct evac_engine_app *a, size_t p, size_t region)
{
    int64_t until = 0;
    for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++) {
        int64_t one = a->health.tracks[p][region][v].certificate_until_ms;
        if (one && (!until || one < until))
            until = one;
    }
    return until;
}

static void view_certificate(const struct evac_engine_app *a, size_t p, size_t region,
                             int64_t now_wall_ms, struct evac_jw *w)
{
    const struct evac_probe *probe = &a->app->probes[p];
    int64_t until = certificate_of(a, p, region);
    int64_t soon = probe->certificate_ms ? probe->certificate_ms : CERTIFICATE_SOON_MS;
    if (until == 0 || until - now_wall_ms >= soon)
        return;
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "probe", probe->name);
    evac_jw_str(w, "region", probe->regional ? a->app->regions[region] : EVAC_STR_NONE);
    evac_jw_i64(w, "until_ms", until);
    evac_jw_i64(w, "left_ms", until - now_wall_ms);
    evac_jw_close(w, '}');
}

void evac_view_certificates(const struct evac_engine_app *a, int64_t now_wall_ms, struct evac_jw *w)
{
    evac_jw_open(w, "certificates", '[');
    for (size_t p = 0; p < a->app->probe_count && p < EVAC_PROBES_MAX; p++) {
        size_t regions = a->app->probes[p].regional ? a->app->region_count : 1;
        for (size_t r = 0; r < regions && r < EVAC_REGIONS_MAX; r++)
            view_certificate(a, p, r, now_wall_ms, w);
    }
    evac_jw_close(w, ']');
}

void evac_view_condition(const struct evac_engine_app *a, size_t region, size_t vantage,
                         struct evac_jw *w)
{
    char words[WORDS_BYTES];
    struct evac_text out;
    evac_text_init(&out, words, sizeof words);
    evac_health_say_condition(&a->health, region, vantage, &out);
    evac_jw_cstr(w, "condition", words);
}

/* --- one region, vantage by vantage --- */

static struct evac_str vantage_name(const struct evac_model *model, size_t vantage)
{
    if (vantage == 0)
        return model->controller.node;
    return vantage <= model->controller.vantage_count ? model->controller.vantages[vantage - 1].name
                                                      : EVAC_STR("?");
}

static bool is_asked(const struct evac_engine_app *a, size_t p, size_t region)
{
    const struct evac_probe *probe = &a->app->probes[p];
    return probe->role != EVAC_PROBE_ENDPOINT && (probe->regional || region == 0) &&
           (probe->everywhere || (evac_engine_serving(a) >> region & 1));
}

static void view_vantage(const struct evac_model *model, const struct evac_engine_app *a,
                         size_t region, size_t vantage, uint64_t now_ms, struct evac_jw *w)
{
    const struct evac_vantage_health *who = &a->health.vantages[vantage];
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "name", vantage_name(model, vantage));
    evac_jw_bool(w, "inside", who->inside[region]);
    evac_jw_bool(w, "abstains", who->abstains);
    evac_jw_i64(w, "fall_times", who->fall_times ? who->fall_times : 1);
    evac_jw_cstr(w, "opinion",
                 evac_probe_state_name(evac_health_opinion(&a->health, region, vantage)));
    evac_view_condition(a, region, vantage, w);
    evac_jw_open(w, "probes", '[');
    for (size_t p = 0; p < a->app->probe_count && p < EVAC_PROBES_MAX; p++)
        if (is_asked(a, p, region))
            evac_view_probe(a, p, region, vantage, now_ms, w);
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}

static void view_ballot(const struct evac_engine_app *a, size_t region, struct evac_jw *w)
{
    struct evac_ballot b = evac_health_ballot(&a->health, region);
    evac_jw_open(w, "ballot", '{');
    evac_jw_cstr(w, "outside", evac_probe_state_name(b.outside));
    evac_jw_cstr(w, "inside", evac_probe_state_name(b.inside));
    evac_jw_i64(w, "down", b.down);
    evac_jw_i64(w, "up", b.up);
    evac_jw_i64(w, "abstaining", b.abstaining);
    evac_jw_i64(w, "configured", b.configured);
    evac_jw_close(w, '}');
}

static void view_region(const struct evac_model *model, const struct evac_engine_app *a,
                        size_t region, uint64_t now_ms, struct evac_jw *w)
{
    const struct evac_region_health *r = &a->health.regions[region];
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "name", a->app->regions[region]);
    evac_jw_bool(w, "serves", (evac_engine_serving(a) >> region & 1) != 0);
    evac_jw_bool(w, "dormant", evac_health_is_dormant(&a->health, region));
    evac_jw_cstr(w, "verdict", evac_verdict_name(r->verdict));
    evac_jw_i64(w, "for_ms", r->since_boot_ms ? (int64_t)(now_ms - r->since_boot_ms) : 0);
    evac_jw_cstr(w, "reasons", r->reasons);
    evac_jw_known(w, "impact_lo_ms", r->impact_lo_wall_ms != 0, r->impact_lo_wall_ms);
    evac_jw_known(w, "impact_hi_ms", r->impact_hi_wall_ms != 0, r->impact_hi_wall_ms);
    evac_jw_known(w, "detected_ms", r->detected_wall_ms != 0, r->detected_wall_ms);
    view_ballot(a, region, w);
    evac_jw_open(w, "vantages", '[');
    for (size_t v = 0; v < EVAC_VANTAGES_MAX; v++)
        if (a->health.vantages[v].configured)
            view_vantage(model, a, region, v, now_ms, w);
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}

/* --- what apps need --- */

static void view_dependency(const struct evac_engine *engine, size_t index, uint64_t now_ms,
                            int64_t wall_ms, struct evac_jw *w)
{
    const struct evac_engine_dependency *d = &engine->dependencies[index];
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "name", d->conf->as_app.name);
    evac_jw_cstr(w, "state", evac_probe_state_name(evac_engine_dependency_state(d)));
    evac_jw_bool(w, "incident", d->failing);
    evac_jw_known(w, "for_ms", d->failing, wall_ms - d->since_wall_ms);
    evac_jw_known(w, "back_for_ms", d->up_boot_ms != 0, (int64_t)(now_ms - d->up_boot_ms));
    evac_jw_i64(w, "calm_ms", d->conf->calm_ms);
    evac_jw_cstr(w, "reasons", d->health.regions[0].reasons);
    evac_jw_open(w, "apps", '[');
    for (size_t i = 0; i < engine->app_count; i++)
        if (engine->apps[i].needs >> index & 1)
            evac_jw_str(w, NULL, engine->apps[i].app->name);
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}

void evac_view_dependencies(struct evac_daemon *daemon, const struct evac_engine *engine,
                            uint64_t which, struct evac_jw *w)
{
    evac_jw_open(w, "dependencies", '[');
    for (size_t i = 0; engine && i < engine->dependency_count; i++)
        if (which >> i & 1)
            view_dependency(engine, i, evac_daemon_now_ms(daemon), evac_daemon_wall_ms(daemon), w);
    evac_jw_close(w, ']');
}

/* --- the controller itself --- */

void evac_view_self(const struct evac_engine *engine, struct evac_jw *w)
{
    const struct evac_self_signs *s = &engine->self.signs;
    char words[WORDS_BYTES];
    struct evac_text out;
    evac_text_init(&out, words, sizeof words);
    evac_self_say(&engine->self, &out);
    evac_jw_open(w, "self", '{');
    evac_jw_i64(w, "score", engine->self.score);
    evac_jw_cstr(w, "opinion", evac_self_word_name(engine->opinion.word));
    evac_jw_bool(w, "abstains", engine->opinion.abstains);
    evac_jw_i64(w, "fall_times", engine->opinion.fall_times);
    evac_jw_bool(w, "may_lead", engine->opinion.may_lead);
    evac_jw_cstr(w, "reasons", words);
    evac_jw_cstr(w, "peers", evac_reach_name(engine->self.reach.peers));
    evac_jw_cstr(w, "anchors", evac_reach_name(engine->self.reach.anchors));
    evac_jw_cstr(w, "resolver", evac_reach_name(engine->self.reach.resolver));
    evac_jw_i64(w, "loop_lag_ms", s->loop_lag_ms);
    evac_jw_i64(w, "timer_slip_ms", s->timer_slip_ms);
    evac_jw_i64(w, "files", s->files);
    evac_jw_i64(w, "files_max", s->files_max);
    evac_jw_i64(w, "probes_waiting", s->queued);
    evac_jw_i64(w, "probes", s->probes);
    evac_jw_bool(w, "clock_jumped", s->clock_jumped);
    evac_jw_close(w, '}');
}

/* --- the decision --- */

static void view_gates(const struct evac_decision *d, struct evac_jw *w)
{
    static const char *const docs[] = {
#define X(name, text, binds, doc) doc,
        EVAC_GATES(X)
#undef X
    };
    evac_jw_open(w, "gates", '[');
    for (unsigned g = 0; g < EVAC_GATE_COUNT; g++) {
        evac_jw_open(w, NULL, '{');
        evac_jw_cstr(w, "gate", evac_gate_name((enum evac_gate)g));
        evac_jw_cstr(w, "answer", evac_gate_answer_name(d->gates[g]));
        evac_jw_cstr(w, "passes_when", docs[g]);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

/* As it would be decided now: the one that is kept is as old as its last change. */
static struct evac_decision fresh_decision(const struct evac_engine *engine,
                                           const struct evac_engine_app *a,
                                           const struct evac_now *now)
{
    char needs[sizeof a->needs_words];
    struct evac_text out;
    struct evac_decision d = a->decision;
    struct evac_decision_input in = evac_engine_view(engine, a, d.from, now);
    evac_text_init(&out, needs, sizeof needs);
    evac_engine_say_needs(engine, a, now, &out, &in.needs_doubtful);
    in.needs = evac_text_str(&out);
    if (d.decide != EVAC_DECIDE_NOTHING)
        evac_decide(&in, &d);
    return d;
}

static void view_decision(const struct evac_engine_app *a, const struct evac_decision *d,
                          struct evac_jw *w)
{
    bool decided = d->decide != EVAC_DECIDE_NOTHING;
    evac_jw_open(w, "decision", '{');
    evac_jw_cstr(w, "policy", evac_policy_name(a->app->automatic));
    evac_jw_cstr(w, "decide", evac_decide_name(d->decide));
    evac_jw_str(w, "from",
                decided && d->from < a->app->region_count ? a->app->regions[d->from]
                                                          : EVAC_STR(""));
    evac_jw_str(w, "to",
                decided && d->target < a->app->region_count ? a->app->regions[d->target]
                                                            : EVAC_STR(""));
    evac_jw_cstr(w, "reasons", d->reasons);
    view_gates(d, w);
    evac_jw_close(w, '}');
}

static void view_endpoint(const struct evac_engine_app *a, uint64_t now_ms, struct evac_jw *w)
{
    const struct evac_probe_track *t = &a->health.endpoint;
    evac_jw_open(w, "endpoint", '{');
    evac_jw_cstr(w, "state", evac_probe_state_name(t->state));
    evac_jw_cstr(w, "served_by", a->health.endpoint_served_by);
    evac_jw_i64(w, "good", t->good);
    evac_jw_i64(w, "bad", t->bad);
    evac_jw_i64(w, "latency_ms", t->latency_ms);
    evac_jw_known(w, "age_ms", t->last_boot_ms != 0, (int64_t)(now_ms - t->last_boot_ms));
    evac_jw_cstr(w, "reason", t->reason);
    evac_jw_close(w, '}');
}

void evac_view_why(struct evac_daemon *daemon, size_t app, struct evac_jw *w)
{
    const struct evac_engine *engine = evac_shell_engine(evac_daemon_shell(daemon));
    const struct evac_engine_app *a = &engine->apps[app];
    const struct evac_model *model = evac_daemon_model(daemon);
    uint64_t now = evac_daemon_now_ms(daemon);
    struct evac_now both = { now, evac_daemon_wall_ms(daemon), 0 };
    struct evac_decision decision = fresh_decision(engine, a, &both);
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "app", a->app->name);
    evac_jw_i64(w, "now_ms", evac_daemon_wall_ms(daemon));
    evac_jw_cstr(w, "situation", evac_situation_name(evac_engine_situation(engine, a)));
    view_endpoint(a, now, w);
    evac_jw_open(w, "regions", '[');
    for (size_t r = 0; r < a->app->region_count && r < EVAC_REGIONS_MAX; r++)
        view_region(model, a, r, now, w);
    evac_jw_close(w, ']');
    evac_view_dependencies(daemon, engine, a->needs, w);
    evac_view_self(engine, w);
    view_decision(a, &decision, w);
    evac_jw_close(w, '}');
}
