"""The commands that a report gives to people for what a run left, as the drivers' tables have them: a shell runs them, and
what was before is there again. What only a report knows (holes) is filled in here."""
import json, re

from awscli_lib import *

WORDS = {"region": WEST, "app": "shop", "run": "7"}


def cleared(aws, driver, action, **holes):
    """Runs the action's command; of those joined by "&&" the ones whose things there are (each)."""
    if not hasattr(aws, "templates"):
        aws.templates = {(a["type"], a["action"]): a["clear"] for a in json.loads(aws.world.evac("drivers", "--json").stdout)}
        aws.shell = shell_of(aws)
    known = dict(WORDS, **holes.pop("dotted", {}), **holes)
    parts = [re.sub("<([^<>]+)>", lambda m: str(known.get(m[1], m[0])), p)
             for p in re.split(r" && (?=(?:aws|kubectl|curl) )", aws.templates[driver, action])]
    ready = [p for p in parts if "<each." not in p]
    assert ready and not any(re.search("<[a-z]", p) for p in ready), parts
    r = subprocess.run(["sh", "-c", " && ".join(ready)], capture_output=True, text=True, env=aws.shell, timeout=120)
    assert r.returncode == 0, "%s: %s" % (ready, r.stderr)


def refused_by_guard(aws, driver, action, **holes):
    try:
        cleared(aws, driver, action, **holes)
    except AssertionError as e:
        assert "expected one argument" in str(e), e
        return
    raise AssertionError("%s.%s deletes what the run did not make" % (driver, action))


def shell_of(aws):
    """Where "aws" is awscli before the sandbox."""
    folder = os.path.join(aws.world.dir, "clear-bin")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "aws"), "w") as f:
        f.write('#!/bin/sh\nexec %s --endpoint-url http://127.0.0.1:%d "$@"\n' % (AWS, aws.world.ports["http_port"]))
    os.chmod(f.name, 0o755)
    return dict(aws.env, AWS_DEFAULT_REGION=EAST, PATH="%s:%s" % (folder, os.environ["PATH"]))


def was(**kept):
    return {"was." + k: v for k, v in kept.items()}


def clear_functions(aws):
    make(aws, "lambda", WEST, kind="function", name="left")
    one = ("--function-name", "left")

    def reserved():
        return (aws(WEST, "lambda", "get-function-concurrency", *one) or {}).get("ReservedConcurrentExecutions")
    aws(WEST, "lambda", "put-function-concurrency", *one, "--reserved-concurrent-executions", "0")
    cleared(aws, "lambda", "reserve", function="left", dotted=was(value=7))
    equal(reserved(), 7)
    cleared(aws, "lambda", "fence", function="left", dotted=was(value="none"))
    equal(reserved(), None)
    live = ("lambda", "get-provisioned-concurrency-config", *one, "--qualifier", "live")
    cleared(aws, "lambda", "scale", function="left", qualifier="live", dotted=was(value=3))
    equal(aws(WEST, *live)["RequestedProvisionedConcurrentExecutions"], 3)
    cleared(aws, "lambda", "scale", function="left", qualifier="live", dotted=was(value=0))
    refused("ProvisionedConcurrencyConfigNotFoundException", aws, WEST, *live)
    for name, state in (("left-on", "Disabled"), ("left-off", "Enabled")):
        make(aws, "lambda", WEST, kind="mapping", name=name, State=state)
    cleared(aws, "lambda", "pause", dotted={"each.each:value=Enabled": "left-on", "each.each:value=Disabled": "left-off"})
    state = ("lambda", "get-event-source-mapping", "--uuid")
    until(lambda: [aws(WEST, *state, m)["State"] for m in ("left-on", "left-off")] == ["Enabled", "Disabled"])


def clear_rules_and_schedules(aws):
    make(aws, "events", WEST, kind="rule", name="left", State="DISABLED")
    cleared(aws, "events", "pause", bus="default", dotted={"each.each:value=ENABLED": "left"})
    equal(aws(WEST, "events", "describe-rule", "--name", "left")["State"], "ENABLED")
    cleared(aws, "events", "resume", bus="default", dotted={"each.each:value=DISABLED": "left"})
    equal(aws(WEST, "events", "describe-rule", "--name", "left")["State"], "DISABLED")
    make(aws, "scheduler", WEST, kind="schedule", name="left", State="DISABLED", Description="a 'quoted' one")
    before = aws(WEST, "scheduler", "get-schedule", "--name", "left")
    cleared(aws, "scheduler", "pause", group="default", dotted={"each.each": "left", "its.value": "ENABLED"})
    after = aws(WEST, "scheduler", "get-schedule", "--name", "left")
    equal({k: after[k] for k in ("State", "Description", "Target", "ScheduleExpression", "FlexibleTimeWindow")},
          dict({k: before[k] for k in ("Description", "Target", "ScheduleExpression", "FlexibleTimeWindow")}, State="ENABLED"))


def clear_keys_and_parameters(aws):
    for region in (EAST, WEST):
        make(aws, "kms", region, kind="key", name="mrk-left", primary=WEST, regions=[EAST, WEST])
    cleared(aws, "kms", "primary", key="mrk-left", dotted=was(value=EAST))
    until(lambda: aws(EAST, "kms", "describe-key", "--key-id",
                      "mrk-left")["KeyMetadata"]["MultiRegionConfiguration"]["PrimaryKey"]["Region"] == EAST)
    put = ("ssm", "put-parameter", "--name", "/left/mode", "--type", "SecureString", "--value")
    aws(WEST, *put, "it's $HOME")
    aws(WEST, *put, "active", "--overwrite")
    cleared(aws, "ssm", "set", parameter="/left/mode", dotted=was(type="SecureString", version=1))
    now = aws(WEST, "ssm", "get-parameter", "--name", "/left/mode")["Parameter"]
    equal((now["Value"], now["Type"], now["Version"]), ("it's $HOME", "SecureString", 3))
    refused("ParameterVersionNotFound", aws, WEST, "ssm", "get-parameter", "--name", "/left/mode:9")


def clear_capacity(aws):
    make(aws, "application-autoscaling", WEST, kind="target", name="service/left/web", MinCapacity=6, MaxCapacity=20)
    which = {"namespace": "ecs", "dimension": "ecs:service:DesiredCount", "resource_id": "service/left/web"}
    cleared(aws, "app-scaling", "scale", **which, dotted=was(value=1, max=10))
    cleared(aws, "app-scaling", "hold", **which, dotted=was(value="true", out="false", scheduled="true"))
    now = aws(WEST, "application-autoscaling", "describe-scalable-targets", "--service-namespace", "ecs", "--resource-ids",
              "service/left/web")["ScalableTargets"][0]
    equal((now["MinCapacity"], now["MaxCapacity"]), (1, 10))
    equal(now["SuspendedState"], {"DynamicScalingInSuspended": True, "DynamicScalingOutSuspended": False,
                                  "ScheduledScalingSuspended": True})
    make(aws, "eks", WEST, kind="cluster", name="left")
    make(aws, "eks", WEST, kind="nodegroup", name="left/workers")
    cleared(aws, "eks", "scale", cluster="left", nodegroup="workers", dotted=was(value=2, min=1, max=4))
    equal(aws(WEST, "eks", "describe-nodegroup", "--cluster-name", "left", "--nodegroup-name",
              "workers")["nodegroup"]["scalingConfig"], {"minSize": 1, "maxSize": 4, "desiredSize": 2})


def clear_instances(aws):
    tags = "Tags=[{Key=evac:app,Value=shop},{Key=evac:resource,Value=left},{Key=evac:run,Value=%s}]"
    image = "ami-0000000000000c1ea"
    aws.world.sand('make ec2 %s {"image":"%s","name":"left-2026-02"}' % (WEST, image))
    run = ("ec2", "run-instances", "--image-id", image, "--instance-type", "m6i.large", "--count", "1", "--tag-specifications")
    ours, earlier = [aws(WEST, *run, "ResourceType=instance," + tags % n)["Instances"][0]["InstanceId"] for n in (7, 6)]

    def state(i):
        return aws(WEST, "ec2", "describe-instances", "--instance-ids", i)["Reservations"][0]["Instances"][0]["State"]["Name"]
    until(lambda: state(ours) == state(earlier) == "running")
    cleared(aws, "ec2", "launch", fleet="left")
    until(lambda: state(ours) == "terminated")
    cleared(aws, "ec2", "start", dotted={"each.instances:stopped": earlier})
    until(lambda: state(earlier) == "stopped")
    cleared(aws, "ec2", "stop", dotted={"each.instances:running": earlier})
    until(lambda: state(earlier) == "running")
    aws(WEST, "ec2", "create-capacity-reservation", "--instance-type", "m6i.large", "--instance-platform", "Linux/UNIX",
        "--availability-zone", WEST + "a", "--instance-count", "5", "--tag-specifications",
        "ResourceType=capacity-reservation," + tags % 7)

    def reserved():
        found = aws(WEST, "ec2", "describe-capacity-reservations", "--filters", "Name=tag:evac:resource,Values=left",
                    "Name=state,Values=active")
        return [r["TotalInstanceCount"] for r in found["CapacityReservations"]]
    until(lambda: reserved() == [5])
    cleared(aws, "ec2", "reserve", fleet="left", dotted=was(count=2))
    until(lambda: reserved() == [2])
    cleared(aws, "ec2", "reserve", fleet="left", dotted=was(count=0))
    until(lambda: reserved() == [])


def clear_traffic(aws):
    group = "arn:aws:globalaccelerator::123456789012:accelerator/left/listener/1/endpoint-group/1"
    make(aws, "globalaccelerator", WEST, kind="endpoint-group", name=group, EndpointGroupRegion=EAST, TrafficDialPercentage=0)
    cleared(aws, "global-accelerator", "withdraw", endpoint_group=group, dotted=was(value=70))
    equal(aws(WEST, "globalaccelerator", "describe-endpoint-group", "--endpoint-group-arn",
              group)["EndpointGroup"]["TrafficDialPercentage"], 70)
    make(aws, "cloudfront", EAST, kind="distribution", name="ELEFT", origins="use1 usw2", target="usw2")
    cleared(aws, "cloudfront", "route", distribution="ELEFT", dotted=was(origin="use1"))
    equal(aws(EAST, "cloudfront", "get-distribution-config", "--id",
              "ELEFT")["DistributionConfig"]["DefaultCacheBehavior"]["TargetOriginId"], "use1")
    make(aws, "apigateway", WEST, kind="domain", name="left.example.com")
    make(aws, "apigateway", WEST, kind="base-path", name="left.example.com/v1", restApiId="new")
    make(aws, "apigateway", WEST, kind="mapping", name="left.example.com/m1", apiId="new", ApiId="new")
    cleared(aws, "api-gateway", "map", domain="left.example.com", path="v1", dotted=was(value="old"))
    cleared(aws, "api-gateway", "map-http", domain="left.example.com", mapping="m1", dotted=was(value="old"))
    equal(aws(WEST, "apigateway", "get-base-path-mapping", "--domain-name", "left.example.com", "--base-path",
              "v1")["restApiId"], "old")
    equal(aws(WEST, "apigatewayv2", "get-api-mapping", "--domain-name", "left.example.com", "--api-mapping-id",
              "m1")["ApiId"], "old")


def clear_capture(aws):
    def snapshots():
        return [aws(r, "rds", "describe-db-snapshots", "--query", "length(DBSnapshots[?DBSnapshotIdentifier=='evac-7'])") for r in (WEST, EAST)]
    aws(WEST, "rds", "create-db-snapshot", "--db-instance-identifier", "left", "--db-snapshot-identifier", "evac-7", op="CreateDBSnapshot")
    arn = "arn:aws:rds:%s:123456789012:snapshot:evac-7" % WEST
    ready = lambda r: aws(r, "rds", "describe-db-snapshots", "--db-snapshot-identifier", "evac-7")["DBSnapshots"][0]["Status"] == "available"
    until(lambda: ready(WEST), 60)
    aws(EAST, "rds", "copy-db-snapshot", "--source-db-snapshot-identifier", arn, "--target-db-snapshot-identifier", "evac-7", op="CopyDBSnapshot")
    until(lambda: ready(EAST), 120)
    cleared(aws, "rds", "capture", **{"from": WEST, "to": EAST}, dotted=was(id="evac-7"))
    equal(snapshots(), [0, 0])


def clear_databases(aws):
    aws.world.sand('make rds %s {"kind":"cluster","id":"left","engine":"aurora-postgresql","acu_min":0.5,"acu_max":8}' % WEST)
    instance = ("rds", "create-db-instance", "--engine", "aurora-postgresql", "--db-instance-class", "db.serverless",
                "--db-cluster-identifier", "left", "--db-instance-identifier")

    def members():
        found = aws(WEST, "rds", "describe-db-instances", "--filters", "Name=db-cluster-id,Values=left")["DBInstances"]
        return {i["DBInstanceIdentifier"]: i["DBInstanceStatus"] for i in found}
    for name in ("left-9", "left-1"):
        aws(WEST, *instance, name, op="CreateDBInstance")
        until(lambda: members().get(name) == "available", 60)
    cleared(aws, "aurora", "capacity", clusters="left", dotted=was(instances=1))
    until(lambda: members() == {"left-9": "available"}, 60)
    cleared(aws, "aurora", "serverless", clusters="left", dotted=was(acu_min="0.5", acu_max="4"))
    now = aws(WEST, "rds", "describe-db-clusters", "--db-cluster-identifier", "left")["DBClusters"][0]
    equal(now["ServerlessV2ScalingConfiguration"], {"MinCapacity": 0.5, "MaxCapacity": 4.0})
    until(lambda: aws(WEST, "rds", "describe-db-clusters", "--db-cluster-identifier", "left")["DBClusters"][0]["Status"] == "available")
    arn = "arn:aws:rds:%s:123456789012:" % WEST
    tag = lambda what: aws(WEST, "rds", "add-tags-to-resource", "--resource-name", arn + what, "--tags", "Key=evac:run,Value=7")
    refused_by_guard(aws, "aurora-restore", "recover", dotted=was(id="left"))  # what the run did not make
    equal(list(members()), ["left-9"])
    tag("db:left-9"), tag("cluster:left")
    cleared(aws, "aurora-restore", "recover", dotted=was(id="left"))
    until(lambda: members() == {}, 60)
    aws.world.sand('make rds %s {"kind":"instance","id":"left","engine":"postgres","class":"db.m6g.2xlarge"}' % WEST)
    cleared(aws, "rds", "size", instances="left", dotted={"was.class": "db.m6g.large", "was.multi_az": "true"})

    def one():
        return aws(WEST, "rds", "describe-db-instances", "--db-instance-identifier", "left")["DBInstances"][0]
    until(lambda: (one()["DBInstanceStatus"], one()["DBInstanceClass"], one()["MultiAZ"]) == ("available", "db.m6g.large", True), 60)
    clear_capture(aws)
    refused_by_guard(aws, "rds", "rehearse", dotted=was(id="left"))
    tag("db:left")
    cleared(aws, "rds", "rehearse", dotted=was(id="left"))
    until(lambda: aws(WEST, "rds", "describe-db-instances", "--query", "DBInstances[?DBInstanceIdentifier=='left']") == [], 60)


GROUPS = [clear_functions, clear_rules_and_schedules, clear_keys_and_parameters, clear_capacity, clear_instances,
          clear_traffic, clear_databases]
