/*
 * A load balancer's target group: whether what is behind it answers (AWS.md 2.6). It changes
 * nothing: what registers targets is somebody else, such as an Auto Scaling group or ECS.
 */
#include "aws_parity.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "target_group", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL,
      "the target group's name or ARN" },
    AWS_PARITY_PARAM,
    { 0 },
};
static const struct evac_param healthy_params[] = {
    { "minimum", EVAC_PARAM_INT, 0, "1", NULL, "at least so many targets" },
    { "minimum_percent", EVAC_PARAM_INT, 0, "0", NULL, "and at least that share of those that are registered" },
    { 0 },
};

static const struct evac_op healthy_ops[] = { AWS_TARGETS_OPS, { 0 } };
static const struct evac_op ready_ops[] = {
    { "elbv2", "DescribeTargetGroups", "elasticloadbalancing:DescribeTargetGroups", EVAC_HOME_STEP, NULL, true, false },
    { "elbv2", "DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers", EVAC_HOME_STEP, NULL, true, false },
    { 0 },
};

static const struct evac_op parity_ops[] = {
    AWS_PARITY_OP("elbv2", "DescribeTargetGroups", "elasticloadbalancing:DescribeTargetGroups"), { 0 },
};
static const struct evac_action actions[] = {
    AWS_PARITY_ACTION(parity_ops),
    { "ready", "the target group is there, and its load balancer is active", 0, EVAC_FENCING_NONE, 1000, 120000,
      NULL, ready_ops },
    { "healthy", "enough targets pass the load balancer's health checks", EVAC_ACTION_VERIFIES, EVAC_FENCING_NONE,
      60000, 900000, healthy_params, healthy_ops },
    { 0 },
};
/* clang-format on */

static void seen(struct aws_call *c, enum evac_seen seen, const char *why)
{
    struct aws_sight sight = { .seen = seen, .progress = -1, .snapshot = EVAC_STR("{}") };
    aws_answer_seen(c, &sight, "%s", why);
}

/* --- healthy ---------------------------------------------------------------------------------- */

struct wanted {
    int64_t minimum, percent;
};

static void judge(struct aws_call *c, const struct wanted *w, const struct aws_targets *t)
{
    int64_t healthy = (int64_t)t->healthy, registered = (int64_t)t->registered;
    int64_t share = (registered * w->percent + 99) / 100;
    int64_t enough = share > w->minimum ? share : w->minimum;
    int64_t part = healthy * 100 / enough;
    struct evac_fact facts[] = { { "healthy", healthy },
                                 { "registered", registered },
                                 { "initial", (int64_t)t->initial } };
    struct aws_sight sight = { .seen = healthy >= enough ? EVAC_SEEN_SATISFIED
                                       : healthy + (int64_t)t->initial >= enough
                                           ? EVAC_SEEN_MOVING
                                           : EVAC_SEEN_UNSATISFIED,
                               .progress = (int)(part < 100 ? part : 100),
                               .snapshot = EVAC_STR("{}"),
                               .facts = facts,
                               .fact_count = 3 };
    aws_answer_seen(c, &sight, "%lld of %lld targets are healthy, %lld are enough%s%.*s",
                    (long long)healthy, (long long)registered, (long long)enough,
                    t->problem.n ? ": " : "", EVAC_STR_ARG(t->problem));
}

static void on_targets(struct aws_call *c, const struct aws_targets *t)
{
    if (t->failed)
        aws_answer_unseen(c, t->failed);
    else if (!t->found)
        seen(c, EVAC_SEEN_BLOCKED, "there is no such target group");
    else
        judge(c, c->state, t);
}

static enum evac_code observe_healthy(struct aws_call *c, struct evac_err *err)
{
    struct wanted *w = evac_arena_alloc(c->arena, sizeof *w);
    w->minimum = evac_args_i64(&c->args, "want.minimum", 1);
    w->percent = evac_args_i64(&c->args, "want.minimum_percent", 0);
    c->state = w;
    if (w->minimum < 1)
        return evac_fail(err, EVAC_E_BADARG, "minimum is %lld: it must be 1 or more",
                         (long long)w->minimum);
    if (w->percent < 0 || w->percent > 100)
        return evac_fail(err, EVAC_E_BADARG, "minimum_percent is %lld: it must be from 0 to 100",
                         (long long)w->percent);
    return aws_targets_first(c, aws_regional(c, "target_group"), on_targets, err);
}

/* --- ready ------------------------------------------------------------------------------------ */

static void on_balancer(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_str state =
        evac_xml_text(r->xml, "DescribeLoadBalancersResult/LoadBalancers/member/State/Code");
    if (r->outcome != EVAC_OUTCOME_ACCEPTED)
        aws_answer_unseen(c, r);
    else if (evac_str_is(state, "active"))
        seen(c, EVAC_SEEN_SATISFIED, "");
    else
        seen(c, evac_str_is(state, "provisioning") ? EVAC_SEEN_MOVING : EVAC_SEEN_BLOCKED,
             aws_printf(c, "the load balancer is %.*s", EVAC_STR_ARG(state)).p);
}

static void on_group(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct evac_xml *group =
        evac_xml_path(r->xml, "DescribeTargetGroupsResult/TargetGroups/member");
    struct evac_str balancer = evac_xml_text(group, "LoadBalancerArns/member");
    if (evac_str_is(r->code, "TargetGroupNotFound")) {
        seen(c, EVAC_SEEN_BLOCKED, "there is no such target group");
    } else if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
    } else if (balancer.n == 0) {
        seen(c, EVAC_SEEN_BLOCKED, "no load balancer uses the target group");
    } else {
        struct evac_arg param = AWS_PARAM("LoadBalancerArns.member.1", balancer);
        struct evac_aws_request request = { .service = "elbv2",
                                            .operation = "DescribeLoadBalancers",
                                            .region = c->region,
                                            .params = &param,
                                            .param_count = 1 };
        aws_next(c, &request, on_balancer);
    }
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    struct evac_str group = aws_regional(c, "target_group");
    struct evac_arg param = { evac_str_starts(group, "arn:") ? EVAC_STR("TargetGroupArns.member.1")
                                                             : EVAC_STR("Names.member.1"),
                              group };
    struct evac_aws_request request = { .service = "elbv2",
                                        .operation = "DescribeTargetGroups",
                                        .region = c->region,
                                        .params = &param,
                                        .param_count = 1 };
    return aws_send(c, &request, on_group, err);
}

/* clang-format off */
#define GROUP "DescribeTargetGroupsResult/TargetGroups/member"
static const struct aws_compared of_group[] = {
    { "protocol", GROUP "/Protocol" },
    { "protocol version", GROUP "/ProtocolVersion" },
    { "port", GROUP "/Port" },
    { "target type", GROUP "/TargetType" },
    { "health check", GROUP "/HealthCheckPath" },
    { "health check's interval", GROUP "/HealthCheckIntervalSeconds" },
    { "health check's timeout", GROUP "/HealthCheckTimeoutSeconds" },
    { "healthy after", GROUP "/HealthyThresholdCount" },
    { "unhealthy after", GROUP "/UnhealthyThresholdCount" },
    { "healthy codes", GROUP "/Matcher/HttpCode" },
    { 0 },
};
#define TARGET_GROUP(ask_params, ...) \
    { "the target group", { "elbv2", "DescribeTargetGroups", .params = ask_params }, .missing_codes = "TargetGroupNotFound", \
      .compared = of_group, __VA_ARGS__ }
static const struct aws_parity parity = { .rows = {
    TARGET_GROUP("Names.member.1=<target_group>", .unless = "target_group=arn:*"),
    TARGET_GROUP("TargetGroupArns.member.1=<target_group>", .needs = "target_group=arn:*") } };
/* clang-format on */

static const struct aws_handlers handlers[] = {
    { .action = "parity", .parity = &parity },
    { .action = "ready", .observe = observe_ready },
    { .action = "healthy", .observe = observe_healthy },
    { 0 },
};

static enum evac_code call_elbv2(struct evac_link *link, const struct evac_call *call,
                                 evac_done_fn *done, void *user, uint64_t *ret_id,
                                 struct evac_err *err)
{
    return aws_run(link, handlers, call_elbv2, call, done, user, ret_id, err);
}

const struct evac_driver evac_driver_elbv2 = {
    "elbv2",   "a load balancer's target group", resource_params, actions, 0, NULL, call_elbv2,
    aws_cancel
};
