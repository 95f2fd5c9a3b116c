/*
 * S3's replication: rules, objects on their way, those that failed, the metrics that tell, and what
 * a batch job does to the rest. Objects from before a rule stay where they are, delete markers too,
 * and a replica is not sent on (AWS.md 2.4).
 *
 *     make s3 us-west-2 {"kind":"bucket","name":"shop-copy","versioned":true}
 *     make s3 us-east-1 {"kind":"rule","name":"shop-copy-east","to":"shop-copy","prefix":""}
 *     make s3 us-east-1 {"kind":"object","name":"a/b","bucket":"shop-copy-east","body":"x",
 *                        "age_s":7200,"deleted":false,"failed":false,
 *                        "storage":"GLACIER"}
 */
#include "s3_internal.h"

#include <stdlib.h>
#include <string.h>

#define METRIC_MS 60000u

static struct s3 *state(const struct evac_sandbox *sb)
{
    return sb->state[SB_S3];
}

/* --- rules ----------------------------------------------------------------------------------- */

void s3_unconfigure(struct s3_bucket *b)
{
    free(b->replication);
    b->replication = NULL;
    b->rule_count = 0;
}

static bool is_enabled(const struct evac_xml *xml, const char *path)
{
    return evac_str_is(evac_xml_text(xml, path), "Enabled");
}

static struct evac_str first_of(struct evac_str a, struct evac_str b, struct evac_str c)
{
    return a.n ? a : b.n ? b : c;
}

static bool read_rule(struct s3_rule *rule, const struct evac_xml *xml)
{
    static const char arn[] = "arn:aws:s3:::";
    struct evac_str to = evac_xml_text(xml, "Destination/Bucket");
    struct evac_str prefix =
        first_of(evac_xml_text(xml, "Filter/Prefix"), evac_xml_text(xml, "Filter/And/Prefix"),
                 evac_xml_text(xml, "Prefix"));
    if (!evac_str_starts(to, arn) || evac_xml_text(xml, "Status").n == 0)
        return false;
    to = (struct evac_str){ to.p + sizeof arn - 1, to.n - (sizeof arn - 1) };
    *rule = (struct s3_rule){ .enabled = is_enabled(xml, "Status"),
                              .metrics = is_enabled(xml, "Destination/Metrics/Status") };
    return evac_str_copy(rule->to, sizeof rule->to, to) &&
           evac_str_copy(rule->id, sizeof rule->id, evac_xml_text(xml, "ID")) &&
           evac_str_copy(rule->prefix, sizeof rule->prefix, prefix);
}

bool s3_configure(struct s3_bucket *b, struct evac_str text, const struct evac_xml *xml)
{
    struct s3_rule rules[S3_RULES_MAX];
    size_t count = 0;
    for (const struct evac_xml *x = evac_xml_child(xml, "Rule"); x; x = evac_xml_again(x))
        if (count == S3_RULES_MAX || !read_rule(&rules[count++], x))
            return false;
    if (count == 0 || evac_xml_text(xml, "Role").n == 0)
        return false;
    s3_unconfigure(b);
    b->replication = malloc(text.n + 1);
    if (!b->replication)
        abort();
    (void)evac_str_copy(b->replication, text.n + 1, text);
    memcpy(b->rules, rules, count * sizeof rules[0]);
    b->rule_count = count;
    return true;
}

void sb_s3_replicate(struct evac_sandbox *sb, const char *from_bucket, const char *to_bucket,
                     const char *prefix)
{
    struct s3_bucket *b = s3_bucket_find(sb, evac_str(from_bucket));
    struct evac_arena *arena = evac_arena_new();
    const struct evac_xml *xml;
    struct evac_str text = evac_arena_printf(
        arena,
        "<ReplicationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        "<Role>arn:aws:iam::" SB_ACCOUNT ":role/s3-replication</Role>"
        "<Rule><ID>all</ID><Priority>1</Priority><Filter><Prefix>%s</Prefix></Filter>"
        "<Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::%s</Bucket>"
        "<Metrics><Status>Enabled</Status></Metrics></Destination>"
        "<DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication></Rule>"
        "</ReplicationConfiguration>",
        prefix, to_bucket);
    if (b && evac_xml_parse(text, arena, &xml, NULL) == EVAC_OK)
        (void)s3_configure(b, text, xml);
    evac_arena_free(arena);
}

static struct s3_rule *rule_for(struct s3_bucket *b, struct evac_str key)
{
    for (size_t i = 0; i < b->rule_count; i++)
        if (b->rules[i].enabled && evac_str_starts(key, b->rules[i].prefix))
            return &b->rules[i];
    return NULL;
}

/* --- on the way ------------------------------------------------------------------------------ */

void s3_send_on(struct evac_sandbox *sb, struct s3_bucket *b, struct evac_str key,
                struct s3_version *v)
{
    const struct s3_rule *rule = rule_for(b, key);
    const struct s3_bucket *to = rule ? s3_bucket_find(sb, evac_str(rule->to)) : NULL;
    if (!rule || v->deleted)
        return;
    uint64_t own = sb_scaled(sb, 500 + sb_random(sb, 2000));
    v->status = S3_PENDING;
    v->written_ms = sb->now_ms;
    v->due_ms = sb->now_ms + (to ? sb_lag_ms(sb, to->region, own) : own);
}

/* False: it has to wait until the regions can reach each other again. */
static bool deliver(struct evac_sandbox *sb, struct s3_bucket *b, const char *key,
                    struct s3_version *v)
{
    struct s3_rule *rule = rule_for(b, evac_str(key));
    struct s3_bucket *to = rule ? s3_bucket_find(sb, evac_str(rule->to)) : NULL;
    if (to && !sb_reaches(sb, b->region, to->region))
        return false;
    if (!to || !to->versioned) { /* DstBucketNotFound, DstBucketUnversioned */
        v->status = S3_FAILED;
        if (rule)
            rule->failed++;
        return true;
    }
    s3_store_replica(sb, to, key, v);
    v->status = S3_COMPLETED;
    rule->latency_ms = sb->now_ms - v->written_ms;
    return true;
}

static struct s3_version *oldest_pending(const struct s3_object *o)
{
    struct s3_version *oldest = NULL;
    for (struct s3_version *v = o->versions; v; v = v->older)
        if (v->status == S3_PENDING)
            oldest = v;
    return oldest;
}

static bool can_go_on(struct evac_sandbox *sb, struct s3_bucket *b, const char *key)
{
    const struct s3_rule *rule = rule_for(b, evac_str(key));
    const struct s3_bucket *to = rule ? s3_bucket_find(sb, evac_str(rule->to)) : NULL;
    return !to || sb_reaches(sb, b->region, to->region);
}

/* Oldest first. */
static void replicate_object(struct evac_sandbox *sb, struct s3_bucket *b, struct s3_object *o)
{
    struct s3_version *v;
    while ((v = oldest_pending(o))) {
        if (v->due_ms == SB_NEVER && can_go_on(sb, b, o->key))
            v->due_ms = sb->now_ms + sb_scaled(sb, 1000);
        if (v->due_ms > sb->now_ms)
            return;
        if (!deliver(sb, b, o->key, v)) {
            v->due_ms = SB_NEVER;
            return;
        }
    }
}

/* --- metrics: in the region where things should arrive ---------------------------------------- */

struct waiting {
    double operations, bytes;
};

static struct waiting waiting_for(struct s3_bucket *b, const struct s3_rule *rule)
{
    struct waiting w = { 0, 0 };
    for (const struct s3_object *o = b->objects; o; o = o->next)
        for (const struct s3_version *v = o->versions; v; v = v->older)
            if (v->status == S3_PENDING && rule_for(b, evac_str(o->key)) == rule) {
                w.operations++;
                w.bytes += (double)v->bytes;
            }
    return w;
}

static void publish(struct evac_sandbox *sb, struct s3_bucket *b, struct s3_rule *rule)
{
    const struct s3_bucket *to = s3_bucket_find(sb, evac_str(rule->to));
    char dimensions[300];
    if (!rule->enabled || !rule->metrics || !to || sb->regions[to->region].down)
        return;
    struct waiting w = waiting_for(b, rule);
    struct evac_arena *arena = evac_arena_new();
    struct evac_str text = evac_arena_printf(
        arena, "DestinationBucket=%s,RuleId=%s,SourceBucket=%s", to->name, rule->id, b->name);
    (void)evac_str_copy(dimensions, sizeof dimensions, text);
    evac_arena_free(arena);
    const struct {
        const char *name;
        double value;
    } metrics[] = {
        { "ReplicationLatency", (double)rule->latency_ms / 1000 },
        { "OperationsPendingReplication", w.operations },
        { "BytesPendingReplication", w.bytes },
        { "OperationsFailedReplication", rule->failed },
    };
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++)
        sb_cloudwatch_put(sb, to->region, "AWS/S3", metrics[i].name, dimensions, metrics[i].value,
                          sb_wall_ms(sb));
    rule->failed = 0;
}

/* --- time ------------------------------------------------------------------------------------ */

void s3_advance(struct evac_sandbox *sb)
{
    struct s3 *s3 = state(sb);
    for (size_t i = 0; i < s3->bucket_count; i++)
        for (struct s3_object *o = s3->buckets[i].objects; o; o = o->next)
            replicate_object(sb, &s3->buckets[i], o);
    if (s3->bucket_count == 0 || sb->now_ms < s3->metric_at_ms)
        return;
    uint64_t every = sb_scaled(sb, METRIC_MS);
    s3->metric_at_ms = sb->now_ms + (every > 1000 ? every : 1000);
    for (size_t i = 0; i < s3->bucket_count; i++)
        for (size_t k = 0; k < s3->buckets[i].rule_count; k++)
            publish(sb, &s3->buckets[i], &s3->buckets[i].rules[k]);
}

uint64_t s3_wake(const struct evac_sandbox *sb)
{
    const struct s3 *s3 = state(sb);
    uint64_t next = s3->bucket_count ? s3->metric_at_ms : SB_NEVER;
    for (size_t i = 0; i < s3->bucket_count; i++)
        for (const struct s3_object *o = s3->buckets[i].objects; o; o = o->next) {
            const struct s3_version *oldest = oldest_pending(o);
            if (oldest && oldest->due_ms < next)
                next = oldest->due_ms;
        }
    return next;
}

/* --- in a batch ------------------------------------------------------------------------------ */

static bool is_chosen(struct s3_bucket *b, const struct s3_object *o, const struct s3_version *v,
                      const struct s3_batch *batch)
{
    return !v->deleted && v->status != S3_PENDING && rule_for(b, evac_str(o->key)) &&
           (batch->statuses == 0 || (batch->statuses & (1u << v->status))) &&
           v->wall_ms > batch->after_ms && (!batch->before_ms || v->wall_ms < batch->before_ms);
}

uint32_t s3_batch_run(struct evac_sandbox *sb, const struct s3_batch *batch, bool act,
                      uint32_t *ret_failed)
{
    struct s3_bucket *b = s3_bucket_find(sb, evac_str(batch->bucket));
    uint32_t chosen = 0;
    *ret_failed = 0;
    for (struct s3_object *o = b ? b->objects : NULL; o; o = o->next)
        for (struct s3_version *v = o->versions; v; v = v->older) {
            if (!is_chosen(b, o, v, batch))
                continue;
            chosen++;
            enum s3_status was = v->status;
            if (act && (!deliver(sb, b, o->key, v) || v->status == S3_FAILED))
                (*ret_failed)++;
            if (was == S3_REPLICA)
                v->status = was; /* it stays the replica that it is */
        }
    return chosen;
}

/* --- as if it had long been so --------------------------------------------------------------- */

static enum evac_code make_object(struct evac_sandbox *sb, const struct evac_json *json,
                                  struct evac_err *err)
{
    struct evac_str bucket = evac_json_str(json, "bucket");
    struct s3_bucket *b = s3_bucket_find(sb, bucket);
    if (!b)
        return evac_fail(err, EVAC_E_BADARG, "there is no bucket '%.*s'", EVAC_STR_ARG(bucket));
    struct s3_version *v =
        s3_store_at(sb, b, evac_json_str(json, "name"), evac_json_str(json, "body"),
                    evac_json_bool(json, "deleted", false),
                    sb_wall_ms(sb) - 1000 * evac_json_i64(json, "age_s", 0));
    if (evac_json_bool(json, "failed", false))
        v->status = S3_FAILED;
    (void)evac_str_copy(v->storage, sizeof v->storage, evac_json_str(json, "storage"));
    return EVAC_OK;
}

enum evac_code s3_make(struct evac_sandbox *sb, size_t region, const struct evac_json *json,
                       struct evac_err *err)
{
    struct evac_str kind = evac_json_str(json, "kind");
    struct evac_str name = evac_json_str(json, "name");
    struct s3_bucket *b = s3_bucket_find(sb, name);
    if (name.n == 0)
        return evac_fail(err, EVAC_E_BADARG, "s3 needs a \"name\"");
    if (evac_str_is(kind, "object"))
        return make_object(sb, json, err);
    if (evac_str_is(kind, "rule") && b) {
        sb_s3_replicate(sb, b->name, evac_json_str(json, "to").p,
                        evac_json_str(json, "prefix").n ? evac_json_str(json, "prefix").p : "");
        return EVAC_OK;
    }
    if (evac_str_is(kind, "bucket") && (b || (b = s3_bucket_new(sb, name, region)))) {
        b->versioned = evac_json_bool(json, "versioned", true);
        b->suspended = !b->versioned;
        return EVAC_OK;
    }
    return evac_fail(err, EVAC_E_BADARG,
                     "s3 needs a \"kind\": bucket, rule (of a bucket that is there), or object");
}
