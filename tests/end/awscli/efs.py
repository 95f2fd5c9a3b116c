from awscli_lib import *

# Too new for Debian's awscli (January 2023): what shows it instead.
TOO_NEW = {("efs", "UpdateFileSystemProtection"): "tests/unit/test_sandbox_efs.c"}


def replication(aws):
    make(aws, "efs", EAST, kind="file-system", name="fs-c11a0001")
    make(aws, "efs", WEST, kind="file-system", name="fs-c11b0001")
    make(aws, "efs", EAST, kind="replication", name="fs-c11a0001", destination="fs-c11b0001", region=WEST)

    def file_system():
        return aws(WEST, "efs", "describe-file-systems", "--file-system-id", "fs-c11b0001")["FileSystems"][0]

    def configuration(region, fs):
        return aws(region, "efs", "describe-replication-configurations", "--file-system-id", fs)["Replications"][0]
    here = configuration(WEST, "fs-c11b0001")
    equal(here["SourceFileSystemId"], "fs-c11a0001")
    equal(here["Destinations"][0]["Status"], "ENABLED")
    assert here["Destinations"][0]["LastReplicatedTimestamp"], here
    equal(configuration(EAST, "fs-c11a0001")["Destinations"][0]["Region"], WEST)
    refused("FileSystemNotFound", aws, WEST, "efs", "describe-file-systems", "--file-system-id", "fs-0badc0de")
    refused("FileSystemInUse", aws, WEST, "efs", "delete-file-system", "--file-system-id", "fs-c11b0001")
    aws(WEST, "efs", "tag-resource", "--resource-id", "fs-c11b0001", "--tags", "Key=evac:run,Value=7")
    equal(file_system()["Tags"], [{"Key": "evac:run", "Value": "7"}])
    equal(aws(WEST, "efs", "delete-replication-configuration", "--source-file-system-id", "fs-c11a0001"), None)
    # it is being deleted; where the machine is slow, it is gone
    refused(("BadRequest", "ReplicationNotFound"), aws, WEST, "efs", "delete-replication-configuration", "--source-file-system-id",
            "fs-c11a0001")
    until(lambda: file_system()["LifeCycleState"] == "available")

    def gone():
        try:
            configuration(EAST, "fs-c11a0001")
        except Refused as e:
            return e.code == "ReplicationNotFound"
    until(gone)
    refused("ReplicationNotFound", aws, WEST, "efs", "delete-replication-configuration", "--source-file-system-id",
            "fs-c11a0001")
    anew(aws)


def anew(aws):
    """To a file system that the replication itself makes; an existing one is protected."""
    made = aws(WEST, "efs", "create-replication-configuration", "--source-file-system-id", "fs-c11b0001",
               "--destinations", "Region=" + EAST)
    equal(made["Destinations"][0]["Status"], "ENABLING")
    refused("ConflictException", aws, WEST, "efs", "create-replication-configuration", "--source-file-system-id",
            "fs-c11b0001", "--destinations", "Region=" + EAST)
    make(aws, "efs", WEST, kind="file-system", name="fs-c11d0001", NumberOfMountTargets=0)
    aws(WEST, "efs", "delete-file-system", "--file-system-id", "fs-c11d0001")
    until(lambda: "fs-c11d0001" not in [f["FileSystemId"] for f in aws(WEST, "efs", "describe-file-systems")["FileSystems"]])


GROUPS = [replication]
