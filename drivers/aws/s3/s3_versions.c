#include "s3_versions.h"

#include "aws_time.h"

#include <stdlib.h>
#include <string.h>

#define COPY_MAX_BYTES (5ll << 30)

struct entry {
    struct evac_str key, id, etag, storage;
    int64_t wall_ms, bytes;
    size_t order; /* as it was listed */
    bool deleted, latest;
};

struct listing {
    const struct s3_aim *aim;
    s3_plan_fn *then;
    struct entry *entries;
    size_t count, cap;
    bool cut;
};

/* --- listing --------------------------------------------------------------------------------- */

static int hex(char ch)
{
    return ch >= '0' && ch <= '9'   ? ch - '0'
           : ch >= 'A' && ch <= 'F' ? ch - 'A' + 10
           : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10
                                    : -1;
}

/* Keys come as in a form: XML could not hold all that they may. */
static struct evac_str decode(struct aws_call *c, struct evac_str s)
{
    char *out = evac_arena_alloc(c->arena, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool coded = s.p[i] == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0;
        out[n++] = coded           ? (char)(hex(s.p[i + 1]) * 16 + hex(s.p[i + 2]))
                   : s.p[i] == '+' ? ' '
                                   : s.p[i];
        i += coded ? 2 : 0;
    }
    return (struct evac_str){ out, n };
}

static struct entry *room(struct aws_call *c, struct listing *l)
{
    if (l->count == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 1024;
        struct entry *more = evac_arena_array(c->arena, cap, sizeof *more);
        if (l->count)
            memcpy(more, l->entries, l->count * sizeof *more);
        l->entries = more;
        l->cap = cap;
    }
    return &l->entries[l->count++];
}

static bool under(struct evac_str key, struct evac_str folder)
{
    return folder.n && key.n > folder.n && memcmp(key.p, folder.p, folder.n) == 0 &&
           key.p[folder.n] == '/';
}

static void take(struct aws_call *c, struct listing *l, const struct evac_xml *x)
{
    bool deleted = evac_str_is(x->name, "DeleteMarker");
    if (!deleted && !evac_str_is(x->name, "Version"))
        return;
    struct evac_str key = decode(c, evac_xml_text(x, "Key"));
    if (under(key, l->aim->skip))
        return;
    struct entry *e = room(c, l);
    *e = (struct entry){ .key = key,
                         .id = evac_arena_str(c->arena, evac_xml_text(x, "VersionId")),
                         .etag = evac_arena_str(c->arena, evac_xml_text(x, "ETag")),
                         .storage = evac_arena_str(c->arena, evac_xml_text(x, "StorageClass")),
                         .order = l->count,
                         .deleted = deleted,
                         .latest = evac_str_is(evac_xml_text(x, "IsLatest"), "true") };
    (void)evac_aws_time_iso(evac_xml_text(x, "LastModified"), &e->wall_ms);
    (void)evac_str_i64(evac_xml_text(x, "Size"), &e->bytes);
}

static void finish(struct aws_call *c, const struct evac_aws_reply *failed);

static struct evac_aws_request page(struct aws_call *c, struct evac_str key,
                                    struct evac_str version)
{
    const struct listing *l = c->helper;
    const struct evac_arg params[] = {
        AWS_PARAM("versions", EVAC_STR_NONE),    AWS_PARAM("encoding-type", EVAC_STR("url")),
        AWS_PARAM("prefix", l->aim->prefix),     AWS_PARAM("key-marker", key),
        AWS_PARAM("version-id-marker", version),
    };
    struct evac_arg *kept = evac_arena_alloc(c->arena, sizeof params);
    memcpy(kept, params, sizeof params);
    struct evac_aws_request r = s3_ask(c, c->region, "ListObjectVersions", "GET", EVAC_STR("/"));
    r.params = kept;
    r.param_count = key.n ? 5 : 3;
    return r;
}

static void on_page(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct listing *l = c->helper;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        finish(c, r);
        return;
    }
    for (const struct evac_xml *x = r->xml->first; x; x = x->next)
        take(c, l, x);
    bool more = evac_str_is(evac_xml_text(r->xml, "IsTruncated"), "true");
    struct evac_str key = decode(c, evac_xml_text(r->xml, "NextKeyMarker"));
    l->cut = more && (l->count >= S3_VERSIONS_MAX || key.n == 0);
    if (!more || l->cut) {
        finish(c, NULL);
        return;
    }
    struct evac_aws_request next =
        page(c, key, evac_arena_str(c->arena, evac_xml_text(r->xml, "NextVersionIdMarker")));
    aws_next(c, &next, on_page);
}

/* --- what to do with a key ------------------------------------------------------------------- */

static int compare(struct evac_str a, struct evac_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : a.n < b.n ? -1 : a.n > b.n;
}

/* Keys together, the current version first, then by date; a second has no order but the list's. */
static int by_key_and_age(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = compare(x->key, y->key);
    if (order)
        return order;
    if (x->latest != y->latest)
        return x->latest ? -1 : 1;
    if (x->wall_ms != y->wall_ms)
        return x->wall_ms > y->wall_ms ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static bool is_archived(struct evac_str storage)
{
    return evac_str_is(storage, "GLACIER") || evac_str_is(storage, "DEEP_ARCHIVE");
}

static bool same_content(const struct entry *a, const struct entry *b)
{
    return a == b || (!a->deleted && !b->deleted && a->bytes == b->bytes && a->etag.n &&
                      evac_str_eq(a->etag, b->etag));
}

/* Everything above the wanted version is a marker. */
static bool is_only_marked(const struct entry *latest, const struct entry *wanted)
{
    const struct entry *e = latest;
    while (e < wanted && e->deleted)
        e++;
    return e == wanted;
}

/* versions: of one key, the current one first. */
static struct s3_item decide(const struct s3_aim *aim, const struct entry *versions, size_t count)
{
    const struct entry *latest = versions, *wanted = versions;
    struct s3_item item = { .key = latest->key };
    while (wanted < versions + count && wanted->wall_ms > aim->time_ms)
        wanted++;
    bool was_there = wanted < versions + count && !wanted->deleted;
    if (was_there ? same_content(latest, wanted) : latest->deleted) {
        item.deed = S3_SAME;
    } else if (aim->since_ms && latest->wall_ms > aim->since_ms) {
        item.deed = S3_SINCE;
    } else if (!was_there) {
        item.deed = aim->hide ? S3_HIDE : S3_NEWER;
    } else if (is_only_marked(latest, wanted)) {
        item.deed = S3_UNMARK;
        item.version = latest->id;
    } else {
        item.deed = is_archived(wanted->storage)     ? S3_ARCHIVED
                    : wanted->bytes > COPY_MAX_BYTES ? S3_TOO_BIG
                                                     : S3_COPY;
        item.version = wanted->id;
        item.storage = wanted->storage;
        item.bytes = wanted->bytes;
    }
    return item;
}

/* What was restored since the recovery began is the same again, or newer: both are counted. */
static void finish(struct aws_call *c, const struct evac_aws_reply *failed)
{
    struct listing *l = c->helper;
    struct s3_plan plan = { .failed = failed, .cut = l->cut };
    plan.items = evac_arena_array(c->arena, l->count + 1, sizeof *plan.items);
    if (l->count)
        qsort(l->entries, l->count, sizeof *l->entries, by_key_and_age);
    for (size_t i = 0, n; i < l->count; i += n) {
        for (n = 1; i + n < l->count && evac_str_eq(l->entries[i].key, l->entries[i + n].key); n++)
            ;
        struct s3_item item = decide(l->aim, &l->entries[i], n);
        plan.items[plan.count++] = item;
        plan.counts[item.deed]++;
        plan.bytes += item.deed == S3_COPY ? item.bytes : 0;
    }
    l->then(c, &plan);
}

size_t s3_plan_todo(const struct s3_plan *plan)
{
    return plan->counts[S3_COPY] + plan->counts[S3_UNMARK] + plan->counts[S3_HIDE];
}

/* --- the door -------------------------------------------------------------------------------- */

static void begin(struct aws_call *c, const struct s3_aim *aim, s3_plan_fn *then)
{
    struct listing *l = evac_arena_alloc(c->arena, sizeof *l);
    l->aim = aim;
    l->then = then;
    c->helper = l;
}

enum evac_code s3_versions_first(struct aws_call *c, const struct s3_aim *aim, s3_plan_fn *then,
                                 struct evac_err *err)
{
    begin(c, aim, then);
    struct evac_aws_request r = page(c, EVAC_STR_NONE, EVAC_STR_NONE);
    return aws_send(c, &r, on_page, err);
}

void s3_versions_next(struct aws_call *c, const struct s3_aim *aim, s3_plan_fn *then)
{
    begin(c, aim, then);
    struct evac_aws_request r = page(c, EVAC_STR_NONE, EVAC_STR_NONE);
    aws_next(c, &r, on_page);
}
