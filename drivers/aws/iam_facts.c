/*
 * Facts of AWS's Service Authorization Reference: what a resource is called where rights are
 * granted, and which of them an action's rights can be narrowed to. The SDK's models have neither.
 *
 * Of the actions that the drivers need and the sandbox serves, and of their resource types those
 * that such a request can name. As of the reference's pages of June 2026, a page a service:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 *
 * What the pages do not say is not here either: Neptune's and DocumentDB's control planes are RDS's
 * actions; an operation may need several (HeadObject is s3:GetObject), which the drivers' and the
 * sandbox's own tables say.
 */
#include "iam_facts.h"

#include "evac/buf.h"

#include <string.h>

/* clang-format off */
/* P partition, R region, A account, % what names it. */
static const struct evac_iam_type types[] = {
    { "acm:certificate", "arn:P:acm:R:A:certificate/%" }, { "apigateway:ApiMapping", "arn:P:apigateway:R::/domainnames/%" },
    { "apigateway:BasePathMapping", "arn:P:apigateway:R::/domainnames/%" },
    { "apigateway:DomainName", "arn:P:apigateway:R::/domainnames/%" },
    { "application-autoscaling:ScalableTarget", "arn:P:application-autoscaling:R:A:scalable-target/%" },
    { "arc-region-switch:plan", "arn:P:arc-region-switch::A:plan/%" },
    { "autoscaling:autoScalingGroup", "arn:P:autoscaling:R:A:autoScalingGroup:%" },
    { "backup:backupVault", "arn:P:backup:R:A:backup-vault:%" }, { "backup:recoveryPoint", "arn:P:*:R:*:%" },
    { "cloudfront:distribution", "arn:P:cloudfront::A:distribution/%" },
    { "cloudfront-keyvaluestore:key-value-store", "arn:P:cloudfront::A:key-value-store/%" },
    { "cloudwatch:alarm", "arn:P:cloudwatch:R:A:alarm:%" }, { "drs:RecoveryInstanceResource", "arn:P:drs:R:A:recovery-instance/%" },
    { "drs:SourceServerResource", "arn:P:drs:R:A:source-server/%" }, { "dynamodb:backup", "arn:P:dynamodb:R:A:table/%" },
    { "dynamodb:index", "arn:P:dynamodb:R:A:table/%" }, { "dynamodb:table", "arn:P:dynamodb:R:A:table/%" },
    { "ec2:capacity-reservation", "arn:P:ec2:R:A:capacity-reservation/%" }, { "ec2:image", "arn:P:ec2:R::image/%" },
    { "ec2:instance", "arn:P:ec2:R:A:instance/%" }, { "ec2:key-pair", "arn:P:ec2:R:A:key-pair/%" },
    { "ec2:launch-template", "arn:P:ec2:R:A:launch-template/%" }, { "ec2:network-interface", "arn:P:ec2:R:A:network-interface/%" },
    { "ec2:placement-group", "arn:P:ec2:R:A:placement-group/%" }, { "ec2:security-group", "arn:P:ec2:R:A:security-group/%" },
    { "ec2:snapshot", "arn:P:ec2:R::snapshot/%" }, { "ec2:subnet", "arn:P:ec2:R:A:subnet/%" }, { "ec2:volume", "arn:P:ec2:R:A:volume/%" },
    { "ecr:repository", "arn:P:ecr:R:A:repository/%" }, { "ecs:cluster", "arn:P:ecs:R:A:cluster/%" },
    { "ecs:container-instance", "arn:P:ecs:R:A:container-instance/%" }, { "ecs:service", "arn:P:ecs:R:A:service/%" },
    { "ecs:task", "arn:P:ecs:R:A:task/%" }, { "eks:cluster", "arn:P:eks:R:A:cluster/%" }, { "eks:nodegroup", "arn:P:eks:R:A:nodegroup/%" },
    { "elasticache:globalreplicationgroup", "arn:P:elasticache::A:globalreplicationgroup:%" },
    { "elasticache:replicationgroup", "arn:P:elasticache:R:A:replicationgroup:%" },
    { "elasticfilesystem:file-system", "arn:P:elasticfilesystem:R:A:file-system/%" },
    { "elasticloadbalancing:targetgroup", "arn:P:elasticloadbalancing:R:A:targetgroup/%" }, { "es:domain", "arn:P:es:R:A:domain/%" },
    { "events:event-bus", "arn:P:events:R:A:event-bus/%" }, { "events:rule-on-custom-event-bus", "arn:P:events:R:A:rule/%" },
    { "events:rule-on-default-event-bus", "arn:P:events:R:A:rule/%" }, { "fis:experiment", "arn:P:fis:R:A:experiment/%" },
    { "fis:experiment-template", "arn:P:fis:R:A:experiment-template/%" },
    { "globalaccelerator:accelerator", "arn:P:globalaccelerator::A:accelerator/%" },
    { "globalaccelerator:endpointgroup", "arn:P:globalaccelerator::A:accelerator/%" },
    { "globalaccelerator:listener", "arn:P:globalaccelerator::A:accelerator/%" }, { "iam:role", "arn:P:iam::A:role/%" },
    { "iam:user", "arn:P:iam::A:user/%" }, { "kinesis:stream", "arn:P:kinesis:R:A:stream/%" }, { "kms:key", "arn:P:kms:R:A:key/%" },
    { "lambda:eventSourceMapping", "arn:P:lambda:R:A:event-source-mapping:%" }, { "lambda:function", "arn:P:lambda:R:A:function:%" },
    { "lambda:function-alias", "arn:P:lambda:R:A:function:%" }, { "memorydb:multiregioncluster", "arn:P:memorydb::A:multiregioncluster/%" },
    { "rds:auto-backup", "arn:P:rds:R:A:auto-backup:%" }, { "rds:cluster", "arn:P:rds:R:A:cluster:%" },
    { "rds:cluster-auto-backup", "arn:P:rds:R:A:cluster-auto-backup:%" }, { "rds:cluster-pg", "arn:P:rds:R:A:cluster-pg:%" },
    { "rds:cluster-snapshot", "arn:P:rds:R:A:cluster-snapshot:%" }, { "rds:db", "arn:P:rds:R:A:db:%" },
    { "rds:global-cluster", "arn:P:rds::A:global-cluster:%" }, { "rds:og", "arn:P:rds:R:A:og:%" }, { "rds:pg", "arn:P:rds:R:A:pg:%" },
    { "rds:secgrp", "arn:P:rds:R:A:secgrp:%" }, { "rds:snapshot", "arn:P:rds:R:A:snapshot:%" }, { "rds:subgrp", "arn:P:rds:R:A:subgrp:%" },
    { "rds-data:cluster", "arn:P:rds:R:A:cluster:%" }, { "route53:change", "arn:P:route53:::change/%" },
    { "route53:healthcheck", "arn:P:route53:::healthcheck/%" }, { "route53:hostedzone", "arn:P:route53:::hostedzone/%" },
    { "route53-recovery-cluster:routingcontrol", "arn:P:route53-recovery-control::A:controlpanel/%" },
    { "route53-recovery-control-config:cluster", "arn:P:route53-recovery-control::A:cluster/%" },
    { "route53-recovery-control-config:controlpanel", "arn:P:route53-recovery-control::A:controlpanel/%" },
    { "route53-recovery-control-config:routingcontrol", "arn:P:route53-recovery-control::A:controlpanel/%" },
    { "route53-recovery-control-config:safetyrule", "arn:P:route53-recovery-control::A:controlpanel/%" }, { "s3:bucket", "arn:P:s3:::%" },
    { "s3:job", "arn:P:s3:R:A:job/%" }, { "s3:multiregionaccesspoint", "arn:P:s3::A:accesspoint/%" }, { "s3:object", "arn:P:s3:::%" },
    { "scheduler:schedule", "arn:P:scheduler:R:A:schedule/%" }, { "secretsmanager:Secret", "arn:P:secretsmanager:R:A:secret:%" },
    { "servicequotas:quota", "arn:P:servicequotas:R:A:%" }, { "sns:topic", "arn:P:sns:R:A:%" }, { "sqs:queue", "arn:P:sqs:R:A:%" },
    { "ssm:automation-definition", "arn:P:ssm:R:A:automation-definition/%" },
    { "ssm:automation-execution", "arn:P:ssm:R:A:automation-execution/%" }, { "ssm:document", "arn:P:ssm:R:A:document/%" },
    { "ssm:instance", "arn:P:ec2:R:A:instance/%" }, { "ssm:managed-instance", "arn:P:ssm:R:A:managed-instance/%" },
    { "ssm:parameter", "arn:P:ssm:R:A:parameter/%" }, { "states:execution", "arn:P:states:R:A:execution:%" },
    { "states:statemachine", "arn:P:states:R:A:stateMachine:%" }, { "sts:role", "arn:P:iam::A:role/%" },
};

/* Resource types of the action's own service; "": for all resources alone. */
static const struct evac_iam_action actions[] = {
    { "acm:DescribeCertificate", "certificate" }, { "acm:ListCertificates", "" },
    { "apigateway:GET", "BasePathMapping DomainName ApiMapping" }, { "apigateway:PATCH", "BasePathMapping ApiMapping" },
    { "application-autoscaling:DescribeScalableTargets", "" }, { "application-autoscaling:RegisterScalableTarget", "ScalableTarget" },
    { "arc-region-switch:CancelPlanExecution", "plan" }, { "arc-region-switch:GetPlanEvaluationStatus", "plan" },
    { "arc-region-switch:GetPlanExecution", "plan" }, { "arc-region-switch:ListPlanExecutions", "plan" },
    { "arc-region-switch:StartPlanExecution", "plan" }, { "autoscaling:CreateAutoScalingGroup", "autoScalingGroup" },
    { "autoscaling:DeleteAutoScalingGroup", "autoScalingGroup" }, { "autoscaling:DescribeAutoScalingGroups", "" },
    { "autoscaling:DescribeAutoScalingInstances", "" }, { "autoscaling:DescribeScalingActivities", "" },
    { "autoscaling:ResumeProcesses", "autoScalingGroup" }, { "autoscaling:SetDesiredCapacity", "autoScalingGroup" },
    { "autoscaling:SuspendProcesses", "autoScalingGroup" }, { "autoscaling:UpdateAutoScalingGroup", "autoScalingGroup" },
    { "backup-storage:MountCapsule", "" }, { "backup:CopyIntoBackupVault", "backupVault" }, { "backup:DescribeBackupJob", "" },
    { "backup:DescribeBackupVault", "backupVault" }, { "backup:DescribeCopyJob", "" }, { "backup:DescribeRecoveryPoint", "recoveryPoint" },
    { "backup:DescribeRestoreJob", "" }, { "backup:GetRecoveryPointRestoreMetadata", "recoveryPoint" }, { "backup:ListCopyJobs", "" },
    { "backup:ListRecoveryPointsByBackupVault", "backupVault" }, { "backup:ListRestoreJobs", "" }, { "backup:ListTags", "backupVault" },
    { "backup:StartBackupJob", "backupVault" }, { "backup:StartCopyJob", "recoveryPoint" }, { "backup:StartRestoreJob", "recoveryPoint" },
    { "backup:TagResource", "backupVault" }, { "cloudfront-keyvaluestore:DeleteKey", "key-value-store" },
    { "cloudfront-keyvaluestore:DescribeKeyValueStore", "key-value-store" }, { "cloudfront-keyvaluestore:GetKey", "key-value-store" },
    { "cloudfront-keyvaluestore:ListKeys", "key-value-store" }, { "cloudfront-keyvaluestore:PutKey", "key-value-store" },
    { "cloudfront-keyvaluestore:UpdateKeys", "key-value-store" }, { "cloudfront:GetDistribution", "distribution" },
    { "cloudfront:GetDistributionConfig", "distribution" }, { "cloudfront:UpdateDistribution", "distribution" },
    { "cloudwatch:DeleteAlarms", "alarm" }, { "cloudwatch:DescribeAlarms", "alarm" }, { "cloudwatch:GetMetricData", "" },
    { "cloudwatch:GetMetricStatistics", "" }, { "cloudwatch:ListMetrics", "" }, { "cloudwatch:PutMetricAlarm", "alarm" },
    { "cloudwatch:PutMetricData", "" }, { "cloudwatch:SetAlarmState", "alarm" }, { "drs:DescribeJobs", "" },
    { "drs:DescribeRecoveryInstances", "" }, { "drs:DescribeSourceServers", "" }, { "drs:GetLaunchConfiguration", "SourceServerResource" },
    { "drs:ReverseReplication", "RecoveryInstanceResource" }, { "drs:StartRecovery", "SourceServerResource" },
    { "drs:StartReplication", "SourceServerResource" }, { "drs:TagResource", "RecoveryInstanceResource SourceServerResource" },
    { "drs:TerminateRecoveryInstances", "RecoveryInstanceResource" }, { "dynamodb:BatchWriteItem", "table" },
    { "dynamodb:CreateBackup", "table" }, { "dynamodb:CreateTable", "table" }, { "dynamodb:CreateTableReplica", "table" },
    { "dynamodb:DeleteBackup", "backup" }, { "dynamodb:DeleteItem", "table" }, { "dynamodb:DeleteTable", "table" },
    { "dynamodb:DescribeBackup", "backup" }, { "dynamodb:DescribeContinuousBackups", "table" }, { "dynamodb:DescribeTable", "table" },
    { "dynamodb:DescribeTimeToLive", "table" }, { "dynamodb:GetItem", "table" }, { "dynamodb:ListBackups", "" },
    { "dynamodb:ListTables", "" }, { "dynamodb:ListTagsOfResource", "table" }, { "dynamodb:PutItem", "table" },
    { "dynamodb:Query", "table index" }, { "dynamodb:RestoreTableFromBackup", "backup table" },
    { "dynamodb:RestoreTableToPointInTime", "table" }, { "dynamodb:Scan", "table index" }, { "dynamodb:TagResource", "table" },
    { "dynamodb:UntagResource", "table" }, { "dynamodb:UpdateContinuousBackups", "table" }, { "dynamodb:UpdateItem", "table" },
    { "dynamodb:UpdateTable", "table" }, { "dynamodb:UpdateTimeToLive", "table" },
    { "ec2:CancelCapacityReservation", "capacity-reservation" }, { "ec2:CopyImage", "image snapshot" }, { "ec2:CopySnapshot", "snapshot" },
    { "ec2:CreateCapacityReservation", "capacity-reservation" },
    { "ec2:CreateTags", "capacity-reservation image instance snapshot volume" }, { "ec2:CreateVolume", "volume snapshot" },
    { "ec2:DeleteVolume", "volume" }, { "ec2:DescribeCapacityReservations", "" }, { "ec2:DescribeImages", "" },
    { "ec2:DescribeInstanceTypeOfferings", "" }, { "ec2:DescribeInstances", "" }, { "ec2:DescribeLaunchTemplateVersions", "" },
    { "ec2:DescribeLaunchTemplates", "" }, { "ec2:DescribeSnapshots", "" }, { "ec2:DescribeTags", "" }, { "ec2:DescribeVolumes", "" },
    { "ec2:ModifyCapacityReservation", "capacity-reservation" },
    { "ec2:RunInstances", "image instance network-interface security-group subnet capacity-reservation key-pair launch-template placement-group snapshot volume" },
    { "ec2:StartInstances", "instance" }, { "ec2:StopInstances", "instance" }, { "ec2:TerminateInstances", "instance" },
    { "ecr:DescribeImageReplicationStatus", "repository" }, { "ecr:DescribeImages", "repository" },
    { "ecr:DescribeRepositories", "repository" }, { "ecs:CreateService", "service" }, { "ecs:DeleteService", "service" },
    { "ecs:DescribeClusters", "cluster" }, { "ecs:DescribeServices", "service" }, { "ecs:DescribeTaskDefinition", "" },
    { "ecs:DescribeTasks", "task" }, { "ecs:ListClusters", "" }, { "ecs:ListServices", "" }, { "ecs:ListTasks", "container-instance" },
    { "ecs:UpdateService", "service" }, { "eks:DescribeCluster", "cluster" }, { "eks:DescribeNodegroup", "nodegroup" },
    { "eks:DescribeUpdate", "cluster nodegroup" }, { "eks:UpdateNodegroupConfig", "nodegroup" },
    { "elasticache:DescribeGlobalReplicationGroups", "globalreplicationgroup" },
    { "elasticache:DescribeReplicationGroups", "replicationgroup" },
    { "elasticache:FailoverGlobalReplicationGroup", "globalreplicationgroup" },
    { "elasticfilesystem:CreateReplicationConfiguration", "file-system" }, { "elasticfilesystem:DeleteFileSystem", "file-system" },
    { "elasticfilesystem:DeleteReplicationConfiguration", "file-system" }, { "elasticfilesystem:DescribeFileSystems", "file-system" },
    { "elasticfilesystem:DescribeReplicationConfigurations", "file-system" }, { "elasticfilesystem:TagResource", "file-system" },
    { "elasticfilesystem:UpdateFileSystemProtection", "file-system" }, { "elasticloadbalancing:DeregisterTargets", "targetgroup" },
    { "elasticloadbalancing:DescribeLoadBalancers", "" }, { "elasticloadbalancing:DescribeTargetGroups", "" },
    { "elasticloadbalancing:DescribeTargetHealth", "" }, { "elasticloadbalancing:ModifyTargetGroup", "targetgroup" },
    { "elasticloadbalancing:RegisterTargets", "targetgroup" }, { "es:DescribeDomain", "domain" }, { "es:DescribeOutboundConnections", "" },
    { "es:ESHttpGet", "domain" }, { "es:ESHttpPost", "domain" }, { "es:ESHttpPut", "domain" },
    { "events:DescribeRule", "rule-on-custom-event-bus rule-on-default-event-bus" },
    { "events:DisableRule", "rule-on-custom-event-bus rule-on-default-event-bus" },
    { "events:EnableRule", "rule-on-custom-event-bus rule-on-default-event-bus" }, { "events:PutEvents", "event-bus" },
    { "fis:GetExperiment", "experiment" }, { "fis:GetExperimentTemplate", "experiment-template" }, { "fis:ListExperiments", "" },
    { "fis:StartExperiment", "experiment experiment-template" }, { "fis:StopExperiment", "experiment" },
    { "globalaccelerator:DescribeAccelerator", "accelerator" }, { "globalaccelerator:DescribeEndpointGroup", "endpointgroup" },
    { "globalaccelerator:ListEndpointGroups", "listener" }, { "globalaccelerator:ListListeners", "accelerator" },
    { "globalaccelerator:UpdateEndpointGroup", "endpointgroup" }, { "health:DescribeEvents", "" },
    { "iam:CreateServiceLinkedRole", "role" }, { "iam:GetRole", "role" }, { "iam:PassRole", "role" },
    { "iam:SimulatePrincipalPolicy", "role user" }, { "kinesis:DescribeStreamSummary", "stream" }, { "kms:CreateGrant", "key" },
    { "kms:Decrypt", "key" }, { "kms:DescribeKey", "key" }, { "kms:UpdatePrimaryRegion", "key" },
    { "lambda:DeleteFunctionConcurrency", "function" }, { "lambda:DeleteProvisionedConcurrencyConfig", "function-alias" },
    { "lambda:GetEventSourceMapping", "eventSourceMapping" }, { "lambda:GetFunctionConcurrency", "function" },
    { "lambda:GetFunctionConfiguration", "function" }, { "lambda:GetProvisionedConcurrencyConfig", "function-alias" },
    { "lambda:InvokeFunction", "function" }, { "lambda:ListEventSourceMappings", "" }, { "lambda:PutFunctionConcurrency", "function" },
    { "lambda:PutProvisionedConcurrencyConfig", "function-alias" }, { "lambda:UpdateEventSourceMapping", "eventSourceMapping" },
    { "memorydb:DescribeMultiRegionClusters", "multiregioncluster" }, { "rds-data:ExecuteStatement", "cluster" },
    { "rds:AddTagsToResource", "auto-backup cluster cluster-snapshot db snapshot" }, { "rds:CopyDBClusterSnapshot", "cluster-snapshot" },
    { "rds:CopyDBSnapshot", "snapshot" }, { "rds:CreateDBClusterSnapshot", "cluster cluster-snapshot" },
    { "rds:CreateDBInstance", "db cluster pg secgrp subgrp" }, { "rds:CreateDBInstanceReadReplica", "cluster db og pg subgrp" },
    { "rds:CreateDBSnapshot", "db snapshot" }, { "rds:DeleteDBCluster", "cluster" }, { "rds:DeleteDBClusterSnapshot", "cluster-snapshot" },
    { "rds:DeleteDBInstance", "db" }, { "rds:DeleteDBSnapshot", "snapshot" },
    { "rds:DescribeDBClusterSnapshots", "cluster cluster-snapshot" }, { "rds:DescribeDBClusters", "cluster" },
    { "rds:DescribeDBInstanceAutomatedBackups", "auto-backup db" }, { "rds:DescribeDBInstances", "db" },
    { "rds:DescribeDBSnapshots", "db snapshot" }, { "rds:DescribeEvents", "" }, { "rds:DescribeGlobalClusters", "global-cluster" },
    { "rds:FailoverGlobalCluster", "cluster global-cluster" },
    { "rds:ListTagsForResource", "auto-backup cluster cluster-snapshot db snapshot" }, { "rds:ModifyDBCluster", "cluster" },
    { "rds:ModifyDBInstance", "db" }, { "rds:PromoteReadReplica", "db" }, { "rds:RemoveFromGlobalCluster", "cluster global-cluster" },
    { "rds:RemoveTagsFromResource", "auto-backup cluster cluster-snapshot db snapshot" },
    { "rds:RestoreDBClusterFromSnapshot", "cluster cluster-pg og subgrp cluster-snapshot snapshot" },
    { "rds:RestoreDBClusterToPointInTime", "cluster cluster-pg og subgrp cluster-auto-backup" },
    { "rds:RestoreDBInstanceFromDBSnapshot", "db og pg subgrp cluster-snapshot snapshot" },
    { "rds:RestoreDBInstanceToPointInTime", "db og pg subgrp auto-backup" },
    { "rds:StartDBInstanceAutomatedBackupsReplication", "auto-backup db" }, { "rds:StopDBInstanceAutomatedBackupsReplication", "db" },
    { "rds:SwitchoverGlobalCluster", "cluster global-cluster" }, { "route53-recovery-cluster:GetRoutingControlState", "routingcontrol" },
    { "route53-recovery-cluster:ListRoutingControls", "" }, { "route53-recovery-cluster:UpdateRoutingControlState", "routingcontrol" },
    { "route53-recovery-cluster:UpdateRoutingControlStates", "routingcontrol" },
    { "route53-recovery-control-config:DescribeCluster", "cluster" },
    { "route53-recovery-control-config:DescribeControlPanel", "controlpanel" },
    { "route53-recovery-control-config:DescribeRoutingControl", "routingcontrol" },
    { "route53-recovery-control-config:DescribeSafetyRule", "safetyrule" }, { "route53-recovery-control-config:ListClusters", "" },
    { "route53-recovery-control-config:ListControlPanels", "" }, { "route53-recovery-control-config:ListRoutingControls", "controlpanel" },
    { "route53-recovery-control-config:ListSafetyRules", "controlpanel" }, { "route53:ChangeResourceRecordSets", "hostedzone" },
    { "route53:CreateHealthCheck", "" }, { "route53:DeleteHealthCheck", "healthcheck" }, { "route53:GetChange", "change" },
    { "route53:GetDNSSEC", "hostedzone" }, { "route53:GetHealthCheck", "healthcheck" }, { "route53:GetHealthCheckStatus", "healthcheck" },
    { "route53:GetHostedZone", "hostedzone" }, { "route53:ListHealthChecks", "" }, { "route53:ListHostedZones", "" },
    { "route53:ListHostedZonesByName", "" }, { "route53:ListResourceRecordSets", "hostedzone" }, { "route53:TestDNSAnswer", "" },
    { "route53:UpdateHealthCheck", "healthcheck" }, { "s3:CreateBucket", "bucket" }, { "s3:CreateJob", "" },
    { "s3:DeleteBucket", "bucket" }, { "s3:DeleteObject", "object" }, { "s3:DeleteObjectVersion", "object" }, { "s3:DescribeJob", "job" },
    { "s3:GetBucketLocation", "bucket" }, { "s3:GetBucketVersioning", "bucket" },
    { "s3:GetMultiRegionAccessPointRoutes", "multiregionaccesspoint" }, { "s3:GetObject", "object" }, { "s3:GetObjectVersion", "object" },
    { "s3:GetObjectVersionTagging", "object" }, { "s3:GetReplicationConfiguration", "bucket" }, { "s3:ListAllMyBuckets", "" },
    { "s3:ListBucket", "bucket" }, { "s3:ListBucketVersions", "bucket" }, { "s3:ListJobs", "" }, { "s3:PutBucketVersioning", "bucket" },
    { "s3:PutObject", "object" }, { "s3:PutObjectTagging", "object" }, { "s3:PutReplicationConfiguration", "bucket" },
    { "s3:SubmitMultiRegionAccessPointRoutes", "multiregionaccesspoint" }, { "s3:UpdateJobStatus", "job" },
    { "scheduler:GetSchedule", "schedule" }, { "scheduler:ListSchedules", "" }, { "scheduler:UpdateSchedule", "schedule" },
    { "secretsmanager:DescribeSecret", "Secret" }, { "secretsmanager:GetSecretValue", "Secret" },
    { "secretsmanager:ReplicateSecretToRegions", "Secret" }, { "secretsmanager:StopReplicationToReplica", "Secret" },
    { "servicequotas:GetAWSDefaultServiceQuota", "" }, { "servicequotas:GetServiceQuota", "quota" },
    { "servicequotas:ListServiceQuotas", "" }, { "sns:GetTopicAttributes", "topic" }, { "sns:Publish", "topic" },
    { "sqs:GetQueueAttributes", "queue" }, { "sqs:GetQueueUrl", "queue" }, { "ssm:DescribeAutomationExecutions", "" },
    { "ssm:GetAutomationExecution", "automation-execution" }, { "ssm:GetParameter", "parameter" }, { "ssm:ListCommands", "" },
    { "ssm:PutParameter", "parameter" }, { "ssm:SendCommand", "document instance managed-instance" },
    { "ssm:StartAutomationExecution", "automation-execution document automation-definition" }, { "states:DescribeExecution", "execution" },
    { "states:StartExecution", "statemachine" }, { "states:StopExecution", "execution" }, { "sts:AssumeRole", "role" },
    { "sts:GetCallerIdentity", "" }, { "tag:GetResources", "" },
};
/* clang-format on */

#define COUNT(table) (sizeof table / sizeof table[0])

const struct evac_iam_type *evac_iam_type(struct evac_str name)
{
    for (size_t i = 0; i < COUNT(types); i++)
        if (evac_str_is(name, types[i].name))
            return &types[i];
    return NULL;
}

const struct evac_iam_action *evac_iam_action(struct evac_str name)
{
    for (size_t i = 0; i < COUNT(actions); i++)
        if (evac_str_is(name, actions[i].name))
            return &actions[i];
    return NULL;
}

struct evac_str evac_iam_type_name(struct evac_arena *arena, const struct evac_iam_action *action,
                                   struct evac_str type)
{
    struct evac_str rest, service = evac_str_cut(evac_str(action->name), ':', &rest);
    return evac_arena_printf(arena, "%.*s:%.*s", EVAC_STR_ARG(service), EVAC_STR_ARG(type));
}

struct evac_str evac_iam_arn(struct evac_arena *arena, const struct evac_iam_type *type,
                             const struct evac_iam_place *place, struct evac_str tail)
{
    struct evac_buf out;
    if (evac_str_starts(tail, "arn:"))
        return tail;
    evac_buf_init(&out, 4096);
    for (const char *c = type->format; *c; c++) {
        struct evac_str part = *c == 'P'   ? place->partition
                               : *c == 'R' ? place->region
                               : *c == 'A' ? place->account
                               : *c == '%' ? tail
                                           : (struct evac_str){ c, 1 };
        evac_buf_put(&out, part.p, part.n);
    }
    struct evac_str arn = evac_arena_str(arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return arn;
}
