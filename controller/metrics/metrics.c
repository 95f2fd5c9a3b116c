#include "metrics.h"

#include "metrics_scope.h"

/* The word about what is missing is the one that is never missing. */
static void write_dropped(struct evac_exposition *e)
{
    double dropped = (double)e->dropped, written = (double)e->series;
    e->unlimited = true;
    evac_exposition_metric(e, "evac_metrics_series", EVAC_METRIC_GAUGE,
                           "Series of this answer, without this one and the next");
    evac_exposition_sample(e, NULL, 0, written);
    evac_exposition_metric(
        e, "evac_metrics_dropped_series", EVAC_METRIC_GAUGE,
        "Series that this answer leaves out: they are more than metrics.series_max");
    evac_exposition_sample(e, NULL, 0, dropped);
}

void evac_metrics_write(const struct evac_metrics_source *source, bool open_metrics,
                        size_t series_max, struct evac_buf *out)
{
    struct evac_metrics_walk walk = {
        .source = source,
        .exposition = { .out = out, .open_metrics = open_metrics, .series_max = series_max }
    };
    for (const struct evac_metric *m = evac_metrics; m->name; m++) {
        evac_exposition_metric(&walk.exposition, m->name, m->type, m->help);
        m->scope(&walk, m);
    }
    write_dropped(&walk.exposition);
    evac_exposition_end(&walk.exposition);
}

void evac_metrics_publish(const struct evac_metrics_source *source, evac_metrics_sample_fn *fn,
                          void *user)
{
    struct evac_metrics_walk walk = { .source = source, .publish = fn, .user = user };
    for (const struct evac_metric *m = evac_metrics; m->name; m++)
        if (m->published)
            m->scope(&walk, m);
}
