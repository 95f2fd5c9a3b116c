/*
 * Kinesis data streams: whether a stream is there and open. Consumers are paused where they are
 * (functions' event source mappings).
 *
 *     make kinesis us-west-2 {"kind":"stream","name":"clicks"}
 *
 * Whoever reads a stream by GetRecords has CloudWatch told, each minute, how far behind it is; of a
 * stream that nobody reads nothing is told:
 *
 *     make kinesis us-west-2 {"kind":"reader","name":"clicks","behind_ms":1500}
 */
#include "sandbox_docs.h"

#include <stdio.h>
#include <stdlib.h>

#define METRIC_MS 60000u

static const struct sb_kind kinds[] = {
    { "stream",
      "{\"StreamName\":\"{name}\",\"StreamARN\":\"arn:aws:kinesis:{region}:{account}:stream/"
      "{name}\","
      "\"StreamStatus\":\"ACTIVE\",\"StreamModeDetails\":{\"StreamMode\":\"ON_DEMAND\"},"
      "\"RetentionPeriodHours\":24,"
      "\"StreamCreationTimestamp\":1767225600,\"EnhancedMonitoring\":[],\"EncryptionType\":"
      "\"NONE\",\"OpenShardCount\":4,"
      "\"ConsumerCount\":0}",
      false, NULL },
    { "reader", "{\"behind_ms\":0}", false, NULL },
    { 0 },
};

static void describe_summary(struct sb_call *c)
{
    struct evac_str name = sb_in(c, "StreamName");
    const struct sb_doc *s =
        sb_doc_named(c, c->region, "stream", name.n ? name : sb_short_name(sb_in(c, "StreamARN")),
                     400, "ResourceNotFoundException");
    if (!s)
        return;
    evac_buf_puts(&c->out, "{\"StreamDescriptionSummary\":");
    sb_doc_put(&c->out, s, "");
    evac_buf_putc(&c->out, '}');
}

static const struct sb_operation operations[] = {
    { "DescribeStreamSummary", describe_summary, .takes = "StreamName StreamARN" },
    { 0 },
};

/* --- who reads ------------------------------------------------------------------------------- */

struct kinesis {
    uint64_t publish_ms;
};

static void *create(struct evac_sandbox *sb)
{
    struct kinesis *k = calloc(1, sizeof *k);
    if (!k)
        abort();
    k->publish_ms = sb->now_ms;
    return k;
}

static void publish(struct evac_sandbox *sb, size_t region)
{
    char dimensions[300];
    struct sb_doc *d = NULL;
    while ((d = sb_doc_next(sb, SB_KINESIS, region, "reader", d))) {
        (void)snprintf(dimensions, sizeof dimensions, "StreamName=%s", d->name);
        sb_cloudwatch_put(sb, region, "AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds",
                          dimensions, (double)sb_doc_num(d, "behind_ms", 0), sb_wall_ms(sb));
    }
}

static void advance(struct evac_sandbox *sb)
{
    struct kinesis *k = sb->state[SB_KINESIS];
    if (sb->now_ms < k->publish_ms)
        return;
    uint64_t every = sb_scaled(sb, METRIC_MS);
    k->publish_ms = sb->now_ms + (every > 1000 ? every : 1000);
    for (size_t r = 0; r < sb->region_count; r++)
        if (!sb->regions[r].down)
            publish(sb, r);
}

static bool is_read(const struct evac_sandbox *sb)
{
    for (size_t r = 0; r < sb->region_count; r++)
        if (sb_doc_next(sb, SB_KINESIS, r, "reader", NULL))
            return true;
    return false;
}

static uint64_t wake(const struct evac_sandbox *sb)
{
    const struct kinesis *k = sb->state[SB_KINESIS];
    return is_read(sb) ? k->publish_ms : SB_NEVER;
}

SB_DOCS(KINESIS, kinds)

const struct sb_service sb_service_kinesis = { .signing_name = "kinesis",
                                               .row = "kinesis",
                                               .operations = operations,
                                               .create = create,
                                               .destroy = free,
                                               .advance = advance,
                                               .wake = wake,
                                               .make = make,
                                               .truth = truth };
