from awscli_lib import *

ONE, TWO = "s-c1100000000000001", "s-c1100000000000002"


def servers(aws):
    for name in (ONE, TWO):
        make(aws, "drs", WEST, kind="server", name=name, origin=EAST, tags={"app": "cli"})

    def server(region, name):
        return aws(region, "drs", "describe-source-servers", "--filters", "sourceServerIDs=" + name)["items"][0]
    data = server(WEST, ONE)["dataReplicationInfo"]
    equal(data["dataReplicationState"], "CONTINUOUS")
    assert data["lagDuration"].startswith("PT"), data
    equal(aws(WEST, "drs", "get-launch-configuration", "--source-server-id", ONE)["launchDisposition"], "STARTED")
    refused("ResourceNotFoundException", aws, WEST, "drs", "get-launch-configuration", "--source-server-id",
            "s-0badc0de000000000")
    aws(WEST, "drs", "tag-resource", "--resource-arn", server(WEST, ONE)["arn"], "--tags", "kept=yes")
    equal(server(WEST, ONE)["tags"], {"app": "cli", "kept": "yes"})

    drill = launch(aws, True)
    aws(WEST, "drs", "terminate-recovery-instances", "--recovery-instance-ids", *drill.values())
    until(lambda: not instances(aws, *drill.values()))
    launched = launch(aws, False)
    equal([i["isDrill"] for i in instances(aws, launched[ONE])], [False])
    arn = aws(WEST, "drs", "reverse-replication", "--recovery-instance-id",
              launched[ONE])["reversedDirectionSourceServerArn"]
    refused("ConflictException", aws, WEST, "drs", "reverse-replication", "--recovery-instance-id", launched[ONE])
    back = arn.split("/")[1]
    until(lambda: server(EAST, back)["dataReplicationInfo"]["dataReplicationState"] == "CONTINUOUS", 60)
    refused("ConflictException", aws, EAST, "drs", "start-replication", "--source-server-id", back)


def launch(aws, drill):
    start = ("drs", "start-recovery", "--is-drill" if drill else "--no-is-drill", "--tags", "evac:run=7",
             "--source-servers", "sourceServerID=" + ONE, "sourceServerID=" + TWO)
    job = aws(WEST, *start)["job"]
    equal((job["type"], job["tags"]), ("LAUNCH", {"evac:run": "7"}))
    refused("ConflictException", aws, WEST, *start)

    def now():
        return aws(WEST, "drs", "describe-jobs", "--filters", "jobIDs=" + job["jobID"])["items"][0]
    until(lambda: now()["status"] == "COMPLETED", 60)
    return {p["sourceServerID"]: p["recoveryInstanceID"] for p in now()["participatingServers"]}


def instances(aws, *ids):
    return aws(WEST, "drs", "describe-recovery-instances", "--filters", "recoveryInstanceIDs=" + ",".join(ids))["items"]


GROUPS = [servers]
