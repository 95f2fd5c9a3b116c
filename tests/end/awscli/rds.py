from awscli_lib import *

# Too new for Debian's awscli (January 2023): what shows it instead.
TOO_NEW = {("rds", "SwitchoverGlobalCluster"): "tests/unit/test_sandbox_aurora.c"}

ACCOUNT = "123456789012"
OPERATIONS = {"create-db-instance": "CreateDBInstance", "create-db-instance-read-replica": "CreateDBInstanceReadReplica",
              "modify-db-instance": "ModifyDBInstance", "delete-db-instance": "DeleteDBInstance",
              "create-db-snapshot": "CreateDBSnapshot", "copy-db-snapshot": "CopyDBSnapshot",
              "delete-db-snapshot": "DeleteDBSnapshot", "describe-db-snapshots": "DescribeDBSnapshots",
              "create-db-cluster-snapshot": "CreateDBClusterSnapshot", "copy-db-cluster-snapshot": "CopyDBClusterSnapshot",
              "delete-db-cluster-snapshot": "DeleteDBClusterSnapshot",
              "describe-db-cluster-snapshots": "DescribeDBClusterSnapshots",
              "describe-db-instance-automated-backups": "DescribeDBInstanceAutomatedBackups",
              "start-db-instance-automated-backups-replication": "StartDBInstanceAutomatedBackupsReplication",
              "stop-db-instance-automated-backups-replication": "StopDBInstanceAutomatedBackupsReplication",
              "restore-db-instance-from-db-snapshot": "RestoreDBInstanceFromDBSnapshot",
              "restore-db-instance-to-point-in-time": "RestoreDBInstanceToPointInTime",
              "restore-db-cluster-from-snapshot": "RestoreDBClusterFromSnapshot",
              "restore-db-cluster-to-point-in-time": "RestoreDBClusterToPointInTime",
              "modify-db-cluster": "ModifyDBCluster", "delete-db-cluster": "DeleteDBCluster"}


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


def call(aws):
    return lambda region, name, *args: aws(region, "rds", name, *args, op=OPERATIONS.get(name))


def instance(ask, region, name):
    return ask(region, "describe-db-instances", "--db-instance-identifier", name)["DBInstances"][0]


def available(ask, region, name):
    until(lambda: instance(ask, region, name)["DBInstanceStatus"] == "available", 60)
    return instance(ask, region, name)


def gone(ask, region, name):
    try:
        instance(ask, region, name)
    except Refused as e:
        equal(e.code, "DBInstanceNotFound")
        return True
    return False


def rds_replicas(aws):
    ask = call(aws)
    make = ("--engine", "postgres", "--db-instance-class", "db.m6g.large", "--allocated-storage", "100",
            "--master-username", "evac", "--master-user-password", "not-a-secret-1")
    refused("InvalidParameterValue", ask, EAST, "create-db-instance", "--db-instance-identifier", "bad--name", *make)
    refused("MissingParameter", ask, EAST, "create-db-instance", "--db-instance-identifier", "orders",
            "--engine", "postgres", "--db-instance-class", "db.m6g.large")
    made = ask(EAST, "create-db-instance", "--db-instance-identifier", "orders", "--backup-retention-period", "7", *make,
               "--tags", "Key=team,Value=orders")["DBInstance"]
    equal((made["DBInstanceStatus"], made["TagList"]), ("creating", [{"Key": "team", "Value": "orders"}]))
    refused("DBInstanceAlreadyExists", ask, EAST, "create-db-instance", "--db-instance-identifier", "orders", *make)
    arn = available(ask, EAST, "orders")["DBInstanceArn"]
    equal(arn, "arn:aws:rds:us-east-1:%s:db:orders" % ACCOUNT)
    refused("DBInstanceNotFound", ask, WEST, "create-db-instance-read-replica", "--db-instance-identifier", "orders-west",
            "--source-db-instance-identifier", "arn:aws:rds:us-east-1:%s:db:nobody" % ACCOUNT)
    ask(WEST, "create-db-instance-read-replica", "--db-instance-identifier", "orders-west",
        "--source-db-instance-identifier", arn)
    refused("InvalidDBInstanceState", ask, WEST, "promote-read-replica", "--db-instance-identifier", "orders-west")
    replica = available(ask, WEST, "orders-west")
    equal((replica["ReadReplicaSourceDBInstanceIdentifier"], replica["StatusInfos"][0]["Status"]), (arn, "replicating"))
    equal(instance(ask, EAST, "orders")["ReadReplicaDBInstanceIdentifiers"], [replica["DBInstanceArn"]])
    ask(WEST, "modify-db-instance", "--db-instance-identifier", "orders-west", "--db-instance-class", "db.m6g.xlarge",
        "--apply-immediately")
    equal(available(ask, WEST, "orders-west")["DBInstanceClass"], "db.m6g.xlarge")
    ask(WEST, "add-tags-to-resource", "--resource-name", replica["DBInstanceArn"], "--tags", "Key=evac:run,Value=1",
        "Key=extra,Value=1")
    ask(WEST, "remove-tags-from-resource", "--resource-name", replica["DBInstanceArn"], "--tag-keys", "extra")
    equal(ask(WEST, "list-tags-for-resource", "--resource-name", replica["DBInstanceArn"])["TagList"],
          [{"Key": "evac:run", "Value": "1"}])
    ask(WEST, "promote-read-replica", "--db-instance-identifier", "orders-west", "--backup-retention-period", "3")
    alone = available(ask, WEST, "orders-west")
    assert "ReadReplicaSourceDBInstanceIdentifier" not in alone, alone
    equal((alone["BackupRetentionPeriod"], alone["DBInstanceClass"]), (3, "db.m6g.xlarge"))
    refused("InvalidDBInstanceState", ask, WEST, "promote-read-replica", "--db-instance-identifier", "orders-west")
    refused("InvalidParameterCombination", ask, WEST, "delete-db-instance", "--db-instance-identifier", "orders-west")
    ask(WEST, "delete-db-instance", "--db-instance-identifier", "orders-west", "--skip-final-snapshot")
    until(lambda: gone(ask, WEST, "orders-west"))


def rds_backups(aws):
    ask = call(aws)
    ask(EAST, "create-db-instance", "--db-instance-identifier", "bills", "--engine", "postgres", "--db-instance-class",
        "db.m6g.large", "--allocated-storage", "100", "--master-username", "evac", "--master-user-password", "not-a-secret-1")
    arn = available(ask, EAST, "bills")["DBInstanceArn"]
    refused("DBSnapshotNotFound", ask, EAST, "describe-db-snapshots", "--db-snapshot-identifier", "nothing")
    ask(EAST, "create-db-snapshot", "--db-instance-identifier", "bills", "--db-snapshot-identifier", "bills-1")
    refused("DBSnapshotNotFound", ask, EAST, "restore-db-instance-from-db-snapshot", "--db-instance-identifier", "x",
            "--db-snapshot-identifier", "nothing")
    refused("DBSnapshotNotFound", ask, EAST, "delete-db-snapshot", "--db-snapshot-identifier", "nothing")
    until(lambda: ask(EAST, "describe-db-snapshots", "--db-instance-identifier", "bills")["DBSnapshots"][0]["Status"] ==
          "available")
    source = "arn:aws:rds:us-east-1:%s:snapshot:bills-1" % ACCOUNT
    time.sleep(1.1)
    ask(WEST, "copy-db-snapshot", "--source-db-snapshot-identifier", source, "--target-db-snapshot-identifier", "bills-w")
    refused("DBSnapshotAlreadyExists", ask, WEST, "copy-db-snapshot", "--source-db-snapshot-identifier", source,
            "--target-db-snapshot-identifier", "bills-w")
    until(lambda: ask(WEST, "describe-db-snapshots", "--db-snapshot-identifier", "bills-w")["DBSnapshots"][0]["Status"] ==
          "available")
    copy = ask(WEST, "describe-db-snapshots", "--snapshot-type", "manual")["DBSnapshots"][0]
    equal((copy["SourceRegion"], copy["SourceDBSnapshotIdentifier"]), (EAST, source))
    assert copy["SnapshotCreateTime"] > copy["OriginalSnapshotCreateTime"], copy  # its own time is that of the copying
    refused("InvalidParameterValue", ask, WEST, "describe-db-snapshots", "--snapshot-type", "best")
    refused("DBSubnetGroupNotFoundFault", ask, WEST, "restore-db-instance-from-db-snapshot", "--db-instance-identifier",
            "bills-r", "--db-snapshot-identifier", "bills-w", "--db-subnet-group-name", "nowhere")
    ask(WEST, "restore-db-instance-from-db-snapshot", "--db-instance-identifier", "bills-r", "--db-snapshot-identifier",
        "bills-w", "--db-instance-class", "db.m6g.large", "--tags", "Key=evac:run,Value=1")
    ask(WEST, "start-db-instance-automated-backups-replication", "--source-db-instance-arn", arn)
    refused("InvalidDBInstanceAutomatedBackupState", ask, WEST, "start-db-instance-automated-backups-replication",
            "--source-db-instance-arn", arn)
    kept = lambda: ask(WEST, "describe-db-instance-automated-backups", "--db-instance-identifier",
                       "bills")["DBInstanceAutomatedBackups"][0]
    until(lambda: kept()["Status"] == "replicating", 30)
    equal(kept()["Region"], EAST)
    assert kept()["RestoreWindow"]["LatestTime"] >= kept()["RestoreWindow"]["EarliestTime"], kept()
    refused("InvalidParameterCombination", ask, WEST, "restore-db-instance-to-point-in-time",
            "--target-db-instance-identifier", "bills-t", "--source-db-instance-automated-backups-arn",
            kept()["DBInstanceAutomatedBackupsArn"])
    ask(WEST, "restore-db-instance-to-point-in-time", "--target-db-instance-identifier", "bills-t",
        "--source-db-instance-automated-backups-arn", kept()["DBInstanceAutomatedBackupsArn"],
        "--use-latest-restorable-time")
    refused("DBInstanceAlreadyExists", ask, WEST, "restore-db-instance-to-point-in-time",
            "--target-db-instance-identifier", "bills-t", "--source-db-instance-automated-backups-arn",
            kept()["DBInstanceAutomatedBackupsArn"], "--use-latest-restorable-time")
    equal(ask(WEST, "stop-db-instance-automated-backups-replication", "--source-db-instance-arn",
              arn)["DBInstanceAutomatedBackup"]["Status"], "retained")
    available(ask, WEST, "bills-r")
    available(ask, WEST, "bills-t")
    ask(WEST, "delete-db-snapshot", "--db-snapshot-identifier", "bills-w")
    equal(ask(WEST, "describe-db-snapshots", "--db-instance-identifier", "bills")["DBSnapshots"], [])


def cluster_available(ask, region, name):
    until(lambda: ask(region, "describe-db-clusters", "--db-cluster-identifier", name)["DBClusters"][0]["Status"] ==
          "available", 60)


def snapshot_available(ask, region, name):
    until(lambda: ask(region, "describe-db-cluster-snapshots", "--db-cluster-snapshot-identifier",
                      name)["DBClusterSnapshots"][0]["Status"] == "available", 30)


def rds_clusters(aws):
    ask = call(aws)
    cluster = ask(WEST, "describe-db-clusters", "--db-cluster-identifier", "shop-db-usw2")["DBClusters"][0]
    until(lambda: ask(WEST, "describe-db-clusters", "--db-cluster-identifier", "shop-db-usw2")["DBClusters"][0]["Status"] ==
          "available", 30)
    ask(WEST, "create-db-cluster-snapshot", "--db-cluster-identifier", "shop-db-usw2", "--db-cluster-snapshot-identifier",
        "shop-1")
    snapshot_available(ask, WEST, "shop-1")
    source = "arn:aws:rds:us-west-2:%s:cluster-snapshot:shop-1" % ACCOUNT
    target = ("--source-db-cluster-snapshot-identifier", source, "--target-db-cluster-snapshot-identifier", "shop-e")
    refused("InvalidParameterCombination", ask, EAST, "copy-db-cluster-snapshot", *target)  # encrypted: a key of there
    ask(EAST, "copy-db-cluster-snapshot", *target, "--kms-key-id", "alias/aws/rds")
    snapshot_available(ask, EAST, "shop-e")
    restore = ("--db-cluster-identifier", "shop-back", "--snapshot-identifier", "shop-e")
    refused("InvalidParameterValue", ask, EAST, "restore-db-cluster-from-snapshot", *restore, "--engine", "docdb")
    ask(EAST, "restore-db-cluster-from-snapshot", *restore, "--engine", cluster["Engine"],
        "--serverless-v2-scaling-configuration", "MinCapacity=0.5,MaxCapacity=8")
    refused("DBClusterAlreadyExistsFault", ask, EAST, "restore-db-cluster-from-snapshot", *restore, "--engine",
            cluster["Engine"])
    cluster_available(ask, EAST, "shop-back")
    changed = ask(EAST, "modify-db-cluster", "--db-cluster-identifier", "shop-back",
                  "--serverless-v2-scaling-configuration", "MinCapacity=4,MaxCapacity=16", "--apply-immediately")
    equal(changed["DBCluster"]["ServerlessV2ScalingConfiguration"], {"MinCapacity": 4.0, "MaxCapacity": 16.0})
    cluster_available(ask, EAST, "shop-back")
    refused("InvalidParameterCombination", ask, EAST, "modify-db-cluster", "--db-cluster-identifier", "shop-back",
            "--serverless-v2-scaling-configuration", "MinCapacity=20,MaxCapacity=16")
    refused("InvalidParameterCombination", ask, EAST, "create-db-instance", "--db-instance-identifier", "shop-back-1",
            "--db-cluster-identifier", "shop-back", "--engine", "aurora-mysql", "--db-instance-class", "db.serverless")
    ask(EAST, "create-db-instance", "--db-instance-identifier", "shop-back-1", "--db-cluster-identifier", "shop-back",
        "--engine", cluster["Engine"], "--db-instance-class", "db.serverless")
    available(ask, EAST, "shop-back-1")
    refused("InvalidDBClusterStateFault", ask, EAST, "delete-db-cluster", "--db-cluster-identifier", "shop-back",
            "--skip-final-snapshot")
    ask(EAST, "restore-db-cluster-to-point-in-time", "--db-cluster-identifier", "shop-clone",
        "--source-db-cluster-identifier", "shop-back", "--use-latest-restorable-time")
    cluster_available(ask, EAST, "shop-clone")
    ask(EAST, "delete-db-cluster", "--db-cluster-identifier", "shop-clone", "--skip-final-snapshot")
    ask(EAST, "delete-db-instance", "--db-instance-identifier", "shop-back-1")
    ask(EAST, "delete-db-cluster", "--db-cluster-identifier", "shop-back", "--skip-final-snapshot")
    names = lambda: [c["DBClusterIdentifier"] for c in ask(EAST, "describe-db-clusters")["DBClusters"]]
    until(lambda: not set(names()) & {"shop-back", "shop-clone"}, 30)
    ask(EAST, "delete-db-cluster-snapshot", "--db-cluster-snapshot-identifier", "shop-e")
    refused("DBClusterSnapshotNotFoundFault", ask, EAST, "describe-db-cluster-snapshots",
            "--db-cluster-snapshot-identifier", "shop-e")


def rds_engines(aws):
    """DocumentDB and Neptune speak RDS's API: their own commands work too."""
    for engine, service in (("docdb", "docdb"), ("neptune", "neptune")):
        name = "%s-global" % engine
        member = lambda region, cluster: {"region": region, "cluster": cluster}
        aws.world.sand("make rds us-east-1 %s" % json.dumps(
            {"kind": "global", "id": name, "engine": engine,
             "members": [member(EAST, name + "-use1"), member(WEST, name + "-usw2")]}))
        g = aws(WEST, service, "describe-global-clusters", "--global-cluster-identifier", name)["GlobalClusters"][0]
        equal((g["Engine"], [m["IsWriter"] for m in g["GlobalClusterMembers"]]), (engine, [True, False]))
        raw = aws(WEST, "rds", "describe-global-clusters", "--global-cluster-identifier", name)["GlobalClusters"][0]
        equal("Endpoint" in raw, False)
        c = aws(WEST, service, "describe-db-clusters", "--db-cluster-identifier", name + "-usw2")["DBClusters"][0]
        equal((c["Engine"], c["Status"]), (engine, "available"))


GROUPS = [rds, rds_engines, rds_replicas, rds_backups, rds_clusters]
