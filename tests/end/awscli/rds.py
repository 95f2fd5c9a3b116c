from awscli_lib import *

# Too new for Debian's awscli (January 2023): what shows it instead.
TOO_NEW = {("rds", "SwitchoverGlobalCluster"): "tests/unit/test_sandbox_aurora.c"}


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


GROUPS = [rds]
