import json

from awscli_lib import *


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

    equal(aws("get-dnssec", "--hosted-zone-id", "Z0SHOP", op="GetDNSSEC")["Status"]["ServeSignature"], "NOT_SIGNING")
    policies(aws)

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
    assert check["Id"] in [c["Id"] for c in aws("list-health-checks")["HealthChecks"]]  # others have theirs
    again = aws("create-health-check", "--caller-reference", "trial", "--health-check-config",
                json.dumps({**config, "Inverted": True}))["HealthCheck"]
    equal(again["Id"], check["Id"])  # a reference makes one check, ever
    refused("HealthCheckAlreadyExists", aws, "create-health-check", "--caller-reference", "trial",
            "--health-check-config", json.dumps({**config, "FailureThreshold": 2}))
    forced = aws("update-health-check", *one, "--health-check-version", "2", "--inverted", "--disabled")
    equal(forced["HealthCheck"]["HealthCheckConfig"]["Disabled"], True)
    aws("delete-health-check", *one)
    refused("NoSuchHealthCheck", aws, "get-health-check", *one)


def policies(aws):
    """One set of each policy, created, listed and deleted again exactly as it was listed."""
    def change(action, *sets):
        aws("change-resource-record-sets", "--hosted-zone-id", "Z0SHOP", "--change-batch", json.dumps(
            {"Changes": [{"Action": action, "ResourceRecordSet": s} for s in sets]}))

    def record(name, id, value, **policy):
        return {"Name": f"{name}.example.com.", "Type": "A", "SetIdentifier": id, "TTL": 60,
                "ResourceRecords": [{"Value": value}], **policy}
    groups = {
        "weighted": [record("weighted", "a", "192.0.2.1", Weight=1), record("weighted", "b", "192.0.2.2", Weight=0)],
        "latency": [record("latency", "a", "192.0.2.1", Region=EAST), record("latency", "b", "192.0.2.2", Region=WEST)],
        "geo": [record("geo", "a", "192.0.2.1", GeoLocation={"CountryCode": "US", "SubdivisionCode": "VA"}),
                record("geo", "b", "192.0.2.2", GeoLocation={"CountryCode": "*"})],
        "many": [record("many", "a", "192.0.2.1", MultiValueAnswer=True),
                 record("many", "b", "192.0.2.2", MultiValueAnswer=True)],
        "alias": [{"Name": "alias.example.com.", "Type": "A", "AliasTarget": {
            "HostedZoneId": "Z0SHOP", "DNSName": "many.example.com.", "EvaluateTargetHealth": True}}],
    }
    for sets in groups.values():
        change("CREATE", *sets)
    listed = aws("list-resource-record-sets", "--hosted-zone-id", "Z0SHOP")["ResourceRecordSets"]
    for name, sets in groups.items():
        equal([s for s in listed if s["Name"] == f"{name}.example.com."], sets)
    refused("InvalidChangeBatch", change, "CREATE", record("latency", "c", "192.0.2.3", Region=EAST))
    refused("InvalidChangeBatch", change, "CREATE", record("latency", "c", "192.0.2.3", Weight=1))
    refused("InvalidInput", change, "CREATE", record("weighted", "c", "192.0.2.3", Weight=256))
    until(lambda: aws("test-dns-answer", "--hosted-zone-id", "Z0SHOP", "--record-name", "alias.example.com",
                      "--record-type", "A")["RecordData"] == ["192.0.2.1", "192.0.2.2"], 30)

    def told(name, address):
        return aws("test-dns-answer", "--hosted-zone-id", "Z0SHOP", "--record-name", f"{name}.example.com",
                   "--record-type", "A", "--edns0-client-subnet-ip", address)["RecordData"]
    equal(told("latency", "127.0.10.1"), ["192.0.2.1"])  # near us-east-1
    equal(told("latency", "127.0.10.2"), ["192.0.2.2"])
    equal(told("geo", "127.0.10.1"), ["192.0.2.1"])
    equal(told("geo", "127.0.10.2"), ["192.0.2.2"])
    equal(told("weighted", "127.0.10.1"), ["192.0.2.1"])
    for sets in reversed(groups.values()):
        change("DELETE", *sets)


GROUPS = [route53]
