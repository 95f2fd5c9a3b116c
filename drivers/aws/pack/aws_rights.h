/* What the drivers' permissions can be narrowed to: see evac/driver.h, struct evac_grants. */
#ifndef EVAC_AWS_RIGHTS_H
#define EVAC_AWS_RIGHTS_H

#include "evac/driver.h"

extern const struct evac_grants aws_grants;

#endif
