/*
 * EFS: file systems and their replication (AWS.md 2.9). Each of the two regions has its own side of
 * a replication: one may be deleted while the other region can not be told.
 *
 *     make efs us-east-1 {"kind":"file-system","name":"fs-0a"}
 *     make efs us-east-1
 * {"kind":"replication","name":"fs-0a","destination":"fs-0b","region":"us-west-2"}
 *
 * AWS does not say what becomes of a deletion of both sides when the source's region does not
 * answer; here it is refused, and only the own side can be deleted.
 */
#include "sandbox_docs.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define OWN_LAG_MS 60000u
#define INITIAL_MS 600000u
#define DELETE_MS  120000u

static void made_replication(struct evac_sandbox *sb, struct sb_doc *r);

static const struct sb_kind kinds[] = {
    { "file-system",
      "{\"OwnerId\":\"{account}\",\"CreationToken\":\"{name}\",\"FileSystemId\":\"{name}\","
      "\"FileSystemArn\":\"arn:aws:elasticfilesystem:{region}:{account}:file-system/{name}\","
      "\"CreationTime\":0,\"LifeCycleState\":\"available\",\"NumberOfMountTargets\":1,"
      "\"SizeInBytes\":{\"Value\":6144},\"PerformanceMode\":\"generalPurpose\",\"Encrypted\":true,"
      "\"ThroughputMode\":\"elastic\",\"Tags\":[],"
      "\"FileSystemProtection\":{\"ReplicationOverwriteProtection\":\"ENABLED\"}}",
      false, NULL },
    { "replication",
      "{\"source\":\"{name}\",\"source_region\":\"{region}\",\"status\":\"ENABLED\"}", false,
      made_replication },
    { 0 },
};

#define PROTECTION "FileSystemProtection.ReplicationOverwriteProtection"

/* --- the two sides of a replication ------------------------------------------------------------
 */

static size_t region_of(const struct evac_sandbox *sb, const struct sb_doc *r, const char *member)
{
    return sb_region_find(sb, sb_doc_text(r, member));
}

static bool is_at_source(const struct evac_sandbox *sb, const struct sb_doc *r)
{
    return r->region == region_of(sb, r, "source_region");
}

/* The other region's side of it, NULL when that has none any more. */
static struct sb_doc *other_side(const struct evac_sandbox *sb, const struct sb_doc *r)
{
    size_t there = region_of(sb, r, is_at_source(sb, r) ? "region" : "source_region");
    struct sb_doc *o = there < SB_REGIONS_MAX
                           ? sb_doc_find(sb, SB_EFS, there, "replication", evac_str(r->name))
                           : NULL;
    return o && evac_str_eq(sb_doc_text(o, "destination"), sb_doc_text(r, "destination")) ? o
                                                                                          : NULL;
}

static struct sb_doc *replica(const struct evac_sandbox *sb, const struct sb_doc *r)
{
    size_t there = region_of(sb, r, "region");
    return there < SB_REGIONS_MAX
               ? sb_doc_find(sb, SB_EFS, there, "file-system", sb_doc_text(r, "destination"))
               : NULL;
}

static void copy_side(struct evac_sandbox *sb, const struct sb_doc *r)
{
    size_t there = region_of(sb, r, "region");
    struct sb_doc *o = there < SB_REGIONS_MAX
                           ? sb_doc_new(sb, SB_EFS, there, "replication", evac_str(r->name))
                           : NULL;
    if (!o)
        return;
    cJSON_Delete(o->json);
    o->json = cJSON_Duplicate(r->json, true);
    struct sb_doc *to = replica(sb, r);
    if (to)
        sb_doc_set(to, PROTECTION, "\"REPLICATING\"");
}

static void sync(struct evac_sandbox *sb, struct sb_doc *at_destination)
{
    size_t from = region_of(sb, at_destination, "source_region");
    struct sb_doc *at_source = other_side(sb, at_destination);
    if (!at_source || from >= SB_REGIONS_MAX || !sb_doc_is(at_destination, "status", "ENABLED") ||
        !sb_reaches(sb, from, at_destination->region))
        return;
    int64_t lag = (int64_t)sb_lag_ms(sb, at_destination->region, sb_scaled(sb, OWN_LAG_MS));
    int64_t last = sb_doc_num(at_destination, "last_ms", 0);
    if (sb_wall_ms(sb) - lag <= last)
        return;
    sb_doc_set_num(at_destination, "last_ms", (double)(sb_wall_ms(sb) - lag));
    sb_doc_set_num(at_source, "last_ms", (double)(sb_wall_ms(sb) - lag));
}

static void made_replication(struct evac_sandbox *sb, struct sb_doc *r)
{
    copy_side(sb, r);
    struct sb_doc *o = other_side(sb, r);
    if (o)
        sync(sb, o);
}

/* The side in that region of a replication that the file system is in. */
static struct sb_doc *side_of(const struct evac_sandbox *sb, size_t region, struct evac_str fs)
{
    struct sb_doc *r = NULL;
    while ((r = sb_doc_next(sb, SB_EFS, region, "replication", r)))
        if (evac_str_eq(sb_doc_text(r, is_at_source(sb, r) ? "source" : "destination"), fs))
            return r;
    return NULL;
}

static struct sb_doc *file_system(struct sb_call *c, struct evac_str id)
{
    return sb_doc_named(c, c->region, "file-system", sb_short_name(id), 404, "FileSystemNotFound");
}

/* --- looking -----------------------------------------------------------------------------------
 */

static void put_replication(struct sb_call *c, const struct sb_doc *r)
{
    int64_t last = sb_doc_num(r, "last_ms", 0);
    struct evac_str from = sb_doc_text(r, "source_region");
    evac_buf_putf(&c->out,
                  "{\"SourceFileSystemId\":\"%s\",\"SourceFileSystemRegion\":\"%.*s\","
                  "\"SourceFileSystemArn\":\"arn:aws:elasticfilesystem:%.*s:" SB_ACCOUNT
                  ":file-system/%s\",\"OriginalSourceFileSystemArn\":"
                  "\"arn:aws:elasticfilesystem:%.*s:" SB_ACCOUNT
                  ":file-system/%s\",\"CreationTime\":0,\"Destinations\":[{\"Status\":",
                  r->name, EVAC_STR_ARG(from), EVAC_STR_ARG(from), r->name, EVAC_STR_ARG(from),
                  r->name);
    sb_doc_put(&c->out, r, "status");
    evac_buf_puts(&c->out, ",\"FileSystemId\":");
    sb_doc_put(&c->out, r, "destination");
    evac_buf_puts(&c->out, ",\"Region\":");
    sb_doc_put(&c->out, r, "region");
    if (last)
        evac_buf_putf(&c->out, ",\"LastReplicatedTimestamp\":%.3f", (double)last / 1000);
    evac_buf_puts(&c->out, "}]}");
}

static void describe_replications(struct sb_call *c)
{
    struct evac_str id = sb_in(c, "FileSystemId");
    const struct sb_doc *fs = id.n ? file_system(c, id) : NULL, *r = NULL;
    if (c->failed)
        return;
    if (fs && !side_of(c->sb, c->region, evac_str(fs->name))) {
        sb_error(c, 404, "ReplicationNotFound", "It is in no replication.");
        return;
    }
    evac_buf_puts(&c->out, "{\"Replications\":[");
    bool first = true;
    while ((r = sb_doc_next(c->sb, c->id, c->region, "replication", r))) {
        if (fs && r != side_of(c->sb, c->region, evac_str(fs->name)))
            continue;
        evac_buf_puts(&c->out, first ? "" : ",");
        put_replication(c, r);
        first = false;
    }
    evac_buf_puts(&c->out, "]}");
}

static void describe_file_systems(struct sb_call *c)
{
    struct evac_str id = sb_in(c, "FileSystemId");
    const struct sb_doc *fs = NULL;
    bool first = true;
    if (id.n && !file_system(c, id))
        return;
    evac_buf_puts(&c->out, "{\"FileSystems\":[");
    while ((fs = sb_doc_next(c->sb, c->id, c->region, "file-system", fs))) {
        if (id.n && !evac_str_is(sb_short_name(id), fs->name))
            continue;
        evac_buf_puts(&c->out, first ? "" : ",");
        sb_doc_put(&c->out, fs, "");
        first = false;
    }
    evac_buf_puts(&c->out, "]}");
}

/* --- changing ----------------------------------------------------------------------------------
 */

static void put_tag(cJSON *tags, const char *key, const char *value)
{
    cJSON *t;
    cJSON_ArrayForEach(t, tags)
    {
        if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(t, "Key")), key) == 0) {
            cJSON_ReplaceItemInObject(t, "Value", cJSON_CreateString(value));
            return;
        }
    }
    t = cJSON_CreateObject();
    cJSON_AddStringToObject(t, "Key", key);
    cJSON_AddStringToObject(t, "Value", value);
    cJSON_AddItemToArray(tags, t);
}

static void tag_resource(struct sb_call *c)
{
    struct sb_doc *fs = file_system(c, c->label[0]);
    if (!fs)
        return;
    cJSON *tags = cJSON_GetObjectItem(fs->json, "Tags");
    for (int i = 1; sb_has(c, "Tags.%d.Key", i); i++) {
        struct evac_str key = evac_arena_str(c->arena, sb_in(c, "Tags.%d.Key", i));
        struct evac_str value = evac_arena_str(c->arena, sb_in(c, "Tags.%d.Value", i));
        put_tag(tags, key.p, value.p);
    }
    sb_effect(c);
    c->raw = true;
}

static void update_protection(struct sb_call *c)
{
    struct sb_doc *fs = file_system(c, c->label[0]);
    struct evac_str wanted = sb_in(c, "ReplicationOverwriteProtection");
    if (!fs)
        return;
    if (sb_doc_is(fs, PROTECTION, "REPLICATING"))
        sb_error(c, 409, "ReplicationAlreadyExists", "It is a replication's destination.");
    else if (!sb_doc_is(fs, "LifeCycleState", "available"))
        sb_error(c, 409, "IncorrectFileSystemLifeCycleState", "It is not available.");
    else if (!evac_str_is(wanted, "ENABLED") && !evac_str_is(wanted, "DISABLED"))
        sb_error(c, 400, "BadRequest", "ReplicationOverwriteProtection is ENABLED or DISABLED.");
    if (c->failed)
        return;
    sb_doc_set_text(fs, PROTECTION, wanted);
    sb_effect(c);
    sb_doc_put(&c->out, fs, "FileSystemProtection");
}

/* Ends one side; the replica, when it is in the same region, becomes writable. */
static void end_side(struct evac_sandbox *sb, struct sb_doc *r)
{
    struct sb_doc *to = is_at_source(sb, r) ? NULL : replica(sb, r);
    sb_doc_set(r, "status", "\"DELETING\"");
    sb_doc_later(sb, r, DELETE_MS, "ends", "true");
    if (!to)
        return;
    sb_doc_set_num(to, "data_ms", (double)sb_doc_num(r, "last_ms", 0));
    sb_doc_set(to, "LifeCycleState", "\"updating\"");
    sb_doc_later(sb, to, DELETE_MS, "LifeCycleState", "\"available\"");
    sb_doc_later(sb, to, DELETE_MS, PROTECTION, "\"ENABLED\"");
}

static void delete_replication(struct sb_call *c)
{
    struct sb_doc *fs = NULL;
    struct sb_doc *r =
        sb_doc_find(c->sb, c->id, c->region, "replication", sb_short_name(c->label[0]));
    bool local = evac_str_is(sb_in(c, "deletionMode"), "LOCAL_CONFIGURATION_ONLY");
    struct sb_doc *o = r && !local ? other_side(c->sb, r) : NULL;
    if (!r)
        sb_error(c, 404, "ReplicationNotFound", "There is no such replication.");
    else if (sb_doc_is(r, "status", "DELETING"))
        sb_error(c, 400, "BadRequest", "It is being deleted.");
    else if (o && !sb_reaches(c->sb, o->region, c->region))
        sb_error(c, 400, "BadRequest", "The other region does not answer.");
    if (c->failed)
        return;
    fs = is_at_source(c->sb, r) ? NULL : replica(c->sb, r);
    if (fs)
        sync(c->sb, r);
    end_side(c->sb, r);
    if (o)
        end_side(c->sb, o);
    c->status = 204;
    c->raw = true;
    sb_effect(c);
}

/* Where it goes: an existing file system, or a new one. */
static struct sb_doc *destination(struct sb_call *c, size_t region)
{
    struct evac_str id = sb_short_name(sb_in(c, "Destinations.1.FileSystemId"));
    char made[24];
    if (id.n)
        return sb_doc_find(c->sb, c->id, region, "file-system", id);
    (void)snprintf(made, sizeof made, "fs-%017llx",
                   (unsigned long long)sb_random(c->sb, UINT64_MAX));
    struct sb_doc *fs = sb_doc_of_kind(c->sb, c->id, kinds, "file-system", region, evac_str(made));
    sb_doc_set(fs, PROTECTION, "\"DISABLED\"");
    return fs;
}

static void create_replication(struct sb_call *c)
{
    struct sb_doc *fs = file_system(c, c->label[0]);
    struct evac_str region = evac_arena_str(c->arena, sb_in(c, "Destinations.1.Region"));
    size_t there = sb_region_find(c->sb, region);
    if (!fs)
        return;
    if (there >= SB_REGIONS_MAX)
        sb_error(c, 400, "ValidationException", "There is no such region.");
    else if (!sb_reaches(c->sb, c->region, there))
        sb_error(c, 500, "InternalServerError", "The destination's region does not answer.");
    else if (side_of(c->sb, c->region, evac_str(fs->name)))
        sb_error(c, 409, "ConflictException", "The source is in a replication already.");
    if (c->failed)
        return;
    struct sb_doc *to = destination(c, there);
    if (!to)
        sb_error(c, 404, "FileSystemNotFound", "There is no such destination.");
    else if (side_of(c->sb, there, evac_str(to->name)))
        sb_error(c, 409, "ConflictException", "The destination is in a replication already.");
    else if (!sb_doc_is(to, PROTECTION, "DISABLED"))
        sb_error(c, 409, "ConflictException", "The destination is protected from overwriting.");
    if (c->failed)
        return;
    struct sb_doc *r =
        sb_doc_of_kind(c->sb, c->id, kinds, "replication", c->region, evac_str(fs->name));
    sb_doc_set_text(r, "destination", evac_str(to->name));
    sb_doc_set_text(r, "region", region);
    sb_doc_set(r, "status", "\"ENABLING\"");
    copy_side(c->sb, r);
    sb_doc_later(c->sb, r, INITIAL_MS, "status", "\"ENABLED\"");
    sb_doc_later(c->sb, other_side(c->sb, r), INITIAL_MS, "status", "\"ENABLED\"");
    sb_effect(c);
    put_replication(c, r);
}

static void delete_file_system(struct sb_call *c)
{
    struct sb_doc *fs = file_system(c, c->label[0]);
    if (!fs)
        return;
    if (sb_doc_num(fs, "NumberOfMountTargets", 0) > 0)
        sb_error(c, 409, "FileSystemInUse", "It has mount targets.");
    else if (side_of(c->sb, c->region, evac_str(fs->name)))
        sb_error(c, 409, "FileSystemInUse", "It is in a replication.");
    if (c->failed)
        return;
    sb_doc_set(fs, "LifeCycleState", "\"deleting\"");
    sb_doc_later(c->sb, fs, DELETE_MS, "ends", "true");
    sb_effect(c);
    c->status = 204;
    c->raw = true;
}

/* --- time --------------------------------------------------------------------------------------
 */

static void drop_ended(struct evac_sandbox *sb, size_t region, const char *kind)
{
    struct sb_doc *d = sb_doc_next(sb, SB_EFS, region, kind, NULL);
    while (d) {
        struct sb_doc *next = sb_doc_next(sb, SB_EFS, region, kind, d);
        if (sb_doc_has(d, "ends"))
            sb_doc_drop(sb, d);
        d = next;
    }
}

static void advance(struct evac_sandbox *sb)
{
    for (size_t region = 0; region < sb->region_count; region++) {
        struct sb_doc *r = NULL;
        drop_ended(sb, region, "replication");
        drop_ended(sb, region, "file-system");
        while ((r = sb_doc_next(sb, SB_EFS, region, "replication", r)))
            if (!is_at_source(sb, r))
                sync(sb, r);
    }
}

/* clang-format off */
#define FS "/2015-02-01/file-systems"
static const struct sb_operation operations[] = {
    { "DescribeReplicationConfigurations", describe_replications, 0, "GET", FS "/replication-configurations",
      .takes = "FileSystemId NextToken MaxResults" },
    { "DescribeFileSystems", describe_file_systems, 0, "GET", FS, .takes = "FileSystemId CreationToken MaxItems Marker" },
    { "DeleteFileSystem", delete_file_system, SB_MUTATES, "DELETE", FS "/{FileSystemId}", .takes = "" },
    { "CreateReplicationConfiguration", create_replication, SB_MUTATES, "POST", FS "/{SourceFileSystemId}/replication-configuration",
      .takes = "Destinations!" },
    { "DeleteReplicationConfiguration", delete_replication, SB_MUTATES, "DELETE", FS "/{SourceFileSystemId}/replication-configuration",
      .takes = "deletionMode" },
    { "UpdateFileSystemProtection", update_protection, SB_MUTATES, "PUT", FS "/{FileSystemId}/protection",
      .takes = "ReplicationOverwriteProtection" },
    { "TagResource", tag_resource, SB_MUTATES, "POST", "/2015-02-01/resource-tags/{ResourceId}", .takes = "Tags!" },
    { 0 },
};
/* clang-format on */

SB_DOCS(EFS, kinds)

const struct sb_service sb_service_efs = { .signing_name = "elasticfilesystem",
                                           .row = "efs",
                                           .operations = operations,
                                           .advance = advance,
                                           .make = make,
                                           .truth = truth };
