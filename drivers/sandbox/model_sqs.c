/*
 * SQS: how much waits in a queue. Consumers are functions' event source mappings; a queue that has
 * one that is enabled, in its region, drains.
 *
 *     make sqs us-east-1 {"kind":"queue","name":"orders","waiting":40,"in_flight":2}
 *     make sqs us-east-1
 * {"kind":"queue","name":"orders","waiting":0,"attributes":{"VisibilityTimeout":"60"}}
 */
#include "sandbox_docs.h"

#include <cjson/cJSON.h>

#define DRAIN_MS 30000u

/* What waits is worked off in DRAIN_MS. */
static void made(struct evac_sandbox *sb, struct sb_doc *q)
{
    if (!sb_doc_is(q, "drains", "true"))
        return;
    sb_doc_later(sb, q, DRAIN_MS, "waiting", "0");
    sb_doc_later(sb, q, DRAIN_MS, "in_flight", "0");
}

static const struct sb_kind kinds[] = {
    { "queue",
      "{\"waiting\":0,\"in_flight\":0,\"delayed\":0,\"drains\":true,\"attributes\":{"
      "\"VisibilityTimeout\":\"30\",\"MessageRetentionPeriod\":\"345600\",\"DelaySeconds\":\"0\","
      "\"MaximumMessageSize\":\"262144\",\"ReceiveMessageWaitTimeSeconds\":\"0\"}}",
      false, made },
    { 0 },
};

static struct sb_doc *queue(struct sb_call *c, struct evac_str name)
{
    return sb_doc_named(c, c->region, "queue", name, 400, "QueueDoesNotExist");
}

static void get_url(struct sb_call *c)
{
    const struct sb_doc *q = queue(c, sb_in(c, "QueueName"));
    if (q)
        evac_buf_putf(&c->out, "{\"QueueUrl\":\"https://sqs.%s.amazonaws.com/" SB_ACCOUNT "/%s\"}",
                      sb_region_name(c->sb, c->region), q->name);
}

static bool is_asked(const struct sb_call *c, const char *name)
{
    for (int i = 1; sb_has(c, "AttributeNames.%d", i); i++) {
        struct evac_str asked = sb_in(c, "AttributeNames.%d", i);
        if (evac_str_is(asked, "All") || evac_str_is(asked, name))
            return true;
    }
    return false;
}

static void get_attributes(struct sb_call *c)
{
    static const struct {
        const char *name, *member;
    } counts[] = { { "ApproximateNumberOfMessages", "waiting" },
                   { "ApproximateNumberOfMessagesNotVisible", "in_flight" },
                   { "ApproximateNumberOfMessagesDelayed", "delayed" } };
    const struct sb_doc *q = queue(c, sb_short_name(sb_in(c, "QueueUrl")));
    if (!q)
        return;
    bool first = true;
    const cJSON *e;
    evac_buf_puts(&c->out, "{\"Attributes\":{");
    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
        if (!is_asked(c, counts[k].name))
            continue;
        evac_buf_putf(&c->out, "%s\"%s\":\"%lld\"", first ? "" : ",", counts[k].name,
                      (long long)sb_doc_num(q, counts[k].member, 0));
        first = false;
    }
    cJSON_ArrayForEach(e, cJSON_GetObjectItem(q->json, "attributes"))
    {
        if (!is_asked(c, e->string))
            continue;
        evac_buf_putf(&c->out, "%s\"%s\":", first ? "" : ",", e->string);
        evac_buf_json(&c->out, evac_str(cJSON_GetStringValue(e)));
        first = false;
    }
    evac_buf_puts(&c->out, "}}");
}

static const struct sb_operation operations[] = {
    { "GetQueueUrl", get_url, .takes = "QueueName! QueueOwnerAWSAccountId" },
    { "GetQueueAttributes", get_attributes, .takes = "QueueUrl! AttributeNames" },
    { 0 },
};

SB_DOCS(SQS, kinds)

const struct sb_service sb_service_sqs = {
    .signing_name = "sqs", .row = "sqs", .operations = operations, .make = make, .truth = truth
};
