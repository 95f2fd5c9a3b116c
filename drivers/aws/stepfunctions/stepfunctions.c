/* Step Functions: an execution is named after the run, so that it is started once, whatever becomes
 * of replies (AWS.md 2.11). Standard state machines only: express ones can not be found again. */
#include "aws_lever.h"

#include <string.h>

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "machine", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "ARN of the state machine" },
    { 0 },
};
static const struct evac_param execute_params[] = {
    { "name", EVAC_PARAM_TEXT, 0, "evac", NULL, "first part of the execution's name" },
    { "input", EVAC_PARAM_TEXT, 0, "{}", NULL, "JSON that the execution gets as \"input\", beside app, from, to, mode and run" },
    { 0 },
};
static const struct evac_op ops[] = {
    { "stepfunctions", "DescribeExecution", "states:DescribeExecution", EVAC_HOME_STEP, NULL, true, false },
    { "stepfunctions", "StartExecution", "states:StartExecution", EVAC_HOME_STEP, NULL, true, true },
    { 0 },
};
#define NAME "<want.name>-<app>-<run>"
static const struct evac_action actions[] = {
    { "execute", "this run's execution has succeeded", EVAC_ACTION_MUTATES, EVAC_FENCING_TOKEN, 60000, 1800000, execute_params, ops,
      "aws stepfunctions stop-execution --region <region> --execution-arn $(aws stepfunctions list-executions --region <region> --output text "
      "--state-machine-arn <machine> --query \"executions[?name=='" NAME "'].executionArn\")" },
    { 0 },
};
static const struct aws_lever execute_lever = {
    .what = "the execution", .look = { "stepfunctions", "DescribeExecution", .body = "{\"executionArn\":\"<execution>:" NAME "\"}" },
    .at = "status", .absent = "not started", .absent_codes = "ExecutionDoesNotExist", .want = "SUCCEEDED",
    .moving = "RUNNING|PENDING_REDRIVE", .broken = "FAILED|TIMED_OUT|ABORTED",
    .act = { "stepfunctions", "StartExecution", .body =
             "{\"stateMachineArn\":\"<machine>\",\"name\":\"" NAME "\",\"input\":\"{\\\"app\\\":\\\"<app>\\\",\\\"from\\\":\\\"<from>\\\","
             "\\\"to\\\":\\\"<to>\\\",\\\"mode\\\":\\\"<mode>\\\",\\\"run\\\":\\\"<run>\\\",\\\"input\\\":<want.input>}\"}" } };
/* clang-format on */

/* "arn:aws:states:R:A:stateMachine:M" to "arn:aws:states:R:A:execution:M" */
static enum evac_code with_execution(struct aws_call *c, aws_start_fn *then, struct evac_err *err)
{
    static const char kind[] = ":stateMachine:";
    struct evac_str arn = aws_regional(c, "machine");
    const char *text = evac_arena_str(c->arena, arn).p, *at = strstr(text, kind);
    if (!at)
        return evac_fail(err, EVAC_E_BADARG, "machine is '%s': it must be a state machine's ARN",
                         text);
    aws_set_arg(c, "execution",
                aws_printf(c, "%.*s:execution:%s", (int)(at - text), text, at + sizeof kind - 1));
    return then(c, err);
}

static enum evac_code observe(struct aws_call *c, struct evac_err *err)
{
    return with_execution(c, aws_lever_observe, err);
}

static enum evac_code apply(struct aws_call *c, struct evac_err *err)
{
    return with_execution(c, aws_lever_apply, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "execute", .observe = observe, .apply = apply, .lever = &execute_lever },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_stepfunctions = {
    "stepfunctions", "a Step Functions state machine", resource_params, actions, 0, NULL, call,
    aws_cancel
};
