/* The trend's charts, as pictures in the page: nothing in them is not also in its tables. */
#ifndef EVAC_TREND_CHART_H
#define EVAC_TREND_CHART_H

#include "trend.h"

struct trend_span {
    int64_t from, to;
};
struct trend_span trend_span(const struct evac_trend *t);

/* Is it known, how much was it, and how much may it have been: the RTO, or the RPO. */
bool trend_known(const struct evac_trend_run *r, bool rto);
int64_t trend_value(const struct evac_trend_run *r, bool rto);
int64_t trend_goal(const struct evac_trend_run *r, bool rto);

void trend_chart_times(const struct evac_trend *t, bool rto, struct evac_buf *out);
void trend_chart_drills(const struct evac_trend *t, struct evac_buf *out);
void trend_chart_open(const struct evac_trend *t, struct evac_buf *out);
#endif
