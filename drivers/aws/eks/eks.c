/* EKS node groups: how many nodes there are to run pods on. What runs on them is the cluster's own
 * affair: see the kubernetes driver (AWS.md 2.6). */
#include "aws_parity.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "cluster", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "the cluster's name" },
    { "nodegroup", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "the node group's name" },
    { "count", EVAC_PARAM_INT, EVAC_PARAM_GROUP, NULL, NULL, "named sizes, as count = { active = 6; standby = 1; }" },
    AWS_PARITY_PARAM,
    { 0 },
};
static const struct evac_op look_ops[] = { { "eks", "DescribeNodegroup", "eks:DescribeNodegroup", EVAC_HOME_STEP, NULL, true, false }, { 0 } };
static const struct evac_op parity_ops[] = {
    AWS_PARITY_OP("eks", "DescribeCluster", "eks:DescribeCluster"),
    AWS_PARITY_OP("eks", "DescribeNodegroup", "eks:DescribeNodegroup"),
    { 0 },
};
static const struct evac_op scale_ops[] = {
    { "eks", "DescribeNodegroup", "eks:DescribeNodegroup", EVAC_HOME_STEP, NULL, true, false },
    { "eks", "UpdateNodegroupConfig", "eks:UpdateNodegroupConfig", EVAC_HOME_STEP, NULL, true, true },
    { 0 },
};
static const struct evac_action actions[] = {
    { "ready", "the node group is active", 0, EVAC_FENCING_NONE, 500, 120000, NULL, look_ops },
    AWS_PARITY_ACTION(parity_ops),
    { "scale", "the node group has so many nodes", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 240000, 1200000, aws_scale_params, scale_ops,
      "aws eks update-nodegroup-config --region <region> --cluster-name <cluster> --nodegroup-name <nodegroup> "
      "--scaling-config minSize=<was.min>,maxSize=<was.max>,desiredSize=<was.value>" },
    { 0 },
};
#define LOOK { "eks", "DescribeNodegroup", "GET", .path = "/clusters/<cluster>/node-groups/<nodegroup>" }
#define BROKEN "CREATE_FAILED|DELETE_FAILED|DELETING|DEGRADED"
static const struct aws_lever ready = {
    .what = "the node group", .look = LOOK, .at = "nodegroup/status", .want = "ACTIVE", .moving = "CREATING|UPDATING", .broken = BROKEN,
    .missing_codes = "ResourceNotFoundException" };
static const struct aws_kept bounds[] = { { "min", "nodegroup/scalingConfig/minSize" }, { "max", "nodegroup/scalingConfig/maxSize" }, { 0 } };
static const struct aws_lever scale = {
    .what = "nodes", .compare = AWS_COUNT, .look = LOOK, .at = "nodegroup/scalingConfig/desiredSize", .status_at = "nodegroup/status",
    .busy = "CREATING|UPDATING", .broken = BROKEN, .kept = bounds, .missing_codes = "ResourceNotFoundException",
    .act = { "eks", "UpdateNodegroupConfig", "POST", "/clusters/<cluster>/node-groups/<nodegroup>/update-config", .body =
             "{\"scalingConfig\":{\"minSize\":<room.min>,\"maxSize\":<room.max>,\"desiredSize\":<value>},\"clientRequestToken\":\"<token>\"}" } };
static const struct aws_compared of_cluster[] = { { "cluster version", "cluster/version" }, { 0 } };
static const struct aws_compared of_nodes[] = {
    { "version", "nodegroup/version" },
    { "instance types", "nodegroup/instanceTypes[*]" },
    { "image type", "nodegroup/amiType" },
    { "capacity type", "nodegroup/capacityType" },
    { "disk", "nodegroup/diskSize" },
    { "largest size", "nodegroup/scalingConfig/maxSize" },
    { 0 },
};
static const struct aws_parity parity = { .rows = {
    { "the cluster", { "eks", "DescribeCluster", "GET", .path = "/clusters/<cluster>" }, .missing_codes = "ResourceNotFoundException", .compared = of_cluster },
    { "the node group", LOOK, .missing_codes = "ResourceNotFoundException", .compared = of_nodes } } };
static const struct aws_handlers handlers[] = {
    { .action = "ready", .lever = &ready }, { .action = "parity", .parity = &parity }, { .action = "scale", .lever = &scale }, { 0 },
};
/* clang-format on */

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_eks = {
    "eks", "an EKS node group", resource_params, actions, 0, NULL, call, aws_cancel
};
