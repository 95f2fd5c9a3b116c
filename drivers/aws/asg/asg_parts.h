/* The Auto Scaling driver's files among themselves. */
#ifndef EVAC_ASG_PARTS_H
#define EVAC_ASG_PARTS_H

#include "aws_pack.h"

/* asg_look.c: what DescribeAutoScalingGroups says of the call's group, shared with others of its
 * region. From a handler's start. */
enum evac_code asg_look(struct aws_call *c, aws_reply_fn *on_reply, struct evac_err *err);
/* It, among those that the reply has, and the reply's; NULL none. */
const struct evac_xml *asg_group(struct aws_call *c, const struct evac_aws_reply *r);

/* asg_template.c: could instances be launched from it? Asks EC2 for that version and for its image,
 * and goes on at then with what stands in the way; NULL nothing. */
typedef void asg_template_fn(struct aws_call *c, const char *finding);
void asg_check_template(struct aws_call *c, struct evac_str id, struct evac_str version,
                        asg_template_fn *then);
/* Then: the instance type that it names, "" none or not known. */
struct evac_str asg_template_type(const struct aws_call *c);

#endif
