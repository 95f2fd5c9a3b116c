#include "cw_lag.h"

#define WINDOW_MIN_S   300
#define WINDOW_PERIODS 15 /* how many values in a row may be missing */

struct asked {
    cw_lag_fn *then;
    uint32_t unit_ms;
};

/* The newest value that is a lag: below zero, a service says that replication has stopped, and what
 * was so before that goes on ageing. */
static bool newest(const struct evac_json *result, double *ret_value, double *ret_at_s)
{
    const struct evac_json *value = evac_json_first(evac_json_get(result, "Values"));
    const struct evac_json *at = evac_json_first(evac_json_get(result, "Timestamps"));
    while (value && at && evac_json_as_num(value, -1) < 0) {
        value = evac_json_next(value);
        at = evac_json_next(at);
    }
    *ret_value = evac_json_as_num(value, -1);
    *ret_at_s = evac_json_as_num(at, -1);
    return value && at;
}

static void on_data(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct asked *asked = c->state;
    double value, at_s;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    /* newest first: asked for so */
    const struct evac_json *result = evac_json_first(evac_json_get(r->json, "MetricDataResults"));
    struct cw_point point = { .found = newest(result, &value, &at_s) };
    if (point.found) {
        point.value = (int64_t)(value * asked->unit_ms);
        point.wall_ms = (int64_t)(at_s * 1000);
    }
    asked->then(c, &point);
}

static void put_member(struct evac_buf *json, const char *name, struct evac_str value)
{
    evac_buf_putf(json, "\"%s\":", name);
    evac_buf_json(json, value);
}

static void put_query(struct evac_buf *json, const struct cw_metric *m)
{
    evac_buf_puts(json, "\"MetricDataQueries\":[{\"Id\":\"lag\",\"MetricStat\":{\"Metric\":{");
    put_member(json, "Namespace", m->name_space);
    evac_buf_putc(json, ',');
    put_member(json, "MetricName", m->metric);
    evac_buf_puts(json, ",\"Dimensions\":[");
    for (size_t i = 0; i < m->dimension_count; i++) {
        evac_buf_puts(json, i ? ",{" : "{");
        put_member(json, "Name", m->dimensions[i].name);
        evac_buf_putc(json, ',');
        put_member(json, "Value", m->dimensions[i].value);
        evac_buf_putc(json, '}');
    }
    evac_buf_putf(json, "]},\"Period\":%u,", m->period_s);
    put_member(json, "Stat", m->stat);
    evac_buf_puts(json, "},\"ReturnData\":true}]");
}

enum evac_code cw_lag_send(struct aws_call *c, const struct cw_metric *metric, cw_lag_fn *then,
                           struct evac_err *err)
{
    const struct evac_host *host = c->link->host;
    struct asked *asked = evac_arena_alloc(c->arena, sizeof *asked);
    int64_t period_s = metric->period_s ? metric->period_s : 1;
    int64_t now_s = host->wall_ms(host->ctx) / 1000;
    int64_t window_s = WINDOW_PERIODS * period_s;
    if (window_s < WINDOW_MIN_S)
        window_s = WINDOW_MIN_S;
    int64_t start_s = (now_s - window_s) / period_s * period_s; /* aligned, as AWS advises */
    struct evac_buf body;
    *asked = (struct asked){ then, metric->unit_ms };
    c->state = asked;
    evac_buf_init(&body, 16384);
    evac_buf_putc(&body, '{');
    put_query(&body, metric);
    evac_buf_putf(&body, ",\"StartTime\":%lld,\"EndTime\":%lld,", (long long)start_s,
                  (long long)now_s + 1);
    evac_buf_puts(&body, "\"ScanBy\":\"TimestampDescending\",\"MaxDatapoints\":100}");
    struct evac_aws_request request = { .service = "cloudwatch",
                                        .operation = "GetMetricData",
                                        .region = metric->region,
                                        .body = evac_buf_str(&body) };
    enum evac_code code = evac_buf_check(&body, "the metric's query", err);
    if (!code)
        code = aws_send(c, &request, on_data, err);
    evac_buf_done(&body);
    return code;
}

void cw_lag_answer(struct aws_call *c, const struct cw_point *point)
{
    aws_answer_lag(c, point->found, point->value, point->wall_ms,
                   point->found ? "" : "the metric has no value lately");
}
