#include "aws.h"

#include <string.h>

/* From botocore's service models (metadata) and AWS.md 1.1. Where a service speaks several
 * protocols, JSON. Without an endpoint: servers of the account's own (struct evac_aws_server). */
/* clang-format off */
static const struct evac_aws_service services[] = {
    /* name                       id                          endpoint                    signing name               protocol            version       target prefix                          global region     s3     query_compatible */
    { "sts",                      "STS",                      "sts",                      "sts",                     EVAC_AWS_QUERY,     "2011-06-15", NULL,                                  NULL,             false, false },
    { "route53",                  "Route 53",                 "route53",                  "route53",                 EVAC_AWS_REST_XML,  "2013-04-01", NULL,                                  "us-east-1",      false, false },
    { "iam",                      "IAM",                      "iam",                      "iam",                     EVAC_AWS_QUERY,     "2010-05-08", NULL,                                  "us-east-1",      false, false },
    { "rds",                      "RDS",                      "rds",                      "rds",                     EVAC_AWS_QUERY,     "2014-10-31", NULL,                                  NULL,             false, false },
    { "rds-data",                 "RDS Data",                 "rds-data",                 "rds-data",                EVAC_AWS_REST_JSON, "2018-08-01", NULL,                                  NULL,             false, false },
    { "s3",                       "S3",                       "s3",                       "s3",                      EVAC_AWS_REST_XML,  "2006-03-01", NULL,                                  NULL,             true,  false },
    { "s3control",                "S3 Control",               "s3-control",               "s3",                      EVAC_AWS_REST_XML,  "2018-08-20", NULL,                                  NULL,             true,  false },
    { "ecs",                      "ECS",                      "ecs",                      "ecs",                     EVAC_AWS_JSON_1_1,  "2014-11-13", "AmazonEC2ContainerServiceV20141113",  NULL,             false, false },
    { "application-autoscaling",  "Application Auto Scaling", "application-autoscaling",  "application-autoscaling", EVAC_AWS_JSON_1_1,  "2016-02-06", "AnyScaleFrontendService",             NULL,             false, false },
    { "autoscaling",              "Auto Scaling",             "autoscaling",              "autoscaling",             EVAC_AWS_QUERY,     "2011-01-01", NULL,                                  NULL,             false, false },
    { "ec2",                      "EC2",                      "ec2",                      "ec2",                     EVAC_AWS_EC2,       "2016-11-15", NULL,                                  NULL,             false, false },
    { "cloudwatch",               "CloudWatch",               "monitoring",               "monitoring",              EVAC_AWS_JSON_1_0,  "2010-08-01", "GraniteServiceVersion20100801",       NULL,             false, true  },
    { "dynamodb",                 "DynamoDB",                 "dynamodb",                 "dynamodb",                EVAC_AWS_JSON_1_0,  "2012-08-10", "DynamoDB_20120810",                   NULL,             false, false },
    { "sns",                      "SNS",                      "sns",                      "sns",                     EVAC_AWS_QUERY,     "2010-03-31", NULL,                                  NULL,             false, false },
    { "sqs",                      "SQS",                      "sqs",                      "sqs",                     EVAC_AWS_JSON_1_0,  "2012-11-05", "AmazonSQS",                           NULL,             false, true  },
    { "events",                   "EventBridge",              "events",                   "events",                  EVAC_AWS_JSON_1_1,  "2015-10-07", "AWSEvents",                           NULL,             false, false },
    { "elbv2",                    "Elastic Load Balancing v2","elasticloadbalancing",     "elasticloadbalancing",    EVAC_AWS_QUERY,     "2015-12-01", NULL,                                  NULL,             false, false },
    { "lambda",                   "Lambda",                   "lambda",                   "lambda",                  EVAC_AWS_REST_JSON, "2015-03-31", NULL,                                  NULL,             false, false },
    { "acm",                      "ACM",                      "acm",                      "acm",                     EVAC_AWS_JSON_1_1,  "2015-12-08", "CertificateManager",                  NULL,             false, false },
    { "ecr",                      "ECR",                      "api.ecr",                  "ecr",                     EVAC_AWS_JSON_1_1,  "2015-09-21", "AmazonEC2ContainerRegistry_V20150921", NULL,            false, false },
    { "secretsmanager",           "Secrets Manager",          "secretsmanager",           "secretsmanager",          EVAC_AWS_JSON_1_1,  "2017-10-17", "secretsmanager",                      NULL,             false, false },
    { "kms",                      "KMS",                      "kms",                      "kms",                     EVAC_AWS_JSON_1_1,  "2014-11-01", "TrentService",                        NULL,             false, false },
    { "ssm",                      "SSM",                      "ssm",                      "ssm",                     EVAC_AWS_JSON_1_1,  "2014-11-06", "AmazonSSM",                           NULL,             false, false },
    { "elasticache",              "ElastiCache",              "elasticache",              "elasticache",             EVAC_AWS_QUERY,     "2015-02-02", NULL,                                  NULL,             false, false },
    { "eks",                      "EKS",                      "eks",                      "eks",                     EVAC_AWS_REST_JSON, "2017-11-01", NULL,                                  NULL,             false, false },
    { "kubernetes",               "Kubernetes",               NULL,                       "",                        EVAC_AWS_REST_JSON, "v1",         NULL,                                  NULL,             false, false },
    { "opensearch",               "OpenSearch",               "es",                       "es",                      EVAC_AWS_REST_JSON, "2021-01-01", NULL,                                  NULL,             false, false },
    { "opensearch-domain",        "OpenSearch domain",        NULL,                       "es",                      EVAC_AWS_REST_JSON, "2021-01-01", NULL,                                  NULL,             false, false },
    { "service-quotas",           "Service Quotas",           "servicequotas",            "servicequotas",           EVAC_AWS_JSON_1_1,  "2019-06-24", "ServiceQuotasV20190624",              NULL,             false, false },
    { "backup",                   "Backup",                   "backup",                   "backup",                  EVAC_AWS_REST_JSON, "2018-11-15", NULL,                                  NULL,             false, false },
    { "efs",                      "EFS",                      "elasticfilesystem",        "elasticfilesystem",       EVAC_AWS_REST_JSON, "2015-02-01", NULL,                                  NULL,             false, false },
    { "drs",                      "drs",                      "drs",                      "drs",                     EVAC_AWS_REST_JSON, "2020-02-26", NULL,                                  NULL,             false, false },
    { "stepfunctions",            "SFN",                      "states",                   "states",                  EVAC_AWS_JSON_1_0,  "2016-11-23", "AWSStepFunctions",                    NULL,             false, false },
    { "globalaccelerator",        "Global Accelerator",       "globalaccelerator",        "globalaccelerator",       EVAC_AWS_JSON_1_1,  "2018-08-08", "GlobalAccelerator_V20180706",         "us-west-2",      false, false },
    { "apigateway",               "API Gateway",              "apigateway",               "apigateway",              EVAC_AWS_REST_JSON, "2015-07-09", NULL,                                  NULL,             false, false },
    { "cloudfront",               "CloudFront",               "cloudfront",               "cloudfront",              EVAC_AWS_REST_XML,  "2020-05-31", NULL,                                  "us-east-1",      false, false },
    { "apigatewayv2",             "ApiGatewayV2",             "apigateway",               "apigateway",              EVAC_AWS_REST_JSON, "2018-11-29", NULL,                                  NULL,             false, false },
    { "scheduler",                "Scheduler",                "scheduler",                "scheduler",               EVAC_AWS_REST_JSON, "2021-06-30", NULL,                                  NULL,             false, false },
    { "kinesis",                  "Kinesis",                  "kinesis",                  "kinesis",                 EVAC_AWS_JSON_1_1,  "2013-12-02", "Kinesis_20131202",                    NULL,             false, false },
    { "memorydb",                 "MemoryDB",                 "memory-db",                "memorydb",                EVAC_AWS_JSON_1_1,  "2021-01-01", "AmazonMemoryDB",                      NULL,             false, false },
    { "tagging",                  "Resource Groups Tagging API", "tagging",               "tagging",                 EVAC_AWS_JSON_1_1,  "2017-01-26", "ResourceGroupsTaggingAPI_20170126",   NULL,             false, false },
    { "health",                   "Health",                   "health",                   "health",                  EVAC_AWS_JSON_1_1,  "2016-08-04", "AWSHealth_20160804",                  NULL,             false, false },
    { "arc-region-switch",        "ARC Region switch",        "arc-region-switch",        "arc-region-switch",       EVAC_AWS_JSON_1_0,  "2022-07-26", "ArcRegionSwitch",                     NULL,             false, false },
    { "fis",                      "fis",                      "fis",                      "fis",                     EVAC_AWS_REST_JSON, "2020-12-01", NULL,                                  NULL,             false, false },
    /* Without an endpoint: each cluster and each store has its own. */
    { "route53-recovery-cluster", "Route53 Recovery Cluster", NULL,                       "route53-recovery-cluster", EVAC_AWS_JSON_1_0, "2019-12-02", "ToggleCustomerAPI",                   NULL,             false, false },
    { "cloudfront-keyvaluestore", "CloudFront KeyValueStore", NULL,                       "cloudfront-keyvaluestore", EVAC_AWS_REST_JSON, "2022-07-26", NULL,                                 NULL,             false, false, "*" },
    { "route53-recovery-control-config", "Route53 Recovery Control Config", "route53-recovery-control-config", "route53-recovery-control-config", EVAC_AWS_REST_JSON, "2020-11-02", NULL,     "us-west-2",      false, false },
};
/* clang-format on */

const struct evac_aws_service *evac_aws_service(const char *name)
{
    for (size_t i = 0; name && i < sizeof services / sizeof services[0]; i++)
        if (services[i].name[0] == name[0] && strcmp(services[i].name, name) == 0)
            return &services[i];
    return NULL;
}
