/*
 * Global Accelerator: how much of a region's share of traffic an endpoint group takes. Its API
 * lives in us-west-2 only, dials apply to new connections only, and a dial of 0 is no fence: when
 * all other groups are unhealthy it is passed over (AWS.md 2.8). Health-based routing needs no API
 * at all.
 */
#include "aws_lever.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "endpoint_group", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "ARN of each region's endpoint group" },
    { 0 },
};
static const struct evac_param dial_params[] = {
    { "percent", EVAC_PARAM_INT, EVAC_PARAM_REQUIRED, NULL, NULL, "the traffic dial, 0 to 100" },
    { 0 },
};
static const struct evac_param healthy_params[] = {
    { "minimum", EVAC_PARAM_INT, 0, "1", NULL, "so many healthy endpoints are enough" },
    { 0 },
};
#define LOOK_OP { "globalaccelerator", "DescribeEndpointGroup", "globalaccelerator:DescribeEndpointGroup", EVAC_HOME_FIXED, "us-west-2", true, false }
static const struct evac_op look_ops[] = { LOOK_OP, { 0 } };
static const struct evac_op dial_ops[] = {
    LOOK_OP, { "globalaccelerator", "UpdateEndpointGroup", "globalaccelerator:UpdateEndpointGroup", EVAC_HOME_FIXED, "us-west-2", true, true }, { 0 } };
static const char clear_dial[] =
    "aws globalaccelerator update-endpoint-group --region us-west-2 --endpoint-group-arn <endpoint_group> --traffic-dial-percentage <was.value>";
static const struct evac_action actions[] = {
    { "healthy", "the region's endpoints are healthy", 0, EVAC_FENCING_NONE, 500, 120000, healthy_params, look_ops },
    { "route", "the region takes all of its share: its dial is at 100", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_TRAFFIC,
      EVAC_FENCING_NONE, 30000, 180000, NULL, dial_ops, clear_dial },
    { "withdraw", "the region takes no new users: its dial is at 0", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_TRAFFIC,
      EVAC_FENCING_NONE, 30000, 180000, NULL, dial_ops, clear_dial },
    { "join", "the region takes its share again: its dial is at 100", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_TRAFFIC,
      EVAC_FENCING_NONE, 30000, 180000, NULL, dial_ops, clear_dial },
    { "dial", "the region's traffic dial is this; new connections follow", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_TRAFFIC,
      EVAC_FENCING_NONE, 30000, 180000, dial_params, dial_ops, clear_dial },
    { 0 },
};
#define LOOK { "globalaccelerator", "DescribeEndpointGroup", .body = "{\"EndpointGroupArn\":\"<endpoint_group>\"}" }
static const struct aws_lever healthy = {
    .what = "healthy endpoints", .look = LOOK, .at = "EndpointGroup/EndpointDescriptions[#HealthState=HEALTHY]",
    .want = "<want.minimum>", .compare = AWS_AT_LEAST, .missing_codes = "EndpointGroupNotFoundException" };
#define DIAL(percent) {                                                                                                \
    .what = "the traffic dial", .look = LOOK, .at = "EndpointGroup/TrafficDialPercentage", .want = percent,              \
    .missing_codes = "EndpointGroupNotFoundException",                                                                   \
    .act = { "globalaccelerator", "UpdateEndpointGroup", .body = "{\"EndpointGroupArn\":\"<endpoint_group>\",\"TrafficDialPercentage\":<value>}" } }
static const struct aws_lever dial = DIAL("<want.percent>");
static const struct aws_lever all = DIAL("100");
static const struct aws_lever nothing = DIAL("0");
static const struct aws_handlers handlers[] = {
    { .action = "healthy", .lever = &healthy }, { .action = "route", .lever = &all }, { .action = "join", .lever = &all },
    { .action = "withdraw", .lever = &nothing }, { .action = "dial", .lever = &dial }, { 0 },
};
/* clang-format on */

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_global_accelerator = {
    "global-accelerator",
    "an endpoint group of Global Accelerator",
    resource_params,
    actions,
    0,
    NULL,
    call,
    aws_cancel
};
