#include "s3_parts.h"

#include <string.h>

#define WINDOW_PERIODS 15

struct asked {
    s3_flow_fn *then;
    size_t count;
    int64_t period_s;
};

/* --- asking ---------------------------------------------------------------------------------- */

static const struct {
    char letter;
    const char *metric, *stat;
} metrics[] = {
    { 'l', "ReplicationLatency", "Maximum" },
    { 'p', "OperationsPendingReplication", "Maximum" },
    { 'b', "BytesPendingReplication", "Maximum" },
    { 'f', "OperationsFailedReplication", "Sum" },
};

static void put_dimension(struct evac_buf *json, const char *name, struct evac_str value)
{
    evac_buf_putf(json, "{\"Name\":\"%s\",\"Value\":", name);
    evac_buf_json(json, value);
    evac_buf_putc(json, '}');
}

static void put_query(struct aws_call *c, struct evac_buf *json, struct evac_str region,
                      const struct s3_rules *rules, size_t rule, size_t metric)
{
    const struct asked *asked = c->helper;
    evac_buf_putf(json,
                  "%s{\"Id\":\"%c%zu\",\"MetricStat\":{\"Metric\":{\"Namespace\":\"AWS/S3\","
                  "\"MetricName\":\"%s\",\"Dimensions\":[",
                  rule || metric ? "," : "", metrics[metric].letter, rule, metrics[metric].metric);
    put_dimension(json, "SourceBucket", s3_bucket_in(c, region));
    evac_buf_putc(json, ',');
    put_dimension(json, "DestinationBucket", s3_bucket_in(c, s3_other(c, region)));
    evac_buf_putc(json, ',');
    put_dimension(json, "RuleId", rules->ids[rule]);
    evac_buf_putf(json, "]},\"Period\":%lld,\"Stat\":\"%s\"},\"ReturnData\":true}",
                  (long long)asked->period_s, metrics[metric].stat);
}

static struct evac_str body(struct aws_call *c, struct evac_str region,
                            const struct s3_rules *rules)
{
    const struct asked *asked = c->helper;
    const struct evac_host *host = c->link->host;
    int64_t period_s = asked->period_s, now_s = host->wall_ms(host->ctx) / 1000;
    struct evac_buf json;
    evac_buf_init(&json, 262144);
    evac_buf_puts(&json, "{\"MetricDataQueries\":[");
    for (size_t i = 0; i < rules->count; i++)
        for (size_t k = 0; k < sizeof metrics / sizeof metrics[0]; k++)
            put_query(c, &json, region, rules, i, k);
    evac_buf_putf(&json,
                  "],\"StartTime\":%lld,\"EndTime\":%lld,\"ScanBy\":\"TimestampDescending\"}",
                  (long long)((now_s - WINDOW_PERIODS * period_s) / period_s * period_s),
                  (long long)now_s + 1);
    struct evac_str kept = evac_arena_str(c->arena, evac_buf_str(&json));
    evac_buf_done(&json);
    return kept;
}

/* --- reading --------------------------------------------------------------------------------- */

struct series {
    size_t count;
    double newest, oldest, least, sum;
    int64_t at_s; /* of the newest */
};

static struct series read_series(const struct evac_aws_reply *r, char letter, size_t rule)
{
    struct series s = { 0 };
    const struct evac_json *results = evac_json_get(r->json, "MetricDataResults"), *one, *value;
    for (one = evac_json_first(results); one; one = evac_json_next(one)) {
        struct evac_str id = evac_json_str(one, "Id");
        int64_t number;
        if (id.n < 2 || id.p[0] != letter ||
            !evac_str_i64((struct evac_str){ id.p + 1, id.n - 1 }, &number) ||
            (size_t)number != rule)
            continue;
        s.at_s = (int64_t)evac_json_as_num(evac_json_first(evac_json_get(one, "Timestamps")), 0);
        for (value = evac_json_first(evac_json_get(one, "Values")); value;
             value = evac_json_next(value)) { /* newest first: asked for so */
            double n = evac_json_as_num(value, 0);
            s.newest = s.count ? s.newest : n;
            s.least = s.count && s.least < n ? s.least : n;
            s.oldest = n;
            s.sum += n;
            s.count++;
        }
    }
    return s;
}

/* Through most of the window something waited, and it has not become less. */
static bool is_stuck(const struct series *pending)
{
    return pending->count >= WINDOW_PERIODS * 2 / 3 && pending->least > 0 &&
           pending->newest >= pending->oldest;
}

static void add_rule(const struct evac_aws_reply *r, const struct asked *asked, size_t rule,
                     struct s3_flow *flow)
{
    struct series pending = read_series(r, 'p', rule), latency = read_series(r, 'l', rule);
    int64_t until_ms = (pending.at_s + asked->period_s) * 1000;
    if (pending.count == 0) {
        flow->known = false;
        return;
    }
    flow->pending += (int64_t)pending.newest;
    flow->bytes += (int64_t)read_series(r, 'b', rule).newest;
    flow->failed += (int64_t)read_series(r, 'f', rule).sum;
    flow->stuck |= is_stuck(&pending);
    if ((int64_t)(latency.newest * 1000) > flow->latency_ms)
        flow->latency_ms = (int64_t)(latency.newest * 1000);
    if (flow->wall_ms == 0 || until_ms < flow->wall_ms)
        flow->wall_ms = until_ms;
}

static void on_data(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct asked *asked = c->helper;
    struct s3_flow flow = { .known = r->outcome == EVAC_OUTCOME_ACCEPTED };
    if (!flow.known) {
        flow.why = aws_printf(c, "the metrics can not be read: %.*s",
                              EVAC_STR_ARG(r->code.n ? r->code : r->message));
        asked->then(c, &flow);
        return;
    }
    for (size_t i = 0; i < asked->count; i++)
        add_rule(r, asked, i, &flow);
    flow.why =
        !flow.known
            ? EVAC_STR("the metrics have had no value lately")
            : aws_printf(c, "%lld operations wait (%lld bytes)%s%s", (long long)flow.pending,
                         (long long)flow.bytes, flow.stuck ? ", and get no fewer" : "",
                         flow.failed
                             ? aws_printf(c, "; %lld failed lately", (long long)flow.failed).p
                             : "");
    asked->then(c, &flow);
}

/* --- the door -------------------------------------------------------------------------------- */

static struct evac_aws_request request(struct aws_call *c, struct evac_str region,
                                       const struct s3_rules *rules, s3_flow_fn *then)
{
    struct asked *asked = evac_arena_alloc(c->arena, sizeof *asked);
    int64_t period_ms = 60000;
    (void)evac_duration_ms(evac_args_get(&c->args, "metric_period"), &period_ms);
    *asked = (struct asked){ then, rules->count, period_ms < 1000 ? 1 : period_ms / 1000 };
    c->helper = asked;
    return (struct evac_aws_request){ .service = "cloudwatch",
                                      .operation = "GetMetricData",
                                      .region = s3_other(c, region),
                                      .body = body(c, region, rules) };
}

void s3_flow_next(struct aws_call *c, struct evac_str region, const struct s3_rules *rules,
                  s3_flow_fn *then)
{
    struct evac_aws_request r = request(c, region, rules, then);
    struct evac_err err = { EVAC_OK, "" };
    if (!c->cancelled && aws_send(c, &r, on_data, &err) == EVAC_OK)
        return;
    /* a region that must not be asked is one whose metrics are not known */
    struct s3_flow unknown = { .why = aws_printf(c, "the metrics can not be read: %s", err.text) };
    then(c, &unknown);
}

enum evac_code s3_flow_first(struct aws_call *c, struct evac_str region,
                             const struct s3_rules *rules, s3_flow_fn *then, struct evac_err *err)
{
    struct evac_aws_request r = request(c, region, rules, then);
    return aws_send(c, &r, on_data, err);
}
