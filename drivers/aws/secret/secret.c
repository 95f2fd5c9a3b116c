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
static const struct evac_op ready_ops[] = {
    LOOK_OP, { "kms", "DescribeKey", "kms:DescribeKey", EVAC_HOME_STEP, NULL, true, false }, { 0 } };
static const struct evac_op replicated_ops[] = {
    { "secretsmanager", "DescribeSecret", "secretsmanager:DescribeSecret", EVAC_HOME_FROM, NULL, true, false }, { 0 } };
static const struct evac_op promote_ops[] = {
    LOOK_OP, { "secretsmanager", "StopReplicationToReplica", "secretsmanager:StopReplicationToReplica", EVAC_HOME_STEP, NULL, true, true }, { 0 } };
static const struct evac_op protect_ops[] = {
    LOOK_OP, { "secretsmanager", "ReplicateSecretToRegions", "secretsmanager:ReplicateSecretToRegions", EVAC_HOME_STEP, NULL, true, true }, { 0 } };
static const struct evac_op parity_ops[] = { AWS_PARITY_OP("secretsmanager", "DescribeSecret", "secretsmanager:DescribeSecret"), { 0 } };
static const struct evac_action actions[] = {
    AWS_PARITY_ACTION(parity_ops),
    { "ready", "the region has the secret's current version, and the key that opens it is enabled", 0, EVAC_FENCING_NONE, 1000, 60000, NULL, ready_ops },
    { "replicated", "the region's replica is in step with its primary; asked of the other region, which must be up", 0,
      EVAC_FENCING_NONE, 500, 60000, NULL, replicated_ops },
    { "promote", "the region's secret stands alone and can be written; its replication has ended for good",
      EVAC_ACTION_MUTATES, EVAC_FENCING_STATE, 1000, 60000, NULL, promote_ops },
    { "replicate", "the region that was left has a replica again; what it had is overwritten",
      EVAC_ACTION_MUTATES, EVAC_FENCING_NONE, 10000, 300000, NULL, protect_ops,
      "aws secretsmanager remove-regions-from-replication --region <region> --secret-id <secret> --remove-replica-regions <from>" },
    { 0 },
};
#define LOOK { "secretsmanager", "DescribeSecret", .body = "{\"SecretId\":\"<secret>\"}" }
static const struct aws_lever replicated = {
    .what = "the replica of the secret", .at = "ReplicationStatus[Region=<region>]/Status", .want = "InSync", .moving = "InProgress", .broken = "Failed",
    .look = { "secretsmanager", "DescribeSecret", .region = "<other>", .body = "{\"SecretId\":\"<secret>\"}" },
    .status_at = "ReplicationStatus[Region=<region>]/StatusMessage", .absent = "none", .missing_codes = "ResourceNotFoundException" };
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
/* clang-format on */

/* --- ready ----------------------------------------------------------------------------------- */

/* The secret itself is not read: whoever may not see it can still tell whether an app could. */
struct work {
    struct evac_str key;
};

static void seen(struct aws_call *c, enum evac_seen seen, const char *words)
{
    struct aws_sight sight = { .seen = seen, .progress = -1, .snapshot = EVAC_STR("{}") };
    aws_answer_seen(c, &sight, "%s", words);
}

static void on_key(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct work *w = c->state;
    struct evac_str state = evac_json_str(evac_json_get(r->json, "KeyMetadata"), "KeyState");
    bool missing = evac_str_is(r->code, "NotFoundException");
    if (r->outcome != EVAC_OUTCOME_ACCEPTED && !missing) {
        aws_answer_unseen(c, r);
        return;
    }
    const char *key = aws_printf(c, "key %.*s of the secret", EVAC_STR_ARG(w->key)).p;
    if (missing)
        seen(c, EVAC_SEEN_BLOCKED,
             aws_printf(c, "%s is not in %.*s", key, EVAC_STR_ARG(c->region)).p);
    else
        seen(c,
             evac_str_is(state, "Enabled") || evac_str_is(state, "Updating") ? EVAC_SEEN_SATISFIED
                                                                             : EVAC_SEEN_BLOCKED,
             aws_printf(c, "%s is %.*s", key, EVAC_STR_ARG(state)).p);
}

static bool is_current(const struct evac_json *versions)
{
    for (const struct evac_json *v = evac_json_first(versions); v; v = evac_json_next(v))
        for (const struct evac_json *s = evac_json_first(v); s; s = evac_json_next(s))
            if (evac_str_is(evac_json_text(s), "AWSCURRENT"))
                return true;
    return false;
}

static void on_secret(struct aws_call *c, const struct evac_aws_reply *r)
{
    static const struct aws_ask ask = { "kms", "DescribeKey", .body = "{\"KeyId\":\"<kms_key>\"}" };
    struct work *w = c->state;
    if (evac_str_is(r->code, "ResourceNotFoundException")) {
        seen(c, EVAC_SEEN_BLOCKED, "there is no such secret");
    } else if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
    } else if (evac_json_get(r->json, "DeletedDate")) {
        seen(c, EVAC_SEEN_BLOCKED, "the secret is being deleted");
    } else if (!is_current(evac_json_get(r->json, "VersionIdsToStages"))) {
        seen(c, EVAC_SEEN_BLOCKED, "the secret has no current version");
    } else if (!evac_json_str(r->json, "KmsKeyId").n) {
        seen(c, EVAC_SEEN_SATISFIED, "the secret is there, under AWS's own key");
    } else {
        w->key = evac_arena_str(c->arena, evac_json_str(r->json, "KmsKeyId"));
        struct aws_hole hole = { "kms_key", w->key };
        struct evac_aws_request request = aws_ask(c, &ask, false, &hole, 1);
        aws_next(c, &request, on_key);
    }
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    static const struct aws_ask ask = LOOK;
    c->state = evac_arena_alloc(c->arena, sizeof(struct work));
    return aws_ask_first(c, &ask, false, on_secret, err);
}

/* clang-format off */
static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = observe_ready }, { .action = "replicated", .lever = &replicated },
    { .action = "parity", .parity = &parity }, { .action = "promote", .lever = &promote }, { .action = "replicate", .lever = &protect }, { 0 },
};
/* clang-format on */

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_secret = {
    "secret", "a secret of Secrets Manager", resource_params, actions, 0, NULL, call, aws_cancel
};
