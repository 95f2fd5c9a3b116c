/* An Aurora cluster that is restored from snapshots: backup and restore, without a global database.
 */
#include "rds_restore.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "clusters", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL,
      "identifier of each region's DB cluster" },
    { "acu_min", EVAC_PARAM_TEXT, 0, NULL, NULL, "Serverless v2: least capacity of what is restored, as 0.5" },
    { "acu_max", EVAC_PARAM_TEXT, 0, NULL, NULL, "Serverless v2: most capacity of what is restored, as 16" },
    { "kms_key", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL,
      "each region's KMS key; without it, the snapshot's" },
    RDS_RESTORE_PARAMS(EVAC_PARAM_REQUIRED),
    { 0 },
};

#define LOOK { "rds", "DescribeDBClusters", "rds:DescribeDBClusters", EVAC_HOME_STEP, NULL, true, false }
#define LOOK_INSTANCES { "rds", "DescribeDBInstances", "rds:DescribeDBInstances", EVAC_HOME_STEP, NULL, true, false }
#define LOOK_BACKUPS { "rds", "DescribeDBClusterSnapshots", "rds:DescribeDBClusterSnapshots", EVAC_HOME_STEP, NULL, true, false }
#define CHANGE(operation, iam) { "rds", operation, iam, EVAC_HOME_STEP, NULL, true, true }
static const struct evac_op ready_ops[] = { LOOK, LOOK_BACKUPS, { 0 } };
#define RESTORE \
    LOOK, LOOK_INSTANCES, LOOK_BACKUPS, \
    CHANGE("RestoreDBClusterFromSnapshot", "rds:RestoreDBClusterFromSnapshot rds:AddTagsToResource kms:CreateGrant kms:DescribeKey"), \
    CHANGE("RestoreDBClusterToPointInTime", "rds:RestoreDBClusterToPointInTime rds:AddTagsToResource kms:CreateGrant kms:DescribeKey"), \
    CHANGE("CreateDBInstance", "rds:CreateDBInstance rds:AddTagsToResource")
#define REMOVE CHANGE("DeleteDBInstance", "rds:DeleteDBInstance"), CHANGE("DeleteDBCluster", "rds:DeleteDBCluster")
static const struct evac_op recover_ops[] = { RESTORE, { 0 } };
static const struct evac_op rehearse_ops[] = { RESTORE, REMOVE, { 0 } };
static const struct evac_op discard_ops[] = { LOOK, LOOK_INSTANCES, REMOVE, { 0 } };
#define SNAPSHOT(home, operation, iam, mutates) { "rds", operation, iam, home, NULL, true, mutates, "recover_from=copies" }
static const struct evac_op capture_ops[] = {
    SNAPSHOT(EVAC_HOME_FROM, "DescribeDBClusters", "rds:DescribeDBClusters", false),
    SNAPSHOT(EVAC_HOME_TO, "DescribeDBClusterSnapshots", "rds:DescribeDBClusterSnapshots", false),
    SNAPSHOT(EVAC_HOME_FROM, "DescribeDBClusterSnapshots", "rds:DescribeDBClusterSnapshots", false),
    SNAPSHOT(EVAC_HOME_FROM, "CreateDBClusterSnapshot", "rds:CreateDBClusterSnapshot rds:AddTagsToResource", true),
    SNAPSHOT(EVAC_HOME_TO, "CopyDBClusterSnapshot", "rds:CopyDBClusterSnapshot rds:AddTagsToResource kms:CreateGrant kms:DescribeKey", true),
    { 0 },
};
static const struct evac_op measure_ops[] = {
    { "rds", "DescribeDBClusters", "rds:DescribeDBClusters", EVAC_HOME_TO, NULL, true, false },
    { "rds", "DescribeDBClusterSnapshots", "rds:DescribeDBClusterSnapshots", EVAC_HOME_TO, NULL, true, false },
    { 0 },
};

/* The instance first: a cluster that has one is not deleted. */
static const char clear_restored[] =
    "aws rds describe-db-instances --region <region> --filters Name=db-cluster-id,Values=<was.id> --output text "
    "--query \"" RDS_OF_RUN("DBInstances") ".[DBInstanceIdentifier]\" | xargs -r -n 1 aws rds delete-db-instance --region <region> --db-instance-identifier && "
    "aws rds delete-db-cluster --region <region> --skip-final-snapshot --db-cluster-identifier "
    "$(aws rds describe-db-clusters --region <region> --db-cluster-identifier <was.id> --output text "
    "--query \"" RDS_OF_RUN("DBClusters") ".DBClusterIdentifier\")";
static const struct evac_action actions[] = {
    { "ready", "the region has a recovery point, and the name to restore it under is free", 0,
      EVAC_FENCING_STATE, 2000, 120000, NULL, ready_ops },
    RDS_RESTORE_ACTIONS(recover_ops, discard_ops, rehearse_ops, clear_restored),
    RDS_CAPTURE_ACTION(capture_ops, "delete-db-cluster-snapshot", "--db-cluster-snapshot-identifier"),
    { 0 },
};
/* clang-format on */

static enum evac_code needs_class(struct aws_call *c, aws_start_fn *start, struct evac_err *err)
{
    if (aws_regional(c, "class").n)
        return start(c, err);
    return evac_fail(err, EVAC_E_BADARG,
                     "restoring a cluster needs 'class', as db.r6g.large or "
                     "db.serverless: without an instance it takes no connection");
}

static enum evac_code observe(struct aws_call *c, struct evac_err *err)
{
    return needs_class(c, db_observe_cluster, err);
}

static enum evac_code restore(struct aws_call *c, struct evac_err *err)
{
    return needs_class(c, db_restore_cluster, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = db_ready_cluster },
    { .action = "recover", .observe = observe, .apply = restore },
    { .action = "rehearse", .observe = observe, .apply = restore },
    { .action = "discard", .observe = db_observe_discard_cluster, .apply = db_discard_cluster },
    { .action = "capture", .observe = db_capture_cluster, .apply = db_capture_cluster },
    { .action = "", .measure = db_measure_cluster },
    { 0 },
};

static enum evac_code call_aurora_restore(struct evac_link *link, const struct evac_call *call,
                                          evac_done_fn *done, void *user, uint64_t *ret_id,
                                          struct evac_err *err)
{
    return aws_run(link, handlers, call_aurora_restore, call, done, user, ret_id, err);
}

const struct evac_driver evac_driver_aurora_restore = {
    "aurora-restore",        "an Aurora cluster's backups",
    resource_params,         actions,
    1u << EVAC_VERB_MEASURE, measure_ops,
    call_aurora_restore,     aws_cancel
};
