/* S3's operations on buckets: their configuration and their listings. */
#include "s3_internal.h"

#include <stdlib.h>
#include <string.h>

#define NS "http://s3.amazonaws.com/doc/2006-03-01/"

static void open_root(struct sb_call *c, const char *name)
{
    evac_buf_putf(&c->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<%s xmlns=\"" NS "\">",
                  name);
}

void s3_list_buckets(struct sb_call *c)
{
    const struct s3 *s3 = c->sb->state[SB_S3];
    open_root(c, "ListAllMyBucketsResult");
    evac_buf_puts(&c->out, "<Owner><ID>" SB_ACCOUNT
                           "</ID><DisplayName>sandbox</DisplayName></Owner><Buckets>");
    for (size_t i = 0; i < s3->bucket_count; i++) {
        evac_buf_puts(&c->out, "<Bucket>");
        sb_tag(&c->out, "Name", evac_str(s3->buckets[i].name));
        sb_tag(&c->out, "CreationDate", sb_iso(c->arena, s3->buckets[i].created_ms));
        evac_buf_puts(&c->out, "</Bucket>");
    }
    evac_buf_puts(&c->out, "</Buckets></ListAllMyBucketsResult>");
}

/* 3 to 63 of a-z 0-9 . -, beginning and ending with a letter or digit. */
static bool is_bucket_name(struct evac_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char ch = name.p[i];
        bool plain = (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9');
        if (!plain && ((ch != '-' && ch != '.') || i == 0 || i + 1 == name.n))
            return false;
    }
    return name.n >= 3 && name.n <= 63;
}

void s3_create_bucket(struct sb_call *c)
{
    struct evac_str where = evac_xml_text(c->xml, "LocationConstraint");
    bool home = strcmp(sb_region_name(c->sb, c->region), "us-east-1") == 0;
    if (!is_bucket_name(c->bucket))
        sb_error(c, 400, "InvalidBucketName", "The specified bucket is not valid.");
    else if (s3_bucket_find(c->sb, c->bucket))
        sb_error(c, 409, "BucketAlreadyOwnedByYou",
                 "Your previous request to create the named bucket succeeded and you already own "
                 "it.");
    else if (home ? where.n > 0 : !evac_str_is(where, sb_region_name(c->sb, c->region)))
        sb_error(c, 400, home ? "InvalidLocationConstraint" : "IllegalLocationConstraintException",
                 "The %.*s location constraint is incompatible for the region specific endpoint "
                 "this request was sent to.",
                 EVAC_STR_ARG(where.n ? where : EVAC_STR("unspecified")));
    else if (!s3_bucket_new(c->sb, c->bucket, c->region))
        sb_error(c, 400, "TooManyBuckets",
                 "You have attempted to create more buckets than allowed");
    if (c->failed)
        return;
    sb_header(c, "Location", evac_arena_printf(c->arena, "/%.*s", EVAC_STR_ARG(c->bucket)));
    sb_effect(c);
}

void s3_delete_bucket(struct sb_call *c)
{
    struct s3 *s3 = c->sb->state[SB_S3];
    struct s3_bucket *b = s3_bucket_here(c);
    if (!b)
        return;
    for (const struct s3_object *o = b->objects; o; o = o->next)
        if (o->versions) {
            sb_error(c, 409, "BucketNotEmpty", "The bucket you tried to delete is not empty");
            return;
        }
    for (struct s3_object *o = b->objects, *next; o; o = next) {
        next = o->next;
        free(o);
    }
    size_t at = (size_t)(b - s3->buckets);
    memmove(b, b + 1, (s3->bucket_count - at - 1) * sizeof *b);
    s3->bucket_count--;
    c->status = 204;
    sb_effect(c);
}

void s3_head_bucket(struct sb_call *c)
{
    const struct s3_bucket *b = s3_bucket_here(c);
    if (b)
        sb_header(c, "x-amz-bucket-region", evac_str(sb_region_name(c->sb, b->region)));
    evac_buf_reset(&c->out);
}

/* Wherever it is asked: this is how clients find out. */
void s3_get_location(struct sb_call *c)
{
    const struct s3_bucket *b = s3_bucket_find(c->sb, c->bucket);
    if (!b) {
        sb_error(c, 404, "NoSuchBucket", "The specified bucket does not exist");
        return;
    }
    const char *region = sb_region_name(c->sb, b->region);
    open_root(c, "LocationConstraint");
    if (strcmp(region, "us-east-1") != 0)
        evac_buf_puts(&c->out, region);
    evac_buf_puts(&c->out, "</LocationConstraint>");
}

void s3_get_versioning(struct sb_call *c)
{
    const struct s3_bucket *b = s3_bucket_here(c);
    if (!b)
        return;
    open_root(c, "VersioningConfiguration");
    if (b->versioned || b->suspended)
        sb_tag(&c->out, "Status", b->versioned ? EVAC_STR("Enabled") : EVAC_STR("Suspended"));
    evac_buf_puts(&c->out, "</VersioningConfiguration>");
}

bool s3_has_checksum(struct sb_call *c)
{
    if (sb_request_header(c, "content-md5").n || sb_request_header(c, "x-amz-checksum-crc32").n ||
        sb_request_header(c, "x-amz-sdk-checksum-algorithm").n)
        return true;
    sb_error(c, 400, "InvalidRequest", "Missing required header for this request: Content-MD5");
    return false;
}

void s3_put_versioning(struct sb_call *c)
{
    struct s3_bucket *b = s3_bucket_here(c);
    struct evac_str status = evac_xml_text(c->xml, "Status");
    if (!b || !s3_has_checksum(c))
        return;
    bool enabled = evac_str_is(status, "Enabled");
    if (!enabled && !evac_str_is(status, "Suspended"))
        sb_error(c, 400, "MalformedXML",
                 "The XML you provided was not well-formed or did not "
                 "validate against our published schema");
    else if (!enabled && b->rule.enabled)
        sb_error(c, 409, "InvalidBucketState",
                 "A replication configuration is present on this bucket, so the versioning state "
                 "cannot be changed.");
    if (c->failed)
        return;
    b->versioned = enabled;
    b->suspended = !enabled;
    sb_effect(c);
}

void s3_get_replication(struct sb_call *c)
{
    const struct s3_bucket *b = s3_bucket_here(c);
    if (!b)
        return;
    const struct s3_rule *rule = &b->rule;
    if (rule->to[0] == '\0') {
        sb_error(c, 404, "ReplicationConfigurationNotFoundError",
                 "The replication configuration was not found");
        return;
    }
    open_root(c, "ReplicationConfiguration");
    sb_tag(&c->out, "Role", evac_str(rule->role));
    evac_buf_puts(&c->out, "<Rule>");
    sb_tag(&c->out, "ID", evac_str(rule->id));
    evac_buf_puts(&c->out, "<Priority>1</Priority><Filter>");
    sb_tag(&c->out, "Prefix", evac_str(rule->prefix));
    evac_buf_puts(&c->out, "</Filter>");
    sb_tag(&c->out, "Status", rule->enabled ? EVAC_STR("Enabled") : EVAC_STR("Disabled"));
    evac_buf_puts(&c->out, "<DeleteMarkerReplication><Status>Disabled</Status>"
                           "</DeleteMarkerReplication><Destination>");
    sb_tagf(&c->out, "Bucket", "arn:aws:s3:::%s", rule->to);
    evac_buf_puts(&c->out, "</Destination></Rule></ReplicationConfiguration>");
}

static struct evac_str bucket_of_arn(struct evac_str arn)
{
    static const char prefix[] = "arn:aws:s3:::";
    size_t n = sizeof prefix - 1;
    return evac_str_starts(arn, prefix) ? (struct evac_str){ arn.p + n, arn.n - n } : EVAC_STR_NONE;
}

/* One rule is enough for a pair of buckets; more are refused by name. */
void s3_put_replication(struct sb_call *c)
{
    struct s3_bucket *b = s3_bucket_here(c);
    const struct evac_xml *rule = evac_xml_child(c->xml, "Rule");
    if (!b || !s3_has_checksum(c))
        return;
    struct evac_str to = bucket_of_arn(evac_xml_text(rule, "Destination/Bucket"));
    const struct s3_bucket *other = s3_bucket_find(c->sb, to);
    struct evac_str filter = evac_xml_text(rule, "Filter/Prefix");
    if (!rule || to.n == 0 || evac_xml_text(c->xml, "Role").n == 0)
        sb_error(c, 400, "MalformedXML",
                 "The XML you provided was not well-formed or did not "
                 "validate against our published schema");
    else if (evac_xml_again(rule))
        sb_error(c, 501, "NotImplemented", "The sandbox keeps one replication rule a bucket.");
    else if (!b->versioned)
        sb_error(c, 400, "InvalidRequest",
                 "Versioning must be 'Enabled' on the bucket to apply a replication configuration");
    else if (!other || !other->versioned)
        sb_error(c, 400, "InvalidRequest", "Destination bucket must have versioning enabled.");
    if (c->failed)
        return;
    b->rule = (struct s3_rule){ .enabled = evac_str_is(evac_xml_text(rule, "Status"), "Enabled") };
    (void)evac_str_copy(b->rule.id, sizeof b->rule.id, evac_xml_text(rule, "ID"));
    (void)evac_str_copy(b->rule.to, sizeof b->rule.to, to);
    (void)evac_str_copy(b->rule.role, sizeof b->rule.role, evac_xml_text(c->xml, "Role"));
    (void)evac_str_copy(b->rule.prefix, sizeof b->rule.prefix,
                        filter.n ? filter : evac_xml_text(rule, "Prefix"));
    sb_effect(c);
}

void s3_delete_replication(struct sb_call *c)
{
    struct s3_bucket *b = s3_bucket_here(c);
    if (!b)
        return;
    if (b->rule.to[0])
        sb_effect(c);
    b->rule = (struct s3_rule){ .enabled = false };
    c->status = 204;
}

/* --- listings -------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    const struct s3_object *const *x = a, *const *y = b;
    return strcmp((*x)->key, (*y)->key);
}

/* Those under the prefix, in order of their bytes; *ret_n how many. */
static const struct s3_object **sorted(struct sb_call *c, const struct s3_bucket *b, size_t *ret_n)
{
    struct evac_str prefix = sb_in(c, "prefix");
    size_t n = 0, all = 0;
    for (const struct s3_object *o = b->objects; o; o = o->next)
        all++;
    const struct s3_object **list = evac_arena_array(c->arena, all + 1, sizeof(void *));
    for (const struct s3_object *o = b->objects; o; o = o->next)
        if (o->versions && evac_str_starts(evac_str(o->key), evac_arena_str(c->arena, prefix).p))
            list[n++] = o;
    qsort(list, n, sizeof *list, by_key);
    *ret_n = n;
    return list;
}

static void put_contents(struct sb_call *c, const struct s3_object *o)
{
    const struct s3_version *v = o->versions;
    evac_buf_puts(&c->out, "<Contents>");
    sb_tag(&c->out, "Key", evac_str(o->key));
    sb_tag(&c->out, "LastModified", sb_iso(c->arena, v->wall_ms));
    sb_tag(&c->out, "ETag", evac_str(v->etag));
    sb_tagf(&c->out, "Size", "%zu", v->bytes);
    evac_buf_puts(&c->out, "<StorageClass>STANDARD</StorageClass></Contents>");
}

void s3_list_objects(struct sb_call *c)
{
    const struct s3_bucket *b = s3_bucket_here(c);
    int64_t most = sb_in_i64(c, "max-keys", 1000), given = 0;
    struct evac_str after = sb_in(c, "continuation-token");
    bool more = false;
    size_t n;
    if (!b)
        return;
    if (after.n == 0)
        after = sb_in(c, "start-after");
    const struct s3_object **list = sorted(c, b, &n);
    const char *last = "";
    open_root(c, "ListBucketResult");
    sb_tag(&c->out, "Name", evac_str(b->name));
    sb_tag(&c->out, "Prefix", sb_in(c, "prefix"));
    for (size_t i = 0; i < n && !more; i++) {
        if (list[i]->versions->deleted ||
            (after.n && strcmp(list[i]->key, evac_arena_str(c->arena, after).p) <= 0))
            continue;
        more = given == most;
        if (more)
            break;
        put_contents(c, list[i]);
        last = list[i]->key;
        given++;
    }
    sb_tagf(&c->out, "KeyCount", "%lld", (long long)given);
    sb_tagf(&c->out, "MaxKeys", "%lld", (long long)most);
    sb_tag(&c->out, "IsTruncated", more ? EVAC_STR("true") : EVAC_STR("false"));
    if (more)
        sb_tag(&c->out, "NextContinuationToken", evac_str(last));
    evac_buf_puts(&c->out, "</ListBucketResult>");
}

static void put_version(struct sb_call *c, const struct s3_object *o, const struct s3_version *v)
{
    const char *element = v->deleted ? "DeleteMarker" : "Version";
    evac_buf_putf(&c->out, "<%s>", element);
    sb_tag(&c->out, "Key", evac_str(o->key));
    sb_tag(&c->out, "VersionId", evac_str(v->id));
    sb_tag(&c->out, "IsLatest", v == o->versions ? EVAC_STR("true") : EVAC_STR("false"));
    sb_tag(&c->out, "LastModified", sb_iso(c->arena, v->wall_ms));
    if (!v->deleted) {
        sb_tag(&c->out, "ETag", evac_str(v->etag));
        sb_tagf(&c->out, "Size", "%zu", v->bytes);
        sb_tag(&c->out, "StorageClass", EVAC_STR("STANDARD"));
    }
    evac_buf_putf(&c->out, "</%s>", element);
}

void s3_list_versions(struct sb_call *c)
{
    const struct s3_bucket *b = s3_bucket_here(c);
    size_t n;
    if (!b)
        return;
    const struct s3_object **list = sorted(c, b, &n);
    open_root(c, "ListVersionsResult");
    sb_tag(&c->out, "Name", evac_str(b->name));
    sb_tag(&c->out, "Prefix", sb_in(c, "prefix"));
    evac_buf_puts(&c->out, "<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>");
    for (size_t i = 0; i < n; i++)
        for (const struct s3_version *v = list[i]->versions; v; v = v->older)
            put_version(c, list[i], v);
    evac_buf_puts(&c->out, "</ListVersionsResult>");
}
