/*
 * Secrets Manager. A replica can be read without any failover. Making it writable cuts it off from
 * the old primary for good: `promote` is for long stays, and `protect` is the way back
 * (AWS.md 2.12).
 */
#include "aws_parity.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "secret", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "the secret's name, the same in all regions, or each region's ARN" },
    AWS_PARITY_PARAM,
    { 0 },
};
#define LOOK_OP { "secretsmanager", "DescribeSecret", "secretsmanager:DescribeSecret", EVAC_HOME_STEP, NULL, true, false }
static const struct evac_op look_ops[] = { LOOK_OP, { 0 } };
static const struct evac_op promote_ops[] = {
    LOOK_OP, { "secretsmanager", "StopReplicationToReplica", "secretsmanager:StopReplicationToReplica", EVAC_HOME_STEP, NULL, true, true }, { 0 } };
static const struct evac_op protect_ops[] = {
    LOOK_OP, { "secretsmanager", "ReplicateSecretToRegions", "secretsmanager:ReplicateSecretToRegions", EVAC_HOME_STEP, NULL, true, true }, { 0 } };
static const struct evac_op parity_ops[] = { AWS_PARITY_OP("secretsmanager", "DescribeSecret", "secretsmanager:DescribeSecret"), { 0 } };
static const struct evac_action actions[] = {
    AWS_PARITY_ACTION(parity_ops),
    { "ready", "the secret can be described in the region", 0, EVAC_FENCING_NONE, 500, 60000, NULL, look_ops },
    { "promote", "the region's secret stands alone and can be written; its replication has ended for good",
      EVAC_ACTION_MUTATES, EVAC_FENCING_STATE, 1000, 60000, NULL, promote_ops },
    { "replicate", "the region that was left has a replica again; what it had is overwritten",
      EVAC_ACTION_MUTATES, EVAC_FENCING_NONE, 10000, 300000, NULL, protect_ops },
    { 0 },
};
#define LOOK { "secretsmanager", "DescribeSecret", .body = "{\"SecretId\":\"<secret>\"}" }
static const struct aws_lever ready = {
    .what = "the secret's deletion", .look = LOOK, .at = "DeletedDate", .absent = "none", .want = "none",
    .missing_codes = "ResourceNotFoundException" };
static const struct aws_lever promote = {
    .what = "the secret's primary", .look = LOOK, .at = "PrimaryRegion", .absent = "none: it stands alone",
    .want = "none: it stands alone|<region>", .missing_codes = "ResourceNotFoundException",
    .act = { "secretsmanager", "StopReplicationToReplica", .body = "{\"SecretId\":\"<secret>\"}" } };
static const struct aws_lever protect = {
    .what = "the replica in the region that was left", .look = LOOK, .at = "ReplicationStatus[Region=<other>]/Status",
    .absent = "none", .want = "InSync", .moving = "InProgress", .missing_codes = "ResourceNotFoundException",
    .act = { "secretsmanager", "ReplicateSecretToRegions", .body =
             "{\"SecretId\":\"<secret>\",\"AddReplicaRegions\":[{\"Region\":\"<other>\"}],\"ForceOverwriteReplicaSecret\":true}" } };
/* A replica's versions have the primary's ids. */
static const struct aws_compared of_secret[] = { { "versions", "VersionIdsToStages[@]" }, { 0 } };
static const struct aws_parity parity = { .rows = {
    { "the secret", LOOK, .missing_codes = "ResourceNotFoundException", .compared = of_secret } } };
static const struct aws_handlers handlers[] = {
    { .action = "parity", .parity = &parity }, { .action = "ready", .lever = &ready }, { .action = "promote", .lever = &promote }, { .action = "replicate", .lever = &protect }, { 0 },
};
/* clang-format on */

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_secret = {
    "secret", "a secret of Secrets Manager", resource_params, actions, 0, NULL, call, aws_cancel
};
