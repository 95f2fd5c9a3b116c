/*
 * Which rights a request needs: actions, and of which resources, told from the request itself. A
 * row an action; an operation without one is refused to all whose rights are looked at.
 *
 * on: "type=tail" with blanks between, types of the action's own service (drivers/aws/iam_facts.c);
 * NULL: of all resources alone ("*"). A tail's holes are members of the input:
 *
 *     {Name}  {#0} what the path's first {..} stood for  {<Role} an element of the body
 *     {^x-amz-copy-source} a header  {Names[]} each of a list, {Names[].Id} the member of each
 *     {Name/} what follows its last slash  {Name-} without its first slash  {Name|x} or else x
 *
 * A hole that nothing fills is "*"; a tail that is an ARN is the whole.
 *
 * when: only when the member is there; "!Name" is not. context: what a policy's condition may ask.
 */
#include "sandbox_rights.h"

#include <string.h>

/* clang-format off */
#define R(service, operation, action, ...) { SB_##service, operation, action, __VA_ARGS__ }
#define OWN(service, prefix, operation, ...) { SB_##service, operation, prefix ":" operation, __VA_ARGS__ }
#define NOBODY_IS_ASKED(service, operation) { SB_##service, operation, "", NULL, NULL, NULL }

/* A grant of a key to a service that works for who asks. */
#define WITH_KEY(service, operation, member) \
    R(service, operation, "kms:DescribeKey", "key={" member "}", member), \
    R(service, operation, "kms:CreateGrant", "key={" member "}", member, "kms:GrantIsForAWSResource=true")
#define PASS(service, operation, member, to) \
    R(service, operation, "iam:PassRole", "role={" member "}", NULL, "iam:PassedToService=" to)
#define RDS_TAGS(operation, on) R(RDS, operation, "rds:AddTagsToResource", on, "Tags")

#define DB_GROUPS      " subgrp={DBSubnetGroupName} pg={DBParameterGroupName} og=*"
#define CLUSTER_GROUPS " subgrp={DBSubnetGroupName} cluster-pg={DBClusterParameterGroupName} og=*"
#define DB             "db={DBInstanceIdentifier}"
#define CLUSTER        "cluster={DBClusterIdentifier}"
#define TABLE          "table={TableName/}"
#define BUCKET         "bucket={#0}"
#define OBJECT         "object={#0}/{#1}"
#define FUNCTION       "function={#0/}"
#define ALIAS          "function-alias={#0/}:{Qualifier}"
#define GROUP          "autoScalingGroup=*:autoScalingGroupName/{AutoScalingGroupName}"
#define VAULT          "backupVault={#0}"
#define POINT          "recoveryPoint={#1}"
#define ZONE           "hostedzone={#0}"
#define CHECK          "healthcheck={#0}"
#define GLOBAL         "global-cluster={GlobalClusterIdentifier} cluster={TargetDbClusterIdentifier}"
#define SERVICE        "service={cluster/|default}/{service/}"
#define STORE          "key-value-store={#0}"
#define DOMAIN         "domain={#1}"
/* What a table's copy needs of the table that it fills. */
#define FILLS(operation, on, when) \
    OWN_OF(operation, "BatchWriteItem", on, when), OWN_OF(operation, "PutItem", on, when), OWN_OF(operation, "UpdateItem", on, when), \
    OWN_OF(operation, "GetItem", on, when), OWN_OF(operation, "DeleteItem", on, when), OWN_OF(operation, "Query", on, when), \
    OWN_OF(operation, "Scan", on, when)
#define OWN_OF(operation, action, on, when) R(DYNAMODB, operation, "dynamodb:" action, on, when)
#define EC2_LIST(operation) OWN(EC2, "ec2", operation, NULL)
#define RUNS "instance=* volume=* network-interface=* image={ImageId} subnet={SubnetId} security-group={SecurityGroupId[]}"
#define TAGGED(operation, on) R(EC2, operation, "ec2:CreateTags", on, "TagSpecification", "ec2:CreateAction=" operation)

static const struct sb_right rights[] = {
    OWN(ACM, "acm", "DescribeCertificate", "certificate={CertificateArn}"),
    OWN(ACM, "acm", "ListCertificates", NULL),

    R(APIGATEWAY, "GetDomainName", "apigateway:GET", "DomainName={#0}"),
    R(APIGATEWAY, "GetBasePathMapping", "apigateway:GET", "BasePathMapping={#0}/basepathmappings/{#1}"),
    R(APIGATEWAY, "UpdateBasePathMapping", "apigateway:PATCH", "BasePathMapping={#0}/basepathmappings/{#1}"),
    R(APIGATEWAY, "GetApiMapping", "apigateway:GET", "ApiMapping={#0}/apimappings/{#1}"),
    R(APIGATEWAY, "UpdateApiMapping", "apigateway:PATCH", "ApiMapping={#0}/apimappings/{#1}"),

    OWN(APPLICATIONAUTOSCALING, "application-autoscaling", "DescribeScalableTargets", NULL),
    OWN(APPLICATIONAUTOSCALING, "application-autoscaling", "RegisterScalableTarget", "ScalableTarget=*"),

    OWN(AUTOSCALING, "autoscaling", "DescribeAutoScalingGroups", NULL),
    OWN(AUTOSCALING, "autoscaling", "DescribeScalingActivities", NULL),
    OWN(AUTOSCALING, "autoscaling", "DescribeAutoScalingInstances", NULL),
    OWN(AUTOSCALING, "autoscaling", "UpdateAutoScalingGroup", GROUP),
    OWN(AUTOSCALING, "autoscaling", "SetDesiredCapacity", GROUP),
    OWN(AUTOSCALING, "autoscaling", "SuspendProcesses", GROUP),
    OWN(AUTOSCALING, "autoscaling", "ResumeProcesses", GROUP),
    OWN(AUTOSCALING, "autoscaling", "CreateAutoScalingGroup", GROUP),
    OWN(AUTOSCALING, "autoscaling", "DeleteAutoScalingGroup", GROUP),

    OWN(BACKUP, "backup", "DescribeBackupVault", VAULT),
    OWN(BACKUP, "backup", "ListRecoveryPointsByBackupVault", VAULT),
    OWN(BACKUP, "backup", "DescribeRecoveryPoint", POINT),
    OWN(BACKUP, "backup", "GetRecoveryPointRestoreMetadata", POINT),
    OWN(BACKUP, "backup", "ListTags", "backupVault={#0}"),
    OWN(BACKUP, "backup", "TagResource", "backupVault={#0}"),
    OWN(BACKUP, "backup", "StartRestoreJob", "recoveryPoint={RecoveryPointArn}"),
    PASS(BACKUP, "StartRestoreJob", "IamRoleArn", "backup.amazonaws.com"),
    OWN(BACKUP, "backup", "DescribeRestoreJob", NULL),
    OWN(BACKUP, "backup", "ListRestoreJobs", NULL),
    OWN(BACKUP, "backup", "StartCopyJob", "recoveryPoint={RecoveryPointArn}"),
    R(BACKUP, "StartCopyJob", "backup:CopyIntoBackupVault", "backupVault={DestinationBackupVaultArn}"),
    PASS(BACKUP, "StartCopyJob", "IamRoleArn", "backup.amazonaws.com"),
    OWN(BACKUP, "backup", "DescribeCopyJob", NULL),
    OWN(BACKUP, "backup", "ListCopyJobs", NULL),
    OWN(BACKUP, "backup", "StartBackupJob", "backupVault={BackupVaultName}"),
    PASS(BACKUP, "StartBackupJob", "IamRoleArn", "backup.amazonaws.com"),
    OWN(BACKUP, "backup", "DescribeBackupJob", NULL),

    OWN(CLOUDFRONT, "cloudfront", "GetDistribution", "distribution={#0}"),
    OWN(CLOUDFRONT, "cloudfront", "GetDistributionConfig", "distribution={#0}"),
    OWN(CLOUDFRONT, "cloudfront", "UpdateDistribution", "distribution={#0}"),

    OWN(CLOUDWATCH, "cloudwatch", "GetMetricData", NULL),
    OWN(CLOUDWATCH, "cloudwatch", "GetMetricStatistics", NULL),
    OWN(CLOUDWATCH, "cloudwatch", "ListMetrics", NULL),
    OWN(CLOUDWATCH, "cloudwatch", "PutMetricData", NULL),
    OWN(CLOUDWATCH, "cloudwatch", "PutMetricAlarm", "alarm={AlarmName}"),
    OWN(CLOUDWATCH, "cloudwatch", "DescribeAlarms", "alarm={AlarmNames[]}"),
    OWN(CLOUDWATCH, "cloudwatch", "SetAlarmState", "alarm={AlarmName}"),
    OWN(CLOUDWATCH, "cloudwatch", "DeleteAlarms", "alarm={AlarmNames[]}"),

    OWN(DRS, "drs", "DescribeSourceServers", NULL),
    OWN(DRS, "drs", "GetLaunchConfiguration", "SourceServerResource={sourceServerID}"),
    OWN(DRS, "drs", "StartRecovery", "SourceServerResource={sourceServers[].sourceServerID}"),
    OWN(DRS, "drs", "DescribeJobs", NULL),
    OWN(DRS, "drs", "DescribeRecoveryInstances", NULL),
    OWN(DRS, "drs", "TerminateRecoveryInstances", "RecoveryInstanceResource={recoveryInstanceIDs[]}"),
    OWN(DRS, "drs", "ReverseReplication", "RecoveryInstanceResource={recoveryInstanceID}"),
    OWN(DRS, "drs", "StartReplication", "SourceServerResource={sourceServerID}"),
    OWN(DRS, "drs", "TagResource", "SourceServerResource={#0}"),

    OWN(DYNAMODB, "dynamodb", "CreateTable", TABLE),
    OWN(DYNAMODB, "dynamodb", "DescribeTable", TABLE),
    OWN(DYNAMODB, "dynamodb", "ListTables", NULL),
    OWN(DYNAMODB, "dynamodb", "UpdateTable", TABLE),
    R(DYNAMODB, "UpdateTable", "dynamodb:CreateTableReplica", TABLE, "ReplicaUpdates.1.Create"),
    R(DYNAMODB, "UpdateTable", "dynamodb:CreateTable", TABLE, "ReplicaUpdates.1.Create"),
    FILLS("UpdateTable", TABLE, "ReplicaUpdates.1.Create"),
    OWN(DYNAMODB, "dynamodb", "DeleteTable", TABLE),
    OWN(DYNAMODB, "dynamodb", "PutItem", TABLE),
    OWN(DYNAMODB, "dynamodb", "DeleteItem", TABLE),
    OWN(DYNAMODB, "dynamodb", "UpdateItem", TABLE),
    OWN(DYNAMODB, "dynamodb", "GetItem", TABLE),
    OWN(DYNAMODB, "dynamodb", "Query", TABLE),
    OWN(DYNAMODB, "dynamodb", "DescribeContinuousBackups", TABLE),
    OWN(DYNAMODB, "dynamodb", "UpdateContinuousBackups", TABLE),
    OWN(DYNAMODB, "dynamodb", "CreateBackup", TABLE),
    OWN(DYNAMODB, "dynamodb", "DescribeBackup", "backup={BackupArn}"),
    OWN(DYNAMODB, "dynamodb", "ListBackups", NULL),
    OWN(DYNAMODB, "dynamodb", "DeleteBackup", "backup={BackupArn}"),
    R(DYNAMODB, "RestoreTableToPointInTime", "dynamodb:RestoreTableToPointInTime", "table={SourceTableName/}", "SourceTableName"),
    R(DYNAMODB, "RestoreTableToPointInTime", "dynamodb:RestoreTableToPointInTime", "table={SourceTableArn}", "SourceTableArn"),
    R(DYNAMODB, "RestoreTableToPointInTime", "dynamodb:RestoreTableToPointInTime", "table={TargetTableName/}"),
    FILLS("RestoreTableToPointInTime", "table={TargetTableName/}", NULL),
    OWN(DYNAMODB, "dynamodb", "RestoreTableFromBackup", "backup={BackupArn} table={TargetTableName/}"),
    FILLS("RestoreTableFromBackup", "table={TargetTableName/}", NULL),
    OWN(DYNAMODB, "dynamodb", "TagResource", "table={ResourceArn}"),
    OWN(DYNAMODB, "dynamodb", "UntagResource", "table={ResourceArn}"),
    OWN(DYNAMODB, "dynamodb", "ListTagsOfResource", "table={ResourceArn}"),
    OWN(DYNAMODB, "dynamodb", "UpdateTimeToLive", TABLE),
    OWN(DYNAMODB, "dynamodb", "DescribeTimeToLive", TABLE),

    EC2_LIST("DescribeInstances"), EC2_LIST("DescribeImages"), EC2_LIST("DescribeSnapshots"), EC2_LIST("DescribeVolumes"),
    EC2_LIST("DescribeLaunchTemplates"), EC2_LIST("DescribeLaunchTemplateVersions"), EC2_LIST("DescribeInstanceTypeOfferings"),
    EC2_LIST("DescribeTags"), EC2_LIST("DescribeCapacityReservations"),
    OWN(EC2, "ec2", "RunInstances", RUNS),
    R(EC2, "RunInstances", "ec2:RunInstances", "launch-template={LaunchTemplate.LaunchTemplateId}", "LaunchTemplate"),
    TAGGED("RunInstances", "instance=* volume=*"),
    OWN(EC2, "ec2", "StartInstances", "instance={InstanceId[]}"),
    OWN(EC2, "ec2", "StopInstances", "instance={InstanceId[]}"),
    OWN(EC2, "ec2", "TerminateInstances", "instance={InstanceId[]}"),
    OWN(EC2, "ec2", "CopyImage", "image=*"),
    OWN(EC2, "ec2", "CopySnapshot", "snapshot=*"),
    OWN(EC2, "ec2", "CreateVolume", "volume=* snapshot={SnapshotId}"),
    TAGGED("CreateVolume", "volume=*"),
    R(EC2, "CreateTags", "ec2:CreateTags", "instance=*"),
    OWN(EC2, "ec2", "CreateCapacityReservation", "capacity-reservation=*"),
    R(EC2, "CreateCapacityReservation", "ec2:CreateTags", "capacity-reservation=*", "TagSpecifications",
      "ec2:CreateAction=CreateCapacityReservation"),
    OWN(EC2, "ec2", "ModifyCapacityReservation", "capacity-reservation={CapacityReservationId}"),
    OWN(EC2, "ec2", "CancelCapacityReservation", "capacity-reservation={CapacityReservationId}"),

    OWN(ECR, "ecr", "DescribeImages", "repository={repositoryName}"),
    OWN(ECR, "ecr", "DescribeRepositories", "repository={repositoryNames[]}"),
    OWN(ECR, "ecr", "DescribeImageReplicationStatus", "repository={repositoryName}"),

    OWN(ECS, "ecs", "DescribeServices", "service={cluster/|default}/{services[]/}"),
    OWN(ECS, "ecs", "UpdateService", SERVICE),
    OWN(ECS, "ecs", "CreateService", "service={cluster/|default}/{serviceName}"),
    OWN(ECS, "ecs", "DeleteService", SERVICE),
    OWN(ECS, "ecs", "ListServices", NULL),
    OWN(ECS, "ecs", "DescribeClusters", "cluster={clusters[]/}"),
    OWN(ECS, "ecs", "ListClusters", NULL),
    OWN(ECS, "ecs", "ListTasks", "container-instance={cluster/|default}/*"),
    OWN(ECS, "ecs", "DescribeTasks", "task={cluster/|default}/{tasks[]/}"),
    OWN(ECS, "ecs", "DescribeTaskDefinition", NULL),

    OWN(EFS, "elasticfilesystem", "DescribeReplicationConfigurations", "file-system={FileSystemId}"),
    OWN(EFS, "elasticfilesystem", "DescribeFileSystems", "file-system={FileSystemId}"),
    OWN(EFS, "elasticfilesystem", "DeleteFileSystem", "file-system={#0}"),
    OWN(EFS, "elasticfilesystem", "CreateReplicationConfiguration", "file-system={#0}"),
    OWN(EFS, "elasticfilesystem", "DeleteReplicationConfiguration", "file-system={#0}"),
    OWN(EFS, "elasticfilesystem", "UpdateFileSystemProtection", "file-system={#0}"),
    OWN(EFS, "elasticfilesystem", "TagResource", "file-system={#0}"),

    OWN(EKS, "eks", "DescribeCluster", "cluster={#0}"),
    OWN(EKS, "eks", "DescribeNodegroup", "nodegroup={#0}/{#1}/*"),
    OWN(EKS, "eks", "UpdateNodegroupConfig", "nodegroup={#0}/{#1}/*"),
    OWN(EKS, "eks", "DescribeUpdate", "cluster={#0}"),

    OWN(ELASTICACHE, "elasticache", "DescribeGlobalReplicationGroups", "globalreplicationgroup={GlobalReplicationGroupId}"),
    OWN(ELASTICACHE, "elasticache", "DescribeReplicationGroups", "replicationgroup={ReplicationGroupId}"),
    OWN(ELASTICACHE, "elasticache", "FailoverGlobalReplicationGroup", "globalreplicationgroup={GlobalReplicationGroupId}"),

    OWN(ELBV2, "elasticloadbalancing", "DescribeTargetGroups", NULL),
    OWN(ELBV2, "elasticloadbalancing", "DescribeTargetHealth", NULL),
    OWN(ELBV2, "elasticloadbalancing", "DescribeLoadBalancers", NULL),
    OWN(ELBV2, "elasticloadbalancing", "RegisterTargets", "targetgroup={TargetGroupArn}"),
    OWN(ELBV2, "elasticloadbalancing", "DeregisterTargets", "targetgroup={TargetGroupArn}"),
    OWN(ELBV2, "elasticloadbalancing", "ModifyTargetGroup", "targetgroup={TargetGroupArn}"),

#define RULE(operation) \
    R(EVENTS, operation, "events:" operation, "rule-on-default-event-bus={Name}", "!EventBusName"), \
    R(EVENTS, operation, "events:" operation, "rule-on-custom-event-bus={EventBusName/}/{Name}", "EventBusName")
    RULE("DescribeRule"), RULE("EnableRule"), RULE("DisableRule"),
    OWN(EVENTS, "events", "PutEvents", "event-bus={Entries[].EventBusName/|default}"),

    OWN(FIS, "fis", "GetExperimentTemplate", "experiment-template={#0}"),
    OWN(FIS, "fis", "StartExperiment", "experiment=* experiment-template={experimentTemplateId}"),
    OWN(FIS, "fis", "GetExperiment", "experiment={#0}"),
    OWN(FIS, "fis", "StopExperiment", "experiment={#0}"),
    OWN(FIS, "fis", "ListExperiments", NULL),

    OWN(GLOBALACCELERATOR, "globalaccelerator", "DescribeAccelerator", "accelerator={AcceleratorArn}"),
    OWN(GLOBALACCELERATOR, "globalaccelerator", "DescribeEndpointGroup", "endpointgroup={EndpointGroupArn}"),
    OWN(GLOBALACCELERATOR, "globalaccelerator", "ListListeners", "accelerator={AcceleratorArn}"),
    OWN(GLOBALACCELERATOR, "globalaccelerator", "ListEndpointGroups", "listener={ListenerArn}"),
    OWN(GLOBALACCELERATOR, "globalaccelerator", "UpdateEndpointGroup", "endpointgroup={EndpointGroupArn}"),

    OWN(HEALTH, "health", "DescribeEvents", NULL),

    OWN(IAM, "iam", "GetRole", "role={RoleName}"),
    OWN(IAM, "iam", "SimulatePrincipalPolicy", "role={PolicySourceArn}"),

    OWN(KEYVALUESTORE, "cloudfront-keyvaluestore", "DescribeKeyValueStore", STORE),
    OWN(KEYVALUESTORE, "cloudfront-keyvaluestore", "GetKey", STORE),
    OWN(KEYVALUESTORE, "cloudfront-keyvaluestore", "ListKeys", STORE),
    OWN(KEYVALUESTORE, "cloudfront-keyvaluestore", "PutKey", STORE),
    OWN(KEYVALUESTORE, "cloudfront-keyvaluestore", "DeleteKey", STORE),
    OWN(KEYVALUESTORE, "cloudfront-keyvaluestore", "UpdateKeys", STORE),

    R(KINESIS, "DescribeStreamSummary", "kinesis:DescribeStreamSummary", "stream={StreamName}", "!StreamARN"),
    R(KINESIS, "DescribeStreamSummary", "kinesis:DescribeStreamSummary", "stream={StreamARN}", "StreamARN"),

    OWN(KMS, "kms", "DescribeKey", "key={KeyId}"),
    OWN(KMS, "kms", "UpdatePrimaryRegion", "key={KeyId}"),

    /* A cluster's own roles say who may: IAM is not asked. */
    NOBODY_IS_ASKED(KUBERNETES, "ReadDeployment"), NOBODY_IS_ASKED(KUBERNETES, "PatchDeploymentScale"),
    NOBODY_IS_ASKED(KUBERNETES, "ReadHorizontalPodAutoscaler"), NOBODY_IS_ASKED(KUBERNETES, "PatchHorizontalPodAutoscaler"),
    NOBODY_IS_ASKED(KUBERNETES, "ReadCronJob"), NOBODY_IS_ASKED(KUBERNETES, "PatchCronJob"), NOBODY_IS_ASKED(KUBERNETES, "ListPods"),

    R(LAMBDA, "Invoke", "lambda:InvokeFunction", FUNCTION),
    OWN(LAMBDA, "lambda", "GetFunctionConfiguration", FUNCTION),
    OWN(LAMBDA, "lambda", "GetFunctionConcurrency", FUNCTION),
    OWN(LAMBDA, "lambda", "PutFunctionConcurrency", FUNCTION),
    OWN(LAMBDA, "lambda", "DeleteFunctionConcurrency", FUNCTION),
    OWN(LAMBDA, "lambda", "GetProvisionedConcurrencyConfig", ALIAS),
    OWN(LAMBDA, "lambda", "PutProvisionedConcurrencyConfig", ALIAS),
    OWN(LAMBDA, "lambda", "DeleteProvisionedConcurrencyConfig", ALIAS),
    OWN(LAMBDA, "lambda", "GetEventSourceMapping", "eventSourceMapping={#0}"),
    OWN(LAMBDA, "lambda", "ListEventSourceMappings", NULL),
    OWN(LAMBDA, "lambda", "UpdateEventSourceMapping", "eventSourceMapping={#0}"),

    OWN(MEMORYDB, "memorydb", "DescribeMultiRegionClusters", "multiregioncluster={MultiRegionClusterName}"),

    OWN(OPENSEARCH, "es", "DescribeDomain", "domain={#0}"),
    OWN(OPENSEARCH, "es", "DescribeOutboundConnections", NULL),
    R(OPENSEARCH, "ClusterHealth", "es:ESHttpGet", DOMAIN),
    R(OPENSEARCH, "ClusterState", "es:ESHttpGet", DOMAIN),
    R(OPENSEARCH, "ReplicationStatus", "es:ESHttpGet", DOMAIN),
    R(OPENSEARCH, "StopReplication", "es:ESHttpPost", DOMAIN),
    R(OPENSEARCH, "StartReplication", "es:ESHttpPut", DOMAIN),

    OWN(RDS, "rds", "DescribeGlobalClusters", "global-cluster={GlobalClusterIdentifier}"),
    OWN(RDS, "rds", "DescribeDBClusters", CLUSTER),
    OWN(RDS, "rds", "DescribeDBInstances", DB),
    OWN(RDS, "rds", "DescribeDBSnapshots", DB " snapshot={DBSnapshotIdentifier}"),
    OWN(RDS, "rds", "DescribeDBClusterSnapshots", CLUSTER " cluster-snapshot={DBClusterSnapshotIdentifier}"),
    OWN(RDS, "rds", "DescribeDBInstanceAutomatedBackups", DB " auto-backup={DBInstanceAutomatedBackupsArn}"),
    OWN(RDS, "rds", "DescribeEvents", NULL),
    OWN(RDS, "rds", "ListTagsForResource", "db={ResourceName}"),
    OWN(RDS, "rds", "AddTagsToResource", "db={ResourceName}"),
    OWN(RDS, "rds", "RemoveTagsFromResource", "db={ResourceName}"),
    OWN(RDS, "rds", "SwitchoverGlobalCluster", GLOBAL),
    OWN(RDS, "rds", "FailoverGlobalCluster", GLOBAL),
    OWN(RDS, "rds", "RemoveFromGlobalCluster", "global-cluster={GlobalClusterIdentifier} cluster={DbClusterIdentifier}"),
    OWN(RDS, "rds", "CreateDBInstance", DB),
    R(RDS, "CreateDBInstance", "rds:CreateDBInstance", CLUSTER, "DBClusterIdentifier"),
    RDS_TAGS("CreateDBInstance", DB),
    OWN(RDS, "rds", "CreateDBInstanceReadReplica", DB " db={SourceDBInstanceIdentifier}" DB_GROUPS),
    RDS_TAGS("CreateDBInstanceReadReplica", DB),
    WITH_KEY(RDS, "CreateDBInstanceReadReplica", "KmsKeyId"),
    OWN(RDS, "rds", "PromoteReadReplica", DB),
    OWN(RDS, "rds", "ModifyDBInstance", DB),
    OWN(RDS, "rds", "DeleteDBInstance", DB),
    OWN(RDS, "rds", "ModifyDBCluster", CLUSTER),
    OWN(RDS, "rds", "DeleteDBCluster", CLUSTER),
    OWN(RDS, "rds", "RestoreDBClusterFromSnapshot", CLUSTER " cluster-snapshot={SnapshotIdentifier}" CLUSTER_GROUPS),
    RDS_TAGS("RestoreDBClusterFromSnapshot", CLUSTER),
    WITH_KEY(RDS, "RestoreDBClusterFromSnapshot", "KmsKeyId"),
    OWN(RDS, "rds", "RestoreDBClusterToPointInTime", CLUSTER " cluster={SourceDBClusterIdentifier}" CLUSTER_GROUPS),
    RDS_TAGS("RestoreDBClusterToPointInTime", CLUSTER),
    WITH_KEY(RDS, "RestoreDBClusterToPointInTime", "KmsKeyId"),
    OWN(RDS, "rds", "CreateDBSnapshot", DB " snapshot={DBSnapshotIdentifier}"),
    RDS_TAGS("CreateDBSnapshot", "snapshot={DBSnapshotIdentifier}"),
    OWN(RDS, "rds", "CreateDBClusterSnapshot", CLUSTER " cluster-snapshot={DBClusterSnapshotIdentifier}"),
    RDS_TAGS("CreateDBClusterSnapshot", "cluster-snapshot={DBClusterSnapshotIdentifier}"),
    OWN(RDS, "rds", "CopyDBSnapshot", "snapshot={SourceDBSnapshotIdentifier} snapshot={TargetDBSnapshotIdentifier}"),
    RDS_TAGS("CopyDBSnapshot", "snapshot={TargetDBSnapshotIdentifier}"),
    WITH_KEY(RDS, "CopyDBSnapshot", "KmsKeyId"),
    OWN(RDS, "rds", "CopyDBClusterSnapshot",
        "cluster-snapshot={SourceDBClusterSnapshotIdentifier} cluster-snapshot={TargetDBClusterSnapshotIdentifier}"),
    RDS_TAGS("CopyDBClusterSnapshot", "cluster-snapshot={TargetDBClusterSnapshotIdentifier}"),
    WITH_KEY(RDS, "CopyDBClusterSnapshot", "KmsKeyId"),
    OWN(RDS, "rds", "DeleteDBSnapshot", "snapshot={DBSnapshotIdentifier}"),
    OWN(RDS, "rds", "DeleteDBClusterSnapshot", "cluster-snapshot={DBClusterSnapshotIdentifier}"),
    OWN(RDS, "rds", "StartDBInstanceAutomatedBackupsReplication", "db={SourceDBInstanceArn} auto-backup=*"),
    WITH_KEY(RDS, "StartDBInstanceAutomatedBackupsReplication", "KmsKeyId"),
    OWN(RDS, "rds", "StopDBInstanceAutomatedBackupsReplication", "db={SourceDBInstanceArn}"),
    OWN(RDS, "rds", "RestoreDBInstanceFromDBSnapshot", DB " snapshot={DBSnapshotIdentifier}" DB_GROUPS),
    RDS_TAGS("RestoreDBInstanceFromDBSnapshot", DB),
    OWN(RDS, "rds", "RestoreDBInstanceToPointInTime", "db={TargetDBInstanceIdentifier}" DB_GROUPS),
    R(RDS, "RestoreDBInstanceToPointInTime", "rds:RestoreDBInstanceToPointInTime", "db={SourceDBInstanceIdentifier}",
      "SourceDBInstanceIdentifier"),
    R(RDS, "RestoreDBInstanceToPointInTime", "rds:RestoreDBInstanceToPointInTime", "auto-backup={SourceDBInstanceAutomatedBackupsArn}",
      "SourceDBInstanceAutomatedBackupsArn"),
    RDS_TAGS("RestoreDBInstanceToPointInTime", "db={TargetDBInstanceIdentifier}"),

    OWN(RDSDATA, "rds-data", "ExecuteStatement", "cluster={resourceArn}"),
    R(RDSDATA, "ExecuteStatement", "secretsmanager:GetSecretValue", "Secret={secretArn}"),

    OWN(RECOVERYCLUSTER, "route53-recovery-cluster", "GetRoutingControlState", "routingcontrol={RoutingControlArn}"),
    OWN(RECOVERYCLUSTER, "route53-recovery-cluster", "ListRoutingControls", NULL),
    OWN(RECOVERYCLUSTER, "route53-recovery-cluster", "UpdateRoutingControlState", "routingcontrol={RoutingControlArn}"),
    OWN(RECOVERYCLUSTER, "route53-recovery-cluster", "UpdateRoutingControlStates",
        "routingcontrol={UpdateRoutingControlStateEntries[].RoutingControlArn}"),

    OWN(RECOVERYCONTROL, "route53-recovery-control-config", "ListClusters", NULL),
    OWN(RECOVERYCONTROL, "route53-recovery-control-config", "DescribeCluster", "cluster={#0}"),
    OWN(RECOVERYCONTROL, "route53-recovery-control-config", "ListControlPanels", NULL),
    OWN(RECOVERYCONTROL, "route53-recovery-control-config", "DescribeControlPanel", "controlpanel={#0}"),
    OWN(RECOVERYCONTROL, "route53-recovery-control-config", "ListRoutingControls", "controlpanel={#0}"),
    OWN(RECOVERYCONTROL, "route53-recovery-control-config", "ListSafetyRules", "controlpanel={#0}"),
    OWN(RECOVERYCONTROL, "route53-recovery-control-config", "DescribeRoutingControl", "routingcontrol={#0}"),
    OWN(RECOVERYCONTROL, "route53-recovery-control-config", "DescribeSafetyRule", "safetyrule={#0}"),

    OWN(REGIONSWITCH, "arc-region-switch", "StartPlanExecution", "plan={planArn}"),
    OWN(REGIONSWITCH, "arc-region-switch", "GetPlanExecution", "plan={planArn}"),
    OWN(REGIONSWITCH, "arc-region-switch", "ListPlanExecutions", "plan={planArn}"),
    OWN(REGIONSWITCH, "arc-region-switch", "GetPlanEvaluationStatus", "plan={planArn}"),
    OWN(REGIONSWITCH, "arc-region-switch", "CancelPlanExecution", "plan={planArn}"),

    OWN(ROUTE53, "route53", "ListHostedZones", NULL),
    OWN(ROUTE53, "route53", "ListHostedZonesByName", NULL),
    OWN(ROUTE53, "route53", "GetHostedZone", ZONE),
    OWN(ROUTE53, "route53", "GetDNSSEC", ZONE),
    OWN(ROUTE53, "route53", "ListResourceRecordSets", ZONE),
    OWN(ROUTE53, "route53", "ChangeResourceRecordSets", ZONE),
    OWN(ROUTE53, "route53", "GetChange", "change={#0}"),
    OWN(ROUTE53, "route53", "ListHealthChecks", NULL),
    OWN(ROUTE53, "route53", "CreateHealthCheck", NULL),
    OWN(ROUTE53, "route53", "GetHealthCheck", CHECK),
    OWN(ROUTE53, "route53", "UpdateHealthCheck", CHECK),
    OWN(ROUTE53, "route53", "DeleteHealthCheck", CHECK),
    OWN(ROUTE53, "route53", "GetHealthCheckStatus", CHECK),
    OWN(ROUTE53, "route53", "TestDNSAnswer", NULL),

    R(S3, "ListBuckets", "s3:ListAllMyBuckets", NULL),
    OWN(S3, "s3", "CreateBucket", BUCKET),
    OWN(S3, "s3", "DeleteBucket", BUCKET),
    R(S3, "HeadBucket", "s3:ListBucket", BUCKET),
    OWN(S3, "s3", "GetBucketLocation", BUCKET),
    OWN(S3, "s3", "GetBucketVersioning", BUCKET),
    OWN(S3, "s3", "PutBucketVersioning", BUCKET),
    R(S3, "GetBucketReplication", "s3:GetReplicationConfiguration", BUCKET),
    R(S3, "PutBucketReplication", "s3:PutReplicationConfiguration", BUCKET),
    PASS(S3, "PutBucketReplication", "<Role", "s3.amazonaws.com"),
    R(S3, "DeleteBucketReplication", "s3:PutReplicationConfiguration", BUCKET),
    R(S3, "ListObjectVersions", "s3:ListBucketVersions", BUCKET),
    R(S3, "ListObjectsV2", "s3:ListBucket", BUCKET),
    R(S3, "DeleteObjects", "s3:DeleteObject", "object={#0}/*"),
    R(S3, "GetObject", "s3:GetObject", OBJECT, "!versionId"),
    R(S3, "GetObject", "s3:GetObjectVersion", OBJECT, "versionId"),
    R(S3, "HeadObject", "s3:GetObject", OBJECT, "!versionId"),
    R(S3, "HeadObject", "s3:GetObjectVersion", OBJECT, "versionId"),
    R(S3, "CopyObject", "s3:GetObjectVersion", "object={^x-amz-copy-source}"),
    R(S3, "CopyObject", "s3:PutObject", OBJECT),
    OWN(S3, "s3", "PutObject", OBJECT),
    R(S3, "DeleteObject", "s3:DeleteObject", OBJECT, "!versionId"),
    R(S3, "DeleteObject", "s3:DeleteObjectVersion", OBJECT, "versionId"),

    OWN(S3CONTROL, "s3", "GetMultiRegionAccessPointRoutes", "multiregionaccesspoint={#0}"),
    OWN(S3CONTROL, "s3", "SubmitMultiRegionAccessPointRoutes", "multiregionaccesspoint={#0}"),
    OWN(S3CONTROL, "s3", "CreateJob", NULL),
    PASS(S3CONTROL, "CreateJob", "<RoleArn", "batchoperations.s3.amazonaws.com"),
    OWN(S3CONTROL, "s3", "DescribeJob", "job={#0}"),
    OWN(S3CONTROL, "s3", "ListJobs", NULL),
    OWN(S3CONTROL, "s3", "UpdateJobStatus", "job={#0}"),

    OWN(SCHEDULER, "scheduler", "ListSchedules", NULL),
    OWN(SCHEDULER, "scheduler", "GetSchedule", "schedule={groupName|default}/{#0}"),
    OWN(SCHEDULER, "scheduler", "UpdateSchedule", "schedule={GroupName|default}/{#0}"),
    PASS(SCHEDULER, "UpdateSchedule", "Target.RoleArn", "scheduler.amazonaws.com"),

    /* A secret's ARN ends in characters of its own: the model's are the same for all. */
#define SECRET "Secret={SecretId}-AbCdEf"
    OWN(SECRETSMANAGER, "secretsmanager", "DescribeSecret", SECRET),
    OWN(SECRETSMANAGER, "secretsmanager", "GetSecretValue", SECRET),
    OWN(SECRETSMANAGER, "secretsmanager", "StopReplicationToReplica", SECRET),
    OWN(SECRETSMANAGER, "secretsmanager", "ReplicateSecretToRegions", SECRET),

    OWN(SERVICEQUOTAS, "servicequotas", "GetServiceQuota", "quota={ServiceCode}/{QuotaCode}"),
    OWN(SERVICEQUOTAS, "servicequotas", "GetAWSDefaultServiceQuota", NULL),
    OWN(SERVICEQUOTAS, "servicequotas", "ListServiceQuotas", NULL),

    OWN(SNS, "sns", "GetTopicAttributes", "topic={TopicArn}"),
    OWN(SNS, "sns", "Publish", "topic={TopicArn}"),

    OWN(SQS, "sqs", "GetQueueUrl", "queue={QueueName}"),
    OWN(SQS, "sqs", "GetQueueAttributes", "queue={QueueUrl/}"),

    OWN(SSM, "ssm", "StartAutomationExecution", "automation-definition={DocumentName/}:{DocumentVersion|$DEFAULT} automation-execution=*"),
    OWN(SSM, "ssm", "DescribeAutomationExecutions", NULL),
    OWN(SSM, "ssm", "GetAutomationExecution", "automation-execution={AutomationExecutionId}"),
    OWN(SSM, "ssm", "SendCommand", "document={DocumentName/} instance={InstanceIds[]}"),
    OWN(SSM, "ssm", "ListCommands", NULL),
    OWN(SSM, "ssm", "GetParameter", "parameter={Name-}"),
    OWN(SSM, "ssm", "PutParameter", "parameter={Name-}"),

    OWN(STEPFUNCTIONS, "states", "StartExecution", "statemachine={stateMachineArn}"),
    OWN(STEPFUNCTIONS, "states", "DescribeExecution", "execution={executionArn}"),
    OWN(STEPFUNCTIONS, "states", "StopExecution", "execution={executionArn}"),

    NOBODY_IS_ASKED(STS, "GetCallerIdentity"),
    OWN(STS, "sts", "AssumeRole", "role={RoleArn}"),

    OWN(TAGGING, "tag", "GetResources", NULL),
    { 0 },
};
/* clang-format on */

const struct sb_right *sb_right_next(enum sb_service_id id, const char *operation,
                                     const struct sb_right *after)
{
    for (const struct sb_right *r = after ? after + 1 : rights; r->operation; r++)
        if (r->id == id && strcmp(r->operation, operation) == 0)
            return r;
    return NULL;
}
