/*
 * Secrets Manager: a secret and its replicas (AWS.md 2.12). Each region's copy is a document; a
 * copy knows the primary's region, the primary knows the state of each replica.
 *
 *     make secretsmanager us-east-1 {"kind":"secret","name":"db","PrimaryRegion":"us-east-1",
 *       "ReplicationStatus":[{"Region":"us-west-2","Status":"InSync"}]}
 *     make secretsmanager us-west-2 {"kind":"secret","name":"db","PrimaryRegion":"us-east-1"}
 */
#include "sandbox_docs.h"

#include <cjson/cJSON.h>

static const struct sb_kind kinds[] = {
    { "secret",
      "{\"ARN\":\"arn:aws:secretsmanager:{region}:{account}:secret:{name}-AbCdEf\","
      "\"VersionIdsToStages\":{\"a1b2c3d4-0001\":[\"AWSCURRENT\"]},\"Name\":\"{name}\","
      "\"RotationEnabled\":false}",
      false, NULL },
    { 0 },
};

/* By name, or by ARN: "...:secret:db-AbCdEf". */
static struct sb_doc *secret(struct sb_call *c)
{
    struct evac_str id = sb_in(c, "SecretId"), name = sb_short_name(id);
    if (evac_str_starts(id, "arn:") && name.n > 7)
        name.n -= 7;
    else
        name = id;
    return sb_doc_named(c, c->region, "secret", name, 400, "ResourceNotFoundException");
}

static void describe_secret(struct sb_call *c)
{
    const struct sb_doc *s = secret(c);
    if (s)
        sb_doc_put(&c->out, s, "");
}

static void get_value(struct sb_call *c)
{
    const struct sb_doc *s = secret(c);
    if (!s)
        return;
    evac_buf_puts(&c->out, "{\"ARN\":");
    sb_doc_put(&c->out, s, "ARN");
    evac_buf_puts(&c->out, ",\"Name\":");
    sb_doc_put(&c->out, s, "Name");
    evac_buf_puts(&c->out,
                  ",\"SecretString\":\"not a real one\",\"VersionStages\":[\"AWSCURRENT\"]}");
}

/* In the replica's region: from now on it stands alone. The old primary forgets it when it can be
 * told. */
static void stop_replication(struct sb_call *c)
{
    struct sb_doc *s = secret(c);
    if (!s)
        return;
    if (!sb_doc_has(s, "PrimaryRegion") ||
        sb_doc_is(s, "PrimaryRegion", sb_region_name(c->sb, c->region))) {
        sb_error(c, 400, "InvalidRequestException",
                 "Operation not permitted on a secret that is not a replica.");
        return;
    }
    sb_doc_unset(s, "PrimaryRegion");
    sb_effect(c);
    evac_buf_puts(&c->out, "{\"ARN\":");
    sb_doc_put(&c->out, s, "ARN");
    evac_buf_putc(&c->out, '}');
}

static cJSON *status_of(struct sb_doc *s, const char *region)
{
    cJSON *e, *list = cJSON_GetObjectItem(s->json, "ReplicationStatus");
    if (!list)
        list = cJSON_AddArrayToObject(s->json, "ReplicationStatus");
    cJSON_ArrayForEach(e, list)
    {
        if (evac_str_is(evac_str(region), cJSON_GetStringValue(cJSON_GetObjectItem(e, "Region"))))
            return e;
    }
    e = cJSON_CreateObject();
    cJSON_AddStringToObject(e, "Region", region);
    cJSON_AddStringToObject(e, "Status", "InProgress");
    cJSON_AddItemToArray(list, e);
    return e;
}

static void replicate_to(struct sb_call *c, struct sb_doc *s, const char *region)
{
    size_t there = sb_region_find(c->sb, evac_str(region));
    struct sb_doc *other = there < SB_REGIONS_MAX
                               ? sb_doc_find(c->sb, c->id, there, "secret", evac_str(s->name))
                               : NULL;
    bool force = sb_in_bool(c, "ForceOverwriteReplicaSecret", false);
    bool reachable = sb_reaches(c->sb, c->region, there);
    bool taken = other && !force && !sb_doc_has(other, "PrimaryRegion");
    const char *status = taken || !reachable ? "Failed" : "InSync";
    if (reachable && !taken) {
        other = sb_doc_of_kind(c->sb, c->id, kinds, "secret", there, evac_str(s->name));
        sb_doc_set_text(other, "PrimaryRegion", evac_str(sb_region_name(c->sb, c->region)));
    }
    cJSON *e = status_of(s, region);
    cJSON_ReplaceItemInObject(e, "Status", cJSON_CreateString(status));
    if (taken)
        cJSON_AddStringToObject(e, "StatusMessage",
                                "Replication failed: Secret name already exists in this region.");
}

static void replicate(struct sb_call *c)
{
    struct sb_doc *s = secret(c);
    if (!s)
        return;
    if (sb_doc_has(s, "PrimaryRegion") &&
        !sb_doc_is(s, "PrimaryRegion", sb_region_name(c->sb, c->region))) {
        sb_error(c, 400, "InvalidRequestException", "Operation not permitted on a replica secret.");
        return;
    }
    sb_doc_set_text(s, "PrimaryRegion", evac_str(sb_region_name(c->sb, c->region)));
    for (int i = 1; sb_has(c, "AddReplicaRegions.%d", i); i++)
        replicate_to(c, s, evac_arena_str(c->arena, sb_in(c, "AddReplicaRegions.%d.Region", i)).p);
    sb_effect(c);
    evac_buf_puts(&c->out, "{\"ARN\":");
    sb_doc_put(&c->out, s, "ARN");
    evac_buf_puts(&c->out, ",\"ReplicationStatus\":");
    sb_doc_put(&c->out, s, "ReplicationStatus");
    evac_buf_putc(&c->out, '}');
}

/* clang-format off */
static const struct sb_operation operations[] = {
    { "DescribeSecret", describe_secret, .takes = "SecretId!" },
    { "GetSecretValue", get_value, .takes = "SecretId! VersionId VersionStage" },
    { "StopReplicationToReplica", stop_replication, SB_MUTATES, .takes = "SecretId!" },
    { "ReplicateSecretToRegions", replicate, SB_MUTATES, .takes = "SecretId! AddReplicaRegions! ForceOverwriteReplicaSecret" },
    { 0 },
};
/* clang-format on */

SB_DOCS(SECRETSMANAGER, kinds)

const struct sb_service sb_service_secretsmanager = { .signing_name = "secretsmanager",
                                                      .row = "secretsmanager",
                                                      .operations = operations,
                                                      .make = make,
                                                      .truth = truth };
