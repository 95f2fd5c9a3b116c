/* Kinesis data streams do not replicate: the target region's stream is there and open, and
 * consumers are paused and resumed where they are (the lambda driver's pause and consume). */
#include "aws_parity.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "stream", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "the stream's name" },
    { "shards", EVAC_PARAM_INT, 0, "1", NULL, "so many open shards are enough" },
    AWS_PARITY_PARAM,
    { 0 },
};
static const struct evac_op ops[] = {
    { "kinesis", "DescribeStreamSummary", "kinesis:DescribeStreamSummary", EVAC_HOME_STEP, NULL, true, false }, { 0 } };
static const struct evac_op parity_ops[] = { AWS_PARITY_OP("kinesis", "DescribeStreamSummary", "kinesis:DescribeStreamSummary"), { 0 } };
static const struct evac_action actions[] = {
    { "ready", "the stream is active and has its shards", 0, EVAC_FENCING_NONE, 500, 120000, NULL, ops },
    AWS_PARITY_ACTION(parity_ops),
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
static const struct aws_handlers handlers[] = { { .action = "ready", .lever = &ready }, { .action = "parity", .parity = &parity }, { 0 } };
/* clang-format on */

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_kinesis = {
    "kinesis", "a Kinesis data stream", resource_params, actions, 0, NULL, call, aws_cancel
};
