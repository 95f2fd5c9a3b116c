/*
 * Neptune global databases: RDS's API and rights, and no global endpoint. A member does not tell
 * whether it is in step.
 */
#include "global_cluster.h"

static const struct global_kind kind = { "neptune", "AWS/Neptune", "GlobalDbProgressLag" };

/* clang-format off */
static const struct evac_param resource_params[] = { GLOBAL_PARAMS, { 0 } };

GLOBAL_OPS

static const struct evac_action actions[] = { GLOBAL_ACTIONS, { 0 } };
/* clang-format on */

GLOBAL_DRIVER(neptune, "neptune", "a Neptune global database");
