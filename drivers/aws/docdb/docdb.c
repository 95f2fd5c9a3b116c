/* DocumentDB global clusters: RDS's API and permissions, and no global endpoint. */
#include "global_cluster.h"

static const struct global_kind kind = { "docdb", "AWS/DocDB", "GlobalClusterReplicationLag" };

/* clang-format off */
static const struct evac_param resource_params[] = { GLOBAL_PARAMS, { 0 } };

GLOBAL_OPS

static const struct evac_action actions[] = { GLOBAL_ACTIONS, { 0 } };
/* clang-format on */

GLOBAL_DRIVER(docdb, "docdb", "a DocumentDB global cluster");
