from awscli_lib import *


def global_datastore(aws):
    make(aws, "elasticache", EAST, kind="global", name="g-cli", Members=[
        {"ReplicationGroupId": "use1", "ReplicationGroupRegion": EAST, "Role": "PRIMARY", "Status": "associated"},
        {"ReplicationGroupId": "usw2", "ReplicationGroupRegion": WEST, "Role": "SECONDARY", "Status": "associated"}])

    def now():
        return aws(WEST, "elasticache", "describe-global-replication-groups", "--global-replication-group-id", "g-cli",
                   "--show-member-info")["GlobalReplicationGroups"][0]
    equal([m["Role"] for m in now()["Members"]], ["PRIMARY", "SECONDARY"])
    move = ("elasticache", "failover-global-replication-group", "--global-replication-group-id", "g-cli",
            "--primary-region", WEST, "--primary-replication-group-id")
    refused("InvalidParameterValue", aws, WEST, *move, "nobody")
    equal(aws(WEST, *move, "usw2")["GlobalReplicationGroup"]["Status"], "modifying")
    until(lambda: [m["Role"] for m in now()["Members"]] == ["SECONDARY", "PRIMARY"])
    make(aws, "elasticache", WEST, kind="group", name="usw2")
    group = aws(WEST, "elasticache", "describe-replication-groups", "--replication-group-id", "usw2")["ReplicationGroups"][0]
    equal((group["MemberClusters"], group["AutomaticFailover"]), (["usw2-001", "usw2-002"], "enabled"))
    refused("ReplicationGroupNotFoundFault", aws, EAST, "elasticache", "describe-replication-groups",
            "--replication-group-id", "usw2")
    refused("GlobalReplicationGroupNotFoundFault", aws, WEST, "elasticache", "describe-global-replication-groups",
            "--global-replication-group-id", "nobody")


GROUPS = [global_datastore]
