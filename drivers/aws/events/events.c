/* EventBridge: rules that are paused where the app is left and resumed where it is taken over, and
 * events that tell others (AWS.md 2.11). */
#include "aws_parity.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "rules", EVAC_PARAM_LIST, EVAC_PARAM_REGIONAL, NULL, NULL, "names of the rules" },
    { "bus", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, "default", NULL, "the event bus" },
    { "endpoint", EVAC_PARAM_TEXT, 0, NULL, NULL, "id of a global endpoint, as \"abcde.veo\"" },
    AWS_PARITY_PARAM,
    { 0 },
};
static const struct evac_param rule_params[] = {
    { "rules", EVAC_PARAM_LIST, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    { 0 },
};
static const struct evac_param publish_params[] = {
    { "detail_type", EVAC_PARAM_TEXT, 0, "evac failover", NULL, "the event's detail-type" },
    { "source", EVAC_PARAM_TEXT, 0, "evac", NULL, "the event's source" },
    { 0 },
};
static const struct evac_param global_params[] = {
    { "endpoint", EVAC_PARAM_TEXT, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    { "detail_type", EVAC_PARAM_TEXT, 0, "evac failover", NULL, "the event's detail-type" },
    { "source", EVAC_PARAM_TEXT, 0, "evac", NULL, "the event's source" },
    { 0 },
};

static const struct evac_param tell_params[] = { EVAC_TELL_PARAMS, { 0 } };

static const struct evac_op rule_ops[] = {
    { "events", "DescribeRule", "events:DescribeRule", EVAC_HOME_STEP, NULL, true, false },
    { "events", "EnableRule", "events:EnableRule", EVAC_HOME_STEP, NULL, true, true },
    { "events", "DisableRule", "events:DisableRule", EVAC_HOME_STEP, NULL, true, true },
    { 0 },
};
static const struct evac_op parity_ops[] = { AWS_PARITY_OP("events", "DescribeRule", "events:DescribeRule"), { 0 } };
static const struct evac_op publish_ops[] = {
    { "events", "PutEvents", "events:PutEvents", EVAC_HOME_STEP, NULL, false, true },
    { 0 },
};
static const struct evac_op global_ops[] = {
    { "events", "PutEvents", "events:PutEvents", EVAC_HOME_GLOBAL, NULL, false, true },
    { 0 },
};

static const char clear_rules[] =
    "aws events enable-rule --region <region> --event-bus-name <bus> --name <each.each:value=ENABLED> && "
    "aws events disable-rule --region <region> --event-bus-name <bus> --name <each.each:value=DISABLED>";
static const struct evac_action actions[] = {
    AWS_PARITY_ACTION_OF(rule_params, parity_ops),
    { "resume", "the rules are enabled", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 1000, 60000, rule_params, rule_ops, clear_rules },
    { "pause", "the rules are disabled", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 1000, 60000, rule_params, rule_ops, clear_rules },
    { "publish", "an event says where the app moves", EVAC_ACTION_MUTATES | EVAC_ACTION_BLIND, EVAC_FENCING_NONE, 500, 30000, publish_params, publish_ops },
    { "publish-global", "an event says it at the global endpoint, which takes it to whichever region is healthy", EVAC_ACTION_MUTATES | EVAC_ACTION_BLIND, EVAC_FENCING_NONE, 500, 30000, global_params, global_ops },
    { EVAC_ACTION_TELL, "the controller's own messages go to the bus: a channel of notify", EVAC_ACTION_MUTATES | EVAC_ACTION_BLIND, EVAC_FENCING_NONE, 500, 30000, tell_params, publish_ops },
    { 0 },
};

#define ENABLE  { "events", "EnableRule", .body = "{\"Name\":\"<item>\",\"EventBusName\":\"<bus>\"}" }
#define DISABLE { "events", "DisableRule", .body = "{\"Name\":\"<item>\",\"EventBusName\":\"<bus>\"}" }
static const struct aws_ask enable = ENABLE, disable = DISABLE;
/* Two operations for the two values: either is what "act" does, the other is act_other. */
#define RULE(wanted, this, other_word, other_ask) {                                              \
    .what = "the rule", .each = "rules",                                                          \
    .look = { "events", "DescribeRule", .body = "{\"Name\":\"<item>\",\"EventBusName\":\"<bus>\"}" }, \
    .at = "State", .want = wanted, .act = this, .other = other_word, .act_other = other_ask,      \
    .missing_codes = "ResourceNotFoundException" }
static const struct aws_lever resume = RULE("ENABLED|ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", ENABLE, "DISABLED", &disable);
static const struct aws_lever pause = RULE("DISABLED", DISABLE, "ENABLED", &enable);
#define EVENT \
             "\"Entries\":[{\"Source\":\"<want.source>\",\"DetailType\":\"<want.detail_type>\",\"EventBusName\":\"<bus>\"," \
             "\"Detail\":\"{\\\"app\\\":\\\"<app>\\\",\\\"from\\\":\\\"<from>\\\",\\\"to\\\":\\\"<to>\\\",\\\"mode\\\":\\\"<mode>\\\",\\\"run\\\":\\\"<run>\\\"}\"}]"
#define FAILS .fails_at = "FailedEntryCount", .fails_unless = "0", .why_at = "Entries[]/ErrorMessage"
static const struct aws_shot publish = { .act = { "events", "PutEvents", .body = "{" EVENT "}" }, FAILS };
static const struct aws_shot tell = {
    .act = { "events", "PutEvents", .body =
             "{\"Entries\":[{\"Source\":\"evac\",\"DetailType\":\"evac <want.kind>\",\"EventBusName\":\"<bus>\","
             "\"Detail\":\"<want.json>\"}]}" }, FAILS };
/* The buses of both regions have the same name; the endpoint knows them. */
static const struct aws_shot publish_global = {
    .act = { "events", "PutEvents", .body = "{\"EndpointId\":\"<endpoint>\"," EVENT "}",
             .endpoint = "https://<endpoint>.endpoint.events.amazonaws.com", .region_set = "*" }, FAILS };

static const struct aws_compared of_rule[] = { { "schedule", "ScheduleExpression" }, { "pattern", "EventPattern" }, { 0 } };
static const struct aws_parity parity = { .each = "rules", .rows = {
    { "the rule", { "events", "DescribeRule", .body = "{\"Name\":\"<item>\",\"EventBusName\":\"<bus>\"}" },
      .missing_codes = "ResourceNotFoundException", .compared = of_rule } } };
static const struct aws_handlers handlers[] = {
    { .action = "parity", .parity = &parity },
    { .action = "resume", .lever = &resume },
    { .action = "pause", .lever = &pause },
    { .action = "publish", .shot = &publish },
    { .action = "publish-global", .shot = &publish_global },
    { .action = EVAC_ACTION_TELL, .shot = &tell },
    { 0 },
};
/* clang-format on */

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_events = {
    "events", "EventBridge rules of a bus", resource_params, actions, 0, NULL, call, aws_cancel
};
