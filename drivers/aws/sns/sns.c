/* SNS: a message to a topic, as a step. Standard topics may deliver it twice; FIFO topics know the
 * attempt's id (AWS.md 2.11). */
#include "aws_parity.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "topic", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "the topic's ARN" },
    { "group", EVAC_PARAM_TEXT, 0, NULL, NULL, "FIFO topics: the message group" },
    AWS_PARITY_PARAM,
    { 0 },
};
static const struct evac_param publish_params[] = {
    { "message", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "what it says" },
    { "subject", EVAC_PARAM_TEXT, 0, "evac", NULL, "its subject, at most 100 characters" },
    { 0 },
};
static const struct evac_param tell_params[] = { EVAC_TELL_PARAMS, { 0 } };
static const struct evac_op ops[] = { { "sns", "Publish", "sns:Publish", EVAC_HOME_STEP, NULL, false, true }, { 0 } };
static const struct evac_op parity_ops[] = { AWS_PARITY_OP("sns", "GetTopicAttributes", "sns:GetTopicAttributes"), { 0 } };
static const struct evac_action actions[] = {
    AWS_PARITY_ACTION(parity_ops),
    { "publish", "a message goes to the topic", EVAC_ACTION_MUTATES | EVAC_ACTION_BLIND, EVAC_FENCING_NONE, 500, 30000, publish_params, ops },
    { EVAC_ACTION_TELL, "the controller's own messages go to the topic: a channel of notify", EVAC_ACTION_MUTATES | EVAC_ACTION_BLIND, EVAC_FENCING_NONE, 500, 30000, tell_params, ops },
    { 0 },
};
/* A group makes it FIFO: then the attempt's id tells a repetition. */
static const struct aws_shot publish = {
    .act = { "sns", "Publish", .params =
             "TopicArn=<topic>&Subject=<want.subject>&Message=<want.message> (<app>: <from> to <to>, <mode>, run <run>)"
             "&MessageGroupId=<group>&MessageDeduplicationId=<fifo_token>" } };
/* Attributes, so that subscriptions can filter. */
#define SAYS(n, name) "&MessageAttributes.entry." n ".Name=" name "&MessageAttributes.entry." n ".Value.DataType=String" \
             "&MessageAttributes.entry." n ".Value.StringValue=<want." name ">"
static const struct aws_shot tell = {
    .act = { "sns", "Publish", .params =
             "TopicArn=<topic>&Subject=<want.subject>&Message=<want.text>&MessageGroupId=<group>&MessageDeduplicationId=<fifo_token>"
             SAYS("1", "id") SAYS("2", "key") SAYS("3", "kind") SAYS("4", "severity") SAYS("5", "state") SAYS("6", "about") } };
#define ATTRIBUTE(name) "GetTopicAttributesResult/Attributes/entry[key=" name "]/value"
static const struct aws_compared of_topic[] = {
    { "fifo", ATTRIBUTE("FifoTopic") },
    { "deduplication", ATTRIBUTE("ContentBasedDeduplication") },
    { "delivery policy", ATTRIBUTE("DeliveryPolicy") },
    { "subscriptions", ATTRIBUTE("SubscriptionsConfirmed") },
    { 0 },
};
static const struct aws_parity parity = { .rows = {
    { "the topic", { "sns", "GetTopicAttributes", .params = "TopicArn=<topic>" }, .missing_codes = "NotFound", .compared = of_topic } } };
/* clang-format on */

static enum evac_code apply(struct aws_call *c, struct evac_err *err)
{
    if (aws_regional(c, "group").n)
        aws_set_arg(c, "fifo_token", evac_str(c->token));
    return aws_shot_apply(c, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "parity", .parity = &parity },
    { .action = "publish", .apply = apply, .shot = &publish },
    { .action = EVAC_ACTION_TELL, .apply = apply, .shot = &tell },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_sns = { "sns", "an SNS topic", resource_params, actions, 0,
                                             NULL,  call,           aws_cancel };
