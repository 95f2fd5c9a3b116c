/*
 * Global Accelerator: dials and weights; its only API is in us-west-2 (AWS.md 2.8).
 *
 *     make globalaccelerator us-west-2
 * {"kind":"endpoint-group","name":"<arn>","EndpointGroupRegion":"us-east-1"} make globalaccelerator
 * us-west-2 {"kind":"accelerator","name":"<arn>"}
 */
#include "sandbox_docs.h"

#include <string.h>

#define DEPLOY_MS 15000u

static const struct sb_kind kinds[] = {
    { "accelerator",
      "{\"AcceleratorArn\":\"{name}\",\"Name\":\"shop\",\"Enabled\":true,\"Status\":\"DEPLOYED\"}",
      false, NULL },
    { "endpoint-group",
      "{\"EndpointGroupArn\":\"{name}\",\"TrafficDialPercentage\":100,\"EndpointDescriptions\":[]}",
      false, NULL },
    { 0 },
};

/* "<accelerator's arn>/listener/x/endpoint-group/y" */
static struct sb_doc *accelerator_of(struct sb_call *c, const struct sb_doc *group)
{
    struct sb_doc *a = NULL;
    while ((a = sb_doc_next(c->sb, c->id, c->region, "accelerator", a)))
        if (evac_str_starts(evac_str(group->name), a->name))
            return a;
    return NULL;
}

static void describe_accelerator(struct sb_call *c)
{
    const struct sb_doc *a = sb_doc_named(c, c->region, "accelerator", sb_in(c, "AcceleratorArn"),
                                          400, "AcceleratorNotFoundException");
    if (!a)
        return;
    evac_buf_puts(&c->out, "{\"Accelerator\":");
    sb_doc_put(&c->out, a, "");
    evac_buf_putc(&c->out, '}');
}

static struct sb_doc *group(struct sb_call *c)
{
    return sb_doc_named(c, c->region, "endpoint-group", sb_in(c, "EndpointGroupArn"), 400,
                        "EndpointGroupNotFoundException");
}

static void put_group(struct sb_call *c, const struct sb_doc *g)
{
    evac_buf_puts(&c->out, "{\"EndpointGroup\":");
    sb_doc_put(&c->out, g, "");
    evac_buf_putc(&c->out, '}');
}

static void describe_group(struct sb_call *c)
{
    const struct sb_doc *g = group(c);
    if (g)
        put_group(c, g);
}

/* "<accelerator's arn>/listener/x" of "<that>/endpoint-group/y" */
static struct evac_str listener_of(const struct sb_doc *g)
{
    const char *end = strstr(g->name, "/endpoint-group/");
    return (struct evac_str){ g->name, end ? (size_t)(end - g->name) : 0 };
}

static bool is_listed_before(const struct sb_call *c, const struct sb_doc *until)
{
    const struct sb_doc *g = NULL;
    while ((g = sb_doc_next(c->sb, c->id, c->region, "endpoint-group", g)) != until)
        if (evac_str_eq(listener_of(g), listener_of(until)))
            return true;
    return false;
}

static void list(struct sb_call *c, const char *member, struct evac_str of, bool listeners)
{
    const struct sb_doc *g = NULL;
    bool first = true;
    evac_buf_putf(&c->out, "{\"%s\":[", member);
    while ((g = sb_doc_next(c->sb, c->id, c->region, "endpoint-group", g))) {
        struct evac_str listener = listener_of(g);
        bool its = listeners ? evac_str_starts(listener, of.p) && !is_listed_before(c, g)
                             : evac_str_eq(listener, of);
        if (!its)
            continue;
        evac_buf_puts(&c->out, first ? "" : ",");
        first = false;
        if (listeners)
            evac_buf_putf(&c->out,
                          "{\"ListenerArn\":\"%.*s\",\"Protocol\":\"TCP\",\"ClientAffinity\":"
                          "\"NONE\",\"PortRanges\":[{\"FromPort\":443,\"ToPort\":443}]}",
                          EVAC_STR_ARG(listener));
        else
            sb_doc_put(&c->out, g, "");
    }
    evac_buf_puts(&c->out, "]}");
}

/* A listener is there when it has a group. */
static void list_listeners(struct sb_call *c)
{
    const struct sb_doc *a = sb_doc_named(c, c->region, "accelerator", sb_in(c, "AcceleratorArn"),
                                          400, "AcceleratorNotFoundException");
    if (a)
        list(c, "Listeners", evac_arena_printf(c->arena, "%s/", a->name), true);
}

static void list_groups(struct sb_call *c)
{
    list(c, "EndpointGroups", sb_in(c, "ListenerArn"), false);
}

static void update_group(struct sb_call *c)
{
    struct sb_doc *g = group(c);
    int64_t dial = sb_in_i64(c, "TrafficDialPercentage", 100);
    if (!g)
        return;
    if (dial < 0 || dial > 100) {
        sb_error(c, 400, "InvalidArgumentException", "TrafficDialPercentage: from 0 to 100.");
        return;
    }
    struct sb_doc *a = accelerator_of(c, g);
    if (a && sb_doc_is(a, "Status", "IN_PROGRESS")) {
        sb_error(c, 400, "TransactionInProgressException", "A change is in progress.");
        return;
    }
    sb_doc_take(c, g, "TrafficDialPercentage", "TrafficDialPercentage");
    if (sb_has(c, "EndpointConfigurations"))
        sb_doc_take(c, g, "EndpointDescriptions", "EndpointConfigurations");
    if (a) {
        sb_doc_set(a, "Status", "\"IN_PROGRESS\"");
        sb_doc_later(c->sb, a, DEPLOY_MS, "Status", "\"DEPLOYED\"");
    }
    sb_effect(c);
    put_group(c, g);
}

/* clang-format off */
static const struct sb_operation operations[] = {
    { "DescribeAccelerator", describe_accelerator, .takes = "AcceleratorArn!" },
    { "DescribeEndpointGroup", describe_group, .takes = "EndpointGroupArn!" },
    { "ListListeners", list_listeners, .takes = "AcceleratorArn! MaxResults NextToken" },
    { "ListEndpointGroups", list_groups, .takes = "ListenerArn! MaxResults NextToken" },
    { "UpdateEndpointGroup", update_group, SB_MUTATES,
      .takes = "EndpointGroupArn! EndpointConfigurations TrafficDialPercentage HealthCheckPort HealthCheckProtocol "
               "HealthCheckPath HealthCheckIntervalSeconds ThresholdCount" },
    { 0 },
};
/* clang-format on */

SB_DOCS(GLOBALACCELERATOR, kinds)

const struct sb_service sb_service_globalaccelerator = { .signing_name = "globalaccelerator",
                                                         .row = "globalaccelerator",
                                                         .home = "us-west-2",
                                                         .operations = operations,
                                                         .make = make,
                                                         .truth = truth };
