/* ElastiCache global datastores: one region writes, the others follow, nothing fails over by itself
 * (AWS.md 2.7). Parallel promotions have an arbitrary winner: one controller, one at a time. */
#include "aws_parity.h"
#include "cw_lag.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "global_group", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "id of the global datastore" },
    { "groups", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "id of each region's replication group" },
    { "lag_node", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "each region's primary node (CacheClusterId), whose metric tells the lag" },
    AWS_PARITY_PARAM,
    { 0 },
};
#define LOOK_OP { "elasticache", "DescribeGlobalReplicationGroups", "elasticache:DescribeGlobalReplicationGroups", EVAC_HOME_STEP, NULL, true, false }
static const struct evac_op look_ops[] = { LOOK_OP, { 0 } };
static const struct evac_op parity_ops[] = { AWS_PARITY_OP("elasticache", "DescribeReplicationGroups", "elasticache:DescribeReplicationGroups"), { 0 } };
static const struct evac_op failover_ops[] = {
    LOOK_OP,
    { "elasticache", "FailoverGlobalReplicationGroup", "elasticache:FailoverGlobalReplicationGroup", EVAC_HOME_STEP, NULL, true, true },
    { 0 },
};
static const struct evac_op measure_ops[] = {
    { "cloudwatch", "GetMetricData", "cloudwatch:GetMetricData", EVAC_HOME_STEP, NULL, false, false },
    { 0 },
};
static const struct evac_action actions[] = {
    { "ready", "the region's group is a healthy member of the global datastore", 0, EVAC_FENCING_NONE, 1000, 120000, NULL, look_ops },
    AWS_PARITY_ACTION(parity_ops),
    { "switchover", "the region's group is the primary; wanted when nothing writes any more, so that nothing is lost",
      EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES | EVAC_ACTION_LOSSY, EVAC_FENCING_NONE, 60000, 600000, NULL, failover_ops },
    { "failover", "the region's group is the primary; what the old one had not replicated is lost",
      EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES | EVAC_ACTION_LOSSY, EVAC_FENCING_NONE, 60000, 600000, NULL, failover_ops },
    { 0 },
};

#define GROUP  "DescribeGlobalReplicationGroupsResult/GlobalReplicationGroups/GlobalReplicationGroup"
#define MEMBER GROUP "/Members/GlobalReplicationGroupMember[ReplicationGroupRegion=<region>]"
#define LOOK { "elasticache", "DescribeGlobalReplicationGroups", .params = "GlobalReplicationGroupId=<global_group>&ShowMemberInfo=true" }
static const struct aws_lever ready = {
    .what = "the group in the global datastore", .look = LOOK, .at = MEMBER "/Status", .want = "associated|available",
    .moving = "associating|modifying|creating", .status_at = GROUP "/Status", .busy = "modifying|creating",
    .missing_codes = "GlobalReplicationGroupNotFoundFault" };
static const struct aws_lever failover = {
    .what = "the group's role", .look = LOOK, .at = MEMBER "/Role", .want = "PRIMARY", .status_at = GROUP "/Status",
    .busy = "modifying", .broken = "deleting|deleted", .missing_codes = "GlobalReplicationGroupNotFoundFault",
    .act = { "elasticache", "FailoverGlobalReplicationGroup",
             .params = "GlobalReplicationGroupId=<global_group>&PrimaryRegion=<region>&PrimaryReplicationGroupId=<groups>" } };
#define OWN "DescribeReplicationGroupsResult/ReplicationGroups/ReplicationGroup"
static const struct aws_compared of_group[] = {
    { "node type", OWN "/CacheNodeType" },
    { "nodes", OWN "/MemberClusters/ClusterId[#]" },
    { "automatic failover", OWN "/AutomaticFailover" },
    { "multi-AZ", OWN "/MultiAZ" },
    { "cluster mode", OWN "/ClusterEnabled" },
    { "encryption in transit", OWN "/TransitEncryptionEnabled" },
    { "snapshots kept", OWN "/SnapshotRetentionLimit" },
    { 0 },
};
static const struct aws_parity parity = { .rows = {
    { "the replication group", { "elasticache", "DescribeReplicationGroups", .params = "ReplicationGroupId=<groups>" },
      .missing_codes = "ReplicationGroupNotFoundFault", .compared = of_group } } };
/* clang-format on */

static enum evac_code measure(struct aws_call *c, struct evac_err *err)
{
    struct evac_str node = evac_args_regional(&c->args, "lag_node", c->to);
    struct cw_dimension dimension = { EVAC_STR("CacheClusterId"), node };
    struct cw_metric metric = { .region = c->to,
                                .name_space = EVAC_STR("AWS/ElastiCache"),
                                .metric = EVAC_STR("GlobalDatastoreReplicationLag"),
                                .stat = EVAC_STR("Maximum"),
                                .dimensions = &dimension,
                                .dimension_count = 1,
                                .period_s = 60,
                                .unit_ms = 1000 };
    if (!node.n)
        return evac_fail(err, EVAC_E_BADARG, "lag_node is not given: the lag can not be measured");
    return cw_lag_send(c, &metric, cw_lag_answer, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .lever = &ready },         { .action = "parity", .parity = &parity },
    { .action = "switchover", .lever = &failover }, { .action = "failover", .lever = &failover },
    { .action = "", .measure = measure },           { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_elasticache = { "elasticache",
                                                     "an ElastiCache global datastore",
                                                     resource_params,
                                                     actions,
                                                     1u << EVAC_VERB_MEASURE,
                                                     measure_ops,
                                                     call,
                                                     aws_cancel };
