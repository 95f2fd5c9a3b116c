/*
 * S3: buckets, versions, conditional writes, and replication that takes its time (AWS.md 2.4).
 * Reads are strongly consistent, as AWS's are since 2020; what lags is the other region.
 */
#include "aws_wire.h"
#include "s3_internal.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT_MAX_BYTES (1u << 20)
#define NS               "http://s3.amazonaws.com/doc/2006-03-01/"

static struct s3 *state(const struct evac_sandbox *sb)
{
    return sb->state[SB_S3];
}

static void *create(struct evac_sandbox *sb)
{
    struct s3 *s3 = malloc(sizeof *s3); /* a bucket is set when it is added */
    (void)sb;
    if (!s3)
        abort();
    s3->bucket_count = s3->version_count = 0;
    s3->metric_at_ms = 0;
    return s3;
}

static void free_version(struct s3_version *v)
{
    free(v->body);
    free(v);
}

static void destroy(void *p)
{
    struct s3 *s3 = p;
    for (size_t i = 0; i < s3->bucket_count; i++) {
        s3_unconfigure(&s3->buckets[i]);
        for (struct s3_object *o = s3->buckets[i].objects, *next; o; o = next) {
            next = o->next;
            for (struct s3_version *v = o->versions, *older; v; v = older) {
                older = v->older;
                free_version(v);
            }
            free(o);
        }
    }
    free(s3);
}

/* --- finding --------------------------------------------------------------------------------- */

struct s3_bucket *s3_bucket_find(const struct evac_sandbox *sb, struct evac_str name)
{
    struct s3 *s3 = state(sb);
    if (name.n == 0 || name.n >= sizeof s3->buckets[0].name)
        return NULL;
    for (size_t i = 0; i < s3->bucket_count;
         i++) /* their names begin alike: first where one ends */
        if (s3->buckets[i].name[name.n] == '\0' && memcmp(s3->buckets[i].name, name.p, name.n) == 0)
            return &s3->buckets[i];
    return NULL;
}

struct s3_object *s3_object_find(const struct s3_bucket *b, struct evac_str key)
{
    for (struct s3_object *o = b->objects; o; o = o->next)
        if (evac_str_is(key, o->key))
            return o;
    return NULL;
}

/* The newest version that is not a delete marker; NULL when there is none. */
static struct s3_version *current(const struct s3_bucket *b, struct evac_str key)
{
    struct s3_object *o = s3_object_find(b, key);
    return o && o->versions && !o->versions->deleted ? o->versions : NULL;
}

/* --- storing --------------------------------------------------------------------------------- */

static void hash_md5(struct evac_str body, unsigned char ret_md5[16])
{
    unsigned n = 16;
    if (!EVP_Digest(body.p, body.n, ret_md5, &n, EVP_md5(), NULL))
        abort();
}

static void set_etag(struct s3_version *v)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char md5[16];
    hash_md5((struct evac_str){ v->body, v->bytes }, md5);
    v->etag[0] = '"';
    for (size_t i = 0; i < 16; i++) {
        v->etag[1 + 2 * i] = hex[md5[i] >> 4];
        v->etag[2 + 2 * i] = hex[md5[i] & 15];
    }
    v->etag[33] = '"';
    v->etag[34] = '\0';
}

/* As a lifecycle rule for old versions would: the model stays small however long it runs. */
static void forget_old(struct s3 *s3, struct s3_object *o)
{
    size_t n = 0;
    for (struct s3_version **at = &o->versions; *at;) {
        struct s3_version *v = *at;
        if (++n > S3_VERSIONS_MAX && v->status != S3_PENDING) {
            *at = v->older;
            s3->version_count--;
            free_version(v);
        } else {
            at = &v->older;
        }
    }
}

static struct s3_object *find_or_add(struct s3_bucket *b, struct evac_str key)
{
    struct s3_object *o = s3_object_find(b, key);
    if (o)
        return o;
    o = calloc(1, sizeof *o);
    if (!o)
        abort();
    (void)evac_str_copy(o->key, sizeof o->key, key);
    o->next = b->objects;
    b->objects = o;
    return o;
}

/* The newest by its date first: what was written earlier may arrive later. */
static void place(struct s3 *s3, struct s3_bucket *b, struct s3_object *o, struct s3_version *v)
{
    struct s3_version **at = &o->versions;
    if (!b->versioned)
        while (o->versions) { /* overwritten */
            struct s3_version *gone = o->versions;
            o->versions = gone->older;
            s3->version_count--;
            free_version(gone);
        }
    while (*at && (*at)->wall_ms > v->wall_ms)
        at = &(*at)->older;
    v->older = *at;
    *at = v;
    s3->version_count++;
    forget_old(s3, o);
}

struct s3_version *s3_store_at(struct evac_sandbox *sb, struct s3_bucket *b, struct evac_str key,
                               struct evac_str body, bool deleted, int64_t wall_ms)
{
    struct s3_version *v = calloc(1, sizeof *v);
    if (!v || (v->body = malloc(body.n + 1)) == NULL)
        abort();
    if (body.n)
        memcpy(v->body, body.p, body.n);
    v->body[body.n] = '\0';
    v->bytes = body.n;
    v->deleted = deleted;
    v->wall_ms = wall_ms;
    sb_random_id(sb, v->id, 32);
    set_etag(v);
    place(state(sb), b, find_or_add(b, key), v);
    return v;
}

static struct s3_version *store(struct evac_sandbox *sb, struct s3_bucket *b, struct evac_str key,
                                struct evac_str body, bool deleted)
{
    return s3_store_at(sb, b, key, body, deleted, sb_wall_ms(sb));
}

void s3_store_replica(struct evac_sandbox *sb, struct s3_bucket *to, const char *key,
                      const struct s3_version *v)
{
    struct s3_object *o = s3_object_find(to, evac_str(key));
    for (const struct s3_version *have = o ? o->versions : NULL; have; have = have->older)
        if (strcmp(have->id, v->id) == 0)
            return; /* is there already */
    struct s3_version *copy = s3_store_at(
        sb, to, evac_str(key), (struct evac_str){ v->body, v->bytes }, false, v->wall_ms);
    copy->status = S3_REPLICA;
    (void)evac_str_copy(copy->id, sizeof copy->id, evac_str(v->id));
}

/* --- what others ask ------------------------------------------------------------------------- */

struct s3_bucket *s3_bucket_new(struct evac_sandbox *sb, struct evac_str name, size_t region)
{
    struct s3 *s3 = state(sb);
    if (s3->bucket_count == S3_BUCKETS_MAX)
        return NULL;
    struct s3_bucket *b = &s3->buckets[s3->bucket_count++];
    *b = (struct s3_bucket){ .region = region, .created_ms = sb_wall_ms(sb) };
    (void)evac_str_copy(b->name, sizeof b->name, name);
    return b;
}

void sb_s3_bucket(struct evac_sandbox *sb, const char *region, const char *bucket, bool versioned,
                  bool public_read)
{
    struct s3_bucket *b = s3_bucket_new(sb, evac_str(bucket), sb_region_find(sb, evac_str(region)));
    if (!b)
        return;
    b->versioned = versioned;
    b->public_read = public_read;
}

void sb_s3_put(struct evac_sandbox *sb, const char *bucket, const char *key, struct evac_str body)
{
    struct s3_bucket *b = s3_bucket_find(sb, evac_str(bucket));
    if (b)
        s3_send_on(sb, b, evac_str(key), store(sb, b, evac_str(key), body, false));
}

bool sb_s3_peek(const struct evac_sandbox *sb, const char *bucket, const char *key,
                struct evac_str *ret_body)
{
    const struct s3_bucket *b = s3_bucket_find(sb, evac_str(bucket));
    const struct s3_version *v = b ? current(b, evac_str(key)) : NULL;
    if (v)
        *ret_body = (struct evac_str){ v->body, v->bytes };
    return v != NULL;
}

const char *sb_s3_etag(const struct evac_sandbox *sb, const char *bucket, const char *key)
{
    const struct s3_bucket *b = s3_bucket_find(sb, evac_str(bucket));
    const struct s3_version *v = b ? current(b, evac_str(key)) : NULL;
    return v ? v->etag : NULL;
}

size_t sb_s3_region(const struct evac_sandbox *sb, struct evac_str bucket)
{
    const struct s3_bucket *b = s3_bucket_find(sb, bucket);
    return b ? b->region : SB_REGIONS_MAX;
}

int sb_s3_anonymous(struct evac_sandbox *sb, struct evac_str bucket, struct evac_str key,
                    struct evac_buf *ret_body)
{
    const struct s3_bucket *b = s3_bucket_find(sb, bucket);
    const struct s3_version *v = b && b->public_read ? current(b, key) : NULL;
    if (!v)
        return 403; /* who may not list learns no more */
    evac_buf_put(ret_body, v->body, v->bytes);
    return 200;
}

/* --- objects --------------------------------------------------------------------------------- */

/* NULL: answered already. */
struct s3_bucket *s3_bucket_here(struct sb_call *c)
{
    struct s3_bucket *b = s3_bucket_find(c->sb, c->bucket);
    if (!b) {
        sb_error(c, 404, "NoSuchBucket", "The specified bucket does not exist");
        return NULL;
    }
    if (c->anonymous && !b->public_read) {
        sb_error(c, 403, "AccessDenied", "Access Denied");
        return NULL;
    }
    if (b->region == c->region)
        return b;
    sb_header(c, "x-amz-bucket-region", evac_str(sb_region_name(c->sb, b->region)));
    sb_error(c, 301, "PermanentRedirect",
             "The bucket you are attempting to access must be addressed using the specified "
             "endpoint. Please send all future requests to this endpoint.");
    return NULL;
}

static void put_version_headers(struct sb_call *c, const struct s3_bucket *b,
                                const struct s3_version *v)
{
    static const char *const statuses[] = { "", "PENDING", "COMPLETED", "FAILED", "REPLICA" };
    sb_header(c, "ETag", evac_str(v->etag));
    sb_header(c, "Last-Modified", sb_http_date(c->arena, v->wall_ms));
    sb_header(c, "Accept-Ranges", EVAC_STR("bytes"));
    if (b->versioned)
        sb_header(c, "x-amz-version-id", evac_str(v->id));
    if (v->status != S3_PLAIN)
        sb_header(c, "x-amz-replication-status", evac_str(statuses[v->status]));
}

static bool etag_is(struct evac_str header, const char *etag)
{
    size_t n = strlen(etag);
    return evac_str_is(header, etag) ||
           (header.n == n - 2 && memcmp(header.p, etag + 1, n - 2) == 0);
}

static struct s3_version *find_version(struct sb_call *c, const struct s3_bucket *b)
{
    struct evac_str id = sb_in(c, "versionId");
    if (id.n == 0)
        return current(b, c->key);
    const struct s3_object *o = s3_object_find(b, c->key);
    for (struct s3_version *v = o ? o->versions : NULL; v; v = v->older)
        if (evac_str_is(id, v->id))
            return v;
    return NULL;
}

/* "bytes=a-b" of an object: what of it is wanted. False: the range can not be satisfied. */
static bool range_of(struct evac_str header, size_t bytes, size_t *ret_from, size_t *ret_n)
{
    int64_t from = 0, to = (int64_t)bytes - 1;
    struct evac_str last;
    *ret_from = 0;
    *ret_n = bytes;
    if (!evac_str_starts(header, "bytes="))
        return true;
    struct evac_str first =
        evac_str_cut((struct evac_str){ header.p + 6, header.n - 6 }, '-', &last);
    if (!evac_str_i64(first, &from) || from < 0)
        return true; /* a form that this model does not know is answered with all of it */
    if (last.n && (!evac_str_i64(last, &to) || to < from))
        return true;
    if (from >= (int64_t)bytes)
        return false;
    if (to >= (int64_t)bytes)
        to = (int64_t)bytes - 1;
    *ret_from = (size_t)from;
    *ret_n = (size_t)(to - from + 1);
    return true;
}

static void give_object(struct sb_call *c, bool with_body)
{
    const struct s3_bucket *b = s3_bucket_here(c);
    size_t from, n;
    if (!b)
        return;
    const struct s3_version *v = find_version(c, b);
    struct evac_str if_match = sb_request_header(c, "if-match");
    struct evac_str if_none = sb_request_header(c, "if-none-match");
    struct evac_str range = sb_request_header(c, "range");
    if (!v || v->deleted) {
        sb_error(c, 404, "NoSuchKey", "The specified key does not exist.");
    } else if (if_match.n && !etag_is(if_match, v->etag)) {
        sb_error(c, 412, "PreconditionFailed",
                 "At least one of the pre-conditions you specified did not hold");
    } else if (if_none.n && etag_is(if_none, v->etag)) {
        c->status = 304;
    } else if (!range_of(range, v->bytes, &from, &n)) {
        sb_error(c, 416, "InvalidRange", "The requested range is not satisfiable");
    } else {
        put_version_headers(c, b, v);
        c->content_type = "binary/octet-stream";
        if (n != v->bytes) {
            c->status = 206;
            sb_header(
                c, "Content-Range",
                evac_arena_printf(c->arena, "bytes %zu-%zu/%zu", from, from + n - 1, v->bytes));
        }
        if (with_body)
            evac_buf_put(&c->out, v->body + from, n);
        else
            sb_header(c, "Content-Length", evac_arena_printf(c->arena, "%zu", n));
    }
}

void s3_get_object(struct sb_call *c)
{
    give_object(c, true);
}

void s3_head_object(struct sb_call *c)
{
    give_object(c, false);
    if (c->failed)
        evac_buf_reset(&c->out); /* a HEAD's refusal is its status alone */
}

static bool is_body_whole(struct sb_call *c)
{
    char crc[9], md5[25];
    unsigned char digest[16];
    struct evac_str want_crc = sb_request_header(c, "x-amz-checksum-crc32");
    struct evac_str want_md5 = sb_request_header(c, "content-md5");
    evac_aws_crc32(c->request->body, crc);
    hash_md5(c->request->body, digest);
    (void)EVP_EncodeBlock((unsigned char *)md5, digest, sizeof digest);
    if ((!want_crc.n || evac_str_is(want_crc, crc)) && (!want_md5.n || evac_str_is(want_md5, md5)))
        return true;
    sb_error(c, 400, "BadDigest", "The checksum you specified did not match the calculated one.");
    return false;
}

/* Conditional writes: If-None-Match: * for what must not be there, If-Match for what must be so. */
static bool is_allowed(struct sb_call *c, const struct s3_bucket *b)
{
    const struct s3_version *v = current(b, c->key);
    struct evac_str if_match = sb_request_header(c, "if-match");
    struct evac_str if_none = sb_request_header(c, "if-none-match");
    if (if_match.n && !v)
        sb_error(c, 404, "NoSuchKey", "The specified key does not exist.");
    else if ((if_match.n && !etag_is(if_match, v->etag)) ||
             (if_none.n && evac_str_is(if_none, "*") && v))
        sb_error(c, 412, "PreconditionFailed",
                 "At least one of the pre-conditions you specified did not hold");
    return !c->failed;
}

/* False: answered, there is no room. */
static bool has_room(struct sb_call *c)
{
    if (state(c->sb)->version_count < S3_ALL_VERSIONS_MAX)
        return true;
    sb_error(c, 503, "SlowDown", "The sandbox keeps no more than 10,000 versions");
    return false;
}

static struct s3_version *put(struct sb_call *c, struct s3_bucket *b, struct evac_str body)
{
    struct s3_version *v = store(c->sb, b, c->key, body, false);
    s3_send_on(c->sb, b, c->key, v);
    if (b->versioned)
        sb_header(c, "x-amz-version-id", evac_str(v->id));
    sb_effect(c);
    return v;
}

void s3_put_object(struct sb_call *c)
{
    struct s3_bucket *b = s3_bucket_here(c);
    if (!b || !is_body_whole(c) || !is_allowed(c, b))
        return;
    if (c->request->body.n > OBJECT_MAX_BYTES || c->key.n >= S3_KEY_BYTES)
        sb_error(c, 400, "EntityTooLarge",
                 "The sandbox keeps objects of up to 1 MiB under keys of up to 255 bytes");
    else if (has_room(c))
        sb_header(c, "ETag", evac_str(put(c, b, c->request->body)->etag));
}

/* "/bucket/key?versionId=x", percent-encoded. NULL: answered. */
static const struct s3_version *copy_source(struct sb_call *c)
{
    struct evac_str id, path = sb_request_header(c, "x-amz-copy-source");
    path = evac_str_cut(path, '?', &id);
    if (evac_str_starts(path, "/"))
        path = (struct evac_str){ path.p + 1, path.n - 1 };
    struct evac_str bucket = evac_str_cut(path, '/', &path);
    struct evac_str key = sb_unescape(c->arena, path);
    const struct s3_bucket *b = s3_bucket_find(c->sb, bucket);
    const struct s3_object *o = b ? s3_object_find(b, key) : NULL;
    const struct s3_version *v = o ? o->versions : NULL;
    bool named = evac_str_starts(id, "versionId=");
    while (named && v && !evac_str_is((struct evac_str){ id.p + 10, id.n - 10 }, v->id))
        v = v->older;
    if (!b || !v)
        sb_error(c, 404,
                 !b      ? "NoSuchBucket"
                 : named ? "NoSuchVersion"
                         : "NoSuchKey",
                 "The source of the copy does not exist.");
    else if (v->deleted)
        sb_error(c, named ? 400 : 404, named ? "InvalidRequest" : "NoSuchKey",
                 "The source of a copy request may not refer to a delete marker.");
    else if (evac_str_is(evac_str(v->storage), "GLACIER") ||
             evac_str_is(evac_str(v->storage), "DEEP_ARCHIVE"))
        sb_error(c, 403, "InvalidObjectState",
                 "Operation is not valid for the source object's storage class");
    return c->failed ? NULL : v;
}

/* Of the same region's buckets. */
void s3_copy_object(struct sb_call *c)
{
    struct s3_bucket *b = s3_bucket_here(c);
    const struct s3_version *from = b ? copy_source(c) : NULL;
    if (!from || !has_room(c))
        return;
    sb_header(c, "x-amz-copy-source-version-id", evac_str(from->id));
    /* storing may forget the oldest version, which may be the source */
    struct evac_str body = evac_arena_str(c->arena, (struct evac_str){ from->body, from->bytes });
    const struct s3_version *v = put(c, b, body);
    evac_buf_puts(&c->out, "<CopyObjectResult xmlns=\"" NS "\">");
    sb_tag(&c->out, "LastModified", sb_iso(c->arena, v->wall_ms));
    sb_tag(&c->out, "ETag", evac_str(v->etag));
    evac_buf_puts(&c->out, "</CopyObjectResult>");
}

static bool remove_version(struct evac_sandbox *sb, struct s3_object *o, struct evac_str id)
{
    for (struct s3_version **at = o ? &o->versions : NULL; at && *at; at = &(*at)->older)
        if (evac_str_is(id, (*at)->id)) {
            struct s3_version *v = *at;
            *at = v->older;
            state(sb)->version_count--;
            free_version(v);
            return true;
        }
    return false;
}

/* True when something was there to be deleted. */
static bool delete_key(struct sb_call *c, struct s3_bucket *b, struct evac_str key,
                       struct evac_str version)
{
    struct s3_object *o = s3_object_find(b, key);
    if (version.n)
        return remove_version(c->sb, o, version);
    if (b->versioned) {
        const struct s3_version *v = store(c->sb, b, key, EVAC_STR_NONE, true);
        sb_header(c, "x-amz-delete-marker", EVAC_STR("true"));
        sb_header(c, "x-amz-version-id", evac_str(v->id));
        return true;
    }
    return o && o->versions && remove_version(c->sb, o, evac_str(o->versions->id));
}

void s3_delete_object(struct sb_call *c)
{
    struct s3_bucket *b = s3_bucket_here(c);
    if (!b)
        return;
    if (delete_key(c, b, c->key, sb_in(c, "versionId")))
        sb_effect(c);
    c->status = 204;
}

void s3_delete_objects(struct sb_call *c)
{
    struct s3_bucket *b = s3_bucket_here(c);
    if (!b)
        return;
    evac_buf_puts(&c->out, "<DeleteResult xmlns=\"" NS "\">");
    for (const struct evac_xml *o = evac_xml_child(c->xml, "Object"); o; o = evac_xml_again(o)) {
        struct evac_str key = evac_xml_text(o, "Key");
        if (delete_key(c, b, key, evac_xml_text(o, "VersionId")))
            sb_effect(c);
        evac_buf_puts(&c->out, "<Deleted>");
        sb_tag(&c->out, "Key", key);
        evac_buf_puts(&c->out, "</Deleted>");
    }
    evac_buf_puts(&c->out, "</DeleteResult>");
}

/* --- the service ----------------------------------------------------------------------------- */

static void truth(const struct evac_sandbox *sb, struct evac_buf *json)
{
    const struct s3 *s3 = state(sb);
    evac_buf_puts(json, ",\"buckets\":[");
    for (size_t i = 0; i < s3->bucket_count; i++) {
        const struct s3_bucket *b = &s3->buckets[i];
        unsigned objects = 0, pending = 0;
        for (const struct s3_object *o = b->objects; o; o = o->next) {
            objects += o->versions && !o->versions->deleted;
            for (const struct s3_version *v = o->versions; v; v = v->older)
                pending += v->status == S3_PENDING;
        }
        evac_buf_putf(json, "%s{\"name\":\"%s\",\"region\":\"%s\",\"objects\":%u,\"pending\":%u}",
                      i ? "," : "", b->name, sb_region_name(sb, b->region), objects, pending);
    }
    evac_buf_putc(json, ']');
}

#define BUCKET "/{Bucket}"
#define OBJECT "/{Bucket}/{Key+}"
/* clang-format off */
static const struct sb_operation operations[] = {
    { .name = "ListBuckets",             .handle = s3_list_buckets,       .flags = SB_STRONG,  .method = "GET",    .path = "/" },
    { .name = "CreateBucket",            .handle = s3_create_bucket,      .flags = SB_MUTATES, .method = "PUT",    .path = BUCKET },
    { .name = "DeleteBucket",            .handle = s3_delete_bucket,      .flags = SB_MUTATES, .method = "DELETE", .path = BUCKET },
    { .name = "HeadBucket",              .handle = s3_head_bucket,        .flags = SB_STRONG,  .method = "HEAD",   .path = BUCKET },
    { .name = "GetBucketLocation",       .handle = s3_get_location,       .flags = SB_STRONG,  .method = "GET",    .path = BUCKET, .query_key = "location" },
    { .name = "GetBucketVersioning",     .handle = s3_get_versioning,     .flags = SB_STRONG,  .method = "GET",    .path = BUCKET, .query_key = "versioning" },
    { .name = "PutBucketVersioning",     .handle = s3_put_versioning,     .flags = SB_MUTATES, .method = "PUT",    .path = BUCKET, .query_key = "versioning" },
    { .name = "GetBucketReplication",    .handle = s3_get_replication,    .flags = SB_STRONG,  .method = "GET",    .path = BUCKET, .query_key = "replication" },
    { .name = "PutBucketReplication",    .handle = s3_put_replication,    .flags = SB_MUTATES, .method = "PUT",    .path = BUCKET, .query_key = "replication" },
    { .name = "DeleteBucketReplication", .handle = s3_delete_replication, .flags = SB_MUTATES, .method = "DELETE", .path = BUCKET, .query_key = "replication" },
    { .name = "ListObjectVersions",      .handle = s3_list_versions,      .flags = SB_STRONG,  .method = "GET",    .path = BUCKET, .query_key = "versions" },
    { .name = "ListObjectsV2",           .handle = s3_list_objects,       .flags = SB_STRONG,  .method = "GET",    .path = BUCKET, .query_key = "list-type" },
    { .name = "DeleteObjects",           .handle = s3_delete_objects,     .flags = SB_MUTATES, .method = "POST",   .path = BUCKET, .query_key = "delete" },
    { .name = "GetObject",               .handle = s3_get_object,         .flags = SB_STRONG,  .method = "GET",    .path = OBJECT },
    { .name = "HeadObject",              .handle = s3_head_object,        .flags = SB_STRONG,  .method = "HEAD",   .path = OBJECT },
    { .name = "CopyObject",              .handle = s3_copy_object,        .flags = SB_MUTATES, .method = "PUT",    .path = OBJECT, .header_key = "x-amz-copy-source" },
    { .name = "PutObject",               .handle = s3_put_object,         .flags = SB_MUTATES, .method = "PUT",    .path = OBJECT },
    { .name = "DeleteObject",            .handle = s3_delete_object,      .flags = SB_MUTATES, .method = "DELETE", .path = OBJECT },
    { 0 },
};
/* clang-format on */

const struct sb_service sb_service_s3 = {
    .signing_name = "s3",
    .row = "s3",
    .operations = operations,
    .create = create,
    .destroy = destroy,
    .advance = s3_advance,
    .wake = s3_wake,
    .make = s3_make,
    .truth = truth,
};
