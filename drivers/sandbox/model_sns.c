/*
 * SNS: messages to topics (AWS.md 2.11).
 *
 *     make sns us-west-2
 * {"kind":"topic","name":"oncall","attributes":{"SubscriptionsConfirmed":"0"}}
 */
#include "sandbox_docs.h"

#include <cjson/cJSON.h>

static const struct sb_kind kinds[] = {
    { "topic", "{\"published\":0,\"attributes\":{\"SubscriptionsConfirmed\":\"1\"}}", false, NULL },
    { 0 }
};

static struct sb_doc *topic(struct sb_call *c)
{
    return sb_doc_named(c, c->region, "topic", sb_short_name(sb_in(c, "TopicArn")), 404,
                        "NotFound");
}

static void put_attribute(struct sb_call *c, const char *name, struct evac_str value)
{
    evac_buf_puts(&c->out, "<entry>");
    sb_tag(&c->out, "key", evac_str(name));
    sb_tag(&c->out, "value", value);
    evac_buf_puts(&c->out, "</entry>");
}

static void get_attributes(struct sb_call *c)
{
    const struct sb_doc *t = topic(c);
    const cJSON *e;
    if (!t)
        return;
    evac_buf_puts(&c->out, "<Attributes>");
    put_attribute(c, "TopicArn", sb_in(c, "TopicArn"));
    cJSON_ArrayForEach(e, cJSON_GetObjectItem(t->json, "attributes"))
    {
        put_attribute(c, e->string, evac_str(cJSON_GetStringValue(e)));
    }
    evac_buf_puts(&c->out, "</Attributes>");
}

static void publish(struct sb_call *c)
{
    struct sb_doc *t = topic(c);
    char id[33];
    if (!t)
        return;
    if (sb_in(c, "Subject").n > 100 || !sb_in(c, "Message").n) {
        sb_error(c, 400, "InvalidParameter", "Invalid parameter: Subject or Message");
        return;
    }
    sb_doc_set_num(t, "published", (double)sb_doc_num(t, "published", 0) + 1);
    sb_doc_take(c, t, "last", "Message");
    sb_effect(c);
    sb_random_id(c->sb, id, 32);
    sb_tag(&c->out, "MessageId", evac_str(id));
}

static const struct sb_operation operations[] = {
    { "GetTopicAttributes", get_attributes, .takes = "TopicArn!" },
    { "Publish", publish, SB_MUTATES,
      .takes = "TopicArn! Message! Subject MessageAttributes MessageGroupId "
               "MessageDeduplicationId" },
    { 0 },
};

SB_DOCS(SNS, kinds)

const struct sb_service sb_service_sns = { .signing_name = "sns",
                                           .row = "sns",
                                           .xmlns = "http://sns.amazonaws.com/doc/2010-03-31/",
                                           .operations = operations,
                                           .make = make,
                                           .truth = truth };
