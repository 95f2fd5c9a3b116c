/*
 * One value of a reply, by a path that reads the same in JSON and XML:
 *
 *     "KeyMetadata/KeyState"                       members of members
 *     "services[]/desiredCount"                    the first element of a list
 *     "Members[Region=us-west-2]/Role"             the one whose member (or path) has that text
 *     "TargetHealthDescriptions[#]"                how many there are
 *     "Targets[#State=healthy]"                    how many have it
 *
 * In XML a list's elements are named after the list: "Members/member[Region=us-west-2]/Role".
 */
#ifndef EVAC_AWS_PICK_H
#define EVAC_AWS_PICK_H

#include "aws_pack.h"

/* False: it is not there. Numbers and booleans come as text, whole numbers without a fraction,
 * JSON's objects and lists as their JSON. */
bool aws_pick(struct aws_call *c, const struct evac_aws_reply *reply, struct evac_str path,
              struct evac_str *ret_value);

/*
 * All values that a path leads to, at most max; how many. Besides the above a path may have
 *
 *     "containers[*]/name"           of each element
 *     "Variables[@]"                 the names of an object's members (JSON)
 */
size_t aws_pick_all(struct aws_call *c, const struct evac_aws_reply *reply, struct evac_str path,
                    struct evac_str *ret_values, size_t max);

#endif
