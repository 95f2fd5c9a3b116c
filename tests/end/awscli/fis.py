from awscli_lib import *


def experiments(aws):
    make(aws, "fis", WEST, kind="template", name="EXT-cli", **{"break": "lag us-east-1 1000", "mend": "lag us-east-1 normal"})

    def status(id):
        return aws(WEST, "fis", "get-experiment", "--id", id)["experiment"]["state"]["status"]
    equal(aws(WEST, "fis", "get-experiment-template", "--id", "EXT-cli")["experimentTemplate"]["id"], "EXT-cli")
    begin = ("fis", "start-experiment", "--experiment-template-id", "EXT-cli", "--client-token", "once")
    id = aws(WEST, *begin)["experiment"]["id"]
    equal(aws(WEST, *begin)["experiment"]["id"], id)
    until(lambda: status(id) == "running")
    equal([e["id"] for e in aws(WEST, "fis", "list-experiments")["experiments"]], [id])
    aws(WEST, "fis", "stop-experiment", "--id", id)
    until(lambda: status(id) == "stopped")
    refused("ResourceNotFoundException", aws, WEST, "fis", "get-experiment", "--id", "EXP-nobody")
    refused("ResourceNotFoundException", aws, WEST, "fis", "start-experiment", "--experiment-template-id", "EXT-nobody")


GROUPS = [experiments]
