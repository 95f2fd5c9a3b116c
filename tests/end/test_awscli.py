#!/usr/bin/env python3
"""Debian's awscli, unchanged, against a real evac-sandbox: every operation that it serves, and what it refuses.

  test_awscli.py BIN_DIR [--verbose]

An operation that the sandbox serves and nothing here calls is a failure, so the list can't fall behind."""
import concurrent.futures, json, os, subprocess, sys, tempfile, threading, time, traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import World

AWS = "/usr/bin/aws"
EAST, WEST = "us-east-1", "us-west-2"
# Served, and too new for Debian's awscli (January 2023): what shows them instead.
TOO_NEW = {("rds", "SwitchoverGlobalCluster"): "tests/unit/test_sandbox_aurora.c"}

called = set()
lock = threading.Lock()


class Refused(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class Cli:
    def __init__(self, world, key=None, secret=None):
        self.world = world
        self.env = dict(world.env, AWS_PAGER="", AWS_MAX_ATTEMPTS="1", AWS_RETRY_MODE="standard",
                        AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null")
        if key:
            self.env["AWS_ACCESS_KEY_ID"] = key
        if secret:
            self.env["AWS_SECRET_ACCESS_KEY"] = secret

    def __call__(self, region, service, *args, op=None, raw=False):
        command = [AWS, "--endpoint-url", "http://127.0.0.1:%d" % self.world.ports["http_port"], "--region", region,
                   "--output", "json", service, *args]
        r = subprocess.run(command, capture_output=True, text=True, env=self.env, timeout=60)
        with lock:
            called.add(({"s3api": "s3"}.get(service, service), op or camel(args[0])))
        if r.returncode != 0:
            text = r.stderr.strip()
            code = text[text.find("(") + 1:text.find(")")] if "(" in text else text
            raise Refused(code, "%s: %s" % (" ".join(command[6:]), text))
        if raw:
            return r.stdout
        return json.loads(r.stdout) if r.stdout.strip() else None


SPECIAL = {"describe-db-clusters": "DescribeDBClusters", "describe-db-instances": "DescribeDBInstances",
           "list-objects-v2": "ListObjectsV2", "test-dns-answer": "TestDNSAnswer"}


def camel(command):
    return SPECIAL.get(command) or "".join(w.capitalize() for w in command.split("-"))


def refused(code, call, *args, **kw):
    try:
        call(*args, **kw)
    except Refused as e:
        assert e.code in (code if isinstance(code, tuple) else (code,)), "expected %s, got: %s" % (code, e)
        return
    raise AssertionError("not refused: %s" % (args,))


def equal(a, b):
    assert a == b, "%r is not %r" % (a, b)


def until(what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return
        time.sleep(0.1)
    raise AssertionError("gave up waiting")


# --- a group runs in order; groups run beside each other

def sts(aws):
    equal(aws(EAST, "sts", "get-caller-identity")["Account"], "123456789012")
    role = aws(WEST, "sts", "assume-role", "--role-arn", "arn:aws:iam::123456789012:role/dr-act",
               "--role-session-name", "drill")
    assert role["AssumedRoleUser"]["Arn"].endswith("assumed-role/dr-act/drill"), role
    assert role["Credentials"]["SecretAccessKey"]
    refused("ValidationError", aws, WEST, "sts", "assume-role", "--role-arn", "arn:aws:iam::123456789012:user/nobody",
            "--role-session-name", "drill")


def wrong_keys(aws):
    stranger = Cli(aws.world, key="AKIASOMEBODYELSE0001")
    liar = Cli(aws.world, secret="not-the-secret")
    refused("InvalidClientTokenId", stranger, EAST, "sts", "get-caller-identity")
    refused("UnrecognizedClientException", stranger, EAST, "ecs", "list-clusters")
    refused("InvalidAccessKeyId", stranger, EAST, "s3api", "list-buckets")
    refused("SignatureDoesNotMatch", liar, EAST, "rds", "describe-global-clusters")
    refused("InvalidSignatureException", liar, EAST, "ecs", "list-clusters")
    refused("SignatureDoesNotMatch", liar, EAST, "s3api", "list-buckets")


def rds(aws):
    g = aws(WEST, "rds", "describe-global-clusters")["GlobalClusters"][0]
    equal((g["GlobalClusterIdentifier"], g["Status"]), ("shop-db", "available"))
    equal([m["IsWriter"] for m in g["GlobalClusterMembers"]], [True, False])
    c = aws(WEST, "rds", "describe-db-clusters", "--db-cluster-identifier", "shop-db-usw2")["DBClusters"][0]
    equal(c["DBClusterMembers"][0]["IsClusterWriter"], False)
    assert c["ReplicationSourceIdentifier"].endswith(":cluster:shop-db-use1"), c
    i = aws(EAST, "rds", "describe-db-instances", "--filters", "Name=db-cluster-id,Values=shop-db-use1")["DBInstances"]
    equal([x["DBInstanceStatus"] for x in i], ["available"])
    refused("DBClusterNotFoundFault", aws, EAST, "rds", "describe-db-clusters", "--db-cluster-identifier", "nobody")
    refused("DBInstanceNotFound", aws, EAST, "rds", "describe-db-instances", "--db-instance-identifier", "nobody")
    refused("GlobalClusterNotFoundFault", aws, EAST, "rds", "failover-global-cluster", "--global-cluster-identifier",
            "nobody", "--target-db-cluster-identifier", "arn:aws:rds:us-west-2:123456789012:cluster:shop-db-usw2")
    move = ("rds", "failover-global-cluster", "--global-cluster-identifier", "shop-db",
            "--target-db-cluster-identifier", "arn:aws:rds:us-west-2:123456789012:cluster:shop-db-usw2")
    refused("InvalidGlobalClusterStateFault", aws, WEST, *move)  # a planned one is told to the primary's region
    equal(aws(EAST, *move)["GlobalCluster"]["Status"], "switching-over")
    # it goes on already, or, when this machine is slow, it is done already
    refused(("InvalidGlobalClusterStateFault", "InvalidDBClusterStateFault"), aws, EAST, *move)
    until(lambda: aws(EAST, "rds", "describe-global-clusters")["GlobalClusters"][0]["GlobalClusterMembers"][1]["IsWriter"])
    events = aws(WEST, "rds", "describe-events", "--source-type", "db-cluster", "--duration", "60")["Events"]
    assert any("finished" in e["Message"] for e in events), events
    gone = aws(WEST, "rds", "remove-from-global-cluster", "--global-cluster-identifier", "shop-db",
               "--db-cluster-identifier", "arn:aws:rds:us-east-1:123456789012:cluster:shop-db-use1")
    equal(len(gone["GlobalCluster"]["GlobalClusterMembers"]), 1)


def s3_buckets(aws):
    names = [b["Name"] for b in aws(EAST, "s3api", "list-buckets")["Buckets"]]
    assert "shop-assets-use1" in names, names
    equal(aws(WEST, "s3api", "get-bucket-location", "--bucket", "shop-assets-usw2")["LocationConstraint"], WEST)
    aws(WEST, "s3api", "create-bucket", "--bucket", "evac-trial", "--create-bucket-configuration",
        "LocationConstraint=us-west-2")
    refused("BucketAlreadyOwnedByYou", aws, WEST, "s3api", "create-bucket", "--bucket", "evac-trial",
            "--create-bucket-configuration", "LocationConstraint=us-west-2")
    aws(WEST, "s3api", "head-bucket", "--bucket", "evac-trial")
    refused("NoSuchBucket", aws, WEST, "s3api", "get-bucket-versioning", "--bucket", "evac-nobody")
    equal(aws(WEST, "s3api", "get-bucket-versioning", "--bucket", "evac-trial"), None)
    refused("ReplicationConfigurationNotFoundError", aws, WEST, "s3api", "get-bucket-replication", "--bucket",
            "evac-trial")
    rule = json.dumps({"Role": "arn:aws:iam::123456789012:role/r", "Rules": [
        {"ID": "one", "Priority": 1, "Status": "Enabled", "Filter": {"Prefix": "a/"},
         "DeleteMarkerReplication": {"Status": "Disabled"}, "Destination": {"Bucket": "arn:aws:s3:::shop-assets-use1"}}]})
    put = ("s3api", "put-bucket-replication", "--bucket", "evac-trial", "--replication-configuration", rule)
    refused("InvalidRequest", aws, WEST, *put)  # not without versions
    aws(WEST, "s3api", "put-bucket-versioning", "--bucket", "evac-trial", "--versioning-configuration",
        "Status=Enabled")
    equal(aws(WEST, "s3api", "get-bucket-versioning", "--bucket", "evac-trial")["Status"], "Enabled")
    aws(WEST, *put)
    got = aws(WEST, "s3api", "get-bucket-replication", "--bucket", "evac-trial")["ReplicationConfiguration"]
    equal(got["Rules"][0]["Filter"]["Prefix"], "a/")
    aws(WEST, "s3api", "delete-bucket-replication", "--bucket", "evac-trial")
    aws(WEST, "s3api", "delete-bucket", "--bucket", "evac-trial")
    refused("404", aws, WEST, "s3api", "head-bucket", "--bucket", "evac-trial")


def s3_objects(aws):
    bucket = ("--bucket", "shop-assets-use1")
    with tempfile.TemporaryDirectory() as d:
        body, back = os.path.join(d, "body"), os.path.join(d, "back")
        open(body, "w").write("hello")
        put = aws(EAST, "s3api", "put-object", *bucket, "--key", "pics/ä b.txt", "--body", body)
        equal(put["ETag"], '"5d41402abc4b2a76b9719d911017c592"')
        aws(EAST, "s3api", "get-object", *bucket, "--key", "pics/ä b.txt", back)
        equal(open(back).read(), "hello")
        aws(EAST, "s3api", "get-object", *bucket, "--key", "pics/ä b.txt", "--range", "bytes=1-2", back)
        equal(open(back).read(), "el")
    head = aws(EAST, "s3api", "head-object", *bucket, "--key", "pics/ä b.txt")
    assert head["ReplicationStatus"] in ("PENDING", "COMPLETED"), head
    until(lambda: aws(EAST, "s3api", "head-object", *bucket, "--key", "pics/ä b.txt")["ReplicationStatus"] == "COMPLETED")
    equal(aws(WEST, "s3api", "head-object", "--bucket", "shop-assets-usw2", "--key",
              "pics/ä b.txt")["ReplicationStatus"], "REPLICA")
    listed = aws(EAST, "s3api", "list-objects-v2", *bucket, "--prefix", "pics/")
    equal([o["Key"] for o in listed["Contents"]], ["pics/ä b.txt"])
    refused("NoSuchKey", aws, EAST, "s3api", "get-object", *bucket, "--key", "nobody", "/dev/null")
    aws(EAST, "s3api", "delete-object", *bucket, "--key", "pics/ä b.txt")
    versions = aws(EAST, "s3api", "list-object-versions", *bucket, "--prefix", "pics/")
    equal((len(versions["Versions"]), len(versions["DeleteMarkers"])), (1, 1))
    gone = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in versions["Versions"] + versions["DeleteMarkers"]]
    equal(len(aws(EAST, "s3api", "delete-objects", *bucket, "--delete", json.dumps({"Objects": gone}))["Deleted"]), 2)
    assert "Contents" not in (aws(EAST, "s3api", "list-objects-v2", *bucket, "--prefix", "pics/") or {})
    # asked in the wrong region, awscli is sent to the right one and goes there
    equal(aws(WEST, "s3api", "get-bucket-versioning", *bucket)["Status"], "Enabled")


def ecs(aws):
    equal(len(aws(WEST, "ecs", "list-clusters")["clusterArns"]), 1)
    equal(aws(WEST, "ecs", "describe-clusters", "--clusters", "shop")["clusters"][0]["activeServicesCount"], 2)
    equal(len(aws(WEST, "ecs", "list-services", "--cluster", "shop")["serviceArns"]), 2)
    described = aws(WEST, "ecs", "describe-services", "--cluster", "shop", "--services", "web", "nobody")
    equal((described["services"][0]["runningCount"], described["failures"][0]["reason"]), (1, "MISSING"))
    equal(aws(WEST, "ecs", "update-service", "--cluster", "shop", "--service", "web", "--desired-count",
              "3")["service"]["desiredCount"], 3)
    until(lambda: aws(WEST, "ecs", "describe-services", "--cluster", "shop", "--services", "web")["services"][0]
          ["runningCount"] == 3)
    tasks = aws(WEST, "ecs", "list-tasks", "--cluster", "shop", "--service-name", "web")["taskArns"]
    equal(len(tasks), 3)
    one = aws(WEST, "ecs", "describe-tasks", "--cluster", "shop", "--tasks", tasks[0])["tasks"][0]
    equal((one["lastStatus"], one["group"]), ("RUNNING", "service:web"))
    refused("ServiceNotFoundException", aws, WEST, "ecs", "update-service", "--cluster", "shop", "--service", "nobody",
            "--desired-count", "1")
    refused("ClusterNotFoundException", aws, WEST, "ecs", "list-services", "--cluster", "nobody")
    created = aws(WEST, "ecs", "create-service", "--cluster", "shop", "--service-name", "extra", "--task-definition",
                  "extra:1", "--desired-count", "1")
    equal(created["service"]["status"], "ACTIVE")
    refused("InvalidParameterException", aws, WEST, "ecs", "delete-service", "--cluster", "shop", "--service", "extra")
    aws(WEST, "ecs", "delete-service", "--cluster", "shop", "--service", "extra", "--force")
    equal(len(aws(WEST, "ecs", "list-services", "--cluster", "shop")["serviceArns"]), 2)


def autoscaling(aws):
    group = ("--auto-scaling-group-name", "shop-batch")

    def now():
        return aws(WEST, "autoscaling", "describe-auto-scaling-groups", "--auto-scaling-group-names",
                   "shop-batch")["AutoScalingGroups"][0]
    equal((now()["MinSize"], now()["DesiredCapacity"]), (0, 1))
    aws(WEST, "autoscaling", "update-auto-scaling-group", *group, "--min-size", "1", "--max-size", "4",
        "--desired-capacity", "2")
    until(lambda: [i["LifecycleState"] for i in now()["Instances"]] == ["InService"] * 2, 30)
    refused("ValidationError", aws, WEST, "autoscaling", "update-auto-scaling-group", *group, "--min-size", "5")
    refused("ValidationError", aws, WEST, "autoscaling", "set-desired-capacity", *group, "--desired-capacity", "9")
    aws(WEST, "autoscaling", "suspend-processes", *group, "--scaling-processes", "Launch")
    equal([p["ProcessName"] for p in now()["SuspendedProcesses"]], ["Launch"])
    aws(WEST, "autoscaling", "set-desired-capacity", *group, "--desired-capacity", "3")
    equal(len(now()["Instances"]), 2)
    aws(WEST, "autoscaling", "resume-processes", *group)
    until(lambda: len(now()["Instances"]) == 3)
    activities = aws(WEST, "autoscaling", "describe-scaling-activities", *group)["Activities"]
    assert activities and activities[0]["StatusCode"] == "Successful", activities
    assert len(aws(WEST, "autoscaling", "describe-auto-scaling-instances")["AutoScalingInstances"]) >= 2
    new = ("--auto-scaling-group-name", "trial")
    aws(WEST, "autoscaling", "create-auto-scaling-group", *new, "--min-size", "0", "--max-size", "1",
        "--launch-template", "LaunchTemplateName=trial", "--availability-zones", "us-west-2a")
    refused("AlreadyExists", aws, WEST, "autoscaling", "create-auto-scaling-group", *new, "--min-size", "0",
            "--max-size", "1", "--launch-template", "LaunchTemplateName=trial", "--availability-zones", "us-west-2a")
    aws(WEST, "autoscaling", "delete-auto-scaling-group", *new)
    refused("ValidationError", aws, WEST, "autoscaling", "delete-auto-scaling-group", *new)


def cloudwatch(aws):
    metrics = aws(WEST, "cloudwatch", "list-metrics", "--namespace", "AWS/RDS")["Metrics"]
    assert {"Name": "DBClusterIdentifier", "Value": "shop-db-usw2"} in metrics[0]["Dimensions"], metrics
    for value in (1, 5):
        aws(WEST, "cloudwatch", "put-metric-data", "--namespace", "Trial", "--metric-data",
            "MetricName=depth,Value=%d,Dimensions=[{Name=Queue,Value=q}]" % value)
    begin, end = stamp(-600), stamp(60)
    statistics = aws(WEST, "cloudwatch", "get-metric-statistics", "--namespace", "Trial", "--metric-name", "depth",
                     "--dimensions", "Name=Queue,Value=q", "--start-time", begin, "--end-time", end, "--period", "60",
                     "--statistics", "Maximum", "SampleCount")["Datapoints"]
    equal((max(p["Maximum"] for p in statistics), sum(p["SampleCount"] for p in statistics)), (5.0, 2.0))
    query = json.dumps([{"Id": "a", "MetricStat": {"Metric": {
        "Namespace": "Trial", "MetricName": "depth", "Dimensions": [{"Name": "Queue", "Value": "q"}]},
        "Period": 60, "Stat": "Maximum"}}])
    data = aws(WEST, "cloudwatch", "get-metric-data", "--metric-data-queries", query, "--start-time", begin,
               "--end-time", end)["MetricDataResults"][0]
    equal((data["StatusCode"], max(data["Values"])), ("Complete", 5.0))
    refused("ValidationError", aws, WEST, "cloudwatch", "get-metric-data", "--metric-data-queries",
            query.replace("60", "7"), "--start-time", begin, "--end-time", end)
    aws(WEST, "cloudwatch", "put-metric-alarm", "--alarm-name", "deep", "--namespace", "Trial", "--metric-name", "depth",
        "--dimensions", "Name=Queue,Value=q", "--statistic", "Maximum", "--period", "60", "--evaluation-periods", "1",
        "--threshold", "3", "--comparison-operator", "GreaterThanThreshold")
    alarm = ("cloudwatch", "describe-alarms", "--alarm-names", "deep")
    assert aws(WEST, *alarm)["MetricAlarms"][0]["StateValue"] in ("ALARM", "INSUFFICIENT_DATA")
    aws(WEST, "cloudwatch", "set-alarm-state", "--alarm-name", "deep", "--state-value", "OK", "--state-reason", "drill")
    equal(aws(WEST, *alarm)["MetricAlarms"][0]["StateValue"], "OK")
    aws(WEST, "cloudwatch", "delete-alarms", "--alarm-names", "deep")
    refused("ResourceNotFound", aws, WEST, "cloudwatch", "set-alarm-state", "--alarm-name", "deep", "--state-value",
            "OK", "--state-reason", "drill")


def stamp(offset_s):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset_s))


def slowly(call, *args, **kw):
    """Route 53 takes five requests a second of an account, and one change of a zone at a time: as AWS's own SDKs do,
    wait and ask again."""
    for _ in range(60):
        try:
            return call(*args, **kw)
        except Refused as e:
            if e.code not in ("Throttling", "PriorRequestNotComplete"):
                raise
            time.sleep(0.5)
    raise AssertionError("throttled for too long")


def route53(raw):
    def aws(*args, **kw):
        return slowly(raw, EAST, "route53", *args, **kw)
    equal(aws("list-hosted-zones")["HostedZones"][0]["Id"], "/hostedzone/Z0SHOP")
    equal(aws("list-hosted-zones-by-name", "--dns-name", "example.com")["HostedZones"][0]["Name"], "example.com.")
    equal(len(aws("get-hosted-zone", "--id", "Z0SHOP")["DelegationSet"]["NameServers"]), 4)
    sets = aws("list-resource-record-sets", "--hosted-zone-id", "Z0SHOP")["ResourceRecordSets"]
    pair = {s["Failover"]: s["ResourceRecords"][0]["Value"] for s in sets if "Failover" in s}
    equal(pair, {"PRIMARY": "127.0.10.1", "SECONDARY": "127.0.10.2"})

    def change(action, value):
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": {
            "Name": "trial.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": value}]}}]}
        return aws("change-resource-record-sets", "--hosted-zone-id", "Z0SHOP", "--change-batch", json.dumps(batch))
    info = change("CREATE", "192.0.2.1")["ChangeInfo"]
    until(lambda: aws("get-change", "--id", info["Id"])["ChangeInfo"]["Status"] == "INSYNC", 30)
    equal(aws("test-dns-answer", "--hosted-zone-id", "Z0SHOP", "--record-name", "trial.example.com", "--record-type",
              "A")["RecordData"], ["192.0.2.1"])
    refused("InvalidChangeBatch", change, "CREATE", "192.0.2.1")
    refused("InvalidChangeBatch", change, "DELETE", "192.0.2.2")  # it must be exactly what is there
    change("UPSERT", "192.0.2.2")
    change("DELETE", "192.0.2.2")
    refused("NoSuchHostedZone", aws, "get-hosted-zone", "--id", "Z0NOBODY")
    refused("NoSuchChange", aws, "get-change", "--id", "C0NOBODY")

    config = {"Type": "HTTP", "FullyQualifiedDomainName": "us-west-2.shop.example.com", "ResourcePath": "/health",
              "Port": raw.world.ports["http_port"], "RequestInterval": 10, "FailureThreshold": 1}
    check = aws("create-health-check", "--caller-reference", "trial", "--health-check-config",
                json.dumps(config))["HealthCheck"]
    equal(check["HealthCheckVersion"], 1)
    one = ("--health-check-id", check["Id"])
    equal(aws("get-health-check", *one)["HealthCheck"]["HealthCheckConfig"]["Type"], "HTTP")
    equal(aws("update-health-check", *one, "--health-check-version", "1",
              "--inverted")["HealthCheck"]["HealthCheckVersion"], 2)
    refused("HealthCheckVersionMismatch", aws, "update-health-check", *one, "--health-check-version", "1", "--disabled")
    assert aws("get-health-check-status", *one)["HealthCheckObservations"]
    equal(len(aws("list-health-checks")["HealthChecks"]), 2)
    aws("delete-health-check", *one)
    refused("NoSuchHealthCheck", aws, "get-health-check", *one)


GROUPS = [route53, autoscaling, ecs, cloudwatch, s3_objects, s3_buckets, rds, wrong_keys, sts]


def main():
    if not os.path.exists(AWS):
        sys.exit("%s is missing: contrib/packages.sh check installs it" % AWS)
    failed = 0
    with World(sys.argv[1], speed=60) as world:
        aws = Cli(world)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            futures = {pool.submit(g, aws): g.__name__ for g in GROUPS}
            for future in concurrent.futures.as_completed(futures):
                try:
                    future.result()
                    print("ok   %s" % futures[future], flush=True)
                except Exception:
                    failed += 1
                    print("FAIL %s" % futures[future], flush=True)
                    traceback.print_exc()
        served = subprocess.run([world.program("evac-sandbox"), "operations", "--port-file",
                                 os.path.join(world.dir, "ports.json")], capture_output=True, text=True, check=True)
        served = {tuple(line.split()) for line in served.stdout.splitlines()}
        missing = served - called - set(TOO_NEW)
        if missing:
            failed += 1
            print("served, and not tried here: %s" % sorted(missing))
        stale = set(TOO_NEW) & called
        assert not stale, stale
    print("%d operations served, %d groups, %d failed" % (len(served), len(GROUPS), failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
