/*
 * AWS Health: what AWS itself says is wrong (AWS.md 2.10), in us-east-1 and us-east-2.
 *
 *     make health us-east-1
 * {"kind":"event","name":"AWS_EC2_OPERATIONAL_ISSUE_1","service":"EC2","region":"us-east-1"}
 */
#include "sandbox_docs.h"

static const struct sb_kind kinds[] = {
    { "event",
      "{\"arn\":\"arn:aws:health:{region}::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/"
      "{name}\",\"service\":\"EC2\","
      "\"eventTypeCode\":\"AWS_EC2_OPERATIONAL_ISSUE\",\"eventTypeCategory\":\"issue\",\"region\":"
      "\"{region}\","
      "\"startTime\":1767225600,\"lastUpdatedTime\":1767225600,\"statusCode\":\"open\","
      "\"eventScopeCode\":\"PUBLIC\"}",
      true, NULL },
    { 0 },
};

static bool listed(struct sb_call *c, const char *filter, struct evac_str value)
{
    bool any = !sb_has(c, "filter.%s.1", filter);
    for (int i = 1; sb_has(c, "filter.%s.%d", filter, i); i++)
        any |= evac_str_eq(sb_in(c, "filter.%s.%d", filter, i), value);
    return any;
}

static void describe_events(struct sb_call *c)
{
    struct sb_doc *e = NULL;
    bool first = true;
    evac_buf_puts(&c->out, "{\"events\":[");
    while ((e = sb_doc_next(c->sb, c->id, SB_ANYWHERE, "event", e))) {
        if (!listed(c, "regions", sb_doc_text(e, "region")) ||
            !listed(c, "services", sb_doc_text(e, "service")) ||
            !listed(c, "eventTypeCategories", sb_doc_text(e, "eventTypeCategory")) ||
            !listed(c, "eventStatusCodes", sb_doc_text(e, "statusCode")))
            continue;
        evac_buf_puts(&c->out, first ? "" : ",");
        sb_doc_put(&c->out, e, "");
        first = false;
    }
    evac_buf_puts(&c->out, "]}");
}

static const struct sb_operation operations[] = {
    { "DescribeEvents", describe_events, .takes = "filter nextToken maxResults locale" },
    { 0 },
};

SB_DOCS(HEALTH, kinds)

const struct sb_service sb_service_health = { .signing_name = "health",
                                              .row = "health",
                                              .operations = operations,
                                              .make = make,
                                              .truth = truth };
