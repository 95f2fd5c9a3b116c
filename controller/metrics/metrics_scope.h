/* A walk over the table's rows: what it reads, and where a sample goes. */
#ifndef EVAC_METRICS_SCOPE_H
#define EVAC_METRICS_SCOPE_H

#include "metrics.h"

struct evac_metrics_walk {
    const struct evac_metrics_source *source;
    struct evac_exposition exposition;
    evac_metrics_sample_fn *publish; /* not NULL: samples go there */
    void *user;
};
#endif
