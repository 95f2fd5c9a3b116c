from awscli_lib import *

TABLE = "create table cli_canary (source varchar(64) primary key, marker bigint not null)"


def sql(aws, region, text, *parameters, secret=None):
    cluster = {EAST: "cli-sql-use1", WEST: "cli-sql-usw2"}[region]
    given = [{"name": n, "value": {"stringValue": v} if isinstance(v, str) else {"longValue": v}} for n, v in parameters]
    return aws(region, "rds-data", "execute-statement", "--resource-arn", "arn:aws:rds:%s:123456789012:cluster:%s" % (region, cluster),
               "--secret-arn", secret or "arn:aws:secretsmanager:%s:123456789012:secret:cli-sql-AbCdEf" % region,
               "--database", "shop", "--sql", text, "--parameters", json.dumps(given))


def statements(aws):
    make(aws, "rds", EAST, kind="global", id="cli-sql", engine="aurora-postgresql",
         members=[{"region": EAST, "cluster": "cli-sql-use1"}, {"region": WEST, "cluster": "cli-sql-usw2"}])
    for region in (EAST, WEST):
        make(aws, "secretsmanager", region, kind="secret", name="cli-sql", PrimaryRegion=EAST)
    refused("DatabaseErrorException", sql, aws, EAST, "select marker from cli_canary where source = :source", ("source", EAST))
    refused("DatabaseErrorException", sql, aws, WEST, TABLE)  # a reader
    sql(aws, EAST, TABLE)
    raised = "update cli_canary set marker = :marker where source = :source and :marker > marker"
    added = "insert into cli_canary (source, marker) values (:source, :marker)"
    one, two = (("source", EAST), ("marker", 1)), (("source", EAST), ("marker", 2))
    equal(sql(aws, EAST, raised, *one)["numberOfRecordsUpdated"], 0)
    equal(sql(aws, EAST, added, *one)["numberOfRecordsUpdated"], 1)
    refused("DatabaseErrorException", sql, aws, EAST, added, *one)
    equal(sql(aws, EAST, raised, *two)["numberOfRecordsUpdated"], 1)
    equal(sql(aws, EAST, raised, *one)["numberOfRecordsUpdated"], 0)
    seen = "select marker from cli_canary where source = :source"
    equal(sql(aws, EAST, seen, ("source", EAST))["records"], [[{"longValue": 2}]])
    until(lambda: sql(aws, WEST, seen, ("source", EAST))["records"] == [[{"longValue": 2}]])
    equal(sql(aws, EAST, seen, ("source", "elsewhere"))["records"], [])
    refused("BadRequestException", sql, aws, EAST, seen, secret="arn:aws:secretsmanager:us-east-1:123456789012:secret:none-AbCdEf")


GROUPS = [statements]
