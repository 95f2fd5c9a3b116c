/* ARC Region switch: an existing plan of AWS's own, started and followed as one step, in the region
 * that it activates. The execution's comment names our run, so that it is started once
 * (AWS.md 2.2). */
#include "aws_lever.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "plan", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "ARN of the plan" },
    { 0 },
};
static const struct evac_param execute_params[] = {
    { "action", EVAC_PARAM_CHOICE, 0, "activate", "activate|deactivate|postRecovery", "what the plan does for the region" },
    { 0 },
};
#define READ(op) { "arc-region-switch", op, "arc-region-switch:" op, EVAC_HOME_STEP, NULL, false, false }
static const struct evac_op ready_ops[] = { READ("GetPlanEvaluationStatus"), { 0 } };
static const struct evac_op execute_ops[] = {
    READ("ListPlanExecutions"), { "arc-region-switch", "StartPlanExecution", "arc-region-switch:StartPlanExecution", EVAC_HOME_STEP, NULL, false, true }, { 0 } };
#define COMMENT "evac <app> <run>"
static const struct evac_action actions[] = {
    { "ready", "AWS's own evaluation of the plan has passed", 0, EVAC_FENCING_NONE, 500, 60000, NULL, ready_ops },
    { "execute", "the plan's execution for this run has completed", EVAC_ACTION_MUTATES | EVAC_ACTION_TRAFFIC, EVAC_FENCING_STATE, 300000, 3600000, execute_params, execute_ops,
      "aws arc-region-switch cancel-plan-execution --region <region> --plan-arn <plan> --execution-id $(aws arc-region-switch list-plan-executions "
      "--region <region> --plan-arn <plan> --output text --query \"items[?comment=='" COMMENT "'].executionId\")" },
    { 0 },
};
static const struct aws_lever ready = {
    .what = "the plan's evaluation", .look = { "arc-region-switch", "GetPlanEvaluationStatus", .body = "{\"planArn\":\"<plan>\"}" },
    .at = "evaluationState", .want = "passed", .moving = "pendingEvaluation", .broken = "actionRequired",
    .missing_codes = "ResourceNotFoundException" };
static const struct aws_lever execute_lever = {
    .what = "the plan's execution", .look = { "arc-region-switch", "ListPlanExecutions", .body = "{\"planArn\":\"<plan>\"}" },
    .at = "items[comment=" COMMENT "]/executionState", .absent = "not started", .missing_codes = "ResourceNotFoundException",
    .want = "completed|completedWithExceptions|completedMonitoringApplicationHealth",
    .moving = "inProgress|pending|pendingManualApproval|pausedByOperator",
    .broken = "pausedByFailedStep|failed|canceled|planExecutionTimedOut",
    .act = { "arc-region-switch", "StartPlanExecution", .body =
             "{\"planArn\":\"<plan>\",\"targetRegion\":\"<region>\",\"action\":\"<want.action>\",\"mode\":\"<mode>\",\"comment\":\"" COMMENT "\"}" } };
static const struct aws_handlers handlers[] = {
    { .action = "ready", .lever = &ready }, { .action = "execute", .lever = &execute_lever }, { 0 },
};
/* clang-format on */

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_region_switch = {
    "region-switch", "a plan of ARC Region switch", resource_params, actions, 0, NULL, call,
    aws_cancel
};
