from awscli_lib import *

ACCOUNT = "123456789012"
ROLE = "arn:aws:iam::%s:role/restore" % ACCOUNT
DB = "arn:aws:rds:%s:%s:db:backed-up" % (EAST, ACCOUNT)
VAULT = "arn:aws:backup:%s:%s:backup-vault:%s"


def backup(aws):
    make(aws, "backup", EAST, kind="vault", name="cli")
    make(aws, "backup", WEST, kind="vault", name="cli-dr")
    vault = aws(WEST, "backup", "describe-backup-vault", "--backup-vault-name", "cli-dr")
    equal((vault["BackupVaultArn"], vault["Locked"]), (VAULT % (WEST, ACCOUNT, "cli-dr"), False))
    refused("ResourceNotFoundException", aws, WEST, "backup", "describe-backup-vault", "--backup-vault-name", "nobody")

    # made in one region, copied to the other
    made = aws(EAST, "backup", "start-backup-job", "--backup-vault-name", "cli", "--resource-arn", DB,
               "--iam-role-arn", ROLE, "--idempotency-token", "one")
    again = aws(EAST, "backup", "start-backup-job", "--backup-vault-name", "cli", "--resource-arn", DB,
                "--iam-role-arn", ROLE, "--idempotency-token", "one")
    equal(made["BackupJobId"], again["BackupJobId"])
    refused("InvalidParameterValueException", aws, EAST, "backup", "start-backup-job", "--backup-vault-name", "cli",
            "--resource-arn", "arn:aws:sqs:%s:%s:jobs" % (EAST, ACCOUNT), "--iam-role-arn", ROLE)

    def job():
        return aws(EAST, "backup", "describe-backup-job", "--backup-job-id", made["BackupJobId"])
    until(lambda: job()["State"] == "COMPLETED", 60)
    point = job()["RecoveryPointArn"]
    copy = ("backup", "start-copy-job", "--recovery-point-arn", point, "--source-backup-vault-name", "cli",
            "--iam-role-arn", ROLE, "--destination-backup-vault-arn")
    refused("ResourceNotFoundException", aws, EAST, *copy, VAULT % (WEST, ACCOUNT, "nobody"))
    copied = aws(EAST, *copy, VAULT % (WEST, ACCOUNT, "cli-dr"))["CopyJobId"]

    def copying():
        return aws(EAST, "backup", "describe-copy-job", "--copy-job-id", copied)["CopyJob"]
    until(lambda: copying()["State"] == "COMPLETED", 60)
    jobs = aws(EAST, "backup", "list-copy-jobs", "--by-resource-arn", DB)["CopyJobs"]
    equal([j["CopyJobId"] for j in jobs], [copied])
    points = aws(WEST, "backup", "list-recovery-points-by-backup-vault", "--backup-vault-name", "cli-dr",
                 "--by-resource-arn", DB)["RecoveryPoints"]
    equal([(p["RecoveryPointArn"], p["Status"]) for p in points],
          [(copying()["DestinationRecoveryPointArn"], "COMPLETED")])
    restore(aws, points[0]["RecoveryPointArn"])


def restore(aws, point):
    at = ("--backup-vault-name", "cli-dr", "--recovery-point-arn", point)
    equal(aws(WEST, "backup", "describe-recovery-point", *at)["ResourceArn"], DB)
    equal(aws(WEST, "backup", "get-recovery-point-restore-metadata", *at)["RecoveryPointArn"], point)
    refused("ResourceNotFoundException", aws, WEST, "backup", "describe-recovery-point", "--backup-vault-name", "cli-dr",
            "--recovery-point-arn", "arn:aws:backup:%s:%s:recovery-point:nobody" % (WEST, ACCOUNT))
    start = ("backup", "start-restore-job", "--recovery-point-arn", point, "--iam-role-arn", ROLE, "--metadata",
             "DBInstanceIdentifier=brought-back", "--resource-type")
    refused("InvalidParameterValueException", aws, WEST, *start, "EBS")
    started = aws(WEST, *start, "RDS", "--idempotency-token", "two")["RestoreJobId"]
    equal(aws(WEST, *start, "RDS", "--idempotency-token", "two")["RestoreJobId"], started)

    def job():
        return aws(WEST, "backup", "describe-restore-job", "--restore-job-id", started)
    until(lambda: job()["Status"] == "COMPLETED", 120)
    equal(job()["CreatedResourceArn"], "arn:aws:rds:%s:%s:db:brought-back" % (WEST, ACCOUNT))
    assert [j for j in aws(WEST, "backup", "list-restore-jobs")["RestoreJobs"] if j["RestoreJobId"] == started]
    aws(WEST, "rds", "describe-db-instances", "--db-instance-identifier", "brought-back")
    vault = VAULT % (WEST, ACCOUNT, "cli-dr")
    aws(WEST, "backup", "tag-resource", "--resource-arn", vault, "--tags", "evac:recover=7/" + started)
    equal(aws(WEST, "backup", "list-tags", "--resource-arn", vault)["Tags"], {"evac:recover": "7/" + started})
    refused("ResourceNotFoundException", aws, WEST, "backup", "list-tags", "--resource-arn",
            VAULT % (WEST, ACCOUNT, "nobody"))


GROUPS = [backup]
