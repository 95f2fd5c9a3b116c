/* What the drivers' permissions can be narrowed to: see evac/driver.h, struct evac_pack. */
#ifndef EVAC_AWS_RIGHTS_H
#define EVAC_AWS_RIGHTS_H

#include "evac/driver.h"

void aws_rights(const struct evac_right_query *query, evac_right_fn *say, void *user);

#endif
