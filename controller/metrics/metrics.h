/*
 * What Prometheus is told: one table, a row a metric, read from the engine's state and from what
 * was counted. What is not known has no sample. The number of series is bounded by the
 * configuration and, beyond that, by a ceiling: then the last rows of the table go first, and
 * evac_metrics_dropped_series says how much is missing.
 */
#ifndef EVAC_METRICS_H
#define EVAC_METRICS_H

#include "meters.h"
#include "results.h"

/* What only the process knows. */
struct evac_metrics_self {
    const char *version;
    struct evac_str node, config; /* this controller's name; the configuration's hash */
    bool journal_writable;
    int64_t started_wall_ms;
    bool reload_ok;
    int64_t reload_good_wall_ms;
    uint64_t reloads_refused;
    double cpu_seconds;
    uint64_t resident_bytes;
    size_t calls_waiting; /* for their turn, since a service takes only so many */
    uint64_t calls_waited;
};

/* Requests to the API, by what became of whoever sent them. */
#define EVAC_CALLERS(X)                                                                            \
    X(KNOWN, "known")                                                                              \
    X(WRONG, "wrong")     /* a credential that is none, or none any more */                        \
    X(BLOCKED, "blocked") /* too many wrong ones from its address */                               \
    X(FORGED, "forged")   /* a cookie, without the proof that its own page sent it */              \
    X(LIMITED, "limited") /* too many requests */
#define X(name, text) EVAC_CALLERS_##name,
enum evac_callers { EVAC_CALLERS(X) EVAC_CALLERS_COUNT };
#undef X
struct evac_metrics_callers {
    uint64_t counts[EVAC_CALLERS_COUNT];
};

struct evac_metrics_source {
    const struct evac_model *model;
    const struct evac_engine *engine; /* NULL while the journal can not be written */
    const struct evac_meters *meters;
    const struct evac_results *results;
    const struct evac_metrics_callers *callers; /* NULL: not known */
    const struct evac_tracer
        *traces;                /* runs on their way to a collector; NULL none is configured */
    struct evac_outbox *outbox; /* what is on its way to people; NULL not known */
    struct evac_metrics_self self;
    struct evac_now now;
};

/* What a value is of. */
struct evac_metric_at {
    const struct evac_metrics_source *source;
    const struct evac_engine_app *a;
    size_t app, region, probe, resource;
    size_t choice; /* of an enum, or of a list */
};

struct evac_metric;
struct evac_metrics_walk;
typedef void evac_metric_scope(struct evac_metrics_walk *walk, const struct evac_metric *metric);

struct evac_metric {
    const char *name; /* NULL ends the table */
    enum evac_metric_type type;
    const char *help;
    evac_metric_scope *scope;                                          /* its series */
    bool (*value)(const struct evac_metric_at *at, double *ret_value); /* false: not known */
    const struct evac_histogram *(*histogram)(const struct evac_metric_at *at);
    bool published; /* also sent to a cloud's own metrics, where that is configured */
};
extern const struct evac_metric evac_metrics[];

/* All of it as text. series_max: beyond it nothing is written but what is missing. */
void evac_metrics_write(const struct evac_metrics_source *source, bool open_metrics,
                        size_t series_max, struct evac_buf *out);

/* The published ones, sample by sample. */
typedef void evac_metrics_sample_fn(void *user, const struct evac_metric *metric,
                                    const struct evac_metric_at *at,
                                    const struct evac_label *labels, size_t label_count,
                                    double value);
void evac_metrics_publish(const struct evac_metrics_source *source, evac_metrics_sample_fn *fn,
                          void *user);

/* --- scopes: metrics_scope.c ------------------------------------------------------------------ */
evac_metric_scope metrics_once, metrics_info, metrics_app, metrics_app_info, metrics_app_kind,
    metrics_region, metrics_verdict, metrics_decision, metrics_store, metrics_severity,
    metrics_probe, metrics_answer, metrics_service, metrics_call, metrics_run_state, metrics_ended,
    metrics_dependency, metrics_incident, metrics_vantage, metrics_caller, metrics_channel,
    metrics_traces;
#endif
