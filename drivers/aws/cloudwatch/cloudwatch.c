/* Any CloudWatch metric as a measure of lag: for data stores that evac has no driver of. */
#include "cw_lag.h"

#include <string.h>

#define DIMENSIONS_MAX 30u /* CloudWatch's own limit */

static const struct evac_param resource_params[] = {
    { "namespace", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "such as AWS/RDS" },
    { "metric", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "such as ReplicaLag" },
    { "dimensions", EVAC_PARAM_TEXT, EVAC_PARAM_GROUP, NULL, NULL,
      "names and values, as dimensions = { DBInstanceIdentifier = \"shop-{to}\"; }" },
    { "stat", EVAC_PARAM_CHOICE, 0, "Maximum", "Average|Minimum|Maximum|Sum|SampleCount",
      "which statistic of a period" },
    { "period", EVAC_PARAM_DURATION, 0, "60s", NULL, "how often the metric has a value" },
    { "unit", EVAC_PARAM_CHOICE, 0, "ms", "ms|s", "of its values" },
    { "read_in", EVAC_PARAM_CHOICE, 0, "to", "to|from",
      "the region that publishes it; a metric of the region being left is gone when it matters" },
    { 0 },
};

static const struct evac_param below_params[] = {
    { "max", EVAC_PARAM_DURATION, EVAC_PARAM_REQUIRED, NULL, NULL, "the value must not be more" },
    { 0 },
};

static const struct evac_op ops[] = {
    { "cloudwatch", "GetMetricData", "cloudwatch:GetMetricData", EVAC_HOME_STEP, NULL, false,
      false },
    { 0 },
};

static const struct evac_action actions[] = {
    { "below", "the metric's newest value is recent, and not above a bound", 0, EVAC_FENCING_NONE,
      1000, 600000, below_params, ops },
    { 0 },
};

static int64_t duration(const struct aws_call *c, const char *name, int64_t fallback)
{
    int64_t ms = fallback;
    (void)evac_duration_ms(evac_args_get(&c->args, name), &ms);
    return ms;
}

static size_t read_dimensions(const struct aws_call *c, struct cw_dimension *dimensions)
{
    static const char prefix[] = "dimensions.";
    size_t count = 0, n = sizeof prefix - 1;
    for (size_t i = 0; i < c->args.count && count < DIMENSIONS_MAX; i++) {
        struct evac_str name = c->args.items[i].name;
        if (evac_str_starts(name, prefix))
            dimensions[count++] =
                (struct cw_dimension){ { name.p + n, name.n - n }, c->args.items[i].value };
    }
    return count;
}

static enum evac_code ask(struct aws_call *c, struct evac_str region, cw_lag_fn *then,
                          struct evac_err *err)
{
    struct cw_dimension dimensions[DIMENSIONS_MAX];
    struct cw_metric metric = {
        .region = region,
        .name_space = evac_args_get(&c->args, "namespace"),
        .metric = evac_args_get(&c->args, "metric"),
        .stat = evac_args_get(&c->args, "stat"),
        .dimensions = dimensions,
        .dimension_count = read_dimensions(c, dimensions),
        .period_s = (uint32_t)(duration(c, "period", 60000) / 1000),
        .unit_ms = evac_str_is(evac_args_get(&c->args, "unit"), "s") ? 1000 : 1,
    };
    return cw_lag_send(c, &metric, then, err);
}

static enum evac_code measure(struct aws_call *c, struct evac_err *err)
{
    bool from = evac_str_is(evac_args_get(&c->args, "read_in"), "from");
    return ask(c, from ? c->from : c->to, cw_lag_answer, err);
}

/* Not older than three periods: what a metric said long ago says nothing of now. */
static void compared(struct aws_call *c, const struct cw_point *point)
{
    const struct evac_host *host = c->link->host;
    int64_t max = duration(c, "want.max", 0), age = host->wall_ms(host->ctx) - point->wall_ms;
    bool recent = point->found && age <= 3 * duration(c, "period", 60000);
    struct evac_fact facts[] = { { "value_ms", point->value }, { "age_ms", age } };
    struct aws_sight sight = { .seen = !recent               ? EVAC_SEEN_UNSEEN
                                       : point->value <= max ? EVAC_SEEN_SATISFIED
                                                             : EVAC_SEEN_UNSATISFIED,
                               .progress = -1,
                               .facts = facts,
                               .fact_count = recent ? 2 : 0 };
    if (recent)
        aws_answer_seen(c, &sight, "it is %lld ms, at most %lld are wanted",
                        (long long)point->value, (long long)max);
    else
        aws_answer_seen(c, &sight, "the metric has no recent value");
}

static enum evac_code observe_below(struct aws_call *c, struct evac_err *err)
{
    return ask(c, c->region, compared, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "below", .observe = observe_below },
    { .action = "", .measure = measure },
    { 0 },
};

static enum evac_code call_cloudwatch(struct evac_link *link, const struct evac_call *call,
                                      evac_done_fn *done, void *user, uint64_t *ret_id,
                                      struct evac_err *err)
{
    return aws_run(link, handlers, call_cloudwatch, call, done, user, ret_id, err);
}

const struct evac_driver evac_driver_cloudwatch = {
    "cloudwatch", "a CloudWatch metric", resource_params, actions, 1u << EVAC_VERB_MEASURE,
    ops,          call_cloudwatch,       aws_cancel
};
