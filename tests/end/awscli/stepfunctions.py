from awscli_lib import *


def executions(aws):
    make(aws, "stepfunctions", WEST, kind="machine", name="rebuild")
    machine = "arn:aws:states:us-west-2:123456789012:stateMachine:rebuild"
    start = ("stepfunctions", "start-execution", "--state-machine-arn", machine, "--name", "cli-1", "--input", "{}")
    arn = aws(WEST, *start)["executionArn"]
    until(lambda: aws(WEST, "stepfunctions", "describe-execution", "--execution-arn", arn)["status"] == "SUCCEEDED")
    refused("ExecutionAlreadyExists", aws, WEST, *start)
    assert aws(WEST, "stepfunctions", "stop-execution", "--execution-arn", arn)["stopDate"]
    refused("ExecutionDoesNotExist", aws, WEST, "stepfunctions", "describe-execution", "--execution-arn", arn + "x")


GROUPS = [executions]
