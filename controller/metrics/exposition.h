/*
 * Metrics as text: Prometheus' own format (0.0.4) and OpenMetrics 1.0. A writer with a ceiling on
 * series: what is beyond it is left out and counted, a histogram whole. Pure.
 */
#ifndef EVAC_EXPOSITION_H
#define EVAC_EXPOSITION_H

#include "evac/buf.h"

enum evac_metric_type { EVAC_METRIC_GAUGE, EVAC_METRIC_COUNTER, EVAC_METRIC_HISTOGRAM };

#define EVAC_LABELS_MAX 4u
struct evac_label {
    const char *name;
    struct evac_str value;
};

/* Counts below bounds that are the same for all of a metric; the last bucket has no bound. */
#define EVAC_BUCKETS_MAX 12u
struct evac_histogram {
    const double *bounds; /* rising, in the metric's unit; static */
    size_t bound_count;
    uint64_t counts[EVAC_BUCKETS_MAX + 1]; /* each bucket alone, not summed up */
    double sum;
};
void evac_histogram_add(struct evac_histogram *histogram, double value);
uint64_t evac_histogram_count(const struct evac_histogram *histogram);

struct evac_exposition {
    struct evac_buf *out;
    bool open_metrics;
    size_t series, series_max, dropped;
    bool unlimited; /* what comes now is not dropped: the word about what was */

    /* of the metric that is open */
    const char *name; /* a counter's with its _total */
    enum evac_metric_type type;
};

extern const char evac_exposition_text[], evac_exposition_open[]; /* Content-Type of each */
/* By an Accept header: only who names OpenMetrics gets it. */
bool evac_exposition_wants_open(struct evac_str accept);

/* HELP and TYPE. The name follows Prometheus' conventions: base units, counters end in _total. */
void evac_exposition_metric(struct evac_exposition *e, const char *name, enum evac_metric_type type,
                            const char *help);
/* Samples of the open metric. A value is never "not a number": leave out what is not known. */
void evac_exposition_sample(struct evac_exposition *e, const struct evac_label *labels,
                            size_t label_count, double value);
void evac_exposition_histogram(struct evac_exposition *e, const struct evac_label *labels,
                               size_t label_count, const struct evac_histogram *histogram);
void evac_exposition_end(struct evac_exposition *e);
#endif
