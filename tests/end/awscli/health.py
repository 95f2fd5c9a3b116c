from awscli_lib import *


def events(aws):
    make(aws, "health", EAST, kind="event", name="e1", region=WEST)
    issues = ("health", "describe-events", "--filter", "regions=%s,eventTypeCategories=issue,eventStatusCodes=open")
    equal(len(aws(EAST, *issues[:-1], issues[-1] % WEST)["events"]), 1)
    equal(aws(EAST, *issues[:-1], issues[-1] % "eu-west-1")["events"], [])


GROUPS = [events]
