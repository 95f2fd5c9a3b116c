/* Kinesis data streams do not replicate: the target region's stream is there and open, and
 * consumers are paused and resumed where they are (the lambda driver's pause and resume). */
#include "aws_parity.h"
#include "cw_lag.h"

#define PERIOD_MS 60000

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "stream", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "the stream's name" },
    { "shards", EVAC_PARAM_INT, 0, "1", NULL, "so many open shards are enough" },
    { "consumers", EVAC_PARAM_CHOICE, 0, NULL, "shared", "with it, drained waits for those that read by GetRecords; enhanced fan-out has another metric" },
    AWS_PARITY_PARAM,
    { 0 },
};
static const struct evac_param drained_params[] = {
    { "consumers", EVAC_PARAM_CHOICE, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    { "most", EVAC_PARAM_DURATION, 0, "0s", NULL, "so far behind is near enough" },
    { 0 },
};
static const struct evac_op drained_ops[] = {
    { "cloudwatch", "GetMetricData", "cloudwatch:GetMetricData", EVAC_HOME_STEP, NULL, false, false }, { 0 } };
static const struct evac_op ops[] = {
    { "kinesis", "DescribeStreamSummary", "kinesis:DescribeStreamSummary", EVAC_HOME_STEP, NULL, true, false }, { 0 } };
static const struct evac_op parity_ops[] = { AWS_PARITY_OP("kinesis", "DescribeStreamSummary", "kinesis:DescribeStreamSummary"), { 0 } };
static const struct evac_action actions[] = {
    { "ready", "the stream is active and has its shards", 0, EVAC_FENCING_NONE, 500, 120000, NULL, ops },
    AWS_PARITY_ACTION(parity_ops),
    { "drained", "whoever reads the stream has caught up, a minute ago", 0, EVAC_FENCING_NONE, 120000, 900000, drained_params, drained_ops },
    { 0 },
};
#define LOOK { "kinesis", "DescribeStreamSummary", .body = "{\"StreamName\":\"<stream>\"}" }
static const struct aws_compared of_stream[] = {
    { "capacity mode", "StreamDescriptionSummary/StreamModeDetails/StreamMode" },
    { "open shards", "StreamDescriptionSummary/OpenShardCount" },
    { "retention", "StreamDescriptionSummary/RetentionPeriodHours" },
    { "encryption", "StreamDescriptionSummary/EncryptionType" },
    { 0 },
};
static const struct aws_parity parity = { .rows = { { "the stream", LOOK, .missing_codes = "ResourceNotFoundException", .compared = of_stream } } };
static const struct aws_lever ready = {
    .what = "open shards of the stream", .look = LOOK,
    .at = "StreamDescriptionSummary/OpenShardCount", .want = "<shards>", .compare = AWS_AT_LEAST,
    .status_at = "StreamDescriptionSummary/StreamStatus", .busy = "CREATING|UPDATING", .broken = "DELETING",
    .missing_codes = "ResourceNotFoundException" };
/* clang-format on */

/* --- drained --------------------------------------------------------------------------------- */

static int64_t most_ms(const struct aws_call *c)
{
    int64_t ms;
    return evac_duration_ms(evac_args_get(&c->args, "want.most"), &ms) ? ms : 0;
}

/* Nobody who reads publishes nothing: what a metric does not say is not known, and an old value
 * says nothing of now. */
static void on_age(struct aws_call *c, const struct cw_point *point)
{
    const struct evac_host *host = c->link->host;
    int64_t age_ms = host->wall_ms(host->ctx) - point->wall_ms;
    bool recent = point->found && age_ms <= 3 * PERIOD_MS;
    struct evac_fact facts[] = { { "behind_ms", point->value }, { "age_ms", age_ms } };
    struct aws_sight sight = { .seen = !recent                      ? EVAC_SEEN_UNSEEN
                                       : point->value <= most_ms(c) ? EVAC_SEEN_SATISFIED
                                                                    : EVAC_SEEN_UNSATISFIED,
                               .progress = -1,
                               .facts = facts,
                               .fact_count = recent ? 2 : 0 };
    if (recent)
        aws_answer_seen(c, &sight, "consumers are %lld ms behind, at most %lld are wanted",
                        (long long)point->value, (long long)most_ms(c));
    else
        aws_answer_seen(c, &sight,
                        "nobody has read the stream lately: how far they are is not known");
}

static enum evac_code observe_drained(struct aws_call *c, struct evac_err *err)
{
    struct cw_dimension stream = { EVAC_STR("StreamName"), aws_regional(c, "stream") };
    struct cw_metric metric = { .region = c->region,
                                .name_space = EVAC_STR("AWS/Kinesis"),
                                .metric = EVAC_STR("GetRecords.IteratorAgeMilliseconds"),
                                .stat = EVAC_STR("Maximum"),
                                .dimensions = &stream,
                                .dimension_count = 1,
                                .period_s = PERIOD_MS / 1000,
                                .unit_ms = 1 };
    return cw_lag_send(c, &metric, on_age, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .lever = &ready },
    { .action = "parity", .parity = &parity },
    { .action = "drained", .observe = observe_drained },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_kinesis = {
    "kinesis", "a Kinesis data stream", resource_params, actions, 0, NULL, call, aws_cancel
};
