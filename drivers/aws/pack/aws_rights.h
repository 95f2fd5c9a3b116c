/* What the drivers' permissions can be narrowed to: see evac/driver.h, struct evac_grants. */
#ifndef EVAC_AWS_RIGHTS_H
#define EVAC_AWS_RIGHTS_H

#include "evac/driver.h"

extern const struct evac_grants aws_grants;

/* aws_identity.c: evac_grants.roles. */
bool aws_put_roles(const struct evac_args *settings, const struct evac_grantee *apps,
                   size_t app_count, struct evac_buf *out);

#endif
