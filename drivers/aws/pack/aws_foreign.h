/* What a standby says of the other region: it is not there on the day. */
#ifndef EVAC_AWS_FOREIGN_H
#define EVAC_AWS_FOREIGN_H

#include "aws_pack.h"

/* Of from and to, the one that the call is not for. */
struct evac_str aws_other_region(const struct aws_call *c);
/* name stands at that place, and is not a part of a longer one: "us-east-1a" is in "us-east-1". */
bool aws_names_region_at(struct evac_str text, size_t at, struct evac_str name);
bool aws_names_region(struct evac_str text, struct evac_str name);
/* An environment variable that names the other region, and is not allowed to. */
bool aws_is_foreign(const struct aws_call *c, struct evac_str variable, struct evac_str value);

/* clang-format off */
#define AWS_FOREIGN_PARAM { "names_other_region", EVAC_PARAM_LIST, 0, "[]", NULL, "environment variables that may name the other region; of all others, ready is blocked by one that does" }
/* clang-format on */

#endif
