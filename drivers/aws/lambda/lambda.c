/*
 * Lambda functions: a function with no reserved concurrency is a fence, a paused event source
 * mapping a closed inlet; provisioned concurrency is capacity; an invocation is a custom step
 * (AWS.md 2.6).
 */
#include "aws_foreign.h"
#include "aws_parity.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "function", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "the function's name or ARN" },
    { "qualifier", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "version or alias, for provisioned concurrency and invocations" },
    { "mappings", EVAC_PARAM_LIST, EVAC_PARAM_REGIONAL, NULL, NULL, "ids of the event source mappings; they differ from region to region" },
    { "count", EVAC_PARAM_INT, EVAC_PARAM_GROUP, NULL, NULL, "named sizes, as count = { active = 50; standby = 5; }" },
    AWS_PARITY_PARAM,
    AWS_FOREIGN_PARAM,
    { 0 },
};
static const struct evac_param reserve_params[] = {
    { "reserved", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "reserved concurrency: a number, or none" },
    { 0 },
};
static const struct evac_param invoke_params[] = {
    { "payload", EVAC_PARAM_TEXT, 0, "{}", NULL, "JSON that goes to the function as \"input\", beside app, from, to, mode, run and token" },
    { 0 },
};

static const struct evac_param scale_params[] = {
    { "qualifier", EVAC_PARAM_TEXT, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    AWS_SCALE_PARAMS,
    { 0 },
};
static const struct evac_param mapping_params[] = {
    { "mappings", EVAC_PARAM_LIST, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    { 0 },
};
#define READ(op)  { "lambda", op, "lambda:" op, EVAC_HOME_STEP, NULL, true, false }
#define WRITE(op) { "lambda", op, "lambda:" op, EVAC_HOME_STEP, NULL, true, true }
static const struct evac_op ready_ops[] = { READ("GetFunctionConfiguration"), { 0 } };
static const struct evac_op parity_ops[] = { AWS_PARITY_OP("lambda", "GetFunctionConfiguration", "lambda:GetFunctionConfiguration"), { 0 } };
static const struct evac_op reserve_ops[] = { READ("GetFunctionConcurrency"), WRITE("PutFunctionConcurrency"), WRITE("DeleteFunctionConcurrency"), { 0 } };
static const struct evac_op provision_ops[] = { READ("GetProvisionedConcurrencyConfig"), WRITE("PutProvisionedConcurrencyConfig"), WRITE("DeleteProvisionedConcurrencyConfig"), { 0 } };
static const struct evac_op mapping_ops[] = { READ("GetEventSourceMapping"), WRITE("UpdateEventSourceMapping"), { 0 } };
static const struct evac_op invoke_ops[] = { { "lambda", "Invoke", "lambda:InvokeFunction", EVAC_HOME_STEP, NULL, false, true }, { 0 } };

/* What was not reserved, or provisioned, is taken away. */
static const char clear_reserved[] =
    "aws lambda $([ <was.value> = none ] && echo delete-function-concurrency || "
    "echo put-function-concurrency --reserved-concurrent-executions <was.value>) --region <region> --function-name <function>";
static const char clear_provisioned[] =
    "aws lambda $([ <was.value> = 0 ] && echo delete-provisioned-concurrency-config || "
    "echo put-provisioned-concurrency-config --provisioned-concurrent-executions <was.value>) "
    "--region <region> --function-name <function> --qualifier <qualifier>";
static const char clear_mappings[] =
    "aws lambda update-event-source-mapping --region <region> --enabled --uuid <each.each:value=Enabled> && "
    "aws lambda update-event-source-mapping --region <region> --no-enabled --uuid <each.each:value=Disabled>";
static const struct evac_action actions[] = {
    { "ready", "the function is active, and its environment does not name the other region", 0, EVAC_FENCING_NONE, 500, 60000, NULL, ready_ops },
    AWS_PARITY_ACTION(parity_ops),
    { "fence", "the function's reserved concurrency is 0: every invocation is refused, pollers wait without loss",
      EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_FENCES, EVAC_FENCING_NONE, 1000, 60000, NULL, reserve_ops, clear_reserved },
    { "reserve", "the function's reserved concurrency is what is wanted", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE,
      EVAC_FENCING_NONE, 1000, 60000, reserve_params, reserve_ops, clear_reserved },
    { "scale", "so many executions are provisioned", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE,
      120000, 600000, scale_params, provision_ops, clear_provisioned },
    { "resume", "the event source mappings are enabled", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE,
      20000, 180000, mapping_params, mapping_ops, clear_mappings },
    { "pause", "the event source mappings are disabled; their positions are kept", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE,
      EVAC_FENCING_NONE, 20000, 180000, mapping_params, mapping_ops, clear_mappings },
    { "invoke", "the function runs once, to its end; a step of your own", EVAC_ACTION_MUTATES | EVAC_ACTION_BLIND,
      EVAC_FENCING_NONE, 5000, 60000, invoke_params, invoke_ops },
    { 0 },
};

#define GET_RESERVED { "lambda", "GetFunctionConcurrency", "GET", .path = "/2019-09-30/functions/<function>/concurrency" }
#define SET_RESERVED { "lambda", "PutFunctionConcurrency", "PUT", "/2017-10-31/functions/<function>/concurrency", \
                       .body = "{\"ReservedConcurrentExecutions\":<value>}" }
static const struct aws_ask forget_reserved = { "lambda", "DeleteFunctionConcurrency", "DELETE", .path = "/2017-10-31/functions/<function>/concurrency" };
static const struct aws_ask forget_provisioned = { "lambda", "DeleteProvisionedConcurrencyConfig", "DELETE",
    "/2019-09-30/functions/<function>/provisioned-concurrency", .params = "Qualifier=<qualifier>" };

#define GET_CONFIGURATION { "lambda", "GetFunctionConfiguration", "GET", "/2015-03-31/functions/<function>/configuration", .params = "Qualifier=<qualifier>" }
static const struct aws_compared of_function[] = {
    { "code", "CodeSha256" },
    { "runtime", "Runtime" },
    { "handler", "Handler" },
    { "memory", "MemorySize" },
    { "timeout", "Timeout" },
    { "architecture", "Architectures[*]" },
    { "temporary storage", "EphemeralStorage/Size" },
    { "environment", "Environment/Variables[@]" },
    { "layers", "Layers[*]/Arn" },
    { 0 },
};
static const struct aws_parity parity = { .rows = {
    { "the function", GET_CONFIGURATION, .missing_codes = "ResourceNotFoundException", .compared = of_function } } };
/* Their values may be secrets: only the names are told. */
static const char *names_other_region(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct evac_json *variables = evac_json_get(evac_json_get(r->json, "Environment"), "Variables");
    const char *words = NULL;
    for (const struct evac_json *v = evac_json_first(variables); v; v = evac_json_next(v))
        if (aws_is_foreign(c, evac_json_key(v), evac_json_text(v)))
            words = aws_printf(c, "%s%senvironment %.*s names %.*s", words ? words : "", words ? "; " : "",
                               EVAC_STR_ARG(evac_json_key(v)), EVAC_STR_ARG(aws_other_region(c))).p;
    return words;
}
static const struct aws_lever ready = {
    .flaw = names_other_region,
    .what = "the function", .look = GET_CONFIGURATION,
    .at = "State", .want = "Active", .moving = "Pending", .broken = "Failed",
    .status_at = "LastUpdateStatus", .busy = "InProgress", .missing_codes = "ResourceNotFoundException" };
static const struct aws_lever fence = {
    .what = "the function's reserved concurrency", .look = GET_RESERVED, .at = "ReservedConcurrentExecutions", .absent = "none",
    .want = "0", .act = SET_RESERVED, .act_absent = &forget_reserved, .missing_codes = "ResourceNotFoundException" };
static const struct aws_lever reserve = {
    .what = "the function's reserved concurrency", .look = GET_RESERVED, .at = "ReservedConcurrentExecutions", .absent = "none",
    .want = "<want.reserved>", .act = SET_RESERVED, .act_absent = &forget_reserved, .missing_codes = "ResourceNotFoundException" };
static const struct aws_lever provision = {
    .what = "provisioned executions", .compare = AWS_COUNT,
    .look = { "lambda", "GetProvisionedConcurrencyConfig", "GET", "/2019-09-30/functions/<function>/provisioned-concurrency", .params = "Qualifier=<qualifier>" },
    .at = "RequestedProvisionedConcurrentExecutions", .absent = "0", .absent_codes = "ProvisionedConcurrencyConfigNotFoundException",
    .present_at = "AvailableProvisionedConcurrentExecutions", .status_at = "Status", .busy = "IN_PROGRESS", .broken = "FAILED",
    .act = { "lambda", "PutProvisionedConcurrencyConfig", "PUT", "/2019-09-30/functions/<function>/provisioned-concurrency",
             .params = "Qualifier=<qualifier>", .body = "{\"ProvisionedConcurrentExecutions\":<value>}" },
    .act_absent = &forget_provisioned, .missing_codes = "ResourceNotFoundException" };
#define MAPPING(state) {                                                            \
    .what = "the event source mapping", .each = "mappings",                                              \
    .look = { "lambda", "GetEventSourceMapping", "GET", .path = "/2015-03-31/event-source-mappings/<item>" },     \
    .at = "State", .want = state, .moving = "Creating|Enabling|Disabling|Updating", .broken = "Deleting", \
    .act = { "lambda", "UpdateEventSourceMapping", "PUT", "/2015-03-31/event-source-mappings/<item>",      \
             .body = "{\"Enabled\":<word>}" },                                                                 \
    .act_words = "Enabled=true|Disabled=false", .missing_codes = "ResourceNotFoundException" }
static const struct aws_lever resume = MAPPING("Enabled");
static const struct aws_lever pause = MAPPING("Disabled");
static const struct aws_shot invoke = {
    .act = { "lambda", "Invoke", "POST", "/2015-03-31/functions/<function>/invocations", .params = "Qualifier=<qualifier>",
             .header = "x-amz-invocation-type: RequestResponse",
             .body = "{\"app\":\"<app>\",\"from\":\"<from>\",\"to\":\"<to>\",\"mode\":\"<mode>\",\"run\":\"<run>\",\"token\":\"<token>\",\"input\":<=want.payload>}" },
    .fails_header = "x-amz-function-error" };

static const struct aws_handlers handlers[] = {
    { .action = "ready", .lever = &ready },
    { .action = "parity", .parity = &parity },
    { .action = "fence", .lever = &fence },
    { .action = "reserve", .lever = &reserve },
    { .action = "scale", .lever = &provision },
    { .action = "resume", .lever = &resume },
    { .action = "pause", .lever = &pause },
    { .action = "invoke", .shot = &invoke },
    { 0 },
};
/* clang-format on */

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_lambda = {
    "lambda", "a Lambda function", resource_params, actions, 0, NULL, call, aws_cancel
};
