/* The newest value of a CloudWatch metric that is a lag (not below zero), for any driver that
 * measures one. */
#ifndef EVAC_CW_LAG_H
#define EVAC_CW_LAG_H

#include "aws_pack.h"

struct cw_dimension {
    struct evac_str name, value;
};

/* Everything is used during the call only. */
struct cw_metric {
    struct evac_str region, name_space, metric, stat; /* stat "Maximum", "Average", ... */
    const struct cw_dimension *dimensions;
    size_t dimension_count;
    uint32_t period_s; /* how often the metric has a value; at least 1 */
    uint32_t unit_ms;  /* of its values: 1 milliseconds, 1000 seconds */
};

struct cw_point {
    bool found;      /* false: the metric has had no value lately, which is normal */
    int64_t value;   /* ms */
    int64_t wall_ms; /* its timestamp: the beginning of its period */
};

typedef void cw_lag_fn(struct aws_call *c, const struct cw_point *point);

/*
 * Sends GetMetricData. then is not called when the service could not be asked: the call has been
 * answered (unseen) in that case. Uses c->state.
 */
enum evac_code cw_lag_send(struct aws_call *c, const struct cw_metric *metric, cw_lag_fn *then,
                           struct evac_err *err);

/* MEASURE's answer: facts lag_ms and as_of_wall_ms; unseen when there is no value. A cw_lag_fn. */
void cw_lag_answer(struct aws_call *c, const struct cw_point *point);

#endif
