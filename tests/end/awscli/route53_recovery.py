import json

from awscli_lib import *

ARN = "arn:aws:route53-recovery-control::123456789012:"
CONFIG, CLUSTER = "route53-recovery-control-config", "route53-recovery-cluster"
PANEL, ONE, TWO, RULE, GATE = (ARN + "controlpanel/cli" + part for part in
                               ("", "/routingcontrol/one", "/routingcontrol/two", "/safetyrule/any", "/safetyrule/gate"))


def make_cluster(aws):
    make(aws, CONFIG, WEST, kind="cluster", name="cli")
    make(aws, CONFIG, WEST, kind="panel", name="cli", cluster="cli")
    make(aws, CONFIG, WEST, kind="control", name="cli/one", state="On")
    make(aws, CONFIG, WEST, kind="control", name="cli/two")
    make(aws, CONFIG, WEST, kind="rule", name="cli/any", controls=["cli/one", "cli/two"])
    make(aws, CONFIG, WEST, kind="rule", name="cli/gate", controls=["cli/two"], gates=["cli/one"], Type="OR")


def config(aws, *args):
    return aws(WEST, CONFIG, *args)


def control_plane(aws):
    cluster = config(aws, "describe-cluster", "--cluster-arn", ARN + "cluster/cli")["Cluster"]
    equal(cluster["Status"], "DEPLOYED")
    assert {"Region": WEST, "Endpoint": "https://cli.route53-recovery-cluster.us-west-2.amazonaws.com/v1"} \
        in cluster["ClusterEndpoints"], cluster
    assert cluster in config(aws, "list-clusters")["Clusters"]
    panel = config(aws, "describe-control-panel", "--control-panel-arn", PANEL)["ControlPanel"]
    equal((panel["RoutingControlCount"], panel["ClusterArn"]), (2, ARN + "cluster/cli"))
    assert panel in config(aws, "list-control-panels", "--cluster-arn", ARN + "cluster/cli")["ControlPanels"]
    control = config(aws, "describe-routing-control", "--routing-control-arn", ONE)["RoutingControl"]
    equal(config(aws, "list-routing-controls", "--control-panel-arn", PANEL)["RoutingControls"][0], control)
    rule = config(aws, "describe-safety-rule", "--safety-rule-arn", RULE)["AssertionRule"]
    equal((rule["AssertedControls"], rule["RuleConfig"]), ([ONE, TWO], {"Type": "ATLEAST", "Threshold": 1, "Inverted": False}))
    gate = config(aws, "describe-safety-rule", "--safety-rule-arn", GATE)["GatingRule"]
    equal(config(aws, "list-safety-rules", "--control-panel-arn", PANEL)["SafetyRules"], [{"ASSERTION": rule}, {"GATING": gate}])
    for command in (("describe-cluster", "--cluster-arn"), ("describe-control-panel", "--control-panel-arn"),
                    ("describe-routing-control", "--routing-control-arn"), ("describe-safety-rule", "--safety-rule-arn")):
        refused("ResourceNotFoundException", config, aws, *command, ARN + "nobody")


def state(aws, region, arn):
    return aws(region, CLUSTER, "get-routing-control-state", "--routing-control-arn", arn)["RoutingControlState"]


def states(*pairs):
    return ["RoutingControlArn=%s,RoutingControlState=%s" % pair for pair in pairs]


def follows(aws, on):
    """A record of the zone stands while its RECOVERY_CONTROL check is healthy."""
    answer = slowly(aws, EAST, "route53", "test-dns-answer", "--hosted-zone-id", "Z0SHOP", "--record-name",
                    "arc.example.com", "--record-type", "A")
    equal(answer["RecordData"], ["192.0.2.1" if on else "192.0.2.2"])


def add_records(aws):
    check = slowly(aws, EAST, "route53", "create-health-check", "--caller-reference", "arc", "--health-check-config",
                   "Type=RECOVERY_CONTROL,RoutingControlArn=" + ONE)["HealthCheck"]
    equal(check["HealthCheckConfig"]["RoutingControlArn"], ONE)
    refused("InvalidInput", slowly, aws, EAST, "route53", "create-health-check", "--caller-reference", "arc2",
            "--health-check-config", "Type=RECOVERY_CONTROL")
    changes = [{"Action": "CREATE", "ResourceRecordSet": {
        "Name": "arc.example.com", "Type": "A", "TTL": 10, "SetIdentifier": role, "Failover": role,
        "ResourceRecords": [{"Value": value}], **more}}
        for role, value, more in (("PRIMARY", "192.0.2.1", {"HealthCheckId": check["Id"]}), ("SECONDARY", "192.0.2.2", {}))]
    slowly(aws, EAST, "route53", "change-resource-record-sets", "--hosted-zone-id", "Z0SHOP", "--change-batch",
           json.dumps({"Changes": changes}))
    until(lambda: slowly(aws, EAST, "route53", "test-dns-answer", "--hosted-zone-id", "Z0SHOP", "--record-name",
                         "arc.example.com", "--record-type", "A")["RecordData"])


def routing_controls(aws):
    make_cluster(aws)
    control_plane(aws)
    add_records(aws)
    follows(aws, True)
    listed = aws(EAST, CLUSTER, "list-routing-controls", "--control-panel-arn", PANEL)["RoutingControls"]
    equal([(c["RoutingControlArn"], c["RoutingControlState"]) for c in listed], [(ONE, "On"), (TWO, "Off")])
    one = ("update-routing-control-state", "--routing-control-arn", ONE, "--routing-control-state")
    refused("ConflictException", aws, WEST, CLUSTER, *one, "Off")
    refused("ValidationException", aws, WEST, CLUSTER, *one, "Off", "--safety-rules-to-override", ARN + "nobody")
    swap = ("update-routing-control-states", "--update-routing-control-state-entries")
    aws(WEST, CLUSTER, *swap, *states((ONE, "Off"), (TWO, "On")))
    until(lambda: [state(aws, region, arn) for region in (EAST, WEST) for arn in (ONE, TWO)] == ["Off", "On"] * 2)
    follows(aws, False)
    refused("ConflictException", aws, EAST, CLUSTER, *swap, *states((ONE, "On"), (TWO, "Off")))  # the gate is shut
    aws(EAST, CLUSTER, *one, "On")
    aws(EAST, CLUSTER, "update-routing-control-state", "--routing-control-arn", TWO, "--routing-control-state", "Off")
    follows(aws, True)
    aws(EAST, CLUSTER, *one, "Off", "--safety-rules-to-override", RULE)
    equal(state(aws, EAST, ONE), "Off")
    refused("ResourceNotFoundException", state, aws, EAST, ARN + "nobody")
    refused("ServiceLimitExceededException", aws, EAST, CLUSTER, *swap, *states(*[(ONE, "On")] * 11))


GROUPS = [routing_controls]
