from awscli_lib import *


def streams(aws):
    make(aws, "kinesis", WEST, kind="stream", name="cli")
    got = aws(WEST, "kinesis", "describe-stream-summary", "--stream-name", "cli")["StreamDescriptionSummary"]
    equal((got["StreamStatus"], got["OpenShardCount"]), ("ACTIVE", 4))
    refused("ResourceNotFoundException", aws, WEST, "kinesis", "describe-stream-summary", "--stream-name", "nobody")


GROUPS = [streams]
