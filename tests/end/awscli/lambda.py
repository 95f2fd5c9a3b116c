from awscli_lib import *


def functions(aws):
    make(aws, "lambda", WEST, kind="function", name="worker")
    make(aws, "lambda", WEST, kind="function", name="broken", fails=True)
    one = ("--function-name", "worker")
    equal(aws(WEST, "lambda", "get-function-configuration", *one)["State"], "Active")
    assert not aws(WEST, "lambda", "get-function-concurrency", *one)
    equal(aws(WEST, "lambda", "put-function-concurrency", *one, "--reserved-concurrent-executions",
              "7")["ReservedConcurrentExecutions"], 7)
    equal(aws(WEST, "lambda", "get-function-concurrency", *one)["ReservedConcurrentExecutions"], 7)
    refused("InvalidParameterValueException", aws, WEST, "lambda", "put-function-concurrency", *one,
            "--reserved-concurrent-executions", "901")
    equal(aws(WEST, "lambda", "invoke", *one, "--payload", "{}", "/dev/null")["StatusCode"], 200)
    equal(aws(WEST, "lambda", "invoke", "--function-name", "broken", "/dev/null")["FunctionError"], "Unhandled")
    equal(aws(WEST, "lambda", "invoke", *one, "--invocation-type", "Event", "/dev/null")["StatusCode"], 202)
    aws(WEST, "lambda", "put-function-concurrency", *one, "--reserved-concurrent-executions", "0")
    refused("TooManyRequestsException", aws, WEST, "lambda", "invoke", *one, "/dev/null")
    aws(WEST, "lambda", "delete-function-concurrency", *one)
    live = one + ("--qualifier", "live")
    refused("ProvisionedConcurrencyConfigNotFoundException", aws, WEST, "lambda", "get-provisioned-concurrency-config", *live)
    equal(aws(WEST, "lambda", "put-provisioned-concurrency-config", *live, "--provisioned-concurrent-executions",
              "3")["Status"], "IN_PROGRESS")
    until(lambda: aws(WEST, "lambda", "get-provisioned-concurrency-config", *live)["Status"] == "READY")
    aws(WEST, "lambda", "delete-provisioned-concurrency-config", *live)
    refused("ResourceNotFoundException", aws, WEST, "lambda", "get-function-configuration", "--function-name", "nobody")


def mappings(aws):
    make(aws, "lambda", EAST, kind="mapping", name="m1")
    equal([m["UUID"] for m in aws(EAST, "lambda", "list-event-source-mappings", "--function-name",
                                  "worker")["EventSourceMappings"]], ["m1"])
    equal(aws(EAST, "lambda", "update-event-source-mapping", "--uuid", "m1", "--no-enabled")["State"], "Disabling")
    until(lambda: aws(EAST, "lambda", "get-event-source-mapping", "--uuid", "m1")["State"] == "Disabled")


GROUPS = [functions, mappings]
