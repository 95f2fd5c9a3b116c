from awscli_lib import *


def domains(aws):
    make(aws, "opensearch", WEST, kind="domain", name="cli")
    make(aws, "opensearch", WEST, kind="connection", name="to-east", local="cli", remote="other", region=EAST)
    domain = aws(WEST, "opensearch", "describe-domain", "--domain-name", "cli")["DomainStatus"]
    equal(domain["Processing"], False)
    assert domain["Endpoint"].endswith("/us-west-2/cli"), domain["Endpoint"]
    refused("ResourceNotFoundException", aws, WEST, "opensearch", "describe-domain", "--domain-name", "none")
    search = ("opensearch", "describe-outbound-connections", "--filters")
    found = aws(WEST, *search, "Name=local-domain-info.domain-name,Values=cli")["Connections"]
    equal([(c["ConnectionAlias"], c["ConnectionStatus"]["StatusCode"]) for c in found], [("to-east", "ACTIVE")])
    equal(found[0]["RemoteDomainInfo"]["AWSDomainInformation"]["Region"], EAST)
    equal(aws(WEST, *search, "Name=local-domain-info.domain-name,Values=none")["Connections"], [])


# A domain's own API is none of awscli's.
TOO_NEW = {("opensearch", op): "tests/unit/test_sandbox_opensearch.c" for op in (
    "ClusterHealth", "ClusterState", "ReplicationStatus", "StopReplication", "StartReplication")}
GROUPS = [domains]
