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


GROUPS = [route53]
