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
    s3_unconfigure(b);
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
    else if (!enabled && b->replication)
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
    if (b->replication)
        evac_buf_puts(&c->out, b->replication);
    else
        sb_error(c, 404, "ReplicationConfigurationNotFoundError",
                 "The replication configuration was not found");
}

static bool are_destinations_versioned(const struct sb_call *c)
{
    static const char arn[] = "arn:aws:s3:::";
    for (const struct evac_xml *x = evac_xml_child(c->xml, "Rule"); x; x = evac_xml_again(x)) {
        struct evac_str to = evac_xml_text(x, "Destination/Bucket");
        if (!evac_str_starts(to, arn))
            continue;
        const struct s3_bucket *other = s3_bucket_find(
            c->sb, (struct evac_str){ to.p + sizeof arn - 1, to.n - (sizeof arn - 1) });
        if (!other || !other->versioned)
            return false;
    }
    return true;
}

/* Two rules of one id or one priority, or of the older and the newer kind together. */
static bool are_rules_apart(const struct sb_call *c)
{
    for (const struct evac_xml *a = evac_xml_child(c->xml, "Rule"); a; a = evac_xml_again(a))
        for (const struct evac_xml *b = evac_xml_again(a); b; b = evac_xml_again(b))
            if (evac_str_eq(evac_xml_text(a, "ID"), evac_xml_text(b, "ID")) ||
                evac_str_eq(evac_xml_text(a, "Priority"), evac_xml_text(b, "Priority")) ||
                !evac_xml_child(a, "Filter") != !evac_xml_child(b, "Filter"))
                return false;
    return true;
}

void s3_put_replication(struct sb_call *c)
{
    struct s3_bucket *b = s3_bucket_here(c);
    if (!b || !s3_has_checksum(c))
        return;
    if (!b->versioned)
        sb_error(c, 400, "InvalidRequest",
                 "Versioning must be 'Enabled' on the bucket to apply a replication configuration");
    else if (!are_destinations_versioned(c))
        sb_error(c, 400, "InvalidRequest", "Destination bucket must have versioning enabled.");
    else if (!are_rules_apart(c))
        sb_error(c, 400, "InvalidRequest",
                 "Rules need their own ID and Priority, and Filter in all or none of them.");
    else if (!s3_configure(b, c->request->body, c->xml))
        sb_error(c, 400, "MalformedXML",
                 "The XML you provided was not well-formed or did not "
                 "validate against our published schema");
    if (!c->failed)
        sb_effect(c);
}

void s3_delete_replication(struct sb_call *c)
{
    struct s3_bucket *b = s3_bucket_here(c);
    if (!b)
        return;
    if (b->replication)
        sb_effect(c);
    s3_unconfigure(b);
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

/* With encoding-type=url, a key may hold what XML can not. */
static void put_key(struct sb_call *c, const char *name, const char *key)
{
    struct evac_buf encoded;
    evac_buf_init(&encoded, 4096);
    if (evac_str_is(sb_in(c, "encoding-type"), "url"))
        evac_buf_uri(&encoded, evac_str(key), true);
    else
        evac_buf_puts(&encoded, key);
    sb_tag(&c->out, name, evac_buf_str(&encoded));
    evac_buf_done(&encoded);
}

static void put_version(struct sb_call *c, const struct s3_object *o, const struct s3_version *v)
{
    const char *element = v->deleted ? "DeleteMarker" : "Version";
    evac_buf_putf(&c->out, "<%s>", element);
    put_key(c, "Key", o->key);
    sb_tag(&c->out, "VersionId", evac_str(v->id));
    sb_tag(&c->out, "IsLatest", v == o->versions ? EVAC_STR("true") : EVAC_STR("false"));
    sb_tag(&c->out, "LastModified", sb_iso(c->arena, v->wall_ms / 1000 * 1000));
    if (!v->deleted) {
        sb_tag(&c->out, "ETag", evac_str(v->etag));
        sb_tagf(&c->out, "Size", "%zu", v->bytes);
        sb_tag(&c->out, "StorageClass", evac_str(v->storage[0] ? v->storage : "STANDARD"));
    }
    evac_buf_putf(&c->out, "</%s>", element);
}

struct page {
    const char *key_marker, *version_marker; /* "" none: begins behind them */
    int64_t most, given;
    const struct s3_object *last;
    const struct s3_version *last_version;
};

/* False: it did not fit. */
static bool put_versions(struct sb_call *c, struct page *page, const struct s3_object *o)
{
    int order = page->key_marker[0] ? strcmp(o->key, page->key_marker) : 1;
    const struct s3_version *v = o->versions;
    if (order < 0 || (order == 0 && !page->version_marker[0]))
        return true;
    if (order == 0) {
        while (v && strcmp(v->id, page->version_marker) != 0)
            v = v->older;
        v = v ? v->older : NULL;
    }
    for (; v; v = v->older) {
        if (page->given == page->most)
            return false;
        put_version(c, o, v);
        page->given++;
        page->last = o;
        page->last_version = v;
    }
    return true;
}

void s3_list_versions(struct sb_call *c)
{
    const struct s3_bucket *b = s3_bucket_here(c);
    struct page page = { .key_marker = evac_arena_str(c->arena, sb_in(c, "key-marker")).p,
                         .version_marker =
                             evac_arena_str(c->arena, sb_in(c, "version-id-marker")).p,
                         .most = sb_in_i64(c, "max-keys", 1000) };
    bool whole = true;
    size_t n;
    if (!b)
        return;
    const struct s3_object **list = sorted(c, b, &n);
    open_root(c, "ListVersionsResult");
    sb_tag(&c->out, "Name", evac_str(b->name));
    sb_tag(&c->out, "Prefix", sb_in(c, "prefix"));
    if (evac_str_is(sb_in(c, "encoding-type"), "url"))
        sb_tag(&c->out, "EncodingType", EVAC_STR("url"));
    sb_tagf(&c->out, "MaxKeys", "%lld", (long long)page.most);
    for (size_t i = 0; i < n && whole; i++)
        whole = put_versions(c, &page, list[i]);
    sb_tag(&c->out, "IsTruncated", whole ? EVAC_STR("false") : EVAC_STR("true"));
    if (!whole && page.last) {
        put_key(c, "NextKeyMarker", page.last->key);
        sb_tag(&c->out, "NextVersionIdMarker", evac_str(page.last_version->id));
    }
    evac_buf_puts(&c->out, "</ListVersionsResult>");
}
