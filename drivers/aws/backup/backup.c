/*
 * AWS Backup: whatever it can restore, from the newest usable recovery point in the vault of the
 * region that takes over. The point must be there beforehand: a copy is made by the region that is
 * lost.
 */
#include "backup_parts.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "vaults", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "each region's backup vault" },
    { "resource_type", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "as AWS Backup calls it: RDS, Aurora, DynamoDB, EFS, EBS, EC2, S3 ..." },
    { "arns", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "ARN of each region's resource: whose recovery points count" },
    { "role", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "ARN of the role that AWS Backup restores and copies with" },
    { "metadata", EVAC_PARAM_LIST, EVAC_PARAM_REGIONAL, NULL, NULL,
      "restore metadata over what AWS Backup knows, as \"DBSubnetGroupName=private\"; \"X=\" leaves X out" },
    { "restore_as", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "name of what is restored; for databases and tables" },
    { "rehearse_as", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "name of a drill's copy; without it, restore_as with \"-drill\"" },
    { "copy_delay", EVAC_PARAM_DURATION, 0, NULL, NULL, "how much older a copy's data can be than its own date" },
    { 0 },
};
static const struct evac_param ready_params[] = {
    { "max_age", EVAC_PARAM_DURATION, 0, NULL, NULL, "how old the newest recovery point's data may be; an unknown age is too old" },
    { 0 },
};
static const struct evac_param protect_params[] = {
    { "max_age", EVAC_PARAM_DURATION, 0, "24h", NULL, "a recovery point that is older is from before the move" },
    { 0 },
};

#define LOOK(operation) { "backup", operation, "backup:" operation, EVAC_HOME_STEP, NULL, true, false }
#define AT(service, operation, iam, type) { service, operation, iam, EVAC_HOME_STEP, NULL, true, false, "resource_type=" type }
#define DROP(service, operation, iam, type) { service, operation, iam, EVAC_HOME_STEP, NULL, true, true, "resource_type=" type }
#define POINTS LOOK("ListRecoveryPointsByBackupVault")
#define JOB LOOK("ListTags"), LOOK("DescribeRestoreJob")
/* Not ours: what AWS Backup does then, with its role, and what that leans on. */
#define BY_ROLE(operation, type) { "rds", operation, "", EVAC_HOME_STEP, NULL, true, true, "resource_type=" type }
#define RESTORE \
    BY_ROLE("RestoreDBInstanceFromDBSnapshot", "RDS"), BY_ROLE("RestoreDBClusterFromSnapshot", "Aurora"), \
    BY_ROLE("RestoreDBClusterFromSnapshot", "DocumentDB"), BY_ROLE("RestoreDBClusterFromSnapshot", "Neptune"), \
    POINTS, JOB, LOOK("DescribeRecoveryPoint"), LOOK("GetRecoveryPointRestoreMetadata"), \
    { "backup", "StartRestoreJob", "backup:StartRestoreJob iam:PassRole", EVAC_HOME_STEP, NULL, true, true }, \
    { "backup", "TagResource", "backup:TagResource", EVAC_HOME_STEP, NULL, true, true }
#define COPY_LOOK \
    AT("rds", "DescribeDBInstances", "rds:DescribeDBInstances", "RDS"), \
    AT("rds", "DescribeDBClusters", "rds:DescribeDBClusters", "Aurora"), \
    AT("rds", "DescribeDBClusters", "rds:DescribeDBClusters", "DocumentDB"), \
    AT("rds", "DescribeDBClusters", "rds:DescribeDBClusters", "Neptune"), \
    AT("dynamodb", "DescribeTable", "dynamodb:DescribeTable", "DynamoDB")
#define DISCARD \
    COPY_LOOK, \
    AT("efs", "DescribeFileSystems", "elasticfilesystem:DescribeFileSystems", "EFS"), \
    AT("ec2", "DescribeVolumes", "ec2:DescribeVolumes", "EBS"), \
    AT("ec2", "DescribeInstances", "ec2:DescribeInstances", "EC2"), \
    DROP("rds", "DeleteDBInstance", "rds:DeleteDBInstance", "RDS"), \
    DROP("rds", "DeleteDBCluster", "rds:DeleteDBCluster", "Aurora"), \
    DROP("rds", "DeleteDBCluster", "rds:DeleteDBCluster", "DocumentDB"), \
    DROP("rds", "DeleteDBCluster", "rds:DeleteDBCluster", "Neptune"), \
    DROP("dynamodb", "DeleteTable", "dynamodb:DeleteTable", "DynamoDB"), \
    DROP("efs", "DeleteFileSystem", "elasticfilesystem:DeleteFileSystem", "EFS"), \
    DROP("ec2", "DeleteVolume", "ec2:DeleteVolume", "EBS"), \
    DROP("ec2", "TerminateInstances", "ec2:TerminateInstances", "EC2")
static const struct evac_op ready_ops[] = { LOOK("DescribeBackupVault"), POINTS, JOB, COPY_LOOK, { 0 } };
static const struct evac_op recover_ops[] = { RESTORE, { 0 } };
static const struct evac_op rehearse_ops[] = { RESTORE, LOOK("ListRestoreJobs"), DISCARD, { 0 } };
static const struct evac_op discard_ops[] = { JOB, DISCARD, { 0 } };
static const struct evac_op protect_ops[] = {
    POINTS,
    { "backup", "ListCopyJobs", "backup:ListCopyJobs", EVAC_HOME_TO, NULL, true, false },
    { "backup", "ListRecoveryPointsByBackupVault", "backup:ListRecoveryPointsByBackupVault", EVAC_HOME_TO, NULL, true, false },
    { "backup", "StartCopyJob", "backup:StartCopyJob backup:CopyIntoBackupVault iam:PassRole", EVAC_HOME_TO, NULL, true, true },
    { "backup", "StartBackupJob", "backup:StartBackupJob iam:PassRole", EVAC_HOME_TO, NULL, true, true },
    { 0 },
};
static const struct evac_op capture_ops[] = {
    { "backup", "ListRecoveryPointsByBackupVault", "backup:ListRecoveryPointsByBackupVault", EVAC_HOME_TO, NULL, true, false },
    { "backup", "ListCopyJobs", "backup:ListCopyJobs", EVAC_HOME_FROM, NULL, true, false },
    { "backup", "ListRecoveryPointsByBackupVault", "backup:ListRecoveryPointsByBackupVault", EVAC_HOME_FROM, NULL, true, false },
    { "backup", "StartCopyJob", "backup:StartCopyJob backup:CopyIntoBackupVault iam:PassRole", EVAC_HOME_FROM, NULL, true, true },
    { "backup", "StartBackupJob", "backup:StartBackupJob iam:PassRole", EVAC_HOME_FROM, NULL, true, true },
    { 0 },
};
static const struct evac_op measure_ops[] = {
    { "backup", "ListRecoveryPointsByBackupVault", "backup:ListRecoveryPointsByBackupVault", EVAC_HOME_TO, NULL, true, false },
    { 0 },
};

static const struct evac_action actions[] = {
    { "ready", "the region's vault has a usable recovery point, and the name to restore it under is free", 0,
      EVAC_FENCING_TOKEN, 2000, 120000, ready_params, ready_ops },
    { "recover", "the resource is restored from the newest recovery point; planned, from one at or after the fence, else what is newer is lost",
      EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES | EVAC_ACTION_LOSSY | EVAC_ACTION_WAITS, EVAC_FENCING_TOKEN, 1800000, 14400000, NULL, recover_ops },
    { "rehearse", "a drill's copy of it is restored; nothing else is touched",
      EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_TOKEN, 1800000, 14400000, NULL, rehearse_ops },
    { "discard", "the drill's copy is gone; only what rehearse has restored is ever deleted",
      EVAC_ACTION_MUTATES, EVAC_FENCING_STATE, 300000, 3600000, NULL, discard_ops },
    { "protect", "the region's vault has a recovery point of what the other region has now",
      EVAC_ACTION_MUTATES, EVAC_FENCING_TOKEN, 1800000, 28800000, protect_params, protect_ops },
    { "capture", "planned: what was written before the fence is backed up, and copied to the vault of the region that takes over",
      EVAC_ACTION_MUTATES, EVAC_FENCING_TOKEN, 900000, 14400000, NULL, capture_ops },
    { 0 },
};
/* clang-format on */

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = backup_ready },
    { .action = "recover", .observe = backup_observe, .apply = backup_restore },
    { .action = "rehearse", .observe = backup_observe, .apply = backup_restore },
    { .action = "discard", .observe = backup_observe_discard, .apply = backup_discard },
    { .action = "protect", .observe = backup_observe_protect, .apply = backup_protect },
    { .action = "capture", .observe = backup_observe_protect, .apply = backup_protect },
    { .action = "", .measure = backup_measure },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_backup = { "backup",
                                                "what AWS Backup can restore",
                                                resource_params,
                                                actions,
                                                1u << EVAC_VERB_MEASURE,
                                                measure_ops,
                                                call,
                                                aws_cancel };
