/*
 * ElastiCache global datastores (AWS.md 2.7). The members are the document's own; a failover swaps
 * their roles.
 *
 *     make elasticache us-east-1 {"kind":"global","name":"sgaui-shop","Members":[
 *       {"ReplicationGroupId":"shop-use1","ReplicationGroupRegion":"us-east-1","Role":"PRIMARY","Status":"associated"},...]}
 *     make elasticache us-east-1
 * {"kind":"group","name":"shop-use1","CacheNodeType":"cache.r7g.xlarge"}
 */
#include "sandbox_docs.h"

#include <cjson/cJSON.h>

#define FAILOVER_MS 45000u

static const char *const names[][2] = { { "GlobalReplicationGroups", "GlobalReplicationGroup" },
                                        { "Members", "GlobalReplicationGroupMember" },
                                        { "MemberClusters", "ClusterId" },
                                        { NULL, NULL } };

static const struct sb_kind kinds[] = {
    { "global",
      "{\"GlobalReplicationGroupId\":\"{name}\",\"Status\":\"available\",\"Engine\":\"redis\","
      "\"EngineVersion\":\"7.1\","
      "\"ARN\":\"arn:aws:elasticache::{account}:globalreplicationgroup:{name}\",\"Members\":[]}",
      true, NULL },
    { "group",
      "{\"ReplicationGroupId\":\"{name}\",\"Status\":\"available\",\"CacheNodeType\":\"cache.r7g."
      "large\","
      "\"MemberClusters\":[\"{name}-001\",\"{name}-002\"],\"AutomaticFailover\":\"enabled\","
      "\"MultiAZ\":\"enabled\","
      "\"ClusterEnabled\":false,\"TransitEncryptionEnabled\":true,\"SnapshotRetentionLimit\":1}",
      false, NULL },
    { 0 },
};

static void put_group(struct sb_call *c, const struct sb_doc *g, const char *tag)
{
    evac_buf_putf(&c->out, "<%s>", tag);
    sb_doc_xml(&c->out, g, names);
    evac_buf_putf(&c->out, "</%s>", tag);
}

static void describe_groups(struct sb_call *c)
{
    struct evac_str id = sb_in(c, "GlobalReplicationGroupId");
    struct sb_doc *g = NULL;
    if (id.n &&
        !sb_doc_named(c, SB_ANYWHERE, "global", id, 404, "GlobalReplicationGroupNotFoundFault"))
        return;
    evac_buf_puts(&c->out, "<GlobalReplicationGroups>");
    while ((g = sb_doc_next(c->sb, c->id, SB_ANYWHERE, "global", g)))
        if (!id.n || evac_str_is(id, g->name))
            put_group(c, g, "GlobalReplicationGroup");
    evac_buf_puts(&c->out, "</GlobalReplicationGroups>");
}

static void describe_replication_groups(struct sb_call *c)
{
    struct evac_str id = sb_in(c, "ReplicationGroupId");
    struct sb_doc *g = NULL;
    if (id.n && !sb_doc_named(c, c->region, "group", id, 404, "ReplicationGroupNotFoundFault"))
        return;
    evac_buf_puts(&c->out, "<ReplicationGroups>");
    while ((g = sb_doc_next(c->sb, c->id, c->region, "group", g)))
        if (!id.n || evac_str_is(id, g->name))
            put_group(c, g, "ReplicationGroup");
    evac_buf_puts(&c->out, "</ReplicationGroups>");
}

/* The member of that region and name becomes the primary; false when there is none. */
static bool elect(cJSON *members, const char *region, const char *id)
{
    bool found = false;
    cJSON *m;
    cJSON_ArrayForEach(m, members)
    {
        const cJSON *r = cJSON_GetObjectItem(m, "ReplicationGroupRegion");
        const cJSON *i = cJSON_GetObjectItem(m, "ReplicationGroupId");
        bool it = evac_str_is(evac_str(cJSON_GetStringValue(r)), region) &&
                  evac_str_is(evac_str(cJSON_GetStringValue(i)), id);
        found |= it;
        cJSON_ReplaceItemInObject(m, "Role", cJSON_CreateString(it ? "PRIMARY" : "SECONDARY"));
    }
    return found;
}

static void failover(struct sb_call *c)
{
    struct sb_doc *g = sb_doc_named(c, SB_ANYWHERE, "global", sb_in(c, "GlobalReplicationGroupId"),
                                    404, "GlobalReplicationGroupNotFoundFault");
    if (!g)
        return;
    struct evac_str region = evac_arena_str(c->arena, sb_in(c, "PrimaryRegion"));
    struct evac_str id = evac_arena_str(c->arena, sb_in(c, "PrimaryReplicationGroupId"));
    cJSON *members = cJSON_Duplicate(cJSON_GetObjectItem(g->json, "Members"), true);
    if (!sb_doc_is(g, "Status", "available"))
        sb_error(c, 400, "InvalidGlobalReplicationGroupState",
                 "The Global datastore is not in the available state.");
    else if (!elect(members, region.p, id.p))
        sb_error(c, 400, "InvalidParameterValue", "There is no such secondary.");
    if (!c->failed) {
        char *text = cJSON_PrintUnformatted(members);
        sb_doc_set(g, "Status", "\"modifying\"");
        sb_doc_later(c->sb, g, FAILOVER_MS, "Members", text);
        sb_doc_later(c->sb, g, FAILOVER_MS, "Status", "\"available\"");
        cJSON_free(text);
        sb_effect(c);
        put_group(c, g, "GlobalReplicationGroup");
    }
    cJSON_Delete(members);
}

/* clang-format off */
static const struct sb_operation operations[] = {
    { "DescribeGlobalReplicationGroups", describe_groups, .takes = "GlobalReplicationGroupId MaxRecords Marker ShowMemberInfo" },
    { "DescribeReplicationGroups", describe_replication_groups, .takes = "ReplicationGroupId MaxRecords Marker" },
    { "FailoverGlobalReplicationGroup", failover, SB_MUTATES, .takes = "GlobalReplicationGroupId! PrimaryRegion! PrimaryReplicationGroupId!" },
    { 0 },
};
/* clang-format on */

SB_DOCS(ELASTICACHE, kinds)

const struct sb_service sb_service_elasticache = {
    .signing_name = "elasticache",
    .row = "elasticache",
    .xmlns = "http://elasticache.amazonaws.com/doc/2015-02-02/",
    .operations = operations,
    .make = make,
    .truth = truth
};
