/*
 * Global Accelerator: dials and weights; its only API is in us-west-2 (AWS.md 2.8).
 *
 *     make globalaccelerator us-west-2
 * {"kind":"endpoint-group","name":"<arn>","EndpointGroupRegion":"us-east-1"} make globalaccelerator
 * us-west-2 {"kind":"accelerator","name":"<arn>"}
 */
#include "sandbox_docs.h"

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
