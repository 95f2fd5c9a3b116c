/*
 * Looks at services: DescribeServices takes ten of a cluster, and an account twenty such questions
 * a second.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
 */
#include "aws_together.h"
#include "ecs_parts.h"

static struct evac_aws_request ask(struct aws_call *c, struct evac_arena *arena,
                                   const struct evac_str *names, size_t count)
{
    struct evac_buf body;
    evac_buf_init(&body, 16384);
    evac_buf_puts(&body, "{\"cluster\":");
    evac_buf_json(&body, aws_regional(c, "cluster"));
    for (size_t i = 0; i < count; i++) {
        evac_buf_puts(&body, i ? "," : ",\"services\":[");
        evac_buf_json(&body, names[i]);
    }
    evac_buf_puts(&body, "]}");
    struct evac_str text = evac_arena_str(arena, evac_buf_str(&body));
    evac_buf_done(&body);
    return (struct evac_aws_request){
        .service = "ecs", .operation = "DescribeServices", .region = c->region, .body = text
    };
}

static const struct aws_together looks = { AWS_TOGETHER("DescribeServices"), ask };

enum evac_code ecs_look(struct aws_call *c, aws_reply_fn *on_reply, struct evac_err *err)
{
    struct evac_str cluster = aws_regional(c, "cluster");
    return aws_look_together(
        c, &looks, aws_printf(c, "%.*s %.*s", EVAC_STR_ARG(c->region), EVAC_STR_ARG(cluster)),
        aws_regional(c, "service"), on_reply, err);
}

/* A service's name is given as it is, or as the end of its ARN. */
const struct evac_json *ecs_service(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_str name = aws_tail(aws_regional(c, "service"));
    const struct evac_json *s = evac_json_first(evac_json_get(r->json, "services"));
    while (s && !evac_str_eq(evac_json_str(s, "serviceName"), name))
        s = evac_json_next(s);
    return s;
}
