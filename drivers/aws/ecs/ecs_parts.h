/* The ECS driver's files among themselves. */
#ifndef EVAC_ECS_PARTS_H
#define EVAC_ECS_PARTS_H

#include "aws_pack.h"

/* ecs_definition.c: can tasks of that definition be started when the other region is gone? Asks for
 * it, and goes on at then with what stands in the way, as a sentence; "" nothing. each: what a
 * task of it is billed by where nobody keeps instances for it (see aws_hourly); "" not known. */
typedef void ecs_definition_fn(struct aws_call *c, struct evac_str findings, struct evac_str each);
void ecs_check_definition(struct aws_call *c, struct evac_str arn, ecs_definition_fn *then);

/* ecs_look.c: what DescribeServices says of the call's service, shared with others of its cluster.
 * From a handler's start. */
enum evac_code ecs_look(struct aws_call *c, aws_reply_fn *on_reply, struct evac_err *err);
/* It, among those that the reply has, and the reply's; NULL none. */
const struct evac_json *ecs_service(struct aws_call *c, const struct evac_aws_reply *r);

#endif
