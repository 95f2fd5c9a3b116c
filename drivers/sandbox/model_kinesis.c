/*
 * Kinesis data streams: whether a stream is there and open. Consumers are paused where they are
 * (functions' event source mappings).
 *
 *     make kinesis us-west-2 {"kind":"stream","name":"clicks"}
 */
#include "sandbox_docs.h"

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

SB_DOCS(KINESIS, kinds)

const struct sb_service sb_service_kinesis = { .signing_name = "kinesis",
                                               .row = "kinesis",
                                               .operations = operations,
                                               .make = make,
                                               .truth = truth };
