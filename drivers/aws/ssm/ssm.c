/*
 * Systems Manager: automations and commands as steps of a run, and parameters that tell the app
 * where it is. An automation is found again by a tag with the run's id, a command by its comment,
 * so that a lost reply never starts a second one (AWS.md 2.11).
 */
#include "aws_parity.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "label", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "tells this resource's automations and commands from others of the same run" },
    { "parameter", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "name of the parameter that set and ready speak of" },
    { "instances", EVAC_PARAM_LIST, EVAC_PARAM_REGIONAL, NULL, NULL, "instance ids that a command runs on" },
    AWS_PARITY_PARAM,
    { 0 },
};
static const struct evac_param document_params[] = {
    { "document", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "the document's name" },
    { "parameters", EVAC_PARAM_TEXT, 0, "{}", NULL, "its parameters, as JSON: { \"Name\": [\"value\"] }" },
    { 0 },
};
static const struct evac_param ready_params[] = {
    { "parameter", EVAC_PARAM_TEXT, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    { 0 },
};
static const struct evac_param set_params[] = {
    { "parameter", EVAC_PARAM_TEXT, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    { "value", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "the parameter's value" },
    { 0 },
};
#define READ(op)  { "ssm", op, "ssm:" op, EVAC_HOME_STEP, NULL, true, false }
#define WRITE(op) { "ssm", op, "ssm:" op, EVAC_HOME_STEP, NULL, true, true }
static const struct evac_op parameter_ops[] = { READ("GetParameter"), { 0 } };
static const struct evac_op parity_ops[] = { AWS_PARITY_OP("ssm", "GetParameter", "ssm:GetParameter"), { 0 } };
static const struct evac_op set_ops[] = { READ("GetParameter"), WRITE("PutParameter"), { 0 } };
static const struct evac_op automate_ops[] = { READ("DescribeAutomationExecutions"), WRITE("StartAutomationExecution"), { 0 } };
static const struct evac_op command_ops[] = { READ("ListCommands"), WRITE("SendCommand"), { 0 } };
#define TAG "evac:<label>:<app>:<run>"
/* By its version: the cipher text of a secure value, which the snapshot has, must not become the value. */
static const char clear_set[] =
    "aws ssm put-parameter --region <region> --name <parameter> --type <was.type> --overwrite --value \"$(aws ssm get-parameter "
    "--region <region> --name <parameter>:<was.version> --with-decryption --query Parameter.Value --output text)\"";
static const char clear_automation[] =
    "aws ssm stop-automation-execution --region <region> --type Cancel --automation-execution-id $(aws ssm describe-automation-executions "
    "--region <region> --output text --filters \"Key=TagKey,Values=" TAG "\" --query \"AutomationExecutionMetadataList[].AutomationExecutionId\")";
static const char clear_command[] =
    "aws ssm cancel-command --region <region> --command-id $(aws ssm list-commands --region <region> --output text "
    "--filters key=DocumentName,value=<want.document> --query \"Commands[?Comment=='" TAG "'].CommandId\")";
static const struct evac_action actions[] = {
    { "ready", "the parameter is there", 0, EVAC_FENCING_NONE, 500, 60000, ready_params, parameter_ops },
    AWS_PARITY_ACTION_OF(ready_params, parity_ops),
    { "set", "the parameter has this value", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 500, 60000, set_params, set_ops, clear_set },
    { "automate", "this run's automation has succeeded", EVAC_ACTION_MUTATES, EVAC_FENCING_TOKEN, 60000, 1800000, document_params, automate_ops, clear_automation },
    { "command", "this run's command has succeeded on its instances; the script must bear being run twice", EVAC_ACTION_MUTATES, EVAC_FENCING_NONE, 30000, 900000, document_params, command_ops, clear_command },
    { 0 },
};
#define LOOK_PARAMETER { "ssm", "GetParameter", .body = "{\"Name\":\"<parameter>\",\"WithDecryption\":false}" }
static const struct aws_lever ready = {
    .what = "the parameter's version", .look = LOOK_PARAMETER, .at = "Parameter/Version", .want = "1", .compare = AWS_AT_LEAST,
    .missing_codes = "ParameterNotFound" };
/* A secure value is not decrypted, and its cipher text differs anyway. */
static const struct aws_kept kind_of[] = { { "kind", "Parameter/Type" }, { 0 } };
static const struct aws_compared of_parameter[] = { { "type", "Parameter/Type" }, { 0 } };
static const struct aws_compared of_text[] = { { "value", "Parameter/Value" }, { 0 } };
static const struct aws_parity parity = { .rows = {
    { "the parameter", LOOK_PARAMETER, .missing_codes = "ParameterNotFound", .kept = kind_of, .compared = of_parameter },
    { "the parameter", LOOK_PARAMETER, .missing_codes = "ParameterNotFound", .unless = "kind=SecureString", .compared = of_text } } };
static const struct aws_kept type[] = { { "type", "Parameter/Type" }, { "version", "Parameter/Version" }, { 0 } };
static const struct aws_lever set = {
    .what = "the parameter", .look = LOOK_PARAMETER, .at = "Parameter/Value", .want = "<want.value>", .kept = type,
    .missing_codes = "ParameterNotFound", .exact = true,
    .act = { "ssm", "PutParameter", .body = "{\"Name\":\"<parameter>\",\"Value\":\"<value>\",\"Type\":\"<type>\",\"Overwrite\":true}" } };
static const struct aws_lever automate = {
    .what = "the automation", .at = "AutomationExecutionMetadataList[]/AutomationExecutionStatus", .absent = "not started",
    .look = { "ssm", "DescribeAutomationExecutions", .body = "{\"Filters\":[{\"Key\":\"TagKey\",\"Values\":[\"" TAG "\"]}]}" },
    .want = "Success|CompletedWithSuccess", .moving = "Pending|InProgress|Waiting|PendingApproval|Approved|Scheduled|RunbookInProgress|Cancelling",
    .broken = "TimedOut|Cancelled|Failed|Rejected|CompletedWithFailure",
    .act = { "ssm", "StartAutomationExecution", .body =
             "{\"DocumentName\":\"<want.document>\",\"Parameters\":<=want.parameters>,\"ClientToken\":\"<uuid>\",\"Tags\":[{\"Key\":\"" TAG "\",\"Value\":\"<token>\"}]}" } };
static const struct aws_lever command = {
    .what = "the command", .at = "Commands[Comment=" TAG "]/Status", .absent = "not started",
    .look = { "ssm", "ListCommands", .body = "{\"Filters\":[{\"key\":\"DocumentName\",\"value\":\"<want.document>\"}],\"MaxResults\":50}" },
    .want = "Success", .moving = "Pending|InProgress|Cancelling", .broken = "Cancelled|Failed|TimedOut",
    .act = { "ssm", "SendCommand", .body =
             "{\"DocumentName\":\"<want.document>\",\"Parameters\":<=want.parameters>,\"InstanceIds\":<=instances>,\"Comment\":\"" TAG "\"}" } };
static const struct aws_handlers handlers[] = {
    { .action = "ready", .lever = &ready },
    { .action = "parity", .parity = &parity },
    { .action = "set", .lever = &set },
    { .action = "automate", .lever = &automate },
    { .action = "command", .lever = &command },
    { 0 },
};
/* clang-format on */

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_ssm = {
    "ssm",
    "an automation, command or parameter of Systems Manager",
    resource_params,
    actions,
    0,
    NULL,
    call,
    aws_cancel
};
