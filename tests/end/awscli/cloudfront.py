import json

from awscli_lib import *


def distributions(aws):
    make(aws, "cloudfront", EAST, kind="distribution", name="ECLI", origins="use1 usw2", target="use1")
    one = ("--id", "ECLI")
    got = aws(EAST, "cloudfront", "get-distribution-config", *one)
    config = got["DistributionConfig"]
    equal((config["DefaultCacheBehavior"]["TargetOriginId"], config["Origins"]["Quantity"]), ("use1", 2))
    config["DefaultCacheBehavior"]["TargetOriginId"] = "usw2"
    update = ("cloudfront", "update-distribution", *one, "--distribution-config")
    refused("PreconditionFailed", aws, EAST, *update, json.dumps(config), "--if-match", "E0")
    equal(aws(EAST, *update, json.dumps(config), "--if-match", got["ETag"])["Distribution"]["Status"], "InProgress")
    until(lambda: aws(EAST, "cloudfront", "get-distribution", *one)["Distribution"]["Status"] == "Deployed")
    config["DefaultCacheBehavior"]["TargetOriginId"] = "nowhere"
    refused("NoSuchOrigin", aws, EAST, *update, json.dumps(config), "--if-match", "E2")
    refused("NoSuchDistribution", aws, EAST, "cloudfront", "get-distribution", "--id", "NOBODY")


GROUPS = [distributions]
