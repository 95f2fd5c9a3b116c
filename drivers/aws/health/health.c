/* AWS Health: whether AWS itself says that something is wrong in a region. It comes late, and needs
 * a support plan: context for people, never a trigger alone (AWS.md 2.10). Asked in us-east-1, else
 * in us-east-2. */
#include "aws_lever.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "services", EVAC_PARAM_LIST, 0, "[]", NULL, "only these services, such as \"EC2\"; all when empty" },
    { 0 },
};
static const struct evac_op ops[] = {
    { "health", "DescribeEvents", "health:DescribeEvents", EVAC_HOME_FIXED, "us-east-1", true, false }, { 0 } };
static const struct evac_action actions[] = {
    { "quiet", "AWS reports no open issue for the region", 0, EVAC_FENCING_NONE, 1000, 60000, NULL, ops },
    { 0 },
};
static const struct aws_lever quiet = {
    .what = "open issues that AWS reports", .at = "events[#]", .want = "0", .compare = AWS_AT_MOST,
    .look = { "health", "DescribeEvents", .region = "us-east-1|us-east-2", .body =
              "{\"filter\":{\"regions\":[\"<region>\"],\"services\":<=services>,\"eventTypeCategories\":[\"issue\"],\"eventStatusCodes\":[\"open\"]}}" } };
static const struct aws_handlers handlers[] = { { .action = "quiet", .lever = &quiet }, { 0 } };
/* clang-format on */

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_health = {
    "health", "what AWS Health reports", resource_params, actions, 0, NULL, call, aws_cancel
};
