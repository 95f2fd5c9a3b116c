/*
 * EC2 Auto Scaling groups: how many instances are in service. Minimum, maximum and desired size are
 * sent together, since the service refuses a desired size outside of the other two (AWS.md 2.6).
 * Last writer wins. An instance may be in service long before it answers: with a target group, only
 * those count that are healthy there as well.
 */
#include "asg_parts.h"
#include "aws_parity.h"

#include <string.h>

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "group", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL,
      "the group's name" },
    { "count", EVAC_PARAM_INT, EVAC_PARAM_GROUP, NULL, NULL,
      "named sizes, as count = { active = 6; standby = 1; }" },
    { "target_group", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL,
      "a load balancer's target group, by name or ARN: an instance counts when it is healthy there too" },
    AWS_PARITY_PARAM,
    { 0 },
};

#define LOOK { "autoscaling", "DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingGroups", EVAC_HOME_STEP, NULL, true, false }, \
             { "autoscaling", "DescribeScalingActivities", "autoscaling:DescribeScalingActivities", EVAC_HOME_STEP, NULL, true, false }, \
             AWS_TARGETS_OPS
#define TEMPLATE_OP(name) { "ec2", name, "ec2:" name, EVAC_HOME_STEP, NULL, true, false }
static const struct evac_op ready_ops[] = {
    LOOK, TEMPLATE_OP("DescribeLaunchTemplateVersions"), TEMPLATE_OP("DescribeImages"), TEMPLATE_OP("DescribeInstanceTypeOfferings"), { 0 },
};
static const struct evac_op still_ops[] = { LOOK, { 0 } };
static const struct evac_op parity_ops[] = {
    AWS_PARITY_OP("autoscaling", "DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingGroups"),
    AWS_PARITY_OP("ec2", "DescribeLaunchTemplateVersions", "ec2:DescribeLaunchTemplateVersions"),
    AWS_PARITY_OP("ec2", "DescribeImages", "ec2:DescribeImages"),
    { 0 },
};
static const struct evac_op scale_ops[] = {
    LOOK,
    { "autoscaling", "UpdateAutoScalingGroup", "autoscaling:UpdateAutoScalingGroup", EVAC_HOME_STEP, NULL, true, true },
    { 0 },
};

static const struct evac_action actions[] = {
    { "ready", "the group may launch instances, its launch template and image are there, and it has what it should have",
      0, EVAC_FENCING_NONE, 1000, 120000, NULL, ready_ops },
    AWS_PARITY_ACTION(parity_ops),
    { "scale", "so many instances are in service; where the app is taken over, more are left as they are",
      EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 240000, 1200000, aws_scale_params,
      scale_ops, "aws autoscaling update-auto-scaling-group --region <region> --auto-scaling-group-name <group> "
      "--min-size <was.min> --max-size <was.max> --desired-capacity <was.desired>" },
    AWS_STILL_ACTION("no more instances are in service than a standby's", aws_still_params, still_ops),
    { 0 },
};
/* clang-format on */

/* --- what DescribeAutoScalingGroups says ----------------------------------------------------- */

struct view {
    bool found, launch_suspended;
    int64_t min, max, desired, in_service;
    struct evac_str *ids; /* of those that are in service */
    int64_t healthy;      /* of those, behind the load balancer; all of them without one */
    struct evac_str problem;
    struct evac_str template, version; /* launch template's; "" it has none */
    struct evac_str type;              /* of an instance that is there, "" there is none */
    struct evac_str hourly;            /* of the snapshot, "" not known */
};

static int64_t number(const struct evac_xml *x, const char *name)
{
    int64_t value;
    return evac_str_i64(evac_xml_text(x, name), &value) ? value : 0;
}

static size_t count_instances(const struct evac_xml *group)
{
    size_t n = 0;
    for (const struct evac_xml *i = evac_xml_path(group, "Instances/member"); i;
         i = evac_xml_again(i))
        n++;
    return n;
}

static struct view read_view(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct evac_xml *g = asg_group(c, r);
    struct view v = { .found = g != NULL,
                      .min = number(g, "MinSize"),
                      .max = number(g, "MaxSize"),
                      .desired = number(g, "DesiredCapacity"),
                      .ids = evac_arena_array(c->arena, count_instances(g) + 1, sizeof *v.ids) };
    for (const struct evac_xml *i = evac_xml_path(g, "Instances/member"); i; i = evac_xml_again(i))
        if (evac_str_is(evac_xml_text(i, "LifecycleState"), "InService") &&
            evac_str_is(evac_xml_text(i, "HealthStatus"), "Healthy"))
            v.ids[v.in_service++] = evac_arena_str(c->arena, evac_xml_text(i, "InstanceId"));
    v.healthy = v.in_service;
    const struct evac_xml *t = evac_xml_child(g, "LaunchTemplate");
    if (!t)
        t = evac_xml_path(g, "MixedInstancesPolicy/LaunchTemplate/LaunchTemplateSpecification");
    v.template = evac_arena_str(c->arena, evac_xml_text(t, "LaunchTemplateId"));
    v.version = evac_arena_str(c->arena, evac_xml_text(t, "Version"));
    v.type = evac_arena_str(c->arena, evac_xml_text(g, "Instances/member/InstanceType"));
    for (const struct evac_xml *p = evac_xml_path(g, "SuspendedProcesses/member"); p;
         p = evac_xml_again(p))
        v.launch_suspended |= evac_str_is(evac_xml_text(p, "ProcessName"), "Launch");
    return v;
}

static void seen(struct aws_call *c, const struct view *v, enum evac_seen seen, int progress,
                 const char *why)
{
    struct evac_fact facts[] = { { "desired", v->desired },
                                 { "in_service", v->in_service },
                                 { "healthy", v->healthy } };
    struct aws_sight sight = {
        .seen = seen, .progress = progress, .facts = facts, .fact_count = v->found ? 3 : 0
    };
    if (v->found)
        sight.snapshot =
            aws_printf(c, "{\"min\":%lld,\"max\":%lld,\"desired\":%lld%.*s}", (long long)v->min,
                       (long long)v->max, (long long)v->desired, EVAC_STR_ARG(v->hourly));
    aws_answer_seen(c, &sight, "%s", why);
}

/* One look: the group, then its targets where it has any. judge ends it. */
struct looking {
    struct aws_wanted wanted; /* scale's */
    struct view v;
    aws_then_fn *judge;
};

static void on_targets(struct aws_call *c, const struct aws_targets *targets)
{
    struct looking *w = c->state;
    struct view *v = &w->v;
    if (targets->failed) {
        aws_answer_unseen(c, targets->failed);
        return;
    }
    if (!targets->found) {
        seen(c, v, EVAC_SEEN_BLOCKED, -1, "there is no such target group");
        return;
    }
    v->healthy = 0;
    v->problem = targets->problem;
    for (int64_t i = 0; i < v->in_service; i++)
        for (size_t t = 0; t < targets->healthy; t++)
            if (evac_str_eq(v->ids[i], targets->healthy_ids[t])) {
                v->healthy++;
                break;
            }
    w->judge(c);
}

static void on_look(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct looking *w = c->state;
    struct evac_str targets = aws_regional(c, "target_group");
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    w->v = read_view(c, r);
    if (!w->v.found)
        seen(c, &w->v, EVAC_SEEN_BLOCKED, -1, "there is no such group");
    else if (targets.n)
        aws_targets_next(c, targets, on_targets);
    else
        w->judge(c);
}

static const char *how_many(struct aws_call *c, const struct view *v, int64_t wanted)
{
    if (aws_regional(c, "target_group").n)
        return aws_printf(c,
                          "%lld of %lld instances are in service, %lld of them healthy behind the "
                          "load balancer%s%.*s",
                          (long long)v->in_service, (long long)wanted, (long long)v->healthy,
                          v->problem.n ? ": " : "", EVAC_STR_ARG(v->problem))
            .p;
    return aws_printf(c, "%lld of %lld instances are in service", (long long)v->in_service,
                      (long long)wanted)
        .p;
}

/* --- ready ----------------------------------------------------------------------------------- */

static void checked(struct aws_call *c, const char *finding)
{
    struct looking *w = c->state;
    struct view *v = &w->v;
    bool has_asked = v->template.n && !v->launch_suspended; /* as judge_ready decides */
    struct evac_str type = has_asked ? asg_template_type(c) : EVAC_STR_NONE;
    if (type.n == 0)
        type = v->type;
    if (type.n)
        v->hourly = aws_hourly(c, v->desired, aws_printf(c, "\"ec2/%.*s\":1", EVAC_STR_ARG(type)));
    if (finding)
        seen(c, v, EVAC_SEEN_BLOCKED, -1, finding);
    else
        seen(c, v, v->healthy >= v->desired ? EVAC_SEEN_SATISFIED : EVAC_SEEN_MOVING, -1,
             how_many(c, v, v->desired));
}

static void judge_ready(struct aws_call *c)
{
    const struct looking *w = c->state;
    if (w->v.launch_suspended)
        checked(c, "the group's Launch process is suspended");
    else if (w->v.template.n)
        asg_check_template(c, w->v.template, w->v.version, checked);
    else
        checked(c, NULL);
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    struct looking *w = evac_arena_alloc(c->arena, sizeof *w);
    w->judge = judge_ready;
    c->state = w;
    return asg_look(c, on_look, err);
}

/* --- scale ----------------------------------------------------------------------------------- */

static int progress(const struct looking *w)
{
    int64_t percent = w->wanted.count > 0 ? w->v.healthy * 100 / w->wanted.count : 100;
    return (int)(percent < 100 ? percent : 100);
}

/* The newest activity tells why instances do not come: an aid, so its own failure changes nothing.
 */
static void on_activities(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct looking *w = c->state;
    const struct evac_xml *a =
        evac_xml_path(r->xml, "DescribeScalingActivitiesResult/Activities/member");
    const char *why = how_many(c, &w->v, w->wanted.count);
    if (evac_str_is(evac_xml_text(a, "StatusCode"), "Failed"))
        why = aws_printf(c, "%s: %.*s", why, EVAC_STR_ARG(evac_xml_text(a, "StatusMessage"))).p;
    seen(c, &w->v, EVAC_SEEN_MOVING, progress(w), why);
}

static void ask_why(struct aws_call *c)
{
    struct evac_arg params[] = {
        AWS_PARAM("AutoScalingGroupName", aws_regional(c, "group")),
        AWS_PARAM("MaxRecords", EVAC_STR("1")),
    };
    struct evac_aws_request request = { .service = "autoscaling",
                                        .operation = "DescribeScalingActivities",
                                        .region = c->region,
                                        .params = params,
                                        .param_count = 2 };
    aws_next(c, &request, on_activities);
}

static void judge_scale(struct aws_call *c)
{
    const struct looking *w = c->state;
    const struct view *v = &w->v;
    bool asked = w->wanted.exact ? v->desired == w->wanted.count : v->desired >= w->wanted.count;
    bool enough =
        v->healthy >= w->wanted.enough && (!w->wanted.exact || v->in_service <= w->wanted.count);
    if (!asked)
        seen(c, v, EVAC_SEEN_UNSATISFIED, progress(w), how_many(c, v, w->wanted.count));
    else if (enough)
        seen(c, v, EVAC_SEEN_SATISFIED, 100, how_many(c, v, w->wanted.count));
    else if (v->launch_suspended && v->in_service < w->wanted.enough)
        seen(c, v, EVAC_SEEN_BLOCKED, progress(w), "the group's Launch process is suspended");
    else
        ask_why(c);
}

static enum evac_code observe_scale(struct aws_call *c, struct evac_err *err)
{
    struct looking *w = evac_arena_alloc(c->arena, sizeof *w);
    enum evac_code code = aws_wanted(c, &w->wanted, err);
    w->judge = judge_scale;
    c->state = w;
    return code ? code : asg_look(c, on_look, err);
}

static void updated(struct aws_call *c, const struct evac_aws_reply *r)
{
    aws_answer_outcome(c, r);
}

/* The bounds make room for the count, and are never tightened; a goal restores them as they were.
 */
static void update(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct looking *w = c->state;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_not_sent(c, r);
        return;
    }
    struct view v = read_view(c, r);
    if (!v.found) {
        aws_answer_rejected(c, "", "there is no such group");
        return;
    }
    int64_t min = aws_goal_i64(c, "min", v.min < w->wanted.count ? v.min : w->wanted.count);
    int64_t max = aws_goal_i64(c, "max", v.max > w->wanted.count ? v.max : w->wanted.count);
    struct evac_arg params[] = {
        AWS_PARAM("AutoScalingGroupName", aws_regional(c, "group")),
        AWS_PARAM("MinSize", aws_printf(c, "%lld", (long long)min)),
        AWS_PARAM("MaxSize", aws_printf(c, "%lld", (long long)max)),
        AWS_PARAM("DesiredCapacity", aws_printf(c, "%lld", (long long)w->wanted.count)),
    };
    struct evac_aws_request request = { .service = "autoscaling",
                                        .operation = "UpdateAutoScalingGroup",
                                        .region = c->region,
                                        .mutates = true,
                                        .params = params,
                                        .param_count = 4 };
    aws_next(c, &request, updated);
}

static enum evac_code apply_scale(struct aws_call *c, struct evac_err *err)
{
    struct looking *w = evac_arena_alloc(c->arena, sizeof *w);
    enum evac_code code = aws_wanted(c, &w->wanted, err);
    c->state = w;
    return code ? code : asg_look(c, update, err);
}

/* --- still ----------------------------------------------------------------------------------- */

static void judge_still(struct aws_call *c)
{
    const struct looking *w = c->state;
    const struct view *v = &w->v;
    int64_t standby = evac_args_i64(&c->args, "count.standby", 0);
    int64_t runs = v->in_service > v->desired ? v->in_service : v->desired;
    seen(c, v, runs <= standby ? EVAC_SEEN_SATISFIED : EVAC_SEEN_UNSATISFIED, -1,
         aws_still_more(c, runs, "instances", standby));
}

static enum evac_code observe_still(struct aws_call *c, struct evac_err *err)
{
    struct looking *w = evac_arena_alloc(c->arena, sizeof *w);
    w->judge = judge_still;
    c->state = w;
    return asg_look(c, on_look, err);
}

/* --- parity ---------------------------------------------------------------------------------- */

/* clang-format off */
#define GROUP "DescribeAutoScalingGroupsResult/AutoScalingGroups/member"
#define MIXED GROUP "/MixedInstancesPolicy/LaunchTemplate"
static const struct aws_kept of_template[] = {
    { "template", GROUP "/LaunchTemplate/LaunchTemplateId" },
    { "version", GROUP "/LaunchTemplate/Version" },
    { "template", MIXED "/LaunchTemplateSpecification/LaunchTemplateId" },
    { "version", MIXED "/LaunchTemplateSpecification/Version" },
    { 0 },
};
static const struct aws_compared of_group[] = {
    { "largest size", GROUP "/MaxSize" },
    { "health check", GROUP "/HealthCheckType" },
    { "instance types", MIXED "/Overrides/member[*]/InstanceType" },
    { 0 },
};
static const struct aws_parity parity = { .rows = {
    { "the group", { "autoscaling", "DescribeAutoScalingGroups", .params = "AutoScalingGroupNames.member.1=<group>" },
      .there_at = GROUP "/AutoScalingGroupName", .kept = of_template, .compared = of_group },
    AWS_PARITY_TEMPLATE("LaunchTemplateId=<template>&LaunchTemplateVersion.1=<version>", .needs = "template"),
    AWS_PARITY_IMAGE } };
/* clang-format on */

static const struct aws_handlers handlers[] = {
    { .action = "parity", .parity = &parity },
    { .action = "ready", .observe = observe_ready },
    { .action = "scale", .observe = observe_scale, .apply = apply_scale },
    { .action = EVAC_ACTION_STILL, .observe = observe_still },
    { 0 },
};

static enum evac_code call_asg(struct evac_link *link, const struct evac_call *call,
                               evac_done_fn *done, void *user, uint64_t *ret_id,
                               struct evac_err *err)
{
    return aws_run(link, handlers, call_asg, call, done, user, ret_id, err);
}

const struct evac_driver evac_driver_asg = {
    "asg", "an EC2 Auto Scaling group", resource_params, actions, 0, NULL, call_asg, aws_cancel
};
