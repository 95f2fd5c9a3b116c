from awscli_lib import *
from datetime import datetime, timezone

KEYS = ("--attribute-definitions", "AttributeName=pk,AttributeType=S", "AttributeName=at,AttributeType=N", "--key-schema",
        "AttributeName=pk,KeyType=HASH", "AttributeName=at,KeyType=RANGE")


def of(aws, region, table):
    return aws(region, "dynamodb", "describe-table", "--table-name", table)["Table"]


def ready(aws, region, table):
    until(lambda: of(aws, region, table)["TableStatus"] == "ACTIVE", 60)
    return of(aws, region, table)


def tables(aws):
    def ddb(*args):
        return aws(EAST, "dynamodb", *args)
    refused("ValidationException", ddb, "create-table", "--table-name", "x y z", *KEYS, "--billing-mode", "PAY_PER_REQUEST")
    refused("ValidationException", ddb, "create-table", "--table-name", "cli-orders", *KEYS)
    made = ddb("create-table", "--table-name", "cli-orders", *KEYS, "--billing-mode", "PROVISIONED", "--provisioned-throughput",
               "ReadCapacityUnits=5,WriteCapacityUnits=5", "--tags", "Key=team,Value=shop")["TableDescription"]
    equal((made["TableStatus"], made["KeySchema"][1]["KeyType"]), ("CREATING", "RANGE"))
    ready(aws, EAST, "cli-orders")
    refused("ResourceInUseException", ddb, "create-table", "--table-name", "cli-orders", *KEYS, "--billing-mode", "PAY_PER_REQUEST")
    assert "cli-orders" in ddb("list-tables")["TableNames"]
    equal(ddb("list-tags-of-resource", "--resource-arn", made["TableArn"])["Tags"], [{"Key": "team", "Value": "shop"}])
    ddb("tag-resource", "--resource-arn", made["TableArn"], "--tags", "Key=evac:run,Value=7")
    ddb("untag-resource", "--resource-arn", made["TableArn"], "--tag-keys", "team")
    equal(ddb("list-tags-of-resource", "--resource-arn", made["TableArn"])["Tags"], [{"Key": "evac:run", "Value": "7"}])
    more = ("update-table", "--table-name", "cli-orders", "--provisioned-throughput", "ReadCapacityUnits=50,WriteCapacityUnits=5")
    equal(ddb(*more)["TableDescription"]["TableStatus"], "UPDATING")
    refused(("ResourceInUseException", "ValidationException"), ddb, *more)  # half a second later it is the same again
    equal(ready(aws, EAST, "cli-orders")["ProvisionedThroughput"]["ReadCapacityUnits"], 50)
    refused("ValidationException", ddb, *more)
    ttl = ("update-time-to-live", "--table-name", "cli-orders", "--time-to-live-specification", "Enabled=true,AttributeName=ends")
    ddb(*ttl)
    refused("ValidationException", ddb, *ttl)
    until(lambda: ddb("describe-time-to-live", "--table-name", "cli-orders")["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED")
    ddb("delete-table", "--table-name", "cli-orders")
    until(lambda: "cli-orders" not in ddb("list-tables")["TableNames"])
    refused("ResourceNotFoundException", ddb, "describe-table", "--table-name", "cli-orders")


def items(aws):
    make(aws, "dynamodb", EAST, table="cli-carts", replicas=[EAST, WEST], sk="at", sk_type="N")
    one = ("--table-name", "cli-carts")
    key = '{"pk":{"S":"a"},"at":{"N":"1"}}'

    def ddb(region, *args):
        return aws(region, "dynamodb", args[0], *one, *args[1:])
    once = ("put-item", "--item", '{"pk":{"S":"a"},"at":{"N":"1"},"n":{"N":"41"}}', "--condition-expression", "attribute_not_exists(pk)")
    ddb(EAST, *once)
    refused("ConditionalCheckFailedException", ddb, EAST, *once)
    got = ddb(EAST, "update-item", "--key", key, "--update-expression", "SET #n = #n + :one REMOVE gone", "--expression-attribute-names",
              '{"#n":"n"}', "--expression-attribute-values", '{":one":{"N":"1"}}', "--return-values", "ALL_NEW")
    equal(got["Attributes"]["n"], {"N": "42"})
    until(lambda: (ddb(WEST, "get-item", "--key", key) or {}).get("Item", {}).get("n") == {"N": "42"})
    for at in range(2, 6):
        ddb(EAST, "put-item", "--item", '{"pk":{"S":"a"},"at":{"N":"%d"}}' % at)
    found = ddb(EAST, "query", "--key-condition-expression", "pk = :a AND #at BETWEEN :low AND :high", "--expression-attribute-names",
                '{"#at":"at"}', "--expression-attribute-values", '{":a":{"S":"a"},":low":{"N":"2"},":high":{"N":"4"}}',
                "--no-scan-index-forward")
    equal([i["at"]["N"] for i in found["Items"]], ["4", "3", "2"])
    refused("ValidationException", ddb, EAST, "query", "--key-condition-expression", "#at = :a", "--expression-attribute-names",
            '{"#at":"at"}', "--expression-attribute-values", '{":a":{"N":"2"}}')
    refused("ValidationException", ddb, EAST, "get-item", "--key", '{"pk":{"S":"a"}}')
    gone = ddb(EAST, "delete-item", "--key", key, "--return-values", "ALL_OLD")
    equal(gone["Attributes"]["n"], {"N": "42"})
    until(lambda: not ddb(WEST, "get-item", "--key", key))
    equal([r["RegionName"] for r in of(aws, EAST, "cli-carts")["Replicas"]], [WEST])


def backups(aws):
    make(aws, "dynamodb", EAST, table="cli-books", items=3, pitr=False)
    one = ("--table-name", "cli-books")

    def ddb(*args):
        return aws(EAST, "dynamodb", *args)
    refused("PointInTimeRecoveryUnavailableException", ddb, "restore-table-to-point-in-time", "--source-table-name", "cli-books",
            "--target-table-name", "cli-back", "--use-latest-restorable-time")
    ddb("update-continuous-backups", *one, "--point-in-time-recovery-specification", "PointInTimeRecoveryEnabled=true")
    window = ddb("describe-continuous-backups", *one)["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    equal(window["PointInTimeRecoveryStatus"], "ENABLED")
    latest = datetime.fromisoformat(str(window["LatestRestorableDateTime"]))
    assert (datetime.now(timezone.utc) - latest).total_seconds() < 30, window
    back = ddb("restore-table-to-point-in-time", "--source-table-name", "cli-books", "--target-table-name", "cli-back",
               "--use-latest-restorable-time")["TableDescription"]
    assert back["RestoreSummary"]["RestoreInProgress"]
    refused("TableInUseException", ddb, "restore-table-to-point-in-time", "--source-table-name", "cli-books", "--target-table-name",
            "cli-back", "--use-latest-restorable-time")
    refused("InvalidRestoreTimeException", ddb, "restore-table-to-point-in-time", "--source-table-name", "cli-books",
            "--target-table-name", "cli-old", "--restore-date-time", "2020-01-01T00:00:00Z")
    arn = ddb("create-backup", *one, "--backup-name", "before")["BackupDetails"]["BackupArn"]
    until(lambda: ddb("describe-backup", "--backup-arn", arn)["BackupDescription"]["BackupDetails"]["BackupStatus"] == "AVAILABLE")
    equal([b["BackupName"] for b in ddb("list-backups", *one)["BackupSummaries"]], ["before"])
    ddb("restore-table-from-backup", "--backup-arn", arn, "--target-table-name", "cli-copy")
    equal(ready(aws, EAST, "cli-back")["ItemCount"], 3)
    copy = ready(aws, EAST, "cli-copy")
    equal((copy["ItemCount"], copy["RestoreSummary"]["SourceBackupArn"]), (3, arn))
    ddb("delete-backup", "--backup-arn", arn)
    refused("BackupNotFoundException", ddb, "describe-backup", "--backup-arn", arn)


def replicas(aws):
    make(aws, "dynamodb", EAST, table="cli-plain", items=2, stream="NEW_AND_OLD_IMAGES")
    add = ("update-table", "--table-name", "cli-plain", "--replica-updates", '[{"Create":{"RegionName":"%s"}}]' % WEST)
    equal(aws(EAST, "dynamodb", *add)["TableDescription"]["TableStatus"], "UPDATING")
    refused("ResourceInUseException", aws, EAST, "dynamodb", *add)
    equal(ready(aws, EAST, "cli-plain")["Replicas"][0]["ReplicaStatus"], "ACTIVE")
    equal(of(aws, WEST, "cli-plain")["ItemCount"], 2)
    refused("ValidationException", aws, EAST, "dynamodb", *add)
    refused("ValidationException", aws, EAST, "dynamodb", "delete-table", "--table-name", "cli-plain")
    aws(EAST, "dynamodb", "update-table", "--table-name", "cli-plain", "--replica-updates", '[{"Delete":{"RegionName":"%s"}}]' % WEST)
    assert "Replicas" not in ready(aws, EAST, "cli-plain")
    refused("ResourceNotFoundException", aws, WEST, "dynamodb", "describe-table", "--table-name", "cli-plain")


GROUPS = [tables, items, backups, replicas]
