/*
 * Looks at services: DescribeServices takes ten of a cluster, and an account twenty such questions
 * a second. A few calls ask each for itself; when there are more, those of one cluster share. One
 * right that lacks for one of them is refused to all, so those are asked again one by one.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
 */
#include "aws_gather.h"
#include "ecs_parts.h"

#define FEW      4u /* each asks for itself, at the same time */
#define TOGETHER 10u

struct look {
    struct aws_member member;
    struct evac_str service;
    bool alone; /* it was refused in company */
};

static struct look *look_of(struct aws_member *m)
{
    return (struct look *)(void *)m;
}

static void describe(struct aws_call *c, struct evac_str body, struct evac_aws_request *ret)
{
    *ret = (struct evac_aws_request){
        .service = "ecs", .operation = "DescribeServices", .region = c->region, .body = body
    };
}

static void board(struct aws_flight *f, size_t most)
{
    for (struct aws_member *m = f->of->first; m && f->count < most; m = m->next) {
        if (m->flight || (look_of(m)->alone && f->count))
            continue;
        aws_board(f, m);
        if (look_of(m)->alone)
            return;
    }
}

static bool load(struct aws_flight *f, struct evac_aws_request *ret_request)
{
    struct aws_call *c = NULL;
    struct evac_buf body;
    board(f, f->of->count > FEW ? TOGETHER : 1);
    evac_buf_init(&body, 16384);
    for (struct aws_member *m = f->of->first; m; m = m->next) {
        if (m->flight != f)
            continue;
        if (!c) {
            evac_buf_puts(&body, "{\"cluster\":");
            evac_buf_json(&body, aws_regional(m->c, "cluster"));
        }
        evac_buf_puts(&body, c ? "," : ",\"services\":[");
        evac_buf_json(&body, look_of(m)->service);
        c = m->c;
    }
    evac_buf_puts(&body, "]}");
    if (c)
        describe(c, evac_arena_str(f->arena, evac_buf_str(&body)), ret_request);
    evac_buf_done(&body);
    return c != NULL;
}

static void landed(struct aws_flight *f, const struct evac_aws_reply *r)
{
    bool again = f->count > 1 && r->outcome == EVAC_OUTCOME_REJECTED;
    for (struct aws_member *m = f->of->first, *next; m; m = next) {
        next = m->next;
        if (m->flight != f)
            continue;
        look_of(m)->alone = again;
        if (again)
            aws_wait_again(m);
        else
            aws_tell(m, r);
    }
}

static const struct aws_gather looks = { "DescribeServices", FEW, load, landed };

enum evac_code ecs_look(struct aws_call *c, aws_reply_fn *on_reply, struct evac_err *err)
{
    struct evac_aws_request sample;
    struct look *look = evac_arena_alloc(c->arena, sizeof *look);
    *look = (struct look){ .service = aws_regional(c, "service") };
    describe(c, EVAC_STR(""), &sample);
    return aws_gather(c, &looks,
                      aws_printf(c, "%.*s %.*s", EVAC_STR_ARG(c->region),
                                 EVAC_STR_ARG(aws_regional(c, "cluster"))),
                      &sample, &look->member, on_reply, err);
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
