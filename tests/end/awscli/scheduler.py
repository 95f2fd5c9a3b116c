import json

from awscli_lib import *


def schedules(aws):
    make(aws, "scheduler", WEST, kind="schedule", name="nightly", Description="at night")
    got = aws(WEST, "scheduler", "get-schedule", "--name", "nightly")
    equal((got["State"], got["Description"]), ("ENABLED", "at night"))
    aws(WEST, "scheduler", "update-schedule", "--name", "nightly", "--state", "DISABLED", "--schedule-expression",
        got["ScheduleExpression"], "--flexible-time-window", json.dumps(got["FlexibleTimeWindow"]), "--target",
        json.dumps(got["Target"]))
    got = aws(WEST, "scheduler", "get-schedule", "--name", "nightly")
    assert got["State"] == "DISABLED" and "Description" not in got, got  # what is not sent is gone
    for i in range(3):
        make(aws, "scheduler", WEST, kind="schedule", name="many-%d" % i, GroupName="many")
    pages = aws(WEST, "scheduler", "list-schedules", "--group-name", "many", "--page-size", "2")
    equal([s["Name"] for s in pages["Schedules"]], ["many-0", "many-1", "many-2"])
    equal(aws(WEST, "scheduler", "list-schedules", "--group-name", "many", "--state", "DISABLED")["Schedules"], [])
    refused("ResourceNotFoundException", aws, WEST, "scheduler", "get-schedule", "--name", "nobody")


GROUPS = [schedules]
