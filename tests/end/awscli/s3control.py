import json

from awscli_lib import *

MRAP = "arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap"


def control(aws, region, *args):
    """awscli puts the account before any endpoint's host, an address too. So it is given AWS's own host, and the door as
    its proxy."""
    door = "http://127.0.0.1:%d" % aws.world.ports["http_port"]
    cli = Cli(aws.world)
    cli.env = dict(cli.env, http_proxy=door, no_proxy="")
    return cli(region, "s3control", args[0], "--account-id", "123456789012", "--endpoint-url",
               "http://s3-control.%s.amazonaws.com" % region, *args[1:])


def s3_routes(aws):
    make(aws, "s3control", EAST, kind="mrap", name="mfzwi23gnjvgw.mrap", Routes=[
        {"Bucket": "a", "Region": EAST, "TrafficDialPercentage": 100},
        {"Bucket": "b", "Region": WEST, "TrafficDialPercentage": 0}])

    def now(region):
        got = control(aws, region, "get-multi-region-access-point-routes", "--mrap", MRAP)
        equal(got["Mrap"], MRAP)
        return [r["TrafficDialPercentage"] for r in got["Routes"]]

    def submit(region, *dials):
        control(aws, region, "submit-multi-region-access-point-routes", "--mrap", MRAP, "--route-updates", json.dumps(
            [{"Region": r, "TrafficDialPercentage": d} for r, d in zip((EAST, WEST), dials)]))
    equal(now("eu-west-1"), [100, 0])
    refused("InvalidRequest", submit, WEST, 0, 0)
    refused("InvalidRequest", submit, WEST, 50, 50)
    submit(WEST, 0, 100)
    until(lambda: now(EAST) == [0, 100])
    refused("NoSuchMultiRegionAccessPoint", control, aws, WEST, "get-multi-region-access-point-routes", "--mrap",
            MRAP.replace("mfz", "abc"))


GROUPS = [s3_routes]
