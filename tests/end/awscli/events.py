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


GROUPS = [rules]
