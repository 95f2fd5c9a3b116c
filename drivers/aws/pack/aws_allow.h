/* What a driver may ask of AWS, and what it is told when it may not. */
#ifndef EVAC_AWS_ALLOW_H
#define EVAC_AWS_ALLOW_H

#include "aws_pack.h"

/* The driver whose call that is; NULL none of the pack's. */
const struct evac_driver *aws_driver_of(aws_call_fn *call);
/* The operations in a driver's table for an action ("" measuring); NULL none. */
const struct evac_op *aws_ops_of(const struct evac_driver *driver, enum evac_verb verb,
                                 const char *action);

/*
 * The allow-list, compiled in: an operation that the action's table does not name is not sent,
 * whatever made the driver ask. What is in the tables is what `evac lint` looks at and what the
 * policies of `evac iam` allow, so nothing is called that those do not know.
 */
enum evac_code aws_allow(struct aws_call *c, const struct evac_aws_request *request,
                         struct evac_err *err);

/* AWS says that who asks has not the right to. */
bool aws_is_denied(const struct evac_aws_reply *reply);
/* "not allowed: rds:FailoverGlobalCluster on arn:...: no policy allows it (AccessDenied); evac iam
 * shop prints the policy" */
struct evac_str aws_say_denied(struct aws_call *c, const struct evac_aws_reply *reply);
/* An answer's reason, and which right was missing on the way to it: also where the driver went on
 * without what it was refused. */
struct evac_str aws_with_denied(struct aws_call *c, const struct evac_reply *reply);

#endif
