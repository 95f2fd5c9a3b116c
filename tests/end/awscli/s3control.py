import json

from awscli_lib import *

MRAP = "arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap"


def control(aws, region, *args):
    """awscli puts the account before any endpoint's host, an address too. So it is given AWS's own host, and the door as
    its proxy."""
    door = "http://127.0.0.1:%d" % aws.world.ports["http_port"]
    cli = Cli(aws.world, aws.forks)
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


def s3_jobs(aws):
    bucket = "shop-batch-use1"
    make(aws, "s3", EAST, kind="bucket", name=bucket)
    make(aws, "s3", WEST, kind="bucket", name="shop-batch-usw2")
    make(aws, "s3", EAST, kind="object", name="old", bucket=bucket, body="x", age_s=7200)
    make(aws, "s3", EAST, kind="rule", name=bucket, to="shop-batch-usw2")

    def create(token, statuses, *more):
        return control(
            aws, EAST, "create-job", "--operation", '{"S3ReplicateObject": {}}', "--report", '{"Enabled": false}',
            "--priority", "10", "--role-arn", "arn:aws:iam::123456789012:role/batch", "--client-request-token", token,
            "--manifest-generator", json.dumps({"S3JobManifestGenerator": {
                "SourceBucket": "arn:aws:s3:::" + bucket, "EnableManifestOutput": False,
                "Filter": {"EligibleForReplication": True, "ObjectReplicationStatuses": statuses}}}), *more)["JobId"]

    def now(job):
        return control(aws, EAST, "describe-job", "--job-id", job)["Job"]
    job = create("t1", ["NONE"], "--no-confirmation-required", "--description", "catch up")
    equal(create("t1", ["NONE"], "--no-confirmation-required", "--description", "catch up"), job)
    refused("IdempotencyException", create, "t1", ["FAILED"])
    until(lambda: now(job)["Status"] == "Complete")
    equal(now(job)["ProgressSummary"]["NumberOfTasksSucceeded"], 1)
    equal(aws(WEST, "s3api", "head-object", "--bucket", "shop-batch-usw2", "--key", "old")["ReplicationStatus"], "REPLICA")
    waiting = create("t2", ["COMPLETED"], "--confirmation-required")
    until(lambda: now(waiting)["Status"] == "Suspended")
    control(aws, EAST, "update-job-status", "--job-id", waiting, "--requested-job-status", "Cancelled")
    until(lambda: now(waiting)["Status"] == "Cancelled")
    refused("JobStatusException", control, aws, EAST, "update-job-status", "--job-id", waiting,
            "--requested-job-status", "Ready")
    until(lambda: len(control(aws, EAST, "list-jobs")["Jobs"]) == 2)
    equal([j["JobId"] for j in control(aws, EAST, "list-jobs", "--job-statuses", "Complete")["Jobs"]], [job])
    refused("NoSuchJob", now, "00000000-0000-0000-0000-000000000000")


GROUPS = [s3_routes, s3_jobs]
