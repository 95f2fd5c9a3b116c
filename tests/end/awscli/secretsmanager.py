from awscli_lib import *


def secrets(aws):
    make(aws, "secretsmanager", WEST, kind="secret", name="cli-db", PrimaryRegion=EAST)
    one = ("--secret-id", "cli-db")
    got = aws(WEST, "secretsmanager", "describe-secret", *one)
    equal(got["PrimaryRegion"], EAST)
    assert aws(WEST, "secretsmanager", "get-secret-value", "--secret-id", got["ARN"])["SecretString"]
    refused("InvalidRequestException", aws, WEST, "secretsmanager", "replicate-secret-to-regions", *one,
            "--add-replica-regions", "Region=us-east-1")
    aws(WEST, "secretsmanager", "stop-replication-to-replica", *one)
    refused("InvalidRequestException", aws, WEST, "secretsmanager", "stop-replication-to-replica", *one)
    status = aws(WEST, "secretsmanager", "replicate-secret-to-regions", *one, "--add-replica-regions",
                 "Region=us-east-1")["ReplicationStatus"]
    equal(status[0]["Status"], "InSync")
    equal(aws(EAST, "secretsmanager", "describe-secret", *one)["PrimaryRegion"], WEST)


GROUPS = [secrets]
