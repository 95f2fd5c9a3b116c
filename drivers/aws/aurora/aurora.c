/* Aurora global databases: what is theirs alone. The rest is in global_cluster.c. */
#include "cluster_canary.h"

#define GLOBAL_CANARY_OPS                                                                          \
    CLUSTER_CANARY_CALL(EVAC_HOME_FROM, true), CLUSTER_CANARY_CALL(EVAC_HOME_TO, false),
#define GLOBAL_CANARY       .mark = cluster_mark, .seek = cluster_seek,
#define GLOBAL_CANARY_VERBS (1u << EVAC_VERB_MARK | 1u << EVAC_VERB_SEEK)
#include "global_cluster.h"

static const struct global_kind kind = { "aurora", "AWS/RDS", "AuroraGlobalDBRPOLag" };

/* clang-format off */
static const struct evac_param resource_params[] = {
    GLOBAL_PARAMS,
    { "metric", EVAC_PARAM_CHOICE, 0, "AuroraGlobalDBRPOLag",
      "AuroraGlobalDBRPOLag|AuroraGlobalDBReplicationLag|AuroraGlobalDBProgressLag",
      "CloudWatch metric that tells the replication lag; older MySQL versions lack the first" },
    { "endpoint", EVAC_PARAM_TEXT, 0, NULL, NULL,
      "the global writer endpoint that the app uses: ready checks that it is this one's" },
    CLUSTER_CANARY_PARAMS,
    { 0 },
};

GLOBAL_OPS

static const struct evac_action actions[] = { GLOBAL_ACTIONS, { 0 } };
/* clang-format on */

GLOBAL_DRIVER(aurora, "aurora", "an Aurora global database");
