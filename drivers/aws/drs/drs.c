/* Elastic Disaster Recovery: servers that are copied block by block, and launched from what has
 * arrived. */
#include "drs_parts.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "servers", EVAC_PARAM_LIST, EVAC_PARAM_REGIONAL, NULL, NULL, "ids of the source servers, as each recovering region knows them" },
    { "tag", EVAC_PARAM_TEXT, 0, NULL, NULL, "instead: the source servers with that tag, as \"app=shop\"; serves both ways" },
    { 0 },
};
static const struct evac_param ready_params[] = {
    { "max_lag", EVAC_PARAM_DURATION, 0, NULL, NULL, "how far a source server may be behind; an unknown lag is too much" },
    { 0 },
};

#define LOOK(operation) { "drs", operation, "drs:" operation, EVAC_HOME_STEP, NULL, true, false }
#define CHANGE(operation, iam) { "drs", operation, iam, EVAC_HOME_STEP, NULL, true, true }
#define SERVERS LOOK("DescribeSourceServers")
#define JOBS LOOK("DescribeJobs"), LOOK("DescribeRecoveryInstances")
#define START CHANGE("StartRecovery", "drs:StartRecovery drs:TagResource")
#define END CHANGE("TerminateRecoveryInstances", "drs:TerminateRecoveryInstances")
static const struct evac_op ready_ops[] = { SERVERS, LOOK("GetLaunchConfiguration"), { 0 } };
static const struct evac_op recover_ops[] = { SERVERS, JOBS, START, { 0 } };
static const struct evac_op rehearse_ops[] = { SERVERS, JOBS, START, END, { 0 } };
static const struct evac_op discard_ops[] = { SERVERS, JOBS, END, { 0 } };
static const struct evac_op protect_ops[] = {
    { "drs", "DescribeSourceServers", "drs:DescribeSourceServers", EVAC_HOME_TO, NULL, true, false },
    SERVERS,
    { "drs", "ReverseReplication", "drs:ReverseReplication", EVAC_HOME_TO, NULL, true, true },
    CHANGE("TagResource", "drs:TagResource"), CHANGE("StartReplication", "drs:StartReplication"), { 0 },
};
static const struct evac_op measure_ops[] = {
    { "drs", "DescribeSourceServers", "drs:DescribeSourceServers", EVAC_HOME_TO, NULL, true, false }, { 0 },
};

/* What the run's own jobs have launched. */
#define CLEAR(action) \
    "aws drs terminate-recovery-instances --region <region> --recovery-instance-ids $(aws drs describe-jobs --region <region> --output text " \
    "--query \"items[?tags.\\\"evac:run\\\"=='<run>' && tags.\\\"evac:action\\\"=='" action "'].participatingServers[].recoveryInstanceID\")"

static const struct evac_action actions[] = {
    { "ready", "the region has the source servers, copied completely, with launch configurations; planned: all in step", 0,
      EVAC_FENCING_NONE, 2000, 120000, ready_params, ready_ops },
    { "recover", "the source servers are launched from what has arrived of them; planned, when all from before the fence has, else what is newer is lost",
      EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES | EVAC_ACTION_LOSSY | EVAC_ACTION_WAITS, EVAC_FENCING_NONE, 900000, 7200000, NULL, recover_ops,
      CLEAR("recover") },
    { "rehearse", "they are launched as a drill; replication goes on",
      EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 900000, 7200000, NULL, rehearse_ops,
      CLEAR("rehearse") },
    { "discard", "what rehearse has launched is terminated; nothing else ever is",
      EVAC_ACTION_MUTATES, EVAC_FENCING_NONE, 120000, 3600000, NULL, discard_ops },
    { "protect", "what was launched in the other region replicates into this one",
      EVAC_ACTION_MUTATES, EVAC_FENCING_STATE, 3600000, 86400000, NULL, protect_ops },
    { 0 },
};
/* clang-format on */

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = drs_ready },
    { .action = "recover", .observe = drs_observe, .apply = drs_launch },
    { .action = "rehearse", .observe = drs_observe, .apply = drs_launch },
    { .action = "discard", .observe = drs_observe_discard, .apply = drs_discard },
    { .action = "protect", .observe = drs_observe_protect, .apply = drs_protect },
    { .action = "", .measure = drs_measure },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_drs = { "drs",
                                             "servers of Elastic Disaster Recovery",
                                             resource_params,
                                             actions,
                                             1u << EVAC_VERB_MEASURE,
                                             measure_ops,
                                             call,
                                             aws_cancel };
