import json

from awscli_lib import *


def rules(aws):
    make(aws, "events", WEST, kind="rule", name="nightly")
    make(aws, "events", WEST, kind="rule", name="theirs", ManagedBy="ecs.amazonaws.com")
    equal(aws(WEST, "events", "describe-rule", "--name", "nightly")["State"], "ENABLED")
    aws(WEST, "events", "disable-rule", "--name", "nightly")
    equal(aws(WEST, "events", "describe-rule", "--name", "nightly")["State"], "DISABLED")
    aws(WEST, "events", "enable-rule", "--name", "nightly")
    refused("ManagedRuleException", aws, WEST, "events", "disable-rule", "--name", "theirs")
    refused("ResourceNotFoundException", aws, WEST, "events", "describe-rule", "--name", "nobody")
    good = {"Source": "evac", "DetailType": "trial", "Detail": "{}"}
    put = aws(WEST, "events", "put-events", "--entries", json.dumps([good, {"Source": "evac"}]))
    equal((put["FailedEntryCount"], put["Entries"][1]["ErrorCode"]), (1, "InvalidArgument"))


def global_endpoint(aws):
    """Signed for all regions (Version 4A) by AWS's own library."""
    make(aws, "events", EAST, kind="endpoint", name="abcde.veo", secondary=WEST)
    event = json.dumps([{"Source": "evac", "DetailType": "trial", "Detail": "{}"}])
    put = ("events", "put-events", "--entries", event, "--endpoint-id")
    equal(aws(WEST, *put, "abcde.veo")["FailedEntryCount"], 0)
    refused("SignatureDoesNotMatch", aws, WEST, *put, "nobody.veo")
    refused("InvalidSignatureException", Cli(aws.world, aws.forks, secret="another"), WEST, *put, "abcde.veo")


GROUPS = [rules, global_endpoint]
