/* The Auto Scaling driver's files among themselves. */
#ifndef EVAC_ASG_PARTS_H
#define EVAC_ASG_PARTS_H

#include "aws_pack.h"

/* asg_template.c: could instances be launched from it? Asks EC2 for that version and for its image,
 * and goes on at then with what stands in the way; NULL nothing. */
typedef void asg_template_fn(struct aws_call *c, const char *finding);
void asg_check_template(struct aws_call *c, struct evac_str id, struct evac_str version,
                        asg_template_fn *then);
/* Then: the instance type that it names, "" none or not known. */
struct evac_str asg_template_type(const struct aws_call *c);

#endif
