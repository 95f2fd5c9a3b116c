from awscli_lib import *


def automations(aws):
    make(aws, "ssm", WEST, kind="document", name="Warm")
    token = "00000000-0000-4000-8000-000000000001"
    start = ("ssm", "start-automation-execution", "--document-name", "Warm", "--client-token", token, "--tags",
             "Key=evac:one,Value=x")
    run = aws(WEST, *start)["AutomationExecutionId"]
    equal(aws(WEST, *start)["AutomationExecutionId"], run)  # the same token, the same execution

    def status():
        return aws(WEST, "ssm", "describe-automation-executions", "--filters",
                   "Key=TagKey,Values=evac:one")["AutomationExecutionMetadataList"][0]["AutomationExecutionStatus"]
    until(lambda: status() == "Success")
    equal(aws(WEST, "ssm", "get-automation-execution", "--automation-execution-id",
              run)["AutomationExecution"]["DocumentName"], "Warm")
    refused("AutomationDefinitionNotFoundException", aws, WEST, "ssm", "start-automation-execution", "--document-name",
            "nobody")


def commands_and_parameters(aws):
    make(aws, "ssm", EAST, kind="document", name="AWS-RunShellScript")
    sent = aws(EAST, "ssm", "send-command", "--document-name", "AWS-RunShellScript", "--instance-ids",
               "i-0123456789abcdef0", "--comment", "trial", "--parameters", "commands=true")["Command"]
    until(lambda: aws(EAST, "ssm", "list-commands", "--command-id", sent["CommandId"])["Commands"][0]["Status"] == "Success")
    refused("ParameterNotFound", aws, EAST, "ssm", "get-parameter", "--name", "/cli/mode")
    put = ("ssm", "put-parameter", "--name", "/cli/mode", "--type", "String", "--value")
    equal(aws(EAST, *put, "passive")["Version"], 1)
    refused("ParameterAlreadyExists", aws, EAST, *put, "active")
    aws(EAST, *put, "active", "--overwrite")
    equal(aws(EAST, "ssm", "get-parameter", "--name", "/cli/mode")["Parameter"]["Value"], "active")


GROUPS = [automations, commands_and_parameters]
