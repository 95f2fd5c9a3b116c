/*
 * KMS multi-Region keys. Replicas encrypt and decrypt without any failover; which key is the
 * primary matters for managing only, and only the primary's region can give that away. So `primary`
 * belongs after a planned move, never on the way out of a region that is down (AWS.md 2.12).
 */
#include "aws_lever.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "key", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "the key's id (the same in all regions), or each region's ARN" },
    { 0 },
};
#define LOOK_OP { "kms", "DescribeKey", "kms:DescribeKey", EVAC_HOME_STEP, NULL, true, false }
static const struct evac_op look_ops[] = { LOOK_OP, { 0 } };
static const struct evac_op primary_ops[] = {
    LOOK_OP, { "kms", "UpdatePrimaryRegion", "kms:UpdatePrimaryRegion", EVAC_HOME_FROM, NULL, true, true }, { 0 },
};
static const struct evac_action actions[] = {
    { "ready", "the region's key is enabled", 0, EVAC_FENCING_NONE, 500, 60000, NULL, look_ops },
    { "primary", "the region's key is the primary one; asked of the old primary's region, which must be up",
      EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_STATE, 5000, 120000, NULL, primary_ops,
      "aws kms update-primary-region --region <region> --key-id <key> --primary-region <was.value>" },
    { 0 },
};
#define LOOK { "kms", "DescribeKey", .body = "{\"KeyId\":\"<key>\"}" }
static const struct aws_lever ready = {
    .what = "the key", .look = LOOK, .at = "KeyMetadata/KeyState", .want = "Enabled|Updating",
    .moving = "Creating|PendingImport", .broken = "Disabled|PendingDeletion|PendingReplicaDeletion|Unavailable",
    .missing_codes = "NotFoundException" };
static const struct aws_lever primary = {
    .what = "the key's primary region", .look = LOOK, .at = "KeyMetadata/MultiRegionConfiguration/PrimaryKey/Region",
    .want = "<region>", .status_at = "KeyMetadata/KeyState", .busy = "Updating", .broken = "PendingDeletion|Unavailable",
    .missing_codes = "NotFoundException",
    .act = { "kms", "UpdatePrimaryRegion", .body = "{\"KeyId\":\"<key>\",\"PrimaryRegion\":\"<value>\"}", .region = "<found>" } };
static const struct aws_handlers handlers[] = {
    { .action = "ready", .lever = &ready }, { .action = "primary", .lever = &primary }, { 0 },
};
/* clang-format on */

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_kms = {
    "kms", "a KMS multi-Region key", resource_params, actions, 0, NULL, call, aws_cancel
};
