/* SQS queues do not replicate. Before a planned move the old region's queue is drained; its
 * consumers are paused and resumed where they are (the lambda driver's pause and consume). */
#include "aws_parity.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "url", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "the queue's URL" },
    AWS_PARITY_PARAM,
    { 0 },
};
static const struct evac_param drained_params[] = {
    { "most", EVAC_PARAM_INT, 0, "0", NULL, "so many waiting messages are few enough" },
    { 0 },
};
static const struct evac_op ops[] = {
    { "sqs", "GetQueueAttributes", "sqs:GetQueueAttributes", EVAC_HOME_STEP, NULL, true, false }, { 0 } };
static const struct evac_op parity_ops[] = { AWS_PARITY_OP("sqs", "GetQueueAttributes", "sqs:GetQueueAttributes"), { 0 } };
static const struct evac_action actions[] = {
    { "ready", "the queue is there", 0, EVAC_FENCING_NONE, 500, 60000, NULL, ops },
    AWS_PARITY_ACTION(parity_ops),
    { "drained", "so few messages wait, and none is being worked on; the counts are approximate", 0, EVAC_FENCING_NONE, 60000, 900000, drained_params, ops },
    { 0 },
};
#define LOOK { "sqs", "GetQueueAttributes", .body = "{\"QueueUrl\":\"<url>\",\"AttributeNames\":[\"All\"]}" }
#define GONE "QueueDoesNotExist|AWS.SimpleQueueService.NonExistentQueue"
static const struct aws_lever ready = {
    .what = "waiting messages", .look = LOOK, .at = "Attributes/ApproximateNumberOfMessages", .want = "0", .compare = AWS_AT_LEAST,
    .missing_codes = GONE };
static const struct aws_lever drained = {
    .what = "waiting messages", .look = LOOK, .at = "Attributes/ApproximateNumberOfMessages", .want = "<want.most>", .compare = AWS_AT_MOST,
    .status_at = "Attributes/ApproximateNumberOfMessagesNotVisible", .idle = "0", .missing_codes = GONE };
static const struct aws_compared of_queue[] = {
    { "visibility timeout", "Attributes/VisibilityTimeout" },
    { "retention", "Attributes/MessageRetentionPeriod" },
    { "delay", "Attributes/DelaySeconds" },
    { "largest message", "Attributes/MaximumMessageSize" },
    { "receive wait", "Attributes/ReceiveMessageWaitTimeSeconds" },
    { "fifo", "Attributes/FifoQueue" },
    { "deduplication", "Attributes/ContentBasedDeduplication" },
    { "redrive policy", "Attributes/RedrivePolicy" },
    { 0 },
};
static const struct aws_parity parity = { .rows = { { "the queue", LOOK, .missing_codes = GONE, .compared = of_queue } } };
static const struct aws_handlers handlers[] = {
    { .action = "ready", .lever = &ready }, { .action = "parity", .parity = &parity }, { .action = "drained", .lever = &drained }, { 0 },
};
/* clang-format on */

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_sqs = { "sqs", "an SQS queue", resource_params, actions, 0,
                                             NULL,  call,           aws_cancel };
