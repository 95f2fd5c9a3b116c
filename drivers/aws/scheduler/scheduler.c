/* EventBridge Scheduler: schedules that run in one region at a time. A schedule is changed by
 * sending all of it: what the look saw goes back as it was, with another state (AWS.md 2.11). */
#include "aws_parity.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "schedules", EVAC_PARAM_LIST, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "names of the schedules" },
    { "group", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, "default", NULL, "their group" },
    AWS_PARITY_PARAM,
    { 0 },
};
static const struct evac_op ops[] = {
    { "scheduler", "GetSchedule", "scheduler:GetSchedule", EVAC_HOME_STEP, NULL, true, false },
    { "scheduler", "UpdateSchedule", "scheduler:UpdateSchedule iam:PassRole", EVAC_HOME_STEP, NULL, true, true },
    { 0 },
};
static const struct evac_op parity_ops[] = { AWS_PARITY_OP("scheduler", "GetSchedule", "scheduler:GetSchedule"), { 0 } };
/* A schedule is replaced as a whole. */
static const char clear_schedules[] =
    "aws scheduler update-schedule --region <region> --cli-input-json \"$(aws scheduler get-schedule --region <region> "
    "--name <each.each> --group-name <group> --output json | "
    "jq --arg state <its.value> 'del(.Arn, .CreationDate, .LastModificationDate) | .State = $state')\"";
static const struct evac_action actions[] = {
    AWS_PARITY_ACTION(parity_ops),
    { "resume", "the schedules are enabled", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 1000, 60000, NULL, ops, clear_schedules },
    { "pause", "the schedules are disabled", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 1000, 60000, NULL, ops, clear_schedules },
    { 0 },
};

static const struct aws_kept kept[] = {
    { "window", "FlexibleTimeWindow" }, { "target", "Target" }, { "expression", "ScheduleExpression" },
    { "timezone", "ScheduleExpressionTimezone" }, { "description", "Description" },
    { "completion", "ActionAfterCompletion" }, { "start", "StartDate" }, { "end", "EndDate" }, { "key", "KmsKeyArn" },
    { 0 },
};
#define SCHEDULE(wanted) {                                                                                        \
    .what = "the schedule", .each = "schedules",                                                                   \
    .look = { "scheduler", "GetSchedule", "GET", "/schedules/<item>", .params = "groupName=<group>" },              \
    .at = "State", .want = wanted, .kept = kept, .missing_codes = "ResourceNotFoundException",                       \
    .act = { "scheduler", "UpdateSchedule", "PUT", "/schedules/<item>", .body =                                     \
             "{\"GroupName\":\"<group>\",\"State\":\"<value>\",\"FlexibleTimeWindow\":<=window>,\"Target\":<=target>,"  \
             "\"ScheduleExpression\":\"<expression>\",\"ScheduleExpressionTimezone\":<\"timezone>,"                   \
             "\"Description\":<\"description>,\"ActionAfterCompletion\":<\"completion>,\"StartDate\":<=start>,"        \
             "\"EndDate\":<=end>,\"KmsKeyArn\":<\"key>,\"ClientToken\":\"<token>\"}" } }
static const struct aws_lever resume = SCHEDULE("ENABLED");
static const struct aws_lever pause = SCHEDULE("DISABLED");

static const struct aws_compared of_schedule[] = {
    { "schedule", "ScheduleExpression" }, { "timezone", "ScheduleExpressionTimezone" }, { "target", "Target/Arn" }, { "input", "Target/Input" }, { 0 },
};
static const struct aws_parity parity = { .each = "schedules", .rows = {
    { "the schedule", { "scheduler", "GetSchedule", "GET", "/schedules/<item>", .params = "groupName=<group>" },
      .missing_codes = "ResourceNotFoundException", .compared = of_schedule } } };
static const struct aws_handlers handlers[] = {
    { .action = "parity", .parity = &parity },
    { .action = "resume", .lever = &resume },
    { .action = "pause", .lever = &pause },
    { 0 },
};
/* clang-format on */

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_scheduler = {
    "scheduler", "schedules of EventBridge Scheduler", resource_params, actions, 0, NULL, call,
    aws_cancel
};
