/*
 * Global clusters, the same for Aurora, DocumentDB and Neptune: they share RDS's API, and differ in
 * what a driver's tables say. A driver is a struct global_kind, GLOBAL_OPS, GLOBAL_ACTIONS and
 * GLOBAL_HANDLERS.
 */
#ifndef EVAC_GLOBAL_CLUSTER_H
#define EVAC_GLOBAL_CLUSTER_H

#include "aws_parity.h"

/* What a driver whose store can have a canary says before it includes this. */
#ifndef GLOBAL_CANARY_VERBS
#define GLOBAL_CANARY_OPS
#define GLOBAL_CANARY
#define GLOBAL_CANARY_VERBS 0
#endif

struct global_kind {
    const char *engine;              /* what its engines begin with */
    const char *name_space, *metric; /* of the lag, in milliseconds */
};

/* global_cluster.c */
enum evac_code global_ready(struct aws_call *c, const struct global_kind *kind,
                            struct evac_err *err);
enum evac_code global_measure(struct aws_call *c, const struct global_kind *kind,
                              struct evac_err *err);
aws_start_fn global_observe_writer, global_move, global_observe_protected, global_observe_still;
/* cluster_capacity.c */
aws_start_fn cluster_observe_capacity, cluster_create_instances;
aws_start_fn cluster_observe_serverless, cluster_set_serverless;
extern const struct aws_parity global_parity;
extern const struct evac_param cluster_capacity_params[], cluster_serverless_params[];

/* clang-format off */
#define GLOBAL_PARAMS \
    { "global_cluster", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "identifier of the global cluster" }, \
    { "clusters", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "identifier of each region's DB cluster" }, \
    { "metric_period", EVAC_PARAM_DURATION, 0, "60s", NULL, "how often the lag's metric has a value; AWS's is one a minute" }, \
    { "class", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "class of the instances that capacity creates, as db.r6g.large" }, \
    { "headless", EVAC_PARAM_BOOL, 0, "false", NULL, "the standby runs no instance until capacity creates one" }, \
    AWS_PARITY_PARAM

#define GLOBAL_READ(operation, home) { "rds", operation, "rds:" operation, home, NULL, true, false }
#define GLOBAL_CHANGE(operation, home) { "rds", operation, "rds:" operation, home, NULL, true, true }
#define GLOBAL_LOOK GLOBAL_READ("DescribeGlobalClusters", EVAC_HOME_STEP), GLOBAL_READ("DescribeDBClusters", EVAC_HOME_STEP)
#define GLOBAL_OPS \
    static const struct evac_op look_ops[] = { GLOBAL_LOOK, { 0 } }; \
    static const struct evac_op parity_ops[] = { \
        AWS_PARITY_OP("rds", "DescribeDBClusters", "rds:DescribeDBClusters"), \
        AWS_PARITY_OP("rds", "DescribeDBInstances", "rds:DescribeDBInstances"), { 0 } }; \
    static const struct evac_op switchover_ops[] = { GLOBAL_LOOK, GLOBAL_CHANGE("SwitchoverGlobalCluster", EVAC_HOME_FROM), { 0 } }; \
    static const struct evac_op failover_ops[] = { GLOBAL_LOOK, GLOBAL_CHANGE("FailoverGlobalCluster", EVAC_HOME_TO), { 0 } }; \
    static const struct evac_op capacity_ops[] = { \
        GLOBAL_READ("DescribeDBClusters", EVAC_HOME_STEP), GLOBAL_READ("DescribeDBInstances", EVAC_HOME_STEP), \
        GLOBAL_CHANGE("CreateDBInstance", EVAC_HOME_STEP), { 0 } }; \
    static const struct evac_op serverless_ops[] = { \
        GLOBAL_READ("DescribeDBClusters", EVAC_HOME_STEP), GLOBAL_CHANGE("ModifyDBCluster", EVAC_HOME_STEP), { 0 } }; \
    static const struct evac_op still_ops[] = { GLOBAL_LOOK, { 0 } }; \
    static const struct evac_op measure_ops[] = { GLOBAL_CANARY_OPS \
        { "cloudwatch", "GetMetricData", "cloudwatch:GetMetricData", EVAC_HOME_TO, NULL, false, false }, { 0 } };

/* The youngest are those that were created since. */
#define GLOBAL_CLEAR_CAPACITY \
    "aws rds describe-db-instances --region <region> --filters Name=db-cluster-id,Values=<clusters> --output text " \
    "--query \"sort_by(DBInstances,&InstanceCreateTime)[<was.instances>:].[DBInstanceIdentifier]\" | " \
    "xargs -r -n 1 aws rds delete-db-instance --region <region> --db-instance-identifier"
#define GLOBAL_CLEAR_SERVERLESS \
    "aws rds modify-db-cluster --region <region> --db-cluster-identifier <clusters> --apply-immediately " \
    "--serverless-v2-scaling-configuration MinCapacity=<was.acu_min>,MaxCapacity=<was.acu_max>"

#define GLOBAL_ACTIONS \
    { "ready", "the region's cluster could take over: it is a member, in step, and runs an instance", \
      0, EVAC_FENCING_STATE, 2000, 120000, NULL, look_ops }, \
    AWS_PARITY_ACTION(parity_ops), \
    { "switchover", "the region's cluster is the writer, moved without losing data", \
      EVAC_ACTION_MUTATES | EVAC_ACTION_UNBILLED | EVAC_ACTION_PROMOTES, EVAC_FENCING_STATE, 60000, 900000, NULL, switchover_ops }, \
    { "failover", "the region's cluster is the writer; what was not replicated is lost", \
      EVAC_ACTION_MUTATES | EVAC_ACTION_UNBILLED | EVAC_ACTION_PROMOTES | EVAC_ACTION_LOSSY, EVAC_FENCING_STATE, 90000, 900000, NULL, failover_ops }, \
    { "protected", "every other member follows this region's writer again", 0, EVAC_FENCING_STATE, \
      120000, 3600000, NULL, look_ops }, \
    AWS_STILL_ACTION("the region's cluster follows, or is gone: it takes no writes", NULL, still_ops), \
    { "capacity", "the region's cluster runs so many instances; more are left as they are", \
      EVAC_ACTION_MUTATES, EVAC_FENCING_STATE, 480000, 1200000, cluster_capacity_params, capacity_ops, GLOBAL_CLEAR_CAPACITY }, \
    { "serverless", "the region's cluster has that Serverless v2 capacity", \
      EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 30000, 600000, cluster_serverless_params, serverless_ops, GLOBAL_CLEAR_SERVERLESS }

/* ready, measure: the driver's own, that name its kind. */
#define GLOBAL_HANDLERS \
    { .action = "ready", .observe = ready }, \
    { .action = "parity", .parity = &global_parity }, \
    { .action = "switchover", .observe = global_observe_writer, .apply = global_move }, \
    { .action = "failover", .observe = global_observe_writer, .apply = global_move }, \
    { .action = "protected", .observe = global_observe_protected }, \
    { .action = EVAC_ACTION_STILL, .observe = global_observe_still }, \
    { .action = "capacity", .observe = cluster_observe_capacity, .apply = cluster_create_instances }, \
    { .action = "serverless", .observe = cluster_observe_serverless, .apply = cluster_set_serverless }, \
    { .action = "", GLOBAL_CANARY .measure = measure }
/* clang-format on */

/* The rest of a driver: what names its kind, its handlers, and itself. Ends without a semicolon. */
#define GLOBAL_DRIVER(identifier, text, doc)                                                       \
    static enum evac_code ready(struct aws_call *c, struct evac_err *err)                          \
    {                                                                                              \
        return global_ready(c, &kind, err);                                                        \
    }                                                                                              \
    static enum evac_code measure(struct aws_call *c, struct evac_err *err)                        \
    {                                                                                              \
        return global_measure(c, &kind, err);                                                      \
    }                                                                                              \
    static const struct aws_handlers handlers[] = { GLOBAL_HANDLERS, { 0 } };                      \
    AWS_CALL(call_##identifier, handlers)                                                          \
    const struct evac_driver evac_driver_##identifier = { text,                                    \
                                                          doc,                                     \
                                                          resource_params,                         \
                                                          actions,                                 \
                                                          1u << EVAC_VERB_MEASURE |                \
                                                              GLOBAL_CANARY_VERBS,                 \
                                                          measure_ops,                             \
                                                          call_##identifier,                       \
                                                          aws_cancel }

#endif
