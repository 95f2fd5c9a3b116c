/* The health of a target group's targets: two exchanges by name, one by ARN. */
#include "aws_pack.h"

struct looking {
    aws_targets_fn *then;
    struct aws_targets found;
    struct evac_str *ids; /* what found.healthy_ids shows */
};

static bool is_active_shift(const struct evac_xml *t)
{
    return evac_str_starts(evac_xml_text(t, "AdministrativeOverride/State"), "zonal_shift_");
}

/* A healthy target in a zone that traffic was shifted away from serves nobody. */
static void count_one(struct aws_call *c, struct looking *w, const struct evac_xml *t)
{
    struct aws_targets *n = &w->found;
    struct evac_str state = evac_xml_text(t, "TargetHealth/State");
    struct evac_str why = evac_xml_text(t, "TargetHealth/Description");
    if (evac_str_is(state, "draining") || evac_str_is(state, "unhealthy.draining")) {
        n->draining++;
        return;
    }
    if (evac_str_is(state, "healthy") && !is_active_shift(t))
        w->ids[n->healthy++] = evac_arena_str(c->arena, evac_xml_text(t, "Target/Id"));
    else if (evac_str_is(state, "initial"))
        n->initial++;
    else if (n->problem.n == 0)
        n->problem = evac_arena_str(c->arena, why.n ? why : state);
    n->registered++;
}

static size_t count_members(const struct evac_xml *first)
{
    size_t n = 0;
    for (; first; first = evac_xml_again(first))
        n++;
    return n;
}

static bool is_not_found(const struct evac_aws_reply *r)
{
    return r->outcome == EVAC_OUTCOME_REJECTED && evac_str_is(r->code, "TargetGroupNotFound");
}

static void on_health(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct looking *w = c->helper;
    const struct evac_xml *first =
        evac_xml_path(r->xml, "DescribeTargetHealthResult/TargetHealthDescriptions/member");
    w->found.failed = r->outcome == EVAC_OUTCOME_ACCEPTED || is_not_found(r) ? NULL : r;
    w->found.found = r->outcome == EVAC_OUTCOME_ACCEPTED;
    w->ids = evac_arena_array(c->arena, count_members(first) + 1, sizeof *w->ids);
    w->found.healthy_ids = w->ids;
    for (const struct evac_xml *t = w->found.found ? first : NULL; t; t = evac_xml_again(t))
        count_one(c, w, t);
    w->then(c, &w->found);
}

/* More than one target of the same id, with other ports, count by themselves. */
static struct evac_aws_request request(struct aws_call *c, const char *operation,
                                       struct evac_arg *param)
{
    return (struct evac_aws_request){ .service = "elbv2",
                                      .operation = operation,
                                      .region = c->region,
                                      .params = param,
                                      .param_count = 1 };
}

static void on_group(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct looking *w = c->helper;
    struct evac_str arn =
        evac_xml_text(r->xml, "DescribeTargetGroupsResult/TargetGroups/member/TargetGroupArn");
    if (r->outcome == EVAC_OUTCOME_ACCEPTED && arn.n) {
        struct evac_arg param = AWS_PARAM("TargetGroupArn", arn);
        struct evac_aws_request health = request(c, "DescribeTargetHealth", &param);
        aws_next(c, &health, on_health);
        return;
    }
    w->found.failed = r->outcome == EVAC_OUTCOME_ACCEPTED || is_not_found(r) ? NULL : r;
    w->then(c, &w->found);
}

static aws_reply_fn *prepare(struct aws_call *c, struct evac_str group, aws_targets_fn *then,
                             struct evac_arg *param, struct evac_aws_request *ret_request)
{
    struct looking *w = evac_arena_alloc(c->arena, sizeof *w);
    bool by_arn = evac_str_starts(group, "arn:");
    w->then = then;
    c->helper = w;
    param->name = by_arn ? EVAC_STR("TargetGroupArn") : EVAC_STR("Names.member.1");
    param->value = group;
    *ret_request = request(c, by_arn ? "DescribeTargetHealth" : "DescribeTargetGroups", param);
    return by_arn ? on_health : on_group;
}

enum evac_code aws_targets_first(struct aws_call *c, struct evac_str group, aws_targets_fn *then,
                                 struct evac_err *err)
{
    struct evac_arg param;
    struct evac_aws_request r;
    aws_reply_fn *on_reply = prepare(c, group, then, &param, &r);
    return aws_send(c, &r, on_reply, err);
}

void aws_targets_next(struct aws_call *c, struct evac_str group, aws_targets_fn *then)
{
    struct evac_arg param;
    struct evac_aws_request r;
    aws_reply_fn *on_reply = prepare(c, group, then, &param, &r);
    aws_next(c, &r, on_reply);
}
