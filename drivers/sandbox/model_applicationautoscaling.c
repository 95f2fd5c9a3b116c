/*
 * Application Auto Scaling: bounds of what scales by itself, and pauses of that (AWS.md 2.6).
 *
 *     make application-autoscaling us-west-2 {"kind":"target","name":"service/shop/web"}
 */
#include "sandbox_docs.h"

static const struct sb_kind kinds[] = {
    { "target",
      "{\"ServiceNamespace\":\"ecs\",\"ResourceId\":\"{name}\",\"ScalableDimension\":\"ecs:service:"
      "DesiredCount\","
      "\"MinCapacity\":1,\"MaxCapacity\":10,\"RoleARN\":\"arn:aws:iam::{account}:role/"
      "aws-service-role/scaling\","
      "\"CreationTime\":1767225600,\"SuspendedState\":{\"DynamicScalingInSuspended\":false,"
      "\"DynamicScalingOutSuspended\":false,\"ScheduledScalingSuspended\":false}}",
      false, NULL },
    { 0 },
};

static bool asked_for(struct sb_call *c, const struct sb_doc *t)
{
    bool found = !sb_has(c, "ResourceIds.1");
    for (int i = 1; sb_has(c, "ResourceIds.%d", i); i++)
        found |= evac_str_eq(sb_in(c, "ResourceIds.%d", i), sb_doc_text(t, "ResourceId"));
    struct evac_str dimension = sb_in(c, "ScalableDimension");
    return found && evac_str_eq(sb_in(c, "ServiceNamespace"), sb_doc_text(t, "ServiceNamespace")) &&
           (!dimension.n || evac_str_eq(dimension, sb_doc_text(t, "ScalableDimension")));
}

static void describe_targets(struct sb_call *c)
{
    struct sb_doc *t = NULL;
    bool first = true;
    evac_buf_puts(&c->out, "{\"ScalableTargets\":[");
    while ((t = sb_doc_next(c->sb, c->id, c->region, "target", t))) {
        if (!asked_for(c, t))
            continue;
        evac_buf_puts(&c->out, first ? "" : ",");
        sb_doc_put(&c->out, t, "");
        first = false;
    }
    evac_buf_puts(&c->out, "]}");
}

/* Makes or changes: what is not sent stays. */
static void register_target(struct sb_call *c)
{
    struct evac_str id = sb_in(c, "ResourceId");
    struct sb_doc *t = sb_doc_find(c->sb, c->id, c->region, "target", id);
    if (!t && (!sb_has(c, "MinCapacity") || !sb_has(c, "MaxCapacity"))) {
        sb_error(c, 400, "ValidationException",
                 "MinCapacity and MaxCapacity are required for a new scalable target.");
        return;
    }
    int64_t min = sb_in_i64(c, "MinCapacity", t ? sb_doc_num(t, "MinCapacity", 0) : 0);
    int64_t max = sb_in_i64(c, "MaxCapacity", t ? sb_doc_num(t, "MaxCapacity", 0) : 0);
    if (min < 0 || max < min) {
        sb_error(c, 400, "ValidationException",
                 "MinCapacity must not be below 0 nor above MaxCapacity.");
        return;
    }
    if (!t)
        t = sb_doc_of_kind(c->sb, c->id, kinds, "target", c->region, id);
    sb_doc_take(c, t, "ServiceNamespace", "ServiceNamespace");
    sb_doc_take(c, t, "ScalableDimension", "ScalableDimension");
    sb_doc_set_num(t, "MinCapacity", (double)min);
    sb_doc_set_num(t, "MaxCapacity", (double)max);
    sb_doc_take(c, t, "SuspendedState", "SuspendedState");
    sb_effect(c);
    evac_buf_putf(&c->out,
                  "{\"ScalableTargetARN\":\"arn:aws:application-autoscaling:%s:" SB_ACCOUNT
                  ":scalable-target/0001\"}",
                  sb_region_name(c->sb, c->region));
}

/* clang-format off */
static const struct sb_operation operations[] = {
    { "DescribeScalableTargets", describe_targets, .takes = "ServiceNamespace! ResourceIds ScalableDimension MaxResults NextToken" },
    { "RegisterScalableTarget", register_target, SB_MUTATES,
      .takes = "ServiceNamespace! ResourceId! ScalableDimension! MinCapacity MaxCapacity RoleARN SuspendedState Tags" },
    { 0 },
};
/* clang-format on */

SB_DOCS(APPLICATIONAUTOSCALING, kinds)

const struct sb_service sb_service_applicationautoscaling = { .signing_name =
                                                                  "application-autoscaling",
                                                              .row = "application-autoscaling",
                                                              .operations = operations,
                                                              .make = make,
                                                              .truth = truth };
