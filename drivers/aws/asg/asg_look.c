/* Looks at groups: DescribeAutoScalingGroups takes several names. */
#include "asg_parts.h"
#include "aws_together.h"

static struct evac_aws_request ask(struct aws_call *c, struct evac_arena *arena,
                                   const struct evac_str *names, size_t count)
{
    struct evac_arg *params = evac_arena_array(arena, count, sizeof *params);
    for (size_t i = 0; i < count; i++)
        params[i] =
            (struct evac_arg){ evac_arena_printf(arena, "AutoScalingGroupNames.member.%zu", i + 1),
                               names[i] };
    return (struct evac_aws_request){ .service = "autoscaling",
                                      .operation = "DescribeAutoScalingGroups",
                                      .region = c->region,
                                      .params = params,
                                      .param_count = count };
}

static const struct aws_together looks = { AWS_TOGETHER("DescribeAutoScalingGroups"), ask };

enum evac_code asg_look(struct aws_call *c, aws_reply_fn *on_reply, struct evac_err *err)
{
    return aws_look_together(c, &looks, c->region, aws_regional(c, "group"), on_reply, err);
}

const struct evac_xml *asg_group(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_str name = aws_regional(c, "group");
    const struct evac_xml *g =
        evac_xml_path(r->xml, "DescribeAutoScalingGroupsResult/AutoScalingGroups/member");
    while (g && !evac_str_eq(evac_xml_text(g, "AutoScalingGroupName"), name))
        g = evac_xml_again(g);
    return g;
}
