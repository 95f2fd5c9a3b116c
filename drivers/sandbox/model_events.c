/*
 * EventBridge: rules that can be paused, and events that are put (AWS.md 2.11).
 *
 *     make events us-west-2 {"kind":"rule","name":"nightly","State":"DISABLED"}
 *     make events us-east-1 {"kind":"endpoint","name":"abcde.veo","secondary":"us-west-2"}
 *
 * A global endpoint takes events to its primary's region, or to its secondary's when that is away.
 */
#include "sandbox_docs.h"

static const struct sb_kind kinds[] = {
    { "rule",
      "{\"Name\":\"{name}\",\"Arn\":\"arn:aws:events:{region}:{account}:rule/{name}\","
      "\"ScheduleExpression\":\"rate(5 "
      "minutes)\",\"State\":\"ENABLED\",\"EventBusName\":\"default\"}",
      false, NULL },
    { "endpoint", "{\"primary\":\"{region}\",\"secondary\":\"{region}\"}", true, NULL },
    { 0 },
};

static struct sb_doc *rule(struct sb_call *c)
{
    return sb_doc_named(c, c->region, "rule", sb_in(c, "Name"), 400, "ResourceNotFoundException");
}

static void describe_rule(struct sb_call *c)
{
    const struct sb_doc *r = rule(c);
    if (r)
        sb_doc_put(&c->out, r, "");
}

static void switch_rule(struct sb_call *c, const char *state)
{
    struct sb_doc *r = rule(c);
    if (!r)
        return;
    if (sb_doc_has(r, "ManagedBy")) {
        sb_error(c, 400, "ManagedRuleException", "Rule is managed by an AWS service.");
        return;
    }
    sb_doc_set(r, "State", state);
    sb_effect(c);
}

static void enable_rule(struct sb_call *c)
{
    switch_rule(c, "\"ENABLED\"");
}

static void disable_rule(struct sb_call *c)
{
    switch_rule(c, "\"DISABLED\"");
}

static size_t anywhere(const struct sb_call *c)
{
    const struct sb_doc *e =
        sb_doc_find(c->sb, SB_EVENTS, SB_ANYWHERE, "endpoint", sb_in(c, "EndpointId"));
    size_t primary = e ? sb_region_find(c->sb, sb_doc_text(e, "primary")) : SB_REGIONS_MAX;
    return !e || sb_reachable(c->sb, primary) ? primary
                                              : sb_region_find(c->sb, sb_doc_text(e, "secondary"));
}

/* 200 even when events are refused: who asks has to look at each. */
static void put_events(struct sb_call *c)
{
    int failed = 0, n = 0;
    struct evac_buf entries;
    if (sb_has(c, "EndpointId") != c->for_all) {
        sb_error(c, 403, "SignatureDoesNotMatch",
                 "A global endpoint wants EndpointId and a "
                 "signature for all regions, both.");
        return;
    }
    evac_buf_init(&entries, 65536);
    for (; sb_has(c, "Entries.%d", n + 1); n++) {
        bool whole = sb_in(c, "Entries.%d.Source", n + 1).n &&
                     sb_in(c, "Entries.%d.DetailType", n + 1).n &&
                     sb_in(c, "Entries.%d.Detail", n + 1).n;
        char id[17];
        sb_random_id(c->sb, id, 16);
        evac_buf_puts(&entries, n ? "," : "");
        if (whole) {
            evac_buf_putf(&entries, "{\"EventId\":\"%s\"}", id);
            struct sb_doc *e = sb_doc_new(c->sb, c->id, c->region, "event", evac_str(id));
            if (e) {
                sb_doc_set_text(e, "Source", sb_in(c, "Entries.%d.Source", n + 1));
                sb_doc_set_text(e, "DetailType", sb_in(c, "Entries.%d.DetailType", n + 1));
                sb_doc_set_text(e, "Detail", sb_in(c, "Entries.%d.Detail", n + 1));
            }
        } else {
            failed++;
            evac_buf_puts(&entries, "{\"ErrorCode\":\"InvalidArgument\",\"ErrorMessage\":"
                                    "\"Source, DetailType and Detail are required.\"}");
        }
    }
    if (n == 0 || n > 10)
        sb_error(c, 400, "ValidationException", "Entries: from 1 to 10.");
    else
        evac_buf_putf(&c->out, "{\"FailedEntryCount\":%d,\"Entries\":[%s]}", failed, entries.p);
    if (!c->failed && failed < n)
        sb_effect(c);
    evac_buf_done(&entries);
}

static const struct sb_operation operations[] = {
    { "DescribeRule", describe_rule, .takes = "Name! EventBusName" },
    { "EnableRule", enable_rule, SB_MUTATES, .takes = "Name! EventBusName" },
    { "DisableRule", disable_rule, SB_MUTATES, .takes = "Name! EventBusName" },
    { "PutEvents", put_events, SB_MUTATES, .takes = "Entries! EndpointId" },
    { 0 },
};

SB_DOCS(EVENTS, kinds)

const struct sb_service sb_service_events = { .signing_name = "events",
                                              .row = "events",
                                              .anywhere = anywhere,
                                              .operations = operations,
                                              .make = make,
                                              .truth = truth };
