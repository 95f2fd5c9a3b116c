/* Instance types are not offered everywhere: a region, and more so a zone, may have none of one. */
#include "aws_pack.h"

struct offering {
    aws_offered_fn *then;
    void *helper; /* whose turn it is again at then */
};

static void on_offerings(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct offering *o = c->helper;
    bool accepted = r->outcome == EVAC_OUTCOME_ACCEPTED;
    bool offered = evac_xml_path(r->xml, "instanceTypeOfferingSet/item") != NULL;
    c->helper = o->helper;
    o->then(c, accepted ? NULL : r, accepted && offered);
}

void aws_offered_next(struct aws_call *c, struct evac_str type, struct evac_str zone,
                      aws_offered_fn *then)
{
    struct offering *o = evac_arena_alloc(c->arena, sizeof *o);
    struct evac_arg params[] = {
        AWS_PARAM("LocationType", zone.n ? EVAC_STR("availability-zone") : EVAC_STR("region")),
        AWS_PARAM("Filter.1.Name", EVAC_STR("instance-type")),
        AWS_PARAM("Filter.1.Value.1", type),
        AWS_PARAM("Filter.2.Name", EVAC_STR("location")),
        AWS_PARAM("Filter.2.Value.1", zone.n ? zone : c->region),
    };
    struct evac_aws_request request = { .service = "ec2",
                                        .operation = "DescribeInstanceTypeOfferings",
                                        .region = c->region,
                                        .params = params,
                                        .param_count = sizeof params / sizeof params[0] };
    *o = (struct offering){ then, c->helper };
    c->helper = o;
    aws_next(c, &request, on_offerings);
}
