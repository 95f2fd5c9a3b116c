/* The walk over what there is: a scope a kind of series, each with its labels. */
#include "metrics_scope.h"

#include "plan.h"

static void sample(struct evac_metrics_walk *w, const struct evac_metric *m,
                   const struct evac_metric_at *at, const struct evac_label *labels, size_t count)
{
    double value;
    if (m->histogram) {
        const struct evac_histogram *h = w->publish ? NULL : m->histogram(at);
        if (h)
            evac_exposition_histogram(&w->exposition, labels, count, h);
    } else if (m->value(at, &value)) {
        if (w->publish)
            w->publish(w->user, m, at, labels, count, value);
        else
            evac_exposition_sample(&w->exposition, labels, count, value);
    }
}

static struct evac_metric_at at_app(const struct evac_metrics_walk *w, size_t app)
{
    return (struct evac_metric_at){ .source = w->source,
                                    .a = &w->source->engine->apps[app],
                                    .app = app };
}

static size_t app_count(const struct evac_metrics_walk *w)
{
    return w->source->engine ? w->source->engine->app_count : 0;
}

static size_t region_count(const struct evac_app *app)
{
    return app->region_count < EVAC_REGIONS_MAX ? app->region_count : EVAC_REGIONS_MAX;
}

static size_t probe_count(const struct evac_app *app)
{
    return app->probe_count < EVAC_PROBES_MAX ? app->probe_count : EVAC_PROBES_MAX;
}

/* --- the controller --------------------------------------------------------------------------- */

void metrics_once(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    struct evac_metric_at at = { .source = w->source };
    sample(w, m, &at, NULL, 0);
}

void metrics_info(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    const struct evac_metrics_self *self = &w->source->self;
    const struct evac_label labels[] = { { "version", evac_str(self->version) },
                                         { "node", self->node },
                                         { "config", self->config } };
    struct evac_metric_at at = { .source = w->source };
    sample(w, m, &at, labels, 3);
}

void metrics_service(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    for (size_t i = 0; i < evac_meters_services(w->source->meters); i++) {
        const struct evac_service_meter *s = evac_meters_service(w->source->meters, i);
        const struct evac_label labels[] = { { "service", evac_str(s->service) },
                                             { "region", evac_str(s->region) } };
        struct evac_metric_at at = { .source = w->source, .resource = i };
        sample(w, m, &at, labels, 2);
    }
}

void metrics_call(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    for (size_t i = 0; i < evac_meters_services(w->source->meters); i++)
        for (size_t k = 0; k < EVAC_CALL_FATE_COUNT; k++) {
            const struct evac_service_meter *s = evac_meters_service(w->source->meters, i);
            const struct evac_label labels[] = {
                { "service", evac_str(s->service) },
                { "region", evac_str(s->region) },
                { "outcome", evac_str(evac_call_fate_name((enum evac_call_fate)k)) }
            };
            struct evac_metric_at at = { .source = w->source, .resource = i, .choice = k };
            sample(w, m, &at, labels, 3);
        }
}

/* Only states in which a run goes on. */
void metrics_run_state(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    for (size_t k = EVAC_RUN_PROPOSED; k < EVAC_RUN_STATE_COUNT; k++) {
        enum evac_run_state state = (enum evac_run_state)k;
        const struct evac_label labels[] = { { "state", evac_str(evac_run_state_name(state)) } };
        struct evac_metric_at at = { .source = w->source, .choice = k };
        if (!evac_run_is_over(state))
            sample(w, m, &at, labels, 1);
    }
}

void metrics_ended(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    const struct evac_ended_meter *e;
    for (size_t i = 0; (e = evac_meters_ended(w->source->meters, i)); i++) {
        const struct evac_label labels[] = { { "kind", evac_str(e->kind) },
                                             { "result", evac_str(e->result) } };
        struct evac_metric_at at = { .source = w->source, .choice = i };
        sample(w, m, &at, labels, 2);
    }
}

void metrics_dependency(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    const struct evac_engine *engine = w->source->engine;
    for (size_t i = 0; engine && i < engine->dependency_count; i++) {
        const struct evac_label labels[] = { { "dependency",
                                               engine->dependencies[i].conf->as_app.name } };
        struct evac_metric_at at = { .source = w->source, .choice = i };
        sample(w, m, &at, labels, 1);
    }
}

void metrics_incident(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    const struct evac_engine *engine = w->source->engine;
    for (size_t i = 0; engine && i < engine->fleet.region_count; i++) {
        const struct evac_label labels[] = { { "region",
                                               evac_str(engine->fleet.regions[i].name) } };
        struct evac_metric_at at = { .source = w->source, .choice = i };
        sample(w, m, &at, labels, 1);
    }
}

void metrics_vantage(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    const struct evac_engine *engine = w->source->engine;
    for (size_t i = 1; engine && i < evac_engine_vantage_count(engine); i++) {
        const struct evac_label labels[] = { { "vantage", evac_engine_vantage_name(engine, i) } };
        struct evac_metric_at at = { .source = w->source, .choice = i };
        sample(w, m, &at, labels, 1);
    }
}

void metrics_caller(struct evac_metrics_walk *w, const struct evac_metric *m)
{
#define X(name, text) text,
    static const char *const names[] = { EVAC_CALLERS(X) };
#undef X
    for (size_t k = 0; w->source->callers && k < EVAC_CALLERS_COUNT; k++) {
        const struct evac_label labels[] = { { "result", evac_str(names[k]) } };
        struct evac_metric_at at = { .source = w->source, .choice = k };
        sample(w, m, &at, labels, 1);
    }
}

void metrics_channel(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    const struct evac_notify_conf *notify = &w->source->model->controller.notify;
    for (size_t i = 0; w->source->outbox && i < notify->channel_count; i++) {
        const struct evac_label labels[] = { { "channel", notify->channels[i].name },
                                             { "type", notify->channels[i].type } };
        struct evac_metric_at at = { .source = w->source, .choice = i };
        sample(w, m, &at, labels, 2);
    }
}

/* Where a collector is configured. */
void metrics_traces(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    if (w->source->traces)
        metrics_once(w, m);
}

/* --- an app ----------------------------------------------------------------------------------- */

void metrics_app(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    for (size_t i = 0; i < app_count(w); i++) {
        struct evac_metric_at at = at_app(w, i);
        const struct evac_label labels[] = { { "app", at.a->app->name } };
        sample(w, m, &at, labels, 1);
    }
}

void metrics_app_info(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    for (size_t i = 0; i < app_count(w); i++) {
        struct evac_metric_at at = at_app(w, i);
        const struct evac_label labels[] = {
            { "app", at.a->app->name },
            { "strategy", evac_str(evac_strategy_name(at.a->app->strategy)) },
            { "policy", evac_str(evac_policy_name(at.a->app->automatic)) }
        };
        sample(w, m, &at, labels, 3);
    }
}

/* Of an app, a value for each word of a list. */
static void app_words(struct evac_metrics_walk *w, const struct evac_metric *m, const char *label,
                      size_t count, const char *(*word)(size_t choice))
{
    for (size_t i = 0; i < app_count(w); i++)
        for (size_t k = 0; k < count; k++) {
            struct evac_metric_at at = at_app(w, i);
            const struct evac_label labels[] = { { "app", at.a->app->name },
                                                 { label, evac_str(word(k)) } };
            at.choice = k;
            sample(w, m, &at, labels, 2);
        }
}

static const char *kind_word(size_t choice)
{
    return choice == EVAC_RESULT_RUN ? "run" : "drill";
}

static const char *severity_word(size_t choice)
{
    return evac_grade_name((enum evac_grade)choice);
}

static const char *decision_word(size_t choice)
{
    return evac_decide_name((enum evac_decide)choice);
}

void metrics_app_kind(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    app_words(w, m, "kind", EVAC_RESULT_KIND_COUNT, kind_word);
}

void metrics_severity(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    app_words(w, m, "severity", EVAC_GRADE_COUNT, severity_word);
}

void metrics_decision(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    app_words(w, m, "decision", EVAC_DECIDE_COUNT, decision_word);
}

void metrics_region(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    for (size_t i = 0; i < app_count(w); i++)
        for (size_t r = 0; r < region_count(w->source->engine->apps[i].app); r++) {
            struct evac_metric_at at = at_app(w, i);
            const struct evac_label labels[] = { { "app", at.a->app->name },
                                                 { "region", at.a->app->regions[r] } };
            at.region = r;
            sample(w, m, &at, labels, 2);
        }
}

void metrics_verdict(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    for (size_t i = 0; i < app_count(w); i++)
        for (size_t r = 0; r < region_count(w->source->engine->apps[i].app); r++)
            for (size_t k = 0; k < EVAC_VERDICT_COUNT; k++) {
                struct evac_metric_at at = at_app(w, i);
                const struct evac_label labels[] = {
                    { "app", at.a->app->name },
                    { "region", at.a->app->regions[r] },
                    { "verdict", evac_str(evac_verdict_name((enum evac_verdict)k)) }
                };
                at.region = r;
                at.choice = k;
                sample(w, m, &at, labels, 3);
            }
}

/* Resources that tell how far the other side is behind. */
void metrics_store(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    for (size_t i = 0; i < app_count(w); i++) {
        struct evac_metric_at at = at_app(w, i);
        for (size_t k = 0; k < at.a->app->resource_count && k < EVAC_RESOURCES_MAX; k++) {
            const struct evac_label labels[] = { { "app", at.a->app->name },
                                                 { "store", at.a->app->resources[k].name } };
            at.resource = k;
            if (evac_watch_measures(evac_engine_watch_of(at.a, k, at.a->active)))
                sample(w, m, &at, labels, 2);
        }
    }
}

/* --- probes ----------------------------------------------------------------------------------- */

/* What is asked once for all regions is "all". */
static struct evac_str probe_region(const struct evac_app *app, size_t probe, size_t region)
{
    return app->probes[probe].regional ? app->regions[region] : EVAC_STR("all");
}

static size_t probe_regions(const struct evac_app *app, size_t probe)
{
    return app->probes[probe].regional ? region_count(app) : 1;
}

static void one_probe(struct evac_metrics_walk *w, const struct evac_metric *m,
                      struct evac_metric_at *at, bool answers)
{
    const struct evac_app *app = at->a->app;
    struct evac_label labels[] = { { "app", app->name },
                                   { "probe", app->probes[at->probe].name },
                                   { "region", probe_region(app, at->probe, at->region) },
                                   { "result", EVAC_STR_NONE } };
    for (size_t k = 0; k < (answers ? EVAC_PROBE_ANSWER_COUNT : 1u); k++) {
        at->choice = k;
        labels[3].value = evac_str(evac_probe_answer_name((enum evac_probe_answer)k));
        sample(w, m, at, labels, answers ? 4 : 3);
    }
}

static void each_probe(struct evac_metrics_walk *w, const struct evac_metric *m, bool answers)
{
    for (size_t i = 0; i < app_count(w); i++) {
        struct evac_metric_at at = at_app(w, i);
        for (at.probe = 0; at.probe < probe_count(at.a->app); at.probe++)
            for (at.region = 0; at.region < probe_regions(at.a->app, at.probe); at.region++)
                one_probe(w, m, &at, answers);
    }
}

void metrics_probe(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    each_probe(w, m, false);
}

void metrics_answer(struct evac_metrics_walk *w, const struct evac_metric *m)
{
    each_probe(w, m, true);
}
