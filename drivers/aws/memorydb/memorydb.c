/* MemoryDB multi-Region clusters: every region writes; there is nothing to fail over, only traffic
 * to move (AWS.md 2.7). */
#include "aws_lever.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "cluster", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "name of the multi-Region cluster" },
    { 0 },
};
static const struct evac_op ops[] = {
    { "memorydb", "DescribeMultiRegionClusters", "memorydb:DescribeMultiRegionClusters", EVAC_HOME_STEP, NULL, true, false },
    { 0 },
};
static const struct evac_action actions[] = {
    { "ready", "the region's cluster is available", 0, EVAC_FENCING_NONE, 500, 120000, NULL, ops },
    { 0 },
};
static const struct aws_lever ready = {
    .what = "the region's cluster",
    .look = { "memorydb", "DescribeMultiRegionClusters", .body = "{\"MultiRegionClusterName\":\"<cluster>\",\"ShowClusterDetails\":true}" },
    .at = "MultiRegionClusters[]/Clusters[Region=<region>]/Status", .want = "available",
    .moving = "creating|updating|snapshotting", .missing_codes = "MultiRegionClusterNotFoundFault" };
static const struct aws_handlers handlers[] = { { .action = "ready", .lever = &ready }, { 0 } };
/* clang-format on */

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_memorydb = {
    "memorydb", "a MemoryDB multi-Region cluster", resource_params, actions, 0, NULL, call,
    aws_cancel
};
